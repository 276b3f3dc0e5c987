"""How the cases of gpt_songci are drawn, and their answers by plain loops and torch library calls in float64.

One generator a check, named like it. Sizes B (texts), L (characters), h (heads), d (head width) all differ.
"""

import numpy as np
import torch
from torch.nn import functional as F

from course.cases import Case

PARTS = ("q", "k", "v", "o")


def sizes(rng):
    """B, L, h, d, all different, heads and widths never 1."""
    B, L, h, d = rng.permutation([2, 3, 4, 5])
    return int(B), int(L) + 2, int(h), int(d) + 1 + (L + 2 == d + 1)


def config(h, d, **more):
    return {
        "vocab_size": 19,
        "max_seq_len": 11,
        "n_layer": 2,
        "n_head": h,
        "n_embd": h * d,
        "dropout": 0.0,
    } | more


def attention_weights(rng, C, prefix=""):
    return {
        f"{prefix}{part}.{kind}": rng.normal(size=(C, C) if kind == "weight" else C) / (np.sqrt(C))
        for part in PARTS
        for kind in ("weight", "bias")
    }


def softmax_rows(s):
    s = np.exp(s - s.max(-1, keepdims=True))
    return s / s.sum(-1, keepdims=True)


def step(rng, name, make):
    """Draws for a step that needs no parameters: `make(rng, B, L, h, d)` gives the inputs and the expected answers."""
    for label in ("", "one character", "one head"):
        B, L, h, d = sizes(rng)
        L, h = (1 if label == "one character" else L), (1 if label == "one head" else h)
        inputs, expected = make(rng, B, L, h, d)
        yield Case(label, [config(h, d), {}, name, inputs], expected)


def project(rng):
    B, L, h, d = sizes(rng)
    weights, x = attention_weights(rng, h * d), rng.normal(size=(B, L, h * d))
    expected = {
        part: np.einsum("blc,oc->blo", x, weights[f"{part}.weight"]) + weights[f"{part}.bias"]
        for part in "qkv"
    }
    yield Case("", [config(h, d), weights, "project", [x]], expected)


def split_heads(rng):
    def make(rng, B, L, h, d):
        x = rng.normal(size=(B, L, h * d))
        return [x], {"heads": np.stack([x[:, :, i * d : (i + 1) * d] for i in range(h)], axis=2)}

    yield from step(rng, "split_heads", make)


def swap_axes(rng):
    def make(rng, B, L, h, d):
        q, k, v = rng.normal(size=(3, B, L, h, d))
        move = [(b, i, t) for b in range(B) for i in range(h) for t in range(L)]
        new_q, new_k, new_v = np.empty((B, h, L, d)), np.empty((B, h, d, L)), np.empty((B, h, L, d))
        for b, i, t in move:
            new_q[b, i, t], new_k[b, i, :, t], new_v[b, i, t] = q[b, t, i], k[b, t, i], v[b, t, i]
        return [q, k, v], {"q": new_q, "k_t": new_k, "v": new_v}

    yield from step(rng, "swap_axes", make)


def scores(rng):
    def make(rng, B, L, h, d):
        q, k_t = rng.normal(size=(B, h, L, d)), rng.normal(size=(B, h, d, L))
        s = np.array(
            [
                [
                    [
                        [np.dot(q[b, i, t], k_t[b, i, :, u]) / d**0.5 for u in range(L)]
                        for t in range(L)
                    ]
                    for i in range(h)
                ]
                for b in range(B)
            ]
        )
        return [q, k_t], {"scores": s}

    yield from step(rng, "scores", make)


def mask_scores(rng):
    def draw(label, B, L, h, d, mask, scale=1.0, shift=0.0):
        s = scale * rng.normal(size=(B, h, L, L)) + shift
        seen = np.where(mask, 0, s)
        weights = np.zeros_like(s)
        for index in np.ndindex(B, h, L):
            allowed = ~mask[index[-1]]
            weights[index][allowed] = softmax_rows(s[index][allowed])
        return Case(
            label,
            [config(h, d), {}, "mask_scores", [s, mask]],
            {"scores that may be seen": seen, "weights that follow": weights},
        )

    B, L, h, d = sizes(rng)
    causal = np.array([[u > t for u in range(L)] for t in range(L)])
    yield draw("causal mask", B, L, h, d, causal)
    random_mask = rng.random((L, L)) < 0.5
    random_mask[np.arange(L), rng.integers(L, size=L)] = False  # each row may look somewhere
    yield draw("another mask", B, L, h, d, random_mask)
    yield draw("large negative scores", B, L, h, d, causal, scale=1e4)
    yield draw("very low scores only", B, L, h, d, causal, shift=-3e4)
    yield draw("one character", B, 1, h, d, np.zeros((1, 1), bool))


