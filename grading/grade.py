"""Grade a class: every submission of a folder, shut in, with a journal.

    python -m grading.grade SUBMISSIONS --out grades -j 2

Run it again to go on after a stop, or to grade new submissions: what has not changed is not graded twice.
"""

import argparse
import contextlib
import ctypes
import hashlib
import json
import multiprocessing
import os
import secrets
import signal
import sys
import traceback
from multiprocessing.connection import wait
from pathlib import Path

from tqdm import tqdm

from course import verdict
from course.cases import FreshCases
from course.checks import load_checks
from course.homeworks import HOMEWORKS, ROOT
from course.settings import CourseError, homework_settings
from course.settings import load as load_course
from grading import formats, isolation, marks, report, submissions, suspicions
from grading.journal import Journal, JournalError

RUN = "run.json"  # what a run was asked for; tells that the folder is ours
JOURNAL = "journal.jsonl"
LONGEST = 4000  # characters of what a check says
NUMPY = ("numpy", "numpy.ma")
TORCH = (
    "torch",
    "torch._dynamo",
    "torch.fx.experimental.symbolic_shapes",
)  # what the first optimizer or mask would import


class GradeError(Exception):
    """A mistake of the TA, or of the machine: one line that names the fix."""


def ready():
    """Homeworks that have checks."""
    return [
        homework for homework in HOMEWORKS if (ROOT / "tests" / f"test_{homework}.py").is_file()
    ]


def checks_digest(homework):
    """SHA-256 of everything that a verdict on the homework follows from, apart from submission and seed."""
    settings = homework_settings(homework)
    seen = hashlib.sha256(repr([settings.points, settings.leave_out]).encode())
    paths = [
        *(ROOT / "tests").glob("*.py"),
        *(ROOT / homework).glob("*.py"),
        *(ROOT / "grading" / "sandbox").glob("*.py"),
        *(ROOT / "tests" / part / f"{homework}.py" for part in ("probes", "reference", "mistakes")),
    ]
    for path in sorted(path for path in paths if path.is_file()):
        seen.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return seen.hexdigest()


def key(submission, homework, digest, seed, blanks=None):
    """What makes a grade: the same key, the same marks."""
    only = " ".join(sorted(blanks or ()))
    return hashlib.sha256(
        f"{submission.digest(homework)} {digest} {seed} {only}".encode()
    ).hexdigest()


# ---------------------------------------------------------------- one submission


def grade_homework(submission, homework, cases, sandbox, level, limits, blanks=None):
    """Verdicts of one homework of a submission: plain data, the same for the same submission, checks and seed."""
    files = {homework: submissions.complete(submission, homework)}
    results = []
    with isolation.opened(level, files, limits, sandbox) as door:
        for one in load_checks(homework):
            if blanks and one.id not in blanks:
                continue
            result = verdict.run(one, door, cases).result.to_dict()
            results.append(result | {"message": [text[:LONGEST] for text in result["message"]]})
    return results


def grade_submission(path, settings, cases, sandbox):
    """Answer of a grading process about one submission. Its own failures are "errors": no mark, no student's fault."""
    submission = submissions.read(path, settings["homeworks"])
    entries, errors = [], []
    for homework in settings["homeworks"]:
        if homework not in submission.files:
            continue
        own = key(
            submission,
            homework,
            settings["digests"][homework],
            settings["seed"],
            settings["blanks"],
        )
        entry = {"student": submission.name, "homework": homework, "key": own}
        if own in settings["done"]:
            entries.append(entry | {"cached": True})
            continue
        try:
            results = grade_homework(
                submission,
                homework,
                cases[homework],
                sandbox,
                settings["level"],
                isolation.Limits(**settings["limits"]),
                settings["blanks"],
            )
        except Exception as error:
            where = traceback.extract_tb(error.__traceback__)[-1]
            errors.append(
                f"{homework}: {type(error).__name__}: {error} ({Path(where.filename).name}, line {where.lineno})"
            )
        else:
            entries.append(
                entry | {"level": settings["level"], "only": settings["blanks"], "results": results}
            )
    return {
        "student": submission.name,
        "problems": submission.problems,
        "entries": entries,
        "errors": errors,
    }


def open_sandbox(level, limits, homeworks):
    """A sandbox with the libraries of these homeworks loaded, or None where the level has none."""
    texts = [
        path.read_text(encoding="utf-8")
        for homework in homeworks
        for path in (ROOT / homework).glob("*.py")
    ]
    libraries = NUMPY + (TORCH if any("import torch" in text for text in texts) else ())
    return None if level == "plain" else isolation.Sandbox(level, limits, libraries)


