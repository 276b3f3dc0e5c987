"""Solution markers: find the blanks of a solved file, take the solutions out.

In code a blank is the whole body of one function, between two comments:

    # BEGIN SOLUTION hmm-03 (6 points): the hint
    # END SOLUTION hmm-03

In a sheet, worked answers stand between <!-- BEGIN SOLUTION --> and <!-- END SOLUTION -->.
"""

import ast
import functools
import re
import textwrap
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

BEGIN = re.compile(
    r"(?P<indent> *)# BEGIN SOLUTION (?P<id>\S+) \((?P<points>\d+) points?(?P<bonus>, bonus)?\): (?P<hint>\S.*)"
)
END = re.compile(r" *# END SOLUTION (?P<id>\S+)")
WORDS = re.compile(r"(BEGIN|END)\s+SOLUTION")


class MarkerError(Exception):
    """A marker that is nested, unclosed, unopened or not a whole comment. Says file and line."""


@dataclass(frozen=True)
class Region:
    """One blank in a solved file. begin, end: line numbers of its markers, from 1."""

    path: Path
    id: str
    points: int
    bonus: bool
    hint: str
    begin: int
    end: int
    indent: str
    function: str  # qualified name, "GPT.logits"
    parameters: list[str]

    def __hash__(self) -> int:
        return hash((self.path, self.id))


def regions(path: Path | str) -> list[Region]:
    """Blanks of a Python file in order. Raises MarkerError for any line that names a marker in another form."""
    path = Path(path)
    return list(_regions(path, path.read_text(encoding="utf-8")))


class _Marked(NamedTuple):
    """Where a pair of markers is: line numbers from 1, and the first one's text."""

    begin: int
    marker: re.Match[str]
    end: int


@functools.cache
def _regions(path: Path, text: str) -> tuple[Region, ...]:
    marked = _marked_lines(path, text)
    functions = list(_functions(ast.parse(text), "")) if marked else []
    return tuple(_region(path, functions, marks) for marks in marked)


def _marked_lines(path: Path, text: str) -> list[_Marked]:
    marked: list[_Marked] = []
    opened: tuple[int, re.Match[str]] | None = None
    for number, line in enumerate(text.splitlines(), 1):
        if not WORDS.search(line):
            continue
        where = f"{path}, line {number}"
        begin, end = BEGIN.fullmatch(line), END.fullmatch(line)
        if begin:
            if opened:
                raise MarkerError(
                    f"{where}: nested BEGIN SOLUTION (the one of line {opened[0]} is open)"
                )
            opened = number, begin
        elif end:
            if not opened:
                raise MarkerError(f"{where}: END SOLUTION without BEGIN SOLUTION")
            if end["id"] != opened[1]["id"]:
                raise MarkerError(f"{where}: END SOLUTION {end['id']} closes {opened[1]['id']}")
            marked.append(_Marked(*opened, number))
            opened = None
        else:
            raise MarkerError(
                f"{where}: not a marker: write '# BEGIN SOLUTION id (N points): hint' or "
                "'# END SOLUTION id', alone on its line"
            )
    if opened:
        raise MarkerError(f"{path}, line {opened[0]}: BEGIN SOLUTION without END SOLUTION")
    return marked


_Function = ast.FunctionDef | ast.AsyncFunctionDef


def _region(path: Path, functions: Sequence[tuple[str, _Function]], marks: _Marked) -> Region:
    begin, marker, end = marks
    around = [
        (name, node)
        for name, node in functions
        if node.lineno < begin and end <= _last_line(node) + 1 and _last_line(node.body[-1]) < end
    ]
    if not around:
        raise MarkerError(f"{path}, line {begin}: a blank is inside one function, up to its end")
    name, node = around[-1]
    first = node.body[1 if ast.get_docstring(node) is not None else 0].lineno
    if not begin < first <= end:
        raise MarkerError(
            f"{path}, line {begin}: a blank is the whole body of {name} behind its docstring"
        )
    return Region(
        path=path,
        id=marker["id"],
        points=int(marker["points"]),
        bonus=bool(marker["bonus"]),
        hint=marker["hint"],
        begin=begin,
        end=end,
        indent=marker["indent"],
        function=name,
        parameters=_parameters(node.args),
    )


def _last_line(node: ast.stmt) -> int:
    return node.end_lineno or node.lineno