def weights(rng):
    def make(rng, B, L, h, d):
        s = rng.normal(size=(B, h, L, L))
        return [s], {"weights": softmax_rows(s)}

    yield from step(rng, "weights", make)
    B, L, h, d = sizes(rng)
    s = rng.normal(size=(B, h, L, L))
    s[:, :, np.triu(np.ones((L, L), bool), 1)] = -np.inf
    yield Case("masked scores", [config(h, d), {}, "weights", [s]], {"weights": softmax_rows(s)})
    s = 1000 * rng.normal(size=(B, h, L, L))
    yield Case("large scores", [config(h, d), {}, "weights", [s]], {"weights": softmax_rows(s)})


def mix(rng):
    def make(rng, B, L, h, d):
        w, v = softmax_rows(rng.normal(size=(B, h, L, L))), rng.normal(size=(B, h, L, d))
        mixed = np.array(
            [
                [
                    [sum(w[b, i, t, u] * v[b, i, u] for u in range(L)) for t in range(L)]
                    for i in range(h)
                ]
                for b in range(B)
            ]
        )
        return [w, v], {"mixed": mixed}

    for draw in step(rng, "mix", make):
        draw.inputs[0]["dropout"] = 0.4  # eval mode: it must not act
        yield draw


def mix_dropout(rng):
    B, L, h = 3, 11, 4
    w = 0.5 + rng.random((B, h, L, L))
    v = np.broadcast_to(np.tile(np.eye(L), 2), (B, h, L, 2 * L)).copy()
    yield Case("", [config(h, 2 * L, dropout=0.3), {}, "mix", [w, v]], {})


def join_heads(rng):
    def make(rng, B, L, h, d):
        x = rng.normal(size=(B, h, L, d))
        return [x], {"joined": np.concatenate([x[:, i] for i in range(h)], axis=-1)}

    yield from step(rng, "join_heads", make)


def project_out(rng):
    B, L, h, d = 3, 9, 4, 5
    weights, x = attention_weights(rng, h * d), rng.normal(size=(B, L, h * d))
    out = np.einsum("blc,oc->blo", x, weights["o.weight"]) + weights["o.bias"]
    yield Case("", [config(h, d, dropout=0.3), weights, "project_out", [x]], {"out": out})


def tokens(rng, B, L, V=19):
    return rng.integers(V, size=(B, L))


def gpt_weights(rng, settings):
    """Random parameters of a whole GPT by name; LayerNorms away from 1 and 0."""
    C, V = settings["n_embd"], settings["vocab_size"]
    named = {
        "token_embedding.weight": rng.normal(size=(V, C)),
        "position_embedding.weight": rng.normal(size=(settings["max_seq_len"], C)),
        "norm.weight": 1 + 0.3 * rng.normal(size=C),
        "norm.bias": rng.normal(size=C),
    }
    for n in range(settings["n_layer"]):
        named |= attention_weights(rng, C, f"blocks.{n}.attention.")
        for norm in ("norm1", "norm2"):
            named |= {
                f"blocks.{n}.{norm}.weight": 1 + 0.3 * rng.normal(size=C),
                f"blocks.{n}.{norm}.bias": rng.normal(size=C),
            }
        named |= {
            f"blocks.{n}.mlp.fc1.weight": rng.normal(size=(4 * C, C)) / np.sqrt(C),
            f"blocks.{n}.mlp.fc1.bias": rng.normal(size=4 * C),
            f"blocks.{n}.mlp.fc2.weight": rng.normal(size=(C, 4 * C)) / np.sqrt(4 * C),
            f"blocks.{n}.mlp.fc2.bias": rng.normal(size=C),
        }
    return named


def positions(rng):
    for label, B, L in (
        ("", 3, 7),
        ("one character", 4, 1),
        ("the whole window", 2, 11),
        ("one text", 1, 6),
    ):
        yield Case(
            label,
            [config(2, 3), {}, "positions", [tokens(rng, B, L)]],
            {"positions": np.array(list(range(L))), "dtype": "torch.int64", "device": "meta"},
        )


