"""The offline book: the sheets of a student copy as linked HTML pages that open by a double click, without a network.

book/index.html             start: every sheet in both languages
book/en/*.html, zh/*.html   one page per text
book/play/*.html            copies of the pages to play with
book/search.js              the text of all sections, loaded when somebody searches
"""

import base64
import hashlib
import importlib.util
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course.homeworks import HOMEWORKS
from course.messages import Language

if TYPE_CHECKING:
    from grading.markdown import Rendered

TEXT = re.compile(
    r"<(script|style|title|pre|code|svg|math)\b.*?</\1>|<[^>]*>|([^<]+)", re.DOTALL
)  # group 2: words of the page
UNBROKEN = re.compile(
    r"(?<![\w./-])(?:[a-z][a-z0-9]{1,4}-[a-z]?\d{1,2}(?:\.\d)?|\d+（加分）|\d+ \(bonus\))(?![\w/-])"
    r"|^\d[\d.]*(?: \d[\d.]*){1,4}$"  # a cell with the numbers of several seeds
)
PACKAGES = {
    "jinja2": "jinja2",
    "markdown_it": "markdown-it-py",
    "mdit_py_plugins": "mdit-py-plugins",
    "latex2mathml": "latex2mathml",
    "pygments": "pygments",
}
FOLDER = "book"
LANGUAGES = {"en": "README.md", "zh": "README.zh-CN.md"}
LANG_TAGS = {"en": "en", "zh": "zh-CN"}
LANGUAGE_LINE = re.compile(r" ?(?:中文版：|English: )\[README[^\]]*\]\([^)]*\)。?")
TWO_LANGUAGES = "\n---\n"  # between the English and the Chinese half of one file

WORDS: dict[str, dict[str, str]] = {
    "en": {
        "other": "中文",
        "book": "Offline book",
        "contents": "Contents",
        "sections": "On this page",
        "sheets": "Homeworks",
        "data": "Data",
        "more": "More",
        "search": "Search all pages",
        "none": "Nothing found",
        "found": "results",
        "unavailable": "The search needs search.js, a file of the book's folder.",
        "previous": "Previous",
        "next": "Next",
        "copy_code": "Copy",
        "copied": "Copied",
        "shortcuts": "Keys: / search, p previous, n next, l language, Esc close",
        "skip": "To the text",
    },
    "zh": {
        "other": "English",
        "book": "离线书",
        "contents": "目录",
        "sections": "本页内容",
        "sheets": "作业",
        "data": "数据",
        "more": "其他",
        "search": "搜索全书",
        "none": "没有找到",
        "found": "条结果",
        "unavailable": "搜索需要书的文件夹中的 search.js。",
        "previous": "上一页",
        "next": "下一页",
        "copy_code": "复制",
        "copied": "已复制",
        "shortcuts": "快捷键：/ 搜索，p 上一页，n 下一页，l 切换语言，Esc 关闭",
        "skip": "跳到正文",
    },
}


@dataclass(frozen=True)
class Text:
    """A text of the book. name: of its pages (en/NAME.html). files: {language: file in the copy}. group: a key of WORDS."""

    name: str
    files: dict[str, str]
    group: str


@dataclass
class Page:
    """One text in one language."""

    text: Text
    language: str
    title: str
    rendered: "Rendered"

    @property
    def address(self) -> str:
        return f"{self.language}/{self.text.name}.html"


def missing_packages() -> list[str]:
    """Names, as pip knows them, of the packages that the book needs and that are not installed."""
    return [name for module, name in PACKAGES.items() if not importlib.util.find_spec(module)]


def install_line(missing: Iterable[str], lang: Language = "en") -> str:
    """What to do about missing packages, in one line."""
    if lang == "zh":
        return f"离线书需要 {'、'.join(missing)}：python -m pip install --group grading（pip 25.1 或更新）"
    return (
        f"the offline book needs {', '.join(missing)}: python -m pip install --group grading "
        "(pip 25.1 or newer)"
    )


def write_book(copy: Path, out: Path) -> int:
    """Write the book of a student copy's texts into the folder `out`. Returns the number of pages.

    copy: the folder of a copy, or as much of one as the book shows: its texts, figures and pages to play with.
    """
    from grading.pages import ENVIRONMENT, TEMPLATES

    pages = _pages(copy)
    script = (TEMPLATES / "book.js").read_text(encoding="utf-8")
    shared = {
        "css": (TEMPLATES / "book.css").read_text(encoding="utf-8"),
        "script": script,
        "script_hash": base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode(),
        "pages": pages,
        "tags": LANG_TAGS,
    }
    out.mkdir(parents=True, exist_ok=True)
    for language in LANGUAGES:
        in_language = [page for page in pages if page.language == language]
        others = {page.text.name: page for page in pages if page.language != language}
        for number, page in enumerate(in_language):
            html = ENVIRONMENT.get_template("book.html").render(
                **shared,
                page=page,
                twin=others[page.text.name],
                anchors=_anchors(page, others[page.text.name]),
                groups=_groups(in_language),
                previous=in_language[number - 1] if number else None,
                next=in_language[number + 1] if number + 1 < len(in_language) else None,
                lang=language,
                w=WORDS[language],
            )
            _write(out / page.address, keep_together(html) + "\n")
    front = ENVIRONMENT.get_template("book_index.html").render(
        **shared,
        rows=[(page, next(p for p in pages if p.text is page.text and p.language == "zh"))
              for page in pages if page.language == "en"],
        words=WORDS,
    )  # fmt: skip
    _write(out / "index.html", front + "\n")
    _write(
        out / "search.js", f"window.BOOK = {json.dumps(_search_rows(pages), ensure_ascii=False)};\n"
    )
    for path in _play_pages(copy):
        _write(out / "play" / _play_name(path), path.read_text(encoding="utf-8"))
    return len(pages)


