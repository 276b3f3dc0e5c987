"""Checks of word2vec_sst: each function of the four questions alone; cost, gradient and numerical stability separately.

Accepted without a change: files of the original assignment. A row instead of a flat array and the reverse, an array of one
element instead of a number, printing instead of returning a verdict, arguments changed in place: see `fit` and `verdict`.
"""

import re

import numpy as np

from course import counterexamples
from course.checks import blank

HOMEWORK = "word2vec_sst"
SIGMOID = ("q2_sigmoid.sigmoid", "q2_sigmoid.sigmoid_grad")
SOFTMAX = ("q1_softmax.softmax", "q2_gradcheck.gradcheck_naive")
SGD = ("q3_sgd.sgd", "q3_sgd.load_saved_params", "q3_sgd.save_params")
REGRESSION = (*SOFTMAX, *SGD, "q3_word2vec.normalizeRows")
SENTIMENT = (
    *REGRESSION,
    "q4_softmaxreg.softmaxRegression",
    "q4_softmaxreg.accuracy",
    "q4_softmaxreg.getSentenceFeatures",
    "q4_softmaxreg.getSentenceFeature",
    "q4_softmaxreg.softmax_wrapper",
)
COSTS = (
    *SOFTMAX,
    *SIGMOID,
    "q3_word2vec.softmaxCostAndGradient",
    "q3_word2vec.negSamplingCostAndGradient",
)
ROW_COSTS = (*COSTS[:-2], *(f"{name}@row" for name in COSTS[-2:]))  # their gradient is a row (1, n)


def fit(value, expected):
    """`value` in the shape of `expected` where the two differ only by axes of length one; otherwise unchanged."""
    if isinstance(value, list) and all(isinstance(item, (int, float)) for item in value):
        value = np.array(value)
    if isinstance(value, (int, float, np.ndarray)):
        drop = [tuple(size for size in np.shape(x) if size != 1) for x in (value, expected)]
        if drop[0] == drop[1]:
            return np.reshape(value, np.shape(expected))
    return value


def fitted(case, *values, names):
    """{name: value in the expected shape}."""
    return {
        name: fit(value, case.expected[name])
        for name, value in zip(names, values)
        if name in case.expected
    }


NUMBER = r"(?<![\w.])[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?"


def results(case, value, count):
    """The `count` values that a function returns together."""
    came = len(value) if isinstance(value, list) else 1 if value is not None else 0
    case.require(
        isinstance(value, list) and came == count,
        (
            f"{count} values should be returned together, got {came or 'nothing'}",
            f"应一起返回 {count} 个值，得到 {came} 个"
            if came
            else f"应一起返回 {count} 个值，没有返回值",
        ),
        **{f"{count} returned": came},
    )
    return value


# ---------------------------------------------------------------- question 1


@blank("w2v-01", points=4)
def test_softmax(student, case):
    case.check(
        fitted(
            case,
            student.call(HOMEWORK, "q1_softmax.softmax", *case.inputs),
            names=["probabilities"],
        )
    )


@blank(
    "w2v-01",
    points=1,
    why=(
        "Softmax is the same when a constant is added to a row: choose it so that exp cannot overflow.",
        "同一行的得分都加上一个常数，softmax 不变：选一个让 exp 不会溢出的常数。",
    ),
)
def test_softmax_overflow(student, case):
    case.check(
        fitted(
            case,
            student.call(HOMEWORK, "q1_softmax.softmax", *case.inputs),
            names=["probabilities"],
        )
    )


# ---------------------------------------------------------------- question 2


@blank("w2v-02", points=2)
def test_sigmoid(student, case):
    case.check(
        fitted(case, student.call(HOMEWORK, "q2_sigmoid.sigmoid", *case.inputs), names=["s"])
    )


@blank(
    "w2v-02",
    points=1,
    why=("The limits are 0 and 1: no nan may come out.", "极限是 0 和 1：不应出现 nan。"),
)
def test_sigmoid_overflow(student, case):
    case.check(
        fitted(case, student.call(HOMEWORK, "q2_sigmoid.sigmoid", *case.inputs), names=["s"])
    )


