"""Segment text from the command line, from files or from a pipe.

python hmm/sample.py "我们明天去北京" "他研究生命的起源"
python hmm/sample.py FILE:novel.txt > words.txt
cat novel.txt | python hmm/sample.py --ckpt_path workdirs/hmm2
"""

import sys
from pathlib import Path

from cli import Parser, UserError, command, find_folder, run, translate
from segmenter import Segmenter

PIECE = 1 << 18  # bytes read at a time from a pipe


def load_model(ckpt_path, implementation="fast"):
    """The segmenter of a training folder. implementation: of the first-order model's decoder, "fast" or "readable"."""
    folder = find_folder(
        ckpt_path,
        ["model.npz"],
        command("train.py", "--ckpt_path", ckpt_path),
    )
    try:
        segmenter = Segmenter.load(folder / "model.npz")
    except ValueError as error:
        raise UserError(f"{error}; train again") from None
    if implementation == "readable" and segmenter.order == 1:
        segmenter.hmm.implementation = "readable"
    return segmenter


def get_jieba():
    """A function from lines to lists of words, as Segmenter.segment."""
    try:
        import jieba
    except ImportError:
        raise UserError("--compare jieba needs jieba; run: python -m pip install jieba") from None
    jieba.setLogLevel(60)
    return lambda lines: [
        [word for piece in line.split() for word in jieba.cut(piece)] for line in lines
    ]


def blocks(files, encoding):
    """Lists of lines from binary files, as they arrive. Raises UserError for bytes of another encoding."""
    for file, name in files:
        rest, number = b"", 0
        while True:
            data = file.read1(PIECE)
            complete, newline, rest = (rest + data).rpartition(b"\n") if data else (rest, b"", b"")
            if complete or newline:
                try:
                    text = complete.decode(encoding)
                except UnicodeDecodeError as error:
                    line = number + complete[: error.start].count(b"\n") + 1
                    raise UserError(
                        f"{name}, line {line}: byte 0x{complete[error.start]:02X} is not {encoding}; give the "
                        "text's encoding, for example --encoding gb18030"
                    ) from None
                except LookupError:
                    raise UserError(
                        f"--encoding {encoding}: no such encoding; try utf-8 or gb18030"
                    ) from None
                number += complete.count(b"\n") + len(newline)
                yield [line.removesuffix("\r").removeprefix("\ufeff") for line in text.split("\n")]
            if not data:
                break


def get_parser():
    parser = Parser(description="Segment Chinese text: one line of words for each line of text.")
    parser.add_argument(
        "text", nargs="*", help="text, or FILE:path; without it, standard input is read"
    )
    parser.add_argument(
        "--ckpt_path",
        type=Path,
        default=Path("workdirs/hmm"),
        help="folder with model.npz from train.py",
    )
    parser.add_argument(
        "--compare", choices=("jieba",), help="print another segmenter's words below"
    )
    parser.add_argument(
        "--no_fast",
        action="store_true",
        help="without fast.py: the functions of model.py (order 1)",
    )
    parser.add_argument("--encoding", default="utf-8", help="encoding of files and of the pipe")
    return parser


def main(argv=None):
    args = get_parser().parse_args(argv)
    segmenter = load_model(args.ckpt_path, "readable" if args.no_fast else "fast")
    peer = get_jieba() if args.compare else None

    def show(lines):
        segmented = segmenter.segment(lines)
        for words, peer_words in zip(segmented, peer(lines) if peer else [None] * len(lines)):
            print(" ".join(words))
            if peer_words is not None:
                same = "   (the same)" if peer_words == words else ""
                print(f"  {args.compare}: {' '.join(peer_words)}{same}")
        sys.stdout.flush()

    for text in args.text:
        if text.startswith("FILE:"):
            path = Path(text.removeprefix("FILE:"))
            if not path.is_file():
                raise UserError(f"{path} not found")
            with open(path, "rb") as file:
                for lines in blocks([(file, path)], args.encoding):
                    show(lines)
        else:
            show(text.splitlines() or [""])
    if not args.text:
        if sys.stdin.isatty():
            print(translate("Type one line of text at a time; Ctrl-D ends."), file=sys.stderr)
        for lines in blocks([(sys.stdin.buffer, "the pipe")], args.encoding):
            show(lines)


if __name__ == "__main__":
    run(main)
