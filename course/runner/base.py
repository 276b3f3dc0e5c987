"""What all runners share: the interface that checks use, and the errors of student code."""

import contextlib
import hashlib
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, Self

from course.homeworks import ROOT, find_folder
from course.runner.protocol import Answer, ErrorReport, Request


class ErrorKind(StrEnum):
    """What is known about the cause of an error beyond the exception's type."""

    ENCODING = "encoding"
    LIBRARY = "library"
    MISSING_NAME = "missing name"
    SIGNATURE = "signature"
    NUMPY_NAME = "numpy name"
    PYTHON_2 = "python 2"


class StudentError(Exception):
    """Student code raised an exception. The attributes are those of `protocol.ErrorReport`."""

    is_timeout = False
    seconds = 0.0

    def __init__(
        self,
        type: str,
        message: str,
        where: str = "",
        empty: str | None = None,
        empty_file: str | None = None,
        kind: str = "",
        importing: str = "",
    ):
        self.type, self.message, self.where = type, message, where
        self.empty, self.empty_file, self.kind = empty, empty_file, kind
        self.importing = importing
        super().__init__(f"{type}: {message}" + (f" ({where})" if where else ""))

    @classmethod
    def from_report(cls, report: ErrorReport) -> "StudentError":
        return StudentError(
            report.type,
            report.message,
            report.where,
            report.empty,
            report.empty_file,
            report.kind,
            report.importing,
        )


class CallTimeout(StudentError):
    """A call took longer than its limit, `seconds`."""

    is_timeout = True

    def __init__(self, seconds: float, importing: str = ""):
        super().__init__("Timeout", f"no answer within {seconds:g} s", importing=importing)
        self.seconds = seconds


def call_seed(seed: int, call: int) -> int:
    """31 bits that a call's random numbers start from.

    By a one-way function: student code can read the state of NumPy's generator, which begins with its seed, and must not
    learn from it the seed that the hidden cases follow from.
    """
    digest = hashlib.sha256(f"call {call} of case {seed}".encode()).digest()
    return int.from_bytes(digest[:4], "big") >> 1


def decode_source(data: bytes) -> str:
    """Text of a student's file, whatever its encoding, \\ufffd where there is none: it is read, never run as it is."""
    encodings = ("utf-16",) if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "gb18030")
    for encoding in encodings:
        with contextlib.suppress(UnicodeDecodeError):
            return data.decode(encoding).replace("\r\n", "\n")
    return data.decode("utf-8", "replace")


class Runner:
    """Runs student code and returns plain data. Whoever runs a check calls `start` before each case.

    Subclasses implement `answer`: InProcessRunner, SubprocessRunner, and the sandbox's in grading.
    """

    def __init__(self, root: Path | str = ROOT):
        self.root = Path(root)
        self.hanging: dict[
            tuple[str, str], CallTimeout
        ] = {}  # (homework, module) that do not finish importing
        self.start(0)

    def start(self, seed: int, stubs: Iterable[str] = ()) -> None:
        """Begin a case: its calls see the random numbers of `seed` and the library calls named in `stubs`."""
        self.seed, self.stubs, self.calls = seed, tuple(stubs), 0
        self.changed_arguments: list[str] = []  # functions that changed their arguments

    def call(self, homework: str, name: str, *args: Any, **kwargs: Any) -> Any:
        """Result of the student's function `name`: "function" of model.py, or "module.function"."""
        module, _, function = name.rpartition(".")
        return self._ask(homework, "call", module or "model", function, args, kwargs)

    def probe(
        self, homework: str, name: str, *args: Any, module: str = "model", **kwargs: Any
    ) -> Any:
        """Result of tests/probes/HOMEWORK.py's function `name`, run beside the student's code."""
        return self._ask(homework, "probe", module, name, args, kwargs)

    def _ask(
        self,
        homework: str,
        kind: Literal["call", "probe"],
        module: str,
        name: str,
        args: Iterable[Any],
        kwargs: dict[str, Any],
    ) -> Any:
        if hang := self.hanging.get((homework, module)):
            raise hang
        self.calls += 1
        seed = call_seed(self.seed, self.calls)
        request = Request(kind, module, name, list(args), kwargs, seed, self.stubs)
        try:
            answer = self.answer(homework, request)
        except CallTimeout as error:
            if error.importing:
                self.hanging[homework, module] = error
            raise
        if answer.changed:
            self.changed_arguments.append(name)
        return answer.value

    def answer(self, homework: str, request: Request) -> Answer:
        """Perform one request. Raises StudentError, CallTimeout for one that takes too long."""
        raise NotImplementedError

    def read_sources(self, homework: str) -> dict[str, str]:
        """{file name: text} of the submission's Python files of a homework."""
        texts = {}
        for path in sorted(find_folder(self.root, homework).glob("*.py")):
            with contextlib.suppress(OSError):
                texts[path.name] = decode_source(path.read_bytes())
        return texts

    def with_sources(self, homework: str, sources: Mapping[str, str]) -> "Runner":
        """A runner of the same kind on other files of one homework; whoever asks for it closes it."""
        raise NotImplementedError

    def close(self) -> None:
        """End what the runner has started."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
