"""How far does counting get? Validation loss of a unigram and a bigram model, to compare a GPT with.

    python gpt_songci/ngrams.py --data_root data/quansongci

Reads what prepare.py made. The loss is that of train.py: each character of the validation text but the first is predicted
once. Size: V characters in the vocabulary.
"""

import math
from pathlib import Path

import numpy as np
from cli import Parser, run
from train import load_data

BLOCK = 256  # characters whose followers are counted at a time: a table of 256 x V, not V x V


def get_parser():
    parser = Parser(description="Validation loss of models that count: unigram and bigram.")
    parser.add_argument(
        "--data_root",
        type=Path,
        default=Path("data/quansongci"),
        help="folder with train.bin, val.bin, meta.json",
    )
    return parser


def unigram(counts):
    """P(c) for every character c, by add-one smoothing. counts (V,): how often each is in the training text -> (V,).

    A character that the training text does not have gets a small probability, not 0.
    """
    # BEGIN SOLUTION gpt-n1.0 (3 points, bonus): what must the denominator be, so that they add up to 1?
    return (counts + 1) / (counts.sum() + len(counts))
    # END SOLUTION gpt-n1.0


def bigram(counts, lower):
    """P(c | b) for N characters b and every character c, by Witten and Bell's rule. Rows add up to 1.

    counts (N, V): counts[i, c] is how often c follows the i-th character b in the training text
    lower (V,): P(c), which fills the gaps
    A b that is followed n times, by k different characters, keeps n / (n + k) of the probability for its own counts and
    gives k / (n + k) to `lower`. A b that is never followed has `lower` alone.
    """
    # BEGIN SOLUTION gpt-n2.0 (5 points, bonus): n and k, one for each row; then which row divides by 0?
    n = counts.sum(1, keepdims=True)
    k = (counts > 0).sum(1, keepdims=True)
    mixed = (counts + k * lower) / np.maximum(n + k, 1)
    return np.where(n > 0, mixed, lower)
    # END SOLUTION gpt-n2.0


def unigram_loss(text, val, V):
    """Mean of -log P(c) over the characters c of `val` but the first, in nats. text, val: character numbers."""
    p = unigram(np.bincount(text, minlength=V))
    return -np.log(p[val[1:]]).mean()


def bigram_loss(text, val, V):
    """Mean of -log P(c | b) over the pairs b, c of neighbours in `val`, in nats."""
    lower, total = unigram(np.bincount(text, minlength=V)), 0.0
    before, after = text[:-1].astype(np.int64), text[1:].astype(np.int64)
    for first in range(0, V, BLOCK):
        rows = min(BLOCK, V - first)
        inside = (before >= first) & (before < first + rows)
        pairs = (before[inside] - first) * V + after[inside]
        p = bigram(np.bincount(pairs, minlength=rows * V).reshape(rows, V), lower)
        wanted = (val[:-1] >= first) & (val[:-1] < first + rows)
        total -= np.log(p[val[:-1][wanted] - first, val[1:][wanted]]).sum()
    return total / (len(val) - 1)


def main(argv=None):
    args = get_parser().parse_args(argv)
    meta, text, val = load_data(args.data_root)
    text, val, V = np.asarray(text), np.asarray(val), len(meta["characters"])
    for name, loss in (("unigram", unigram_loss), ("bigram", bigram_loss)):
        value = loss(text, val, V)
        print(
            f"{name:8} validation loss {value:.4f} nats per character, perplexity {math.exp(value):.1f}"
        )


if __name__ == "__main__":
    run(main)
