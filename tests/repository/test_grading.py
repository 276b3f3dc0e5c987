"""Grading a class: marks compared with known results, resuming, reports and exported formats."""

import base64
import contextlib
import csv
import datetime
import importlib
import inspect
import io
import json
import os
import random
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import pytest

from course import markers, mistakes, settings, verdict
from course.cases import FreshCases
from course.checks import load_checks
from course.homeworks import HOMEWORKS, ROOT
from course.messages import Message
from course.runner import InProcessRunner
from course.verdict import CheckResult, Status
from grading import (
    copying,
    formats,
    grade,
    grader,
    intake,
    isolation,
    journal,
    manual,
    marks,
    merge,
    options,
    pages,
    pool,
    run,
    spreadsheets,
    student_page,
    suspicions,
)
from grading import files as run_files
from grading.journal import Entry
from grading.sandbox.host import PREFIX
from tests.repository.archives_made import zipped
from tests.repository.children import ended
from tests.repository.conftest import needed

READY = [homework for homework in HOMEWORKS if (ROOT / "tests" / f"test_{homework}.py").is_file()]
pytestmark = pytest.mark.xdist_group("grading")
MODEL = b"def forward(pi, A, B, obs):\n    return 1\n"
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


BONUS = sum(check.points for check in load_checks("hmm") if check.bonus)


def solved(homework):
    return {path.name: path.read_bytes() for path in (ROOT / homework).glob("*.py")}


def hand_in(folder, name, homework, files):
    """Write a submission's files, {path in the homework's folder: bytes}, to folder/name/homework."""
    for relative, data in files.items():
        path = folder / name / homework / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def class_options(folder, out, *flags, homeworks=("hmm",), seed=5):
    """The options of `python -m grading.grade` for a folder of submissions, with two processes."""
    arguments = [str(folder), "--out", str(out), "--quiet", "-j", "2", "--seed", str(seed)]
    return options.read_options([*arguments, "--homework", *homeworks, *map(str, flags)])


def grade_folder(folder, out, *flags, homeworks=("hmm",), seed=5):
    """Grade a folder of submissions into `out`; returns the grade.Outcome."""
    return grade.grade(class_options(folder, out, *flags, homeworks=homeworks, seed=seed))


def points(outcome):
    """{submission: {homework: points, bonus included}}."""
    return {
        student.submission: {name: m.points + m.bonus for name, m in student.homeworks.items()}
        for student in outcome.report.marks.students
    }


def entries_of(out):
    """The journal entries of a run."""
    return list(journal.Journal(out / "journal.jsonl").read())


def rows_of(path):
    """Rows of a CSV file as dicts, without the row of maximum points."""
    rows = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig")))
    return [row for row in rows if row.get("submission") != "maximum"]


def test_file_names_that_no_folder_can_hold_are_skipped(tmp_path):
    """A path through a file and a name that is too long are skipped, and the rest is graded."""
    files = {"hmm/model.py": MODEL, "hmm/model.py/x.py": b"", f"hmm/{'空' * 90}.py": b""}
    (tmp_path / "one.zip").write_bytes(zipped(files))
    submission = intake.read_submission(tmp_path / "one.zip", ["hmm"])
    graded = intake.complete(submission.files["hmm"], "hmm")
    assert graded["model.py"] == MODEL and set(graded) == set(intake.empty_files("hmm"))
    assert any("空" in use.path for use in submission.unused)


def test_different_submissions_have_different_folder_names():
    taken = run_files.folder_name("a b")
    names = ("a b", taken, run_files.folder_name(taken), "\udcff", "\udcfe")
    assert len({run_files.folder_name(name) for name in names}) == 5


# ---------------------------------------------------------------- marks


def known_points(homework, cases, wanted):
    """{(blank, mistake id or "solved"): points}, each computed alone and in process; of the mistakes only `wanted`."""
    truth = {}
    for id, region in markers.blanks(ROOT / homework).items():
        truth[id, "solved"] = region.points
    for mistake in mistakes.load(homework):
        if mistake.id not in wanted:
            continue
        runner = InProcessRunner(sources=mistakes.sources(mistake))
        checks = [check for check in load_checks(homework) if check.id == mistake.blank]
        truth[mistake.blank, mistake.id] = sum(
            verdict.run(check, runner, cases).points for check in checks
        )
    return truth


def independent_mistakes(homework):
    """{blank: [mistake]} of the mistakes that call no other blank: their marks do not depend on the other blanks."""
    functions = {
        id: region.function.rpartition(".")[2]
        for id, region in markers.blanks(ROOT / homework).items()
    }
    by_blank = {}
    for mistake in mistakes.load(homework):
        words = set(re.findall(r"\w+", mistakes.body(mistake)))
        if not words & {name for id, name in functions.items() if id != mistake.blank}:
            by_blank.setdefault(mistake.blank, []).append(mistake)
    return by_blank


def mixture(homework, rng):
    """A random submission: (files, {blank: "solved", "empty" or the id of a known mistake})."""
    chosen = {}
    mistakes_of = independent_mistakes(homework)
    files = solved(homework)
    for path in sorted((ROOT / homework).glob("*.py")):
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        for region in reversed(markers.regions(path)):
            kind = rng.choice(
                ["solved", "empty", "mistake"]
                if mistakes_of.get(region.id)
                else ["solved", "empty"]
            )
            if kind == "solved":
                chosen[region.id] = "solved"
            elif kind == "empty":
                chosen[region.id] = "empty"
                name = region.function.rpartition(".")[2]
                lines[region.begin - 1 : region.end] = [
                    f'{region.indent}raise NotImplementedError("{homework}/{path.name}, blank {region.id} ({name}): still empty")\n'
                ]
            else:
                mistake = rng.choice(mistakes_of[region.id])
                chosen[region.id] = mistake.id
                text = mistakes.body(mistake)
                lines[region.begin - 1 : region.end] = [
                    "".join(
                        region.indent + line if line.strip() else line
                        for line in (text + "\n").splitlines(keepends=True)
                    )
                ]
        files[path.name] = "".join(lines).encode("utf-8")
    return files, chosen


