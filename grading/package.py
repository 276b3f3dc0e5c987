"""Write the archive with which Gradescope or Classroom 50 grades a homework: this tree's checks, packed.

    python -m grading.package --target gradescope --homework hmm --out gradescope-hmm.zip

The archive contains the solved homework and the reference: it is for the platform, never for students.
"""

import argparse
import zipfile
from collections.abc import Sequence
from pathlib import Path

from grading import release
from grading.options import ready

SETUP = """#!/usr/bin/env bash
set -euo pipefail
apt-get update && apt-get install -y python3-venv bubblewrap
python3 -m venv /opt/course
/opt/course/bin/pip install --extra-index-url https://download.pytorch.org/whl/cpu -r /autograder/source/requirements.txt
chmod -R go-rwx /autograder/source
"""
RUN = """#!/usr/bin/env bash
cd /autograder/source
exec /opt/course/bin/python -m grading.single gradescope --root /autograder --homework {homework} --lang {lang}
"""
CLASSROOM = """#!/usr/bin/env python3
\"\"\"Classroom 50 calls this in the student's checkout; the checks lie beside this file.\"\"\"
import os
import subprocess
import sys
from pathlib import Path

here = Path(__file__).resolve().parent
checkout = Path.cwd()
sys.exit(subprocess.run([sys.executable, "-m", "grading.single", "classroom50", "--homework", "{homework}",
                         "--checkout", str(checkout), "--out", str(checkout / "result.json"), "--lang", "{lang}"],
                        cwd=here, env=os.environ).returncode)
"""


def source_files(homeworks: Sequence[str]) -> list[str]:
    """Names of this tree's files that grading needs."""
    kept = ("course/", "tests/", "grading/", *(f"{homework}/" for homework in homeworks))
    top = ("requirements.txt", "course.toml", "pyproject.toml", "conftest.py", "LICENSE")
    names = [
        name for name in release.tracked_files(release.ROOT) if name in top or name.startswith(kept)
    ]
    others = set(release.HOMEWORKS) - set(homeworks)
    return [
        name
        for name in names
        if not name.startswith("tests/repository/")
        and Path(name).stem.removeprefix("test_") not in others
    ]


def contents(target: str, homeworks: Sequence[str], lang: str) -> dict[str, bytes]:
    """{name in the archive: bytes}."""
    files = {name: (release.ROOT / name).read_bytes() for name in source_files(homeworks)}
    fill = {"homework": " ".join(homeworks), "lang": lang}
    if target == "gradescope":
        return files | {"setup.sh": SETUP.encode(), "run_autograder": RUN.format(**fill).encode()}
    return files | {
        "grader.py": CLASSROOM.replace("{homework}", '", "'.join(homeworks))
        .replace("{lang}", lang)
        .encode()
    }


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m grading.package", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--target", choices=("gradescope", "classroom50"), required=True)
    parser.add_argument("--homework", nargs="+", choices=ready(), required=True)
    parser.add_argument("--out", type=Path, help="zip to write (default: TARGET-HOMEWORK.zip)")
    parser.add_argument("--lang", choices=("en", "zh"), default="zh")
    args = parser.parse_args(arguments)
    out = args.out or Path(f"{args.target}-{'-'.join(args.homework)}.zip")
    if out.exists() and not zipfile.is_zipfile(out):
        parser.exit(
            2, f"{parser.prog}: error: {out} exists and is not a zip file; give another --out\n"
        )
    files = contents(args.target, args.homework, args.lang)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in sorted(files.items()):
                info = zipfile.ZipInfo(name)
                info.external_attr = (
                    0o755 if name in ("setup.sh", "run_autograder", "grader.py") else 0o644
                ) << 16
                archive.writestr(info, data)
    except OSError as error:
        parser.exit(2, f"{parser.prog}: error: {out}: {error.strerror}\n")
    print(
        f"{out}: {len(files)} files, {out.stat().st_size / 1024:.0f} kB; it contains the solutions: never give it to students"
    )


if __name__ == "__main__":
    main()
