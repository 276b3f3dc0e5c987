"""Replacing files so that a stopped run, or another program on Windows, leaves no half-written one."""

import contextlib
import os
import time
from pathlib import Path

WAITS = (0.05, 0.1, 0.2, 0.4, 0.8)  # seconds between tries on Windows


def replace_file(source: Path | str, target: Path | str) -> None:
    """os.replace that tries again for 1.5 s on Windows, where it is refused while a virus scanner, Excel or a memory map
    has the target open. Raises PermissionError if it stays so."""
    for seconds in WAITS if os.name == "nt" else ():
        try:
            return os.replace(source, target)
        except PermissionError:
            time.sleep(seconds)
    os.replace(source, target)


def write_file(path: Path | str, data: bytes) -> None:
    """Write to a temporary name beside `path` and rename: a stopped run leaves the old file, or the new one."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    new_path = path.with_name(f".{path.name}.tmp")
    try:
        new_path.write_bytes(data)
        replace_file(new_path, path)
    except OSError:
        with contextlib.suppress(OSError):
            new_path.unlink()
        raise
