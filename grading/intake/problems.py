"""A message in both languages."""


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


def in_language(text: str, lang: str) -> str:
    """A problem's text for a reader: a plain string is the same in both languages."""
    return text.in_language(lang) if isinstance(text, Notice) else text
