"""Train every variant of the assignment on several splits: one table, one picture.

    python waimai_cls/compare.py --recipe tuned --data_root data/full/waimai_10k --seeds 0 1 2
    python waimai_cls/compare.py --recipe assignment ...      # Adam 3e-5, 300 wide: hours; a killed run continues

Each run is kept in --ckpt_path as soon as it is done, and unfinished ones every few seconds: the same command again
continues where it stopped. A seed gives the split, the weights and the order of the texts.
"""

import hashlib
import io
import json
import time
from pathlib import Path

import devices
import numpy as np
import torch
from cli import (
    Parser,
    UserError,
    command,
    find_folder,
    positive_int,
    run,
    safe_write,
    seed_number,
    translate,
)
from data_processor import PARTS, Batches, load_data
from prepare import CSV, DOWNLOAD, prepare, read_and_cut, read_reviews, write
from tqdm import tqdm
from train import best_epoch, evaluate, fit, model_of, on

# name: settings of the model. Default: group "words", frozen vectors.
VARIANTS = {
    "mean, frozen": dict(model="mean"),
    "mean, finetune": dict(model="mean", embedding="finetune"),
    "mean, random": dict(model="mean", embedding="random"),
    "mlp, frozen": dict(model="mlp"),
    "rnn, frozen": dict(model="rnn"),
    "rnn, finetune": dict(model="rnn", embedding="finetune"),
    "rnn, random": dict(model="rnn", embedding="random"),
    "rnn, two directions": dict(model="rnn", bidirectional=True),
    "rnn, 2 layers": dict(model="rnn", num_layers=2),
    "rnn, 2 layers, two directions": dict(model="rnn", num_layers=2, bidirectional=True),
    "rnn, mean of states": dict(model="rnn", pool="mean"),
    "gru, last state": dict(model="gru"),
    "lstm, last state": dict(model="lstm"),
    "cnn, frozen": dict(model="cnn"),
    "transformer, frozen": dict(model="transformer"),
    "cnn, finetune": dict(model="cnn", embedding="finetune"),
    "cnn, characters": dict(model="cnn", embedding="finetune", tokens="chars"),
    "gru, characters, two directions, max": dict(
        model="gru", embedding="finetune", tokens="chars", bidirectional=True, pool="max"
    ),
    "mean, n-grams": dict(model="mean", embedding="finetune", tokens="ngrams"),
}
ASKED = list(VARIANTS)[:15]  # by the assignment, and cnn and transformer
PAIRS = (  # rows that differ in one thing (tuned: and its settings)
    ("mean, finetune", "mean, frozen"),
    ("mean, random", "mean, frozen"),
    ("mlp, frozen", "mean, frozen"),
    ("rnn, frozen", "mean, frozen"),
    ("cnn, frozen", "mean, frozen"),
    ("transformer, frozen", "mean, frozen"),
    ("rnn, finetune", "rnn, frozen"),
    ("rnn, random", "rnn, frozen"),
    ("rnn, two directions", "rnn, frozen"),
    ("rnn, 2 layers", "rnn, frozen"),
    ("rnn, mean of states", "rnn, frozen"),
    ("gru, last state", "rnn, frozen"),
    ("lstm, last state", "rnn, frozen"),
    ("lstm, last state", "gru, last state"),
    ("cnn, finetune", "cnn, frozen"),
)
BEST = 5
ALL, SOME = "average of all of them", f"average of the {BEST} best on validation"
RECIPES = {
    # what the assignment says; early stopping on validation decides how many epochs
    "assignment": dict(
        variants=ASKED,
        lr=3e-5,
        hidden=300,
        batchsize=32,
        epochs=300,
        patience=10,
        refit=False,
        stop_words="drop",
    ),
    # chosen on the validation part of seed 0; the epochs too, then the model is trained again on train and validation
    "tuned": dict(
        variants=list(VARIANTS),
        lr=1e-3,
        hidden=100,
        batchsize=64,
        epochs=8,
        patience=2,
        refit=True,
        stop_words="drop",
        dropout=0.3,
        word_dropout=0.1,
    ),
}
# tuned only: what differs by variant
TUNED = {
    "mean, frozen": dict(dropout=0.0, word_dropout=0.0, epochs=40, patience=6, lr=3e-3),
    "mlp, frozen": dict(dropout=0.0, word_dropout=0.0, epochs=20, patience=4),
    "mean, n-grams": dict(
        word_dropout=0.3, lr=3e-3, epochs=12, dim=32, scale=0.1, stop_words="keep"
    ),
    "cnn, characters": dict(dropout=0.4, hidden=180, dim=128, stop_words="keep"),
    "gru, characters, two directions, max": dict(dropout=0.4, dim=128, stop_words="keep"),
    "cnn, frozen": dict(dropout=0.4, hidden=150),
    "cnn, finetune": dict(dropout=0.4, hidden=150),
}


