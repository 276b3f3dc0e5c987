"""Takes functions out of a notebook, or a file with another name, and puts them into the empty copy of a homework."""

import ast
import json
from collections.abc import Mapping

from grading.intake import student_copy
from grading.intake.problems import Notice

MAX_NOTEBOOK = 20 * 2**20


def code_of(data: bytes) -> str:
    """The Python code of a notebook's cells, without magics. Raises ValueError if it is not a notebook."""
    try:
        cells = json.loads(data.decode("utf-8-sig"))["cells"]
        sources = [
            "".join(cell["source"]) if isinstance(cell["source"], list) else str(cell["source"])
            for cell in cells
            if cell.get("cell_type") == "code"
        ]
    except (
        UnicodeDecodeError,
        json.JSONDecodeError,
        KeyError,
        TypeError,
        AttributeError,
        RecursionError,
    ) as error:
        raise ValueError("not a notebook") from error
    kept = []
    for source in sources:
        lines = source.splitlines()
        if (
            lines
            and lines[0].lstrip().startswith("%%")
            and not lines[0].lstrip().startswith("%%time")
        ):
            continue
        text = "\n".join(
            "" if line.lstrip().startswith(("%", "!", "?")) else line for line in lines
        )
        try:
            student_copy.parse(text)
        except student_copy.UNPARSED:
            continue
        kept.append(text)
    return "\n\n".join(kept)


def lay_over(empty: str, code: str, names: set[str]) -> str:
    """The empty file's text with the functions `names` (qualified) taken from `code`.

    What `code` has besides, and the file lacks, comes too where it is only defined: imports, helper functions, classes,
    constants. Statements that run (a training loop between two cells) stay out.
    """
    tree, ours = student_copy.parse(code), student_copy.parse(empty)
    lines, theirs = empty.splitlines(keepends=True), code.splitlines(keepends=True)
    defined = _definitions(ours.body)
    taken, extra, replaced = {}, [], []
    for node in tree.body:
        name = getattr(node, "name", "")
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            methods = (
                {
                    f"{name}.{method.name}"
                    for method in node.body
                    if isinstance(method, ast.FunctionDef)
                }
                if isinstance(node, ast.ClassDef)
                else set()
            )
            if name in names or methods & names:
                taken[name] = _text(theirs, node)
            elif name not in defined:
                extra.append(_text(theirs, node))
        elif isinstance(node, (ast.Import, ast.ImportFrom)) or _is_constant(node, defined):
            extra.append(_text(theirs, node))
    for node in ours.body:
        if getattr(node, "name", None) in taken:
            replaced.append((node, taken.pop(node.name)))  # type: ignore[attr-defined]
    for node, text in reversed(replaced):
        first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])  # type: ignore[attr-defined]
        lines[first - 1 : node.end_lineno] = [text]
    position = _behind_imports(ours)
    return "".join([*lines[:position], *extra, *lines[position:], *taken.values()])


def _definitions(nodes: list[ast.stmt]) -> set[str]:
    names = set()
    for node in nodes:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names.update(target.id for target in node.targets if isinstance(target, ast.Name))
    return names


def _is_constant(node: ast.stmt, defined: set[str]) -> bool:
    if not isinstance(node, ast.Assign):
        return False
    targets = [target.id for target in node.targets if isinstance(target, ast.Name)]
    if len(targets) != len(node.targets) or set(targets) & defined:
        return False
    try:
        ast.literal_eval(node.value)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return False
    return True


def _text(lines: list[str], node: ast.stmt) -> str:
    first = min(
        [node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", []))]
    )
    text = "".join(lines[first - 1 : node.end_lineno])
    return text if text.endswith("\n") else text + "\n"


def _behind_imports(tree: ast.Module) -> int:
    position = 0
    for index, node in enumerate(tree.body):
        docstring = (
            index == 0 and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        )
        if docstring or isinstance(node, (ast.Import, ast.ImportFrom)):
            position = node.end_lineno or position
    return position


def distribute(code: str, functions: Mapping[str, str], filled: set[str]) -> dict[str, set[str]]:
    """{file: functions} for the functions of `filled`, by the file that they belong to."""
    files: dict[str, set[str]] = {}
    for name in sorted(filled & set(functions)):
        files.setdefault(functions[name], set()).add(name)
    return files


def note(source: str, homework: str, file: str, names: set[str]) -> Notice:
    """What the student and the TA read about functions that were taken out of another file."""
    shown = ", ".join(sorted(names)[:6]) + (", ..." if len(names) > 6 else "")
    return Notice(
        f"{homework}/{file}: {len(names)} function(s) taken from {source}: {shown}",
        f"{homework}/{file}：从 {source} 取出 {len(names)} 个函数：{shown}",
    )
