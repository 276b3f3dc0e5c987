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
from grading.command_line import error_line, terminal_language
from grading.files import printable
from grading.intake import Notice, in_language
from grading.journal import JournalError
from grading.options import GradeError, Options, get_parser, read_options
from grading.plan import Plan, make_plan
from grading.processes import keep_streams
from grading.report import Report, write_reports
from grading.run import Graded, Isolation, check_folder
from grading.run import grade as run_plan

KEPT = Notice(
    "what is graded is kept, run the same command to continue",
    "已评分的部分已保存，再次运行同一条命令即可继续",
)


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
    """Lines for the terminal, in its language, without control characters."""
    language = outcome.plan.options.terminal
    return [printable(in_language(line, language)) for line in _summary(outcome)]


def _summary(outcome: Outcome) -> list[str]:
    plan, graded, report = outcome.plan, outcome.graded, outcome.report
    standings = graded.standings
    having = {key.student for key in standings}
    lines: list[str] = []
    if confined := graded.record.isolation:
        lines.append(_graded_line(graded, confined, len(having)))
    lines += [
        Notice(f"the grader failed: {name}: {error}", f"评分程序出错：{name}：{error}")
        for name, error in sorted(graded.errors.items())
    ]
    for name, problems in sorted(graded.problems.items()):
        if name not in having and name not in graded.errors:
            why = problems[0] if problems else Notice("no homework found", "没有找到作业")
            lines.append(
                Notice(
                    f"nothing to grade: {name}: {why}",
                    f"没有可评分的内容：{name}：{in_language(why, 'zh')}",
                )
            )
    if graded.in_full:
        names = sorted(graded.in_full)
        lines.append(
            Notice(
                f"new or changed since the last run, so graded in full in spite of --blank: {', '.join(names)}",
                f"新提交或有改动，因此不受 --blank 限制，全部评分：{'、'.join(names)}",
            )
        )
    lines += [
        Notice(f"not a submission: {name} ({why})", f"不是提交：{name}（{in_language(why, 'zh')}）")
        for name, why in plan.intake.ignored
    ]
    lines += [_note(problem) for problem in plan.intake.problems]
    if report is None:
        lines.append(
            Notice(
                f"part {plan.options.shard} is graded; grading.merge writes the reports",
                f"第 {plan.options.shard} 部分已评分；报告由 grading.merge 写出",
            )
        )
        return lines
    marks = report.marks
    lines += [_note(note) for note in marks.notes]
    if marks.missing:
        people = [str(person) for person in marks.missing]
        lines.append(
            Notice(
                f"on the roster, nothing received: {', '.join(people)}",
                f"名单上有，但没有收到：{'、'.join(people)}",
            )
        )
    if marks.unknown and plan.options.roster:
        lines.append(
            Notice(
                f"not on the roster: {', '.join(marks.unknown)}",
                f"不在名单上：{'、'.join(marks.unknown)}",
            )
        )
    lines += report.notes
    files = [str(plan.options.out / report.files[0]), *report.files[1:]]
    lines.append(Notice(f"written: {', '.join(files)}", f"已写出：{'、'.join(files)}"))
    return lines


def _graded_line(graded: Graded, confined: Isolation, submissions: int) -> Notice:
    homeworks, unchanged = len(graded.standings), graded.unchanged
    kept = kept_zh = still = still_zh = ""
    if unchanged:
        kept = f" ({unchanged} unchanged since the last run)"
        kept_zh = f"（其中 {unchanged} 份与上次相同）"
    if confined.possible:
        still = f", still possible there: {', '.join(confined.possible)}"
        still_zh = f"，仍可能：{'、'.join(confined.possible)}"
    return Notice(
        f"graded {homeworks} homeworks of {submissions} submissions{kept}; isolation: {confined.level}{still}",
        f"已评分：{submissions} 份提交中的 {homeworks} 份作业{kept_zh}；隔离级别：{confined.level}{still_zh}",
    )


def _note(text: str) -> Notice:
    return Notice(f"note: {text}", f"注意：{in_language(text, 'zh')}")


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
    language = terminal_language(arguments)
    keep_streams()
    try:
        options = read_options(arguments, parser)
        if options.dry_run:
            lines = make_plan(options).lines()
        else:
            lines = summary(grade(options))
    except (GradeError, CourseError, JournalError, OSError) as error:
        parser.exit(2, error_line(parser.prog, error, language, KEPT))
    except KeyboardInterrupt:
        stopped = Notice(f"stopped; {KEPT}", f"已停止；{KEPT.zh}").in_language(language)
        parser.exit(130, f"\n{parser.prog}: {stopped}\n")
    say(lines)


if __name__ == "__main__":
    stop_in_order()
    main()
