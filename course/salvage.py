"""Checks the blanks of a file that cannot be loaded: each blank's own function is laid into the empty copy.

A syntax error, a missing library, a wait for input or an endless loop at import then costs only the blank that it is in.
What is taken over from the student's file: the function of the blank, and the student's own helpers that it uses
(functions, classes, constants, imports that the empty copy does not have).
"""

import ast
import re
import textwrap
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from course.empty_copy import blank_places, empty_sources
from course.error_texts import in_words
from course.messages import Message
from course.runner import StudentError

UNPARSABLE = (SyntaxError, ValueError, RecursionError, MemoryError)
DEFINITION = re.compile(r"(?P<indent>[ \t]*)(async )?(def|class)[ \t]+(?P<name>\w+)")


@dataclass(frozen=True)
class Chunk:
    """Some lines of a file that belong together: a statement, with the decorators and comments in front."""

    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        return "\n".join(self.lines) + "\n"

    @property
    def name(self) -> str | None:
        """Name of the function or class that the chunk defines, or None."""
        for line in self.lines:
            if match := DEFINITION.match(line):
                return match["name"]
        return None

    def parse(self) -> ast.Module | None:
        """The chunk's syntax tree; None if it does not parse."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return ast.parse(textwrap.dedent(self.text))
        except UNPARSABLE:
            return None


def salvage(homework: str, id: str, sources: Mapping[str, str]) -> dict[str, str] | None:
    """{file name: text} of the empty copy with one blank's function from the student's `sources`.

    None if the blank cannot be taken out: the function is missing or does not parse.
    """
    location = blank_places(homework).get(id)
    empty = dict(empty_sources(homework))
    student = location and sources.get(location.file)
    if not location or student is None:
        return None
    merged = lay_into(empty[location.file], student, location.function, id)
    return None if merged is None else {**empty, location.file: merged}


def lay_into(empty: str, student: str, function: str, id: str) -> str | None:
    """The text `empty` with the student's version of the blank's function, and the helpers that it uses."""
    target = _find_function(chunks(empty.splitlines()), function, containing=f"blank {id} (")
    parts = chunks(student.expandtabs(8).splitlines())
    source = _find_function(parts, function, owner=target.owner) if target else None
    if target is None or source is None or source.chunk.parse() is None:
        return None
    helpers = _helpers(parts, source.chunk, defined=_defined_names(empty))
    lines = empty.splitlines()
    body = _reindent(source.chunk.lines, target.indent)
    lines[target.begin : target.end] = body
    first_definition = _insertion_point(lines)
    lines[first_definition:first_definition] = [line for chunk in helpers for line in chunk.lines]
    return "\n".join(lines) + "\n"


def empty_again(empty: str, student: str, function: str, id: str) -> str | None:
    """The student's text with the blank's function as it is in `empty`; None if the student's text has no such function."""
    lines = student.splitlines()
    target = _find_function(chunks(empty.splitlines()), function, containing=f"blank {id} (")
    parts = chunks(student.expandtabs(8).splitlines())
    match = _find_function(parts, function, owner=target.owner) if target else None
    if target is None or match is None:
        return None
    lines[match.begin : match.end] = _reindent(target.chunk.lines, match.indent)
    return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class _Function:
    """A function in a file: its lines begin..end (from 0), their indentation, the class around it or None."""

    chunk: Chunk
    begin: int
    end: int
    indent: str
    owner: str | None


def chunks(lines: Sequence[str], indent: str = "") -> list[tuple[int, Chunk]]:
    """(first line, Chunk) of the statements at one level of indentation.

    A chunk begins where a line is indented exactly so, and reaches to the next such line; decorators stay with what
    they decorate. Lines inside brackets or strings that happen to be indented so are joined as long as that parses.
    """
    starts = [
        number
        for number, line in enumerate(lines)
        if line.startswith(indent) and line[len(indent) :][:1].strip() and not _continues(line)
    ]
    parts: list[tuple[int, Chunk]] = []
    for start, end in zip(starts, [*starts[1:], len(lines)]):
        while end > start + 1 and re.match(r"\s*(#.*)?$", lines[end - 1]):
            end -= 1
        previous = parts[-1] if parts else None
        if previous and previous[1].lines[-1].lstrip().startswith("@"):
            parts[-1] = (previous[0], Chunk((*previous[1].lines, *lines[start:end])))
        else:
            parts.append((start, Chunk(tuple(lines[start:end]))))
    return [(start, _trimmed(chunk, indent)) for start, chunk in _joined(parts)]


