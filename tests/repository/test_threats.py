"""The table of attacks in docs/architecture.md: every submission of the hostile corpus is in it."""

import re

from course.homeworks import ROOT
from tests.repository import hostile

TEXT = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
TABLE = TEXT.partition("### Attacks that were tried")[2].partition("\n\nWhat the isolation")[0]


def test_threat_table_lists_every_attack_of_the_corpus():
    missing = {name for name in (*hostile.AFTER, *hostile.BEFORE) if f'"{name}"' not in TABLE}
    assert not missing


def test_threat_table_names_only_attacks_of_the_corpus():
    quoted = set(re.findall(r'"([^"]+)"', TABLE.partition("|---")[2]))
    assert quoted <= {"both", *hostile.AFTER, *hostile.BEFORE}
