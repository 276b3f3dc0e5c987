"""`python -m course doctor` checks the environment and says for each problem what to do."""

import argparse
import contextlib
import importlib.metadata
import io
import os
import re
import shutil
import sys
import tempfile
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any
from urllib.parse import urlsplit

from course.board import hidden_libraries
from course.commands.terminal import present_homeworks, say
from course.homeworks import ROOT
from course.messages import Language, Message
from course.solved import load_solved

SUMMARY = Message(
    "Check Python, libraries, fonts, encodings, proxies and the disk; say what to do.",
    "检查 Python、库、字体、编码、代理和磁盘，并说明怎么解决。",
)
OLDEST_PYTHON = (3, 11)
NEWEST_PYTHON = (3, 14)
LIBRARIES = ("torch", "numpy", "jieba", "matplotlib", "tqdm", "pytest")
LONGEST_PATH = 259  # characters that a program on Windows accepts, unless long paths are enabled
LONGEST_NAME = 200  # of a file in the environment .venv, below its folder
MIN_FREE = 2 * 2**30  # bytes: full data sets and checkpoints
INSTALL = "python -m pip install -r requirements.txt"


class Level(Enum):
    """How serious a finding is. A NOTE does not change the exit code."""

    OK = Message("ok", "正常")
    NOTE = Message("note", "提示")
    PROBLEM = Message("PROBLEM", "问题")


@dataclass(frozen=True)
class Finding:
    """One line of the report. advice: what to do, or None."""

    level: Level
    text: Message
    advice: Message | None = None


def check_python(version: tuple[int, ...] = tuple(sys.version_info[:3])) -> Finding:
    text = Message(*[f"Python {'.'.join(map(str, version))} ({sys.executable})"] * 2)
    if version < OLDEST_PYTHON:
        advice = Message(
            "install Python 3.11 or newer and make the environment with it",
            "请安装 Python 3.11 或更新的版本，并用它创建环境",
        )
        return Finding(Level.PROBLEM, text, advice)
    if version[:2] > NEWEST_PYTHON:
        advice = Message(
            "some libraries may have no wheel for it yet: Python 3.11 to 3.14 is tested",
            "有些库可能还没有对应的安装包：请用 Python 3.11 至 3.14",
        )
        return Finding(Level.NOTE, text, advice)
    return Finding(Level.OK, text)


def pinned_versions() -> dict[str, str]:
    """{library: version} of requirements.txt."""
    try:
        text = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    except OSError:
        return {}
    return dict(re.findall(r"^([\w-]+)==([\w.]+)", text, re.MULTILINE))


def check_library(name: str, pinned: str | None) -> Finding:
    """Whether a library is installed, and in the version of requirements.txt ("2.13.0+cpu" counts as "2.13.0")."""
    try:
        installed = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return Finding(
            Level.PROBLEM,
            Message(f"{name} is not installed", f"没有安装 {name}"),
            Message(
                f"activate the environment of the README, or run: {INSTALL}",
                f"请激活 README 里的环境，或运行：{INSTALL}",
            ),
        )
    text = Message(*[f"{name} {installed}"] * 2)
    if pinned and installed.split("+")[0] != pinned:
        advice = Message(
            f"the course was tested with {pinned}; if something fails: {INSTALL}",
            f"课程在 {pinned} 上测试；如有问题，运行：{INSTALL}",
        )
        return Finding(Level.NOTE, text, advice)
    return Finding(Level.OK, text)


def check_torch_loads() -> Finding:
    """torch may be installed and still not load: a DLL is missing, or a file is damaged."""
    try:
        import torch
    except (ImportError, OSError) as error:
        return Finding(
            Level.PROBLEM,
            Message(f"torch does not load: {error}", f"torch 无法加载：{error}"),
            Message(
                "on Windows install the Microsoft Visual C++ Redistributable; otherwise: "
                "pip install --force-reinstall torch",
                "Windows 请安装 Microsoft Visual C++ Redistributable；其他系统运行：pip install --force-reinstall torch",
            ),
        )
    device = "cuda" if torch.cuda.is_available() else "cpu"
    return Finding(Level.OK, Message(f"torch loads ({device})", f"torch 可以加载（{device}）"))


