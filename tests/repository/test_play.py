"""The interactive pages: self-contained, bilingual and, in headless Chromium, numerically right at several settings."""

import itertools
import re

import numpy as np
import pytest

from course.homeworks import HOMEWORKS, ROOT
from tests.repository.browser import keep, tab

PAGES = sorted(path for homework in HOMEWORKS for path in (ROOT / homework).glob("play/*.html"))
SHARED = re.compile(r"(?:/\*|//) (shared by all pages to play with): begin(.*?)\1: end", re.S)
by_page = pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
pytestmark = pytest.mark.xdist_group("play")


@by_page
def test_page_is_one_small_file_linked_by_both_sheets(path):
    text = path.read_text(encoding="utf-8")
    assert len(text.encode()) < 60_000 and "default-src 'none'" in text
    assert not re.search(
        r"<(script|link|img|iframe)[^>]*\b(src|href)=|@import|fetch\(|XMLHttp", text
    )
    for name in ("README.md", "README.zh-CN.md"):
        sheet = (path.parents[1] / name).read_text(encoding="utf-8")
        assert f"](play/{path.name})" in sheet, f"{name} has no link to it"


@by_page
def test_page_has_every_text_in_both_languages(path):
    text = path.read_text(encoding="utf-8")
    for pair in (('lang="en"', 'lang="zh"'), ("data-en=", "data-zh=")):
        english, chinese = (
            text.split("<body>")[1].split("<script>")[0].count(part) for part in pair
        )
        assert english == chinese > 0
    script = text.split("<script>")[1]
    assert len(re.findall(r"\ben: ", script)) == len(re.findall(r"\bzh: ", script))


def test_shared_parts_of_all_pages_are_equal():
    assert len({tuple(SHARED.findall(path.read_text(encoding="utf-8"))) for path in PAGES}) == 1


def shown(page):
    """The numbers that a page currently shows, from its variable `shown`."""
    return page.evaluate("window.shown")


def slide(page, **values):
    """Set sliders, check boxes and lists, {id: value}."""
    for name, value in values.items():
        page.evaluate(
            """([id, value]) => {
              const control = document.getElementById(id);
              if (control.type === "checkbox") control.checked = value; else control.value = value;
              control.dispatchEvent(new Event("input", { bubbles: true }));
            }""",
            [name, value],
        )


@pytest.mark.browser
@by_page
def test_page_fits_the_window_and_changes_its_language(browser, path):
    for width, scheme, language in ((1280, "light", "en"), (390, "dark", "zh")):
        with tab(browser, allowed=("file:",), width=width, scheme=scheme) as page:
            page.goto(f"{path.as_uri()}?lang={language}")
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert page.evaluate("document.documentElement.lang").startswith(language)
            visible = page.locator("h1").inner_text()
            assert visible == page.title()
            assert bool(re.search(r"[\u4e00-\u9fff]", visible)) == (language == "zh")
            keep(page, f"play-{path.stem}-{width}-{scheme}")
            page.locator("#language").focus()
            page.keyboard.press("Enter")
            assert page.locator("h1").inner_text() != visible
            focusable = page.locator("input, select, button, [tabindex='0']").count()
            assert focusable > 4


def gradient_lengths(W, U, x, activation):
    """|dL/dh_t| for t = 1 .. T, by backpropagation; L = g·h_T with g = (1, ..., 1)/√H."""
    slope = {
        "none": lambda h: np.ones_like(h),
        "sigmoid": lambda h: h * (1 - h),
        "tanh": lambda h: 1 - h**2,
        "relu": lambda h: (h > 0).astype(float),
    }[activation]
    value = {
        "none": lambda a: a,
        "sigmoid": lambda a: 1 / (1 + np.exp(-a)),
        "tanh": np.tanh,
        "relu": lambda a: np.maximum(a, 0),
    }[activation]
    states, h = [], np.zeros(len(W))
    for row in x:
        h = value(W @ h + U @ row)
        states.append(h)
    d, lengths = np.ones(len(W)) / np.sqrt(len(W)), []
    for h in reversed(states):
        lengths.insert(0, np.linalg.norm(d))
        d = W.T @ (slope(h) * d)
    return np.array(lengths)


@pytest.mark.browser
def test_gradient_flow_page_agrees_with_backpropagation(browser):
    with tab(browser, allowed=("file:",)) as page:
        page.goto((ROOT / "hw_bptt" / "play" / "gradient_flow.html").as_uri() + "?lang=en")
        for radius, T in ((0.9, 40), (1.1, 100), (1, 2)):  # closed form: radius^(T - t)
            slide(page, activation="none", radius=radius, steps=T)
            np.testing.assert_allclose(
                shown(page)["values"], radius ** np.arange(T - 1.0, -1, -1), rtol=1e-9
            )
            assert page.locator("#chart .bar").count() == T
        for activation, radius, size in (("tanh", 1.5, 1), ("sigmoid", 3, 2), ("relu", 2, 0.5)):
            slide(page, activation=activation, radius=radius, steps=30, size=size)
            net = shown(page)
            W, U, x = (np.array(net[name]) for name in "WUx")
            np.testing.assert_allclose(
                net["values"], gradient_lengths(W, U, x, activation), rtol=1e-9
            )
            np.testing.assert_allclose(np.linalg.norm(W, axis=1), radius, rtol=1e-9)
        slide(page, activation="none", radius=2)
        assert "explodes" in page.locator("#said").inner_text()
        page.locator("#chart .bar").nth(3).focus()
        assert "t = 4" in page.locator("#said").inner_text()


