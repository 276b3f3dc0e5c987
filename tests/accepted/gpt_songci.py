"""Right versions of the blanks of gpt_songci, written in another way."""

# ruff: noqa: F811, F821    (bodies use the names of the solved files)
import math

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from tests.accepted import accepted


@accepted("gpt-a1.0")
def project(self, x):
    return [layer(x) for layer in (self.q, self.k, self.v)]


@accepted("gpt-a1.0")
def project(self, x):
    q = x @ self.q.weight.T + self.q.bias
    k = F.linear(x, self.k.weight, self.k.bias)
    v = torch.einsum("blc,dc->bld", x, self.v.weight) + self.v.bias
    return q, k, v


@accepted("gpt-a2.0")
def split_heads(self, x):
    return x.unflatten(-1, (self.n_head, -1))


@accepted("gpt-a2.0")
def split_heads(self, x):
    d = x.shape[-1] // self.n_head
    return torch.stack([x[..., i * d : (i + 1) * d] for i in range(self.n_head)], dim=2)


@accepted("gpt-a3.1")
def swap_axes(self, q, k, v):
    q, k, v = (part.permute(0, 2, 1, 3).contiguous() for part in (q, k, v))
    return q, k.mT, v


@accepted("gpt-a3.1")
def swap_axes(self, q, k, v):
    return torch.einsum("blhd->bhld", q), torch.einsum("blhd->bhdl", k), v.swapaxes(-2, -3)


@accepted("gpt-a3.2")
def scores(self, q, k_t):
    return torch.matmul(q, k_t) * q.shape[-1] ** -0.5


@accepted("gpt-a3.2")
def scores(self, q, k_t):
    return torch.einsum("bhid,bhdj->bhij", q / math.sqrt(k_t.size(2)), k_t)


@accepted("gpt-a3.3")
def mask_scores(self, s, mask):
    return torch.where(mask, -torch.inf, s)


@accepted("gpt-a3.3")
def mask_scores(self, s, mask):
    return s + torch.zeros_like(s).masked_fill(mask, -1e9)


@accepted("gpt-a3.4")
def weights(self, s):
    e = (s - s.amax(-1, keepdim=True)).exp()
    return e / e.sum(-1, keepdim=True)


@accepted("gpt-a3.4")
def weights(self, s):
    return (s - s.logsumexp(3)[..., None]).exp()


@accepted("gpt-a3.5")
def mix(self, weights, v):
    return torch.einsum("bhij,bhjd->bhid", self.weight_dropout(weights), v)


@accepted("gpt-a3.5")
def mix(self, weights, v):
    weights = F.dropout(weights, self.weight_dropout.p, self.training)
    return torch.stack([row @ values for row, values in zip(weights, v)])


@accepted("gpt-a4.0")
def join_heads(self, x):
    B, h, L, d = x.shape
    return x.permute(0, 2, 1, 3).reshape(B, L, h * d)


@accepted("gpt-a4.0")
def join_heads(self, x):
    return torch.cat(x.unbind(1), dim=-1)


@accepted("gpt-a5.0")
def project_out(self, x):
    return F.dropout(F.linear(x, self.o.weight, self.o.bias), self.out_dropout.p, self.training)


@accepted("gpt-a5.0")
def project_out(self, x):
    x = self.o(x)
    x = self.out_dropout(x)
    return x


@accepted("gpt-g1.0")
def positions(self, tokens):
    return torch.ones_like(tokens[0]).cumsum(0) - 1


@accepted("gpt-g1.0")
def positions(self, tokens):
    return torch.arange(tokens.shape[-1]).to(tokens.device)


@accepted("gpt-g2.0")
def embed(self, tokens, pos):
    return self.token_embedding.weight[tokens], self.position_embedding.weight.index_select(0, pos)


@accepted("gpt-g2.0")
def embed(self, tokens, pos):
    one_hot = F.one_hot(tokens, self.config.vocab_size).to(self.token_embedding.weight)
    return one_hot @ self.token_embedding.weight, F.embedding(pos, self.position_embedding.weight)


