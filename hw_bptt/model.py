"""Three recurrent networks and their gradients by hand: ReLU-RNN, RNN with softmax at each step, LSTM.

NumPy, float64, one text at a time. Parameters are a dict of arrays; a gradient dict has the same keys and shapes.
Steps count from 1 as in the formulas: h[t] is the state after step t and h[0] = 0, so a cache's `h` has T + 1 rows,
while row t - 1 of `a`, `x` or a gradient belongs to step t. Inputs are never changed.
"""

import math

import numpy as np
from validate import Floats, Integers, check_arrays, check_choice, check_finite

try:
    import fast  # optional: the LSTM with fewer NumPy calls per step; deleting the file is fine
except ImportError:
    fast = None

EPS = 1e-12  # y_pred is kept this far from 0 and 1 under the logarithm
GATES = "fiao"  # forget, input, candidate, output


# ---- ReLU-RNN, sigmoid and binary cross entropy on the last step (exercise w1) ----


def relu_rnn_forward(params, x):
    """y_pred in (0, 1), and the cache that relu_rnn_backward reads: h (l + 1, n), a (l, n), y_pred.

    params: W (n, n), U (n, n), b (n,), V (n,), d (); x (l, n). h_0 = 0, a_t = b + W h_{t-1} + U x_t, h_t = ReLU(a_t),
    y_pred = sigmoid(V·h_l + d). Raises ValueError if l = 0, shapes disagree or a value is not finite.
    """
    p = check_arrays(RELU_SHAPES, {"x": x, **params})
    W, x = p["W"], p["x"]
    a, h = x @ p["U"].T + p["b"], np.zeros((len(x) + 1, len(W)))  # U x_t + b of all steps
    zeros = np.zeros(len(W))
    for t in range(len(x)):  # row t: step t + 1 of the formulas
        a[t] += W.dot(h[t])
        np.maximum(a[t], zeros, out=h[t + 1])  # ReLU
    z = check_finite(float(p["V"] @ h[-1] + p["d"]), p)
    y_pred = 1 / (1 + math.exp(-z)) if z > -700 else math.exp(z)  # exp(710) overflows
    return y_pred, {"h": h, "a": a, "y_pred": y_pred}


def bce_loss(y_pred, y_gt):
    """-(y_gt log y + (1 - y_gt) log(1 - y)) in nats, y = y_pred kept within [1e-12, 1 - 1e-12]; y_gt is 0 or 1."""
    check_label(y_gt)
    y = min(max(float(y_pred), EPS), 1 - EPS)
    return -(y_gt * math.log(y) + (1 - y_gt) * math.log(1 - y))


def relu_dy(y_pred, y_gt):
    """dL/dy_pred, a number. Here, as in the loss, y_pred is first kept within [EPS, 1 - EPS]. Source: exercise w1."""
    # BEGIN SOLUTION bptt-01 (4 points): differentiate both terms of the loss; what does clipping protect from?
    y = min(max(y_pred, EPS), 1 - EPS)
    return (1 - y_gt) / (1 - y) - y_gt / y
    # END SOLUTION bptt-01


def relu_dd(y_pred, y_gt):
    """dL/dd, a number: d is added inside the sigmoid, y_pred = sigmoid(V·h_l + d). No clipping. Source: exercise w1."""
    # BEGIN SOLUTION bptt-02 (4 points): multiply dL/dy_pred by the sigmoid's derivative on paper and simplify first
    return y_pred - y_gt
    # END SOLUTION bptt-02


def relu_dV(dd, h):
    """dL/dV (n,). dd: dL/dd, a number. h (l + 1, n): states, h[0] = 0. Source: exercise w1."""
    # BEGIN SOLUTION bptt-03 (4 points): which state does V multiply in the forward pass?
    return dd * h[-1]
    # END SOLUTION bptt-03


