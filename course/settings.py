"""course.toml: what this term has. Homeworks, blanks, points, dates; the student copy carries it without the seed."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from course.homeworks import HOMEWORKS, ROOT
from course.messages import Message

FILE = ROOT / "course.toml"


class CourseError(Exception):
    """course.toml asks for something impossible. message: one line in both languages."""

    def __init__(self, en: str, zh: str) -> None:
        self.message = Message(en, zh)
        super().__init__(en)


@dataclass
class HomeworkSettings:
    """What the term says about one homework.

    due: aware datetime, or None. written: {question: points}. points: {blank: points} where they are not the checks'.
    leave_out: blanks that are handed out filled in, without points.
    """

    due: datetime | None = None
    written: dict[str, int] = field(default_factory=dict)
    points: dict[str, int] = field(default_factory=dict)
    leave_out: list[str] = field(default_factory=list)


@dataclass
class Course:
    """The term: its homeworks in their order, and the seed of stored cases and of hmm's phone shop.

    hints_counted: the score board shows which levels of hints were read.
    """

    title: str = "Course"
    title_zh: str = "课程"
    seed: int = 1
    hints_counted: bool = False
    homeworks: dict[str, HomeworkSettings] = field(default_factory=dict)

    def homework(self, name: str) -> HomeworkSettings:
        """Settings of a homework; defaults for one that course.toml does not list."""
        return self.homeworks.get(name, HomeworkSettings())


COURSE_KEYS = {"title": str, "title_zh": str, "seed": int, "hints_counted": bool}
HOMEWORK_KEYS = {"due": datetime, "written": dict, "points": dict, "leave_out": list}


def load(path: Path | None = None) -> Course:
    """The Course in course.toml; without the file: every homework, with defaults. Raises CourseError."""
    path = path or FILE
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CourseError(f"{path}: {error}", f"{path}：格式有误（{error}）") from None
    course = Course(**_checked(data.get("course", {}), COURSE_KEYS, f"{path}: [course]"))
    for name, values in data.get("homework", {name: {} for name in HOMEWORKS}).items():
        course.homeworks[name] = _read_homework(name, values, f"{path}: [homework.{name}]")
    return course


def _read_homework(name: str, values: Mapping[str, Any], where: str) -> HomeworkSettings:
    if name not in HOMEWORKS:
        raise CourseError(
            f"{where} is not a homework; there are {', '.join(HOMEWORKS)}",
            f"{where} 不是作业；现有：{'、'.join(HOMEWORKS)}",
        )
    settings = HomeworkSettings(**_checked(values, HOMEWORK_KEYS, where))
    if settings.due and not settings.due.tzinfo:
        raise CourseError(
            f"{where}: due needs a date, a time and an offset: 2026-10-12T23:59:00+08:00",
            f"{where}：due 要写日期、时间和时区偏移，例如 2026-10-12T23:59:00+08:00",
        )
    for id, points in (*settings.written.items(), *settings.points.items()):
        if type(points) is not int or points < 0:
            raise CourseError(
                f"{where}: {id} = {points!r}, but points are whole numbers from 0",
                f"{where}：{id} = {points!r}，但分数应为非负整数",
            )
    return settings


def _checked(values: Mapping[str, Any], kinds: Mapping[str, type], where: str) -> dict[str, Any]:
    for key, value in values.items():
        if key not in kinds:
            raise CourseError(
                f"{where} has no {key}; there are {', '.join(kinds)}",
                f"{where} 没有 {key} 这一项；可用：{'、'.join(kinds)}",
            )
        if not isinstance(value, kinds[key]):
            raise CourseError(
                f"{where}: {key} = {value!r}, but it is a {kinds[key].__name__}",
                f"{where}：{key} = {value!r}，但它的类型应为 {kinds[key].__name__}",
            )
    return dict(values)


def homework_settings(homework: str) -> HomeworkSettings:
    """What course.toml says about a homework; defaults for one that it does not list."""
    return load().homework(homework)


def share_points(points: int, weights: Iterable[int]) -> list[int]:
    """Whole numbers that add up to `points`, in proportion to `weights`; the largest remainders are rounded up."""
    weights = list(weights)
    exact = [points * weight / max(1, sum(weights)) for weight in weights]
    parts = [int(value) for value in exact]
    by_remainder = sorted(range(len(parts)), key=lambda index: parts[index] - exact[index])
    for index in by_remainder[: points - sum(parts)]:
        parts[index] += 1
    return parts
