"""Cases of hw_bptt. Expected values: explicit products of matrices, plain loops over the steps, or torch's autograd.

One generator per check, with the name of the check. Sizes all differ; states start with h_0 = 0, as in the homework.
"""

import itertools

import numpy as np
import torch

from course.cases import Case


def sizes(rng, count):
    """`count` different small sizes, none of them 1."""
    return [int(size) for size in rng.permutation(np.arange(3, 3 + count))]


def states(rng, T, H):
    """(T + 1, H): a row of zeros, then rows without entries near zero."""
    h = away(rng, (T, H))
    return np.concatenate([np.zeros((1, H)), h])


def away(rng, shape):
    """Random numbers of both signs, at least 0.2 away from zero."""
    return rng.uniform(0.2, 1.5, shape) * rng.choice([-1.0, 1.0], shape)


def square(rng, n, size=1.2):
    """A matrix far from symmetric whose powers neither vanish nor explode in a few dozen steps."""
    return size * np.linalg.qr(rng.normal(size=(n, n)))[0] + rng.normal(size=(n, n)) * 0.1


def signs_mixed(rng, T, n):
    """Pre-activations (T, n) with at least two positive and one negative entry in each row."""
    a = away(rng, (T, n))
    for row in a:
        order = rng.permutation(n)
        row[order[:2]], row[order[2]] = np.abs(row[order[:2]]), -abs(row[order[2]])
    return a


def back_product(W, slope, t, s):
    """The matrix that takes dL/dh_s to dL/dh_t, s >= t (steps from 0): W^T diag(slope_k) for k = t+1 .. s, multiplied."""
    product = np.eye(len(W))
    for k in range(t + 1, s + 1):
        product = product @ W.T @ np.diag(slope[k])
    return product


def outer_sum(left, right):
    """Sum over the rows of left_t right_t^T, entry by entry."""
    total = np.zeros((left.shape[1], right.shape[1]))
    for row, column in zip(left, right):
        for i in range(len(row)):
            for j in range(len(column)):
                total[i, j] += row[i] * column[j]
    return total


def one_hot(y, K):
    return np.array([[1.0 if k == label else 0.0 for k in range(K)] for label in y])


def probabilities(rng, T, K):
    return rng.dirichlet(np.full(K, 2.0), T) * 0.9 + 0.1 / K


def labels(rng, T, K):
    """(T,) int with at least two different labels when T > 1."""
    y = rng.integers(K, size=T)
    while T > 1 and len(set(y)) == 1:
        y = rng.integers(K, size=T)
    return y


# ---------------------------------------------------------------- ReLU-RNN


def relu_dy(rng):
    for y_gt in (1, 0):
        y = float(rng.uniform(0.1, 0.4) + 0.5 * rng.integers(2))
        yield Case(f"y_gt = {y_gt}", [y, y_gt], {"dL/dy_pred": -1 / y if y_gt else 1 / (1 - y)})
    yield Case("y_pred = 0, y_gt = 1", [0.0, 1], {"dL/dy_pred": -1e12})
    yield Case("y_pred = 1, y_gt = 0", [1.0, 0], {"dL/dy_pred": 1 / (1 - (1 - 1e-12))})


def relu_dd(rng):
    for y_gt in (1, 0):
        z = torch.tensor(rng.normal(), dtype=torch.float64, requires_grad=True)
        y = torch.sigmoid(z)
        (-torch.log(y) if y_gt else -torch.log(1 - y)).backward()
        yield Case(f"y_gt = {y_gt}", [y.item(), y_gt], {"dL/dd": z.grad.item()})
    yield Case("y_pred = 0, y_gt = 1", [0.0, 1], {"dL/dd": -1.0})


def relu_dV(rng):
    l, n = sizes(rng, 2)
    for label, steps in (("", l), ("l = 1", 1)):
        dd, h = float(away(rng, ())), states(rng, steps, n)
        yield Case(label, [dd, h], {"dL/dV": np.array([dd * unit for unit in h[steps]])})


def _relu_dh(rng, l, n):
    dd, V, W, a = float(away(rng, ())), away(rng, n), square(rng, n, 1.6), signs_mixed(rng, l, n)
    return dd, V, W, a


