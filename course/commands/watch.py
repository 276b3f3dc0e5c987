"""`python -m course watch hmm` checks again what a save touched, as soon as a file is saved."""

import argparse
import contextlib
import threading
import time
from collections.abc import Iterator, Mapping, Sequence

from course import board, verdict
from course.cases import Cases, open_cases
from course.checks import Check, load_checks
from course.commands.terminal import choose_homeworks, say
from course.empty_copy import blank_places
from course.homeworks import ROOT
from course.messages import Language, Message
from course.progress import record_progress
from course.runner import InProcessRunner
from course.salvage import student_function
from course.verdict import CheckResult, Status

SUMMARY = Message(
    "Check again what you save, until Ctrl-C.", "保存文件后立即重新检查，按 Ctrl-C 结束。"
)
POLL_SECONDS = 0.3
TIME_LIMIT = 10.0  # seconds a call
NOTICE_SECONDS = 3.0

Snapshot = Mapping[str, str]  # {file name: text} of a homework's Python files


class Watcher:
    """Compares the homeworks' files with what they were at the last look."""

    def __init__(self, homeworks: Sequence[str]):
        self.checks = {homework: load_checks(homework) for homework in homeworks}
        self._before = {homework: self._read(homework) for homework in homeworks}

    @staticmethod
    def _read(homework: str) -> Snapshot:
        return InProcessRunner(ROOT).read_sources(homework)

    def touched_checks(self) -> list[Check]:
        """The checks of the blanks that changed since the last call; all of a homework if other code changed."""
        touched = []
        for homework, checks in self.checks.items():
            before, now = self._before[homework], self._read(homework)
            if now != before:
                self._before[homework] = now
                ids = changed_blanks(homework, before, now)
                touched += [check for check in checks if ids is None or check.id in ids]
        return touched


def changed_blanks(homework: str, before: Snapshot, now: Snapshot) -> set[str] | None:
    """Ids of the blanks whose functions differ; None if other code differs too, which any blank may use."""
    old_rest, new_rest = dict(before), dict(now)
    ids = set()
    for id in blank_places(homework):
        old, new = (student_function(homework, id, files) for files in (before, now))
        if old is None or new is None:
            continue
        if old.text != new.text:
            ids.add(id)
        file = blank_places(homework)[id].file
        for rest, function in ((old_rest, old), (new_rest, new)):
            rest[file] = rest[file].expandtabs(8).replace(function.text.rstrip("\n"), "", 1)
    same = {name: text.split() for name, text in old_rest.items()} == {
        name: text.split() for name, text in new_rest.items()
    }
    return ids if same else None


def saves(homeworks: Sequence[str], stop: threading.Event) -> Iterator[None]:
    """Yields after each change in the homeworks' folders: by watchfiles if it is installed, else by looking often."""
    folders = [ROOT / homework for homework in homeworks]
    try:
        from watchfiles import watch as watch_folders
    except ImportError:
        while not stop.wait(POLL_SECONDS):
            yield None
        return
    for _ in watch_folders(
        *folders, debounce=200, step=50, stop_event=stop, recursive=False, rust_timeout=500
    ):
        yield None


def check_now(checks: Sequence[Check], cases: Cases) -> list[CheckResult]:
    """Verdicts on the files as they are now."""
    with InProcessRunner(limit=TIME_LIMIT) as runner:
        return [verdict.run(check, runner, cases).result for check in checks]


def report(results: Sequence[CheckResult], language: Language) -> None:
    """One line for each blank, the message of its first check that fails, and its notes (what costs no points)."""
    words = board.WORDS[language]
    clock = time.strftime("%H:%M:%S")
    for homework in dict.fromkeys(result.homework for result in results):
        shown = [result for result in results if result.homework == homework]
        for row in board.blank_rows(shown):
            say(f"{clock} {row.id} {_verdict(row, words)}")
            failed = next((r for r in shown if r.id == row.id and not r.status.passes), None)
            if failed:
                for line in board.message_text(failed, language).splitlines():
                    say(f"    {line}")
            notes = [r.note.text(language) for r in shown if r.id == row.id and r.note]
            for note in dict.fromkeys(notes):
                say(f"    {words.note.format(note=note)}")


def _verdict(row: board.BlankRow, words: board.Words) -> str:
    """ "4/6 wrong"; without points where there are none yet."""
    if row.status == Status.GIVEN:
        return words.given
    status = words.status[row.status]
    return status if row.is_integration else f"{row.points}/{row.possible} {status}"


@contextlib.contextmanager
def slow_notice(checks: Sequence[Check], language: Language) -> Iterator[None]:
    """Inside: after NOTICE_SECONDS a line says what is being checked, so that an endless loop is not met with silence."""
    ids = ", ".join(dict.fromkeys(check.id for check in checks))
    notice = Message(
        f"still checking {ids}; a call may take {TIME_LIMIT:g} s",
        f"还在检查 {ids}，请稍候（每次调用最多 {TIME_LIMIT:g} 秒）",
    )
    timer = threading.Timer(NOTICE_SECONDS, say, (notice, language))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def watch(homeworks: Sequence[str], language: Language, stop: threading.Event) -> None:
    """Report after each save until `stop` is set."""
    watcher, cases = Watcher(homeworks), open_cases()
    names = ", ".join(homeworks)
    say(
        Message(
            f"Watching {names}: save a file to have it checked, Ctrl-C ends.",
            f"正在监视 {names}：保存文件即重新检查，按 Ctrl-C 结束。",
        ),
        language,
    )
    for _ in saves(homeworks, stop):
        if checks := watcher.touched_checks():
            with slow_notice(checks, language):
                results = check_now(checks, cases)
            report(results, language)
            if unsaved := record_progress(results):
                say(unsaved, language)


def add_arguments(parser: argparse.ArgumentParser, language: Language) -> None:
    homework = Message(
        "names of homeworks (default: the folder you are in, else all)",
        "作业名（默认：当前所在的作业，否则全部）",
    )
    parser.add_argument("homework", nargs="*", help=homework.text(language))


def run(args: argparse.Namespace, language: Language) -> int:
    try:
        watch(choose_homeworks(args.homework), language, threading.Event())
    except KeyboardInterrupt:
        pass
    return 0
