"""Read SST (trees, or label<TAB>sentence) and write the numbers that train.py and sample.py read, to sst.npz.

python word2vec_sst/prepare.py --data_root data/full/sst
"""

from pathlib import Path

import numpy as np
from cli import Parser, UserError, positive_int, run, safe_write
from treebank import SPLITS, find_data, read_split


def get_parser():
    parser = Parser(description="Turn SST into numbers.")
    parser.add_argument("--data_root", default="data/sst", help="folder with train, dev and test")
    parser.add_argument("--out_dir", help="folder for sst.npz; default: the folder that was read")
    parser.add_argument(
        "--min_count",
        type=positive_int,
        default=1,
        help="words that train has less often are unknown",
    )
    return parser


def vocabulary(sentences, min_count):
    """Words of the sentences by falling count (equal counts: in order of appearance) and their counts."""
    counts = {}
    for words, _ in sentences:
        for word in words:
            counts[word] = counts.get(word, 0) + 1
    words = sorted(
        (word for word in counts if counts[word] >= min_count), key=lambda word: -counts[word]
    )
    return words, np.array([counts[word] for word in words])


def as_numbers(sentences, rows):
    """ids (tokens,) int32, -1 for unknown words; starts (sentences + 1,): where each begins; labels of the roots; spans
    (phrases, 4) of sentence, first word, end, label, the whole sentences included."""
    ids = np.array([rows.get(word, -1) for words, _ in sentences for word in words], np.int32)
    starts = np.cumsum([0] + [len(words) for words, _ in sentences])
    labels = np.array([phrases[-1][0] for _, phrases in sentences], np.int8)
    spans = np.array(
        [
            (number, first, end, label)
            for number, (_, phrases) in enumerate(sentences)
            for label, first, end in phrases
        ],
        np.int32,
    )
    return ids, starts, labels, spans


def main(argv=None):
    args = get_parser().parse_args(argv)
    folder = find_data(args.data_root)
    out = Path(args.out_dir).expanduser() if args.out_dir else folder
    splits = {split: read_split(folder, split) for split in SPLITS}
    words, counts = vocabulary(splits["train"], args.min_count)
    if not words:
        raise UserError(
            f"no word of {folder} occurs {args.min_count} times in train: choose a smaller --min_count"
        )
    rows, arrays = (
        {word: row for row, word in enumerate(words)},
        {"words": np.array(words), "counts": counts},
    )
    for split, sentences in splits.items():
        ids, starts, labels, spans = as_numbers(sentences, rows)
        arrays |= {
            f"{split}_ids": ids,
            f"{split}_starts": starts,
            f"{split}_labels": labels,
            f"{split}_spans": spans,
        }
        share = np.bincount(labels, minlength=5) / len(labels)
        print(
            f"{split:5}  {len(sentences):6,} sentences  {len(ids):8,} words  {np.mean(ids < 0):5.1%} unknown  "
            f"{len(spans):8,} labelled phrases  labels 0-4: {' '.join(f'{value:.0%}' for value in share)}"
        )
    with safe_write(out / "sst.npz", "wb") as file:
        np.savez(file, **arrays)
    print(f"{len(words):,} words in the vocabulary; wrote {out / 'sst.npz'}")


if __name__ == "__main__":
    run(main)
