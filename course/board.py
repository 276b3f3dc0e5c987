"""The score board: what is done, wrong or empty, the points, and what to do next, on one screen."""

import contextlib
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from course import checks
from course.homeworks import HOMEWORKS, ROOT, find_folder, locate_blank
from course.messages import Language
from course.runner.loader import Homework
from course.verdict import CheckResult, Status

RerunCommand = Callable[
    [str, str], str
]  # (homework, blank) -> the command that checks the blank again


@dataclass(frozen=True)
class Words:
    """The board's words in one language."""

    status: dict[Status, str]
    integration: str
    points: str
    bonus: str
    untouched: str
    hidden: str
    title: str
    next: str
    location: str
    rerun: str
    seed: str
    mistake: str
    note: str
    hides_library: str


WORDS: dict[Language, Words] = {
    "en": Words(
        status={
            Status.DONE: "done",
            Status.WRONG: "wrong",
            Status.EMPTY: "empty",
            Status.ERROR: "error",
            Status.TIMEOUT: "timeout",
            Status.GIVEN: "given",
        },
        integration="together",
        points="points",
        bonus="bonus",
        untouched="{n} blanks, all empty",
        hidden="graded but not shown: {n} choice question(s), {points} points",
        title="score board",
        next="Next: {where}",
        location="{id}, {file}, line {line}",
        rerun="Run it again: {command}",
        seed="seed {seed}",
        mistake="This looks like a known mistake:",
        note="Note: {note}",
        hides_library="{file} hides the library {name} from your scripts: rename it",
    ),
    "zh": Words(
        status={
            Status.DONE: "完成",
            Status.WRONG: "错误",
            Status.EMPTY: "未填",
            Status.ERROR: "出错",
            Status.TIMEOUT: "超时",
            Status.GIVEN: "已答",
        },
        integration="整体检查",
        points="分",
        bonus="加分",
        untouched="{n} 个空，都未填",
        hidden="计分但此处不显示：选择题 {n} 道，{points} 分",
        title="成绩板",
        next="下一步：{where}",
        location="{id}，{file} 第 {line} 行",
        rerun="重新运行：{command}",
        seed="随机种子 {seed}",
        mistake="这像是一个常见错误：",
        note="注意：{note}",
        hides_library="{file} 会让你的脚本找不到库 {name}：请改名",
    ),
}


class Segment(NamedTuple):
    """A piece of a line; status: the verdict that its colour shows, or None."""

    text: str
    status: Status | None = None


Line = list[Segment]


@dataclass
class BlankRow:
    """One blank on the board: the verdicts of its checks together."""

    id: str
    status: Status
    points: int
    possible: int
    bonus: bool

    @property
    def is_integration(self) -> bool:
        return self.id.endswith("-together")


def blank_rows(results: Iterable[CheckResult]) -> list[BlankRow]:
    """One homework's results blank by blank, in the order of the checks."""
    rows: dict[str, BlankRow] = {}
    for result in results:
        row = rows.setdefault(result.id, BlankRow(result.id, Status.DONE, 0, 0, result.bonus))
        row.points += result.points
        row.possible += result.possible
        if row.status.passes and result.status != Status.DONE:
            row.status = result.status
    return list(rows.values())


def message_text(result: CheckResult, language: Language) -> str:
    """What a student reads about a failed check."""
    text = result.message.text(language)
    if result.hint:
        hint = result.hint.text(language)
        text += f"\n{WORDS[language].mistake} {hint} [{result.mistake}]"
    return text


def pytest_command(homework: str, id: str) -> str:
    return f"python -m pytest tests/test_{homework}.py --blank {id}"


