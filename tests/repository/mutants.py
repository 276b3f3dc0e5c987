"""Mutants: every small change of a solved blank, made automatically on its syntax tree, as a test of the checks.

A mutant that passes all checks of its blank is a survivor: either the checks have a gap, or the mutant is equivalent to
the solution. Equivalent mutants are listed, with the reason, in tests/repository/equivalents.py.
"""

import ast
import contextlib
import copy
import io
from dataclasses import dataclass

from course import markers, verdict
from course.cases import FreshCases
from course.checks import load_checks
from course.homeworks import ROOT
from course.runner import InProcessRunner
from tests.repository.children import computing_limit

SECONDS = 2  # limit of processor time for one check, since a mutant may never end
# fmt: off
OPERATORS = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.MatMult: ast.Mult,
             ast.FloorDiv: ast.Div, ast.Mod: ast.FloorDiv, ast.Pow: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd}
COMPARISONS = {ast.Lt: (ast.LtE, ast.GtE), ast.LtE: (ast.Lt, ast.Gt), ast.Gt: (ast.GtE, ast.LtE), ast.GtE: (ast.Gt, ast.Lt),
               ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.Is: (ast.IsNot,), ast.IsNot: (ast.Is,),
               ast.In: (ast.NotIn,), ast.NotIn: (ast.In,)}
# fmt: on
SIMILAR_PAIRS = """sum mean, max min, maximum minimum, argmax argmin, amax amin, zeros ones, zeros_like ones_like, sin cos, exp log,
           sigmoid tanh, softmax sigmoid, log_softmax softmax, relu tanh, triu tril, logaddexp maximum, sqrt square, cat stack,
           any all, floor ceil, append extend, train eval, int64 float64, long float, q k, k v, norm1 norm2"""
SYMMETRIC = (
    "transpose",
    "min",
    "max",
    "maximum",
    "minimum",
    "logaddexp",
)  # functions for which the order of arguments does not matter
SIMILAR_NAMES = {}
for pair in SIMILAR_PAIRS.split(","):
    left, right = pair.split()
    SIMILAR_NAMES.setdefault(left, right)
    SIMILAR_NAMES.setdefault(right, left)


@dataclass(frozen=True)
class Mutant:
    """A changed body of a blank.

    change: the changed statement, e.g. "x = a - b", "without x = 1", or "a = 1, before b = 2".
    """

    homework: str
    blank: str
    change: str
    body: str

    @property
    def sources(self):
        """{(homework, file name): text} of the changed file."""
        region = markers.find(ROOT / self.homework, self.blank)
        return {(self.homework, region.path.name): markers.replace(region, self.body)}


def mutants(homework, id):
    """Yields all mutants of a blank, each different from the others and from the solution."""
    if id.endswith("-93"):  # find the bug: the answer is data, and many other inputs are right too
        return
    region = markers.find(ROOT / homework, id)
    body = statements(region)
    names = [name for name in region.parameters if name != "self"]
    names += [
        node.id
        for node in ast.walk(ast.Module(body, []))
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    ]
    seen, changes = {ast.unparse(body)}, {}
    for change, text in edits(body, list(dict.fromkeys(names))):
        if text not in seen:
            seen.add(text)
            changes[change] = changes.get(change, 0) + 1
            yield Mutant(
                homework,
                id,
                change if changes[change] == 1 else f"{change} ({changes[change]})",
                text,
            )


def statements(region):
    """The statements of a blank's solution."""
    tree = ast.parse(region.path.read_text(encoding="utf-8"))
    inside = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.stmt) and region.begin < node.lineno < region.end
    ]
    top = min(node.col_offset for node in inside)
    return [node for node in inside if node.col_offset == top]


def edits(body, names):
    """Yields (description of the change, text of the changed body) for each single change."""
    tree = ast.Module(body, [])
    for holder, statement in list(parts(tree, tree)):
        for field, value in ast.iter_fields(holder):
            if isinstance(value, list) and value and isinstance(value[0], ast.stmt):
                yield from statement_edits(tree, holder, field)
                continue
            slots = enumerate(value) if isinstance(value, list) else [(field, value)]
            for key, node in slots:
                if not isinstance(node, ast.expr) or is_target(node, holder):
                    continue
                container = value if isinstance(value, list) else vars(holder)
                for new in changes(node, holder, names):
                    container[key] = new
                    yield header(statement), ast.unparse(tree)
                    container[key] = node


def parts(node, statement):
    """Yields (node, innermost statement that contains it) for all nodes of a tree."""
    statement = node if isinstance(node, ast.stmt) else statement
    yield node, statement
    for child in ast.iter_child_nodes(node):
        yield from parts(child, statement)


