"""Cases of word2vec_sst. Expected values: torch in float64 (autograd, logsigmoid, log_softmax), plain loops, closed forms."""

import numpy as np
import torch
import torch.nn.functional as F

from course.cases import Case

WORDS = [
    "film",
    "good",
    "bad",
    "plot",
    "dull",
    "warm",
    "cast",
    "scene",
    "song",
    "end",
    "hero",
    "joke",
    "tale",
]


def tensor(x, grad=False):
    return torch.tensor(np.asarray(x, dtype=np.float64), requires_grad=grad)


# ---------------------------------------------------------------- question 1


def softmax(rng):
    for label, shape in (
        ("a square matrix", (4, 4)),
        ("rows", (5, 3)),
        ("one row of numbers", (6,)),
        ("one column", (3, 1)),
    ):
        x = rng.normal(0, 2, shape)
        yield Case(label, [x], {"probabilities": torch.softmax(tensor(x), -1).numpy()})


def softmax_overflow(rng):
    small = rng.uniform(-1, 1, 5)
    steep = np.array([700.2, 0.4, 3.1, 702.3, 711.0]) + small / 10
    rows = np.array([[1000.0], [-1000.0], [0.0]]) + rng.normal(0, 2, (3, 4))
    for label, x in (
        ("scores near 1000", 1000 + small),
        ("scores near 711", steep),
        ("rows near 1000, -1000 and 0", rows),
        ("scores near -1000", -1000 + small),
    ):
        yield Case(label, [x], {"probabilities": torch.softmax(tensor(x), -1).numpy()})


# ---------------------------------------------------------------- question 2


def sigmoid(rng):
    for label, shape in (("a matrix", (3, 4)), ("a row", (5,)), ("three axes", (2, 3, 2))):
        x = rng.normal(0, 2, shape)
        yield Case(label, [x], {"s": torch.sigmoid(tensor(x)).numpy()})


def sigmoid_overflow(rng):
    x = np.concatenate([[-1000.0, -711.0, 711.0, 1000.0], rng.normal(0, 2, 2)])
    for label, shape in (("x from -1000 to 1000", (6,)), ("three axes, -1000 to 1000", (1, 2, 3))):
        given = x.reshape(shape)
        yield Case(label, [given], {"s": torch.sigmoid(tensor(given)).numpy()})


def sigmoid_grad(rng):
    for label, shape in (("", (3, 4)), ("three axes", (2, 2, 3))):
        x = tensor(rng.normal(0, 2, shape), True)
        s = torch.sigmoid(x)
        s.sum().backward()
        yield Case(label, [s.detach().numpy()], {"derivative": x.grad.numpy()})


def checked_function(
    rng,
    shape,
    right=True,
    wrong_at=None,
    cross=0.0,
    bend=0.0,
    rate=0.0,
    constant=0.0,
    noise=0.0,
    factor=None,
    steep=0.0,
):
    """One function for gradcheck_naive, and whether its gradient is right.

    steep: the second derivative of a function whose gradient is of size 1, where a one-sided difference is far off.
    """
    size = int(np.prod(shape))
    x = rng.uniform(0.5, 1.5, shape)
    A = np.diag(bend + steep + rng.uniform(0.01, 0.02, size)) + cross * (
        np.ones((size, size)) - np.eye(size)
    )
    function = {
        "x": x,
        "A": A,
        "b": rng.uniform(0.5, 1.5, size) - steep * x.ravel(),
        "rate": rate,
        "constant": constant,
        "noise": noise,
        "error": np.zeros(shape),
    }
    if not right:
        gradient = function["b"] + A @ x.ravel() + rate * np.exp(rate * x.ravel())
        error = np.zeros(size)
        wrong = slice(None) if wrong_at is None else wrong_at
        error[wrong] = ((factor or 1.3) - 1) * gradient[wrong]
        function["error"] = error.reshape(shape)
    return function, right


