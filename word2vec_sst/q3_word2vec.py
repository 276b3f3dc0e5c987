"""Question 3: word2vec. `python q3_word2vec.py` runs a few sanity checks; they are not exhaustive."""

import inspect
import random

import numpy as np
from q1_softmax import softmax
from q2_gradcheck import gradcheck_naive
from q2_sigmoid import sigmoid

BATCH = 50  # windows a step


def normalizeRows(x):
    """Rows of x (N, n), each divided by its Euclidean length; a row of zeros stays. x is not changed."""
    # BEGIN SOLUTION w2v-06 (3 points): one length per row, kept as a column
    length = np.sqrt(np.sum(x * x, axis=1, keepdims=True))  # (N, 1)
    return x / np.where(length > 0, length, 1)
    # END SOLUTION w2v-06


def softmaxCostAndGradient(predicted, target, outputVectors, dataset):
    """Cross entropy of the softmax over the whole vocabulary, and its gradients.

    predicted (n,): v_c, or the context's sum in cbow. target: int, row of the word to predict. outputVectors (V, n),
    one row per word. dataset: not used here (both cost functions have the same arguments).
    Returns cost (float, nats), gradPred (n,), grad (V, n). Source: exercises 3a and 3b.
    """
    # BEGIN SOLUTION w2v-07 (8 points): scores of all words, the log of the target only, then y_hat - y both ways
    scores = outputVectors @ predicted  # (V, n)@(n,) -> (V,)
    top = np.max(scores)
    cost = top + np.log(np.sum(np.exp(scores - top))) - scores[target]
    d = softmax(scores)
    d[target] -= 1  # y_hat - y
    return cost, outputVectors.T @ d, np.outer(d, predicted)
    # END SOLUTION w2v-07


def check_negatives(outputVectors, dataset):
    """Raise a clear error where no negative can be drawn, instead of looping forever or failing later."""
    if not callable(getattr(dataset, "sampleTokenIdx", None)):
        raise TypeError(
            f"the data set ({type(dataset).__name__}) has no sampleTokenIdx() to draw negatives from"
        )
    if len(outputVectors) < 2:
        raise ValueError("a vocabulary of one word has no negatives: every draw is the target")


def negSamplingCostAndGradient(predicted, target, outputVectors, dataset, K=10):
    """Cost of the target against K negatives, -log sigmoid(u_o.v) - sum_k log sigmoid(-u_k.v), and its gradients.

    Arguments and results as in softmaxCostAndGradient. The negatives come from dataset.sampleTokenIdx(), one after the
    other; a draw that equals the target is drawn again; a word drawn twice counts twice. Source: exercise 3c.
    """
    # BEGIN SOLUTION w2v-08 (12 points): 1 + K terms; log sigmoid without overflow; every draw adds to its row
    check_negatives(outputVectors, dataset)
    rows = [target]
    while len(rows) < K + 1:
        draw = dataset.sampleTokenIdx()
        if draw != target:
            rows.append(draw)
    rows = np.array(rows)
    U = outputVectors[rows]  # (K + 1, n)
    z = U @ predicted  # (K + 1, n)@(n,) -> (K + 1,)
    z[0] = -z[0]  # each term is -log sigmoid(-z) = log(1 + e^z)
    d = sigmoid(z)
    d[0] = -d[0]  # by u.v
    grad = np.zeros(outputVectors.shape)
    np.add.at(grad, rows, d[:, None] * predicted)  # a repeated row adds up
    return np.logaddexp(0, z).sum(), d @ U, grad
    # END SOLUTION w2v-08


def row_of(tokens, word):
    """Row of a word; a KeyError that says so if the vocabulary does not have it."""
    if word not in tokens:
        raise KeyError(f"{word!r} is not in the vocabulary of {len(tokens)} words")
    return tokens[word]


