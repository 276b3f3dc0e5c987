"""Contexts for tests that start processes and send signals to them."""

import contextlib
import signal
from collections.abc import Iterator
from subprocess import Popen


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
