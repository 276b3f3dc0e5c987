"""A message in both languages."""

import errno


class Notice(str):
    """English text (the value of the string itself) with its Chinese translation in `zh`.

    A Notice can be used wherever a string can; `in_language` picks the language of a reader.
    """

    zh: str

    def __new__(cls, en: str, zh: str = "") -> "Notice":
        message = super().__new__(cls, en)
        message.zh = zh or en
        return message

    def __getnewargs__(self) -> tuple[str, str]:
        return str(self), self.zh

    def in_language(self, lang: str) -> str:
        """The text in "en" or "zh"."""
        return self.zh if lang == "zh" else str(self)


SYSTEM = {  # what the system says of a file, by errno
    errno.ENOENT: "没有这个文件",
    errno.EACCES: "没有权限",
    errno.EPERM: "不允许此操作",
    errno.EISDIR: "这是文件夹",
    errno.ENOTDIR: "路径中有一段不是文件夹",
    errno.ENOSPC: "磁盘已满",
    errno.EROFS: "文件系统只读",
}


def reason_of(error: OSError) -> Notice:
    """What the system says of a file, without its name."""
    english = error.strerror or str(error)
    return Notice(english, SYSTEM.get(error.errno or 0, english))


class GradingError(Exception):
    """What stops a command of the grader: one line that says what is wrong and what to do, in both languages."""

    def __init__(self, en: str, zh: str = "") -> None:
        self.message = en if isinstance(en, Notice) else Notice(en, zh)
        super().__init__(str(en))


def in_language(text: str, lang: str) -> str:
    """A problem's text for a reader: a plain string is the same in both languages."""
    return text.in_language(lang) if isinstance(text, Notice) else text
