"""Question 4: softmax regression on sentences. `python q4_softmaxreg.py` runs sanity checks; they are not exhaustive."""

import numpy as np
from q1_softmax import softmax
from q2_gradcheck import gradcheck_naive


def getSentenceFeatures(tokens, wordVectors, sentence):
    """The mean of a sentence's word vectors, each occurrence counted.

    tokens: dict word -> row. wordVectors (V, n). sentence: list of at least one word of tokens. Returns (n,).
    """
    # BEGIN SOLUTION w2v-12 (4 points): look the rows up, then one mean over the words
    return np.mean(wordVectors[[tokens[word] for word in sentence]], axis=0)
    # END SOLUTION w2v-12


getSentenceFeature = getSentenceFeatures  # the name of an older handout


def check_labels(labels, classes):
    """The labels as an int array (N,). Raises ValueError for one outside 0 .. classes - 1."""
    labels = np.asarray(labels)
    wrong = (labels < 0) | (labels >= classes) | (labels != np.floor(labels))
    if wrong.any():
        raise ValueError(
            f"label {labels[wrong][0]} (number {np.argmax(wrong)}): labels are 0 .. {classes - 1}"
        )
    return labels.astype(int)


def softmaxRegression(features, labels, weights, regularization=0.0, nopredictions=False):
    """Mean cross entropy of a linear classifier, plus half the regularisation times the squared weights.

    features (N, n), labels (N,) int in 0 .. K - 1, weights (n, K).
    Returns cost (float, nats), gradient (n, K), and unless nopredictions the most likely class of each row (N,).
    """
    # BEGIN SOLUTION w2v-13 (9 points): as the last layer of question 2, but a mean, and the penalty in cost and gradient
    N = len(features)
    labels = check_labels(labels, weights.shape[1])
    scores = features @ weights  # (N, n)@(n, K) -> (N, K)
    top = np.max(scores, axis=1)
    log_sum = top + np.log(np.sum(np.exp(scores - top[:, None]), axis=1))
    cost = np.mean(log_sum - scores[np.arange(N), labels]) + 0.5 * regularization * np.sum(
        weights**2
    )
    d = softmax(scores)
    d[np.arange(N), labels] -= 1
    grad = features.T @ d / N + regularization * weights
    return (cost, grad) if nopredictions else (cost, grad, np.argmax(scores, axis=1))
    # END SOLUTION w2v-13


def accuracy(y, yhat):
    """Share of equal entries, in percent. y, yhat (N,)."""
    y, yhat = np.ravel(y), np.ravel(yhat)
    if y.size != yhat.size or y.size == 0:
        raise ValueError(
            f"{y.size} labels and {yhat.size} predictions: there must be as many, and at least one"
        )
    return 100.0 * np.mean(y == yhat)


def sanity_checks():
    """The gradient check with a large regularisation, and a mean that is a mean."""
    rng = np.random.default_rng(0)
    tokens, vectors = {"a": 0, "b": 1}, np.array([[1.0, 3.0, 0.0], [3.0, 5.0, 4.0]])
    assert np.allclose(getSentenceFeatures(tokens, vectors, ["a", "b"]), [2, 4, 2])
    assert np.allclose(getSentenceFeatures(tokens, vectors, ["b"]), vectors[1])
    features, labels, weights = (
        rng.standard_normal((9, 3)),
        rng.integers(0, 5, 9),
        rng.standard_normal((3, 5)),
    )
    assert gradcheck_naive(lambda w: softmaxRegression(features, labels, w, 1.0, True), weights)
    twice, _ = softmaxRegression(
        np.vstack([features] * 2), np.concatenate([labels] * 2), weights, 1.0, True
    )
    once, _, predicted = softmaxRegression(features, labels, weights, 1.0)
    assert np.isclose(twice, once), "the cost is a mean: the same rows twice do not change it"
    assert predicted.shape == (9,) and accuracy([1, 2, 3, 4], [1, 0, 3, 4]) == 75


def main():
    sanity_checks()
    print(
        "The sanity checks passed. They are not exhaustive: python -m pytest tests/test_word2vec_sst.py has more."
    )


if __name__ == "__main__":
    from cli import run

    run(main)
