"""Train the GPT of model.py on what prepare.py made; curves, checkpoint and log go to --ckpt_path.

python gpt_songci/train.py --data_root data/quansongci --ckpt_path workdirs/quansongci
torchrun --nproc_per_node=2 gpt_songci/train.py ...                 # data-parallel, one process a device
On Windows torchrun needs the environment variable USE_LIBUV=0: torch has no libuv there.
"""

import functools
import json
import math
import os
import time
from dataclasses import asdict, fields
from pathlib import Path

import devices
import numpy as np
import torch
import training
from cli import Parser, UserError, command, find_folder, number, positive_int, run, translate
from embedding import start_embedding, start_positions
from model import GPT, GPTConfig, loss_and_perplexity
from muon import Muon
from torch import distributed
from tqdm import tqdm

try:
    from fast import fuse_attention, keep_freed_memory
except ImportError:  # the file may be deleted: it only saves time

    def keep_freed_memory():
        """Without fast.py: nothing."""

    def fuse_attention(model):
        """Without fast.py: the model stays as it is."""
        return False


FORMAT = 1  # of ckpt.pt
FILES = ("ckpt.pt", "log.jsonl", "loss&perplexity.jpg", "evaluate.json")  # of a run
ADAM_EPS = 1e-4
VALIDATION_CHARACTERS = 16384  # read for each point of the curve; all at the end


def get_parser():
    parser = Parser(description="Train a GPT on characters.")
    add = parser.add_argument
    add(
        "--data_root",
        type=Path,
        default=Path("data/quansongci"),
        help="folder with train.bin, val.bin, meta.json",
    )
    add("--batchsize", type=positive_int, default=16, help="texts in a batch, of each process")
    add("--iters", type=positive_int, default=2000, help="optimizer steps")
    add(
        "--max_seq_len",
        type=positive_int,
        default=64,
        help="characters in a text of the batch, and the window",
    )
    add("--n_layer", type=positive_int, default=4, help="blocks")
    add("--n_head", type=positive_int, default=4, help="heads of a block")
    add("--n_embd", type=positive_int, default=256, help="model width")
    add(
        "--dropout",
        type=number(0, 1),
        help="share of numbers dropped (default: 0 if the text is read at most twice, else 0.2)",
    )
    add("--no_pos", action="store_true", help="leave out the positions")
    add("--no_res", action="store_true", help="leave out the residual connections")
    add(
        "--optimizer",
        choices=("muon", "adamw"),
        default="muon",
        help="what updates the matrices of the blocks",
    )
    add(
        "--lr",
        type=number(0),
        help="peak learning rate of the blocks' matrices (default: 0.0035 for muon, "
        "0.001 for adamw)",
    )
    add(
        "--adam_lr",
        type=number(0),
        default=1e-2,
        help="peak learning rate of embeddings, norms and biases (AdamW)",
    )
    add(
        "--warmup",
        type=number(0, kind=int),
        default=50,
        help="steps in which the learning rate rises",
    )
    add("--weight_decay", type=number(0), default=0.0, help="weight decay of the blocks' matrices")
    add(
        "--eval_interval",
        type=positive_int,
        default=100,
        help="steps between two points of the curve, each saved",
    )
    training.add_run_flags(parser, "workdirs/quansongci", "weights, order of the texts and dropout")
    devices.add_device_flags(parser)
    add(
        "--dtype",
        choices=("auto", "float32", "bfloat16"),
        default="auto",
        help="type of products in training; auto: bfloat16 where the processor or card computes with it",
    )
    add(
        "--attention",
        choices=("auto", "steps", "fused"),
        default="auto",
        help="attention in training: the steps of model.py, or one fused kernel that gives the same and keeps no "
        "weights; auto: fused on a CUDA card",
    )
    return parser


# ---------------------------------------------------------------------------------------------------- text and batches


