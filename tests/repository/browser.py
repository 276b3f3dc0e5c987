"""Tabs of a headless Chromium without a network, for tests that open pages."""

import contextlib
import os
import shutil
from pathlib import Path

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
INSTALL = "apt-get install chromium fonts-noto-cjk, pip install playwright"
SCREENSHOTS = Path(os.environ["SCREENSHOTS"]) if "SCREENSHOTS" in os.environ else None
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
]


@contextlib.contextmanager
def tab(browser, allowed=("file:", "data:", "about:", "blob:"), width=1280, scheme="light"):
    """A context with a new page on which only addresses that start with one of `allowed` are loaded.

    width: of the window, in pixels; scheme: "light" or "dark". At the end the test fails if a request was blocked, the
    page raised an error, logged one or opened a dialog; `page.wrong` lists these messages, and a test may remove some.
    """
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    context.set_default_timeout(240_000)  # a busy machine draws slowly
    page, wrong = context.new_page(), []

    def handle_request(route):
        if route.request.url.startswith(tuple(allowed)):
            route.continue_()
        else:
            wrong.append(f"request to {route.request.url}")
            route.abort()

    context.route("**/*", handle_request)
    page.on("pageerror", lambda error: wrong.append(f"page error: {error}"))
    page.on(
        "console", lambda message: wrong.append(message.text) if message.type == "error" else None
    )
    page.on("dialog", lambda dialog: (wrong.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    page.wrong = wrong
    yield page
    context.close()
    assert not wrong, wrong


def keep(page, name):
    """Save a screenshot as NAME.png in the folder of the environment variable SCREENSHOTS, if it is set."""
    if SCREENSHOTS:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)
