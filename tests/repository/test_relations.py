"""Messages about how a wrong array is related to the expected one: true if stated, and absent if no relation holds."""

import numpy as np
import pytest

from course.compare import difference, differences
from course.homeworks import HOMEWORKS
from course.list_relations import list_words
from course.relations import find_relation
from tests.repository import relations_table

RNG = np.random.default_rng(0)
MATRIX = RNG.normal(size=(4, 4)) + 2
CUBE = RNG.normal(size=(3, 4, 5))
RELATIONS = [  # (answer as a function of the expected array, expected array, words of the message)
    (lambda e: e.T, MATRIX, "expected one transposed"),
    (lambda e: -e, MATRIX, "opposite sign"),
    (lambda e: 4 * e, MATRIX, "is 4 times"),
    (lambda e: e / 7, CUBE, "is 1/7 times"),
    (lambda e: -2 * e, CUBE, "is -2 times"),
    (lambda e: e + 1.5, MATRIX, "plus 1.5"),
    (lambda e: e[::-1], MATRIX, "reverse order along axis 0"),
    (lambda e: np.concatenate([e[:1] * 0, e[:-1]]), MATRIX, "one step late along axis 0"),
    (lambda e: np.concatenate([e[1:], e[:1] * 0]), MATRIX, "one step early along axis 0"),
    (lambda e: e.transpose(0, 2, 1), CUBE, "axes of the expected one in the order (0, 2, 1)"),
    (lambda e: np.exp(e), MATRIX, "exponential"),
    (lambda e: np.zeros_like(e), MATRIX, "zero everywhere"),
    (lambda e: e.sum(0), MATRIX, "summed over axis 0"),
    (lambda e: e.mean(1, keepdims=True), CUBE, "averaged over axis 1"),
    (lambda e: e.ravel(), MATRIX, "expected values in the shape (16,)"),
    (lambda e: np.cumsum(e, 0), MATRIX, "accumulated along axis 0"),
    (lambda e: np.cumsum(e[::-1], 0)[::-1], MATRIX, "accumulated from the end along axis 0"),
    (lambda e: np.diff(e, axis=0, prepend=0), MATRIX, "expected one is its running sum"),
    (lambda e: e * np.sqrt(3), MATRIX, "is √3 = 1.73205 times"),
    (lambda e: e / np.sqrt(7), CUBE, "is 1/√7 times"),
    (lambda e: 3 * e.T, MATRIX, "transposed, times 3"),
    (lambda e: -e.T, MATRIX, "transposed, times -1"),
    (lambda e: e / e.sum(1, keepdims=True), MATRIX, "for each index of axis 0 divided by its sum"),
    (
        lambda e: e * [[1], [2], [3], [5]],
        MATRIX,
        "for each index of axis 0 times a factor of its own",
    ),
    (
        lambda e: e + [[0], [2], [3], [5]],
        MATRIX,
        "for each index of axis 0 plus a number of its own",
    ),
    (lambda e: np.clip(e, *np.sort(e.ravel())[[3, -4]]), MATRIX, "cut off below at"),
    (lambda e: np.r_[e[:3], [[9, 8, 7, 1]]], MATRIX, "right but for the last one of axis 0"),
    (lambda e: e + np.diag([1, -2, 3, 4]), MATRIX, "right but for values on the diagonal"),
    (lambda e: np.tril(e), MATRIX, "right but for values above the diagonal"),
    (lambda e: ~e, MATRIX > 2, "has True and False exchanged"),
    (lambda e: ~e.T, MATRIX > 2, "transposed, with True and False exchanged"),
    (
        lambda e: e / np.log(10),
        MATRIX,
        "is 0.434294 times the expected one, as logarithms to base 10",
    ),
    (lambda e: e / np.log(2), MATRIX, "as logarithms to base 2"),
    (lambda e: e + 1e-6 * np.abs(CUBE), CUBE, "larger than the expected one and nowhere smaller"),
    (lambda e: e - 1e-6 * np.abs(CUBE), CUBE, "smaller than the expected one and nowhere larger"),
    (lambda e: np.r_[e, e[:1] + 1], MATRIX, "with 1 more at the end of axis 0"),
    (lambda e: np.c_[e[:, :2] + 1, e], MATRIX, "with 2 more at the beginning of axis 1"),
    (lambda e: e[:-1], MATRIX, "without the last 1 of axis 0"),
    (lambda e: e[:, 2:], MATRIX, "without the first 2 of axis 1"),
    (lambda e: np.r_[e[:1], e[1:] ** 3 + 1], MATRIX, "right for the first 1 of axis 0 and wrong"),
    (lambda e: np.r_[e[:2] ** 3 + 1, e[2:]], MATRIX, "right for the last 2 of axis 0 and wrong up"),
    (lambda e: 9 * e, np.array(0.37), "is 9 times"),
    (lambda e: e / np.log(10), np.array(0.37), "as logarithms to base 10"),
    (lambda e: np.log(e), np.array(0.37), "natural logarithm"),
]


