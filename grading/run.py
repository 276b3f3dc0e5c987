"""The second of three steps (plan, run, report): grades what is new, keeps the journal, and says what is valid now."""

import contextlib
import json
import secrets
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from grading import isolation
from grading.files import write
from grading.grader import Answer, GradingSettings
from grading.intake import Notice
from grading.isolation import Limits
from grading.journal import Entry, HomeworkKey, Journal, Standing, standings
from grading.options import GradeError, Options
from grading.plan import Plan, checks_digest
from grading.pool import Pool

RECORD = "run.json"  # what a run was asked for; marks the folder as one the grader made
JOURNAL = "journal.jsonl"


@dataclass(frozen=True)
class Isolation:
    """How student code was confined. possible: what the canary could still do."""

    level: str
    possible: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return {"level": self.level, "still possible": list(self.possible)}


@dataclass(frozen=True)
class RunRecord:
    """run.json: what all marks of a folder have in common."""

    seed: int
    isolation: Isolation | None = None
    shard: str = ""
    limits: Limits = field(default_factory=Limits)

    def to_json(self) -> str:
        data: dict[str, Any] = {"seed": self.seed, "limits": asdict(self.limits)}
        if self.isolation:
            data["isolation"] = self.isolation.to_dict()
        if self.shard:
            data["shard"] = self.shard
        return json.dumps(data, indent=1, sort_keys=True, ensure_ascii=False) + "\n"

    @classmethod
    def read(cls, folder: Path) -> "RunRecord | None":
        """The record in a folder, or None. Raises GradeError."""
        path = folder / RECORD
        if not path.is_file():
            return None
        try:
            data: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            isolation = data.get("isolation")
            confined = (
                Isolation(isolation["level"], tuple(isolation["still possible"]))
                if isolation
                else None
            )
            limits = Limits(**data.get("limits", {}))
            return cls(int(data["seed"]), confined, data.get("shard", ""), limits)
        except (ValueError, KeyError, TypeError):
            raise GradeError(
                f"{path} is damaged; give another --out", f"{path} 已损坏；请换一个 --out"
            ) from None


