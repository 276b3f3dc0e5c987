"""Recognises how a platform packs a class, and sorts its files by submission.

`read_layout` goes through a folder or an archive (and archives of the class inside it), recognises Moodle, Canvas, Blackboard,
Gradescope, clones of repositories, a folder per homework and plain folders or archives, and returns one `Bundle` for each
piece that somebody handed in. Student archives are not opened here (only looked into, to tell them from archives of a class).
"""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path, PurePosixPath

from grading.intake import archives, names
from grading.intake.archives import Location, Opener
from grading.intake.people import Hint
from grading.intake.problems import Notice
from grading.intake.times import TimeError, parse_time

MOODLE = re.compile(
    r"(?P<name>.+?)_(?P<number>\d+)_assign(?:submission|feedback)_(?P<kind>file|onlinetext|comments)(?:_(?P<file>.*))?"
)
CANVAS = re.compile(
    r"(?P<name>anon|[^_]+)_(?P<late>LATE_)?(?P<user>\d+|(?<=anon_)[0-9A-Za-z]{5}|(?<=anon_LATE_)[0-9A-Za-z]{5})"
    r"_(?P<number>\d+)_(?P<file>.+)"
)
BLACKBOARD = re.compile(
    r"(?P<head>.+)_attempt_(?P<time>\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d)(?P<file>_.+|\.txt)?", re.DOTALL
)
GRADESCOPE = re.compile(r"submission_\d+")
METADATA = "submission_metadata.yml"
NO_SUBMISSION = {
    ".csv",
    ".xlsx",
    ".xls",
    ".tsv",
    ".log",
    ".toml",
    ".yml",
    ".yaml",
    ".json",
    ".ini",
    ".cfg",
}
WORK = {".py", ".ipynb", ".pdf", ".docx", ".doc", ".md", ".jpg", ".jpeg", ".png", ".heic"}
MAX_METADATA = 64 * 2**20
MAX_RECEIPT = 2**16
LABELS = {
    "moodle": Notice("Moodle"),
    "canvas": Notice("Canvas"),
    "blackboard": Notice("Blackboard"),
    "gradescope": Notice("Gradescope export", "Gradescope 导出"),
    "clones": Notice("clones of repositories", "仓库克隆"),
    "homeworks": Notice("a folder per homework", "每份作业一个文件夹"),
    "single": Notice("a single submission", "单份提交"),
    "plain": Notice("plain folders and archives", "普通文件夹和压缩包"),
}


@dataclass(frozen=True, slots=True)
class ClassFile:
    """A file of the class. path: as it is shown, with "/"; the first part names the submission."""

    path: str
    location: Location
    size: int
    modified: datetime | None = None


@dataclass
class Bundle:
    """What one entry of the class holds, before its archives are opened.

    name: for people. key: equal for pieces of one submitter (""); files: (path inside the submission, file).
    apart: where the key is less than an id: pieces with the same key and different (label, container) that hold the same
    homework are those of two people.
    group: pieces of one attempt of one submitter belong together. returns: prefix under which the platform takes feedback.
    """

    name: str
    files: list[tuple[str, ClassFile]] = field(default_factory=list)
    hints: tuple[Hint, ...] = ()
    key: str = ""
    apart: tuple[str, ...] = ()
    attempt: int | None = None
    received: datetime | None = None
    committed: datetime | None = None
    late: bool = False
    returns: str = ""
    problems: list[Notice] = field(default_factory=list)
    skipped: list[archives.Skipped] = field(default_factory=list)


@dataclass
class Layout:
    """kind: a key of LABELS. ignored: (name, reason) of what is not a submission."""

    kind: str
    bundles: list[Bundle] = field(default_factory=list)
    ignored: list[tuple[str, Notice]] = field(default_factory=list)


@dataclass
class Child:
    """An entry at the top of a class: a folder with its files, or a file."""

    name: str
    is_folder: bool
    files: list[ClassFile] = field(default_factory=list)  # path: relative to the class
    folders: set[str] = field(default_factory=set)  # relative to the child
    skipped: list[archives.Skipped] = field(default_factory=list)

    def inner(self) -> list["Child"]:
        """The entries of this folder."""
        cut = len(self.name) + 1
        return children_of(
            [
                ClassFile(file.path[cut:], file.location, file.size, file.modified)
                for file in self.files
            ],
            self.folders,
            [archives.Skipped(s.name[cut:], s.reason, s.count, s.grave) for s in self.skipped],
        )


