"""Who copied from whom: clusters of submissions that share what others of the class do not have.

Three kinds of evidence, all over lines that a student wrote (what the empty copy has does not count):

- files with the same bytes, however many have them;
- statements as they are written, names and comments included ("text");
- statements with local names replaced, each on its own ("structure"): other names, another order of independent lines and
  dead lines in between change little.

A statement is worth -log2 of the share of the *others* who have it too, so that what everybody writes is worth nothing and a
ring does not hide itself: the two that are compared are left out of the count, and submissions with equal structure count
once. What the solved tree has is worth less in the structure: a right answer is not a sign. Compare winnowing (Schleimer et al.
2003, MOSS), which has no weights and sees neighbouring statements only.
"""

import ast
import copy
import functools
import hashlib
import io
import itertools
import math
import textwrap
import tokenize
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from course import markers, mistakes
from course.homeworks import ROOT
from grading.intake.student_copy import UNPARSED, blank_functions, cached_empty, parse

Files = Mapping[str, bytes]


class CodeLine(NamedTuple):
    """A line of a submission; lines are counted from 1."""

    file: str
    number: int


SOLVED = "the solved tree"
MAX_CODE = 400_000  # bytes of a student's homework that are looked through
SHARE = {"text": 0.5, "structure": 0.87}  # of the smaller side's worth that two have in common
BITS = {"text": 25.0, "structure": 22.0}  # that two have in common at least
WELL_KNOWN = 0.25  # worth of what the solution or a known mistake has too
NEVER_SEEN = (
    30  # students elsewhere, of whom nobody wrote what neither the solution nor a known mistake has
)
TYPICAL = 12  # nodes of a syntax tree, or characters by 3, of a statement that counts as one
IDENTICAL = (
    6  # own lines in files with the same bytes that are worth a report; fewer are alike by nature
)
RARE = 64  # submissions that may share a statement which makes two be compared at all
SHOWN = 40  # lines of a report


@dataclass(frozen=True)
class Statement:
    """A statement, or a comment, of a student's own. key: what is compared; size: 1 for a typical statement."""

    kind: str  # "text" or "structure"
    key: str
    size: float = field(default=1.0, compare=False)


@dataclass
class Cluster:
    """Submissions that belong together. kind: "identical", "text" or "structure". share: the smallest of the linked pairs.

    sources: members that are not of this class (an earlier term, the solved tree). lines: what they share, as the first has it.
    """

    members: list[str]
    kind: str
    share: float
    sources: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    own_lines: int = 0


# ---------------------------------------------------------------- statements


def own_lines(files: Files, homework: str) -> dict[str, list[tuple[int, str]]]:
    """{file: [(line number, text)]} of a student's Python lines that are not in the empty copy."""
    lines_of, room = {}, MAX_CODE
    for name in sorted(files, key=lambda name: (name not in _empty_lines(homework), name)):
        provided = _empty_lines(homework).get(name, frozenset())
        if name.endswith(".py") and len(files[name]) <= room:
            room -= len(files[name])
            text = files[name].decode("utf-8", "replace")
            lines_of[name] = [
                (number, line)
                for number, line in enumerate(text.splitlines(), 1)
                if line.strip() and line.strip() not in provided
            ]
    return lines_of


@functools.cache
def _empty_lines(homework: str) -> Mapping[str, frozenset[str]]:
    return {
        name: frozenset(line.strip() for line in data.decode("utf-8", "replace").splitlines())
        for name, data in cached_empty(homework).items()
    }


@functools.cache
def _empty_statements(homework: str) -> frozenset[Statement]:
    provided: set[Statement] = set()
    for name, data in cached_empty(homework).items():
        if name.endswith(".py"):
            provided.update(_structures(data.decode("utf-8"), name, homework, None))
    return frozenset(provided)


def statements(files: Files, homework: str) -> dict[Statement, CodeLine]:
    """{statement that a student wrote: its first line}."""
    first_seen: dict[Statement, CodeLine] = {}
    empty = _empty_statements(homework)
    for name, lines in own_lines(files, homework).items():
        if not lines:
            continue
        for number, line in lines:
            for key in _texts(line):
                size = min(1.5, len(key) / (3 * TYPICAL))
                first_seen.setdefault(Statement("text", key, size), CodeLine(name, number))
        text = files[name].decode("utf-8", "replace")
        numbers = {number for number, _ in lines}
        for statement, number in _structures(text, name, homework, numbers).items():
            if statement not in empty:
                first_seen.setdefault(statement, CodeLine(name, number))
    return first_seen


