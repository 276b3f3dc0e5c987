"""Where student code runs when a class is graded, and how well it is shut in: probed by a canary, not assumed.

Levels, strongest first:
- bubblewrap: one sandbox a grading process (no network, read-only runtime, nothing of the teacher's files), and in it a
  child for each submission with processes, files and memory of its own, no new processes, no signals, no sockets.
- process: a child for each submission with limits, no new processes, signals or sockets (where the kernel filters
  system calls), a private folder and Python's to read; without Landlock it can read what the grader's user can read.
- plain (systems without fork): course/runner's worker process, a time limit only.
"""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from course.homeworks import ROOT
from course.runner import Runner, StudentError, SubprocessRunner, protocol
from course.runner.in_subprocess import Channel, clean_environment, copy_worker

LEVELS = ("plain", "process", "bubblewrap")
CODE = "/grading-sandbox"  # in bubblewrap: the worker's code; a name that hides no folder with a Python in it
HOME = "/grading-home"  # in bubblewrap: where a submission may write (a fresh place for each)
PLACE = "grading-sandbox-"  # outside: a temporary folder's name begins so, with its process behind
START_LIMIT = 120  # seconds for a fork server to load its libraries


class IsolationError(Exception):
    """A level of isolation that this machine does not give."""


@dataclass(frozen=True)
class Limits:
    """Of one submission. call, total: seconds; memory, disk: bytes."""

    call: float = 20.0
    total: float = 300.0
    memory: int = 2 * 2**30
    disk: int = 64 * 2**20


class Sandbox:
    """A fork server at one level. `session(homework, files)` starts a child for one submission's homework.

    libraries: what it has loaded before, so that no child needs to.
    """

    def __init__(self, level, limits=None, libraries=("numpy",)):
        self.level, self.limits, self.libraries = level, limits or Limits(), libraries
        self.place = Path(tempfile.mkdtemp(prefix=f"{PLACE}{os.getpid()}-"))
        self.errors = self.place / "errors.txt"
        self.count = 0
        self.lock = threading.Lock()
        self.process = self.control = None
        try:
            self._start()
        except BaseException:
            self.close()
            raise

    def _start(self):
        inside = self.place / "inside"
        if not inside.exists():
            (inside / "probes").mkdir(parents=True)
            copy_worker(inside)
            shutil.copyfile(Path(__file__).with_name("forkserver.py"), inside / "forkserver.py")
            for path in (ROOT / "tests" / "probes").glob("*.py"):
                shutil.copyfile(path, inside / "probes" / path.name)
        if self.control:
            self.control.close()
        ours, theirs = socket.socketpair()
        program = [
            sys.executable,
            "-I",
            "-B",
            "-c",
            "import sys; sys.path.insert(0, sys.argv[2]); import forkserver; forkserver.main()",
            self.level,
        ]
        command = (
            [*bubblewrap(inside), *program, CODE]
            if self.level == "bubblewrap"
            else [*program, str(inside)]
        )
        command += self.libraries
        self.control = ours
        with theirs, self.errors.open("wb") as errors:
            self.process = subprocess.Popen(
                command,
                stdin=theirs,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                env=clean_environment(HOME if self.level == "bubblewrap" else self.place),
                cwd=self.place,
                start_new_session=True,
            )
        self.control.settimeout(START_LIMIT)
        self._expect(b"ready\n", "start")

    def _expect(self, word, what):
        got = b""
        with contextlib.suppress(OSError):
            while len(got) < len(word) and (part := self.control.recv(len(word) - len(got))):
                got += part
        if got != word:
            said = self.errors.read_text(encoding="utf-8", errors="replace").strip().splitlines()
            raise IsolationError(
                f"the sandbox ({self.level}) did not {what}" + f": {said[-1]}" * bool(said)
            )

    def session(self, homework, files):
        """A Session for {file name: bytes} of one homework. Starts the fork server again if it has died."""
        with self.lock:
            if self.process.poll() is not None:
                self._start()
            self.count += 1
            ours, theirs = socket.socketpair()
            order = {
                "id": self.count,
                "memory": self.limits.memory,
                "cpu": int(self.limits.total) + 1,
                "disk": self.limits.disk,
                "place": str(self.place / f"{self.count}"),
            }
            socket.send_fds(self.control, [json.dumps(order).encode()], [theirs.fileno()])
            theirs.close()
            number = self.count
        return Session(self, number, ours, homework, files)

    def kill(self, number):
        with self.lock, contextlib.suppress(OSError):
            self.control.sendall(json.dumps({"kill": number}).encode())
            with contextlib.suppress(IsolationError):
                self._expect(b"killed\n", "end a child")
        remove(self.place / f"{number}")

    def close(self):
        if self.control:
            self.control.close()
        if self.process:
            with contextlib.suppress(OSError):
                os.killpg(self.process.pid, 9)
            with contextlib.suppress(OSError):
                self.process.kill()
            self.process.wait()
        remove(self.place)


