"""Accepted variants: correct blanks of hw_bptt that are written differently from the solution."""

# ruff: noqa: F811, F821    (bodies use the names of the solved files)
import math

import numpy as np

from tests.accepted import accepted


@accepted("bptt-01")
def relu_dy(y_pred, y_gt):
    y = np.clip(y_pred, 1e-12, 1 - 1e-12)
    return (y - y_gt) / (y * (1 - y))


@accepted("bptt-01")
def relu_dy(y_pred, y_gt):
    y_pred = max(1e-12, min(1 - 1e-12, y_pred))
    if y_gt == 1:
        return np.array(-1 / y_pred)
    return np.array(1 / (1 - y_pred))


@accepted("bptt-02")
def relu_dd(y_pred, y_gt):
    return np.float64(y_pred) - y_gt


@accepted("bptt-03")
def relu_dV(dd, h):
    return h[len(h) - 1] * dd


@accepted("bptt-04")
def relu_dh(dd, V, W, a):
    l, n = a.shape
    rows, back = [], dd * V
    for t in range(l - 1, -1, -1):
        rows.insert(0, back)
        back = np.where(a[t] > 0, back, 0) @ W
    return np.array(rows)


@accepted("bptt-04")
def relu_dh(dd, V, W, a):
    l, n = a.shape
    dh = np.zeros((l, n))
    for t in range(l):
        product = np.eye(n)
        for k in range(t + 1, l):
            product = product @ W.T @ np.diag((a[k] > 0).astype(float))
        dh[t] = product @ (dd * V)
    return dh


@accepted("bptt-05")
def relu_da(dh, a):
    da = dh.copy()
    da[a <= 0] = 0
    return da


@accepted("bptt-05")
def relu_da(dh, a):
    return dh * np.heaviside(a, 0)


@accepted("bptt-06")
def relu_dW(da, h):
    dW = np.zeros((da.shape[1], h.shape[1]))
    for t in range(len(da)):
        dW += np.outer(da[t], h[t])
    return dW


@accepted("bptt-06")
def relu_dW(da, h):
    """h_0 is zero: the sum may start at the second step."""
    return np.einsum("ti,tj->ij", da[1:], h[1:-1])


@accepted("bptt-07")
def relu_dU(da, x):
    return sum(da[t][:, None] * x[t][None, :] for t in range(len(x)))


@accepted("bptt-08")
def relu_db(da):
    db = np.zeros(da.shape[1])
    for row in reversed(da):
        db = db + row
    return db


@accepted("bptt-09")
def relu_dx(da, U):
    return (U.T @ da.T).T


@accepted("bptt-10")
def softmax(o):
    rows = []
    for row in o:
        e = np.exp(row - max(row))
        rows.append(e / sum(e))
    return np.array(rows)


@accepted("bptt-10")
def softmax(o):
    top = o.max(axis=-1, keepdims=True)
    return np.exp(o - top - np.log(np.exp(o - top).sum(axis=-1, keepdims=True)))


@accepted("bptt-11")
def rnn_do(y_hat, y):
    return y_hat - np.eye(y_hat.shape[1])[y]


@accepted("bptt-11")
def rnn_do(y_hat, y):
    for t, label in enumerate(y):
        y_hat[t, label] -= 1
    return y_hat


@accepted("bptt-12")
def rnn_dV(do, h):
    return np.einsum("tk,th->kh", do, h[1:])


@accepted("bptt-13")
def rnn_dc(do):
    return np.ones(len(do)) @ do


@accepted("bptt-14")
def rnn_slope(a, h, activation):
    if activation == "tanh":
        return 1 / np.cosh(a) ** 2
    if activation == "sigmoid":
        return np.exp(-a) / (1 + np.exp(-a)) ** 2
    return a > 0


@accepted("bptt-14")
def rnn_slope(a, h, activation):
    return {
        "tanh": lambda: 1 - h * h,
        "sigmoid": lambda: h - h * h,
        "relu": lambda: (h > 0).astype(int),
    }[activation]()


