"""manual.csv: points, comments and rubric items that people give for written questions.

The page of a question (templates/written.js) writes the same table: both keep to the columns, the order and the forms here.
A row whose student is "rubric" has no points: it holds the question's rubric as the page was last used with it.
"""

import csv
import io
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from course.settings import Course
from grading.intake import Notice, TableError, read_table
from grading.intake.tables import heading
from grading.spreadsheets import FORMULA, cell, id_cell

COLUMNS = ("student", "id", "points", "comment", "rubric")
RUBRIC = "rubric"  # in the column student: the row holds the question's rubric
BETWEEN = " | "  # between rubric items in a cell: (2) text | (-1) text


class WrittenMark(NamedTuple):
    """What a written question got. rubric: the items that apply, as "(2) text | (-1) text"."""

    points: float
    comment: str = ""
    rubric: str = ""

    @property
    def applied(self) -> list[str]:
        """The rubric items that apply, each "(points) text"."""
        return [item for item in self.rubric.split(BETWEEN) if item]


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
            f"{path} has no column {', '.join(missing)}; it needs student, id (such as hmm/w1), points",
            f"{path} 缺少列 {'、'.join(missing)}；需要 student、id（例如 hmm/w1）、points",
        )
    marks: ManualMarks = {}
    for line, cells in table.rows[1:]:
        row = dict(zip(names, cells))
        if not row.get("points"):
            continue
        where = Notice(f"{path}, line {line}", f"{path} 第 {line} 行")
        homework, _, question = row.get("id", "").partition("/")
        most = course.homework(homework).written.get(question)
        try:
            points = float(row["points"])
        except ValueError:
            raise TableError(
                f"{where}: points {row['points']!r} is not a number",
                f"{where.zh}：points 的 {row['points']!r} 不是数",
            ) from None
        if most is None:
            raise TableError(
                f"{where}: {row.get('id', '')!r} is not a written question (course.toml lists them)",
                f"{where.zh}：{row.get('id', '')!r} 不是书面题（见 course.toml）",
            )
        if not 0 <= points <= most:
            raise TableError(
                f"{where}: {points:g} points, but {row['id']} has {most}",
                f"{where.zh}：{points:g} 分，但 {row['id']} 满分 {most}",
            )
        key = Question(row["student"], homework, question)
        if key in marks:
            raise TableError(
                f"{where}: {row['student']} has {row['id']} in an earlier line too",
                f"{where.zh}：{row['student']} 的 {row['id']} 在前面已出现",
            )
        marks[key] = WrittenMark(points, row.get("comment", ""), row.get("rubric", ""))
    return marks


def read_rows(path: Path) -> list[dict[str, str]]:
    """All rows of a manual.csv with all their columns, those without points too: the pages keep them. Raises TableError."""
    table = read_table(path)
    names = [text.strip().lower() for text in table.rows[0][1]] if table.rows else []
    return [dict.fromkeys(COLUMNS, "") | dict(zip(names, cells)) for _, cells in table.rows[1:]]


def template(questions: Iterable[tuple[Question, WrittenMark | None]]) -> str:
    """Text of a manual.csv to fill in, a row for each question and student. Formulas of students are neutralised."""
    buffer = io.StringIO()
    table = csv.writer(buffer, lineterminator="\r\n")
    table.writerow(COLUMNS)
    for key, mark in questions:
        points, comment, rubric = mark or ("", "", "")
        table.writerow(
            [
                id_cell(key.student),
                f"{key.homework}/{key.question}",
                cell(points),
                _lines(comment),
                cell(rubric),
            ]
        )
    return "\ufeff" + buffer.getvalue()


def _lines(text: str) -> str:
    """A comment as a cell that a spreadsheet does not run; its lines are kept."""
    return f"'{text}" if text.startswith((*FORMULA, "'")) else text
