"""`course update`: a newer copy is merged into a half-filled one, and the student's work is kept."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from course import markers
from course.commands import update
from course.homeworks import COPY_RECORD, ROOT
from grading import release
from tests.repository.copies import build, few_cases

STUB = [
    "    # hmm-01 (8 points): sum",
    "    # 求和",
    '    raise NotImplementedError("hmm/model.py, blank hmm-01 (forward): still empty")',
]
BASE = ["import numpy", "", "def forward(x):", *STUB, "", "def helper():", "    return 1"]


def changed(lines, *pairs):
    """The lines after replacing old by new text for each pair (old, new)."""
    text = "\n".join(lines)
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return text.splitlines()


@pytest.mark.parametrize(
    "student_lines, new, merged",
    [
        ([], [("return 1", "return 2")], [("return 1", "return 2")]),
        (
            [("\n".join(STUB), "    return x")],
            [("return 1", "return 2")],
            [("\n".join(STUB), "    return x"), ("return 1", "return 2")],
        ),
        (
            [(STUB[-1], "    return x")],
            [(STUB[0], "    # hmm-01 (9 points): add"), (STUB[1], "    # 相加")],
            [(STUB[-1], "    return x")],
        ),
        (
            [("import numpy", "import numpy\nimport math"), (STUB[-1], "    return x")],
            [("return 1", "return 2")],
            [
                ("import numpy", "import numpy\nimport math"),
                (STUB[-1], "    return x"),
                ("return 1", "return 2"),
            ],
        ),
        ([("return 1", "return 3")], [("return 1", "return 2")], None),
        ([("return 1", "return 2")], [("return 1", "return 2")], [("return 1", "return 2")]),
        ([(STUB[-1], "    return x")], [("\n".join(STUB), "    return given(x)")], None),
    ],
)
def test_merge_keeps_both_changes_or_reports_a_conflict(student_lines, new, merged):
    result = update.merge(BASE, changed(BASE, *student_lines), changed(BASE, *new))
    assert result == (None if merged is None else changed(BASE, *merged))


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    return build(tmp_path_factory.mktemp("released") / "copy", "hmm")


@pytest.fixture
def old(released, tmp_path):
    """A student's copy with two blanks filled, an import and a function added, answers, a picture and a trained model."""
    shutil.copytree(released, tmp_path / "old")
    folder = tmp_path / "old" / "hmm"
    text = (
        (folder / "model.py")
        .read_text(encoding="utf-8")
        .replace("import numpy as np", "import numpy as np\nimport math", 1)
    )
    for id in ("hmm-01", "hmm-09"):
        start = text.index(f"# {id} (")
        end = text.index("\n", text.index("raise NotImpl", start))
        text = (
            text[:start]
            + f"mine = math.pi        # {id}: mein Versuch, 我的尝试\n    return mine"
            + text[end:]
        )
    (folder / "model.py").write_text(text + "\n\ndef my_own():\n    return 1\n", encoding="utf-8")
    (folder / "answers.md").write_text(
        (folder / "answers.md")
        .read_text(encoding="utf-8")
        .replace("### 2. P(O) (3)", "### 2. P(O) (3)\n\nsum it, 求和"),
        encoding="utf-8",
    )
    (folder / "trellis.png").write_bytes(b"picture")
    release.write(tmp_path / "old" / "workdirs" / "hmm" / "model.npz", b"trained")
    return tmp_path / "old"


@pytest.fixture
def new(released, tmp_path):
    """The next release: changed check, hint, provided function and sheet, a new file and a removed one."""
    shutil.copytree(released, tmp_path / "new")

    def edit(name, *pairs):
        path = tmp_path / "new" / name
        text = path.read_text(encoding="utf-8")
        for before, after in pairs:
            assert text.count(before) >= 1, (name, before)
            text = text.replace(before, after, 1)
        path.write_text(text, encoding="utf-8", newline="\n")

    edit("tests/test_hmm.py", ('"rtol": 1e-9, "atol": 1e-14', '"rtol": 1e-8, "atol": 1e-14'))
    edit("hmm/README.md", ("## Blanks", "A corrected sentence.\n\n## Blanks"))
    edit(
        "hmm/model.py",
        ("# hmm-01 (8 points): ", "# hmm-01 (8 points): first, "),
        ("def log(p):\n", "def log(p):\n    # faster\n"),
    )
    edit("hmm/answers.md", ("## w3 (6)", "## w3 (7)"))
    edit(
        "CHANGELOG.md",
        (
            "\n- ",
            "\n- 2026-12-01 `code:` hmm-01 is checked less strictly. / hmm-01 的检查放宽。\n- ",
        ),
    )
    release.write(tmp_path / "new" / "hmm" / "extra.py", b"x = 1\n")
    (tmp_path / "new" / "hmm" / "plots.py").unlink()
    record = tmp_path / "new" / COPY_RECORD
    content = json.loads(record.read_text(encoding="utf-8"))
    names = [name for name in release.files_of(tmp_path / "new") if name != COPY_RECORD]
    content["files"] = {
        name: update.digest(name, (tmp_path / "new" / name).read_bytes()) for name in names
    }
    content["texts"] = {
        name: (tmp_path / "new" / name).read_text(encoding="utf-8")
        for name in names
        if name in content["texts"]
    }
    record.write_text(json.dumps(content), encoding="utf-8")
    return tmp_path / "new"


