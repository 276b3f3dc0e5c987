"""Angles between two random vectors in n dimensions: histograms and densities in one picture.

python hw_attention/angles.py --out_dir workdirs/angles
"""

import math
from pathlib import Path

import numpy as np
from cli import Parser, positive_int, run, seed_number
from model import angle_density, sample_angles

DIMENSIONS = (1, 2, 5, 10, 100, 1000)


def get_parser():
    parser = Parser(description="Sample angles between random vectors and draw angles.png.")
    parser.add_argument(
        "--n", type=positive_int, nargs="+", default=DIMENSIONS, help="dimensions, one panel each"
    )
    parser.add_argument(
        "--pairs", type=positive_int, default=10_000, help="pairs of vectors for each dimension"
    )
    parser.add_argument("--seed", type=seed_number, default=0, help="seed of the vectors")
    parser.add_argument(
        "--out_dir", type=Path, default=Path("workdirs/angles"), help="folder for angles.png"
    )
    return parser


def distribution(n, points=20_001):
    """Grid of angles (points,) in [0, π] and P(angle <= θ) there: the density's integral by trapezoids."""
    theta = np.linspace(0, math.pi, points)
    p = angle_density(theta, n).numpy()
    total = np.concatenate([[0], np.cumsum((p[1:] + p[:-1]) / 2)]) * (theta[1] - theta[0])
    return theta, total


def kolmogorov_smirnov(angles, n):
    """Largest distance between the share of angles below θ and P(angle <= θ), over all θ."""
    expected = np.interp(np.sort(angles), *distribution(n))
    steps = np.arange(len(angles) + 1) / len(angles)
    return float(max(np.abs(expected - steps[:-1]).max(), np.abs(expected - steps[1:]).max()))


def draw_panel(ax, angles, n):
    """One panel: histogram per radian and density; for n = 1 the two masses."""
    if n == 1:
        shares = [np.mean(angles < math.pi / 2), np.mean(angles >= math.pi / 2)]
        ax.vlines(
            [0, math.pi], 0, shares, colors="tab:blue", linewidth=6, alpha=0.5, label="sampled"
        )
        ax.plot([0, math.pi], [0.5, 0.5], "o", color="tab:red", label="mass ½ at 0 and at π")
        ax.set(ylabel="probability", ylim=(0, 0.7))
    else:
        reach = min(math.pi / 2, 6 / math.sqrt(n))  # the deviation is about 1 / √n
        grid = np.linspace(math.pi / 2 - reach, math.pi / 2 + reach, 500)
        ax.hist(
            angles,
            bins=50,
            range=(grid[0], grid[-1]),
            density=True,
            color="tab:blue",
            alpha=0.5,
            label="sampled",
        )
        ax.plot(grid, angle_density(grid, n).numpy(), color="tab:red", label="p(θ)")
        ax.axvline(math.pi / 2, color="gray", linewidth=0.8, linestyle=":")
        ax.set(ylabel="density per radian", ylim=(0, None))
    if n < 20:
        ax.set_xticks([0, math.pi / 2, math.pi], ["0", "π/2", "π"])
    ax.set(xlabel="θ in radians", title=f"n = {n}")
    ax.legend(
        fontsize="small",
        loc="lower center" if n == 2 else "upper center" if n == 1 else "upper left",
    )


def draw(samples, path):
    """angles.png for {n: angles}."""
    from plots import plt, save  # slow to import

    columns = min(3, len(samples))
    rows = math.ceil(len(samples) / columns)
    fig, axes = plt.subplots(rows, columns, figsize=(4.2 * columns, 3.3 * rows), squeeze=False)
    for ax in axes.flat[len(samples) :]:
        ax.axis("off")
    for ax, (n, angles) in zip(axes.flat, samples.items()):
        draw_panel(ax, angles, n)
    fig.tight_layout()
    save(fig, path)


def main(argv=None):
    args = get_parser().parse_args(argv)
    samples = {}
    for n in dict.fromkeys(args.n):
        angles = samples[n] = sample_angles(n, args.pairs, args.seed).numpy()
        line = f"n = {n:5}   mean {angles.mean():.4f}   deviation {angles.std():.4f} radians"
        if n == 1:
            print(
                f"{line}   {np.mean(angles < 1e-6):.4f} at 0, {np.mean(angles > math.pi - 1e-6):.4f} at π"
            )
        else:
            print(
                f"{line}   Kolmogorov-Smirnov {kolmogorov_smirnov(angles, n):.4f} "
                f"(5 % of right samples are past {1.358 / math.sqrt(args.pairs):.4f})"
            )
    draw(samples, args.out_dir / "angles.png")
    print(f"wrote {args.out_dir / 'angles.png'}")


if __name__ == "__main__":
    run(main)
