"""Copy the files that several homework folders share from templates/ into those folders.

    python templates/sync.py            # write the copies
    python templates/sync.py --check    # exit code 1 and their names if a copy differs

A homework folder is standalone, so it has its own copy of each file. Edit the file here, then run this script;
tests/repository/test_templates.py keeps the copies equal.
"""

import argparse
import sys
from pathlib import Path

TEMPLATES = Path(__file__).resolve().parent
ROOT = TEMPLATES.parent
NUMPY = ("hw_bptt", "hmm", "word2vec_sst")
TORCH = ("hw_attention", "waimai_cls", "gpt_songci")
COPIES = {  # file: the folders that have it
    "cli.py": (*NUMPY, *TORCH, "data"),
    "plots.py": (*NUMPY, *TORCH),
    "training.py": (*NUMPY, *TORCH),
    "devices.py": TORCH,
    "validate.py": ("hw_bptt", "hmm", "hw_attention"),
}


def stale_copies() -> list[Path]:
    """Copies that are missing or differ from their template."""
    return [
        path
        for name, folders in COPIES.items()
        for folder in folders
        if not (path := ROOT / folder / name).is_file()
        or path.read_bytes() != (TEMPLATES / name).read_bytes()
    ]


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; list stale copies")
    args = parser.parse_args(argv)
    for path in (stale := stale_copies()):
        print(f"{path.relative_to(ROOT)}: {'differs' if args.check else 'written'}")
        if not args.check:
            path.write_bytes((TEMPLATES / path.name).read_bytes())
    return int(args.check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
