"""Cases of hw_attention. Expected values: plain loops, closed forms, or torch in float64.

One generator per check, with the name of the check. All sizes of a case differ unless its label says otherwise.
"""

import math

import numpy as np
import torch
from torch.nn import functional as F

from course.cases import Case


def sizes(rng, count=4, low=2):
    """`count` different sizes, the smallest at least `low`, in random order."""
    return [int(n) for n in rng.permutation(np.arange(low, low + count))]


def softmax(s):
    """Softmax of a vector."""
    e = np.exp(s - s.max())
    return e / e.sum()


def rows(scores, keep):
    """Weights row by row: a softmax over the kept keys, 0 elsewhere; keep has the shape of scores."""
    weights = np.zeros_like(scores)
    for index in np.ndindex(scores.shape[:-1]):
        if keep[index].any():
            weights[index][keep[index]] = softmax(scores[index][keep[index]])
    return weights


def some_keep(rng, *shape):
    """Random mask in which every row keeps at least one key, and row 0 hides at least one."""
    keep = rng.random(shape) < 0.6
    for index in np.ndindex(*shape[:-1]):
        keep[index][rng.integers(shape[-1])] = True
    first = (0,) * (len(shape) - 1)
    keep[first][rng.integers(shape[-1])] = False
    if not keep[first].any():
        keep[first][:2] = [True, False] if not keep[first][0] else keep[first][:2]
    return keep


# ---- angles ----


def angle_share(n):
    """Grid of angles and P(angle <= θ): I_{sin² θ}((n-1)/2, 1/2) / 2 by quadrature of (1 - c²)^{(n-3)/2}, c = cos θ."""
    theta = np.linspace(0, np.pi, 4001)
    log_p = (n - 2) * np.log(np.sin(theta[1:-1]))
    p = np.concatenate([[n == 2], np.exp(log_p), [n == 2]])
    total = np.concatenate([[0], np.cumsum((p[1:] + p[:-1]) / 2)])
    return theta, total / total[-1]


def sample_angles(rng):
    for n, pairs in ((2, 20_000), (3, 20_000), (10, 20_000), (300, 2000)):
        seed = int(rng.integers(1000))
        jobs = [[n, pairs, seed], [n, pairs, seed], [n, pairs, seed + 1]]
        yield Case(f"n = {n}", [jobs, [angle_share(n)] * 3], {})
    seed = int(rng.integers(1000))
    masses = np.array([0.01, 1.0, 2.0, 3.13]), np.full(4, 0.5)
    yield Case("n = 1", [[[1, 5000, seed], [1, 5000, seed], [1, 5000, seed + 1]], [masses] * 3], {})


def sample_angles_parallel(rng):
    pairs = 5000  # of those, a fifth or so have a cosine past 1
    yield Case("parallel vectors", [7, pairs, int(rng.integers(1000))], {"angles": np.zeros(pairs)})


def log_angle_density(rng):
    """Γ(n/2) / (√π Γ((n-1)/2)) by the recursion of Γ: its logarithm is a sum of logarithms."""
    for n in (int(rng.integers(4, 12)), 2, 3, 1000):
        theta = rng.uniform(0.01, math.pi - 0.01, size=7)
        even = n % 2 == 0
        terms = [math.log(k) - math.log(k - 1) for k in range(3 if not even else 2, n, 2)]
        constant = math.log(0.5 if not even else 1 / math.pi) + sum(terms)
        yield Case(f"n = {n}", [theta, n], {"log p": constant + (n - 2) * np.log(np.sin(theta))})
    yield Case(
        "n = 2 at θ = 0", [np.array([0.0, 1.0]), 2], {"log p": np.full(2, -math.log(math.pi))}
    )
    yield Case(
        "θ = 0",
        [np.array([0.0, math.pi / 2]), 4],
        {"log p": np.array([-np.inf, math.log(2 / math.pi)])},
    )


# ---- scores ----


def score(rng, formula, *more, front=(), labels=("", "one query", "one key", "width 1")):
    """Draws for a score: formula(q, k, *parameters) of two vectors; more: functions of (rng, d) that draw parameters.

    "long queries, short keys": by a factor of 1e7 each, which a dot product does not notice; from the distances
    |q - k|², as the stub of score_dot computes it, nothing is left of it in double precision.
    """
    for label in labels:
        B, Lq, Lk, d = sizes(rng)
        Lq, Lk, d = (
            1 if label == name else n
            for name, n in (("one query", Lq), ("one key", Lk), ("width 1", d))
        )
        q, k = rng.normal(size=(*front, B, Lq, d)), rng.normal(size=(*front, B, Lk, d))
        if label == "long queries, short keys":
            q, k = q * 1e7, k / 1e7
        parameters = [draw(rng, d) for draw in more]
        s = np.zeros((*front, B, Lq, Lk))
        for index in np.ndindex(s.shape):
            s[index] = formula(q[index[:-1]], k[index[:-2] + index[-1:]], *parameters)
        yield Case(label, [q, k, *parameters], {"scores": s})


