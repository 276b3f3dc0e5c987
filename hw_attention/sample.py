"""Read Chinese numerals with a trained model: the digits, and a picture of the attention weights.

python hw_attention/sample.py "二〇二六" 三千零二十五 --ckpt_path workdirs/numerals
"""

from pathlib import Path

import torch
from cli import Parser, UserError, command, find_folder, positive_int, run
from model import BOS, Seq2Seq
from numerals import to_number
from train import ANSWER, decode_digits, encode_texts, load_model


def get_parser():
    parser = Parser(description="Read Chinese numerals, draw the alignment.")
    parser.add_argument(
        "numerals", nargs="+", help="by value (三千零二十五) or digit by digit (三〇二五)"
    )
    parser.add_argument(
        "--ckpt_path",
        type=Path,
        default=Path("workdirs/numerals"),
        help="folder of a run of train.py",
    )
    parser.add_argument(
        "--beam",
        type=positive_int,
        help="width of the beam search (seq2seq; default: greedy)",
    )
    parser.add_argument(
        "--plot", type=Path, help="picture to write (default: alignment.png in --ckpt_path)"
    )
    return parser


@torch.no_grad()
def read(model, text, beam=None):
    """Digits (str) that the model reads, and its weights (steps, signs): of the encoder, the last layer's mean head."""
    tokens, lengths = encode_texts([text])
    if not isinstance(model, Seq2Seq):
        logits, kept = model(tokens, lengths)
        digits = decode_digits(logits.argmax(-1))[0]
        return digits, kept[-1][0].mean(0)[: len(digits) + 1, model.slots :]
    if not beam:
        answer, weights = model.greedy(tokens, lengths, ANSWER)
        return decode_digits(answer)[0], weights[0]
    answer, _ = model.beam(tokens, lengths, ANSWER, beam)
    answer = torch.tensor([answer])
    _, weights = model(tokens, lengths, shifted(answer))
    return decode_digits(answer)[0], weights[0]


def shifted(answer):
    """answer (1, T) shifted right after BOS, without using the blank decoder_inputs."""
    return torch.cat([answer.new_full((1, 1), BOS), answer[:, :-1]], 1)


def draw(readings, path, title):
    """A heat map for each (text, digits, weights): signs of the numeral on x, digits of the answer on y."""
    from plots import chinese_font, plt, readable, save  # slow to import

    chinese_font()  # before any axes are created, which then use the font
    fig, axes = plt.subplots(
        1,
        len(readings),
        squeeze=False,
        layout="constrained",
        figsize=(1.5 + sum(1.2 + 0.33 * len(text) for text, _, _ in readings), 4.2),
        width_ratios=[1.2 + 0.33 * len(text) for text, _, _ in readings],
    )
    for ax, (text, digits, weights) in zip(axes.flat, readings):
        image = ax.imshow(
            weights.numpy(), vmin=0, vmax=1, cmap="viridis", aspect="auto", interpolation="nearest"
        )
        ax.set_xticks(range(len(text)), [readable(sign) for sign in text])
        ax.set_yticks(range(len(weights)), [*digits, "end"][: len(weights)])
        ax.set(xlabel="numeral", title=digits)
    axes[0, 0].set_ylabel("answer, first digit on top")
    fig.colorbar(image, ax=axes, label="weight", fraction=0.05)
    fig.suptitle(title)
    save(fig, path)


def main(argv=None):
    args = get_parser().parse_args(argv)
    try:
        numbers = [to_number(text) for text in args.numerals]
    except ValueError as error:
        raise UserError(str(error)) from None
    fill = command("train.py", "--ckpt_path", args.ckpt_path)
    folder = find_folder(args.ckpt_path, ["ckpt.pt"], fill)
    model, settings = load_model(folder)
    if args.beam and settings["model"] != "seq2seq":
        raise UserError("--beam is for a seq2seq: the encoder answers all tokens at once")
    readings = []
    for text, number in zip(args.numerals, numbers):
        digits, weights = read(model, text, args.beam)
        readings.append((text, digits, weights))
        print(
            f"{text} -> {digits}" + ("" if digits == str(number) else f"   (wrong: it is {number})")
        )
    path = args.plot or folder / "alignment.png"
    kind = settings["score"] if settings["model"] == "seq2seq" else "last layer, mean of the heads"
    draw(readings, path, f"{settings['model']}, {kind}")
    print(f"wrote {path}")


if __name__ == "__main__":
    run(main)
