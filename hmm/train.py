"""Train a segmenter by counting prepared text.

python hmm/train.py                              # first order: the homework's HMM
python hmm/train.py --order 2 --ckpt_path workdirs/hmm2
"""

import time
from pathlib import Path

import training
from cli import Parser, UserError, command, find_folder, number, run
from segmenter import FirstOrder, SecondOrder, judge, read_sentences
from tqdm import tqdm


def load_prepared(data_root):
    """{"train": sentences, "test": sentences} from the folder's cws.npz."""
    folder = find_folder(data_root, ["cws.npz"], command("prepare.py", "--data_root", data_root))
    try:
        return read_sentences(folder / "cws.npz")
    except ValueError as error:
        raise UserError(
            f"{error}; run again: {command('prepare.py', '--data_root', data_root)}"
        ) from None


def em(segmenter, sentences, iters, quiet):
    """Baum-Welch on the characters alone, starting from the counted model; the tags are not used."""
    symbols = [segmenter.alphabet.symbols("".join(words)) for words in sentences]
    history, count = [], sum(map(len, symbols))
    bar = tqdm(range(iters), desc="Baum-Welch", disable=quiet or not iters)
    for _ in bar:
        history += segmenter.hmm.fit(symbols, iterations=1).log_likelihoods_
        bar.set_postfix_str(f"{history[-1] / count:.4f} nats/char")
    if iters:
        print(
            f"Baum-Welch: log-likelihood {history[0] / count:.4f} -> {history[-1] / count:.4f} nats/char"
        )


def get_parser():
    parser = Parser(description="Train a segmenter.")
    parser.add_argument(
        "--data_root",
        type=Path,
        default=Path("data/cws"),
        help="folder with cws.npz from prepare.py",
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
        type=number(0),
        default=0.1,
        help="added to each count of an emission (order 1)",
    )
    parser.add_argument(
        "--em_iters",
        type=number(0, kind=int),
        default=0,
        help="iterations of Baum-Welch after counting (order 1)",
    )
    training.add_run_flags(parser, "workdirs/hmm", seed=None, resume=False)
    return parser


def main(argv=None):
    args = get_parser().parse_args(argv)
    if args.order == 2 and args.em_iters:
        raise UserError("--em_iters goes with --order 1")
    parts = load_prepared(args.data_root)
    print(training.describe(training.settings_of(args)))
    began = time.perf_counter()
    if args.order == 1:
        segmenter = FirstOrder().fit(parts["train"], args.smoothing)
        em(segmenter, parts["train"], args.em_iters, args.quiet)
    else:
        segmenter = SecondOrder().fit(parts["train"])
    trained = time.perf_counter() - began
    folder = training.start_run(args.ckpt_path, ("model.npz",), args.overwrite)
    segmenter.save(folder / "model.npz")
    predicted = segmenter.segment(["".join(words) for words in parts["test"]])
    result = judge(parts["test"], predicted, {word for words in parts["train"] for word in words})
    print(
        f"order {args.order}  {len(parts['train'])} sentences  {len(segmenter.alphabet)} symbols  {trained:.2f} s  "
        f"test F1 {result['f1']:.4f}"
    )
    print(f"written: {folder / 'model.npz'}")


if __name__ == "__main__":
    run(main)
