"""W^Q = W^K: what happens to the weights at initialisation, and what it costs on the numerals; tied_qk.png.

    python hw_attention/tied_qk.py --out_dir workdirs/tied_qk

Three pictures of α_ii, the weight that a token gives itself: q and k drawn directly from N(0, I_n) (measured), the
closed form of model.py, and a real MultiHeadSelfAttention with fresh weights, whose q and k are shorter.
"""

import json
from pathlib import Path

import devices
import numpy as np
import torch
from cli import Parser, number, positive_int, run, safe_write, seed_number
from model import (
    MultiHeadSelfAttention,
    attend,
    expected_diagonal_weight,
    expected_logits,
    score_scaled_dot,
)

DRAWN = (4, 16, 64, 256, 1024)  # widths of the picture, besides --n
NAMES = {False: "untied", True: "tied"}


def get_parser():
    parser = Parser(
        description="Measure attention with W^Q = W^K against the closed form, draw tied_qk.png."
    )
    add = parser.add_argument
    add(
        "--n",
        type=positive_int,
        nargs="+",
        default=[64, 256, 1024],
        help="widths of q and k in the table",
    )
    add("--L", type=positive_int, default=64, help="tokens of a text")
    add("--draws", type=positive_int, default=200, help="texts for each width")
    add(
        "--out_dir",
        type=Path,
        default=Path("workdirs/tied_qk"),
        help="folder for tied_qk.png and tied_qk.json",
    )
    add(
        "--data_root",
        type=Path,
        default=Path("data/numerals"),
        help="numerals for the task accuracy",
    )
    add(
        "--iters",
        type=number(0, kind=int),
        default=400,
        help="training steps of each encoder (1 layer, 1 head) on the numerals; 0: none",
    )
    add("--hidden", type=positive_int, default=64, help="width of these encoders")
    add("--seed", type=seed_number, default=0, help="seed of all random numbers")
    devices.add_device_flags(parser)
    add("--quiet", action="store_true", help="no progress bar")
    return parser


def drawn_scores(n, L, tied, draws, generator):
    """q_i·k_j / √n for `draws` texts of L tokens, q and k from N(0, I_n): (draws, L, L), a text at a time."""
    for _ in range(draws):
        q = torch.randn(1, L, n, generator=generator)
        yield score_scaled_dot(q, q if tied else torch.randn(1, L, n, generator=generator))[0]


def summary(scores):
    """Moments of the scores and mean of α_ii over all texts."""
    scores = torch.stack(list(scores))  # (draws, L, L)
    diagonal = scores.diagonal(dim1=1, dim2=2)
    off_diagonal = scores[:, ~torch.eye(scores.size(-1), dtype=torch.bool)]
    _, weights = attend(scores, torch.zeros(*scores.shape[:2], 1))
    return {
        "same_mean": float(diagonal.mean()),
        "same_std": float(diagonal.std()),
        "other_mean": float(off_diagonal.mean()) if off_diagonal.numel() else 0.0,
        "other_std": float(off_diagonal.std()) if off_diagonal.numel() else 0.0,
        "diagonal": float(weights.diagonal(dim1=1, dim2=2).mean()),
    }


@torch.no_grad()
def real_layer(n, L, tied, texts, seed):
    """Mean α_ii of a MultiHeadSelfAttention with one head and fresh weights on texts of N(0, I_n)."""
    torch.manual_seed(seed)
    layer = MultiHeadSelfAttention(n, 1, tied_qk=tied)
    _, weights = layer(torch.randn(texts, L, n))
    return float(weights.diagonal(dim1=2, dim2=3).mean())


def measure(args):
    """{"tied" / "untied": {n: numbers}} for all widths of table and picture."""
    generator, results = torch.Generator().manual_seed(args.seed), {}
    for tied, name in NAMES.items():
        results[name] = {}
        for n in sorted({*args.n, *DRAWN}):
            results[name][n] = summary(drawn_scores(n, args.L, tied, args.draws, generator)) | {
                "closed_form": expected_diagonal_weight(n, args.L, tied),
                "real_layer": real_layer(n, args.L, tied, min(args.draws, 20), args.seed),
            }
    return results


def train_both(args, data, device):
    """{"tied" / "untied": share of unseen numerals read right} after --iters steps."""
    from train import exact, fit, get_parser, settle

    result = {}
    for tied, name in NAMES.items():
        flags = [
            "--model",
            "encoder",
            "--hidden",
            args.hidden,
            "--n_layer",
            1,
            "--n_head",
            1,
            "--iters",
            args.iters,
            "--seed",
            args.seed,
            "--batchsize",
            64,
            "--warmup",
            50,
            "--eval_interval",
            args.iters,
        ] + ["--tied_qk"] * tied
        print(f"training the {name} encoder")
        model, _ = fit(
            settle(get_parser().parse_args(flags)), data, device=device, quiet=args.quiet
        )
        result[name] = exact(model.eval(), data["test"])[0]
    return result


