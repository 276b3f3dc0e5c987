"""How waimai_cls feeds its models, compared with plain batching: padding wasted, and words per second in training.

    python benchmarks/waimai.py --data_root data/full/waimai_10k

Plain: batches of random texts, each padded to its longest, the embedding looked up in every epoch. Ours: batches of
texts of similar length; averages of frozen vectors are computed once. Same model (one direction, state of the last word),
same texts, same batch size and optimizer; both ways take turns in one process, medians of the rounds.
"""

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "waimai_cls"))
from data_processor import Batches, load_data  # noqa: E402
from model import build_model  # noqa: E402
from prepare import prepare, read_and_cut, write  # noqa: E402
from train import AverageBatches, Averages, averages_can_be_kept, make_optimizer, train_step  # noqa: E402

MODELS = {"mean": {}, "rnn": {}, "gru": {}, "cnn": {}, "transformer": {}}


def random_batches(data, rng):
    """Batches of texts in random order."""
    order = rng.permutation(len(data.texts))
    return [order[start : start + data.batchsize] for start in range(0, len(order), data.batchsize)]


def waste(data, groups):
    """Share of the padded tokens that are padding."""
    padded = sum(len(group) * data.lengths[group].max() for group in groups)
    return 1 - data.lengths.sum() / padded


def epoch(net, batches, optimizer):
    """Seconds of one pass over the batches."""
    start = time.perf_counter()
    for batch in batches:
        train_step(net, batch, optimizer)
    return time.perf_counter() - start


def measure(name, data, rounds, hidden, texts):
    """Median words per second of both ways, and the seconds of computing the averages."""
    part = data if name == "mean" else shorter(data, texts)
    nets, seconds, once = {}, {"plain": [], "ours": []}, 0.0
    for way in seconds:
        torch.manual_seed(0)
        model = build_model(
            name, *data.vectors.shape, hidden=hidden, vectors=data.vectors, **MODELS[name]
        )
        net, batches = model, part
        if way == "ours" and averages_can_be_kept(model):
            start = time.perf_counter()
            net, batches = Averages(model), AverageBatches(model, part)
            once = time.perf_counter() - start
        nets[way] = net, batches, make_optimizer(net, 3e-5)
    for number in range(rounds + 1):
        rng = np.random.default_rng(number)
        for way, (net, batches, optimizer) in nets.items():
            groups = (
                (batches.pick(rows) for rows in random_batches(batches, rng))
                if way == "plain"
                else batches.epoch(rng)
            )
            seconds[way].append(epoch(net, groups, optimizer))
    words = int(part.lengths.sum())
    return {way: words / statistics.median(taken[1:]) for way, taken in seconds.items()} | {
        "once": once
    }


def shorter(data, count):
    """The same kind of data with at most `count` texts, drawn at random."""
    chosen = np.random.default_rng(0).permutation(len(data.texts))[:count]
    return Batches([data.texts[index] for index in chosen], data.labels[chosen], data.batchsize)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data_root", type=Path, default=ROOT / "data" / "waimai_10k")
    parser.add_argument(
        "--rounds", type=int, default=5, help="measured epochs of each way (one more warms up)"
    )
    parser.add_argument("--batchsize", type=int, default=32, help="texts in a batch")
    parser.add_argument("--hidden", type=int, default=300, help="width of the states")
    parser.add_argument(
        "--texts", type=int, default=2000, help="texts for the models that are slow"
    )
    parser.add_argument("--threads", type=int, default=2, help="CPU threads")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), *prepare(read_and_cut(args.data_root)))
        data = load_data(folder, "train", args.batchsize)
    rng = np.random.default_rng(0)
    plain, ours = waste(data, random_batches(data, rng)), waste(data, data.groups(rng))
    print(
        f"{len(data.texts)} texts, {data.lengths.sum()} words, batches of {args.batchsize}, {args.threads} threads, "
        f"torch {torch.__version__}"
    )
    print(f"padding among the tokens: plain {plain:.1%}, ours {ours:.1%} (goal: at most 10 %)")
    for name in MODELS:
        speeds = measure(name, data, args.rounds, args.hidden, args.texts)
        extra = f"; averages once: {speeds['once']:.2f} s" if speeds["once"] else ""
        goal = " (goal: at least 3)" if name == "mean" else ""
        print(
            f"{name:12} plain {speeds['plain']:10,.0f} words/s   ours {speeds['ours']:10,.0f} words/s   "
            f"ratio {speeds['ours'] / speeds['plain']:.2f}{goal}{extra}",
            flush=True,
        )


if __name__ == "__main__":
    main()