def score_additive(rng):
    m = int(rng.integers(7, 10))
    yield from score(
        rng,
        lambda q, k, W, w: w @ np.tanh(W @ np.concatenate([q, k])),
        lambda rng, d: rng.normal(size=(m, 2 * d)),
        lambda rng, d: rng.normal(size=m),
    )


def score_bilinear(rng):
    yield from score(rng, lambda q, k, W: q @ W @ k, lambda rng, d: rng.normal(size=(d, d)))


def score_dot(rng):
    yield from score(rng, lambda q, k: q @ k)
    yield from score(rng, lambda q, k: q @ k, labels=["long queries, short keys"])


def score_dot_heads(rng):
    yield from score(rng, lambda q, k: q @ k, front=(7,))
    yield from score(rng, lambda q, k: q @ k, front=(2, 3))  # any number of axes


def score_scaled_dot(rng):
    yield from score(rng, lambda q, k: q @ k / len(q) ** 0.5)


def score_scaled_dot_heads(rng):
    yield from score(rng, lambda q, k: q @ k / len(q) ** 0.5, front=(7,))


# ---- weights ----


def attention_weights(rng):
    for label in ("", "one key", "heads", "large scores"):
        B, Lq, Lk, h = sizes(rng)
        shape = (B, h, Lq, Lk) if label == "heads" else (B, Lq, 1 if label == "one key" else Lk)
        s = rng.normal(size=shape) * (1000 if label == "large scores" else 1)
        yield Case(label, [s], {"weights": rows(s, np.ones_like(s, bool))})


def attention_weights_masked(rng):
    def draw(label, s, keep):
        full = np.broadcast_to(keep, s.shape)
        p = rows(s, full)
        gradient = p * (2 * p - (2 * p * p).sum(-1, keepdims=True))  # of Σ p²
        return Case(label, [s, keep], {"weights": p, "gradient by the scores": gradient})

    B, Lq, Lk, h = sizes(rng, low=3)
    yield draw("a mask for each query", rng.normal(size=(B, Lq, Lk)), some_keep(rng, B, Lq, Lk))
    keep = np.arange(Lk) < np.array([Lk - 2, *rng.integers(1, Lk + 1, size=B - 1)])[:, None]
    yield draw("padding", rng.normal(size=(B, Lq, Lk)), keep[:, None])
    yield draw("heads", rng.normal(size=(B, h, Lq, Lk)), some_keep(rng, Lq, Lk))
    square = rng.normal(size=(B, Lk, Lk))
    yield draw("as many queries as keys", square, some_keep(rng, B, Lk, Lk))
    yield draw(
        "large negative scores", 1e4 * rng.normal(size=(B, Lq, Lk)) - 2e4, some_keep(rng, B, Lq, Lk)
    )
    keep = some_keep(rng, B, Lq, Lk)
    keep[1, Lq - 1] = False
    yield draw("a row with nothing to keep", rng.normal(size=(B, Lq, Lk)), keep)
    yield draw("nothing to keep at all", rng.normal(size=(B, Lq, Lk)), np.zeros((B, 1, Lk), bool))


def mix(rng):
    yield from mixtures(rng, ("", ()), ("as many queries as keys", ()))


def mix_heads(rng):
    yield from mixtures(rng, ("heads", (3,)), ("as many queries as keys, heads", (3,)))


def mixtures(rng, *shapes):
    for label, front in shapes:
        B, Lq, Lk, d = sizes(rng)
        Lq = Lk if label.startswith("as many") else Lq
        s = rng.normal(size=(B, *front, Lq, Lk))
        w, v = rows(s, np.ones_like(s, bool)), rng.normal(size=(B, *front, Lk, d))
        out = np.zeros((B, *front, Lq, d))
        for index in np.ndindex(out.shape[:-1]):
            out[index] = sum(w[index][j] * v[index[:-1]][j] for j in range(Lk))
        yield Case(label, [w, v], {"out": out})


