"""Train one of the classifiers of model.py; checkpoint, log and curve go to --ckpt_path.

    python waimai_cls/train.py --model mean                              # the assignment: Adam 3e-5, frozen vectors
    python waimai_cls/train.py --model cnn --embedding finetune --lr 1e-3 --dropout 0.5

The epoch with the best validation accuracy counts; the test part is used once, at the end, with its weights.
"""

import math
import os
import time
from pathlib import Path

import devices
import numpy as np
import torch
import training
from cli import Parser, UserError, command, number, positive_int, run
from data_processor import PARTS, Batches, Encoder, load_data
from model import EMBEDDINGS, NAMES, MeanEncoder, build_model
from torch import nn
from torch.nn import functional as F
from tqdm import tqdm

FORMAT = 1  # of ckpt.pt
SAVE_SECONDS = 5  # between two checkpoints of an unfinished run
MODEL_FLAGS = (
    "model",
    "embedding",
    "hidden",
    "num_layers",
    "bidirectional",
    "pool",
    "dropout",
    "word_dropout",
)
FREE = ("epochs", "patience")  # may change with --resume
FILES = ("ckpt.pt", "log.jsonl", "accuracy.png")  # of a run


def get_parser():
    parser = Parser(description="Train a text classifier.")
    add = parser.add_argument
    add(
        "--data_root",
        type=Path,
        default=Path("data/waimai_10k"),
        help="folder with what prepare.py made",
    )
    add("--model", choices=NAMES, default="mean", help="which classifier")
    add(
        "--embedding",
        choices=EMBEDDINGS,
        default="frozen",
        help="word vectors: from prepare.py and fixed, from "
        "prepare.py and trained, or random and trained",
    )
    add("--hidden", type=positive_int, default=300, help="width of the states")
    add("--num_layers", type=positive_int, default=1, help="layers of rnn, gru, lstm, transformer")
    add("--bidirectional", action="store_true", help="rnn, gru, lstm in both directions")
    add(
        "--pool",
        choices=("last", "mean", "max"),
        help="which states make the text's vector (default: the model's)",
    )
    add(
        "--dropout",
        type=number(0, 1),
        default=0.0,
        help="share of numbers dropped from word and text vectors",
    )
    add(
        "--word_dropout",
        type=number(0, 1),
        default=0.0,
        help="share of words left out while training",
    )
    add("--lr", type=number(0), default=3e-5, help="learning rate of Adam")
    add("--epochs", type=positive_int, default=100, help="passes over the train part, at most")
    add(
        "--patience",
        type=positive_int,
        default=20,
        help="stop after so many epochs without a better one",
    )
    add("--batchsize", type=positive_int, default=32, help="texts in a batch")
    training.add_run_flags(parser, "workdirs/waimai", "weights, order of the texts and dropout")
    devices.add_device_flags(parser)
    return parser


# ------------------------------------------------------------------------------------------------- blanks of training


def make_optimizer(model, lr):
    """torch.optim.Adam with learning rate lr over the parameters of `model` that train; frozen ones are left out."""
    # BEGIN SOLUTION wai-15 (5 points): what tells a frozen parameter from the others?
    return torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=lr)
    # END SOLUTION wai-15