def skipgram(
    currentWord,
    C,
    contextWords,
    tokens,
    inputVectors,
    outputVectors,
    dataset,
    word2vecCostAndGradient=softmaxCostAndGradient,
):
    """Skip-gram: the centre word predicts each word of its context; costs and gradients add up.

    currentWord: the centre, a string. C: largest distance of a context word (not needed here). contextWords: list of
    at most 2 C strings. tokens: dict word -> row. inputVectors, outputVectors (V, n).
    Returns cost, gradIn (V, n), gradOut (V, n): by inputVectors and by outputVectors. Source: exercise 3d.
    """
    # BEGIN SOLUTION w2v-09 (8 points): whose vector predicts? One call of word2vecCostAndGradient per context word
    center = row_of(tokens, currentWord)
    cost, gradIn, gradOut = 0.0, np.zeros(inputVectors.shape), np.zeros(outputVectors.shape)
    for word in contextWords:
        c, gradPred, grad = word2vecCostAndGradient(
            inputVectors[center], row_of(tokens, word), outputVectors, dataset
        )
        cost += c
        gradIn[center] += gradPred
        gradOut += grad
    return cost, gradIn, gradOut
    # END SOLUTION w2v-09


def cbow(
    currentWord,
    C,
    contextWords,
    tokens,
    inputVectors,
    outputVectors,
    dataset,
    word2vecCostAndGradient=softmaxCostAndGradient,
):
    """CBOW: the sum of the context's input vectors predicts the centre word.

    Arguments and results as in skipgram. An empty context predicts with a vector of zeros. Source: exercise 3d.
    """
    # BEGIN SOLUTION w2v-10 (6 points, bonus): a word that occurs twice in the context is in the sum twice
    rows = np.array([row_of(tokens, word) for word in contextWords], dtype=int)
    predicted = np.sum(inputVectors[rows], axis=0)  # (n,)
    cost, gradPred, gradOut = word2vecCostAndGradient(
        predicted, row_of(tokens, currentWord), outputVectors, dataset
    )
    gradIn = np.zeros(inputVectors.shape)
    np.add.at(gradIn, rows, gradPred)
    return cost, gradIn, gradOut
    # END SOLUTION w2v-10


class OtherDraws(Exception):
    """A cost function does not draw exactly K negatives other than the target for each target."""


class DrawnBefore:
    """Replaces the data set during one window: returns negatives that were drawn before, as rows of a table."""

    def __init__(self, rows):
        self.rows = iter(rows)

    def sampleTokenIdx(self):
        """The next negative."""
        for row in self.rows:
            return row
        raise OtherDraws


def draw_negatives(dataset, target, K, draws):
    """Append to `draws` the draws of a cost function for one target: K negatives, and every draw of the target itself."""
    if hasattr(dataset, "sampleNegatives"):
        dataset.sampleNegatives(target, K, draws)
        return
    while K > 0:
        draws.append(dataset.sampleTokenIdx())
        K -= draws[-1] != target


def small_window(word2vecModel, center, C, context, tokens, V, U, dataset, cost_function, K):
    """One window on a small table of the rows it needs: (cost, rows, gradIn of them, gradOut of them).

    The negatives are drawn first, in the order in which the cost function will ask for them.
    """
    targets = [center] if word2vecModel is cbow else context
    draws = []
    for word in targets:
        draw_negatives(dataset, tokens[word], K, draws)
    row_of = {}  # row of the vocabulary -> row of the small table
    words = {word: row_of.setdefault(tokens[word], len(row_of)) for word in (center, *context)}
    small = [row_of.setdefault(row, len(row_of)) for row in draws]
    rows = np.fromiter(row_of, int, len(row_of))
    drawn = DrawnBefore(small)
    cost, gradIn, gradOut = word2vecModel(
        center, C, context, words, V[rows], U[rows], drawn, cost_function
    )
    if next(drawn.rows, None) is not None:
        raise OtherDraws
    return cost, rows, gradIn, gradOut


def scattered(shape, rows, gradsIn, gradsOut):
    """(2V, n): mean gradient of the windows, from the rows (m,) of each one's small table and its gradients (m, n)."""
    grad, n = np.zeros(shape), shape[1]
    places = (np.concatenate(rows)[:, None] * n + np.arange(n)).ravel()
    for half, grads in zip(np.split(grad, 2), (gradsIn, gradsOut)):
        np.add.at(
            half.reshape(-1), places, np.concatenate(grads).ravel() / BATCH
        )  # on one axis it is fast
    return grad


