"""Words per second and usefulness of word2vec_sst's training beside gensim: same tokens, width, window, negatives, epochs.

    python word2vec_sst/prepare.py --data_root data/full/sst
    python benchmarks/word2vec.py --data_root data/full/sst

One thread each, turn by turn in one process (medians of the rounds). Useful: accuracy of softmax regression on the mean
of each sentence's vectors, regularisation chosen on dev (word2vec_sst/q4_sentiment.py), for input vectors alone and for
input + output, the better one on dev. `--repeat` copies of the text show whether the time of a word grows with the text.
gensim is an optional extra: pip install -r benchmarks/requirements.txt
"""

import argparse
import os
import statistics
import sys
import time
from pathlib import Path

for name in (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
):  # before numpy is loaded
    os.environ[name] = "1"

import numpy as np  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "word2vec_sst"))
import q4_sentiment  # noqa: E402
import train  # noqa: E402
from q4_softmaxreg import accuracy  # noqa: E402


class NoBar:
    """A progress bar that shows nothing."""

    def update(self, count):
        """Nothing."""

    def set_postfix(self, **figures):
        """Nothing."""


def ours(text, args, sample, seed):
    """(seconds, input vectors, output vectors) of train.py."""
    flags = [
        "--dim",
        args.dim,
        "--window",
        args.window,
        "--negatives",
        args.negatives,
        "--epochs",
        args.epochs,
        "--subsample",
        sample,
        "--seed",
        seed,
    ]
    settings = train.get_parser().parse_args(list(map(str, flags)))
    begin = time.perf_counter()
    trainer = train.Trainer(text.counts, settings)
    for epoch in range(args.epochs):
        rates = [settings.rate * max(1 - (epoch + k) / args.epochs, 1e-3) for k in (0, 1)]
        trainer.epoch(text, *rates, NoBar())
    return time.perf_counter() - begin, trainer.V, trainer.U


def gensims(sentences, words, args, sample, seed):
    """(seconds of training alone, input vectors, output vectors) of gensim with one worker, rows as in `words`."""
    from gensim.models import Word2Vec

    model = Word2Vec(
        vector_size=args.dim,
        window=args.window,
        negative=args.negatives,
        sg=1,
        min_count=1,
        workers=1,
        sample=sample,
        seed=seed + 1,
    )
    model.build_vocab(sentences)
    begin = time.perf_counter()
    model.train(sentences, total_examples=len(sentences), epochs=args.epochs)
    seconds = time.perf_counter() - begin
    rows = [model.wv.key_to_index[word] for word in words]
    return seconds, model.wv.vectors[rows], model.syn1neg[rows]


def dev_accuracy(vectors, parts):
    """Best dev accuracy over the regularisation strengths. parts: {split: (list of rows of each sentence, labels)}."""
    features = {
        split: np.array(
            [
                vectors[rows].mean(axis=0) if len(rows) else np.zeros(vectors.shape[1])
                for rows in sentences
            ]
        )
        for split, (sentences, _) in parts.items()
    }
    mean, scale = features["train"].mean(axis=0), features["train"].std(axis=0) + 1e-12
    features = {
        split: q4_sentiment.standardize(x.astype(float), mean, scale)
        for split, x in features.items()
    }
    settings, weights, best = (
        argparse.Namespace(solver="lbfgs"),
        np.zeros((vectors.shape[1] + 1, 5)),
        0.0,
    )
    for reg in sorted(q4_sentiment.getRegularizationValues(), reverse=True):
        weights = q4_sentiment.fit(features["train"], parts["train"][1], reg, weights, settings)
        best = max(best, accuracy(parts["dev"][1], np.argmax(features["dev"] @ weights, axis=1)))
    return best


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--data_root", default="data/sst", help="folder with sst.npz (word2vec_sst/prepare.py)"
    )
    parser.add_argument("--dim", type=int, default=100)
    parser.add_argument("--window", type=int, default=5)
    parser.add_argument("--negatives", type=int, default=10)
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument(
        "--samples", type=float, nargs="+", default=[1e-3, 0], help="thresholds of subsampling"
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--repeat",
        type=int,
        nargs="*",
        default=[1, 10, 100],
        help="copies of the text, train.py alone",
    )
    args = parser.parse_args()
    text = train.read_text(args.data_root)
    with np.load(train.find_folder(args.data_root, ["sst.npz"]) / "sst.npz") as file:
        parts = {
            split: (
                [
                    rows[rows >= 0]
                    for rows in np.split(file[f"{split}_ids"], file[f"{split}_starts"][1:-1])
                ],
                file[f"{split}_labels"].astype(int),
            )
            for split in ("train", "dev")
        }
    words = text.words.tolist()
    sentences = [[words[row] for row in rows] for rows in parts["train"][0]]
    peers = {"train.py": lambda sample, seed: ours(text, args, sample, seed)}
    try:
        import gensim

        peers[f"gensim {gensim.__version__}"] = lambda sample, seed: gensims(
            sentences, words, args, sample, seed
        )
    except ImportError:
        print(
            "gensim is not installed: only our own figures (pip install -r benchmarks/requirements.txt)"
        )
    print(
        f"{len(text.ids):,} words, {len(words):,} distinct; width {args.dim}, window {args.window}, {args.negatives} "
        f"negatives, {args.epochs} epochs, skip-gram, one thread; medians of {args.rounds} seeds"
    )
    for sample in args.samples:
        speeds, useful = {name: [] for name in peers}, {name: [] for name in peers}
        for seed in range(args.rounds):
            for name, peer in peers.items():
                seconds, V, U = peer(sample, seed)
                speeds[name].append(args.epochs * len(text.ids) / seconds)
                useful[name].append(max(dev_accuracy(V, parts), dev_accuracy(V + U, parts)))
        base = statistics.median(list(speeds.values())[-1])
        for name in peers:
            speed = statistics.median(speeds[name])
            print(
                f"subsample {sample:g}  {name:14} {speed:9,.0f} words/s  x{speed / base:4.2f}   dev accuracy "
                f"{statistics.median(useful[name]):.2f} % ({' '.join(f'{value:.2f}' for value in useful[name])})"
            )
    settings = train.get_parser().parse_args(["--dim", str(args.dim), "--window", str(args.window)])
    for copies in args.repeat:
        longer = object.__new__(train.Text)
        longer.words, longer.counts = text.words, text.counts * copies
        longer.ids = np.tile(text.ids, copies)
        longer.sentence = np.concatenate(
            [text.sentence + copy * (text.sentence[-1] + 1) for copy in range(copies)]
        )
        trainer, begin = train.Trainer(longer.counts, settings), time.perf_counter()
        _, windows = trainer.epoch(longer, settings.rate, settings.rate, NoBar())
        seconds = time.perf_counter() - begin
        print(
            f"text x{copies:<4} {len(longer.ids):11,} words  {1e6 * seconds / windows:6.2f} us a window  {seconds:6.1f} s"
        )


if __name__ == "__main__":
    main()
