"""word2vec_sst: right versions that are written differently pass, and files of the original assignment are graded as
they are."""
import inspect
import textwrap

import pytest

from grading import markers
from tests import check
from tests.mistakes import body
from tests.student import ROOT, InProcess, Worker

HOMEWORK = "word2vec_sst"
VARIANTS = []


def variant(blank):
    """Register the decorated function as a right version of `blank`."""
    def register(function):
        VARIANTS.append((blank, function, f"{blank}-{sum(one[0] == blank for one in VARIANTS) + 1}"))
        return function
    return register


# ruff: noqa: F811, F821

@variant("w2v-01")
def softmax(x):
    if x.ndim == 1:
        x -= np.max(x)
        np.exp(x, out=x)
        x /= np.sum(x)
    else:
        x -= np.max(x, axis=1).reshape(-1, 1)
        np.exp(x, out=x)
        x /= np.sum(x, axis=1).reshape(-1, 1)
    return x


@variant("w2v-01")
def softmax(x):
    rows = []
    for row in np.atleast_2d(x):
        weights = [np.exp(value - max(row)) for value in row]
        rows.append([weight / sum(weights) for weight in weights])
    return np.array(rows)


@variant("w2v-02")
def sigmoid(x):
    return 0.5 * (1 + np.tanh(0.5 * x))


@variant("w2v-02")
def sigmoid(x):
    return 1 / (1 + np.exp(-x))


@variant("w2v-03")
def sigmoid_grad(s):
    return s - s ** 2


@variant("w2v-04")
def gradcheck_naive(f, x):
    rndstate = random.getstate()
    random.setstate(rndstate)
    fx, grad = f(x)
    h = 1e-4
    it = np.nditer(x, flags=["multi_index"], op_flags=["readwrite"])
    while not it.finished:
        ix = it.multi_index
        x[ix] += h
        random.setstate(rndstate)
        above, _ = f(x)
        x[ix] -= 2 * h
        random.setstate(rndstate)
        below, _ = f(x)
        x[ix] += h
        numgrad = (above - below) / 2 / h
        if abs(numgrad - grad[ix]) / max(1, abs(numgrad), abs(grad[ix])) > 1e-5:
            print("Gradient check failed.")
            print("First gradient error found at index", ix)
            return
        it.iternext()
    print("Gradient check passed!")


@variant("w2v-04")
def gradcheck_naive(f, x):
    state, wrong = random.getstate(), 0

    def cost(moved):
        random.setstate(state)
        return f(moved)[0]

    gradient = f(x)[1]
    for k in range(x.size):
        e = np.zeros(x.size)
        e[k] = 1e-5
        e = e.reshape(x.shape)
        slope = (cost(x + e) - cost(x - e)) / 2e-5
        wrong += abs(slope - gradient.flat[k]) > 1e-5 * max(1, abs(slope))
    return wrong == 0


@variant("w2v-05")
def forward_backward_prop(data, labels, params, dimensions):
    ofs = 0
    Dx, H, Dy = dimensions
    W1 = np.reshape(params[ofs:ofs + Dx * H], (Dx, H))
    ofs += Dx * H
    b1 = np.reshape(params[ofs:ofs + H], (1, H))
    ofs += H
    W2 = np.reshape(params[ofs:ofs + H * Dy], (H, Dy))
    ofs += H * Dy
    b2 = np.reshape(params[ofs:ofs + Dy], (1, Dy))
    cost, grads = 0.0, [np.zeros_like(part) for part in (W1, b1, W2, b2)]
    for x, y in zip(data, labels):
        h = sigmoid(np.dot(x, W1) + b1)
        p = softmax(np.dot(h, W2) + b2)
        cost -= np.log(p[0, np.argmax(y)])
        back = p - y
        hidden = np.dot(back, W2.T) * sigmoid_grad(h)
        grads[0] += np.outer(x, hidden)
        grads[1] += hidden
        grads[2] += np.outer(h, back)
        grads[3] += back
    return np.array([[cost]]), np.concatenate([grad.flatten() for grad in grads]).reshape(1, -1)


@variant("w2v-06")
def normalizeRows(x):
    for i in range(x.shape[0]):
        x[i, :] /= np.linalg.norm(x[i, :])
    return x


@variant("w2v-06")
def normalizeRows(x):
    return (x.T / np.sqrt(np.einsum("ij,ij->i", x, x))).T


