"""Right versions of the blanks of waimai_cls, written in another way."""

# ruff: noqa: F811, F821    (bodies use the names of the solved files)
from collections import Counter
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from tests.accepted import accepted


@accepted("wai-01")
def tokenizer(text):
    words = []
    for word in jieba.cut(text, cut_all=False):
        if word.strip():
            words.append(word)
    return words


@accepted("wai-01")
def tokenizer(text):
    return list(filter(str.strip, jieba.lcut(text)))


@accepted("wai-02")
def get_stop_words(path=None):
    lines = Path(path or STOP_WORDS).read_text(encoding="utf-8-sig").splitlines()
    words = [line.strip() for line in lines if line.strip()]
    while words and words[0].startswith("#"):
        words.pop(0)
    return set(words)


@accepted("wai-02")
def get_stop_words(path=None):
    words, begun = set(), False
    for line in (
        open(path if path is not None else STOP_WORDS, "rb")
        .read()
        .decode("utf-8")
        .lstrip("\ufeff")
        .split("\n")
    ):
        line = line.strip()
        if not line or line[0] == "#" and not begun:
            continue
        begun = True
        words.add(line)
    return words


@accepted("wai-03")
def split(labels, share, rng):
    labels = np.asarray(labels)
    held = np.concatenate(
        [
            rng.choice(
                np.flatnonzero(labels == label),
                round(share * (labels == label).sum()),
                replace=False,
            )
            for label in set(labels.tolist())
        ]
    )
    return np.setdiff1d(np.arange(len(labels)), held), held


@accepted("wai-03")
def split(labels, share, rng):
    left = Counter(map(int, labels))
    left = {label: round(share * count) for label, count in left.items()}
    rest, held = [], []
    for number in rng.permutation(len(labels)):
        label = int(labels[number])
        (held if left[label] > 0 else rest).append(number)
        left[label] -= 1
    return np.array(rest), np.array(held)


@accepted("wai-04")
def vocabulary(parts, min_count=1):
    counts = {}
    for text in parts["train"]:
        for word in text:
            counts[word] = counts.get(word, 0) + 1
    words = sorted(word for word, count in counts.items() if count >= min_count)
    return sorted(words, key=counts.get, reverse=True)


@accepted("wai-04")
def vocabulary(parts, min_count=1):
    counts = Counter()
    for text in parts["train"]:
        counts.update(text)
    pairs = sorted((-count, word) for word, count in counts.items())
    return [word for count, word in pairs if -count >= min_count]


@accepted("wai-05")
def pad(texts):
    from torch.nn.utils.rnn import pad_sequence

    tokens = pad_sequence(
        [torch.tensor(text) for text in texts], batch_first=True, padding_value=PAD
    )
    return tokens, torch.tensor(list(map(len, texts)))


@accepted("wai-05")
def pad(texts):
    T = max(len(text) for text in texts)
    return (
        torch.tensor([list(text) + [PAD] * (T - len(text)) for text in texts]),
        torch.LongTensor([len(text) for text in texts]),
    )


@accepted("wai-06")
def make_embedding(vocab_size, dim, embedding, vectors=None):
    if embedding == "random":
        return nn.Embedding(vocab_size, dim, padding_idx=0)
    return nn.Embedding.from_pretrained(vectors, freeze=embedding == "frozen", padding_idx=0)


@accepted("wai-06")
def make_embedding(vocab_size, dim, embedding, vectors=None):
    table = nn.Embedding(vocab_size, dim, 0)
    if embedding == "frozen":
        table.weight = nn.Parameter(vectors.clone(), requires_grad=False)
    elif embedding == "finetune":
        table.weight.data = vectors.clone()
    return table


@accepted("wai-07")
def mean_pool(states, lengths):
    return torch.stack([text[:n].mean(0) for text, n in zip(states, lengths.tolist())])