def _relu_dh_answer(dd, V, W, a):
    slope = np.where(a > 0, 1.0, 0.0)
    return np.array([back_product(W, slope, t, len(a) - 1) @ V * dd for t in range(len(a))])


def relu_dh(rng):
    l, n = sizes(rng, 2)
    for label, steps in (("", l + 1), ("many steps", 30)):
        inputs = _relu_dh(rng, steps, n)
        yield Case(label, list(inputs), {"dL/dh": _relu_dh_answer(*inputs)})
    dd, V, W, a = _relu_dh(rng, 4, 5)
    a[1:, rng.integers(5)] = 0.0
    yield Case("a unit exactly at 0", [dd, V, W, a], {"dL/dh": _relu_dh_answer(dd, V, W, a)})


def relu_dh_last(rng):
    inputs = _relu_dh(rng, 1, 4)
    yield Case("l = 1", list(inputs), {"dL/dh": _relu_dh_answer(*inputs)})


def relu_da(rng):
    l, n = sizes(rng, 2)
    for label in ("", "a unit exactly at 0", "l = 1"):
        a = torch.tensor(signs_mixed(rng, 1 if label == "l = 1" else l, n), requires_grad=True)
        if "0" in label:
            a.data[:, 1] = 0.0
        dh = away(rng, a.shape)
        torch.relu(a).backward(torch.tensor(dh))
        yield Case(label, [dh, a.detach().numpy()], {"dL/da": a.grad.numpy()})


def relu_dW(rng):
    yield from _dW(rng, square=True)


def _dW(rng, square):
    T, H = sizes(rng, 2)
    for label, steps in (("", T), ("many steps", 40), ("one step", 1)):
        da, h = away(rng, (steps, H)), states(rng, steps, H)
        yield Case(label, [da, h], {"dL/dW": outer_sum(da, h[:steps])})


def relu_dU(rng):
    yield from _dU(rng, square=True)


def _dU(rng, square):
    T, H, D = sizes(rng, 3)
    for label, steps in (("", T), ("many steps", 40), ("one step", 1)):
        da, x = away(rng, (steps, H)), away(rng, (steps, H if square else D))
        yield Case(label, [da, x], {"dL/dU": outer_sum(da, x)})


def relu_db(rng):
    T, H = sizes(rng, 2)
    for label, steps in (("", T), ("one step", 1)):
        da = away(rng, (steps, H))
        yield Case(
            label,
            [da],
            {"dL/db": np.array([sum(da[t][j] for t in range(steps)) for j in range(H)])},
        )


rnn_db = relu_db


def relu_dx(rng):
    l, n = sizes(rng, 2)
    yield from _dx(rng, l, n, n)


def _dx(rng, T, H, D):
    for label, steps in (("", T), ("one step", 1)):
        da, U = away(rng, (steps, H)), away(rng, (H, D))
        x = [[sum(da[t, j] * U[j, i] for j in range(H)) for i in range(D)] for t in range(steps)]
        yield Case(label, [da, U], {"dL/dx": np.array(x)})


# ---------------------------------------------------------------- RNN


def softmax(rng):
    T, K = sizes(rng, 2)
    for label, o in (
        ("", rng.normal(size=(T, K)) * 2),
        ("square", rng.normal(size=(K, K))),
        (
            "large and small values",
            rng.normal(size=(3, K)) + np.array([[1000.0], [0.0], [-1000.0]]),
        ),
        ("both in one row", rng.normal(size=(2, K)) + np.where(np.arange(K) % 2, 1000.0, -1000.0)),
        ("one row", rng.normal(size=(1, K))),
    ):
        yield Case(label, [o], {"y_hat": torch.softmax(torch.tensor(o), dim=1).numpy()})


def rnn_do(rng):
    T, K = sizes(rng, 2)
    for label, steps in (("", T), ("one step", 1)):
        o, y = torch.tensor(rng.normal(size=(steps, K)), requires_grad=True), labels(rng, steps, K)
        torch.nn.functional.cross_entropy(o, torch.tensor(y), reduction="sum").backward()
        yield Case(label, [torch.softmax(o, dim=1).detach().numpy(), y], {"dL/do": o.grad.numpy()})


