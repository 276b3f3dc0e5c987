"""Digits for the numerals of the open task, in the form that is handed in.

python hw_attention/predict.py --items items.csv --ckpt_path workdirs/numerals --out predictions.csv
"""

from pathlib import Path

import torch
from cli import Parser, command, find_folder, run
from predictions import read_items, write_predictions
from train import answers, encode_texts, load_model

BATCH = 256


def get_parser():
    parser = Parser(description="Read the numerals of the open task.")
    add = parser.add_argument
    add("--items", type=Path, default=Path("items.csv"), help="the items that were handed out")
    add(
        "--ckpt_path",
        type=Path,
        default=Path("workdirs/numerals"),
        help="folder of a run of train.py",
    )
    add("--out", type=Path, default=Path("predictions.csv"), help="file to write and hand in")
    return parser


@torch.no_grad()
def main(argv=None):
    args = get_parser().parse_args(argv)
    items = read_items(args.items, ["numeral"])
    fill = command("train.py", "--ckpt_path", args.ckpt_path)
    model, _ = load_model(find_folder(args.ckpt_path, ["ckpt.pt"], fill))
    digits = []
    for start in range(0, len(items), BATCH):
        texts = [item["numeral"] for item in items[start : start + BATCH]]
        digits += answers(model, *encode_texts(texts))
    values = [(answer.lstrip("0") or "0") if answer.isdigit() else "0" for answer in digits]
    write_predictions(
        args.out, ["value"], [(item["id"], value) for item, value in zip(items, values)]
    )
    print(f"{len(items)} numerals; wrote {args.out}")


if __name__ == "__main__":
    run(main)
