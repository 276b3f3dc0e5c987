"""Known mistakes: wrong versions of blanks, each with an id and a hint. The mistakes themselves are in tests/mistakes.

A mistake is written in one of two ways:

- as a function with the name and parameters of the solved one; its body replaces the blank's (`@mistake(...)`);
- as an edit of the solution, where one or two lines differ
  (`edit("hmm-09", "H17c", ("scores.argmax(0)", "scores.argmin(0)"), en=..., zh=...)`).
"""

import ast
import functools
import inspect
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from course import plugins
from course.homeworks import ROOT
from course.messages import Message


@dataclass(frozen=True)
class Mistake:
    """A wrong version of blank `blank`. id: as in the catalogue ("H17"), unique within a homework.

    One of `function` and `edits` says what is wrong; edits are (text of the solution, text in its place).
    """

    homework: str
    blank: str
    id: str
    hint: Message
    function: Callable[..., Any] | None = None
    edits: tuple[tuple[str, str], ...] = ()


_REGISTERED: dict[str, dict[str, Mistake]] = {}


def mistake(blank: str, id: str, en: str, zh: str) -> Callable[[Callable], Callable]:
    """Register the decorated function as a wrong version of `blank`."""

    def register(function: Callable) -> Callable:
        homework = function.__module__.rpartition(".")[2]
        _register(Mistake(homework, blank, id, Message(en, zh), function))
        return function

    return register


def edit(blank: str, id: str, *edits: Sequence[str], en: str, zh: str) -> None:
    """Register the solution of `blank` with some of its text replaced: each edit is (old, new), old occurs once."""
    frame = inspect.currentframe()
    assert frame and frame.f_back
    homework = frame.f_back.f_globals["__name__"].rpartition(".")[2]
    pairs = tuple((old, new) for old, new in edits)
    _register(Mistake(homework, blank, id, Message(en, zh), edits=pairs))


def _register(mistake: Mistake) -> None:
    registered = _REGISTERED.setdefault(mistake.homework, {})
    earlier = registered.get(mistake.id)
    if earlier and (_code(earlier), earlier.edits) != (_code(mistake), mistake.edits):
        raise ValueError(f"two mistakes of {mistake.homework} have the id {mistake.id}")
    registered[mistake.id] = mistake


def _code(mistake: Mistake) -> Any:
    return mistake.function.__code__ if mistake.function else None


def load(homework: str) -> list[Mistake]:
    """All mistakes of a homework, in the order of its file."""
    plugins.load_mistakes_module(homework)
    return list(_REGISTERED.get(homework, {}).values())


def function_body(function: Callable) -> str:
    """The function's body without its docstring, unindented."""
    lines = textwrap.dedent(inspect.getsource(function)).splitlines()
    node = ast.parse("\n".join(lines)).body[0]
    assert isinstance(node, ast.FunctionDef)
    has_docstring = ast.get_docstring(node) is not None and len(node.body) > 1
    first = node.body[1] if has_docstring else node.body[0]
    return textwrap.dedent("\n".join(lines[first.lineno - 1 : node.end_lineno]))


@functools.cache
def body(mistake: Mistake) -> str:
    """The wrong body of the blank's function, unindented. Raises ValueError for an edit that does not fit the solution."""
    from course import markers  # the teacher's: a student copy has no markers to read

    region = markers.find(ROOT / mistake.homework, mistake.blank)
    if mistake.function:
        parameters = list(inspect.signature(mistake.function).parameters)
        if parameters != region.parameters:
            raise ValueError(
                f"mistake {mistake.id}: parameters {parameters}, but {region.function} has {region.parameters}"
            )
        return function_body(mistake.function)
    text = markers.solution(region)
    for old, new in mistake.edits:
        if text.count(old) != 1:
            raise ValueError(
                f"mistake {mistake.id}: {old!r} is {text.count(old)} times in the solution"
            )
        text = text.replace(old, new)
    return text


@functools.cache
def sources(mistake: Mistake) -> dict[tuple[str, str], str]:
    """{(homework, file name): text} of the solved file in which the mistake replaces the blank's solution."""
    from course import markers

    region = markers.find(ROOT / mistake.homework, mistake.blank)
    return {(mistake.homework, region.path.name): markers.replace(region, body(mistake))}
