"""Train a reader of Chinese numerals: seq2seq with one of five scores, or a Transformer encoder, tied or not.

python hw_attention/train.py --data_root data/numerals --ckpt_path workdirs/numerals --score scaled_dot
python hw_attention/train.py --ckpt_path workdirs/tied --model encoder --tied_qk
"""

import time
from pathlib import Path

import devices
import numpy as np
import torch
import training
from cli import Parser, UserError, command, find_folder, number, positive_int, run, translate
from model import EOS, PAD, SCORES, SPECIAL, EncoderReader, Seq2Seq, decoder_inputs, sequence_loss
from numerals import SIGNS, to_number
from tqdm import tqdm

FORMAT = 1  # of ckpt.pt
ANSWER = 9  # tokens of an answer: 8 digits and EOS
FILES = ("ckpt.pt", "log.jsonl", "accuracy.png", "alignment.png")  # of a run


def get_parser():
    parser = Parser(description="Train a reader of Chinese numerals.")
    add = parser.add_argument
    add(
        "--data_root",
        type=Path,
        default=Path("data/numerals"),
        help="folder with train.txt, val.txt, test.txt",
    )
    add(
        "--model",
        choices=("seq2seq", "encoder"),
        help="which model (default: seq2seq, encoder with --tied_qk)",
    )
    add(
        "--score",
        choices=SCORES,
        help="score of the seq2seq (default: scaled_dot; the encoder always has that one)",
    )
    add("--tied_qk", action="store_true", help="one projection for queries and keys (encoder)")
    add("--hidden", type=positive_int, default=128, help="width of the model")
    add("--n_layer", type=positive_int, default=2, help="blocks (encoder)")
    add("--n_head", type=positive_int, default=4, help="heads of a block (encoder)")
    add(
        "--positions",
        choices=("sine", "learned"),
        default="sine",
        help="position vectors (encoder)",
    )
    add("--batchsize", type=positive_int, default=128, help="numerals in a batch")
    add("--iters", type=positive_int, default=2000, help="optimizer steps")
    add("--lr", type=number(0), default=0.003, help="peak learning rate of AdamW")
    add(
        "--warmup",
        type=number(0, kind=int),
        default=200,
        help="steps in which the learning rate rises",
    )
    add(
        "--eval_interval",
        type=positive_int,
        default=500,
        help="steps between two points of the curve, each saved",
    )
    training.add_run_flags(parser, "workdirs/numerals", "weights and order of the numerals")
    devices.add_device_flags(parser)
    return parser


# ------------------------------------------------------------------------------------------------------------ numerals


def encode_texts(texts):
    """Numerals -> tokens (N, S) long padded with PAD, lengths (N,) long."""
    number_of = {sign: number for number, sign in enumerate(SIGNS, SPECIAL)}
    return pad([[number_of[sign] for sign in text] for text in texts])


def pad(rows):
    """Lists of numbers -> (N, longest) long padded with PAD, lengths (N,) long."""
    lengths = torch.tensor([len(row) for row in rows])
    table = torch.full((len(rows), int(lengths.max())), PAD)
    for row, numbers in zip(table, rows):
        row[: len(numbers)] = torch.tensor(numbers)
    return table, lengths


def encode_digits(answers):
    """Strings of digits -> targets (N, ANSWER) long: digits, EOS, PAD."""
    rows = [[SPECIAL + int(digit) for digit in answer] + [EOS] for answer in answers]
    return pad(rows + [[PAD] * ANSWER])[0][:-1]


def decode_digits(tokens):
    """Answers (N, T) -> strings: the digits before the first EOS; other tokens show as ?."""
    texts = []
    for row in tokens.tolist():
        row = row[: row.index(EOS)] if EOS in row else row
        texts.append("".join(str(n - SPECIAL) if n >= SPECIAL else "?" for n in row))
    return texts


class Numerals:
    """One file of numerals: texts and answers (lists of str), tokens (N, S), lengths (N,), targets (N, ANSWER)."""

    def __init__(self, path):
        self.texts, self.answers = [], []
        try:
            lines = path.read_text(encoding="utf-8-sig").splitlines()
        except UnicodeDecodeError as error:
            raise UserError(
                f"{path} is not UTF-8 (byte {error.start}); run: {command('prepare.py')}"
            ) from None
        for line_number, line in enumerate(lines, 1):
            text, tab, answer = line.partition("\t")
            try:
                if not tab or answer != str(to_number(text)):
                    raise ValueError(f"{line!r} is not numeral<TAB>its digits")
            except ValueError as error:
                raise UserError(
                    f"{path}, line {line_number}: {error}; run: {command('prepare.py')}"
                ) from None
            self.texts.append(text)
            self.answers.append(answer)
        if not self.texts:
            raise UserError(f"{path} is empty; run: {command('prepare.py')}")
        self.tokens, self.lengths = encode_texts(self.texts)
        self.targets = encode_digits(self.answers)

    def __len__(self):
        return len(self.texts)

    def batch(self, rows):
        """tokens, lengths, targets of the rows, without columns that are padding for all of them."""
        tokens, lengths, targets = self.tokens[rows], self.lengths[rows], self.targets[rows]
        return tokens[:, : lengths.max()], lengths, targets[:, : (targets != PAD).sum(1).max()]


