"""Grade a class: every submission of a folder or archive, in a sandbox, with a journal.

    python -m grading.grade SUBMISSIONS --out grades -j 2

Plan (who handed in what), run (grade what is new), report (pages and tables). Run it again to continue after a stop or to
grade new submissions: what has not changed is not graded twice.
"""

import contextlib
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from types import FrameType

from course.settings import CourseError
from grading.files import printable
from grading.intake import in_language
from grading.journal import JournalError
from grading.options import GradeError, Options, get_parser, read_options
from grading.plan import Plan, make_plan
from grading.processes import keep_streams
from grading.report import Report, write_reports
from grading.run import Graded, check_folder
from grading.run import grade as run_plan

KEPT = "what is graded is kept, run the same command to continue"


@dataclass
class Outcome:
    """A whole run: its three steps. report: None for one part of a class, which grading.merge reports on."""

    plan: Plan
    graded: Graded
    report: Report | None


def grade(options: Options) -> Outcome:
    """Plan, run and report. Raises GradeError, CourseError, JournalError, OSError."""
    check_folder(options)
    plan = make_plan(options)
    graded = run_plan(plan)
    return Outcome(plan, graded, None if options.shard else write_reports(plan, graded))


def summary(outcome: Outcome) -> list[str]:
    """Lines for the terminal, without control characters."""
    plan, graded, report = outcome.plan, outcome.graded, outcome.report
    standings = graded.standings
    having = {key.student for key in standings}
    lines = []
    if confined := graded.record.isolation:
        still = (
            f", still possible there: {', '.join(confined.possible)}" if confined.possible else ""
        )
        kept = f" ({graded.unchanged} unchanged since the last run)" if graded.unchanged else ""
        lines.append(
            f"graded {len(standings)} homeworks of {len(having)} submissions{kept}; "
            f"isolation: {confined.level}{still}"
        )
    lines += [
        f"the grader failed: {name}: {error}" for name, error in sorted(graded.errors.items())
    ]
    lines += [
        f"nothing to grade: {name}: {problems[0] if problems else 'no homework found'}"
        for name, problems in sorted(graded.problems.items())
        if name not in having and name not in graded.errors
    ]
    if graded.in_full:
        lines.append(
            "new or changed since the last run, so graded in full in spite of --blank: "
            + ", ".join(sorted(graded.in_full))
        )
    lines += [
        f"not a submission: {name} ({in_language(why, 'en')})" for name, why in plan.intake.ignored
    ]
    lines += [f"note: {problem}" for problem in plan.intake.problems]
    if report:
        marks = report.marks
        lines += [f"note: {note}" for note in marks.notes]
        if marks.missing:
            people = ", ".join(str(person) for person in marks.missing)
            lines.append(f"on the roster, nothing received: {people}")
        if marks.unknown and plan.options.roster:
            lines.append(f"not on the roster: {', '.join(marks.unknown)}")
        lines += report.notes
        first, *others = report.files
        lines.append(f"written: {plan.options.out / first}, {', '.join(others)}")
    else:
        lines.append(f"part {plan.options.shard} is graded; grading.merge writes the reports")
    return [printable(line) for line in lines]


def stop_in_order() -> None:
    """The end of the terminal, and a polite kill, stop the grader as Ctrl-C does."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number and signal.getsignal(number) != signal.SIG_IGN:  # nohup ignores it
            signal.signal(number, stop)


def say(lines: Sequence[str]) -> None:
    """Print, unless nobody reads any more."""
    with contextlib.suppress(OSError):
        print("\n".join(lines), flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = get_parser(description=(__doc__ or "").partition("\n")[0])
    prefix = f"{parser.prog}: error: "
    keep_streams()
    try:
        options = read_options(arguments, parser)
        if options.dry_run:
            lines = [line for line in make_plan(options).lines()]
        else:
            lines = summary(grade(options))
    except (GradeError, CourseError, JournalError) as error:
        parser.exit(2, f"{prefix}{printable(error)}\n")
    except KeyboardInterrupt:
        parser.exit(130, f"\n{parser.prog}: stopped; {KEPT}\n")
    except OSError as error:
        file = printable(error.filename or "the output")
        parser.exit(2, f"{prefix}{error.strerror}: {file}; {KEPT}\n")
    say(lines)


if __name__ == "__main__":
    stop_in_order()
    main()
