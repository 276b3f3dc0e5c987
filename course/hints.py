"""Hints in levels: what tests/hints/HOMEWORK.toml says about each blank, in both languages.

One table per blank; a text is a pair [English, Chinese]:

    [hmm-09]
    section = 2                      # only where no heading "### 2. ...: hmm-01 to hmm-05" of the sheets has the id
    hint = "..."                     # Chinese of the blank's one-line hint; the English is in its comment
    concept = ["...", "..."]         # level 1: the idea in plain words
    look = ["...", "..."]            # level 2: the line or operation to look at
    example = ["...", "..."]         # level 3: what the worked example shows, with other numbers
    work = "..."                     # level 3: its formulas, the same in both languages; a test computes them again
    why = ["...", "..."]             # after a pass, with -v: why it is right
    question = ["...", "..."]        # after a pass, with -v: a follow-up question
"""

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from course.empty_copy import empty_sources
from course.hint_files import hint_tables, hints_path
from course.homeworks import ROOT
from course.messages import Language, Message

LEVELS = 3
SHEETS: dict[Language, str] = {"en": "README.md", "zh": "README.zh-CN.md"}
SECTION = re.compile(
    r"^### (?P<number>\d+)\. (?P<title>.*?)(?:(?:: |：| |(?<=？))(?P<ids>[a-z0-9]+-[a-z]?\d.*))?$",
    re.MULTILINE,
)
COMMENT = re.compile(r"^ *# (?P<id>\S+) \(\d+ points?(, bonus)?\): (?P<hint>\S.*)$", re.MULTILINE)


@dataclass(frozen=True)
class BlankHints:
    """What the course says about one blank. line: the one-line hint of its comment. work: formulas of the example."""

    homework: str
    id: str
    section: int | None
    line: Message
    concept: Message
    look: Message
    example: Message
    work: str
    why: Message
    question: Message

    def level(self, number: int) -> Message:
        """The hint of a level, 1 to LEVELS."""
        if number == 1:
            return self.concept
        if number == 2:
            return self.look
        return self.example + Message("\n\n", "\n\n") + Message(self.work, self.work)


@functools.cache
def load_hints(homework: str) -> Mapping[str, BlankHints]:
    """{id: BlankHints} of a homework; empty without its file. Raises ValueError for a damaged file."""
    english = _comment_hints(homework)
    return {
        id: _read(homework, id, table, english.get(id, ""))
        for id, table in hint_tables(homework).items()
    }


def _comment_hints(homework: str) -> dict[str, str]:
    """{id: English one-line hint} from the blanks' comments."""
    return {
        match["id"]: match["hint"]
        for text in empty_sources(homework).values()
        for match in COMMENT.finditer(text)
    }


def _read(homework: str, id: str, table: Mapping[str, Any], english: str) -> BlankHints:
    try:
        texts = {
            name: Message(*table[name])
            for name in ("concept", "look", "example", "why", "question")
        }
        return BlankHints(
            homework=homework,
            id=id,
            section=table.get("section"),
            line=Message(english, table["hint"]),
            work=table["work"].strip("\n"),
            **texts,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{hints_path(homework)}: [{id}]: {error!r}") from error


def sheet_section(hints: BlankHints, language: Language) -> str | None:
    """Heading "2. How probable is a sequence?" of the blank's section of the sheet, without its ids; None if absent."""
    path = ROOT / hints.homework / SHEETS[language]
    try:
        text = path.read_text(encoding="utf-8")
    except OSError:
        return None
    for heading in SECTION.finditer(text):
        number, title, ids = int(heading["number"]), heading["title"], heading["ids"] or ""
        if hints.section == number or hints.section is None and _lists(ids, hints.id):
            return f"{number}. {title}"
    return None


def _lists(ids: str, id: str) -> bool:
    """True if a heading's "hmm-01 to hmm-05, hmm-09" has the id."""
    for part in re.split(r", |、", ids):
        first, _, last = part.strip().partition(" to " if " to " in part else " 至 ")
        if first == id or first <= id <= last:
            return True
    return False
