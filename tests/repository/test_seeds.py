"""The developer command `seeds`: verdicts that depend on the seed."""

import json

import pytest

from tests.repository import seeds


def test_seeds_command_stores_a_blank_and_skips_it_next_time(tmp_path, capsys):
    arguments = ["hmm", "--blank", "hmm-12", "--seeds", "3", "--out", str(tmp_path)]
    assert seeds.main(arguments) == 0
    first = capsys.readouterr().out
    assert "hmm-12" in first and "0 verdicts" in first
    stored = json.loads((tmp_path / "hmm-12.json").read_text(encoding="utf-8"))
    assert stored["versions"] > 10 and stored["seeds"] == 3
    (tmp_path / "hmm-12.json").write_text(
        json.dumps(stored | {"seconds": 123456}), encoding="utf-8"
    )
    assert seeds.main(arguments) == 0
    assert "123456" in capsys.readouterr().out, "a finished blank is not run again"


def test_verdict_that_depends_on_the_seed_is_reported(monkeypatch):
    monkeypatch.setattr(seeds.Version, "passes", lambda self, check, cases: cases.seed != 2)
    result = seeds.check_blank("hmm", "hmm-12", range(4), ["solution"])
    (row,) = result.differing
    assert (row.version, row.passing, row.failing, row.rare) == ("solution", 3, 1, [2])


def test_version_that_never_ends_is_left_out(monkeypatch):
    def endless(*_):
        raise seeds.Endless

    monkeypatch.setattr(seeds.Version, "_passes_with", endless)
    assert not seeds.check_blank("hmm", "hmm-12", range(4), ["solution"]).differing


@pytest.mark.slow
@pytest.mark.parametrize("homework, blank", [("hmm", "hmm-18"), ("hw_attention", "att-27")])
def test_checks_of_a_whole_solution_judge_mistakes_alike_on_30_seeds(homework, blank):
    """Of 300 seeds some drew batches and masks that could not show the mistakes H211, H212, A200 and A207."""
    result = seeds.check_blank(homework, blank, range(30), ("solution", "mistakes"))
    assert not result.differing
