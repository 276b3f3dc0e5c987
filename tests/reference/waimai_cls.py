"""How the cases of waimai_cls are drawn, and their answers by plain loops or library calls on one text at a time."""

import sys
import warnings

import numpy as np
import torch

from course.cases import Case


def library_cut(text):
    """jieba's own words, its dictionary read without a cache file."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sys.modules.setdefault("pkg_resources", None)
        try:
            import jieba
        finally:
            if sys.modules.get("pkg_resources", 0) is None:
                del sys.modules["pkg_resources"]
    if not jieba.dt.initialized:
        jieba.dt.FREQ, jieba.dt.total = jieba.dt.gen_pfdict(jieba.dt.get_dict_file())
        jieba.dt.initialized = True
    return jieba.lcut(text)


def texts(rng, least=3):
    """(B, T, C, lengths): sizes all different, the lengths unsorted, some of them less than T."""
    B, C = int(rng.integers(4, 6)), int(rng.integers(6, 8))
    T = C + int(rng.integers(1, 3))
    lengths = rng.permutation(
        np.concatenate([[T, 1, least], rng.integers(2, T, size=B - 3)])
    ).astype(np.int64)
    return B, T, C, lengths


APART = (  # words that jieba cuts otherwise when the space between them is lost
    ("研究", "生"),
    ("真", "不错"),
    ("不", "辣"),
    ("送餐", "生"),
    ("咸", "味道"),
)


def tokenizer(rng):
    long, *others = (
        "中华人民共和国的饺子",
        "外卖小哥送得很快",
        "味道不错",
        "不好吃",
        "研究生命起源",
        "一点也不辣",
        "筷子没给",
    )
    for label, joint in (
        ("", "，"),
        ("spaces", "  "),
        ("wide space", "\u3000"),
        ("line ends", " \n"),
    ):
        chosen = rng.permutation(
            [long, *rng.permutation(others)[:3]]
        ).tolist()  # a long word: it can be cut in other ways
        pair = APART[rng.integers(len(APART))] if joint != "，" else ()
        text = joint.join([*chosen, f"ok{rng.integers(10, 99)}", *pair, chosen[0], "！"])
        yield Case(label, [text], {"words": [word for word in library_cut(text) if word.strip()]})
    yield Case("nothing", [""], {"words": []})


def get_stop_words(rng):
    some = [["的", "了", "着", "and", "也"][index] for index in rng.permutation(5)]
    plain = "\n".join(some)
    answer = {"kind": "set"}
    yield Case("", [plain + "\n"], answer | {"words": sorted(some)})
    yield Case("byte order mark", ["\ufeff" + plain], answer | {"words": sorted(some)})
    yield Case(
        "comments, then a # as a word",
        ["# made by hand\n#\n" + plain + "\n#\n"],
        answer | {"words": sorted([*some, "#"])},
    )
    yield Case(
        "Windows line ends, empty lines, spaces",
        ["\ufeff# list\r\n" + " \r\n\r\n".join(some) + "\r\n"],
        answer | {"words": sorted(some)},
    )
    yield Case(
        "two words in a line",
        [plain + "\nas well\n"],
        answer | {"words": sorted([*some, "as well"])},
    )
    yield Case("no path: the file STOP_WORDS", [plain, True], answer | {"words": sorted(some)})


def split(rng):
    good, bad, share = int(rng.integers(40, 60)), int(rng.integers(90, 120)), 0.2
    seeds = [int(seed) for seed in rng.permutation(1000)[:2]]
    seeds.append(seeds[0])
    answers = {
        "each text is in one part": True,
        "the share of each label is held": True,
        "another seed holds other texts": True,
        "the same seed holds the same texts": True,
    }
    yield Case("sorted by label", [np.array([1] * good + [0] * bad), share, seeds], answers)
    yield Case("mixed", [rng.permutation(np.array([1] * good + [0] * bad)), 0.3, seeds], answers)
    yield Case(
        "three labels",
        [rng.permutation(np.array([2] * 25 + [1] * good + [0] * bad)), 0.4, seeds],
        answers,
    )


def vocabulary(rng):
    names = [f"{chr(0x4E00 + int(index))}" for index in rng.permutation(60)[:12]]
    only_held = ["验", "测"]
    often = names[:2] * 6 + names[2:6] * 3 + names[6:9] * 2 + names[9:]
    order = [often[index] for index in rng.permutation(len(often))]
    parts = {
        "train": [order[:9], order[9:20], order[20:]],
        "validation": [[only_held[0]] * 4 + names[8:9] * 5],
        "test": [[only_held[1]] * 4 + names[7:8] * 9],
    }
    for least, label in ((1, ""), (2, "at least twice"), (3, "at least three times")):
        counts = {name: often.count(name) for name in names}
        kept = [name for name in names if counts[name] >= least]
        yield Case(
            label,
            [parts, least],
            {"words": [name for _, name in sorted((-counts[n], n) for n in kept)]},
        )


def pad(rng):
    for label, lengths in (
        ("", rng.permutation([2, 5, 3, 4])),
        ("one text", [3]),
        ("equal lengths", [4, 4, 4]),
    ):
        numbers = [[int(n) for n in rng.integers(2, 90, size=length)] for length in lengths]
        T = max(lengths)
        tokens = np.array([text + [0] * (T - len(text)) for text in numbers])
        yield Case(
            label,
            [numbers],
            {"tokens": tokens, "lengths": np.array([len(text) for text in numbers])},
        )


def make_embedding(rng):
    V, D = int(rng.integers(9, 12)), int(rng.integers(4, 7))
    vectors = rng.normal(size=(V, D)).astype(np.float32).astype(np.float64)
    vectors[0] = 0
    tokens = rng.integers(0, V, size=(2, 3))
    rows = np.arange(V) > 0
    answers = np.array([[vectors[n] for n in row] for row in tokens])
    for mode in ("frozen", "finetune", "random"):
        yield Case(
            mode,
            [mode, vectors, tokens],
            {
                "kind": "Embedding",
                "starts with the vectors": mode != "random",
                "row 0 is zero": True,
                "moves": rows & (mode != "frozen"),
                "answers": answers if mode != "random" else np.zeros(0),
            },
        )


def pooling(rng, each, columns=lambda C: C, shift=0.0):
    """Draws for a function of (states, lengths); `each` gives a text's answer from its own states alone."""
    B, T, C, lengths = texts(rng)
    states = rng.normal(size=(B, T, columns(C))) + shift

    def draw(label, states, lengths):
        expected = np.stack([each(row[:length]) for row, length in zip(states, lengths)])
        return Case(label, [states, lengths], {"pooled": expected})

    yield draw(
        "large numbers at padding",
        np.where(np.arange(T)[:, None] < lengths[:, None, None], states, 40.0),
        lengths,
    )
    yield draw("", np.where(np.arange(T)[:, None] < lengths[:, None, None], states, 0.0), lengths)
    yield draw("no padding", rng.normal(size=(B, T, columns(C))) + shift, np.full(B, T))
    yield draw("one text", states[:1], np.array([T - 2]))


