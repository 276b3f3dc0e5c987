"""Brings marks and feedback back to the platform, in the files that it exports and takes.

`read_gradebook` reads Canvas's gradebook (CSV), Moodle's grading worksheet (CSV), Blackboard's (tab-separated UTF-16) or a
plain table (.csv, .xlsx); `fill` returns the same file with one column filled in and every other byte kept. `feedback_zip`
writes the students' reports in the layout in which Moodle and Canvas take feedback files. How each platform names things:
docs.moodle.org "Assignment grading" (offline worksheet, feedback files), Canvas guides "How do I import grades in the
Gradebook?" and "How do I upload all student submissions for an assignment?", Blackboard Help "Working offline with grade data".
"""

import io
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grading.intake import (
    GradingError,
    Hint,
    Notice,
    Person,
    Roster,
    Submission,
    TableError,
    read_roster,
    tables,
)
from grading.intake.rosters import RosterError, columns_of, has_headings

IDENTITY = {  # headings of columns that are never overwritten
    "student", "id", "sisuserid", "sisloginid", "section", "identifier", "fullname", "name", "emailaddress", "email", "status",
    "lastname", "firstname", "username", "studentid", "availability", "lastaccess", "学号", "姓名", "integrationid", "rootaccount",
}  # fmt: skip
ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")  # what a cell of .xlsx cannot hold
MAXIMUM = re.compile(
    r"(?:total pts|总分|满分)\s*[:：]?\s*(?:up to )?(\d+(?:\.\d+)?)", re.IGNORECASE
)


class GradebookError(GradingError):
    """A gradebook that cannot be filled in. One line that names the fix."""


@dataclass
class Gradebook:
    """A platform's file. rows: raw cells (quotes kept) and the end of the line, by the number of the line."""

    path: Path
    kind: str  # "canvas", "moodle", "blackboard", "table"
    headings: list[str]
    roster: Roster
    heading_line: int
    rows: dict[int, tuple[list[str], str]] = field(default_factory=dict)
    encoding: str = ""
    separator: str = ""
    before: str = ""  # "sep=;" of the first line
    sheet: str = ""  # of an .xlsx file

    def column(self, name: str) -> int:
        """The index of the column that is called `name`, or begins so. Raises GradebookError."""
        plain = [tables.heading(cell) for cell in self.headings]
        steps = (
            [i for i, cell in enumerate(self.headings) if cell.strip() == name.strip()],
            [i for i, cell in enumerate(plain) if cell and cell == tables.heading(name)],
            [i for i, cell in enumerate(self.headings) if _bare(cell) == _bare(name)],
            [i for i, cell in enumerate(self.headings) if _bare(cell).startswith(_bare(name))],
        )
        hits = next((hits for hits in steps if hits), [])
        shown = ", ".join(repr(cell) for cell in self.headings if cell)
        if len(hits) != 1:
            problem = (
                Notice("has several columns", "有多个列名为")
                if hits
                else Notice("has no column", "没有列")
            )
            raise GradebookError(
                f"{self.path} {problem} {name!r}; it has {shown}",
                f"{self.path} {problem.zh} {name!r}；现有的列：{shown}",
            )
        if plain[hits[0]] in IDENTITY:
            raise GradebookError(
                f"{self.path}: {self.headings[hits[0]]!r} says who the students are; "
                f"give the column for the marks: {shown}",
                f"{self.path}：{self.headings[hits[0]]!r} 是学生信息列；请给出成绩列：{shown}",
            )
        return hits[0]

    def maximum(self, column: int) -> float | None:
        """The most points that the platform has for a column, if the file says it."""
        if match := MAXIMUM.search(self.headings[column]):
            return float(match[1])
        for cells, _ in self.rows.values():
            if self.kind == "canvas" and "pointspossible" in tables.heading(_plain(cells[0])):
                return _number(_plain(cells[column])) if column < len(cells) else None
        plain = [tables.heading(cell) for cell in self.headings]
        if self.kind == "moodle" and "maximumgrade" in plain:
            index = plain.index("maximumgrade")
            numbers = (
                _number(_plain(cells[index]))
                for line, (cells, _) in self.rows.items()
                if line > self.heading_line and index < len(cells)
            )
            return next((number for number in numbers if number is not None), None)
        return None


