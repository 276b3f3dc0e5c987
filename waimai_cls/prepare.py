"""Reviews -> what train.py reads: the split, the vocabulary, word vectors. All of it uses the train part only.

    python waimai_cls/prepare.py --data_root data/waimai_10k
    python waimai_cls/prepare.py --vectors vectors.txt.bz2               # published vectors in place of our own

Writes meta.json (vocabulary, settings, counts), data.npz (word numbers of each part) and vectors.npy.
"""

import bz2
import gzip
import hashlib
import json
import re
from pathlib import Path

import numpy as np
import torch
from cli import Parser, UserError, command, find_folder, positive_int, run, safe_write, seed_number
from data_processor import (
    PARTS,
    SPECIAL,
    STOP_WORDS,
    TOKENIZERS,
    UNKNOWN,
    Encoder,
    get_stop_words,
    read_reviews,
    split,
    start_jieba,
    vocabulary,
)
from tqdm import tqdm

CSV = "waimai_10k.csv"
DOWNLOAD = ("data/download.py", "waimai_10k")


def get_parser():
    parser = Parser(description="Split the reviews, number their words, make word vectors.")
    add = parser.add_argument
    add("--data_root", type=Path, default=Path("data/waimai_10k"), help=f"folder with {CSV}")
    add("--out_dir", type=Path, help="folder for what is made (default: data_root)")
    add("--seed", type=seed_number, default=0, help="seed of the split")
    add(
        "--tokens",
        choices=sorted(TOKENIZERS),
        default="words",
        help="what a text is cut into; ngrams is a bag of words "
        "and runs of 1 to 3 characters, for models that ignore the order",
    )
    add(
        "--stop_words",
        choices=("drop", "keep"),
        default="drop",
        help="what becomes of the stop words",
    )
    add("--min_count", type=positive_int, default=2, help="rarer words count as unknown")
    add(
        "--vectors",
        default="ppmi",
        help="ppmi (from the train text), or a file in word2vec or GloVe text format "
        "(.gz and .bz2 too)",
    )
    add("--dim", type=positive_int, help="width of the vectors (default: 300, or the file's)")
    add("--quiet", action="store_true", help="no progress bar")
    return parser


def main(argv=None):
    args = get_parser().parse_args(argv)
    data_root = find_folder(args.data_root, (CSV,), command(*DOWNLOAD))
    out_dir = args.out_dir or data_root
    reviews = read_and_cut(data_root, args.tokens, args.stop_words, args.quiet)
    meta, parts, vectors = prepare(
        reviews, args.seed, args.min_count, args.vectors, args.dim, args.quiet
    )
    write(out_dir, meta, parts, vectors)
    c = meta["counts"]
    print(
        f"{c['rows']} rows: {c['empty']} empty and {c['repeated']} repeated left out, {c['both labels']} texts under "
        f"both labels kept (each on one side)"
    )
    for name in PARTS:
        n = meta["parts"][name]
        print(
            f"{name:10} {n['texts']:6} texts, {n['good'] / n['texts']:.1%} good, {n['words']:7} words, "
            f"{n['unknown'] / n['words']:.1%} of them unknown, {n['no known word']} texts without a known word"
        )
    print(
        f"vocabulary {len(meta['words'])}; vectors {meta['vectors']}; wrote {out_dir / 'meta.json'}, data.npz and "
        f"vectors.npy"
    )


def read_and_cut(data_root, tokens="words", stop="drop", quiet=True):
    """The reviews of a folder, cut into words, as `prepare` wants them: the same for every seed."""
    path = Path(data_root) / CSV
    labels, texts, counts = read_reviews(path)
    stop_words = get_stop_words(find_stop_words(data_root)) if stop == "drop" else set()
    encoder = Encoder([], tokens, stop_words)
    if tokens != "chars":
        start_jieba()
    words = [
        encoder.cut(text)
        for text in tqdm(texts, desc=f"cutting into {tokens}", unit="text", disable=quiet)
    ]
    header = {
        "format": 1,
        "homework": "waimai_cls",
        "source": path.name,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "tokens": tokens,
        "stop_words": sorted(stop_words),
        "counts": counts,
    }
    return labels, texts, words, header


