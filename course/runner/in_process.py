"""Runs student code in this process: at home, where breakpoints, prints and tracebacks should work."""

import contextlib
import ctypes
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import Any

from course.homeworks import ROOT, find_folder
from course.plugins import PROBES
from course.runner import calls, protocol
from course.runner.base import CallTimeout, Runner, StudentError
from course.runner.loader import Homework

IMPORT_FACTOR = 3  # a call that has to import may take this many times longer


class InProcessRunner(Runner):
    """Runs student code in this process. sources: {(homework, file name): text} used in place of files.

    limit: seconds of computing per call (three times that for one that has to import); None: no limit.
    """

    def __init__(
        self,
        root: Path | str = ROOT,
        sources: Mapping[tuple[str, str], str] | None = None,
        limit: float | None = None,
    ):
        super().__init__(root)
        self.sources, self.limit = sources or {}, limit
        self._loaded: dict[tuple[str, str, tuple[str, ...]], Homework] = {}
        self._probes: dict[str, Any] = {}

    def answer(self, homework: str, request: protocol.Request) -> protocol.Answer:
        if homework not in self._probes:
            self._probes[homework] = calls.load_probes(PROBES / f"{homework}.py")
        probes = self._probes[homework]
        folder = find_folder(self.root, homework)
        key = homework, request.module, request.stubs
        limit = self.limit and self.limit * (1 if key in self._loaded else IMPORT_FACTOR)
        if key not in self._loaded:
            sources = {
                name: text for (owner, name), text in self.sources.items() if owner == homework
            }
            stubs = calls.pick_stubs(probes, request.stubs)
            self._loaded[key] = Homework(folder, request.module, sources, stubs)
        copied = protocol.copy(request)  # the student gets copies, as in a process of its own
        try:
            with time_limit(limit):
                answer = calls.perform(self._loaded[key], probes, copied)
            return protocol.Answer(protocol.copy_plain(answer.value), answer.changed)
        except CallTimeout as error:
            error.importing = getattr(error, "failed_import", "")
            raise
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            raise StudentError.from_report(calls.describe(error, folder)) from error

    def read_sources(self, homework: str) -> dict[str, str]:
        texts = {name: text for (owner, name), text in self.sources.items() if owner == homework}
        return super().read_sources(homework) | texts

    def with_sources(self, homework: str, sources: Mapping[str, str]) -> Runner:
        texts = {(homework, name): text for name, text in sources.items()}
        return InProcessRunner(self.root, texts, self.limit)


@contextlib.contextmanager
def time_limit(seconds: float | None) -> Iterator[None]:
    """Inside: raises CallTimeout after `seconds` of computing (a busy machine does not count), unless a debugger is attached.

    A thread watches the clock: Windows has no timer that could interrupt.
    """
    thread, done = threading.get_ident(), threading.Event()
    limit = seconds or 0.0

    class LimitReached(CallTimeout):
        def __init__(self) -> None:
            super().__init__(limit)

    def watch() -> None:
        end = time.process_time() + limit
        while not done.wait(0.1):
            if time.process_time() > end and not is_debugged(sys._current_frames().get(thread)):
                end += limit  # repeatedly: `except:` may have caught the first
                ctypes.pythonapi.PyThreadState_SetAsyncExc(
                    ctypes.c_ulong(thread), ctypes.py_object(LimitReached)
                )

    watcher = threading.Thread(target=watch, daemon=True)
    if limit:
        watcher.start()
    try:
        yield
    finally:
        while watcher.is_alive():
            with contextlib.suppress(LimitReached):  # one that arrives at the last moment
                done.set()
                watcher.join()


def is_debugged(frame: FrameType | None) -> bool:
    """True if a debugger steps through the frame or through one that called it."""
    while frame and not frame.f_trace:
        frame = frame.f_back
    return frame is not None
