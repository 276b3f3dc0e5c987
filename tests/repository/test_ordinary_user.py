"""Hostile submissions, isolation, release and update as an ordinary user, with and without bubblewrap and user namespaces.

Root starts pytest again as uid 1000. To forbid user namespaces, the test creates a namespace in which their limit is 0;
the system's own setting is not changed.
"""

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from course.homeworks import ROOT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="isolation is for Linux")
ORDINARY_USER = 1000
AS_USER = (
    *("setpriv", f"--reuid={ORDINARY_USER}", f"--regid={ORDINARY_USER}", "--clear-groups"),
    "--no-new-privs",
)
WITHOUT_NAMESPACES = """
import ctypes, os, sys

entered, mapped = os.pipe(), os.pipe()
child = os.fork()
if not child:
    if ctypes.CDLL(None).unshare(0x10000000):  # CLONE_NEWUSER
        os._exit(9)
    os.write(entered[1], b"x")
    os.read(mapped[0], 1)
    with open("/proc/sys/user/max_user_namespaces", "w", encoding="utf-8") as limit:
        limit.write("0")  # of this namespace, and of those inside it
    os.execvp(sys.argv[1], sys.argv[1:])
os.read(entered[0], 1)
for name in ("uid_map", "gid_map"):
    with open(f"/proc/{child}/{name}", "w", encoding="utf-8") as users:
        users.write("0 0 65536")  # the same numbers inside
os.write(mapped[1], b"x")
raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@dataclass
class Machine:
    """How commands of an ordinary user are started: words before each command, and environment variables."""

    level: str  # the strongest isolation there
    words: list[str] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)


def readable_for_everybody():
    """Words to put before a command so that an ordinary user can read Python and the tree; [] if that is so anyway.

    If a parent folder is closed to others, the command runs in a mount namespace in which that folder is replaced
    by an empty file system that contains only the needed folders.
    """
    needed = dict.fromkeys(
        str(Path(path).resolve()) for path in (sys.base_prefix, sys.prefix, ROOT)
    )
    closed = {
        str(min(parents, key=lambda path: len(path.parts)))
        for path in map(Path, needed)
        if (parents := [path for path in path.parents if not path.stat().st_mode & 0o001])
    }
    if not closed:
        return []
    lines = ["set -e", "keep=$(mktemp -d)", 'mount -t tmpfs tmpfs "$keep"']
    inside = [path for path in needed if any(path.startswith(f"{top}/") for top in closed)]
    for number, path in enumerate(inside):
        kept = f'"$keep/{number}"'
        lines += [f"mkdir {kept}", f"mount --bind {shlex.quote(path)} {kept}"]
    lines += [f"mount -t tmpfs -o mode=755 tmpfs {shlex.quote(top)}" for top in sorted(closed)]
    for number, path in enumerate(inside):
        lines += [
            f"mkdir -p {shlex.quote(path)}",
            f'mount --bind "$keep/{number}" {shlex.quote(path)}',
        ]
    lines += ['umount -l "$keep"', 'rmdir "$keep"', f"cd {shlex.quote(str(ROOT))}", 'exec "$@"']
    return ["unshare", "--mount", "sh", "-c", "\n".join(lines), "sh"]


def works(*words):
    """Whether root can start Python with these words before the command."""
    code = (
        "import subprocess, sys, numpy, course; subprocess.run([sys.executable, '-V'], check=True)"
    )
    command = [*readable_for_everybody(), *words, sys.executable, "-c", code]
    return not subprocess.run(command, cwd=ROOT, capture_output=True).returncode


@pytest.fixture(scope="module", autouse=True)
def an_ordinary_user():
    """Skips the tests if commands cannot be run as another user."""
    if os.geteuid() or not shutil.which("setpriv"):
        pytest.skip("needs root on Linux, and setpriv")
    if not works(*AS_USER):
        pytest.skip("no ordinary user can start Python here (unshare, mount, setpriv)")


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    """A folder for PATH with every program of the system except bubblewrap."""
    folder = Path(tempfile.mkdtemp(prefix="programs-"))
    for system in ("/usr/local/bin", "/usr/bin", "/bin"):
        for program in Path(system).glob("*"):
            if program.name != "bwrap" and not (folder / program.name).exists():
                (folder / program.name).unlink(missing_ok=True)
                (folder / program.name).symlink_to(program)
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(params=["everything", "no bubblewrap", "no user namespaces"])
def machine(request, programs):
    """A Machine with bubblewrap and namespaces, without bubblewrap, or without user namespaces."""
    if request.param == "no bubblewrap":
        return Machine("process", variables={"PATH": str(programs)})
    if not shutil.which("bwrap"):
        pytest.skip("bubblewrap is not installed: apt-get install bubblewrap")
    if request.param == "everything":
        return Machine("bubblewrap")
    withheld = [sys.executable, "-c", WITHOUT_NAMESPACES]
    if not works(*withheld, *AS_USER):
        pytest.skip("no namespace with a limit of its own here")
    return Machine("process", words=withheld)


@pytest.fixture
def as_user(machine):
    """A function run(*words) that runs Python with these arguments as an ordinary user and returns its output.

    HOME and TMPDIR are a temporary folder.
    """
    home = Path(tempfile.mkdtemp(prefix="home-of-a-user-"))
    os.chown(home, ORDINARY_USER, ORDINARY_USER)
    kept = {name: value for name, value in os.environ.items() if "PYTEST" not in name}
    private = {"HOME": str(home), "TMPDIR": str(home), "PYTHONDONTWRITEBYTECODE": "1"}

    def run(*words):
        done = subprocess.run(
            [*readable_for_everybody(), *machine.words, *AS_USER, sys.executable, *words],
            cwd=ROOT,
            env={**kept, **private, **machine.variables},
            capture_output=True,
            text=True,
            encoding="utf-8",
        )
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
        return done.stdout

    yield run
    shutil.rmtree(home, ignore_errors=True)


def pytest_words(*words, keyword="", markers="not slow and not deep"):
    chosen = ["-k", keyword] if keyword else []
    return ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "addopts=", "-m", markers, *chosen, *words]  # fmt: skip


FOLDER = "tests/repository"
HOSTILE = f"{FOLDER}/test_grading_hostile.py"
COPIES = (  # nothing in them depends on bubblewrap
    f"{FOLDER}/test_update.py",
    f"{FOLDER}/test_release.py::test_released_folder_and_zip_are_equal_and_reproducible",
    f"{FOLDER}/test_release.py::test_older_copy_is_replaced_unless_it_was_changed",
)


@pytest.mark.slow
def test_ordinary_user_gets_the_strongest_isolation_available(machine, as_user):
    """The reasons why a stronger level is not available are reported too."""
    code = "from grading import isolation; print(*isolation.strongest()[::2], sep='|')"
    level, reasons = as_user("-c", code).strip().split("|")
    assert level == machine.level
    assert ("bubblewrap: " in reasons) == (level != "bubblewrap"), reasons
    if machine.words:
        assert "namespace" in reasons


@pytest.mark.slow
def test_hostile_submissions_harm_no_ordinary_user(machine, as_user):
    """Submissions that would harm a user, attacks on other students' grading, and the sandbox's own tests."""
    words = (
        f"{FOLDER}/test_sandbox.py",
        f"{HOSTILE}::test_spoiling_submissions_do_not_affect_the_next_one",
    )
    words += (f"{HOSTILE}::test_some_hostile_submissions_earn_nothing",)
    tested = "sandbox or child or spoiling or some_hostile"
    stronger = "" if machine.level == "bubblewrap" else " and not [bubblewrap]"
    out = as_user(
        *pytest_words(*words, keyword=f"({tested}){stronger}", markers="deep or not deep")
    )
    assert "skipped" not in out, out


@pytest.mark.slow
@pytest.mark.parametrize("machine", ["everything"], indirect=True)
def test_release_and_update_pass_as_an_ordinary_user(as_user):
    as_user(*pytest_words(*COPIES))


@pytest.mark.deep
def test_whole_corpus_passes_as_an_ordinary_user(machine, as_user):
    """Every hostile submission, the sandbox's tests and all of release and update."""
    words = (HOSTILE, f"{FOLDER}/test_sandbox.py")
    # the canary's test expects a bubblewrap that is installed to work
    stronger = "" if machine.level == "bubblewrap" else "not [bubblewrap] and not canary_reports"
    as_user(*pytest_words(*words, keyword=stronger, markers="not deep or slow"))
    if machine.level == "bubblewrap":
        copies = (f"{FOLDER}/test_update.py", f"{FOLDER}/test_release.py")
        as_user(*pytest_words(*copies, markers="not deep or slow"))
