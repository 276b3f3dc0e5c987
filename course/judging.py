"""A case as a check sees it: its inputs, the comparison of answers with what is expected, and a record of the answers."""

import contextlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from course.checks import Check
from course.compare import describe_kind, differences, summary
from course.error_texts import in_words
from course.labels import case_label, value_name
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
        message = differences(answers, self.expected, rtol, atol, self.inputs)
        if message:
            raise WrongAnswer(message + self.context(why))

    def require(
        self, condition: Any, message: Message | Sequence[str] | str, **answers: Any
    ) -> None:
        """A property: `condition` holds, or `message` is the reason. answers: what it was judged on."""
        self.answers.update(answers or {f"property {len(self.answers)}": bool(condition)})
        if self.judging and not condition:
            raise WrongAnswer((as_message(message) or Message("", "")) + self.context())

    def indices(self, **answers: Any) -> None:
        """The named answers are whole numbers: the course's code uses them as indices."""
        for name, answer in answers.items():
            dtype = np.asarray(answer).dtype if not isinstance(answer, (list, dict, str)) else None
            text = describe_kind(answer) if dtype is None else Message(str(dtype), str(dtype))
            message = Message(
                f"{name} is used as an index: whole numbers (int64) are needed, got {text.en}",
                f"{value_name(name).zh} 用作下标：需要整数（int64），得到 {text.zh}",
            )
            is_whole = dtype is not None and np.issubdtype(dtype, np.integer)
            self.require(is_whole, message, **{f"{name} holds whole numbers": is_whole})

    def usable(
        self,
        use: Mapping[str, Any],
        dtype: str = "",
        gradient: bool = True,
        parts: int | None = None,
    ) -> None:
        """The course's scripts can work with the answer; `use` is a report of `course.runner.usable`.

        dtype: of all parts where it is not that of the inputs. gradient: training goes back through the answer.
        parts: how many of the answer's parts the scripts compute with (default: all).
        """
        kinds = use["kinds"][:parts]
        tensors = all(kind in ("Tensor", "Parameter") for kind in kinds)
        kind = next((kind for kind in kinds if kind not in ("Tensor", "Parameter")), "")
        message = Message(
            f"the values are right, but the scripts need a tensor here, got {kind}: no .numpy(), .item() or .tolist()",
            f"数值正确，但脚本需要张量，得到的是 {kind}：不要用 .numpy()、.item() 或 .tolist()",
        )
        self.require(tensors, message, kinds=kinds)
        wanted = dtype or "float64"
        wrong = next((name for name in use["dtypes"][:parts] if name != wanted), "")
        message = Message(
            f"the values are right, but the result is {wrong}; {wanted} is needed",
            f"数值正确，但结果是 {wrong}；需要 {wanted}",
        )
        self.require(not wrong, message, dtypes=use["dtypes"][:parts])
        if use["dtypes32"] is not None:
            wanted = dtype or "float32"
            wrong = next((name for name in use["dtypes32"][:parts] if name != wanted), "")
            message = Message(
                f"the model computes in float32, and for float32 inputs the result is {wrong}",
                f"模型以 float32 计算，而输入为 float32 时，结果是 {wrong}",
            )
            if wrong.startswith("error: "):
                message = Message(
                    f"the model computes in float32, and for float32 inputs this fails: {wrong[7:]}",
                    f"模型以 float32 计算，而输入为 float32 时出错：{in_words(wrong[7:]).zh}",
                )
            self.require(
                not wrong,
                message,
                **{"dtypes in float32": [n[:30] for n in use["dtypes32"][:parts]]},
            )
        if gradient:
            self._require_gradient(use, parts)

    def _require_gradient(self, use: Mapping[str, Any], parts: int | None) -> None:
        if use["error"]:
            message = Message(
                f"the values are right, but training fails here: {use['error']}",
                f"数值正确，但训练时会出错：{in_words(use['error']).zh}",
            )
            self.require(False, message, gradient="error")
        is_connected = all(use["connected"][:parts]) and not use["unreached"]
        message = Message(
            "the values are right, but training must go back through them: the result is cut off from the inputs "
            "(.item(), .detach(), .data, torch.tensor(...), torch.no_grad() do that)",
            "数值正确，但训练要经过它们反向传播：结果与输入断开了"
            "（.item()、.detach()、.data、torch.tensor(...)、torch.no_grad() 都会这样）",
        )
        self.require(is_connected, message, gradient=is_connected)

    def letter(self, answer: Any) -> None:
        """A choice question's answer: one letter, any case, spaces around it allowed."""
        letter = answer.strip().upper() if isinstance(answer, str) else answer
        if not (isinstance(letter, str) and re.fullmatch("[A-E]", letter)):
            text = describe_kind(letter) if letter is None else summary(letter)
            message = Message(
                f"the answer is one letter, got {text.en}", f"答案应是一个字母，得到的是 {text.zh}"
            )
            raise WrongAnswer(message, shown=True)
        if self.expected:
            message = Message("another letter is right", "正确的是另一个字母")
            self.require(letter == self.expected["letter"], message, letter=letter)

    def context(self, why: Message | Sequence[str] | str | None = None) -> Message:
        """The explanation after a message: which case this is, and why the answer should differ."""
        label = Message("", "")
        if self.label:
            text = case_label(self.label)
            label = Message(f" (case: {text.en})", f"（情形：{text.zh}）")
        reason = as_message(why) or self.why
        return label + (Message(" " + reason.en, "。" + reason.zh) if reason else None)


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
