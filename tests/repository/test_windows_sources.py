"""What only the source shows: the repository's own tests and programs use nothing that Windows lacks, unless a guard is beside it.

The simulator (tests/repository/windows.py) finds what runs into such a thing; this finds what is skipped there, or not run.
"""

import ast
import functools
import re

import pytest

from course.homeworks import HOMEWORKS, ROOT
from tests.repository import windows

TESTS = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (*ROOT.glob("tests/*.py"), *ROOT.glob("tests/repository/*.py"))
    # sources of submissions for Linux, and the simulator
    if path.name not in ("hostile.py", "windows.py")
)
PROGRAMS = sorted(
    path.relative_to(ROOT).as_posix()
    for folder in ("course", "grading", "data", "templates", *HOMEWORKS)
    for path in (ROOT / folder).rglob("*.py")
    if "full" not in path.parts and "sandbox" not in path.parts  # isolation is for Linux
)
GUARD = re.compile(
    r"sys\.platform|os\.name\b|hasattr\((os|signal)|getattr\((os|signal)|importorskip|\bLINUX\b|"
    r"os\.path\.exists|pytest\.skip|AttributeError|ImportError"
)
POSIX_PROGRAMS = {*windows.UNIX_PROGRAMS, "python"}
UNIX_FOLDER = re.compile(r"/(tmp|dev|proc|etc|usr|bin|root|var|sys)(/|$)")
# Words of a POSIX shell whatever the system: lines of Markdown and YAML, and what such a shell is asked.
POSIX_LINES = {
    "tests/repository/test_commands.py",
    "tests/repository/test_grading_machines.py",
    "tests/repository/test_docs.py",
}
# Paths that are data here: never opened, or inside archives that are made and read by Python alone.
NOT_OPENED = {
    "tests/repository/archives_made.py",
    "tests/repository/test_intake.py",
    "tests/repository/test_windows.py",
    "tests/repository/test_windows_sources.py",
}


@functools.cache
def parsed(name):
    return ast.parse((ROOT / name).read_text(encoding="utf-8"))


def functions_of(tree):
    """[(name, node)] of the top level: functions, classes, and the rest as one module without a name."""
    named = [node for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))]
    rest = [node for node in tree.body if node not in named]
    module = ast.Module(rest, [])
    return [*((node.name, node) for node in named), ("", module)]


def guarded_names(parts):
    """Functions with a guard of their own, and helpers of which every caller has one."""
    guarded = {name for name, node in parts if name and GUARD.search(ast.unparse(node))}
    named = {
        name: {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
        | {each.arg for each in ast.walk(node) if isinstance(each, ast.arg)}  # fixtures
        for name, node in parts
    }
    callers = {name: {other for other in named if name in named[other]} - {name} for name in named}
    while new := {name for name, users in callers.items() if users and users <= guarded} - guarded:
        guarded |= new
    return guarded


@functools.cache
def analysed(name):
    """(pieces of the file, names of those that are guarded, whether the whole module is)."""
    tree = parsed(name)
    parts = functions_of(tree)
    return parts, guarded_names(parts), is_guarded_module(tree)


def unix_uses(node):
    """Where a piece of code asks for what only Unix has: [what]."""
    uses = []
    for part in ast.walk(node):
        if isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name):
            owner, name = part.value.id, part.attr
            signals = name.startswith("SIG") and name not in windows.SIGNALS | {
                "SIG_IGN",
                "SIG_DFL",
            }
            unix = owner == "os" and name in windows.UNIX_OS or owner == "signal" and signals
            uses += [f"{owner}.{name}"] * unix
            uses += ["os.kill"] * (owner == "os" and name in ("kill", "openpty", "symlink", "link"))
        if isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute):
            words = {keyword.arg for keyword in part.keywords}
            uses += ["preexec_fn"] * ("preexec_fn" in words)
            uses += ["symlink_to"] * (part.func.attr in ("symlink_to", "hardlink_to"))
            if part.func.attr == "send_signal":
                uses.append("send_signal")
            first = part.args[0] if part.args else None
            starts = part.func.attr in ("run", "Popen", "check_output", "check_call")
            if starts and isinstance(first, ast.List) and first.elts:
                word = first.elts[0]
                if isinstance(word, ast.Constant) and word.value in POSIX_PROGRAMS:
                    uses.append(f"the program {word.value}")
    return uses


