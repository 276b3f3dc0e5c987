"""The phone shop of exercise w1: lambda from the text, Viterbi's tables, the best path, a picture of the trellis.

python hmm/phone_store.py                      # the shop of the sheet
python hmm/phone_store.py --seed 7             # another shop, with its own text and numbers
"""

from pathlib import Path

import numpy as np
from cli import Parser, run, seed_number, translate
from model import evaluate, log, viterbi, viterbi_tables

STATES = ("畅销", "滞销")  # S_1: the market sells well, S_2: badly
SYMBOLS = ("H", "M", "L")  # what the shop stocks: high, middle or low models
SHOP = {
    "first": {"畅销": 0.5, "滞销": 0.5},
    "next": {"畅销": {"畅销": 0.6, "滞销": 0.4}, "滞销": {"畅销": 0.5, "滞销": 0.5}},
    "stock": {"畅销": {"H": 0.4, "M": 0.4, "L": 0.2}, "滞销": {"H": 0.2, "M": 0.3, "L": 0.5}},
    "months": ["H", "M", "L"],
}


def draw_shop(seed):
    """Another shop, a dict like SHOP: tenths that differ from state to state, drawn from `seed`."""
    rng = np.random.default_rng(seed)
    first = int(rng.integers(3, 8))
    stay, leave = rng.choice(np.arange(3, 8), 2, replace=False)
    stock = [[4, 4, 2], [2, 3, 5], [5, 3, 2], [3, 5, 2], [1, 3, 6], [6, 2, 2]]
    rows = [rng.permutation(stock[k]) for k in rng.choice(len(stock), 2, replace=False)]
    share = [{"畅销": k / 10, "滞销": (10 - k) / 10} for k in map(int, (first, stay, leave))]
    return {
        "first": share[0],
        "next": dict(zip(STATES, share[1:])),
        "stock": {
            state: {symbol: int(k) / 10 for symbol, k in zip(SYMBOLS, row)}
            for state, row in zip(STATES, rows)
        },
        "months": [str(symbol) for symbol in rng.permutation(SYMBOLS)],
    }


def shop_model(shop):
    """lambda = (pi (2,), A (2, 2), B (2, 3)) of a shop, float arrays: states in the order 畅销 滞销, symbols in the order H M L.

    shop: dict like SHOP: "first" (first month), "next" (from a state to the next month's) and "stock" (what a state
    stocks). Source: exercise w1 (1).
    """
    # BEGIN SOLUTION hmm-16 (2 points): the row of A is the state of this month; look numbers up by name, not by position
    pi = np.array([shop["first"][state] for state in STATES])
    A = np.array([[shop["next"][now][then] for then in STATES] for now in STATES])
    B = np.array([[shop["stock"][state][symbol] for symbol in SYMBOLS] for state in STATES])
    return pi, A, B
    # END SOLUTION hmm-16


def describe(shop):
    """The shop in words, a line for each table, in the user's language."""

    def shown(row, names):
        return [f"{row[name]:g}" for name in names]

    lines = [
        translate(
            "In {} it stocks H, M, L with {}, {}, {}.", state, *shown(shop["stock"][state], SYMBOLS)
        )
        for state in STATES
    ]
    lines += [
        translate(
            "After {} comes 畅销 or 滞销 with {}, {}.", now, *shown(shop["next"][now], STATES)
        )
        for now in STATES
    ]
    lines.append(translate("The first month: {}, {}.", *shown(shop["first"], STATES)))
    lines.append(translate("Observed: {}, {}, {}.", *shop["months"]))
    return "\n".join(lines)


