"""Reads folders and archives without unpacking them, and counts while it reads.

A `Location` names a file on the disk or inside (nested) archives and can be sent to another process. An `Opener` lists and
reads locations. Rules, whatever the container: no link is followed, no name leads outside, no size in a header is trusted,
no single request is larger than the limits below.
"""

import atexit
import bz2
import contextlib
import io
import lzma
import os
import shutil
import stat
import struct
import subprocess
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, Protocol

from grading.intake.names import is_archive
from grading.intake.problems import GradingError, Notice

MAX_LISTED = 300_000  # names in one folder or archive
MAX_PASSED = 2 * 2**30  # bytes unpacked only to skip them (tar, rar, 7z)
MAX_SPOOL = 2**30  # bytes of wanted files of one tar, kept in a temporary file
MAX_NESTED = 2 * 2**30  # bytes of an archive inside an archive
MAX_HEADER = 2**20  # bytes that one header of a tar may ask for
MAX_HEADERS = 64 * 2**20  # bytes of all headers of a tar together
MAX_DIRECTORY = 128 * 2**20  # bytes of a zip's directory of names
MAX_DICTIONARY = 256 * 2**20  # bytes of memory for unpacking .xz
MAX_DEPTH = 4  # archives inside archives
TOOL_SECONDS = 120  # time limit for a program that reads .rar or .7z
TOOL_MEMORY = 2 * 2**30  # bytes
LARGE_ZIP = 4 * 2**20  # bytes from which a zip stays open between two submissions in it
IN_MEMORY = 16 * 2**20  # bytes of a nested archive that need no temporary file

JUNK = {  # folders and files that nobody grades, by name -> what they are
    "__MACOSX": "files of macOS",
    ".DS_Store": "files of macOS",
    "Thumbs.db": "files of Windows",
    "desktop.ini": "files of Windows",
    "__pycache__": "compiled files",
    ".git": "history of git",
    ".svn": "history of Subversion",
    ".idea": "settings of an editor",
    ".vscode": "settings of an editor",
    ".ipynb_checkpoints": "copies by Jupyter",
    ".pytest_cache": "cache of pytest",
    ".mypy_cache": "cache of mypy",
    ".ruff_cache": "cache of ruff",
    "venv": "installed packages",
    ".venv": "installed packages",
    "virtualenv": "installed packages",
    ".conda": "installed packages",
    "site-packages": "installed packages",
    "node_modules": "installed packages",
    "workdirs": "checkpoints and results of training",
    "checkpoints": "checkpoints and results of training",
}
GIT_LOG = ".git/logs/HEAD"  # the one file of a clone's .git that is listed: it has the times of the commits


class Refused(GradingError):
    """Raised for something that is not read. `message` says why in one line, in both languages."""


@dataclass(frozen=True, slots=True)
class Location:
    """A file on the disk, or a member of an archive there, or a member of that member, and so on."""

    path: str
    inside: tuple[str, ...] = ()

    def member(self, name: str) -> "Location":
        return Location(self.path, (*self.inside, name))

    @property
    def name(self) -> str:
        return PurePosixPath(self.inside[-1]).name if self.inside else Path(self.path).name


