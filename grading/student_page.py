"""report.html and result.json: what a student may get about their submission."""

import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from course.verdict import Status
from grading.excerpts import Excerpt, excerpt
from grading.marks import BlankMarks, HomeworkMarks, Student
from grading.pages import WORDS, page
from grading.run import RunRecord


@dataclass(frozen=True)
class ClassSpread:
    """Where the class is in a homework: points, without bonus."""

    median: float
    low: float  # a quarter of the class has less
    high: float  # a quarter of the class has more
    count: int


def spreads(students: Sequence[Student]) -> dict[str, ClassSpread]:
    """{homework: ClassSpread}, of homeworks that at least four students have: fewer would tell whose marks they are."""
    by_homework = {}
    for homework in dict.fromkeys(name for student in students for name in student.homeworks):
        points = [s.homeworks[homework].points for s in students if homework in s.homeworks]
        if len(points) >= 4:
            low, median, high = statistics.quantiles(points, n=4, method="inclusive")
            by_homework[homework] = ClassSpread(median, low, high, len(points))
    return by_homework


@dataclass(frozen=True)
class BlankReport:
    """A blank's row of the report."""

    marks: BlankMarks
    code: Excerpt | None


def blank_reports(
    homework: str, marks: HomeworkMarks, files: Mapping[str, bytes]
) -> list[BlankReport]:
    """The rows of a homework's table. The code is shown where a blank is not done."""
    reports = []
    for blank in marks.blanks:
        if not blank.possible and blank.status == Status.DONE:
            continue
        failed = blank.status not in (Status.DONE, Status.EMPTY)
        code = excerpt(homework, blank.id, files, blank.results) if failed else None
        reports.append(BlankReport(blank, code))
    return reports


def student_page(
    student: Student,
    record: RunRecord,
    files: Mapping[str, Mapping[str, bytes]] | None = None,
    spread: Mapping[str, ClassSpread] | None = None,
) -> str:
    """Text of a student's report.html. files: {homework: the code that was graded}. spread: shown if it is given."""
    sentence = WORDS[student.lang]["class_marks"]
    return page(
        "report.html",
        student.submission,
        student.lang,
        student=student,
        level=record.isolation.level if record.isolation else "",
        reports={
            homework: blank_reports(homework, marks, (files or {}).get(homework, {}))
            for homework, marks in student.homeworks.items()
        },
        class_marks={
            homework: sentence.format(
                median=f"{of.median:g}", low=f"{of.low:g}", high=f"{of.high:g}", count=of.count
            )
            for homework, of in (spread or {}).items()
        },
    )


def result(student: Student, record: RunRecord) -> dict[str, Any]:
    """A student's result.json: plain data, the same for the same marks."""
    return {
        "schema": "course/result/v1",
        "submission": student.submission,
        "id": student.id,
        "name": student.name,
        "group": list(student.group),
        "total": student.total,
        "late": student.late,
        "problems": student.problems,
        "error": student.error,
        "isolation": record.isolation.to_dict() if record.isolation else None,
        "homeworks": {
            homework: {
                "points": marks.points,
                "possible": marks.possible,
                "bonus": marks.bonus,
                "regraded": list(marks.regraded),
                "blanks": [
                    {
                        "id": blank.id,
                        "points": blank.points,
                        "possible": blank.possible,
                        "bonus": blank.bonus,
                        "status": str(blank.status),
                        "checks": [result.to_dict() for result in blank.results],
                    }
                    for blank in marks.blanks
                ],
            }
            for homework, marks in student.homeworks.items()
        },
        "written": {
            homework: {
                question: {"points": mark.points, "comment": mark.comment}
                | ({"rubric": mark.applied} if mark.rubric else {})
                for question, mark in questions.items()
            }
            for homework, questions in student.written.items()
        },
    }


def result_json(student: Student, record: RunRecord) -> str:
    """Text of result.json."""
    return json.dumps(result(student, record), indent=1, sort_keys=True, ensure_ascii=False) + "\n"