def _texts(line: str) -> Iterable[str]:
    """A line's code with one space between tokens, and its comment."""
    tokens, comment = [], ""
    try:
        for token in tokenize.generate_tokens(io.StringIO(line.strip() + "\n").readline):
            if token.type == tokenize.COMMENT:
                comment = token.string.strip("# ")
            elif token.string.strip():
                tokens.append(token.string)
    except (tokenize.TokenError, IndentationError, SyntaxError):
        tokens, comment = line.split(), ""
    if len(tokens) > 1:
        yield " ".join(tokens)
    if len(comment) >= 4:
        yield f"# {comment}"


def _structures(
    text: str, name: str, homework: str, numbers: set[int] | None
) -> dict[Statement, int]:
    """Statements of a file's functions with local names replaced. numbers: lines that count (None: all)."""
    try:
        tree = parse(text)
    except UNPARSED:
        return {}
    first_lines: dict[Statement, int] = {}
    for qualified, function in _functions(tree.body, ""):
        is_blank = qualified in blank_functions(homework)
        owner = qualified if is_blank else "helper"
        unread = _unread_names(function)
        for statement in _flat(function.body):
            if _is_dead(statement, unread):
                continue
            if numbers is None or statement.lineno in numbers:
                local = _local_names(function, keep_parameters=is_blank)
                for key, size in _keys(statement, local):
                    first_lines.setdefault(
                        Statement("structure", f"{owner}: {key}", size), statement.lineno
                    )
    return first_lines


def _functions(nodes: list[ast.stmt], prefix: str) -> Iterable[tuple[str, ast.FunctionDef]]:
    for node in nodes:
        if isinstance(node, ast.FunctionDef):
            yield prefix + node.name, node
        elif isinstance(node, ast.ClassDef):
            yield from _functions(node.body, f"{node.name}.")


