"""Files of a run: written whole or not at all, under names that every system takes."""

import hashlib
import re
import shutil
from collections.abc import Collection
from pathlib import Path

from course.disk import write_file


def write(path: Path | str, data: str | bytes) -> None:
    """Write bytes, or text as UTF-8, to a temporary name and rename it: a killed run leaves the old file."""
    write_file(path, data if isinstance(data, bytes) else data.encode("utf-8", "replace"))


def folder_name(name: str) -> str:
    """A folder name for any submission: the name itself where it is harmless, else cleaned, with a part of its hash."""
    clean = re.sub(r"[^\w.-]+", "_", name).strip("._")[:60]
    if clean == name and not re.search("-[0-9a-f]{8}$", clean):  # avoids a clash with a hashed name
        return clean
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{clean or 'submission'}-{digest[:8]}"


def clear(folder: Path, kept: Collection[str]) -> None:
    """Remove everything in a folder of ours except the names in `kept`."""
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.name not in kept:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()


def printable(text: object) -> str:
    """One line without control characters: what a student wrote must not command the TA's terminal."""
    return "".join(char if char.isprintable() else "?" for char in " ".join(str(text).split()))
