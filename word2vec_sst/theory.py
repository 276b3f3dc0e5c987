"""Question 2d and the speed of question 3c. `python theory.py` prints the number of parameters and measures the speed."""
import time

import numpy as np
from cli import Parser, positive_int, run
from q3_word2vec import negSamplingCostAndGradient, softmaxCostAndGradient


def number_of_parameters(D_x, H, D_y):
    """How many numbers question 2's network has: D_x inputs, H hidden units, D_y classes. Returns an int."""
    # BEGIN SOLUTION w2v-16 (1 point): two matrices and two bias rows
    return D_x * H + H + H * D_y + D_y
    # END SOLUTION w2v-16


class Uniform:
    """A data set that draws each of V rows with the same probability."""

    def __init__(self, V, rng):
        self.draws = iter(rng.integers(0, V, 1_000_000).tolist())

    def sampleTokenIdx(self):
        """The next random row."""
        return next(self.draws)


def seconds(work, repeats):
    """Shortest time of one call of `work`, of `repeats` calls."""
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return min(times)


def speed_ratio(V, n, K, repeats=20):
    """Measured times of one call: (softmax loss, negative sampling on the rows it needs), in seconds.

    The second one gets the K + 1 rows of its target and negatives only, as word2vec_sgd_wrapper does it: a dense
    gradient of V rows of zeros would cost more than the loss.
    """
    rng = np.random.default_rng(0)
    U, v = rng.standard_normal((V, n)) / n, rng.standard_normal(n)

    def few_rows():
        negSamplingCostAndGradient(v, 0, U[rng.integers(0, V, K + 1)], Uniform_small, K)

    class Uniform_small:
        sampleTokenIdx = staticmethod(iter(rng.integers(1, K + 1, 100_000).tolist()).__next__)

    return (seconds(lambda: softmaxCostAndGradient(v, 0, U, None), repeats), seconds(few_rows, 50 * repeats))
