"""Hints in levels: complete in both languages, without lines of the solution, with correct worked examples."""

import ast
import importlib
import math
import re

import numpy as np
import pytest

from course import hints, markers
from course.empty_copy import empty_sources
from course.homeworks import HOMEWORKS, ROOT

CHINESE = re.compile("[\u4e00-\u9fff]")
LONGEST = {"en": 480, "zh": 260}
BLANKS = [(homework, id) for homework in HOMEWORKS for id in markers.blanks(ROOT / homework)]


def texts(blank):
    """{name: Message} of all texts of a blank."""
    return {
        "concept": blank.concept,
        "look": blank.look,
        "example": blank.example,
        "why": blank.why,
        "question": blank.question,
        "line": blank.line,
    }


@pytest.mark.parametrize("homework", HOMEWORKS)
def test_hints_exist_for_exactly_the_blanks(homework):
    assert set(hints.load_hints(homework)) == set(markers.blanks(ROOT / homework))


@pytest.mark.parametrize(("homework", "id"), BLANKS)
def test_hint_texts_are_complete_and_in_their_language(homework, id):
    blank = hints.load_hints(homework)[id]
    for name, (en, zh) in texts(blank).items():
        assert en and not CHINESE.search(en), (id, name)
        assert CHINESE.search(zh), (id, name)
        assert len(en) <= LONGEST["en"] and len(zh) <= LONGEST["zh"], (id, name, len(en), len(zh))
    assert blank.work and blank.concept != blank.look != blank.example
    assert blank.question.en.rstrip(")").endswith("?") and blank.question.zh.endswith("？"), id
    for language in ("en", "zh"):
        assert hints.sheet_section(blank, language), id


def without_whitespace(text):
    return re.sub(r"\s", "", text)


@pytest.mark.parametrize(("homework", "id"), BLANKS)
def test_no_hint_contains_a_line_of_the_solution(homework, id):
    """Neither a statement of the solution nor the value of an assignment or return occurs in a text of its blank."""
    region = markers.find(ROOT / homework, id)
    solution = ast.parse(markers.solution(region).replace("return ", "answer = "))
    pieces = set()
    for node in ast.walk(solution):
        if isinstance(node, ast.stmt) and not isinstance(
            node, (ast.For, ast.If, ast.With, ast.While)
        ):
            pieces.add(without_whitespace(ast.unparse(node)))
        if isinstance(node, (ast.Assign, ast.AugAssign, ast.Expr)) and node.value:
            pieces.add(without_whitespace(ast.unparse(node.value)))
    pieces = {piece for piece in pieces if len(piece) >= 10}
    blank = hints.load_hints(homework)[id]
    shown = without_whitespace(
        "\n".join([*(text for pair in texts(blank).values() for text in pair), blank.work])
    )
    assert not [piece for piece in pieces if piece in shown]


# ---------------------------------------------------------------- worked examples are computed again

FUNCTIONS = {
    "exp": np.exp,
    "ln": np.log,
    "log2": np.log2,
    "sqrt": np.sqrt,
    "tanh": np.tanh,
    "cos": np.cos,
    "sin": np.sin,
    "arccos": np.arccos,
    "sum": np.sum,
    "mean": np.mean,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "relu": lambda x: np.maximum(x, 0),
    "softmax": lambda x: np.exp(x) / np.exp(x).sum(),
    "max": lambda *x: np.max(x),
    "min": lambda *x: np.min(x),
    "argmax": lambda *x: int(np.argmax(x)),
    "round": round,
    "inf": math.inf,
    "PI": math.pi,
}
SIGNS = {"·": "*", "^": "**", "−": "-", "√": "sqrt", "π": "PI", "∞": "inf", "ᵀ": ".T"}


class Arrays(ast.NodeTransformer):
    """Turns tuples and lists of a syntax tree into arrays, so that (1, 2) * 2 is (2, 4)."""

    def visit_Tuple(self, node):
        self.generic_visit(node)
        return ast.Call(ast.Name("array", ast.Load()), [ast.List(node.elts, ast.Load())], [])

    visit_List = visit_Tuple  # type: ignore[assignment]

    def visit_Subscript(self, node):
        node.value = self.visit(node.value)
        return node


def value_of(text):
    """The value of a formula as a float array, or None if the text is not a formula."""
    for sign, python in SIGNS.items():
        text = text.replace(sign, python)
    try:
        tree = ast.parse(text.strip(), mode="eval")
        names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        if names - set(FUNCTIONS):
            return None
        code = compile(ast.fix_missing_locations(Arrays().visit(tree)), "<work>", "eval")
        return np.asarray(eval(code, {"array": np.array, **FUNCTIONS}), dtype=float)
    except (SyntaxError, TypeError, ValueError):
        return None


def tolerance(text):
    """0.6 units of the last decimal shown in a text; 1e-9 for whole numbers."""
    decimals = [len(digits) for digits in re.findall(r"\d\.(\d+)", text)]
    return 0.6 * 10.0 ** -max(decimals) if decimals else 1e-9


def equations(work):
    """[(line, [part, ...])] of the lines of a worked example in which two or more sides of "=" have a value."""
    with_values = []
    for line in work.splitlines():
        parts = [part for part in re.split(r"=|≈", line) if value_of(part) is not None]
        if len(parts) >= 2:
            with_values.append((line, parts))
    return with_values


@pytest.mark.parametrize(("homework", "id"), BLANKS)
def test_equations_of_a_worked_example_hold(homework, id):
    work = hints.load_hints(homework)[id].work
    checked = equations(work)
    assert checked, work
    for line, parts in checked:
        last = value_of(parts[-1])
        for part in parts[:-1]:
            value = value_of(part)
            assert np.shape(value) == np.shape(last), line
            assert np.allclose(value, last, rtol=0, atol=tolerance(parts[-1])), line
    for line in work.splitlines():
        assert not CHINESE.search(line) and len(line) <= 100, line


@pytest.mark.parametrize(("homework", "id"), BLANKS)
def test_worked_example_has_the_independently_computed_numbers(homework, id):
    """The numbers that tests/repository/worked_examples computes for the blank are in the example."""
    examples = importlib.import_module(f"tests.repository.worked_examples.{homework}").EXAMPLES
    blank = hints.load_hints(homework)[id]
    shown = [
        (float(text), tolerance(text))
        for text in re.findall(r"(?<![\w.])-?\d+(?:\.\d+)?", blank.work.replace("−", "-"))
    ]
    for value in np.ravel(np.asarray(examples[id](), dtype=float)):
        assert any(abs(value - number) <= slack for number, slack in shown), (id, value)


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_readme_quotes_a_blank_as_in_the_student_copy(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    quoted = re.search(r" {3}# (gpt-\S+) \(.*\n(?: {3}.*\n){2}", text)
    sources = "".join(empty_sources("gpt_songci").values())
    lines = [line.strip() for line in sources.splitlines()]
    first = next(index for index, line in enumerate(lines) if line.startswith(f"# {quoted[1]} ("))
    assert [line.strip() for line in quoted[0].splitlines()] == lines[first : first + 3]
