"""Write the student copy of the course, and prove it.

    python -m grading.release --out dist/student                    # or dist/student.zip
    python -m grading.release --update ../copies/20260001           # renew a half-filled copy; what was written stays
    python -m grading.release --out dist/solved.zip --homework hmm --with-solutions       # after the due date

The copy is generated from the solved tree and course.toml: solutions gone from code, sheets and notebooks, the teacher's
files left out, stored cases put in. It is built in a temporary folder, proved there, and only then moved to --out.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from course import cases as case_sources
from course import handout, hint_files, markers
from course.checks import load_checks
from course.commands import update
from course.homeworks import COPY_RECORD, HOMEWORKS, PROGRESS_FILE, ROOT
from course.messages import printable
from course.settings import Course, CourseError
from course.settings import load as load_course
from course.shell import quote
from grading.book_pages import FOLDER as BOOK
from grading.book_pages import install_line, missing_packages, write_book
from grading.command_line import error_line, terminal_language
from grading.intake.problems import GradingError, Notice, in_language
from grading.treefiles import tree_files, uncommitted_files

TOP = (  # all that a copy has in its root, besides the homeworks; grades, rosters and archives lie there too
    ".devcontainer",
    ".gitattributes",
    ".gitignore",
    ".vscode",
    "CHANGELOG.md",
    "LICENSE",
    "README.md",
    "README.zh-CN.md",
    "conftest.py",
    "course",
    "data",
    "pyproject.toml",
    "requirements.txt",
    "tests",
)
TEACHERS = (  # in the root, and known not to belong into a copy
    ".ci",
    ".github",
    "CONTRIBUTING.md",
    "benchmarks",
    "course.toml",
    "dist",
    "docs",
    "grading",
    "templates",
)
LEFT_OUT = (
    *TEACHERS,
    "tests/reference",
    "tests/mistakes",
    "tests/repository",
    "tests/cases",
    "tests/accepted",
    "course/markers.py",
    "course/handout.py",
)
NEVER = (
    "__pycache__",
    ".git",
    ".venv",
    "workdirs",
    ".pytest_cache",
    PROGRESS_FILE,
    ".ruff_cache",
    ".ipynb_checkpoints",
    "full",
)
TEXT = (".py", ".md", ".txt", ".toml", ".json", ".csv", ".ipynb")

ASSISTANTS = ROOT / "templates" / "student_copy" / "AGENTS.md"  # rules for AI assistants
POINTERS = {  # where other assistants look
    "CLAUDE.md": "@AGENTS.md\n",
    ".github/copilot-instructions.md": "Follow AGENTS.md in the root of this folder.\n",
    ".cursor/rules/course.mdc": "---\ndescription: rules of the course\nalwaysApply: true\n---\n\n"
    "Follow AGENTS.md in the root of this folder.\n",
}


class ReleaseError(GradingError):
    """The copy cannot be made (in both languages), or a proof of it failed (in English: it names code)."""


@dataclass(frozen=True)
class Plan:
    """What a copy holds. course: as course.load gives it. solved: solutions and worked answers stay. book: the offline
    book too; the default is whether its packages are installed."""

    homeworks: tuple
    course: Course = field(default_factory=load_course)
    solved: bool = False
    book: bool = field(default_factory=lambda: not missing_packages())

    @property
    def parts(self):
        """What `<!-- ONLY name -->` in a README may ask for: homeworks, and the book."""
        return (*self.homeworks, BOOK) if self.book else self.homeworks

    def provided_blanks(self, homework):
        """Ids of blanks that the copy has filled in, since course.toml leaves them out."""
        return self.course.homework(homework).leave_out

    def points(self, homework):
        return self.course.homework(homework).points

    def blanks(self, homework):
        """Ids of the blanks that the copy asks for."""
        return set(markers.blanks(ROOT / homework)) - set(self.provided_blanks(homework))


def tracked_files(root):
    """Names ("hmm/model.py") of the tree's files, as tree_files gives them, less caches and what is never handed out."""
    return [name for name in tree_files(root) if not set(PurePosixPath(name).parts) & set(NEVER)]


