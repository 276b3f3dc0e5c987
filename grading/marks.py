"""From verdicts to marks: blanks, homeworks, written points and late days of everybody who has a row."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from course.messages import Language
from course.settings import Course
from course.verdict import CheckResult, Status
from grading.files import folder_name
from grading.intake import (
    Matching,
    Notice,
    Person,
    Row,
    Submission,
    TimeError,
    days_late,
    parse_time,
)
from grading.journal import HomeworkKey, Standing
from grading.manual import ManualMarks, WrittenMark


@dataclass
class BlankMarks:
    """One blank: the verdicts of its checks together."""

    id: str
    bonus: bool
    results: list[CheckResult] = field(default_factory=list)

    @property
    def points(self) -> int:
        return sum(result.points for result in self.results)

    @property
    def possible(self) -> int:
        return sum(result.possible for result in self.results)

    @property
    def status(self) -> Status:
        """Done, or that of the first check that is not."""
        return next((r.status for r in self.results if r.status != Status.DONE), Status.DONE)


@dataclass
class HomeworkMarks:
    """A homework's blanks. regraded: those whose verdicts are newer than the others'."""

    blanks: list[BlankMarks]
    level: str = ""
    regraded: tuple[str, ...] = ()

    @property
    def points(self) -> int:
        """Without bonus."""
        return sum(blank.points for blank in self.blanks if not blank.bonus)

    @property
    def possible(self) -> int:
        """Without bonus."""
        return sum(blank.possible for blank in self.blanks if not blank.bonus)

    @property
    def bonus(self) -> int:
        return sum(blank.points for blank in self.blanks if blank.bonus)

    @property
    def possible_bonus(self) -> int:
        return sum(blank.possible for blank in self.blanks if blank.bonus)


def homework_marks(
    results: Iterable[CheckResult], level: str = "", regraded: tuple[str, ...] = ()
) -> HomeworkMarks:
    """Marks of a homework's results, blank by blank in the order of the checks."""
    blanks: dict[str, BlankMarks] = {}
    for result in results:
        blank = blanks.setdefault(result.id, BlankMarks(result.id, result.bonus))
        blank.results.append(result)
    return HomeworkMarks(list(blanks.values()), level, regraded)


