"""Find the bug (bonus): broken.py, which you get after the deadline, has a mistake in `attention_weights`. Show it."""

import torch


def counterexample():
    """Your student id, which decides your mistake, and the arguments of `attention_weights` as a list: scores, keep.

    broken.attention_weights is wrong on them, and attention_weights of model.py is right.
    The fewer numbers in them, the better; None counts as none.
    """
    # BEGIN SOLUTION att-93 (3 points, bonus): for which very small inputs does the mistake not matter yet?
    return "20260001", [torch.tensor([[1.0]]), torch.tensor([[False]])]
    # END SOLUTION att-93