def mean_pool(rng):
    yield from pooling(rng, lambda vectors: sum(vectors) / len(vectors))


def max_pool(rng):
    yield from pooling(
        rng, lambda vectors: np.array([max(column) for column in vectors.T]), shift=-3.0
    )


def last_state(rng):
    yield from pooling(rng, lambda states: states[-1])


def last_state_bidirectional(rng):
    def each(states):
        H = states.shape[1] // 2
        return np.concatenate([states[-1, :H], states[0, H:]])

    yield from pooling(
        rng, each, columns=lambda C: 2 * (C - 1)
    )  # one direction is wider than half the words


def hidden_layer(rng):
    B, D, H = (int(n) for n in rng.permutation([4, 5, 7]))
    x, weight, bias = rng.normal(size=(B, D)), rng.normal(size=(H, D)), rng.normal(size=H)
    z = [
        [sum(weight[h, d] * x[b, d] for d in range(D)) + bias[h] for h in range(H)]
        for b in range(B)
    ]
    yield Case("", [x, weight, bias], {"hidden": np.maximum(np.array(z), 0)})


def convolve(rng):
    for label, T, w in (
        ("", 7, 3),
        ("one word wide", 6, 1),
        ("even width", 7, 4),
        ("a text shorter than the filter", 2, 4),
    ):
        B, D, K = 3, 5, 4
        x, weight, bias = rng.normal(size=(B, T, D)), rng.normal(size=(K, D, w)), rng.normal(size=K)
        x[0, max(1, T - 2) :] = 0  # padding
        out = np.zeros((B, T, K))
        for b, t, k in np.ndindex(B, T, K):
            words = x[b, t : t + w]  # (up to w, D)
            out[b, t, k] = max(0.0, bias[k] + np.sum(words * weight[k, :, : len(words)].T))
        yield Case(label, [x, weight, bias], {"filtered": out})


