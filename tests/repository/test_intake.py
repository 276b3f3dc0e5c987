"""Reading a class: layouts of platforms and of students' archives, dangerous or damaged archives, limits."""

import contextlib
import io
import os
import pickle
import random
import re
import shutil
import stat
import subprocess
import tarfile
import tracemalloc
import zipfile
import zlib

import pytest

from course.homeworks import ROOT
from grading.intake import (
    Refused,
    archives,
    describe,
    read_class,
    read_roster,
    read_submission,
)
from grading.intake import submission as planned
from tests.repository import archives_made as made
from tests.repository import copies


@pytest.fixture(scope="module")
def roster(tmp_path_factory):
    """The roster of the layouts in archives_made.py."""
    path = tmp_path_factory.mktemp("roster") / "roster.csv"
    path.write_text(made.ROSTER, encoding="utf-8-sig")
    return read_roster(path)


def graded(submission, homework):
    """Authors of the graded files, from their "# by NAME" lines, joined by spaces; "" for the empty copy.

    Functions that were taken from another file (e.g. a notebook) count as written by "a".
    """
    texts = submission.files[homework].values()
    names = {text.rpartition(b"# by ")[2].strip().decode() for text in texts if b"# by " in text}
    if any(use.functions for use in submission.used):
        names.add("a")
    return " ".join(sorted(names))


@pytest.mark.parametrize("with_roster", [True, False], ids=["roster", "no roster"])
@pytest.mark.parametrize("name", made.LAYOUTS)
def test_layout_gives_every_person_their_own_work(name, with_roster, roster, tmp_path):
    check_layout(name, made.LAYOUTS[name], roster if with_roster else None, tmp_path)


def check_layout(name, layout, roster, tmp_path):
    """Who is found, what is graded of whom, and what is said: the row's, with and without a roster."""
    folder = tmp_path / "in"
    folder.mkdir()
    layout.make(folder)
    intake = read_class(folder / layout.root, layout.homeworks, roster=roster)
    matching = intake.match()
    students = {}
    for submission in intake.submissions:
        submission = pickle.loads(pickle.dumps(submission))
        work = {homework: graded(submission, homework) for homework in submission.homeworks}
        ids = " ".join(sorted(person.id for person in submission.people)) or submission.name
        assert ids not in students, [submission.name for submission in intake.submissions]
        students[ids] = work
        names = {name for files in submission.written.values() for name in files}
        assert names >= layout.written.get(ids, set()), (names, submission.unused)
    lines = "\n".join(describe(intake, matching))
    for empty_submission in ("20260009", "20260009_x"):
        students.pop(empty_submission, None)
    if roster:
        assert students == layout.people, lines
        assert (
            not matching.ambiguous
            and not matching.unknown
            or name.startswith(("zips in zips", "canvas: anonymous"))
        ), lines
    else:
        assert sorted(map(str, students.values())) == sorted(map(str, layout.people.values())), (
            lines
        )
    assert not layout.kind or intake.layout == layout.kind, lines
    for words in layout.words:
        assert words in lines, lines
    assert not layout.silent or not any(submission.problems for submission in intake.submissions), (
        lines
    )


# ---------------------------------------------------------------- files that are left out, limits


def read(path, homeworks=("hmm",)):
    """The Submission read from an archive or a folder."""
    return read_submission(path, homeworks)


@pytest.mark.parametrize(
    "files, words",
    [
        ({"../hmm/model.py": made.solved("hmm", "model.py")}, "outside"),
        ({"/hmm/model.py": b""}, "outside"),
        ({"C:/hmm/model.py": b""}, "outside"),
        ({"x.py": b"x = 1"}, "nothing of hmm"),
        ({f"hmm/{'空' * 90}.py": b""}, "too long"),
    ],
)
@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_dangerous_members_are_left_out_and_named(tmp_path, files, words, kind):
    """Members with dangerous paths are left out and named; the rest of the archive is graded."""
    path = tmp_path / f"one.{kind}"
    pack = made.zipped if kind == "zip" else made.tarred
    path.write_bytes(pack(files))
    submission = read(path)
    assert not submission.files and words in submission.problems[0]
    path.write_bytes(pack(files | {"hmm/model.py": made.solved_by("a")}))
    submission = read(path)
    assert submission.files["hmm"]["model.py"] == made.solved_by("a")
    assert words == "nothing of hmm" or words in submission.problems[0]


