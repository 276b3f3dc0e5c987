"""The score board: what is done, wrong or empty, the points, and what to do next, on one screen."""

import contextlib
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from course import checks, plugins
from course.edits import by_last_edit
from course.hints import LEVELS, SHEETS, load_hints
from course.homeworks import HOMEWORKS, ROOT, find_folder, locate_blank
from course.messages import Language, Message
from course.progress import CheckedBefore, Progress, read_hint_levels
from course.runner.loader import Homework
from course.settings import load as load_course
from course.user_paths import command_name
from course.verdict import CheckResult, Status

TOLERANCE = re.compile(r" \(rtol=[^()]*\)|（rtol=[^（）]*）")  # written by course.compare
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
    not_run: str
    hint: str
    hints_used: str
    all_done: str
    pieces: str
    why: str
    question: str
    about: str
    comma: str
    given: str
    check: str


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
        hidden="judged at grading only: {points}",
        title="score board",
        next="Next: {where}",
        location="{id}, {file}, line {line}",
        rerun="Run it again: {command}",
        seed="seed {seed}",
        mistake="This looks like a known mistake:",
        note="Note: {note}",
        hides_library="{file} hides the library {name} from your scripts: rename it",
        not_run="{n} other check(s) not run this time: as in their last run",
        hint="A hint: {command}",
        hints_used="hints read: {used}",
        all_done="Next: {homework} is done. Run the commands of its sheet ({sheet}), write your answers into {answers}, "
        "then {command}",
        pieces="{id}: the blanks pass one by one, but not together",
        why="why it is right",
        question="Further question: {question}",
        about="{id}: {text}",
        comma=", ",
        given="given, judged at grading",
        check="Check it: {command}",
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
        hidden="批改时才判定：{points}",
        title="成绩板",
        next="下一步：{where}",
        location="{id}，{file} 第 {line} 行",
        rerun="重新运行：{command}",
        seed="随机种子 {seed}",
        mistake="这像是一个常见错误：",
        note="注意：{note}",
        hides_library="{file} 会让你的脚本找不到库 {name}：请改名",
        not_run="另有 {n} 项检查这次没有运行：按上次的结果计算",
        hint="查看提示：{command}",
        hints_used="看过的提示：{used}",
        all_done="下一步：{homework} 的填空已全部完成。请运行题目中的命令（{sheet}），把答案写进 {answers}，然后运行 {command}",
        pieces="{id}：各个空单独都对，合在一起却不对",
        why="为什么对",
        question="再想一想：{question}",
        about="{id}：{text}",
        comma="，",
        given="已答，批改时判定",
        check="检查它：{command}",
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


def message_text(result: CheckResult, language: Language, verbose: bool = False) -> str:
    """What a student reads about a failed check. verbose: with the tolerances of the comparison."""
    text = result.message.text(language)
    if not verbose:
        text = TOLERANCE.sub("", text)
    if result.hint:
        hint = result.hint.text(language)
        text += f"\n{WORDS[language].mistake}{' ' * (language == 'en')}{hint} [{result.mistake}]"
    return text


def pytest_command(homework: str, id: str) -> str:
    return f"python -m pytest tests/test_{homework}.py --blank {id}"