def student_files(homeworks, root=ROOT):
    """Names of the files that the copy has (stored cases come on top)."""
    others = set(HOMEWORKS) - set(homeworks)
    names = []
    for name in tracked_files(root):
        if name.split("/")[0] not in (*TOP, *HOMEWORKS):
            continue
        if any(name == left or name.startswith(left + "/") for left in LEFT_OUT):
            continue
        if (
            name.split("/")[0] in others
            or PurePosixPath(name).stem.removeprefix("test_") in others
            and name.startswith("tests/")
        ):
            continue
        names.append(name)
    return names


def strangers(root=ROOT):
    """Files and folders in the root that are no part of the course (grades, a roster, submissions): never in a copy."""
    top = {name.split("/")[0] for name in tracked_files(root)}
    return sorted(top - {*TOP, *TEACHERS, *HOMEWORKS})


def strip(name, plan, root=ROOT):
    """Bytes of a file as the copy has it. Raises markers.MarkerError."""
    path, homework = Path(root) / name, name.split("/")[0]
    owned = homework in HOMEWORKS
    if name.endswith(".py"):
        text = markers.strip_code(
            path,
            name,
            plan.provided_blanks(homework),
            plan.points(homework),
            plan.solved,
            hint_files.chinese_lines(homework),
        )
        return handout.code(name, text, plan.course).encode("utf-8")
    if name.endswith(".md"):
        text = (
            handout.sheet(name, path.read_text(encoding="utf-8"), plan.course)
            if owned
            else path.read_text(encoding="utf-8")
        )
        text = markers.strip_sheet(text, name, solved=plan.solved and owned)
        if name in handout.SHEETS:
            text = handout.readme(text, plan.homeworks, plan.parts)
        return text.encode("utf-8")
    if name.endswith(".ipynb"):
        return strip_notebook(
            json.loads(path.read_text(encoding="utf-8")), name, plan.solved
        ).encode("utf-8")
    if name.endswith(TEXT) and markers.WORDS.search(path.read_text(encoding="utf-8-sig")):
        raise markers.MarkerError(f"{name}: a marker in a kind of file that is not stripped")
    return path.read_bytes()


def strip_notebook(notebook, name, solved=False):
    """Text of a notebook without worked answers (in Markdown cells). Raises MarkerError; outputs are not allowed."""
    kept = []
    for number, cell in enumerate(notebook["cells"], 1):
        text = "".join(cell["source"])
        if cell.get("outputs") or cell.get("execution_count"):
            raise markers.MarkerError(
                f"{name}, cell {number}: committed with an output; clear all outputs"
            )
        if cell["cell_type"] == "markdown":
            stripped = markers.strip_sheet(text, f"{name}, cell {number}", solved).strip("\n")
            if stripped:
                kept.append(cell | {"source": stripped.splitlines(keepends=True)})
        elif markers.WORDS.search(text):
            raise markers.MarkerError(
                f"{name}, cell {number}: a marker in a code cell is not stripped"
            )
        else:
            kept.append(cell)
    return json.dumps(notebook | {"cells": kept}, ensure_ascii=False, indent=1) + "\n"


