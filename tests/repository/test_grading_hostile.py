"""Hostile and broken submissions, graded as a class together with a solved and an empty one."""

import contextlib
import html
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from course.homeworks import ROOT
from grading import grade, intake, isolation, options
from grading.files import folder_name
from grading.sandbox import bubblewrap
from tests.repository import hostile

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        sys.platform != "linux", reason="isolation is for Linux; elsewhere the plain level is used"
    ),
]


def levels():
    wanted = ["process"] + (["bubblewrap"] if shutil.which("bwrap") else [])
    return wanted


def build(folder):
    empty = intake.empty_files("hmm")
    for name, files in hostile.corpus(empty).items():
        for inside, data in files.items():
            path = folder / name.replace("/", "_") / inside
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    for name, make in hostile.ARCHIVES.items():
        make(folder / name)
    for name, files in {
        "solved": {path.name: path.read_bytes() for path in (ROOT / "hmm").glob("*.py")},
        "zz solved": {path.name: path.read_bytes() for path in (ROOT / "hmm").glob("*.py")},
        "empty": empty,
    }.items():
        (folder / name / "hmm").mkdir(parents=True)
        for inside, data in files.items():
            (folder / name / "hmm" / inside).write_bytes(data)
    (folder / "linked" / "hmm").mkdir(parents=True)
    (folder / "linked" / "hmm" / "model.py").symlink_to("/etc/passwd")


def processes():
    """Command lines of this user's processes that grading may leave behind."""
    listed = (
        subprocess.run(
            ["ps", "-eo", "pid,args"], capture_output=True, text=True
        ).stdout.splitlines()
        if shutil.which("ps")
        else []
    )
    return {line for line in listed if "forkserver" in line or "sleep 1000000" in line}


@pytest.fixture
def tidy(tmp_path, monkeypatch):
    """Temporary files of the grader and of submissions go to a folder of their own, which must end empty."""
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setattr(tempfile, "tempdir", None)
    elsewhere = {
        place: set(os.listdir(place))
        for place in (os.path.expanduser("~"), "/dev/shm", ROOT, tmp_path)
    }
    yield
    assert os.listdir(tmp_path / "tmp") == []
    made = {
        place: set(os.listdir(place)) - names - {"in", "out"} for place, names in elsewhere.items()
    }
    assert not any(
        name.startswith("left-by") or name.endswith((".cache", "customize.py"))
        for names in made.values()
        for name in names
    )
    assert not made[tmp_path]


@pytest.mark.parametrize("level", levels())
def test_hostile_submissions(level, tmp_path, monkeypatch, tidy):
    """Nobody earns more than the empty copy, no neighbour loses, nothing is left behind, each report names what happened."""
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    build(folder)
    before = processes()
    possible = isolation.probe(level)
    monkeypatch.setattr(
        isolation, "strongest", lambda limits=None, wanted=None: (level, possible, [])
    )
    limits = ["--timeout", "3", "--total_timeout", "8", "--memory", "512"]
    arguments = [str(folder), "--out", str(out), "--homework", "hmm", "-j", "2", "--quiet"]
    outcome = grade.grade(options.read_options([*arguments, "--lang", "en", *limits]))
    names = sorted(submission.name for submission in outcome.plan.submissions)
    assert len(names) >= 85 and set(hostile.SAID) <= set(names)
    students = outcome.report.marks.students
    assert outcome.graded.errors == {} and [student.submission for student in students] == names
    marks = {student.submission: student.total for student in students}
    for name in names:
        assert marks[name] == (100 if name in ("solved", "zz solved") else 0), (
            f"{name} earns {marks[name]}"
        )
        shown = (out / "students" / folder_name(name) / "report.html").read_text(encoding="utf-8")
        assert re.search(hostile.SAID.get(name, ""), html.unescape(shown)), (
            f"{name}: its report says {shown[-3000:]}"
        )
    assert processes() <= before
    if os.path.exists(hostile.POISONED):
        os.unlink(hostile.POISONED)
        assert level == "process", "a submission has written outside its folder"


def test_the_canary_tells_levels_apart():
    """Each level blocks what it claims; bubblewrap leaves nothing of what the canary tries."""
    process, sandbox = isolation.probe("process"), isolation.Sandbox("process")
    with contextlib.closing(sandbox):
        session = sandbox.session("canary", {})
        landlock = "files" in session.reached
        session.kill()
    assert not process["start a process"] and not process["open a network connection"]
    assert process["read other files"] == process["write outside its folder"] == (not landlock), (
        "it says what it does not stop"
    )
    if shutil.which("bwrap"):
        assert not any(isolation.probe("bubblewrap").values())


@pytest.mark.parametrize("root, covered", [("/usr/src/course", True), ("/srv/course", False)])
def test_a_course_among_the_libraries_is_covered(root, covered, monkeypatch):
    monkeypatch.setattr(bubblewrap, "ROOT", Path(root))
    command = " ".join(bubblewrap.bubblewrap(Path("inside")))
    assert (f"--tmpfs {root}" in command) == (f"--remount-ro {root}" in command) == covered


def test_a_level_that_is_not_there_is_refused(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(isolation.IsolationError, match="bubblewrap"):
        isolation.strongest(wanted="bubblewrap")
