"""Labels for the reviews of the open task, in the form that is handed in.

python waimai_cls/predict.py --items items.csv --ckpt_path workdirs/mean --out predictions.csv
"""

from pathlib import Path

from cli import Parser, command, find_folder, run
from data_processor import clean
from predictions import read_items, write_predictions
from sample import judge
from train import load_checkpoint, restore

BATCH = 256


def get_parser():
    parser = Parser(description="Label the reviews of the open task.")
    add = parser.add_argument
    add("--items", type=Path, default=Path("items.csv"), help="the items that were handed out")
    add(
        "--ckpt_path",
        type=Path,
        default=Path("workdirs/waimai"),
        help="folder of a run of train.py",
    )
    add("--out", type=Path, default=Path("predictions.csv"), help="file to write and hand in")
    return parser


def main(argv=None):
    args = get_parser().parse_args(argv)
    items = read_items(args.items, ["review"])
    fill = command("train.py", "--ckpt_path", args.ckpt_path)
    folder = find_folder(args.ckpt_path, ["ckpt.pt"], fill)
    model, encoder = restore(load_checkpoint(folder / "ckpt.pt"))
    texts = [encoder.numbers(encoder.cut(clean(item["review"]))) for item in items]
    odds = []
    for start in range(0, len(texts), BATCH):
        odds += judge(model, texts[start : start + BATCH]).tolist()
    labels = [int(value > 0) for value in odds]
    write_predictions(
        args.out, ["label"], [(item["id"], label) for item, label in zip(items, labels)]
    )
    print(f"{len(items)} reviews, {sum(labels)} of them good; wrote {args.out}")


if __name__ == "__main__":
    run(main)