def padding_keep(rng):
    for label, lengths, L in (
        ("", rng.permutation([2, 3, 5, 1]), 6),
        ("as many texts as tokens", np.array([4, 1, 3, 2]), 4),
        ("no padding", np.array([5, 5]), 5),
        ("one text", np.array([2]), 4),
    ):
        keep = [[[j < n for j in range(L)] for _ in range(L)] for n in lengths]
        yield Case(label, [lengths, L], {"keep": np.array(keep)})


def position_encoding(rng):
    yield from position_tables(("", int(rng.integers(5, 9)), 10), ("one position", 1, 6))


def position_encoding_odd_width(rng):
    yield from position_tables(("odd width", int(rng.integers(4, 7)), 7), ("width 1", 6, 1))


def position_tables(*shapes):
    for label, L, d in shapes:
        table = [
            [
                math.sin(p / 10000 ** (i / d))
                if i % 2 == 0
                else math.cos(p / 10000 ** ((i - 1) / d))
                for i in range(d)
            ]
            for p in range(L)
        ]
        yield Case(label, [L, d], {"positions": np.array(table)})


# ---- self-attention ----


def linear(rng, rows, columns, name):
    return {
        f"{name}.weight": rng.normal(size=(rows, columns)) / columns**0.5,
        f"{name}.bias": rng.normal(size=rows),
    }


def heads(rng, label):
    """B, L, h, d, all different, but with one head or one token where the label says so."""
    B, L, h, d = sizes(rng)
    return B, 1 if label == "one token" else L, 1 if label == "one head" else h, d


def project(rng):
    for tied in (False, True):
        B, L, h, d = sizes(rng)
        L, C, parts = 3 * L, h * d, 2 if tied else 3
        weights, x = linear(rng, parts * C, C, "fused"), rng.normal(size=(B, L, C))
        projected = [
            np.einsum("blc,oc->blo", x, weights["fused.weight"][n * C : (n + 1) * C])
            + weights["fused.bias"][n * C : (n + 1) * C]
            for n in range(parts)
        ]
        q, k, v = (projected[0], projected[0], projected[1]) if tied else projected
        yield Case(
            "tied" if tied else "untied",
            [
                "MultiHeadSelfAttention",
                {"d_model": C, "n_head": h, "tied_qk": tied},
                weights,
                "project",
                [x],
            ],
            {"q": q, "k": k, "v": v},
        )


def split_heads(rng):
    for label in ("", "one token", "one head"):
        B, L, h, d = heads(rng, label)
        x = rng.normal(size=(B, L, h * d))
        yield Case(
            label,
            ["MultiHeadSelfAttention", {"d_model": h * d, "n_head": h}, {}, "split_heads", [x]],
            {"heads": np.stack([x[:, :, i * d : (i + 1) * d] for i in range(h)], axis=1)},
        )


def join_heads(rng):
    for label in ("", "one token", "one head"):
        B, L, h, d = heads(rng, label)
        x = rng.normal(size=(B, h, L, d))
        yield Case(
            label,
            ["MultiHeadSelfAttention", {"d_model": h * d, "n_head": h}, {}, "join_heads", [x]],
            {"joined": np.concatenate([x[:, i] for i in range(h)], axis=-1)},
        )


def attention_loops(q, k, v, keep):
    """Scaled dot-product attention of q, k, v (B, h, L, d) by loops; keep (B, L, L)."""
    B, h, L, d = q.shape
    s = np.zeros((B, h, L, L))
    for b, i, t, u in np.ndindex(s.shape):
        s[b, i, t, u] = np.dot(q[b, i, t], k[b, i, u]) / d**0.5
    weights = rows(s, np.broadcast_to(keep[:, None], s.shape))
    return np.einsum("bitu,biud->bitd", weights, v), weights


def attend_heads(rng):
    for label in (
        "no mask",
        "a mask for each text",
        "padding",
        "one mask for all",
        "one head",
        "as many heads as texts",
    ):
        B, L, h, d = heads(rng, label)
        B = h if label.startswith("as many") else B
        q, k, v = rng.normal(size=(3, B, h, L, d))
        keep = {
            "no mask": None,
            "padding": (np.arange(L) < rng.integers(1, L + 1, size=B)[:, None])[:, None],
            "one mask for all": some_keep(rng, L, L),
        }.get(label, some_keep(rng, B, L, L))
        full = np.broadcast_to(True if keep is None else keep, (B, L, L))
        out, weights = attention_loops(q, k, v, full)
        yield Case(
            label,
            [
                "MultiHeadSelfAttention",
                {"d_model": h * d, "n_head": h},
                {},
                "attend_heads",
                [q, k, v, keep],
            ],
            {"out": out, "weights": weights},
        )


