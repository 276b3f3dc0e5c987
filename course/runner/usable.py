"""Asks a function of tensors as the course's scripts ask it: gradients on, and once more in float32.

The values of an answer do not show whether a script can work with it: a NumPy array, a number from `.item()`, a tensor
cut off from its inputs, or float64 where the model computes in float32 ends training, however right the values are.
Probes call `ask`; `course.judging.JudgedCase.usable` judges its report.
"""

import copy
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any


def ask(
    function: Callable[..., Any],
    inputs: Sequence[Any],
    parameters: Iterable[Any] = (),
    again: Callable[..., Any] | None = None,
    gradient: bool = True,
) -> dict[str, Any]:
    """{"value": the function's result, "use": a report, plain data}.

    The report: "kinds", the types of the result's parts; "dtypes" of those that are tensors; "connected", whether a
    gradient flows out of each part (None: not a tensor of floats); "unreached", numbers of the float inputs and
    parameters that no gradient reaches; "dtypes32", the dtypes for float32 inputs, of `again` (None: not asked);
    "error", what was raised with gradients on. gradient: False for what the scripts do not train through: gradients are off.
    """
    torch = sys.modules["torch"]
    leaves = [with_gradient(torch, value) if gradient else value for value in inputs]
    report: dict[str, Any] = {"error": "", "dtypes32": None, "unreached": []}
    try:
        with torch.set_grad_enabled(
            gradient
        ):  # a copy: a function may work in place, as on a model's states
            value = function(*[copied(torch, leaf) for leaf in leaves])
    except RuntimeError as error:
        with torch.no_grad():
            value = function(*inputs)
        report["error"] = str(error)[:200]
    parts = list(value) if isinstance(value, (tuple, list)) else [value]
    floats = [part if is_float(torch, part) else None for part in parts]
    report["kinds"] = [type(part).__name__ for part in parts]
    report["dtypes"] = [dtype_name(part) for part in parts]
    report["connected"] = [part if part is None else bool(part.requires_grad) for part in floats]
    wanted = [leaf for leaf in [*leaves, *parameters] if is_float(torch, leaf)]
    live = gradient and [part for part in floats if part is not None and part.requires_grad]
    if live and wanted and not report["error"]:
        try:
            total = sum(part.sum() for part in live)
            gradients = torch.autograd.grad(total, wanted, allow_unused=True)
            report["unreached"] = [i for i, gradient in enumerate(gradients) if gradient is None]
        except RuntimeError as error:
            report["error"] = str(error)[:200]
    if again is not None:
        report["dtypes32"] = dtypes_in_float32(torch, again, inputs)
    return {"value": value, "use": report}


def dtypes_in_float32(torch: Any, function: Callable[..., Any], inputs: Sequence[Any]) -> list[str]:
    """Dtypes of the result for float32 inputs, or what was raised."""
    try:
        with torch.no_grad():
            value = function(*[x.float() if is_float(torch, x) else copy.copy(x) for x in inputs])
    except RuntimeError as error:
        return [f"error: {str(error)[:200]}"]
    return [dtype_name(part) for part in (value if isinstance(value, (tuple, list)) else [value])]


def is_float(torch: Any, value: Any) -> bool:
    return isinstance(value, torch.Tensor) and value.is_floating_point()


def with_gradient(torch: Any, value: Any) -> Any:
    return value.detach().clone().requires_grad_() if is_float(torch, value) else value


def copied(torch: Any, value: Any) -> Any:
    return value.clone() if isinstance(value, torch.Tensor) else value


def dtype_name(value: Any) -> str:
    return str(getattr(value, "dtype", "")).removeprefix("torch.")
