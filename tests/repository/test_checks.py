"""The checks of every homework: the solution passes in process and in a worker, each blank counts alone, each known
mistake fails only its own blank and is named, and points add up."""

import dataclasses
import functools
import os
import random

import pytest

from course import markers, mistakes, verdict
from course.cases import FreshCases
from course.checks import load_checks
from course.homeworks import HOMEWORKS, ROOT
from course.plugins import PROBES
from course.runner import InProcessRunner, SubprocessRunner
from tests.repository.mutants import CasesAlone, lost

READY = [homework for homework in HOMEWORKS if (ROOT / "tests" / f"test_{homework}.py").is_file()]
QUICK = 12  # number of mistakes per homework in a run without -m deep


def outcomes(homework, runner, cases, ids=None):
    """{check name: Verdict} of a homework's checks; `ids` limits them to these blanks."""
    return {
        check.name: verdict.run(check, runner, cases)
        for check in load_checks(homework)
        if ids is None or check.id in ids
    }


def failed(results):
    """Ids of the blanks that lost points, without integration checks."""
    return {
        result.check.id
        for result in results.values()
        if result.status != "done" and not result.check.id.endswith("-together")
    }


@functools.cache
def cases_of(homework):
    """One set of freshly drawn cases, shared by all tests of a homework; failure messages contain its seed."""
    return FreshCases()


@pytest.mark.parametrize("homework", READY)
def test_points_add_up_to_100_and_agree_with_the_markers(homework):
    checks, blanks = load_checks(homework), markers.blanks(ROOT / homework)
    assert sum(check.points for check in checks if not check.bonus) == 100
    points = {}
    for check in checks:
        points[check.id] = points.get(check.id, 0) + check.points
    together = {id for id in points if id.endswith("-together")}
    assert {id: region.points for id, region in blanks.items()} == {
        id: n for id, n in points.items() if id not in together
    }
    assert {check.id for check in checks if check.bonus} == {
        id for id, region in blanks.items() if region.bonus
    }
    assert all(points[id] == 0 for id in together)
    for id in points:
        assert not [longer for longer in points if longer != id and id in longer], (
            f"{id} is part of another id"
        )


@pytest.mark.parametrize("way", ["in process", "in a worker"])
@pytest.mark.parametrize("homework", READY)
def test_solution_passes_in_process_and_in_a_worker(homework, way):
    cases = FreshCases()
    with InProcessRunner() if way == "in process" else SubprocessRunner() as runner:
        for result in outcomes(homework, runner, cases).values():
            assert result.status == "done", (
                f"seed {cases.seed}, {result.check.name}: {result.message.en}"
            )


@pytest.mark.deep
@pytest.mark.parametrize("homework", READY)
def test_solution_passes_with_300_seeds(homework):
    runner = InProcessRunner()
    for seed in range(300):
        for result in outcomes(homework, runner, FreshCases(seed)).values():
            assert result.status == "done", f"seed {seed}, {result.check.name}: {result.message.en}"


def with_only(homework, kept):
    """{(homework, file): source} with every blank empty except `kept` (an id, or None for no exception)."""
    sources = {}
    for path in (ROOT / homework).glob("*.py"):
        text = path.read_text(encoding="utf-8").splitlines(keepends=True)
        for region in reversed(markers.regions(path)):
            if region.id != kept:
                function = region.function.rpartition(".")[2]
                text[region.begin - 1 : region.end] = [
                    f'{region.indent}raise NotImplementedError("{homework}/{path.name}, blank {region.id} ({function}): empty")\n'
                ]
        sources[homework, path.name] = "".join(text)
    return sources


@pytest.mark.parametrize("homework", READY)
def test_one_blank_filled_alone_earns_exactly_its_points(homework):
    cases = cases_of(homework)
    for id, region in markers.blanks(ROOT / homework).items():
        results = outcomes(homework, InProcessRunner(sources=with_only(homework, id)), cases)
        earned = {
            blank_id: sum(
                result.points for result in results.values() if result.check.id == blank_id
            )
            for blank_id in {result.check.id for result in results.values()}
        }
        assert earned.pop(id) == region.points, [
            (r.check.name, r.status, r.message.en) for r in results.values() if r.check.id == id
        ]
        assert not any(earned.values()), (
            f"{id} alone earns points of {[blank_id for blank_id in earned if earned[blank_id]]}"
        )
        for result in results.values():
            if result.check.id != id and not result.check.id.endswith("-together"):
                assert result.status == "empty" and result.error.empty == result.check.id, (
                    f"{result.check.name}: {result.status}, {result.message.en}"
                )


