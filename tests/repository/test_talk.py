"""Questions for a two-minute talk refer to the student's own lines; the student copy has rules for AI assistants."""

from course.homeworks import HOMEWORKS, ROOT
from course.messages import Message
from course.verdict import CheckResult, Status
from grading import release, talk
from grading.marks import BlankMarks, HomeworkMarks
from tests.repository.copies import build


def test_student_copy_has_rules_for_assistants_the_tree_has_none(tmp_path):
    copy = build(tmp_path / "copy", "hmm")
    rules = (copy / "AGENTS.md").read_text(encoding="utf-8")
    assert "Never write a blank" in rules and "绝不代写填空" in rules
    assert "python -m course hint" in rules
    for name in release.POINTERS:
        assert "AGENTS.md" in (copy / name).read_text(encoding="utf-8")
        assert not (ROOT / name).exists()
    assert not (ROOT / "AGENTS.md").exists()


def test_every_sheet_has_a_paragraph_on_ai_assistants():
    for homework in HOMEWORKS:
        english, chinese = (
            (ROOT / homework / name).read_text(encoding="utf-8")
            for name in ("README.md", "README.zh-CN.md")
        )
        assert "**AI assistants.**" in english and "AGENTS.md" in english
        assert "**关于 AI 助手。**" in chinese and "AGENTS.md" in chinese


def marks(homework, *ids, status=Status.DONE):
    """HomeworkMarks in which each of these blanks has one check with this status."""
    no_message = Message("", "")
    results = [CheckResult(homework, id, id, status, 1, 1, False, False, no_message) for id in ids]
    return HomeworkMarks([BlankMarks(result.id, False, [result]) for result in results])


def test_talk_questions_are_about_three_lines_of_the_student():
    files = {"hmm": {"model.py": (ROOT / "hmm" / "model.py").read_bytes()}}
    homeworks = {"hmm": marks("hmm", "hmm-01", "hmm-06", "hmm-09", "hmm-10")}
    questions = talk.talk_questions(homeworks, files)
    assert len(questions) == talk.MOST
    assert len({(question.blank, question.number) for question in questions}) == talk.MOST
    lines = files["hmm"]["model.py"].decode("utf-8").splitlines()
    for question in questions:
        assert question.code in lines[question.number - 1]
    assert any("log(sum(exp" in question.question.en for question in questions)


def test_talk_questions_without_recognised_lines_are_general():
    files = {"hmm": {"model.py": b"def forward(pi, A, B, obs):\n    return helper(pi)\n"}}
    questions = talk.talk_questions({"hmm": marks("hmm", "hmm-01", "hmm-02")}, files)
    assert [question.blank for question in questions] == ["hmm-01", "hmm-02"]
    assert all(question.question.zh for question in questions)