def gradcheck_functions(rng):
    """Right and wrong gradients in random order."""
    cases = [
        checked_function(rng, (3,)),
        checked_function(rng, (2, 3)),
        checked_function(rng, (4,), cross=5.0),
        checked_function(rng, (2, 2), rate=3.0),
        checked_function(rng, (2, 2), bend=20.0),
        checked_function(rng, (3,), constant=1e4),
        checked_function(rng, (2, 2), noise=1.0),
        checked_function(rng, (3, 2), noise=1.0),
        checked_function(rng, (5,), right=False),
        checked_function(rng, (4,), right=False, factor=-1),
        checked_function(rng, (2, 2), right=False, factor=2),
    ]
    cases += [checked_function(rng, (4,), right=False, wrong_at=i) for i in range(4)]
    cases += [checked_function(rng, (2, 3), right=False, wrong_at=i, factor=0.9) for i in (4, 5)]
    cases += [
        checked_function(rng, (2, 2), steep=1000.0),
        checked_function(rng, (3,), right=False, factor=1.0001),
    ]
    return [cases[i] for i in rng.permutation(len(cases))]


def gradcheck_verdicts(rng):
    functions, right = zip(*gradcheck_functions(rng))
    yield Case("", [list(functions)], {"verdicts": np.array(right)})


def gradcheck_leaves(rng):
    functions = [
        checked_function(rng, (3,), cross=2.0)[0],
        checked_function(rng, (2, 3), noise=1.0)[0],
    ]
    yield Case("", [functions], {"x": [function["x"] for function in functions]})


def network(rng, N, D_x, H, D_y, scale=1.0, certain=False):
    """Inputs, cost and gradient of forward_backward_prop, by autograd."""
    data, params = rng.normal(0, 1, (N, D_x)), rng.normal(0, 1, (D_x + 1) * H + (H + 1) * D_y)
    params[(D_x + 1) * H :] *= scale
    flat = tensor(params, True)
    W1, b1, W2, b2 = torch.split(flat, [D_x * H, H, H * D_y, D_y])
    scores = torch.sigmoid(tensor(data) @ W1.reshape(D_x, H) + b1) @ W2.reshape(H, D_y) + b2
    right = scores.detach().argmax(1).numpy() if certain else rng.integers(0, D_y, N)
    cost = F.cross_entropy(scores, torch.as_tensor(right), reduction="sum")
    cost.backward()
    return Case(
        "",
        [data, np.eye(D_y)[right], params, [D_x, H, D_y]],
        {"cost": float(cost.detach()), "gradient": flat.grad.numpy()},
    )


def network_gradient(rng):
    yield network(rng, 7, 4, 3, 5)
    yield network(rng, 5, 3, 4, 2)


network_sum = network_gradient


def network_certain(rng):
    while True:
        draw = network(rng, 6, 4, 3, 5, scale=3000.0, certain=True)
        data, labels, params, (D_x, H, D_y) = draw.inputs
        W1, b1 = params[: D_x * H].reshape(D_x, H), params[D_x * H : D_x * H + H]
        scores = (
            1 / (1 + np.exp(-data @ W1 - b1)) @ params[(D_x + 1) * H : -D_y].reshape(H, D_y)
            + params[-D_y:]
        )
        gaps = np.sort(scores.max(axis=1, keepdims=True) - scores, axis=1)
        low = scores.max(axis=1).min()  # the stub of softmax refuses a row of low scores only
        if gaps[:, 1].min() > 30 and gaps[:, -1].max() > 800 and low > -500:
            draw.label = "the right class is certain, another one is impossible"
            yield draw
            return


# ---------------------------------------------------------------- question 3


def normalize_rows(rng):
    for label, shape in (
        ("a square matrix", (4, 4)),
        ("rows", (5, 3)),
        ("one row", (1, 4)),
        ("short and long rows", (4, 3)),
    ):
        x = rng.normal(0, 2, shape)
        if label == "short and long rows":
            x *= np.array([[0.01], [0.1], [10.0], [100.0]])
        yield Case(
            label,
            [x],
            {"rows": np.array([row / np.sqrt(sum(value**2 for value in row)) for row in x])},
        )


