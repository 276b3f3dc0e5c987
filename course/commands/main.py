"""Reads the command line of `python -m course` and runs one command, in the user's language."""

import argparse
import contextlib
import difflib
import os
import re
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is loaded: checks are small

from course.commands import doctor, hint, pack, reset, status, update, watch  # noqa: E402
from course.commands.terminal import CommandError, command_name, say_error  # noqa: E402
from course.messages import LANGUAGES, Language, Message, choose_language, printable  # noqa: E402
from course.verdict import MissingCases  # noqa: E402

COMMANDS: dict[str, Any] = {
    "status": status,
    "watch": watch,
    "hint": hint,
    "reset": reset,
    "pack": pack,
    "update": update,
    "doctor": doctor,
}
DESCRIPTION = Message("Commands for students.", "供学生使用的命令。")
LANG_HELP = Message("language (default: the system's)", "语言（默认：系统语言）")
HEADINGS = {  # argparse's own words
    "usage: ": "用法：",
    "positional arguments": "参数",
    "options": "选项",
    "show this help message and exit": "显示这段帮助并退出",
}
PROBLEMS = (  # argparse's own errors
    (r"the following arguments are required: (.*)", r"缺少参数：\1"),
    (r"unrecognized arguments: (.*)", r"无法识别的参数：\1"),
    (r"argument (.*): expected one argument", r"参数 \1 需要一个值"),
    (r"argument (.*): invalid choice: (.*) \(choose from (.*)\)", r"参数 \1 不能是 \2（可选：\3）"),
    (r"argument (.*): invalid \w+ value: (.*)", r"参数 \1 的值 \2 无效"),
)


class ChineseHelpFormatter(argparse.HelpFormatter):
    """argparse's help with Chinese headings."""

    def start_section(self, heading: str | None) -> None:
        super().start_section(HEADINGS.get(heading or "", heading))

    def add_usage(self, usage: Any, actions: Any, groups: Any, prefix: str | None = None) -> None:
        heading = HEADINGS["usage: "] if prefix is None else prefix
        super().add_usage(usage, actions, groups, heading)

    def _get_help_string(self, action: argparse.Action) -> str | None:
        return HEADINGS.get(action.help or "", action.help)

    def format_help(self) -> str:
        return re.sub(r"^(参数|选项|命令):$", r"\1：", super().format_help(), flags=re.MULTILINE)


class Parser(argparse.ArgumentParser):
    """A parser whose help and errors are in one language; an error is one line."""

    language: Language = "en"

    def __init__(self, *args: Any, language: Language, **kwargs: Any):
        formatter = ChineseHelpFormatter if language == "zh" else argparse.HelpFormatter
        super().__init__(*args, formatter_class=formatter, allow_abbrev=False, **kwargs)
        self.language = language
        self.add_argument("--lang", choices=LANGUAGES, help=LANG_HELP.text(language))

    def error(self, message: str) -> NoReturn:
        if self.language == "zh":
            for pattern, chinese in PROBLEMS:
                message = re.sub(f"^{pattern}$", chinese, message)
        say_error(self.prog, message, self.language)
        sys.exit(2)

    def _print_message(self, message: str, file: Any = None) -> None:
        super()._print_message(printable(message), file)


def get_parser(language: Language) -> Parser:
    prog = command_name()
    parser = Parser(prog=prog, description=DESCRIPTION.text(language), language=language)
    commands = parser.add_subparsers(
        dest="command",
        metavar=Message("COMMAND", "命令").text(language),
        title=Message("commands", "命令").text(language),
        parser_class=Parser,
    )
    for name, module in COMMANDS.items():
        summary = module.SUMMARY.text(language)
        command = commands.add_parser(name, help=summary, description=summary, language=language)
        module.add_arguments(command, language)
    return parser


def requested_language(argv: Sequence[str]) -> Language:
    """The value of --lang, wherever it is on the command line, else the system's language."""
    for index, word in enumerate(argv):
        value = word.partition("=")[2] if word.startswith("--lang=") else ""
        if word == "--lang" and index + 1 < len(argv):
            value = argv[index + 1]
        if value in LANGUAGES:
            return choose_language(value)
    return choose_language()


def unknown_command(argv: Sequence[str]) -> Message | None:
    """A message that names the nearest command, if the command line names one that does not exist."""
    words = iter(argv)
    name = ""
    for word in words:
        if word == "--lang":
            next(words, None)
        elif not word.startswith("-"):
            name = word
            break
    if not name or name in COMMANDS:
        return None
    names = ", ".join(COMMANDS)
    nearest = difflib.get_close_matches(name.lower(), COMMANDS, n=1, cutoff=0.5)
    if nearest:
        return Message(
            f"there is no command {name}; did you mean {nearest[0]}? Commands: {names}",
            f"没有命令 {name}；是不是 {nearest[0]}？全部命令：{'、'.join(COMMANDS)}",
        )
    return Message(
        f"there is no command {name}; commands: {names}",
        f"没有命令 {name}；全部命令：{'、'.join(COMMANDS)}",
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code of the command: 0, 1 (something is left to do) or 2 (a user's mistake)."""
    argv = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError):  # replaced by a test or an IDE
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    language = requested_language(argv)
    prog = command_name()
    if message := unknown_command(argv):
        say_error(prog, message, language)
        return 2
    parser = get_parser(language)
    args = parser.parse_args(argv)
    if args.command is None:
        parser.print_help()
        return 2
    try:
        return COMMANDS[args.command].run(args, language)
    except (CommandError, MissingCases) as error:
        say_error(f"{prog} {args.command}", error.message, language)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        say_error(f"{prog} {args.command}", f"{where}{error.strerror or error}", language)
    except KeyboardInterrupt:
        return 130
    return 2
