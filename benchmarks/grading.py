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
DOOR = """import base64, pickle
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
    """Ten checks, all that their blanks have, which ask functions of model.py with plain data: a notebook can ask them too."""
    blanks, found = {}, []
    for one in load_checks(HOMEWORK):
        if (
            one.points
            and not one.hidden
            and re.search(rf'student\.call\("{HOMEWORK}", "\w+"', inspect.getsource(one.function))
        ):
            blanks.setdefault(one.id, []).append(one)
    for checks in blanks.values():
        found += checks if len(found) + len(checks) <= CHECKS else []
    return found


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
    """A notebook (dict) that asks `checks` of `model`, the text of a model.py."""
    constants = {
        name: value for name, value in checks[0].function.__globals__.items() if name.isupper()
    }
    cells = [
        cell(model, "model", solution=True),
        cell(DOOR + "".join(f"{a} = {b!r}\n" for a, b in constants.items()), "door"),
    ]
    for one in checks:
        draws = base64.b64encode(
            pickle.dumps([(case.inputs, case.expected) for case in cases.for_check(one)])
        ).decode()
        source = inspect.getsource(one.function).partition("\ndef ")[2]
        cells.append(
            cell(
                f"def {source}\nrun({one.function.__name__}, {draws!r})",
                one.name.replace("_", "-"),
                one.points,
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
    done = subprocess.run(
        command,
        cwd=cwd,
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )
    seconds, after = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit(
            f"benchmarks/grading.py: {' '.join(command[:5])} ended with {done.returncode}:\n{done.stderr[-2000:]}"
        )
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def theirs(place, count, solved, empty, checks, cases):
    """(wall, processor) seconds of nbgrader for `count` submissions, {student: points}."""
    nbgrader = [sys.executable, "-m", "nbgrader"]
    (place / "source" / "ten").mkdir(parents=True)
    (place / "nbgrader_config.py").write_text(CONFIG, encoding="utf-8")
    (place / "source" / "ten" / "ten.ipynb").write_text(
        json.dumps(notebook(solved, checks, cases)), encoding="utf-8"
    )
    measure([*nbgrader, "generate_assignment", "ten"], place)
    for number in range(count):
        folder = place / "submitted" / f"s{number:03}" / "ten"
        folder.mkdir(parents=True)
        made = notebook(solved if number else empty, checks, cases)
        (folder / "ten.ipynb").write_text(json.dumps(made), encoding="utf-8")
    seconds = measure([*nbgrader, "autograde", "ten"], place)
    measure([*nbgrader, "export"], place)
    with open(place / "grades.csv", encoding="utf-8") as file:
        return seconds, {
            row["student_id"]: float(row["score"]) for row in csv.DictReader(file) if row["score"]
        }


def ours(place, count, solved, empty, checks, seed):
    """The same of grading.grade."""
    for number in range(count):
        folder = place / "in" / f"s{number:03}" / HOMEWORK
        folder.mkdir(parents=True)
        (folder / "model.py").write_text(solved if number else empty, encoding="utf-8")
    blanks = sorted({one.id for one in checks})
    seconds = measure(
        [
            sys.executable,
            "-m",
            "grading.grade",
            str(place / "in"),
            "--out",
            str(place / "out"),
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
    with open(place / "out" / "grades.csv", encoding="utf-8-sig") as file:
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
        f"nbgrader {__version__}, seed {args.seed}, {len(checks)} checks: {', '.join(one.name for one in checks)}"
    )
    each, full = {}, sum(one.points for one in checks)
    place = Path(tempfile.mkdtemp(prefix="grading-"))
    try:
        for name, count, run in (
            (
                "nbgrader",
                args.theirs,
                lambda: theirs(place, args.theirs, solved, empty, checks, cases),
            ),
            ("ours", args.ours, lambda: ours(place, args.ours, solved, empty, checks, args.seed)),
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
        shutil.rmtree(place, ignore_errors=True)
    print(f"ratio: {each['nbgrader'] / each['ours']:.1f}")


if __name__ == "__main__":
    main()