@blank("w2v-03", points=3, stubs=("q2_sigmoid.sigmoid",))
def test_sigmoid_grad(student, case):
    case.check(
        fitted(
            case,
            student.call(HOMEWORK, "q2_sigmoid.sigmoid_grad", *case.inputs),
            names=["derivative"],
        )
    )


def verdict(answer):
    """1 if the checker accepts the gradient, 0 if it rejects it, by its result or its output; -1 if neither tells."""
    if answer["returned"] is not None:
        return int(answer["returned"])
    text = answer["printed"].lower()
    return 0 if "fail" in text else 1 if "pass" in text else -1


def asked(answer, x0):
    """How a gradient checker called f, to distinguish mistakes: the most entries moved in one call, the number of entries
    moved in any call, the number of directions, and the step size (0 good, 1 too large, -1 too small)."""
    away = np.asarray(answer["calls"]).reshape(-1, x0.size) - x0.ravel()
    far = np.abs(away).max(initial=0)
    return [
        int((away != 0).sum(axis=1).max(initial=0)),
        int((away != 0).any(axis=0).sum()),
        len(np.unique(np.sign(away[away != 0]))),
        int(far > 1e-2) - int(far < 1e-8),
    ]


@blank("w2v-04", points=5)
def test_gradcheck_verdicts(student, case):
    answers = student.probe(HOMEWORK, "gradcheck", *case.inputs, module="q2_gradcheck")
    verdicts = np.array([verdict(answer) for answer in answers])
    right = case.expected["verdicts"].astype(int)
    ways = np.array(
        [asked(answer, function["x"]) for answer, function in zip(answers, case.inputs[0])]
    )
    case.require(
        not (verdicts < 0).any(),
        (
            "nothing was returned (True or False) and nothing printed ('passed' or 'failed')",
            "既没有返回 True / False，也没有打印 passed / failed",
        ),
        verdicts=verdicts,
        how=ways,
    )
    missed, accused = (
        int(((verdicts == 1) & (right == 0)).sum()),
        int(((verdicts == 0) & (right == 1)).sum()),
    )
    case.require(
        missed + accused == 0,
        (
            f"{missed} of {(right == 0).sum()} wrong gradients passed, {accused} of {right.sum()} right ones failed",
            f"{(right == 0).sum()} 个错误梯度中有 {missed} 个通过，{right.sum()} 个正确梯度中有 {accused} 个误判为错",
        ),
        verdicts=verdicts,
        how=ways,
    )


@blank("w2v-04", points=3)
def test_gradcheck_leaves(student, case):
    answers = student.probe(HOMEWORK, "gradcheck", *case.inputs, module="q2_gradcheck")
    for n, (answer, x0) in enumerate(zip(answers, case.expected["x"], strict=True)):
        calls = np.asarray(answer["calls"]).reshape(-1, x0.size)
        moved = np.abs(calls - x0.ravel()) > 1e-9
        case.require(
            len(calls) >= x0.size + 1,
            (
                f"f was called {len(calls)} times for {x0.size} entries",
                f"{x0.size} 个分量，f 只调用了 {len(calls)} 次",
            ),
            **{f"calls {n}": len(calls), f"how {n}": np.array(asked(answer, x0))},
        )
        case.require(
            moved.sum(axis=1).max(initial=0) <= 1 and np.abs(answer["x"] - x0).max() < 1e-9,
            (
                "x is not restored: a later call sees an entry that is still moved",
                "x 没有还原：后面的调用用到的仍是移动过的分量",
            ),
            **{f"moved {n}": moved.sum(axis=1), f"x {n}": np.abs(answer["x"] - x0) > 1e-9},
        )
        case.require(
            len(set(answer["states"])) == 1,
            (
                "f is called from different random states: a cost that draws random numbers cannot be checked",
                "每次调用 f 时随机状态不同：带随机数的代价函数无法检查",
            ),
            **{
                f"states {n}": np.array(
                    [answer["states"].index(state) for state in answer["states"]]
                )
            },
        )


def network(student, case):
    """Cost and gradient of forward_backward_prop."""
    value = student.call(HOMEWORK, "q2_neural.forward_backward_prop", *case.inputs)
    cost, gradient = results(case, value, 2)
    return fit(cost, 0.0), fit(gradient, case.expected["gradient"])