def check_class(tmp_path, homeworks, students):
    """Grade random mixtures and assert that every blank has the known points. Returns the seconds of grading."""
    rng, folder, chosen = random.Random(7), tmp_path / "in", {}
    for number in range(students):
        for homework in homeworks:
            files, chosen[f"s{number:03}", homework] = mixture(homework, rng)
            hand_in(folder, f"s{number:03}", homework, files)
    started = time.monotonic()
    outcome = grade_folder(folder, tmp_path / "out", homeworks=homeworks)
    seconds = time.monotonic() - started
    assert not outcome.graded.errors
    of = {student.submission: student.homeworks for student in outcome.report.marks.students}
    for homework in homeworks:
        given = {kind for what in chosen.values() for kind in what.values()}
        truth = known_points(homework, FreshCases(5), given)
        for (student, owner), what in chosen.items():
            if owner == homework:
                received = {blank.id: blank.points for blank in of[student][homework].blanks}
                expected = {id: truth.get((id, kind), 0) for id, kind in what.items()}
                assert {id: received[id] for id in expected} == expected, (student, what)
    return seconds


def test_marks_of_random_mixtures_equal_the_known_points(tmp_path):
    check_class(tmp_path, ["hmm"], 6)


@pytest.mark.deep
def test_marks_of_a_class_of_200_equal_the_known_points(tmp_path, capsys):
    resource = pytest.importorskip("resource")
    seconds = check_class(tmp_path, READY, 200)
    own_memory, child_memory = (
        resource.getrusage(who).ru_maxrss / 1024
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    with capsys.disabled():
        print(
            f"\n200 submissions x {len(READY)} homeworks in {seconds:.0f} s, -j 2; "
            f"largest process {max(own_memory, child_memory):.0f} MB"
        )


@pytest.fixture(scope="module")
def graded(graded_class):
    """The folder of `graded_class`, with in/ (submissions) and out/ (results)."""
    return graded_class[0]


@pytest.fixture(scope="module")
def graded_class(tmp_path_factory):
    """(folder, grade.Outcome) of a graded class: a solved submission, an empty copy and an empty folder."""
    folder = tmp_path_factory.mktemp("class")
    answers = (
        "# x\n\n## w1 (10)\n\nMy <b>answer</b> <script>alert(1)</script> ![c](curve.png)\n\n"
        "## w2 (6)\n\n### 1. A\nunder w2\n"
    )
    documents = {"answers.md": answers.encode(), "curve.png": PICTURE, "w2.pdf": b"%PDF-1.4"}
    hand_in(folder / "in", "20260001_张三", "hmm", solved("hmm") | documents)
    hand_in(folder / "in", "20260002", "hmm", intake.empty_files("hmm"))
    (folder / "in" / "nothing").mkdir()
    return folder, grade_folder(folder / "in", folder / "out")


def test_run_writes_tables_pages_and_results(graded):
    out = graded / "out"
    assert [row["hmm"] for row in rows_of(out / "grades.csv")] == ["100", "0", ""]
    assert (out / "grades.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    page = (out / "grades.html").read_text(encoding="utf-8")
    assert "张三" in page and "default-src 'none'" in page
    assert "http://" not in page and "https://" not in page
    folder = out / "students" / run_files.folder_name("20260001_张三")
    result = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    assert result["total"] == 100 + BONUS
    assert result["isolation"]["level"] in ("bubblewrap", "process", "plain")
    assert json.loads((out / "run.json").read_text(encoding="utf-8"))["seed"] == 5


def test_tables_have_a_row_of_maxima_and_ids_as_text(graded):
    openpyxl = needed("openpyxl")
    text = (graded / "out" / "grades.csv").read_text(encoding="utf-8-sig")
    assert text.splitlines()[1] == f"maximum,,,100,{BONUS},30,,{130 + BONUS},"
    sheet = openpyxl.load_workbook(graded / "out" / "grades.xlsx").worksheets[0]
    assert [cell.value for cell in sheet[2]][:4] == ["maximum", None, None, 100]
    assert sheet["B3"].value == "20260001" and sheet["D3"].value == 100


def test_second_run_grades_nothing_again(graded):
    before = entries_of(graded / "out")
    outcome = grade_folder(graded / "in", graded / "out")
    assert entries_of(graded / "out") == before
    assert outcome.graded.unchanged == len(outcome.graded.standings) == 2
    assert "2 unchanged since the last run" in "".join(grade.summary(outcome))


def test_regrading_one_blank_keeps_the_others(graded):
    outcome = grade_folder(graded / "in", graded / "out", "--blank", "hmm-03")
    assert points(outcome)["20260001_张三"] == {"hmm": 100 + BONUS} and not outcome.graded.in_full
    assert entries_of(graded / "out")[-1].blanks == ("hmm-03",)
    again = grade_folder(graded / "in", graded / "out")
    student = again.report.marks.students[0]
    assert student.homeworks["hmm"].regraded == ("hmm-03",)


def test_foreign_folder_or_other_seed_is_refused(tmp_path, graded):
    (tmp_path / "mine.txt").write_text("x", encoding="utf-8")
    with pytest.raises(options.GradeError, match="something else"):
        grade_folder(graded / "in", tmp_path)
    with pytest.raises(options.GradeError, match="seed 5"):
        grade_folder(graded / "in", graded / "out", seed=6)


# ---------------------------------------------------------------- results of earlier runs


def fake_results(files, homework, cases, sandbox, level, limits, blanks=frozenset()):
    """A fake of `grader.grade_homework`: hmm-01 is done if model.py contains "right", hmm-02 always."""
    text = files.get("model.py", b"").decode()
    results = []
    for id, possible in (("hmm-01", 4), ("hmm-02", 6)):
        if blanks and id not in blanks:
            continue
        status = Status.DONE if id == "hmm-02" or "right" in text else Status.WRONG
        received = possible if status == Status.DONE else 0
        results.append(
            CheckResult("hmm", id, id, status, received, possible, False, False, Message("", ""))
        )
    return tuple(results)


@pytest.fixture
def quick(tmp_path, monkeypatch):
    """A function that grades tmp_path / "in" in this process, without a sandbox, with `fake_results`.

    Its arguments are flags of grading.grade; it returns the grade.Outcome.
    """
    monkeypatch.setattr(isolation, "strongest", lambda limits=None, wanted=None: ("plain", {}, []))
    monkeypatch.setattr(grader, "grade_homework", fake_results)
    answers = lambda self, submissions: (  # noqa: E731
        answer
        for worker in [grader.Grader(self.settings)]
        for answer in map(worker.grade, submissions)
    )
    monkeypatch.setattr(pool.Pool, "answers", answers)

    def call(*flags, out="out", folder="in"):
        return grade_folder(tmp_path / folder, tmp_path / out, *flags)

    return call


def test_identical_files_of_two_students_are_two_entries(tmp_path, quick):
    """The key of a result includes the student, so that a verdict is never reused for another student."""
    for name in ("20260001", "20260002"):
        hand_in(tmp_path / "in", name, "hmm", {"model.py": MODEL + b"# right\n"})
    quick()
    first, second = entries_of(tmp_path / "out")
    assert first.code == second.code and first.key != second.key


def test_blank_flag_grades_changed_submissions_in_full(tmp_path, quick):
    """--blank grades new or changed submissions in full, with a note; verdicts on different files are never merged."""
    hand_in(tmp_path / "in", "20260001", "hmm", {"model.py": MODEL + b"# right\n"})
    outcome = quick("--blank", "hmm-02")
    assert points(outcome)["20260001"] == {"hmm": 10} and outcome.graded.in_full == ["20260001"]
    hand_in(tmp_path / "in", "20260001", "hmm", {"model.py": MODEL + b"# changed\n"})
    hand_in(tmp_path / "in", "20260002", "hmm", {"model.py": MODEL + b"# right\n"})
    outcome = quick("--blank", "hmm-02")
    assert points(outcome) == {"20260001": {"hmm": 6}, "20260002": {"hmm": 10}}
    assert outcome.graded.in_full == ["20260001", "20260002"]
    assert any("in full" in line and "20260002" in line for line in grade.summary(outcome))
    (tmp_path / "in" / "20260001" / "hmm" / "model.py").write_bytes(MODEL + b"# right\n")
    assert points(quick("--blank", "hmm-02"))["20260001"] == {"hmm": 10}
    entries = [e for e in entries_of(tmp_path / "out") if e.student == "20260001"]
    assert {entry.blanks for entry in entries} == {()}


def test_changed_limits_grade_everything_again_with_a_note(tmp_path, quick, capsys):
    """A verdict may depend on the time limit, so limits are part of the key and of run.json."""
    hand_in(tmp_path / "in", "20260001", "hmm", {"model.py": MODEL + b"# right\n"})
    quick(out="slow")
    verbose = [str(tmp_path / "in"), "--out", str(tmp_path / "slow"), "--homework", "hmm"]
    for flags, count, is_reported in (
        ([], 1, False),
        (["--timeout", "40"], 2, True),
        ([], 2, True),
    ):
        capsys.readouterr()
        grade.grade(options.read_options([*verbose, *flags]))
        assert len([e for e in entries_of(tmp_path / "slow") if e.results is not None]) == count
        assert ("everything is graded again" in capsys.readouterr().err) == is_reported
    parts = [tmp_path / "p1", tmp_path / "p2"]
    quick("--shard", "1/2", out="p1")
    quick("--shard", "2/2", "--timeout", "40", out="p2")
    with pytest.raises(options.GradeError, match="limits"):
        merge.merge(class_options(tmp_path / "in", tmp_path / "joined"), parts)


def test_homework_missing_from_the_new_attempt_does_not_count(tmp_path, quick):
    hand_in(tmp_path / "in", "20260001", "hmm", {"model.py": MODEL + b"# right\n"})
    assert points(quick())["20260001"] == {"hmm": 10}
    (tmp_path / "in" / "20260001" / "hmm" / "model.py").unlink()
    (tmp_path / "in" / "20260001" / "hmm").rmdir()
    (tmp_path / "in" / "20260001" / "notes.csv").write_text("x", encoding="utf-8")
    outcome = quick()
    assert points(outcome)["20260001"] == {}
    assert any("earlier submission had it" in line for line in outcome.graded.problems["20260001"])


def test_marks_from_earlier_files_are_noted(tmp_path, quick, monkeypatch):
    """If the grader fails on changed files, the earlier marks stay, with a note."""
    hand_in(tmp_path / "in", "20260001", "hmm", {"model.py": MODEL + b"# right\n"})
    quick()
    hand_in(tmp_path / "in", "20260001", "hmm", {"model.py": MODEL})
    monkeypatch.setattr(grader, "grade_homework", lambda *args: 1 / 0)
    outcome = quick()
    assert points(outcome)["20260001"] == {"hmm": 10}
    assert "ZeroDivisionError" in outcome.graded.errors["20260001"]
    assert any("earlier run" in line for line in outcome.graded.problems["20260001"])


def test_out_inside_the_submissions_is_refused(tmp_path):
    hand_in(tmp_path / "in", "20260001", "hmm", {"model.py": MODEL})
    for out in ("in", "in/grades", "in/20260001/x"):
        with pytest.raises(options.GradeError, match="folder of the submissions"):
            grade_folder(tmp_path / "in", tmp_path / out)
    assert not (tmp_path / "in" / "grades").exists()


def test_names_are_neutralised_in_terminal_and_spreadsheet(tmp_path, quick, capsys):
    """Control characters are not printed; formulas in tables are written as text and read back unchanged."""
    clear, formula = "20260001\x1b[2J\r", "=cmd|x!A0"
    for name in (clear, formula):
        hand_in(tmp_path / "in", name, "hmm", {"model.py": MODEL})
    (tmp_path / "in" / "20260003\x1b]0;owned\x07").mkdir()
    arguments = [str(tmp_path / "in"), "--out", str(tmp_path / "out"), "--homework", "hmm"]
    grade.main([*arguments, "-j", "1", "--quiet", "--seed", "5"])
    grade.main([*arguments, "--dry_run"])
    printed = capsys.readouterr()
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", printed.out + printed.err)
    assert "owned" in printed.out
    text = (tmp_path / "out" / "manual-template.csv").read_text(encoding="utf-8-sig")
    assert not re.search(r"(?m)(^|,)[=+@-]", text) and "'=cmd|x!A0" in text
    text = text.replace("hmm/w1,,", "hmm/w1,2,")
    (tmp_path / "out" / "manual.csv").write_text(text, encoding="utf-8-sig")
    outcome = quick("--manual", tmp_path / "out" / "manual.csv")
    students = {student.submission: student for student in outcome.report.marks.students}
    assert students[formula].written["hmm"]["w1"].points == 2


def test_class_page_lists_changes_since_the_last_run(tmp_path, quick):
    hand_in(tmp_path / "in", "20260001", "hmm", {"model.py": MODEL})
    page = tmp_path / "out" / "grades.html"
    quick()
    assert pages.WORDS["zh"]["changes"] not in page.read_text(encoding="utf-8")
    hand_in(tmp_path / "in", "20260001", "hmm", {"model.py": MODEL + b"# right\n"})
    hand_in(tmp_path / "in", "20260002", "hmm", {"model.py": MODEL})
    quick()
    first = page.read_bytes()
    assert "20260001 · hmm：6 → 10" in first.decode() and "hmm-01 0 → 4" in first.decode()
    quick()
    assert page.read_bytes() == first, "a run without changes keeps the list of the last changes"


# ---------------------------------------------------------------- platforms, groups, attempts, parts


def test_group_is_graded_once_with_a_row_per_member(tmp_path, quick):
    hand_in(tmp_path / "in", "20260001_20260002_hmm", "hmm", {"model.py": MODEL + b"# right\n"})
    roster = write_csv(tmp_path / "roster.csv", "id,name,lang\n20260001,张三,zh\n20260002,Li,en\n")
    outcome = quick("--roster", roster)
    students = outcome.report.marks.students
    assert [(s.id, s.total, s.lang) for s in students] == [
        ("20260001", 10, "zh"),
        ("20260002", 10, "en"),
    ]
    assert len(entries_of(tmp_path / "out")) == 1 and len({s.folder for s in students}) == 2
    for student in students:
        folder = tmp_path / "out" / "students" / student.folder
        assert f'lang="{student.lang}"' in (folder / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("attempt, expected", [("newest", 6), ("first", 10), ("best", 10)])
def test_attempt_flag_decides_which_attempt_counts(tmp_path, quick, attempt, expected):
    (tmp_path / "in").mkdir()
    for number, text in ((1, b"# right\n"), (2, b"")):
        name = f"hw1_20260001_attempt_2026-10-0{number}-12-00-00_hmm.zip"
        (tmp_path / "in" / name).write_bytes(zipped({"hmm/model.py": MODEL + text}))
    outcome = quick("--attempt", attempt)
    (student,) = outcome.report.marks.students
    assert student.total == expected and any("attempts" in line for line in student.problems)


def test_gradebook_column_receives_the_marks(tmp_path, quick):
    """Only the chosen column changes; students who are not in the gradebook are left out."""
    hand_in(tmp_path / "in", "20260001", "hmm", {"model.py": MODEL + b"# right\n"})
    hand_in(tmp_path / "in", "20260003", "hmm", {"model.py": MODEL})
    canvas = (
        "Student,ID,SIS User ID,SIS Login ID,Section,Homework 1 (77),Note\n"
        "    Points Possible,,,,,10.00,\n"
        '"Zhang, San",11,20260001,zs,1,,x\n"Li, Si",12,20260002,ls,1,3,y\n'
    )
    book = write_csv(tmp_path / "book.csv", canvas)
    outcome = quick("--roster", book, "--gradebook", book, "--column", "Homework 1")
    text = (tmp_path / "out" / "gradebook" / "book.csv").read_text(encoding="utf-8")
    assert text == canvas.replace("zs,1,,x", "zs,1,10,x")
    assert any("gradebook: 1 marks" in line for line in grade.summary(outcome))
    with pytest.raises(options.GradeError, match="no column 'x'"):
        quick("--roster", book, "--gradebook", book, "--column", "x")


def test_dry_run_prints_the_plan_and_writes_nothing(tmp_path, capsys):
    hand_in(tmp_path / "in", "20260001_张三", "hmm", {"model.py": MODEL, "big.bin": b"x"})
    roster = write_csv(tmp_path / "roster.csv", "id,name\n20260001,张三\n20260002,李四\n")
    arguments = ["--homework", "hmm", "--roster", str(roster), "--dry_run"]
    grade.main([str(tmp_path / "in"), *arguments])
    printed = capsys.readouterr().out
    for words in (
        "20260001 张三",
        "hmm/model.py",
        "not used: hmm/big.bin",
        "nothing received: 20260002",
    ):
        assert words in printed
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "roster.csv"]


def contents(out):
    """{file: bytes} of a run's folder, without the journal, whose order depends on which process finishes first."""
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in out.rglob("*")
        if path.is_file() and path.name != "journal.jsonl"
    }


def test_merged_parts_equal_one_run_byte_for_byte(tmp_path, quick):
    for number in range(5):
        text = b"# right\n" if number % 2 else b""
        files = {"model.py": MODEL + text, "answers.md": b"## w1\nmine"}
        hand_in(tmp_path / "in", f"2026000{number}", "hmm", files)
    quick(out="whole")
    parts = [tmp_path / f"part{number}" for number in (1, 2)]
    for number, part in enumerate(parts, 1):
        assert quick("--shard", f"{number}/2", out=part.name).report is None
    assert [len(entries_of(part)) for part in parts] == [3, 2]
    for _ in range(2):  # joining again changes nothing
        merge.merge(class_options(tmp_path / "in", tmp_path / "joined"), parts)
        assert contents(tmp_path / "joined") == contents(tmp_path / "whole")
        assert len(entries_of(tmp_path / "joined")) == 5
    for wrong, words in (
        (parts[:1], "part 2/2 is missing"),
        ([parts[0]] * 2, "both part 1/2"),
        ([tmp_path / "whole"], "no part of a class"),
    ):
        with pytest.raises(options.GradeError, match=words):
            merge.merge(class_options(tmp_path / "in", tmp_path / "bad"), wrong)
    hand_in(tmp_path / "in", "20260009", "hmm", {"model.py": MODEL})
    outcome = merge.merge(class_options(tmp_path / "in", tmp_path / "joined"), parts)
    assert "no part of the class" in outcome.graded.errors["20260009"]


@pytest.mark.deep
@pytest.mark.parametrize("how", ["processes", "parallel"])
def test_parts_graded_in_parallel_equal_one_run(tmp_path, graded, how):
    """Two graders at once, as two processes or with GNU parallel, merge into the same bytes as one run."""
    flags = ["--homework", "hmm", "--seed", "5"]
    folder = [sys.executable, "-m", "grading.grade", str(graded / "in"), "--quiet", "-j", "1"]
    if how == "parallel":
        if not shutil.which("parallel"):
            pytest.skip("GNU parallel is not installed: apt-get install parallel")
        line = shlex.join([*folder, *flags]) + f" --shard {{}}/2 --out {tmp_path}/part{{}}"
        command = ["parallel", "-j", "2", line, ":::", "1", "2"]
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    else:
        parts = [
            [*folder, *flags, "--shard", f"{number}/2", "--out", f"{tmp_path}/part{number}"]
            for number in (1, 2)
        ]
        processes = [subprocess.Popen(part, cwd=ROOT, stderr=subprocess.DEVNULL) for part in parts]
        assert [process.wait() for process in processes] == [0, 0]
    joining = [sys.executable, "-m", "grading.merge", str(graded / "in"), "--quiet", *flags]
    joining += ["--out", f"{tmp_path}/joined", "--parts", f"{tmp_path}/part1", f"{tmp_path}/part2"]
    subprocess.run(joining, cwd=ROOT, check=True, capture_output=True)
    grade_folder(graded / "in", tmp_path / "whole")
    assert contents(tmp_path / "joined") == contents(tmp_path / "whole")


# ---------------------------------------------------------------- stopped and killed runs


@pytest.mark.slow
def test_killed_run_continues_to_the_same_files(tmp_path, graded):
    compare_killed(tmp_path, graded / "in", moments=[1.2])


@pytest.mark.deep
def test_runs_killed_at_20_random_moments_give_the_same_files(tmp_path, graded):
    rng = random.Random(3)
    compare_killed(tmp_path, graded / "in", [rng.uniform(0.1, 6) for _ in range(20)])


@pytest.mark.deep
def test_run_killed_20_times_gives_the_same_files(tmp_path, graded):
    rng, out = random.Random(4), tmp_path / "killed"
    grade_to_the_end(graded / "in", tmp_path / "whole")
    for _ in range(20):
        kill_after(rng.uniform(0.5, 6), graded / "in", out)
    grade_to_the_end(graded / "in", out)
    assert contents(out) == contents(tmp_path / "whole")


def killable(folder, out):
    """The command that grades a folder with seed 5."""
    flags = ["--homework", "hmm", "--seed", "5", "--quiet", "-j", "2", "--out", str(out)]
    return [sys.executable, "-m", "grading.grade", str(folder), *flags]


def grade_to_the_end(folder, out):
    subprocess.run(killable(folder, out), cwd=ROOT, check=True, capture_output=True)


def kill_after(seconds, folder, out):
    """Start a grader and kill it after this time, unless it has finished."""
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(killable(folder, out), cwd=ROOT, **silent)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def compare_killed(tmp_path, folder, moments):
    """For each of `moments` (seconds): kill a grader then, continue, and compare all files except the journal."""
    grade_to_the_end(folder, tmp_path / "whole")
    for number, moment in enumerate(moments):
        out = tmp_path / f"killed{number}"
        kill_after(moment, folder, out)
        grade_to_the_end(folder, out)
        assert contents(out) == contents(tmp_path / "whole"), f"killed after {moment:.2f} s"


def fake_entry(number, **more):
    return Entry("汉\n字", "hmm", f"key {number}", "code", results=(), **more)


def test_damaged_journal_keeps_its_intact_entries(tmp_path):
    book = journal.Journal(tmp_path / "j")
    for number in range(3):
        book.append(fake_entry(number))
    whole = (tmp_path / "j").read_bytes()
    (tmp_path / "j").write_bytes(whole[:-9])
    assert [entry.key for entry in book.read()] == ["key 0", "key 1"] and book.damaged == 1
    book.append(fake_entry(3))
    assert [entry.key for entry in book.read()] == ["key 0", "key 1", "key 3"]
    (tmp_path / "j").write_bytes(whole.replace(b"key 1", b"key 9"))
    assert [entry.key for entry in book.read()] == ["key 0", "key 2"]


def kill_this_process(pipe, settings):
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_death_of_a_grading_process_marks_nothing(tmp_path, graded, monkeypatch):
    """The death of a grading process is not the student's error, and the earlier mark stays."""
    before = entries_of(graded / "out")
    fork = importlib.import_module("multiprocessing").get_context("fork")
    monkeypatch.setattr(pool.multiprocessing, "get_context", lambda kind: fork)
    monkeypatch.setattr(pool, "work", kill_this_process)
    outcome = grade_folder(graded / "in", graded / "out", "-j", "1")
    assert "nothing was marked" in outcome.graded.errors["20260002"]
    assert points(outcome)["20260001_张三"] == {"hmm": 100 + BONUS}
    assert entries_of(graded / "out") == before


def test_error_of_the_grader_marks_nothing(graded, monkeypatch):
    """A check that raises leaves no journal entry; the error names the line, and the student's page says so."""

    def broken_check(*args):
        raise LookupError("a reference that is not there")

    monkeypatch.setattr(grader, "grade_homework", broken_check)
    settings_of_run = grader.GradingSettings(("hmm",), 5, "plain", {"hmm": "new"})
    submission = intake.read_submission(graded / "in" / "20260002", ["hmm"])
    answer = grader.Grader(settings_of_run).grade(submission)
    assert answer.entries == []
    assert re.match(
        r"hmm: LookupError: a reference that is not there \(test_grading.py, line \d+\)",
        answer.errors[0],
    )
    student = marks.Student("20260002", "20260002", error=answer.errors[0])
    page = student_page.student_page(student, run.RunRecord(5))
    assert pages.WORDS["zh"]["grader_error"] in page


# ---------------------------------------------------------------- roster, written answers


def write_csv(path, text, encoding="utf-8"):
    path.write_bytes(text.encode(encoding))
    return path


def test_reports_are_in_the_students_language(tmp_path):
    table = write_csv(tmp_path / "roster.csv", "id,name,lang\n1001,a,en\n1002,b,\n")
    submissions = [
        intake.Submission(id, hints=(intake.Hint("id", id),), key=id) for id in ("1001", "1002")
    ]
    matching = intake.match_all(intake.read_roster(table), submissions)
    students = marks.collect(matching, {}, settings.load(), lang="zh").students
    assert [student.lang for student in students] == ["en", "zh"]
    shown = [student_page.student_page(student, run.RunRecord(1)) for student in students]
    assert '<html lang="en">' in shown[0] and '<html lang="zh">' in shown[1]


def test_late_days_prefer_the_time_of_the_roster():
    due = datetime.datetime.fromisoformat("2026-10-12T23:59:00+08:00")
    received = datetime.datetime.fromisoformat("2026-10-13T09:00:00+08:00")
    submission = intake.Submission("20260001", received=received)
    days = []
    for text in ("2026-10-12 23:59:59", "2026-10-13 00:00", "2026-10-12T16:30:00+00:00", ""):
        person = intake.Person("20260001", received={"hmm": text} if text else {})
        days.append(marks.late_days(submission, person, "hmm", due))
    assert days == [0, 1, 1, 1], "the roster's time counts, else the platform's"
    assert marks.late_days(submission, None, "hmm", None) == 0


def test_manual_marks_are_read_back_and_kept(tmp_path, graded):
    graded = shutil.copytree(graded, tmp_path / "class")  # others read it without marks
    out, course = graded / "out", settings.load()
    path = write_csv(out / "manual.csv", "student,id,points,comment\n20260001_张三,hmm/w1,7.5,好\n")
    before = path.read_bytes()
    for _ in range(2):
        grade_folder(graded / "in", out)
        folder = out / "students" / run_files.folder_name("20260001_张三")
        result = json.loads((folder / "result.json").read_text(encoding="utf-8"))
        assert result["total"] == 100 + BONUS + 7.5
        assert result["written"] == {"hmm": {"w1": {"points": 7.5, "comment": "好"}}}
        assert path.read_bytes() == before
    template = (out / "manual-template.csv").read_text(encoding="utf-8-sig")
    assert "20260001_张三,hmm/w1,7.5,好" in template
    for line, words in (
        ("20260001,hmm/w1,11,", "has 10"),
        ("20260001,hmm/w9,1,", "not a written question"),
        ("x,hmm/w1,a,", "not a number"),
    ):
        bad = write_csv(out.parent / "bad.csv", "student,id,points,comment\n" + line + "\n")
        with pytest.raises(intake.TableError, match="line 2.*" + words):
            manual.read_manual(bad, course)
    path.unlink()


def test_written_answers_are_collected_with_html_escaped(graded):
    written = graded / "out" / "written"
    page = (written / "hmm-w1.html").read_text(encoding="utf-8")
    assert "&lt;script&gt;" in page and "<script>alert" not in page and "张三" in page
    picture, paper = (
        f"files/{run_files.folder_name('20260001_张三')}/hmm/{name}"
        for name in ("curve.png", "w2.pdf")
    )
    assert (written / picture).read_bytes() == PICTURE and (written / paper).is_file()
    assert re.search(r'src="files/[^"]*/hmm/curve.png"', page)
    page = (written / "hmm-w2.html").read_text(encoding="utf-8")
    assert "under w2" in page and re.search(r'href="files/[^"]*/hmm/w2.pdf"', page)


def test_spreadsheet_cells_keep_formulas_and_ids_as_text():
    assert spreadsheets.cell("=cmd|' /C calc'!A0").startswith("'=")
    assert spreadsheets.cell("a\nb") == "a b" and spreadsheets.cell(-1) == "-1"
    assert [spreadsheets.id_cell(text) for text in ("0012", "202600010001234", "2026", "=1+1")] == [
        '="0012"', '="202600010001234"', "2026", "'=1+1",
    ]  # fmt: skip


def test_invalid_course_toml_is_refused(tmp_path):
    for text, words in (
        ("[homework.x]\n", "is not a homework"),
        ("[homework.hmm]\ndue = 2026-10-12T23:59:00\n", "offset"),
        ("[", "course.toml"),
    ):
        with pytest.raises(settings.CourseError, match=words):
            settings.load(write_csv(tmp_path / "course.toml", text))


# ---------------------------------------------------------------- bad input: one clear line, nothing lost


def refused(capsys, *flags):
    """The one-line message with which the grader exits with code 2."""
    with pytest.raises(SystemExit) as stopped:
        grade.main([*map(str, flags)])
    lines = capsys.readouterr().err.splitlines()
    assert stopped.value.code == 2 and len(lines) == 1, lines
    return lines[0]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with one submission in in/; the isolation level is fixed to "plain"."""
    monkeypatch.setattr(isolation, "strongest", lambda limits=None, wanted=None: ("plain", {}, []))
    hand_in(tmp_path / "in", "20260001_a", "hmm", {"model.py": MODEL})
    return tmp_path


@pytest.mark.parametrize(
    "files, flags, words",
    [
        ({}, ["nowhere", "--out", "out"], "nowhere: no such folder"),
        ({"empty/x/y.bin": ""}, ["empty/x/y.bin", "--out", "out"], "is not a folder"),
        ({"out/mine.txt": ""}, ["in", "--out", "out"], "out exists and holds something else"),
        ({"out": ""}, ["in", "--out", "out"], "out is a file"),
        ({}, ["in", "--out", "in/out"], "lies in the folder of the submissions"),
        ({}, ["in", "--out", "out", "--resume"], "holds no run"),
        ({}, ["in", "--out", "out", "-j", "0"], "-j: at least 1"),
        ({}, ["in", "--out", "out", "--shard", "5/4"], "write K/N"),
        ({}, ["in", "--out", "out", "--shard", "1/4"], "--shard needs --seed"),
        ({}, ["in", "--out", "out", "--column", "x"], "--gradebook and --column go together"),
        ({}, ["in", "--out", "out", "--blank", "hmm-77"], "no blank hmm-77"),
        ({}, ["in", "--out", "out", "--roster", "roster.csv"], "roster.csv: No such file"),
        (
            {"roster.csv": "x\ny\n"},
            ["in", "--out", "out", "--roster", "roster.csv"],
            "no column id",
        ),
        (
            {"manual.csv": "student,id,points\n1,hmm/w9,1\n"},
            ["in", "--out", "out", "--manual", "manual.csv"],
            "not a written question",
        ),
        (
            {"manual.csv": "student,id,points\n20260009,hmm/w1,1\n"},
            ["in", "--out", "out", "--manual", "manual.csv"],
            "20260009: no submission of that name, and not on the roster",
        ),
        (
            {"manual.csv": "student,id,points\na,hmm/w1,1\na,hmm/w1,2\n"},
            ["in", "--out", "out", "--manual", "manual.csv"],
            "a has hmm/w1 in an earlier line too",
        ),
    ],
)
def test_invalid_input_is_refused_before_anything_is_written(
    folder, files, flags, words, capsys, monkeypatch
):
    monkeypatch.chdir(folder)
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    before = sorted(folder.rglob("*"))
    assert words in refused(capsys, *flags)
    assert sorted(folder.rglob("*")) == before


def test_second_grader_in_the_same_folder_is_refused(folder, capsys):
    with journal.Journal(folder / "out" / "journal.jsonl").held():
        (folder / "out" / "run.json").write_text('{"seed": 1}', encoding="utf-8")
        assert "another grader is at work" in refused(
            capsys, folder / "in", "--out", folder / "out"
        )


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")
def test_full_disk_ends_the_run_with_one_line(folder, capsys, monkeypatch):
    monkeypatch.setattr(grader, "grade_homework", fake_results)
    answers = lambda self, submissions: map(grader.Grader(self.settings).grade, submissions)  # noqa: E731
    monkeypatch.setattr(pool.Pool, "answers", lambda *args: (answer for answer in answers(*args)))
    (folder / "out").mkdir()
    (folder / "out" / "run.json").write_text('{"seed": 1}', encoding="utf-8")
    (folder / "out" / "journal.jsonl").symlink_to("/dev/full")
    line = refused(capsys, folder / "in", "--out", folder / "out")
    assert "No space left on device" in line and "what is graded is kept" in line


@contextlib.contextmanager
def largest_file(size):
    """A context in which this process cannot write files larger than `size` bytes, like on a full disk."""
    resource = pytest.importorskip("resource")
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, old[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)


def test_full_disk_keeps_existing_files_and_entries(tmp_path):
    book = journal.Journal(tmp_path / "j")
    book.append(fake_entry(0))
    run_files.write(tmp_path / "page", "old")
    with largest_file((tmp_path / "j").stat().st_size + 5), pytest.raises(OSError):
        book.append(fake_entry("x" * 1000))
    with largest_file(100), pytest.raises(OSError):
        run_files.write(tmp_path / "page", "new" * 1000)
    book.append(fake_entry(2))
    assert [entry.key for entry in book.read()] == ["key 0", "key 2"] and book.damaged == 1
    assert (tmp_path / "page").read_text(encoding="utf-8") == "old" and sorted(
        path.name for path in tmp_path.iterdir()
    ) == ["j", "page"]


@pytest.mark.skipif(sys.platform != "linux", reason="isolation is for Linux")
def test_bubblewrap_that_cannot_start_is_reported_or_refused(folder, capsys, monkeypatch):
    """On a kernel without user namespaces a weaker level is used and reported, or refused if bubblewrap is required."""
    monkeypatch.undo()
    (folder / "bin").mkdir()
    (folder / "bin" / "bwrap").write_text(
        "#!/bin/sh\necho 'bwrap: setting up uid map: Permission denied' >&2\nexit 1\n",
        encoding="utf-8",
    )
    (folder / "bin" / "bwrap").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder / 'bin'}:{os.environ['PATH']}")
    line = refused(
        capsys, folder / "in", "--out", folder / "out", "--require-isolation", "bubblewrap"
    )
    assert (
        "setting up uid map: Permission denied" in line
        and "--require-isolation" in line
        and not (folder / "out").exists()
    )
    arguments = [str(folder / "in"), "--out", str(folder / "out")]
    run.open_record(options.read_options(arguments))
    assert capsys.readouterr().err == (
        "isolation: only process (bubblewrap: the sandbox (bubblewrap) did not start: bwrap: "
        "setting up uid map: Permission denied)\n"
    )


def start_grader(folder, out, **more):
    """Start a grader of folder/in whose temporary files go to folder/tmp; `more` are arguments of Popen."""
    (folder / "tmp").mkdir(exist_ok=True)
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            "grading.grade",
            str(folder / "in"),
            "--out",
            str(out),
            "--homework",
            "hmm",
            "--seed",
            "5",
            "-j",
            "1",
        ],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(folder / "tmp")},
        **more,
    )


def wait_until(condition, seconds=120):
    """Wait until condition() is true; fails if that takes longer than `seconds`."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def group_lives(number):
    """Whether a process of this process group exists."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(number, 0)
        return True
    return False


@pytest.mark.usefixtures("usual_signals")
@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize(
    "number",
    [
        "SIGHUP",
        pytest.param("SIGTERM", marks=pytest.mark.slow),
        pytest.param("SIGINT", marks=pytest.mark.slow),
    ],
)
def test_signal_stops_the_run_cleanly(tmp_path, number):
    """The run ends with one line, leaves no temporary file and no process, and the same command continues it."""
    hand_in(tmp_path / "in", "1", "hmm", solved("hmm"))
    hand_in(tmp_path / "in", "2", "hmm", {"model.py": b"import time\ntime.sleep(1000)\n"})
    process = start_grader(
        tmp_path, tmp_path / "out", stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    with ended(process):
        wait_until(
            lambda: (
                (tmp_path / "out" / "journal.jsonl").is_file()
                and (tmp_path / "out" / "journal.jsonl").stat().st_size
            )
        )
        os.killpg(process.pid, getattr(signal, number))
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130 and "Traceback" not in errors
    assert errors.splitlines()[-1].endswith(
        "stopped; what is graded is kept, run the same command to continue"
    )
    wait_until(lambda: not os.listdir(tmp_path / "tmp") and not group_lives(process.pid))
    assert [entry.student for entry in entries_of(tmp_path / "out")] == ["1"]


@pytest.mark.skipif(sys.platform != "linux", reason="isolation is for Linux")
def test_leftovers_of_a_killed_grader_are_removed(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    kept = [f"{PREFIX}{os.getpid()}-x", f"{PREFIX}mine-x", "other"]
    for name in (f"{PREFIX}{gone.pid}-x", *kept):
        (tmp_path / name).mkdir()
    isolation.sweep()
    assert sorted(path.name for path in tmp_path.iterdir()) == kept


@pytest.mark.skipif(os.name != "posix", reason="terminals")
def test_run_continues_under_nohup(tmp_path):
    hand_in(tmp_path / "in", "1", "hmm", {"model.py": MODEL})
    terminal, grader_side = os.openpty()
    process = start_grader(
        tmp_path,
        tmp_path / "out",
        stderr=grader_side,
        stdout=grader_side,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),
    )
    with ended(process):
        os.close(grader_side)
        os.read(terminal, 1)  # the progress bar has appeared
        os.close(terminal)
        # exit code 120 would mean that output left for the terminal could not be flushed
        assert process.wait(120) == 0
    assert (tmp_path / "out" / "grades.html").is_file()


# ---------------------------------------------------------------- formats, suspicions


def test_gradescope_and_classroom50_results_fit_their_schemas(graded_class):
    jsonschema = needed("jsonschema")
    schemas = ROOT / "grading" / "schemas"
    for student in graded_class[1].report.marks.students[:2]:
        result = formats.gradescope(student)
        jsonschema.validate(
            result, json.loads((schemas / "gradescope.json").read_text(encoding="utf-8"))
        )
        assert sum(test["max_score"] for test in result["tests"]) == 100
        jsonschema.validate(
            formats.classroom50(student),
            json.loads((schemas / "classroom50.json").read_text(encoding="utf-8")),
        )


def test_junit_fits_its_schema(graded_class):
    schema = needed("xmlschema").XMLSchema(str(ROOT / "grading" / "schemas" / "junit.xsd"))
    for student in graded_class[1].report.marks.students[:2]:
        schema.validate(formats.junit(student))


def test_reports_do_not_reveal_the_right_choice(tmp_path):
    """A report says whether a choice is right but does not reveal the right letter: all wrong letters read alike."""
    theory = solved("hmm")["theory.py"].decode()
    for letter in "ABCD":
        code = re.sub(r'return "[A-D]"', f'return "{letter}"', theory)
        hand_in(tmp_path / "in", f"all {letter}", "hmm", {"theory.py": code.encode()})
    hidden = {check.id: check for check in load_checks("hmm") if check.hidden and not check.bonus}
    grade_folder(
        tmp_path / "in",
        tmp_path / "out",
        "--blank",
        *hidden,
        "--format",
        "gradescope",
        "junit",
        "classroom50",
    )
    shown = {id: set() for id in hidden}
    for letter in "ABCD":
        folder = tmp_path / "out" / "students" / run_files.folder_name(f"all {letter}")
        for row in json.loads((folder / "result.json").read_text(encoding="utf-8"))["homeworks"][
            "hmm"
        ]["blanks"]:
            if row["id"] in shown:
                shown[row["id"]].add((row["status"], row["points"], json.dumps(row["checks"])))
        text = "".join(path.read_text(encoding="utf-8") for path in folder.iterdir())
        assert (
            len(list(folder.iterdir())) == 5
            and "expected" not in text.replace("expected_counts", "")
            and "another letter" not in text
        )
        for check in hidden.values():
            source = inspect.getsource(
                getattr(importlib.import_module("tests.reference.hmm"), check.name)
            )
            assert not [
                line
                for line in source.splitlines()
                if len(line.strip()) > 12 and line.strip() in text
            ]
    for id, check in hidden.items():
        right = FreshCases(5).for_check(check)[0].expected["letter"]
        assert right in "ABCD" and sorted(status for status, _, _ in shown[id]) == [
            "done",
            "wrong",
        ], shown[id]


def test_suspicious_calls_and_overlong_files_are_listed():
    code = solved("hmm")["model.py"]
    cheat = code + b"\nimport hmmlearn\nimport os\ndef leave():\n    os._exit(0)\n"
    hits = suspicions.suspicious_calls(intake.empty_files("hmm") | {"model.py": cheat}, "hmm")
    assert any("hmmlearn" in hit for hit in hits) and any("os._exit" in hit for hit in hits)
    assert suspicions.suspicious_calls(intake.empty_files("hmm") | solved("hmm"), "hmm") == []
    long = {"a.py": b"#" * copying.MAX_CODE, "model.py": cheat}
    assert suspicions.suspicious_calls(long, "hmm") == ["hmm/a.py: too long to look through", *hits]
    zh = suspicions.find_suspicions({"hmm": {"张三": long}}, "zh")[0]
    assert zh.text == "张三：hmm/a.py：太长，没有查看（另有 2 处）"
    assert re.fullmatch(r"hmm/model\.py 第 \d+ 行：hmmlearn", zh.lines[1]), zh.lines
