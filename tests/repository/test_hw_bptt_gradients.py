"""hw_bptt's gradients compared with autograd and central differences; effects of known mistakes; bad input."""

import numpy as np
import pytest
import torch

from course import mistakes
from course.runner.loader import Homework
from course.solved import load_solved
from tests.reference import hw_bptt as reference
from tests.reference.derivatives import numeric_gradient

model = load_solved("hw_bptt").module("model")
KINDS = ("relu_rnn", "rnn tanh", "rnn sigmoid", "rnn relu", "lstm")


def case(kind, rng, longest=60):
    """(params, x, labels) of a random shape; T = 1, a long T, width 1 and odd widths occur."""
    T = int(rng.choice([1, 2, rng.integers(3, 12), longest]))
    D, H, K = (int(rng.choice([1, 2, 3, 5, 8, 13])) for _ in range(3))
    if kind == "relu_rnn":
        return reference.relu_params(rng, H), rng.normal(size=(T, H)), int(rng.integers(2))
    params = (reference.lstm_params if kind == "lstm" else reference.rnn_params)(rng, D, H, K)
    return params, rng.normal(size=(T, D)), rng.integers(K, size=T)


def by_hand(kind, params, x, y, model=model):
    """(loss, gradients) of the homework's model; kind is one of KINDS."""
    if kind == "relu_rnn":
        y_pred, cache = model.relu_rnn_forward(params, x)
        return model.bce_loss(y_pred, y), model.relu_rnn_backward(params, x, y, cache)
    if kind == "lstm":
        loss, cache = model.lstm_forward(params, x, y)
        return loss, model.lstm_backward(params, cache)
    loss, cache = model.rnn_forward(params, x, y, kind.split()[1])
    return loss, model.rnn_backward(params, cache)


def by_torch(kind, params, x, y):
    """(loss, gradients) computed by torch's autograd in float64."""
    if kind == "relu_rnn":
        y_pred, grads = reference.relu_grads(params, x, y)
        return -np.log(y_pred if y else 1 - y_pred), grads
    return (
        reference.lstm_grads(params, x, y)
        if kind == "lstm"
        else reference.rnn_grads(params, x, y, kind.split()[1])
    )


def relative_error(got, right):
    """max |got - right| / max |right| over all gradients; those of h, C and x are compared step by step."""
    assert got.keys() == right.keys()
    worst = 0.0
    for name, value in right.items():
        value, result = np.atleast_1d(value), np.atleast_1d(got[name])
        assert result.shape == value.shape, name
        for row, got_row in zip(value, result) if name in ("h", "C", "x") else [(value, result)]:
            size = max(np.abs(row).max(), 1e-9 * np.abs(value).max(), 1e-200)
            worst = max(worst, float(np.abs(got_row - row).max() / size))
    return worst


def worst_of(kind, shapes, seed):
    """Largest relative error of by_hand against by_torch on this number of random shapes."""
    rng, worst = np.random.default_rng([seed, KINDS.index(kind)]), 0.0
    for _ in range(shapes):
        params, x, y = case(kind, rng)
        (loss, got), (right_loss, right) = by_hand(kind, params, x, y), by_torch(kind, params, x, y)
        assert loss == pytest.approx(right_loss, rel=1e-9, abs=1e-12)
        worst = max(worst, relative_error(got, right))
    return worst


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_equal_autograd(kind):
    assert worst_of(kind, 12, 1) < 1e-9


@pytest.mark.deep
@pytest.mark.parametrize("kind", KINDS)
def test_gradients_equal_autograd_on_200_shapes(kind):
    worst = worst_of(kind, 200, 2)
    print(f"\n{kind}: 200 random shapes, largest relative error {worst:.1e}")
    assert worst < 1e-9


def differences(kind, shapes, seed):
    """Largest relative error of the parameters' and the input's gradients against central differences."""
    rng, worst, number = np.random.default_rng([seed, KINDS.index(kind)]), 0.0, 0
    while number < shapes:
        params, x, y = case(kind, rng, longest=15)
        _, grads = by_hand(kind, params, x, y)
        if "relu" in kind:  # the finite difference must not cross a kink of ReLU
            forward = (
                model.relu_rnn_forward(params, x)[1]
                if kind == "relu_rnn"
                else model.rnn_forward(params, x, y, "relu")[1]
            )
            if np.abs(forward["a"]).min() < 1e-3:
                continue
        number += 1
        for name in [*params, "x"]:

            def loss_at(value, name=name, params=params, x=x, y=y):
                changed = params if name == "x" else params | {name: value}
                return by_hand(kind, changed, value if name == "x" else x, y)[0]

            start = x if name == "x" else params[name]
            numeric = numeric_gradient(loss_at, start, h=1e-5)
            scale = max(
                np.abs(numeric).max(), 1e-3
            )  # for smaller gradients the rounding of the loss is as large as its change
            worst = max(worst, float(np.abs(grads[name] - numeric).max() / scale))
    return worst


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_equal_central_differences(kind):
    assert differences(kind, 2, 3) < 1e-6


