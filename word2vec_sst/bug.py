"""Find the bug (bonus): broken.py, which you get after the deadline, has a mistake in `softmax`. Show it."""

import numpy as np


def counterexample():
    """Your student id, which decides the mistake that you got, and the arguments of `softmax` as a list: x.

    broken.softmax is wrong on them, and softmax of q1_softmax.py is right. The fewer numbers in them, the better; None counts as none.
    """
    # BEGIN SOLUTION w2v-93 (3 points, bonus): for which very small inputs does the mistake not matter yet?
    return "20260001", [np.array([[1000.0], [0.0]])]
    # END SOLUTION w2v-93
