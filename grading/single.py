"""Grade one submission on someone else's platform: what the archives of grading/package.py run there.

python -m grading.single gradescope --root /autograder --homework hmm
python -m grading.single classroom50 --homework hmm --out result.json        # in the student's checkout
"""

import argparse
import json
import os
import secrets
import sys
import time
from pathlib import Path

from course import settings
from course.cases import FreshCases
from grading import formats, grade, isolation, marks, report, submissions


def grade_one(path, homeworks, seed=None, limits=None):
    """marks.Student of one submission, graded at the strongest level of isolation that runs here."""
    limits = limits or isolation.Limits(total=120.0)
    level, _, _ = isolation.strongest(limits)
    submission = submissions.read(path, homeworks)
    seed = secrets.randbelow(2**63) if seed is None else seed
    sandbox = grade.open_sandbox(level, limits, homeworks)
    entries = {}
    try:
        for homework in homeworks:
            submission.files.setdefault(homework, {})
            results = grade.grade_homework(
                submission, homework, FreshCases(seed), sandbox, level, limits
            )
            entries[submission.name, homework] = {"results": results, "level": level}
    finally:
        if sandbox:
            sandbox.close()
    students, _, _ = marks.collect(
        entries, {submission.name: submission.problems}, {}, settings.load()
    )
    return students[0]


def gradescope(root, homeworks, lang, seed=None):
    """Read ROOT/submission, write ROOT/results/results.json. Returns its content."""
    started = time.monotonic()
    made = formats.gradescope(grade_one(Path(root) / "submission", homeworks, seed), lang)
    made["execution_time"] = round(time.monotonic() - started, 1)
    report.write(
        Path(root) / "results" / "results.json",
        json.dumps(made, indent=1, ensure_ascii=False) + "\n",
    )
    return made


def classroom50(checkout, homeworks, out, seed=None):
    """Grade the checkout, write Classroom 50's result.json to `out`. Returns its content."""
    made = formats.classroom50(grade_one(checkout, homeworks, seed), environment=os.environ)
    report.write(out, json.dumps(made, indent=1, ensure_ascii=False) + "\n")
    return made


def main(argv=None):
    parser = argparse.ArgumentParser(
        prog="python -m grading.single", description=__doc__.splitlines()[0]
    )
    parser.add_argument("target", choices=("gradescope", "classroom50"))
    parser.add_argument("--homework", nargs="+", required=True, choices=grade.ready())
    parser.add_argument(
        "--root", type=Path, default=Path("/autograder"), help="Gradescope's folder"
    )
    parser.add_argument(
        "--checkout", type=Path, default=Path("."), help="the student's checkout (Classroom 50)"
    )
    parser.add_argument(
        "--out", type=Path, default=Path("result.json"), help="file to write (Classroom 50)"
    )
    parser.add_argument("--lang", choices=("en", "zh"), default="zh")
    parser.add_argument(
        "--seed", type=int, help="seed of the inputs (default: another one each time)"
    )
    args = parser.parse_args(argv)
    try:
        if args.target == "gradescope":
            made = gradescope(args.root, args.homework, args.lang, args.seed)
            print(f"{sum(test['score'] for test in made['tests'])} points")
        else:
            made = classroom50(args.checkout, args.homework, args.out, args.seed)
            print(f"{made['score']} of {made['max-score']} points")
    except (isolation.IsolationError, settings.CourseError, OSError) as error:
        print(f"{parser.prog}: error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
