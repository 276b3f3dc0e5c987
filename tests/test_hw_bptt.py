"""Checks of hw_bptt: the ReLU-RNN's derivatives, the RNN with softmax at each step, the LSTM (bonus), choice questions.

Every blank has its own inputs, so no check depends on another blank.
"""

import numpy as np

from course import counterexamples
from course.checks import blank
from course.compare import difference

EXACT = {"rtol": 1e-9, "atol": 1e-12}  # a handful of products in float64
HIDDEN = ("model", "fast")  # from whole.py
DEEP = {"rtol": 1e-8, "atol": 1e-12}  # products over many steps: rounding grows with them


# ---------------------------------------------------------------- ReLU-RNN


@blank("bptt-01", points=4)
def test_relu_dy(student, case):
    case.check({"dL/dy_pred": student.call("hw_bptt", "relu_dy", *case.inputs)}, **EXACT)


@blank("bptt-02", points=4)
def test_relu_dd(student, case):
    case.check({"dL/dd": student.call("hw_bptt", "relu_dd", *case.inputs)}, **EXACT)


@blank("bptt-03", points=4)
def test_relu_dV(student, case):
    case.check({"dL/dV": student.call("hw_bptt", "relu_dV", *case.inputs)}, **EXACT)


@blank("bptt-04", points=7)
def test_relu_dh(student, case):
    case.check({"dL/dh": student.call("hw_bptt", "relu_dh", *case.inputs)}, **DEEP)


@blank("bptt-04", points=3)
def test_relu_dh_last(student, case):
    case.check({"dL/dh": student.call("hw_bptt", "relu_dh", *case.inputs)}, **EXACT)


@blank("bptt-05", points=4)
def test_relu_da(student, case):
    case.check({"dL/da": student.call("hw_bptt", "relu_da", *case.inputs)}, **EXACT)


@blank("bptt-06", points=6)
def test_relu_dW(student, case):
    case.check({"dL/dW": student.call("hw_bptt", "relu_dW", *case.inputs)}, **EXACT)


@blank("bptt-07", points=4)
def test_relu_dU(student, case):
    case.check({"dL/dU": student.call("hw_bptt", "relu_dU", *case.inputs)}, **EXACT)


@blank("bptt-08", points=4)
def test_relu_db(student, case):
    case.check({"dL/db": student.call("hw_bptt", "relu_db", *case.inputs)}, **EXACT)


@blank("bptt-09", points=4)
def test_relu_dx(student, case):
    case.check({"dL/dx": student.call("hw_bptt", "relu_dx", *case.inputs)}, **EXACT)


# ---------------------------------------------------------------- RNN, softmax at each step


@blank("bptt-10", points=4)
def test_softmax(student, case):
    case.check({"y_hat": student.call("hw_bptt", "softmax", *case.inputs)}, **EXACT)


@blank("bptt-11", points=4)
def test_rnn_do(student, case):
    case.check({"dL/do": student.call("hw_bptt", "rnn_do", *case.inputs)}, **EXACT)


@blank("bptt-12", points=3)
def test_rnn_dV(student, case):
    case.check({"dL/dV": student.call("hw_bptt", "rnn_dV", *case.inputs)}, **EXACT)


@blank("bptt-13", points=3)
def test_rnn_dc(student, case):
    case.check({"dL/dc": student.call("hw_bptt", "rnn_dc", *case.inputs)}, **EXACT)


@blank("bptt-14", points=2)
def test_rnn_slope_tanh(student, case):
    case.check({"slope": student.call("hw_bptt", "rnn_slope", *case.inputs)}, **EXACT)


@blank("bptt-14", points=2)
def test_rnn_slope_sigmoid(student, case):
    case.check({"slope": student.call("hw_bptt", "rnn_slope", *case.inputs)}, **EXACT)


@blank("bptt-14", points=2)
def test_rnn_slope_relu(student, case):
    slope = student.call("hw_bptt", "rnn_slope", *case.inputs)
    case.check(
        {"slope": slope.astype(float) if isinstance(slope, np.ndarray) else slope}, **EXACT
    )  # True is as right as 1.0


@blank("bptt-15", points=6)
def test_rnn_dh(student, case):
    case.check({"dL/dh": student.call("hw_bptt", "rnn_dh", *case.inputs)}, **DEEP)


@blank("bptt-15", points=2)
def test_rnn_dh_one_step(student, case):
    case.check({"dL/dh": student.call("hw_bptt", "rnn_dh", *case.inputs)}, **EXACT)


