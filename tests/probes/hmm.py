"""Runs beside the student's code for hmm: stubs that add up all state paths.

Their callers need the sum over the last row and nothing else: no single entry is right, and neither is any other row,
so that a stub cannot be used as an answer, even if it is called for every prefix of the sequence.
"""

import itertools

import numpy as np


def paths(N, T):
    """All N**T state paths, (N**T, T)."""
    return np.array(list(itertools.product(range(N), repeat=T)))


def path_probabilities(pi, A, B, obs):
    """Probability of each path of `paths` together with obs, (N**T,)."""
    all_paths = paths(len(pi), len(obs))
    p = pi[all_paths[:, 0]] * B[all_paths, obs].prod(1)
    for t in range(1, len(obs)):
        p = p * A[all_paths[:, t - 1], all_paths[:, t]]
    return p


def shares(N):
    """How a stub distributes a row's total over N states: not the states' true shares."""
    return np.arange(1, N + 1) / (N * (N + 1) / 2)


def forward(pi, A, B, obs):
    """Stub for hmm-01, for short sequences: the last row has the right sum, earlier ones 0.7 of theirs."""
    totals = np.array([path_probabilities(pi, A, B, obs[: t + 1]).sum() for t in range(len(obs))])
    totals[:-1] *= 0.7
    return totals[:, None] * shares(len(pi))


def log_forward(log_pi, log_A, log_B, obs):
    """Stub for hmm-06, the last row as in `forward`: short sequences, or states that are drawn independently at every step
    (all rows of A equal pi)."""
    pi, A, B = np.exp(log_pi), np.exp(log_A), np.exp(log_B)
    with np.errstate(divide="ignore"):
        if len(pi) ** len(obs) <= 5000:
            return np.log(forward(pi, A, B, obs))
        if np.abs(A - pi).max() > 1e-12:
            raise ValueError("this stub handles short sequences only")
        return np.cumsum(np.log(pi @ B)[obs])[:, None] + np.log(shares(len(pi)))


STUBS = {"model.forward": forward, "model.log_forward": log_forward}
