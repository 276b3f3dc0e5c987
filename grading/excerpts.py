"""The place in a student's code that a blank's verdict is about: the student's own lines."""

import ast
import functools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from course import markers
from course.homeworks import ROOT
from course.verdict import CheckResult
from grading.intake.student_copy import UNPARSED, parse

MOST_LINES = 60
MOST_COLUMNS = 200
INVISIBLE = re.compile(
    "[\u202a-\u202e\u2066-\u2069\x00-\x08\x0b-\x1f\x7f]"
)  # they make code look like other code


@dataclass(frozen=True)
class Line:
    """A line of a student's file. marked: a message names it."""

    number: int
    text: str
    marked: bool


@dataclass(frozen=True)
class Excerpt:
    """The body of a blank's function. left: lines that are not shown."""

    file: str
    lines: tuple[Line, ...]
    left: int = 0


def excerpt(
    homework: str, blank: str, files: Mapping[str, bytes], results: Iterable[CheckResult] = ()
) -> Excerpt | None:
    """The student's lines of a blank; None if the function is not there or still raises NotImplementedError."""
    region = blank_regions(homework).get(blank)
    if region is None:
        return None
    name = region.path.relative_to(ROOT / homework).as_posix()
    for file in (name, *sorted(files)):  # some hand a function in in another file
        if file not in files:
            continue
        lines = files[file].decode("utf-8-sig", "replace").splitlines()
        span = function_lines("\n".join(lines), region.function)
        if span:
            break
    else:
        return None
    body = [(number, lines[number - 1]) for number in span]
    while body and not body[-1][1].strip():
        body.pop()
    if not body or any("still empty" in text and blank in text for _, text in body):
        return None
    numbers = named_lines(f"{homework}/{file}", results)
    shown = tuple(
        Line(
            number,
            INVISIBLE.sub("\N{REPLACEMENT CHARACTER}", text)[:MOST_COLUMNS],
            number in numbers,
        )
        for number, text in body[:MOST_LINES]
    )
    return Excerpt(f"{homework}/{file}", shown, len(body) - len(shown))


@functools.cache
def blank_regions(homework: str) -> Mapping[str, markers.Region]:
    """{blank: its region in the solved file}."""
    return markers.blanks(ROOT / homework)


@functools.lru_cache(maxsize=64)
def _definitions(text: str) -> Mapping[str, range]:
    """{qualified name of a function: lines of its body without the docstring} of a file that parses."""
    definitions: dict[str, range] = {}

    def walk(nodes: Iterable[ast.stmt], prefix: str) -> None:
        for node in nodes:
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                body = node.body
                if ast.get_docstring(node, clean=False) is not None and len(body) > 1:
                    first = (body[0].end_lineno or body[0].lineno) + 1
                else:
                    first = body[0].lineno
                definitions[prefix + node.name] = range(first, (node.end_lineno or first) + 1)
            elif isinstance(node, ast.ClassDef):
                walk(node.body, f"{prefix}{node.name}.")
            elif isinstance(node, (ast.If, ast.Try)):
                walk(node.body, prefix)

    walk(parse(text).body, "")
    return definitions


def function_lines(text: str, function: str) -> range:
    """Numbers of the lines of a function's body, also of a file that does not parse; empty if it is not there."""
    try:
        return _definitions(text).get(function, range(0))
    except UNPARSED:
        lines, name = text.splitlines(), function.rpartition(".")[2]
    for number, line in enumerate(lines, 1):
        head = re.match(rf"(\s*)(?:async )?def {re.escape(name)}\b", line)
        if not head:
            continue
        end = number
        while end < len(lines):
            following = lines[end]
            indent = len(following) - len(following.lstrip())
            if following.strip() and indent <= len(head[1]) and not following.startswith(")"):
                break
            end += 1
        return range(number, end + 1)
    return range(0)


def named_lines(file: str, results: Iterable[CheckResult]) -> set[int]:
    """Lines of a file that messages name: "hmm/model.py, line 40"."""
    pattern = re.compile(rf"{re.escape(file)}, line (\d+)")
    return {int(number) for r in results for number in pattern.findall(r.message.en)}
