"""Generates classes in which it is known who copied from whom, to test and to measure the search for copies.

An independent student answers each blank with one of its versions (the solution, an accepted variant, a known mistake),
sometimes with other local names. A copy takes all answers of another student and disguises them: with comments, other
names, another order of independent lines, or lines without effect.
"""

import ast
import builtins
import functools
import random
import textwrap
from dataclasses import dataclass, field

from course import markers, mistakes
from course.homeworks import ROOT
from grading.intake import empty_files
from tests import accepted

DISGUISES = ("verbatim", "comments", "rename", "reorder", "dead lines", "all")
WORDS = (
    "acc aux buf cur data flag grid idx item left mat mid nxt num old out part pos prev res right row seq step sub tmp total val vec "
    "work xs ys zs arr best cnt diff elem first last probs score state table weight"
).split()
COMMENTS = (
    "# careful here", "# see the sheet", "# 注意下标", "# as in the lecture", "# TODO check", "# one step", "# 这一步", "# shape stays",
)  # fmt: skip


@dataclass
class Class:
    """A generated class. files: {student: {file name: bytes}}; rings: sets of students with copied work."""

    files: dict[str, dict[str, bytes]] = field(default_factory=dict)
    rings: list[set[str]] = field(default_factory=list)

    def pairs(self) -> set[tuple[str, str]]:
        """{(a, b)} with a < b of students in the same ring."""
        return {(a, b) for ring in self.rings for a in ring for b in ring if a < b}


@functools.cache
def versions(homework: str) -> dict[str, tuple[list[str], list[str], list[str]]]:
    """{blank: ([solution], accepted variants, known mistakes)}; each version is a function body without indentation."""
    bodies = {
        id: ([markers.solution(region)], [], [])
        for id, region in markers.blanks(ROOT / homework).items()
    }
    for variant in accepted.load(homework):
        bodies[variant.blank][1].append(mistakes.function_body(variant.function))
    for mistake in mistakes.load(homework):
        bodies[mistake.blank][2].append(mistakes.body(mistake))
    return bodies


def answers(
    homework: str, rng: random.Random, blanks: list[str], right: bool = False
) -> dict[str, str]:
    """{blank: body} of an independent student; right=True: without known mistakes."""
    chosen = {}
    for id in blanks:
        solution, variants, wrong = versions(homework)[id]
        pool = rng.choices(
            [solution, variants or solution, wrong or solution], [40, 30, 0 if right else 30]
        )[0]
        chosen[id] = restyle(rng.choice(pool), rng, rng.choice((0.0, 0.5, 1.0)))
    return chosen


def local_names(body: str) -> list[str]:
    """Names to which a body assigns, in order of their first assignment."""
    tree = ast.parse(body_as_function(body))
    stored = [
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    ]
    return list(dict.fromkeys(stored))


def body_as_function(body: str) -> str:
    """Source of a function f with this body, so that it can be parsed."""
    return "def f():\n" + textwrap.indent(textwrap.dedent(body), "    ")


def from_function(tree: ast.Module) -> str:
    """Source of the body of the function in a parsed `body_as_function`."""
    return "\n".join(ast.unparse(statement) for statement in tree.body[0].body)  # type: ignore[attr-defined]


class _Renamer(ast.NodeTransformer):
    def __init__(self, names: dict[str, str]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.Name:
        node.id = self.names.get(node.id, node.id)
        return node


def restyle(body: str, rng: random.Random, share: float) -> str:
    """The body in the formatting of ast.unparse, with a share (0 to 1) of its local names replaced."""
    tree = ast.parse(body_as_function(body))
    parameters = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    free = [word for word in WORDS if word not in parameters and not hasattr(builtins, word)]
    rng.shuffle(free)
    names = {name: free.pop() for name in local_names(body) if rng.random() < share and free}
    read_names = {
        n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)
    }
    renamable = [name for name in names if name not in read_names or _is_local(tree, name)]
    return from_function(_Renamer({name: names[name] for name in renamable}).visit(tree))


def _is_local(tree: ast.Module, name: str) -> bool:
    """Whether the first use of a name is an assignment; otherwise it is a parameter that is reassigned."""
    uses = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == name]
    first = min(uses, key=lambda node: (node.lineno, isinstance(node.ctx, ast.Load)))
    return isinstance(first.ctx, ast.Store)


