"""Question 4: sentiment of a sentence from the mean of its word vectors, by softmax regression.

python word2vec_sst/q4_sentiment.py --data_root data/sst --vectors workdirs/word2vec/vectors.npz
"""

import json
from pathlib import Path

import numpy as np
from cli import Parser, UserError, positive_int, run, safe_write
from q3_sgd import sgd
from q4_softmaxreg import accuracy, getSentenceFeatures, softmaxRegression
from tqdm import tqdm
from treebank import SPLITS, UNKNOWN, StanfordSentiment
from vectors import load_vectors

CLASSES = 5
NAMES = ["very negative", "negative", "neutral", "positive", "very positive"]


def getRegularizationValues():
    """Regularisation strengths to try: sorted, not negative, over several powers of ten. Returns a list or an array."""
    # BEGIN SOLUTION w2v-14 (2 points): equal steps in logs, wide enough that the best one is not at an end
    return np.logspace(-5, 1, 13)
    # END SOLUTION w2v-14


def chooseBestModel(results):
    """The result to report. results: list of dicts with the keys reg, train, dev, test (accuracies in percent).

    Returns one of these dicts; of equal ones, the first.
    """
    # BEGIN SOLUTION w2v-15 (4 points): which of the accuracies may decide a choice?
    return max(results, key=lambda result: result["dev"])
    # END SOLUTION w2v-15


def get_parser():
    parser = Parser(description="Train and choose a sentiment classifier on word vectors.")
    parser.add_argument("--data_root", default="data/sst", help="folder with train, dev and test")
    parser.add_argument(
        "--vectors", default="workdirs/word2vec/vectors.npz", help="npz or word2vec text file"
    )
    parser.add_argument(
        "--ckpt_path", default="workdirs/word2vec", help="folder for the classifier and the picture"
    )
    parser.add_argument(
        "--solver",
        choices=["lbfgs", "sgd"],
        default="lbfgs",
        help="lbfgs: exact, quick; sgd: your sgd of question 3, as the assignment does",
    )
    parser.add_argument("--iters", type=positive_int, default=3000, help="steps of sgd")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    return parser


def sentence_features(tokens, vectors, sentences):
    """(N, n) means of the known words' vectors; unknown words are UNK if there is one, else left out."""
    features = np.zeros((len(sentences), vectors.shape[1]))
    for row, (words, _) in enumerate(sentences):
        readable = [
            word if word in tokens else UNKNOWN
            for word in words
            if word in tokens or UNKNOWN in tokens
        ]
        if readable:
            features[row] = getSentenceFeatures(tokens, vectors, readable)
    return features


def standardize(features, mean, scale):
    """Features of mean 0 and deviation 1 (of train), and a column of ones for the bias."""
    return np.hstack([(features - mean) / scale, np.ones((len(features), 1))])


def minimize(f, x, iterations=500, memory=10, tolerance=1e-5):
    """Minimum of a smooth function by L-BFGS (Nocedal 1980). f(x) -> (cost, gradient), x array of any shape."""
    cost, gradient = f(x)
    steps, changes = [], []
    for _ in range(iterations):
        if np.abs(gradient).max() < tolerance:
            break
        direction, weights = -gradient, []
        for s, y in zip(reversed(steps), reversed(changes)):  # newest first
            weights.append(np.sum(s * direction) / np.sum(s * y))
            direction = direction - weights[-1] * y
        if steps:
            direction = direction * (np.sum(steps[-1] * changes[-1]) / np.sum(changes[-1] ** 2))
        for s, y, weight in zip(steps, changes, reversed(weights)):
            direction = direction + (weight - np.sum(y * direction) / np.sum(s * y)) * s
        slope, length = np.sum(direction * gradient), 1.0
        while length > 1e-10:
            new_cost, new_gradient = f(x + length * direction)
            if new_cost <= cost + 1e-4 * length * slope:
                break
            length /= 2
        else:
            break  # no step lowers the cost: converged
        step, change = length * direction, new_gradient - gradient
        x, cost, gradient = x + step, new_cost, new_gradient
        if np.sum(step * change) > 1e-12:
            steps, changes = [*steps[1 - memory :], step], [*changes[1 - memory :], change]
    return x


