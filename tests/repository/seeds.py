"""Look for verdicts that depend on the seed: every check of a blank, on every version of it, over many seeds.

    python -m tests.repository.seeds [HOMEWORK ...] [--seeds 300] [--first 0] [--blank ID] [--sides mistakes ...] [--out DIR]

Versions ("sides"): the solution, the known mistakes, the accepted variants, the mutants. Each should pass or fail a check
on all seeds alike. Printed are one line for each blank, and every (version, check) whose verdict is not the same on all
seeds. With --out, a finished blank is stored as DIR/BLANK.json; a later run of the same code and options skips it.
"""

import argparse
import contextlib
import functools
import hashlib
import io
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from course import markers, mistakes, verdict
from course.checks import Check, load_checks
from course.homeworks import HOMEWORKS, ROOT
from course.judging import JudgedCase, case_seed
from course.runner import InProcessRunner
from tests import accepted
from tests.repository.children import computing_limit
from tests.repository.mutants import SECONDS, CasesAlone, Endless, mutants

SIDES = ("solution", "mistakes", "variants", "mutants")
ENDLESS_SEEDS = 2  # seeds on which a version that never ends is tried
FORM = "{:<13}{:>9}{:>8}{:>7}{:>10}{:>9}"


@dataclass
class Version:
    """A version of a blank, with the case that failed on the last seed, which is tried first on the next one."""

    name: str
    runner: InProcessRunner
    failing_case: dict[tuple[str, tuple[str, ...]], int] = field(default_factory=dict)
    endless: dict[str, int] = field(default_factory=dict)

    def passes(self, check: Check, cases: CasesAlone) -> bool | None:
        """Whether this version passes the check, as `verdict.run` decides; None if it did not end on earlier seeds."""
        if self.endless.get(check.name, 0) >= ENDLESS_SEEDS:
            return None
        try:
            with time_limit():
                return any(self._passes_with(check, cases, stubs) for stubs in check.stub_sets)
        except Endless:
            self.endless[check.name] = self.endless.get(check.name, 0) + 1
            return False

    def _passes_with(self, check: Check, cases: CasesAlone, stubs: tuple[str, ...]) -> bool:
        drawn = cases.for_check(check)
        last = self.failing_case.get((check.name, stubs), 0)
        for number in sorted(range(len(drawn)), key=lambda number: number != last):
            judged = JudgedCase(drawn[number], check.why)
            seed = case_seed(cases.seed, number)
            if verdict.judge(check, self.runner, judged, seed, stubs):
                self.failing_case[check.name, stubs] = number
                return False
        return True


@dataclass
class Differing:
    """A version whose verdict on a check depends on the seed."""

    version: str
    check: str
    passing: int
    failing: int
    rare: list[int]  # the first seeds of the rarer verdict


@dataclass
class BlankResult:
    """The result for a blank; `key` identifies the code and the options."""

    key: str
    blank: str
    versions: int
    checks: int
    seeds: int
    seconds: float
    differing: list[Differing]

    def line(self) -> str:
        return FORM.format(
            self.blank,
            self.versions,
            self.checks,
            self.seeds,
            len(self.differing),
            f"{self.seconds:.0f}",
        )


