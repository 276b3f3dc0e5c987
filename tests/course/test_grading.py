"""Grading a class: what is read, marks against the known truth, resuming, the roster, written answers, formats."""
import csv
import io
import json
import os
import random
import re
import signal
import subprocess
import sys
import tarfile
import time
import zipfile

import pytest

from grading import course, formats, grade, journal, markers, marks, report, submissions, suspicions
from tests import check, mistakes
from tests.student import HOMEWORKS, ROOT, InProcess

READY = [homework for homework in HOMEWORKS if (ROOT / "tests" / f"test_{homework}.py").is_file()]
pytestmark = pytest.mark.xdist_group("grading")
MODEL = b"def forward(pi, A, B, obs):\n    return 1\n"


def solved(homework):
    return {path.name: path.read_bytes() for path in (ROOT / homework).glob("*.py")}


def hand_in(folder, name, homework, files):
    for inside, data in files.items():
        path = folder / name / homework / inside
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def grade_folder(folder, out, *flags, homeworks=("hmm",)):
    args = grade.get_parser().parse_args([str(folder), "--out", str(out), "--quiet", "-j", "2", "--seed", "5",
                                          "--homework", *homeworks, *flags])
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


@pytest.mark.parametrize("names", [
    {"hmm/model.py": MODEL}, {"20260001_张三/hmm/model.py": MODEL}, {"a/b/hmm/model.py": MODEL, "__MACOSX/hmm/._model.py": b"x"},
    {"hmm\\model.py": MODEL}, {"phone_store.py": b"", "model.py": MODEL}, {"work/phone_store.py": b"", "work/model.py": MODEL}])
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
    assert read.name == "one" and set(read.files) == {"hmm"} and read.files["hmm"]["model.py"] == MODEL, read.problems


def test_gbk_names_of_chinese_windows(tmp_path):
    data = zipped({"hmm/model.py": MODEL, "ABCDEF/hmm/answers.md": b""})
    (tmp_path / "one.zip").write_bytes(data.replace(b"ABCDEF", "作业一".encode("gbk")))
    read = submissions.read(tmp_path / "one.zip", ["hmm"])
    assert read.files["hmm"]["model.py"] == MODEL and not any("\ufffd" in line for line in read.problems)


@pytest.mark.parametrize("data, words", [
    (zipped({"../hmm/model.py": MODEL}), "outside"), (zipped({"/hmm/model.py": MODEL}), "outside"),
    (zipped({"C:/hmm/model.py": MODEL}), "outside"), (zipped({"x.py": MODEL}), "nothing of hmm"), (b"no zip", "not read"),
    (zipped({f"{n}.txt": b"" for n in range(submissions.MAX_FILES + 1)}), "more than")])
def test_archives_that_are_refused(tmp_path, data, words):
    (tmp_path / "one.zip").write_bytes(data)
    read = submissions.read(tmp_path / "one.zip", ["hmm"])
    assert not read.files and words in read.problems[0]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_in_a_tar_are_refused(tmp_path, kind):
    (tmp_path / "one.tar.gz").write_bytes(tarred({"hmm/model.py": b""}, kind))
    read = submissions.read(tmp_path / "one.tar.gz", ["hmm"])
    assert not read.files and "link or device" in read.problems[0]


@pytest.mark.parametrize("make, words", [
    (lambda folder: None, "no submission"), (lambda folder: folder.rmdir(), "no such folder"),
    (lambda folder: [(folder / name).mkdir() for name in ("a", "b")] + [(folder / "a.zip").touch()], "two submissions with one name")])
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
        door = InProcess(sources=mistakes.sources(known))
        checks = [one for one in check.load_checks(homework) if one.id == known.blank]
        truth[known.blank, known.id] = sum(check.run(one, door, cases).points for one in checks)
    return truth