def children_of(
    files: Sequence[ClassFile], folders: set[str], skipped: Sequence[archives.Skipped] = ()
) -> list[Child]:
    """Groups files by the first part of their path."""
    children: dict[str, Child] = {}
    for folder in sorted(folders):
        top, _, rest = folder.partition("/")
        child = children.setdefault(top, Child(top, True))
        if rest:
            child.folders.add(rest)
    for file in files:
        top, _, rest = file.path.partition("/")
        child = children.setdefault(top, Child(top, bool(rest)))
        child.files.append(file)
    for item in skipped:
        top, _, rest = item.name.partition("/")
        if rest and top in children:
            children[top].skipped.append(item)
    return [children[name] for name in sorted(children)]


def list_location(opener: Opener, location: Location) -> list[Child]:
    """The top entries of a folder or archive."""
    files = [
        ClassFile(entry.name, member, entry.size, entry.modified)
        for member, entry in opener.members(location)
    ]
    container = opener.container(location)
    return children_of(files, container.folders, container.skipped)


def read_layout(opener: Opener, root: Path) -> Layout:
    """The layout of a class at a folder or archive. Raises Refused, OSError or what damaged archives raise."""
    children = list_location(opener, Location(str(root)))
    return _layout(opener, children, root.name, depth=0)


def _layout(opener: Opener, children: list[Child], name: str, depth: int) -> Layout:
    if depth > archives.MAX_DEPTH:
        raise archives.Refused("archives inside archives inside archives", "压缩包嵌套过深")
    for recognise in (_gradescope, _moodle, _blackboard, _canvas):
        if layout := recognise(opener, children):
            return layout
    work = [child for child in children if _may_be_submission(child)]
    wrapper = len(work) == 1 and _open_collection(opener, work[0], alone=True)
    if wrapper:
        inner = _layout(opener, wrapper, work[0].name, depth + 1)
        beside = [child for child in children if child is not work[0]]
        inner.ignored += [(child.name, NOT_ARCHIVE) for child in beside]
        return inner
    if _is_single(children):
        return Layout("single", [_bundle(names.stem(name) or name, children)])
    if by_homework := _by_homework(opener, work, depth):
        return by_homework
    return _plain(opener, children, depth)


NOT_ARCHIVE = Notice("not a folder and not an archive", "不是文件夹，也不是压缩包")


def _may_be_submission(child: Child) -> bool:
    if child.name.startswith("."):
        return False
    return child.is_folder or names.is_archive(child.name) or _is_loose_work(child.name)


def _is_loose_work(name: str) -> bool:
    """A file that is not an archive but names its owner: 20260001_张三_model.py, 李四.pdf."""
    suffix = PurePosixPath(name).suffix.lower()
    text = name[: len(name) - len(suffix)]
    return suffix in WORK and bool(names.ids_in(text) or names.chinese_names_in(text))


def _is_single(children: list[Child]) -> bool:
    """Whether these entries are the work of one person: homework folders, known files, and nobody's name."""
    work = [child for child in children if _may_be_submission(child)]
    if any(names.person_key(child.name) for child in work):
        return False
    if any(_has_commits(child) for child in work) or _labels(work):
        return False
    has_code = any(
        not child.is_folder and names.canonical(child.name) in _all_known() for child in children
    )
    homeworks = [child for child in work if names.is_homework_folder(child.name)]
    return (
        has_code
        or bool(homeworks)
        and len(homeworks) == len(work)
        and not any(_is_class(child.inner()) for child in homeworks if child.is_folder)
    )


def _all_known() -> frozenset[str]:
    return frozenset().union(*(names.known_files(homework) for homework in names.HOMEWORKS))


