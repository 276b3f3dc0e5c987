"""Copied submissions are found as clusters, also when disguised; short right answers that look alike are not reported."""

import itertools
import random

import pytest

from grading import copying, suspicions
from grading.intake import empty_files
from tests.repository import classes_made as made
from tests.repository.archives_made import solved

HELPER = """
def helper(table):
    total = 0
    for row, following in zip(table, table[1:]):
        while row < following and total % 7 != 3:
            total = total * 31 + (row ^ following) // 5
            row += total & 15 or 1
    return [total, -total, {total: table}]
"""
RENAMED = HELPER.replace("table", "rows").replace("total", "acc").replace("helper", "function")
DIFFERENT = "\ndef f(a):\n    return sorted(set(a), key=lambda x: (len(str(x)), x))[::-1]\n"


def with_text(text):
    """{file: bytes} of an empty submission of hmm with `text` appended to model.py."""
    empty = dict(empty_files("hmm"))
    return empty | {"model.py": empty["model.py"] + text.encode()}


def pairs(clusters):
    """{(member, member)} of the class that are reported in one cluster; outside sources are left out."""
    linked = set()
    for cluster in clusters:
        members = [member for member in cluster.members if member not in cluster.sources]
        linked.update(itertools.combinations(sorted(members), 2))
    return linked


@pytest.mark.parametrize("copied", [HELPER, RENAMED], ids=["verbatim", "renamed"])
def test_shared_helper_is_reported(copied):
    texts = {"a": HELPER, "b": copied, "c": DIFFERENT, "d": "", "e": ""}
    clusters = copying.find_clusters({name: with_text(text) for name, text in texts.items()}, "hmm")
    assert [cluster.members for cluster in clusters] == [["a", "b"]] and clusters[0].lines


@pytest.mark.parametrize("size, members", [(10, 3), (44, 9), (6, 6)])
def test_identical_files_are_reported_for_any_number_of_members(size, members):
    ring = made.make_class("hmm", size, [(members, "verbatim")], seed=1)
    clusters = copying.find_clusters(ring.files, "hmm")
    same = [cluster for cluster in clusters if cluster.kind == "identical"]
    assert [set(cluster.members) for cluster in same] == ring.rings


@pytest.mark.parametrize(
    "homework, how", [*(("hmm", how) for how in made.DISGUISES), ("hw_bptt", "all")]
)
def test_disguised_copies_are_one_cluster(homework, how):
    ring = made.make_class(homework, 14, [(4, how)], seed=2)
    clusters = copying.find_clusters(ring.files, homework)
    assert pairs(clusters) == ring.pairs(), [(c.kind, c.members, c.share) for c in clusters]
    assert any(set(cluster.members) == ring.rings[0] for cluster in clusters)


@pytest.mark.parametrize("homework", ["hmm", "hw_bptt"])
def test_short_right_answers_are_not_reported(homework):
    """Ten students with right answers to the three shortest blanks, none of them copied."""
    bodies = {id: solution[0] for id, (solution, _, _) in made.versions(homework).items()}
    short = sorted(bodies, key=lambda id: len(bodies[id]))[:3]
    for seed in range(2):
        alone = made.make_class(homework, 10, [], seed, short, right=True)
        assert not copying.find_clusters(alone.files, homework)


def test_right_answers_of_a_whole_class_are_not_reported():
    alone = made.make_class("hmm", 25, [], seed=3, right=True)
    assert not pairs(copying.find_clusters(alone.files, "hmm"))


def test_answers_of_which_two_thirds_are_copied_are_reported():
    rng = random.Random(6)
    blanks = list(made.versions("hmm"))
    source, unrelated = made.answers("hmm", rng, blanks), made.answers("hmm", rng, blanks)
    partial_copy = source | {id: unrelated[id] for id in blanks[::3]}
    group = made.make_class("hmm", 12, [], seed=6).files
    group |= {"x": made.files_of("hmm", source), "y": made.files_of("hmm", partial_copy)}
    assert pairs(copying.find_clusters(group, "hmm")) == {("x", "y")}


def test_copies_of_the_solution_or_of_earlier_terms_are_reported():
    ring = made.make_class("hmm", 8, [(2, "all")], seed=4)
    first, second = sorted(ring.rings[0])
    earlier = {"2025/zhang": ring.files.pop(second)}
    leaked = dict(empty_files("hmm")) | {"model.py": solved("hmm", "model.py") + b"\n# mine\n"}
    clusters = copying.find_clusters(ring.files | {"leak": leaked}, "hmm", earlier)
    assert {tuple(c.members): c.sources for c in clusters} == {
        tuple(sorted(("2025/zhang", first))): ["2025/zhang"],
        ("leak", copying.SOLVED): [copying.SOLVED],
    }


def test_empty_copies_and_broken_files_are_not_reported():
    empty = dict(empty_files("hmm"))
    broken = empty | {"model.py": empty["model.py"] + b"\ndef f(:\n" + b"x = (\n" * 50}
    assert not copying.find_clusters({"a": empty, "b": dict(empty), "c": broken, "d": {}}, "hmm")


@pytest.mark.parametrize(
    "lang, words", [("en", "have the same file, byte for byte"), ("zh", "逐字节相同")]
)
def test_cluster_is_described_in_both_languages(lang, words):
    ring = made.make_class("hmm", 6, [(3, "verbatim")], seed=5)
    lines = [suspicion.text for suspicion in suspicions.find_suspicions({"hmm": ring.files}, lang)]
    assert any(words in line and all(name in line for name in ring.rings[0]) for line in lines)


def test_chinese_pieces_are_joined_without_a_space():
    cluster = copying.Cluster(["李四", copying.SOLVED], "text", 0.9, sources=[copying.SOLVED])
    text = suspicions.describe(cluster, "hmm", "zh")
    assert text == "hmm：李四与题目的解答有 90% 的少见代码相同，连变量名与注释也相同"
    assert (
        suspicions.beside("zhang", "与") == "zhang 与"
        and suspicions.beside("李四", "2") == "李四 2"
    )
