"""The verdict of a check on student code: done, wrong, empty, error, timeout or (a choice, judged at grading) given.

The verdict is made on the trusted side: the runner only returns what student code answered.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np

from course.cases import Case, Cases, StoredCases
from course.checks import Check
from course.diagnose import Diagnosis, diagnose
from course.empty_copy import blank_places
from course.error_texts import OWN_TYPES, error_type, in_words, location, meaning, original
from course.judging import FORM_ERRORS, JudgedCase, WrongAnswer, case_seed, recording_errors
from course.messages import Message
from course.runner import ErrorKind, Runner, StudentError
from course.salvage import is_template, salvage, salvage_message, student_function


class Status(StrEnum):
    DONE = "done"
    WRONG = "wrong"
    EMPTY = "empty"
    ERROR = "error"
    TIMEOUT = "timeout"
    GIVEN = "given"

    @property
    def passes(self) -> bool:
        return self in (Status.DONE, Status.GIVEN)


@dataclass(frozen=True)
class CheckResult:
    """A verdict as plain data, safe to show: it travels to the score board, the journal and the reports."""

    homework: str
    id: str
    name: str
    status: Status
    points: int
    possible: int
    bonus: bool
    hidden: bool
    message: Message
    mistake: str | None = None
    hint: Message | None = None
    note: Message | None = None
    salvaged: Message | None = None

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready; `from_dict` is the inverse."""
        data = asdict(self) | {"status": str(self.status), "message": list(self.message)}
        for name in ("hint", "note", "salvaged"):
            data[name] = list(data[name]) if data[name] else None
        return data

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "CheckResult":
        names = ("message", "hint", "note", "salvaged")
        messages = {name: Message(*data[name]) for name in names if data.get(name)}
        fields: dict[str, Any] = {**data, "status": Status(data["status"]), **messages}
        return cls(**fields)


@dataclass
class Verdict:
    """Verdict of one check.

    note: what costs no points. salvaged: why the blank's function was checked apart from its file, or None.
    """

    check: Check
    status: Status
    message: Message = Message("", "")
    diagnosis: Diagnosis | None = None
    note: Message | None = None
    salvaged: Message | None = None
    error: BaseException | None = field(default=None, repr=False)
    answers: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def answers_nothing(self) -> bool:
        """True if None or zeros are all that was answered."""
        return all(answer is None or not np.any(answer) for answer in _leaves(self.answers))

    @property
    def mistake(self) -> str | None:
        """Id of the known mistake, or None."""
        return self.diagnosis.mistake if self.diagnosis else None

    @property
    def points(self) -> int:
        return self.check.points if self.status == Status.DONE else 0

    @property
    def result(self) -> CheckResult:
        """Plain data of the verdict. A hidden check does not say what is right, only what keeps it from being judged."""
        check, message, diagnosis = self.check, self.message, self.diagnosis
        judged = self.status in (Status.DONE, Status.WRONG)
        if check.hidden and judged and not getattr(self.error, "shown", False):
            diagnosis, message = None, Message("", "")
            if self.status == Status.WRONG:
                message = Message("wrong; a choice question gives no hint", "错误；选择题不再提示")
        return CheckResult(
            homework=check.homework,
            id=check.id,
            name=check.name,
            status=self.status,
            points=self.points,
            possible=check.points,
            bonus=check.bonus,
            hidden=check.hidden,
            message=message,
            mistake=diagnosis.mistake if diagnosis else None,
            hint=diagnosis.hint if diagnosis else None,
            note=self.note,
            salvaged=self.salvaged,
        )


def _leaves(answers: Any) -> Iterator[Any]:
    """The values in nested dicts and lists."""
    if isinstance(answers, (dict, list)):
        for value in answers.values() if isinstance(answers, dict) else answers:
            yield from _leaves(value)
    else:
        yield answers


class MissingCases(Exception):
    """A student copy without the stored cases of a check: the copy is damaged, not the student's code."""

    def __init__(self, check: Check, error: Exception):
        self.message = Message(
            f"no stored cases of {check.name} ({error}); download the student copy again",
            f"缺少 {check.name} 的检查数据（tests/cases/{check.homework}.npz）：请重新下载学生版",
        )
        super().__init__(self.message.en)


def run(check: Check, runner: Runner, cases: Cases, drawn: Sequence[Case] | None = None) -> Verdict:
    """Verdict of `check` on the code that `runner` runs: right with stubs, or with the student's own helpers.

    If the student's file cannot be loaded, the blank's function is checked in the empty copy (course.salvage). drawn:
    the check's cases, if they are at hand already. Raises MissingCases.
    """
    drawn = cases_for(check, cases) if drawn is None else drawn
    verdict = _run_with_and_without_stubs(check, runner, cases, drawn)
    if not verdict.status.passes:
        verdict = _salvaged(check, runner, cases, drawn, verdict) or verdict
    if verdict.status == Status.WRONG and verdict.answers_nothing and not check.is_integration:
        function = student_function(check.homework, check.id, runner.read_sources(check.homework))
        if function and is_template(function):
            return Verdict(check, Status.EMPTY, explain_empty(check), salvaged=verdict.salvaged)
    return verdict


