"""A teaching assistant's grades, rosters and submissions lie in the repository's root: no student copy may have them."""

import shutil
import subprocess
from pathlib import Path

import pytest

from course.homeworks import HOMEWORKS, ROOT
from grading import release, treefiles

COURSE = ("README.md", "course/board.py", "data/cws/card.md", "hmm/model.py", "tests/test_hmm.py")
TEACHER = ("course.toml", "docs/glossary.md", "grading/grade.py", "tests/reference/hmm.py")
PRIVATE = (
    "grades/grades.csv",
    "grades/students/张三_1234567/report.html",
    "part-1/journal.jsonl",
    "submissions/20260001/hmm/model.py",
    "boards/waimai/private/answers.csv",
    "moodle.zip",
    "名单.csv",
)


@pytest.fixture(params=["git", "unpacked zip"])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A tree in which a class was graded; with git, the course's files are committed and the others are not."""
    for name in (*COURSE, *TEACHER, *PRIVATE):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name, encoding="utf-8")
    if request.param == "git":
        if not shutil.which("git"):
            pytest.skip("needs git")
        subprocess.run(["git", "init", "-q", tmp_path], check=True)
        subprocess.run(["git", "add", *COURSE, *TEACHER], cwd=tmp_path, check=True)
    return tmp_path


def test_copy_has_nothing_of_a_graded_class(root):
    assert set(release.student_files(HOMEWORKS, root)) == set(COURSE)


def test_what_is_left_out_of_a_copy_is_named(root):
    assert release.strangers(root) == [
        "boards", "grades", "moodle.zip", "part-1", "submissions", "名单.csv"
    ]  # fmt: skip


def test_files_that_git_does_not_know_are_listed(root):
    if (root / ".git").exists():
        assert set(treefiles.uncommitted_files(root)) == set(PRIVATE)
    else:
        assert treefiles.uncommitted_files(root) == []


def test_every_committed_file_in_the_root_is_assigned():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode or not listed.stdout:
        pytest.skip("needs a checkout")
    top = {name.split("/")[0] for name in listed.stdout.splitlines()}
    assert top == {*release.TOP, *release.TEACHERS, *HOMEWORKS} - {"dist"}
