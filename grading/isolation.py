"""Levels of isolation for student code: how strictly this machine can confine it, probed by a canary, not assumed.

Levels, strongest first:
- bubblewrap (Linux): one sandbox per grading process (no network, read-only runtime, nothing of the teacher's files), and
  in it a child per submission with processes, files and memory of its own, no new processes, no signals, no sockets.
- process (Linux): a child per submission with limits, no new processes, signals, sockets or changes of files' modes
  (where the kernel filters system calls), a private folder, and Python's to read; without Landlock it can read what the
  grader's user can read.
- plain (any system): the worker process of course.runner, with a time limit only.

`grading.sandbox` holds what the first two are made of.
"""

import contextlib
import os
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from course.homeworks import ROOT
from course.runner import Runner, StudentError, protocol
from course.runner.base import decode_source
from course.runner.in_subprocess import FilesRunner
from grading.sandbox.host import (
    PREFIX,
    IsolationError,
    Limits,
    Sandbox,
    Session,
    remove,
    temporary_folder,
)

__all__ = ["IsolationError", "Limits", "Sandbox", "opened", "probe", "strongest", "sweep"]

LEVELS = ("plain", "process", "bubblewrap")
CANARY = Path(__file__).with_name("sandbox") / "canary.py"
PLAIN = (
    "plain: a time limit is the only restriction; student code can read, change and delete whatever you can, so grade "
    "people you trust, or use Linux (on Windows WSL 2, on macOS a container)"
)

Files = Mapping[str, Mapping[str, bytes]]  # {homework: {file name: bytes}}


class SandboxRunner(Runner):
    """Runs one submission's code through a sandbox. Raises IsolationError where the sandbox fails, not the student."""

    def __init__(
        self,
        sandbox: Sandbox,
        files: Files,
        limits: Limits,
        charged: "SandboxRunner | None" = None,
    ):
        """charged: the runner whose time this one uses, where it runs other files of the same submission."""
        super().__init__(ROOT)
        self.sandbox, self.files, self.limits, self.charged = sandbox, files, limits, charged
        self.sessions: dict[str, Session] = {}
        self.spent = 0.0  # seconds

    def answer(self, homework: str, request: protocol.Request) -> protocol.Answer:
        if self.spent >= self.limits.total:
            raise StudentError("Timeout", f"the submission has used its {self.limits.total:g} s")
        session = self.sessions.get(homework)
        if session is not None and session.alive:
            return self._ask_in(session, request)
        try:
            return self._ask_in(self._open(homework), request)
        except StudentError as error:
            if could_be_sandbox(error) and not self.sandbox.is_healthy(homework):
                return self._answer_in_new_sandbox(homework, request)
            raise

    def _answer_in_new_sandbox(self, homework: str, request: protocol.Request) -> protocol.Answer:
        """The answer after a fresh child failed that was not at fault: an earlier submission damaged the sandbox."""
        self.sandbox.rebuild()
        self.sessions.clear()
        if not self.sandbox.is_healthy(homework):
            raise IsolationError("a fresh child of the sandbox cannot answer its first request")
        return self._ask_in(self._open(homework), request)

    def _open(self, homework: str) -> Session:
        """A fresh child; in a new sandbox where this one cannot start any more. Raises IsolationError."""
        try:
            session = self.sandbox.session(homework, self.files[homework])
        except IsolationError:
            self.sandbox.rebuild()
            self.sessions.clear()
            session = self.sandbox.session(homework, self.files[homework])
        self.sessions[homework] = session
        return session

    def _ask_in(self, session: Session, request: protocol.Request) -> protocol.Answer:
        started = time.monotonic()
        try:
            return session.ask(request, min(self.limits.call, self.limits.total - self.spent))
        finally:
            self.spent += time.monotonic() - started

    def read_sources(self, homework: str) -> dict[str, str]:
        return {
            name: decode_source(data)
            for name, data in self.files[homework].items()
            if name.endswith(".py")
        }

    def with_sources(self, homework: str, sources: Mapping[str, str]) -> Runner:
        files = {name: text.encode("utf-8", "replace") for name, text in sources.items()}
        limits = replace(self.limits, total=max(0.0, self.limits.total - self.spent))
        return SandboxRunner(self.sandbox, {homework: files}, limits, charged=self)

    def close(self) -> None:
        if self.charged:
            self.charged.spent += self.spent
            self.charged = None
        for session in self.sessions.values():
            session.kill()
        self.sessions.clear()


def could_be_sandbox(error: StudentError) -> bool:
    """True unless the error comes from a line of the student's files, or from an empty blank."""
    return not error.where and not error.empty


@contextlib.contextmanager
def opened(
    level: str, files: Files, limits: Limits, sandbox: Sandbox | None = None
) -> Iterator[Runner]:
    """A runner at a level; without `sandbox` it has one of its own."""
    if level == "plain":
        with FilesRunner(files, limits.call, temporary_folder()) as runner:
            yield runner
        return
    used = sandbox or Sandbox(level, limits)
    try:
        with SandboxRunner(used, files, limits) as runner:
            yield runner
    finally:
        if sandbox is None:
            used.close()


def probe(level: str, limits: Limits | None = None) -> dict[str, bool]:
    """What student code can still do at this level: {name: possible}. Raises IsolationError if it does not run."""
    with (
        tempfile.TemporaryDirectory(prefix=f"{PREFIX}{os.getpid()}-") as folder,
        socket.create_server(("127.0.0.1", 0)) as server,
    ):
        decoy, outside = Path(folder) / "decoy", Path(folder) / "outside"
        decoy.write_text("secret", encoding="utf-8")
        decoys = [str(decoy), str(Path(__file__).resolve())]
        port = server.getsockname()[1]
        files = {"canary": {"model.py": CANARY.read_bytes()}}
        with opened(level, files, limits or Limits()) as runner:
            try:
                return runner.call("canary", "escape", decoys, port, os.getpid(), str(outside))
            except StudentError as error:
                raise IsolationError(f"the canary did not come back: {error}") from None


def missing_for(level: str) -> str | None:
    """What this machine lacks for a level, or None. By the platform: macOS has os.fork, but none of the restrictions."""
    if level == "plain":
        return None
    if sys.platform != "linux":
        return "needs Linux"
    if level == "bubblewrap" and not shutil.which("bwrap"):
        return "not installed (Debian/Ubuntu: apt install bubblewrap)"
    return None


def strongest(
    limits: Limits | None = None, wanted: str | None = None
) -> tuple[str, dict[str, bool], list[str]]:
    """(level, what student code can still do there, why not a stronger one): the strongest that runs, at least `wanted`.

    Raises IsolationError with the reason of each level that did not run.
    """
    reasons: list[str] = []
    for level in reversed(LEVELS):
        missing = missing_for(level)
        if missing is None:
            try:
                possible = probe(level, limits)
                return level, possible, [*reasons, PLAIN] if level == "plain" else reasons
            except (IsolationError, OSError) as error:
                missing = str(error)
        reasons.append(f"{level}: {missing}")
        if level == wanted:
            break
    raise IsolationError(
        "; ".join(reasons) + ". Install what is missing, or accept a weaker level with "
        "--require-isolation"
    )


def sweep() -> None:
    """Remove the temporary folders of graders that were killed."""
    if os.name != "posix":  # elsewhere os.kill(number, 0) is not a question
        return
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*-*"):
        with contextlib.suppress(ValueError, OSError):
            number = int(path.name.removeprefix(PREFIX).split("-")[0])
            try:
                os.kill(number, 0)
            except ProcessLookupError:
                remove(path)
