"""Inside the sandbox: a process that has numpy (and torch) loaded and forks a child for each submission.

Started by grading/isolation.py as `python forkserver.py LEVEL FOLDER LIBRARY...`, with a socket as standard input. It is given nothing
but course/runner's worker and the probes. A child shuts itself in (own processes, files, network where the kernel allows, limits,
no new processes), then answers frames as course/runner/worker.py does.
"""

import builtins
import contextlib
import ctypes
import errno
import importlib
import json
import os
import platform
import resource
import signal
import socket
import struct
import sys
import tempfile

from course.runner import protocol, worker

HOME = "/grading-home"  # as in isolation.py
CLONE_NEWNS, CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = (
    0x20000,
    0x8000000,
    0x10000000,
    0x20000000,
    0x40000000,
)
CLONE_THREAD = 0x10000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = (
    1,
    2,
    4,
    32,
    4096,
    16384,
    1 << 18,
)
PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, PR_CAPBSET_DROP = 1, 38, 22, 24

# system calls that student code does not need: new programs and processes, sockets, signals, sessions, priorities, memory that
# the limits do not count, mounts, the clock, ...
EVERYWHERE = (424, 425, 428, 429, 430, 434, 438, 440, 442, 447)
DENIED = {
    "x86_64": (
        0xC000003E,
        dict(clone=56, clone3=435, kill=62, tgkill=234, prlimit=302, fcntl=72, prctl=157),
        (
            57,
            58,
            59,
            322,
            41,
            42,
            49,
            200,
            129,
            297,
            101,
            165,
            166,
            272,
            308,
            169,
            161,
            155,
            164,
            227,
            159,
            305,
            175,
            313,
            246,
            321,
            298,
            250,
            248,
            249,
            323,
            310,
            311,
            312,
            109,
            112,
            141,
            142,
            144,
            203,
            314,
            251,
            256,
            279,
            29,
            64,
            68,
            240,
            254,
            300,
            319,
            *EVERYWHERE,
        ),
    ),
    "aarch64": (
        0xC00000B7,
        dict(clone=220, clone3=435, kill=129, tgkill=131, prlimit=261, fcntl=25, prctl=167),
        (
            221,
            281,
            198,
            203,
            200,
            130,
            138,
            240,
            117,
            40,
            39,
            97,
            268,
            142,
            51,
            41,
            170,
            112,
            171,
            266,
            105,
            273,
            104,
            280,
            241,
            219,
            217,
            218,
            282,
            270,
            271,
            272,
            154,
            157,
            140,
            118,
            119,
            122,
            274,
            30,
            238,
            239,
            194,
            190,
            186,
            180,
            279,
            27,
            262,
            *EVERYWHERE,
        ),
    ),
}
LANDLOCK_CREATE, LANDLOCK_ADD, LANDLOCK_RESTRICT = 444, 445, 446  # everywhere
DEVICES = ("null", "zero", "random", "urandom")
F_SETOWN, F_SETSIG, F_SETOWN_EX = 8, 10, 15  # a signal when a file is ready: to anybody


def libc_call(name, *args):
    libc = ctypes.CDLL(None, use_errno=True)
    result = getattr(libc, name)(*args)
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
    return result


def mount(kind, target, flags, options=None, source=b"none"):
    libc_call("mount", source, target.encode(), kind, ctypes.c_ulong(flags), options)


def enter_namespaces(disk):
    """Own user, processes, mounts, network; a fresh HOME of `disk` bytes, an empty /proc. Needs a single thread."""
    user, group = os.getuid(), os.getgid()
    libc_call("unshare", CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWNET)
    with contextlib.suppress(OSError):
        write("/proc/self/setgroups", "deny")
    write("/proc/self/uid_map", f"{user} {user} 1")
    write("/proc/self/gid_map", f"{group} {group} 1")
    child = os.fork()
    if child:  # stays outside: ends as the child ends
        _, status = os.waitpid(child, 0)
        os._exit(0 if os.WIFEXITED(status) else 1)
    libc_call("prctl", PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    mount(None, "/", MS_REC | MS_PRIVATE)
    for place in (HOME, "/dev/shm"):
        mount(
            b"tmpfs", place, MS_NOSUID | MS_NODEV, f"size={disk},nr_inodes=10000,mode=1777".encode()
        )
    mount(b"tmpfs", "/proc", MS_NOSUID | MS_NODEV | MS_RDONLY, b"size=4096")  # nothing to look at


def write(path, text):
    with open(path, "w") as file:
        file.write(text)


def set_limits(sizes, cpu, disk):
    """sizes: {limit: bytes of memory}; cpu: seconds; disk: bytes a file."""
    for kind, amount in (
        *sizes.items(),
        (resource.RLIMIT_CPU, cpu),
        (resource.RLIMIT_FSIZE, disk),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 128),
        (resource.RLIMIT_STACK, 64 * 2**20),
    ):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(kind, (amount, amount))


