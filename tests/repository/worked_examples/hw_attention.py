"""Numbers of hw_attention's worked examples, by torch's own layers and autograd, or closed forms."""

import math

import torch
import torch.nn.functional as F


def tensor(*values):
    return torch.tensor(values, dtype=torch.float64)


def product_rule(x, dS):
    W = tensor(3.0).requires_grad_()
    (dS * (x * W) ** 2).sum().backward()
    return W.grad


def normed(*values):
    return F.layer_norm(tensor(*values), (len(values),), eps=0)


EXAMPLES = {
    "att-01": lambda: math.atan2(1, 1),
    "att-02": lambda: math.log(math.gamma(1.5) / (math.sqrt(math.pi) * math.gamma(1)) * 0.5),
    "att-03": lambda: 2 * math.tanh(2 * 0.5 + 3 * -0.2),
    "att-04": lambda: F.bilinear(tensor(1, 2), tensor(1, -1), tensor([[1, 0], [3, 1]])),
    "att-05": lambda: tensor(1, 2).dot(tensor(3, -1)),
    "att-06": lambda: tensor(1, 2, 2, 0).dot(tensor(2, 1, 1, 5)) / 2,
    "att-07": lambda: torch.softmax(tensor(2, -torch.inf, 1), 0),
    "att-08": lambda: [1, 8],
    "att-09": lambda: [1, 1, 1, 0, 1, 0, 0, 0],
    "att-10": lambda: [math.sin(1), math.cos(1), math.sin(0.01), math.cos(0.01)],
    "att-11": lambda: [3, 4],
    "att-12": lambda: torch.arange(10, 16).unflatten(0, (3, 2))[1],
    "att-13": lambda: [10, 150],
    "att-14": lambda: [1, 2, 3, 4],
    "att-15": lambda: normed(1, 3, 5),
    "att-16": lambda: normed(1 + 0, 3 + 2),
    "att-17": lambda: normed(1 + 2, 3 - 4),
    "att-18": lambda: [1.5, 1],
    "att-19": lambda: torch.stack([tensor(2, 0), tensor(4, 6)]).mean(0),
    "att-20": lambda: [24, 32],
    "att-21": lambda: [4, 7, 2, 2, 2, 5, 6, 9, 2],
    "att-22": lambda: [1, 7, 8],
    "att-23": lambda: tensor(0.5, 1.5).mean(),
    "att-24": lambda: [1, 3 - 1],
    "att-25": lambda: math.exp(4) / (math.exp(4) + 4 * math.exp(0.5)),
    "att-26": lambda: product_rule(2, 0.5),
    "att-27": lambda: torch.softmax(torch.tensor([2.0, 0]), 0) @ torch.tensor([4.0, 8]),
    "att-93": lambda: 12,
}
