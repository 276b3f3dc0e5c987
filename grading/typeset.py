"""Markdown with formulas as HTML that is safe to open: no raw HTML, no remote pictures, formulas as MathML of known elements.

Uses the packages of the offline book (dependency group grading). Without them the text stays as it is.
"""

import functools
import html
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote, unquote
from xml.etree import ElementTree

from grading.pages import Markup

MAX_TEXT = 50_000  # characters of a text that are shown
MAX_FORMULA = 3_000  # characters of a formula that is typeset
MAX_MARKS = 4_000  # emphasis, brackets and dollars of a text that is typeset: more takes too long
PACKAGES = "markdown-it-py mdit-py-plugins latex2mathml pygments"
MATH_ELEMENTS = frozenset(
    "math mrow mi mn mo mtext mspace ms msub msup msubsup munder mover munderover mmultiscripts mprescripts none mfrac msqrt "
    "mroot mtable mtr mtd mlabeledtr mstyle mpadded mphantom menclose merror".split()
)
MATH_ATTRIBUTES = frozenset(
    "display displaystyle scriptlevel mathvariant stretchy fence form separator accent accentunder columnalign rowalign "
    "columnlines rowlines columnspacing rowspacing linethickness width height depth lspace rspace minsize maxsize symmetric "
    "largeop movablelimits notation".split()
)


class Unavailable(Exception):
    """The libraries are not installed."""


def typeset(
    text: str, pictures: Mapping[str, str] | None = None, files: Mapping[str, str] | None = None
) -> Markup:
    """HTML of a Markdown text. pictures, files: {name in the text: address} of what it may show and link to."""
    text = text[:MAX_TEXT]
    if not stays_plain(text):
        try:
            return Markup(_renderer()(text, pictures or {}, files or {}))
        except RecursionError:
            pass
    return Markup(f"<pre>{html.escape(text)}</pre>")


def stays_plain(text: str = "") -> bool:
    """Whether a text is shown as it is: the libraries are missing, or it has more marks than can be typeset in time."""
    try:
        _renderer()
    except Unavailable:
        return True
    return len(re.findall(r"[\[\]*_$`<>~!]", text[:MAX_TEXT])) > MAX_MARKS


def formula(source: str, display: bool) -> str:
    """MathML of a LaTeX formula, or its source where it cannot be typeset."""
    plain = f'<code class="formula">{html.escape(source.strip())}</code>'
    if len(source) > MAX_FORMULA:
        return plain
    try:
        from grading import markdown

        mathml = markdown.formula(_without_controls(source), {"display_mode": display})
        root = ElementTree.fromstring(f"<formulas>{mathml}</formulas>")
        for part in root:
            _clean(part)
            part.tail = ""
        ElementTree.register_namespace("", "http://www.w3.org/1998/Math/MathML")
        return " ".join(ElementTree.tostring(part, encoding="unicode") for part in root)
    except Exception:  # a formula of a student may break the library in any way
        return plain


def _without_controls(text: str) -> str:
    return re.sub(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", text)


def _clean(node: ElementTree.Element) -> None:
    """Keep the elements and attributes of MathML that draw formulas. Raises ValueError for any other element."""
    if node.tag.rpartition("}")[2] not in MATH_ELEMENTS:
        raise ValueError(f"element {node.tag}")
    for name in list(node.attrib):
        if name not in MATH_ATTRIBUTES:
            del node.attrib[name]
    for child in node:
        _clean(child)


Render = Callable[[str, Mapping[str, str], Mapping[str, str]], str]


@functools.cache
def _renderer() -> Render:
    """Raises Unavailable."""
    try:
        import latex2mathml.converter  # noqa: F401
        import pygments  # noqa: F401
        from markdown_it import MarkdownIt
        from mdit_py_plugins.amsmath import amsmath_plugin
        from mdit_py_plugins.dollarmath import dollarmath_plugin
    except ImportError:
        raise Unavailable from None
    parser = MarkdownIt("commonmark", {"html": False, "breaks": True})
    parser.enable(["table", "strikethrough"])
    dollarmath_plugin(
        parser,
        allow_digits=False,
        double_inline=True,
        renderer=lambda source, options: formula(source, options["display_mode"]),
    )
    amsmath_plugin(parser, renderer=lambda source: formula(source, True))
    parser.add_render_rule("image", _image)
    parser.add_render_rule("link_open", _link_open)
    parser.add_render_rule("link_close", _link_close)
    parser.add_render_rule("fence", _fence)

    def render(text: str, pictures: Mapping[str, str], files: Mapping[str, str]) -> str:
        return parser.render(_dollars(text), {"pictures": pictures, "files": files, "open": []})

    return render


def _dollars(text: str) -> str:
    r"""The text with \( \) and \[ \] written as dollars, outside code."""
    parts = re.split(r"(^(?:```|~~~).*?^(?:```|~~~)|`[^`\n]+`)", text, flags=re.M | re.S)
    for number in range(0, len(parts), 2):
        part = re.sub(r"\\\((.{1,2000}?)\\\)", r"$\1$", parts[number])
        parts[number] = re.sub(r"\\\[(.{1,3000}?)\\\]", r"$$\1$$", part, flags=re.S)
    return "".join(parts)


def matching(name: str, names: Mapping[str, str]) -> str | None:
    """The name of a file that a text means by `name`: itself, or without its folders."""
    name = unquote(name).replace("\\", "/").removeprefix("./")
    if name in names:
        return name
    last = name.rpartition("/")[2]
    same = [other for other in names if other.rpartition("/")[2] == last]
    return same[0] if len(same) == 1 else None


def _image(renderer: Any, tokens: Sequence[Any], index: int, options: Any, env: Any) -> str:
    token = tokens[index]
    source, label = str(token.attrs.get("src", "")), html.escape(token.content)
    name = matching(source, env["pictures"])
    if name is None:
        return f'<span class="absent">[{label or html.escape(unquote(source)[:200])}]</span>'
    address = html.escape(quote(env["pictures"][name]))
    return f'<img alt="{label or html.escape(name)}" src="{address}" loading="lazy">'


def _link_open(renderer: Any, tokens: Sequence[Any], index: int, options: Any, env: Any) -> str:
    target = str(tokens[index].attrs.get("href", ""))
    name = matching(target, env["files"])
    if name is not None:
        target = quote(env["files"][name])
    elif not re.match(r"https?://", target):
        env["open"].append(False)
        return "<span>"
    env["open"].append(True)
    return f'<a href="{html.escape(target)}" target="_blank" rel="noopener noreferrer">'


def _link_close(renderer: Any, tokens: Sequence[Any], index: int, options: Any, env: Any) -> str:
    return "</a>" if env["open"] and env["open"].pop() else "</span>"


def _fence(renderer: Any, tokens: Sequence[Any], index: int, options: Any, env: Any) -> str:
    token = tokens[index]
    if token.info.strip() == "math":
        return f"<p>{formula(token.content, True)}</p>"
    return f"<pre><code>{html.escape(token.content)}</code></pre>"
