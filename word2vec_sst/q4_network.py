"""Beyond question 4: the word vectors learn too. Means of the vectors of words and word pairs, one hidden layer, softmax,
trained on every labelled phrase of the trees.

    python word2vec_sst/q4_network.py --data_root data/full/sst
"""

import time
import zipfile

import numpy as np
import training
from cli import (
    Parser,
    UserError,
    command,
    find_folder,
    number,
    positive,
    positive_int,
    run,
    safe_write,
)
from model import sum_rows
from plots import plt, save
from q1_softmax import softmax
from q4_softmaxreg import accuracy
from tqdm import tqdm
from treebank import SPLITS

CLASSES = 5
FILES = ("network.npz", "q4_network.png")  # of a run


def get_parser():
    parser = Parser(
        description="Train word vectors and a network for sentiment on all phrases of the trees."
    )
    parser.add_argument(
        "--data_root", default="data/sst", help="folder with sst.npz (prepare.py makes it)"
    )
    parser.add_argument("--dim", type=positive_int, default=50, help="width of the vectors")
    parser.add_argument("--hidden", type=positive_int, default=50, help="hidden units (ReLU)")
    parser.add_argument(
        "--pair_count",
        type=positive_int,
        default=2,
        help="word pairs that train has less often are left out",
    )
    parser.add_argument("--epochs", type=positive_int, default=8, help="times through the phrases")
    parser.add_argument(
        "--batchsize",
        type=positive_int,
        default=64,
        help="sentences a step, with all their phrases",
    )
    parser.add_argument("--lr", type=positive, default=0.05, help="learning rate of Adagrad")
    parser.add_argument(
        "--dropout",
        type=number(0, 1),
        default=0.3,
        help="share of the mean vector's entries that are dropped",
    )
    parser.add_argument(
        "--word_dropout", type=number(0, 1), default=0.2, help="share of the words that are dropped"
    )
    training.add_run_flags(parser, "workdirs/q4_network", "all random numbers", resume=False)
    return parser


class Split:
    """One part of the data: words and pairs (tokens,) as rows, starts (sentences + 1,), labels, spans (phrases, 4).

    A pair is a word and its successor in the sentence; unknown words and pairs have the last row, which stays zero.
    """

    def __init__(self, file, split, V, kept_pairs):
        ids, self.starts = file[f"{split}_ids"].astype(np.int64), file[f"{split}_starts"]
        self.labels, self.spans = (
            file[f"{split}_labels"].astype(int),
            file[f"{split}_spans"].astype(np.int64),
        )
        self.words, keys = np.where(ids < 0, V, ids), pair_keys(ids, self.starts, V)
        index = np.minimum(np.searchsorted(kept_pairs, keys), max(len(kept_pairs) - 1, 0))
        is_kept = kept_pairs[index] == keys if len(kept_pairs) else np.zeros(len(keys), bool)
        self.pairs = np.where(is_kept, index, len(kept_pairs))
        self.phrase_starts = np.searchsorted(self.spans[:, 0], np.arange(len(self.starts)))

    def whole(self):
        """First word and end of every sentence."""
        return self.starts[:-1], self.starts[1:]

    def batch(self, sentences):
        """words, pairs of some sentences put one behind the other; first, end, label of all their phrases."""
        lengths = self.starts[sentences + 1] - self.starts[sentences]
        tokens = np.concatenate([np.arange(self.starts[s], self.starts[s + 1]) for s in sentences])
        spans = np.concatenate(
            [self.spans[self.phrase_starts[s] : self.phrase_starts[s + 1]] for s in sentences]
        )
        counts = self.phrase_starts[sentences + 1] - self.phrase_starts[sentences]
        offset = np.repeat(np.cumsum(lengths) - lengths, counts)
        return (
            self.words[tokens],
            self.pairs[tokens],
            spans[:, 1] + offset,
            spans[:, 2] + offset,
            spans[:, 3],
        )


def pair_keys(ids, starts, V):
    """(tokens,) a number for each word and its successor, -1 at the end of a sentence and beside unknown words."""
    following = np.append(ids[1:], -1)
    keys = np.where((ids < 0) | (following < 0), -1, ids * V + following)
    keys[starts[1:] - 1] = -1
    return keys