@blank("bptt-16", points=4)
def test_rnn_dW(student, case):
    case.check({"dL/dW": student.call("hw_bptt", "rnn_dW", *case.inputs)}, **EXACT)


@blank("bptt-17", points=3)
def test_rnn_dU(student, case):
    case.check({"dL/dU": student.call("hw_bptt", "rnn_dU", *case.inputs)}, **EXACT)


@blank("bptt-18", points=3)
def test_rnn_db(student, case):
    case.check({"dL/db": student.call("hw_bptt", "rnn_db", *case.inputs)}, **EXACT)


@blank("bptt-19", points=3)
def test_rnn_dx(student, case):
    case.check({"dL/dx": student.call("hw_bptt", "rnn_dx", *case.inputs)}, **EXACT)


@blank("bptt-20", points=6)
def test_rnn_step_dh(student, case):
    case.check({"dL_t/dh": student.call("hw_bptt", "rnn_step_dh", *case.inputs)}, **DEEP)


@blank("bptt-21", points=3)
def test_sgd_step(student, case):
    params = student.call("hw_bptt", "sgd_step", *case.inputs)
    like_torch = case.expected["params, clipped as torch does"]
    if (
        isinstance(params, dict)
        and like_torch
        and difference("", params, like_torch, **EXACT) is None
    ):
        params = case.expected["params"]
    case.check({"params": params}, **EXACT)


# ---------------------------------------------------------------- LSTM (bonus)


@blank("bptt-22", points=1, bonus=True)
def test_lstm_dz(student, case):
    case.check({"dL/dz": student.call("hw_bptt", "lstm_dz", *case.inputs)}, **EXACT)


@blank("bptt-23", points=1, bonus=True)
def test_lstm_dV(student, case):
    case.check({"dL/dV": student.call("hw_bptt", "lstm_dV", *case.inputs)}, **EXACT)


@blank("bptt-24", points=1, bonus=True)
def test_lstm_dc(student, case):
    case.check({"dL/dc": student.call("hw_bptt", "lstm_dc", *case.inputs)}, **EXACT)


@blank("bptt-25", points=2, bonus=True)
def test_lstm_dh(student, case):
    case.check({"dL/dh": student.call("hw_bptt", "lstm_dh", *case.inputs)}, **EXACT)


@blank("bptt-26", points=2, bonus=True)
def test_lstm_dC_carried(student, case):
    case.check({"carried": student.call("hw_bptt", "lstm_dC_carried", *case.inputs)}, **EXACT)


@blank("bptt-27", points=2, bonus=True)
def test_lstm_dC(student, case):
    case.check({"dL/dC": student.call("hw_bptt", "lstm_dC", *case.inputs)}, **EXACT)


@blank("bptt-28", points=2, bonus=True)
def test_lstm_df(student, case):
    case.check({"forget gate": student.call("hw_bptt", "lstm_df", *case.inputs)}, **EXACT)


@blank("bptt-29", points=2, bonus=True)
def test_lstm_di(student, case):
    case.check({"input gate": student.call("hw_bptt", "lstm_di", *case.inputs)}, **EXACT)


@blank("bptt-30", points=2, bonus=True)
def test_lstm_da(student, case):
    case.check({"candidate": student.call("hw_bptt", "lstm_da", *case.inputs)}, **EXACT)


@blank("bptt-31", points=2, bonus=True)
def test_lstm_do(student, case):
    case.check({"output gate": student.call("hw_bptt", "lstm_do", *case.inputs)}, **EXACT)


@blank("bptt-32", points=4, bonus=True)
def test_lstm_dW(student, case):
    case.check({"dL/dW_g": student.call("hw_bptt", "lstm_dW", *case.inputs)}, **EXACT)


@blank("bptt-33", points=4, bonus=True)
def test_lstm_dU(student, case):
    case.check({"dL/dU_g": student.call("hw_bptt", "lstm_dU", *case.inputs)}, **EXACT)


@blank("bptt-34", points=4, bonus=True)
def test_lstm_db(student, case):
    case.check({"dL/db_g": student.call("hw_bptt", "lstm_db", *case.inputs)}, **EXACT)


@blank("bptt-44", points=1, bonus=True)
def test_lstm_dx(student, case):
    case.check({"dL/dx": student.call("hw_bptt", "lstm_dx", *case.inputs)}, **EXACT)


# ---------------------------------------------------------------- in one piece: whole.py, without model.py


