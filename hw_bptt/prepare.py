"""Reviews to character ids and fixed vectors: reads waimai_10k.csv (label,review), writes bptt.npz.

    python prepare.py --data_root data/waimai_10k

A text is never on both sides of the split. Characters and vectors come from the train part only: positive pointwise
mutual information (PPMI) of characters that occur close together, reduced to `--dim` numbers by its largest eigenvalues.
"""

import csv
import unicodedata
from collections import Counter
from pathlib import Path

import numpy as np
from cli import Parser, UserError, command, find_folder, positive_int, run, safe_write, seed_number

RAW, PREPARED = "waimai_10k.csv", "bptt.npz"
UNKNOWN = 0  # id of every character that is not in the train part; its vector is zero


def get_parser():
    parser = Parser(description="Turn reviews into character ids and fixed vectors.")
    parser.add_argument("--data_root", default="data/waimai_10k", help=f"folder with {RAW}")
    parser.add_argument(
        "--out_dir", default=None, help=f"folder for {PREPARED} (default: --data_root)"
    )
    parser.add_argument(
        "--dim", type=positive_int, default=64, help="width of a character's vector"
    )
    parser.add_argument(
        "--window",
        type=positive_int,
        default=4,
        help="neighbours counted on each side, in characters",
    )
    parser.add_argument(
        "--min_count", type=positive_int, default=2, help="rarer characters are unknown"
    )
    parser.add_argument(
        "--seed",
        type=seed_number,
        default=0,
        help="seed of the split, 8 : 2 into train and validation",
    )
    return parser


def characters(text):
    """The text as the networks read it: full-width forms as half-width, lower case, no white space."""
    return "".join(unicodedata.normalize("NFKC", text).lower().split())


def read_reviews(path):
    """[(label, text)] of a CSV file, and counts of what was left out. Raises UserError that names an invalid row."""
    reviews, counts, seen = [], Counter(), set()
    with open(path, encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(file)
        try:
            if [name.strip() for name in next(rows, [])] != ["label", "review"]:
                raise UserError(f"{path}: the first row must be label,review")
            for row in rows:
                if not row:
                    continue
                if len(row) != 2 or row[0].strip() not in ("0", "1"):
                    raise UserError(
                        f"{path}, line {rows.line_num}: expected label,review with label 0 or 1, got {row!r:.80}"
                    )
                review = int(row[0]), characters(row[1])
                counts["rows"] += 1
                counts["empty"] += not review[1]
                counts["duplicate"] += review in seen
                if review[1] and review not in seen:
                    reviews.append(review)
                seen.add(review)
        except (UnicodeDecodeError, csv.Error) as error:
            raise UserError(f"{path} is not a CSV file in UTF-8: {error}") from None
    return reviews, counts


def split_texts(reviews, rng, share=0.2):
    """(train, validation) of (label, text) pairs, the same share of either label in both; a text that
    occurs with both labels is on one side only."""
    label_of = {text: label for label, text in reversed(reviews)}
    held_out = set()
    for label in (0, 1):
        texts = sorted(text for text in label_of if label_of[text] == label)
        held_out |= {
            texts[number] for number in rng.permutation(len(texts))[: round(share * len(texts))]
        }
    return [
        [review for review in reviews if (review[1] in held_out) == side] for side in (False, True)
    ]


def ppmi_vectors(texts, chars, dim, window):
    """(1 + len(chars), dim): one row per character, row 0 (unknown) zero; root mean square 0.3 over the texts.

    PPMI(a, b) = max(0, log P(a, b) / (P(a) P(b))), pairs at a distance of up to `window` in the same text. The matrix is
    symmetric: its eigenvectors times the root of |eigenvalue|, largest first, are the best `dim` numbers for it.
    """
    number = {char: index for index, char in enumerate(chars)}
    counts, size = np.zeros((len(chars), len(chars))), len(chars)
    for text in texts:
        ids = np.array([number.get(char, size) for char in text])
        for distance in range(1, window + 1):
            left, right = ids[:-distance], ids[distance:]
            in_vocabulary = (left < size) & (right < size)
            np.add.at(counts, (left[in_vocabulary], right[in_vocabulary]), 1)
    counts += counts.T
    share = counts.sum(axis=1) / max(counts.sum(), 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        ppmi = np.nan_to_num(
            np.maximum(np.log(counts / max(counts.sum(), 1) / np.outer(share, share)), 0), posinf=0
        )
    value, vector = np.linalg.eigh(ppmi)
    largest = np.argsort(-np.abs(value), kind="stable")[:dim]
    vector = vector[:, largest] * np.sqrt(np.abs(value[largest]))
    vector *= np.sign(
        vector[np.abs(vector).argmax(axis=0), np.arange(len(largest))]
    )  # the same sign on every machine
    weight = Counter(number[char] for text in texts for char in text if char in number)
    frequency = np.array([weight[index] for index in range(size)])
    vector *= 0.3 / np.sqrt((frequency @ vector**2).mean() / frequency.sum())
    return np.vstack([np.zeros((1, dim)), np.pad(vector, ((0, 0), (0, dim - len(largest))))])


def main(argv=None):
    args = get_parser().parse_args(argv)
    download = command("data/download.py", "waimai_10k")
    folder = find_folder(args.data_root, [RAW], download)
    reviews, counts = read_reviews(folder / RAW)
    parts = split_texts(reviews, np.random.default_rng(args.seed))
    if not all(len({label for label, _ in part}) == 2 for part in parts):
        raise UserError(
            f"{folder / RAW}: {len(reviews)} reviews are too few: train and validation need both labels"
        )
    frequency = Counter(char for _, text in parts[0] for char in text)
    chars = sorted(char for char, count in frequency.items() if count >= args.min_count)
    if not chars:
        raise UserError(
            f"no character occurs {args.min_count} times in the train part; use a smaller --min_count"
        )
    vectors = ppmi_vectors([text for _, text in parts[0]], chars, args.dim, args.window)
    number = {char: index for index, char in enumerate(chars, 1)}
    arrays = {"chars": np.array([ord(char) for char in chars], np.int32), "vectors": vectors}
    for name, part in zip(("train", "val"), parts):
        ids = [number.get(char, UNKNOWN) for _, text in part for char in text]
        arrays |= {
            f"{name}_ids": np.array(ids, np.int32),
            f"{name}_labels": np.array([label for label, _ in part], np.int8),
            f"{name}_ends": np.cumsum([len(text) for _, text in part]),
        }
        share_good, unknown = (
            arrays[f"{name}_labels"].mean(),
            np.mean(arrays[f"{name}_ids"] == UNKNOWN),
        )
        print(
            f"{name:<6}{len(part):>7} reviews  {len(ids):>8} characters  {share_good:.3f} good  {unknown:.2%} unknown"
        )
    target = Path(args.out_dir or folder) / PREPARED
    with safe_write(target, "wb") as file:
        np.savez(file, **arrays)
    print(
        f"{counts['rows']} rows: {counts['empty']} empty and {counts['duplicate']} duplicate ones left out; "
        f"{len(chars)} characters, vectors of {args.dim} numbers -> {target}"
    )


if __name__ == "__main__":
    run(main)
