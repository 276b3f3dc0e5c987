"""Solution markers, and building and proving the student copy."""

import contextlib
import json
import textwrap
import zipfile
from datetime import UTC, datetime, timedelta

import pytest

from course import cases, markers, settings, verdict
from course.cases import StoredCases
from course.checks import load_checks
from course.commands import update
from course.homeworks import HOMEWORKS, ROOT
from grading import release
from grading.intake import empty_files
from tests.repository.copies import few_cases

SMALL = "hmm"  # the homework that is released fastest
READY = [homework for homework in HOMEWORKS if (ROOT / "tests" / f"test_{homework}.py").is_file()]

GOOD = '''
def f(x):
    """Doc."""
    # BEGIN SOLUTION abc-01 (6 points): a hint
    return x + 1
    # END SOLUTION abc-01
'''


def write(tmp_path, text, name="model.py"):
    path = tmp_path / name
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    return path


def test_stripped_blank_keeps_its_hint_and_raises_by_name(tmp_path):
    stripped = markers.strip_code(write(tmp_path, GOOD), "hmm/model.py")
    assert "x + 1" not in stripped and "# abc-01 (6 points): a hint" in stripped
    space = {}
    exec(stripped, space)
    with pytest.raises(
        NotImplementedError, match=r"^hmm/model.py, blank abc-01 \(f\): still empty$"
    ):
        space["f"](1)


@pytest.mark.parametrize(
    "change, words",
    [
        (
            lambda s: s.replace("    # END SOLUTION abc-01\n", ""),
            "line 4: BEGIN SOLUTION without END",
        ),
        (
            lambda s: s.replace("    # BEGIN SOLUTION abc-01 (6 points): a hint\n", ""),
            "line 5: END SOLUTION without BEGIN",
        ),
        (
            lambda s: s.replace(
                "    return", "    # BEGIN SOLUTION abc-02 (1 point): x\n    return"
            ),
            "line 5: nested",
        ),
        (lambda s: s.replace("END SOLUTION abc-01", "END SOLUTION abc-02"), "closes abc-01"),
        (lambda s: s.replace("(6 points): a hint", ""), "line 4: not a marker"),
        (lambda s: s.replace('"""Doc."""', '"""BEGIN SOLUTION"""'), "line 3: not a marker"),
        (lambda s: s.replace("    # BEGIN", "    x = 1\n    # BEGIN"), "whole body of f"),
        (
            lambda s: s.replace("# END SOLUTION abc-01\n", "# END SOLUTION abc-01\n    return 2\n"),
            "up to its end",
        ),
    ],
)
def test_wrong_marker_is_an_error_with_file_and_line(tmp_path, change, words):
    with pytest.raises(
        markers.MarkerError, match="model.py, line .*" + words.removeprefix("line ")
    ):
        markers.regions(write(tmp_path, change(GOOD)))


@pytest.mark.parametrize(
    "text, words",
    [
        ("a\n<!-- BEGIN SOLUTION -->\nb\n", "line 2"),
        ("<!-- END SOLUTION -->\n", "line 1"),
        (
            "<!-- BEGIN SOLUTION -->\n<!-- BEGIN SOLUTION -->\n<!-- END SOLUTION -->\n",
            "line 2: nested",
        ),
        ("text <!-- BEGIN SOLUTION -->\n", "alone on its line"),
    ],
)
def test_sheet_with_wrong_markers_is_an_error(text, words):
    with pytest.raises(markers.MarkerError, match=words):
        markers.strip_sheet(text, "README.md")


def test_stripped_sheet_has_no_worked_answers():
    assert (
        markers.strip_sheet("a\n<!-- BEGIN SOLUTION -->\nb\n<!-- END SOLUTION -->\nc\n", "x.md")
        == "a\nc\n"
    )


def test_duplicate_blank_id_is_refused(tmp_path):
    write(tmp_path, GOOD)
    write(tmp_path, GOOD, "other.py")
    with pytest.raises(markers.MarkerError, match="abc-01 is in"):
        markers.blanks(tmp_path)


@pytest.fixture
def one_set_of_cases(monkeypatch):
    """Store cases of one seed only, since drawing five sets takes long."""
    monkeypatch.setattr(cases, "STORED_SETS", 1)