def attend(rng):
    for label in ("", "one head", "no padding", "one word"):
        B, T, d, lengths = texts(rng)
        h = 1 if label == "one head" else 2
        if label == "no padding":
            lengths = np.full(B, T)
        if label == "one word":
            lengths, T = np.ones(B, np.int64), 1
        q, k, v = rng.normal(size=(3, B, h, T, d))
        out = np.zeros((B, h, T, d))
        for b, i in np.ndindex(B, h):
            n = lengths[b]
            scores = np.array(
                [[np.dot(q[b, i, s], k[b, i, t]) / d**0.5 for t in range(n)] for s in range(n)]
            )
            weights = np.exp(scores - scores.max(1, keepdims=True))
            out[b, i, :n] = weights / weights.sum(1, keepdims=True) @ v[b, i, :n]
        yield Case(label, [q, k, v, lengths], {"mixed": out})


def states(rng):
    for name, layers, both, extra in (
        ("lstm", 1, True, 0),
        ("rnn", 1, False, 0),
        ("gru", 2, True, 0),
        ("rnn", 1, True, 2),
    ):
        B, T, D, lengths = texts(rng)
        H = D - 3
        kind = {"rnn": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM}[name]
        library = kind(D, H, layers, batch_first=True, bidirectional=both).double()
        weights = {
            f"rnn.{key}": rng.normal(size=tuple(p.shape)) / np.sqrt(H)
            for key, p in library.named_parameters()
        }
        with torch.no_grad():
            for key, p in library.named_parameters():
                p.copy_(torch.from_numpy(weights[f"rnn.{key}"]))
        x = rng.normal(size=(B, T + extra, D))
        out = np.zeros((B, T + extra, H * (1 + both)))
        with torch.no_grad():
            for b, length in enumerate(lengths):  # one text at a time: there is no padding
                out[b, :length] = library(torch.from_numpy(x[b : b + 1, :length]))[0][0].numpy()
        label = f"{name}, {layers} layer{'s' * (layers > 1)}, {1 + both} direction{'s' * both}"
        label += ", more columns than words" * (extra > 0)
        yield Case(label, [name, D, H, layers, both, weights, x, lengths], {"states": out})


def make_optimizer(rng):
    shapes = {"table": [5, 3], "weight": [2, 3], "bias": [2]}
    for frozen in (["table"], [], ["table", "weight"]):
        lr = float(rng.uniform(1e-5, 9e-5))
        yield Case(
            f"frozen: {', '.join(frozen) or 'none'}",
            [shapes, frozen, lr],
            {"kind": "Adam", "lr": [lr], "parameters": sorted(set(shapes) - set(frozen))},
        )


