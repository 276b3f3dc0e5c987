"""The catalogue of known mistakes: every entry that concerns a blank exists as a runnable wrong version with that id."""

import re

import pytest

from course import markers, mistakes
from course.homeworks import HOMEWORKS, ROOT

ENTRIES = {
    homework: [f"{letter}{number}" for number in range(1, count + 1)]
    for homework, letter, count in (
        ("hw_bptt", "B", 20),
        ("hw_attention", "A", 20),
        ("waimai_cls", "W", 19),
        ("gpt_songci", "G", 20),
        ("hmm", "H", 20),
        ("word2vec_sst", "V", 20),
    )
}
ELSEWHERE = {  # entry: (homework, ids) that cover it, in another homework or under another id
    "G8": ("gpt_songci", "A2", "A3"),
    "G9": ("hw_attention", "G9"),
    "G20": ("hw_attention", "G20"),
}
NO_BLANK = {
    "G19"
}  # sampling is provided code, tested in tests/repository/test_gpt_sample_evaluate.py


def ids(homework):
    return {mistake.id for mistake in mistakes.load(homework)}


@pytest.mark.parametrize("homework", HOMEWORKS)
def test_every_catalogue_entry_is_a_known_mistake(homework):
    missing = []
    for entry in set(ENTRIES[homework]) - NO_BLANK:
        owner, *names = ELSEWHERE.get(entry, (homework, entry))
        missing += [name for name in names if name not in ids(owner)]
    assert not missing


def test_catalogue_has_119_entries_and_160_known_mistakes():
    assert sum(map(len, ENTRIES.values())) == 119
    assert sum(len(ids(homework)) for homework in HOMEWORKS) >= 160


def without_whitespace(text):
    return re.sub(r"\s", "", text)


@pytest.mark.parametrize("homework", HOMEWORKS)
def test_hints_exist_in_both_languages_without_solution_code(homework):
    """A hint has one or two sentences in each language and contains no expression of the solution."""
    for mistake in mistakes.load(homework):
        english, chinese = mistake.hint
        assert 10 < len(english) < 250 and 4 < len(chinese) < 150, mistake.id
        assert re.search("[\u4e00-\u9fff]", chinese) and not re.search(
            "[\u4e00-\u9fff]", english
        ), mistake.id
        region = markers.find(ROOT / homework, mistake.blank)
        lines = region.path.read_text(encoding="utf-8").splitlines()[region.begin : region.end - 1]
        answer_parts = {
            without_whitespace(
                re.split(r" [-+*/]?= |return |#", line)[1 if re.search(" = |return ", line) else 0]
            )
            for line in lines
        }
        assert not [
            part for part in answer_parts if len(part) >= 12 and part in without_whitespace(english)
        ], f"{mistake.id}: {english}"