# ---- block and encoder ----


def normed(x, gain, bias, eps=1e-5):
    """Layer norm, vector by vector, the variance as the mean of the squared distances from the mean."""
    out = np.zeros_like(x)
    for index in np.ndindex(x.shape[:-1]):
        mean = sum(x[index]) / len(x[index])
        variance = sum((value - mean) ** 2 for value in x[index]) / len(x[index])
        out[index] = gain * (x[index] - mean) / math.sqrt(variance + eps) + bias
    return out


def layer_norm(rng):
    for label in ("", "one token", "small numbers", "equal numbers", "as wide as long"):
        B, L, _, C = sizes(rng, low=3)
        B, L = (1, 1) if label == "one token" else (B, C if label == "as wide as long" else L)
        x = 3 + 2 * rng.normal(size=(B, L, C))
        x = 0.003 * x if label == "small numbers" else x
        if label == "equal numbers":
            x[0, 0] = 7.0
        gain, bias = 1 + 0.3 * rng.normal(size=C), rng.normal(size=C)
        yield Case(label, [x, gain, bias], {"normed": normed(x, gain, bias)})


def attention_step(rng):
    for label in ("mask", "no mask"):
        B, L, C, _ = sizes(rng)
        x, matrices = (
            rng.normal(size=(B, L, C)),
            {name: rng.normal(size=(C, C)) for name in ("attention", "ln_1", "ln_2", "mlp")},
        )
        keep = some_keep(rng, B, L, L) if label == "mask" else None
        out = (x + x @ matrices["attention"] + 1) @ matrices["ln_1"] + 2
        weights = np.arange(B * L * L, dtype=float).reshape(B, 1, L, L)
        yield Case(
            label,
            [matrices, x, keep],
            {"x": out, "weights": weights, "masks": [] if keep is None else [keep]},
        )


def mlp_step(rng):
    for label in ("", "one token"):
        B, L, C, _ = sizes(rng)
        x = rng.normal(size=(B, 1 if label else L, C))
        matrices = {name: rng.normal(size=(C, C)) for name in ("attention", "ln_1", "ln_2", "mlp")}
        yield Case(
            label, [matrices, x], {"x": (x + x @ matrices["mlp"] + 4) @ matrices["ln_2"] + 3}
        )


def embed(rng):
    for label in ("", "as many texts as tokens", "one token"):
        B, L, C, _ = sizes(rng)
        L = 1 if label == "one token" else B if label else L
        words, table, tokens = (
            rng.normal(size=(11, C)),
            rng.normal(size=(L, C)),
            rng.integers(11, size=(B, L)),
        )
        first = np.array([[words[n] + table[t] for t, n in enumerate(text)] for text in tokens])
        settings = {"vocab_size": 11, "d_model": C, "n_head": 1, "n_layer": 1, "max_len": 9}
        yield Case(
            label,
            ["TransformerEncoder", settings, {"embedding.weight": words}, "embed", [tokens, table]],
            {"first input": first},
        )


# ---- sequence to sequence ----


def padded(rng, B, S, V=5):
    """tokens (B, S) with 0 after their lengths, lengths (B,): the first text is full, the second is not."""
    lengths = rng.integers(1, S + 1, size=B)
    lengths[0], lengths[1:2] = S, 1 + rng.integers(max(1, S - 1))
    tokens = rng.integers(3, V, size=(B, S))
    tokens[np.arange(S) >= lengths[:, None]] = 0
    return tokens, lengths


def context(rng):
    for label in ("", "as many texts as signs", "one sign"):
        B, S, _, H = sizes(rng, low=3)
        B, S = S if label.startswith("as") else B, 1 if label == "one sign" else S
        _, lengths = padded(rng, B, S)
        state, states, keep = (
            rng.normal(size=(B, H)),
            rng.normal(size=(B, S, H)),
            np.arange(S) < lengths[:, None],
        )
        s = np.array(
            [
                [math.sqrt(sum((state[b] - 2 * states[b, t]) ** 2)) for t in range(S)]
                for b in range(B)
            ]
        )
        weights = rows(s, keep)
        yield Case(
            label,
            [state, states, keep],
            {
                "context": np.array(
                    [sum(weights[b, t] * states[b, t] for t in range(S)) for b in range(B)]
                ),
                "weights": weights,
            },
        )


