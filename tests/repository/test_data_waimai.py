"""The bundled delivery reviews: format, the counts that the card states, no repeated phrases, a learnable task.

`python tests/repository/test_data_waimai.py` prints the counts and the baseline that the card quotes.
"""

import csv
import math
import os
import random
import re
import statistics
from collections import Counter, defaultdict
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "data" / "waimai_10k"
KEEP = "不 没 没有 别 无 太 很 真 非常 最 好 差 难 才 还 又 再 都 但是 可是 虽然 ! ? \uff01 \uff1f".split()


def read(path):
    """Rows of a review file without the header, as [(label, review)], both str."""
    with open(path, encoding="utf-8-sig", newline="") as file:
        rows = [tuple(row) for row in csv.reader(file)]
    assert rows[0] == ("label", "review")
    return rows[1:]


def counts(rows):
    """The counts of the card's table, by the names used there."""
    filled = [(label, text) for label, text in rows if text.strip()]
    labels = defaultdict(set)
    for label, text in filled:
        labels[text].add(label)
    lengths = sorted(len(text) for _, text in filled)
    return {
        "rows": len(rows),
        "good (1)": sum(label == "1" for label, _ in rows),
        "bad (0)": sum(label == "0" for label, _ in rows),
        "empty reviews": len(rows) - len(filled),
        "exact copies of an earlier row": len(filled) - len(set(filled)),
        "texts with both labels": sum(len(both) == 2 for both in labels.values()),
        "texts with one label": sum(len(both) == 1 for both in labels.values()),
        "median length": int(statistics.median(lengths)),
        "95 % are at most": lengths[math.ceil(0.95 * len(lengths)) - 1],
        "longest": lengths[-1],
        "with an ASCII comma": sum("," in text for _, text in filled),
        "with an ASCII double quote": sum('"' in text for _, text in filled),
        "with Latin letters": sum(bool(re.search("[A-Za-z]", text)) for _, text in filled),
        "with ASCII digits": sum(bool(re.search("[0-9]", text)) for _, text in filled),
        "with emoji": sum(
            bool(re.search("[\U0001f300-\U0001faff\u2705]", text)) for _, text in filled
        ),
    }


def character_runs(n):
    """A function that returns all runs of 1 to n characters of a text, as a list."""
    return lambda text: [text[i : i + k] for k in range(1, n + 1) for i in range(len(text) - k + 1)]


def naive_bayes(rows, features, seed):
    """Accuracy of naive Bayes on features(text) in 5-fold cross-validation.

    Texts with both labels are left out; copies count once.
    """
    labels = defaultdict(set)
    for label, text in rows:
        if text.strip():
            labels[text].add(int(label))
    data = [(min(both), text) for text, both in labels.items() if len(both) == 1]
    random.Random(seed).shuffle(data)
    data = [(y, features(x)) for y, x in data]
    correct = 0
    for fold in range(5):
        grams, texts = (Counter(), Counter()), [0, 0]
        for i, (y, x) in enumerate(data):
            if i % 5 != fold:
                grams[y].update(x)
                texts[y] += 1
        V = len(grams[0].keys() | grams[1].keys())
        total = [sum(count.values()) for count in grams]
        for y, x in data[fold::5]:
            score = [
                math.log(texts[k])
                + sum(math.log((grams[k][gram] + 1) / (total[k] + V)) for gram in x)
                for k in (0, 1)
            ]
            correct += y == (score[1] > score[0])
    return correct / len(data)


@pytest.fixture(scope="module")
def rows():
    return read(FOLDER / "waimai_10k.csv")


def test_file_has_one_bom_and_lf_line_ends():
    raw = (FOLDER / "waimai_10k.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbflabel,review\n")
    assert raw.count(b"\xef\xbb\xbf") == 1 and raw.endswith(b"\n") and b"\r" not in raw
    raw.decode("utf-8")


def test_rows_have_a_label_and_a_trimmed_one_line_review(rows):
    assert all(len(row) == 2 for row in rows)
    assert {label for label, _ in rows} == {"0", "1"}
    assert not [text for _, text in rows if "\n" in text or "\t" in text or "\ufffd" in text]
    assert not [text for _, text in rows if text.strip() and text != text.strip()]


def test_rows_are_sorted_by_label_like_the_full_set(rows):
    labels = [label for label, _ in rows]
    assert labels == sorted(labels, reverse=True)


def test_size_balance_and_lengths_are_like_the_full_set(rows):
    measured = counts(rows)
    assert measured["rows"] >= 840
    assert 0.30 <= measured["good (1)"] / measured["rows"] <= 0.37
    assert 12 <= measured["median length"] <= 20 and 120 <= measured["longest"] <= 200


