"""Runs the checks under pytest and prints the score board. The engine is in course/."""

import contextlib
import functools
import os
import shutil
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is loaded: checks are small

import pytest  # noqa: E402

from course import board, verdict  # noqa: E402
from course.cases import Case, Cases, open_cases  # noqa: E402
from course.checks import Check, load_checks  # noqa: E402
from course.homeworks import ROOT, find_folder  # noqa: E402
from course.messages import Language, choose_language, printable  # noqa: E402
from course.progress import read_progress, record_progress  # noqa: E402
from course.runner import InProcessRunner, Runner, SubprocessRunner  # noqa: E402
from course.shell import quote  # noqa: E402
from course.traces import homework_frames  # noqa: E402
from course.verdict import CheckResult, Status  # noqa: E402

SEED = pytest.StashKey[int]()
RESULTS = pytest.StashKey[list[CheckResult]]()
COLOURS = {
    Status.DONE: {"green": True},
    Status.WRONG: {"red": True},
    Status.ERROR: {"red": True},
    Status.TIMEOUT: {"red": True},
}
MAX_PRINTED_LINES = 40  # of what student code printed


def pytest_configure(config: pytest.Config) -> None:
    config.stash[RESULTS] = []
    config.pluginmanager.register(Collector(config), "course-collector")
    seed = getattr(config, "workerinput", {}).get("seed", config.getoption("seed"))
    config.stash[SEED] = open_cases(seed).seed


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Processes of pytest-xdist draw the same cases."""
    node.workerinput["seed"] = node.config.stash[SEED]


# ---------------------------------------------------------------- fixtures of a check


@pytest.fixture(scope="session")
def student(pytestconfig: pytest.Config) -> Iterator[Runner]:
    """The runner of student code: in this process at home, in a process of its own for --worker and --submission."""
    submission = pytestconfig.getoption("submission")
    limit: Any = pytestconfig.getoption("time_limit")
    in_process = pytestconfig.getoption("in_process")
    separate = pytestconfig.getoption("worker") or submission and not in_process
    runner_class: Any = SubprocessRunner if separate else InProcessRunner
    with runner_class(submission or ROOT, limit=limit) as runner:
        yield runner


@pytest.fixture(scope="session")
def all_cases(pytestconfig: pytest.Config) -> Cases:
    """Where this run's cases come from."""
    return open_cases(pytestconfig.stash[SEED])


@pytest.fixture
def case(request: pytest.FixtureRequest, all_cases: Cases) -> list[Case]:
    """The cases of a check. The check's function is called once for each of them, with a `course.judging.JudgedCase`."""
    check: Check = request.node.check
    try:
        return verdict.cases_for(check, all_cases)
    except verdict.MissingCases as error:
        pytest.fail(str(error), pytrace=False)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """A check is run by course.verdict; its verdict becomes pytest's."""
    check: Check | None = pyfuncitem.check  # type: ignore[attr-defined]
    if check is None:
        return None
    fixtures: dict[str, Any] = pyfuncitem.funcargs
    all_cases = pyfuncitem._request.getfixturevalue("all_cases")
    outcome = verdict.run(check, fixtures["student"], all_cases, fixtures["case"])
    pyfuncitem.check_result = outcome.result  # type: ignore[attr-defined]
    if outcome.status.passes:
        return True
    verbose = pyfuncitem.config.get_verbosity() > 0
    text = board.message_text(outcome.result, language(pyfuncitem.config), verbose)
    cause = outcome.error.__cause__ if outcome.error else None
    if outcome.status == Status.ERROR and cause and not getattr(outcome.error, "empty", None):
        if pyfuncitem.config.getoption("usepdb"):
            raise cause  # the debugger starts where the student's code stopped
        folder = find_folder(ROOT, check.homework)
        text = "\n".join([text, *homework_frames(cause, folder, language(pyfuncitem.config))])
    pytest.fail(printable(text), pytrace=False)