def render(
    results: Sequence[CheckResult],
    language: Language,
    root: Path | str = ROOT,
    width: int = 80,
    rerun: RerunCommand = pytest_command,
    before: Progress | None = None,
    seed: int | None = None,
) -> list[Line]:
    """Lines of the score board, which ends with what to do next.

    A homework that is done, or all empty beside others, takes one line; otherwise each blank has a cell. before: the
    verdicts of earlier runs, which count for checks that were not run now, so that the total is always the same one.
    """
    words = WORDS[language]
    lines: list[Line] = []
    notes: list[str] = []
    ordered: dict[str, list[CheckResult]] = {}
    homeworks = [name for name in HOMEWORKS if any(r.homework == name for r in results)]
    for homework in homeworks:
        order = [check.name for check in checks.load_checks(homework)]
        shown = [result for result in results if result.homework == homework]
        shown.sort(key=lambda result: order.index(result.name))
        ordered[homework] = shown
        earlier = (before or {}).get(homework, {})
        lines += _homework_lines(homework, shown, earlier, language, width, len(homeworks) > 1)
        notes += [result.salvaged.text(language) for result in shown if result.salvaged]
        notes += [
            words.about.format(id=result.id, text=result.note.text(language))
            for result in shown
            if result.note
        ]
        for name in hidden_libraries(root, homework):
            library = name.removesuffix(".py")
            notes.append(words.hides_library.format(file=f"{homework}/{name}", name=library))
    lines += [[Segment(words.note.format(note=note))] for note in dict.fromkeys(notes)]
    if seed is not None:
        lines.append([Segment(words.seed.format(seed=seed))])
    recent = by_last_edit(homeworks, root)
    failed = next((result for name in recent if (result := _first_failed(ordered[name]))), None)
    if failed:
        return lines + _next_lines(failed, language, root, rerun)
    done = [name for name in recent if _is_complete(name, ordered[name], (before or {}).get(name))]
    if done:
        return lines + [_done_line(done[0], words, language)]
    if before is None:  # a submission: nothing is known of the checks that did not run
        return lines
    return lines + _open_lines(recent, ordered, before, words, root, rerun)


def _first_failed(results: Sequence[CheckResult]) -> CheckResult | None:
    """The first failed check; checks of several blanks together come last, since they need all the others."""
    failed = [result for result in results if not result.status.passes]
    return min(failed, key=lambda result: result.id.endswith("-together"), default=None)


def _is_complete(
    homework: str, results: Sequence[CheckResult], before: Mapping[str, CheckedBefore] | None
) -> bool:
    """True if every check of the homework passed, now or in its last run."""
    passed = _passed(results, before)
    return all(check.name in passed for check in checks.load_checks(homework))


def _passed(results: Sequence[CheckResult], before: Mapping[str, CheckedBefore] | None) -> set[str]:
    """Names of the checks that passed, now or, if they did not run, in their last run."""
    passed = {name for name, entry in (before or {}).items() if entry.status.passes}
    passed -= {result.name for result in results}
    return passed | {result.name for result in results if result.status.passes}


def _homework_lines(
    homework: str,
    results: list[CheckResult],
    before: Mapping[str, CheckedBefore],
    language: Language,
    width: int,
    several: bool,
) -> list[Line]:
    words = WORDS[language]
    rows = blank_rows(results)
    shown = [row for row in rows if row.status != Status.GIVEN]
    run = {result.name for result in results}
    lines = [[Segment(f"{homework}: {_totals(homework, results, before, words)}")]]
    blanks = [row for row in shown if not row.is_integration]
    if several and blanks and all(row.status == Status.EMPTY for row in blanks):
        lines.append([Segment("  " + words.untouched.format(n=len(blanks)))])
    elif any(row.status != Status.DONE for row in shown):
        lines += in_columns([Segment(_cell(row, words), row.status) for row in shown], width)
    left = [check for check in checks.load_checks(homework) if check.name not in run]
    if left:
        lines.append([Segment("  " + words.not_run.format(n=len(left)))])
    if later := points_at_grading(homework):
        points = words.hidden.format(points=later.text(language))
        lines.append([Segment("  " + points)])
    if homework_hints := _hints_used(homework):
        lines.append([Segment("  " + words.hints_used.format(used=homework_hints))])
    return lines


def counts_choices() -> bool:
    """True where choice questions are judged (in the teachers' tree), so that they count in the total."""
    return plugins.has_reference()


def points_at_grading(homework: str) -> Message | None:
    """ "6 points, bonus 3": what the total leaves out, since it is judged at grading only; None if the total has it all."""
    hidden = [check for check in checks.load_checks(homework) if check.hidden]
    if not hidden or counts_choices():
        return None
    points = sum(check.points for check in hidden if not check.bonus)
    bonus = sum(check.points for check in hidden if check.bonus)
    en = [f"{points} points"] * bool(points) + [f"bonus {bonus}"] * bool(bonus)
    zh = [f"{points} 分"] * bool(points) + [f"加分 {bonus} 分"] * bool(bonus)
    return Message(", ".join(en), "，".join(zh))


