"""`python -m course reset hmm-09` makes a blank empty again; the old file goes to workdirs/backups."""

import argparse
import difflib
import re
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from course import plugins
from course.commands.terminal import CommandError, present_homeworks, say, shown_path
from course.disk import write_file
from course.empty_copy import BlankPlace, blank_places, empty_sources
from course.homeworks import ROOT
from course.messages import Language, Message
from course.progress import forget_verdicts
from course.runner.base import decode_source
from course.salvage import empty_again

SUMMARY = Message(
    "Make a blank empty again; what you wrote goes to a backup file.",
    "把一个填空恢复为空白；你写的内容存入备份文件。",
)
BACKUPS = "workdirs/backups"


@dataclass(frozen=True)
class Reset:
    """What was reset: the student's file, and the backup of what it contained."""

    path: Path
    backup: Path


def find_blank(id: str) -> tuple[str, BlankPlace]:
    """(homework, place) of a blank. Raises CommandError, which names the nearest id."""
    locations: dict[str, tuple[str, BlankPlace]] = {}
    for homework in present_homeworks():
        locations |= {
            name: (homework, location) for name, location in blank_places(homework).items()
        }
    if id in locations:
        return locations[id]
    two_digits = re.sub(r"-(\d)$", r"-0\1", id)
    nearest = difflib.get_close_matches(two_digits, locations, n=1)
    raise CommandError(
        Message(
            f"there is no blank {id} here" + (f"; did you mean {nearest[0]}?" if nearest else ""),
            f"这里没有填空 {id}" + (f"；是不是 {nearest[0]}？" if nearest else ""),
        )
    )


def reset(id: str) -> Reset:
    """Put the empty blank back into the student's file. Raises CommandError."""
    if plugins.has_reference():
        raise CommandError(
            Message(
                "this tree holds the solutions; reset works in a student copy",
                "这里是含答案的教师版；reset 只用于学生版",
            )
        )
    homework, location = find_blank(id)
    path = ROOT / homework / location.file
    name = f"{homework}/{location.file}"
    empty = empty_sources(homework)[location.file]
    data = path.read_bytes() if path.is_file() else None
    text = decode_source(data) if data is not None else None
    restored = empty if text is None else empty_again(empty, text, location.function, id)
    if restored is None:
        raise CommandError(
            Message(
                f"{name} does not contain the function {location.function}: rename or delete the file, "
                "and run this again to get the whole file back empty",
                f"{name} 里没有函数 {location.function}：请把文件改名或删除，再运行一次，即可取回整个空白文件",
            )
        )
    backup = _backup(path, homework)
    ends = "\r\n" if data and b"\r\n" in data else "\n"
    write_file(path, restored.replace("\n", ends).encode("utf-8"))
    return Reset(path, backup)


def _backup(path: Path, homework: str) -> Path:
    """Copy the student's file to a new name under workdirs/backups."""
    folder = ROOT / BACKUPS / homework
    folder.mkdir(parents=True, exist_ok=True)
    stamp = time.strftime("%Y%m%d-%H%M%S")
    backup, number = folder / f"{path.stem}-{stamp}.py", 2
    while backup.exists():
        backup, number = folder / f"{path.stem}-{stamp}-{number}.py", number + 1
    try:
        shutil.copy2(path, backup)
    except FileNotFoundError:  # the student deleted the file
        pass
    except OSError:  # no half-written backup is left on a full disk
        backup.unlink(missing_ok=True)
        raise
    return backup


def add_arguments(parser: argparse.ArgumentParser, language: Language) -> None:
    blank = Message("id of the blank, for example hmm-09", "填空的编号，例如 hmm-09")
    parser.add_argument("blank", help=blank.text(language))


def run(args: argparse.Namespace, language: Language) -> int:
    done = reset(args.blank)
    forget_verdicts(find_blank(args.blank)[0], args.blank, ROOT)
    file, backup = shown_path(done.path), shown_path(done.backup)
    say(
        Message(f"{args.blank} in {file} is empty again", f"{file} 的 {args.blank} 已恢复为空白"),
        language,
    )
    if done.backup.is_file():
        say(Message(f"Your old file is in {backup}", f"原来的文件在 {backup}"), language)
    return 0
