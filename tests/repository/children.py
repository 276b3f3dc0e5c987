"""For tests that start processes: contexts that signal and limit them, and the words of printed commands."""

import contextlib
import os
import re
import shlex
import signal
from collections.abc import Iterator
from subprocess import Popen
from types import FrameType


@contextlib.contextmanager
def ended(process: Popen) -> Iterator[Popen]:
    """A context that kills the process at the end, also if the test fails, waits for it and closes its pipes."""
    with process:
        try:
            yield process
        finally:
            process.kill()


@contextlib.contextmanager
def usual_signals() -> Iterator[None]:
    """A context in which SIGINT and SIGHUP are not ignored, neither in this process nor in those it starts.

    Under nohup, and in the background of a script, both signals are inherited as ignored. With a handler set in this
    process a new program starts with the default action; the handler of SIGHUP does nothing, so pytest continues.
    """
    handlers = {"SIGINT": signal.default_int_handler, "SIGHUP": lambda *_: None}
    before = {}
    for name, handler in handlers.items():
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number and signal.getsignal(number) == signal.SIG_IGN:
            before[number] = signal.signal(number, handler)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def computing_limit(seconds: float, error: type[BaseException]) -> Iterator[None]:
    """Inside: raises `error` after `seconds` of computing in this process. Windows has no such timer: no limit there."""
    if not hasattr(signal, "setitimer"):
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        raise error

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def split_command(line: str) -> list[str]:
    """Words of a command that was printed for the shell in use (course.shell.quote); on Windows, backslashes are kept."""
    if os.name == "posix":
        return shlex.split(line)
    words = re.findall(r'"([^"]*)"|\'((?:[^\']|\'\')*)\'|(\S+)', line)
    return [cmd or powershell.replace("''", "'") or bare for cmd, powershell, bare in words]
