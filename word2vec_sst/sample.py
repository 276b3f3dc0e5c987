"""Ask the trained vectors: neighbours of a word, an analogy of three words, or the sentiment of a sentence.

python word2vec_sst/sample.py good
python word2vec_sst/sample.py man woman actor
python word2vec_sst/sample.py "a moving and funny film ."
"""

import contextlib
import zipfile
from pathlib import Path

import numpy as np
from cli import Parser, UserError, command, find_folder, positive_int, run
from q4_sentiment import NAMES, sentence_features, standardize
from treebank import plain_word
from vectors import load_vectors, nearest


def get_parser():
    parser = Parser(description="Neighbours, analogies, sentiment.")
    parser.add_argument(
        "text",
        nargs="+",
        help="one word: its neighbours; three words a b c: what is to c as b is to a; "
        "a sentence in quotes: its sentiment",
    )
    parser.add_argument(
        "--ckpt_path", default="workdirs/word2vec", help="folder with vectors.npz and sentiment.npz"
    )
    parser.add_argument("--vectors", help="npz or text file in place of vectors.npz")
    parser.add_argument("--count", type=positive_int, default=10, help="how many neighbours")
    parser.add_argument(
        "--most",
        type=positive_int,
        default=2000,
        help="search among the first MOST words of the file: train.py writes frequent words first",
    )
    return parser


def sentiment(sentence, folder):
    """Lines of the five probabilities of a sentence, and what was unknown."""
    path = folder / "sentiment.npz"
    if not path.is_file():
        raise UserError(
            f"{path} not found; run: {command('q4_sentiment.py', '--ckpt_path', folder)}"
        )
    try:
        with np.load(path, allow_pickle=False) as file:
            tokens = {word: row for row, word in enumerate(file["words"].tolist())}
            weights, mean, scale, vectors = (
                file[name] for name in ("weights", "mean", "scale", "vectors")
            )
    except (ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise UserError(f"{path} is damaged ({error}); run q4_sentiment.py again") from None
    words = [plain_word(word) for word in sentence.split()]
    in_vocabulary = [word for word in words if word in tokens]
    if not in_vocabulary:
        raise UserError(
            f"none of the words of {sentence!r} is in the vocabulary; part words and punctuation by spaces"
        )
    scores = (
        standardize(sentence_features(tokens, vectors, [(words, None)]), mean, scale)[0] @ weights
    )
    p = np.exp(scores - scores.max())
    p /= p.sum()
    lines = [f"{name:14} {share:6.1%} {'#' * round(30 * share)}" for name, share in zip(NAMES, p)]
    unknown = sorted(set(words) - set(in_vocabulary))
    return lines + ([f"unknown words: {' '.join(unknown)}"] if unknown else [])


def main(argv=None):
    args = get_parser().parse_args(argv)
    with contextlib.suppress(UserError):  # what is missing there is reported below
        args.ckpt_path = find_folder(args.ckpt_path)
    folder = Path(args.ckpt_path).expanduser()
    if len(args.text) not in (1, 3):
        raise UserError(
            f"{len(args.text)} words: give one word, three words, or a sentence in quotes"
        )
    if len(args.text) == 1 and " " in args.text[0].strip():
        print(*sentiment(args.text[0], folder), sep="\n")
        return
    tokens, vectors = load_vectors(args.vectors or folder / "vectors.npz")
    words = [plain_word(word.strip()) for word in args.text]
    for word in words:
        if word not in tokens:
            raise UserError(f"{word!r} is not in the vocabulary of {len(tokens)} words")
    rows = [vectors[tokens[word]] for word in words]
    if len(words) == 3:
        units = [row / max(np.linalg.norm(row), 1e-12) for row in rows]
        rows = [units[1] - units[0] + units[2]]
    searched = dict(list(tokens.items())[: args.most])
    for word, cosine in nearest(searched, vectors[: len(searched)], rows[0], words, args.count):
        print(f"{cosine:6.3f}  {word}")


if __name__ == "__main__":
    run(main)
