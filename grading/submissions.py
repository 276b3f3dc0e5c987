"""What students hand in: folders, zip or tar files, read into memory with limits. Nothing is unpacked to disk.

A submission is {homework: {file name: bytes}}, laid over the empty student copy: a file that is missing counts as empty.
"""

import contextlib
import hashlib
import io
import os
import stat
import tarfile
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from course import markers
from course.homeworks import HOMEWORKS, ROOT
from course.settings import homework_settings

MAX_FILE = 2 * 2**20  # bytes of a source file that is graded
MAX_TOTAL = 200 * 2**20  # bytes of all files of a submission, unpacked
MAX_FILES = 3000
MAX_CODE = 32 * 2**20  # bytes of a homework's code: a sandbox holds twice that
MAX_LEFT = 2 * 2**30  # bytes of a tar's other files, which are unpacked to be passed over
MAX_WRITTEN = 50 * 2**20  # bytes of a homework's answers, pictures and PDFs
SKIPPED = {
    "__MACOSX",
    ".DS_Store",
    "__pycache__",
    ".git",
    ".venv",
    "workdirs",
    ".ipynb_checkpoints",
    "Thumbs.db",
}
CODE = (".py", ".txt")
WRITTEN = (".md", ".pdf", ".png", ".jpg", ".jpeg")
ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz")
UNREAD = (".rar", ".7z")  # a submission, with a problem


class Refused(Exception):
    """A submission that is not read. Says why in one line."""


@dataclass
class Submission:
    """One student's work. name: as the file or folder is called. files: {homework: {name: bytes}}, code only.

    written: {homework: {name: bytes}}: answers.md, pictures, PDF. problems: lines for the TA and the student.
    """

    name: str
    files: dict = field(default_factory=dict)
    written: dict = field(default_factory=dict)
    problems: list = field(default_factory=list)

    def digest(self, homework):
        """SHA-256 over the homework's code."""
        seen = hashlib.sha256()
        for name, data in sorted(self.files.get(homework, {}).items()):
            seen.update(f"{len(name.encode('utf-8', 'surrogatepass'))} {len(data)} ".encode())
            seen.update(name.encode("utf-8", "surrogatepass") + data)
        return seen.hexdigest()


def find(folder):
    """Paths of the submissions in a folder, sorted by name. Raises Refused."""
    folder = Path(folder)
    if not folder.is_dir():
        raise Refused(f"{folder}: no such folder")
    found = [
        path
        for path in sorted(folder.iterdir())
        if path.name not in SKIPPED
        and not path.name.startswith(".")
        and (path.is_dir() or path.name.lower().endswith(ARCHIVES + UNREAD))
    ]
    if not found:
        raise Refused(
            f"{folder} holds no submission: folders, .zip, .tar or .tar.gz files are read"
        )
    names = {}
    for path in found:
        other = names.setdefault(stem(path).casefold(), path)
        if other is not path:
            raise Refused(
                f"two submissions with one name: {other.name} and {path.name}; rename or remove one"
            )
    return found


def left_out(folder):
    """Names of the files beside the submissions that `find` does not take for one."""
    taken = find(folder)
    return [
        path.name
        for path in sorted(Path(folder).iterdir())
        if path not in taken and path.name not in SKIPPED and not path.name.startswith(".")
    ]


def stem(path):
    """Name of a submission: the file name without the archive's ending."""
    name = Path(path).name
    for ending in sorted(ARCHIVES + UNREAD, key=len, reverse=True):
        if name.lower().endswith(ending) and not Path(path).is_dir():
            return name[: -len(ending)]
    return name


def read(path, homeworks):
    """The Submission at `path`. What cannot be read becomes a problem, never an exception."""
    submission = Submission(stem(path))
    try:
        tree = dict(_entries(Path(path), submission.problems))
    except (
        Refused,
        OSError,
        zipfile.BadZipFile,
        tarfile.TarError,
        zlib.error,
        EOFError,
        NotImplementedError,
        RuntimeError,
        ValueError,
        MemoryError,
        UnicodeError,
    ) as error:
        said = getattr(error, "strerror", None) or str(error) or type(error).__name__
        submission.problems.append(f"not read: {' '.join(said.split())[:300]}")
        return submission
    _place(submission, tree, homeworks)
    return submission