@pytest.mark.parametrize(
    ("change", "expected", "words"), RELATIONS, ids=[row[2] for row in RELATIONS]
)
def test_relation_to_the_expected_array_is_stated(change, expected, words):
    message = difference("dW", change(expected), expected, rtol=1e-7, atol=1e-9)
    assert message and words in message.en and "dW" in message.zh


def test_no_relation_is_stated_for_logarithms_of_zero():
    """An infinite expected value provides no scale for the tolerance; it must not cause a warning either."""
    with np.errstate(divide="ignore"):
        expected = np.log(np.maximum(MATRIX - 1, 0) * (np.arange(4) > 0))
    assert find_relation(np.where(np.isfinite(expected), expected, -36.0), expected) is None


LOGS = np.where(np.eye(5, 4, k=1) > 0, -np.inf, RNG.normal(size=(5, 4)) - 2)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda e: e / np.log(10), "as logarithms to base 10"),
        (lambda e: e + 1.5, "plus 1.5"),
        (lambda e: e[::-1], "reverse order along axis 0"),
        (lambda e: e.T, "expected one transposed"),
        (lambda e: np.concatenate([e[:1] * 0, e[:-1]]), "one step late along axis 0"),
        (lambda e: e[1:], "without the first 1 of axis 0"),
    ],
)
def test_relation_of_arrays_with_logarithms_of_zero_is_stated(change, words):
    with np.errstate(invalid="ignore"):
        answer = change(LOGS)
    relation = find_relation(np.nan_to_num(answer, neginf=-np.inf), LOGS)
    assert relation and words in relation.text.en
    assert np.array_equal(
        relation.apply(LOGS), np.nan_to_num(answer, neginf=-np.inf)
    ) or np.allclose(relation.apply(LOGS), np.nan_to_num(answer, neginf=-np.inf))


def test_no_relation_rests_on_a_few_finite_logarithms():
    expected = np.full((3, 3), -np.inf)
    expected[0, :2] = -1.0, -2.0
    assert find_relation(np.where(expected == -1, -4.0, expected), expected) is None


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (np.maximum(LOGS, -27.6), "yours is finite, at most -27.6; all other values are right: is"),
        (np.maximum(LOGS, -27.6) + RNG.normal(size=(5, 4)), "is a small number added before"),
        (np.where(np.isfinite(LOGS), LOGS, 0), "yours is finite, at most 0; all other values"),
    ],
)
def test_finite_value_in_place_of_the_logarithm_of_zero_is_stated(answer, words):
    message = difference("delta", answer, LOGS, rtol=1e-9, atol=1e-9)
    assert message and words in message.en and "应为 -inf（0 的对数）处" in message.zh


def test_places_that_are_not_finite_are_distinguished():
    expected = np.array([[-1.0, -2.0], [-400.0, -500.0], [-800.0, -900.0]])
    low = np.where(expected < -700, -np.inf, expected)
    message = difference("delta", low, expected, rtol=1e-9, atol=1e-9)
    assert (
        message
        and "All other values are right. Every expected value there is below -708" in message.en
    )
    message = difference("delta", low + [[1], [0], [0]], expected, rtol=1e-9, atol=1e-9)
    assert message and "All other values" not in message.en and "below -708" in message.en
    gamma = np.array([[0.25, 0.75], [0.0, 0.0]])
    answer = np.where(gamma == 0, np.nan, gamma)
    message = difference("gamma", answer, gamma, rtol=1e-9, atol=1e-9)
    assert message and "only where 0 is expected yours is NaN, as 0 / 0 is" in message.en
    message = difference("gamma", answer * 2, gamma, rtol=1e-9, atol=1e-9)
    assert message and "right" not in message.en and "0 / 0" not in message.en


def test_a_list_of_lists_is_compared_as_an_array():
    rows = difference("alpha", MATRIX.tolist(), MATRIX, rtol=1e-7, atol=1e-9)
    assert rows and rows.en.endswith("; the values are right")
    turned = difference("alpha", MATRIX.T.tolist(), MATRIX, rtol=1e-7, atol=1e-9)
    assert turned and turned.en.endswith("Your alpha is the expected one transposed")
    longer = difference("alpha", [*MATRIX.tolist(), [0.0] * 4], MATRIX, rtol=1e-7, atol=1e-9)
    assert longer and "its shape would be (5, 4)" in longer.en
    assert longer.en.endswith("with 1 more at the end of axis 0")


