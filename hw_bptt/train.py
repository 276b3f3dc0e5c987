"""Train a ReLU-RNN, an RNN or an LSTM to tell good reviews from bad ones: SGD, one review at a time, gradients by hand.

    python train.py --model rnn

Reads bptt.npz (prepare.py makes it) and writes ckpt.npz, log.jsonl and accuracy.png under --ckpt_path. For rnn and lstm a
review's label stands at every step and the last step's prediction counts. No autograd: all gradients are model.py's.
"""

import json
import time
import zipfile
from pathlib import Path

import model
import numpy as np
from cli import Parser, UserError, find_folder, positive_int, run, safe_write
from prepare import PREPARED
from tqdm import tqdm

KINDS = ("relu_rnn", "rnn", "lstm")
LR = {"relu_rnn": 0.01, "rnn": 0.003, "lstm": 0.01}
CLIP = {"relu_rnn": 5.0, "rnn": 20.0, "lstm": 20.0}  # rnn and lstm add up the losses of all steps
CKPT = "ckpt.npz"


def get_parser():
    parser = Parser(
        prog="train.py", description="Train on reviews, batch size 1, with hand-written gradients."
    )
    parser.add_argument("--data_root", default="data/waimai_10k", help=f"folder with {PREPARED}")
    parser.add_argument(
        "--ckpt_path", default=None, help="folder of the run; None: workdirs/hw_bptt/MODEL"
    )
    parser.add_argument("--model", choices=KINDS, default="rnn", help="which network")
    parser.add_argument(
        "--hidden",
        type=positive_int,
        default=32,
        help="width of the state (relu_rnn: as wide as its input)",
    )
    parser.add_argument(
        "--lr", type=float, default=None, help=f"learning rate at the start, falls to 0; None: {LR}"
    )
    parser.add_argument(
        "--clip", type=float, default=None, help=f"largest norm of a gradient; None: {CLIP}"
    )
    parser.add_argument(
        "--epochs", type=positive_int, default=6, help="times through the train part"
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="of the first parameters and of the order of reviews"
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="go on with the run under --ckpt_path, with its own settings",
    )
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    return parser


def load_part(file, name):
    """([ids of one review], [label]) of "train" or "val"."""
    return np.split(file[f"{name}_ids"], file[f"{name}_ends"][:-1]), [
        int(label) for label in file[f"{name}_labels"]
    ]


def accuracy(kind, params, vectors, texts, labels):
    """Fraction of texts whose last step says the right label."""
    right = [
        (model.probability_good(kind, params, vectors[ids]) > 0.5) == label
        for ids, label in zip(texts, labels)
    ]
    return float(np.mean(right))


def save_run(path, settings, log, params, best, chars, vectors):
    """ckpt.npz: settings and log as JSON, the last and the best parameters, characters and their vectors. No pickle."""
    arrays = {f"param/{name}": value for name, value in params.items()} | {
        f"best/{name}": v for name, v in best.items()
    }
    with safe_write(path / CKPT, "wb") as file:
        np.savez(
            file,
            about=np.array(json.dumps({"settings": settings, "log": log})),
            chars=chars,
            vectors=vectors,
            **arrays,
        )
    with safe_write(path / "log.jsonl") as file:
        file.writelines(json.dumps(row) + "\n" for row in log)


