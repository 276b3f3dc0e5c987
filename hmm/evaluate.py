"""Precision, recall and F1 of segmenters on the held-back sentences, for all words and for words unseen in training.

python hmm/evaluate.py                                              # the model of workdirs/hmm
python hmm/evaluate.py --data_root workdirs/msr --ckpt_path workdirs/msr1 workdirs/msr2 --compare jieba
"""

import time
from pathlib import Path

from cli import Parser, number, run
from sample import get_jieba, load_model
from segmenter import judge
from train import load_prepared

COLUMNS = ("precision", "recall", "f1", "unseen_precision", "unseen_recall", "unseen_f1")


def get_parser():
    parser = Parser(description="Judge segmenters on the test sentences.")
    parser.add_argument(
        "--data_root",
        type=Path,
        default=Path("data/cws"),
        help="folder with cws.npz from prepare.py",
    )
    parser.add_argument(
        "--ckpt_path",
        type=Path,
        nargs="+",
        default=[Path("workdirs/hmm")],
        help="folders with model.npz",
    )
    parser.add_argument("--compare", choices=("jieba",), help="evaluate another segmenter too")
    parser.add_argument(
        "--no_fast",
        action="store_true",
        help="without fast.py: the functions of model.py (order 1)",
    )
    parser.add_argument(
        "--errors",
        type=number(0, kind=int),
        default=0,
        metavar="N",
        help="show the first N sentences with an error",
    )
    return parser


def main(argv=None):
    args = get_parser().parse_args(argv)
    parts = load_prepared(args.data_root)
    gold, vocabulary = parts["test"], {word for words in parts["train"] for word in words}
    lines = ["".join(words) for words in gold]
    implementation = "readable" if args.no_fast else "fast"
    rows = [(str(path), load_model(path, implementation)) for path in args.ckpt_path]
    rows = [(f"{name} (order {model.order})", model.segment) for name, model in rows]
    if args.compare:
        rows.append((args.compare, get_jieba()))
        rows[-1][1](["词"])  # loads its dictionary before the timing
    width = max(len(name) for name, _ in rows)
    print(
        f"{len(gold)} test sentences, {sum(map(len, gold))} words, {sum(map(len, lines))} characters; "
        f"unseen in training: {judge(gold, gold, vocabulary)['unseen_share']:.1%} of the words"
    )
    print(
        " " * width
        + "  precision  recall      F1 | unseen words: precision  recall      F1 | characters/s"
    )
    for name, segment in rows:
        began = time.perf_counter()
        predicted = segment(lines)
        took = time.perf_counter() - began
        result = judge(gold, predicted, vocabulary)
        p, r, f, up, ur, uf = (f"{result[column]:.4f}" for column in COLUMNS)
        print(
            f"{name:<{width}}  {p:>9}  {r:>6}  {f:>6} | {up:>23}  {ur:>6}  {uf:>6} | {sum(map(len, lines)) / took:12,.0f}"
        )
        wrong = [pair for pair in zip(gold, predicted) if pair[0] != pair[1]]
        for gold_words, predicted_words in wrong[: args.errors]:
            print(f"  gold       {' '.join(gold_words)}\n  predicted  {' '.join(predicted_words)}")


if __name__ == "__main__":
    run(main)
