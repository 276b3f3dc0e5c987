"""Pictures without a display, with a font that has Chinese when the machine has one.

Each homework folder stands alone, so each has its own copy of this file; a test keeps the copies equal.
"""

import functools
import sys

import matplotlib
from cli import safe_write

matplotlib.use("Agg")
from matplotlib import font_manager  # noqa: E402
from matplotlib import pyplot as plt  # noqa: E402
from matplotlib.text import Text  # noqa: E402

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


@functools.cache
def chinese_font():
    """Name of the font that pictures use for Chinese, or None after one warning that says what to install."""
    installed = {font.name for font in font_manager.fontManager.ttflist}
    found = next((name for name in CHINESE_FONTS if name in installed), None)
    if found:
        plt.rcParams["font.family"] = [
            found,
            "DejaVu Sans",
        ]  # the second one fills gaps of the first
        plt.rcParams["axes.unicode_minus"] = False
    else:
        print(
            "warning: no font with Chinese found, pictures show code points instead; install one "
            "(Debian/Ubuntu: fonts-noto-cjk or fonts-wqy-zenhei, Fedora: google-noto-sans-cjk-fonts), "
            'then delete matplotlib\'s font cache (python -c "import matplotlib; print(matplotlib.get_cachedir())")',
            file=sys.stderr,
        )
    return found


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
    with safe_write(path, "wb") as file:
        fig.savefig(file, format=str(path).rsplit(".", 1)[-1].lower(), dpi=150, bbox_inches="tight")
    plt.close(fig)
