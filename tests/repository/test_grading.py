"""Grading a class: what is read, marks against the known truth, resuming, the roster, written answers, formats."""

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
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile

import pytest

from course import markers, mistakes, settings, verdict
from course.cases import FreshCases
from course.checks import load_checks
from course.homeworks import HOMEWORKS, ROOT
from course.runner import InProcessRunner
from grading import (
    copying,
    formats,
    grade,
    isolation,
    journal,
    marks,
    report,
    submissions,
    suspicions,
)

READY = [homework for homework in HOMEWORKS if (ROOT / "tests" / f"test_{homework}.py").is_file()]
pytestmark = pytest.mark.xdist_group("grading")
MODEL = b"def forward(pi, A, B, obs):\n    return 1\n"
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def solved(homework):
    return {path.name: path.read_bytes() for path in (ROOT / homework).glob("*.py")}


def hand_in(folder, name, homework, files):
    for inside, data in files.items():
        path = folder / name / homework / inside
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def grade_folder(folder, out, *flags, homeworks=("hmm",)):
    args = grade.get_parser().parse_args(
        [
            str(folder),
            "--out",
            str(out),
            "--quiet",
            "-j",
            "2",
            "--seed",
            "5",
            "--homework",
            *homeworks,
            *flags,
        ]
    )
    entries, problems, errors, settings = grade.run(args)
    grade.write_reports(args, entries, problems, errors, settings)
    return entries, problems, errors


# ---------------------------------------------------------------- reading


def zipped(names):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in names.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def tarred(names, kind=tarfile.REGTYPE):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, data in names.items():
            info = tarfile.TarInfo(name)
            info.size, info.type = len(data) if kind == tarfile.REGTYPE else 0, kind
            info.linkname = "/etc/passwd"
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


@pytest.mark.parametrize(
    "names",
    [
        {"hmm/model.py": MODEL},
        {"20260001_张三/hmm/model.py": MODEL},
        {"a/b/hmm/model.py": MODEL, "__MACOSX/hmm/._model.py": b"x"},
        {"hmm\\model.py": MODEL},
        {"phone_store.py": b"", "model.py": MODEL},
        {"work/phone_store.py": b"", "work/model.py": MODEL},
    ],
)
@pytest.mark.parametrize("kind", ["zip", "tar.gz", "folder"])
def test_a_homework_is_found_wherever_it_lies(tmp_path, names, kind):
    path = tmp_path / f"one.{kind}" if kind != "folder" else tmp_path / "one"
    if kind == "zip":
        path.write_bytes(zipped(names))
    elif kind == "tar.gz":
        path.write_bytes(tarred(names))
    else:
        for name, data in names.items():
            file = path / name.replace("\\", "/")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
    read = submissions.read(submissions.find(tmp_path)[0], ["hmm", "gpt_songci"])
    assert (
        read.name == "one" and set(read.files) == {"hmm"} and read.files["hmm"]["model.py"] == MODEL
    ), read.problems


def test_gbk_names_of_chinese_windows(tmp_path):
    data = zipped({"hmm/model.py": MODEL, "ABCDEF/hmm/answers.md": b""})
    (tmp_path / "one.zip").write_bytes(data.replace(b"ABCDEF", "作业一".encode("gbk")))
    read = submissions.read(tmp_path / "one.zip", ["hmm"])
    assert read.files["hmm"]["model.py"] == MODEL and not any(
        "\ufffd" in line for line in read.problems
    )


@pytest.mark.parametrize(
    "data, words",
    [
        (zipped({"../hmm/model.py": MODEL}), "outside"),
        (zipped({"/hmm/model.py": MODEL}), "outside"),
        (zipped({"C:/hmm/model.py": MODEL}), "outside"),
        (zipped({"x.py": MODEL}), "nothing of hmm"),
        (b"no zip", "not read"),
        (zipped({f"{n}.txt": b"" for n in range(submissions.MAX_FILES + 1)}), "more than"),
    ],
)
def test_archives_that_are_refused(tmp_path, data, words):
    (tmp_path / "one.zip").write_bytes(data)
    read = submissions.read(tmp_path / "one.zip", ["hmm"])
    assert not read.files and words in read.problems[0]


def test_what_is_no_archive_is_named(tmp_path):
    """A .rar belongs to a student, whose report says so; other files are listed."""
    for name in ("20260001_张三.rar", "roster.csv", ".hidden", "q1_softmax.py"):
        (tmp_path / name).write_bytes(b"Rar!")
    (path,) = submissions.find(tmp_path)
    read = submissions.read(path, ["hmm"])
    assert read.name == "20260001_张三" and "ask for a .zip" in read.problems[0]
    assert submissions.left_out(tmp_path) == ["q1_softmax.py", "roster.csv"]


