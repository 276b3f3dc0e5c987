"""Numbers of gpt_songci's worked examples, by torch's own layers and functions."""

import math

import torch
import torch.nn.functional as F


def attention(scores):
    return torch.softmax(torch.tensor(scores), -1)


def linear(x, weight, bias=None):
    vector, matrix = torch.tensor(x), torch.tensor(weight)
    return F.linear(vector, matrix, None if bias is None else torch.tensor(bias))


LOSS = F.nll_loss(torch.tensor([[0.5, 0.5], [0.75, 0.25]]).log(), torch.tensor([0, 1]))
EXAMPLES = {
    "gpt-a1.0": lambda: [
        *linear([1.0, 2.0], [[1.0, 0.0], [1.0, 1.0]]),
        *linear([1.0, 2.0], [[0.0, 1.0], [2.0, 0.0]]),
    ],
    "gpt-a2.0": lambda: torch.tensor([10, 11, 12, 13]).unflatten(0, (2, 2))[1],
    "gpt-a3.1": lambda: [2 * 3 * 5 * 4, 2 * 3 * 5 * 5],
    "gpt-a3.2": lambda: torch.tensor([1.0, 2, 0, 1]).dot(torch.tensor([3.0, 1, 5, 1])) / 2,
    "gpt-a3.3": lambda: attention([1.0, 3.0, -math.inf]),
    "gpt-a3.4": lambda: attention([[0.0, -math.inf], [1.0, 0.0]]),
    "gpt-a3.5": lambda: torch.tensor([0.25, 0.75]) @ torch.tensor([[4.0, 0.0], [8.0, 2.0]]),
    "gpt-a4.0": lambda: [1, 2, 3, 4],
    "gpt-a5.0": lambda: linear([1.0, 3.0], [[2.0, 0.0], [1.0, 1.0]], [1.0, 0.0]),
    "gpt-g1.0": lambda: range(5),
    "gpt-g2.0": lambda: F.embedding(torch.tensor([2, 1]), torch.tensor([[0, 0], [1, 5], [2, 7]])),
    "gpt-g3.0": lambda: [2.5, 6, 2.5 / 0.8],
    "gpt-g4.0": lambda: nn_mask(3),
    "gpt-g5.0": lambda: [8, 2],
    "gpt-g6.0": lambda: linear(
        F.layer_norm(torch.tensor([1.0, 3.0]), (2,), eps=0).tolist(), [[2.0, 0], [0, 1], [1, 1]]
    ),
    "gpt-l1.0": lambda: [LOSS, LOSS.exp()],
    "gpt-n1.0": lambda: [6 / 10, 3 / 10, 1 / 10],
    "gpt-n2.0": lambda: [(n + 2 * p) / 6 for n, p in zip([3, 1, 0], [0.5, 0.3, 0.2])],
    "gpt-t1.0": lambda: [1, 0, 0, 0, 0],
    "gpt-w1.0": lambda: (~nn_mask(5).bool())[3:].sum(1).tolist(),
    "gpt-91": lambda: [9, 9 - nn_mask(3).sum(), 3],
    "gpt-93": lambda: 23,
}


def nn_mask(length):
    """The causal mask as torch's own Transformer makes it, 1 where looking is forbidden."""
    return torch.isinf(torch.nn.Transformer.generate_square_subsequent_mask(length)).int()
