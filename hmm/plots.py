"""Pictures without a display, with a font that has Chinese if there is one on the machine.

Each homework folder is standalone, so each has its own copy of this file.
"""

import contextlib
import functools
import os
import sys

import matplotlib
from cli import safe_write, translate

matplotlib.use("Agg")
from matplotlib import font_manager  # noqa: E402
from matplotlib import pyplot as plt  # noqa: E402
from matplotlib.text import Text  # noqa: E402

LANGUAGE = "zh-Hans"  # a font for Chinese, Japanese and Korean then takes the Chinese forms (matplotlib 3.11)
CHINESE_FONTS = (
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "Noto Sans CJK TC",
    "Noto Sans CJK HK",
    "Noto Sans CJK KR",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "WenQuanYi Zen Hei",
    "WenQuanYi Micro Hei",  # Linux
    "PingFang SC",
    "PingFang HK",
    "Hiragino Sans GB",
    "Heiti SC",
    "Heiti TC",
    "STHeiti",
    "Songti SC",
    "Arial Unicode MS",  # macOS
    "Microsoft YaHei",
    "SimHei",
    "SimSun",
    "DengXian",
    "KaiTi",  # Windows
    "Noto Serif CJK SC",
    "Noto Serif CJK JP",
    "Droid Sans Fallback",
)
PACKAGE = "noto-cjk-sans-jp-regular==0.0.1"  # Noto Sans CJK (SIL OFL 1.1) as a wheel of 14 MB


@functools.cache
def chinese_font():
    """Name of the font that pictures use for Chinese, or None after one warning that says what to install.

    Searched: the fonts in matplotlib's list, fonts that were installed after the list was made, the wheel PACKAGE.
    """
    for add_fonts in (lambda: None, add_new_system_fonts, add_font_of_package):
        add_fonts()
        installed = {font.name for font in font_manager.fontManager.ttflist}
        name = next((name for name in CHINESE_FONTS if name in installed), None)
        if name:
            plt.rcParams["font.family"] = [name, "DejaVu Sans"]  # the second fills gaps
            plt.rcParams["axes.unicode_minus"] = False
            if "text.language" in plt.rcParams:
                plt.rcParams["text.language"] = LANGUAGE
            return name
    message = (
        "warning: no font with Chinese was found, so pictures show code points such as <4E2D>; "
        "run: {} (or install a system font, such as fonts-noto-cjk on Debian and Ubuntu, "
        "google-noto-sans-cjk-fonts on Fedora)"
    )
    print(translate(message, f"python -m pip install {PACKAGE}"), file=sys.stderr)
    return None


def add_new_system_fonts():
    """Add the system's fonts that are not in matplotlib's list: it is stored, and does not notice new fonts by itself."""
    listed = {os.path.realpath(font.fname) for font in font_manager.fontManager.ttflist}
    for path in font_manager.findSystemFonts():
        if os.path.realpath(path) not in listed:
            with contextlib.suppress(Exception):  # a file that FreeType cannot read
                font_manager.fontManager.addfont(path)


def add_font_of_package():
    """Add the font of the wheel PACKAGE, if it is installed."""
    with contextlib.suppress(ImportError):
        from noto_cjk_sans_jp_regular import FONT_PATH

        font_manager.fontManager.addfont(str(FONT_PATH))


def readable(text):
    """`text` as a picture can show it: itself, or with code points such as <4E2D> where no font has Chinese."""
    if text.isascii() or chinese_font():
        return text
    return "".join(char if ord(char) < 0x2E80 else f"<{ord(char):X}>" for char in text)


def save(fig, path):
    """Write the picture to `path` (PNG or JPEG by its ending), whole or not at all, and close it. No text becomes boxes."""
    for text in fig.findobj(
        lambda part: isinstance(part, Text) and any(ord(char) >= 0x2E80 for char in part.get_text())
    ):
        text.set(text=readable(text.get_text()), family=plt.rcParams["font.family"])
        if hasattr(text, "set_language"):
            text.set_language(LANGUAGE)
    with safe_write(path, "wb") as file:
        fig.savefig(file, format=str(path).rsplit(".", 1)[-1].lower(), dpi=150, bbox_inches="tight")
    plt.close(fig)