def gru_cell(weights, x, h):
    """One step of a GRU in torch's layout, numpy."""
    gi = x @ weights["cell.weight_ih"].T + weights["cell.bias_ih"]
    gh = h @ weights["cell.weight_hh"].T + weights["cell.bias_hh"]
    (ri, zi, ni), (rh, zh, nh) = np.split(gi, 3, -1), np.split(gh, 3, -1)
    r, z = 1 / (1 + np.exp(-ri - rh)), 1 / (1 + np.exp(-zi - zh))
    return (1 - z) * np.tanh(ni + r * nh) + z * h


def decoder_weights(rng, H, V):
    shapes = {
        "embedding_out.weight": (V, H),
        "cell.weight_ih": (3 * H, 2 * H),
        "cell.weight_hh": (3 * H, H),
        "cell.bias_ih": (3 * H,),
        "cell.bias_hh": (3 * H,),
        "out.weight": (V, 2 * H),
        "out.bias": (V,),
    }
    return {name: rng.normal(size=shape) / 1.5 for name, shape in shapes.items()}


def decoder_step(weights, token, state, context):
    """Logits and new state."""
    new = gru_cell(
        weights, np.concatenate([weights["embedding_out.weight"][token], context], -1), state
    )
    return np.concatenate([new, context], -1) @ weights["out.weight"].T + weights["out.bias"], new


def step(rng):
    for label in ("", "one text"):
        B, S, V, H = sizes(rng, low=3)
        B, V = 1 if label else B, V + 3
        weights, token = decoder_weights(rng, H, V), rng.integers(V, size=B)
        _, lengths = padded(rng, B, S)
        state, states, keep = (
            rng.normal(size=(B, H)),
            rng.normal(size=(B, S, H)),
            np.arange(S) < lengths[:, None],
        )
        logits, new = decoder_step(weights, token, state, 2 * state - states[:, 0])
        yield Case(
            label,
            [weights, token, state, states, keep],
            {"queries": [state], "weights": keep * state[:, :1], "state": new, "logits": logits},
        )


def greedy(rng):
    BOS, EOS = 1, 2
    for label, ends in (
        ("", [2, 4, 1]),
        ("no end in time", [3, 99]),
        ("one text", [3]),
        ("an end at once", [1, 1]),
    ):
        B, V, max_len = len(ends), 7, 5
        steps = max_len
        table, tokens = rng.normal(size=(B, steps, V, V)), rng.integers(3, 5, size=(B, 4))
        table[..., EOS] -= 20
        for b, end in enumerate(ends):
            if end <= steps:
                table[b, end - 1, :, EOS] = 20  # this text ends at its step `end`
        answers, before = np.zeros((B, 0), int), np.full(B, BOS)
        while answers.shape[1] < max_len and not (before == EOS).all():
            t, new = answers.shape[1], []
            for b in range(B):
                new.append(EOS if before[b] == EOS else int(table[b, t, before[b]].argmax()))
            before = np.array(new)
            answers = np.concatenate([answers, before[:, None]], 1)
        T = answers.shape[1]
        lengths = rng.integers(1, 4, size=B)
        weights = (
            np.arange(1.0, T + 1)[:, None]
            * ((tokens + 0.5) * (np.arange(4) < lengths[:, None]))[:, None]
        )
        yield Case(
            label,
            [table, tokens, lengths, max_len],
            {"answers": answers, "weights": weights, "steps": T},
        )


def decoder_inputs(rng):
    for label, B, T in (
        ("", 3, 5),
        ("one token", 4, 1),
        ("one text", 1, 6),
        ("as many texts as tokens", 4, 4),
    ):
        targets = rng.integers(3, 13, size=(B, T))
        yield Case(label, [targets], {"inputs": np.array([[1, *row[:-1]] for row in targets])})


def sequence_loss(rng):
    for label in ("", "no padding", "much padding"):
        B, T, V = 3, 6, 8
        logits, targets = 2 * rng.normal(size=(B, T, V)), rng.integers(2, V, size=(B, T))
        lengths = {"no padding": [6, 6, 6], "much padding": [1, 2, 1]}.get(label, [6, 3, 4])
        targets[np.arange(T) >= np.array(lengths)[:, None]] = 0
        each = [
            math.log(sum(np.exp(logits[b, t]))) - logits[b, t, targets[b, t]]
            for b in range(B)
            for t in range(lengths[b])
        ]
        yield Case(label, [logits, targets], {"loss": sum(each) / len(each)})


# ---- one projection for queries and keys ----