def render(
    results: Sequence[CheckResult],
    language: Language,
    root: Path | str = ROOT,
    width: int = 80,
    rerun: RerunCommand = pytest_command,
) -> list[Line]:
    """Lines of the score board, which ends with what to do next.

    A homework that is done, or all empty beside others, takes one line; otherwise each blank has a cell.
    """
    words = WORDS[language]
    lines: list[Line] = []
    notes: list[str] = []
    next_result = None
    homeworks = [name for name in HOMEWORKS if any(r.homework == name for r in results)]
    for homework in homeworks:
        order = [check.name for check in checks.load_checks(homework)]
        shown = [result for result in results if result.homework == homework]
        shown.sort(key=lambda result: order.index(result.name))
        lines += _homework_lines(homework, shown, words, width, several=len(homeworks) > 1)
        notes += [result.salvaged.text(language) for result in shown if result.salvaged]
        notes += [f"{result.id}: {result.note.text(language)}" for result in shown if result.note]
        for name in hidden_libraries(root, homework):
            library = name.removesuffix(".py")
            notes.append(words.hides_library.format(file=f"{homework}/{name}", name=library))
        if next_result is None:
            next_result = next((result for result in shown if not result.status.passes), None)
    if next_result:
        lines += _next_lines(next_result, language, root, rerun)
    return lines + [[Segment(words.note.format(note=note))] for note in dict.fromkeys(notes)]


def _homework_lines(
    homework: str, results: list[CheckResult], words: Words, width: int, several: bool
) -> list[Line]:
    rows = blank_rows(results)
    shown = [row for row in rows if row.status != Status.GIVEN]
    hidden = [row for row in rows if row.status == Status.GIVEN]
    lines = [[Segment(f"{homework}: {_totals(shown, words)}")]]
    blanks = [row for row in shown if not row.is_integration]
    if several and all(row.status == Status.EMPTY for row in blanks):
        lines.append([Segment("  " + words.untouched.format(n=len(blanks)))])
    elif any(row.status != Status.DONE for row in shown):
        lines += in_columns([Segment(_cell(row, words), row.status) for row in shown], width)
    if hidden:
        points = sum(row.possible for row in hidden)
        lines.append([Segment("  " + words.hidden.format(n=len(hidden), points=points))])
    return lines


def _next_lines(
    result: CheckResult, language: Language, root: Path | str, rerun: RerunCommand
) -> list[Line]:
    """The first failed check: where it is, what is wrong, how to run it again."""
    words = WORDS[language]
    location = locate_blank(result.homework, result.id, root)
    where = result.id
    if location:
        where = words.location.format(id=result.id, file=location.file, line=location.line)
    lines = [[Segment(words.next.format(where=where))]]
    lines += [[Segment("  " + text)] for text in message_text(result, language).splitlines()]
    command = rerun(result.homework, result.id)
    return lines + [[Segment(words.rerun.format(command=command))]]


def hidden_libraries(root: Path | str, homework: str) -> list[str]:
    """Names of files in a homework folder that hide a library."""
    with contextlib.suppress(OSError):
        return Homework(find_folder(root, homework)).shadowing
    return []


def _totals(rows: Sequence[BlankRow], words: Words) -> str:
    """ "94 / 100 points, bonus* 6 / 6" of a homework's rows."""

    def ratio(bonus: bool) -> str:
        counted = [row for row in rows if row.bonus == bonus]
        return f"{sum(row.points for row in counted)} / {sum(row.possible for row in counted)}"

    text = f"{ratio(False)} {words.points}"
    if any(row.bonus for row in rows):
        text += f", {words.bonus}* {ratio(True)}"
    return text


def _cell(row: BlankRow, words: Words) -> str:
    """A blank on the board: "x hmm-03  0/4 wrong"."""
    mark = {Status.DONE: "+", Status.EMPTY: "-"}.get(row.status, "x")
    status = words.status[row.status]
    if row.is_integration:
        return f"{mark} {words.integration} {status}"
    star = "*" if row.bonus else ""
    return f"{mark} {row.id:<8} {row.points:>2}/{row.possible}{star} {status}"


def in_columns(cells: Sequence[Segment], width: int) -> list[Line]:
    """Cells as lines of as many columns as fit into `width`, read downwards."""
    widest = max(display_width(cell.text) for cell in cells)
    height = -(-len(cells) // max(1, (width - 1) // (widest + 2)))
    padded = [
        Segment("  " + cell.text + " " * (widest - display_width(cell.text)), cell.status)
        for cell in cells
    ]
    return [padded[row::height] for row in range(height)]


def display_width(text: str) -> int:
    """Columns of a terminal that the text takes: two for a Chinese character."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