def load_run(path):
    """settings, log, last parameters, best parameters, characters, vectors of ckpt.npz. Raises UserError if it is none."""
    try:
        with np.load(path / CKPT, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        about = json.loads(str(arrays["about"]))
        params, best = (
            {
                name.partition("/")[2]: value
                for name, value in arrays.items()
                if name.startswith(prefix)
            }
            for prefix in ("param/", "best/")
        )
        return about["settings"], about["log"], params, best, arrays["chars"], arrays["vectors"]
    except (ValueError, KeyError, EOFError, OSError, zipfile.BadZipFile) as error:
        raise UserError(
            f"{path / CKPT} is not a checkpoint of train.py ({error}); train again"
        ) from None


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
    if not all(value is None or value > 0 for value in (args.lr, args.clip)):
        parser.error("--lr and --clip must be above 0")
    folder = find_folder(
        args.data_root, [PREPARED], f"python prepare.py --data_root {args.data_root}"
    )
    with np.load(folder / PREPARED, allow_pickle=False) as file:
        vectors, chars = file["vectors"], file["chars"]
        (texts, labels), (val_texts, val_labels) = load_part(file, "train"), load_part(file, "val")
    path = Path(args.ckpt_path or f"workdirs/hw_bptt/{args.model}")
    settings = {
        "model": args.model,
        "hidden": vectors.shape[1] if args.model == "relu_rnn" else args.hidden,
        "lr": args.lr or LR[args.model],
        "clip": args.clip or CLIP[args.model],
        "epochs": args.epochs,
        "seed": args.seed,
    }
    log = []
    if args.resume:
        path = find_folder(path, [CKPT], f"python train.py --model {args.model} --ckpt_path {path}")
        settings, log, params, best, old_chars, _ = load_run(path)
        if not np.array_equal(chars, old_chars):
            raise UserError(
                f"the run in {path} read other characters than {folder / PREPARED}; give its own --data_root"
            )
    elif (path / CKPT).exists():
        raise UserError(
            f"{path} holds a run already: go on with it by --resume, or give another --ckpt_path"
        )
    else:
        rng = np.random.default_rng(settings["seed"])
        params = best = model.new_params(
            settings["model"], vectors.shape[1], settings["hidden"], rng
        )
    kind, majority = settings["model"], max(np.mean(val_labels), 1 - np.mean(val_labels))
    print(
        " ".join(f"{name} {value}" for name, value in settings.items())
        + f"; {len(texts)} reviews to train on"
    )

    for epoch in range(len(log) + 1, settings["epochs"] + 1):
        order = np.random.default_rng([settings["seed"], epoch]).permutation(
            len(texts)
        )  # the same one after --resume
        loss_sum, right, steps, begin = 0.0, 0, 0, time.perf_counter()
        bar = tqdm(
            order,
            desc=f"epoch {epoch}",
            unit="review",
            disable=args.quiet,
            leave=False,
            mininterval=0.5,
        )
        for done, number in enumerate(bar):
            x, label = vectors[texts[number]], labels[number]
            loss, grads, probability = model.loss_and_grads(kind, params, x, label)
            progress = (epoch - 1 + done / len(order)) / settings["epochs"]
            params = model.sgd_step(
                params, grads, settings["lr"] * (1 - progress), settings["clip"]
            )
            loss_sum, right, steps = (
                loss_sum + loss,
                right + ((probability > 0.5) == label),
                steps + len(x),
            )
            if done % 200 == 199:
                bar.set_postfix(
                    loss=f"{loss_sum / (done + 1):.3f}",
                    steps_per_s=f"{steps / (time.perf_counter() - begin):,.0f}",
                    refresh=False,
                )
        seconds = time.perf_counter() - begin
        found = accuracy(kind, params, vectors, val_texts, val_labels)
        if found > max((row["val_accuracy"] for row in log), default=0):
            best = params
        log.append(
            {
                "epoch": epoch,
                "train_loss": loss_sum / len(order),
                "train_accuracy": right / len(order),
                "val_accuracy": found,
                "seconds": round(seconds, 1),
                "steps_per_s": round(steps / seconds),
            }
        )
        save_run(path, settings, log, params, best, chars, vectors)
        print(
            f"epoch {epoch:>2}  train loss {log[-1]['train_loss']:.3f} nats  train accuracy {log[-1]['train_accuracy']:.3f}"
            f"  validation accuracy {found:.3f}  {seconds:.1f} s  {steps / seconds:,.0f} steps/s",
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