@pytest.mark.deep
@pytest.mark.parametrize("homework", READY)
def test_one_blank_filled_alone_passes_with_120_seeds(homework):
    """Finds stubs that refuse inputs of certain seeds: a stub is called if the student's own function is empty."""
    alone = {
        id: InProcessRunner(sources=with_only(homework, id))
        for id in markers.blanks(ROOT / homework)
    }
    for seed in range(120):
        cases = FreshCases(seed)
        for id, runner in alone.items():
            results = outcomes(homework, runner, cases, {id})
            assert not failed(results), (seed, [result.message.en for result in results.values()])


@pytest.mark.parametrize("homework", READY)
def test_stub_submitted_as_an_answer_earns_nothing(homework):
    """Students can read tests/probes: a stub submitted as an answer earns no points."""
    runner, cases = InProcessRunner(sources=with_only(homework, None)), CasesAlone()
    names = {name for check in load_checks(homework) for name in check.stubs}
    for id, region in markers.blanks(ROOT / homework).items():
        name = f"{region.path.stem}.{region.function}"
        checks = [
            dataclasses.replace(check, stubs=(name,))
            for check in load_checks(homework)
            if check.id == id
        ]
        if name in names:
            assert not any(verdict.run(check, runner, cases).points for check in checks), name


READ_BY_A_STUDENT = """
import importlib.util as _util
import numpy as _np
_spec = _util.spec_from_file_location("read_by_a_student", {path!r})
_probes = _util.module_from_spec(_spec)
_spec.loader.exec_module(_probes)
def forward(*args):
    return _prefixes(_probes.forward, *args)
def log_forward(*args):
    return _prefixes(_probes.log_forward, *args)
def _prefixes(stub, pi, A, B, obs):
    return _np.array([stub(pi, A, B, obs[: t + 1])[-1] for t in range(len(obs))])
"""


def test_hmm_stub_called_on_every_prefix_earns_nothing():
    """Stacking the last rows of a stub's tables for all prefixes must not produce the right table."""
    sources = with_only("hmm", None)
    sources["hmm", "model.py"] += READ_BY_A_STUDENT.format(path=str(PROBES / "hmm.py"))
    runner, cases = InProcessRunner(sources=sources), CasesAlone()
    for check in load_checks("hmm"):
        if check.id in ("hmm-01", "hmm-06"):
            verdict_of_check = verdict.run(dataclasses.replace(check, stubs=()), runner, cases)
            assert verdict_of_check.status == "wrong" or "stub" in verdict_of_check.message.en


def mistake_parameters():
    """Yields all known mistakes; QUICK random ones per homework run by default, the others with -m deep."""
    rng = random.Random(
        os.environ.get("PYTEST_XDIST_TESTRUNUID")
    )  # all processes of a run draw the same mistakes
    for homework in READY:
        all_mistakes = mistakes.load(homework)
        quick = set(
            rng.sample([mistake.id for mistake in all_mistakes], min(QUICK, len(all_mistakes)))
        )
        for mistake in all_mistakes:
            yield pytest.param(
                mistake,
                id=f"{homework}-{mistake.id}",
                marks=() if mistake.id in quick else pytest.mark.deep,
            )


@pytest.mark.parametrize("mistake", list(mistake_parameters()))
def test_known_mistake_fails_only_its_own_blank_and_is_named(mistake):
    cases = cases_of(mistake.homework)
    results = outcomes(mistake.homework, InProcessRunner(sources=mistakes.sources(mistake)), cases)
    assert failed(results) == {mistake.blank}, f"seed {cases.seed}: {failed(results)}"
    named = {
        result.mistake
        for result in results.values()
        if result.check.id == mistake.blank and result.status != "done"
    }
    assert named - {None} == {mistake.id}, f"seed {cases.seed}: named {named}"
    assert mistake.hint.en and mistake.hint.zh


@pytest.mark.deep
@pytest.mark.parametrize("homework", READY)
def test_every_known_mistake_is_caught_with_300_seeds(homework):
    runners = {
        mistake: InProcessRunner(sources=mistakes.sources(mistake))
        for mistake in mistakes.load(homework)
    }
    for seed in range(300):
        cases = CasesAlone(seed)
        missed = [
            mistake.id
            for mistake, runner in runners.items()
            if lost(homework, mistake.blank, runner, cases) is None
        ]
        assert not missed, f"seed {seed}"


@pytest.mark.parametrize("homework", READY)
def test_every_blank_checked_by_values_has_known_mistakes(homework):
    """Every blank whose values are compared has known mistakes, so that feedback can be more than numbers."""
    blanks_with_mistakes = {entry.blank for entry in mistakes.load(homework)}
    checked_blanks = {
        entry.id
        for entry in load_checks(homework)
        if not entry.hidden and not entry.id.endswith("-together")
    }
    assert checked_blanks <= blanks_with_mistakes
