"""The import graph of `course` and `grading` as Mermaid diagrams: `python -m tests.repository.import_graph [--write | --lines]`.

With --write the diagrams in docs/architecture.md are replaced. With --lines the size of the code is shown instead: lines of
each module, and the longest functions.
"""

import argparse
import ast
import re
from collections.abc import Iterator
from pathlib import Path

from course.homeworks import ROOT

PAGE = ROOT / "docs" / "architecture.md"
BLOCK = re.compile(
    r"(<!-- IMPORT GRAPH (?P<package>\w+) -->\n).*?(<!-- END IMPORT GRAPH -->)", re.DOTALL
)


def modules(package: str) -> list[Path]:
    folder = ROOT / package
    return sorted(path for path in folder.rglob("*.py") if "__pycache__" not in path.parts)


def imported(path: Path) -> Iterator[str]:
    """Yields the absolute dotted names that a file imports, at any level of its code."""
    package = path.relative_to(ROOT).parent.parts
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = list(package[: len(package) - node.level + 1]) if node.level else []
            base += node.module.split(".") if node.module else []
            yield ".".join(base)
            yield from (".".join([*base, alias.name]) for alias in node.names)


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def edges(package: str) -> set[tuple[str, str]]:
    """{(importer, imported)} among the modules of a package; a sub-package is a single node."""
    names = {module_name(path) for path in modules(package)}
    subpackages = {module_name(path) for path in modules(package) if path.name == "__init__.py"}

    def node(name: str) -> str | None:
        while name not in names and "." in name:
            name = name.rpartition(".")[0]
        parts = name.split(".")
        for length in range(2, len(parts) + 1):
            if ".".join(parts[:length]) in subpackages:
                return ".".join(parts[:length])
        return name if name in names and name != package else None

    pairs = set()
    for path in modules(package):
        start = node(module_name(path))
        ends = {node(name) for name in imported(path) if name.split(".")[0] == package}
        pairs |= {(start, end) for end in ends if start and end and start != end}
    return pairs


def reduced(graph: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """The transitive reduction: edges whose ends are not also connected by a longer path."""
    after: dict[str, set[str]] = {}
    for start, end in graph:
        after.setdefault(start, set()).add(end)

    def reachable(start: str, seen: set[str]) -> set[str]:
        for end in after.get(start, ()):
            if end not in seen:
                seen.add(end)
                reachable(end, seen)
        return seen

    return {
        (start, end)
        for start, end in graph
        if not any(end in reachable(middle, set()) for middle in after[start] - {end})
    }


def diagram(package: str) -> str:
    """A Mermaid flowchart of a package's imports, without arrows that a longer path implies."""
    graph = reduced(edges(package))
    short = {name: name.removeprefix(f"{package}.") for edge in graph for name in edge}
    ids = {name: text.replace(".", "_").strip("_") for name, text in short.items()}
    lines = [f'    {ids[name]}["{text}"]' for name, text in sorted(short.items())]
    lines += [f"    {ids[start]} --> {ids[end]}" for start, end in sorted(graph)]
    return "\n".join(["```mermaid", "flowchart TD", *lines, "```", ""])


def with_diagrams(page: str) -> str:
    """The text of a page with its import diagrams replaced by current ones."""
    return BLOCK.sub(lambda block: block[1] + diagram(block["package"]) + block[3], page)


def functions(path: Path) -> Iterator[tuple[int, str]]:
    """Yields (number of lines without decorators, "module.Class.name") for every function of a file."""

    def inside(node: ast.AST, prefix: str) -> Iterator[tuple[int, str]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                name = f"{prefix}.{child.name}"
                if not isinstance(child, ast.ClassDef):
                    yield (child.end_lineno or child.lineno) - child.lineno + 1, name
                yield from inside(child, name)
            else:
                yield from inside(child, prefix)

    yield from inside(ast.parse(path.read_text(encoding="utf-8")), module_name(path))


def sizes(package: str, count: int = 5) -> str:
    """A table with the length of a package's modules, longest first, and its `count` longest functions."""
    lengths = {
        path: len(path.read_text(encoding="utf-8").splitlines()) for path in modules(package)
    }
    rows = [f"{package}: {len(lengths)} files, {sum(lengths.values()):,} lines"]
    for path, length in sorted(lengths.items(), key=lambda item: (-item[1], item[0])):
        rows.append(f"{length:6,}  {path.relative_to(ROOT).as_posix()}")
    longest = sorted((entry for path in lengths for entry in functions(path)), reverse=True)[:count]
    return "\n".join([*rows, "longest functions:", *(f"{n:6,}  {name}" for n, name in longest)])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    action = parser.add_mutually_exclusive_group()
    action.add_argument(
        "--write", action="store_true", help="replace the diagrams in docs/architecture.md"
    )
    action.add_argument("--lines", action="store_true", help="show the size of the code instead")
    args = parser.parse_args()
    if args.lines:
        print("\n\n".join(sizes(package) for package in ("course", "grading", "data")))
        return
    page = with_diagrams(PAGE.read_text(encoding="utf-8"))
    if args.write:
        PAGE.write_text(page, encoding="utf-8")
    else:
        print("\n".join(block[0] for block in BLOCK.finditer(page)))


if __name__ == "__main__":
    main()