def softmax_loss(v, U, target):
    """cost, gradPred, grad of the softmax over all rows of U, by autograd."""
    v, U = tensor(v, True), tensor(U, True)
    cost = -torch.log_softmax(U @ v, 0)[target]
    cost.backward()
    return {"cost": float(cost.detach()), "gradPred": v.grad.numpy(), "grad": U.grad.numpy()}


def softmax_cost(rng):
    for label, V, n in (("", 7, 4), ("V = n", 5, 5)):
        v, U, target = rng.normal(0, 1, n), rng.normal(0, 1, (V, n)), int(rng.integers(1, V))
        yield Case(label, [v, target, U, None], softmax_loss(v, U, target))


softmax_gradients = softmax_cost


def softmax_cost_overflow(rng):
    v, U = rng.uniform(0.5, 1.5, 4), rng.uniform(0.5, 1.5, (6, 4))
    apart = np.array(
        [-1000.0, 0.0, 1000.0, 1000.0, -1000.0, 1000.0]
    )  # the target's is one of the high ones
    for label, level in (
        ("scores near 1000", 1000.0),
        ("scores near -1000", -1000.0),
        ("scores from -1000 to 1000", apart),
    ):
        shifted = (
            U + (level - U @ v)[:, None] * v / (v @ v) + np.outer(rng.normal(0, 1, 6), v) / (v @ v)
        )
        yield Case(label, [v, 2, shifted, None], softmax_loss(v, shifted, 2))


def negative_loss(v, U, target, negatives):
    """cost, gradPred, grad against a list of negatives, by autograd."""
    v, U = tensor(v, True), tensor(U, True)
    cost = -F.logsigmoid(U[target] @ v)
    for row in negatives:
        cost = cost - F.logsigmoid(-(U[row] @ v))
    cost.backward()
    return {"cost": float(cost.detach()), "gradPred": v.grad.numpy(), "grad": U.grad.numpy()}


def neg_draw(rng, label, draws, target, K=None, V=13, n=4):
    """A draw for negSamplingCostAndGradient. draws: what sampleTokenIdx gives; K None: the default of 10."""
    v, U = rng.normal(0, 1, n), rng.normal(0, 1, (V, n))
    used = [i for i, row in enumerate(draws) if row != target][: K or 10]
    expected = negative_loss(v, U, target, [draws[i] for i in used]) | {"drawn": used[-1] + 1}
    return Case(label, [v, target, U, list(map(int, draws))] + ([] if K is None else [K]), expected)


def neg_cost(rng):
    rows = rng.permutation(13)
    yield neg_draw(rng, "all negatives different", rows[1:], int(rows[0]), 5)
    rows = rng.permutation(13)
    yield neg_draw(rng, "a negative drawn twice", rows[[3, 5, 3, 7]], int(rows[0]), 4)
    rows = rng.permutation(13)
    yield neg_draw(rng, "K left out: 10", rows[1:], int(rows[0]))


neg_gradients = neg_cost


def neg_draws(rng):
    rows = rng.permutation(13)
    yield neg_draw(
        rng, "the target drawn twice", rows[[1, 0, 2, 3, 0, 4, 5, 6, 7]], int(rows[0]), 5
    )
    rows = rng.permutation(13)
    yield neg_draw(rng, "the target drawn first", rows[[0, 1, 2, 3, 4, 5, 6]], int(rows[0]), 4)


def neg_overflow(rng):
    v, U = np.array([1.0, 0.5, -0.5, 2.0]), rng.uniform(-0.1, 0.1, (6, 4))
    U[3] += 40 * v / (v @ v)
    U[1] -= 40 * v / (v @ v)
    for label, target, draws in (
        ("a negative with score 40", 0, [3, 4, 5]),
        ("negatives with scores -40 and 40", 2, [1, 3, 4]),
    ):
        yield Case(
            label, [v, target, U, draws, 3], negative_loss(v, U, target, draws) | {"drawn": 3}
        )


