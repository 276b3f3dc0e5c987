"""pytest's options, and which checks `pytest` runs inside a homework folder. The checks themselves are in tests/."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent
pytest_plugins = (  # a student copy has no tests of the repository
    ["tests.repository.schedule"] if (ROOT / "tests" / "repository").is_dir() else []
)


def pytest_addoption(parser):
    group = parser.getgroup("course", "checks of the course")
    group.addoption(
        "--submission",
        metavar="DIR",
        help="check the homework in DIR instead of this tree, in a worker process",
    )
    group.addoption(
        "--worker", action="store_true", help="run student code in a process of its own"
    )
    group.addoption(
        "--in-process",
        action="store_true",
        help="run student code in pytest's process (breakpoints work)",
    )
    group.addoption(
        "--blank",
        metavar="ID",
        action="append",
        default=[],
        help="check this blank only, for example hmm-03",
    )
    group.addoption("--seed", type=int, help="seed of the cases (printed at the end of each run)")
    group.addoption(
        "--lang",
        choices=("en", "zh"),
        help="language of hints and score board (default: the locale's)",
    )
    group.addoption(
        "--time-limit", type=float, default=20.0, metavar="S", help="seconds a call (default 20)"
    )


def pytest_configure(config):
    submission = config.getoption("submission")
    if submission and not Path(submission).is_dir():
        raise pytest.UsageError(f"--submission {submission}: no such folder")
    if config.getoption("worker") and config.getoption("in_process"):
        raise pytest.UsageError("--worker and --in-process exclude each other")
    here = config.invocation_params.dir
    if config.args_source is pytest.Config.ArgsSource.INVOCATION_DIR and here.parent == ROOT:
        checks = ROOT / "tests" / f"test_{here.name}.py"
        if checks.is_file():
            config.args = [str(checks)]


def pytest_ignore_collect(collection_path, config):
    """Homework folders, submissions and the student copy hold no tests of their own."""
    return (
        True
        if collection_path.parent == ROOT and collection_path.name in ("dist", "workdirs", "data")
        else None
    )
