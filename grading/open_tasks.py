"""The open tasks of the leaderboard: their items, hidden answers, baselines, and how one answer is scored.

| task | a prediction | score |
|---|---|---|
| waimai_cls | `id,label`: 0 bad, 1 good | share of right labels, higher is better |
| numerals | `id,value`: the digits of a Chinese numeral | share of right numbers, higher is better |
| gpt_songci | `id,c1,...,c8`: eight log-probabilities; `poem`, `cpu_seconds` | mean cross entropy in nats, lower is better |

gpt_songci asks for log-probabilities because a validation loss that somebody reports cannot be checked without running
their code, while a loss on hidden answers can: the eight are normalised here, and whoever does not know which one is
right gains nothing by claiming to be sure. Beside it the board shows, without ranking by them, the form of free poems,
which it measures itself, and the processor time of the training, which it cannot measure: that is what the file says.
"""

import copy
import csv
import math
import random
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from course.messages import Message
from course.solved import load_solved
from grading.intake.problems import GradingError

CHOICES = 8  # characters to choose from, gpt_songci
POEM_EVERY = 4  # items for each that asks for a poem, gpt_songci
LONGEST_POEM = 2000  # characters


class BoardError(GradingError):
    """A board or a prediction file that cannot be used."""


@dataclass(frozen=True)
class Item:
    """One question. values: the fields that students get. answer: hidden.

    forms: the line lengths that the tune's training poems have, "5 5 7 5|5 6 7 5", where a poem is asked for.
    """

    values: tuple[str, ...]
    answer: str
    forms: str = ""


@dataclass(frozen=True)
class Baseline:
    """A model to compare with. predictions: one row of values for each item, as a file would have them."""

    name: str
    name_zh: str
    predictions: list[tuple[str, ...]]


@dataclass(frozen=True)
class Material:
    """What a board is made of. train: what students may train on, (file name, text), or None where they have it already."""

    items: list[Item]
    baselines: list[Baseline]
    train: tuple[str, str] | None = None


@dataclass(frozen=True)
class Task:
    """An open task. fields: columns of the items behind id. columns: those of a prediction behind id.

    check: values of a row -> what is wrong with them, or None. score: (values, answer) -> one number.
    implausible: a score that no honest model has reached here; better ones are listed as worth a look.
    optional: further columns that a prediction may have; check gets their values behind the others, "" where they are
    missing. row_bytes: enough for a row. budget: seconds of processor time that training may take, or None.
    """

    name: str
    metric: str
    higher_is_better: bool
    fields: tuple[str, ...]
    columns: tuple[str, ...]
    check: Callable[[Sequence[str]], Message | None]
    score: Callable[[Sequence[str], str], float]
    make: Callable[[Path, int, random.Random], Material]
    implausible: float
    optional: tuple[str, ...] = ()
    row_bytes: int = 200
    budget: float | None = None


# ---------------------------------------------------------------- waimai_cls


def _check_label(values: Sequence[str]) -> Message | None:
    if values[0] in ("0", "1"):
        return None
    given = repr(values[0][:20])
    return Message(f"label {given}; expected 0 or 1", f"标签为 {given}，应为 0 或 1")


def _exact(values: Sequence[str], answer: str) -> float:
    return float(values[0] == answer)


def check_source(source: Path, data_set: str, name: str) -> None:
    """Raise BoardError where the file to draw from is missing."""
    if source.is_file():
        return
    full = f"data/full/{data_set}/{name}"
    shown = "--source" if source == Path() else str(source)
    raise BoardError(
        f"{shown}: no such file; run python data/download.py {data_set}, then give --source {full}",
        f"{shown}：没有这个文件；请先运行 python data/download.py {data_set}，再给出 --source {full}",
    )


def _make_waimai(source: Path, count: int, rng: random.Random) -> Material:
    """Hidden items out of the reviews, and the rest to train on. Texts under both labels are left out."""
    check_source(source, "waimai_10k", "waimai_10k.csv")
    with open(source, encoding="utf-8-sig", newline="") as file:
        reviews = [(row["review"].strip(), row["label"]) for row in csv.DictReader(file)]
    repeated = Counter(text for text, _ in dict.fromkeys(reviews))
    rows = [(text, label) for text, label in dict.fromkeys(reviews) if text and repeated[text] == 1]
    if len(rows) < 2 * count:
        raise BoardError(
            f"{source} has {len(rows)} reviews; at least {2 * count} for {count} items",
            f"{source} 有 {len(rows)} 条评论；{count} 道题至少需要 {2 * count} 条",
        )
    rng.shuffle(rows)
    hidden, train = rows[:count], rows[count:]
    majority = Counter(label for _, label in train).most_common(1)[0][0]
    bayes = _naive_bayes(train)
    baselines = [
        Baseline("always the majority", "总是预测多数类", [(majority,)] * count),
        Baseline(
            "naive Bayes, runs of 1 and 2 characters",
            "朴素贝叶斯，一至二字",
            [(bayes(text),) for text, _ in hidden],
        ),
    ]
    lines = [("label", "review"), *((label, text) for text, label in train)]
    return Material(
        [Item((text,), label) for text, label in hidden],
        baselines,
        ("waimai_10k.csv", csv_text(lines)),
    )


