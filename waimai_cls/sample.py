"""What a trained classifier says of new texts, and which words moved it.

    python waimai_cls/sample.py "送得很快"
    python waimai_cls/sample.py < texts.txt                              # one text a line; tab-separated when piped on

A word's weight is how far the log-odds of "good" fall when the word is taken out (occlusion): + spoke for good.
"""

import math
import sys
import textwrap
from pathlib import Path

import torch
from cli import Parser, UserError, command, find_folder, number, run, translate
from data_processor import UNKNOWN, clean, pad
from train import load_checkpoint, restore

LABELS = ("bad", "good")


def get_parser():
    parser = Parser(description="Classify texts and show which words moved the answer.")
    parser.add_argument(
        "text", nargs="*", help="texts; if there are none, the lines of standard input"
    )
    parser.add_argument(
        "--ckpt_path",
        type=Path,
        default=Path("workdirs/waimai"),
        help="folder of ckpt.pt, or the file",
    )
    parser.add_argument(
        "--words",
        type=number(0, kind=int),
        default=5,
        help="words to show for each text, 0 for all",
    )
    return parser


@torch.no_grad()
def judge(model, texts):
    """Log-odds of good (N,) float64 of lists of word numbers."""
    tokens, lengths = pad(texts)
    logits = model(tokens, lengths).double()
    return logits[:, 1] - logits[:, 0]


def explain(model, encoder, text):
    """(probability of good, [(word, weight, known)] in the order of the text, note or "") of one text."""
    words = encoder.cut(clean(text))
    numbers = [encoder.numbers([word])[0] for word in words]
    pairs = [(word, number) for word, number in zip(words, numbers)]
    if encoder.tokens == "ngrams":  # only those in the vocabulary
        pairs = [(word, number) for word, number in pairs if number != UNKNOWN] or pairs[:1]
    numbers = [number for _, number in pairs] or [UNKNOWN]
    without = [numbers[:index] + numbers[index + 1 :] or [UNKNOWN] for index in range(len(pairs))]
    odds = judge(model, [numbers, *without]).tolist()
    note = (
        ""
        if set(numbers) != {UNKNOWN}
        else translate("no word of this text is in the vocabulary: the answer means nothing")
    )
    return (
        1 / (1 + math.exp(-odds[0])),
        [
            (word, odds[0] - other, number != UNKNOWN)
            for (word, number), other in zip(pairs, odds[1:])
        ],
        note,
    )


def strongest(weights, count):
    """The words that moved the answer most, the strongest first; a word that occurs twice is listed twice."""
    order = sorted(weights, key=lambda row: -abs(row[1]))
    return order[:count] if count else order


def main(argv=None):
    args = get_parser().parse_args(argv)
    path = args.ckpt_path
    if path.suffix != ".pt":
        fill = command("train.py", "--ckpt_path", path)
        path = find_folder(path, ["ckpt.pt"], fill) / "ckpt.pt"
    model, encoder = restore(load_checkpoint(path))
    if not args.text and sys.stdin.isatty():
        print(translate("one text per line, Ctrl-D ends:"), file=sys.stderr)
    try:
        texts = args.text or [line.rstrip("\r\n") for line in sys.stdin]
    except UnicodeDecodeError as error:
        raise UserError(f"the input is not UTF-8 (byte {error.start}): save it as UTF-8") from None
    texts = [text for text in texts if text.strip()]
    if not texts:
        raise UserError(
            f"no text; give one: {command('sample.py', '送得很快')}, or lines on standard input"
        )
    for text in texts:
        share_good, weights, note = explain(model, encoder, text)
        label, confidence = LABELS[share_good > 0.5], max(share_good, 1 - share_good)
        moved = " ".join(
            f"{word}{'' if is_known else '?'}{weight:+.2f}"
            for word, weight, is_known in strongest(weights, args.words)
        )
        if sys.stdout.isatty():
            print(
                f"{label:4} {confidence:6.1%}  {textwrap.shorten(clean(text), 60, placeholder=' ...')}\n"
                f"             {moved}{'   (' + note + ')' if note else ''}"
            )
        else:
            print(label, f"{confidence:.4f}", clean(text), moved, note, sep="\t")


if __name__ == "__main__":
    run(main)
