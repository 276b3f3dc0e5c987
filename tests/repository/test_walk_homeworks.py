"""What a walk through two whole homeworks in Chinese found unclear: one number, stray spaces, points judged later, silence."""

import argparse
import re
import threading

import numpy as np
import pytest

from course import board, verdict
from course.cases import Case, FreshCases
from course.checks import load_checks
from course.commands import status, watch
from course.compare import difference, differences
from course.hints import load_hints
from course.homeworks import ROOT
from course.judging import JudgedCase, WrongAnswer
from course.messages import Message
from course.progress import (
    CheckedBefore,
    forget_verdicts,
    read_hint_levels,
    read_progress,
    record_hint_level,
    record_progress,
)
from course.relations import relation_words
from course.runner import InProcessRunner, StudentError
from course.traces import homework_frames
from course.verdict import CheckResult, Status, explain

SPACE = re.compile(r"[\u4e00-\u9fff，。；：] [\u4e00-\u9fff]|[，。；：] \w|\d[\u4e00-\u9fff]")


def zh_of(answer, expected):
    message = difference("P(O)", answer, expected, 1e-7, 1e-9)
    assert message and not SPACE.search(message.zh), message
    return message.zh


def test_an_array_where_a_number_belongs_and_a_number_where_an_array_belongs():
    assert zh_of(np.ones(3), np.float64(0.5)).startswith("P(O)：形状 (3,)，应为一个数")
    assert zh_of(np.float64(0.5), np.array([1.0, 2.0])).startswith(
        "P(O)：得到一个数，应为形状 (2,) 的数组"
    )
    en = difference("P(O)", np.ones(3), np.float64(0.5), 1e-7, 1e-9)
    assert en and en.en.startswith("P(O): shape (3,), expected a single number")


def test_a_single_infinite_number_is_not_counted():
    assert zh_of(np.float64(-np.inf), np.float64(-4243.12)).startswith(
        "P(O)：得到 -inf，应为 -4243.12"
    )


def test_a_list_says_whether_its_values_are_right():
    expected = np.array([1.0, 2.0])
    assert (
        zh_of([1.0, 2.0], expected)
        == "P(O)：得到列表或元组，应为形状 (2,) 的 float64 数组；数值正确"
    )
    assert zh_of([1.0, 3.0], expected).endswith("数组；数值也不对")
    assert "数值" not in zh_of([1.0], expected)


def test_no_stray_space_between_the_parts_of_a_message():
    answers = {"delta": np.ones(3), "phi": np.ones(3), "计": np.ones(3)}
    expected = {name: np.array([1.0, 2.0, 3.0]) for name in answers}
    message = differences(answers, expected, 1e-7, 1e-9)
    assert message and "；phi 也不同" in message.zh and "； " not in message.zh
    matrix = np.arange(1.0, 10).reshape(3, 3) ** 2
    wrong = matrix.copy()
    wrong[1, :2] += (1, 7)
    words = relation_words(wrong, matrix)
    assert words and words.zh == "只在第 0 轴的下标 1 处不对"


@pytest.mark.parametrize(("offset", "zh"), [(1.5, "处处多 1.5"), (-1.5, "处处少 1.5")])
def test_an_offset_is_named_with_its_direction(offset, zh):
    matrix = np.arange(1.0, 10).reshape(3, 3) ** 2
    words = relation_words(matrix + offset, matrix)
    assert words and zh in words.zh and "-" not in words.zh


def test_a_choice_without_return_says_that_nothing_was_returned():
    with pytest.raises(WrongAnswer) as caught:
        JudgedCase(Case("", [], {})).letter(None)
    assert "没有返回值" in caught.value.message.zh


def given(check):
    empty = Message("", "")
    return CheckResult(check.homework, check.id, check.name, Status.GIVEN, 0, 3, False, True, empty)


def test_watch_shows_no_points_for_what_is_judged_at_grading(capsys):
    check = next(check for check in load_checks("hmm") if check.id == "hmm-91")
    watch.report([given(check)], "zh")
    output = capsys.readouterr().out
    assert output.rstrip().endswith("hmm-91 已答，批改时判定") and "0/3" not in output


def test_watch_says_what_takes_long(monkeypatch):
    reported = threading.Event()
    texts = []

    def say(message, language):
        texts.append(message.text(language))
        reported.set()

    monkeypatch.setattr(watch, "say", say)
    monkeypatch.setattr(watch, "NOTICE_SECONDS", 0.01)
    checks = [check for check in load_checks("hmm") if check.id == "hmm-18"]
    with watch.slow_notice(checks, "zh"):
        assert reported.wait(20)
    assert texts == ["还在检查 hmm-18，请稍候（每次调用最多 10 秒）"]


def test_status_names_what_its_points_leave_out(monkeypatch, capsys):
    monkeypatch.setattr(board, "counts_choices", lambda: False)
    line = status.get_status("hmm", {}, 0.0).message
    assert "0 / 94 分，加分 0 / 18（另有 6 分，加分 3 分，批改时才判定）" in line.zh
    assert "0 / 94 points, bonus 0 / 18 (and 6 points, bonus 3 judged at grading only)" in line.en
    assert status.run(argparse.Namespace(homework=["hmm"], run=False), "zh") == 0
    assert "书面题另有分值，由助教批改" in capsys.readouterr().out


