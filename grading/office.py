"""Text and pictures of .docx files as Markdown, with the formulas of Word's editor as LaTeX; standard library only."""

import io
import posixpath
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

MAX_XML = 20 * 2**20  # bytes of the document's text, unpacked
MAX_PICTURE = 20 * 2**20  # bytes of one picture
MAX_PICTURES = 100  # of a document
DAMAGED = (
    zipfile.BadZipFile, zipfile.LargeZipFile, ElementTree.ParseError, zlib.error, KeyError, ValueError, EOFError, OSError,
    NotImplementedError, RuntimeError, RecursionError,
)  # fmt: skip
NARY = {"∑": r"\sum", "∏": r"\prod", "∫": r"\int", "∬": r"\iint", "∮": r"\oint", "⋃": r"\bigcup", "⋂": r"\bigcap"}  # fmt: skip
ACCENTS = {"̂": r"\hat", "̃": r"\tilde", "̄": r"\bar", "̅": r"\overline", "⃗": r"\vec", "̇": r"\dot", "̈": r"\ddot"}  # fmt: skip
FUNCTIONS = {"sin", "cos", "tan", "exp", "log", "ln", "max", "min", "sup", "inf", "lim", "det", "arg", "tanh"}  # fmt: skip
SPECIAL = {char: "\\" + char for char in "#$%&_{}"} | {"\\": r"\backslash ", "^": r"\hat{}", "~": r"\sim "}  # fmt: skip


@dataclass
class WordDocument:
    """text: Markdown in which pictures appear as ![](name). pictures: {name: bytes}. left: names of pictures that are too large."""

    text: str
    pictures: dict[str, bytes] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)


def read_docx(data: bytes) -> WordDocument:
    """Text, tables, formulas and pictures of a .docx file. Raises one of DAMAGED."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        body = _xml(archive, "word/document.xml").find("{*}body")
        if body is None:
            raise ValueError("no text in it")
        document = WordDocument("")
        try:
            relations = _relations(_xml(archive, "word/_rels/document.xml.rels"))
        except KeyError:
            relations = {}
        reader = _Reader(relations)
        document.text = "\n\n".join(block for block in reader.blocks(body) if block.strip())
        for name, target in list(reader.used.items())[:MAX_PICTURES]:
            try:
                document.pictures[name] = _member(archive, target, MAX_PICTURE)
            except DAMAGED:
                document.left.append(name)
        document.left += list(reader.used)[MAX_PICTURES:]
    return document


def _member(archive: zipfile.ZipFile, name: str, limit: int) -> bytes:
    with archive.open(name) as member:
        data = member.read(limit + 1)
    if len(data) > limit:
        raise ValueError(f"{name} has more than {limit // 2**20} MiB")
    return data


def _xml(archive: zipfile.ZipFile, name: str) -> Element:
    data = _member(archive, name, MAX_XML)
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise ValueError("XML with declarations")  # Word writes none; they can grow without bound
    return ElementTree.fromstring(data)


def _relations(root: Element) -> dict[str, str]:
    """{id: member} of the pictures in the document itself; what lies outside is left out."""
    return {
        relation.get("Id", ""): posixpath.normpath(
            posixpath.join("word", relation.get("Target", ""))
        ).lstrip("/")
        for relation in root
        if relation.get("TargetMode") != "External" and relation.get("Type", "").endswith("/image")
    }


def _local(node: Element) -> str:
    return str(node.tag).rpartition("}")[2]


def _attribute(node: Element | None, name: str) -> str:
    """An attribute whatever its namespace is, or ""."""
    for key, value in node.items() if node is not None else ():
        if key.rpartition("}")[2] == name:
            return value
    return ""


class _Reader:
    """Walks through the document. used: {name of a picture in the text: member of the archive}."""

    def __init__(self, relations: dict[str, str]):
        self.relations = relations
        self.used: dict[str, str] = {}

    def blocks(self, parent: Element) -> Iterator[str]:
        for node in parent:
            kind = _local(node)
            if kind == "p":
                yield self.paragraph(node)
            elif kind == "tbl":
                yield self.table(node)
            elif kind in ("sdt", "sdtContent", "customXml", "ins", "smartTag"):
                yield from self.blocks(node)

    def paragraph(self, node: Element) -> str:
        text = self.inline(node).strip()
        style = _attribute(node.find("{*}pPr/{*}pStyle"), "val").lower()
        if text and (style.startswith(("heading", "title", "标题")) or style in ("1", "2", "3")):
            return f"### {' '.join(text.split())}"
        if node.find("{*}pPr/{*}numPr") is not None and text:
            return f"- {text}"
        return text

    def table(self, node: Element) -> str:
        rows = []
        for row in node.findall("{*}tr"):
            cells = [
                " ".join(" ".join(self.blocks(cell)).split()).replace("|", "\\|")
                for cell in row.findall("{*}tc")
            ]
            rows.append("| " + " | ".join(cells) + " |")
        if rows:
            rows.insert(1, "|" + " --- |" * (rows[0].count(" | ") + 1))
        return "\n".join(rows)

    def inline(self, node: Element) -> str:
        kind = _local(node)
        if kind == "t":
            return node.text or ""
        if kind in ("pPr", "rPr", "del", "instrText", "Fallback"):
            return ""
        if kind == "tab":
            return " "
        if kind in ("br", "cr"):
            return "  \n"
        if kind == "oMathPara":
            formulas = [latex(child) for child in node if _local(child) == "oMath"]
            return "\n\n" + "\n\n".join(f"$${text}$$" for text in formulas) + "\n\n"
        if kind == "oMath":
            return f"${latex(node).strip()}$"
        if kind in ("blip", "imagedata"):
            return self.picture(_attribute(node, "embed") or _attribute(node, "id"))
        return "".join(self.inline(child) for child in node)

    def picture(self, relation: str) -> str:
        if relation not in self.relations:
            return ""
        name = posixpath.basename(self.relations[relation])
        self.used[name] = self.relations[relation]
        return f"\n\n![](<{name}>)\n\n"


def latex(node: Element) -> str:
    """A formula of Word's editor (Office Math) as LaTeX."""
    kind = _local(node)
    if kind == "t":
        return "".join(SPECIAL.get(char, char) for char in node.text or "")
    write = WRITERS.get(kind)
    if write:
        return write(node)
    return "" if kind.endswith("Pr") else "".join(latex(child) for child in node)


