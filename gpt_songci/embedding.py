"""Where the embeddings of train.py start: characters that keep the same company are close to each other, and so are
neighbouring positions.

A model that reads its text once sees most characters a few times only; their neighbours, counted over the whole text
beforehand, say more about them than the first steps of training could. (Levy and Goldberg 2014: word vectors are a
factorised table of such counts.)
"""

import math

import numpy as np
import torch

LIMIT = 4_000_000  # characters of the train text that are counted
GAPS = {1: 1.0, 2: 0.7, 3: 0.5}  # distance of two characters: weight of its tables


def excess_of_pairs(text, gap, V):
    """For the pairs of characters at distance `gap`, a before b, and log(1 + p(a, b) / (p(a) p(b)))."""
    pairs, counts = np.unique(text[:-gap] * V + text[gap:], return_counts=True)
    a, b = pairs // V, pairs % V
    before, behind = np.bincount(a, counts, V), np.bincount(b, counts, V)
    return a, b, np.log1p(counts * counts.sum() / (before[a] * behind[b]))


@torch.no_grad()
def start_embedding(table, text, scale=0.1):
    """Fill the rows of `table` (V, C) for the characters of `text` (numbers); other rows stay.

    A character's company is a row of 2 tables for each gap, the characters at this distance behind it and those before it, side
    by side: (V, 2 * gaps * V). An SVD brings it to C numbers, and all rows to one length, scale * sqrt(C).
    """
    V, C = table.shape
    text = np.asarray(text[:LIMIT], dtype=np.int64)
    rows, columns, values, width = [], [], [], 0
    for gap, weight in GAPS.items():
        a, b, excess = excess_of_pairs(text, gap, V)
        for char, other in ((a, b), (b, a)):
            rows.append(char)
            columns.append(other + width)
            values.append(weight * excess)
            width += V
    company = torch.sparse_coo_tensor(
        np.stack([np.concatenate(rows), np.concatenate(columns)]),
        torch.tensor(np.concatenate(values), dtype=torch.float32),
        (V, width),
        check_invariants=False,
    ).coalesce()
    directions, strengths, _ = torch.svd_lowrank(company, q=min(C, V))
    vectors = torch.nn.functional.normalize(directions * strengths.sqrt()) * scale * math.sqrt(C)
    seen = torch.from_numpy(np.bincount(text, minlength=V) > 0).to(table.device)
    table[seen, : vectors.size(1)] = vectors.to(table.device)[seen]


@torch.no_grad()
def start_positions(table, scale=0.05):
    """Fill `table` (L, C) with scale times the sines and cosines of Vaswani et al. 2017; training changes them.

    A head finds "the character before" sooner when each position is a rotation of its neighbour.
    """
    L, C = table.shape
    i = torch.arange(C)
    angles = torch.arange(L)[:, None] / 10000 ** (i // 2 * 2 / C)  # (L, C)
    table.copy_(scale * torch.where(i % 2 == 0, angles.sin(), angles.cos()))
