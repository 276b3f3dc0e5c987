"""Train word vectors fast: model.py's losses over whole stretches of text, with negatives that neighbours share.

python word2vec_sst/train.py --data_root data/sst --ckpt_path workdirs/word2vec
"""

import time
import zipfile

import numpy as np
import training
from cli import Parser, UserError, command, find_folder, number, positive, positive_int, run
from model import shared_cbow, shared_skipgram, sum_rows
from numpy.lib.stride_tricks import as_strided
from tqdm import tqdm
from vectors import save_vectors

CHUNK = 2_000_000  # words that are prepared at once: memory stays bounded for a long text
TABLE = 2_000_000  # entries of the table that negatives are drawn from
FILES = ("ckpt.npz", "vectors.npz", "vectors.txt")  # of a run


def get_parser():
    parser = Parser(description="Train word2vec on prepared text.")
    parser.add_argument(
        "--data_root", default="data/sst", help="folder with sst.npz (prepare.py makes it)"
    )
    parser.add_argument(
        "--model", choices=["skipgram", "cbow"], default="skipgram", help="which of the two models"
    )
    parser.add_argument("--dim", type=positive_int, default=100, help="width of the vectors")
    parser.add_argument(
        "--window", type=positive_int, default=5, help="largest distance of a context word"
    )
    parser.add_argument(
        "--negatives", type=positive_int, default=10, help="negatives of each pair (K)"
    )
    parser.add_argument(
        "--shared",
        type=positive_int,
        default=32,
        help="negatives that a group of windows shares (S)",
    )
    parser.add_argument("--epochs", type=positive_int, default=15, help="times through the text")
    parser.add_argument(
        "--subsample",
        type=number(0),
        default=1e-3,
        help="threshold that thins frequent words; 0: keep all",
    )
    parser.add_argument(
        "--lr", type=positive, default=0.3, help="learning rate of Adagrad at the start; falls to 0"
    )
    training.add_run_flags(parser, "workdirs/word2vec", "all random numbers")
    return parser


class Text:
    """Prepared text: words, counts, ids of the known words (tokens,) and the sentence of each."""

    def __init__(self, words, counts, ids, starts):
        is_known = ids >= 0
        sentence = np.repeat(np.arange(len(starts) - 1, dtype=np.int32), np.diff(starts))
        self.words, self.counts, self.ids, self.sentence = (
            words,
            counts,
            ids[is_known],
            sentence[is_known],
        )


