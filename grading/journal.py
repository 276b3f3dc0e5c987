"""An append-only file of results that survives being killed: one checksummed JSON line each, flushed to the disk."""

import contextlib
import hashlib
import json
import os
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course.verdict import CheckResult
from grading.filelock import hold_lock
from grading.intake.problems import GradingError


class JournalError(GradingError):
    """Another process is writing here, or the file is not a journal of this version. One line."""


@dataclass(frozen=True)
class Entry:
    """What was graded of one homework of one submission.

    student: the submission's name. key: of everything that the marks follow from (see `entry_key`). code: digest of the
    student's files. blanks: the only blanks that were graded; () is all of them. results: None says that those of the
    earlier entry with this key are valid again (a student went back to an earlier version).
    """

    student: str
    homework: str
    key: str
    code: str
    level: str = ""
    blanks: tuple[str, ...] = ()
    results: tuple[CheckResult, ...] | None = None

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready; `from_dict` is the inverse."""
        results = None if self.results is None else [result.to_dict() for result in self.results]
        return {**self.__dict__, "blanks": list(self.blanks), "results": results}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Entry":
        results = data["results"]
        if results is not None:
            results = tuple(CheckResult.from_dict(result) for result in results)
        return cls(**{**data, "blanks": tuple(data["blanks"]), "results": results})


class Journal:
    """Lines "CRC32 JSON". A line that was cut by a kill, or changed, is skipped when reading, and counted."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self.damaged = 0

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Inside: no other grader writes here (where the system locks files). Raises JournalError."""
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(hold_lock(self.path))
            except BlockingIOError:
                raise JournalError(
                    f"another grader is at work in {self.path.parent}; wait for it, or stop it",
                    f"另一个评分程序正在使用 {self.path.parent}；请等它结束，或先停止它",
                ) from None
            yield

    def read(self) -> Iterator[Entry]:
        """All whole entries in order. Raises JournalError."""
        if not self.path.is_file():
            return
        self.damaged = 0
        for line in self.path.read_bytes().split(b"\n"):
            if not line:
                continue
            check, _, body = line.partition(b" ")
            if check != b"%08x" % zlib.crc32(body):
                self.damaged += 1
                continue
            try:
                yield Entry.from_dict(json.loads(body))
            except (KeyError, TypeError, ValueError):
                raise JournalError(
                    f"{self.path} was written by another version of the grader; give another --out",
                    f"{self.path} 由另一版本的评分程序写成；请换一个 --out",
                ) from None

    def append(self, *entries: Entry) -> None:
        """Add entries; returns when they are on the disk."""
        if not entries:
            return
        lines = b""
        for entry in entries:
            body = json.dumps(entry.to_dict(), ensure_ascii=True, sort_keys=True).encode("ascii")
            lines += b"%08x %s\n" % (zlib.crc32(body), body)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with open(self.path, "ab+") as file:
            if file.tell():
                file.seek(-1, os.SEEK_END)
                if file.read(1) != b"\n":  # the last line is incomplete: start a new one
                    lines = b"\n" + lines
            file.write(lines)
            file.flush()
            os.fsync(file.fileno())


@dataclass(frozen=True)
class HomeworkKey:
    """A homework of a submission, to which an entry's marks belong."""

    student: str
    homework: str


def entry_key(
    homework_key: HomeworkKey,
    code: str,
    checks: str,
    seed: int,
    limits: Iterable[float] = (),
    blanks: Iterable[str] = (),
) -> str:
    """Digest of everything on which the marks of a homework depend: equal keys have equal marks."""
    parts = [
        homework_key.student,
        homework_key.homework,
        code,
        checks,
        seed,
        list(limits),
        *sorted(blanks),
    ]
    return hashlib.sha256(json.dumps(parts).encode("ascii")).hexdigest()


@dataclass(frozen=True)
class Standing:
    """The valid results of a homework of a submission.

    entry: the last one that graded all blanks. regraded: blanks with newer verdicts. keys: of all entries that count.
    """

    entry: Entry
    results: tuple[CheckResult, ...]
    regraded: tuple[str, ...] = ()
    keys: frozenset[str] = frozenset()


def standings(entries: Iterable[Entry]) -> dict[HomeworkKey, Standing]:
    """The valid results of every homework: those of its last entry.

    An entry that graded only some blanks replaces those of a full entry of the same code. Without a full one it is
    ignored, since a part of the points would be taken for all of them.
    """
    by_key: dict[str, Entry] = {}
    valid: dict[HomeworkKey, Standing] = {}
    for entry in entries:
        homework_key = HomeworkKey(entry.student, entry.homework)
        if entry.results is not None:
            by_key[entry.key] = entry
        elif entry.key in by_key:
            entry = by_key[entry.key]
        else:
            continue
        results = entry.results or ()
        if not entry.blanks:
            valid[homework_key] = Standing(entry, results, keys=frozenset({entry.key}))
            continue
        base = valid.get(homework_key)
        if base and base.entry.code == entry.code:
            newer = {result.name: result for result in results}
            valid[homework_key] = Standing(
                base.entry,
                tuple(newer.get(result.name, result) for result in base.results),
                tuple(sorted({*base.regraded, *entry.blanks})),
                base.keys | {entry.key},
            )
    return valid
