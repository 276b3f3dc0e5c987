"""The bundled samples of cws and sst: format, size, balance, no duplicates, and cards that state the measured sizes."""

import re
from collections import Counter
from pathlib import Path

import pytest

DATA = Path(__file__).resolve().parents[2] / "data"
CWS = {"train": 340, "test": 60}
SST = {"train": 440, "dev": 90, "test": 100}
TWO_WAYS = [
    ("研究 生命", "研究生 "),
    ("乒乓球 拍卖 完", "乒乓球拍 卖 完"),
    ("把 手 举", "门 把手"),
    ("白天 鹅", "白 天鹅"),
]
MARKS = "，。、；：？！“”《》（）…"


def lines(path):
    """Lines of a UTF-8 file without BOM, with LF line ends and exactly one at the end."""
    raw = path.read_bytes()
    assert not raw.startswith(b"\xef\xbb\xbf") and b"\r" not in raw, path
    text = raw.decode("utf-8")
    assert text.endswith("\n") and not text.endswith("\n\n"), path
    return text[:-1].split("\n")


def cws(part):
    """[[word, ...], ...]: the sentences of a part."""
    return [line.split(" ") for line in lines(DATA / "cws" / f"{part}.txt")]


def sst(part):
    """[(label, [word, ...]), ...]: the labelled sentences of a part."""
    rows = [line.split("\t") for line in lines(DATA / "sst" / f"{part}.txt")]
    assert all(len(row) == 2 for row in rows), part
    return [(label, sentence.split(" ")) for label, sentence in rows]


def shared_runs(sequences, width):
    """Runs of `width` items that occur in two sequences, or twice in one."""
    count = Counter(tuple(s[i : i + width]) for s in sequences for i in range(len(s) - width + 1))
    return [run for run, n in count.items() if n > 1]


@pytest.mark.parametrize("part", CWS)
def test_cws_sentences_have_the_documented_format(part):
    sentences = cws(part)
    assert len(sentences) >= CWS[part]
    for words in sentences:
        text = "".join(words)
        assert all(words), f"two spaces or an empty line: {words}"
        assert 12 <= len(text) <= 45, text
        assert not re.search(r"[\s\uff10-\uff19\uff21-\uff3a\uff41-\uff5a,;!?()\"]", text), text
        assert text[-1] in "。？！”", text
        for word in words:
            assert len(word) == 1 or not set(word) & set(MARKS), (
                f"a mark is a word of its own: {word}"
            )


def test_cws_has_no_duplicates():
    texts = ["".join(words) for part in CWS for words in cws(part)]
    assert len(set(texts)) == len(texts)
    assert not shared_runs(texts, 12)


def test_cws_has_words_of_all_lengths_and_unseen_test_words():
    train, test = ([w for words in cws(part) for w in words] for part in ("train", "test"))
    lengths = Counter(min(len(w), 4) for w in train)
    assert all(lengths[n] > 50 for n in (1, 2, 3, 4))
    unseen = sum(w not in set(train) for w in set(test)) / len(set(test))
    assert 0.05 < unseen < 0.5
    assert any(re.search("[A-Za-z]", w) for w in train) and any(
        re.search("[0-9]", w) for w in train
    )


@pytest.mark.parametrize("first, second", TWO_WAYS)
def test_cws_has_characters_that_are_segmented_in_two_ways(first, second):
    sentences = [" ".join(words) for part in CWS for words in cws(part)]
    assert any(first in s for s in sentences) and any(second in s for s in sentences)


@pytest.mark.parametrize("part", SST)
def test_sst_sentences_have_the_documented_format(part):
    rows = sst(part)
    assert len(rows) >= SST[part]
    for label, words in rows:
        text = " ".join(words)
        assert label in {"0", "1", "2", "3", "4"}, label
        assert all(words) and 6 <= len(words) <= 30, text
        assert text.isascii() and text == text.lower() and text[-1] in ".!?", text
        for word in words:
            assert (
                word.isalnum()
                or len(word) == 1
                or re.fullmatch(r"[a-z]+(-[a-z]+)*|n't|'[a-z]+", word)
            ), word


@pytest.mark.parametrize("part", SST)
def test_sst_labels_are_balanced(part):
    count = Counter(label for label, _ in sst(part))
    assert len(count) == 5 and max(count.values()) <= 1.2 * min(count.values())


def test_sst_has_no_duplicates():
    sentences = [words for part in SST for _, words in sst(part)]
    assert len(set(map(tuple, sentences))) == len(sentences)
    assert not shared_runs(sentences, 8)


def test_sst_words_occur_often_enough_to_learn_from():
    train = Counter(w for _, words in sst("train") for w in words)
    test = [w for _, words in sst("test") for w in words]
    assert len(train) > 1000 and sum(n > 1 for n in train.values()) > 500
    assert sum(w not in train for w in test) / len(test) < 0.2


def check_both_languages_have(path, row):
    """Assert that a card contains a table row twice: in its English and in its Chinese half."""
    count = path.read_text(encoding="utf-8").count(row)
    assert count == 2, f"{path}: {count} times, 2 expected: {row}"


@pytest.mark.parametrize("part", CWS)
def test_cws_card_states_the_measured_sizes(part):
    sentences = cws(part)
    words = [w for s in sentences for w in s]
    text = "".join(words)
    size = (DATA / "cws" / f"{part}.txt").stat().st_size
    sizes = (len(sentences), len(words), len(set(words)), len(text), len(set(text)), size)
    check_both_languages_have(
        DATA / "cws" / "README.md",
        f"| `{part}.txt` | " + " | ".join(f"{n:,}" for n in sizes) + " |",
    )


def test_cws_card_states_the_unseen_words():
    training_words = {w for s in cws("train") for w in s}
    words = [w for s in cws("test") for w in s]
    unseen = sum(w not in training_words for w in words)
    characters = sum(c not in set("".join(training_words)) for w in words for c in w)
    card = (DATA / "cws" / "README.md").read_text(encoding="utf-8")
    assert (
        f"Of the {len(words)} words of the test part {unseen} ({unseen / len(words):.1%}".replace(
            "%", " %"
        )
        in card
    )
    assert f"测试部分的 {len(words)} 个词中有 {unseen} 个" in card
    assert f"characters {characters}." in card and f"个字中有 {characters} 个" in card


@pytest.mark.parametrize("part", SST)
def test_sst_card_states_the_measured_sizes(part):
    rows = sst(part)
    words = [w for _, s in rows for w in s]
    training_words = {w for _, s in sst("train") for w in s}
    unknown = (
        ""
        if part == "train"
        else f"{sum(w not in training_words for w in words) / len(words):.1%} ".replace("%", " %")
    )
    each = len(rows) // 5
    size = (DATA / "sst" / f"{part}.txt").stat().st_size
    row = f"| `{part}.txt` | {len(rows)} | {each} | {len(words):,} | {len(set(words)):,} | {unknown}| {size:,} |"
    check_both_languages_have(DATA / "sst" / "README.md", row)