def reorder(body: str, rng: random.Random) -> str:
    """The body with some neighbouring assignments swapped that do not depend on each other."""
    tree = ast.parse(body_as_function(body))
    statements = tree.body[0].body  # type: ignore[attr-defined]
    for index in range(len(statements) - 1):
        first, second = statements[index : index + 2]
        if all(isinstance(node, ast.Assign) for node in (first, second)) and rng.random() < 0.8:
            names = [
                {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
                for node in (first, second)
            ]
            stored = [
                {
                    n.id
                    for n in ast.walk(node)
                    if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
                }
                for node in (first, second)
            ]
            if not stored[0] & names[1] and not stored[1] & names[0]:
                statements[index : index + 2] = [second, first]
    return from_function(tree)


def add_dead_lines(body: str, rng: random.Random) -> str:
    """The body with two lines without effect inserted."""
    lines = body.splitlines()
    dead = [
        f"{rng.choice(WORDS)}_{rng.randrange(9)} = {rng.choice(('0', 'None', '[]', '1.0', 'len([])'))}"
        for _ in range(2)
    ]
    indents = [len(line) - len(line.lstrip()) for line in lines]
    positions = [
        i
        for i, line in enumerate(lines)
        if line.strip() and (i == 0 or indents[i] == indents[i - 1]) and indents[i] == 0
    ]
    for text in dead:
        lines.insert(rng.choice(positions or [0]), text)
    return "\n".join(lines)


def add_comments(body: str, rng: random.Random) -> str:
    """The body with comments before some of its lines."""
    lines = []
    for line in body.splitlines():
        if rng.random() < 0.3 and line == line.lstrip():
            lines.append(rng.choice(COMMENTS))
        lines.append(line)
    return "\n".join(lines)


def disguise(bodies: dict[str, str], method: str, rng: random.Random) -> dict[str, str]:
    """The answers {blank: body}, changed by one of DISGUISES."""
    hidden = {}
    for id, body in bodies.items():
        if method in ("rename", "all"):
            body = restyle(body, rng, 1.0)
        if method in ("reorder", "all"):
            body = reorder(body, rng)
        if method in ("dead lines", "all"):
            body = add_dead_lines(body, rng)
        if method in ("comments", "all"):
            body = add_comments(body, rng)
        hidden[id] = body
    return hidden


def files_of(homework: str, bodies: dict[str, str]) -> dict[str, bytes]:
    """{file name: bytes} of the empty copy with these blanks filled in."""
    files = dict(empty_files(homework))
    regions = markers.blanks(ROOT / homework)
    for name in {region.path.name for region in regions.values()}:
        text = files[name].decode()
        for id, body in bodies.items():
            region = regions[id]
            if region.path.name == name:
                function = region.function.rpartition(".")[2]
                line = f'{region.indent}raise NotImplementedError("{homework}/{name}, blank {id} ({function}): still empty")\n'
                assert line in text, (id, line)
                text = text.replace(line, textwrap.indent(body.rstrip("\n") + "\n", region.indent))
        files[name] = text.encode()
    return files


def has_many_versions(homework: str, id: str) -> bool:
    """Whether a blank has enough versions to tell independent students apart.

    A whole algorithm of 40 lines has only three versions here, but thousands in reality.
    """
    return markers.blanks(ROOT / homework)[id].path.name not in ("whole.py", "bug.py")


def make_class(
    homework: str,
    size: int,
    rings: list[tuple[int, str]],
    seed: int,
    blanks: list[str] | None = None,
    right: bool = False,
) -> Class:
    """A class of `size` students.

    rings: (number of members, disguise) of each ring of copies; blanks: the ones to fill in, by default all that
    have enough versions; right=True: without known mistakes.
    """
    rng, new_class = random.Random(f"{homework} {size} {seed}"), Class()
    blanks = blanks or [id for id in versions(homework) if has_many_versions(homework, id)]
    names = [f"s{number:03}" for number in range(size)]
    rng.shuffle(names)
    for members, method in rings:
        source = answers(homework, rng, blanks, right)
        ring = [names.pop() for _ in range(members)]
        for index, name in enumerate(ring):
            bodies = source if index == 0 else disguise(source, method, rng)
            new_class.files[name] = files_of(homework, bodies)
        new_class.rings.append(set(ring))
    for name in names:
        new_class.files[name] = files_of(homework, answers(homework, rng, blanks, right))
    return new_class
