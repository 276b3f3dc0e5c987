"""Fetch the full data sets from their public homes. The bundled samples need none of this.

    python data/download.py quansongci          # or waimai_10k, sst, cws, all -> data/full/quansongci
    python data/download.py --list              # which sets are there and which are missing
    python data/download.py --verify            # check the files that are there

manifest.json names every file with its size and SHA-256. An interrupted download continues where it stopped.
"""

import contextlib
import datetime
import errno
import hashlib
import json
import os
import re
import shutil
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote, urlsplit

from cli import Parser, UserError, command, number, positive, replace_file, run

try:
    import requests
    from tqdm import tqdm
    from urllib3.exceptions import HTTPError, NameResolutionError, ProtocolError
except ImportError as missing:
    sys.exit(
        f"download.py: error: {missing.name} is not installed: activate the course's environment, or run "
        "python -m pip install requests tqdm"
    )

HERE = Path(__file__).resolve().parent
Entry = dict[str, Any]  # a file of manifest.json: path, size, sha256
Receipts = dict[
    str, dict[str, Any]
]  # {path: {size, sha256, url, date, archive}} of what was fetched
MANIFEST: dict[str, dict[str, Any]] = json.loads((HERE / "manifest.json").read_text("utf-8"))
RECEIPT = "downloaded.json"  # in the set's folder: where each file came from
BLOCK = 1 << 16  # bytes
WAIT = 1.0  # seconds before the first retry, then twice as long
MOST_ATTEMPTS = 50  # at one address, however far each attempt gets
LARGEST_MEMBER = 1 << 28  # bytes a file in an archive may unpack to
GOOD = ("verified", "archive", "recorded")


class GiveUp(Exception):
    """Trying this address again will not help."""


class Damaged(Exception):
    """The received bytes are not the listed file; trying again may help."""


def get_parser() -> Parser:
    parser = Parser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(MANIFEST)} or all")
    parser.add_argument(
        "--data_root",
        type=Path,
        default=HERE / "full",
        help="folder of the full sets; each has its own folder in it",
    )
    parser.add_argument(
        "--list", action="store_true", help="show which sets are there and which are missing"
    )
    parser.add_argument(
        "--verify",
        action="store_true",
        help="check sizes and SHA-256 of the files that are there; fetch nothing",
    )
    parser.add_argument(
        "--mirror",
        help="source to ask first: a name of manifest.json (github, jsdelivr, ...) or the "
        "address (http...) of a folder with the files",
    )
    parser.add_argument(
        "--timeout",
        type=positive,
        default=30,
        metavar="S",
        help="seconds without a byte that end a connection",
    )
    parser.add_argument(
        "--retries",
        type=number(0, kind=int),
        default=4,
        metavar="N",
        help="attempts after a failure at one address; the count starts again whenever bytes arrive",
    )
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    return parser


# --------------------------------------------------------------------------------------------------- what is there


def sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def read_receipt(folder: Path) -> Receipts:
    """{path: {size, sha256, url, date, archive}} of what was fetched into `folder`."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        return dict(json.loads((folder / RECEIPT).read_text(encoding="utf-8"))["files"])
    return {}


def write_receipt(folder: Path, files: Receipts) -> None:
    text = (
        json.dumps(
            {"about": "written by data/download.py", "files": files}, indent=1, ensure_ascii=False
        )
        + "\n"
    )
    partial_path = folder / (RECEIPT + ".part")
    partial_path.write_text(text, encoding="utf-8", newline="\n")
    replace_file(partial_path, folder / RECEIPT)


def state(folder: Path, entry: Entry, receipt: Receipts) -> str:
    """verified: the SHA-256 of manifest.json. archive: came from the archive with the listed SHA-256, unchanged.
    recorded: unchanged since the first download, with no listed hash to verify it. Otherwise missing, damaged or new."""
    path = folder / entry["path"]
    if not path.is_file():
        return "missing"
    digest, record = sha256(path), receipt.get(entry["path"])
    if digest == entry["sha256"]:
        return "verified"
    if record:
        return (
            "damaged"
            if digest != record.get("sha256")
            else "archive"
            if record.get("archive")
            else "recorded"
        )
    return "damaged" if entry["sha256"] else "new"


def states(folder: Path, name: str) -> dict[str, str]:
    """{path: state} of a set's files. Files without a known hash that were put there by hand are recorded now."""
    receipt = read_receipt(folder)
    state_by_path = {
        entry["path"]: state(folder, entry, receipt) for entry in MANIFEST[name]["files"]
    }
    new = [path for path, status in state_by_path.items() if status == "new"]
    if new:
        for path in new:
            receipt[path] = {
                "size": (folder / path).stat().st_size,
                "sha256": sha256(folder / path),
                "url": "by hand",
                "date": today(),
                "archive": False,
            }
            state_by_path[path] = "recorded"
        with contextlib.suppress(OSError):  # a folder that may only be read
            write_receipt(folder, receipt)
    return state_by_path


