"""Known wrong versions of blanks, each with an id and a hint. Teacher's side only: never in a student copy.

A mistake is written as a function with the name and parameters of the solved one; its body replaces the blank's.
"""

import ast
import functools
import importlib
import inspect
import textwrap
from dataclasses import dataclass

from grading import markers
from tests.check import Say
from tests.student import ROOT


@dataclass(frozen=True)
class Mistake:
    """A wrong version of blank `blank`. id: as in the catalogue ("H17"), unique within a homework."""

    homework: str
    blank: str
    id: str
    hint: Say
    function: object


MISTAKES = {}


def mistake(blank, id, en, zh):
    """Register the decorated function as a wrong version of `blank`."""

    def register(function):
        homework = function.__module__.rpartition(".")[2]
        known = MISTAKES.setdefault(homework, {})
        if id in known and known[id].function.__code__ != function.__code__:
            raise ValueError(f"two mistakes of {homework} have the id {id}")
        known[id] = Mistake(homework, blank, id, Say(en, zh), function)
        return function

    return register


def load(homework):
    """All mistakes of a homework, in the order of its file."""
    if (ROOT / "tests" / "mistakes" / f"{homework}.py").is_file():
        importlib.import_module(f"tests.mistakes.{homework}")
    return list(MISTAKES.get(homework, {}).values())


def body(function):
    """The function's body without its docstring, unindented."""
    lines = textwrap.dedent(inspect.getsource(function)).splitlines()
    node = ast.parse("\n".join(lines)).body[0]
    first = (
        node.body[1] if ast.get_docstring(node) is not None and len(node.body) > 1 else node.body[0]
    )
    return textwrap.dedent("\n".join(lines[first.lineno - 1 : node.end_lineno]))


@functools.cache
def sources(known):
    """{(homework, file name): text} of the solved file in which the mistake's body stands for the blank's."""
    region = markers.find(ROOT / known.homework, known.blank)
    names, solved = list(inspect.signature(known.function).parameters), region.parameters
    if names != solved:
        raise ValueError(
            f"mistake {known.id}: parameters {names}, but {region.function} has {solved}"
        )
    text = markers.replace(region, body(known.function))
    return {(known.homework, region.path.name): text}
