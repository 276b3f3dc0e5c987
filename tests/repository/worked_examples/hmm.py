"""Numbers of hmm's worked examples: sums over all paths, or counting."""

import numpy as np

from tests.reference import hmm as reference

PI, A, B = (
    np.array([0.6, 0.4]),
    np.array([[0.7, 0.3], [0.4, 0.6]]),
    np.array([[0.5, 0.5], [0.1, 0.9]]),
)
OBS = [0, 1]
GAMMA, JOINT, TOTAL = reference.brute_posterior(PI, A, B, OBS)
DELTA, PHI = reference.brute_viterbi(np.log(PI), np.log(A), np.log(B), [1, 1])
EXAMPLES = {
    "hmm-01": lambda: reference.brute_forward(PI, A, B, OBS),
    "hmm-02": lambda: reference.brute_backward(A, B, OBS),
    "hmm-03": lambda: TOTAL,
    "hmm-04": lambda: GAMMA[0],
    "hmm-05": lambda: JOINT[0],
    "hmm-06": lambda: np.log(reference.brute_forward(PI, A, B, OBS)[1, 0]),
    "hmm-07": lambda: np.log(reference.brute_backward(A, B, OBS)[0, 0]),
    "hmm-08": lambda: np.log(TOTAL),
    "hmm-09": lambda: [*np.exp(DELTA).ravel(), *PHI[1]],
    "hmm-10": lambda: reference.follow(
        np.array([[0, 0], [0, 0], [-3.1, -2.9]]), np.array([[0, 0], [0, 1], [1, 0]])
    ),
    "hmm-11": lambda: [JOINT[0, 0, 1] / TOTAL, GAMMA[0, 0]],
    "hmm-12": lambda: np.mean([[0.9, 0.1], [0.5, 0.5]], 0),
    "hmm-13": lambda: np.array([0.7, 0.8]) / (0.9 + 0.6),
    "hmm-14": lambda: np.bincount([0, 1, 0], [0.9, 0.6, 0.2]) / np.sum([0.9, 0.6, 0.2]),
    "hmm-15": lambda: [0.5, 0.5, 0, 1, *(np.array([1, 2]) + 0.5) / 4],
    "hmm-16": lambda: [0.6, 0.4, 0.2, 0.8],
    "hmm-17": lambda: [np.array([1, 5]) / 6, np.array([0.6, 0.2]) / (0.6 + 0.2)],
    "hmm-18": lambda: (np.array([[0.3], [0.2]]) * [[0.9, 0.1], [0.2, 0.8]]).max(0) * [0.5, 0.4],
    "hmm-91": lambda: TOTAL,
    "hmm-92": lambda: 4,
    "hmm-93": lambda: 22,
}
