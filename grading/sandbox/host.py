"""The grader's side of the sandbox: a fork server at one level of isolation, and sessions with its children."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

import numpy as np

from course.plugins import PROBES
from course.runner import StudentError, protocol
from course.runner.in_subprocess import Channel, clean_environment, copy_worker
from grading.sandbox.bubblewrap import CODE, bubblewrap
from grading.sandbox.namespaces import HOME

PREFIX = "grading-sandbox-"  # of temporary folders; the grader's process id follows
START_LIMIT = 120.0  # seconds for a fork server to load its libraries, and for a child to be ready
HEALTH_LIMIT = 30.0  # seconds for a child to answer the control question
COPIED = ("libc", "seccomp", "landlock", "namespaces", "quotas", "forkserver")
START = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); "
    "from grading.sandbox import forkserver; forkserver.main()"
)
CONTROL = {"model.py": b"def answer():\n    return 42\n"}
CONTROL_REQUEST = protocol.Request("call", "model", "answer", [])
KILL = 9  # SIGKILL


class IsolationError(Exception):
    """Raised where this machine does not offer a level of isolation, or a sandbox fails."""


@dataclass(frozen=True)
class Limits:
    """Limits for one submission. call, total: seconds; memory, disk: bytes."""

    call: float = 20.0
    total: float = 300.0
    memory: int = 2 * 2**30
    disk: int = 64 * 2**20


def temporary_folder() -> Path:
    """A new temporary folder that `isolation.sweep` recognises if this process is killed."""
    return Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))


class Sandbox:
    """A fork server at one level. `session(homework, files)` starts a child for one submission's homework.

    libraries: what it loads beforehand, so that no child needs to. Raises IsolationError if it does not start.
    """

    def __init__(
        self, level: str, limits: Limits | None = None, libraries: Sequence[str] = ("numpy",)
    ):
        self.level, self.limits, self.libraries = level, limits or Limits(), tuple(libraries)
        self.count = 0
        self.lock = threading.Lock()
        self._build()

    def session(self, homework: str, files: Mapping[str, bytes]) -> "Session":
        """A Session for {file name: bytes} of one homework. Starts the fork server again if it has died."""
        with self.lock:
            if self.process.poll() is not None:
                self.control.close()
                self._start()
            self.count += 1
            number = self.count
            ours, theirs = socket.socketpair()
            order = {
                "id": number,
                "memory": self.limits.memory,
                "cpu": int(self.limits.total) + 1,
                "disk": self.limits.disk,
                "folder": str(self.folder / f"{number}"),
            }
            with theirs:
                socket.send_fds(self.control, [json.dumps(order).encode()], [theirs.fileno()])
        return Session(self, number, ours, homework, files)

    def is_healthy(self, homework: str) -> bool:
        """True if a new child answers for correct code: then the submission is at fault, not the sandbox."""
        session = None
        try:
            session = self.session(homework, CONTROL)
            return session.ask(CONTROL_REQUEST, HEALTH_LIMIT).value == 42
        except (IsolationError, StudentError, OSError):
            return False
        finally:
            if session:
                session.kill()

    def rebuild(self) -> None:
        """Start again from new files. Earlier sessions no longer work."""
        with self.lock:
            self.close()
            self._build()

    def kill(self, number: int) -> None:
        """End the child of session `number` and remove its folder."""
        with self.lock, contextlib.suppress(OSError):
            self.control.sendall(json.dumps({"kill": number}).encode())
            with contextlib.suppress(IsolationError):
                self._expect(b"killed\n", "end a child")
        remove(self.folder / f"{number}")

    def close(self) -> None:
        self.control.close()
        with contextlib.suppress(OSError):
            os.killpg(self.process.pid, KILL)
        with contextlib.suppress(OSError):
            self.process.kill()
        self.process.wait()
        remove(self.folder)

    def _build(self) -> None:
        """Write the files that the sandbox contains, and start the fork server."""
        self.folder = temporary_folder()
        self.errors = self.folder / "errors.txt"
        try:
            self.inside = write_inside(self.folder)
            self._start()
        except BaseException:
            remove(self.folder)
            raise

    def _start(self) -> None:
        is_wrapped = self.level == "bubblewrap"
        code = CODE if is_wrapped else str(self.inside)
        program = [sys.executable, "-I", "-B", "-c", START, code, self.level, f"{code}/probes"]
        command = [*(bubblewrap(self.inside) if is_wrapped else []), *program, *self.libraries]
        self.control, theirs = socket.socketpair()
        try:
            with theirs, self.errors.open("wb") as errors:
                self.process = subprocess.Popen(
                    command,
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    stderr=errors,
                    env=clean_environment(HOME if is_wrapped else self.folder),
                    cwd=self.folder,
                    start_new_session=True,
                )
        except BaseException:
            self.control.close()
            raise
        self.control.settimeout(START_LIMIT)
        try:
            self._expect(b"ready\n", "start")
        except BaseException:
            self.close()
            raise

    def _expect(self, word: bytes, what: str) -> None:
        """Raises IsolationError, with the last line of standard error, unless the fork server sends `word`."""
        received = b""
        with contextlib.suppress(OSError):
            while len(received) < len(word):
                part = self.control.recv(len(word) - len(received))
                if not part:
                    break
                received += part
        if received != word:
            lines = self.errors.read_text(encoding="utf-8", errors="replace").strip().splitlines()
            reason = f": {lines[-1]}" if lines else ""
            raise IsolationError(f"the sandbox ({self.level}) did not {what}{reason}")


class Session(Channel):
    """One submission's homework in a child of the sandbox. reached: the restrictions that took effect.

    Raises IsolationError if the child is not ready: up to there none of the student's code has run.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        number: int,
        channel: socket.socket,
        homework: str,
        files: Mapping[str, bytes],
    ):
        self.sandbox, self.number, self.channel, self.alive = sandbox, number, channel, True
        self.requests = cast(IO[bytes], channel.makefile("wb"))
        self.answers = cast(IO[bytes], channel.makefile("rb"))
        self.listen(expected=True)
        start = {
            "homework": homework,
            "files": {name: np.frombuffer(data, np.uint8) for name, data in files.items()},
        }
        with contextlib.suppress(OSError):
            protocol.write_frame(self.requests, protocol.encode(start))
        try:
            self.reached = self._wait_until_ready()
        except BaseException:
            self.kill()
            raise

    def _wait_until_ready(self) -> list[str]:
        frame = None
        with contextlib.suppress(Exception):
            frame = self.frames.get(timeout=START_LIMIT)
        report: dict[str, Any] = protocol.decode(frame) if frame is not None else {}
        if "reached" not in report:
            reason = f": {report['failed']}" if "failed" in report else ""
            raise IsolationError(f"a child of the sandbox did not start{reason}")
        return report["reached"]

    def kill(self) -> None:
        if self.alive:
            self.alive = False
            self.sandbox.kill(self.number)
            for part in (self.requests, self.answers, self.channel):
                with contextlib.suppress(OSError, ValueError):
                    part.close()


def write_inside(folder: Path) -> Path:
    """Write the worker, the probes and the fork server into folder/inside: {code of a sandbox}. Returns that path."""
    inside = folder / "inside"
    package = inside / "grading" / "sandbox"
    package.mkdir(parents=True)
    copy_worker(inside)
    for path in (inside / "grading" / "__init__.py", package / "__init__.py"):
        path.touch()
    for name in COPIED:
        shutil.copyfile(Path(__file__).with_name(f"{name}.py"), package / f"{name}.py")
    (inside / "probes").mkdir()
    for path in PROBES.glob("*.py"):
        shutil.copyfile(path, inside / "probes" / path.name)
    return inside


def remove(folder: Path) -> None:
    """Remove a folder, however deep it is and whatever the modes of what is in it."""
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        pass
    except (OSError, RecursionError):
        for command in (("chmod", "-R", "u+rwX"), ("rm", "-rf")):
            subprocess.run([*command, str(folder)], stderr=subprocess.DEVNULL)