def rnn_dV(rng):
    T, K, H = sizes(rng, 3)
    for label, steps in (("", T), ("one step", 1)):
        do, h = away(rng, (steps, K)), states(rng, steps, H)
        yield Case(label, [do, h], {"dL/dV": outer_sum(do, h[1:])})


def rnn_dc(rng):
    T, K = sizes(rng, 2)
    for label, steps in (("", T), ("one step", 1)):
        do = away(rng, (steps, K))
        yield Case(
            label,
            [do],
            {"dL/dc": np.array([sum(do[t, k] for t in range(steps)) for k in range(K)])},
        )


def _slope(rng, activation):
    T, H = sizes(rng, 2)
    for label in ("", "a unit exactly at 0") if activation == "relu" else ("",):
        start = signs_mixed(rng, T, H)
        if label:
            start[:, 1] = 0.0
        a = torch.tensor(start, requires_grad=True)
        h = getattr(torch, activation)(a)
        h.sum().backward()
        yield Case(
            label, [a.detach().numpy(), h.detach().numpy(), activation], {"slope": a.grad.numpy()}
        )


def rnn_slope_tanh(rng):
    yield from _slope(rng, "tanh")


def rnn_slope_sigmoid(rng):
    yield from _slope(rng, "sigmoid")


def rnn_slope_relu(rng):
    yield from _slope(rng, "relu")


def _rnn_dh(rng, T, K, H):
    do, V, W, slope = (
        away(rng, (T, K)),
        away(rng, (K, H)),
        square(rng, H),
        rng.uniform(0.4, 0.95, (T, H)),
    )
    dh = np.zeros((T, H))
    for t in range(T):
        for s in range(t, T):  # through the loss of each later step
            dh[t] += back_product(W, slope, t, s) @ V.T @ do[s]
    return [do, V, W, slope], {"dL/dh": dh}


def rnn_dh(rng):
    T, K, H = sizes(rng, 3)
    for label, steps in (("", T), ("many steps", 25)):
        yield Case(label, *_rnn_dh(rng, steps, K, H))


def rnn_dh_one_step(rng):
    yield Case("T = 1", *_rnn_dh(rng, 1, 3, 4))


def rnn_dW(rng):
    yield from _dW(rng, square=False)


def rnn_dU(rng):
    yield from _dU(rng, square=False)


def rnn_dx(rng):
    yield from _dx(rng, *sizes(rng, 3))


def rnn_step_dh(rng):
    t, K, H = sizes(rng, 3)
    for label, steps in (("", t), ("t = 3", 3), ("t = 1", 1), ("many steps", 25)):
        do, V, W, slope = (
            away(rng, K),
            away(rng, (K, H)),
            square(rng, H),
            rng.uniform(0.4, 0.95, (steps, H)),
        )
        dh = [back_product(W, slope, k, steps - 1) @ V.T @ do for k in range(steps)]
        yield Case(label, [do, V, W, slope], {"dL_t/dh": np.array(dh)})


def sgd_step(rng):
    H, D = sizes(rng, 2)
    shapes = {"U": (H, D), "W": (H, H), "b": (H,), "d": ()}
    for label, clip, size in (
        ("no limit", None, 1.0),
        ("norm above the limit", 0.5, 1.0),
        ("norm below the limit", 1000.0, 1.0),
        ("no gradient", 0.5, 0.0),
        ("a norm above the limit and below 1", 0.01, 0.02),
    ):
        params = {name: np.array(away(rng, shape)) for name, shape in shapes.items()}
        grads = {name: np.array(away(rng, shape) * size) for name, shape in shapes.items()}
        norm = sum(float(value) ** 2 for grad in grads.values() for value in np.ravel(grad)) ** 0.5
        scale = 1.0 if clip is None or norm <= clip else clip / norm
        lr = float(rng.uniform(0.05, 0.3))
        after = {name: np.array(params[name] - lr * scale * grads[name]) for name in shapes}
        torch_scale = (
            min(1.0, clip / (norm + 1e-6)) if clip else 1.0
        )  # as in torch's clip_grad_norm_
        like_torch = {
            name: np.array(params[name] - lr * torch_scale * grads[name]) for name in shapes
        }
        yield Case(
            label,
            [params, grads | {"h": away(rng, (7, H)), "x": away(rng, (7, D))}, lr, clip],
            {"params": after, "params, clipped as torch does": like_torch},
        )