def sums(values, first, end):
    """(phrases, n): sums of values (tokens, n) from first to before end, by running sums: a phrase costs two rows."""
    running = np.zeros((len(values) + 1, values.shape[1]))
    np.cumsum(values, axis=0, out=running[1:])
    return running[end] - running[first]


def spread(d, first, end, tokens):
    """The gradient of `sums`: (tokens, n), each phrase's gradient on each of its words, by running sums again."""
    n = d.shape[1]
    edges = np.zeros((tokens + 1) * n)
    columns = np.arange(n)
    np.add.at(edges, (first[:, None] * n + columns).ravel(), d.ravel())
    np.subtract.at(edges, (end[:, None] * n + columns).ravel(), d.ravel())
    return np.cumsum(edges.reshape(-1, n), axis=0)[:-1]


class Network:
    """Word vectors E (V + 1, n), pair vectors F, hidden layer W1 b1, output layer W2 b2; Adagrad for all of them."""

    def __init__(self, V, pairs, args):
        self.rng, n, H = np.random.default_rng(args.seed), args.dim, args.hidden
        self.args, self.V = args, V
        self.E, self.F = self.rng.standard_normal((V + 1, n)) * 0.1, np.zeros((pairs + 1, n))
        self.E[V] = 0
        self.W1, self.b1 = self.rng.standard_normal((n, H)) * np.sqrt(2 / n), np.zeros(H)
        self.W2, self.b2 = self.rng.standard_normal((H, CLASSES)) * 0.1, np.zeros(CLASSES)
        self.squares = {
            name: np.full(
                table.shape if table.ndim == 1 or name[0] == "W" else (len(table), 1), 1e-6
            )
            for name, table in self.tables().items()
        }

    def tables(self):
        """All parameters by name."""
        return {name: getattr(self, name) for name in ("E", "F", "W1", "b1", "W2", "b2")}

    def means(self, words, pairs, first, end):
        """(phrases, n): mean of the vectors of a phrase's words, with those of the pairs inside it."""
        inside = np.maximum(end - 1, first)  # a phrase of k words has k - 1 pairs
        return (sums(self.E[words], first, end) + sums(self.F[pairs], first, inside)) / (
            end - first
        )[:, None]

    def scores(self, split):
        """(sentences, CLASSES) scores of whole sentences."""
        x = self.means(split.words, split.pairs, *split.whole())
        return np.maximum(0, x @ self.W1 + self.b1) @ self.W2 + self.b2

    def descend(self, name, d, rows=slice(None)):
        """One step of Adagrad: one learning rate a number in the layers, one a row in the vectors."""
        table, squares = getattr(self, name), self.squares[name]
        squares[rows] += (
            d * d if squares.shape == table.shape else np.mean(d * d, axis=1, keepdims=True)
        )
        table[rows] -= self.args.lr * d / np.sqrt(squares[rows])

    def step(self, words, pairs, first, end, labels, sentences):
        """Train on the phrases of a batch: the summed cross entropy (nats). The gradient is of the sum a sentence."""
        drop = self.rng.random((2, len(words))) < self.args.word_dropout
        words, pairs = np.where(drop[0], self.V, words), np.where(drop[1], len(self.F) - 1, pairs)
        x = self.means(words, pairs, first, end)
        keep = (self.rng.random(x.shape) >= self.args.dropout) / (1 - self.args.dropout)
        x = x * keep
        h = np.maximum(0, x @ self.W1 + self.b1)
        p = softmax(h @ self.W2 + self.b2)
        each = np.arange(len(labels))
        cost = -np.sum(np.log(np.maximum(p[each, labels], 1e-12)))
        p[each, labels] -= 1
        d = p / sentences
        dh = d @ self.W2.T * (h > 0)
        dx = dh @ self.W1.T * keep / (end - first)[:, None]
        gradients = {"W2": h.T @ d, "b2": d.sum(axis=0), "W1": x.T @ dh, "b1": dh.sum(axis=0)}
        for name, gradient in gradients.items():
            self.descend(name, gradient)
        for name, rows, stop in (("E", words, end), ("F", pairs, np.maximum(end - 1, first))):
            distinct, total = sum_rows(
                rows, spread(dx, first, stop, len(words)), np.empty(len(getattr(self, name)), int)
            )
            self.descend(name, total, distinct)
            getattr(self, name)[-1] = 0
        return cost


