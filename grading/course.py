"""course.toml: which homeworks, dates, seed, points of the written questions."""
import tomllib
from datetime import datetime
from pathlib import Path

from tests.student import HOMEWORKS, ROOT


class CourseError(Exception):
    """course.toml says something that cannot be. One line."""


def load(path=ROOT / "course.toml"):
    """{"title", "title_zh", "seed", "homework": {name: {"due": aware datetime or None, "written": {id: points}}}}."""
    path = Path(path)
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CourseError(f"{path}: {error}") from None
    about = data.get("course", {})
    homeworks = data.get("homework", {name: {} for name in HOMEWORKS})
    for name, settings in homeworks.items():
        if name not in HOMEWORKS:
            raise CourseError(f"{path}: [homework.{name}] is no homework; there are {', '.join(HOMEWORKS)}")
        due = settings.get("due")
        if due is not None and not (isinstance(due, datetime) and due.tzinfo):
            raise CourseError(f"{path}: due of {name} needs a date, a time and an offset: 2026-10-12T23:59:00+08:00")
        settings.setdefault("due", None)
        settings.setdefault("written", {})
    return {"title": about.get("title", "Course"), "title_zh": about.get("title_zh", "课程"), "seed": about.get("seed", 1),
            "homework": homeworks}
