"""The commands `reset`, `watch` and `doctor`: their effect on a half-filled student copy, and their messages."""

import os
import threading

import pytest

from course import board, plugins
from course.commands import doctor, main, reset, terminal, watch
from course.commands.doctor import Level
from course.empty_copy import empty_sources
from course.salvage import empty_again


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """Folder of an empty copy of hmm's Python files, on which the commands work."""
    (tmp_path / "hmm").mkdir()
    for name, text in empty_sources("hmm").items():
        (tmp_path / "hmm" / name).write_text(text, encoding="utf-8", newline="\n")
    for module in (terminal, reset, watch, doctor):
        monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(plugins, "has_reference", lambda: False)
    return tmp_path


def fill(path, id, body):
    """Replace the `raise` of an empty blank by a body; returns the text before."""
    text = path.read_text(encoding="utf-8")
    begin = text.index("raise NotImplementedError", text.index(f"# {id} ("))
    filled = text[:begin] + body + text[text.index("\n", begin) :]
    path.write_text(filled, encoding="utf-8", newline="\n")
    return text


@pytest.mark.parametrize(
    "body", ["return 1", "x = 1\n\n    # and more\n    return x", "return (1", "x = )\n    y = 2"]
)
def test_reset_empties_one_blank_and_keeps_the_rest(copy, body, capsys):
    path = copy / "hmm" / "model.py"
    fill(path, "hmm-01", "return 2")
    before = fill(path, "hmm-09", body)
    written = path.read_bytes()
    assert main.main(["reset", "hmm-09", "--lang", "zh"]) == 0
    assert path.read_text(encoding="utf-8") == before
    (backup,) = (copy / "workdirs" / "backups" / "hmm").iterdir()
    text = capsys.readouterr().out
    assert backup.read_bytes() == written and "已恢复为空白" in text and backup.name in text


def test_reset_keeps_windows_line_ends_and_never_overwrites_a_backup(copy):
    path = copy / "hmm" / "model.py"
    fill(path, "hmm-09", "return 1")
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert main.main(["reset", "hmm-09"]) == main.main(["reset", "hmm-09"]) == 0
    data = path.read_bytes()
    assert data.count(b"\n") == data.count(b"\r\n")
    assert data.replace(b"\r\n", b"\n").decode("utf-8") == empty_sources("hmm")["model.py"]
    assert len(list((copy / "workdirs" / "backups" / "hmm").iterdir())) == 2


def test_reset_restores_a_deleted_file(copy):
    (copy / "hmm" / "model.py").unlink()
    assert main.main(["reset", "hmm-09"]) == 0
    text = (copy / "hmm" / "model.py").read_text(encoding="utf-8")
    assert text == empty_sources("hmm")["model.py"]


def test_reset_explains_why_it_refuses(copy, capsys, monkeypatch):
    assert main.main(["reset", "hmm-9"]) == 2
    assert "did you mean hmm-09?" in capsys.readouterr().err
    (copy / "hmm" / "model.py").write_text("x = 1\n", encoding="utf-8")
    assert main.main(["reset", "hmm-09", "--lang", "en"]) == 2
    assert "does not contain the function" in capsys.readouterr().err
    monkeypatch.setattr(plugins, "has_reference", lambda: True)
    assert main.main(["reset", "hmm-09", "--lang", "zh"]) == 2
    assert "教师版" in capsys.readouterr().err


def test_reset_empties_a_method():
    empty = 'class A:\n    def f(self):\n        raise NotImplementedError("m.py, blank a-1 (f): still empty")\n'
    student = "class A:\n    def f(self):\n        return 1\n\n    def g(self):\n        return 2\n"
    restored = empty_again(empty, student, "f", "a-1")
    assert restored.startswith(empty) and "return 2" in restored and "return 1" not in restored


