"""Write the offline book alone: the sheets as students get them, as pages that open by a double click.

    python -m grading.book --out dist/book                     # then open dist/book/index.html
    python -m grading.book --out dist/book --homework hmm --with-solutions

The release writes the same pages into the student copy, as book/.
"""

import argparse
import shutil
import tempfile
from pathlib import Path

from course import markers
from course.homeworks import HOMEWORKS
from course.settings import CourseError
from course.settings import load as load_course
from grading import release
from grading.book_pages import install_line, missing_packages, write_book
from grading.command_line import error_line, terminal_language
from grading.intake import Notice

SHOWN = (".md", ".svg", ".png", ".html")


def write(out: Path, plan: release.Plan) -> int:
    """Write the book of a plan's copy into the folder `out`. Returns the number of pages."""
    with tempfile.TemporaryDirectory(prefix="book-") as folder:
        copy, made = Path(folder) / "copy", Path(folder) / "book"
        for name in release.student_files(plan.homeworks):
            if name.endswith(SHOWN) or name == "LICENSE":
                release.write(copy / name, release.strip(name, plan))
        count = write_book(copy, made)
        if out.exists():
            shutil.rmtree(out)
        shutil.copytree(made, out)
    return count


def check_target(out: Path) -> None:
    """Raise ReleaseError unless `out` is a folder that is not there, is empty, or is an older book."""
    if out.is_dir() and ((out / "search.js").is_file() or not any(out.iterdir())):
        return
    if out.exists():
        raise release.ReleaseError(
            f"{out} exists and is not a book; give another --out",
            f"{out} 已存在，但不是这本书；请换一个 --out",
        )


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m grading.book", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument(
        "--out", type=Path, required=True, help="folder to write; an older book there is replaced"
    )
    parser.add_argument(
        "--homework",
        nargs="+",
        action="extend",
        choices=HOMEWORKS,
        help="only these (default: those of course.toml)",
    )
    parser.add_argument(
        "--with-solutions", action="store_true", help="leave worked answers in, for teachers"
    )
    args = parser.parse_args(argv)
    try:
        if missing := missing_packages():
            raise release.ReleaseError(install_line(missing), install_line(missing, "zh"))
        check_target(args.out)
        course = load_course()
        plan = release.Plan(
            tuple(args.homework or course.homeworks), course, solved=args.with_solutions
        )
        count = write(args.out, plan)
    except (release.ReleaseError, markers.MarkerError, CourseError) as error:
        parser.exit(2, error_line(parser.prog, error, terminal_language(argv)))
    page = args.out / "index.html"
    done = Notice(f"{count} pages; open {page}", f"共 {count} 页；请打开 {page}")
    print(done.in_language(terminal_language(argv)))


if __name__ == "__main__":
    main()
