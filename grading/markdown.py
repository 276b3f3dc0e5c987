"""Markdown of a sheet -> HTML of the offline book: MathML formulas, highlighted code, inlined figures, sections to search.

Needs the packages of book_pages.PACKAGES: import this module only where they are installed.
"""

import base64
import html
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

try:
    import pygments
    import pygments.formatters
    import pygments.lexers
    from latex2mathml.converter import convert as to_mathml
    from markdown_it import MarkdownIt
    from markdown_it.token import Token
    from mdit_py_plugins.dollarmath import dollarmath_plugin
except ImportError as error:
    raise SystemExit(
        f"the book needs {error.name}: python -m pip install --group grading"
    ) from None

PICTURE_TYPES = {".png": "image/png", ".jpg": "image/jpeg", ".svg": "image/svg+xml"}
UPRIGHT_LETTERS = re.compile(r'(?:<mi mathvariant="normal">\w</mi>){2,}')
FUNCTIONS = r"\\(?:log|ln|exp|tanh|sin|cos|arccos|max|min)\b"
CJK = re.compile(r"[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef“”‘’—…]")
FULL_WIDTH = frozenset("，。：；、？！（）")  # marks that have their space inside
MATHML = ' xmlns="http://www.w3.org/1998/Math/MathML"'
LETTERS = frozenset("∂∞…∅")  # ordinary symbols, without an operator's space
CLOSING = frozenset(")]}!⟩")
MARKED_FORMULA = re.compile(  # a browser would break the line between a formula and its mark
    r'[（(“]?<span class="math inline">(?:(?!</span>).)*</span>[，。：；、？！）”,.;:?!)]+', re.S
)
THOUSANDS = re.compile(r"<mn>(\d{1,3})</mn><mrow><mo>&#x0002C;</mo></mrow><mn>(\d{3})</mn>")
SPACES = {"thinmathspace": "0.167em", "mediummathspace": "0.222em", "thickmathspace": "0.278em"}


@dataclass
class Section:
    """What stands under one heading. level: 1 to 6. anchor: its id in the page. text: plain, for the search."""

    title: str
    level: int
    anchor: str
    text: str = ""


@dataclass
class Rendered:
    """A text as HTML, and its sections in order; the first one is the title's."""

    html: str
    sections: list[Section] = field(default_factory=list)