def _is_class(children: list[Child], strictly: bool = False) -> bool:
    """Whether entries (of an archive, or of a homework's folder) are submissions of several people.

    strictly: whose container is itself called like a person's work; only ids and Chinese names count then.
    """
    if any(child.name == METADATA for child in children):
        return True
    work = [child for child in children if _may_be_submission(child) or _platform(child.name)]
    if not work:
        return False
    if sum(bool(_platform(child.name)) for child in work) >= max(1, len(work) // 2):
        return True
    loose = any(
        not child.is_folder and child.name.lower().endswith((".py", ".ipynb")) for child in children
    )
    if loose:
        return False
    if not strictly and _labels(work):
        return True
    if any(names.is_homework_folder(child.name) for child in work):
        return False
    owners = [_owner(child.name, strictly) for child in work]
    return 2 * sum(map(bool, owners)) > len(work) and len(set(filter(None, owners))) >= 2


def _labels(work: list[Child]) -> set[str]:
    """Labels of entries that hold work, if most entries do, and each is called differently: 1001.zip, 1002.zip."""
    labels = [
        names.label(child.name if child.is_folder else names.stem(child.name))
        for child in work
        if _holds_work(child)
    ]
    apart = set(filter(None, labels))
    several = len(apart) >= 2 and 2 * len(apart) > len(work) and all(labels)
    return apart if several else set()


def _holds_work(child: Child) -> bool:
    """Whether an entry is an archive, or a folder with an archive or a file of a homework in it."""
    if not child.is_folder:
        return names.is_archive(child.name)
    return any(
        names.is_archive(name) or names.canonical(name) in _all_known()
        for file in child.files
        if (name := file.path.rpartition("/")[2])
    )


def _owner(name: str, strictly: bool) -> str:
    """Who a name is about; strictly: only if it has an id or a Chinese name."""
    if strictly and not names.ids_in(name) and not names.chinese_names_in(name):
        return ""
    return names.person_key(name)


def _platform(name: str) -> str:
    for kind, pattern in (("moodle", MOODLE), ("blackboard", BLACKBOARD), ("canvas", CANVAS)):
        match = pattern.fullmatch(name)
        if match and (kind != "canvas" or re.search(r"[^\W\d_]", match["name"])):
            return kind
    return "gradescope" if GRADESCOPE.fullmatch(name) else ""


def _open_collection(opener: Opener, child: Child, alone: bool = False) -> list[Child] | None:
    """The entries of a folder or an archive that holds several submissions, else None. alone: it has the whole class."""
    if child.is_folder:
        inner = child.inner()
    elif names.is_archive(child.name):
        try:
            inner = list_location(opener, child.files[0].location)
        except (archives.Refused, OSError, *archives.DAMAGED):
            return None  # reported when the submission is read
    else:
        return None
    if _is_class(inner, strictly=bool(names.label(child.name))):
        return inner
    work = [entry for entry in inner if _may_be_submission(entry)]
    if alone and len(_labels(work)) > 2:
        return inner
    if (
        alone and len(work) == 1 and len(inner) == 1
    ):  # a title, then one folder of named submissions
        deeper = _open_collection(opener, work[0])
        if deeper and _is_class(deeper, strictly=True):
            return deeper
    if any(names.is_homework_folder(entry.name) for entry in work) or names.person_key(child.name):
        return None
    if len(work) == 1 and len(inner) == 1:
        return _open_collection(opener, work[0])
    return inner if work and all(_open_collection(opener, entry) for entry in work) else None


# ---------------------------------------------------------------- platforms


def _share(children: list[Child], kind: str) -> bool:
    """Whether at least half of the entries (apart from tables and the like) have the platform's form of name."""
    work = [
        child for child in children if PurePosixPath(child.name).suffix.lower() not in NO_SUBMISSION
    ]
    hits = sum(_platform(child.name) == kind for child in work)
    return bool(hits) and 2 * hits >= len(work)


def _moodle(opener: Opener, children: list[Child]) -> Layout | None:
    if not _share(children, "moodle"):
        return None
    layout, bundles = Layout("moodle"), {}
    for child in children:
        match = MOODLE.fullmatch(child.name)
        if not match:
            _ignore_or_plain(opener, layout, child)
            continue
        key = f"{match['name']}_{match['number']}"
        bundle = bundles.setdefault(
            key,
            Bundle(
                key,
                hints=(
                    Hint("participant", match["number"]),
                    *(Hint("id", id) for id in names.ids_in(match["name"])),
                    Hint("name", match["name"]),
                ),
                key=f"moodle {key}",
                returns=f"{key}_assignsubmission_file_/",
            ),
        )
        flat = match["file"] if not child.is_folder else None
        for file in child.files:
            bundle.files.append((flat or file.path[len(child.name) + 1 :], file))
        bundle.skipped += child.skipped
    layout.bundles += bundles.values()
    return layout


def _canvas(opener: Opener, children: list[Child]) -> Layout | None:
    if not _share(children, "canvas"):
        return None
    layout, students = Layout("canvas"), defaultdict(list)
    for child in children:
        match = CANVAS.fullmatch(child.name)
        if match and re.search(r"[^\W\d_]", match["name"]):
            students[match["name"], match["user"]].append((match, child))
        else:
            _ignore_or_plain(opener, layout, child)
    for (name, user), pieces in students.items():
        layout.bundles += _canvas_attempts(name, user, pieces)
    return layout


def _canvas_attempts(name: str, user: str, pieces: list) -> list[Bundle]:
    """Canvas adds -1, -2 to the files of later attempts: hmm.zip, hmm-1.zip."""
    attempts = defaultdict(list)
    bases = {match["file"] for match, _ in pieces}
    for match, child in pieces:
        path = PurePosixPath(match["file"])
        numbered = re.fullmatch(
            r"(.+)-(\d{1,2})", names.stem(path.name) if names.is_archive(path.name) else path.stem
        )
        number, shown = 0, path.name
        if numbered:
            number = int(numbered[2])
            shown = numbered[1] + path.name[len(numbered[0]) :]
        attempts[number].append((shown, match, child))
    if len(attempts) > 1 and len(
        {shown for group in attempts.values() for shown, _, _ in group}
    ) == len(bases):
        # every file came once: "-1" belongs to the name, or only some files were handed in again
        attempts = {max(attempts): [piece for group in attempts.values() for piece in group]}
    bundles = []
    for number, group in sorted(attempts.items()):
        bundle = Bundle(
            f"{name}_{user}",
            hints=(
                Hint("canvas", user),
                Hint("login", name),
                *(Hint("id", id) for id in names.ids_in(name)),
                Hint("name", name),
            ),
            key=f"canvas {user}",
            attempt=number + 1,
            late=any(match["late"] for _, match, _ in group),
            returns=f"{name}_{group[0][1]['late'] or ''}{user}_{group[0][1]['number']}_",
        )
        for shown, _, child in group:
            for file in child.files:
                inside = file.path[len(child.name) + 1 :] if child.is_folder else ""
                bundle.files.append((f"{shown}/{inside}" if inside else shown, file))
        bundles.append(bundle)
    return bundles


def _blackboard(opener: Opener, children: list[Child]) -> Layout | None:
    if not _share(children, "blackboard"):
        return None
    layout, pieces = Layout("blackboard"), []
    for child in children:
        match = BLACKBOARD.fullmatch(child.name)
        if match:
            pieces.append((match, child))
        else:
            _ignore_or_plain(opener, layout, child)
    users = _blackboard_users([match["head"] for match, _ in pieces])
    bundles: dict[tuple[str, str], Bundle] = {}
    for match, child in pieces:
        user = users[match["head"]]
        bundle = bundles.setdefault(
            (user, match["time"]),
            Bundle(
                user,
                hints=(
                    Hint("user", user),
                    *(Hint("id", id) for id in names.ids_in(user)),
                    Hint(
                        "text", match["head"]
                    ),  # hw_1_zhang_san: the roster knows where the name begins
                ),
                key=f"blackboard {user}",
                received=names.parse_stamp(match["time"]),
            ),
        )
        file = match["file"] or ""
        if file == ".txt":
            _read_receipt(opener, bundle, child)
        else:
            for piece in child.files:
                inside = piece.path[len(child.name) + 1 :] if child.is_folder else ""
                bundle.files.append(
                    (f"{file[1:]}/{inside}" if inside else file[1:] or child.name, piece)
                )
    counts: Counter[str] = Counter()
    for (user, _), bundle in sorted(bundles.items()):
        counts[user] += 1
        bundle.attempt = counts[user]
        layout.bundles.append(bundle)
    return layout


def _blackboard_users(heads: list[str]) -> dict[str, str]:
    """{"hw1_zhang_san": "zhang_san"}: what follows the assignment's name, which all files share."""
    parts = [head.split("_") for head in set(heads)]
    shared = 0
    if len(parts) > 1:
        shortest = min(len(part) for part in parts) - 1
        while shared < shortest and len({part[shared] for part in parts}) == 1:
            shared += 1
    return {head: "_".join(head.split("_")[shared or -1 :]) for head in heads}


def _read_receipt(opener: Opener, bundle: Bundle, child: Child) -> None:
    """Name, id and time of a Blackboard receipt; text that was typed in is kept as written work."""
    try:
        data = opener.read(child.files[0].location, MAX_RECEIPT)
    except (archives.Refused, OSError, *archives.DAMAGED):
        return
    text = data.decode("utf-8-sig", "replace")
    if match := re.search(r"^(?:Name|姓名)[:：]\s*(.+?)\s*[(（]([^()（）]+)[)）]\s*$", text, re.M):
        bundle.hints = (
            Hint("login", match[2]),
            *(Hint("id", id) for id in names.ids_in(match[2])),
            Hint("name", match[1]),
        )
    body = re.search(
        r"^(?:Submission Field|提交字段)[:：]\s*\n(.*?)(?=^\S[^\n]*[:：]\s*$|\Z)", text, re.M | re.S
    )
    if body and body[1].strip() and "There is no student submission text" not in body[1]:
        bundle.files.append(("receipt.txt", child.files[0]))


def _gradescope(opener: Opener, children: list[Child]) -> Layout | None:
    metadata = next((child for child in children if child.name == METADATA), None)
    if not metadata and not _share(children, "gradescope"):
        return None
    layout, about = Layout("gradescope"), {}
    if metadata:
        text = opener.read(metadata.files[0].location, MAX_METADATA).decode("utf-8-sig", "replace")
        about = parse_metadata(text)
    for child in children:
        if child is metadata:
            continue
        if not GRADESCOPE.fullmatch(child.name) and child.name not in about:
            _ignore_or_plain(opener, layout, child)
            continue
        people, created = about.get(child.name, ([], None))
        hints = tuple(
            Hint(kind, person[field], member)
            for member, person in enumerate(people)
            for kind, field in (("id", "sid"), ("email", "email"), ("name", "name"))
            if person.get(field)
        )
        layout.bundles.append(
            Bundle(
                child.name,
                [(file.path[len(child.name) + 1 :] or file.path, file) for file in child.files],
                hints,
                key=child.name,
                received=created,
                skipped=child.skipped,
            )
        )
    for name in sorted(set(about) - {child.name for child in children}):
        layout.ignored.append(
            (
                name,
                Notice(
                    f"named in {METADATA}, but its folder is missing",
                    f"{METADATA} 中有，但没有它的文件夹",
                ),
            )
        )
    return layout


def parse_metadata(text: str) -> dict[str, tuple[list[dict[str, str]], datetime | None]]:
    """{"submission_1": (submitters [{"name", "sid", "email"}], time)} of Gradescope's YAML file."""
    about: dict[str, tuple[list[dict[str, str]], datetime | None]] = {}
    people: list[dict[str, str]] = []
    current, section = "", ""
    for line in text.splitlines():
        if match := re.fullmatch(r"(submission_\d+|[\w-]+):\s*", line):
            current, section, people = match[1], "", []
            about[current] = people, None
        elif current and (match := re.fullmatch(r"  :?(\w+):\s*(.*)", line)):
            section = match[1]
            if section == "created_at":
                try:
                    about[current] = people, parse_time(_scalar(match[2]))
                except TimeError:
                    about[current] = people, None
        elif section == "submitters" and (
            match := re.fullmatch(r" {2,4}(- |  )?:?(\w+):\s*(.*)", line)
        ):
            if match[1] == "- ":
                people.append({})
            if people:
                people[-1][match[2]] = _scalar(match[3])
    return about


def _scalar(text: str) -> str:
    """A YAML scalar: plain, 'quoted' or "quoted"."""
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] == "'":
        return text[1:-1].replace("''", "'")
    if len(text) > 1 and text[0] == text[-1] == '"':
        text = re.sub(r"\\u([0-9a-fA-F]{4})", lambda match: chr(int(match[1], 16)), text[1:-1])
        return text.replace('\\"', '"').replace("\\\\", "\\")
    return "" if text in ("~", "null") else text


