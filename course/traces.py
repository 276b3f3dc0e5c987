"""The part of a traceback that helps a student: the frames of the homework folder only."""

import traceback
from pathlib import Path

from course.messages import Language, Message


def homework_frames(error: BaseException, folder: Path, language: Language = "en") -> list[str]:
    """Lines of the frames in `folder`, the last call at the end: where it is, and the line of code."""
    lines: list[str] = []
    for frame in traceback.extract_tb(error.__traceback__):
        path = Path(frame.filename)
        if path.is_relative_to(folder):
            name = path.relative_to(folder).as_posix()
            message = Message(
                f"{folder.name}/{name}, line {frame.lineno}, in {frame.name}",
                f"{folder.name}/{name} 第 {frame.lineno} 行，{frame.name}：",
            )
            lines.append(message.text(language))
            if frame.line:
                lines.append(f"    {frame.line}")
    return lines