def _parameters(arguments: ast.arguments) -> list[str]:
    """Names of a function's parameters in their order."""
    names = [arg.arg for arg in arguments.posonlyargs + arguments.args]
    names += [arguments.vararg.arg] if arguments.vararg else []
    names += [arg.arg for arg in arguments.kwonlyargs]
    return names + ([arguments.kwarg.arg] if arguments.kwarg else [])


def _functions(node: ast.AST, prefix: str) -> Iterator[tuple[str, _Function]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, _Function):
            yield prefix + child.name, child
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield from _functions(child, prefix + child.name + ".")


def blanks(folder: Path | str) -> dict[str, Region]:
    """{id: Region} of all blanks of a homework folder. Raises MarkerError for a repeated id."""
    by_id = {}
    for path in sorted(Path(folder).glob("*.py")):
        for region in regions(path):
            if region.id in by_id:
                raise MarkerError(
                    f"{path}, line {region.begin}: {region.id} is in {by_id[region.id].path} too"
                )
            by_id[region.id] = region
    return by_id


def find(folder: Path | str, id: str) -> Region:
    """The Region of one blank. Raises LookupError."""
    by_id = blanks(folder)
    if id not in by_id:
        raise LookupError(f"no blank {id} in {folder}")
    return by_id[id]


def solution(region: Region) -> str:
    """The solved lines of a blank, unindented."""
    lines = region.path.read_text(encoding="utf-8").splitlines()
    return textwrap.dedent("\n".join(lines[region.begin : region.end - 1]))


def replace(region: Region, body: str) -> str:
    """Text of the region's file with the blank, markers included, replaced by `body` (unindented lines)."""
    lines = region.path.read_text(encoding="utf-8").splitlines(keepends=True)
    lines[region.begin - 1 : region.end] = [
        textwrap.indent(body.rstrip("\n") + "\n", region.indent)
    ]
    return "".join(lines)


def strip_code(
    path: Path | str,
    name: str,
    given: Collection[str] = (),
    points: Mapping[str, int] | None = None,
    solved: bool = False,
    chinese: Mapping[str, str] | None = None,
) -> str:
    """Text of a Python file without its solutions; `name` is how messages call the file ("hmm/model.py").

    given: ids of blanks that are handed out filled in, without a word. points: {id: points} where they are not the
    marker's. solved: every solution stays, behind its blank's hint. chinese: {id: the hint in Chinese}, a line of its own.
    """
    lines = Path(path).read_text(encoding="utf-8").splitlines(keepends=True)
    for region in reversed(regions(path)):
        worth = (points or {}).get(region.id, region.points)
        hint = f"{region.indent}# {region.id} ({worth} point{'s' * (worth != 1)}{', bonus' * region.bonus}): {region.hint}\n"
        if translation := (chinese or {}).get(region.id):
            hint += f"{region.indent}# {translation}\n"
        stop = f'raise NotImplementedError("{name}, blank {region.id} ({region.function.rsplit(".", 1)[-1]}): still empty")'
        body = (
            lines[region.begin : region.end - 1]
            if solved or region.id in given
            else [f"{region.indent}{stop}\n"]
        )
        lines[region.begin - 1 : region.end] = body if region.id in given else [hint, *body]
    return "".join(lines)


def strip_sheet(text: str, name: str, solved: bool = False) -> str:
    """A Markdown text without its worked answers (solved: without the markers). Raises MarkerError as `regions` does."""
    kept, opened = [], None
    for number, line in enumerate(text.splitlines(keepends=True), 1):
        mark = line.strip()
        if mark == "<!-- BEGIN SOLUTION -->":
            if opened:
                raise MarkerError(
                    f"{name}, line {number}: nested BEGIN SOLUTION (the one of line {opened} is open)"
                )
            opened = number
        elif mark == "<!-- END SOLUTION -->":
            if not opened:
                raise MarkerError(f"{name}, line {number}: END SOLUTION without BEGIN SOLUTION")
            opened = None
        elif WORDS.search(line):
            raise MarkerError(
                f"{name}, line {number}: a marker stands alone on its line, as <!-- BEGIN SOLUTION -->"
            )
        elif solved or not opened:
            kept.append(line)
    if opened:
        raise MarkerError(f"{name}, line {opened}: BEGIN SOLUTION without END SOLUTION")
    return re.sub(r"\n{3,}", "\n\n", "".join(kept))
