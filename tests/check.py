"""Checks of blanks: what a check is, where its cases come from, how an answer is compared, which mistake it is.

A check is a small function `test_x(student, case)` marked `@blank(id, points)`. It is run once for every draw of its
case; `run` gives the verdict. pytest (tests/conftest.py) and the grader call the same `run`.
"""

import contextlib
import importlib
import json
import re
import secrets
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tests import term, worker
from tests.student import HOMEWORKS, ROOT, InProcess, StudentError, TimeOut, find_homework
from tests.update import MARK

CASES = ROOT / "tests" / "cases"
STORED_SEEDS = 5  # sets of draws that a student copy carries


class Say(NamedTuple):
    """One message in both languages."""

    en: str
    zh: str

    def __add__(self, other):
        return Say(self.en + other[0], self.zh + other[1]) if other else self


def say(text):
    """Say of a pair, of a single text (the same in both languages), or of None."""
    return (
        text
        if isinstance(text, Say) or text is None
        else Say(text, text)
        if isinstance(text, str)
        else Say(*text)
    )


# ---------------------------------------------------------------- checks


@dataclass(frozen=True)
class Check:
    """One graded check: `function(student, case)` belongs to blank `id` of `homework` and is worth `points`."""

    homework: str
    id: str
    points: int
    function: object
    bonus: bool = False
    hidden: bool = False  # judged at grading only; a student copy carries no case of it
    stand_ins: tuple = ()  # library calls that replace what the blank calls, "module.name"
    why: Say | None = None

    @property
    def name(self):
        return self.function.__name__.removeprefix("test_")


CHECKS = {homework: [] for homework in HOMEWORKS}


def blank(id, points, bonus=False, hidden=False, stand_ins=(), why=None):
    """Mark a function `test_x(student, case)` as a check of blank `id`. The homework is the file's: test_HOMEWORK.py."""

    def mark(function):
        homework = function.__module__.rpartition(".")[2].removeprefix("test_")
        function.check = Check(
            homework, id, points, function, bonus, hidden, tuple(stand_ins), say(why)
        )
        checks = CHECKS.setdefault(homework, [])
        checks[:] = [other for other in checks if other.function.__name__ != function.__name__] + [
            function.check
        ]
        return function

    return mark


def load_checks(homework):
    """All checks of a homework in the order of its file, as this term has them (course.toml)."""
    if not (ROOT / "tests" / f"test_{homework}.py").is_file():
        return []
    importlib.import_module(f"tests.test_{homework}")
    return term.apply(homework, CHECKS[homework])


# ---------------------------------------------------------------- cases


@dataclass
class Draw:
    """Inputs of one case and the expected answers, plain data. label says what is special ("T = 1", "a tie")."""

    label: str
    inputs: list
    expected: dict


class Wrong(AssertionError):
    """The answer is wrong. message: Say. told: also where the verdict itself is hidden."""

    def __init__(self, message, told=False):
        self.message, self.told = say(message), told
        super().__init__(self.message.en)


class Case:
    """What a check sees of a draw. `answers` collects what it compared, to recognise mistakes by."""

    def __init__(self, draw, why=None, judging=True):
        self.label, self.inputs, self.expected = draw.label, draw.inputs, draw.expected
        self.why, self.judging, self.answers = why, judging, {}

    def check(self, answers, rtol=1e-7, atol=1e-9, why=None):
        """Compare each named answer with the expected one of that name: shape, then NaN and inf, then values."""
        self.answers.update(answers)
        if not self.judging:
            return
        for name, got in answers.items():
            wrong = differs(name, got, self.expected[name], rtol, atol)
            if wrong:
                raise Wrong(wrong + self._because(why))

    def require(self, condition, message, **answers):
        """A property: `condition` holds, or `message` is the reason. answers: what it was judged on."""
        self.answers.update(answers or {f"property {len(self.answers)}": bool(condition)})
        if self.judging and not condition:
            raise Wrong(say(message) + self._because(None))

    def letter(self, answer):
        """A choice question's answer: one letter, any case, spaces around it allowed."""
        given = answer.strip().upper() if isinstance(answer, str) else answer
        if not (isinstance(given, str) and re.fullmatch("[A-E]", given)):
            raise Wrong(
                Say(
                    f"the answer is one letter, got {short(given)}",
                    f"答案应是一个字母,得到的是 {short(given)}",
                ),
                told=True,
            )
        if self.expected:
            self.require(
                given == self.expected["letter"],
                Say("another letter is right", "正确的是另一个字母"),
                letter=given,
            )

    def _because(self, why):
        why = say(why) or self.why
        label = Say(f" (case: {self.label})", f"(情形:{self.label})") if self.label else Say("", "")
        return label + (Say(" " + why.en, " " + why.zh) if why else None)


