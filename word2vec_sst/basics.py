"""From the perceptron to a network that learns XOR. `python basics.py` trains it and draws its decision boundary."""

from pathlib import Path

import numpy as np
from cli import Parser, positive, positive_int, run
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
    # BEGIN SOLUTION w2v-20 (3 points): softmax minus one-hot, divided by N; ReLU passes the gradient only where it was active
    h, scores = network_scores(X, W1, b1, W2, b2)
    dscores = softmax(scores)
    dscores[np.arange(len(X)), labels] -= 1
    dscores /= len(X)  # (N, K)
    dh = dscores @ W2.T * (h > 0)  # (N, H)
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


def predict(X, params):
    """Most likely class of each row."""
    return np.argmax(network_scores(X, *params)[1], axis=1)


def draw_regions(ax, decide, labels, title):
    """Colour the plane by decide(points (N, 2)) -> class (N,), and put the four corners on it."""
    side = np.linspace(-0.5, 1.5, 201)
    points = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    ax.contourf(
        side,
        side,
        decide(points).reshape(201, 201),
        levels=[-0.5, 0.5, 1.5],
        colors=["#f6c9c0", "#bcd7ee"],
    )
    for label, colour, marker in ((0, "tab:red", "s"), (1, "tab:blue", "o")):
        corners = XOR_INPUTS[labels == label]
        ax.scatter(
            corners[:, 0],
            corners[:, 1],
            c=colour,
            marker=marker,
            edgecolors="black",
            s=80,
            label=f"class {label}",
        )
    ax.set(
        title=title, xlabel="$x_1$", ylabel="$x_2$", xticks=[0, 1], yticks=[0, 1], aspect="equal"
    )


def draw(params, path):
    """Three decision boundaries: AND by a perceptron, XOR by the best single line, XOR by the network."""
    from plots import plt, save  # here, so that the checks can load this file without matplotlib

    fig, axes = plt.subplots(1, 3, figsize=(12, 4.2), layout="constrained")
    draw_regions(
        axes[0],
        lambda x: perceptron(x, np.array([1.0, 1.0]), -1.5),
        np.array([0, 0, 0, 1]),
        "AND: perceptron, $x_1 + x_2 - 1.5 \\geq 0$",
    )
    draw_regions(
        axes[1],
        lambda x: perceptron(x, np.array([1.0, 1.0]), -0.5),
        XOR_LABELS,
        "XOR: one line leaves a corner on the wrong side",
    )
    draw_regions(
        axes[2], lambda x: predict(x, params), XOR_LABELS, "XOR: network with a hidden layer"
    )
    axes[0].legend(loc="lower left")
    save(fig, path)


def get_parser():
    parser = Parser(description="Train a 2-H-2 network with ReLU on XOR from several seeds.")
    parser.add_argument("--hidden", type=positive_int, default=5, help="hidden units")
    parser.add_argument("--lr", type=positive, default=0.05, help="learning rate")
    parser.add_argument("--iters", type=positive_int, default=500, help="steps of gradient descent")
    parser.add_argument("--batchsize", type=positive_int, help="rows a step; default: all four")
    parser.add_argument(
        "--seeds", type=positive_int, default=5, help="how many random starts: seeds 0, 1, ..."
    )
    parser.add_argument("--out_dir", default="workdirs/basics", help="folder for xor.png")
    return parser


def main(argv=None):
    args = get_parser().parse_args(argv)
    for z in (-2.0, 0.0, 2.0):
        print(
            f"logistic({z:4.1f}) = {logistic(z):.4f}   with L = 2, k = 3, z0 = 1: {logistic(z, 2.0, 3.0, 1.0):.4f}"
        )
    print(
        f"XOR, 2-{args.hidden}-2, learning rate {args.lr:g}, {args.iters} steps of {args.batchsize or 4} rows"
    )
    best = None
    for seed in range(args.seeds):
        params, losses = train_network(
            XOR_INPUTS,
            XOR_LABELS,
            args.hidden,
            args.iters,
            args.lr,
            np.random.default_rng(seed),
            args.batchsize,
        )
        p = softmax(network_scores(XOR_INPUTS, *params)[1])
        right = np.count_nonzero(predict(XOR_INPUTS, params) == XOR_LABELS)
        loss = cross_entropy(p, XOR_LABELS)
        print(
            f"seed {seed}  cross entropy {losses[0]:.3f} -> {loss:.4f} nats  squared error "
            f"{mean_squared_error(p, np.eye(2)[XOR_LABELS]):.4f}  {right} of 4 right"
        )
        if best is None or loss < best[0]:
            best = loss, params
    path = Path(args.out_dir).expanduser() / "xor.png"
    draw(best[1], path)
    print(f"wrote {path}")


if __name__ == "__main__":
    run(main)