# ---------------------------------------------------------------- LSTM


def lstm_dz(rng):
    for draw in rnn_do(rng):
        yield Case(draw.label, draw.inputs, {"dL/dz": draw.expected["dL/do"]})


lstm_dV, lstm_dc = rnn_dV, rnn_dc


def lstm_dh(rng):
    K, H = sizes(rng, 2)
    for label in ("", "the last step"):
        V, dz = away(rng, (K, H)), away(rng, K)
        W, later = (
            [square(rng, H) for _ in range(4)],
            [away(rng, H) * (label == "") for _ in range(4)],
        )
        h = torch.tensor(rng.normal(size=H), requires_grad=True)
        total = torch.tensor(dz) @ (torch.tensor(V) @ h)
        for matrix, gate in zip(W, later):
            total = total + torch.tensor(gate) @ (torch.tensor(matrix) @ h)
        total.backward()
        yield Case(
            label, [dz, V, np.concatenate(W), np.concatenate(later)], {"dL/dh": h.grad.numpy()}
        )


class Cell:
    """One step of the LSTM in torch from random gate inputs, or `steps` independent ones; every part keeps its gradient."""

    def __init__(self, rng, *steps):
        size = (*steps, *sizes(rng, 1))
        self.input = {gate: torch.tensor(away(rng, size), requires_grad=True) for gate in "fiao"}
        self.C_prev = torch.tensor(away(rng, size), requires_grad=True)
        self.f, self.i, self.o = (torch.sigmoid(self.input[gate]) for gate in "fio")
        self.a = torch.tanh(self.input["a"])
        self.C = self.C_prev * self.f + self.i * self.a
        self.C.retain_grad()
        self.h = self.o * torch.tanh(self.C)
        self.dh, self.carried = away(rng, size), away(rng, size)
        (self.h * torch.tensor(self.dh) + self.C * torch.tensor(self.carried)).sum().backward()

    def case(self, inputs, name, of):
        label = "all steps at once, (T, H)" if self.C.dim() == 2 else ""
        return Case(label, [plain(value) for value in inputs], {name: of.grad.numpy()})


def cells(rng):
    """One step, as lstm_through_time calls the blanks, and all steps at once, as fast.py does."""
    return Cell(rng), Cell(rng, 4)


def plain(value):
    return value.detach().numpy() if isinstance(value, torch.Tensor) else value


def lstm_dC_carried(rng):
    for cell in cells(rng):
        yield cell.case([cell.C.grad, cell.f, cell.i], "carried", cell.C_prev)


def lstm_dC(rng):
    for cell in cells(rng):
        yield cell.case([cell.dh, cell.o, cell.C, cell.carried], "dL/dC", cell.C)


def lstm_df(rng):
    for cell in cells(rng):
        yield cell.case([cell.C.grad, cell.C_prev, cell.f], "forget gate", cell.input["f"])


def lstm_di(rng):
    for cell in cells(rng):
        yield cell.case([cell.C.grad, cell.a, cell.i], "input gate", cell.input["i"])


def lstm_da(rng):
    for cell in cells(rng):
        yield cell.case([cell.C.grad, cell.i, cell.a], "candidate", cell.input["a"])


def lstm_do(rng):
    for cell in cells(rng):
        yield cell.case([cell.dh, cell.C, cell.o], "output gate", cell.input["o"])


def lstm_dW(rng):
    yield from _of_gate(rng, "W")


def lstm_dU(rng):
    yield from _of_gate(rng, "U")


def lstm_db(rng):
    yield from _of_gate(rng, "b")


def _of_gate(rng, array):
    T, H, D = sizes(rng, 3)
    for label, steps in (("", T), ("many steps", 40), ("one step", 1)):
        d_gate, name = away(rng, (steps, H)), f"dL/d{array}_g"
        if array == "b":
            answer = np.array([sum(d_gate[t, j] for t in range(steps)) for j in range(H)])
            yield Case(label, [d_gate], {name: answer})
        else:
            read = states(rng, steps, H) if array == "W" else away(rng, (steps, D))
            yield Case(label, [d_gate, read], {name: outer_sum(d_gate, read[:steps])})


