"""Question 2: a gradient checker. `python q2_gradcheck.py` runs a few sanity checks; they are not exhaustive."""

import random

import numpy as np

STEP = 1e-4  # h of the central difference
LIMIT = 1e-5  # largest relative difference that counts as equal


def agree(numeric, analytic):
    """Print the first entry where two gradients disagree, or that all agree; return True or False.

    Relative difference: |a - b| / max(1, |a|, |b|) of each entry, at most LIMIT.
    """
    numeric, analytic = np.asarray(numeric, dtype=float), np.asarray(analytic, dtype=float)
    for index in np.ndindex(numeric.shape):
        a, b = numeric[index], analytic[index]
        if not abs(a - b) <= LIMIT * max(1, abs(a), abs(b)):
            print(
                f"Gradient check failed at index {index}: your gradient {b:g}, numerical gradient {a:g}"
            )
            return False
    print("Gradient check passed!")
    return True


def gradcheck_naive(f, x):
    """Compare the gradient that f returns with central differences, entry by entry (h = 1e-4).

    f(x) -> (cost, gradient of x's shape); it may draw from Python's `random`, so the random state is restored
    before every call. x: float array, changed one entry at a time and unchanged at the end.
    Prints the verdict and returns it: True if all entries agree (`agree`), else False.
    """
    # BEGIN SOLUTION w2v-04 (8 points): every call of f starts from the same random state, and x is restored after each entry
    state = random.getstate()
    _, analytic = f(x)
    numeric = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        old, costs = x[index], []
        for moved in (old + STEP, old - STEP):
            x[index] = moved
            random.setstate(state)
            costs.append(f(x)[0])
        x[index] = old
        numeric[index] = (float(np.squeeze(costs[0])) - float(np.squeeze(costs[1]))) / (2 * STEP)
    return agree(numeric, analytic)
    # END SOLUTION w2v-04


def sanity_checks():
    """A right gradient passes, a wrong one does not."""
    rng = np.random.default_rng(0)

    def square(x):
        return np.sum(x**2), 2 * x

    def wrong_at_the_end(x):
        gradient = 2 * x
        gradient.flat[-1] += 0.01
        return np.sum(x**2), gradient

    for x in (np.array(123.456), rng.standard_normal(3), rng.standard_normal((4, 5))):
        assert gradcheck_naive(square, x), "this gradient is right: True is expected"
    assert not gradcheck_naive(wrong_at_the_end, x), (
        "the last entry of this gradient is wrong: False is expected"
    )


def main():
    sanity_checks()
    print(
        "The sanity checks passed: three right gradients, and one wrong one that was found. They are not exhaustive."
    )


if __name__ == "__main__":
    from cli import run

    run(main)
