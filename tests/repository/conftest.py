"""Fixtures of the repository's own tests."""

import os
import sys

import pytest

from tests.repository.browser import CHROMIUM, FLAGS, INSTALL


@pytest.fixture(scope="module")
def browser():
    """Chromium; without one the test is skipped with the line to install it, and fails where CI runs on Linux."""
    try:
        from playwright import sync_api
    except ImportError:
        sync_api = None
    if not (CHROMIUM and sync_api):
        if os.environ.get("CI") and sys.platform == "linux":
            pytest.fail(f"no browser; {INSTALL}")
        pytest.skip(f"needs a browser: {INSTALL}")
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()
