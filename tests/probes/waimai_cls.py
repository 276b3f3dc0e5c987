"""Run beside the student's waimai_cls code: builds modules and files from plain data, in float64, and reports."""

import os
import tempfile

import numpy as np
import torch

from course.runner import usable


def tensor(value):
    return torch.from_numpy(np.array(value)) if isinstance(value, (np.ndarray, list)) else value


def stop_words(homework, content, default=False):
    """{"kind", "words" (sorted)} of get_stop_words for a file with this content (str, "\\ufeff" is the byte order mark).

    default: the file is the module's STOP_WORDS, and no path is given.
    """
    module = homework.module("data_processor")
    usual = module.STOP_WORDS
    folder = tempfile.mkdtemp()
    path = os.path.join(folder, "stop_words.txt")
    try:
        with open(path, "wb") as file:
            file.write(content.encode("utf-8"))
        module.STOP_WORDS = path if default else usual
        words = module.get_stop_words(*[] if default else [path])
    finally:
        module.STOP_WORDS = usual
        os.remove(path)
        os.rmdir(folder)
    kind = "set" if isinstance(words, (set, frozenset)) else type(words).__name__
    return {"kind": kind, "words": sorted(words)}


def split(homework, labels, share, seeds):
    """[{"rest", "held"}] of split for generators with these seeds."""
    answers = [
        homework.module("data_processor").split(labels.copy(), share, np.random.default_rng(seed))
        for seed in seeds
    ]
    return [{"rest": rest, "held": held} for rest, held in answers]


def embedding(homework, mode, vectors, tokens):
    """The class of make_embedding's table, its values, and the rows that one step of gradient descent changes."""
    torch.manual_seed(len(vectors))
    given = tensor(vectors).float()
    table = homework.module("model").make_embedding(*vectors.shape, mode, given.clone())
    start = table.weight.detach().clone()
    same = torch.equal(start, given)
    out = table(torch.arange(len(vectors))).detach()
    picked = table(tensor(tokens)).detach() if mode != "random" else torch.zeros(0)
    trains = [p for p in table.parameters() if p.requires_grad]
    if trains:
        optimizer = torch.optim.SGD(trains, lr=0.1)
        (table(torch.arange(len(vectors))) * (1 + torch.arange(vectors.shape[1]))).sum().backward()
        optimizer.step()
    moves = (table.weight.detach() != start).any(1)
    return {
        "kind": type(table).__name__,
        "starts with the vectors": same,
        "row 0 is zero": bool((out[0] == 0).all()),
        "moves": moves,
        "answers": picked.double(),
    }


def tensors(homework, function, *inputs):
    """{"value": result of a function of model.py for tensors, "use": what the scripts can do with it}."""
    tested = getattr(homework.module("model"), function)
    return usable.ask(tested, list(map(tensor, inputs)), again=tested)


def pad(homework, texts):
    """{"value": result of pad, "use": what the scripts can do with it}."""
    return usable.ask(homework.module("data_processor").pad, [texts], gradient=False)


def recurrent_states(homework, name, dim, hidden, num_layers, bidirectional, weights, x, lengths):
    """{"value": RecurrentEncoder.states with these weights, "use": what the scripts can do with it}."""
    kind = homework.module("model").RecurrentEncoder
    encoder, single = (kind(name, dim, hidden, num_layers, bidirectional).eval() for _ in range(2))
    load(encoder.double(), weights)
    parameters = list(encoder.parameters())
    inputs = [tensor(x), tensor(lengths)]
    return usable.ask(encoder.states, inputs, parameters, again=single.states)


def load(module, weights):
    parameters = dict(module.named_parameters())
    with torch.no_grad():
        for name, value in weights.items():
            parameters[name].copy_(tensor(value))


class Frozen(torch.nn.Module):
    """Three parameters; those named in `frozen` do not train."""

    def __init__(self, shapes, frozen):
        super().__init__()
        for name, shape in shapes.items():
            setattr(
                self, name, torch.nn.Parameter(torch.ones(shape), requires_grad=name not in frozen)
            )


def optimizer(homework, shapes, frozen, lr):
    """{"kind", "lr", "parameters": sorted names} of make_optimizer."""
    model = Frozen(shapes, frozen)
    result = homework.module("train").make_optimizer(model, lr)
    held = [p for group in result.param_groups for p in group["params"]]
    names = sorted(name for name, p in model.named_parameters() if any(p is q for q in held))
    return {
        "kind": type(result).__name__,
        "lr": [group["lr"] for group in result.param_groups],
        "parameters": names,
    }


class Linear(torch.nn.Module):
    """logits = rows / lengths @ weight; logs the mode it was called in. In training, `dropped` columns of rows are zero."""

    def __init__(self, weight, dropped=()):
        super().__init__()
        self.weight = torch.nn.Parameter(tensor(weight))
        self.dropped, self.modes, self.grads = list(dropped), [], []

    def forward(self, rows, lengths):
        self.modes.append(self.training)
        self.grads.append(torch.is_grad_enabled())
        if self.training and self.dropped:
            rows = rows.clone()
            rows[:, self.dropped] = 0
        return rows / lengths[:, None] @ self.weight


def steps(homework, weight, batches, lr):
    """Two or more train_steps by plain gradient descent: the returned losses and their type, the weights after each
    step, the mode."""
    model = Linear(weight).eval()
    gradient_descent = torch.optim.SGD(model.parameters(), lr=lr)
    losses, weights = [], []
    for batch in batches:
        loss = homework.module("train").train_step(
            model, tuple(map(tensor, batch)), gradient_descent
        )
        losses.append(loss)
        weights.append(model.weight.detach().clone())
    return {
        "losses": losses,
        "kinds": [type(loss).__name__ for loss in losses if not isinstance(loss, (float, int))],
        "weights": torch.stack(weights),
        "training": model.modes,
    }


def evaluation(homework, weight, dropped, batches):
    """evaluate over the batches, of a model that is in training mode before the call. As in train.py the batches come
    from a generator: they can be gone through once only."""
    model = Linear(weight, dropped).train()
    loss, accuracy = homework.module("train").evaluate(
        model, (tuple(map(tensor, batch)) for batch in batches)
    )
    return {
        "loss": loss,
        "accuracy": accuracy,
        "kinds": [type(x).__name__ for x in (loss, accuracy) if not isinstance(x, (float, int))],
        "training": any(model.modes),
        "gradients kept": any(model.grads),
    }


def classifier(homework, settings, weights, tokens, lengths):
    """Logits of a whole model of build_model."""
    settings = {**settings, "vectors": tensor(settings["vectors"])}
    model = homework.module("model").build_model(**settings).double().eval()
    load(model, weights)
    with torch.no_grad():
        return model(tensor(tokens), tensor(lengths))


def in_one_piece(homework, x, lengths, weights):
    """whole.gru_states: its states, their two halves, and the gradients of their sum of squares by each weight."""
    leaves = {name: tensor(value).requires_grad_() for name, value in weights.items()}
    states = homework.find("gru_states")(tensor(x), tensor(lengths), dict(leaves))
    if not isinstance(states, torch.Tensor) or not states.requires_grad:
        raise TypeError("the states must be a tensor through which gradients flow")
    grads = torch.autograd.grad(states.square().sum(), list(leaves.values()), allow_unused=True)
    H = states.size(2) // 2
    return {
        "states": states.detach(),
        "left to right": states[:, :, :H].detach(),
        "right to left": states[:, :, H:].detach(),
        "gradients": {
            name: torch.zeros_like(leaf) if grad is None else grad
            for (name, leaf), grad in zip(leaves.items(), grads)
        },
    }


STUBS = {}
