"""Behaviour on Windows, tested on a simulated Windows; tests/repository/windows.py lists what is simulated."""

import ast
import csv
import inspect
import json
import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from course import disk, shell
from course.homeworks import HOMEWORKS, ROOT
from grading import release
from tests.repository import windows

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="the simulator reads /proc; a real Windows needs none"
)


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    """A function run(*words, encoding, cwd, root): Python with these arguments on simulated Windows, finished."""
    folder = tmp_path_factory.mktemp("windows")

    def run(*words, encoding="cp936", cwd=ROOT, root=ROOT):
        environment = windows.environment(folder / encoding, encoding, root)
        return subprocess.run(
            [sys.executable, "-B", *map(str, words)],
            cwd=cwd,
            env=environment,
            capture_output=True,
            encoding=encoding,
            errors="replace",
        )

    return run


@pytest.fixture
def script(simulated, tmp_path):
    """A function run(code): the last line that the code prints on simulated Windows; fails if it does not succeed."""

    def run(code):
        path = tmp_path / "tree" / "tests" / "script.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            f"import sys; sys.path.insert(0, {str(ROOT)!r})\n" + textwrap.dedent(code),
            encoding="utf-8",
        )
        words = ["-c", f"import runpy; runpy.run_path({str(ROOT / 'tests' / 'none.py')!r})"]
        code = f"exec(compile(open({str(path)!r}, encoding='utf-8').read(), __file__, 'exec'))"
        words = ["-c", f"__file__ = {str(ROOT / 'script.py')!r}\n{code}"]
        process = simulated(*words)
        assert process.returncode == 0, process.stderr
        return process.stdout.strip().splitlines()[-1] if process.stdout.strip() else ""

    return run


# ---------------------------------------------------------------- the simulator itself


@pytest.mark.parametrize(
    "code, error",
    [
        ("import fcntl", "ModuleNotFoundError"),
        ("import resource", "ModuleNotFoundError"),
        ("import pwd", "ModuleNotFoundError"),
        ("import os; os.fork()", "AttributeError"),
        ("import os; os.mkfifo('x')", "AttributeError"),
        ("import os; os.kill(os.getppid(), 0)", "RuntimeError"),
        ("import signal; signal.SIGKILL", "AttributeError"),
        ("import signal; signal.SIGHUP", "AttributeError"),
        ("import socket; socket.send_fds", "AttributeError"),
        ("import ctypes; ctypes.CDLL(None)", "TypeError"),
        ("open('/dev/null', 'w')", "EncodingWarning"),
        ("import pathlib; pathlib.Path('/etc/passwd').read_text()", "EncodingWarning"),
        ("import os; os.symlink('a', 'b')", "OSError"),
        ("import pathlib; pathlib.Path('a').symlink_to('b')", "OSError"),
        ("open('a:b', 'wb')", "OSError"),
        ("open('aux.txt', 'wb')", "OSError"),
        ("import os; os.mkdir('a ')", "OSError"),
        ("import os; os.rename('README.md', 'LICENSE')", "FileExistsError"),
        ("open('readme.MD', 'wb')", "FileExistsError"),
        ("import subprocess; subprocess.run(['sh', '-c', 'ls'])", "FileNotFoundError"),
        ("import subprocess, sys; subprocess.run([sys.executable, '-V'], env={})", "RuntimeError"),
        ("import subprocess; subprocess.run(['a'], preexec_fn=len)", "ValueError"),
        (
            "import signal, subprocess, sys; "
            "subprocess.Popen([sys.executable, '-c', '']).send_signal(signal.SIGINT)",
            "ValueError",
        ),
        ("print('é')", "UnicodeEncodeError"),
    ],
)
def test_simulator_refuses_what_windows_refuses(code, error, script):
    caught = f"""
    try:
        exec(compile({code!r}, __file__, 'exec'), globals())
    except BaseException as error:
        print(type(error).__name__)
    """
    if "print" in code:  # e acute is in cp936; an emoji is not
        caught = caught.replace("é", "\\U0001f600")
    assert script(caught) == error


