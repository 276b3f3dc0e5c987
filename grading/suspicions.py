"""What a TA may want to look at: forbidden calls, code that knows it is checked, submissions that are nearly the same.

Only lines that a student wrote are read: what is in the empty copy does not count. Nothing here changes a mark.
"""

import ast
from collections.abc import Mapping

from course.checks import load_checks
from course.messages import Message
from grading import copying
from grading.copying import Files

FORBIDDEN = {  # dotted names that do what the blanks ask for
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


def calls(files, homework, lang="en"):
    """["hmm/model.py, line 12: os._exit"]: forbidden and tell-tale names in lines of the student's own."""
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
    """Every way in which a node names something that the lists may hold: "torch", "os._exit", ".backward"."""
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


def look(
    class_files: Mapping[str, Mapping[str, Files]],
    lang: str,
    earlier: Mapping[str, Mapping[str, Files]] | None = None,
) -> list[dict]:
    """All suspicions as [{"text", "lines"}] for the class page.

    class_files: {homework: {student: {file: bytes}}}; earlier: the same for submissions of earlier terms, as sources.
    """
    suspicions = []
    for homework, students in class_files.items():
        for student, files in sorted(students.items()):
            hits = calls(files, homework, lang)
            if hits:
                text = {"en": f"{student}: {hits[0]}", "zh": f"{student}：{hits[0]}"}[lang]
                if others := len(hits) - 1:
                    text += {"en": f" (+{others})", "zh": f"（另有 {others} 处）"}[lang]
                suspicions.append({"text": text, "lines": hits})
        for cluster in copying.find_clusters(students, homework, (earlier or {}).get(homework)):
            suspicions.append({"text": describe(cluster, homework, lang), "lines": cluster.lines})
    return suspicions


def describe(cluster: copying.Cluster, homework: str, lang: str) -> str:
    """A cluster in one line."""
    members = [member for member in cluster.members if member not in cluster.sources]
    who = {"en": ", ".join(members), "zh": "、".join(members)}[lang]
    if cluster.sources:
        sources = [
            SOLVED_ZH if lang == "zh" and s == copying.SOLVED else s for s in cluster.sources
        ]
        who += {"en": f" and {', '.join(sources)}", "zh": f" 与{'、'.join(sources)}"}[lang]
    share = f"{cluster.share:.0%}"
    text = {
        "identical": {
            "en": f"{who} have the same file, byte for byte ({cluster.own_lines} lines of their own)",
            "zh": f"{who} 有逐字节相同的文件（自己写的有 {cluster.own_lines} 行）",
        },
        "text": {
            "en": f"{who} share {share} of what others do not write, names and comments included",
            "zh": f"{who} 有 {share} 的少见代码相同，连变量名与注释也相同",
        },
        "structure": {
            "en": f"{who} share {share} of what others do not write, but for names and order",
            "zh": f"{who} 有 {share} 的少见代码相同，只有变量名与顺序不同",
        },
    }[cluster.kind][lang]
    return {"en": f"{homework}: {text}", "zh": f"{homework}：{text}"}[lang]