@blank(
    "w2v-05",
    points=8,
    stubs=(*SOFTMAX, *SIGMOID),
    why=(
        "Check cost and gradient against each other: the gradient block by block, W1, b1, W2, b2.",
        "请用代价检验梯度：按 W1、b1、W2、b2 逐块比较。",
    ),
)
def test_network_gradient(student, case):
    cost, gradient = network(student, case)
    number = isinstance(cost, np.ndarray) and cost.shape == () and np.isfinite(cost) and cost > 0
    case.require(
        number,
        (
            "the first of the two values, the cost, is not a positive number",
            "两个返回值中的第一个是代价，应为正数",
        ),
        cost=cost,
        as_it_came=gradient,
    )
    scale = (
        cost / case.expected["cost"]
    )  # 1 for the sum; a mean with the gradient of the mean is also accepted here
    case.check({"gradient": gradient / scale if isinstance(gradient, np.ndarray) else gradient})


@blank("w2v-05", points=2, stubs=(*SOFTMAX, *SIGMOID))
def test_network_sum(student, case):
    cost, gradient = network(student, case)
    rows = len(case.inputs[0])
    case.require(
        not np.allclose(np.nan_to_num(cost) * rows, case.expected["cost"]),
        (
            f"the cost is the mean over the {rows} rows, but the sum is required here (only this check requires the sum)",
            f"得到的是 {rows} 行的平均代价；这里要求的是总和（平均值若与梯度一致，只扣这一小项）",
        ),
        cost=cost,
        gradient=gradient,
    )
    case.check({"cost": cost})


@blank(
    "w2v-05",
    points=1,
    stubs=(*SOFTMAX, *SIGMOID),
    why=(
        "0 * log 0 is nan: take the log of the right class only.",
        "0 * log 0 是 nan：只对正确类别取对数。",
    ),
)
def test_network_certain(student, case):
    cost, _ = network(student, case)
    case.check({"cost": cost}, atol=1e-6)


# ---------------------------------------------------------------- question 3


@blank("w2v-06", points=3)
def test_normalize_rows(student, case):
    case.check(
        fitted(
            case, student.call(HOMEWORK, "q3_word2vec.normalizeRows", *case.inputs), names=["rows"]
        )
    )


def softmax_cost(student, case, *names):
    value = results(
        case, student.call(HOMEWORK, "q3_word2vec.softmaxCostAndGradient", *case.inputs), 3
    )
    answers = fitted(case, *value, names=["cost", "gradPred", "grad"])
    case.check({name: answers[name] for name in names})


@blank("w2v-07", points=2, stubs=(*SOFTMAX, *SIGMOID))
def test_softmax_cost(student, case):
    softmax_cost(student, case, "cost")


@blank("w2v-07", points=5, stubs=(*SOFTMAX, *SIGMOID))
def test_softmax_gradients(student, case):
    softmax_cost(student, case, "gradPred", "grad")


@blank(
    "w2v-07",
    points=1,
    stubs=(*SOFTMAX, *SIGMOID),
    why=(
        "Your softmax does not overflow: is it the one you use here?",
        "你的 softmax 不会溢出：这里用的是它吗？",
    ),
)
def test_softmax_cost_overflow(student, case):
    softmax_cost(student, case, "cost", "gradPred", "grad")


def neg_sampling(student, case, *names):
    answer = student.probe(HOMEWORK, "neg_sampling", *case.inputs, module="q3_word2vec")
    value = results(case, answer["result"], 3)
    answers = fitted(case, *value, answer["drawn"], names=["cost", "gradPred", "grad", "drawn"])
    case.check({name: answers[name] for name in names})


@blank(
    "w2v-08",
    points=3,
    stubs=(*SOFTMAX, *SIGMOID),
    why=("The cost has 1 + K terms.", "代价有 1 + K 项。"),
)
def test_neg_cost(student, case):
    neg_sampling(student, case, "cost")


@blank("w2v-08", points=6, stubs=(*SOFTMAX, *SIGMOID))
def test_neg_gradients(student, case):
    neg_sampling(student, case, "gradPred", "grad")


