"""`python -m course pack hmm` writes hmm.zip, the file to hand in: code, answers.md, pictures, PDF."""

import argparse
import re
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

from course.commands.terminal import CommandError, choose_homeworks, say
from course.error_texts import in_words
from course.homeworks import ROOT
from course.messages import Language, Message
from course.runner.loader import LIBRARIES

SUMMARY = Message(
    "Write the zip file to hand in, and list what is still missing.",
    "生成要提交的 zip 文件，并指出还缺什么。",
)
SUFFIXES = (".py", ".md", ".txt", ".pdf", ".png", ".jpg", ".jpeg", ".ipynb")
LEFT_OUT = {"__pycache__", "workdirs", ".ipynb_checkpoints", ".pytest_cache", ".git"}
MAX_FILE, MAX_TOTAL = 10 * 2**20, 30 * 2**20  # bytes
IMPORT_SECONDS = 120
IMPORT_ALL = """
import importlib, pathlib, sys, traceback
for path in sorted(pathlib.Path().glob("*.py")):
    try:
        importlib.import_module(path.stem)
    except BaseException as error:
        files = [frame.filename for frame in traceback.extract_tb(error.__traceback__)]
        files = [pathlib.Path(file) for file in (*files, getattr(error, "filename", None) or "")]
        here = [file.name for file in files if file.parent == pathlib.Path.cwd()]
        sys.stderr.buffer.write(
            f"\\n{(here or [path.name])[-1]}\\n{type(error).__name__}: {' '.join(str(error).split())}".encode()
        )
        sys.exit(1)
"""  # reports the file in which the import stops, which need not be the one that is imported


@dataclass(frozen=True)
class Packed:
    """What was written: the number of files, and what the student may have forgotten."""

    files: int
    notes: list[Message]


class PackError(CommandError):
    """Something that keeps the archive from being written."""


def files_to_hand_in(folder: Path) -> list[Path]:
    """Files of the homework that are handed in. Raises PackError if they are too large."""
    paths = []
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not path.is_file() or path.suffix.lower() not in SUFFIXES:
            continue
        if set(path.relative_to(folder).parts) & LEFT_OUT:
            continue
        if path.stat().st_size > MAX_FILE:
            megabytes, limit = f"{path.stat().st_size / 2**20:.0f}", MAX_FILE // 2**20
            raise PackError(
                Message(
                    f"{path} has {megabytes} MB, at most {limit} are accepted: make the picture or PDF smaller",
                    f"{path} 有 {megabytes} MB，最多 {limit} MB：请压缩图片或 PDF",
                )
            )
        paths.append(path)
    if sum(path.stat().st_size for path in paths) > MAX_TOTAL:
        limit = MAX_TOTAL // 2**20
        raise PackError(
            Message(
                f"the files of {folder.name} have more than {limit} MB together: make pictures smaller",
                f"{folder.name} 的文件总共超过 {limit} MB：请压缩图片",
            )
        )
    return paths


