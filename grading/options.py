"""The grader's command line as one value."""

import argparse
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from course.homeworks import HOMEWORKS, ROOT
from course.messages import LANGUAGES, Language, choose_language
from grading import isolation
from grading.intake import ATTEMPTS, GradingError

FormatName = Literal["gradescope", "classroom50", "junit"]
FORMATS: tuple[FormatName, ...] = get_args(FormatName)


class GradeError(GradingError):
    """A mistake of the TA, or of the machine: one line that names the fix."""


@dataclass(frozen=True)
class Shard:
    """Part `number` of `count` of a class: every count-th submission."""

    number: int
    count: int

    @classmethod
    def parse(cls, text: str) -> "Shard":
        """ "3/16". Raises ValueError."""
        match = re.fullmatch(r"(\d+)/(\d+)", text)
        if not match or not 1 <= int(match[1]) <= int(match[2]):
            raise ValueError(text)
        return cls(int(match[1]), int(match[2]))

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"


@dataclass(frozen=True)
class Options:
    """What the TA asks for. The help texts of `get_parser` say what each of them is."""

    submissions: Path
    out: Path
    homeworks: tuple[str, ...] = ()
    blanks: tuple[str, ...] = ()
    attempt: str = "newest"
    jobs: int = 1
    shard: Shard | None = None
    resume: bool = False
    dry_run: bool = False
    seed: int | None = None
    limits: isolation.Limits = field(default_factory=isolation.Limits)
    require_isolation: str | None = None
    roster: Path | None = None
    manual: tuple[Path, ...] = ()
    gradebook: Path | None = None
    column: str = ""
    compare: Path | None = None
    class_in_reports: bool = False
    formats: tuple[FormatName, ...] = ()
    lang: Language = "zh"
    terminal: Language = "en"
    quiet: bool = False


def ready() -> list[str]:
    """Homeworks that have checks."""
    return [
        homework for homework in HOMEWORKS if (ROOT / "tests" / f"test_{homework}.py").is_file()
    ]


def get_parser(
    prog: str = "python -m grading.grade", description: str = "Grade a class."
) -> argparse.ArgumentParser:
    """The command line of `grading.grade`; `grading.merge` has it too."""
    parser = argparse.ArgumentParser(prog=prog, description=description)
    add = parser.add_argument
    add("submissions", type=Path, help="what the platform handed out: a folder or an archive")
    add(
        "--out",
        type=Path,
        help="folder for marks and reports; an earlier run there is continued",
    )
    add(
        "--dry_run",
        "--dry-run",
        action="store_true",
        help="only print the plan: who handed in what, which files count, who is missing",
    )
    add("--homework", nargs="+", choices=ready(), help="only these (default: all of course.toml)")
    add(
        "--blank",
        nargs="+",
        default=[],
        help="grade only these blanks again (after a fix); what is new or changed is graded in full",
    )
    add(
        "--attempt",
        choices=ATTEMPTS,
        default="newest",
        help="which attempt of a student counts (default newest)",
    )
    add("-j", "--jobs", type=int, default=os.cpu_count(), help="processes (default: all cores)")
    add(
        "--shard",
        metavar="K/N",
        help="grade only every N-th submission, beginning with the K-th; grading.merge joins the parts",
    )
    add(
        "--resume",
        action="store_true",
        help="continue the run in --out (the default; refuses a new folder)",
    )
    add("--seed", type=int, help="seed of the fresh inputs (default: secret, recorded in run.json)")
    add("--timeout", type=float, default=20.0, help="seconds for a call (default 20)")
    add(
        "--total_timeout",
        "--total-timeout",
        type=float,
        default=300.0,
        help="seconds for a homework of a submission (default 300)",
    )
    add("--memory", type=int, default=2048, help="MiB for a submission (default 2048)")
    add(
        "--require_isolation",
        "--require-isolation",
        choices=isolation.LEVELS,
        metavar="LEVEL",
        help=f"weakest level to accept: {', '.join(isolation.LEVELS)} (default: the strongest that runs)",
    )
    add(
        "--roster",
        type=Path,
        help="table (.csv, .xlsx) with id, name and, if you like, group, lang, received or received:HOMEWORK",
    )
    add(
        "--manual",
        type=Path,
        action="append",
        default=[],
        help="table with student, id (hmm/w1), points, comment (default: OUT/manual.csv); once for each TA's",
    )
    add(
        "--gradebook",
        type=Path,
        help="gradebook as Canvas, Moodle or Blackboard exports it; a copy with the marks goes to OUT/gradebook",
    )
    add("--column", default="", help="column of the gradebook that takes the total")
    add("--compare", type=Path, help="folder of earlier submissions to look for copies in")
    add(
        "--class_in_reports",
        "--class-in-reports",
        action="store_true",
        help="tell students the median and the middle half of the class",
    )
    add("--format", nargs="+", choices=FORMATS, default=[], help="more files for each student")
    add(
        "--lang",
        choices=LANGUAGES,
        help="language of the pages, the reports and the terminal (default: zh, the terminal in the system's)",
    )
    add("--quiet", action="store_true", help="no progress bar")
    return parser