@accepted("bptt-15")
def rnn_dh(do, V, W, slope):
    T, dh, later = len(do), [], 0
    for t in range(T - 1, -1, -1):
        dh.append(V.T @ do[t] + later)
        later = (dh[-1] * slope[t]) @ W
    return np.array(dh[::-1])


@accepted("bptt-15")
def rnn_dh(do, V, W, slope):
    """One loss after another, as the exercise states it."""
    dh = np.zeros_like(slope)
    for t in range(len(do)):
        back = V.T @ do[t]
        for k in range(t, -1, -1):
            dh[k] += back
            back = W.T @ (back * slope[k])
    return dh


@accepted("bptt-16")
def rnn_dW(da, h):
    return np.tensordot(da, h[: len(da)], axes=(0, 0))


@accepted("bptt-17")
def rnn_dU(da, x):
    return (x.T @ da).T


@accepted("bptt-18")
def rnn_db(da):
    return np.einsum("th->h", da)


@accepted("bptt-19")
def rnn_dx(da, U):
    return np.stack([U.T @ row for row in da])


@accepted("bptt-20")
def rnn_step_dh(do_t, V, W, slope):
    rows = [do_t @ V]
    for k in range(len(slope) - 1, 0, -1):
        rows = [(rows[0] * slope[k]) @ W] + rows
    return np.array(rows)


@accepted("bptt-21")
def sgd_step(params, grads, lr, clip=None):
    norm = np.linalg.norm(np.concatenate([np.ravel(grads[name]) for name in params]))
    scale = clip / norm if clip is not None and norm > clip else 1.0
    return {name: params[name] - lr * scale * grads[name] for name in params}


@accepted("bptt-21")
def sgd_step(params, grads, lr, clip=None):
    """In place, and with the usual small number in the denominator: within the tolerance."""
    total = math.sqrt(sum((grads[name] ** 2).sum() for name in params))
    if clip is not None and total > clip:
        grads = {name: grads[name] * (clip / (total + 1e-15)) for name in params}
    for name in params:
        params[name] = params[name] - lr * grads[name]
    return params


@accepted("bptt-22")
def lstm_dz(y_hat, y):
    return np.array([[p - (k == y[t]) for k, p in enumerate(row)] for t, row in enumerate(y_hat)])


@accepted("bptt-23")
def lstm_dV(dz, h):
    return sum(np.outer(dz[t], h[t + 1]) for t in range(len(dz)))


@accepted("bptt-24")
def lstm_dc(dz):
    return dz.T @ np.ones(len(dz))


@accepted("bptt-25")
def lstm_dh(dz_t, V, W, later):
    H = V.shape[1]
    dh = dz_t @ V
    for number in range(4):
        dh = dh + W[number * H : (number + 1) * H].T @ later[number * H : (number + 1) * H]
    return dh


@accepted("bptt-26")
def lstm_dC_carried(dC_next, f_next, i_next):
    return np.einsum("...h,...h->...h", f_next, dC_next)


@accepted("bptt-27")
def lstm_dC(dh_t, o_t, C_t, carried):
    return carried + dh_t * o_t / np.cosh(C_t) ** 2


@accepted("bptt-28")
def lstm_df(dC_t, C_prev, f_t):
    return f_t * (1 - f_t) * (dC_t * C_prev)


@accepted("bptt-29")
def lstm_di(dC_t, a_t, i_t):
    return dC_t * a_t * (i_t - i_t**2)


@accepted("bptt-30")
def lstm_da(dC_t, i_t, a_t):
    return dC_t * i_t * (1 - a_t) * (1 + a_t)


@accepted("bptt-31")
def lstm_do(dh_t, C_t, o_t):
    return np.multiply(dh_t, np.tanh(C_t)) * (o_t - o_t * o_t)


@accepted("bptt-32")
def lstm_dW(d_gate, h):
    return sum(np.outer(d_gate[t], h[t]) for t in range(len(h) - 1))


@accepted("bptt-32")
def lstm_dW(d_gate, h):
    return np.einsum("ti,tj->ij", d_gate, h[:-1])