def remove(folder):
    """Remove a folder, however deep it is and whoever may look into what is in it."""
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        pass
    except (OSError, RecursionError):
        for command in (("chmod", "-R", "u+rwX"), ("rm", "-rf")):
            subprocess.run([*command, str(folder)], stderr=subprocess.DEVNULL)


def sweep():
    """Remove the temporary folders of graders that were killed."""
    for path in Path(tempfile.gettempdir()).glob(f"{PLACE}*-*") if hasattr(os, "fork") else ():
        with contextlib.suppress(ValueError, OSError):
            number = int(path.name.removeprefix(PLACE).split("-")[0])
            try:
                os.kill(number, 0)
            except ProcessLookupError:
                remove(path)


class Session(Channel):
    """One submission's homework in a child of the sandbox."""

    def __init__(self, sandbox, number, channel, homework, files):
        self.sandbox, self.number, self.channel, self.alive = sandbox, number, channel, True
        self.requests, self.answers = channel.makefile("wb"), channel.makefile("rb")
        self.reached = []
        self.listen(expected=True)
        start = {
            "homework": homework,
            "files": {name: np.frombuffer(data, np.uint8) for name, data in files.items()},
        }
        with contextlib.suppress(OSError):
            protocol.write_frame(self.requests, protocol.encode(start))
        frame = None
        with contextlib.suppress(Exception):
            frame = self.frames.get(timeout=START_LIMIT)
        if frame is None:
            self.kill()
            raise IsolationError("a child of the sandbox did not start")
        self.reached = protocol.decode(frame)["reached"]

    def kill(self):
        if self.alive:
            self.alive = False
            self.sandbox.kill(self.number)
            for part in (self.requests, self.answers, self.channel):
                with contextlib.suppress(OSError, ValueError):
                    part.close()


@dataclass
class SandboxRunner(Runner):
    """Runs one submission's code through a sandbox. files: {homework: {name: bytes}}."""

    sandbox: Sandbox
    files: dict
    limits: Limits
    sessions: dict = field(default_factory=dict)
    spent: float = 0.0

    def __post_init__(self):
        super().__init__(ROOT)

    def answer(self, homework, request):
        if self.spent >= self.limits.total:
            raise StudentError("Timeout", f"the submission has used its {self.limits.total:g} s")
        session = self.sessions.get(homework)
        started = time.monotonic()
        try:
            if session is None or not session.alive:
                session = self.sessions[homework] = self.sandbox.session(
                    homework, self.files[homework]
                )
            return session.ask(request, min(self.limits.call, self.limits.total - self.spent))
        finally:
            self.spent += time.monotonic() - started

    def close(self):
        for session in self.sessions.values():
            session.kill()
        self.sessions.clear()


class PlainRunner(SubprocessRunner):
    """`SubprocessRunner` for files in memory: used where there is no fork."""

    def __init__(self, files, limits):
        self.place = tempfile.TemporaryDirectory(prefix=f"{PLACE}{os.getpid()}-")
        for homework, named in files.items():
            for name, data in named.items():
                path = Path(self.place.name) / homework / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
        super().__init__(self.place.name, limits.call)

    def close(self):
        super().close()
        self.place.cleanup()


