"""Every small change of a solved blank fails the blank's checks, unless it is as right as the solution."""

import random
import signal

import pytest

from course import markers
from course.cases import FreshCases
from course.homeworks import HOMEWORKS, ROOT
from tests.repository import table
from tests.repository.equivalents import EQUIVALENT
from tests.repository.mutants import CasesAlone, mutants, survives

QUICK = 12  # mutants of a homework that a quick run tries
pytestmark = pytest.mark.skipif(
    not hasattr(signal, "setitimer"), reason="an endless mutant is stopped by a timer of POSIX"
)


def excused(homework):
    """{(blank, change)} that may survive in a homework."""
    ids = markers.blanks(ROOT / homework)
    return {
        (id, change)
        for entries in EQUIVALENT.values()
        for id, changes in entries.items()
        if id in ids
        for change in changes
    }


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """What a mutant may write stays out of the tree."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("homework", HOMEWORKS)
def test_an_entry_is_a_mutant(homework):
    listed = excused(homework)
    assert listed <= {
        (id, mutant.change) for id in {id for id, _ in listed} for mutant in mutants(homework, id)
    }


@pytest.mark.parametrize("homework", HOMEWORKS)
def test_some_mutants_are_caught(homework):
    cases = CasesAlone()
    rng = random.Random(cases.seed)
    blanks = [
        changed
        for id in markers.blanks(ROOT / homework)
        if (changed := list(mutants(homework, id)))
    ]
    tried = [rng.choice(changed) for changed in rng.choices(blanks, k=QUICK)]
    left = {(mutant.blank, mutant.change) for mutant in tried if survives(mutant, cases)} - excused(
        homework
    )
    assert not left, f"seed {cases.seed}"


def test_the_table_has_its_line():
    region = markers.find(ROOT / "gpt_songci", "gpt-a3.4")
    points, solution, empty, tried_mistakes, named, others, passed, tried, caught, equal, _ = (
        table.row("gpt_songci", region, FreshCases(), None, with_mutants=True)
    )
    assert (points, solution, empty) == (region.points, 1, 1)
    assert tried_mistakes == named > 0 and others == passed >= 2 and tried == caught + equal > 0


@pytest.mark.deep
@pytest.mark.parametrize("homework", HOMEWORKS)
def test_all_mutants_are_caught(homework):
    cases = CasesAlone()
    left = {
        (mutant.blank, mutant.change)
        for id in markers.blanks(ROOT / homework)
        for mutant in mutants(homework, id)
        if survives(mutant, cases)
    }
    assert left == excused(homework), f"seed {cases.seed}"
