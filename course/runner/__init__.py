"""Runners: they run student code and return plain data, in this process or in one of its own."""

from course.runner.base import CallTimeout, ErrorKind, Runner, StudentError
from course.runner.in_process import InProcessRunner
from course.runner.in_subprocess import SubprocessRunner

__all__ = [
    "CallTimeout",
    "ErrorKind",
    "InProcessRunner",
    "Runner",
    "StudentError",
    "SubprocessRunner",
]