@blank(
    "w2v-08",
    points=2,
    stubs=(*SOFTMAX, *SIGMOID),
    why=(
        "A draw that equals the target is not a negative sample: draw again until there are K.",
        "抽到目标词本身不算负样本：重新抽，直到有 K 个。",
    ),
)
def test_neg_draws(student, case):
    neg_sampling(student, case, "drawn", "cost", "gradPred", "grad")


@blank(
    "w2v-08",
    points=1,
    stubs=(*SOFTMAX, *SIGMOID),
    why=(
        "1 - sigmoid(z) = sigmoid(-z): only one of the two keeps its precision when z is large.",
        "1 - sigmoid(z) = sigmoid(-z)：z 很大时只有其中一个能保留有效数字。",
    ),
)
def test_neg_overflow(student, case):
    neg_sampling(student, case, "cost", "gradPred", "grad")


def window(student, case, *names):
    answer = student.probe(HOMEWORK, "window", *case.inputs, module="q3_word2vec")
    whose = "" if answer["stub"] else "own "  # the stubs compute different costs
    answers = fitted(
        case,
        *results(case, answer["result"], 3),
        names=[whose + name for name in ("cost", "gradIn", "gradOut")],
    )
    case.check({whose + name: answers[whose + name] for name in names})


@blank("w2v-09", points=2, stubs=COSTS, other_stubs=ROW_COSTS)
def test_skipgram_cost(student, case):
    window(student, case, "cost")


@blank("w2v-09", points=6, stubs=COSTS, other_stubs=ROW_COSTS)
def test_skipgram_gradients(student, case):
    window(student, case, "gradIn", "gradOut")


@blank("w2v-10", points=2, bonus=True, stubs=COSTS, other_stubs=ROW_COSTS)
def test_cbow_cost(student, case):
    window(student, case, "cost")


@blank("w2v-10", points=4, bonus=True, stubs=COSTS, other_stubs=ROW_COSTS)
def test_cbow_gradients(student, case):
    window(student, case, "gradIn", "gradOut")


def descent(student, case):
    value = student.probe(HOMEWORK, "sgd", *case.inputs, module="q3_sgd")
    case.check(fitted(case, value["x"], names=["x"]), rtol=1e-6)
    return value


@blank("w2v-11", points=3)
def test_sgd_steps(student, case):
    descent(student, case)


@blank(
    "w2v-11",
    points=3,
    why=(
        "Postprocessing may return a new array: do you use it?",
        "后处理函数可能返回一个新数组：它去哪儿了？",
    ),
)
def test_sgd_postprocessing(student, case):
    descent(student, case)


@blank(
    "w2v-11",
    points=1,
    why=(
        "After iteration 20,000 the step is halved.",
        "第 20,000 次迭代之后步长减半。",
    ),
)
def test_sgd_halving(student, case):
    descent(student, case)


@blank(
    "w2v-11",
    points=1,
    why=(
        "With useSaved a run continues from the saved state and saves regularly; every run prints the cost.",
        "useSaved 为真时，从保存处继续并定期保存；每次运行都要打印代价。",
    ),
)
def test_sgd_saving(student, case):
    value = descent(student, case)
    case.check({"iterations": value["iterations"], "saved": value["saved"]}, rtol=1e-6)
    numbers = [
        [float(number) for number in re.findall(NUMBER, line)]
        for line in value["printed"].splitlines()
    ]
    lines = [line for line in numbers if len(line) > 1]  # iteration and cost, in any wording
    shown = [
        any(
            iteration in line and any(np.isclose(x, cost, rtol=1e-2, atol=1e-5) for x in line)
            for line in lines
            for cost in costs
        )
        for iteration, *costs in case.expected["smoothed"].tolist()
    ]
    case.require(
        all(shown),
        (
            f"the smoothed cost of every PRINT_EVERY-th iteration should be printed, with its number; "
            f"{sum(shown)} of {len(shown)} such lines are there",
            f"每 PRINT_EVERY 次迭代应打印一次平滑后的代价和迭代次数；{len(shown)} 行中有 {sum(shown)} 行符合",
        ),
        shown=shown,
        lines=[len(lines), [line[:8] for line in lines[:20]]],
    )


# ---------------------------------------------------------------- question 4