@variant("w2v-07")
def softmaxCostAndGradient(predicted, target, outputVectors, dataset):
    v = predicted.reshape(1, -1)
    p = softmax(np.dot(v, outputVectors.T))
    cost = -np.log(p[:, target])
    p[:, target] -= 1
    return cost, np.dot(p, outputVectors), np.dot(p.T, v)


@variant("w2v-07")
def softmaxCostAndGradient(predicted, target, outputVectors, dataset):
    p = softmax(np.array([sum(a * b for a, b in zip(u, predicted)) for u in outputVectors]))
    grad, gradPred = np.zeros(outputVectors.shape), -outputVectors[target].copy()
    for row in range(len(outputVectors)):
        grad[row] += (p[row] - (row == target)) * predicted
        gradPred += p[row] * outputVectors[row]
    return -np.log(p[target]), gradPred[:, None], grad


@variant("w2v-08")
def negSamplingCostAndGradient(predicted, target, outputVectors, dataset, K=10):
    indices = [None] * K
    for k in range(K):
        newidx = dataset.sampleTokenIdx()
        while newidx == target:
            newidx = dataset.sampleTokenIdx()
        indices[k] = newidx
    grad = np.zeros(outputVectors.shape)
    s = sigmoid(np.dot(outputVectors[target], predicted))
    cost = -np.log(s)
    gradPred = (s - 1) * outputVectors[target]
    grad[target] += (s - 1) * predicted
    for k in indices:
        s = sigmoid(-np.dot(outputVectors[k], predicted))
        cost -= np.log(s)
        gradPred = gradPred + (1 - s) * outputVectors[k]
        grad[k] += (1 - s) * predicted
    return np.array(cost), gradPred.reshape(1, -1), grad


@variant("w2v-08")
def negSamplingCostAndGradient(predicted, target, outputVectors, dataset, K=10):
    rows, labels = [target], np.array([1] + [-1] * K)
    for _ in range(K):
        draw = target
        while draw == target:
            draw = dataset.sampleTokenIdx()
        rows.append(draw)
    t = sigmoid(np.einsum("kn,n->k", outputVectors[rows], predicted.ravel()) * labels)
    delta = labels * (t - 1)
    chosen = np.zeros((K + 1, len(outputVectors)))
    chosen[np.arange(K + 1), rows] = 1
    return -np.sum(np.log(t)), delta @ outputVectors[rows], chosen.T @ np.outer(delta, predicted)


@variant("w2v-09")
def skipgram(currentWord, C, contextWords, tokens, inputVectors, outputVectors, dataset,
             word2vecCostAndGradient=softmaxCostAndGradient):
    idx = tokens[currentWord]
    v = inputVectors[idx:idx + 1]
    parts = [word2vecCostAndGradient(v, tokens[word], outputVectors, dataset) for word in contextWords]
    gradIn = np.zeros(inputVectors.shape)
    gradIn[idx] = np.sum([np.ravel(part[1]) for part in parts], axis=0)
    return np.array([sum(part[0] for part in parts)]), gradIn, np.sum([part[2] for part in parts], axis=0)


@variant("w2v-09")
def skipgram(currentWord, C, contextWords, tokens, inputVectors, outputVectors, dataset,
             word2vecCostAndGradient=softmaxCostAndGradient):
    if word2vecCostAndGradient is negSamplingCostAndGradient:
        function = negSamplingCostAndGradient
    else:
        function = softmaxCostAndGradient
    cost, gradIn, gradOut = 0, np.zeros_like(inputVectors), np.zeros_like(outputVectors)
    for j in contextWords:
        c, gin, gout = function(inputVectors[tokens[currentWord], :], tokens[j], outputVectors, dataset)
        cost, gradOut = cost + c, gradOut + gout
        gradIn[tokens[currentWord], :] += gin
    return cost, gradIn, gradOut


@variant("w2v-10")
def cbow(currentWord, C, contextWords, tokens, inputVectors, outputVectors, dataset,
         word2vecCostAndGradient=softmaxCostAndGradient):
    onehot = np.zeros((len(contextWords), len(tokens)))
    for i, word in enumerate(contextWords):
        onehot[i, tokens[word]] += 1
    predicted = np.dot(onehot, inputVectors[:len(tokens)]).sum(0)
    cost, gradPred, gradOut = word2vecCostAndGradient(predicted, tokens[currentWord], outputVectors, dataset)
    gradIn = np.zeros(inputVectors.shape)
    for word in contextWords:
        gradIn[tokens[word]] += np.ravel(gradPred)
    return cost, gradIn, gradOut


