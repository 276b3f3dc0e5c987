"""Writes what a grading run gives: grades.csv, grades.html, a report and a result.json for each student, written answers.

Pages are self-contained, escape whatever a student wrote, and forbid every script but their own by a content policy.
"""
import base64
import collections
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

from grading import markers
from tests.student import ROOT

TEMPLATES = Path(__file__).with_name("templates")
PICTURES = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg"}
MAX_PICTURES = 4 * 2**20         # bytes of one student's pictures on a page

WORDS = {
    "en": {"graded": "graded", "isolation": "isolation", "possible": "still possible", "seed": "seed", "missing":
           "On the roster, nothing received", "unknown": "Not on the roster", "class": "Class", "filter": "Filter",
           "submission": "submission", "id": "id", "name": "name", "written": "written", "late": "days late", "total": "total",
           "problems": "problems", "mean": "mean", "median": "median", "students": "students", "histogram": "histogram of points",
           "blank": "blank", "of": "of", "common": "mistakes the class makes", "suspicions": "Worth a look",
           "suspicions_note": "Nothing here changes a mark: read the code and talk to the student.", "lines": "lines",
           "points": "points", "bonus": "bonus", "rubric": "rubric", "grader_error": "The grader failed here; this is not your "
           "fault, and nothing was marked.", "done": "done", "wrong": "wrong", "empty": "empty", "error": "stops",
           "time-out": "time-out", "given": "given"},
    "zh": {"graded": "已批改", "isolation": "隔离", "possible": "仍可能", "seed": "随机种子", "missing": "名单上有、未收到",
           "unknown": "不在名单上", "class": "班级", "filter": "筛选", "submission": "提交", "id": "学号", "name": "姓名",
           "written": "书面题", "late": "迟交天数", "total": "总分", "problems": "问题", "mean": "平均", "median": "中位数",
           "students": "人", "histogram": "分数直方图", "blank": "空", "of": "满分", "common": "班上的常见错误",
           "suspicions": "值得一看", "suspicions_note": "这里的内容不影响分数:请阅读代码并与学生交谈。", "lines": "代码行",
           "points": "分", "bonus": "加分", "rubric": "评分标准", "grader_error": "批改程序在此出错;这不是你的问题,未计任何分数。",
           "done": "完成", "wrong": "错误", "empty": "未填", "error": "出错", "time-out": "超时", "given": "已答"},
}


def environment():
    return jinja2.Environment(loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True,
                              undefined=jinja2.StrictUndefined)


def write(path, text):
    """Write UTF-8 text to a temporary name and rename it. text: str or bytes."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "replace"))
    os.replace(temporary, path)


def folder_name(submission):
    """A folder name for any submission name: itself where it is harmless, else cleaned, with a piece of its hash."""
    clean = re.sub(r"[^\w.-]+", "_", submission).strip("._")[:60]
    if clean == submission:
        return clean
    return f"{clean or 'submission'}-{hashlib.sha256(submission.encode('utf-8', 'replace')).hexdigest()[:8]}"


def cell(value):
    """A value that a spreadsheet shows and does not run."""
    text = " ".join(str(value).split())
    return f"'{text}" if text[:1] in ("=", "+", "-", "@") and not isinstance(value, (int, float)) else text


def page(template, title, lang, script=None, **values):
    """A self-contained HTML page."""
    code = (TEMPLATES / script).read_text(encoding="utf-8") if script else None
    script_hash = base64.b64encode(hashlib.sha256(code.encode()).digest()).decode() if code else None
    css = (TEMPLATES / "base.css").read_text(encoding="utf-8")
    return environment().get_template(template).render(title=title, lang=lang, css=css, script=code, script_hash=script_hash,
                                                       w=WORDS[lang], at=0 if lang == "en" else 1, **values) + "\n"


def written_sum(student):
    total = sum(points for questions in student.written.values() for points, _ in questions.values())
    return f"{total:g}" if student.written else ""


def grades_csv(students, homeworks):
    """Text of grades.csv, with a BOM: Excel then reads Chinese names."""
    buffer = io.StringIO()
    table = csv.writer(buffer, lineterminator="\r\n")
    table.writerow(["submission", "id", "name", *homeworks, "bonus", "written", "days late", "total", "problems"])
    for student in students:
        marks = [student.homeworks.get(homework) for homework in homeworks]
        table.writerow([cell(student.submission), cell(student.id), cell(student.name),
                        *(one["points"] if one else "" for one in marks), sum(one["bonus"] for one in marks if one),
                        written_sum(student), max(student.late.values(), default=0), f"{student.total:g}",
                        cell("; ".join([*([f"grader: {student.error}"] if student.error else []), *student.problems]))])
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
    for at, row in enumerate(marks[0]["blanks"]):
        rows = [one["blanks"][at] for one in marks if len(one["blanks"]) > at]
        named = collections.Counter((check["mistake"], check["hint"][0 if lang == "en" else 1]) for one in rows
                                    for check in one["checks"] if check["mistake"])
        blanks.append({"id": row["id"], "possible": row["possible"], "mean": statistics.mean(one["points"] for one in rows),
                       "done": sum(one["status"] == "done" for one in rows), "empty": sum(one["status"] == "empty" for one in rows),
                       "mistakes": [{"id": id, "hint": hint, "count": count} for (id, hint), count in named.most_common(3)]})
    return {"students": len(marks), "mean": statistics.mean(one["points"] for one in marks),
            "median": statistics.median(one["points"] for one in marks), "blanks": blanks,
            "bars": [{"count": count, "height": round(80 * count / max(counts)), "label": str(10 * at)}
                     for at, count in enumerate(counts)]}


def class_page(students, missing, unknown, homeworks, run, lang, suspicions=()):
    """Text of grades.html."""
    folders = {student.submission: folder_name(student.submission) for student in students}
    charts = {homework: chart(students, homework, lang) for homework in homeworks}
    return page("class.html", {"en": "Grades", "zh": "成绩"}[lang], lang, script="class.js", students=students, missing=missing,
                unknown=unknown, homeworks=homeworks, run=run, folders=folders, charts=charts, written_sum=written_sum,
                suspicions=suspicions)


def student_page(student, run, lang):
    """Text of a student's report.html."""
    return page("report.html", student.submission, lang, student=student, level=run["isolation"]["level"])