def get_parser():
    parser = Parser(description="Train all variants on several splits and compare them.")
    add = parser.add_argument
    add("--data_root", type=Path, default=Path("data/waimai_10k"), help=f"folder with {CSV}")
    add(
        "--ckpt_path",
        type=Path,
        help="folder for everything that is written (default: workdirs/waimai_RECIPE)",
    )
    add(
        "--recipe",
        choices=sorted(RECIPES),
        default="tuned",
        help="assignment: Adam 3e-5, 300 wide; tuned: the settings that validation chose",
    )
    add(
        "--seeds",
        type=seed_number,
        nargs="+",
        default=[0, 1, 2],
        help="seeds of splits and weights",
    )
    add(
        "--variants",
        nargs="+",
        metavar="NAME",
        help="only these rows of the table, for example 'mean, frozen'",
    )
    add(
        "--epochs",
        type=positive_int,
        help="passes over the train part, at most (default: the recipe's)",
    )
    add("--no_yardsticks", action="store_true", help="leave out the linear models of scikit-learn")
    devices.add_device_flags(parser)
    add("--quiet", action="store_true", help="no progress bar")
    return parser


def settings_of(recipe, variant, epochs=None):
    """All settings of one row."""
    settings = {
        name: value for name, value in RECIPES[recipe].items() if name != "variants"
    } | VARIANTS[variant]
    if recipe == "tuned":
        settings |= TUNED.get(variant, {})
    if epochs:
        settings["epochs"] = epochs
    return settings


class Data:
    """The prepared parts of a split, made once each, kept in folders under --ckpt_path."""

    def __init__(self, data_root, folder, quiet):
        self.data_root, self.folder, self.quiet, self.reviews = data_root, folder, quiet, {}
        self.sha256 = hashlib.sha256((data_root / CSV).read_bytes()).hexdigest()

    def parts(self, seed, settings):
        """{part: Batches} for the seed, with the settings' tokens, stop words and width."""
        tokens, stop, dim = (
            settings.get("tokens", "words"),
            settings["stop_words"],
            settings.get("dim", 300),
        )
        folder = self.folder / f"data-{tokens}-{stop}-{dim}-{seed}"
        meta = folder / "meta.json"
        if (
            not meta.is_file()
            or json.loads(meta.read_text(encoding="utf-8"))["sha256"] != self.sha256
        ):
            if (tokens, stop) not in self.reviews:
                self.reviews[tokens, stop] = read_and_cut(self.data_root, tokens, stop, self.quiet)
            write(folder, *prepare(self.reviews[tokens, stop], seed, dim=dim))
        parts = {part: load_data(folder, part, settings["batchsize"]) for part in PARTS}
        for batches in parts.values():
            batches.vectors = batches.vectors * settings.get("scale", 1.0)
        return parts