@accepted("bptt-32")
def lstm_dW(d_gate, h):
    return (h[:-1].T @ d_gate).T


@accepted("bptt-32")
def lstm_dW(d_gate, h):
    dW = np.zeros((d_gate.shape[1], h.shape[1]))
    for t, row in enumerate(d_gate):
        dW += row[:, None] * h[t]
    return dW


@accepted("bptt-32")
def lstm_dW(d_gate, h):
    return np.tensordot(d_gate, h[:-1], (0, 0))


@accepted("bptt-32")
def lstm_dW(d_gate, h):
    return sum(np.outer(now, before) for now, before in zip(d_gate, h))


@accepted("bptt-32")
def lstm_dW(d_gate, h):
    return rnn_dW(d_gate, h)


@accepted("bptt-33")
def lstm_dU(d_gate, x):
    return np.einsum("th,td->hd", d_gate, x)


@accepted("bptt-33")
def lstm_dU(d_gate, x):
    return sum(np.outer(d_gate[t], x[t]) for t in range(len(x)))


@accepted("bptt-33")
def lstm_dU(d_gate, x):
    return np.dot(d_gate.transpose(), x)


@accepted("bptt-33")
def lstm_dU(d_gate, x):
    return np.sum(d_gate[:, :, None] * x[:, None, :], axis=0)


@accepted("bptt-33")
def lstm_dU(d_gate, x):
    return (x.T @ d_gate).T


@accepted("bptt-33")
def lstm_dU(d_gate, x):
    H, D = d_gate.shape[1], x.shape[1]
    return np.array([[sum(d_gate[:, i] * x[:, j]) for j in range(D)] for i in range(H)])


@accepted("bptt-34")
def lstm_db(d_gate):
    return np.add.reduce(d_gate)


@accepted("bptt-34")
def lstm_db(d_gate):
    return np.array([sum(column) for column in d_gate.T])


@accepted("bptt-34")
def lstm_db(d_gate):
    return sum(d_gate)


@accepted("bptt-34")
def lstm_db(d_gate):
    return d_gate.T @ np.ones(len(d_gate))


@accepted("bptt-34")
def lstm_db(d_gate):
    return len(d_gate) * d_gate.mean(0)


@accepted("bptt-34")
def lstm_db(d_gate):
    total = 0
    for row in d_gate:
        total = total + row
    return total


@accepted("bptt-34")
def lstm_db(d_gate):
    return np.cumsum(d_gate, axis=0)[-1]


@accepted("bptt-44")
def lstm_dx(d, U):
    return d["f"] @ U["f"] + d["i"] @ U["i"] + d["a"] @ U["a"] + d["o"] @ U["o"]


@accepted("bptt-02")
def relu_dd(y_pred, y_gt):
    return y_pred * (1 - y_gt) - y_gt * (1 - y_pred)


@accepted("bptt-03")
def relu_dV(dd, h):
    return np.array([dd * value for value in h[-1]])


@accepted("bptt-07")
def relu_dU(da, x):
    return np.einsum("ti,tj->ij", da, x)


@accepted("bptt-08")
def relu_db(da):
    return np.ones(len(da)) @ da


@accepted("bptt-09")
def relu_dx(da, U):
    return np.stack([U.T @ row for row in da])


@accepted("bptt-12")
def rnn_dV(do, h):
    return np.tensordot(do, h[1:], axes=(0, 0))


@accepted("bptt-13")
def rnn_dc(do):
    return np.array([math.fsum(column) for column in do.T])


@accepted("bptt-16")
def rnn_dW(da, h):
    return np.sum(da[:, :, None] * h[:-1, None, :], axis=0)


@accepted("bptt-17")
def rnn_dU(da, x):
    return (da[:, :, None] * x[:, None, :]).sum(axis=0)


@accepted("bptt-18")
def rnn_db(da):
    db = np.zeros(da.shape[1])
    for row in da:
        db += row
    return db


@accepted("bptt-19")
def rnn_dx(da, U):
    return np.einsum("th,hd->td", da, U)


