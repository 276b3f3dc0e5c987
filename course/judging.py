"""A case as a check sees it: its inputs, the comparison of answers with what is expected, and a record of the answers."""

import contextlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from course.checks import Check
from course.compare import difference, summary
from course.messages import Message, as_message
from course.runner import Runner, StudentError, protocol

FORM_ERRORS = (TypeError, ValueError, ArithmeticError, LookupError, AttributeError)


@dataclass
class Case:
    """One drawn input and its expected answers, plain data. label says what is special ("T = 1", "a tie")."""

    label: str
    inputs: list[Any]
    expected: dict[str, Any]


class WrongAnswer(AssertionError):
    """The answer is wrong. shown: the message is shown even where the verdict is hidden."""

    def __init__(self, message: Message | Sequence[str] | str, shown: bool = False):
        self.message = as_message(message) or Message("", "")
        self.shown = shown
        super().__init__(self.message.en)


class JudgedCase:
    """What a check receives as `case`: inputs and expected answers, and the methods that judge.

    `answers` records what was compared: known mistakes are recognised by it. With judging=False nothing is judged,
    only recorded.
    """

    def __init__(self, case: Case, why: Message | None = None, judging: bool = True):
        self.label, self.inputs, self.expected = case.label, case.inputs, case.expected
        self.why, self.judging = why, judging
        self.answers: dict[str, Any] = {}

    def check(
        self,
        answers: dict[str, Any],
        rtol: float = 1e-7,
        atol: float = 1e-9,
        why: Message | Sequence[str] | str | None = None,
    ) -> None:
        """Compare each named answer with the expected one of that name: shape, then NaN and infinity, then values."""
        self.answers.update(answers)
        if not self.judging:
            return
        for name, answer in answers.items():
            message = difference(name, answer, self.expected[name], rtol, atol)
            if message:
                raise WrongAnswer(message + self.context(why))

    def require(
        self, condition: Any, message: Message | Sequence[str] | str, **answers: Any
    ) -> None:
        """A property: `condition` holds, or `message` is the reason. answers: what it was judged on."""
        self.answers.update(answers or {f"property {len(self.answers)}": bool(condition)})
        if self.judging and not condition:
            raise WrongAnswer((as_message(message) or Message("", "")) + self.context())

    def letter(self, answer: Any) -> None:
        """A choice question's answer: one letter, any case, spaces around it allowed."""
        letter = answer.strip().upper() if isinstance(answer, str) else answer
        if not (isinstance(letter, str) and re.fullmatch("[A-E]", letter)):
            text = summary(letter)
            message = Message(
                f"the answer is one letter, got {text}", f"答案应是一个字母，得到的是 {text}"
            )
            raise WrongAnswer(message, shown=True)
        if self.expected:
            message = Message("another letter is right", "正确的是另一个字母")
            self.require(letter == self.expected["letter"], message, letter=letter)

    def context(self, why: Message | Sequence[str] | str | None = None) -> Message:
        """What stands behind a message: which case this is, and why the answer should differ."""
        label = Message("", "")
        if self.label:
            label = Message(f" (case: {self.label})", f"（情形：{self.label}）")
        reason = as_message(why) or self.why
        return label + (Message(" " + reason.en, " " + reason.zh) if reason else None)


def case_seed(seed: int, number: int) -> int:
    """Seed of the random numbers that student code sees in case `number`."""
    return seed * 101 + number


def collect_answers(
    check: Check,
    runner: Runner,
    case: Case,
    seed: int,
    number: int,
    stubs: Sequence[str] | None = None,
) -> dict[str, Any]:
    """What a check compares on one case, without judging: {name: value}; an error of student code as {"error": text}."""
    judged = JudgedCase(case, judging=False)
    runner.start(case_seed(seed, number), check.stub_sets[0] if stubs is None else stubs)
    with contextlib.suppress(Exception), recording_errors(judged):
        check.function(runner, judged)
    with contextlib.suppress(protocol.NotPlainError):
        return protocol.decode(protocol.encode(judged.answers))
    return {}


@contextlib.contextmanager
def recording_errors(case: JudgedCase) -> Iterator[None]:
    """Inside: an error of student code becomes one of the case's answers, numbers masked, and is raised on."""
    try:
        yield
    except StudentError as error:
        if not error.empty and not error.is_timeout:
            text = re.sub(r"[0-9]+", "#", error.message)[:200]
            case.answers["error"] = f"{error.type}: {text}"
        raise