@dataclass
class Filled:
    """data: the file's bytes. written: people who got a mark; replaced: whose cell held another one; strangers: without a row."""

    data: bytes
    written: list[Person] = field(default_factory=list)
    replaced: list[Person] = field(default_factory=list)
    strangers: list[Person] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def _bare(heading: str) -> str:
    """A heading without Canvas's "(1234)" and Blackboard's "[Total Pts: 100 Score] |1234"."""
    return re.sub(r"\s*(?:\(\d+\)|\[[^\]]*\].*)\s*$", "", heading).strip().casefold()


def _number(text: str) -> float | None:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return None


def _plain(raw: str) -> str:
    """A raw cell without its quotes."""
    text = raw.strip()
    if len(text) > 1 and text[0] == text[-1] == '"':
        text = text[1:-1].replace('""', '"')
    return tables.clean(text)


def read_gradebook(path: Path | str) -> Gradebook:
    """The gradebook at a path. Raises GradebookError."""
    path = Path(path)
    try:
        roster, table = read_roster(path), tables.read_table(path, has_headings)
    except (RosterError, TableError) as error:
        raise GradebookError(error.message) from None
    if not table.encoding and not table.sheet:
        raise GradebookError(
            f"{path} is a web page that is called .xls; open it in a spreadsheet and save it as .xlsx",
            f"{path} 名为 .xls，实为网页；请用电子表格软件打开并另存为 .xlsx",
        )
    index = next(i for i, (_, cells) in enumerate(table.rows) if _names_people(cells))
    line, headings = table.rows[index]
    plain = {tables.heading(cell) for cell in headings}
    book = Gradebook(
        path,
        "table",
        headings,
        roster,
        line,
        {},
        table.encoding,
        table.separator,
        sheet=table.sheet,
    )
    if "identifier" in plain and any("participant" in person.numbers for person in roster.people):
        book.kind = "moodle"
    elif "id" in plain and plain & {"sisuserid", "sisloginid", "section"}:
        book.kind = "canvas"
    elif "username" in plain and any("|" in cell or "Total Pts" in cell for cell in headings):
        book.kind = "blackboard"
    if table.encoding:
        text = path.read_bytes().decode(table.encoding)
        book.rows = raw_rows(text, table.separator)
    return book


def _names_people(cells: Sequence[str]) -> bool:
    return bool(
        {"id", "name", "login", "email", "first", "last", "participant"} & columns_of(cells).keys()
    )


def raw_rows(text: str, separator: str) -> dict[int, tuple[list[str], str]]:
    """{line: (raw cells, end of line)}: joined again, they are the text. line: the row's last, as csv.reader counts."""
    rows: dict[int, tuple[list[str], str]] = {}
    cells, start, line, quoted, position = [], 0, 0, False, 0
    while position < len(text):
        char = text[position]
        if char == '"':
            if quoted or not text[start:position].strip(" \ufeff"):
                quoted = not quoted
            elif text[start:position].strip().endswith('"') and text[start:].lstrip().startswith(
                '"'
            ):
                quoted = True  # "" inside a quoted cell
        elif char in "\r\n":
            end = "\r\n" if text.startswith("\r\n", position) else char
            line += 1
            if not quoted:
                cells.append(text[start:position])
                rows[line] = cells, end
                cells, start = [], position + len(end)
            position += len(end) - 1
        elif char == separator and not quoted:
            cells.append(text[start:position])
            start = position + 1
        position += 1
    if start < len(text) or cells:
        rows[line + 1] = [*cells, text[start:]], ""
    return rows


def fill(
    book: Gradebook, name: str, marks: Iterable[tuple[Person, float]], most: float | None = None
) -> Filled:
    """The file with `marks` in the column `name`. Who has no mark keeps the cell as it is. most: the run's own maximum.

    Raises GradebookError.
    """
    column = book.column(name)
    lines, filled = _lines(book, marks)
    limit = book.maximum(column)
    if limit is not None and most is not None and limit != most:
        filled.notes.append(
            Notice(
                f"{book.path}: {book.headings[column]!r} has {limit:g} points, the run {most:g}; marks are written as they are",
                f"{book.path}：{book.headings[column]!r} 满分 {limit:g}，本次评分满分 {most:g}；分数按原样写入",
            )
        )
    if book.encoding:
        filled.data = _filled_text(book, column, lines, filled).encode(book.encoding)
    else:
        filled.data = _filled_xlsx(book, column, lines, filled)
    return filled


