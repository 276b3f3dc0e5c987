"""Two backward passes in one piece (bonus): one function each, from the inputs to every gradient, without steps laid out.

Nothing of model.py is used: the checks hide it. Parameters, shapes and notation are those of model.py.
"""

import numpy as np


def relu_rnn_gradients(params, x, y_gt):
    """Mean loss of B texts (nats, a number) and its gradients, a dict with the keys W, U, b, V, d and x.

    params: W (n, n), U (n, n), b (n,), V (n,), d (). x (B, l, n), y_gt (B,) of 0 and 1. h_0 = 0, a_t = b + W h_{t-1} + U x_t,
    h_t = ReLU(a_t), z = V·h_l + d, y_pred = sigmoid(z); the loss is the binary cross entropy of y_pred, its mean over the texts.
    Gradients have the shapes of params and x; ReLU'(0) = 0. |z| may be 1000: no overflow, no logarithm of 0.
    Loop over the steps, not over the texts. Source: exercise w1.
    """
    # BEGIN SOLUTION bptt-45 (8 points, bonus): all states of all texts first; then one loop from the last step to the first
    W, U, V = params["W"], params["U"], params["V"]
    B, l, n = x.shape
    h, a = np.zeros((l + 1, B, n)), np.zeros((l, B, n))
    for t in range(l):
        a[t] = x[:, t] @ U.T + h[t] @ W.T + params["b"]
        h[t + 1] = np.maximum(a[t], 0)
    z = h[l] @ V + params["d"]
    loss = np.mean(np.logaddexp(0, z) - y_gt * z)  # -log sigmoid(z) = log(1 + exp(-z))
    dz = (0.5 * (1 + np.tanh(0.5 * z)) - y_gt) / B
    dh, da = np.outer(dz, V), np.zeros((l, B, n))
    for t in range(l - 1, -1, -1):
        da[t] = dh * (a[t] > 0)
        dh = da[t] @ W
    return loss, {
        "W": np.einsum("tbi,tbj->ij", da, h[:-1]),
        "U": np.einsum("tbi,btj->ij", da, x),
        "b": da.sum(axis=(0, 1)),
        "V": dz @ h[l],
        "d": dz.sum(),
        "x": np.einsum("tbi,ij->btj", da, U),
    }
    # END SOLUTION bptt-45


def lstm_gradients(params, x, y):
    """Summed loss of all steps (nats, a number) and its gradients, a dict with the keys of params and x.

    params: for each gate g of f, i, a, o: W_g (H, H), U_g (H, D), b_g (H,); V (K, H), c (K,). x (T, D), y (T,) int.
    h_0 = C_0 = 0; f, i, o = sigmoid(W_g h' + U_g x_t + b_g), a = tanh(W_a h' + U_a x_t + b_a), where h' and C' are those of the
    step before; C_t = C' f + i a, h_t = o tanh(C_t); logits V h_t + c, softmax and cross entropy at each step. A logit may be 1000.
    Source: exercise w4.
    """
    # BEGIN SOLUTION bptt-46 (12 points, bonus): keep what the way back needs; two gradients travel from step to step
    T, H = len(x), len(params["b_f"])
    h, C = np.zeros((T + 1, H)), np.zeros((T + 1, H))
    gates = {gate: np.zeros((T, H)) for gate in "fiao"}
    for t in range(T):
        for gate in "fiao":
            into = params[f"W_{gate}"] @ h[t] + params[f"U_{gate}"] @ x[t] + params[f"b_{gate}"]
            gates[gate][t] = np.tanh(into) if gate == "a" else 0.5 * (1 + np.tanh(0.5 * into))
        C[t + 1] = C[t] * gates["f"][t] + gates["i"][t] * gates["a"][t]
        h[t + 1] = gates["o"][t] * np.tanh(C[t + 1])
    logits = h[1:] @ params["V"].T + params["c"]
    logits = logits - logits.max(axis=1, keepdims=True)
    log_p = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    dz = np.exp(log_p)
    dz[np.arange(T), y] -= 1

    dh, dC = np.zeros(H), np.zeros(H)  # what step t + 1 sends back to h_t and C_t
    d = {gate: np.zeros((T, H)) for gate in "fiao"}  # gradients at the inputs of the gates
    for t in range(T - 1, -1, -1):
        f, i, a, o = (gates[gate][t] for gate in "fiao")
        dh = dh + params["V"].T @ dz[t]
        dC = dC + dh * o * (1 - np.tanh(C[t + 1]) ** 2)
        d["o"][t] = dh * np.tanh(C[t + 1]) * o * (1 - o)
        d["f"][t] = dC * C[t] * f * (1 - f)
        d["i"][t] = dC * a * i * (1 - i)
        d["a"][t] = dC * i * (1 - a**2)
        dh = sum(params[f"W_{gate}"].T @ d[gate][t] for gate in "fiao")
        dC = dC * f
    grads = {"V": dz.T @ h[1:], "c": dz.sum(axis=0)}
    for gate in "fiao":
        grads[f"W_{gate}"] = d[gate].T @ h[:-1]
        grads[f"U_{gate}"] = d[gate].T @ x
        grads[f"b_{gate}"] = d[gate].sum(axis=0)
    grads["x"] = sum(d[gate] @ params[f"U_{gate}"] for gate in "fiao")
    return -log_p[np.arange(T), y].sum(), grads
    # END SOLUTION bptt-46