def work(pipe, settings):
    """A grading process: takes paths of submissions from the pipe, hands back answers, until it is told None."""
    die_with_parent()
    for name in ("SIGINT", "SIGHUP"):  # the grader gets them too, and ends us
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    signal.signal(signal.SIGTERM, end)
    level = settings["level"]
    cases = {homework: FreshCases(settings["seed"]) for homework in settings["homeworks"]}
    sandbox = open_sandbox(level, isolation.Limits(**settings["limits"]), settings["homeworks"])
    try:
        while (path := pipe.recv()) is not None:
            pipe.send(grade_submission(path, settings, cases, sandbox))
    finally:
        if sandbox:
            sandbox.close()


def end(number, frame):
    """Leave by the `finally` of `work`; a second signal does not interrupt that."""
    signal.signal(number, signal.SIG_IGN)
    sys.exit(1)


def die_with_parent():
    """Ask Linux to end this process when the grader is killed."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)


# ---------------------------------------------------------------- the class


def grade_class(paths, settings, jobs, journal, quiet=False):
    """Grade `paths` in `jobs` processes, journal each result. Returns {student: problems}, {student: grader's error}."""
    context = multiprocessing.get_context("spawn")
    todo, busy, pool = list(reversed(paths)), {}, []
    problems, errors, died = {}, {}, set()

    def start():
        ours, theirs = context.Pipe()
        process = context.Process(target=work, args=(theirs, settings), daemon=True)
        process.start()
        theirs.close()
        pool.append(process)
        give(ours, process)

    def give(pipe, process):
        with contextlib.suppress(OSError):  # a dead one shows as the end of its pipe
            if todo:
                busy[pipe] = process, todo.pop()
                pipe.send(busy[pipe][1])
            else:
                pipe.send(None)

    bar = tqdm(
        total=len(paths), unit="submission", disable=quiet, file=sys.stderr, dynamic_ncols=True
    )
    try:
        for _ in range(min(jobs, len(paths))):
            start()
        while busy:
            for pipe in wait(list(busy)):
                process, path = busy.pop(pipe)
                name = submissions.stem(path)
                try:
                    answer = pipe.recv()
                except (EOFError, OSError):
                    process.join(5)
                    if name not in died:  # once more, in case it was not this submission's doing
                        died.add(name)
                        todo.append(path)
                        start()
                        continue
                    answer = {
                        "problems": [],
                        "entries": [],
                        "errors": [
                            f"the grading process ended (exit code {process.exitcode}); nothing was marked"
                        ],
                    }
                    start()
                else:
                    give(pipe, process)
                for entry in answer["entries"]:
                    journal.append(entry)
                problems[name] = answer["problems"]
                if answer["errors"]:
                    errors[name] = "; ".join(answer["errors"])
                with contextlib.suppress(OSError):  # a closed terminal
                    bar.set_postfix_str(name[:20], refresh=False)
                    bar.update()
    except BaseException:
        for process in pool:
            process.terminate()
        raise
    finally:
        with contextlib.suppress(OSError):
            bar.close()
        for process in pool:
            process.join(5)
            if process.is_alive():
                process.kill()
    return problems, errors


def latest(journal):
    """{(student, homework): entry} of the journal's last results.

    A cached entry takes the results of its key; one that graded some blanks only replaces those in what was there.
    """
    by_key, found = {}, {}
    for entry in journal.read():
        if "results" in entry:
            by_key[entry["key"]] = entry
        if entry["key"] not in by_key:
            continue
        place, graded = (entry["student"], entry["homework"]), by_key[entry["key"]]
        if graded["only"] and place in found:
            new = {result["name"]: result for result in graded["results"]}
            found[place] = found[place] | {
                "results": [new.get(old["name"], old) for old in found[place]["results"]]
            }
        else:
            found[place] = graded | {"student": entry["student"]}
    return found


def open_run(out, args):
    """The settings of the run in `out`, new or gone on with. Raises GradeError."""
    path = out / RUN
    if out.exists() and not out.is_dir():
        raise GradeError(f"{out} is a file; give another --out")
    if path.is_file():
        run = json.loads(path.read_text(encoding="utf-8"))
        if args.seed is not None and args.seed != run["seed"]:
            raise GradeError(
                f"{out} was graded with seed {run['seed']}, not {args.seed}; give another --out, or no --seed"
            )
    elif args.resume:
        raise GradeError(f"--resume: {out} holds no run; leave the flag out to begin one")
    elif out.is_dir() and any(out.iterdir()):
        raise GradeError(f"{out} exists and holds something else; give another --out")
    else:
        run = {"seed": secrets.randbelow(2**63) if args.seed is None else args.seed}
    try:
        level, possible, reasons = isolation.strongest(isolation.Limits(), args.require_isolation)
    except isolation.IsolationError as error:
        raise GradeError(f"no isolation as asked for: {error}") from None
    run["isolation"] = {
        "level": level,
        "still possible": sorted(name for name, able in possible.items() if able),
    }
    if reasons and not args.quiet:
        print(f"isolation: only {level} ({'; '.join(reasons)})", file=sys.stderr)
    report.write(path, json.dumps(run, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
    return run


def wanted_homeworks(args):
    """The homeworks to grade: those asked for, of these the ones that have a blank asked for. Raises GradeError."""
    homeworks = args.homework or [
        homework for homework in ready() if homework in load_course().homeworks
    ]
    if not args.blank:
        return homeworks
    blanks = {homework: {one.id for one in load_checks(homework)} for homework in homeworks}
    unknown = set(args.blank) - set().union(*blanks.values())
    if unknown:
        raise GradeError(
            f"no blank {', '.join(sorted(unknown))} in {', '.join(homeworks)}; the sheets list them"
        )
    return [homework for homework in homeworks if blanks[homework] & set(args.blank)]


def get_parser():
    parser = argparse.ArgumentParser(
        prog="python -m grading.grade", description=__doc__.splitlines()[0]
    )
    parser.add_argument(
        "submissions", type=Path, help="folder of submissions: folders, .zip, .tar, .tar.gz"
    )
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        help="folder for marks and reports; an earlier run is gone on with",
    )
    parser.add_argument("--homework", nargs="+", choices=ready(), help="only these (default: all)")
    parser.add_argument("--blank", nargs="+", help="only these blanks (regrading one after a fix)")
    parser.add_argument(
        "-j",
        "--jobs",
        type=int,
        default=os.cpu_count(),
        help="grading processes (default: all cores)",
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="go on with the run in --out (the default; refuses a new folder)",
    )
    parser.add_argument(
        "--seed", type=int, help="seed of the fresh inputs (default: secret, recorded in run.json)"
    )
    parser.add_argument("--timeout", type=float, default=20.0, help="seconds a call (default 20)")
    parser.add_argument(
        "--total-timeout",
        type=float,
        default=300.0,
        help="seconds a submission's homework (default 300)",
    )
    parser.add_argument("--memory", type=int, default=2048, help="MiB a submission (default 2048)")
    parser.add_argument(
        "--require-isolation",
        choices=isolation.LEVELS,
        metavar="LEVEL",
        help=f"weakest level to accept: {', '.join(isolation.LEVELS)} (default: the strongest that runs)",
    )
    parser.add_argument(
        "--roster", type=Path, help="CSV with id, name, and received (or received:HOMEWORK) times"
    )
    parser.add_argument(
        "--manual",
        type=Path,
        help="CSV with student, id (hmm/w1), points, comment (default: OUT/manual.csv)",
    )
    parser.add_argument(
        "--format",
        nargs="+",
        choices=("gradescope", "classroom50", "junit"),
        default=[],
        help="more files for each student",
    )
    parser.add_argument(
        "--lang",
        choices=("en", "zh"),
        default="zh",
        help="language of the students' reports (default zh)",
    )
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    return parser


def read_tables(args, names):
    """course.toml, the roster's rows, the marks by hand. Raises RosterError or CourseError: before the grading, not after."""
    about = load_course()
    roster = marks.read_roster(args.roster, about) if args.roster else []
    marks.match(roster, names)
    path = args.manual or args.out / "manual.csv"
    manual = marks.manual_points(path, about) if args.manual or path.is_file() else {}
    strangers = {student for student, _, _ in manual} - {*names, *(row["id"] for row in roster)}
    if strangers:
        raise marks.RosterError(
            f"{path}: {', '.join(sorted(strangers))}: no submission of that name, and not on the roster"
        )
    return about, roster, manual


def run(args):
    """Grade as asked. Returns {(student, homework): entry}, problems, errors, the run's settings."""
    if args.jobs < 1:
        raise GradeError("-j: at least 1")
    try:
        paths = submissions.find(args.submissions)
    except submissions.Refused as error:
        raise GradeError(str(error)) from None
    read_tables(args, [submissions.stem(path) for path in paths])
    homeworks = wanted_homeworks(args)
    settings_run = open_run(args.out, args)
    journal = Journal(args.out / JOURNAL)
    isolation.sweep()
    with journal.held():
        settings = {
            "homeworks": homeworks,
            "blanks": args.blank,
            "seed": settings_run["seed"],
            "limits": {
                "call": args.timeout,
                "total": args.total_timeout,
                "memory": args.memory * 2**20,
                "disk": 64 * 2**20,
            },
            "level": settings_run["isolation"]["level"],
            "digests": {homework: checks_digest(homework) for homework in homeworks},
            "done": {entry["key"] for entry in journal.read() if "results" in entry},
        }
        problems, errors = grade_class(
            [str(path) for path in paths], settings, args.jobs, journal, args.quiet
        )
        entries = {place: entry for place, entry in latest(journal).items() if place[0] in problems}
    return entries, problems, errors, settings_run


def write_reports(args, entries, problems, errors, settings_run):
    """Everything that a TA and the students read. Returns the roster's rows without a submission, names not on it."""
    about, roster, given = read_tables(args, sorted(problems))
    students, missing, unknown = marks.collect(
        entries, problems, errors, about, roster, given, args.lang
    )
    code, written = {}, {}
    for path in submissions.find(args.submissions):  # one at a time: pictures and PDFs are large
        one = submissions.read(path, ready())
        written[one.name] = report.keep_written(args.out, one)
        for homework, files in one.files.items():
            if (one.name, homework) in entries:
                code.setdefault(homework, {})[one.name] = files
    report.write_all(
        args.out,
        students,
        missing,
        unknown,
        settings_run,
        about,
        args.lang,
        written,
        suspicions.look(code, args.lang),
    )
    for student in students:
        place = args.out / "students" / report.folder_name(student.submission)
        for name in args.format:
            if name == "junit":
                report.write(place / "junit.xml", formats.junit(student, student.lang))
            else:
                made = (
                    formats.gradescope(student, student.lang)
                    if name == "gradescope"
                    else formats.classroom50(student)
                )
                report.write(
                    place / f"{name}.json", json.dumps(made, indent=1, ensure_ascii=False) + "\n"
                )
    return missing, unknown


def summary(args, entries, problems, errors, settings, missing, unknown):
    """Lines for the terminal."""
    level, graded = settings["isolation"], {student for student, _ in entries}
    lines = [
        f"graded {len(entries)} homeworks of {len(graded)} submissions; isolation: {level['level']}"
        + (
            f", still possible there: {', '.join(level['still possible'])}"
            if level["still possible"]
            else ""
        )
    ]
    lines += [f"the grader failed: {name}: {error}" for name, error in sorted(errors.items())]
    lines += [
        f"nothing to grade: {name}: {problems[name][0] if problems[name] else 'no homework found'}"
        for name in sorted(set(problems) - graded - set(errors))
    ]
    if beside := submissions.left_out(args.submissions):
        lines.append(f"no folder and no archive, left out: {', '.join(beside)}")
    if missing:
        lines.append(
            f"on the roster, nothing received: {', '.join(row['id'] + ' ' + row['name'] for row in missing)}"
        )
    if unknown and args.roster:
        lines.append(f"not on the roster: {', '.join(unknown)}")
    lines.append(f"written: {args.out / 'grades.html'}, grades.csv, students/, written/")
    return [" ".join(line.split()) for line in lines]


def stop_in_order():
    """The end of the terminal, and a polite kill, stop the grader as Ctrl-C does."""

    def stop(number, frame):
        raise KeyboardInterrupt

    for name in ("SIGTERM", "SIGHUP"):
        if (
            hasattr(signal, name) and signal.getsignal(getattr(signal, name)) != signal.SIG_IGN
        ):  # nohup ignores it
            signal.signal(getattr(signal, name), stop)


def main(argv=None):
    parser = get_parser()
    args = parser.parse_args(argv)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError):
            stream.reconfigure(encoding="utf-8", errors="replace")
    try:
        graded = run(args)
        lines = summary(args, *graded, *write_reports(args, *graded))
    except (GradeError, marks.RosterError, CourseError, JournalError) as error:
        parser.exit(2, f"{parser.prog}: error: {error}\n")
    except KeyboardInterrupt:
        parser.exit(
            130,
            f"\n{parser.prog}: stopped; what is graded is kept, run the same command to go on\n",
        )
    except OSError as error:
        parser.exit(
            2,
            f"{parser.prog}: error: {error.strerror}: {error.filename or args.out}; what is graded is kept, "
            "run the same command to go on\n",
        )
    with contextlib.suppress(OSError):  # nobody reads any more: the files are written
        print("\n".join(lines), flush=True)


if __name__ == "__main__":
    stop_in_order()
    main()
