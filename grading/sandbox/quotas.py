"""Limits on what a submission uses: memory, processor time, file size, open files. Standard library only."""

import contextlib
import resource

STACK = 64 * 2**20  # bytes
OPEN_FILES = 128


def memory_limits(more: int) -> dict[int, int]:
    """{limit: bytes} that leave `more` bytes beyond what is in use: of private memory, and of address space."""
    with contextlib.suppress(OSError), open("/proc/self/status") as file:
        used = {
            line.split(":")[0]: int(line.split()[1]) * 1024
            for line in file
            if line.startswith(("VmData", "VmSize"))
        }
        return {
            resource.RLIMIT_DATA: used["VmData"] + more,
            resource.RLIMIT_AS: used["VmSize"] + more,
        }
    return {}


def set_limits(memory: dict[int, int], cpu: int, disk: int) -> None:
    """Limits this process. memory: from `memory_limits`; cpu: seconds; disk: bytes per file. A limit the system refuses is skipped."""
    for limit, amount in (
        *memory.items(),
        (resource.RLIMIT_CPU, cpu),
        (resource.RLIMIT_FSIZE, disk),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_STACK, STACK),
    ):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(limit, (amount, amount))
