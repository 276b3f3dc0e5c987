"""Runs the checks under pytest and prints the score board."""

import contextlib
import functools
import locale
import os
import shlex
import shutil
import sys
import unicodedata
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is loaded: checks are small

import pytest  # noqa: E402

from tests import check as checks  # noqa: E402
from tests import worker  # noqa: E402
from tests.student import HOMEWORKS, ROOT, InProcess, Worker, find_homework  # noqa: E402

OUTCOMES = pytest.StashKey[dict]()
SEED = pytest.StashKey[int]()
DOOR = pytest.StashKey[object]()
CASES = pytest.StashKey[object]()

WORDS = {
    "en": {
        "done": "done",
        "wrong": "wrong",
        "empty": "empty",
        "error": "stops",
        "time-out": "time-out",
        "together": "together",
        "points": "points",
        "bonus": "bonus",
        "untouched": "{n} blanks, all empty",
        "hidden": "graded but not shown: {n} choice question(s), {points} points",
        "board": "score board",
        "next": "Next: {place}",
        "place": "{id}, {file}, line {line}",
        "rerun": "Run it again: {command}",
        "seed": "seed {seed}",
        "mistake": "This looks like a known mistake:",
        "note": "Note: {note}",
        "hides": "{file} hides the library {name} from your scripts: rename it",
    },
    "zh": {
        "done": "完成",
        "wrong": "错误",
        "empty": "未填",
        "error": "出错",
        "time-out": "超时",
        "together": "合在一起",
        "points": "分",
        "bonus": "加分",
        "untouched": "{n} 个空,都未填",
        "hidden": "计分但此处不显示:选择题 {n} 道,{points} 分",
        "board": "成绩板",
        "next": "下一步:{place}",
        "place": "{id},{file} 第 {line} 行",
        "rerun": "重新运行:{command}",
        "seed": "随机种子 {seed}",
        "mistake": "这像是一个常见错误:",
        "note": "注意:{note}",
        "hides": "{file} 会让你的脚本找不到库 {name}:请改名",
    },
}
COLOURS = {
    "done": {"green": True},
    "wrong": {"red": True},
    "error": {"red": True},
    "time-out": {"red": True},
}


def language(config):
    """ "zh" or "en": --lang, else the locale's; English where the terminal has no Chinese characters."""
    given = config.getoption("lang")
    names = [os.environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG")]
    name = given or next(filter(None, names), "") or (locale.getlocale()[0] or "")
    return (
        "zh"
        if name.lower().startswith(("zh", "chinese"))
        and printable(WORDS["zh"]["board"]) == WORDS["zh"]["board"]
        else "en"
    )


def printable(text):
    """The text with "?" for what the terminal's encoding has not (a Windows console, a pipe)."""
    encoding = getattr(sys.__stdout__, "encoding", None) or "utf-8"  # sys.stdout may be pytest's
    return text.encode(encoding, "replace").decode(encoding)


def pytest_configure(config):
    config.stash[OUTCOMES] = {}
    given = getattr(config, "workerinput", {}).get("seed", config.getoption("seed"))
    config.stash[SEED] = checks.open_cases(given).seed


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node):
    """Processes of pytest-xdist draw the same cases."""
    node.workerinput["seed"] = node.config.stash[SEED]


@pytest.fixture
def student():
    """Stands for the door in a check's signature; `pytest_pyfunc_call` hands over the real one."""


@pytest.fixture
def case():
    """Stands for the draw in a check's signature; `pytest_pyfunc_call` hands over the real one."""


def pytest_collection_modifyitems(config, items):
    wanted, term = config.getoption("blank"), {}
    for item in items:  # item.check: as this term has it; None where left out
        item.check = getattr(getattr(item, "obj", None), "check", None)
        if item.check:
            homework = item.check.homework
            if homework not in term:
                term[homework] = {one.name: one for one in checks.load_checks(homework)}
            item.check = term[homework].get(item.check.name)
    known = {item.check.id for item in items if item.check}
    if wanted and not set(wanted) <= known:
        missing = ", ".join(sorted(set(wanted) - known))
        raise pytest.UsageError(f"no blank {missing} here; blanks: {' '.join(sorted(known))}")
    kept, dropped = [], []
    deep = "deep" in (config.getoption("markexpr") or "")
    for item in items:
        check = item.check
        if check:
            item.extra_keyword_matches.add(check.id)
            item.add_marker(pytest.mark.blank(check.id, check.points))
        left_out = not check and hasattr(getattr(item, "obj", None), "check")
        if (
            left_out
            or wanted
            and not (check and check.id in wanted)
            or item.get_closest_marker("deep")
            and not deep
        ):
            dropped.append(item)
        else:
            kept.append(item)
    if dropped:
        config.hook.pytest_deselected(items=dropped)
        items[:] = kept


