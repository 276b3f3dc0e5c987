"""A check file that is run directly (an editor's run button, `python tests/test_hmm.py`) says how to run it."""

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
def test_check_file_run_directly_names_the_pytest_command(file, cwd):
    process = start(file, cwd=cwd)
    name = f'"{file}"' if " " in file else file
    assert process.returncode == 1 and process.stdout == ""
    assert process.stderr.splitlines() == [
        f"checks are run by pytest: python -m pytest {name}",
        f"检查由 pytest 运行：python -m pytest {name}",
    ]


def test_pytest_works_inside_the_folder_tests():
    process = start("-m", "pytest", "test_hmm.py", "--blank", "hmm-01", cwd=ROOT / "tests")
    assert process.returncode == 0 and "2 passed" in process.stdout, process.stdout


def test_import_of_course_from_tests_on_the_path_is_explained():
    process = start("-c", "import course", PYTHONPATH=str(ROOT / "tests"), cwd=ROOT / "data")
    assert process.returncode == 1 and process.stderr.endswith("its parent must be\n")
