"""Question 1: softmax. `python q1_softmax.py` runs a few sanity checks; they are not exhaustive."""

import numpy as np


def softmax(x):
    """Probabilities of the scores x: exp(x_i) / sum_j exp(x_j), without overflow for large scores.

    x (D,): one row of scores, or (N, D): N rows, each normalised by itself; x is not changed.
    Returns an array of the same shape. Source: exercise 1a, softmax(x) = softmax(x + c).
    """
    # BEGIN SOLUTION w2v-01 (5 points): which constant may you subtract from a row without changing the result?
    e = np.exp(x - np.max(x, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)
    # END SOLUTION w2v-01


def sanity_checks():
    """A few cases worked by hand."""
    third = softmax(np.log([1.0, 2.0, 3.0]))
    assert np.allclose(third, np.array([1, 2, 3]) / 6), third
    rows = softmax(np.array([[1001.0, 1002.0, 1001.0], [3.0, 3.0, 3.0]]))
    assert np.allclose(rows.sum(axis=1), 1) and np.allclose(rows[1], 1 / 3), rows
    assert np.allclose(softmax(np.array([-1001.0, -1002.0])), [0.73105858, 0.26894142])


def main():
    print("softmax(log [1, 2, 3]) =", softmax(np.log([1.0, 2.0, 3.0])))
    sanity_checks()
    print(
        "The sanity checks passed. They are not exhaustive: python -m pytest tests/test_word2vec_sst.py has more."
    )


if __name__ == "__main__":
    from cli import run

    run(main)