def train_variant(variant, settings, seed, parts, file, device, quiet):
    """Train a variant on one split; returns its results for the table.

    file (.pt): stores the results, or the state of an unfinished run, which continues.
    """
    key = json.dumps([settings, parts["train"].meta["sha256"], seed], sort_keys=True)
    saved = torch.load(file, weights_only=True) if file.is_file() else {}
    if saved.get("key") != key:
        saved = {"key": key, "seconds": 0.0}
    if "result" in saved:
        return saved["result"]
    before = saved["seconds"]
    start = time.perf_counter()

    def save(**entries):
        saved.update(entries, seconds=before + time.perf_counter() - start)
        buffer = io.BytesIO()
        torch.save(saved, buffer)
        with safe_write(file, "wb") as out:
            out.write(buffer.getbuffer())

    def build():
        return model_of(settings, parts["train"].vectors, seed).to(device)

    if "log" not in saved:
        model = build()
        state = fit(
            model,
            parts["train"],
            parts["validation"],
            settings["lr"],
            settings["epochs"],
            settings["patience"],
            seed,
            saved.get("state"),
            lambda state: save(state=state),
            quiet,
            f"{variant}, seed {seed}",
        )
        saved.pop("state", None)
        save(
            log=state["log"],
            weights=state["best"],
            judged=probabilities(model, parts["validation"], device),
        )
    log, best = saved["log"], best_epoch(saved["log"])
    if settings["refit"]:  # as many epochs as validation chose; the test part plays no role
        train_and_validation = Batches(
            parts["train"].texts + parts["validation"].texts,
            torch.cat([parts["train"].labels, parts["validation"].labels]),
            settings["batchsize"],
        )
        model = build()
        state = fit(
            model,
            train_and_validation,
            None,
            settings["lr"],
            best + 1,
            None,
            seed,
            saved.get("again"),
            lambda state: save(again=state),
            quiet,
            f"{variant}, seed {seed}, on train and validation",
        )
        saved.pop("again", None)
    else:
        model = build()
        model.load_state_dict(saved["weights"], strict=False)
    _, accuracy = evaluate(model, on(device, parts["test"]))
    saved.pop("weights", None)
    save(
        result={
            "validation": log[best]["validation_accuracy"],
            "test": accuracy,
            "epochs": len(log),
            "best": best + 1,
            "probabilities": [saved.pop("judged"), probabilities(model, parts["test"], device)],
            "seconds": before + time.perf_counter() - start,
            "words_per_second": float(np.median([line["words_per_second"] for line in log])),
        }
    )
    return saved["result"]


def probabilities(model, batches, device):
    """Probability of "good" of each text, in the order of the texts."""
    p = torch.zeros(len(batches.texts))
    model.eval()
    with torch.no_grad():
        for numbers, (tokens, lengths, _) in zip(batches.cut(batches.lengths), on(device, batches)):
            p[numbers] = model(tokens, lengths).softmax(1)[:, 1].cpu()
    return p


def yardsticks(data_root, data, seeds, folder):
    """{name: [test accuracy of each seed]} of linear models on the same splits, trained on train and validation."""
    file = folder / "yardsticks.json"
    key = [data.sha256, list(seeds)]
    if file.is_file() and (saved := json.loads(file.read_text(encoding="utf-8")))["key"] == key:
        return saved["accuracy"]
    try:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression
        from sklearn.svm import LinearSVC
    except ImportError:
        print(
            translate("no scikit-learn, so no linear baselines: python -m pip install scikit-learn")
        )
        return {}
    from data_processor import tokenizer
    from prepare import split_rows

    labels, texts, _ = read_reviews(data_root / CSV)
    labels = np.array(labels)
    accuracy = {
        "always the majority": [],
        "character 1-3-grams, TF-IDF, linear SVM": [],
        "words, TF-IDF, logistic regression": [],
    }
    words = {text: tokenizer(text) for text in texts}
    for seed in seeds:
        rows = split_rows(texts, labels, seed)
        learned, test = rows["train"] + rows["validation"], rows["test"]
        accuracy["always the majority"].append(
            float(max(labels[test].mean(), 1 - labels[test].mean()))
        )
        for name, cut, learner in (
            (
                "character 1-3-grams, TF-IDF, linear SVM",
                dict(analyzer="char", ngram_range=(1, 3)),
                LinearSVC(),
            ),
            (
                "words, TF-IDF, logistic regression",
                dict(analyzer=words.get),
                LogisticRegression(max_iter=1000),
            ),
        ):
            vectorizer = TfidfVectorizer(**cut)
            learner.fit(vectorizer.fit_transform([texts[row] for row in learned]), labels[learned])
            accuracy[name].append(
                float(
                    learner.score(vectorizer.transform([texts[row] for row in test]), labels[test])
                )
            )
    with safe_write(file) as out:
        json.dump({"key": key, "accuracy": accuracy}, out, indent=1)
    return accuracy