def test_more_than_a_sandbox_holds_is_left_out(tmp_path, monkeypatch):
    """Neither too much code nor a tar that takes minutes to pass over stops the rest."""
    monkeypatch.setattr(submissions, "MAX_CODE", len(MODEL) + 20)
    (tmp_path / "one.zip").write_bytes(zipped({"hmm/model.py": MODEL, "hmm/more.py": b"#" * 30}))
    read = submissions.read(tmp_path / "one.zip", ["hmm"])
    assert list(read.files["hmm"]) == ["model.py"] and read.problems == [
        "hmm/more.py: past 0 MiB of code, not graded"
    ]
    member = tarfile.TarInfo("hmm/model.pt")
    member.size = submissions.MAX_LEFT + 1
    (tmp_path / "two.tar").write_bytes(member.tobuf())
    assert submissions.read(tmp_path / "two.tar", ["hmm"]).problems == [
        "not read: more than 2 GiB unpacked"
    ]


def test_names_that_no_folder_can_hold(tmp_path):
    """A file inside a file, a name that is too long: left out, and the rest is graded."""
    (tmp_path / "one.zip").write_bytes(
        zipped({"hmm/model.py": MODEL, "hmm/model.py/x.py": b"", f"hmm/{'空' * 90}.py": b""})
    )
    read = submissions.read(tmp_path / "one.zip", ["hmm"])
    files = submissions.complete(read, "hmm")
    assert (
        files["model.py"] == MODEL
        and set(files) == set(submissions.empty_files("hmm"))
        and "too long" in read.problems[0]
    )


def test_no_two_submissions_share_a_folder():
    taken = report.folder_name("a b")
    assert (
        len(
            {
                report.folder_name(name)
                for name in ("a b", taken, report.folder_name(taken), "\udcff", "\udcfe")
            }
        )
        == 5
    )


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE]
)
def test_links_and_devices_in_a_tar_are_refused(tmp_path, kind):
    (tmp_path / "one.tar.gz").write_bytes(tarred({"hmm/model.py": b""}, kind))
    read = submissions.read(tmp_path / "one.tar.gz", ["hmm"])
    assert not read.files and "link or device" in read.problems[0]


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda folder: None, "no submission"),
        (lambda folder: folder.rmdir(), "no such folder"),
        (
            lambda folder: (
                [(folder / name).mkdir() for name in ("a", "b")] + [(folder / "a.zip").touch()]
            ),
            "two submissions with one name",
        ),
    ],
)
def test_folders_that_cannot_be_graded(tmp_path, make, words):
    folder = tmp_path / "in"
    folder.mkdir()
    make(folder)
    with pytest.raises(submissions.Refused, match=words):
        submissions.find(folder)


# ---------------------------------------------------------------- marks


def known_points(homework, cases):
    """{(blank, mistake id or "solved"): points}, each found alone and in process."""
    truth = {}
    for id, region in markers.blanks(ROOT / homework).items():
        truth[id, "solved"] = region.points
    for known in mistakes.load(homework):
        door = InProcessRunner(sources=mistakes.sources(known))
        checks = [one for one in load_checks(homework) if one.id == known.blank]
        truth[known.blank, known.id] = sum(verdict.run(one, door, cases).points for one in checks)
    return truth


def alone(homework):
    """{blank: [mistake]} of the mistakes that call no other blank: their marks do not depend on what stands around."""
    functions = {
        id: region.function.rpartition(".")[2]
        for id, region in markers.blanks(ROOT / homework).items()
    }
    found = {}
    for one in mistakes.load(homework):
        words = set(re.findall(r"\w+", mistakes.body(one)))
        if not words & {name for id, name in functions.items() if id != one.blank}:
            found.setdefault(one.blank, []).append(one)
    return found


