"""Train a ReLU-RNN, an RNN or an LSTM to tell good reviews from bad ones: SGD, one review at a time, gradients by hand.

    python train.py --model rnn

Reads bptt.npz (prepare.py makes it) and writes ckpt.npz, log.jsonl and accuracy.png under --ckpt_path. For rnn and lstm a
review's label stands at every step and the last step's prediction counts. No autograd: all gradients are model.py's.
"""

import time
from pathlib import Path

import model
import numpy as np
import training
from cli import Parser, UserError, command, find_folder, positive, positive_int, run
from prepare import PREPARED
from tqdm import tqdm

KINDS = ("relu_rnn", "rnn", "lstm")
LR = {"relu_rnn": 0.01, "rnn": 0.003, "lstm": 0.01}
CLIP = {"relu_rnn": 5.0, "rnn": 20.0, "lstm": 20.0}  # rnn and lstm add up the losses of all steps
CKPT = "ckpt.npz"
FILES = (CKPT, "log.jsonl", "accuracy.png")  # of a run


def get_parser():
    parser = Parser(description="Train on reviews, batch size 1, with hand-written gradients.")
    parser.add_argument("--data_root", default="data/waimai_10k", help=f"folder with {PREPARED}")
    parser.add_argument("--model", choices=KINDS, default="rnn", help="which network")
    parser.add_argument(
        "--hidden",
        type=positive_int,
        default=32,
        help="width of the state (relu_rnn: as wide as its input)",
    )
    parser.add_argument(
        "--lr", type=positive, help=f"learning rate at the start, falls to 0 (default: {LR})"
    )
    parser.add_argument(
        "--clip", type=positive, help=f"largest norm of a gradient (default: {CLIP})"
    )
    parser.add_argument(
        "--epochs", type=positive_int, default=6, help="times through the train part"
    )
    parser.add_argument(
        "--no_fast", action="store_true", help="lstm: without fast.py, the loops of model.py"
    )
    training.add_run_flags(parser, "workdirs/hw_bptt/MODEL", "parameters and order of the reviews")
    return parser


def load_part(file, name):
    """([ids of one review], [label]) of "train" or "val"."""
    return np.split(file[f"{name}_ids"], file[f"{name}_ends"][:-1]), [
        int(label) for label in file[f"{name}_labels"]
    ]


def accuracy(kind, params, vectors, texts, labels):
    """Fraction of texts that are classified correctly at the last step."""
    correct = [
        (model.probability_good(kind, params, vectors[ids]) > 0.5) == label
        for ids, label in zip(texts, labels)
    ]
    return float(np.mean(correct))


def save_run(path, settings, log, params, best, chars, vectors):
    """ckpt.npz: settings and log as JSON, the last and the best parameters, characters and their vectors. No pickle."""
    arrays = {f"param/{name}": value for name, value in params.items()}
    arrays |= {f"best/{name}": value for name, value in best.items()}
    arrays |= {"chars": chars, "vectors": vectors}
    with training.writing(path):
        training.save_arrays(path / CKPT, {"settings": settings, "log": log}, arrays)
        training.write_log(path, log)


def load_run(path):
    """settings, log, last parameters, best parameters, characters, vectors of ckpt.npz. Raises UserError if it is damaged."""
    header, arrays = training.load_arrays(path / CKPT)
    params, best = (
        {name.partition("/")[2]: value for name, value in arrays.items() if name.startswith(prefix)}
        for prefix in ("param/", "best/")
    )
    return header["settings"], header["log"], params, best, arrays["chars"], arrays["vectors"]


def draw(log, settings, majority, path):
    from plots import plt, save  # here: sample.py reads this file and draws nothing

    fig, ax = plt.subplots(figsize=(6, 4))
    epochs = [row["epoch"] for row in log]
    ax.plot(
        epochs,
        [row["train_accuracy"] for row in log],
        "-o",
        markersize=4,
        label="train, while training",
    )
    ax.plot(epochs, [row["val_accuracy"] for row in log], "--o", markersize=4, label="validation")
    ax.axhline(majority, color="gray", linewidth=1, label="always the majority")
    ax.set(
        xlabel="epoch",
        ylabel="accuracy (fraction)",
        title=f"{settings['model']}, learning rate {settings['lr']:g}",
    )
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.legend()
    save(fig, path)


