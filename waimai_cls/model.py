"""Small text classifiers that differ in one thing each: how the word vectors of a text become one vector.

    tokens (B, T) -> embedding (B, T, D) -> encoder (B, T, C) -> pool (B, C) -> linear -> logits (B, 2)

Texts of a batch have lengths (B,); what stands behind a text's last word is padding (number 0) and never counts.
"""

import math

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

NAMES = ("mean", "mlp", "cnn", "rnn", "gru", "lstm", "transformer")
POOLS = {
    "mean": ("mean",),
    "mlp": ("mean", "max"),
    "cnn": ("max", "mean"),
    "transformer": ("mean", "max"),
} | dict.fromkeys(("rnn", "gru", "lstm"), ("last", "mean", "max"))  # the first one is the default
EMBEDDINGS = ("frozen", "finetune", "random")


def keep_mask(lengths, T):
    """keep (B, T) bool: True where a text has a word."""
    return torch.arange(T, device=lengths.device) < lengths[:, None]


# ----------------------------------------------------------------------------------------------------------- embedding


def make_embedding(vocab_size, dim, embedding, vectors=None):
    """An nn.Embedding(vocab_size, dim) with padding_idx 0.

    embedding: "frozen" (starts with `vectors` and stays as it is), "finetune" (starts with `vectors` and trains) or
    "random" (torch's own start, and trains; `vectors` is not used). vectors (vocab_size, dim): tensor, row 0 zero.
    """
    # BEGIN SOLUTION wai-06 (7 points): two questions: does the table get the vectors, and does an optimizer move it?
    table = nn.Embedding(vocab_size, dim, padding_idx=0)
    if embedding != "random":
        with torch.no_grad():
            table.weight.copy_(vectors)
    table.weight.requires_grad_(embedding != "frozen")
    return table
    # END SOLUTION wai-06


# ------------------------------------------------------------------------------------------------- from states to one


def mean_pool(states, lengths):
    """Mean over the words of each text: (B, C). states (B, T, C), lengths (B,) long, at least 1. States at padding can
    hold any finite numbers."""
    # BEGIN SOLUTION wai-07 (7 points): how many vectors did you add, and were some of them padding?
    keep = keep_mask(lengths, states.size(1))
    return states.masked_fill(~keep[:, :, None], 0).sum(1) / lengths[:, None]
    # END SOLUTION wai-07


def max_pool(states, lengths):
    """Largest value of each of the C columns over the words of each text: (B, C). Arguments as in mean_pool."""
    # BEGIN SOLUTION wai-08 (5 points): if all values are negative, may the answer be 0?
    keep = keep_mask(lengths, states.size(1))
    return states.masked_fill(~keep[:, :, None], float("-inf")).amax(1)
    # END SOLUTION wai-08


def last_state(states, lengths):
    """State at the last word of each text: (B, C). Arguments as in mean_pool."""
    # BEGIN SOLUTION wai-09 (7 points): the last word of a short text is not in the last column
    return states[torch.arange(len(states), device=states.device), lengths - 1]
    # END SOLUTION wai-09


def last_state_bidirectional(states, lengths):
    """Where each of two directions has read the whole text: (B, 2H), forward half first.

    states (B, T, 2H): [..., :H] of a network that reads from left to right, [..., H:] of one from right to left, which
    begins at the last word. lengths (B,) long. States at padding can hold any finite numbers.
    """
    # BEGIN SOLUTION wai-10 (8 points): from which side does the second one read, and at which word does it end?
    H = states.size(2) // 2
    rows = torch.arange(len(states), device=states.device)
    return torch.cat([states[rows, lengths - 1, :H], states[:, 0, H:]], dim=1)
    # END SOLUTION wai-10


# ------------------------------------------------------------------------------------------------------------ encoders


def hidden_layer(x, weight, bias):
    """One layer of a multi-layer perceptron with ReLU: (B, H). x (B, D), weight (H, D), bias (H,)."""
    # BEGIN SOLUTION wai-11 (4 points): a linear map, then what makes two layers more than one
    return torch.relu(x @ weight.T + bias)
    # END SOLUTION wai-11


def convolve(x, weight, bias):
    """K filters that each see w words at once, with ReLU: (B, T, K). Result t is of words t .. t + w - 1, with zeros
    behind the end: out[b, t, k] = relu(bias[k] + sum over d, i of weight[k, d, i] * x[b, t + i, d]).

    x (B, T, D), zero at padding. weight (K, D, w), bias (K,). T may be less than w.
    """
    # BEGIN SOLUTION wai-12 (6 points): F.conv1d wants the words last; put w - 1 zeros behind them, none before
    x = F.pad(x.transpose(1, 2), (0, weight.size(2) - 1))  # (B, D, T + w - 1)
    return torch.relu(F.conv1d(x, weight, bias)).transpose(1, 2)
    # END SOLUTION wai-12