def alone(homework):
    """{blank: [mistake]} of the mistakes that call no other blank: their marks do not depend on what stands around."""
    functions = {id: region.function.rpartition(".")[2] for id, region in markers.blanks(ROOT / homework).items()}
    found = {}
    for one in mistakes.load(homework):
        words = set(re.findall(r"\w+", mistakes.body(one.function)))
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
            kind = rng.choice(["solved", "empty", "mistake"] if known.get(region.id) else ["solved", "empty"])
            if kind == "solved":
                chosen[region.id] = "solved"
            elif kind == "empty":
                chosen[region.id] = "empty"
                name = region.function.rpartition(".")[2]
                lines[region.begin - 1:region.end] = [
                    f'{region.indent}raise NotImplementedError("{homework}/{path.name}, blank {region.id} ({name}): still empty")\n']
            else:
                one = rng.choice(known[region.id])
                chosen[region.id] = one.id
                text = mistakes.body(one.function)
                lines[region.begin - 1:region.end] = ["".join(region.indent + line if line.strip() else line
                                                              for line in (text + "\n").splitlines(keepends=True))]
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
        truth = known_points(homework, check.FreshCases(5))
        for (student, owner), what in chosen.items():
            if owner == homework:
                given = {row["id"]: row["points"] for row in marks.homework_marks(entries[student, homework])["blanks"]}
                expected = {id: truth.get((id, kind), 0) for id, kind in what.items()}
                assert {id: points for id, points in given.items() if id in expected} == expected, (student, what)
    return seconds


def test_marks_equal_the_known_truth(tmp_path):
    check_class(tmp_path, ["hmm"], 6)


@pytest.mark.deep
def test_marks_equal_the_known_truth_for_a_whole_class(tmp_path, capsys):
    seconds = check_class(tmp_path, READY, 200)
    with capsys.disabled():
        print(f"\n200 submissions x {len(READY)} homeworks in {seconds:.0f} s, -j 2")


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """A small graded class: a solved, an empty and a copied submission, one that is nothing."""
    place = tmp_path_factory.mktemp("class")
    answers = "# x\n\n## w1 (10)\n\nMy <b>answer</b> <script>alert(1)</script>\n\n## w2 (6)\n"
    hand_in(place / "in", "20260001_张三", "hmm", solved("hmm") | {"answers.md": answers.encode()})
    hand_in(place / "in", "20260002", "hmm", submissions.empty_files("hmm"))
    (place / "in" / "nothing").mkdir()
    grade_folder(place / "in", place / "out")
    return place


