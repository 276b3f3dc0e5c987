"""Compares a student's answer with the expected one and says in words how they differ."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from course.labels import beside_chinese, value_name
from course.list_relations import list_words
from course.messages import Message
from course.relations import describe_relation, relation_words

NAMES_OF_KINDS = {
    "list": Message("a list or tuple", "列表或元组"),
    "dict": Message("a dict", "字典"),
    "str": Message("a string", "字符串"),
    "NoneType": Message("None (nothing was returned)", "None（没有返回值）"),
}

SHOWN_DIGITS = 6  # of an expected number: with more, answers could be collected from the messages of earlier submissions
ALMOST_EQUAL = Message(
    f"equal to the expected value in {SHOWN_DIGITS} digits, but not within the tolerance",
    f"与应有的值前 {SHOWN_DIGITS} 位相同，但误差超出允许范围",
)


ALSO_SHOWN = 3  # names of further answers that differ, in a message
MIN_DIFFERENT = 4  # with fewer different numbers two arrays may agree by chance
LOG_OF_SMALL = -10.0  # about the logarithm of 5e-5
UNDERFLOW = -708.0  # the exponential of less is 0 in float64, or has lost digits


def differences(
    answers: Mapping[str, Any],
    expected: Mapping[str, Any],
    rtol: float,
    atol: float,
    inputs: Sequence[Any] = (),
) -> Message | None:
    """None if each named answer equals the expected one of that name, else a Message: the first that differs in full, and
    the names of the others, each with what it is of the expected value where that can be said. inputs: of the case."""
    wrong = []
    for name, answer in answers.items():
        for part, value, right in _parts(name, answer, expected[name]):
            message = difference(part, value, right, rtol, atol)
            if message:
                wrong.append((part, value, right, message))
    if not wrong:
        return None
    message = wrong[0][3] + _taken(wrong[0][0], wrong[0][1], expected, inputs)
    for part, value, right, _ in wrong[1 : ALSO_SHOWN + 1]:
        is_array = isinstance(value, np.ndarray) and isinstance(right, (np.ndarray, float, int))
        words = relation_words(value, np.asarray(right)) if is_array else None
        if isinstance(right, list):
            words = list_words(value, right)
        message += Message(
            f"; {part} differs too" + (f": it {words.en}" if words else ""),
            f"；{beside_chinese(value_name(part).zh).lstrip()}也不同"
            + (f"：{words.zh}" if words else ""),
        )
    if len(wrong) > ALSO_SHOWN + 1:
        more = len(wrong) - ALSO_SHOWN - 1
        message += Message(f"; {more} more differ", f"；还有 {more} 项不同")
    return message


def _taken(
    name: str, answer: Any, expected: Mapping[str, Any], inputs: Sequence[Any]
) -> Message | None:
    """What to say of an array that equals what another name should have, or an input."""
    if not isinstance(answer, np.ndarray) or answer.size < MIN_DIFFERENT:
        return None
    shown = value_name(name).zh
    for other, right in expected.items():
        if other != name and _are_same_numbers(answer, right):
            return Message(
                f". Your {name} is what {other} should be",
                f"。你的{beside_chinese(shown)}正是{beside_chinese(value_name(other).zh)}应有的值",
            )
    for number, given in enumerate(inputs, 1):
        if _are_same_numbers(answer, given):
            return Message(
                f". Your {name} is input {number} of this case, unchanged",
                f"。你的{beside_chinese(shown)}就是这个情形的第 {number} 个输入，没有变化",
            )
    return None


def _are_same_numbers(answer: np.ndarray, other: Any) -> bool:
    """Two arrays of one shape are equal, and not by chance: they hold enough different numbers."""
    return (
        isinstance(other, np.ndarray)
        and other.shape == answer.shape
        and np.issubdtype(other.dtype, np.number)
        and np.unique(other).size >= MIN_DIFFERENT
        and bool(np.allclose(answer, other, rtol=1e-9, atol=0))
    )


def _parts(name: str, answer: Any, expected: Any) -> Iterator[tuple[str, Any, Any]]:
    """(name, answer, expected) of each value of a dict that has the expected keys, else of the answer itself."""
    is_complete = isinstance(answer, dict) and isinstance(expected, dict)
    if is_complete and expected and expected.keys() <= answer.keys():
        for key, value in expected.items():
            yield from _parts(f"{name}[{key!r}]", answer[key], value)
    else:
        yield name, answer, expected


def difference(name: str, answer: Any, expected: Any, rtol: float, atol: float) -> Message | None:
    """None if `answer` equals `expected`, else a Message with what was returned and what was expected."""
    if isinstance(expected, dict):
        return _dict_difference(name, answer, expected, rtol, atol)
    if isinstance(expected, list):
        return _list_difference(name, answer, expected, rtol, atol)
    if expected is None or isinstance(expected, (str, bool, np.bool_)):
        if isinstance(answer, np.ndarray) and answer.ndim == 0:
            answer = answer.item()
        is_same = type(answer) is type(expected) and answer == expected
        if is_same or isinstance(expected, np.bool_) and answer is bool(expected):
            return None
        got, wanted = summary(answer), summary(expected)
        return Message(
            f"{name}: got {got.en}, expected {wanted.en}",
            f"{value_name(name).zh}：得到 {got.zh}，应为 {wanted.zh}",
        )
    return _array_difference(name, answer, np.asarray(expected), rtol, atol)


def _dict_difference(
    name: str, answer: Any, expected: dict[str, Any], rtol: float, atol: float
) -> Message | None:
    if not isinstance(answer, dict):
        kind = describe_kind(answer)
        return Message(
            f"{name}: {kind.en}, expected a dict", f"{value_name(name).zh}：{_got(kind)}，应为字典"
        )
    for key in expected:
        if key not in answer:
            return Message(
                f"{name}: key {key!r} is missing (has {sorted(answer)})",
                f"{value_name(name).zh}：缺少键 {key!r}（现有 {sorted(answer)}）",
            )
    for key, value in expected.items():
        if message := difference(f"{name}[{key!r}]", answer[key], value, rtol, atol):
            return message
    return None


def _list_difference(
    name: str, answer: Any, expected: list[Any], rtol: float, atol: float
) -> Message | None:
    words = list_words(answer, expected)
    relation = None
    if words:
        relation = Message(
            f". Your {name} {words.en}",
            f"。你的{beside_chinese(value_name(name).zh)}{beside_chinese(words.zh).rstrip()}",
        )
    if not isinstance(answer, list) or len(answer) != len(expected):
        kind = describe_kind(answer)
        if isinstance(answer, list):
            kind = Message(f"{len(answer)} values", f"{len(answer)} 个值")
        return (
            Message(
                f"{name}: {kind.en}, expected a list of {len(expected)}",
                f"{value_name(name).zh}：{_got(kind)}，应为 {len(expected)} 个值的列表",
            )
            + relation
        )
    for index, value in enumerate(expected):
        if message := difference(f"{name}[{index}]", answer[index], value, rtol, atol):
            return message + relation
    return None


def _array_difference(
    name: str, answer: Any, expected: np.ndarray, rtol: float, atol: float
) -> Message | None:
    """`difference` for numbers and arrays: shape first, then dtype, then NaN and infinity, then values."""
    if isinstance(answer, (list, str, dict)) or answer is None:
        kind, form = describe_kind(answer), describe_array(expected)
        message = Message(
            f"{name}: {kind.en}, expected {form.en}",
            f"{value_name(name).zh}：{_got(kind)}，应为{form.zh}",
        )
        values = as_array(answer) if isinstance(answer, list) else None
        if values is None:
            return message
        if _is_close(values, expected, rtol, atol):
            return message + Message("; the values are right", "；数值正确")
        if values.shape == expected.shape:
            message += Message("; the values differ too", "；数值也不对")
        else:
            message += Message(
                f"; as an array its shape would be {values.shape}",
                f"；换成数组，形状会是 {values.shape}",
            )
        return message + describe_relation(name, values, expected, partly=False)
    answer = np.asarray(answer)
    if answer.size == 0 == expected.size and answer.ndim == 1:
        return None  # an empty table is empty in any shape
    if answer.shape != expected.shape:
        message = _shape_difference(name, answer.shape, expected.shape)
        return message + describe_relation(name, answer, expected)
    if (answer.dtype == bool) != (expected.dtype == bool):
        return Message(
            f"{name}: dtype {answer.dtype}, expected {expected.dtype}",
            f"{value_name(name).zh}：类型 {answer.dtype}，应为 {expected.dtype}",
        ) + _values_apart_from_type(answer, expected)
    both_integer = np.issubdtype(expected.dtype, np.integer) and np.issubdtype(
        answer.dtype, np.integer
    )
    if expected.dtype == bool or both_integer:
        differs = answer != expected
    else:
        with np.errstate(invalid="ignore", over="ignore"):
            both_nan = np.isnan(answer) & np.isnan(expected)
            not_finite = ~np.isfinite(answer) & ~((answer == expected) | both_nan)
            if not_finite.any():
                return _not_finite(name, answer, expected, not_finite)
            differs = ~np.isclose(answer, expected, rtol=rtol, atol=atol, equal_nan=True)
    if not differs.any():
        return None
    index = _first_index(differs)
    visible = differs & _differs_visibly(answer, expected)
    where = _first_at(index)
    if visible.any() and not visible[index]:
        index = _first_index(visible)
        where = Message(f"the first clear one at {index}: ", f"第一个明显不同的在 {index}：")
    got, wanted = format_number(answer[index]), format_number(expected[index])
    wanted = Message(f"expected {wanted}", f"应为 {wanted}") if got != wanted else ALMOST_EQUAL
    many = Message("", "")  # a single number is neither counted nor located
    if index:
        count = int(differs.sum())
        many = Message(
            f"{count} of {answer.size} values differ; {where.en}",
            f"{answer.size} 个值中有 {count} 个不同；{where.zh}",
        )
    message = Message(
        f"{name}: {many.en}got {got}, {wanted.en} (rtol={rtol:g}, atol={atol:g})",
        f"{value_name(name).zh}：{many.zh}得到 {got}，{wanted.zh}（rtol={rtol:g}，atol={atol:g}）",
    )
    is_coarse = answer.dtype in (np.float16, np.float32)
    if is_coarse and np.allclose(answer, expected, rtol=1e-2, atol=1e-3, equal_nan=True):
        message += Message(
            f" (computed in {answer.dtype}; the result should be float64)",
            f"（以 {answer.dtype} 计算；结果应为 float64）",
        )
    elif is_coarse and visible.any():
        message += Message(
            f" (the answer is {answer.dtype} besides: its rounding is not the reason)",
            f"（此外，答案是 {answer.dtype}：这里的差别不是舍入造成的）",
        )
    return message + (
        _finite_logarithms(answer, differs, expected) or describe_relation(name, answer, expected)
    )


def _finite_logarithms(
    answer: np.ndarray, differs: np.ndarray, expected: np.ndarray
) -> Message | None:
    """What to say where -inf, the logarithm of 0, is expected and every answer is finite."""
    zeros = np.asarray(expected == -np.inf)
    if not zeros.any() or not np.isfinite(answer).all():
        return None
    largest = answer[zeros].max()
    shown = format_number(largest)
    message = Message(
        f". Where -inf, the logarithm of 0, is expected, yours is finite, at most {shown}",
        f"。应为 -inf（0 的对数）处，你的结果是有限的数，最大 {shown}",
    )
    if not (differs & ~zeros).any() and not zeros.all():
        message += Message("; all other values are right", "；其余的值都对")
    if largest < LOG_OF_SMALL:
        message += Message(
            ": is a small number added before the logarithm, or put in place of 0?",
            "：是不是取对数前加了一个很小的数，或用它代替了 0？",
        )
    return message


def _values_apart_from_type(answer: np.ndarray, expected: np.ndarray) -> Message | None:
    """What to say of a mask of numbers: its values, as True and False, are right or exchanged."""
    if expected.dtype != bool or not answer.size:
        return None
    large = np.asarray(answer) < -1e3
    if large.any() and np.isin(answer[~large], (0,)).all() and (large == expected).all():
        return Message(
            "; it is to be added to scores: 0, and a large negative number where True is expected",
            "；这是要加到得分上的掩码：应为 True 处是很大的负数，其余为 0",
        )
    if not np.isin(answer, (0, 1)).all():
        return None
    if (answer == expected).all():
        return Message("; the values are right", "；数值正确")
    if (answer != expected).all():
        return Message("; and True and False are exchanged", "；而且 True 与 False 正好相反")
    return None


def _shape_difference(name: str, answer: tuple[int, ...], expected: tuple[int, ...]) -> Message:
    """What to say of an array of another shape; one without axes is a single number."""
    zh = value_name(name).zh
    if not answer:
        return Message(
            f"{name}: got a single number, expected the shape {expected}",
            f"{zh}：得到一个数，应为形状 {expected} 的数组",
        )
    if not expected:
        return Message(
            f"{name}: shape {answer}, expected a single number",
            f"{zh}：形状 {answer}，应为一个数",
        )
    return Message(
        f"{name}: shape {answer}, expected {expected}", f"{zh}：形状 {answer}，应为 {expected}"
    )


def as_array(answer: list[Any]) -> np.ndarray | None:
    """A list of numbers, or of lists of numbers, as an array; None for other lists."""
    try:
        values = np.array(answer, dtype=np.float64)
    except (TypeError, ValueError):
        return None
    return values if values.size else None


def _is_close(values: np.ndarray, expected: np.ndarray, rtol: float, atol: float) -> bool:
    return values.shape == expected.shape and bool(
        np.allclose(values, expected, rtol=rtol, atol=atol, equal_nan=True)
    )


def _not_finite(
    name: str, answer: np.ndarray, expected: np.ndarray, not_finite: np.ndarray
) -> Message:
    index = _first_index(not_finite)
    many = Message("", "")  # a single number is neither counted nor located
    if index:
        count, where = int(not_finite.sum()), _first_at(index)
        many = Message(
            f"{count} of {answer.size} values are NaN or infinite; {where.en}",
            f"{answer.size} 个值中有 {count} 个是 NaN 或无穷；{where.zh}",
        )
    got, wanted = answer[index], f"{expected[index]:.6g}"
    message = Message(
        f"{name}: {many.en}got {got}, expected {wanted}",
        f"{value_name(name).zh}：{many.zh}得到 {got}，应为 {wanted}",
    )
    return message + _why_not_finite(answer, expected, not_finite)


def _why_not_finite(
    answer: np.ndarray, expected: np.ndarray, not_finite: np.ndarray
) -> Message | None:
    """What to say of the places that are not finite, if all other values are right."""
    rest = ~not_finite
    if not rest.any() or not np.allclose(answer[rest], expected[rest], rtol=1e-7, atol=1e-9):
        message = None
    else:
        message = Message(". All other values are right", "。其余的值都对")
    places = expected[not_finite]
    if (answer[not_finite] == -np.inf).all() and (places < UNDERFLOW).all():
        return (message or Message("", "")) + Message(
            f". Every expected value there is below {UNDERFLOW:g}, and the exponential of that underflows in float64: "
            "compute with logarithms throughout",
            f"。那里应有的值都小于 {UNDERFLOW:g}，它们的指数在 float64 中下溢：应全程用对数计算",
        )
    if message and np.isnan(answer[not_finite]).all() and (places == 0).all():
        return message + Message(
            ": only where 0 is expected yours is NaN, as 0 / 0 is",
            "：只有应为 0 处是 NaN，如同 0 / 0",
        )
    return message


def _differs_visibly(answer: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Where the two differ by more than rounding to float32 explains; an infinite value differs visibly."""
    with np.errstate(invalid="ignore", over="ignore"):
        scale = np.abs(expected[np.isfinite(expected)]).max(initial=0)
        return ~np.isclose(answer, expected, rtol=1e-4, atol=1e-6 * scale, equal_nan=True)


