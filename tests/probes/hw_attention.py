"""Run beside the student's hw_attention code: builds tensors and modules from plain data, in float64, and
returns their results."""

import torch
from torch.nn import functional as F

from course.runner import usable

NOT_TRAINED = (  # functions that no script trains through; their numbers are float64
    "log_angle_density",
    "padding_keep",
    "position_encoding",
    "decoder_inputs",
    "diagonal_weight",
    "tied_scores_grad",
)


def tensor(value):
    return torch.as_tensor(value)


def tensors(values):
    """Arrays become tensors; numbers, text and None stay unchanged."""
    return [tensor(value) if hasattr(value, "shape") else value for value in values]


def function(homework, name, *inputs):
    """{"value": result of a function of model.py on arrays, "use": what the scripts can do with it}."""
    tested, gradient = homework.find(name), name not in NOT_TRAINED
    again = tested if gradient else None
    return usable.ask(tested, tensors(inputs), again=again, gradient=gradient)


class Parallel:
    """Inside: torch draws vectors of length n that all have one direction, each with a length of its own."""

    def __init__(self, n):
        self.n, self.draw = n, torch.randn

    def __enter__(self):
        torch.randn = self.randn

    def __exit__(self, *error):
        torch.randn = self.draw

    def randn(self, *size, **settings):
        drawn = self.draw(*size, **settings)
        if self.n not in drawn.shape:
            return drawn
        axis = drawn.dim() - 1 - list(reversed(drawn.shape)).index(self.n)
        along = [self.n if a == axis else 1 for a in range(drawn.dim())]
        direction = torch.linspace(0.3, 1.7, self.n, dtype=drawn.dtype).reshape(along)
        return direction * (0.5 + drawn.select(axis, 0).unsqueeze(axis).abs())


def parallel_angles(homework, n, num_pairs, seed):
    """sample_angles where all vectors that are drawn are parallel."""
    tested = homework.find("sample_angles")
    with Parallel(n):
        return tested(n, num_pairs, seed)


def angles(homework, jobs):
    """sample_angles for a list of [n, num_pairs, seed]."""
    return [homework.find("sample_angles")(*job) for job in jobs]


def gradient(homework, name, *inputs):
    """{"value", "gradient"}: a function's first result, and the gradient of its sum of squares by its first input."""
    first, *rest = tensors(inputs)
    value = homework.find(name)(first.requires_grad_(), *rest)
    (grad,) = torch.autograd.grad(value.square().sum(), first)
    return {"value": value, "gradient": grad}


def load(module, weights):
    """Copy a dict name -> array into the module's parameters of these names; eval mode, float64."""
    module = module.double().eval()
    parameters = dict(module.named_parameters())
    with torch.no_grad():
        for name, value in weights.items():
            parameters[name].copy_(tensor(value))
    return module


def build(homework, kind, settings, weights):
    """A module of model.py: class name, keyword arguments, parameters."""
    return load(homework.find(kind)(**settings), weights)


def method(homework, kind, settings, weights, name, inputs):
    """{"value": result of one method of a module, "use": what the scripts can do with it}."""
    module = build(homework, kind, settings, weights)
    parameters = [p for name, p in module.named_parameters() if name in weights]
    single = build(homework, kind, settings, weights).float()
    return usable.ask(
        getattr(module, name), tensors(inputs), parameters, again=getattr(single, name)
    )


def in_one_piece(homework, arrays, n_head, keep):
    """out and weights of whole.multi_head_attention, and the gradients of the sum of squares of out by its arguments.

    arrays: dict of x, memory, W_q, W_k, W_v, W_o, in this order.
    """
    leaves = {name: tensor(value).requires_grad_() for name, value in arrays.items()}
    keep = None if keep is None else tensor(keep)
    out, weights = homework.find("multi_head_attention")(*leaves.values(), n_head, keep)
    if not isinstance(out, torch.Tensor) or not out.requires_grad:
        raise TypeError("out must be a tensor through which gradients flow")
    grads = torch.autograd.grad(out.square().sum(), list(leaves.values()), allow_unused=True)
    return {"out": out.detach(), "weights": weights.detach()} | {
        f"gradient by {name}": torch.zeros_like(leaf) if grad is None else grad
        for (name, leaf), grad in zip(leaves.items(), grads)
    }


class Recorder(torch.nn.Module):
    """Stub of a sub-module: returns x @ matrix + shift (and `extra`, if any), and records its arguments."""

    def __init__(self, matrix, shift, extra=None):
        super().__init__()
        self.matrix, self.shift, self.extra, self.calls = tensor(matrix), shift, extra, []

    def forward(self, x, *more, **named):
        self.calls.append([x, *more, *named.values()])
        out = x @ self.matrix + self.shift
        return out if self.extra is None else (out, self.extra)