def distance(v, target, U, draws):
    return (v - U[target]).square().sum() / 2


COSTS = {  # name -> (the stub's, the one of the exercise), each of (v, target, U, iterator of draws)
    "softmaxCostAndGradient": (
        distance,
        lambda v, target, U, draws: -torch.log_softmax(U @ v, 0)[target],
    ),
    "negSamplingCostAndGradient": (
        lambda v, target, U, draws: distance(v, target, U, draws) + U[next(draws)] @ v,
        lambda v, target, U, draws: (
            -F.logsigmoid(U[target] @ v)
            - sum(F.logsigmoid(-(U[next(draws)] @ v)) for _ in range(10))
        ),
    ),
}


def one_window(rng, label, model, cost, words, context, center, V=9, n=4):
    """A draw for skipgram or cbow: the context's words by autograd over both tables, by both kinds of the cost."""
    tokens = {word: int(row) for word, row in zip(words, rng.permutation(V))}
    V_in, U_out = rng.normal(0, 1, (V, n)), rng.normal(0, 1, (V, n))
    rows = [tokens[word] for word in context]
    used = set(rows) | {tokens[center]}
    draws = rng.choice([row for row in range(V) if row not in used], 60).tolist()
    expected = {}
    for whose, term in zip(("", "own "), COSTS[cost]):
        ins, outs, left = tensor(V_in, True), tensor(U_out, True), iter(draws)
        pairs = (
            [(ins[tokens[center]], row) for row in rows]
            if model == "skipgram"
            else [(ins[rows].sum(0), tokens[center])]
        )
        total = sum(term(v, target, outs, left) for v, target in pairs)
        total.backward()
        expected |= {
            f"{whose}cost": float(total.detach()),
            f"{whose}gradIn": ins.grad.numpy(),
            f"{whose}gradOut": outs.grad.numpy(),
        }
    return Case(
        label, [model, cost, center, 5, list(context), tokens, V_in, U_out, draws], expected
    )


def windows(rng, model):
    for label, cost, repeat in (
        ("softmax", "softmaxCostAndGradient", 0),
        ("negative sampling", "negSamplingCostAndGradient", 0),
        ("softmax, a context word twice", "softmaxCostAndGradient", 1),
    ):
        words = [WORDS[i] for i in rng.permutation(len(WORDS))[:9]]
        yield one_window(rng, label, model, cost, words, words[1:5] + words[1:3] * repeat, words[0])


def skipgram_cost(rng):
    yield from windows(rng, "skipgram")


def cbow_cost(rng):
    yield from windows(rng, "cbow")


skipgram_gradients, cbow_gradients = skipgram_cost, cbow_cost


def descent(x0, a, m, step, iterations, unit_rows=False, halve=20_000):
    """Gradient descent as a plain loop."""
    x = x0.copy()
    for iteration in range(1, iterations + 1):
        x = x - step * a * (x - m)
        if unit_rows:
            x = np.array([row / np.linalg.norm(row) for row in x])
        if iteration % halve == 0:
            step = step / 2
    return x


def sgd_inputs(rng, iterations, step, unit_rows=False):
    x0, a, m = rng.normal(0, 1, (4, 3)), rng.uniform(0.5, 1.5, (4, 3)), rng.normal(0, 1, (4, 3))
    return [x0, a, m, step, iterations, "unit rows" if unit_rows else None]


def sgd_steps(rng):
    for label, iterations in (("one iteration", 1), ("seven iterations", 7)):
        inputs = sgd_inputs(rng, iterations, 0.17)
        yield Case(label, inputs, {"x": descent(*inputs[:5])})


def sgd_postprocessing(rng):
    for label, iterations in (("one iteration", 1), ("six iterations", 6)):
        inputs = sgd_inputs(rng, iterations, 0.23, True)
        yield Case(label, inputs, {"x": descent(*inputs[:5], unit_rows=True)})


