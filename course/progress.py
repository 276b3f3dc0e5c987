"""What the last run of each check found: a small file in the copy's root, so that `python -m course status` is fast."""

import contextlib
import json
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from course.disk import write_file
from course.homeworks import PROGRESS_FILE, ROOT
from course.verdict import CheckResult, Status


@dataclass(frozen=True)
class CheckedBefore:
    """The last verdict of one check. time: seconds since 1970."""

    id: str
    status: Status
    points: int
    time: float


Progress = dict[str, dict[str, CheckedBefore]]  # {homework: {name of the check: last verdict}}


def read_progress(root: Path | str = ROOT) -> Progress:
    """What earlier runs left; empty if there is no file or it is damaged."""
    try:
        data = json.loads((Path(root) / PROGRESS_FILE).read_text(encoding="utf-8"))
        return {
            homework: {
                name: CheckedBefore(
                    str(entry["id"]),
                    Status(entry["status"]),
                    int(entry["points"]),
                    float(entry["time"]),
                )
                for name, entry in checks.items()
            }
            for homework, checks in data.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def record_progress(results: Iterable[CheckResult], root: Path | str = ROOT) -> None:
    """Add the verdicts of a run. A folder that cannot be written does not stop the run."""
    progress, now = read_progress(root), time.time()
    for result in results:
        entry = CheckedBefore(result.id, result.status, result.points, now)
        progress.setdefault(result.homework, {})[result.name] = entry
    data = {
        homework: {name: asdict(entry) for name, entry in checks.items()}
        for homework, checks in progress.items()
    }
    with contextlib.suppress(OSError):
        text = json.dumps(data, indent=1, ensure_ascii=False)
        write_file(Path(root) / PROGRESS_FILE, text.encode("utf-8"))