def files(folder):
    """{name: bytes} of a folder's files without byte code."""
    names = (name for name in release.files_of(folder) if "__pycache__" not in name)
    return {name: (folder / name).read_bytes() for name in names}


def update_quietly(newer, copy, **options):
    return update.update_copy(newer, copy, report=lambda message: None, **options)


def english(messages):
    return [message.en for message in messages]


@pytest.mark.parametrize("form", ["folder", "zip"])
def test_update_keeps_the_students_work(old, new, tmp_path, form):
    before, lines = files(old), []
    newer = new
    if form == "zip":
        newer = tmp_path / "next.zip"
        release.write_zip(new, newer)
    changes = update.update_copy(newer, old, report=lines.append)
    change_kinds = {change.name: change.kind.name.lower() for change in changes}
    assert change_kinds == {
        "CHANGELOG.md": "updated",
        "hmm/README.md": "updated",
        "hmm/answers.md": "merged",
        "hmm/extra.py": "new",
        "hmm/model.py": "merged",
        "hmm/plots.py": "removed",
        "tests/test_hmm.py": "updated",
    }
    after = files(old)
    model = after["hmm/model.py"].decode("utf-8")
    student_text = before["hmm/model.py"].decode("utf-8")
    assert (
        [line for line in student_text.splitlines() if line not in model] == []
        and "# faster" in model
        and "first, " not in model
    )
    answers = after["hmm/answers.md"].decode("utf-8")
    assert "sum it, 求和" in answers and "## w3 (7)" in answers
    assert after["hmm/trellis.png"] == b"picture" and after["workdirs/hmm/model.npz"] == b"trained"
    assert after["tests/test_hmm.py"] == files(new)["tests/test_hmm.py"]
    assert lines[-1].en.startswith(
        "- 2026-12-01 `code:`"
    ) and "hmm/model.py: updated; your changes are kept" in english(lines)
    assert (
        update.update_copy(newer, old, report=lines.append) == []
        and files(old) == after
        and lines[-1].en == "everything is up to date"
    )


def test_update_is_reproducible_and_dry_run_writes_nothing(old, new, tmp_path):
    shutil.copytree(old, tmp_path / "twin")
    before = files(old)
    update_quietly(new, old, dry_run=True)
    assert files(old) == before
    for copy in (old, tmp_path / "twin"):
        update_quietly(new, copy)
    assert files(old) == files(tmp_path / "twin")


def test_conflicting_change_keeps_both_versions(old, new):
    path = old / "hmm" / "model.py"
    path.write_text(
        path.read_text(encoding="utf-8").replace("def log(p):\n", "def log(p):\n    # mine\n"),
        encoding="utf-8",
    )
    (old / "tests" / "test_hmm.py").write_text("# my own tests\n", encoding="utf-8")
    (old / "hmm" / "answers.md").write_bytes("答案".encode("gbk"))
    before, lines = files(old), []
    update.update_copy(new, old, report=lines.append)
    after = files(old)
    for name in ("hmm/model.py", "tests/test_hmm.py", "hmm/answers.md"):
        assert after[name] == before[name] and after[f"{name}.new"] == files(new)[name]
    assert (
        "hmm/model.py: you and the update changed the same lines: yours is kept, the new version is model.py.new"
        in english(lines)
    )
    assert update.update_copy(new, old, report=lines.append) == []


def test_update_keeps_windows_line_ends(old, new):
    for name in release.files_of(old):
        if name.endswith(update.TEXT) and name != COPY_RECORD:
            path = old / name
            data = path.read_bytes().replace(b"\r\n", b"\n")  # Windows has written it so
            path.write_bytes(data.replace(b"\n", b"\r\n"))
    kinds = {change.kind.name.lower() for change in update_quietly(new, old)}
    assert kinds == {"updated", "merged", "new", "removed"}
    model = (old / "hmm" / "model.py").read_bytes()
    assert model.count(b"\n") == model.count(b"\r\n") and b"# faster\r\n" in model


