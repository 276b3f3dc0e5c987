"""How a wrong array is related to the expected one: transposed, negated, scaled, shifted, and so on.

Every statement is a computed fact about the two arrays of one case, so it cannot be untrue; the student draws the
conclusion. The catalogue of known mistakes is not needed for it.
"""

import itertools
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from course.labels import beside_chinese, value_name
from course.messages import Message

RTOL = 1e-9
MIN_SIZE = 3  # with fewer values a relation may be chance


class Relation(NamedTuple):
    """What gives the student's array from the expected one, and how to say so."""

    text: Message
    apply: Callable[[np.ndarray], np.ndarray]


def describe_relation(name: str, answer: np.ndarray, expected: np.ndarray) -> Message | None:
    """A sentence to follow the description of the difference; None if no relation holds. The arrays differ."""
    words = relation_words(answer, expected)
    if words is None:
        return None
    en, zh = words
    return Message(f". Your {name} {en}", f"。你的{beside_chinese(value_name(name).zh)}{zh}")


def relation_words(answer: np.ndarray, expected: np.ndarray) -> Message | None:
    """What the answer is of the expected array ("is the expected one transposed"); None if no relation holds."""
    relation = find_relation(answer, expected)
    return relation.text if relation else None


def find_relation(answer: np.ndarray, expected: np.ndarray) -> Relation | None:
    """The first relation that holds exactly (relative tolerance 1e-9)."""
    if expected.size < MIN_SIZE or not _is_number(answer) or not _is_number(expected):
        return None
    answer, expected = answer.astype(np.float64), expected.astype(np.float64)
    finite = expected[np.isfinite(expected)]
    if not np.isfinite(answer).all() or not finite.size or finite.min() == finite.max():
        return None
    for relation in _candidates(answer, expected):
        with np.errstate(all="ignore"):
            if _equal(answer, relation.apply(expected)):
                return relation
    return None


def _is_number(array: np.ndarray) -> bool:
    return array.dtype != bool and np.issubdtype(array.dtype, np.number) and array.dtype.kind != "c"


def _equal(left: np.ndarray, right: np.ndarray) -> bool:
    scale = np.abs(right[np.isfinite(right)]).max(initial=0)  # log 0 gives no scale
    return left.shape == right.shape and bool(
        np.allclose(left, right, rtol=RTOL, atol=RTOL * scale, equal_nan=False)
    )


def _candidates(answer: np.ndarray, expected: np.ndarray) -> Iterator[Relation]:
    if answer.shape == expected.shape:
        yield from _same_shape(answer, expected)
    yield from _permuted(expected)
    if answer.size == expected.size and answer.shape != expected.shape:
        yield Relation(
            Message(
                f"has the expected values in the shape {answer.shape}",
                f"数值正确，但形状是 {answer.shape}",
            ),
            lambda array: array.reshape(answer.shape),
        )
    yield from _reduced(answer, expected)


def _same_shape(answer: np.ndarray, expected: np.ndarray) -> Iterator[Relation]:
    yield Relation(Message("is zero everywhere", "处处为零"), np.zeros_like)
    yield Relation(
        Message("is the expected one with the opposite sign", "与正确结果符号相反"), np.negative
    )
    factor = _factor(answer, expected)
    if factor is not None:
        text = f"{factor:.6g}"
        if factor > 0 and abs(factor) < 1 and abs(1 / factor - round(1 / factor)) < 1e-6:
            text = f"1/{round(1 / factor)}"
        yield Relation(
            Message(f"is {text} times the expected one", f"是正确结果的 {text} 倍"),
            lambda array: array * factor,
        )
    offset = float(np.ravel(answer)[0] - np.ravel(expected)[0])
    yield Relation(
        Message(f"is the expected one plus {offset:.6g}", f"比正确结果处处多 {offset:.6g}"),
        lambda array: array + offset,
    )
    for axis, length in enumerate(expected.shape):
        if length < MIN_SIZE:
            continue
        along, along_zh = f"along axis {axis}", f"沿第 {axis} 轴"
        yield Relation(
            Message(f"is the expected one in reverse order {along}", f"{along_zh}顺序颠倒"),
            lambda array, axis=axis: np.flip(array, axis),
        )
        yield Relation(
            Message(f"is the expected one accumulated {along}", f"是正确结果{along_zh}的累积和"),
            lambda array, axis=axis: np.cumsum(array, axis),
        )
        for step, late in ((1, "late"), (-1, "early")):
            if shifted := _shifted(answer, expected, axis, step):
                zh = "晚" if step > 0 else "早"
                text = Message(
                    f"is the expected one, one step {late} {along}", f"{along_zh}{zh}了一步"
                )
                yield Relation(text, shifted)
    yield Relation(Message("is the exponential of the expected one", "是正确结果的指数"), np.exp)
    yield Relation(
        Message("is the natural logarithm of the expected one", "是正确结果的自然对数"), np.log
    )
    yield Relation(Message("is the square of the expected one", "是正确结果的平方"), np.square)
    yield Relation(Message("is the square root of the expected one", "是正确结果的平方根"), np.sqrt)


def _factor(answer: np.ndarray, expected: np.ndarray) -> float | None:
    """answer / expected where that is one number, not 0 or -1."""
    largest = np.unravel_index(np.abs(expected).argmax(), expected.shape)
    factor = float(answer[largest] / expected[largest])
    return factor if abs(factor) > 1e-12 and abs(factor + 1) > 1e-9 else None


def _shifted(
    answer: np.ndarray, expected: np.ndarray, axis: int, step: int
) -> Callable[[np.ndarray], np.ndarray] | None:
    """A function that shifts by one step and takes what the shift leaves open from the answer; None if all rows but
    that one are alike, so that a shift would say nothing."""
    rows = np.moveaxis(expected, axis, 0)
    if any(_equal(rows[index], rows[index + 1]) for index in range(len(rows) - 1)):
        return None

    def shift(array: np.ndarray) -> np.ndarray:
        moved = np.roll(array, step, axis)
        edge = [slice(None)] * array.ndim
        edge[axis] = slice(0, 1) if step > 0 else slice(-1, None)
        moved[tuple(edge)] = answer[tuple(edge)]
        return moved

    return shift


def _permuted(expected: np.ndarray) -> Iterator[Relation]:
    for order in itertools.permutations(range(min(expected.ndim, 4))):
        if expected.ndim > 4:
            return
        if list(order) == sorted(order):
            continue
        text = Message("is the expected one transposed", "是正确结果的转置")
        if expected.ndim > 2:
            text = Message(
                f"has the axes of the expected one in the order {order}", f"轴的顺序成了 {order}"
            )
        yield Relation(text, lambda array, order=order: np.transpose(array, order))


def _reduced(answer: np.ndarray, expected: np.ndarray) -> Iterator[Relation]:
    """The expected one summed or averaged over an axis."""
    for axis in range(expected.ndim):
        for keep in (False, True):
            for name, zh, reduce in (("summed", "求和", np.sum), ("averaged", "求平均", np.mean)):
                yield Relation(
                    Message(
                        f"is the expected one {name} over axis {axis}",
                        f"是正确结果对第 {axis} 轴{zh}的结果",
                    ),
                    lambda array, axis=axis, keep=keep, reduce=reduce: np.asarray(
                        reduce(array, axis=axis, keepdims=keep)
                    ),
                )