@blank("w2v-12", points=4, stubs=REGRESSION)
def test_sentence_features(student, case):
    value = student.probe(HOMEWORK, "features", *case.inputs, module="q4_softmaxreg")
    case.check(fitted(case, value, names=["features"]))


def regression(student, case, *names):
    value = student.probe(HOMEWORK, "regression", *case.inputs, module="q4_softmaxreg")
    answers = fitted(case, *results(case, value, 3), names=["cost", "gradient", "classes"])
    case.check({name: answers[name] for name in names})


@blank(
    "w2v-13",
    points=3,
    stubs=REGRESSION,
    why=(
        "The mean cross entropy, plus half the regularisation times the squares.",
        "平均交叉熵，加上正则化强度的一半乘以权重的平方和。",
    ),
)
def test_regression_cost(student, case):
    regression(student, case, "cost")
    alone = student.probe(HOMEWORK, "regression", *case.inputs, True, module="q4_softmaxreg")
    case.check(fitted(case, results(case, alone, 2)[0], names=["cost, nopredictions"]))


@blank("w2v-13", points=4, stubs=REGRESSION)
def test_regression_gradient(student, case):
    value = student.probe(HOMEWORK, "regression", *case.inputs, True, module="q4_softmaxreg")
    answers = fitted(case, *results(case, value, 2), names=["cost", "gradient"])
    case.require(
        True, ("", ""), **answers
    )  # the cost distinguishes two mistakes with the same gradient
    case.check({"gradient": answers["gradient"]})


@blank("w2v-13", points=1, stubs=REGRESSION)
def test_regression_classes(student, case):
    value = student.probe(HOMEWORK, "regression", *case.inputs, module="q4_softmaxreg")
    answers = fitted(case, *results(case, value, 3), names=["cost", "gradient", "classes"])
    rows = len(case.inputs[0])
    case.require(
        np.ndim(value[2]) or rows > 1,
        (
            "classes: a number, expected one class for each row (here 1 row): an array of shape (1,)",
            "classes：得到一个数，应为每行一个类别（这里只有 1 行）：形状为 (1,) 的数组",
        ),
        **{"one class for each row": np.ndim(value[2]) > 0},
    )
    case.check({"classes": answers["classes"]})


@blank(
    "w2v-13",
    points=1,
    stubs=REGRESSION,
    why=(
        "Your softmax does not overflow: is it the one you use here?",
        "你的 softmax 不会溢出：这里用的是它吗？",
    ),
)
def test_regression_overflow(student, case):
    regression(student, case, "cost", "gradient")


@blank("w2v-14", points=2, stubs=SENTIMENT)
def test_regularization_values(student, case):
    values = student.call(HOMEWORK, "q4_sentiment.getRegularizationValues")
    flat = np.ravel(values).astype(float) if isinstance(values, (list, np.ndarray)) else np.zeros(0)
    case.require(
        np.size(flat) and np.isfinite(flat).all() and (flat >= 0).all(),
        ("a list of numbers that are not negative is expected", "应返回一列非负数"),
        values=flat,
    )
    flat = np.unique(flat[flat > 0])
    case.require(
        len(flat) >= 5,
        (
            f"{len(flat)} different positive values: try at least 5",
            f"只有 {len(flat)} 个不同的正值：至少试 5 个",
        ),
        values=flat,
    )
    case.require(
        flat[-1] >= 1e3 * flat[0],
        (
            f"the values reach from {flat[0]:g} to {flat[-1]:g}: the best one may lie far outside; cover three powers of ten or more",
            f"取值范围从 {flat[0]:g} 到 {flat[-1]:g}：最好的值可能远在其外；至少覆盖三个数量级",
        ),
        values=flat,
    )


@blank("w2v-15", points=4, stubs=SENTIMENT)
def test_best_model(student, case):
    chosen = student.call(HOMEWORK, "q4_sentiment.chooseBestModel", *case.inputs)
    case.require(
        isinstance(chosen, dict) and "reg" in chosen,
        ("one of the given dicts is expected", "应返回所给字典之一"),
        form=str(type(chosen).__name__),
    )
    case.check({"reg": chosen["reg"]})