# ---------------------------------------------------------------- which checks are run


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Give each item its check as the term has it (None for a plain test), and deselect what was not asked for."""
    wanted: list[str] = config.getoption("blank") or []
    checks_of_term = functools.cache(_checks_by_name)
    markers = config.getoption("markexpr") or ""
    unwanted = [name for name in ("deep", "slow") if name not in markers]
    kept, dropped = [], []
    for item in items:
        registered: Check | None = getattr(getattr(item, "obj", None), "check", None)
        check = registered and checks_of_term(registered.homework).get(registered.name)
        item.check = check  # type: ignore[attr-defined]
        if check:
            item.extra_keyword_matches.add(check.id)
            item.add_marker(pytest.mark.blank(check.id, check.points))
        left_out = registered and not check
        not_wanted = wanted and not (check and check.id in wanted)
        too_long = any(item.get_closest_marker(name) for name in unwanted)
        (dropped if left_out or not_wanted or too_long else kept).append(item)
    ids = {item.check.id for item in items if item.check}  # type: ignore[attr-defined]
    if unknown := set(wanted) - ids:
        missing = ", ".join(sorted(unknown))
        raise pytest.UsageError(f"no blank {missing} here; blanks: {' '.join(sorted(ids))}")
    if dropped:
        config.hook.pytest_deselected(items=dropped)
        items[:] = kept


def _checks_by_name(homework: str) -> dict[str, Check]:
    return {check.name: check for check in load_checks(homework)}


# ---------------------------------------------------------------- from verdicts to the board


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: Any, call: pytest.CallInfo) -> Generator[None, Any, None]:
    """The verdict travels with the report, so that it reaches the board from other processes too."""
    report = (yield).get_result()
    if call.when == "call" and hasattr(item, "check_result"):
        report.check_result = item.check_result.to_dict()
        report.sections = [(name, shortened(text)) for name, text in report.sections]


def shortened(text: str, most: int = MAX_PRINTED_LINES) -> str:
    """The first lines of what student code printed, and how many more there are."""
    lines = text.splitlines(keepends=True)
    more = f"... {len(lines) - most} more lines\n" if len(lines) > most else ""
    return "".join(lines[:most]) + more


class Collector:
    """Collects the verdicts of a run."""

    def __init__(self, config: pytest.Config):
        self.config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if hasattr(report, "check_result"):
            self.config.stash[RESULTS].append(CheckResult.from_dict(report.check_result))


def language(config: pytest.Config) -> Language:
    return choose_language(config.getoption("lang"))


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    results = config.stash[RESULTS]
    if not results:
        return
    before = unsaved = None
    if not config.getoption("submission"):
        before = read_progress()
        unsaved = record_progress(results)
    lang = language(config)
    root = config.getoption("submission") or ROOT
    width = shutil.get_terminal_size().columns
    rerun = functools.partial(rerun_command, config)
    if config.get_verbosity() > 0 and (reasons := board.reasons(results, lang)):
        terminalreporter.write_sep("=", board.WORDS[lang].why)
        for text in reasons:
            terminalreporter.write_line(printable(text))
    lines = board.render(results, lang, root, width, rerun, before, config.stash[SEED])
    terminalreporter.write_sep("=", board.WORDS[lang].title)
    for line in lines:
        for segment in line:
            colour = COLOURS.get(segment.status, {}) if segment.status else {}
            terminalreporter.write(printable(segment.text), **colour)
        terminalreporter.write_line("")
    if unsaved:
        terminalreporter.write_line(printable(unsaved.text(lang)))


def rerun_command(config: pytest.Config, homework: str, id: str) -> str:
    """The command that checks one blank again, where this run was started and with its options."""
    file = ROOT / "tests" / f"test_{homework}.py"
    with contextlib.suppress(ValueError):  # another drive of Windows
        file = Path(os.path.relpath(file, config.invocation_params.dir))
    options = [
        f" --{name} {quote(value)}"
        for name in ("submission", "lang")
        if (value := config.getoption(name))
    ]
    return f"python -m pytest {quote(file.as_posix())} --blank {id}" + "".join(options)
