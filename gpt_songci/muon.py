"""The optimizer of the blocks' matrices: every update turns a matrix in all directions alike.

A gradient of a matrix has few large singular values, so plain steps learn few directions. Muon (Jordan et al. 2024) gives
all singular values of the momentum about the length 1; NorMuon (Li et al. 2025) then gives all rows about one length.
"""

import math

import torch

# Steps of x <- a x + b x^3 + c x^5 on the singular values, each the best one (smallest largest error) for the interval that
# the step before leaves, for values of 0.03 to 1 at the start (the method of Polar Express, Amsel et al. 2025).
COEFFICIENTS = (
    (7.362528, -20.743396, 15.160552),
    (2.917538, -2.182405, 0.475529),
    (2.04631, -1.429475, 0.393352),
)


def orthogonalize(matrix):
    """matrix (m, n) -> (m, n) float32 with the same singular vectors and singular values near 1.

    With A = X X^T, a step is X <- P X, P = a I + b A + c A A. All P commute, so for a wide X only the small A = P A P and
    the product Q of all P are computed, and X once, at the end. The start, X / sqrt(norm of A), has singular values of
    at most 1, and for many alike ones much larger than X / norm of X has: three steps do instead of five.
    """
    tall = matrix.size(0) > matrix.size(1)
    x = (matrix.mT if tall else matrix).bfloat16()
    gram = x @ x.mT
    largest = 1.01 * gram.float().norm() + 1e-20  # above the square of the largest singular value
    x, gram = x / largest.sqrt(), gram / largest
    square, product = x.size(0) == x.size(1), None
    for step, (a, b, c) in enumerate(COEFFICIENTS):
        last = step + 1 == len(COEFFICIENTS)
        p = torch.addmm(gram, gram, gram, beta=b, alpha=c)
        if square:  # products with X are as cheap as products with A
            x = torch.addmm(x, p, x, beta=a)
            gram = None if last else x @ x.mT
        else:
            p.diagonal().add_(a)
            product = p if product is None else p @ product
            gram = None if last else p @ gram @ p
    x = (x if square else product @ x).float()
    return x.mT if tall else x


class Muon(torch.optim.Optimizer):
    """Muon with NorMuon's rows; an update's root mean square is 0.2 * lr, that of AdamW."""

    def __init__(self, params, lr, momentum=0.95, beta2=0.95, weight_decay=0.0):
        """params: matrices. momentum: of the gradient (Nesterov). beta2: of the rows' mean squares."""
        settings = {"lr": lr, "momentum": momentum, "beta2": beta2, "weight_decay": weight_decay}
        super().__init__(params, settings)

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    self.update(p, **{name: v for name, v in group.items() if name != "params"})

    def update(self, p, lr, momentum, beta2, weight_decay):
        """One step of one matrix."""
        state = self.state[p]
        if not state:
            state["step"] = 0
            state["mean"] = torch.zeros_like(p)
            state["squares"] = torch.zeros_like(p[:, :1])  # (m, 1)
        state["step"] += 1
        state["mean"].lerp_(p.grad, 1 - momentum)
        direction = orthogonalize(p.grad.lerp(state["mean"], momentum))
        state["squares"].lerp_(direction.square().mean(1, keepdim=True), 1 - beta2)
        squares = state["squares"] / (1 - beta2 ** state["step"])
        direction /= squares.sqrt() + 1e-8
        length = 0.2 * math.sqrt(p.numel()) / direction.norm().clamp(min=1e-8)
        p.mul_(1 - lr * weight_decay).sub_(direction * (lr * length))