def test_pages_of_the_copy_are_not_written_work(tmp_path):
    """In a handed-in student copy the offline book and the interactive pages are not collected as written work."""
    page = ROOT / "hmm" / "play" / "trellis.html"
    written = {
        "hmm/model.py": made.solved_by("a"),
        "hmm/answers.html": b"mine",
        "hmm/play/own.html": b"x",
    }
    provided = {
        "book/index.html": b"<p>",
        "book/zh/hmm.html": b"<p>",
        "book/play/hmm-trellis.html": page.read_bytes(),
        "hmm/play/trellis.html": page.read_bytes(),
    }
    for folder in ("", "copy/"):
        path = tmp_path / "one.zip"
        path.write_bytes(
            made.zipped({folder + name: data for name, data in (written | provided).items()})
        )
        submission = read(path)
        assert set(submission.written["hmm"]) == {"answers.html", "play/own.html"}


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE]
)
def test_links_and_devices_in_a_tar_are_not_followed(tmp_path, kind):
    (tmp_path / "one.tar.gz").write_bytes(made.tarred({"hmm/model.py": b""}, kind=kind))
    submission = read(tmp_path / "one.tar.gz")
    assert not submission.files and "link or device" in submission.problems[0]


@pytest.mark.parametrize("kind", ["zip", "folder"])
def test_links_in_a_zip_and_in_a_folder_are_not_followed(tmp_path, kind):
    path = tmp_path / ("one.zip" if kind == "zip" else "two")
    if kind == "zip":
        link = zipfile.ZipInfo("hmm/model.py")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(link, "/etc/passwd")
    else:
        made.write(path, {"hmm/a.txt": b""})
        copies.link(path / "hmm" / "model.py", "/etc/passwd")
        copies.link(path / "hw_bptt", tmp_path)
    submission = read(path, ["hmm", "hw_bptt"])
    assert not any("model.py" in files for files in submission.files.values())
    assert any("link or device" in problem for problem in submission.problems)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no named pipes in folders")
def test_named_pipe_in_a_submission_is_skipped(tmp_path):
    folder = made.write(tmp_path / "one", {"hmm/model.py": made.solved_by("a")})
    os.mkfifo(folder / "hmm" / "pipe.py")
    submission = read(folder)
    assert submission.files["hmm"]["model.py"] and "pipe.py" in submission.problems[0]