def load_data(data_root):
    """{"train": Numerals, "val": ..., "test": ...} of what prepare.py made."""
    names = ("train.txt", "val.txt", "test.txt")
    folder = find_folder(data_root, names, command("prepare.py", "--data_root", data_root))
    return {name[:-4]: Numerals(folder / name) for name in names}


# -------------------------------------------------------------------------------------------------- model and training


def build_model(settings):
    """The model that the settings (dict: model, score, tied_qk, hidden, ...) describe, with fresh weights."""
    sizes = SPECIAL + len(SIGNS), SPECIAL + 10, settings["hidden"]
    try:
        if settings["model"] == "seq2seq":
            return Seq2Seq(*sizes, score=settings["score"])
        return EncoderReader(
            *sizes,
            settings["n_head"],
            settings["n_layer"],
            ANSWER,
            positions=settings["positions"],
            tied_qk=settings["tied_qk"],
        )
    except ValueError as error:
        raise UserError(str(error)) from None


def loss_of(model, tokens, lengths, targets):
    """Mean cross entropy of a batch (nats per token), a scalar tensor."""
    if isinstance(model, Seq2Seq):
        logits, _ = model(tokens, lengths, decoder_inputs(targets))
    else:
        logits = model(tokens, lengths)[0][:, : targets.size(1)]
    return sequence_loss(logits, targets)


@torch.no_grad()
def answers(model, tokens, lengths):
    """Strings of digits that the model gives, greedily."""
    if isinstance(model, Seq2Seq):
        return decode_digits(model.greedy(tokens, lengths, ANSWER)[0])
    return decode_digits(model(tokens, lengths)[0].argmax(-1))


def exact(model, data, limit=None):
    """Share of numerals whose digits are all right, of the first `limit` ones (None: all); list of the wrong (text,
    answer, right answer)."""
    device, wrong, count = next(model.parameters()).device, [], min(limit or len(data), len(data))
    for rows in torch.arange(count).split(500):
        tokens, lengths, _ = data.batch(rows)
        for row, answer in zip(rows.tolist(), answers(model, tokens.to(device), lengths)):
            if answer != data.answers[row]:
                wrong.append((data.texts[row], answer, data.answers[row]))
    return 1 - len(wrong) / count, wrong


