"""Fixtures of the tests of this repository, and skipping tests for which a package is missing."""

import gc
import importlib
import io
import os
import sys

import pytest

from tests.repository import children
from tests.repository.browser import CHROMIUM, FLAGS, INSTALL

os.environ["LC_ALL"] = (
    "C.UTF-8"  # messages of scripts in English, whatever the developer's system speaks
)
if isinstance(sys.__stdout__, io.TextIOWrapper):
    # messages in Chinese too, where standard output is a cp1252 pipe: course.messages.printable asks for its encoding
    sys.__stdout__.reconfigure(encoding="utf-8")
EXTRAS_REQUIRED = "COURSE_EXTRAS"  # set by .ci/run where everything is installed: nothing may be skipped for want of it


def pytest_collection_modifyitems(items):
    """Mark tests that open a browser or import a package with `needed` as `extras`: they need developer packages."""
    for item in items:
        opens_browser = "browser" in getattr(item, "fixturenames", ())
        function = getattr(item, "function", None)
        imports_extra = function is not None and "needed" in function.__code__.co_names
        if item.get_closest_marker("browser") or opens_browser or imports_extra:
            item.add_marker("extras")


def pytest_collection_finish():
    """Exempt what exists by now (libraries, tests) from garbage collection: it stays, and takes an eighth of the time."""
    gc.freeze()


def missing(message):
    """Skip the test because something is not installed; fail it if COURSE_EXTRAS says that everything must be."""
    if os.environ.get(EXTRAS_REQUIRED):
        pytest.fail(message, pytrace=False)
    pytest.skip(message)


def needed(package):
    """Import and return a package; if it is not installed, skip the test with the command that installs it."""
    try:
        return importlib.import_module(package)
    except ModuleNotFoundError:
        missing(f"needs {package}: python -m pip install {package.replace('_', '-')}")


@pytest.fixture
def usual_signals():
    """Makes SIGINT and SIGHUP work in this process and in those it starts, also under nohup."""
    with children.usual_signals():
        yield


@pytest.fixture(scope="module")
def browser():
    """A running headless Chromium; without one the test is skipped with the command that installs it."""
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