def test_card_states_the_measured_sizes(rows):
    measured = counts(rows)
    english, chinese = (FOLDER / "README.md").read_text(encoding="utf-8").split("\n# 外卖评论", 1)
    row = re.compile(r"^\| ([^|]+?) \| (\d+)(?: [^|]*)? \|$", re.M)
    stated = {name: int(value) for name, value in row.findall(english)}
    assert stated == measured
    assert [int(value) for _, value in row.findall(chinese)] == list(stated.values())


def test_sample_has_the_noise_of_real_reviews(rows):
    measured = counts(rows)
    assert 1 <= measured["empty reviews"] <= 2
    assert 3 <= measured["exact copies of an earlier row"] <= 5
    assert measured["texts with both labels"] == 2
    for name in ("comma", "double quote"):
        assert measured[f"with an ASCII {name}"] >= 8
    assert (
        measured["with Latin letters"] >= 15
        and measured["with ASCII digits"] >= 15
        and measured["with emoji"] >= 8
    )
    assert max(Counter(text for _, text in rows).values()) == 2


def test_no_run_of_10_characters_occurs_in_3_reviews(rows):
    rows_with_run = defaultdict(set)
    for number, (_, text) in enumerate(rows):
        for i in range(len(text) - 9):
            rows_with_run[text[i : i + 10]].add(number)
    assert not {run: len(where) for run, where in rows_with_run.items() if len(where) > 2}


def test_stop_words_have_the_format_and_keep_sentiment_words():
    raw = (FOLDER / "stop_words.txt").read_bytes()
    assert not raw.startswith(b"\xef\xbb\xbf") and b"\r" not in raw and raw.endswith(b"\n")
    lines = raw.decode("utf-8").splitlines()
    words = [line for line in lines if not line.startswith("#")]
    assert lines[-len(words) :] == words, "comments only at the top"
    assert all(word and word == word.strip() and len(word.split()) == 1 for word in words)
    assert len(set(words)) == len(words) and 150 <= len(words) <= 250
    assert not set(KEEP) & set(words)
    assert {"的", "了", ",", "\uff0c", "\u3002"} <= set(words)


def test_naive_bayes_accuracy_is_between_78_and_93_percent(rows):
    assert 0.78 <= naive_bayes(rows, character_runs(1), seed=0) <= 0.93


def test_no_review_is_taken_from_the_full_set(rows):
    folder = os.environ.get("COURSE_FULL_DATA")
    if not folder:
        pytest.skip(
            "full data: python data/download.py waimai_10k, then COURSE_FULL_DATA=data/full"
        )
    full = {text.strip() for _, text in read(Path(folder) / "waimai_10k" / "waimai_10k.csv")}
    assert not {text for _, text in rows if text.strip()} & full


def report():
    """Print the numbers of the card; words are segmented by jieba."""
    import tempfile

    import jieba

    rows = read(FOLDER / "waimai_10k.csv")
    for name, value in counts(rows).items():
        print(f"| {name} | {value} |")
    jieba.setLogLevel("ERROR")
    lines = (FOLDER / "stop_words.txt").read_text(encoding="utf-8").splitlines()
    listed = {line for line in lines if not line.startswith("#")}
    with tempfile.TemporaryDirectory() as jieba.dt.tmp_dir:
        cut = {text: [word for word in jieba.lcut(text) if word.strip()] for _, text in rows}
    print(f"{len(listed)} stop words, jieba {jieba.__version__}")
    print("naive Bayes, 5-fold, mean of seeds 0-4 (lowest .. highest)")
    for name, features in {
        "characters": character_runs(1),
        "runs of 1 and 2 characters": character_runs(2),
        "words": cut.get,
        "words without the stop words": lambda text: [
            word for word in cut[text] if word not in listed
        ],
        "the same, also without 不 没 没有 太 很 难 好 差": lambda text: [
            word
            for word in cut[text]
            if word not in listed | set("不 没 没有 太 很 难 好 差".split())
        ],
    }.items():
        got = [naive_bayes(rows, features, seed) for seed in range(5)]
        print(f"{statistics.mean(got):.3f} ({min(got):.3f} .. {max(got):.3f})  {name}")
    if "COURSE_FULL_DATA" in os.environ:
        full = read(Path(os.environ["COURSE_FULL_DATA"]) / "waimai_10k" / "waimai_10k.csv")
        for n in (1, 2):
            got = [
                naive_bayes(random.Random(seed).sample(full, len(rows)), character_runs(n), seed)
                for seed in range(5)
            ]
            whole = naive_bayes(full, character_runs(n), 0)
            print(
                f"full set, runs of 1..{n} characters: {len(rows)} rows {statistics.mean(got):.3f}, all {whole:.3f}"
            )


if __name__ == "__main__":
    report()
