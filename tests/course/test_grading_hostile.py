"""Hostile and broken submissions, graded as a class together with a solved and an empty one."""
import os
import shutil
import subprocess
import sys

import pytest

from grading import grade, isolation, submissions
from tests.course import hostile
from tests.student import ROOT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="isolation is for Linux; elsewhere the plain level is used")


def levels():
    wanted = ["process"] + (["bubblewrap"] if shutil.which("bwrap") else [])
    return wanted


def build(folder):
    empty = submissions.empty_files("hmm")
    for name, files in hostile.corpus(empty).items():
        for inside, data in files.items():
            path = folder / name.replace("/", "_") / inside
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    for name, make in hostile.ARCHIVES.items():
        make(folder / name)
    for name, files in {"solved": {path.name: path.read_bytes() for path in (ROOT / "hmm").glob("*.py")},
                        "zz solved": {path.name: path.read_bytes() for path in (ROOT / "hmm").glob("*.py")},
                        "empty": empty}.items():
        (folder / name / "hmm").mkdir(parents=True)
        for inside, data in files.items():
            (folder / name / "hmm" / inside).write_bytes(data)
    (folder / "linked" / "hmm").mkdir(parents=True)
    (folder / "linked" / "hmm" / "model.py").symlink_to("/etc/passwd")


def processes():
    """Command lines of this user's processes that grading may leave behind."""
    listed = subprocess.run(["ps", "-eo", "pid,args"], capture_output=True, text=True).stdout.splitlines() \
        if shutil.which("ps") else []
    return {line for line in listed if "forkserver" in line or "sleep 1000000" in line}


@pytest.mark.parametrize("level", levels())
def test_hostile_submissions(level, tmp_path, monkeypatch):
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    build(folder)
    names = sorted(submissions.stem(path) for path in submissions.find(folder))
    assert len(names) >= 50
    before, elsewhere = processes(), set(os.listdir(tmp_path)) | {"out"}
    possible = isolation.probe(level)
    monkeypatch.setattr(isolation, "strongest", lambda limits=None, wanted=None: (level, possible))
    args = grade.get_parser().parse_args([str(folder), "--out", str(out), "--homework", "hmm", "-j", "2", "--quiet",
                                          "--timeout", "1.5", "--total-timeout", "4", "--memory", "512"])
    entries, problems, errors, _ = grade.run(args)
    assert errors == {} and sorted(problems) == names
    marks = {student: sum(result["points"] for result in entry["results"]) for (student, _), entry in entries.items()}
    for name in names:
        if name in ("solved", "zz solved"):
            assert marks[name] == 100
        else:
            assert marks.get(name, 0) == 0, f"{name} earns {marks[name]}"
            said = problems[name] or [result for result in entries[name, "hmm"]["results"] if result["message"][0]]
            assert said, f"{name}: the report says nothing"
    assert set(os.listdir(tmp_path)) == elsewhere
    assert processes() <= before


def test_the_canary_tells_levels_apart():
    """Each level blocks what it claims; bubblewrap leaves nothing of what the canary tries."""
    process = isolation.probe("process")
    assert not process["start a process"] and not process["open a network connection"]
    assert process["read other files"], "the fallback is honest about what it does not stop"
    if shutil.which("bwrap"):
        assert not any(isolation.probe("bubblewrap").values())


def test_a_level_that_is_not_there_is_refused(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(isolation.IsolationError, match="bubblewrap"):
        isolation.strongest(wanted="bubblewrap")