def embed(rng):
    B, L, h, d = sizes(rng)
    settings = config(h, d)
    named = {
        name: value
        for name, value in gpt_weights(rng, settings).items()
        if name.endswith("embedding.weight")
    }
    words, pos = tokens(rng, B, L), rng.permutation(11)[:L]
    E_U = np.array([[named["token_embedding.weight"][n] for n in row] for row in words])
    E_P = np.array([named["position_embedding.weight"][n] for n in pos])
    yield Case("", [settings, named, "embed", [words, pos]], {"E_U": E_U, "E_P": E_P})


def first_input(rng):
    for label, no_pos in (("with positions", False), ("no_pos", True)):
        B, L, h, d = sizes(rng)
        E_U, E_P = rng.normal(size=(B, L, h * d)), rng.normal(size=(L, h * d))
        yield Case(
            label,
            [config(h, d, no_pos=no_pos, dropout=0.4), {}, "first_input", [E_U, E_P]],
            {"input": E_U.copy() if no_pos else np.array([row + E_P for row in E_U])},
        )


def first_input_dropout(rng):
    for label, no_pos in (("with positions", False), ("no_pos", True)):
        E_U, E_P = rng.normal(size=(3, 10, 21)), rng.normal(size=(10, 21))
        yield Case(
            label,
            [config(3, 7, no_pos=no_pos, dropout=0.3), {}, "first_input", [E_U, E_P]],
            {"full": E_U.copy() if no_pos else E_U + E_P},
        )


def causal_mask(rng):
    for label, B, L in (
        ("", 3, 7),
        ("one character", 2, 1),
        ("the whole window", 4, 11),
        ("as many texts as characters", 5, 5),
    ):
        yield Case(
            label,
            [config(2, 3), {}, "causal_mask", [tokens(rng, B, L)]],
            {
                "mask": np.array([[u > t for u in range(L)] for t in range(L)]),
                "dtype": "torch.bool",
                "device": "meta",
            },
        )


def run_layers(rng):
    for layers in (3, 1):
        B, L, h, d = sizes(rng)
        C = h * d
        start, matrices = (
            rng.normal(size=(B, L, C)),
            [rng.normal(size=(C, C)) / np.sqrt(C) for _ in range(layers)],
        )
        mask = np.array([[u > t for u in range(L)] for t in range(L)])
        now = start
        for number, matrix in enumerate(matrices):
            now = now @ matrix + number
        yield Case(
            f"{layers} layer(s)",
            [config(h, d, n_layer=layers), matrices, start, mask],
            {
                "h": now,
                "kept": [np.full((B, 1, L, L), n + 1.0) for n in range(layers)],
                "masks": [mask] * layers,
            },
        )


def layer_norm(x, weight, bias):
    return F.layer_norm(
        torch.from_numpy(x), x.shape[-1:], torch.from_numpy(weight), torch.from_numpy(bias)
    ).numpy()


def logits(rng):
    B, L, h, d = sizes(rng)
    settings, state = config(h, d), rng.normal(size=(B, L, h * d)) * 3 + 1
    named = {
        name: value
        for name, value in gpt_weights(rng, settings).items()
        if name.startswith(("norm", "token"))
    }
    head = {
        "head.weight": named["token_embedding.weight"],
        "head.bias": rng.normal(size=settings["vocab_size"]),
    }
    normed = layer_norm(state, named["norm.weight"], named["norm.bias"])
    yield Case(
        "",
        [settings, named | head, "logits", [state]],
        {"logits": np.einsum("blc,vc->blv", normed, head["head.weight"]) + head["head.bias"]},
    )


def loss_and_perplexity(rng):
    for label, B, L, V in (
        ("", 3, 4, 7),
        ("square", 5, 5, 5),
        ("one text", 1, 6, 3),
        ("more texts than classes", 6, 2, 4),
    ):
        z, y = 2 * rng.normal(size=(B, L, V)), rng.integers(V, size=(B, L))
        y[0, 0], y[-1, -1] = 0, V - 1
        p = softmax_rows(z)
        mean = float(np.mean([-np.log(p[b, t, y[b, t]]) for b in range(B) for t in range(L)]))
        onehot = np.eye(V)[y]
        yield Case(
            label,
            [z, y],
            {
                "loss": np.array(mean),
                "perplexity": np.array(np.e**mean),
                "gradient": (p - onehot) / (B * L),
            },
        )


