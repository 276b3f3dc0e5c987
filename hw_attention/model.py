"""Attention and its variants; a mask is called `keep`, True = may look (in gpt_songci: True = may NOT look).

Angles in high dimensions, scores, masks, positions, heads, a post-norm block, a seq2seq. Sizes: B batch, L length
(Lq queries, Lk keys), S source and T target length, C = d_model width, h heads, d width of one vector (of one head:
C / h), H hidden width of the seq2seq, V vocabulary.
"""

import math

import torch
from torch import nn
from torch.nn import functional as F
from validate import AtLeast, Shape, check_arguments, check_arrays, check_choice

PAD, BOS, EOS = 0, 1, 2  # the first token numbers of both vocabularies
SPECIAL = 3
SCORES = ("additive", "bilinear", "dot", "scaled_dot", "none")


# ---- Angles between random vectors (exercise w1) ----


@check_arguments(n=AtLeast(1), num_pairs=AtLeast(1))
def sample_angles(n, num_pairs, seed):
    """Angles in radians, (num_pairs,) float64, between num_pairs pairs x, y of independent vectors from N(0, I_n).

    Drawn from a torch.Generator with this seed: the same seed gives the same angles. Source: exercise w1.
    """
    # BEGIN SOLUTION att-01 (5 points): the cosine of each pair, then arccos; rounding may push a cosine past 1
    generator = torch.Generator().manual_seed(seed)
    x, y = torch.randn(2, num_pairs, n, generator=generator, dtype=torch.float64)
    cosine = (x * y).sum(-1) / (x.norm(dim=-1) * y.norm(dim=-1))
    return cosine.clamp(-1, 1).arccos()
    # END SOLUTION att-01


@check_arguments(n=AtLeast(2))
def log_angle_density(theta, n):
    """Natural log of p(θ) = Γ(n/2) / (√π Γ((n-1)/2)) · sin^{n-2} θ, shape of theta. Source: exercise w1.

    theta: tensor of radians in [0, π]; n >= 2, also n = 1000. Where p is 0 the log is -inf; for n = 2 it is not NaN.
    """
    # BEGIN SOLUTION att-02 (5 points): math.lgamma, since Γ overflows; where does 0 · log 0 occur, and which function defines it as 0?
    constant = math.lgamma(n / 2) - math.lgamma((n - 1) / 2) - math.log(math.pi) / 2
    return constant + torch.special.xlogy(n - 2, theta.sin())
    # END SOLUTION att-02


def angle_density(theta, n):
    """Density p(θ) per radian (float64, shape of theta) of the angle between two vectors from N(0, I_n), n >= 2."""
    if n == 1:
        raise ValueError("n = 1 has no density: the mass is at 0 and π, half at each")
    return log_angle_density(torch.as_tensor(theta, dtype=torch.float64), n).exp()


# ---- Four scores: q (B, Lq, d) queries, k (B, Lk, d) keys -> (B, Lq, Lk), one row per query ----


@check_arguments(q=Shape("B Lq d"), k=Shape("B Lk d"), W=Shape("m 2d"), w=Shape("m"))
def score_additive(q, k, W, w):
    """wᵀ tanh(W [q; k]) for every query and key. W (m, 2d): q's columns first; w (m,). Source: Bahdanau et al. 2015."""
    # BEGIN SOLUTION att-03 (6 points): W [q; k] is a sum of two products; give queries and keys an axis of their own before tanh
    d = q.size(-1)
    from_q, from_k = q @ W[:, :d].T, k @ W[:, d:].T  # (B, Lq, m), (B, Lk, m)
    return (
        torch.tanh(from_q[:, :, None] + from_k[:, None]) @ w
    )  # (B, Lq, Lk, m)@(m,) -> (B, Lq, Lk)
    # END SOLUTION att-03


@check_arguments(q=Shape("B Lq d"), k=Shape("B Lk d"), W=Shape("d d"))
def score_bilinear(q, k, W):
    """qᵀ W k for every query and key. W (d, d). Source: Luong et al. 2015, "general"."""
    # BEGIN SOLUTION att-04 (4 points): rows are vectors here; on which side of W does the formula have q?
    return q @ W @ k.transpose(-2, -1)
    # END SOLUTION att-04