def test_watch_selects_the_checks_of_changed_blanks(copy, monkeypatch):
    watcher = watch.Watcher(["hmm"])
    path = copy / "hmm" / "model.py"
    assert watcher.touched_checks() == []
    fill(path, "hmm-09", "return 1")
    assert {check.id for check in watcher.touched_checks()} == {"hmm-09"}
    assert watcher.touched_checks() == []
    path.write_text(path.read_text(encoding="utf-8") + "\nX = 1\n", encoding="utf-8")
    assert len(watcher.touched_checks()) == len(watcher.checks["hmm"])


@pytest.mark.parametrize("installed", [True, False])
def test_watch_reports_a_saved_file(copy, installed, monkeypatch):
    if not installed:
        monkeypatch.setitem(__import__("sys").modules, "watchfiles", None)
    stop, reported = threading.Event(), []
    monkeypatch.setattr(watch, "check_now", lambda checks, cases: checks)
    monkeypatch.setattr(watch, "record_progress", lambda results: None)

    def report(checks, language):
        reported.extend(check.id for check in checks)
        stop.set()

    monkeypatch.setattr(watch, "report", report)
    timers = [
        threading.Timer(0.8, fill, (copy / "hmm" / "model.py", "hmm-09", "return 1")),
        threading.Timer(10, stop.set),
    ]
    for timer in timers:
        timer.start()
    watch.watch(["hmm"], "en", stop)
    for timer in timers:
        timer.cancel()
    assert set(reported) == {"hmm-09"}


def test_watch_prints_the_verdict(monkeypatch, capsys):
    monkeypatch.setattr(watch, "record_progress", lambda results: None)
    checks = [check for check in watch.load_checks("hmm") if check.id == "hmm-01"]
    results = watch.check_now(checks, watch.open_cases(0))
    watch.report(results, "zh")
    assert (
        "hmm-01" in (text := capsys.readouterr().out) and board.WORDS["zh"].status["done"] in text
    )


def test_doctor_reports_this_environment(monkeypatch, capsys):
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setattr(doctor, "MIN_FREE", 0)
    for language, words in (("en", "The environment is fine."), ("zh", "环境没有问题。")):
        assert main.main(["doctor", "--lang", language]) == 0
        assert words in capsys.readouterr().out


@pytest.mark.parametrize(
    "finding, level, words",
    [
        (lambda: doctor.check_python((3, 9, 1)), Level.PROBLEM, "3.11"),
        (lambda: doctor.check_python((3, 15, 0)), Level.NOTE, "wheel"),
        (lambda: doctor.check_library("no-such-library", "1"), Level.PROBLEM, "requirements.txt"),
        (lambda: doctor.check_library("numpy", "0.1"), Level.NOTE, "tested with 0.1"),
        (lambda: doctor.check_disk(2**20), Level.PROBLEM, "free some space"),
    ],
)
def test_doctor_gives_advice_for_each_problem(finding, level, words):
    report = finding()
    assert report.level is level and words in report.advice.en and report.advice.zh


def test_doctor_hides_passwords_of_proxies(monkeypatch):
    monkeypatch.setenv("https_proxy", "http://user:secret@proxy.example:8080")
    finding = doctor.check_proxies()
    assert finding.level is Level.NOTE and "secret" not in finding.text.en
    assert "https=http://proxy.example:8080" in finding.text.en
    monkeypatch.setenv("https_proxy", "socks5://proxy.example:1080")
    assert "pysocks" in doctor.check_proxies().advice.en


def test_doctor_finds_a_file_that_hides_a_library(copy, capsys):
    (copy / "hmm" / "random.py").write_text("", encoding="utf-8")
    (finding,) = doctor.check_hidden_libraries()
    assert finding.level is Level.PROBLEM and "hmm/random.py" in finding.text.en


def test_doctor_finds_a_console_without_chinese(monkeypatch):
    class Console:
        encoding = "cp1252"

    monkeypatch.setattr(doctor.sys, "__stdout__", Console())
    finding = doctor.check_encoding()
    assert finding.level is Level.PROBLEM and "?" in finding.advice.en