def check_chinese_font() -> Finding:
    """The search that the homeworks' pictures do (plots.py)."""
    folder = next(
        (name for name in present_homeworks() if (ROOT / name / "plots.py").is_file()), None
    )
    font = None
    if folder:
        with contextlib.suppress(ImportError), contextlib.redirect_stderr(io.StringIO()):
            homework = load_solved(folder)
            with homework.active():
                font = homework.module("plots").chinese_font()
    if font:
        return Finding(Level.OK, Message(f"Chinese font {font}", f"中文字体 {font}"))
    return Finding(
        Level.NOTE,
        Message("no Chinese font: pictures show code points", "没有中文字体：图上只能显示码位"),
        Message(
            "install one, such as fonts-noto-cjk (Debian, Ubuntu) or google-noto-sans-cjk-fonts (Fedora)",
            "请安装一种，例如 fonts-noto-cjk（Debian、Ubuntu）或 google-noto-sans-cjk-fonts（Fedora）",
        ),
    )


def check_encoding() -> Finding:
    encoding = getattr(sys.__stdout__, "encoding", None) or "utf-8"
    text = Message(f"output encoding {encoding}", f"输出编码 {encoding}")
    try:
        "成绩板·诗词".encode(encoding)
    except UnicodeEncodeError:
        command = "set PYTHONUTF8=1" if os.name == "nt" else "export LC_ALL=C.UTF-8"
        advice = Message(
            f"Chinese text is shown as ?; run in this terminal: {command}",
            f"中文会显示为 ?；请在这个终端运行：{command}",
        )
        return Finding(Level.PROBLEM, text, advice)
    return Finding(Level.OK, text)


def check_proxies() -> Finding:
    """Proxies of the environment or the system; passwords are not shown."""
    proxies = {name: url for name, url in urllib.request.getproxies().items() if name != "no"}
    if not proxies:
        return Finding(Level.OK, Message("no proxy is set", "没有设置代理"))
    shown = ", ".join(f"{name}={_without_password(url)}" for name, url in sorted(proxies.items()))
    text = Message(f"proxies: {shown}", f"代理：{shown}")
    if any(url.lower().startswith("socks") for url in proxies.values()):
        advice = Message(
            "pip and requests need `pip install pysocks` for SOCKS; or use an http:// proxy",
            "使用 SOCKS 代理需先 `pip install pysocks`；或改用 http:// 代理",
        )
    else:
        advice = Message(
            "pip and data/download.py use them; if a download fails, check that the proxy runs, or unset them",
            "pip 和 data/download.py 会用它们；下载失败时，请确认代理在运行，或取消设置",
        )
    return Finding(Level.NOTE, text, advice)


def _without_password(url: str) -> str:
    parts = urlsplit(url if "//" in url else f"//{url}")
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}" if parts.scheme else host


def check_disk(free: int | None = None) -> Finding:
    free = shutil.disk_usage(ROOT).free if free is None else free
    size = f"{free / 2**30:.1f} GiB"
    text = Message(f"{size} free on the disk", f"磁盘剩余 {size}")
    if free >= MIN_FREE:
        return Finding(Level.OK, text)
    advice = Message(
        "free some space (2 GiB for the full data sets and checkpoints): workdirs/ and data/full/ may be deleted",
        "请腾出空间（完整数据集和检查点约需 2 GiB）：workdirs/ 和 data/full/ 可以删除",
    )
    return Finding(Level.PROBLEM, text, advice)


def check_writable() -> Finding:
    try:
        with tempfile.TemporaryFile(dir=ROOT):
            pass
    except OSError as error:
        return Finding(
            Level.PROBLEM,
            Message(
                f"cannot write to {ROOT}: {error.strerror}", f"无法写入 {ROOT}：{error.strerror}"
            ),
            Message(
                "move the folder into your home folder, and unpack the zip file before use",
                "请把文件夹移到自己的主目录；zip 文件要先解压再使用",
            ),
        )
    return Finding(Level.OK, Message(f"{ROOT} is writable", f"{ROOT} 可写"))


