"""Makes mistakes that only Windows punishes fail here: a simulator for processes that the tests start.

`environment(folder)` gives a process, and those it starts, a sitecustomize module that calls `simulate`. From then on, for
code of this repository (libraries see the real system):

- sys.platform is "win32", os.name "nt", os.sep stays "/";
- fcntl, resource, pwd, grp, termios, pty, tty cannot be imported; msvcrt can, with `locking`;
- os has no fork, killpg, getuid, setsid, mkfifo, chown, nice, sched_getaffinity, WNOHANG, ...;
- os.kill(process, 0) is an error: there it sends Ctrl-C to every process of the console;
- signal has SIGINT, SIGTERM, SIGBREAK, SIGABRT, SIGFPE, SIGILL and SIGSEGV only;
- ctypes.CDLL(None) raises TypeError; ctypes.windll exists;
- winreg exists and says that long paths are not enabled;
- socket has no AF_UNIX, send_fds, recv_fds.

For all code:

- os.replace and os.rename onto a file that this process has open or mapped are refused, as is removing such a file
  (PermissionError); a rename onto an existing file is refused too;
- text files without an encoding, opened from this repository, are an error (the default there is cp936 or cp1252);
- standard output has the encoding that `environment` is called with.

`checkout(folder)` copies the tree as git does there with core.autocrlf: lines end in \\r\\n.
"""

import builtins
import contextlib
import importlib
import os
import pathlib
import sys
import types
import warnings
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOT_VARIABLE = "SIMULATED_WINDOWS_ROOT"
UNIX_MODULES = {"fcntl", "resource", "pwd", "grp", "termios", "pty", "tty", "syslog", "readline"}
UNIX_OS = {
    *("fork", "forkpty", "killpg", "getpgid", "getpgrp", "setsid", "setpgid", "getsid", "mkfifo"),
    *("mknod", "getuid", "geteuid", "getgid", "getegid", "setuid", "setgid", "chown", "lchown"),
    *("fchmod", "fchown", "nice", "getpriority", "setpriority", "sched_getaffinity", "wait"),
    *("sched_setaffinity", "WNOHANG", "getloadavg", "sysconf", "uname", "sync", "posix_spawn"),
    *("getxattr", "setxattr", "statvfs", "O_NONBLOCK", "O_CLOEXEC", "O_NOFOLLOW", "O_DIRECTORY"),
}
SIGNALS = {"SIGINT", "SIGTERM", "SIGBREAK", "SIGABRT", "SIGFPE", "SIGILL", "SIGSEGV"}
UNIX_SOCKET = {"AF_UNIX", "send_fds", "recv_fds"}
TEXT_SUFFIXES = {".py", ".md", ".txt", ".toml", ".json", ".html", ".csv", ".tsv", ".svg", ".cfg"}


def environment(folder: Path, encoding: str = "cp936", root: Path = ROOT) -> dict[str, str]:
    """Environment of a process on simulated Windows. folder: where the sitecustomize module is written."""
    folder.mkdir(parents=True, exist_ok=True)
    start = f"import runpy\nrunpy.run_path({str(Path(__file__).resolve())!r})['simulate']()\n"
    (folder / "sitecustomize.py").write_text(start, encoding="utf-8")
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONUTF8"}
    return kept | {
        "PYTHONPATH": str(folder),
        "PYTHONIOENCODING": f"{encoding}:strict",
        "PYTHONUTF8": "0",
        "PYTHONWARNDEFAULTENCODING": "1",
        ROOT_VARIABLE: str(root),
    }


def checkout(target: Path, names: list[str]) -> Path:
    """Copy files of the tree (paths relative to it) with lines that end in \\r\\n."""
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
        self.__dict__.update(_real=real, _missing=missing, _replaced=replaced)

    def __getattr__(self, name):
        if name in self.__dict__["_replaced"]:
            return self.__dict__["_replaced"][name]
        if name in self.__dict__["_missing"]:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r} on Windows")
        return getattr(self.__dict__["_real"], name)

    def __setattr__(self, name, value):
        setattr(self.__dict__["_real"], name, value)


def simulate() -> None:
    """From here on, this process sees Windows as the module's docstring says."""
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
    for module in (os, pathlib.Path):
        refuse_open_files(module)
    pattern = r"(course|grading|tests|data|templates|hmm|hw_bptt|hw_attention|waimai_cls|gpt_songci|word2vec_sst)(\.|$)"
    warnings.filterwarnings("error", category=EncodingWarning, module=pattern)
    warnings.filterwarnings("error", category=EncodingWarning, module="__main__")


def make_facades() -> dict[str, types.ModuleType]:
    """{name: the module as code of this repository sees it}."""
    import ctypes
    import signal
    import socket

    real_kill = os.kill

    def kill(process, number):
        if number in (0, 1):
            raise RuntimeError("os.kill(process, 0) sends Ctrl-C to the whole console on Windows")
        real_kill(process, 15)

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
        "signal": Facade(signal, unix_signals | {"setitimer", "alarm", "pthread_kill"}, {}),
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


def is_open(path: object) -> bool:
    """True if this process has the file open, or a map of it."""
    target = os.path.realpath(str(path))
    for number in os.listdir("/proc/self/fd"):
        try:
            if os.readlink(f"/proc/self/fd/{number}") == target:
                return True
        except OSError:
            continue
    with open("/proc/self/maps", encoding="utf-8", errors="replace") as maps:
        return any(line.rstrip().endswith(f" {target}") for line in maps)


def refuse_open_files(holder) -> None:
    """Patch replace, rename and unlink of `os` or pathlib.Path: not onto a file that is open here."""

    def refusing(name, real):
        def changed(*args, **kwargs):
            paths = args[:1] if name in ("unlink", "remove") else args[:2]
            for path in paths:
                if not isinstance(path, int) and os.path.isfile(path) and is_open(path):
                    raise PermissionError(13, "The process cannot access the file", str(path))
            if name == "rename" and os.path.isfile(args[1]):
                raise FileExistsError(17, "Cannot create a file when that file already exists")
            return real(*args, **kwargs)

        return changed

    for name in ("replace", "rename", "unlink", "remove"):
        if hasattr(holder, name):
            setattr(holder, name, refusing(name, getattr(holder, name)))
