"""The empty copy of a homework: its files as students get them, all blanks empty."""

import functools
import json
import re
from collections.abc import Mapping
from typing import NamedTuple

from course import hint_files, plugins
from course.homeworks import COPY_RECORD, ROOT
from course.settings import homework_settings

STOP = re.compile(
    r'raise NotImplementedError\("(?P<file>[^",]+), blank (?P<id>\S+) \((?P<function>\w+)\): still empty"\)'
)


class BlankPlace(NamedTuple):
    """Where a blank is: the file in the homework's folder, and the function's name, "logits" of "GPT.logits"."""

    file: str
    function: str


@functools.cache
def empty_sources(homework: str) -> Mapping[str, str]:
    """{file name: text} of a homework's Python files with all blanks empty but those that the term provides.

    In a student copy these are the texts that it was handed out with; empty if it has no record of them.
    """
    if plugins.has_reference():
        from course import markers  # the teacher's: a student copy has no markers to read

        provided = homework_settings(homework).leave_out
        return {
            path.name: markers.strip_code(
                path,
                f"{homework}/{path.name}",
                provided,
                chinese=hint_files.chinese_lines(homework),
            )
            for path in sorted((ROOT / homework).glob("*.py"))
        }
    try:
        texts = json.loads((ROOT / COPY_RECORD).read_text(encoding="utf-8"))["texts"]
    except (OSError, ValueError, KeyError):
        return {}
    prefix = f"{homework}/"
    return {
        name.removeprefix(prefix): text
        for name, text in texts.items()
        if name.startswith(prefix) and name.endswith(".py")
    }


@functools.cache
def blank_places(homework: str) -> Mapping[str, BlankPlace]:
    """{id: BlankPlace} of the empty blanks of a homework."""
    return {
        stop["id"]: BlankPlace(file, stop["function"])
        for file, text in empty_sources(homework).items()
        for stop in STOP.finditer(text)
    }
