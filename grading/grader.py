"""What a grading process does: takes submissions, runs their checks in the sandbox, hands back verdicts."""

import signal
import sys
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, field, replace
from multiprocessing.connection import Connection
from pathlib import Path
from types import FrameType

from course import verdict
from course.cases import Cases, FreshCases
from course.checks import load_checks
from course.homeworks import ROOT
from course.messages import Message
from course.verdict import CheckResult
from grading import isolation
from grading.intake import Submission, complete
from grading.journal import Entry, HomeworkKey, entry_key
from grading.processes import die_with_parent

LONGEST = 4000  # characters of what a check says
KEPT_FILE = 2**19  # bytes of a student's file that are kept for the reports
KEPT = 2**22  # bytes of a homework
NUMPY = ("numpy", "numpy.ma")
TORCH = (  # what the first optimizer or mask would import
    "torch",
    "torch._dynamo",
    "torch.fx.experimental.symbolic_shapes",
)


@dataclass(frozen=True)
class GradingSettings:
    """What all grading processes of a run share.

    checks: digest of each homework's checks. done: keys of entries that need not be graded again. graded: places with the
    code for which they have been graded in full. grade: False only looks up what is done already (merging).
    """

    homeworks: tuple[str, ...]
    seed: int
    level: str
    checks: Mapping[str, str]
    limits: isolation.Limits = field(default_factory=isolation.Limits)
    blanks: frozenset[str] = frozenset()
    done: frozenset[str] = frozenset()
    graded: frozenset[tuple[HomeworkKey, str]] = frozenset()
    grade: bool = True


@dataclass
class Answer:
    """A grading process's answer about one submission.

    entries: one for each homework that was graded or is done already. errors: the grader's own, no mark follows from them.
    code: the student's files as they were graded, for the reports.
    """

    student: str
    problems: list[str] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    code: dict[str, dict[str, bytes]] = field(default_factory=dict)
    in_full: list[str] = field(default_factory=list)  # homeworks graded in full in spite of --blank


def grade_homework(
    files: Mapping[str, bytes],
    homework: str,
    cases: Cases,
    sandbox: isolation.Sandbox | None,
    level: str,
    limits: isolation.Limits,
    blanks: frozenset[str] = frozenset(),
) -> tuple[CheckResult, ...]:
    """Verdicts of one homework: the same for the same files, checks and seed. blanks: only these; empty for all."""
    results = []
    with isolation.opened(level, {homework: complete(files, homework)}, limits, sandbox) as runner:
        for check in load_checks(homework):
            if not blanks or check.id in blanks:
                result = verdict.run(check, runner, cases).result
                message = Message(*(text[:LONGEST] for text in result.message))
                results.append(replace(result, message=message))
    return tuple(results)


def open_sandbox(
    level: str, limits: isolation.Limits, homeworks: Sequence[str]
) -> isolation.Sandbox | None:
    """A sandbox with the libraries of these homeworks loaded, or None where the level has none."""
    if level == "plain":
        return None
    texts = [
        path.read_text(encoding="utf-8")
        for homework in homeworks
        for path in (ROOT / homework).glob("*.py")
    ]
    torch = TORCH if any("import torch" in text for text in texts) else ()
    return isolation.Sandbox(level, limits, NUMPY + torch)


class Grader:
    """Grades submissions one after the other. The sandbox starts with the first that needs it."""

    def __init__(self, settings: GradingSettings) -> None:
        self.settings = settings
        self.cases = {homework: FreshCases(settings.seed) for homework in settings.homeworks}
        self._sandbox: isolation.Sandbox | None = None

    def grade(self, submission: Submission) -> Answer:
        """Never raises: what goes wrong in the grader itself is one of the answer's errors."""
        answer = Answer(submission.name)
        try:
            self._read(submission, answer)
            for homework, files in submission.files.items():
                self._grade_homework(submission, homework, files, answer)
        except Exception as error:
            answer.errors.append(describe_error(error))
        answer.problems = list(submission.problems)
        return answer

    def _read(self, submission: Submission, answer: Answer) -> None:
        for homework, files in submission.files.items():
            answer.code[homework], room = {}, KEPT
            for name, data in sorted(files.items()):
                if name.endswith(".py") and (room := room - len(data[:KEPT_FILE])) >= 0:
                    answer.code[homework][name] = data[:KEPT_FILE]

    def _grade_homework(
        self, submission: Submission, homework: str, files: Mapping[str, bytes], answer: Answer
    ) -> None:
        settings, code = self.settings, submission.digest(homework)
        homework_key = HomeworkKey(submission.name, homework)

        blanks = settings.blanks
        if blanks and (homework_key, code) not in settings.graded:
            blanks = frozenset()
            answer.in_full.append(homework)
        limits = astuple(settings.limits)
        key = entry_key(
            homework_key, code, settings.checks[homework], settings.seed, limits, blanks
        )
        entry = Entry(homework_key.student, homework, key, code, blanks=tuple(sorted(blanks)))
        if entry.key in settings.done:
            answer.entries.append(entry)
            return
        if not settings.grade:
            answer.errors.append(f"{homework}: no part of the class has its marks")
            return
        try:
            results = grade_homework(
                files,
                homework,
                self.cases[homework],
                self._open(),
                settings.level,
                settings.limits,
                frozenset(entry.blanks),
            )
        except Exception as error:
            answer.errors.append(f"{homework}: {describe_error(error)}")
        else:
            answer.entries.append(replace(entry, level=settings.level, results=results))

    def _open(self) -> isolation.Sandbox | None:
        if self._sandbox is None:
            settings = self.settings
            self._sandbox = open_sandbox(settings.level, settings.limits, settings.homeworks)
        return self._sandbox

    def close(self) -> None:
        if self._sandbox:
            self._sandbox.close()


def describe_error(error: Exception) -> str:
    """One line about an error of the grader, with the place where it happened."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {error}{where}"


def work(pipe: Connection, settings: GradingSettings) -> None:
    """The main function of a grading process: takes submissions from the pipe until it receives None."""
    die_with_parent()
    for name in ("SIGINT", "SIGHUP"):  # the grader receives them too, and ends this process
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _end)
    grader = Grader(settings)
    try:
        while (submission := pipe.recv()) is not None:
            pipe.send(grader.grade(submission))
            submission.forget()
    finally:
        grader.close()


def _end(number: int, frame: FrameType | None) -> None:
    """Leave by the `finally` of `work`; a second signal does not interrupt that."""
    signal.signal(number, signal.SIG_IGN)
    sys.exit(1)
