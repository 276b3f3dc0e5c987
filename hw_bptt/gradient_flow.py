"""How far gradients reach: |dL/dh_t| against t, measured with the homework's own functions and predicted.

    python gradient_flow.py            writes gradient_flow.png and prints a table
    python gradient_flow.py --cell     the LSTM's cell built up in four stages: gradient_flow_cell.png

Only the last step has a loss, dL/dh_T = g, so a single gradient is followed back through the steps.
"""

from pathlib import Path

import model
import numpy as np
from cli import Parser, UserError, positive_int, run, seed_number, translate
from plots import plt, save

RADII = (0.9, 1.0, 1.1)  # without activation: vanish, stay, explode
ACTIVATION_RADII = (
    1.0,
    2.0,
    3.0,
)  # large enough for ReLU to explode; sigmoid vanishes all the same
ACTIVATIONS = ("sigmoid", "tanh", "relu")


def get_parser():
    parser = Parser(description="Measure how gradients vanish, persist or explode.")
    parser.add_argument("--steps", type=positive_int, default=100, help="T, steps of the sequence")
    parser.add_argument("--hidden", type=positive_int, default=32, help="width of the state")
    parser.add_argument(
        "--radii",
        type=float,
        nargs="+",
        default=RADII,
        help="spectral radii of the recurrent matrix without activation",
    )
    parser.add_argument(
        "--activation_radii",
        type=float,
        nargs="+",
        default=ACTIVATION_RADII,
        help="spectral radii of the recurrent matrix with sigmoid, tanh and ReLU",
    )
    parser.add_argument("--seed", type=seed_number, default=0, help="seed of matrices and inputs")
    parser.add_argument(
        "--cell", action="store_true", help="show the LSTM's cell, built up in four stages, instead"
    )
    parser.add_argument("--out_dir", default="workdirs/hw_bptt", help="folder of the picture")
    return parser


def norms(dh):
    """|dL/dh_t| of every row, (T,)."""
    return np.linalg.norm(dh, axis=1)