class FreshCases:
    """Draws from tests/reference, answers of tests/mistakes: the teacher's side. Everything follows from `seed`."""

    def __init__(self, seed=None):
        self.seed = secrets.randbelow(2**31) if seed is None else seed
        self._draws, self._mistaken, self._doors = {}, {}, {}

    def draws(self, check):
        key = check.homework, check.name
        if key not in self._draws:
            reference = importlib.import_module(f"tests.reference.{check.homework}")
            if not hasattr(reference, check.name):
                raise LookupError(
                    f"tests/reference/{check.homework}.py has no generator {check.name}"
                )
            rng = np.random.default_rng([self.seed, zlib.crc32(check.name.encode())])
            self._draws[key] = list(getattr(reference, check.name)(rng))
        return self._draws[key]

    def mistakes(self, check):
        """Known mistakes of the check's blank: (id, Say hint) pairs."""
        return [(known.id, known.hint) for known in self._known(check)]

    def mistaken(self, check, draw_number):
        """{mistake id: its answers} for one draw: the check itself, run on the mistaken version without judging."""
        key = check.homework, check.name, draw_number
        if key not in self._mistaken:
            self._mistaken[key] = {
                known.id: self._answers(check, draw_number, known) for known in self._known(check)
            }
        return self._mistaken[key]

    def _known(self, check):
        from tests import mistakes

        return [known for known in mistakes.load(check.homework) if known.blank == check.id]

    def _answers(self, check, draw_number, known):
        from tests import mistakes

        if known.id not in self._doors:
            self._doors[known.id] = InProcess(ROOT, mistakes.sources(known))
        return answers_of(
            check, self._doors[known.id], self.draws(check)[draw_number], self.seed, draw_number
        )


class StoredCases:
    """Draws and mistakes' answers from tests/cases/HOMEWORK.npz, written when the student copy was made."""

    def __init__(self, seed=None):
        self.seed = secrets.randbelow(STORED_SEEDS) if seed is None else seed
        self._files = {}

    def _stored(self, check):
        if check.homework not in self._files:
            with np.load(CASES / f"{check.homework}.npz", allow_pickle=False) as file:
                self._files[check.homework] = {name: file[name].tobytes() for name in file.files}
        files = self._files[check.homework]
        return worker.decode(files[f"{check.name}/{self.seed % STORED_SEEDS}"])

    def draws(self, check):
        return [
            Draw(draw["label"], draw["inputs"], draw["expected"])
            for draw in self._stored(check)["draws"]
        ]

    def mistakes(self, check):
        return [(id, Say(*hint)) for id, hint in self._stored(check)["hints"].items()]

    def mistaken(self, check, draw_number):
        return self._stored(check)["draws"][draw_number]["mistakes"]


def store_cases(homework, path, seeds):
    """Write the stored cases of a homework: STORED_SEEDS sets, one of each of `seeds`. Same seeds, same bytes."""
    stored = {}
    for number, seed in enumerate(seeds):
        fresh = FreshCases(seed)
        for check in load_checks(homework):
            if check.hidden:
                continue
            hints = {id: list(hint) for id, hint in fresh.mistakes(check)}
            draws = [
                {
                    "label": draw.label,
                    "inputs": draw.inputs,
                    "expected": draw.expected,
                    "mistakes": fresh.mistaken(check, at),
                }
                for at, draw in enumerate(fresh.draws(check))
            ]
            body = worker.encode({"hints": hints, "draws": draws})
            stored[f"{check.name}/{number}"] = np.frombuffer(body, np.uint8)
    with open(path, "wb") as file:
        np.savez_compressed(file, **stored)