def bubblewrap(inside):
    """Command line of a sandbox that has Python and its libraries read-only, `inside` as CODE, and nothing else.

    Where the course lies in a folder of these (/usr/src/course), an empty one stands in its place.
    """
    prefixes = {
        Path(sys.prefix).resolve(),
        Path(sys.base_prefix).resolve(),
        Path(sys.executable).resolve().parent.parent,
        Path(sys.executable).parent.parent.absolute(),
    }
    binds = []
    for place in (
        "/usr",
        "/lib",
        "/lib64",
        "/lib32",
        "/bin",
        "/etc/ld.so.cache",
        "/etc/alternatives",
        "/etc/localtime",
    ):
        path = Path(place)
        if path.is_symlink() and place.startswith(("/lib", "/bin")):
            binds += ["--symlink", os.readlink(path), place]
        elif path.exists():
            binds += ["--ro-bind", place, place]
    ours = {prefix for prefix in prefixes if prefix.is_relative_to(ROOT)}
    others = {prefix for prefix in prefixes - ours if not prefix.is_relative_to("/usr")}
    for prefix in sorted(others):
        binds += ["--ro-bind", str(prefix), str(prefix)]
    covered = any(ROOT.is_relative_to(place) for place in {Path("/usr"), *others})
    binds += ["--tmpfs", str(ROOT)] * covered
    for prefix in sorted(ours):
        binds += ["--ro-bind", str(prefix), str(prefix)]
    binds += ["--remount-ro", str(ROOT)] * covered
    return [
        shutil.which("bwrap") or "bwrap",
        "--unshare-all",
        "--die-with-parent",
        "--new-session",
        "--cap-drop",
        "ALL",
        "--uid",
        "1000",
        "--gid",
        "1000",
        "--hostname",
        "check",
        "--tmpfs",
        "/tmp",
        *binds,
        "--proc",
        "/proc",
        "--dev",
        "/dev",
        "--tmpfs",
        HOME,  # for the fork server; each child mounts its own over it
        "--ro-bind",
        str(inside),
        CODE,
        "--chdir",
        HOME,
        "--remount-ro",
        "/tmp",
        "--remount-ro",
        "/",
    ]


# ---------------------------------------------------------------- the canary

CANARY = '''
import os, signal, socket, subprocess, sys, threading

def tried(action):
    try:
        action()
        return True
    except BaseException:
        return False

def escape(decoys, port, parent, outside):
    """What student code could do here: {name: possible}."""
    def read(decoy):
        return lambda: open(decoy, "rb").read()
    def connect():
        socket.create_connection(("127.0.0.1", port), timeout=2).close()
    def fork():
        if os.fork() == 0:
            os._exit(0)
    def program():
        subprocess.run([sys.executable, "-c", "pass"], check=True)
    def signalled():
        os.kill(parent, 0)
    def written():
        with open(outside, "w") as file:
            file.write("x")
    def listed():
        others = [name for name in os.listdir("/proc") if name.isdigit() and int(name) not in (1, os.getpid())]
        assert others
    def memory():
        import numpy
        numpy.zeros(2**30)
    return {"read other files": any(tried(read(decoy)) for decoy in decoys), "open a network connection": tried(connect),
            "start a process": tried(fork), "run a program": tried(program), "signal other processes": tried(signalled),
            "write outside its folder": tried(written), "see other processes": tried(listed),
            "take 8 GiB of memory": tried(memory)}
'''


def probe(level, limits=None):
    """What student code can still do at this level: {name: possible}. Raises IsolationError if it does not run."""
    with (
        tempfile.TemporaryDirectory(prefix=f"{PLACE}{os.getpid()}-") as place,
        socket.create_server(("127.0.0.1", 0)) as server,
    ):
        decoy, outside = Path(place) / "decoy", Path(place) / "outside"
        decoy.write_text("secret", encoding="utf-8")
        files = {"canary": {"model.py": CANARY.encode()}}
        arguments = (
            [str(decoy), str(ROOT / "tests" / "check.py")],
            server.getsockname()[1],
            os.getpid(),
            str(outside),
        )
        with opened(level, files, limits or Limits()) as door:
            try:
                return door.call("canary", "escape", *arguments)
            except StudentError as error:
                raise IsolationError(f"the canary did not come back: {error}") from None


@contextlib.contextmanager
def opened(level, files, limits, sandbox=None):
    """A door at a level; without `sandbox` it has one of its own."""
    if level == "plain":
        with PlainRunner(files, limits) as door:
            yield door
        return
    own = sandbox or Sandbox(level, limits)
    try:
        with SandboxRunner(own, files, limits) as door:
            yield door
    finally:
        if sandbox is None:
            own.close()


def strongest(limits=None, wanted=None):
    """(level, what student code can still do there, why no stronger one): the strongest that runs here, at least `wanted`.

    Raises IsolationError with the reason of each level that did not run.
    """
    reasons = []
    for level in reversed(LEVELS):
        if (
            level != "plain"
            and not hasattr(os, "fork")
            or level == "bubblewrap"
            and not shutil.which("bwrap")
        ):
            reasons.append(f"{level}: not on this machine")
        else:
            try:
                return level, probe(level, limits), reasons
            except (IsolationError, OSError) as error:
                reasons.append(f"{level}: {error}")
        if level == wanted:
            break
    raise IsolationError(
        "; ".join(reasons)
        + ". Install bubblewrap (Debian/Ubuntu: apt install bubblewrap), or accept a "
        "weaker level with --require-isolation"
    )
