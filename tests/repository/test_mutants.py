"""Every small change (mutant) of a solved blank fails the blank's checks, unless it is equivalent to the solution."""

import functools
import random
import signal

import pytest

from course import markers
from course.cases import FreshCases
from course.homeworks import HOMEWORKS, ROOT
from tests.repository import table
from tests.repository.equivalents import EQUIVALENT
from tests.repository.mutants import CasesAlone, mutants, survives

QUICK = 12  # number of mutants per homework in a run without -m deep
pytestmark = [
    pytest.mark.xdist_group("mutants"),  # one process, which makes the mutants once (`mutants_of`)
    pytest.mark.skipif(
        not hasattr(signal, "setitimer"), reason="an endless mutant is stopped by a timer of POSIX"
    ),
]


@functools.cache
def mutants_of(homework, id):
    """All mutants of a blank."""
    return list(mutants(homework, id))


def equivalents(homework):
    """{(blank, change)} of a homework's mutants that are equivalent to the solution and may survive."""
    ids = markers.blanks(ROOT / homework)
    return {
        (id, change)
        for entries in EQUIVALENT.values()
        for id, changes in entries.items()
        if id in ids
        for change in changes
    }


@pytest.fixture(autouse=True)
def work_in_temporary_folder(tmp_path, monkeypatch):
    """Run in a temporary folder, since a mutant may write files."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("homework", HOMEWORKS)
def test_every_listed_equivalent_is_a_mutant(homework):
    listed = equivalents(homework)
    assert listed <= {
        (id, mutant.change)
        for id in {id for id, _ in listed}
        for mutant in mutants_of(homework, id)
    }


@pytest.mark.parametrize("homework", HOMEWORKS)
def test_random_mutants_are_caught(homework):
    cases = CasesAlone()
    rng = random.Random(cases.seed)
    blanks = [
        changed for id in markers.blanks(ROOT / homework) if (changed := mutants_of(homework, id))
    ]
    tried = [rng.choice(changed) for changed in rng.choices(blanks, k=QUICK)]
    survivors = {
        (mutant.blank, mutant.change) for mutant in tried if survives(mutant, cases)
    } - equivalents(homework)
    assert not survivors, f"seed {cases.seed}"


def test_table_row_of_a_blank_is_consistent():
    region = markers.find(ROOT / "gpt_songci", "gpt-a3.4")
    points, solution, empty, tried_mistakes, named, others, passed, tried, caught, equal, _ = (
        table.row("gpt_songci", region, FreshCases(), None, with_mutants=True)
    )
    assert (points, solution, empty) == (region.points, 1, 1)
    assert tried_mistakes == named > 0 and others == passed >= 2 and tried == caught + equal > 0


@pytest.mark.deep
@pytest.mark.parametrize("homework", HOMEWORKS)
def test_all_mutants_but_the_equivalents_are_caught(homework):
    cases = CasesAlone()
    survivors = {
        (mutant.blank, mutant.change)
        for id in markers.blanks(ROOT / homework)
        for mutant in mutants_of(homework, id)
        if survives(mutant, cases)
    }
    assert survivors == equivalents(homework), f"seed {cases.seed}"
