"""Runs student code in a process of its own, which has the submission and the probes only."""

import contextlib
import dataclasses
import os
import queue
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from course.homeworks import ROOT, find_folder
from course.plugins import PROBES
from course.runner import protocol
from course.runner.base import CallTimeout, Runner, StudentError

TIME_LIMIT = 20.0  # seconds per call
MAX_ERROR_TEXT = 2000  # characters of what an error says
STANDALONE = (
    "protocol.py",
    "loader.py",
    "calls.py",
    "usable.py",
    "worker.py",
)  # environment variables the process inherits
START = "import sys; sys.path.insert(0, sys.argv.pop(1)); from course.runner import worker; worker.main()"
KEPT_VARIABLES = ("PATH", "SYSTEMROOT", "SYSTEMDRIVE", "LANG", "LC_ALL", "LD_LIBRARY_PATH")


class SubprocessRunner(Runner):
    """Runs student code in a process of its own: a copy of the submission's homework, the probes, the worker.

    limit: seconds per call. A call that takes longer, or a process that dies, ends that process; the next call starts
    a new one. Nothing that it prints or exits with counts: only frames on its pipe do.
    """

    def __init__(self, root: Path | str = ROOT, limit: float = TIME_LIMIT):
        super().__init__(root)
        self.limit = limit
        self.processes: dict[str, WorkerProcess] = {}

    def answer(self, homework: str, request: protocol.Request) -> protocol.Answer:
        process = self.processes.get(homework)
        if process is None or not process.alive:
            process = WorkerProcess(find_folder(self.root, homework), homework)
            self.processes[homework] = process
        try:
            return process.ask(request, self.limit)
        except StudentError:
            if not process.alive:
                self.processes.pop(homework).close()
            raise

    def with_sources(self, homework: str, sources: Mapping[str, str]) -> Runner:
        return FilesRunner(
            {homework: {name: text.encode() for name, text in sources.items()}}, self.limit
        )

    def close(self) -> None:
        for process in self.processes.values():
            process.close()
        self.processes.clear()


class FilesRunner(SubprocessRunner):
    """`SubprocessRunner` for files in memory, {homework: {name: bytes}}.

    folder: an empty one to write them to (default: a temporary one); `close` removes it.
    """

    def __init__(
        self,
        files: Mapping[str, Mapping[str, bytes]],
        limit: float = TIME_LIMIT,
        folder: Path | None = None,
    ):
        self.folder = folder or Path(tempfile.mkdtemp(prefix="check-"))
        for homework, named in files.items():
            for name, data in named.items():
                path = self.folder / homework / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
        super().__init__(self.folder, limit)

    def close(self) -> None:
        super().close()
        shutil.rmtree(self.folder, ignore_errors=True)  # on Windows a file may be open for a while


class Channel:
    """Asks one process that answers frames. Subclasses set `requests` and `answers` (binary files) and have `kill`."""

    requests: IO[bytes]
    answers: IO[bytes]
    alive: bool

    def listen(self, expected: bool = False) -> None:
        """Collect arriving frames in a thread, so that waiting for one can time out.

        An unsolicited frame stops the reader. expected: the first frame comes without a request.
        """
        self.frames: queue.Queue[bytes | None] = queue.Queue()
        self.imported: set[tuple[str, tuple[str, ...]]] = set()
        self.expected = expected
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        try:
            while (frame := protocol.read_frame(self.answers)) is not None and self.expected:
                self.expected = False
                self.frames.put(frame)
        except (protocol.NotPlainError, OSError, ValueError):
            pass
        self.frames.put(None)

    def ask(self, request: protocol.Request, limit: float) -> protocol.Answer:
        """The answer to one request, whose module is imported first. Raises StudentError or CallTimeout."""
        key = request.module, request.stubs
        if key not in self.imported:
            self.imported.add(key)
            try:
                self._ask(dataclasses.replace(request, kind="load", args=[], kwargs={}), limit)
            except CallTimeout as error:
                error.importing = request.module
                raise
            except (
                StudentError
            ) as error:  # one that the child survives, the request itself will report
                if not self.alive:  # for example a hard exit
                    error.importing = request.module
                    raise
        return self._ask(request, limit)

    def _ask(self, request: protocol.Request, limit: float) -> protocol.Answer:
        nonce, self.expected = secrets.token_hex(8), True
        with contextlib.suppress(
            OSError, ValueError
        ):  # a dead process shows as a missing frame below
            frame = protocol.encode({**request.to_plain(), "nonce": nonce})
            protocol.write_frame(self.requests, frame)
        try:
            answered = self.frames.get(timeout=limit)
        except queue.Empty:
            self.kill()
            raise CallTimeout(limit) from None
        if answered is None:
            self.kill()
            raise StudentError("Exit", f"the process ended before it answered{self.exit_reason()}")
        try:
            return read_answer(answered, nonce)
        except (protocol.NotPlainError, KeyError, TypeError) as error:
            self.kill()
            raise StudentError("NotPlainError", str(error)) from None

    def exit_reason(self) -> str:
        return ""

    def kill(self) -> None:
        raise NotImplementedError


