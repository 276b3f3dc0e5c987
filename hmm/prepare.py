"""Segmented text, one sentence per line, words separated by white space -> characters and tags B M E S (cws.npz).

python hmm/prepare.py                                                     # the bundled sample
python hmm/prepare.py --data_root data/full/cws                           # the files of data/download.py cws
python hmm/prepare.py --data_root data/full/cws --train msr_test_gold.utf8 --out_dir workdirs/msr
"""

import contextlib
from pathlib import Path

from cli import Parser, UserError, command, find_folder, run
from segmenter import write_sentences

PAIRS = {
    "train.txt": "test.txt",
    "msr_training.utf8": "msr_test_gold.utf8",
    "msr_test_gold.utf8": None,
}  # train: test


def read_segmented(path, encoding):
    """List of sentences (lists of words) and the number of empty lines. Raises UserError for another encoding."""
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig" if encoding.lower().replace("-", "") == "utf8" else encoding)
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise UserError(
            f"{path}, line {line}: byte 0x{raw[error.start]:02X} is not {encoding}; give the file's encoding, "
            "for example --encoding gb18030"
        ) from None
    except LookupError:
        raise UserError(f"--encoding {encoding}: no such encoding; try utf-8 or gb18030") from None
    lines = text.splitlines()
    sentences = [line.split() for line in lines if line.strip()]
    return sentences, len(lines) - len(sentences)


def share(text):
    """Type of --test_part."""
    value = float(text)
    if not 0 < value < 1:
        raise ValueError
    return value


def get_parser():
    parser = Parser(description="Segmented text to characters and tags.")
    parser.add_argument(
        "--data_root", type=Path, default=Path("data/cws"), help="folder with the segmented text"
    )
    parser.add_argument(
        "--train",
        help="file of training sentences in it (default: train.txt, or the files of the MSR "
        "corpus, whichever exist)",
    )
    parser.add_argument(
        "--test",
        help="file of test sentences (default: test.txt with train.txt, msr_test_gold.utf8 "
        "with msr_training.utf8, otherwise the last part of the training file)",
    )
    parser.add_argument(
        "--test_part",
        type=share,
        default=0.1,
        help="share of sentences to hold back without --test",
    )
    parser.add_argument("--encoding", default="utf-8", help="encoding of the files")
    parser.add_argument(
        "--out_dir", type=Path, default=None, help="folder for cws.npz (default: --data_root)"
    )
    return parser


def find_text(args):
    """Folder, name of the training file, name of the test file (None: hold back a part of the training file)."""
    pairs = [
        (train, args.test or PAIRS.get(train)) for train in ([args.train] if args.train else PAIRS)
    ]
    for train, test in pairs:
        with contextlib.suppress(UserError):
            return find_folder(args.data_root, [train, test] if test else [train]), train, test
    find_folder(
        args.data_root,
        [name for name in pairs[0] if name],  # raises, and names both folders
        f"{command('data/download.py', 'cws')}, or name the file with --train",
    )


def main(argv=None):
    args = get_parser().parse_args(argv)
    folder, train_file, test_file = find_text(args)
    sentences, empty = read_segmented(folder / train_file, args.encoding)
    if test_file:
        train, (held, empty_in_test) = sentences, read_segmented(folder / test_file, args.encoding)
        empty += empty_in_test
    else:
        keep = int(len(sentences) * (1 - args.test_part))
        train, held = sentences[:keep], sentences[keep:]
    for name, part in (("training", train), ("test", held)):
        if not part:
            raise UserError(
                f"no {name} sentence in {folder}: expected one sentence per line, words separated by spaces"
            )
    if sum(len(words) for words in train) == len(train):
        raise UserError(
            f"{folder / train_file}: every line is one word; expected words separated by spaces"
        )
    out = (args.out_dir or folder) / "cws.npz"
    write_sentences(out, train=train, test=held)
    for name, part in (("train", train), ("test", held)):
        words = [word for sentence in part for word in sentence]
        print(
            f"{name:<5} {len(part)} sentences  {len(words)} words ({len(set(words))} different)  "
            f"{sum(map(len, words))} characters"
        )
    if empty:
        print(f"{empty} empty line{'s' * (empty > 1)} left out")
    print(f"written: {out}")


if __name__ == "__main__":
    run(main)
