"""A newcomer's tools: wheels for every supported system, editor tasks and tests, the dev container."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from course.homeworks import HOMEWORKS, ROOT
from grading import release
from tests.repository.conftest import missing

EDITOR_FILES = (
    *(f".vscode/{name}.json" for name in ("settings", "tasks", "launch", "extensions")),
    ".devcontainer/devcontainer.json",
)
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
PLATFORMS = {
    "64-bit x86 Windows": "x86_64-pc-windows-msvc",
    "macOS 14 on Apple silicon": "aarch64-apple-darwin",
    "Linux on x86-64": "x86_64-manylinux_2_28",
    "Linux on aarch64": "aarch64-manylinux_2_28",
}
# Pure Python packages without a wheel; pip builds them without a compiler.
BUILT_BY_PIP = ("jieba",)
OFFLINE = re.compile(r"dns error|client error|Failed to fetch|error sending request|network", re.I)


def content(name):
    return json.loads((ROOT / name).read_text(encoding="utf-8"))


def filled_in(words, homework):
    """A task's words with the variables replaced as an editor does while a file of `homework` is open."""
    values = {
        "${command:python.interpreterPath}": sys.executable,
        "${workspaceFolder}": str(ROOT),
        "${fileDirnameBasename}": homework,
        "${file}": str(ROOT / homework / "train.py"),
    }
    for name, value in values.items():
        words = [word.replace(name, value) for word in words]
    assert not any("${" in word for word in words), words
    return words


# ---------------------------------------------------------------- wheels


