"""Numbers of waimai_cls's worked examples, by torch, NumPy and jieba themselves."""

import jieba
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

WORDS = jieba.lcut("好吃 便宜。")


def size(module):
    return sum(parameter.numel() for parameter in module.parameters())


ATTENTION = torch.softmax(torch.tensor([1.0, 2, -torch.inf]), 0)


def torch_gru_step():
    """torch's GRU cell with the numbers of wai-19's example: the word gives (0, 0, 1), the state (0, 0, 2)."""
    cell = torch.nn.GRUCell(1, 1)
    with torch.no_grad():
        for parameter in cell.parameters():
            parameter.zero_()
        cell.bias_ih[2], cell.bias_hh[2] = 1.0, 2.0
        return cell(torch.zeros(1, 1), torch.tensor([[0.5]]))


EXAMPLES = {
    "wai-01": lambda: [len(WORDS), len([word for word in WORDS if word.strip()])],
    "wai-02": lambda: len({"a", "#", "b"}),
    "wai-03": lambda: [round(2.1), round(0.9)],
    "wai-04": lambda: np.unique(list("baabacb"), return_counts=True)[1],
    "wai-05": lambda: nn.utils.rnn.pad_sequence(
        [torch.tensor([5, 6, 7]), torch.tensor([8])], batch_first=True
    ),
    "wai-06": lambda: [0, size(nn.Embedding(1000, 300))],
    "wai-07": lambda: np.mean([2, 4]),
    "wai-08": lambda: -1,
    "wai-09": lambda: 8,
    "wai-10": lambda: [8, 5],
    "wai-11": lambda: torch.relu(
        F.linear(torch.tensor([1.0, 2]), torch.tensor([[1.0, -1], [3, 1]]), torch.tensor([0.0, -1]))
    ),
    "wai-12": lambda: np.maximum(np.convolve([1, -2, 3], [1, 1])[1:] + 0.5, 0),
    "wai-13": lambda: [*ATTENTION, ATTENTION[:2] @ torch.tensor([4.0, 8])],
    "wai-14": lambda: len(
        nn.utils.rnn.pack_padded_sequence(
            torch.ones(2, 4, 1), torch.tensor([2, 4]), batch_first=True, enforce_sorted=False
        ).data
    ),
    "wai-15": lambda: size(nn.Linear(300, 2)),
    "wai-16": lambda: F.cross_entropy(torch.tensor([[2.0, 0]]), torch.tensor([1])),
    "wai-17": lambda: np.mean([0.4, 0.4, 0.4, 2]),
    "wai-18": lambda: 1,
    "wai-19": lambda: torch_gru_step(),
    "wai-93": lambda: 14,
}
