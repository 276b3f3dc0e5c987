"""What the commands share: output that any terminal can show, paths as the user would type them, the user's mistakes."""

import sys
from collections.abc import Sequence
from pathlib import Path

from course.homeworks import HOMEWORKS, ROOT
from course.messages import Language, Message, printable
from course.user_paths import command_name, shown_path

__all__ = [
    "CommandError",
    "choose_homeworks",
    "command_name",
    "current_homework",
    "present_homeworks",
    "say",
    "say_error",
    "shown_path",
]


class CommandError(Exception):
    """A user's mistake or a state that stops a command: one line that says what is wrong and what to do."""

    def __init__(self, message: Message):
        self.message = message
        super().__init__(message.en)


def say(message: Message | str, language: Language = "en") -> None:
    text = message if isinstance(message, str) else message.text(language)
    print(printable(text), flush=True)


def say_error(command: str, message: Message | str, language: Language) -> None:
    """One line on stderr."""
    text = message if isinstance(message, str) else message.text(language)
    label = Message("error: ", "错误：").text(language)
    print(printable(f"{command}: {label}{' '.join(text.split())}"), file=sys.stderr)


def present_homeworks() -> list[str]:
    """Names of the homeworks that this copy has, in the course's order."""
    return [name for name in HOMEWORKS if (ROOT / name).is_dir()]


def current_homework() -> str | None:
    """The homework whose folder the user is in, or None."""
    here = Path.cwd().resolve()
    return next((name for name in present_homeworks() if here.is_relative_to(ROOT / name)), None)


def choose_homeworks(requested: Sequence[str]) -> list[str]:
    """The requested homeworks; without a request the one that the user is in, else all. Raises CommandError."""
    present = present_homeworks()
    names = [name.strip("/\\") for name in requested]
    for name in names:
        if name not in present:
            choices, choices_zh = ", ".join(present) or "none", "、".join(present) or "无"
            raise CommandError(
                Message(
                    f"{name} is not a homework here; there are: {choices}",
                    f"这里没有作业 {name}；现有：{choices_zh}",
                )
            )
    current = current_homework()
    return names or ([current] if current else present)
