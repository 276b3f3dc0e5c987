"""Runs beside the student's code: builds objects that plain data cannot express and records
what the code does with them. The test judges."""

import contextlib
import io
import random

import numpy as np

# ---------------------------------------------------------------- stubs by library calls
# NumPy only: a worker that does not load torch starts much faster.


def refuse(condition, what):
    """Restrict a stub to what its callers need, so that it cannot be used as an answer."""
    if condition:
        raise ValueError(f"this stub does not handle {what}")


def softmax(x):
    """Softmax of a vector, or of the rows of a matrix with more than one column and no row of low scores only."""
    x = np.asarray(x, dtype=np.float64)
    if x.ndim == 2:
        refuse(x.shape[1] == 1, "a matrix of one column")
        refuse(x.max(1).min() < -500, "a row of low scores only")
    return np.exp(x - np.logaddexp.reduce(x, axis=-1, keepdims=True))


def sigmoid(x):
    """Of a number, a vector or a matrix."""
    x = np.asarray(x, dtype=np.float64)
    refuse(x.ndim > 2, "arrays of three axes")
    return np.exp(-np.logaddexp(0, -x))


def sigmoid_grad(s):
    """Of a number, a vector or a matrix."""
    s = np.asarray(s, dtype=np.float64)
    refuse(s.ndim > 2, "arrays of three axes")
    return s - s * s


def gradcheck_naive(f, x):
    return True


def distance_cost(predicted, target, outputVectors, dataset):
    """Stub of the softmax's cost: a different cost, |v - u_o|^2 / 2, and its gradients, so that it cannot be used as an answer."""
    v, grad = np.ravel(predicted), np.zeros(np.shape(outputVectors))
    apart = v - outputVectors[target]
    grad[target] = -apart
    return apart @ apart / 2, apart.reshape(np.shape(predicted)), grad


def as_row(cost):
    """The same stub with the gradient by `predicted` as a row (1, n): a student's own cost function may return either,
    and a caller is right if it works with one of them."""

    def stub(predicted, *more):
        value, gradPred, grad = cost(predicted, *more)
        return value, np.reshape(gradPred, (1, -1)), grad

    return stub


def drawn_cost(predicted, target, outputVectors, dataset, K=10):
    """Stub of negative sampling: distance_cost plus u_k.v for one drawn word k."""
    drawn = dataset.sampleTokenIdx()
    cost, gradPred, grad = distance_cost(predicted, target, outputVectors, dataset)
    grad[drawn] += np.ravel(predicted)
    u = outputVectors[drawn]
    return cost + u @ np.ravel(predicted), gradPred + u.reshape(np.shape(predicted)), grad


def not_needed(*arguments, **settings):
    """Stub for names that a file imports but its blanks do not call."""
    raise AssertionError("no blank should need this function")


STUBS = {
    "q1_softmax.softmax": softmax,
    "q2_sigmoid.sigmoid": sigmoid,
    "q2_sigmoid.sigmoid_grad": sigmoid_grad,
    "q2_gradcheck.gradcheck_naive": gradcheck_naive,
    "q3_word2vec.softmaxCostAndGradient": distance_cost,
    "q3_word2vec.negSamplingCostAndGradient": drawn_cost,
}
ROWS = [as_row(distance_cost), as_row(drawn_cost)]
STUBS |= {
    "q3_word2vec.softmaxCostAndGradient@row": ROWS[0],
    "q3_word2vec.negSamplingCostAndGradient@row": ROWS[1],
}
STUBS |= {
    name: not_needed
    for name in (
        "q3_word2vec.normalizeRows",
        "q3_sgd.sgd",
        "q3_sgd.load_saved_params",
        "q3_sgd.save_params",
        "q4_softmaxreg.softmaxRegression",
        "q4_softmaxreg.accuracy",
        "q4_softmaxreg.getSentenceFeatures",
        "q4_softmaxreg.getSentenceFeature",
        "q4_softmaxreg.softmax_wrapper",
    )
}


# ---------------------------------------------------------------- question 2: the gradient checker


def gradcheck(homework, functions):
    """Call gradcheck_naive on each function; per function what it returned, printed and did.

    A function is {"x", "A", "b", "rate", "constant", "noise", "error"}: cost = constant + b.x + x.A x / 2 + sum exp(rate x)
    + noise * r * sum x, with r from Python's `random`; its gradient, plus `error`.
    """
    check = homework.module("q2_gradcheck").gradcheck_naive
    answers = []
    for number, function in enumerate(functions):
        random.seed(number)
        x, calls, states = function["x"].copy(), [], []
        log = io.StringIO()
        with contextlib.redirect_stdout(log):
            returned = check(cost_of(function, calls, states), x)
        if not (returned is None or isinstance(returned, (bool, np.bool_))):
            returned = None
        answers.append(
            {
                "returned": None if returned is None else bool(returned),
                "printed": log.getvalue()[:1000],
                "calls": np.array(calls).reshape(len(calls), -1),
                "states": states,
                "x": x,
            }
        )
    return answers


