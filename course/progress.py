"""What the last run of each check found, and which hints were read: a small file in the copy's root."""

import json
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from course.disk import write_file
from course.homeworks import PROGRESS_FILE, ROOT
from course.messages import Message
from course.verdict import CheckResult, Status

HINTS = "hints"  # the key of the levels, beside the names of the homeworks


@dataclass(frozen=True)
class CheckedBefore:
    """The last verdict of one check. time: seconds since 1970. hint: of the known mistake that was recognised, or None."""

    id: str
    status: Status
    points: int
    time: float
    mistake: str | None = None
    hint: Message | None = None


Progress = dict[str, dict[str, CheckedBefore]]  # {homework: {name of the check: last verdict}}
HintLevels = dict[str, int]  # {blank: highest level read}


def read_progress(root: Path | str = ROOT) -> Progress:
    """What earlier runs left; empty if there is no file or it is damaged."""
    try:
        return {
            homework: {name: _read_entry(entry) for name, entry in checks.items()}
            for homework, checks in _read_file(root).items()
            if homework != HINTS
        }
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}


def _read_entry(entry: dict[str, Any]) -> CheckedBefore:
    hint = entry.get("hint")
    return CheckedBefore(
        id=str(entry["id"]),
        status=Status(entry["status"]),
        points=int(entry["points"]),
        time=float(entry["time"]),
        mistake=entry.get("mistake"),
        hint=Message(*map(str, hint)) if hint else None,
    )


def record_progress(results: Iterable[CheckResult], root: Path | str = ROOT) -> Message | None:
    """Add the verdicts of a run. A full disk, or a folder that cannot be written, does not stop the run: what to say then."""
    progress, now = read_progress(root), time.time()
    for result in results:
        entry = CheckedBefore(
            result.id, result.status, result.points, now, result.mistake, result.hint
        )
        progress.setdefault(result.homework, {})[result.name] = entry
    return _write_file(progress, read_hint_levels(root), root)


def forget_verdicts(homework: str, id: str, root: Path | str = ROOT) -> None:
    """Remove the verdicts of a blank that is empty again: what was right once is not done any more."""
    progress = read_progress(root)
    entries = progress.get(homework, {})
    kept = {name: entry for name, entry in entries.items() if entry.id != id}
    if len(kept) < len(entries):
        _write_file(progress | {homework: kept}, read_hint_levels(root), root)


def read_hint_levels(root: Path | str = ROOT) -> HintLevels:
    """The highest level of hints that was read of each blank."""
    try:
        levels = _read_file(root).get(HINTS, {})
        return {str(id): int(level) for id, level in levels.items()}
    except (ValueError, TypeError, AttributeError):
        return {}


def record_hint_level(id: str, level: int, root: Path | str = ROOT) -> Message | None:
    """Remember that a level was read. What to say if that cannot be written."""
    levels = read_hint_levels(root)
    levels[id] = max(level, levels.get(id, 0))
    return _write_file(read_progress(root), levels, root)


def _read_file(root: Path | str) -> dict[str, Any]:
    try:
        return json.loads((Path(root) / PROGRESS_FILE).read_text(encoding="utf-8"))
    except OSError:
        return {}


def _write_file(progress: Progress, levels: HintLevels, root: Path | str) -> Message | None:
    data: dict[str, Any] = {
        homework: {name: asdict(entry) for name, entry in checks.items()}
        for homework, checks in progress.items()
    }
    if levels:
        data[HINTS] = levels
    text = json.dumps(data, indent=1, ensure_ascii=False)
    try:
        write_file(Path(root) / PROGRESS_FILE, text.encode("utf-8"))
    except OSError as error:
        reason = error.strerror or error
        return Message(
            f"{PROGRESS_FILE} cannot be written ({reason}): the verdicts above are true, status shows those before",
            f"无法写入 {PROGRESS_FILE}（{reason}）：上面的结果有效，但 status 显示的是以前的",
        )
    return None
