"""A GPT: characters in, logits of the next one out; mask True = may NOT look (hw_attention's keep: True = may look).

Sizes: B texts, L characters, C model width, h heads, d = C / h head width, V vocabulary.
Each step of the assignment is one small method; the `forward` methods only call them in order.
"""

import math
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F


@dataclass
class GPTConfig:
    """Shape of a GPT. no_pos leaves out the positions, no_res the residual connections."""

    vocab_size: int
    max_seq_len: int = 64
    n_layer: int = 4
    n_head: int = 4
    n_embd: int = 256
    dropout: float = 0.1
    no_pos: bool = False
    no_res: bool = False

    def __post_init__(self):
        for name in ("vocab_size", "max_seq_len", "n_layer", "n_head", "n_embd"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}, it must be at least 1")
        if self.n_embd % self.n_head:
            raise ValueError(
                f"n_embd {self.n_embd} does not divide into n_head {self.n_head} heads of one width"
            )
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout is {self.dropout}, it must be at least 0 and below 1")


class MultiHeadSelfAttention(nn.Module):
    """Masked self-attention with several heads."""

    def __init__(self, config):
        super().__init__()
        self.n_head = config.n_head
        self.q = nn.Linear(config.n_embd, config.n_embd)
        self.k = nn.Linear(config.n_embd, config.n_embd)
        self.v = nn.Linear(config.n_embd, config.n_embd)
        self.o = nn.Linear(config.n_embd, config.n_embd)
        self.weight_dropout = nn.Dropout(config.dropout)
        self.out_dropout = nn.Dropout(config.dropout)

    def forward(self, x, mask):
        """x (B, L, C), mask (L, L) bool, True = may not look. Returns out (B, L, C), weights (B, h, L, L)."""
        q, k, v = self.project(x)
        q, k, v = self.split_heads(q), self.split_heads(k), self.split_heads(v)
        q, k_t, v = self.swap_axes(q, k, v)
        weights = self.weights(self.mask_scores(self.scores(q, k_t), mask))
        return self.project_out(self.join_heads(self.mix(weights, v))), weights

    def project(self, x):
        """Step 1. x (B, L, C) -> queries, keys and values: a tuple q, k, v, each (B, L, C)."""
        # BEGIN SOLUTION gpt-a1.0 (5 points): __init__ made three linear layers, one for each role
        return self.q(x), self.k(x), self.v(x)
        # END SOLUTION gpt-a1.0

    def split_heads(self, x):
        """Step 2. x (B, L, C), one of q, k, v -> (B, L, h, d): head i has columns i*d to (i+1)*d - 1 of x."""
        # BEGIN SOLUTION gpt-a2.0 (6 points): only the last axis is cut; no number moves past another
        B, L, C = x.shape
        return x.view(B, L, self.n_head, C // self.n_head)
        # END SOLUTION gpt-a2.0

    def swap_axes(self, q, k, v):
        """Step 3.1. q, k, v (B, L, h, d) -> a tuple q (B, h, L, d), k_t (B, h, d, L), v (B, h, L, d)."""
        # BEGIN SOLUTION gpt-a3.1 (5 points): heads move beside the batch; q @ k_t must come out as (B, h, L, L)
        return q.transpose(1, 2), k.permute(0, 2, 3, 1), v.transpose(1, 2)
        # END SOLUTION gpt-a3.1

    def scores(self, q, k_t):
        """Step 3.2. q (B, h, L, d), k_t (B, h, d, L) -> scaled scores (B, h, L, L), rows = queries.

        Source: Vaswani et al. 2017, eq. 1.
        """
        # BEGIN SOLUTION gpt-a3.2 (7 points): products of all queries with all keys, divided by the square root of one head's width
        return q @ k_t / math.sqrt(q.size(-1))
        # END SOLUTION gpt-a3.2

    def mask_scores(self, s, mask):
        """Step 3.3. s (B, h, L, L), mask (L, L) bool, True = may not look -> scores whose softmax is 0 there."""
        # BEGIN SOLUTION gpt-a3.3 (8 points): which score does the exponential turn into an exact 0?
        return s.masked_fill(mask, float("-inf"))
        # END SOLUTION gpt-a3.3

    def weights(self, s):
        """Step 3.4. s (B, h, L, L) masked scores -> weights (B, h, L, L): each query's add up to 1."""
        # BEGIN SOLUTION gpt-a3.4 (6 points): a softmax; over queries or over keys?
        return torch.softmax(s, dim=-1)
        # END SOLUTION gpt-a3.4

    def mix(self, weights, v):
        """Steps 3.5 and 3.6. weights (B, h, L, L), v (B, h, L, d) -> (B, h, L, d), with dropout on the weights."""
        # BEGIN SOLUTION gpt-a3.5 (8 points): drop some of the weights at random first, then add up the values by their weights
        return self.weight_dropout(weights) @ v
        # END SOLUTION gpt-a3.5

    def join_heads(self, x):
        """Step 4. x (B, h, L, d) -> (B, L, C): undoes the swap of axes and the split."""
        # BEGIN SOLUTION gpt-a4.0 (6 points): first each character's heads beside each other, then one axis of them
        return x.transpose(1, 2).flatten(2)
        # END SOLUTION gpt-a4.0

    def project_out(self, x):
        """Step 5. x (B, L, C) -> (B, L, C): the output projection, then dropout (self.out_dropout)."""
        # BEGIN SOLUTION gpt-a5.0 (4 points): two modules of __init__, one after the other
        return self.out_dropout(self.o(x))
        # END SOLUTION gpt-a5.0


class MLP(nn.Module):
    """Two linear layers with GELU between them, for each character alone."""

    def __init__(self, config):
        super().__init__()
        self.fc1 = nn.Linear(config.n_embd, 4 * config.n_embd)
        self.fc2 = nn.Linear(4 * config.n_embd, config.n_embd)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x):
        """x (B, L, C) -> (B, L, C)."""
        return self.dropout(self.fc2(F.gelu(self.fc1(x))))


