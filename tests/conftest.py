"""Runs the checks under pytest and prints the score board."""
import locale
import os
import sys

os.environ.setdefault("OMP_NUM_THREADS", "1")       # before torch is loaded: checks are small

import pytest  # noqa: E402

from tests import check as checks  # noqa: E402
from tests.student import HOMEWORKS, ROOT, InProcess, Worker  # noqa: E402

OUTCOMES = pytest.StashKey[dict]()
SEED = pytest.StashKey[int]()
DOOR = pytest.StashKey[object]()
CASES = pytest.StashKey[object]()

WORDS = {
    "en": {"done": "done", "wrong": "wrong", "empty": "empty", "error": "stops", "time-out": "time-out",
           "given": "given", "together": "the pieces together", "sum": "sum", "points": "points",
           "hidden": "graded but not shown: {n} check(s), {points} points, judged when graded",
           "next": "Next: {place}", "rerun": "Run it again: {command}", "seed": "seed {seed}",
           "mistake": "This looks like a known mistake:", "bonus": "bonus"},
    "zh": {"done": "完成", "wrong": "错误", "empty": "未填", "error": "出错", "time-out": "超时",
           "given": "已答", "together": "各部分合在一起", "sum": "合计", "points": "分",
           "hidden": "计分但此处不显示:{n} 项,{points} 分,批改时判定",
           "next": "下一步:{place}", "rerun": "重新运行:{command}", "seed": "随机种子 {seed}",
           "mistake": "这像是一个常见错误:", "bonus": "加分"},
}


def language(config):
    """"zh" or "en": --lang, else the locale's."""
    given = config.getoption("lang")
    if given:
        return given
    names = [os.environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG")]
    name = next(filter(None, names), "") or (locale.getlocale()[0] or "")
    return "zh" if name.lower().startswith(("zh", "chinese")) else "en"


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
    wanted = config.getoption("blank")
    known = {item.obj.check.id for item in items if hasattr(item.obj, "check")}
    if wanted and not set(wanted) <= known:
        missing = ", ".join(sorted(set(wanted) - known))
        raise pytest.UsageError(f"no blank {missing} here; blanks: {' '.join(sorted(known))}")
    kept, dropped = [], []
    deep = "deep" in (config.getoption("markexpr") or "")
    for item in items:
        check = getattr(item.obj, "check", None)
        if check:
            item.extra_keyword_matches.add(check.id)
            item.add_marker(pytest.mark.blank(check.id, check.points))
        if wanted and not (check and check.id in wanted) or item.get_closest_marker("deep") and not deep:
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
        config.stash[DOOR] = Worker(root, config.getoption("time_limit")) if in_worker else InProcess(root)
        config.stash[CASES] = checks.open_cases(config.stash[SEED])
    return config.stash[DOOR], config.stash[CASES]


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    """A check is run by tests/check.py; its verdict becomes pytest's."""
    check = getattr(pyfuncitem.obj, "check", None)
    if check is None:
        return None
    config = pyfuncitem.config
    outcome = checks.run(check, *door_of(config))
    pyfuncitem.outcome = outcome.as_data()
    if outcome.status in ("done", "given"):
        return True
    text = message_of(pyfuncitem.outcome, language(config))
    if outcome.status == "error" and outcome.error.__cause__ is not None:      # in process: the student's own traceback
        sys.stderr.write(text + "\n")
        raise outcome.error.__cause__
    pytest.fail(text, pytrace=False)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """The verdict travels with the report, so that it reaches the board from other processes too."""
    report = (yield).get_result()
    if call.when == "call" and hasattr(item, "outcome"):
        report.outcome_of_check = item.outcome


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
        lines = board(BOARD, lang, root=config.getoption("submission") or ROOT)
        lines.append(WORDS[lang]["seed"].format(seed=config.stash[SEED]))
        terminalreporter.section("score board" if lang == "en" else "成绩板")
        encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
        for line in lines:
            terminalreporter.write_line(line.encode(encoding, "replace").decode(encoding))
        BOARD.clear()


def pytest_unconfigure(config):
    if DOOR in config.stash:
        config.stash[DOOR].close()


def blank_lines(outcomes):
    """[[id, status, points, possible, bonus]] of one homework's outcomes, in the order of their checks."""
    rows = {}
    for outcome in outcomes:
        row = rows.setdefault(outcome["id"], [outcome["id"], "done", 0, 0, outcome["bonus"]])
        row[2] += outcome["points"]
        row[3] += outcome["possible"]
        if row[1] in ("done", "given") and outcome["status"] != "done":
            row[1] = outcome["status"]
    return list(rows.values())


def board(outcomes, lang, root=ROOT):
    """Lines of the score board: a line a blank (a homework that is done takes one line), sums, what to do next."""
    words, lines, first = WORDS[lang], [], None
    for homework in HOMEWORKS:
        order = [check.name for check in checks.load_checks(homework)] if any(one["homework"] == homework for one in outcomes) else []
        mine = sorted((one for one in outcomes if one["homework"] == homework), key=lambda one: order.index(one["name"]))
        if not mine:
            continue
        rows = blank_lines(mine)
        shown = [row for row in rows if row[1] != "given"]
        earned, possible = sum(row[2] for row in shown), sum(row[3] for row in shown if not row[4])
        lines.append(f"{homework}: {earned} / {possible} {words['points']}")
        if any(row[1] != "done" for row in shown):
            for id, status, points, most, bonus in shown:
                name = f"{id} ({words['together']})" if id.endswith("-together") else id
                note = f" {words['bonus']}" if bonus else ""
                lines.append(f"  {status_mark(status)} {name:<14} {points:>3} / {most:<3} {words[status]}{note}")
        hidden = [row for row in rows if row[1] == "given"]
        if hidden:
            lines.append("  " + words["hidden"].format(n=len(hidden), points=sum(row[3] for row in hidden)))
        first = first or next((one for one in mine if one["status"] not in ("done", "given")), None)
    if first:
        place = checks.source_line(first["homework"], first["id"], root)
        where = f"{first['id']}, {place[0]}, line {place[1]}" if place else first["id"]
        lines.append(words["next"].format(place=where))
        lines.append("  " + message_of(first, lang).replace("\n", "\n  "))
        lines.append(words["rerun"].format(
            command=f"python -m pytest tests/test_{first['homework']}.py --blank {first['id']}"))
    return lines


def status_mark(status):
    return {"done": "+", "empty": "-"}.get(status, "x")
