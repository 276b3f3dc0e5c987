"""grades.html: the class in a table, a heat map of students and blanks, what changed, what the class gets wrong."""

import collections
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

from course.messages import Language
from course.settings import Course
from course.verdict import Status
from grading.history import Change
from grading.marks import BlankMarks, ClassMarks, HomeworkMarks, Student
from grading.pages import page
from grading.run import RunRecord
from grading.suspicions import Suspicion
from grading.talk import TalkQuestion

BARS = 11  # 0-9 %, ..., 90-99 %, 100 %
TALLEST = 80  # pixels of the tallest bar
MOST_CHANGES = 200  # lines of what changed


@dataclass(frozen=True)
class Mistake:
    """A known mistake that several students make."""

    id: str
    hint: str
    count: int


@dataclass(frozen=True)
class BlankSummary:
    """A blank over the class. mean: points."""

    id: str
    possible: int
    bonus: bool
    mean: float
    done: int
    empty: int
    students: int
    mistakes: tuple[Mistake, ...] = ()


@dataclass(frozen=True)
class Bar:
    """A bar of the histogram. label: lower end of its percents."""

    label: str
    count: int
    height: int


@dataclass(frozen=True)
class Cell:
    """A cell of the heat map. kind: class of its colour; title: what it means; link: to the answer."""

    text: str
    kind: str
    title: str
    link: str


@dataclass(frozen=True)
class MapRow:
    """A student's row of the heat map."""

    name: str
    link: str
    cells: tuple[Cell, ...]


@dataclass
class Chart:
    """One homework's part of the class page."""

    homework: str
    students: int
    mean: float = 0.0
    median: float = 0.0
    possible: int = 0
    bars: list[Bar] = field(default_factory=list)
    blanks: list[BlankSummary] = field(default_factory=list)
    map_rows: list[MapRow] = field(default_factory=list)


@dataclass(frozen=True)
class Maxima:
    """The most points of every column. written: of the questions of the homeworks that are shown."""

    homeworks: dict[str, int]
    bonus: int
    written: int

    @property
    def total(self) -> int:
        """Of a student who has everything, bonus included."""
        return sum(self.homeworks.values()) + self.bonus + self.written


def maxima(students: Sequence[Student], course: Course) -> Maxima:
    """The maximum of each column of the tables: homeworks that nobody has are not there."""
    homeworks, bonus, written = {}, 0, 0
    for homework, settings in course.homeworks.items():
        marks = next((s.homeworks[homework] for s in students if homework in s.homeworks), None)
        if marks:
            homeworks[homework] = marks.possible
            bonus += marks.possible_bonus
            written += sum(settings.written.values())
    return Maxima(homeworks, bonus, written)


def chart(students: Sequence[Student], homework: str, lang: Language) -> Chart:
    """Numbers of one homework's part of the class page."""
    having = [student for student in students if homework in student.homeworks]
    marks = [student.homeworks[homework] for student in having]
    if not marks:
        return Chart(homework, 0)
    counts = [0] * BARS
    for homework_marks in marks:
        share = homework_marks.points / max(1, homework_marks.possible)
        counts[min(BARS - 1, int(10 * share))] += 1
    blanks: dict[str, list[BlankMarks]] = {}
    for homework_marks in marks:
        for blank in homework_marks.blanks:
            blanks.setdefault(blank.id, []).append(blank)
    shown = [id for id, rows in blanks.items() if rows[0].possible]
    return Chart(
        homework,
        len(marks),
        statistics.mean(mark.points for mark in marks),
        statistics.median(mark.points for mark in marks),
        marks[0].possible,
        [
            Bar(str(10 * index), count, round(TALLEST * count / max(counts)))
            for index, count in enumerate(counts)
        ],
        [_summary(blanks[id], lang) for id in shown],
        [_map_row(student, student.homeworks[homework], shown, lang) for student in having],
    )


def _summary(rows: list[BlankMarks], lang: Language) -> BlankSummary:
    mistakes = collections.Counter(
        (result.mistake, result.hint.text(lang) if result.hint else "")
        for row in rows
        for result in row.results
        if result.mistake
    )
    return BlankSummary(
        rows[0].id,
        rows[0].possible,
        rows[0].bonus,
        statistics.mean(row.points for row in rows),
        sum(row.status == Status.DONE for row in rows),
        sum(row.status == Status.EMPTY for row in rows),
        len(rows),
        tuple(Mistake(id, hint, count) for (id, hint), count in mistakes.most_common(3)),
    )


def _map_row(
    student: Student, marks: HomeworkMarks, shown: Sequence[str], lang: Language
) -> MapRow:
    link = report_link(student)
    blanks = {blank.id: blank for blank in marks.blanks}
    cells = []
    for id in shown:
        blank = blanks.get(id)
        if blank is None:
            cells.append(Cell("", "none", id, ""))
            continue
        partly = 0 < blank.points < blank.possible
        kind = "partly" if partly else str(blank.status)
        cells.append(Cell(str(blank.points), kind, id, f"{link}#{id}"))
    return MapRow(
        " ".join(filter(None, (student.id, student.name))) or student.submission, link, tuple(cells)
    )


def report_link(student: Student) -> str:
    """Where a student's report is, seen from the class page."""
    return f"students/{quote(student.folder)}/report.html"


def class_page(
    marks: ClassMarks,
    course: Course,
    record: RunRecord,
    lang: Language,
    changes: Sequence[Change] | None = None,
    suspicions: Sequence[Suspicion] = (),
    written: Sequence[str] = (),
    talks: Mapping[str, Sequence[TalkQuestion]] | None = None,
) -> str:
    """Text of grades.html. written: names of the pages of written questions. talks: {submission: what to ask}."""
    most = maxima(marks.students, course)
    return page(
        "class.html",
        {"en": "Grades", "zh": "成绩"}[lang],
        lang,
        script="class.js",
        marks=marks,
        students=marks.students,
        most=most,
        record=record,
        report_link=report_link,
        charts=[chart(marks.students, homework, lang) for homework in most.homeworks],
        changes=changes,
        most_changes=MOST_CHANGES,
        suspicions=suspicions,
        written=written,
        talks=talks or {},
    )
