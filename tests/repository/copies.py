"""Student copies for tests, built in a fraction of the time (one set of cases, mistakes' answers only where they are asked for),
and links to put into folders."""

import contextlib

import pytest

from course import cases
from course.cases import FreshCases
from grading import release


@contextlib.contextmanager
def few_cases(mistakes=()):
    """Inside, stored cases hold one set of draws, and the answers of known mistakes for these homeworks only."""
    with pytest.MonkeyPatch.context() as patch:
        known_mistakes = FreshCases.known_mistakes
        patch.setattr(cases, "STORED_SETS", 1)
        patch.setattr(
            FreshCases,
            "known_mistakes",
            lambda self, check: known_mistakes(self, check) if check.homework in mistakes else [],
        )
        yield


def build(folder, *homeworks, mistakes=()):
    """A student copy of the homeworks in a new folder, which is returned."""
    folder.mkdir(parents=True)
    with few_cases(mistakes):
        release.build(folder, release.Plan(homeworks))
    return folder


def link(path, target):
    """Make path a symbolic link to target. Skips the test where the user may not: Windows needs a privilege for it."""
    try:
        path.symlink_to(target)
    except OSError as error:
        pytest.skip(f"no symbolic links here: {error}")
