"""gpt_songci's ngrams.py: the losses equal those computed from the definition, pair by pair."""

import json
import math
from collections import Counter

import numpy as np

from course.solved import load_solved

GPT = load_solved("gpt_songci")
with GPT.active():
    ngrams = GPT.module("ngrams")
V = 300


def losses_by_loops(text, val):
    """(unigram loss, bigram loss) of `val` in nats per character, computed with dictionaries."""
    counts, pairs = Counter(text), Counter(zip(text, text[1:]))
    p = {c: (counts[c] + 1) / (len(text) + V) for c in range(V)}
    unigram = bigram = 0.0
    for b, c in zip(val, val[1:]):
        n = sum(count for (first, _), count in pairs.items() if first == b)
        k = sum(first == b for first, _ in pairs)
        unigram -= math.log(p[c])
        bigram -= math.log((pairs[b, c] + k * p[c]) / (n + k) if n else p[c])
    return unigram / (len(val) - 1), bigram / (len(val) - 1)


def test_ngram_losses_equal_those_of_plain_loops(tmp_path, capsys):
    rng = np.random.default_rng(3)
    text, val = rng.integers(V - 9, size=1500), rng.integers(V, size=150)
    assert ngrams.BLOCK < V  # more than one block
    text.astype(np.uint16).tofile(tmp_path / "train.bin")
    val.astype(np.uint16).tofile(tmp_path / "val.bin")
    meta = {
        "format": 1,
        "dtype": "uint16",
        "characters": "".join(map(chr, range(0x4E00, 0x4E00 + V))),
        "train_characters": len(text),
        "val_characters": len(val),
    }
    (tmp_path / "meta.json").write_text(json.dumps(meta), encoding="utf-8")
    with GPT.active():
        ngrams.main(["--data_root", str(tmp_path)])
    unigram, bigram = losses_by_loops(text.tolist(), val.tolist())
    printed = capsys.readouterr().out
    assert f"unigram  validation loss {unigram:.4f}" in printed
    assert f"bigram   validation loss {bigram:.4f} nats per character" in printed
    assert f"perplexity {math.exp(bigram):.1f}" in printed
