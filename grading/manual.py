"""manual.csv: points and comments that people give for written questions."""

import csv
import io
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from course.settings import Course
from grading.intake import TableError, read_table
from grading.intake.tables import heading
from grading.spreadsheets import cell

COLUMNS = ("student", "id", "points", "comment")


class WrittenMark(NamedTuple):
    """What a written question got."""

    points: float
    comment: str = ""


class Question(NamedTuple):
    """A written question of somebody. student: id or name of the submission."""

    student: str
    homework: str
    question: str


ManualMarks = dict[Question, WrittenMark]


def read_manual(path: Path, course: Course) -> ManualMarks:
    """Marks of a table with student, id (homework/question), points and, if you like, comment. Raises TableError."""
    table = read_table(path)
    names = [heading(text) for text in table.rows[0][1]] if table.rows else []
    missing = [name for name in COLUMNS[:3] if name not in names]
    if missing:
        raise TableError(
            f"{path} has no column {', '.join(missing)}; it needs student, id (such as hmm/w1), points"
        )
    marks: ManualMarks = {}
    for line, cells in table.rows[1:]:
        row = dict(zip(names, cells))
        if not row.get("points"):
            continue
        where = f"{path}, line {line}"
        homework, _, question = row.get("id", "").partition("/")
        most = course.homework(homework).written.get(question)
        try:
            points = float(row["points"])
        except ValueError:
            raise TableError(f"{where}: points {row['points']!r} is not a number") from None
        if most is None:
            raise TableError(
                f"{where}: {row.get('id', '')!r} is not a written question (course.toml lists them)"
            )
        if not 0 <= points <= most:
            raise TableError(f"{where}: {points:g} points, but {row['id']} has {most}")
        key = Question(row["student"], homework, question)
        if key in marks:
            raise TableError(f"{where}: {row['student']} has {row['id']} in an earlier line too")
        marks[key] = WrittenMark(points, row.get("comment", ""))
    return marks


def template(questions: Iterable[tuple[Question, WrittenMark | None]]) -> str:
    """Text of a manual.csv to fill in, a row for each question. Formulas of students are neutralised."""
    buffer = io.StringIO()
    table = csv.writer(buffer, lineterminator="\r\n")
    table.writerow(COLUMNS)
    for key, mark in questions:
        points = f"{mark.points:g}" if mark else ""
        comment = cell(mark.comment) if mark else ""
        table.writerow([cell(key.student), f"{key.homework}/{key.question}", points, comment])
    return "\ufeff" + buffer.getvalue()
