"""Chinese in pictures: a font that has it, on every system; where there is none, code points and one plain warning."""

import sys
import types
import warnings
from pathlib import Path

import pytest

from tests.student import HOMEWORKS, ROOT, load_solved

SYSTEMS = {
    "Linux": ("Noto Sans CJK SC", "WenQuanYi Zen Hei", "WenQuanYi Micro Hei"),
    "macOS": ("PingFang SC", "Hiragino Sans GB"),
    "Windows": ("Microsoft YaHei", "SimHei"),
}


@pytest.fixture
def plots():
    homework = load_solved("hmm")  # the copies are equal: test_docs.py
    module = homework.module("plots")
    family = module.plt.rcParams["font.family"]
    with homework.active():
        yield module
    module.plt.rcParams["font.family"] = family
    module.plt.rcParams["text.language"] = None


@pytest.fixture
def no_chinese(plots, monkeypatch):
    """A machine whose list of fonts has DejaVu Sans only, without other fonts on the system and without the wheel."""
    manager = plots.font_manager.fontManager
    latin = [font for font in manager.ttflist if font.name == "DejaVu Sans"]
    monkeypatch.setattr(manager, "ttflist", latin)
    monkeypatch.setattr(plots.font_manager, "findSystemFonts", lambda: [])
    monkeypatch.setitem(sys.modules, "noto_cjk_sans_jp_regular", None)
    plots.chinese_font.cache_clear()
    yield
    plots.chinese_font.cache_clear()


def draw(plots):
    """A figure with Chinese in every place that a script may put it, made without a thought of fonts."""
    fig, ax = plots.plt.subplots()
    ax.plot([0, 1], [0, 1], label="验证")
    ax.set(title="浣溪沙", xlabel="字", ylabel="α")
    ax.annotate("春", (0.5, 0.5))
    ax.legend()
    fig.suptitle("两次运行")
    return fig


def saved(plots, path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # matplotlib warns of every box that it draws
        plots.save(draw(plots), path)
    return path.stat().st_size


def test_every_picture_shows_chinese(plots, tmp_path):
    if not plots.chinese_font():
        pytest.skip("needs a font with Chinese: apt-get install fonts-noto-cjk")
    assert saved(plots, tmp_path / "a.png") > 1000


def test_without_a_font_there_are_code_points_and_one_warning(plots, no_chinese, tmp_path, capsys):
    saved(plots, tmp_path / "a.png")
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1 and "fonts-noto-cjk" in lines[0]
    assert f"python -m pip install {plots.PACKAGE}" in lines[0]
    assert plots.readable("中文 abc α") == "<4E2D><6587> abc α" and plots.readable("abc") == "abc"


@pytest.fixture
def noto(plots):
    """Path of a font file with Chinese."""
    fonts = plots.font_manager.fontManager.ttflist
    path = next((font.fname for font in fonts if font.name in plots.CHINESE_FONTS), None)
    return path or pytest.skip("needs a font with Chinese: apt-get install fonts-noto-cjk")


def test_a_font_installed_after_the_list_was_made_is_found(
    plots, noto, no_chinese, monkeypatch, tmp_path, capsys
):
    broken = tmp_path / "broken.ttf"
    broken.write_bytes(b"no font")
    monkeypatch.setattr(plots.font_manager, "findSystemFonts", lambda: [str(broken), noto])
    assert plots.chinese_font() in plots.CHINESE_FONTS and not capsys.readouterr().err
    assert saved(plots, tmp_path / "a.png") > 1000


def test_the_font_of_the_wheel_is_used_where_the_system_has_none(
    plots, noto, no_chinese, monkeypatch, tmp_path, capsys
):
    wheel = types.ModuleType("noto_cjk_sans_jp_regular")
    wheel.FONT_PATH = Path(noto)
    monkeypatch.setitem(sys.modules, wheel.__name__, wheel)
    assert plots.chinese_font() in plots.CHINESE_FONTS and not capsys.readouterr().err
    assert saved(plots, tmp_path / "a.png") > 1000 and plots.readable("中") == "中"


def test_the_real_wheel_has_the_font(plots):
    wheel = pytest.importorskip("noto_cjk_sans_jp_regular", reason=f"pip install {plots.PACKAGE}")
    plots.font_manager.fontManager.addfont(str(wheel.FONT_PATH))
    assert plots.font_manager.fontManager.ttflist[-1].name in plots.CHINESE_FONTS


def test_characters_have_their_chinese_forms(plots, noto, tmp_path):
    fig = draw(plots)
    plots.save(fig, tmp_path / "a.png")
    assert fig.texts == [] or all(text.get_language() == "zh-Hans" for text in fig.texts)
    assert fig._suptitle.get_language() == "zh-Hans"


@pytest.mark.parametrize("system", SYSTEMS)
def test_fonts_of_every_system_are_known(plots, system, monkeypatch):
    for name in SYSTEMS[system]:
        font = type("Font", (), {"name": name})
        monkeypatch.setattr(plots.font_manager.fontManager, "ttflist", [font])
        plots.chinese_font.cache_clear()
        try:
            assert plots.chinese_font() == name and plots.plt.rcParams["font.family"][0] == name
        finally:
            plots.chinese_font.cache_clear()


def test_every_script_that_draws_does_it_through_plots():
    """`save` looks after the fonts: nobody saves a figure past it (a notebook's cell shows characters as ticks itself)."""
    past = [
        f"{homework}/{path.name}"
        for homework in HOMEWORKS
        for path in (ROOT / homework).glob("*.py")
        if path.name != "plots.py" and ".savefig(" in path.read_text(encoding="utf-8")
    ]
    assert past == ["gpt_songci/attnvis.py"]
