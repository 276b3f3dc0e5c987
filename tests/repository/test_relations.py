"""Messages about how a wrong array is related to the expected one: true if stated, and absent if no relation holds."""

import numpy as np
import pytest

from course.compare import difference
from course.homeworks import HOMEWORKS
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
    (lambda e: 9 * e, np.array(0.37), "is 9 times"),
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


def test_no_relation_is_stated_for_unrelated_arrays():
    noise = RNG.normal(size=(4, 4))
    assert find_relation(noise, MATRIX) is None
    assert find_relation(MATRIX * (1 + 1e-3 * noise), MATRIX) is None
    ones = np.ones((3, 3))
    assert find_relation(2 * ones, ones) is None, "every relation holds for equal numbers"
    assert find_relation(np.array([2.0]), np.array([1.0])) is None


@pytest.mark.parametrize("homework", HOMEWORKS)
def test_relations_stated_for_known_mistakes_hold(homework):
    """Applying the stated relation to the expected array gives the answer of the known mistake."""
    known_mistakes, changed = relations_table.describe_homework(homework, 3, with_mutants=False)
    assert known_mistakes.untrue == 0 < known_mistakes.described and changed.versions == 0