def load_data(data_root):
    """What prepare.py made: meta (dict), train and val (memory maps of character numbers)."""
    folder = find_folder(
        data_root,
        ("meta.json", "train.bin", "val.bin"),
        command("prepare.py", "--data_root", data_root),
    )
    rerun = "run again: " + command("prepare.py", "--data_root", data_root)
    try:
        meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
        if meta["format"] != 1:
            raise UserError(
                f"{folder / 'meta.json'} has format {meta['format']}, this script reads 1; {rerun}"
            )
        parts = []
        for name in ("train", "val"):
            size = meta[f"{name}_characters"] * np.dtype(meta["dtype"]).itemsize
            if (folder / f"{name}.bin").stat().st_size != size:
                raise UserError(
                    f"{folder / name}.bin should have {size:,} bytes according to meta.json; {rerun}"
                )
            parts.append(np.memmap(folder / f"{name}.bin", dtype=meta["dtype"], mode="r"))
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{folder / 'meta.json'} cannot be used ({type(error).__name__}: {error}); {rerun}"
        ) from None
    return meta, *parts


def pick(text, starts, length):
    """The windows text[s : s + length] for s in starts -> (len(starts), length) long."""
    return torch.from_numpy(text[np.asarray(starts)[:, None] + np.arange(length)].astype(np.int64))


