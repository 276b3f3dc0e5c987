"""Tricks of the machine that save time and change no number. Nothing depends on this file."""

import contextlib
import ctypes


def keep_freed_memory():
    """Let glibc keep what a step frees for the next one, instead of asking the system for fresh pages (CPU: -5 to -15 %
    time; nothing happens on systems without mallopt)."""
    with contextlib.suppress(AttributeError, TypeError, OSError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(-3, 1 << 30)  # M_MMAP_THRESHOLD
        mallopt(-1, 1 << 30)  # M_TRIM_THRESHOLD
