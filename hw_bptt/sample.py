"""Probability that a review is good, from a trained network.

python sample.py "送得很快，味道也好"            (several texts, or none: lines from a file or a pipe)
python sample.py --trace "味道好，就是太慢"      (the prediction after each character, and how much each one matters)
"""

import sys
from pathlib import Path

import model
import numpy as np
from cli import Parser, UserError, command, find_folder, run, translate
from prepare import UNKNOWN, characters
from train import CKPT, load_run


def get_parser():
    parser = Parser(description="Probability of a good review.")
    parser.add_argument(
        "texts", nargs="*", help="reviews; without any: one per line from --file or standard input"
    )
    parser.add_argument(
        "--ckpt_path", default="workdirs/hw_bptt/rnn", help="folder of a run of train.py"
    )
    parser.add_argument(
        "--file", type=Path, default=None, help="read reviews from this file, one per line, UTF-8"
    )
    parser.add_argument(
        "--trace",
        action="store_true",
        help='for each character: P(good) after it, and the norm of dL/dx_t for the label "good"',
    )
    return parser


def read_texts(args):
    if args.texts:
        return args.texts
    if args.file:
        try:
            return args.file.read_text(encoding="utf-8-sig").splitlines()
        except UnicodeDecodeError:
            raise UserError(f"{args.file} is not UTF-8") from None
    if sys.stdin.isatty():
        raise UserError(f"give a review: {command('sample.py', '送得很快')}")
    sys.stdin.reconfigure(encoding="utf-8", errors="replace")
    return sys.stdin.read().splitlines()


def trace(kind, params, x, text):
    """One line per character: P(good) of the text up to it, and |dL/dx_t| for the loss of the label 1."""
    _, grads, _ = model.loss_and_grads(kind, params, x, 1)
    for t, char in enumerate(text):
        after = model.probability_good(kind, params, x[: t + 1])
        print(f"  {char}  {after:.3f}  |dL/dx| {np.linalg.norm(grads['x'][t]):.4f}")


def main(argv=None):
    args = get_parser().parse_args(argv)
    path = find_folder(args.ckpt_path, [CKPT], command("train.py", "--ckpt_path", args.ckpt_path))
    settings, _, _, params, chars, vectors = load_run(path)
    number = {chr(code): index for index, code in enumerate(chars, 1)}
    texts = [text for text in read_texts(args) if text.strip()]
    if not texts:
        raise UserError(
            f"there is no text in the input; give a review: {command('sample.py', '送得很快')}"
        )
    for text in texts:
        clean = characters(text)
        ids = [number.get(char, UNKNOWN) for char in clean]
        unknown = "".join(dict.fromkeys(char for char, id in zip(clean, ids) if id == UNKNOWN))
        if unknown and all(id == UNKNOWN for id in ids):
            raise UserError(
                f"no character of {text!r} occurs in the training text, so there is no prediction"
            )
        x = vectors[ids]
        print(
            f"{model.probability_good(settings['model'], params, x):.3f}  {text}"
            + ("   " + translate("(not in the training text: {})", unknown) if unknown else "")
        )
        if args.trace:
            trace(settings["model"], params, x, clean)


if __name__ == "__main__":
    run(main)
