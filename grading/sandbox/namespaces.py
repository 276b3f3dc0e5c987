"""Namespaces of a submission in bubblewrap: its own user, processes, mounts, IPC and network. Standard library only.

Source: unshare(2), mount(2), user_namespaces(7).
"""

import contextlib
import ctypes
import os
import signal
from enum import IntFlag

from .libc import PR_SET_PDEATHSIG, libc_call

HOME = "/grading-home"  # where a submission may write


class Clone(IntFlag):
    """What unshare(2) makes new, CLONE_..."""

    NEWNS = 0x00020000  # mounts
    NEWIPC = 0x08000000
    NEWUSER = 0x10000000
    NEWPID = 0x20000000
    NEWNET = 0x40000000


class Mount(IntFlag):
    """Flags of mount(2), MS_..."""

    RDONLY = 1 << 0
    NOSUID = 1 << 1
    NODEV = 1 << 2
    REC = 1 << 14
    PRIVATE = 1 << 18


def enter_namespaces(disk: int) -> None:
    """Enter new namespaces: a fresh HOME of `disk` bytes, an empty /proc. Returns in a child; needs a single thread."""
    user, group = os.getuid(), os.getgid()
    new = Clone.NEWUSER | Clone.NEWNS | Clone.NEWPID | Clone.NEWIPC | Clone.NEWNET
    libc_call("unshare", int(new))
    with contextlib.suppress(OSError):
        _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{user} {user} 1")
    _write("/proc/self/gid_map", f"{group} {group} 1")
    child = os.fork()
    if child:  # stays outside and ends when the child ends
        _, status = os.waitpid(child, 0)
        os._exit(0 if os.WIFEXITED(status) else 1)
    libc_call("prctl", PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    mount(None, "/", Mount.REC | Mount.PRIVATE)
    for target in (HOME, "/dev/shm"):
        options = f"size={disk},nr_inodes=10000,mode=1777"
        mount(b"tmpfs", target, Mount.NOSUID | Mount.NODEV, options.encode())
    mount(b"tmpfs", "/proc", Mount.NOSUID | Mount.NODEV | Mount.RDONLY, b"size=4096")


def mount(kind: bytes | None, target: str, flags: Mount, options: bytes | None = None) -> None:
    """mount(2) of a file system without a device, or of new flags (kind None). Raises OSError."""
    libc_call("mount", b"none", target.encode(), kind, ctypes.c_ulong(int(flags)), options)


def _write(path: str, text: str) -> None:
    with open(path, "w") as file:
        file.write(text)