@dataclass(frozen=True, slots=True)
class Entry:
    """A regular file of a container. size: the container's own figure, not trusted. modified: the time the container gives, or None."""

    name: str
    size: int
    modified: datetime | None = None


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something in a container that is not read. count: how many files it represents (0: unknown)."""

    name: str
    reason: Notice
    count: int = 0
    grave: bool = False  # a student should know: a link, a path that points outside


class Container(Protocol):
    skipped: list[Skipped]
    folders: set[str]

    def entries(self) -> list[Entry]: ...
    def open(self, name: str) -> BinaryIO: ...
    def close(self) -> None: ...


def junk_of(parts: tuple[str, ...]) -> tuple[str, str] | None:
    """(path of the junk folder or file, what it is) if one of the parts is junk."""
    for index, part in enumerate(parts):
        if part in JUNK and "/".join(parts[index:]) != GIT_LOG:
            return "/".join(parts[: index + 1]), JUNK[part]
        if part.startswith("._") or part.endswith((".dist-info", ".egg-info")):
            return "/".join(parts[: index + 1]), "files of macOS" if part.startswith(
                "._"
            ) else JUNK["venv"]
        if part == "full" and index and parts[index - 1] == "data":
            return "/".join(parts[: index + 1]), "downloaded data"
    return None


JUNK_ZH = {
    "files of macOS": "macOS 的附属文件",
    "files of Windows": "Windows 的附属文件",
    "compiled files": "编译产生的文件",
    "history of git": "git 的历史",
    "history of Subversion": "Subversion 的历史",
    "settings of an editor": "编辑器设置",
    "copies by Jupyter": "Jupyter 的副本",
    "cache of pytest": "pytest 的缓存",
    "cache of mypy": "mypy 的缓存",
    "cache of ruff": "ruff 的缓存",
    "installed packages": "安装的软件包",
    "checkpoints and results of training": "训练的检查点与结果",
    "downloaded data": "下载的数据",
}


class _Names:
    """Turns names of members into safe relative paths, counts them and notes what is left out."""

    def __init__(self) -> None:
        self.skipped: list[Skipped] = []
        self.folders: set[str] = set()
        self._junk: dict[str, list] = {}
        self._count = 0

    def count(self) -> None:
        self._count += 1
        if self._count > MAX_LISTED:
            raise Refused(f"more than {MAX_LISTED:,} files", f"文件多于 {MAX_LISTED:,} 个")

    def safe(self, name: str) -> str | None:
        """The name as a relative path with "/", or None for one that is left out (and noted)."""
        self.count()
        parts = PurePosixPath(name.replace("\\", "/")).parts
        if not parts:
            return None
        if parts[0] == "/" or ".." in parts or ":" in parts[0] or "\0" in name:
            shown = name[:80]
            self.leave_out(
                shown,
                f"a path that points outside the archive: {shown!r}",
                f"指向压缩包之外的路径：{shown!r}",
                grave=True,
            )
            return None
        if junk := junk_of(parts):
            self._junk.setdefault(junk[0], [junk[1], 0])[1] += 1
            return None
        if len(name) > 1000 or max(len(part.encode("utf-8", "replace")) for part in parts) > 200:
            shown = name[:80]
            self.leave_out(
                shown,
                f"a name too long to be written, left out: {shown!r}",
                f"名字过长，未读取：{shown!r}",
                grave=True,
            )
            return None
        return "/".join(parts)

    def leave_out(self, name: str, en: str, zh: str, grave: bool = False) -> None:
        self.skipped.append(Skipped(name, Notice(en, zh), 1, grave))

    def link(self, name: str) -> None:
        shown = name[:80]
        self.leave_out(
            shown,
            f"a link or device, not followed: {shown!r}",
            f"链接或设备文件，不予读取：{shown!r}",
            grave=True,
        )

    def finish(self) -> None:
        """Add one line for each junk folder."""
        for name, (reason, count) in sorted(self._junk.items()):
            self.skipped.append(Skipped(name, Notice(reason, JUNK_ZH.get(reason, "")), count))
        self._junk = {}


# ---------------------------------------------------------------- folders


class Folder(_Names):
    """A folder on the disk. Links are not followed; folders of JUNK are not walked."""

    def __init__(self, path: str | Path) -> None:
        super().__init__()
        self.path = Path(path)

    def entries(self) -> list[Entry]:
        entries = []

        def unreadable(error: OSError) -> None:
            name = Path(error.filename or self.path).relative_to(self.path).as_posix()
            self.leave_out(
                name,
                f"not read: {name} ({error.strerror})",
                f"无法读取：{name}（{error.strerror}）",
                True,
            )

        for folder, folders, names in os.walk(self.path, onerror=unreadable, followlinks=False):
            relative = Path(folder).relative_to(self.path)
            kept = []
            for name in sorted(folders):
                inside = (relative / name).as_posix()
                junk = junk_of(PurePosixPath(inside).parts) or (
                    (Path(folder) / name / "pyvenv.cfg").is_file() and (inside, JUNK["venv"])
                )
                if junk:
                    self.skipped.append(Skipped(inside, Notice(junk[1], JUNK_ZH.get(junk[1], ""))))
                    if name == ".git" and (Path(folder) / GIT_LOG).is_file():
                        names.append(GIT_LOG)
                elif (Path(folder) / name).is_symlink():
                    self.link(inside)
                else:
                    kept.append(name)
                    self.folders.add(inside)
            folders[:] = kept
            for name in sorted(names):
                inside = self.safe((relative / name).as_posix())
                if inside is None:
                    continue
                with contextlib.suppress(OSError):
                    about = (Path(folder) / name).lstat()
                    if stat.S_ISREG(about.st_mode):
                        moment = datetime.fromtimestamp(about.st_mtime).astimezone()
                        entries.append(Entry(inside, about.st_size, moment))
                    else:
                        self.link(inside)
        self.finish()
        return entries

    def open(self, name: str) -> BinaryIO:
        return open_regular(self.path / name)

    def close(self) -> None:
        pass


def open_regular(path: Path) -> BinaryIO:
    """A regular file, opened without following a link or waiting for a pipe. Raises OSError or Refused."""
    flags = os.O_RDONLY
    for flag in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"):
        flags |= getattr(os, flag, 0)
    handle = os.open(path, flags)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise Refused(f"not a regular file: {path.name}", f"不是普通文件：{path.name}")
    return os.fdopen(handle, "rb")


# ---------------------------------------------------------------- zip


class Zip(_Names):
    """A zip file. Names not flagged as UTF-8 are decoded as UTF-8 if possible, else as GBK."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__()
        _check_directory(file)
        self.zip = zipfile.ZipFile(file)
        self.members: dict[str, zipfile.ZipInfo] = {}
        self.listed: list[Entry] | None = None

    def entries(self) -> list[Entry]:
        if self.listed is not None:
            return self.listed
        entries: dict[str, Entry] = {}
        for info in self.zip.infolist():
            name = self.safe(zip_name(info))
            if name is None:
                continue
            if info.is_dir():
                self.folders.add(name)
            elif stat.S_ISLNK(info.external_attr >> 16):
                self.link(name)
            else:
                moment = None
                with contextlib.suppress(ValueError):
                    moment = datetime(*info.date_time)
                self.members[name] = info
                entries[name] = Entry(name, info.file_size, moment)
        self.finish()
        self.listed = list(entries.values())
        return self.listed

    def open(self, name: str) -> BinaryIO:
        self.entries()
        return self.zip.open(self.members[name])  # type: ignore[return-value]

    def close(self) -> None:
        self.zip.close()


