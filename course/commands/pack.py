"""Write the archive to hand in, after a look at what is in it.

python -m course pack hmm            # writes hmm.zip: code, answers.md, pictures, PDF
"""

import argparse
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import NamedTuple

from course.homeworks import HOMEWORKS, ROOT
from course.runner.loader import LIBRARIES

KEPT = (".py", ".md", ".txt", ".pdf", ".png", ".jpg", ".jpeg", ".ipynb")
LEFT_OUT = {"__pycache__", "workdirs", ".ipynb_checkpoints", ".pytest_cache", ".git"}
MAX_FILE, MAX_TOTAL = 10 * 2**20, 30 * 2**20  # bytes
IMPORT = """
import importlib, pathlib, sys, traceback
for path in sorted(pathlib.Path().glob("*.py")):
    try:
        importlib.import_module(path.stem)
    except BaseException as error:
        places = [frame.filename for frame in traceback.extract_tb(error.__traceback__)] + [getattr(error, "filename", None) or ""]
        mine = [pathlib.Path(place).name for place in places if pathlib.Path(place).parent == pathlib.Path.cwd()]
        sys.exit(f"{(mine or [path.name])[-1]} cannot be imported: {type(error).__name__}: {error}")
"""  # names the file that stops, which need not be the one that is imported


class Packed(NamedTuple):
    """What was written: number of files, and what the student may have forgotten."""

    files: int
    notes: list[str]


class PackError(Exception):
    """Something that keeps the archive from being written. One line that names the fix."""


def files(folder):
    """Files of the homework that are handed in. Raises PackError for one that is too large."""
    found = []
    for path in sorted(folder.rglob("*")):
        if (
            path.is_symlink()
            or not path.is_file()
            or set(path.relative_to(folder).parts) & LEFT_OUT
        ):
            continue
        if path.suffix.lower() in KEPT:
            if path.stat().st_size > MAX_FILE:
                raise PackError(
                    f"{path} has {path.stat().st_size / 2**20:.0f} MB, at most {MAX_FILE // 2**20} are taken: "
                    "make the picture or PDF smaller"
                )
            found.append(path)
    if sum(path.stat().st_size for path in found) > MAX_TOTAL:
        raise PackError(
            f"the files of {folder.name} have more than {MAX_TOTAL // 2**20} MB together: make pictures smaller"
        )
    return found


def notes(folder):
    """What a student may have forgotten: lines that do not keep the archive from being written. Raises PackError."""
    shadows = [
        path.name
        for path in folder.glob("*.py")
        if path.stem in sys.stdlib_module_names | LIBRARIES
    ]
    if shadows:
        raise PackError(
            f"{folder.name}/{shadows[0]} hides the library {shadows[0].removesuffix('.py')}: rename it"
        )
    said = []
    done = subprocess.run(
        [sys.executable, "-B", "-c", IMPORT],
        cwd=folder,
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        timeout=120,
    )
    if done.returncode:
        raise PackError(f"{folder.name}/{done.stderr.strip().splitlines()[-1]}")
    for path in sorted(folder.glob("*.py")):
        empty = path.read_text(encoding="utf-8").count('): still empty")')
        if empty:
            said.append(f"{folder.name}/{path.name}: {empty} blank(s) still empty")
    answers = folder / "answers.md"
    if not answers.is_file():
        said.append(f"{folder.name}/answers.md is missing (the written questions)")
    elif not any(
        line.strip() and not line.startswith(("#", "Put pictures", "Name", "Student id"))
        for line in answers.read_text(encoding="utf-8").splitlines()
    ):
        said.append(f"{folder.name}/answers.md holds no answer yet")
    return said


def pack(homework: str, out: Path, root: Path = ROOT) -> Packed:
    """Write `out` (a zip). Raises PackError."""
    folder = root / homework
    if not folder.is_dir():
        raise PackError(f"no folder {homework} in {root}")
    found, said = files(folder), notes(folder)
    if out.exists() and not zipfile.is_zipfile(out):
        raise PackError(f"{out} exists and is not a zip file: give another --out")
    temporary = out.with_name(f".{out.name}.tmp")
    with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in found:
            archive.write(path, f"{homework}/{path.relative_to(folder).as_posix()}")
    temporary.replace(out)
    return Packed(len(found), said)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("homework", choices=HOMEWORKS)
    parser.add_argument("--out", type=Path, help="zip file to write (default: HOMEWORK.zip)")


def run(args: argparse.Namespace) -> int:
    out = args.out or Path(f"{args.homework}.zip")
    try:
        packed = pack(args.homework, out)
    except (PackError, OSError, UnicodeDecodeError, subprocess.TimeoutExpired) as error:
        message = " ".join(str(error).split())
        print(f"python -m course pack: error: {message}", file=sys.stderr)
        return 2
    for note in packed.notes:
        print(f"note: {note}")
    size = out.stat().st_size / 1024
    print(f"{out}: {packed.files} files, {size:.0f} kB. Hand in this file.")
    return 0
