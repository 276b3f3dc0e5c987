"""Question 2: the sigmoid and its derivative. `python q2_sigmoid.py` runs sanity checks; they are not exhaustive."""

import numpy as np


def sigmoid(x):
    """1 / (1 + exp(-x)) of a number or of every entry of an array of any shape, without overflow; x is not changed."""
    # BEGIN SOLUTION w2v-02 (3 points): which exponential overflows for large positive x, which for negative?
    return np.exp(
        -np.logaddexp(0.0, -np.asarray(x, dtype=float))
    )  # logaddexp(0, -x) = log(1 + exp(-x)), safely
    # END SOLUTION w2v-02


def sigmoid_grad(s):
    """Derivative of the sigmoid, given its value s = sigmoid(x) (a number or an array). Source: exercise 2a."""
    # BEGIN SOLUTION w2v-03 (3 points): exercise 2a; the argument is already sigmoid(x)
    return s * (1 - s)
    # END SOLUTION w2v-03


def sanity_checks():
    """A few cases worked by hand."""
    x = np.array([[1.0, 2.0], [-1.0, -2.0]])
    s = sigmoid(x)
    assert np.allclose(s + sigmoid(-x), 1) and np.isclose(s[0, 0], 0.73105858), s
    assert np.isclose(sigmoid(0.0), 0.5) and np.isclose(sigmoid_grad(0.5), 0.25)
    assert np.allclose(sigmoid_grad(s), [[0.19661193, 0.10499359], [0.19661193, 0.10499359]])


def main():
    print("sigmoid(0) =", sigmoid(0.0), " sigmoid_grad(sigmoid(0)) =", sigmoid_grad(sigmoid(0.0)))
    sanity_checks()
    print(
        "The sanity checks passed. They are not exhaustive: python -m pytest tests/test_word2vec_sst.py has more."
    )


if __name__ == "__main__":
    from cli import run

    run(main)
