"""Find the bug (bonus): broken.py, which you get after the deadline, has a mistake in `guide_logits`. Show it."""

import torch


def counterexample():
    """Your student id, which decides your mistake, and the arguments of `guide_logits` as a list: logits, fits, rhymes, wanted, used.

    broken.guide_logits is wrong on them, and guide_logits of model.py is right.
    The fewer numbers in them, the better; None counts as none.
    """
    # BEGIN SOLUTION gpt-93 (3 points, bonus): for which very small inputs does the mistake not matter yet?
    logits, used = torch.zeros(1, 2), torch.zeros(1, 2, dtype=torch.bool)
    return "20260001", [logits, ~used, torch.tensor([1, 2]), torch.tensor([1]), used]
    # END SOLUTION gpt-93