def result(student, run):
    """A student's result.json: plain data, the same for the same marks."""
    return {"schema": "course/result/v1", "submission": student.submission, "id": student.id, "name": student.name,
            "total": student.total, "late": student.late, "problems": student.problems, "error": student.error,
            "isolation": run["isolation"],
            "homeworks": {name: {key: marks[key] for key in ("points", "possible", "bonus", "blanks")}
                          for name, marks in student.homeworks.items()},
            "written": {homework: {question: {"points": points, "comment": comment}
                                   for question, (points, comment) in questions.items()}
                        for homework, questions in student.written.items()}}


# ---------------------------------------------------------------- written answers

def sections(text):
    """{question: text} of an answers.md: what stands under a heading that begins with the question's id ("## w1 (14)")."""
    found, current = {}, None
    for line in text.splitlines():
        heading = re.match(r"#{1,6}\s+(\w+)\b", line)
        if heading and re.fullmatch(r"w\d+|\d[a-z]", heading.group(1)):
            current = heading.group(1)
        elif current:
            found.setdefault(current, []).append(line)
    return {question: "\n".join(lines).strip() for question, lines in found.items()}


def rubric(homework):
    """The worked answers of a sheet, as the solution markers hold them."""
    path = ROOT / homework / "README.md"
    if not path.is_file():
        return ""
    text = path.read_text(encoding="utf-8")
    kept = set(markers.strip_sheet(text, str(path)).splitlines())
    return "\n".join(line for line in text.splitlines() if line not in kept and "SOLUTION -->" not in line)


def written_pages(handed_in, course, lang):
    """{"hmm-w1.html": text}: each written question over the class. handed_in: {submission: {homework: {file: bytes}}}."""
    pages = {}
    for homework, settings in course["homework"].items():
        for question, most in settings["written"].items():
            answers = []
            for student, homeworks in sorted(handed_in.items()):
                files = homeworks.get(homework, {})
                text = sections(files.get("answers.md", b"").decode("utf-8", "replace")).get(question, "")
                pictures = [name for name in re.findall(r"!\[[^\]]*\]\(([^)\s]+)\)", text) if name in files]
                shown, room = [], MAX_PICTURES
                for name in pictures:
                    kind = PICTURES.get(Path(name).suffix.lower())
                    if kind and len(files[name]) <= room:
                        room -= len(files[name])
                        shown.append({"name": name, "data": f"data:{kind};base64,{base64.b64encode(files[name]).decode()}"})
                others = sorted(name for name in files if name.lower().endswith(".pdf"))
                if text or others:
                    answers.append({"student": student, "text": text, "pictures": shown, "files": others})
            if answers:
                pages[f"{homework}-{question}.html"] = page("written.html", f"{homework} {question} ({most:g})", lang,
                                                            rubric=rubric(homework), answers=answers)
    return pages


def manual_template(students, course):
    """Text of a manual.csv to fill in: a row for each student and written question."""
    buffer = io.StringIO()
    table = csv.writer(buffer, lineterminator="\r\n")
    table.writerow(["student", "id", "points", "comment"])
    for student in students:
        for homework, settings in course["homework"].items():
            for question in settings["written"]:
                if homework in student.homeworks:
                    points, comment = student.written.get(homework, {}).get(question, ("", ""))
                    table.writerow([student.id or student.submission, f"{homework}/{question}",
                                    f"{points:g}" if points != "" else "", cell(comment)])
    return "\ufeff" + buffer.getvalue()


def write_all(out, students, missing, unknown, run, course, lang, handed_in, suspicions=()):
    """Write every file of a run into `out`; students' folders that are not of this class any more go."""
    out = Path(out)
    homeworks = [homework for homework in course["homework"] if any(homework in student.homeworks for student in students)]
    write(out / "grades.csv", grades_csv(students, homeworks))
    write(out / "grades.html", class_page(students, missing, unknown, homeworks, run, lang, suspicions))
    kept = set()
    for student in students:
        place = out / "students" / folder_name(student.submission)
        kept.add(place.name)
        write(place / "report.html", student_page(student, run, lang))
        write(place / "result.json", json.dumps(result(student, run), indent=1, sort_keys=True, ensure_ascii=False) + "\n")
    for path in (out / "students").iterdir() if (out / "students").is_dir() else ():
        if path.name not in kept:
            shutil.rmtree(path)
    for name, text in written_pages(handed_in, course, lang).items():
        write(out / "written" / name, text)
    write(out / "manual-template.csv", manual_template(students, course))
