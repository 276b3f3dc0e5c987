"""Question 3: train word vectors on SST as the assignment does, and draw some of them.

python word2vec_sst/q3_run.py --data_root data/full/sst --ckpt_path workdirs/q3
"""

import json
import random
import sys
import time

import numpy as np
import q3_sgd
import training
from cli import Parser, UserError, command, find_folder, positive, positive_int, run, safe_write
from model import PAD, cbow_rows, skipgram_rows, sum_rows
from plots import plt, save
from q3_word2vec import (
    BATCH,
    cbow,
    draw_negatives,
    negSamplingCostAndGradient,
    skipgram,
    word2vec_sgd_wrapper,
)
from tqdm import tqdm
from treebank import SPLITS, StanfordSentiment

NEGATIVES = 10
LOG_EVERY = 1000  # iterations
FILES = ("saved_params_*.npz", "log.jsonl", "word_vectors.npz", "q3_word_vectors.png")  # of a run
SHOWN = {
    "praise": [
        "good",
        "great",
        "funny",
        "moving",
        "charming",
        "wonderful",
        "brilliant",
        "enjoyable",
        "best",
    ],
    "blame": ["bad", "dull", "boring", "worst", "mess", "predictable", "tedious", "flat", "fails"],
    "film": ["movie", "film", "story", "plot", "actors", "director", "characters"],
    "grammar": ["the", "a", "of", "and", ".", ",", "is", "not"],
}
COLOURS = {"praise": "tab:green", "blame": "tab:red", "film": "tab:blue", "grammar": "tab:gray"}


def get_parser():
    parser = Parser(description="Train word2vec on SST with the settings of the assignment.")
    parser.add_argument("--data_root", default="data/sst", help="folder with train, dev and test")
    parser.add_argument(
        "--text",
        choices=["train", "all"],
        default="train",
        help="whose sentences (never their labels) train the vectors; the assignment takes all",
    )
    parser.add_argument(
        "--engine",
        choices=["question", "batched"],
        default="question",
        help="question: your functions of q3_word2vec.py, window by window; batched: model.py",
    )
    parser.add_argument(
        "--model", choices=["skipgram", "cbow"], default="skipgram", help="which of the two models"
    )
    parser.add_argument("--dim", type=positive_int, default=10, help="width of the vectors")
    parser.add_argument(
        "--window", type=positive_int, default=5, help="largest distance of a context word (C)"
    )
    parser.add_argument(
        "--iters", type=positive_int, default=40_000, help=f"steps of {BATCH} windows each"
    )
    parser.add_argument(
        "--lr", type=positive, default=0.3, help="learning rate; halves every 20,000 iterations"
    )
    training.add_run_flags(parser, "workdirs/q3", seed=None)
    return parser


def start_vectors(V, n):
    """(2V, n): small random input vectors (seed 9265) above output vectors of zeros."""
    uniform = np.random.RandomState(9265).random_sample((V, n))
    return np.concatenate([(uniform - 0.5) / n, np.zeros((V, n))])


def batched_wrapper(word2vecModel, tokens, wordVectors, dataset, C, K=NEGATIVES):
    """word2vec_sgd_wrapper with negative sampling, the same draws in the same order, all windows at once by model.py."""
    N = len(tokens)
    centers, contexts = np.empty(BATCH, int), np.full((BATCH, 2 * C), PAD)
    places = 1 if word2vecModel is cbow else 2 * C
    negatives = np.zeros((BATCH, places, K), int)
    for window in range(BATCH):
        center, context = dataset.getRandomContext(random.randint(1, C))
        centers[window], rows = tokens[center], [tokens[word] for word in context]
        contexts[window, : len(rows)] = rows
        for column, target in enumerate([centers[window]] if word2vecModel is cbow else rows):
            draws = []
            draw_negatives(dataset, target, K, draws)
            negatives[window, column] = [row for row in draws if row != target]
    V, U = wordVectors[:N], wordVectors[N:]
    batch = cbow_rows if word2vecModel is cbow else skipgram_rows
    cost, rows_in, d_in, rows_out, d_out = batch(
        centers, contexts, V, U, negatives[:, 0] if places == 1 else negatives
    )
    grad, scratch = np.zeros(wordVectors.shape), np.empty(N, int)
    for first, rows, values in ((0, rows_in, d_in), (N, rows_out, d_out)):
        rows, sums = sum_rows(rows, values, scratch)
        grad[first + rows] = sums / BATCH
    return cost / BATCH, grad


class Progress:
    """The cost function that sgd sees: counts its calls, shows the smoothed cost, writes a log line now and then."""

    def __init__(self, f, done, iterations, folder, quiet):
        self.f, self.iteration, self.smoothed, self.begin = f, done, None, time.perf_counter()
        self.log = folder / "log.jsonl"
        lines = (
            self.log.read_text(encoding="utf-8").splitlines() if done and self.log.is_file() else []
        )
        self.lines = [line for line in lines if json.loads(line)["iteration"] <= done]
        if self.lines:
            self.smoothed = json.loads(self.lines[-1])["cost"]
        self.bar = tqdm(
            total=iterations, initial=done, disable=quiet, unit="it", dynamic_ncols=True
        )

    def __call__(self, x):
        cost, grad = self.f(x)
        self.iteration += 1
        if self.iteration % 10 == 0:
            now = float(np.squeeze(cost))  # a number in any shape will do
            self.smoothed = now if self.smoothed is None else 0.95 * self.smoothed + 0.05 * now
        if self.iteration % LOG_EVERY == 0:
            self.lines.append(
                json.dumps(
                    {
                        "iteration": self.iteration,
                        "cost": round(self.smoothed, 4),
                        "seconds": round(time.perf_counter() - self.begin, 1),
                    }
                )
            )
            with safe_write(self.log) as file:
                file.write("\n".join(self.lines) + "\n")
            self.bar.set_postfix(cost=f"{self.smoothed:.2f}")
        self.bar.update()
        return cost, grad