@pytest.mark.deep
@pytest.mark.parametrize("kind", KINDS)
def test_gradients_equal_central_differences_on_200_shapes(kind):
    worst = differences(kind, 200, 4)
    print(f"\n{kind}: 200 random shapes, largest relative error {worst:.1e}")
    assert worst < 1e-6


def test_gradients_of_single_step_losses_add_up():
    rng = np.random.default_rng(5)
    for activation in ("tanh", "sigmoid", "relu"):
        params, x, y = case("rnn", rng, longest=9)
        _, cache = model.rnn_forward(params, x, y, activation)
        steps = [model.rnn_step_loss_grads(params, cache, t) for t in range(1, len(x) + 1)]
        for t, grads in enumerate(steps, 1):
            assert (
                relative_error(grads, reference.rnn_grads(params, x, y, activation, step=t)[1])
                < 1e-9
            )
        whole = model.rnn_backward(params, cache)
        assert (
            relative_error({name: sum(grads[name] for grads in steps) for name in whole}, whole)
            < 1e-9
        )
        with pytest.raises(ValueError, match="steps count from 1"):
            model.rnn_step_loss_grads(params, cache, 0)


@pytest.mark.parametrize("dtype, limit", [(torch.float64, 1e-12), (torch.float32, 1e-6)])
def test_lstm_forward_equals_torch(dtype, limit):
    rng = np.random.default_rng(6)
    for T, D, H in ((1, 1, 1), (7, 3, 5), (40, 8, 4)):
        params = reference.lstm_params(rng, D, H, 2)
        if dtype is torch.float32:
            params = {name: value.astype(np.float32) for name, value in params.items()}
        x = rng.normal(size=(T, D)).astype(np.float32)
        lstm = torch.nn.LSTM(D, H).to(dtype)
        with torch.no_grad():
            for name, array in (("weight_ih_l0", "U"), ("weight_hh_l0", "W"), ("bias_ih_l0", "b")):
                rows = np.concatenate([params[f"{array}_{gate}"] for gate in "fiao"])
                order = np.concatenate(
                    [rows[H : 2 * H], rows[:H], rows[2 * H :]]
                )  # torch: i, f, candidate, o
                getattr(lstm, name).copy_(torch.tensor(order))
            lstm.bias_hh_l0.zero_()
            h, (_, C) = lstm(torch.tensor(x, dtype=dtype))
        _, cache = model.lstm_forward(params, x, np.zeros(T, dtype=int))
        assert np.abs(cache["h"][1:] - h.numpy()).max() < limit
        assert np.abs(cache["C"][-1] - C[0].numpy()).max() < limit * max(
            1, np.abs(cache["C"]).max()
        )


BROKEN = {
    "B17": "the forget gate's derivative",
    "B17d": "the input gate's derivative",
    "B18": "the output gate's path",
    "B15": "the cell's second path",
    "B16": "the forget gate on the cell's path",
    "B15b": "tanh between cell and state",
    "B19": "the candidate's derivative",
    "B5l": "the state before the step in dL/dW_g",
    "B20": "one gate's gradient for all four in dL/dx",
    "B12la": "the candidate's path to the state",
}

ONLY = {"B5l": {f"W_{gate}" for gate in "fiao"}, "B20": {"x"}}  # mistake: the only wrong gradients


@pytest.mark.parametrize("name", BROKEN)
def test_known_lstm_mistake_makes_the_network_gradient_wrong(name):
    """The gradient of the whole network is wrong; test_checks.py shows that only the mistake's own blank fails."""
    mistake = next(candidate for candidate in mistakes.load("hw_bptt") if candidate.id == name)
    rng = np.random.default_rng(7)
    params, x = reference.lstm_params(rng, 3, 4, 2), rng.normal(size=(6, 3))
    y = rng.integers(2, size=6)
    right = reference.lstm_grads(params, x, y)[1]
    broken = Homework(
        model.__file__.rpartition("/")[0],
        sources={file: text for (_, file), text in mistakes.sources(mistake).items()},
    ).module("model")
    got = by_hand("lstm", params, x, y, broken)[1]
    wrong_names = {
        key
        for key in right
        if np.abs(got[key] - right[key]).max() > 1e-3 * np.abs(right[key]).max()
    }
    assert wrong_names, BROKEN[name]
    assert wrong_names == ONLY[name] if name in ONLY else {"V", "c"}.isdisjoint(wrong_names)


