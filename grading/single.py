"""Grade one submission on another system's machine: what the archives of grading/package.py run there.

python -m grading.single gradescope --root /autograder --homework hmm
python -m grading.single classroom50 --homework hmm --out result.json        # in the student's checkout
"""

import argparse
import json
import os
import secrets
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from course import settings
from course.cases import FreshCases
from course.messages import LANGUAGES, Language
from grading import formats, isolation
from grading.files import write
from grading.grader import grade_homework, open_sandbox
from grading.intake import match_all, read_submission
from grading.journal import Entry, HomeworkKey, Standing
from grading.marks import Student, collect
from grading.options import ready


def grade_one(
    path: Path | str,
    homeworks: Sequence[str],
    seed: int | None = None,
    limits: isolation.Limits | None = None,
) -> Student:
    """Marks of one submission, graded at the strongest level of isolation that runs here."""
    limits = limits or isolation.Limits(total=120.0)
    level, _, _ = isolation.strongest(limits)
    submission = read_submission(path, homeworks)
    cases = FreshCases(secrets.randbelow(2**63) if seed is None else seed)
    sandbox = open_sandbox(level, limits, homeworks)
    standings = {}
    try:
        for homework in homeworks:
            files = submission.files.get(homework, {})
            results = grade_homework(files, homework, cases, sandbox, level, limits)
            entry = Entry(submission.name, homework, "", submission.digest(homework), level)
            standings[HomeworkKey(submission.name, homework)] = Standing(entry, results)
    finally:
        if sandbox:
            sandbox.close()
    marks = collect(match_all(None, [submission]), standings, settings.load())
    return marks.students[0]


def write_json(path: Path, data: dict[str, Any]) -> None:
    write(path, json.dumps(data, indent=1, ensure_ascii=False) + "\n")


def gradescope(
    root: Path, homeworks: Sequence[str], lang: Language, seed: int | None = None
) -> dict[str, Any]:
    """Read ROOT/submission, write ROOT/results/results.json. Returns its content."""
    started = time.monotonic()
    data = formats.gradescope(grade_one(root / "submission", homeworks, seed), lang)
    data["execution_time"] = round(time.monotonic() - started, 1)
    write_json(root / "results" / "results.json", data)
    return data


def classroom50(
    checkout: Path, homeworks: Sequence[str], out: Path, seed: int | None = None
) -> dict[str, Any]:
    """Grade the checkout, write Classroom 50's result.json to `out`. Returns its content."""
    data = formats.classroom50(grade_one(checkout, homeworks, seed), environment=os.environ)
    write_json(out, data)
    return data


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m grading.single", description=(__doc__ or "").partition("\n")[0]
    )
    add = parser.add_argument
    add("target", choices=("gradescope", "classroom50"))
    add("--homework", nargs="+", required=True, choices=ready())
    add("--root", type=Path, default=Path("/autograder"), help="Gradescope's folder")
    add("--checkout", type=Path, default=Path("."), help="the student's checkout (Classroom 50)")
    add("--out", type=Path, default=Path("result.json"), help="file to write (Classroom 50)")
    add("--lang", choices=LANGUAGES, default="zh")
    add("--seed", type=int, help="seed of the inputs (default: a different one each time)")
    args = parser.parse_args(arguments)
    try:
        if args.target == "gradescope":
            data = gradescope(args.root, args.homework, args.lang, args.seed)
            print(f"{sum(test['score'] for test in data['tests'])} points")
        else:
            data = classroom50(args.checkout, args.homework, args.out, args.seed)
            print(f"{data['score']} of {data['max-score']} points")
    except (isolation.IsolationError, settings.CourseError, OSError) as error:
        print(f"{parser.prog}: error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