def _local_names(function: ast.FunctionDef, keep_parameters: bool) -> set[str]:
    arguments = {
        argument.arg for argument in ast.walk(function.args) if isinstance(argument, ast.arg)
    }
    stored = {
        node.id
        for node in ast.walk(function)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    return stored - arguments if keep_parameters else stored | arguments


def _unread_names(function: ast.FunctionDef) -> set[str]:
    """Names that the function assigns and never reads."""
    names: dict[bool, set[str]] = {True: set(), False: set()}
    for node in ast.walk(function):
        if isinstance(node, ast.Name):
            names[isinstance(node.ctx, ast.Load)].add(node.id)
        elif isinstance(node, (ast.Global, ast.Nonlocal)):
            names[True].update(node.names)
    return names[False] - names[True]


def _is_dead(statement: ast.stmt, unread: set[str]) -> bool:
    """An assignment to names that nobody reads: what is put in between to hide a copy."""
    if not isinstance(statement, ast.Assign):
        return False
    return all(isinstance(target, ast.Name) and target.id in unread for target in statement.targets)


def _flat(body: list[ast.stmt]) -> Iterable[ast.stmt]:
    """All statements, those inside others too."""
    for statement in body:
        yield statement
        for part in ("body", "orelse", "finalbody"):
            yield from _flat(getattr(statement, part, None) or [])
        for handler in getattr(statement, "handlers", ()):
            yield from _flat(handler.body)


def _keys(statement: ast.stmt, local: set[str]) -> Iterable[tuple[str, float]]:
    """(key, size) of the statement without what is inside it, local names replaced; nothing if it says nothing."""
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
        return
    if isinstance(statement, (ast.Pass, ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)):
        return
    head = copy.copy(statement)
    for part in ("body", "orelse", "finalbody", "handlers"):
        if hasattr(head, part):
            setattr(head, part, [ast.Pass()] if part == "body" else [])
    dump = ast.dump(head)
    for name in local:
        dump = dump.replace(f"id='{name}'", "id='?'")
    nodes = sum(not isinstance(node, (ast.expr_context, ast.Pass)) for node in ast.walk(head))
    key = hashlib.blake2b(dump.encode("utf-8", "replace"), digest_size=8).hexdigest()
    yield key, min(1.5, nodes / TYPICAL)


# ---------------------------------------------------------------- comparing


@functools.cache
def _solution(homework: str) -> Mapping[str, bytes]:
    return {path.name: path.read_bytes() for path in (ROOT / homework).glob("*.py")}


def find_clusters(
    class_files: Mapping[str, Files], homework: str, earlier: Mapping[str, Files] | None = None
) -> list[Cluster]:
    """Clusters of this class's submissions, the solved tree and those of `earlier` terms ({name: files}) as sources."""
    sources = {SOLVED: _solution(homework)} | {
        name: files for name, files in (earlier or {}).items()
    }
    outside = set(sources)
    everybody = dict(class_files) | sources
    clusters = _identical(everybody, outside, homework)
    written = {name: statements(files, homework) for name, files in everybody.items()}
    equal = {
        frozenset(pair)
        for cluster in clusters
        for pair in itertools.combinations(cluster.members, 2)
    }
    for cluster in _linked(everybody, written, outside, homework):
        pairs = {frozenset(pair) for pair in itertools.combinations(cluster.members, 2)}
        if not pairs <= equal:
            clusters.append(cluster)
    return clusters


def _identical(everybody: Mapping[str, Files], outside: set[str], homework: str) -> list[Cluster]:
    """Submissions that have a file in common, byte for byte, which the empty copy does not have."""
    holders: dict[tuple[str, str], list[str]] = defaultdict(list)
    empty = cached_empty(homework)
    for member, files in everybody.items():
        for name, data in files.items():
            plain = data.replace(b"\r\n", b"\n")
            if name.endswith(".py") and plain.strip() and plain != empty.get(name):
                holders[name, hashlib.sha256(plain).hexdigest()].append(member)
    groups: dict[tuple[str, ...], list[str]] = defaultdict(list)
    solved = _solution(homework)
    for (name, _), members in holders.items():
        same_as_solved = SOLVED in members and empty.get(name) == solved.get(name)
        if set(members) - outside and len(members) > 1 and not same_as_solved:
            groups[tuple(sorted(members))].append(name)
    clusters = []
    for members, names in sorted(groups.items()):
        first = next(member for member in members if member not in outside)
        lines = [
            f"{name}, {number}: {line.strip()}"
            for name, numbered in sorted(own_lines(everybody[first], homework).items())
            if name in names and _tells([line for _, line in numbered])
            for number, line in numbered
        ]
        if not lines:
            continue
        clusters.append(
            Cluster(
                list(members),
                "identical",
                1.0,
                sorted(set(members) & outside),
                lines[:SHOWN],
                len(lines),
            )
        )
    return clusters


def _tells(lines: list[str]) -> bool:
    """True if it says something that two submissions have a file with these lines of their own: a few look alike anyway."""
    return len(lines) >= IDENTICAL or any("#" in line for line in lines)


class _Worth:
    """How much it says that two submissions share a statement."""

    def __init__(
        self, written: Mapping[str, Mapping[Statement, CodeLine]], outside: set[str], homework: str
    ) -> None:
        # submissions with the same structure count once: a ring of any size is one source
        profiles = {
            name: frozenset(
                statement.key for statement in statements if statement.kind == "structure"
            )
            for name, statements in written.items()
            if name != SOLVED
        }
        groups: dict[frozenset[str], list[str]] = defaultdict(list)
        for name, profile in profiles.items():
            groups[profile].append(name)
        self.group = {
            name: number for number, names in enumerate(groups.values()) for name in names
        }
        self.size = len(groups)
        self.counts: Counter[Statement] = Counter()
        for names in groups.values():
            self.counts.update(set().union(*(written[name] for name in names)))
        self.written = written
        self._worth: dict[tuple[Statement, int, bool], float] = {}
        self._totals: dict[tuple[str, str, bool], float] = {}
        self.known = _well_known(homework) | set(written.get(SOLVED, ()))

    def groups(self, a: str, b: str) -> int:
        """In how many ways of the class's two submissions are counted: 1 if one of them copied all."""
        return len({self.group.get(a, a), self.group.get(b, b)} - {SOLVED})

    def of(self, statement: Statement, holders: int, with_solved: bool) -> float:
        """Bits that the statement is worth if `holders` of those who have it are being compared."""
        key = statement, holders, with_solved
        if key not in self._worth:
            others = max(0, self.counts[statement] - holders)
            is_known = statement in self.known
            size = self.size - holders + (2 if is_known else NEVER_SEEN)
            worth = math.log2(size / (others + 1))
            if is_known and not with_solved:
                worth *= WELL_KNOWN
            self._worth[key] = max(0.0, worth) * statement.size
        return self._worth[key]

    def total(self, name: str, kind: str, with_solved: bool) -> float:
        """Bits of all that a submission has of a kind."""
        key = name, kind, with_solved
        if key not in self._totals:
            statements = (statement for statement in self.written[name] if statement.kind == kind)
            self._totals[key] = sum(self.of(statement, 1, with_solved) for statement in statements)
        return self._totals[key]


@functools.cache
def _well_known(homework: str) -> frozenset[Statement]:
    """Structure of the known mistakes: two students make them without each other."""
    structures: set[Statement] = set()
    regions = markers.blanks(ROOT / homework)
    for mistake in mistakes.load(homework):
        region = regions[mistake.blank]
        body = mistakes.body(mistake)
        holder, _, name = region.function.rpartition(".")
        text = f"def {name}({', '.join(region.parameters)}):\n{textwrap.indent(body, '    ')}\n"
        if holder:
            text = f"class {holder}:\n{textwrap.indent(text, '    ')}"
        structures.update(_structures(text, region.path.name, homework, None))
    return frozenset(structures)


def _linked(
    everybody: Mapping[str, Files],
    written: Mapping[str, Mapping[Statement, CodeLine]],
    outside: set[str],
    homework: str,
) -> list[Cluster]:
    worth = _Worth(written, outside, homework)
    holders: dict[Statement, list[str]] = defaultdict(list)
    for name, statements in written.items():
        for statement in statements:
            holders[statement].append(name)
    candidates: Counter[tuple[str, str]] = Counter()
    for names in holders.values():
        if 1 < len(names) <= max(RARE, len(written) // 3) and (
            len(written) <= 300 or len(names) <= RARE
        ):
            candidates.update(itertools.combinations(sorted(names), 2))
    links: dict[tuple[str, str], tuple[str, float]] = {}
    for (a, b), count in candidates.items():
        if not {a, b} <= outside and count >= 3:
            link = likeness(worth, a, b)
            if link:
                links[a, b] = link
    return _clusters(links, everybody, written, outside, worth)


def likeness(worth: _Worth, a: str, b: str) -> tuple[str, float] | None:
    """(kind, share) of two submissions that are too much alike, else None."""
    with_solved = SOLVED in (a, b)
    holders = worth.groups(a, b)
    both = worth.written[a].keys() & worth.written[b].keys()
    for kind in ("text", "structure"):
        if kind == "structure" and with_solved:
            continue  # a right answer is not a sign
        common = [statement for statement in both if statement.kind == kind]
        shared = sum(worth.of(statement, holders, with_solved) for statement in common)
        if shared < BITS[kind]:
            continue
        alone = sum(worth.of(statement, 1, with_solved) for statement in common)
        least = min(worth.total(name, kind, with_solved) for name in (a, b)) - alone + shared
        if shared >= SHARE[kind] * least:
            return kind, min(1.0, shared / least)
    return None


def _clusters(
    links: Mapping[tuple[str, str], tuple[str, float]],
    everybody: Mapping[str, Files],
    written: Mapping[str, Mapping[Statement, CodeLine]],
    outside: set[str],
    worth: _Worth,
) -> list[Cluster]:
    """Groups of submissions that are connected by links; a source from outside does not connect two others."""
    parents = {name: name for pair in links for name in pair}

    def top(name: str) -> str:
        while parents[name] != name:
            name = parents[name]
        return name

    for a, b in links:
        if not {a, b} & outside:
            parents[top(a)] = top(b)
    groups: dict[str, set[str]] = defaultdict(set)
    for a, b in links:
        inside = a if b in outside else b
        groups[top(inside)] |= {a, b}
    clusters = []
    for members in groups.values():
        inner = [link for pair, link in links.items() if set(pair) <= members]
        first = min(name for name in members if name not in outside)
        clusters.append(
            Cluster(
                sorted(members),
                "text" if all(kind == "text" for kind, _ in inner) else "structure",
                min(share for _, share in inner),
                sorted(members & outside),
                _shared_lines(first, members, everybody, written),
            )
        )
    return sorted(clusters, key=lambda cluster: cluster.members)


def _shared_lines(
    first: str,
    members: set[str],
    everybody: Mapping[str, Files],
    written: Mapping[str, Mapping[Statement, CodeLine]],
) -> list[str]:
    """Lines of the first member that another member has too, identical or up to names."""
    shared = set().union(*(written[name] for name in members if name != first))
    locations = sorted(
        {location for statement, location in written[first].items() if statement in shared}
    )
    texts = {
        name: everybody[first][name].decode("utf-8", "replace").splitlines()
        for name, _ in locations
    }
    return [f"{name}, {number}: {texts[name][number - 1].strip()}" for name, number in locations][
        :SHOWN
    ]
