"""word2vec_sst: batched losses compared with question 3's functions, small tables with the whole vocabulary, the
layout of train.py with plain loops; interrupted runs; bad input."""

import argparse
import random

import numpy as np
import pytest

from course.solved import load_solved

V, N, B, L, K = 17, 4, 6, 5, 3
WORDS = [f"w{row}" for row in range(V)]
TOKENS = {word: row for row, word in enumerate(WORDS)}


@pytest.fixture(scope="module")
def solved():
    return load_solved("word2vec_sst")


class Drawn:
    """A data set that returns given negatives in order."""

    def __init__(self, rows):
        self.sampleTokenIdx = iter([int(row) for row in rows]).__next__


class Random:
    """A data set that draws single words with Python's random numbers."""

    def sampleTokenIdx(self):
        return random.randrange(V)

    def getRandomContext(self, C):
        return random.choice(WORDS), [random.choice(WORDS) for _ in range(random.randint(1, 2 * C))]


def windows(rng, cbow):
    """(centres (B,), contexts (B, L) padded with -1, negatives): words may repeat, a negative is never its target."""
    centers = rng.integers(0, V, B)
    contexts = rng.integers(0, V, (B, L))
    contexts[np.arange(L) >= rng.integers(1, L + 1, B)[:, None]] = -1
    targets = centers[:, None] if cbow else contexts
    negatives = rng.integers(0, V - 1, (*targets.shape, K))
    negatives += negatives >= targets[:, :, None]
    return centers, contexts, negatives[:, 0] if cbow else negatives


@pytest.mark.parametrize("loss", ["softmax", "negative sampling"])
@pytest.mark.parametrize("name", ["skipgram", "cbow"])
def test_batched_losses_equal_those_of_single_windows(solved, name, loss):
    question, model, rng = (
        solved.module("q3_word2vec"),
        solved.module("model"),
        np.random.default_rng(1),
    )
    for _ in range(20):
        centers, contexts, negatives = windows(rng, name == "cbow")
        In, Out = rng.normal(0, 1, (V, N)), rng.normal(0, 1, (V, N))
        total, gradIn, gradOut = 0.0, np.zeros((V, N)), np.zeros((V, N))
        for window in range(B):
            rows = contexts[window][contexts[window] >= 0]
            drawn = negatives[window] if name == "cbow" else negatives[window][: len(rows)]

            def cost_function(v, target, U, dataset):
                if loss == "softmax":
                    return question.softmaxCostAndGradient(v, target, U, dataset)
                return question.negSamplingCostAndGradient(v, target, U, dataset, K)

            cost, d_in, d_out = getattr(question, name)(
                WORDS[centers[window]],
                L,
                [WORDS[row] for row in rows],
                TOKENS,
                In,
                Out,
                Drawn(drawn.ravel()),
                cost_function,
            )
            total, gradIn, gradOut = total + cost, gradIn + d_in, gradOut + d_out
        batched = getattr(model, name)(
            centers, contexts, In, Out, None if loss == "softmax" else negatives
        )
        for got, expected in zip(batched, (total, gradIn, gradOut)):
            np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", ["skipgram", "cbow"])
