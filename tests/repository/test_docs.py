"""The repository's documents: links, the two README commands, sheets against blanks, commands against scripts."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from urllib.parse import unquote

import pytest

from course import markers, settings
from course.homeworks import HOMEWORKS, ROOT
from tests.repository.conftest import missing

MADE = {".venv", ".git", "dist", "workdirs", "full", "node_modules", ".pytest_cache"}
SHEETS = [homework for homework in HOMEWORKS if (ROOT / homework / "README.md").is_file()]
TEXTS = sorted(path for path in ROOT.rglob("*.md") if not MADE & set(path.relative_to(ROOT).parts))
FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```", re.M | re.S)
INLINE = re.compile(r"`(python (?!-m grading)[^`\n]+)`")
LANGUAGES = ("README.md", "README.zh-CN.md")


def text_of(*parts):
    return ROOT.joinpath(*parts).read_text(encoding="utf-8")


def blocks(text, language="bash"):
    """Lines of all fenced code blocks of a language, without comments, indentation and empty lines."""
    lines = [
        line.strip()
        for _, kind, body in FENCE.findall(text)
        if kind == language
        for line in body.splitlines()
    ]
    return [line for line in (re.sub(r"\s+#\s.*", "", line) for line in lines) if line]


def slug(heading):
    """The anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", re.sub(r"[`*]", "", heading).strip().lower()).replace(" ", "-")


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_have_targets(path):
    text = re.sub(r"`[^`\n]*`", "", FENCE.sub("", path.read_text(encoding="utf-8")))
    for link in re.findall(r"\]\(\s*<?([^)>\s]+)", text):
        if re.match(r"\w+:", link):
            assert link.startswith("https://"), f"{link}: not https"
            continue
        file_name, _, anchor = unquote(link).partition("#")
        target = (path.parent / file_name).resolve() if file_name else path
        assert target.exists() and target.is_relative_to(ROOT), f"{link} leads nowhere"
        if anchor:
            headings = re.findall(
                r"^#+ (.*)", FENCE.sub("", target.read_text(encoding="utf-8")), re.M
            )
            assert anchor in map(slug, headings), f"{link}: no such heading"


def test_readmes_have_the_same_two_setup_lines_per_system():
    english, chinese = (text_of(name) for name in LANGUAGES)
    for kind, start in (
        ("bash", "python3 -m venv .venv && . .venv/bin/activate && "),
        ("bat", 'cmd /c "python -m venv .venv && '),
    ):
        setup_lines = [line for line in blocks(english, kind) if line.startswith(start)]
        assert len(setup_lines) == 2 and setup_lines == [
            line for line in blocks(chinese, kind) if line.startswith(start)
        ]
        assert (
            "train.py --iters" in setup_lines[0]
            and "sample.py" in setup_lines[0]
            and "pytest" in setup_lines[1]
        )
    assert blocks(english) == blocks(chinese)
    unix, windows = blocks(english)[:2], blocks(english, "bat")
    for line, windows_line in zip(unix, windows, strict=True):  # the same steps
        assert (
            windows_line
            == 'cmd /c "'
            + line.replace("python3 -m", "python -m").replace(". .venv/bin/", ".venv\\Scripts\\")
            + '"'
        )


def points(cell):
    """The first number in a table cell ("6", "6 points" or "6(加分)" give 6), or None."""
    match = re.match(r"\D*(\d+)", cell)
    return int(match[1]) if match else None


def blank_rows(homework, name):
    """[(id, points)] of the table of blanks in a homework's sheet, in its order."""
    ids = markers.blanks(ROOT / homework)
    rows = [
        [cell.strip(" `") for cell in line.strip("| ").split("|")]
        for line in text_of(homework, name).splitlines()
        if line.lstrip().startswith("|")
    ]
    return [(row[0], points(row[-1])) for row in rows if row[0] in ids]


def written(homework, name):
    """[(id, points)] of the written questions of a sheet; they start with e.g. **w1 (14 points)."""
    matches = re.findall(
        r"^\*\*([a-z0-9]{2,3}) ?[(（](\d+) ?(?:point|分)", text_of(homework, name), re.M
    )
    return [(id, int(number)) for id, number in matches]


@pytest.mark.parametrize("homework", SHEETS)
def test_sheets_of_both_languages_agree_with_blanks_and_settings(homework):
    english, chinese = (blank_rows(homework, name) for name in LANGUAGES)
    points_by_id = {id: region.points for id, region in markers.blanks(ROOT / homework).items()}
    assert english == chinese
    assert len(english) == len(points_by_id) and dict(english) == points_by_id
    questions = written(homework, "README.md")
    assert questions, "no written question found; they look like: **w1 (14 points)."
    assert questions == written(homework, "README.zh-CN.md")
    assert dict(questions) == settings.load().homeworks[homework].written, "course.toml differs"
    headings = re.findall(r"^#+ (\w+) \((\d+)", text_of(homework, "answers.md"), re.M)
    assert [(id, int(number)) for id, number in headings if id in dict(questions)] == questions, (
        "answers.md differs"
    )
    assert blocks(text_of(homework, "README.md")) == blocks(text_of(homework, "README.zh-CN.md")), (
        "the languages print different commands"
    )


@pytest.mark.parametrize("name", LANGUAGES)
@pytest.mark.parametrize("homework", SHEETS)
def test_sheet_has_worked_answers_reference_results_and_times(homework, name):
    text = text_of(homework, name)
    solved = "\n".join(
        re.findall(r"^<!-- BEGIN SOLUTION -->\n(.*?)^<!-- END SOLUTION -->", text, re.M | re.S)
    )
    for id, _ in written(homework, name):
        assert re.search(rf"^(\*\*|#+ ){id}\b", solved, re.M), f"{id}: no worked answer, no rubric"
    figures = re.search(
        r"^## (Reference results|参考结果|Figures to expect|参考数字|应看到的数字|预期数字).*?(?=^## (?!#)|\Z)",
        text,
        re.M | re.S,
    )
    assert figures and "EPYC" in figures[0], "no figures, or not on which machine"
    assert re.search(
        r"\d ?(s|seconds?|minutes?|min|秒|分钟|µs|ms)\b|characters/s|字/秒|seconds of|秒",
        figures[0],
    ), "no run times"


def commands():
    """[(document, command)] of every Python command in a bash block or in `code`; a repeated one is listed once."""
    seen = {}
    for path in TEXTS:
        text = path.read_text(encoding="utf-8")
        for line in blocks(text) + INLINE.findall(FENCE.sub("", text)):
            for command in re.split(r"&&|\|", line):
                if re.match(r"(\w+=\S+ )*(python3?|torchrun|pytest) ", command.strip()):
                    seen.setdefault(command.strip(), path.relative_to(ROOT).as_posix())
    return [(name, command) for command, name in seen.items()]


@pytest.mark.parametrize(("name", "command"), commands(), ids=lambda value: value[:70])
def test_commands_name_scripts_and_flags_that_exist(name, command):
    words = command.split()
    scripts = [word for word in words if word.endswith(".py")]
    module = words[words.index("-m") + 1] if "-m" in words and words[0].startswith("python") else ""
    if module.startswith(("grading", "tests", "benchmarks")):
        scripts.append(module.replace(".", "/") + ".py")
    for script in scripts:
        candidates = [ROOT / script, (ROOT / name).parent / script]
        path = next((candidate for candidate in candidates if candidate.is_file()), None)
        assert path, f"{name}: {command}: no {script}"
    if scripts:
        checks = module == "pytest" or words[0] == "pytest"
        files = [ROOT / "conftest.py"] if checks else path.parent.glob("*.py")
        code = "".join(file.read_text(encoding="utf-8") for file in files)
        after = words[[word.endswith(".py") or word == module for word in words].index(True) :]
        for flag in (word.split("=")[0] for word in after if re.match(r"--?[A-Za-z]\w+", word)):
            assert f'"--{flag.lstrip("-")}"' in code, f"{name}: {command}: {script} has no {flag}"


def test_ci_runs_the_readme_lines_before_installing_more():
    script = text_of(".ci", "run")
    assert "grep '^python3 -m venv ' README.md" in script
    order = [script.index(step) for step in ('eval "${lines[1]}"', "apt-get install -y", "--group")]
    assert order == sorted(order)
    pins = re.findall(r"^([\w-]+)(==)?", text_of("requirements.txt"), re.M)
    assert pins and all(equal for _, equal in pins), "every requirement is pinned"


def test_ci_run_is_executable_in_git():
    """Git records the mode, so that it survives a commit from Windows, where files do not have it."""
    if not shutil.which("git"):
        missing("needs git: apt-get install git")
    listed = subprocess.run(
        ["git", "ls-files", "--stage", ".ci/run"], cwd=ROOT, capture_output=True, text=True
    )
    assert listed.stdout[:6] in ("", "100755")


def test_benchmark_requirements_equal_the_dependency_group():
    with open(ROOT / "pyproject.toml", "rb") as file:
        group = tomllib.load(file)["dependency-groups"]["benchmarks"]
    lines = re.sub(r" *#.*", "", text_of("benchmarks", "requirements.txt")).splitlines()
    plain = [re.sub(r"\s", "", line).replace('"', "'") for line in lines if line.strip()]
    assert sorted(re.sub(r"\s", "", line) for line in group) == sorted(plain)


def test_changelog_lines_are_dated_and_tagged():
    lines = [line for line in text_of("CHANGELOG.md").splitlines() if line.startswith("- ")]
    assert all(re.match(r"- \d{4}-\d\d-\d\d `(code|sheet):` ", line) for line in lines)
    assert [line[2:12] for line in lines] == sorted((line[2:12] for line in lines), reverse=True)


def test_no_placeholder_text_remains():
    for path in TEXTS:
        assert not re.search(
            r"^[\s-]*FIGURES$|\bTODO\b|\bTBD\b", path.read_text(encoding="utf-8"), re.M
        ), f"{path}: unfinished"


def test_gitignore_covers_generated_files():
    assert {".venv/", "data/full/", "workdirs/", "dist/"} <= set(
        Path(ROOT / ".gitignore").read_text(encoding="utf-8").split()
    )


def test_tests_named_in_documents_exist():
    """Every test that a document names in backquotes is defined."""
    defined = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"def (test_\w+)\(", path.read_text(encoding="utf-8"))
    }
    for path in TEXTS:
        named = set(re.findall(r"`(test_\w+)`", path.read_text(encoding="utf-8")))
        assert named <= defined, f"{path}: {named - defined}"