@check_arguments(q=Shape("... Lq d"), k=Shape("... Lk d"))
def score_dot(q, k):
    """qᵀ k for every query and key; any number of axes in front, (B, h, L, d) too. Source: Luong et al. 2015."""
    # BEGIN SOLUTION att-05 (2 points): all dot products together are one matrix product
    return q @ k.transpose(-2, -1)
    # END SOLUTION att-05


@check_arguments(q=Shape("... Lq d"), k=Shape("... Lk d"))
def score_scaled_dot(q, k):
    """qᵀ k / √d for every query and key; any number of axes in front. Source: Vaswani et al. 2017, eq. 1."""
    # BEGIN SOLUTION att-06 (3 points): d is the length of one vector, whatever the leading axes are
    return q @ k.transpose(-2, -1) / math.sqrt(q.size(-1))
    # END SOLUTION att-06


# ---- From scores to weights to a mixture of values ----


def attention_weights(scores, keep=None):
    """Weights (..., Lq, Lk): softmax of each query's scores over the keys with keep = True (may look), 0 for the others.

    keep: bool, broadcast to scores; None: every query may look at every key. A row without True gives zeros.
    gpt_songci's `mask` is the opposite: True = may not look.
    """
    # BEGIN SOLUTION att-07 (7 points): mask before the softmax; what is a softmax of nothing but -inf?
    if keep is None:
        return torch.softmax(scores, dim=-1)
    weights = torch.softmax(scores.masked_fill(~keep, float("-inf")), dim=-1)
    return weights.masked_fill(~keep, 0.0)
    # END SOLUTION att-07


def mix(weights, values):
    """For each query the sum of the values by its weights: (..., Lq, Lk), (..., Lk, d) -> (..., Lq, d)."""
    # BEGIN SOLUTION att-08 (2 points): row i of the result uses row i of the weights
    return weights @ values
    # END SOLUTION att-08


@check_arguments(scores=Shape("... Lq Lk"), values=Shape("... Lk d"))
def attend(scores, values, keep=None):
    """out (..., Lq, d) and weights (..., Lq, Lk). keep: bool, True = may look; a query that may look nowhere gets zeros.

    Raises ValueError if keep is not bool or does not broadcast to the scores, or if the number of values is not Lk.
    """
    check_keep(keep, scores)
    weights = attention_weights(scores, keep)
    return mix(weights, values), weights


def padding_keep(lengths, L):
    """keep (B, 1, L) bool, True = may look, for texts padded at their end: True for the first lengths[b] keys.

    lengths (B,) long. The axis of length 1 stands for all queries, including those of padding.
    """
    # BEGIN SOLUTION att-09 (4 points): compare the number of each column with its text's length
    return (torch.arange(L, device=lengths.device) < lengths[:, None])[:, None]
    # END SOLUTION att-09


# ---- Positions ----


@check_arguments(L=AtLeast(1), d=AtLeast(1))
def position_encoding(L, d):
    """Positions 0 .. L-1 as vectors, (L, d) float64: sin(p / 10000^{i/d}) in even columns i, cos(p / 10000^{(i-1)/d})
    in odd ones. d may be odd. Source: Vaswani et al. 2017, section 3.5."""
    # BEGIN SOLUTION att-10 (6 points): a sine and the cosine next to it share one frequency
    i = torch.arange(d, dtype=torch.float64)
    even = i % 2 == 0
    angle = torch.arange(L, dtype=torch.float64)[:, None] / 10000 ** (
        torch.where(even, i, i - 1) / d
    )
    return torch.where(even, angle.sin(), angle.cos())
    # END SOLUTION att-10


# ---- Self-attention with several heads ----


