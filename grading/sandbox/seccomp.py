"""The system-call filter of a submission: which calls are denied, by name, and the BPF program that denies them.

The program is classic BPF, as seccomp(2) runs it on every system call: it loads words of `struct seccomp_data` and ends
with a decision. Runs inside the sandbox: standard library only.

Source: seccomp(2), bpf(4) of NetBSD for the instructions, include/uapi/linux/{seccomp,filter,audit}.h; numbers from
arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h.
"""

import ctypes
import errno
import os
import platform
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from .libc import PR_SET_SECCOMP, libc_call

SECCOMP_MODE_FILTER = 2
NEWEST_CALL = (
    469  # file_setattr, Linux 6.17: a later call is answered as if the kernel did not have it
)
X32_CALLS = 0x40000000  # the same calls of the x32 interface have this bit in their number

CLONE_THREAD = 0x10000
O_ACCMODE, O_TRUNC = 3, 0o1000
PR_SET_PDEATHSIG, PR_SCHED_CORE = 1, 62
F_SETOWN, F_SETSIG, F_SETOWN_EX = 8, 10, 15  # send a signal, to anybody, when a file is ready
F_SETLEASE, F_NOTIFY, F_SETPIPE_SZ, F_SETDELEG = 1024, 1026, 1031, 1040
TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO = 0x5401, 0x5413, 0x541B, 0x5421
FIONCLEX, FIOCLEX = 0x5450, 0x5451

# names of denied calls, by what they would give a submission
DENIED: dict[str, tuple[str, ...]] = {
    "new processes and programs": (
        "fork",
        "vfork",
        "execve",
        "execveat",
        "setsid",
        "setpgid",
    ),
    "sockets": (
        "socket",
        "connect",
        "bind",
    ),
    "signals and control of other processes": (
        "tkill",
        "rt_sigqueueinfo",
        "rt_tgsigqueueinfo",
        "pidfd_open",
        "pidfd_getfd",
        "pidfd_send_signal",
        "ptrace",
        "process_vm_readv",
        "process_vm_writev",
        "process_madvise",
        "process_mrelease",
        "kcmp",
    ),
    "priorities and placement of other processes": (
        "setpriority",
        "ioprio_set",
        "sched_setparam",
        "sched_setscheduler",
        "sched_setaffinity",
        "sched_setattr",
        "migrate_pages",
        "move_pages",
    ),
    "attributes of files, whoever owns them: Landlock does not control these": (
        "chmod",
        "fchmod",
        "fchmodat",
        "fchmodat2",
        "chown",
        "lchown",
        "fchown",
        "fchownat",
        "utime",
        "utimes",
        "futimesat",
        "utimensat",
        "setxattr",
        "lsetxattr",
        "fsetxattr",
        "setxattrat",
        "removexattr",
        "lremovexattr",
        "fremovexattr",
        "removexattrat",
        "file_setattr",
    ),
    "files by path that an old Landlock does not control": ("truncate",),
    "files by handle; news of other people's files": (
        "name_to_handle_at",
        "open_by_handle_at",
        "inotify_init",
        "inotify_init1",
        "inotify_add_watch",
        "fanotify_init",
        "fanotify_mark",
    ),
    "memory that outlives the process or that its limits do not count": (
        "shmget",
        "shmat",
        "shmctl",
        "semget",
        "semop",
        "semctl",
        "semtimedop",
        "msgget",
        "msgsnd",
        "msgrcv",
        "msgctl",
        "mq_open",
        "mq_unlink",
        "mq_timedsend",
        "mq_timedreceive",
        "mq_notify",
        "mq_getsetattr",
        "memfd_create",
        "memfd_secret",
        "userfaultfd",
    ),
    "keys": (
        "add_key",
        "request_key",
        "keyctl",
    ),
    "mounts and namespaces": (
        "mount",
        "umount2",
        "pivot_root",
        "chroot",
        "unshare",
        "setns",
        "open_tree",
        "move_mount",
        "fsopen",
        "fsconfig",
        "fsmount",
        "fspick",
        "mount_setattr",
        "open_tree_attr",
    ),
    "the machine": (
        "reboot",
        "kexec_load",
        "kexec_file_load",
        "init_module",
        "finit_module",
        "delete_module",
        "swapon",
        "swapoff",
        "acct",
        "quotactl",
        "quotactl_fd",
        "sethostname",
        "setdomainname",
        "syslog",
        "vhangup",
        "iopl",
        "ioperm",
        "settimeofday",
        "clock_settime",
        "adjtimex",
        "clock_adjtime",
        "sync",
        "syncfs",
    ),
    "other ways into the kernel": (
        "bpf",
        "perf_event_open",
        "io_uring_setup",
        "io_uring_enter",
        "io_uring_register",
        "personality",
        "modify_ldt",
        "lookup_dcookie",
        "uselib",
        "nfsservctl",
        "lsm_set_self_attr",
    ),
}

