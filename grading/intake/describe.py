"""The plan of a class in words: who hands in what, which files are used, which are not and why, who is missing."""

from collections.abc import Iterable
from datetime import datetime

from grading.intake.layouts import LABELS
from grading.intake.problems import in_language
from grading.intake.reading import Intake
from grading.intake.rosters import Matching
from grading.intake.submission import FileUse, Submission

MOST = 12  # lines about unused files, for each submission


def printable(text: str) -> str:
    """The text in one line, without control characters that a terminal would interpret."""
    return "".join(char if char.isprintable() else "?" for char in " ".join(str(text).split()))


def describe(intake: Intake, matching: Matching, lang: str = "en") -> list[str]:
    """Lines for a terminal."""
    people: dict[int, list[str]] = {}
    for row in matching.rows:
        label = (
            f"{row.person} (by {row.how})" if row.how else str(row.person or "nobody on the roster")
        )
        people.setdefault(id(row.submission), []).append(label)
    count = len(intake.submissions)
    lines = [
        f"{LABELS.get(intake.layout, intake.layout)}: {count} submission{'s' if count != 1 else ''}"
    ]
    for submission in intake.submissions:
        lines += ["", *_submission(submission, people.get(id(submission), []), lang)]
    lines.append("")
    lines += [f"ambiguous: {in_language(item.reason, lang)}" for item in matching.ambiguous]
    lines += [f"note: {in_language(note, lang)}" for note in (*matching.notes, *intake.problems)]
    lines += [
        f"not a submission: {name} ({in_language(why, lang)})" for name, why in intake.ignored
    ]
    lines += [f"not on the roster: {submission.name}" for submission in matching.unknown]
    lines += [f"nothing received: {person}" for person in matching.missing]
    return [
        printable(line) if not line.startswith("  ") else "  " + printable(line) for line in lines
    ]


def _submission(submission: Submission, people: list[str], lang: str) -> Iterable[str]:
    about = [f"{submission.name}: {'; '.join(people) or 'nobody known'}"]
    if submission.attempt:
        about.append(f"attempt {submission.attempt}")
    if submission.received:
        about.append(f"received {_clock(submission.received)}")
    if submission.committed:
        about.append(f"last commit says {_clock(submission.committed)}")
    if submission.late:
        about.append("late (says the platform)")
    yield ", ".join(about)
    for homework in submission.homeworks:
        uses = [use for use in submission.used if use.homework == homework]
        code, written = ([use for use in uses if use.written is kind] for kind in (False, True))
        yield f"  {homework}: {_files(code)}; written: {_files(written)}"
    unused = submission.unused
    for use in unused[:MOST]:
        more = f", {use.count:,} files" if use.count > 1 else ""
        yield f"  not used: {use.path} ({in_language(use.reason, lang)}{more})"
    if len(unused) > MOST:
        yield f"  not used: {len(unused) - MOST} more"
    for problem in submission.problems:
        yield f"  ! {in_language(problem, lang)}"


def _files(uses: list[FileUse]) -> str:
    if not uses:
        return "nothing"
    shown = [
        use.path if use.path.endswith(use.name) else f"{use.path} as {use.name}" for use in uses
    ]
    more = f", and {len(shown) - 5} more" if len(shown) > 6 else ""
    return ", ".join(shown[:5] if more else shown) + more


def _clock(moment: datetime) -> str:
    return moment.isoformat(" ", "minutes")