def open_cases(seed=None):
    """The cases that this tree has: fresh ones where the reference is present, stored ones in a student copy."""
    return (FreshCases if (ROOT / "tests" / "reference").is_dir() else StoredCases)(seed)


# ---------------------------------------------------------------- comparing


def differs(name, got, expected, rtol, atol):
    """None if `got` equals `expected`, else a Say that tells what came and what was expected."""
    if isinstance(expected, dict):
        if not isinstance(got, dict):
            return Say(
                f"{name}: {kind(got).en}, expected a dict", f"{name}:{kind(got).zh},应为字典"
            )
        for key in expected:
            if key not in got:
                return Say(
                    f"{name}: key {key!r} is missing (has {sorted(got)})",
                    f"{name}:缺少键 {key!r}(现有 {sorted(got)})",
                )
        return next(
            filter(
                None,
                (
                    differs(f"{name}[{key!r}]", got[key], value, rtol, atol)
                    for key, value in expected.items()
                ),
            ),
            None,
        )
    if isinstance(expected, list):
        if not isinstance(got, list) or len(got) != len(expected):
            size = len(got) if isinstance(got, list) else None
            came = Say(f"{size} values", f"{size} 个值") if isinstance(got, list) else kind(got)
            return Say(
                f"{name}: {came.en}, expected a list of {len(expected)}",
                f"{name}:{came.zh},应为 {len(expected)} 个值的列表",
            )
        return next(
            filter(
                None,
                (
                    differs(f"{name}[{at}]", got[at], value, rtol, atol)
                    for at, value in enumerate(expected)
                ),
            ),
            None,
        )
    if expected is None or isinstance(expected, (str, bool, np.bool_)):
        if isinstance(got, np.ndarray) and got.ndim == 0:
            got = got.item()
        if (
            type(got) is type(expected)
            and got == expected
            or isinstance(expected, np.bool_)
            and got is bool(expected)
        ):
            return None
        return Say(
            f"{name}: got {short(got)}, expected {short(expected)}",
            f"{name}:得到 {short(got)},应为 {short(expected)}",
        )
    return array_differs(name, got, np.asarray(expected), rtol, atol)


def array_differs(name, got, expected, rtol, atol):
    """`differs` for numbers and arrays."""
    if isinstance(got, (list, str, dict)) or got is None:
        return Say(
            f"{name}: {kind(got).en}, expected {form(expected)}",
            f"{name}:{kind(got).zh},应为 {form(expected)}",
        )
    got = np.asarray(got)
    if got.shape != expected.shape:
        return Say(
            f"{name}: shape {got.shape}, expected {expected.shape}",
            f"{name}:形状 {got.shape},应为 {expected.shape}",
        )
    if (got.dtype == bool) != (expected.dtype == bool):
        return Say(
            f"{name}: dtype {got.dtype}, expected {expected.dtype}",
            f"{name}:类型 {got.dtype},应为 {expected.dtype}",
        )
    if (
        expected.dtype == bool
        or np.issubdtype(expected.dtype, np.integer)
        and np.issubdtype(got.dtype, np.integer)
    ):
        wrong = got != expected
    else:
        with np.errstate(invalid="ignore", over="ignore"):
            bad = ~np.isfinite(got) & ~((got == expected) | (np.isnan(got) & np.isnan(expected)))
            if bad.any():
                at = tuple(map(int, np.argwhere(bad)[0]))
                place, place_zh = (f"first at {at}: ", f"第一个在 {at}:") if at else ("", "")
                return Say(
                    f"{name}: {int(bad.sum())} of {got.size} values are NaN or infinite; {place}got {got[at]}, "
                    f"expected {expected[at]:.6g}",
                    f"{name}:{got.size} 个值中有 {int(bad.sum())} 个是 NaN 或无穷;{place_zh}得到 {got[at]},应为 "
                    f"{expected[at]:.6g}",
                )
            wrong = ~np.isclose(got, expected, rtol=rtol, atol=atol, equal_nan=True)
    if not wrong.any():
        return None
    at = tuple(map(int, np.argwhere(wrong)[0]))
    coarse = Say("", "")
    if got.dtype in (np.float16, np.float32) and np.allclose(
        got, expected, rtol=1e-2, atol=1e-3, equal_nan=True
    ):
        coarse = Say(
            f" (computed in {got.dtype}; keep the inputs' float64)",
            f"(以 {got.dtype} 计算;请保持输入的 float64)",
        )
    place, place_zh = (f"first at {at}: ", f"第一个在 {at}:") if at else ("", "")
    digits = 6 if number(got[at]) != number(expected[at]) else 15
    came, asked = number(got[at], digits), number(expected[at], digits)
    return (
        Say(
            f"{name}: {int(wrong.sum())} of {got.size} values differ; {place}got {came}, expected {asked} "
            f"(rtol={rtol:g}, atol={atol:g})",
            f"{name}:{got.size} 个值中有 {int(wrong.sum())} 个不同;{place_zh}得到 {came},应为 {asked}"
            f"(rtol={rtol:g}, atol={atol:g})",
        )
        + coarse
    )