def _run_with_and_without_stubs(
    check: Check, runner: Runner, cases: Cases, drawn: Sequence[Case]
) -> Verdict:
    first = None
    for stubs in check.stub_sets:
        verdict = _run_with(check, runner, cases, drawn, stubs)
        if verdict.status.passes:
            return verdict
        first = first or verdict
    assert first
    return first


def _salvaged(
    check: Check, runner: Runner, cases: Cases, drawn: Sequence[Case], verdict: Verdict
) -> Verdict | None:
    """The verdict on the blank's function in the empty copy, if the file of the student's could not be loaded."""
    error = verdict.error
    if not isinstance(error, StudentError) or not error.importing or check.is_integration:
        return None
    sources = salvage(check.homework, check.id, runner.read_sources(check.homework))
    if sources is None:
        return None
    with runner.with_sources(check.homework, sources) as salvaged_runner:
        salvaged = _run_with_and_without_stubs(check, salvaged_runner, cases, drawn)
    salvaged.salvaged = salvage_message(error, check.homework, advice_for(error))
    return salvaged


def _run_with(
    check: Check, runner: Runner, cases: Cases, drawn: Sequence[Case], stubs: Sequence[str]
) -> Verdict:
    note = None
    for number, case in enumerate(drawn):
        judged = JudgedCase(case, check.why)
        failure = judge(check, runner, judged, case_seed(cases.seed, number), stubs)
        note = note or _note(runner.changed_arguments)
        if failure:
            failure.note, failure.answers = note, judged.answers
            if failure.status in (Status.WRONG, Status.ERROR):
                failure.diagnosis = diagnose(check, runner, cases, stubs, number, judged.answers)
            return failure
    unjudged = check.hidden and not drawn[0].expected
    return Verdict(check, Status.GIVEN if unjudged else Status.DONE, note=note)


def cases_for(check: Check, cases: Cases) -> list[Case]:
    """The cases that `check` is judged on here. Raises MissingCases."""
    if check.hidden and isinstance(cases, StoredCases):
        return [Case("", [], {})]
    try:
        return cases.for_check(check)
    except (OSError, KeyError) as error:
        raise MissingCases(check, error) from error


def judge(
    check: Check, runner: Runner, case: JudgedCase, seed: int, stubs: Sequence[str]
) -> Verdict | None:
    """None if the case is answered correctly, else the Verdict."""
    runner.start(seed, stubs)
    try:
        with recording_errors(case):
            check.function(runner, case)
    except StudentError as error:
        if error.is_timeout:
            return Verdict(check, Status.TIMEOUT, explain_timeout(error), error=error)
        if error.empty or error.type == "NotImplementedError" and not error.message:
            is_empty = error.empty in (None, check.id) or check.is_integration
            status = Status.EMPTY if is_empty else Status.ERROR
            return Verdict(check, status, explain_empty(check, error), error=error)
        context = None if error.importing else case.context()  # a file fails to load in every case
        return Verdict(check, Status.ERROR, explain(error) + context, error=error)
    except WrongAnswer as error:
        return Verdict(check, Status.WRONG, error.message, error=error)
    except FORM_ERRORS as error:  # for example unpacking None
        text = in_words(str(error))
        message = Message(
            f"the answer does not have the form that the docstring asks for: {text.en}",
            f"答案的形式与文档字符串不符：{text.zh}",
        )
        return Verdict(check, Status.WRONG, message, error=error)
    return None


def _note(changed: Sequence[str]) -> Message | None:
    """Note that functions changed their arguments, or None."""
    if not changed:
        return None
    names = ", ".join(dict.fromkeys(changed))
    return Message(
        f"{names} changes its arguments: other functions still need them, so work on a copy",
        f"{names} 改动了它的参数：别处还要用，请在副本上计算",
    )


