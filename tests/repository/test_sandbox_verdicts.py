"""Verdicts of the grader's sandbox, at each level of isolation that this machine has, are those of the plain run."""

import shutil
import sys

import pytest

from course import markers
from course.cases import FreshCases
from course.homeworks import ROOT
from course.verdict import Status
from grading import grader, isolation
from tests.repository.test_checks import with_only
from tests.repository.test_word2vec_original import original_files

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="the sandbox needs Linux")
LEVELS = ["process"] + (["bubblewrap"] if shutil.which("bwrap") else [])
SOLVED = (
    "both = alpha * beta\n"
    "total = both.sum(1, keepdims=True)\n"
    "answer = np.divide(both, total, out=np.zeros_like(both), where=total > 0)\n"
)


@pytest.fixture(params=LEVELS, scope="module")
def sandbox(request):
    new_sandbox = isolation.Sandbox(request.param)
    yield new_sandbox
    new_sandbox.close()


def graded(sandbox, homework, files, blank):
    """The grader's verdicts on one blank of a submission."""
    return grader.grade_homework(
        files,
        homework,
        FreshCases(3),
        sandbox,
        sandbox.level,
        isolation.Limits(call=20.0),
        frozenset([blank]),
    )


@LINUX
def test_note_on_changed_arguments_appears(sandbox):
    """The function's points stay; the note is that of a plain run, in both languages."""
    region = markers.find(ROOT / "hmm", "hmm-04")
    for change, is_noted in (("alpha *= 2\n", True), ("", False)):
        text = markers.replace(region, SOLVED + change + "return answer")
        results = graded(sandbox, "hmm", {"model.py": text.encode()}, "hmm-04")
        assert [result.status for result in results] == [Status.DONE]
        note = results[0].note
        assert (note is not None) is is_noted
        if note:
            assert "state_posterior changes its arguments" in note.en
            assert "改动了它的参数" in note.zh


@LINUX
@pytest.mark.parametrize(("blank", "points"), [("w2v-12", 4), ("w2v-13", 9)])
@pytest.mark.parametrize("has_empty_file", [True, False])
def test_function_in_another_file_than_ours_is_found(sandbox, blank, points, has_empty_file):
    """The original handout has two functions in q4_sentiment.py; the empty q4_softmaxreg.py does not hide them."""
    files = original_files()
    files["q4_sentiment"] = files.pop("q4_softmaxreg").replace("import random\n", "")
    if has_empty_file:
        files["q4_softmaxreg"] = with_only("word2vec_sst", None)["word2vec_sst", "q4_softmaxreg.py"]
    submission = {f"{name}.py": text.encode() for name, text in files.items()}
    results = graded(sandbox, "word2vec_sst", submission, blank)
    assert [result.status for result in results] == [Status.DONE] * len(results), results
    assert sum(result.points for result in results) == points
