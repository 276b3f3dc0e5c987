"""Right answers that are written in another way earn full points, whatever is drawn."""

import ast
import textwrap

import pytest

from course import markers, mistakes, verdict
from course.cases import FreshCases
from course.checks import load_checks
from course.homeworks import HOMEWORKS, ROOT
from course.runner import InProcessRunner
from tests import accepted

RIGHTS = [
    pytest.param(version, id=version.id)
    for homework in HOMEWORKS
    for version in accepted.load(homework)
]


def earned(right, cases):
    """{check name: message} of the checks of its blank that a right version fails."""
    runner = InProcessRunner(sources=mistakes.sources(right))
    outcomes = [
        verdict.run(version, runner, cases)
        for version in load_checks(right.homework)
        if version.id == right.blank
    ]
    return {
        outcome.check.name: outcome.message.en for outcome in outcomes if outcome.status != "done"
    }


@pytest.mark.parametrize("right", RIGHTS)
def test_a_right_version_passes(right):
    cases = FreshCases()
    assert not earned(right, cases), f"seed {cases.seed}"


@pytest.mark.deep
@pytest.mark.parametrize("right", RIGHTS)
def test_a_right_version_passes_with_20_seeds(right):
    for seed in range(20):
        assert not earned(right, FreshCases(seed)), f"seed {seed}"


def code(body):
    """What a function's body does, whatever its local names are."""
    tree = ast.parse("def f():\n" + textwrap.indent(textwrap.dedent(body), "    "))
    names = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.setdefault(node.id, f"local {len(names)}")
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            node.id = names.get(node.id, node.id)
    return ast.dump(tree)


@pytest.mark.parametrize("homework", HOMEWORKS)
def test_every_blank_has_two_other_versions(homework):
    """They differ from the solution and from each other by more than the names of local variables."""
    versions = {
        (version.blank, code(mistakes.function_body(version.function)))
        for version in accepted.load(homework)
    }
    for id, region in markers.blanks(ROOT / homework).items():
        lines = region.path.read_text(encoding="utf-8").splitlines()[region.begin : region.end - 1]
        others = {body for blank, body in versions if blank == id} - {code("\n".join(lines))}
        assert len(others) >= 2, f"{id}: {len(others)}"


def test_renamed_variables_are_not_another_version():
    assert code("for i in x:\n    y = i\nreturn y") == code(
        "for row in x:\n    last = row\nreturn last"
    )
    assert code("return x + 1") != code("return 1 + x")