@accepted("gpt-g3.0")
def first_input(self, E_U, E_P):
    if not self.config.no_pos:
        E_U = E_U + E_P
    return self.dropout(E_U)


@accepted("gpt-g3.0")
def first_input(self, E_U, E_P):
    return F.dropout(E_U + E_P * (not self.config.no_pos), self.dropout.p, self.training)


@accepted("gpt-g4.0")
def causal_mask(self, tokens):
    positions = torch.arange(tokens.size(1), device=tokens.device)
    return positions > positions[:, None]


@accepted("gpt-g4.0")
def causal_mask(self, tokens):
    L = tokens.size(1)
    return ~torch.tril(torch.ones(L, L, device=tokens.device)).bool()


@accepted("gpt-g5.0")
def run_layers(self, h, mask):
    kept = [None] * len(self.blocks)
    for i in range(len(self.blocks)):
        h, kept[i] = self.blocks[i](h, mask)
    return h, kept


@accepted("gpt-g5.0")
def run_layers(self, h, mask):
    outputs = [(h, None)]
    for block in self.blocks:
        outputs.append(block(outputs[-1][0], mask))
    return outputs[-1][0], [weights for _, weights in outputs[1:]]


@accepted("gpt-g6.0")
def logits(self, h):
    return self.norm(h) @ self.head.weight.T + self.head.bias


@accepted("gpt-g6.0")
def logits(self, h):
    h = F.layer_norm(h, h.shape[-1:], self.norm.weight, self.norm.bias, self.norm.eps)
    return F.linear(h, self.token_embedding.weight, self.head.bias)


@accepted("gpt-l1.0")
def loss_and_perplexity(logits, targets):
    loss = -logits.log_softmax(-1).gather(-1, targets[..., None]).mean()
    return loss, torch.exp(loss)


@accepted("gpt-l1.0")
def loss_and_perplexity(logits, targets):
    loss = nn.CrossEntropyLoss()(logits.transpose(1, 2), targets)
    return loss, math.e**loss


@accepted("gpt-n1.0")
def unigram(counts):
    smoothed = counts + 1.0
    return smoothed / smoothed.sum()


@accepted("gpt-n1.0")
def unigram(counts):
    total = sum(counts) + len(counts)
    return np.array([(count + 1) / total for count in counts])


@accepted("gpt-n2.0")
def bigram(counts, lower):
    rows = []
    for row in counts:
        n, k = row.sum(), np.count_nonzero(row)
        rows.append(lower if n == 0 else (row + k * lower) / (n + k))
    return np.array(rows)


@accepted("gpt-n2.0")
def bigram(counts, lower):
    n, k = np.sum(counts, axis=1), np.sum(counts != 0, axis=1)
    share = np.divide(n, n + k, out=np.zeros(len(n)), where=n > 0)[:, None]
    from_counts = counts / np.where(n > 0, n, 1)[:, None]
    return share * from_counts + (1 - share) * lower


@accepted("gpt-n2.0")
def bigram(counts, lower):
    p = np.zeros(counts.shape)
    for i in range(len(counts)):
        n, k = int(counts[i].sum()), len(set(np.flatnonzero(counts[i])))
        for c in range(counts.shape[1]):
            p[i, c] = (counts[i, c] + k * lower[c]) / (n + k) if n + k else lower[c]
    return p


@accepted("gpt-t1.0")
def guide_logits(logits, fits, rhymes, wanted, used):
    guided = torch.full_like(logits, -torch.inf)
    for b in range(len(logits)):
        allowed = fits[b]
        if wanted[b] >= 0:
            allowed = allowed & ~used[b]
        if wanted[b] > 0:
            allowed = allowed & (rhymes == wanted[b])
        guided[b, allowed] = logits[b, allowed]
    return guided