def sgd_halving(rng):
    inputs = sgd_inputs(rng, 20_005, 2e-5)
    yield Case("20,005 iterations", inputs, {"x": descent(*inputs[:5])})


def sgd_saving(rng):
    """What is printed: 0.95 of the last cost printed, 0.05 of this iteration's, before its step. The handouts of some years
    smooth over all iterations in place of those that are printed."""
    for label, begin, every, save in (
        ("a new run", 0, 4, True),
        ("on from iteration 20,000", 20_000, 2, True),
        ("nothing to save", 0, 5, False),
    ):
        inputs = sgd_inputs(rng, begin + 13, 0.1)
        x, a, m, step, iterations, _ = inputs
        if begin:
            x, step = rng.normal(0, 1, (4, 3)), step / 2
        start, saved, printed, running = x, [], [], None
        for iteration in range(begin + 1, iterations + 1):
            cost = np.sum(a * (x - m) ** 2) / 2
            x = descent(x, a, m, step, 1)
            if iteration % 5 == 0 and save:
                saved.append([iteration, x])
            running = cost if running is None else 0.95 * running + 0.05 * cost
            if iteration % every == 0:
                smoothed = 0.95 * printed[-1][1] + 0.05 * cost if printed else cost
                printed.append([iteration, smoothed, running])
        yield Case(
            label,
            [*inputs, [begin, start] if save else None, every],
            {
                "x": x,
                "iterations": [iteration for iteration, _ in saved],
                "saved": [params for _, params in saved],
                "smoothed": np.array(printed),
            },
        )


def wrapper(rng):
    for model in ("skipgram", "cbow"):
        words, n = [WORDS[i] for i in rng.permutation(len(WORDS))[:8]], 3
        tokens = {word: i for i, word in enumerate(words)}
        vectors = rng.normal(0, 1, (20, n))
        stretches = [
            (words[i % 6], [words[(i + 1) % 6], words[(i + 2) % 6]][: 1 + i % 2]) for i in range(7)
        ]
        draws = [8, 9]  # rows that are no word of a window
        both = tensor(vectors, True)
        total, count = tensor(0.0), 0
        for i in range(50):
            center, context = stretches[i % 7]
            rows = [tokens[word] for word in context]
            pairs = (
                [(both[tokens[center]], row) for row in rows]
                if model == "skipgram"
                else [(both[rows].sum(0), tokens[center])]
            )
            for v, target in pairs:
                negatives = [10 + draws[(count + k) % 2] for k in range(10)]
                count += 10
                total = (
                    total
                    - F.logsigmoid(both[10 + target] @ v)
                    - F.logsigmoid(-(both[negatives] @ v)).sum()
                )
        (total / 50).backward()
        yield Case(
            model,
            [
                model,
                "negSamplingCostAndGradient",
                tokens,
                vectors,
                [[center, context] for center, context in stretches],
                draws,
                5,
            ],
            {"cost": float(total.detach()) / 50, "gradient": both.grad.numpy()},
        )


# ---------------------------------------------------------------- question 4


def sentence_features(rng):
    tokens = {word: int(row) for word, row in zip(WORDS, rng.permutation(len(WORDS)))}
    vectors = rng.normal(0, 1, (len(WORDS), 5))
    words = [WORDS[i] for i in rng.permutation(len(WORDS))]
    words.sort(key=lambda word: tokens[word] != 0)  # the word of row 0 is in every sentence
    for label, sentence in (
        ("four words", words[:4]),
        ("one word", words[:1]),
        ("a word twice", words[:2] + words[:1]),
    ):
        total = sum(vectors[tokens[word]] for word in sentence)
        yield Case(label, [tokens, vectors, sentence], {"features": total / len(sentence)})


