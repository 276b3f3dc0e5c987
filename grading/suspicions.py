"""Suspicions for TAs to review: forbidden calls, code that detects that it is checked, nearly equal submissions.

Only lines that a student wrote are examined, not those of the empty copy. Nothing here changes a mark.
"""

import ast
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from course.checks import load_checks
from course.messages import Language, Message
from grading import copying
from grading.copying import Files

FORBIDDEN = {  # dotted names of libraries that solve the blanks
    "hw_bptt": ("torch", "tensorflow", "jax", "autograd", ".backward", "scipy.optimize"),
    "hw_attention": (
        "MultiheadAttention",
        "TransformerEncoderLayer",
        "scaled_dot_product_attention",
        "Transformer",
    ),
    "gpt_songci": (
        "MultiheadAttention",
        "TransformerEncoderLayer",
        "scaled_dot_product_attention",
        "transformers",
    ),
    "hmm": ("hmmlearn", "pomegranate", "torch", "sklearn"),
    "word2vec_sst": ("gensim", "sklearn", "torch", "scipy"),
    "waimai_cls": ("sklearn", "transformers"),
}
ALWAYS = (
    "os._exit",
    "sys.exit",
    "subprocess",
    "socket",
    "ctypes",
    "inspect.stack",
    "sys._getframe",
    "gc.get_objects",
    "sys._current_frames",
    ".f_back",
    ".f_locals",
    ".tb_frame",
    ".gi_frame",
    "sys.modules",
    "__builtins__",
    "importlib",
    "STUBS",
    "worker",
    "probes",
    "NBGRADER_EXECUTION",
    "hostname",
    "PYTEST_CURRENT_TEST",
    "pytest",
)
SOLVED_ZH = "题目的解答"


LINE = Message("{file}, line {line}: {word}", "{file} 第 {line} 行：{word}")
TOO_LONG = Message("{file}: too long to look through", "{file}：太长，没有查看")


class Suspicion(NamedTuple):
    """A suspicion on the class page."""

    text: str  # one line, with the students' names
    lines: Sequence[str]  # evidence: lines of code with file and line number


def suspicious_calls(files: Files, homework: str, lang: Language = "en") -> list[str]:
    """Suspicious names in lines that the student wrote, e.g. "hmm/model.py, line 12: os._exit"; sorted."""
    lines_found = []
    words = {
        *FORBIDDEN.get(homework, ()),
        *ALWAYS,
        *(f"test_{check.name}" for check in load_checks(homework)),
    }
    written = copying.own_lines(files, homework)
    lines_found += [
        TOO_LONG.text(lang).format(file=f"{homework}/{name}")
        for name in files
        if name.endswith(".py") and name not in written
    ]
    for name, lines in sorted(written.items()):
        numbers = {number for number, _ in lines}
        try:
            tree = ast.parse(files[name].decode("utf-8", "replace"))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        for node in ast.walk(tree):
            line = getattr(node, "lineno", None)
            if line in numbers:
                lines_found += [
                    LINE.text(lang).format(file=f"{homework}/{name}", line=line, word=word)
                    for word in sorted(_names(node) & words)
                ]
    return sorted(set(lines_found))


def _names(node):
    """All forms of a node's name that FORBIDDEN and ALWAYS may contain: "torch", "os._exit", ".backward"."""
    if isinstance(node, ast.Import):
        return {part for alias in node.names for part in (alias.name, alias.name.split(".")[0])}
    if isinstance(node, ast.ImportFrom):
        module = node.module or ""
        return {
            module,
            module.split(".")[0],
            *(alias.name for alias in node.names),
            *(f"{module}.{alias.name}" for alias in node.names),
        }
    if isinstance(node, ast.Attribute):
        base = node.value.id if isinstance(node.value, ast.Name) else ""
        return {f"{base}.{node.attr}", f".{node.attr}", node.attr}
    if isinstance(node, ast.Name):
        return {node.id}
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return {node.value}
    return set()


def find_suspicions(
    class_files: Mapping[str, Mapping[str, Files]],
    lang: Language,
    earlier: Mapping[str, Mapping[str, Files]] | None = None,
) -> list[Suspicion]:
    """All suspicions about a class, for the class page.

    class_files: {homework: {student: {file: bytes}}}; earlier: the same for submissions of earlier terms, as sources.
    """
    suspicions = []
    for homework, students in class_files.items():
        for student, files in sorted(students.items()):
            calls = suspicious_calls(files, homework, lang)
            if calls:
                text = {"en": f"{student}: {calls[0]}", "zh": f"{student}：{calls[0]}"}[lang]
                if further := len(calls) - 1:
                    text += {"en": f" (+{further})", "zh": f"（另有 {further} 处）"}[lang]
                suspicions.append(Suspicion(text, calls))
        for cluster in copying.find_clusters(students, homework, (earlier or {}).get(homework)):
            suspicions.append(Suspicion(describe(cluster, homework, lang), cluster.lines))
    return suspicions


def beside(first: str, second: str) -> str:
    """Two pieces of Chinese text side by side: a space between them only where one of them is Latin."""
    latin = first[-1:].isascii() or second[:1].isascii()
    return f"{first}{' ' * latin}{second}"


def describe(cluster: copying.Cluster, homework: str, lang: Language) -> str:
    """A cluster of copies in one line."""
    members = [member for member in cluster.members if member not in cluster.sources]
    names = {"en": ", ".join(members), "zh": "、".join(members)}[lang]
    if cluster.sources:
        sources = [
            SOLVED_ZH if lang == "zh" and s == copying.SOLVED else s for s in cluster.sources
        ]
        joined = beside(beside(names, "与"), "、".join(sources))
        names = {"en": f"{names} and {', '.join(sources)}", "zh": joined}[lang]
    share = f"{cluster.share:.0%}"
    text = {
        "identical": {
            "en": f"{names} have the same file, byte for byte ({cluster.own_lines} lines of their own)",
            "zh": beside(names, f"有逐字节相同的文件（自己写的有 {cluster.own_lines} 行）"),
        },
        "text": {
            "en": f"{names} share {share} of what others do not write, names and comments included",
            "zh": beside(names, f"有 {share} 的少见代码相同，连变量名与注释也相同"),
        },
        "structure": {
            "en": f"{names} share {share} of what others do not write, but for names and order",
            "zh": beside(names, f"有 {share} 的少见代码相同，只有变量名与顺序不同"),
        },
    }[cluster.kind][lang]
    return {"en": f"{homework}: {text}", "zh": f"{homework}：{text}"}[lang]