WORDS = ["味道", "不错", "，", "味道", "！"]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (" ".join(WORDS), "is one string; split at white space, it gives the expected list"),
        ("".join(WORDS), "is one string: the expected values joined"),
        (WORDS[::-1], "has the right values in another order"),
        (["味道", "不错", "，", "！"], "some are dropped where they come again"),
        (["味道", "不错", "味道"], "lacks 2 of the expected values (the first: '，')"),
        (["味", "道", "不", "错", "，", "味", "道", "！"], "in single characters"),
        (["味道不错", "，", "味道", "！"], "cut at other places"),
        (["味道 ", "不错", "，", "味道", "！\n"], "with white space around them"),
        (["味道", " ", "不错", "，", "味道", "！", ""], "some of white space only"),
        ([*WORDS, "好"], "has all expected values and 1 more (the first: '好')"),
    ],
)
def test_relation_to_the_expected_list_is_stated(answer, words):
    message = difference("words", answer, WORDS, rtol=0, atol=0)
    assert message and words in message.en and "。你的" in message.zh


def test_no_small_number_is_suspected_where_a_logarithm_is_far_off():
    logs = -np.arange(1.0, 1501)[:, None] * np.array([1.5, 2.0])
    offset = RNG.uniform(0.1, 0.5, logs.shape)
    assert find_relation(logs + offset, logs) is None, "0.1 is much beside -1.5"
    relation = find_relation(logs * (1 - 1e-5 * offset), logs)
    assert relation and "nowhere smaller" in relation.text.en


def test_a_byte_order_mark_before_a_value_is_named():
    words = list_words(["and", "\ufeffof"], ["and", "of"])
    assert words and "byte order mark" in words.en
    assert list_words(["\ufeffand", "at"], ["and", "of"]) is None


def test_no_relation_is_stated_for_unrelated_lists():
    assert list_words(["味道", "好", "不"], WORDS) is None
    assert list_words(WORDS, WORDS) is None
    assert list_words("味道", WORDS) is None
    assert list_words([["味道"]], WORDS) is None
    assert list_words([1.5], [2.5]) is None


def test_an_input_or_the_value_of_another_name_is_recognised():
    grads = {"gradIn": MATRIX, "gradOut": MATRIX.T.copy()}
    message = differences(dict(zip(grads, (MATRIX.T, MATRIX), strict=True)), grads, 1e-7, 1e-9)
    assert message and ". Your gradIn is what gradOut should be" in message.en
    message = differences({"do": CUBE}, {"do": CUBE**3}, 1e-7, 1e-9, inputs=["", CUBE])
    assert message and ". Your do is input 2 of this case, unchanged" in message.en
    message = differences({"do": CUBE + 1}, {"do": CUBE**3}, 1e-7, 1e-9, inputs=[CUBE])
    assert message and "input" not in message.en


def test_a_mask_to_be_added_is_called_that():
    mask = np.triu(np.ones((4, 4), dtype=bool), 1)
    message = difference("mask", np.where(mask, -np.inf, 0.0), mask, rtol=0, atol=0)
    assert message and "it is to be added to scores" in message.en
    message = difference("mask", np.where(mask.T, -np.inf, 0.0), mask, rtol=0, atol=0)
    assert message and "added" not in message.en


def test_no_relation_is_stated_for_unrelated_arrays():
    noise = RNG.normal(size=(4, 4))
    assert find_relation(noise, MATRIX) is None
    assert find_relation(MATRIX * (1 + 1e-3 * noise), MATRIX) is None
    ones = np.ones((3, 3))
    assert find_relation(2 * ones, ones) is None, "every relation holds for equal numbers"
    assert find_relation(np.array([2.0]), np.array([1.0])) is None


def test_huge_values_do_not_make_the_others_equal():
    """An answer whose rows are huge and nearly constant is not "the expected one plus a number for each row"."""
    expected = np.array([[1.0, 2.0, 4.0], [3.0, 1.0, 2.0], [5.0, 7.0, 6.0]])
    answer = np.array([[-4.7e11], [2.5], [3.5]]) + expected[:, ::-1] * [[1], [0], [0]]
    answer[1:] += expected[1:]
    assert find_relation(answer, expected) is None
    assert find_relation(expected + [[1e3], [2.5], [3.5]], expected) is not None
    path = np.array([[0, 1, 2], [1, 0, 2]])
    assert (
        find_relation(np.array([[-(2**63), 1, 0], [2, 2, 2]]), path) is None
    )  # not "one step late"


@pytest.mark.parametrize("homework", HOMEWORKS)
def test_relations_stated_for_known_mistakes_hold(homework):
    """Applying the stated relation to the expected array gives the answer of the known mistake."""
    known_mistakes, changed = relations_table.describe_homework(homework, 3, with_mutants=False)
    assert not known_mistakes.untrue and known_mistakes.described and changed.versions == 0
