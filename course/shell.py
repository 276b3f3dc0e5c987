"""Words quoted for the shell from which this process was started, so that printed commands can be copied."""

import os
import re
import shlex
from pathlib import Path


def quote(word: str | Path, shell: str | None = None) -> str:
    """`word` as one argument of a shell: "posix", "powershell" or "cmd" (default: the shell in use).

    A homework folder imports nothing from course/, so its cli.py has the same function.
    """
    word, shell = str(word), shell or shell_in_use()
    plain = r"[\w@+=:./-]+" if shell == "posix" else r"[\w+=:./\\-]+"  # \w: Chinese characters too
    if re.fullmatch(plain, word):
        return word
    if shell == "posix":
        return shlex.quote(word)
    word = re.sub(r'(\\*)("|$)', lambda match: match[1] * 2 + match[2].replace('"', '\\"'), word)
    return "'" + word.replace("'", "''") + "'" if shell == "powershell" else f'"{word}"'


def shell_in_use() -> str:
    """ "posix", "powershell" or "cmd": the shell from which this process was probably started."""
    if os.name != "nt" or "MSYSTEM" in os.environ:  # MSYSTEM: Git Bash on Windows
        return "posix"
    folders = os.environ.get("PSModulePath", "").split(";")  # PowerShell adds the user's folder
    return "powershell" if len(folders) >= 3 else "cmd"
