"""Right answers of hw_bptt that are written in another way pass: one function each, its body replaces the blank's."""
# ruff: noqa: F811, F821    (bodies use the names of model.py)
import math

import numpy as np
import pytest

from grading import markers
from tests import check
from tests.mistakes import body
from tests.student import ROOT, InProcess

OTHERS = []


def other(id):
    """Register another right version of blank `id`."""
    def register(function):
        OTHERS.append(pytest.param(id, function, id=f"{id}-{len(OTHERS)}"))
        return function
    return register


@other("bptt-01")
def relu_dy(y_pred, y_gt):
    y = np.clip(y_pred, 1e-12, 1 - 1e-12)
    return (y - y_gt) / (y * (1 - y))


@other("bptt-01")
def relu_dy(y_pred, y_gt):
    y_pred = max(1e-12, min(1 - 1e-12, y_pred))
    if y_gt == 1:
        return np.array(-1 / y_pred)
    return np.array(1 / (1 - y_pred))


@other("bptt-02")
def relu_dd(y_pred, y_gt):
    return np.float64(y_pred) - y_gt


@other("bptt-03")
def relu_dV(dd, h):
    return h[len(h) - 1] * dd


@other("bptt-04")
def relu_dh(dd, V, W, a):
    l, n = a.shape
    rows, back = [], dd * V
    for t in range(l - 1, -1, -1):
        rows.insert(0, back)
        back = np.where(a[t] > 0, back, 0) @ W
    return np.array(rows)


@other("bptt-04")
def relu_dh(dd, V, W, a):
    l, n = a.shape
    dh = np.zeros((l, n))
    for t in range(l):
        product = np.eye(n)
        for k in range(t + 1, l):
            product = product @ W.T @ np.diag((a[k] > 0).astype(float))
        dh[t] = product @ (dd * V)
    return dh


@other("bptt-05")
def relu_da(dh, a):
    da = dh.copy()
    da[a <= 0] = 0
    return da


@other("bptt-05")
def relu_da(dh, a):
    return dh * np.heaviside(a, 0)


@other("bptt-06")
def relu_dW(da, h):
    dW = np.zeros((da.shape[1], h.shape[1]))
    for t in range(len(da)):
        dW += np.outer(da[t], h[t])
    return dW


@other("bptt-06")
def relu_dW(da, h):
    """h_0 is zero: the sum may start at the second step."""
    return np.einsum("ti,tj->ij", da[1:], h[1:-1])


@other("bptt-07")
def relu_dU(da, x):
    return sum(da[t][:, None] * x[t][None, :] for t in range(len(x)))


@other("bptt-08")
def relu_db(da):
    db = np.zeros(da.shape[1])
    for row in reversed(da):
        db = db + row
    return db


@other("bptt-09")
def relu_dx(da, U):
    return (U.T @ da.T).T


@other("bptt-10")
def softmax(o):
    rows = []
    for row in o:
        e = np.exp(row - max(row))
        rows.append(e / sum(e))
    return np.array(rows)


@other("bptt-10")
def softmax(o):
    top = o.max(axis=-1, keepdims=True)
    return np.exp(o - top - np.log(np.exp(o - top).sum(axis=-1, keepdims=True)))


@other("bptt-11")
def rnn_do(y_hat, y):
    return y_hat - np.eye(y_hat.shape[1])[y]


@other("bptt-11")
def rnn_do(y_hat, y):
    for t, label in enumerate(y):
        y_hat[t, label] -= 1
    return y_hat


@other("bptt-12")
def rnn_dV(do, h):
    return np.einsum("tk,th->kh", do, h[1:])


@other("bptt-13")
def rnn_dc(do):
    return np.ones(len(do)) @ do


@other("bptt-14")
def rnn_slope(a, h, activation):
    if activation == "tanh":
        return 1 / np.cosh(a)**2
    if activation == "sigmoid":
        return np.exp(-a) / (1 + np.exp(-a))**2
    return a > 0


@other("bptt-14")
def rnn_slope(a, h, activation):
    return {"tanh": lambda: 1 - h * h, "sigmoid": lambda: h - h * h, "relu": lambda: (h > 0).astype(int)}[activation]()


@other("bptt-15")
def rnn_dh(do, V, W, slope):
    T, dh, later = len(do), [], 0
    for t in range(T - 1, -1, -1):
        dh.append(V.T @ do[t] + later)
        later = (dh[-1] * slope[t]) @ W
    return np.array(dh[::-1])