def resolve(python, system, requirements, folder):
    """{package: version} that would be installed from wheels alone on this Python version and system.

    Skips the test without uv or a network; fails if a package has no wheel.
    """
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if not uv:
        missing("needs uv: python -m pip install uv")
    words = ["pip", "compile", "--no-config", "--only-binary", ":all:"]
    words += [word for name in BUILT_BY_PIP for word in ("--no-binary", name)]
    words += ["--python-version", python, "--python-platform", PLATFORMS[system]]
    done = subprocess.run(
        [uv, *words, requirements, "-o", folder / "locked.txt"],
        env=os.environ | {"MACOSX_DEPLOYMENT_TARGET": "14.0"},
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    if done.returncode and OFFLINE.search(done.stderr):
        pytest.skip("needs a network and a package index")
    assert done.returncode == 0, f"Python {python}: {done.stderr}"
    text = (folder / "locked.txt").read_text(encoding="utf-8")
    return dict(re.findall(r"^([\w-]+)==([\d.]+)", text, re.M))


@pytest.mark.extras
@pytest.mark.parametrize(
    "system",
    [
        pytest.param(name, marks=pytest.mark.slow if number == 0 else pytest.mark.deep)
        for number, name in enumerate(PLATFORMS)
    ],
)
def test_every_requirement_has_a_wheel(system, tmp_path):
    """No compiler is needed on any of the systems and Python versions that the README names."""
    for python in PYTHONS:
        locked = resolve(python, system, ROOT / "requirements.txt", tmp_path)
        assert locked["torch"] and len(locked) > 50
        # an old release here would mean that the resolver avoided a conflict by downgrading; it fails on new Pythons
        assert tuple(map(int, locked["six"].split("."))) >= (1, 16), locked["six"]


@pytest.mark.slow
@pytest.mark.extras
@pytest.mark.parametrize("python", (PYTHONS[0], PYTHONS[-1]))
def test_benchmark_peers_have_wheels_or_a_python_marker(python, tmp_path):
    """A marker in benchmarks/requirements.txt excludes the Python versions for which a peer has no wheel."""
    locked = resolve(python, "Linux on x86-64", ROOT / "benchmarks" / "requirements.txt", tmp_path)
    assert {"transformers", "scikit-learn", "numba"} <= set(locked)
    assert ("gensim" in locked) == ("hmmlearn" in locked) == (python != "3.14")


# ---------------------------------------------------------------- editors


@pytest.mark.parametrize("name", EDITOR_FILES)
def test_editor_files_are_plain_json_and_in_the_student_copy(name):
    assert content(name)
    assert name in release.student_files(HOMEWORKS[:1])


@pytest.mark.parametrize("homework", HOMEWORKS)
def test_tasks_name_files_and_commands_that_exist(homework):
    tasks = content(".vscode/tasks.json")["tasks"]
    by_label = {task["label"]: task for task in tasks}
    assert {"check this homework", "watch this homework", "train this homework"} <= set(by_label)
    for task in tasks:
        assert task["type"] == "process"  # no shell, so nothing to quote
        assert task.get("dependsOn") is None or task["dependsOn"] in by_label
        python, *words = filled_in([task["command"], *task["args"]], homework)
        assert python == sys.executable
        assert words[0] != "-m" or words[1] in ("pytest", "course")
        for word in words:
            assert not word.endswith(".py") or (ROOT / word).is_file(), word
    for words in (by_label["watch this homework"]["args"], ["-m", "course", "doctor"]):
        done = subprocess.run(
            [sys.executable, *filled_in(words, homework), "--help"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            encoding="utf-8",
            env=os.environ | {"PYTHONUTF8": "1"},
        )
        assert done.returncode == 0, done.stderr
    for setup in content(".vscode/launch.json")["configurations"]:
        filled_in([*setup.get("args", ()), setup.get("program", "")], homework)


def test_editor_settings_collect_and_run_a_single_check():
    """Does what a test explorer does: collect with the arguments of the settings, then run one test by its id."""
    settings = content(".vscode/settings.json")
    assert (
        settings["python.testing.pytestEnabled"] and not settings["python.testing.unittestEnabled"]
    )
    assert settings["python.testing.pytestArgs"] == ["tests"]
    pytest_words = [
        sys.executable,
        "-m",
        "pytest",
        "--rootdir",
        str(ROOT),
        "-p",
        "no:cacheprovider",
    ]
    environment = os.environ | {"PYTHONUTF8": "1"}

    def run(*words):
        return subprocess.run(
            [*pytest_words, *words],
            cwd=ROOT,
            capture_output=True,
            text=True,
            encoding="utf-8",
            env=environment,
        )

    listed = run("--collect-only", "-q", "tests/test_hmm.py")
    nodes = [line for line in listed.stdout.splitlines() if "::" in line]
    assert listed.returncode == 0 and len(nodes) > 10 and len(set(nodes)) == len(nodes)
    done = run(nodes[0])
    assert done.returncode == 0 and "1 passed" in done.stdout, done.stdout


def test_dev_container_installs_like_the_readme():
    container = content(".devcontainer/devcontainer.json")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    index = container["containerEnv"]["PIP_EXTRA_INDEX_URL"]
    assert f"export PIP_EXTRA_INDEX_URL={index}`" in readme
    environment, installation = container["postCreateCommand"].split(" && ")
    assert environment in readme and installation.removeprefix(".venv/bin/") in readme
    extensions = content(".vscode/extensions.json")["recommendations"]
    assert container["customizations"]["vscode"]["extensions"] == extensions
    release_number = re.search(r"python:(3\.\d+)-", container["image"])
    assert release_number and release_number[1] in PYTHONS


def test_readmes_name_the_systems_whose_wheels_are_tested():
    """The READMEs of both languages, requirements.txt and this file list the same systems."""
    oldest, newest = PYTHONS[0], PYTHONS[-1]
    requirements = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    assert f"Python {oldest} to {newest}" in requirements
    for name, words in (
        ("README.md", ("64-bit x86 Windows", "macOS 14 or newer on Apple silicon", "aarch64")),
        ("README.zh-CN.md", ("64 位 x86 的 Windows", "macOS 14 或更新", "aarch64")),
    ):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert all(word in text for word in words), name


def test_dev_group_includes_uv():
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))[
        "dependency-groups"
    ]
    assert any(str(package).startswith("uv") for package in groups["dev"])
