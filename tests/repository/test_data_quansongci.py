"""The bundled ci poems: each follows its tune's pattern, nothing is repeated, and the card states the measured sizes."""

import json
import os
import re
import unicodedata
from collections import Counter
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "data" / "quansongci"
HAN = "\u4e00-\u9fff"
HEADER = re.compile(rf"\+\+\+([{HAN}]+)(?:\(([{HAN}]+)\))?")
LINE = re.compile(rf"[{HAN}]+(?:[，、][{HAN}]+)*。")
RUN = 7  # no run of this many characters may occur twice
TUNES = json.loads((FOLDER / "forms.json").read_text(encoding="utf-8"))["tunes"]


def poems_of(text):
    """The poems of a text, each a list of lines (header first). Raises ValueError if empty lines are misplaced."""
    if not text.endswith("。\n\n"):
        raise ValueError("the text must end with one empty line after the last poem")
    poems = [poem.split("\n") for poem in text[:-2].split("\n\n")]
    for poem in poems:
        if not all(poem):
            raise ValueError(f"more than one empty line near {poem}")
    return poems


def faults(poem, tunes):
    """Messages about what is wrong with a poem (list of lines, header first); [] if it is valid."""
    header, *lines = poem
    match = HEADER.fullmatch(header)
    if not match:
        return [f"header: {header!r} is not +++TUNE or +++TUNE(TITLE)"]
    if match[1] not in tunes:
        return [f"tune: {match[1]} is not in the table"]
    pattern = tunes[match[1]]
    problems = [f"form: {line!r}" for line in lines if not LINE.fullmatch(line)]
    if len(lines) != len(pattern):
        return [*problems, f"lines: {len(lines)}, the tune has {len(pattern)}"]
    for line, lengths in zip(lines, pattern):
        got = [len(phrase) for phrase in re.split("[，、。]", line)[:-1]]
        if got != lengths:
            problems.append(f"phrases: {line!r} has {got}, the tune {lengths}")
    return problems


def characters(poem):
    """The Chinese characters of a poem's lines, without header and punctuation."""
    return "".join(re.findall(f"[{HAN}]", "".join(poem[1:])))


def repeated_runs(poems, width=RUN):
    """Runs of `width` characters, ignoring punctuation, that occur in two poems or twice in one."""
    texts = [characters(poem) for poem in poems]
    count = Counter(text[i : i + width] for text in texts for i in range(len(text) - width + 1))
    return [run for run, n in count.items() if n > 1]


@pytest.fixture(scope="module")
def text():
    return (FOLDER / "input.txt").read_bytes().decode("utf-8")


@pytest.fixture(scope="module")
def poems(text):
    return poems_of(text)


def test_file_has_only_the_characters_of_the_format(text):
    assert "\r" not in text and "\ufeff" not in text
    assert text == unicodedata.normalize("NFC", text)
    assert not re.search(r"[^\S\n]", text), "blank inside or at the end of a line"
    assert not re.search(f"[^{HAN}，、。+()\n]", text), "a mark that the form does not have"


def test_every_poem_follows_its_tunes_pattern(poems):
    assert [(poem[0], problems) for poem in poems if (problems := faults(poem, TUNES))] == []


def test_sample_has_200_poems_of_20_tunes(poems):
    tunes = Counter(HEADER.fullmatch(poem[0])[1] for poem in poems)
    assert len(poems) >= 200 and len(tunes) >= 20
    assert set(tunes) == set(TUNES), "the table has the tunes of the file and no others"
    assert min(tunes.values()) >= 4


def test_no_poem_title_or_run_of_characters_is_repeated(poems):
    assert len({characters(poem) for poem in poems}) == len(poems)
    titled = [poem[0] for poem in poems if "(" in poem[0]]
    assert len(set(titled)) == len(titled)
    assert repeated_runs(poems) == []


def test_validation_part_has_only_tunes_of_the_training_part(text):
    cut = len(text) * 9 // 10
    tunes = [
        set(re.findall(rf"^\+\+\+([{HAN}]+)", part, re.M)) for part in (text[:cut], text[cut:])
    ]
    assert tunes[1] <= tunes[0] and len(tunes[1]) >= 15