def _entries(path, problems):
    """(relative path, bytes) of the files of a folder or archive."""
    if path.is_dir():
        yield from _folder(path, problems)
    elif path.name.lower().endswith(".zip"):
        yield from _zip(path, problems)
    elif path.name.lower().endswith(UNREAD):
        raise Refused(f"a {path.suffix} file; ask for a .zip")
    else:
        yield from _tar(path, problems)


class _Budget:
    """Counts what is read and stops past the limits."""

    def __init__(self):
        self.files = self.bytes = 0

    def file(self, size=0):
        self.files += 1
        self.bytes += size
        if self.files > MAX_FILES:
            raise Refused(f"more than {MAX_FILES} files")
        if self.bytes > MAX_TOTAL:
            raise Refused(f"more than {MAX_TOTAL // 2**20} MiB unpacked")


def _wanted(name):
    return name.lower().endswith(CODE + WRITTEN)


def _safe(name, problems):
    """The name as a relative path, or None for one that is skipped. Raises Refused for one that points outside."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    if not parts or set(parts) & SKIPPED or parts[-1].startswith("._"):
        return None
    if parts[0] == "/" or ".." in parts or ":" in parts[0] or "\0" in name:
        raise Refused(f"a path that points outside the archive: {name[:80]!r}")
    if len(name) > 1000 or max(len(part.encode("utf-8", "replace")) for part in parts) > 200:
        problems.append(f"a name too long to be written, left out: {name[:80]!r}")
        return None
    return "/".join(parts)


def _folder(folder, problems):
    budget = _Budget()

    def unreadable(error):
        problems.append(
            f"not read: {Path(error.filename).relative_to(folder).as_posix()} ({error.strerror})"
        )

    for place, folders, names in os.walk(folder, onerror=unreadable, followlinks=False):
        folders[:] = sorted(name for name in folders if name not in SKIPPED)
        for name in sorted(folders):
            if (Path(place) / name).is_symlink():
                problems.append(f"symbolic link not followed: {name}")
        for name in sorted(names):
            path = Path(place) / name
            inside = path.relative_to(folder).as_posix()
            budget.file()
            if not _wanted(name) or _safe(inside, problems) is None:
                continue
            try:
                handle = os.open(
                    path,
                    os.O_RDONLY
                    | getattr(os, "O_NOFOLLOW", 0)
                    | getattr(os, "O_NONBLOCK", 0)
                    | getattr(os, "O_BINARY", 0),
                )
            except OSError as error:
                problems.append(f"not read: {inside} ({error.strerror})")
                continue
            with os.fdopen(handle, "rb") as file:
                if not stat.S_ISREG(os.fstat(handle).st_mode):
                    problems.append(f"no regular file: {inside}")
                    continue
                data = file.read(MAX_TOTAL + 1)
                budget.file(len(data))
                yield inside, data


def _zip(path, problems):
    budget = _Budget()
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            name = _safe(zip_name(info), problems)
            if name is None or info.is_dir():
                continue
            budget.file()
            if stat.S_ISLNK(info.external_attr >> 16):
                raise Refused(f"a symbolic link in the archive: {name[:80]!r}")
            if not _wanted(name):
                continue
            with archive.open(info) as file:
                data = file.read(
                    min(MAX_TOTAL - budget.bytes, MAX_TOTAL) + 1
                )  # never trusts the size in the header
            budget.file(len(data))
            yield name, data


def zip_name(info):
    """A member's name: UTF-8 if flagged, else the code page of Chinese Windows (GBK) where that fits."""
    if info.flag_bits & 0x800:
        return info.filename
    raw = info.filename.encode("cp437", "replace")
    for encoding in ("utf-8", "gbk"):
        with contextlib.suppress(UnicodeDecodeError):
            return raw.decode(encoding)
    return info.filename