def is_guarded_module(tree):
    marks = [node for node in tree.body if isinstance(node, ast.Assign)]
    return any(
        getattr(node.targets[0], "id", "") == "pytestmark" and GUARD.search(ast.unparse(node))
        for node in marks
    )


@pytest.mark.parametrize("name", TESTS)
def test_use_of_unix_features_is_guarded(name):
    """Links, named pipes, signals, users, programs of Unix: a skip with a reason, or another way, in the same function."""
    parts, guarded, whole = analysed(name)
    if not whole:
        bare = {part: unix_uses(node) for part, node in parts if part not in guarded}
        assert not {part: uses for part, uses in bare.items() if uses}


@pytest.mark.parametrize("name", [*TESTS, *PROGRAMS])
def test_unix_modules_are_not_imported_at_module_level(name):
    """Not at the top of a module, where a test that is skipped would still fail."""
    for node in parsed(name).body:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names = [getattr(node, "module", None) or "", *(alias.name for alias in node.names)]
            assert not windows.UNIX_MODULES & set(names), names


@pytest.mark.parametrize("name", [*TESTS, *PROGRAMS])
def test_text_files_are_opened_with_an_encoding(name):
    """The default is cp936 or cp1252 there."""
    for node in ast.walk(parsed(name)):
        if not isinstance(node, ast.Call):
            continue
        words = {keyword.arg: keyword.value for keyword in node.keywords}
        method = getattr(node.func, "attr", "")
        if method in ("read_text", "write_text"):
            given = len(node.args) > (method == "write_text")
        elif getattr(node.func, "id", "") == "open":
            mode = node.args[1] if len(node.args) > 1 else words.get("mode")
            given = "b" in str(getattr(mode, "value", "b" if mode else ""))
        else:
            continue
        assert given or "encoding" in words or None in words, f"{name}:{node.lineno}"


@pytest.mark.parametrize("name", TESTS)
def test_printed_commands_are_split_for_the_shell_in_use(name):
    """shlex.split drops the backslashes of a path; `split_command` of children.py does not."""
    parts, guarded, whole = analysed(name)
    if name in POSIX_LINES or whole:
        return
    for part, node in parts:
        for call in ast.walk(node):
            if isinstance(call, ast.Attribute) and getattr(call.value, "id", "") == "shlex":
                assert part in guarded, f"{name}: {part}"


@pytest.mark.parametrize("name", TESTS)
def test_unix_folders_are_used_only_under_a_guard(name):
    """tmp_path and tempfile, not /tmp; what is read from /proc and /dev has a guard."""
    parts, guarded, whole = analysed(name)
    if name in NOT_OPENED or whole:
        return
    for part, node in parts:
        documentation = {id(each.value) for each in ast.walk(node) if isinstance(each, ast.Expr)}
        for text in ast.walk(node):
            if isinstance(text, ast.Constant) and isinstance(text.value, str):
                unix = UNIX_FOLDER.match(text.value) and id(text) not in documentation
                assert not unix or part in guarded, f"{name}: {part}: {text.value!r}"


# ---------------------------------------------------------------- the rules themselves


@pytest.mark.parametrize(
    "code, what",
    [
        ("def test(): os.mkfifo('a')", "os.mkfifo"),
        ("def test(): os.kill(1, 0)", "os.kill"),
        ("def test(): subprocess.run(['python3', 'a.py'])", "the program python3"),
        ("def test(): subprocess.run(['sh', '-c', 'ls'])", "the program sh"),
        ("def test(): path.symlink_to('a')", "symlink_to"),
        ("def test(): process.send_signal(signal.SIGINT)", "send_signal"),
        ("def test(): signal.raise_signal(signal.SIGKILL)", "signal.SIGKILL"),
        ("def test(): subprocess.Popen(words, preexec_fn=f)", "preexec_fn"),
        ("def test(): print(os.geteuid())", "os.geteuid"),
    ],
)
def test_rule_reports_the_unix_feature(code, what):
    assert unix_uses(ast.parse(code)) == [what]


def test_helper_is_guarded_by_its_callers():
    helper = "def lives(n): os.killpg(n, 0)\n"
    guard = "@pytest.mark.skipif(os.name != 'posix', reason='')\n"
    both = helper + guard + "def test_a(): lives(1)\n" + "def test_b(): lives(2)\n"
    assert guarded_names(functions_of(ast.parse(both))) == {"test_a"}
    guarded = helper + guard + "def test_a(): lives(1)\n"
    assert guarded_names(functions_of(ast.parse(guarded))) == {"test_a", "lives"}