def test_shared_negatives_equal_those_of_single_windows(solved, name):
    """Each window of a group uses all S negatives of its group, with weight 1 per pair."""
    question, model, train = (solved.module(file) for file in ("q3_word2vec", "model", "train"))
    rng = np.random.default_rng(2)
    layout, S = train.Layout(2, G=2, L=4), 3
    ids = rng.integers(0, V - S, layout.centres + 2 * layout.window)
    negatives = rng.integers(V - S, V, (layout.G, S))  # no word of the text
    pairs = (layout.distance <= 2).astype(float)[None].repeat(layout.G, 0) * rng.integers(
        0, 2, (layout.G, layout.L, layout.M)
    )
    In, Out = rng.normal(0, 1, (V, N)), rng.normal(0, 1, (V, N))
    total, gradIn, gradOut = 0.0, np.zeros((V, N)), np.zeros((V, N))
    context_rows, centres = layout.places(ids), layout.inner(ids)
    for g in range(layout.G):
        for centre in range(layout.L):
            rows = context_rows[g][pairs[g, centre] > 0]
            if len(rows):
                cost, d_in, d_out = getattr(question, name)(
                    WORDS[centres[g, centre]],
                    2,
                    [WORDS[row] for row in rows],
                    TOKENS,
                    In,
                    Out,
                    Drawn(np.tile(negatives[g], len(rows))),
                    lambda *arguments: question.negSamplingCostAndGradient(*arguments, S),
                )
                total, gradIn, gradOut = total + cost, gradIn + d_in, gradOut + d_out
    counts = pairs.sum(axis=2, keepdims=True)
    weight = np.repeat(counts if name == "skipgram" else (counts > 0) * 1.0, S, axis=2)
    if name == "skipgram":
        cost, d_in, d_out, d_neg = model.shared_skipgram(
            In[centres], Out[context_rows], Out[negatives], pairs, weight
        )
        rows_in, rows_out = centres, context_rows
    else:
        cost, d_in, d_out, d_neg = model.shared_cbow(
            In[context_rows], Out[centres], Out[negatives], pairs, weight
        )
        rows_in, rows_out = context_rows, centres
    gradients = np.zeros((2, V, N))
    np.add.at(gradients[0], rows_in, d_in)
    np.add.at(gradients[1], rows_out, d_out)
    np.add.at(gradients[1], negatives, d_neg)
    for got, expected in zip((cost, *gradients), (total, gradIn, gradOut)):
        np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    "cost_function", ["softmaxCostAndGradient", "negSamplingCostAndGradient", "without rejection"]
)
@pytest.mark.parametrize("name", ["skipgram", "cbow"])
def test_small_tables_equal_the_whole_vocabulary(solved, name, cost_function):
    """Cost, gradient and the random state afterwards are equal, also for a cost function that draws differently."""
    question = solved.module("q3_word2vec")
    vectors = np.random.default_rng(3).normal(0, 1, (2 * V, N))

    def without_rejection(v, target, U, dataset, K=10):
        rows = [target] + [dataset.sampleTokenIdx() for _ in range(K)]
        return (
            float(U[rows].sum()),
            v * len(set(rows)),
            np.bincount(rows, minlength=len(U))[:, None] * v,
        )

    function = getattr(question, cost_function, without_rejection)
    results = []
    for wrapper in (
        lambda *a: question.word2vec_sgd_wrapper(a[0], TOKENS, vectors, *a[1:]),
        lambda *a: question.whole_batch(a[0], TOKENS, vectors[:V], vectors[V:], *a[1:]),
    ):
        random.seed(5)
        results.append((*wrapper(getattr(question, name), Random(), 3, function), random.random()))
    np.testing.assert_allclose(results[0][0], results[1][0], rtol=1e-12)
    np.testing.assert_allclose(results[0][1], results[1][1], rtol=1e-12, atol=1e-14)
    assert results[0][2] == results[1][2]


@pytest.mark.parametrize("name", ["skipgram", "cbow"])
def test_both_engines_of_q3_run_agree(solved, name):
    question, runner = solved.module("q3_word2vec"), solved.module("q3_run")
    vectors = np.random.default_rng(4).normal(0, 1, (2 * V, N))
    results = []
    for wrapper in (
        lambda model: question.word2vec_sgd_wrapper(
            model, TOKENS, vectors, Random(), 6, question.negSamplingCostAndGradient
        ),
        lambda model: runner.batched_wrapper(model, TOKENS, vectors, Random(), 6),
    ):
        random.seed(6)
        results.append((*wrapper(getattr(question, name)), random.random()))
    np.testing.assert_allclose(results[0][0], results[1][0], rtol=1e-12)
    np.testing.assert_allclose(results[0][1], results[1][1], rtol=1e-12, atol=1e-14)
    assert results[0][2] == results[1][2]


def test_negatives_in_bulk_equal_single_draws(solved):
    dataset = solved.module("treebank").StanfordSentiment()
    for target in (0, 7, 7):
        random.seed(target)
        one_by_one, many = [], []
        while sum(row != target for row in one_by_one) < 500:
            one_by_one.append(dataset.sampleTokenIdx())
        after = random.random()
        random.seed(target)
        dataset.sampleNegatives(target, 500, many)
        assert many == one_by_one and random.random() == after
    counts = dataset.counts() ** 0.75
    share = np.bincount(dataset.sampleTable(), minlength=len(counts)) / dataset.tablesize
    np.testing.assert_allclose(share, counts / counts.sum(), atol=1.1e-6)


def test_context_has_nearby_words_without_the_centre(solved):
    dataset = solved.module("treebank").StanfordSentiment()
    random.seed(1)
    sentences = {tuple(words) for words in dataset.allSentences()}
    longest = max(map(len, sentences))
    for C in (1, 2, longest):
        for _ in range(200):
            center, context = dataset.getRandomContext(C)
            assert context and center not in context and len(context) <= 2 * C
    assert set(dataset.tokens()) == {
        word for words, _ in dataset.getTrainSentences() for word in words
    } | {"UNK"}


def test_add_rows_and_sum_rows_agree(solved):
    model, rng = solved.module("model"), np.random.default_rng(7)
    for size in (0, 1, 50):
        rows, values, table = (
            rng.integers(0, 9, size),
            rng.normal(0, 1, (size, 3)),
            np.zeros((9, 3)),
        )
        model.add_rows(table, rows, values)
        distinct, sums = model.sum_rows(rows, values, np.empty(9, int))
        assert sorted(distinct.tolist()) == sorted(set(rows.tolist()))
        summed = np.zeros((9, 3))
        summed[distinct] = sums
        np.testing.assert_allclose(summed, table, atol=1e-14)