def unigram(rng):
    """Counts of a text; how often each character would be drawn if every one were put in once more."""
    for label, text in (
        ("", rng.integers(7, size=29)),
        ("a character that is missing", rng.choice([0, 1, 3, 4], size=23)),
        ("one character only", np.full(5, 2)),
    ):
        V = 11
        urn = [*text.tolist(), *range(V)]
        counts = np.array([text.tolist().count(c) for c in range(V)])
        yield Case(
            label,
            [counts],
            {"probabilities": np.array([urn.count(c) for c in range(V)]) / len(urn)},
        )


def witten_bell(counts, lower):
    """P(c | b) by the rule in words, one number at a time."""
    p = np.zeros(counts.shape)
    for i, row in enumerate(counts.tolist()):
        n, k = sum(row), len([count for count in row if count])
        for c, count in enumerate(row):
            p[i, c] = n / (n + k) * count / n + k / (n + k) * lower[c] if n else lower[c]
    return p


def bigram_case(rng, label, N, V, once=(), never=()):
    """N rows of counts; each has at least two kinds of followers, never all V of them.

    once: rows of characters that are followed once; never: rows of characters that are not followed.
    """
    counts = np.zeros((N, V), dtype=np.int64)
    for row in counts:
        kinds = rng.permutation(V)[: rng.integers(2, V)]
        row[kinds] = rng.integers(1, 9, size=len(kinds))
        row[kinds[0]] += 2  # n is never k
    for i in once:
        counts[i] = np.arange(V) == rng.integers(V)
    counts[list(never)] = 0
    lower = rng.random(V) + 0.1
    lower /= lower.sum()
    return Case(label, [counts, lower], {"probabilities": witten_bell(counts, lower)})


def bigram(rng):
    yield bigram_case(rng, "", 5, 13)
    yield bigram_case(rng, "some that are followed once", 6, 10, once=(1, 4))
    yield bigram_case(rng, "more characters b than characters c", 17, 7)
    yield bigram_case(rng, "as many b as c", 9, 9)
    yield bigram_case(rng, "one b", 1, 11)


def bigram_never_followed(rng):
    yield bigram_case(rng, "", 6, 11, never=(2,))
    yield bigram_case(rng, "none of them", 3, 8, never=(0, 1, 2))


def guide_logits(rng):
    def draw(label, B, V, groups, wanted, fits_share=0.8, scale=2.0, used_share=0.3):
        logits = scale * rng.normal(size=(B, V))
        rhymes = np.concatenate(
            [np.arange(groups + 1), rng.integers(groups + 1, size=V - groups - 1)]
        )
        rhymes = rng.permutation(rhymes)
        fits, used = rng.random((B, V)) < fits_share, rng.random((B, V)) < used_share
        wanted = np.array(wanted)
        for b in range(B):  # one character is allowed in each row, and one of each kind is not
            group = rhymes[b % V] if wanted[b] <= 0 else wanted[b]
            char = int(np.flatnonzero(rhymes == group)[0])
            fits[b, char], used[b, char] = True, False
            others = rng.permutation(np.flatnonzero(np.arange(V) != char))
            fits[b, others[0]], used[b, others[0]] = False, False
            fits[b, others[1]], used[b, others[1]] = True, True
            fits[b, others[2]], used[b, others[2]] = True, False
        allowed = np.zeros((B, V), bool)
        for b, v in np.ndindex(B, V):
            if not fits[b, v]:
                continue
            if wanted[b] == -1:
                allowed[b, v] = True
            elif wanted[b] == 0:
                allowed[b, v] = not used[b, v]
            else:
                allowed[b, v] = rhymes[v] == wanted[b] and not used[b, v]
        chance = np.zeros((B, V))
        for b in range(B):
            chance[b, allowed[b]] = softmax_rows(logits[b, allowed[b]])
        return Case(
            label,
            [logits, fits, rhymes, wanted, used],
            {
                "allowed": allowed,
                "logits that are allowed": np.where(allowed, logits, 0),
                "chances": chance,
            },
        )

    yield draw("no rhymes", 3, 11, 4, [-1, -1, -1])
    yield draw("first places of a rhyme", 4, 13, 3, [0, 0, 0, 0])
    yield draw("groups that are given", 5, 17, 3, [1, 2, 3, 2, 1])
    yield draw("all three in one batch", 6, 19, 4, [-1, 0, 2, 4, 0, -1])
    yield draw("as many poems as characters", 7, 7, 2, [-1, 0, 1, 2, 0, -1, 2])
    yield draw("large logits", 4, 23, 3, [-1, 0, 1, 3], scale=1e4)
    yield draw("one poem", 1, 9, 2, [2])


