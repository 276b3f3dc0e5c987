"""Run beside the student's gpt_songci code: builds its modules from plain data, in float64, and returns their results."""

import numpy as np
import torch


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
    """Result of one step method of MultiHeadSelfAttention."""
    attention = make_attention(homework, config, weights).train(train)
    with torch.no_grad():
        return getattr(attention, step)(*map(tensor, inputs))


def attention(homework, config, weights, x, mask):
    """{"out", "weights"} of a whole MultiHeadSelfAttention in eval mode."""
    module = make_attention(homework, config, weights).eval()
    with torch.no_grad():
        out, kept = module(tensor(x), tensor(mask))
    return {"out": out, "weights": kept}


def gpt_step(homework, config, weights, step, inputs, train=False):
    """Result of one step method of GPT."""
    gpt = make_gpt(homework, config, weights).train(train)
    with torch.no_grad():
        return getattr(gpt, step)(*map(tensor, inputs))


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
    with torch.no_grad():
        result = gpt.run_layers(tensor(h), tensor(mask))
    return {"result": result, "masks": masks}


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


STUBS = {}