# ---------------------------------------------------------------- folders, archives, clones


def _ignore_or_plain(opener: Opener, layout: Layout, child: Child) -> None:
    """An entry that is not named as the platform names them: a submission by hand, or nothing."""
    if _may_be_submission(child):
        layout.bundles += _plain(opener, [child], 1).bundles
    else:
        layout.ignored.append((child.name, NOT_ARCHIVE))


def _by_homework(opener: Opener, work: list[Child], depth: int) -> Layout | None:
    """hmm/20260001.zip, hw_bptt/20260001.zip: a folder (or archive) per homework, with the class in each."""
    if not work or not all(names.is_homework_folder(child.name) for child in work):
        return None
    opened = [(child, _open_collection(opener, child)) for child in work]
    owners = {names.label(entry.name) for _, inner in opened for entry in inner or []} - {""}
    opened = [(child, inner or _entries_of(child, owners)) for child, inner in opened]
    if not all(inner for _, inner in opened):
        return None
    layout = Layout("homeworks")
    for child, inner in opened:
        part = _layout(opener, inner or [], child.name, depth + 1)
        for bundle in part.bundles:
            bundle.files = [
                (
                    path
                    if names.homework_of(path.split("/")[0])
                    else f"{names.stem(child.name)}/{path}",
                    file,
                )
                for path, file in bundle.files
            ]
        layout.bundles += part.bundles
        layout.ignored += [(f"{child.name}/{name}", why) for name, why in part.ignored]
    return layout


