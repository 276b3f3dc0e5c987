"""Find the bug (bonus): broken.py, which you get after the deadline, has a mistake in `max_pool`. Show it."""

import torch


def counterexample():
    """Your student id, which decides the mistake that you got, and the arguments of `max_pool` as a list: states, lengths.

    broken.max_pool is wrong on them, and max_pool of model.py is right. The fewer numbers in them, the better; None counts as none.
    """
    # BEGIN SOLUTION wai-93 (3 points, bonus): for which very small inputs does the mistake not matter yet?
    return "20260001", [torch.tensor([[[-1.0], [0.0]]]), torch.tensor([1])]
    # END SOLUTION wai-93
