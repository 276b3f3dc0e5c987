"""Autograder archives for Gradescope and Classroom 50, run in folders laid out like theirs; the hand-in archive."""

import json
import os
import subprocess
import sys
import zipfile

import pytest

from course.commands import pack
from course.homeworks import ROOT
from grading import package


def unpack(target, root):
    """Build the archive for a platform and unpack it; returns the folder."""
    out = root / "archive.zip"
    package.main(["--target", target, "--homework", "hmm", "--out", str(out)])
    with zipfile.ZipFile(out) as archive:
        archive.extractall(root / "source")
        names = archive.namelist()
    assert not [
        name for name in names if name.startswith(("tests/repository", "gpt_songci", "data"))
    ]
    return root / "source"


def validate(result, name):
    """Raise an exception if the result does not fit grading/schemas/NAME.json."""
    import jsonschema  # here, since the import takes 2 seconds in each process of a run

    schema = (ROOT / "grading" / "schemas" / f"{name}.json").read_text(encoding="utf-8")
    jsonschema.validate(result, json.loads(schema))


def test_gradescope_archive_grades_a_submission(tmp_path):
    source = unpack("gradescope", tmp_path)
    (tmp_path / "submission" / "hmm").mkdir(parents=True)
    (tmp_path / "submission" / "hmm" / "model.py").write_bytes(
        (ROOT / "hmm" / "model.py").read_bytes()
    )
    assert "/autograder" in (source / "run_autograder").read_text(encoding="utf-8")
    process = subprocess.run(
        [
            sys.executable,
            "-m",
            "grading.single",
            "gradescope",
            "--root",
            str(tmp_path),
            "--homework",
            "hmm",
        ],
        cwd=source,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert process.returncode == 0, process.stderr
    result = json.loads((tmp_path / "results" / "results.json").read_text(encoding="utf-8"))
    validate(result, "gradescope")
    score = {test["name"]: test["score"] for test in result["tests"]}
    assert score["hmm hmm-03"] > 0 and score["hmm hmm-91"] == 0  # theory.py was not handed in
    assert sum(test["max_score"] for test in result["tests"]) == 100


def test_classroom50_archive_grades_a_checkout(tmp_path):
    source = unpack("classroom50", tmp_path)
    checkout = tmp_path / "checkout"
    (checkout / "hmm").mkdir(parents=True)
    for path in (ROOT / "hmm").glob("*.py"):
        (checkout / "hmm" / path.name).write_bytes(path.read_bytes())
    environment = {
        **os.environ,
        "CLASSROOM": "c",
        "ASSIGNMENT": "hmm",
        "USERNAME": "zhang",
        "SUBMISSION_TAG": "submit/1",
    }
    process = subprocess.run(
        [sys.executable, str(source / "grader.py")],
        cwd=checkout,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert process.returncode == 0, process.stderr
    result = json.loads((checkout / "result.json").read_text(encoding="utf-8"))
    validate(result, "classroom50")
    assert result["max-score"] == 100 < result["score"] and result["owner"] == "zhang"


def hand_in(root, **files):
    """Write a homework hmm with model.py, answers.md and these files ("__" in a name stands for "/"); returns root."""
    folder = root / "hmm"
    folder.mkdir()
    for name, text in {
        "model.py": "def f():\n    return 1\n",
        "answers.md": "## w1 (10)\nmine\n",
        **files,
    }.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def test_pack_takes_code_answers_and_pictures_only(tmp_path):
    hand_in(tmp_path, **{"workdirs__ckpt.py": "x", "notes.docx": "x", "curve.png": "x"})
    packed = pack.pack("hmm", tmp_path / "hmm.zip", tmp_path)
    with zipfile.ZipFile(tmp_path / "hmm.zip") as archive:
        assert (
            archive.namelist() == ["hmm/answers.md", "hmm/curve.png", "hmm/model.py"]
            and packed.files == 3
        )
    assert packed.notes == []


@pytest.mark.parametrize(
    "files, words",
    [
        ({"model.py": "def f(:\n"}, "model.py cannot be imported: SyntaxError"),
        ({"random.py": "x = 1\n"}, "random.py hides the library random"),
        ({"big.png": "x" * (11 * 2**20)}, "big.png has 11 MB"),
    ],
)
def test_pack_refuses_files_that_cannot_be_graded(tmp_path, files, words):
    with pytest.raises(pack.PackError, match=words):
        pack.pack("hmm", tmp_path / "hmm.zip", hand_in(tmp_path, **files))
    assert not (tmp_path / "hmm.zip").exists()


def test_pack_notes_empty_blanks_and_missing_answers(tmp_path):
    stub = (
        'def f():\n    raise NotImplementedError("hmm/model.py, blank hmm-03 (f): still empty")\n'
    )
    notes = pack.pack(
        "hmm",
        tmp_path / "hmm.zip",
        hand_in(tmp_path, **{"model.py": stub, "answers.md": "# x\n## w1 (10)\n"}),
    ).notes
    assert "1 blank(s) still empty" in notes[0].en and "does not contain an answer" in notes[1].en
