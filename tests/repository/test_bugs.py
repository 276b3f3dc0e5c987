"""The find-the-bug exercise: counterexamples are judged with a reason, and the listed sizes are truly the smallest."""

import numpy as np
import pytest

from course.cases import FreshCases
from course.checks import load_checks
from course.homeworks import HOMEWORKS
from course.runner import InProcessRunner
from course.verdict import run
from grading import bugs as handout
from tests.reference import bugs

# Per homework: an input on which both versions agree, an invalid input, and one larger than necessary.
COUNTEREXAMPLES = {
    "hw_bptt": (
        "[1.0, [1.0], [[1.0]], [[1.0]]]",
        "[1.0, [1.0], [[1.0, 2.0]], [[1.0], [1.0]]]",
        "[1.0, [1.0, 2.0], [[1.0, 0.0], [0.0, 1.0]], [[1.0, 1.0], [1.0, 1.0]]]",
    ),
    "hw_attention": (
        "[[[1.0]], [[True]]]",
        "[[[1.0]], [False]]",
        "[[[1.0, 2.0]], [[False, False]]]",
    ),
    "waimai_cls": (
        "[[[[-1.0], [0.0]]], [2]]",
        "[[[[-1.0], [0.0]]], [3]]",
        "[[[[-1.0], [0.0], [0.0]]], [1]]",
    ),
    "gpt_songci": (
        "[[[0.0]], [[True]], [1], [1], [[False]]]",
        "[[[0.0]], [[True]], [1], [2], [[False]]]",
        "[[[0.0, 1.0, 2.0]], [[True] * 3], [1, 2, 2], [1], [[False] * 3]]",
    ),
    "hmm": (
        "[[1.0], [[1.0]], [[0.5, 0.5]], [0, 1]]",
        "[[0.5, 0.4], [[1, 0], [0.5, 0.5]], [[1, 0], [0.5, 0.5]], [0, 0]]",
        "[[0.5, 0.5], [[1, 0], [0.5, 0.5]], [[1, 0], [0.5, 0.5]], [0, 0, 1]]",
    ),
    "word2vec_sst": ("[[[1.0, 2.0]]]", "[[[[1.0]]]]", "[[[1000.0, 1000.0], [0.0, 1.0]]]"),
}


def verdicts(homework, arguments, student="20260001"):
    """{check name: Verdict} of the exercise's two checks for a bug.py whose counterexample() returns these arguments."""
    text = f"def counterexample():\n    return {student!r}, {arguments}\n"
    runner = InProcessRunner(sources={(homework, "bug.py"): text})
    checks = [check for check in load_checks(homework) if check.name.startswith("bug_")]
    return {check.name: run(check, runner, FreshCases(1)) for check in checks}


@pytest.mark.parametrize("homework", HOMEWORKS)
def test_wrong_counterexample_is_refused_with_its_reason(homework):
    agree, invalid, large = COUNTEREXAMPLES[homework]
    for arguments, words in ((agree, "give the same"), (invalid, "not a valid input")):
        for verdict in verdicts(homework, arguments).values():
            assert not verdict.status.passes and words in verdict.message.en, arguments
            assert verdict.message.zh != verdict.message.en
    both = verdicts(homework, large)
    assert both["bug_shown"].status.passes and not both["bug_smallest"].status.passes
    assert "are enough" in both["bug_smallest"].message.en


@pytest.mark.parametrize("answer", ["None", "[1, 2]", "'text'", "[[1.0] * 300]"])
def test_counterexample_of_a_wrong_type_is_refused_in_one_line(answer):
    for verdict in verdicts("word2vec_sst", answer).values():
        assert not verdict.status.passes and "Traceback" not in verdict.message.en


@pytest.mark.parametrize("homework", HOMEWORKS)
def test_every_bug_is_assigned_and_differs_from_the_solution(homework):
    exercise = bugs.EXERCISES[homework]
    given = {bugs.student_bug(exercise, f"2026{number:04}") for number in range(400)}
    assert given == set(exercise.sizes_shown)  # every bug is assigned to some student
    assert bugs.student_bug(exercise, " ２０２６００１ａ ") == bugs.student_bug(
        exercise, "2026001A"
    )
    for id in exercise.sizes_shown:
        assert bugs.source(exercise, id) != bugs.source(exercise, None)


@pytest.mark.slow
@pytest.mark.parametrize("homework", HOMEWORKS)
def test_listed_sizes_equal_the_smallest_found_by_search(homework):
    exercise = bugs.EXERCISES[homework]
    searched = {id: bugs.smallest(exercise, id) for id in exercise.sizes_shown}
    assert searched == dict(exercise.sizes_shown)


@pytest.mark.parametrize("homework", HOMEWORKS)
def test_inputs_drawn_by_the_search_are_valid(homework):
    exercise, rng = bugs.EXERCISES[homework], np.random.default_rng(3)
    for shape in exercise.sizes:
        for _ in range(5):
            arguments = bugs.as_arguments(exercise, exercise.draw(rng, *shape))
            assert exercise.valid(*arguments) is None


def test_handout_has_one_reproducible_file_per_student(tmp_path, capsys):
    roster = tmp_path / "roster.csv"
    roster.write_text("学号,姓名\n20260001,张三\n20260002,李四\n", encoding="utf-8")
    arguments = ["hmm", "--roster", str(roster), "--out", str(tmp_path / "out")]
    assert handout.main(arguments) == 0
    for student in ("20260001", "20260002"):
        text = (tmp_path / "out" / student / "hmm" / "broken.py").read_text(encoding="utf-8")
        assert student in text and "def forward(" in text
        names = {}
        exec(compile(text, "broken.py", "exec"), names)
        assert callable(names["forward"])
    rows = (tmp_path / "out" / "bugs.csv").read_text(encoding="utf-8-sig").splitlines()
    assert rows[0] == "student,homework,mistake" and len(rows) == 3
    first = sorted(path.read_bytes() for path in (tmp_path / "out").rglob("broken.py"))
    assert handout.main(arguments) == 0  # again: the same bytes
    assert first == sorted(path.read_bytes() for path in (tmp_path / "out").rglob("broken.py"))
    assert handout.main(["hmm", "--roster", str(tmp_path / "absent.csv"), "--out", "x"]) == 1
    assert "absent.csv" in capsys.readouterr().err
