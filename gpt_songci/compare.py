"""Curves of several runs in one picture, their last figures in one table.

    python gpt_songci/compare.py workdirs/quansongci workdirs/no_pos workdirs/no_res

Reads log.jsonl of train.py and, if there is one, evaluate.json of evaluate.py.
"""

import json
import math
import os
import unicodedata
from pathlib import Path

from cli import Parser, UserError, command, find_folder, run, translate
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullFormatter, ScalarFormatter
from plots import plt, readable, save

CURVES = ("iter", "train_loss", "val_loss", "train_perplexity", "val_perplexity")
FIGURES = (("form", "form"), ("copied", "copied"), ("distinct_2", "distinct-2"))


def get_parser():
    parser = Parser(
        description="Compare runs of train.py: one picture (train solid, validation dashed), one table."
    )
    parser.add_argument(
        "runs", nargs="+", type=Path, metavar="RUN", help="folder of a run (its --ckpt_path)"
    )
    parser.add_argument(
        "--plot", type=Path, default=Path("workdirs/compare.png"), help="picture, .png or .jpg"
    )
    return parser


def read_log(folder):
    """The points of a run: a list of dicts."""
    path = folder / "log.jsonl"
    log = []
    for n, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
        try:
            point = json.loads(line)
            if not all(isinstance(point[name], int | float) for name in CURVES):
                raise TypeError("not a number")
        except (ValueError, KeyError, TypeError) as error:
            raise UserError(
                f"{path}, line {n} is not an entry of train.py's log ({type(error).__name__}: {error}); train "
                "again, or leave this run out"
            ) from None
        log.append(point)
    if not log:
        raise UserError(
            f"{path} has no point yet: train longer than --eval_interval, or leave this run out"
        )
    return log


def read_evaluation(folder, log):
    """(evaluate.json of a run as a dict, a note): an empty dict where there is none of this very checkpoint."""
    path = folder / "evaluate.json"
    rerun = "run: " + command("evaluate.py", "--ckpt_path", folder)
    if not path.is_file():
        return {}, f"no {path}; {rerun}"
    try:
        result = json.loads(path.read_text(encoding="utf-8"))
        figures = [
            result["val_loss"],
            *(result[name] for name, _ in FIGURES),
            *result["human"].values(),
        ]
        if not all(value is None or isinstance(value, int | float) for value in figures):
            raise TypeError("not a number")
        iteration = result["iteration"]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(
            f"{path} was not written by evaluate.py ({type(error).__name__}: {error}); {rerun}"
        ) from None
    final = log[-1].get("final_val_loss")
    if iteration != log[-1]["iter"] or final is not None and abs(final - result["val_loss"]) > 1e-3:
        return {}, f"{path} belongs to another checkpoint (iteration {iteration}); {rerun}"
    return result, ""


def short_names(folders):
    """A name for each run: its folder's name, or as much of the path as distinguishes the runs."""
    parts = [folder.resolve().parts for folder in folders]
    length = next(
        (
            n
            for n in range(1, max(map(len, parts)))
            if len({p[-n:] for p in parts}) == len(set(parts))
        ),
        1,
    )
    return [str(Path(*p[-length:])) for p in parts]


def draw(names, logs, path):
    """Loss and perplexity of all runs against iterations; a star marks each run's lowest validation loss."""
    fig, axes = plt.subplots(1, 2, figsize=(12, 4.8), layout="constrained")
    few = max(len(log) for log in logs) <= 30  # points, not only the line between them
    for ax, measure, label in zip(
        axes, ("loss", "perplexity"), ("loss (nats per character)", "perplexity")
    ):
        for n, log in enumerate(logs):
            style = dict(color=f"C{n}", marker="." if few else None)
            iters = [point["iter"] for point in log]
            ax.plot(iters, [p[f"train_{measure}"] for p in log], **style)
            ax.plot(iters, [p[f"val_{measure}"] for p in log], "--", **style)
            best = min(log, key=lambda point: point["val_loss"])
            ax.plot(best["iter"], best[f"val_{measure}"], "*", color=f"C{n}", markersize=13)
        ax.set(xlabel="iteration", ylabel=label)
        ax.grid(linewidth=0.3)
    axes[1].set_yscale("log")
    axes[1].yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes[1].yaxis.set_major_formatter(ScalarFormatter())
    axes[1].yaxis.set_minor_formatter(NullFormatter())
    keys = [Line2D([], [], color=f"C{n}", label=readable(name)) for n, name in enumerate(names)]
    keys += [
        Line2D([], [], color="gray", label="train"),
        Line2D([], [], color="gray", linestyle="--", label="validation"),
        Line2D([], [], color="gray", linestyle="", marker="*", markersize=12, label="best"),
    ]
    fig.legend(handles=keys, loc="outside lower center", ncols=min(len(keys), 6))
    save(fig, path)


def width(text):
    """Columns that a text takes in a terminal: a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def share(value):
    return "-" if value is None else f"{value:.1%}"


def row_of(log, result):
    """Cells of a run's row: iterations, validation loss, perplexity, figures of evaluate.json."""
    loss = log[-1].get("final_val_loss", result.get("val_loss"))
    cells = (
        [f"{loss:.4f}", f"{math.exp(loss):.1f}"]
        if loss is not None
        else [f"{log[-1]['val_loss']:.4f}*", f"{log[-1]['val_perplexity']:.1f}*"]
    )
    return [
        str(log[-1]["iter"]),
        f"{log[-1]['train_loss']:.4f}",
        *cells,
        *(share(result[name]) if result else "-" for name, _ in FIGURES),
    ]


def table(names, logs, results):
    """All rows as text; the last one is the human mark, where a run was evaluated."""
    rows = [
        [
            "run",
            "iterations",
            "train loss",
            "val. loss",
            "perplexity",
            *(title for _, title in FIGURES),
        ]
    ]
    rows += [[name, *row_of(log, result)] for name, log, result in zip(names, logs, results)]
    human = next((result["human"] for result in results if result), None)
    if human:
        rows.append(
            ["(validation poems)", "", "", "", "", *(share(human.get(name)) for name, _ in FIGURES)]
        )
    wide = [max(map(width, column)) for column in zip(*rows)]
    lines = [
        "  ".join(
            [row[0] + " " * (wide[0] - width(row[0]))]
            + [" " * (w - width(cell)) + cell for w, cell in zip(wide[1:], row[1:])]
        ).rstrip()
        for row in rows
    ]
    return "\n".join(lines)


def main(argv=None):
    args = get_parser().parse_args(argv)
    if args.plot.suffix.lower() not in (".png", ".jpg", ".jpeg"):
        raise UserError(f"--plot {args.plot}: the name must end in .png, .jpg or .jpeg")
    folders = [
        find_folder(folder, ("log.jsonl",), command("train.py", "--ckpt_path", folder))
        for folder in args.runs
    ]
    names, logs = short_names(folders), [read_log(folder) for folder in folders]
    results, notes = zip(*(read_evaluation(folder, log) for folder, log in zip(folders, logs)))
    print(table(names, logs, results))
    if any("final_val_loss" not in log[-1] and not result for log, result in zip(logs, results)):
        print(translate("* not finished: from a part of the validation text"))
    for note in filter(None, notes):
        print(f"({note})")
    os.makedirs(args.plot.parent, exist_ok=True)
    draw(names, logs, args.plot)
    print(f"wrote {args.plot}")


if __name__ == "__main__":
    run(main)
