"""Accepted variants: correct blanks of word2vec_sst that are written differently from the solution."""

# ruff: noqa: F811, F821    (bodies use the names of the solved files)
import random

import numpy as np

from tests.accepted import accepted


@accepted("w2v-01")
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


@accepted("w2v-01")
def softmax(x):
    rows = []
    for row in np.atleast_2d(x):
        weights = [np.exp(value - max(row)) for value in row]
        rows.append([weight / sum(weights) for weight in weights])
    return np.array(rows)


@accepted("w2v-02")
def sigmoid(x):
    return 0.5 * (1 + np.tanh(0.5 * x))


@accepted("w2v-02")
def sigmoid(x):
    return 1 / (1 + np.exp(-x))


@accepted("w2v-03")
def sigmoid_grad(s):
    return s - s**2


@accepted("w2v-04")
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


@accepted("w2v-04")
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


@accepted("w2v-05")
def forward_backward_prop(data, labels, params, dimensions):
    ofs = 0
    Dx, H, Dy = dimensions
    W1 = np.reshape(params[ofs : ofs + Dx * H], (Dx, H))
    ofs += Dx * H
    b1 = np.reshape(params[ofs : ofs + H], (1, H))
    ofs += H
    W2 = np.reshape(params[ofs : ofs + H * Dy], (H, Dy))
    ofs += H * Dy
    b2 = np.reshape(params[ofs : ofs + Dy], (1, Dy))
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


@accepted("w2v-06")
def normalizeRows(x):
    for i in range(x.shape[0]):
        x[i, :] /= np.linalg.norm(x[i, :])
    return x


@accepted("w2v-06")
def normalizeRows(x):
    return (x.T / np.sqrt(np.einsum("ij,ij->i", x, x))).T


@accepted("w2v-07")
def softmaxCostAndGradient(predicted, target, outputVectors, dataset):
    v = predicted.reshape(1, -1)
    p = softmax(np.dot(v, outputVectors.T))
    cost = -np.log(p[:, target])
    p[:, target] -= 1
    return cost, np.dot(p, outputVectors), np.dot(p.T, v)


@accepted("w2v-07")
def softmaxCostAndGradient(predicted, target, outputVectors, dataset):
    p = softmax(np.array([sum(a * b for a, b in zip(u, predicted)) for u in outputVectors]))
    grad, gradPred = np.zeros(outputVectors.shape), -outputVectors[target].copy()
    for row in range(len(outputVectors)):
        grad[row] += (p[row] - (row == target)) * predicted
        gradPred += p[row] * outputVectors[row]
    return -np.log(p[target]), gradPred[:, None], grad


@accepted("w2v-08")
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


@accepted("w2v-08")
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


@accepted("w2v-09")
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
    idx = tokens[currentWord]
    v = inputVectors[idx : idx + 1]
    parts = [
        word2vecCostAndGradient(v, tokens[word], outputVectors, dataset) for word in contextWords
    ]
    gradIn = np.zeros(inputVectors.shape)
    gradIn[idx] = np.sum([np.ravel(part[1]) for part in parts], axis=0)
    return (
        np.array([sum(part[0] for part in parts)]),
        gradIn,
        np.sum([part[2] for part in parts], axis=0),
    )


@accepted("w2v-09")
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
    if word2vecCostAndGradient is negSamplingCostAndGradient:
        function = negSamplingCostAndGradient
    else:
        function = softmaxCostAndGradient
    cost, gradIn, gradOut = 0, np.zeros_like(inputVectors), np.zeros_like(outputVectors)
    for j in contextWords:
        c, gin, gout = function(
            inputVectors[tokens[currentWord], :], tokens[j], outputVectors, dataset
        )
        cost, gradOut = cost + c, gradOut + gout
        gradIn[tokens[currentWord], :] += gin
    return cost, gradIn, gradOut


@accepted("w2v-10")
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
    onehot = np.zeros((len(contextWords), len(tokens)))
    for i, word in enumerate(contextWords):
        onehot[i, tokens[word]] += 1
    predicted = np.dot(onehot, inputVectors[: len(tokens)]).sum(0)
    cost, gradPred, gradOut = word2vecCostAndGradient(
        predicted, tokens[currentWord], outputVectors, dataset
    )
    gradIn = np.zeros(inputVectors.shape)
    for word in contextWords:
        gradIn[tokens[word]] += np.ravel(gradPred)
    return cost, gradIn, gradOut


@accepted("w2v-11")
def sgd(f, x0, step, iterations, postprocessing=None, useSaved=False, PRINT_EVERY=10):
    start_iter, x = 0, x0
    if useSaved:
        start_iter, oldx, state = load_saved_params()
        if start_iter > 0:
            x = oldx
            step *= 0.5 ** (start_iter / ANNEAL_EVERY)
        if state:
            random.setstate(state)
    if not postprocessing:

        def postprocessing(x):
            return x

    expcost = None
    for it in range(start_iter + 1, iterations + 1):
        cost, grad = f(x)
        x -= step * grad
        x = postprocessing(x)
        if it % PRINT_EVERY == 0:
            expcost = cost if not expcost else 0.95 * expcost + 0.05 * cost
            print("iter", it, expcost)
        if it % SAVE_PARAMS_EVERY == 0 and useSaved:
            save_params(it, x)
        if it % ANNEAL_EVERY == 0:
            step *= 0.5
    return x


