"""How a wrong list of words or whole numbers is related to the expected one: joined, in another order, with more or fewer.

As in `course.relations`, every statement is a computed fact about the two lists of one case.
"""

import itertools
from collections import Counter
from collections.abc import Iterator
from typing import Any

from course.messages import Message

BYTE_ORDER_MARK = "\ufeff"
SHOWN_CHARACTERS = 20  # of one value in a message


def list_words(answer: Any, expected: list[Any]) -> Message | None:
    """What the answer is of the expected list ("has the right values in another order"); None if nothing is known."""
    if not expected or not all(type(value) in (str, int) for value in expected):
        return None
    texts = all(isinstance(value, str) for value in expected)
    if isinstance(answer, str):
        return _of_one_text(answer, expected) if texts else None
    if not isinstance(answer, list) or not all(type(value) in (str, int) for value in answer):
        return None
    if answer == expected:
        return None
    relations = _of_any(answer, expected)
    if texts and all(isinstance(value, str) for value in answer):
        relations = itertools.chain(_of_texts(answer, expected), relations)
    return next(relations, None)


def _of_one_text(answer: str, expected: list[str]) -> Message | None:
    if answer.split() == expected:
        return Message(
            "is one string; split at white space, it gives the expected list",
            "是一个字符串；按空白切开后正是应有的列表",
        )
    if answer == "".join(expected):
        return Message(
            "is one string: the expected values joined", "是一个字符串：把应有的值连在了一起"
        )
    return None


def _of_texts(answer: list[str], expected: list[str]) -> Iterator[Message]:
    """What the strings have in common."""
    if [text.strip() for text in answer] == expected:
        yield Message(
            "has the expected values with white space around them", "是应有的值，但带有首尾空白"
        )
    if [text for text in map(str.strip, answer) if text] == expected:
        yield Message(
            "has the expected values, and between them some of white space only",
            "是应有的值，但中间还有只含空白的值",
        )
    unmarked = [text.removeprefix(BYTE_ORDER_MARK) for text in answer]
    if unmarked != answer and sorted(unmarked) == sorted(expected):
        yield Message(
            "has the expected values, one of them with U+FEFF, the byte order mark, in front: which encoding leaves it out?",
            "都是应有的值，但其中一个前面带着字节顺序标记 U+FEFF：用哪种编码读取会去掉它？",
        )
    if "".join(answer) != "".join(expected):
        return
    if all(len(text) == 1 for text in answer):
        yield Message("has the expected text in single characters", "把应有的文本拆成了单个字符")
    yield Message(
        "has the same text as the expected one, cut at other places", "文本相同，但切分的位置不同"
    )


def _of_any(answer: list[Any], expected: list[Any]) -> Iterator[Message]:
    """Which values are there too often, or not often enough."""
    more, fewer = Counter(answer) - Counter(expected), Counter(expected) - Counter(answer)
    if not more and not fewer:
        yield Message("has the right values in another order", "值都对，但顺序不同")
    elif not more and set(answer) == set(expected):
        yield Message(
            "has every value, but not as often as expected: some are dropped where they come again",
            "每个值都有，但次数不够：重复出现的被丢掉了",
        )
    elif not more:
        count, first = fewer.total(), _shown(next(value for value in expected if fewer[value]))
        yield Message(
            f"lacks {count} of the expected values (the first: {first}) and has no value that is not expected",
            f"少了 {count} 个应有的值（第一个是 {first}），没有多余的值",
        )
    elif not fewer:
        count, first = more.total(), _shown(next(value for value in answer if more[value]))
        yield Message(
            f"has all expected values and {count} more (the first: {first})",
            f"应有的值都有，另外多出 {count} 个（第一个是 {first}）",
        )


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= SHOWN_CHARACTERS else text[:SHOWN_CHARACTERS] + "…"