def test_card_states_the_measured_sizes(text, poems):
    lines = sum(len(poem) - 1 for poem in poems)
    ideographs = re.findall(f"[{HAN}]", text)
    sizes = [
        len(poems),
        len(TUNES),
        lines,
        len(text),
        len(set(text)),
        len(ideographs),
        len(text.encode()),
    ]
    row = "| `input.txt` | " + " | ".join(f"{size:,}" for size in sizes) + " |"
    assert (FOLDER / "README.md").read_text(encoding="utf-8").count(row) == 2, (
        row
    )  # English and Chinese


def test_no_run_is_copied_from_the_full_set(poems):
    root = os.environ.get("COURSE_FULL_DATA")
    if not root:
        pytest.skip(
            "set COURSE_FULL_DATA to a folder with quansongci/ci.song.*.json "
            "(python data/download.py quansongci, then COURSE_FULL_DATA=data/full)"
        )
    bundled_runs = {
        text[i : i + RUN] for text in map(characters, poems) for i in range(len(text) - RUN + 1)
    }
    files = sorted((Path(root) / "quansongci").glob("ci.song.*.json"))
    assert files
    for file in files:
        for poem in json.loads(file.read_text(encoding="utf-8")):
            full_text = characters(["", *poem["paragraphs"]])
            copied = [
                full_text[i : i + RUN]
                for i in range(len(full_text) - RUN + 1)
                if full_text[i : i + RUN] in bundled_runs
            ]
            assert copied == [], poem["rhythmic"]


# A valid poem; the tests below change it in one respect each.
GOOD = ["+++十六字令(灯)", "灯。", "一寸黄花夜里生。", "娘在侧，线脚细如绳。"]


def test_checker_accepts_a_valid_poem():
    assert faults(GOOD, TUNES) == []
    assert faults(["+++十六字令", *GOOD[1:]], TUNES) == []
    assert poems_of("\n".join(GOOD) + "\n\n" + "\n".join(GOOD) + "\n\n") == [GOOD, GOOD]


@pytest.mark.parametrize(
    "line, broken, message",
    [
        (0, "++十六字令(灯)", "header"),
        (0, "+++十六字令（灯）", "header"),
        (0, "+++十六字令()", "header"),
        (0, "+++十六字令(灯) ", "header"),
        (0, "+++二十字令(灯)", "tune"),
        (1, None, "lines"),
        (2, "一寸黄花夜生。", "phrases"),
        (2, "一寸黄花，夜里生。", "phrases"),
        (3, "娘在侧线脚，细如绳。", "phrases"),
        (3, "娘在侧，线脚细如绳", "form"),
        (3, "娘在侧,线脚细如绳。", "form"),
        (3, "娘在侧，线脚细如绳。 ", "form"),
        (3, "娘在侧，线脚 细如绳。", "form"),
        (3, "娘在侧，，线脚细如绳。", "form"),
    ],
)
def test_checker_reports_the_kind_of_fault_in_a_poem(line, broken, message):
    poem = [
        broken if i == line else old
        for i, old in enumerate(GOOD)
        if i != line or broken is not None
    ]
    problems = faults(poem, TUNES)
    assert problems and problems[0].startswith(message)


@pytest.mark.parametrize("tail", ["", "\n", "\n\n\n", "\n\n \n\n"])
def test_checker_refuses_a_text_without_one_final_empty_line(tail):
    with pytest.raises(ValueError, match="end with one empty line"):
        poems_of("\n".join(GOOD) + tail)


def test_checker_refuses_two_empty_lines_between_poems():
    poem = "\n".join(GOOD)
    with pytest.raises(ValueError, match="more than one empty line"):
        poems_of(poem + "\n\n\n" + poem + "\n\n")


def test_checker_reports_a_repeated_run_of_characters():
    other = ["+++十六字令(窗)", "窗。", "一寸黄花夜里生。", "风不定，吹断小琴声。"]
    assert "一寸黄花夜里生" in repeated_runs([GOOD, other])
    assert repeated_runs([GOOD]) == []