def _runs(text: str) -> list[str]:
    return [*text, *(text[index : index + 2] for index in range(len(text) - 1))]


def _naive_bayes(rows: Sequence[tuple[str, str]]) -> Callable[[str], str]:
    """A classifier with add-one smoothing, trained on (text, label "0" or "1")."""
    counts = {"0": Counter[str](), "1": Counter[str]()}
    for text, label in rows:
        counts[label].update(_runs(text))
    vocabulary = len(counts["0"] | counts["1"])
    totals = {label: sum(counter.values()) + vocabulary for label, counter in counts.items()}
    prior = Counter(label for _, label in rows)

    def label_of(text: str) -> str:
        odds = math.log((prior["1"] + 1) / (prior["0"] + 1))
        for run in _runs(text):
            odds += math.log((counts["1"][run] + 1) / totals["1"])
            odds -= math.log((counts["0"][run] + 1) / totals["0"])
        return "1" if odds > 0 else "0"

    return label_of


# ---------------------------------------------------------------- numerals


def _check_number(values: Sequence[str]) -> Message | None:
    if re.fullmatch(r"0|[1-9][0-9]{0,15}", values[0]):
        return None
    given = repr(values[0][:20])
    return Message(
        f"value {given}; expected a whole number without a sign",
        f"value 为 {given}，应为不带正负号的整数",
    )


def _make_numerals(source: Path, count: int, rng: random.Random) -> Material:
    """Numbers of 5 to 8 digits in both notations, half of them mostly zeros. source is not used."""
    numerals = load_solved("hw_attention").module("numerals")
    numbers = [_draw_number(rng, zeros=rng.choice((0.1, 0.6))) for _ in range(count)]
    notations = (numerals.by_value, numerals.digit_by_digit)
    items = [Item((rng.choice(notations)(number),), str(number)) for number in numbers]
    signs = {sign: str(value) for value, sign in enumerate("零一二三四五六七八九")} | {"〇": "0"}
    spelled = [
        ("".join(signs[sign] for sign in item.values[0] if sign in signs).lstrip("0") or "0",)
        for item in items
    ]
    names = "digits read one by one, units ignored", "逐字读数字，忽略单位"
    return Material(items, [Baseline(*names, spelled)])


def _draw_number(rng: random.Random, zeros: float) -> int:
    rest = [0 if rng.random() < zeros else rng.randint(1, 9) for _ in range(rng.randint(4, 7))]
    return int("".join(map(str, [rng.randint(1, 9), *rest])))


# ---------------------------------------------------------------- gpt_songci


def _check_scores(values: Sequence[str]) -> Message | None:
    *scores, poem, seconds = values
    for value in scores:
        given = repr(value[:20])
        try:
            number = float(value)
        except ValueError:
            return Message(f"{given} is not a number", f"{given} 不是数")
        if not math.isfinite(number) or abs(number) > 1e4:
            return Message(
                f"{given}; expected finite log-probabilities", f"{given}：应为有限的对数概率"
            )
    if len(poem) > LONGEST_POEM:
        return Message(
            f"the poem has {len(poem)} characters; {LONGEST_POEM} are enough",
            f"这首词有 {len(poem)} 个字符，最多 {LONGEST_POEM} 个",
        )
    if not re.fullmatch(r"|[0-9]{1,9}(\.[0-9]{1,9})?", seconds):
        given = repr(seconds[:20])
        return Message(
            f"cpu_seconds {given}; expected seconds, such as 480",
            f"cpu_seconds 为 {given}，应为秒数，如 480",
        )
    return None


def form_share(poem: str, forms: str) -> float:
    """Share of a poem's lines that have the length which the best fitting form asks for at their position, 0 to 1.

    forms: as Item has them. Lines that are missing or too many count as wrong (the `line_form` of evaluate.py, per poem).
    """
    tunes = load_solved("gpt_songci").module("tunes")
    lines = [line for line in poem.splitlines() if line.strip() and not line.startswith("+++")]
    lengths = tunes.line_lengths(lines)
    patterns = [[int(length) for length in form.split()] for form in forms.split("|")]
    return max(
        sum(a == b for a, b in zip(lengths, pattern)) / max(len(lengths), len(pattern))
        for pattern in patterns
    )


