"""The part of a traceback that helps a student: the frames of the homework folder only."""

import traceback
from pathlib import Path

from course.messages import Language, Message
from course.runner.calls import VALIDATION

MAX_FRAMES = 6  # an endless recursion has a thousand


def homework_frames(error: BaseException, folder: Path, language: Language = "en") -> list[str]:
    """Lines of the last frames in `folder`, the last call at the end: where it is, and the line of code.

    Frames of the argument validation are left out: they say nothing about the student's code.
    """
    lines: list[str] = []
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).is_relative_to(folder) and Path(frame.filename).name != VALIDATION
    ]
    for frame in frames[-MAX_FRAMES:]:
        name = Path(frame.filename).relative_to(folder).as_posix()
        message = Message(
            f"{folder.name}/{name}, line {frame.lineno}, in {frame.name}",
            f"{folder.name}/{name} 第 {frame.lineno} 行，{frame.name}：",
        )
        lines.append(message.text(language))
        if frame.line:
            lines.append(f"    {frame.line}")
    return lines
