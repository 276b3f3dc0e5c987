"""Student copies for tests, built in a fraction of the time: one set of cases, mistakes' answers only where they are asked for."""

import contextlib

import pytest

from grading import release
from tests import check


@contextlib.contextmanager
def few_cases(mistakes=()):
    """Inside, stored cases hold one set of draws, and the answers of known mistakes for these homeworks only."""
    with pytest.MonkeyPatch.context() as patch:
        known = check.FreshCases._known
        patch.setattr(check, "STORED_SEEDS", 1)
        patch.setattr(
            check.FreshCases,
            "_known",
            lambda self, one: known(self, one) if one.homework in mistakes else [],
        )
        yield


def build(folder, *homeworks, mistakes=()):
    """A student copy of the homeworks in a new folder, which is returned."""
    folder.mkdir(parents=True)
    with few_cases(mistakes):
        release.build(folder, release.Plan(homeworks))
    return folder
