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
MIN_ONE_SIDED = 6  # rounding errors of so many values do not all have one sign


class Relation(NamedTuple):
    """What gives the student's array from the expected one, and how to say so."""

    text: Message
    apply: Callable[[np.ndarray], np.ndarray]
    partly: bool = False  # it says which part is right, and nothing of the rest


def describe_relation(
    name: str, answer: np.ndarray, expected: np.ndarray, partly: bool = True
) -> Message | None:
    """A sentence to follow the description of the difference; None if no relation holds. The arrays differ.

    partly: an array of which a part is right counts as related.
    """
    relation = find_relation(answer, expected)
    if relation is None or relation.partly and not partly:
        return None
    en, zh = relation.text
    return Message(f". Your {name} {en}", f"。你的{beside_chinese(value_name(name).zh)}{zh}")


def relation_words(answer: np.ndarray, expected: np.ndarray) -> Message | None:
    """What the answer is of the expected array ("is the expected one transposed"); None if no relation holds."""
    relation = find_relation(answer, expected)
    return relation.text if relation else None


def find_relation(answer: np.ndarray, expected: np.ndarray) -> Relation | None:
    """The first relation that holds exactly (relative tolerance 1e-9)."""
    if answer.dtype == expected.dtype == bool:
        candidates = _of_masks
    elif not _is_number(answer) or not _is_number(expected):
        return None
    else:
        candidates = _candidates if expected.size >= MIN_SIZE else _of_one_number
    answer, expected = answer.astype(np.float64), expected.astype(np.float64)
    finite = expected[np.isfinite(expected)]
    if not finite.size:
        return None
    if not np.isfinite(answer).all():
        if not _are_logarithms(answer, expected):
            return None
        candidates = _of_logarithms
    if expected.size >= MIN_SIZE and finite.min() == finite.max():
        return None
    with np.errstate(all="ignore"):
        for relation in candidates(answer, expected):
            if _equal(answer, relation.apply(expected), np.abs(finite).max()):
                return relation
    return None


def _are_logarithms(answer: np.ndarray, expected: np.ndarray) -> bool:
    """Both hold logarithms of 0, -inf, but no other value that is not finite, and enough finite ones."""
    return all(
        not np.isnan(array).any()
        and not (array == np.inf).any()
        and (array == -np.inf).any()
        and np.isfinite(array).sum() >= MIN_SIZE
        for array in (answer, expected)
    )


def _is_number(array: np.ndarray) -> bool:
    return array.dtype != bool and np.issubdtype(array.dtype, np.number) and array.dtype.kind != "c"


def _equal(left: np.ndarray, right: np.ndarray, largest: float = np.inf) -> bool:
    """Whether two arrays agree to RTOL of the largest value of `right`, or to RTOL of `largest` where that is smaller:
    beside a huge summand all others look equal."""
    scale = np.abs(right[np.isfinite(right)]).max(initial=0)  # log 0 gives no scale
    return left.shape == right.shape and bool(
        np.allclose(left, right, rtol=0, atol=RTOL * min(scale, largest), equal_nan=False)
    )


def _candidates(answer: np.ndarray, expected: np.ndarray) -> Iterator[Relation]:
    if answer.shape == expected.shape:
        yield from _same_shape(answer, expected)
    yield from _permuted(answer, expected)
    if answer.size == expected.size and answer.shape != expected.shape:
        yield Relation(
            Message(
                f"has the expected values in the shape {answer.shape}",
                f"数值正确，但形状是 {answer.shape}",
            ),
            lambda array: array.reshape(answer.shape),
        )
    yield from _reduced(answer, expected)
    yield from _longer(answer, expected)
    if answer.shape == expected.shape and np.isfinite(expected).all():
        yield from _by_rows(answer, expected)
        yield from _cut_off(answer, expected)
        yield from _one_sided(answer, expected)
        yield from _partly_right(answer, expected)


def _of_logarithms(answer: np.ndarray, expected: np.ndarray) -> Iterator[Relation]:
    """For arrays in which the logarithm of 0 occurs."""
    if answer.shape == expected.shape:
        yield from _same_shape(answer, expected)
    yield from _permuted(answer, expected)
    yield from _longer(answer, expected)


def _of_one_number(answer: np.ndarray, expected: np.ndarray) -> Iterator[Relation]:
    """For one or two numbers, which are always in some relation: only what chance does not give."""
    if answer.shape != expected.shape or (expected == np.round(expected)).any():
        return
    factor = _factor(answer, expected)
    if factor == -1 or (factor is not None and (_special(factor) or _base(factor))):
        yield _times(factor)
    yield Relation(
        Message("is the expected one with the opposite sign", "与正确结果符号相反"), np.negative
    )
    yield Relation(Message("is the exponential of the expected one", "是正确结果的指数"), np.exp)
    yield Relation(
        Message("is the natural logarithm of the expected one", "是正确结果的自然对数"), np.log
    )