@contextlib.contextmanager
def time_limit(seconds: float = SECONDS) -> Iterator[None]:
    """A context that raises Endless after `seconds` of processor time; output inside is discarded."""
    with (
        computing_limit(seconds, Endless),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        yield


def versions(homework: str, blank: str, sides: Sequence[str]) -> Iterator[Version]:
    """Yields the versions of a blank on these sides."""
    if "solution" in sides:
        yield Version("solution", InProcessRunner())
    if "mistakes" in sides:
        for mistake in mistakes.load(homework):
            if mistake.blank == blank:
                yield version(f"mistake {mistake.id}", mistakes.sources(mistake))
    if "variants" in sides:
        for variant in accepted.load(homework):
            if variant.blank == blank:
                yield version(f"variant {variant.id}", mistakes.sources(variant))  # type: ignore[arg-type]
    if "mutants" in sides:
        for mutant in mutants(homework, blank):
            yield version(f"mutant {mutant.change}", mutant.sources)


def version(name: str, sources: Mapping[tuple[str, str], str]) -> Version:
    return Version(name, InProcessRunner(sources=sources))


def check_blank(
    homework: str, blank: str, seeds: Sequence[int], sides: Sequence[str], key: str = ""
) -> BlankResult:
    """Run all checks of a blank on all its versions with all seeds."""
    begin = time.perf_counter()
    checks = [check for check in load_checks(homework) if check.id == blank]
    subjects = list(versions(homework, blank, sides))
    outcomes: dict[tuple[str, str], dict[int, bool]] = {}
    for seed in seeds:
        cases = CasesAlone(seed)
        for check in checks:
            for subject in subjects:
                passes = subject.passes(check, cases)
                if passes is not None:
                    outcomes.setdefault((subject.name, check.name), {})[seed] = passes
    differing = []
    for (name, check_name), by_seed in outcomes.items():
        passing = [seed for seed, passes in by_seed.items() if passes]
        failing = [seed for seed, passes in by_seed.items() if not passes]
        if passing and failing:
            rare = min(passing, failing, key=len)
            differing.append(Differing(name, check_name, len(passing), len(failing), rare[:8]))
    seconds = time.perf_counter() - begin
    return BlankResult(key, blank, len(subjects), len(checks), len(seeds), seconds, differing)


@functools.cache
def digest(homework: str) -> str:
    """Hash of all code that a homework's verdicts depend on."""
    hasher = hashlib.sha256()
    folders = (homework, "course", "course/runner")
    paths = [path for folder in folders for path in sorted((ROOT / folder).glob("*.py"))]
    sources = list(paths)
    sources += [ROOT / "tests" / f"test_{homework}.py", ROOT / "tests/repository/mutants.py"]
    sources += [
        ROOT / "tests" / folder / f"{homework}.py"
        for folder in ("reference", "mistakes", "accepted", "probes")
    ]
    for path in sources:
        hasher.update(path.read_bytes() if path.is_file() else b"")
    return hasher.hexdigest()


def stored_result(path: Path, key: str) -> BlankResult | None:
    """The result of an earlier run of the same code and options, or None."""
    with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["key"] == key:
            return BlankResult(
                **{**data, "differing": [Differing(**row) for row in data["differing"]]}
            )
    return None


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Look for verdicts that depend on the seed.")
    parser.add_argument("homework", nargs="*", help="default: all six")
    parser.add_argument("--seeds", type=int, default=300, help="how many")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--blank", action="append", help="only this one; may be repeated")
    parser.add_argument("--sides", nargs="+", choices=SIDES, default=SIDES)
    parser.add_argument("--out", type=Path, help="folder of results; finished blanks are skipped")
    args = parser.parse_args(arguments)
    if not set(args.homework) <= set(HOMEWORKS):
        parser.error(f"the homeworks are {' '.join(HOMEWORKS)}")
    out = args.out and args.out.absolute()
    seeds = range(args.first, args.first + args.seeds)
    total = 0
    print(FORM.format("blank", "versions", "checks", "seeds", "differing", "s"), flush=True)
    for homework in args.homework or HOMEWORKS:
        for blank in markers.blanks(ROOT / homework):
            if args.blank and blank not in args.blank:
                continue
            key = f"{digest(homework)} {seeds} {' '.join(sorted(args.sides))}"
            path = out and out / f"{blank}.json"
            result = path and stored_result(path, key)
            if result is None:
                result = check_blank(homework, blank, seeds, args.sides, key)
                if path:
                    path.parent.mkdir(parents=True, exist_ok=True)
                    new_path = path.with_suffix(".tmp")
                    new_path.write_text(json.dumps(asdict(result)), encoding="utf-8")
                    new_path.replace(path)
            print(result.line(), flush=True)
            for row in result.differing:
                print(
                    f"    {row.version}; {row.check}: passes {row.passing}, fails {row.failing}; "
                    f"rare seeds {row.rare}",
                    flush=True,
                )
            total += len(result.differing)
    print(f"{total} verdicts that are not the same on all seeds")
    return int(total > 0)


if __name__ == "__main__":
    os.chdir(tempfile.mkdtemp())  # a mutant may write files
    sys.exit(main())
