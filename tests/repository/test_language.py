"""Wording: glossary terms instead of calques, full-width punctuation in Chinese text, identifiers that say what they hold.

Checked are Markdown files and notebooks outside code, string literals and comments of Python files, HTML pages and
JavaScript. A file is parsed only if a quick search matches, so that the whole tree takes about a second.
"""

import ast
import functools
import io
import json
import re
import tokenize

import pytest

from course.homeworks import ROOT

MADE = {".venv", ".git", "dist", "workdirs", "full", "node_modules", ".pytest_cache", "__pycache__"}
TEXTS = {".md", ".ipynb", ".html", ".js", ".toml"}
FILES = sorted(
    path
    for path in ROOT.rglob("*")
    if path.suffix in TEXTS | {".py"}
    and not MADE & set(path.relative_to(ROOT).parts)
    and path.name != "test_language.py"
    and path.is_file()
)
CODE = re.compile(r"^( *)```.*?^\1```|^ {4,}\S[^\n]*$|``.+?``|`[^`\n]*`|\]\([^)\n]*\)", re.M | re.S)

GLOSSARY = {  # wording to avoid: what to write
    r"stand-?ins?": "stub",
    r"doors?": "runner",
    r"(?<!there )(?<!which )is no (?!longer|more|better|worse|different|way\b|need\b)": "is not a",
    r"anew": "again",
    r"shut in": "sandboxed",
    r"(?:is|are|was|were) told": "is reported",
    r"mend(?:s|ed|ing)?": "fix",
    r"go(?:es)? on with": "continue",
    r"stands? in (?!for\b)": "is in, occurs in",
    r"has not (?:the|a|an|any)\b": "does not have",
    r"made sure of": "guaranteed",
    r"commoner label": "majority",
    r"yardsticks?\b(?!\.json)": "baseline",
    r"quotient rule of the logarithm": "differentiating term by term",
    r"may not look at each other": "query i may not attend to key j",
    r"so-called": "(leave it out)",
}
FORBIDDEN = re.compile(
    "|".join(rf"(?P<w{number}>\b{word})" for number, word in enumerate(GLOSSARY)), re.I
)
CALQUES = {  # 不写什么：写什么
    "读取 h": "h 只影响……",
    "激活函数读取": "激活函数的输入",
    "被杀掉": "中断",
    "没有网络也能用": "可离线打开",
    "可以数数": "可据此推断位置",
    "所数的量": "所统计的量",
    "总答": "总是预测",
    "这把尺子": "这一基线",
    "什么坏了": "会出什么问题",
    "哪些差别是真的": "哪些差别超出随机波动",
    "确定的类别": "概率饱和到 0 或 1",
    "汉字数词": "中文数字",
    "正则系数": "正则化强度",
    "受引导": "按词牌写",
    "瞎猜": "随机猜测",
    "被读取": "用到",
    "(?:输出层?|门|候选值?)(?:也|的)?读取?的?是": "由……算出；用的是",
}
CALQUE = re.compile("|".join(CALQUES))

NOT_NAMES = {
    "one",
    "at",
    "place",
    "found",
    "known",
    "said",
    "told",
    "own",
    "mine",
}  # names that do not say what they hold
UNCLEAR = re.compile(rf"\b(?:{'|'.join(sorted(NOT_NAMES))})\b")

HAN = "\u3007\u3400-\u4dbf\u4e00-\u9fff"
HALF_WIDTH = re.compile(
    rf"[{HAN}“”、。，：；？！）][*]*[,:;()?!]|[,:;()?!][*]*[{HAN}“”]|\w[?!](?=[\"']?$)"
)
GLUED = re.compile(  # between two Latin pieces without a space, or behind a formula: "到达 a_t:a_t", "$U$ , $W$"
    r"[\w)§][,;:](?=[A-Za-zΑ-Ωα-ω§(])|(?<=§) ?[,;:](?=\s|$)|[\w)][,;]$", re.M
)
HAN_LINE = re.compile(rf"^.*[{HAN}].*$", re.M)
FORMULA = re.compile(r"\$[^$\n]+\$")
STARTS = ("NEWLINE", "INDENT", "NL", "COMMENT")  # before a docstring
INPUT = "tests/repository/"  # strings in this folder are test inputs: CSV lines, names of archives


