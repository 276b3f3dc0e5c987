"""The graded checks: what a check is, how a test function becomes one, and which checks this term has.

The rule that ties the parts of a check together is by name. For the function `test_viterbi_tables` of
tests/test_hmm.py, marked `@blank("hmm-09", points=4)`:

- its homework is the file's ("hmm"), its name is "viterbi_tables";
- its cases are yielded by `viterbi_tables(rng)` of tests/reference/hmm.py, as `course.cases.Case` objects;
- its known mistakes are those of tests/mistakes/hmm.py for blank "hmm-09".

`course.verdict.run` calls `test_viterbi_tables(student, case)` once for each case; pytest (tests/conftest.py) and the
grader use that same function.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from course import plugins
from course.homeworks import HOMEWORKS
from course.messages import Message, as_message
from course.runner.loader import HIDDEN
from course.settings import Course, CourseError, load, share_points

CheckFunction = Callable[[Any, Any], None]


@dataclass(frozen=True)
class Check:
    """One graded check: `function(student, case)` belongs to blank `id` of `homework` and is worth `points`."""

    homework: str
    id: str
    points: int
    function: CheckFunction
    bonus: bool = False
    hidden: bool = False  # judged at grading only; a student copy carries no case of it
    stubs: tuple[str, ...] = ()  # "module.name" of what the blank calls and library calls replace
    other_stubs: tuple[str, ...] = ()  # the stubs in another form: right with these is right too
    hides: tuple[str, ...] = ()  # modules of the homework that the blank must do without
    why: Message | None = None

    @property
    def name(self) -> str:
        return self.function.__name__.removeprefix("test_")

    @property
    def stub_sets(self) -> list[tuple[str, ...]]:
        """What replaces parts of the student's code: first with stubs, then without. What is hidden is hidden in both."""
        hidden = tuple(f"{module}.{HIDDEN}" for module in self.hides)
        replaced = (self.stubs, self.other_stubs or self.stubs, ())
        return [hidden + stubs for stubs in dict.fromkeys(replaced)]

    @property
    def is_integration(self) -> bool:
        """True for the 0-point check of a homework's pieces together."""
        return self.id.endswith("-together")


_REGISTERED: dict[str, list[Check]] = {homework: [] for homework in HOMEWORKS}


def blank(
    id: str,
    points: int,
    bonus: bool = False,
    hidden: bool = False,
    stubs: Iterable[str] = (),
    other_stubs: Iterable[str] = (),
    hides: Iterable[str] = (),
    why: Message | Sequence[str] | str | None = None,
) -> Callable[[CheckFunction], CheckFunction]:
    """Mark a function `test_x(student, case)` as a check of blank `id` (see the module's docstring)."""

    def mark(function: CheckFunction) -> CheckFunction:
        homework = function.__module__.rpartition(".")[2].removeprefix("test_")
        check = Check(
            homework,
            id,
            points,
            function,
            bonus,
            hidden,
            stubs=tuple(stubs),
            other_stubs=tuple(other_stubs),
            hides=tuple(hides),
            why=as_message(why),
        )
        function.check = check  # type: ignore[attr-defined]
        registered = _REGISTERED.setdefault(homework, [])
        registered[:] = [other for other in registered if other.name != check.name] + [check]
        return function

    return mark


def registered_checks(homework: str) -> list[Check]:
    """All checks of a homework in the order of its file, whatever the term leaves out."""
    return list(_REGISTERED[homework]) if plugins.load_checks_module(homework) else []


def load_checks(homework: str) -> list[Check]:
    """Checks of a homework in the order of its file, as this term has them. Raises CourseError."""
    return as_this_term(homework, registered_checks(homework))


def as_this_term(
    homework: str, checks: Sequence[Check], course: Course | None = None
) -> list[Check]:
    """The checks without blanks that course.toml leaves out, with this term's points. Raises CourseError."""
    settings = (course or load()).homework(homework)
    for id in (*settings.points, *settings.leave_out):
        if not any(check.id == id for check in checks):
            raise CourseError(
                f"course.toml: {homework} has no blank {id}",
                f"course.toml：{homework} 没有填空 {id}",
            )
    kept = [check for check in checks if check.id not in settings.leave_out]
    for id, points in settings.points.items():
        of_blank = [check for check in kept if check.id == id]
        shares = share_points(points, [check.points for check in of_blank])
        by_name = dict(zip((check.name for check in of_blank), shares, strict=True))
        kept = [
            replace(check, points=by_name[check.name]) if check.id == id else check
            for check in kept
        ]
    return kept
