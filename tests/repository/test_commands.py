"""Every command of the sheets and of the students' README, run in a fresh student copy with all blanks filled in.

By default the commands of the NumPy homeworks run, with flags appended that shorten training. `-m deep` runs all of them,
shortened and as printed; those in LONG are always shortened. Commands on full sets need COURSE_FULL_DATA;
`download.py NAME` needs a network and is tested in tests/repository/test_download.py.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from course import settings
from course.homeworks import HOMEWORKS, ROOT
from grading import release
from tests.repository import copies
from tests.repository.copies import build
from tests.repository.test_docs import INLINE, LANGUAGES, blocks, commands, text_of

FULL = os.environ.get("COURSE_FULL_DATA")
SHORT = {  # script: flags appended to the printed command so that it finishes quickly
    "gpt_songci/train.py": "--iters 4 --n_embd 32 --n_layer 1 --eval_interval 4",
    "gpt_songci/sample.py": "--max_new_tokens 20",
    "gpt_songci/evaluate.py": "--num_poems 2 --max_new_tokens 20",
    "hw_attention/prepare.py": "--train 400 --val 50 --test 50",
    "hw_attention/train.py": "--iters 4 --hidden 16 --eval_interval 4",
    "hw_attention/angles.py": "--pairs 500",
    "hw_attention/tied_qk.py": "--draws 5 --iters 2 --hidden 16 --n 64",
    "hw_attention/compare.py": "--iters 2 --encoder_iters 2 --hidden 16 --seeds 1",
    "hw_bptt/train.py": "--epochs 1 --hidden 8",
    "waimai_cls/train.py": "--epochs 1 --hidden 16",
    "waimai_cls/compare.py": "--epochs 1 --variants 'mean, frozen' --no_yardsticks",
    "word2vec_sst/train.py": "--epochs 1 --dim 10",
    "word2vec_sst/q3_run.py": "--iters 1000 --engine batched",
    "word2vec_sst/q4_sentiment.py": "--iters 50",
    "word2vec_sst/q4_network.py": "--epochs 1 --dim 10 --hidden 10",
    "word2vec_sst/theory.py": "--words 1000",
}
LONG = ("waimai_cls/compare.py", "hw_attention/compare.py")  # take half an hour or more as printed
ELSEWHERE = (  # commands that other tests run
    "pytest",
    "download.py",
    "course pack",
    "python -m course",  # test_course_command, test_student_commands
    "tests.repository",
    "course update",  # test_board, test_download, test_pack, test_update, the README below
    "venv",
    "-m pip",  # .ci/run
    "grading",
    "benchmarks",
    "tests/repository",  # not in a student copy: tests of grading and of benchmarks
    "data/full/quansongci",
)  # test_gpt_prepare_train

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """Folder of a student copy with every blank filled in."""
    copy = build(tmp_path_factory.mktemp("student") / "copy", *HOMEWORKS)
    for homework in HOMEWORKS:
        for path in (ROOT / homework).glob("*.py"):
            shutil.copyfile(path, copy / homework / path.name)
    if FULL:
        copies.link(copy / "data" / "full", FULL)
    return copy


def run(copy, command, codes=(0,)):
    """Run a command in the copy's root; returns stdout + stderr.

    Fails if the exit code is not in `codes` or a traceback is printed.
    """
    words = shlex.split(command)
    words[:1] = [sys.executable, "-m", "pytest"] if words[0] == "pytest" else [sys.executable]
    environment = {**os.environ, "MPLBACKEND": "Agg", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        words,
        cwd=copy,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
    )
    assert done.returncode in codes and "Traceback" not in done.stderr, (
        f"{command}: {done.returncode}\n{done.stderr[-2000:]}"
    )
    return done.stdout + done.stderr


def script_of(command):
    return next((word for word in shlex.split(command) if word.endswith(".py")), "")


def lines_of(homework, full):
    """The commands of a homework's sheet in order, without tests and downloads.

    full: True for the commands that use full data sets or their results, False for the others.
    """
    lines = (
        line
        for line in blocks(text_of(homework, "README.md"))
        if "pytest" not in line and "download.py" not in line
    )
    made = {
        match
        for line in blocks(text_of(homework, "README.md"))
        if "data/full" in line
        for match in re.findall(r"workdirs/\S+", line)
    }  # written by a command on a full set, read by later commands
    return [
        line
        for line in lines
        if ("data/full" in line or any(folder in line for folder in made)) == full
    ]


TORCH = (
    "hw_attention",
    "waimai_cls",
    "gpt_songci",
)  # each command takes seconds to start; the scripts have quick tests elsewhere


@pytest.mark.parametrize(
    "homework",
    [pytest.param(name, marks=pytest.mark.deep if name in TORCH else ()) for name in HOMEWORKS],
)
def test_commands_of_a_sheet_run_when_shortened(filled, homework):
    for line in lines_of(homework, full=False):
        run(filled, f"{line} {SHORT.get(script_of(line), '')}")


@pytest.mark.deep
@pytest.mark.parametrize("homework", HOMEWORKS)
def test_commands_of_a_sheet_run_as_printed(filled, homework):
    shutil.rmtree(filled / "workdirs", ignore_errors=True)
    for line in lines_of(homework, full=False):
        run(filled, f"{line} {SHORT[script_of(line)] if script_of(line) in LONG else ''}")


@pytest.mark.deep
@pytest.mark.parametrize(
    "homework", [homework for homework in HOMEWORKS if lines_of(homework, full=True)]
)
def test_commands_on_full_sets_run_when_shortened(filled, homework):
    if not FULL:
        pytest.skip(
            "full sets: COURSE_FULL_DATA=$PWD/data/full, filled by python data/download.py all"
        )
    for line in lines_of(homework, full=True):
        out = " --out_dir workdirs/full" if "prepare.py" in line and "--out_dir" not in line else ""
        data = (
            re.sub("data/full/(waimai_10k|sst)", "workdirs/full", line)
            if "train.py" in line
            else line
        )
        run(filled, f"{data}{out} {SHORT.get(script_of(line), '')}")


def test_commands_of_the_copys_readme_run(filled, tmp_path):
    """The other commands of the copy's README; its first two lines are run by .ci/run."""
    readme = (filled / "README.md").read_text(encoding="utf-8")
    lines = [line for line in blocks(readme) if not line.startswith("python3 -m venv")]
    checks = [line for line in lines if line.startswith("pytest tests/test_gpt_songci.py")]
    others = [line.removeprefix("python -m course ") for line in lines if line not in checks]
    assert len(checks) == 3
    for line in checks:
        output = run(filled, f"{line} --seed 0")
        assert "gpt_songci: 94 / 94" in output or "gpt-a3.2" in line, output
    assert [line.split()[0] for line in others] == ["status", "watch", "hint", "reset", "doctor"]
    for line in others:  # watch does not end, reset would empty a blank of the shared copy
        if line.split()[0] in ("status", "hint"):
            assert "gpt" in run(filled, f"python -m course {line}")
    newer = tmp_path / "student.zip"
    release.write_zip(filled, newer)
    for command in INLINE.findall(readme):
        if "download.py" in command:
            assert "gpt_songci" in run(filled, command)
        elif "course update" in command:
            assert "everything is up to date" in run(
                filled, command.replace("../student.zip", str(newer))
            )
        else:
            run(filled, command)
    with zipfile.ZipFile(filled / "hmm.zip") as archive:
        assert {"hmm/model.py", "hmm/answers.md"} <= set(archive.namelist())


