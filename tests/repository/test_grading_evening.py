"""The two grading commands of the README: from a platform's export to marks in its gradebook."""

import csv
import io
import subprocess
import sys
import zipfile

import pytest

from course.homeworks import ROOT
from grading import intake
from tests.repository.archives_made import inside, solved, zipped

MOODLE_BOOK = (
    "Identifier,Full name,Email address,Status,Grade,Maximum Grade,Grade can be changed,Feedback comments\n"
    'Participant 1234567,张三,zs@x.edu,Submitted,,100.00,Yes,"two\nlines"\n'
    "Participant 1234568,李四,ls@x.edu,Submitted,,100.00,Yes,\n"
    "Participant 1234569,王五,ww@x.edu,No submission,,100.00,Yes,\n"
)
CANVAS_BOOK = (
    "Student,ID,SIS User ID,SIS Login ID,Section,hmm (4567),bptt (4568),Final Grade\r\n"
    "    Points Possible,,,,,100,100,(read only)\r\n"
    '"Zhang, San",12345,020260001,zhangsan,"A ""1""",,7,\r\n'
    '"Li, Si",12346,020260002,lisi,B,,,\r\n'
    '"Wang, Wu",12347,020260003,wangwu,B,,,\r\n'
)


def handed_in(model):
    """A student's zip file, with this model.py and an answer."""
    return zipped({"hmm/model.py": model, "hmm/answers.md": b"## w1\nmine"})


def moodle():
    """(files of the export, text of the gradebook, its column, expected paths of feedback) for Moodle."""
    empty = intake.empty_files("hmm")["model.py"]
    folder = "{}_assignsubmission_file_"
    zhang, li = (folder.format(name) for name in ("张三_1234567", "李四_1234568"))
    files = {
        f"{zhang}/hmm.zip": handed_in(solved("hmm", "model.py")),
        f"{li}/hmm.zip": handed_in(empty),
    }
    return files, MOODLE_BOOK, "Grade", {f"{zhang}/report.html", f"{li}/report.html"}


def canvas():
    """(files of the export, text of the gradebook, its column, expected paths of feedback) for Canvas."""
    empty = intake.empty_files("hmm")["model.py"]
    files = {
        "zhangsan_12345_678901_hmm-1.zip": handed_in(solved("hmm", "model.py")),
        "zhangsan_12345_678801_hmm.zip": handed_in(empty),
        "lisi_LATE_12346_678903_hmm.zip": handed_in(empty),
    }
    feedback = {"zhangsan_12345_678901_report.html", "lisi_LATE_12346_678903_report.html"}
    return files, CANVAS_BOOK, "hmm", feedback


def changed_cells(before, after):
    """[(row, column)] of the cells that differ between two CSV texts; fails if their shapes differ."""
    first, second = (list(csv.reader(io.StringIO(text))) for text in (before, after))
    assert [len(row) for row in first] == [len(row) for row in second]
    return [
        (number, column)
        for number, (old, new) in enumerate(zip(first, second))
        for column, (a, b) in enumerate(zip(old, new))
        if a != b
    ]


@pytest.mark.slow
@pytest.mark.parametrize("platform", [moodle, canvas])
def test_two_commands_write_marks_into_the_platforms_gradebook(platform, tmp_path):
    """Plan, then grade: one column of the gradebook changes, and feedback has the paths that the platform expects."""
    files, text, heading, feedback = platform()
    name = platform.__name__
    (tmp_path / f"{name}.zip").write_bytes(zipped(files))
    (tmp_path / "book.csv").write_bytes(text.encode())
    earlier = inside("20250001/hmm", {"model.py": solved("hmm", "model.py")})
    (tmp_path / "earlier.zip").write_bytes(zipped(earlier))
    command = [
        sys.executable,
        "-m",
        "grading.grade",
        str(tmp_path / f"{name}.zip"),
        "--homework",
        "hmm",
    ]
    command += ["--roster", str(tmp_path / "book.csv")]
    plan = subprocess.run([*command, "--dry_run"], cwd=ROOT, capture_output=True, text=True)
    assert plan.returncode == 0 and ("王五" in plan.stdout or "Wu Wang" in plan.stdout), plan
    assert not (tmp_path / "out").exists()
    command += ["--gradebook", str(tmp_path / "book.csv"), "--column", heading, "--seed", "5"]
    command += [
        "--compare",
        str(tmp_path / "earlier.zip"),
        "--out",
        str(tmp_path / "out"),
        "--quiet",
    ]
    subprocess.run([*command, "-j", "1"], cwd=ROOT, check=True)
    after = (tmp_path / "out" / "gradebook" / "book.csv").read_bytes().decode()
    column = next(
        number
        for number, cell in enumerate(next(csv.reader(io.StringIO(text))))
        if cell.startswith(heading)
    )
    rows = [row for row in csv.reader(io.StringIO(after))][-3:]
    assert {col for _, col in changed_cells(text, after)} == {column}
    assert [row[column] for row in rows][1:] == ["0", ""] and float(rows[0][column]) >= 90
    with zipfile.ZipFile(tmp_path / "out" / "feedback.zip") as archive:
        assert set(archive.namelist()) == feedback
    page = (tmp_path / "out" / "grades.html").read_text(encoding="utf-8")
    assert "20250001" in page  # the earlier term's copy is named
