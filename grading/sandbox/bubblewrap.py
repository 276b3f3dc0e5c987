"""Command line of bubblewrap: a sandbox with Python and its libraries (read-only), the grader's code, and nothing else."""

import os
import shutil
import sys
from pathlib import Path

from course.homeworks import ROOT
from grading.sandbox.namespaces import HOME

CODE = "/grading-sandbox"  # where the grader's code lies inside the sandbox; no Python is installed below this name
SYSTEM = (
    "/usr",
    "/lib",
    "/lib64",
    "/lib32",
    "/bin",
    "/etc/ld.so.cache",
    "/etc/alternatives",
    "/etc/localtime",
)
OPTIONS = (
    "--unshare-all",
    "--die-with-parent",
    "--new-session",
    "--cap-drop ALL",
    "--uid 1000",
    "--gid 1000",
    "--hostname check",
)


def bubblewrap(inside: Path) -> list[str]:
    """The command up to the program to run. inside: the folder that becomes CODE.

    Where the course is in one of the folders with libraries (/usr/src/course), an empty folder covers it.
    """
    prefixes = {
        Path(sys.prefix).resolve(),
        Path(sys.base_prefix).resolve(),
        Path(sys.executable).resolve().parent.parent,
        Path(sys.executable).parent.parent.absolute(),
    }
    below_root = {prefix for prefix in prefixes if prefix.is_relative_to(ROOT)}
    outside = {prefix for prefix in prefixes - below_root if not prefix.is_relative_to("/usr")}
    is_covered = any(ROOT.is_relative_to(folder) for folder in {Path("/usr"), *outside})
    command = [shutil.which("bwrap") or "bwrap"]
    for option in (*OPTIONS, "--tmpfs /tmp"):
        command += option.split()
    command += _system_binds()
    for prefix in sorted(outside):
        command += _read_only(prefix)
    command += ["--tmpfs", str(ROOT)] * is_covered
    for prefix in sorted(below_root):
        command += _read_only(prefix)
    command += ["--remount-ro", str(ROOT)] * is_covered
    command += ["--proc", "/proc", "--dev", "/dev"]
    command += ["--tmpfs", HOME]  # for the fork server; each child mounts its own over it
    command += ["--ro-bind", str(inside), CODE, "--chdir", HOME]
    return [*command, "--remount-ro", "/tmp", "--remount-ro", "/"]


def _read_only(path: Path | str) -> list[str]:
    return ["--ro-bind", str(path), str(path)]


def _system_binds() -> list[str]:
    """The folders of the system that Python needs; links such as /bin -> usr/bin stay links."""
    binds = []
    for name in SYSTEM:
        path = Path(name)
        if path.is_symlink() and name.startswith(("/lib", "/bin")):
            binds += ["--symlink", os.readlink(path), name]
        elif path.exists():
            binds += _read_only(name)
    return binds
