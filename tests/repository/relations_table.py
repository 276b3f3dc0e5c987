"""Print for how many wrong versions course/relations.py states a relation to the expected answer, and whether it is true.

    python -m tests.repository.relations_table [HOMEWORK ...] [--seed 7] [--without-mutants]

A wrong version counts as described if a relation is stated for an array of one of its answers. Each stated relation is
recomputed independently of the search and compared with the answer: "untrue" must be 0. Untrue ones are printed below their
homework, with the version that they were said of.
"""

import argparse
import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from course import markers, mistakes
from course.checks import load_checks
from course.homeworks import HOMEWORKS, ROOT
from course.judging import collect_answers
from course.relations import find_relation
from course.runner import InProcessRunner
from tests.repository.mutants import CasesAlone, Endless, mutants
from tests.repository.seeds import time_limit

FORM = "{:<14}{:>10}{:>10}{:>7}{:>9}{:>10}{:>7}{:>12}{:>8}"
HEAD = (
    "homework",
    "mistakes",
    "described",
    "share",
    "mutants",
    "described",
    "share",
    "statements",
    "untrue",
)


@dataclass
class Described:
    """Counts of versions, described versions and statements; the untrue statements."""

    versions: int = 0
    described: int = 0
    statements: int = 0
    untrue: list[str] = field(default_factory=list)

    def __add__(self, other: "Described") -> "Described":
        return Described(
            self.versions + other.versions,
            self.described + other.described,
            self.statements + other.statements,
            self.untrue + other.untrue,
        )

    @property
    def share(self) -> str:
        return f"{self.described / self.versions:.0%}" if self.versions else "-"


def pairs(answer: Any, expected: Any) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yields (array of an answer, expected array), traversed as `course.compare.difference` does."""
    if isinstance(expected, dict) and isinstance(answer, dict):
        for name in expected.keys() & answer.keys():
            yield from pairs(answer[name], expected[name])
    elif isinstance(expected, list) and isinstance(answer, list) and len(answer) == len(expected):
        for left, right in zip(answer, expected, strict=True):
            yield from pairs(left, right)
    elif isinstance(answer, (np.ndarray, np.number, float)) and isinstance(
        expected, (np.ndarray, np.number, float, int)
    ):
        yield np.asarray(answer), np.asarray(expected)


def differs(answer: np.ndarray, expected: np.ndarray) -> bool:
    if answer.shape != expected.shape:
        return True
    with np.errstate(all="ignore"):
        return not np.allclose(answer, expected, rtol=1e-7, atol=1e-9, equal_nan=True)


def is_true(answer: np.ndarray, computed: np.ndarray) -> bool:
    scale = min(1, np.abs(computed).max(initial=0))
    return answer.shape == computed.shape and bool(
        np.allclose(answer, computed, rtol=1e-8, atol=1e-8 * scale)
    )


def describe(
    homework: str, blank: str, name: str, runner: InProcessRunner, cases: CasesAlone
) -> Described:
    """Counts for one version of a blank, which is called `name` where it is printed."""
    counts = Described(versions=1)
    for check in load_checks(homework):
        if check.id != blank or check.hidden:
            continue
        for number, case in enumerate(cases.for_check(check)):
            try:
                with time_limit():
                    answers = collect_answers(check, runner, case, cases.seed, number)
            except Endless:
                return counts
            for answer, expected in pairs(answers, case.expected):
                if differs(answer, expected) and (relation := find_relation(answer, expected)):
                    counts.described = 1
                    counts.statements += 1
                    computed = relation.apply(expected.astype(np.float64))
                    if not is_true(answer.astype(np.float64), computed):
                        where = f"{blank}, {check.name}, case {number}, {name}"
                        counts.untrue.append(f"{where}: {relation.text.en}")
    return counts


def describe_homework(
    homework: str, seed: int, with_mutants: bool = True
) -> tuple[Described, Described]:
    """(counts of the known mistakes, counts of the mutants) of a homework."""
    cases, known_mistakes, changed = CasesAlone(seed), Described(), Described()
    for mistake in mistakes.load(homework):
        runner = InProcessRunner(sources=mistakes.sources(mistake))
        known_mistakes += describe(homework, mistake.blank, mistake.id, runner, cases)
    for blank in markers.blanks(ROOT / homework) if with_mutants else ():
        for mutant in mutants(homework, blank):
            runner = InProcessRunner(sources=mutant.sources)
            changed += describe(homework, blank, f"mutant {mutant.change}", runner, cases)
    return known_mistakes, changed


def line(name: str, known_mistakes: Described, changed: Described) -> str:
    both = known_mistakes + changed
    return FORM.format(
        name,
        known_mistakes.versions,
        known_mistakes.described,
        known_mistakes.share,
        changed.versions,
        changed.described,
        changed.share,
        both.statements,
        len(both.untrue),
    )


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Print what the general diagnosis says.")
    parser.add_argument("homework", nargs="*", help="default: all six")
    parser.add_argument("--seed", type=int, default=7, help="of the cases")
    parser.add_argument("--without-mutants", action="store_true", help="quick: mistakes only")
    args = parser.parse_args(arguments)
    if not set(args.homework) <= set(HOMEWORKS):
        parser.error(f"the homeworks are {' '.join(HOMEWORKS)}")
    totals = Described(), Described()
    print(FORM.format(*HEAD), flush=True)
    for homework in args.homework or HOMEWORKS:
        counts = describe_homework(homework, args.seed, not args.without_mutants)
        totals = totals[0] + counts[0], totals[1] + counts[1]
        print(line(homework, *counts), flush=True)
        for statement in counts[0].untrue + counts[1].untrue:
            print(f"    untrue: {statement}", flush=True)
    print(line("all", *totals))


if __name__ == "__main__":
    os.chdir(tempfile.mkdtemp())  # a mutant may write files
    main()
