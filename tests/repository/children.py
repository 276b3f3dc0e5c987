"""Processes that tests start and signal."""

import contextlib
import signal
from collections.abc import Iterator
from subprocess import Popen


@contextlib.contextmanager
def ended(process: Popen) -> Iterator[Popen]:
    """The process, which has ended and has no open pipe afterwards, also where the test fails before it ends."""
    with process:
        try:
            yield process
        finally:
            process.kill()


@contextlib.contextmanager
def usual_signals() -> Iterator[None]:
    """SIGINT and SIGHUP at work, in this process and in those it starts.

    Under nohup, and in the background of a script, both are inherited as ignored. A handler in this process
    makes a new program start with the default, and a hangup does not end pytest itself.
    """
    wanted = {"SIGINT": signal.default_int_handler, "SIGHUP": lambda *_: None}
    before = {}
    for name, handler in wanted.items():
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number and signal.getsignal(number) == signal.SIG_IGN:
            before[number] = signal.signal(number, handler)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