def slug(heading: str) -> str:
    """A heading's anchor, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def formula(latex: str, options: dict[str, bool]) -> str:
    """A LaTeX formula as MathML. options: {"display_mode": bool}, as the dollar plugin passes them.

    Formulas side by side in one display (between \\quad) become elements of their own: a narrow page breaks the line there.
    """
    if not options["display_mode"]:
        return _mathml(latex, "inline")
    return " ".join(_mathml(part, "block") for part in side_by_side(latex))


def side_by_side(latex: str) -> list[str]:
    """The parts of a display formula that \\quad and \\qquad separate outside of all braces."""
    parts, depth = [""], 0
    for piece in re.split(r"(\\q?quad\b|[{}])", latex):
        depth += {"{": 1, "}": -1}.get(piece, 0)
        if piece in ("\\quad", "\\qquad") and not depth:
            parts.append("")
        else:
            parts[-1] += piece
    return [part for part in parts if part.strip()]


def _mathml(latex: str, display: str) -> str:
    latex = re.sub(
        rf"(?<=[\w)}}])\s*(?={FUNCTIONS})", r"\\thinspace ", latex
    )  # TeX's space around log
    latex = re.sub(rf"({FUNCTIONS})(?!\s*[(^_])", r"\1\\thinspace ", latex)
    mathml = to_mathml(latex.strip(), display=display)
    for name, width in SPACES.items():  # MathML Core has no named widths
        mathml = mathml.replace(f'width="{name}"', f'width="{width}"')
    mathml = mathml.replace("<mo>&#x0005E;</mo></mover>", '<mo stretchy="false">^</mo></mover>')
    mathml = UPRIGHT_LETTERS.sub(lambda run: f"<mi>{re.sub('<[^>]+>', '', run[0])}</mi>", mathml)
    root = ElementTree.fromstring(THOUSANDS.sub(r"<mn>\1,\2</mn>", mathml).replace(MATHML, "", 1))
    _set_spaces(root)
    mathml = ElementTree.tostring(root, encoding="unicode")
    return mathml.replace("<math", "<math" + MATHML, 1)


def _set_spaces(node: ElementTree.Element) -> None:
    """Space operators as TeX does: a browser knows only their characters and takes each one for an infix operator."""
    before, bar_open = None, False
    for child in node:
        _set_spaces(child)
        symbol = child.text if child.tag == "mo" else None
        if symbol in LETTERS:
            child.tag = "mi"
            child.set("mathvariant", "normal")
        elif symbol == "/":
            child.attrib.update(lspace="0", rspace="0")
        elif symbol in ("−", "+", "±") and _begins_operand(before):
            child.set("form", "prefix")
        elif symbol == "|" and "form" not in child.attrib:
            follows_bar = before is not None and before.text == "|"
            if bar_open or follows_bar or _begins_operand(before):
                bar_open = not bar_open
                form = "prefix" if bar_open else "postfix"
                child.attrib.update(form=form, lspace="0", rspace="0")
        before = child


def _begins_operand(before: ElementTree.Element | None) -> bool:
    """Whether an operand begins after this sibling: a sign there belongs to it, and a bar there opens."""
    if before is None or before.tag == "mspace":
        return True
    if before.tag in ("munder", "munderover", "msub", "msubsup"):
        before = before[0]
    return before.tag == "mo" and before.text not in CLOSING and before.get("form") != "postfix"


def highlight(code: str, language: str, _attributes: str) -> str:
    """The inside of a code block: spans with Pygments' short class names, or plain text for an unknown language."""
    if language not in ("bash", "python", "bat", "json", "toml", "csv"):
        return html.escape(code)
    lexer = pygments.lexers.get_lexer_by_name("text" if language == "csv" else language)
    return pygments.highlight(code, lexer, pygments.formatters.HtmlFormatter(nowrap=True))


def figure(path: Path, alt: str, prefix: str) -> str:
    """A picture inside the page. An SVG stays an SVG (dark mode reaches it); `prefix` keeps its ids apart from others'."""
    description = html.escape(alt, quote=True)
    if path.suffix != ".svg":
        data = base64.b64encode(path.read_bytes()).decode("ascii")
        return f'<img alt="{description}" src="data:{PICTURE_TYPES[path.suffix]};base64,{data}">'
    svg = path.read_text(encoding="utf-8")
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r'\bid="([^"]+)"', rf'id="{prefix}\1"', svg)
    svg = re.sub(r'url\(#|href="#', lambda start: start[0] + prefix, svg)
    return svg.replace("<svg", f'<svg aria-label="{description}"', 1)


def render(text: str, folder: Path, resolve: Callable[[str], str | None]) -> Rendered:
    """HTML and sections of a Markdown text.

    folder: where its pictures are looked up. resolve: an address as the text has it -> the book's, or None where the
    book has nothing to link to (the words stay, the link goes).
    """
    parser = MarkdownIt("commonmark", {"html": True, "highlight": highlight})
    parser.enable(["table", "strikethrough"])
    parser.use(dollarmath_plugin, allow_labels=False, allow_space=False, renderer=formula)
    parser.add_render_rule("code_inline", _inline_code)
    tokens = parser.parse(text)
    _join_lines(tokens)
    _link(tokens, resolve)
    _draw(tokens, folder)
    sections = _sections(tokens)
    _wrap_tables(tokens)
    page = parser.renderer.render(tokens, parser.options, {})
    page = re.sub(
        r"(?<=[，。：；（、）？！]) (?=<span class=\"math)", "", page
    )  # GitHub needs this space
    page = re.sub(r"(?<=</math></span>) (?=[，。：；、？！）])", "", page)
    page = MARKED_FORMULA.sub(r'<span class="keep">\g<0></span>', page)
    return Rendered(page, sections)


