"""What every script of a homework needs at the terminal: flags, folders, printed commands, errors, safe files.

Each homework folder is standalone, so each has its own copy of this file.
"""

import argparse
import contextlib
import difflib
import functools
import io
import json
import locale
import math
import os
import re
import shlex
import sys
import tempfile
import time
from pathlib import Path

FOLDER = Path(__file__).resolve().parent  # of this homework
ROOT = FOLDER.parent  # of the repository, or wherever the student keeps the folder and data/
WAITS = (0.05, 0.1, 0.2, 0.4, 0.8)  # seconds between tries to replace a file on Windows
SYNONYMS = {  # what other programs call a flag: the name here, where the script has it
    "learning_rate": "lr",
    "rate": "lr",
    "step_size": "lr",
    "batch": "batchsize",
    "batch_size": "batchsize",
    "bs": "batchsize",
    "iterations": "iters",
    "max_iters": "iters",
    "num_iters": "iters",
    "steps": "iters",
    "max_steps": "iters",
    "epoch": "epochs",
    "num_epochs": "epochs",
    "max_epochs": "epochs",
    "context": "max_seq_len",
    "block_size": "max_seq_len",
    "data": "data_root",
    "data_dir": "data_root",
    "output": "out_dir",
    "output_dir": "out_dir",
    "checkpoint": "ckpt_path",
    "ckpt": "ckpt_path",
    "save_dir": "ckpt_path",
    "gpu": "device",
    "cuda": "device",
    "silent": "quiet",
    "force": "overwrite",
}


class UserError(Exception):
    """A user's mistake. `run` prints the message, which names the fix, as one line and exits with code 2."""


# -------------------------------------------------------------------------------------------------------------- flags


class HelpFormatter(argparse.HelpFormatter):
    """Help in the user's language, with each flag's default."""

    def _get_help_string(self, action):
        text = translate(action.help or "")
        if action.default in (None, False, argparse.SUPPRESS) or not action.option_strings:
            return text
        default = action.default
        if isinstance(default, list | tuple):
            default = " ".join(map(str, default))
        return translate("{} (default: {})", text, str(default).replace("%", "%%"))

    def start_section(self, heading):
        super().start_section(translate(heading or ""))

    def add_text(self, text):
        super().add_text(text and translate(text))

    def add_usage(self, usage, actions, groups, prefix=None):
        super().add_usage(usage, actions, groups, prefix or translate("usage:") + " ")

    def format_help(self):
        text = re.sub(r"：(?=\n| )[ ]?", "：", super().format_help())
        return re.sub(r"^(\W*[\u4e00-\u9fff]+):$", r"\1：", text, flags=re.M)  # headings


