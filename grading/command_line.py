"""What the grader's commands say at the terminal, in the language of --lang, else of the system."""

import sys
from collections.abc import Sequence

from course.messages import LANGUAGES, Language, Message, choose_language
from course.messages import printable as in_encoding
from grading.files import printable
from grading.intake.problems import GradingError, Notice, in_language, reason_of


def terminal_language(arguments: Sequence[str] | None = None) -> Language:
    """The value of --lang on a command line (default: this program's), else the system's language."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    for word, following in zip(words, [*words[1:], ""]):
        value = word.partition("=")[2] if word.startswith("--lang=") else following
        if word.partition("=")[0] == "--lang" and value in LANGUAGES:
            return choose_language(value)
    return choose_language()


def error_line(prog: str, error: Exception, language: Language, kept: Notice | None = None) -> str:
    """The line for standard error. kept: what is to be said after an error of the system, such as what can be continued."""
    if isinstance(error, OSError) and not isinstance(error, GradingError):
        reason = reason_of(error)
        file = printable(error.filename or Notice("the output", "输出").in_language(language))
        text = Notice(f"{reason}: {file}", f"{reason.zh}：{file}")
        if kept:
            text = Notice(f"{text}; {kept}", f"{text.zh}；{kept.zh}")
    else:
        text = getattr(error, "message", str(error))
        text = Notice(*text) if isinstance(text, Message) else text
    label = Notice("error: ", "错误：")
    return in_encoding(
        f"{prog}: {in_language(label, language)}{printable(in_language(text, language))}\n"
    )
