"""Write the student copy of the course, and prove it.

    python -m grading.release --out dist/student

The copy is generated from the solved tree: solutions gone from code and sheets, the teacher's files left out, stored
cases put in. It is built in a temporary folder, proved there, and only then moved to --out.
"""
import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path, PurePosixPath

from grading import markers
from tests import check
from tests.student import HOMEWORKS, ROOT

LEFT_OUT = ("grading", "benchmarks", "dist", ".ci", ".github", "tests/reference", "tests/mistakes", "tests/course",
            "tests/cases", "course.toml")
NEVER = ("__pycache__", ".git", ".venv", "workdirs", ".pytest_cache", ".ruff_cache", ".ipynb_checkpoints", "full")
TEXT = (".py", ".md", ".txt", ".toml", ".json", ".csv", ".ipynb")
MARK = ".student-copy.json"      # says that a folder was written by this script


class ReleaseError(Exception):
    """The copy cannot be made, or a proof of it failed."""


def tracked_files(root):
    """Names ("hmm/model.py") of the tree's files: what git knows or does not ignore; without git, all but caches."""
    git = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=root,
                         capture_output=True)
    if git.returncode == 0:
        names = git.stdout.decode("utf-8").split("\0")
    else:
        names = [path.relative_to(root).as_posix() for path in Path(root).rglob("*") if path.is_file()]
    return sorted(name for name in set(names) if name and not set(PurePosixPath(name).parts) & set(NEVER)
                  and (Path(root) / name).is_file())


def student_files(homeworks, root=ROOT):
    """Names of the files that the copy has (stored cases come on top)."""
    others = set(HOMEWORKS) - set(homeworks)
    names = []
    for name in tracked_files(root):
        if any(name == left or name.startswith(left + "/") for left in LEFT_OUT):
            continue
        if name.split("/")[0] in others or PurePosixPath(name).stem.removeprefix("test_") in others \
                and name.startswith("tests/"):
            continue
        names.append(name)
    return names


def strip(name, root=ROOT):
    """Bytes of a file as students get it. Raises markers.MarkerError."""
    path = Path(root) / name
    if name.endswith(".py"):
        return markers.strip_code(path, name).encode("utf-8")
    if name.endswith(".md"):
        return markers.strip_sheet(path.read_text(encoding="utf-8"), name).encode("utf-8")
    if name.endswith(".ipynb"):
        return strip_notebook(json.loads(path.read_text(encoding="utf-8")), name).encode("utf-8")
    if name.endswith(TEXT) and markers.WORDS.search(path.read_text(encoding="utf-8-sig")):
        raise markers.MarkerError(f"{name}: a marker in a kind of file that is not stripped")
    return path.read_bytes()


def strip_notebook(notebook, name):
    """Text of a notebook without worked answers (in Markdown cells). Raises MarkerError; outputs are not allowed."""
    kept = []
    for number, cell in enumerate(notebook["cells"], 1):
        text = "".join(cell["source"])
        if cell.get("outputs") or cell.get("execution_count"):
            raise markers.MarkerError(f"{name}, cell {number}: committed with an output; clear all outputs")
        if cell["cell_type"] == "markdown":
            stripped = markers.strip_sheet(text, f"{name}, cell {number}").strip("\n")
            if stripped:
                kept.append(cell | {"source": stripped.splitlines(keepends=True)})
        elif markers.WORDS.search(text):
            raise markers.MarkerError(f"{name}, cell {number}: a marker in a code cell is not stripped")
        else:
            kept.append(cell)
    return json.dumps(notebook | {"cells": kept}, ensure_ascii=False, indent=1) + "\n"


def build(out, homeworks, seed, root=ROOT):
    """Write the copy into the empty folder `out`."""
    for name in student_files(homeworks, root):
        target = Path(out) / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(strip(name, root))
    cases = Path(out) / "tests" / "cases"
    cases.mkdir(parents=True)
    for homework in homeworks:
        if check.load_checks(homework):
            check.store_cases(homework, cases / f"{homework}.npz", [seed * 1000 + at for at in range(check.STORED_SEEDS)])
    about = {"homeworks": list(homeworks), "files": {name: digest(Path(out) / name) for name in files_of(out)}}
    (Path(out) / MARK).write_text(json.dumps(about, indent=1, sort_keys=True) + "\n", encoding="utf-8", newline="\n")


def files_of(folder):
    return sorted(path.relative_to(folder).as_posix() for path in Path(folder).rglob("*") if path.is_file())