def test_points_at_grading_are_on_the_board_and_nothing_is_said_where_there_are_none(monkeypatch):
    assert board.points_at_grading("hmm") is None  # the teachers' tree judges them
    monkeypatch.setattr(board, "counts_choices", lambda: False)
    assert board.points_at_grading("hmm") == ("6 points, bonus 3", "6 分，加分 3 分")
    text = "".join(segment.text for line in lines_of("hmm") for segment in line)
    assert "批改时才判定：6 分，加分 3 分" in text and "分，加分* " in text


def lines_of(homework):
    check = load_checks(homework)[0]
    empty = Message("", "")
    result = CheckResult(
        homework, check.id, check.name, Status.EMPTY, 0, check.points, False, False, empty
    )
    return board.render([result], "zh")


CALLS = """from validate import AtLeast, check_arguments

def inner(x):
    return x[9]

@check_arguments(n=AtLeast(1))
def positive(n):
    return n

def f(x):
    return inner(x)

def g(n):
    return positive(n)
"""


@pytest.mark.parametrize(
    ("function", "argument", "where"),
    [
        ("inner", [1], "hmm/model.py, line 4"),
        ("f", [1], "hmm/model.py, line 4, called from line 11"),
        ("g", 0, "hmm/model.py, line 14"),  # not a line of validate.py
    ],
)
def test_an_error_is_where_the_student_can_mend_it(function, argument, where):
    with InProcessRunner(ROOT, {("hmm", "model.py"): CALLS}) as runner:
        with pytest.raises(StudentError) as caught:
            runner.call("hmm", function, argument)
    assert caught.value.where == where


def test_the_calling_line_is_named_in_both_languages():
    error = StudentError(
        "IndexError", "list index out of range", "hmm/model.py, line 4, called from line 11"
    )
    assert (
        explain(error).zh
        == "IndexError（hmm/model.py 第 4 行，由第 11 行调用）：列表的下标超出范围"
    )
    assert "(hmm/model.py, line 4, called from line 11)" in explain(error).en


def test_a_mask_without_the_axis_of_queries_is_compared_with_the_docstrings_shape():
    source = (ROOT / "hw_attention" / "model.py").read_text(encoding="utf-8")
    assert "[:, None])[:, None]" in source
    source = source.replace("[:, None])[:, None]", "[:, None])")
    check = next(check for check in load_checks("hw_attention") if check.id == "att-09")
    with InProcessRunner(ROOT, {("hw_attention", "model.py"): source}) as runner:
        result = verdict.run(check, runner, FreshCases(5)).result
    assert result.status == Status.WRONG
    assert re.search(r"keep：形状 \((\d+), (\d+)\)，应为 \(\1, 1, \2\)", result.message.zh)


def test_a_reset_blank_is_not_called_right_any_more(tmp_path):
    empty = Message("", "")
    results = [
        CheckResult(
            "hmm",
            check.id,
            check.name,
            Status.DONE,
            check.points,
            check.points,
            False,
            False,
            empty,
        )
        for check in load_checks("hmm")
        if check.id in ("hmm-08", "hmm-09")
    ]
    assert record_progress(results, tmp_path) is None
    record_hint_level("hmm-09", 2, tmp_path)
    forget_verdicts("hmm", "hmm-09", tmp_path)
    assert {entry.id for entry in read_progress(tmp_path)["hmm"].values()} == {"hmm-08"}
    assert read_hint_levels(tmp_path) == {"hmm-09": 2}


def test_the_board_names_the_next_open_blank_after_one_that_passed():
    check = load_checks("hmm")[0]
    empty = Message("", "")
    result = CheckResult(
        "hmm", check.id, check.name, Status.DONE, 5, check.points, False, False, empty
    )
    earlier = {
        other.name: CheckedBefore(other.id, Status.DONE, other.points, 0.0)
        for other in load_checks("hmm")
        if other.id != "hmm-09"
    }
    lines = board.render([result], "zh", before={"hmm": earlier})
    text = ["".join(segment.text for segment in line) for line in lines]
    assert re.fullmatch(r"下一步：hmm-09，hmm/model.py 第 \d+ 行", text[-2])
    assert text[-1] == "检查它：python -m pytest tests/test_hmm.py --blank hmm-09"
    assert "下一步" not in "".join(
        segment.text for line in board.render([result], "zh") for segment in line
    )


def test_frames_are_in_the_users_language(tmp_path):
    path = tmp_path / "hmm" / "model.py"
    path.parent.mkdir()
    path.write_text("def f(x):\n    return x[9]\n", encoding="utf-8")
    namespace = {}
    exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), namespace)
    with pytest.raises(IndexError) as caught:
        namespace["f"]([1])
    assert homework_frames(caught.value, path.parent, "zh") == [
        "hmm/model.py 第 2 行，f：",
        "    return x[9]",
    ]


@pytest.mark.parametrize(
    ("homework", "id"),
    [("hw_bptt", "bptt-10"), ("word2vec_sst", "w2v-01"), ("gpt_songci", "gpt-a3.4")],
)
def test_first_level_of_a_softmax_says_what_a_softmax_is(homework, id):
    """Not only how it is kept from overflowing: a sum over the wrong axis is the commoner mistake."""
    concept = load_hints(homework)[id].concept
    assert "和为 1" in concept.zh and re.search(r"(adds?|sum) (up )?to 1", concept.en)