def expected_logits(rng):
    """Moments of one term: x y has mean 0 and variance 1, x² has mean 1 and variance E x⁴ - 1 = 2; n terms add up."""
    for n, tied in (
        (int(rng.integers(2, 200)), True),
        (int(rng.integers(2, 200)), False),
        (1, True),
        (1, False),
        (int(rng.integers(200, 5000)), True),
        (int(rng.integers(200, 5000)), False),
    ):
        mean, variance = (1, 3 - 1) if tied else (0, 1)
        yield Case(
            f"n = {n}, {'tied' if tied else 'untied'}",
            [n, tied],
            {
                "moments": {
                    "same_mean": n * mean / math.sqrt(n),
                    "same_std": math.sqrt(n * variance / n),
                    "other_mean": 0.0,
                    "other_std": 1.0,
                }
            },
        )


def diagonal_weight(rng):
    for label, n, L, tied in (
        ("tied", int(rng.integers(5, 90)), int(rng.integers(3, 40)), True),
        ("untied", int(rng.integers(5, 90)), int(rng.integers(3, 40)), False),
        ("tied, one token", 7, 1, True),
        ("untied, one token", 7, 1, False),
        ("tied, n = 10^6", 10**6, 1000, True),
        ("untied, n = 10^6", 10**6, 1000, False),
    ):
        r = n * rng.uniform(0.6, 1.4, size=6)
        own_score = np.minimum(r / n**0.5, 200)  # e^200 is as good as e^1000 here
        tied_weight = np.exp(own_score) / (np.exp(own_score) + (L - 1) * np.exp(r / n / 2))
        yield Case(label, [r, n, L, tied], {"weight": tied_weight if tied else np.full(6, 1 / L)})


def tied_scores_grad(rng):
    for label in ("", "dS symmetric", "one token", "square W"):
        L, d, m = sizes(rng, 3)
        L, m = 1 if label == "one token" else L, d if label == "square W" else m
        dS, x, W = rng.normal(size=(L, L)), rng.normal(size=(L, d)), rng.normal(size=(d, m))
        dS = dS + dS.T if label == "dS symmetric" else dS
        leaf = torch.from_numpy(W).requires_grad_()
        S = torch.einsum("id,dm,jc,cm->ij", torch.from_numpy(x), leaf, torch.from_numpy(x), leaf)
        (dW,) = torch.autograd.grad((S * torch.from_numpy(dS)).sum(), leaf)
        yield Case(label, [dS, x, W], {"dW": dW.numpy()})


# ---- integration checks: torch's own modules ----


def self_attention_together(rng):
    for label, tied in (("untied", False), ("tied", True)):
        B, L, h, d = sizes(rng)
        C, keep = h * d, some_keep(rng, B, L, L)
        weights, x = linear(rng, (2 if tied else 3) * C, C, "fused"), rng.normal(size=(B, L, C))
        torch_module = torch.nn.MultiheadAttention(C, h, batch_first=True, dtype=torch.float64)
        rows_of = [0, 0, 1] if tied else [0, 1, 2]
        with torch.no_grad():
            for kind in ("weight", "bias"):
                parts = torch.from_numpy(weights[f"fused.{kind}"]).split(C)
                getattr(torch_module, f"in_proj_{kind}").copy_(
                    torch.cat([parts[n] for n in rows_of])
                )
            torch_module.out_proj.weight.copy_(torch.eye(C))
            torch_module.out_proj.bias.zero_()
            hidden = torch.from_numpy(~keep).repeat_interleave(h, 0)
            x_t = torch.from_numpy(x)
            out, alpha = torch_module(x_t, x_t, x_t, attn_mask=hidden, average_attn_weights=False)
        yield Case(
            label,
            [
                "MultiHeadSelfAttention",
                {"d_model": C, "n_head": h, "tied_qk": tied},
                weights,
                [x, keep],
            ],
            {"out": out.numpy(), "weights": alpha.numpy()},
        )


