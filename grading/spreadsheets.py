"""grades.csv and grades.xlsx: a row for everybody, ids as they are, nothing that a spreadsheet would run."""

import csv
import io
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass

Value = str | int | float
FORMULA = ("=", "+", "-", "@", "\t", "\r")
EPOCH = (1980, 1, 1, 0, 0, 0)
DATED = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*(?=<)")


@dataclass(frozen=True)
class Sheet:
    """A table: headings, the most that each column can hold, a row for everybody."""

    headings: Sequence[str]
    most: Sequence[Value]
    rows: Sequence[Sequence[Value]]


def cell(value: Value) -> str:
    """A value of a CSV file that a spreadsheet shows and does not run."""
    if isinstance(value, (int, float)):
        return f"{value:g}" if isinstance(value, float) else str(value)
    text = " ".join(value.split())
    return f"'{text}" if text.startswith(FORMULA) else text


def id_cell(value: str) -> str:
    """An id of a CSV file. One that Excel would take for a number and change (00123, 20 digits) is ="00123"."""
    text = " ".join(value.split())
    changed = re.fullmatch(r"0\d+|\d{12,}|\d+[eE]\d+|\d{1,4}[-/]\d{1,2}([-/]\d{1,4})?", text)
    return f'="{text}"' if changed else cell(text)


def csv_text(sheet: Sheet, ids: int = 0) -> str:
    """Text of a CSV file with a byte order mark, so that Excel reads Chinese names. ids: how many first columns hold names."""
    buffer = io.StringIO()
    table = csv.writer(buffer, lineterminator="\r\n")
    table.writerow(sheet.headings)
    for row in (sheet.most, *sheet.rows):
        table.writerow(
            [
                id_cell(value) if isinstance(value, str) and column < ids else cell(value)
                for column, value in enumerate(row)
            ]
        )
    return "\ufeff" + buffer.getvalue()


def same_bytes(workbook: bytes) -> bytes:
    """An .xlsx file without the times at which it was made: the same bytes for the same cells."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook)) as source,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            info = zipfile.ZipInfo(name, EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            data = source.read(name)
            if name == "docProps/core.xml":
                data = DATED.sub(rb"\g<1>1980-01-01T00:00:00Z", data)
            target.writestr(info, data)
    return buffer.getvalue()