def rows_of_step(count, batchsize, step, seed):
    """Rows of the batch of a step: all numerals in random order before any comes again. No state: --resume needs none."""
    rows = np.arange(step * batchsize, (step + 1) * batchsize)
    orders = {
        n: np.random.default_rng([seed, n]).permutation(count) for n in np.unique(rows // count)
    }
    return torch.from_numpy(np.array([orders[n // count][n % count] for n in rows]))


def fit(settings, data, state=None, save=lambda state: None, device="cpu", quiet=False):
    """Train; returns the model and the state (dict: settings, iteration, log, weights, optimizer).

    settings: dict of train.py's flags. state: what an earlier call passed to `save` (None: a new run).
    save(state) is called at every point of the curve.
    """
    torch.manual_seed(settings["seed"])
    model = build_model(settings).to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=settings["lr"], weight_decay=0.01)
    iters, train = settings["iters"], data["train"]
    if state:
        training.load_weights(model, state["weights"])
        optimizer.load_state_dict(state["optimizer"])
    state = state or {
        "format": FORMAT,
        "homework": "hw_attention",
        "settings": settings,
        "machine": devices.machine(device),
        "iteration": 0,
        "loss_sum": [0.0, 0],
        "log": [],
    }
    seconds, seen = 0.0, 0
    with tqdm(
        total=iters, initial=state["iteration"], unit="it", mininterval=0.5, disable=quiet
    ) as bar:
        for step in range(state["iteration"], iters):
            start = time.perf_counter()
            tokens, lengths, targets = train.batch(
                rows_of_step(len(train), settings["batchsize"], step, settings["seed"])
            )
            optimizer.param_groups[0]["lr"] = settings["lr"] * training.lr_factor(
                step, settings["warmup"], iters
            )
            loss = loss_of(model, tokens.to(device), lengths, targets.to(device))
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            loss = loss.item()
            training.check_finite(loss, f"iteration {step + 1}")
            state["iteration"], state["loss_sum"] = (
                step + 1,
                [state["loss_sum"][0] + loss, state["loss_sum"][1] + 1],
            )
            seconds, seen = seconds + time.perf_counter() - start, seen + len(tokens)
            bar.update()
            bar.set_postfix_str(f"loss {loss:.4f}, {seen / seconds:,.0f} numerals/s", refresh=False)
            if (step + 1) % settings["eval_interval"] == 0 or step + 1 == iters:
                state["log"].append(
                    {
                        "iter": step + 1,
                        "train_loss": state["loss_sum"][0] / state["loss_sum"][1],
                        "val_exact": exact(model, data["val"])[0],
                        "numerals_per_second": round(seen / seconds),
                    }
                )
                if not quiet:
                    line = state["log"][-1]
                    tqdm.write(
                        f"iteration {line['iter']:5}   train {line['train_loss']:.4f} nats per token   validation "
                        f"{line['val_exact']:.2%} exact   {line['numerals_per_second']:,} numerals/s"
                    )
                state["loss_sum"], seconds, seen = [0.0, 0], 0.0, 0
                state.update(weights=model.state_dict(), optimizer=optimizer.state_dict())
                save(state)
    return model, state


# ------------------------------------------------------------------------------------------------------ the checkpoint


def load_checkpoint(folder):
    """The dict of folder/ckpt.pt: format, homework, settings, iteration, log, weights, optimizer."""
    path = Path(folder) / "ckpt.pt"
    fill = command("train.py", "--ckpt_path", folder)
    return training.load_checkpoint(path, "hw_attention", FORMAT, fill)


def load_model(folder):
    """Model (eval mode) and settings of a checkpoint."""
    checkpoint = load_checkpoint(folder)
    try:
        model = build_model(checkpoint["settings"])
    except KeyError as error:
        raise UserError(f"the checkpoint in {folder} does not fit train.py: no {error}") from None
    training.load_weights(model, checkpoint["weights"])
    return model.eval(), checkpoint["settings"]


def draw_curve(log, path):
    """Training loss and validation accuracy against iterations."""
    from plots import plt, save  # slow to import

    fig, axes = plt.subplots(1, 2, figsize=(10, 3.6))
    iters = [line["iter"] for line in log]
    axes[0].semilogy(iters, [line["train_loss"] for line in log], marker=".")
    axes[0].set(
        xlabel="iteration", ylabel="loss (nats per token)", title=f"train: {path.parent.name}"
    )
    axes[1].plot(iters, [100 * line["val_exact"] for line in log], "--", marker=".")
    axes[1].set(
        xlabel="iteration", ylabel="numerals read right (%)", title="validation", ylim=(-2, 102)
    )
    fig.tight_layout()
    save(fig, path)


def settle(args):
    """Fill in what depends on other flags; the settings as a dict."""
    if args.model is None:
        args.model = "encoder" if args.tied_qk and args.score is None else "seq2seq"
    if args.model == "seq2seq" and args.tied_qk:
        raise UserError(
            "--tied_qk is about the encoder's projections, the seq2seq has none: add --model encoder"
        )
    if args.model == "encoder" and args.score not in (None, "scaled_dot"):
        raise UserError(
            f"--score {args.score} is about the seq2seq, the encoder has scaled_dot: leave out --model encoder"
        )
    args.score = args.score or "scaled_dot"
    return training.settings_of(args)


def main(argv=None):
    parser = get_parser()
    args = parser.parse_args(argv)
    folder = args.ckpt_path.expanduser()
    checkpoint = load_checkpoint(folder) if args.resume else None
    if checkpoint:
        training.restore_settings(args, parser.given, checkpoint["settings"])
    settings = checkpoint["settings"] if checkpoint else settle(args)
    device = devices.choose_device(args.device, args.threads)
    data = load_data(args.data_root)
    build_model(settings)  # refuses sizes that do not fit before anything is written
    if not args.resume:
        training.start_run(folder, FILES, args.overwrite)
    print(f"{devices.describe(device)}, {training.describe(settings)}")
    if checkpoint and checkpoint["iteration"] >= settings["iters"]:
        print(translate("the run is finished ({} iterations): testing it again", settings["iters"]))

    def save(state):
        training.save_checkpoint(folder, state, state["log"])

    try:
        start = time.perf_counter()
        model, state = fit(
            settings,
            data,
            checkpoint,
            save,
            device,
            args.quiet,
        )
    except KeyboardInterrupt:
        flags = ("--data_root", args.data_root, "--ckpt_path", args.ckpt_path, "--resume")
        raise KeyboardInterrupt(
            f"To continue from the last checkpoint: {command('train.py', *flags)}"
        ) from None
    share, wrong = exact(model, data["test"])
    state["log"][-1]["test_exact"] = share
    save(state)
    draw_curve(state["log"], folder / "accuracy.png")
    for text, answer, expected in wrong[:5]:
        print(f"wrong: {text} -> {answer}, should be {expected}")
    print(
        f"test: {share:.2%} of {len(data['test']):,} unseen numerals exact, {len(wrong)} wrong, "
        f"{time.perf_counter() - start:.0f} s; wrote ckpt.pt, log.jsonl and accuracy.png to {args.ckpt_path}"
    )


if __name__ == "__main__":
    run(main)