def prepare(reviews, seed=0, min_count=2, vectors="ppmi", dim=None, quiet=True):
    """(meta, {part: (lists of word numbers, labels)}, vectors (V, D) float32). reviews: from read_and_cut."""
    labels, texts, words, header = reviews
    rows = split_rows(texts, labels, seed)
    training_words = vocabulary(
        {part: [words[row] for row in rows[part]] for part in PARTS}, min_count
    )
    encoder = Encoder(training_words, header["tokens"], header["stop_words"])
    parts = {
        part: (
            [encoder.numbers(words[row]) for row in rows[part]],
            [labels[row] for row in rows[part]],
        )
        for part in PARTS
    }
    if not training_words:
        raise UserError(
            f"{header['source']}: no word occurs {min_count} times in the train part; more reviews, or --min_count 1"
        )
    table, source = make_vectors(vectors, dim, encoder, parts["train"][0], seed, quiet)
    meta = header | {
        "seed": seed,
        "min_count": min_count,
        "vectors": source,
        "dim": table.shape[1],
        "parts": {part: count(*parts[part]) for part in PARTS},
        "words": training_words,
    }
    return meta, parts, table


def find_stop_words(data_root):
    """The list in the folder of the reviews, else the course's own."""
    return next(
        (path for path in (Path(data_root) / "stop_words.txt", STOP_WORDS) if path.is_file()),
        STOP_WORDS,
    )


def split_rows(texts, labels, seed):
    """{part: numbers of the rows}: 20 % test, and 20 % of the rest validation. A text that stands under both labels is
    one text here, so both its rows land in one part."""
    first = {}
    for row, text in enumerate(texts):
        first.setdefault(text, []).append(row)
    groups = list(first.values())
    kinds = np.array([labels[group[0]] for group in groups])
    if len(groups) < 10 or min(np.bincount(kinds, minlength=2)) < 5:
        raise UserError(
            f"{len(groups)} different reviews, {int((kinds == 1).sum())} of them good: too few to split; "
            "at least 5 of each label"
        )
    rng = np.random.default_rng(seed)
    rest, test = split(kinds, 0.2, rng)
    train, validation = (rest[part] for part in split(kinds[rest], 0.2, rng))
    return {
        name: [row for group in part for row in groups[group]]
        for name, part in zip(PARTS, (train, validation, test))
    }


def count(texts, labels):
    """Counts of one part, for the summary."""
    return {
        "texts": len(texts),
        "good": sum(labels),
        "words": sum(map(len, texts)),
        "unknown": sum(text.count(UNKNOWN) for text in texts),
        "no known word": sum(set(text) == {UNKNOWN} for text in texts),
    }


def write(out_dir, meta, parts, vectors):
    """meta.json, data.npz and vectors.npy, each whole or not at all, meta.json last."""
    out_dir.mkdir(parents=True, exist_ok=True)
    with safe_write(out_dir / "vectors.npy", "wb") as file:
        np.save(file, vectors)
    with safe_write(out_dir / "data.npz", "wb") as file:
        arrays = {}
        for part, (texts, labels) in parts.items():
            arrays |= {
                f"{part}_numbers": np.concatenate([np.asarray(text, np.int32) for text in texts]),
                f"{part}_lengths": np.array([len(text) for text in texts]),
                f"{part}_labels": np.array(labels),
            }
        np.savez(file, **arrays)
    with safe_write(out_dir / "meta.json") as file:
        json.dump(meta, file, ensure_ascii=False, indent=1)


# ------------------------------------------------------------------------------------------------------------- vectors


def make_vectors(source, dim, encoder, train, seed, quiet):
    """(vectors (V, D) float32, what they are). Row 0, the padding, is zero."""
    size = len(SPECIAL) + len(encoder.words)
    if source == "ppmi":
        dim = dim or 300
        return ppmi(train, size, dim, seed), f"ppmi, {dim} wide, from the train text"
    table, is_read, coverage = read_vectors(source, encoder.number, size, dim, quiet)
    words = sum(map(len, train))
    hit = sum(is_read[number] for text in train for number in text)
    description = (
        f"{Path(source).name}, {table.shape[1]} wide, for {is_read.sum()} of {size - 2} words ({hit / words:.1%} of the "
        f"train text){coverage}"
    )
    table[2:][~is_read[2:]] = 0  # words that are not in the file
    table[UNKNOWN] = table[2:][is_read[2:]].mean(0) if is_read.any() else 0
    return table, description