def test_fast_lstm_equals_readable_lstm():
    rng = np.random.default_rng(12)
    assert model.fast is not None
    for _ in range(20):
        params, x, y = case("lstm", rng)
        loss, cache = model.lstm_forward(params, x, y)
        fast_loss, fast_cache = model.lstm_forward(params, x, y, implementation="fast")
        assert loss == pytest.approx(fast_loss, rel=1e-12, abs=1e-14)
        assert cache.keys() == fast_cache.keys()
        for name, value in cache.items():
            np.testing.assert_allclose(fast_cache[name], value, rtol=1e-10, atol=1e-13)
        grads = model.lstm_backward(params, cache)
        assert relative_error(model.lstm_backward(params, cache, "fast"), grads) < 1e-10


def test_readable_lstm_calls_the_blanks_step_by_step(monkeypatch):
    """A student's function needs to handle only the arrays of one step, as in the sheet."""
    rng = np.random.default_rng(13)
    params, x, y = case("lstm", rng)
    H, shapes = len(params["b_f"]), set()

    def recorded(blank):
        def call(*arguments):
            shapes.update(argument.shape for argument in arguments)
            return blank(*arguments)

        return call

    for name in ("lstm_dC", "lstm_dC_carried", "lstm_df", "lstm_di", "lstm_da", "lstm_do"):
        monkeypatch.setattr(model, name, recorded(getattr(model, name)))
    _, cache = model.lstm_forward(params, x, y)
    model.lstm_backward(params, cache)
    assert shapes == {(H,)}


def test_lstm_works_without_fast_py():
    params, x, y = good("lstm")
    expected = by_hand("lstm", params, x, y)[1]
    missing = {"fast.py": "raise ImportError('left out')\n"}
    without_fast = load_solved("hw_bptt", sources=missing).module("model")
    assert without_fast.fast is None
    _, cache = without_fast.lstm_forward(params, x, y, implementation="fast")
    assert relative_error(without_fast.lstm_backward(params, cache, "fast"), expected) == 0
    _, grads, probability = without_fast.loss_and_grads("lstm", params, x, 0)
    assert 0 < probability < 1 and grads.keys() == expected.keys()
    with pytest.raises(ValueError, match="'quick' is not one of readable, fast"):
        model.lstm_backward(params, cache, "quick")


def test_forward_backward_and_update_do_not_change_inputs():
    rng = np.random.default_rng(8)
    for kind in KINDS:
        params, x, y = case(kind, rng)
        before = [x.copy(), np.copy(y), {name: value.copy() for name, value in params.items()}]
        grads = by_hand(kind, params, x, y)[1]
        grads_before = {name: np.copy(value) for name, value in grads.items()}
        model.sgd_step(params, grads, 0.1, clip=0.01)
        assert np.array_equal(x, before[0]) and np.array_equal(y, before[1])
        assert all(np.array_equal(params[name], before[2][name]) for name in params)
        assert all(np.array_equal(grads[name], grads_before[name]) for name in grads)


def test_extreme_values_do_not_warn():
    """Saturated gates and predictions of 0 or 1 cause no warning (warnings are errors)."""
    rng = np.random.default_rng(9)
    for kind in KINDS:
        params, x, y = case(kind, rng, longest=4)
        loss, grads = by_hand(kind, {name: 300 * value for name, value in params.items()}, x, y)
        assert np.isfinite(loss) and (
            all(np.isfinite(value).all() for value in grads.values()) or "relu" in kind
        )


# ---------------------------------------------------------------- bad input


def good(kind):
    """Valid (params, x, y) of a model, for changing one of them."""
    rng = np.random.default_rng(10)
    params = {
        "relu_rnn": lambda: reference.relu_params(rng, 4),
        "rnn": lambda: reference.rnn_params(rng, 3, 4, 2),
        "lstm": lambda: reference.lstm_params(rng, 3, 4, 2),
    }[kind]()
    return params, rng.normal(size=(5, 4 if kind == "relu_rnn" else 3)), np.array([0, 1, 1, 0, 1])


def forward(kind, params, x, y):
    return (
        model.relu_rnn_forward(params, x)
        if kind == "relu_rnn"
        else getattr(model, f"{kind}_forward")(params, x, y)
    )


def with_nan(array):
    array = array.copy()
    array.flat[-1] = np.nan
    return array


