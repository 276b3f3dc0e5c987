"""Accepted variants: right versions of blanks written differently, as loops, with a library call, in other steps.

Written like the mistakes: a function with the name and parameters of the solved one; its body replaces the blank's.
"""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class AcceptedVariant:
    """A right version of blank `blank`; id: the blank's, "-" and the version's number."""

    homework: str
    blank: str
    id: str
    function: Callable[..., Any]


_REGISTERED: dict[str, list[AcceptedVariant]] = {}


def accepted(blank: str) -> Callable[[Callable], Callable]:
    """Register the decorated function as a right version of `blank`."""

    def register(function: Callable) -> Callable:
        homework = function.__module__.rpartition(".")[2]
        variants = _REGISTERED.setdefault(homework, [])
        number = sum(variant.blank == blank for variant in variants) + 1
        variants.append(AcceptedVariant(homework, blank, f"{blank}-{number}", function))
        return function

    return register


def load(homework: str) -> list[AcceptedVariant]:
    """All accepted variants of a homework, in the order of its file."""
    importlib.import_module(f"tests.accepted.{homework}")
    return _REGISTERED[homework]