@accepted("w2v-12")
def getSentenceFeatures(tokens, wordVectors, sentence):
    total = np.zeros((1, wordVectors.shape[1]))
    for word in sentence:
        total += wordVectors[tokens[word], :]
    return total / float(len(sentence))


@accepted("w2v-12")
def getSentenceFeatures(tokens, wordVectors, sentence):
    counts = np.bincount([tokens[word] for word in sentence], minlength=len(wordVectors))
    return counts @ wordVectors / counts.sum()


@accepted("w2v-13")
def softmaxRegression(features, labels, weights, regularization=0.0, nopredictions=False):
    prob = softmax(features.dot(weights))
    onehot = np.zeros_like(prob)
    onehot[range(len(labels)), labels] = 1
    cost = np.sum(-np.log(prob[range(len(labels)), labels])) / len(labels)
    cost += 0.5 * regularization * np.sum(weights**2)
    grad = features.T.dot(prob - onehot) / len(labels)
    grad += regularization * weights
    if nopredictions:
        return np.array([cost]), grad
    return np.array([cost]), grad, [int(row.argmax()) for row in prob]


@accepted("w2v-14")
def getRegularizationValues():
    return sorted([0.0, 0.001, 0.01, 0.1, 1.0, 10.0])


@accepted("w2v-15")
def chooseBestModel(results):
    best = None
    for result in results:
        if best is None or result["dev"] > best["dev"]:
            best = result
    return best


@accepted("w2v-17")
def perceptron(x, w, b):
    return np.array([sum(value * weight for value, weight in zip(row, w)) + b >= 0 for row in x])


@accepted("w2v-20")
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


@accepted("w2v-21")
def add_rows(table, rows, values):
    for row, value in zip(rows, values):
        table[row] += value


@accepted("w2v-22")
def negative_sampling(predicted, targets, negatives, U):
    rows = np.column_stack([targets, negatives])
    signs = np.ones(rows.shape)
    signs[:, 1:] = -1
    s = sigmoid(signs * (U[rows] @ predicted[:, :, None])[:, :, 0])
    d = signs * (s - 1)
    return (
        -np.log(s).sum(1),
        (d[:, None] @ U[rows])[:, 0],
        rows,
        np.einsum("bk,bn->bkn", d, predicted),
    )


@accepted("w2v-03")
def sigmoid_grad(s):
    return np.multiply(s, np.subtract(1, s))


@accepted("w2v-05")
def forward_backward_prop(data, labels, params, dimensions):
    W1, b1, W2, b2 = unpack(params, dimensions)
    ones = np.ones((1, len(data)))
    h = sigmoid(np.dot(data, W1) + b1)
    scores = np.dot(h, W2) + b2
    cost = sum(np.logaddexp.reduce(row) - row @ label for row, label in zip(scores, labels))
    d2 = softmax(scores) - labels
    d1 = np.einsum("ny,hy->nh", d2, W2) * sigmoid_grad(h)
    return cost, np.hstack([part.ravel() for part in (data.T @ d1, ones @ d1, h.T @ d2, ones @ d2)])


@accepted("w2v-10")
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
    counts = np.zeros(len(inputVectors))
    for word in contextWords:
        counts[tokens[word]] += 1
    cost, back, gradOut = word2vecCostAndGradient(
        counts @ inputVectors, tokens[currentWord], outputVectors, dataset
    )
    return cost, np.outer(counts, back), gradOut


@accepted("w2v-11")
def sgd(f, x0, step, iterations, postprocessing=None, useSaved=False, PRINT_EVERY=10):
    done, x, step = start(x0, step, useSaved)
    post, smoothed = postprocessing or (lambda x: x), None
    while done < iterations:
        done += 1
        cost, gradient = f(x)
        x = post(x + -step * gradient)
        smoothed = report(done, cost, smoothed, PRINT_EVERY)
        if useSaved and not done % SAVE_PARAMS_EVERY:
            save_params(done, x)
        if not done % ANNEAL_EVERY:
            step = step / 2
    return x


@accepted("w2v-13")
def softmaxRegression(features, labels, weights, regularization=0.0, nopredictions=False):
    labels = np.asarray(labels, dtype=int)
    cost = regularization / 2 * np.vdot(weights, weights)
    grad, predictions = regularization * weights, []
    for x, label in zip(features, labels):
        scores = x @ weights
        p = softmax(scores)
        cost += (np.logaddexp.reduce(scores) - scores[label]) / len(features)
        p[label] -= 1
        grad = grad + np.outer(x, p) / len(features)
        predictions.append(np.argmax(scores))
    return (cost, grad) if nopredictions else (cost, grad, np.array(predictions))


