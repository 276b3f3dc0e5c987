"""`python -m course`: the command line, `status`, and the stored results of the last runs."""

import re
import subprocess
import sys
import time

import pytest

from course import progress
from course.commands import main, status, terminal
from course.homeworks import ROOT
from course.messages import Message
from course.progress import CheckedBefore
from course.verdict import CheckResult, Status


def result(name, state=Status.DONE, points=4):
    """A CheckResult of blank hmm-09, worth 4 points."""
    no_message = Message("", "")
    return CheckResult("hmm", "hmm-09", name, state, points, 4, False, False, no_message)


def test_status_runs_inside_a_homework_folder():
    done = subprocess.run(
        [sys.executable, "../course", "status"],
        cwd=ROOT / "hmm",
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("hmm ")


@pytest.mark.parametrize("name", main.COMMANDS)
def test_help_is_in_both_languages(name, capsys):
    for language in ("en", "zh"):
        with pytest.raises(SystemExit) as exit:
            main.main([name, "--help", "--lang", language])
        text = capsys.readouterr().out
        assert exit.value.code == 0
        words = ("用法：", "选项：") if language == "zh" else ("usage:", "options:")
        assert all(text.count(word) == 1 for word in words), text
        assert ("usage" in text) == (language == "en")


def test_no_heading_of_the_chinese_help_ends_with_a_half_width_colon(capsys):
    with pytest.raises(SystemExit):
        main.main(["--help", "--lang", "zh"])
    shown = capsys.readouterr().out
    assert "\n命令：\n" in shown and not re.search("[\u4e00-\u9fff]:", shown), shown


@pytest.mark.parametrize(
    "argv, words",
    [
        (["stauts"], "did you mean status?"),
        (["--lang", "zh", "uptade"], "是不是 update？"),
        (["xyz", "--lang", "en"], "there is no command xyz; commands: status"),
        (["status", "hnm"], "hnm is not a homework here; there are: hw_bptt"),
        (["status", "hnm", "--lang", "zh"], "这里没有作业 hnm"),
        (["status", "--fast"], "unrecognized arguments: --fast"),
        (["status", "--fast", "--lang", "zh"], "无法识别的参数：--fast"),
        (["update", "--lang", "zh"], "缺少参数：newer"),
        (["update", "nowhere.zip"], "is not a student copy"),
        (["pack"], "which homework?"),
    ],
)
def test_wrong_command_or_argument_is_a_one_line_error(argv, words, capsys):
    try:
        code = main.main(argv)
    except SystemExit as exit:
        code = exit.code
    error = capsys.readouterr().err
    assert code == 2 and words in error and error.count("\n") == 1, error


def test_status_shows_points_and_age(tmp_path, monkeypatch, capsys):
    (tmp_path / "hmm").mkdir()
    for module in (terminal, status):
        monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(status, "read_progress", lambda: progress.read_progress(tmp_path))
    assert main.main(["status", "--lang", "en"]) == 0
    assert "0 / 100 points, bonus 0 / 21, not checked yet" in capsys.readouterr().out
    checks = status.load_checks("hmm")
    wrong = result(checks[1].name, Status.WRONG, 0)
    progress.record_progress([result(checks[0].name), wrong], tmp_path)
    main.main(["status", "--lang", "zh"])
    text = capsys.readouterr().out
    assert "4 / 100 分，加分 0 / 21，刚刚检查" in text and "尚未正确：hmm-09" in text


def test_status_marks_results_older_than_the_files():
    checks = status.load_checks("hmm")
    now = max(path.stat().st_mtime for path in (ROOT / "hmm").glob("*.py")) + 10_000
    before = {
        check.name: CheckedBefore(check.id, Status.DONE, check.points, now - 180)
        for check in checks
    }
    line = status.get_status("hmm", before, now)
    assert line.is_done and line.message.en.endswith(
        "100 / 100 points, bonus 21 / 21, checked 3 minutes ago"
    )
    outdated = {
        name: CheckedBefore(entry.id, entry.status, 0, 0.0) for name, entry in before.items()
    }
    assert status.get_status("hmm", outdated, now).message.zh.endswith("之后改过")


@pytest.mark.parametrize("text", ["", "[]", "{", '{"hmm": {"x": {}}}', '{"hmm": 1}'])
def test_damaged_progress_file_is_ignored_and_replaced(tmp_path, text):
    (tmp_path / progress.PROGRESS_FILE).write_text(text, encoding="utf-8")
    assert progress.read_progress(tmp_path) == {}
    progress.record_progress([result("x")], tmp_path)
    assert progress.read_progress(tmp_path)["hmm"]["x"].points == 4


def test_pytest_run_stores_its_verdicts():
    start = time.time()
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "tests/test_hmm.py", "--blank", "hmm-01"],
        cwd=ROOT,
        capture_output=True,
    )
    checks = [check for check in status.load_checks("hmm") if check.id == "hmm-01"]
    recorded = progress.read_progress(ROOT)["hmm"]
    assert all(recorded[check.name].status == Status.DONE for check in checks)
    assert all(recorded[check.name].time >= start for check in checks)
