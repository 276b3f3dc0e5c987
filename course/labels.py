"""Chinese of case labels and names of values, from tests/labels.toml: a message is in one language throughout."""

import functools
import re
import tomllib
from collections.abc import Mapping

from course import plugins
from course.messages import Message

NUMBER = re.compile(r"\d+")


@functools.cache
def _tables() -> Mapping[str, Mapping[str, str]]:
    path = plugins.TESTS / "labels.toml"
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def case_label(text: str) -> Message:
    """A case's label in both languages; an identifier or a formula stays as it is."""
    return Message(text, _translate(text, "cases"))


def value_name(text: str) -> Message:
    """The name of a compared value in both languages, an index behind it included: "states[0]"."""
    name, bracket, index = text.partition("[")
    return Message(text, _translate(name, "values") + bracket + index)


def _translate(text: str, table: str) -> str:
    entries = _tables().get(table, {})
    if text in entries:
        return entries[text]
    pattern = entries.get(NUMBER.sub("#", text))
    if pattern is not None:
        numbers = iter(NUMBER.findall(text))
        return re.sub("#", lambda _: next(numbers), pattern)
    if ", " in text:  # "lstm, 1 layer, 2 directions": the longest known beginning, then the rest
        parts = text.split(", ")
        for count in range(len(parts) - 1, 0, -1):
            first, rest = ", ".join(parts[:count]), ", ".join(parts[count:])
            if _translate_exact(first, entries) != first or count == 1:
                return f"{_translate_exact(first, entries)}，{_translate(rest, table)}"
    return text


def _translate_exact(text: str, entries: Mapping[str, str]) -> str:
    pattern = entries.get(NUMBER.sub("#", text))
    if text in entries or pattern is None:
        return entries.get(text, text)
    numbers = iter(NUMBER.findall(text))
    return re.sub("#", lambda _: next(numbers), pattern)


def beside_chinese(text: str) -> str:
    """The text with the spaces that it needs between Chinese characters: where it begins or ends with a Latin one."""
    before = " " if text[:1].isascii() else ""
    after = " " if text[-1:].isascii() else ""
    return f"{before}{text}{after}"
