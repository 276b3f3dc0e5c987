"""Write the figures of all sheets: HOMEWORK/figures/NAME.svg.

    python docs/figures/draw.py            # all of them
    python docs/figures/draw.py hmm        # those of one homework

A figure holds symbols only, so that one file serves both languages; its caption is in the sheet. Change a figure here and
run this script again: a test compares the files with it.
"""

import argparse
import importlib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HOMEWORKS = ("hw_bptt", "hw_attention", "waimai_cls", "gpt_songci", "hmm", "word2vec_sst")


def figures(homework):
    """{file name: SVG text} of one homework's sheet."""
    module = importlib.import_module(f"figures_{homework}")
    return {f"{name}.svg": draw().svg() for name, draw in module.FIGURES.items()}


def main(argv=None):
    parser = argparse.ArgumentParser(description="Write the figures of the sheets.")
    parser.add_argument("homeworks", nargs="*", metavar="HOMEWORK", help="default: all")
    chosen = parser.parse_args(argv).homeworks or HOMEWORKS
    for homework in chosen:
        if homework not in HOMEWORKS:
            parser.error(f"unknown homework {homework!r}; choose from: {', '.join(HOMEWORKS)}")
        folder = ROOT / homework / "figures"
        folder.mkdir(exist_ok=True)
        for name, text in figures(homework).items():
            (folder / name).write_text(text, encoding="utf-8", newline="\n")
            print(f"{homework}/figures/{name}: {len(text.encode()) / 1000:.1f} kB")


if __name__ == "__main__":
    main()
