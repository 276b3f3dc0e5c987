"""`python -m course pack`, which writes the file that students hand in."""

import shutil
import subprocess
import sys
import zipfile

import pytest

from course.homeworks import ROOT
from grading import release


@pytest.fixture
def copy(tmp_path):
    """Folder of an empty student copy of hmm without checks."""
    plan = release.Plan(("hmm",))
    for name in release.student_files(("hmm",)):
        if name.startswith("hmm/"):
            release.write(tmp_path / name, release.strip(name, plan))
    shutil.copytree(
        ROOT / "course", tmp_path / "course", ignore=shutil.ignore_patterns("__pycache__")
    )
    return tmp_path


def pack(copy, *flags):
    return subprocess.run(
        [sys.executable, "-B", "-m", "course", "pack", "hmm", *flags],
        cwd=copy,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )


def test_archive_has_code_answers_and_pictures_only(copy):
    (copy / "hmm" / "trellis.png").write_bytes(b"picture")
    (copy / "hmm" / "model.npz").write_bytes(b"trained")
    (copy / "hmm" / "workdirs").mkdir()
    (copy / "hmm" / "workdirs" / "log.txt").write_text("x", encoding="utf-8")
    process = pack(copy)
    assert process.returncode == 0 and "hmm/model.py: 15 blank(s) still empty" in process.stdout, (
        process.stderr
    )
    assert (
        "hmm/answers.md does not contain an answer yet" in process.stdout
        and "Hand in this file" in process.stdout
    )
    with zipfile.ZipFile(copy / "hmm.zip") as archive:
        names = set(archive.namelist())
    assert {"hmm/model.py", "hmm/theory.py", "hmm/answers.md", "hmm/trellis.png"} <= names
    assert not [name for name in names if "workdirs" in name or name.endswith((".npz", ".pyc"))]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("model.py", b"def f(:\n", "hmm/model.py cannot be imported: SyntaxError"),
        ("model.py", "x = '中文'".encode("gbk"), "hmm/model.py cannot be imported: SyntaxError"),
        ("random.py", b"", "hmm/random.py hides the library random"),
        ("torch.py", b"", "hmm/torch.py hides the library torch"),
        ("scan.pdf", bytes(11 * 2**20), "scan.pdf has 11 MB, at most 10"),
    ],
)
def test_file_that_cannot_be_handed_in_is_a_one_line_error(copy, name, content, words):
    (copy / "hmm" / name).write_bytes(content)
    process = pack(copy)
    assert (
        process.returncode == 2 and words in process.stderr and process.stderr.count("\n") == 1
    ), process.stderr
    assert not (copy / "hmm.zip").exists()


def test_pack_does_not_overwrite_a_file_that_is_not_a_zip(copy):
    (copy / "mine.txt").write_text("kept", encoding="utf-8")
    assert (
        "not a zip file" in pack(copy, "--out", "mine.txt").stderr
        and (copy / "mine.txt").read_text(encoding="utf-8") == "kept"
    )
