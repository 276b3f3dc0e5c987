"""Further layouts of a class: exports of Chinese chat and class systems, and files that editors, clouds and systems add.

Rows as in archives_made.LAYOUTS.
"""

from pathlib import Path

from tests.repository.archives_made import (
    AB,
    A,
    B,
    Files,
    Layout,
    class_of,
    empty,
    git_clone,
    graded_as,
    hmm,
    inside,
    notebook,
    one_student,
    solved,
    solved_by,
    write,
    zipped,
    zipped_gbk,
)
from tests.repository.copies import link

COLLECTED = "收集结果_第四次作业_20261012"


def encrypted(files: Files) -> bytes:
    """A zip whose members say that they are encrypted."""
    data = bytearray(zipped(files))
    for mark, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        start = data.find(mark)
        while start >= 0:
            data[start + offset] |= 1
            start = data.find(mark, start + 4)
    return bytes(data)


def _linked(folder: Path) -> None:
    """A student's hmm is a link to a folder beside it; the other student's model.py is a link outside."""
    write(folder, inside(f"{A}/work", hmm("a")))
    link(folder / A / "hmm", "work/hmm")
    write(folder, {f"{B}/hmm/notes.md": b"x"})
    link(folder / B / "hmm" / "model.py", Path(__file__).resolve())


def _resource_forks() -> Files:
    """What Finder adds to a zip: a fork beside each file, and .DS_Store."""
    forks = {
        f"__MACOSX/hmm/._{name.split('/')[1]}": b"\0\5\x16\7" + b"\0" * 60 for name in hmm("a")
    }
    return hmm("a") | forks | {"hmm/.DS_Store": b"\0\0\0\1Bud1", "__MACOSX/._hmm": b"\0\5\x16\7"}


