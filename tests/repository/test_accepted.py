"""Accepted variants, i.e. right answers written differently, earn full points whatever cases are drawn."""

import ast
import textwrap

import pytest

from course import markers, mistakes, verdict
from course.cases import FreshCases
from course.checks import load_checks
from course.homeworks import HOMEWORKS, ROOT
from course.runner import InProcessRunner
from tests import accepted

VARIANTS = [
    pytest.param(version, id=version.id)
    for homework in HOMEWORKS
    for version in accepted.load(homework)
]


def failed_checks(variant, cases):
    """{check name: message} of the checks of its blank that a variant fails; {} if it earns all points."""
    runner = InProcessRunner(sources=mistakes.sources(variant))
    outcomes = [
        verdict.run(check, runner, cases)
        for check in load_checks(variant.homework)
        if check.id == variant.blank
    ]
    return {
        outcome.check.name: outcome.message.en for outcome in outcomes if outcome.status != "done"
    }


@pytest.mark.parametrize("variant", VARIANTS)
def test_accepted_variant_passes_all_checks_of_its_blank(variant):
    cases = FreshCases()
    assert not failed_checks(variant, cases), f"seed {cases.seed}"


@pytest.mark.deep
@pytest.mark.parametrize("variant", VARIANTS)
def test_accepted_variant_passes_with_20_seeds(variant):
    for seed in range(20):
        assert not failed_checks(variant, FreshCases(seed)), f"seed {seed}"


def normalized(body):
    """A dump of a function body's syntax tree with its local names numbered, to compare bodies up to renaming."""
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
def test_every_blank_has_two_accepted_variants(homework):
    """The variants differ from the solution and from each other by more than the names of local variables."""
    versions = {
        (version.blank, normalized(mistakes.function_body(version.function)))
        for version in accepted.load(homework)
    }
    for id, region in markers.blanks(ROOT / homework).items():
        lines = region.path.read_text(encoding="utf-8").splitlines()[region.begin : region.end - 1]
        others = {body for blank, body in versions if blank == id} - {normalized("\n".join(lines))}
        assert len(others) >= 2, f"{id}: {len(others)}"


def test_bodies_that_differ_in_local_names_only_are_equal():
    assert normalized("for i in x:\n    y = i\nreturn y") == normalized(
        "for row in x:\n    last = row\nreturn last"
    )
    assert normalized("return x + 1") != normalized("return 1 + x")