def test_simulator_reports_windows_and_refuses_open_files(script, tmp_path):
    names = script("import os, sys; print(sys.platform, os.name, sys.executable != '')")
    assert names == "win32 nt True"
    for opened in ("open(target, 'rb')", "mmap.mmap(os.open(target, os.O_RDWR), 1)"):
        code = f"""
        import mmap, os
        target, source = {str(tmp_path / "target")!r}, {str(tmp_path / "source")!r}
        for path in (target, source):
            with open(path, "wb") as file: file.write(b"x")
        kept = {opened}
        errors = []
        for action in (lambda: os.replace(source, target), lambda: os.unlink(target)):
            try: action()
            except PermissionError as error: errors.append(error)
        print(len(errors))
        """
        assert script(code) == "2"


def test_simulator_keeps_folders_that_hold_an_open_file(script, tmp_path):
    code = f"""
    import shutil, tempfile
    folder = tempfile.mkdtemp(dir={str(tmp_path)!r})
    kept = open(folder + "/a", "wb")
    try: shutil.rmtree(folder)
    except PermissionError: kept.close()
    shutil.rmtree(folder)
    print(kept.closed)
    """
    assert script(code) == "True"


def test_simulator_writes_text_and_finds_home_as_windows_does(script, tmp_path):
    path = tmp_path / "text"
    code = f"""
    import os, pathlib
    path = pathlib.Path({str(path)!r})
    path.write_text("a\\n", encoding="utf-8")
    with open(path, "a", encoding="utf-8", newline="") as file: file.write("b\\n")
    os.environ.update(HOME="/a", USERPROFILE="/b")
    print(path.read_bytes(), path.read_text(encoding="utf-8").count("\\n"), pathlib.Path.home())
    """
    assert script(code) == r"b'a\r\nb\n' 2 /b"


# ---------------------------------------------------------------- the course on simulated Windows


def test_file_that_is_open_for_a_moment_is_replaced(script, tmp_path):
    """A virus scanner or Excel may have a file open for a moment: replacing it waits and succeeds."""
    for module, name in (("course.disk", "replace_file"), ("cli", "replace_file")):
        code = f"""
        sys.path.insert(0, {str(ROOT / "templates")!r})
        import threading
        from {module} import {name} as replace
        target, source = {str(tmp_path / "target")!r}, {str(tmp_path / "source")!r}
        for path in (target, source):
            with open(path, "w", encoding="utf-8") as file: file.write(path)
        kept = open(target, "rb")
        threading.Timer(0.3, kept.close).start()
        replace(source, target)
        with open(target, encoding="utf-8") as file: print(file.read() == source)
        """
        assert script(code) == "True"


def test_file_that_stays_open_is_an_error(script, tmp_path):
    code = f"""
    from course import disk
    disk.WAITS = (0.01, 0.01)
    path = {str(tmp_path / "target")!r}
    kept = open(path, "wb")
    try: disk.write_file(path, b"new")
    except PermissionError: print(sorted(__import__("os").listdir({str(tmp_path)!r})))
    """
    assert script(code) == "['target', 'tree']"


def test_cli_has_the_same_replace_file_as_course():
    """A homework folder imports nothing from course/, so replace_file is in cli.py too."""
    tree = ast.parse((ROOT / "templates" / "cli.py").read_text(encoding="utf-8"))
    (copy,) = [
        node
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name == "replace_file"
    ]
    original = ast.parse(inspect.getsource(disk.replace_file)).body[0]
    assert isinstance(original, ast.FunctionDef)
    assert [ast.dump(node) for node in copy.body] == [ast.dump(node) for node in original.body]


@pytest.mark.parametrize("name", ["quote", "shell_in_use"])
def test_cli_quotes_like_the_course(name):
    """cli.py has the same function bodies as course/shell.py, since a homework folder imports nothing from course/."""

    def body(function):
        return [ast.dump(node) for node in function.body if not is_docstring(node)]

    def is_docstring(node):
        return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)

    tree = ast.parse((ROOT / "templates" / "cli.py").read_text(encoding="utf-8"))
    copies = [node for node in tree.body if getattr(node, "name", "") == name]
    original = ast.parse(inspect.getsource(getattr(shell, name))).body[0]
    assert len(copies) == 1 and body(copies[0]) == body(original)