@pytest.fixture
def few():
    """Builds student copies with few stored cases."""
    with few_cases():
        yield


def plan(*homeworks, solved=False, seed=1, **changes):
    """A release.Plan for these homeworks; `changes` are settings of course.toml for the first of them."""
    course = settings.load()
    course.seed = seed
    vars(course.homeworks[homeworks[0]]).update(changes)
    return release.Plan(homeworks, course, solved)


@pytest.mark.parametrize(
    "homework",
    [name if name == SMALL else pytest.param(name, marks=pytest.mark.slow) for name in READY],
)
def test_release_proves_the_student_copy(homework, tmp_path, one_set_of_cases):
    """The proof covers imports, empty blanks, solved files, leaks and reproducible builds; here for each homework."""
    messages = []
    release.release(tmp_path / "copy", plan(homework, seed=3), say=messages.append)
    assert len(messages) == (6 if plan(homework).book else 7)  # 7: the book is left out
    assert (tmp_path / "copy" / "book" / "index.html").is_file() == plan(homework).book
    copy = tmp_path / "copy"
    assert not (copy / "grading").exists() and not (copy / "tests" / "reference").exists()
    assert (copy / "tests" / "cases" / f"{homework}.npz").stat().st_size < 2 * 2**20
    for name, data in empty_files(
        homework
    ).items():  # the files over which grading lays a submission
        if name != "phone_store.py":  # its numbers follow the term's seed
            assert (copy / homework / name).read_bytes() == data, name


def test_released_folder_and_zip_are_equal_and_reproducible(tmp_path, few, monkeypatch):
    release.release(tmp_path / "student", plan(SMALL), say=lambda line: None)
    monkeypatch.setattr(release, "prove", lambda *args: None)  # the same copy, proved already
    for name in ("a.zip", "b/a.zip"):
        release.release(tmp_path / name, plan(SMALL), say=lambda line: None)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b" / "a.zip").read_bytes()
    folder, archive = (update.read_copy(tmp_path / name) for name in ("student", "a.zip"))
    assert folder == archive
    with zipfile.ZipFile(tmp_path / "a.zip") as file:
        assert {name.split("/")[0] for name in file.namelist()} == {"a"}


