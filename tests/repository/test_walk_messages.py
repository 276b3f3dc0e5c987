"""What a student met on a walk through two homeworks: errors of Python in Chinese, one number, a damaged copy."""

import numpy as np
import pytest

from course.checks import load_checks
from course.commands import main, watch
from course.compare import difference
from course.error_texts import meaning
from course.messages import Message
from course.verdict import CheckResult, MissingCases, Status


def _words(expression):
    """Python's or NumPy's own words for what is wrong with the expression."""
    with pytest.raises(
        (ArithmeticError, LookupError, NameError, SyntaxError, ValueError)
    ) as caught:
        eval(expression, {"np": np})
    error = caught.value
    return error.msg if isinstance(error, SyntaxError) else str(error)


@pytest.mark.parametrize(
    ("expression", "chinese"),
    [
        ("(1", "括号“(”没有配对的右括号"),
        ("1)", "括号“)”没有配对的左括号"),
        ("1.0 / 0", "除数为 0"),
        ("1 // 0", "除数为 0"),
        ("alpah", "名字 alpah 没有定义"),
        ("[1][2]", "列表的下标超出范围"),
        ("np.zeros(6)[6]", "下标 6 超出范围：第 0 轴（从 0 数起）的长度是 6"),
        ("np.ones(3) * np.ones(5)", "形状 (3,) 与 (5,) 无法广播，不能逐元素运算"),
        (
            "np.ones((2, 3)).dot(np.ones(2))",
            "形状 (2,3) 与 (2,) 不能相乘：前者的最后一轴与后者的对应轴长度不同",
        ),
        (
            "np.ones((2, 3)) @ np.ones(2)",
            "两个矩阵不能相乘：左边最后一轴的长度是 3，右边对应的轴是 2",
        ),
        (
            "np.zeros(2).__setitem__(slice(None), np.ones(3))",
            "形状 (3,) 的数组放不进形状 (2,) 的位置",
        ),
    ],
)
def test_common_words_of_python_and_numpy_are_explained_in_chinese(expression, chinese):
    words = _words(expression)
    assert meaning(words) == (words, chinese)


def test_a_single_number_is_not_counted():
    message = difference("dL/dd", np.float64(0.5), np.float64(-0.25), 1e-9, 1e-9)
    assert message and message.en.startswith("dL/dd: got 0.5, expected -0.25")
    assert "得到 0.5，应为 -0.25" in message.zh and "个值" not in message.zh


@pytest.mark.parametrize(
    ("language", "text"), [("en", "download the student copy again"), ("zh", "请重新下载学生版")]
)
def test_a_damaged_copy_gives_one_line(language, text, capsys, monkeypatch):
    def raise_missing(args, language):
        raise MissingCases(load_checks("hmm")[0], FileNotFoundError("hmm.npz"))

    monkeypatch.setattr(main.COMMANDS["status"], "run", raise_missing)
    assert main.main(["--lang", language, "status", "--run"]) == 2
    output = capsys.readouterr().err
    assert text in output and output.count("\n") == 1


def test_watch_shows_the_note_of_a_blank_that_is_right(capsys):
    check = load_checks("hw_bptt")[0]
    note = Message("rnn_do changes its arguments", "rnn_do 改动了它的参数")
    result = CheckResult(
        homework="hw_bptt",
        id=check.id,
        name=check.name,
        status=Status.DONE,
        points=check.points,
        possible=check.points,
        bonus=False,
        hidden=False,
        message=Message("", ""),
        note=note,
    )
    watch.report([result], "zh")
    assert "rnn_do 改动了它的参数" in capsys.readouterr().out
