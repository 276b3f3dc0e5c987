"""Bring a newer student copy into this one: checks and sheets are renewed, what you wrote stays as it is.

python -m course update ../student.zip              # or the unpacked folder
python -m course update ../student.zip --dry_run    # only tell what would change
"""

import argparse
import difflib
import hashlib
import json
import re
import sys
import zipfile
from pathlib import Path, PurePosixPath

from course.disk import write_file
from course.homeworks import COPY_RECORD, ROOT

TEXT = (".py", ".md", ".txt", ".toml", ".csv", ".ipynb", ".json")
STUB = re.compile(
    r"\s*(# \S+ \(\d+ points?(, bonus)?\): .*|raise NotImplementedError\(.*still empty.*\))?\s*"
)

SAID = {
    "updated": "renewed",
    "merged": "renewed around what you wrote",
    "new": "new",
    "removed": "not needed any more, removed",
    "beside": "you changed it where it was renewed: yours is kept, the new one lies beside it as",
}


class UpdateError(Exception):
    """The copy cannot be renewed. One line that names the way out; nothing was changed."""


def read_copy(path):
    """{name: bytes} of a student copy, a folder or a zip file. Raises UpdateError."""
    path = Path(path)
    try:
        if path.is_dir():
            names = [
                file.relative_to(path).as_posix()
                for file in path.rglob("*")
                if file.is_file() and not file.is_symlink()
            ]
            found = {
                name: (path / name).read_bytes()
                for name in names
                if name.split("/")[0] not in (".venv", ".git", "workdirs")
            }
        else:
            with zipfile.ZipFile(path) as archive:
                found = {
                    name.partition("/")[2]: archive.read(name)
                    for name in archive.namelist()
                    if not name.endswith("/")
                }
    except (OSError, zipfile.BadZipFile) as error:
        raise UpdateError(f"{path}: {getattr(error, 'strerror', None) or error}") from None
    if COPY_RECORD not in found or any(
        ".." in PurePosixPath(name).parts or name.startswith("/") for name in found
    ):
        raise UpdateError(f"{path} is no student copy (it has no {COPY_RECORD})")
    return found


def unix(name, data):
    """Bytes with plain line ends, for a text: git and editors on Windows change them."""
    return data.replace(b"\r\n", b"\n") if name.endswith(TEXT) else data


def digest(name, data):
    return hashlib.sha256(unix(name, data)).hexdigest()


def merge(base, mine, new):
    """Lines of `new` with what `mine` changed of `base`; None where both changed the same place.

    Where `base` was an empty blank's hint and stop, what stands there now stays.
    """
    ours = _unchanged(base, mine)
    theirs = _unchanged(base, new)
    merged, at_base, at_mine, at_new = [], 0, 0, 0
    for line in [*(line for line in range(len(base)) if line in ours and line in theirs), None]:
        ends = (
            (len(base), len(mine), len(new)) if line is None else (line, ours[line], theirs[line])
        )
        was, is_mine, is_new = (
            base[at_base : ends[0]],
            mine[at_mine : ends[1]],
            new[at_new : ends[2]],
        )
        if is_mine in (was, is_new):
            merged += is_new
        elif (
            is_new == was
            or all(map(STUB.fullmatch, was))
            and all(map(STUB.fullmatch, is_new))
            and was
        ):
            merged += is_mine
        else:
            return None
        if line is not None:
            merged.append(base[line])
            at_base, at_mine, at_new = (end + 1 for end in ends)
    return merged


def _unchanged(base, other):
    """{line of base: line of other} of the lines that both have."""
    blocks = difflib.SequenceMatcher(None, base, other, autojunk=False).get_matching_blocks()
    return {block.a + at: block.b + at for block in blocks for at in range(block.size)}


def changes(old, new):
    """[(kind of SAID, name, bytes to write or None)] that bring the files `new` into the files `old`, sorted by name."""
    was, will = (json.loads(files[COPY_RECORD].decode("utf-8")) for files in (old, new))
    found = []
    for name in sorted(set(was["files"]) | set(will["files"])):
        mine, given = old.get(name), was["files"].get(name)
        untouched = mine is not None and digest(name, mine) == given
        if name not in will["files"]:
            found += [("removed", name, None)] if untouched else []
        elif mine is None:
            found.append(("new", name, new[name]))
        elif digest(name, mine) == will["files"][name] or given == will["files"][name]:
            continue  # there already, or only the student changed it
        elif untouched:
            found.append(("updated", name, new[name]))
        else:
            merged = _merged(was.get("texts", {}).get(name), mine, new[name])
            found.append(
                ("beside", name, new[name]) if merged is None else ("merged", name, merged)
            )
    return found


def _merged(base, mine, new):
    """Bytes of the merged text, or None. Line ends are the student's."""
    try:
        mine, new = (data.decode("utf-8") for data in (mine, new))
    except UnicodeDecodeError:
        return None
    if base is None:
        return None
    lines = merge(base.splitlines(), mine.splitlines(), new.splitlines())
    return (
        None
        if lines is None
        else ("\r\n" if "\r\n" in mine else "\n").join([*lines, ""]).encode("utf-8")
    )


def bring(newer, copy=ROOT, dry_run=False, say=print, drop=True):
    """Bring the copy at `newer` (folder or zip) into the folder `copy`. Returns the changes. Raises UpdateError, without
    `drop` also where `newer` lacks a homework of `copy`: its sheet and its checks would go."""
    copy = Path(copy)
    old, new = read_copy(copy), read_copy(newer)
    mine, theirs = (
        json.loads(files[COPY_RECORD].decode("utf-8"))["homeworks"] for files in (old, new)
    )
    lost = ", ".join(name for name in mine if name not in theirs)
    if lost and not drop:
        raise UpdateError(
            f"{newer} has no {lost}, which would be removed here: unpack it into a folder of its own (or --drop)"
        )
    found = changes(old, new)
    for kind, name, data in found:
        said = f"{SAID[kind]} {PurePosixPath(name).name}.new" if kind == "beside" else SAID[kind]
        say(f"{name}: {said}")
        if not dry_run:
            _write(copy / (f"{name}.new" if kind == "beside" else name), data)
    fresh = set(new.get("CHANGELOG.md", b"").decode("utf-8").splitlines()) - set(
        old.get("CHANGELOG.md", b"").decode("utf-8", "replace").splitlines()
    )
    for line in new.get("CHANGELOG.md", b"").decode("utf-8").splitlines():
        if line.startswith("- ") and line in fresh:
            say(line)
    if not found:
        say("nothing to renew")
    elif dry_run:
        say("nothing was written (--dry_run)")
    if not dry_run:
        _write(copy / COPY_RECORD, new[COPY_RECORD])  # last: a stopped run is gone on with
    return found


def _write(path: Path, data: bytes | None) -> None:
    """Write to a temporary name and rename; None removes."""
    if data is None:
        path.unlink(missing_ok=True)
    else:
        write_file(path, data)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("newer", type=Path, help="the newer student copy: zip file or folder")
    parser.add_argument("--dry_run", action="store_true", help="only show what would change")
    parser.add_argument(
        "--drop",
        action="store_true",
        help="also remove homeworks that the newer copy does not have; what you wrote stays",
    )


def run(args: argparse.Namespace) -> int:
    try:
        bring(args.newer, dry_run=args.dry_run, drop=args.drop)
    except (UpdateError, OSError, ValueError, KeyError) as error:
        print(f"python -m course update: error: {error}", file=sys.stderr)
        return 2
    return 0