def read_text(data_root):
    """Text of the train part in sst.npz."""
    fill = command("prepare.py", "--data_root", data_root)
    folder = find_folder(data_root, ["sst.npz"], fill)
    try:
        with np.load(folder / "sst.npz", allow_pickle=False) as file:
            text = Text(file["words"], file["counts"], file["train_ids"], file["train_starts"])
    except (ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise UserError(f"{folder / 'sst.npz'} is damaged ({error}); run: {fill}") from None
    if len(text.words) < 2:
        raise UserError(
            f"{folder / 'sst.npz'}: a vocabulary of one word has no negatives: every draw is the target"
        )
    return text


def keep_share(counts, subsample):
    """Probability with which each word stays in the text: all of a rare word, a part of a frequent one."""
    if not subsample:
        return np.ones(len(counts), np.float32)
    ratio = subsample / (counts / counts.sum())
    return np.minimum(1, np.sqrt(ratio) + ratio).astype(np.float32)


def negative_table(counts):
    """Rows in proportion to count^(3/4), each at least once: a uniform draw from it is a negative."""
    share = counts**0.75 / np.sum(counts**0.75)
    return np.repeat(
        np.arange(len(counts), dtype=np.int32), np.maximum(1, np.round(share * TABLE)).astype(int)
    )


class Layout:
    """How a stretch of text is cut: G groups of L centres, each with M = L + 2 * window places around it."""

    def __init__(self, window, G=32, L=32):
        self.window, self.G, self.L = window, G, max(L, 2 * window)
        self.M, self.centres = self.L + 2 * window, self.G * self.L
        distance = np.abs(np.arange(self.L)[:, None] + window - np.arange(self.M))
        self.distance = np.where(distance == 0, np.iinfo(np.int16).max, distance).astype(
            np.int16
        )  # not its own context

    def places(self, strip):
        """(G, M, ...) view of strip (centres + 2 * window, ...): each group's places."""
        step = strip.strides[0]
        return as_strided(
            strip, (self.G, self.M, *strip.shape[1:]), (step * self.L, step, *strip.strides[1:])
        )

    def inner(self, strip):
        """(G, L, ...) view of strip: each group's centres."""
        return strip[self.window : self.window + self.centres].reshape(
            self.G, self.L, *strip.shape[1:]
        )

    def pairs(self, sentence, rng):
        """(G, L, M) float32: 1 where a place is in the context of a centre: within its random reach, same sentence."""
        reach = rng.integers(1, self.window + 1, (self.G, self.L, 1), dtype=np.int16)
        centre_sentence = self.inner(sentence)[:, :, None]
        same = (self.places(sentence)[:, None, :] == centre_sentence) & (centre_sentence >= 0)
        return ((self.distance <= reach) & same).astype(np.float32)

    def fold(self, d_places):
        """(centres + 2 * window, n): gradients by place, (G, M, n), summed where neighbouring groups overlap."""
        n, halo = d_places.shape[2], 2 * self.window
        strip = np.empty((self.centres + halo, n), d_places.dtype)
        strip[: self.centres].reshape(self.G, self.L, n)[:] = d_places[:, : self.L]
        strip[self.centres :] = d_places[-1, self.L :]
        strip[self.L : self.centres].reshape(self.G - 1, self.L, n)[:, :halo] += d_places[
            :-1, self.L :
        ]
        return strip


def strips(text, keep, layout, rng):
    """(ids, sentence) of stretches of text, centres + 2 * window long, thinned by `keep`; sentence -1 is padding."""
    for begin in range(0, len(text.ids), CHUNK):
        ids, sentence = text.ids[begin : begin + CHUNK], text.sentence[begin : begin + CHUNK]
        kept = rng.random(len(ids), dtype=np.float32) < keep[ids]
        padding = layout.window, layout.window + -np.count_nonzero(kept) % layout.centres
        ids, sentence = (
            np.pad(ids[kept], padding),
            np.pad(sentence[kept], padding, constant_values=-1),
        )
        for strip_start in range(0, len(ids) - 2 * layout.window, layout.centres):
            stretch = slice(strip_start, strip_start + layout.centres + 2 * layout.window)
            yield ids[stretch], sentence[stretch]


class Trainer:
    """Input vectors V and output vectors U (words, n), float32, and Adagrad's sums of squares, one number a row."""

    def __init__(self, counts, args):
        self.rng = np.random.default_rng(args.seed)
        self.cbow, self.K, self.S = args.model == "cbow", args.negatives, args.shared
        self.keep, self.table = keep_share(counts, args.subsample), negative_table(counts)
        self.layout, n = Layout(args.window), args.dim
        self.V = (self.rng.random((len(counts), n), dtype=np.float32) - 0.5) / n
        self.U = np.zeros((len(counts), n), np.float32)
        self.squares = np.full((2, len(counts)), 1e-8, np.float32)
        self.scratch = np.empty(len(counts), np.int64)
        self.done = 0  # epochs

    def update(self, table, squares, rows, d, rate):
        """One step of Adagrad on the rows that occur."""
        rows, sums = sum_rows(rows, d, self.scratch)
        squares[rows] += np.einsum("rn,rn->r", sums, sums) / sums.shape[1]
        table[rows] -= (rate / np.sqrt(squares[rows]))[:, None] * sums

    def step(self, ids, sentence, rate, with_cost):
        """Train on one stretch: (cost, windows, pairs); cost is None without with_cost."""
        layout = self.layout
        pairs = layout.pairs(sentence, self.rng)  # (G, L, M)
        negatives = self.table[self.rng.integers(0, len(self.table), (layout.G, self.S))]
        centres, d_neg_shape = layout.inner(ids), (layout.G * self.S, self.V.shape[1])
        if self.cbow:
            counts = (pairs.sum(axis=2, keepdims=True) > 0) & (
                centres[:, :, None] != negatives[:, None]
            )
            weight = counts.astype(np.float32) * (self.K / self.S)  # (G, L, S)
            cost, d_in, d_out, d_neg = shared_cbow(
                layout.places(self.V[ids]),
                self.U[centres],
                self.U[negatives],
                pairs,
                weight,
                with_cost,
            )
            d_in, d_out, rows_in, rows_out = (
                layout.fold(d_in),
                d_out.reshape(-1, d_out.shape[2]),
                ids,
                centres.ravel(),
            )
        else:
            equal = (layout.places(ids)[:, :, None] == negatives[:, None]).astype(
                np.float32
            )  # (G, M, S)
            weight = (self.K / self.S) * (pairs.sum(axis=2, keepdims=True) - pairs @ equal)
            cost, d_in, d_out, d_neg = shared_skipgram(
                self.V[centres],
                layout.places(self.U[ids]),
                self.U[negatives],
                pairs,
                weight,
                with_cost,
            )
            d_in, d_out, rows_in, rows_out = (
                d_in.reshape(-1, d_in.shape[2]),
                layout.fold(d_out),
                centres.ravel(),
                ids,
            )
        self.update(self.V, self.squares[0], rows_in, d_in, rate)
        self.update(
            self.U,
            self.squares[1],
            np.concatenate([rows_out, negatives.ravel()]),
            np.concatenate([d_out, d_neg.reshape(d_neg_shape)]),
            rate,
        )
        return (
            cost,
            int(np.count_nonzero(sentence[layout.window : layout.window + layout.centres] >= 0)),
            pairs.sum(),
        )

    def epoch(self, text, rate, end_rate, bar):
        """Once through the text, with a rate that falls from rate to end_rate: (mean cost a pair, windows)."""
        costs, counted, windows, words_read = 0.0, 0.0, 0, 0
        expected = max(
            1.0,
            float(self.keep[text.ids].sum())
            if len(text.ids) <= CHUNK
            else len(text.ids) * float(self.keep[text.ids[:CHUNK]].mean()),
        )
        for index, (ids, sentence) in enumerate(strips(text, self.keep, self.layout, self.rng)):
            share = min(1.0, words_read / expected)
            cost, count, pairs = self.step(
                ids, sentence, rate + (end_rate - rate) * share, index % 32 == 0
            )
            if cost is not None:
                costs, counted = costs + cost, counted + pairs
                bar.set_postfix(cost=f"{costs / max(counted, 1):.3f}", refresh=False)
            words_read += count
            windows += count
            bar.update(round(count * len(text.ids) / expected))
        self.done += 1
        return costs / max(counted, 1), windows


def save_checkpoint(trainer, settings, folder):
    """ckpt.npz: everything that the next epoch needs."""
    header = {
        "settings": settings,
        "done": trainer.done,
        "random": trainer.rng.bit_generator.state,
    }
    arrays = {"V": trainer.V, "U": trainer.U, "squares": trainer.squares}
    with training.writing(folder):
        training.save_arrays(folder / "ckpt.npz", header, arrays)


def load_checkpoint(trainer, header, arrays, path):
    """Copy what load_arrays read from ckpt.npz into the trainer. Raises UserError if it has another vocabulary."""
    if arrays["V"].shape != trainer.V.shape:
        raise UserError(
            f"{path} has {len(arrays['V']):,} words, the text has {len(trainer.V):,}; give its own --data_root, or "
            "start another run in another --ckpt_path"
        )
    trainer.V, trainer.U, trainer.squares = arrays["V"], arrays["U"], arrays["squares"]
    trainer.done, trainer.rng.bit_generator.state = header["done"], header["random"]


def main(argv=None):
    parser = get_parser()
    args = parser.parse_args(argv)
    text, folder = read_text(args.data_root), args.ckpt_path.expanduser()
    if args.resume:
        find_folder(folder, FILES[:1], command("train.py", "--ckpt_path", folder))
        header, arrays = training.load_arrays(folder / FILES[0])
        training.restore_settings(args, parser.given, header["settings"], free=("epochs",))
    else:
        training.start_run(folder, FILES, args.overwrite)
    settings = training.settings_of(args)
    print(training.describe(settings))
    trainer = Trainer(text.counts, args)
    if args.resume:
        load_checkpoint(trainer, header, arrays, folder / FILES[0])
    windows, first, begin = 0, trainer.done, time.perf_counter()
    bar = tqdm(
        total=args.epochs * len(text.ids),
        initial=first * len(text.ids),
        disable=args.quiet,
        unit="words",
        unit_scale=True,
        dynamic_ncols=True,
    )
    try:
        while trainer.done < args.epochs:
            part = 1 / args.epochs
            rates = [args.lr * max(1 - (trainer.done + k) * part, 1e-3) for k in (0, 1)]
            cost, count = trainer.epoch(text, *rates, bar)
            windows += count
            save_checkpoint(trainer, settings, folder)
            tqdm.write(
                f"epoch {trainer.done:3}  cost {cost:.4f} nats/pair  {time.perf_counter() - begin:6.1f} s"
            )
    except KeyboardInterrupt:
        bar.close()
        raise KeyboardInterrupt(
            f"{trainer.done} epochs are saved in {folder / 'ckpt.npz'}; to continue: "
            + command("train.py", "--data_root", args.data_root, "--ckpt_path", folder, "--resume")
        ) from None
    bar.close()
    seconds = time.perf_counter() - begin
    save_vectors(folder, text.words, trainer.V, trainer.U)
    words = (trainer.done - first) * len(text.ids)
    print(
        f"{words:,} words, {windows:,} windows in {seconds:.1f} s: {words / max(seconds, 1e-9):,.0f} words/s; "
        f"wrote {folder / 'vectors.npz'} and {folder / 'vectors.txt'}"
    )


if __name__ == "__main__":
    run(main)