class MultiHeadSelfAttention(nn.Module):
    """Self-attention with n_head heads: one fused linear layer for q, k, v, and no output layer.

    tied_qk: W^Q = W^K, so the layer gives two parts (queries = keys, values) instead of three.
    """

    def __init__(self, d_model, n_head, tied_qk=False):
        super().__init__()
        if d_model < 1 or n_head < 1 or d_model % n_head:
            raise ValueError(
                f"d_model {d_model} does not divide into n_head {n_head} heads of one width"
            )
        self.n_head, self.tied_qk = n_head, tied_qk
        self.fused = nn.Linear(d_model, (2 if tied_qk else 3) * d_model)

    def forward(self, x, keep=None):
        """x (B, L, C), keep bool (L, L), (B, 1, L) or (B, L, L), True = may look.

        Returns out (B, L, C) and weights (B, h, L, L).
        """
        check_arrays({"x": Shape("B L C")}, {"x": x}, {"C": self.fused.in_features})
        q, k, v = (self.split_heads(part) for part in self.project(x))
        out, weights = self.attend_heads(q, k, v, keep)
        return self.join_heads(out), weights

    def project(self, x):
        """x (B, L, C) -> a tuple q, k, v, each (B, L, C): the parts of self.fused(x), in this order.

        With self.tied_qk, self.fused makes two parts only: the first is the queries and the keys.
        """
        # BEGIN SOLUTION att-11 (4 points): which axis is three (or two) times as long after the linear layer?
        if self.tied_qk:
            q, v = self.fused(x).chunk(2, dim=-1)
            return q, q, v
        return self.fused(x).chunk(3, dim=-1)
        # END SOLUTION att-11

    def split_heads(self, x):
        """x (B, L, C), one of q, k, v -> (B, h, L, d): head i has columns i*d to (i+1)*d - 1 of x."""
        # BEGIN SOLUTION att-12 (3 points): split the last axis first, then swap two axes
        B, L, C = x.shape
        return x.view(B, L, self.n_head, C // self.n_head).transpose(1, 2)
        # END SOLUTION att-12

    def attend_heads(self, q, k, v, keep=None):
        """Scaled dot-product attention in every head. q, k, v (B, h, L, d), keep (L, L), (B, 1, L), (B, L, L) or None.

        Returns out (B, h, L, d) and weights (B, h, L, L).
        """
        # BEGIN SOLUTION att-13 (4 points): two functions from above do the work; keep has no axis for the heads yet
        return attend(score_scaled_dot(q, k), v, None if keep is None else keep.unsqueeze(-3))
        # END SOLUTION att-13

    def join_heads(self, x):
        """x (B, h, L, d) -> (B, L, C): undoes split_heads."""
        # BEGIN SOLUTION att-14 (3 points): first bring the heads of one token next to each other, then merge the two axes
        return x.transpose(1, 2).flatten(2)
        # END SOLUTION att-14


# ---- Transformer block and encoder ----


def layer_norm(x, gain, bias, eps=1e-5):
    """Each vector of x (..., C) with mean 0 and variance 1, then times gain (C,) plus bias (C,).

    The variance divides by C; eps is added to it under the root. Source: Ba et al. 2016.
    """
    # BEGIN SOLUTION att-15 (4 points): the result of a token does not depend on other tokens: which axis is one token?
    centred = x - x.mean(-1, keepdim=True)
    return centred / (centred.square().mean(-1, keepdim=True) + eps).sqrt() * gain + bias
    # END SOLUTION att-15


class LayerNorm(nn.Module):
    """layer_norm with learned gain and bias."""

    def __init__(self, d_model):
        super().__init__()
        self.weight, self.bias = (
            nn.Parameter(torch.ones(d_model)),
            nn.Parameter(torch.zeros(d_model)),
        )

    def forward(self, x):
        return layer_norm(x, self.weight, self.bias)


class TransformerBlock(nn.Module):
    """Attention, then an MLP (C -> 4C, GELU, 4C -> C), each followed by a residual and a layer norm (post-norm)."""

    def __init__(self, d_model, n_head, tied_qk=False):
        super().__init__()
        self.attention = MultiHeadSelfAttention(d_model, n_head, tied_qk)
        self.ln_1, self.ln_2 = LayerNorm(d_model), LayerNorm(d_model)
        self.mlp = nn.Sequential(
            nn.Linear(d_model, 4 * d_model), nn.GELU(), nn.Linear(4 * d_model, d_model)
        )

    def forward(self, x, keep=None):
        """x (B, L, C), keep as in MultiHeadSelfAttention. Returns x (B, L, C), weights (B, h, L, L)."""
        x, weights = self.attention_step(x, keep)
        return self.mlp_step(x), weights

    def attention_step(self, x, keep=None):
        """x = ln_1(x + attention(x)). Returns a tuple x (B, L, C), weights (B, h, L, L)."""
        # BEGIN SOLUTION att-16 (3 points): self.attention returns two results; the norm comes last
        out, weights = self.attention(x, keep)
        return self.ln_1(x + out), weights
        # END SOLUTION att-16

    def mlp_step(self, x):
        """x = ln_2(x + mlp(x)), (B, L, C)."""
        # BEGIN SOLUTION att-17 (2 points): the same pattern as the attention's step, with self.mlp and self.ln_2
        return self.ln_2(x + self.mlp(x))
        # END SOLUTION att-17


class TransformerEncoder(nn.Module):
    """Word vectors plus positions ("sine" or "learned", up to max_len), then n_layer blocks."""

    def __init__(
        self, vocab_size, d_model, n_head, n_layer, max_len=64, positions="sine", tied_qk=False
    ):
        super().__init__()
        check_choice("positions", positions, ("sine", "learned"))
        self.max_len = max_len
        self.embedding = nn.Embedding(vocab_size, d_model)
        self.learned = nn.Embedding(max_len, d_model) if positions == "learned" else None
        self.blocks = nn.ModuleList(
            TransformerBlock(d_model, n_head, tied_qk) for _ in range(n_layer)
        )

    def forward(self, tokens, lengths=None):
        """tokens (B, L) long, lengths (B,) long of texts padded at their end (None: no padding).

        Returns h (B, L, C), and the weights of each layer, a list of (B, h, L, L). Padding does not change other tokens.
        """
        if lengths is not None:
            lengths = check_lengths(lengths, tokens).to(tokens.device)
        keep = None if lengths is None else padding_keep(lengths, tokens.size(1))
        h, kept = self.embed(tokens, self.position_table(tokens.size(1))), []
        for block in self.blocks:
            h, weights = block(h, keep)
            kept.append(weights)
        return h, kept

    def position_table(self, L):
        """Vectors of positions 0 .. L-1, (L, C), with dtype and device of the word vectors."""
        if not 1 <= L <= self.max_len:
            raise ValueError(f"{L} tokens, expected 1 to max_len = {self.max_len}")
        if self.learned is not None:
            return self.learned.weight[:L]
        return position_encoding(L, self.embedding.embedding_dim).to(self.embedding.weight)

    def embed(self, tokens, table):
        """The first input (B, L, C): vectors of tokens (B, L) (self.embedding), each plus its position's, table (L, C)."""
        # BEGIN SOLUTION att-18 (3 points): all texts of a batch share the positions; line up the axes from the right
        return self.embedding(tokens) + table
        # END SOLUTION att-18


class EncoderReader(nn.Module):
    """The encoder as a reader of numerals: `slots` empty tokens precede the text, and the encoder's output at slot t gives
    the logits of the t-th token of the answer. All tokens are predicted at once."""

    def __init__(
        self,
        vocab_in,
        vocab_out,
        d_model,
        n_head=4,
        n_layer=2,
        slots=9,
        max_len=64,
        positions="sine",
        tied_qk=False,
    ):
        super().__init__()
        self.slots = slots
        self.encoder = TransformerEncoder(
            vocab_in, d_model, n_head, n_layer, max_len, positions, tied_qk
        )
        self.out = nn.Linear(d_model, vocab_out)

    def forward(self, tokens, lengths):
        """tokens (B, S), lengths (B,) -> logits (B, slots, V), weights of each layer [(B, h, slots + S, slots + S)]."""
        empty = tokens.new_full((len(tokens), self.slots), BOS)
        h, weights = self.encoder(torch.cat([empty, tokens], 1), lengths + self.slots)
        return self.out(h[:, : self.slots]), weights


# ---- Sequence to sequence ----


class Seq2Seq(nn.Module):
    """Recurrent encoder and decoder (GRUs), joined by attention with one of SCORES.

    The decoder's previous state is the query; the encoder's states are keys and values: the GRU's state after each word,
    plus the word's vector. With score "none" the decoder starts from the encoder's last state and gets nothing else.
    """

    def __init__(self, vocab_in, vocab_out, hidden, score="scaled_dot"):
        super().__init__()
        check_choice("score", score, SCORES)
        check_arrays({"hidden": AtLeast(1)}, {"hidden": hidden})
        self.score = score
        self.embedding_in = nn.Embedding(vocab_in, hidden)
        self.embedding_out = nn.Embedding(vocab_out, hidden)
        self.encoder = nn.GRU(hidden, hidden, batch_first=True)
        self.first = nn.Linear(hidden, hidden)
        self.cell = nn.GRUCell(2 * hidden, hidden)
        self.out = nn.Linear(2 * hidden, vocab_out)
        if score in ("additive", "bilinear"):
            self.W = nn.Parameter(
                torch.randn(hidden, 2 * hidden if score == "additive" else hidden)
                / math.sqrt(hidden)
            )
        if score == "additive":
            self.w = nn.Parameter(torch.randn(hidden) / math.sqrt(hidden))

    def forward(self, tokens, lengths, inputs):
        """Teacher forcing. tokens (B, S), lengths (B,), inputs (B, T) long: the decoder's input at each step.

        Returns logits (B, T, V) and weights (B, T, S).
        """
        states, state, keep = self.encode(tokens, lengths)
        logits, kept = [], []
        for token in inputs.unbind(1):
            step_logits, state, weights = self.step(token, state, states, keep)
            logits.append(step_logits)
            kept.append(weights)
        return torch.stack(logits, 1), torch.stack(kept, 1)

    def encode(self, tokens, lengths):
        """tokens (B, S), lengths (B,) -> states (B, S, H), first state of the decoder (B, H), keep (B, S) bool."""
        S = tokens.size(-1)
        lengths = check_lengths(lengths, tokens)
        words = self.embedding_in(tokens)
        packed = nn.utils.rnn.pack_padded_sequence(
            words, lengths.cpu(), batch_first=True, enforce_sorted=False
        )
        states, last = self.encoder(packed)  # last (1, B, H): after each text's last word
        states, _ = nn.utils.rnn.pad_packed_sequence(states, batch_first=True, total_length=S)
        keep = torch.arange(S, device=tokens.device) < lengths.to(tokens.device)[:, None]
        return states + words * keep[..., None], torch.tanh(self.first(last[0])), keep

    def scores(self, query, states):
        """The scores chosen in __init__ for query (B, Lq, H) and states (B, S, H): (B, Lq, S)."""
        if self.score == "additive":
            return score_additive(query, states, self.W, self.w)
        if self.score == "bilinear":
            return score_bilinear(query, states, self.W)
        return score_dot(query, states) if self.score == "dot" else score_scaled_dot(query, states)

    def context(self, state, states, keep):
        """The decoder's view of the encoder. state (B, H), states (B, S, H), keep (B, S) bool, True = a word (may look).

        Returns a tuple context (B, H), weights (B, S): weights = softmax over s of self.scores(state, states_s).
        """
        # BEGIN SOLUTION att-19 (4 points): one query is a sequence of length 1: score, attend, and remove that axis again
        context, weights = attend(self.scores(state[:, None], states), states, keep[:, None])
        return context[:, 0], weights[:, 0]
        # END SOLUTION att-19

    def look(self, state, states, keep):
        """context; with the score "none", zeros."""
        if self.score == "none":
            return torch.zeros_like(state), torch.zeros_like(states[..., 0])
        return self.context(state, states, keep)

    def step(self, token, state, states, keep):
        """One step of the decoder. token (B,) long: the token before; state (B, H): the state before.

        In this order: look from the **previous** state; the cell takes [embedded token; context] (self.embedding_out,
        self.cell) and returns the new state; self.out takes [new state; context].
        Returns a tuple logits (B, V), new state (B, H), weights (B, S).
        """
        # BEGIN SOLUTION att-20 (5 points): self.look first; torch.cat on the last axis twice, in the docstring's order
        context, weights = self.look(state, states, keep)
        state = self.cell(torch.cat([self.embedding_out(token), context], -1), state)
        return self.out(torch.cat([state, context], -1)), state, weights
        # END SOLUTION att-20

    def greedy(self, tokens, lengths, max_len):
        """The most probable token at each step. tokens (B, S), lengths (B,); at most max_len steps.

        The first input is BOS, then the previous step's answer. Once a text has produced EOS, it produces only EOS; the
        loop ends when all texts have. Returns a tuple answers (B, T) long with EOS, weights (B, T, S), T <= max_len.
        """
        # BEGIN SOLUTION att-21 (4 points): self.encode once, self.step in a loop; keep track of the texts that are done
        states, state, keep = self.encode(tokens, lengths)
        token, answers, kept = tokens.new_full((len(tokens),), BOS), [], []
        while len(answers) < max_len and not (token == EOS).all():
            logits, state, weights = self.step(token, state, states, keep)
            token = torch.where(token == EOS, EOS, logits.argmax(-1))
            answers.append(token)
            kept.append(weights)
        return torch.stack(answers, 1), torch.stack(kept, 1)
        # END SOLUTION att-21

    def beam(self, tokens, lengths, max_len, width=4):
        """The answer of one text with the largest log-probability that a search with `width` hypotheses finds.

        tokens (1, S), lengths (1,). Returns a list of token numbers, EOS included if reached, and its log-probability.
        """
        if len(tokens) != 1 or width < 1 or max_len < 1:
            raise ValueError(
                f"beam search takes one text, not {len(tokens)}; width {width}, max_len {max_len} >= 1"
            )
        states, state, keep = self.encode(tokens, lengths)
        alive, ended = [(0.0, [], state)], []  # log-probability, answer, state after it
        for _ in range(max_len):
            last = tokens.new_tensor([answer[-1] if answer else BOS for _, answer, _ in alive])
            logits, state, _ = self.step(
                last,
                torch.cat([state for _, _, state in alive]),
                states.expand(len(alive), -1, -1),
                keep.expand(len(alive), -1),
            )
            log_p = (
                logits.double().log_softmax(-1)
                + tokens.new_tensor([p for p, _, _ in alive], dtype=torch.float64)[:, None]
            )
            best, index = log_p.flatten().topk(min(width, log_p.numel()))
            extended = []
            for p, i in zip(best.tolist(), index.tolist()):
                parent, token = divmod(i, log_p.size(1))
                extended.append((p, alive[parent][1] + [token], state[parent][None]))
            ended += [(p, answer) for p, answer, _ in extended if answer[-1] == EOS]
            alive = [hypothesis for hypothesis in extended if hypothesis[1][-1] != EOS]
            # a longer answer is never more probable
            if not alive or ended and max(ended)[0] >= alive[0][0]:
                break
        p, answer = max(ended + [(p, answer) for p, answer, _ in alive])
        return answer, p


def decoder_inputs(targets):
    """The decoder's input at each step of training, (B, T): BOS, then the previous token. targets (B, T) long."""
    # BEGIN SOLUTION att-22 (2 points): which token has the decoder produced last when it predicts token t?
    return torch.cat([torch.full_like(targets[:, :1], BOS), targets[:, :-1]], dim=1)
    # END SOLUTION att-22


def sequence_loss(logits, targets):
    """Mean cross entropy in nats, a scalar, over the tokens that are not PAD. logits (B, T, V), targets (B, T) long."""
    # BEGIN SOLUTION att-23 (3 points): more padding must not change the loss
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=PAD)
    # END SOLUTION att-23


