"""The empty copy of a homework, over which a submission is laid: a file that is missing counts as empty."""

import ast
import functools
import hashlib
import warnings
from collections.abc import Mapping
from pathlib import PurePosixPath

from course import markers
from course.empty_copy import empty_sources
from course.homeworks import ROOT
from course.settings import homework_settings
from grading.intake.archives import JUNK

CODE = (".py", ".txt")
UNPARSED = (SyntaxError, ValueError, RecursionError, MemoryError)


def empty_files(homework: str) -> dict[str, bytes]:
    """{name: bytes} of the homework's code as students get it: the empty Python files and the text files beside them."""
    files = {name: text.encode("utf-8") for name, text in empty_sources(homework).items()}
    for path in (ROOT / homework).rglob("*.txt"):
        if path.is_file() and not set(path.parts) & set(JUNK):
            files[path.relative_to(ROOT / homework).as_posix()] = path.read_bytes()
    return dict(sorted(files.items()))


def complete(files: Mapping[str, bytes], homework: str) -> dict[str, bytes]:
    """The files that are graded: the student's, and the empty ones where there is none. A path below a file is dropped."""
    merged = empty_files(homework) | dict(files)
    return {
        name: data
        for name, data in merged.items()
        if not any(str(above) in merged for above in PurePosixPath(name).parents)
    }


@functools.cache
def cached_empty(homework: str) -> Mapping[str, bytes]:
    """`empty_files`, made once in this process."""
    return empty_files(homework)


@functools.cache
def blank_functions(homework: str) -> Mapping[str, str]:
    """{qualified name: file} of the functions of a homework that hold a blank."""
    provided = homework_settings(homework).leave_out
    return {
        region.function: region.path.relative_to(ROOT / homework).as_posix()
        for id, region in markers.blanks(ROOT / homework).items()
        if id not in provided
    }


def parse(text: str) -> ast.Module:
    """The syntax tree, without warnings. Raises one of UNPARSED."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text)


_SEEN: dict[bytes, dict[str, bool]] = {}  # by digest: most files of a class are the same


def functions_of(text: str) -> dict[str, bool]:
    """{qualified name of a function: whether its body holds an answer}, also of a file that does not parse."""
    key = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
    if key not in _SEEN:
        if len(_SEEN) > 2000:
            _SEEN.clear()
        _SEEN[key] = _functions_of(text)
    return _SEEN[key]


def _functions_of(text: str) -> dict[str, bool]:
    try:
        tree = parse(text)
    except UNPARSED:
        return _functions_by_line(text)
    functions: dict[str, bool] = {}

    def walk(nodes: list[ast.stmt], prefix: str) -> None:
        for node in nodes:
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                functions[prefix + node.name] = _has_answer(node)
            elif isinstance(node, ast.ClassDef):
                walk(node.body, f"{prefix}{node.name}.")
            elif isinstance(node, (ast.If, ast.Try)):
                walk(node.body, prefix)

    walk(tree.body, "")
    return functions


def _has_answer(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    body = node.body[1:] if ast.get_docstring(node) is not None else node.body
    for statement in body:
        if isinstance(statement, ast.Raise):
            raised = statement.exc.func if isinstance(statement.exc, ast.Call) else statement.exc
            return not (isinstance(raised, ast.Name) and raised.id == "NotImplementedError")
        if isinstance(statement, ast.Pass):
            continue
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
            continue
        return not (
            isinstance(statement, ast.Return)
            and (
                statement.value is None
                or isinstance(statement.value, ast.Constant)
                and statement.value.value is None
            )
        )
    return False


def _functions_by_line(text: str) -> dict[str, bool]:
    functions: dict[str, bool] = {}
    current, holder = "", ""
    for line in text.splitlines():
        word = line.strip()
        indented = line[:1] in (" ", "\t")
        if word.startswith("class ") and not indented:
            holder = word[6:].split("(")[0].split(":")[0].strip()
        elif word.startswith(("def ", "async def ")):
            name = word.split("def ", 1)[1].split("(")[0].strip()
            current = f"{holder}.{name}" if indented and holder else name
            holder = holder if indented else ""
            functions[current] = True
        elif current and word.startswith("raise NotImplementedError"):
            functions[current] = False
    return functions