def plain_attention(named, prefix, x, mask, h):
    """Attention by loops over texts, heads and queries: (out, weights)."""
    B, L, C = x.shape
    d = C // h
    q, k, v = (
        x @ named[f"{prefix}{part}.weight"].T + named[f"{prefix}{part}.bias"] for part in "qkv"
    )
    weights, mixed = np.zeros((B, h, L, L)), np.zeros((B, L, C))
    for b, i, t in np.ndindex(B, h, L):
        columns = slice(i * d, (i + 1) * d)
        allowed = ~mask[t]
        weights[b, i, t, allowed] = softmax_rows(
            k[b][allowed, columns] @ q[b, t, columns] / np.sqrt(d)
        )
        mixed[b, t, columns] = weights[b, i, t] @ v[b, :, columns]
    return mixed @ named[f"{prefix}o.weight"].T + named[f"{prefix}o.bias"], weights


def plain_gpt(settings, named, words, mask):
    """A whole GPT: (logits, list of weights)."""
    E_P = named["position_embedding.weight"][: words.shape[1]]
    x, kept = named["token_embedding.weight"][words] + (0 if settings.get("no_pos") else E_P), []
    for n in range(settings["n_layer"]):
        prefix = f"blocks.{n}."
        normed = layer_norm(x, named[prefix + "norm1.weight"], named[prefix + "norm1.bias"])
        out, weights = plain_attention(
            named, prefix + "attention.", normed, mask, settings["n_head"]
        )
        x = out + (0 if settings.get("no_res") else x)
        normed = layer_norm(x, named[prefix + "norm2.weight"], named[prefix + "norm2.bias"])
        hidden = F.gelu(
            torch.from_numpy(
                normed @ named[prefix + "mlp.fc1.weight"].T + named[prefix + "mlp.fc1.bias"]
            )
        ).numpy()
        x = (
            hidden @ named[prefix + "mlp.fc2.weight"].T
            + named[prefix + "mlp.fc2.bias"]
            + (0 if settings.get("no_res") else x)
        )
        kept.append(weights)
    return layer_norm(x, named["norm.weight"], named["norm.bias"]) @ named[
        "token_embedding.weight"
    ].T, kept


def causal(L):
    return np.array([[u > t for u in range(L)] for t in range(L)])


def attention_together(rng):
    B, L, h, d = sizes(rng)
    named, x = attention_weights(rng, h * d), rng.normal(size=(B, L, h * d))
    out, kept = plain_attention(named, "", x, causal(L), h)
    yield Case("", [config(h, d), named, x, causal(L)], {"out": out, "weights": kept})


def gpt_together(rng):
    for more in ({}, {"no_pos": True}, {"no_res": True}):
        B, L, h, d = sizes(rng)
        settings = config(h, d, **more)
        named, words = gpt_weights(rng, settings), tokens(rng, B, L)
        named["head.bias"] = np.zeros(settings["vocab_size"])
        result, kept = plain_gpt(settings, named, words, causal(L))
        yield Case(", ".join(more), [settings, named, words], {"logits": result, "weights": kept})


def architecture(rng):
    """The option whose mask lets a whole network predict each next character from all characters before it only."""
    L = 6
    masks = {"A": causal(L), "B": np.zeros((L, L), bool), "C": ~np.eye(L, dtype=bool)}
    settings = config(2, 3)
    named, words = gpt_weights(rng, settings), tokens(rng, 1, L)
    true = []
    for letter, mask in masks.items():
        first, _ = plain_gpt(settings, named, words, mask)
        changed = [
            plain_gpt(settings, named, (words + (np.arange(L) == position)) % 19, mask)[0]
            for position in range(L)
        ]
        moved = np.array(
            [
                [
                    np.abs(first[0, t] - changed[position][0, t]).max() > 1e-9
                    for position in range(L)
                ]
                for t in range(L)
            ]
        )
        if not moved[np.triu_indices(L, 1)].any() and moved[np.tril_indices(L)].all():
            true.append(letter)
    assert len(true) == 1, true
    yield Case("", [], {"letter": true[0]})


# ---- in one piece


