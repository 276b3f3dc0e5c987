"""Finds the homeworks in a submission: by the files and functions that only they have, not by a folder's name alone."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from grading.intake import names, notebooks, student_copy, submission
from grading.intake.archives import (
    DAMAGED,
    Entry,
    Location,
    Opener,
    Refused,
    Skipped,
    looks_like_archive,
    reason,
)
from grading.intake.layouts import Bundle
from grading.intake.people import guess
from grading.intake.problems import Notice
from grading.intake.submission import FileUse, Submission

DOCUMENTS = (
    ".md", ".markdown", ".pdf", ".docx", ".doc", ".odt", ".rtf", ".tex", ".html", ".htm", ".pages", ".wps", ".xlsx", ".pptx",
)  # fmt: skip
PICTURES = (
    ".png",
    ".jpg",
    ".jpeg",
    ".heic",
    ".heif",
    ".webp",
    ".gif",
    ".bmp",
    ".tif",
    ".tiff",
    ".svg",
)
WRITTEN = DOCUMENTS + PICTURES
ANSWER_WORDS = (
    "answer",
    "written",
    "report",
    "receipt",
    "答案",
    "解答",
    "报告",
    "作业",
    "书面",
    "comment",
)
BOOK_PAGE = re.compile(r"(^|/)book/(index\.html|(en|zh|play)/[\w-]+\.html)$")
MAX_INSPECTED = 400  # Python files of a submission that are parsed
OTHER = Notice("not code and not written work", "既不是代码也不是书面作业")
SHEET = Notice("comes with the homework", "题目自带的文件")


@dataclass
class Source:
    """A file of a submission. path: includes the names of archives it lies in. canonical: the course's name for it."""

    path: str
    location: Location
    size: int
    canonical: str = ""
    functions: dict[str, bool] = field(default_factory=dict)
    data: bytes = b""
    code: str = ""  # of a notebook

    @property
    def folder(self) -> str:
        return self.path.rpartition("/")[0]

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def suffix(self) -> str:
        return PurePosixPath(self.name).suffix.lower()

    def answers(self, homework: str) -> set[str]:
        """The homework's blank functions that this file answers."""
        blanks = student_copy.blank_functions(homework)
        return {name for name, filled in self.functions.items() if filled and name in blanks}

    def affinity(self, homework: str) -> int:
        """How many of the homework's blank functions this file defines, answered or not."""
        return len(self.functions.keys() & student_copy.blank_functions(homework).keys())


def wanted(name: str) -> bool:
    """Whether a file of this name may be used; a tar keeps only such files."""
    lower = name.lower()
    return lower.endswith((*student_copy.CODE, ".ipynb", *WRITTEN)) or names.is_archive(name)


def plan(opener: Opener, bundles: Sequence[Bundle], homeworks: Sequence[str]) -> Submission:
    """The Submission that one or several pieces of one attempt make up."""
    first = bundles[0]
    planned = Submission(
        first.name,
        guess(first.hints),
        attempt=max((b.attempt for b in bundles if b.attempt is not None), default=None),
        received=max((b.received for b in bundles if b.received), default=None),
        late=any(bundle.late for bundle in bundles),
        problems=[problem for bundle in bundles for problem in bundle.problems],
        hints=tuple(dict.fromkeys(hint for bundle in bundles for hint in bundle.hints)),
        key=first.key,
        committed=max((b.committed for b in bundles if b.committed), default=None),
        returns=first.returns,
    )
    sources: list[Source] = []
    for bundle in bundles:
        _note_skipped(planned, bundle.skipped, "")
        for path, file in bundle.files:
            shown = (
                f"{bundle.name}/{path}" if len(bundles) > 1 and not names.is_archive(path) else path
            )
            _expand(
                opener, planned, sources, shown, file.location, file.size, len(bundle.files) == 1
            )
    _Finder(opener, planned, sources, homeworks, first.name).run()
    return planned


def _note_skipped(planned: Submission, skipped: Iterable[Skipped], prefix: str) -> None:
    for item in skipped:
        planned.unused.append(FileUse(prefix + item.name, item.reason, count=item.count))
        if item.grave:
            planned.problems.append(item.reason)


