"""The third of three steps (plan, run, report): writes everything that a TA and the students read."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from grading import formats, gradebook, suspicions
from grading.class_page import class_page, maxima
from grading.files import clear, write
from grading.history import History, marks_of
from grading.intake import Notice
from grading.manual import Question, WrittenMark, read_rows, template
from grading.marks import ClassMarks, Student, collect
from grading.options import FormatName, GradeError, Options
from grading.plan import Plan, manual_files
from grading.run import Graded
from grading.spreadsheets import Sheet, csv_text, same_bytes
from grading.student_page import result_json, spreads, student_page
from grading.talk import talk_questions
from grading.written import (
    FOLDER,
    Class,
    WrittenWork,
    keep_written,
    unused_documents,
    written_pages,
)

NAMES = 3  # columns of the tables that say who it is


@dataclass
class Report:
    """What was written. marks: everybody's. files: names below --out, for the terminal. notes: lines for it."""

    marks: ClassMarks
    files: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def write_reports(plan: Plan, graded: Graded) -> Report:
    """Write every file of a run; what earlier runs wrote about others is removed. Raises GradeError."""
    options, out = plan.options, plan.options.out
    marks = collect(
        plan.matching,
        graded.standings,
        plan.course,
        problems=graded.problems,
        errors=graded.errors,
        manual=plan.manual,
        lang=options.lang,
        best=options.attempt == "best",
    )
    report = Report(marks, ["grades.html", "grades.csv", "students/", "written/"])
    history = History.read(out).with_run(marks_of(marks.students))
    pages = _write_written(plan, graded, marks)
    page = class_page(
        marks,
        plan.course,
        graded.record,
        options.lang,
        history.changes(),
        suspicions.find_suspicions(_shown_code(graded), options.lang, plan.earlier),
        sorted(pages),
        {
            student.submission: talk_questions(student.homeworks, _code_of(student, graded))
            for student in marks.students
        },
    )
    write(out / "grades.html", page)
    sheet = grades_sheet(plan, marks)
    write(out / "grades.csv", csv_text(sheet, NAMES))
    try:
        workbook = gradebook.workbook(sheet.headings, [sheet.most, *sheet.rows])
        write(out / "grades.xlsx", same_bytes(workbook))
        report.files.insert(2, "grades.xlsx")
    except gradebook.GradebookError as error:
        report.notes.append(error.message)
    _write_students(plan, graded, marks)
    write(out / "manual-template.csv", template(_questions(plan, marks)))
    _write_gradebook(plan, report)
    history.write(out)
    return report


def _shown_code(graded: Graded) -> dict[str, dict[str, dict[str, bytes]]]:
    """{homework: {submission: files}} of what has marks."""
    valid = {(key.student, key.homework) for key in graded.standings}
    return {
        homework: {name: files for name, files in students.items() if (name, homework) in valid}
        for homework, students in graded.code.items()
    }


def _code_of(student: Student, graded: Graded) -> dict[str, dict[str, bytes]]:
    """{homework: files} of what was graded."""
    return {
        homework: graded.code.get(homework, {}).get(student.submission, {})
        for homework in student.homeworks
    }


def grades_sheet(plan: Plan, marks: ClassMarks) -> Sheet:
    """The table of grades.csv and grades.xlsx."""
    most = maxima(marks.students, plan.course)
    headings = ["submission", "id", "name", *most.homeworks]
    headings += ["bonus", "written", "days late", "total", "problems"]
    top = [
        "maximum",
        "",
        "",
        *most.homeworks.values(),
        most.bonus,
        most.written,
        "",
        most.total,
        "",
    ]
    rows = []
    for student in marks.students:
        points = [
            student.homeworks[name].points if name in student.homeworks else ""
            for name in most.homeworks
        ]
        problems = [f"grader: {student.error}"] if student.error else []
        written = student.written_points
        rows.append(
            [
                student.submission,
                student.id,
                student.name,
                *points,
                student.bonus,
                "" if written is None else written,
                max(student.late.values(), default=0),
                student.total,
                "; ".join([*problems, *student.problems]),
            ]
        )
    return Sheet(headings, top, rows)


def _write_students(plan: Plan, graded: Graded, marks: ClassMarks) -> None:
    out = plan.options.out
    spread = spreads(marks.students) if plan.options.class_in_reports else None
    for student in marks.students:
        folder = out / "students" / student.folder
        files = _code_of(student, graded)
        write(folder / "report.html", student_page(student, graded.record, files, spread))
        write(folder / "result.json", result_json(student, graded.record))
        for name in plan.options.formats:
            write(folder / FORMAT_FILES[name], format_text(name, student))
    clear(out / "students", {student.folder for student in marks.students})


FORMAT_FILES: dict[FormatName, str] = {
    "gradescope": "gradescope.json",
    "classroom50": "classroom50.json",
    "junit": "junit.xml",
}


def format_text(name: FormatName, student: Student) -> str:
    """A student's marks in another system's format."""
    if name == "junit":
        return formats.junit(student, student.lang)
    if name == "gradescope":
        data = formats.gradescope(student, student.lang)
    else:
        data = formats.classroom50(student)
    return json.dumps(data, indent=1, ensure_ascii=False) + "\n"