def lstm_dx(rng):
    T, H, D = sizes(rng, 3)
    for label, steps in (("", T), ("one step", 1)):
        d, U = (
            {gate: away(rng, (steps, H)) for gate in "fiao"},
            {gate: away(rng, (H, D)) for gate in "fiao"},
        )
        x = torch.zeros((steps, D), dtype=torch.float64, requires_grad=True)
        sum(
            (torch.tensor(d[gate]) * (x @ torch.tensor(U[gate]).T)).sum() for gate in "fiao"
        ).backward()
        yield Case(label, [d, U], {"dL/dx": x.grad.numpy()})


# ---------------------------------------------------------------- whole networks in torch


def leaves(params):
    return {name: torch.tensor(value, requires_grad=True) for name, value in params.items()}


def keep_gradient(values, store):
    values.retain_grad()
    store.append(values)
    return values


def gradients(p, x, **lists):
    """{name: gradient} of leaves, of x and of lists of tensors; zeros where the loss does not depend on them."""

    def gradient(tensor):
        return np.zeros(tuple(tensor.shape)) if tensor.grad is None else tensor.grad.numpy()

    grads = {name: gradient(value) for name, value in p.items()} | {"x": gradient(x)}
    return grads | {
        name: np.array([gradient(value) for value in values]) for name, values in lists.items()
    }


def relu_params(rng, n):
    return {
        "W": square(rng, n, 0.8),
        "U": rng.normal(size=(n, n)) / n**0.5,
        "b": rng.normal(size=n) * 0.5 + 0.3,
        "V": rng.normal(size=n) / n,
        "d": np.array(rng.normal()),
    }


def relu_grads(params, x, y_gt):
    """(y_pred, gradients) of the ReLU-RNN by autograd."""
    p, x, h, hs = (
        leaves(params),
        torch.tensor(x, requires_grad=True),
        torch.zeros(len(params["b"]), dtype=torch.float64),
        [],
    )
    for row in x:
        h = keep_gradient(torch.relu(p["b"] + p["W"] @ h + p["U"] @ row), hs)
    y = torch.sigmoid(p["V"] @ h + p["d"])
    y.retain_grad()
    (-torch.log(y) if y_gt else -torch.log(1 - y)).backward()
    return y.item(), gradients(p, x, h=hs) | {"y_pred": y.grad.item()}


def rnn_params(rng, D, H, K):
    return {
        "U": rng.normal(size=(H, D)) / D**0.5,
        "W": square(rng, H, 0.9),
        "b": rng.normal(size=H) * 0.5,
        "V": rng.normal(size=(K, H)),
        "c": rng.normal(size=K),
    }


def rnn_grads(params, x, y, activation="tanh", step=None):
    """(loss, gradients) of the RNN by autograd; step (from 1): of that step's loss alone."""
    p, x, h, hs = (
        leaves(params),
        torch.tensor(x, requires_grad=True),
        torch.zeros(len(params["b"]), dtype=torch.float64),
        [],
    )
    for row in x:
        h = keep_gradient(getattr(torch, activation)(p["b"] + p["W"] @ h + p["U"] @ row), hs)
    losses = torch.nn.functional.cross_entropy(
        torch.stack(hs) @ p["V"].T + p["c"], torch.tensor(y), reduction="none"
    )
    loss = losses.sum() if step is None else losses[step - 1]
    loss.backward()
    return loss.item(), gradients(p, x, h=hs)


def lstm_params(rng, D, H, K):
    params = {}
    for gate in "fiao":
        params |= {
            f"W_{gate}": square(rng, H, 0.9),
            f"U_{gate}": rng.normal(size=(H, D)),
            f"b_{gate}": rng.normal(size=H),
        }
    return params | {"V": rng.normal(size=(K, H)), "c": rng.normal(size=K)}


