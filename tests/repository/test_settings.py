"""course.toml takes effect everywhere: homeworks, blanks, points, dates, seed."""

import json
import re
import subprocess
import sys

import numpy as np
import pytest

from course import cases, handout, markers, settings, verdict
from course.cases import FreshCases
from course.checks import as_this_term, load_checks, registered_checks
from course.homeworks import HOMEWORKS, ROOT
from course.runner import InProcessRunner
from course.solved import load_solved
from grading import release
from tests.repository.copies import few_cases

TERM = """
[course]
title = "Sequences, spring"
title_zh = "序列,春季"
seed = 7
[homework.hmm]
due = 2026-10-12T23:59:00+08:00
written = { w1 = 10, w2 = 20 }
points = { hmm-01 = 10, hmm-03 = 0 }
leave_out = ["hmm-16", "hmm-92"]
"""


@pytest.fixture
def spring(tmp_path, monkeypatch):
    """The course.toml of a term with one homework, changed points and two blanks left out."""
    path = tmp_path / "course.toml"
    path.write_text(TERM, encoding="utf-8")
    monkeypatch.setattr(settings, "FILE", path)
    with few_cases():
        yield path


@pytest.mark.parametrize(
    "change, words",
    [
        (("due = 2026-10-12T23:59:00+08:00", "due = 2026-10-12"), "due = .*, but it is a datetime"),
        (("+08:00", ""), "and an offset"),
        (("hmm]", "hmmm]"), "is not a homework; there are hw_bptt"),
        (("written", "writen"), "has no writen; there are due"),
        (("w2 = 20", "w2 = 2.5"), "w2 = 2.5, but points are whole"),
        (("w2 = 20", "w2 = -1"), "whole numbers from 0"),
        (("[course]", "[course"), "course.toml"),
        (("seed = 7", 'seed = "7"'), "seed = '7', but it is a int"),
        (('["hmm-16"', '["hmm-77"'), "hmm has no blank hmm-77"),
        (("hmm-01 = 10", "hmm-0 = 10"), "hmm has no blank hmm-0"),
    ],
)
def test_invalid_settings_are_a_clear_error(spring, change, words):
    spring.write_text(TERM.replace(*change), encoding="utf-8")
    with pytest.raises(settings.CourseError, match=words):
        as_this_term("hmm", registered_checks("hmm"), settings.load())


def test_points_are_shared_out_as_integers():
    assert (
        settings.share_points(10, [5, 3]) == [6, 4]
        and settings.share_points(0, [5, 3]) == [0, 0]
        and settings.share_points(7, [1, 1, 1]) == [3, 2, 2]
    )
    assert all(sum(settings.share_points(points, [4, 2, 9])) == points for points in range(60))


def test_checks_have_the_points_of_the_term(spring):
    points = {}
    for check in load_checks("hmm"):
        points[check.id] = points.get(check.id, 0) + check.points
    assert (
        points["hmm-01"] == 10 and points["hmm-03"] == 0 and not {"hmm-16", "hmm-92"} & set(points)
    )
    assert {check.name: check.points for check in load_checks("hmm") if check.id == "hmm-01"} == {
        "forward": 6,
        "forward_zeros": 4,
    }


