"""Commands and paths as the user would type them, from the folder that the user is in."""

import contextlib
import os
from pathlib import Path

from course.homeworks import ROOT
from course.shell import quote


def command_name() -> str:
    """How the user starts the commands from the current folder: "python -m course" or "python ../course"."""
    with contextlib.suppress(ValueError):  # another drive of Windows
        folder = os.path.relpath(ROOT, Path.cwd())
        if folder == ".":
            return "python -m course"
        return f"python {quote(f'{Path(folder).as_posix()}/course')}"
    return f"python {quote((ROOT / 'course').as_posix())}"


def shown_path(path: Path) -> str:
    """The path relative to the current folder if it is on the same drive, else in full."""
    with contextlib.suppress(ValueError):
        return Path(os.path.relpath(path, Path.cwd())).as_posix()
    return path.as_posix()
