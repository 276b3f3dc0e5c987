"""Labels for the reviews of the open task, in the form that is handed in.

python waimai_cls/predict.py --items items.csv --ckpt_path workdirs/mean --out predictions.csv
"""

from cli import command, find_folder, run
from data_processor import clean
from predictions import get_predict_parser, read_items, write_predictions
from sample import judge
from train import load_checkpoint, restore

BATCH = 256


def get_parser():
    return get_predict_parser(
        description="Label the reviews of the open task.", ckpt_path="workdirs/waimai"
    )


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
