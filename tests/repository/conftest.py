"""Fixtures of the repository's own tests."""

import importlib
import os

import pytest

from tests.repository import children
from tests.repository.browser import CHROMIUM, FLAGS, INSTALL

os.environ["LC_ALL"] = (
    "C.UTF-8"  # messages of scripts in English, whatever the developer's system speaks
)
EXTRAS_REQUIRED = "COURSE_EXTRAS"  # set by .ci/run where everything is installed: nothing may be skipped for want of it


def pytest_collection_modifyitems(items):
    """A test that opens a browser, or asks for a package by `needed`, needs more than requirements.txt."""
    for item in items:
        opens_browser = "browser" in getattr(item, "fixturenames", ())
        function = getattr(item, "function", None)
        asks = function is not None and "needed" in function.__code__.co_names
        if item.get_closest_marker("browser") or opens_browser or asks:
            item.add_marker("extras")


def missing(message):
    """Skip the test because something is not installed; where all of it must be, fail."""
    if os.environ.get(EXTRAS_REQUIRED):
        pytest.fail(message, pytrace=False)
    pytest.skip(message)


def needed(package):
    """The imported package; without it the test is skipped with the line that installs it."""
    try:
        return importlib.import_module(package)
    except ModuleNotFoundError:
        missing(f"needs {package}: python -m pip install {package.replace('_', '-')}")


@pytest.fixture
def usual_signals():
    """For tests that send SIGINT or SIGHUP: they reach this process and those it starts, also under nohup."""
    with children.usual_signals():
        yield


@pytest.fixture(scope="module")
def browser():
    """Chromium; without one the test is skipped with the line that installs it."""
    try:
        from playwright import sync_api
    except ImportError:
        sync_api = None
    if not (CHROMIUM and sync_api):
        missing(f"needs a browser: {INSTALL}")
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()
