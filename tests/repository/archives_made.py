"""Generates classes in the layouts of learning platforms and of students: folders, nested zips, unusual names.

Each entry of LAYOUTS writes a class into a folder and says how it must be read. A student's model.py is the solved one
with a line "# by NAME", so that a test sees whose file is used for whom.
"""

import functools
import io
import json
import random
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from course.homeworks import ROOT
from grading.intake import empty_files

PARTS = (  # parts of file names for `random_tree`
    "hmm HMM hw_bptt 张三 李四 20260001 20260002 _ - (1) （2） 副本 final 作业 第四次 v2 hw4 LATE 12345 678901 old main src . a … 😀 "
    "attempt_2026-10-01-12-00-00 assignsubmission_file assignsubmission_file_ submission_456 zhangsan "
    "__ copy \u202e 名单 group3 .git venv"
).split()
ENDINGS = (
    ".zip",
    ".tar.gz",
    ".rar",
    ".7z",
    ".py",
    ".md",
    ".pdf",
    ".txt",
    ".ipynb",
    "",
    ".docx",
    ".csv",
    ".yml",
    ".png",
    ".tar",
)
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
Files = dict[str, bytes]


@functools.cache
def solved(homework: str, file: str) -> bytes:
    """A file of the solved homework."""
    return (ROOT / homework / file).read_bytes()


def solved_by(who: str, homework: str = "hmm", file: str = "model.py") -> bytes:
    """A solved file with the line "# by WHO"."""
    return solved(homework, file) + f"\n# by {who}\n".encode()


def empty(homework: str = "hmm", file: str = "model.py") -> bytes:
    """A file of the empty copy."""
    return empty_files(homework)[file]


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Bytes of a zip with names in UTF-8, flagged as such."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def zipped_gbk(files: Mapping[str, bytes]) -> bytes:
    """Bytes of a zip as written by Chinese Windows: names in GBK, without a flag.

    Python cannot write such names, so ASCII names of the same length are written and then replaced.
    """
    gbk_names, ascii_files = {}, {}
    for index, (name, data) in enumerate(files.items()):
        raw = name.encode("gbk")
        placeholder = (f"{index:03}" + "x" * len(raw))[: len(raw)]
        gbk_names[placeholder.encode()], ascii_files[placeholder] = raw, data
    packed = zipped(ascii_files)
    for placeholder, raw in gbk_names.items():
        packed = packed.replace(placeholder, raw)
    return packed


def tarred(files: Mapping[str, bytes], mode: str = "w:gz", kind: bytes = tarfile.REGTYPE) -> bytes:
    """Bytes of a tar in tarfile's `mode`. kind: type of every member; links point to /etc/passwd."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:  # type: ignore[call-overload]
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.type = len(data) if kind == tarfile.REGTYPE else 0, kind
            info.linkname = "/etc/passwd"
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def rar(files: Mapping[str, bytes]) -> bytes:
    """Bytes of a RAR 4 archive with uncompressed files."""
    import struct
    import zlib

    def block(kind: int, flags: int, body: bytes, data: bytes = b"") -> bytes:
        head = struct.pack("<BHH", kind, flags, 7 + len(body)) + body
        return struct.pack("<H", zlib.crc32(head) & 0xFFFF) + head + data

    out = b"Rar!\x1a\x07\x00" + block(0x73, 0, b"\0" * 6)
    for name, data in files.items():
        raw = name.replace("/", "\\").encode()
        body = struct.pack(
            "<LLBLLBBHL",
            len(data),
            len(data),
            3,
            zlib.crc32(data),
            0x5D4A7B00,
            20,
            0x30,
            len(raw),
            0o100644,
        )
        out += block(0x74, 0x8000, body + raw, data)
    return out + block(0x7B, 0x4000, b"")


def notebook(*cells: str) -> bytes:
    """Bytes of a Jupyter notebook with these code cells."""
    code_cells = [
        {
            "cell_type": "code",
            "source": cell.splitlines(keepends=True),
            "outputs": [],
            "metadata": {},
        }
        for cell in cells
    ]
    return json.dumps(
        {"cells": code_cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    ).encode()


def write(folder: Path, files: Mapping[str, bytes]) -> Path:
    """Write files, {path: bytes}, into a folder; returns the folder."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def inside(prefix: str, files: Mapping[str, bytes]) -> Files:
    """The files with `prefix`/ before their paths."""
    return {f"{prefix}/{name}": data for name, data in files.items()}


