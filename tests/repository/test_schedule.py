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


@pytest.mark.parametrize("text", [MARKED + TESTS, FIXTURE + TESTS], ids=["mark", "module fixture"])
def test_tests_that_share_a_fixture_run_in_one_process(tmp_path, text):
    workers = tmp_path / "workers"
    workers.mkdir()
    head = f"import os, pathlib, pytest\nWORKERS = pathlib.Path({str(workers)!r})\n\n"
    (tmp_path / "test_costly.py").write_text(head + text, encoding="utf-8")
    (tmp_path / "conftest.py").write_text(
        'pytest_plugins = ["tests.repository.schedule"]\n', encoding="utf-8"
    )
    command = [sys.executable, "-m", "pytest", "-n", "2", "--dist", "loadgroup", "--rootdir", "."]
    done = subprocess.run(
        [*command, "-q", "-W", "ignore", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert done.returncode == 0 and "5 passed" in done.stdout, done.stdout + done.stderr
    assert len(list(workers.iterdir())) == 1


def test_file_without_shared_fixtures_has_no_group():
    folder = ROOT / "tests" / "repository"
    assert group_of(folder / "test_accepted.py") is None
    assert group_of(folder / "test_grading.py") == "grading"
    assert group_of(folder / "test_leaderboard.py") == str(folder / "test_leaderboard.py")