def keep_together(page: str) -> str:
    """A page whose blanks' ids (hmm-01), bonus points and rows of numbers are not broken between lines."""
    return TEXT.sub(
        lambda part: (
            UNBROKEN.sub(r'<span class="unbroken">\g<0></span>', part[2]) if part[2] else part[0]
        ),
        page,
    )


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode("utf-8"))


# ---------------------------------------------------------------- what is in it


def _texts(copy: Path) -> list[Text]:
    """The book's texts in reading order: start page, homeworks as the README orders them, data, changes, licence."""
    start = (copy / "README.md").read_text(encoding="utf-8")
    homeworks = [name for name in HOMEWORKS if (copy / name / "README.md").is_file()]
    homeworks.sort(key=lambda name: (start.find(f"]({name})") % (len(start) + 1), name))
    texts = [Text("start", LANGUAGES, "contents")]
    for name in homeworks:
        files = {language: f"{name}/{file}" for language, file in LANGUAGES.items()}
        texts.append(Text(name, files, "sheets"))
    cards = sorted(path.parent.name for path in (copy / "data").glob("*/README.md"))
    for name, file in (
        ("data", "data/README.md"),
        *((f"data-{card}", f"data/{card}/README.md") for card in cards),
    ):
        texts.append(Text(name, dict.fromkeys(LANGUAGES, file), "data"))
    for name, file in (("changes", "CHANGELOG.md"), ("licence", "LICENSE")):
        texts.append(Text(name, dict.fromkeys(LANGUAGES, file), "more"))
    return [text for text in texts if all((copy / file).is_file() for file in text.files.values())]


def _pages(copy: Path) -> list[Page]:
    from grading import markdown

    texts, pages = _texts(copy), []
    for language in LANGUAGES:
        for text in texts:
            source = copy / text.files[language]
            resolve = Links(copy, source, language, texts)
            words = _half(source.read_text(encoding="utf-8"), language)
            if source.suffix != ".md":
                words = f"# {source.name.capitalize()}\n\n```text\n{words}```\n"
            rendered = markdown.render(LANGUAGE_LINE.sub("", words), source.parent, resolve)
            pages.append(Page(text, language, rendered.sections[0].title, rendered))
    return pages


def _half(text: str, language: str) -> str:
    """The half of a text with both languages that is in `language`; other texts as they are."""
    english, _, chinese = text.partition(TWO_LANGUAGES)
    return chinese.lstrip() if chinese and language == "zh" else english


class Links:
    """Addresses in a text -> addresses in the book, as seen from a page in en/ or zh/."""

    def __init__(self, copy: Path, source: Path, language: str, texts: list[Text]) -> None:
        self.copy, self.source, self.language = copy.resolve(), source.resolve(), language
        self.pages: dict[Path, tuple[str, str]] = {}
        for text in texts:
            for file_language, file in text.files.items():
                shared = len(set(text.files.values())) == 1
                target = language if shared else file_language
                self.pages[(self.copy / file).resolve()] = (target, text.name)

    def __call__(self, address: str) -> str | None:
        if re.match(r"\w+:", address) or address.startswith("#"):
            return address
        file, _, anchor = address.partition("#")
        path = (self.source.parent / file).resolve()
        if path.is_dir():
            path /= LANGUAGES[self.language]
        if path in self.pages:
            language, name = self.pages[path]
            folder = "" if language == self.language else f"../{language}/"
            return f"{folder}{name}.html" + (f"#{anchor}" if anchor else "")
        if path in _play_pages(self.copy):
            return f"../play/{_play_name(path)}?lang={self.language}"
        return None


def _play_pages(copy: Path) -> list[Path]:
    return sorted(path for name in HOMEWORKS for path in (copy / name / "play").glob("*.html"))


def _play_name(path: Path) -> str:
    return f"{path.parents[1].name}-{path.name}"


# ---------------------------------------------------------------- what a page shows


def _groups(pages: list[Page]) -> list[tuple[str, list[Page]]]:
    """[(key of WORDS, pages)] for the table of contents."""
    keys = dict.fromkeys(page.text.group for page in pages)
    return [(key, [page for page in pages if page.text.group == key]) for key in keys]


def _anchors(page: Page, twin: Page) -> dict[str, str]:
    """{section's anchor: the same section's in the other language}; empty where the two differ in their headings."""
    here, there = page.rendered.sections, twin.rendered.sections
    if [section.level for section in here] != [section.level for section in there]:
        return {}
    return {a.anchor: b.anchor for a, b in zip(here, there)}


def _search_rows(pages: list[Page]) -> list[list[Any]]:
    """[language, page, its title, anchor, heading, text] of each section."""
    return [
        [page.language, page.address, page.title, section.anchor, section.title,
         re.sub(r"\s+", " ", section.text).strip()]
        for page in pages for section in page.rendered.sections
    ]  # fmt: skip