def pax_bomb(size):
    """A tar.gz whose first PAX header has `size` bytes; compressed about 1000 times smaller."""
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.XHDTYPE, size
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    pieces = [packer.compress(info.tobuf())]
    for _ in range(size // 2**20):
        pieces.append(packer.compress(b"1" * 2**20))
    return b"".join([*pieces, packer.flush()])


def test_pax_header_of_256_mb_is_refused_unread(tmp_path):
    """A PAX header of 256 MB is refused before it is read."""
    bomb = pax_bomb(2**28)
    (tmp_path / "one.tar.gz").write_bytes(bomb)
    tracemalloc.start()
    submission = read(tmp_path / "one.tar.gz")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2**24 and "a header of" in submission.problems[0]


def test_header_read_in_pieces_counts_as_one_header():
    """tarfile of Python 3.14.10 reads a header in pieces; their sum is limited, and a block of 512 bytes ends it."""
    reader = archives.CountingReader(io.BytesIO(bytes(2**23)).read)
    for _ in range(3):
        assert len(reader.read(512)) == 512 and len(reader.read(2**19)) == 2**19
    assert len(reader.read(2**19)) == 2**19  # now as many bytes as one header may have
    with pytest.raises(archives.Refused, match="a header of more than 1 MiB"):
        reader.read(1)


@pytest.mark.parametrize("count", [1, 100])
def test_tar_with_too_many_header_bytes_is_refused(tmp_path, monkeypatch, count):
    monkeypatch.setattr(archives, "MAX_HEADERS", 2**16)
    info = tarfile.TarInfo("hmm/model.py")
    info.pax_headers = {"comment": "x" * 2000}
    raw = info.tobuf(tarfile.PAX_FORMAT)
    (tmp_path / "one.tar").write_bytes(raw * count + made.tarred({}, "w:"))
    problems = read(tmp_path / "one.tar").problems
    assert any("of headers" in problem for problem in problems) == (count == 100)


def test_zip_bombs_are_unpacked_only_up_to_the_limits(tmp_path):
    """Only needed members are unpacked, up to the limits; sizes in headers are not trusted."""
    big = made.zipped(
        {
            "hmm/model.py": made.solved_by("a"),
            "hmm/zeros.py": b"\0" * 2**26,
            "hmm/x.bin": b"\0" * 2**26,
        }
    )
    sizes = b"zeros.py", (2**26).to_bytes(4, "little"), (100).to_bytes(4, "little")
    # False sizes: they precede the name both in the central directory and in the file's own header.
    lying = bytearray(big)
    for index in (match.start() for match in re.finditer(b"hmm/" + sizes[0], big)):
        for before in (8, 22):
            if lying[index - before : index - before + 4] == sizes[1]:
                lying[index - before : index - before + 4] = sizes[2]
    assert lying.count(sizes[1]) < big.count(sizes[1])
    for number, data in enumerate((big, lying)):
        path = tmp_path / f"{number}.zip"
        path.write_bytes(data)
        submission = read(path)
        assert submission.files["hmm"]["model.py"] == made.solved_by("a")
        assert len(submission.files["hmm"].get("zeros.py", b"")) <= 100
        assert any("zeros.py" in problem for problem in submission.problems)


def test_tar_with_too_much_to_skip_is_refused(tmp_path):
    member = tarfile.TarInfo("hmm/model.pt")
    member.size = archives.MAX_PASSED + 1
    (tmp_path / "two.tar").write_bytes(member.tobuf())
    assert "more than 2 GiB unpacked" in read(tmp_path / "two.tar").problems[0]


def test_limits_of_files_and_code_count_graded_files_only(tmp_path, monkeypatch):
    """Installed packages and data do not use up the limits; of too much code the homework's own files come first."""
    monkeypatch.setattr(planned, "MAX_FILES", 3)
    many = {f"venv/lib/{n}.py": b"" for n in range(5000)} | {f"hmm/a{n}.txt": b"" for n in range(9)}
    (tmp_path / "one.zip").write_bytes(made.zipped(many | {"hmm/model.py": made.solved_by("a")}))
    submission = read(tmp_path / "one.zip")
    assert submission.files["hmm"]["model.py"] and len(submission.files["hmm"]) == 3
    assert any("more than 3 files" in problem for problem in submission.problems)
    assert any(
        use.count == 5000 and "installed packages" in use.reason for use in submission.unused
    )
    monkeypatch.setattr(planned, "MAX_CODE", len(made.solved_by("a")) + 20)
    (tmp_path / "two.zip").write_bytes(
        made.zipped({"hmm/model.py": made.solved_by("a"), "hmm/more.py": b"#" * 30})
    )
    submission = read(tmp_path / "two.zip")
    assert list(submission.files["hmm"]) == ["model.py"]
    assert submission.problems == ["hmm/more.py: past 0 MiB of code, not graded"]
    monkeypatch.setattr(archives, "MAX_LISTED", 100)
    assert "more than 100 files" in read(tmp_path / "one.zip").problems[0]


def test_large_document_does_not_exclude_small_ones(tmp_path, monkeypatch):
    monkeypatch.setattr(planned, "MAX_DOCUMENT", 1000)
    files = {"hmm/model.py": made.solved_by("a"), "hmm/a.pdf": b"x" * 2000, "hmm/b.png": made.PNG}
    submission = read(made.write(tmp_path / "one", files))
    assert set(submission.written["hmm"]) == {"b.png"} and "a.pdf" in submission.problems[0]
    assert any(use.path == "hmm/a.pdf" for use in submission.unused)


@pytest.mark.parametrize("program", ["bsdtar", "unar", "7zz"])
def test_rar_and_7z_are_read_with_an_installed_program(tmp_path, monkeypatch, program):
    path = shutil.which(program)
    if not path:
        pytest.skip(f"{program} is not installed")
    monkeypatch.setattr(archives, "tools", lambda: {program: path})
    kind = "7z" if program == "7zz" else "rar"
    if kind == "7z":
        made.write(tmp_path / "x", made.hmm("a"))
        subprocess.run(
            [path, "a", str(tmp_path / "one.7z"), "hmm"],
            cwd=tmp_path / "x",
            check=True,
            capture_output=True,
        )
    else:
        (tmp_path / "one.rar").write_bytes(made.rar(made.hmm("a")))
    submission = read(tmp_path / f"one.{kind}")
    assert not submission.problems and submission.files["hmm"]["model.py"] == made.solved_by("a")
    inner = made.zipped({f"work.{kind}": (tmp_path / f"one.{kind}").read_bytes()})
    (tmp_path / "outer.zip").write_bytes(inner)
    assert read(tmp_path / "outer.zip").files["hmm"]["model.py"] == made.solved_by("a")
    (tmp_path / f"bad.{kind}").write_bytes((tmp_path / f"one.{kind}").read_bytes()[:3000])
    submission = read(tmp_path / f"bad.{kind}")
    assert submission.problems and not submission.files.get("hmm", {}).get("model.py")


def test_rar_without_a_program_asks_for_a_zip(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "tools", dict)
    (tmp_path / "one.rar").write_bytes(made.rar(made.hmm("a")))
    submission = read(tmp_path / "one.rar")
    assert "ask for a .zip" in submission.problems[0] and "请改交 .zip" in submission.problems[0].zh


@pytest.mark.parametrize("name", ["one.zip", "one.tar.gz", "one.7z", "one.rar", "one.tar"])
@pytest.mark.parametrize(
    "data", [b"", b"not an archive", b"PK\3\4" + b"\0" * 40, b"\x1f\x8b\x08" + b"\0" * 30]
)
def test_damaged_archive_is_a_problem_not_an_exception(tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    submission = read(tmp_path / name)
    assert not submission.files and submission.problems


def test_truncated_tar_is_read_up_to_the_end(tmp_path):
    data = made.tarred({"hmm/model.py": made.solved_by("a"), "hmm/big.txt": os.urandom(300_000)})
    (tmp_path / "one.tar.gz").write_bytes(data[:-100_000])
    submission = read(tmp_path / "one.tar.gz")
    assert submission.files["hmm"]["model.py"] == made.solved_by("a")
    assert any("only in part" in problem for problem in submission.problems)


@pytest.mark.parametrize(
    "files, words", [({}, "no submission"), ({"notes.csv": b""}, "no submission")]
)
def test_folder_without_submissions_is_refused(tmp_path, files, words):
    with pytest.raises(Refused, match=words):
        read_class(made.write(tmp_path, files), ["hmm"])
    with pytest.raises(Refused, match="no such folder"):
        read_class(tmp_path / "nowhere", ["hmm"])


def test_files_that_are_not_submissions_are_listed(tmp_path):
    files = {"20260001_张三.rar": b"Rar!", "roster.csv": b"", ".hidden": b"", "q1_softmax.py": b""}
    intake = read_class(made.write(tmp_path, files), ["hmm"])
    assert [submission.name for submission in intake.submissions] == ["20260001_张三"]
    assert [name for name, _ in intake.ignored] == ["q1_softmax.py", "roster.csv"]


def test_submissions_with_the_same_name_are_attempts(tmp_path):
    files = {f"{made.A}.zip": made.zipped(made.hmm("a"))} | made.inside(made.A, made.hmm("b"))
    made.write(tmp_path / "in", files)
    for attempt, count in (("newest", 1), ("first", 1), ("best", 2)):
        intake = read_class(tmp_path / "in", ["hmm"], attempt=attempt)
        assert len(intake.submissions) == count and len({s.key for s in intake.submissions}) == 1


def test_attempt_choice_selects_first_or_all_attempts(tmp_path):
    made.LAYOUTS["blackboard"].make(tmp_path)
    first, best = (read_class(tmp_path, ["hmm"], attempt=attempt) for attempt in ("first", "best"))
    assert graded(first.submissions[0], "hmm") == "old" and first.submissions[0].attempt == 1
    assert [(s.key, s.attempt) for s in best.submissions if s.key.endswith("1")] == [
        ("blackboard 20260001", 2),
        ("blackboard 20260001", 1),
    ]


@pytest.mark.parametrize("seed", range(6))
def test_random_trees_give_submissions_or_are_refused(tmp_path, roster, seed):
    """For random names and archives: submissions have different names and printable lines, or the class is Refused."""
    rng = random.Random(seed)
    for number in range(12):
        folder = tmp_path / str(number)
        folder.mkdir()
        for name, data in made.random_tree(rng).items():
            with contextlib.suppress(OSError):  # a file where a folder is needed
                made.write(folder, {name: data})
        try:
            intake = read_class(
                folder,
                ["hmm", "hw_bptt"],
                attempt=rng.choice(["newest", "first", "best"]),
                roster=rng.choice([roster, None]),
            )
        except Refused:
            continue
        assert all(line.isprintable() for line in describe(intake, intake.match()))
        names = [submission.name.casefold() for submission in intake.submissions]
        assert len(set(names)) == len(names)
        for submission in intake.submissions:
            assert set(submission.files) == set(submission.homeworks)
            assert set(submission.written) <= set(submission.homeworks)
            assert all(isinstance(problem, str) for problem in submission.problems)


def test_folders_that_share_a_word_are_different_people(tmp_path):
    """Without an id, a Chinese name or a homework in it, a folder's whole name identifies the person."""
    for name in ("huge file", "huge answer", "other"):
        (tmp_path / name / "hmm").mkdir(parents=True)
        (tmp_path / name / "hmm" / "model.py").write_text("x = 1\n", encoding="utf-8")
    names = [submission.name for submission in read_class(tmp_path, ["hmm"]).submissions]
    assert sorted(names) == ["huge answer", "huge file", "other"]