def today() -> str:
    return datetime.date.today().isoformat()


def by_hand(name: str, folder: Path) -> str:
    """How to get the files without this script, in a sentence."""
    data_set = MANIFEST[name]
    paths = (
        [data_set["archive"]["path"]]
        if "archive" in data_set
        else [entry["path"] for entry in data_set["files"]]
    )
    files = paths[0] if len(paths) == 1 else f"{len(paths)} files ({paths[0]} ... {paths[-1]})"
    return (
        f"By hand: get {files} from {data_set['home']} , put into {folder} and run this command again. "
        f"The bundled sample works without it: data/{name} ({data_set['sample']})"
    )


def sentence(name: str, state_by_path: dict[str, str]) -> str:
    """How the files of a complete set were verified, in words."""
    count = {status: sum(value == status for value in state_by_path.values()) for status in GOOD}
    words = [f"{count['verified']} of {len(state_by_path)} with the SHA-256 of manifest.json"]
    if count["archive"]:
        words.append(f"{count['archive']} came from the archive with the listed SHA-256")
    if count["recorded"]:
        paths = ", ".join(path for path, status in state_by_path.items() if status == "recorded")
        words.append(
            f"{paths} is unchanged since the first download (not verified: no hash is known)"
        )
    return f"{name}: {'; '.join(words)}"


