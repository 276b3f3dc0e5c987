"""Chinese in pictures: a font that has it, on every system; where there is none, code points and one plain warning."""

import warnings

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


def test_without_a_font_there_are_code_points_and_one_warning(plots, tmp_path, monkeypatch, capsys):
    latin = [font for font in plots.font_manager.fontManager.ttflist if font.name == "DejaVu Sans"]
    monkeypatch.setattr(plots.font_manager.fontManager, "ttflist", latin)
    plots.chinese_font.cache_clear()
    try:
        saved(plots, tmp_path / "a.png")
        said = capsys.readouterr().err.splitlines()
        assert len(said) == 1 and "fonts-noto-cjk" in said[0]
        assert (
            plots.readable("中文 abc α") == "<4E2D><6587> abc α" and plots.readable("abc") == "abc"
        )
    finally:
        plots.chinese_font.cache_clear()


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
