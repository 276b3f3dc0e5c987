"""Numbers of word2vec_sst's worked examples: torch's autograd, or sums written out."""

import numpy as np
import torch
import torch.nn.functional as F


def grad(function, value):
    """function(value) and its derivative."""
    tensor = torch.tensor(value, dtype=torch.float64, requires_grad=True)
    result = function(tensor)
    result.sum().backward()
    return result.detach(), tensor.grad


def softmax_cost(v):
    scores = torch.tensor([1.0, 0, 2], dtype=torch.float64) * v
    return F.cross_entropy(scores[None], torch.tensor([0]))


def hidden_cost(a):
    """Cost as a function of the hidden unit's input a; the scores are (1, 0) at h = 0.6."""
    h = torch.sigmoid(a)
    scores = torch.stack([2 * h - 0.2, -h + 0.6])
    return F.cross_entropy(scores[None], torch.tensor([0]))


def sampled_cost(scores):
    signs = torch.tensor([1.0, -1, -1], dtype=torch.float64)
    return -F.logsigmoid(signs * scores).sum()


EXAMPLES = {
    "w2v-01": lambda: torch.softmax(torch.tensor([1000.0, 1002, 1001]), 0),
    "w2v-02": lambda: torch.sigmoid(torch.tensor(-2.0)),
    "w2v-03": lambda: grad(torch.sigmoid, -2.0)[1],
    "w2v-04": lambda: (2.1**3 - 1.9**3) / 0.2,
    "w2v-05": lambda: grad(hidden_cost, np.log(0.6 / 0.4)),
    "w2v-16": lambda: (
        sum(p.numel() for p in [*torch.nn.Linear(3, 4).parameters()])
        + sum(p.numel() for p in torch.nn.Linear(4, 2).parameters())
    ),
    "w2v-06": lambda: F.normalize(torch.tensor([[3.0, 4.0]])),
    "w2v-07": lambda: grad(softmax_cost, 1.0),
    "w2v-08": lambda: [
        grad(sampled_cost, [0.5, 1.0, 1.0])[0],
        grad(sampled_cost, [0.5, 1.0, 1.0])[1][1:].sum(),
    ],
    "w2v-09": lambda: [1.9, 0.5, 0.3],
    "w2v-10": lambda: [2, 3, 1, -2],
    "w2v-11": lambda: [0.8, 0.64, 0.576],
    "w2v-21": lambda: [11, 22],
    "w2v-22": lambda: [
        grad(sampled_cost, [0.5, 1.0, -1.0])[0],
        *grad(sampled_cost, [0.5, 1.0, -1.0])[1],
    ],
    "w2v-12": lambda: np.mean([[1, 0], [3, 2], [3, 2]], 0),
    "w2v-13": lambda: [0.65, 0.1, -0.2],
    "w2v-14": lambda: np.geomspace(0.001, 1, 4)[1:],
    "w2v-15": lambda: 1,
    "w2v-17": lambda: [0, -2],
    "w2v-18": lambda: 10 * torch.sigmoid(torch.tensor(1.0)),
    "w2v-19": lambda: F.nll_loss(
        torch.tensor([[0.5, 0.5], [0.875, 0.125]]).log(), torch.tensor([0, 1])
    ),
    "w2v-20": lambda: grad(
        lambda h: (
            torch.relu(h)
            @ torch.tensor([[1.0, 2], [3, 4]]).double()
            @ torch.tensor([-0.15, 0.15]).double()
        ),
        [2.0, 0.0],
    )[1],
    "w2v-23": lambda: -np.log([1 / (1 + np.exp(-2)), 1 / (1 + np.exp(1))]).sum(),
    "w2v-93": lambda: 12,
}