@variant("w2v-11")
def sgd(f, x0, step, iterations, postprocessing=None, useSaved=False, PRINT_EVERY=10):
    start_iter, x = 0, x0
    if not postprocessing:
        def postprocessing(x):
            return x
    expcost = None
    for it in range(start_iter + 1, iterations + 1):
        cost, grad = f(x)
        x -= step * grad
        x = postprocessing(x)
        if it % PRINT_EVERY == 0:
            expcost = cost if not expcost else .95 * expcost + .05 * cost
            print("iter", it, expcost)
        if it % 20000 == 0:
            step *= 0.5
    return x


@variant("w2v-12")
def getSentenceFeatures(tokens, wordVectors, sentence):
    total = np.zeros((1, wordVectors.shape[1]))
    for word in sentence:
        total += wordVectors[tokens[word], :]
    return total / float(len(sentence))


@variant("w2v-12")
def getSentenceFeatures(tokens, wordVectors, sentence):
    counts = np.bincount([tokens[word] for word in sentence], minlength=len(wordVectors))
    return counts @ wordVectors / counts.sum()


@variant("w2v-13")
def softmaxRegression(features, labels, weights, regularization=0.0, nopredictions=False):
    prob = softmax(features.dot(weights))
    onehot = np.zeros_like(prob)
    onehot[range(len(labels)), labels] = 1
    cost = np.sum(-np.log(prob[range(len(labels)), labels])) / len(labels)
    cost += 0.5 * regularization * np.sum(weights ** 2)
    grad = features.T.dot(prob - onehot) / len(labels)
    grad += regularization * weights
    if nopredictions:
        return np.array([cost]), grad
    return np.array([cost]), grad, [int(row.argmax()) for row in prob]


@variant("w2v-14")
def getRegularizationValues():
    return sorted([0.0, 0.001, 0.01, 0.1, 1.0, 10.0])


@variant("w2v-15")
def chooseBestModel(results):
    best = None
    for result in results:
        if best is None or result["dev"] > best["dev"]:
            best = result
    return best


@variant("w2v-17")
def perceptron(x, w, b):
    return np.array([sum(value * weight for value, weight in zip(row, w)) + b >= 0 for row in x])


@variant("w2v-20")
def network_gradients(X, labels, W1, b1, W2, b2):
    totals = [np.zeros_like(part) for part in (W1, b1, W2, b2)]
    for x, label in zip(X, labels):
        a = x @ W1 + b1
        h = a * (a > 0)
        d = softmax(h @ W2 + b2)
        d[label] -= 1
        back = (W2 @ d) * (a > 0)
        for total, part in zip(totals, (np.outer(x, back), back, np.outer(h, d), d)):
            total += part / len(X)
    return totals


@variant("w2v-21")
def add_rows(table, rows, values):
    for row, value in zip(rows, values):
        table[row] += value


@variant("w2v-22")
def negative_sampling(predicted, targets, negatives, U):
    rows = np.column_stack([targets, negatives])
    signs = np.ones(rows.shape)
    signs[:, 1:] = -1
    s = sigmoid(signs * (U[rows] @ predicted[:, :, None])[:, :, 0])
    d = signs * (s - 1)
    return -np.log(s).sum(1), (d[:, None] @ U[rows])[:, 0], rows, np.einsum("bk,bn->bkn", d, predicted)


@pytest.mark.parametrize("blank, function", [one[:2] for one in VARIANTS], ids=[one[2] for one in VARIANTS])
def test_a_right_version_passes(blank, function):
    region = markers.find(ROOT / HOMEWORK, blank)
    assert list(inspect.signature(function).parameters) == region.parameters
    door = InProcess(ROOT, {(HOMEWORK, region.path.name): markers.replace(region, body(function))})
    cases = check.FreshCases()
    for one in check.load_checks(HOMEWORK):
        if one.id == blank:
            outcome = check.run(one, door, cases)
            assert outcome.status == "done", f"seed {cases.seed}, {one.name}: {outcome.message.en}"


def test_there_are_enough_versions():
    assert len(VARIANTS) >= 20