def test_files_are_replaced_only_by_the_helper():
    """Files are replaced only by the helper that waits for files opened by other programs."""
    helpers = {"course/disk.py", *(f"{folder}/cli.py" for folder in (*HOMEWORKS, "data"))}
    for path in (*ROOT.glob("*/*.py"), *ROOT.glob("course/*/*.py"), *ROOT.glob("grading/*/*.py")):
        name = path.relative_to(ROOT).as_posix()
        if name.startswith(("tests/", "templates/", "benchmarks/", "workdirs/")) or name in helpers:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr == "replace":
                assert not (isinstance(node.value, ast.Name) and node.value.id == "os"), name


def test_second_grader_is_refused_the_locked_journal(script, tmp_path):
    path = tmp_path / "journal.jsonl"
    code = f"""
    import subprocess
    from pathlib import Path
    from grading.filelock import hold_lock
    path = Path({str(path)!r})
    with hold_lock(path):
        with open(path, "ab") as file: file.write(b"x")  # what is locked can be written
        try:
            with hold_lock(path): print("both")
        except BlockingIOError: print("refused")
    with hold_lock(path): pass
    """
    assert script(code) == "refused" and path.read_bytes() == b"x"


def test_grading_process_starts_on_windows(script):
    """Start-up does not use ctypes.CDLL(None), signals and multiprocessing's helper, which exist only on Unix."""
    code = """
    from grading import processes
    processes.die_with_parent()
    processes.start_resource_tracker()
    processes.keep_streams()
    print("started")
    """
    assert script(code) == "started"


def test_canary_sends_no_signal_on_windows(script):
    """os.kill(parent, 0) would send Ctrl-C to the console: the simulator refuses it."""
    code = """
    import os
    from grading.sandbox import canary
    canary.signal_process(os.getppid())
    print("asked")
    """
    assert script(code) == "asked"


def test_printed_commands_are_quoted_for_the_shell_in_use(script, tmp_path):
    """cmd does not support single quotes, and PowerShell doubles them; both must handle a folder with a space."""
    code = """
    import os
    from course import shell
    os.environ.pop("PSModulePath", None), os.environ.pop("MSYSTEM", None)
    words = [shell.quote("my course/tests/test_hmm.py"), shell.quote("O'Neil & 王/a")]
    os.environ["PSModulePath"] = "C:/Users/a/Modules;C:/Program Files/Modules;C:/Windows"
    words += [shell.quote("my course/tests/test_hmm.py"), shell.quote("O'Neil & 王/a")]
    print("|".join(words))
    """
    cmd = """"my course/tests/test_hmm.py"|"O'Neil & 王/a\""""
    powershell = "'my course/tests/test_hmm.py'|'O''Neil & 王/a'"
    assert script(code) == f"{cmd}|{powershell}"


def test_commands_are_not_quoted_with_shlex():
    """shlex quotes for POSIX shells only; printed commands use shell.quote and its copies in cli.py."""
    helpers = {
        "course/shell.py",
        "templates/cli.py",
        *(f"{name}/cli.py" for name in (*HOMEWORKS, "data")),
    }
    for path in (*ROOT.glob("*/*.py"), *ROOT.glob("course/*/*.py"), *ROOT.glob("grading/*/*.py")):
        name = path.relative_to(ROOT).as_posix()
        if name not in helpers and not name.startswith(("benchmarks/", "workdirs/", "dist/")):
            assert "shlex" not in path.read_text(encoding="utf-8"), name