def whole(student, case, name, parts):
    """Check some of the results (loss, gradients) of a function of whole.py by their names."""
    loss, grads = student.call("hw_bptt", f"whole.{name}", *case.inputs)
    answers = {"loss": loss} | {f"dL/d{key}": value for key, value in grads.items()}
    missing = [part for part in parts if part not in answers]
    case.require(
        not missing,
        (f"the result lacks {', '.join(missing)}", f"结果里缺少 {'、'.join(missing)}"),
        keys=sorted(answers),
    )
    case.check({part: answers[part] for part in parts}, **DEEP)


@blank("bptt-45", points=1, bonus=True, hides=HIDDEN)
def test_whole_relu_loss(student, case):
    whole(student, case, "relu_rnn_gradients", ["loss"])


@blank("bptt-45", points=1, bonus=True, hides=HIDDEN)
def test_whole_relu_output(student, case):
    whole(student, case, "relu_rnn_gradients", ["dL/dV", "dL/dd"])


@blank("bptt-45", points=3, bonus=True, hides=HIDDEN)
def test_whole_relu_parameters(student, case):
    whole(student, case, "relu_rnn_gradients", ["dL/dW", "dL/dU", "dL/db"])


@blank("bptt-45", points=2, bonus=True, hides=HIDDEN)
def test_whole_relu_inputs(student, case):
    whole(student, case, "relu_rnn_gradients", ["dL/dx"])


@blank("bptt-45", points=1, bonus=True, hides=HIDDEN)
def test_whole_relu_large(student, case):
    whole(student, case, "relu_rnn_gradients", ["loss", "dL/dd"])


@blank("bptt-46", points=1, bonus=True, hides=HIDDEN)
def test_whole_lstm_loss(student, case):
    whole(student, case, "lstm_gradients", ["loss"])


@blank("bptt-46", points=2, bonus=True, hides=HIDDEN)
def test_whole_lstm_output(student, case):
    whole(student, case, "lstm_gradients", ["dL/dV", "dL/dc"])


@blank("bptt-46", points=7, bonus=True, hides=HIDDEN)
def test_whole_lstm_gates(student, case):
    names = [f"dL/d{array}_{gate}" for gate in "fiao" for array in "WUb"]
    whole(student, case, "lstm_gradients", names)


@blank("bptt-46", points=2, bonus=True, hides=HIDDEN)
def test_whole_lstm_inputs(student, case):
    whole(student, case, "lstm_gradients", ["dL/dx"])


# ---------------------------------------------------------------- choice questions, the pieces together


# ---- find the bug


@blank("bptt-93", points=2, bonus=True, hidden=True)
def test_bug_shown(student, case):
    counterexamples.judge(student, case, "hw_bptt")


@blank("bptt-93", points=1, bonus=True, hidden=True)
def test_bug_smallest(student, case):
    counterexamples.judge(student, case, "hw_bptt", smallest=True)


@blank("bptt-91", points=3, hidden=True)
def test_c1(student, case):
    case.letter(student.call("hw_bptt", "theory.c1"))


@blank("bptt-92", points=3, hidden=True)
def test_c2(student, case):
    case.letter(student.call("hw_bptt", "theory.c2"))


@blank("bptt-together", points=0)
def test_relu_together(student, case):
    params, x, y_gt = case.inputs
    y_pred, cache = student.call("hw_bptt", "relu_rnn_forward", params, x)
    case.check(
        {"grads": student.call("hw_bptt", "relu_rnn_backward", params, x, y_gt, cache)}, **DEEP
    )


@blank("bptt-together", points=0)
def test_rnn_together(student, case):
    params, x, y, activation = case.inputs
    loss, cache = student.call("hw_bptt", "rnn_forward", params, x, y, activation)
    case.check(
        {"loss": loss, "grads": student.call("hw_bptt", "rnn_backward", params, cache)}, **DEEP
    )


@blank("bptt-together", points=0)
def test_rnn_step_loss_together(student, case):
    params, x, y, t = case.inputs
    loss, cache = student.call("hw_bptt", "rnn_forward", params, x, y)
    case.check({"grads": student.call("hw_bptt", "rnn_step_loss_grads", params, cache, t)}, **DEEP)


@blank("bptt-together", points=0)
def test_lstm_together(student, case):
    params, x, y = case.inputs
    loss, cache = student.call("hw_bptt", "lstm_forward", params, x, y)
    case.check(
        {"loss": loss, "grads": student.call("hw_bptt", "lstm_backward", params, cache)}, **DEEP
    )
