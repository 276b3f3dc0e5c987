"""Steps per second of hw_bptt's training loop, by hand in NumPy and with torch's autograd: same texts, same sizes.

    python benchmarks/bptt.py

One step is one time step of one review (forward, backward, SGD update of the whole review, batch size 1). The LSTM is
timed on both paths: `fast` (hw_bptt/fast.py, which train.py uses) and `readable` (the recursions in hw_bptt/model.py);
the other two networks have one path, model.py. The loop in torch is the same loop: U x of all steps at once, the LSTM's
four gates in one product, one thread. `fused` is what torch can do beyond a loop: nn.RNN or nn.LSTM over the whole
review. Peers take turns in one process; medians of the rounds, in seconds of processor time, which is the wall-clock
time on an idle machine.
"""

import argparse
import os
import statistics
import sys
import time
from pathlib import Path

os.environ.setdefault(
    "OMP_NUM_THREADS", "1"
)  # one thread for both sides; set before numpy is loaded
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("MKL_NUM_THREADS", "1")

import numpy as np  # noqa: E402
import torch  # noqa: E402

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "hw_bptt"))
import model  # noqa: E402

RUNS = (  # network, path
    ("relu_rnn", "readable"),
    ("rnn", "readable"),
    ("lstm", "fast"),
    ("lstm", "readable"),
)
GATES = "fioa"  # sigmoid, sigmoid, sigmoid, tanh


def numpy_loop(kind, params, texts, labels, lr, clip, implementation):
    """Train on the texts once with the homework's own functions. Returns the last parameters."""
    for x, label in zip(texts, labels):
        _, grads, _ = model.loss_and_grads(kind, params, x, label, implementation)
        params = model.sgd_step(params, grads, lr, clip)
    return params


def torch_loss(kind, p, x, label):
    """Loss of one text as a loop over its steps, for autograd."""
    T = len(x)
    if kind == "relu_rnn":
        z, h = x @ p["U"].T + p["b"], torch.zeros(len(p["b"]), dtype=x.dtype)
        for t in range(T):
            h = torch.relu(z[t] + p["W"] @ h)
        logit = p["V"] @ h + p["d"]
        return torch.nn.functional.binary_cross_entropy_with_logits(
            logit, torch.tensor(float(label), dtype=x.dtype)
        )
    if kind == "rnn":
        z, h, states = x @ p["U"].T + p["b"], torch.zeros(len(p["b"]), dtype=x.dtype), []
        for t in range(T):
            h = torch.tanh(z[t] + p["W"] @ h)
            states.append(h)
    else:
        W, U, b = (torch.cat([p[f"{array}_{gate}"] for gate in GATES]) for array in "WUb")
        z, H, states = x @ U.T + b, len(b) // 4, []
        h = C = torch.zeros(H, dtype=x.dtype)
        for t in range(T):
            gates = z[t] + W @ h
            f, i, o = torch.sigmoid(gates[: 3 * H]).chunk(3)
            C = C * f + i * torch.tanh(gates[3 * H :])
            h = o * torch.tanh(C)
            states.append(h)
    logits = torch.stack(states) @ p["V"].T + p["c"]
    return torch.nn.functional.cross_entropy(logits, torch.full((T,), label), reduction="sum")


def torch_update(p, lr, clip):
    """SGD with the same clipping, in place."""
    with torch.no_grad():
        norm = torch.sqrt(sum(value.grad.pow(2).sum() for value in p.values()))
        factor = lr * min(1.0, clip / float(norm))
        for value in p.values():
            value -= factor * value.grad
            value.grad = None


def torch_loop(kind, p, texts, labels, lr, clip):
    for x, label in zip(texts, labels):
        torch_loss(kind, p, x, label).backward()
        torch_update(p, lr, clip)
    return p


def fused_loop(kind, modules, texts, labels, lr, clip):
    """nn.RNN or nn.LSTM over a whole review: autograd, but the loop over time runs in C++."""
    recurrent, head = modules
    p = dict(recurrent.named_parameters()) | {
        f"head.{name}": value for name, value in head.named_parameters()
    }
    for x, label in zip(texts, labels):
        states, _ = recurrent(x[None])
        if kind == "relu_rnn":
            loss = torch.nn.functional.binary_cross_entropy_with_logits(
                head(states[0, -1])[0], torch.tensor(float(label), dtype=x.dtype)
            )
        else:
            loss = torch.nn.functional.cross_entropy(
                head(states[0]), torch.full((len(x),), label), reduction="sum"
            )
        loss.backward()
        torch_update(p, lr, clip)
    return p


