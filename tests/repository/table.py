"""Print for each blank how many versions of each side its checks accept or catch: solution, empty blank, known mistakes,
accepted variants, mutants.

    python -m tests.repository.table [HOMEWORK ...] [--seed N] [--without-mutants]
"""

import argparse
import os
import tempfile
import time

from course import markers, mistakes, verdict
from course.cases import FreshCases
from course.checks import load_checks
from course.homeworks import HOMEWORKS, ROOT
from course.runner import InProcessRunner
from tests import accepted
from tests.repository.equivalents import EQUIVALENT
from tests.repository.mutants import CasesAlone, lost, mutants, survives
from tests.repository.test_checks import with_only

HEAD = (
    "blank",
    "points",
    "solution",
    "empty",
    "mistakes",
    "named",
    "other right",
    "pass",
    "mutants",
    "caught",
    "equivalent",
    "s",
)
FORM = "{:<13}{:>7}{:>10}{:>7}{:>10}{:>7}{:>13}{:>6}{:>9}{:>8}{:>12}{:>8}"


def outcomes(homework, id, sources, cases):
    """Verdicts of the blank's checks on the version in `sources`."""
    runner = InProcessRunner(sources=sources)
    return [verdict.run(check, runner, cases) for check in load_checks(homework) if check.id == id]


def named(mistake, cases):
    """Whether the checks of its blank name a known mistake, and no other."""
    return {
        outcome.mistake
        for outcome in outcomes(mistake.homework, mistake.blank, mistakes.sources(mistake), cases)
        if outcome.status != "done"
    } - {None} == {mistake.id}


def row(homework, region, cases, seed, with_mutants):
    """The numbers of a line of the table in the order of HEAD; "solution" and "empty" are 0 or 1."""
    id, begin = region.id, time.perf_counter()
    earned = sum(item.points for item in outcomes(homework, id, {}, cases))
    empty = all(
        item.status == "empty" for item in outcomes(homework, id, with_only(homework, None), cases)
    )
    known_mistakes = [item for item in mistakes.load(homework) if item.blank == id]
    variants = [item for item in accepted.load(homework) if item.blank == id]
    changed = list(mutants(homework, id)) if with_mutants else []
    draws = CasesAlone(seed)
    survivors = {item.change for item in changed if survives(item, draws)}
    equivalent = {change for entries in EQUIVALENT.values() for change in entries.get(id, [])}
    return [
        region.points,
        int(earned == region.points),
        int(empty),
        len(known_mistakes),
        sum(named(item, cases) for item in known_mistakes),
        len(variants),
        sum(
            lost(homework, id, InProcessRunner(sources=mistakes.sources(item)), draws) is None
            for item in variants
        ),
        len(changed),
        len(changed) - len(survivors),
        len(survivors & equivalent),
        time.perf_counter() - begin,
    ]


def line(name, figures):
    return FORM.format(name, *figures[:-1], f"{figures[-1]:.1f}")


def main():
    parser = argparse.ArgumentParser(description="Print the table blank x side.")
    parser.add_argument("homework", nargs="*", help="default: all six")
    parser.add_argument("--seed", type=int, default=0, help="of the draws")
    parser.add_argument(
        "--without-mutants", action="store_true", help="quick: leave the mutants out"
    )
    args = parser.parse_args()
    if not set(args.homework) <= set(HOMEWORKS):
        parser.error(f"the homeworks are {' '.join(HOMEWORKS)}")
    total = [0] * (len(HEAD) - 1)
    os.chdir(tempfile.mkdtemp())  # a mutant may write files
    print(FORM.format(*HEAD))
    for homework in args.homework or HOMEWORKS:
        cases, rows = FreshCases(args.seed), []
        for id, region in markers.blanks(ROOT / homework).items():
            rows.append(row(homework, region, cases, args.seed, not args.without_mutants))
            print(line(id, rows[-1]), flush=True)
        together = [sum(column) for column in zip(*rows)]
        print(line(homework, together), "", sep="\n", flush=True)
        total = [a + b for a, b in zip(total, together)]
    print(line("all", total))


if __name__ == "__main__":
    main()