def fit(features, labels, regularization, weights, args):
    """Weights (n, CLASSES) of the softmax regression, starting from `weights`."""

    def cost(w):
        return softmaxRegression(features, labels, w, regularization, True)

    if args.solver == "sgd":
        rate = 1.0 / (0.25 * np.linalg.norm(features, 2) ** 2 / len(features) + regularization)
        return sgd(cost, weights, rate, args.iters, PRINT_EVERY=args.iters + 1)
    return minimize(cost, weights)


def draw(results, best, path):
    """Accuracy of train and dev against the regularisation in logs, the chosen one marked."""
    from plots import plt, save  # here, so that the checks can load this file without matplotlib

    shown = [result for result in results if result["reg"] > 0]
    fig, ax = plt.subplots(figsize=(7, 4.5))
    for split, style in (("train", "-"), ("dev", "--")):
        ax.plot(
            [result["reg"] for result in shown],
            [result[split] for result in shown],
            style,
            marker=".",
            label=split,
        )
    ax.plot(
        [best["reg"] or shown[0]["reg"]],
        [best["dev"]],
        "o",
        markersize=11,
        markerfacecolor="none",
        color="tab:red",
        label=f"chosen on dev: {best['reg']:.2g}, {best['dev']:.1f} %",
    )
    ax.set_xscale("log")
    ax.set_xlabel("regularisation (log scale)")
    ax.set_ylabel("accuracy in percent")
    ax.set_title("Sentiment of SST by softmax regression on averaged word vectors")
    ax.legend()
    ax.grid(alpha=0.3)
    save(fig, path)


def confusion(labels, predicted):
    """Lines of a table: rows the true label, columns the predicted one."""
    table = np.zeros((CLASSES, CLASSES), int)
    np.add.at(table, (labels, predicted), 1)
    lines = [f"{'true / predicted':16}" + "".join(f"{label:6}" for label in range(CLASSES))]
    return lines + [
        f"{NAMES[label]:16}" + "".join(f"{count:6}" for count in table[label])
        for label in range(CLASSES)
    ]


def main(argv=None):
    args = get_parser().parse_args(argv)
    tokens, vectors = load_vectors(args.vectors)
    dataset = StanfordSentiment(args.data_root)
    sentences = {split: dataset.getSplitSentences(split) for split in SPLITS}
    features = {split: sentence_features(tokens, vectors, sentences[split]) for split in SPLITS}
    if not features["train"].any():
        raise UserError(f"{args.vectors} has no vector for any word of {dataset.folder}")
    labels = {split: np.array([label for _, label in sentences[split]]) for split in SPLITS}
    mean, scale = features["train"].mean(axis=0), features["train"].std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    features = {split: standardize(features[split], mean, scale) for split in SPLITS}

    results, models, weights = [], {}, np.zeros((features["train"].shape[1], CLASSES))
    print(f"{'reg':>9}  train    dev")
    for reg in tqdm(
        sorted(map(float, getRegularizationValues()), reverse=True), disable=args.quiet, leave=False
    ):
        weights = models[reg] = fit(
            features["train"], labels["train"], reg, weights, args
        )  # from the stronger one
        predicted = {split: np.argmax(features[split] @ weights, axis=1) for split in SPLITS}
        result = {"reg": reg} | {
            split: accuracy(labels[split], predicted[split]) for split in SPLITS
        }
        results.insert(0, result)
        tqdm.write(f"{reg:9.2g}  {result['train']:5.2f}  {result['dev']:5.2f}")
    best = chooseBestModel(results)
    folder = Path(args.ckpt_path).expanduser()
    with safe_write(folder / "q4_results.json") as file:
        json.dump({"vectors": str(args.vectors), "results": results, "best": best}, file, indent=1)
    with safe_write(folder / "sentiment.npz", "wb") as file:
        np.savez(
            file,
            weights=models[best["reg"]],
            mean=mean,
            scale=scale,
            words=np.array(list(tokens)),
            vectors=vectors,
        )
    draw(results, best, folder / "q4_reg_acc.png")
    print(
        f"chosen on dev: regularisation {best['reg']:.2g}; train {best['train']:.2f} %, dev {best['dev']:.2f} %, "
        f"test {best['test']:.2f} %"
    )
    predicted = np.argmax(features["dev"] @ models[best["reg"]], axis=1)
    print("dev:", *confusion(labels["dev"], predicted), sep="\n")
    print(
        f"wrote {folder / 'q4_reg_acc.png'}, {folder / 'q4_results.json'} and {folder / 'sentiment.npz'}"
    )


if __name__ == "__main__":
    run(main)
