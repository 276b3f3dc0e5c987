"""A full disk: what cannot be written costs one clear line, and nothing that was there before."""

import dataclasses
import errno
import os
import shutil

import pytest

from course import board, disk, plugins, progress
from course.checks import load_checks
from course.commands import hint, main, reset, status, terminal, watch
from course.empty_copy import empty_sources
from course.homeworks import ROOT
from course.messages import Message
from course.settings import load as load_course
from course.verdict import CheckResult, Status


def no_space(*_, **__):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def result_of(check, state=Status.DONE):
    points = check.points if state == Status.DONE else 0
    return CheckResult(
        "hmm",
        check.id,
        check.name,
        state,
        points,
        check.points,
        check.bonus,
        check.hidden,
        Message("", ""),
    )


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A student copy of hmm whose progress file exists already; `fill_up()` makes every later write fail."""
    (tmp_path / "hmm").mkdir()
    for name, text in empty_sources("hmm").items():
        (tmp_path / "hmm" / name).write_text(text, encoding="utf-8")
    for module in (terminal, reset, watch, status, hint):
        monkeypatch.setattr(module, "ROOT", tmp_path, raising=False)
    monkeypatch.setattr(plugins, "has_reference", lambda: False)
    for name in ("read_progress", "record_progress", "read_hint_levels", "record_hint_level"):
        with_folder = with_root(getattr(progress, name), tmp_path)
        for module in (watch, status, hint, board):
            if hasattr(module, name):
                monkeypatch.setattr(module, name, with_folder)
    progress.record_progress([result_of(load_checks("hmm")[0])], tmp_path)
    progress.record_hint_level("hmm-09", 1, tmp_path)
    return tmp_path


def with_root(function, root):
    return lambda *args: function(*args, root=root)


def fill_up(monkeypatch):
    monkeypatch.setattr(disk.Path, "write_bytes", no_space)
    monkeypatch.setattr(shutil, "copy2", no_space)


def saved(folder):
    return (folder / progress.PROGRESS_FILE).read_bytes()


LINES = {"en": "No space left on device", "zh": "无法写入"}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_status_and_watch_say_that_the_verdicts_are_not_saved(
    folder, monkeypatch, capsys, language
):
    check = load_checks("hmm")[0]
    results = [result_of(check, Status.WRONG)]
    monkeypatch.setattr(status, "run_checks", lambda homeworks, language: results)
    monkeypatch.setattr(watch, "check_now", lambda checks, cases: results)
    monkeypatch.setattr(watch, "saves", lambda homeworks, stop: [None])
    monkeypatch.setattr(watch.Watcher, "touched_checks", lambda self: [check])
    before = saved(folder)
    fill_up(monkeypatch)
    assert main.main(["status", "hmm", "--run", "--lang", language]) == 1
    assert capsys.readouterr().out.count(LINES[language]) == 1
    watch.watch(["hmm"], language, None)
    assert capsys.readouterr().out.count(LINES[language]) == 1
    assert saved(folder) == before and not list(folder.rglob("*.tmp"))


@pytest.mark.parametrize(("language", "words"), [("en", "cannot be saved"), ("zh", "无法保存")])
def test_hint_is_shown_all_the_same(folder, monkeypatch, capsys, language, words):
    before = saved(folder)
    fill_up(monkeypatch)
    assert main.main(["hint", "hmm-09", "--lang", language]) == 0
    out = capsys.readouterr().out
    assert "hmm-09" in out and out.count(words) == 1
    assert saved(folder) == before


def test_reset_keeps_the_students_file_and_leaves_no_half_backup(folder, monkeypatch, capsys):
    model = folder / "hmm" / "model.py"
    model.write_text(model.read_text(encoding="utf-8") + "# mine\n", encoding="utf-8")
    before = model.read_bytes()

    def half(source, target):
        with open(target, "wb") as file:
            file.write(before[:10])
        no_space()

    monkeypatch.setattr(shutil, "copy2", half)
    assert main.main(["reset", "hmm-09"]) == 2
    assert capsys.readouterr().err.count("No space left on device") == 1
    assert model.read_bytes() == before
    assert not list((folder / "workdirs").rglob("*.py"))


def test_reset_with_a_backup_but_no_space_for_the_file_keeps_both(folder, monkeypatch, capsys):
    model = folder / "hmm" / "model.py"
    before = model.read_bytes()
    monkeypatch.setattr(disk.Path, "write_bytes", no_space)
    assert main.main(["reset", "hmm-09"]) == 2
    assert "No space left on device" in capsys.readouterr().err
    (backup,) = (folder / "workdirs").rglob("*.py")
    assert model.read_bytes() == backup.read_bytes() == before


@pytest.mark.parametrize(
    ("language", "words"), [("en", "hints read: hmm-09 2/3"), ("zh", "看过的提示：hmm-09 2/3")]
)
def test_hints_that_were_read_are_counted_where_course_toml_says_so(
    folder, monkeypatch, capsys, language, words
):
    """From the command `hint` to the line of the score board."""
    results = [result_of(check) for check in load_checks("hmm")]
    monkeypatch.setattr(status, "run_checks", lambda homeworks, language: results)
    assert main.main(["hint", "hmm-09", "--lang", language]) == 0
    for counted in (False, True):
        course = dataclasses.replace(load_course(), hints_counted=counted)
        monkeypatch.setattr(board, "load_course", lambda course=course: course)
        capsys.readouterr()
        main.main(["status", "hmm", "--run", "--lang", language])
        assert (words in capsys.readouterr().out) is counted


def test_hints_counted_is_read_from_course_toml(tmp_path):
    text = (ROOT / "course.toml").read_text(encoding="utf-8")
    assert not load_course().hints_counted and "hints_counted = false" in text
    path = tmp_path / "course.toml"
    path.write_text(text.replace("hints_counted = false", "hints_counted = true"), encoding="utf-8")
    assert load_course(path).hints_counted