def zip_name(info: zipfile.ZipInfo) -> str:
    """A member's name: UTF-8 if flagged, else the code page of Chinese Windows (GBK) where that fits."""
    if info.flag_bits & 0x800:
        return info.filename
    raw = info.filename.encode("cp437", "replace")
    for encoding in ("utf-8", "gbk"):
        with contextlib.suppress(UnicodeDecodeError):
            return raw.decode(encoding)
    return info.filename


def _check_directory(file: BinaryIO) -> None:
    """Raises Refused if the zip's directory of names is too large to be held in memory."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - 65557 - 20))
    tail = file.read()
    index = tail.rfind(b"PK\5\6")
    if index >= 0 and len(tail) >= index + 22:
        (length,) = struct.unpack_from("<L", tail, index + 12)
        locator = tail.rfind(b"PK\6\7", 0, index)
        if length == 0xFFFFFFFF and locator >= 0:
            (offset,) = struct.unpack_from("<Q", tail, locator + 8)
            if offset + 56 <= size:
                file.seek(offset)
                (length,) = struct.unpack_from("<Q", file.read(56), 40)
        if min(length, size) > MAX_DIRECTORY:
            raise Refused("too many names in the archive", "压缩包内的文件名过多")
    file.seek(0)


# ---------------------------------------------------------------- tar


class CountingReader:
    """A stream as tarfile wants it (read, seek forward, tell) that refuses large headers and endless data.

    tarfile reads a block of 512 bytes, then, for a PAX header, `read(its size)`: one of gigabytes asks for gigabytes. Since
    3.14.10 it reads such a header in pieces, so what is read between two blocks is added up.
    """

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._read, self._position = read, 0
        self.headers = 0
        self.header = 0  # bytes read since the last block

    def read(self, size: int = -1) -> bytes:
        self.header = 0 if size == tarfile.BLOCKSIZE else self.header + size
        if size < 0 or self.header > MAX_HEADER:
            raise Refused(
                f"a header of more than {MAX_HEADER // 2**20} MiB in the archive",
                f"压缩包内有超过 {MAX_HEADER // 2**20} MiB 的文件头",
            )
        self.headers += size
        if self.headers > MAX_HEADERS:
            raise Refused(
                f"more than {MAX_HEADERS // 2**20} MiB of headers in the archive",
                f"压缩包的文件头超过 {MAX_HEADERS // 2**20} MiB",
            )
        return self._take(size)

    def data(self, size: int) -> bytes:
        """As `read`, for the content of a file."""
        return self._take(size)

    def _take(self, size: int) -> bytes:
        pieces = []
        while size > 0 and (piece := self._read(size)):
            pieces.append(piece)
            size -= len(piece)
            self._position += len(piece)
            if self._position > MAX_PASSED:
                raise Refused(
                    f"more than {MAX_PASSED // 2**30} GiB unpacked",
                    f"解压后超过 {MAX_PASSED // 2**30} GiB",
                )
        return b"".join(pieces)

    def seek(self, position: int, whence: int = os.SEEK_SET) -> int:
        if whence != os.SEEK_SET or position < self._position:
            raise Refused("a damaged archive (it points backwards)", "压缩包已损坏（位置倒退）")
        if position > MAX_PASSED:
            raise Refused(
                f"more than {MAX_PASSED // 2**30} GiB unpacked",
                f"解压后超过 {MAX_PASSED // 2**30} GiB",
            )
        while self._position < position:
            if not self._take(min(position - self._position, 2**18)):
                break
        return self._position

    def tell(self) -> int:
        return self._position


class _Unpacked:
    """read(size) of a gzip, bzip2 or xz stream of one or several members, in bounded memory."""

    def __init__(self, file: BinaryIO, kind: str) -> None:
        self.file, self.kind, self.rest, self.ended = file, kind, b"", False
        self.unpacker: Any = self._new()

    def _new(self) -> Any:
        if self.kind == "gzip":
            return zlib.decompressobj(31)
        return (
            bz2.BZ2Decompressor()
            if self.kind == "bzip2"
            else lzma.LZMADecompressor(memlimit=MAX_DICTIONARY)
        )

    def read(self, size: int) -> bytes:
        while True:
            if self.unpacker.eof:
                self.rest = self.unpacker.unused_data.lstrip(b"\0") or self.file.read(2**16).lstrip(
                    b"\0"
                )
                if not self.rest:
                    return b""
                self.unpacker = self._new()
            needs_input = getattr(self.unpacker, "needs_input", True)
            if needs_input and not self.rest:
                self.rest = self.file.read(2**16)
                if not self.rest:
                    raise EOFError("the archive ends early")
            if self.kind == "gzip":
                data = self.unpacker.decompress(self.rest, size)
                self.rest = self.unpacker.unconsumed_tail
            else:
                data = self.unpacker.decompress(self.rest if needs_input else b"", size)
                self.rest = b"" if needs_input else self.rest
            if data:
                return data


class Tar(_Names):
    """A tar stream, read once: wanted files go to a temporary file, the others are skipped."""

    def __init__(self, read: Callable[[int], bytes], wanted: Callable[[str], bool]) -> None:
        super().__init__()
        self.reader, self.wanted = CountingReader(read), wanted
        self.spool = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115
        self.places: dict[str, tuple[int, int]] = {}
        self.listed: dict[str, Entry] | None = None

    def entries(self) -> list[Entry]:
        if self.listed is None:
            self.listed = {}
            try:
                self._read_all(self.listed)
            except (Refused, OSError, *DAMAGED) as error:
                if not self.listed:
                    raise
                message = reason(error)
                self.leave_out(
                    "",
                    f"the archive is read only in part: {message}",
                    f"压缩包只读取了一部分：{message.zh}",
                    True,
                )
            self.finish()
        return list(self.listed.values())

    def _read_all(self, listed: dict[str, Entry]) -> None:
        room = MAX_SPOOL
        with tarfile.open(fileobj=self.reader, mode="r:") as archive:  # type: ignore[call-overload]
            for member in archive:
                name = self.safe(member.name)
                if name is None:
                    continue
                if member.isdir():
                    self.folders.add(name)
                    continue
                if not member.isfile() or member.issparse():
                    self.link(name)
                    continue
                moment = None
                with contextlib.suppress(ValueError, OverflowError, OSError):
                    moment = datetime.fromtimestamp(member.mtime).astimezone()
                listed[name] = Entry(name, member.size, moment)
                if self.wanted(name) and member.size <= room:
                    room -= member.size
                    self._keep(name, member)
                archive.members.clear()  # type: ignore[attr-defined]

    def _keep(self, name: str, member: tarfile.TarInfo) -> None:
        start, left = self.spool.seek(0, os.SEEK_END), member.size
        self.reader.seek(member.offset_data)
        while left:
            piece = self.reader.data(min(left, 2**18))
            if not piece:
                raise EOFError("the archive ends early")
            self.spool.write(piece)
            left -= len(piece)
        self.places[name] = start, member.size

    def open(self, name: str) -> BinaryIO:
        self.entries()
        if name not in self.places:
            raise Refused(
                f"too large: past {MAX_SPOOL // 2**20} MiB in one archive",
                f"过大：一个压缩包超过 {MAX_SPOOL // 2**20} MiB",
            )
        start, size = self.places[name]
        return io.BufferedReader(_Slice(self.spool, start, size))  # type: ignore[return-value]

    def close(self) -> None:
        self.spool.close()


class _Slice(io.RawIOBase):
    """A read-only part of a file."""

    def __init__(self, file, start: int, size: int) -> None:
        self.file, self.start, self.size, self.position = file, start, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, position: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self.position, os.SEEK_END: self.size}[whence]
        self.position = max(0, base + position)
        return self.position

    def tell(self) -> int:
        return self.position

    def readinto(self, buffer) -> int:
        self.file.seek(self.start + self.position)
        data = self.file.read(max(0, min(len(buffer), self.size - self.position)))
        buffer[: len(data)] = data
        self.position += len(data)
        return len(data)


# ---------------------------------------------------------------- rar, 7z


def tools() -> dict[str, str]:
    """{name: path} of the programs installed here that read .rar and .7z, the safest first."""
    programs = {}
    for name in ("bsdtar", "unar", "7zz", "7z", "7za"):
        if path := shutil.which(name):
            programs[name] = path
    return programs


# A program cannot start on Windows without it.
SYSTEM = {name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}


def _limit(process: subprocess.Popen) -> None:
    """Limits the memory and processor time of a program that reads untrusted archives (Linux)."""
    with contextlib.suppress(ImportError, AttributeError, OSError, ValueError):
        import resource

        resource.prlimit(process.pid, resource.RLIMIT_AS, (TOOL_MEMORY, TOOL_MEMORY))
        resource.prlimit(process.pid, resource.RLIMIT_CPU, (TOOL_SECONDS, TOOL_SECONDS))


class Converted(Tar):
    """A .rar or .7z that bsdtar turns into a tar stream: nothing is written to the disk, the same limits hold."""

    def __init__(self, path: str, program: str, wanted: Callable[[str], bool]) -> None:
        self.process = subprocess.Popen(
            [program, "-cf", "-", "--format=pax", f"@{os.path.abspath(path)}"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PATH": os.defpath, "LC_ALL": "C.UTF-8"} | SYSTEM,
        )
        _limit(self.process)
        assert self.process.stdout
        super().__init__(self.process.stdout.read, wanted)

    def entries(self) -> list[Entry]:
        try:
            listed = super().entries()
        except (Refused, OSError, *DAMAGED) as error:
            self.process.kill()
            if isinstance(error, Refused):
                raise
            raise Refused(
                "the archive cannot be read (damaged, or locked with a password)",
                "压缩包无法读取（已损坏或有密码）",
            ) from None
        self.process.kill()
        self.process.wait()
        return listed

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdout
        self.process.stdout.close()
        super().close()


class Extracted(Folder):
    """A .rar or .7z that `unar` or `7z` unpacks into a temporary folder, watched while it grows."""

    def __init__(self, path: str, name: str, program: str) -> None:
        self.temporary = tempfile.TemporaryDirectory(prefix="intake-")
        super().__init__(self.temporary.name)
        path = os.path.abspath(path)
        command = {
            "unar": [
                program,
                "-quiet",
                "-force-overwrite",
                "-no-directory",
                "-password",
                "-",
                "-output-directory",
                self.temporary.name,
                path,
            ],
        }.get(name, [program, "x", "-y", "-bd", "-p-", f"-o{self.temporary.name}", path])
        try:
            self._run(command)
        except BaseException:
            self.temporary.cleanup()
            raise

    def _run(self, command: list[str]) -> None:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        _limit(process)
        seconds = 0.0
        try:
            while True:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(0.2)
                    break
                seconds += 0.2
                size = sum(
                    file.stat().st_blocks * 512
                    for file in Path(self.temporary.name).rglob("*")
                    if file.is_file()
                )
                if size > MAX_PASSED or seconds > TOOL_SECONDS:
                    raise Refused(
                        f"more than {MAX_PASSED // 2**30} GiB unpacked",
                        f"解压后超过 {MAX_PASSED // 2**30} GiB",
                    )
        finally:
            process.kill()
            process.wait()
        if process.returncode or not any(Path(self.temporary.name).iterdir()):
            raise Refused(
                "the archive cannot be read (damaged, or locked with a password)",
                "压缩包无法读取（已损坏或有密码）",
            )

    def close(self) -> None:
        self.temporary.cleanup()


# ---------------------------------------------------------------- opening

MAGIC = (
    (b"PK\3\4", "zip"),
    (b"PK\5\6", "zip"),
    (b"Rar!\x1a\x07", "rar"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ", "xz"),
)
DAMAGED = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    MemoryError,
    UnicodeError,
    KeyError,
)  # what damaged or hostile archives raise


def kind_of(head: bytes, name: str) -> str:
    """Kind of an archive, by its first bytes rather than its name: many a "hmm.zip" is a .rar."""
    for magic, kind in MAGIC:
        if head.startswith(magic):
            return kind
    if head[257:262] == b"ustar" or name.lower().endswith(".tar"):
        return "tar"
    lower = name.lower()
    return next((kind for kind in ("rar", "7z") if lower.endswith(f".{kind}")), "zip")


def reason(error: BaseException) -> Notice:
    """Why something was not read, in one line."""
    if isinstance(error, Refused):
        return error.message
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    text = " ".join(str(text).split())[:300]
    if "password" in text:
        return Notice("locked with a password", "有密码")
    return Notice(text)


def _everything(name: str) -> bool:
    return True


class _LargeZips:
    """Large zip files that are open in this process. An unused one stays open until another zip is opened."""

    def __init__(self) -> None:
        self._open: dict[tuple, tuple[Zip, BinaryIO]] = {}
        self._users: dict[int, int] = {}

    def acquire(self, path: str) -> Zip:
        about = os.stat(path)
        key = (path, about.st_mtime_ns, about.st_size)
        if key not in self._open:
            file = open_regular(Path(path))
            try:
                zip = Zip(file)
                zip.entries()
            except BaseException:
                file.close()
                raise
            self._open[key] = zip, file
        zip = self._open[key][0]
        self._users[id(zip)] = self._users.get(id(zip), 0) + 1
        self._close(keep=key)
        return zip

    def release(self, zip: Zip) -> None:
        self._users[id(zip)] -= 1

    def _close(self, keep: tuple | None = None) -> None:
        for key, (zip, file) in list(self._open.items()):
            if key != keep and not self._users.get(id(zip)):
                zip.close()
                file.close()
                self._users.pop(id(zip), None)
                del self._open[key]

    def close(self) -> None:
        self._close()


_LARGE = _LargeZips()
atexit.register(_LARGE.close)


class Opener(contextlib.ExitStack):
    """Lists and reads locations, each container opened once. Use it in a `with` statement.

    wanted(name): which files of a tar are kept while it is read (the default: all). outer: what it has open is used too.
    """

    def __init__(
        self, wanted: Callable[[str], bool] = _everything, outer: "Opener | None" = None
    ) -> None:
        super().__init__()
        self.wanted, self.outer = wanted, outer
        self._open: dict[Location, Container] = {}
        self._entries: dict[Location, list[Entry]] = {}

    def container(self, location: Location) -> Container:
        """The folder or archive at a location. Raises Refused, OSError or one of DAMAGED."""
        if self.outer and location in self.outer._open:
            return self.outer._open[location]
        if location not in self._open:
            container = None if location.inside else self._borrow(location)
            if container is None:
                container = self._container(location)
                self.callback(container.close)
            self._open[location] = container
        return self._open[location]

    def _borrow(self, location: Location) -> Container | None:
        """A large zip that this process has already opened, since its list of names is slow to read again."""
        if not zipfile.is_zipfile(location.path) or os.path.getsize(location.path) < LARGE_ZIP:
            return None
        zip = _LARGE.acquire(location.path)
        self.callback(_LARGE.release, zip)
        return zip

    def entries(self, location: Location) -> list[Entry]:
        """The files of the folder or archive at a location."""
        if location not in self._entries:
            self._entries[location] = self.container(location).entries()
        return self._entries[location]

    def _container(self, location: Location) -> Container:
        if not location.inside and Path(location.path).is_dir():
            return Folder(location.path)
        if len(location.inside) > MAX_DEPTH:
            raise Refused("archives inside archives inside archives", "压缩包嵌套过深")
        file = self._seekable(location)
        head = file.read(512)
        file.seek(0)
        kind = kind_of(head, location.name)
        if kind == "zip":
            return Zip(file)
        if kind == "tar":
            return Tar(file.read, self.wanted)
        if kind in ("gzip", "bzip2", "xz"):
            return Tar(_Unpacked(file, kind).read, self.wanted)
        return self._by_tool(location, file, kind)

    def _by_tool(self, location: Location, file: BinaryIO, kind: str) -> Container:
        installed, path = tools(), location.path
        if not installed:
            raise Refused(
                f"a .{kind} file: no program that reads it is installed here (unar, 7z or bsdtar); ask for a .zip",
                f".{kind} 文件：本机没有安装能读取它的程序（unar、7z 或 bsdtar）；请改交 .zip",
            )
        if location.inside:
            copy = self.enter_context(tempfile.NamedTemporaryFile(suffix=f".{kind}"))
            shutil.copyfileobj(file, copy)
            copy.flush()
            path = copy.name
        failure: Refused | None = None
        for name, program in installed.items():
            container: Container | None = None
            try:
                container = (
                    Converted(path, program, self.wanted)
                    if name == "bsdtar"
                    else Extracted(path, name, program)
                )
                if container.entries() or len(installed) == 1:
                    return container
                container.close()
            except Refused as error:
                failure = error
                if container:
                    container.close()
        raise failure or Refused(
            f"an empty or damaged .{kind} file; ask for a .zip",
            f"空的或损坏的 .{kind} 文件；请改交 .zip",
        )

    def _seekable(self, location: Location) -> BinaryIO:
        if not location.inside:
            return self.enter_context(open_regular(Path(location.path)))
        spool = self.enter_context(tempfile.SpooledTemporaryFile(IN_MEMORY))
        with self.open(location) as file:
            left = MAX_NESTED
            while piece := file.read(2**18):
                left -= len(piece)
                if left < 0:
                    raise Refused(
                        f"an archive of more than {MAX_NESTED // 2**30} GiB inside an archive",
                        f"压缩包内的压缩包超过 {MAX_NESTED // 2**30} GiB",
                    )
                spool.write(piece)
        spool.seek(0)
        return spool  # type: ignore[return-value]

    def open(self, location: Location) -> BinaryIO:
        """The file at a location, for reading."""
        if not location.inside:
            return open_regular(Path(location.path))
        outer = Location(location.path, location.inside[:-1])
        return self.container(outer).open(location.inside[-1])

    def read(self, location: Location, limit: int) -> bytes:
        """At most `limit` bytes of a file. Raises Refused if it has more, else as `container` does."""
        with self.open(location) as file:
            pieces, size = [], 0
            while size <= limit and (piece := file.read(min(2**20, limit + 1 - size))):
                pieces.append(piece)
                size += len(piece)
        if size > limit:
            raise Refused(f"more than {limit:,} bytes", f"超过 {limit:,} 字节")
        return b"".join(pieces)

    def members(self, location: Location) -> Iterator[tuple[Location, Entry]]:
        """(location, entry) of the files of a folder or archive."""
        on_disk = not location.inside and Path(location.path).is_dir()
        for entry in self.entries(location):
            if on_disk:
                yield Location(str(Path(location.path) / entry.name)), entry
            else:
                yield location.member(entry.name), entry


def looks_like_archive(location: Location, entry: Entry) -> bool:
    """Whether a file is to be opened as an archive."""
    return is_archive(entry.name) and entry.size <= MAX_NESTED