def slope_of(values):
    """Change of log |dL/dh_t| per step back, over the half of the steps that is farthest from the loss."""
    far = np.log(values[: max(2, len(values) // 2)])
    return round(-np.polyfit(np.arange(len(far)), far, 1)[0], 6) + 0.0  # no "-0.0000"


def at_last_step(g, T):
    """dL/do for rnn_dh with V = I: g at step T, zeros before."""
    do = np.zeros((T, len(g)))
    do[-1] = g
    return do


# ---- without activation: h_t = U h_{t-1}, U = QΛQ^T ----


def symmetric(radius, H, rng):
    """U (H, H) = QΛQ^T, Q and the eigenvalues Λ (H,): one is `radius`, the absolute values of the others are below 0.9 of it."""
    Q, _ = np.linalg.qr(rng.normal(size=(H, H)))
    eigenvalues = radius * np.concatenate([[1.0], rng.uniform(-0.9, 0.9, H - 1)])
    return Q @ np.diag(eigenvalues) @ Q.T, Q, eigenvalues


def linear_case(radius, T, H, rng):
    """Measured and predicted |dL/dh_t|, (T,) each: the homework's rnn_dh with slope 1, and QΛ^{T-t}Q^T g."""
    U, Q, eigenvalues = symmetric(radius, H, rng)
    g = Q @ np.ones(H) / np.sqrt(H)  # the same share of every eigenvector, length 1
    measured = norms(model.rnn_dh(at_last_step(g, T), np.eye(H), U, np.ones((T, H))))
    powers = eigenvalues[None] ** np.arange(T - 1, -1, -1)[:, None]  # (T, H)
    return measured, norms(powers * (Q.T @ g))


def activation_case(activation, radius, T, H, rng):
    """Measured |dL/dh_t| (T,) of an RNN on random input, W orthogonal times `radius`."""
    W, _ = np.linalg.qr(rng.normal(size=(H, H)))
    params = {
        "U": rng.normal(size=(H, H)) / np.sqrt(H),
        "W": radius * W,
        "b": np.zeros(H),
        "V": np.eye(H),
        "c": np.zeros(H),
    }
    _, cache = model.rnn_forward(
        params, rng.normal(size=(T, H)), np.zeros(T, dtype=int), activation
    )
    slope = model.rnn_slope(cache["a"], cache["h"][1:], activation)
    return norms(
        model.rnn_dh(at_last_step(np.ones(H) / np.sqrt(H), T), params["V"], params["W"], slope)
    )


def flow(args, rng):
    T, H, steps = args.steps, args.hidden, np.arange(1, args.steps + 1)
    fig, axes = plt.subplots(1, 2, figsize=(10, 4.9), layout="constrained")
    print(
        f"{T} steps, width {H}, seed {args.seed}. Slope: log of |dL/dh_t| / |dL/dh_t+1|, over steps 1 to {max(2, T // 2)}"
    )
    print(
        f"{'activation':<12}{'radius':>8}{'slope':>11}{'predicted':>11}{'|dL/dh_1| / |dL/dh_T|':>24}"
    )
    for number, radius in enumerate(args.radii):
        measured, predicted = linear_case(radius, T, H, rng)
        colour = f"C{number}"
        axes[0].plot(steps, predicted, color=colour, linewidth=3, alpha=0.35)
        axes[0].plot(
            steps[::4],
            measured[::4],
            ".",
            color=colour,
            label=f"radius {radius:g}: slope {slope_of(measured):+.4f}",
        )
        print(
            f"{'none':<12}{radius:>8g}{slope_of(measured):>+11.4f}{np.log(radius):>+11.4f}{measured[0] / measured[-1]:>24.3g}"
        )
    for number, activation in enumerate(ACTIVATIONS):
        for radius, style in zip(
            args.activation_radii, ("-", "--", ":", "-.") * len(args.activation_radii)
        ):
            measured = activation_case(activation, radius, T, H, rng)
            axes[1].plot(
                steps,
                np.maximum(measured, 1e-300),
                style,
                color=f"C{number + 3}",
                linewidth=1.4,
                label=f"{activation}, radius {radius:g}",
            )
            alive = measured[: max(2, T // 2)].min() > 0
            print(
                f"{activation:<12}{radius:>8g}{slope_of(measured) if alive else float('-inf'):>+11.4f}{'':>11}"
                f"{measured[0] / measured[-1]:>24.3g}"
            )
    axes[0].set_title("no activation: dots measured, lines predicted")
    axes[1].set_title("with activation, W orthogonal times radius")
    for ax in axes:
        ax.set(yscale="log", xlabel="step t (the loss is at the last step)", ylabel="|dL/dh$_t$|")
    axes[0].legend(fontsize=8)
    axes[1].legend(
        fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=3
    )  # below the curves
    axes[1].set_ylim(max(axes[1].get_ylim()[0], 1e-40), None)
    return fig


# ---- the cell built up in four stages ----


def gates_of(x, h, W, U, b):
    return 1 / (1 + np.exp(-(W @ h + U @ x + b)))


def cell_case(kind, x, p, g):
    """|dL/dh_t| (T,) of h = h' + u | h = f h' + (1 - f) u | h = f h' + i u, u = tanh(W_a h' + U_a x + b_a)."""
    T, H = len(x), len(g)
    h, steps = np.zeros(H), []
    for t in range(T):
        u = np.tanh(p["W_a"] @ h + p["U_a"] @ x[t] + p["b_a"])
        f, i = (gates_of(x[t], h, p[f"W_{gate}"], p[f"U_{gate}"], p[f"b_{gate}"]) for gate in "fi")
        if kind == "add":
            f, i = np.ones(H), np.ones(H)
        elif kind == "share":
            i = 1 - f
        steps.append((h, u, f, i))
        h = f * h + i * u
    dh = np.zeros((T, H))
    dh[-1] = g
    for t in range(T - 1, 0, -1):
        before, u, f, i = steps[t]
        du = dh[t] * i * (1 - u**2)  # through the candidate
        dh[t - 1] = dh[t] * f + p["W_a"].T @ du  # and directly
        if kind != "add":  # through the gates, which also read h'
            df = dh[t] * (before - u if kind == "share" else before) * f * (1 - f)
            dh[t - 1] += p["W_f"].T @ df
            if kind == "gates":
                dh[t - 1] += p["W_i"].T @ (dh[t] * u * i * (1 - i))
    return norms(dh)


def full_cell(x, p, g):
    """|dL/dh_t| and |dL/dC_t| (T,) of the LSTM, with the homework's own functions."""
    T, H = len(x), len(g)
    params = p | {"V": np.eye(H), "c": np.zeros(H)}
    _, cache = model.lstm_forward(params, x, np.zeros(T, dtype=int))
    dh, dC, _ = model.lstm_through_time(params, cache, at_last_step(g, T))
    return norms(dh), norms(dC)


def plain_case(x, p, g):
    """|dL/dh_t| (T,) of h = tanh(W_a h' + U_a x + b_a): the baseline of the cell."""
    H = len(g)
    params = {"U": p["U_a"], "W": p["W_a"], "b": p["b_a"], "V": np.eye(H), "c": np.zeros(H)}
    _, cache = model.rnn_forward(params, x, np.zeros(len(x), dtype=int), "tanh")
    return norms(
        model.rnn_dh(at_last_step(g, len(x)), params["V"], params["W"], 1 - cache["h"][1:] ** 2)
    )


def cell(args, rng):
    T, H, steps = args.steps, args.hidden, np.arange(1, args.steps + 1)
    p = {}
    for gate in model.GATES:
        p |= {
            f"W_{gate}": 0.5 * rng.normal(size=(H, H)) / np.sqrt(H),
            f"U_{gate}": rng.normal(size=(H, H)) / np.sqrt(H),
            f"b_{gate}": np.zeros(H),
        }
    p["b_f"] += 3  # forget gates start open: f about 0.95
    x, g = rng.normal(size=(T, H)), np.ones(H) / np.sqrt(H)
    curves = [
        ("h = tanh(...), no cell", plain_case(x, p, g), ":"),
        ("1  h = h' + u", cell_case("add", x, p, g), "-"),
        ("2  h = f h' + (1 - f) u", cell_case("share", x, p, g), "-"),
        ("3  h = f h' + i u", cell_case("gates", x, p, g), "-"),
    ]
    try:
        dh, dC = full_cell(x, p, g)
        curves += [
            ("4  the full cell, |dL/dh$_t$|", dh, "-"),
            ("4  the full cell, |dL/dC$_t$|", dC, "--"),
        ]
    except NotImplementedError as empty:
        print(translate("skipping the full cell: {}", empty))
    fig, ax = plt.subplots(figsize=(8, 5))
    print(f"{T} steps, width {H}, seed {args.seed}\n{'cell':<32}{'|dL/dh_1| / |dL/dh_T|':>24}")
    for label, values, style in curves:
        ax.plot(steps, values, style, label=label)
        print(f"{label.replace('$', ''):<32}{values[0] / values[-1]:>24.3g}")
    ax.set(
        yscale="log",
        ylim=(1e-8, None),
        xlabel="step t (the loss is at the last step)",
        ylabel="norm of the gradient",
        title=f"The cell in four stages, forget gates near {1 / (1 + np.exp(-3)):.2f}",
    )
    ax.legend()
    return fig


def main(argv=None):
    args = get_parser().parse_args(argv)
    if args.steps < 4:
        raise UserError("--steps must be at least 4 to fit a slope")
    if not all(
        np.isfinite(radius) and radius > 0 for radius in (*args.radii, *args.activation_radii)
    ):
        raise UserError("--radii and --activation_radii must be above 0")
    rng = np.random.default_rng(args.seed)
    fig = cell(args, rng) if args.cell else flow(args, rng)
    target = Path(args.out_dir) / ("gradient_flow_cell.png" if args.cell else "gradient_flow.png")
    save(fig, target)
    print(f"-> {target}")


if __name__ == "__main__":
    run(main)
