"""course.toml: what this term has. Homeworks, blanks, points, dates; the student copy carries it without the seed."""

import dataclasses
import tomllib
from datetime import datetime
from pathlib import Path

from tests.student import HOMEWORKS, ROOT

FILE = ROOT / "course.toml"
COURSE = {"title": str, "title_zh": str, "seed": int}
HOMEWORK = {"due": datetime, "written": dict, "points": dict, "leave_out": list}
UNCHANGED = {"due": None, "written": {}, "points": {}, "leave_out": []}


class CourseError(Exception):
    """course.toml says something that cannot be. One line."""


def load(path=None):
    """{"title", "title_zh", "seed", "homework": {name: {"due": aware datetime or None, "written": {question: points},
    "points": {blank: points}, "leave_out": [blank]}}}. Without the file: every homework, as it is. Raises CourseError."""
    path = Path(path or FILE)
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CourseError(f"{path}: {error}") from None
    about = {"title": "Course", "title_zh": "课程", "seed": 1} | _known(
        data.get("course", {}), COURSE, f"{path}: [course]"
    )
    homeworks = {}
    for name, settings in data.get("homework", dict.fromkeys(HOMEWORKS, {})).items():
        where = f"{path}: [homework.{name}]"
        if name not in HOMEWORKS:
            raise CourseError(f"{where} is no homework; there are {', '.join(HOMEWORKS)}")
        mine = UNCHANGED | _known(settings, HOMEWORK, where)
        if mine["due"] and not mine["due"].tzinfo:
            raise CourseError(
                f"{where}: due needs a date, a time and an offset: 2026-10-12T23:59:00+08:00"
            )
        for id, points in (*mine["written"].items(), *mine["points"].items()):
            if type(points) is not int or points < 0:
                raise CourseError(
                    f"{where}: {id} = {points!r}, but points are whole numbers from 0"
                )
        homeworks[name] = mine
    return about | {"homework": homeworks}


def _known(settings, kinds, where):
    for key, value in settings.items():
        if key not in kinds:
            raise CourseError(f"{where} has no {key}; there are {', '.join(kinds)}")
        if not isinstance(value, kinds[key]):
            raise CourseError(f"{where}: {key} = {value!r}, but it is a {kinds[key].__name__}")
    return settings


def settings_of(homework, course=None):
    """What the term says of a homework (as in `load`); one that it does not name is as it is."""
    return (course or load())["homework"].get(homework, UNCHANGED)


def apply(homework, checks, course=None):
    """The checks of this term: without blanks that are left out, with this term's points. Raises CourseError."""
    settings = settings_of(homework, course)
    for id in (*settings["points"], *settings["leave_out"]):
        if not any(one.id == id for one in checks):
            raise CourseError(f"course.toml: {homework} has no blank {id}")
    kept = [one for one in checks if one.id not in settings["leave_out"]]
    for id, points in settings["points"].items():
        mine = [one for one in kept if one.id == id]
        shares = dict(zip((one.name for one in mine), share(points, [one.points for one in mine])))
        kept = [
            dataclasses.replace(one, points=shares[one.name]) if one.id == id else one
            for one in kept
        ]
    return kept


def share(points, weights):
    """Whole numbers that add up to `points`, in proportion to `weights`; the largest remainders are rounded up."""
    exact = [points * weight / max(1, sum(weights)) for weight in weights]
    parts = [int(value) for value in exact]
    for at in sorted(range(len(parts)), key=lambda at: parts[at] - exact[at])[
        : points - sum(parts)
    ]:
        parts[at] += 1
    return parts
