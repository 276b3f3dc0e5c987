"""Structure of the tree: which package may import which, no import cycles, no ambiguous module names."""

import collections
import sys
from pathlib import Path

import pytest

from course.homeworks import HOMEWORKS, ROOT
from tests.repository.import_graph import imported, modules

PACKAGES = ("course", "grading", "tests")
ALLOWED = {"course": {"course"}, "grading": {"grading", "course"}, "tests": set(PACKAGES)}
PLUGIN_LOADERS = {"course/plugins.py", "course/runner/loader.py", "course/runner/calls.py"}


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_import_only_what_the_architecture_allows(package):
    for path in modules(package):
        for name in imported(path):
            top = name.split(".")[0]
            assert top not in PACKAGES or top in ALLOWED[package], f"{path} imports {name}"
            assert top not in HOMEWORKS or top == package, f"{path} imports {name}"


@pytest.mark.parametrize("homework", HOMEWORKS)
def test_homework_folder_imports_nothing_outside_itself(homework):
    other_packages = {*PACKAGES, *HOMEWORKS, "data", "templates"}
    for path in modules(homework):
        assert not other_packages & {name.split(".")[0] for name in imported(path)}, path


def test_only_the_listed_modules_of_course_use_importlib():
    for path in modules("course"):
        names = set(imported(path)) - {"importlib.metadata"}  # reads versions, loads no code
        loads = any(name.split(".")[0] == "importlib" for name in names)
        assert not loads or path.relative_to(ROOT).as_posix() in PLUGIN_LOADERS, path


def test_course_and_grading_have_no_import_cycle():
    graph = {}
    for package in ("course", "grading"):
        for path in modules(package):
            parts = path.relative_to(ROOT).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            graph[name] = path
    edges = {
        name: {imported_name for imported_name in imported(path) if imported_name in graph}
        for name, path in graph.items()
    }
    parents = {name: name.rpartition(".")[0] for name in graph}
    for name in edges:  # a package's __init__ may import its own modules; that is not a cycle
        edges[name] -= {name, parents[name]}
    state = {}

    def visit(name, trail):
        assert state.get(name) != "open", " -> ".join([*trail, name])
        if name not in state:
            state[name] = "open"
            for imported_name in sorted(edges[name]):
                visit(imported_name, [*trail, name])
            state[name] = "done"

    for name in sorted(graph):
        visit(name, [])


def test_module_names_are_unique_and_not_in_the_standard_library():
    names = collections.defaultdict(list)
    for package in ("course", "grading"):
        for path in modules(package):
            if path.stem not in ("__init__", "__main__"):
                names[path.stem].append(path.relative_to(ROOT).as_posix())
    assert not set(names) & set(sys.stdlib_module_names)
    assert not {name: paths for name, paths in names.items() if len(paths) > 1}


def test_top_level_folders_are_the_documented_ones():
    top = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")}
    documented = {*PACKAGES, *HOMEWORKS, "data", "benchmarks", "docs", "templates"}
    assert top - {"dist", "workdirs", "__pycache__"} <= documented, Path(*sorted(top - documented))