MORE: dict[str, Layout] = {
    # ------------------------------------------------------------ class and chat systems
    "钉钉: a folder per student, a time behind the name": Layout(
        class_of(
            lambda: {
                "第四次作业/张三_20261012235859/hmm.zip": zipped(hmm("a")),
                "第四次作业/李四_20261012235901/hmm(1).zip": zipped(hmm("b")),
            }
        ),
        AB, silent=True,
    ),
    "企业微信: a collected table's attachments": Layout(
        class_of(
            lambda: {
                f"{COLLECTED}/附件/1-张三-{A}-hmm.zip": zipped(hmm("a")),
                f"{COLLECTED}/附件/2-李四-{B}-hmm.zip": zipped(hmm("b")),
            }
        ),
        AB, silent=True,
    ),
    "QQ 群作业: nickname and real name": Layout(
        class_of(
            lambda: {
                "第四次作业/计科2班-张三/hmm.zip": zipped_gbk({"hmm/model.py": solved_by("a")}),
                "第四次作业/计科2班-李四/hmm.zip": zipped(hmm("b")),
            }
        ),
        AB, silent=True,
    ),
    "雨课堂: pictures of the answers beside the code": Layout(
        class_of(
            lambda: {
                f"作业4-主观题/{A}-张三/附件1.zip": zipped(hmm("a")),
                f"作业4-主观题/{A}-张三/图片1.jpg": b"\xff\xd8",
                f"作业4-主观题/{B}-李四/附件1.zip": zipped(hmm("b")),
            }
        ),
        AB, silent=True, written={A: {"图片1.jpg"}},
    ),
    "学习通: class, name and id in one name, an inner 附件": Layout(
        class_of(
            lambda: {
                f"2026秋序列模型-第四次作业/张三({A})/附件/hmm.zip": zipped(hmm("a")),
                f"2026秋序列模型-第四次作业/李四({B})/附件/HMM 最终版.zip": zipped(hmm("b")),
            }
        ),
        AB, silent=True,
    ),
    "腾讯文档: a time in each name": Layout(
        class_of(
            lambda: {
                f"{A}_张三_hmm_2026-10-12 23-58-59.zip": zipped(hmm("a")),
                f"{B}_李四_hmm_2026-10-13 00-00-01.zip": zipped(hmm("b")),
            }
        ),
        AB, silent=True,
    ),
    "微信: the copy of a copy": Layout(
        class_of(
            lambda: {
                f"{A}张三hmm(1)(1).zip": zipped(hmm("a")),
                f"{B}李四hmm（1）.zip": zipped(hmm("b")),
            }
        ),
        AB, silent=True,
    ),
    "飞书: the file's name in front": Layout(
        class_of(lambda: {"hmm-张三-计科2班.zip": zipped(hmm("a")), "hmm-李四-计科2班.zip": zipped(hmm("b"))}),
        AB, silent=True,
    ),
    # ------------------------------------------------------------ clouds, systems, editors
    "OneDrive: a second upload": Layout(
        class_of(
            lambda: {
                f"{A}_hmm.zip": zipped(hmm("old")), f"{A}_hmm (2).zip": zipped(hmm("a")),
                f"{B}_hmm 1.zip": zipped(hmm("b")),
            }
        ),
        AB, words=("2 attempts: number 2 counts",),
    ),
    "OneDrive: a computer's name behind the file's": Layout(
        one_student(lambda: {"hmm/model.py": empty(), "hmm/model-DESKTOP-AB12CD3.py": solved_by("a")}),
        graded_as(), silent=True,
    ),
    "the work beside the empty copy under another name": Layout(
        one_student(lambda: {"hmm/model.py": empty(), "hmm/my_work.py": solved("hmm", "model.py")}),
        {A: {"hmm": ""}, B: {"hmm": "b"}},
        words=("hmm: no blank is filled in", "functions of hmm are in hmm/my_work.py: not graded"),
    ),
    "a model.py that imports the work": Layout(
        one_student(
            lambda: {"hmm/model.py": empty() + b"\nfrom my_work import *\n", "hmm/my_work.py": solved_by("a")}
        ),
        graded_as(), silent=True,
    ),
    "macOS: resource forks": Layout(
        class_of(lambda: {f"{A}.zip": zipped(_resource_forks()), f"{B}.zip": zipped(hmm("b"))}), AB, silent=True
    ),
    "Windows: backslashes and GBK": Layout(
        class_of(
            lambda: {
                f"{A}.zip": zipped_gbk({"张三\\第四次作业\\hmm\\model.py": solved_by("a")}), f"{B}.zip": zipped(hmm("b")),
            }
        ),
        AB, silent=True,
    ),
    "Jupyter: checkpoints": Layout(
        one_student(
            lambda: {
                "hmm/model.py": solved_by("a"), "hmm/.ipynb_checkpoints/model-checkpoint.py": solved_by("old"),
            }
        ),
        graded_as(), silent=True,
    ),
    "Jupyter: checkpoints only of the filled file": Layout(
        one_student(
            lambda: {"hmm/model.py": empty(), "hmm/.ipynb_checkpoints/model-checkpoint.py": solved_by("a")}
        ),
        {A: {"hmm": ""}, B: {"hmm": "b"}}, words=("hmm: no blank is filled in", "the work may be in 20260001/hmm/.ipynb_checkpoints"),
    ),
    "Jupyter: a duplicated file": Layout(
        one_student(lambda: {"hmm/model.py": empty(), "hmm/model-Copy1.py": solved_by("a")}), graded_as(), silent=True
    ),
    "Jupyter: a duplicated notebook": Layout(
        one_student(
            lambda: {
                "hmm/model.py": empty(),
                "hmm/work-Copy1.ipynb": notebook(solved("hmm", "model.py").decode() + "\n# by a\n"),
            }
        ),
        graded_as(), words=("function(s) taken from hmm/work-Copy1.ipynb",),
    ),
    "the same name three times": Layout(
        one_student(lambda: inside("hmm/hmm", hmm("a"))), graded_as(), silent=True
    ),
    "an encrypted zip beside a good one": Layout(
        class_of(lambda: {f"{A}.zip": zipped({"hmm.zip": encrypted(hmm("x"))} | hmm("a")), f"{B}.zip": zipped(hmm("b"))}),
        AB, words=("hmm.zip", "locked with a password"),
    ),
    "an encrypted zip": Layout(
        class_of(lambda: {f"{A}.zip": encrypted(hmm("a")), f"{B}.zip": zipped(hmm("b"))}),
        {A: {"hmm": ""}, B: {"hmm": "b"}}, words=("locked with a password", "hmm: no code found"),
    ),
    "a damaged 7z in a zip": Layout(
        class_of(lambda: {f"{A}.zip": zipped({"hmm.7z": b"7z\xbc\xaf\x27\x1c" + b"\0" * 40}), f"{B}.zip": zipped(hmm("b"))}),
        {A: {}, B: {"hmm": "b"}}, words=("hmm.7z",),
    ),
    "links": Layout(
        _linked, {A: {"hmm": "a"}, B: {"hmm": ""}}, words=("a link or device, not followed",),
    ),
    "a clone whose work is on another branch": Layout(
        class_of(
            lambda: git_clone(
                "hw4-zhangsan",
                {
                    "hmm/model.py": empty(),
                    ".git/refs/heads/main": b"1" * 40, ".git/refs/heads/my-work": b"2" * 40,
                },
            )
            | git_clone("hw4-lisi", hmm("b"))
        ),
        {A: {"hmm": ""}, B: {"hmm": "b"}}, "clones", words=("hmm: no blank is filled in", "the work may be in hw4-zhangsan/.git"),
    ),
    "a Word file of another name beside the folder": Layout(
        one_student(
            lambda: {"hmm/model.py": solved_by("a"), "第四次作业书面题-张三.docx": b"PK\3\4", "~$第四次作业书面题-张三.docx": b"\6"}
        ),
        graded_as(), silent=True, written={A: {"第四次作业书面题-张三.docx"}},
    ),
    "a name with a middle dot": Layout(
        class_of(lambda: {"阿卜杜拉•买买提_hmm.zip": zipped(hmm("d")), f"{B}.zip": zipped(hmm("b"))}),
        {"20260007": {"hmm": "d"}, B: {"hmm": "b"}}, silent=True,
    ),
    "a name without its middle dot": Layout(
        class_of(lambda: {"阿卜杜拉买买提hmm.zip": zipped(hmm("d")), f"{B}.zip": zipped(hmm("b"))}),
        {"20260007": {"hmm": "d"}, B: {"hmm": "b"}}, silent=True,
    ),
    "full-width everything": Layout(
        class_of(lambda: {"２０２６０００１＿张三＿ＨＭＭ．zip": zipped(hmm("a")), f"{B}　李四.zip": zipped(hmm("b"))}), AB, silent=True
    ),
}  # fmt: skip
ROSTER = "20260007,阿卜杜拉·买买提,,,\n20260008,赵六,,,\n20260009,赵六,,,\n"  # behind archives_made.ROSTER
