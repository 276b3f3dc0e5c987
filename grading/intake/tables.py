"""Reads tables as spreadsheets and platforms write them: CSV in any encoding and separator, .xlsx, HTML that is called .xls."""

import codecs
import contextlib
import csv
import html.parser
import io
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from grading.intake.problems import GradingError, reason_of

BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
SEPARATORS = "\t;,|，"
MAX_TABLE = 64 * 2**20
MAX_COLUMNS = 500
HTML_TABLE = re.compile(rb"<table[\s>]", re.IGNORECASE)
SCIENTIFIC = re.compile(r"\d[.,]?\d*[eE]\+?\d+")


class TableError(GradingError):
    """Raised for a table that cannot be read or is inconsistent. The message is one line that names the row and the fix."""


Rows = list[tuple[int, list[str]]]


@dataclass
class Table:
    """rows: (number as the program shows it, cells). encoding, separator: of a text file; sheet: of an .xlsx file."""

    path: Path
    rows: Rows
    encoding: str = ""
    separator: str = ""
    sheet: str = ""


def read_table(path: Path | str, fits: Callable[[Rows], bool] = lambda rows: True) -> Table:
    """All rows that are not empty, cells without spaces at their ends. Raises TableError.

    fits: which sheet of an .xlsx file is wanted; without one that fits, the first. Hidden sheets count only if all are.
    """
    path = Path(path)
    try:
        if path.stat().st_size > MAX_TABLE:
            raise TableError(
                f"{path} has more than {MAX_TABLE // 2**20} MiB; is it a table of students?",
                f"{path} 超过 {MAX_TABLE // 2**20} MiB；这是学生名单吗？",
            )
        data = path.read_bytes()
    except OSError as error:
        message = reason_of(error)
        raise TableError(f"{path}: {message}", f"{path}：{message.zh}") from None
    if data.startswith(b"PK\3\4"):
        rows, sheet = _rows_of_xlsx(path, fits)
        return Table(path, rows, sheet=sheet)
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise TableError(
            f"{path} is an old Excel file (.xls); save it as .xlsx or as CSV UTF-8",
            f"{path} 是旧版 Excel 文件（.xls）；请另存为 .xlsx 或 CSV UTF-8",
        )
    text, encoding = decode(data, path)
    if HTML_TABLE.search(data[:65536]) and text.lstrip().startswith("<"):
        return Table(path, _rows_of_html(text))
    separator = separator_of(text)
    if text.startswith("sep=") and len(text.splitlines()[0]) == 5:
        text = "\n" + text.split("\n", 1)[-1]
    rows = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        for cells in reader:
            cells = [clean(cell) for cell in cells]
            if any(cells):
                rows.append((reader.line_num, cells))
    except csv.Error as error:
        raise TableError(
            f"{path}, line {reader.line_num}: {error}",
            f"{path} 第 {reader.line_num} 行：CSV 格式有误（{error}）",
        ) from None
    return Table(path, rows, encoding, separator)


def decode(data: bytes, path: Path | str) -> tuple[str, str]:
    """(text, encoding). UTF-8 and UTF-16 with or without a byte order mark, GB18030, and what charset-normalizer knows."""
    for mark, encoding in BOMS:
        if data.startswith(mark):
            return _strict(data, encoding, path), encoding
    if b"\0" in data[:200]:
        little = data[1:200:2].count(0) >= data[0:200:2].count(0)
        encoding = "utf-16-le" if little else "utf-16-be"
        return _strict(data, encoding, path), encoding
    with contextlib.suppress(UnicodeDecodeError):
        return data.decode("utf-8"), "utf-8"
    chinese = ""
    with contextlib.suppress(UnicodeDecodeError):
        chinese = data.decode("gb18030")
        if _is_common(chinese):
            return chinese, "gb18030"
    if best := _guess(data):
        return best
    if chinese:
        return chinese, "gb18030"
    raise TableError(
        f"{path}: unknown encoding; save it as CSV UTF-8",
        f"{path}：无法识别编码；请另存为 CSV UTF-8",
    )