def _cross_entropy(values: Sequence[str], answer: str) -> float:
    scores = [float(value) for value in values[:CHOICES]]
    top = max(scores)
    return top + math.log(sum(math.exp(score - top) for score in scores)) - scores[int(answer) - 1]


def _make_songci(source: Path, count: int, rng: random.Random) -> Material:
    """Beginnings of hidden poems, each with eight characters of which one comes next.

    The wrong ones are drawn evenly from the characters of the training poems: then a model's probabilities of the eight,
    normalised, are the best answer that it can give. Every fourth item names a tune, too, drawn as often as the training
    poems have it: a free poem of this tune may be handed in beside the log-probabilities.
    """
    check_source(source, "quansongci", "input.txt")
    text = source.read_text(encoding="utf-8-sig")
    poems = [poem.strip() for poem in text.split("\n\n") if len(poem.strip()) > 24]
    rng.shuffle(poems)
    held_out, train = poems[: max(1, len(poems) // 10)], poems[max(1, len(poems) // 10) :]
    chinese = re.compile(r"[\u3400-\u9fff]")
    places = [
        (poem, index)
        for poem in held_out
        for index in range(12, len(poem))
        if chinese.match(poem[index])
    ]
    if len(places) < count or len(train) < 10:
        raise BoardError(
            f"{source} has {len(places)} hidden characters; {count} items were wanted",
            f"{source} 只有 {len(places)} 个隐藏的字，不够 {count} 道题",
        )
    frequencies = Counter(
        character for poem in train for character in poem if chinese.match(character)
    )
    characters = sorted(frequencies)
    pairs = Counter(pair for poem in train for pair in zip(poem, poem[1:]))
    tunes = load_solved("gpt_songci").module("tunes")
    patterns: dict[str, list[tuple[int, ...]]] = {}  # tune -> line lengths of its training poems
    for name, body in tunes.read_poems(line for poem in train for line in [*poem.splitlines(), ""]):
        if body:
            patterns.setdefault(name, []).append(tunes.line_lengths(body))
    names = sorted(patterns)
    tune_rng = copy.deepcopy(rng)  # the other draws do not depend on it
    items, unigram, bigram = [], [], []
    for poem, index in rng.sample(places, count):
        candidates = [poem[index]]
        while len(candidates) < CHOICES:
            drawn = rng.choice(characters)
            candidates += [drawn] if drawn not in candidates else []
        rng.shuffle(candidates)
        context = poem[max(0, index - 60) : index]
        tune, forms = "", ""
        if len(items) % POEM_EVERY == 0:
            tune = tune_rng.choices(names, [len(patterns[name]) for name in names])[0]
            forms = "|".join(" ".join(map(str, lengths)) for lengths in sorted(set(patterns[tune])))
        items.append(
            Item((context, *candidates, tune), str(candidates.index(poem[index]) + 1), forms)
        )
        weights = [frequencies[character] + 0.1 for character in candidates]
        unigram.append(_logs(weights))
        follows = [pairs[context[-1], character] for character in candidates]
        bigram.append(_logs([pair + w / 50 for pair, w in zip(follows, weights)]))
    baselines = [
        Baseline("all eight alike", "八个字机会均等", [("0",) * CHOICES] * count),
        Baseline("frequency of the character", "按字频", unigram),
        Baseline("bigram", "二元模型", bigram),
    ]
    return Material(items, baselines, ("input.txt", "\n\n".join(train) + "\n"))


def _logs(weights: Sequence[float]) -> tuple[str, ...]:
    return tuple(f"{math.log(weight):.4f}" for weight in weights)


def csv_text(rows: Sequence[Sequence[str]]) -> str:
    """Rows as CSV, lines ended by LF."""

    def cell(value: str) -> str:
        return (
            f'"{value.replace(chr(34), chr(34) * 2)}"' if re.search(r'[",\r\n]', value) else value
        )

    return "".join(",".join(map(cell, row)) + "\n" for row in rows)


def read_rows(path: Path) -> list[dict[str, str]]:
    """Rows of a CSV file that a board wrote."""
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


_C = tuple(f"c{number}" for number in range(1, CHOICES + 1))
TASKS = {
    task.name: task
    for task in (
        Task("waimai_cls", "accuracy", True, ("review",), ("label",), _check_label, _exact,
             _make_waimai, 0.97),
        Task("numerals", "exact", True, ("numeral",), ("value",), _check_number, _exact,
             _make_numerals, 1.01),
        Task("gpt_songci", "nats", False, ("context", *_C, "tune"), _C, _check_scores, _cross_entropy,
             _make_songci, 0.3, ("poem", "cpu_seconds"), 600, 600.0),
    )
}  # fmt: skip