def attend(q, k, v, lengths):
    """Scaled dot-product attention within each text: (B, h, T, d). q, k, v (B, h, T, d), lengths (B,) long.

    Each word looks at all words of its own text: weights softmax(q k^T / sqrt(d)), none of it on padding.
    """
    # BEGIN SOLUTION wai-13 (6 points): which axis of the scores is looked at, and what makes a weight 0?
    scores = q @ k.transpose(2, 3) / math.sqrt(q.size(3))  # (B, h, T, T)
    keep = keep_mask(lengths, q.size(2))[:, None, None]  # (B, 1, 1, T): keys
    return scores.masked_fill(~keep, float("-inf")).softmax(3) @ v
    # END SOLUTION wai-13


class RecurrentEncoder(nn.Module):
    """All states of the top layer of nn.RNN (tanh), nn.GRU or nn.LSTM: (B, T, H), or (B, T, 2H) in two directions."""

    def __init__(self, name, dim, hidden, num_layers=1, bidirectional=False, dropout=0.0):
        super().__init__()
        kind = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}[name]
        self.rnn = kind(
            dim,
            hidden,
            num_layers,
            batch_first=True,
            bidirectional=bidirectional,
            dropout=dropout if num_layers > 1 else 0.0,
        )
        self.width = hidden * (1 + bidirectional)

    def states(self, x, lengths):
        """States (B, T, width) in the order of the batch, zero at padding; a backward direction begins at each text's
        last word. x (B, T, D), lengths (B,) in any order. Uses self.rnn."""
        # BEGIN SOLUTION wai-14 (7 points): pack_padded_sequence can sort for you, and puts back what it sorted
        packed = pack_padded_sequence(x, lengths.cpu(), batch_first=True, enforce_sorted=False)
        return pad_packed_sequence(self.rnn(packed)[0], batch_first=True, total_length=x.size(1))[0]
        # END SOLUTION wai-14

    def forward(self, x, lengths):
        if (
            bool((lengths == x.size(1)).all()) or not self.rnn.bidirectional
        ):  # no packing: up to twice as fast
            return self.rnn(x)[0]  # left to right, padding behind a text cannot reach its states
        return self.states(x, lengths)


class MeanEncoder(nn.Module):
    """The word vectors themselves."""

    def __init__(self, dim):
        super().__init__()
        self.width = dim

    def forward(self, x, lengths):
        return x


class CnnEncoder(nn.Module):
    """Filters of several widths side by side: (B, T, filters * len(widths))."""

    def __init__(self, dim, filters, widths=(1, 2, 3, 4)):
        super().__init__()
        self.convolutions = nn.ModuleList(nn.Conv1d(dim, filters, width) for width in widths)
        self.width = filters * len(widths)

    def forward(self, x, lengths):
        return torch.cat([convolve(x, conv.weight, conv.bias) for conv in self.convolutions], dim=2)