def _strict(data: bytes, encoding: str, path: Path | str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        raise TableError(
            f"{path}: damaged {encoding.upper()}; save it as CSV UTF-8",
            f"{path}：{encoding.upper()} 编码已损坏；请另存为 CSV UTF-8",
        ) from None


def _is_common(text: str) -> bool:
    """Whether most characters beyond ASCII belong to GB 2312: the characters of Chinese names and headings."""
    foreign = [char for char in text if char > "\x7f"]
    common = 0
    for char in foreign:
        with contextlib.suppress(UnicodeEncodeError):
            common += bool(char.encode("gb2312"))
    return common >= 0.9 * len(foreign)


def _guess(data: bytes) -> tuple[str, str] | None:
    try:
        import charset_normalizer
    except ImportError:
        return None
    best = charset_normalizer.from_bytes(
        data, cp_isolation=["gb18030", "big5", "cp1252", "shift_jis", "euc_kr"]
    ).best()
    return (str(best), best.encoding) if best else None


def separator_of(text: str) -> str:
    """Tab, semicolon, comma, bar or full-width comma: the one that the first lines have most, and evenly."""
    text = re.sub(
        r'(?m)(^|[\t;,|，])"(?:[^"]|"")*"', r"\1cell", text[:100_000]
    )  # cells of several lines
    lines = [line for line in text.splitlines()[:20] if line.strip()]
    if lines and (match := re.fullmatch(r"sep=(.)", lines[0])):
        return match[1]

    def votes(separator: str) -> tuple[int, int]:
        counts = [re.sub(r'"[^"]*"', "", line).count(separator) for line in lines]
        most = max(counts, default=0)
        return (sum(count == most for count in counts) if most else 0, most)

    return (
        max(SEPARATORS, key=votes) if any(votes(separator)[0] for separator in SEPARATORS) else ","
    )


def clean(cell: str) -> str:
    """A cell without surrounding spaces, and without the forms that keep Excel from reading a number."""
    cell = cell.strip().strip("\ufeff\u200b\xa0").strip()
    if match := re.fullmatch(r'="([^"]*)"', cell):
        cell = match[1]
    return cell.removeprefix("'").strip()


class _HtmlTable(html.parser.HTMLParser):
    """Collects the cells of all tables of a page, row by row."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.in_cell = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th") and self.rows:
            self.rows[-1].append("")
        if tag in ("td", "th", "tr"):
            self.in_cell = tag != "tr" and bool(self.rows)

    def handle_endtag(self, tag: str) -> None:
        self.in_cell = self.in_cell and tag not in ("td", "th", "tr", "table")

    def handle_data(self, data: str) -> None:
        if self.in_cell:
            self.rows[-1][-1] += data


def _rows_of_html(text: str) -> Rows:
    """The rows of a page of tables, as registrars' systems export them under the name .xls."""
    parser = _HtmlTable()
    parser.feed(text)
    parser.close()
    rows = [[clean(cell.replace("\xa0", " ")) for cell in cells] for cells in parser.rows]
    return [(number, cells) for number, cells in enumerate(rows, 1) if any(cells)]


def _rows_of_xlsx(path: Path, fits: Callable[[Rows], bool]) -> tuple[Rows, str]:
    """The rows and the name of the first sheet that fits."""
    try:
        import openpyxl
    except ImportError:
        raise TableError(
            f"{path}: reading .xlsx needs openpyxl (python -m pip install openpyxl), or save it as CSV UTF-8",
            f"{path}：读取 .xlsx 需要 openpyxl（python -m pip install openpyxl），或另存为 CSV UTF-8",
        ) from None
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        visible = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
        sheets = [(_rows_of_sheet(sheet), sheet.title) for sheet in visible or book.worksheets]
        chosen = next((sheet for sheet in sheets if fits(sheet[0])), sheets[0])
        book.close()
    except Exception as error:  # openpyxl raises what its parsers raise
        raise TableError(
            f"{path} is not a readable .xlsx file ({type(error).__name__}); save it again",
            f"{path} 不是可读的 .xlsx 文件（{type(error).__name__}）；请重新保存",
        ) from None
    return chosen


def _rows_of_sheet(sheet: Any) -> Rows:
    sheet.reset_dimensions()
    rows = []
    for number, row in enumerate(sheet.iter_rows(max_col=MAX_COLUMNS), 1):
        cells = [_text(cell) for cell in row]
        while cells and not cells[-1]:
            cells.pop()
        if cells:
            rows.append((number, cells))
    return rows


def _text(cell: Any) -> str:
    """A cell as it is shown: whole numbers without ".0", leading zeros of a format such as 00000000 kept."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat(" ")
    if isinstance(value, (int, float)):
        text = str(int(value)) if float(value).is_integer() and abs(value) < 1e16 else repr(value)
        pattern = cell.number_format or ""
        return text.zfill(len(pattern)) if re.fullmatch("0{2,}", pattern) else text
    return clean(str(value))


def heading(text: str) -> str:
    """A heading for comparison: letters, digits and Chinese characters only, case folded, without "(...)"."""
    text = unicodedata.normalize("NFKC", text).casefold()
    return re.sub(r"[\W_]+", "", re.sub(r"\(.*?\)", "", text) or text)