def test_interrupted_update_can_be_repeated(old, new, monkeypatch):
    whole = shutil.copytree(old, old.parent / "whole")
    update_quietly(new, whole)
    write, writes_left = update._write, iter(range(4))

    def stop(path, data):
        if next(writes_left, None) is None:
            raise KeyboardInterrupt
        write(path, data)

    monkeypatch.setattr(update, "_write", stop)
    with pytest.raises(KeyboardInterrupt):
        update_quietly(new, old)
    monkeypatch.undo()
    update_quietly(new, old)
    assert files(old) == files(whole)


def test_files_of_an_older_layout_are_removed_if_unchanged(old, new):
    """Copies of an earlier layout had the engine in tests/."""
    path = old / COPY_RECORD
    record = json.loads(path.read_text(encoding="utf-8"))
    names = [f"tests/{name}.py" for name in ("check", "student", "worker", "term", "pack")]
    for name in names:
        (old / name).write_text(f"# {name}\n", encoding="utf-8")
        record["files"][name] = update.digest(name, (old / name).read_bytes())
    path.write_text(json.dumps(record), encoding="utf-8")
    (old / "tests/term.py").write_text("# mine\n", encoding="utf-8")
    (old / "tests/pack.py").unlink()
    lines = []
    update.update_copy(new, old, report=lines.append)
    assert [name for name in names if (old / name).is_file()] == ["tests/term.py"]
    assert "tests/term.py: no longer needed, but you changed it: it stays" in english(lines)
    assert update_quietly(new, old) == [] and (old / "tests/term.py").is_file()


def test_update_prints_chinese_messages(old, new, tmp_path):
    process = subprocess.run(
        [sys.executable, "-m", "course", "update", new, "--dry_run", "--lang", "zh"],
        cwd=old,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=os.environ | {"PYTHONUTF8": "1"},
    )
    assert process.returncode == 0 and "hmm/README.md：已更新" in process.stdout, process.stderr
    assert "没有写任何文件" in process.stdout


def test_update_from_something_else_is_refused(old, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "x.zip").write_bytes(b"not a zip")
    for newer, words in (
        (tmp_path / "empty", "not a student copy"),
        (tmp_path / "x.zip", "not a zip"),
        (tmp_path / "none", "none"),
    ):
        with pytest.raises(update.UpdateError, match=words):
            update.update_copy(newer, old)
    process = subprocess.run(
        [sys.executable, "-m", "course", "update", tmp_path / "empty"],
        cwd=old,
        capture_output=True,
        text=True,
    )
    assert (
        process.returncode == 2
        and process.stderr.count("\n") == 1
        and "Traceback" not in process.stderr
    )


def test_copy_that_lacks_a_homework_is_refused(old, new):
    path = new / COPY_RECORD
    content = json.loads(path.read_text(encoding="utf-8")) | {"homeworks": ["waimai_cls"]}
    path.write_text(json.dumps(content), encoding="utf-8")
    before = files(old)
    process = subprocess.run(
        [sys.executable, "-m", "course", "update", new],
        cwd=old,
        capture_output=True,
        text=True,
    )
    assert (
        process.returncode == 2
        and "does not contain hmm, which would be removed" in process.stderr
        and files(old) == before
    )
    assert update_quietly(new, old, drop=True)


def test_release_update_merges_this_tree_into_a_copy(old, monkeypatch, capsys):
    """`python -m grading.release --update OLD` builds a copy from this tree, proves it and merges it into OLD."""
    monkeypatch.setattr(release, "prove", lambda *args: None)
    stale = (old / "hmm" / "cli.py").read_bytes()
    (old / "hmm" / "cli.py").write_bytes(stale.replace(b"exit code", b"exit  code"))
    record = old / COPY_RECORD
    content = json.loads(record.read_text(encoding="utf-8"))
    content["files"]["hmm/cli.py"] = update.digest(
        "hmm/cli.py", (old / "hmm" / "cli.py").read_bytes()
    )
    record.write_text(json.dumps(content), encoding="utf-8")
    edited = (old / "hmm" / "model.py").read_bytes()
    with few_cases():
        release.main(["--update", str(old)])
    assert "hmm/cli.py: updated" in capsys.readouterr().out
    assert (old / "hmm" / "cli.py").read_bytes() == stale and (
        old / "hmm" / "model.py"
    ).read_bytes() == edited
    assert markers.WORDS.search((ROOT / "hmm" / "model.py").read_text(encoding="utf-8"))