def memory_limits(more):
    """{limit: bytes} that leave `more` bytes beside what is taken: of private memory, and with what is shared."""
    with contextlib.suppress(OSError), open("/proc/self/status") as file:
        taken = {
            line.split(":")[0]: int(line.split()[1]) * 1024
            for line in file
            if line.startswith(("VmData", "VmSize"))
        }
        return {
            resource.RLIMIT_DATA: taken["VmData"] + more,
            resource.RLIMIT_AS: taken["VmSize"] + more,
        }
    return {}


def stay_home(home):
    """Landlock, where the kernel has it: write in `home`, read Python and its libraries, signal nobody. Raises OSError."""
    version = landlock(LANDLOCK_CREATE, None, 0, 1)
    files = (1 << 13) - 1 | (version >= 2) << 13 | (version >= 3) << 14 | (version >= 5) << 15
    rules = struct.pack("QQQ", files, 3, 3)[
        : 8 if version < 4 else 16 if version < 6 else 24
    ]  # no network, no signals
    rights = landlock(LANDLOCK_CREATE, rules, len(rules), 0)
    read, list_folder, read_write = 1 | 4, 8, 2 | 4 | files & 1 << 14  # 1: run, 2: write, 4: read
    places = {
        "/usr",
        "/lib",
        "/lib64",
        "/bin",
        "/etc/ld.so.cache",
        "/etc/localtime",
        sys.prefix,
        sys.base_prefix,
        *sys.path,
    }
    for place, what in (
        *((place, read) for place in places),
        *((f"/dev/{name}", read_write) for name in DEVICES),
        (home, files),
    ):
        with contextlib.suppress(OSError):
            handle = os.open(place, os.O_PATH)
            landlock(
                LANDLOCK_ADD,
                rights,
                1,
                struct.pack("=Qi", what | list_folder * os.path.isdir(place), handle),
                0,
            )
            os.close(handle)
    landlock(LANDLOCK_RESTRICT, rights, 0)
    os.close(rights)


def landlock(number, *args):
    return libc_call("syscall", number, *args)


def drop_rights():
    """No capabilities, no way to gain any, and only the system calls that computing needs."""
    for capability in range(64):
        with contextlib.suppress(OSError):
            libc_call("prctl", PR_CAPBSET_DROP, capability, 0, 0, 0)
    with contextlib.suppress(OSError):
        libc_call("capset", struct.pack("II", 0x20080522, 0), bytes(24))
    deny_system_calls()


