"""Log-probabilities of the next character for the items of the open task, in the form that is handed in.

python gpt_songci/predict.py --items items.csv --ckpt_path workdirs/default --out predictions.csv
"""

import torch
from cli import command, find_folder, run
from predictions import get_predict_parser, read_items, write_predictions
from train import build_model, load_checkpoint

COLUMNS = [f"c{number}" for number in range(1, 9)]
UNKNOWN = -12.0  # log-probability of a character that the model has never seen


def get_parser():
    return get_predict_parser(
        description="Judge the next characters of the open task.", ckpt_path="workdirs/quansongci"
    )


@torch.no_grad()
def main(argv=None):
    args = get_parser().parse_args(argv)
    items = read_items(args.items, ["context", *COLUMNS])
    fill = command("train.py", "--ckpt_path", args.ckpt_path)
    checkpoint = load_checkpoint(find_folder(args.ckpt_path, ("ckpt.pt",), fill) / "ckpt.pt")
    model = build_model(checkpoint, torch.device("cpu")).eval()
    number_of = {character: number for number, character in enumerate(checkpoint["characters"])}
    rows = []
    for item in items:
        context = [number_of[character] for character in item["context"] if character in number_of]
        context = context[-model.config.max_seq_len :] or [0]
        scores = model(torch.tensor([context]))[0][0, -1].float().log_softmax(-1)
        numbers = [number_of.get(item[column]) for column in COLUMNS]
        values = [UNKNOWN if number is None else float(scores[number]) for number in numbers]
        rows.append((item["id"], *(f"{value:.4f}" for value in values)))
    write_predictions(args.out, COLUMNS, rows)
    print(f"{len(items)} items; wrote {args.out}")


if __name__ == "__main__":
    run(main)