def bare_weights(rng, settings):
    """Parameters of a whole model, by name, none of them 0."""
    C, V = settings["n_embd"], settings["vocab_size"]
    shapes = {"token_embedding.weight": (V, C), "position_embedding.weight": (11, C)}
    shapes |= {"norm.weight": (C,), "norm.bias": (C,), "head.weight": (V, C), "head.bias": (V,)}
    for layer in range(settings["n_layer"]):
        name = f"blocks.{layer}."
        for norm in ("norm1", "norm2"):
            shapes |= {f"{name}{norm}.weight": (C,), f"{name}{norm}.bias": (C,)}
        for part in PARTS:
            shapes |= {
                f"{name}attention.{part}.weight": (C, C),
                f"{name}attention.{part}.bias": (C,),
            }
        shapes |= {f"{name}mlp.fc1.weight": (4 * C, C), f"{name}mlp.fc1.bias": (4 * C,)}
        shapes |= {f"{name}mlp.fc2.weight": (C, 4 * C), f"{name}mlp.fc2.bias": (C,)}
    return {key: rng.normal(size=shape) / shape[-1] ** 0.5 for key, shape in shapes.items()}


def whole_text(settings, w, tokens):
    """Logits (L, V), keys and values (n_layer, h, L, d) of one text, character by character, in NumPy."""
    h, C = settings["n_head"], settings["n_embd"]
    d, L = C // h, len(tokens)

    def linear(x, name):
        return x @ w[f"{name}.weight"].T + w[f"{name}.bias"]

    def norm(x, name):
        centred = x - x.mean(-1, keepdims=True)
        deviation = np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5)
        return centred / deviation * w[f"{name}.weight"] + w[f"{name}.bias"]

    x = w["token_embedding.weight"][tokens]
    if not settings["no_pos"]:
        x = x + w["position_embedding.weight"][:L]
    all_keys, all_values = [], []
    for layer in range(settings["n_layer"]):
        name = f"blocks.{layer}"
        q, k, v = (linear(norm(x, f"{name}.norm1"), f"{name}.attention.{part}") for part in "qkv")
        mixed = np.zeros((L, C))
        for i in range(h):
            columns = slice(i * d, (i + 1) * d)
            for t in range(L):
                scores = k[: t + 1, columns] @ q[t, columns] / d**0.5
                mixed[t, columns] = softmax_rows(scores) @ v[: t + 1, columns]
        all_keys.append(k.reshape(L, h, d).swapaxes(0, 1))
        all_values.append(v.reshape(L, h, d).swapaxes(0, 1))
        out = linear(mixed, f"{name}.attention.o")
        x = out if settings["no_res"] else x + out
        inner = torch.from_numpy(linear(norm(x, f"{name}.norm2"), f"{name}.mlp.fc1"))
        out = linear(F.gelu(inner).numpy(), f"{name}.mlp.fc2")
        x = out if settings["no_res"] else x + out
    return linear(norm(x, "norm"), "head"), np.array(all_keys), np.array(all_values)


def whole_case(rng, label, lengths, **flags):
    """A case of whole.forward_cached: B texts that come in pieces of these lengths."""
    B, _, h, d = sizes(rng)
    settings = config(h, d) | {"no_pos": False, "no_res": False} | flags
    weights = bare_weights(rng, settings)
    tokens = rng.integers(settings["vocab_size"], size=(B, sum(lengths)))
    texts = [whole_text(settings, weights, row) for row in tokens]
    expected = {
        "logits": np.array([logits for logits, _, _ in texts]),
        "keys": np.array([keys for _, keys, _ in texts]).swapaxes(0, 1),
        "values": np.array([values for _, _, values in texts]).swapaxes(0, 1),
        "unchanged": True,
    }
    pieces = np.split(tokens, np.cumsum(lengths)[:-1], axis=1)
    return Case(label, [settings, weights, pieces], expected)


def whole_forward(rng):
    yield whole_case(rng, "no cache", [7])
    yield whole_case(rng, "one character", [1])


def whole_forward_pieces(rng):
    yield whole_case(rng, "4, then one by one", [4, 1, 1])
    yield whole_case(rng, "pieces of 2, 3 and 4", [2, 3, 4])


def whole_forward_ablations(rng):
    yield whole_case(rng, "no_pos", [3, 2], no_pos=True)
    yield whole_case(rng, "no_res", [3, 2], no_res=True)


def whole_forward_cache(rng):
    yield whole_case(rng, "", [3, 1, 2])


# ---- find the bug


def bug_shown(rng):
    yield Case("", [], {"problem": "none"})


bug_smallest = bug_shown