def part_labels(ax, labels, rounds=60):
    """Move labels that overlap apart, up and down, a little at a time; their points stay."""
    ax.figure.canvas.draw()
    for _ in range(rounds):
        boxes = [label.get_window_extent() for label in labels]
        shifts = np.zeros(len(labels))
        for i, box in enumerate(boxes):
            for j, earlier in enumerate(boxes[:i]):
                if box.overlaps(earlier):
                    shift = 1.5 if box.y0 + box.y1 >= earlier.y0 + earlier.y1 else -1.5
                    shifts[i] += shift
                    shifts[j] -= shift
        if not shifts.any():
            return
        for label, shift in zip(labels, shifts):
            x, y = label.get_position()
            label.set_position((x, y + shift))


def draw(vectors, tokens, path):
    """Words of SHOWN at their first two principal components."""
    shown = [(word, kind) for kind, words in SHOWN.items() for word in words if word in tokens]
    if len(shown) < 3:
        raise UserError("fewer than three of the words to draw are in the vocabulary")
    rows = vectors[[tokens[word] for word, _ in shown]]
    centred = rows - rows.mean(axis=0)
    _, sizes, axes = np.linalg.svd(centred, full_matrices=False)
    points = centred @ axes[:2].T
    fig, ax = plt.subplots(figsize=(9, 7))
    ax.scatter(points[:, 0], points[:, 1], s=9, c=[COLOURS[kind] for _, kind in shown])
    labels = [
        ax.annotate(
            word if word.isalnum() else f'"{word}"',
            point,
            xytext=(0, 9),
            textcoords="offset points",
            color=COLOURS[kind],
            ha="center",
            va="center",
            fontsize=10,
        )
        for (word, kind), point in zip(shown, points)
    ]
    share = sizes[:2] ** 2 / np.sum(sizes**2)
    ax.set_xlabel(f"first principal component ({share[0]:.0%} of the variance)")
    ax.set_ylabel(f"second principal component ({share[1]:.0%})")
    handles = [
        plt.Line2D([], [], color=COLOURS[kind], marker="s", linestyle="", label=kind)
        for kind in SHOWN
    ]
    ax.legend(handles=handles, loc="best", fontsize=9)
    ax.margins(0.12)
    part_labels(ax, labels)
    ax.set_title(f"Word vectors of SST, {vectors.shape[1]} wide, projected")
    save(fig, path)


def main(argv=None):
    args = get_parser().parse_args(argv)
    folder = q3_sgd.SAVE_FOLDER = args.ckpt_path.expanduser()
    random.seed(314)
    dataset = StanfordSentiment(args.data_root, text=SPLITS if args.text == "all" else ("train",))
    tokens = dataset.tokens()
    if len(tokens) < 2:
        raise UserError(f"{dataset.folder}: a vocabulary of one word has no negatives")
    dataset.allSentences()  # drawn now, so that a resumed run sees the same text
    random.seed(31415)
    print(
        f"{len(tokens)} words, {args.iters} iterations of {BATCH} windows, {args.model}, engine {args.engine}"
    )

    if args.resume:
        find_folder(folder)  # a run that was stopped before its first save starts again
    else:
        training.start_run(folder, FILES, args.overwrite)
        if args.overwrite:
            for path, _ in q3_sgd.saved_files():
                path.unlink()
    saved = q3_sgd.load_saved_params()[0]
    word2vecModel = cbow if args.model == "cbow" else skipgram
    wrapper = batched_wrapper if args.engine == "batched" else word2vec_sgd_wrapper
    more = () if args.engine == "batched" else (negSamplingCostAndGradient,)
    progress = Progress(
        lambda x: wrapper(word2vecModel, tokens, x, dataset, args.window, *more),
        saved,
        args.iters,
        folder,
        args.quiet,
    )
    begin = time.perf_counter()
    try:
        vectors = q3_sgd.sgd(
            progress,
            start_vectors(len(tokens), args.dim),
            args.lr,
            args.iters,
            None,
            True,
            args.iters + 1,
        )
    except KeyboardInterrupt:
        progress.bar.close()
        iteration = q3_sgd.load_saved_params()[0]
        flags = sys.argv[1:] if argv is None else argv
        raise KeyboardInterrupt(
            f"Iteration {iteration} is saved in {folder}; to continue: "
            + command("q3_run.py", *flags, "--resume")
        ) from None
    progress.bar.close()
    seconds = time.perf_counter() - begin

    V = len(tokens)
    with safe_write(folder / "word_vectors.npz", "wb") as file:
        np.savez(file, words=np.array(list(tokens)), vectors=vectors[:V] + vectors[V:])
    draw(vectors[:V] + vectors[V:], tokens, folder / "q3_word_vectors.png")
    cost = "none" if progress.smoothed is None else f"{progress.smoothed:.3f}"
    print(f"last smoothed cost {cost} (the assignment expects about 10 or less), {seconds:.1f} s")
    print(f"wrote {folder / 'word_vectors.npz'} and {folder / 'q3_word_vectors.png'}")


if __name__ == "__main__":
    run(main)