def show_list(root: Path) -> None:
    rows = [("set", "full set", "MB", "for", "works without it")]
    for name, data_set in MANIFEST.items():
        state_by_path, folder = states(root / name, name), root / name
        complete = sum(status in GOOD for status in state_by_path.values())
        bad = sum(status == "damaged" for status in state_by_path.values())
        status = (
            "there"
            if complete == len(state_by_path)
            else f"{complete} of {len(state_by_path)} files"
            if complete or bad
            else "missing"
        )
        size = sum(
            (folder / path).stat().st_size for path in state_by_path if (folder / path).is_file()
        )
        planned = (
            data_set["archive"]["size"]
            if "archive" in data_set
            else sum(entry["size"] for entry in data_set["files"])
        )
        sample = f"data/{name}: {data_set['sample']}" if (HERE / name).is_dir() else "-"
        rows.append(
            (
                name,
                status + f", {bad} damaged" * bool(bad),
                f"{(size if complete else planned) / 1e6:.1f}",
                data_set["homework"],
                sample,
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    for row in rows:
        print(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        )
    print(
        f"Full sets are searched for in {root}; {command('download.py')} NAME fetches one. Every homework runs on its "
        "sample."
    )


def verify(root: Path, names: list[str], required: bool) -> None:
    """Print the state of the sets; raise UserError if something is wrong (or missing, if the user named the set)."""
    problems = []
    for name in names:
        folder = root / name
        state_by_path = states(folder, name)
        bad = [
            f"{path} {status}"
            for path, status in state_by_path.items()
            if status == "damaged" or status == "missing"
        ]
        if all(status == "missing" for status in state_by_path.values()) and not required:
            print(f"{name}: not there ({command('download.py', name)})")
        elif bad:
            problems += [f"{name}/{line}" for line in bad]
            print(f"{name}: " + ", ".join(bad))
        else:
            print(sentence(name, state_by_path))
    if problems:
        repair = command("download.py", problems[0].split("/")[0])
        if len(problems) == 1:
            raise UserError(f"{problems[0]}; {repair} fetches the affected files")
        raise UserError(
            f"{problems[0]} and {len(problems) - 1} more; {repair} fetches the affected files"
        )


# ------------------------------------------------------------------------------------------------- one file, over HTTP


def size_of(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def address(source: str, path: str) -> str:
    return quote(source.rstrip("/") + "/" + path, safe="/:@%?=&,+")


def proxy_of(url: str) -> tuple[str, str] | None:
    """(proxy without user and password, where it is set) for an address, or None."""
    proxies = requests.utils.get_environ_proxies(url)
    proxy = requests.utils.select_proxy(url, proxies)
    if not proxy:
        return None
    names = (f"{urlsplit(url).scheme}_proxy", "all_proxy")
    names += tuple(name.upper() for name in names)
    variables = (name for name in names if os.environ.get(name) == proxy)
    return re.sub(r"//[^@/]*@", "//", proxy), next(variables, "the system's settings")


def opened(url: str, start: int, timeout: float) -> requests.Response:
    """The server's answer to a request for the bytes from `start` on.

    Raises GiveUp, Damaged, OSError (another attempt may help) or UserError (a library is missing).
    """
    headers = {"User-Agent": "course-download/1", "Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    try:
        answer = requests.get(url, headers=headers, stream=True, timeout=timeout)
    except requests.exceptions.ProxyError as error:
        proxy, variable = proxy_of(url) or ("?", "the system's settings")
        raise GiveUp(
            f"the proxy {proxy} (from {variable}) does not work ({root_cause(error)}): correct or unset {variable}"
        ) from None
    except requests.exceptions.InvalidSchema as error:
        proxy = proxy_of(url)
        if proxy and "SOCKS" in str(error):
            raise UserError(
                f"the proxy {proxy[0]} (from {proxy[1]}) is a SOCKS proxy, which needs one more library; run: "
                "python -m pip install PySocks"
            ) from None
        raise GiveUp(str(error)) from None
    except requests.exceptions.SSLError as error:
        raise GiveUp(
            f"its certificate cannot be verified ({root_cause(error)}). Behind a proxy that has its own certificate, "
            "name its file in REQUESTS_CA_BUNDLE"
        ) from None
    except requests.exceptions.ConnectionError as error:
        cause = error.args[0] if error.args else error
        if isinstance(getattr(cause, "reason", None), NameResolutionError):
            raise GiveUp("its name cannot be resolved") from None
        raise OSError(root_cause(error)) from None
    except requests.exceptions.Timeout:
        raise TimeoutError from None
    except requests.exceptions.RequestException as error:  # too many redirects, a bad address
        raise GiveUp(root_cause(error)) from None
    if answer.status_code < 400:
        return answer
    answer.close()
    if answer.status_code == 416:
        raise Damaged("the partial download does not match this file")
    if answer.status_code == 407:
        proxy, variable = proxy_of(url) or ("?", "the system's settings")
        raise GiveUp(f"the proxy {proxy} (from {variable}) asks for a user name and a password")
    if answer.status_code in (408, 425, 429) or answer.status_code >= 500:
        raise OSError(f"HTTP {answer.status_code}")
    raise GiveUp(f"HTTP {answer.status_code}")


def root_cause(error: BaseException) -> str:
    """The innermost message of an error that wraps others, in a few words: "Connection refused"."""
    while True:
        inner = getattr(error, "reason", None)
        if not isinstance(inner, BaseException):
            inner = next((part for part in error.args if isinstance(part, BaseException)), None)
        if inner is None:
            break
        error = inner
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(re.sub(r"^.*?(\[Errno -?\d+\] )", "", text).split())[:120]


def receive(url: str, entry: Entry, part: Path, bar: tqdm, timeout: float) -> None:
    """Append what is missing to `part`. Returns when the server has sent all that it announced."""
    start = size_of(part)
    with opened(url, start, timeout) as answer:
        length = answer.headers.get("Content-Length")
        rest = int(length) if length and length.isdecimal() else None
        span = re.match(r"bytes (\d+)-", answer.headers.get("Content-Range") or "")
        resumed = answer.status_code == 206 and span and int(span[1]) == start
        if start and not resumed:  # the whole file comes, from its first byte
            if answer.status_code == 206:
                raise Damaged("the server sent another range than requested")
            with written(part, "wb"):
                pass
            bar.update(-start)
            start = 0
        if entry["size"] and rest is not None and start + rest != entry["size"]:
            raise GiveUp(f"another file of {start + rest:,} bytes, expected {entry['size']:,}")
        got, broken = start, False
        with written(part, "ab") as write:
            try:
                while block := answer.raw.read1(BLOCK, decode_content=False):
                    write(block)
                    got += len(block)
                    bar.update(len(block))
                    if entry["size"] and got > entry["size"]:
                        raise Damaged(f"more than the expected {entry['size']:,} bytes")
            except ProtocolError:  # the connection ended before the announced end
                broken = True
        if broken or got < max(entry["size"] or 0, start + (rest or 0)):
            raise OSError(f"cut off after {got:,} bytes")


@contextlib.contextmanager
def written(path: Path, mode: str) -> Iterator[Callable[[bytes], None]]:
    """A function that writes bytes to `path`; a full disk raises UserError and keeps the bytes written so far."""

    def write(block: bytes) -> None:
        view = memoryview(block)
        while view:
            try:
                view = view[file.write(view) :]
            except OSError as error:
                raise disk_error(path, error) from None

    try:
        file: IO[bytes] = open(path, mode, buffering=0)
    except OSError as error:
        raise disk_error(path, error) from None
    with file:
        yield write


def disk_error(path: Path, error: OSError) -> UserError:
    if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
        return UserError(
            f"no room left on the disk of {path.parent}; make room and run this again: it continues from the "
            "partial download"
        )
    return UserError(f"cannot write {path}: {error.strerror or error}")


def fetch(
    entry: Entry,
    target: Path,
    sources: list[str],
    bar: tqdm,
    timeout: float,
    retries: int,
    loose: bool = False,
) -> tuple[str, str]:
    """Get one file, checked, as `target`; the source that worked moves to the front. Returns (address, SHA-256).

    loose: another file than the listed one is taken if it comes twice the same (archives whose members are checked).
    Raises UserError when no source has it.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    failed: list[str] = []
    wrong_digests: set[str] = set()
    for source in list(sources):
        url, failures, attempts = address(source, entry["path"]), 0, 0
        while True:
            before = size_of(part)
            try:
                attempts += 1
                if (
                    not before or before != entry["size"]
                ):  # else: killed between the last byte and the check
                    receive(url, entry, part, bar, timeout)
                digest = checked(part, entry, wrong_digests, loose)
                replace_file(part, target)
                sources.remove(source)
                sources.insert(0, source)
                return url, digest
            except GiveUp as error:
                problem = str(error)
                break
            except Damaged as error:
                problem = str(error)
                bar.update(-size_of(part))
                part.unlink(missing_ok=True)
                failures += before == 0  # a damaged partial download is not the server's fault
            except (OSError, HTTPError) as error:
                late = isinstance(error, TimeoutError) or "timed out" in str(error)
                problem = "no byte arrived in time" if late else root_cause(error)
                failures = 0 if size_of(part) > before else failures + 1
            if failures > retries or attempts >= MOST_ATTEMPTS:
                break
            time.sleep(min(30.0, WAIT * 2 ** max(0, failures - 1)))
        failed.append(f"{urlsplit(url).netloc}: {problem}")
    raise UserError(f"cannot get {entry['path']}. Is there a network? ({'; '.join(failed)})")


def checked(part: Path, entry: Entry, wrong_digests: set[str], loose: bool) -> str:
    """SHA-256 of a complete part. Raises Damaged, or GiveUp if the same wrong file was received twice."""
    digest = sha256(part)
    if entry["sha256"] is None or digest == entry["sha256"]:
        return digest
    if digest in wrong_digests:
        if loose and zipfile.is_zipfile(part):
            return digest
        part.unlink()
        raise GiveUp(f"another file (SHA-256 {digest[:12]}...)")
    wrong_digests.add(digest)
    raise Damaged(f"damaged on the way (SHA-256 {digest[:12]}...)")


# ---------------------------------------------------------------------------------------------------------- one set


def unpack(archive: Path, folder: Path, entries: list[Entry], trusted: bool, url: str) -> Receipts:
    """Write the wanted members of a zip file to the paths of the manifest; other names in it are never used.

    trusted: the archive has the listed SHA-256, so its members are correct. Returns receipts {path: ...}.
    """
    receipts: Receipts = {}
    try:
        with zipfile.ZipFile(archive) as file:
            for entry in entries:
                target = folder / entry["path"]
                target.parent.mkdir(parents=True, exist_ok=True)
                part = target.with_name(target.name + ".part")
                digest, size = hashlib.sha256(), 0
                with file.open(entry["member"]) as member, written(part, "wb") as write:
                    while block := member.read(1 << 20):
                        write(block)
                        digest.update(block)
                        size += len(block)
                        if size > LARGEST_MEMBER:
                            raise zipfile.BadZipFile(
                                f"{entry['member']} unpacks to more than {LARGEST_MEMBER:,} bytes"
                            )
                if entry["sha256"] and digest.hexdigest() != entry["sha256"] and not trusted:
                    part.unlink()
                    raise zipfile.BadZipFile(f"{entry['member']} is not the listed file")
                replace_file(part, target)
                receipts[entry["path"]] = {
                    "size": size,
                    "sha256": digest.hexdigest(),
                    "url": url,
                    "date": today(),
                    "archive": trusted,
                }
    except (zipfile.BadZipFile, KeyError, RuntimeError, EOFError, NotImplementedError) as error:
        raise UserError(
            f"{archive} cannot be used ({str(error).strip(chr(39))}); delete it and run this again"
        ) from None
    return receipts


def download(
    name: str,
    data_root: Path,
    mirror: str | None = None,
    timeout: float = 30,
    retries: int = 4,
    quiet: bool = False,
) -> bool:
    """Fetch one set to data_root / name. Returns True if anything had to be fetched."""
    data_set, folder = MANIFEST[name], data_root / name
    if folder.resolve() == (HERE / name).resolve():
        raise UserError(
            f"{folder} holds the bundled sample; give another --data_root, such as {HERE / 'full'}"
        )
    state_by_path = states(folder, name)
    if all(status in GOOD for status in state_by_path.values()):
        print(f"{sentence(name, state_by_path)}; nothing to do, they are in {folder}")
        return False
    for path, status in state_by_path.items():
        if status == "damaged":
            print(f"{folder / path} is not the listed file: it is fetched again")
    wanted = [entry for entry in data_set["files"] if state_by_path[entry["path"]] not in GOOD]
    archive = data_set.get("archive")
    files = [archive] if archive else wanted
    print(
        f"{name}: {data_set['what']}\nfrom   {data_set['home']}\nto     {folder}\nterms  {data_set['licence']}"
    )
    room(folder, files + (wanted if archive else []))
    sources, receipt = sources_of(data_set, mirror), read_receipt(folder)
    partial = [size_of(folder / (entry["path"] + ".part")) for entry in files]
    bar = tqdm(
        total=sum(entry["size"] or 0 for entry in files),
        initial=sum(partial),
        unit="B",
        unit_scale=True,
        desc=name,
        disable=quiet,
    )
    try:
        with bar:
            for entry in files:
                bar.set_postfix_str(entry["path"], refresh=False)
                target = folder / entry["path"]
                if archive and target.is_file():  # put there by hand, or by an earlier attempt
                    url, digest = "by hand", sha256(target)
                else:
                    url, digest = fetch(
                        entry, target, sources, bar, timeout, retries, loose=bool(archive)
                    )
                if archive:
                    trusted = digest == archive["sha256"]
                    if not trusted:
                        print(
                            f"{archive['path']} is not the archive that manifest.json lists; its members are checked "
                            "where their hashes are known",
                            file=sys.stderr,
                        )
                    receipt.update(unpack(target, folder, wanted, trusted, url))
                    target.unlink()
                else:
                    receipt[entry["path"]] = {
                        "size": target.stat().st_size,
                        "sha256": digest,
                        "url": url,
                        "date": today(),
                        "archive": False,
                    }
                write_receipt(folder, receipt)
    except UserError as error:
        raise UserError(
            f"{error}. {by_hand(name, folder)}" if "cannot get" in str(error) else str(error)
        ) from None
    except KeyboardInterrupt:
        left = sum(size_of(folder / (entry["path"] + ".part")) for entry in files)
        raise KeyboardInterrupt(
            f"Complete files and {left:,} bytes of the next one are kept; the same command continues."
        ) from None
    state_by_path = states(folder, name)
    print(f"{sentence(name, state_by_path)}; they are in {folder}")
    for entry in wanted:
        if state_by_path[entry["path"]] == "archive" and entry["sha256"]:
            print(
                f"{entry['path']} is the official file, not byte for byte the copy that manifest.json lists"
            )
    print("next: " + command(data_set["next"], "--data_root", shown(folder)))
    return True


def shown(folder: Path) -> str:
    """The folder relative to the repository's root, where the scripts search too, if it is inside."""
    with contextlib.suppress(ValueError):
        return folder.resolve().relative_to(HERE.parent).as_posix()
    return str(folder)


def room(folder: Path, files: list[Entry]) -> None:
    """Raises UserError when the disk has no room for `files`."""
    needed = sum(
        (entry["size"] or 0) - size_of(folder / (entry["path"] + ".part")) for entry in files
    )
    ancestor = next(
        ancestor
        for ancestor in (folder.absolute(), *folder.absolute().parents)
        if ancestor.exists()
    )
    free = shutil.disk_usage(ancestor).free
    if free < needed:
        raise UserError(
            f"{needed / 1e6:,.1f} MB are needed in {folder}, its disk has {free / 1e6:,.1f} MB free; make "
            "room or give another --data_root"
        )


def sources_of(data_set: dict[str, Any], mirror: str | None) -> list[str]:
    """Addresses of folders with the set's files, the first to try in front."""
    sources = list(data_set["mirrors"].values())
    if mirror is None:
        return sources
    if mirror.startswith(("http://", "https://")):
        return [mirror, *sources]
    names = sorted({key for entry in MANIFEST.values() for key in entry["mirrors"]})
    if mirror not in names:
        raise UserError(
            f"no mirror {mirror}; known: {', '.join(names)}, or an address that begins with http"
        )
    first = data_set["mirrors"].get(mirror)
    return sorted(sources, key=lambda source: source != first)


def main(argv: list[str] | None = None) -> None:
    args = get_parser().parse_args(argv)
    data_root = args.data_root.expanduser().absolute()
    unknown = [name for name in args.names if name not in (*MANIFEST, "all")]
    if unknown:
        raise UserError(f"no data set {unknown[0]}; choose from: {', '.join(MANIFEST)}, all")
    names = (
        list(MANIFEST) if not args.names or "all" in args.names else list(dict.fromkeys(args.names))
    )
    if args.list:
        show_list(data_root)
    elif args.verify:
        verify(data_root, names, required=bool(args.names))
    elif not args.names:
        raise UserError(
            f"which data set? {command('download.py')} NAME, with one of {', '.join(MANIFEST)} or all; --list shows "
            "what is there"
        )
    else:
        for name in names:
            download(name, data_root, args.mirror, args.timeout, args.retries, args.quiet)


if __name__ == "__main__":
    run(main)
