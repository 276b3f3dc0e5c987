"""Which known mistake gives a student's answers."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from course.cases import Cases
from course.checks import Check, registered_checks
from course.compare import is_same
from course.judging import FORM_ERRORS, JudgedCase, WrongAnswer, case_seed, collect_answers
from course.messages import Message
from course.runner import Runner, StudentError


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

    The blank's other checks decide where several fit, and rule a mistake out that would fail where the student's answer
    is right. None if no mistake fits, and if several still do: a wrong diagnosis is worse than none.
    """
    if check.hidden:
        return None
    hints = cases.hints(check)
    fits = [id for id in hints if _fits(answers, cases.mistake_answers(check, failed).get(id))]
    for number in range(len(cases.for_check(check))):
        if number != failed and fits:
            fits = _fitting(fits, check, runner, cases, stubs, number)
    for sibling in registered_checks(check.homework) if fits else ():
        if sibling.id != check.id or sibling.name == check.name or sibling.hidden:
            continue
        for number in range(len(cases.for_check(sibling))):
            fitting = _fitting(fits, sibling, runner, cases, sibling.stub_sets[0], number)
            if len(fits) > 1 or not fitting and _is_right(sibling, runner, cases, number):
                fits = fitting
    return Diagnosis(fits[0], hints[fits[0]]) if len(fits) == 1 else None


def _fitting(
    mistakes: list[str],
    check: Check,
    runner: Runner,
    cases: Cases,
    stubs: Sequence[str],
    number: int,
) -> list[str]:
    """Those of the mistakes that answer case `number` of the check as the student's code does."""
    case = cases.for_check(check)[number]
    answers = collect_answers(check, runner, case, cases.seed, number, stubs)
    mistaken = cases.mistake_answers(check, number)
    return [id for id in mistakes if _fits(answers, mistaken.get(id))]


def _is_right(check: Check, runner: Runner, cases: Cases, number: int) -> bool:
    """True if the student's code answers case `number` of the check correctly."""
    judged = JudgedCase(cases.for_check(check)[number])
    runner.start(case_seed(cases.seed, number), check.stub_sets[0])
    try:
        check.function(runner, judged)
    except (WrongAnswer, StudentError, *FORM_ERRORS):
        return False
    return True


def _fits(answers: dict[str, Any], mistaken: dict[str, Any] | None) -> bool:
    return (
        bool(answers)
        and mistaken is not None
        and all(
            name in mistaken and is_same(value, mistaken[name]) for name, value in answers.items()
        )
    )
