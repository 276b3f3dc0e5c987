"""Pictures drawn by scripts: Chinese text on every system, with or without a font, and complete legends."""

import itertools
import sys
import types
import warnings
from pathlib import Path

import pytest
import torch

from course.homeworks import HOMEWORKS, ROOT
from course.solved import load_solved

SYSTEMS = {
    "Linux": ("Noto Sans CJK SC", "WenQuanYi Zen Hei", "WenQuanYi Micro Hei"),
    "macOS": ("PingFang SC", "Hiragino Sans GB"),
    "Windows": ("Microsoft YaHei", "SimHei"),
}


@pytest.fixture
def plots():
    homework = load_solved("hmm")  # all copies are equal: test_templates.py
    module = homework.module("plots")
    family = module.plt.rcParams["font.family"]
    with homework.active():
        yield module
    module.plt.rcParams["font.family"] = family
    module.plt.rcParams["text.language"] = None


@pytest.fixture
def no_chinese(plots, monkeypatch):
    """Simulates a machine with DejaVu Sans as its only font, also without the wheel that contains a Chinese font."""
    manager = plots.font_manager.fontManager
    latin = [font for font in manager.ttflist if font.name == "DejaVu Sans"]
    monkeypatch.setattr(manager, "ttflist", latin)
    monkeypatch.setattr(plots.font_manager, "findSystemFonts", lambda: [])
    monkeypatch.setitem(sys.modules, "noto_cjk_sans_jp_regular", None)
    plots.chinese_font.cache_clear()
    yield
    plots.chinese_font.cache_clear()


def draw(plots):
    """A figure with Chinese text wherever a script may put it, drawn without setting fonts."""
    fig, ax = plots.plt.subplots()
    ax.plot([0, 1], [0, 1], label="验证")
    ax.set(title="浣溪沙", xlabel="字", ylabel="α")
    ax.annotate("春", (0.5, 0.5))
    ax.legend()
    fig.suptitle("两次运行")
    return fig


def saved(plots, path):
    """Save draw(plots) to a file, with warnings as errors; returns its size in bytes."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # matplotlib warns about missing glyphs
        plots.save(draw(plots), path)
    return path.stat().st_size


def test_saved_picture_with_chinese_causes_no_warning(plots, tmp_path):
    if not plots.chinese_font():
        pytest.skip("needs a font with Chinese: apt-get install fonts-noto-cjk")
    assert saved(plots, tmp_path / "a.png") > 1000


def test_picture_without_a_font_shows_code_points_and_warns(plots, no_chinese, tmp_path, capsys):
    saved(plots, tmp_path / "a.png")
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1 and "fonts-noto-cjk" in lines[0]
    assert f"python -m pip install {plots.PACKAGE}" in lines[0]
    assert plots.readable("中文 abc α") == "<4E2D><6587> abc α" and plots.readable("abc") == "abc"


@pytest.fixture
def noto(plots):
    """Path of a font file with Chinese characters. Skips without one."""
    fonts = plots.font_manager.fontManager.ttflist
    path = next((font.fname for font in fonts if font.name in plots.CHINESE_FONTS), None)
    return path or pytest.skip("needs a font with Chinese: apt-get install fonts-noto-cjk")


def test_font_missing_from_the_cached_list_is_found(
    plots, noto, no_chinese, monkeypatch, tmp_path, capsys
):
    broken = tmp_path / "broken.ttf"
    broken.write_bytes(b"no font")
    monkeypatch.setattr(plots.font_manager, "findSystemFonts", lambda: [str(broken), noto])
    assert plots.chinese_font() in plots.CHINESE_FONTS and not capsys.readouterr().err
    assert saved(plots, tmp_path / "a.png") > 1000


def test_font_of_the_wheel_is_used_if_the_system_has_none(
    plots, noto, no_chinese, monkeypatch, tmp_path, capsys
):
    wheel = types.ModuleType("noto_cjk_sans_jp_regular")
    wheel.FONT_PATH = Path(noto)
    monkeypatch.setitem(sys.modules, wheel.__name__, wheel)
    assert plots.chinese_font() in plots.CHINESE_FONTS and not capsys.readouterr().err
    assert saved(plots, tmp_path / "a.png") > 1000 and plots.readable("中") == "中"


def test_installed_wheel_contains_a_listed_font(plots):
    wheel = pytest.importorskip("noto_cjk_sans_jp_regular", reason=f"pip install {plots.PACKAGE}")
    plots.font_manager.fontManager.addfont(str(wheel.FONT_PATH))
    assert plots.font_manager.fontManager.ttflist[-1].name in plots.CHINESE_FONTS


def test_texts_are_marked_as_simplified_chinese(plots, noto, tmp_path):
    fig = draw(plots)
    plots.save(fig, tmp_path / "a.png")
    assert fig.texts == [] or all(text.get_language() == "zh-Hans" for text in fig.texts)
    assert fig._suptitle.get_language() == "zh-Hans"


@pytest.mark.parametrize("system", SYSTEMS)
def test_usual_chinese_font_of_each_system_is_used(plots, system, monkeypatch):
    for name in SYSTEMS[system]:
        font = type("Font", (), {"name": name})
        monkeypatch.setattr(plots.font_manager.fontManager, "ttflist", [font])
        plots.chinese_font.cache_clear()
        try:
            assert plots.chinese_font() == name and plots.plt.rcParams["font.family"][0] == name
        finally:
            plots.chinese_font.cache_clear()


def test_scripts_save_figures_only_through_plots():
    """Scripts save figures with plots.save, which sets the fonts; only the notebook's module handles them itself."""
    direct_saves = [
        f"{homework}/{path.name}"
        for homework in HOMEWORKS
        for path in (ROOT / homework).glob("*.py")
        if path.name != "plots.py" and ".savefig(" in path.read_text(encoding="utf-8")
    ]
    assert direct_saves == ["gpt_songci/attnvis.py"]