def hmm(who: str) -> Files:
    """Files of a submission of hmm: solved code of `who`, an answer and a picture."""
    return {
        "hmm/model.py": solved_by(who),
        "hmm/trellis.py": solved("hmm", "trellis.py"),
        "hmm/answers.md": f"## w1\n\n{who}\n".encode(),
        "hmm/curve.png": PNG,
    }


METADATA = """---
submission_456:
  :submitters:
  - :name: 张三
    :sid: '20260001'
    :email: zs@x.edu
  :created_at: 2026-10-12 15:58:01.123456000 Z
  :score: 0.0
  :history:
  - :id: 12
    :submitters:
    - :name: nobody
      :sid: '9'
submission_457:
  :submitters:
  - :name: "\\u674E\\u56DB"
    :sid: '20260002'
  - :name: 王五
    :sid: '20260003'
  :created_at: 2026-10-13 01:00:00 +0800
"""
ROSTER = (
    "学号,姓名,username,email,group\n"
    "20260001,张三,zhangsan,zs@x.edu,\n"
    "20260002,李四,lisi,ls@x.edu,\n"
    "20260003,王五,wangwu,ww@x.edu,\n"
    "1001,Ann,zhang_san,,\n1002,Bob,zhang_si,,\n"
)


@dataclass
class Layout:
    """A layout of a class and how it must be read."""

    make: Callable[[Path], object]  # writes the class into a folder
    people: dict[
        str, dict[str, str]
    ]  # {ids joined by spaces: {homework: author of the graded code}}
    kind: str = ""  # the platform that must be recognised
    words: tuple[str, ...] = ()  # texts that the description of the class must contain
    silent: bool = False  # whether no submission may have a problem
    written: dict[str, set[str]] = field(default_factory=dict)  # {id: written files to be found}
    root: str = ""  # path in the folder that is read
    homeworks: tuple[str, ...] = ("hmm", "hw_bptt")


A, B, C = "20260001", "20260002", "20260003"
AB = {A: {"hmm": "a"}, B: {"hmm": "b"}}
MOODLE_A, MOODLE_B = "张三_1234567_assignsubmission_file", "李四_1234568_assignsubmission_file_"
BLACKBOARD = "hw1_{}_attempt_{}"


def _moodle() -> Files:
    return {
        f"{MOODLE_A}/hmm.zip": zipped(hmm("a")),
        f"{MOODLE_A}/extra.txt": b"x",
        f"{MOODLE_B}/hmm.zip": zipped_gbk({"作业/hmm/model.py": solved_by("b")}),
        "李四_1234568_assignsubmission_onlinetext_/onlinetext.html": b"<p>w1</p>",
    }


def _canvas() -> Files:
    return {
        "zhangsan_12345_678901_hmm-1.zip": zipped(hmm("a")),
        "zhangsan_12345_678801_hmm.zip": zipped(hmm("old")),
        "zhangsan_LATE_12345_678902_answers-1.pdf": b"%PDF-1.4",
        "lisi_12346_678903_model.py": solved_by("b"),
        "lisi_12346_678904_answers.docx": b"PK\3\4",
    }


def _blackboard() -> Files:
    name = BLACKBOARD.format(A, "2026-10-01-12-00-00")
    return {
        f"{BLACKBOARD.format(A, '2026-09-30-10-00-00')}_hmm.zip": zipped(hmm("old")),
        f"{name}_hmm.zip": zipped(hmm("a")),
        f"{name}.txt": f"Name: San Zhang ({A})\nAssignment: hw1\n".encode(),
        f"{BLACKBOARD.format('lisi', '2026-10-01-12-00-00')}_hmm.zip": zipped(hmm("b")),
        f"{BLACKBOARD.format('lisi', '2026-10-01-12-00-00')}.txt": "Name: 李四 (lisi)\n".encode(),
    }


