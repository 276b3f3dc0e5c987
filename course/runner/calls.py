"""Performs one request on a loaded homework, and describes the exceptions of student code."""

import importlib.util
import inspect
import io
import random
import re
import sys
import traceback
import types
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from .loader import Homework, MissingNameError, NotUtf8Error, is_hidden
from .protocol import Answer, ErrorReport, NotPlainError, Request, encode, to_plain

MAX_PRINTED = 20_000  # characters kept of what student code prints in one call
MAX_MESSAGE = 2000  # characters kept of an error's message
LIBRARY_MISSING = re.compile("No module named '(numpy|torch|jieba|matplotlib|tqdm)'")
PYTHON_2_SYNTAX = re.compile(
    r"Missing parentheses in call to 'print'|multiple exception types must"
)
NUMPY_ALIAS = re.compile(r"module 'numpy' has no attribute '(\w+)'")
PYTHON_2_NAME = re.compile(
    r"'(cPickle|xrange|raw_input|unicode|basestring|urllib2|StringIO|reduce)'"
)
VALIDATION = "validate.py"  # checks arguments, in each homework's folder
EMPTY_BLANK = re.compile(r"(?:(?P<file>\S+), )?blank (?P<id>\S+) \(")  # what an empty blank raises


class SignatureError(TypeError):
    """A function of the student's does not take the arguments that the sheet's takes."""


class Printed(io.StringIO):
    """Keeps the first MAX_PRINTED characters of what is printed and drops the rest."""

    def write(self, text: str) -> int:
        room = MAX_PRINTED - self.tell()
        if room > 0:
            super().write(text[:room])
        return len(text)


def perform(homework: Homework, probes: Any, request: Request) -> Answer:
    """Answer one request. Raises what the student's code raises, and NotPlainError for a result that is not plain data."""
    args, kwargs = request.args, request.kwargs
    if request.kind == "load":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if homework.has(request.module):
                homework.module(request.module)
        return Answer(None)
    with warnings.catch_warnings(), np.errstate(), homework.active():
        warnings.simplefilter("ignore")
        before = b""
        if request.kind == "call":
            function, before = homework.find(request.name), encode([args, kwargs])
            bind(function, request.name, args, kwargs)
        else:
            function = getattr(probes, request.name)
            args = [homework, *args]
        seed_everything(request.seed)
        poison_free_buffers()
        result = function(*args, **kwargs)
        try:
            changed = request.kind == "call" and encode([args, kwargs]) != before
            return Answer(to_plain(result), changed)
        except NotPlainError as error:
            raise NotPlainError(f"{request.name} returned {error}") from None


def bind(function: Callable[..., Any], name: str, args: list, kwargs: dict[str, Any]) -> None:
    """Raise SignatureError, with the signature, if the function does not take these arguments."""
    try:
        signature = inspect.signature(function)
    except ValueError:
        return  # a built-in function: it has no signature to compare with
    try:
        signature.bind(*args, **kwargs)
    except TypeError as error:
        count = len(args) + len(kwargs)
        raise SignatureError(
            f"{name}{signature} is called with {count} arguments: {error}"
        ) from None


def seed_everything(seed: int) -> None:
    """Same random numbers for the same call, in every library that student code may draw from."""
    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.default_generator.manual_seed(seed)  # the CPU's; torch.manual_seed is slow


def poison_free_buffers() -> None:
    """Leave NaN in the small blocks that NumPy hands out next, so that uninitialised arrays always read as NaN."""
    blocks = [np.empty(size) for size in range(1, 65) for _ in range(4)]
    for block in blocks:
        block.fill(np.nan)


def describe(error: BaseException, folder: Path | str) -> ErrorReport:
    """Plain description of an exception of student code."""
    text = "".join(char if char.isprintable() else " " for char in _message(error))[:MAX_MESSAGE]
    empty = EMPTY_BLANK.search(text) if isinstance(error, NotImplementedError) else None
    return ErrorReport(
        type=type(error).__name__,
        message=text,
        where=_where(error, Path(folder)),
        empty=empty["id"] if empty else None,
        empty_file=empty["file"] if empty else None,
        kind=_kind(error, text),
        importing=getattr(error, "failed_import", ""),
    )


def _where(error: BaseException, folder: Path) -> str:
    """The last line of the homework's files that the exception came through: "hmm/model.py, line 12", or "".

    Where that line is in another function than the one that was called, both are named: "hmm/model.py, line 12, called
    from line 40". Lines of the argument validation are not named: they say nothing about the student's code.
    """
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename.startswith(str(folder))
    ]
    frames = [frame for frame in frames if Path(frame.filename).name != VALIDATION] or frames
    where = ""
    if frames:
        first, last = frames[0], frames[-1]
        name = Path(last.filename).relative_to(folder).as_posix()
        where = f"{folder.name}/{name}, line {last.lineno}"
        in_one_file = first.filename == last.filename and first.name != "<module>"
        if in_one_file and first.name != last.name:
            where += f", called from line {first.lineno}"
    if isinstance(error, SyntaxError) and str(error.filename or "").startswith(str(folder)):
        where = f"{folder.name}/{Path(str(error.filename)).name}, line {error.lineno}"
    return where


def _kind(error: BaseException, text: str) -> str:
    """What is known about the cause beyond the exception's type: a value of `course.runner.ErrorKind`, or ""."""
    if isinstance(error, (NotUtf8Error, UnicodeDecodeError)) or "codec can't decode" in text:
        return "encoding"
    if isinstance(error, MissingNameError):
        return "missing name"
    if isinstance(error, SyntaxError) and PYTHON_2_SYNTAX.match(text):
        return "python 2"
    if isinstance(error, (NameError, ImportError)) and PYTHON_2_NAME.search(text):
        return "python 2"
    if isinstance(error, AttributeError) and NUMPY_ALIAS.match(text):
        return "numpy name"
    if isinstance(error, SignatureError):
        return "signature"
    if isinstance(error, ModuleNotFoundError) and LIBRARY_MISSING.fullmatch(text):
        return "library"
    return ""


def _message(error: BaseException) -> str:
    if isinstance(error, SyntaxError):
        return str(error.msg)
    if isinstance(error, UnicodeDecodeError):
        return f"not UTF-8: byte {error.start}"
    try:
        return str(error)
    except BaseException:
        return "an exception that cannot be shown"


def load_probes(path: Path | str) -> Any:
    """Module of probes from a file, or an empty one if the homework has none."""
    spec = importlib.util.spec_from_file_location(f"_probes_{Path(path).stem}", path)
    if not Path(path).is_file() or spec is None or spec.loader is None:
        return types.SimpleNamespace(STUBS={})
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def pick_stubs(probes: Any, names: Iterable[str]) -> dict[str, Any]:
    """{name: library call} of the stubs that a check names; a module that it hides has no call.

    What follows an "@" in a name tells several forms of a stub apart.
    """
    return {
        name.partition("@")[0]: None if is_hidden(name) else probes.STUBS[name] for name in names
    }