def test_student_copy_follows_course_toml(spring, tmp_path):
    """A release for such a term, with its proof, shows the term's points, dates and homeworks to students."""
    copy = tmp_path / "copy"
    release.release(copy, release.Plan(tuple(settings.load().homeworks)), say=lambda line: None)
    assert {path.name for path in copy.iterdir() if path.name in HOMEWORKS} == {"hmm"}
    sheet, model, shop = (
        (copy / "hmm" / name).read_text(encoding="utf-8")
        for name in ("README.md", "model.py", "phone_store.py")
    )
    assert (
        "**Due: 2026-10-12 23:59+08:00**" in sheet
        and "| hmm-16 |" not in sheet
        and re.search(r"\| hmm-01 .* \| 10 \|", sheet)
    )
    assert (
        "# hmm-01 (10 points): " in model
        and "still empty" not in shop
        and "return pi, A, B" in shop
    )
    assert "seed" not in (copy / "course.toml").read_text(encoding="utf-8")
    readme = (copy / "README.md").read_text(encoding="utf-8") + (
        copy / "README.zh-CN.md"
    ).read_text(encoding="utf-8")
    assert (
        not re.search("gpt|hw_bptt", readme, re.I)
        and "pytest tests/test_hmm.py --blank hmm-01" in readme
    )
    process = subprocess.run(
        [sys.executable, "-B", "-m", "pytest", "tests/test_hmm.py", "--lang", "en", "--seed", "0"],
        cwd=copy,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert "hmm: 0 / 90 points, bonus* 0 / 18" in process.stdout and "0/10 empty" in process.stdout
    assert "hmm-16" not in process.stdout and "hmm-92" not in process.stdout


def test_another_seed_draws_other_cases_and_another_shop(spring, tmp_path):
    """Sheet, script and worked answer have the same shop, which differs from that of seed 1."""
    shop = handout.shop(7)
    assert shop != handout.shop(1) == load_solved("hmm").module("phone_store").SHOP
    plan = release.Plan(("hmm",))
    namespace = {}
    exec(
        re.search(
            r"^SHOP = \{.*?^\}", release.strip("hmm/phone_store.py", plan).decode(), re.M | re.S
        )[0],
        namespace,
    )
    assert namespace["SHOP"] == shop
    for name, sells_well in (
        ("README.md", "When it sells well, the shop stocks H, M, L"),
        ("README.zh-CN.md", "畅销时进 H、M、L"),
    ):
        sheet = release.strip(f"hmm/{name}", plan).decode()
        numbers = [
            float(number) for number in re.findall(r"0\.\d", sheet[sheet.index(sells_well[:4]) :])
        ][:12]
        well, badly = shop["next"]
        assert numbers == [
            *shop["stock"][well].values(),
            *shop["stock"][badly].values(),
            *shop["next"][well].values(),
            *shop["next"][badly].values(),
            *shop["first"].values(),
        ]
    solved = release.strip("hmm/README.md", release.Plan(("hmm",), solved=True)).decode()
    assert "--seed 7" in solved and f"Observed: {', '.join(shop['months'])}." in solved
    for seed in (1, 7):
        cases.store_cases("hmm", tmp_path / f"{seed}.npz", [seed * 1000])
    with np.load(tmp_path / "1.npz") as first, np.load(tmp_path / "7.npz") as second:
        assert not any(np.array_equal(first[name], second[name]) for name in first.files)


def test_grading_follows_course_toml(spring):
    from grading import plan, written

    for lang in ("en", "zh"):
        assert "--seed 7" in written.rubric("hmm", "w1", lang, settings.load())
    cases = FreshCases(1)
    with InProcessRunner() as runner:
        results = [
            verdict.run(check, runner, cases).result.to_dict() for check in load_checks("hmm")
        ]
    assert (
        sum(result["possible"] for result in results)
        == sum(result["points"] for result in results)
        == 93 + sum(check.points for check in load_checks("hmm") if check.bonus)
    )
    digest_before = plan.checks_digest("hmm")
    spring.write_text(TERM.replace("hmm-01 = 10", "hmm-01 = 9"), encoding="utf-8")
    assert plan.checks_digest("hmm") != digest_before, (
        "after a change of points submissions must be graded again"
    )


def test_committed_course_toml_has_every_homework_unchanged():
    """The committed course.toml has every homework with written questions and changes no points."""
    course = settings.load()
    assert tuple(course.homeworks) == HOMEWORKS
    for homework, values in course.homeworks.items():
        assert values.written and not values.points and not values.leave_out
        assert set(json.loads(json.dumps(values.written))) and markers.blanks(ROOT / homework)