def spread(values):
    """Mean and standard deviation (n - 1) of the values."""
    return float(np.mean(values)), float(np.std(values, ddof=1)) if len(values) > 1 else 0.0


def table(results, sticks):
    """Lines of the table (Markdown). results: {variant: {seed: result}}."""
    lines = [
        "| variant | validation | test | spread | each seed | epochs | words/s | seconds |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for variant, runs in sorted(
        results.items(), key=lambda item: -np.mean([r["test"] for r in item[1].values()])
    ):
        runs = list(runs.values())
        mean, deviation = spread([r["test"] for r in runs])
        lines.append(
            f"| {variant} | {np.mean([r['validation'] for r in runs]):.4f} | {mean:.4f} | {deviation:.4f} | "
            f"{' '.join(format(r['test'], '.4f') for r in runs)} | {' '.join(str(r['best']) for r in runs)} | "
            f"{np.mean([r['words_per_second'] for r in runs]):,.0f} | {sum(r['seconds'] for r in runs):.0f} |"
        )
    for name, values in sticks.items():
        mean, deviation = spread(values)
        lines.append(
            f"| *{name}* | | {mean:.4f} | {deviation:.4f} | {' '.join(format(v, '.4f') for v in values)} | | | |"
        )
    return lines


def differences(results):
    """Lines of a second table: test accuracy of a row less that of another on the same splits, and whether the mean is
    larger than the spread. A split that is easy for both rows takes no part in it."""
    lines = [
        "| variant | less | mean | spread | each seed | larger than the spread |",
        "|---|---|---|---|---|---|",
    ]
    for variant, baseline in PAIRS:
        seeds = [seed for seed in results.get(variant, {}) if seed in results.get(baseline, {})]
        if len(seeds) > 1:
            values = [
                results[variant][seed]["test"] - results[baseline][seed]["test"] for seed in seeds
            ]
            mean, deviation = spread(values)
            lines.append(
                f"| {variant} | {baseline} | {mean:+.4f} | {deviation:.4f} | {' '.join(format(v, '+.4f') for v in values)} | "
                f"{'yes' if abs(mean) > deviation else 'no'} |"
            )
    return lines if len(lines) > 2 else []


def draw(results, sticks, path, title):
    """Test accuracy of each variant: a dot for each split, a mark and an error bar at the mean; baselines as lines.

    The bar is the standard deviation over the splits; with one split, the standard error of that test set.
    """
    from plots import plt, save  # slow to import

    order = sorted(
        results, key=lambda variant: np.mean([r["test"] for r in results[variant].values()])
    )
    splits = max(len(runs) for runs in results.values())
    texts = next(
        len(r["probabilities"][1])
        for runs in results.values()
        for r in runs.values()
        if "probabilities" in r
    )
    height = 0.33 * len(order) + 2
    fig, ax = plt.subplots(figsize=(9, height))
    for row, variant in enumerate(order):
        values = [r["test"] for r in results[variant].values()]
        mean, deviation = spread(values)
        if len(values) == 1:
            deviation = np.sqrt(mean * (1 - mean) / texts)
        else:
            ax.plot(values, [row] * len(values), "o", ms=4, color="C0", alpha=0.5)
        ax.errorbar(mean, row, xerr=deviation, fmt="|", ms=12, mew=2, capsize=3, color="C0")
    for (name, values), style in zip(list(sticks.items())[1:], ("-", "--", ":")):
        ax.axvline(np.mean(values), ls=style, color="gray", lw=1, label=name)
    bar = (
        f"dot: one split; bar: mean ± standard deviation over {splits} splits"
        if splits > 1
        else f"one split; bar: ± standard error of its {texts} test texts, spread over splits unknown"
    )
    ax.set(xlabel=f"test accuracy (fraction of texts)\n{bar}", title=title)
    ax.set_yticks(range(len(order)), order)
    ax.grid(axis="x", lw=0.3)
    if sticks:
        ax.legend(
            loc="upper center", bbox_to_anchor=(0.4, -0.75 / height - 0.06), ncols=2, fontsize=8
        )
    save(fig, path)


