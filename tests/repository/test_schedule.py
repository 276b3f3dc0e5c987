"""Groups of tests in one process: without them, each process makes every costly fixture again."""

import os
import subprocess
import sys

import pytest

from course.homeworks import ROOT
from tests.repository.schedule import group_of

MARKED = '@pytest.mark.xdist_group("costly")\n'
FIXTURE = '@pytest.fixture(scope="module")\ndef shared():\n    pass\n\n'
TESTS = '@pytest.mark.parametrize("n", range(5))\ndef test_one_of_five(n):\n    (WORKERS / os.environ["PYTEST_XDIST_WORKER"]).touch()\n'


def run_in_two_processes(folder, verbosity):
    """What `pytest -n 2` says of the test files in the folder, with the schedule: a CompletedProcess."""
    (folder / "conftest.py").write_text(
        'pytest_plugins = ["tests.repository.schedule"]\n', encoding="utf-8"
    )
    command = [sys.executable, "-m", "pytest", "-n", "2", "--dist", "loadgroup", "--rootdir", "."]
    return subprocess.run(
        [*command, verbosity, "-W", "ignore", "-p", "no:cacheprovider"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        encoding="utf-8",
    )


@pytest.mark.parametrize("text", [MARKED + TESTS, FIXTURE + TESTS], ids=["mark", "module fixture"])
def test_tests_that_share_a_fixture_run_in_one_process(tmp_path, text):
    workers = tmp_path / "workers"
    workers.mkdir()
    head = f"import os, pathlib, pytest\nWORKERS = pathlib.Path({str(workers)!r})\n\n"
    (tmp_path / "test_costly.py").write_text(head + text, encoding="utf-8")
    done = run_in_two_processes(tmp_path, "-q")
    assert done.returncode == 0 and "5 passed" in done.stdout, done.stdout + done.stderr
    assert len(list(workers.iterdir())) == 1


def test_file_without_shared_fixtures_has_no_group():
    folder = ROOT / "tests" / "repository"
    assert group_of(folder / "test_accepted.py") is None
    assert group_of(folder / "test_grading.py") == "grading"
    assert group_of(folder / "test_leaderboard.py") == str(folder / "test_leaderboard.py")


def test_long_tests_come_first_and_in_different_processes(tmp_path):
    names = ("test_a.py", "test_grading_hostile.py")
    for name in names:
        (tmp_path / name).write_text(
            "import pytest, time\n\n\n"
            "@pytest.mark.parametrize('n', range(2))\ndef test_of_two(n):\n    time.sleep(0.5)\n",
            encoding="utf-8",
        )
    done = run_in_two_processes(tmp_path, "-v")
    passed = [line.split() for line in done.stdout.splitlines() if " PASSED " in line]
    assert done.returncode == 0 and len(passed) == 4, done.stdout + done.stderr
    first, second = passed[:2]
    assert "hostile" in first[-1] and "hostile" in second[-1] and first[0] != second[0]
