"""Landlock: which files a submission may read and write, where the kernel has it. Standard library only.

Source: landlock(7), include/uapi/linux/landlock.h. ABI 1 (Linux 5.13) controls files; 2 renames between folders; 3
truncation; 4 TCP; 5 ioctl on devices; 6 signals and abstract sockets.
"""

import contextlib
import os
import struct
import sys
from enum import IntEnum, IntFlag

from .libc import libc_call

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446  # system calls, the same on every machine
CREATE_RULESET_VERSION, RULE_PATH_BENEATH = 1, 1
READABLE = ("/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache", "/etc/localtime")
DEVICES = ("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom")


class Access(IntFlag):
    """Rights to files, LANDLOCK_ACCESS_FS_..."""

    EXECUTE = 1 << 0
    WRITE_FILE = 1 << 1
    READ_FILE = 1 << 2
    READ_DIR = 1 << 3
    REMOVE_DIR = 1 << 4
    REMOVE_FILE = 1 << 5
    MAKE_CHAR = 1 << 6
    MAKE_DIR = 1 << 7
    MAKE_REG = 1 << 8
    MAKE_SOCK = 1 << 9
    MAKE_FIFO = 1 << 10
    MAKE_BLOCK = 1 << 11
    MAKE_SYM = 1 << 12
    REFER = 1 << 13
    TRUNCATE = 1 << 14
    IOCTL_DEV = 1 << 15


class Network(IntFlag):
    """LANDLOCK_ACCESS_NET_..."""

    BIND_TCP = 1 << 0
    CONNECT_TCP = 1 << 1


class Scope(IntFlag):
    """LANDLOCK_SCOPE_...: no reach beyond the processes restricted together."""

    ABSTRACT_UNIX_SOCKET = 1 << 0
    SIGNAL = 1 << 1


class Abi(IntEnum):
    """The first ABI version that has ..."""

    REFER = 2
    TRUNCATE = 3
    NETWORK = 4
    IOCTL_DEV = 5
    SCOPE = 6


FILE = Access.EXECUTE | Access.WRITE_FILE | Access.READ_FILE | Access.TRUNCATE | Access.IOCTL_DEV
READ = Access.EXECUTE | Access.READ_FILE | Access.READ_DIR
WRITE_DEVICE = Access.WRITE_FILE | Access.READ_FILE | Access.TRUNCATE
NOT_AT_HOME = Access.MAKE_CHAR | Access.MAKE_BLOCK | Access.MAKE_SOCK | Access.IOCTL_DEV


def controlled(version: int) -> Access:
    """All rights to files that a kernel with this ABI version controls."""
    newer = {
        Access.REFER: Abi.REFER,
        Access.TRUNCATE: Abi.TRUNCATE,
        Access.IOCTL_DEV: Abi.IOCTL_DEV,
    }
    rights = Access(0)
    for right in Access:
        if version >= newer.get(right, 1):
            rights |= right
    return rights


def ruleset_attributes(version: int) -> bytes:
    """struct landlock_ruleset_attr as this ABI version knows it: everything that it controls is denied by default."""
    words = [int(controlled(version))]
    if version >= Abi.NETWORK:
        words.append(int(Network.BIND_TCP | Network.CONNECT_TCP))
    if version >= Abi.SCOPE:
        words.append(int(Scope.ABSTRACT_UNIX_SOCKET | Scope.SIGNAL))
    return struct.pack(f"={len(words)}Q", *words)


def rules(home: str, version: int) -> list[tuple[str, Access]]:
    """(path, rights below it): read Python and its libraries, write in `home`."""
    libraries = {*READABLE, sys.prefix, sys.base_prefix, *sys.path}
    return [
        *((path, READ) for path in sorted(libraries)),
        *((path, WRITE_DEVICE & controlled(version)) for path in DEVICES),
        (home, controlled(version) & ~NOT_AT_HOME),
    ]


def restrict_files(home: str) -> None:
    """Restrict this process and its children to `rules`. Raises OSError where the kernel does not have Landlock."""
    version = _system_call(CREATE_RULESET, None, 0, CREATE_RULESET_VERSION)
    attributes = ruleset_attributes(version)
    ruleset = _system_call(CREATE_RULESET, attributes, len(attributes), 0)
    for path, rights in rules(home, version):
        with contextlib.suppress(OSError):  # this machine does not have the path
            handle = os.open(path, os.O_PATH)
            try:
                allowed = rights if os.path.isdir(path) else rights & FILE
                rule = struct.pack("=Qi", int(allowed), handle)
                _system_call(ADD_RULE, ruleset, RULE_PATH_BENEATH, rule, 0)
            finally:
                os.close(handle)
    _system_call(RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)


def _system_call(number: int, *args: object) -> int:
    return libc_call("syscall", number, *args)