def _hints_used(homework: str) -> str:
    """ "hmm-09 2/3, hmm-10 1/3" if course.toml asks for it, else ""."""
    if not load_course().hints_counted:
        return ""
    ids = dict.fromkeys(check.id for check in checks.load_checks(homework))
    levels = read_hint_levels()
    return ", ".join(f"{id} {levels[id]}/{LEVELS}" for id in ids if id in levels)


def _next_lines(
    result: CheckResult, language: Language, root: Path | str, rerun: RerunCommand
) -> list[Line]:
    """The first failed check: where it is, what is wrong, how to run it again."""
    words = WORDS[language]
    location = locate_blank(result.homework, result.id, root)
    where = result.id
    if location:
        where = words.location.format(id=result.id, file=location.file, line=location.line)
    elif result.id.endswith("-together") and result.status == Status.WRONG:
        where = words.pieces.format(id=result.id)
    lines = [[Segment(words.next.format(where=where))]]
    lines += [[Segment("  " + text)] for text in message_text(result, language).splitlines()]
    if result.id in load_hints(result.homework):
        command = f"{command_name()} hint {result.id}"
        lines.append([Segment("  " + words.hint.format(command=command))])
    command = rerun(result.homework, result.id)
    return lines + [[Segment(words.rerun.format(command=command))]]


def _open_lines(
    homeworks: Iterable[str],
    results: Mapping[str, Sequence[CheckResult]],
    before: Progress,
    words: Words,
    root: Path | str,
    rerun: RerunCommand,
) -> list[Line]:
    """What is next where all that ran has passed, but other blanks have not yet: the first of these."""
    for homework in homeworks:
        passed = _passed(results[homework], before.get(homework))
        for check in checks.load_checks(homework):
            location = locate_blank(homework, check.id, root)
            if check.name not in passed and location and not check.hidden:
                where = words.location.format(id=check.id, file=location.file, line=location.line)
                command = rerun(homework, check.id)
                return [
                    [Segment(words.next.format(where=where))],
                    [Segment(words.check.format(command=command))],
                ]
    return []


def _done_line(homework: str, words: Words, language: Language) -> Line:
    """What comes after the last blank: training, the written questions, the archive."""
    text = words.all_done.format(
        homework=homework,
        sheet=f"{homework}/{SHEETS[language]}",
        answers=f"{homework}/answers.md",
        command=f"{command_name()} pack {homework}",
    )
    return [Segment(text)]


def reasons(results: Iterable[CheckResult], language: Language) -> list[str]:
    """For each blank that passed: one sentence on why it is right, and a follow-up question."""
    words, lines = WORDS[language], []
    for homework in dict.fromkeys(result.homework for result in results):
        hints = load_hints(homework)
        for row in blank_rows(result for result in results if result.homework == homework):
            if row.status == Status.DONE and row.id in hints:
                blank = hints[row.id]
                lines.append(words.about.format(id=row.id, text=blank.why.text(language)))
                question = blank.question.text(language)
                lines.append("  " + words.question.format(question=question))
    return lines


def hidden_libraries(root: Path | str, homework: str) -> list[str]:
    """Names of files in a homework folder that hide a library."""
    with contextlib.suppress(OSError):
        return Homework(find_folder(root, homework)).shadowing
    return []


def _totals(
    homework: str,
    results: Sequence[CheckResult],
    before: Mapping[str, CheckedBefore],
    words: Words,
) -> str:
    """ "94 / 100 points, bonus* 6 / 6" of all checks of a homework, those that were not run now as they were before."""
    earned = {name: entry.points for name, entry in before.items()}
    earned |= {result.name: result.points for result in results}
    counted = [
        check for check in checks.load_checks(homework) if counts_choices() or not check.hidden
    ]

    def ratio(bonus: bool) -> str:
        worth = [check for check in counted if check.bonus == bonus]
        got = sum(min(earned.get(check.name, 0), check.points) for check in worth)
        return f"{got} / {sum(check.points for check in worth)}"

    text = f"{ratio(False)} {words.points}"
    if any(check.bonus for check in counted):
        text += f"{words.comma}{words.bonus}* {ratio(True)}"
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