def check_windows(folder: str, prefix: str, long_paths: bool) -> list[Finding]:
    """What can go wrong on Windows only. folder: of the course; prefix: of Python itself (sys.base_prefix)."""
    findings = []
    if "windowsapps" in prefix.lower():
        text = Message("Python of the Microsoft Store", "Microsoft Store 版的 Python")
        advice = Message(
            "if files or packages seem to be missing, install Python from python.org: the Store's version redirects "
            "some folders",
            "如果找不到文件或库，请从 python.org 安装 Python：Store 版会重定向一些文件夹",
        )
        findings.append(Finding(Level.NOTE, text, advice))
    length = len(os.path.join(folder, ".venv", "")) + LONGEST_NAME
    if length > LONGEST_PATH and not long_paths:
        text = Message(
            f"the path of this folder is long: files below it reach {length} characters, Windows accepts "
            f"{LONGEST_PATH}",
            f"这个文件夹的路径太长：其中文件的路径可达 {length} 个字符，Windows 只接受 {LONGEST_PATH} 个",
        )
        advice = Message(
            "move it to a short path such as C:\\course (or enable long paths in Windows)",
            "请移到较短的路径，例如 C:\\course（或在 Windows 里启用长路径）",
        )
        findings.append(Finding(Level.NOTE, text, advice))
    return findings


def long_paths_are_enabled() -> bool:
    """Whether Windows accepts paths of more than 259 characters (a setting of the machine); elsewhere True."""
    try:
        import winreg as module

        winreg: Any = module  # its names exist on Windows only
    except ImportError:
        return True
    registry: Any = winreg  # type checkers on other systems know no names of it
    name = r"SYSTEM\CurrentControlSet\Control\FileSystem"
    try:
        with registry.OpenKey(registry.HKEY_LOCAL_MACHINE, name) as key:
            return registry.QueryValueEx(key, "LongPathsEnabled")[0] == 1
    except OSError:
        return False


def check_hidden_libraries() -> list[Finding]:
    """Files in homework folders that a script would import in place of a library."""
    return [
        Finding(
            Level.PROBLEM,
            Message(
                f"{homework}/{name} hides the library {name.removesuffix('.py')}",
                f"{homework}/{name} 会遮住库 {name.removesuffix('.py')}",
            ),
            Message("rename the file", "请给文件改名"),
        )
        for homework in present_homeworks()
        for name in hidden_libraries(ROOT, homework)
    ]


def examine() -> list[Finding]:
    """All findings, in the order of the report."""
    pinned = pinned_versions()
    checks: list[Callable[[], Finding]] = [
        check_torch_loads,
        check_chinese_font,
        check_encoding,
        check_proxies,
        check_disk,
        check_writable,
    ]
    libraries = [check_library(name, pinned.get(name)) for name in LIBRARIES]
    windows = (
        check_windows(str(ROOT), sys.base_prefix, long_paths_are_enabled())
        if os.name == "nt"
        else []
    )
    findings = [check() for check in checks]
    return [check_python(), *libraries, *findings, *windows, *check_hidden_libraries()]


def add_arguments(parser: argparse.ArgumentParser, language: Language) -> None:
    """The command has no arguments of its own."""


def run(args: argparse.Namespace, language: Language) -> int:
    """0 without a problem, 1 with one."""
    findings = examine()
    for finding in findings:
        label = finding.level.value
        say(Message(f"{label.en:<8}", f"{label.zh}  ") + finding.text, language)
        if finding.advice:
            say(Message("        -> ", "      -> ") + finding.advice, language)
    problems = sum(finding.level is Level.PROBLEM for finding in findings)
    if problems:
        say(Message(f"{problems} problem(s) to fix", f"有 {problems} 个问题需要解决"), language)
        return 1
    say(Message("The environment is fine.", "环境没有问题。"), language)
    return 0
