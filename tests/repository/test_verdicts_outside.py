"""Verdicts that code from outside has shown to be needed: each test is a kind of answer that people handed in."""

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
def test_one_row_has_a_class_too(seed):
    """An `if N > 1` that returns a number for a single row fails, by name, on every draw."""
    outcomes = outcomes_of_mistake("word2vec_sst", "V540", FreshCases(seed))
    failed = [outcome for outcome in outcomes if outcome.status != "done"]
    assert [outcome.mistake for outcome in failed] == ["V540"]
    assert "one class for each row" in failed[0].message.en


def test_mistakes_of_two_homeworks_with_one_id_are_kept_apart():
    """A2 is a mistake of hw_attention and of gpt_songci: the same cases serve both homeworks."""
    cases = FreshCases(7)
    assert {outcome.mistake for outcome in outcomes_of_mistake("hw_attention", "A2", cases)} >= {
        "A2"
    }
    assert [outcome.mistake for outcome in outcomes_of_mistake("gpt_songci", "A2", cases)] == ["A2"]


def test_no_scale_is_named_only_where_it_is_the_mistake():
    body = "return q @ k_t / math.sqrt(q.size(-1)) + 1e-3"
    assert [outcome.mistake for outcome in results("gpt_songci", "gpt-a3.2", body)] == [None]
