"""Verdicts on kinds of answers that occur in code from outside this repository."""

import numpy as np
import pytest

from course import verdict
from course.cases import FreshCases
from course.checks import load_checks
from course.compare import differences
from course.runner import InProcessRunner
from tests.repository.test_outside_code import results

SEEDS = range(5)
RNG = np.random.default_rng(0)
MATRIX, VECTOR = RNG.normal(size=(4, 4)), RNG.normal(size=4)


def outcomes_of_mistake(homework, id, cases):
    """Verdicts of the blank's checks on a known mistake."""
    from course import mistakes

    wrong_version = next(item for item in mistakes.load(homework) if item.id == id)
    runner = InProcessRunner(sources=mistakes.sources(wrong_version))
    return [
        verdict.run(check, runner, cases)
        for check in load_checks(homework)
        if check.id == wrong_version.blank
    ]


@pytest.mark.parametrize("seed", SEEDS)
def test_classifier_that_fails_for_a_single_row_is_named(seed):
    """An `if N > 1` that returns a number for a single row fails, by name, on every draw."""
    outcomes = outcomes_of_mistake("word2vec_sst", "V540", FreshCases(seed))
    failed = [outcome for outcome in outcomes if outcome.status != "done"]
    assert [outcome.mistake for outcome in failed] == ["V540"]
    assert "one class for each row" in failed[0].message.en


def test_mistakes_with_the_same_id_belong_to_their_homework():
    """A2 is a mistake of hw_attention and of gpt_songci: the same cases serve both homeworks."""
    cases = FreshCases(7)
    assert {outcome.mistake for outcome in outcomes_of_mistake("hw_attention", "A2", cases)} >= {
        "A2"
    }
    assert [outcome.mistake for outcome in outcomes_of_mistake("gpt_songci", "A2", cases)] == ["A2"]


def test_added_constant_is_not_named_as_a_missing_scale():
    body = "return q @ k_t / math.sqrt(q.size(-1)) + 1e-3"
    assert [outcome.mistake for outcome in results("gpt_songci", "gpt-a3.2", body)] == [None]


def test_two_known_mistakes_in_one_answer_are_both_named():
    """Each of the two explains what the other leaves right."""
    body = "L = tokens.size(1)\nreturn torch.ones(L, L, dtype=torch.bool).tril()"
    (outcome,) = results("gpt_songci", "gpt-g4.0", body)
    assert outcome.mistake == "G2b + G11c"
    assert outcome.diagnosis.hint.en.startswith("Two things. First: Change the last character")
    assert "其二：" in outcome.diagnosis.hint.zh


def test_an_unknown_second_mistake_is_said_and_no_first_one_named():
    answers = {"dW": 4 * MATRIX, "db": MATRIX.T, "dc": VECTOR}
    message = differences(answers, {"dW": MATRIX, "db": MATRIX, "dc": VECTOR}, 1e-7, 1e-9)
    assert "Your dW is 4 times the expected one" in message.en
    assert "; db differs too: it is the expected one transposed" in message.en
    assert "db 也不同：是正确结果的转置" in message.zh
    assert "dc" not in message.en


def test_each_part_of_a_dict_is_compared():
    expected = {"grads": {"W": MATRIX, "b": VECTOR, "c": VECTOR}}
    answers = {"grads": {"W": MATRIX, "b": -VECTOR, "c": VECTOR + 1}}
    message = differences(answers, expected, 1e-7, 1e-9)
    assert message.en.startswith("grads['b']: 4 of 4") and "opposite sign" in message.en
    assert "; grads['c'] differs too: it is the expected one plus 1" in message.en


def test_float32_does_not_hide_a_second_mistake():
    """What differs by more than rounding comes first; that the answer is float32 is said besides."""
    answer = MATRIX.astype(np.float32)
    answer[3, 2] += 1
    message = differences({"x": answer}, {"x": MATRIX}, 1e-9, 1e-9)
    assert "the first clear one at (3, 2)" in message.en and "in 6 digits" not in message.en
    assert "float32 besides" in message.en and "computed in float32" not in message.en
    alone = differences({"x": MATRIX.astype(np.float32)}, {"x": MATRIX}, 1e-9, 1e-9)
    assert "computed in float32" in alone.en


def test_a_list_of_the_right_values_is_called_that():
    message = differences({"path": [1, 2, 2]}, {"path": np.array([1, 2, 2])}, 1e-7, 1e-9)
    assert message.en.endswith("; the values are right") and message.zh.endswith("；数值正确")
    other = differences({"path": [1, 2, 3]}, {"path": np.array([1, 2, 2])}, 1e-7, 1e-9)
    assert "right" not in other.en
