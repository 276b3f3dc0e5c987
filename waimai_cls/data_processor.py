"""From reviews to batches: words by jieba, stop words, vocabulary, padded batches of similar length."""

import contextlib
import csv
import json
import sys
import time
import unicodedata
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import torch
from cli import ROOT, UserError, command, find_folder, translate

PAD, UNKNOWN = 0, 1  # their numbers in every vocabulary
SPECIAL = ["<pad>", "<unk>"]
PARTS = ("train", "validation", "test")
STOP_WORDS = ROOT / "data" / "waimai_10k" / "stop_words.txt"


# --------------------------------------------------------------------------------------------------------------- jieba


def import_jieba():
    """jieba without its noise. It first tries the deprecated pkg_resources (which warns, and which it does not need),
    its source has escapes that newer Pythons warn about, and it logs to stderr."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)
        had = sys.modules.get("pkg_resources")
        sys.modules["pkg_resources"] = None  # "import pkg_resources" now raises ImportError
        try:
            import jieba
        finally:
            del sys.modules["pkg_resources"]
            if had is not None:
                sys.modules["pkg_resources"] = had
    jieba.setLogLevel("WARNING")
    jieba.dt.initialize = start_jieba  # called at the first cut
    return jieba


def start_jieba(dictionary=None):
    """Read jieba's dictionary and say so. jieba's own start keeps a cache file in the temporary folder that everybody
    on the machine can write and that it loads with marshal: here nothing is cached."""
    tagger = jieba.dt
    with tagger.lock:
        if tagger.initialized:
            return
        start = time.perf_counter()
        print(translate("jieba: reading the dictionary ..."), end=" ", file=sys.stderr, flush=True)
        tagger.FREQ, tagger.total = tagger.gen_pfdict(tagger.get_dict_file())
        tagger.initialized = True
        print(f"{time.perf_counter() - start:.1f} s", file=sys.stderr, flush=True)


jieba = import_jieba()


def clean(text):
    """One writing for the same thing: full-width forms to half-width, small letters, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", text).lower().split())


def tokenizer(text):
    """The words of a text, list of str in the order of the text, cut by jieba's default mode (jieba.lcut).

    Punctuation marks count as words; pieces that are only white space are left out.
    """
    # BEGIN SOLUTION wai-01 (4 points): cut, then look at what jieba makes of a space
    return [word for word in jieba.lcut(text) if not word.isspace()]
    # END SOLUTION wai-01


def characters(text):
    """The characters of a text without white space, list of str: what --tokens chars uses in place of `tokenizer`."""
    return [char for char in text if not char.isspace()]


def ngrams(text):
    """Words, characters, and runs of two and three characters of a text (--tokens ngrams): a bag, its order is lost."""
    return [text[i : i + n] for n in (1, 2, 3) for i in range(len(text) - n + 1)] + [
        "w:" + w for w in tokenizer(text)
    ]


TOKENIZERS = {"words": tokenizer, "chars": characters, "ngrams": ngrams}


def get_stop_words(path=None):
    """Set of the stop words in a file: UTF-8 (a byte order mark is not part of the first word), one word a line.

    Lines that begin with "#" before the first word are comments; a "#" further down is a word. White space around a
    word and empty lines do not count. path: the file (default: STOP_WORDS).
    """
    # BEGIN SOLUTION wai-02 (4 points): skip comments only until the first word has come
    words = set()
    with open(path or STOP_WORDS, encoding="utf-8-sig") as file:
        for line in map(str.strip, file):
            if line and (words or not line.startswith("#")):
                words.add(line)
    return words
    # END SOLUTION wai-02


# ------------------------------------------------------------------------------------------------------------- reviews