def ppmi(texts, size, dim, seed=0, window=5, smooth=0.75):
    """Word vectors from counts alone: (size, dim) float32, row 0 zero, mean square of a number 1 (as torch's own nn.Embedding).

    texts: lists of word numbers below `size`. M[i, j] = max(0, log(p(i, j) / (p(i) p_s(j)))) where words at most `window`
    apart meet with weight 1 / distance and p_s is p ** smooth, made a distribution (it tames rare words). Vectors are
    U sqrt(S) of a randomised truncated SVD of M, a sparse matrix (torch.svd_lowrank: power iterations on M times a
    few random columns). Source: Levy, Goldberg, Dagan 2015.
    """
    pairs, weights = [np.zeros((2, 0), np.int64)], [np.zeros(0)]
    flat, lengths = (
        np.concatenate([np.asarray(text) for text in texts]),
        np.array([len(text) for text in texts]),
    )
    owner = np.repeat(np.arange(len(texts)), lengths)
    for distance in range(1, window + 1):
        same = owner[distance:] == owner[:-distance] if distance < len(flat) else np.zeros(0, bool)
        near = (
            np.stack([flat[:-distance][same], flat[distance:][same]])
            if len(same)
            else np.zeros((2, 0), np.int64)
        )
        pairs += [near, near[::-1]]
        weights += [np.full(near.shape[1], 1 / distance)] * 2
    code, where = np.unique(np.concatenate(pairs, 1).T @ np.array([size, 1]), return_inverse=True)
    counts = np.bincount(where, np.concatenate(weights), len(code))
    i, j = code // size, code % size
    row = np.bincount(i, counts, size)
    column = row**smooth / max((row**smooth).sum(), 1e-9)
    value = np.log(counts / (row[i] * column[j]))  # p(i, j) / p(i) = counts / row[i]
    keep = value > 0
    M = (
        torch.sparse_coo_tensor(
            torch.from_numpy(np.stack([i, j])[:, keep]),
            torch.from_numpy(value[keep]),
            (size, size),
            check_invariants=True,
        )
        .coalesce()
        .float()
    )
    rank = min(dim, size)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        U, S, _ = torch.svd_lowrank(M, q=min(size, rank + 20), niter=3)
    vectors = np.zeros((size, dim), np.float32)
    vectors[:, :rank] = (U * S.sqrt())[:, :rank].numpy()
    vectors[0] = 0
    return vectors / max(np.sqrt(np.mean(vectors[1:, :rank] ** 2)), 1e-9)


OPEN = {".gz": gzip.open, ".bz2": bz2.open}


def read_vectors(path, number, size, dim=None, quiet=True):
    """(table (size, D) float32, found (size,) bool, note) from a text file: `word v1 ... vD` a line, UTF-8.

    number: {word: row}. word2vec's first line "COUNT WIDTH" may be there or not (GloVe). The file is read line by line;
    only the rows of known words are kept, so memory does not grow with it. Raises UserError that names the line.
    """
    path = Path(path)
    if not path.is_file():
        raise UserError(f"--vectors {path}: no such file; give a file of word vectors, or ppmi")
    table, is_read, twice, width = None, np.zeros(size, bool), 0, dim
    try:
        with (
            open(path, "rb") as raw,
            OPEN.get(path.suffix, lambda file, mode: file)(raw, "rb") as file,
            tqdm(
                desc="reading vectors",
                total=path.stat().st_size,
                unit="B",
                unit_scale=True,
                disable=quiet,
            ) as bar,
        ):
            for line_number, line in enumerate(file, 1):
                if line_number % 4096 == 0:
                    bar.update(raw.tell() - bar.n)
                line = line.strip(b" \t\r\n")
                if line_number == 1:
                    line = line.removeprefix(b"\xef\xbb\xbf")
                    head = re.fullmatch(rb"(\d+)\s+(\d+)", line)
                    width = int(head[2]) if head else len(line.split()) - 1
                    if dim and dim != width:
                        raise UserError(
                            f"{path} has vectors {width} wide, --dim asks for {dim}; leave --dim out"
                        )
                    if not 1 <= width <= 10_000:
                        raise UserError(f"{path}, line 1: no word with its numbers: {line[:40]!r}")
                    table = np.zeros((size, width), np.float32)
                    if head:
                        continue
                fields = line.rsplit(None, width)  # a word may hold spaces
                if len(fields) != width + 1:
                    if not line:
                        continue
                    raise UserError(
                        f"{path}, line {line_number}: {len(fields) - 1} numbers, expected {width} as in line 1"
                    )
                row = number.get(fields[0].decode("utf-8", "replace"))
                if row is None:
                    continue
                twice += bool(is_read[row])
                if not is_read[row]:
                    values = np.array(fields[1:]).astype(np.float32)
                    if not np.isfinite(values).all():
                        raise ValueError("not finite")
                    table[row], is_read[row] = values, True
    except ValueError:
        raise UserError(
            f"{path}, line {line_number}: what should be {width} numbers is {line[-60:].decode('utf-8', 'replace')!r}"
        ) from None
    except (EOFError, gzip.BadGzipFile, gzip.zlib.error, OSError) as error:
        raise UserError(f"{path} cannot be read as {path.suffix or 'text'}: {error}") from None
    if table is None:
        raise UserError(f"{path} is empty")
    return table, is_read, f", {twice} words came twice, the first counts" if twice else ""


if __name__ == "__main__":
    run(main)
