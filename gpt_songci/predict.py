"""Log-probabilities of the next character for the items of the open task, and free poems, in the form that is handed in.

python gpt_songci/predict.py --items items.csv --ckpt_path workdirs/default --out predictions.csv

Where an item names a tune, the model writes a poem of it, without a guide; cpu_seconds is the processor time of the
training, as train.py counted it.
"""

import torch
from cli import command, find_folder, positive_int, run
from evaluate import write_poems
from predictions import get_predict_parser, read_items, write_predictions
from sample import add_drawing_flags
from train import build_model, load_checkpoint

COLUMNS = [f"c{number}" for number in range(1, 9)]
UNKNOWN = -12.0  # log-probability of a character that the model has never seen


def get_parser():
    parser = get_predict_parser(
        description="Judge the next characters of the open task.", ckpt_path="workdirs/quansongci"
    )
    add = parser.add_argument
    add_drawing_flags(add)
    add(
        "--max_new_tokens",
        type=positive_int,
        default=400,
        help="characters of the longest poem; a longer one counts as unfinished",
    )
    return parser


def poem_of(text):
    """The lines of a poem out of what write_poems gives: without its header and what follows its end."""
    lines = text.splitlines()[1:]
    end = next((n for n, line in enumerate(lines) if not line or line.startswith("+++")), None)
    return "\n".join(lines[:end])


@torch.no_grad()
def main(argv=None):
    args = get_parser().parse_args(argv)
    items = read_items(args.items, ["context", *COLUMNS])
    fill = command("train.py", "--ckpt_path", args.ckpt_path)
    checkpoint = load_checkpoint(find_folder(args.ckpt_path, ("ckpt.pt",), fill) / "ckpt.pt")
    model = build_model(checkpoint, torch.device("cpu")).eval()
    number_of = {character: number for number, character in enumerate(checkpoint["characters"])}
    rows = {}
    for item in items:
        context = [number_of[character] for character in item["context"] if character in number_of]
        context = context[-model.config.max_seq_len :] or [0]
        scores = model(torch.tensor([context]))[0][0, -1].float().log_softmax(-1)
        numbers = [number_of.get(item[column]) for column in COLUMNS]
        values = [UNKNOWN if number is None else float(scores[number]) for number in numbers]
        rows[item["id"]] = [f"{value:.4f}" for value in values]
    tunes = {
        item["id"]: item["tune"]
        for item in items
        if item.get("tune") and set("+++" + item["tune"]) <= set(number_of)
    }
    texts = write_poems(
        model, checkpoint["characters"], list(tunes.values()), args, torch.device("cpu")
    )
    poems = {id: poem_of(text) for id, text in zip(tunes, texts)}
    seconds = checkpoint.get("cpu_seconds")
    stated = "" if seconds is None else f"{seconds:.1f}"
    write_predictions(
        args.out,
        [*COLUMNS, "poem", "cpu_seconds"],
        [(id, *values, poems.get(id, ""), stated) for id, values in rows.items()],
    )
    print(f"{len(items)} items, {len(poems)} poems; wrote {args.out}")


if __name__ == "__main__":
    run(main)