@functools.cache
def readable(path):
    """The prose of a file, without code, as [(line number, text)]; [] if the quick search matches nothing."""
    text = path.read_text(encoding="utf-8")
    lines = FORMULA.sub("§", "\n".join(HAN_LINE.findall(text)))
    if not (
        FORBIDDEN.search(text)
        or CALQUE.search(text)
        or HALF_WIDTH.search(text)
        or GLUED.search(lines)
    ):
        return []
    if path.suffix == ".py":
        return python_prose(text, path.relative_to(ROOT).as_posix().startswith(INPUT))
    if path.suffix == ".ipynb":
        cells = [cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "markdown"]
        text = "\n\n".join("".join(cell["source"]) for cell in cells)
    return list(enumerate(blanked(text).splitlines(), 1))


def blanked(text):
    """The text with code spans, code blocks and link targets replaced by underscores; line numbers stay."""
    return CODE.sub(lambda match: re.sub(r"[^\n]", "_", match[0]), text)


def python_prose(text, inputs=False):
    """Comments and string literals of a Python source, as [(line number, text)].

    Fields of f-strings are replaced by underscores; raw strings are left out, since they are patterns.
    inputs: leave out strings that are not docstrings, since a test passes them to the code under test.
    """
    lines, previous, depth = [], "NEWLINE", 0
    for kind, string, number in python_tokens(text):
        depth += (string in ("(", "[", "{")) - (string in (")", "]", "}"))
        docstring = depth == 0 and previous in STARTS
        if kind == "COMMENT" or (
            kind == "STRING"
            and not re.match(r"[a-z]*r", string, re.I)
            and (docstring or not inputs)
        ):
            prose = blanked(string)
            if re.match("[a-z]*f", prose, re.I):
                prose = re.sub(r"\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}", "_", prose)
            lines += enumerate(prose.split("\n"), number)
        previous = kind
    return lines


def python_tokens(text):
    """Yields (kind, string, line number) for every token; an f-string is one STRING, which Python 3.12 takes apart."""
    rows, starts = text.split("\n"), []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        kind = tokenize.tok_name[token.type]
        if kind.endswith("STRING_START"):
            starts.append(token.start)
        elif kind.endswith("STRING_END"):
            (row, column), (last, end) = starts.pop(), token.end
            if not starts:
                part = rows[row - 1 : last]
                part[-1] = part[-1][:end]
                part[0] = part[0][column:]
                yield "STRING", "\n".join(part), row
        elif not starts:
            yield kind, token.string, token.start[0]


def is_chinese(line):
    """Whether a line is Chinese text, which takes full-width marks, and not English with some Chinese words in it."""
    characters = len(re.findall(f"[{HAN}]", line))
    english = re.findall(r"\b(?:the|an?|and|of|to|is|are|in|by|with|or|not|for|but|has)\b", line)
    return (
        characters > 0
        and characters >= len(re.findall(r"[A-Za-z]{2,}", line))
        and (len(english) < 2 or characters > 6 * len(english))
    )


def misplaced(line):
    """Half-width marks of a Chinese line; those inside formulas and calls are ignored.

    They are beside a Chinese character, after a formula, between two Latin words, or at the end of the line.
    """
    if not is_chinese(line):
        return []
    line = FORMULA.sub("§", re.sub(r"_\{[^{}]*\}", "_", line))
    line = re.sub(r"[A-Za-zα-ωΑ-Ω_\d]\([^()]*\)", "_", line)
    marks = [match[0] for match in HALF_WIDTH.finditer(line)]
    return marks + [match[0] for match in GLUED.finditer(line)]


def complaints(search):
    """ "path:line: problem" for every problem that `search(line)` reports in the tree."""
    return [
        f"{path.relative_to(ROOT).as_posix()}:{number}: {problem}"
        for path in FILES
        for number, line in readable(path)
        for problem in search(line)
    ]


