"""Accepted variants: correct blanks of hw_attention that are written differently from the solution."""

# ruff: noqa: F811, F821    (bodies use the names of the solved files)
import math

import torch
from torch.nn import functional as F

from tests.accepted import accepted


@accepted("att-01")
def sample_angles(n, num_pairs, seed):
    import numpy as np

    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(num_pairs, n)), rng.normal(size=(num_pairs, n))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    y /= np.linalg.norm(y, axis=1, keepdims=True)
    return torch.from_numpy(np.arccos(np.clip((x * y).sum(1), -1, 1)))


@accepted("att-01")
def sample_angles(n, num_pairs, seed):
    torch.manual_seed(seed)
    return torch.acos(
        F.cosine_similarity(torch.randn(num_pairs, n), torch.randn(num_pairs, n), dim=1).clamp(
            -1, 1
        )
    )


@accepted("att-02")
def log_angle_density(theta, n):
    constant = torch.lgamma(torch.tensor(n / 2.0, dtype=torch.float64)) - torch.lgamma(
        torch.tensor((n - 1) / 2.0).double()
    )
    power = torch.zeros_like(theta) if n == 2 else (n - 2) * torch.log(torch.sin(theta))
    return constant - 0.5 * math.log(math.pi) + power


@accepted("att-03")
def score_additive(q, k, W, w):
    B, Lq, d = q.shape
    Lk = k.shape[1]
    pairs = torch.cat([q[:, :, None].expand(B, Lq, Lk, d), k[:, None].expand(B, Lq, Lk, d)], dim=-1)
    return torch.einsum("bijm,m->bij", torch.tanh(F.linear(pairs, W)), w)


@accepted("att-04")
def score_bilinear(q, k, W):
    return torch.einsum("bid,de,bje->bij", q, W, k)


@accepted("att-06")
def score_scaled_dot(q, k):
    return score_dot(q, k) / q.shape[-1] ** 0.5


@accepted("att-06")
def score_scaled_dot(q, k):
    return torch.matmul(q / math.sqrt(k.size(-1)), k.mT)


@accepted("att-07")
def attention_weights(scores, keep=None):
    if keep is None:
        keep = torch.ones_like(scores, dtype=torch.bool)
    weights = F.softmax(torch.where(keep, scores, torch.finfo(scores.dtype).min), dim=-1)
    return weights * keep


@accepted("att-07")
def attention_weights(scores, keep=None):
    if keep is not None:
        scores = scores.masked_fill(keep.logical_not(), -math.inf)
    return torch.softmax(scores, -1).nan_to_num(0.0)


@accepted("att-07")
def attention_weights(scores, keep=None):
    keep = torch.ones_like(scores) if keep is None else keep.to(scores)
    highest = scores.masked_fill(keep == 0, -1e30).amax(-1, keepdim=True)
    e = torch.exp((scores - highest).clamp(max=0)) * keep
    return e / e.sum(-1, keepdim=True).clamp(min=1e-30)


@accepted("att-08")
def mix(weights, values):
    return torch.einsum("...ij,...jd->...id", weights, values)


@accepted("att-09")
def padding_keep(lengths, L):
    return torch.stack([torch.arange(L) < n for n in lengths])[:, None].expand(len(lengths), L, L)


@accepted("att-09")
def padding_keep(lengths, L):
    keep = torch.zeros(len(lengths), 1, L, dtype=torch.bool)
    for b in range(len(lengths)):
        keep[b, 0, : lengths[b]] = True
    return keep


@accepted("att-10")
def position_encoding(L, d):
    table = torch.zeros(L, d, dtype=torch.float64)
    for p in range(L):
        for i in range(d):
            table[p, i] = (
                math.sin(p / 10000 ** (i / d))
                if i % 2 == 0
                else math.cos(p / 10000 ** ((i - 1) / d))
            )
    return table


@accepted("att-11")
def project(self, x):
    C = x.size(-1)
    z = self.fused(x)
    if self.tied_qk:
        return z[..., :C], z[..., :C], z[..., C:]
    return z[..., :C], z[..., C : 2 * C], z[..., 2 * C :]


@accepted("att-12")
def split_heads(self, x):
    return torch.stack(x.chunk(self.n_head, dim=-1), dim=1)


@accepted("att-13")
def attend_heads(self, q, k, v, keep=None):
    if keep is not None:
        keep = keep[..., None, :, :]
    weights = attention_weights(score_scaled_dot(q, k), keep)
    return mix(weights, v), weights


@accepted("att-13")
def attend_heads(self, q, k, v, keep=None):
    s = torch.einsum("bhid,bhjd->bhij", q, k) / math.sqrt(q.size(-1))
    if keep is not None:
        s = s.masked_fill(~keep.unsqueeze(-3), -1e30)
    weights = s.softmax(-1)
    return weights @ v, weights


@accepted("att-14")
def join_heads(self, x):
    return torch.cat(x.unbind(1), dim=-1)