def kind(value):
    """Say of what a value is."""
    names = {
        "list": ("a list or tuple", "列表或元组"),
        "dict": ("a dict", "字典"),
        "str": ("a string", "字符串"),
        "NoneType": ("None (nothing was returned)", "None(没有返回值)"),
    }
    if isinstance(value, np.ndarray):
        return Say(form(value), form(value))
    return Say(*names.get(type(value).__name__, (f"a {type(value).__name__}",) * 2))


def form(array):
    """Short description of an array's form."""
    return f"array {array.shape} of {array.dtype}" if array.ndim else f"a number ({array.dtype})"


def short(value):
    return form(value) if isinstance(value, np.ndarray) else repr(value)[:80]


def number(value, digits=6):
    return str(value) if isinstance(value, (np.bool_, np.integer)) else f"{value:.{digits}g}"


def same(left, right, rtol=1e-6, atol=1e-9):
    """True if two collected answers are the same, whatever their kind."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(
            same(left[key], right[key], rtol, atol) for key in left
        )
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(same(a, b, rtol, atol) for a, b in zip(left, right))
    numeric = (bool, int, float, np.ndarray, np.generic)
    if isinstance(left, numeric) and isinstance(right, numeric):
        left, right = np.asarray(left), np.asarray(right)
        if left.shape != right.shape:
            return False
        if left.dtype == bool or right.dtype == bool:
            return left.dtype == right.dtype and bool((left == right).all())
        with np.errstate(all="ignore"):
            return bool(np.allclose(left, right, rtol=rtol, atol=atol, equal_nan=True))
    return type(left) is type(right) and left == right


def numeric_gradient(f, x, h=1e-6):
    """Central differences of the scalar f at the array x, entry by entry. x is left as it was."""
    x = np.array(x, np.float64)
    gradient = np.zeros_like(x)
    for at in np.ndindex(x.shape):
        old = x[at]
        x[at] = old + h
        above = f(x)
        x[at] = old - h
        below = f(x)
        x[at] = old
        gradient[at] = (above - below) / (2 * h)
    return gradient


# ---------------------------------------------------------------- the verdict


@dataclass
class Outcome:
    """Verdict of one check. status: done, wrong, empty, error, time-out or given (a choice judged at grading)."""

    check: Check
    status: str
    message: Say = Say("", "")
    mistake: str | None = None
    hint: Say | None = None
    note: Say | None = None  # what costs no points
    error: BaseException | None = field(default=None, repr=False)

    @property
    def points(self):
        return self.check.points if self.status == "done" else 0

    def as_data(self):
        """Plain data of the verdict. A hidden check does not tell what is right, only what keeps it from being judged."""
        one, message = self.check, list(self.message)
        shown = (
            not one.hidden
            or self.status not in ("done", "wrong")
            or getattr(self.error, "told", False)
        )
        if not shown:
            message = (
                ["", ""]
                if self.status == "done"
                else ["wrong; a choice question tells no more", "错误;选择题不再提示"]
            )
        return {
            "homework": one.homework,
            "id": one.id,
            "name": one.name,
            "status": self.status,
            "points": self.points,
            "possible": one.points,
            "bonus": one.bonus,
            "hidden": one.hidden,
            "message": message,
            "mistake": self.mistake if shown else None,
            "hint": list(self.hint) if self.hint and shown else None,
            "note": list(self.note) if self.note else None,
        }


class MissingCases(Exception):
    """A student copy without the stored cases of a check: the copy is damaged, not the student's code."""