def test_copy_with_solutions_passes_and_omits_teacher_files(tmp_path, few):
    """The copy has solutions and worked answers but not the teacher's files, and every check passes."""
    messages = []
    release.release(tmp_path / "copy", plan(SMALL, solved=True), say=messages.append)
    copy = tmp_path / "copy"
    assert any("pass" in line for line in messages) and not any(
        "empty" in line for line in messages
    )
    model, sheet = (
        (copy / SMALL / name).read_text(encoding="utf-8") for name in ("model.py", "README.md")
    )
    assert (
        "still empty" not in model and "SOLUTION" not in model + sheet and "Worked answers" in sheet
    )
    assert not {"grading", "benchmarks", ".ci"} & {path.name for path in copy.iterdir()}
    assert {path.name for path in (copy / "tests").iterdir() if path.is_dir()} <= {
        "cases",
        "hints",
        "probes",
    }
    assert "grading.release" not in (copy / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("day, words", [(1, "not due yet: hmm"), (-1, None)])
def test_copy_with_solutions_is_refused_before_the_due_date(
    day, words, monkeypatch, tmp_path, capsys
):
    due = datetime.now(UTC) + timedelta(days=day)
    course = settings.load()
    course.homeworks["hmm"].due = due
    monkeypatch.setattr(release, "load_course", lambda: course)
    releases = []
    monkeypatch.setattr(release, "release", lambda *args: releases.append(args))
    with contextlib.suppress(SystemExit):
        release.main(["--out", str(tmp_path / "copy"), "--homework", "hmm", "--with-solutions"])
    assert (words in capsys.readouterr().err and not releases) if words else releases


def test_leaked_solution_line_is_refused(tmp_path, few):
    release.build(tmp_path, plan(SMALL))
    region = next(iter(markers.blanks(ROOT / SMALL).values()))
    line = max(
        region.path.read_text(encoding="utf-8").splitlines()[region.begin : region.end - 1], key=len
    )
    (tmp_path / SMALL / "notes.md").write_text(line + "\n", encoding="utf-8")
    with pytest.raises(release.ReleaseError, match="notes.md holds a line of a solution"):
        release.prove_silent(tmp_path, plan(SMALL))


@pytest.mark.parametrize(
    "name, words",
    [
        (f"{SMALL}/__pycache__/model.cpython-311.pyc", "does not belong"),
        ("workdirs/ckpt.pt", "does not belong"),
        ("grading/x.py", "is the teacher's"),
        ("tests/mistakes/hmm.py", "is the teacher's"),
        (".git/HEAD", "does not belong"),
    ],
)
def test_files_that_reveal_solutions_are_refused(tmp_path, name, words):
    release.write(tmp_path / name, b"")
    with pytest.raises(release.ReleaseError, match=words):
        release.prove_silent(tmp_path, plan(SMALL))


def test_notebook_is_stripped_and_outputs_are_refused():
    def notebook(**more):
        cell = {
            "cell_type": "markdown",
            "source": ["a\n", "<!-- BEGIN SOLUTION -->\n", "b\n", "<!-- END SOLUTION -->\n"],
        }
        return {
            "cells": [
                cell,
                {"cell_type": "code", "source": ["x = 1\n"], "outputs": [], "execution_count": None}
                | more,
            ]
        }

    stripped = json.loads(release.strip_notebook(notebook(), "n.ipynb"))
    assert (
        "".join(stripped["cells"][0]["source"]) == "a"
        and "".join(stripped["cells"][1]["source"]) == "x = 1\n"
    )
    for more, words in (
        ({"outputs": [{}]}, "cell 2: committed with an output"),
        ({"execution_count": 3}, "cell 2"),
        ({"source": ["# BEGIN SOLUTION abc-01 (1 point): x"]}, "a marker in a code cell"),
    ):
        with pytest.raises(markers.MarkerError, match=words):
            release.strip_notebook(notebook(**more), "n.ipynb")


def test_release_does_not_overwrite_a_foreign_folder(tmp_path):
    (tmp_path / "mine.txt").write_text("kept", encoding="utf-8")
    for out in (tmp_path, tmp_path / "mine.txt"):
        with pytest.raises(release.ReleaseError, match="not a student copy"):
            release.release(out, plan(SMALL))
    assert (tmp_path / "mine.txt").read_text(encoding="utf-8") == "kept"


def test_older_copy_is_replaced_unless_it_was_changed(tmp_path, few, monkeypatch):
    monkeypatch.setattr(release, "prove", lambda *args: None)
    out = tmp_path / "copy"
    release.release(out, plan(SMALL))
    (out / ".git").mkdir()
    (out / ".git" / "HEAD").write_text("mine", encoding="utf-8")
    release.release(out, plan(SMALL, leave_out=["hmm-16"]))
    sheet = (out / SMALL / "README.md").read_text(encoding="utf-8")
    assert (out / ".git" / "HEAD").is_file()
    assert "| hmm-16" not in sheet and "hmm-16** (provided this term)" in sheet
    with open(out / SMALL / "model.py", "a", encoding="utf-8") as file:
        file.write("# my work\n")
    with pytest.raises(release.ReleaseError, match=r"hmm/model.py was changed.*--update"):
        release.release(out, plan(SMALL))


def test_stored_cases_name_a_known_mistake(tmp_path, monkeypatch, one_set_of_cases):
    """With stored cases, which contain answers of known mistakes but no code, a mistake is still named."""
    from course import mistakes, plugins
    from course.runner import InProcessRunner

    homework = SMALL
    path = tmp_path / f"{homework}.npz"
    cases.store_cases(homework, path, range(cases.STORED_SETS))
    stored = StoredCases(0)
    monkeypatch.setattr(plugins, "STORED_CASES", tmp_path)
    mistake = mistakes.load(homework)[0]
    runner = InProcessRunner(sources=mistakes.sources(mistake))
    results = [
        verdict.run(check, runner, stored)
        for check in load_checks(homework)
        if check.id == mistake.blank
    ]
    assert mistake.id in {outcome.result.mistake for outcome in results}
