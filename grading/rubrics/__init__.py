"""Rubrics of written questions: what earns how many points, one .toml file for each homework in this folder."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from course.messages import Language

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class RubricItem:
    """One line to tick. points: below 0 for a deduction. way: the alternative that it belongs to, "" where there is only one."""

    points: float
    text: str
    way: str = ""


def rubric_items(homework: str, question: str, most: float, lang: Language) -> list[RubricItem]:
    """The items of a question; one for all points where no file has the question."""
    path = FOLDER / f"{homework}.toml"
    table = tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    if question not in table:
        return [RubricItem(most, {"en": "right", "zh": "正确"}[lang])]
    return [
        RubricItem(item["points"], item[lang], item.get(f"way_{lang}", ""))
        for item in table[question]
    ]
