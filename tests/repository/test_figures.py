"""The sheets' figures: drawn by docs/figures, small, well-formed, without words, shown with a caption in both sheets."""

import json
import re
import subprocess
import sys
from xml.etree import ElementTree

import pytest

from course.homeworks import HOMEWORKS, ROOT

FIGURES = sorted(path for homework in HOMEWORKS for path in (ROOT / homework).glob("figures/*.svg"))
CURVES = sorted(path for homework in HOMEWORKS for path in (ROOT / homework).glob("figures/*.png"))
NAMES = {  # words allowed in figures: names of functions, layers and operations
    *("tanh", "softmax", "score", "max", "dropout", "attn", "mlp", "ln"),
    *("ReLU", "GRU"),
}
IMAGE = re.compile(r"^!\[([^\]]*)\]\(figures/([\w.]+)\)\n\n(.+)", re.M)
by_name = pytest.mark.parametrize("path", FIGURES, ids=lambda path: f"{path.parts[-3]}-{path.stem}")


def text_of(path):
    """The visible text of a figure, one string per text element."""
    tree = ElementTree.parse(path)
    return [" ".join(e.itertext()) for e in tree.iter("{http://www.w3.org/2000/svg}text")]


def test_every_homework_has_figures():
    assert {path.parts[-3] for path in FIGURES} == set(HOMEWORKS)


@by_name
def test_figure_is_small_and_self_contained(path):
    text = path.read_text(encoding="utf-8")
    root = ElementTree.fromstring(text)
    assert len(text.encode()) < 40_000
    assert "prefers-color-scheme:dark" in text and not re.search(r"href|@import|url\((?!#)", text)
    width, height = (float(root.get(side)) for side in ("width", "height"))
    assert root.get("viewBox") == f"0 0 {width:g} {height:g}" and width <= 1000


@by_name
def test_figure_has_symbols_and_no_words_of_a_language(path):
    for text in text_of(path):
        assert not re.search(r"[\u3000-\u9fff]", text), text
        words = set(re.findall(r"[A-Za-z]{3,}", text)) - NAMES
        assert not words, f"{text!r}: {words} may be an English word"


@pytest.mark.parametrize("path", FIGURES + CURVES, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_both_sheets_show_a_figure_with_alt_text_and_caption(path):
    for name, chinese in (("README.md", False), ("README.zh-CN.md", True)):
        sheet = (path.parents[1] / name).read_text(encoding="utf-8")
        shown = {file: (alt, caption) for alt, file, caption in IMAGE.findall(sheet)}
        assert path.name in shown, f"{name} does not show {path.name} with a caption under it"
        for text in shown[path.name]:
            assert len(text) >= 20 and bool(re.search(r"[\u4e00-\u9fff]", text)) == chinese, text


def test_curve_is_small_and_drawn_by_existing_commands():
    """docs/figures/curves.py draws each of the PNG files, with scripts and flags that exist."""
    sys.path.insert(0, str(ROOT / "docs" / "figures"))
    try:
        import curves
    finally:
        sys.path.remove(str(ROOT / "docs" / "figures"))
    pictures = {picture.target: picture for picture in curves.PICTURES.values()}
    assert set(CURVES) <= set(pictures)
    for path in CURVES:
        assert path.stat().st_size < 120_000
    for picture in pictures.values():
        for command in picture.commands:
            script, *flags = command.split()
            folder = ROOT / picture.homework
            assert (folder / script).is_file()
            code = "".join(file.read_text(encoding="utf-8") for file in folder.glob("*.py"))
            for flag in (flag for flag in flags if flag.startswith("--")):
                assert f'"{flag}"' in code, f"{script} has no {flag}"


def test_figure_files_equal_what_the_scripts_draw(tmp_path):
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); import draw, json;"
        "print(json.dumps({f'{h}/{n}': t for h in draw.HOMEWORKS for n, t in draw.figures(h).items()}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(ROOT / "docs" / "figures")],
        capture_output=True,
        check=True,
        encoding="utf-8",
        cwd=tmp_path,
    )
    drawn = json.loads(done.stdout)
    files = {f"{p.parts[-3]}/{p.name}": p.read_text(encoding="utf-8") for p in FIGURES}
    assert drawn == files, "run: python docs/figures/draw.py"
