"""Find the bug: per homework one function, its known mistakes that a small input shows, and what a valid input is.

A student's counterexample is a list of arguments. It is judged by running the right and the broken version on it; its size
is the number of numbers in it. `smallest` searches small inputs at random, in order of size.
"""

import copy
import functools
import unicodedata
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from course import markers, mistakes
from course.compare import difference
from course.homeworks import HOMEWORKS, ROOT

MOST_NUMBERS = 200  # a counterexample with more is not run
DRAWS = 60  # random inputs of each size that the search tries


@dataclass(frozen=True, eq=False)
class Exercise:
    """One homework's exercise.

    blank: whose known mistakes are used; sizes_shown: those that a small input shows, each with the size of the smallest
    counterexample (tests/repository/test_bugs.py searches for it). kinds: of each argument "float", "int", "bool",
    "number" (a float), "whole" (an int) or "optional bool" (None allowed). valid(*arguments): None, or what is wrong with
    them. draw(rng, size): random arguments; sizes: what draw is asked for, small inputs first.
    """

    homework: str
    blank: str
    sizes_shown: Mapping[str, int]
    kinds: tuple[str, ...]
    valid: Callable[..., str | None]
    draw: Callable[..., list[Any]]
    sizes: tuple[tuple[int, ...], ...]
    uses_torch: bool = False
    prelude: str = ""


@functools.cache
def source(exercise: Exercise, id: str | None) -> str:
    """Text of a module with the exercise's function: with mistake `id`, or right (None)."""
    region = markers.find(ROOT / exercise.homework, exercise.blank)
    if id is None:
        body = markers.solution(region)
    else:
        by_id = {mistake.id: mistake for mistake in mistakes.load(exercise.homework)}
        body = mistakes.body(by_id[id])
    lines = ["import torch" if exercise.uses_torch else "import numpy as np", "", ""]
    lines += exercise.prelude.splitlines()
    lines += [f"def {region.function}({', '.join(region.parameters)}):"]
    lines += [f"    {line}" if line else "" for line in body.splitlines()]
    return "\n".join(lines) + "\n"


@functools.cache
def function(exercise: Exercise, id: str | None) -> Callable[..., Any]:
    names: dict[str, Any] = {"np": np, "torch": torch}
    exec(compile(source(exercise, id), "<broken.py>", "exec"), names)
    return names[markers.find(ROOT / exercise.homework, exercise.blank).function]


def as_arguments(exercise: Exercise, values: Any) -> list[Any]:
    """The arguments as arrays and numbers of the right kinds. Raises ValueError that says what is wrong."""
    if not isinstance(values, (list, tuple)) or len(values) != len(exercise.kinds):
        raise ValueError(f"{len(exercise.kinds)} arguments in a list are expected")
    arguments = []
    for number, (value, kind) in enumerate(zip(values, exercise.kinds), 1):
        if value is None and kind.startswith("optional"):
            arguments.append(None)
            continue
        name = kind.split()[-1]
        type = {"float": float, "number": float, "int": np.int64, "whole": np.int64, "bool": bool}
        try:
            array = np.array(value, dtype=type[name])
        except (TypeError, ValueError, OverflowError):
            raise ValueError(f"argument {number} is not an array of numbers") from None
        if name in ("int", "whole") and not np.array_equal(array, np.array(value, dtype=float)):
            raise ValueError(f"argument {number} consists of whole numbers")
        if array.size > MOST_NUMBERS or name in ("number", "whole") and array.ndim:
            raise ValueError(f"argument {number} has the shape {array.shape}")
        arguments.append(array.item() if name in ("number", "whole") else array)
    return arguments


def size(arguments: list[Any]) -> int:
    """How many numbers there are in the arguments; None counts as no number."""
    return sum(np.size(value) for value in arguments if value is not None)


def run(exercise: Exercise, id: str | None, arguments: list[Any]) -> Any:
    """The result as an array, or the exception's type where the version fails."""
    copies = copy.deepcopy(arguments)
    if exercise.uses_torch:
        copies = [torch.from_numpy(x) if isinstance(x, np.ndarray) else x for x in copies]
    version = function(exercise, id)
    with np.errstate(all="ignore"):
        try:
            result = version(*copies)
        except Exception as error:  # a broken version may fail in any way
            return type(error)
    return result.numpy() if isinstance(result, torch.Tensor) else np.asarray(result)


def shows(exercise: Exercise, id: str, arguments: list[Any]) -> bool:
    """True if the right version and the one with mistake `id` differ on the arguments."""
    right, broken = run(exercise, None, arguments), run(exercise, id, arguments)
    if isinstance(right, type):
        return False
    return isinstance(broken, type) or bool(difference("result", broken, right, 1e-6, 1e-9))


