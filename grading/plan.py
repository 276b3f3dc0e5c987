"""The first of three steps (plan, run, report): reads every input once and says who will be graded on what."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from course.checks import load_checks
from course.homeworks import ROOT
from course.settings import Course, homework_settings
from course.settings import load as load_course
from grading.gradebook import Gradebook, GradebookError, read_gradebook
from grading.intake import (
    Intake,
    Matching,
    Notice,
    Refused,
    RosterError,
    Submission,
    TableError,
    describe,
    read_class,
    read_roster,
)
from grading.manual import ManualMarks, Question, read_manual
from grading.options import GradeError, Options, ready

MANUAL = "manual.csv"  # in --out: read if it is there, never written


@dataclass
class Plan:
    """What a run will do. submissions: the intake's, or this shard's part of them.

    earlier: {homework: {submission: files}} of --compare, to look for copies in.
    """

    options: Options
    course: Course
    homeworks: tuple[str, ...]
    intake: Intake
    matching: Matching
    submissions: list[Submission]
    manual: ManualMarks = field(default_factory=dict)
    gradebook: Gradebook | None = None
    earlier: dict[str, dict[str, dict[str, bytes]]] = field(default_factory=dict)

    def lines(self) -> list[str]:
        """The plan in words, for a terminal."""
        lang = self.options.terminal
        lines = describe(self.intake, self.matching, lang)
        if self.options.shard:
            shard = self.options.shard
            names = [submission.name for submission in self.submissions]
            part = Notice(
                f"part {shard.number} of {shard.count} grades: {', '.join(names) or 'nothing'}",
                f"第 {shard.number}/{shard.count} 部分评分：{'、'.join(names) or '无'}",
            )
            lines.append(part.in_language(lang))
        return lines


def make_plan(options: Options) -> Plan:
    """Read the submissions, the roster, the marks by hand and the gradebook. Raises GradeError, CourseError."""
    course = load_course()
    homeworks = wanted_homeworks(options, course)
    try:
        roster = read_roster(options.roster, homeworks, _zone(course)) if options.roster else None
        intake = read_class(options.submissions, homeworks, attempt=options.attempt, roster=roster)
        matching = intake.match()
        manual = _manual(options, course, intake, matching)
        gradebook = read_gradebook(options.gradebook) if options.gradebook else None
        if gradebook:
            gradebook.column(options.column)
        earlier = read_earlier(options.compare, homeworks) if options.compare else {}
    except (Refused, RosterError, TableError, GradebookError) as error:
        raise GradeError(error.message) from None
    submissions, shard = intake.submissions, options.shard
    if shard:
        submissions = submissions[shard.number - 1 :: shard.count]
    return Plan(
        options, course, homeworks, intake, matching, submissions, manual, gradebook, earlier
    )


def read_earlier(path: Path, homeworks: Sequence[str]) -> dict[str, dict[str, dict[str, bytes]]]:
    """{homework: {submission: files}} of submissions of an earlier term. Raises Refused."""
    earlier: dict[str, dict[str, dict[str, bytes]]] = {}
    for submission in read_class(path, homeworks).submissions:
        for homework, files in submission.files.items():
            earlier.setdefault(homework, {})[f"{path.name}/{submission.name}"] = files
        submission.forget()
    return earlier


def wanted_homeworks(options: Options, course: Course) -> tuple[str, ...]:
    """The homeworks to grade: those asked for; of these, with --blank, those that have such a blank. Raises GradeError."""
    homeworks = options.homeworks or tuple(name for name in ready() if name in course.homeworks)
    if not options.blanks:
        return homeworks
    blanks = {homework: {check.id for check in load_checks(homework)} for homework in homeworks}
    unknown = set(options.blanks) - set().union(*blanks.values())
    if unknown:
        raise GradeError(
            f"no blank {', '.join(sorted(unknown))} in {', '.join(homeworks)}; the sheets list them",
            f"{'、'.join(homeworks)} 中没有填空 {'、'.join(sorted(unknown))}；全部填空见题目",
        )
    return tuple(name for name in homeworks if blanks[name] & set(options.blanks))


def _zone(course: Course):
    """The time zone in which times without one are meant: the due dates'."""
    dates = [settings.due for settings in course.homeworks.values() if settings.due]
    return dates[0].tzinfo if dates else None


def _manual(options: Options, course: Course, intake: Intake, matching: Matching) -> ManualMarks:
    marks: ManualMarks = {}
    sources: dict[Question, Path] = {}
    for path in manual_files(options):
        for key, mark in read_manual(path, course).items():
            if marks.setdefault(key, mark) != mark:
                raise GradeError(
                    f"{sources[key]} and {path} differ in {key.student}, {key.homework}/{key.question}: leave one row out",
                    f"{sources[key]} 与 {path} 中 {key.student} 的 {key.homework}/{key.question} 不一致：请去掉其中一行",
                )
            sources[key] = path
    students = {submission.name for submission in intake.submissions}
    people = [row.person for row in matching.rows if row.person] + matching.missing
    students |= {person.id or person.login for person in people}
    strangers = {question.student for question in marks} - students
    if strangers:
        path = next(path for key, path in sources.items() if key.student in strangers)
        raise GradeError(
            f"{path}: {', '.join(sorted(strangers))}: no submission of that name, and not on the roster",
            f"{path}：{'、'.join(sorted(strangers))}：没有同名的提交，名单上也没有",
        )
    return marks


def manual_files(options: Options) -> list[Path]:
    """The tables with marks of written questions: those of --manual, or OUT/manual.csv if it is there."""
    default = options.out / MANUAL
    return list(options.manual) or [default] * default.is_file()


def checks_digest(homework: str) -> str:
    """SHA-256 of everything that a verdict on the homework follows from, apart from submission and seed."""
    settings = homework_settings(homework)
    digest = hashlib.sha256(repr([settings.points, settings.leave_out]).encode())
    for path in sorted(path for path in _sources(homework) if path.is_file()):
        name = path.relative_to(ROOT).as_posix().encode()
        digest.update(name + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _sources(homework: str) -> set[Path]:
    engine = (ROOT / "course").rglob("*.py")
    return {
        ROOT / "tests" / f"test_{homework}.py",
        *(ROOT / "tests" / part / f"{homework}.py" for part in ("probes", "reference", "mistakes")),
        *(ROOT / homework).glob("*.py"),
        *(path for path in engine if path.parent.name != "commands"),
        *(ROOT / "grading" / "sandbox").glob("*.py"),
    }