@accepted("wai-07")
def mean_pool(states, lengths):
    weights = keep_mask(lengths, states.size(1)).to(states) / lengths[:, None]
    return torch.einsum("bt,btc->bc", weights, torch.where(weights[:, :, None] > 0, states, 0))


@accepted("wai-08")
def max_pool(states, lengths):
    return torch.stack([text[:n].max(dim=0).values for text, n in zip(states, lengths.tolist())])


@accepted("wai-08")
def max_pool(states, lengths):
    keep = keep_mask(lengths, states.size(1))[..., None]
    return torch.where(keep, states, torch.finfo(states.dtype).min).max(1)[0]


@accepted("wai-09")
def last_state(states, lengths):
    return torch.stack([text[n - 1] for text, n in zip(states, lengths.tolist())])


@accepted("wai-09")
def last_state(states, lengths):
    index = (lengths - 1)[:, None, None].expand(-1, 1, states.size(2))
    return states.gather(1, index).squeeze(1)


@accepted("wai-10")
def last_state_bidirectional(states, lengths):
    forward, backward = states.chunk(2, dim=-1)
    return torch.cat([last_state(forward, lengths), backward[:, 0]], -1)


@accepted("wai-10")
def last_state_bidirectional(states, lengths):
    B, T, C = states.shape
    result = torch.empty(B, C, dtype=states.dtype)
    for b in range(B):
        result[b, : C // 2] = states[b, lengths[b] - 1, : C // 2]
        result[b, C // 2 :] = states[b, 0, C // 2 :]
    return result


@accepted("wai-11")
def hidden_layer(x, weight, bias):
    return F.linear(x, weight, bias).clamp(min=0)


@accepted("wai-11")
def hidden_layer(x, weight, bias):
    return torch.maximum(torch.addmm(bias, x, weight.T), torch.zeros(()).to(x))


@accepted("wai-12")
def convolve(x, weight, bias):
    B, T, D = x.shape
    K, _, w = weight.shape
    out = bias.expand(B, T, K).clone()
    for i in range(min(w, T)):
        out[:, : T - i] += x[:, i:] @ weight[:, :, i].T
    return F.relu(out)


@accepted("wai-12")
def convolve(x, weight, bias):
    w = weight.size(2)
    windows = torch.cat([x, x.new_zeros(x.size(0), w - 1, x.size(2))], 1).unfold(
        1, w, 1
    )  # (B, T, D, w)
    return torch.einsum("btdw,kdw->btk", windows, weight).add(bias).relu()


@accepted("wai-13")
def attend(q, k, v, lengths):
    keep = keep_mask(lengths, q.size(2))[:, None, None, :]
    return F.scaled_dot_product_attention(q, k, v, attn_mask=keep)


@accepted("wai-13")
def attend(q, k, v, lengths):
    mixed = torch.zeros_like(v)
    for b, n in enumerate(lengths.tolist()):
        weights = torch.softmax(q[b, :, :n] @ k[b, :, :n].mT / q.shape[-1] ** 0.5, dim=-1)
        mixed[b, :, :n] = weights @ v[b, :, :n]
    return mixed


@accepted("wai-14")
def states(self, x, lengths):
    out = x.new_zeros(x.size(0), x.size(1), self.width)
    for b, n in enumerate(lengths.tolist()):
        out[b, :n] = self.rnn(x[b : b + 1, :n])[0][0]
    return out


@accepted("wai-14")
def states(self, x, lengths):
    ordered, order = lengths.sort(descending=True)
    packed = pack_padded_sequence(x[order], ordered.tolist(), batch_first=True)
    out, _ = pad_packed_sequence(self.rnn(packed)[0], batch_first=True, total_length=x.shape[1])
    return out[order.argsort()]


@accepted("wai-15")
def make_optimizer(model, lr):
    return torch.optim.Adam(filter(lambda p: p.requires_grad, model.parameters()), lr)


@accepted("wai-15")
def make_optimizer(model, lr):
    trained = []
    for _, parameter in model.named_parameters():
        if parameter.requires_grad is True:
            trained += [parameter]
    return torch.optim.Adam([{"params": trained}], lr=lr)


@accepted("wai-16")
def train_step(model, batch, optimizer):
    model.train(True)
    for group in optimizer.param_groups:
        for p in group["params"]:
            p.grad = None
    loss = nn.CrossEntropyLoss()(model(*batch[:2]), batch[2])
    loss.backward()
    optimizer.step()
    return float(loss)


@accepted("wai-16")
def train_step(model, batch, optimizer):
    optimizer.zero_grad(set_to_none=False)
    tokens, lengths, labels = batch
    log_p = model.train()(tokens, lengths).log_softmax(-1)
    loss = -log_p[torch.arange(len(labels)), labels].mean()
    loss.backward()
    optimizer.step()
    return loss.detach().numpy().item()


@accepted("wai-17")
def evaluate(model, batches):
    model.eval()
    losses, hits = [], []
    for tokens, lengths, labels in batches:
        with torch.no_grad():
            logits = model(tokens, lengths)
        losses.append(F.cross_entropy(logits, labels, reduction="none"))
        hits.append(logits.argmax(-1) == labels)
    return torch.cat(losses).mean().item(), torch.cat(hits).double().mean().item()


@accepted("wai-17")
def evaluate(model, batches):
    model.train(False)
    batches = list(batches)
    N, loss, right = sum(len(labels) for _, _, labels in batches), 0, 0
    for tokens, lengths, labels in batches:
        with torch.inference_mode():
            logits = model(tokens, lengths)
        loss += float(F.cross_entropy(logits, labels)) * len(labels) / N
        right += int(((logits[:, 1] > logits[:, 0]).long() == labels).sum())
    return loss, right / N


@accepted("wai-18")
def best_epoch(log):
    return int(np.argmax([epoch["validation_accuracy"] for epoch in log]))


@accepted("wai-18")
def best_epoch(log):
    best = 0
    for epoch in range(1, len(log)):
        if log[epoch]["validation_accuracy"] > log[best]["validation_accuracy"]:
            best = epoch
    return best


@accepted("wai-19")
def gru_states(x, lengths, weights):
    from torch.nn import functional as F

    B, T = x.shape[:2]
    H = weights["weight_hh_l0"].shape[1]
    rows = []
    for b in range(B):  # one text at a time: no padding at all
        length = int(lengths[b])
        both = []
        for ending in ("", "_reverse"):
            text = x[b, :length] if not ending else x[b, :length].flip(0)
            h, out = torch.zeros(H, dtype=x.dtype), []
            for word in text:
                i = weights["weight_ih_l0" + ending] @ word + weights["bias_ih_l0" + ending]
                g = weights["weight_hh_l0" + ending] @ h + weights["bias_hh_l0" + ending]
                r = (i[:H] + g[:H]).sigmoid()
                z = (i[H : 2 * H] + g[H : 2 * H]).sigmoid()
                n = (i[2 * H :] + r * g[2 * H :]).tanh()
                h = n + z * (h - n)
                out.append(h)
            states = torch.stack(out)
            both.append(states.flip(0) if ending else states)
        rows.append(F.pad(torch.cat(both, 1), (0, 0, 0, T - length)))
    return torch.stack(rows)


@accepted("wai-19")
def gru_states(x, lengths, weights):
    from torch import nn

    B, T, D = x.shape
    gru = nn.GRU(D, weights["weight_hh_l0"].size(1), batch_first=True, bidirectional=True).to(x)
    packed = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
    out, _ = torch.func.functional_call(gru, dict(weights), (packed,))
    return nn.utils.rnn.pad_packed_sequence(out, batch_first=True, total_length=T)[0]


@accepted("wai-93")
def counterexample():
    return "20260001", [[[[-3.0], [-5.0]]], [1]]


@accepted("wai-93")
def counterexample():
    return "20260001", [-torch.ones(1, 2, 1), torch.ones(1, dtype=torch.long)]