def digest(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


# ---------------------------------------------------------------- proof

REPORT = """
import json, sys
from tests import check
from tests.student import InProcess
rows = []
with InProcess() as door:
    cases = check.open_cases(0)
    for homework in sys.argv[1:]:
        for one in check.load_checks(homework):
            outcome = check.run(one, door, cases)
            empty = getattr(outcome.error, "empty", None)
            rows.append([homework, one.id, one.name, outcome.status, empty, outcome.message.en])
json.dump(rows, open("report.json", "w", encoding="utf-8"))
"""


def report(folder, homeworks):
    """Verdict of every check of the copy in `folder`, run there: [homework, id, name, status, empty blank, message]."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": "", "PYTHONUTF8": "1"}
    done = subprocess.run([sys.executable, "-c", REPORT, *homeworks], cwd=folder, env=environment, capture_output=True,
                          text=True, encoding="utf-8")
    if done.returncode:
        raise ReleaseError(f"the copy's checks do not run:\n{done.stderr[-3000:]}")
    path = Path(folder) / "report.json"
    rows = json.loads(path.read_text(encoding="utf-8"))
    path.unlink()
    return rows


def prove_empty(folder, homeworks):
    """Every blank's checks fail as empty, by name; the pieces together name an empty blank. Returns their number."""
    rows = report(folder, homeworks)
    for homework, id, name, status, empty, message in rows:
        ids = set(markers.blanks(ROOT / homework))
        named = empty in ids if id.endswith("-together") else empty == id and status == "empty"
        if not named:
            raise ReleaseError(f"{homework}: check {name} of the empty copy does not name blank {id}: {status}, {message}")
    checked, blanks = {(row[0], row[1]) for row in rows}, set()
    for homework in homeworks:
        blanks |= {(homework, id) for id in markers.blanks(ROOT / homework)}
    if blanks - checked:
        raise ReleaseError(f"blanks without a check: {sorted(blanks - checked)}")
    return len(rows)


def prove_solved(folder, homeworks):
    """With the solved files put into the copy, every check passes (choice questions: a letter is given)."""
    with tempfile.TemporaryDirectory() as place:
        solved = Path(place) / "copy"
        shutil.copytree(folder, solved)
        for homework in homeworks:
            for path in (ROOT / homework).glob("*.py"):
                shutil.copyfile(path, solved / homework / path.name)
        rows = report(solved, homeworks)
    for homework, _, name, status, _, message in rows:
        if status not in ("done", "given"):
            raise ReleaseError(f"{homework}: check {name} fails on the solved files: {status}, {message}")
    return len(rows)


def solution_lines(names, root=ROOT):
    """Lines of at least 20 characters that stand in solutions and nowhere else in the given files."""
    inside, given = set(), set()
    for name in names:
        if not name.endswith((".py", ".md", ".ipynb")):
            continue
        path = Path(root) / name
        lines = path.read_text(encoding="utf-8").splitlines()
        kept = strip(name, root).decode("utf-8").splitlines()
        given |= {line.strip() for line in kept}
        if len(kept) < len(lines):
            inside |= {line.strip() for line in lines}
    return {line for line in inside - given if len(line) >= 20 and not markers.WORDS.search(line)}


def prove_silent(folder, homeworks, root=ROOT):
    """Nothing of a solution is in the copy: no line, no byte code, no checkpoint, no history. Returns the lines sought."""
    lines = solution_lines(student_files(homeworks, root), root)
    for name in files_of(folder):
        parts = PurePosixPath(name).parts
        if set(parts) & set(NEVER) or name.endswith((".pyc", ".pt", ".so")):
            raise ReleaseError(f"{name} does not belong into a student copy")
        if any(name.startswith(left + "/") for left in LEFT_OUT if left != "tests/cases"):
            raise ReleaseError(f"{name} is the teacher's")
        if name.endswith(TEXT):
            leaked = lines & {line.strip() for line in (Path(folder) / name).read_text(encoding="utf-8-sig").splitlines()}
            if leaked:
                raise ReleaseError(f"{name} holds a line of a solution: {sorted(leaked)[0]}")
    return len(lines)


def prove_same(folder, homeworks, seed):
    """Building once more gives the same bytes. Returns the number of files."""
    with tempfile.TemporaryDirectory() as place:
        build(place, homeworks, seed)
        names, again = files_of(folder), files_of(place)
        if names != again:
            raise ReleaseError(f"two builds differ in their files: {sorted(set(names) ^ set(again))}")
        for name in names:
            if digest(Path(folder) / name) != digest(Path(place) / name):
                raise ReleaseError(f"two builds differ in {name}")
    return len(names)


def release(out, homeworks, seed, say=print):
    """Build, prove and move the copy to `out`, a folder that does not exist or is an older copy."""
    out = Path(out)
    if out.exists() and any(out.iterdir()) and not (out / MARK).is_file():
        raise ReleaseError(f"{out} exists and is no student copy; give another --out")
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".student-") as place:
        folder = Path(place) / "copy"
        folder.mkdir()
        build(folder, homeworks, seed)
        say(f"every blank fails as empty, by name: {prove_empty(folder, homeworks)} checks")
        say(f"the solved files put into it pass: {prove_solved(folder, homeworks)} checks")
        say(f"no solution in it: {prove_silent(folder, homeworks)} lines sought")
        say(f"built twice, same bytes: {prove_same(folder, homeworks, seed)} files")
        if out.exists():
            shutil.rmtree(out)
        folder.rename(out)
    say(f"written: {out}")


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m grading.release", description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder to write; an older copy there is replaced")
    parser.add_argument("--homework", nargs="+", choices=HOMEWORKS, help="only these homeworks (default: all)")
    parser.add_argument("--seed", type=int, default=1, help="seed of the stored cases; another one each term (default 1)")
    args = parser.parse_args(argv)
    homeworks = args.homework or [name for name in HOMEWORKS if (ROOT / "tests" / f"test_{name}.py").is_file()]
    try:
        release(args.out, homeworks, args.seed)
    except (ReleaseError, markers.MarkerError) as error:
        parser.exit(2, f"{parser.prog}: error: {error}\n")


if __name__ == "__main__":
    main()
