"""Count a segmenter from prepared text.

python hmm/train.py                              # first order: the homework's HMM
python hmm/train.py --order 2 --ckpt_path workdirs/hmm2
"""

import time
from pathlib import Path

from cli import Parser, UserError, find_folder, run
from segmenter import FirstOrder, SecondOrder, judge, read_sentences
from tqdm import tqdm


def load_prepared(data_root):
    """{"train": sentences, "test": sentences} from the folder's cws.npz."""
    folder = find_folder(data_root, ["cws.npz"], f"python hmm/prepare.py --data_root {data_root}")
    try:
        return read_sentences(folder / "cws.npz")
    except ValueError as error:
        raise UserError(f"{error}; run prepare.py again") from None


def em(segmenter, sentences, steps, quiet):
    """Baum-Welch on the characters alone, from the counted model: the tags are not looked at."""
    symbols = [segmenter.alphabet.symbols("".join(words)) for words in sentences]
    history, count = [], sum(map(len, symbols))
    bar = tqdm(range(steps), desc="Baum-Welch", disable=quiet or not steps)
    for _ in bar:
        history += segmenter.hmm.fit(symbols, iterations=1).log_likelihoods_
        bar.set_postfix_str(f"{history[-1] / count:.4f} nats/char")
    if steps:
        print(
            f"Baum-Welch: log-likelihood {history[0] / count:.4f} -> {history[-1] / count:.4f} nats/char"
        )


def no_negative(text):
    value = float(text)
    if not value >= 0:
        raise ValueError
    return value


def get_parser():
    parser = Parser(description="Train a segmenter.")
    parser.add_argument(
        "--data_root",
        type=Path,
        default=Path("data/cws"),
        help="folder with cws.npz from prepare.py",
    )
    parser.add_argument(
        "--ckpt_path", type=Path, default=Path("workdirs/hmm"), help="folder for model.npz"
    )
    parser.add_argument(
        "--order",
        type=int,
        choices=(1, 2),
        default=1,
        help="1: tags as states; 2: looks back two tags and two characters",
    )
    parser.add_argument(
        "--smoothing",
        type=no_negative,
        default=0.1,
        help="added to each count of an emission (order 1)",
    )
    parser.add_argument(
        "--em_steps", type=int, default=0, help="steps of Baum-Welch after counting (order 1)"
    )
    parser.add_argument("--quiet", action="store_true", help="no bar")
    return parser


def main(argv=None):
    args = get_parser().parse_args(argv)
    if args.order == 2 and args.em_steps:
        raise UserError("--em_steps goes with --order 1")
    parts = load_prepared(args.data_root)
    print("  ".join(f"{name}={value}" for name, value in vars(args).items()))
    began = time.perf_counter()
    if args.order == 1:
        segmenter = FirstOrder().fit(parts["train"], args.smoothing)
        em(segmenter, parts["train"], args.em_steps, args.quiet)
    else:
        segmenter = SecondOrder().fit(parts["train"])
    trained = time.perf_counter() - began
    segmenter.save(args.ckpt_path / "model.npz")
    found = segmenter.segment(["".join(words) for words in parts["test"]])
    result = judge(parts["test"], found, {word for words in parts["train"] for word in words})
    print(
        f"order {args.order}  {len(parts['train'])} sentences  {len(segmenter.alphabet)} symbols  {trained:.2f} s  "
        f"test F1 {result['f1']:.4f}"
    )
    print(f"written: {args.ckpt_path / 'model.npz'}")


if __name__ == "__main__":
    run(main)
