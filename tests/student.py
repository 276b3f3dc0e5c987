"""The one door to student code. What goes in and what comes out is plain data (tests/worker.py).

Two ways through it, for the same checks: `InProcess` (at home: breakpoints, prints and tracebacks work) and `Worker`
(grading: a process of its own that has the submission and the probes only). The verdict is never made behind the door.
"""

import contextlib
import ctypes
import os
import queue
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from tests import worker

ROOT = Path(__file__).resolve().parent.parent
HOMEWORKS = ("hw_bptt", "hw_attention", "waimai_cls", "gpt_songci", "hmm", "word2vec_sst")
TIME_LIMIT = 20.0  # seconds a call
LONGEST = 2000  # characters of what an error says


class StudentError(Exception):
    """Student code stopped. type, message, where ("hmm/model.py, line 12" or ""), empty (id of an empty blank or None)."""

    def __init__(self, type, message, where="", empty=None):
        self.type, self.message, self.where, self.empty = type, message, where, empty
        super().__init__(f"{type}: {message}" + (f" ({where})" if where else ""))


class TimeOut(StudentError):
    """A call took longer than its limit, `seconds`."""

    def __init__(self, seconds):
        self.seconds = seconds
        super().__init__("TimeOut", f"no answer within {seconds:g} s")


def load_solved(homework, sources=None):
    """This tree's own homework (solved, on the teacher's side): `load_solved("hmm").module("model").viterbi`."""
    return worker.Homework(ROOT / homework, sources=sources)


def find_homework(root, homework):
    """Folder of a homework in a submission: root/homework, or root itself when it holds the homework's files."""
    root = Path(root)
    return root if not (root / homework).is_dir() and any(root.glob("*.py")) else root / homework


class Door:
    """What both ways share. `stand_ins` and `seed` are set by whoever runs a check."""

    def __init__(self, root=ROOT):
        self.root = Path(root)
        self.stand_ins = ()
        self.seed = 0
        self.calls = 0
        self.changed = []  # names of functions that changed what they were given, since `start`

    def start(self, seed, stand_ins=()):
        """Begin a draw: its calls see the random numbers of `seed` and the library calls named in `stand_ins`."""
        self.seed, self.stand_ins, self.calls, self.changed = seed, tuple(stand_ins), 0, []

    def call(self, homework, name, *args, **kwargs):
        """Result of the student's function `name`: "function" of model.py, or "module.function"."""
        module, _, function = name.rpartition(".")
        return self._ask(homework, "call", module or "model", function, args, kwargs)

    def probe(self, homework, name, *args, module="model", **kwargs):
        """Result of tests/probes/HOMEWORK.py's function `name`, run beside the student's code."""
        return self._ask(homework, "probe", module, name, args, kwargs)

    def _ask(self, homework, kind, module, name, args, kwargs):
        self.calls += 1
        request = {
            "kind": kind,
            "module": module,
            "name": name,
            "args": list(args),
            "kwargs": kwargs,
            "seed": (self.seed * 1_000_003 + self.calls) % 2**31,
            "stand_ins": list(self.stand_ins),
        }
        return self.answer(homework, request)

    def close(self):
        """End what the door has started."""

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()


@contextlib.contextmanager
def time_limit(seconds):
    """Inside: raises TimeOut after `seconds` of computing (a busy machine does not count), but not while a debugger looks on.

    A thread looks at the clock: Windows has no timer that could interrupt.
    """
    thread, done = threading.get_ident(), threading.Event()

    class Late(TimeOut):
        def __init__(self):
            super().__init__(seconds)

    def watch():
        end = time.process_time() + seconds
        while not done.wait(0.1):
            if time.process_time() > end and not debugged(sys._current_frames()[thread]):
                end += seconds  # again and again: `except:` may have caught the first
                ctypes.pythonapi.PyThreadState_SetAsyncExc(
                    ctypes.c_ulong(thread), ctypes.py_object(Late)
                )

    watcher = threading.Thread(target=watch, daemon=True)
    if seconds:
        watcher.start()
    try:
        yield
    finally:
        while watcher.is_alive():
            with contextlib.suppress(Late):  # one that comes at the last moment
                done.set()
                watcher.join()


def debugged(frame):
    """True if a debugger steps through the frame or through one that called it."""
    while frame and not frame.f_trace:
        frame = frame.f_back
    return frame is not None


class InProcess(Door):
    """Runs student code in this process. sources: {(homework, file name): text} used in place of files.

    limit: seconds of computing a call (three times that for one that has to import).
    """

    def __init__(self, root=ROOT, sources=None, limit=None):
        super().__init__(root)
        self.sources, self.limit = sources or {}, limit
        self.loaded, self.probes = {}, {}

    def answer(self, homework, request):
        if homework not in self.probes:
            self.probes[homework] = worker.load_probes(ROOT / "tests" / "probes" / f"{homework}.py")
        probes = self.probes[homework]
        folder = find_homework(self.root, homework)
        key = homework, request["module"], tuple(request["stand_ins"])
        limit = self.limit and self.limit * (1 if key in self.loaded else 3)
        if key not in self.loaded:
            sources = {
                name: text for (owner, name), text in self.sources.items() if owner == homework
            }
            stand_ins = worker.pick_stand_ins(probes, request["stand_ins"])
            self.loaded[key] = worker.Homework(folder, request["module"], sources, stand_ins)
        request = worker.decode(worker.encode(request))  # the student gets copies, as in a worker
        try:
            with time_limit(limit):
                value = worker.perform(self.loaded[key], probes, request)
            if request["changed"]:
                self.changed.append(request["name"])
            return worker.decode(worker.encode(value))
        except (KeyboardInterrupt, TimeOut):
            raise
        except BaseException as error:
            raise StudentError(**worker.describe(error, folder)) from error


