"""What has changed since the last run: history.json keeps the marks of the last two runs that differ.

Grading again without anything new changes nothing here, so that a run that was killed and continued writes the same bytes.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from grading.files import write
from grading.marks import Student

FILE = "history.json"
Marks = dict[str, dict[str, dict[str, int]]]  # row: homework: blank: points


@dataclass(frozen=True)
class BlankChange:
    """A blank's points before and now."""

    blank: str
    before: int
    after: int


@dataclass(frozen=True)
class Change:
    """A row of the class that differs. before, after: points of the homework, None where it was not there."""

    row: str
    homework: str
    before: int | None
    after: int | None
    blanks: tuple[BlankChange, ...] = ()


def row_name(student: Student) -> str:
    """A name for a row that stays the same from run to run."""
    return f"{student.submission} {student.person}" if student.group else student.submission


def marks_of(students: Sequence[Student]) -> Marks:
    """The points that two runs are compared by."""
    return {
        row_name(student): {
            homework: {blank.id: blank.points for blank in marks.blanks}
            for homework, marks in student.homeworks.items()
        }
        for student in students
    }


def changes(before: Marks, after: Marks) -> list[Change]:
    """Differences of two runs, row by row."""
    differences = []
    for row in sorted({*before, *after}):
        old, new = before.get(row, {}), after.get(row, {})
        for homework in dict.fromkeys([*old, *new]):
            was, now = old.get(homework), new.get(homework)
            if was == now:
                continue
            before_sum = None if was is None else sum(was.values())
            after_sum = None if now is None else sum(now.values())
            blanks = _blank_changes(was, now) if was and now else ()
            differences.append(Change(row, homework, before_sum, after_sum, blanks))
    return differences


def _blank_changes(before: Mapping[str, int], after: Mapping[str, int]) -> tuple[BlankChange, ...]:
    names = list(dict.fromkeys([*before, *after]))
    pairs = [BlankChange(name, before.get(name, 0), after.get(name, 0)) for name in names]
    return tuple(pair for pair in pairs if pair.before != pair.after)


@dataclass
class History:
    """The marks of the last two runs that differ. previous: None before the second."""

    previous: Marks | None = None
    latest: Marks | None = None

    @classmethod
    def read(cls, out: Path) -> "History":
        """The history in a folder; an empty one where there is none or it is damaged."""
        try:
            data = json.loads((out / FILE).read_text(encoding="utf-8"))
            return cls(data["previous"], data["latest"])
        except (OSError, ValueError, KeyError, TypeError):
            return cls()

    def with_run(self, marks: Marks) -> "History":
        """The history after a run with these marks."""
        return self if marks == self.latest else History(self.latest, marks)

    def changes(self) -> list[Change] | None:
        """What the last run changed; None for the first."""
        if self.previous is None or self.latest is None:
            return None
        return changes(self.previous, self.latest)

    def write(self, out: Path) -> None:
        """After everything else: a run that is killed before still has the changes to show."""
        data = {"previous": self.previous, "latest": self.latest}
        write(out / FILE, json.dumps(data, sort_keys=True, ensure_ascii=False) + "\n")