# ---------------------------------------------------------------- theory.py, basics.py, model.py


@blank("w2v-16", points=1)
def test_number_of_parameters(student, case):
    case.check(
        {"numbers": fit(student.call(HOMEWORK, "theory.number_of_parameters", *case.inputs), 0)}
    )


@blank("w2v-17", points=1)
def test_perceptron(student, case):
    fires = fit(student.call(HOMEWORK, "basics.perceptron", *case.inputs), case.expected["fires"])
    case.check(
        {"fires": fires + 0 if isinstance(fires, np.ndarray) else fires}
    )  # True and False count as 1 and 0


@blank("w2v-18", points=1)
def test_logistic(student, case):
    case.check(
        fitted(case, student.call(HOMEWORK, "basics.logistic", *case.inputs), names=["values"])
    )


@blank("w2v-19", points=1)
def test_cross_entropy(student, case):
    case.check(
        fitted(case, student.call(HOMEWORK, "basics.cross_entropy", *case.inputs), names=["loss"])
    )


@blank("w2v-20", points=3, stubs=SOFTMAX[:1])
def test_network_gradients(student, case):
    value = student.call(HOMEWORK, "basics.network_gradients", *case.inputs)
    case.check(fitted(case, *results(case, value, 4), names=["dW1", "db1", "dW2", "db2"]))


@blank("w2v-21", points=2)
def test_add_rows(student, case):
    case.check({"table": student.probe(HOMEWORK, "add_rows", *case.inputs)})


@blank("w2v-22", points=3)
def test_batched_negative_sampling(student, case):
    costs, d_predicted, rows, d_rows = results(
        case, student.call(HOMEWORK, "model.negative_sampling", *case.inputs), 4
    )
    gradient = np.zeros(case.inputs[3].shape)
    fits = all(isinstance(x, np.ndarray) for x in (rows, d_rows)) and d_rows.shape == (
        *rows.shape,
        gradient.shape[1],
    )
    case.require(
        fits
        and np.issubdtype(rows.dtype, np.integer)
        and (0 <= rows).all()
        and (rows < len(gradient)).all(),
        (
            "rows (B, K + 1) are row numbers of U, d_rows (B, K + 1, n) their gradients",
            "rows (B, K + 1) 是 U 的行号，d_rows (B, K + 1, n) 是对应的梯度",
        ),
        form=str((np.shape(rows), np.shape(d_rows))),
    )
    np.add.at(gradient, rows, d_rows)
    case.check({"costs": costs, "d_predicted": d_predicted, "gradient of U": gradient})


HIDDEN = ("model", "basics", "q3_word2vec")  # from whole.py


def one_batch(student, case, names):
    value = student.call(HOMEWORK, "whole.skipgram_batch", *case.inputs)
    answers = fitted(case, *results(case, value, 3), names=["cost", "by input", "by output"])
    case.check({name: answers[name] for name in names})


@blank("w2v-23", points=2, bonus=True, hides=HIDDEN)
def test_whole_skipgram_cost(student, case):
    one_batch(student, case, ["cost"])


@blank("w2v-23", points=2, bonus=True, hides=HIDDEN)
def test_whole_skipgram_input(student, case):
    one_batch(student, case, ["by input"])


@blank("w2v-23", points=3, bonus=True, hides=HIDDEN)
def test_whole_skipgram_output(student, case):
    one_batch(student, case, ["by output"])


@blank("w2v-23", points=1, bonus=True, hides=HIDDEN)
def test_whole_skipgram_large(student, case):
    one_batch(student, case, ["cost", "by input", "by output"])


# ---- find the bug


@blank("w2v-93", points=2, bonus=True, hidden=True)
def test_bug_shown(student, case):
    counterexamples.judge(student, case, "word2vec_sst")


@blank("w2v-93", points=1, bonus=True, hidden=True)
def test_bug_smallest(student, case):
    counterexamples.judge(student, case, "word2vec_sst", smallest=True)


@blank("w2v-together", points=0)
def test_wrapper(student, case):
    value = results(case, student.probe(HOMEWORK, "wrapper", *case.inputs, module="q3_word2vec"), 2)
    case.check(fitted(case, *value, names=["cost", "gradient"]))
