"""Run beside the student's gpt_songci code: builds its modules from plain data, in float64, and returns their results."""

import types

import numpy as np
import torch

from course.runner import usable


def tensor(array):
    return torch.from_numpy(np.array(array))


def load(module, weights):
    """Copy a dict name -> array into the module's parameters of these names."""
    parameters = dict(module.named_parameters(remove_duplicate=False))
    with torch.no_grad():
        for name, value in weights.items():
            parameters[name].copy_(tensor(value))


def make_attention(homework, config, weights):
    model = homework.module("model")
    attention = model.MultiHeadSelfAttention(model.GPTConfig(**config)).double()
    load(attention, weights)
    return attention


def make_gpt(homework, config, weights):
    model = homework.module("model")
    gpt = model.GPT(model.GPTConfig(**config)).double()
    load(gpt, weights)
    return gpt


def attention_step(homework, config, weights, step, inputs, train=False):
    """{"value": result of one step method of MultiHeadSelfAttention, "use": what the scripts can do with it}."""
    attention = make_attention(homework, config, weights).train(train)
    single = make_attention(homework, config, weights).float().eval()
    again = None if train else getattr(single, step)
    return usable.ask(getattr(attention, step), list(map(tensor, inputs)), again=again)


def attention(homework, config, weights, x, mask):
    """{"out", "weights"} of a whole MultiHeadSelfAttention in eval mode."""
    module = make_attention(homework, config, weights).eval()
    with torch.no_grad():
        out, kept = module(tensor(x), tensor(mask))
    return {"out": out, "weights": kept}


def gpt_step(homework, config, weights, step, inputs, train=False):
    """{"value": result of one step method of GPT, "use": what the scripts can do with it}."""
    gpt = make_gpt(homework, config, weights).train(train)
    single = make_gpt(homework, config, weights).float().eval()
    parameters = [p for name, p in gpt.named_parameters() if name in weights]
    again = None if train else getattr(single, step)
    return usable.ask(getattr(gpt, step), list(map(tensor, inputs)), parameters, again=again)


def gpt_form(homework, config, step, batch, length):
    """The result of a step that uses only the shape of `tokens`: dtype and device for tokens on another device."""
    gpt = make_gpt(homework, config, {}).eval()
    result = getattr(gpt, step)(torch.zeros(batch, length, dtype=torch.long, device="meta"))
    return {"dtype": str(result.dtype), "device": str(result.device), "shape": list(result.shape)}


def gpt_layers(homework, config, matrices, h, mask):
    """run_layers over stub blocks: block i gives (h @ matrices[i] + i, weights full of i + 1) and logs the mask."""
    gpt = make_gpt(homework, config, {}).eval()
    masks = []

    class StubBlock(torch.nn.Module):
        def __init__(self, number, matrix):
            super().__init__()
            self.number, self.matrix = number, tensor(matrix)

        def forward(self, h, mask):
            masks.append(mask)
            B, L, _ = h.shape
            return h @ self.matrix + self.number, torch.full(
                (B, 1, L, L), self.number + 1.0, dtype=h.dtype
            )

    gpt.blocks = torch.nn.ModuleList(
        StubBlock(number, matrix) for number, matrix in enumerate(matrices)
    )
    asked = usable.ask(lambda h: gpt.run_layers(h, tensor(mask))[0], [tensor(h)])
    masks.clear()
    with torch.no_grad():
        result = gpt.run_layers(tensor(h), tensor(mask))
    return {"result": result, "masks": masks, "use": asked["use"]}


def gpt(homework, config, weights, tokens):
    """{"logits", "weights"} of a whole GPT in eval mode."""
    module = make_gpt(homework, config, weights).eval()
    with torch.no_grad():
        logits, kept = module(tensor(tokens))
    return {"logits": logits, "weights": list(kept)}


def loss(homework, logits, targets):
    """{"result", "gradient" of the loss, its first value, with respect to the logits; None if they are not connected}."""
    logits = tensor(logits).requires_grad_()
    result = homework.module("model").loss_and_perplexity(logits, tensor(targets))
    loss = result[0] if isinstance(result, (tuple, list)) and result else None
    connected = isinstance(loss, torch.Tensor) and loss.requires_grad and loss.numel() == 1
    return {
        "result": result,
        "gradient": torch.autograd.grad(loss, logits)[0] if connected else None,
    }


def guide(homework, logits, fits, rhymes, wanted, used):
    """{"result" of guide_logits, "logits": its first argument afterwards}."""
    logits = tensor(logits)
    result = homework.module("model").guide_logits(
        logits, tensor(fits), tensor(rhymes), tensor(wanted), tensor(used)
    )
    return {"result": result, "logits": logits}


class BareAttention(torch.nn.Module):
    """The layers of model.MultiHeadSelfAttention, without its methods."""

    def __init__(self, config):
        super().__init__()
        self.n_head = config["n_head"]
        self.q, self.k, self.v, self.o = (
            torch.nn.Linear(config["n_embd"], config["n_embd"]) for _ in range(4)
        )


class BareMLP(torch.nn.Module):
    """The layers of model.MLP."""

    def __init__(self, config):
        super().__init__()
        self.fc1 = torch.nn.Linear(config["n_embd"], 4 * config["n_embd"])
        self.fc2 = torch.nn.Linear(4 * config["n_embd"], config["n_embd"])


class BareBlock(torch.nn.Module):
    """The layers of model.Block."""

    def __init__(self, config):
        super().__init__()
        self.no_res = config["no_res"]
        self.norm1, self.norm2 = (torch.nn.LayerNorm(config["n_embd"]) for _ in range(2))
        self.attention, self.mlp = BareAttention(config), BareMLP(config)


class BareGPT(torch.nn.Module):
    """The layers of model.GPT, without its methods."""

    def __init__(self, config):
        super().__init__()
        self.config = types.SimpleNamespace(**config)
        self.token_embedding = torch.nn.Embedding(config["vocab_size"], config["n_embd"])
        self.position_embedding = torch.nn.Embedding(config["max_seq_len"], config["n_embd"])
        self.blocks = torch.nn.ModuleList(BareBlock(config) for _ in range(config["n_layer"]))
        self.norm = torch.nn.LayerNorm(config["n_embd"])
        self.head = torch.nn.Linear(config["n_embd"], config["vocab_size"])


def in_one_piece(homework, config, weights, pieces):
    """whole.forward_cached over `pieces`, a list of (B, l) arrays, one call each.

    "logits": of all pieces, (B, sum of l, V). "keys", "values": of the last cache, (n_layer, B, h, sum of l, d).
    "unchanged": no call changed the cache that it was given.
    """
    net = BareGPT(config).double().eval()
    load(net, weights)
    logits, cache, unchanged = [], None, True
    with torch.no_grad():
        for piece in pieces:
            before = [[part.clone() for part in layer] for layer in cache or []]
            given = cache
            result, cache = homework.find("forward_cached")(net, tensor(piece), cache)
            logits.append(result)
            unchanged &= all(
                torch.equal(old, new)
                for was, layer in zip(before, given or [])
                for old, new in zip(was, layer)
            )
    return {
        "logits": torch.cat(logits, 1),
        "keys": torch.stack([layer[0] for layer in cache]),
        "values": torch.stack([layer[1] for layer in cache]),
        "unchanged": unchanged,
    }


STUBS = {}
