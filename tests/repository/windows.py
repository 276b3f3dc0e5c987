"""A simulator of Windows for processes that tests start, so that mistakes that fail only on Windows are found on Linux.

`environment(folder)` gives a process, and those it starts, a sitecustomize module that calls `simulate`. From then on, for
code of this repository (libraries see the real system):

- sys.platform is "win32", os.name "nt", os.sep stays "/";
- fcntl, resource, pwd, grp, termios, pty, tty cannot be imported; msvcrt can, with `locking`;
- os has no fork, killpg, getuid, setsid, mkfifo, chown, nice, sched_getaffinity, WNOHANG, ...;
- os.kill(process, 0) is an error: on Windows it sends Ctrl-C to every process of the console;
- signal has SIGINT, SIGTERM, SIGBREAK, SIGABRT, SIGFPE, SIGILL and SIGSEGV only; raise_signal reaches
  the main thread and wakes its sleep;
- ctypes.CDLL(None) raises TypeError; ctypes.windll exists;
- winreg exists and says that long paths are not enabled;
- socket has no AF_UNIX, send_fds, recv_fds;
- text files without an encoding are an error (the default there is cp936 or cp1252).

For all code, libraries included:

- os.replace and os.rename of or onto a file that this process has open or mapped are refused, as is removing such a file,
  also inside a folder that is removed (PermissionError); a rename onto an existing file is refused too;
- symbolic links are refused (they need a privilege there);
- a file or folder with a name that Windows does not have (`a:b`, `what?`, `aux.txt`, a dot or space at the end), or that
  differs in case only from one beside it, cannot be made;
- text is written with \\r\\n, also to standard output; standard output has the encoding that `environment` is called with;
- sh, bash, ps, python3 and other programs of Unix cannot be started, nor scripts that begin with #!; preexec_fn is refused,
  as is an environment without SYSTEMROOT; Popen.send_signal knows SIGTERM only;
- the home folder is USERPROFILE, whatever HOME says; multiprocessing starts processes by spawn.

Not simulated: paths with backslashes and drives, files that another process has open, paths of more than 260 characters.

`checkout(folder)` copies the tree as git does on Windows with core.autocrlf: lines end in \\r\\n. test_windows_suite.py
runs the repository's own tests here, test_windows_sources.py reads their source for what would be skipped.
"""

import builtins
import contextlib
import importlib
import io
import multiprocessing
import os
import pathlib
import re
import subprocess
import sys
import types
import warnings
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOT_VARIABLE, ENCODING_VARIABLE = "SIMULATED_WINDOWS_ROOT", "SIMULATED_WINDOWS_ENCODING"
UNIX_MODULES = {"fcntl", "resource", "pwd", "grp", "termios", "pty", "tty", "syslog", "readline"}
UNIX_OS = {
    *("fork", "forkpty", "killpg", "getpgid", "getpgrp", "setsid", "setpgid", "getsid", "mkfifo"),
    *("mknod", "getuid", "geteuid", "getgid", "getegid", "setuid", "setgid", "chown", "lchown"),
    *("fchmod", "fchown", "nice", "getpriority", "setpriority", "sched_getaffinity", "wait"),
    *("sched_setaffinity", "WNOHANG", "getloadavg", "sysconf", "uname", "sync", "posix_spawn"),
    *("getxattr", "setxattr", "statvfs", "O_NONBLOCK", "O_CLOEXEC", "O_NOFOLLOW", "O_DIRECTORY"),
}
SIGKILL, SIGTERM = 9, 15
SIGNALS = {"SIGINT", "SIGTERM", "SIGBREAK", "SIGABRT", "SIGFPE", "SIGILL", "SIGSEGV"}
UNIX_SOCKET = {"AF_UNIX", "send_fds", "recv_fds"}
UNIX_PROGRAMS = {
    *(
        "sh",
        "bash",
        "ps",
        "cat",
        "ls",
        "cp",
        "rm",
        "mv",
        "true",
        "false",
        "sleep",
        "kill",
        "chmod",
        "ln",
    ),
    *(
        "python3",
        "env",
        "nohup",
        "nice",
        "setpriv",
        "unshare",
        "bwrap",
        "mount",
        "su",
        "sudo",
        "taskset",
    ),
}
INVALID_NAME = re.compile(
    r'[<>:"|?*\x00-\x1f]|[. ]$|^(con|prn|aux|nul|com[1-9]|lpt[1-9])(\.|$)', re.IGNORECASE
)
REPOSITORY_MODULES = r"(course|grading|tests|data|templates|hmm|hw_bptt|hw_attention|waimai_cls|gpt_songci|word2vec_sst)(\.|$)"
TEXT_SUFFIXES = {".py", ".md", ".txt", ".toml", ".json", ".html", ".csv", ".tsv", ".svg", ".cfg"}


