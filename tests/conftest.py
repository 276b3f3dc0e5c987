"""Runs the checks under pytest and prints the score board."""
import locale
import os
import sys

import pytest

from tests import check as checks
from tests.student import HOMEWORKS, ROOT, InProcess, Worker

OUTCOMES = pytest.StashKey[dict]()
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
        config.stash[CASES] = checks.open_cases(config.getoption("seed"))
    return config.stash[DOOR], config.stash[CASES]


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    """A check is run by tests/check.py; its verdict becomes pytest's."""
    check = getattr(pyfuncitem.obj, "check", None)
    if check is None:
        return None
    config = pyfuncitem.config
    outcome = checks.run(check, *door_of(config))
    config.stash[OUTCOMES][check.homework, check.name] = outcome
    if outcome.status in ("done", "given"):
        return True
    text = message_of(outcome, language(config))
    if outcome.status == "error" and outcome.error.__cause__ is not None:      # in process: the student's own traceback
        sys.stderr.write(text + "\n")
        raise outcome.error.__cause__
    pytest.fail(text, pytrace=False)


def message_of(outcome, lang):
    """What a student reads about a failed check."""
    text = getattr(outcome.message, lang)
    if outcome.hint:
        text += f"\n{WORDS[lang]['mistake']} {getattr(outcome.hint, lang)} [{outcome.mistake}]"
    return text


def pytest_terminal_summary(terminalreporter, config):
    outcomes = config.stash[OUTCOMES]
    if outcomes:
        lang = language(config)
        lines = board(outcomes, lang, root=config.getoption("submission") or ROOT)
        lines.append(WORDS[lang]["seed"].format(seed=config.stash[CASES].seed))
        terminalreporter.section("score board" if lang == "en" else "成绩板")
        encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
        for line in lines:
            terminalreporter.write_line(line.encode(encoding, "replace").decode(encoding))


def pytest_unconfigure(config):
    if DOOR in config.stash:
        config.stash[DOOR].close()


def blank_lines(outcomes):
    """[(id, status, points, possible, bonus)] of one homework's outcomes, in the order of their checks."""
    rows = {}
    for outcome in outcomes:
        row = rows.setdefault(outcome.check.id, [outcome.check.id, "done", 0, 0, outcome.check.bonus])
        row[2] += outcome.points
        row[3] += outcome.check.points
        if row[1] in ("done", "given") and outcome.status != "done":
            row[1] = outcome.status
    return [tuple(row) for row in rows.values()]


def board(outcomes, lang, root=ROOT):
    """Lines of the score board: a line a blank (a homework that is done takes one line), sums, what to do next."""
    words, lines, first = WORDS[lang], [], None
    for homework in HOMEWORKS:
        mine = [outcome for (owner, _), outcome in outcomes.items() if owner == homework]
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
        failed = next((outcome for outcome in mine if outcome.status not in ("done", "given")), None)
        first = first or failed
    if first:
        id = first.check.id
        place = checks.source_line(first.check.homework, id, root)
        where = f"{id}, {place[0]}, line {place[1]}" if place else id
        lines.append(words["next"].format(place=where))
        lines.append("  " + message_of(first, lang).replace("\n", "\n  "))
        lines.append(words["rerun"].format(command=f"python -m pytest tests/test_{first.check.homework}.py --blank {id}"))
    return lines


def status_mark(status):
    return {"done": "+", "empty": "-"}.get(status, "x")