@dataclass
class Graded:
    """What is valid after a run. code: {homework: {submission: its files}}, of what this run has read.

    problems, errors: by submission. in_full: submissions that --blank did not restrict, because they are new or changed.
    unchanged: homeworks of submissions whose marks are those of an earlier run.
    """

    record: RunRecord
    standings: dict[HomeworkKey, Standing] = field(default_factory=dict)
    problems: dict[str, list[str]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    code: dict[str, dict[str, dict[str, bytes]]] = field(default_factory=dict)
    in_full: list[str] = field(default_factory=list)
    unchanged: int = 0


def open_record(options: Options) -> RunRecord:
    """The record of the run in --out, new or continued, written to run.json. Raises GradeError."""
    record = check_folder(options)
    seed = record.seed if record else options.seed
    if record and record.limits != options.limits and not options.quiet:
        changed = other_limits(record.limits, options.limits)
        print(changed.in_language(options.terminal), file=sys.stderr)
    try:
        level, possible, reasons = isolation.strongest(
            isolation.Limits(), options.require_isolation
        )
    except isolation.IsolationError as error:
        raise GradeError(
            f"the required isolation is not available: {error}", f"达不到要求的隔离级别：{error}"
        ) from None
    if reasons and not options.quiet:
        only = Notice(
            f"isolation: only {level} ({'; '.join(reasons)})",
            f"隔离级别：只有 {level}（{'；'.join(reasons)}）",
        )
        print(only.in_language(options.terminal), file=sys.stderr)
    still = tuple(sorted(name for name, able in possible.items() if able))
    record = RunRecord(
        secrets.randbelow(2**63) if seed is None else seed,
        Isolation(level, still),
        str(options.shard or ""),
        options.limits,
    )
    write(options.out / RECORD, record.to_json())
    return record


def other_limits(before: Limits, now: Limits) -> Notice:
    """Says that a run which continues with other limits grades everything again."""
    flags = (
        ("--timeout", before.call, now.call, "s"),
        ("--total_timeout", before.total, now.total, "s"),
        ("--memory", before.memory / 2**20, now.memory / 2**20, "MiB"),
    )
    changed = [row for row in flags if row[1] != row[2]]
    en = ", ".join(f"{flag} was {a:g}, is {b:g} {unit}" for flag, a, b, unit in changed)
    zh = "，".join(f"{flag} 原为 {a:g}，现为 {b:g} {unit}" for flag, a, b, unit in changed)
    return Notice(
        f"other limits than in the earlier run ({en}): everything is graded again",
        f"限制与上次不同（{zh}）：全部重新评分",
    )


def check_folder(options: Options) -> RunRecord | None:
    """The record of an earlier run in --out, or None. Raises GradeError where the folder is not ours."""
    out, record = options.out, RunRecord.read(options.out)
    if record is None and options.resume:
        raise GradeError(
            f"--resume: {out} holds no run; leave the flag out to begin one",
            f"--resume：{out} 中没有已开始的评分；去掉这个参数即可开始",
        )
    if record is None and out.is_dir() and any(out.iterdir()):
        raise GradeError(
            f"{out} exists and holds something else; give another --out",
            f"{out} 已存在，内容不是评分结果；请换一个 --out",
        )
    if record and options.seed not in (None, record.seed):
        raise GradeError(
            f"{out} was graded with seed {record.seed}, not {options.seed}; give another --out, or no --seed",
            f"{out} 评分时的种子是 {record.seed}，不是 {options.seed}；请换一个 --out，或不给 --seed",
        )
    if record and record.shard != str(options.shard or ""):
        raise GradeError(
            f"{out} holds {f'part {record.shard}' if record.shard else 'the whole class'}; give another --out",
            f"{out} 中是{f'第 {record.shard} 部分' if record.shard else '全班'}的结果；请换一个 --out",
        )
    return record


@contextlib.contextmanager
def opened_journal(options: Options) -> Iterator[Journal]:
    """The journal in --out, which no other grader writes meanwhile. Raises JournalError."""
    journal = Journal(options.out / JOURNAL)
    with journal.held():
        yield journal


def grade(plan: Plan) -> Graded:
    """Grade what is not graded yet. Raises GradeError, JournalError."""
    record = open_record(plan.options)
    isolation.sweep()
    with opened_journal(plan.options) as journal:
        return grade_class(plan, record, journal)


def grade_class(plan: Plan, record: RunRecord, journal: Journal, new: bool = True) -> Graded:
    """The valid marks of the plan's submissions. new: False only looks up what the journal has."""
    before = standings(journal.read())
    settings = GradingSettings(
        homeworks=plan.homeworks,
        seed=record.seed,
        level=record.isolation.level if record.isolation else "plain",
        checks={homework: checks_digest(homework) for homework in plan.homeworks},
        limits=record.limits,
        blanks=frozenset(plan.options.blanks),
        done=frozenset(entry.key for entry in journal.read() if entry.results is not None),
        graded=frozenset(
            (homework_key, standing.entry.code) for homework_key, standing in before.items()
        ),
        grade=new,
    )
    graded, current = Graded(record), {}
    pool = Pool(settings, plan.options.jobs, plan.options.quiet)
    with contextlib.closing(pool.answers(plan.submissions)) as answers:
        for answer in answers:
            journal.append(*(entry for entry in answer.entries if not _is_known(entry, before)))
            _add(graded, answer, current)
    _look_up(plan, graded, standings(journal.read()), current)
    if new:
        kept = (before.get(key) == standing for key, standing in graded.standings.items())
        graded.unchanged = sum(kept)
    return graded


def _is_known(entry: Entry, before: Mapping[HomeworkKey, Standing]) -> bool:
    """Whether an entry says nothing new."""
    standing = before.get(HomeworkKey(entry.student, entry.homework))
    return entry.results is None and standing is not None and entry.key in standing.keys


def _add(graded: Graded, answer: Answer, current: dict[HomeworkKey, str]) -> None:
    name = answer.student
    graded.problems[name] = answer.problems
    if answer.errors:
        graded.errors[name] = "; ".join(answer.errors)
    if answer.in_full:
        graded.in_full.append(name)
    for homework, files in answer.code.items():
        graded.code.setdefault(homework, {})[name] = files
    for entry in answer.entries:
        current[HomeworkKey(name, entry.homework)] = entry.code


def _look_up(
    plan: Plan,
    graded: Graded,
    valid: Mapping[HomeworkKey, Standing],
    current: Mapping[HomeworkKey, str],
) -> None:
    """Take the valid marks of this plan's submissions; say so where they are those of other files."""
    for submission in plan.submissions:
        for homework in plan.course.homeworks:
            homework_key = HomeworkKey(submission.name, homework)
            standing = valid.get(homework_key)
            if standing is None:
                continue
            if homework in plan.homeworks and homework not in submission.homeworks:
                graded.problems[submission.name].append(_gone(homework))
                continue
            graded.standings[homework_key] = standing
            if (
                homework in submission.homeworks
                and current.get(homework_key) != standing.entry.code
            ):
                graded.problems[submission.name].append(_older(homework))


def _gone(homework: str) -> Notice:
    return Notice(
        f"{homework}: an earlier submission had it, this one does not; its marks do not count",
        f"{homework}：以前的提交中有，这次没有；以前的分数不计",
    )


def _older(homework: str) -> Notice:
    return Notice(
        f"{homework}: the marks are those of an earlier run; the files have not been graded as they are now",
        f"{homework}：分数来自以前的批改；现在的文件尚未批改",
    )
