"""Print how grading reads every layout of archives_made.py (people, points, messages) and every kind of name in names_made.py.

    python -m tests.repository.layouts_table [--no-points]

Points are computed in process from the code that was read; full marks of hmm without bonus are 100.
"""

import argparse
import functools
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from course import verdict
from course.cases import FreshCases
from course.checks import load_checks
from course.homeworks import ROOT
from course.runner import InProcessRunner
from grading.intake import Submission, complete, read_class, read_roster
from tests.repository import archives_made as made
from tests.repository import names_made
from tests.repository.archives_more import MORE

LAYOUTS = made.LAYOUTS | MORE


@functools.cache
def points(homework: str, files: tuple[tuple[str, bytes], ...]) -> int:
    """Points that a homework's files earn, without bonus."""
    sources = {
        (homework, name): data.decode("utf-8", "replace")
        for name, data in files
        if name.endswith(".py")
    }
    runner, cases = InProcessRunner(sources=sources), FreshCases(5)
    results = [
        verdict.run(check, runner, cases) for check in load_checks(homework) if not check.bonus
    ]
    return sum(result.points for result in results)


def graded(submission: Submission, homework: str) -> int:
    """Points of a homework of a submission; lines "# by NAME" are removed, so that equal code is checked only once."""
    files = complete(submission.files[homework], homework)
    plain = {
        name: b"\n".join(line for line in data.splitlines() if not line.startswith(b"# by "))
        for name, data in files.items()
    }
    return points(
        homework,
        tuple(
            sorted(
                (name, data) for name, data in plain.items() if (ROOT / homework / name).is_file()
            )
        ),
    )


def row(name: str, with_points: bool) -> str:
    """The line of the table for a layout."""
    layout = LAYOUTS[name]
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "in"
        target.mkdir()
        (Path(folder) / "roster.csv").write_text(made.ROSTER, encoding="utf-8")
        layout.make(target)
        roster = read_roster(Path(folder) / "roster.csv")
        intake = read_class(target / layout.root, layout.homeworks, roster=roster)
        matching = intake.match()
        students = []
        for submission in intake.submissions:
            who = "+".join(person.id for person in submission.people) or submission.name
            work = [
                f"{homework} {graded(submission, homework)}" if with_points else homework
                for homework in submission.homeworks
            ]
            students.append(f"{who}: {', '.join(work) or 'nothing'}")
        problems = [problem for submission in intake.submissions for problem in submission.problems]
        problems += [item.reason for item in matching.ambiguous] + intake.problems
    return f"| {name} | {intake.layout} | {'; '.join(students)} | {'; '.join(problems)} |"


def name_rows() -> Iterator[str]:
    """Yields a row per single class, then a row per kind of name that counts its classes that are read correctly."""
    for case in names_made.CASES.values():
        yield f"| {case.name} | {'; '.join(_whose(case))} | {'; '.join(map(str, case.people))} |"
    is_right: dict[str, list[bool]] = defaultdict(list)
    for case in names_made.classes():
        people = case.name.partition(":")[0]
        is_right[people].append(_whose(case) == sorted(map(str, case.people)))
    for people, verdicts in is_right.items():
        names = ", ".join(names_made.PEOPLE[people])
        yield f"| {people}: {names} | {sum(verdicts)} classes right | of {len(verdicts)} |"


def _whose(case: names_made.Case) -> list[str]:
    """What is graded in each submission of a class, read without a roster; sorted."""
    with tempfile.TemporaryDirectory() as folder:
        names_made.write(Path(folder), case.files)
        submissions = read_class(folder, ("hmm", "hw_bptt")).submissions
        return sorted(str(names_made.whose(submission)) for submission in submissions)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument(
        "--no-points", dest="points", action="store_false", help="people and homeworks only"
    )
    args = parser.parse_args()
    print("| layout | recognised as | students and points | messages |\n|---|---|---|---|")
    for name in LAYOUTS:
        print(row(name, args.points), flush=True)
    print("\n| names | found | expected |\n|---|---|---|")
    for line in name_rows():
        print(line, flush=True)


if __name__ == "__main__":
    main()
