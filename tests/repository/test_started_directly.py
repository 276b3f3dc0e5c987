"""A check file started directly (an editor's green arrow, `python tests/test_hmm.py`) says how to run it."""

import os
import subprocess
import sys

import pytest

from course.homeworks import ROOT


def start(*command, cwd=ROOT, **more):
    environment = {**os.environ, "PYTHONUTF8": "1", **more}
    return subprocess.run(
        [sys.executable, *command],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )


@pytest.mark.parametrize(
    "file, cwd",
    [
        (os.path.join("tests", "test_hmm.py"), ROOT),
        ("test_hmm.py", ROOT / "tests"),
        (str(ROOT / "tests" / "test_hmm.py"), ROOT.parent),
    ],
)
def test_direct_start_names_the_command(file, cwd):
    done = start(file, cwd=cwd)
    name = f'"{file}"' if " " in file else file
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.splitlines() == [
        f"checks are run by pytest: python -m pytest {name}",
        f"检查由 pytest 运行：python -m pytest {name}",
    ]


def test_the_command_works_from_another_folder():
    done = start("-m", "pytest", "test_hmm.py", "--blank", "hmm-01", cwd=ROOT / "tests")
    assert done.returncode == 0 and "2 passed" in done.stdout, done.stdout


def test_with_tests_on_the_path_the_reason_is_named():
    done = start("-c", "import course", PYTHONPATH=str(ROOT / "tests"), cwd=ROOT / "data")
    assert done.returncode == 1 and done.stderr.endswith("its parent must be\n")