def read_reviews(path):
    """(labels, texts, counts) of a CSV file with the columns label and review.

    Rows without text and exact repetitions are left out and counted; texts that stand under both labels are kept.
    Raises UserError that names the line.
    """
    path, seen = Path(path), {}
    counts = {"rows": 0, "empty": 0, "repeated": 0, "both labels": 0}
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            if not {"label", "review"} <= set(reader.fieldnames or ()):
                raise UserError(
                    f"{path}, line 1: columns {', '.join(reader.fieldnames or ['(none)'])}; expected label,review"
                )
            for row in reader:
                if row["label"] not in ("0", "1") or row["review"] is None:
                    raise UserError(
                        f"{path}, line {reader.line_num}: label {row['label']!r}"
                        f"{' and no review' if row['review'] is None else ''}; expected 0 or 1, a comma, a review"
                    )
                counts["rows"] += 1
                text = clean(row["review"])
                labels = seen.setdefault(text, [])
                if not text:
                    counts["empty"] += 1
                elif int(row["label"]) in labels:
                    counts["repeated"] += 1
                else:
                    labels.append(int(row["label"]))
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8{guess_encoding(path, error)}") from None
    except csv.Error as error:
        raise UserError(
            f"{path}, line {reader.line_num}: no CSV ({error}); a quote that is not closed?"
        ) from None
    seen.pop("", None)
    counts["both labels"] = sum(len(labels) == 2 for labels in seen.values())
    pairs = [(label, text) for text, labels in seen.items() for label in labels]
    return [label for label, _ in pairs], [text for _, text in pairs], counts


def guess_encoding(path, error):
    """Rest of a message: the encoding that the file seems to have, and how to change it."""
    with contextlib.suppress(UnicodeDecodeError):
        path.read_bytes().decode("gb18030")
        return (
            f" but looks like GB18030; run: iconv -f GB18030 -t UTF-8 {path} > {path.stem}.utf8.csv"
        )
    return f": byte {error.start} cannot be read; save the file as UTF-8"


def split(labels, share, rng):
    """Cut the texts 0 .. N-1 in two: (rest, held), two integer arrays that together hold each number once.

    labels (N,) int. rng: np.random.Generator. For each label, round(share * how many have it) texts, drawn at random,
    are held; all others are rest.
    """
    # BEGIN SOLUTION wai-03 (5 points): the file is sorted by label; shuffle and cut each label for itself
    rest, held = [], []
    for label in np.unique(labels):
        order = rng.permutation(np.flatnonzero(np.asarray(labels) == label))
        cut = round(share * len(order))
        held.append(order[:cut])
        rest.append(order[cut:])
    return np.concatenate(rest), np.concatenate(held)
    # END SOLUTION wai-03


def vocabulary(parts, min_count=1):
    """The words that a model will know, list of str, the most frequent first (equal counts: in the order of str).

    parts: {"train", "validation", "test"} -> list of texts, each a list of words. min_count: rarer words are left out.
    """
    # BEGIN SOLUTION wai-04 (5 points): in real use, have you seen the test sentences yet?
    counts = Counter(word for text in parts["train"] for word in text)
    return sorted(
        (word for word in counts if counts[word] >= min_count),
        key=lambda word: (-counts[word], word),
    )
    # END SOLUTION wai-04


class Encoder:
    """Words to numbers: 0 is padding, 1 is every word that is not in the vocabulary."""

    def __init__(self, words, tokens="words", stop_words=()):
        self.words, self.tokens, self.stop_words = list(words), tokens, frozenset(stop_words)
        self.number = {
            word: index for index, word in enumerate([*SPECIAL, *self.words]) if index > UNKNOWN
        }

    def cut(self, text):
        """The words of a text that a model gets to see."""
        return [word for word in TOKENIZERS[self.tokens](text) if word not in self.stop_words]

    def numbers(self, words):
        """The words' numbers (of n-grams, those that are known); a text without any is the unknown word alone."""
        numbers = [self.number.get(word, UNKNOWN) for word in words]
        if self.tokens == "ngrams":  # most runs are rare: they would drown the others
            numbers = [number for number in numbers if number != UNKNOWN]
        return numbers or [UNKNOWN]


# ------------------------------------------------------------------------------------------------------------- batches


def pad(texts):
    """A batch as two tensors: tokens (B, T) long, each text followed by PAD up to the longest, and lengths (B,) long.

    texts: B lists of word numbers, none empty.
    """
    # BEGIN SOLUTION wai-05 (4 points): a tensor full of PAD first; the longest text gives T
    lengths = torch.tensor([len(text) for text in texts])
    tokens = torch.full((len(texts), int(lengths.max())), PAD, dtype=torch.long)
    for row, text in zip(tokens, texts):
        row[: len(text)] = torch.tensor(text)
    return tokens, lengths
    # END SOLUTION wai-05


