"""data/download.py against a local server that cuts off, corrupts, redirects, stalls and sends wrong sizes."""

import errno
import hashlib
import http.server
import importlib.util
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import zipfile
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote, urlsplit

import pytest

from tests.repository.children import ended

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "data" / "download.py"
NAMES = ["a.bin", "b.bin"]
FILES = {name: random.Random(name).randbytes(300_000) for name in NAMES}


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def packed(members):
    """Bytes of a zip file with `members`, {name: bytes}."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members.items():
            file.writestr(zipfile.ZipInfo(name), data)
    return buffer.getvalue()


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves server.files. server.plan[name] lists the faults of the next requests for a file; later ones succeed."""

    def do_GET(self):
        name = unquote(urlsplit(self.path).path).rpartition("/")[2]
        self.server.requests.append((self.path, self.headers.get("Range")))
        plan = self.server.plan.get(name, [])
        fault, _, number = (plan.pop(0) if plan else "none").partition(" ")
        data = self.server.files.get(name)
        if fault == "status" or data is None:
            return self.send_error(int(number or 404))
        if fault == "redirect":
            self.send_response(302)
            self.send_header("Location", f"/moved/{name}")
            return self.end_headers()
        if fault == "corrupt":
            data = data[:1000] + b"?" + data[1001:]
        start, kept = 0, self.headers.get("Range")
        if kept and fault != "ignore":
            start = int(kept.removeprefix("bytes=").rstrip("-"))
            if start >= len(data):
                return self.send_error(416)
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        if fault != "unsized":
            self.send_header("Content-Length", str(len(data) - start + (fault == "size")))
        self.end_headers()
        body = data[start:]
        self.wfile.write(body[: int(number)] if fault in ("cut", "stall") else body)
        self.wfile.flush()
        if fault == "stall":
            self.server.stalled.set()
            self.server.over.wait(10)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads, block_on_close = True, False

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.plan, self.requests = dict(FILES), {}, []
        self.stalled, self.over = threading.Event(), threading.Event()
        self.url = f"http://127.0.0.1:{self.server_port}/"

    def handle_error(self, *_):  # a stopped script closes the connection: not an error
        pass


@pytest.fixture
def server():
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.over.set()
        server.shutdown()
        thread.join()


def toy_set(*mirrors, **more):
    """A manifest entry for FILES with these mirror URLs; `more` replaces or adds fields."""
    return {
        "what": "two files",
        "homework": "none",
        "sample": "2 small files",
        "licence": "Free.",
        "home": "http://home",
        "mirrors": {f"m{number}": url for number, url in enumerate(mirrors)},
        "next": "hmm/prepare.py",
        "files": [
            {"path": name, "size": len(data), "sha256": sha256(data)}
            for name, data in FILES.items()
        ],
        **more,
    }


def zip_set(url, archive, members, **fields):
    """A manifest entry for a set whose files are `members` of one archive; fields: {member: its listed SHA-256}."""
    return toy_set(
        url,
        archive={"path": "toy.zip", "size": None, "sha256": sha256(archive)},
        files=[
            {
                "path": f"sub/{name}",
                "member": f"toy/{name}",
                "size": None,
                "sha256": fields.get(name),
            }
            for name in members
        ],
    )


