"""What is shown of a document that a student hands in: its text as Markdown, its pictures, or a link and the reason."""

import os
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

from grading import office, pictures
from grading.intake import Notice
from grading.intake.tables import TableError, decode

TEXTS = (".md", ".markdown", ".txt")
PAGES = (".html", ".htm")
ACTIVE = (
    ".svg",
    ".html",
    ".htm",
    ".xhtml",
    ".xml",
    ".mht",
    ".mhtml",
)  # a browser may run what is in them
MAX_READ = 30 * 2**20  # bytes of a document or photo that is read or converted, not only linked


@dataclass
class Document:
    """text: Markdown. files: {name: bytes} to keep beside the page. shown: names of those that the page shows as pictures.

    reason: why the document itself is only linked, or empty.
    """

    text: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    shown: list[str] = field(default_factory=list)
    reason: Notice = Notice("")


def read_document(name: str, data: bytes) -> Document:
    """What is shown of a file. Never raises for what the file holds."""
    stem, suffix = os.path.splitext(name)
    suffix = suffix.lower()
    if suffix in TEXTS:
        return _text(name, data)
    if suffix in PAGES:
        return _page(name, data)
    if suffix == ".docx":
        return _word(name, stem, data)
    if suffix == ".svg":
        return _drawing(name, data)
    if suffix in pictures.CONVERTED:
        return _photo(name, data, suffix)
    if suffix in pictures.SHOWN:
        return Document(files={name: data}, shown=[name])
    if suffix == ".pdf":
        if b"%PDF-" in data[:1024]:
            return Document(files={name: data})
        return _inert(name, data, Notice("is not a PDF file", "不是 PDF 文件"))
    reason = Notice(
        "browsers do not show this kind of file: open it yourself",
        "浏览器不能显示这种文件：请自行打开",
    )
    return (
        _inert(name, data, reason)
        if suffix in ACTIVE
        else Document(files={name: data}, reason=reason)
    )


def _inert(name: str, data: bytes, reason: Notice) -> Document:
    """The file under a name that a browser shows as text: opened from the page it could change the marks."""
    return Document(files={f"{name}.txt": data}, reason=reason)


def _text(name: str, data: bytes) -> Document:
    try:
        return Document(decode(data, name)[0].replace("\r\n", "\n"))
    except TableError:
        text = data.decode("utf-8", "replace")
        reason = Notice("parts of it are in an unknown encoding", "其中有些内容的编码无法识别")
        return Document(text.replace("\0", ""), {f"{name}.txt": data}, reason=reason)


class _PageText(HTMLParser):
    """The text of an HTML page, a line for each block."""

    BLOCKS = frozenset("p div br li tr h1 h2 h3 h4 h5 h6 pre table ul ol blockquote".split())
    SILENT = frozenset(("script", "style", "head", "title"))

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent += tag in self.SILENT
        if tag in self.BLOCKS:
            self.parts.append("\n\n" if tag != "br" else "\n")
        if re.fullmatch("h[1-6]", tag):
            self.parts.append("### ")

    def handle_endtag(self, tag: str) -> None:
        self.silent = max(0, self.silent - (tag in self.SILENT))
        if tag in self.BLOCKS:
            self.parts.append("\n\n")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.parts.append(data)


def _page(name: str, data: bytes) -> Document:
    source = _text(name, data)
    parser = _PageText()
    try:
        parser.feed(source.text)
        parser.close()
    except (AssertionError, ValueError, RecursionError):
        return _inert(name, data, Notice("damaged HTML", "HTML 已损坏"))
    lines = (line.strip() for line in "".join(parser.parts).splitlines())
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
    reason = Notice(
        "its text is shown; the page itself is kept as text",
        "显示了其中的文字；网页原文以文本形式保存",
    )
    return Document(text, {f"{name}.txt": data}, reason=reason)


def _word(name: str, stem: str, data: bytes) -> Document:
    if len(data) > MAX_READ:
        return Document(files={name: data}, reason=_too_large(MAX_READ))
    try:
        word = office.read_docx(data)
    except office.DAMAGED:
        reason = Notice("is not a .docx file that can be read", "不是可读取的 .docx 文件")
        return Document(files={name: data}, reason=reason)
    document = Document(word.text, {name: data})
    missing = list(word.left)
    for picture, content in word.pictures.items():
        kept = f"{stem}-{picture}"
        part = read_document(kept, content)
        if part.shown:
            document.files |= part.files
            document.shown += part.shown
            document.text = document.text.replace(f"![](<{picture}>)", f"![](<{part.shown[0]}>)")
        else:
            missing.append(picture)
    if missing:
        shown = ", ".join(missing)
        document.reason = Notice(
            f"pictures in it that are not shown: {shown}", f"其中未显示的图片：{shown}"
        )
    return document


def _drawing(name: str, data: bytes) -> Document:
    try:
        return Document(files={name: pictures.clean_svg(data)}, shown=[name])
    except ValueError:
        return _inert(
            name, data, Notice("is not an SVG picture that can be shown", "不是可显示的 SVG 图片")
        )


def _photo(name: str, data: bytes, suffix: str) -> Document:
    if len(data) > MAX_READ:
        return Document(files={name: data}, reason=_too_large(MAX_READ))
    try:
        return Document(
            files={f"{name}.jpg": pictures.to_jpeg(data, suffix)}, shown=[f"{name}.jpg"]
        )
    except pictures.ConversionError as error:
        chinese = {
            "converting needs pillow and pillow-heif": "转换需要 pillow 与 pillow-heif",
            "damaged": "已损坏",
        }.get(str(error), "转换没有结束")
        return Document(files={name: data}, reason=Notice(str(error), chinese))


def _too_large(limit: int) -> Notice:
    return Notice(f"larger than {limit // 2**20} MiB", f"超过 {limit // 2**20} MiB")
