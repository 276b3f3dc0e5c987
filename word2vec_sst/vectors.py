"""Word vectors in files: npz (words, vectors) and word2vec's text format, with or without its first line."""

import zipfile
from pathlib import Path

import numpy as np
from cli import UserError, command, safe_write, search_folders


def save_vectors(folder, words, V, U):
    """vectors.npz (words, vectors, input, output) and vectors.txt in word2vec's text format; vectors = V + U."""
    vectors = V + U
    with safe_write(Path(folder) / "vectors.npz", "wb") as file:
        np.savez(file, words=words, vectors=vectors, input=V, output=U)
    with safe_write(Path(folder) / "vectors.txt") as file:
        file.write(f"{len(words)} {vectors.shape[1]}\n")
        for word, vector in zip(words, vectors):
            file.write(f"{word} {' '.join(f'{value:.6g}' for value in vector)}\n")


def load_vectors(path):
    """(tokens, vectors): dict word -> row, float64 (V, n). path: .npz, or text. Raises UserError."""
    path = Path(path).expanduser()
    folders = search_folders(path.parent)
    path = next((folder / path.name for folder in folders if (folder / path.name).is_file()), path)
    if not path.is_file():
        raise UserError(
            f"{path} not found; run: {command('train.py')} (or q3_run.py), or name another --vectors"
        )
    try:
        words, vectors = read_npz(path) if path.suffix == ".npz" else read_text(path)
    except (KeyError, EOFError, ValueError, zipfile.BadZipFile) as error:
        raise UserError(f"{path} is not a file of word vectors: {error}") from None
    if vectors.ndim != 2 or len(vectors) != len(words) or not len(words):
        raise UserError(f"{path}: {len(words)} words, vectors {vectors.shape}")
    return {word: row for row, word in enumerate(words)}, vectors


def read_npz(path):
    """Words and vectors of an npz."""
    with np.load(path, allow_pickle=False) as file:
        return file["words"].tolist(), file["vectors"].astype(np.float64)


def read_text(path):
    """Words and vectors of a text file: `word v1 v2 ...` a line, a first line `count width` allowed."""
    words, rows = [], []
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            word, *values = line.rstrip().split(" ")
            if number == 1 and len(values) == 1:
                continue
            if rows and len(values) != len(rows[0]):
                raise ValueError(
                    f"line {number} has {len(values)} numbers, the lines before have {len(rows[0])}"
                )
            words.append(word)
            rows.append(np.array(values, dtype=float))
    return words, np.array(rows)


def nearest(tokens, vectors, wanted, leave_out=(), count=10):
    """[(word, cosine)] of the words whose vectors point most nearly as `wanted` (n,), without the words left out."""
    length = np.linalg.norm(vectors, axis=1)
    cosine = vectors @ wanted / np.where(length > 0, length, 1) / max(np.linalg.norm(wanted), 1e-12)
    cosine[[tokens[word] for word in leave_out if word in tokens]] = -np.inf
    words, best = list(tokens), np.argsort(-cosine)[:count]
    return [(words[row], float(cosine[row])) for row in best if np.isfinite(cosine[row])]