def cross_entropy(logits, labels):
    """Each row's cross entropy (B,), and the gradient of their sum by the logits."""
    p = np.exp(logits - logits.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    hot = np.eye(logits.shape[1])[labels]
    return -np.log(p[np.arange(len(labels)), labels]), p - hot


def batch(rng, B, D):
    """Rows (B, D) in place of tokens, lengths, labels with both kinds among them. The model: rows / lengths @ weight."""
    return [rng.normal(size=(B, D)), rng.integers(1, D, size=B), rng.permutation(np.arange(B) % 2)]


def train_step(rng):
    D, lr = 5, 0.3
    weight, batches = rng.normal(size=(D, 2)), [batch(rng, B, D) for B in (7, 4, 6)]
    W, losses, weights = weight.copy(), [], []
    for rows, lengths, labels in batches:
        rows = rows / lengths[:, None]
        loss, gradient = cross_entropy(rows @ W, labels)
        losses.append(loss.mean())
        W = W - lr * rows.T @ gradient / len(rows)
        weights.append(W)
    yield Case(
        "",
        [weight, batches, lr],
        {"losses": np.array(losses), "weights": np.array(weights), "training": [True] * 3},
    )


def evaluate(rng):
    D = 6
    for label, sizes in (("", (9, 9, 2)), ("one batch", (11,))):
        while True:  # no draw that another rule would get right by chance
            weight, batches = rng.normal(size=(D, 2)), [batch(rng, B, D) for B in sizes]
            logits = np.concatenate(
                [rows / lengths[:, None] @ weight for rows, lengths, _ in batches]
            )
            labels = np.concatenate([labels for _, _, labels in batches])
            right = (logits[:, 1] > logits[:, 0]) == labels
            other_rule = (logits[:, 1] > 0.5) == labels
            if (
                right.mean() != other_rule.mean()
                and 0.2 < right.mean() < 0.9
                and right.mean() != 0.5
            ):
                break
        loss, _ = cross_entropy(logits, labels)
        yield Case(
            label,
            [weight, [1, 3], batches],
            {
                "loss": loss.mean(),
                "accuracy": right.mean(),
                "training": False,
                "gradients kept": False,
            },
        )


def best_epoch(rng):
    def log(train, validation, test):
        return [
            {"train_accuracy": float(a), "validation_accuracy": float(b), "test_accuracy": float(c)}
            for a, b, c in zip(train, validation, test)
        ]

    n = int(rng.integers(9, 12))
    best, test, both, train, gap = rng.permutation(n - 3)[:5] + 1
    t, v, s = rng.uniform(0.7, 0.75, size=(3, n))
    v[best], s[best] = 0.85, 0.6  # the best validation has a poor test accuracy
    s[test], v[test] = 0.95, 0.45
    s[both], v[both] = 0.94, 0.80
    t[train] = 0.99
    t[gap] = v[gap] = 0.3  # learned nothing: no gap
    yield Case("", [log(t, v, s)], {"epoch": int(best)})
    v[best + 1 :] = np.minimum(v[best + 1 :], 0.84)
    v[-2] = v[best]
    yield Case("a tie", [log(t, v, s)], {"epoch": int(best)})
    yield Case("one epoch", [log(t[:1], v[:1], s[:1])], {"epoch": 0})


def model_together(rng):
    for name in ("mean", "lstm"):
        B, T, D, lengths = texts(rng)
        V, H = 13, D - 2
        vectors = rng.normal(size=(V, D)).astype(np.float32).astype(np.float64)
        vectors[0] = 0
        both = name == "lstm"
        library = torch.nn.LSTM(D, H, batch_first=True, bidirectional=True).double()
        weights = (
            {
                f"encoder.rnn.{key}": rng.normal(size=tuple(p.shape)) / 2
                for key, p in library.named_parameters()
            }
            if both
            else {}
        )
        width = 2 * H if both else D
        weights |= {"output.weight": rng.normal(size=(2, width)), "output.bias": rng.normal(size=2)}
        with torch.no_grad():
            for key, p in library.named_parameters():
                if both:
                    p.copy_(torch.from_numpy(weights[f"encoder.rnn.{key}"]))
        tokens = rng.integers(2, V, size=(B, T)) * (np.arange(T) < lengths[:, None])
        logits = []
        for row, length in zip(tokens, lengths):
            word_vectors = vectors[row[:length]]
            if both:
                with torch.no_grad():
                    _, (h, _) = library(torch.from_numpy(word_vectors)[None])
                word_vectors = h[:, 0].numpy().reshape(1, -1)
            logits.append(weights["output.weight"] @ word_vectors.mean(0) + weights["output.bias"])
        settings = {
            "name": name,
            "vocab_size": V,
            "embedding_dim": D,
            "hidden": H,
            "bidirectional": both,
            "vectors": vectors,
        }
        yield Case(name, [settings, weights, tokens, lengths], {"logits": np.array(logits)})


def gru_case(rng, label, filler=0.0):
    """A case of whole.gru_states: torch's own GRU, one text at a time. filler: what stands at padding."""
    B, T, D, lengths = texts(rng)
    H = D - 3
    library = torch.nn.GRU(D, H, batch_first=True, bidirectional=True).double()
    weights = {
        name: rng.normal(size=tuple(p.shape)) / np.sqrt(H) for name, p in library.named_parameters()
    }
    with torch.no_grad():
        for name, p in library.named_parameters():
            p.copy_(torch.from_numpy(weights[name]))
    x = rng.normal(size=(B, T, D))
    states, total = np.zeros((B, T, 2 * H)), torch.zeros((), dtype=torch.float64)
    for b, length in enumerate(lengths):
        out = library(torch.from_numpy(x[b : b + 1, :length]))[0][0]
        total = total + out.square().sum()
        states[b, :length] = out.detach().numpy()
        x[b, length:] = filler
    total.backward()
    grads = {name: p.grad.numpy() for name, p in library.named_parameters()}
    expected = {"states": states, "left to right": states[:, :, :H]}
    expected |= {"right to left": states[:, :, H:], "gradients": grads}
    return Case(label, [x, lengths, weights], expected)


def whole_gru_forwards(rng):
    yield gru_case(rng, "", filler=rng.normal())


whole_gru_backwards = whole_gru_forwards


def whole_gru_padding(rng):
    yield gru_case(rng, "large numbers at padding", filler=50.0)
    yield gru_case(rng, "NaN at padding", filler=np.nan)


def whole_gru_gradient(rng):
    yield gru_case(rng, "", filler=rng.normal())


# ---- find the bug


def bug_shown(rng):
    yield Case("", [], {"problem": "none"})


bug_smallest = bug_shown