def encoder_together(rng):
    B, L, h, C = 3, 6, 2, 8
    settings = {
        "vocab_size": 9,
        "d_model": C,
        "n_head": h,
        "n_layer": 2,
        "max_len": 7,
        "positions": "sine",
    }
    weights = {"embedding.weight": rng.normal(size=(9, C))}
    for n in range(2):
        front = f"blocks.{n}."
        weights |= linear(rng, 3 * C, C, front + "attention.fused")
        weights |= linear(rng, 4 * C, C, front + "mlp.0") | linear(rng, C, 4 * C, front + "mlp.2")
        for norm in ("ln_1", "ln_2"):
            weights |= {
                f"{front}{norm}.weight": 1 + 0.3 * rng.normal(size=C),
                f"{front}{norm}.bias": rng.normal(size=C),
            }
    tokens, lengths = rng.integers(9, size=(B, L)), np.array([6, 3, 1])
    table = np.array(
        [
            [
                math.sin(p / 10000 ** (i / C))
                if i % 2 == 0
                else math.cos(p / 10000 ** ((i - 1) / C))
                for i in range(C)
            ]
            for p in range(L)
        ]
    )
    x, keep = (
        weights["embedding.weight"][tokens] + table,
        np.broadcast_to((np.arange(L) < lengths[:, None])[:, None], (B, L, L)),
    )
    kept = []
    for n in range(2):
        w = {name.removeprefix(f"blocks.{n}."): value for name, value in weights.items()}
        parts = np.split(x @ w["attention.fused.weight"].T + w["attention.fused.bias"], 3, -1)
        q, k, v = (part.reshape(B, L, h, C // h).swapaxes(1, 2) for part in parts)
        out, alpha = attention_loops(q, k, v, keep)
        kept.append(alpha)
        x = normed(x + out.swapaxes(1, 2).reshape(B, L, C), w["ln_1.weight"], w["ln_1.bias"])
        inner = F.gelu(torch.from_numpy(x @ w["mlp.0.weight"].T + w["mlp.0.bias"])).numpy()
        x = normed(
            x + inner @ w["mlp.2.weight"].T + w["mlp.2.bias"], w["ln_2.weight"], w["ln_2.bias"]
        )
    yield Case(
        "",
        ["TransformerEncoder", settings, weights, [tokens, lengths]],
        {"out": x, "weights": kept},
    )


def seq2seq_together(rng):
    for kind in ("additive", "bilinear", "dot", "scaled_dot", "none"):
        B, S, T, H, V = 3, 5, 4, 4, 7
        weights = (
            decoder_weights(rng, H, V)
            | {"embedding_in.weight": rng.normal(size=(V, H))}
            | linear(rng, H, H, "first")
        )
        weights |= {
            f"encoder.{name}_l0": rng.normal(size=shape)
            for name, shape in (
                ("weight_ih", (3 * H, H)),
                ("weight_hh", (3 * H, H)),
                ("bias_ih", 3 * H),
                ("bias_hh", 3 * H),
            )
        }
        encoder = {
            name.replace("encoder.", "cell.").removesuffix("_l0"): value
            for name, value in weights.items()
            if name.startswith("encoder.")
        }
        weights |= {
            "additive": {"W": rng.normal(size=(H, 2 * H)), "w": rng.normal(size=H)},
            "bilinear": {"W": rng.normal(size=(H, H))},
        }.get(kind, {})
        tokens, lengths = padded(rng, B, S, V)
        inputs = np.concatenate([np.ones((B, 1), int), rng.integers(3, V, size=(B, T - 1))], 1)
        logits, alpha = np.zeros((B, T, V)), np.zeros((B, T, S))
        for b in range(B):  # each text alone: no padding anywhere
            h, states = np.zeros(H), []
            for word in weights["embedding_in.weight"][tokens[b, : lengths[b]]]:
                h = gru_cell(encoder, word, h)
                states.append(h + word)
            states, state = (
                np.array(states),
                np.tanh(weights["first.weight"] @ h + weights["first.bias"]),
            )
            for t in range(T):
                context_t = np.zeros(H)
                if kind != "none":
                    alpha[b, t, : len(states)] = softmax(
                        np.array([seq2seq_score(kind, weights, state, key) for key in states])
                    )
                    context_t = alpha[b, t, : len(states)] @ states
                logits[b, t], state = decoder_step(weights, inputs[b, t], state, context_t)
        yield Case(
            kind,
            [
                "Seq2Seq",
                {"vocab_in": V, "vocab_out": V, "hidden": H, "score": kind},
                weights,
                [tokens, lengths, inputs],
            ],
            {"out": logits, "weights": alpha},
        )


def seq2seq_score(kind, weights, q, k):
    if kind == "additive":
        return weights["w"] @ np.tanh(weights["W"] @ np.concatenate([q, k]))
    if kind == "bilinear":
        return q @ weights["W"] @ k
    return q @ k / (len(q) ** 0.5 if kind == "scaled_dot" else 1)


def expected_diagonal_weight_together(rng):
    """E over r ~ χ²_n of the weight given r, by the trapezoid rule on a fine grid of r."""
    for n, L, tied in (
        (64, 64, True),
        (256, 64, True),
        (int(rng.integers(20, 60)), int(rng.integers(5, 50)), True),
        (64, 64, False),
    ):
        r = np.linspace(max(1e-9, n - 12 * math.sqrt(2 * n)), n + 20 * math.sqrt(2 * n), 40_001)
        log_p = (n / 2 - 1) * np.log(r) - r / 2
        p = np.exp(log_p - log_p.max())
        weight = 1 / (1 + (L - 1) * np.exp(r / (2 * n) - r / math.sqrt(n)))
        yield Case(
            f"n = {n}",
            [n, L, tied],
            {"weight": float((p * weight).sum() / p.sum()) if tied else 1 / L},
        )


# ---- in one piece ----


def piece(rng, label, keep=None, n_head=None, same=False):
    """A case of whole.multi_head_attention, expected by loops over texts, heads and queries, gradients by autograd.

    keep(B, Lq, Lk) makes the mask; same: x and memory are as long as each other.
    """
    B, Lq, Lk, h = sizes(rng, 4)
    h, d = n_head or h, 3
    if Lk == 2:  # a mask of some_kept has two keys and a hidden one
        B, Lk = Lk, B
    Lq = Lk if same else Lq
    C = h * d
    arrays = {"x": rng.normal(size=(B, Lq, C)), "memory": rng.normal(size=(B, Lk, C))}
    arrays |= {name: rng.normal(size=(C, C)) / C**0.5 for name in ("W_q", "W_k", "W_v", "W_o")}
    keep = None if keep is None else keep(B, Lq, Lk)
    leaves = {name: torch.tensor(value, requires_grad=True) for name, value in arrays.items()}
    x, memory, W_q, W_k, W_v, W_o = leaves.values()
    outs, all_weights = [], np.zeros((B, h, Lq, Lk))
    for b in range(B):
        for query in range(Lq):
            parts = []
            for head in range(h):
                columns = slice(head * d, (head + 1) * d)
                q = x[b, query] @ W_q[:, columns]
                seen = [t for t in range(Lk) if keep is None or keep[b, query, t]]
                part = torch.zeros(d, dtype=torch.float64)
                if seen:
                    scores = torch.stack([q @ (memory[b, t] @ W_k[:, columns]) for t in seen])
                    weights = torch.softmax(scores / math.sqrt(d), 0)
                    all_weights[b, head, query, seen] = weights.detach().numpy()
                    part = sum(w * (memory[b, t] @ W_v[:, columns]) for w, t in zip(weights, seen))
                parts.append(part)
            outs.append(torch.cat(parts) @ W_o)
    out = torch.stack(outs).reshape(B, Lq, C)
    out.square().sum().backward()
    expected = {"out": out.detach().numpy(), "weights": all_weights}
    for name, leaf in leaves.items():
        grad = np.zeros(leaf.shape) if leaf.grad is None else leaf.grad.numpy()
        expected[f"gradient by {name}"] = grad
    return Case(label, [arrays, h, keep], expected)


def some_kept(rng):
    """A mask maker: every query may look somewhere, and is kept from somewhere; texts differ.

    The first two queries of each text may look at two keys at least: at one key alone every score gives weight 1.
    """

    def keep(B, Lq, Lk):
        allowed = rng.random((B, Lq, Lk)) < 0.6
        keys = rng.permuted(np.tile(np.arange(Lk), (B * Lq, 1)), axis=1)
        rows = np.arange(B * Lq)
        flat = allowed.reshape(B * Lq, Lk)
        flat[rows, keys[:, 0]], flat[rows, keys[:, 1]] = True, False
        rows = rows[rows % Lq < 2]
        flat[rows, keys[rows, 2]] = True
        return flat.reshape(B, Lq, Lk)

    return keep


def nowhere(rng):
    """A mask maker: one query of each text may look nowhere."""

    def keep(B, Lq, Lk):
        allowed = some_kept(rng)(B, Lq, Lk)
        allowed[np.arange(B), rng.integers(Lq, size=B)] = False
        return allowed

    return keep


def whole_attention(rng):
    yield piece(rng, "")
    yield piece(rng, "one head", n_head=1)


def whole_attention_masked(rng):
    yield piece(rng, "", keep=some_kept(rng))
    yield piece(rng, "as many keys as queries", keep=some_kept(rng), same=True)


def whole_attention_nowhere(rng):
    yield piece(rng, "a query that may look nowhere", keep=nowhere(rng))


def whole_attention_gradients(rng):
    yield piece(rng, "", keep=some_kept(rng))
    yield piece(rng, "a query that may look nowhere", keep=nowhere(rng))


# ---- find the bug


def bug_shown(rng):
    yield Case("", [], {"problem": "none"})


bug_smallest = bug_shown
