"""Writes what a grading run gives: grades.csv, grades.html, a report and a result.json for each student, written answers.

Pages are self-contained, escape whatever a student wrote, and forbid every script but their own by a content policy.
"""

import base64
import collections
import contextlib
import csv
import hashlib
import io
import json
import os
import re
import shutil
import statistics
from pathlib import Path

import jinja2

from course import handout, markers
from course.homeworks import ROOT
from course.settings import load as load_course

TEMPLATES = Path(__file__).with_name("templates")
PICTURES = (".png", ".jpg", ".jpeg")
MAX_TEXT = 50_000  # characters of one written answer on a page

WORDS = {
    "en": {
        "graded": "graded",
        "isolation": "isolation",
        "possible": "still possible",
        "seed": "seed",
        "missing": "On the roster, nothing received",
        "unknown": "Not on the roster",
        "class": "Class",
        "filter": "Filter",
        "submission": "submission",
        "id": "id",
        "name": "name",
        "written": "written",
        "late": "days late",
        "total": "total",
        "problems": "problems",
        "mean": "mean",
        "median": "median",
        "students": "students",
        "histogram": "students by percent",
        "blank": "blank",
        "of": "of",
        "common": "mistakes the class makes",
        "suspicions": "Worth a look",
        "suspicions_note": "Nothing here changes a mark: read the code and talk to the student.",
        "lines": "lines",
        "points": "points",
        "bonus": "bonus",
        "rubric": "rubric",
        "grader_error": "The grader failed here; this is not your fault, and nothing was marked.",
        "done": "done",
        "wrong": "wrong",
        "empty": "empty",
        "error": "stops",
        "timeout": "timeout",
        "given": "given",
        "grader": "the grader failed",
    },
    "zh": {
        "graded": "已批改",
        "isolation": "隔离",
        "possible": "仍可能",
        "seed": "随机种子",
        "missing": "名单上有、未收到",
        "unknown": "不在名单上",
        "class": "班级",
        "filter": "筛选",
        "submission": "提交",
        "id": "学号",
        "name": "姓名",
        "written": "书面题",
        "late": "迟交天数",
        "total": "总分",
        "problems": "问题",
        "mean": "平均",
        "median": "中位数",
        "students": "人",
        "histogram": "得分百分比的人数分布",
        "blank": "空",
        "of": "满分",
        "common": "班上的常见错误",
        "suspicions": "值得一看",
        "suspicions_note": "这里的内容不影响分数：请阅读代码并与学生交谈。",
        "lines": "代码行",
        "points": "分",
        "bonus": "加分",
        "rubric": "评分标准",
        "grader": "批改程序出错",
        "grader_error": "批改程序在此出错；这不是你的问题，未计任何分数。",
        "done": "完成",
        "wrong": "错误",
        "empty": "未填",
        "error": "出错",
        "timeout": "超时",
        "given": "已答",
    },
}


def environment():
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    made.filters["said"] = said
    return made


def said(checks, at):
    """(message, hint) of a blank's checks in language `at`, each once; that a blank is empty needs no words."""
    return dict.fromkeys(
        (one["message"][at], one["hint"][at] if one["hint"] else "")
        for one in checks
        if one["status"] not in ("done", "empty") and one["message"][at]
    )