def _entries_of(child: Child, owners: set[str]) -> list[Child] | None:
    """The entries of a homework's folder with few submissions, if they are named like those of other homeworks."""
    work = [entry for entry in child.inner() if _may_be_submission(entry)]
    is_known = bool(work) and all(names.label(entry.name) in owners for entry in work)
    return child.inner() if child.is_folder and is_known else None


def _has_commits(child: Child) -> bool:
    return any(file.path.endswith(f"/{archives.GIT_LOG}") for file in child.files)


def _plain(opener: Opener, children: list[Child], depth: int) -> Layout:
    """A folder or an archive per submission; archives of several submissions are opened."""
    layout = Layout("plain")
    work = [child for child in children if _may_be_submission(child)]
    owners = {names.person_key(child.name) for child in work} - {""}
    work += [  # zhangsan_report.pdf beside zhangsan_code.zip
        child
        for child in children
        if child not in work
        and PurePosixPath(child.name).suffix.lower() in WORK
        and names.person_key(PurePosixPath(child.name).stem) in owners
    ]
    shared = _shared_numbers([child.name for child in work])
    layout.ignored += [
        (child.name, NOT_ARCHIVE)
        for child in children
        if child not in work and not child.name.startswith(".")
    ]
    clones = [child for child in work if _has_commits(child)]
    prefix = _shared_prefix([child.name for child in clones])
    for child in work:
        inner = (
            None if child in clones or names.ids_in(child.name) else _open_collection(opener, child)
        )
        if inner and depth < archives.MAX_DEPTH:
            nested = _layout(opener, inner, child.name, depth + 1)
            for bundle in nested.bundles:
                bundle.apart = (*bundle.apart, child.name) if bundle.apart else ()
            layout.bundles += nested.bundles
            layout.ignored += [(f"{child.name}/{name}", why) for name, why in nested.ignored]
            layout.kind = nested.kind if len(work) == 1 else layout.kind
        else:
            layout.bundles.append(_person(opener, child, prefix if child in clones else "", shared))
    if clones and 2 * len(clones) >= len(work):
        layout.kind = "clones"
    return layout