def student_bug(exercise: Exercise, student: str) -> str:
    """Id of the known mistake that a student gets: the same for the same student id, however it is typed."""
    plain = unicodedata.normalize("NFKC", student).strip().casefold()
    ids = list(exercise.sizes_shown)
    return ids[zlib.crc32(f"{exercise.homework} {plain}".encode()) % len(ids)]


def smallest(exercise: Exercise, id: str) -> int | None:
    """Size of the smallest counterexample that a search of small random inputs finds; None: none."""
    rng = np.random.default_rng(zlib.crc32(id.encode()))
    shown = (size(x) for x in _small_inputs(exercise, rng) if shows(exercise, id, x))
    return min(shown, default=None)


def problem(homework: str, student: str, values: Any) -> tuple[str, str, str] | None:
    """What is wrong with a counterexample: a kind ("invalid", "agree" or "large") and a sentence in both languages."""
    exercise = EXERCISES[homework]
    try:
        arguments = as_arguments(exercise, values)
        wrong = exercise.valid(*arguments)
    except ValueError as error:
        wrong = str(error)
    if wrong:
        return "invalid", f"not a valid input: {wrong}", f"不是合法的输入：{wrong}"
    id = student_bug(exercise, student)
    if not shows(exercise, id, arguments):
        return (
            "agree",
            f"the right version and the one that {student} has give the same on this input",
            f"在这个输入上，正确的版本与 {student} 拿到的版本结果相同",
        )
    if size(arguments) > exercise.sizes_shown[id]:
        return (
            "large",
            f"it shows the mistake with {size(arguments)} numbers; {exercise.sizes_shown[id]} are enough",
            f"它用 {size(arguments)} 个数显示了错误；{exercise.sizes_shown[id]} 个就够了",
        )
    return None


def _small_inputs(exercise: Exercise, rng: np.random.Generator) -> Iterator[list[Any]]:
    for shape in exercise.sizes:
        for _ in range(DRAWS):
            yield as_arguments(exercise, exercise.draw(rng, *shape))


def _distribution(rng, *shape):
    return rng.dirichlet(np.ones(shape[-1]), shape[:-1] or None)


# ---------------------------------------------------------------- hmm: forward


def _valid_model(pi, A, B, obs):
    N, M = len(pi) if pi.ndim == 1 else 0, B.shape[1] if B.ndim == 2 else 0
    if not N or A.shape != (N, N) or B.shape != (N, M) or obs.ndim != 1 or not len(obs):
        return "the shapes are pi (N,), A (N, N), B (N, M), obs (T,)"
    if any((x < 0).any() or abs(x.sum(-1) - 1).max() > 1e-9 for x in (pi, A, B)):
        return "pi and the rows of A and B are distributions: not negative, sum 1"
    return None if 0 <= obs.min() and obs.max() < M else "obs consists of symbols 0..M-1"


def _draw_model(rng, N, M, T):
    return [
        _distribution(rng, N),
        _distribution(rng, N, N),
        _distribution(rng, N, M),
        rng.integers(M, size=T),
    ]


# ---------------------------------------------------------------- hw_bptt: relu_dh


def _valid_states(dd, V, W, a):
    n = len(V) if V.ndim == 1 else 0
    if not n or W.shape != (n, n) or a.ndim != 2 or a.shape[1] != n or not len(a):
        return "the shapes are V (n,), W (n, n), a (l, n)"
    return None if all(np.isfinite(x).all() for x in (dd, V, W, a)) else "all numbers are finite"


def _draw_states(rng, n, l):
    return [rng.normal(), rng.normal(size=n), rng.normal(size=(n, n)), rng.normal(size=(l, n))]


# ---------------------------------------------------------------- hw_attention: attention_weights


def _valid_scores(scores, keep):
    if scores.ndim < 2 or not scores.size or not np.isfinite(scores).all():
        return "scores has the shape (..., Lq, Lk) and is finite"
    if keep is not None and keep.shape != scores.shape:
        return "keep has the shape of scores, or is None"
    return None


def _draw_scores(rng, B, Lq, Lk, masked):
    scores = rng.normal(size=(B, Lq, Lk)) * rng.choice([1.0, 1000.0])
    return [scores, rng.random((B, Lq, Lk)) < 0.5 if masked else None]


# ---------------------------------------------------------------- waimai_cls: max_pool


def _valid_pool(states, lengths):
    if states.ndim != 3 or not states.size or lengths.shape != states.shape[:1]:
        return "the shapes are states (B, T, C), lengths (B,)"
    if not (1 <= lengths.min() and lengths.max() <= states.shape[1]):
        return "lengths are 1..T"
    real = np.arange(states.shape[1]) < lengths[:, None]
    return None if np.isfinite(states[real]).all() else "states are finite where there is a word"