def _of_masks(answer: np.ndarray, expected: np.ndarray) -> Iterator[Relation]:
    """For arrays of True and False."""
    if answer.shape == expected.shape:
        exchanged = Message("has True and False exchanged", "的 True 与 False 正好相反")
        yield Relation(exchanged, lambda array: 1 - array)
    for relation in _permuted(answer, expected):
        yield relation
        en, zh = relation.text
        both = Message(f"{en}, with True and False exchanged", f"{zh}，而且 True 与 False 正好相反")
        yield Relation(both, lambda array, apply=relation.apply: 1 - apply(array))
    if answer.shape == expected.shape:
        yield from _partly_right(answer, expected)


def _special(factor: float) -> str:
    """The factor as 4, 1/4, √3 or 1/√3 (signs kept); "" if it is none of these."""
    sign, size = "-" * (factor < 0), abs(factor)
    if not 1e-4 < size < 1e4:
        return ""
    for value, form in ((size, "{}"), (1 / size, "1/{}"), (size**2, "√{}"), (1 / size**2, "1/√{}")):
        whole = round(value)
        if 2 <= whole <= 1000 and abs(value - whole) < 1e-8 * whole:
            return sign + form.format(whole)
    return ""


def _base(factor: float) -> int:
    """2 or 10 if logarithms to this base are `factor` times the natural ones, else 0."""
    return next((base for base in (2, 10) if abs(factor * np.log(base) - 1) < RTOL), 0)


def _times(factor: float) -> Relation:
    text = _special(factor) or f"{factor:.6g}"
    if base := _base(factor):
        return Relation(
            Message(
                f"is {text} times the expected one, as logarithms to base {base} are of natural ones",
                f"是正确结果的 {text} 倍：以 {base} 为底的对数正是自然对数的这个倍数",
            ),
            lambda array: array * factor,
        )
    if text.lstrip("-")[0] == "√":
        text += f" = {factor:.6g}"
    return Relation(
        Message(f"is {text} times the expected one", f"是正确结果的 {text} 倍"),
        lambda array: array * factor,
    )