class Block(nn.Module):
    """A transformer block with the norms before its two parts."""

    def __init__(self, width, heads, dropout):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.mlp = nn.Sequential(
            nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width)
        )
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, lengths):
        B, T, C = x.shape
        q, k, v = (
            self.qkv(self.norm1(x))
            .view(B, T, 3, self.heads, C // self.heads)
            .permute(2, 0, 3, 1, 4)
        )
        mixed = attend(q, k, v, lengths).transpose(1, 2).reshape(B, T, C)
        x = x + self.dropout(self.out(mixed))
        return x + self.dropout(self.mlp(self.norm2(x)))


class TransformerEncoder(nn.Module):
    """Word vectors and sine positions through blocks of self-attention: (B, T, hidden)."""

    def __init__(self, dim, hidden, num_layers, dropout):
        super().__init__()
        heads = next(h for h in (6, 8, 4, 3, 2, 1) if hidden % h == 0)
        self.inside = nn.Linear(dim, hidden)
        self.blocks = nn.ModuleList(Block(hidden, heads, dropout) for _ in range(num_layers))
        self.norm = nn.LayerNorm(hidden)
        self.width = hidden

    def forward(self, x, lengths):
        T, C = x.size(1), self.width
        angle = torch.arange(T, device=x.device)[:, None] / 10000 ** (
            torch.arange(0, C, 2, device=x.device) / C
        )
        places = torch.stack([angle.sin(), angle.cos()], 2).flatten(1)[:, :C]  # (T, C)
        x = self.inside(x) + 0.1 * places.to(x.dtype)
        for block in self.blocks:
            x = block(x, lengths)
        return self.norm(x)


# --------------------------------------------------------------------------------------------------------- the whole


class Classifier(nn.Module):
    """tokens (B, T) long, lengths (B,) long -> logits (B, num_classes)."""

    def __init__(
        self, table, encoder, pool, num_classes, hidden=None, dropout=0.0, word_dropout=0.0
    ):
        super().__init__()
        self.table, self.encoder, self.pool = table, encoder, pool
        self.hidden = nn.Linear(encoder.width, hidden) if hidden else None
        self.dropout, self.word_dropout = nn.Dropout(dropout), word_dropout
        self.output = nn.Linear(hidden or encoder.width, num_classes)

    def forward(self, tokens, lengths):
        return self.head(self.pooled(tokens, lengths))

    def pooled(self, tokens, lengths):
        """One vector a text, (B, C)."""
        x = self.table(tokens)  # (B, T, D)
        if self.training and self.word_dropout:  # whole words, the others larger for it
            x = x * F.dropout(torch.ones_like(x[:, :, :1]), self.word_dropout)
        keep = keep_mask(lengths, tokens.size(1))[:, :, None]
        states = self.encoder(self.dropout(x) * keep, lengths)
        return self.pool(states, lengths)

    def head(self, x):
        """Logits (B, num_classes) of x (B, C)."""
        if self.hidden:
            x = hidden_layer(x, self.hidden.weight, self.hidden.bias)
        return self.output(self.dropout(x))


def build_model(
    name,
    vocab_size,
    embedding_dim=300,
    hidden=300,
    num_classes=2,
    num_layers=1,
    bidirectional=False,
    pool=None,
    embedding="frozen",
    vectors=None,
    dropout=0.0,
    word_dropout=0.0,
):
    """A Classifier by name.

    name: one of NAMES. pool: "last", "mean" or "max" (default: the first of POOLS[name]); num_layers and bidirectional
    are for rnn, gru, lstm (num_layers for transformer too). embedding: one of EMBEDDINGS; vectors (vocab_size,
    embedding_dim) for frozen and finetune. dropout: of word vectors and of the text's vector; word_dropout: share of
    words that are left out while training. Raises ValueError that lists the choices.
    """
    for what, given, choices in (
        ("model", name, NAMES),
        ("embedding", embedding, EMBEDDINGS),
        (f"pool of {name}", pool or POOLS.get(name, " ")[0], POOLS.get(name, " ")),
    ):
        if given not in choices:
            raise ValueError(f"unknown {what} {given!r}; choose from {', '.join(choices)}")
    recurrent = name in ("rnn", "gru", "lstm")
    if (
        bidirectional
        and not recurrent
        or num_layers != 1
        and not (recurrent or name == "transformer")
    ):
        raise ValueError(
            f"{name} has no {'directions' if bidirectional else 'layers to stack'}; "
            "choose from rnn, gru, lstm" + ("" if bidirectional else ", transformer")
        )
    if embedding != "random":
        if vectors is None:
            raise ValueError(
                f"embedding {embedding!r} needs vectors ({vocab_size}, {embedding_dim})"
            )
        vectors = torch.as_tensor(vectors)
        if tuple(vectors.shape) != (vocab_size, embedding_dim):
            raise ValueError(
                f"vectors are {tuple(vectors.shape)}, expected ({vocab_size}, {embedding_dim}): vocabulary, width"
            )
    pool = pool or POOLS[name][0]
    table = make_embedding(vocab_size, embedding_dim, embedding, vectors)
    if recurrent:
        encoder = RecurrentEncoder(name, embedding_dim, hidden, num_layers, bidirectional, dropout)
    elif name == "cnn":
        encoder = CnnEncoder(embedding_dim, max(1, hidden // 3))
    elif name == "transformer":
        encoder = TransformerEncoder(embedding_dim, hidden, num_layers, dropout)
    else:
        encoder = MeanEncoder(embedding_dim)
    last = last_state_bidirectional if bidirectional else last_state
    return Classifier(
        table,
        encoder,
        {"last": last, "mean": mean_pool, "max": max_pool}[pool],
        num_classes,
        hidden if name == "mlp" else None,
        dropout,
        word_dropout,
    )
