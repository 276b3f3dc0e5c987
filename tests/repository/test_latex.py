"""The formulas of all sheets: GitHub's Markdown does not alter them, and MathJax typesets them without errors."""

import importlib.util
import json
import re
from pathlib import Path

import pytest

from course.homeworks import ROOT
from tests.repository.browser import keep, tab

CODE = re.compile(r"^( *)```.*?^\1```|`[^`\n]*`", re.M | re.S)
MATH = re.compile(r"\$\$(.+?)\$\$|\$([^$\n]+)\$", re.S)
SHEETS = sorted(
    path
    for path in ROOT.glob("*/*.md")
    if "$" in path.read_text(encoding="utf-8") and path.parent.name != "dist"
)


def text_of(path):
    """A sheet's text with code replaced by spaces."""
    return CODE.sub(lambda match: re.sub(r"\S", " ", match[0]), path.read_text(encoding="utf-8"))


def name(path):
    """A path relative to the repository's root, as text."""
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", SHEETS, ids=name)
def test_markdown_does_not_alter_the_formulas(path):
    """Formulas avoid what GitHub breaks: a dollar after a word or a Chinese mark, escaped punctuation, bare < and >."""
    text = text_of(path)
    assert "$" not in MATH.sub("", text), "a dollar sign without its counterpart"
    for match in MATH.finditer(text):
        formula, before, after = (
            match[1] or match[2],
            text[: match.start()][-1:],
            text[match.end() :][:1],
        )
        where = f"line {text.count(chr(10), 0, match.start()) + 1}: {match[0]}"
        assert not re.search(r"\\[^A-Za-z\s]", formula), (
            f"{where}: Markdown eats the backslash before punctuation"
        )
        assert "\\operatorname" not in formula and "%" not in formula, (
            f"{where}: GitHub does not support it"
        )
        assert not re.search(r"\S[<>]|[<>]\S", formula), (
            f"{where}: write \\lt and \\gt, or put spaces around"
        )
        if match[1]:
            assert before in "\n" and after in "\n" and match[0][2] == "\n", (
                f"{where}: $$ stands on lines of its own"
            )
            assert text[: match.start()].endswith("\n\n") and text[match.end() :].startswith(
                "\n\n"
            ), f"{where}: no empty line around"
        else:
            assert before in "\n (" and not re.match(r"[A-Za-z0-9$]", after), (
                f"{where}: a space before it, no letter behind it"
            )
            assert formula == formula.strip(), f"{where}: no space inside the dollars"
            line = text[text.rfind("\n", 0, match.start()) + 1 : match.end()]
            assert (
                line.count("[") == line.count("]")
                or "](" not in text[match.end() : match.end() + 40]
            ), f"{where}: inside a link"


def test_sheets_have_the_same_formulas_in_both_languages():
    for path in SHEETS:
        if path.name == "README.md":
            both = [
                sorted(
                    re.sub(r"\\text\{[^}]*\}|\s", "", match[0])
                    for match in MATH.finditer(text_of(sheet))
                )
                for sheet in (path, path.with_name("README.zh-CN.md"))
            ]
            assert both[0] == both[1], set(both[0]) ^ set(both[1])


BROKEN = (
    r"\frac{a}{",
    r"\nosuchmacro",
    r"\begin{cases} a",
    r"a_b_c",
)  # MathJax must report an error for each of these
HOST = "http://formulas.test/"
SCRIPT = """
MathJax.Hub.Config({skipStartupTypeset: true, showMathMenu: false, messageStyle: "none", jax: ["input/TeX", "output/HTML-CSS"],
                    extensions: ["TeX/AMSmath.js", "TeX/AMSsymbols.js"], "HTML-CSS": {availableFonts: [], webFont: "STIX-Web"}});
"""


def test_mathjax_typesets_every_formula_without_an_error(browser):
    """MathJax, taken from nbclassic, in headless Chromium: every formula has a width and none an error."""
    package = importlib.util.find_spec("nbclassic")
    if not package:
        pytest.skip("needs MathJax: pip install nbclassic")
    engine = Path(package.origin).parent / "static" / "components" / "MathJax"
    formulas = [("", formula, False) for formula in BROKEN]
    formulas += [
        (name(path), match[1] or match[2], bool(match[1]))
        for path in SHEETS
        for match in MATH.finditer(text_of(path))
    ]
    scripts = "".join(
        f'<p><script type="math/tex{"; mode=display" * display}">{formula}</script></p>'
        for _, formula, display in formulas
    )
    text = (
        '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">'
        f'<script type="text/x-mathjax-config">{SCRIPT}</script><script src="MathJax.js"></script><body>{scripts}</body>'
    )

    def answer(route):  # fonts are not loaded from file: addresses
        path = engine / route.request.url.removeprefix(HOST).partition("?")[0]
        route.fulfill(body=text, content_type="text/html") if path == engine else route.fulfill(
            path=path
        )

    with tab(browser) as page:
        page.route(f"{HOST}**", answer)
        page.goto(HOST)
        page.wait_for_function("window.MathJax && MathJax.isReady")
        sizes = json.loads(
            page.evaluate("""() => new Promise(done => MathJax.Hub.Queue(["Typeset", MathJax.Hub], () => done(
            JSON.stringify(MathJax.Hub.getAllJax().map(jax => {
                const shown = document.getElementById(jax.inputID + "-Frame");
                const wrong = shown.className.includes("Error") || shown.querySelector(".merror, .noError") !== null;
                return [shown.getBoundingClientRect().width, wrong ? shown.textContent : ""];
            })))))""")
        )
        keep(page, "formulas")
        page.wrong[:] = [
            line
            for line in page.wrong
            if "about:blank" not in line and "net::ERR_FAILED" not in line
        ]  # messages of MathJax's own font detection
    assert len(sizes) == len(formulas) > 800 + len(BROKEN)
    for formula, (_, wrong) in zip(BROKEN, sizes):
        assert wrong, f"{formula} should be an error"
    for (where, formula, _), (width, wrong) in list(zip(formulas, sizes))[len(BROKEN) :]:
        assert not wrong and width > 0, f"{where}: {formula}: {wrong}"