def is_target(node, holder):
    """Whether a node is the target of an assignment; indices in a target may still be changed."""
    return isinstance(getattr(node, "ctx", None), ast.Store) and not isinstance(
        holder, ast.Subscript
    )


def header(statement):
    return ast.unparse(statement).splitlines()[0]


def statement_edits(tree, holder, field):
    """Yields changes of statements: one left out, two swapped, a branch always taken, another assignment than +=."""
    block = getattr(holder, field)
    for index, statement in enumerate(list(block)):

        def text(*instead, index=index):
            setattr(
                holder, field, block[:index] + list(instead) + block[index + 1 :] or [ast.Pass()]
            )
            changed = ast.unparse(ast.fix_missing_locations(tree))
            setattr(holder, field, block)
            return changed

        if not isinstance(statement, ast.Return):
            yield f"without {header(statement)}", text()
        if index and depend(block[index - 1], statement):
            before = block[index - 1]
            setattr(holder, field, block[: index - 1] + [statement, before] + block[index + 1 :])
            yield f"{header(statement)}, before {header(before)}", ast.unparse(tree)
            setattr(holder, field, block)
        if isinstance(statement, (ast.If, ast.While)):
            yield f"always {header(statement)}", text(*statement.body)
            new = _with(statement, test=ast.UnaryOp(ast.Not(), statement.test))
            yield header(new), text(new)
            if statement.orelse:
                yield f"never {header(statement)}", text(*statement.orelse)
        if isinstance(statement, (ast.For, ast.While)):
            yield (
                f"once {header(statement)}",
                text(_with(statement, body=statement.body + [ast.Break()])),
            )
        if isinstance(statement, ast.AugAssign):
            plain = copy.deepcopy(statement.target)
            for new in [ast.Assign([plain], statement.value, lineno=0)] + [
                _with(statement, op=OPERATORS[type(statement.op)]())
            ]:
                yield header(new), text(new)
        if isinstance(statement, (ast.Continue, ast.Break)):
            new = ast.Break() if isinstance(statement, ast.Continue) else ast.Continue()
            yield f"{header(new)} for {header(statement)}", text(new)


def depend(first, second):
    """Whether the order of two statements matters: both are calls, or one stores what the other uses."""
    if not all(isinstance(part, (ast.Expr, ast.Assign, ast.AugAssign)) for part in (first, second)):
        return False
    if isinstance(first, ast.Expr) and isinstance(second, ast.Expr):
        return True
    return bool(stored(first) & used(second) or stored(second) & used(first))


def used(statement):
    return {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}


def stored(statement):
    """Names that a statement changes; for a call, all names in it."""
    if isinstance(statement, ast.Expr):
        return used(statement)
    names, targets = set(), list(getattr(statement, "targets", None) or [statement.target])
    for target in targets:
        targets += getattr(target, "elts", [])
        while isinstance(target, (ast.Subscript, ast.Attribute)):
            target = target.value
        names.add(getattr(target, "id", None))
    return names - {None}


def changes(node, holder, names):
    """Yields expressions that replace `node`."""
    if isinstance(node, ast.BinOp):
        yield from (node.left, node.right)
        yield (
            _with(node, left=node.right, right=node.left)
            if not isinstance(node.op, (ast.Add, ast.Mult))
            else node
        )
        if type(node.op) in OPERATORS:
            yield _with(node, op=OPERATORS[type(node.op)]())
    elif isinstance(node, ast.UnaryOp):
        yield node.operand
    elif isinstance(node, ast.Compare):
        for index, op in enumerate(node.ops):
            for replacement in COMPARISONS[type(op)]:
                yield _with(node, ops=node.ops[:index] + [replacement()] + node.ops[index + 1 :])
    elif isinstance(node, ast.BoolOp):
        yield _with(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And())
        yield from node.values
    elif isinstance(node, ast.IfExp):
        yield from (node.body, node.orelse, _with(node, body=node.orelse, orelse=node.body))
    elif isinstance(node, ast.Constant):
        yield from map(ast.Constant, constants(node.value, holder))
    elif isinstance(node, ast.Subscript):
        yield from subscripts(node)
    elif isinstance(node, ast.Name):
        if (
            isinstance(node.ctx, ast.Load)
            and node.id in names
            and not (isinstance(holder, ast.Call) and holder.func is node)
        ):
            yield from (ast.Name(name, ast.Load()) for name in names if name != node.id)
        elif node.id in SIMILAR_NAMES:
            yield ast.Name(SIMILAR_NAMES[node.id], node.ctx)
    elif isinstance(node, ast.Attribute):
        if node.attr in SIMILAR_NAMES:
            yield _with(node, attr=SIMILAR_NAMES[node.attr])
        if node.attr in ("T", "mT", "H"):
            yield node.value
    elif isinstance(node, ast.Call):
        yield from calls(node)
    elif isinstance(node, (ast.Tuple, ast.List)):
        for index in range(1, len(node.elts)):
            yield _with(
                node,
                elts=node.elts[: index - 1]
                + [node.elts[index], node.elts[index - 1]]
                + node.elts[index + 1 :],
            )
    elif isinstance(node, (ast.ListComp, ast.GeneratorExp, ast.DictComp, ast.SetComp)):
        for index, loop in enumerate(node.generators):
            for n in range(len(loop.ifs)):
                ifs = loop.ifs[:n] + loop.ifs[n + 1 :]
                yield _with(
                    node,
                    generators=node.generators[:index]
                    + [_with(loop, ifs=ifs)]
                    + node.generators[index + 1 :],
                )