def lstm_grads(params, x, y):
    """(loss, gradients) of the LSTM by autograd."""
    p, x, hs, Cs = leaves(params), torch.tensor(x, requires_grad=True), [], []
    h = C = torch.zeros(len(params["b_f"]), dtype=torch.float64)
    for row in x:
        f, i, o = (
            torch.sigmoid(p[f"W_{gate}"] @ h + p[f"U_{gate}"] @ row + p[f"b_{gate}"])
            for gate in "fio"
        )
        a = torch.tanh(p["W_a"] @ h + p["U_a"] @ row + p["b_a"])
        C = keep_gradient(C * f + i * a, Cs)
        h = keep_gradient(o * torch.tanh(C), hs)
    loss = torch.nn.functional.cross_entropy(
        torch.stack(hs) @ p["V"].T + p["c"], torch.tensor(y), reduction="sum"
    )
    loss.backward()
    return loss.item(), gradients(p, x, h=hs, C=Cs)


def relu_together(rng):
    l, n = sizes(rng, 2)
    for label, steps, y_gt in (("", l, 1), ("l = 1", 1, 0)):
        params, x = relu_params(rng, n), rng.normal(size=(steps, n))
        yield Case(label, [params, x, y_gt], {"grads": relu_grads(params, x, y_gt)[1]})


def rnn_together(rng):
    T, D, H, K = sizes(rng, 4)
    for activation in ("tanh", "sigmoid", "relu"):
        params, x, y = rnn_params(rng, D, H, K), rng.normal(size=(T, D)), labels(rng, T, K)
        loss, grads = rnn_grads(params, x, y, activation)
        yield Case(activation, [params, x, y, activation], {"loss": loss, "grads": grads})


def rnn_step_loss_together(rng):
    D, H, K = sizes(rng, 3)
    for t in (1, 3, 5):
        params, x, y = rnn_params(rng, D, H, K), rng.normal(size=(5, D)), labels(rng, 5, K)
        yield Case(
            f"step {t} of 5", [params, x, y, t], {"grads": rnn_grads(params, x, y, step=t)[1]}
        )


def lstm_together(rng):
    T, D, H, K = sizes(rng, 4)
    for label, steps in (("", T), ("T = 1", 1)):
        params, x, y = lstm_params(rng, D, H, K), rng.normal(size=(steps, D)), labels(rng, steps, K)
        loss, grads = lstm_grads(params, x, y)
        yield Case(label, [params, x, y], {"loss": loss, "grads": grads})


# ---------------------------------------------------------------- in one piece


def relu_batch_grads(params, x, y_gt):
    """{"loss", "dL/d..."} of the mean loss of a batch, by autograd, text by text."""
    p, x = leaves(params), torch.tensor(x, requires_grad=True)
    scores = []
    for text in x:
        h = torch.zeros(len(params["b"]), dtype=torch.float64)
        for row in text:
            h = torch.relu(p["b"] + p["W"] @ h + p["U"] @ row)
        scores.append(p["V"] @ h + p["d"])
    loss = torch.nn.functional.binary_cross_entropy_with_logits(
        torch.stack(scores), torch.tensor(y_gt, dtype=torch.float64)
    )
    loss.backward()
    return {"loss": loss.item()} | {f"dL/d{key}": g for key, g in gradients(p, x).items()}


def whole_relu(rng, label, steps=None, level=0.0):
    """One batch of the ReLU-RNN; the labels 0 and 1 both occur. level: added to d, so to every score."""
    B, l, n = sizes(rng, 3)
    params, x = relu_params(rng, n), rng.normal(size=(B, steps or l, n))
    params["d"] = params["d"] + level
    y_gt = rng.permutation(np.arange(B) % 2)
    return Case(label, [params, x, y_gt], relu_batch_grads(params, x, y_gt))


def whole_relu_loss(rng):
    yield whole_relu(rng, "")
    yield whole_relu(rng, "l = 1", steps=1)


def whole_relu_output(rng):
    yield from whole_relu_loss(rng)
    params, x, y_gt = whole_relu(rng, "").inputs
    params["b"][0], x[:, 0] = 0, 0  # h_0 = 0 and x_1 = 0: the first unit's input is exactly 0
    yield Case("a_t = 0", [params, x, y_gt], relu_batch_grads(params, x, y_gt))


