"""How `pytest -n N --dist loadgroup` spreads the repository's tests over its processes.

A test file with a mark xdist_group or a fixture of scope "module" runs in one process, so that each of its fixtures is
made once. pytest-xdist 3.8 alone ignores the mark under pytest 9.2: it writes the group into an attribute of the test
that this pytest no longer reads, and every fixture is made once in each process.

Tests that take minutes are handed out first, then groups, the largest first, then single tests, so that no process is
left alone with a long one at the end.
"""

import collections
import functools
import re
from pathlib import Path
from typing import Any

import pytest

GROUP = re.compile(r'xdist_group\("([^"]+)"\)')
LONGEST = ("test_grading_hostile.py", "test_ordinary_user.py")  # a minute or two for each test


@functools.cache
def group_of(path: Path) -> str | None:
    """The group of a test file: the name in its mark, its path if it has a fixture of scope "module", otherwise None."""
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    if mark := GROUP.search(text):
        return mark[1]
    return str(path) if 'scope="module"' in text else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In a process of pytest-xdist: the order in which tests are handed out."""
    if not hasattr(config, "workerinput"):
        return
    scopes = [group_of(item.path) or item.nodeid for item in items]
    sizes = collections.Counter(scopes)
    order = {item: -sizes[scope] for item, scope in zip(items, scopes)}
    items.sort(key=lambda item: (item.path.name not in LONGEST, order[item]))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """The scheduler of pytest-xdist, with the groups of `group_of`."""
    if config.getvalue("dist") != "loadgroup":
        return None
    from xdist.scheduler import LoadGroupScheduling

    config.option.loadscopereorder = False  # the order is that of pytest_collection_modifyitems

    class GroupsOfFiles(LoadGroupScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return group_of(config.rootpath / nodeid.partition("::")[0]) or nodeid

    return GroupsOfFiles(config, log)
