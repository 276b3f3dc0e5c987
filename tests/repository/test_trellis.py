"""The trellis page of hmm: its data and, in headless Chromium without a network, what it draws."""

import json
import re
import subprocess
import sys

import numpy as np
import pytest

from course.homeworks import ROOT
from course.solved import load_solved
from tests.repository.browser import keep, tab

pytestmark = pytest.mark.xdist_group("trellis")
TEXT = "他们研究生命的起源。"


def script(folder, name, *flags):
    """Run a script of hmm in a folder; returns the finished process."""
    return subprocess.run(
        [sys.executable, str(ROOT / "hmm" / f"{name}.py"), *map(str, flags)],
        cwd=folder,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """A folder with shop.html, words.html (a segmented sentence) and models of order 1 and 2 in one/ and two/."""
    folder = tmp_path_factory.mktemp("trellis")
    for name, *flags in (
        ("prepare", "--out_dir", "data"),
        ("train", "--data_root", "data", "--ckpt_path", "one"),
        ("train", "--data_root", "data", "--ckpt_path", "two", "--order", 2),
        ("trellis", "--out", "shop.html"),
        ("trellis", TEXT, "--ckpt_path", "one", "--out", "words.html"),
    ):
        process = script(folder, name, *flags)
        assert process.returncode == 0, process.stderr
    return folder


def data_of(path):
    """The data embedded in a page."""
    return json.loads(re.search(r"const DATA = (.*);\n", path.read_text(encoding="utf-8"))[1])


def test_page_has_the_models_numbers_and_loads_nothing(pages):
    hmm = load_solved("hmm")
    with hmm.active():
        segmenter = hmm.module("sample").load_model(pages / "one")
        obs = segmenter.alphabet.symbols(TEXT)
        path, log_prob = hmm.module("model").viterbi(*segmenter.hmm.parameters(), obs)
        gamma = segmenter.hmm.predict_proba(obs)
    data = data_of(pages / "words.html")
    delta = np.array(data["delta"], float)  # null: no path
    np.testing.assert_allclose(data["gamma"], gamma, atol=1e-5)
    assert abs(np.nanmax(delta[-1]) - log_prob) < 1e-5 and np.nanargmax(delta[-1]) == path[-1]
    assert data_of(pages / "shop.html")["phi"][1:] == [[0, 0], [0, 0]]
    text = (pages / "words.html").read_text(encoding="utf-8")
    assert not re.search(r"<(script|link|img)[^>]*\b(src|href)=|https?://(?!www\.w3\.org)", text)


@pytest.mark.parametrize(
    "flags, words",
    [
        (["", "--ckpt_path", "one"], "1 to 60 characters"),
        (["字" * 61, "--ckpt_path", "one"], "this one has 61"),
        (["两 词", "--ckpt_path", "one"], "with spaces"),
        (["字", "--ckpt_path", "two"], "order 2"),
        (["字", "--ckpt_path", "nowhere"], "hmm/train.py"),
    ],
)
def test_text_that_cannot_be_shown_is_a_user_error(pages, flags, words):
    process = script(pages, "trellis", *flags, "--out", "bad.html")
    assert (
        process.returncode == 2
        and words in process.stderr
        and len(process.stderr.splitlines()) == 1
    )
    assert not (pages / "bad.html").exists()


def highlighted(page, kind):
    """States of the nodes with this CSS class, in order of time."""
    return page.evaluate(
        "kind => [...document.querySelectorAll(`.node.${kind}`)].map(node => +node.dataset.i)", kind
    )


def trace_back(data, t, i):
    """The best path that ends in state i at time t, traced back through phi."""
    path = [i]
    for step in range(t, 0, -1):
        path.insert(0, data["phi"][step][path[0]])
    return path


@pytest.mark.browser
@pytest.mark.parametrize("width, scheme", [(1280, "light"), (390, "dark")])
@pytest.mark.parametrize("name", ["shop", "words"])
def test_trellis_draws_paths_and_probabilities(browser, pages, name, width, scheme):
    data = data_of(pages / f"{name}.html")
    delta = np.array([[-np.inf if x is None else x for x in row] for row in data["delta"]])
    T, N = delta.shape
    with tab(browser, width=width, scheme=scheme) as page:
        page.goto((pages / f"{name}.html").as_uri())
        assert (
            page.locator(".node").count() == T * N
            and page.locator("line").count() == np.isfinite(delta[1:]).sum()
        )
        assert page.locator("body").evaluate("body => body.scrollWidth") <= width
        assert highlighted(page, "best") == trace_back(data, T - 1, delta[-1].argmax())
        shares = page.evaluate(
            "() => [...document.querySelectorAll('.node .shade')].map(node => +node.getAttribute('fill-opacity'))"
        )
        np.testing.assert_allclose(
            np.reshape(shares, (T, N)), np.exp(delta - delta.max(1, keepdims=True)), atol=1e-4
        )
        page.locator("#shade").select_option("gamma")
        shares = page.evaluate(
            "() => [...document.querySelectorAll('.node .shade')].map(node => +node.getAttribute('fill-opacity'))"
        )
        np.testing.assert_allclose(np.reshape(shares, (T, N)), data["gamma"], atol=1e-4)
        keep(page, f"trellis-{name}-{width}-{scheme}")
        for t in range(T):  # the best path of the first t + 1 symbols
            page.locator("#time").fill(str(t + 1))
            assert highlighted(page, "best") == trace_back(data, t, delta[t].argmax())
        page.locator("#time").fill("2")
        other_state = (
            int(delta[1].argmin())
            if np.isfinite(delta[1]).all()
            else int(np.flatnonzero(np.isfinite(delta[1]))[0])
        )
        page.locator(f".node[data-t='1'][data-i='{other_state}']").hover()
        assert highlighted(page, "into") == trace_back(data, 1, other_state) and not highlighted(
            page, "best"
        )
        assert f"{delta[1, other_state]:.3f}" in page.locator("#told").inner_text()