class Worker(Door):
    """Runs student code in a process of its own: a copy of the submission's homework, the probes, the driver.

    limit: seconds a call. A call that takes longer, or a process that dies, ends that process; the next call starts
    a new one. Nothing that it prints or exits with counts: only frames on its pipe do.
    """

    def __init__(self, root=ROOT, limit=TIME_LIMIT):
        super().__init__(root)
        self.limit = limit
        self.processes = {}

    def answer(self, homework, request):
        process = self.processes.get(homework)
        if process is None or not process.alive:
            process = self.processes[homework] = _Process(
                find_homework(self.root, homework), homework
            )
        try:
            value = process.ask(request, self.limit)
            if process.changed:
                self.changed.append(request["name"])
            return value
        except StudentError:
            if not process.alive:
                self.processes.pop(homework).close()
            raise

    def close(self):
        for process in self.processes.values():
            process.close()
        self.processes.clear()


class Channel:
    """Asks one process that answers frames. Subclasses set `requests` and `answers` (binary files) and have `kill`."""

    def listen(self, awaited=False):
        """Collect the frames that come, in a thread: so a wait for one can end by time. The first that nobody awaits is the last."""
        self.frames, self.awaited = queue.Queue(), awaited
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        try:
            while (frame := worker.read_frame(self.answers)) is not None and self.awaited:
                self.awaited = False
                self.frames.put(frame)
        except (worker.Refused, OSError, ValueError):
            pass
        self.frames.put(None)

    def ask(self, request, limit):
        """The answer to one request. Raises StudentError or TimeOut."""
        nonce, self.awaited = secrets.token_hex(8), True
        with contextlib.suppress(
            OSError, ValueError
        ):  # a dead process shows as a missing frame below
            worker.write_frame(self.requests, worker.encode({**request, "nonce": nonce}))
        try:
            frame = self.frames.get(timeout=limit)
        except queue.Empty:
            self.kill()
            raise TimeOut(limit) from None
        if frame is None:
            self.kill()
            raise StudentError("Exit", f"the process ended before it answered{self.why_ended()}")
        try:
            answer = worker.decode(frame)
            if not isinstance(answer, dict) or answer.get("nonce") != nonce:
                raise worker.Refused("an answer to another question")
            if "error" in answer:
                error = {key: answer["error"][key] for key in ("type", "message", "where", "empty")}
                if not all(value is None or isinstance(value, str) for value in error.values()):
                    raise worker.Refused("a broken error")
                raise StudentError(
                    **{key: value and value[:LONGEST] for key, value in error.items()}
                )
            self.changed = answer.get("changed") is True
            return answer["value"]
        except (worker.Refused, KeyError, TypeError) as error:
            self.kill()
            raise StudentError("Refused", str(error)) from None

    def why_ended(self):
        return ""


class _Process(Channel):
    """One worker process with a private folder."""

    def __init__(self, folder, homework):
        if not folder.is_dir():
            raise StudentError("FileNotFoundError", f"the submission has no folder {homework}")
        self.place = Path(tempfile.mkdtemp(prefix="check-"))
        for path in folder.rglob("*"):  # sources only, and no symbolic links
            if path.suffix in (".py", ".txt") and path.is_file() and not path.is_symlink():
                target = self.place / homework / path.relative_to(folder)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)
        (self.place / homework).mkdir(exist_ok=True)
        probes = ROOT / "tests" / "probes" / f"{homework}.py"
        shutil.copyfile(ROOT / "tests" / "worker.py", self.place / "worker.py")
        if probes.is_file():
            shutil.copyfile(probes, self.place / "probes.py")
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-I",
                "-B",
                "worker.py",
                str(self.place / homework),
                str(self.place / "probes.py"),
            ],
            cwd=self.place,
            env=clean_environment(self.place),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=os.name == "posix",
        )
        self.requests, self.answers = self.process.stdin, self.process.stdout
        self.listen()

    @property
    def alive(self):
        return self.process.poll() is None

    def why_ended(self):
        return f" (exit code {self.process.returncode})"

    def kill(self):
        """End the process and everything in its process group."""
        with contextlib.suppress(OSError):
            if os.name == "posix":
                os.killpg(self.process.pid, 9)
        with contextlib.suppress(OSError):
            self.process.kill()
        self.process.wait()

    def close(self):
        self.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(OSError):
                pipe.close()
        shutil.rmtree(self.place, ignore_errors=True)


def clean_environment(place):
    """Environment of a process that runs student code: nothing of the user's but what Python needs to start."""
    keep = ("PATH", "SYSTEMROOT", "SYSTEMDRIVE", "LANG", "LC_ALL", "LD_LIBRARY_PATH")
    environment = {name: os.environ[name] for name in keep if name in os.environ}
    private = dict.fromkeys(("HOME", "USERPROFILE", "TMPDIR", "TEMP", "TMP"), str(place))
    return (
        environment
        | private
        | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONUTF8": "1"}
    )
