"""A submission: people, attempt, time, and which file is used as what. Its contents are read on demand."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from grading.intake import notebooks, student_copy
from grading.intake.archives import DAMAGED, Location, Opener, Refused, reason
from grading.intake.people import Hint, Person
from grading.intake.problems import Notice

MAX_FILE = 2 * 2**20  # bytes of a source file that is graded
MAX_CODE = 32 * 2**20  # bytes of a homework's code: a sandbox holds twice that
MAX_FILES = 3000  # files of code of a homework
MAX_WRITTEN = 200 * 2**20  # bytes of a homework's answers, pictures and PDFs
MAX_DOCUMENT = 100 * 2**20  # bytes of one of them


@dataclass(frozen=True)
class FileUse:
    """What becomes of a file (or of `count` files, for a folder that nobody grades).

    path: as it was handed in, archives in it named. homework, name: as what it is graded. reason: why it is not used.
    functions: taken out of it (a notebook, a file with another name) instead of the whole file.
    """

    path: str
    reason: Notice = Notice("")
    homework: str = ""
    name: str = ""
    size: int = 0
    count: int = 1
    written: bool = False
    functions: frozenset[str] = frozenset()
    location: Location | None = None


@dataclass
class Submission:
    """What one student or group handed in for some homeworks, once.

    name: stable, for folders and tables. people: guessed from names, or set by `Roster.match`. received: when the platform
    got it; committed: what a repository claims (shown, not used). key: equal for all that one submitter handed in.
    returns: prefix under which the platform takes feedback files back. Contents are read from `used` on demand and are
    not part of what is pickled: a grading process reads a submission by itself.
    """

    name: str
    people: tuple[Person, ...] = ()
    attempt: int | None = None
    received: datetime | None = None
    late: bool = False
    used: list[FileUse] = field(default_factory=list)
    unused: list[FileUse] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    homeworks: tuple[str, ...] = ()
    hints: tuple[Hint, ...] = ()
    key: str = ""
    committed: datetime | None = None
    returns: str = ""

    @cached_property
    def files(self) -> dict[str, dict[str, bytes]]:
        """{homework: {file name: bytes}}, code only."""
        return self.read(written=False)

    @cached_property
    def written(self) -> dict[str, dict[str, bytes]]:
        """{homework: {file name: bytes}}: answers, pictures, PDFs."""
        return self.read(written=True)

    def read(self, written: bool) -> dict[str, dict[str, bytes]]:
        """Code or written work, from the disk. What can no longer be read becomes a problem."""
        contents: dict[str, dict[str, bytes]] = (
            {} if written else {name: {} for name in self.homeworks}
        )
        wanted = [use for use in self.used if use.written is written and use.location]
        for use, data in _read_all(wanted, self.problems):
            files = contents.setdefault(use.homework, {})
            if not use.functions:
                files[use.name] = data
                continue
            empty = files.get(use.name) or student_copy.cached_empty(use.homework)[use.name]
            try:
                code = (
                    data.decode("utf-8-sig")
                    if use.path.lower().endswith(".py")
                    else notebooks.code_of(data)
                )
                files[use.name] = notebooks.lay_over(
                    empty.decode("utf-8"), code, set(use.functions)
                ).encode("utf-8")
            except (ValueError, SyntaxError) as error:
                self.problems.append(_not_read(use, error))
        return contents

    def forget(self) -> None:
        """Free the memory of the contents."""
        self.__dict__.pop("files", None)
        self.__dict__.pop("written", None)

    def digest(self, homework: str) -> str:
        """SHA-256 over the homework's code."""
        return digest(self.files.get(homework, {}))

    def __getstate__(self) -> dict:
        return {
            key: value for key, value in self.__dict__.items() if key not in ("files", "written")
        }


def digest(files: Mapping[str, bytes]) -> str:
    """SHA-256 over names and contents."""
    total = hashlib.sha256()
    for name, data in sorted(files.items()):
        raw = name.encode("utf-8", "surrogatepass")
        total.update(f"{len(raw)} {len(data)} ".encode() + raw + data)
    return total.hexdigest()


def _read_all(uses: list[FileUse], problems: list[str]) -> Iterator[tuple[FileUse, bytes]]:
    needed = {use.location.inside[-1] for use in uses if use.location and use.location.inside}
    needed |= {name for use in uses if use.location for name in use.location.inside[:-1]}
    with Opener(needed.__contains__) as opener:
        for use in uses:
            limit = (
                MAX_DOCUMENT
                if use.written
                else notebooks.MAX_NOTEBOOK
                if use.functions
                else MAX_FILE
            )
            try:
                assert use.location
                yield use, opener.read(use.location, limit)
            except (Refused, OSError, *DAMAGED) as error:
                problems.append(_not_read(use, error))


def _not_read(use: FileUse, error: BaseException) -> Notice:
    message = reason(error)
    return Notice(f"not read: {use.path} ({message})", f"无法读取：{use.path}（{message.zh}）")
