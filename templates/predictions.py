"""The open task's files and the flags of predict.py: items that were handed out, predictions to hand in."""

import csv
import io
from pathlib import Path

from cli import Parser, UserError, safe_write


def get_predict_parser(description, ckpt_path):
    """The parser of predict.py; ckpt_path: the default folder of a run."""
    parser = Parser(description=description)
    add = parser.add_argument
    add("--items", type=Path, default=Path("items.csv"), help="the items that were handed out")
    add("--ckpt_path", type=Path, default=Path(ckpt_path), help="folder of a run of train.py")
    add("--out", type=Path, default=Path("predictions.csv"), help="file to write and hand in")
    return parser


def read_items(path, columns):
    """Rows of items.csv as dicts with the given columns and id. Raises UserError."""
    path = Path(path)
    if not path.is_file():
        raise UserError(f"{path}: no such file; --items is the items.csv of the open task")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise UserError(f"{path} is not UTF-8: take items.csv as it was handed out") from None
    reader = csv.DictReader(io.StringIO(text, newline=""))
    rows = list(reader)
    missing = {"id", *columns} - set(reader.fieldnames or ())
    if missing or not rows:
        raise UserError(f"{path} has no column {', '.join(sorted(missing))}, or no row")
    return rows


def write_predictions(path, columns, rows):
    """Write the rows (id, values...) as CSV with a header, whole or not at all."""
    with safe_write(Path(path)) as file:
        csv.writer(file, lineterminator="\n").writerows([("id", *columns), *rows])
