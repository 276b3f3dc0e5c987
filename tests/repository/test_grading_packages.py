"""What grading imports beyond requirements.txt is optional, and says in one line what to install."""

import ast
import subprocess
import sys

import pytest

from course.homeworks import ROOT
from grading import gradebook
from grading.intake import Person, tables

# the modules of the sandbox are started beside each other
SANDBOX = {path.stem for path in (ROOT / "grading" / "sandbox").glob("*.py")}
OURS = {"course", "grading", "tests", *SANDBOX}
REQUIRED = {"numpy", "torch", "jieba", "matplotlib", "pytest", "tqdm", "requests"}


def foreign_imports(tree):
    """(node, package) of imports that are neither Python's, ours, nor named in requirements.txt."""
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
    """Imports inside a try that catches ImportError."""
    inside = set()
    for node in ast.walk(tree):
        caught = isinstance(node, ast.Try) and any(
            "ImportError" in ast.unparse(handler.type) for handler in node.handlers if handler.type
        )
        if caught:
            inside.update(part for statement in node.body for part in ast.walk(statement))
    return inside


def test_every_optional_import_is_guarded():
    bare = []
    for path in (ROOT / "grading").rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        safe = guarded(tree)
        bare += [
            (path.name, package) for node, package in foreign_imports(tree) if node not in safe
        ]
    assert not bare


def test_xlsx_without_openpyxl(tmp_path, monkeypatch):
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


def test_without_jinja2():
    code = "import sys; sys.modules['jinja2'] = None; import grading.pages"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 1
    assert run.stderr == "grading needs jinja2: python -m pip install jinja2\n"


def test_tables_without_charset_normalizer(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "charset_normalizer", None)
    path = tmp_path / "roster.csv"
    path.write_bytes("学号,姓名\n20260001,张三\n".encode("gb18030"))
    assert tables.read_table(path).rows[1][1] == ["20260001", "张三"]
