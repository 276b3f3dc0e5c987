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

import numpy as np
import pytest

from course.checks import load_checks
from course.homeworks import ROOT
from course.runner import StudentError
from grading import grade, intake, isolation, options
from grading.files import folder_name
from grading.sandbox import bubblewrap
from tests.repository import hostile

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="isolation is for Linux; elsewhere the plain level is used"
)


SOME = (  # what depends on the user, or would harm one
    *("solved", "zz solved", "empty", "linked", "fork bomb", "kill everybody", "program"),
    *("looks for the answers", "locked folder", "link in place of its folder", "leaves its group"),
    *("looks at everybody", "other people's turn", "higher limits", "network"),
)


def levels():
    """The isolation levels that this machine can test."""
    return ["process"] + (["bubblewrap"] if shutil.which("bwrap") else [])


def build(folder):
    """Write the hostile corpus, two solved submissions, an empty one and one with a symbolic link to a folder."""
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
    """Lines of `ps` for processes that grading or a submission may have left behind."""
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
    """Redirects temporary files to a separate folder; fails if it or other usual folders contain leftovers."""
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setattr(tempfile, "tempdir", None)
    names_before = {
        folder: set(os.listdir(folder))
        for folder in (os.path.expanduser("~"), "/dev/shm", ROOT, tmp_path)
    }
    yield
    assert os.listdir(tmp_path / "tmp") == []
    new_names = {
        folder: set(os.listdir(folder)) - names - {"in", "out"}
        for folder, names in names_before.items()
    }
    assert not any(
        name.startswith("left-by") or name.endswith((".cache", "customize.py"))
        for names in new_names.values()
        for name in names
    )
    assert not new_names[tmp_path]


@pytest.mark.slow
@pytest.mark.parametrize("level", levels())
def test_hostile_submissions_earn_nothing_and_leave_nothing(level, tmp_path, monkeypatch, tidy):
    """No hostile submission earns points, no other loses any, nothing is left behind, and each report names the reason."""
    names = check_corpus(level, tmp_path, monkeypatch)
    assert len(names) >= 85 and set(hostile.EXPECTED_MESSAGES) <= set(names)


@pytest.mark.deep  # a part of the test above; test_ordinary_user.py runs it, as another user
@pytest.mark.parametrize("level", levels())
def test_some_hostile_submissions_earn_nothing(level, tmp_path, monkeypatch, tidy):
    names = check_corpus(level, tmp_path, monkeypatch, only=SOME)
    assert len(names) == len(SOME)


def check_corpus(level, tmp_path, monkeypatch, only=()):
    """Grade the corpus (or these submissions) at a level and check marks, reports and what is left. Returns the names."""
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    build(folder)
    for path in folder.iterdir():
        if only and path.name not in only:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    before = processes()
    possible = isolation.probe(level)
    monkeypatch.setattr(
        isolation, "strongest", lambda limits=None, wanted=None: (level, possible, [])
    )
    limits = ["--timeout", "3", "--total_timeout", "8", "--memory", "512"]
    arguments = [str(folder), "--out", str(out), "--homework", "hmm", "-j", "2", "--quiet"]
    outcome = grade.grade(options.read_options([*arguments, "--lang", "en", *limits]))
    names = sorted(submission.name for submission in outcome.plan.submissions)
    students = outcome.report.marks.students
    assert outcome.graded.errors == {} and [student.submission for student in students] == names
    marks = {student.submission: student.total for student in students}
    marks_above_zero = {name: points for name, points in marks.items() if points}
    full = sum(check.points for check in load_checks("hmm"))  # 100, and the bonus
    assert marks_above_zero == {"solved": full, "zz solved": full}
    unexplained = {}
    for name in names:
        page = (out / "students" / folder_name(name) / "report.html").read_text(encoding="utf-8")
        if not re.search(hostile.EXPECTED_MESSAGES.get(name, ""), html.unescape(page)):
            unexplained[name] = re.sub(r"\s+|<[^>]*>", " ", page[page.index("</style>") :])[:1500]
    assert not unexplained, unexplained
    assert processes() <= before
    if os.path.exists(hostile.POISONED):
        os.unlink(hostile.POISONED)
        assert level == "process", "a submission has written outside its folder"
    return names


# ---------------------------------------------------------------- one at a time


@pytest.mark.parametrize("level", levels())
def test_spoiling_submissions_do_not_affect_the_next_one(level):
    """Each attack on what other submissions need is refused, and the next submission gets an answer."""
    empty = intake.empty_files("hmm")
    corpus, limits = hostile.corpus(empty), isolation.Limits(call=5, memory=2**29)
    question = ([0.4, 0.6], [[0.5, 0.5], [0.2, 0.8]], [[0.9, 0.1], [0.3, 0.7]], [0, 1])
    solution = {path.name: path.read_bytes() for path in (ROOT / "hmm").glob("*.py")}
    with contextlib.closing(isolation.Sandbox(level, limits)) as sandbox:
        for name in hostile.SPOILING:
            files = empty | {"model.py": corpus[name]["hmm/model.py"]}
            with isolation.SandboxRunner(sandbox, {"hmm": files}, limits) as runner:
                with pytest.raises(StudentError, match="PermissionError: not permitted"):
                    runner.call("hmm", "forward", *map(np.array, question))
        folder = sandbox.folder
        with isolation.SandboxRunner(sandbox, {"hmm": solution}, limits) as runner:
            assert runner.call("hmm", "forward", *map(np.array, question)).shape == (2, 2)
        assert sandbox.folder == folder, "the sandbox was damaged and built again"


def test_canary_reports_what_each_level_blocks():
    """Each level blocks what it claims to block; with bubblewrap nothing that the canary tries succeeds."""
    process, sandbox = isolation.probe("process"), isolation.Sandbox("process")
    with contextlib.closing(sandbox):
        session = sandbox.session("canary", {})
        landlock = "files" in session.reached
        session.kill()
    assert not process["start a process"] and not process["open a network connection"]
    assert process["read other files"] == process["write outside its folder"] == (not landlock), (
        "without Landlock the canary must report that files can be reached"
    )
    if shutil.which("bwrap"):
        assert not any(isolation.probe("bubblewrap").values())


@pytest.mark.parametrize("root, covered", [("/usr/src/course", True), ("/srv/course", False)])
def test_course_inside_a_mounted_library_folder_is_hidden(root, covered, monkeypatch):
    monkeypatch.setattr(bubblewrap, "ROOT", Path(root))
    command = " ".join(bubblewrap.bubblewrap(Path("inside")))
    assert (f"--tmpfs {root}" in command) == (f"--remount-ro {root}" in command) == covered


def test_required_level_that_is_unavailable_is_refused(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(isolation.IsolationError, match="bubblewrap"):
        isolation.strongest(wanted="bubblewrap")
