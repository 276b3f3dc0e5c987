"""Digits for the numerals of the open task, in the form that is handed in.

python hw_attention/predict.py --items items.csv --ckpt_path workdirs/numerals --out predictions.csv
"""

import torch
from cli import command, find_folder, run
from predictions import get_predict_parser, read_items, write_predictions
from train import answers, encode_texts, load_model

BATCH = 256


def get_parser():
    return get_predict_parser(
        description="Read the numerals of the open task.", ckpt_path="workdirs/numerals"
    )


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
