"""Found in place of the package `course` when a check file is started directly: says how to run it."""

import sys
from pathlib import Path

path = sys.argv[0]
if not path.endswith(".py") or Path(path).resolve().parent != Path(__file__).resolve().parent:
    raise ImportError(f"{Path(__file__).parent} must not be on Python's path; its parent must be")
name = f'"{path}"' if " " in path else path
sys.exit(
    f"checks are run by pytest: python -m pytest {name}\n检查由 pytest 运行：python -m pytest {name}"
)