class Block(nn.Module):
    """One layer: attention, then MLP, each behind a layer norm (pre-norm) and, unless no_res, beside a residual."""

    def __init__(self, config):
        super().__init__()
        self.no_res = config.no_res
        self.norm1 = nn.LayerNorm(config.n_embd)
        self.attention = MultiHeadSelfAttention(config)
        self.norm2 = nn.LayerNorm(config.n_embd)
        self.mlp = MLP(config)

    def forward(self, x, mask):
        """x (B, L, C), mask (L, L) bool, True = may not look. Returns x (B, L, C), weights (B, h, L, L)."""
        out, weights = self.attention(self.norm1(x), mask)
        x = out if self.no_res else x + out
        out = self.mlp(self.norm2(x))
        x = out if self.no_res else x + out
        return x, weights


class GPT(nn.Module):
    """A Transformer over characters; the output layer shares its matrix with the token embedding."""

    def __init__(self, config):
        super().__init__()
        self.config = config
        self.token_embedding = nn.Embedding(config.vocab_size, config.n_embd)
        self.position_embedding = nn.Embedding(config.max_seq_len, config.n_embd)
        self.dropout = nn.Dropout(config.dropout)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.n_layer))
        self.norm = nn.LayerNorm(config.n_embd)
        self.head = nn.Linear(config.n_embd, config.vocab_size)
        self.head.weight = self.token_embedding.weight
        self.apply(self.init_weights)

    @staticmethod
    def init_weights(module):
        """Small normal weights, biases 0."""
        if isinstance(module, (nn.Linear, nn.Embedding)):
            nn.init.normal_(module.weight, std=0.02)
        if isinstance(module, nn.Linear):
            nn.init.zeros_(module.bias)

    def forward(self, tokens):
        """tokens (B, L) long, L <= max_seq_len. Returns logits (B, L, V), weights of each layer [(B, h, L, L)]."""
        if tokens.size(1) > self.config.max_seq_len:
            raise ValueError(
                f"{tokens.size(1)} characters are more than max_seq_len {self.config.max_seq_len}: "
                "pass the last ones only"
            )
        E_U, E_P = self.embed(tokens, self.positions(tokens))
        h, weights = self.run_layers(self.first_input(E_U, E_P), self.causal_mask(tokens))
        return self.logits(h), weights

    def positions(self, tokens):
        """Step 1. tokens (B, L) -> positions 0 .. L-1, (L,) long, on the device of tokens."""
        # BEGIN SOLUTION gpt-g1.0 (6 points): how long is one text here, and where does it live?
        return torch.arange(tokens.size(1), dtype=torch.long, device=tokens.device)
        # END SOLUTION gpt-g1.0

    def embed(self, tokens, pos):
        """Step 2. tokens (B, L), pos (L,) -> a tuple E_U (B, L, C) of the characters, E_P (L, C) of the positions."""
        # BEGIN SOLUTION gpt-g2.0 (5 points): two tables of __init__, each asked with its own numbers
        return self.token_embedding(tokens), self.position_embedding(pos)
        # END SOLUTION gpt-g2.0

    def first_input(self, E_U, E_P):
        """Step 3. E_U (B, L, C), E_P (L, C) -> their sum (B, L, C), or E_U alone with config.no_pos; then dropout."""
        # BEGIN SOLUTION gpt-g3.0 (6 points): self.config tells which; self.dropout comes last in both cases
        return self.dropout(E_U if self.config.no_pos else E_U + E_P)
        # END SOLUTION gpt-g3.0

    def causal_mask(self, tokens):
        """Step 4. tokens (B, L) -> mask (L, L) bool on the device of tokens, True = may not look.

        Row i is the character that looks: it sees 0 .. i, itself included.
        """
        # BEGIN SOLUTION gpt-g4.0 (7 points): a triangle of True; is the diagonal part of it?
        L = tokens.size(1)
        return torch.ones(L, L, dtype=torch.bool, device=tokens.device).triu(diagonal=1)
        # END SOLUTION gpt-g4.0

    def run_layers(self, h, mask):
        """Step 5. h (B, L, C), mask (L, L) -> a tuple: h (B, L, C) behind the last block, list of all weights."""
        # BEGIN SOLUTION gpt-g5.0 (6 points): each block takes what the one before gave; keep its weights
        kept = []
        for block in self.blocks:
            h, weights = block(h, mask)
            kept.append(weights)
        return h, kept
        # END SOLUTION gpt-g5.0

    def logits(self, h):
        """Step 6. h (B, L, C) -> logits (B, L, V): the last layer norm, then the linear layer; no softmax."""
        # BEGIN SOLUTION gpt-g6.0 (4 points): __init__ makes two more layers after the blocks: which of them comes first?
        return self.head(self.norm(h))
        # END SOLUTION gpt-g6.0