@accepted("att-15")
def layer_norm(x, gain, bias, eps=1e-5):
    variance, mean = torch.var_mean(x, dim=-1, unbiased=False, keepdim=True)
    return gain * (x - mean) * torch.rsqrt(variance + eps) + bias


@accepted("att-16")
def attention_step(self, x, keep=None):
    out, weights = self.attention(x, keep=keep)
    x = x + out
    x = self.ln_1(x)
    return x, weights


@accepted("att-18")
def embed(self, tokens, table):
    return torch.stack([self.embedding(text) + table for text in tokens])


@accepted("att-19")
def context(self, state, states, keep):
    query = state.unsqueeze(1)
    weights = attention_weights(self.scores(query, states), keep.unsqueeze(1)).squeeze(1)
    return (weights[:, :, None] * states).sum(1), weights


@accepted("att-20")
def step(self, token, state, states, keep):
    looked_up, weights = self.look(state, states, keep)
    new = self.cell(torch.hstack([self.embedding_out(token), looked_up]), state)
    return self.out(torch.hstack([new, looked_up])), new, weights


@accepted("att-21")
def greedy(self, tokens, lengths, max_len):
    states, state, keep = self.encode(tokens, lengths)
    token = torch.ones(len(tokens), dtype=torch.long)
    done = torch.zeros(len(tokens), dtype=torch.bool)
    answers, kept = [], []
    for _ in range(max_len):
        logits, state, weights = self.step(token, state, states, keep)
        token = logits.argmax(dim=1)
        token[done] = 2
        answers.append(token)
        kept.append(weights)
        done = done | (token == 2)
        if done.all():
            break
    return torch.stack(answers, dim=1), torch.stack(kept, dim=1)


@accepted("att-22")
def decoder_inputs(targets):
    return F.pad(targets, (1, -1), value=1)


@accepted("att-23")
def sequence_loss(logits, targets):
    real = targets != 0
    log_p = logits.log_softmax(-1).gather(-1, targets[..., None])[..., 0]
    return -log_p[real].mean()


@accepted("att-24")
def expected_logits(n, tied):
    return dict(
        same_mean=n**0.5 if tied else 0, same_std=2**0.5 if tied else 1, other_mean=0, other_std=1
    )


@accepted("att-25")
def diagonal_weight(r, n, L, tied):
    if tied:
        others = r / (2 * n) + (math.log(L - 1) if L > 1 else -math.inf)
        return torch.sigmoid(r / math.sqrt(n) - others)
    return torch.ones_like(r) / L


@accepted("att-26")
def tied_scores_grad(dS, x, W):
    W = W.clone().requires_grad_()
    with torch.enable_grad():
        q = x @ W
        ((q @ q.T) * dS).sum().backward()
    return W.grad


@accepted("att-02")
def log_angle_density(theta, n):
    half = torch.tensor([n / 2, (n - 1) / 2], dtype=torch.float64).lgamma()
    power = (n - 2) * torch.sin(theta).log() if n > 2 else torch.zeros_like(theta)
    return half[0] - half[1] - math.log(math.sqrt(math.pi)) + power


@accepted("att-03")
def score_additive(q, k, W, w):
    B, Lq, d = q.shape
    scores = torch.zeros(B, Lq, k.shape[1], dtype=q.dtype)
    for b in range(B):
        for i in range(Lq):
            for j in range(k.shape[1]):
                scores[b, i, j] = w @ torch.tanh(W @ torch.cat([q[b, i], k[b, j]]))
    return scores


@accepted("att-04")
def score_bilinear(q, k, W):
    return torch.stack([queries @ (keys @ W.T).T for queries, keys in zip(q, k)])


@accepted("att-05")
def score_dot(q, k):
    return torch.einsum("...id,...jd->...ij", q, k)


@accepted("att-05")
def score_dot(q, k):
    return (q.unsqueeze(-2) * k.unsqueeze(-3)).sum(-1)


@accepted("att-08")
def mix(weights, values):
    return (weights[..., None] * values[..., None, :, :]).sum(-2)


@accepted("att-10")
def position_encoding(L, d):
    frequency = 10000.0 ** (-torch.arange(0, d, 2, dtype=torch.float64) / d)
    angle = torch.arange(L, dtype=torch.float64)[:, None] * frequency
    return torch.stack([angle.sin(), angle.cos()], dim=-1).flatten(1)[:, :d]


@accepted("att-11")
def project(self, x):
    C = x.size(-1)
    parts = [
        F.linear(x, self.fused.weight[begin : begin + C], self.fused.bias[begin : begin + C])
        for begin in range(0, len(self.fused.bias), C)
    ]
    return parts[0], parts[0 if self.tied_qk else 1], parts[-1]


@accepted("att-12")
def split_heads(self, x):
    return x.unflatten(-1, (self.n_head, -1)).permute(0, 2, 1, 3)


@accepted("att-14")
def join_heads(self, x):
    return torch.cat([x[:, head] for head in range(x.size(1))], dim=-1)


@accepted("att-15")
def layer_norm(x, gain, bias, eps=1e-5):
    return F.layer_norm(x, gain.shape, gain, bias, eps)