def softmax(scores):
    powers = np.exp(scores - np.max(scores, -1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


@pytest.mark.browser
def test_softmax_page_shows_the_right_weights(browser):
    with tab(browser, allowed=("file:",)) as page:
        page.goto((ROOT / "hw_attention" / "play" / "softmax.html").as_uri() + "?lang=en")
        for exponent in (-2, 0, 1):
            slide(page, tau=exponent)
            now = shown(page)
            assert now["temperature"] == pytest.approx(10**exponent)
            np.testing.assert_allclose(
                now["weights"], softmax(np.array(now["scores"]) / 10**exponent), atol=1e-12
            )
        before = shown(page)["weights"]
        page.locator("#shift").click()
        np.testing.assert_allclose(shown(page)["weights"], before)
        slide(page, keys=64)
        deviations = {}
        for exponent, scaled in itertools.product((4, 10), (False, True)):
            slide(page, width=exponent, scaled=scaled)
            drawn = shown(page)["drawn"]
            assert drawn["d"] == 2**exponent
            np.testing.assert_allclose(drawn["weights"], softmax(np.array(drawn["scores"])))
            deviations[exponent, scaled] = drawn["deviation"]
        for exponent in (4, 10):  # dividing by √d divides every score by it
            ratio = deviations[exponent, False] / deviations[exponent, True]
            assert ratio == pytest.approx(2 ** (exponent / 2))
        assert deviations[10, True] == pytest.approx(1, abs=0.3)


@pytest.mark.browser
def test_tied_qk_page_shows_the_right_weights(browser):
    with tab(browser, allowed=("file:",)) as page:
        page.goto((ROOT / "hw_attention" / "play" / "tied_qk.html").as_uri() + "?lang=en")
        slide(page, tokens=64)
        for exponent, tied in itertools.product((4, 8, 10), (False, True)):
            slide(page, width=exponent, tied=tied)
            now, n = shown(page), 2**exponent
            assert (now["n"], now["L"], now["tied"]) == (n, 64, tied)
            weights = softmax(np.array(now["scores"]))
            np.testing.assert_allclose(now["weights"], weights, atol=1e-12)
            assert now["diagonal"] == pytest.approx(np.diag(weights).mean())
            mean, deviation = now["own"]  # 64 draws: within 5 standard errors
            expected = (np.sqrt(n), np.sqrt(2)) if tied else (0, 1)
            assert mean == pytest.approx(expected[0], abs=5 * expected[1] / 8)
            assert deviation == pytest.approx(expected[1], rel=0.5)
            assert now["others"][1] == pytest.approx(1, abs=0.15)
        assert now["diagonal"] > 0.999


@pytest.mark.browser
def test_trellis_page_agrees_with_the_recursions(browser):
    with tab(browser, allowed=("file:",)) as page:
        page.goto((ROOT / "hmm" / "play" / "trellis.html").as_uri() + "?lang=en")
        for settings in ({}, dict(days=10, pi=0.25, stay0=0.9), dict(days=1), dict(days=7, b10=1)):
            slide(page, **settings)
            now = shown(page)
            pi, A, B = (np.array(now[name]) for name in ("pi", "A", "B"))
            obs, T = now["obs"], len(now["obs"])
            alpha, delta, beta = [pi * B[:, obs[0]]], [pi * B[:, obs[0]]], [np.ones(2)]
            for symbol in obs[1:]:
                alpha.append(alpha[-1] @ A * B[:, symbol])
                ways = delta[-1][:, None] * A
                delta.append(ways.max(0) * B[:, symbol])
            for symbol in reversed(obs[1:]):
                beta.insert(0, A @ (B[:, symbol] * beta[0]))
            total = alpha[-1].sum()
            np.testing.assert_allclose(now["alpha"], alpha, rtol=1e-9)
            np.testing.assert_allclose(now["beta"], beta, rtol=1e-9)
            np.testing.assert_allclose(now["delta"], delta, rtol=1e-9)
            np.testing.assert_allclose(
                now["gamma"], np.multiply(alpha, beta) / total, rtol=1e-9, atol=1e-15
            )
            path = [int(np.argmax(delta[-1]))]
            for t in range(T - 1, 0, -1):
                path.insert(0, int(np.argmax(delta[t - 1] * A[:, path[0]])))
            assert best_path(page) == path
        slide(page, days=5)
        page.locator("[data-kind='gamma']").click()
        page.locator("[data-key='2-1']").focus()
        assert "γ (t = 3" in page.locator("#said").inner_text()
        page.locator("[data-key='o2']").focus()
        page.keyboard.press("Enter")
        assert shown(page)["obs"][2] == 2


def best_path(page):
    """States of the highlighted best path, in order of time."""
    return page.evaluate(
        "[...document.querySelectorAll('.node.best')]"
        ".map(node => node.dataset.key.split('-').map(Number)).sort((a, b) => a[0] - b[0]).map(p => p[1])"
    )