def _first_index(mask: np.ndarray) -> tuple[int, ...]:
    return tuple(map(int, np.argwhere(mask)[0]))


def _first_at(index: tuple[int, ...]) -> Message:
    return Message(f"first at {index}: ", f"第一个在 {index}：") if index else Message("", "")


def _got(kind: Message) -> str:
    """ "得到列表或元组", with a space in front of a Latin name."""
    return f"得到{beside_chinese(kind.zh).rstrip()}"


def describe_kind(value: Any) -> Message:
    """What kind of value this is, in words."""
    if isinstance(value, np.ndarray):
        return describe_array(value)
    name = type(value).__name__
    return NAMES_OF_KINDS.get(name, Message(f"a {name}", f"{name} 类型的值"))


def describe_array(array: np.ndarray) -> Message:
    """Shape and dtype of an array, in a few words."""
    if array.ndim:
        return Message(
            f"array {array.shape} of {array.dtype}", f"形状 {array.shape} 的 {array.dtype} 数组"
        )
    return Message(f"a number ({array.dtype})", f"一个数（{array.dtype}）")


def summary(value: Any) -> Message:
    """A value in at most 80 characters."""
    if isinstance(value, np.ndarray):
        return describe_array(value)
    return Message(repr(value)[:80], repr(value)[:80])


def format_number(value: Any) -> str:
    """A number in at most SHOWN_DIGITS significant digits."""
    is_whole = isinstance(value, (np.bool_, np.integer)) and abs(int(value)) < 10**SHOWN_DIGITS
    return str(value) if is_whole else f"{value:.{SHOWN_DIGITS}g}"


def is_same(left: Any, right: Any, rtol: float = 1e-6, atol: float = 1e-9) -> bool:
    """True if two collected answers are the same, whatever their kind."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(
            is_same(left[key], right[key], rtol, atol) for key in left
        )
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(
            is_same(a, b, rtol, atol) for a, b in zip(left, right, strict=True)
        )
    numeric = (bool, int, float, np.ndarray, np.generic)
    if isinstance(left, numeric) and isinstance(right, numeric):
        left, right = np.asarray(left), np.asarray(right)
        if left.shape != right.shape:
            return False
        if left.dtype == bool or right.dtype == bool:
            return left.dtype == right.dtype and bool((left == right).all())
        with np.errstate(all="ignore"):
            return bool(np.allclose(left, right, rtol=rtol, atol=atol, equal_nan=True))
    return type(left) is type(right) and left == right
