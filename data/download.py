"""Fetch the full data sets from their public homes. The bundled samples need none of this.

    python data/download.py quansongci          # or waimai_10k, sst, cws, all -> data/full/quansongci
    python data/download.py --list              # what is there, what is missing, what works without it
    python data/download.py --verify            # check the files that are there

manifest.json names every file with its size and SHA-256. A killed or cut download goes on where it stopped.
"""

import argparse
import contextlib
import datetime
import difflib
import errno
import hashlib
import http.client
import json
import os
import re
import shutil
import socket
import ssl
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from pathlib import Path

from tqdm import tqdm

HERE = Path(__file__).resolve().parent
MANIFEST = json.loads((HERE / "manifest.json").read_text(encoding="utf-8"))
RECEIPT = "downloaded.json"  # beside the files: where each came from
BLOCK = 1 << 16  # bytes
WAIT = 1.0  # seconds before the first retry, then twice as long
MOST_ATTEMPTS = 50  # at one address, however far each attempt gets
LARGEST_MEMBER = 1 << 28  # bytes a file in an archive may unpack to
GOOD = ("verified", "archive", "recorded")


class UserError(Exception):
    """One line for the user that names the way out; exit code 2."""


class GiveUp(Exception):
    """This address will not do better when asked again."""


class Damaged(Exception):
    """What came is not the file; asking again may help."""


class Parser(argparse.ArgumentParser):
    """argparse, except: --long_flag works with one dash too, an unknown flag names the nearest, an error is one line."""

    def parse_args(self, args=None, namespace=None):
        known = [flag for flag in self._option_string_actions if flag.startswith("--")]
        argv = []
        for word in sys.argv[1:] if args is None else list(map(str, args)):
            argv.append("-" + word if "-" + word.split("=")[0] in known else word)
        values, unknown = self.parse_known_args(argv, namespace)
        if unknown:
            near = difflib.get_close_matches(
                "--" + unknown[0].split("=")[0].lstrip("-"), known, n=1
            )
            self.error(
                f"unknown argument {unknown[0]}; "
                + (f"did you mean {near[0]}?" if near else "--help lists them")
            )
        return values

    def error(self, message):
        raise UserError(message)


def get_parser():
    parser = Parser(description=__doc__.splitlines()[0], allow_abbrev=False)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(MANIFEST)} or all")
    parser.add_argument(
        "--data_root",
        type=Path,
        default=HERE / "full",
        help="folder of the full sets; each has its own folder in it (default: data/full)",
    )
    parser.add_argument(
        "--list", action="store_true", help="what is there, what is missing, what works without it"
    )
    parser.add_argument(
        "--verify",
        action="store_true",
        help="check sizes and SHA-256 of what is there; fetches nothing",
    )
    parser.add_argument(
        "--mirror",
        help="source to ask first: a name of manifest.json (github, jsdelivr, ...) or the "
        "address (http...) of a folder with the files",
    )
    parser.add_argument(
        "--timeout",
        type=float,
        default=30,
        metavar="S",
        help="seconds without a byte that end a connection (default 30)",
    )
    parser.add_argument(
        "--retries",
        type=int,
        default=4,
        metavar="N",
        help="tries after a failure at one address, counted anew whenever bytes came (default 4)",
    )
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    return parser


# --------------------------------------------------------------------------------------------------- what is there


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def read_receipt(folder):
    """{path: {size, sha256, url, date, archive}} of what was fetched into `folder`."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        return dict(json.loads((folder / RECEIPT).read_text(encoding="utf-8"))["files"])
    return {}


def write_receipt(folder, files):
    text = (
        json.dumps(
            {"about": "written by data/download.py", "files": files}, indent=1, ensure_ascii=False
        )
        + "\n"
    )
    temporary = folder / (RECEIPT + ".part")
    temporary.write_text(text, encoding="utf-8", newline="\n")
    os.replace(temporary, folder / RECEIPT)


def state(folder, entry, receipt):
    """verified: the SHA-256 of manifest.json. archive: came from the archive with the listed SHA-256, unchanged.
    recorded: as it first came, nothing to verify it by. Else missing, damaged, or new (not seen before)."""
    path = folder / entry["path"]
    if not path.is_file():
        return "missing"
    got, known = sha256(path), receipt.get(entry["path"])
    if got == entry["sha256"]:
        return "verified"
    if known:
        return (
            "damaged"
            if got != known.get("sha256")
            else "archive"
            if known.get("archive")
            else "recorded"
        )
    return "damaged" if entry["sha256"] else "new"


def states(folder, name):
    """{path: state} of a set's files. Files without a known hash that were put there by hand are recorded now."""
    receipt = read_receipt(folder)
    found = {entry["path"]: state(folder, entry, receipt) for entry in MANIFEST[name]["files"]}
    new = [path for path, how in found.items() if how == "new"]
    if new:
        for path in new:
            receipt[path] = {
                "size": (folder / path).stat().st_size,
                "sha256": sha256(folder / path),
                "url": "by hand",
                "date": today(),
                "archive": False,
            }
            found[path] = "recorded"
        with contextlib.suppress(OSError):  # a folder that may only be read
            write_receipt(folder, receipt)
    return found


