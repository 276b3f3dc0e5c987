"""Hand out the exercise "find the bug": for each student of a roster a file broken.py, with a mistake of their own.

python -m grading.bugs hmm --roster roster.csv --out bugs
python -m grading.bugs hmm hw_bptt --ids 20260001 20260002 --out bugs

Writes bugs/ID/HOMEWORK/broken.py, and bugs.csv, which says who got which known mistake. Do so after the deadline: a
broken version is nearly the solution of its blank. The same id gets the same mistake each time.
"""

import argparse
import csv
import io
import sys
from collections.abc import Sequence
from pathlib import Path

from course import markers, plugins
from course.homeworks import HOMEWORKS, ROOT
from course.messages import printable
from grading.command_line import error_line, terminal_language
from grading.files import write
from grading.intake import Notice, RosterError, read_roster

HEAD = '''"""{function} of {homework} with one mistake, for {student}: show it in bug.py (bonus).

{homework} 的 {function}，其中有一处错误；供 {student} 使用，请在 bug.py 中给出反例（加分）。
"""

'''


def broken_file(homework: str, student: str) -> tuple[str, str]:
    """(id of the known mistake, text of broken.py) for a student."""
    bugs = plugins.load_bugs()
    exercise = bugs.EXERCISES[homework]
    id = bugs.student_bug(exercise, student)
    function = markers.find(ROOT / homework, exercise.blank).function
    head = HEAD.format(function=function, homework=homework, student=student)
    return id, head + bugs.source(exercise, id)


def hand_out(homeworks: Sequence[str], students: Sequence[str], out: Path) -> int:
    """Write the files of all students. Returns how many. Raises OSError."""
    table = io.StringIO()
    rows = csv.writer(table, lineterminator="\n")
    rows.writerow(["student", "homework", "mistake"])
    count = 0
    for student in students:
        for homework in homeworks:
            id, text = broken_file(homework, student)
            folder = out / student / homework
            folder.mkdir(parents=True, exist_ok=True)
            write(folder / "broken.py", text)
            rows.writerow([student, homework, id])
            count += 1
    write(out / "bugs.csv", table.getvalue().encode("utf-8-sig"))
    return count


def get_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m grading.bugs",
        description="Write a file with a mistake of their own for each student (find the bug).",
    )
    parser.add_argument("homework", nargs="+", choices=HOMEWORKS, metavar="HOMEWORK")
    students = parser.add_mutually_exclusive_group(required=True)
    students.add_argument("--roster", type=Path, help="CSV or xlsx with the students' ids")
    students.add_argument("--ids", nargs="+", help="students' ids")
    parser.add_argument("--out", type=Path, required=True, help="folder to write into")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    args = get_parser().parse_args(argv)
    language = terminal_language(argv)
    try:
        students = args.ids or [person.id for person in read_roster(args.roster).people]
        unsafe = [
            id for id in students if not id or set(id) & set('/\\:*?"<>|') or id in (".", "..")
        ]
        if unsafe:
            raise RosterError(
                f"{unsafe[0]!r} is not an id that can name a folder",
                f"学号 {unsafe[0]!r} 不能作为文件夹名",
            )
        count = hand_out(args.homework, students, args.out)
    except (RosterError, ValueError, OSError) as error:
        print(error_line("grading.bugs", error, language), end="", file=sys.stderr)
        return 1
    done = Notice(
        f"{count} files in {args.out}, and bugs.csv, which says who got which mistake",
        f"{args.out} 中有 {count} 个文件；bugs.csv 记录谁拿到了哪个错误",
    )
    print(printable(done.in_language(language)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