def environment(folder: Path, encoding: str = "cp936", root: Path = ROOT) -> dict[str, str]:
    """Environment variables of a process on simulated Windows.

    folder: where the sitecustomize module is written; encoding: of the console; root: the folder of "this repository".
    """
    folder.mkdir(parents=True, exist_ok=True)
    start = f"import runpy\nrunpy.run_path({str(Path(__file__).resolve())!r})['simulate']()\n"
    (folder / "sitecustomize.py").write_text(start, encoding="utf-8")
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONUTF8"}
    return kept | {
        "PYTHONPATH": str(folder),
        "PYTHONUTF8": "0",
        ENCODING_VARIABLE: encoding,
        "PYTHONWARNDEFAULTENCODING": "1",
        "SYSTEMROOT": "/Windows",
        "USERPROFILE": os.path.expanduser("~"),
        ROOT_VARIABLE: str(root),
    }


def checkout(target: Path, names: list[str]) -> Path:
    """Copy files of the tree (paths relative to its root) to `target` with \\r\\n line ends; returns `target`."""
    for name in names:
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        data = (ROOT / name).read_bytes()
        if path.suffix in TEXT_SUFFIXES:
            data = data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        path.write_bytes(data)
    return target


# ---------------------------------------------------------------- inside the process


class Facade(types.ModuleType):
    """A module with some names replaced and some missing."""

    def __init__(self, real: types.ModuleType, missing: set[str], replaced: dict[str, object]):
        super().__init__(real.__name__, real.__doc__)
        self.__dict__.update(
            _real=real, _missing=missing, _replaced=replaced, _before={}, _set=set()
        )

    def __getattr__(self, name):
        if name in self.__dict__["_replaced"]:
            return self.__dict__["_replaced"][name]
        if name in self.__dict__["_missing"] - self.__dict__["_set"]:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r} on Windows")
        return getattr(self.__dict__["_real"], name)

    def __setattr__(self, name, value):
        real, before = self.__dict__["_real"], self.__dict__["_before"]
        if hasattr(real, name):
            before.setdefault(name, getattr(real, name))
        self.__dict__["_set"].add(name)
        setattr(real, name, value)

    def __delattr__(self, name):
        """Undo an assignment: pytest's monkeypatch deletes a name that it did not find in the facade's __dict__."""
        real, before = self.__dict__["_real"], self.__dict__["_before"]
        self.__dict__["_set"].discard(name)
        if name in before:
            setattr(real, name, before.pop(name))
        else:
            delattr(real, name)


def simulate() -> None:
    """Switch this process to simulated Windows, as described in the module's docstring."""
    root = os.environ[ROOT_VARIABLE] + os.sep
    facades = make_facades()
    real_import = builtins.__import__

    def import_as_on_windows(name, globals=None, locals=None, fromlist=(), level=0):
        importer = str((globals or {}).get("__file__") or "")
        is_ours = importer.startswith(root) and "site-packages" not in importer
        if not is_ours or level:
            return real_import(name, globals, locals, fromlist, level)
        if name.split(".")[0] in UNIX_MODULES:
            raise ModuleNotFoundError(f"No module named {name!r} (on Windows)", name=name)
        return facades.get(name) or real_import(name, globals, locals, fromlist, level)

    builtins.__import__ = import_as_on_windows
    for holder in (os, pathlib.Path):
        refuse_renames(holder)
    write_text_as_on_windows()
    start_processes_as_on_windows()
    os.path.expanduser = expand_user
    sys.addaudithook(refuse_what_windows_refuses)
    warnings.filterwarnings("error", category=EncodingWarning, module=REPOSITORY_MODULES)
    warnings.filterwarnings("error", category=EncodingWarning, module="__main__")