# numbers of system calls: those that have one number on every machine, then each machine's own
EVERYWHERE = {
    "pidfd_send_signal": 424,
    "io_uring_setup": 425,
    "io_uring_enter": 426,
    "io_uring_register": 427,
    "open_tree": 428,
    "move_mount": 429,
    "fsopen": 430,
    "fsconfig": 431,
    "fsmount": 432,
    "fspick": 433,
    "pidfd_open": 434,
    "clone3": 435,
    "openat2": 437,
    "pidfd_getfd": 438,
    "process_madvise": 440,
    "mount_setattr": 442,
    "quotactl_fd": 443,
    "memfd_secret": 447,
    "process_mrelease": 448,
    "fchmodat2": 452,
    "lsm_set_self_attr": 460,
    "setxattrat": 463,
    "removexattrat": 466,
    "open_tree_attr": 467,
    "file_setattr": 469,
}
X86_64 = EVERYWHERE | {
    "open": 2,
    "ioctl": 16,
    "shmget": 29,
    "shmat": 30,
    "shmctl": 31,
    "socket": 41,
    "connect": 42,
    "bind": 49,
    "clone": 56,
    "fork": 57,
    "vfork": 58,
    "execve": 59,
    "kill": 62,
    "semget": 64,
    "semop": 65,
    "semctl": 66,
    "msgget": 68,
    "msgsnd": 69,
    "msgrcv": 70,
    "msgctl": 71,
    "fcntl": 72,
    "truncate": 76,
    "chmod": 90,
    "fchmod": 91,
    "chown": 92,
    "fchown": 93,
    "lchown": 94,
    "ptrace": 101,
    "syslog": 103,
    "setpgid": 109,
    "setsid": 112,
    "rt_sigqueueinfo": 129,
    "utime": 132,
    "uselib": 134,
    "personality": 135,
    "setpriority": 141,
    "sched_setparam": 142,
    "sched_setscheduler": 144,
    "vhangup": 153,
    "modify_ldt": 154,
    "pivot_root": 155,
    "prctl": 157,
    "adjtimex": 159,
    "chroot": 161,
    "sync": 162,
    "acct": 163,
    "settimeofday": 164,
    "mount": 165,
    "umount2": 166,
    "swapon": 167,
    "swapoff": 168,
    "reboot": 169,
    "sethostname": 170,
    "setdomainname": 171,
    "iopl": 172,
    "ioperm": 173,
    "init_module": 175,
    "delete_module": 176,
    "quotactl": 179,
    "nfsservctl": 180,
    "setxattr": 188,
    "lsetxattr": 189,
    "fsetxattr": 190,
    "removexattr": 197,
    "lremovexattr": 198,
    "fremovexattr": 199,
    "tkill": 200,
    "sched_setaffinity": 203,
    "lookup_dcookie": 212,
    "semtimedop": 220,
    "clock_settime": 227,
    "tgkill": 234,
    "utimes": 235,
    "mq_open": 240,
    "mq_unlink": 241,
    "mq_timedsend": 242,
    "mq_timedreceive": 243,
    "mq_notify": 244,
    "mq_getsetattr": 245,
    "kexec_load": 246,
    "add_key": 248,
    "request_key": 249,
    "keyctl": 250,
    "ioprio_set": 251,
    "inotify_init": 253,
    "inotify_add_watch": 254,
    "migrate_pages": 256,
    "openat": 257,
    "fchownat": 260,
    "futimesat": 261,
    "fchmodat": 268,
    "unshare": 272,
    "move_pages": 279,
    "utimensat": 280,
    "inotify_init1": 294,
    "rt_tgsigqueueinfo": 297,
    "perf_event_open": 298,
    "fanotify_init": 300,
    "fanotify_mark": 301,
    "prlimit64": 302,
    "name_to_handle_at": 303,
    "open_by_handle_at": 304,
    "clock_adjtime": 305,
    "syncfs": 306,
    "setns": 308,
    "process_vm_readv": 310,
    "process_vm_writev": 311,
    "kcmp": 312,
    "finit_module": 313,
    "sched_setattr": 314,
    "memfd_create": 319,
    "kexec_file_load": 320,
    "bpf": 321,
    "execveat": 322,
    "userfaultfd": 323,
}
AARCH64 = EVERYWHERE | {
    "setxattr": 5,
    "lsetxattr": 6,
    "fsetxattr": 7,
    "removexattr": 14,
    "lremovexattr": 15,
    "fremovexattr": 16,
    "lookup_dcookie": 18,
    "fcntl": 25,
    "inotify_init1": 26,
    "inotify_add_watch": 27,
    "ioctl": 29,
    "ioprio_set": 30,
    "umount2": 39,
    "mount": 40,
    "pivot_root": 41,
    "nfsservctl": 42,
    "truncate": 45,
    "chroot": 51,
    "fchmod": 52,
    "fchmodat": 53,
    "fchownat": 54,
    "fchown": 55,
    "openat": 56,
    "vhangup": 58,
    "quotactl": 60,
    "sync": 81,
    "utimensat": 88,
    "acct": 89,
    "personality": 92,
    "unshare": 97,
    "kexec_load": 104,
    "init_module": 105,
    "delete_module": 106,
    "clock_settime": 112,
    "syslog": 116,
    "ptrace": 117,
    "sched_setparam": 118,
    "sched_setscheduler": 119,
    "sched_setaffinity": 122,
    "kill": 129,
    "tkill": 130,
    "tgkill": 131,
    "rt_sigqueueinfo": 138,
    "setpriority": 140,
    "reboot": 142,
    "setpgid": 154,
    "setsid": 157,
    "sethostname": 161,
    "setdomainname": 162,
    "prctl": 167,
    "settimeofday": 170,
    "adjtimex": 171,
    "mq_open": 180,
    "mq_unlink": 181,
    "mq_timedsend": 182,
    "mq_timedreceive": 183,
    "mq_notify": 184,
    "mq_getsetattr": 185,
    "msgget": 186,
    "msgctl": 187,
    "msgrcv": 188,
    "msgsnd": 189,
    "semget": 190,
    "semctl": 191,
    "semtimedop": 192,
    "semop": 193,
    "shmget": 194,
    "shmctl": 195,
    "shmat": 196,
    "socket": 198,
    "bind": 200,
    "connect": 203,
    "add_key": 217,
    "request_key": 218,
    "keyctl": 219,
    "clone": 220,
    "execve": 221,
    "swapon": 224,
    "swapoff": 225,
    "migrate_pages": 238,
    "move_pages": 239,
    "rt_tgsigqueueinfo": 240,
    "perf_event_open": 241,
    "prlimit64": 261,
    "fanotify_init": 262,
    "fanotify_mark": 263,
    "name_to_handle_at": 264,
    "open_by_handle_at": 265,
    "clock_adjtime": 266,
    "syncfs": 267,
    "setns": 268,
    "process_vm_readv": 270,
    "process_vm_writev": 271,
    "kcmp": 272,
    "finit_module": 273,
    "sched_setattr": 274,
    "memfd_create": 279,
    "bpf": 280,
    "execveat": 281,
    "userfaultfd": 282,
    "kexec_file_load": 294,
}