def _gradescope(prefix: str = "") -> Files:
    top = f"{prefix}assignment_123_export"
    return {
        f"{top}/{'submission_metadata.yml'}": METADATA.encode(),
        f"{top}/submission_456/model.py": solved_by("a"),
        f"{top}/submission_456/phone_store.py": solved("hmm", "phone_store.py"),
        f"{top}/submission_457/hmm/model.py": solved_by("b"),
    }


def git_clone(name: str, files: Files) -> Files:
    """A clone of a git repository in the folder `name`."""
    log = b"0 1 Zhang <z@x> 1760000000 +0800\tcommit: done\n"
    return inside(
        name, files | {".git/HEAD": b"ref: x", ".git/logs/HEAD": log, ".git/objects/ab": b"x"}
    )


def class_of(files: Callable[[], Files]) -> Callable[[Path], object]:
    """A function that writes these files, generated only when it is called, into a folder."""
    return lambda folder: write(folder, files())


def one_student(files: Callable[[], Files]) -> Callable[[Path], object]:
    """A function that writes a class of two: A with these files, and B with a solved hmm."""
    return lambda folder: write(
        folder, inside(A, files()) | inside(B, {"hmm/model.py": solved_by("b")})
    )


def graded_as(homework: str = "hmm") -> dict[str, dict[str, str]]:
    """The people of a class written by `one_student` in which A handed in only this homework."""
    return {A: {homework: "a"}, B: {"hmm": "b"}}


def _question_files(name: str) -> Files:
    """Question files of word2vec_sst in a folder, as in the original assignment."""
    return {
        f"{name}/{file}": solved_by("a", "word2vec_sst", file)
        for file in ("q1_softmax.py", "q2_sigmoid.py", "q2_neural.py")
    }


