"""Argument validation: a ValueError in one line instead of a wrong number or an error from deep inside a library.

    @check_arguments(q=Shape("B Lq d"), k=Shape("B Lk d"), n=AtLeast(1))
    def f(q, k, n): ...

A rule describes one argument. In a shape each letter is a size: the same number in all arguments, at least 1. "2d" is
twice the size d, and a leading "..." stands for any number of axes. The message names both arrays that disagree:
k has shape (2, 5, 3), expected (2, Lk, 4) because q has shape (2, 7, 4)
"""

import functools
import inspect
import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Shape:
    """An array or tensor of this shape; it is passed on unchanged. meaning: ends the message, "one row per step"."""

    letters: str
    meaning: str = ""

    @functools.cached_property
    def axes(self):
        """[(factor, letter)] of the axes behind a leading "...": "... L 2d" gives [(1, "L"), (2, "d")]."""
        names = self.letters.split()[self.any_front :]
        return [(int(name[0]), name[1:]) if name[0].isdigit() else (1, name) for name in names]

    @functools.cached_property
    def any_front(self):
        return self.letters.startswith("...")

    def convert(self, name, value):
        """The value as the function gets it."""
        return value

    def check_values(self, name, value, sizes):
        """Raise ValueError if an entry is wrong. sizes: {letter: (size, (name, shape) of the array that has it)}."""


@dataclass(frozen=True)
class Floats(Shape):
    """Numbers; passed on as a float64 array."""

    def convert(self, name, value):
        return np.asarray(value, dtype=np.float64)


@dataclass(frozen=True)
class Logs(Floats):
    """Logarithms: -inf is allowed, NaN is not."""

    def check_values(self, name, value, sizes):
        if np.isnan(value).any():
            raise ValueError(f"{entry(name, np.argwhere(np.isnan(value))[0])} is nan")


@dataclass(frozen=True)
class Probabilities(Floats):
    """Entries from 0 to 1; the last axis sums to 1 (both up to 1e-6)."""

    def check_values(self, name, value, sizes):
        outside = np.argwhere(~((value >= 0) & (value <= 1 + 1e-6)))
        if len(outside):
            index = tuple(outside[0])
            raise ValueError(
                f"{entry(name, index)} is {value[index]}, expected a probability: 0 to 1"
            )
        sums = np.atleast_1d(value.sum(-1))
        for row in np.flatnonzero(np.abs(sums - 1) > 1e-6):
            which = name if value.ndim == 1 else f"row {row} of {name} (counted from 0)"
            raise ValueError(f"{which} sums to {sums[row]:.6g}, expected 1")


@dataclass(frozen=True)
class Integers(Shape):
    """Whole numbers from 0 up to, but not including, the size of the letter `below`; passed on as an int64 array."""

    below: str = ""

    def convert(self, name, value):
        array = np.asarray(value)
        return array.astype(np.int64, copy=False) if array.dtype.kind in "iu" else array

    def check_values(self, name, value, sizes):
        if value.dtype.kind not in "iu":
            raise ValueError(f"{name} holds {value.dtype} values, expected integers")
        if self.below in sizes:
            limit, owner = sizes[self.below]
            if value.min() < 0 or value.max() >= limit:
                index = tuple(np.argwhere((value < 0) | (value >= limit))[0])
                raise ValueError(
                    f"{entry(name, index)} is {value[index]}, expected 0 to {limit - 1} "
                    f"because {reason(self.below, limit, owner)}"
                )


@dataclass(frozen=True)
class AtLeast:
    """A number that is not smaller than `minimum`."""

    minimum: int
    axes = None

    def convert(self, name, value):
        return value

    def check_values(self, name, value, sizes):
        if value < self.minimum:
            raise ValueError(f"{name} is {value}, expected at least {self.minimum}")