def build(out, plan, root=ROOT):
    """Write the copy into the empty folder `out`."""
    for name in student_files(plan.homeworks, root):
        write(Path(out) / name, strip(name, plan, root))
    write(Path(out) / "course.toml", term(plan).encode("utf-8"))
    if not plan.solved:
        write(Path(out) / ASSISTANTS.name, ASSISTANTS.read_bytes())
        for name, text in POINTERS.items():
            write(Path(out) / name, text.encode("utf-8"))
    cases = Path(out) / "tests" / "cases"
    cases.mkdir(parents=True)
    for homework in plan.homeworks:
        if load_checks(homework):
            seeds = [plan.course.seed * 1000 + number for number in range(case_sources.STORED_SETS)]
            case_sources.store_cases(homework, cases / f"{homework}.npz", seeds)
    if plan.book:
        write_book(Path(out), Path(out) / BOOK)
    names = files_of(out)
    texts = {
        name: (Path(out) / name).read_text(encoding="utf-8")
        for name in names
        if name.split("/")[0] in HOMEWORKS and name.endswith((".py", ".md"))
    }
    record = {
        "homeworks": list(plan.homeworks),
        "files": {name: update.digest(name, (Path(out) / name).read_bytes()) for name in names},
        "texts": texts,
    }
    write(
        Path(out) / COPY_RECORD,
        (json.dumps(record, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode("utf-8"),
    )


def write(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def term(plan):
    """The copy's course.toml: its homeworks with dates and points, no seed."""
    lines = [
        "# What this term's course holds: dates, points of the written questions, changes of the checks' points.",
        "",
        "[course]",
        *(
            f"{key} = {json.dumps(getattr(plan.course, key), ensure_ascii=False)}"
            for key in ("title", "title_zh")
        ),
        *(["hints_counted = true"] if plan.course.hints_counted else []),
    ]
    for homework in plan.homeworks:
        settings = plan.course.homework(homework)
        lines += ["", f"[homework.{homework}]"]
        lines += [f"due = {settings.due.isoformat()}"] if settings.due else []
        for key in ("written", "points"):
            if values := getattr(settings, key):
                lines.append(
                    f"{key} = {{ {', '.join(f'{json.dumps(id)} = {n}' for id, n in values.items())} }}"
                )
        if settings.leave_out:
            lines.append(f"leave_out = {json.dumps(settings.leave_out)}")
    return "\n".join(lines) + "\n"


def files_of(folder):
    return sorted(
        path.relative_to(folder).as_posix() for path in Path(folder).rglob("*") if path.is_file()
    )


# ---------------------------------------------------------------- proof

REPORT = """
import json, sys
from course import verdict
from course.cases import open_cases
from course.checks import load_checks
from course.runner import InProcessRunner
verdicts = []
with InProcessRunner() as runner:
    cases = open_cases(0)
    for homework in sys.argv[1:]:
        for check in load_checks(homework):
            outcome = verdict.run(check, runner, cases)
            empty = getattr(outcome.error, "empty", None)
            verdicts.append(
                {
                    "homework": homework,
                    "blank": check.id,
                    "check": check.name,
                    "status": outcome.status,
                    "empty": empty,
                    "message": outcome.message.en,
                }
            )
json.dump(verdicts, open("report.json", "w", encoding="utf-8"))
"""


@dataclass(frozen=True)
class CopyVerdict:
    """The verdict of one check in a copy. empty: id of the blank that was named as empty, or None."""

    homework: str
    blank: str
    check: str
    status: str
    empty: str | None
    message: str


def check_verdicts(folder: Path | str, homeworks: Sequence[str]) -> list[CopyVerdict]:
    """The verdict of every check of the copy in `folder`, run there."""
    environment = {
        **os.environ,
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": "",
        "PYTHONUTF8": "1",
    }
    done = subprocess.run(
        [sys.executable, "-c", REPORT, *homeworks],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    if done.returncode:
        raise ReleaseError(f"the copy's checks do not run:\n{done.stderr[-3000:]}")
    path = Path(folder) / "report.json"
    verdicts = json.loads(path.read_text(encoding="utf-8"))
    path.unlink()
    return [CopyVerdict(**verdict) for verdict in verdicts]


IMPORTS = """
import importlib, pathlib
for path in sorted(pathlib.Path().glob("*.py")):
    importlib.import_module(path.stem)
"""


def prove_imports(folder, plan):
    """Every file of every homework imports. Returns their number."""
    for homework in plan.homeworks:
        done = subprocess.run(
            [sys.executable, "-B", "-c", IMPORTS],
            cwd=Path(folder) / homework,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            env={**os.environ, "PYTHONUTF8": "1"},
        )
        if done.returncode:
            raise ReleaseError(f"{homework} does not import:\n{done.stderr[-3000:]}")
    return sum(len(list((Path(folder) / homework).glob("*.py"))) for homework in plan.homeworks)


def prove_empty(folder, plan):
    """Every blank's checks fail as empty, by name; the pieces together name an empty blank. Returns their number."""
    verdicts = check_verdicts(folder, plan.homeworks)
    for verdict in verdicts:
        named = (
            verdict.empty in plan.blanks(verdict.homework)
            if verdict.blank.endswith("-together")
            else verdict.empty == verdict.blank and verdict.status == "empty"
        )
        if not named:
            raise ReleaseError(
                f"{verdict.homework}: check {verdict.check} of the empty copy does not name blank "
                f"{verdict.blank}: {verdict.status}, {verdict.message}"
            )
    blanks = {(homework, id) for homework in plan.homeworks for id in plan.blanks(homework)}
    unchecked = blanks - {(verdict.homework, verdict.blank) for verdict in verdicts}
    if unchecked:
        raise ReleaseError(f"blanks without a check: {sorted(unchecked)}")
    return len(verdicts)


def prove_solved(folder, plan):
    """With the solved files put into the copy, every check passes (choice questions: a letter is given)."""
    with tempfile.TemporaryDirectory() as scratch:
        solved = Path(scratch) / "copy"
        shutil.copytree(folder, solved)
        for homework in plan.homeworks:
            for path in (ROOT / homework).glob("*.py"):
                shutil.copyfile(path, solved / homework / path.name)
        verdicts = check_verdicts(solved, plan.homeworks)
    for verdict in verdicts:
        if verdict.status not in ("done", "given"):
            raise ReleaseError(
                f"{verdict.homework}: check {verdict.check} fails on the solved files: "
                f"{verdict.status}, {verdict.message}"
            )
    return len(verdicts)


def solution_lines(names, plan, root=ROOT):
    """Lines of at least 20 characters that occur in the solutions of these files and nowhere else in them."""
    solved, provided = set(), set()
    for name in names:
        if not name.endswith((".py", ".md", ".ipynb")):
            continue
        lines = (Path(root) / name).read_text(encoding="utf-8").splitlines()
        stripped = strip(name, plan, root).decode("utf-8").splitlines()
        provided |= {line.strip() for line in stripped}
        if len(stripped) < len(lines):
            solved |= {line.strip() for line in lines}
    return {
        line for line in solved - provided if len(line) >= 20 and not markers.WORDS.search(line)
    }


def prove_silent(folder, plan, root=ROOT):
    """Prove that the copy has no line of a solution, no byte code, checkpoint or history, and no file of the teacher.

    Returns the number of solution lines that were searched for. Raises ReleaseError.
    """
    lines = (
        set() if plan.solved else solution_lines(student_files(plan.homeworks, root), plan, root)
    )
    texts = {}
    for name in files_of(folder):
        parts = PurePosixPath(name).parts
        if set(parts) & set(NEVER) or name.endswith((".pyc", ".pt", ".so")):
            raise ReleaseError(f"{name} does not belong into a student copy")
        if name not in POINTERS and any(
            name.startswith(left + "/") for left in LEFT_OUT if left != "tests/cases"
        ):
            raise ReleaseError(f"{name} is the teacher's")
        if name == COPY_RECORD:
            texts |= {
                f"{COPY_RECORD}: {file}": text
                for file, text in json.loads((Path(folder) / name).read_text("utf-8"))[
                    "texts"
                ].items()
            }
        elif name.endswith(TEXT):
            texts[name] = (Path(folder) / name).read_text(encoding="utf-8-sig")
    for name, text in texts.items():
        leaked = lines & {line.strip() for line in text.splitlines()}
        if leaked or markers.WORDS.search(text) and not name.startswith("tests/"):
            raise ReleaseError(
                f"{name} holds a line of a solution: {min(leaked, default='a marker')}"
            )
    if (Path(folder) / BOOK).is_dir():
        prove_book_silent(folder, lines)
    return len(lines)


def _letters(text):
    """A text without white space, punctuation and Markdown's marks."""
    return re.sub(r"[\W_]+", "", text)


def prove_book_silent(folder, lines):
    """Prove that no line of a solution is in the book's text, ignoring punctuation and markup. Raises ReleaseError."""
    script = (Path(folder) / BOOK / "search.js").read_text(encoding="utf-8")
    rows = json.loads(script.partition(" = ")[2].rstrip(";\n"))
    book = _letters("".join(row[-1] for row in rows))
    for line in sorted(lines):
        letters = _letters(line)
        if len(letters.encode("utf-8")) >= 50 and letters in book:  # shorter ones occur by chance
            raise ReleaseError(f"the book holds a line of a solution: {line}")


def prove_same(folder, plan):
    """Prove that a second build gives the same bytes. Returns the number of files. Raises ReleaseError."""
    with tempfile.TemporaryDirectory() as scratch:
        build(scratch, plan)
        names, names_again = files_of(folder), files_of(scratch)
        if names != names_again:
            raise ReleaseError(
                f"two builds differ in their files: {sorted(set(names) ^ set(names_again))}"
            )
        for name in sorted(
            names, key=lambda name: name == COPY_RECORD
        ):  # the record comes last, since it differs whenever another file does
            if (Path(folder) / name).read_bytes() != (Path(scratch) / name).read_bytes():
                raise ReleaseError(f"two builds differ in {name}")
    return len(names)


def prove(folder, plan, say):
    """Run all proofs on a built copy and report each with `say`. Raises ReleaseError."""
    if not plan.book:
        missing = missing_packages()
        say(
            Notice(
                f"no offline book in it: {install_line(missing)}",
                f"其中没有离线书：{install_line(missing, 'zh')}",
            )
        )
    if left := strangers():
        say(
            Notice(
                f"not part of the course, so not in it: {', '.join(left)}",
                f"不属于课程，因此未放入：{'、'.join(left)}",
            )
        )
    if new := [name for name in uncommitted_files(ROOT) if name in student_files(plan.homeworks)]:
        say(
            Notice(
                f"in it, though not committed: {', '.join(new)}",
                f"尚未提交到 git，但已放入：{'、'.join(new)}",
            )
        )
    count = prove_imports(folder, plan)
    say(Notice(f"it imports: {count} files", f"可以导入：{count} 个文件"))
    if not plan.solved:
        count = prove_empty(folder, plan)
        say(
            Notice(
                f"every blank fails as empty, by name: {count} checks",
                f"每个填空都报告未填写并指明名称：{count} 项检查",
            )
        )
    count = prove_solved(folder, plan)
    say(
        Notice(
            f"the solved files put into it pass: {count} checks",
            f"放入答案后全部通过：{count} 项检查",
        )
    )
    sought = prove_silent(folder, plan)
    if plan.solved:
        say(Notice("nothing of the teacher's in it", "没有教师专用的内容"))
    else:
        say(Notice(f"no solution in it: {sought} lines sought", f"不含答案：查找了 {sought} 行"))
    count = prove_same(folder, plan)
    say(Notice(f"built twice, same bytes: {count} files", f"两次生成逐字节相同：{count} 个文件"))


# ---------------------------------------------------------------- where it goes


def write_zip(folder, path):
    """Write a folder's files as a zip with one folder, named like the zip; equal files give equal bytes."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in files_of(folder):
            info = zipfile.ZipInfo(f"{path.stem}/{name}")
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(info, (Path(folder) / name).read_bytes())


def refuse(out):
    """Raise ReleaseError if `out` exists and is not an older copy (folder or zip), or if it was changed since."""
    if out.is_dir() and not any(out.iterdir()) or not out.exists():
        return
    try:
        copy = update.read_copy(out)
    except update.UpdateError:
        raise ReleaseError(
            f"{out} exists and is not a student copy; give another --out",
            f"{out} 已存在，但不是学生版；请换一个 --out",
        ) from None
    for name, recorded_digest in json.loads(copy[COPY_RECORD])["files"].items():
        if name in copy and update.digest(name, copy[name]) != recorded_digest:
            raise ReleaseError(
                f"{out}: {name} was changed since it was written; use --update {quote(out)}, or give another --out",
                f"{out}：{name} 在写出后被改过；请用 --update {quote(out)}，或换一个 --out",
            )


def release(out, plan, say=print):
    """Build a copy, prove it and move it to `out`, a folder or a .zip that does not exist or is an older copy."""
    out = Path(out)
    refuse(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".student-") as scratch:
        folder = Path(scratch) / "copy"
        folder.mkdir()
        build(folder, plan)
        prove(folder, plan, say)
        if out.suffix == ".zip":
            archive = Path(scratch) / out.name
            write_zip(folder, archive)
            archive.replace(out)
        elif out.exists() and any(out.iterdir()):
            update.update_copy(
                folder, out, report=lambda message: None
            )  # a .git beside the files stays
        else:
            shutil.copytree(folder, out, dirs_exist_ok=True)
    say(Notice(f"written: {out}", f"已写出：{out}"))


def renew(old, plan, say=print):
    """Build and prove a copy and merge it into the half-filled one at `old`, like `python -m course update`."""
    with tempfile.TemporaryDirectory(prefix="student-") as scratch:
        build(scratch, plan)
        prove(scratch, plan, say)
        update.update_copy(scratch, old, report=lambda message: say(Notice(*message)))


def not_due(plan, now=None):
    """Homeworks of the plan whose due date is still to come."""
    dates = ((name, plan.course.homework(name).due) for name in plan.homeworks)
    return [name for name, due in dates if due and due > (now or datetime.now(UTC))]


def main(argv=None):
    parser = argparse.ArgumentParser(
        prog="python -m grading.release", description=(__doc__ or "").partition("\n")[0]
    )
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument(
        "--out", type=Path, help="folder, or .zip, to write; an older copy there is replaced"
    )
    where.add_argument(
        "--update",
        type=Path,
        metavar="OLD",
        help="student copy, filled or not, to renew: checks and sheets "
        "are brought in, what the student wrote stays",
    )
    parser.add_argument(
        "--homework",
        nargs="+",
        action="extend",
        choices=HOMEWORKS,
        help="only these (default: those of course.toml, or of OLD)",
    )
    parser.add_argument(
        "--seed",
        type=int,
        help="term seed, for stored cases and the phone shop (default: course.toml's)",
    )
    parser.add_argument(
        "--with-solutions",
        action="store_true",
        help="leave solutions and worked answers in, for after the due date",
    )
    args = parser.parse_args(argv)
    language = terminal_language(argv)

    def say(message):
        print(printable(in_language(message, language)), flush=True)

    try:
        if args.update and not args.update.is_dir():
            raise ReleaseError(
                f"--update {args.update}: no such folder",
                f"--update {args.update}：没有这个文件夹",
            )
        course = load_course()
        course.seed = course.seed if args.seed is None else args.seed
        old = (
            json.loads(update.read_copy(args.update)[COPY_RECORD])["homeworks"]
            if args.update
            else None
        )
        plan = Plan(tuple(args.homework or old or course.homeworks), course, args.with_solutions)
        if args.with_solutions and not_due(plan):
            raise ReleaseError(
                f"not due yet: {', '.join(not_due(plan))} (course.toml); --homework chooses others",
                f"尚未截止：{'、'.join(not_due(plan))}（course.toml）；可用 --homework 选择其他作业",
            )
        if args.update:
            renew(args.update, plan, say)
        else:
            release(args.out, plan, say)
    except (ReleaseError, markers.MarkerError, CourseError, update.UpdateError) as error:
        long = f"{parser.prog}: error: {error}\n" if "\n" in str(error) else ""  # of a proof
        parser.exit(2, long or error_line(parser.prog, error, language))


if __name__ == "__main__":
    main()