def regression(rng, label, N, n, K, strength, level=0.0, low=0):
    """A draw for softmaxRegression, by autograd. level: how far scores are shifted, those of the first `low` classes down."""
    features, labels, weights = (
        rng.normal(0, 1, (N, n)),
        rng.integers(0, K, N),
        rng.normal(0, 1, (n, K)),
    )
    if level:
        features[:, 0], weights[0] = (
            level / 10,
            rng.uniform(9.9, 10.1, K) * np.where(np.arange(K) < low, -1, 1),
        )
        labels = rng.integers(low, K, N)
    labels[0] = np.argmax(
        features[0] @ weights
    )  # a right prediction, so that p - 1 at the label has another argmax
    w = tensor(weights, True)
    scores = tensor(features) @ w
    cost = F.cross_entropy(scores, torch.as_tensor(labels)) + 0.5 * strength * (w**2).sum()
    cost.backward()
    return Case(
        label,
        [features, labels, weights, strength],
        {
            "cost": float(cost.detach()),
            "gradient": w.grad.numpy(),
            "classes": scores.argmax(1).numpy(),
            "cost, nopredictions": float(cost.detach()),
        },
    )


def regression_cost(rng):
    yield regression(rng, "no regularisation", 9, 4, 5, 0.0)
    yield regression(rng, "regularisation 0.8", 8, 3, 5, 0.8)


regression_gradient = regression_cost


def regression_classes(rng):
    yield regression(rng, "", 12, 4, 5, 0.3)
    yield regression(rng, "one row", 1, 4, 5, 0.3)


def regression_overflow(rng):
    yield regression(rng, "scores near 1000", 6, 4, 5, 0.01, level=1000.0)
    yield regression(rng, "scores near -1000 and 1000", 6, 4, 5, 0.01, level=1000.0, low=2)


def regularization_values(rng):
    yield Case("", [], {})


def best_model(rng):
    while True:  # every wrong criterion chooses another model
        reg = np.sort(10.0 ** rng.uniform(-6, 1, 9))
        train, dev, test = (
            rng.permutation(np.linspace(25, 45, 9) + rng.uniform(0, 2, 9)) for _ in range(3)
        )
        choices = [
            np.argmax(dev),
            np.argmax(test),
            np.argmax(train),
            np.argmax(dev + test),
            np.argmin(np.abs(train - dev)),
            np.argmin(dev),
            8,
            0,
        ]
        if len(set(map(int, choices))) == len(choices):
            break
    results = [
        {"reg": float(r), "train": float(a), "dev": float(b), "test": float(c)}
        for r, a, b, c in zip(reg, train, dev, test)
    ]
    yield Case("", [results], {"reg": float(reg[np.argmax(dev)])})
    yield Case("one result", [results[3:4]], {"reg": float(reg[3])})


# ---------------------------------------------------------------- theory.py, basics.py, model.py


def number_of_parameters(rng):
    for _ in range(2):
        D_x, H, D_y = (int(size) for size in rng.choice(np.arange(2, 30), 3, replace=False))
        yield Case(
            "",
            [D_x, H, D_y],
            {
                "numbers": sum(1 for _ in range(H) for _ in range(D_x + 1))
                + sum(1 for _ in range(D_y) for _ in range(H + 1))
            },
        )


def perceptron(rng):
    x, w = rng.normal(0, 1, (6, 3)), np.array([1.0, -2.0, 0.5])
    x[1] = [2.0, 1.0, 1.0]  # 2 - 2 + 0.5 - 0.5: exactly on the threshold
    x[2] = [0.4, 0.2, 0.0]  # 0.4 - 0.4 - 0.5: below it
    yield Case("one row on the threshold", [x, w, -0.5], {"fires": (x @ w >= 0.5).astype(int)})


def logistic(rng):
    z, L, k, z0 = rng.normal(0, 2, 6), 3.2, 0.7, 1.3
    yield Case(
        "L = 3.2, k = 0.7, z0 = 1.3",
        [z, L, k, z0],
        {"values": L * torch.sigmoid(tensor(k * (z - z0))).numpy()},
    )
    yield Case("the sigmoid", [z], {"values": torch.sigmoid(tensor(z)).numpy()})