class Batches:
    """Batches (tokens (B, T), lengths (B,), labels (B,)) of texts of similar length, so that little is padding.

    Iterating goes through all texts in order of length. `epoch(rng)` gives all of them in another random order.
    """

    def __init__(self, texts, labels, batchsize):
        self.texts, self.labels, self.batchsize = (
            texts,
            torch.as_tensor(np.asarray(labels, np.int64)),
            batchsize,
        )
        self.lengths = np.array([len(text) for text in texts])

    def __len__(self):
        return -(-len(self.texts) // self.batchsize)

    def __iter__(self):
        return (self.pick(numbers) for numbers in self.cut(self.lengths))

    def epoch(self, rng):
        """Batches in random order; texts of like length meet other companions in each epoch. rng: np Generator."""
        groups = self.groups(rng)
        return (self.pick(groups[index]) for index in rng.permutation(len(groups)))

    def groups(self, rng):
        """Numbers of the texts, a batch at a time, sorted by a length that is a little blurred."""
        return self.cut(self.lengths + rng.uniform(0, 2, len(self.lengths)))

    def cut(self, keys):
        """Numbers of the texts, in the order of their keys, a batch at a time."""
        order = np.argsort(keys, kind="stable")
        return [
            order[begin : begin + self.batchsize] for begin in range(0, len(order), self.batchsize)
        ]

    def pick(self, numbers):
        return *pad([self.texts[row] for row in numbers]), self.labels[numbers]


def load_meta(data_root):
    """(folder, meta) of what prepare.py made."""
    folder = find_folder(
        data_root,
        ("meta.json", "data.npz", "vectors.npy"),
        command("prepare.py", "--data_root", data_root),
    )
    rerun = "run: " + command("prepare.py", "--data_root", data_root)
    try:
        meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
        if meta["format"] != 1 or meta["homework"] != "waimai_cls":
            raise UserError(f"{folder / 'meta.json'} was not made by this prepare.py; {rerun}")
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{folder / 'meta.json'} cannot be used ({type(error).__name__}: {error}); {rerun}"
        ) from None
    return folder, meta


def load_data(data_root, split, batchsize, vectors=None):
    """Batches of one part ("train", "validation" or "test") of what prepare.py made, with these attributes:

    meta (dict; "words" is the vocabulary), encoder, vectors (V, D) float32 tensor, row 0 (padding) zero.
    vectors: None for those that prepare.py made, or an array (V, D).
    """
    folder, meta = load_meta(data_root)
    if split not in PARTS:
        raise ValueError(f"split {split!r}; there are {', '.join(PARTS)}")
    try:
        with np.load(folder / "data.npz", allow_pickle=False) as file:
            flat, lengths, labels = (
                file[f"{split}_{name}"] for name in ("numbers", "lengths", "labels")
            )
        matrix = (
            np.load(folder / "vectors.npy", allow_pickle=False)
            if vectors is None
            else np.asarray(vectors)
        )
    except (OSError, ValueError, KeyError, EOFError) as error:
        raise UserError(
            f"{folder / 'data.npz'} or vectors.npy is damaged ({error}); "
            f"run: {command('prepare.py', '--data_root', data_root)}"
        ) from None
    size = len(SPECIAL) + len(meta["words"])
    if matrix.ndim != 2 or len(matrix) != size:
        raise UserError(
            f"vectors of shape {matrix.shape} for a vocabulary of {size} words in {folder}"
        )
    texts = (
        [text.tolist() for text in np.split(flat, np.cumsum(lengths)[:-1])] if len(lengths) else []
    )
    batches = Batches(texts, labels, batchsize)
    batches.meta, batches.vectors = meta, torch.from_numpy(np.array(matrix, np.float32))
    batches.encoder = Encoder(meta["words"], meta["tokens"], meta["stop_words"])
    return batches
