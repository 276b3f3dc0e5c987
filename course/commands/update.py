"""`python -m course update ../student.zip` brings a newer student copy into this one.

Checks and sheets are replaced; what the student wrote stays as it is.
"""

import argparse
import difflib
import hashlib
import json
import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path, PurePosixPath

from course.commands.terminal import CommandError, say
from course.disk import write_file
from course.homeworks import COPY_RECORD, ROOT
from course.messages import Language, Message

SUMMARY = Message(
    "Bring a newer student copy into this one; what you wrote stays as it is.",
    "用新版学生版更新这一份；你写的内容保持不变。",
)
TEXT = (".py", ".md", ".txt", ".toml", ".csv", ".ipynb", ".json")
# A line of an empty blank as it is handed out: the hint, the same in Chinese, the stop.
STUB = re.compile(
    r"\s*(# \S+ \(\d+ points?(, bonus)?\): .*|# .*[\u4e00-\u9fff].*|raise NotImplementedError\(.*still empty.*\))?\s*"
)
NOT_OF_THE_COPY = (".venv", ".git", "workdirs")


class ChangeKind(Enum):
    """What an update does to one file, in words."""

    UPDATED = Message("updated", "已更新")
    MERGED = Message("updated; your changes are kept", "已更新，保留了你写的内容")
    NEW = Message("new", "新文件")
    REMOVED = Message("no longer needed, removed", "不再需要，已删除")
    KEPT = Message(
        "no longer needed, but you changed it: it stays", "不再需要，但你改过它，所以保留"
    )
    BESIDE = Message(
        "you and the update changed the same lines: yours is kept, the new version is",
        "你和新版改了同一处：保留你的，新版另存为",
    )


@dataclass(frozen=True)
class Change:
    """One change to a file of the copy. data: bytes to write; None for a removed or kept file."""

    kind: ChangeKind
    name: str
    data: bytes | None = None

    @property
    def target(self) -> str:
        """Name of the file that is written or removed."""
        return f"{self.name}.new" if self.kind is ChangeKind.BESIDE else self.name

    @property
    def message(self) -> Message:
        file = f" {PurePosixPath(self.target).name}" if self.kind is ChangeKind.BESIDE else ""
        what = self.kind.value
        return Message(f"{self.name}: {what.en}{file}", f"{self.name}：{what.zh}{file}")


@dataclass(frozen=True)
class CopyRecord:
    """What a student copy was handed out with: its homeworks, {name: digest}, {name: text to merge with}."""

    homeworks: list[str]
    files: dict[str, str]
    texts: dict[str, str] = field(default_factory=dict)


class UpdateError(CommandError):
    """The copy cannot be updated; nothing was changed."""


def read_copy(path: Path | str) -> dict[str, bytes]:
    """{name: bytes} of a student copy, a folder or a zip file. Raises UpdateError."""
    path = Path(path)
    try:
        files = _read_folder(path) if path.is_dir() else _read_zip(path)
    except (OSError, zipfile.BadZipFile) as error:
        problem = getattr(error, "strerror", None) or error
        raise UpdateError(Message(f"{path}: {problem}", f"{path}：{problem}")) from None
    unsafe = any(".." in PurePosixPath(name).parts or name.startswith("/") for name in files)
    if COPY_RECORD not in files or unsafe:
        raise UpdateError(
            Message(
                f"{path} is not a student copy: it does not contain {COPY_RECORD}",
                f"{path} 不是学生版：里面没有 {COPY_RECORD}",
            )
        )
    return files


def _read_folder(path: Path) -> dict[str, bytes]:
    files = {}
    for file in path.rglob("*"):
        name = file.relative_to(path).as_posix()
        if name.split("/")[0] not in NOT_OF_THE_COPY and file.is_file() and not file.is_symlink():
            files[name] = file.read_bytes()
    return files


def _read_zip(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if not name.endswith("/")]
        return {name.partition("/")[2]: archive.read(name) for name in names}


def read_record(files: Mapping[str, bytes]) -> CopyRecord:
    """The record among the files of a copy. Raises UpdateError if it is damaged."""
    try:
        data = json.loads(files[COPY_RECORD].decode("utf-8"))
        return CopyRecord(data["homeworks"], data["files"], data.get("texts", {}))
    except (ValueError, KeyError, TypeError):
        raise UpdateError(
            Message(
                f"{COPY_RECORD} is damaged: download the student copy again",
                f"{COPY_RECORD} 已损坏：请重新下载学生版",
            )
        ) from None


def with_unix_line_ends(name: str, data: bytes) -> bytes:
    """The bytes of a text with plain line ends: git and editors on Windows change them."""
    return data.replace(b"\r\n", b"\n") if name.endswith(TEXT) else data


def digest(name: str, data: bytes) -> str:
    return hashlib.sha256(with_unix_line_ends(name, data)).hexdigest()


def merge(base: Sequence[str], edited: Sequence[str], new: Sequence[str]) -> list[str] | None:
    """Lines of `new` with what `mine` changed of `base`; None where both changed the same place.

    Where `base` was an empty blank's hint and stop, what stands there now stays.
    """
    ours = _unchanged(base, edited)
    theirs = _unchanged(base, new)
    merged: list[str] = []
    at_base, at_mine, at_new = 0, 0, 0
    for line in [*(line for line in range(len(base)) if line in ours and line in theirs), None]:
        ends = (
            (len(base), len(edited), len(new)) if line is None else (line, ours[line], theirs[line])
        )
        was, is_mine, is_new = (
            base[at_base : ends[0]],
            edited[at_mine : ends[1]],
            new[at_new : ends[2]],
        )
        if is_mine in (was, is_new):
            merged += is_new
        elif (
            is_new == was
            or all(STUB.fullmatch(line) for line in was)
            and all(STUB.fullmatch(line) for line in is_new)
            and was
        ):
            merged += is_mine
        else:
            return None
        if line is not None:
            merged += base[line : line + 1]
            at_base, at_mine, at_new = (end + 1 for end in ends)
    return merged


