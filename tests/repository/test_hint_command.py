"""`python -m course hint`: levels are shown in turn and remembered; a named mistake counts as the first level."""

import pytest

from course import progress
from course.commands import hint, main, terminal
from course.homeworks import ROOT
from course.messages import Message
from course.verdict import CheckResult, Status


@pytest.fixture
def record(tmp_path, monkeypatch):
    """A function give(status, id, **fields) that records verdicts of hmm in a temporary progress file.

    id: the blank, None for all blanks; fields: of CheckResult. `give.folder` is the folder of the file.
    """
    for name in ("read_progress", "read_hint_levels"):
        monkeypatch.setattr(hint, name, lambda name=name: getattr(progress, name)(tmp_path))
    monkeypatch.setattr(
        hint, "record_hint_level", lambda id, level: progress.record_hint_level(id, level, tmp_path)
    )

    def give(status, id="hmm-09", **more):
        results = [
            CheckResult(
                "hmm", check.id, check.name, status, 0, 4, False, False, Message("", ""), **more
            )
            for check in hint.load_checks("hmm")
            if id in (check.id, None)
        ]
        progress.record_progress(results, tmp_path)

    give.folder = tmp_path
    return give


def output(capsys, *argv):
    code = main.main(["hint", *argv])
    assert code == 0
    return capsys.readouterr().out


def test_hint_shows_three_levels_in_turn(record, capsys):
    texts = [output(capsys, "hmm-09", "--lang", "en") for _ in range(4)]
    for level, text in enumerate(texts[:3], 1):
        assert f"hint {level} of 3" in text
    assert 'Sheet: hmm/README.md, section "4. The best path"\n' in texts[0]
    assert "phi[1] = (argmax(0.21, 0.144), argmax(0.09, 0.216)) = (0, 1)" in texts[2]
    assert texts[3] == texts[2] and "This was the last level" in texts[3]
    assert progress.read_hint_levels(record.folder) == {"hmm-09": 3}
    chinese = output(capsys, "hmm-09", "--level", "1", "--lang", "zh")
    assert "第 1 级提示" in chinese and "题目：hmm/README.zh-CN.md 的“4. 最佳路径”一节" in chinese
    assert progress.read_hint_levels(record.folder) == {"hmm-09": 3}


def test_hint_continues_from_a_named_mistake(record, capsys):
    record(
        Status.WRONG,
        mistake="H17",
        hint=Message("Which predecessor is kept?", "保留的是哪个前驱？"),
    )
    text = output(capsys, "hmm-09", "--lang", "zh")
    assert (
        "你上次的答案像是一个常见错误：保留的是哪个前驱？ [H17]" in text and "第 2 级提示" in text
    )


def test_hint_without_a_blank_takes_the_next_open_blank(record, capsys, monkeypatch):
    monkeypatch.setattr(hint, "choose_homeworks", lambda names: ["hmm"])
    for id in ("hmm-01", "hmm-02"):
        record(Status.DONE, id)
    assert output(capsys, "--lang", "en").startswith("hmm-03, hint 1 of 3")
    record(Status.DONE, None)
    assert output(capsys, "--lang", "en") == "Every blank is right.\n"


def test_hint_for_a_right_blank_gives_reason_and_question(record, capsys):
    record(Status.DONE)
    text = output(capsys, "hmm-09", "--lang", "en")
    assert (
        "hmm-09 was right when it was last checked." in text
        and "Further question: " in text
        and "hint 1" not in text
    )
    assert "hint 2 of 3" in output(capsys, "hmm-09", "--level", "2", "--lang", "en")


def test_unknown_blank_suggests_the_nearest_id(capsys):
    assert main.main(["hint", "hmm-9", "--lang", "en"]) == 2
    assert "did you mean hmm-09?" in capsys.readouterr().err


def test_printed_commands_fit_the_users_folder(record, capsys, monkeypatch):
    monkeypatch.chdir(ROOT / "hmm")
    text = output(capsys, "hmm-09", "--lang", "en")
    assert "python -m pytest ../tests/test_hmm.py --blank hmm-09" in text
    assert f"{terminal.command_name()} hint hmm-09" in text and "../course hint" in text


def test_hint_level_and_verdicts_are_kept_in_the_same_file(record):
    record(Status.DONE)
    progress.record_hint_level("hmm-09", 2, record.folder)
    record(Status.WRONG)
    assert progress.read_hint_levels(record.folder) == {"hmm-09": 2}
    assert progress.read_progress(record.folder)["hmm"]["viterbi_tables"].status == Status.WRONG
