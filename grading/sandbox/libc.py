"""Calls of the C library that Python has no function for. Runs inside the sandbox: standard library only."""

import ctypes
import os
from typing import Any

PR_SET_PDEATHSIG, PR_SET_SECCOMP, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 1, 22, 24, 38


def libc_call(name: str, *args: Any) -> int:
    """Result of the C library's function `name`. Raises OSError for a negative one."""
    library = ctypes.CDLL(None, use_errno=True)
    result = getattr(library, name)(*args)
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
    return result