@dataclass
class Student:
    """One row of the class: a person, or a submission of which nobody knows the owner.

    submission: its name. folder: where the report goes. error: the grader's, never the student's fault.
    """

    submission: str
    folder: str
    person: Person | None = None
    homeworks: dict[str, HomeworkMarks] = field(default_factory=dict)
    written: dict[str, dict[str, WrittenMark]] = field(default_factory=dict)
    late: dict[str, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    error: str = ""
    lang: Language = "zh"
    group: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return self.person.id or self.person.login if self.person else ""

    @property
    def name(self) -> str:
        return self.person.name if self.person else ""

    @property
    def bonus(self) -> int:
        return sum(marks.bonus for marks in self.homeworks.values())

    @property
    def written_points(self) -> float | None:
        """Points of the written questions, or None if none is marked."""
        marks = [mark.points for questions in self.written.values() for mark in questions.values()]
        return sum(marks) if marks else None

    @property
    def total(self) -> float:
        points = sum(marks.points for marks in self.homeworks.values())
        return points + self.bonus + (self.written_points or 0)


@dataclass
class ClassMarks:
    """Everybody's marks. unknown: names of submissions that nobody on the roster fits."""

    students: list[Student]
    missing: list[Person] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def as_language(code: str, otherwise: Language) -> Language:
    """A roster's language, or the class's where it has none."""
    if code == "en":
        return "en"
    return "zh" if code == "zh" else otherwise


def late_days(
    submission: Submission, person: Person | None, homework: str, due: datetime | None
) -> int:
    """Days begun after the due date: by the roster's time of receipt, else the platform's. 0 where nobody says."""
    text = ""
    if person:
        text = person.received.get(homework) or person.received.get("", "")
    if due is None:
        return 0
    received = parse_time(text, due.tzinfo) if text else submission.received
    return days_late(received, due) if received else 0


def collect(
    matching: Matching,
    standings: Mapping[HomeworkKey, Standing],
    course: Course,
    *,
    problems: Mapping[str, Sequence[str]] | None = None,
    errors: Mapping[str, str] | None = None,
    manual: ManualMarks | None = None,
    lang: Language = "zh",
    best: bool = False,
) -> ClassMarks:
    """Marks for every row, sorted by submission. best: of several attempts of a submitter the one with most points counts."""
    problems, errors = problems or {}, errors or {}
    marks = {
        key: homework_marks(standing.results, standing.entry.level, standing.regraded)
        for key, standing in standings.items()
    }
    rows, attempts = matching.rows, {}
    if best:
        attempts = best_attempts(rows, marks)
        rows = [row for row in rows if row.submission.name in attempts]
    members: dict[str, list[Person]] = {}
    for row in rows:
        if row.person:
            members.setdefault(row.submission.name, []).append(row.person)
    students = []
    for row in rows:
        name, person = row.submission.name, row.person
        group = tuple(str(other) for other in members.get(name, []) if other is not person)
        folder = folder_name(f"{name} {person}" if group else name)
        student = Student(
            name,
            folder,
            person,
            problems=[*problems.get(name, row.submission.problems), *attempts.get(name, ())],
            error=errors.get(name, ""),
            lang=as_language(person.lang if person else "", lang),
            group=group,
        )
        _add_homeworks(student, row.submission, marks, course)
        student.problems += _salvage_notices(student.homeworks.values())
        for (who, homework, question), mark in (manual or {}).items():
            if who and who in (name, student.id):
                student.written.setdefault(homework, {})[question] = mark
        students.append(student)
    students.sort(key=lambda student: (student.submission, student.id))
    unknown = [submission.name for submission in matching.unknown]
    notes: list[str] = [*(ambiguity.reason for ambiguity in matching.ambiguous), *matching.notes]
    return ClassMarks(students, matching.missing, unknown, notes)


def _salvage_notices(homeworks: Iterable[HomeworkMarks]) -> list[Notice]:
    """Why functions were checked apart from their file, each reason once."""
    results = (result for marks in homeworks for blank in marks.blanks for result in blank.results)
    reasons = dict.fromkeys(result.salvaged for result in results if result.salvaged)
    return [Notice(reason.en, reason.zh) for reason in reasons]


def _add_homeworks(
    student: Student,
    submission: Submission,
    marks: Mapping[HomeworkKey, HomeworkMarks],
    course: Course,
) -> None:
    for homework, settings in course.homeworks.items():
        key = HomeworkKey(student.submission, homework)
        if key not in marks:
            continue
        student.homeworks[homework] = marks[key]
        try:
            days = late_days(submission, student.person, homework, settings.due)
        except TimeError as error:
            student.problems.append(error.message)
            continue
        if days:
            student.late[homework] = days
    if submission.late and not student.late:
        student.problems.append(Notice("the platform marks it as late", "平台标记为迟交"))


def best_attempts(
    rows: Sequence[Row], marks: Mapping[HomeworkKey, HomeworkMarks]
) -> dict[str, list[str]]:
    """{name of the attempt that counts: what there is to say about it}, one for each submitter.

    Most points of all homeworks together; of equal attempts the newest.
    """
    sums: dict[str, int] = {}
    for key, homework in marks.items():
        sums[key.student] = sums.get(key.student, 0) + homework.points + homework.bonus
    submitters: dict[str, dict[str, Submission]] = {}
    for row in rows:
        submitters.setdefault(row.submission.key, {})[row.submission.name] = row.submission
    chosen: dict[str, list[str]] = {}
    for attempts in submitters.values():
        best = max(attempts.values(), key=lambda s: (sums.get(s.name, 0), s.attempt or 0))
        chosen[best.name] = []
        if len(attempts) > 1:
            chosen[best.name].append(
                Notice(
                    f"{len(attempts)} attempts: number {best.attempt} has most points and counts",
                    f"共 {len(attempts)} 次提交：第 {best.attempt} 次得分最高，以它为准",
                )
            )
    return chosen
