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
    few, drawn = U[: K + 1].copy(), Drawn(rng.integers(1, K + 1, 1_000_000))
    return (
        seconds(lambda: softmaxCostAndGradient(v, 0, U, None), repeats),
        seconds(lambda: negSamplingCostAndGradient(v, 0, few, drawn, K), 50 * repeats),
    )


class Drawn:
    """A data set whose negatives are drawn before."""

    def __init__(self, rows):
        self.sampleTokenIdx = iter(rows.tolist()).__next__


def get_parser():
    parser = Parser(
        description="Count the parameters of a network; measure what negative sampling saves."
    )
    parser.add_argument(
        "--dimensions",
        type=positive_int,
        nargs=3,
        default=[10, 5, 10],
        metavar=("D_X", "H", "D_Y"),
        help="inputs, hidden units, classes",
    )
    parser.add_argument(
        "--words",
        type=positive_int,
        nargs="+",
        default=[1000, 16_580, 100_000],
        help="sizes of the vocabulary (16,580: the train part of SST)",
    )
    parser.add_argument("--dim", type=positive_int, default=10, help="width of the vectors")
    parser.add_argument("--negatives", type=positive_int, default=10, help="K")
    return parser


def main(argv=None):
    args = get_parser().parse_args(argv)
    D_x, H, D_y = args.dimensions
    print(f"D_x = {D_x}, H = {H}, D_y = {D_y}: {number_of_parameters(D_x, H, D_y)} parameters")
    print(f"width {args.dim}, K = {args.negatives}; V / (K + 1) is the ratio of the dot products")
    for V in args.words:
        full, sampled = speed_ratio(V, args.dim, args.negatives)
        print(
            f"V = {V:7,}  softmax {1e6 * full:9.1f} us  negative sampling {1e6 * sampled:6.1f} us  "
            f"ratio {full / sampled:7.1f}  V / (K + 1) = {V / (args.negatives + 1):8.1f}"
        )


if __name__ == "__main__":
    run(main)