def read_answer(frame: bytes, nonce: str) -> protocol.Answer:
    """The Answer in a frame; nothing in it is trusted. Raises StudentError if it reports an error, else NotPlainError,
    KeyError or TypeError if it is not an answer to the request with this nonce."""
    data = protocol.decode(frame)
    if not isinstance(data, dict) or data.get("nonce") != nonce:
        raise protocol.NotPlainError("an answer to another request")
    if "error" in data:
        fields = {name: data["error"][name] for name in protocol.ErrorReport.__dataclass_fields__}
        optional = {"empty", "empty_file"}
        for name, value in fields.items():
            if not isinstance(value, str) and not (value is None and name in optional):
                raise protocol.NotPlainError("a broken error report")
            fields[name] = value and value[:MAX_ERROR_TEXT]
        raise StudentError.from_report(protocol.ErrorReport(**fields))
    return protocol.Answer(data["value"], data.get("changed") is True)


class WorkerProcess(Channel):
    """One worker process with a private folder."""

    def __init__(self, folder: Path, homework: str):
        if not folder.is_dir():
            raise StudentError("FileNotFoundError", f"the submission has no folder {homework}")
        self.private = Path(tempfile.mkdtemp(prefix="check-"))
        code = self.private / homework
        for path in folder.rglob("*"):  # sources only, and no symbolic links
            if path.suffix in (".py", ".txt") and path.is_file() and not path.is_symlink():
                target = code / path.relative_to(folder)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)
        code.mkdir(exist_ok=True)
        probes = self.private / "probes.py"
        if (PROBES / f"{homework}.py").is_file():
            shutil.copyfile(PROBES / f"{homework}.py", probes)
        copy_worker(self.private / "worker")
        command = [sys.executable, "-I", "-B", "-c", START]
        self.process = subprocess.Popen(
            [*command, str(self.private / "worker"), str(code), str(probes)],
            cwd=self.private,
            env=clean_environment(self.private),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=os.name == "posix",
        )
        assert self.process.stdin and self.process.stdout
        self.requests, self.answers = self.process.stdin, self.process.stdout
        self.listen()

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def exit_reason(self) -> str:
        return f" (exit code {self.process.returncode})"

    def kill(self) -> None:
        """End the process and everything in its process group."""
        with contextlib.suppress(OSError):
            if os.name == "posix":
                os.killpg(self.process.pid, 9)
        with contextlib.suppress(OSError):
            self.process.kill()
        self.process.wait()

    def close(self) -> None:
        self.kill()
        for pipe in (self.requests, self.answers):
            with contextlib.suppress(OSError):
                pipe.close()
        shutil.rmtree(self.private, ignore_errors=True)


def copy_worker(folder: Path) -> None:
    """Write the modules that run beside student code into `folder`, as the package course.runner."""
    package = folder / "course" / "runner"
    package.mkdir(parents=True)
    for path in (package.parent / "__init__.py", package / "__init__.py"):
        path.touch()
    for name in STANDALONE:
        shutil.copyfile(Path(__file__).with_name(name), package / name)


def clean_environment(home: Path | str) -> dict[str, str]:
    """Environment of a process that runs student code: of the user's only what Python needs to start."""
    environment = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    private = dict.fromkeys(("HOME", "USERPROFILE", "TMPDIR", "TEMP", "TMP"), str(home))
    threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    return environment | private | threads | {"PYTHONUTF8": "1"}
