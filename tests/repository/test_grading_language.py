"""The grader's errors and its sentences at the terminal exist in English and Chinese."""

import ast
import re
from pathlib import Path

import pytest

from course import settings
from course.homeworks import ROOT
from grading import command_line, grade, leaderboard, options, release
from grading.intake import Notice, problems

CHINESE = re.compile("[\u4e00-\u9fff]")
ERRORS = (
    "BoardError", "CourseError", "GradeError", "GradebookError", "JournalError", "Refused", "RosterError", "TableError", "TimeError",
)  # fmt: skip
SPEAKING = (
    "attempts", "book", "bugs", "grade", "intake/describe", "leaderboard", "plan", "release", "report", "run",
)  # fmt: skip


def calls(path: Path, names: tuple[str, ...]) -> list[ast.Call]:
    """The calls of some classes in a file."""
    return [
        node
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", getattr(node.func, "attr", "")) in names
    ]


def has_chinese(call: ast.Call) -> bool:
    """Whether a message is bilingual: a Chinese second argument, or the message of another error."""
    if len(call.args) == 1:
        return isinstance(call.args[0], ast.Attribute) and call.args[0].attr == "message"
    text = ast.unparse(call.args[1])
    return bool(CHINESE.search(text)) or "zh" in text


def test_every_error_has_chinese():
    sources = [*(ROOT / "grading").rglob("*.py"), *(ROOT / "course").rglob("*.py")]
    raised = [(path, call) for path in sources for call in calls(path, ERRORS)]
    assert len(raised) > 90
    missing = [
        f"{path.relative_to(ROOT)}:{call.lineno}" for path, call in raised if not has_chinese(call)
    ]
    assert not missing, missing


def test_every_sentence_at_the_terminal_has_chinese():
    notices = [
        (name, call)
        for name in SPEAKING
        for call in calls(ROOT / "grading" / f"{name}.py", ("Notice",))
        if len(call.args) == 2
    ]
    assert len(notices) > 40
    missing = [f"{name}:{call.lineno}" for name, call in notices if not has_chinese(call)]
    assert not missing, missing


def test_errors_share_one_base():
    for error in (options.GradeError, leaderboard.BoardError):
        assert issubclass(error, problems.GradingError)
    wrapped = options.GradeError(Notice("a file", "一个文件"))
    assert str(wrapped) == "a file" and wrapped.message.zh == "一个文件"


@pytest.mark.parametrize(
    ("words", "system", "language"),
    [
        ([], "zh_CN.UTF-8", "zh"),
        ([], "C.UTF-8", "en"),
        (["--lang", "zh"], "C.UTF-8", "zh"),
        (["--lang=en", "x.zip"], "zh_CN.UTF-8", "en"),
    ],
)
def test_language_is_that_of_the_flag_or_of_the_system(monkeypatch, words, system, language):
    monkeypatch.setenv("LC_ALL", system)
    assert command_line.terminal_language(words) == language


@pytest.mark.parametrize(
    ("language", "shown"),
    [
        ("en", "error: {missing}: no such folder or archive"),
        ("zh", "错误：{missing}：没有这个文件夹或压缩包"),
    ],
)
def test_command_line_reports_errors_in_the_language(tmp_path, capsys, language, shown):
    missing = tmp_path / "moodle.zip"
    with pytest.raises(SystemExit) as caught:
        grade.main([str(missing), "--dry_run", "--lang", language])
    assert caught.value.code == 2
    expected = shown.format(missing=missing)
    assert capsys.readouterr().err == f"python -m grading.grade: {expected}\n"


def test_plan_is_described_in_chinese(tmp_path, capsys):
    folder = tmp_path / "class" / "20260001" / "hmm"
    folder.mkdir(parents=True)
    (folder / "model.py").write_text(
        "def forward(pi, A, B, obs):\n    return 1\n", encoding="utf-8"
    )
    (tmp_path / "roster.csv").write_text(
        "学号,姓名\n20260001,张伟\n20260002,王芳\n", encoding="utf-8"
    )
    roster = ["--roster", str(tmp_path / "roster.csv")]
    grade.main([str(tmp_path / "class"), "--dry_run", "--lang", "zh", *roster])
    text = capsys.readouterr().out
    for words in ("1 份提交", "20260001 张伟（按学号）", "书面作答：", "没有收到：20260002 王芳"):
        assert words in text, text
    assert not re.search("submission|received|written|nothing", text), text


def test_errors_of_the_system_are_translated():
    error = FileNotFoundError(2, "No such file or directory", "x.csv")
    assert command_line.error_line("p", error, "zh", grade.KEPT) == (
        f"p: 错误：没有这个文件：x.csv；{grade.KEPT.zh}\n"
    )
    assert (
        command_line.error_line("p", error, "en") == "p: error: No such file or directory: x.csv\n"
    )
    bad = settings.CourseError("bad", "有误")
    assert command_line.error_line("p", bad, "zh") == "p: 错误：有误\n"


def test_board_without_source_names_the_download(tmp_path, capsys):
    with pytest.raises(SystemExit):
        leaderboard.main(["make", "waimai_cls", "--out", str(tmp_path / "board")])
    assert "python data/download.py waimai_10k" in capsys.readouterr().err


def test_release_reports_errors_in_the_language(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    with pytest.raises(SystemExit) as caught:
        release.main(["--update", str(tmp_path / "nowhere")])
    assert caught.value.code == 2
    assert f"错误：--update {tmp_path / 'nowhere'}：没有这个文件夹" in capsys.readouterr().err
