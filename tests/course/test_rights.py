"""Right answers that are written in another way earn full points, whatever is drawn."""
import pytest

from grading import markers
from tests import check, mistakes
from tests.course import rights
from tests.student import HOMEWORKS, ROOT, InProcess

RIGHTS = [pytest.param(one, id=one.id) for homework in HOMEWORKS for one in rights.load(homework)]


def earned(right, cases):
    """{check name: message} of the checks of its blank that a right version fails."""
    door = InProcess(sources=mistakes.sources(right))
    outcomes = [check.run(one, door, cases) for one in check.load_checks(right.homework) if one.id == right.blank]
    return {outcome.check.name: outcome.message.en for outcome in outcomes if outcome.status != "done"}


@pytest.mark.parametrize("right", RIGHTS)
def test_a_right_version_passes(right):
    cases = check.FreshCases()
    assert not earned(right, cases), f"seed {cases.seed}"


@pytest.mark.deep
@pytest.mark.parametrize("right", RIGHTS)
def test_a_right_version_passes_with_20_seeds(right):
    for seed in range(20):
        assert not earned(right, check.FreshCases(seed)), f"seed {seed}"


@pytest.mark.parametrize("homework", HOMEWORKS)
def test_every_blank_has_two_other_versions(homework):
    versions = [one.blank for one in rights.load(homework)]
    assert not [id for id in markers.blanks(ROOT / homework) if versions.count(id) < 2]
