"""Grading beside nbgrader: the same ten checks of hmm, on the same inputs, for submissions that solve them.

    python -m pip install -r benchmarks/requirements.txt
    python benchmarks/grading.py                                    # --ours 60 --theirs 6

nbgrader gets a notebook: model.py in one cell, then ten autograder cells, each with the source of one check and its inputs.
Ours is `python -m grading.grade -j 1` at the strongest isolation that runs here. Times are whole runs, start-up included,
divided by the submissions. One submission on each side is empty: both must give it 0 points, and the others all.
"""

import argparse
import base64
import csv
import inspect
import json
import os
import pickle
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from course.cases import FreshCases
from course.checks import load_checks

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from grading.intake import empty_files  # noqa: E402

HOMEWORK, CHECKS = "hmm", 10
CONFIG = """c = get_config()
c.CourseDirectory.course_id = "course"
c.ExecutePreprocessor.timeout = 120
"""
RUNNER = """import base64, pickle
import numpy as np

class Student:
    def call(self, homework, name, *args):
        return globals()[name](*args)

class Case:
    def __init__(self, draw):
        self.inputs, self.expected = draw
    def check(self, answers, rtol=1e-7, atol=1e-9, why=None):
        for name, got in answers.items():
            np.testing.assert_allclose(got, self.expected[name], rtol=rtol, atol=atol)
    def require(self, condition, message, **answers):
        assert condition, message

def run(test, draws):
    for draw in pickle.loads(base64.b64decode(draws)):
        test(Student(), Case(draw))
"""


def ten_checks():
    """Ten checks, all that their blanks have, which call functions of model.py with plain data, so that a notebook can run them too."""
    blanks, selected = {}, []
    for check in load_checks(HOMEWORK):
        if (
            check.points
            and not check.hidden
            and re.search(rf'student\.call\("{HOMEWORK}", "\w+"', inspect.getsource(check.function))
        ):
            blanks.setdefault(check.id, []).append(check)
    for checks in blanks.values():
        selected += checks if len(selected) + len(checks) <= CHECKS else []
    return selected


def cell(source, id, points=None, solution=False):
    """One code cell with nbgrader's metadata."""
    mark = {
        "schema_version": 3,
        "grade": points is not None,
        "grade_id": id,
        "locked": not solution,
        "solution": solution,
        "task": False,
        "cell_type": "code",
    } | ({} if points is None else {"points": points})
    return {
        "cell_type": "code",
        "id": id,
        "execution_count": None,
        "outputs": [],
        "metadata": {"nbgrader": mark},
        "source": source,
    }


def notebook(model, checks, cases):
    """A notebook (dict) that runs `checks` on `model`, the text of a model.py."""
    constants = {
        name: value for name, value in checks[0].function.__globals__.items() if name.isupper()
    }
    cells = [
        cell(model, "model", solution=True),
        cell(RUNNER + "".join(f"{a} = {b!r}\n" for a, b in constants.items()), "runner"),
    ]
    for check in checks:
        draws = base64.b64encode(
            pickle.dumps([(case.inputs, case.expected) for case in cases.for_check(check)])
        ).decode()
        source = inspect.getsource(check.function).partition("\ndef ")[2]
        cells.append(
            cell(
                f"def {source}\nrun({check.function.__name__}, {draws!r})",
                check.name.replace("_", "-"),
                check.points,
            )
        )
    return {
        "cells": cells,
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}
        },
    }


def measure(command, cwd):
    """(wall seconds, processor seconds) of a command that must succeed."""
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    process = subprocess.run(
        command,
        cwd=cwd,
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )
    seconds, after = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    if process.returncode:
        sys.exit(
            f"benchmarks/grading.py: {' '.join(command[:5])} ended with {process.returncode}:\n{process.stderr[-2000:]}"
        )
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def theirs(folder, count, solved, empty, checks, cases):
    """(wall, processor) seconds of nbgrader for `count` submissions, {student: points}."""
    nbgrader = [sys.executable, "-m", "nbgrader"]
    (folder / "source" / "ten").mkdir(parents=True)
    (folder / "nbgrader_config.py").write_text(CONFIG, encoding="utf-8")
    (folder / "source" / "ten" / "ten.ipynb").write_text(
        json.dumps(notebook(solved, checks, cases)), encoding="utf-8"
    )
    measure([*nbgrader, "generate_assignment", "ten"], folder)
    for number in range(count):
        submission_folder = folder / "submitted" / f"s{number:03}" / "ten"
        submission_folder.mkdir(parents=True)
        content = notebook(solved if number else empty, checks, cases)
        (submission_folder / "ten.ipynb").write_text(json.dumps(content), encoding="utf-8")
    seconds = measure([*nbgrader, "autograde", "ten"], folder)
    measure([*nbgrader, "export"], folder)
    with open(folder / "grades.csv", encoding="utf-8") as file:
        return seconds, {
            row["student_id"]: float(row["score"]) for row in csv.DictReader(file) if row["score"]
        }


def ours(folder, count, solved, empty, checks, seed):
    """The same of grading.grade."""
    for number in range(count):
        submission_folder = folder / "in" / f"s{number:03}" / HOMEWORK
        submission_folder.mkdir(parents=True)
        (submission_folder / "model.py").write_text(solved if number else empty, encoding="utf-8")
    blanks = sorted({check.id for check in checks})
    seconds = measure(
        [
            sys.executable,
            "-m",
            "grading.grade",
            str(folder / "in"),
            "--out",
            str(folder / "out"),
            "--quiet",
            "-j",
            "1",
            "--homework",
            HOMEWORK,
            "--seed",
            str(seed),
            "--blank",
            *blanks,
        ],
        ROOT,
    )
    with open(folder / "out" / "grades.csv", encoding="utf-8-sig") as file:
        return seconds, {row["submission"]: float(row[HOMEWORK]) for row in csv.DictReader(file)}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument("--ours", type=int, default=60, help="submissions on our side")
    parser.add_argument("--theirs", type=int, default=6, help="submissions on nbgrader's side")
    parser.add_argument("--seed", type=int, default=0, help="of the checks' inputs")
    args = parser.parse_args()
    try:
        from nbgrader import __version__
    except ImportError:
        sys.exit(
            "benchmarks/grading.py: nbgrader is not installed; run: python -m pip install -r benchmarks/requirements.txt"
        )
    checks, cases = ten_checks(), FreshCases(args.seed)
    solved = (ROOT / HOMEWORK / "model.py").read_text(encoding="utf-8")
    empty = empty_files(HOMEWORK)["model.py"].decode("utf-8")
    print(
        f"nbgrader {__version__}, seed {args.seed}, {len(checks)} checks: {', '.join(check.name for check in checks)}"
    )
    each, full = {}, sum(check.points for check in checks)
    folder = Path(tempfile.mkdtemp(prefix="grading-"))
    try:
        for name, count, run in (
            (
                "nbgrader",
                args.theirs,
                lambda: theirs(folder, args.theirs, solved, empty, checks, cases),
            ),
            ("ours", args.ours, lambda: ours(folder, args.ours, solved, empty, checks, args.seed)),
        ):
            (wall, processor), points = run()
            assert (
                points.pop("s000") == 0
                and set(points.values()) == {full}
                and len(points) == count - 1
            ), points
            each[name] = wall / count
            print(
                f"{name:<9}{count:>4} submissions {wall:>7.1f} s, {processor:>7.1f} s of processors;"
                f"{wall / count:>8.3f} s a submission, {full:g} points",
                flush=True,
            )
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"ratio: {each['nbgrader'] / each['ours']:.1f}")


if __name__ == "__main__":
    main()
