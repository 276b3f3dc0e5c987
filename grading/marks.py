"""From the journal's entries to marks: a student's homeworks, blanks, written points, late days."""

import csv
import math
import re
import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path


class RosterError(Exception):
    """A roster or a file of manual marks that cannot be read. One line that names the row."""


@dataclass
class Student:
    """One row of the class. id and name: from the roster, if there is one."""

    submission: str
    id: str = ""
    name: str = ""
    homeworks: dict = field(
        default_factory=dict
    )  # {homework: {"points", "possible", "bonus", "blanks", "level"}}
    written: dict = field(default_factory=dict)  # {homework: {question: (points, comment)}}
    late: dict = field(default_factory=dict)  # {homework: days}
    problems: list = field(default_factory=list)
    error: str = ""  # the grader's, never the student's fault
    lang: str = "zh"  # of the report

    @property
    def bonus(self):
        return sum(marks["bonus"] for marks in self.homeworks.values())

    @property
    def total(self):
        return (
            sum(marks["points"] for marks in self.homeworks.values())
            + self.bonus
            + sum(points for questions in self.written.values() for points, _ in questions.values())
        )


def homework_marks(entry):
    """Points and blanks of one journal entry. possible counts no bonus."""
    blanks = {}
    for result in entry["results"]:
        blank = blanks.setdefault(
            result["id"],
            {
                "id": result["id"],
                "points": 0,
                "possible": 0,
                "bonus": result["bonus"],
                "status": "done",
                "checks": [],
            },
        )
        blank["points"] += result["points"]
        blank["possible"] += result["possible"]
        blank["checks"].append(result)
        if blank["status"] == "done":
            blank["status"] = result["status"]
    rows = list(blanks.values())
    return {
        "points": sum(row["points"] for row in rows if not row["bonus"]),
        "bonus": sum(row["points"] for row in rows if row["bonus"]),
        "possible": sum(row["possible"] for row in rows if not row["bonus"]),
        "blanks": rows,
        "level": entry["level"],
    }


def read_table(path, needed):
    """Rows of a CSV file as dicts: UTF-8 with or without BOM, or GBK as Chinese Excel writes it."""
    path = Path(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise RosterError(f"{path}: {error.strerror}") from None
    for encoding in ("utf-8-sig", "gbk"):
        try:
            text = data.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise RosterError(f"{path} is neither UTF-8 nor GBK; save it as CSV UTF-8")
    rows = list(csv.DictReader(text.splitlines()))
    columns = set(rows[0]) if rows else set(next(csv.reader(text.splitlines()), []))
    missing = [name for name in needed if name not in columns]
    if missing:
        raise RosterError(
            f"{path} has no column {', '.join(missing)}; it needs {', '.join(needed)}"
        )
    return [
        {key: (value or "").strip() for key, value in row.items() if isinstance(key, str)}
        for row in rows
    ]


def read_roster(path, course):
    """Rows of a roster: id, name; if there, received or received:HOMEWORK (a time) and lang (en, zh). Raises RosterError."""
    rows, lines = read_table(path, ["id", "name"]), {}
    for number, row in enumerate(rows, 2):
        where = f"{path}, line {number}"
        if not row["id"]:
            raise RosterError(f"{where}: no id")
        if lines.setdefault(row["id"], number) != number:
            raise RosterError(f"{where}: id {row['id']} stands in line {lines[row['id']]} too")
        if row.get("lang", "") not in ("", "en", "zh"):
            raise RosterError(f"{where}: lang {row['lang']!r}; write en, zh or nothing")
        for homework, settings in course.homeworks.items():
            late_days(received(row, homework), settings.due, where)
    return rows


def received(row, homework):
    """When a homework came in, as the roster has it, or ""."""
    return row.get(f"received:{homework}") or row.get("received", "")


def match(rows, names):
    """{submission name: roster row}, roster rows without a submission, submissions without a row.

    A submission belongs to the row whose id is its name or stands in it as a word of its own ("20260001_张三_hw3").
    """
    found, used = {}, {}
    ids = {row["id"]: row for row in rows}
    for name in names:
        words = set(re.split(r"[^0-9A-Za-z]+", unicodedata.normalize("NFKC", name))) | {name}
        fits = [id for id in ids if id in words]
        if len(fits) == 1:
            other = used.setdefault(fits[0], name)
            if other != name:
                raise RosterError(f"two submissions of {fits[0]}: {other} and {name}; remove one")
            found[name] = ids[fits[0]]
    return (
        found,
        [row for row in rows if row["id"] not in used],
        [name for name in names if name not in found],
    )


def late_days(received, due, where):
    """Whole days begun after the due date; 0 in time. received: ISO text, in the due date's zone if it names none."""
    if not received or due is None:
        return 0
    try:
        moment = datetime.fromisoformat(received)
    except ValueError:
        raise RosterError(
            f"{where}: {received!r} is no date and time; write 2026-10-12 23:59"
        ) from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=due.tzinfo)
    return max(0, math.ceil((moment - due).total_seconds() / 86400))


def manual_points(path, course):
    """{(student, homework, question): (points, comment)} of manual.csv: student, id (homework/question), points, comment."""
    found = {}
    for number, row in enumerate(read_table(path, ["student", "id", "points"]), 2):
        if not row["points"]:
            continue
        homework, _, question = row["id"].partition("/")
        most = course.homework(homework).written.get(question)
        try:
            points = float(row["points"])
        except ValueError:
            raise RosterError(
                f"{path}, line {number}: points {row['points']!r} is no number"
            ) from None
        if most is None:
            raise RosterError(
                f"{path}, line {number}: {row['id']!r} is no written question (course.toml lists them)"
            )
        if not 0 <= points <= most:
            raise RosterError(
                f"{path}, line {number}: {points:g} points, but {row['id']} has {most}"
            )
        if (row["student"], homework, question) in found:
            raise RosterError(
                f"{path}, line {number}: {row['student']} has {row['id']} in an earlier line too"
            )
        found[row["student"], homework, question] = points, row.get("comment", "")
    return found


def collect(entries, problems, errors, course, roster=(), manual=None, lang="zh"):
    """[Student] sorted by submission, roster rows without a submission, submissions not on the roster."""
    names = sorted(set(problems) | set(errors) | {student for student, _ in entries})
    rows, missing, unknown = match(roster, names) if roster else ({}, [], [])
    students = []
    for name in names:
        row = rows.get(name, {})
        student = Student(
            name,
            row.get("id", ""),
            row.get("name", ""),
            problems=list(problems.get(name, [])),
            error=errors.get(name, ""),
            lang=row.get("lang") or lang,
        )
        for homework in course.homeworks:
            if (name, homework) in entries:
                student.homeworks[homework] = homework_marks(entries[name, homework])
                days = late_days(
                    received(row, homework),
                    course.homeworks[homework].due,
                    f"roster, {student.id or name}",
                )
                if days:
                    student.late[homework] = days
        for (who, homework, question), marks in (manual or {}).items():
            if who in (name, student.id) and who:
                student.written.setdefault(homework, {})[question] = marks
        students.append(student)
    return students, missing, unknown
