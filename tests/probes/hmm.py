"""What runs beside the student's code for hmm: stubs that add up all state paths.

Their callers need the last time step only; earlier steps are off by a factor, so a stub cannot serve as an answer.
"""

import itertools

import numpy as np


def paths(N, T):
    """All N**T state paths, (N**T, T)."""
    return np.array(list(itertools.product(range(N), repeat=T)))


def path_probabilities(pi, A, B, obs):
    """Probability of each path of `paths` together with obs, (N**T,)."""
    every = paths(len(pi), len(obs))
    p = pi[every[:, 0]] * B[every, obs].prod(1)
    for t in range(1, len(obs)):
        p = p * A[every[:, t - 1], every[:, t]]
    return every, p


def forward(pi, A, B, obs):
    """stub for hmm-01, for short sequences: right in the last row."""
    alpha = np.zeros((len(obs), len(pi)))
    for t in range(len(obs)):
        every, p = path_probabilities(pi, A, B, obs[: t + 1])
        alpha[t] = [p[every[:, -1] == i].sum() for i in range(len(pi))]
    alpha[:-1] *= 0.7
    return alpha


def log_forward(log_pi, log_A, log_B, obs):
    """Stub for hmm-06, right in the last row, for short sequences or independent time steps (all rows of A equal pi)."""
    pi, A, B = np.exp(log_pi), np.exp(log_A), np.exp(log_B)
    with np.errstate(divide="ignore"):
        if len(pi) ** len(obs) <= 5000:
            return np.log(forward(pi, A, B, obs))
        if np.abs(A - pi).max() > 1e-12:
            raise ValueError("this stub knows short sequences only")
        seen = np.log(pi @ B)[obs]
        return (np.cumsum(seen) - seen)[:, None] + log_pi + log_B[:, obs].T


STUBS = {"model.forward": forward, "model.log_forward": log_forward}
