"""`python -m course hint hmm-09`: the next level of hints of a blank; without a blank, of the next open one."""

import argparse
import shutil
import textwrap
from dataclasses import dataclass

from course.checks import load_checks
from course.commands.reset import find_blank
from course.commands.terminal import (
    CommandError,
    choose_homeworks,
    command_name,
    say,
    shown_path,
)
from course.edits import by_last_edit
from course.hints import LEVELS, SHEETS, BlankHints, load_hints, sheet_section
from course.homeworks import ROOT, locate_blank
from course.messages import Language, Message
from course.progress import (
    CheckedBefore,
    read_hint_levels,
    read_progress,
    record_hint_level,
)
from course.shell import quote

SUMMARY = Message(
    "Show the next hint of a blank: the concept, then where to look, then a worked example.",
    "逐级显示一个填空的提示：先是概念，再是该看哪里，最后是一个算好的例子。",
)
NAMES = {
    1: Message("the concept", "概念"),
    2: Message("where to look", "看哪里"),
    3: Message("a worked example", "算好的例子"),
}


@dataclass(frozen=True)
class BlankState:
    """What the last checks said about a blank. done: every check passed."""

    done: bool
    mistake: CheckedBefore | None  # the check that recognised a known mistake


def get_state(homework: str, id: str) -> BlankState:
    """The state of a blank according to the last runs of its checks."""
    before = read_progress().get(homework, {})
    entries = [before.get(check.name) for check in load_checks(homework) if check.id == id]
    mistake = next((entry for entry in entries if entry and entry.hint), None)
    return BlankState(
        bool(entries) and all(entry and entry.status.passes for entry in entries), mistake
    )


def next_open_blank(homeworks: list[str]) -> str | None:
    """The first blank that is not done, of the homework that was edited last; None if all are done."""
    for homework in by_last_edit(homeworks):
        ids = dict.fromkeys(check.id for check in load_checks(homework))
        for id in ids:
            if id in load_hints(homework) and not get_state(homework, id).done:
                return id
    return None


def next_level(state: BlankState, used: int) -> int:
    """The level after the used one. A known mistake replaces the concept: the first is then level 2."""
    return min(max(used + 1, 2 if state.mistake else 1), LEVELS)


def heading(hints: BlankHints, level: int) -> Message:
    name = NAMES[level]
    return Message(
        f"{hints.id}, hint {level} of {LEVELS}: {name.en}",
        f"{hints.id}，第 {level} 级提示（共 {LEVELS} 级）：{name.zh}",
    )


def sheet_reference(hints: BlankHints, language: Language) -> Message:
    """Where the sheet explains the blank."""
    path = shown_path(ROOT / hints.homework / SHEETS[language])
    section = sheet_section(hints, language)
    return Message(f'Sheet: {path}, section "{section}"', f"题目：{path} 的“{section}”一节")


def last_line(hints: BlankHints, level: int, command: str) -> Message:
    """What to do after this hint."""
    file = quote(shown_path(ROOT / "tests" / f"test_{hints.homework}.py"))
    check = f"python -m pytest {file} --blank {hints.id}"
    if level < LEVELS:
        return Message(
            f"Try it: {check}\nMore: {command} hint {hints.id}",
            f"试一试：{check}\n下一级：{command} hint {hints.id}",
        )
    return Message(
        f"Try it: {check}\nThis was the last level; {command} hint {hints.id} --level 1 shows the first again.",
        f"试一试：{check}\n这是最后一级；再看第一级：{command} hint {hints.id} --level 1",
    )


def wrapped(line: str, language: Language) -> str:
    """English prose in lines that fit the terminal; Chinese and formulas as they are."""
    width = min(shutil.get_terminal_size().columns, 100) - 1
    return textwrap.fill(line, width) if language == "en" and len(line) > width else line


def show(hints: BlankHints, state: BlankState, level: int, language: Language) -> None:
    say(heading(hints, level), language)
    location = locate_blank(hints.homework, hints.id)
    if location:
        say(
            Message(
                f"{location.file}, line {location.line}: {hints.line.en}",
                f"{location.file} 第 {location.line} 行：{hints.line.zh}",
            ),
            language,
        )
    if state.mistake and state.mistake.hint:
        seen = Message(
            "Your last answer looks like a known mistake: ", "你上次的答案像是一个常见错误："
        )
        tag = f" [{state.mistake.mistake}]"
        say(seen + state.mistake.hint + Message(tag, tag), language)
    say("")
    for line in hints.level(level).text(language).splitlines():
        say(wrapped(line, language))
    say("")
    if level == 1:
        say(sheet_reference(hints, language), language)
    say(last_line(hints, level, command_name()), language)


def show_done(hints: BlankHints, language: Language) -> None:
    """A blank that was right: why, a follow-up question, and how to see the hints all the same."""
    say(
        Message(
            f"{hints.id} was right when it was last checked. {hints.why.en}",
            f"{hints.id} 上次检查时已正确。{hints.why.zh}",
        ),
        language,
    )
    say(Message("Further question: ", "再想一想：") + hints.question, language)
    command = f"{command_name()} hint {hints.id} --level 1"
    say(Message(f"To see its hints anyway: {command}", f"仍想看提示：{command}"), language)


def add_arguments(parser: argparse.ArgumentParser, language: Language) -> None:
    blank = Message(
        "id of the blank, for example hmm-09 (default: the next open one)",
        "填空的编号，例如 hmm-09（默认：下一个未完成的空）",
    )
    level = Message(
        "show this level (default: the one after the last that you read)",
        "显示这一级（默认：上次看过的下一级）",
    )
    parser.add_argument("blank", nargs="?", help=blank.text(language))
    parser.add_argument(
        "--level", type=int, choices=range(1, LEVELS + 1), help=level.text(language)
    )


def run(args: argparse.Namespace, language: Language) -> int:
    id = args.blank or next_open_blank(choose_homeworks([]))
    if id is None:
        say(Message("Every blank is right.", "所有的空都已正确。"), language)
        return 0
    homework, _ = find_blank(id)
    hints = load_hints(homework).get(id)
    if hints is None:
        raise CommandError(Message(f"there are no hints for {id}", f"{id} 没有提示"))
    state = get_state(homework, id)
    if state.done and args.level is None:
        show_done(hints, language)
        return 0
    level = args.level or next_level(state, read_hint_levels().get(id, 0))
    unsaved = record_hint_level(id, level)
    show(hints, state, level, language)
    if unsaved:
        say(
            Message(
                f"that level {level} was read cannot be saved: the next hint {id} shows the same level again",
                f"无法保存“已看过第 {level} 级”：下一次 hint {id} 仍会显示这一级",
            ),
            language,
        )
    return 0