def make_facades() -> dict[str, types.ModuleType]:
    """{name: the facade that code of this repository gets when it imports the module}."""
    import ctypes
    import signal
    import socket
    import threading

    real_kill = os.kill

    def kill(process, number):
        if number in (0, 1):
            raise RuntimeError("os.kill(process, 0) sends Ctrl-C to the whole console on Windows")
        real_kill(process, 15)

    def raise_signal(number):
        signal.pthread_kill(threading.main_thread().ident, number)

    def open_library(name, *args, **kwargs):
        if name is None:
            raise TypeError("argument of type 'NoneType' is not iterable")
        return ctypes.CDLL(name, *args, **kwargs)

    unix_signals = {name for name in dir(signal) if name.startswith("SIG")} - SIGNALS
    unix_signals -= {"SIG_IGN", "SIG_DFL", "SIG_BLOCK"}
    kernel = types.SimpleNamespace(OpenProcess=lambda *args: 1, CloseHandle=lambda handle: 1)
    windll = types.SimpleNamespace(kernel32=kernel)
    return {
        "os": Facade(os, UNIX_OS, {"name": "nt", "kill": kill}),
        "sys": Facade(sys, set(), {"platform": "win32"}),
        "signal": Facade(
            signal,
            unix_signals | {"setitimer", "alarm", "pthread_kill"},
            {"raise_signal": raise_signal},
        ),
        "ctypes": Facade(ctypes, set(), {"CDLL": open_library, "windll": windll}),
        "socket": Facade(socket, UNIX_SOCKET, {}),
        "msvcrt": make_msvcrt(),
        "winreg": make_winreg(),
    }


def make_msvcrt() -> types.ModuleType:
    """msvcrt.locking: a lock on bytes of a file, refused with OSError if another process has it."""
    fcntl = importlib.import_module("fcntl")
    module = types.ModuleType("msvcrt")

    def locking(handle, mode, count):
        command = fcntl.LOCK_UN if mode == module.LK_UNLCK else fcntl.LOCK_EX | fcntl.LOCK_NB
        try:
            fcntl.flock(handle, command)
        except BlockingIOError:
            raise PermissionError(13, "Permission denied") from None

    module.__dict__.update(LK_UNLCK=0, LK_LOCK=1, LK_NBLCK=2, locking=locking)
    return module


def make_winreg() -> types.ModuleType:
    """winreg of a new machine: LongPathsEnabled is 0, no other value exists."""
    module = types.ModuleType("winreg")

    def query(key, name):
        if name != "LongPathsEnabled":
            raise FileNotFoundError(2, "The system cannot find the file specified")
        return 0, 4

    open_key = lambda *args: contextlib.nullcontext(None)  # noqa: E731
    module.__dict__.update(HKEY_LOCAL_MACHINE=0, OpenKey=open_key, QueryValueEx=query)
    return module


# ---------------------------------------------------------------- files


def full_path(path: object, folder: int = -1) -> str:
    """The absolute path of a call's argument; folder: the call's dir_fd, or -1."""
    text = os.fsdecode(path) if isinstance(path, (bytes, os.PathLike)) else str(path)
    start = os.readlink(f"/proc/self/fd/{folder}") if folder >= 0 else os.getcwd()
    return os.path.join(start, text)


def is_open(path: str) -> bool:
    """True if this process has the file open, or a map of it."""
    target = os.path.realpath(path)
    for number in os.listdir("/proc/self/fd"):
        try:
            if os.readlink(f"/proc/self/fd/{number}") == target:
                return True
        except OSError:
            continue
    with open("/proc/self/maps", "rb") as maps:
        return any(line.rstrip().endswith(os.fsencode(f" {target}")) for line in maps)


def refuse_renames(holder) -> None:
    """Patch `rename` of `os` or pathlib.Path to refuse an existing target."""
    real = holder.rename

    def rename(source, target, *args, **kwargs):
        if os.path.isfile(target):
            raise FileExistsError(17, "Cannot create a file when that file already exists")
        return real(source, target, *args, **kwargs)

    holder.rename = rename


def refuse_new_name(path: str) -> None:
    """Raise OSError if Windows cannot create a file or folder of this name, or if a name differs only in case."""
    folder, name = os.path.split(path.rstrip("/"))
    if INVALID_NAME.search(name):
        raise OSError(22, "The filename, directory name, or volume label syntax is incorrect", path)
    if os.path.lexists(path) or not os.path.isdir(folder):
        return
    like = [other for other in os.listdir(folder) if other.lower() == name.lower()]
    if like:
        raise FileExistsError(17, f"On Windows this is the same file as {like[0]}", path)


