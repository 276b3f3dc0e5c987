"""Question 2: a network with one hidden layer. `python q2_neural.py` runs sanity checks; they are not exhaustive."""

import numpy as np
from q1_softmax import softmax
from q2_gradcheck import gradcheck_naive
from q2_sigmoid import sigmoid, sigmoid_grad


def unpack(params, dimensions):
    """W1 (D_x, H), b1 (1, H), W2 (H, D_y), b2 (1, D_y) out of one flat array, in this order."""
    D_x, H, D_y = dimensions[0], dimensions[1], dimensions[2]
    sizes = np.cumsum([D_x * H, H, H * D_y])
    W1, b1, W2, b2 = np.split(np.asarray(params), sizes)
    return W1.reshape(D_x, H), b1.reshape(1, H), W2.reshape(H, D_y), b2.reshape(1, D_y)


def pack(dW1, db1, dW2, db2):
    """The four gradients as one flat array, in the order of `unpack`."""
    return np.concatenate([np.ravel(part) for part in (dW1, db1, dW2, db2)])


def forward_backward_prop(data, labels, params, dimensions):
    """Cost and gradient of a sigmoid layer followed by softmax and cross entropy, both summed over the rows.

    data (N, D_x) rows x, labels (N, D_y) one-hot, params flat (see `unpack`), dimensions [D_x, H, D_y].
    Returns cost (float, nats, summed over the rows) and the gradient, flat like params (see `pack`).
    Source: exercise 2c.
    """
    # BEGIN SOLUTION w2v-05 (11 points): forward, the log of the right class only, then back, layer by layer
    W1, b1, W2, b2 = unpack(params, dimensions)
    h = sigmoid(data @ W1 + b1)  # (N, D_x)@(D_x, H) + (1, H) -> (N, H)
    scores = h @ W2 + b2  # (N, D_y)
    top = np.max(scores, axis=1, keepdims=True)
    log_sum = top + np.log(np.sum(np.exp(scores - top), axis=1, keepdims=True))
    cost = np.sum((log_sum - scores)[labels > 0])  # -log of the right class, stays finite
    dscores = softmax(scores) - labels
    dh = dscores @ W2.T * sigmoid_grad(h)  # (N, H), by the hidden layer's input
    return cost, pack(data.T @ dh, dh.sum(axis=0), h.T @ dscores, dscores.sum(axis=0))
    # END SOLUTION w2v-05


def sanity_checks():
    """The gradient check on random data."""
    rng = np.random.default_rng(0)
    N, dimensions = 20, [10, 5, 4]
    data = rng.standard_normal((N, dimensions[0]))
    labels = np.eye(dimensions[2])[rng.integers(0, dimensions[2], N)]
    D_x, H, D_y = dimensions
    params = rng.standard_normal((D_x + 1) * H + (H + 1) * D_y)
    assert gradcheck_naive(lambda p: forward_backward_prop(data, labels, p, dimensions), params)
    twice, _ = forward_backward_prop(
        np.vstack([data, data]), np.vstack([labels, labels]), params, dimensions
    )
    once, _ = forward_backward_prop(data, labels, params, dimensions)
    assert np.isclose(twice, 2 * once), (
        "the cost is a sum over the rows: twice the rows, twice the cost"
    )


def main():
    sanity_checks()
    print(
        "The sanity checks passed. They are not exhaustive: python -m pytest tests/test_word2vec_sst.py has more."
    )


if __name__ == "__main__":
    from cli import run

    run(main)
