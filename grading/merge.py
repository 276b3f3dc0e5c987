"""Join the parts of a class that `grading.grade --shard K/N` graded, and write the reports: the same bytes as one run.

python -m grading.grade SUBMISSIONS --out part-1 --seed 7 --shard 1/2      # on one machine
python -m grading.grade SUBMISSIONS --out part-2 --seed 7 --shard 2/2      # on another
python -m grading.merge SUBMISSIONS --out grades --parts part-1 part-2
"""

import argparse
import dataclasses
from collections.abc import Sequence
from pathlib import Path

from course.settings import CourseError
from grading.command_line import error_line, terminal_language
from grading.files import write
from grading.grade import KEPT, Outcome, say, summary
from grading.isolation import LEVELS
from grading.journal import Journal, JournalError
from grading.options import GradeError, Options, Shard, get_parser, read_options
from grading.plan import make_plan
from grading.processes import keep_streams
from grading.report import write_reports
from grading.run import (
    JOURNAL,
    RECORD,
    Isolation,
    RunRecord,
    check_folder,
    grade_class,
    opened_journal,
)


def merge(options: Options, parts: Sequence[Path]) -> Outcome:
    """Reports on the whole class from the journals of all its parts; nothing is graded.

    Raises GradeError where a part is missing or belongs to another run; CourseError, JournalError, OSError.
    """
    record = joined_record(parts)
    check_folder(dataclasses.replace(options, seed=record.seed))
    plan = make_plan(options)
    write(options.out / RECORD, record.to_json())
    with opened_journal(options) as journal:
        present = set(journal.read())
        new = [entry for part in parts for entry in Journal(part / JOURNAL).read()]
        journal.append(*(entry for entry in new if entry not in present))
        graded = grade_class(plan, record, journal, new=False)
    return Outcome(plan, graded, write_reports(plan, graded))


def joined_record(parts: Sequence[Path]) -> RunRecord:
    """What the parts' run.json have in common. Raises GradeError."""
    records: dict[Shard, tuple[Path, RunRecord]] = {}
    for part in parts:
        record = RunRecord.read(part)
        if record is None or not record.shard:
            raise GradeError(
                f"{part} holds no part of a class; grade it with --shard K/N",
                f"{part} 中没有班级的一部分；请用 --shard K/N 评分",
            )
        shard = Shard.parse(record.shard)
        if shard in records:
            raise GradeError(
                f"{part} and {records[shard][0]} are both part {shard}",
                f"{part} 与 {records[shard][0]} 都是第 {shard} 部分",
            )
        records[shard] = part, record
    counts = {shard.count for shard in records}
    seeds = {record.seed for _, record in records.values()}
    limits = {record.limits for _, record in records.values()}
    if len(counts) > 1 or len(seeds) > 1 or len(limits) > 1:
        raise GradeError(
            "the parts do not belong together: they differ in --seed, in N of --shard, or in the limits",
            "各部分不属于同一次评分：--seed、--shard 的 N 或限制不同",
        )
    count = counts.pop()
    missing = [Shard(n, count) for n in range(1, count + 1) if Shard(n, count) not in records]
    if missing:
        raise GradeError(
            f"part {', '.join(map(str, missing))} is missing; name all with --parts",
            f"缺少第 {'、'.join(map(str, missing))} 部分；请用 --parts 列出全部",
        )
    return RunRecord(
        seeds.pop(), weakest([record for _, record in records.values()]), limits=limits.pop()
    )


def weakest(records: Sequence[RunRecord]) -> Isolation | None:
    """The weakest isolation of several runs, with everything that was possible in one of them."""
    levels = [record.isolation for record in records if record.isolation]
    if not levels:
        return None
    possible = {name for isolation in levels for name in isolation.possible}
    level = min((isolation.level for isolation in levels), key=LEVELS.index)
    return Isolation(level, tuple(sorted(possible)))


def parser_with_parts() -> argparse.ArgumentParser:
    """The command line of `grading.grade`, and --parts."""
    parser = get_parser("python -m grading.merge", (__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--parts", nargs="+", type=Path, required=True, help="the --out folders of all parts"
    )
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    parser = parser_with_parts()
    keep_streams()
    language = terminal_language(arguments)
    try:
        options = read_options(arguments, parser)
        if options.shard or options.blanks or options.dry_run:
            raise GradeError(
                "--shard, --blank and --dry_run are for grading.grade",
                "--shard、--blank、--dry_run 只用于 grading.grade",
            )
        lines = summary(merge(options, parser.parse_args(arguments).parts))
    except (GradeError, CourseError, JournalError, OSError) as error:
        parser.exit(2, error_line(parser.prog, error, language, KEPT))
    say(lines)


if __name__ == "__main__":
    main()