# ---- One projection for queries and keys (exercise w2): X W^Q = X W^K ----


@check_arguments(n=AtLeast(1))
def expected_logits(n, tied):
    """Mean and standard deviation of q_i·k_j / √n: dict(same_mean, same_std, other_mean, other_std) of floats.

    All q_i and k_j are drawn from N(0, I_n), independent of each other, but with tied = True k_i is q_i.
    same: j = i, other: j ≠ i. Source: exercise w2.
    """
    # BEGIN SOLUTION att-24 (4 points): write q·k as a sum of n independent terms, and q·q too: what does one term give?
    if tied:
        return {
            "same_mean": math.sqrt(n),
            "same_std": math.sqrt(2),
            "other_mean": 0.0,
            "other_std": 1.0,
        }
    return {"same_mean": 0.0, "same_std": 1.0, "other_mean": 0.0, "other_std": 1.0}
    # END SOLUTION att-24


def diagonal_weight(r, n, L, tied):
    """Weight α_ii that a query of squared length r = |q_i|² gives itself among L keys, shape of r (float64 tensor).

    In the denominator, the sum over the other keys is replaced by its mean: given q_i, its score with another key is
    N(0, r / n), and E exp(N(0, s²)) = exp(s² / 2). Right for n = 10^6 too. Source: exercise w2.
    """
    # BEGIN SOLUTION att-25 (4 points): tied: divide numerator and denominator by exp(score of key i) first; untied: is key i special?
    if not tied:
        return torch.full_like(r, 1 / L)
    return 1 / (1 + (L - 1) * torch.exp(r / (2 * n) - r / math.sqrt(n)))
    # END SOLUTION att-25