def _shared_numbers(entries: list[str]) -> set[str]:
    """Numbers that look like ids but are not: a date or a course number, in the names of several people's files."""
    owners: dict[str, set[str]] = defaultdict(set)
    for name in entries:
        for token in names.ids_in(name):
            owners[token].add(names.label(_without(name, {token})))
    return {
        token
        for token, labels in owners.items()
        if "" not in labels
        and len(labels) >= 2
        and (names.DATE.fullmatch(token) or len(labels) >= 3 and 2 * len(labels) > len(entries))
    }


def _without(name: str, tokens: set[str]) -> str:
    """A name without some numbers; full-width digits become plain ones."""
    plain = unicodedata.normalize("NFKC", name) if tokens else name
    for token in tokens:
        plain = re.sub(rf"{re.escape(token)}[-_ ]?", "", plain)
    return plain


def _shared_prefix(clones: list[str]) -> str:
    """ "hw4-" of hw4-zhangsan, hw4-lisi: the assignment's name, which platforms put before the user's."""
    if not clones:
        return ""
    first, last = min(clones), max(clones)
    if first == last:
        match = re.match(
            r"[^-]*(?:hw|homework|assignment|lab|hmm|bptt)[^-]*-", first, re.IGNORECASE
        )
        return match[0] if match else ""
    length = next(
        (i for i, (a, b) in enumerate(zip(first, last)) if a != b), min(len(first), len(last))
    )
    return first[: first.rfind("-", 0, length) + 1]