def loss_and_perplexity(logits, targets):
    """Mean cross entropy over all B * L characters in nats, and the perplexity e^loss: two scalars (tensors).

    logits (B, L, V), targets (B, L) long: targets[b, t] is the character that follows position t.
    """
    # BEGIN SOLUTION gpt-l1.0 (5 points): cross_entropy wants one row of V logits for each target
    loss = F.cross_entropy(logits.flatten(0, 1), targets.flatten())
    return loss, loss.exp()
    # END SOLUTION gpt-l1.0


def guide_logits(logits, fits, rhymes, wanted, used):
    """Logits (B, V) of the next character of B poems, with -inf for each character that the tune forbids there.

    logits (B, V); nothing is changed in place.
    fits (B, V) bool: the tune has a character of this kind here (a Chinese character, or the one mark)
    rhymes (V,) long: the rhyme group of each character, 1, 2, ...; 0: of none
    wanted (B,) long: -1: this position need not rhyme; 0: it is the first of its rhyme, any group will do; else the group
    used (B, V) bool: characters that are rhyme words of this poem already; no rhyme word comes twice, but such a
        character may stand where nothing need rhyme
    """
    # BEGIN SOLUTION gpt-t1.0 (8 points, bonus): what is allowed, as three conditions (B, V); then as in step 3.3
    wanted = wanted[:, None]
    right_group = (wanted <= 0) | (rhymes == wanted)
    new_word = (wanted < 0) | ~used
    return logits.masked_fill(~(fits & right_group & new_word), float("-inf"))
    # END SOLUTION gpt-t1.0