def check_arguments(**rules):
    """Decorator: check and convert the arguments of these names before each call; None is left alone."""

    def decorate(function):
        signature = inspect.signature(function)

        @functools.wraps(function)
        def checked(*args, **kwargs):
            bound = signature.bind(*args, **kwargs)
            values = {
                name: bound.arguments[name]
                for name in rules
                if bound.arguments.get(name) is not None
            }
            bound.arguments.update(check_arrays({name: rules[name] for name in values}, values))
            return function(*bound.args, **bound.kwargs)

        return checked

    return decorate


def check_arrays(rules, values, sizes=None):
    """The values that have a rule, converted, as a dict. rules: {name: rule}, values: {name: value}.

    Sizes are taken from the arrays in the order of the rules; sizes: {letter: number} that are known before.
    Raises ValueError if a value is missing, shapes disagree or an entry is wrong, in this order.
    """
    letter_sizes, checked = {letter: (size, None) for letter, size in (sizes or {}).items()}, {}
    for name, rule in rules.items():
        if name not in values:
            raise ValueError(f"{name} is missing; there is {', '.join(values) or 'nothing'}")
        checked[name] = rule.convert(name, values[name])
        if rule.axes is not None:
            check_shape(name, checked[name].shape, rule, letter_sizes)
    for name, rule in rules.items():
        rule.check_values(name, checked[name], letter_sizes)
    return checked


def check_shape(name, shape, rule, sizes):
    """Raise ValueError if `shape` breaks the rule; otherwise add its sizes to `sizes`."""
    axes = rule.axes
    front = len(shape) - len(axes)
    if front == 0 or front > 0 and rule.any_front:
        for (factor, letter), length in zip(axes, shape[front:]):
            if letter in sizes:
                if sizes[letter][0] * factor != length:
                    break
            elif length == 0 or length % factor:
                break
            else:
                sizes[letter] = length // factor, (name, tuple(shape))
        else:
            return
    shape = tuple(shape)
    raise ValueError(f"{name} has shape {shape}{expectation(name, shape, rule, sizes)}")


def expectation(name, shape, rule, sizes):
    """The rest of the message about a wrong shape."""
    meaning = f": {rule.meaning}" if rule.meaning else ""
    others = {letter: size for letter, size in sizes.items() if size[1] != (name, shape)}
    front = len(shape) - len(rule.axes)
    for (_, letter), length in zip(rule.axes, shape[max(front, 0) :]):
        if length == 0 and front >= 0 and letter not in others:
            return f": {letter} = 0, expected at least 1{meaning}"
    parts, reasons = ["..."] * rule.any_front, []
    for factor, letter in rule.axes:
        if letter in others:
            size, owner = others[letter]
            parts.append(str(factor * size))
            reasons.append(reason(letter, size, owner))
        else:
            parts.append(f"{factor}{letter}" if factor > 1 else letter)
    because = f" because {' and '.join(dict.fromkeys(reasons))}" if reasons else ""
    return f", expected ({', '.join(parts)}{',' * (len(parts) == 1)}){because}{meaning}"


def reason(letter, size, owner):
    """Where a size comes from, for a message: "x has shape (5, 3)", or "M = 3" if it was given as a number."""
    return f"{owner[0]} has shape {owner[1]}" if owner else f"{letter} = {size}"


def entry(name, index):
    """An entry as Python writes it: "A[0, 1]"."""
    return f"{name}[{', '.join(map(str, index))}]"


def check_choice(name, value, choices):
    """Raise ValueError if the value is not one of the choices."""
    if value not in choices:
        raise ValueError(f"{name} {value!r} is not one of {', '.join(choices)}")


def check_finite(result, arrays):
    """`result`, a number, if it is finite; otherwise ValueError that names the array with NaN or infinity.

    NaN in any input makes the result NaN, so the arrays, {name: array}, are searched only then.
    """
    if not math.isfinite(result):
        for name, array in arrays.items():
            if not np.isfinite(array).all():
                raise ValueError(f"{name} holds NaN or infinity")
    return result