def _trimmed(chunk: Chunk, indent: str) -> Chunk:
    """A chunk that does not parse, without lines at its end that are not inside it (a stray bracket)."""
    lines = chunk.lines
    while len(lines) > 1 and not lines[-1].startswith((indent + " ", indent + "\t")):
        lines = lines[:-1]
    shorter = Chunk(lines)
    return shorter if chunk.parse() is None and shorter.parse() is not None else chunk


def _continues(line: str) -> bool:
    """True for a line that belongs to the statement in front of it."""
    words = line.strip()
    return words.startswith((")", "]", "}", "#", '"""', "'''")) or bool(
        re.match(r"(else|elif|except|finally)\b", words)
    )


def _joined(parts: list[tuple[int, Chunk]]) -> list[tuple[int, Chunk]]:
    """Chunks that do not parse alone, but do with the ones behind, become one (a string or bracket over lines)."""
    joined: list[tuple[int, Chunk]] = []
    index = 0
    while index < len(parts):
        start, chunk = parts[index]
        step = 1
        if chunk.parse() is None:
            for count in range(2, min(40, len(parts) - index) + 1):
                if parts[index + count - 1][1].name:
                    break  # never over the beginning of another function
                lines = tuple(
                    line for _, part in parts[index : index + count] for line in part.lines
                )
                if Chunk(lines).parse() is not None:
                    chunk, step = Chunk(lines), count
                    break
        joined.append((start, chunk))
        index += step
    return joined


def _find_function(
    parts: Iterable[tuple[int, Chunk]],
    name: str,
    containing: str = "",
    owner: str | None = None,
) -> _Function | None:
    """The last function `name` with the text `containing`: at the top level, or in a class (`owner`, if one is given)."""
    match = None
    for start, chunk in parts:
        if containing not in chunk.text:
            continue
        if chunk.name == name and not _is_class(chunk) and owner is None:
            match = _Function(chunk, start, start + len(chunk.lines), "", None)
        if _is_class(chunk) and owner in (None, chunk.name):
            body = next((line for line in chunk.lines[1:] if line.strip()), "")
            indent = body[: len(body) - len(body.lstrip())]
            inner = chunks(chunk.lines[1:], indent) if indent else []
            for inner_start, method in inner:
                if method.name == name and containing in method.text:
                    begin = start + 1 + inner_start
                    end = begin + len(method.lines)
                    match = _Function(method, begin, end, indent, chunk.name)
    return match


def _is_class(chunk: Chunk) -> bool:
    return any(re.match(r"class\b", line) for line in chunk.lines)


def _reindent(lines: Sequence[str], indent: str) -> list[str]:
    return textwrap.indent(textwrap.dedent("\n".join(lines)), indent).splitlines()


def _defined_names(text: str) -> set[str]:
    return set().union(*(bound_names(chunk) for _, chunk in chunks(text.splitlines())), set())


def bound_names(chunk: Chunk) -> set[str]:
    """Names that a top-level statement binds."""
    tree = chunk.parse()
    if tree is None:
        return set()
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
    return names


def used_names(chunk: Chunk) -> set[str]:
    tree = chunk.parse()
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} if tree else set()


def _helpers(parts: Sequence[tuple[int, Chunk]], function: Chunk, defined: set[str]) -> list[Chunk]:
    """The student's own top-level statements that the function uses, in their order."""
    providers = {
        index: names
        for index, (_, chunk) in enumerate(parts)
        if (names := bound_names(chunk) - defined) and chunk is not function and _is_plain(chunk)
    }
    needed, wanted = set(), used_names(function) - defined
    while True:
        more = {index for index, names in providers.items() if names & wanted} - needed
        if not more:
            return [parts[index][1] for index in sorted(needed)]
        needed |= more
        for index in more:
            wanted |= used_names(parts[index][1]) - defined