@dataclass(frozen=True)
class Machine:
    """A processor architecture: its AUDIT_ARCH_ value and its numbers of system calls."""

    audit_arch: int
    calls: dict[str, int]


MACHINES = {"x86_64": Machine(0xC000003E, X86_64), "aarch64": Machine(0xC00000B7, AARCH64)}


class Decision(IntEnum):
    """What the kernel does with a call: SECCOMP_RET_ALLOW, or SECCOMP_RET_ERRNO with an error number."""

    ALLOW = 0x7FFF0000
    REFUSE = 0x00050000 | errno.EPERM
    NOT_AVAILABLE = 0x00050000 | errno.ENOSYS  # libraries then use an older call, which is filtered


@dataclass(frozen=True)
class ArgumentRule:
    """A call that is decided by one argument: `argument & mask` in `values` is refused, or the only one allowed."""

    call: str
    argument: int
    values: tuple[int, ...]
    allowed: bool = False
    mask: int = 0xFFFFFFFF


def argument_rules(own_process: int) -> tuple[ArgumentRule, ...]:
    """Rules for calls that are needed, but not in every form. own_process: the id of the process to be restricted."""
    return (
        ArgumentRule("clone", 0, (CLONE_THREAD,), allowed=True, mask=CLONE_THREAD),
        ArgumentRule("kill", 0, (own_process,), allowed=True),
        ArgumentRule("tgkill", 0, (own_process,), allowed=True),
        ArgumentRule("prlimit64", 0, (0,), allowed=True),
        ArgumentRule(
            "fcntl",
            1,
            (F_SETOWN, F_SETSIG, F_SETOWN_EX, F_SETLEASE, F_NOTIFY, F_SETPIPE_SZ, F_SETDELEG),
        ),
        # no FIOASYNC, FIOSETOWN, SIOCSPGRP (signals), TIOCSTI, TIOCSCTTY (terminals), FS_IOC_SETFLAGS, ...
        ArgumentRule(
            "ioctl", 1, (TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX), allowed=True
        ),
        ArgumentRule("prctl", 0, (PR_SET_PDEATHSIG, PR_SCHED_CORE)),
        # truncation of a file that is not opened for writing: Landlock before ABI 3 does not control it
        ArgumentRule("open", 1, (O_TRUNC, O_TRUNC | O_ACCMODE), mask=O_TRUNC | O_ACCMODE),
        ArgumentRule("openat", 2, (O_TRUNC, O_TRUNC | O_ACCMODE), mask=O_TRUNC | O_ACCMODE),
    )


