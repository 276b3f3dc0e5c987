"""Messages in English and Chinese, the reader's language, and what the terminal can show."""

import locale
import os
import sys
from collections.abc import Sequence
from typing import Literal, NamedTuple

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = ("en", "zh")


class Message(NamedTuple):
    """One message in both languages."""

    en: str
    zh: str

    def __add__(self, other: "Message | None") -> "Message":  # type: ignore[override]
        return Message(self.en + other.en, self.zh + other.zh) if other else self

    def text(self, language: Language) -> str:
        return self.en if language == "en" else self.zh


def as_message(text: "Message | Sequence[str] | str | None") -> Message | None:
    """Message of a pair, of a single text (the same in both languages), or of None."""
    if text is None or isinstance(text, Message):
        return text
    return Message(text, text) if isinstance(text, str) else Message(*text)


def choose_language(requested: str | None = None) -> Language:
    """ "zh" or "en": as requested, else the locale's; English where the terminal cannot show Chinese."""
    variables = [os.environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG")]
    name = requested or next(filter(None, variables), "") or (locale.getlocale()[0] or "")
    is_chinese = name.lower().startswith(("zh", "chinese")) and printable("成绩板") == "成绩板"
    return "zh" if is_chinese else "en"


def printable(text: str) -> str:
    """The text with "?" for characters that the terminal's encoding lacks (a Windows console, a pipe)."""
    encoding = getattr(sys.__stdout__, "encoding", None) or "utf-8"  # sys.stdout may be pytest's
    return text.encode(encoding, "replace").decode(encoding)