def _unchanged(base: Sequence[str], other: Sequence[str]) -> dict[int, int]:
    """{line of base: line of `other`} of the lines that both have."""
    blocks = difflib.SequenceMatcher(None, base, other, autojunk=False).get_matching_blocks()
    return {block.a + offset: block.b + offset for block in blocks for offset in range(block.size)}


def find_changes(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> list[Change]:
    """The changes that bring the files `new` into the files `old`, sorted by name."""
    was, will = read_record(old), read_record(new)
    changes = []
    for name in sorted(set(was.files) | set(will.files)):
        edited, handed_out = old.get(name), was.files.get(name)
        untouched = edited is not None and digest(name, edited) == handed_out
        if name not in will.files:
            if edited is not None:
                changes.append(Change(ChangeKind.REMOVED if untouched else ChangeKind.KEPT, name))
        elif edited is None:
            changes.append(Change(ChangeKind.NEW, name, new[name]))
        elif digest(name, edited) == will.files[name] or handed_out == will.files[name]:
            continue  # up to date already, or only the student changed it
        elif untouched:
            changes.append(Change(ChangeKind.UPDATED, name, new[name]))
        else:
            merged = _merged(was.texts.get(name), edited, new[name])
            kind = ChangeKind.BESIDE if merged is None else ChangeKind.MERGED
            changes.append(Change(kind, name, new[name] if merged is None else merged))
    return changes


def _merged(base: str | None, edited: bytes, new: bytes) -> bytes | None:
    """Bytes of the merged text, or None. Line ends are the student's."""
    if base is None:
        return None
    try:
        text, newer = edited.decode("utf-8"), new.decode("utf-8")
    except UnicodeDecodeError:
        return None
    lines = merge(base.splitlines(), text.splitlines(), newer.splitlines())
    if lines is None:
        return None
    return ("\r\n" if "\r\n" in text else "\n").join([*lines, ""]).encode("utf-8")


def update_copy(
    newer: Path | str,
    copy: Path | str = ROOT,
    dry_run: bool = False,
    report: Callable[[Message], None] = say,
    drop: bool = True,
) -> list[Change]:
    """Bring the copy at `newer` (folder or zip) into the folder `copy`. Returns the changes.

    Raises UpdateError; without `drop` also if `newer` lacks a homework of `copy`, whose sheet and checks would be removed.
    """
    copy = Path(copy)
    old, new = read_copy(copy), read_copy(newer)
    present = read_record(new).homeworks
    missing = ", ".join(name for name in read_record(old).homeworks if name not in present)
    if missing and not drop:
        raise UpdateError(
            Message(
                f"{newer} does not contain {missing}, which would be removed here: unpack it into a folder of its own "
                "(or use --drop)",
                f"{newer} 里没有 {missing}，更新会把它从这里删除：请把新版解压到另一个文件夹（或加 --drop）",
            )
        )
    changes = find_changes(old, new)
    for change in changes:
        report(change.message)
        if not dry_run and change.kind is not ChangeKind.KEPT:
            _write(copy / change.target, change.data)
    for line in _new_lines(old, new, "CHANGELOG.md"):
        report(Message(line, line))
    if not changes:
        report(Message("everything is up to date", "已是最新"))
    elif dry_run:
        report(Message("nothing was written (--dry_run)", "没有写任何文件（--dry_run）"))
    if not dry_run:
        _write(copy / COPY_RECORD, new[COPY_RECORD])  # last, so that a stopped run can be repeated
    return changes


def _new_lines(old: Mapping[str, bytes], new: Mapping[str, bytes], name: str) -> list[str]:
    """The dated entries of a file that only the newer copy has."""
    before = set(old.get(name, b"").decode("utf-8", "replace").splitlines())
    lines = new.get(name, b"").decode("utf-8", "replace").splitlines()
    return [line for line in lines if line not in before and line.startswith("- ")]


def _write(path: Path, data: bytes | None) -> None:
    """Write to a temporary name and rename; None removes."""
    if data is None:
        path.unlink(missing_ok=True)
    else:
        write_file(path, data)


def add_arguments(parser: argparse.ArgumentParser, language: Language) -> None:
    newer = Message("the newer student copy: zip file or folder", "新版学生版：zip 文件或文件夹")
    dry_run = Message("only show what would change", "只显示会改动什么")
    drop = Message(
        "also remove homeworks that the newer copy does not have; what you wrote stays",
        "同时删除新版里没有的作业；你写的内容保留",
    )
    parser.add_argument("newer", type=Path, help=newer.text(language))
    parser.add_argument("--dry_run", action="store_true", help=dry_run.text(language))
    parser.add_argument("--drop", action="store_true", help=drop.text(language))


def run(args: argparse.Namespace, language: Language) -> int:
    def report(message: Message) -> None:
        say(message, language)

    update_copy(args.newer, dry_run=args.dry_run, report=report, drop=args.drop)
    return 0