class Operation(IntEnum):
    """Instructions of classic BPF that the filter uses."""

    LOAD = 0x20  # accumulator = the word at an offset of seccomp_data
    AND = 0x54  # accumulator &= value
    EQUAL = 0x15  # jump by: accumulator == value
    AT_LEAST = 0x35  # jump by: accumulator >= value
    RETURN = 0x06  # end with a decision


class Field:
    """Offsets in `struct seccomp_data`. An argument has 64 bits; the kernel reads the lower 32 of those filtered here."""

    NUMBER = 0
    ARCH = 4

    @staticmethod
    def argument(index: int) -> int:
        return 16 + 8 * index


class Instruction(NamedTuple):
    """struct sock_filter: jumps count the instructions to skip if the test is true, or false."""

    operation: int
    if_true: int
    if_false: int
    value: int


@dataclass(frozen=True)
class _Line:
    """An instruction whose jumps are labels; None: the next line."""

    operation: Operation
    value: int
    if_true: str | None = None
    if_false: str | None = None


class Assembler:
    """Collects instructions with labels as jump targets; `assemble` turns labels into distances."""

    def __init__(self) -> None:
        self._lines: list[_Line] = []
        self._labels: dict[str, int] = {}

    def label(self, name: str) -> None:
        """Name the next instruction."""
        self._labels[name] = len(self._lines)

    def load(self, offset: int) -> None:
        self._lines.append(_Line(Operation.LOAD, offset))

    def keep_bits(self, mask: int) -> None:
        self._lines.append(_Line(Operation.AND, mask))

    def branch(
        self,
        test: Operation,
        value: int,
        if_true: str | None = None,
        if_false: str | None = None,
    ) -> None:
        """Jump to a label by a test of the accumulator; None: continue with the next instruction."""
        self._lines.append(_Line(test, value, if_true, if_false))

    def give(self, decision: Decision) -> None:
        self._lines.append(_Line(Operation.RETURN, decision))

    def assemble(self) -> list[Instruction]:
        """Raises KeyError for an unknown label, ValueError for one that is not ahead or too far (255 instructions)."""

        def distance(label: str | None, index: int) -> int:
            skipped = 0 if label is None else self._labels[label] - index - 1
            if not 0 <= skipped <= 255:
                raise ValueError(f"{label} is {skipped} instructions away from line {index}")
            return skipped

        return [
            Instruction(
                line.operation,
                distance(line.if_true, index),
                distance(line.if_false, index),
                line.value,
            )
            for index, line in enumerate(self._lines)
        ]