def run(check, door, cases):
    """Verdict of `check` on the student code behind `door`: right with the stand-ins, or with the student's own helpers."""
    outcomes = []
    for stand_ins in dict.fromkeys((check.stand_ins, ())):
        outcomes.append(_run(check, door, cases, stand_ins))
        if outcomes[-1].status in ("done", "given"):
            return outcomes[-1]
    return outcomes[0]


def _run(check, door, cases, stand_ins):
    if check.hidden and isinstance(cases, StoredCases):
        draws = [Draw("", [], {})]
    else:
        try:
            draws = cases.draws(check)
        except (OSError, KeyError) as error:
            raise MissingCases(
                f"no stored cases of {check.name} ({error}); fetch the student copy again"
            ) from error
    note = None
    for at, draw in enumerate(draws):
        case = Case(draw, check.why)
        wrong = _one(check, door, case, cases.seed, at, stand_ins)
        note = note or _note(door.changed)
        if wrong:
            wrong.note = note
            if wrong.status in ("wrong", "error"):
                wrong.mistake, wrong.hint = name_mistake(
                    check, door, cases, stand_ins, at, case.answers
                )
            return wrong
    return Outcome(check, "given" if check.hidden and not draws[0].expected else "done", note=note)


def _note(changed):
    """Say that functions changed what they were given, or None."""
    names = ", ".join(dict.fromkeys(changed))
    return (
        Say(
            f"{names} changes its arguments: others still need them, work on a copy",
            f"{names} 改动了它的参数:别处还要用,请在副本上计算",
        )
        if names
        else None
    )


def _one(check, door, case, seed, at, stand_ins=()):
    """None if the draw is answered rightly, else the Outcome."""
    door.start(seed * 101 + at, stand_ins)
    try:
        check.function(door, case)
    except TimeOut as error:
        return Outcome(check, "time-out", late(error), error=error)
    except StudentError as error:
        if error.empty:
            empty = error.empty == check.id or check.id.endswith("-together")
            return Outcome(check, "empty" if empty else "error", _empty(check, error), error=error)
        case.answers["error"] = f"{error.type}: {re.sub(r'[0-9]+', '#', error.message)[:200]}"
        return Outcome(check, "error", explain(error) + case._because(None), error=error)
    except Wrong as error:
        return Outcome(check, "wrong", error.message, error=error)
    except (
        TypeError,
        ValueError,
        ArithmeticError,
        LookupError,
        AttributeError,
    ) as error:  # e.g. unpacking None
        return Outcome(
            check,
            "wrong",
            Say(
                f"the answer has another form than the docstring says: {error}",
                f"答案的形式与文档字符串不符:{error}",
            ),
            error=error,
        )
    return None


ADVICE = {  # by the kind of error, what a student can do
    "TabError": ("indent with spaces only", "缩进请只用空格"),
    "IndentationError": ("the indentation does not fit the lines around it", "缩进与前后的行不符"),
    "SyntaxError": ("Python cannot read this line", "Python 读不懂这一行"),
    "UnicodeDecodeError": ("save the file as UTF-8", "请把文件保存为 UTF-8"),
    "ImportError": ("import only what the file came with", "请只用文件原有的 import"),
    "ModuleNotFoundError": ("import only what the file came with", "请只用文件原有的 import"),
    "library": (
        "the course's environment is not active, or requirements.txt not installed",
        "没有激活课程的环境,或没有安装 requirements.txt",
    ),
    "AttributeError": ("keep the names that were given", "请保持原来的名字"),
    "TypeError": ("keep the parameters that were given", "请保持原来的参数"),
    "Refused": ("return what the docstring says", "请按文档字符串返回"),
}