def read_options(
    arguments: Sequence[str] | None = None, parser: argparse.ArgumentParser | None = None
) -> Options:
    """The options of a command line. Raises GradeError."""
    args = (parser or get_parser()).parse_args(arguments)
    if args.out is None and not args.dry_run:
        raise GradeError(
            "--out is missing: the folder for marks and reports",
            "缺少 --out：存放成绩和报告的文件夹",
        )
    try:
        shard = Shard.parse(args.shard) if args.shard else None
    except ValueError:
        raise GradeError(
            f"--shard {args.shard}: write K/N, for example 3/16",
            f"--shard {args.shard}：请写成 K/N，例如 3/16",
        ) from None
    options = Options(
        submissions=args.submissions,
        out=args.out or Path("grades"),
        homeworks=tuple(args.homework or ()),
        blanks=tuple(args.blank),
        attempt=args.attempt,
        jobs=args.jobs,
        shard=shard,
        resume=args.resume,
        dry_run=args.dry_run,
        seed=args.seed,
        limits=isolation.Limits(
            call=args.timeout, total=args.total_timeout, memory=args.memory * 2**20
        ),
        require_isolation=args.require_isolation,
        roster=args.roster,
        manual=tuple(args.manual),
        gradebook=args.gradebook,
        column=args.column,
        compare=args.compare,
        class_in_reports=args.class_in_reports,
        formats=tuple(args.format),
        lang=args.lang or "zh",
        terminal=choose_language(args.lang),
        quiet=args.quiet,
    )
    check(options)
    return options


def check(options: Options) -> None:
    """Refuse what cannot be meant. Raises GradeError."""
    if options.jobs < 1:
        raise GradeError("-j: at least 1", "-j：至少为 1")
    if options.shard and options.seed is None:
        raise GradeError(
            "--shard needs --seed: all parts of a class are graded on the same inputs",
            "--shard 需要 --seed：全班各部分要用同样的输入评分",
        )
    if bool(options.gradebook) != bool(options.column):
        raise GradeError(
            "--gradebook and --column go together", "--gradebook 与 --column 要一起给出"
        )
    if options.out.exists() and not options.out.is_dir():
        raise GradeError(
            f"{options.out} is a file; give another --out",
            f"{options.out} 是文件；请换一个 --out",
        )
    if options.submissions.is_dir():
        inside, outside = options.out.resolve(), options.submissions.resolve()
        if inside == outside or outside in inside.parents:
            raise GradeError(
                f"{options.out} lies in the folder of the submissions, where it would be graded too; give another --out",
                f"{options.out} 在提交所在的文件夹里，会被当作提交评分；请换一个 --out",
            )