def word2vec_sgd_wrapper(
    word2vecModel, tokens, wordVectors, dataset, C, word2vecCostAndGradient=softmaxCostAndGradient
):
    """Mean cost and gradient of BATCH random windows: what `sgd` calls.

    wordVectors (2V, n): input vectors above output vectors. Each window: C1 from 1..C, then a centre and its context
    from dataset.getRandomContext(C1), then the draws of the cost function. A cost function with an argument K touches few
    rows: it gets a small table of these (`small_window`), for gradients of the whole vocabulary would take hours; the
    result is the same. One that draws differently is called again on the whole vocabulary.
    Returns cost, gradient (2V, n).
    """
    N = len(wordVectors) // 2
    V, U = wordVectors[:N], wordVectors[N:]
    parameter = inspect.signature(word2vecCostAndGradient).parameters.get("K")
    state = random.getstate()
    if parameter is not None and hasattr(dataset, "sampleTokenIdx") and N > 1:
        try:
            cost, parts = 0.0, []
            for _ in range(BATCH):
                C1 = random.randint(1, C)
                center, context = dataset.getRandomContext(C1)
                c, *part = small_window(
                    word2vecModel,
                    center,
                    C1,
                    context,
                    tokens,
                    V,
                    U,
                    dataset,
                    word2vecCostAndGradient,
                    parameter.default,
                )
                cost += c
                parts.append(part)
            return cost / BATCH, scattered(wordVectors.shape, *zip(*parts))
        except OtherDraws:
            random.setstate(state)
    return whole_batch(word2vecModel, tokens, V, U, dataset, C, word2vecCostAndGradient)


def whole_batch(word2vecModel, tokens, V, U, dataset, C, word2vecCostAndGradient):
    """The same with gradients of the whole vocabulary in every window: slow, and right for any cost function."""
    cost, gradV, gradU = 0.0, np.zeros(V.shape), np.zeros(U.shape)
    for _ in range(BATCH):
        C1 = random.randint(1, C)
        center, context = dataset.getRandomContext(C1)
        c, gradIn, gradOut = word2vecModel(
            center, C1, context, tokens, V, U, dataset, word2vecCostAndGradient
        )
        cost += c
        gradV += gradIn
        gradU += gradOut
    return cost / BATCH, np.concatenate([gradV, gradU]) / BATCH


class Dummy:
    """A data set of five words for the sanity checks."""

    def sampleTokenIdx(self):
        """A random row."""
        return random.randint(0, 4)

    def getRandomContext(self, C):
        """A random centre word and 2 C random words around it."""
        words = ["a", "b", "c", "d", "e"]
        return random.choice(words), [random.choice(words) for _ in range(2 * C)]


def sanity_checks():
    """Gradient checks of both models with both cost functions. They see the gradient, not the value of the cost."""
    random.seed(31415)
    rng = np.random.default_rng(9265)
    rows = normalizeRows(np.array([[3.0, 4.0], [1.0, 2.0]]))
    assert np.allclose(rows, [[0.6, 0.8], [0.4472136, 0.89442719]]), rows
    vectors = normalizeRows(rng.standard_normal((10, 3)))
    tokens = {word: row for row, word in enumerate("abcde")}
    for model in (skipgram, cbow):
        for cost_function in (softmaxCostAndGradient, negSamplingCostAndGradient):
            print(f"{model.__name__} with {cost_function.__name__}: ", end="")
            try:
                assert gradcheck_naive(
                    lambda x, model=model, cost_function=cost_function: word2vec_sgd_wrapper(
                        model, tokens, x, Dummy(), 5, cost_function
                    ),
                    vectors,
                )
            except NotImplementedError as empty:
                if model is not cbow:
                    raise
                print(f"{empty} (bonus)")


def main():
    sanity_checks()
    print(
        "The sanity checks passed. They are not exhaustive: python -m pytest tests/test_word2vec_sst.py has more."
    )


if __name__ == "__main__":
    from cli import run

    run(main)
