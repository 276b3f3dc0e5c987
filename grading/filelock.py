"""A lock between processes that ends with the process that holds it."""

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def hold_lock(path: Path) -> Iterator[None]:
    """Inside: this process alone holds the lock of the file `path`. Raises BlockingIOError if another one has it.

    On Windows a lock keeps others, this process too, from writing what is locked, so a file beside it is locked:
    .NAME.lock, which stays.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if sys.platform == "win32":
        path = path.with_name(f".{path.name}.lock")
    with open(path, "ab") as file:
        _lock(file.fileno())
        yield


def _lock(handle: int) -> None:
    if sys.platform == "win32":
        import msvcrt

        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError as error:
            raise BlockingIOError(error.errno, "locked by another process") from None
    else:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
