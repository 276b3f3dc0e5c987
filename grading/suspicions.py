"""What a TA may want to look at: forbidden calls, code that knows it is checked, submissions that are nearly the same.

Only lines that a student wrote are read: what stands in the empty copy does not count. Nothing here changes a mark.
"""

import ast
import collections
import io
import keyword
import tokenize

from course.checks import load_checks
from grading import submissions

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
MAX_CODE = 400_000  # bytes of a student's homework that are looked through
SPAN = 12  # tokens in a fingerprint
SHARE = 0.7  # of the smaller submission's fingerprints
LEAST = 25  # fingerprints of one's own that a comparison needs
COMMON = 0.2  # fingerprints that this share of the class has say nothing


def own_lines(files, homework):
    """{file: [(line number, text)]} of the lines that are not in the empty copy."""
    found, room = {}, MAX_CODE
    for name in sorted(files, key=lambda name: (name not in _given(homework), name)):
        given = _given(homework).get(name, ())
        if name.endswith(".py") and len(files[name]) <= room:
            room -= len(files[name])
            text = files[name].decode("utf-8", "replace")
            found[name] = [
                (at, line)
                for at, line in enumerate(text.splitlines(), 1)
                if line.strip() and line.strip() not in given
            ]
    return found


_EMPTY = {}


def _given(homework):
    if homework not in _EMPTY:
        _EMPTY[homework] = {
            name: frozenset(line.strip() for line in data.decode("utf-8", "replace").splitlines())
            for name, data in submissions.empty_files(homework).items()
        }
    return _EMPTY[homework]


def calls(files, homework):
    """["hmm/model.py, line 12: os._exit"]: forbidden and tell-tale names in lines of the student's own."""
    found = []
    words = {
        *FORBIDDEN.get(homework, ()),
        *ALWAYS,
        *(f"test_{one.name}" for one in load_checks(homework)),
    }
    own = own_lines(files, homework)
    found += [
        f"{homework}/{name}: too long to look through"
        for name in files
        if name.endswith(".py") and name not in own
    ]
    for name, lines in sorted(own.items()):
        numbers = {at for at, _ in lines}
        try:
            tree = ast.parse(files[name].decode("utf-8", "replace"))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        for node in ast.walk(tree):
            if getattr(node, "lineno", None) in numbers:
                for word in sorted(_names(node) & words):
                    found.append(f"{homework}/{name}, line {node.lineno}: {word}")
    return sorted(set(found))


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


def fingerprints(files, homework):
    """{hash: (file, line)} of SPAN neighbouring tokens of the student's own lines; names and numbers do not matter."""
    found = {}
    for name, lines in own_lines(files, homework).items():
        tokens = []
        for at, line in lines:
            try:
                for token in tokenize.generate_tokens(io.StringIO(line.strip() + "\n").readline):
                    kind = tokenize.tok_name[token.type]
                    if kind == "NAME":
                        tokens.append(
                            (token.string if keyword.iskeyword(token.string) else "name", at)
                        )
                    elif kind in ("NUMBER", "STRING"):
                        tokens.append((kind, at))
                    elif kind == "OP":
                        tokens.append((token.string, at))
            except (tokenize.TokenError, IndentationError, SyntaxError):
                continue
        for start in range(len(tokens) - SPAN + 1):
            found.setdefault(
                hash(tuple(text for text, _ in tokens[start : start + SPAN])),
                (name, tokens[start][1]),
            )
    return found


def alike(class_files, homework):
    """[(student, other, share, shared lines)] of submissions that share most of what few others have.

    class_files: {student: {file: bytes}}.
    """
    prints = {student: fingerprints(files, homework) for student, files in class_files.items()}
    counts = collections.Counter(mark for marks in prints.values() for mark in marks)
    most = max(2, COMMON * len(prints))
    rare = {
        student: {mark for mark in marks if counts[mark] <= most}
        for student, marks in prints.items()
    }
    holders = collections.defaultdict(list)
    for student, marks in rare.items():
        for mark in marks:
            holders[mark].append(student)
    shared = collections.Counter(
        (a, b)
        for names in holders.values()
        for at, a in enumerate(sorted(names))
        for b in sorted(names)[at + 1 :]
    )
    found = []
    for (a, b), count in sorted(shared.items()):
        smaller = min(len(rare[a]), len(rare[b]))
        if smaller >= LEAST and count >= SHARE * smaller:
            found.append(
                (
                    a,
                    b,
                    count / smaller,
                    shown(class_files[a], {prints[a][mark] for mark in rare[a] & rare[b]}),
                )
            )
    return found


def shown(files, places):
    """Lines of source at {(file, line)}."""
    texts = {name: files[name].decode("utf-8", "replace").splitlines() for name, _ in places}
    return [f"{name}, {at}: {texts[name][at - 1].strip()}" for name, at in sorted(places)][:40]


def look(class_files, lang):
    """All suspicions as [{"text", "lines"}] for the class page. class_files: {homework: {student: {file: bytes}}}."""
    found = []
    for homework, students in class_files.items():
        for student, files in sorted(students.items()):
            hits = calls(files, homework)
            if hits:
                found.append(
                    {
                        "text": f"{student}: {hits[0]}"
                        + (f" (+{len(hits) - 1})" if len(hits) > 1 else ""),
                        "lines": hits,
                    }
                )
        for a, b, share, lines in alike(students, homework):
            text = {
                "en": f"{homework}: {a} and {b} share {share:.0%} of what few others have",
                "zh": f"{homework}:{a} 与 {b} 有 {share:.0%} 的少见代码相同",
            }[lang]
            found.append({"text": text, "lines": lines})
    return found