@accepted("bptt-20")
def rnn_step_dh(do_t, V, W, slope):
    t, H = slope.shape
    back, rows = do_t @ V, []
    for k in reversed(range(t)):
        rows.append(back)
        back = np.array([sum(back[i] * slope[k, i] * W[i, j] for i in range(H)) for j in range(H)])
    return np.array(rows[::-1])


@accepted("bptt-22")
def lstm_dz(y_hat, y):
    return y_hat - np.eye(y_hat.shape[1])[y]


@accepted("bptt-23")
def lstm_dV(dz, h):
    return np.einsum("tk,th->kh", dz, h[1:])


@accepted("bptt-24")
def lstm_dc(dz):
    return np.array([sum(column) for column in dz.T])


@accepted("bptt-25")
def lstm_dh(dz_t, V, W, later):
    return np.concatenate([dz_t, later]) @ np.vstack([V, W])


@accepted("bptt-26")
def lstm_dC_carried(dC_next, f_next, i_next):
    return np.multiply(f_next, dC_next)


@accepted("bptt-27")
def lstm_dC(dh_t, o_t, C_t, carried):
    h_t = o_t * np.tanh(C_t)
    return carried + dh_t * (o_t - np.tanh(C_t) * h_t)


@accepted("bptt-28")
def lstm_df(dC_t, C_prev, f_t):
    return dC_t * C_prev * (f_t - f_t * f_t)


@accepted("bptt-29")
def lstm_di(dC_t, a_t, i_t):
    return np.prod([dC_t, a_t, i_t, 1 - i_t], axis=0)


@accepted("bptt-30")
def lstm_da(dC_t, i_t, a_t):
    dC_by_a = dC_t * i_t
    return dC_by_a - dC_by_a * a_t * a_t


@accepted("bptt-31")
def lstm_do(dh_t, C_t, o_t):
    h_t = o_t * np.tanh(C_t)
    return dh_t * h_t * (1 - o_t)


@accepted("bptt-44")
def lstm_dx(d, U):
    return np.concatenate([d[gate] for gate in "fiao"], axis=1) @ np.concatenate(
        [U[gate] for gate in "fiao"]
    )


@accepted("bptt-91")
def c1():
    return "a"


@accepted("bptt-91")
def c1():
    return " A "


@accepted("bptt-92")
def c2():
    return "c"


@accepted("bptt-92")
def c2():
    return "C\n"


@accepted("bptt-45")
def relu_rnn_gradients(params, x, y_gt):
    import math

    p, count = params, len(x)
    grads = {name: np.zeros(np.shape(value)) for name, value in p.items()} | {
        "x": np.zeros(x.shape)
    }
    loss = 0.0
    for b in range(count):  # one text after the other, with everything written out
        h, a = [np.zeros(len(p["b"]))], []
        for row in x[b]:
            a.append(p["b"] + p["W"] @ h[-1] + p["U"] @ row)
            h.append(np.where(a[-1] > 0, a[-1], 0.0))
        z = float(p["V"] @ h[-1] + p["d"])
        signed = z if y_gt[b] else -z
        loss += max(-signed, 0) + math.log1p(math.exp(-abs(signed)))
        y = 1 / (1 + math.exp(-z)) if z > -700 else 0.0
        dz = (y - y_gt[b]) / count
        grads["V"] += dz * h[-1]
        grads["d"] += dz
        dh = dz * p["V"]
        for t in reversed(range(len(a))):
            da = dh * (a[t] > 0)
            grads["W"] += np.outer(da, h[t])
            grads["U"] += np.outer(da, x[b, t])
            grads["b"] += da
            grads["x"][b, t] = p["U"].T @ da
            dh = p["W"].T @ da
    return loss / count, grads