class Batches:
    """Training windows: the text is cut at a random offset into windows that follow each other, and all are read in
    random order before any comes again. A batch depends on seed and step alone: --resume needs no state."""

    def __init__(self, text, length, seed):
        self.text, self.length, self.seed = text, length, seed
        self.spare = (
            (len(text) - 1) % length if len(text) <= 2 * length else length - 1
        )  # room for the offset
        self.windows = (len(text) - 1 - self.spare) // length

    @functools.lru_cache(maxsize=2)  # noqa: B019  (one object lives as long as the run)
    def epoch(self, number):
        """Starts of all windows in the order of one pass over the text."""
        rng = np.random.default_rng([self.seed, number])
        return rng.integers(self.spare + 1) + self.length * rng.permutation(self.windows)

    def __call__(self, first, count):
        """Windows number first .. first + count - 1 of the endless stream: inputs, targets (count, length) long."""
        starts = [
            self.epoch(n // self.windows)[n % self.windows] for n in range(first, first + count)
        ]
        window = pick(self.text, starts, self.length + 1)
        return window[:, :-1], window[:, 1:]


@torch.no_grad()
def validation_loss(model, text, limit=None, quiet=True):
    """Mean loss (nats per character) in eval mode and float32 over windows of max_seq_len that follow each other,
    each predicted character once. limit: at most about so many characters, from windows spread over the text."""
    length, device = model.config.max_seq_len, next(model.parameters()).device
    starts = np.arange(0, len(text) - length, length)  # the last one may leave a shorter rest
    rest = len(starts) * length
    if limit and len(starts) * length > limit:
        starts, rest = (
            starts[np.linspace(0, len(starts) - 1, max(1, limit // length)).astype(int)],
            len(text) - 1,
        )
    groups = [
        (chunk, length)
        for chunk in np.array_split(starts, math.ceil(len(starts) * length / 4096) or 1)
    ]
    if rest < len(text) - 1:
        groups.append(([rest], len(text) - 1 - rest))
    was_training, total, count = model.training, 0.0, 0
    model.eval()
    for chunk, width in tqdm(groups, desc="validation", leave=False, disable=quiet):
        if len(chunk):
            window = pick(text, chunk, width + 1).to(device)
            loss, _ = loss_and_perplexity(model(window[:, :-1])[0], window[:, 1:])
            total, count = (
                total + loss.item() * window[:, 1:].numel(),
                count + window[:, 1:].numel(),
            )
    model.train(was_training)
    return total / count


# ------------------------------------------------------------------------------------------------------ the checkpoint


def load_checkpoint(path):
    """The dict in a ckpt.pt: format, config (dict), characters (str), weights, and what train.py keeps there."""
    fill = command("train.py", "--ckpt_path", Path(path).parent)
    return training.load_checkpoint(path, "gpt_songci", FORMAT, fill)


def build_model(checkpoint, device="cpu"):
    """The model of a checkpoint with its weights, in eval mode."""
    try:
        model = GPT(GPTConfig(**checkpoint["config"]))
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"the checkpoint does not fit model.py: {str(error)[:200]}") from None
    training.load_weights(model, checkpoint["weights"])
    return model.to(device).eval()


def draw_curves(log, path):
    """Loss and perplexity of train and validation against iterations."""
    from plots import plt, save  # slow to import, and only the first process draws

    fig, axes = plt.subplots(1, 2, figsize=(11, 4))
    iters = [line["iter"] for line in log]
    for ax, measure, unit in zip(axes, ("loss", "perplexity"), ("nats per character", "")):
        ax.plot(iters, [line[f"train_{measure}"] for line in log], label="train")
        ax.plot(iters, [line[f"val_{measure}"] for line in log], "--", label="validation")
        ax.set(
            xlabel="iteration",
            ylabel=f"{measure} ({unit})" if unit else measure,
            title=f"{measure}: {path.parent.name}",
        )
        ax.legend()
    axes[1].set_yscale("log")
    save(fig, path)


# ------------------------------------------------------------------------------------------------------------ training


def make_optimizers(model, args):
    """Muon for the matrices of the blocks, AdamW for the rest: embeddings are read a row at a time, norms and biases are
    vectors.

    AdamW's eps is large: a rare character's row has tiny gradients (it is never the answer) for hundreds of steps, and with
    the usual 1e-8 each of them would move it as far as a frequent character's.
    """
    matrices = [p for p in model.blocks.parameters() if p.ndim == 2]
    others = [p for p in model.parameters() if all(p is not m for m in matrices)]
    adamw = functools.partial(torch.optim.AdamW, betas=(0.9, 0.99), fused=True)
    first = (
        Muon(matrices, lr=args.lr, weight_decay=args.weight_decay)
        if args.optimizer == "muon"
        else adamw(matrices, lr=args.lr, weight_decay=args.weight_decay)
    )
    return [first, adamw(others, lr=args.adam_lr, weight_decay=0.0, eps=ADAM_EPS)]


def start_processes(args):
    """(rank, number of processes, device) of this process; under torchrun it also joins the others."""
    rank, world = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
    device = devices.choose_device(args.device, args.threads)
    if world > 1:
        if device.type == "cuda":
            device = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
            torch.cuda.set_device(device)
        distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
    return rank, world, device


def settle(args, meta, train, world, device):
    """Fill in the settings that depend on the text and the machine."""
    if len(train) <= args.max_seq_len:
        raise UserError(
            f"--max_seq_len {args.max_seq_len} is past the text: train.bin has {len(train)} characters, "
            f"so at most {len(train) - 1}"
        )
    if args.dropout is None:  # text that is read once cannot be learned by heart
        passes = args.iters * args.batchsize * world * args.max_seq_len / len(train)
        args.dropout = 0.0 if passes <= 2 else 0.2
    if args.lr is None:
        args.lr = {"muon": 0.0035, "adamw": 0.001}[args.optimizer]
    args.dtype = devices.choose_dtype(args.dtype, device)
    if args.attention == "auto":
        args.attention = "fused" if device.type == "cuda" else "steps"
    try:
        return GPTConfig(
            len(meta["characters"]),
            **{
                field.name: getattr(args, field.name)
                for field in fields(GPTConfig)
                if field.name != "vocab_size"
            },
        )
    except ValueError as error:
        raise UserError(str(error)) from None


def restore_run(args, given, checkpoint, meta, world):
    """--resume: check that text and processes are those of the run, and restore its settings."""
    if checkpoint["characters"] != meta["characters"] or checkpoint["sha256"] != meta["sha256"]:
        difference = "vocabulary" if checkpoint["characters"] != meta["characters"] else "text"
        raise UserError(
            f"{args.ckpt_path / 'ckpt.pt'} was trained on another {difference} than {args.data_root}; "
            "give its own --data_root, or start another run in another --ckpt_path"
        )
    if checkpoint["world"] != world:
        raise UserError(f"this run began with {checkpoint['world']} processes, not {world}")
    training.restore_settings(args, given, checkpoint["settings"])


def train_step(net, optimizers, x, y, dtype):
    """One step of gradient descent on inputs x and targets y (B, L) long; the loss as a tensor."""
    with torch.autocast(x.device.type, torch.bfloat16, enabled=dtype == "bfloat16"):
        loss, _ = loss_and_perplexity(net(x)[0], y)
    for optimizer in optimizers:
        optimizer.zero_grad()
    loss.backward()
    for optimizer in optimizers:
        optimizer.step()
    return loss.detach()


def train(args, given, rank, world, device):
    """The whole run of one process; only rank 0 writes and prints."""
    meta, text, val_text = load_data(args.data_root)
    checkpoint = load_checkpoint(args.ckpt_path / "ckpt.pt") if args.resume else None
    if checkpoint:
        restore_run(args, given, checkpoint, meta, world)
    config = settle(args, meta, text, world, device)
    torch.manual_seed(args.seed)
    model = GPT(config).to(device)
    optimizers = make_optimizers(model, args)
    if not checkpoint:
        start_embedding(model.token_embedding.weight, text)
        start_positions(model.position_embedding.weight)
    else:
        training.load_weights(model, checkpoint["weights"])
        for optimizer, state in zip(
            optimizers, checkpoint["optimizers"]
        ):  # none left in a finished run
            optimizer.load_state_dict(state)
    if args.attention == "fused" and not fuse_attention(model) and rank == 0:
        print(
            translate(
                "note: attention is not fused: model.py gives other results, or fast.py is missing"
            )
        )
    state = checkpoint or {
        "format": FORMAT,
        "config": asdict(config),
        "characters": meta["characters"],
        "sha256": meta["sha256"],
        "homework": "gpt_songci",
        "settings": training.settings_of(args),
        "machine": devices.machine(device),
        "world": world,
        "iteration": 0,
        "loss_sum": [0.0, 0],
        "log": [],
    }
    state.setdefault("cpu_seconds", 0.0)
    if rank == 0:
        if not args.resume:
            training.start_run(args.ckpt_path, FILES, args.overwrite)
        print(
            f"{sum(p.numel() for p in model.parameters()):,} parameters, "
            f"{devices.describe(device)}, {training.describe(state['settings'])}"
        )

    def save():
        state.update(
            weights=model.state_dict(),
            optimizers=[optimizer.state_dict() for optimizer in optimizers],
        )
        if rank == 0:
            training.save_checkpoint(args.ckpt_path, state, state["log"])

    if not checkpoint:
        save()
    loop(
        args,
        state,
        model,
        optimizers,
        Batches(text, args.max_seq_len, args.seed),
        val_text,
        save,
        rank,
        world,
    )
    if rank == 0:
        finish(args, state, model, val_text)


def loop(args, state, model, optimizers, batches, val_text, save, rank, world):
    """Steps until args.iters, with a point of the curve and a checkpoint every eval_interval steps."""
    device = next(model.parameters()).device
    peaks = (args.lr, args.adam_lr)
    # no_pos: the table of positions exists, but gets no gradient
    net = (
        torch.nn.parallel.DistributedDataParallel(model, find_unused_parameters=args.no_pos)
        if world > 1
        else model
    )
    model.train()
    before = state["cpu_seconds"]  # of the processes that a resumed run had before this one
    seconds, steps = 0.0, 0
    with (
        training.CtrlC(patient=world > 1) as ctrl_c,
        tqdm(
            total=args.iters,
            initial=state["iteration"],
            unit="it",
            mininterval=0.5,
            disable=args.quiet or rank > 0,
        ) as bar,
    ):
        for step in range(state["iteration"], args.iters):
            start = time.perf_counter()
            torch.manual_seed(
                int(np.random.SeedSequence([args.seed, step, rank]).generate_state(1)[0])
            )  # dropout
            x, y = batches((step * world + rank) * args.batchsize, args.batchsize)
            for optimizer, peak in zip(optimizers, peaks):
                optimizer.param_groups[0]["lr"] = peak * training.lr_factor(
                    step, args.warmup, args.iters
                )
            loss = train_step(net, optimizers, x.to(device), y.to(device), args.dtype)
            totals = torch.tensor([loss.item() / world, float(ctrl_c.asked)], dtype=torch.float64)
            if world > 1:
                totals = totals.to(device)
                distributed.all_reduce(totals)
            loss, stop = totals.tolist()
            training.check_finite(loss, f"iteration {step + 1}")
            state["iteration"], state["loss_sum"] = (
                step + 1,
                [state["loss_sum"][0] + loss, state["loss_sum"][1] + 1],
            )
            seconds, steps = seconds + time.perf_counter() - start, steps + 1
            speed = steps * world * x.numel() / seconds
            bar.update()
            bar.set_postfix_str(f"loss {loss:.3f}, {speed:,.0f} characters/s", refresh=False)
            state["cpu_seconds"] = before + world * time.process_time()
            if (step + 1) % args.eval_interval == 0 or step + 1 == args.iters:
                if rank == 0:
                    line = point(state, model, val_text, optimizers[0].param_groups[0]["lr"], speed)
                    tqdm.write(
                        f"iteration {line['iter']:5}   train {line['train_loss']:.4f}   validation "
                        f"{line['val_loss']:.4f} nats per character   {speed:,.0f} characters/s"
                    )
                state["loss_sum"], seconds, steps = [0.0, 0], 0.0, 0
                save()
            if stop and step + 1 < args.iters:
                save()
                rerun = command(
                    "train.py",
                    *("--data_root", args.data_root, "--ckpt_path", args.ckpt_path, "--resume"),
                )
                raise KeyboardInterrupt(
                    f"Iteration {step + 1} of {args.iters} is saved; to continue: {rerun}"
                )


def point(state, model, val_text, lr, speed):
    """Append a point of the curve to the log and return it. Only speed and cpu_seconds (processor time of the whole run so
    far, all threads) differ from run to run on one machine."""
    train_loss = state["loss_sum"][0] / state["loss_sum"][1]
    val_loss = validation_loss(model, val_text, VALIDATION_CHARACTERS)
    state["log"].append(
        {
            "iter": state["iteration"],
            "train_loss": train_loss,
            "val_loss": val_loss,
            "train_perplexity": math.exp(train_loss),
            "val_perplexity": math.exp(val_loss),
            "lr": lr,
            "characters_per_second": round(speed),
            "cpu_seconds": round(state["cpu_seconds"], 1),
        }
    )
    return state["log"][-1]


def finish(args, state, model, val_text):
    """Validation loss over the whole text, the last checkpoint (without the optimizers' state) and the picture."""
    loss = state["log"][-1].get("final_val_loss")  # present when a finished run is resumed
    if loss is None:
        loss = state["log"][-1]["final_val_loss"] = validation_loss(
            model, val_text, quiet=args.quiet
        )
        state["optimizers"] = []
        training.save_checkpoint(args.ckpt_path, state, state["log"])
    draw_curves(state["log"], args.ckpt_path / "loss&perplexity.jpg")
    print(
        f"validation loss {loss:.4f} nats per character (perplexity {math.exp(loss):.1f}) over the whole validation "
        f"text; {state['cpu_seconds']:.0f} s of processor time; wrote ckpt.pt, log.jsonl and loss&perplexity.jpg to "
        f"{args.ckpt_path}"
    )


def main(argv=None):
    parser = get_parser()
    args = parser.parse_args(argv)
    args.ckpt_path = args.ckpt_path.expanduser()
    keep_freed_memory()
    rank, world, device = start_processes(args)
    try:
        train(args, parser.given, rank, world, device)
    finally:
        if world > 1:
            distributed.destroy_process_group()


if __name__ == "__main__":
    run(main)