def relu_dh(dd, V, W, a):
    """dL/dh_t for every t: (l, n), row t - 1 for step t. dd a number, V (n,), W (n, n), a (l, n) before the ReLU.

    ReLU'(0) = 0. Source: exercise w1.
    """
    # BEGIN SOLUTION bptt-04 (10 points): start at the last step; then from step t to t - 1, through the ReLU and W
    dh, on = np.zeros_like(a), a > 0
    dh[-1] = dd * V
    for t in range(len(a) - 1, 0, -1):
        dh[t - 1] = W.T.dot(dh[t] * on[t])
    return dh
    # END SOLUTION bptt-04


def relu_da(dh, a):
    """dL/da_t for every t, (l, n): the gradient before the ReLU, ReLU'(0) = 0. dh (l, n), a (l, n). Source: exercise w1."""
    # BEGIN SOLUTION bptt-05 (4 points): the forward pass decided which units are active
    return dh * (a > 0)
    # END SOLUTION bptt-05


def relu_dW(da, h):
    """dL/dW (n, n). da (l, n): dL/da_t for t = 1..l. h (l + 1, n): states, h[0] = 0. Source: exercise w1."""
    # BEGIN SOLUTION bptt-06 (6 points): W is used at every step; which state does it multiply in the formula of a_t?
    return da.T @ h[:-1]  # (n, l)@(l, n)
    # END SOLUTION bptt-06


def relu_dU(da, x):
    """dL/dU (n, n). da (l, n), x (l, n). Source: exercise w1."""
    # BEGIN SOLUTION bptt-07 (4 points): as for W, with the other factor of a_t
    return da.T @ x  # (n, l)@(l, n)
    # END SOLUTION bptt-07


def relu_db(da):
    """dL/db (n,). da (l, n). Source: exercise w1."""
    # BEGIN SOLUTION bptt-08 (4 points): how often is b added in the forward pass?
    return da.sum(axis=0)
    # END SOLUTION bptt-08


def relu_dx(da, U):
    """dL/dx_t for every t, (l, n). da (l, n), U (n, n). Source: exercise w1."""
    # BEGIN SOLUTION bptt-09 (4 points): x_t affects the loss through a_t only
    return da @ U  # row t: U^T da_t
    # END SOLUTION bptt-09


def relu_rnn_backward(params, x, y_gt, cache):
    """Gradients of bce_loss: y_pred (), d (), V, W, U, b as params, h (l, n) = dL/dh_t and x (l, n)."""
    check_label(y_gt)
    y_pred, a, h = cache["y_pred"], cache["a"], cache["h"]
    dd = relu_dd(y_pred, y_gt)
    dh = relu_dh(dd, params["V"], params["W"], a)
    da = relu_da(dh, a)
    return {
        "y_pred": np.array(relu_dy(y_pred, y_gt)),
        "d": np.array(dd),
        "V": relu_dV(dd, h),
        "W": relu_dW(da, h),
        "U": relu_dU(da, x),
        "b": relu_db(da),
        "h": dh,
        "x": relu_dx(da, params["U"]),
    }


# ---- RNN with tanh, sigmoid or ReLU, softmax and cross entropy at each step (exercise w2) ----


def sigmoid(a):
    return 0.5 * (1 + np.tanh(0.5 * a))  # equals 1 / (1 + exp(-a)), without overflow


ACTIVATIONS = {"tanh": np.tanh, "sigmoid": sigmoid, "relu": lambda a: np.maximum(a, 0.0)}