def calques(line):
    """A message for each calque in a line, with what to write instead."""
    replacements = list(GLOSSARY.values())
    for match in FORBIDDEN.finditer(line):
        number = int(match.lastgroup[1:])
        yield f"{match[0].strip()!r}: write {replacements[number]!r}"
    for match in CALQUE.finditer(line):
        yield f"{match[0]}：请写“{replacement_of(match[0])}”"


def replacement_of(calque):
    return next(words for pattern, words in CALQUES.items() if re.fullmatch(pattern, calque))


def test_tree_contains_no_calque_of_the_glossary():
    problems = complaints(calques)
    assert not problems, "\n".join(problems)


def test_chinese_text_has_full_width_punctuation():
    problems = complaints(
        lambda line: [f"{mark!r} in {line.strip()[:60]!r}" for mark in misplaced(line)]
    )
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize(
    ("line", "count"),
    [
        ("在根目录运行,然后检查:", 2),
        ("检查(或在文件夹内)即可。", 2),
        ("**慢:**用镜像", 1),
        ("哪一个应当等于 1?", 1),
        ("用 `a,b` 检查，形状为 (B, L)。", 0),
        ("概率 P(状态 | 符号) 与 (A) 选项", 0),
        ("Song ci (宋词), as the full set has them: 21,050 poems", 0),
        ("损失只能通过 ReLU 到达 a_t:a_t 为负时呢？", 1),
        ("记 $z = Vh$ , $y$ 是输出；对 tanh, $\\Phi$ 为对角矩阵", 1),
        ("用 Python 3.11,NumPy 2.4 测得", 1),
        ("记 $z = Vh$ ， $y$ 是输出，共 1,024 个，按 8:2 划分", 0),
    ],
)
def test_half_width_marks_are_found_in_chinese_lines_only(line, count):
    assert len(misplaced(blanked(line))) == count


@pytest.mark.parametrize(
    ("line", "count"),
    [
        ("a stand-in, shut in, is no zip file", 3),
        ("there is no fast path; it is no longer open; the mean of errors stands for it", 0),
        ("只有 z 读取 h_l，总答多数类", 2),
        ("输出读取的是哪个状态？输出层读的是旧状态，门的输入是 x", 2),
    ],
)
def test_calques_are_found_and_correct_phrases_are_not(line, count):
    assert len(list(calques(line))) == count


def test_python_prose_has_comments_and_strings_but_no_fields():
    text = 'a = f"值 {x,y} 是"  # 注释,一\nb = r"[,:]中"\n'
    assert [line for _, line in python_prose(text)] == ['f"值 _ 是"', "# 注释,一"]


def bound_names(tree):
    """Yields (line, name) for every function, class, parameter, variable and alias that a module binds."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.lineno, node.name
        elif isinstance(node, ast.ExceptHandler) and node.name:
            yield node.lineno, node.name
        elif isinstance(node, ast.alias) and node.asname:
            yield node.lineno, node.asname


def unclear_names(source):
    """The bound names that are in NOT_NAMES, as [(line, name)]."""
    return [(line, name) for line, name in bound_names(ast.parse(source)) if name in NOT_NAMES]


def test_tree_has_no_identifier_in_the_list_of_unclear_names():
    problems = []
    for path in FILES:
        if path.suffix == ".py":
            source = path.read_text(encoding="utf-8")
            if UNCLEAR.search(source):
                problems += [
                    f"{path.relative_to(ROOT).as_posix()}:{line}: {name}"
                    for line, name in unclear_names(source)
                ]
    assert not problems, "\n".join(problems)


def test_unclear_names_are_found_in_every_kind_of_binding():
    source = "def own(at, *, told): one: int = 1; found, (place, _) = at\nfor known in own(1): pass"
    assert {name for _, name in unclear_names(source)} == NOT_NAMES - {"said", "mine"}
    assert unclear_names("import numpy as mine\nwith open(0) as said: pass\nx.own = y.at[0]") == [
        (1, "mine"),
        (2, "said"),
    ]
