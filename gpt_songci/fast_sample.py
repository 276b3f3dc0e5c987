"""Sampling in less time on a CPU: the same numbers, to rounding, from other products. Nothing depends on this file.

A model that reads one character of each text spends its time in products of a few rows with large matrices. oneDNN
multiplies faster when a matrix is laid out for it beforehand (without this, a character takes a third longer), and queries,
keys and values are one product instead of three, which spares threads that wait for each other.
"""

import copy

import torch
from fast import keep_freed_memory
from model import MultiHeadSelfAttention
from torch import nn


def speed_up(model, rows):
    """A copy of a model, in eval mode, that is faster for `rows` characters at a time, and whose blanks need not know.

    On anything but a CPU with oneDNN, and for other types than float32, the model itself.
    """
    keep_freed_memory()
    weight = model.token_embedding.weight
    usable = weight.device.type == "cpu" and weight.dtype == torch.float32
    if not usable or not torch.backends.mkldnn.is_available():
        return model
    model = copy.deepcopy(model).eval()
    with torch.inference_mode():
        pack(model, rows)
    return model


class PackedLinear(nn.Module):
    """nn.Linear whose matrix oneDNN has laid out. Several linears of one input are one product: their outputs are side
    by side."""

    def __init__(self, linears, rows):
        super().__init__()
        self.packed = torch.ops.mkldnn._reorder_linear_weight(
            torch.cat([linear.weight for linear in linears]).detach(), rows
        )
        self.bias = torch.cat([linear.bias for linear in linears]).detach()

    def forward(self, x):
        return torch.ops.mkldnn._linear_pointwise.default(
            x, self.packed, self.bias, "none", [], "none"
        )

    def __deepcopy__(self, memo):
        return self  # torch cannot copy a packed matrix, and nothing changes it


class PartOfProduct(nn.Module):
    """One of several linears that are one product: the first that gets an input computes the output of all."""

    def __init__(self, shared, part, count):
        super().__init__()
        self.shared, self.part, self.count = shared, part, count

    def forward(self, x):
        shared = self.shared
        if shared["x"] is not x:
            shared["x"], shared["parts"] = x, shared["product"](x).chunk(self.count, -1)
        return shared["parts"][self.part]


def with_names(fast, slow):
    """`fast` with the attributes of the module that it replaces: a student's steps may use them."""
    for name in ("weight", "bias", "in_features", "out_features"):
        if hasattr(slow, name):
            setattr(fast, name, getattr(slow, name))
    return fast


def pack(module, rows):
    """Replace the linears below `module`."""
    for name, child in module.named_children():
        if isinstance(child, MultiHeadSelfAttention):
            shared = {"product": PackedLinear([child.q, child.k, child.v], rows), "x": None}
            child.q, child.k, child.v = (
                with_names(PartOfProduct(shared, part, 3), linear)
                for part, linear in enumerate((child.q, child.k, child.v))
            )
        if isinstance(child, nn.Linear):
            setattr(module, name, with_names(PackedLinear([child], rows), child))
        else:
            pack(child, rows)
