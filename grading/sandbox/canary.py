"""Tries what student code must not be able to do, and reports what succeeded.

Sent into the sandbox as a submission's model.py: standard library only, and NumPy.
"""

import os
import socket
import subprocess
import sys
from collections.abc import Callable


def succeeds(action: Callable[[], object]) -> bool:
    try:
        action()
        return True
    except BaseException:
        return False


def read(path: str) -> None:
    with open(path, "rb") as file:
        file.read()


def write(path: str) -> None:
    with open(path, "w") as file:
        file.write("x")


def change_attributes(path: str) -> None:
    """Changes that have no effect where they succeed, apart from the times."""
    tries = (
        lambda: os.utime(path),
        lambda: os.chmod(path, os.stat(path).st_mode & 0o777),
        lambda: os.chown(path, -1, -1),
    )
    if not any(succeeds(attempt) for attempt in tries):
        raise PermissionError(path)


def connect(port: int) -> None:
    socket.create_connection(("127.0.0.1", port), timeout=2).close()


def fork() -> None:
    if os.fork() == 0:
        os._exit(0)


def run_program() -> None:
    subprocess.run([sys.executable, "-c", "pass"], check=True)


def start_process() -> None:
    fork() if hasattr(os, "fork") else run_program()


def signal_process(process: int) -> None:
    """On Windows os.kill(process, 0) would send Ctrl-C to the console; a handle that may terminate says the same."""
    if os.name == "nt":
        import ctypes

        terminate = 1
        kernel = ctypes.windll.kernel32  # type: ignore[attr-defined]
        handle = kernel.OpenProcess(terminate, False, process)
        if not handle:
            raise PermissionError(process)
        kernel.CloseHandle(handle)
    else:
        os.kill(process, 0)


def list_processes() -> None:
    if not os.path.isdir("/proc/self") and sys.platform != "linux":
        return run_program()  # a program that runs can list them
    allowed = ("1", str(os.getpid()))
    if not [name for name in os.listdir("/proc") if name.isdigit() and name not in allowed]:
        raise PermissionError("/proc")


def take_memory() -> None:
    import numpy as np

    np.zeros(2**30)


def escape(decoys: list[str], port: int, parent: int, outside: str) -> dict[str, bool]:
    """{what student code should not be able to do: whether it can}.

    decoys: files of the grader; port: where something listens; parent: a process; outside: a path not in the sandbox.
    """
    return {
        "read other files": any(succeeds(lambda path=path: read(path)) for path in decoys),
        "change the attributes of other files": succeeds(lambda: change_attributes(decoys[0])),
        "open a network connection": succeeds(lambda: connect(port)),
        "start a process": succeeds(start_process),
        "run a program": succeeds(run_program),
        "signal other processes": succeeds(lambda: signal_process(parent)),
        "write outside its folder": succeeds(lambda: write(outside)),
        "see other processes": succeeds(list_processes),
        "take 8 GiB of memory": succeeds(take_memory),
    }