ORIGINAL = {          # blank -> (number of the variant that stands for it, file)
    "w2v-01": (1, "q1_softmax"), "w2v-02": (2, "q2_sigmoid"), "w2v-03": (1, "q2_sigmoid"), "w2v-04": (1, "q2_gradcheck"),
    "w2v-05": (1, "q2_neural"), "w2v-06": (1, "q3_word2vec"), "w2v-07": (1, "q3_word2vec"), "w2v-08": (1, "q3_word2vec"),
    "w2v-09": (2, "q3_word2vec"), "w2v-10": (1, "q3_word2vec"), "w2v-11": (1, "q3_sgd"), "w2v-12": (1, "q4_softmaxreg"),
    "w2v-13": (1, "q4_softmaxreg"), "w2v-14": (1, "q4_sentiment"), "w2v-15": (1, "q4_sentiment")}
HEADS = {"q1_softmax": "import random\n", "q2_sigmoid": "", "q2_gradcheck": "import random\n",
         "q2_neural": "from q1_softmax import softmax\nfrom q2_sigmoid import sigmoid, sigmoid_grad\n"
                      "from q2_gradcheck import gradcheck_naive\n",
         "q3_word2vec": "import random\nfrom q1_softmax import softmax\nfrom q2_gradcheck import gradcheck_naive\n"
                        "from q2_sigmoid import sigmoid, sigmoid_grad\n",
         "q3_sgd": "import glob, random, pickle\n",
         "q4_softmaxreg": "import random\nfrom utils.treebank import StanfordSentiment\nfrom q1_softmax import softmax\n"
                          "from q2_gradcheck import gradcheck_naive\nfrom q3_sgd import load_saved_params\n",
         "q4_sentiment": "import argparse\nfrom utils.treebank import StanfordSentiment\nimport utils.glove as glove\n"
                         "from q3_sgd import load_saved_params, sgd\nfrom q4_softmaxreg import softmaxRegression\n"}


def original_files(one_word=False):
    """{file: text} of a submission of the original form: question files only, nothing of this repository."""
    functions = {name: function for _, function, name in VARIANTS}
    files = {file: f"print('loading')\nimport numpy as np\n{head}" for file, head in HEADS.items()}
    for blank, (number, file) in ORIGINAL.items():
        source = textwrap.dedent(inspect.getsource(functions[f"{blank}-{number}"]))
        source = source.split("\n", 1)[1]                        # without the decorator
        if one_word:
            source = source.replace("getSentenceFeatures", "getSentenceFeature")
        files[file] += "\n\n" + source
    return files


@pytest.mark.parametrize("way", ["in process", "in a worker"])
@pytest.mark.parametrize("one_word", [False, True], ids=["getSentenceFeatures", "getSentenceFeature"])
def test_files_of_the_original_assignment_are_graded(tmp_path, way, one_word):
    (tmp_path / HOMEWORK).mkdir()
    for file, text in original_files(one_word).items():
        (tmp_path / HOMEWORK / f"{file}.py").write_text(text, encoding="utf-8")
    cases = check.FreshCases()
    with (InProcess(tmp_path) if way == "in process" else Worker(tmp_path)) as door:
        outcomes = [check.run(one, door, cases) for one in check.load_checks(HOMEWORK)
                    if not one.id.endswith("-together")]
    lost = {outcome.check.name: outcome.message.en for outcome in outcomes
            if outcome.status != "done" and outcome.check.id in ORIGINAL}
    assert not lost, f"seed {cases.seed}: {lost}"
    assert sum(outcome.points for outcome in outcomes if not outcome.check.bonus) == 88
    assert {outcome.check.id for outcome in outcomes if outcome.status != "done"} == {
        "w2v-16", "w2v-17", "w2v-18", "w2v-19", "w2v-20", "w2v-21", "w2v-22"}


def test_a_wrong_helper_and_its_caller_may_cancel(tmp_path):
    """sigmoid_grad takes x, and the network gives it x: the helper loses its points, the network does not."""
    files = original_files()
    files["q2_sigmoid"] = files["q2_sigmoid"].replace("    return s - s ** 2", "    s = sigmoid(s)\n    return s * (1 - s)")
    files["q2_neural"] = files["q2_neural"].replace("sigmoid_grad(h)", "sigmoid_grad(np.dot(x, W1) + b1)")
    for file, text in files.items():
        (tmp_path / f"{file}.py").write_text(text, encoding="utf-8")
    cases, door = check.FreshCases(), InProcess(tmp_path)
    outcomes = {one.name: check.run(one, door, cases) for one in check.load_checks(HOMEWORK) if one.id in ("w2v-03", "w2v-05")}
    assert outcomes["sigmoid_grad"].mistake == "V4"
    assert outcomes["network_gradient"].status == outcomes["network_sum"].status == "done"