class Parser(argparse.ArgumentParser):
    """argparse with four differences: every --long_flag works with one dash too, an unknown flag or a misplaced
    value names the flag that was probably meant, an error is one line without the usage text, and --lang or the
    system decides the language of help and errors.

    given: after parse_args, the set of names (without dashes) of the flags on the command line.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, allow_abbrev=False, formatter_class=HelpFormatter, **kwargs)
        self.given = set()
        self.add_argument(
            "--lang",
            choices=("en", "zh"),
            help="language of help and error messages (default: the system's)",
        )

    def parse_args(self, args=None, namespace=None):  # pyright: ignore[reportIncompatibleMethodOverride]
        flags = [flag for flag in self._option_string_actions if flag.startswith("--")]
        argv = []
        for word in sys.argv[1:] if args is None else list(map(str, args)):
            two_dashes = "-" + word if re.match(r"-[A-Za-z]\w", word) else word
            argv.append(two_dashes if two_dashes.split("=")[0] in flags else word)
        choose_language(argv)
        values, unknown = self.parse_known_args(argv, namespace)
        if unknown:
            self.error(self._unknown(unknown))
        absent = object()
        marks = argparse.Namespace(**dict.fromkeys(vars(values), absent))
        marks, _ = self.parse_known_args(argv, marks)
        self.given = {name for name, value in vars(marks).items() if value is not absent}
        return values

    def _unknown(self, words):
        """The message about words that no flag takes: which flag was probably meant."""
        flags = sorted(flag for flag in self._option_string_actions if flag.startswith("--"))
        word = words[0]
        if word[0] in "–—−－":  # dashes that an editor or a web page makes of "--"
            return f"{word} begins with a typographic dash: write -- and the name by hand"
        name, _, _ = word.lstrip("-").partition("=")
        path = word.lstrip("-")
        if "/" in name or "\\" in name or not word.startswith("-") and Path(word).exists():
            flag = self._flag_for_path(path)
            text = f"{word} is a path without its flag"
            return f"{text}; did you mean {flag} {quote(path)}?" if flag else text
        if not word.startswith("-"):
            return f"unknown argument {word}; every value needs its flag: {' '.join(flags)}"
        name = name.lower().replace("-", "_")
        if f"--{SYNONYMS.get(name)}" in flags:
            near = [f"--{SYNONYMS[name]}"]
        else:
            near = difflib.get_close_matches("--" + name, flags, n=1)
        return f"unknown argument {word}; " + (
            f"did you mean {near[0]}?" if near else f"flags: {' '.join(flags)}"
        )

    def _flag_for_path(self, path):
        """The flag whose default is a path most like `path`, or None."""
        first = {}
        for action in self._actions:
            text = str(action.default)
            if action.option_strings and ("/" in text or "\\" in text):
                first.setdefault(Path(text).parts[0], action.option_strings[-1])
        flags = [flag for flag in ("--ckpt_path", "--data_root") if flag in first.values()]
        default = "--ckpt_path" if "--ckpt_path" in self._option_string_actions else None
        return first.get(Path(path).parts[0] if Path(path).parts else "") or (
            flags[0] if flags else default
        )

    def error(self, message):
        self.exit(fail(self.prog, message))


def number(low, high=math.inf, kind=float):
    """Type of a flag: a number of at least `low` and below `high`. kind: float or int."""

    def parse(text):
        with contextlib.suppress(ValueError):
            if low <= kind(text) < high:
                return kind(text)
        what = "a whole number" if kind is int else "a number"
        bound = f" and below {high:,}" if high < math.inf else ""
        raise argparse.ArgumentTypeError(f"{text!r} is not {what} of at least {low:g}{bound}")

    return parse


def positive(text):
    """Type of a flag: a finite number above 0."""
    with contextlib.suppress(ValueError):
        if 0 < float(text) < math.inf:
            return float(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")


positive_int = number(1, kind=int)  # type of a flag that counts something: 1, 2, 3, ...
seed_number = number(0, 2**31, int)  # type of --seed


# ------------------------------------------------------------------------------------------------------------ language

chosen_language = None  # by --lang


def choose_language(argv):
    """Remember the language that --lang gives in the words of a command line."""
    global chosen_language
    words = " ".join(argv).replace("=", " ").split()
    chosen_language = next(
        (value for flag, value in zip(words, words[1:]) if flag == "--lang"), None
    )


def language():
    """ "zh" or "en": of --lang, else of the system."""
    names = [os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG")]
    name = chosen_language or next(filter(None, names), None) or locale.getlocale()[0] or ""
    return "zh" if name.lower().startswith(("zh", "chinese")) else "en"


@functools.cache
def chinese_messages():
    """[(pattern, Chinese)] of chinese.json, the most specific first. An English message has holes {} for what varies."""
    with contextlib.suppress(OSError, ValueError):
        messages = json.loads((FOLDER / "chinese.json").read_text(encoding="utf-8"))
        order = sorted(messages, key=lambda text: -len(text.replace("{}", "")))
        return [
            (re.compile("(.*?)".join(map(re.escape, text.split("{}"))), re.S), messages[text])
            for text in order
        ]
    return []


def translate(message, *values):
    """The message in the user's language; what fills its holes is translated too, unless it is a single word.

    message: English text, ready or with holes {} for `values`. A message without translation stays as it is.
    """
    message = message.format(*values) if values else message
    if language() == "zh":
        for pattern, chinese in chinese_messages():
            if match := pattern.fullmatch(message):
                parts = (translate(part) if " " in part else part for part in match.groups())
                return chinese.format(*parts)
    return message


# ------------------------------------------------------------------------------------------------ folders and commands


def search_folders(folder):
    """Where `folder` may be: relative to the current folder, to the repository's root, to the homework's folder."""
    folder = Path(folder).expanduser()
    return list(
        {path.resolve(): path for path in (FOLDER / folder, ROOT / folder, folder)}.values()
    )[::-1]


def find_folder(folder, needs=(), fill="", what=""):
    """The first of `search_folders` that contains all files of `needs`.

    folder: path, relative or absolute. fill: the command that makes the missing files, for the message. what: the
    missing files in words (default: their names). Raises UserError that names every folder that was searched.
    """
    for candidate in search_folders(folder):
        if candidate.is_dir() and all((candidate / name).is_file() for name in needs):
            return candidate
    where = " nor in ".join(str(path.resolve()) for path in search_folders(folder))
    raise UserError(
        f"{what or ' and '.join(needs) or 'folder'} not found in {where}"
        + (f"; run: {fill}" if fill else "")
    )


def command(script, *words):
    """The line that runs a script of this folder, or of the repository ("data/download.py"), from the current folder.

    words: flags and values, quoted for the shell in use.
    """
    path = (ROOT if "/" in script else FOLDER) / script
    with contextlib.suppress(ValueError, OSError):
        here = Path.cwd().resolve()
        if here == ROOT or ROOT in here.parents:
            path = Path(os.path.relpath(path, here))
    return " ".join(quote(word) for word in ("python", path.as_posix(), *words))


def quote(word, shell=None):
    """`word` as one argument of a shell: "posix", "powershell" or "cmd" (default: the shell in use)."""
    word, shell = str(word), shell or shell_in_use()
    plain = r"[\w@+=:./-]+" if shell == "posix" else r"[\w+=:./\\-]+"  # \w: Chinese characters too
    if re.fullmatch(plain, word):
        return word
    if shell == "posix":
        return shlex.quote(word)
    word = re.sub(r'(\\*)("|$)', lambda match: match[1] * 2 + match[2].replace('"', '\\"'), word)
    return "'" + word.replace("'", "''") + "'" if shell == "powershell" else f'"{word}"'


def shell_in_use():
    """ "posix", "powershell" or "cmd": the shell from which this process was probably started."""
    if os.name != "nt" or "MSYSTEM" in os.environ:  # MSYSTEM: Git Bash on Windows
        return "posix"
    folders = os.environ.get("PSModulePath", "").split(";")  # PowerShell adds the user's folder
    return "powershell" if len(folders) >= 3 else "cmd"


# ---------------------------------------------------------------------------------------------------- files and errors


def replace_file(source, target):
    """os.replace that tries again for 1.5 s on Windows, where it is refused while a virus scanner, Excel or a memory map
    has the target open. Raises PermissionError if it stays so."""
    for seconds in WAITS if os.name == "nt" else ():
        try:
            return os.replace(source, target)
        except PermissionError:
            time.sleep(seconds)
    os.replace(source, target)


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
        replace_file(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


def run(main):
    """Call `main()` as a script: UTF-8 at the console, a user's mistake as one line (exit code 2), Ctrl-C as 130."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace")
    prog = Path(sys.argv[0]).name
    try:
        sys.exit(main())
    except UserError as error:
        sys.exit(fail(prog, str(error)))
    except KeyboardInterrupt as stop:
        print(f"\n{prog}: {translate('stopped. ')}{translate(str(stop))}".rstrip(), file=sys.stderr)
        sys.exit(130)
    except NotImplementedError as error:  # "hmm/model.py, blank hmm-03 (evaluate): still empty"
        sys.exit(fail(prog, f"{error}; fill it in first" if "blank" in str(error) else str(error)))
    except BrokenPipeError:  # `| head` closed the pipe: no traceback
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as error:
        sys.exit(fail(prog, f"{error.strerror or error}: {error.filename or 'while writing'}"))


def fail(prog, message):
    """Print one line to standard error, in the user's language, and return exit code 2."""
    message = translate(" ".join(message.split()))
    print(f"{prog}: {translate('error: ')}{message}", file=sys.stderr)
    return 2