@check_arguments(n=AtLeast(1), L=AtLeast(1))
def expected_diagonal_weight(n, L, tied):
    """Mean of α_ii (float) for q, k from N(0, I_n), L keys: diagonal_weight averaged over |q_i|² ~ χ²_n."""
    r, probability = squared_length_nodes(n)
    return float((diagonal_weight(r, n, L, tied) * probability).sum())


def squared_length_nodes(n, count=64):
    """Gauss quadrature for χ²_n: values r (count,) and probabilities (count,) with E f(|q|²) ≈ Σ p f(r).

    r / 2 is Gamma(n/2, 1), so these are the nodes of generalised Laguerre polynomials: the eigenvalues of their
    Jacobi matrix; squares of the eigenvectors' first entries are the probabilities (Golub and Welsch 1969).
    """
    i = torch.arange(count, dtype=torch.float64)
    off = (i[1:] * (i[1:] + n / 2 - 1)).sqrt()
    values, vectors = torch.linalg.eigh(
        torch.diag(2 * i + n / 2) + torch.diag(off, 1) + torch.diag(off, -1)
    )
    return 2 * values, vectors[0].square()


@check_arguments(dS=Shape("L L"), x=Shape("L d"), W=Shape("d m"))
def tied_scores_grad(dS, x, W):
    """dL/dW (d, m) for tied scores S = (x W)(x W)ᵀ, from dS = dL/dS (L, L). x (L, d), W (d, m). Source: exercise w2."""
    # BEGIN SOLUTION att-26 (4 points): W occurs twice in S: product rule
    return x.T @ (dS + dS.T) @ (x @ W)
    # END SOLUTION att-26


# ---- Provided: argument validation ----


def check_keep(keep, scores):
    """ValueError if keep is neither None nor a bool tensor that broadcasts to the scores' shape."""
    if keep is None:
        return
    if keep.dtype != torch.bool:
        raise ValueError(f"keep is {keep.dtype}, expected torch.bool: True = may look")
    try:
        fits = torch.broadcast_shapes(keep.shape, scores.shape) == scores.shape
    except RuntimeError:
        fits = False
    if not fits:
        raise ValueError(
            f"keep has shape {tuple(keep.shape)}, which does not broadcast to the scores' {tuple(scores.shape)}"
        )


def check_lengths(lengths, tokens):
    """lengths, if they are (B,) within 1 .. L for tokens (B, L); else ValueError."""
    check_arrays({"tokens": Shape("B L")}, {"tokens": tokens})
    if lengths.shape != tokens.shape[:1] or lengths.min() < 1 or lengths.max() > tokens.size(1):
        raise ValueError(
            f"lengths are {lengths.tolist()}, expected {len(tokens)} numbers from 1 to {tokens.size(1)}"
        )
    return lengths
