"""From a folder or an archive of the class to its submissions: pieces merged, attempts chosen."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from grading.intake import folders, layouts, names
from grading.intake.archives import DAMAGED, Location, Opener, Refused, reason
from grading.intake.layouts import Bundle
from grading.intake.problems import Notice
from grading.intake.rosters import Matching, Roster, match_all
from grading.intake.submission import Submission

ATTEMPTS = ("newest", "first", "best")
PLATFORMS = ("moodle", "canvas", "blackboard", "gradescope")


@dataclass
class Intake:
    """What a class handed in. layout: see layouts.LABELS. ignored: (name, why) beside the submissions.

    With attempt="best", each attempt is a Submission of its own; those of one submitter share `key`.
    """

    layout: str
    submissions: list[Submission] = field(default_factory=list)
    ignored: list[tuple[str, Notice]] = field(default_factory=list)
    problems: list[Notice] = field(default_factory=list)
    roster: Roster | None = None

    def match(self) -> Matching:
        """Rows for everybody on the roster (without one: for everybody who handed in)."""
        return match_all(self.roster, self.submissions)


def read_class(
    path: Path | str,
    homeworks: Sequence[str],
    *,
    attempt: str = "newest",
    roster: Roster | None = None,
) -> Intake:
    """The submissions in a folder or archive. Raises Refused if there are none; one that cannot be read is returned with a problem."""
    if attempt not in ATTEMPTS:
        raise ValueError(f"attempt {attempt!r}: one of {', '.join(ATTEMPTS)}")
    path = Path(path)
    if not path.exists():
        raise Refused(f"{path}: no such folder or archive", f"{path}：没有这个文件夹或压缩包")
    if not path.is_dir() and not names.is_archive(path.name):
        raise Refused(
            f"{path} is not a folder and not an archive", f"{path} 不是文件夹，也不是压缩包"
        )
    with Opener(folders.wanted) as opener:
        try:
            layout = layouts.read_layout(opener, path.resolve())
        except (OSError, *DAMAGED) as error:
            message = reason(error)
            raise Refused(f"{path}: {message}", f"{path}：{message.zh}") from None
        if not layout.bundles:
            raise Refused(
                f"{path} holds no submission: folders, .zip, .tar.gz, .rar or .7z files are read",
                f"{path} 中没有提交：可读取文件夹、.zip、.tar.gz、.rar、.7z",
            )
        intake = Intake(layout.kind, ignored=layout.ignored, roster=roster)
        for bundles in _by_submitter(layout.bundles, roster).values():
            intake.submissions += _submissions(opener, bundles, homeworks, attempt)
    _name_apart(intake)
    intake.submissions.sort(key=lambda submission: submission.name)
    return intake


def read_submission(path: Path | str, homeworks: Sequence[str]) -> Submission:
    """The submission at a folder or archive, as it is on a platform that grades one at a time. Never raises."""
    path = Path(path)
    name = names.stem(path.resolve().name) if not path.is_dir() else path.resolve().name
    bundle = Bundle(name, hints=layouts._hints(name), key=names.person_key(name))
    with Opener(folders.wanted) as opener:
        location = Location(str(path))
        try:
            if path.is_dir():
                for member, entry in opener.members(location):
                    bundle.files.append(
                        (
                            entry.name,
                            layouts.ClassFile(entry.name, member, entry.size, entry.modified),
                        )
                    )
                bundle.skipped += opener.container(location).skipped
            else:
                bundle.files.append(
                    (path.name, layouts.ClassFile(path.name, location, path.stat().st_size))
                )
        except (Refused, OSError, *DAMAGED) as error:
            message = reason(error)
            bundle.problems.append(Notice(f"not read: {message}", f"无法读取：{message.zh}"))
        return folders.plan(opener, [bundle], homeworks)


def _by_submitter(bundles: Sequence[Bundle], roster: Roster | None) -> dict[str, list[Bundle]]:
    """Bundles that belong together: of one person on the roster, else with the same key."""
    groups: dict[str, list[Bundle]] = defaultdict(list)
    for index, bundle in enumerate(bundles):
        key = bundle.key or f"entry {index}"
        if roster:
            match = roster.whose(bundle.hints)
            if len(match.people) == 1 and not match.choices:
                key = f"line {match.people[0].line} of the roster"
                by_name = match.how == "name"  # two classes may have a student of that name
                bundle.apart = bundle.apart[1:] if by_name else ()
        bundle.key = key
        groups[key].append(bundle)
    return groups


def _submissions(
    outer: Opener, bundles: list[Bundle], homeworks: Sequence[str], attempt: str
) -> list[Submission]:
    """The submissions of one submitter: one, or one for each attempt if asked for."""
    with Opener(folders.wanted, outer) as opener:
        attempts = _attempts(opener, bundles, homeworks)
        people = _people_apart(attempts)
        if len(people) > 1:
            return [
                submission
                for bundles in people
                for submission in _submissions(outer, bundles, homeworks, attempt)
            ]
        planned = []
        for pieces in attempts:
            submission = folders.plan(opener, pieces, homeworks)
            if len(attempts) == 1 and pieces[0].attempt is None:
                submission.attempt = None
            planned.append(submission)
    if len(planned) == 1:
        planned[0].name = _plain_name(bundles, homeworks)
        return planned
    name = _plain_name(bundles, homeworks)
    for number, submission in enumerate(planned, 1):
        submission.name, submission.attempt = name, number
    if attempt == "best":
        for submission in planned[:-1]:
            submission.name = f"{name}~{submission.attempt}"
        return planned
    chosen = planned[-1] if attempt == "newest" else planned[0]
    _say_what_counts(chosen, planned)
    return [chosen]


def _attempts(
    opener: Opener, bundles: list[Bundle], homeworks: Sequence[str]
) -> list[list[Bundle]]:
    """Bundles by attempt, the oldest first. Pieces with different homeworks, or code and a report, are one attempt."""
    if len(bundles) == 1:
        return [bundles]
    ordered = sorted(bundles, key=lambda b: (_moment(b.received), b.attempt or 0, b.name))
    attempts: list[list[Bundle]] = []
    contents: list[set[tuple[str, str]]] = []
    for bundle in ordered:
        planned = folders.plan(opener, [bundle], homeworks)
        held = {(use.homework, use.name if use.written else "") for use in planned.used}
        fits = [
            index
            for index, (pieces, homework) in enumerate(zip(attempts, contents))
            if not homework & held and _same_turn(pieces[-1], bundle)
        ]
        if fits:
            attempts[fits[-1]].append(bundle)
            contents[fits[-1]] |= held
        else:
            attempts.append([bundle])
            contents.append(held)
    return attempts


def _people_apart(attempts: list[list[Bundle]]) -> list[list[Bundle]]:
    """The bundles of each person, where similar names turn out to belong to several people.

    "huge file.zip" and "huge answer.zip" have one key; if both hold the code of one homework, they are no two attempts.
    """
    people: dict[tuple[str, ...], list[Bundle]] = defaultdict(list)
    for pieces in attempts:
        people[pieces[0].apart] += pieces
    apart = list(people.values())
    for bundles in apart if len(apart) > 1 else ():
        for bundle in bundles:
            bundle.key = " ".join((bundle.key, *bundles[0].apart))
            bundle.apart = bundles[0].apart
    return apart


def _moment(moment: datetime | None) -> str:
    return moment.replace(tzinfo=None).isoformat() if moment else ""


def _same_turn(first: Bundle, second: Bundle) -> bool:
    """Whether two pieces may belong to one attempt, that is, the platform does not say that they are two."""
    return first.received == second.received or None in (first.received, second.received)


def _say_what_counts(chosen: Submission, planned: list[Submission]) -> None:
    """Notes on the other attempts, and on homeworks that only they hold."""
    others = [submission for submission in planned if submission is not chosen]
    chosen.problems.append(
        Notice(
            f"{len(planned)} attempts: number {chosen.attempt} counts",
            f"共 {len(planned)} 次提交：以第 {chosen.attempt} 次为准",
        )
    )
    for other in others:
        for use in other.used:
            chosen.unused.append(
                folders.FileUse(
                    use.path,
                    Notice(f"of attempt {other.attempt}", f"属于第 {other.attempt} 次提交"),
                    size=use.size,
                )
            )
    lost = sorted({h for other in others for h in _with_code(other)} - _with_code(chosen))
    if lost:
        chosen.problems.append(
            Notice(
                f"another attempt has {', '.join(lost)}, this one does not",
                f"另一次提交有 {'、'.join(lost)}，这一次没有",
            )
        )


def _with_code(submission: Submission) -> set[str]:
    """Homeworks of which there is code, not only written work."""
    return {use.homework for use in submission.used if not use.written}


def _plain_name(bundles: list[Bundle], homeworks: Sequence[str]) -> str:
    """A name that does not depend on which homeworks and attempts the submitter hands in."""
    name = min((bundle.name for bundle in bundles), key=lambda name: (len(name), name))
    if not names.person_key(name):
        return name
    return names.without_attempt(names.without_homework(name)) or name


def _name_apart(intake: Intake) -> None:
    """Makes the submissions' names unique, also when case is ignored."""
    counts = Counter(submission.name.casefold() for submission in intake.submissions)
    seen: Counter[str] = Counter()
    for submission in intake.submissions:
        key = submission.name.casefold()
        if counts[key] > 1:
            seen[key] += 1
            if seen[key] > 1:
                intake.problems.append(
                    Notice(
                        f"two submissions are called {submission.name}: both are graded",
                        f"有两份提交都叫 {submission.name}：两份都批改",
                    )
                )
                submission.name = f"{submission.name}~{seen[key]}"