def _inline_code(_renderer: Any, tokens: Sequence[Token], index: int, *_others: Any) -> str:
    """Code inside a line: it breaks at spaces alone, not behind a flag's dashes, unless a word is long."""
    words = tokens[index].content.split(" ")
    parts = [
        f"<span>{html.escape(word)}</span>" if len(word) < 30 else html.escape(word)
        for word in words
    ]
    return f"<code>{' '.join(parts)}</code>"


def _join_lines(tokens: list[Token]) -> None:
    """Line breaks beside full-width marks and between Chinese characters vanish.

    A browser would show each as a space.
    """
    for block in tokens:
        visible = [
            child for child in block.children or () if child.content or child.type == "softbreak"
        ]
        for before, token, after in zip(visible, visible[1:], visible[2:]):
            left, right = before.content[-1:], after.content[:1]
            if token.type != "softbreak":
                continue
            between = CJK.match(left) and CJK.match(right)
            if between or left in FULL_WIDTH or right in FULL_WIDTH:
                token.type = "text"


def _link(tokens: list[Token], resolve: Callable[[str], str | None]) -> None:
    for block in tokens:
        dropped = 0
        for token in block.children or ():
            if token.type == "link_open":
                address = resolve(str(token.attrs["href"]))
                if address is None:
                    token.type, dropped = "text", dropped + 1
                    token.content = ""
                else:
                    token.attrs["href"] = address
                    if address.startswith("https:"):
                        token.attrs["rel"] = "noreferrer"
            elif token.type == "link_close" and dropped:
                token.type, token.content, dropped = "text", "", dropped - 1


def _draw(tokens: list[Token], folder: Path) -> None:
    """Pictures become HTML of their own; a paragraph that is one picture becomes a figure."""
    number = 0
    for index, block in enumerate(tokens):
        for token in block.children or ():
            if token.type == "image":
                number += 1
                path = folder / str(token.attrs["src"])
                drawn = figure(path, token.content, f"f{number}-")
                token.type, token.content, token.children = "html_inline", drawn, None
        if block.type == "inline" and [child.type for child in block.children or ()] == [
            "html_inline"
        ]:
            if (block.children or [])[0].content.startswith(("<img", "<svg")):
                tokens[index - 1].tag = tokens[index + 1].tag = "figure"


def _sections(tokens: list[Token]) -> list[Section]:
    """The text's sections; headings get their anchors."""
    sections = [Section("", 1, "")]
    used: dict[str, int] = {}
    for index, token in enumerate(tokens):
        if token.type == "heading_open":
            title = plain(tokens[index + 1])
            anchor = slug(title)
            used[anchor] = used.get(anchor, -1) + 1
            anchor += f"-{used[anchor]}" if used[anchor] else ""
            token.attrs["id"] = anchor
            section = Section(title, int(token.tag[1]), anchor)
            sections = [section] if sections[0].anchor == "" else [*sections, section]
        elif token.type == "inline" and tokens[index - 1].type != "heading_open":
            sections[-1].text += plain(token) + "\n"
        elif token.type in ("fence", "code_block", "math_block"):
            sections[-1].text += token.content + "\n"
    return sections


def plain(token: Token) -> str:
    """The words of an inline token: no marks, no pictures, formulas as LaTeX."""
    words = []
    for child in token.children or ():
        if child.type in ("text", "code_inline", "math_inline"):
            words.append(child.content)
        elif child.type in ("softbreak", "hardbreak") or child.content == "<br>":
            words.append(" ")
    return "".join(words)


def _wrap_tables(tokens: list[Token]) -> None:
    """Around every table an element that scrolls sideways, reached by the keyboard."""
    for index in reversed(range(len(tokens))):
        if tokens[index].type == "table_open":
            tokens.insert(
                index, Token("html_block", "", 0, content='<div class="wide" tabindex="0">')
            )
        elif tokens[index].type == "table_close":
            tokens.insert(index + 1, Token("html_block", "", 0, content="</div>\n"))