def draw(results, maps, task, args, path):
    """Two maps of α, α_ii against n, and the accuracy on the numerals."""
    from plots import plt, save  # slow to import

    # two rows: side by side, the labels would be too small on a page of the sheet
    fig, grid = plt.subplots(2, 2, figsize=(9.6, 8.2), layout="constrained")
    axes = grid.flat
    n = max(args.n)
    for ax, name in zip(axes, ("untied", "tied")):
        image = ax.imshow(
            maps[name].numpy(), vmin=0, vmax=1, cmap="viridis", interpolation="nearest"
        )
        ax.set(title=f"α, {name}, n = {n}", xlabel="key j", ylabel="query i")
        fig.colorbar(image, ax=ax, shrink=0.8, label="weight")
    widths = np.unique(np.geomspace(4, max(n, 1024), 60).astype(int))
    for name, colour in (("untied", "tab:blue"), ("tied", "tab:red")):
        measured_widths = sorted(results[name])
        axes[2].plot(
            widths,
            [expected_diagonal_weight(int(w), args.L, name == "tied") for w in widths],
            color=colour,
            label=f"{name}: closed form",
        )
        axes[2].plot(
            measured_widths,
            [results[name][w]["diagonal"] for w in measured_widths],
            "o",
            color=colour,
            label=f"{name}: drawn directly",
        )
        axes[2].plot(
            measured_widths,
            [results[name][w]["real_layer"] for w in measured_widths],
            ":x",
            color=colour,
            label=f"{name}: fresh layer",
        )
    axes[2].set(
        xscale="log",
        xlabel="width n",
        ylabel=r"mean of $\alpha_{ii}$",
        ylim=(-0.03, 1.05),
        title=f"weight on the token itself, L = {args.L}",
    )
    axes[2].legend(fontsize="small", loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2)
    if task:
        axes[3].bar(
            list(task), [100 * share for share in task.values()], color=["tab:blue", "tab:red"]
        )
        for measured_widths, share in enumerate(task.values()):
            axes[3].text(measured_widths, 100 * share + 1, f"{share:.1%}", ha="center")
        axes[3].set(
            title=f"numerals, 1 layer, 1 head, {args.iters} steps",
            ylabel="unseen numerals read right (%)",
            ylim=(0, 108),
        )
    else:
        axes[3].set_axis_off()
    save(fig, path)


def main(argv=None):
    args = get_parser().parse_args(argv)
    device = devices.choose_device(args.device, args.threads)
    data = None
    if args.iters > 0:
        from train import load_data

        data = load_data(args.data_root)  # a missing file is reported before the work starts
    results = measure(args)
    for name in NAMES.values():
        for n in args.n:
            measured, formula = results[name][n], expected_logits(n, name == "tied")
            print(
                f"{name:6} n = {n:4}   own score {measured['same_mean']:6.2f} ± {measured['same_std']:.2f} (expected "
                f"{formula['same_mean']:.2f} ± {formula['same_std']:.2f})   others {measured['other_mean']:5.2f} ± "
                f"{measured['other_std']:.2f} ({formula['other_mean']:.0f} ± {formula['other_std']:.0f})   α_ii "
                f"{measured['diagonal']:.5f}, closed form {measured['closed_form']:.5f} "
                f"({measured['diagonal'] / measured['closed_form'] - 1:+.2%})   fresh layer {measured['real_layer']:.5f}"
            )
    generator = torch.Generator().manual_seed(args.seed)
    maps = {
        name: attend(
            next(drawn_scores(max(args.n), args.L, tied, 1, generator)), torch.zeros(args.L, 1)
        )[1]
        for tied, name in NAMES.items()
    }
    task = train_both(args, data, device) if data else None
    if task:
        print(
            f"numerals after {args.iters} steps: "
            + ", ".join(f"{name} {share:.2%} exact" for name, share in task.items())
        )
    with safe_write(args.out_dir / "tied_qk.json") as file:
        json.dump(
            {
                "settings": {k: str(v) for k, v in vars(args).items()},
                "alpha": results,
                "task": task,
            },
            file,
            indent=1,
        )
    draw(results, maps, task, args, args.out_dir / "tied_qk.png")
    print(f"wrote tied_qk.png and tied_qk.json to {args.out_dir}")


if __name__ == "__main__":
    run(main)
