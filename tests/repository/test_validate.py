"""templates/validate.py: conversions, and error messages that name both sides."""

import importlib.util

import numpy as np
import pytest
import torch

from course.homeworks import ROOT

spec = importlib.util.spec_from_file_location("validate", ROOT / "templates" / "validate.py")
validate = importlib.util.module_from_spec(spec)
spec.loader.exec_module(validate)
Shape, Floats, Logs = validate.Shape, validate.Floats, validate.Logs
Probabilities, Integers, AtLeast = validate.Probabilities, validate.Integers, validate.AtLeast


def zeros(*shape):
    return np.zeros(shape)


@pytest.mark.parametrize(
    "rules, values, message",
    [
        (
            {"q": Shape("B Lq d"), "k": Shape("B Lk d")},
            {"q": zeros(2, 7, 4), "k": zeros(2, 5, 3)},
            "k has shape (2, 5, 3), expected (2, Lk, 4) because q has shape (2, 7, 4)",
        ),
        (
            {"x": Floats("T D"), "b": Floats("H"), "U": Floats("H D")},
            {"x": zeros(5, 3), "b": zeros(4), "U": zeros(4, 2)},
            "U has shape (4, 2), expected (4, 3) because b has shape (4,) and x has shape (5, 3)",
        ),
        (
            {"q": Shape("... d"), "W": Shape("m 2d")},
            {"q": zeros(9, 2, 4), "W": zeros(3, 7)},
            "W has shape (3, 7), expected (m, 8) because q has shape (9, 2, 4)",
        ),
        ({"W": Shape("m 2d")}, {"W": zeros(3, 7)}, "W has shape (3, 7), expected (m, 2d)"),
        ({"q": Shape("... L d")}, {"q": zeros(4)}, "q has shape (4,), expected (..., L, d)"),
        ({"A": Shape("N N")}, {"A": zeros(2, 3)}, "A has shape (2, 3), expected (N, N)"),
        (
            {"x": Floats("T", "one number per step")},
            {"x": zeros(2, 3)},
            "x has shape (2, 3), expected (T,): one number per step",
        ),
        ({"d": Floats("", "a number")}, {"d": [1]}, "d has shape (1,), expected (): a number"),
        ({"x": Floats("T D")}, {"x": zeros(0, 3)}, "x has shape (0, 3): T = 0, expected at least 1"),
        ({"W": Floats("n n")}, {"U": 1, "b": 2}, "W is missing; there is U, b"),
        ({"n": AtLeast(2)}, {"n": 1}, "n is 1, expected at least 2"),
        ({"y": Integers("T")}, {"y": [1.0]}, "y holds float64 values, expected integers"),
        ({"y": Integers("T")}, {"y": [True]}, "y holds bool values, expected integers"),
        (
            {"c": Floats("K"), "y": Integers("T", below="K")},
            {"c": zeros(2), "y": [0, 2]},
            "y[1] is 2, expected 0 to 1 because c has shape (2,)",
        ),
        ({"y": Integers("T", below="M")}, {"y": [0, -1]}, "y[1] is -1, expected 0 to 6 because M = 7"),
        ({"l": Logs("N")}, {"l": [-np.inf, np.nan]}, "l[1] is nan"),
        (
            {"A": Probabilities("N N")},
            {"A": [[0.5, 0.5], [1.5, -0.5]]},
            "A[1, 0] is 1.5, expected a probability: 0 to 1",
        ),
        (
            {"A": Probabilities("N N")},
            {"A": [[0.5, 0.5], [0.5, 0.4]]},
            "row 1 of A (counted from 0) sums to 0.9, expected 1",
        ),
        ({"p": Probabilities("N")}, {"p": [0.5, 0.4]}, "p sums to 0.9, expected 1"),
    ],
)  # fmt: skip
def test_shape_or_value_error_names_both_sides(rules, values, message):
    with pytest.raises(ValueError) as error:
        validate.check_arrays(rules, values, {"M": 7})
    assert str(error.value) == message


def test_values_are_converted_to_the_documented_dtypes():
    tensor = torch.ones(2, 3, dtype=torch.float32)
    checked = validate.check_arrays(
        {"x": Floats("T"), "y": Integers("T"), "t": Shape("... d"), "n": AtLeast(1)},
        {"x": [1, 2], "y": np.array([3, 4], dtype=np.int8), "t": tensor, "n": 1, "more": None},
    )
    assert checked["x"].dtype == np.float64 and checked["y"].dtype == np.int64
    assert checked["t"] is tensor and list(checked) == ["x", "y", "t", "n"]
    x = np.array([1.0, 2.0])
    assert validate.check_arrays({"x": Floats("T")}, {"x": x})["x"] is x


def test_decorator_checks_only_arguments_with_a_rule():
    @validate.check_arguments(x=Floats("T"), y=Floats("T"), z=Floats("T"))
    def f(x, y=None, *rest, scale=1, **more):
        """Doc."""
        return x, y, rest, scale, more

    assert f.__doc__ == "Doc." and f.__name__ == "f"
    x, y, rest, scale, more = f([1, 2], None, 3, scale=4, other=5)
    assert x.dtype == np.float64 and (y, rest, scale, more) == (None, (3,), 4, {"other": 5})
    with pytest.raises(ValueError, match=r"y has shape \(1,\), expected \(2,\) because x has"):
        f([1, 2], y=[1])
    with pytest.raises(TypeError):
        f()


def test_invalid_choice_or_infinite_result_is_a_value_error():
    validate.check_choice("score", "dot", ("dot", "none"))
    with pytest.raises(ValueError, match="^score 'cosine' is not one of dot, none$"):
        validate.check_choice("score", "cosine", ("dot", "none"))
    assert validate.check_finite(1.5, {"x": zeros(2)}) == 1.5
    with pytest.raises(ValueError, match="^b holds NaN or infinity$"):
        validate.check_finite(np.nan, {"x": zeros(2), "b": np.array([np.inf])})