def _expand(
    opener: Opener,
    planned: Submission,
    sources: list[Source],
    path: str,
    location: Location,
    size: int,
    alone: bool,
) -> None:
    """Adds a file, or the files of an archive and of the archives in it."""
    entry = Entry(path, size)
    if not looks_like_archive(location, entry):
        if names.is_archive(path):
            planned.unused.append(
                FileUse(path, Notice("too large an archive", "压缩包过大"), size=size)
            )
        else:
            sources.append(Source(path, location, size, names.canonical(path.rpartition("/")[2])))
        return
    try:
        members = list(opener.members(location))
        skipped = opener.container(location).skipped
    except (Refused, OSError, *DAMAGED) as error:
        message = reason(error)
        planned.unused.append(FileUse(path, message, size=size))
        planned.problems.append(
            Notice(f"not read: {message}", f"无法读取：{message.zh}")
            if alone
            else Notice(f"not read: {path}: {message}", f"无法读取：{path}：{message.zh}")
        )
        return
    _note_skipped(planned, skipped, f"{path}/")
    for member, inner in members:
        _expand(opener, planned, sources, f"{path}/{inner.name}", member, inner.size, False)


class _Finder:
    """Sorts the files of one submission: code of a homework, written work, not used."""

    def __init__(
        self,
        opener: Opener,
        planned: Submission,
        sources: list[Source],
        homeworks: Sequence[str],
        name: str,
    ) -> None:
        self.opener, self.planned, self.sources = opener, planned, sources
        self.homeworks, self.context = homeworks, names.homework_of(name)
        self.taken: set[str] = set()  # paths
        self.roots: dict[str, str] = {}  # homework: folder

    def run(self) -> None:
        self._inspect()
        for homework in self.homeworks:
            self._find_code(homework)
        self._find_written()
        self._account()
        self.planned.homeworks = tuple(
            homework
            for homework in self.homeworks
            if homework in self.roots or any(use.homework == homework for use in self.planned.used)
        )
        if not self.planned.homeworks:
            self._say_nothing_found()

    # ------------------------------------------------------------ looking

    def _inspect(self) -> None:
        """Read the Python files and notebooks, to see which functions they define."""
        python = [source for source in self.sources if source.suffix in (".py", ".ipynb")]
        expected = {name for homework in names.HOMEWORKS for name in names.known_files(homework)}
        python.sort(
            key=lambda source: (
                source.canonical not in expected,
                source.path.count("/"),
                source.path,
            )
        )
        for source in python[:MAX_INSPECTED]:
            notebook = source.suffix == ".ipynb"
            limit = notebooks.MAX_NOTEBOOK if notebook else submission.MAX_FILE
            if source.size > limit:
                continue
            try:
                data = self.opener.read(source.location, limit)
                source.code = notebooks.code_of(data) if notebook else ""
            except (Refused, OSError, *DAMAGED) as error:
                self._not_read(source, error)
                continue
            source.data = b"" if notebook else data
            source.functions = student_copy.functions_of(
                source.code or data.decode("utf-8-sig", "replace")
            )

    def _not_read(self, source: Source, error: BaseException) -> None:
        message = reason(error)
        self.taken.add(source.path)
        self.planned.unused.append(FileUse(source.path, message, size=source.size))
        self.planned.problems.append(
            Notice(
                f"not read: {source.path} ({message})", f"无法读取：{source.path}（{message.zh}）"
            )
        )

    def _owner(self, folder: str) -> str | None:
        """The homework named by the deepest part of the folder's path that names one."""
        for part in reversed(folder.split("/") if folder else []):
            if homework := names.homework_of(part):
                return homework
        return self.context

    def _belongs(self, source: Source, homework: str) -> bool:
        """Whether a Python file may be this homework's."""
        owner = self._owner(source.folder)
        affinity = source.affinity(homework)
        if owner == homework:
            return True
        if owner:
            return False
        others = max(
            (source.affinity(other) for other in names.HOMEWORKS if other != homework), default=0
        )
        if affinity or others:
            return affinity > 0 and affinity >= others
        return source.canonical in names.known_files(homework) and (
            len(self.homeworks) == 1 or source.canonical in names.unique_files(homework)
        )

    # ------------------------------------------------------------ code

    def _find_code(self, homework: str) -> None:
        candidates: dict[str, list[Source]] = defaultdict(list)
        for source in self.sources:
            if (
                source.suffix == ".py"
                and source.path not in self.taken
                and source.canonical in names.known_files(homework)
                and self._belongs(source, homework)
            ):
                candidates[source.folder].append(source)
        if candidates:
            ranked = sorted(
                candidates, key=lambda folder: self._rank(homework, folder, candidates[folder])
            )
            self._take_folder(
                homework, ranked[0], {folder: candidates[folder] for folder in ranked[1:]}
            )
        else:
            folder = next(
                (
                    source.folder
                    for source in sorted(self.sources, key=lambda source: source.path.count("/"))
                    if "/" in source.path and self._owner(source.folder) == homework
                ),
                None,
            )
            if folder is not None:
                self.roots[homework] = folder
        self._take_functions(homework)
        self._check_empty(homework)

    def _rank(self, homework: str, folder: str, sources: list[Source]) -> tuple:
        """Smaller is better: answered, not a backup, named like the homework, complete, more answers, less deep."""
        answered = set().union(*(source.answers(homework) for source in sources))
        parts = folder.split("/")
        named = self._owner(folder) == homework and names.homework_of(parts[-1]) == homework
        present = {source.canonical for source in sources}
        return (
            not answered and bool(student_copy.blank_functions(homework)),
            names.is_backup(folder),
            not any(part == homework for part in parts),
            not named,
            -len(present),
            -len(answered),
            folder.count("/"),
            folder,
        )

    def _take_folder(self, homework: str, root: str, others: dict[str, list[Source]]) -> None:
        self.roots[homework] = root
        prefix = f"{root}/" if root else ""
        inside = [
            source
            for source in self.sources
            if source.path.startswith(prefix)
            and source.path not in self.taken
            and source.suffix in student_copy.CODE
        ]
        chosen: dict[str, Source] = {}
        for source in sorted(inside, key=lambda source: source.path):
            relative = source.path[len(prefix) :]
            folder = source.folder
            if folder != root and (
                folder in others or self._owner(folder[len(root) :]) not in (None, homework)
            ):
                continue
            if source.suffix == ".txt" and _is_answer(source.name):
                continue
            if (
                folder == root
                and source.suffix == ".py"
                and source.canonical in names.known_files(homework)
            ):
                relative = source.canonical
            elif relative.lower().endswith(student_copy.CODE):
                relative = relative[: relative.rindex(".")] + source.suffix
            if relative in chosen:
                source, left = self._better(homework, relative, chosen[relative], source)
                self._leave(left, _another_copy(homework, relative, source.path))
                if left.answers(homework):
                    self.planned.problems.append(
                        _two_copies(homework, relative, source.path, left.path)
                    )
            chosen[relative] = source
        for folder, sources in others.items():
            for source in sources:
                if (
                    source.canonical not in chosen
                    and source.answers(homework)
                    and not names.is_backup(folder)
                ):
                    chosen[source.canonical] = source
                    self.planned.problems.append(
                        Notice(
                            f"{homework}/{source.canonical} is taken from another folder: {source.path}",
                            f"{homework}/{source.canonical} 取自另一个文件夹：{source.path}",
                        )
                    )
        self._use_code(homework, chosen)
        self._name_other_folders(homework, root, others)

    def _better(
        self, homework: str, name: str, first: Source, second: Source
    ) -> tuple[Source, Source]:
        """(used, left) of two files with the same canonical name: uses the answered one, else the one with the exact name."""

        def quality(source: Source) -> tuple:
            return (
                bool(source.answers(homework)),
                source.name == name,
                len(source.answers(homework)),
            )

        return (first, second) if quality(first) >= quality(second) else (second, first)

    def _name_other_folders(
        self, homework: str, root: str, others: dict[str, list[Source]]
    ) -> None:
        used = {use.path for use in self.planned.used}
        folders = [
            folder
            for folder, sources in others.items()
            if any(source.path not in used and source.answers(homework) for source in sources)
        ]
        for folder in others:
            for source in self.sources:
                if (
                    source.folder == folder
                    and source.path not in used
                    and source.path not in self.taken
                ):
                    if source.suffix == ".py":
                        self._leave(source, _another_copy(homework, source.canonical, root or "."))
        if folders:
            self.planned.problems.append(
                Notice(
                    f"{len(folders) + 1} folders hold {homework}: {root or 'the top'} is graded, "
                    f"{', '.join(folder or 'the top' for folder in folders[:4])} is not",
                    f"有 {len(folders) + 1} 个文件夹含 {homework}：批改的是 {root or '最上层'}，"
                    f"未批改 {'、'.join(folder or '最上层' for folder in folders[:4])}",
                )
            )

    def _use_code(self, homework: str, chosen: dict[str, Source]) -> None:
        """Add files of code within the limits: the homework's own files first, then the small ones."""
        expected = names.known_files(homework)
        room, count = submission.MAX_CODE, 0
        for name, source in sorted(
            chosen.items(), key=lambda item: (item[0] not in expected, item[1].size, item[0])
        ):
            if source.size > submission.MAX_FILE:
                message = Notice(
                    f"{homework}/{name} has {source.size:,} bytes: not graded",
                    f"{homework}/{name} 有 {source.size:,} 字节：未批改",
                )
            elif source.size > room:
                message = Notice(
                    f"{homework}/{name}: past {submission.MAX_CODE // 2**20} MiB of code, not graded",
                    f"{homework}/{name}：代码超过 {submission.MAX_CODE // 2**20} MiB，未批改",
                )
            elif count >= submission.MAX_FILES:
                message = Notice(
                    f"{homework}: more than {submission.MAX_FILES} files, the rest is not graded",
                    f"{homework}：文件多于 {submission.MAX_FILES} 个，其余未批改",
                )
            else:
                room, count = room - source.size, count + 1
                self._use(source, homework, name)
                continue
            self._leave(source, message)
            if message not in self.planned.problems:
                self.planned.problems.append(message)

    def _take_functions(self, homework: str) -> None:
        """Functions of a notebook, or of a file with another name, where the homework's own files do not answer them."""
        blanks = student_copy.blank_functions(homework)
        used = {use.path for use in self.planned.used if use.homework == homework}
        answered = set().union(*(s.answers(homework) for s in self.sources if s.path in used))
        for source in sorted(
            self.sources, key=lambda s: (names.is_backup(s.path), -len(s.answers(homework)), s.path)
        ):
            missing = source.answers(homework) - answered
            if source.path in self.taken or not missing or not self._belongs(source, homework):
                continue
            if source.suffix == ".py" and (used or len(missing) < 3 or not _parses(source)):
                continue  # named below, by _check_empty
            for file, functions in notebooks.distribute(source.code, blanks, missing).items():
                self.planned.used.append(
                    FileUse(
                        source.path, Notice(""), homework, file, source.size,
                        functions=frozenset(functions), location=source.location,
                    )
                )  # fmt: skip
                self.planned.problems.append(notebooks.note(source.path, homework, file, functions))
            self.taken.add(source.path)
            self.roots.setdefault(homework, source.folder)
            answered |= missing

    def _called_paths(self, homework: str, uses: Sequence[FileUse]) -> set[str]:
        """Of the code that is used: the homework's own files, and other files whose names those mention.

        A helper that nothing imports is not called: model-2.py beside the empty model.py.
        """
        expected = names.known_files(homework)
        called = {use.path for use in uses if use.name in expected or use.functions}
        texts = [source.data for source in self.sources if source.path in called]
        for use in uses:
            module = PurePosixPath(use.name).stem.encode()
            word = re.compile(rb"\b" + re.escape(module) + rb"\b")
            if use.path not in called and any(word.search(text) for text in texts):
                called.add(use.path)
        return called

    def _check_empty(self, homework: str) -> None:
        """Reports a problem if the graded files hold no answer, and says where answers were found: no silent zero."""
        if homework not in self.roots:
            return
        blanks = student_copy.blank_functions(homework)
        uses = [use for use in self.planned.used if use.homework == homework and not use.written]
        paths = self._called_paths(homework, uses)
        answered = set().union(*(s.answers(homework) for s in self.sources if s.path in paths))
        if answered or not blanks:
            return
        elsewhere = sorted(
            s.path
            for s in self.sources
            if s.path not in paths and s.answers(homework) and self._may_be(s, homework)
        )
        root = self.roots[homework] or "."
        if not uses:
            message = Notice(
                f"{homework}: no code found in {root}", f"{homework}：{root} 中没有代码"
            )
        else:
            message = Notice(
                f"{homework}: no blank is filled in (what is graded, {root}, is the empty copy)",
                f"{homework}：没有填任何空（所批改的 {root} 是空白代码）",
            )
        if elsewhere:
            shown = ", ".join(elsewhere[:4])
            message = Notice(
                f"{message}; functions of {homework} are in {shown}: not graded",
                f"{message.zh}；{shown} 中有 {homework} 的函数：未批改",
            )
        passed_over = [
            use.path
            for use in self.planned.unused
            if PurePosixPath(use.path).name in (".git", ".ipynb_checkpoints")
        ]
        if passed_over and not elsewhere:
            shown = ", ".join(passed_over[:4])
            message = Notice(
                f"{message}; the work may be in {shown}, which is not read",
                f"{message.zh}；答案可能在 {shown} 中，那里的文件不读取",
            )
        self.planned.problems.append(message)

    def _may_be(self, source: Source, homework: str) -> bool:
        affinity = source.affinity(homework)
        return affinity > 0 and affinity >= max(source.affinity(other) for other in names.HOMEWORKS)

    # ------------------------------------------------------------ written work

    def _find_written(self) -> None:
        by_homework: dict[str, dict[str, Source]] = defaultdict(dict)
        homeless: list[Source] = []
        only = next(iter(self.roots)) if len(self.roots) == 1 else None
        if not self.roots and len(self.homeworks) == 1:
            only = self.homeworks[0]
        for source in self.sources:
            if source.path in self.taken or not _is_written(source):
                continue
            if source.name.upper().startswith("README") or self._is_provided(source):
                self._leave(source, SHEET)
                continue
            homework = names.homework_of(source.name) or self._owner(source.folder)
            homework = next(
                (
                    h
                    for h, root in self.roots.items()
                    if root and source.path.startswith(f"{root}/")
                ),
                homework,
            )
            homework = homework or only or self._nearest(source)
            if homework is None:
                homeless.append(source)
                continue
            if homework not in self.homeworks:
                continue
            root = self.roots.get(homework, "")
            name = _relative(source.path, root)
            if name in by_homework[homework]:
                name = source.path
            by_homework[homework][name] = source
        for homework, files in by_homework.items():
            self._use_written(homework, files)
        for source in homeless:
            message = Notice(
                f"{source.path} belongs to no homework: put it into the homework's folder, or name it after the homework",
                f"{source.path} 不属于任何一次作业：请放进该作业的文件夹，或用作业名命名",
            )
            self._leave(source, message)
            self.planned.problems.append(message)

    def _nearest(self, source: Source) -> str | None:
        """The only homework whose folder lies in the folder of this file."""
        inside = [
            h
            for h, root in self.roots.items()
            if not source.folder or f"{root}/".startswith(f"{source.folder}/")
        ]
        return inside[0] if len(inside) == 1 else None

    def _is_provided(self, source: Source) -> bool:
        """A page of the offline book, or a picture or a page to play with of a sheet, as it was handed out."""
        if BOOK_PAGE.search(source.path):
            return True
        kind = source.folder.rpartition("/")[2]
        paths = [names.ROOT / homework / kind / source.name for homework in self.homeworks]
        return kind in ("figures", "play") and any(
            path.is_file() and path.stat().st_size == source.size for path in paths
        )

    def _use_written(self, homework: str, files: dict[str, Source]) -> None:
        """Add written work within the limits, the small files first."""
        room = submission.MAX_WRITTEN
        for name, source in sorted(files.items(), key=lambda item: (item[1].size, item[0])):
            if source.size > min(room, submission.MAX_DOCUMENT):
                most = (
                    room and submission.MAX_DOCUMENT
                    if source.size > submission.MAX_DOCUMENT
                    else submission.MAX_WRITTEN
                )
                message = Notice(
                    f"{homework}/{name} has {source.size / 2**20:.0f} MiB: past {most // 2**20} MiB of pictures and PDFs, left out",
                    f"{homework}/{name} 有 {source.size / 2**20:.0f} MiB：图片与 PDF 超过 {most // 2**20} MiB，未收入",
                )
                self._leave(source, message)
                self.planned.problems.append(message)
                continue
            room -= source.size
            self._use(source, homework, name, written=True)

    # ------------------------------------------------------------ accounts

    def _use(self, source: Source, homework: str, name: str, written: bool = False) -> None:
        self.taken.add(source.path)
        self.planned.used.append(
            FileUse(
                source.path,
                Notice(""),
                homework,
                name,
                source.size,
                written=written,
                location=source.location,
            )
        )

    def _leave(self, source: Source, why: Notice) -> None:
        self.taken.add(source.path)
        self.planned.unused.append(FileUse(source.path, why, size=source.size))

    def _account(self) -> None:
        """Every file not used otherwise, grouped by folder where there are many."""
        left: dict[tuple[str, Notice], list[Source]] = defaultdict(list)
        for source in self.sources:
            if source.path not in self.taken:
                left[source.folder, self._why(source)].append(source)
        for (folder, why), sources in sorted(left.items(), key=lambda item: item[0][0]):
            if len(sources) > 3:
                kinds = Counter(source.suffix or "no ending" for source in sources)
                shown = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common(3))
                self.planned.unused.append(
                    FileUse(
                        f"{folder or '.'}/ ({shown})",
                        why,
                        size=sum(s.size for s in sources),
                        count=len(sources),
                    )
                )
            else:
                self.planned.unused += [
                    FileUse(source.path, why, size=source.size) for source in sources
                ]

    def _why(self, source: Source) -> Notice:
        if source.suffix not in (*student_copy.CODE, ".ipynb", *WRITTEN):
            return OTHER
        owner = self._owner(source.folder) or names.homework_of(source.name)
        if owner and owner not in self.homeworks:
            return Notice(f"{owner} is not graded now", f"本次不批改 {owner}")
        if source.suffix == ".ipynb":
            return Notice("a notebook that adds no function", "没有补充函数的笔记本")
        if owner in self.roots:
            return Notice(
                f"not in the folder that is graded ({self.roots[owner] or '.'})",
                f"不在所批改的文件夹（{self.roots[owner] or '.'}）中",
            )
        return Notice("belongs to no homework", "不属于任何一次作业")

    def _say_nothing_found(self) -> None:
        if any(problem.startswith("not read") for problem in self.planned.problems):
            return
        asked = ", ".join(self.homeworks)
        seen = [use.path for use in self.planned.unused if use.reason != OTHER][:5] or [
            use.path for use in self.planned.unused
        ][:5]
        elsewhere = [
            s.path
            for s in self.sources
            for h in self.homeworks
            if s.answers(h) and self._may_be(s, h)
        ]
        en, zh = f"nothing of {asked} found", f"没有找到 {asked.replace(', ', '、')}"
        if elsewhere:
            shown = ", ".join(dict.fromkeys(elsewhere))
            en, zh = (
                f"{en}, though {shown} defines functions of it",
                f"{zh}，但 {shown} 定义了它的函数",
            )
        elif seen:
            en, zh = f"{en}; there is: {', '.join(seen)}", f"{zh}；只有：{'、'.join(seen)}"
        else:
            en, zh = f"{en}: no files", f"{zh}：没有文件"
        missing = Notice(
            f"{en}; expected a folder of that name with {_example(self.homeworks)}",
            f"{zh}；应有该名字的文件夹，内含 {_example(self.homeworks)}",
        )
        self.planned.problems.append(missing)