def _draw_pool(rng, B, T, C):
    return [rng.normal(size=(B, T, C)), rng.integers(1, T + 1, size=B)]


# ---------------------------------------------------------------- gpt_songci: guide_logits


def _valid_guide(logits, fits, rhymes, wanted, used):
    if logits.ndim != 2 or not logits.size or not np.isfinite(logits).all():
        return "logits has the shape (B, V) and is finite"
    B, V = logits.shape
    if fits.shape != (B, V) or used.shape != (B, V) or rhymes.shape != (V,) or wanted.shape != (B,):
        return "the shapes are fits and used (B, V), rhymes (V,), wanted (B,)"
    if rhymes.min() < 0 or wanted.min() < -1:
        return "rhymes are 0, 1, 2, ...; wanted is -1, 0 or a group"
    allowed = (wanted[:, None] <= 0) | (rhymes == wanted[:, None])
    free = fits & allowed & ((wanted[:, None] < 0) | ~used)
    return None if free.any(1).all() else "in each poem the tune allows at least one character"


def _draw_guide(rng, B, V):
    while True:
        drawn = [
            rng.normal(size=(B, V)),
            rng.random((B, V)) < 0.7,
            rng.integers(0, 3, size=V),
            rng.integers(-1, 3, size=B),
            rng.random((B, V)) < 0.4,
        ]
        if _valid_guide(*drawn) is None:
            return drawn


# ---------------------------------------------------------------- word2vec_sst: softmax


def _valid_rows(x):
    if x.ndim not in (1, 2) or not x.size or not np.isfinite(x).all() or abs(x).max() > 1e6:
        return "x is a vector or a matrix of finite numbers"
    return None


def _draw_rows(rng, rows, columns):
    x = rng.normal(size=(rows, columns) if rows else columns)
    return [x + rng.choice([0.0, 1000.0, -1000.0], size=(rows, 1) if rows else 1)]


EXERCISES = {
    exercise.homework: exercise
    for exercise in (
        Exercise(
            "hmm",
            "hmm-01",
            {"H1": 10, "H2": 5, "H3": 6, "H3b": 12, "H18a": 10, "H8a": 5},
            ("float", "float", "float", "int"),
            _valid_model,
            _draw_model,
            tuple((N, M, T) for N in (1, 2) for M in (1, 2) for T in (1, 2)),
        ),
        Exercise(
            "hw_bptt",
            "bptt-04",
            {
                "B1": 5,
                "B2": 5,
                "B3": 5,
                "B6": 11,
                "B1a": 5,
                "B1c": 11,
                "B12h": 5,
                "B23": 4,
                "B23a": 4,
                "B32": 5,
            },
            ("number", "float", "float", "float"),
            _valid_states,
            _draw_states,
            tuple((n, l) for n in (1, 2) for l in (1, 2)),
        ),
        Exercise(
            "hw_attention",
            "att-07",
            {"A1": 2, "A12": 4, "A13b": 2, "G5": 2, "G5b": 2, "N22": 2, "N23": 2, "N25": 1},
            ("float", "optional bool"),
            _valid_scores,
            _draw_scores,
            tuple(
                (1, Lq, Lk, masked)
                for Lq, Lk in ((1, 1), (1, 2), (2, 1), (2, 2))
                for masked in (0, 1)
            ),
            uses_torch=True,
        ),
        Exercise(
            "waimai_cls",
            "wai-08",
            {"W53": 3, "W54": 3, "W55": 3, "W57": 2},
            ("float", "int"),
            _valid_pool,
            _draw_pool,
            tuple((B, T, C) for B in (1, 2) for T in (1, 2) for C in (1, 2)),
            uses_torch=True,
            prelude="def keep_mask(lengths, T):\n    return torch.arange(T) < lengths[:, None]\n\n\n",
        ),
        Exercise(
            "gpt_songci",
            "gpt-t1.0",
            {
                "G48": 9,
                "G49": 5,
                "G50": 5,
                "G51": 9,
                "G52": 5,
                "G53": 9,
                "G54": 9,
                "G55": 9,
                "G56": 9,
                "G58": 5,
            },
            ("float", "bool", "int", "int", "bool"),
            _valid_guide,
            _draw_guide,
            tuple((B, V) for B in (1, 2) for V in (1, 2)),
            uses_torch=True,
        ),
        Exercise(
            "word2vec_sst",
            "w2v-01",
            {"V1": 1, "V1b": 1, "V1c": 1, "V1d": 2, "V2": 2, "V2b": 2, "V2c": 2},
            ("float",),
            _valid_rows,
            _draw_rows,
            ((0, 1), (1, 1), (0, 2), (1, 2), (2, 1), (2, 2)),
        ),
    )
}
assert set(EXERCISES) == set(HOMEWORKS)