def _write_written(plan: Plan, graded: Graded, marks: ClassMarks) -> dict[str, str]:
    """Write documents, pictures and the questions' pages. Homeworks that this run does not grade keep theirs."""
    out = plan.options.out
    rows = {student.submission for student in marks.students}
    handed_in: dict[str, Mapping[str, WrittenWork]] = {}
    unused = {}
    for submission in plan.submissions:
        if submission.name in rows:
            handed_in[submission.name] = keep_written(out, submission)
            unused[submission.name] = unused_documents(submission)
            submission.forget()  # pictures and PDFs are large
    keys: dict[str, list[str]] = {}
    for student in marks.students:
        keys.setdefault(student.submission, []).append(_key(plan, student))
    of = Class(
        handed_in,
        keys,
        {
            name: list(
                dict.fromkeys(
                    [name, *names, *(s.id for s in marks.students if s.submission == name and s.id)]
                )
            )
            for name, names in keys.items()
        },
        _manual_rows(plan),
        unused,
        hashlib.sha256(str(graded.record.seed).encode()).hexdigest()[:12],
    )
    pages = written_pages(of, plan.homeworks, plan.course, plan.options.lang)
    for name, text in pages.items():
        write(out / FOLDER / name, text)
    earlier = (
        {path.name for path in (out / FOLDER).glob("*.html")} if (out / FOLDER).is_dir() else set()
    )
    others = {name for name in earlier if name.rpartition("-")[0] not in plan.homeworks}
    clear(out / FOLDER, {*pages, *others, "files"})
    _clear_documents(out / FOLDER / "files", handed_in, plan.homeworks)
    return pages


def _manual_rows(plan: Plan) -> list[dict[str, str]]:
    """The rows of all tables with marks, each once."""
    rows = [row for path in manual_files(plan.options) for row in read_rows(path)]
    return list({tuple(row.items()): row for row in rows}.values())


def _clear_documents(
    folder: Path, handed_in: Mapping[str, Mapping[str, WrittenWork]], homeworks: tuple[str, ...]
) -> None:
    """Remove documents that nobody hands in any more."""
    kept: dict[str, set[str]] = {}
    for works in handed_in.values():
        for work in works.values():
            for path in work.files.values():
                _, student, homework, name = path.split("/", 3)
                kept.setdefault(student, set()).add(f"{homework}/{name.split('/')[0]}")
    for student in folder.iterdir() if folder.is_dir() else ():
        for homework in list(student.iterdir()) if student.is_dir() else ():
            if homework.name in homeworks:
                names = kept.get(student.name, set())
                clear(
                    homework,
                    {n.partition("/")[2] for n in names if n.startswith(f"{homework.name}/")},
                )
                if not any(homework.iterdir()):
                    homework.rmdir()
        if student.is_dir() and not any(student.iterdir()):
            student.rmdir()


def _questions(plan: Plan, marks: ClassMarks) -> Iterator[tuple[Question, WrittenMark | None]]:
    """(question, its mark or None) of everybody, for the file to fill in: in the order of the questions' pages."""
    for homework, settings in plan.course.homeworks.items():
        for question in settings.written:
            for student in marks.students:
                if homework in student.homeworks:
                    mark = student.written.get(homework, {}).get(question)
                    yield Question(_key(plan, student), homework, question), mark


def _key(plan: Plan, student: Student) -> str:
    """The name under which manual.csv has a student's marks."""
    by_id = student.id and (plan.options.roster or student.group)
    return student.id if by_id else student.submission


def _write_gradebook(plan: Plan, report: Report) -> None:
    """A copy of the platform's gradebook with the totals, and the reports as its feedback files."""
    options, book = plan.options, plan.gradebook
    students = [student for student in report.marks.students if student.person]
    if book:
        totals, doubtful = [], []
        people = [student.person for student in students]
        for student in students:
            if student.error or people.count(student.person) > 1:
                doubtful.append(student.submission)
            elif student.person:
                totals.append((student.person, student.total))
        try:
            filled = gradebook.fill(
                book, options.column, totals, maxima(report.marks.students, plan.course).total
            )
        except gradebook.GradebookError as error:
            raise GradeError(error.message) from None
        write(options.out / "gradebook" / book.path.name, filled.data)
        report.files.append(f"gradebook/{book.path.name}")
        report.notes += filled.notes
        report.notes.append(
            Notice(
                f"gradebook: {len(filled.written)} marks, {len(filled.replaced)} of them replace another one",
                f"成绩表：写入 {len(filled.written)} 个分数，其中 {len(filled.replaced)} 个替换了原有的分数",
            )
        )
        for label, names in (
            (
                Notice("not in the gradebook", "成绩表中没有"),
                [str(person) for person in filled.strangers],
            ),
            (
                Notice(
                    "left out of the gradebook (the grader failed, or several submissions)",
                    "未写入成绩表（评分程序出错，或有多份提交）",
                ),
                doubtful,
            ),
        ):
            if names:
                report.notes.append(
                    Notice(f"{label}: {', '.join(names)}", f"{label.zh}：{'、'.join(names)}")
                )
    _write_feedback(options, plan, report, book.kind if book else "")


def _write_feedback(options: Options, plan: Plan, report: Report, kind: str) -> None:
    submissions = {submission.name: submission for submission in plan.submissions}
    files = []
    for student in report.marks.students:
        prefix = gradebook.prefix_of(submissions[student.submission], student.person, kind)
        if prefix:
            page = options.out / "students" / student.folder / "report.html"
            files.append((prefix, {"report.html": page.read_bytes()}))
    if files:
        write(options.out / "feedback.zip", gradebook.feedback_zip(files))
        report.files.append("feedback.zip")