def test_pairs_stay_inside_sentence_and_reach(solved):
    train = solved.module("train")
    layout = train.Layout(3, G=3, L=4)
    assert layout.L >= 2 * layout.window
    sentence = np.repeat([-1, 0, 1, 2, -1], [3, 2, 9, 7, 3])[: layout.centres + 6]
    rng, seen = np.random.default_rng(8), np.zeros(4, int)
    for _ in range(200):
        pairs = layout.pairs(sentence, rng)
        for g, centre in np.ndindex(layout.G, layout.L):
            centre_row = 3 + g * layout.L + centre
            context_rows = g * layout.L + np.flatnonzero(pairs[g, centre])
            distances = np.abs(context_rows - centre_row)
            assert (
                centre_row not in context_rows
                and (sentence[context_rows] == sentence[centre_row]).all()
                and not (sentence[centre_row] < 0 and len(context_rows))
            )
            reach = distances.max(initial=0)
            inside = [
                row
                for row in range(centre_row - reach, centre_row + reach + 1)
                if row != centre_row and sentence[row] == sentence[centre_row]
            ]
            assert (
                context_rows.tolist() == inside and reach <= 3
            )  # exactly the words within the reach
            seen[reach] += 1
    assert (seen[1:] > 0).all()


def test_fold_adds_overlapping_positions(solved):
    layout, rng = solved.module("train").Layout(2, G=3, L=5), np.random.default_rng(9)
    d = rng.normal(0, 1, (layout.G, layout.M, 2))
    expected = np.zeros((layout.centres + 4, 2))
    for g, column in np.ndindex(layout.G, layout.M):
        expected[g * layout.L + column] += d[g, column]
    np.testing.assert_allclose(layout.fold(d), expected, atol=1e-14)


def test_phrase_sums_equal_loops_and_spread_is_transposed(solved):
    """sums equals a loop, and spread is its transpose: <sums(x), d> = <x, spread(d)>."""
    network, rng = solved.module("q4_network"), np.random.default_rng(10)
    x, first = rng.normal(0, 1, (12, 3)), rng.integers(0, 12, 20)
    end = np.minimum(first + rng.integers(0, 6, 20), 12)
    d = rng.normal(0, 1, (20, 3))
    total = network.sums(x, first, end)
    np.testing.assert_allclose(total, [x[a:b].sum(axis=0) for a, b in zip(first, end)], atol=1e-12)
    np.testing.assert_allclose(
        np.sum(total * d), np.sum(x * network.spread(d, first, end, 12)), rtol=1e-12
    )


def test_minimize_and_sgd_find_the_minimum(solved):
    q4, regression, rng = (
        solved.module("q4_sentiment"),
        solved.module("q4_softmaxreg"),
        np.random.default_rng(11),
    )
    features, labels = rng.normal(0, 1, (60, 4)), rng.integers(0, 5, 60)

    def cost(w):
        return regression.softmaxRegression(features, labels, w, 0.01, True)

    best = q4.minimize(cost, np.zeros((4, 5)))
    assert np.abs(cost(best)[1]).max() < 1e-5
    by_sgd = q4.fit(
        features, labels, 0.01, np.zeros((4, 5)), argparse.Namespace(solver="sgd", iters=3000)
    )
    np.testing.assert_allclose(by_sgd, best, atol=1e-3)


def test_resumed_sgd_equals_the_uninterrupted_one(solved, tmp_path, monkeypatch):
    sgd = solved.module("q3_sgd")
    monkeypatch.setattr(sgd, "SAVE_FOLDER", tmp_path)
    monkeypatch.setattr(sgd, "SAVE_PARAMS_EVERY", 5)
    monkeypatch.setattr(sgd, "ANNEAL_EVERY", 8)

    def noisy(x):
        return 0.0, x - random.random()

    x0 = np.ones((2, 3))
    random.seed(1)
    whole = sgd.sgd(noisy, x0, 0.1, 30, None, False, 100)
    random.seed(1)
    sgd.sgd(noisy, x0, 0.1, 17, None, True, 100)  # saved at 15
    assert [path.name for path in tmp_path.iterdir()] == ["saved_params_15.npz"]
    random.seed(99)
    np.testing.assert_array_equal(sgd.sgd(noisy, x0, 0.1, 30, None, True, 100), whole)
    assert (x0 == 1).all()
    with pytest.raises(
        Exception, match=r"saved_params_30.npz holds an array \(2, 3\), x0 is \(3, 2\)"
    ):
        sgd.sgd(noisy, np.ones((3, 2)), 0.1, 40, None, True, 100)