def _is_plain(chunk: Chunk) -> bool:
    """True for a definition, an import or an assignment: not for a loop or a call, which may be what went wrong."""
    tree = chunk.parse()
    plain = (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign)
    return tree is not None and all(isinstance(node, plain) for node in tree.body)


def _insertion_point(lines: Sequence[str]) -> int:
    """Where helpers go: in front of the first function or class, behind the imports."""
    for start, chunk in chunks(lines):
        if chunk.name:
            return start
    return len(lines)


def salvage_message(error: StudentError, homework: str, advice: Message | None = None) -> Message:
    """What the board says once for a homework whose file could not be loaded, with what to do."""
    where = error.where or f"{homework}/{error.importing}.py"
    file, _, line = where.partition(", ")
    detail = f" ({line}: {error.message})" if line else f" ({error.message})"
    words_zh = in_words(error.message).zh
    detail_zh = f"（{line.replace('line', '第')} 行：{words_zh}）" if line else f"（{words_zh}）"
    if error.is_timeout:
        problem, problem_zh = "does not finish importing", "导入时停不下来"
    elif error.type in ("SyntaxError", "IndentationError", "TabError", "NotUtf8Error"):
        problem, problem_zh = "does not parse", "无法解析"
    else:
        problem, problem_zh = f"cannot be imported, {error.type}", f"无法导入，{error.type}"
    message = Message(f"{file} {problem}{detail}", f"{file} {problem_zh}{detail_zh}")
    if advice:
        message += Message(f": {advice.en}", f"；{advice.zh}")
    return message + Message(
        "; your other functions were checked one by one", "；其余函数已逐个检查"
    )


def is_template(function: Chunk) -> bool:
    """True if nothing was written: the body is pass, ..., return None, a bare raise NotImplementedError, or the zeros that
    an original handout begins with and returns."""
    tree = function.parse()
    if tree is None or not isinstance(tree.body[0], (ast.FunctionDef, ast.AsyncFunctionDef)):
        return False
    body = tree.body[0].body
    if ast.get_docstring(tree.body[0]) is not None:
        body = body[1:]
    blank_names: set[str] = set()
    for statement in body:
        if isinstance(statement, ast.Raise):
            return "NotImplementedError" in ast.dump(statement)
        if isinstance(statement, ast.Assign) and _is_nothing(statement.value):
            blank_names |= {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
        elif isinstance(statement, ast.Return):
            value = statement.value
            names = (
                {node.id for node in ast.walk(value) if isinstance(node, ast.Name)}
                if value
                else set()
            )
            is_plain = value is None or isinstance(value, (ast.Name, ast.Tuple, ast.Constant))
            return is_plain and (_is_nothing(value) or bool(names) and names <= blank_names)
        elif not (isinstance(statement, ast.Pass) or _is_ellipsis(statement)):
            return False
    return True


def _is_ellipsis(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _is_nothing(value: ast.expr | None) -> bool:
    """None, or zeros: 0, 0.0, np.zeros(...), np.zeros_like(...)."""
    if value is None or isinstance(value, ast.Constant) and value.value in (None, 0):
        return True
    return isinstance(value, ast.Call) and bool(
        re.fullmatch(r"(np|numpy|torch)\.zeros(_like)?", ast.unparse(value.func))
    )


def student_function(homework: str, id: str, sources: Mapping[str, str]) -> Chunk | None:
    """The student's version of a blank's function, or None."""
    location = blank_places(homework).get(id)
    if not location or location.file not in sources:
        return None
    empty = chunks(empty_sources(homework)[location.file].splitlines())
    target = _find_function(empty, location.function, containing=f"blank {id} (")
    parts = chunks(sources[location.file].expandtabs(8).splitlines())
    match = _find_function(parts, location.function, owner=target.owner) if target else None
    return match.chunk if match else None