def block_step(homework, step, matrices, x, keep=None):
    """A step of TransformerBlock whose parts are recorders. matrices: dict name of the part -> (C, C)."""
    x = tensor(x)
    B, L, C = x.shape
    block = homework.find("TransformerBlock")(C, 1).double().eval()
    weights = torch.arange(B * L * L, dtype=x.dtype).reshape(B, 1, L, L)
    for shift, (name, matrix) in enumerate(matrices.items(), 1):
        setattr(block, name, Recorder(matrix, shift, weights if name == "attention" else None))
    if step == "mlp_step":
        return usable.ask(block.mlp_step, [x])
    asked = usable.ask(block.attention_step, [x, None if keep is None else tensor(keep)])
    return asked | {
        "masks": [
            value for call in block.attention.calls for value in call[1:] if value is not None
        ],
    }


def fake_seq2seq(homework, H, V):
    """A Seq2Seq whose parts a check replaces."""
    return homework.find("Seq2Seq")(5, V, H, score="scaled_dot").double().eval()


def context(homework, state, states, keep):
    """Seq2Seq.context with a distance as the score, scores(query, states) = cdist(query, 2 * states): another one where
    query and states change places."""
    model = fake_seq2seq(homework, len(state[0]), 4)
    model.scores = lambda query, states: torch.cdist(query, 2 * states)
    return usable.ask(model.context, [tensor(state), tensor(states), tensor(keep)])


def step(homework, weights, token, state, states, keep):
    """Seq2Seq.step with a stub for look: context = 2 · query - first encoder state; the queries that it received, and
    whether context was called directly instead of look."""
    model, queries, past = (
        load(fake_seq2seq(homework, len(state[0]), len(weights["embedding_out.weight"])), weights),
        [],
        [],
    )

    def look(query, states, keep):
        queries.append(query)
        return 2 * query - states[:, 0], keep * query[:, :1]

    def context(*arguments):
        past.append(True)
        return look(*arguments)

    model.look, model.context = look, context
    inputs = [tensor(token), tensor(state), tensor(states), tensor(keep)]
    parameters = [p for name, p in model.named_parameters() if name in weights]
    asked = usable.ask(model.step, inputs, parameters)
    return asked | {"queries": queries, "past look": bool(past)}


def greedy(homework, table, tokens, lengths, max_len):
    """Seq2Seq.greedy over a table (B, steps, V, V): step t gives text b the logits table[b, t, token before].

    A state is the text's number and the number of steps done; the weights of step t are t times the encoder's states.
    """
    table, tokens = tensor(table), tensor(tokens)
    model, calls = fake_seq2seq(homework, 2, table.size(-1)), []

    def encode(tokens, lengths):
        state = torch.stack(
            [torch.arange(len(tokens)), torch.zeros(len(tokens), dtype=torch.long)], 1
        )
        return (
            tokens[..., None] + 0.5,
            state.double(),
            torch.arange(tokens.size(1)) < lengths[:, None],
        )

    def step(token, state, states, keep):
        b, t = state.long().unbind(1)
        calls.append(token)
        return (
            table[b, t.clamp(max=table.size(1) - 1), token],
            state + torch.tensor([0, 1]),
            keep * states[..., 0] * (t[:, None] + 1),
        )

    model.encode, model.step = encode, step
    with torch.no_grad():
        result = model.greedy(tokens, tensor(lengths), max_len)
    return {"result": result, "steps": len(calls), "kind": type(result[0]).__name__}


def whole(homework, kind, settings, weights, inputs):
    """The results of a whole module: {"out", "weights"}."""
    with torch.no_grad():
        out, kept = build(homework, kind, settings, weights)(*tensors(inputs))
    return {"out": out, "weights": kept}


def attend(scores, values, keep=None):
    """Stub: torch's own attention with the scores as queries of unit keys."""
    unit_keys = torch.eye(scores.size(-1), dtype=scores.dtype).expand(*scores.shape[:-2], -1, -1)
    keep = None if keep is None else keep.expand(scores.shape)
    return tuple(
        F.scaled_dot_product_attention(scores, unit_keys, v, attn_mask=keep, scale=1.0).nan_to_num()
        for v in (values, unit_keys)
    )


def score_scaled_dot(q, k):
    """Stub: right up to a constant in each row, which does not change a softmax."""
    unit_keys = torch.eye(k.size(-2), dtype=k.dtype).expand(*k.shape[:-2], -1, -1)
    return F.scaled_dot_product_attention(q, k, unit_keys).log()


def score_dot(q, k):
    """Stub: from distances, |q - k|² = |q|² + |k|² - 2 q·k: inexact where one vector is far longer than the other."""
    if q.dim() > 4:  # its callers need batch and heads in front; more would be a full answer
        raise ValueError("this stub handles at most two leading axes")
    lengths = q.square().sum(-1)[..., :, None] + k.square().sum(-1)[..., None, :]
    return (lengths - torch.cdist(q, k, compute_mode="donot_use_mm_for_euclid_dist").square()) / 2


STUBS = {
    "model.attend": attend,
    "model.score_scaled_dot": score_scaled_dot,
    "model.score_dot": score_dot,
}
