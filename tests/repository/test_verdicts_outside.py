"""Verdicts on kinds of answers that occur in code from outside this repository."""

import pytest

from course import verdict
from course.cases import FreshCases
from course.checks import load_checks
from course.runner import InProcessRunner
from tests.repository.test_outside_code import results

SEEDS = range(5)


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
