"""Attention with several heads in one piece (bonus): one function, from the vectors to the output.

Nothing of model.py is used: the checks hide it. Sizes: B batch, Lq queries, Lk keys, C width, h heads.
"""

import torch


def multi_head_attention(x, memory, W_q, W_k, W_v, W_o, n_head, keep=None):
    """out (B, Lq, C) and weights (B, h, Lq, Lk) of scaled dot-product attention from x to memory in n_head heads.

    x (B, Lq, C): makes the queries x W_q. memory (B, Lk, C): makes keys and values, memory W_k and memory W_v. W_q, W_k, W_v,
    W_o (C, C): vectors are rows. Head i has columns i*d to (i+1)*d - 1 of each, d = C / n_head; out = (heads side by side) W_o.
    keep: bool (B, Lq, Lk), True = may look; None: everywhere. A query that may look nowhere has weights and output 0.
    Gradients flow to all arguments and are never NaN. Source: Vaswani et al. 2017, section 3.2.2.
    """

    # BEGIN SOLUTION att-27 (8 points, bonus): project, cut into heads, weigh, put the heads together, project
    def heads(vectors):
        return vectors.unflatten(-1, (n_head, -1)).transpose(1, 2)  # (B, h, L, d)

    q, k, v = heads(x @ W_q), heads(memory @ W_k), heads(memory @ W_v)
    scores = q @ k.transpose(-2, -1) / q.size(-1) ** 0.5  # (B, h, Lq, Lk)
    if keep is None:
        weights = torch.softmax(scores, dim=-1)
    else:
        hidden = ~keep[:, None]
        weights = torch.softmax(scores.masked_fill(hidden, float("-inf")), dim=-1)
        weights = weights.masked_fill(hidden, 0.0)  # a row that may look nowhere is NaN before
    return (weights @ v).transpose(1, 2).flatten(2) @ W_o, weights
    # END SOLUTION att-27