@pytest.fixture
def script(tmp_path, monkeypatch, server):
    """The module download.py, with a temporary data folder and a manifest of one toy set on the server.

    Added attributes: `folder`, where the set is downloaded to, and `go(*words)`, which runs main().
    """
    spec = importlib.util.spec_from_file_location("download", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.syspath_prepend(SCRIPT.parent)
    monkeypatch.setitem(sys.modules, "cli", None)  # a cli.py of another folder, restored afterwards
    del sys.modules["cli"]
    spec.loader.exec_module(module)
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(module, "WAIT", 0.001)
    monkeypatch.setattr(module, "HERE", tmp_path / "data")
    monkeypatch.setattr(module, "MANIFEST", {"toy": toy_set(server.url)})
    (tmp_path / "data" / "toy").mkdir(parents=True)
    module.folder = tmp_path / "full" / "toy"
    module.go = lambda *words: module.main(
        ["--data_root", str(tmp_path / "full"), "--quiet", "--timeout", "10", *words]
    )
    return module


def complete(folder):
    """Whether a folder has all FILES and no partial download."""
    return {name: (folder / name).read_bytes() for name in NAMES} == FILES and not list(
        folder.glob("*.part")
    )


def test_download_verifies_files_and_does_not_repeat(script, server, capsys):
    script.go("toy")
    text = capsys.readouterr().out
    assert (
        complete(script.folder)
        and "Free." in text
        and "2 of 2 with the SHA-256" in text
        and "next: python" in text
    )
    request_count = len(server.requests)
    script.go("toy")
    assert "nothing to do" in capsys.readouterr().out and len(server.requests) == request_count
    receipt = json.loads((script.folder / "downloaded.json").read_text(encoding="utf-8"))["files"][
        "a.bin"
    ]
    assert receipt["url"] == server.url + "a.bin" and receipt["sha256"] == sha256(FILES["a.bin"])


@pytest.mark.parametrize(
    "plan",
    [
        ["cut 100000", "cut 1", "cut 50000"],
        ["stall 70000"],
        ["status 500", "status 503", "status 429"],
        ["corrupt"],
        ["redirect"],
        ["redirect", "cut 5", "redirect"],
        ["cut 1000", "ignore"],
        ["unsized"],
        ["cut 0", "cut 0"],
    ],
    ids=lambda plan: ", ".join(plan),
)
def test_download_recovers_from_interruptions(script, server, plan):
    server.plan["a.bin"] = list(plan)
    script.go("toy", *(["--timeout", "0.5"] if "stall" in plan[0] else []))
    assert complete(script.folder) and not server.plan["a.bin"]


def test_download_resumes_where_it_was_cut_off(script, server):
    server.plan["a.bin"] = ["cut 100000"]
    script.go("toy")
    assert ("/a.bin", "bytes=100000-") in server.requests


@pytest.mark.parametrize(
    "partial",
    [
        b"nonsense" * 1000,
        FILES["a.bin"][:-1],
        FILES["a.bin"],
        FILES["a.bin"] + b"more",
        b"?" * 300_000,
    ],
    ids=["wrong", "one byte short", "whole", "too long", "wrong, of the right size"],
)
def test_partial_download_is_used_only_if_it_matches(script, partial):
    script.folder.mkdir(parents=True)
    (script.folder / "a.bin.part").write_bytes(partial)
    script.go("toy")
    assert complete(script.folder)


def test_damaged_file_is_fetched_again(script, server, capsys):
    script.go("toy")
    (script.folder / "b.bin").write_bytes(b"x")
    with pytest.raises(script.UserError, match="toy/b.bin damaged; python data/download.py toy"):
        script.go("toy", "--verify")
    request_count = len(server.requests)
    script.go("toy")
    assert complete(script.folder) and len(server.requests) == request_count + 1
    assert "b.bin is not the listed file" in capsys.readouterr().out
    script.go("toy", "--verify")


@pytest.mark.parametrize(
    ("plan", "problem"),
    [
        (["status 404"], "HTTP 404"),
        (["size"], "another file of 300,001 bytes, expected 300,000"),
        (["status 500"] * 9, "HTTP 500"),
        (["cut 0"] * 9, "cut off after 0 bytes"),
        (["corrupt"] * 2, "another file"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_failed_mirror_is_named_and_the_next_is_tried(script, server, plan, problem):
    server.plan["b.bin"] = list(plan)
    with pytest.raises(script.UserError) as error:
        script.go("toy")
    text = str(error.value)
    assert (
        problem in text
        and f"put into {script.folder}" in text
        and "data/toy (2 small files)" in text
        and "\n" not in text
    )
    assert (script.folder / "a.bin").read_bytes() == FILES["a.bin"] and not (
        script.folder / "b.bin"
    ).exists()
    server.plan["b.bin"] = list(plan)
    script.MANIFEST["toy"]["mirrors"]["second"] = server.url + "second/"
    script.go("toy")
    assert complete(script.folder)


def test_mirror_that_worked_is_tried_first_afterwards(script, server):
    with Server() as closed:
        nowhere = closed.url
    script.MANIFEST["toy"] = toy_set(nowhere, server.url)
    script.go("toy", "--retries", "0")
    assert complete(script.folder) and [path for path, _ in server.requests] == ["/a.bin", "/b.bin"]
    shutil.rmtree(script.folder)
    script.go("toy", "--mirror", server.url + "mine")
    script.go("toy", "--mirror", "m1")
    assert complete(script.folder) and ("/mine/a.bin", None) in server.requests
    with pytest.raises(script.UserError, match="no mirror m7; known: m0, m1"):
        shutil.rmtree(script.folder)
        script.go("toy", "--mirror", "m7")


def test_message_without_a_network_says_how_to_get_the_files(script):
    with Server() as closed:
        script.MANIFEST["toy"] = toy_set(closed.url)
    with pytest.raises(
        script.UserError,
        match=r"cannot get a.bin. Is there a network\? .*By hand: get 2 files \(a.bin ... "
        r"b.bin\) from http://home , put into .*The bundled sample works without",
    ):
        script.go("toy")
    script.folder.mkdir(parents=True, exist_ok=True)
    for name, data in FILES.items():
        (script.folder / name).write_bytes(data)
    script.go("toy")


def test_proxy_of_the_environment_is_used(script, server, monkeypatch):
    script.MANIFEST["toy"] = toy_set("http://files.example/x/")
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setenv("http_proxy", server.url)
    script.go("toy")
    assert complete(script.folder) and server.requests[0][0] == "http://files.example/x/a.bin"


@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "all_proxy"])
def test_dead_proxy_is_named_with_its_environment_variable(script, server, monkeypatch, variable):
    with Server() as closed:
        address = closed.url.rstrip("/")
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setenv(variable, address.replace("//", "//user:secret@"))
    script.MANIFEST["toy"] = toy_set("http://files.example/x/", "http://more.example/")
    with pytest.raises(script.UserError) as error:
        script.go("toy")
    text = str(error.value)
    assert f"the proxy {address} (from {variable}) does not work" in text and "secret" not in text
    assert f"correct or unset {variable}" in text and "more.example: the proxy" in text


def test_proxy_that_needs_a_password_is_named(script, server, monkeypatch):
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setenv("http_proxy", server.url)
    script.MANIFEST["toy"] = toy_set("http://files.example/x/")
    server.plan["a.bin"] = ["status 407"]
    with pytest.raises(script.UserError, match="asks for a user name and a password"):
        script.go("toy")


def test_socks_proxy_without_pysocks_says_what_to_install(script, monkeypatch):
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setenv("all_proxy", "socks5h://user:secret@127.0.0.1:9")
    monkeypatch.setitem(sys.modules, "socks", None)
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    script.MANIFEST["toy"] = toy_set("http://files.example/x/")
    socks = r"the proxy socks5h://127.0.0.1:9 \(from all_proxy\) .*python -m pip install PySocks"
    with pytest.raises(script.UserError, match=socks):
        script.go("toy")


def test_unresolvable_host_is_named(script, monkeypatch):
    def no_name(*_, **__):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", no_name)
    script.MANIFEST["toy"] = toy_set("http://files.example/x/")
    with pytest.raises(script.UserError, match="files.example: its name cannot be resolved"):
        script.go("toy")


def test_full_disk_keeps_the_partial_download_and_is_reported(script, server, monkeypatch):
    class Full:
        """A file on a disk with room for 100,000 bytes."""

        def __init__(self, path, mode, buffering):
            self.file = open(path, mode, buffering=buffering)

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self.file.close()

        def write(self, block):
            room = 100_000 - self.file.tell()
            if room <= 0:
                raise OSError(errno.ENOSPC, "No space left on device")
            return self.file.write(block[:room])

    monkeypatch.setattr(
        script,
        "open",
        lambda path, mode, buffering=-1: (
            Full(path, mode, buffering) if buffering == 0 else open(path, mode)
        ),
        raising=False,
    )
    with pytest.raises(
        script.UserError, match="no room left on the disk of .*continues from the partial"
    ):
        script.go("toy")
    assert (script.folder / "a.bin.part").stat().st_size == 100_000 and not (
        script.folder / "a.bin"
    ).exists()
    monkeypatch.delattr(script, "open")
    script.go("toy")
    assert complete(script.folder) and ("/a.bin", "bytes=100000-") in server.requests
    shutil.rmtree(script.folder)
    monkeypatch.setattr(script.shutil, "disk_usage", lambda folder: SimpleNamespace(free=1000))
    with pytest.raises(script.UserError, match="0.6 MB are needed in .*0.0 MB free"):
        script.go("toy")
    assert not script.folder.exists()


# ------------------------------------------------------------------------------------------------------------ archives


def test_archive_with_the_listed_hash_is_unpacked_safely(script, server, tmp_path):
    archive = packed(
        {
            "toy/a.bin": FILES["a.bin"],
            "toy/b.bin": FILES["b.bin"],
            "../../evil.txt": b"!",
            "/evil.txt": b"!",
        }
    )
    server.files["toy.zip"] = archive
    server.plan["toy.zip"] = ["cut 1000", "corrupt"]
    script.MANIFEST["toy"] = zip_set(server.url, archive, NAMES, **{"a.bin": "0" * 64})
    script.go("toy")
    folder = script.folder / "sub"
    assert {name: (folder / name).read_bytes() for name in NAMES} == FILES
    assert sorted(path.name for path in (tmp_path / "full").rglob("*")) == [
        *NAMES,
        "downloaded.json",
        "sub",
        "toy",
    ]
    assert not list(tmp_path.rglob("evil*")) and not list(tmp_path.parent.glob("evil*"))
    receipt = script.read_receipt(script.folder)
    assert (
        script.states(script.folder, "toy") == {f"sub/{name}": "archive" for name in NAMES}
        and receipt["sub/a.bin"]["archive"]
    )
    script.go("toy", "--verify")


def test_archive_with_another_hash_is_verified_by_member(script, server, capsys):
    """Members are compared with their own hashes; one without a hash is recorded, but never reported as verified."""
    archive = packed({"toy/a.bin": FILES["a.bin"], "toy/b.bin": FILES["b.bin"]})
    server.files["toy.zip"] = packed({"toy/a.bin": FILES["a.bin"], "toy/b.bin": b"something else"})
    script.MANIFEST["toy"] = zip_set(
        server.url, archive, NAMES, **{"a.bin": sha256(FILES["a.bin"])}
    )
    script.go("toy")
    captured = capsys.readouterr()
    assert (
        "not the archive that manifest.json lists" in captured.err
        and "sub/b.bin is unchanged since the first download (not verified" in captured.out
    )
    script.go("toy", "--verify")
    (script.folder / "sub" / "b.bin").write_bytes(b"changed since")
    with pytest.raises(script.UserError, match="sub/b.bin damaged"):
        script.go("toy", "--verify")
    shutil.rmtree(script.folder)
    server.files["toy.zip"] = packed({"toy/a.bin": b"wrong", "toy/b.bin": b""})
    with pytest.raises(script.UserError, match="toy/a.bin is not the listed file"):
        script.go("toy")
    assert not (script.folder / "sub" / "a.bin").exists()


@pytest.mark.parametrize(
    "archive",
    [b"not a zip file", packed({"toy/other": b""})],
    ids=["not a zip", "without the members"],
)
def test_archive_copied_by_hand_is_used_or_named_if_broken(script, server, archive):
    good = packed({f"toy/{name}": data for name, data in FILES.items()})
    script.MANIFEST["toy"] = zip_set(server.url, good, NAMES)
    script.folder.mkdir(parents=True)
    (script.folder / "toy.zip").write_bytes(archive)
    with pytest.raises(
        script.UserError, match="toy.zip cannot be used .*delete it and run this again"
    ):
        script.go("toy")
    (script.folder / "toy.zip").write_bytes(good)
    script.go("toy")
    assert (script.folder / "sub" / "b.bin").read_bytes() == FILES["b.bin"] and not server.requests


def test_oversized_archive_is_refused(script, server, monkeypatch):
    archive = packed({"toy/a.bin": bytes(1 << 22), "toy/b.bin": b""})
    server.files["toy.zip"] = archive
    script.MANIFEST["toy"] = zip_set(server.url, archive, NAMES)
    monkeypatch.setattr(script, "LARGEST_MEMBER", 1 << 21)
    with pytest.raises(script.UserError, match="unpacks to more than 2,097,152 bytes"):
        script.go("toy")


# ------------------------------------------------------------------------------------------------- the script as a whole


def copy_of_script(tmp_path, manifest):
    """Copy data/download.py into an empty tree with this manifest; returns the command that runs it."""
    (tmp_path / "data").mkdir(exist_ok=True)
    for name in ("download.py", "cli.py"):
        shutil.copy(SCRIPT.parent / name, tmp_path / "data")
    (tmp_path / "data" / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return [sys.executable, str(tmp_path / "data" / "download.py")]


def run(command, *words):
    done = subprocess.run(
        [*command, *words],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "no_proxy": "*"},
    )
    return done.returncode, done.stdout, done.stderr


def test_wrong_usage_is_one_line(tmp_path):
    command = copy_of_script(tmp_path, {"toy": toy_set("http://127.0.0.1:9/")})
    for words, message in (
        (["poems"], "no data set poems; choose from: toy, all"),
        (["toy", "--mirorr", "x"], "did you mean --mirror"),
        ([], "which data set?"),
        (["toy", "-retries", "-1"], "'-1' is not a whole number of at least 0"),
        (["toy", "--data_root", str(tmp_path / "data")], "holds the bundled sample"),
    ):
        code, out, err = run(command, *words)
        assert (code, out) == (2, "") and message in err and err.count("\n") == 1
    code, out, _ = run(command, "--list")
    assert code == 0 and "toy  missing" in out
    code, out, _ = run(command, "--verify")
    assert code == 0 and "toy: not there" in out


@pytest.mark.usefixtures("usual_signals")
@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for another process")
def test_download_stopped_by_ctrl_c_or_kill_can_continue(tmp_path, server):
    command = copy_of_script(tmp_path, {"toy": toy_set(server.url)})
    for stop, kept in ((signal.SIGINT, 100_000), (signal.SIGKILL, 200_000)):
        server.plan["b.bin"] = ["stall 100000"]
        server.stalled.clear()
        process = subprocess.Popen(
            [*command, "toy"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env={**os.environ, "no_proxy": "*"},
        )
        with ended(process):
            part = tmp_path / "data" / "full" / "toy" / "b.bin.part"
            server.stalled.wait(10)
            while process.poll() is None and (not part.is_file() or part.stat().st_size < kept):
                time.sleep(0.01)
            process.send_signal(stop)
            errors = process.communicate()[1]
            assert process.returncode == (130 if stop == signal.SIGINT else -signal.SIGKILL)
        assert (
            stop == signal.SIGKILL
            or "100,000 bytes of the next one are kept; the same command continues" in errors
        )
        assert part.is_file() and not part.with_suffix("").exists()
    code, out, err = run(command, "toy")
    assert (
        code == 0
        and "100%" in err
        and complete(part.parent)
        and ("/b.bin", "bytes=200000-") in server.requests
    )


# ------------------------------------------------------------------------------------------------------- the real list


def test_manifest_pins_every_file_and_mirror():
    manifest = json.loads((ROOT / "data" / "manifest.json").read_text(encoding="utf-8"))
    assert sorted(manifest) == ["cws", "quansongci", "sst", "waimai_10k"]
    for name, about in manifest.items():
        assert set(toy_set()) - set(about) == set() and (ROOT / "data" / name).is_dir()
        for address in about["mirrors"].values():
            assert address.startswith(
                ("https://", "http://sighan.cs.uchicago.edu/")
            ) and address.endswith("/")
            if "github" in address or "jsdelivr" in address:
                commit = about["home"].split("/tree/")[1].split("/")[0]
                assert len(commit) == 40 and commit in address, "not pinned to the commit"
        for entry in about["files"] + [about.get("archive", about["files"][0])]:
            path = Path(entry["path"])
            assert not path.is_absolute() and ".." not in path.parts
            assert (
                entry["sha256"] is None
                and "note" in entry
                or len(entry["sha256"]) == 64
                and entry["size"] > 0
            )
    assert len(manifest["quansongci"]["files"]) == 22


def test_full_data_equals_the_manifest(script):
    full = os.environ.get("COURSE_FULL_DATA")
    if not full:
        pytest.skip(
            "set COURSE_FULL_DATA to the folder with the full sets (data/full after data/download.py all)"
        )
    manifest = json.loads((ROOT / "data" / "manifest.json").read_text(encoding="utf-8"))
    for name, about in manifest.items():
        receipt = script.read_receipt(Path(full) / name)
        for entry in about["files"]:
            assert script.state(Path(full) / name, entry, receipt) not in ("damaged",), (
                f"{name}/{entry['path']}"
            )
