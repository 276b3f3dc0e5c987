"""Packages that grading uses beyond requirements.txt are optional; without one, a line says what to install."""

import ast
import subprocess
import sys

import pytest

from course.homeworks import ROOT
from grading import gradebook
from grading.intake import Person, tables

# modules of the sandbox import each other by bare names, since they run from one folder
SANDBOX = {path.stem for path in (ROOT / "grading" / "sandbox").glob("*.py")}
OURS = {"course", "grading", "tests", *SANDBOX}
REQUIRED = {"numpy", "torch", "jieba", "matplotlib", "pytest", "tqdm", "requests"}


def foreign_imports(tree):
    """Yields (node, package) for imports that are not of the standard library, this repository or requirements.txt."""
    for node in ast.walk(tree):
        modules = []
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            modules = [node.module or ""]
        for module in modules:
            package = module.partition(".")[0]
            if package not in {*sys.stdlib_module_names, *REQUIRED, *OURS}:
                yield node, package


def guarded(tree):
    """The set of syntax nodes inside a `try` that catches ImportError."""
    inside = set()
    for node in ast.walk(tree):
        caught = isinstance(node, ast.Try) and any(
            "ImportError" in ast.unparse(handler.type) for handler in node.handlers if handler.type
        )
        if caught:
            inside.update(part for statement in node.body for part in ast.walk(statement))
    return inside


def test_every_optional_import_is_guarded():
    unguarded = []
    for path in (ROOT / "grading").rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        guarded_nodes = guarded(tree)
        unguarded += [
            (path.name, package)
            for node, package in foreign_imports(tree)
            if node not in guarded_nodes
        ]
    assert not unguarded


def test_xlsx_without_openpyxl_is_a_one_line_error(tmp_path, monkeypatch):
    path = tmp_path / "book.csv"
    path.write_text("学号,姓名,成绩\n20260001,张三,\n", encoding="utf-8")
    book = gradebook.read_gradebook(path)
    book.encoding, book.path = "", tmp_path / "book.xlsx"
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(gradebook.GradebookError, match="^filling in .xlsx needs openpyxl: .*pip"):
        gradebook.fill(book, "成绩", [(Person("20260001"), 3.0)])
    with pytest.raises(gradebook.GradebookError, match="^writing .xlsx needs openpyxl: .*pip"):
        gradebook.plain_workbook([(Person("20260001"), 3.0)])
    (tmp_path / "roster.xlsx").write_bytes(b"PK\3\4")
    with pytest.raises(tables.TableError, match="reading .xlsx needs openpyxl"):
        tables.read_table(tmp_path / "roster.xlsx")


def test_grading_without_jinja2_is_a_one_line_error():
    code = "import sys; sys.modules['jinja2'] = None; import grading.pages"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 1
    assert run.stderr == "grading needs jinja2: python -m pip install jinja2\n"


def test_gb18030_table_is_read_without_charset_normalizer(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "charset_normalizer", None)
    path = tmp_path / "roster.csv"
    path.write_bytes("学号,姓名\n20260001,张三\n".encode("gb18030"))
    assert tables.read_table(path).rows[1][1] == ["20260001", "张三"]