def mixture(homework, rng):
    """Files of a submission in which each blank is solved, empty or mistaken by chance, and {blank: what}."""
    chosen = {}
    known = alone(homework)
    files = solved(homework)
    for path in sorted((ROOT / homework).glob("*.py")):
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        for region in reversed(markers.regions(path)):
            kind = rng.choice(
                ["solved", "empty", "mistake"] if known.get(region.id) else ["solved", "empty"]
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
                one = rng.choice(known[region.id])
                chosen[region.id] = one.id
                text = mistakes.body(one)
                lines[region.begin - 1 : region.end] = [
                    "".join(
                        region.indent + line if line.strip() else line
                        for line in (text + "\n").splitlines(keepends=True)
                    )
                ]
        files[path.name] = "".join(lines).encode("utf-8")
    return files, chosen


def check_class(tmp_path, homeworks, students):
    """Grade mixtures of all homeworks; every blank's points equal the truth. Returns seconds."""
    rng, folder, chosen = random.Random(7), tmp_path / "in", {}
    for number in range(students):
        for homework in homeworks:
            files, chosen[f"s{number:03}", homework] = mixture(homework, rng)
            hand_in(folder, f"s{number:03}", homework, files)
    started = time.monotonic()
    entries, problems, errors = grade_folder(folder, tmp_path / "out", homeworks=homeworks)
    seconds = time.monotonic() - started
    assert not errors and not any(problems.values())
    for homework in homeworks:
        truth = known_points(homework, FreshCases(5))
        for (student, owner), what in chosen.items():
            if owner == homework:
                given = {
                    row["id"]: row["points"]
                    for row in marks.homework_marks(entries[student, homework])["blanks"]
                }
                expected = {id: truth.get((id, kind), 0) for id, kind in what.items()}
                assert {id: points for id, points in given.items() if id in expected} == expected, (
                    student,
                    what,
                )
    return seconds


def test_marks_equal_the_known_truth(tmp_path):
    check_class(tmp_path, ["hmm"], 6)


@pytest.mark.deep
def test_marks_equal_the_known_truth_for_a_whole_class(tmp_path, capsys):
    resource = pytest.importorskip("resource")
    seconds = check_class(tmp_path, READY, 200)
    ours, theirs = (
        resource.getrusage(who).ru_maxrss / 1024
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    with capsys.disabled():
        print(
            f"\n200 submissions x {len(READY)} homeworks in {seconds:.0f} s, -j 2; largest process {max(ours, theirs):.0f} MB"
        )


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """A small graded class: a solved, an empty and a copied submission, one that is nothing."""
    place = tmp_path_factory.mktemp("class")
    answers = "# x\n\n## w1 (10)\n\nMy <b>answer</b> <script>alert(1)</script> ![c](curve.png)\n\n## w2 (6)\n\n### 1. A\nunder w2\n"
    hand_in(
        place / "in",
        "20260001_张三",
        "hmm",
        solved("hmm")
        | {"answers.md": answers.encode(), "curve.png": PICTURE, "w2.pdf": b"%PDF-1.4"},
    )
    hand_in(place / "in", "20260002", "hmm", submissions.empty_files("hmm"))
    (place / "in" / "nothing").mkdir()
    grade_folder(place / "in", place / "out")
    return place


def test_files_of_a_run(graded):
    rows = list(
        csv.DictReader(io.StringIO((graded / "out" / "grades.csv").read_text(encoding="utf-8-sig")))
    )
    assert [row["hmm"] for row in rows] == ["100", "0", ""]
    assert (graded / "out" / "grades.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    page = (graded / "out" / "grades.html").read_text(encoding="utf-8")
    assert (
        "张三" in page
        and "default-src 'none'" in page
        and "http://" not in page
        and "https://" not in page
    )
    folder = report.folder_name("20260001_张三")
    result = json.loads(
        (graded / "out" / "students" / folder / "result.json").read_text(encoding="utf-8")
    )
    assert result["total"] == 100 and result["isolation"]["level"] in (
        "bubblewrap",
        "process",
        "plain",
    )
    run = json.loads((graded / "out" / "run.json").read_text(encoding="utf-8"))
    assert run["seed"] == 5


def test_nothing_is_graded_twice(graded):
    before = len(list(journal.Journal(graded / "out" / "journal.jsonl").read()))
    grade_folder(graded / "in", graded / "out")
    new = list(journal.Journal(graded / "out" / "journal.jsonl").read())[before:]
    assert new and all(entry.get("cached") for entry in new)


def test_regrading_one_blank_keeps_the_others(graded):
    entries, _, _ = grade_folder(graded / "in", graded / "out", "--blank", "hmm-03")
    assert sum(result["points"] for result in entries["20260001_张三", "hmm"]["results"]) == 100


def test_other_folders_are_not_written_into(tmp_path, graded):
    (tmp_path / "mine.txt").write_text("x", encoding="utf-8")
    with pytest.raises(grade.GradeError, match="something else"):
        grade_folder(graded / "in", tmp_path)
    with pytest.raises(grade.GradeError, match="seed 5"):
        args = grade.get_parser().parse_args(
            [str(graded / "in"), "--out", str(graded / "out"), "--seed", "6"]
        )
        grade.run(args)


def test_a_stopped_run_ends_with_the_same_files(tmp_path, graded):
    compare_killed(tmp_path, graded / "in", moments=[1.2])


@pytest.mark.deep
def test_killed_at_20_random_moments(tmp_path, graded):
    rng = random.Random(3)
    compare_killed(tmp_path, graded / "in", [rng.uniform(0.1, 6) for _ in range(20)])


def compare_killed(tmp_path, folder, moments):
    """Kill the grader after each of `moments` seconds, go on, and compare all files but the journal."""
    command = [
        sys.executable,
        "-m",
        "grading.grade",
        str(folder),
        "--homework",
        "hmm",
        "--seed",
        "5",
        "--quiet",
        "-j",
        "2",
    ]
    whole = tmp_path / "whole"
    subprocess.run([*command, "--out", str(whole)], cwd=ROOT, check=True, capture_output=True)
    for number, moment in enumerate(moments):
        out = tmp_path / f"killed{number}"
        process = subprocess.Popen(
            [*command, "--out", str(out)],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            process.wait(moment)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        subprocess.run([*command, "--out", str(out)], cwd=ROOT, check=True, capture_output=True)
        kept = {
            path.relative_to(out).as_posix(): path.read_bytes()
            for path in out.rglob("*")
            if path.is_file()
        }
        first = {
            path.relative_to(whole).as_posix(): path.read_bytes()
            for path in whole.rglob("*")
            if path.is_file()
        }
        for files in (kept, first):
            files.pop("journal.jsonl")
        assert kept == first, f"killed after {moment:.2f} s"


def test_a_journal_survives_cuts(tmp_path):
    book = journal.Journal(tmp_path / "j")
    for number in range(3):
        book.append({"n": number, "text": "汉\n字"})
    whole = (tmp_path / "j").read_bytes()
    (tmp_path / "j").write_bytes(whole[:-9])
    assert [entry["n"] for entry in book.read()] == [0, 1] and book.damaged == 1
    book.append({"n": 3})
    assert [entry["n"] for entry in book.read()] == [0, 1, 3]
    (tmp_path / "j").write_bytes(whole.replace(b'"n": 1', b'"n": 9'))
    assert [entry["n"] for entry in book.read()] == [0, 2]


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_a_grading_process_that_dies_is_the_graders_error(tmp_path, graded, monkeypatch):
    """It is told apart from a student's error, and the earlier mark stays."""

    def dies(pipe, settings):
        os.kill(os.getpid(), signal.SIGKILL)

    before = grade.latest(journal.Journal(graded / "out" / "journal.jsonl"))
    settings = {"homeworks": ["hmm"]}
    monkeypatch.setattr(
        grade.multiprocessing,
        "get_context",
        lambda kind: __import__("multiprocessing").context.ForkContext(),
    )
    monkeypatch.setattr(grade, "work", dies)
    problems, errors = grade.grade_class(
        [str(graded / "in" / "20260002")],
        settings,
        1,
        journal.Journal(graded / "out" / "journal.jsonl"),
        quiet=True,
    )
    assert problems == {"20260002": []} and "nothing was marked" in errors["20260002"]
    assert grade.latest(journal.Journal(graded / "out" / "journal.jsonl")) == before


def test_an_error_of_the_grader_is_no_mark(graded, monkeypatch):
    """A check that breaks leaves no entry: the earlier mark stays, the error says where, the page tells the student."""

    def breaks(*args):
        raise LookupError("a reference that is not there")

    monkeypatch.setattr(grade, "grade_homework", breaks)
    run_settings = {
        "homeworks": ["hmm"],
        "digests": {"hmm": "new"},
        "seed": 5,
        "blanks": None,
        "done": set(),
        "level": "plain",
        "limits": {},
    }
    answer = grade.grade_submission(graded / "in" / "20260002", run_settings, {"hmm": None}, None)
    assert answer["entries"] == [] and answer["problems"] == []
    assert re.match(
        r"hmm: LookupError: a reference that is not there \(test_grading.py, line \d+\)",
        answer["errors"][0],
    )
    entries = grade.latest(journal.Journal(graded / "out" / "journal.jsonl"))
    students, _, _ = marks.collect(
        entries, {"20260002": []}, {"20260002": answer["errors"][0]}, settings.load()
    )
    student = next(one for one in students if one.submission == "20260002")
    assert student.homeworks["hmm"]["possible"] == 100
    assert report.WORDS["zh"]["grader_error"] in report.student_page(
        student, {"isolation": {"level": "plain"}}
    )


# ---------------------------------------------------------------- roster, written answers


def write_csv(path, text, encoding="utf-8"):
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk"])
def test_roster(tmp_path, encoding):
    path = write_csv(
        tmp_path / "roster.csv",
        "id,name,received\n20260001,张三,2026-11-20 10:00\n20260003,李四,\n",
        encoding,
    )
    rows = marks.read_table(path, ["id", "name"])
    found, missing, unknown = marks.match(rows, ["20260001_张三_hw", "stranger"])
    assert (
        found["20260001_张三_hw"]["name"] == "张三"
        and [row["id"] for row in missing] == ["20260003"]
        and unknown == ["stranger"]
    )


@pytest.mark.parametrize("text, words", [("name\nx\n", "no column id"), ("id,name\n1,a\n", None)])
def test_a_roster_without_columns(tmp_path, text, words):
    path = write_csv(tmp_path / "roster.csv", text)
    if words:
        with pytest.raises(marks.RosterError, match=words):
            marks.read_table(path, ["id", "name"])
    else:
        assert marks.read_table(path, ["id", "name"]) == [{"id": "1", "name": "a"}]


@pytest.mark.parametrize(
    "text, words",
    [
        ("id,name\n,a\n", "line 2: no id"),
        ("id,name\n1,a\n1,b\n", "line 3: id 1 stands in line 2 too"),
        ("id,name,lang\n1,a,fr\n", "line 2: lang 'fr'"),
        ("id,name,received\n1,a,soon\n", "line 2: 'soon' is no date"),
    ],
)
def test_rosters_that_say_what_cannot_be(tmp_path, text, words):
    about = settings.load()
    about.homeworks["hmm"].due = datetime.datetime.fromisoformat("2026-10-12T23:59:00+08:00")
    with pytest.raises(marks.RosterError, match=words):
        marks.read_roster(write_csv(tmp_path / "roster.csv", text), about)


def test_reports_are_in_the_students_language(tmp_path):
    about = settings.load()
    rows = marks.read_roster(
        write_csv(tmp_path / "roster.csv", "id,name,lang\n1,a,en\n2,b,\n"), about
    )
    students, _, _ = marks.collect({}, {"1": [], "2": []}, {}, about, rows, lang="zh")
    assert [one.lang for one in students] == ["en", "zh"]
    pages = [report.student_page(one, {"isolation": {"level": "plain"}}) for one in students]
    assert '<html lang="en">' in pages[0] and '<html lang="zh">' in pages[1]


def test_late_days():
    due = datetime.datetime.fromisoformat("2026-10-12T23:59:00+08:00")
    assert [
        marks.late_days(text, due, "row")
        for text in (
            "2026-10-12 23:59",
            "2026-10-13 00:00",
            "2026-10-14T00:00:00+08:00",
            "2026-10-12T16:30:00+00:00",
            "",
        )
    ] == [0, 1, 2, 1, 0]
    with pytest.raises(marks.RosterError, match="no date"):
        marks.late_days("yesterday", due, "row")


def test_manual_marks_are_read_back_and_kept(graded):
    out, about = graded / "out", settings.load()
    path = write_csv(out / "manual.csv", "student,id,points,comment\n20260001_张三,hmm/w1,7.5,好\n")
    before = path.read_bytes()
    for _ in range(2):
        grade_folder(graded / "in", out)
        result = json.loads(
            (out / "students" / report.folder_name("20260001_张三") / "result.json").read_text(
                encoding="utf-8"
            )
        )
        assert result["total"] == 107.5 and result["written"] == {
            "hmm": {"w1": {"points": 7.5, "comment": "好"}}
        }
        assert path.read_bytes() == before
    assert "20260001_张三,hmm/w1,7.5,好" in (out / "manual-template.csv").read_text(
        encoding="utf-8-sig"
    )
    for line, words in (
        ("20260001,hmm/w1,11,", "has 10"),
        ("20260001,hmm/w9,1,", "no written question"),
        ("x,hmm/w1,a,", "no number"),
    ):
        with pytest.raises(marks.RosterError, match="line 2.*" + words):
            marks.manual_points(
                write_csv(out.parent / "bad.csv", "student,id,points,comment\n" + line + "\n"),
                about,
            )
    path.unlink()


def test_written_answers_are_collected_and_cannot_run(graded):
    page = (graded / "out" / "written" / "hmm-w1.html").read_text(encoding="utf-8")
    assert "&lt;script&gt;" in page and "<script>alert" not in page and "张三" in page
    picture, paper = (
        f"files/{report.folder_name('20260001_张三')}/hmm/{name}"
        for name in ("curve.png", "w2.pdf")
    )
    assert (
        f'src="{picture}"' in page
        and (graded / "out" / "written" / picture).read_bytes() == PICTURE
    )
    page = (graded / "out" / "written" / "hmm-w2.html").read_text(encoding="utf-8")
    assert (
        "under w2" in page
        and f'href="{paper}"' in page
        and (graded / "out" / "written" / paper).is_file()
    )


def test_too_many_pictures_are_left_out_and_named(tmp_path, monkeypatch):
    monkeypatch.setattr(submissions, "MAX_WRITTEN", 100)
    hand_in(tmp_path, "one", "hmm", {"model.py": MODEL, "a.png": b"x" * 80, "b.png": b"x" * 80})
    read = submissions.read(tmp_path / "one", ["hmm"])
    assert (
        list(read.written["hmm"]) == ["a.png"]
        and read.files["hmm"]
        and "hmm/b.png" in read.problems[0]
    )


def test_spreadsheet_formulas_are_text():
    assert (
        report.cell("=cmd|' /C calc'!A0").startswith("'=")
        and report.cell("a\nb") == "a b"
        and report.cell(-1) == "-1"
    )


def test_course_toml_is_checked(tmp_path):
    for text, words in (
        ("[homework.x]\n", "is not a homework"),
        ("[homework.hmm]\ndue = 2026-10-12T23:59:00\n", "offset"),
        ("[", "course.toml"),
    ):
        with pytest.raises(settings.CourseError, match=words):
            settings.load(write_csv(tmp_path / "course.toml", text))


# ---------------------------------------------------------------- bad input: one clear line, nothing lost


def refused(capsys, *flags):
    """The one line that the grader ends with, exit code 2."""
    with pytest.raises(SystemExit) as stopped:
        grade.main([*map(str, flags)])
    lines = capsys.readouterr().err.splitlines()
    assert stopped.value.code == 2 and len(lines) == 1, lines
    return lines[0]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with one submission; the isolation is not asked for."""
    monkeypatch.setattr(isolation, "strongest", lambda limits=None, wanted=None: ("plain", {}, []))
    hand_in(tmp_path / "in", "20260001_a", "hmm", {"model.py": MODEL})
    return tmp_path


@pytest.mark.parametrize(
    "files, flags, words",
    [
        ({}, ["nowhere", "--out", "out"], "nowhere: no such folder"),
        ({"empty/readme.txt": ""}, ["empty", "--out", "out"], "empty holds no submission"),
        (
            {"in/20260001_A.zip": ""},
            ["in", "--out", "out"],
            "two submissions with one name: 20260001_A.zip and 20260001_a",
        ),
        ({"out/mine.txt": ""}, ["in", "--out", "out"], "out exists and holds something else"),
        ({"out": ""}, ["in", "--out", "out"], "out is a file"),
        ({}, ["in", "--out", "out", "--resume"], "holds no run"),
        ({}, ["in", "--out", "out", "-j", "0"], "-j: at least 1"),
        ({}, ["in", "--out", "out", "--blank", "hmm-77"], "no blank hmm-77"),
        ({}, ["in", "--out", "out", "--roster", "roster.csv"], "roster.csv: No such file"),
        (
            {"roster.csv": "name\nx\n"},
            ["in", "--out", "out", "--roster", "roster.csv"],
            "no column id",
        ),
        (
            {"roster.csv": "id,name\n20260001,x\n", "in/20260001_b/hmm/model.py": ""},
            ["in", "--out", "out", "--roster", "roster.csv"],
            "two submissions of 20260001",
        ),
        (
            {"manual.csv": "student,id,points\n1,hmm/w9,1\n"},
            ["in", "--out", "out", "--manual", "manual.csv"],
            "no written question",
        ),
        (
            {"manual.csv": "student,id,points\n20260001,hmm/w1,1\n"},
            ["in", "--out", "out", "--manual", "manual.csv"],
            "20260001: no submission of that name, and not on the roster",
        ),
        (
            {"manual.csv": "student,id,points\na,hmm/w1,1\na,hmm/w1,2\n"},
            ["in", "--out", "out", "--manual", "manual.csv"],
            "a has hmm/w1 in an earlier line too",
        ),
    ],
)
def test_what_is_refused(folder, files, flags, words, capsys, monkeypatch):
    """Before anything is graded or written."""
    monkeypatch.chdir(folder)
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    before = sorted(folder.rglob("*"))
    assert words in refused(capsys, *flags)
    assert sorted(folder.rglob("*")) == before


def test_files_that_cannot_be_read_are_named(folder, monkeypatch):
    """In a folder the rest is graded; a folder or archive that cannot be read at all says so. Nothing stops the class."""
    opened, listed = os.open, os.scandir

    def closed(path, *more, **named):
        if "closed" in os.path.basename(path):
            raise PermissionError(13, "Permission denied", path)
        return (opened if more else listed)(path, *more, **named)

    hand_in(folder / "in", "20260001_a", "hmm", {"closed.py": b""})
    hand_in(folder / "in", "closed", "hmm", {"model.py": MODEL})
    os.mkfifo(folder / "in" / "20260001_a" / "hmm" / "pipe.py")
    monkeypatch.setattr(os, "open", closed)
    monkeypatch.setattr(os, "scandir", closed)
    one, other = (submissions.read(path, ["hmm"]) for path in submissions.find(folder / "in"))
    assert list(one.files["hmm"]) == ["model.py"]
    assert one.problems == [
        "not read: hmm/closed.py (Permission denied)",
        "no regular file: hmm/pipe.py",
    ]
    assert not other.files and other.problems == ["not read: . (Permission denied)"]


def test_no_two_graders_write_into_one_folder(folder, capsys):
    with journal.Journal(folder / "out" / "journal.jsonl").held():
        (folder / "out" / "run.json").write_text('{"seed": 1}', encoding="utf-8")
        assert "another grader is at work" in refused(
            capsys, folder / "in", "--out", folder / "out"
        )


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")
def test_a_full_disk_ends_the_run_with_one_line(folder, capsys, monkeypatch):
    entry = {
        "student": "20260001_a",
        "homework": "hmm",
        "key": "k",
        "level": "plain",
        "only": None,
        "results": [],
    }
    monkeypatch.setattr(
        grade, "grade_class", lambda paths, settings, jobs, journal, quiet: journal.append(entry)
    )
    (folder / "out").mkdir()
    (folder / "out" / "run.json").write_text('{"seed": 1}', encoding="utf-8")
    (folder / "out" / "journal.jsonl").symlink_to("/dev/full")
    line = refused(capsys, folder / "in", "--out", folder / "out")
    assert "No space left on device" in line and "what is graded is kept" in line


@contextlib.contextmanager
def largest_file(size):
    """Inside, no file of this process grows past `size` bytes: as on a disk that is full."""
    resource = pytest.importorskip("resource")
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, old[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)


def test_a_full_disk_costs_nothing_that_was_there(tmp_path):
    book = journal.Journal(tmp_path / "j")
    book.append({"n": 0})
    report.write(tmp_path / "page", "old")
    with largest_file((tmp_path / "j").stat().st_size + 5), pytest.raises(OSError):
        book.append({"n": 1, "text": "x" * 1000})
    with largest_file(100), pytest.raises(OSError):
        report.write(tmp_path / "page", "new" * 1000)
    book.append({"n": 2})
    assert [entry["n"] for entry in book.read()] == [0, 2] and book.damaged == 1
    assert (tmp_path / "page").read_text() == "old" and sorted(
        path.name for path in tmp_path.iterdir()
    ) == ["j", "page"]


@pytest.mark.skipif(sys.platform != "linux", reason="isolation is for Linux")
def test_bubblewrap_that_may_not_start(folder, capsys, monkeypatch):
    """A kernel that forbids user namespaces: a weaker level, said at once; or one line, if bubblewrap is required."""
    monkeypatch.undo()
    (folder / "bin").mkdir()
    (folder / "bin" / "bwrap").write_text(
        "#!/bin/sh\necho 'bwrap: setting up uid map: Permission denied' >&2\nexit 1\n"
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
    grade.open_run(
        folder / "out",
        grade.get_parser().parse_args([str(folder / "in"), "--out", str(folder / "out")]),
    )
    assert capsys.readouterr().err == (
        "isolation: only process (bubblewrap: the sandbox (bubblewrap) did not start: bwrap: "
        "setting up uid map: Permission denied)\n"
    )


def grader(folder, out, **more):
    """A grader at work on its own terminal or pipe, with a private folder for temporary files."""
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


def until(condition, seconds=120):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def group_lives(number):
    with contextlib.suppress(ProcessLookupError):
        os.killpg(number, 0)
        return True
    return False


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize("number", ["SIGHUP", "SIGTERM", "SIGINT"])
def test_a_terminal_that_is_closed_stops_the_run_in_order(tmp_path, number):
    """One line, nothing left in the temporary folder, no process; the same command goes on."""
    hand_in(tmp_path / "in", "1", "hmm", solved("hmm"))
    hand_in(tmp_path / "in", "2", "hmm", {"model.py": b"import time\ntime.sleep(1000)\n"})
    process = grader(
        tmp_path, tmp_path / "out", stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    until(
        lambda: (
            (tmp_path / "out" / "journal.jsonl").is_file()
            and (tmp_path / "out" / "journal.jsonl").stat().st_size
        )
    )
    os.killpg(process.pid, getattr(signal, number))
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130 and "Traceback" not in said
    assert said.splitlines()[-1].endswith(
        "stopped; what is graded is kept, run the same command to go on"
    )
    until(lambda: not os.listdir(tmp_path / "tmp") and not group_lives(process.pid))
    assert [
        entry["student"] for entry in journal.Journal(tmp_path / "out" / "journal.jsonl").read()
    ] == ["1"]


@pytest.mark.skipif(sys.platform != "linux", reason="isolation is for Linux")
def test_what_a_killed_grader_left_is_swept(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    kept = [f"{isolation.PREFIX}{os.getpid()}-x", f"{isolation.PREFIX}mine-x", "other"]
    for name in (f"{isolation.PREFIX}{ended.pid}-x", *kept):
        (tmp_path / name).mkdir()
    isolation.sweep()
    assert sorted(path.name for path in tmp_path.iterdir()) == kept


@pytest.mark.skipif(os.name != "posix", reason="terminals")
def test_a_run_without_its_terminal_goes_on_under_nohup(tmp_path):
    hand_in(tmp_path / "in", "1", "hmm", {"model.py": MODEL})
    ours, theirs = os.openpty()
    process = grader(
        tmp_path,
        tmp_path / "out",
        stderr=theirs,
        stdout=theirs,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),
    )
    os.close(theirs)
    os.read(ours, 1)  # the bar is there
    os.close(ours)
    process.wait(120)
    assert (tmp_path / "out" / "grades.html").is_file()


# ---------------------------------------------------------------- formats, things worth a look


def test_formats_fit_their_schemas(graded):
    import jsonschema
    import xmlschema

    schemas = ROOT / "grading" / "schemas"
    entries = grade.latest(journal.Journal(graded / "out" / "journal.jsonl"))
    students, _, _ = marks.collect(entries, {}, {}, settings.load())
    for student in students:
        made = formats.gradescope(student)
        jsonschema.validate(
            made, json.loads((schemas / "gradescope.json").read_text(encoding="utf-8"))
        )
        assert sum(test["max_score"] for test in made["tests"]) == 100
        jsonschema.validate(
            formats.classroom50(student),
            json.loads((schemas / "classroom50.json").read_text(encoding="utf-8")),
        )
        xmlschema.XMLSchema(str(schemas / "junit.xsd")).validate(formats.junit(student))


def test_reports_hide_what_is_hidden(tmp_path):
    """Of a choice question a report tells whether it is right, and nothing that tells the right letter: all wrong ones read alike."""
    theory = solved("hmm")["theory.py"].decode()
    for letter in "ABCD":
        code = re.sub(r'return "[A-D]"', f'return "{letter}"', theory)
        hand_in(tmp_path / "in", f"all {letter}", "hmm", {"theory.py": code.encode()})
    hidden = {one.id: one for one in load_checks("hmm") if one.hidden}
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
    told = {id: set() for id in hidden}
    for letter in "ABCD":
        place = tmp_path / "out" / "students" / report.folder_name(f"all {letter}")
        for row in json.loads((place / "result.json").read_text(encoding="utf-8"))["homeworks"][
            "hmm"
        ]["blanks"]:
            told[row["id"]].add((row["status"], row["points"], json.dumps(row["checks"])))
        text = "".join(path.read_text(encoding="utf-8") for path in place.iterdir())
        assert (
            len(list(place.iterdir())) == 5
            and "expected" not in text
            and "another letter" not in text
        )
        for one in hidden.values():
            source = inspect.getsource(
                getattr(importlib.import_module("tests.reference.hmm"), one.name)
            )
            assert not [
                line
                for line in source.splitlines()
                if len(line.strip()) > 12 and line.strip() in text
            ]
    for id, one in hidden.items():
        right = FreshCases(5).for_check(one)[0].expected["letter"]
        assert right in "ABCD" and sorted(status for status, _, _ in told[id]) == [
            "done",
            "wrong",
        ], told[id]


def test_worth_a_look():
    code = solved("hmm")["model.py"]
    cheat = code + b"\nimport hmmlearn\nimport os\ndef leave():\n    os._exit(0)\n"
    hits = suspicions.calls(submissions.empty_files("hmm") | {"model.py": cheat}, "hmm")
    assert any("hmmlearn" in hit for hit in hits) and any("os._exit" in hit for hit in hits)
    assert suspicions.calls(submissions.empty_files("hmm") | solved("hmm"), "hmm") == []
    long = {"a.py": b"#" * copying.MAX_CODE, "model.py": cheat}
    assert suspicions.calls(long, "hmm") == ["hmm/a.py: too long to look through", *hits]