def today():
    return datetime.date.today().isoformat()


def by_hand(name, folder):
    """The sentence that says how to do without this script."""
    about = MANIFEST[name]
    paths = (
        [about["archive"]["path"]]
        if "archive" in about
        else [entry["path"] for entry in about["files"]]
    )
    what = paths[0] if len(paths) == 1 else f"{len(paths)} files ({paths[0]} ... {paths[-1]})"
    return (
        f"By hand: get {what} from {about['home']} , put into {folder} and run this command again. "
        f"The bundled sample works without it: data/{name} ({about['sample']})"
    )


def sentence(name, found):
    """How well the files of a complete set are known, in words."""
    count = {how: sum(value == how for value in found.values()) for how in GOOD}
    words = [f"{count['verified']} of {len(found)} with the SHA-256 of manifest.json"]
    if count["archive"]:
        words.append(f"{count['archive']} came from the archive with the listed SHA-256")
    if count["recorded"]:
        paths = ", ".join(path for path, how in found.items() if how == "recorded")
        words.append(f"{paths} is as it first came (not verified: no hash is known)")
    return f"{name}: {'; '.join(words)}"


def show_list(root):
    rows = [("set", "full set", "MB", "for", "works without it")]
    for name, about in MANIFEST.items():
        found, folder = states(root / name, name), root / name
        there = sum(how in GOOD for how in found.values())
        bad = sum(how == "damaged" for how in found.values())
        status = (
            "there"
            if there == len(found)
            else f"{there} of {len(found)} files"
            if there or bad
            else "missing"
        )
        size = sum((folder / path).stat().st_size for path in found if (folder / path).is_file())
        planned = (
            about["archive"]["size"]
            if "archive" in about
            else sum(entry["size"] for entry in about["files"])
        )
        sample = f"data/{name}: {about['sample']}" if (HERE / name).is_dir() else "-"
        rows.append(
            (
                name,
                status + f", {bad} damaged" * bool(bad),
                f"{(size if there else planned) / 1e6:.1f}",
                about["homework"],
                sample,
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    for row in rows:
        print(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        )
    print(
        f"full sets are looked for in {root}; python data/download.py NAME fetches one. Every homework runs on its "
        "sample."
    )


def verify(root, names, asked):
    """Print the state of the sets; raise UserError if something is wrong (or missing, when it was asked for)."""
    wrong = []
    for name in names:
        folder = root / name
        found = states(folder, name)
        bad = [
            f"{path} {how}" for path, how in found.items() if how == "damaged" or how == "missing"
        ]
        if all(how == "missing" for how in found.values()) and not asked:
            print(f"{name}: not there (python data/download.py {name})")
        elif bad:
            wrong += [f"{name}/{line}" for line in bad]
            print(f"{name}: " + ", ".join(bad))
        else:
            print(sentence(name, found))
    if wrong:
        more = f" and {len(wrong) - 1} more" if len(wrong) > 1 else ""
        raise UserError(
            f"{wrong[0]}{more}; python data/download.py {wrong[0].split('/')[0]} fetches what is wrong"
        )


# ------------------------------------------------------------------------------------------------- one file, over HTTP


def size_of(path):
    return path.stat().st_size if path.is_file() else 0


def address(source, path):
    return urllib.parse.quote(source.rstrip("/") + "/" + path, safe="/:@%?=&,+")


def opened(url, start, timeout):
    """The server's answer to a request for the bytes from `start` on."""
    headers = {"User-Agent": "course-download/1", "Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    try:
        return urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=timeout)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 416:
            raise Damaged("the kept part is no beginning of this file") from None
        if error.code in (408, 425, 429) or error.code >= 500:
            raise OSError(f"HTTP {error.code}") from None
        raise GiveUp(f"HTTP {error.code}") from None
    except urllib.error.URLError as error:
        if isinstance(error.reason, ssl.SSLCertVerificationError):
            raise GiveUp(
                "its certificate cannot be checked (on macOS run 'Install Certificates.command' in Python's "
                "folder)"
            ) from None
        if isinstance(error.reason, socket.gaierror):
            raise GiveUp("its name is not found") from None
        raise OSError(str(error.reason)) from None


def receive(url, entry, part, bar, timeout):
    """Append what is missing to `part`. Returns when the server has sent all that it announced."""
    start = size_of(part)
    with opened(url, start, timeout) as answer:
        length = answer.headers.get("Content-Length")
        rest = int(length) if length and length.isdecimal() else None
        span = re.match(r"bytes (\d+)-", answer.headers.get("Content-Range") or "")
        resumed = answer.status == 206 and span and int(span[1]) == start
        if start and not resumed:  # the whole file comes, from its first byte
            if answer.status == 206:
                raise Damaged("another range came than was asked for")
            with written(part, "wb"):
                pass
            bar.update(-start)
            start = 0
        if entry["size"] and rest is not None and start + rest != entry["size"]:
            raise GiveUp(f"another file of {start + rest:,} bytes, expected {entry['size']:,}")
        got = start
        with written(part, "ab") as write:
            while block := answer.read1(BLOCK):
                write(block)
                got += len(block)
                bar.update(len(block))
                if entry["size"] and got > entry["size"]:
                    raise Damaged(f"more than the expected {entry['size']:,} bytes")
        if rest is not None and got < start + rest or entry["size"] and got < entry["size"]:
            raise OSError(f"cut off after {got:,} bytes")


@contextlib.contextmanager
def written(path, mode):
    """A function that writes bytes to `path`; a full disk becomes a UserError and leaves what is there."""

    def write(block):
        view = memoryview(block)
        while view:
            try:
                view = view[file.write(view) :]
            except OSError as error:
                raise disk_error(path, error) from None

    try:
        file = open(path, mode, buffering=0)
    except OSError as error:
        raise disk_error(path, error) from None
    with file:
        yield write


def disk_error(path, error):
    if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
        return UserError(
            f"no room left on the disk of {path.parent}; make room and run this again: it goes on from the "
            "part that is kept"
        )
    return UserError(f"cannot write {path}: {error.strerror or error}")


def fetch(entry, target, sources, bar, args, loose=False):
    """Get one file, checked, as `target`; the source that worked moves to the front. Returns (address, SHA-256).

    loose: another file than the listed one is taken if it comes twice the same (archives whose members are checked).
    Raises UserError when no source has it.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    failed, wrong = [], set()
    for source in list(sources):
        url, failures, attempts = address(source, entry["path"]), 0, 0
        while True:
            before = size_of(part)
            try:
                attempts += 1
                if (
                    not before or before != entry["size"]
                ):  # else: killed between the last byte and the check
                    receive(url, entry, part, bar, args.timeout)
                digest = checked(part, entry, wrong, loose)
                os.replace(part, target)
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
                failures += before == 0  # a fault in what was kept is no fault of the server
            except (OSError, http.client.HTTPException) as error:
                problem = (
                    "no byte came in time"
                    if isinstance(error, TimeoutError)
                    else str(error) or type(error).__name__
                )
                failures = 0 if size_of(part) > before else failures + 1
            if failures > args.retries or attempts >= MOST_ATTEMPTS:
                break
            time.sleep(min(30.0, WAIT * 2 ** max(0, failures - 1)))
        failed.append(f"{urllib.parse.urlsplit(url).netloc}: {problem}")
    raise UserError(f"cannot get {entry['path']}; is there a network? ({'; '.join(failed)})")


def checked(part, entry, wrong, loose):
    """SHA-256 of a complete part. Raises Damaged, or GiveUp when the same wrong file came twice."""
    digest = sha256(part)
    if entry["sha256"] is None or digest == entry["sha256"]:
        return digest
    if digest in wrong:
        if loose and zipfile.is_zipfile(part):
            return digest
        part.unlink()
        raise GiveUp(f"another file (SHA-256 {digest[:12]}...)")
    wrong.add(digest)
    raise Damaged(f"damaged on the way (SHA-256 {digest[:12]}...)")


# ---------------------------------------------------------------------------------------------------------- one set


def unpack(archive, folder, entries, trusted, url):
    """Write the wanted members of a zip file to their own places; other names in it are never used.

    trusted: the archive has the listed SHA-256, so its members are right. Returns receipts {path: ...}.
    """
    receipts = {}
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
                    raise zipfile.BadZipFile(
                        f"{entry['member']} is another file than the listed one"
                    )
                os.replace(part, target)
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


def download(name, args):
    """Bring one set to args.data_root / name. Returns True if anything had to be fetched."""
    about, folder = MANIFEST[name], args.data_root / name
    if folder.resolve() == (HERE / name).resolve():
        raise UserError(
            f"{folder} holds the bundled sample; give another --data_root, such as {HERE / 'full'}"
        )
    found = states(folder, name)
    if all(how in GOOD for how in found.values()):
        print(f"{sentence(name, found)}; nothing to do, they are in {folder}")
        return False
    for path, how in found.items():
        if how == "damaged":
            print(f"{folder / path} is not the listed file: it is fetched again")
    wanted = [entry for entry in about["files"] if found[entry["path"]] not in GOOD]
    archive = about.get("archive")
    files = [archive] if archive else wanted
    print(
        f"{name}: {about['what']}\nfrom   {about['home']}\nto     {folder}\nterms  {about['licence']}"
    )
    room(folder, files + (wanted if archive else []))
    sources, receipt = sources_of(about, args.mirror), read_receipt(folder)
    kept = [size_of(folder / (entry["path"] + ".part")) for entry in files]
    bar = tqdm(
        total=sum(entry["size"] or 0 for entry in files),
        initial=sum(kept),
        unit="B",
        unit_scale=True,
        desc=name,
        disable=args.quiet,
    )
    try:
        with bar:
            for entry in files:
                bar.set_postfix_str(entry["path"], refresh=False)
                target = folder / entry["path"]
                if archive and target.is_file():  # put there by hand, or kept by an earlier try
                    url, digest = "by hand", sha256(target)
                else:
                    url, digest = fetch(entry, target, sources, bar, args, loose=bool(archive))
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
            f"The files that came and {left:,} bytes of the next are kept; the same command goes "
            "on."
        ) from None
    found = states(folder, name)
    print(f"{sentence(name, found)}; they are in {folder}")
    for entry in wanted:
        if found[entry["path"]] == "archive" and entry["sha256"]:
            print(
                f"{entry['path']} is the official file, not byte for byte the copy that manifest.json lists"
            )
    print("next: " + about["next"].format(folder=shown(folder)))
    return True


def shown(folder):
    """A folder as a command from the repository's root names it."""
    with contextlib.suppress(ValueError):
        return folder.resolve().relative_to(HERE.parent).as_posix()
    return str(folder)


def room(folder, files):
    """Raises UserError when the disk has no room for `files`."""
    needed = sum(
        (entry["size"] or 0) - size_of(folder / (entry["path"] + ".part")) for entry in files
    )
    place = next(
        place for place in (folder.absolute(), *folder.absolute().parents) if place.exists()
    )
    free = shutil.disk_usage(place).free
    if free < needed:
        raise UserError(
            f"{needed / 1e6:,.1f} MB are needed in {folder}, its disk has {free / 1e6:,.1f} MB free; make "
            "room or give another --data_root"
        )


def sources_of(about, mirror):
    """Addresses of folders with the set's files, the one to ask first in front."""
    sources = list(about["mirrors"].values())
    if mirror is None:
        return sources
    if mirror.startswith(("http://", "https://")):
        return [mirror, *sources]
    names = sorted({key for other in MANIFEST.values() for key in other["mirrors"]})
    if mirror not in names:
        raise UserError(
            f"no mirror {mirror}; known: {', '.join(names)}, or an address that begins with http"
        )
    first = about["mirrors"].get(mirror)
    return sorted(sources, key=lambda source: source != first)


def main(argv=None):
    args = get_parser().parse_args(argv)
    args.data_root = args.data_root.expanduser().absolute()
    if args.timeout <= 0 or args.retries < 0:
        raise UserError("--timeout is a number above 0, --retries a whole number of at least 0")
    unknown = [name for name in args.names if name not in (*MANIFEST, "all")]
    if unknown:
        raise UserError(f"no data set {unknown[0]}; there are: {', '.join(MANIFEST)}, all")
    names = (
        list(MANIFEST) if not args.names or "all" in args.names else list(dict.fromkeys(args.names))
    )
    if args.list:
        show_list(args.data_root)
    elif args.verify:
        verify(args.data_root, names, asked=bool(args.names))
    elif not args.names:
        raise UserError(
            f"which data set? python data/download.py NAME with {', '.join(MANIFEST)} or all; --list tells "
            "what is there"
        )
    else:
        for name in names:
            download(name, args)


def run():
    """main() as a script: a user's mistake is one line with exit code 2, Ctrl-C is 130."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, OSError):
            stream.reconfigure(encoding="utf-8", errors="replace")
    try:
        main()
    except UserError as error:
        print(f"download.py: error: {' '.join(str(error).split())}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt as stop:
        print(f"\ndownload.py: stopped. {stop}".rstrip(), file=sys.stderr)
        sys.exit(130)
    except OSError as error:
        print(
            f"download.py: error: {error.strerror or error}: {error.filename or 'while writing'}",
            file=sys.stderr,
        )
        sys.exit(2)


if __name__ == "__main__":
    run()