def door_of(config):
    if DOOR not in config.stash:
        submission = config.getoption("submission")
        root = submission or ROOT
        in_worker = config.getoption("worker") or submission and not config.getoption("in_process")
        config.stash[DOOR] = (Worker if in_worker else InProcess)(
            root, limit=config.getoption("time_limit")
        )
        config.stash[CASES] = checks.open_cases(config.stash[SEED])
    return config.stash[DOOR], config.stash[CASES]


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    """A check is run by tests/check.py; its verdict becomes pytest's."""
    check, config = pyfuncitem.check, pyfuncitem.config
    if check is None:
        return None
    try:
        outcome = checks.run(check, *door_of(config))
    except checks.MissingCases as error:
        pytest.fail(str(error), pytrace=False)
    pyfuncitem.outcome = outcome.as_data()
    if outcome.status in ("done", "given"):
        return True
    text = printable(message_of(pyfuncitem.outcome, language(config)))
    if (
        outcome.status == "error" and not outcome.error.empty and outcome.error.__cause__
    ):  # the student's own traceback
        sys.stderr.write(text + "\n")
        raise outcome.error.__cause__
    pytest.fail(text, pytrace=False)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """The verdict travels with the report, so that it reaches the board from other processes too."""
    report = (yield).get_result()
    if call.when == "call" and hasattr(item, "outcome"):
        report.outcome_of_check = item.outcome
        report.sections = [(name, shortened(text)) for name, text in report.sections]


def shortened(text, most=40):
    """The first lines of what student code printed, the number of the others."""
    lines = text.splitlines(keepends=True)
    return "".join(lines[:most]) + (
        f"... {len(lines) - most} more lines\n" if len(lines) > most else ""
    )


def pytest_runtest_logreport(report):
    if hasattr(report, "outcome_of_check"):
        BOARD.append(report.outcome_of_check)


BOARD = []


def message_of(outcome, lang):
    """What a student reads about a failed check."""
    at = 0 if lang == "en" else 1
    text = outcome["message"][at]
    if outcome["hint"]:
        text += f"\n{WORDS[lang]['mistake']} {outcome['hint'][at]} [{outcome['mistake']}]"
    return text


def pytest_terminal_summary(terminalreporter, config):
    if BOARD:
        lang = language(config)
        lines = board(
            BOARD,
            lang,
            config.getoption("submission") or ROOT,
            shutil.get_terminal_size().columns,
            functools.partial(again, config),
        )
        lines.append([(WORDS[lang]["seed"].format(seed=config.stash[SEED]), None)])
        terminalreporter.write_sep("=", WORDS[lang]["board"])
        for line in lines:
            for text, status in line:
                terminalreporter.write(printable(text), **COLOURS.get(status, {}))
            terminalreporter.write_line("")
        BOARD.clear()


def pytest_unconfigure(config):
    if DOOR in config.stash:
        config.stash[DOOR].close()


def again(config, homework, id):
    """The command that checks one blank again, where this run was started and with its options."""
    file = ROOT / "tests" / f"test_{homework}.py"
    with contextlib.suppress(ValueError):  # another drive of Windows
        file = Path(os.path.relpath(file, config.invocation_params.dir))
    options = [
        f" --{name} {shlex.quote(value)}"
        for name in ("submission", "lang")
        if (value := config.getoption(name))
    ]
    return f"python -m pytest {file.as_posix()} --blank {id}" + "".join(options)