def main(argv=None):
    parser = get_parser()
    args = parser.parse_args(argv)
    args.ckpt_path = Path(str(args.ckpt_path).replace("MODEL", args.model)).expanduser()
    folder = find_folder(
        args.data_root, [PREPARED], command("prepare.py", "--data_root", args.data_root)
    )
    with np.load(folder / PREPARED, allow_pickle=False) as file:
        vectors, chars = file["vectors"], file["chars"]
        (texts, labels), (val_texts, val_labels) = load_part(file, "train"), load_part(file, "val")
    log, path = [], args.ckpt_path
    if args.resume:
        path = find_folder(
            path, [CKPT], command("train.py", "--model", args.model, "--ckpt_path", path)
        )
        settings, log, params, best, old_chars, _ = load_run(path)
        if not np.array_equal(chars, old_chars):
            raise UserError(
                f"the run in {path} read other characters than {folder / PREPARED} has; give its own --data_root"
            )
        training.restore_settings(args, parser.given, settings)
    else:
        training.start_run(path, FILES, args.overwrite)
        args.hidden = vectors.shape[1] if args.model == "relu_rnn" else args.hidden
        args.lr, args.clip = args.lr or LR[args.model], args.clip or CLIP[args.model]
        settings = training.settings_of(args, free=("no_fast",))
        rng = np.random.default_rng(args.seed)
        params = best = model.new_params(args.model, vectors.shape[1], args.hidden, rng)
    kind, majority = settings["model"], max(np.mean(val_labels), 1 - np.mean(val_labels))
    print(f"{training.describe(settings)}; {len(texts)} reviews to train on")

    for epoch in range(len(log) + 1, settings["epochs"] + 1):
        order = np.random.default_rng([settings["seed"], epoch]).permutation(
            len(texts)
        )  # the same one after --resume
        loss_sum, correct, steps, begin = 0.0, 0, 0, time.perf_counter()
        bar = tqdm(
            order,
            desc=f"epoch {epoch}",
            unit="review",
            disable=args.quiet,
            leave=False,
            mininterval=0.5,
        )
        for index, number in enumerate(bar):
            x, label = vectors[texts[number]], labels[number]
            loss, grads, probability = model.loss_and_grads(
                kind, params, x, label, "readable" if args.no_fast else "fast"
            )
            progress = (epoch - 1 + index / len(order)) / settings["epochs"]
            params = model.sgd_step(
                params, grads, settings["lr"] * (1 - progress), settings["clip"]
            )
            training.check_finite(loss, f"review {number}, epoch {epoch}")
            loss_sum, correct, steps = (
                loss_sum + loss,
                correct + ((probability > 0.5) == label),
                steps + len(x),
            )
            if index % 200 == 199:
                bar.set_postfix(
                    loss=f"{loss_sum / (index + 1):.3f}",
                    steps_per_s=f"{steps / (time.perf_counter() - begin):,.0f}",
                    refresh=False,
                )
        seconds = time.perf_counter() - begin
        val_accuracy = accuracy(kind, params, vectors, val_texts, val_labels)
        if val_accuracy > max((row["val_accuracy"] for row in log), default=0):
            best = params
        log.append(
            {
                "epoch": epoch,
                "train_loss": loss_sum / len(order),
                "train_accuracy": correct / len(order),
                "val_accuracy": val_accuracy,
                "seconds": round(seconds, 1),
                "steps_per_s": round(steps / seconds),
            }
        )
        save_run(path, settings, log, params, best, chars, vectors)
        print(
            f"epoch {epoch:>2}  train loss {log[-1]['train_loss']:.3f} nats  train accuracy {log[-1]['train_accuracy']:.3f}"
            f"  validation accuracy {val_accuracy:.3f}  {seconds:.1f} s  {steps / seconds:,.0f} steps/s",
            flush=True,
        )
    draw(log, settings, majority, path / "accuracy.png")
    top = max(log, key=lambda row: row["val_accuracy"])
    print(
        f"best validation accuracy {top['val_accuracy']:.3f} (epoch {top['epoch']}), last {log[-1]['val_accuracy']:.3f}, "
        f"always the majority {majority:.3f} -> {path / CKPT}, {path / 'accuracy.png'}"
    )


if __name__ == "__main__":
    run(main)