@accepted("w2v-14")
def getRegularizationValues():
    return [10.0**power for power in range(-6, 2)]


@accepted("w2v-15")
def chooseBestModel(results):
    return results[int(np.argmax([result["dev"] for result in results]))]


@accepted("w2v-16")
def number_of_parameters(D_x, H, D_y):
    return (D_x + 1) * H + (H + 1) * D_y


@accepted("w2v-16")
def number_of_parameters(D_x, H, D_y):
    return sum(rows * columns for rows, columns in ((D_x, H), (1, H), (H, D_y), (1, D_y)))


@accepted("w2v-17")
def perceptron(x, w, b):
    return np.where(np.dot(x, w) >= -b, 1, 0)


@accepted("w2v-18")
def logistic(z, L=1.0, k=1.0, z0=0.0):
    return L / 2 * (1 + np.tanh(k * (np.asarray(z, dtype=float) - z0) / 2))


@accepted("w2v-18")
def logistic(z, L=1.0, k=1.0, z0=0.0):
    return L / (1 + np.exp(-k * (z - z0)))


@accepted("w2v-19")
def cross_entropy(p, labels):
    return -sum(np.log(row[label]) for row, label in zip(p, labels)) / len(labels)


@accepted("w2v-19")
def cross_entropy(p, labels):
    one_hot = np.eye(p.shape[1])[labels]
    return np.mean(-np.log((p * one_hot).sum(axis=1)))


@accepted("w2v-20")
def network_gradients(X, labels, W1, b1, W2, b2):
    hidden = X @ W1 + b1
    h = np.maximum(hidden, 0)
    d = (softmax(h @ W2 + b2) - np.eye(len(b2))[labels]) / len(labels)
    back = np.where(hidden > 0, d @ W2.T, 0)
    return (
        np.einsum("ni,nh->ih", X, back),
        np.add.reduce(back),
        np.einsum("nh,nk->hk", h, d),
        np.add.reduce(d),
    )


@accepted("w2v-21")
def add_rows(table, rows, values):
    one_hot = np.zeros((len(rows), len(table)))
    one_hot[np.arange(len(rows)), rows] = 1
    table += one_hot.T @ values


@accepted("w2v-22")
def negative_sampling(predicted, targets, negatives, U):
    (B, K), n = negatives.shape, U.shape[1]
    costs, d_predicted, d_rows = np.zeros(B), np.zeros((B, n)), np.zeros((B, K + 1, n))
    rows = np.array([[target, *row] for target, row in zip(targets, negatives)])
    for b in range(B):
        for k, row in enumerate(rows[b]):
            sign = 1 if k else -1
            z = sign * (U[row] @ predicted[b])
            costs[b] += np.logaddexp(0, z)
            d = sign * sigmoid(z)
            d_predicted[b] += d * U[row]
            d_rows[b, k] = d * predicted[b]
    return costs, d_predicted, rows, d_rows


@accepted("w2v-23")
def skipgram_batch(centers, contexts, negatives, input_vectors, output_vectors):
    cost, count = 0.0, 0
    by_input, by_output = np.zeros(input_vectors.shape), np.zeros(output_vectors.shape)
    for center, window, drawn in zip(centers, contexts, negatives):  # pair by pair
        v = input_vectors[center]
        for outside, words in zip(window, drawn):
            if outside < 0:
                continue
            count += 1
            for word, sign in [(outside, 1.0)] + [(word, -1.0) for word in words]:
                score = sign * float(output_vectors[word] @ v)
                cost += max(-score, 0.0) + np.log1p(np.exp(-abs(score)))
                slope = -sign * (
                    np.exp(-score) / (1 + np.exp(-score)) if score > 0 else 1 / (1 + np.exp(score))
                )
                by_input[center] += slope * output_vectors[word]
                by_output[word] += slope * v
    return cost / count, by_input / count, by_output / count


@accepted("w2v-23")
def skipgram_batch(centers, contexts, negatives, input_vectors, output_vectors):
    b, c = np.nonzero(contexts >= 0)  # the pairs that exist, P of them
    pairs, V = len(b), len(input_vectors)
    words = np.hstack([contexts[b, c][:, None], negatives[b, c]])  # (P, 1 + K)
    v, u = input_vectors[centers[b]], output_vectors[words]
    scores = (u @ v[:, :, None])[:, :, 0]
    scores[:, 1:] *= -1
    cost = np.logaddexp(0, -scores).sum() / pairs
    slopes = -np.exp(-np.logaddexp(0, scores)) / pairs
    slopes[:, 1:] *= -1
    one_hot = np.eye(V)
    by_input = one_hot[:, centers[b]] @ (slopes[:, None] @ u)[:, 0]
    by_output = np.einsum("pkv,pk,pn->vn", one_hot[words], slopes, v)
    return cost, by_input, by_output


@accepted("w2v-93")
def counterexample():
    return "20260001", [[[0.0], [-2000.0]]]


@accepted("w2v-93")
def counterexample():
    column = np.zeros((2, 1))
    column[0] += 5000
    return "20260001", [column]
