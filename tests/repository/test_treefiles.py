"""The list of the tree's files, with git, without git, and where git refuses."""

import os
import subprocess
import sys

import pytest

from course.homeworks import ROOT
from grading import package, release, treefiles
from tests.repository.conftest import missing

PREPARED = {  # files written into the tree by the README's first command and by data/download.py
    "data/quansongci/meta.json",
    "data/quansongci/train.bin",
    "data/quansongci/tunes.json",
    "data/quansongci/joined.txt",
    "data/quansongci/prepared/val.bin",
    "data/full/quansongci/a.json",
    "data/numerals/0.png",
}
IGNORED = PREPARED | {
    "workdirs/gpt_songci/checkpoint.pt",
    "hmm/__pycache__/model.cpython-311.pyc",
    "dist/student/hmm/model.py",
    "venv 3.12/lib/torch/__init__.py",
    ".venv/pyvenv.cfg",
}
KEPT = {"hmm/model.py", "hmm/词典.txt", "data/quansongci/sample.json", ".gitignore", "LICENSE"}


def touch(path, text=""):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.fixture
def tree(tmp_path):
    """A folder with the course's .gitignore, tracked files and all kinds of generated files."""
    for name in IGNORED | KEPT:
        touch(tmp_path / name)
    touch(tmp_path / ".gitignore", (ROOT / ".gitignore").read_text(encoding="utf-8"))
    touch(tmp_path / "venv 3.12/pyvenv.cfg")
    return tmp_path


def test_unpacked_zip_lists_files_that_gitignore_keeps(tree):
    assert set(treefiles.tree_files(tree)) == KEPT


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_line_ends_of_gitignore_do_not_matter(tree, ends):
    text = (ROOT / ".gitignore").read_text(encoding="utf-8")
    (tree / ".gitignore").write_bytes(text.replace("\n", ends).encode("utf-8"))
    assert set(treefiles.tree_files(tree)) == KEPT


def test_files_are_listed_without_the_program_git(tree, monkeypatch):
    touch(tree / ".git/HEAD")
    monkeypatch.setenv("PATH", str(tree / "hmm"))
    assert set(treefiles.tree_files(tree)) == KEPT


def test_files_are_listed_where_git_refuses(tree):
    """If git ends with an error, as it does for a folder of another owner, the files are listed without it."""
    touch(tree / ".git/HEAD", "no repository")
    assert set(treefiles.tree_files(tree)) == KEPT


@pytest.fixture
def git(tmp_path):
    """A function that runs git in a fresh repository at tmp_path and returns its output."""

    def run(*arguments):
        settings = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        return subprocess.run(
            ["git", *arguments],
            cwd=tmp_path,
            env=os.environ | settings,
            capture_output=True,
            check=True,
        ).stdout.decode("utf-8")

    try:
        run("init", "-q", ".")
    except FileNotFoundError:
        missing("needs git: apt-get install git")
    return run


GITIGNORE = """
# comment
\\#file
*.bin
!keep.bin
/top
deep/*.txt
folder/
**/any/x
tail/**
mid/**/y
[a-c]?.log
[!a].log
space\\{space}
trailing{space}{space}
""".format(space=" ")
NAMES = """#file # a.bin keep.bin sub/keep.bin sub/b.bin top sub/top deep/a.txt deep/more/a.txt sub/deep/a.txt folder/f sub/folder/f
folder2/f sub2/folder any/x sub/any/x sub/any/more/x tail/a tail/b/c sub/tail/a mid/y mid/1/y mid/1/2/y ab.log db.log abc.log
a.log b.log trailing nested/own.py nested/other.py nested/keep.txt nested/a/own.py 诗/a.bin 诗/词.txt""".split()


def test_listing_without_git_equals_that_of_git(tmp_path, git):
    # Windows has no names that end in a space
    for name in NAMES if sys.platform == "win32" else [*NAMES, "space "]:
        touch(tmp_path / name)
    touch(tmp_path / ".gitignore", GITIGNORE)
    touch(tmp_path / "nested/.gitignore", "own.py\n!a/\n")
    listed = treefiles._asked_of_git(tmp_path)
    assert listed and set(treefiles._walked(tmp_path)) == listed


def test_this_tree_has_the_same_files_with_and_without_git():
    listed = treefiles._asked_of_git(ROOT)
    if listed is None:
        missing("needs git, and a tree that git knows: apt-get install git")
    assert set(treefiles._walked(ROOT)) == listed


def test_copy_and_package_list_their_files_without_git(monkeypatch):
    monkeypatch.setenv("PATH", os.devnull)
    assert "hmm/model.py" in release.student_files(["hmm"])
    assert "hmm/model.py" in package.source_files(["hmm"])
