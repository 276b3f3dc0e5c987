"""Makes classes in which it is known who copied from whom: for the search for copies, and for measuring it.

An independent student answers each blank with one of its versions (the solution, an accepted variant, a known mistake),
sometimes with names of their own. A copy takes everything from another student and hides it: comments, other names, another
order of independent lines, dead lines in between.
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
    """files: {student: {file name: bytes}}; rings: sets of students who share their work."""

    files: dict[str, dict[str, bytes]] = field(default_factory=dict)
    rings: list[set[str]] = field(default_factory=list)

    def pairs(self) -> set[tuple[str, str]]:
        return {(a, b) for ring in self.rings for a in ring for b in ring if a < b}


@functools.cache
def versions(homework: str) -> dict[str, tuple[list[str], list[str], list[str]]]:
    """{blank: (solution, accepted variants, mistakes)}, as bodies of functions, unindented."""
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
    """{blank: body} of an independent student; right: without mistakes."""
    chosen = {}
    for id in blanks:
        solution, variants, wrong = versions(homework)[id]
        pool = rng.choices(
            [solution, variants or solution, wrong or solution], [40, 30, 0 if right else 30]
        )[0]
        chosen[id] = restyle(rng.choice(pool), rng, rng.choice((0.0, 0.5, 1.0)))
    return chosen


def local_names(body: str) -> list[str]:
    """Names that the body assigns, in order."""
    tree = ast.parse(body_as_function(body))
    stored = [
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    ]
    return list(dict.fromkeys(stored))


def body_as_function(body: str) -> str:
    return "def f():\n" + textwrap.indent(textwrap.dedent(body), "    ")


def from_function(tree: ast.Module) -> str:
    return "\n".join(ast.unparse(statement) for statement in tree.body[0].body)  # type: ignore[attr-defined]


class _Renamer(ast.NodeTransformer):
    def __init__(self, names: dict[str, str]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.Name:
        node.id = self.names.get(node.id, node.id)
        return node


def restyle(body: str, rng: random.Random, share: float) -> str:
    """The body as it comes back from the syntax tree, with a share of its local names replaced."""
    tree = ast.parse(body_as_function(body))
    parameters = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    free = [word for word in WORDS if word not in parameters and not hasattr(builtins, word)]
    rng.shuffle(free)
    names = {name: free.pop() for name in local_names(body) if rng.random() < share and free}
    bare = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    first_read = [name for name in names if name not in bare or _is_local(tree, name)]
    return from_function(_Renamer({name: names[name] for name in first_read}).visit(tree))


def _is_local(tree: ast.Module, name: str) -> bool:
    """Whether the first use of a name is an assignment: else it is a parameter that is assigned again."""
    uses = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == name]
    first = min(uses, key=lambda node: (node.lineno, isinstance(node.ctx, ast.Load)))
    return isinstance(first.ctx, ast.Store)


def reorder(body: str, rng: random.Random) -> str:
    """Swaps neighbouring assignments that do not need each other."""
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
    """Lines without an effect between the others."""
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
    lines = []
    for line in body.splitlines():
        if rng.random() < 0.3 and line == line.lstrip():
            lines.append(rng.choice(COMMENTS))
        lines.append(line)
    return "\n".join(lines)


def disguise(bodies: dict[str, str], how: str, rng: random.Random) -> dict[str, str]:
    """The same answers, hidden."""
    hidden = {}
    for id, body in bodies.items():
        if how in ("rename", "all"):
            body = restyle(body, rng, 1.0)
        if how in ("reorder", "all"):
            body = reorder(body, rng)
        if how in ("dead lines", "all"):
            body = add_dead_lines(body, rng)
        if how in ("comments", "all"):
            body = add_comments(body, rng)
        hidden[id] = body
    return hidden


def files_of(homework: str, bodies: dict[str, str]) -> dict[str, bytes]:
    """The empty copy with these blanks filled in."""
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
    """Whether independent students can differ: a whole algorithm in 40 lines has three versions here, thousands in reality."""
    return markers.blanks(ROOT / homework)[id].path.name not in ("whole.py", "bug.py")


def make_class(
    homework: str,
    size: int,
    rings: list[tuple[int, str]],
    seed: int,
    blanks: list[str] | None = None,
    right: bool = False,
) -> Class:
    """A class of `size` students with rings (members, disguise); blanks: only these are filled in, by default all that have
    versions enough."""
    rng, made = random.Random(f"{homework} {size} {seed}"), Class()
    blanks = blanks or [id for id in versions(homework) if has_many_versions(homework, id)]
    names = [f"s{number:03}" for number in range(size)]
    rng.shuffle(names)
    for members, how in rings:
        source = answers(homework, rng, blanks, right)
        ring = [names.pop() for _ in range(members)]
        for index, name in enumerate(ring):
            bodies = source if index == 0 else disguise(source, how, rng)
            made.files[name] = files_of(homework, bodies)
        made.rings.append(set(ring))
    for name in names:
        made.files[name] = files_of(homework, answers(homework, rng, blanks, right))
    return made