def texts_on(fig, kind):
    """Bounding boxes in pixels of the tick labels of every panel; kind: get_xticklabels or get_yticklabels."""
    fig.draw_without_rendering()
    return [
        [label.get_window_extent() for label in getattr(ax, kind)() if label.get_text()]
        for ax in fig.axes
        if getattr(ax, kind)()
    ]


@pytest.mark.parametrize("T", [6, 64])
def test_tick_labels_of_a_heat_map_do_not_overlap(T):
    homework = load_solved("gpt_songci")
    module = homework.module("attnvis")
    with homework.active():
        tokens = [chr(0x4E00 + 7 * t) for t in range(T)]
        fig = module.heat_maps(tokens, [torch.tril(torch.ones(1, 4, T, T)) / T], 0, "run")
    for boxes in texts_on(fig, "get_xticklabels")[:4]:
        assert len(boxes) == T
        assert all(a.x1 <= b.x0 for a, b in itertools.pairwise(boxes))
    for boxes in texts_on(fig, "get_yticklabels")[:4]:
        assert all(a.y0 >= b.y1 for a, b in itertools.pairwise(boxes))


def saved_figure(homework, module, draw, *arguments):
    """The figure that a script's draw function saves."""
    saved = []
    loaded = load_solved(homework)
    script = loaded.module(module)
    with loaded.active():
        plots = loaded.module("plots")
        target = script if hasattr(script, "save") else plots
        original, target.save = target.save, lambda fig, path: saved.append(fig)
        try:
            getattr(script, draw)(*arguments)
        finally:
            target.save = original
    return saved[0]


def test_legend_of_the_comparison_explains_every_line():
    log = [
        {
            "iter": 20 * n,
            "train_loss": 6 - n,
            "val_loss": loss,
            "train_perplexity": 9,
            "val_perplexity": 8,
        }
        for n, loss in enumerate((6, 5, 5.5), 1)
    ]
    fig = saved_figure("gpt_songci", "compare", "draw", ["default", "no_pos"], [log, log], "x.png")
    (legend,) = fig.legends
    names = [text.get_text() for text in legend.get_texts()]
    assert names == ["default", "no_pos", "train", "validation", "best"]
    stars = [line for line in fig.axes[0].lines if line.get_marker() == "*"]
    assert [list(star.get_xydata()[0]) for star in stars] == [[40, 5], [40, 5]]


@pytest.mark.parametrize("splits", [1, 3])
def test_accuracies_have_error_bars_explained_by_the_axis(splits):
    accuracies = [0.75, 0.8, 0.7][:splits]
    runs = {
        seed: {"test": value, "probabilities": [torch.zeros(9), torch.zeros(48)]}
        for seed, value in enumerate(accuracies)
    }
    fig = saved_figure(
        "waimai_cls", "compare", "draw", {"a": runs, "b": runs}, {}, "x.png", "title"
    )
    (ax,) = fig.axes
    (low, high) = ax.containers[0][2][0].get_segments()[0][:, 0]
    expected = (0.75 * 0.25 / 48) ** 0.5 if splits == 1 else 0.05
    assert (high - low) / 2 == pytest.approx(expected) and len(ax.containers) == 2
    assert ("spread over splits unknown" in ax.get_xlabel()) == (splits == 1)
    assert ("standard deviation over 3 splits" in ax.get_xlabel()) == (splits == 3)


def test_panel_of_the_tied_layer_fits_its_curve_and_legend():
    numbers = {"diagonal": 0.5, "real_layer": 0.4}
    results = {name: {4: numbers, 64: numbers} for name in ("untied", "tied")}
    maps = {name: torch.eye(8) for name in results}
    settings = types.SimpleNamespace(n=[64], L=8)
    fig = saved_figure("hw_attention", "tied_qk", "draw", results, maps, None, settings, "x.png")
    fig.draw_without_rendering()
    ax = fig.axes[2]
    assert ax.get_ylim()[1] < 1.1
    assert ax.get_legend().get_window_extent().y1 < ax.get_window_extent().y0