def softmax(o):
    """Each row of o (T, K) as probabilities: exp(o_k) / sum of the row's exp. No overflow, no 0 / 0: o may hold 1000 or -1000."""
    # BEGIN SOLUTION bptt-10 (4 points): one step is one row; what may be subtracted from a row without changing it?
    e = np.exp(o - o.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
    # END SOLUTION bptt-10


def cross_entropy(o, y):
    """Sum over the rows of -log softmax(o_t)[y_t], in nats; o (T, K) before the softmax, y (T,) int."""
    top = o.max(axis=1)
    return float(
        np.sum(top + np.log(np.exp(o - top[:, None]).sum(axis=1)) - o[np.arange(len(y)), y])
    )


def rnn_forward(params, x, y, activation="tanh"):
    """Summed loss of all steps (nats), and the cache: x, y, h (T + 1, H), a (T, H), y_hat (T, K), activation.

    params: U (H, D), W (H, H), b (H,), V (K, H), c (K,); x (T, D), y (T,) int in 0..K-1. h_0 = 0,
    a_t = U x_t + W h_{t-1} + b, h_t = activation(a_t), o_t = V h_t + c, y_hat_t = softmax(o_t); tanh, sigmoid or relu.
    Raises ValueError if T = 0, shapes disagree, a label is out of range or a value is not finite.
    """
    check_choice("activation", activation, ACTIVATIONS)
    p = check_arrays(RNN_SHAPES, {"x": x, "y": y, **params})
    phi, W, x, y = ACTIVATIONS[activation], p["W"], p["x"], p["y"]
    a, h = x @ p["U"].T + p["b"], np.zeros((len(x) + 1, len(W)))  # U x_t + b of all steps
    for t in range(len(x)):  # row t: step t + 1 of the formulas
        a[t] += W.dot(h[t])
        h[t + 1] = phi(a[t])
    o = h[1:] @ p["V"].T + p["c"]  # (T, K)
    loss = check_finite(cross_entropy(o, y), p)
    return loss, {"x": x, "y": y, "h": h, "a": a, "y_hat": softmax(o), "activation": activation}


def rnn_do(y_hat, y):
    """dL/do_t for every t, (T, K): o_t is the input of the softmax. y_hat (T, K), y (T,) int. Source: exercise w2."""
    # BEGIN SOLUTION bptt-11 (4 points): softmax and cross entropy simplify; the losses of all steps add up
    do = y_hat.copy()
    do[np.arange(len(y)), y] -= 1
    return do
    # END SOLUTION bptt-11


def rnn_dV(do, h):
    """dL/dV (K, H). do (T, K), h (T + 1, H) with h[0] = 0. Source: exercise w2."""
    # BEGIN SOLUTION bptt-12 (3 points): which state does V multiply at step t? add up the T contributions
    return do.T @ h[1:]  # (K, T)@(T, H)
    # END SOLUTION bptt-12


def rnn_dc(do):
    """dL/dc (K,). do (T, K). Source: exercise w2."""
    # BEGIN SOLUTION bptt-13 (3 points): c is added to the output of every step
    return do.sum(axis=0)
    # END SOLUTION bptt-13


def rnn_slope(a, h, activation):
    """Derivative of the activation at a_t, for every t and unit: (T, H). a (T, H) its input, h (T, H) its output
    h_1..h_T, activation "tanh", "sigmoid" or "relu"; ReLU'(0) = 0. Source: exercise w3."""
    # BEGIN SOLUTION bptt-14 (6 points): two are shortest in terms of the output h; the third needs the sign of a
    if activation == "tanh":
        return 1 - h**2
    if activation == "sigmoid":
        return h * (1 - h)
    return (a > 0).astype(np.float64)
    # END SOLUTION bptt-14


def rnn_dh(do, V, W, slope):
    """dL/dh_t for every t, (T, H). do (T, K), V (K, H), W (H, H), slope (T, H): the activation's derivative at a_t.

    Source: exercise w2.
    """
    # BEGIN SOLUTION bptt-15 (8 points): h_t feeds two things, the output of step t and the state of step t + 1
    dh = do @ V  # (T, K)@(K, H): through the outputs
    for t in range(len(dh) - 1, 0, -1):
        dh[t - 1] += W.T.dot(dh[t] * slope[t])
    return dh
    # END SOLUTION bptt-15


def rnn_dW(da, h):
    """dL/dW (H, H). da (T, H) = dL/dh_t times the slope, h (T + 1, H) with h[0] = 0. Source: exercise w2."""
    # BEGIN SOLUTION bptt-16 (4 points): a sum over the steps; which state does W multiply at step t?
    return da.T @ h[:-1]  # (H, T)@(T, H)
    # END SOLUTION bptt-16


def rnn_dU(da, x):
    """dL/dU (H, D). da (T, H), x (T, D). Source: exercise w2."""
    # BEGIN SOLUTION bptt-17 (3 points): one outer product per step
    return da.T @ x  # (H, T)@(T, D)
    # END SOLUTION bptt-17


def rnn_db(da):
    """dL/db (H,). da (T, H). Source: exercise w2."""
    # BEGIN SOLUTION bptt-18 (3 points): b enters every a_t with the factor 1
    return da.sum(axis=0)
    # END SOLUTION bptt-18


def rnn_dx(da, U):
    """dL/dx_t for every t, (T, D). da (T, H), U (H, D). Source: exercise w2."""
    # BEGIN SOLUTION bptt-19 (3 points): the shapes of da and U leave one order
    return da @ U  # (T, H)@(H, D)
    # END SOLUTION bptt-19


def rnn_backward(params, cache):
    """Gradients of rnn_forward's loss: U, W, b, V, c as params, h (T, H) = dL/dh_t and x (T, D)."""
    x, h = cache["x"], cache["h"]
    slope = rnn_slope(cache["a"], h[1:], cache.get("activation", "tanh"))
    do = rnn_do(cache["y_hat"], cache["y"])
    dh = rnn_dh(do, params["V"], params["W"], slope)
    da = dh * slope
    return {
        "U": rnn_dU(da, x),
        "W": rnn_dW(da, h),
        "b": rnn_db(da),
        "V": rnn_dV(do, h),
        "c": rnn_dc(do),
        "h": dh,
        "x": rnn_dx(da, params["U"]),
    }


def rnn_step_dh(do_t, V, W, slope):
    """dL_t/dh_k for k = 1..t, (t, H), where L_t is the loss of step t alone.

    do_t (K,): dL_t/do_t. V (K, H), W (H, H). slope (t, H): the activation's derivative at a_1..a_t.
    Source: exercise w2.
    """
    # BEGIN SOLUTION bptt-20 (6 points): this loss depends on the output of step t only; how does it reach h_t, and then h_k for k < t?
    dh = np.zeros_like(slope)
    dh[-1] = V.T @ do_t
    for k in range(len(slope) - 1, 0, -1):
        dh[k - 1] = W.T.dot(dh[k] * slope[k])
    return dh
    # END SOLUTION bptt-20


def rnn_step_loss_grads(params, cache, t):
    """Gradients of step t's loss alone, t = 1..T; keys and shapes as rnn_backward's, `h` and `x` zero after step t.

    Their sum over all t is what rnn_backward gives.
    """
    x, h, T = cache["x"], cache["h"], len(cache["x"])
    if not 1 <= t <= T:
        raise ValueError(f"t = {t} is out of range: steps count from 1 to T = {T}")
    slope = rnn_slope(cache["a"][:t], h[1 : t + 1], cache.get("activation", "tanh"))
    do = rnn_do(cache["y_hat"][t - 1 : t], cache["y"][t - 1 : t])  # (1, K)
    dh = rnn_step_dh(do[0], params["V"], params["W"], slope)
    da, later = dh * slope, ((0, T - t), (0, 0))
    return {
        "U": rnn_dU(da, x[:t]),
        "W": rnn_dW(da, h[: t + 1]),
        "b": rnn_db(da),
        "V": np.outer(do[0], h[t]),
        "c": do[0],
        "h": np.pad(dh, later),
        "x": np.pad(rnn_dx(da, params["U"]), later),
    }


def sgd_step(params, grads, lr, clip=None):
    """New parameters after one step of gradient descent: a dict like params, which is not changed.

    grads may hold more keys than params (y_pred, h, C, x): they are ignored. clip: the largest allowed norm of all
    gradients of params together; above it, all of them are scaled down by the same factor. None: no limit. Source: exercise w2.
    """
    # BEGIN SOLUTION bptt-21 (3 points): against the gradient; one factor for all arrays, and only when the norm is above the limit
    factor = lr
    if clip is not None:
        norm = math.sqrt(sum(float(np.vdot(grads[name], grads[name])) for name in params))
        factor = lr * min(1.0, clip / norm) if norm > 0 else lr
    return {name: value - factor * grads[name] for name, value in params.items()}
    # END SOLUTION bptt-21


# ---- LSTM, softmax and cross entropy at each step (exercise w4, bonus) ----


def stack_gates(params, array):
    """W (4H, H), U (4H, D) or b (4H,): those of f, i, a, o on top of each other."""
    return np.concatenate([params[f"{array}_{gate}"] for gate in GATES])


def lstm_forward(params, x, y, implementation="readable"):
    """Summed loss of all steps (nats), and the cache: x, y, h and C (T + 1, H), f i a o (T, H), y_hat (T, K).

    params: for each gate g of f, i, a, o: W_g (H, H), U_g (H, D), b_g (H,); V (K, H), c (K,). x (T, D), y (T,) int.
    implementation: "readable" runs lstm_states below, "fast" the one of fast.py (same results).
    Raises ValueError if T = 0, shapes disagree, a label is out of range or a value is not finite.
    """
    p = check_arrays(LSTM_SHAPES, {"x": x, "y": y, **params})
    x, y = p["x"], p["y"]
    states = fast.lstm_states(p, x) if uses_fast(implementation) else lstm_states(p, x)
    logits = states["h"][1:] @ p["V"].T + p["c"]  # (T, H)@(H, K) -> (T, K)
    loss = check_finite(cross_entropy(logits, y), p)
    return loss, {"x": x, "y": y, **states, "y_hat": softmax(logits)}


def lstm_states(params, x):
    """States and gates of all steps, a dict: h, C (T + 1, H) with h[0] = C[0] = 0, and f, i, a, o (T, H)."""
    p, T, H = params, len(x), len(params["b_f"])
    h, C = np.zeros((T + 1, H)), np.zeros((T + 1, H))
    f, i, a, o = np.zeros((4, T, H))
    for t in range(T):  # row t: step t + 1 of the formulas, so h[t] is the state before it
        f[t] = sigmoid(p["W_f"] @ h[t] + p["U_f"] @ x[t] + p["b_f"])
        i[t] = sigmoid(p["W_i"] @ h[t] + p["U_i"] @ x[t] + p["b_i"])
        a[t] = np.tanh(p["W_a"] @ h[t] + p["U_a"] @ x[t] + p["b_a"])
        o[t] = sigmoid(p["W_o"] @ h[t] + p["U_o"] @ x[t] + p["b_o"])
        C[t + 1] = f[t] * C[t] + i[t] * a[t]
        h[t + 1] = o[t] * np.tanh(C[t + 1])
    return {"h": h, "C": C, "f": f, "i": i, "a": a, "o": o}


def lstm_dz(y_hat, y):
    """dL/dz_t for every t, (T, K), where z_t = V h_t + c. y_hat (T, K), y (T,) int. Source: exercise w4."""
    # BEGIN SOLUTION bptt-22 (1 point, bonus): the same as in the RNN with softmax
    dz = y_hat.copy()
    dz[np.arange(len(y)), y] -= 1
    return dz
    # END SOLUTION bptt-22


def lstm_dV(dz, h):
    """dL/dV (K, H). dz (T, K), h (T + 1, H) with h[0] = 0. Source: exercise w4."""
    # BEGIN SOLUTION bptt-23 (1 point, bonus): which states does V multiply?
    return dz.T @ h[1:]
    # END SOLUTION bptt-23


def lstm_dc(dz):
    """dL/dc (K,), the bias of the output (not the cell). dz (T, K). Source: exercise w4."""
    # BEGIN SOLUTION bptt-24 (1 point, bonus): one term per step
    return dz.sum(axis=0)
    # END SOLUTION bptt-24


def lstm_dh(dz_t, V, W, later):
    """dL/dh_t (H,), through everything that reads h_t. dz_t (K,), V (K, H). W (4H, H): W_f, W_i, W_a, W_o on top of each other.

    later (4H,): dL/d(input of each gate) of step t + 1, in the same order; zeros at the last step. Source: exercise w4.
    """
    # BEGIN SOLUTION bptt-25 (2 points, bonus): the output of step t and four gates of step t + 1 read h_t
    return V.T.dot(dz_t) + W.T.dot(later)  # the product adds up the four gates
    # END SOLUTION bptt-25


# The next six work entry by entry, so they serve one step, (H,), as well as all steps at once, (T, H): fast.py needs both.


def lstm_dC_carried(dC_next, f_next, i_next):
    """The part of dL/dC_t that comes back from C_{t+1}, (H,), through one of the two gates.

    dC_next (H,): dL/dC_{t+1}. f_next, i_next (H,): forget and input gate of step t + 1. Source: exercise w4.
    """
    # BEGIN SOLUTION bptt-26 (2 points, bonus): differentiate C_{t+1} = C_t f + i a by C_t
    return dC_next * f_next
    # END SOLUTION bptt-26


def lstm_dC(dh_t, o_t, C_t, carried):
    """dL/dC_t (H,). dh_t, o_t, C_t (H,) of step t, carried (H,): the part from C_{t+1}. Source: exercise w4."""
    # BEGIN SOLUTION bptt-27 (2 points, bonus): h_t and C_{t+1} both read C_t; the second path is `carried`
    return dh_t * o_t * (1 - np.tanh(C_t) ** 2) + carried
    # END SOLUTION bptt-27


def lstm_df(dC_t, C_prev, f_t):
    """dL/d(input of the forget gate's sigmoid) at step t, (H,). dC_t, C_prev = C_{t-1}, f_t (H,). Source: w4."""
    # BEGIN SOLUTION bptt-28 (2 points, bonus): first with respect to f_t, then through its sigmoid
    return dC_t * C_prev * f_t * (1 - f_t)
    # END SOLUTION bptt-28


def lstm_di(dC_t, a_t, i_t):
    """dL/d(input of the input gate's sigmoid) at step t, (H,). dC_t, a_t, i_t (H,). Source: exercise w4."""
    # BEGIN SOLUTION bptt-29 (2 points, bonus): what does i_t multiply in C_t?
    return dC_t * a_t * i_t * (1 - i_t)
    # END SOLUTION bptt-29


def lstm_da(dC_t, i_t, a_t):
    """dL/d(input of the candidate's tanh) at step t, (H,). dC_t, i_t, a_t (H,). Source: exercise w4."""
    # BEGIN SOLUTION bptt-30 (2 points, bonus): the candidate is not a gate: which function computes it?
    return dC_t * i_t * (1 - a_t**2)
    # END SOLUTION bptt-30


def lstm_do(dh_t, C_t, o_t):
    """dL/d(input of the output gate's sigmoid) at step t, (H,). dh_t, C_t, o_t (H,). Source: exercise w4."""
    # BEGIN SOLUTION bptt-31 (2 points, bonus): o_t does not enter the cell state; read h_t = o_t tanh(C_t)
    return dh_t * np.tanh(C_t) * o_t * (1 - o_t)
    # END SOLUTION bptt-31


# The next three serve all four gates: lstm_backward calls them once per gate g with d_gate (T, H), the gradient with
# respect to the input of that gate's activation, W_g h_{t-1} + U_g x_t + b_g, one row per step.


def lstm_dW(d_gate, h):
    """dL/dW_g (H, H) of one gate. d_gate (T, H), h (T + 1, H) with h[0] = 0. Source: exercise w4."""
    # BEGIN SOLUTION bptt-32 (4 points, bonus): the gate uses W_g at every step; which state does W_g multiply at step t?
    return d_gate.T @ h[:-1]
    # END SOLUTION bptt-32


def lstm_dU(d_gate, x):
    """dL/dU_g (H, D) of one gate. d_gate (T, H), x (T, D). Source: exercise w4."""
    # BEGIN SOLUTION bptt-33 (4 points, bonus): the shape (H, D) tells which factor comes first; how many terms are added?
    return d_gate.T @ x
    # END SOLUTION bptt-33


def lstm_db(d_gate):
    """dL/db_g (H,) of one gate. d_gate (T, H). Source: exercise w4."""
    # BEGIN SOLUTION bptt-34 (4 points, bonus): b_g is added at every step: which axis of d_gate holds the steps?
    return d_gate.sum(axis=0)
    # END SOLUTION bptt-34


def lstm_dx(d, U):
    """dL/dx_t for every t, (T, D). d: dict f, i, a, o -> d_gate (T, H). U: dict f, i, a, o -> U_g (H, D).

    Source: exercise w4.
    """
    # BEGIN SOLUTION bptt-44 (1 point, bonus): how many gates read x_t?
    return sum(d[gate] @ U[gate] for gate in U)
    # END SOLUTION bptt-44


def lstm_through_time(params, cache, dz):
    """dL/dh_t (T, H), dL/dC_t (T, H), and a dict f, i, a, o -> d_gate (T, H), from dz (T, K).

    From the last step to the first; each call of your functions handles one step.
    """
    V, W = params["V"], stack_gates(params, "W")
    C, f, i, a, o = (cache[name] for name in ("C", "f", "i", "a", "o"))
    T, H = f.shape
    dh, dC, d = np.zeros((T, H)), np.zeros((T, H)), {gate: np.zeros((T, H)) for gate in GATES}
    later, carried = np.zeros(4 * H), np.zeros(H)  # nothing follows the last step
    for t in range(
        T - 1, -1, -1
    ):  # row t: step t + 1 of the formulas, so C[t + 1] is its cell state
        dh[t] = lstm_dh(dz[t], V, W, later)
        dC[t] = lstm_dC(dh[t], o[t], C[t + 1], carried)
        d["f"][t] = lstm_df(dC[t], C[t], f[t])
        d["i"][t] = lstm_di(dC[t], a[t], i[t])
        d["a"][t] = lstm_da(dC[t], i[t], a[t])
        d["o"][t] = lstm_do(dh[t], C[t + 1], o[t])
        later = np.concatenate([d[gate][t] for gate in GATES])
        carried = lstm_dC_carried(dC[t], f[t], i[t])
    return dh, dC, d


def lstm_backward(params, cache, implementation="readable"):
    """Gradients of lstm_forward's loss: all keys of params, and h, C (T, H) = dL/dh_t, dL/dC_t, x (T, D).

    implementation: "readable" runs lstm_through_time above, "fast" the one of fast.py, which calls the same blanks.
    """
    x, h = cache["x"], cache["h"]
    dz = lstm_dz(cache["y_hat"], cache["y"])
    if uses_fast(implementation):
        blanks = lstm_dh, lstm_dC, lstm_dC_carried, lstm_df, lstm_di, lstm_da, lstm_do
        dh, dC, d = fast.lstm_through_time(params, cache, dz, *blanks)
    else:
        dh, dC, d = lstm_through_time(params, cache, dz)
    grads = {"V": lstm_dV(dz, h), "c": lstm_dc(dz), "h": dh, "C": dC}
    for gate in GATES:
        grads[f"W_{gate}"] = lstm_dW(d[gate], h)
        grads[f"U_{gate}"] = lstm_dU(d[gate], x)
        grads[f"b_{gate}"] = lstm_db(d[gate])
    return grads | {"x": lstm_dx(d, {gate: params[f"U_{gate}"] for gate in GATES})}


def uses_fast(implementation):
    """Whether fast.py does the work: it was asked for and the file is there. ValueError if the name is unknown."""
    check_choice("implementation", implementation, ("readable", "fast"))
    return implementation == "fast" and fast is not None


# ---- provided: for train.py and sample.py ----


def new_params(kind, D, H, rng, K=2):
    """Initial parameters. kind: relu_rnn (its state is as wide as its input: H = D), rnn or lstm."""

    def near_zero(*shape):
        return rng.normal(0, 1 / math.sqrt(shape[-1]), shape)

    if kind == "relu_rnn":
        return {
            "W": 0.9 * np.eye(D),
            "U": 0.3 * near_zero(D, D),
            "b": np.zeros(D),
            "V": near_zero(D),
            "d": np.zeros(()),
        }
    if kind == "rnn":
        return {
            "U": near_zero(H, D),
            "W": np.linalg.qr(near_zero(H, H))[0],
            "b": np.zeros(H),
            "V": 0.3 * near_zero(K, H),
            "c": np.zeros(K),
        }
    params = {}
    for gate in GATES:
        params |= {
            f"W_{gate}": near_zero(H, H),
            f"U_{gate}": near_zero(H, D),
            f"b_{gate}": np.zeros(H),
        }
    params["b_f"] += 1  # forget gates start open: the cell keeps its state
    return params | {"V": 0.3 * near_zero(K, H), "c": np.zeros(K)}


def loss_and_grads(kind, params, x, label, implementation="fast"):
    """Loss per predicted step (nats), gradients and P(label 1) of one text.

    rnn, lstm: every step has the text's label. implementation: of the LSTM, "readable" or "fast".
    """
    if kind == "relu_rnn":
        y_pred, cache = relu_rnn_forward(params, x)
        return bce_loss(y_pred, label), relu_rnn_backward(params, x, label, cache), y_pred
    y = np.full(len(x), label)
    if kind == "rnn":
        loss, cache = rnn_forward(params, x, y)
        grads = rnn_backward(params, cache)
    else:
        loss, cache = lstm_forward(params, x, y, implementation)
        grads = lstm_backward(params, cache, implementation)
    return loss / len(x), grads, float(cache["y_hat"][-1, 1])


def probability_good(kind, params, x, implementation="fast"):
    """P(label 1) of one text, a number: the prediction of the last step."""
    if kind == "relu_rnn":
        return relu_rnn_forward(params, x)[0]
    y = np.zeros(len(x), dtype=np.int64)  # any labels: the prediction does not depend on them
    if kind == "rnn":
        _, cache = rnn_forward(params, x, y)
    else:
        _, cache = lstm_forward(params, x, y, implementation)
    return float(cache["y_hat"][-1, 1])


# ---- provided: argument validation, the shapes that the forward passes expect (validate.py) ----

STEPS = "one row per step"
RELU_SHAPES = {
    "x": Floats("l n", STEPS),
    **dict.fromkeys(("W", "U"), Floats("n n")),
    **dict.fromkeys(("b", "V"), Floats("n")),
    "d": Floats("", "a number"),
}
RNN_SHAPES = {
    "x": Floats("T D", STEPS),
    "y": Integers("T", "one label per step", below="K"),
    "b": Floats("H"),
    "c": Floats("K"),
    "U": Floats("H D"),
    "W": Floats("H H"),
    "V": Floats("K H"),
}
LSTM_SHAPES = {
    **{name: RNN_SHAPES[name] for name in ("x", "y", "c")},
    **{f"{name}_{gate}": RNN_SHAPES[name] for gate in GATES for name in ("b", "U", "W")},
    "V": RNN_SHAPES["V"],
}


def check_label(y_gt):
    if np.ndim(y_gt) != 0 or y_gt not in (0, 1):
        raise ValueError(f"y_gt is {y_gt!r}, expected 0 or 1")