def test_doctor_names_long_paths_and_python_of_the_store(script):
    code = """
    from course.commands import doctor
    store = "C:/Program Files/WindowsApps/PythonSoftwareFoundation.Python.3.12"
    enabled = doctor.long_paths_are_enabled()
    short = doctor.check_windows("C:/course", "C:/Python312", enabled)
    both = doctor.check_windows("C:/" + "a" * 80, store, enabled)
    allowed = doctor.check_windows("C:/" + "a" * 80, "C:/Python312", True)
    print(enabled, len(short), [finding.text.en[:26] for finding in both], len(allowed))
    """
    assert script(code) == "False 0 ['Python of the Microsoft St', 'the path of this folder is'] 0"


def test_torchrun_needs_use_libuv_0_without_libuv(monkeypatch):
    """torch on Windows is built without libuv: torchrun needs USE_LIBUV=0, which train.py mentions."""
    from torch.distributed.elastic.utils import distributed

    def make_store(*args, use_libuv=True, **kwargs):
        if use_libuv:
            raise RuntimeError(
                "use_libuv was requested but PyTorch was built without libuv support"
            )
        return "store"

    monkeypatch.setattr(distributed.dist, "TCPStore", make_store)
    monkeypatch.delenv("USE_LIBUV", raising=False)
    with pytest.raises(RuntimeError, match="libuv"):
        distributed.create_c10d_store(True, "localhost", 0, wait_for_workers=False)
    monkeypatch.setenv("USE_LIBUV", "0")
    assert distributed.create_c10d_store(True, "localhost", 0, wait_for_workers=False) == "store"
    assert "USE_LIBUV=0" in (ROOT / "gpt_songci" / "train.py").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def tree_with_crlf(tmp_path_factory):
    """A checkout with \\r\\n line ends, as it may come from git without .gitattributes, a zip or an old editor."""
    folder = tmp_path_factory.mktemp("checkout") / "course 课程"
    return windows.checkout(folder, release.tracked_files(ROOT))


@pytest.mark.slow
def test_class_is_graded_on_windows(simulated, tree_with_crlf, tmp_path, encoding="cp936"):
    """A class is graded at the plain level in a \\r\\n checkout, and a message explains what that level restricts."""
    solved = (tree_with_crlf / "hmm" / "model.py").read_bytes()
    for name, text in (("20260001_张三", solved), ("20260002_b", b"def f(:\r\n")):
        (tmp_path / "in" / name / "hmm").mkdir(parents=True)
        (tmp_path / "in" / name / "hmm" / "model.py").write_bytes(text)
    words = ["-m", "grading.grade", tmp_path / "in", "--out", tmp_path / "out", "--homework", "hmm"]
    words += ["--blank", "hmm-01", "-j", "1", "--seed", "5"]
    process = simulated(*words, encoding=encoding, cwd=tree_with_crlf, root=tree_with_crlf)
    assert process.returncode == 0, process.stderr[-3000:]
    assert (
        "needs Linux" in process.stderr and "time limit is the only restriction" in process.stderr
    )
    assert "isolation: plain" in process.stdout
    with open(tmp_path / "out" / "grades.csv", encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert "the grader failed" not in process.stdout, process.stdout
    total = rows[0].index("total") if "total" in rows[0] else rows[0].index("hmm")
    assert [float(row[total]) > 0 for row in rows[1:] if row[0].startswith("2026")] == [True, False]
    run = json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))
    assert run["isolation"]["level"] == "plain"
    second_run = simulated(*words, encoding=encoding, cwd=tree_with_crlf, root=tree_with_crlf)
    assert second_run.returncode == 0, second_run.stderr[-3000:]


def test_pack_works_on_windows(simulated, tree_with_crlf, tmp_path, encoding="cp1252"):
    """In a \\r\\n checkout, on a console without Chinese."""
    out = tmp_path / "hmm.zip"
    words = ("-m", "course", "pack", "hmm", "--out", out)
    process = simulated(*words, encoding=encoding, cwd=tree_with_crlf, root=tree_with_crlf)
    assert process.returncode in (0, 2), process.stderr[-3000:]
    assert "Traceback" not in process.stderr, process.stderr[-3000:]


def test_simulator_changes_nothing_outside_its_processes():
    assert os.name == "posix" and hasattr(os, "fork") and shutil.which("sh")
    assert Path("/proc/self").exists()