def late(error):
    """Say of a TimeOut."""
    return Say(
        f"{error.message}; does a loop never end?",
        f"超时:{error.seconds:g} 秒内没有答案,是不是有循环停不下来?",
    )


def explain(error):
    """Say of a StudentError, with advice where the name of the error alone does not tell enough."""
    known = {
        "AttributeError": ".py has no ",
        "TypeError": " is called with ",
    }  # only these of their kind
    kind = (
        "UnicodeDecodeError"
        if re.search("codec can't decode|not UTF-8", error.message)
        else error.type
    )
    if re.fullmatch("No module named '(numpy|torch|jieba|matplotlib|tqdm)'", error.message):
        kind = "library"
    advice = ADVICE.get(kind) if known.get(kind, "") in error.message else None
    return Say(str(error), str(error)) + (
        Say(f": {advice[0]}", f":{advice[1]}") if advice else None
    )


def _empty(check, error):
    file = re.match(r"(\S+), blank", error.message)
    place = f"{file.group(1)}, blank {error.empty}" if file else f"blank {error.empty}"
    if error.empty == check.id:
        return Say(f"NOT FILLED IN {place}", f"尚未填写:{place}")
    return Say(f"needs {place}, which is still empty", f"需要先完成 {place}(尚未填写)")


def answers_of(check, door, draw, seed, at, stand_ins=None):
    """What a check compares on one draw, without judging: {name: value}, an exception as {"error": text}."""
    case = Case(draw, judging=False)
    with contextlib.suppress(Exception):
        _one(check, door, case, seed, at, check.stand_ins if stand_ins is None else stand_ins)
    with contextlib.suppress(worker.Refused):
        return worker.decode(worker.encode(case.answers))
    return {}


def name_mistake(check, door, cases, stand_ins, failed_at, answers):
    """(id, hint) of the one known mistake that gives the student's answers on every draw, or (None, None).

    None too when several fit: a wrong diagnosis is worse than none.
    """
    if check.hidden:
        return None, None
    hints = dict(cases.mistakes(check))
    fits = [id for id in hints if _fits(answers, cases.mistaken(check, failed_at).get(id), check)]
    for at, draw in enumerate(cases.draws(check)):
        if at == failed_at or len(fits) == 0:
            continue
        other = answers_of(check, door, draw, cases.seed, at, stand_ins)
        fits = [id for id in fits if _fits(other, cases.mistaken(check, at).get(id), check)]
    return (fits[0], hints[fits[0]]) if len(fits) == 1 else (None, None)


def _fits(answers, mistaken, check):
    return (
        bool(answers)
        and mistaken is not None
        and all(name in mistaken and same(value, mistaken[name]) for name, value in answers.items())
    )


def source_line(homework, id, root=ROOT):
    """(file, line) of a blank in a homework folder, e.g. ("hmm/model.py", 31), or None.

    Where its hint stands; where a student took that out, the `def` line, by the texts that the student copy came with.
    """
    folder = find_homework(root, homework)
    files = {f"{homework}/{path.name}": _lines(path) for path in sorted(Path(folder).glob("*.py"))}
    hint = re.compile(rf"\s*# (\w+ \w+ )?{re.escape(id)} \(\d+ point")
    for name, lines in files.items():
        for at, line in enumerate(lines, 1):
            if hint.match(line):
                return name, at
    for name, text in _given_texts(root).items():
        stop = re.search(
            rf'raise NotImplementedError\("{re.escape(name)}, blank {re.escape(id)} \((\w+)\)', text
        )
        for at, line in enumerate(files.get(name, ()) if stop else (), 1):
            if re.match(rf"\s*def {stop[1]}\b", line):
                return name, at
    return None


def _lines(path):
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []


def _given_texts(root):
    try:
        return json.loads((Path(root) / MARK).read_text(encoding="utf-8"))["texts"]
    except (OSError, ValueError, KeyError):
        return {}
