"""The repository's own tests, run on the simulated Windows of windows.py: they must pass there, or skip with a reason."""

import subprocess
import sys

import pytest

from course.homeworks import ROOT
from tests.repository import windows

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the simulator reads /proc")

# Tests that start processes, or write, move and remove files, by the encoding of the console.
CHOSEN = {
    "cp936": (
        "intake",
        "treefiles",
        "started_directly",
        "download",
        "update",
        "written_work",
        "hmm_scripts",
    ),
    "cp1252": ("course_command", "hint_command", "script_layer", "pack", "leaderboard"),
}


def run_on_windows(folder, encoding, *files):
    """Run pytest on simulated Windows. folder: of the simulator; files: arguments. Fails unless all tests pass or skip."""
    words = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "ignore::EncodingWarning"]
    environment = windows.environment(folder, encoding)
    process = subprocess.run(
        # the libraries' own EncodingWarnings are ignored; test_windows_sources.py checks this repository's files
        [sys.executable, "-B", *words, *files],
        cwd=ROOT,
        env={name: text for name, text in environment.items() if "PYTEST" not in name},
        capture_output=True,
        encoding=encoding,
        errors="replace",
    )
    assert process.returncode == 0, process.stdout[-6000:] + process.stderr[-2000:]


@pytest.mark.slow
@pytest.mark.parametrize("encoding", CHOSEN)
def test_own_tests_pass_on_windows(encoding, tmp_path):
    """In particular, no named pipe, link, signal, program or file name that Windows lacks is used."""
    files = [f"tests/repository/test_{name}.py" for name in CHOSEN[encoding]]
    run_on_windows(tmp_path, encoding, *files)


@pytest.mark.deep
@pytest.mark.parametrize("encoding", CHOSEN)
def test_every_own_test_passes_on_windows(encoding, tmp_path):
    """All files except those about the simulator itself and about isolation, which is for Linux."""
    left_out = ("windows", "sandbox", "grading_hostile", "ordinary_user")
    files = sorted(
        path.relative_to(ROOT).as_posix()
        for path in ROOT.glob("tests/repository/test_*.py")
        if not path.stem.removeprefix("test_").startswith(left_out)
    )
    run_on_windows(tmp_path, encoding, *files)
