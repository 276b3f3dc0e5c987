"""Find the bug (bonus): broken.py, which you get after the deadline, has a mistake in `relu_dh`. Show it."""

import numpy as np


def counterexample():
    """Your student id, which decides the mistake that you got, and the arguments of `relu_dh` as a list: dd, V, W, a.

    broken.relu_dh is wrong on them, and relu_dh of model.py is right. The fewer numbers in them, the better; None counts as none.
    """
    # BEGIN SOLUTION bptt-93 (3 points, bonus): for which very small inputs does the mistake not matter yet?
    return "20260001", [1.0, np.array([1.0]), np.array([[1.0]]), np.array([[1.0], [1.0]])]
    # END SOLUTION bptt-93