def cost_of(function, calls, states):
    A, b, rate, shape = function["A"], function["b"], function["rate"], function["x"].shape

    def f(x):
        x = np.array(x, dtype=np.float64)
        calls.append(x.ravel().copy())
        states.append(str(hash(random.getstate())))
        flat, r = x.ravel(), random.random() * function["noise"]
        cost = (
            function["constant"]
            + b @ flat
            + flat @ A @ flat / 2
            + np.exp(rate * flat).sum()
            + r * flat.sum()
        )
        gradient = b + A @ flat + rate * np.exp(rate * flat) + r
        return np.float64(cost), gradient.reshape(shape) + function["error"]

    return f


# ---------------------------------------------------------------- question 3: word2vec


class Drawn:
    """A data set with a fixed list of negatives and contexts; starts again when its list ends."""

    def __init__(self, draws, windows=()):
        self.draws, self.windows = list(map(int, draws)), windows
        self.count, self.next_window = 0, 0

    def sampleTokenIdx(self):
        row = self.draws[self.count % len(self.draws)]
        self.count += 1
        if self.count > 100_000:
            raise RuntimeError("more than 100,000 negatives were drawn")
        return row

    def getRandomContext(self, C=5):
        center, context = self.windows[self.next_window % len(self.windows)]
        self.next_window += 1
        return center, list(context)


def neg_sampling(homework, predicted, target, outputVectors, draws, *K):
    """negSamplingCostAndGradient on a fixed list of negatives: its three results, and how many it drew."""
    dataset = Drawn(draws)
    result = homework.module("q3_word2vec").negSamplingCostAndGradient(
        predicted, target, outputVectors, dataset, *K
    )
    return {"result": result, "drawn": dataset.count}


def window(homework, model, cost, current, C, context, tokens, inputVectors, outputVectors, draws):
    """skipgram or cbow of one window with the module's function `cost`, and whether a stub was used."""
    module = homework.module("q3_word2vec")
    function = getattr(module, cost)
    result = getattr(module, model)(
        current, C, list(context), tokens, inputVectors, outputVectors, Drawn(draws), function
    )
    return {"result": result, "stub": function in (distance_cost, drawn_cost, *ROWS)}


def wrapper(homework, model, cost, tokens, wordVectors, windows, draws, C):
    """word2vec_sgd_wrapper over a fixed list of windows."""
    module = homework.module("q3_word2vec")
    return module.word2vec_sgd_wrapper(
        getattr(module, model), tokens, wordVectors, Drawn(draws, windows), C, getattr(module, cost)
    )


def sgd(homework, x0, a, m, step, iterations, post, begun=None, every=None):
    """sgd on the cost sum a (x - m)**2 / 2: its result, what it saved and printed.

    post: None, or "unit rows": a post-processing that returns a new array. begun: [iteration, x] of the parameters that
    were saved before (iteration 0: none), for a run that saves every 5 iterations. every: PRINT_EVERY.
    """

    def f(x):
        return np.sum(a * (x - m) ** 2) / 2, a * (x - m)

    def unit_rows(x):
        return x / np.sqrt((x**2).sum(axis=1, keepdims=True))

    def load(*folder):
        return (begun[0], np.array(begun[1]), random.getstate()) if begun[0] else (0, None, None)

    module, saved, log = homework.module("q3_sgd"), [], io.StringIO()
    vars(module).update(
        SAVE_PARAMS_EVERY=5,
        load_saved_params=load,
        save_params=lambda iteration, x, *folder: saved.append([iteration, np.array(x)]),
    )
    with contextlib.redirect_stdout(log):
        x = module.sgd(
            f,
            x0,
            step,
            iterations,
            unit_rows if post else None,
            begun is not None,
            every or max(iterations, 1),
        )
    return {
        "x": x,
        "iterations": [iteration for iteration, _ in saved],
        "saved": [params for _, params in saved],
        "printed": log.getvalue(),
    }


# ---------------------------------------------------------------- question 4 and model.py


def features(homework, *inputs):
    """The sentence's features."""
    return in_either_file(homework, ("getSentenceFeatures", "getSentenceFeature"), inputs)


def regression(homework, *inputs):
    """softmaxRegression on copies of the inputs."""
    return in_either_file(homework, ("softmaxRegression",), inputs)


def in_either_file(homework, names, inputs):
    """Result of a function whose file and name differ between handouts. An empty blank of ours in one file does not hide
    the student's function in the other."""
    empty = missing = None
    for file in ("q4_softmaxreg", "q4_sentiment"):
        try:
            module = homework.module(file)
        except ImportError as error:
            missing = missing or error
            continue
        for name in names:
            function = getattr(module, name, None)
            if function is None or getattr(function, "__module__", file) != file:
                continue  # imported from the other file
            try:
                return function(*inputs)
            except NotImplementedError as error:
                empty = empty or error
    raise empty or missing or AttributeError(f"no {names[0]} in q4_softmaxreg.py")


def add_rows(homework, table, rows, values):
    """The table after add_rows(table, rows, values)."""
    homework.module("model").add_rows(table, rows, values)
    return table
