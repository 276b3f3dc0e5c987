"""The five scores, and tied against untied, on the numerals: a table with mean and spread over seeds, a picture.

    python hw_attention/compare.py --out_dir workdirs/compare

Runs that compare.json already has are not repeated, so a stopped comparison continues.
"""

import json
import time
from pathlib import Path

import devices
import numpy as np
import train
from cli import Parser, UserError, positive_int, run, safe_write
from model import SCORES

SIZES = {
    "1 layer, 1 head": ["--n_layer", 1, "--n_head", 1],
    "2 layers, 4 heads": ["--n_layer", 2, "--n_head", 4],
}
VARIANTS = {f"seq2seq, {score}": ["--model", "seq2seq", "--score", score] for score in SCORES} | {
    f"encoder, {size}, {name}": ["--model", "encoder", *flags, *tie]
    for size, flags in SIZES.items()
    for name, tie in (("untied", []), ("tied", ["--tied_qk"]))
}


def get_parser():
    parser = Parser(description="Compare scores and projections over seeds.")
    add = parser.add_argument
    add(
        "--data_root",
        type=Path,
        default=Path("data/numerals"),
        help="folder with train.txt, val.txt, test.txt",
    )
    add(
        "--out_dir",
        type=Path,
        default=Path("workdirs/compare"),
        help="folder for compare.json and compare.png",
    )
    add("--seeds", type=positive_int, default=3, help="runs of each variant, seeds 0, 1, ...")
    add("--iters", type=positive_int, default=600, help="training steps of each seq2seq")
    add("--encoder_iters", type=positive_int, default=400, help="training steps of each encoder")
    add("--hidden", type=positive_int, default=64, help="width of all models")
    add("--batchsize", type=positive_int, default=64, help="numerals in a batch")
    add("--only", choices=("scores", "tied"), help="run only this part")
    devices.add_device_flags(parser)
    add("--quiet", action="store_true", help="no progress bar")
    return parser


def train_variant(flags, data, device, quiet):
    """{"exact", "curve", "seconds"} of one training run."""
    start = time.perf_counter()
    model, state = train.fit(
        train.settle(train.get_parser().parse_args(flags)), data, device=device, quiet=quiet
    )
    return {
        "exact": train.exact(model.eval(), data["test"])[0],
        "seconds": round(time.perf_counter() - start, 1),
        "curve": [(line["iter"], line["val_exact"]) for line in state["log"]],
    }


def draw(runs, path):
    """Validation accuracy against steps, a panel for the scores and one for the projections."""
    from plots import plt, save  # slow to import

    fig, axes = plt.subplots(1, 2, figsize=(11, 4))
    for name in dict.fromkeys(key.rpartition(", seed")[0] for key in runs):
        curves = [run["curve"] for key, run in runs.items() if key.rpartition(", seed")[0] == name]
        points = np.array(curves)  # (seeds, points, 2)
        ax = axes[1 if name.startswith("encoder") else 0]
        (line,) = ax.plot(
            points[0, :, 0], 100 * points[..., 1].mean(0), "--", marker=".", label=name
        )
        ax.fill_between(
            points[0, :, 0],
            100 * points[..., 1].min(0),
            100 * points[..., 1].max(0),
            alpha=0.2,
            color=line.get_color(),
        )
    for ax in axes:
        ax.set(xlabel="iteration", ylabel="validation numerals read right (%)", ylim=(-2, 102))
        if ax.lines:
            ax.legend(fontsize="small")
    fig.suptitle("mean of the seeds, shaded: smallest to largest")
    fig.tight_layout()
    save(fig, path)


def main(argv=None):
    args = get_parser().parse_args(argv)
    device = devices.choose_device(args.device, args.threads)
    data = train.load_data(args.data_root)
    path, settings = (
        args.out_dir / "compare.json",
        {k: getattr(args, k) for k in ("iters", "encoder_iters", "hidden", "batchsize")},
    )
    stored = (
        json.loads(path.read_text(encoding="utf-8"))
        if path.is_file()
        else {"settings": settings, "runs": {}}
    )
    if stored["settings"] != settings:
        raise UserError(f"{path} has other settings ({stored['settings']}); use another --out_dir")
    finished = stored["runs"]
    names = [
        name
        for name in VARIANTS
        if not args.only or name.startswith("encoder") == (args.only == "tied")
    ]
    for name in names:
        for seed in range(args.seeds):
            key = f"{name}, seed {seed}"
            if key in finished:
                continue
            iters = args.encoder_iters if name.startswith("encoder") else args.iters
            flags = [
                *VARIANTS[name],
                "--seed",
                seed,
                "--hidden",
                args.hidden,
                "--iters",
                iters,
                "--batchsize",
                args.batchsize,
                "--warmup",
                50,
                "--eval_interval",
                max(1, iters // 10),
            ]
            finished[key] = train_variant(flags, data, device, args.quiet)
            with safe_write(path) as file:
                json.dump(stored, file, indent=1)
            print(f"{key}: {finished[key]['exact']:.2%} exact, {finished[key]['seconds']:.0f} s")
    print(
        "\n| model | unseen numerals exact, mean | smallest | largest | seconds a run |\n|---|---|---|---|---|"
    )
    for name in names:
        runs = [finished[f"{name}, seed {seed}"] for seed in range(args.seeds)]
        shares = np.array([run["exact"] for run in runs])
        print(
            f"| {name} | {shares.mean():.2%} | {shares.min():.2%} | {shares.max():.2%} | "
            f"{np.mean([run['seconds'] for run in runs]):.0f} |"
        )
    draw(finished, args.out_dir / "compare.png")
    print(f"\nwrote compare.json and compare.png to {args.out_dir}")


if __name__ == "__main__":
    run(main)
