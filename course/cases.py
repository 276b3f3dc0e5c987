"""Cases of checks: teachers draw fresh ones from tests/reference, a student copy carries stored ones in tests/cases."""

import secrets
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from course import mistakes, plugins
from course.checks import Check, load_checks
from course.homeworks import ROOT
from course.judging import Case, collect_answers
from course.messages import Message
from course.mistakes import Mistake
from course.runner import InProcessRunner, protocol

__all__ = ["Case", "Cases", "FreshCases", "StoredCases", "open_cases", "store_cases"]

STORED_SETS = 5  # sets of cases that a student copy carries


class Cases:
    """Where cases come from; everything follows from `seed`. Subclasses: FreshCases, StoredCases."""

    seed: int

    def for_check(self, check: Check) -> list[Case]:
        raise NotImplementedError

    def hints(self, check: Check) -> dict[str, Message]:
        """{id: hint} of the known mistakes of the check's blank."""
        raise NotImplementedError

    def mistake_answers(self, check: Check, number: int) -> dict[str, dict[str, Any]]:
        """{mistake id: {name: value}}: what each known mistake answers to case `number`."""
        raise NotImplementedError


class FreshCases(Cases):
    """Cases drawn from tests/reference; the mistakes' answers come from running the check on each known mistake."""

    def __init__(self, seed: int | None = None):
        self.seed = secrets.randbelow(2**31) if seed is None else seed
        self._cases: dict[tuple[str, str], list[Case]] = {}
        self._answers: dict[tuple[str, str, int], dict[str, dict[str, Any]]] = {}
        self._runners: dict[tuple[str, str], InProcessRunner] = {}  # an id is unique in a homework

    def for_check(self, check: Check) -> list[Case]:
        key = check.homework, check.name
        if key not in self._cases:
            reference = plugins.load_reference(check.homework)
            if not hasattr(reference, check.name):
                raise LookupError(
                    f"tests/reference/{check.homework}.py has no generator {check.name}"
                )
            rng = np.random.default_rng([self.seed, zlib.crc32(check.name.encode())])
            self._cases[key] = list(getattr(reference, check.name)(rng))
        return self._cases[key]

    def hints(self, check: Check) -> dict[str, Message]:
        return {mistake.id: mistake.hint for mistake in self.known_mistakes(check)}

    def mistake_answers(self, check: Check, number: int) -> dict[str, dict[str, Any]]:
        key = check.homework, check.name, number
        if key not in self._answers:
            self._answers[key] = {
                mistake.id: self._answers_of(check, number, mistake)
                for mistake in self.known_mistakes(check)
            }
        return self._answers[key]

    def known_mistakes(self, check: Check) -> list[Mistake]:
        return [mistake for mistake in mistakes.load(check.homework) if mistake.blank == check.id]

    def _answers_of(self, check: Check, number: int, mistake: Mistake) -> dict[str, Any]:
        key = mistake.homework, mistake.id
        if key not in self._runners:
            self._runners[key] = InProcessRunner(ROOT, mistakes.sources(mistake))
        runner, case = self._runners[key], self.for_check(check)[number]
        return collect_answers(check, runner, case, self.seed, number)


class StoredCases(Cases):
    """Cases and mistakes' answers from tests/cases/HOMEWORK.npz, written when the student copy was made."""

    def __init__(self, seed: int | None = None):
        self.seed = secrets.randbelow(STORED_SETS) if seed is None else seed
        self._files: dict[str, dict[str, bytes]] = {}

    def for_check(self, check: Check) -> list[Case]:
        stored = self._stored(check)["cases"]
        return [Case(case["label"], case["inputs"], case["expected"]) for case in stored]

    def hints(self, check: Check) -> dict[str, Message]:
        return {id: Message(*hint) for id, hint in self._stored(check)["hints"].items()}

    def mistake_answers(self, check: Check, number: int) -> dict[str, dict[str, Any]]:
        return self._stored(check)["cases"][number]["mistakes"]

    def _stored(self, check: Check) -> dict[str, Any]:
        if check.homework not in self._files:
            path = plugins.STORED_CASES / f"{check.homework}.npz"
            with np.load(path, allow_pickle=False) as file:
                self._files[check.homework] = {name: file[name].tobytes() for name in file.files}
        files = self._files[check.homework]
        count = sum(name.rpartition("/")[0] == check.name for name in files)
        return protocol.decode(files[f"{check.name}/{self.seed % max(1, count)}"])


def store_cases(homework: str, path: Path, seeds: Iterable[int]) -> None:
    """Write the stored cases of a homework: STORED_SETS sets, one for each of `seeds`. Same seeds, same bytes."""
    stored = {}
    for set_number, seed in enumerate(seeds):
        fresh = FreshCases(seed)
        for check in load_checks(homework):
            if check.hidden:
                continue
            cases = [
                {
                    "label": case.label,
                    "inputs": case.inputs,
                    "expected": case.expected,
                    "mistakes": fresh.mistake_answers(check, number),
                }
                for number, case in enumerate(fresh.for_check(check))
            ]
            hints = {id: list(hint) for id, hint in fresh.hints(check).items()}
            body = protocol.encode({"hints": hints, "cases": cases})
            stored[f"{check.name}/{set_number}"] = np.frombuffer(body, np.uint8)
    with open(path, "wb") as file:
        np.savez_compressed(file, **stored)


def open_cases(seed: int | None = None) -> Cases:
    """The cases that this tree has: fresh ones where the reference is present, stored ones in a student copy."""
    return FreshCases(seed) if plugins.has_reference() else StoredCases(seed)