def _lines(
    book: Gradebook, marks: Iterable[tuple[Person, float]]
) -> tuple[dict[int, tuple[Person, float]], Filled]:
    lines: dict[int, tuple[Person, float]] = {}
    filled = Filled(b"")
    for person, points in marks:
        match = book.roster.whose(hints_of(person))
        if len(match.people) != 1:
            filled.strangers.append(person)
        elif match.people[0].line in lines:
            raise GradebookError(
                f"{book.path}, line {match.people[0].line}: two marks for {match.people[0]}",
                f"{book.path} 第 {match.people[0].line} 行：{match.people[0]} 有两个分数",
            )
        else:
            lines[match.people[0].line] = person, points
    return lines, filled


def hints_of(person: Person) -> tuple[Hint, ...]:
    """What is known of a person, to find the same one in another table."""
    values = (
        ("id", person.id),
        ("login", person.login),
        ("email", person.email),
        ("name", person.name),
    )
    return (
        *(Hint(kind, value) for kind, value in person.numbers.items()),
        *(Hint(kind, value) for kind, value in values if value),
    )


def _filled_text(
    book: Gradebook, column: int, lines: Mapping[int, tuple[Person, float]], filled: Filled
) -> str:
    text = []
    for line, (cells, end) in book.rows.items():
        if line in lines:
            person, points = lines[line]
            cells = [*cells, *[""] * (column + 1 - len(cells))]
            before = cells[column]
            _note(filled, person, _plain(before), points)
            cells[column] = f'"{points:g}"' if before.strip().startswith('"') else f"{points:g}"
        text.append(book.separator.join(cells) + end)
    return "".join(text)


def _note(filled: Filled, person: Person, before: str, points: float) -> None:
    filled.written.append(person)
    if before and _number(before) != points:
        filled.replaced.append(person)


def _filled_xlsx(
    book: Gradebook, column: int, lines: Mapping[int, tuple[Person, float]], filled: Filled
) -> bytes:
    workbook = _openpyxl("filling in", "填写").load_workbook(book.path)
    sheet: Any = workbook[book.sheet]
    for line, (person, points) in lines.items():
        cell: Any = sheet.cell(line, column + 1)
        _note(filled, person, str(cell.value or ""), points)
        cell.value = int(points) if float(points).is_integer() else points
    buffer = io.BytesIO()
    workbook.save(buffer)
    return buffer.getvalue()


def _openpyxl(doing: str, doing_zh: str) -> Any:
    """The library for .xlsx files. Raises GradebookError where it is missing."""
    try:
        import openpyxl
    except ImportError:
        raise GradebookError(
            f"{doing} .xlsx needs openpyxl: python -m pip install openpyxl",
            f"{doing_zh} .xlsx 需要 openpyxl：python -m pip install openpyxl",
        ) from None
    return openpyxl


def workbook(headings: Sequence[str], rows: Iterable[Sequence[str | int | float]]) -> bytes:
    """An .xlsx file: text stays text (ids keep leading zeros, nothing is a formula), numbers are numbers.

    Raises GradebookError where openpyxl is missing.
    """
    book = _openpyxl("writing", "写入").Workbook()
    sheet = book.active
    for number, row in enumerate([headings, *rows], 1):
        for column, value in enumerate(row, 1):
            cell: Any = sheet.cell(number, column)
            if isinstance(value, str):
                cell.number_format = "@"
                cell.value = ILLEGAL.sub("?", value)
                cell.data_type = "s"  # "=1+1" is text
            else:
                cell.value = value
    sheet.freeze_panes = "B2"
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def plain_workbook(marks: Iterable[tuple[Person, float]]) -> bytes:
    """An .xlsx file with two columns, 学号 and 成绩: what Chinese platforms take."""
    rows = [
        (person.id or person.login or person.name, int(p) if float(p).is_integer() else p)
        for person, p in marks
    ]
    return workbook(("学号", "成绩"), rows)


# ---------------------------------------------------------------- feedback


def prefix_of(submission: Submission, person: Person | None, kind: str) -> str:
    """Where a platform takes a submission's feedback, in front of the file's name; "" if that is not known.

    Moodle finds the student by the participant's number in the folder's name, Canvas by the numbers in front of the file's.
    """
    if submission.returns:
        return submission.returns
    if kind == "moodle" and person and (number := person.numbers.get("participant")):
        return f"{re.sub(r'[/_]', ' ', person.name) or 'x'}_{number}_assignsubmission_file_/"
    return ""


def feedback_zip(files: Iterable[tuple[str, Mapping[str, bytes]]]) -> bytes:
    """A zip of (prefix, {file name: bytes}), the same bytes for the same files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for prefix, contents in sorted(files, key=lambda item: item[0]):
            for name, data in sorted(contents.items()):
                info = zipfile.ZipInfo(prefix + name)
                info.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(info, data)
    return buffer.getvalue()