def _part(node: Element, name: str) -> str:
    part = node.find("{*}" + name)
    return latex(part).strip() if part is not None else ""


def _setting(node: Element, name: str, default: str) -> str:
    setting = node.find("{*}" + _local(node) + "Pr/{*}" + name)
    return default if setting is None else _attribute(setting, "val")


def _fraction(node: Element) -> str:
    return rf"\frac{{{_part(node, 'num')}}}{{{_part(node, 'den')}}}"


def _scripts(node: Element) -> str:
    base, below, above = (_part(node, name) for name in ("e", "sub", "sup"))
    lower = f"_{{{below}}}" if below else ""
    upper = f"^{{{above}}}" if above else ""
    return (
        f"{{}}{lower}{upper}{{{base}}}" if _local(node) == "sPre" else f"{{{base}}}{lower}{upper}"
    )


def _root(node: Element) -> str:
    degree = _part(node, "deg")
    index = f"[{degree}]" if degree else ""
    return rf"\sqrt{index}{{{_part(node, 'e')}}}"


def _nary(node: Element) -> str:
    sign = _setting(node, "chr", "∫")
    below, above = _part(node, "sub"), _part(node, "sup")
    lower = f"_{{{below}}}" if below else ""
    upper = f"^{{{above}}}" if above else ""
    return f"{NARY.get(sign, sign)}{lower}{upper} {{{_part(node, 'e')}}}"


def _delimited(node: Element) -> str:
    signs = {"{": r"\{", "}": r"\}", "": ".", "‖": r"\|", "⟨": r"\langle", "⟩": r"\rangle"}
    begin, end = _setting(node, "begChr", "("), _setting(node, "endChr", ")")
    between = _setting(node, "sepChr", "|")
    inside = f" {between} ".join(latex(part) for part in node.findall("{*}e"))
    return rf"\left{signs.get(begin, begin)} {inside} \right{signs.get(end, end)} "


def _matrix(node: Element) -> str:
    rows = [
        " & ".join(latex(cell) for cell in row.findall("{*}e")) for row in node.findall("{*}mr")
    ]
    rows = rows or [latex(row).replace(r"\&", "&") for row in node.findall("{*}e")]
    return r"\begin{matrix}" + r" \\ ".join(rows) + r"\end{matrix}"


def _function(node: Element) -> str:
    return f"{_named(_part(node, 'fName'))} {{{_part(node, 'e')}}}"


def _named(name: str) -> str:
    return "\\" + name if name in FUNCTIONS else f"{{{name}}}"


def _accent(node: Element) -> str:
    accent = ACCENTS.get(_setting(node, "chr", "̂"), r"\hat")
    return f"{accent}{{{_part(node, 'e')}}}"


def _bar(node: Element) -> str:
    line = "overline" if _setting(node, "pos", "bot") == "top" else "underline"
    return rf"\{line}{{{_part(node, 'e')}}}"


def _limit(node: Element) -> str:
    sign = "_" if _local(node) == "limLow" else "^"
    return f"{_named(_part(node, 'e'))}{sign}{{{_part(node, 'lim')}}}"


WRITERS = {
    "f": _fraction,
    "sSup": _scripts,
    "sSub": _scripts,
    "sSubSup": _scripts,
    "sPre": _scripts,
    "rad": _root,
    "nary": _nary,
    "d": _delimited,
    "m": _matrix,
    "eqArr": _matrix,
    "func": _function,
    "acc": _accent,
    "bar": _bar,
    "limLow": _limit,
    "limUpp": _limit,
}