def _person(opener: Opener, child: Child, prefix: str, shared: set[str]) -> Bundle:
    """A bundle for one folder or archive. shared: numbers that do not identify the owner."""
    if child.is_folder:
        name = child.name
    elif PurePosixPath(child.name).suffix.lower() in WORK:
        name = PurePosixPath(child.name).stem
    else:
        name = names.stem(child.name)
    owner = _without(name, shared)
    ids, people, label = names.ids_in(owner), names.chinese_names_in(owner), names.label(owner)
    key, attempt = names.person_key(owner), names.attempt_of(owner)
    identified = ids or people or names.homework_of(owner)
    if child.is_folder and not identified and attempt is None:
        key = f"folder {names.normal(name)}"  # "huge file" and "huge answer" may be two people
    elif not key and label:
        key = f"label {label}"
    apart = () if ids else (" ".join(people) or label,)
    if prefix:
        login = name[len(prefix) :]
        hints: tuple[Hint, ...] = (Hint("login", login), *_hints(login))
        key, attempt, apart = f"login {names.normal(login)}", None, ()
    else:
        whole = child.is_folder and not ids  # a student's folder may have a homework's name
        hints = _hints(owner if whole else names.without_homework(owner))
    bundle = Bundle(name, hints=hints, key=key, apart=apart, attempt=attempt, skipped=child.skipped)
    for file in child.files:
        if file.path.endswith(f"/{archives.GIT_LOG}"):
            bundle.committed = _last_commit(opener, file.location)
        elif child.is_folder:
            bundle.files.append((file.path[len(child.name) + 1 :], file))
        else:
            bundle.files.append((file.path, file))
    return bundle


def _hints(name: str) -> tuple[Hint, ...]:
    ids = [Hint("id", id) for id in names.ids_in(name)]
    people = [Hint("name", run) for run in names.chinese_names_in(name)]
    return (*ids, *people, Hint("text", name))


def _bundle(name: str, children: list[Child]) -> Bundle:
    """The bundle of a single submission."""
    bundle = Bundle(name, hints=_hints(name), key=names.person_key(name))
    for child in children:
        bundle.files += [(file.path, file) for file in child.files]
        bundle.skipped += child.skipped
    return bundle


def _last_commit(opener: Opener, location: Location) -> datetime | None:
    """Time of the last line of .git/logs/HEAD. Anybody can set it: it is shown, not used."""
    try:
        data = opener.read(location, 4 * 2**20)
    except (archives.Refused, OSError, *archives.DAMAGED):
        return None
    times = re.findall(rb"> (\d{9,11}) [-+]\d{4}\t", data)
    return datetime.fromtimestamp(int(times[-1])).astimezone() if times else None
