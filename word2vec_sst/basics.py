"""From the perceptron to a network that learns XOR. `python basics.py` trains it and draws its decision boundary."""
from pathlib import Path

import numpy as np
from cli import Parser, positive_int, run
from q1_softmax import softmax

XOR_INPUTS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
XOR_LABELS = np.array([0, 1, 1, 0])


def perceptron(x, w, b):
    """1 where the weighted sum reaches the threshold t = -b, that is sum_i w_i x_i + b >= 0; else 0.

    x (N, n) rows, w (n,), b number. Returns an int array (N,).
    """
    # BEGIN SOLUTION w2v-17 (1 point): a sum of exactly 0 fires
    return (x @ w + b >= 0).astype(int)
    # END SOLUTION w2v-17


def logistic(z, L=1.0, k=1.0, z0=0.0):
    """The logistic function L / (1 + exp(-k (z - z0))) of a number or an array. The sigmoid is L = 1, k = 1, z0 = 0."""
    # BEGIN SOLUTION w2v-18 (1 point): L is the height, k the steepness, z0 the middle
    return L * np.exp(-np.logaddexp(0.0, -k * (np.asarray(z, dtype=float) - z0)))
    # END SOLUTION w2v-18


def mean_squared_error(p, y):
    """Mean over all entries of (p - y)**2. p, y arrays of one shape. Returns a float."""
    return float(np.mean((p - y) ** 2))


def cross_entropy(p, labels):
    """Mean over the rows of -log of the right class's probability, in nats. p (N, K) rows of probabilities, labels (N,)
    int. Returns a float."""
    # BEGIN SOLUTION w2v-19 (1 point): take each row's probability of its own label, then log, then mean
    return float(-np.mean(np.log(p[np.arange(len(labels)), labels])))
    # END SOLUTION w2v-19


def network_scores(X, W1, b1, W2, b2):
    """Hidden layer h = ReLU(X W1 + b1) (N, H) and scores h W2 + b2 (N, K). X (N, n)."""
    h = np.maximum(0, X @ W1 + b1)
    return h, h @ W2 + b2


def network_gradients(X, labels, W1, b1, W2, b2):
    """Gradients of the mean cross entropy of softmax(scores), by W1 (n, H), b1 (H,), W2 (H, K), b2 (K,).

    X (N, n), labels (N,) int. Returns dW1, db1, dW2, db2 in the shapes of the parameters.
    """
    # BEGIN SOLUTION w2v-20 (3 points): softmax minus one-hot over N; ReLU hands back only where it was open
    h, scores = network_scores(X, W1, b1, W2, b2)
    dscores = softmax(scores)
    dscores[np.arange(len(X)), labels] -= 1
    dscores /= len(X)                                                  # (N, K)
    dh = dscores @ W2.T * (h > 0)                                      # (N, H)
    return X.T @ dh, dh.sum(axis=0), h.T @ dscores, dscores.sum(axis=0)
    # END SOLUTION w2v-20


def mini_batches(N, size, rng):
    """The numbers 0 .. N - 1 in random order, in batches of `size` (the last one may be smaller)."""
    return np.array_split(rng.permutation(N), range(size, N, size))


def train_network(X, labels, H, steps, rate, rng, batch=None):
    """Gradient descent from random weights: (parameters, mean cross entropy before each step). batch: rows a step,
    None for all."""
    n, K = X.shape[1], int(labels.max()) + 1
    params = [rng.standard_normal((n, H)), np.zeros(H), rng.standard_normal((H, K)), np.zeros(K)]
    losses, order = [], iter(())
    for _ in range(steps):
        rows = next(order, None) if batch else np.arange(len(X))
        if rows is None:
            order = iter(mini_batches(len(X), batch, rng))
            rows = next(order)
        losses.append(cross_entropy(softmax(network_scores(X, *params)[1]), labels))
        gradients = network_gradients(X[rows], labels[rows], *params)
        params = [p - rate * d for p, d in zip(params, gradients)]
    return params, losses