def read(data_root, pair_count):
    """words, {split: Split}, number of pairs, from sst.npz."""
    fill = command("prepare.py", "--data_root", data_root)
    folder = find_folder(data_root, ["sst.npz"], fill)
    try:
        with np.load(folder / "sst.npz", allow_pickle=False) as file:
            V = len(file["words"])
            keys = pair_keys(file["train_ids"].astype(np.int64), file["train_starts"], V)
            kept, counts = np.unique(keys[keys >= 0], return_counts=True)
            kept = kept[counts >= pair_count]
            return (
                file["words"],
                {split: Split(file, split, V, kept) for split in SPLITS},
                len(kept),
            )
    except (ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise UserError(f"{folder / 'sst.npz'} is damaged ({error}); run: {fill}") from None


def draw(rows, best, path):
    """Accuracy of train and dev by epoch."""
    fig, ax = plt.subplots(figsize=(6.5, 4.2))
    for split, style in (("train", "-"), ("dev", "--")):
        ax.plot(
            [row["epoch"] for row in rows],
            [row[split] for row in rows],
            style,
            marker=".",
            label=split,
        )
    ax.plot(
        [best["epoch"]],
        [best["dev"]],
        "o",
        markersize=11,
        markerfacecolor="none",
        color="tab:red",
        label=f"chosen on dev: epoch {best['epoch']}",
    )
    ax.set(
        xlabel="epoch",
        ylabel="accuracy in percent",
        title="Sentiment of SST, vectors trained on all phrases",
        xticks=[row["epoch"] for row in rows],
    )
    ax.legend()
    ax.grid(alpha=0.3)
    save(fig, path)


def main(argv=None):
    args = get_parser().parse_args(argv)
    words, splits, pairs = read(args.data_root, args.pair_count)
    network, train, folder = (
        Network(len(words), pairs, args),
        splits["train"],
        training.start_run(args.ckpt_path, FILES, args.overwrite),
    )
    print(f"{len(words):,} words, {pairs:,} pairs, {len(train.spans):,} labelled phrases")
    rows, kept, begin = [], None, time.perf_counter()
    for epoch in range(1, args.epochs + 1):
        order, cost = network.rng.permutation(len(train.labels)), 0.0
        bar = tqdm(
            range(0, len(order), args.batchsize),
            disable=args.quiet,
            leave=False,
            desc=f"epoch {epoch}",
        )
        for batch_start in bar:
            chosen = order[batch_start : batch_start + args.batchsize]
            cost += network.step(*train.batch(chosen), len(chosen))
        row = {"epoch": epoch} | {
            split: accuracy(splits[split].labels, np.argmax(network.scores(splits[split]), axis=1))
            for split in SPLITS
        }
        if not rows or row["dev"] > max(old["dev"] for old in rows):
            kept = {name: table.copy() for name, table in network.tables().items()}
        rows.append(row)
        print(
            f"epoch {epoch:2}  cost {cost / len(train.spans):.4f} nats/phrase  train {row['train']:.2f}  "
            f"dev {row['dev']:.2f} %  {time.perf_counter() - begin:.1f} s",
            flush=True,
        )
    best = max(rows, key=lambda row: row["dev"])
    with safe_write(folder / "network.npz", "wb") as file:
        np.savez(file, words=words, **kept)
    draw(rows, best, folder / "q4_network.png")
    print(
        f"chosen on dev: epoch {best['epoch']}; train {best['train']:.2f} %, dev {best['dev']:.2f} %, "
        f"test {best['test']:.2f} %; wrote {folder / 'network.npz'} and {folder / 'q4_network.png'}"
    )


if __name__ == "__main__":
    run(main)
