"""Reads tests/hints/HOMEWORK.toml; course.hints says what is in it."""

import functools
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from course import plugins


def hints_path(homework: str) -> Path:
    return plugins.HINTS / f"{homework}.toml"


@functools.cache
def hint_tables(homework: str) -> Mapping[str, Mapping[str, Any]]:
    """{id: table} of a homework; empty without its file. Raises ValueError for a damaged file."""
    path = hints_path(homework)
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def chinese_lines(homework: str) -> dict[str, str]:
    """{id: Chinese of the one-line hint}: student copies have it below the English comment."""
    return {id: table["hint"] for id, table in hint_tables(homework).items()}
