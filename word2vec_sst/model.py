"""Word2vec's losses and gradients for a batch of windows at once: the same numbers as question 3's functions.

Sizes: B windows, L context positions, K negatives, V words, n width. A window is a row: its centre, and its context
padded with PAD. `skipgram` and `cbow` join the blanks; train.py calls the functions for shared negatives at the end.
"""

import numpy as np

PAD = -1  # an empty position of a context


def sigmoid(x):
    """1 / (1 + exp(-x)) without overflow, in the precision of x."""
    return np.exp(-np.logaddexp(0, -x))


def add_rows(table, rows, values):
    """Add values[i] to table[rows[i]], in place, for every i; a row that occurs twice gets both.

    table (V, n), rows (R,) int, values (R, n).
    """
    # BEGIN SOLUTION w2v-21 (2 points): table[rows] += values adds only once per row; which function adds every time?
    np.add.at(table, rows, values)
    # END SOLUTION w2v-21


def negative_sampling(predicted, targets, negatives, U):
    """Costs of B predictions against K negatives each, and the gradients.

    predicted (B, n), targets (B,), negatives (B, K) rows of U (V, n), none equal to its target.
    Returns costs (B,), d_predicted (B, n), rows (B, K + 1) = targets and negatives, d_rows (B, K + 1, n) by U[rows].
    """
    # BEGIN SOLUTION w2v-22 (3 points): question 3c with a leading axis; the target has the opposite sign
    rows = np.concatenate([targets[:, None], negatives], axis=1)  # (B, K + 1)
    u = U[rows]  # (B, K + 1, n)
    z = np.einsum("bkn,bn->bk", u, predicted)
    z[:, 0] *= -1
    d = sigmoid(z)
    d[:, 0] *= -1  # by u.v
    return (
        np.logaddexp(0, z).sum(axis=1),
        np.einsum("bk,bkn->bn", d, u),
        rows,
        d[:, :, None] * predicted[:, None],
    )
    # END SOLUTION w2v-22


def softmax_loss(predicted, targets, U):
    """Costs of B predictions by the softmax over all V words, and the gradients.

    predicted (B, n), targets (B,), U (V, n). Returns costs (B,), d_predicted (B, n), dU (V, n), summed over the batch.
    """
    scores = predicted @ U.T  # (B, n)@(n, V) -> (B, V)
    top = scores.max(axis=1, keepdims=True)
    e = np.exp(scores - top)
    total = e.sum(axis=1, keepdims=True)
    each = np.arange(len(targets))
    costs = (top + np.log(total))[:, 0] - scores[each, targets]
    d = e / total
    d[each, targets] -= 1  # y_hat - y
    return costs, d @ U, d.T @ predicted


def loss(predicted, targets, negatives, U):
    """(cost, d_predicted, rows, d_rows) of a batch: negative sampling, or the softmax if negatives is None (its rows are
    all rows). d_rows (R, n) belongs to rows (R,), where a row may occur more than once."""
    if negatives is None:
        costs, d_predicted, dU = softmax_loss(predicted, targets, U)
        return costs.sum(), d_predicted, np.arange(len(U)), dU
    costs, d_predicted, rows, d_rows = negative_sampling(predicted, targets, negatives, U)
    return costs.sum(), d_predicted, rows.ravel(), d_rows.reshape(-1, U.shape[1])


def skipgram_rows(centers, contexts, V, U, negatives=None):
    """Skip-gram over a batch of windows, gradients by the rows that occur.

    centers (B,), contexts (B, L) padded with PAD, V and U (words, n), negatives (B, L, K) or None for the softmax.
    Returns the summed cost, rows of V and their gradients, rows of U and their gradients; a row may occur repeatedly.
    """
    window, position = np.nonzero(contexts != PAD)
    predicted = V[centers[window]]  # (pairs, n)
    chosen = None if negatives is None else negatives[window, position]
    cost, d_predicted, rows, d_rows = loss(predicted, contexts[window, position], chosen, U)
    return cost, centers[window], d_predicted, rows, d_rows


def cbow_rows(centers, contexts, V, U, negatives=None):
    """CBOW over a batch of windows; arguments and results as in skipgram_rows, but negatives (B, K)."""
    window, position = np.nonzero(contexts != PAD)
    words = contexts[window, position]
    predicted = np.zeros((len(centers), V.shape[1]), V.dtype)
    add_rows(predicted, window, V[words])  # sum of each context
    cost, d_predicted, rows, d_rows = loss(predicted, centers, negatives, U)
    return cost, words, d_predicted[window], rows, d_rows