def _tar(path, problems):
    budget, left = _Budget(), MAX_LEFT
    with tarfile.open(path, "r:*") as archive:
        for member in archive:
            name = _safe(member.name, problems)
            if name is None or member.isdir():
                continue
            budget.file()
            if not member.isfile():
                raise Refused(f"a link or device in the archive: {name[:80]!r}")
            left -= member.size
            if left < 0:
                raise Refused(f"more than {MAX_LEFT // 2**30} GiB unpacked")
            if _wanted(name):
                data = archive.extractfile(member).read(MAX_TOTAL - budget.bytes + 1)
                budget.file(len(data))
                yield name, data


def _place(submission, tree, homeworks):
    """Sort the files into homeworks: by the folder of that name (at any depth, the shallowest wins), else by file names."""
    for homework in homeworks:
        places = {}
        for name in tree:
            parts = name.split("/")
            for at, part in enumerate(parts[:-1]):
                if part == homework:
                    places.setdefault((at, "/".join(parts[: at + 1])), []).append(name)
        if places:
            top = min(places)
            if len(places) > 1:
                submission.problems.append(
                    f"{len(places)} folders named {homework}: {top[1]} is graded"
                )
            _take(
                submission, homework, {name[len(top[1]) + 1 :]: tree[name] for name in places[top]}
            )
    if not submission.files:
        loose = _loose(tree)
        for homework in homeworks:
            own = {path.name for path in (ROOT / homework).glob("*.py")}
            unique = own - set().union(
                *(
                    {path.name for path in (ROOT / other).glob("*.py")}
                    for other in HOMEWORKS
                    if other != homework
                )
            )
            if set(loose) & unique or len(homeworks) == 1 and set(loose) & own:
                _take(submission, homework, loose)
    if not submission.files and not submission.problems:
        submission.problems.append(
            f"nothing of {', '.join(homeworks)} found: no folder of that name, no file that only it has"
        )


def _loose(tree):
    """Files that stand together at the top, or one folder deeper."""
    tops = {name.split("/")[0] for name in tree if "/" in name}
    if len(tops) == 1 and not any("/" not in name for name in tree):
        top = tops.pop() + "/"
        tree = {name.removeprefix(top): data for name, data in tree.items()}
    return {name: data for name, data in tree.items() if "/" not in name}


def _take(submission, homework, files):
    room, room_code = MAX_WRITTEN, MAX_CODE
    for name, data in sorted(files.items()):
        if name.lower().endswith(WRITTEN) and not name.startswith("README"):
            room -= len(data)
            if room < 0:
                submission.problems.append(
                    f"{homework}/{name}: past {MAX_WRITTEN // 2**20} MiB of pictures and PDFs, left out"
                )
            else:
                submission.written.setdefault(homework, {})[name] = data
        elif name.endswith(CODE):
            if len(data) > MAX_FILE:
                submission.problems.append(f"{homework}/{name} has {len(data):,} bytes: not graded")
            elif len(data) > room_code:
                submission.problems.append(
                    f"{homework}/{name}: past {MAX_CODE // 2**20} MiB of code, not graded"
                )
            else:
                room_code -= len(data)
                submission.files.setdefault(homework, {})[name] = data
    submission.files.setdefault(homework, {})


def empty_files(homework):
    """{name: bytes} of the homework's code as students get it, all blanks empty but those that the term gives away."""
    found, given = {}, homework_settings(homework).leave_out
    for path in sorted((ROOT / homework).rglob("*")):
        if path.suffix in CODE and path.is_file() and not set(path.parts) & SKIPPED:
            name = path.relative_to(ROOT / homework).as_posix()
            found[name] = (
                markers.strip_code(path, f"{homework}/{name}", given).encode("utf-8")
                if path.suffix == ".py"
                else path.read_bytes()
            )
    return found


def complete(submission, homework):
    """The files that are graded: the empty ones with the student's laid over them, but for what lies inside a file."""
    files = empty_files(homework) | submission.files.get(homework, {})
    return {
        name: data
        for name, data in files.items()
        if not any(str(above) in files for above in PurePosixPath(name).parents)
    }


def make_zip(files):
    """Bytes of a zip of {name: bytes}, the same for the same files (for tests and for handing in)."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name), data)
    return buffer.getvalue()
