"""Inside the sandbox: a process that has numpy (and torch) loaded and forks a child for each submission.

`host` starts it with a socket as standard input; it has nothing but these modules, the worker of course.runner and the
probes. A child restricts itself (namespaces or Landlock, limits, no capabilities, no denied system calls), reports what
took effect, then answers frames as course.runner.worker does. Protocol on the socket: "ready\\n" at the start; then an
order {"id", "memory", "cpu", "disk", "folder"} with a socket for the child, or {"kill": id}, answered with "killed\\n".
"""

import builtins
import contextlib
import importlib
import json
import os
import signal
import socket
import struct
import sys
import tempfile
from collections.abc import Sequence
from typing import IO, Any, NamedTuple

from course.runner import calls, protocol, worker

from .landlock import restrict_files
from .libc import PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, PR_SET_PDEATHSIG, libc_call
from .namespaces import HOME, enter_namespaces
from .quotas import memory_limits, set_limits
from .seccomp import deny_system_calls

CAPABILITIES = range(64)
LINUX_CAPABILITY_VERSION_3 = 0x20080522


class Submission(NamedTuple):
    """A submission that is loaded and ready to answer questions. reached: the restrictions that took effect."""

    folder: str
    probes: Any
    reached: list[str]


def drop_capabilities() -> None:
    """No capabilities, and no way to gain any."""
    for capability in CAPABILITIES:
        with contextlib.suppress(OSError):
            libc_call("prctl", PR_CAPBSET_DROP, capability, 0, 0, 0)
    with contextlib.suppress(OSError):
        libc_call("capset", struct.pack("II", LINUX_CAPABILITY_VERSION_3, 0), bytes(24))


def restrict(level: str, order: dict[str, Any]) -> tuple[str, list[str]]:
    """Restrict this process. Returns its folder and what took effect. Raises OSError if namespaces are not available."""
    reached, memory = [], memory_limits(order["memory"])
    home = HOME if level == "bubblewrap" else order["folder"]
    if level == "bubblewrap":
        enter_namespaces(order["disk"])
        reached.append("namespaces")
    else:
        os.makedirs(home, mode=0o700, exist_ok=True)
    os.chdir(home)
    os.environ.update(dict.fromkeys(("HOME", "TMPDIR", "TEMP", "TMP"), home))
    set_limits(memory, order["cpu"], order["disk"])
    reached.append("limits")
    libc_call("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if level != "bubblewrap":
        with contextlib.suppress(OSError):
            restrict_files(home)
            reached.append("files")
    drop_capabilities()
    with contextlib.suppress(OSError):
        deny_system_calls()
        reached.append("system calls")
    return home, reached


def write_files(folder: str, files: dict[str, Any]) -> None:
    """files: {path with "/": array of bytes}."""
    os.makedirs(folder, exist_ok=True)
    for name, data in files.items():
        path = os.path.join(folder, *name.split("/"))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data.tobytes())


def close_standard_streams() -> None:
    """Connects the standard streams to /dev/null: what student code prints is lost, and it reads nothing."""
    null_device = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null_device, standard)


def prepare(requests: IO[bytes], level: str, order: dict[str, Any], probes: str) -> Submission:
    """Restrict this process, read the submission's files, load the homework's probes. Nothing of the student's runs."""
    os.setsid()
    libc_call("prctl", PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    home, reached = restrict(level, order)
    frame = protocol.read_frame(requests)
    if frame is None:
        raise EOFError("no submission arrived")
    start = protocol.decode(frame)
    folder = os.path.join(home, start["homework"])
    write_files(folder, start["files"])
    loaded = calls.load_probes(os.path.join(probes, f"{start['homework']}.py"))
    return Submission(folder, loaded, reached)


def run_child(channel: socket.socket, level: str, order: dict[str, Any], probes: str) -> None:
    """A child from fork to end. A failure before it is ready is the grader's, and reported as such."""
    requests, answers = channel.makefile("rb"), channel.makefile("wb")
    try:
        submission = prepare(requests, level, order, probes)
    except BaseException as error:
        report = {"failed": f"{type(error).__name__}: {error}"[:500]}
        protocol.write_frame(answers, protocol.encode(report))
        return
    protocol.write_frame(answers, protocol.encode({"reached": submission.reached}))
    close_standard_streams()
    builtins.input = worker.refuse_input
    worker.serve(requests, answers, submission.folder, submission.probes)


def kill_child(process: int) -> None:
    """End a child and everything in its process group."""
    with contextlib.suppress(OSError):
        os.killpg(process, signal.SIGKILL)
    with contextlib.suppress(OSError):
        os.kill(process, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(process, 0)


def reap() -> None:
    """Collect the children that have ended."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def load_libraries(names: Sequence[str]) -> None:
    """Import what submissions will need, to save time. One that needs another library imports it, or fails to."""
    for name in names:
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    tempfile.tempdir = None  # each child has a folder of its own
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)


def serve_orders(control: socket.socket, level: str, probes: str) -> None:
    """Fork a child for each order until the socket closes."""
    children: dict[int, int] = {}
    while True:
        message, handles, _, _ = socket.recv_fds(control, 65536, 1)
        if not message:
            break
        order = json.loads(message)
        reap()
        if "kill" in order:
            if process := children.pop(order["kill"], None):
                kill_child(process)
            control.sendall(b"killed\n")
            continue
        process = os.fork()
        if process == 0:
            with contextlib.suppress(BaseException):
                control.close()
                run_child(socket.socket(fileno=handles[0]), level, order, probes)
            os._exit(0)
        os.close(handles[0])
        children[order["id"]] = process
    for process in children.values():
        with contextlib.suppress(OSError):
            os.killpg(process, signal.SIGKILL)


def main() -> None:
    """Arguments: level, folder of the probes, libraries."""
    level, probes, *libraries = sys.argv[1:]
    sys.dont_write_bytecode = True
    load_libraries(libraries)
    control = socket.socket(fileno=os.dup(0))
    control.sendall(b"ready\n")
    serve_orders(control, level, probes)
