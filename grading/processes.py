"""What grading processes need from the operating system: an end with their parent, and none with the terminal."""

import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Iterator
from multiprocessing import resource_tracker
from typing import Any, TextIO

PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Ask Linux to end this process when its parent ends. Elsewhere the pipe to the parent closes, which ends it too."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def start_resource_tracker() -> None:
    """Start multiprocessing's helper process so that the end of the terminal (SIGHUP) does not end it.

    It would be found dead at the end, and a warning about that would be the last line.
    """
    if sys.platform == "win32":  # there is neither
        return
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # inherited by the process that starts
    try:
        resource_tracker.ensure_running()
    finally:
        signal.signal(signal.SIGHUP, before)


class KeptStream:
    """A text stream that continues on the null device once its terminal or pipe is closed.

    Without it the next flush raises: Python 3.14 flushes standard error before it starts a process, and every Python
    flushes at exit, which then ends with code 120.
    """

    def __init__(self, stream: TextIO):
        self._stream = stream

    def write(self, text: str) -> int:
        with self._redirected_when_closed():
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with self._redirected_when_closed():
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    @contextlib.contextmanager
    def _redirected_when_closed(self) -> Iterator[None]:
        try:
            yield
        except OSError:
            null_device = os.open(os.devnull, os.O_WRONLY)
            with contextlib.suppress(OSError):
                os.dup2(null_device, self._stream.fileno())
            os.close(null_device)


def keep_streams() -> None:
    """Nothing that is written to standard output or error from here on can fail. UTF-8, whatever the console's encoding."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        with contextlib.suppress(AttributeError):
            stream.reconfigure(encoding="utf-8", errors="replace")
        if stream is not None and not isinstance(stream, KeptStream):
            setattr(sys, name, KeptStream(stream))