def test_files_of_a_run(graded):
    rows = list(csv.DictReader(io.StringIO((graded / "out" / "grades.csv").read_text(encoding="utf-8-sig"))))
    assert [row["hmm"] for row in rows] == ["100", "0", ""]
    assert (graded / "out" / "grades.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    page = (graded / "out" / "grades.html").read_text(encoding="utf-8")
    assert "张三" in page and "default-src 'none'" in page and "http://" not in page and "https://" not in page
    folder = report.folder_name("20260001_张三")
    result = json.loads((graded / "out" / "students" / folder / "result.json").read_text(encoding="utf-8"))
    assert result["total"] == 100 and result["isolation"]["level"] in ("bubblewrap", "process", "plain")
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
        args = grade.get_parser().parse_args([str(graded / "in"), "--out", str(graded / "out"), "--seed", "6"])
        grade.run(args)


def test_a_stopped_run_ends_with_the_same_files(tmp_path, graded):
    compare_killed(tmp_path, graded / "in", moments=[1.2])


@pytest.mark.deep
def test_killed_at_20_random_moments(tmp_path, graded):
    rng = random.Random(3)
    compare_killed(tmp_path, graded / "in", [rng.uniform(0.1, 6) for _ in range(20)])


def compare_killed(tmp_path, folder, moments):
    """Kill the grader after each of `moments` seconds, go on, and compare all files but the journal."""
    command = [sys.executable, "-m", "grading.grade", str(folder), "--homework", "hmm", "--seed", "5", "--quiet", "-j", "2"]
    whole = tmp_path / "whole"
    subprocess.run([*command, "--out", str(whole)], cwd=ROOT, check=True, capture_output=True)
    for number, moment in enumerate(moments):
        out = tmp_path / f"killed{number}"
        process = subprocess.Popen([*command, "--out", str(out)], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(moment)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        subprocess.run([*command, "--out", str(out)], cwd=ROOT, check=True, capture_output=True)
        kept = {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.is_file()}
        first = {path.relative_to(whole).as_posix(): path.read_bytes() for path in whole.rglob("*") if path.is_file()}
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
    monkeypatch.setattr(grade.multiprocessing, "get_context", lambda kind: __import__("multiprocessing").context.ForkContext())
    monkeypatch.setattr(grade, "work", dies)
    problems, errors = grade.grade_class([str(graded / "in" / "20260002")], settings, 1,
                                         journal.Journal(graded / "out" / "journal.jsonl"), quiet=True)
    assert problems == {} and "nothing was marked" in errors["20260002"]
    assert grade.latest(journal.Journal(graded / "out" / "journal.jsonl")) == before


# ---------------------------------------------------------------- roster, written answers

def write_csv(path, text, encoding="utf-8"):
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk"])
def test_roster(tmp_path, encoding):
    path = write_csv(tmp_path / "roster.csv", "id,name,received\n20260001,张三,2026-11-20 10:00\n20260003,李四,\n", encoding)
    rows = marks.read_table(path, ["id", "name"])
    found, missing, unknown = marks.match(rows, ["20260001_张三_hw", "stranger"])
    assert found["20260001_张三_hw"]["name"] == "张三" and [row["id"] for row in missing] == ["20260003"] and unknown == ["stranger"]


@pytest.mark.parametrize("text, words", [("name\nx\n", "no column id"), ("id,name\n1,a\n", None)])
def test_a_roster_without_columns(tmp_path, text, words):
    path = write_csv(tmp_path / "roster.csv", text)
    if words:
        with pytest.raises(marks.RosterError, match=words):
            marks.read_table(path, ["id", "name"])
    else:
        assert marks.read_table(path, ["id", "name"]) == [{"id": "1", "name": "a"}]


def test_late_days():
    import datetime
    due = datetime.datetime.fromisoformat("2026-10-12T23:59:00+08:00")
    assert [marks.late_days(text, due, "row") for text in
            ("2026-10-12 23:59", "2026-10-13 00:00", "2026-10-14T00:00:00+08:00", "2026-10-12T16:30:00+00:00", "")] == [0, 1, 2, 1, 0]
    with pytest.raises(marks.RosterError, match="no date"):
        marks.late_days("yesterday", due, "row")


def test_manual_marks_are_read_back_and_kept(graded):
    out = graded / "out"
    about = course.load()
    about["homework"]["hmm"]["written"] = {"w1": 10}
    path = write_csv(out / "manual.csv", "student,id,points,comment\n20260001_张三,hmm/w1,7.5,好\n")
    given = marks.manual_points(path, about)
    entries = grade.latest(journal.Journal(out / "journal.jsonl"))
    students, _, _ = marks.collect(entries, {"20260001_张三": []}, {}, about, (), given)
    assert next(one for one in students if one.submission == "20260001_张三").total == 107.5
    before = path.read_bytes()
    grade_folder(graded / "in", out, "--manual", str(path)) if "w1" in course.load()["homework"]["hmm"]["written"] else None
    assert path.read_bytes() == before
    for line, words in (("20260001,hmm/w1,11,", "has 10"), ("20260001,hmm/w9,1,", "no written question"), ("x,hmm/w1,a,", "no number")):
        with pytest.raises(marks.RosterError, match="line 2.*" + words):
            marks.manual_points(write_csv(out.parent / "bad.csv", "student,id,points,comment\n" + line + "\n"), about)
    path.unlink()


def test_written_answers_are_collected_and_cannot_run(graded):
    about = course.load()
    about["homework"]["hmm"]["written"] = {"w1": 10, "w2": 6}
    read = submissions.read(graded / "in" / "20260001_张三", ["hmm"])
    pages = report.written_pages({read.name: read.written}, about, "zh")
    page = pages["hmm-w1.html"]
    assert "&lt;script&gt;" in page and "<script>alert" not in page and "张三" in page


def test_spreadsheet_formulas_are_text():
    assert report.cell("=cmd|' /C calc'!A0").startswith("'=") and report.cell("a\nb") == "a b" and report.cell(-1) == "-1"


def test_course_toml_is_checked(tmp_path):
    for text, words in (("[homework.x]\n", "no homework"), ("[homework.hmm]\ndue = 2026-10-12\n", "offset"), ("[", "course.toml")):
        with pytest.raises(course.CourseError, match=words):
            course.load(write_csv(tmp_path / "course.toml", text))


# ---------------------------------------------------------------- formats, things worth a look

def test_formats_fit_their_schemas(graded):
    import jsonschema
    import xmlschema
    schemas = ROOT / "grading" / "schemas"
    entries = grade.latest(journal.Journal(graded / "out" / "journal.jsonl"))
    students, _, _ = marks.collect(entries, {}, {}, course.load())
    for student in students:
        made = formats.gradescope(student)
        jsonschema.validate(made, json.loads((schemas / "gradescope.json").read_text(encoding="utf-8")))
        assert sum(test["max_score"] for test in made["tests"]) == 100
        jsonschema.validate(formats.classroom50(student), json.loads((schemas / "classroom50.json").read_text(encoding="utf-8")))
        xmlschema.XMLSchema(str(schemas / "junit.xsd")).validate(formats.junit(student))


def test_reports_hide_what_is_hidden(graded):
    """No input, no expected value of a choice question, and no source stands in a student's report."""
    hidden = [one for one in check.load_checks("hmm") if one.hidden]
    letters = {one.id: check.FreshCases(5).draws(one)[0].expected["letter"] for one in hidden}
    assert letters
    for path in (graded / "out" / "students").rglob("*"):
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            assert "def forward" not in text and "expected letter" not in text and '"expected"' not in text
    folder = graded / "out" / "students" / report.folder_name("20260002")
    result = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    for row in result["homeworks"]["hmm"]["blanks"]:
        if row["id"] in letters:
            assert row["status"] == "empty" and row["checks"][0]["message"][0].startswith("NOT FILLED IN")


def test_worth_a_look():
    code = solved("hmm")["model.py"]
    cheat = code + b"\nimport hmmlearn\nimport os\ndef leave():\n    os._exit(0)\n"
    hits = suspicions.calls(submissions.empty_files("hmm") | {"model.py": cheat}, "hmm")
    assert any("hmmlearn" in hit for hit in hits) and any("os._exit" in hit for hit in hits)
    assert suspicions.calls(submissions.empty_files("hmm") | solved("hmm"), "hmm") == []


def test_copied_submissions_are_shown_side_by_side():
    own = ("\ndef mine(table):\n    total = 0\n    for row, other in zip(table, table[1:]):\n"
           "        while row < other and total % 7 != 3:\n            total = total * 31 + (row ^ other) // 5\n"
           "            row += total & 15 or 1\n    return [total, -total, {total: table}]\n")
    renamed = own.replace("table", "rows").replace("total", "acc").replace("mine", "yours")
    different = "\ndef f(a):\n    return sorted(set(a), key=lambda x: (len(str(x)), x))[::-1]\n"
    empty = submissions.empty_files("hmm")
    model = empty["model.py"].decode()
    group = {name: empty | {"model.py": (model + text).encode()} for name, text in
             {"a": own, "b": renamed, "c": different, "d": "", "e": ""}.items()}
    found = suspicions.alike(group, "hmm")
    assert [(a, b) for a, b, _, _ in found] == [("a", "b")] and found[0][3]