def denied_names() -> list[str]:
    return [name for names in DENIED.values() for name in names]


def build_filter(machine: Machine, own_process: int) -> list[Instruction]:
    """The program that decides on each system call of the process `own_process`."""
    program = Assembler()
    program.load(Field.ARCH)
    program.branch(Operation.EQUAL, machine.audit_arch, if_false="refuse")
    program.load(Field.NUMBER)
    program.branch(Operation.AT_LEAST, X32_CALLS, if_true="refuse")
    program.branch(Operation.AT_LEAST, NEWEST_CALL + 1, if_true="not available")
    for name in ("clone3", "openat2"):  # their flags are behind a pointer, which BPF cannot follow
        program.branch(Operation.EQUAL, machine.calls[name], if_true="not available")
    for rule in argument_rules(own_process):
        if rule.call in machine.calls:
            _add_rule(program, machine, rule)
    for name in denied_names():
        if name in machine.calls:
            program.branch(Operation.EQUAL, machine.calls[name], if_true="refuse")
    for label, decision in (
        ("allow", Decision.ALLOW),
        ("refuse", Decision.REFUSE),
        ("not available", Decision.NOT_AVAILABLE),
    ):
        program.label(label)
        program.give(decision)
    return program.assemble()


def _add_rule(program: Assembler, machine: Machine, rule: ArgumentRule) -> None:
    program.branch(Operation.EQUAL, machine.calls[rule.call], if_false=f"after {rule.call}")
    program.load(Field.argument(rule.argument))
    if rule.mask != 0xFFFFFFFF:
        program.keep_bits(rule.mask)
    listed, others = ("allow", "refuse") if rule.allowed else ("refuse", "allow")
    for value in rule.values[:-1]:
        program.branch(Operation.EQUAL, value, if_true=listed)
    program.branch(Operation.EQUAL, rule.values[-1], if_true=listed, if_false=others)
    program.label(f"after {rule.call}")


def pack(instructions: Iterable[Instruction]) -> bytes:
    """Bytes of an array of `struct sock_filter`."""
    return b"".join(struct.pack("HBBI", *instruction) for instruction in instructions)


def deny_system_calls() -> None:
    """Install the filter for this process. Raises OSError where the machine is unknown or the kernel refuses."""
    machine = MACHINES.get(platform.machine())
    if machine is None:
        raise OSError(errno.ENOSYS, f"no table of system calls for {platform.machine()}")
    instructions = build_filter(machine, os.getpid())
    buffer = ctypes.create_string_buffer(pack(instructions))
    program = struct.pack("HxxxxxxP", len(instructions), ctypes.addressof(buffer))
    libc_call("prctl", PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program, 0, 0)
