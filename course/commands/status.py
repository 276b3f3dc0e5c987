"""Check every homework and show the score board."""

import argparse
import os
import shutil

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is loaded: checks are small

from course import board, verdict  # noqa: E402
from course.cases import open_cases  # noqa: E402
from course.checks import load_checks  # noqa: E402
from course.homeworks import HOMEWORKS, ROOT  # noqa: E402
from course.messages import LANGUAGES, choose_language, printable  # noqa: E402
from course.runner import InProcessRunner  # noqa: E402


def add_arguments(parser: argparse.ArgumentParser) -> None:
    present = [homework for homework in HOMEWORKS if (ROOT / homework).is_dir()]
    parser.add_argument("homework", nargs="*", choices=[*present, []], help="default: all")
    parser.add_argument("--lang", choices=LANGUAGES, help="language (default: the system's)")


def run(args: argparse.Namespace) -> int:
    """Print the board; 0 if everything is done, 1 otherwise."""
    from tqdm import tqdm

    language = choose_language(args.lang)
    homeworks = args.homework or [name for name in HOMEWORKS if (ROOT / name).is_dir()]
    checks = [check for homework in homeworks for check in load_checks(homework)]
    cases = open_cases()
    with InProcessRunner(limit=20.0) as runner:
        bar = tqdm(checks, unit="check", leave=False)
        results = [verdict.run(check, runner, cases).result for check in bar]
    width = shutil.get_terminal_size().columns
    for line in board.render(results, language, width=width):
        print(printable("".join(segment.text for segment in line)).rstrip())
    return 0 if all(result.status.passes for result in results) else 1
