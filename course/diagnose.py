"""Which known mistake gives a student's answers."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from course.cases import Cases
from course.checks import Check
from course.compare import is_same
from course.judging import collect_answers
from course.messages import Message
from course.runner import Runner


class Diagnosis(NamedTuple):
    """A known mistake that explains a wrong answer."""

    mistake: str
    hint: Message


def diagnose(
    check: Check,
    runner: Runner,
    cases: Cases,
    stubs: Sequence[str],
    failed: int,
    answers: dict[str, Any],
) -> Diagnosis | None:
    """The one known mistake that gives the student's answers on every case; `answers` are those to case `failed`.

    None if no mistake fits, and if several do: a wrong diagnosis is worse than none.
    """
    if check.hidden:
        return None
    hints = cases.hints(check)
    fits = [id for id in hints if _fits(answers, cases.mistake_answers(check, failed).get(id))]
    for number, case in enumerate(cases.for_check(check)):
        if number == failed or not fits:
            continue
        others = collect_answers(check, runner, case, cases.seed, number, stubs)
        fits = [id for id in fits if _fits(others, cases.mistake_answers(check, number).get(id))]
    return Diagnosis(fits[0], hints[fits[0]]) if len(fits) == 1 else None


def _fits(answers: dict[str, Any], mistaken: dict[str, Any] | None) -> bool:
    return (
        bool(answers)
        and mistaken is not None
        and all(
            name in mistaken and is_same(value, mistaken[name]) for name, value in answers.items()
        )
    )