@other("bptt-15")
def rnn_dh(do, V, W, slope):
    """The losses one by one, the way the exercise puts it."""
    dh = np.zeros_like(slope)
    for t in range(len(do)):
        back = V.T @ do[t]
        for k in range(t, -1, -1):
            dh[k] += back
            back = W.T @ (back * slope[k])
    return dh


@other("bptt-16")
def rnn_dW(da, h):
    return np.tensordot(da, h[:len(da)], axes=(0, 0))


@other("bptt-17")
def rnn_dU(da, x):
    return (x.T @ da).T


@other("bptt-18")
def rnn_db(da):
    return np.einsum("th->h", da)


@other("bptt-19")
def rnn_dx(da, U):
    return np.stack([U.T @ row for row in da])


@other("bptt-20")
def rnn_step_dh(do_t, V, W, slope):
    rows = [do_t @ V]
    for k in range(len(slope) - 1, 0, -1):
        rows = [(rows[0] * slope[k]) @ W] + rows
    return np.array(rows)


@other("bptt-21")
def sgd_step(params, grads, lr, clip=None):
    norm = np.linalg.norm(np.concatenate([np.ravel(grads[name]) for name in params]))
    scale = clip / norm if clip is not None and norm > clip else 1.0
    return {name: params[name] - lr * scale * grads[name] for name in params}


@other("bptt-21")
def sgd_step(params, grads, lr, clip=None):
    """In place and with the usual small number under the line: within the tolerance."""
    total = math.sqrt(sum((grads[name]**2).sum() for name in params))
    if clip is not None and total > clip:
        grads = {name: grads[name] * (clip / (total + 1e-15)) for name in params}
    for name in params:
        params[name] = params[name] - lr * grads[name]
    return params


@other("bptt-22")
def lstm_dz(y_hat, y):
    return np.array([[p - (k == y[t]) for k, p in enumerate(row)] for t, row in enumerate(y_hat)])


@other("bptt-23")
def lstm_dV(dz, h):
    return sum(np.outer(dz[t], h[t + 1]) for t in range(len(dz)))


@other("bptt-24")
def lstm_dc(dz):
    return dz.T @ np.ones(len(dz))


@other("bptt-25")
def lstm_dh(dz_t, V, W, later):
    H = V.shape[1]
    dh = dz_t @ V
    for number in range(4):
        dh = dh + W[number * H:(number + 1) * H].T @ later[number * H:(number + 1) * H]
    return dh


@other("bptt-26")
def lstm_dC_carried(dC_next, f_next, i_next):
    return np.diag(f_next) @ dC_next


@other("bptt-27")
def lstm_dC(dh_t, o_t, C_t, carried):
    return carried + dh_t * o_t / np.cosh(C_t)**2


@other("bptt-28")
def lstm_df(dC_t, C_prev, f_t):
    return f_t * (1 - f_t) * (dC_t * C_prev)


@other("bptt-29")
def lstm_di(dC_t, a_t, i_t):
    return dC_t * a_t * (i_t - i_t**2)


@other("bptt-30")
def lstm_da(dC_t, i_t, a_t):
    return dC_t * i_t * (1 - a_t) * (1 + a_t)


@other("bptt-31")
def lstm_do(dh_t, C_t, o_t):
    return np.multiply(dh_t, np.tanh(C_t)) * (o_t - o_t * o_t)


@other("bptt-32")
def lstm_dW_f(d, h):
    return sum(np.outer(d["f"][t], h[t]) for t in range(len(h) - 1))


@other("bptt-33")
def lstm_dU_f(d, x):
    return np.einsum("th,td->hd", d["f"], x)


@other("bptt-34")
def lstm_db_f(d):
    return np.add.reduce(d["f"])


@other("bptt-41")
def lstm_dW_o(d, h):
    return (h[:-1].T @ d["o"]).T


@other("bptt-44")
def lstm_dx(d, U):
    return d["f"] @ U["f"] + d["i"] @ U["i"] + d["a"] @ U["a"] + d["o"] @ U["o"]


@pytest.mark.parametrize(("id", "function"), OTHERS)
def test_another_right_answer_passes(id, function):
    region = markers.find(ROOT / "hw_bptt", id)
    door = InProcess(sources={("hw_bptt", region.path.name): markers.replace(region, body(function))})
    cases = check.FreshCases()
    for one in check.load_checks("hw_bptt"):
        if one.id == id:
            result = check.run(one, door, cases)
            assert result.status == "done", f"seed {cases.seed}: {result.message.en}"
