"""The LSTM of model.py with fewer NumPy calls per step: the same results, for speed. To learn from, read model.py.

At the sizes of this homework the time of a step is that of its NumPy calls, about 0.5 µs each, not of the arithmetic. So
the forward pass computes the four gates in one product, and the backward pass leaves two products and a few sums in the
loop. Optional: without this file model.py uses its own recursions.
"""

import numpy as np

GATES = "fiao"  # forget, input, candidate, output, as in model.py


def stack_gates(params, array):
    """W (4H, H), U (4H, D) or b (4H,): those of f, i, a, o on top of each other."""
    return np.concatenate([params[f"{array}_{gate}"] for gate in GATES])


def lstm_states(params, x):
    """As model.lstm_states: a dict h, C (T + 1, H), f, i, a, o (T, H).

    sigmoid(z) = (1 + tanh(z / 2)) / 2, so one tanh serves all gates: f, i, o are halved before it.
    """
    T, H = len(x), len(params["b_f"])
    half, shift = np.repeat([0.5, 0.5, 1.0, 0.5], H), np.repeat([0.5, 0.5, 0.0, 0.5], H)
    W = stack_gates(params, "W") * half[:, None]  # (4H, H)
    z = (x @ stack_gates(params, "U").T + stack_gates(params, "b")) * half  # (T, D)@(D, 4H)
    f, i, a, o = (z[:, k * H : (k + 1) * H] for k in range(4))  # views: filled step by step
    h, C = np.zeros((T + 1, H)), np.zeros((T + 1, H))
    for t in range(T):
        gates = z[t]
        gates += W.dot(h[t])  # .dot: half the overhead of @ at this size
        np.tanh(gates, out=gates)
        gates *= half
        gates += shift
        C[t + 1] = f[t] * C[t] + i[t] * a[t]
        h[t + 1] = o[t] * np.tanh(C[t + 1])
    return {"h": h, "C": C, "f": f, "i": i, "a": a, "o": o}


def lstm_through_time(
    params, cache, dz, lstm_dh, lstm_dC, lstm_dC_carried, lstm_df, lstm_di, lstm_da, lstm_do
):
    """As model.lstm_through_time: dh, dC (T, H) and a dict gate -> (T, H). The last seven arguments are model.py's blanks.

    Entry by entry, every path except the one through the W_g multiplies the later gradient by a factor that the forward
    pass determines. Called with ones, the blanks return these factors for all steps at once; the loop only multiplies.
    """
    V, W = params["V"], stack_gates(params, "W")
    C, f, i, a, o = (cache[name] for name in ("C", "f", "i", "a", "o"))
    T, H = f.shape
    ones, zeros = np.ones((T, H)), np.zeros((T, H))
    C_by_h, C_by_next = lstm_dC(ones, o, C[1:], zeros), lstm_dC(zeros, o, C[1:], ones)
    C_by_next[:-1] *= lstm_dC_carried(ones[1:], f[1:], i[1:])  # from C_{t+1} to C_t
    gates_by_C = np.stack(
        [lstm_df(ones, C[:-1], f), lstm_di(ones, a, i), lstm_da(ones, i, a)], axis=1
    )  # (T, 3, H)
    o_by_h = lstm_do(ones, C[1:], o)
    dh = np.zeros((T, H))
    dC, d = np.zeros((T + 1, H)), np.zeros((T + 1, 4, H))  # row T: nothing follows the last step
    for t in range(T - 1, -1, -1):  # row t: step t + 1 of the formulas
        dh[t] = lstm_dh(dz[t], V, W, d[t + 1].ravel())
        dC[t] = C_by_h[t] * dh[t] + C_by_next[t] * dC[t + 1]
        np.multiply(gates_by_C[t], dC[t], out=d[t, :3])
        np.multiply(o_by_h[t], dh[t], out=d[t, 3])
    return dh, dC[:T], {gate: d[:T, number] for number, gate in enumerate(GATES)}