def test_data_commands_run_without_a_network(filled, tmp_path):
    for flag in ("--list", "--verify"):
        run(filled, f"python data/download.py {flag} --data_root {tmp_path}", codes=(0, 2))


def test_every_printed_command_is_run_here_or_elsewhere():
    """Every printed command is run above or is listed in ELSEWHERE."""
    tested = {
        frozenset(line.split())
        for homework in HOMEWORKS
        for full in (False, True)
        for line in lines_of(homework, full)
    }
    for name, command in commands():
        reasons = (
            frozenset(command.split()) in tested,
            any(excluded in command for excluded in ELSEWHERE),
            name == "README.md" and "gpt_songci/" in command,  # the first line: run by .ci/run
        )
        assert any(reasons), f"{name}: {command}"


def test_sheets_print_the_same_commands_in_both_languages():
    for homework in HOMEWORKS:
        assert len({tuple(blocks(text_of(homework, name))) for name in LANGUAGES}) == 1


@pytest.mark.parametrize("homework", HOMEWORKS)
def test_script_names_the_empty_blank_it_reaches_in_one_line(homework, tmp_path_factory):
    """In an empty copy the first script of the sheet that reaches an empty blank prints one line that names it."""
    copy = tmp_path_factory.mktemp("empty")
    plan = release.Plan((homework,), settings.load())
    for name in release.student_files((homework,)):
        if name.startswith((f"{homework}/", "data/")):
            release.write(copy / name, release.strip(name, plan))
    for line in filter(script_of, lines_of(homework, full=False)):
        words = [sys.executable, *shlex.split(f"{line} {SHORT.get(script_of(line), '')}")[1:]]
        done = subprocess.run(
            words,
            cwd=copy,
            capture_output=True,
            text=True,
            encoding="utf-8",
            env={**os.environ, "MPLBACKEND": "Agg"},
        )
        assert "Traceback" not in done.stderr, f"{line}: {done.stderr[-1500:]}"
        empty_blanks = re.findall(
            rf"{homework}/\S+\.py, blank \S+ \(\w+\): still empty", done.stderr + done.stdout
        )
        if empty_blanks:
            assert done.returncode in (0, 2) and done.stderr.count("error:") <= 1, (
                f"{line}: {done.stderr}"
            )
            return
        assert done.returncode == 0, f"{line}: {done.stderr}"
    pytest.fail("no script reached an empty blank")


def test_files_and_links_named_in_the_copys_texts_exist(filled):
    """Files that the copy's Markdown files name in `code` exist in it, and so do all link targets."""
    missing = []
    for path in sorted(filled.rglob("*.md")):
        text = path.read_text(encoding="utf-8")
        for name in re.findall(
            rf"(?:`|python |pytest )((?:tests|data|{'|'.join(HOMEWORKS)})/[\w./-]+\.(?:py|md|txt|csv))\b",
            text,
        ):
            if (
                not (filled / name).exists()
                and "full/" not in name
                and not name.endswith("joined.txt")
            ):
                missing.append((path.relative_to(filled).as_posix(), name))
        for link in re.findall(
            r"\]\(\s*<?([^)>\s#]+)",
            re.sub(r"`[^`\n]*`|^( *)```.*?^\1```", "", text, flags=re.M | re.S),
        ):
            if "://" not in link and not (path.parent / Path(link)).exists():
                missing.append((path.relative_to(filled).as_posix(), link))
    assert not missing
