"""Which files belong to the tree: those that git knows or does not ignore, also where git is missing or refuses."""

import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Rule:
    """One pattern of a .gitignore. pattern: matches names relative to the folder of that .gitignore."""

    pattern: re.Pattern[str]
    folder_only: bool
    negated: bool


def tree_files(root: Path | str) -> list[str]:
    """Names ("hmm/model.py") of the files below root that git knows or does not ignore, sorted."""
    root = Path(root)
    names = _asked_of_git(root)
    return sorted(_walked(root) if names is None else names)


def uncommitted_files(root: Path | str) -> list[str]:
    """Names of those that git does not know yet, sorted; none where git is missing or refuses."""
    return sorted(_asked_of_git(Path(root), ("--others",)) or ())


def _asked_of_git(root: Path, which: Sequence[str] = ("--cached", "--others")) -> set[str] | None:
    """The files that `git ls-files` lists, except ignored ones.

    None if root is not a working tree of git (say, an unpacked zip), or git is missing or refuses (another owner).
    """
    if not (root / ".git").exists():
        return None
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z", *which, "--exclude-standard"],
            cwd=root,
            capture_output=True,
        )
    except OSError:
        return None
    if listed.returncode:
        return None
    names = set(listed.stdout.decode("utf-8").split("\0")) - {""}
    return {name for name in names if (root / name).is_file()}


def _walked(root: Path) -> Iterator[str]:
    """The same without git, from the .gitignore files alone. Virtual environments are left out, whatever their name."""
    rules: dict[str, list[Rule]] = {}
    for folder, folders, files in os.walk(root):
        base = Path(folder).relative_to(root).as_posix()
        prefix = "" if base == "." else base + "/"
        if ".gitignore" in files:
            text = (Path(folder) / ".gitignore").read_text(encoding="utf-8-sig", errors="replace")
            rules[prefix] = parse_gitignore(text)
        folders[:] = [
            name
            for name in folders
            if name != ".git"
            and not (Path(folder) / name / "pyvenv.cfg").is_file()
            and not _ignored(prefix + name, True, rules)
        ]
        yield from (
            prefix + name
            for name in files
            if name != ".git" and not _ignored(prefix + name, False, rules)
        )


def _ignored(name: str, is_folder: bool, rules: dict[str, list[Rule]]) -> bool:
    """rules: {"" or "folder/" with a .gitignore: its rules}. The last rule that matches decides, the deepest file's first."""
    for prefix in sorted((p for p in rules if name.startswith(p)), key=len, reverse=True):
        for rule in reversed(rules[prefix]):
            if (is_folder or not rule.folder_only) and rule.pattern.fullmatch(name[len(prefix) :]):
                return not rule.negated
    return False


def parse_gitignore(text: str) -> list[Rule]:
    """Rules of a .gitignore, in order; gitignore(5) describes the format."""
    rules = []
    for line in text.splitlines():
        line = re.sub(r"(?<!\\) +$", "", line)
        if not line or line.startswith("#"):
            continue
        negated = line.startswith("!")
        line = line.removeprefix("!")
        folder_only = line.endswith("/")
        line = line.rstrip("/")
        anchored = "/" in line
        line = line.lstrip("/")
        expression = _expression(line if anchored else "**/" + line)
        rules.append(Rule(re.compile(expression, re.DOTALL), folder_only, negated))
    return rules


# pieces of a pattern: **/ at its beginning or after a slash, /** at its end, [...], * and ?, an escaped or plain character
PIECES = re.compile(r"(?:(?<=/)|^)\*\*/|/\*\*$|\[[!^]?\]?[^\]]*\]|\*+|\?|\\.|.", re.DOTALL)


def _expression(pattern: str) -> str:
    """The regular expression for a pattern: * and ? stop at a slash, ** does not."""
    return "".join(_piece(piece) for piece in PIECES.findall(pattern))


def _piece(piece: str) -> str:
    if piece == "**/":
        return "(?:.*/)?"
    if piece == "/**":
        return "/.+"
    if piece.startswith("*"):
        return "[^/]*"
    if piece == "?":
        return "[^/]"
    if len(piece) > 1 and piece.startswith("["):
        inner = piece[1:-1].replace("\\", "\\\\")
        return f"[^{inner[1:]}/]" if inner[0] in "!^" else f"[{inner}]"
    return re.escape(piece[-1])
