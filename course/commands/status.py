"""`python -m course status`: every homework's points and when it was checked last; with --run it is checked now."""

import argparse
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass

from course import board, verdict
from course.cases import open_cases
from course.checks import load_checks
from course.commands.terminal import choose_homeworks, command_name, say
from course.homeworks import ROOT
from course.labels import beside_chinese
from course.messages import Language, Message, printable
from course.progress import CheckedBefore, read_progress, record_progress
from course.runner import InProcessRunner
from course.verdict import CheckResult, Status

SUMMARY = Message(
    "Show all homeworks: points, and when they were checked last.",
    "显示所有作业：得分，以及上次检查的时间。",
)
WRITTEN = Message(
    "The written questions have points of their own, which a person gives; they are not in these numbers.",
    "书面题另有分值，由助教批改，不计在上面的分数里。",
)
TIME_LIMIT = 20.0  # seconds a call


@dataclass(frozen=True)
class HomeworkStatus:
    """One homework's line. age: seconds since its last run; None if it was never checked."""

    homework: str
    points: int
    possible: int
    bonus: int
    possible_bonus: int
    unchecked: int  # checks without a verdict
    age: float | None
    changed: bool  # a file was saved after the last run
    at_grading: Message | None  # points that only grading gives, which are not in `possible`

    @property
    def is_done(self) -> bool:
        return not self.unchecked and not self.changed and self.points == self.possible

    @property
    def message(self) -> Message:
        points = f"{self.homework:<13}{self.points:>4} / {self.possible}"
        en, zh = f"{points} points", f"{points} 分"
        if self.possible_bonus:
            en += f", bonus {self.bonus} / {self.possible_bonus}"
            zh += f"，加分 {self.bonus} / {self.possible_bonus}"
        if self.at_grading:
            en += f" (and {self.at_grading.en} judged at grading only)"
            left = beside_chinese(self.at_grading.zh).rstrip()
            zh += f"（另有{left}，批改时才判定）"
        if self.age is None:
            return Message(f"{en}, not checked yet", f"{zh}，尚未检查")
        ago = age_in_words(self.age)
        en, zh = f"{en}, checked {ago.en}", f"{zh}，{ago.zh}检查"
        if self.unchecked:
            en += f", {self.unchecked} check(s) not run yet"
            zh += f"，还有 {self.unchecked} 项检查没有运行"
        if self.changed:
            en, zh = f"{en}, changed since then", f"{zh}，之后改过"
        return Message(en, zh)


def age_in_words(seconds: float) -> Message:
    """ "3 minutes ago" """
    for unit, en, zh in ((86400, "day", "天"), (3600, "hour", "小时"), (60, "minute", "分钟")):
        if seconds >= unit:
            count = int(seconds // unit)
            return Message(f"{count} {en}{'s' * (count > 1)} ago", f"{count} {zh}前")
    return Message("just now", "刚刚")


def get_status(homework: str, before: dict[str, CheckedBefore], now: float) -> HomeworkStatus:
    """The line of a homework, from the verdicts of earlier runs."""
    checks = load_checks(homework)
    entries = {check.name: before[check.name] for check in checks if check.name in before}
    shown = [check for check in checks if board.counts_choices() or not check.hidden]

    def earned(bonus: bool) -> int:
        return sum(
            entries[check.name].points
            for check in shown
            if check.bonus == bonus and check.name in entries
        )

    latest = max((entry.time for entry in entries.values()), default=None)
    saved = [path.stat().st_mtime for path in (ROOT / homework).glob("*.py")]
    return HomeworkStatus(
        homework=homework,
        points=earned(False),
        possible=sum(check.points for check in shown if not check.bonus),
        bonus=earned(True),
        possible_bonus=sum(check.points for check in shown if check.bonus),
        unchecked=len(checks) - len(entries),
        age=None if latest is None else max(0.0, now - latest),
        changed=latest is not None and max(saved, default=0.0) > latest,
        at_grading=board.points_at_grading(homework),
    )


def run_checks(homeworks: Sequence[str], language: Language) -> list[CheckResult]:
    """Verdicts of all checks of the homeworks."""
    from tqdm import tqdm

    checks = [check for homework in homeworks for check in load_checks(homework)]
    cases = open_cases()
    with InProcessRunner(limit=TIME_LIMIT) as runner:
        bar = tqdm(checks, unit=Message(" checks", " 项").text(language), leave=False)
        return [verdict.run(check, runner, cases).result for check in bar]


def add_arguments(parser: argparse.ArgumentParser, language: Language) -> None:
    homework = Message("names of homeworks (default: all)", "作业名（默认：全部）")
    run_now = Message("run the checks now and show the score board", "现在运行检查，显示成绩板")
    parser.add_argument("homework", nargs="*", help=homework.text(language))
    parser.add_argument("--run", action="store_true", help=run_now.text(language))


def run(args: argparse.Namespace, language: Language) -> int:
    """With --run 0 if every check passes, else 1; without it 0."""
    homeworks = choose_homeworks(args.homework)
    if args.run:
        results = run_checks(homeworks, language)
        unsaved = record_progress(results)
        width = shutil.get_terminal_size().columns
        for line in board.render(results, language, width=width, before=read_progress()):
            print(printable("".join(segment.text for segment in line)).rstrip())
        if unsaved:
            say(unsaved, language)
        passed = all(result.status.passes for result in results)
        return 0 if passed else 1
    progress, now = read_progress(), time.time()
    lines = [get_status(homework, progress.get(homework, {}), now) for homework in homeworks]
    for line in lines:
        say(line.message, language)
    say(WRITTEN, language)
    failing = [
        entry.id
        for homework in homeworks
        for entry in progress.get(homework, {}).values()
        if entry.status in (Status.WRONG, Status.ERROR, Status.TIMEOUT)
    ]
    if failing:
        ids = " ".join(dict.fromkeys(failing))
        say(Message(f"not right yet: {ids}", f"尚未正确：{ids}"), language)
    if not all(line.is_done for line in lines):
        say(
            Message(
                f"Check again: {command_name()} status --run",
                f"重新检查：{command_name()} status --run",
            ),
            language,
        )
    return 0
