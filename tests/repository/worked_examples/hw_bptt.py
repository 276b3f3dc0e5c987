"""Numbers of hw_bptt's worked examples: torch's autograd of the forward formulas, or sums written out."""

import numpy as np
import torch
import torch.nn.functional as F

W, V = torch.tensor([[1.0, 2], [3, 4]]), torch.tensor([[1.0, 0], [2, 1]])


def grad(function, *values):
    """Derivative of function(*values) by its first argument."""
    tensors = [torch.tensor(value, dtype=torch.float64, requires_grad=True) for value in values]
    function(*tensors).sum().backward()
    return tensors[0].grad


def outer(*pairs):
    return sum(np.outer(left, right) for left, right in pairs)


def two_texts(U):
    """Mean binary cross entropy of the two texts of bptt-45's example, in one step."""
    z = torch.relu(U * torch.tensor([1.0, 3.0]) + 1) - 8
    return F.binary_cross_entropy_with_logits(z, torch.tensor([0.0, 1.0], dtype=z.dtype))


def cell(C, o=0.5):
    return 2 * o * torch.tanh(C)


EXAMPLES = {
    "bptt-01": lambda: [
        grad(lambda y: -torch.log(y), 0.8),
        grad(lambda y: -torch.log(1 - y), 0.8),
    ],
    "bptt-02": lambda: grad(lambda z: F.softplus(-z), 1.2),
    "bptt-03": lambda: -0.5 * np.array([2, 6]),
    "bptt-04": lambda: [
        *grad(lambda h: 2 * (h * torch.tensor([1, -1])), [1.0, 1.0]),
        *grad(
            lambda h: (
                2
                * torch.relu(W.double() @ h + torch.tensor([-2.5, -8]))
                @ torch.tensor([1.0, -1]).double()
            ),
            [1.0, 1.0],
        ),
    ],
    "bptt-05": lambda: grad(lambda a: torch.relu(a) * torch.tensor([2, -2, 5]), [0.5, 1.0, 0.0]),
    "bptt-06": lambda: outer(([1, 0], [0, 0]), ([2, -1], [3, 5])),
    "bptt-07": lambda: outer(([1, 0], [1, 2]), ([2, -1], [0, 1])),
    "bptt-08": lambda: [1 + 2, 0 - 1],
    "bptt-09": lambda: np.array([[1, 2], [3, 5]]).T @ [2, -1],
    "bptt-10": lambda: torch.softmax(torch.tensor([1000.0, 1001.0]), 0),
    "bptt-11": lambda: grad(
        lambda o: F.cross_entropy(o[None], torch.tensor([1])), np.log([0.2, 0.5, 0.3]).tolist()
    ),
    "bptt-12": lambda: outer(([1, -1], [3, 5]), ([0, 2], [1, 4])),
    "bptt-13": lambda: [1, 1],
    "bptt-14": lambda: [grad(torch.sigmoid, 0.5)],
    "bptt-15": lambda: [
        *(V.T @ torch.tensor([0.0, 2])),
        *(V.T @ torch.tensor([1.0, -1]) + W.T @ torch.tensor([4 * 0.5, 2 * 1])),
    ],
    "bptt-16": lambda: outer(([1, 2], [0, 0]), ([0, 3], [2, 1])),
    "bptt-17": lambda: outer(([1, 2], [1, 0, 2]), ([0, 3], [0, 1, 1])),
    "bptt-18": lambda: [1, 5],
    "bptt-19": lambda: np.array([[1, 0, 2], [0, 3, 1]]).T @ [1, 2],
    "bptt-20": lambda: W.T @ ((V.T @ torch.tensor([0.0, 2])) * torch.tensor([0.5, 1])),
    "bptt-21": lambda: [np.hypot(3, 4), 1 - 0.3 / 5, 2, 3 - 0.4 / 5],
    "bptt-22": lambda: grad(
        lambda o: F.cross_entropy(o[None], torch.tensor([2])), np.log([0.7, 0.1, 0.2]).tolist()
    ),
    "bptt-23": lambda: outer(([1, -1], [1, 3]), ([2, 0], [0, 2])),
    "bptt-24": lambda: [3, -1],
    "bptt-25": lambda: np.dot([1, 2], [1, -1]) + np.dot([1, 2, 3, 4], [0.1, 0.2, 0.3, 0.4]),
    "bptt-26": lambda: [1.8, -0.5],
    "bptt-27": lambda: grad(cell, 0.5) + 1.8,
    "bptt-28": lambda: grad(lambda g: 2 * 1.5 * torch.sigmoid(g), np.log(9)),
    "bptt-29": lambda: grad(lambda g: 2 * -0.6 * torch.sigmoid(g), np.log(0.3 / 0.7)),
    "bptt-30": lambda: grad(lambda g: 2 * 0.3 * torch.tanh(g), np.arctanh(-0.6)),
    "bptt-31": lambda: grad(lambda g: 2 * np.tanh(0.5) * torch.sigmoid(g), 0.0),
    "bptt-32": lambda: outer(([5, 5], [0, 0]), ([1, -2], [4, 3])),
    "bptt-33": lambda: outer(([1, 2], [1, 0, 1]), ([0, -1], [2, 1, 0])),
    "bptt-34": lambda: [1, 1],
    "bptt-44": lambda: np.array([1, 2, -1, 0.5]) @ [[1, 0], [0, 1], [2, 2], [4, 0]],
    "bptt-45": lambda: grad(two_texts, 3.0),
    "bptt-46": lambda: [
        grad(lambda C: torch.tanh(C) * 0.5, 0.4),
        grad(lambda f: torch.tanh(0.4 * torch.sigmoid(f) + 0.2) * 0.5, 0.0),
        grad(lambda C: torch.tanh(0.5 * C + 0.2) * 0.5, 0.4),
    ],
    "bptt-91": lambda: [0.9**50, 1.1**50],
    "bptt-92": lambda: [grad(torch.sigmoid, 1.0), grad(torch.tanh, 1.0)],
    "bptt-93": lambda: 13,
}
