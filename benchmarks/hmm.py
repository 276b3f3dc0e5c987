"""hmm beside hmmlearn: score, Viterbi and posteriors of one long sequence, Viterbi of many sentences; one thread.

    python -m pip install -r benchmarks/requirements.txt
    python benchmarks/hmm.py                                              # --text data/full/cws/msr_test_gold.utf8

Ours is HMM(implementation="fast"), that is hmm/fast.py; --implementation readable times the functions of hmm/model.py
that students write. hmmlearn computes with implementation="scaling". Peers take turns in one process; medians of the
rounds. Every result is compared before it is timed. With numba installed, the fast Viterbi is shown compiled too
(fast.accelerate()). The clock counts this process's processor time, which for one thread is the wall-clock time on an
idle machine (--clock wall).
"""

import argparse
import functools
import os
import statistics
import sys
import time
from pathlib import Path

os.environ.setdefault(
    "OMP_NUM_THREADS", "1"
)  # one thread for both sides; set before numpy is loaded
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("MKL_NUM_THREADS", "1")

import numpy as np  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "hmm"))
import fast  # noqa: E402
from model import HMM, sample  # noqa: E402
from segmenter import FirstOrder  # noqa: E402

CLOCKS = {"cpu": time.process_time, "wall": time.perf_counter}
SIZES = ((4, 100_000), (50, 20_000), (200, 5_000))


def peer(hmmlearn, pi, A, B):
    model = hmmlearn.CategoricalHMM(len(pi), implementation="scaling")
    model.startprob_, model.transmat_, model.emissionprob_ = pi, A, B
    model.n_features = B.shape[1]
    return model


def take_turns(rounds, clock, **calls):
    """{name: median seconds}; in every round the calls take turns."""
    times = {name: [] for name in calls}
    for number in range(rounds + 1):
        for name, call in calls.items():
            begin = clock()
            call()
            if number:  # the first round warms up
                times[name].append(clock() - begin)
    return {name: statistics.median(values) for name, values in times.items()}


def report(what, theirs, ours, note=""):
    print(
        f"{what:<34}{theirs * 1e3:>11.2f}{ours * 1e3:>11.2f}{theirs / ours:>9.2f}x  {note}",
        flush=True,
    )


def long_sequence(hmmlearn, N, T, args):
    rng = np.random.default_rng(args.seed)
    pi, A, B = (
        rng.dirichlet(np.ones(K), size) for K, size in ((N, None), (N, N), (args.symbols, N))
    )
    obs = sample(pi, A, B, T, rng)[1]
    ours, theirs, column = (
        HMM(pi, A, B, args.implementation),
        peer(hmmlearn, pi, A, B),
        obs[:, None],
    )
    turns = functools.partial(take_turns, args.rounds, CLOCKS[args.clock])
    size = f"N = {N}, T = {T:,}"

    def viterbi(note):
        np.testing.assert_allclose(ours.decode(obs)[0], theirs.decode(column)[0], rtol=1e-10)
        report(
            f"Viterbi    {size}",
            **turns(theirs=lambda: theirs.decode(column), ours=lambda: ours.decode(obs)),
            note=note,
        )

    np.testing.assert_allclose(ours.score(obs), theirs.score(column), rtol=1e-10)
    report(
        f"score      {size}",
        **turns(theirs=lambda: theirs.score(column), ours=lambda: ours.score(obs)),
    )
    np.testing.assert_allclose(ours.predict_proba(obs), theirs.predict_proba(column), atol=1e-9)
    report(
        f"posteriors {size}",
        **turns(theirs=lambda: theirs.predict_proba(column), ours=lambda: ours.predict_proba(obs)),
    )
    viterbi("NumPy")
    if args.implementation == "fast" and fast.accelerate():
        viterbi("compiled with numba")
        fast.accelerate(False)


def sentences(hmmlearn, args):
    lines = [
        line.split() for line in args.text.read_text(encoding="utf-8").splitlines() if line.strip()
    ]
    segmenter = FirstOrder().fit(lines)
    many = [segmenter.alphabet.symbols("".join(words)) for words in lines]
    ours = segmenter.hmm
    ours.implementation = args.implementation
    theirs = peer(hmmlearn, ours.startprob_, ours.transmat_, ours.emissionprob_)
    column, lengths = np.concatenate(many)[:, None], [len(obs) for obs in many]
    note = f"{args.text.name}, {len(column):,} characters"
    for compiled in (False, True) if args.implementation == "fast" else (False,):
        if fast.accelerate(compiled) == compiled:
            with np.errstate(divide="ignore"):
                np.testing.assert_allclose(
                    ours.decode_batch(many)[0].sum(), theirs.decode(column, lengths)[0], rtol=1e-10
                )
                seconds = take_turns(
                    args.rounds,
                    CLOCKS[args.clock],
                    theirs=lambda: theirs.decode(column, lengths),
                    ours=lambda: ours.decode_batch(many),
                )
            report(
                f"decode_batch {len(many):,} sentences",
                **seconds,
                note=("compiled, " if compiled else "NumPy, ") + note,
            )
    fast.accelerate(False)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument(
        "--implementation", choices=("fast", "readable"), default="fast", help="path of ours"
    )
    parser.add_argument("--rounds", type=int, default=9, help="rounds; the median counts")
    parser.add_argument("--symbols", type=int, default=50, help="M of the random models")
    parser.add_argument("--clock", choices=sorted(CLOCKS), default="cpu")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--text", type=Path, default=ROOT / "data" / "cws" / "train.txt", help="segmented sentences"
    )
    args = parser.parse_args()
    try:
        from hmmlearn import __version__, hmm
    except ImportError:
        sys.exit(
            "benchmarks/hmm.py: hmmlearn is not installed; run: python -m pip install -r benchmarks/requirements.txt"
        )
    print(
        f"ours: {args.implementation}, NumPy {np.__version__}, hmmlearn {__version__}, one thread, {args.clock} time, "
        f"{args.rounds} rounds, M = {args.symbols}, seed {args.seed}"
    )
    print(f"{'':34}{'hmmlearn':>11}{'ours':>11} (ms)")
    for N, T in SIZES:
        long_sequence(hmm, N, T, args)
    sentences(hmm, args)


if __name__ == "__main__":
    main()