def blank_rows(outcomes):
    """[[id, status, points, possible, bonus]] of one homework's outcomes, in the order of their checks."""
    rows = {}
    for outcome in outcomes:
        row = rows.setdefault(outcome["id"], [outcome["id"], "done", 0, 0, outcome["bonus"]])
        row[2] += outcome["points"]
        row[3] += outcome["possible"]
        if row[1] in ("done", "given") and outcome["status"] != "done":
            row[1] = outcome["status"]
    return list(rows.values())


def board(
    outcomes, lang, root=ROOT, width=80, again="python -m pytest tests/test_{}.py --blank {}".format
):
    """Lines of the score board, each a list of (text, status): one screen that ends with what to do next.

    A homework that is all done, or all empty beside others, takes one line; else each blank has a cell.
    """
    words, lines, notes, first = WORDS[lang], [], [], None
    homeworks = [
        homework for homework in HOMEWORKS if any(one["homework"] == homework for one in outcomes)
    ]
    for homework in homeworks:
        order = [check.name for check in checks.load_checks(homework)]
        mine = sorted(
            (one for one in outcomes if one["homework"] == homework),
            key=lambda one: order.index(one["name"]),
        )
        rows = blank_rows(mine)
        shown, hidden = (
            [row for row in rows if (row[1] == "given") == given] for given in (False, True)
        )
        lines.append([(f"{homework}: {sums(shown, words)}", None)])
        blanks = [row for row in shown if not row[0].endswith("-together")]
        if len(homeworks) > 1 and all(row[1] == "empty" for row in blanks):
            lines.append([("  " + words["untouched"].format(n=len(blanks)), None)])
        elif any(row[1] != "done" for row in shown):
            lines += columns([(cell(row, words), row[1]) for row in shown], width)
        if hidden:
            lines.append(
                [
                    (
                        "  "
                        + words["hidden"].format(
                            n=len(hidden), points=sum(row[3] for row in hidden)
                        ),
                        None,
                    )
                ]
            )
        notes += [
            f"{one['id']}: {one['note'][0 if lang == 'en' else 1]}" for one in mine if one["note"]
        ]
        notes += [
            words["hides"].format(file=f"{homework}/{name}", name=name.removesuffix(".py"))
            for name in shadows(root, homework)
        ]
        first = first or next((one for one in mine if one["status"] not in ("done", "given")), None)
    if first:
        place = checks.source_line(first["homework"], first["id"], root)
        where = (
            words["place"].format(id=first["id"], file=place[0], line=place[1])
            if place
            else first["id"]
        )
        lines.append([(words["next"].format(place=where), None)])
        lines += [[("  " + line, None)] for line in message_of(first, lang).splitlines()]
        lines.append([(words["rerun"].format(command=again(first["homework"], first["id"])), None)])
    return lines + [[(words["note"].format(note=note), None)] for note in dict.fromkeys(notes)]


def shadows(root, homework):
    """Names of files in a homework folder that hide a library."""
    with contextlib.suppress(OSError):
        return worker.Homework(find_homework(root, homework)).shadowing
    return []


def sums(rows, words):
    """ "94 / 100 points, bonus* 6 / 6" of a homework's rows."""

    def of(bonus):
        return f"{sum(row[2] for row in rows if row[4] == bonus)} / {sum(row[3] for row in rows if row[4] == bonus)}"

    extra = f", {words['bonus']}* {of(True)}" if any(row[4] for row in rows) else ""
    return f"{of(False)} {words['points']}" + extra


def cell(row, words):
    """A blank on the board: "x hmm-03  0/4 wrong"."""
    id, status, points, possible, bonus = row
    mark = {"done": "+", "empty": "-"}.get(status, "x")
    if id.endswith("-together"):
        return f"{mark} {words['together']} {words[status]}"
    return f"{mark} {id:<8} {points:>2}/{possible}{'*' if bonus else ''} {words[status]}"


def columns(cells, width):
    """Cells (text, status) as lines of as many columns as fit into `width`, read downwards."""
    widest = max(columns_of(text) for text, _ in cells)
    height = -(-len(cells) // max(1, (width - 1) // (widest + 2)))
    padded = [("  " + text + " " * (widest - columns_of(text)), status) for text, status in cells]
    return [padded[at::height] for at in range(height)]


def columns_of(text):
    """Columns of a terminal that the text takes: two for a Chinese character."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