def refuse_what_windows_refuses(event: str, details: tuple) -> None:
    """An audit hook that raises an error for file and process events that fail on Windows."""
    if event == "open":
        path, _, flags = details
        makes = isinstance(flags, int) and flags & os.O_CREAT
        if makes and not isinstance(path, int) and path is not None:
            whole = full_path(path)
            if not whole.startswith(("/proc/", "/dev/")):
                refuse_new_name(whole)
    elif event == "os.mkdir":
        refuse_new_name(full_path(details[0], details[2]))
    elif event == "os.symlink":
        raise OSError(22, "A required privilege is not held by the client", str(details[0]))
    elif event in ("os.remove", "os.rename"):
        folders = details[1:2] if event == "os.remove" else details[2:4]
        for path, folder in zip(details, folders, strict=False):
            whole = full_path(path, folder)
            if os.path.isfile(whole) and is_open(whole):
                raise PermissionError(13, "The process cannot access the file", whole)
    elif event == "subprocess.Popen":
        refuse_program(*details)


def write_text_as_on_windows() -> None:
    """Patch `open` and the standard streams: the default encoding of Windows, and \\r\\n line ends without `newline`."""
    real, default = io.open, "utf-8" if sys.flags.utf8_mode else os.environ[ENCODING_VARIABLE]
    subprocess._text_encoding = lambda: default

    def open_as_on_windows(file, mode="r", buffering=-1, encoding=None, errors=None, newline=None, *rest, **words):  # fmt: skip
        if "b" not in mode:
            caller = sys._getframe(1).f_globals.get("__name__", "")
            if encoding is None and (caller == "__main__" or re.match(REPOSITORY_MODULES, caller)):
                raise EncodingWarning("'encoding' argument not specified")
            if newline is None and not mode.startswith("r"):
                newline = "\r\n"
            encoding = default if encoding in (None, "locale") else encoding
        return real(file, mode, buffering, encoding, errors, newline, *rest, **words)

    builtins.open = io.open = open_as_on_windows
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            errors = "strict" if stream is sys.stdout else "backslashreplace"
            stream.reconfigure(encoding=default, errors=errors, newline="\r\n")


def expand_user(path):
    """os.path.expanduser as on Windows, which uses USERPROFILE and ignores HOME."""
    text = os.fspath(path)
    if isinstance(text, str) and re.match("~(/|$)", text):
        return os.environ.get("USERPROFILE", "~") + text[1:]
    return text


# ---------------------------------------------------------------- processes


def refuse_program(executable: object, words: object, cwd: object, environment: object) -> None:
    """Raise the error of Windows if this program cannot be started there."""
    program = os.fsdecode(executable)  # type: ignore[arg-type]
    beside_python = os.path.dirname(program) == os.path.dirname(sys.executable)
    if os.path.basename(program) in UNIX_PROGRAMS and not beside_python:
        raise FileNotFoundError(2, "The system cannot find the file specified", program)
    if isinstance(environment, dict) and "SYSTEMROOT" not in environment:
        raise RuntimeError("Python cannot start on Windows in an environment without SYSTEMROOT")
    if os.path.isfile(program) and not beside_python:
        with open(program, "rb") as file:
            if file.read(2) == b"#!":
                raise OSError(8, "%1 is not a valid Win32 application", program)


def start_processes_as_on_windows() -> None:
    """Patch Popen to refuse preexec_fn and signals other than SIGTERM; make multiprocessing use spawn."""
    popen = subprocess.Popen
    real_start, real_signal = popen.__init__, popen.send_signal

    def start(self, *args, **kwargs):
        if kwargs.get("preexec_fn"):
            raise ValueError("preexec_fn is not supported on Windows platforms")
        real_start(self, *args, **kwargs)

    def send_signal(self, number):
        if number != SIGTERM:
            raise ValueError(f"Unsupported signal: {number}")
        real_signal(self, SIGKILL)

    def end(self):
        real_signal(self, SIGKILL)

    changed = {"__init__": start, "send_signal": send_signal, "kill": end, "terminate": end}
    for name, function in changed.items():
        setattr(popen, name, function)
    multiprocessing.set_start_method("spawn", force=True)