def averages(results, data, seeds, recipe):
    """Rows of averaged probabilities: of all rows, and of each seed's best rows by validation accuracy. Their validation
    figure is of the same average of the models before they were trained again."""
    rows = {ALL: {}, SOME: {}}
    for seed in seeds:
        parts = data.parts(seed, settings_of(recipe, "mean, frozen"))
        runs = sorted((runs[seed] for runs in results.values()), key=lambda run: -run["validation"])
        for name, chosen in ((ALL, runs), (SOME, runs[:BEST])):
            rows[name][seed] = {"best": "", "words_per_second": 0, "seconds": 0.0}
            for part, column in (("validation", 0), ("test", 1)):
                p = torch.stack([run["probabilities"][column] for run in chosen]).mean(0)
                rows[name][seed][part] = ((p > 0.5) == parts[part].labels).double().mean().item()
    return rows if len(results) > BEST else {ALL: rows[ALL]}


def main(argv=None):
    args = get_parser().parse_args(argv)
    data_root, recipe = (
        find_folder(args.data_root, (CSV,), command(*DOWNLOAD)),
        RECIPES[args.recipe],
    )
    variants = args.variants or recipe["variants"]
    for variant in variants:
        if variant not in VARIANTS:
            raise UserError(f"unknown variant {variant!r}; choose from: {'; '.join(VARIANTS)}")
    device = devices.choose_device(args.device, args.threads)
    folder = args.ckpt_path or Path("workdirs") / f"waimai_{args.recipe}"
    data = Data(data_root, folder, args.quiet)
    results, begin = {}, time.perf_counter()
    with tqdm(
        total=len(variants) * len(args.seeds), desc=args.recipe, unit="run", disable=args.quiet
    ) as bar:
        for seed in args.seeds:
            for variant in variants:
                settings = settings_of(args.recipe, variant, args.epochs)
                parts = data.parts(seed, settings)
                name = "".join(char if char.isalnum() else "_" for char in variant)
                result = train_variant(
                    variant,
                    settings,
                    seed,
                    parts,
                    folder / "runs" / f"{name}-{seed}.pt",
                    device,
                    True,
                )
                results.setdefault(variant, {})[seed] = result
                bar.update()
                tqdm.write(
                    f"seed {seed}   {variant:32} validation {result['validation']:.4f}   test {result['test']:.4f}   "
                    f"best epoch {result['best']} of {result['epochs']}   {result['words_per_second']:,.0f} words/s   "
                    f"{result['seconds']:.1f} s"
                )
    sticks = {} if args.no_yardsticks else yardsticks(data_root, data, args.seeds, folder)
    if len(results) > 1:
        results |= averages(results, data, args.seeds, args.recipe)
    spent = sum(r["seconds"] for runs in results.values() for r in runs.values())
    lines = table(results, sticks)
    lines += [
        "",
        *differences(results),
        "",
        f"recipe {args.recipe}, seeds {' '.join(map(str, args.seeds))}, {data_root / CSV}; all runs {spent:.0f} s, "
        f"this call {time.perf_counter() - begin:.0f} s",
    ]
    with safe_write(folder / "table.md") as file:
        file.write("\n".join(lines) + "\n")
    draw(
        results,
        sticks,
        folder / "compare.png",
        f"recipe {args.recipe}, {len(args.seeds)} split{'s' * (len(args.seeds) > 1)}",
    )
    print("\n".join(lines))
    print(f"wrote {folder / 'table.md'} and compare.png")


if __name__ == "__main__":
    run(main)