def deny_system_calls():
    """A seccomp filter; on a processor that it does not know, OSError."""
    if platform.machine() not in DENIED:
        raise OSError(errno.ENOSYS, f"no filter for {platform.machine()}")
    arch, special, denied = DENIED[platform.machine()]
    load, equal, at_least, any_bit, give = 0x20, 0x15, 0x35, 0x45, 0x06
    refuse, missing, allow = 0x50000 | errno.EPERM, 0x50000 | errno.ENOSYS, 0x7FFF0000
    number, argument = 0, 16
    code = [(load, 0, 0, 4), (equal, 1, 0, arch), (give, 0, 0, refuse), (load, 0, 0, number)]
    code += [(at_least, 0, 1, 0x40000000), (give, 0, 0, refuse)]  # the same calls by x32's numbers
    for call in denied:
        code += [(equal, 0, 1, call), (give, 0, 0, refuse)]
    code += [(equal, 0, 1, special["clone3"]), (give, 0, 0, missing)]
    code += [
        (equal, 0, 4, special["clone"]),
        (load, 0, 0, argument),
        (any_bit, 1, 0, CLONE_THREAD),
        (give, 0, 0, refuse),
        (give, 0, 0, allow),
    ]
    for name, own in (
        ("kill", os.getpid()),
        ("tgkill", os.getpid()),
        ("prlimit", 0),
    ):  # to oneself only
        code += [
            (equal, 0, 4, special[name]),
            (load, 0, 0, argument),
            (equal, 1, 0, own),
            (give, 0, 0, refuse),
            (give, 0, 0, allow),
        ]
    for name, at, values in (
        ("fcntl", 8, (F_SETOWN, F_SETSIG, F_SETOWN_EX)),
        ("prctl", 0, (PR_SET_PDEATHSIG,)),
    ):
        code += [(equal, 0, 2 + 2 * len(values), special[name]), (load, 0, 0, argument + at)]
        for value in values:
            code += [(equal, 0, 1, value), (give, 0, 0, refuse)]
        code += [(give, 0, 0, allow)]
    code += [(give, 0, 0, allow)]
    program = b"".join(struct.pack("HBBI", *step) for step in code)
    buffer = ctypes.create_string_buffer(program)
    head = struct.pack("HxxxxxxP", len(code), ctypes.addressof(buffer))
    libc_call("prctl", PR_SET_SECCOMP, 2, head, 0, 0)


def child(channel, level, order):
    """One submission: shut in, say how far that went, then answer frames."""
    os.setsid()
    libc_call("prctl", PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    reached, sizes = [], memory_limits(order["memory"])
    if level == "bubblewrap":
        enter_namespaces(order["disk"])
        reached.append("namespaces")
        home = HOME
    else:
        home = order["place"]
        os.makedirs(home, mode=0o700, exist_ok=True)
    os.chdir(home)
    os.environ.update(dict.fromkeys(("HOME", "TMPDIR", "TEMP", "TMP"), home))
    set_limits(sizes, order["cpu"], order["disk"])
    reached.append("limits")
    libc_call("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if level != "bubblewrap":
        with contextlib.suppress(OSError):
            stay_home(home)
            reached.append("files")
    with contextlib.suppress(OSError):
        drop_rights()
        reached.append("system calls")
    requests, answers = channel.makefile("rb"), channel.makefile("wb")
    start = protocol.decode(protocol.read_frame(requests))
    folder = os.path.join(home, start["homework"])
    for name, data in start["files"].items():
        path = os.path.join(folder, *name.split("/"))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data.tobytes())
    os.makedirs(folder, exist_ok=True)
    protocol.write_frame(answers, protocol.encode({"reached": reached}))
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    builtins.input = worker.refuse_input
    probes = os.path.join(sys.argv[2], "probes", f"{start['homework']}.py")
    worker.serve(requests, answers, folder, probes)


def main():
    level, libraries = sys.argv[1], sys.argv[3:]
    sys.dont_write_bytecode = True
    for name in libraries:
        with contextlib.suppress(Exception):  # to save time: who needs one imports it, or fails to
            importlib.import_module(name)
    tempfile.tempdir = None  # each child has a place of its own
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)
    control = socket.socket(fileno=os.dup(0))
    children = {}
    control.sendall(b"ready\n")
    while True:
        message, handles, _, _ = socket.recv_fds(control, 65536, 1)
        if not message:
            break
        order = json.loads(message)
        with contextlib.suppress(ChildProcessError):  # reap who has ended
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        if "kill" in order:
            process = children.pop(order["kill"], None)
            if process:
                with contextlib.suppress(OSError):
                    os.killpg(process, signal.SIGKILL)
                with contextlib.suppress(OSError):
                    os.kill(process, signal.SIGKILL)
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(process, 0)
            control.sendall(b"killed\n")
            continue
        process = os.fork()
        if process == 0:
            with contextlib.suppress(BaseException):
                control.close()
                channel = socket.socket(fileno=handles[0])
                child(channel, level, order)
            os._exit(0)
        os.close(handles[0])
        children[order["id"]] = process
    for process in children.values():
        with contextlib.suppress(OSError):
            os.killpg(process, signal.SIGKILL)


if __name__ == "__main__":
    main()
