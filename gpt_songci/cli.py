"""What every script of a homework needs at the terminal: flags, folders, errors, safe files.

Each homework folder stands alone, so each has its own copy of this file; a test keeps the copies equal.
"""

import argparse
import contextlib
import difflib
import os
import re
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


class UserError(Exception):
    """A user's mistake: `run` prints the message, which names the fix, as one line and exits with code 2."""


class Parser(argparse.ArgumentParser):
    """argparse, except: --long_flag works with one dash too, an unknown flag names the nearest known one,
    and an error is one line without the usage text."""

    def __init__(self, *args, **kwargs):
        kwargs.setdefault("formatter_class", argparse.ArgumentDefaultsHelpFormatter)
        super().__init__(*args, allow_abbrev=False, **kwargs)

    def parse_args(self, args=None, namespace=None):
        known = [flag for flag in self._option_string_actions if flag.startswith("--")]
        argv = []
        for word in sys.argv[1:] if args is None else list(map(str, args)):
            two_dashes = "-" + word if re.match(r"-[A-Za-z]\w", word) else word
            argv.append(two_dashes if two_dashes.split("=")[0] in known else word)
        values, unknown = self.parse_known_args(argv, namespace)
        if unknown:
            near = difflib.get_close_matches(
                "--" + unknown[0].split("=")[0].lstrip("-"), known, n=1
            )
            hint = f"did you mean {near[0]}?" if near else f"known flags: {' '.join(sorted(known))}"
            self.error(f"unknown argument {unknown[0]}; {hint}")
        return values

    def error(self, message):
        self.exit(2, f"{self.prog}: error: {message}\n")


def positive_int(text):
    """Type of a flag that counts something: 1, 2, 3, ..."""
    if not re.fullmatch(r"\+?\d+", text) or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


def find_folder(folder, needs=(), fill=""):
    """The folder that holds all files of `needs`: `folder` seen from here, else seen from the repository's root.

    folder: path, relative or absolute. fill: the command that makes the missing files, for the message.
    Raises UserError that names every place looked at.
    """
    places = list(dict.fromkeys([Path(folder).expanduser(), ROOT / Path(folder).expanduser()]))
    for place in places:
        if place.is_dir() and all((place / name).is_file() for name in needs):
            return place
    missing = " and ".join(needs) or "folder"
    where = " nor in ".join(
        str(place.absolute()) for place in dict.fromkeys(p.resolve() for p in places)
    )
    raise UserError(f"{missing} not found in {where}" + (f"; run: {fill}" if fill else ""))


@contextlib.contextmanager
def safe_write(path, mode="w"):
    """Open a temporary file beside `path` and rename it to `path` at the end: a killed run or a full disk
    leaves the last good file. mode: "w" (UTF-8 text) or "wb"."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    encoding = None if "b" in mode else "utf-8"
    newline = None if "b" in mode else "\n"
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, mode, encoding=encoding, newline=newline) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


def run(main):
    """Call `main()` as a script: UTF-8 at the console, a user's mistake as one line (exit code 2), Ctrl-C as 130."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, OSError):
            stream.reconfigure(encoding="utf-8", errors="replace")
    prog = Path(sys.argv[0]).name
    try:
        sys.exit(main())
    except UserError as error:
        sys.exit(fail(prog, str(error)))
    except KeyboardInterrupt as stop:
        print(f"\n{prog}: stopped. {stop}".rstrip(), file=sys.stderr)
        sys.exit(130)
    except NotImplementedError as error:  # "hmm/model.py, blank hmm-03 (evaluate): still empty"
        sys.exit(fail(prog, f"{error}; fill it in first" if "blank" in str(error) else str(error)))
    except BrokenPipeError:
        os.dup2(
            os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno()
        )  # `| head` closed the pipe: no traceback
        sys.exit(0)
    except OSError as error:
        sys.exit(fail(prog, f"{error.strerror or error}: {error.filename or 'while writing'}"))


def fail(prog, message):
    """Print one line to standard error and return exit code 2."""
    print(f"{prog}: error: {' '.join(message.split())}", file=sys.stderr)
    return 2
