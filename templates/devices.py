"""Where torch computes: device, number of threads, number type. The same command always chooses the same.

Each homework folder is standalone, so each has its own copy of this file.
"""

import contextlib
import functools
import os
import re
import warnings
from pathlib import Path

# CPU threads that wait for each other spin for a moment only and then sleep. Measured on 2 cores (60 steps of the GPT, Linux):
# as fast as the library's own setting on an idle machine, twice as fast when two trainings run at once. Sleeping at once
# (0) is 40 % slower on an idle machine. The libraries read this when torch is imported, so import this module first.
os.environ.setdefault("GOMP_SPINCOUNT", "1000")  # GNU: Linux
os.environ.setdefault("KMP_BLOCKTIME", "0")  # Intel and LLVM: Windows, macOS

import torch  # noqa: E402
from cli import UserError, positive_int, translate  # noqa: E402

QUOTA = Path("/sys/fs/cgroup/cpu.max")  # Linux: "200000 100000" (2 cores) or "max 100000"


def device_name(text):
    """Type of --device: auto, cpu, cuda, cuda:N or mps."""
    if not re.fullmatch(r"auto|cpu|mps|cuda(:\d+)?", text):
        raise ValueError
    return text


device_name.__name__ = "device (auto, cpu, cuda, cuda:1, mps)"  # argparse: "invalid ... value"


def add_device_flags(parser):
    """Add --device and --threads."""
    parser.add_argument(
        "--device",
        type=device_name,
        default="auto",
        help="where to compute: cpu, cuda, cuda:1, mps; auto: a CUDA card that works, else the CPU",
    )
    parser.add_argument(
        "--threads",
        type=positive_int,
        help="CPU threads (default: as many as this process has cores)",
    )


# -------------------------------------------------------------------------------------------------------------- device


def choose_device(name="auto", threads=None):
    """The device for `name` ("auto", "cpu", "cuda", "cuda:1", "mps"), after a trial; also sets the number of threads.

    A CUDA card that cannot be used is reported: with "auto" the CPU is taken, else UserError names --device cpu.
    """
    set_threads(threads)
    if name == "cpu":
        return torch.device("cpu")
    if name == "auto":
        if not cuda_is_available():
            return torch.device("cpu")
        problem = trial("cuda")
        if problem:
            print(
                translate(
                    "note: the CUDA device cannot be used ({}); computing on the CPU", problem
                )
            )
        return torch.device("cpu" if problem else "cuda")
    if name == "mps":
        if not torch.backends.mps.is_available():
            raise UserError("torch sees no mps device here; use --device cpu")
    elif not cuda_is_available():
        built = torch.version.cuda or getattr(torch.version, "hip", None)
        why = "the driver or the card is missing" if built else "this torch is built without CUDA"
        raise UserError(f"torch sees no CUDA device here ({why}); use --device cpu")
    else:
        count, index = torch.cuda.device_count(), int((name + ":0").split(":")[1])
        if index >= count:
            names = " ".join(f"cuda:{n}" for n in range(count))
            raise UserError(f"there is no {name} here; there is {names}, or use --device cpu")
    problem = trial(name)
    if problem:
        raise UserError(f"{name} cannot be used ({problem}); use --device cpu")
    return torch.device(name)


def cuda_is_available():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch warns of an old driver; the trial says what fails
        return torch.cuda.is_available()


@functools.cache
def trial(name):
    """Why `name` cannot be used, in a few words, or "": what a model needs is computed there and compared with the CPU."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            results = [trial_values(torch.device(device)) for device in ("cpu", name)]
    except (
        Exception
    ) as error:  # RuntimeError, AssertionError, torch.AcceleratorError, NotImplementedError
        return (str(error).strip().splitlines() or [type(error).__name__])[0][:160].rstrip(".")
    difference = max((a - b).abs().max().item() for a, b in zip(*results, strict=True))
    return "" if difference < 1e-3 else f"its results differ from the CPU's by {difference:.1g}"


def trial_values(device):
    """Outputs and gradients, on the CPU, of a small computation: embedding, GRU, masked softmax, layer norm, GELU."""
    generator = torch.Generator().manual_seed(0)
    nn = torch.nn

    def draw(*shape):
        return torch.randn(*shape, generator=generator)

    gru = nn.GRU(16, 16, batch_first=True)
    with torch.no_grad():
        for parameter in gru.parameters():
            parameter.copy_(draw(*parameter.shape) / 4)
    gru = gru.to(device)
    table = draw(50, 16).to(device).requires_grad_()
    tokens = torch.randint(50, (4, 12), generator=generator).to(device)
    x = nn.functional.embedding(tokens, table)
    hidden = gru(x)[0]
    mask = torch.ones(12, 12, dtype=torch.bool, device=device).triu(1)
    weights = (hidden @ x.mT / 4).masked_fill(mask, -torch.inf).softmax(-1)
    out = nn.functional.gelu(nn.functional.layer_norm(weights @ x, (16,)))
    loss = nn.functional.cross_entropy((out @ table.T).flatten(0, 1), tokens.flatten())
    loss.backward()
    return [value.detach().cpu() for value in (hidden, weights, out, loss, table.grad)]


# ----------------------------------------------------------------------------------------------------- threads, dtype


def set_threads(count=None):
    """Set torch's number of CPU threads: `count`, or one per core that this process may use. Returns the number."""
    count = count or min(torch.get_num_threads(), usable_cores())
    torch.set_num_threads(count)
    return count


def usable_cores():
    """Cores that this process may use: those of the machine, of its affinity mask and of its container's quota."""
    cores = os.cpu_count() or 1
    with contextlib.suppress(AttributeError, OSError):
        cores = min(cores, len(os.sched_getaffinity(0)))
    with contextlib.suppress(OSError, ValueError):
        quota, period = QUOTA.read_text(encoding="utf-8").split()
        cores = min(cores, max(1, round(int(quota) / int(period))))
    return cores


def machine(device):
    """What a checkpoint records of the machine: {"device": "cpu", "threads": 2, "torch": "2.13.0"}."""
    return {
        "device": str(device),
        "threads": torch.get_num_threads(),
        "torch": str(torch.__version__),  # a plain string: weights_only loads it
    }


def describe(device):
    """Device and threads for the first line of a run, with a hint if other programs keep the cores busy."""
    threads = torch.get_num_threads()
    text = f"{device}, {threads} thread{'s' * (threads > 1)}"
    with contextlib.suppress(AttributeError, OSError):  # Windows has no load average
        load = os.getloadavg()[0]
        if device.type == "cpu" and threads > 1 and load > usable_cores():
            text += f" (this machine is busy, load {load:.1f}: --threads 1 may be faster)"
    return text


def choose_dtype(name, device):
    """ "float32" or "bfloat16": `name`, or for "auto" the one whose products are faster by construction of the device."""
    if name != "auto":
        return name
    if device.type == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float32"
    if device.type == "cpu":
        able = torch.cpu.get_capabilities()
        if able.get("amx_bf16") or able.get("avx512_bf16"):
            return "bfloat16"
    return "float32"