LAYOUTS: dict[str, Layout] = {
    # ------------------------------------------------------------ platforms
    "moodle: folders": Layout(
        class_of(_moodle), AB, "moodle", written={A: {"answers.md", "curve.png"}, B: {"onlinetext.html"}}
    ),
    "moodle: one zip": Layout(
        lambda folder: (folder / "moodle.zip").write_bytes(zipped(_moodle())), AB, "moodle", root="moodle.zip"
    ),
    "moodle: the zip in a folder": Layout(
        lambda folder: (folder / "CS-1234-作业4.zip").write_bytes(zipped(_moodle())), AB, "moodle"
    ),
    "moodle: without folders": Layout(
        class_of(lambda: {f"{MOODLE_A}_hmm.zip": zipped(hmm("a")), f"{MOODLE_B}model.py": solved_by("b")}), AB, "moodle"
    ),
    "canvas": Layout(
        class_of(_canvas), AB, "canvas", words=("2 attempts: number 2 counts",),
        written={A: {"answers.md", "curve.png", "answers.pdf"}, B: {"answers.docx"}},
    ),
    "canvas: one zip": Layout(
        lambda folder: (folder / "submissions.zip").write_bytes(zipped(_canvas())), AB, "canvas", root="submissions.zip"
    ),
    "canvas: anonymous": Layout(
        class_of(lambda: {"anon_aB3dE_678901_hmm.zip": zipped(hmm("a")), "anon_LATE_9xY7z_678902_model.py": solved_by("b")}),
        {"anon_9xY7z": {"hmm": "b"}, "anon_aB3dE": {"hmm": "a"}}, "canvas",
    ),
    "blackboard": Layout(class_of(_blackboard), AB, "blackboard", words=("2 attempts: number 2 counts",)),
    "blackboard: user names with underscores": Layout(
        class_of(
            lambda: {f"{BLACKBOARD.format(f'1_zhang_{x}', '2026-10-01-12-00-00')}_hmm.zip": zipped(hmm(x)) for x in ("san", "si")}
        ),
        {"1001": {"hmm": "san"}, "1002": {"hmm": "si"}}, "blackboard",
    ),
    "blackboard: gradebook zip": Layout(
        lambda folder: (folder / "gradebook_hw1.zip").write_bytes(zipped(_blackboard())), AB, "blackboard"
    ),
    "gradescope": Layout(class_of(_gradescope), {A: {"hmm": "a"}, f"{B} {C}": {"hmm": "b"}}, "gradescope"),
    "gradescope: zip": Layout(
        lambda folder: (folder / "export.zip").write_bytes(zipped(_gradescope())),
        {A: {"hmm": "a"}, f"{B} {C}": {"hmm": "b"}}, "gradescope", root="export.zip",
    ),
    "clones": Layout(
        class_of(lambda: git_clone("hw4-zhangsan", hmm("a")) | git_clone("hw4-lisi", hmm("b"))), AB, "clones"
    ),
    "zips of repositories": Layout(
        class_of(
            lambda: {
                "zhangsan.zip": zipped(inside("hw4-main", hmm("a"))),
                "lisi.zip": zipped(inside("hw4-lisi-0a1b2c3", hmm("b"))),
            }
        ),
        AB,
    ),
    "学习通": Layout(
        class_of(
            lambda: {
                f"{A}_张三_第四次作业.zip": zipped_gbk({"第四次作业/hmm/model.py": solved_by("a")}),
                f"{B}-李四.zip": zipped(hmm("b")),
            }
        ),
        AB, silent=True,
    ),
    "雨课堂: id behind the name": Layout(
        class_of(lambda: {f"张三{A}.zip": zipped(hmm("a")), "２０２６０００２ 李四.zip": zipped(hmm("b"))}), AB, silent=True
    ),
    "网络学堂: a folder per student": Layout(
        class_of(lambda: {f"{A}_张三/hmm.zip": zipped(hmm("a")), "李四/HMM作业.zip": zipped(hmm("b"))}), AB, silent=True
    ),
    "names only": Layout(class_of(lambda: {"张三_hmm.zip": zipped(hmm("a")), "作业-李四.zip": zipped(hmm("b"))}), AB, silent=True),
    # ------------------------------------------------------------ one zip, zips in zips
    "one zip of the class": Layout(
        lambda folder: (folder / "all.zip").write_bytes(
            zipped({f"{A}_张三.zip": zipped(hmm("a")), f"{B}.zip": zipped(hmm("b"))})
        ),
        AB, silent=True,
    ),
    "one zip with folders": Layout(
        lambda folder: (folder / "all.zip").write_bytes(
            zipped(inside(f"作业/{A}_张三", hmm("a")) | inside(f"作业/{B}_李四", hmm("b")))
        ),
        AB, silent=True, root="all.zip",
    ),
    "zips in zips in zips": Layout(
        lambda folder: (folder / "all.zip").write_bytes(
            zipped(
                {
                    "一班.zip": zipped({f"{A}.zip": zipped({"hmm.zip": zipped(hmm("a"))}), f"{C}.zip": zipped(hmm("c"))}),
                    "二班.zip": zipped({f"{B}.zip": zipped(hmm("b")), "20260009_x.zip": zipped({})}),
                }
            )
        ),
        AB | {C: {"hmm": "c"}},
    ),
    "one tar.gz of the class": Layout(
        lambda folder: (folder / "class.tar.gz").write_bytes(
            tarred({f"{A}.zip": zipped(hmm("a")), f"{B}.zip": zipped(hmm("b"))})
        ),
        AB, root="class.tar.gz",
    ),
    "a zip per homework": Layout(
        class_of(
            lambda: {
                f"{A}_hmm.zip": zipped(hmm("a")),
                f"{A}_hw_bptt.zip": zipped({"hw_bptt/model.py": solved_by("a", "hw_bptt")}),
                f"{B}_hmm.zip": zipped(hmm("b")),
            }
        ),
        {A: {"hmm": "a", "hw_bptt": "a"}, B: {"hmm": "b"}}, silent=True,
    ),
    "a folder per homework": Layout(
        class_of(
            lambda: {
                f"hmm/{A}.zip": zipped({"model.py": solved_by("a")}),
                f"hmm/{B}.zip": zipped(hmm("b")),
                f"hw_bptt/{A}.zip": zipped({"model.py": solved_by("a", "hw_bptt")}),
                f"hw_bptt/{C}.zip": zipped({"model.py": solved_by("c", "hw_bptt")}),
            }
        ),
        {A: {"hmm": "a", "hw_bptt": "a"}, B: {"hmm": "b"}, C: {"hw_bptt": "c"}}, "homeworks", silent=True,
    ),
    "a browser's second download": Layout(
        class_of(lambda: {f"{A}_hmm.zip": zipped(hmm("old")), f"{A}_hmm (1).zip": zipped(hmm("a")), f"{B}.zip": zipped(hmm("b"))}),
        AB, words=("2 attempts: number 2 counts",),
    ),
    "groups by ids": Layout(
        class_of(lambda: {f"{A}_{B}_hmm.zip": zipped(hmm("a")), f"{C}.zip": zipped(hmm("c"))}),
        {f"{A} {B}": {"hmm": "a"}, C: {"hmm": "c"}}, silent=True,
    ),
    "groups of three": Layout(
        class_of(lambda: {f"{A}_{B}_{C}_hmm.zip": zipped(hmm("a"))}), {f"{A} {B} {C}": {"hmm": "a"}}, silent=True
    ),
    # ------------------------------------------------------------ one student's folder
    "the whole course folder": Layout(
        one_student(
            lambda: hmm("a")
            | {
                "hw_bptt/model.py": empty("hw_bptt"), "hw_bptt/train.py": b"",
                "venv/pyvenv.cfg": b"", "venv/lib/model.py": b"x", "env/pyvenv.cfg": b"", "env/lib/python3/x.py": b"",
                "node_modules/a/model.py": b"x", "hmm/workdirs/ckpt.pt": b"x", "data/full/x.txt": b"x", "README.md": b"#",
            }
        ),
        {A: {"hmm": "a", "hw_bptt": ""}, B: {"hmm": "b"}}, words=("hw_bptt: no blank is filled in",),
    ),
    **{
        f"folder {name!r}": Layout(one_student(lambda name=name: {f"{name}/model.py": solved_by("a")}), graded_as(), silent=True)
        for name in (
            "HMM", "hmm (1)", "hmm 2", f"hmm-{A}", "hmm copy", "hmm - 副本", "hmm/hmm", "hmm_final", "src/hmm/code", "Hmm（1）",
            "第四次作业", "work/hmm作业", "deep/er/and/deeper/hmm", "hw-hmm",
        )
    },
    **{
        f"file {name!r}": Layout(one_student(lambda name=name: {f"hmm/{name}": solved_by("a")}), graded_as(), silent=True)
        for name in ("model(1).py", "model (2).py", "model - 副本.py", "MODEL.PY", "Model.py", f"model_{A}.py", "model_final.py")
    },
    "a loose model.py": Layout(one_student(lambda: {"model.py": solved_by("a")}), graded_as(), silent=True),
    "a loose model.py of another homework": Layout(
        one_student(lambda: {"model.py": solved_by("a", "hw_bptt")}), graded_as("hw_bptt"), silent=True
    ),
    "a file instead of an archive": Layout(
        class_of(lambda: {f"{A}_张三_model.py": solved_by("a"), f"{B}.zip": zipped(hmm("b"))}), AB, silent=True
    ),
    "a notebook with the functions": Layout(
        one_student(lambda: {"hmm.ipynb": notebook("%matplotlib inline", solved("hmm", "model.py").decode() + "\n# by a\n")}),
        graded_as(), words=("function(s) taken from hmm.ipynb",),
    ),
    "a notebook beside the empty copy": Layout(
        one_student(lambda: {"hmm/model.py": empty(), "hmm/work.ipynb": notebook(solved("hmm", "model.py").decode())}),
        graded_as(), words=("function(s) taken from hmm/work.ipynb",),
    ),
    "another file name": Layout(
        one_student(lambda: {"my_hmm_work.py": solved_by("a")}), graded_as(), words=("function(s) taken from my_hmm_work.py",)
    ),
    "a repository with a1 beside a2": Layout(
        one_student(lambda: _question_files("name/a1") | {"name/a2/q1_classifier.py": b"x = 1\n", "name/README.md": b"#"}),
        graded_as("word2vec_sst"), homeworks=("word2vec_sst", "hmm"), silent=True,
    ),
    "the empty copy outside, the work inside": Layout(
        one_student(lambda: {"hmm/model.py": empty(), "hmm/hmm/model.py": solved_by("a")}), graded_as(), silent=True
    ),
    "the empty copy handed in": Layout(
        one_student(lambda: {"hmm/model.py": empty(), "hmm/answers.md": b"x"}),
        {A: {"hmm": ""}, B: {"hmm": "b"}}, words=("hmm: no blank is filled in",),
    ),
    "the work under another homework's name": Layout(
        one_student(lambda: {"hmm/model.py": empty(), "hw_bptt/model.py": solved_by("a")}),
        {A: {"hmm": "", "hw_bptt": "a"}, B: {"hmm": "b"}}, words=("functions of hmm are in hw_bptt/model.py: not graded",),
    ),
    "two filled copies": Layout(
        one_student(lambda: {"hmm/model.py": solved_by("a"), "hmm_old/model.py": solved_by("old")}), graded_as(),
        words=("2 folders hold hmm: hmm is graded, hmm_old is not",),
    ),
    "model.py and model(1).py": Layout(
        one_student(lambda: {"hmm/model.py": empty(), "hmm/model(1).py": solved_by("a")}), graded_as(), silent=True
    ),
    "answers beside the folder": Layout(
        one_student(lambda: {"hmm/model.py": solved_by("a"), "answers.docx": b"PK", "照片1.heic": b"x", "w2.webp": b"x"}), graded_as(),
        silent=True, written={A: {"answers.docx", "照片1.heic", "w2.webp"}},
    ),
    "answers named after the homework": Layout(
        one_student(
            lambda: {
                "hmm/model.py": solved_by("a"), "hw_bptt/model.py": solved_by("a", "hw_bptt"),
                "hmm_answers.pdf": b"x", "report.pdf": b"x",
            }
        ),
        {A: {"hmm": "a", "hw_bptt": "a"}, B: {"hmm": "b"}},
        words=("report.pdf belongs to no homework",), written={A: {"hmm_answers.pdf"}},
    ),
    "backslashes": Layout(
        class_of(lambda: {f"{A}.zip": zipped({"hmm\\model.py": solved_by("a")}), f"{B}.zip": zipped(hmm("b"))}), AB
    ),
    "a rar that is called zip": Layout(
        class_of(lambda: {f"{A}.zip": tarred(hmm("a")), f"{B}.zip": zipped(hmm("b"))}), AB, silent=True
    ),
    "tar.xz and tar.bz2": Layout(
        class_of(lambda: {f"{A}.tar.xz": tarred(hmm("a"), "w:xz"), f"{B}.tar.bz2": tarred(hmm("b"), "w:bz2")}), AB, silent=True
    ),
    "an answer that does not parse": Layout(
        one_student(lambda: {"hmm/model.py": b"def f(:\n" + solved_by("a")}), graded_as(), silent=True
    ),
    "nothing": Layout(
        one_student(lambda: {"notes/todo.pdf": b"x"}), {A: {}, B: {"hmm": "b"}},
        words=("nothing of hmm, hw_bptt found; there is: notes/todo.pdf",)
    ),
}  # fmt: skip


def random_tree(rng: random.Random, depth: int = 0) -> Files:
    """Random files and nested archives; names combine parts that platforms use, and contents may not fit the names."""
    contents = (
        solved_by("a"), empty(), b"", b"\0" * 100, notebook("x=1"), "中文".encode("gbk"), b'{"cells": 3}', b"def f(:\n",
        METADATA.encode(), notebook(solved("hmm", "model.py").decode()),
    )  # fmt: skip

    def name(ending: str) -> str:
        return "".join(rng.choice(PARTS) for _ in range(rng.randint(1, 4))) + ending

    files: Files = {}
    for _ in range(rng.randint(0, 4)):
        folders = [name("") for _ in range(rng.randint(0, 2))]
        last = (
            name(rng.choice(ENDINGS)),
            "model.py",
            "hmm.zip",
            "submission_metadata.yml",
            "answers.md",
        )
        path = "/".join([*folders, rng.choice(last)])
        files[path] = rng.choice(contents)
        if depth < 3 and rng.random() < 0.8:
            if path.endswith(".zip"):
                files[path] = zipped(random_tree(rng, depth + 1))
            elif path.endswith(".tar.gz"):
                files[path] = tarred(random_tree(rng, depth + 1))
    return files