def write(path, text):
    """Write UTF-8 text to a temporary name and rename it. text: str or bytes."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        temporary.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "replace"))
        os.replace(temporary, path)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


def folder_name(submission):
    """A folder name for any submission name: itself where it is harmless, else cleaned, with a piece of its hash."""
    clean = re.sub(r"[^\w.-]+", "_", submission).strip("._")[:60]
    if clean == submission and not re.search(
        "-[0-9a-f]{8}$", clean
    ):  # nobody is called as another's folder
        return clean
    return f"{clean or 'submission'}-{hashlib.sha256(submission.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def cell(value):
    """A value that a spreadsheet shows and does not run."""
    text = " ".join(str(value).split())
    return (
        f"'{text}"
        if text[:1] in ("=", "+", "-", "@") and not isinstance(value, (int, float))
        else text
    )


def page(template, title, lang, script=None, **values):
    """A self-contained HTML page."""
    code = (TEMPLATES / script).read_text(encoding="utf-8") if script else None
    script_hash = (
        base64.b64encode(hashlib.sha256(code.encode()).digest()).decode() if code else None
    )
    css = (TEMPLATES / "base.css").read_text(encoding="utf-8")
    return (
        environment()
        .get_template(template)
        .render(
            title=title,
            lang=lang,
            css=css,
            script=code,
            script_hash=script_hash,
            w=WORDS[lang],
            at=0 if lang == "en" else 1,
            **values,
        )
        + "\n"
    )


def written_sum(student):
    total = sum(
        points for questions in student.written.values() for points, _ in questions.values()
    )
    return f"{total:g}" if student.written else ""


def grades_csv(students, homeworks):
    """Text of grades.csv, with a BOM: Excel then reads Chinese names."""
    buffer = io.StringIO()
    table = csv.writer(buffer, lineterminator="\r\n")
    table.writerow(
        [
            "submission",
            "id",
            "name",
            *homeworks,
            "bonus",
            "written",
            "days late",
            "total",
            "problems",
        ]
    )
    for student in students:
        marks = [student.homeworks.get(homework) for homework in homeworks]
        table.writerow(
            [
                cell(student.submission),
                cell(student.id),
                cell(student.name),
                *(one["points"] if one else "" for one in marks),
                student.bonus,
                written_sum(student),
                max(student.late.values(), default=0),
                f"{student.total:g}",
                cell(
                    "; ".join(
                        [
                            *([f"grader: {student.error}"] if student.error else []),
                            *student.problems,
                        ]
                    )
                ),
            ]
        )
    return "\ufeff" + buffer.getvalue()


def chart(students, homework, lang):
    """Numbers of one homework's part of the class page."""
    marks = [student.homeworks[homework] for student in students if homework in student.homeworks]
    if not marks:
        return {"students": 0}
    percent = [100 * one["points"] / max(1, one["possible"]) for one in marks]
    counts = [0] * 11
    for value in percent:
        counts[min(10, int(value // 10))] += 1
    blanks = []
    for id in dict.fromkeys(row["id"] for one in marks for row in one["blanks"]):
        rows = [row for one in marks for row in one["blanks"] if row["id"] == id]
        named = collections.Counter(
            (check["mistake"], check["hint"][0 if lang == "en" else 1])
            for row in rows
            for check in row["checks"]
            if check["mistake"]
        )
        if rows[0]["possible"]:
            blanks.append(
                {
                    "id": id,
                    "possible": rows[0]["possible"],
                    "bonus": rows[0]["bonus"],
                    "mean": statistics.mean(row["points"] for row in rows),
                    "done": sum(row["status"] == "done" for row in rows),
                    "empty": sum(row["status"] == "empty" for row in rows),
                    "students": len(rows),
                    "mistakes": [
                        {"id": id, "hint": hint, "count": count}
                        for (id, hint), count in named.most_common(3)
                    ],
                }
            )
    return {
        "students": len(marks),
        "mean": statistics.mean(one["points"] for one in marks),
        "median": statistics.median(one["points"] for one in marks),
        "blanks": blanks,
        "bars": [
            {"count": count, "height": round(80 * count / max(counts)), "label": str(10 * at)}
            for at, count in enumerate(counts)
        ],
    }


def class_page(students, missing, unknown, homeworks, run, lang, suspicions=()):
    """Text of grades.html."""
    folders = {student.submission: folder_name(student.submission) for student in students}
    charts = {homework: chart(students, homework, lang) for homework in homeworks}
    return page(
        "class.html",
        {"en": "Grades", "zh": "成绩"}[lang],
        lang,
        script="class.js",
        students=students,
        missing=missing,
        unknown=unknown,
        homeworks=homeworks,
        run=run,
        folders=folders,
        charts=charts,
        written_sum=written_sum,
        suspicions=suspicions,
    )


def student_page(student, run):
    """Text of a student's report.html."""
    return page(
        "report.html",
        student.submission,
        student.lang,
        student=student,
        level=run["isolation"]["level"],
    )


def result(student, run):
    """A student's result.json: plain data, the same for the same marks."""
    return {
        "schema": "course/result/v1",
        "submission": student.submission,
        "id": student.id,
        "name": student.name,
        "total": student.total,
        "late": student.late,
        "problems": student.problems,
        "error": student.error,
        "isolation": run["isolation"],
        "homeworks": {
            name: {key: marks[key] for key in ("points", "possible", "bonus", "blanks")}
            for name, marks in student.homeworks.items()
        },
        "written": {
            homework: {
                question: {"points": points, "comment": comment}
                for question, (points, comment) in questions.items()
            }
            for homework, questions in student.written.items()
        },
    }


# ---------------------------------------------------------------- written answers


def keep_written(out, submission):
    """Write a submission's pictures and PDFs into `out`. Returns {homework: (text of answers.md, {file: its place})}."""
    kept = {}
    for homework, files in submission.written.items():
        places = {}
        for name, data in files.items():
            stem, ending = os.path.splitext(name)
            if ending.lower() != ".md":
                places[name] = (
                    f"files/{folder_name(submission.name)}/{homework}/{folder_name(stem)}{ending.lower()}"
                )
                write(Path(out) / "written" / places[name], data)
        kept[homework] = files.get("answers.md", b"").decode("utf-8", "replace"), places
    return kept


def sections(text, questions):
    """{question: text} of an answers.md: what stands under a heading that begins with the question's id ("## w1 (14)")."""
    found, current = {}, None
    for line in text.splitlines():
        heading = re.match(r"#{1,6}\s+(\w+)\b", line)
        if heading and heading.group(1) in questions:
            current = heading.group(1)
        elif current:
            found.setdefault(current, []).append(line)
    return {question: "\n".join(lines).strip()[:MAX_TEXT] for question, lines in found.items()}


def rubric(homework, question, lang):
    """What a sheet's worked answers say of a question: from its id in bold, at the start of a line, to the next one's."""
    path = ROOT / homework / {"en": "README.md", "zh": "README.zh-CN.md"}[lang]
    text = handout.sheet(f"{homework}/{path.name}", path.read_text(encoding="utf-8"), load_course())
    kept = set(markers.strip_sheet(text, str(path)).splitlines())
    lines = [line for line in text.splitlines() if line not in kept and "SOLUTION -->" not in line]
    parts = re.split(r"^(?=\*\*\w{2,3}\b)", "\n".join(lines), flags=re.M)
    mine = [part for part in parts if re.match(rf"\*\*{question}\b", part)]
    return "".join(mine or parts).strip()


def written_pages(handed_in, course, lang):
    """{"hmm-w1.html": text}: each written question over the class. handed_in: {submission: what `keep_written` returns}."""
    pages = {}
    for homework, settings in course.homeworks.items():
        given = [
            (student, sections(homeworks[homework][0], settings.written), homeworks[homework][1])
            for student, homeworks in sorted(handed_in.items())
            if homework in homeworks
        ]
        for question, most in settings.written.items():
            answers = []
            for student, texts, places in given:
                text = texts.get(question, "")
                linked = re.findall(r"!\[[^\]]*\]\(([^)\s]+)\)", text)
                pictures = {
                    name: places[name]
                    for name in linked
                    if name in places and name.lower().endswith(PICTURES)
                }
                others = {name: place for name, place in places.items() if place.endswith(".pdf")}
                if text or others:
                    answers.append(
                        {"student": student, "text": text, "pictures": pictures, "files": others}
                    )
            if answers:
                pages[f"{homework}-{question}.html"] = page(
                    "written.html",
                    f"{homework} {question} ({most:g})",
                    lang,
                    rubric=rubric(homework, question, lang),
                    answers=answers,
                )
    return pages


def manual_template(students, course):
    """Text of a manual.csv to fill in: a row for each student and written question."""
    buffer = io.StringIO()
    table = csv.writer(buffer, lineterminator="\r\n")
    table.writerow(["student", "id", "points", "comment"])
    for student in students:
        for homework, settings in course.homeworks.items():
            for question in settings.written:
                if homework in student.homeworks:
                    points, comment = student.written.get(homework, {}).get(question, ("", ""))
                    table.writerow(
                        [
                            student.id or student.submission,
                            f"{homework}/{question}",
                            f"{points:g}" if points != "" else "",
                            cell(comment),
                        ]
                    )
    return "\ufeff" + buffer.getvalue()


def write_all(out, students, missing, unknown, run, course, lang, handed_in, suspicions=()):
    """Write every file of a run into `out`; what earlier runs wrote about others goes."""
    out = Path(out)
    homeworks = [
        homework
        for homework in course.homeworks
        if any(homework in student.homeworks for student in students)
    ]
    write(out / "grades.csv", grades_csv(students, homeworks))
    write(
        out / "grades.html",
        class_page(students, missing, unknown, homeworks, run, lang, suspicions),
    )
    for student in students:
        place = out / "students" / folder_name(student.submission)
        write(place / "report.html", student_page(student, run))
        write(
            place / "result.json",
            json.dumps(result(student, run), indent=1, sort_keys=True, ensure_ascii=False) + "\n",
        )
    pages = written_pages(handed_in, course, lang)
    for name, text in pages.items():
        write(out / "written" / name, text)
    write(out / "manual-template.csv", manual_template(students, course))
    folders = {folder_name(student.submission) for student in students}
    clear(out / "students", folders)
    clear(out / "written", {*pages, "files"})
    clear(out / "written" / "files", folders)


def clear(folder, kept):
    """Remove what is in a folder of ours but in `kept`."""
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.name not in kept:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
