"""Make Chinese numerals and their digits: train.txt, val.txt, test.txt, a line each, numeral<TAB>digits.

    python hw_attention/prepare.py --data_root data/numerals

A number is in one of the three files only, there in both notations (numerals.py).
"""
import random
from pathlib import Path

from cli import ROOT, Parser, UserError, positive_int, run, safe_write
from numerals import by_value, digit_by_digit

SPLITS = ("train", "val", "test")


def get_parser():
    parser = Parser(description="Generate Chinese numerals and their digits for train.py; nothing is downloaded.")
    parser.add_argument("--data_root", type=Path, default=Path("data/numerals"), help="folder that train.py reads")
    parser.add_argument("--out_dir", type=Path, help="folder for what is made (default: data_root)")
    parser.add_argument("--train", type=positive_int, default=40_000, help="numbers to train on, two lines each")
    parser.add_argument("--val", type=positive_int, default=1_000, help="numbers to validate on")
    parser.add_argument("--test", type=positive_int, default=2_500, help="numbers to test on")
    parser.add_argument("--seed", type=int, default=0, help="seed of the numbers")
    return parser


def place_for(folder):
    """Where a folder that need not exist belongs: here, or under the repository's root if its parent is not here."""
    return folder if folder.is_absolute() or folder.parent.is_dir() else ROOT / folder


def draw(rng):
    """A number with 1 to 8 digits, each length as probable as the next; in half of them most digits are 0."""
    digits = rng.randint(1, 8)
    zero = rng.choice((0.1, 0.6))
    rest = [0 if rng.random() < zero else rng.randint(1, 9) for _ in range(digits - 1)]
    return int("".join(map(str, [rng.randint(digits > 1, 9), *rest])))


def different_numbers(count, seed):
    """`count` different numbers in random order."""
    rng, found, misses = random.Random(seed), {}, 0
    while len(found) < count:
        number = draw(rng)
        misses = misses + 1 if number in found else 0
        if misses > 10_000:
            raise UserError(f"{count} different numbers are too many: {len(found)} were found; ask for fewer")
        found[number] = True
    found = list(found)
    rng.shuffle(found)
    return found


def main(argv=None):
    args = get_parser().parse_args(argv)
    out_dir = place_for(args.out_dir or args.data_root)
    sizes = {split: getattr(args, split) for split in SPLITS}
    numbers = different_numbers(sum(sizes.values()), args.seed)
    for split, size in sizes.items():
        numbers, own = numbers[size:], numbers[:size]
        with safe_write(out_dir / f"{split}.txt") as file:
            file.writelines(f"{text}\t{number}\n" for number in own for text in (by_value(number), digit_by_digit(number)))
    print(", ".join(f"{split} {size:,} numbers ({2 * size:,} lines)" for split, size in sizes.items())
          + f"; wrote train.txt, val.txt and test.txt to {out_dir}")


if __name__ == "__main__":
    run(main)
