"""Skip-gram with negative sampling for a whole batch, in one piece (bonus): the cost and both gradients, without a loop.

Nothing of the other files is used: the checks hide them. Sizes: B centre words, C places in a window, K negatives, V words, n width.
"""

import numpy as np


def skipgram_batch(centers, contexts, negatives, input_vectors, output_vectors):
    """Mean cost of all pairs (nats, a number), and its gradients by input_vectors and output_vectors, each (V, n).

    centers (B,) int. contexts (B, C) int: words of each window, -1 where a window has fewer. negatives (B, C, K) int: drawn for
    each pair, with repeats; where there is no pair they mean nothing. input_vectors, output_vectors (V, n).
    Cost of a pair with centre vector v, context u and negatives u_k: -log sigmoid(u·v) - sum over k of log sigmoid(-u_k·v); the
    mean is over the pairs that exist. A word that occurs several times in the batch collects all its gradients. Products of
    vectors may be 1000: no overflow, no logarithm of 0. Source: Mikolov et al. 2013b, eq. 4.
    """
    # BEGIN SOLUTION w2v-23 (8 points, bonus): one array of scores for words and negatives; then np.add.at puts rows together
    exists = contexts >= 0  # (B, C)
    words = np.concatenate([np.where(exists, contexts, 0)[:, :, None], negatives], axis=2)
    signs = np.where(
        np.arange(words.shape[2]) == 0, 1.0, -1.0
    )  # the context word is wanted, the others are not
    v, u = input_vectors[centers], output_vectors[words]  # (B, n), (B, C, 1 + K, n)
    scores = signs * np.einsum("bn,bckn->bck", v, u)
    count = exists.sum()
    cost = np.sum(np.logaddexp(0, -scores) * exists[:, :, None]) / count
    by_score = -signs * 0.5 * (1 - np.tanh(0.5 * scores)) * exists[:, :, None] / count
    by_input, by_output = np.zeros_like(input_vectors), np.zeros_like(output_vectors)
    np.add.at(by_input, centers, np.einsum("bck,bckn->bn", by_score, u))
    np.add.at(by_output, words, by_score[..., None] * v[:, None, None])
    return cost, by_input, by_output
    # END SOLUTION w2v-23