@accepted("gpt-t1.0")
def guide_logits(logits, fits, rhymes, wanted, used):
    forbidden = ~fits
    forbidden = forbidden | ((wanted >= 0)[:, None] & used)
    forbidden = forbidden | ((wanted > 0)[:, None] & (rhymes[None] != wanted[:, None]))
    return torch.where(forbidden, -torch.inf, logits)


@accepted("gpt-t1.0")
def guide_logits(logits, fits, rhymes, wanted, used):
    logits = logits.clone()
    logits[~fits] = -1e9
    rhyming = (wanted >= 0).unsqueeze(1)
    logits[rhyming & used] = -1e9
    logits[(wanted > 0).unsqueeze(1) & (rhymes != wanted.unsqueeze(1))] = -1e9
    return logits


@accepted("gpt-91")
def architecture():
    return "a"


@accepted("gpt-91")
def architecture():
    answers = {"A": True, "B": False, "C": False}
    return " " + next(letter for letter, right in answers.items() if right) + "\n"


@accepted("gpt-w1.0")
def forward_cached(net, tokens, cache=None):
    B, l = tokens.shape
    past = cache[0][0].shape[2] if cache else 0
    positions = past + torch.arange(l)
    h = net.token_embedding(tokens)
    if net.config.no_pos is False:
        h += net.position_embedding(positions)
    kept = []
    for block, old in zip(net.blocks, cache or [None] * len(net.blocks)):
        n = block.norm1(h)
        heads = block.attention.n_head
        q, k, v = (
            layer(n).view(B, l, heads, -1).permute(0, 2, 1, 3)
            for layer in (block.attention.q, block.attention.k, block.attention.v)
        )
        if old is not None:
            k, v = torch.cat((old[0], k), dim=-2), torch.cat((old[1], v), dim=-2)
        kept.append((k, v))
        may_look = torch.arange(past + l)[None] <= positions[:, None]
        out = F.scaled_dot_product_attention(q, k, v, attn_mask=may_look)
        out = block.attention.o(out.permute(0, 2, 1, 3).reshape(B, l, -1))
        h = out if block.no_res else h + out
        out = block.mlp.fc2(F.gelu(block.mlp.fc1(block.norm2(h))))
        h = out if block.no_res else h + out
    return net.head(net.norm(h)), kept


@accepted("gpt-w1.0")
def forward_cached(net, tokens, cache=None):
    cache = [tuple(layer) for layer in cache] if cache else [None] * len(net.blocks)
    outputs = []
    for column in tokens.T:  # one character after the other
        position = 0 if cache[0] is None else cache[0][0].size(2)
        h = net.token_embedding(column)
        if not net.config.no_pos:
            h = h + net.position_embedding.weight[position]
        for number, block in enumerate(net.blocks):
            attention, n = block.attention, block.norm1(h)
            shape = (len(h), attention.n_head, 1, -1)
            q, k, v = (
                attention.q(n).view(shape),
                attention.k(n).view(shape),
                attention.v(n).view(shape),
            )
            if cache[number] is not None:
                k, v = (torch.cat([old, new], 2) for old, new in zip(cache[number], (k, v)))
            cache[number] = (k, v)
            weights = (q @ k.mT / q.size(-1) ** 0.5).softmax(-1)
            out = attention.o((weights @ v).flatten(1))
            h = out if net.config.no_res else h + out
            out = block.mlp.fc2(F.gelu(block.mlp.fc1(block.norm2(h))))
            h = out if net.config.no_res else h + out
        outputs.append(net.head(net.norm(h)))
    return torch.stack(outputs, 1), cache


@accepted("gpt-93")
def counterexample():
    return "20260001", [[[0.5, 0.2]], [[True, True]], [2, 1], [2], [[False, False]]]


@accepted("gpt-93")
def counterexample():
    free = torch.zeros(1, 2, dtype=torch.bool)
    return "20260001", [free.float(), ~free, [3, 4], [4], free]
