"""Runs student code in this process: at home, where breakpoints, prints and tracebacks should work."""

import contextlib
import ctypes
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

from course.homeworks import ROOT, find_folder
from course.plugins import PROBES
from course.runner import calls, protocol
from course.runner.base import CallTimeout, Runner, StudentError
from course.runner.loader import Homework

IMPORT_FACTOR = (
    3  # importing a homework's module, and the libraries with it, may take this many times longer
)
TICK = 0.1  # seconds between two looks at the clocks
IDLE_SHARE = 0.05  # of the time between two looks: below it, the call sleeps or waits
BUSY_FACTOR = 3  # on a machine that is busy with other work a call may take this many times longer
INTERRUPT = getattr(signal, "SIGALRM", signal.SIGINT)
_INTERRUPTING = threading.Event()  # set when INTERRUPT comes from here, not from the user


class InProcessRunner(Runner):
    """Runs student code in this process. sources: {(homework, file name): text} used in place of files.

    limit: seconds per call (three times that for importing the module before the first one); None: no limit.
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
        if is_new := key not in self._loaded:
            sources = {
                name: text for (owner, name), text in self.sources.items() if owner == homework
            }
            stubs = calls.pick_stubs(probes, request.stubs)
            self._loaded[key] = Homework(folder, request.module, sources, stubs)
        copied = protocol.copy(request)  # the student gets copies, as in a process of its own
        try:
            if is_new:
                with time_limit(self.limit and self.limit * IMPORT_FACTOR):
                    calls.perform(self._loaded[key], probes, replace(copied, kind="load"))
            with time_limit(self.limit):
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


class _Watch:
    """Watches the time of a call in another thread, and interrupts it when the limit is reached.

    What counts is time on the processor, and time in which the call does not compute at all (it sleeps, or waits for
    input). Waiting for a busy machine's processor counts only up to BUSY_FACTOR times the limit. Time in which a debugger
    has stopped the call does not count.
    """

    def __init__(self, limit: float):
        self.limit, self.thread, self.done = limit, threading.get_ident(), threading.Event()
        self.interrupt = _get_interrupt(self.limit)
        self.watcher = threading.Thread(target=self._watch, daemon=True)

    def _watch(self) -> None:
        used, passed, before = 0.0, 0.0, (time.process_time(), time.monotonic())
        while not self.done.wait(TICK):
            now = time.process_time(), time.monotonic()
            computed, elapsed = now[0] - before[0], now[1] - before[1]
            before = now
            if is_debugged(sys._current_frames().get(self.thread)):
                continue
            used += elapsed if computed < IDLE_SHARE * elapsed else computed
            passed += elapsed
            if used > self.limit or passed > BUSY_FACTOR * self.limit:
                used = passed = 0.0  # again later: `except:` may have caught the first
                self.interrupt(self.thread)

    def stop(self) -> None:
        self.done.set()
        self.watcher.join()


@contextlib.contextmanager
def time_limit(seconds: float | None) -> Iterator[None]:
    """Inside: raises CallTimeout after `seconds` of computing or of doing nothing (_Watch).

    In the main thread a signal interrupts, which ends a sleep or a wait for input as well; in another thread only Python
    code can be interrupted.
    """
    if not seconds:
        yield
        return
    with _signal_handler(seconds):
        watch = _Watch(seconds)
        watch.watcher.start()
        try:
            yield
        finally:
            while watch.watcher.is_alive():
                with contextlib.suppress(CallTimeout):  # one that arrives at the last moment
                    watch.stop()


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


@contextlib.contextmanager
def _signal_handler(seconds: float) -> Iterator[None]:
    """Inside, INTERRUPT raises CallTimeout in the main thread; a Ctrl-C on Windows, which shares the signal, still ends."""

    def stop(number: int, frame: FrameType | None) -> None:
        if INTERRUPT != signal.SIGINT or _INTERRUPTING.is_set():
            _INTERRUPTING.clear()
            raise CallTimeout(seconds)
        raise KeyboardInterrupt

    if not _in_main_thread():
        yield
        return
    before = signal.signal(INTERRUPT, stop)
    try:
        yield
    finally:
        signal.signal(INTERRUPT, before if before is not None else signal.SIG_DFL)


def _get_interrupt(seconds: float) -> Callable[[int], None]:
    """The function that makes the current thread raise CallTimeout, called with its number from another thread."""

    class LimitReached(CallTimeout):
        def __init__(self) -> None:
            super().__init__(seconds)

    def by_exception(thread: int) -> None:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(thread), ctypes.py_object(LimitReached)
        )

    def by_signal(thread: int) -> None:
        _INTERRUPTING.set()
        if hasattr(signal, "pthread_kill"):
            signal.pthread_kill(thread, INTERRUPT)
        else:
            signal.raise_signal(INTERRUPT)  # Windows: handled in the main thread, wakes its sleep

    return by_signal if _in_main_thread() else by_exception


def is_debugged(frame: FrameType | None) -> bool:
    """True if a debugger steps through the frame or through one that called it, or is attached by sys.monitoring."""
    monitoring = getattr(sys, "monitoring", None)  # from Python 3.12
    if monitoring and monitoring.get_tool(monitoring.DEBUGGER_ID):
        return True
    while frame and not frame.f_trace:
        frame = frame.f_back
    return frame is not None