ADVICE: dict[str, Message] = {  # by the type of the error, or by what `ErrorKind` adds to it
    "TabError": Message("indent with spaces only", "缩进请只用空格"),
    "IndentationError": Message(
        "the indentation does not match the lines around it", "缩进与前后的行不符"
    ),
    "SyntaxError": Message("Python cannot read this line", "Python 读不懂这一行"),
    "ImportError": Message("import only what the file came with", "请只用文件原有的 import"),
    "ModuleNotFoundError": Message(
        "import only what the file came with", "请只用文件原有的 import"
    ),
    "NotPlainError": Message("return what the docstring says", "请按文档字符串返回"),
    ErrorKind.ENCODING: Message("save the file as UTF-8", "请把文件保存为 UTF-8"),
    ErrorKind.LIBRARY: Message(
        "the course's environment is not active, or requirements.txt is not installed",
        "没有激活课程的环境，或没有安装 requirements.txt",
    ),
    ErrorKind.MISSING_NAME: Message("keep the provided names", "请保持原来的名字"),
    ErrorKind.PYTHON_2: Message(
        "this is Python 2; convert the file with 2to3 (Python 3.12 and older have it)",
        "这是 Python 2 代码；请用 2to3 转换（Python 3.12 及更早版本自带）",
    ),
    ErrorKind.SIGNATURE: Message("keep the provided parameters", "请保持原来的参数"),
}


NEW_NUMPY_NAMES = {  # names that older code uses, and what replaces them
    **{name: name for name in ("float", "int", "bool", "complex", "object", "str")},
    "long": "int",
    "unicode": "str",
    "float_": "np.float64",
    "complex_": "np.complex128",
    "string_": "np.bytes_",
    "unicode_": "np.str_",
    "Inf": "np.inf",
    "Infinity": "np.inf",
    "infty": "np.inf",
    "PINF": "np.inf",
    "NINF": "-np.inf",
    "NaN": "np.nan",
    "NAN": "np.nan",
    "product": "np.prod",
    "cumproduct": "np.cumprod",
    "alltrue": "np.all",
    "sometrue": "np.any",
    "round_": "np.round",
    "in1d": "np.isin",
    "row_stack": "np.vstack",
    "trapz": "np.trapezoid",
    "asscalar": "x.item()",
    "mat": "np.asmatrix",
    "msort": "np.sort(x, axis=0)",
}


def explain(error: StudentError) -> Message:
    """Message of an error in student code, with advice where the error alone does not say enough."""
    text = meaning(error.message)
    where = location(error.where)
    advice = advice_for(error)
    if advice and error.kind == ErrorKind.NUMPY_NAME:  # NumPy's own text is a paragraph
        return advice + where
    if text is None:
        return untranslated(error, advice)
    zh = (
        text.zh
        if error.type in OWN_TYPES and not where.zh
        else f"{error.type}{where.zh}：{text.zh}"
    )
    message = Message(f"{error.type}: {text.en}{where.en}", zh)
    return message + (Message(f": {advice.en}", f"；{advice.zh}") if advice else None)


def untranslated(error: StudentError, advice: Message | None) -> Message:
    """Message of an error whose words are English only: what kind it is, where, what to look at, then its own words."""
    kind = error_type(error.type)
    look = advice or kind.look
    where = location(error.where)
    en = f"{error.type}: {error.message}{where.en}" + (f": {look.en}" if look.en else "")
    line = f"，{where.zh.strip('（）')}" if where.zh else ""
    words = original(error.message)
    if error.type == "KeyError":  # its words are the key alone
        words = f"。这个键是 {error.message}"
    zh = f"{kind.kind}（{error.type}{line}）" + (f"：{look.zh}" if look.zh else "") + words
    return Message(en, zh)


def advice_for(error: StudentError) -> Message | None:
    """What a student can do about an error, where the error alone does not say enough."""
    if error.kind == ErrorKind.NUMPY_NAME:
        name = error.message.split("'")[3]
        if name not in NEW_NUMPY_NAMES:
            return None
        new = NEW_NUMPY_NAMES[name]
        return Message(
            f"this NumPy has no np.{name} any more: write {new}",
            f"新版 NumPy 已没有 np.{name}：请写 {new}",
        )
    return ADVICE.get(error.kind) or ADVICE.get(error.type)


def explain_timeout(error: StudentError) -> Message:
    return Message(
        f"{error.message}; is there a loop that never ends?",
        f"超时：{error.seconds:g} 秒内没有答案，是不是有循环停不下来？",
    )


def explain_empty(check: Check, error: StudentError | None = None) -> Message:
    """Message for an empty blank: the check's own, or another one that it needs."""
    blank_place = blank_places(check.homework).get(check.id)
    id = (error and error.empty) or check.id
    file = (error and error.empty_file) or (blank_place and f"{check.homework}/{blank_place.file}")
    blank = Message(
        f"{file}, blank {id}" if file else f"blank {id}",
        f"{file} 中的填空 {id}" if file else f"填空 {id}",
    )
    if id == check.id:
        return Message(f"NOT FILLED IN {blank.en}", f"尚未填写：{blank.zh}")
    return Message(f"needs {blank.en}, which is still empty", f"需要先完成：{blank.zh}（尚未填写）")