def cross_entropy(rng):
    p, labels = rng.dirichlet(np.ones(4), 6), rng.integers(0, 4, 6)
    yield Case(
        "", [p, labels], {"loss": float(F.nll_loss(torch.log(tensor(p)), torch.as_tensor(labels)))}
    )


def network_gradients(rng):
    N, n, H, K = 7, 3, 5, 2
    X, labels = rng.normal(0, 1, (N, n)), rng.integers(0, K, N)
    params = [rng.normal(0, 1, shape) for shape in ((n, H), (H,), (H, K), (K,))]
    leaves = [tensor(p, True) for p in params]
    W1, b1, W2, b2 = leaves
    F.cross_entropy(torch.relu(tensor(X) @ W1 + b1) @ W2 + b2, torch.as_tensor(labels)).backward()
    yield Case(
        "",
        [X, labels, *params],
        dict(zip(("dW1", "db1", "dW2", "db2"), (leaf.grad.numpy() for leaf in leaves))),
    )


def add_rows(rng):
    table, rows, values = (
        rng.normal(0, 1, (6, 3)),
        np.array([4, 1, 4, 0, 4]),
        rng.normal(0, 1, (5, 3)),
    )
    expected = table.copy()
    for row, value in zip(rows, values):
        expected[row] = expected[row] + value
    yield Case("a row that occurs three times", [table, rows, values], {"table": expected})


def batched_negative_sampling(rng):
    B, K, V, n = 5, 3, 9, 4
    predicted, U = rng.normal(0, 1, (B, n)), rng.normal(0, 1, (V, n))
    targets = rng.integers(0, V, B)
    negatives = np.array(
        [[row for row in rng.permutation(V) if row != target][:K] for target in targets]
    )
    negatives[1, 2] = negatives[1, 0]  # a negative twice
    each = [
        negative_loss(v, U, target, row) for v, target, row in zip(predicted, targets, negatives)
    ]
    yield Case(
        "",
        [predicted, targets, negatives, U],
        {
            "costs": np.array([result["cost"] for result in each]),
            "d_predicted": np.array([result["gradPred"] for result in each]),
            "gradient of U": sum(result["grad"] for result in each),
        },
    )


def skipgram_case(rng, label, level=1.0):
    """A case of whole.skipgram_batch, pair by pair with autograd. Words repeat; windows differ in size."""
    B, C, K, V, n = 4, 3, 4, 7, 5
    input_vectors, output_vectors = (
        level * rng.normal(0, 1, (V, n)),
        level * rng.normal(0, 1, (V, n)),
    )
    centers = rng.integers(0, V, B)
    centers[1] = centers[0]  # a centre word twice
    contexts, negatives = rng.integers(0, V, (B, C)), rng.integers(0, V, (B, C, K))
    contexts[2, 1] = contexts[0, 0]  # an outside word in two windows
    negatives[0, 0, 1] = negatives[0, 0, 0]  # a negative twice
    contexts[1, 2:], contexts[3, 1:] = -1, -1
    total, by_input, by_output = 0.0, np.zeros((V, n)), np.zeros((V, n))
    pairs = [(b, c) for b in range(B) for c in range(C) if contexts[b, c] >= 0]
    for b, c in pairs:
        pair = negative_loss(
            input_vectors[centers[b]], output_vectors, contexts[b, c], negatives[b, c]
        )
        total += pair["cost"] / len(pairs)
        by_input[centers[b]] += pair["gradPred"] / len(pairs)
        by_output += pair["grad"] / len(pairs)
    return Case(
        label,
        [centers, contexts, negatives, input_vectors, output_vectors],
        {"cost": total, "by input": by_input, "by output": by_output},
    )


def whole_skipgram_cost(rng):
    yield skipgram_case(rng, "")


whole_skipgram_input = whole_skipgram_output = whole_skipgram_cost


def whole_skipgram_large(rng):
    yield skipgram_case(rng, "products of several hundred", level=30.0)


# ---- find the bug


def bug_shown(rng):
    yield Case("", [], {"problem": "none"})


bug_smallest = bug_shown