whole_relu_parameters = whole_relu_inputs = whole_relu_output


def whole_relu_large(rng):
    yield whole_relu(rng, "scores near 1000", level=1000.0)
    yield whole_relu(rng, "scores near -1000", level=-1000.0)


def whole_lstm_loss(rng):
    T, D, H, K = sizes(rng, 4)
    for label, steps in (("", T), ("T = 1", 1)):
        params, x, y = lstm_params(rng, D, H, K), rng.normal(size=(steps, D)), labels(rng, steps, K)
        loss, grads = lstm_grads(params, x, y)
        expected = {f"dL/d{key}": grads[key] for key in [*params, "x"]}
        yield Case(label, [params, x, y], {"loss": loss} | expected)

    while True:  # the largest logits of two steps are too far apart for one common shift
        params, x, y = lstm_params(rng, D, H, K), rng.normal(size=(T, D)), labels(rng, T, K)
        params["V"] *= 3000
        loss, grads = lstm_grads(params, x, y)
        h = lstm_states(params, x)
        largest = (h @ params["V"].T + params["c"]).max(axis=1)
        if np.ptp(largest) > 800 and largest.max() > 800:
            break
    expected = {f"dL/d{key}": grads[key] for key in [*params, "x"]}
    yield Case("logits of more than 800", [params, x, y], {"loss": loss} | expected)


whole_lstm_output = whole_lstm_loss


def whole_lstm_gates(rng):
    yield from itertools.islice(whole_lstm_loss(rng), 2)


whole_lstm_inputs = whole_lstm_gates


def lstm_states(params, x):
    """h (T, H) of the LSTM, step by step in NumPy."""
    h, C, rows = np.zeros(len(params["b_f"])), np.zeros(len(params["b_f"])), []
    for row in x:
        f, i, o = (
            1 / (1 + np.exp(-(params[f"W_{g}"] @ h + params[f"U_{g}"] @ row + params[f"b_{g}"])))
            for g in "fio"
        )
        a = np.tanh(params["W_a"] @ h + params["U_a"] @ row + params["b_a"])
        C = C * f + i * a
        h = o * np.tanh(C)
        rows.append(h)
    return np.array(rows)


# ---------------------------------------------------------------- choice questions: every option is computed


def true_letter(options):
    """Letter of the only true option."""
    letters = [letter for letter, true in options.items() if true]
    assert len(letters) == 1, letters
    return letters[0]


def c1(rng):
    """|dL/dh_0| after 300 steps beside |dL/dh_300|, for a U whose eigenvalues all have the size that an option names."""
    n = 6
    Q, g = np.linalg.qr(rng.normal(size=(n, n)))[0], away(rng, n)

    def vanishes(low, high):
        U = Q @ np.diag(rng.uniform(low, high, n)) @ Q.T
        back = g
        for _ in range(300):
            back = U.T @ back
        return np.linalg.norm(back) < 1e-6 * np.linalg.norm(g)

    yield Case(
        "",
        [],
        {
            "letter": true_letter(
                {"A": vanishes(0.5, 0.95), "B": vanishes(1, 1), "C": vanishes(1.05, 1.5)}
            )
        },
    )


def c2(rng):
    """|dL/dh_0| after 40 steps beside |dL/dh_40|, W orthogonal, pre-activations positive."""
    n = 6
    W, g, a = (
        np.linalg.qr(rng.normal(size=(n, n)))[0],
        away(rng, n),
        torch.tensor(rng.uniform(0.1, 1.5, (40, n))),
    )

    def keeps(activation):
        a.requires_grad_(True)
        (slope,) = torch.autograd.grad(activation(a).sum(), a)
        back = back_product(W, np.concatenate([np.zeros((1, n)), slope.numpy()]), 0, 40) @ g
        return abs(np.linalg.norm(back) / np.linalg.norm(g) - 1) < 1e-9

    yield Case(
        "",
        [],
        {
            "letter": true_letter(
                {"A": keeps(torch.sigmoid), "B": keeps(torch.tanh), "C": keeps(torch.relu)}
            )
        },
    )


# ---- find the bug


def bug_shown(rng):
    yield Case("", [], {"problem": "none"})


bug_smallest = bug_shown
