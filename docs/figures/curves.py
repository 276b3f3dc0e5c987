"""Make the pictures that the homeworks' scripts draw, as the sheets show them: HOMEWORK/figures/NAME.png.

    python docs/figures/curves.py                    # all but ablation_full; the ablation takes minutes
    python docs/figures/curves.py gradient_flow xor  # only these

Each is drawn by commands that its sheet prints, on the bundled samples (ablation_full: on data/full/quansongci, a quarter of an
hour), and stored with a palette, which makes it small.
Pictures that answer a question (angles.png, the phone shop's trellis.png) are not among them.
"""

import argparse
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
COLOURS = 256  # of the palette


@dataclass(frozen=True)
class Picture:
    """A picture: its homework, commands without `python HOMEWORK/`, and the file that they write in the work folder.

    {work} in a command is that folder.
    """

    homework: str
    commands: tuple[str, ...]
    file: str

    @property
    def target(self):
        return ROOT / self.homework / "figures" / Path(self.file).name


ABLATION = ("default", "no_pos", "no_res")


def ablation(name, prepare_flags, train_flags):
    """The curves of the default GPT, of no_pos and of no_res in one picture."""
    runs = {run: "" if run == "default" else f" --{run}" for run in ABLATION}
    return Picture(
        "gpt_songci",
        (
            f"prepare.py {prepare_flags}--out_dir {{work}}/data --quiet",
            *(
                f"train.py {train_flags}--quiet --data_root {{work}}/data --ckpt_path {{work}}/{run}{flag}"
                for run, flag in runs.items()
            ),
            f"compare.py {' '.join(f'{{work}}/{run}' for run in runs)} --plot {{work}}/{name}.png",
        ),
        f"{name}.png",
    )


PICTURES = {
    "gradient_flow": Picture(
        "hw_bptt", ("gradient_flow.py --out_dir {work}",), "gradient_flow.png"
    ),
    "gradient_flow_cell": Picture(
        "hw_bptt", ("gradient_flow.py --cell --out_dir {work}",), "gradient_flow_cell.png"
    ),
    "tied_qk": Picture(
        "hw_attention",
        (
            "prepare.py --data_root {work}/numerals",
            "tied_qk.py --data_root {work}/numerals --out_dir {work} --quiet",
        ),
        "tied_qk.png",
    ),
    "xor": Picture("word2vec_sst", ("basics.py --out_dir {work}",), "xor.png"),
    "q4_reg_acc": Picture(
        "word2vec_sst",
        (
            "prepare.py --out_dir {work}/sst",
            "train.py --data_root {work}/sst --ckpt_path {work} --quiet",
            "q4_sentiment.py --vectors {work}/vectors.npz --ckpt_path {work}",
        ),
        "q4_reg_acc.png",
    ),
    "compare": Picture(
        "waimai_cls",
        ("compare.py --recipe tuned --seeds 0 1 2 --ckpt_path {work} --quiet",),
        "compare.png",
    ),
    "ablation": ablation("ablation", "", "--iters 300 --adam_lr 0.003 --eval_interval 5 "),
    "ablation_full": ablation("ablation_full", "--data_root data/full/quansongci ", ""),
}
ON_REQUEST = {"ablation_full"}


def make(picture, work):
    """Run the commands of a picture in `work` and store what they drew. Returns the stored file."""
    for command in picture.commands:
        script, *flags = command.format(work=work).split()
        line = [sys.executable, str(ROOT / picture.homework / script), *flags]
        print("$ python", f"{picture.homework}/{script}", *flags, flush=True)
        subprocess.run(line, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    picture.target.parent.mkdir(exist_ok=True)
    image = Image.open(work / picture.file).convert("RGB")
    image.quantize(COLOURS, dither=Image.Dither.NONE).save(picture.target, optimize=True)
    return picture.target


def main(argv=None):
    parser = argparse.ArgumentParser(description="Make the pictures that scripts draw.")
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="default: all but " + ", ".join(sorted(ON_REQUEST))
    )
    names = parser.parse_args(argv).names or [name for name in PICTURES if name not in ON_REQUEST]
    for name in names:
        if name not in PICTURES:
            parser.error(f"unknown picture {name!r}; choose from: {', '.join(PICTURES)}")
        with tempfile.TemporaryDirectory() as work:
            stored = make(PICTURES[name], Path(work))
        print(f"{stored.relative_to(ROOT)}: {stored.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
