"""Which known mistake, or which two together, give a student's answers."""

import itertools
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from course.cases import Cases
from course.checks import Check, registered_checks
from course.compare import as_array, is_same
from course.judging import FORM_ERRORS, JudgedCase, WrongAnswer, case_seed, collect_answers
from course.messages import Message
from course.runner import Runner, StudentError


class Diagnosis(NamedTuple):
    """A known mistake that explains a wrong answer; two of them together as "N4 + N7"."""

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
    is right. If none fits, the two mistakes that explain all that differs, each its part. None if no mistake fits, and if
    several still do: a wrong diagnosis is worse than none.
    """
    if check.hidden:
        return None
    hints = cases.hints(check)
    mistaken = cases.mistake_answers(check, failed)
    fits = [id for id in hints if _fits(answers, mistaken.get(id))]
    if not fits and (arrays := _lists_as_arrays(answers)):
        return _of_lists(check, runner, cases, stubs, failed, arrays)
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
    if fits:
        return Diagnosis(fits[0], hints[fits[0]]) if len(fits) == 1 else None
    pair = None
    if _may_be_two(answers, mistaken):
        pair = _pair(check, runner, cases, stubs, failed)
    if pair is None:
        return None
    first, second = (hints[id] for id in pair)
    return Diagnosis(
        " + ".join(pair),
        Message(
            f"Two things. First: {first.en} Second: {second.en}",
            f"有两处。其一：{first.zh}其二：{second.zh}",
        ),
    )


def _of_lists(
    check: Check,
    runner: Runner,
    cases: Cases,
    stubs: Sequence[str],
    failed: int,
    answers: dict[str, Any],
) -> Diagnosis | None:
    """The one known mistake whose arrays the student returns as lists: that they are lists is said by the message.

    `answers` are those to case `failed` with arrays for lists. A mistake that is right in this case does not count: the
    lists would be all that is wrong. Every case of the blank's other checks must agree as well.
    """
    hints, expected = cases.hints(check), cases.for_check(check)[failed].expected
    fits = [
        id
        for id, values in cases.mistake_answers(check, failed).items()
        if id in hints
        and _fits(answers, values)
        and any(not is_same(values[name], expected[name]) for name in expected.keys() & values)
    ]
    siblings = [
        sibling
        for sibling in registered_checks(check.homework)
        if sibling.id == check.id and not sibling.hidden
    ]
    for sibling in siblings:
        names = stubs if sibling.name == check.name else sibling.stub_sets[0]
        for number, case in enumerate(cases.for_check(sibling)):
            if fits and (sibling.name, number) != (check.name, failed):
                given = collect_answers(sibling, runner, case, cases.seed, number, names)
                given = _lists_as_arrays(given) or given
                values = cases.mistake_answers(sibling, number)
                fits = [id for id in fits if _fits(given, values.get(id))]
    return Diagnosis(fits[0], hints[fits[0]]) if len(fits) == 1 else None


def _lists_as_arrays(answers: dict[str, Any]) -> dict[str, Any] | None:
    """The answers with an array for each list of numbers; None if there is no such list."""
    arrays = {
        name: array
        for name, answer in answers.items()
        if isinstance(answer, list) and (array := as_array(answer)) is not None
    }
    return answers | arrays if arrays else None


def _may_be_two(answers: dict[str, Any], mistaken: dict[str, dict[str, Any]]) -> bool:
    """False if no known mistake gives one of the answers so far: then student code is not run again."""
    leaves = [_leaves(values) for values in mistaken.values()]
    return bool(answers) and all(
        any(name in values and is_same(answer, values[name]) for values in leaves)
        for name, answer in _leaves(answers).items()
    )


def _pair(
    check: Check,
    runner: Runner,
    cases: Cases,
    stubs: Sequence[str],
    failed: int,
) -> tuple[str, str] | None:
    """The one pair of known mistakes that explains the answers to all cases of the check: where only one of the two is
    wrong, the student's value is its value; where neither is, it is right. Each explains something that the other does
    not, and neither is wrong in a check of the blank that the student passes."""
    drawn = cases.for_check(check)
    explained: dict[tuple[str, str], set[int]] | None = None
    for number in sorted(range(len(drawn)), key=lambda number: number != failed):
        case = drawn[number]
        answers = _leaves(collect_answers(check, runner, case, cases.seed, number, stubs))
        expected = _leaves(case.expected)
        mistaken = {
            id: _leaves(values)
            for id, values in cases.mistake_answers(check, number).items()
            if id in cases.hints(check)
        }
        mistaken = {
            id: values for id, values in mistaken.items() if values.keys() == answers.keys()
        }
        expected = _usual_values(mistaken.values(), answers.keys() - expected.keys()) | expected
        wrong = {id: _wrong_names(values, expected) for id, values in mistaken.items()}
        pairs = itertools.combinations(mistaken, 2) if explained is None else explained
        kept = {}
        for pair in pairs:
            if not set(pair) <= mistaken.keys():
                continue
            needed = _needed(answers, expected, [(mistaken[id], wrong[id]) for id in pair])
            if needed is not None:
                kept[pair] = needed | (explained[pair] if explained else set())
        explained = kept
        if not explained:
            return None
    fits = [pair for pair, needed in (explained or {}).items() if needed == {0, 1}]
    for sibling in registered_checks(check.homework) if fits else ():
        if sibling.id != check.id or sibling.name == check.name or sibling.hidden:
            continue
        for number in range(len(cases.for_check(sibling))):
            if _is_right(sibling, runner, cases, number):
                expected = _leaves(cases.for_check(sibling)[number].expected)
                values = cases.mistake_answers(sibling, number)
                fits = [
                    pair
                    for pair in fits
                    if not any(_wrong_names(_leaves(values.get(id, {})), expected) for id in pair)
                ]
    return fits[0] if len(fits) == 1 else None


def _needed(
    answers: dict[str, Any],
    expected: dict[str, Any],
    pair: Sequence[tuple[dict[str, Any], set[str]]],
) -> set[int] | None:
    """Which of two mistakes (0, 1) this case cannot be explained without; None if the two together do not explain it."""
    needed = set()
    for name, answer in answers.items():
        gives = [is_same(answer, values[name]) for values, _ in pair]
        wrong = [name in names for _, names in pair]
        if name not in expected:
            return None
        if any(wrong):
            if not all(fits for fits, is_wrong in zip(gives, wrong, strict=True) if is_wrong):
                return None
        elif not is_same(answer, expected[name]):
            return None
        if gives[0] != gives[1] and not is_same(answer, expected[name]):
            needed.add(gives.index(True))
    return needed


def _usual_values(mistaken: Iterable[dict[str, Any]], names: Iterable[str]) -> dict[str, Any]:
    """{name: what more than half of the known mistakes answer}: taken for right where no right value is stored."""
    rows, usual = list(mistaken), {}
    for name in names:
        for row in rows:
            if 2 * sum(is_same(row[name], other[name]) for other in rows) > len(rows):
                usual[name] = row[name]
                break
    return usual


def _wrong_names(answers: dict[str, Any], expected: dict[str, Any]) -> set[str]:
    return {
        name
        for name, value in expected.items()
        if name in answers and not is_same(answers[name], value)
    } | ({"error"} & answers.keys())


def _leaves(answers: Any, name: str = "") -> dict[str, Any]:
    """{path: value} of nested dicts."""
    if not isinstance(answers, dict):
        return {name: answers}
    leaves = {}
    for key, value in answers.items():
        leaves |= _leaves(value, f"{name}[{key!r}]")
    return leaves


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
