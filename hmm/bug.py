"""Find the bug (bonus): broken.py, which you get after the deadline, has a mistake in `forward`. Show it."""

import numpy as np


def counterexample():
    """Your student id, which decides the mistake that you got, and the arguments of `forward` as a list: pi, A, B, obs.

    broken.forward is wrong on them, and forward of model.py is right. The fewer numbers in them, the better; None counts as none.
    """
    # BEGIN SOLUTION hmm-93 (3 points, bonus): for which very small inputs does the mistake not matter yet?
    rows = np.array([[1.0, 0.0], [0.5, 0.5]])
    return "20260001", [np.array([0.5, 0.5]), rows, rows, np.array([0, 0])]
    # END SOLUTION hmm-93