def _same_shape(answer: np.ndarray, expected: np.ndarray) -> Iterator[Relation]:
    yield Relation(Message("is zero everywhere", "处处为零"), np.zeros_like)
    yield Relation(
        Message("is the expected one with the opposite sign", "与正确结果符号相反"), np.negative
    )
    factor = _factor(answer, expected)
    if factor is not None:
        yield _times(factor)
    largest = _largest(expected)
    offset = float(answer[largest] - expected[largest])
    sign, more = ("plus", "多") if offset > 0 else ("minus", "少")
    yield Relation(
        Message(
            f"is the expected one {sign} {abs(offset):.6g}",
            f"比正确结果处处{more} {abs(offset):.6g}",
        ),
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
        yield Relation(
            Message(
                f"is the expected one accumulated from the end {along}",
                f"是正确结果{along_zh}从末尾起的累积和",
            ),
            lambda array, axis=axis: np.flip(np.cumsum(np.flip(array, axis), axis), axis),
        )
        yield Relation(
            Message(
                f"is each step of the expected one alone {along}: the expected one is its running sum",
                f"只是每一步的增量：正确结果是它{along_zh}的累积和",
            ),
            lambda array, axis=axis: np.diff(array, axis=axis, prepend=0),
        )
        yield Relation(
            Message(
                f"is each step of the expected one alone {along}: the expected one is its sum from the end",
                f"只是每一步的增量：正确结果是它{along_zh}从末尾起的累积和",
            ),
            lambda array, axis=axis: -np.diff(array, axis=axis, append=0),
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


def _largest(array: np.ndarray) -> tuple:
    """Index of the largest finite size."""
    sizes = np.where(np.isfinite(array), np.abs(array), 0)
    return np.unravel_index(sizes.argmax(), array.shape)


def _factor(answer: np.ndarray, expected: np.ndarray) -> float | None:
    """answer / expected where that is one number, not 0 or -1."""
    largest = _largest(expected)
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


def _permuted(answer: np.ndarray, expected: np.ndarray) -> Iterator[Relation]:
    """The expected one with its axes in another order, alone and scaled."""
    if expected.ndim > 4:
        return
    for order in itertools.permutations(range(expected.ndim)):
        if list(order) == sorted(order):
            continue
        text = Message("is the expected one transposed", "是正确结果的转置")
        if expected.ndim > 2:
            text = Message(
                f"has the axes of the expected one in the order {order}", f"轴的顺序成了 {order}"
            )
        yield Relation(text, lambda array, order=order: np.transpose(array, order))
        turned = np.transpose(expected, order)
        factor = _factor(answer, turned) if answer.shape == turned.shape else None
        if answer.shape == turned.shape and _equal(answer, -turned):
            factor = -1.0
        if factor is not None:
            number = _special(factor) or f"{factor:.6g}"
            scaled = Message(f"{text.en}, times {number}", f"{text.zh}，再乘以 {number}")
            yield Relation(
                scaled,
                lambda array, order=order, factor=factor: factor * np.transpose(array, order),
            )


def _by_rows(answer: np.ndarray, expected: np.ndarray) -> Iterator[Relation]:
    """The expected one with a factor, or a summand, for each index of one axis."""
    if expected.ndim < 2:
        return
    for axis in range(expected.ndim):
        others = tuple(other for other in range(expected.ndim) if other != axis)
        if expected.shape[axis] < 2:
            continue
        if ((expected != 0).sum(others) < MIN_SIZE - 1).any():
            continue  # with one number each, a factor would say nothing
        largest = np.abs(expected).max(others, keepdims=True)
        at_largest = np.abs(expected) == largest
        factors = np.where(at_largest, answer / np.where(expected == 0, 1, expected), -np.inf)
        factors = factors.max(others, keepdims=True)
        name, name_zh = f"each index of axis {axis}", f"第 {axis} 轴的每个下标"
        sums = expected.sum(others, keepdims=True)
        if (sums != 0).all() and np.allclose(factors * sums, 1, rtol=1e-7, atol=0):
            yield Relation(
                Message(
                    f"is the expected one, for {name} divided by its sum",
                    f"对{name_zh}，等于正确结果除以它在那里的和",
                ),
                lambda array, others=others: array / array.sum(others, keepdims=True),
            )
        yield Relation(
            Message(
                f"is the expected one, for {name} times a factor of its own (the first: "
                f"{factors.flat[0]:.6g})",
                f"对{name_zh}，等于正确结果乘以各自的因子（第一个：{factors.flat[0]:.6g}）",
            ),
            lambda array, factors=factors: array * factors,
        )
        sizes = np.prod([expected.shape[other] for other in others])
        if sizes < MIN_SIZE - 1 or (np.ptp(expected, axis=others) == 0).any():
            continue
        first = tuple(
            slice(None) if other == axis else slice(0, 1) for other in range(expected.ndim)
        )
        summands = (answer - expected)[first]
        yield Relation(
            Message(
                f"is the expected one, for {name} plus a number of its own (the first: "
                f"{summands.flat[0]:.6g})",
                f"对{name_zh}，等于正确结果加上各自的数（第一个：{summands.flat[0]:.6g}）",
            ),
            lambda array, summands=summands: array + summands,
        )


def _cut_off(answer: np.ndarray, expected: np.ndarray) -> Iterator[Relation]:
    """The expected one with all values moved into a range."""
    low, high = answer.min(), answer.max()
    below, above = int((expected < low).sum()), int((expected > high).sum())
    inside = (expected > low) & (expected < high)
    if below == 1 or above == 1 or not below + above or not inside.any():
        return  # one value alone may be wrong for another reason
    limits, limits_zh = [], []
    if below:
        limits.append(f"below at {low:.6g}")
        limits_zh.append(f"下限 {low:.6g}")
    if above:
        limits.append(f"above at {high:.6g}")
        limits_zh.append(f"上限 {high:.6g}")
    yield Relation(
        Message(
            f"is the expected one cut off {' and '.join(limits)}",
            f"是正确结果被截断后的值（{'，'.join(limits_zh)}）",
        ),
        lambda array: np.clip(array, low if below else None, high if above else None),
    )


def _one_sided(answer: np.ndarray, expected: np.ndarray) -> Iterator[Relation]:
    """Close to the expected one, and never on the one side of it: what a small added number does."""
    scale = np.abs(expected).max()
    error = answer - expected
    largest = float(np.abs(error).max())
    if largest > 1e-3 * scale or (np.abs(error) > RTOL * scale).sum() < MIN_ONE_SIDED:
        return
    if (expected < 0).all() and (np.abs(error) > 1e-3 * np.abs(expected)).any():
        return  # logarithms of very different size: not close where they are small
    for sign, more, less, zh_more, zh_less in (
        (1, "larger", "smaller", "大", "小于"),
        (-1, "smaller", "larger", "小", "大于"),
    ):
        if (sign * error < -1e-14 * scale).any():
            continue

        def within(array: np.ndarray, sign: int = sign) -> np.ndarray:
            above = sign * (answer - array)
            is_within = (above >= -1e-13 * scale) & (above <= largest * (1 + 1e-6))
            return np.where(is_within, answer, np.nan)

        yield Relation(
            Message(
                f"is at most {largest:.2g} {more} than the expected one and nowhere {less}: is a small number added "
                "somewhere?",
                f"最多比正确结果{zh_more} {largest:.2g}，没有一处{zh_less}它：是不是在某处加了一个很小的数？",
            ),
            within,
        )


def _longer(answer: np.ndarray, expected: np.ndarray) -> Iterator[Relation]:
    """The expected one with more, or with fewer, indices at one end of one axis."""
    axes = [
        axis
        for axis in range(expected.ndim)
        if answer.ndim == expected.ndim and answer.shape[axis] != expected.shape[axis]
    ]
    if len(axes) != 1:
        return
    axis = axes[0]
    more = answer.shape[axis] - expected.shape[axis]
    count = abs(more)
    shorter = answer if more < 0 else expected
    finite = shorter[np.isfinite(shorter)]
    if finite.size < MIN_SIZE or finite.min() == finite.max():
        return

    def take(array: np.ndarray, start: int | None, stop: int | None) -> np.ndarray:
        return np.moveaxis(np.moveaxis(array, axis, 0)[start:stop], 0, axis)

    if more > 0:
        yield Relation(
            Message(
                f"is the expected one with {count} more at the end of axis {axis}",
                f"是正确结果在第 {axis} 轴末尾多出 {count} 个",
            ),
            lambda array: np.concatenate([array, take(answer, -count, None)], axis),
        )
        yield Relation(
            Message(
                f"is the expected one with {count} more at the beginning of axis {axis}",
                f"是正确结果在第 {axis} 轴开头多出 {count} 个",
            ),
            lambda array: np.concatenate([take(answer, None, count), array], axis),
        )
    else:
        yield Relation(
            Message(
                f"is the expected one without the last {count} of axis {axis}",
                f"是正确结果在第 {axis} 轴末尾少了 {count} 个",
            ),
            lambda array: take(array, None, -count),
        )
        yield Relation(
            Message(
                f"is the expected one without the first {count} of axis {axis}",
                f"是正确结果在第 {axis} 轴开头少了 {count} 个",
            ),
            lambda array: take(array, count, None),
        )


def _partly_right(answer: np.ndarray, expected: np.ndarray) -> Iterator[Relation]:
    """The expected one but for one index of an axis, for one end of it, or for one side of the diagonal."""
    scale = np.abs(expected[np.isfinite(expected)]).max(initial=0)
    differs = ~np.isclose(answer, expected, rtol=RTOL, atol=RTOL * scale)

    def keep(array: np.ndarray) -> np.ndarray:
        return np.where(differs, answer, array)

    for axis, length in enumerate(expected.shape):
        others = tuple(other for other in range(expected.ndim) if other != axis)
        where = np.flatnonzero(differs.any(others) if others else differs)
        if length >= MIN_SIZE and len(where) == 1:
            index = int(where[0])
            words = "the last one" if index == length - 1 else f"index {index}"
            words_zh = "最后一个下标" if index == length - 1 else f"下标 {index} "
            yield Relation(
                Message(
                    f"is right but for {words} of axis {axis}",
                    f"只在第 {axis} 轴的{words_zh}处不对",
                ),
                keep,
                partly=True,
            )
    if expected.ndim >= 2 and expected.shape[-1] == expected.shape[-2] >= MIN_SIZE:
        rows, columns = np.indices(expected.shape)[-2:]
        for part, en, zh in (
            (rows == columns, "on the diagonal", "对角线上"),
            (rows < columns, "above the diagonal", "对角线上方"),
            (rows > columns, "below the diagonal", "对角线下方"),
        ):
            if not (differs & ~part).any():
                yield Relation(
                    Message(f"is right but for values {en}", f"只在{zh}不对"), keep, partly=True
                )
    for axis, length in enumerate(expected.shape):
        others = tuple(other for other in range(expected.ndim) if other != axis)
        where = np.flatnonzero(differs.any(others) if others else differs)
        if not 1 < len(where) < length or where[-1] - where[0] + 1 != len(where):
            continue
        if where[-1] == length - 1:
            first = int(where[0])
            yield Relation(
                Message(
                    f"is right for the first {first} of axis {axis} and wrong from index {first} on",
                    f"在第 {axis} 轴的前 {first} 个处正确，从下标 {first} 起不对",
                ),
                keep,
                partly=True,
            )
        elif where[0] == 0:
            last = int(where[-1])
            yield Relation(
                Message(
                    f"is right for the last {length - 1 - last} of axis {axis} and wrong up to index {last}",
                    f"在第 {axis} 轴的最后 {length - 1 - last} 个处正确，直到下标 {last} 都不对",
                ),
                keep,
                partly=True,
            )


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