@pytest.mark.parametrize("kind", ["relu_rnn", "rnn", "lstm"])
def test_bad_shapes_and_values_are_a_clear_value_error(kind):
    params, x, y = good(kind)
    W = "W_a" if kind == "lstm" else "W"
    for params_, x_, words in (
        (params | {W: np.zeros((3, 4))}, x, [W, "(3, 4)", "(4, 4)"]),
        (
            params | {"V": np.zeros((2, 7))},
            x,
            ["V", "(2, 7)", "(4,)" if kind == "relu_rnn" else "(2, 4)"],
        ),
        (params, x[:, :2], ["(5, 2)", "x"]),
        (params, x[:0], ["l = 0" if kind == "relu_rnn" else "T = 0"]),
        (params, x[0], ["(3,)" if kind != "relu_rnn" else "(4,)", "one row per step"]),
        (params, with_nan(x), ["x holds NaN"]),
        (params | {W: with_nan(params[W])}, x, [f"{W} holds NaN"]),
        (params | {"V": params["V"] * np.inf}, x, ["V holds NaN or infinity"]),
        ({name: value for name, value in params.items() if name != W}, x, [f"{W} is missing"]),
    ):
        with pytest.raises(ValueError) as error, np.errstate(invalid="ignore"):
            forward(kind, params_, x_, y[: len(x_)] if np.ndim(x_) == 2 else y)
        assert all(word in str(error.value) for word in words), (str(error.value), words)


@pytest.mark.parametrize("kind", ["rnn", "lstm"])
def test_bad_labels_are_a_clear_value_error(kind):
    params, x, y = good(kind)
    for labels, words in (
        (y + 1, ["is 2", "0 to 1"]),
        (y - 1, ["is -1", "0 to 1"]),
        (y[:3], ["(3,)", "(5,)"]),
        (y * 1.0, ["float64", "integers"]),
        (y[:, None], ["(5, 1)"]),
    ):
        with pytest.raises(ValueError) as error:
            forward(kind, params, x, labels)
        assert all(word in str(error.value) for word in words), (str(error.value), words)


def test_bad_activation_label_and_bias_are_a_value_error():
    params, x, y = good("rnn")
    with pytest.raises(ValueError, match="'gelu' is not one of tanh, sigmoid, relu"):
        model.rnn_forward(params, x, y, "gelu")
    for label in (2, 0.5, np.array([1, 0])):
        with pytest.raises(ValueError, match="expected 0 or 1"):
            model.bce_loss(0.5, label)
    with pytest.raises(ValueError, match="b has shape \\(4, 1\\), expected \\(H,\\)"):
        model.rnn_forward(params | {"b": np.zeros((4, 1))}, x, y)


# ---------------------------------------------------------------- the variants of the cell in gradient_flow.py


def test_cell_gradients_equal_autograd():
    flow = load_solved("hw_bptt").module("gradient_flow")
    rng, T, H = np.random.default_rng(11), 9, 5
    p = {
        f"{array}_{gate}": rng.normal(size=(H,) if array == "b" else (H, H))
        for gate in "fiao"
        for array in "WUb"
    }
    x, g = rng.normal(size=(T, H)), rng.normal(size=H)
    t = {name: torch.tensor(value) for name, value in p.items()}
    for kind in ("add", "share", "gates", "plain", "full"):
        h, states = torch.zeros(H, dtype=torch.float64, requires_grad=True), []
        C, cells = torch.zeros(H, dtype=torch.float64), []
        for row in torch.tensor(x):
            f, i, o = (
                torch.sigmoid(t[f"W_{gate}"] @ h + t[f"U_{gate}"] @ row + t[f"b_{gate}"])
                for gate in "fio"
            )
            u = torch.tanh(t["W_a"] @ h + t["U_a"] @ row + t["b_a"])
            C = reference.keep_gradient(C * f + i * u, cells)
            h = {
                "add": lambda h=h, u=u: h + u,
                "share": lambda h=h, u=u, f=f: f * h + (1 - f) * u,
                "plain": lambda u=u: u,
                "gates": lambda h=h, u=u, f=f, i=i: f * h + i * u,
                "full": lambda C=C, o=o: o * torch.tanh(C),
            }[kind]()
            h = reference.keep_gradient(h, states)
        (h @ torch.tensor(g)).backward()
        right = [float(value.grad.norm()) for value in states]
        got = (
            flow.full_cell(x, p, g)[0]
            if kind == "full"
            else flow.plain_case(x, p, g)
            if kind == "plain"
            else flow.cell_case(kind, x, p, g)
        )
        np.testing.assert_allclose(got, right, rtol=1e-9)
        if kind == "full":
            np.testing.assert_allclose(
                flow.full_cell(x, p, g)[1], [float(value.grad.norm()) for value in cells], rtol=1e-9
            )


@pytest.mark.parametrize("seed", range(8))
def test_slope_of_gradient_norms_is_the_log_of_the_radius(seed):
    flow, rng = load_solved("hw_bptt").module("gradient_flow"), np.random.default_rng(seed)
    for radius in (0.5, 0.9, 1.0, 1.1, 2.0):
        measured, predicted = flow.linear_case(radius, 100, 32, rng)
        np.testing.assert_allclose(measured, predicted, rtol=1e-9)
        slope, expected = flow.slope_of(measured), np.log(radius)
        assert abs(slope - expected) <= (0.01 if radius == 1 else 0.05 * abs(expected)), (
            radius,
            slope,
        )