def dense(result, V, U):
    """(cost, gradIn, gradOut) with gradients of the whole tables, from the result of a *_rows function."""
    cost, rows_in, d_in, rows_out, d_out = result
    gradIn, gradOut = np.zeros_like(V), np.zeros_like(U)
    add_rows(gradIn, rows_in, d_in)
    add_rows(gradOut, rows_out, d_out)
    return cost, gradIn, gradOut


def skipgram(centers, contexts, V, U, negatives=None):
    """The sum of question 3's skipgram over a batch of windows: cost, gradIn, gradOut. Arguments as in skipgram_rows."""
    return dense(skipgram_rows(centers, contexts, V, U, negatives), V, U)


def cbow(centers, contexts, V, U, negatives=None):
    """The sum of question 3's cbow over a batch of windows: cost, gradIn, gradOut. Arguments as in cbow_rows."""
    return dense(cbow_rows(centers, contexts, V, U, negatives), V, U)


# ---------------------------------------------------------------- negatives shared by neighbouring windows (train.py)
#
# A stretch of text is cut into G groups of L centres. A group's context lies in its M = L + 2 * window positions, and its
# S negatives serve all its windows, so all scores are two matrix products per group (Ji, Satish, Li and Dubey 2016).


def slope(scores):
    """Sigmoid by one exponential, for scores in training: an overflow gives the right limit."""
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-scores))


def shared_cost(positive, negative, pairs, weight):
    """Summed cost of scores (G, L, M) and (G, L, S), counted `pairs` and `weight` times."""
    return float(
        np.sum(pairs * np.logaddexp(0, -positive)) + np.sum(weight * np.logaddexp(0, negative))
    )


def shared_skipgram(v, u, u_neg, pairs, weight, with_cost=True):
    """Skip-gram of G groups of L centres, gradients summed by position.

    v (G, L, n) input vectors of the centres; u (G, M, n) output vectors of the positions; u_neg (G, S, n) of the negatives.
    pairs (G, L, M): 1 where position m is in the context of centre l, else 0. weight (G, L, S): count of negative s.
    Returns cost (None without with_cost), dv, du, du_neg.
    """
    positive, negative = v @ u.swapaxes(1, 2), v @ u_neg.swapaxes(1, 2)  # (G, L, M), (G, L, S)
    d_pos, d_neg = -pairs * slope(-positive), weight * slope(negative)
    cost = shared_cost(positive, negative, pairs, weight) if with_cost else None
    return cost, d_pos @ u + d_neg @ u_neg, d_pos.swapaxes(1, 2) @ v, d_neg.swapaxes(1, 2) @ v


def shared_cbow(v, u, u_neg, pairs, weight, with_cost=True):
    """CBOW of G groups, gradients summed by position: v (G, M, n) input vectors of the positions, u (G, L, n) output vectors of
    the centres, the rest as in shared_skipgram. A centre without context is not counted."""
    predicted = pairs @ v  # (G, L, M)@(G, M, n) -> (G, L, n)
    positive, negative = (
        np.sum(predicted * u, axis=2, keepdims=True),
        predicted @ u_neg.swapaxes(1, 2),
    )
    counts = (pairs.sum(axis=2, keepdims=True) > 0).astype(v.dtype)  # (G, L, 1)
    d_pos, d_neg = -counts * slope(-positive), weight * slope(negative)
    cost = shared_cost(positive, negative, counts, weight) if with_cost else None
    d_predicted = d_pos * u + d_neg @ u_neg
    return (
        cost,
        pairs.swapaxes(1, 2) @ d_predicted,
        d_pos * predicted,
        d_neg.swapaxes(1, 2) @ predicted,
    )


def sum_rows(rows, values, scratch):
    """Sums of values (R, n) by row: (distinct rows, (distinct, n)). scratch: an int array as long as the table.

    The same as add_rows into zeros, without a table of zeros, and faster: rows that occur once are copied, and
    np.add.at on one axis is five times as fast as on rows.
    """
    n = values.shape[1]
    order = np.arange(len(rows))
    scratch[rows] = order  # of equal rows, the last index remains
    last = scratch[rows] == order
    target = (np.cumsum(last) - 1)[scratch[rows]]
    sums, repeated = values[last], ~last
    np.add.at(
        sums.reshape(-1),
        (target[repeated, None] * n + np.arange(n)).ravel(),
        values[repeated].ravel(),
    )
    return rows[last], sums