def draw_trellis(pi, A, B, obs, delta, path, out):
    """Picture: one column per month, one row per state, each node with its delta, the best path in colour."""
    from plots import chinese_font, plt, readable, save

    chinese_font()
    T, N = delta.shape
    fig, ax = plt.subplots(figsize=(2.9 * T + 1.2, 1.9 * N + 1.6))
    for t in range(1, T):
        for i in range(N):
            for j in range(N):
                best = path[t - 1] == i and path[t] == j
                chosen = int(np.argmax(delta[t - 1] + log(A)[:, j])) == i
                ax.annotate(
                    "",
                    (t - 0.2, -j),
                    (t - 1 + 0.2, -i),
                    zorder=3 if best else 1,
                    arrowprops=dict(
                        arrowstyle="-|>",
                        color="tab:red" if best else "0.55",
                        lw=2.4 if best else 1.0,
                        ls="-" if chosen else ":",
                        shrinkA=0,
                        shrinkB=0,
                    ),
                )
                along, up = (
                    0.3,
                    0.07 * (i == j),
                )  # on the arrow, near its tail; above a horizontal one
                ax.text(
                    t - 0.8 + 0.6 * along,
                    -i - (j - i) * along + up,
                    f"{A[i, j]:g}",
                    ha="center",
                    zorder=4,
                    va="bottom" if i == j else "center",
                    fontsize=9,
                    color="tab:red" if best else "0.3",
                    bbox=None
                    if i == j
                    else {"facecolor": "white", "edgecolor": "none", "pad": 1.5},
                )
    for t in range(T):
        for i in range(N):
            on = path[t] == i
            ax.scatter(
                t,
                -i,
                s=3400,
                color="#ffe3e0" if on else "white",
                edgecolors="tab:red" if on else "0.4",
                linewidths=2 if on else 1,
                zorder=5,
            )
            ax.text(
                t,
                -i,
                f"$\\delta_{{{t + 1}}}({i + 1})$\n{np.exp(delta[t, i]):.5g}",
                ha="center",
                va="center",
                fontsize=10,
                zorder=6,
            )
        ax.text(t, 0.62, readable(f"month {t + 1}: {SYMBOLS[obs[t]]}"), ha="center", fontsize=11)
    for i in range(N):
        ax.text(
            -0.42,
            -i,
            readable(f"S{i + 1} {STATES[i]}\nπ = {pi[i]:g}"),
            ha="right",
            va="center",
            fontsize=11,
        )
    ax.set_xlim(-1.05, T - 0.6)
    ax.set_ylim(-N + 0.35, 0.9)
    ax.axis("off")
    ax.set_title(
        readable(
            f"best path {' '.join(STATES[i] for i in path)}, probability {np.exp(delta[-1].max()):.4g}\n"
            "solid: the best step into a state (φ); dotted: the others; red: the best path"
        ),
        fontsize=11,
    )
    save(fig, out)


def table(name, values, obs):
    """Lines of a table with one row per month."""
    head = f"{'month':>5} {'obs':>4}  " + "".join(
        f"{name}({i + 1})".rjust(12) for i in range(values.shape[1])
    )
    shown = [[f"{x:.6g}" if values.dtype.kind == "f" else str(x) for x in row] for row in values]
    return [head] + [
        f"{t + 1:>5} {SYMBOLS[obs[t]]:>4}  " + "".join(x.rjust(12) for x in row)
        for t, row in enumerate(shown)
    ]


def get_parser():
    parser = Parser(description="The phone shop: Viterbi's tables, path and trellis.")
    parser.add_argument(
        "--seed",
        type=seed_number,
        help="draw another shop from this seed (default: the sheet's shop)",
    )
    parser.add_argument(
        "--out_dir", type=Path, default=Path("workdirs/hmm"), help="folder for trellis.png"
    )
    return parser


def main(argv=None):
    args = get_parser().parse_args(argv)
    shop = SHOP if args.seed is None else draw_shop(args.seed)
    pi, A, B = shop_model(shop)
    obs = np.array([SYMBOLS.index(symbol) for symbol in shop["months"]])
    print(describe(shop))
    print("\nlambda:")
    print("pi =", "  ".join(f"{state} {p:g}" for state, p in zip(STATES, pi)))
    for name, rows, columns in (("A", A, STATES), ("B", B, SYMBOLS)):
        print(f"{name}   " + translate("(from / to)" if name == "A" else "(state / symbol)"))
        for state, row in zip(STATES, rows):
            print(f"  {state}  " + "  ".join(f"{column} {p:g}" for column, p in zip(columns, row)))
    delta, phi = viterbi_tables(log(pi), log(A), log(B), obs)
    path, log_prob = viterbi(pi, A, B, obs)
    names = np.array([["-"] * len(pi)] + [[f"S{i + 1}" for i in row] for row in phi[1:]])
    print("\n" + translate("delta: probability of the best path into each state"))
    print("\n".join(table("delta", np.exp(delta), obs)))
    print("\n" + translate("phi: the state before, on that path"))
    print("\n".join(table("phi", names, obs)))
    states = " ".join(STATES[i] for i in path)
    best, total = f"{np.exp(log_prob):.6g}", f"{evaluate(pi, A, B, obs):.6g}"
    print("\n" + translate("path: {}   probability {}   P(O) {}", states, best, total))
    draw_trellis(pi, A, B, obs, delta, path, args.out_dir / "trellis.png")
    print(translate("picture: {}", args.out_dir / "trellis.png"))


if __name__ == "__main__":
    run(main)
