"""Generate Chinese numerals and their digits: train.txt, val.txt, test.txt, one numeral<TAB>digits per line.

    python hw_attention/prepare.py --data_root data/numerals

A number is in one of the three files only, there in both notations (numerals.py). One number in ten is held out for
val.txt and test.txt; the numbers below 10 are all in train.txt. Short numbers are few, so train.txt has them many times.
"""

import random
import zlib
from pathlib import Path

from cli import ROOT, Parser, UserError, positive_int, run, safe_write, seed_number
from numerals import by_value, digit_by_digit


def get_parser():
    parser = Parser(
        description="Generate Chinese numerals and their digits for train.py; nothing is downloaded."
    )
    parser.add_argument(
        "--data_root", type=Path, default=Path("data/numerals"), help="folder that train.py reads"
    )
    parser.add_argument("--out_dir", type=Path, help="folder for the files (default: --data_root)")
    parser.add_argument(
        "--train", type=positive_int, default=40_000, help="numbers to train on, two lines each"
    )
    parser.add_argument(
        "--val", type=positive_int, default=1_000, help="different numbers to validate on"
    )
    parser.add_argument(
        "--test", type=positive_int, default=2_500, help="different numbers to test on"
    )
    parser.add_argument("--seed", type=seed_number, default=0, help="seed of the numbers")
    return parser


def place_for(folder):
    """Path of a folder that may not exist yet: here, or under the repository's root if its parent is not here."""
    return folder if folder.is_absolute() or folder.parent.is_dir() else ROOT / folder


def draw(rng):
    """A number with 1 to 8 digits, all lengths equally probable; in half of them most digits are 0."""
    digits = rng.randint(1, 8)
    zero = rng.choice((0.1, 0.6))
    rest = [0 if rng.random() < zero else rng.randint(1, 9) for _ in range(digits - 1)]
    return int("".join(map(str, [rng.randint(digits > 1, 9), *rest])))


def held_out(number, seed):
    """Whether a number is held out from training: one in ten is, the same ones for the same seed."""
    return number > 9 and zlib.crc32(f"{seed} {number}".encode()) % 10 == 0


def different_numbers(count, seed, rng):
    """`count` different numbers that are held out."""
    numbers, misses = {}, 0  # a dict keeps their order
    while len(numbers) < count:
        number, before = draw(rng), len(numbers)
        if held_out(number, seed):
            numbers[number] = None
        misses = misses + 1 if len(numbers) == before else 0
        if misses > 100_000:
            raise UserError(
                f"--val and --test ask for {count} different numbers, only {len(numbers)} were found"
            )
    numbers = list(numbers)
    rng.shuffle(numbers)  # short numbers run out first, so the order is not random yet
    return numbers


def main(argv=None):
    args = get_parser().parse_args(argv)
    out_dir, rng = place_for(args.out_dir or args.data_root), random.Random(args.seed)
    held = different_numbers(args.val + args.test, args.seed, rng)
    parts = {"train": [], "val": held[: args.val], "test": held[args.val :]}
    while len(parts["train"]) < args.train:
        number = draw(rng)
        if not held_out(number, args.seed):
            parts["train"].append(number)
    for split, numbers in parts.items():
        with safe_write(out_dir / f"{split}.txt") as file:
            file.writelines(
                f"{text}\t{number}\n"
                for number in numbers
                for text in (by_value(number), digit_by_digit(number))
            )
    print(
        ", ".join(
            f"{split} {len(numbers):,} numbers, {len(set(numbers)):,} different ({2 * len(numbers):,} lines)"
            for split, numbers in parts.items()
        )
        + f"; wrote train.txt, val.txt and test.txt to {out_dir}"
    )


if __name__ == "__main__":
    run(main)
