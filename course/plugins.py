"""Loads what lies outside the engine, by name: checks (tests/test_HOMEWORK.py), reference cases, known mistakes, hints.

This is the only place where `course` reaches into `tests`. A student copy has the checks and stored cases, but neither
reference nor mistakes.
"""

import importlib
from types import ModuleType

from course.homeworks import ROOT

TESTS = ROOT / "tests"
PROBES = TESTS / "probes"
STORED_CASES = TESTS / "cases"
HINTS = TESTS / "hints"


def load_checks_module(homework: str) -> ModuleType | None:
    """The module of a homework's checks; None if the homework has none. Importing it registers its checks."""
    return _load(f"test_{homework}")


def load_reference(homework: str) -> ModuleType:
    """The module that generates a homework's cases."""
    return importlib.import_module(f"tests.reference.{homework}")


def load_bugs() -> ModuleType:
    """The module of the exercises "find the bug"; teachers' trees only."""
    return importlib.import_module("tests.reference.bugs")


def load_mistakes_module(homework: str) -> ModuleType | None:
    """The module of a homework's known mistakes, or None. Importing it registers them."""
    return _load(f"mistakes.{homework}")


def has_reference() -> bool:
    """True in the teachers' tree, False in a student copy."""
    return (TESTS / "reference").is_dir()


def _load(name: str) -> ModuleType | None:
    if not (TESTS / name.replace(".", "/")).with_suffix(".py").is_file():
        return None
    return importlib.import_module(f"tests.{name}")