def fused_modules(kind, D, H, dtype):
    recurrent = (
        torch.nn.LSTM(D, H, batch_first=True)
        if kind == "lstm"
        else torch.nn.RNN(
            D, H, batch_first=True, nonlinearity="relu" if kind == "relu_rnn" else "tanh"
        )
    )
    return recurrent.to(dtype), torch.nn.Linear(H, 1 if kind == "relu_rnn" else 2).to(dtype)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument("--texts", type=int, default=60, help="reviews a round")
    parser.add_argument("--rounds", type=int, default=9, help="rounds; the median counts")
    parser.add_argument("--dim", type=int, default=64, help="width of a character's vector")
    parser.add_argument(
        "--hidden",
        type=int,
        default=32,
        help="width of the state (relu_rnn: --dim), as in train.py",
    )
    parser.add_argument(
        "--dtype",
        choices=("float64", "float32"),
        default="float64",
        help="torch's numbers; ours: float64",
    )
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    torch.set_num_threads(1)
    rng, dtype = np.random.default_rng(args.seed), getattr(torch, args.dtype)
    lengths = (
        rng.geometric(1 / 25, args.texts) + 3
    )  # about as long as the reviews: 25 characters on average
    texts = [rng.normal(0, 1, (length, args.dim)) for length in lengths]
    labels = [int(label) for label in rng.integers(0, 2, args.texts)]
    tensors, steps, lr, clip = (
        [torch.tensor(x, dtype=dtype) for x in texts],
        int(lengths.sum()),
        0.01,
        1.0,
    )
    print(
        f"{args.texts} texts, {steps} steps a round, {args.rounds} rounds, width {args.dim}, state {args.hidden} "
        f"(relu_rnn: {args.dim}), "
        f"torch {torch.__version__} in {args.dtype}, NumPy {np.__version__} in float64, one thread"
    )
    print(
        f"{'model':<10}{'path':<10}{'by hand':>12}{'autograd loop':>15}{'fused':>12}   steps/s"
        f"{'by hand / loop':>18}{'by hand / fused':>18}"
    )
    if model.fast is None:
        sys.exit("benchmarks/bptt.py: hw_bptt/fast.py is missing, so there is no fast path to time")
    for kind, path in RUNS:
        hidden = args.dim if kind == "relu_rnn" else args.hidden
        start = model.new_params(kind, args.dim, hidden, np.random.default_rng(args.seed))
        loops = {
            "hand": lambda kind=kind, start=start, path=path: numpy_loop(
                kind, start, texts, labels, lr, clip, path
            ),
            "loop": lambda kind=kind, start=start: torch_loop(
                kind, leaves(start, dtype), tensors, labels, lr, clip
            ),
            "fused": lambda kind=kind, hidden=hidden: fused_loop(
                kind, fused_modules(kind, args.dim, hidden, dtype), tensors, labels, lr, clip
            ),
        }
        results, times = (
            {name: loop() for name, loop in loops.items()},
            {name: [] for name in loops},
        )  # warm up
        if args.dtype == "float64":  # the two loops must be the same computation
            for name, value in results["hand"].items():
                np.testing.assert_allclose(
                    value, results["loop"][name].detach().numpy(), rtol=1e-7, atol=1e-9
                )
        for _ in range(args.rounds):
            for name, loop in loops.items():
                begin = time.process_time()
                loop()
                times[name].append(time.process_time() - begin)
        rate = {name: steps / statistics.median(times[name]) for name in loops}
        print(
            f"{kind:<10}{path:<10}{rate['hand']:>12,.0f}{rate['loop']:>15,.0f}{rate['fused']:>12,.0f}{'':10}"
            f"{rate['hand'] / rate['loop']:>17.1f}x{rate['hand'] / rate['fused']:>17.1f}x",
            flush=True,
        )


def leaves(params, dtype):
    return {
        name: torch.tensor(value, dtype=dtype, requires_grad=True) for name, value in params.items()
    }


if __name__ == "__main__":
    main()