def constants(value, holder):
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1, value - 1] + (
            [-1] if value == 0 and isinstance(holder, ast.Subscript) else []
        )
    if isinstance(value, float):
        return [value * 2, value / 2, 0.0 if value else 1.0]
    if isinstance(value, str):
        return (
            [letter for letter in "ABCDE" if letter != value]
            if len(value) == 1 and value in "ABCDE"
            else [value + "x"]
        )
    return [0] if value is None else []


def shifted(node):
    """Yields an index or bound plus 1 and minus 1; constants are changed by `constants`."""
    if not isinstance(node, (ast.Constant, ast.Slice, ast.UnaryOp)):
        yield ast.BinOp(node, ast.Add(), ast.Constant(1))
        yield ast.BinOp(node, ast.Sub(), ast.Constant(1))


def subscripts(node):
    """Yields a subscript with shifted indices and with slice bounds shifted, removed or added."""
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    for index, part in enumerate(parts):
        for new in list(slices(part)) if isinstance(part, ast.Slice) else list(shifted(part)):
            whole = (
                _with(node.slice, elts=parts[:index] + [new] + parts[index + 1 :])
                if len(parts) > 1
                else new
            )
            yield _with(node, slice=whole)


def slices(part):
    minus = ast.UnaryOp(ast.USub(), ast.Constant(1))
    if part.step:
        yield _with(part, step=None)
        return
    yield _with(part, lower=None if part.lower else ast.Constant(1))
    yield _with(part, upper=None if part.upper else minus)
    for name in ("lower", "upper"):
        if getattr(part, name):
            yield from (_with(part, **{name: new}) for new in shifted(getattr(part, name)))


def calls(node):
    """Yields changes of a call: f(x) as x, x.f() as x, arguments left out or swapped, bounds of range shifted."""
    if len(node.args) == 1 and not isinstance(node.args[0], (ast.Starred, ast.GeneratorExp)):
        yield node.args[0]
    if isinstance(node.func, ast.Attribute):
        yield node.func.value
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    for index in range(len(node.args)):
        if len(node.args) > 1 or isinstance(node.func, ast.Attribute):
            yield _with(node, args=node.args[:index] + node.args[index + 1 :])
        if index and name not in SYMMETRIC:
            yield _with(
                node,
                args=node.args[: index - 1]
                + [node.args[index], node.args[index - 1]]
                + node.args[index + 1 :],
            )
        if name == "range":
            yield from (
                _with(node, args=node.args[:index] + [new] + node.args[index + 1 :])
                for new in shifted(node.args[index])
            )
    for index in range(len(node.keywords)):
        yield _with(node, keywords=node.keywords[:index] + node.keywords[index + 1 :])


def _with(node, **fields):
    new = copy.copy(node)
    vars(new).update(fields)
    return new


# ---------------------------------------------------------------- running mutants


class CasesAlone(FreshCases):
    """Fresh cases without answers of known mistakes, which are not needed here and take long to compute."""

    def hints(self, check):
        return {}


class Endless(BaseException):
    """Raised when a mutant has used up its time."""


def lost(homework, id, runner, cases):
    """Name of the first check of a blank that the runner's version fails, or None if it passes all."""
    checks = [check for check in load_checks(homework) if check.id == id]
    for check in checks:
        cases.for_check(check)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        for check in checks:
            try:
                with computing_limit(SECONDS, Endless):
                    if verdict.run(check, runner, cases).status != "done":
                        return check.name
            except Endless:
                return check.name
    return None


def survives(mutant, cases):
    """Whether a mutant passes all checks of its blank."""
    return (
        lost(mutant.homework, mutant.blank, InProcessRunner(sources=mutant.sources), cases) is None
    )
