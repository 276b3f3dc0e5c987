"""An append-only file of results that survives being killed: one checksummed JSON line each, flushed to the disk."""

import contextlib
import json
import os
import zlib
from pathlib import Path


class JournalError(Exception):
    """Someone else writes here. One line."""


class Journal:
    """Lines "CRC32 JSON". A line that was cut by a kill, or changed, is left out when reading, and counted."""

    def __init__(self, path):
        self.path = Path(path)
        self.damaged = 0

    @contextlib.contextmanager
    def held(self):
        """Inside: no other grader writes here (where the system locks files). Raises JournalError."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with open(self.path, "ab") as file:
            try:
                import fcntl

                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except ImportError:
                pass
            except BlockingIOError:
                raise JournalError(
                    f"another grader is at work in {self.path.parent}; wait for it, or stop it"
                ) from None
            yield

    def read(self):
        """All whole entries in order."""
        if not self.path.is_file():
            return
        self.damaged = 0
        for line in self.path.read_bytes().split(b"\n"):
            if not line:
                continue
            check, _, body = line.partition(b" ")
            if check == b"%08x" % zlib.crc32(body):
                yield json.loads(body)
            else:
                self.damaged += 1

    def append(self, entry):
        """Add one entry; returns when it is on the disk."""
        body = json.dumps(entry, ensure_ascii=True, sort_keys=True).encode("ascii")
        line = b"%08x %s\n" % (zlib.crc32(body), body)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with open(self.path, "ab+") as file:
            if file.tell():
                file.seek(-1, os.SEEK_END)
                if file.read(1) != b"\n":  # the last line was cut: do not glue this one to it
                    line = b"\n" + line
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