def _example(homeworks: Sequence[str]) -> str:
    """The file that holds most blanks of the first homework."""
    files = student_copy.blank_functions(homeworks[0]).values() if homeworks else ()
    return Counter(files).most_common(1)[0][0] if files else "model.py"


def _parses(source: Source) -> bool:
    source.code = source.data.decode("utf-8-sig", "replace")
    try:
        student_copy.parse(source.code)
    except student_copy.UNPARSED:
        return False
    return True


def _is_answer(name: str) -> bool:
    return any(word in name.lower() for word in ANSWER_WORDS)


def _is_written(source: Source) -> bool:
    return source.suffix in WRITTEN or source.suffix == ".txt" and _is_answer(source.name)


def _relative(path: str, root: str) -> str:
    """The path below the homework's folder, or below the closest folder that both share."""
    parts, base = path.split("/"), root.split("/") if root else []
    shared = 0
    while shared < min(len(parts) - 1, len(base)) and parts[shared] == base[shared]:
        shared += 1
    return "/".join(parts[shared:])


def _another_copy(homework: str, name: str, used: str) -> Notice:
    return Notice(
        f"another copy of {homework}/{name}: {used} is graded",
        f"{homework}/{name} 的另一份：批改的是 {used}",
    )


def _two_copies(homework: str, name: str, used: str, left: str) -> Notice:
    return Notice(
        f"two files for {homework}/{name}: {used} is graded, {left} is not",
        f"{homework}/{name} 有两个文件：批改 {used}，未批改 {left}",
    )