def test_solved_questions_do_not_change_their_arguments(solved):
    """Inputs stay unchanged, also where a student's function may change them."""
    rng = np.random.default_rng(12)
    x = rng.normal(0, 1, (3, 4))
    U, v = rng.normal(0, 1, (6, 4)), rng.normal(0, 1, 4)
    before = [array.copy() for array in (x, U, v)]
    solved.module("q1_softmax").softmax(x)
    solved.module("q2_sigmoid").sigmoid(x)
    question = solved.module("q3_word2vec")
    question.normalizeRows(x)
    question.softmaxCostAndGradient(v, 2, U, None)
    question.negSamplingCostAndGradient(v, 2, U, Drawn([1, 3, 3]), 3)
    assert np.isfinite(question.normalizeRows(np.zeros((2, 3)))).all()
    for array, original in zip((x, U, v), before):
        np.testing.assert_array_equal(array, original)


class WithoutNegatives:
    """A data set without sampleTokenIdx."""


@pytest.mark.parametrize(
    "call, error, words",
    [
        (
            lambda q: q.negSamplingCostAndGradient(
                np.ones(2), 0, np.ones((3, 2)), WithoutNegatives()
            ),
            TypeError,
            "sampleTokenIdx",
        ),
        (
            lambda q: q.negSamplingCostAndGradient(np.ones(2), 0, np.ones((1, 2)), Random()),
            ValueError,
            "one word",
        ),
        (
            lambda q: q.skipgram(
                "nobody", 2, ["w1"], TOKENS, np.ones((V, 2)), np.ones((V, 2)), None
            ),
            KeyError,
            "nobody",
        ),
        (
            lambda q: q.cbow("w1", 2, ["nobody"], TOKENS, np.ones((V, 2)), np.ones((V, 2)), None),
            KeyError,
            "nobody",
        ),
        (
            lambda q: q.word2vec_sgd_wrapper(
                q.skipgram, {"a": 0}, np.ones((2, 2)), Random(), 2, q.negSamplingCostAndGradient
            ),
            (KeyError, ValueError),
            "vocabulary",
        ),
    ],
    ids=["no sampleTokenIdx", "one word", "unknown centre", "unknown context", "wrapper"],
)
def test_bad_input_of_question_3_is_named(solved, call, error, words):
    with pytest.raises(error, match=words):
        call(solved.module("q3_word2vec"))


def test_empty_context_has_zero_gradient(solved):
    question = solved.module("q3_word2vec")
    cost, gradIn, gradOut = question.skipgram(
        "w1", 2, [], TOKENS, np.ones((V, 2)), np.ones((V, 2)), None
    )
    assert cost == 0 and not gradIn.any() and not gradOut.any()
    cost, gradIn, gradOut = question.cbow(
        "w1", 2, [], TOKENS, np.ones((V, 2)), np.ones((V, 2)), None
    )
    assert cost == pytest.approx(np.log(V)) and not gradIn.any()


@pytest.mark.parametrize("labels", [[0, 5], [-1, 2], [0.5, 1]])
def test_label_outside_the_classes_is_a_value_error(solved, labels):
    with pytest.raises(ValueError, match=r"label .* labels are 0 \.\. 4"):
        solved.module("q4_softmaxreg").softmaxRegression(
            np.ones((2, 3)), np.array(labels), np.ones((3, 5))
        )


@pytest.mark.parametrize(
    "line, words",
    [
        ("(3 (2 It) (4 works)", "bracket"),
        ("(3 (2 It) (7 works))", "'7'"),
        ("(3 (2 It) works) )", "outside"),
        ("(3)", "without words"),
        ("3 It works", "no tab"),
        ("5\tIt works", "'5'"),
        ("2\t  ", "no words"),
        ("() ()", "label"),
        ("(2 a) (2 b)", "second tree"),
    ],
)
def test_malformed_tree_is_a_user_error_with_its_line(solved, tmp_path, line, words):
    treebank = solved.module("treebank")
    (tmp_path / "train.txt").write_text(f"(3 (2 It) (4 works))\n\n{line}\n", encoding="utf-8")
    with pytest.raises(treebank.UserError, match=words) as caught:
        treebank.read_split(tmp_path, "train")
    assert "train.txt, line 3" in str(caught.value)


def test_parse_tree_returns_words_and_phrases(solved):
    words, phrases = solved.module("treebank").parse_tree(
        "(3 (2 It) (4 (4 (2 's) (4 Lovely)) (2 -LRB-)))"
    )
    assert words == ["it", "'s", "lovely", "("]
    assert phrases == [(2, 0, 1), (2, 1, 2), (4, 2, 3), (4, 1, 3), (2, 3, 4), (4, 1, 4), (3, 0, 4)]
