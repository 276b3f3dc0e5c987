"""Student copies for tests, built quickly with a single set of stored cases; symbolic links."""

import contextlib

import pytest

from course import cases
from course.cases import FreshCases
from grading import release


@contextlib.contextmanager
def few_cases(mistakes=()):
    """A context in which one set of cases is stored, with answers of known mistakes only for the homeworks `mistakes`."""
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
    """Build a student copy of these homeworks in a new folder; returns the folder.

    mistakes: homeworks for which answers of known mistakes are stored too.
    """
    folder.mkdir(parents=True)
    with few_cases(mistakes):
        release.build(folder, release.Plan(homeworks))
    return folder


def link(path, target):
    """Make path a symbolic link to target. Skips the test if that is not permitted: Windows requires a privilege."""
    try:
        path.symlink_to(target)
    except OSError as error:
        pytest.skip(f"no symbolic links here: {error}")