def stop_if_broken(folder: Path) -> None:
    """Raises PackError if a file hides a library or cannot be imported."""
    for path in sorted(folder.glob("*.py")):
        if path.stem in sys.stdlib_module_names | LIBRARIES:
            raise PackError(
                Message(
                    f"{folder.name}/{path.name} hides the library {path.stem}: rename it",
                    f"{folder.name}/{path.name} 会遮住库 {path.stem}：请改名",
                )
            )
    try:
        process = subprocess.run(
            [sys.executable, "-B", "-c", IMPORT_ALL],
            cwd=folder,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=IMPORT_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise PackError(
            Message(
                f"importing the files of {folder.name} takes longer than {IMPORT_SECONDS} s: "
                "is there a loop outside functions?",
                f"导入 {folder.name} 的文件超过 {IMPORT_SECONDS} 秒：函数之外是不是有停不下来的循环？",
            )
        ) from None
    if process.returncode:
        lines = ["", *process.stderr.decode("utf-8", "replace").strip().splitlines()]
        file, problem = lines[-2:]
        raise PackError(
            Message(
                f"{folder.name}/{file} cannot be imported: {problem}",
                f"{folder.name}/{file} 无法导入：{_problem_in_chinese(problem)}",
            )
        )


def _problem_in_chinese(problem: str) -> str:
    """ "SyntaxError: expected ':' (model.py, line 3)" in Chinese."""
    match = re.fullmatch(r"(\w+): (.*?)(?: \(\S+, line (\d+)\))?", problem)
    if not match:
        return problem
    type, text, line = match.groups()
    return f"{type}：{in_words(text).zh}" + (f"（第 {line} 行）" if line else "")


def reminders(folder: Path) -> list[Message]:
    """What the student may have forgotten; the archive is written all the same."""
    notes = []
    for path in sorted(folder.glob("*.py")):
        if empty := path.read_text(encoding="utf-8").count('): still empty")'):
            name = f"{folder.name}/{path.name}"
            notes.append(
                Message(f"{name}: {empty} blank(s) still empty", f"{name}：还有 {empty} 个空未填")
            )
    answers = folder / "answers.md"
    name = f"{folder.name}/answers.md"
    if not answers.is_file():
        notes.append(
            Message(f"{name} is missing (the written questions)", f"缺少 {name}（书面题）")
        )
    elif not _has_answer(answers.read_text(encoding="utf-8")):
        notes.append(Message(f"{name} does not contain an answer yet", f"{name} 里还没有答案"))
    return notes


def _has_answer(text: str) -> bool:
    provided = ("#", "Put pictures", "Name", "Student id")
    return any(line.strip() and not line.startswith(provided) for line in text.splitlines())


def pack(homework: str, out: Path, root: Path = ROOT) -> Packed:
    """Write the zip file `out`. Raises PackError."""
    folder = root / homework
    if not folder.is_dir():
        raise PackError(
            Message(f"no folder {homework} in {root}", f"{root} 里没有文件夹 {homework}")
        )
    paths = files_to_hand_in(folder)
    stop_if_broken(folder)
    try:
        notes = reminders(folder)
    except UnicodeDecodeError:
        raise PackError(
            Message(
                f"{homework}/answers.md is not UTF-8: save it as UTF-8",
                f"{homework}/answers.md 不是 UTF-8 编码：请另存为 UTF-8",
            )
        ) from None
    if out.exists() and not zipfile.is_zipfile(out):
        raise PackError(
            Message(
                f"{out} exists and is not a zip file: choose another --out",
                f"{out} 已存在，且不是 zip 文件：请换一个 --out",
            )
        )
    new_path = out.with_name(f".{out.name}.tmp")
    with zipfile.ZipFile(new_path, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in paths:
            archive.write(path, f"{homework}/{path.relative_to(folder).as_posix()}")
    new_path.replace(out)
    return Packed(len(paths), notes)


def add_arguments(parser: argparse.ArgumentParser, language: Language) -> None:
    homework = Message(
        "name of the homework (default: the folder you are in)", "作业名（默认：当前所在的作业）"
    )
    out = Message(
        "zip file to write (default: HOMEWORK.zip)", "要写的 zip 文件（默认：作业名.zip）"
    )
    parser.add_argument("homework", nargs="?", help=homework.text(language))
    parser.add_argument("--out", type=Path, help=out.text(language))


def run(args: argparse.Namespace, language: Language) -> int:
    homeworks = choose_homeworks([args.homework] if args.homework else [])
    if len(homeworks) != 1:
        raise PackError(
            Message(
                f"which homework? One of: {' '.join(homeworks)}",
                f"打包哪个作业？可选：{'、'.join(homeworks)}",
            )
        )
    out = args.out or Path(f"{homeworks[0]}.zip")
    packed = pack(homeworks[0], out)
    for note in packed.notes:
        say(Message("note: ", "注意：") + note, language)
    size = f"{out.stat().st_size / 1024:.0f}"
    say(
        Message(
            f"{out}: {packed.files} files, {size} kB. Hand in this file.",
            f"{out}：{packed.files} 个文件，{size} kB。请提交这个文件。",
        ),
        language,
    )
    return 0
