"""Which homeworks there are, where their files lie, and where a blank is in a file."""

import json
import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
HOMEWORKS = ("hw_bptt", "hw_attention", "waimai_cls", "gpt_songci", "hmm", "word2vec_sst")
COPY_RECORD = ".student-copy.json"  # in every student copy: its homeworks, files as handed out, texts to merge with
PROGRESS_FILE = ".course-status.json"  # verdicts of the last runs (course.progress); ignored by git


class Location(NamedTuple):
    """A line of a homework file: `file` as in messages ("hmm/model.py"), `line` counted from 1."""

    file: str
    line: int


def find_folder(root: Path | str, homework: str) -> Path:
    """Folder of a homework in a submission: root/homework, or root itself if it holds the homework's files."""
    root = Path(root)
    if not (root / homework).is_dir() and any(root.glob("*.py")):
        return root
    return root / homework


def locate_blank(homework: str, id: str, root: Path | str = ROOT) -> Location | None:
    """Where a blank is in a homework folder, or None.

    That is the line of its hint; if the student removed the hint, the line of its `def`, which is found with the texts
    that the student copy was handed out with.
    """
    folder = find_folder(root, homework)
    files = {f"{homework}/{path.name}": _read_lines(path) for path in sorted(folder.glob("*.py"))}
    hint = re.compile(rf"\s*# (\w+ \w+ )?{re.escape(id)} \(\d+ point")
    for name, lines in files.items():
        for number, line in enumerate(lines, 1):
            if hint.match(line):
                return Location(name, number)
    for name, text in _original_texts(root).items():
        stop = re.search(
            rf'raise NotImplementedError\("{re.escape(name)}, blank {re.escape(id)} \((\w+)\)', text
        )
        for number, line in enumerate(files.get(name, ()) if stop else (), 1):
            if stop and re.match(rf"\s*def {stop[1]}\b", line):
                return Location(name, number)
    return None


def _read_lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []


def _original_texts(root: Path | str) -> dict[str, str]:
    try:
        return json.loads((Path(root) / COPY_RECORD).read_text(encoding="utf-8"))["texts"]
    except (OSError, ValueError, KeyError):
        return {}
