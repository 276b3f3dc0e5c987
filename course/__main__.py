"""`python -m course`: the student's one command. Inside a homework folder: `python ../course`."""

import sys
from pathlib import Path

if not __package__:  # run as a folder: Python put course/ itself on the path
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from course.commands.main import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main())