@accepted("att-16")
def attention_step(self, x, keep=None):
    both = self.attention.forward(x, keep=keep)
    return self.ln_1(both[0] + x), both[1]


@accepted("att-17")
def mlp_step(self, x):
    out = self.mlp(x)
    out += x
    return self.ln_2(out)


@accepted("att-17")
def mlp_step(self, x):
    return self.ln_2.forward(torch.stack([x, self.mlp.forward(x)]).sum(dim=0))


@accepted("att-18")
def embed(self, tokens, table):
    return torch.stack([self.embedding.weight[text] + table for text in tokens])


@accepted("att-19")
def context(self, state, states, keep):
    scores = self.scores(state.unsqueeze(1), states).squeeze(1)
    weights = scores.masked_fill(~keep, -math.inf).softmax(-1)
    return torch.einsum("bs,bsh->bh", weights, states), weights


@accepted("att-20")
def step(self, token, state, states, keep):
    context, weights = self.look(state, states, keep)
    new = self.cell(torch.hstack((self.embedding_out(token), context)), state)
    H = new.size(-1)
    return (
        F.linear(new, self.out.weight[:, :H])
        + F.linear(context, self.out.weight[:, H:], self.out.bias),
        new,
        weights,
    )


@accepted("att-21")
def greedy(self, tokens, lengths, max_len):
    states, state, keep = self.encode(tokens, lengths)
    token = torch.full((len(tokens),), BOS)
    done, answers, kept = torch.zeros(len(tokens), dtype=torch.bool), [], []
    for _ in range(max_len):
        logits, state, weights = self.step(token, state, states, keep)
        token = logits.argmax(-1).masked_fill(done, EOS)
        done |= token == EOS
        answers.append(token)
        kept.append(weights)
        if bool(done.all()):
            break
    return torch.stack(answers, dim=-1), torch.stack(kept, dim=1)


@accepted("att-22")
def decoder_inputs(targets):
    inputs = targets.roll(1, dims=1)
    inputs[:, 0] = BOS
    return inputs


@accepted("att-23")
def sequence_loss(logits, targets):
    keep = targets.ne(PAD)
    return F.cross_entropy(logits[keep], targets[keep])


@accepted("att-24")
def expected_logits(n, tied):
    same = (
        {"same_mean": n / math.sqrt(n), "same_std": math.sqrt(2 * n / n)}
        if tied
        else {"same_mean": 0.0, "same_std": 1.0}
    )
    return same | {"other_mean": 0.0, "other_std": 1.0}


@accepted("att-25")
def diagonal_weight(r, n, L, tied):
    if not tied:
        return torch.ones_like(r).div(L)
    same = r / n**0.5
    logs = torch.stack([same, r / (2 * n) + math.log(L - 1)]) if L > 1 else same[None]
    return torch.softmax(logs, dim=0)[0]


@accepted("att-26")
def tied_scores_grad(dS, x, W):
    y = x @ W
    return x.T @ dS @ y + x.T @ dS.T @ y


@accepted("att-27")
def multi_head_attention(x, memory, W_q, W_k, W_v, W_o, n_head, keep=None):
    import math

    d = x.size(-1) // n_head
    outs, kept = [], []
    for head in range(n_head):
        columns = slice(head * d, (head + 1) * d)
        q, k, v = x @ W_q[:, columns], memory @ W_k[:, columns], memory @ W_v[:, columns]
        scores = torch.bmm(q, k.mT) / math.sqrt(d)
        if keep is None:
            weights = scores.softmax(-1)
        else:
            scores = torch.where(keep, scores, torch.full_like(scores, -1e300))
            weights = scores.softmax(-1) * keep.any(-1, keepdim=True)
        outs.append(weights @ v)
        kept.append(weights)
    return torch.cat(outs, -1) @ W_o, torch.stack(kept, 1)


@accepted("att-27")
def multi_head_attention(x, memory, W_q, W_k, W_v, W_o, n_head, keep=None):
    B, L, C = x.shape
    q = torch.einsum("blc,chd->bhld", x, W_q.reshape(C, n_head, -1))
    k = torch.einsum("blc,chd->bhld", memory, W_k.reshape(C, n_head, -1))
    v = torch.einsum("blc,chd->bhld", memory, W_v.reshape(C, n_head, -1))
    e = torch.einsum("bhld,bhmd->bhlm", q, k) * q.shape[-1] ** -0.5
    if keep is None:
        keep = torch.ones(B, L, memory.size(1), dtype=torch.bool, device=x.device)
    e = torch.exp(e - e.amax(-1, keepdim=True).detach()) * keep[:, None]
    total = e.sum(-1, keepdim=True)
    weights = e / torch.where(total > 0, total, 1.0)
    return torch.einsum("bhlm,bhmd,hdc->blc", weights, v, W_o.reshape(n_head, -1, C)), weights


@accepted("att-93")
def counterexample():
    return "20260001", [[[-2.0]], [[False]]]


@accepted("att-93")
def counterexample():
    scores = torch.zeros(1, 1)
    return " 20260001 ", [scores, scores > 0]