@accepted("bptt-45")
def relu_rnn_gradients(params, x, y_gt):
    import torch

    leaves = {
        name: torch.tensor(value, dtype=torch.float64, requires_grad=True)
        for name, value in params.items()
    }
    inputs = torch.tensor(x, requires_grad=True)
    h = torch.zeros(len(x), x.shape[2], dtype=torch.float64)
    for t in range(x.shape[1]):
        h = torch.relu(inputs[:, t] @ leaves["U"].T + h @ leaves["W"].T + leaves["b"])
    z = h @ leaves["V"] + leaves["d"]
    loss = torch.nn.functional.softplus(
        torch.where(torch.tensor(y_gt) > 0, -z, z), threshold=700
    ).mean()
    loss.backward()
    return loss.item(), {name: leaf.grad.numpy() for name, leaf in leaves.items()} | {
        "x": inputs.grad.numpy()
    }


@accepted("bptt-46")
def lstm_gradients(params, x, y):
    import math

    W, U, b = (np.concatenate([params[f"{array}_{gate}"] for gate in "fioa"]) for array in "WUb")
    V, c, T, H = params["V"], params["c"], len(x), len(params["b_f"])
    steps, h, C, loss = [], np.zeros(H), np.zeros(H), 0.0
    for t in range(T):
        into = W @ h + U @ x[t] + b
        opened, a = 1 / (1 + np.exp(-into[: 3 * H])), np.tanh(into[3 * H :])
        before = h, C
        C = C * opened[:H] + opened[H : 2 * H] * a
        h = opened[2 * H :] * np.tanh(C)
        scores = V @ h + c
        top = scores.max()
        total = np.exp(scores - top).sum()
        loss += top + math.log(total) - scores[y[t]]
        p = np.exp(scores - top) / total
        p[y[t]] -= 1
        steps.append((opened, a, before, h, C, p))
    dW, dU, db, dV, dc, dx = (np.zeros_like(array) for array in (W, U, b, V, c, x))
    dh, dC = np.zeros(H), np.zeros(H)
    for t in reversed(range(T)):
        opened, a, (h_before, C_before), h, C, dz = steps[t]
        f, i, o = np.split(opened, 3)
        dV += np.outer(dz, h)
        dc += dz
        dh = dh + dz @ V
        dC = dC + dh * o / np.cosh(C) ** 2
        by_gate = np.concatenate([dC * C_before, dC * a, dh * np.tanh(C), dC * i])
        by_gate *= np.concatenate([opened * (1 - opened), 1 - a * a])
        dW += np.outer(by_gate, h_before)
        dU += np.outer(by_gate, x[t])
        db += by_gate
        dx[t] = by_gate @ U
        dh, dC = by_gate @ W, dC * f
    grads = {"V": dV, "c": dc, "x": dx}
    for array, total in (("W", dW), ("U", dU), ("b", db)):
        grads |= {f"{array}_{gate}": part for gate, part in zip("fioa", np.split(total, 4))}
    return loss, grads


@accepted("bptt-46")
def lstm_gradients(params, x, y):
    import torch

    leaves = {name: torch.tensor(value, requires_grad=True) for name, value in params.items()}
    inputs = torch.tensor(x, requires_grad=True)
    h = C = torch.zeros(len(params["b_f"]), dtype=torch.float64)
    loss = 0.0
    for row, label in zip(inputs, y):
        f, i, a, o = (
            leaves[f"W_{g}"] @ h + leaves[f"U_{g}"] @ row + leaves[f"b_{g}"] for g in "fiao"
        )
        C = torch.sigmoid(f) * C + torch.sigmoid(i) * torch.tanh(a)
        h = torch.sigmoid(o) * torch.tanh(C)
        loss = loss - torch.log_softmax(leaves["V"] @ h + leaves["c"], 0)[label]
    loss.backward()
    return loss.item(), {name: leaf.grad.numpy() for name, leaf in leaves.items()} | {
        "x": inputs.grad.numpy()
    }


@accepted("bptt-93")
def counterexample():
    return "20260001", [2.0, [3.0], [[-1.0]], [[0.5], [2.0]]]


@accepted("bptt-93")
def counterexample():
    arguments = dict(dd=1, V=[1], W=[[2]], a=[[3], [4]])
    return "２０２６０００１", list(arguments.values())