def train_step(model, batch, optimizer):
    """One optimizer step on one batch; the loss before it, a float: mean cross entropy in nats.

    batch: tokens, lengths, labels (B,) long. model(tokens, lengths) gives logits (B, 2). The model is put into
    training mode (dropout acts), and the step uses this batch's gradient only.
    """
    # BEGIN SOLUTION wai-16 (6 points): five lines: mode, loss, clear, backward, step; which input does the loss want?
    tokens, lengths, labels = batch
    model.train()
    loss = F.cross_entropy(model(tokens, lengths), labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()
    # END SOLUTION wai-16


def evaluate(model, batches):
    """(loss, accuracy) over all texts of `batches`: mean cross entropy in nats, share of right answers (both float).

    Every text counts the same, whatever the size of its batch. The answer is the class with the larger logit. The model
    is put into evaluation mode (no dropout) and no gradient is kept.
    """
    # BEGIN SOLUTION wai-17 (6 points): add up over texts, divide once; the last batch is smaller than the others
    model.eval()
    loss, correct, count = 0.0, 0, 0
    with torch.no_grad():
        for tokens, lengths, labels in batches:
            logits = model(tokens, lengths)
            loss += F.cross_entropy(logits, labels, reduction="sum").item()
            correct += (logits.argmax(1) == labels).sum().item()
            count += len(labels)
    return loss / count, correct / count
    # END SOLUTION wai-17


def best_epoch(log):
    """Number (from 0) of the epoch to keep: the best validation accuracy, the earliest of equal ones.

    log: list of dicts with train_accuracy, validation_accuracy and test_accuracy, fractions, one an epoch.
    """
    # BEGIN SOLUTION wai-18 (4 points): which of the three may you look at before everything is chosen?
    return max(range(len(log)), key=lambda epoch: log[epoch]["validation_accuracy"])
    # END SOLUTION wai-18


# ----------------------------------------------------------------------------------------------------------- training


class Averages(nn.Module):
    """The part of a Classifier after the average of frozen word vectors: averages (B, D) in place of tokens."""

    def __init__(self, model):
        super().__init__()
        self.hidden, self.output, self.head = model.hidden, model.output, model.head

    def forward(self, averages, lengths):
        return self.head(averages)


class AverageBatches(Batches):
    """Batches whose texts are rows of a matrix, computed once; the same texts in the same order as `batches`."""

    def __init__(self, model, batches):
        self.labels, self.lengths, self.batchsize = (
            batches.labels,
            batches.lengths,
            batches.batchsize,
        )
        self.texts = torch.zeros(
            len(batches.texts),
            model.output.in_features if not model.hidden else model.hidden.in_features,
        )
        model.eval()
        with torch.no_grad():
            for numbers in self.cut(self.lengths):
                tokens, lengths, _ = batches.pick(numbers)
                device = model.output.weight.device
                self.texts[numbers] = model.pooled(tokens.to(device), lengths.to(device)).cpu()

    def pick(self, numbers):
        return self.texts[numbers], torch.from_numpy(self.lengths[numbers]), self.labels[numbers]


def averages_can_be_kept(model):
    """Whether a text's vector is the same in every epoch: frozen vectors, no encoder that trains, nothing dropped."""
    return (
        isinstance(model.encoder, MeanEncoder)
        and not model.table.weight.requires_grad
        and not model.dropout.p
        and not model.word_dropout
    )


def on(device, batches):
    """The batches, moved."""
    return ([part.to(device) for part in batch] for batch in batches)


def fit(
    model,
    train,
    validation,
    lr,
    epochs,
    patience,
    seed,
    state=None,
    save=None,
    quiet=True,
    label="",
):
    """Train until no epoch of the last `patience` was the best. Returns state: epoch, log, best (weights of the best
    epoch), weights, optimizer; the model holds the best weights. validation None: all `epochs`, and the last is best.

    Pass a state to continue from it. save(state) is called between epochs (at most every 5 seconds), and at the end. An
    epoch's random numbers follow from seed and epoch alone.
    """
    device = next(model.parameters()).device
    state = state or {"epoch": 0, "log": [], "best": weights_of(model)}
    net = model
    if averages_can_be_kept(model):
        net, train = Averages(model), AverageBatches(model, train)
        validation = validation and AverageBatches(model, validation)
    optimizer = make_optimizer(net, lr)
    if "weights" in state:
        model.load_state_dict(state["weights"], strict=False)
        optimizer.load_state_dict(state["optimizer"])
    words, saved = int(train.lengths.sum()), time.perf_counter()
    with tqdm(
        total=epochs, initial=state["epoch"], desc=label or "training", unit="epoch", disable=quiet
    ) as bar:
        while state["epoch"] < epochs and not (validation and stopped(state["log"], patience)):
            start, epoch = time.perf_counter(), state["epoch"]
            rng = np.random.default_rng([seed, epoch])
            torch.manual_seed(int(rng.integers(2**31)))  # dropout
            losses = [train_step(net, batch, optimizer) for batch in on(device, train.epoch(rng))]
            training.check_finite(sum(losses), f"epoch {epoch + 1}")
            line = {
                "epoch": epoch + 1,
                "train_loss": sum(losses) / len(losses),
                "words_per_second": round(words / (time.perf_counter() - start)),
            }
            if validation:
                line["validation_loss"], line["validation_accuracy"] = evaluate(
                    net, on(device, validation)
                )
            state["log"].append(line | {"seconds": round(time.perf_counter() - start, 3)})
            state["weights"], state["optimizer"], state["epoch"] = (
                weights_of(model),
                optimizer.state_dict(),
                epoch + 1,
            )
            if not validation or best_epoch(state["log"]) == epoch:
                state["best"] = state["weights"]
            bar.update()
            bar.set_postfix_str(
                f"loss {losses[-1]:.3f}, validation {line.get('validation_accuracy', math.nan):.4f}, "
                f"{line['words_per_second']:,} words/s"
            )
            if save and time.perf_counter() - saved > SAVE_SECONDS:
                save(state)
                saved = time.perf_counter()
    model.load_state_dict(state["best"], strict=False)
    if save:
        save(state)
    return state


def stopped(log, patience):
    """Whether the best epoch is `patience` epochs ago."""
    return bool(log) and len(log) - 1 - best_epoch(log) >= patience


def weights_of(model):
    """Copies of what trains, name -> tensor (a frozen table of vectors is in the data folder)."""
    trains = {name for name, p in model.named_parameters() if p.requires_grad}
    return {
        name: value.detach().cpu().clone()
        for name, value in model.state_dict().items()
        if name in trains
    }


def model_of(settings, vectors, seed=0):
    """The Classifier for the settings of MODEL_FLAGS, with weights from `seed`."""
    arguments = {name: settings[name] for name in MODEL_FLAGS if name in settings}
    torch.manual_seed(seed)
    try:
        return build_model(arguments.pop("model"), *vectors.shape, vectors=vectors, **arguments)
    except ValueError as error:
        raise UserError(str(error)) from None


# ------------------------------------------------------------------------------------------------------ the checkpoint


def load_checkpoint(path):
    """The dict in a ckpt.pt: settings, words, tokens, stop_words, vectors, state (see fit), and what train.py keeps."""
    fill = command("train.py", "--ckpt_path", Path(path).parent)
    return training.load_checkpoint(path, "waimai_cls", FORMAT, fill)


def restore(checkpoint):
    """(model with the best weights in eval mode, Encoder) of a checkpoint."""
    model = model_of(checkpoint["settings"], checkpoint["vectors"])
    training.load_weights(model, checkpoint["state"]["best"], strict=False)
    return model.eval(), Encoder(
        checkpoint["words"], checkpoint["tokens"], checkpoint["stop_words"]
    )


def draw_curve(log, path, title, majority):
    """Validation accuracy against epochs."""
    from plots import plt, save  # slow to import

    fig, ax = plt.subplots(figsize=(7, 4))
    ax.plot(
        [line["epoch"] for line in log],
        [line["validation_accuracy"] for line in log],
        "--",
        label="validation",
    )
    best = log[best_epoch(log)]
    ax.plot(best["epoch"], best["validation_accuracy"], "o", label=f"best: epoch {best['epoch']}")
    ax.axhline(majority, color="gray", lw=0.8, label="always the majority")
    ax.set(xlabel="epoch", ylabel="accuracy (fraction of texts)", title=title)
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.legend()
    save(fig, path)


def restore_run(args, given, checkpoint, meta):
    """--resume: check that the text is that of the run, and restore its settings."""
    if checkpoint["words"] != meta["words"] or checkpoint["data"] != [meta["sha256"], meta["seed"]]:
        difference = "vocabulary" if checkpoint["words"] != meta["words"] else "text or split"
        raise UserError(
            f"{args.ckpt_path / 'ckpt.pt'} was trained with another {difference} than {args.data_root} has; give "
            "its own --data_root, or start another run in another --ckpt_path"
        )
    training.restore_settings(args, given, checkpoint["settings"], FREE)


def main(argv=None):
    parser = get_parser()
    args = parser.parse_args(argv)
    args.ckpt_path = args.ckpt_path.expanduser()
    device = devices.choose_device(args.device, args.threads)
    parts = {part: load_data(args.data_root, part, args.batchsize) for part in PARTS}
    meta, vectors, file = parts["train"].meta, parts["train"].vectors, args.ckpt_path / "ckpt.pt"
    if args.resume:
        checkpoint = load_checkpoint(file)
        restore_run(args, parser.given, checkpoint, meta)
        for batches in parts.values():
            batches.batchsize = args.batchsize
    else:
        checkpoint = {
            "format": FORMAT,
            "homework": "waimai_cls",
            "words": meta["words"],
            "tokens": meta["tokens"],
            "stop_words": meta["stop_words"],
            "data": [meta["sha256"], meta["seed"]],
            "vectors": vectors,
            "settings": training.settings_of(args, FREE),
            "machine": devices.machine(device),
            "state": None,
        }
    model = model_of(checkpoint["settings"], vectors, args.seed).to(device)
    if not args.resume:
        training.start_run(args.ckpt_path, FILES, args.overwrite)
    trains = sum(p.numel() for p in model.parameters() if p.requires_grad)
    print(
        f"{trains:,} numbers train, {devices.describe(device)}, "
        + training.describe(checkpoint["settings"])
    )

    def save(state):
        training.save_checkpoint(args.ckpt_path, checkpoint | {"state": state}, state["log"])

    state = fit(
        model,
        parts["train"],
        parts["validation"],
        args.lr,
        args.epochs,
        args.patience,
        args.seed,
        checkpoint["state"],
        save,
        args.quiet,
    )
    best = state["log"][best_epoch(state["log"])]
    loss, accuracy = evaluate(model, on(device, parts["test"]))
    labels = parts["validation"].labels.double().mean().item()
    for line in state["log"]:
        line.pop("test_accuracy", None)
    best["test_accuracy"] = accuracy
    save(state)
    draw_curve(
        state["log"],
        args.ckpt_path / "accuracy.png",
        f"{args.model}, {args.embedding} vectors, Adam {args.lr:g}",
        max(labels, 1 - labels),
    )
    print(
        f"best epoch {best['epoch']} of {len(state['log'])}: validation {best['validation_accuracy']:.4f}, test "
        f"{accuracy:.4f} (loss {loss:.4f} nats); {np.median([line['words_per_second'] for line in state['log']]):,.0f} "
        f"words/s; wrote {args.ckpt_path}{os.sep}ckpt.pt, log.jsonl, accuracy.png"
    )


if __name__ == "__main__":
    run(main)
