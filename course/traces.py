"""The part of a traceback that helps a student: the frames of the homework folder only."""

import traceback
from pathlib import Path


def homework_frames(error: BaseException, folder: Path) -> list[str]:
    """Lines of the frames in `folder`, the last call at the end: where it is, and the line of code."""
    lines: list[str] = []
    for frame in traceback.extract_tb(error.__traceback__):
        path = Path(frame.filename)
        if path.is_relative_to(folder):
            name = path.relative_to(folder).as_posix()
            lines.append(f"{folder.name}/{name}, line {frame.lineno}, in {frame.name}")
            if frame.line:
                lines.append(f"    {frame.line}")
    return lines
