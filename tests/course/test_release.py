"""Solution markers and the student copy."""
import textwrap

import pytest

from grading import markers, release
from tests import check
from tests.student import HOMEWORKS, ROOT

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


def test_a_blank_becomes_its_hint_and_a_stop(tmp_path):
    stripped = markers.strip_code(write(tmp_path, GOOD), "hmm/model.py")
    assert "x + 1" not in stripped and "# abc-01 (6 points): a hint" in stripped
    space = {}
    exec(stripped, space)
    with pytest.raises(NotImplementedError, match=r"^hmm/model.py, blank abc-01 \(f\): still empty$"):
        space["f"](1)


@pytest.mark.parametrize("change, words", [
    (lambda s: s.replace("    # END SOLUTION abc-01\n", ""), "line 4: BEGIN SOLUTION without END"),
    (lambda s: s.replace("    # BEGIN SOLUTION abc-01 (6 points): a hint\n", ""), "line 5: END SOLUTION without BEGIN"),
    (lambda s: s.replace("    return", "    # BEGIN SOLUTION abc-02 (1 point): x\n    return"), "line 5: nested"),
    (lambda s: s.replace("END SOLUTION abc-01", "END SOLUTION abc-02"), "closes abc-01"),
    (lambda s: s.replace("(6 points): a hint", ""), "line 4: not a marker"),
    (lambda s: s.replace('"""Doc."""', '"""BEGIN SOLUTION"""'), "line 3: not a marker"),
    (lambda s: s.replace("    # BEGIN", "    x = 1\n    # BEGIN"), "whole body of f"),
    (lambda s: s.replace("# END SOLUTION abc-01\n", "# END SOLUTION abc-01\n    return 2\n"), "reaches to its end")])
def test_other_markers_are_errors_with_file_and_line(tmp_path, change, words):
    with pytest.raises(markers.MarkerError, match="model.py, line .*" + words.removeprefix("line ")):
        markers.regions(write(tmp_path, change(GOOD)))


@pytest.mark.parametrize("text, words", [
    ("a\n<!-- BEGIN SOLUTION -->\nb\n", "line 2"), ("<!-- END SOLUTION -->\n", "line 1"),
    ("<!-- BEGIN SOLUTION -->\n<!-- BEGIN SOLUTION -->\n<!-- END SOLUTION -->\n", "line 2: nested"),
    ("text <!-- BEGIN SOLUTION -->\n", "alone on its line")])
def test_a_sheet_with_broken_markers_is_refused(text, words):
    with pytest.raises(markers.MarkerError, match=words):
        markers.strip_sheet(text, "README.md")


def test_a_sheet_loses_its_worked_answers():
    assert markers.strip_sheet("a\n<!-- BEGIN SOLUTION -->\nb\n<!-- END SOLUTION -->\nc\n", "x.md") == "a\nc\n"


def test_an_id_stands_once(tmp_path):
    write(tmp_path, GOOD)
    write(tmp_path, GOOD, "other.py")
    with pytest.raises(markers.MarkerError, match="abc-01 stands in"):
        markers.blanks(tmp_path)


@pytest.fixture
def one_set_of_cases(monkeypatch):
    """Stored cases of one seed: drawing five takes long."""
    monkeypatch.setattr(check, "STORED_SEEDS", 1)


@pytest.mark.parametrize("homework", READY)
def test_the_student_copy_is_proved(homework, tmp_path, one_set_of_cases):
    """Empty blanks fail by name, solved files pass, nothing leaks, two builds are the same bytes."""
    said = []
    release.release(tmp_path / "copy", [homework], seed=3, say=said.append)
    assert len(said) == 5
    copy = tmp_path / "copy"
    assert not (copy / "grading").exists() and not (copy / "tests" / "reference").exists()
    assert (copy / "tests" / "cases" / f"{homework}.npz").stat().st_size < 2 * 2**20


def test_a_leaked_line_is_found(tmp_path, one_set_of_cases):
    homework = READY[0]
    release.build(tmp_path, [homework], seed=1)
    region = next(iter(markers.blanks(ROOT / homework).values()))
    line = max(region.path.read_text(encoding="utf-8").splitlines()[region.begin:region.end - 1], key=len)
    (tmp_path / homework / "notes.md").write_text(line + "\n", encoding="utf-8")
    with pytest.raises(release.ReleaseError, match="notes.md holds a line of a solution"):
        release.prove_silent(tmp_path, [homework])


def test_other_folders_are_not_overwritten(tmp_path):
    (tmp_path / "mine.txt").write_text("kept", encoding="utf-8")
    with pytest.raises(release.ReleaseError, match="no student copy"):
        release.release(tmp_path, READY[:1], seed=1)
    assert (tmp_path / "mine.txt").read_text(encoding="utf-8") == "kept"


def test_stored_cases_name_mistakes_too(tmp_path, monkeypatch, one_set_of_cases):
    """A student copy has no mistakes' code, but their answers: the same verdict and the same name come from the file."""
    from tests import mistakes
    from tests.student import InProcess
    homework = READY[0]
    path = tmp_path / f"{homework}.npz"
    check.store_cases(homework, path, range(check.STORED_SEEDS))
    stored = check.StoredCases(0)
    monkeypatch.setattr(check, "CASES", tmp_path)
    known = mistakes.load(homework)[0]
    door = InProcess(sources=mistakes.sources(known))
    results = [check.run(one, door, stored) for one in check.load_checks(homework) if one.id == known.blank]
    assert known.id in {result.mistake for result in results}
