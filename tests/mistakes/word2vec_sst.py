"""Known mistakes of word2vec_sst. Ids V1-V20 are the catalogue's; a letter after an id marks a variation of it."""

import numpy as np

from course.mistakes import edit, mistake

# ---------------------------------------------------------------- question 1

edit(
    "w2v-01",
    "V1",
    ("e = np.exp(x - np.max(x, axis=-1, keepdims=True))", "e = np.exp(x)"),
    en="Try the scores [1001, 1002]; which constant may you subtract without changing the result?",
    zh="试试得分 [1001, 1002]；减去哪个常数不会改变结果？",
)

edit(
    "w2v-01",
    "V1b",
    (
        "e = np.exp(x - np.max(x, axis=-1, keepdims=True))",
        "e = np.exp(x - np.argmax(x, axis=-1)[..., None])",
    ),
    en="argmax is the index of the largest score. Do you want to subtract an index?",
    zh="argmax 是最大得分的位置。你想减去的是位置吗？",
)

edit(
    "w2v-01",
    "V1c",
    ("keepdims=True))", "keepdims=True)) if x.ndim > 1 else np.exp(x)"),
    en="Matrices are safe in your softmax. Is a single row of scores, too?",
    zh="你的 softmax 对矩阵是安全的。对单独一行得分也安全吗？",
)

edit(
    "w2v-01",
    "V1d",
    ("e = np.exp(x - np.max(x, axis=-1, keepdims=True))", "e = np.exp(x - np.max(x))"),
    en="You subtract one maximum from all rows: what is left of a row that lies 1000 below it?",
    zh="你从所有行减去同一个最大值：比它低 1000 的那一行还剩下什么？",
)

edit(
    "w2v-01",
    "V2",
    ("return e / np.sum(e, axis=-1, keepdims=True)", "return e / np.sum(e, axis=-1)"),
    en="Test a matrix that is not square, and sum the rows of the result.",
    zh="用一个非方阵测试，再把结果的每一行加起来。",
)

edit(
    "w2v-01",
    "V2b",
    ("return e / np.sum(e, axis=-1, keepdims=True)", "return e / np.sum(e, axis=0)"),
    en="Sum the rows of your result, then its columns: which of them should give 1?",
    zh="把结果按行相加，再按列相加：哪一个应当等于 1？",
)

edit(
    "w2v-01",
    "V2c",
    ("return e / np.sum(e, axis=-1, keepdims=True)", "return e / np.sum(e)"),
    en="Every row is a distribution of its own: what is the sum of your second row?",
    zh="每一行各自是一个概率分布：你的第二行之和是多少？",
)

edit(
    "w2v-01",
    "V2i",
    ("e = np.exp(x - np.max(x, axis=-1, keepdims=True))", "e = np.exp(x - np.max(x))"),
    ("return e / np.sum(e, axis=-1, keepdims=True)", "return e / np.sum(e)"),
    en="Sum each row of your result, then the whole of it: which of the two gives 1?",
    zh="把结果的每一行加起来，再把全部加起来：哪一个等于 1？",
)

edit(
    "w2v-01",
    "V2j",
    ("e = np.exp(x - np.max(x, axis=-1, keepdims=True))", "e = np.exp(x - np.max(x, axis=0))"),
    ("return e / np.sum(e, axis=-1, keepdims=True)", "return e / np.sum(e, axis=0)"),
    en="Sum the rows of your result, then its columns: which of them give 1?",
    zh="先对结果的每行求和，再对每列求和：哪一种得到 1？",
)

edit(
    "w2v-01",
    "V2k",
    (
        "e = np.exp(x - np.max(x, axis=-1, keepdims=True))",
        "e = np.exp(x - np.max(x, axis=1, keepdims=True))",
    ),
    ("return e / np.sum(e, axis=-1, keepdims=True)", "return e / np.sum(e, axis=1, keepdims=True)"),
    en="x may also be a single row of scores, (D,): which axes does it have?",
    zh="x 也可以只是一行得分 (D,)：它有哪些轴？",
)


# ---------------------------------------------------------------- question 2


@mistake(
    "w2v-02",
    "V3",
    en="Which of the two exponentials overflows for large positive x?",
    zh="x 是很大的正数时，哪一个指数会溢出？",
)
def sigmoid(x):
    return np.exp(x) / (1 + np.exp(x))


@mistake(
    "w2v-02",
    "V3b",
    en="What should come out for a large positive x: nearly 0 or nearly 1?",
    zh="x 是很大的正数时，结果应接近 0 还是接近 1？",
)
def sigmoid(x):
    return np.exp(-np.logaddexp(0.0, x))


@mistake(
    "w2v-02",
    "V3c",
    en="Your function runs from -1 to 1. What is sigmoid(0)?",
    zh="你的函数取值从 -1 到 1。sigmoid(0) 是多少？",
)
def sigmoid(x):
    return np.tanh(x)


@mistake(
    "w2v-02",
    "V3d",
    en="What is sigmoid(0) in your function? Which comes first, the division or the sum?",
    zh="你的函数里 sigmoid(0) 是多少？先算除法还是先算加法？",
)
def sigmoid(x):
    return 1 / 1 + np.exp(-x)


@mistake(
    "w2v-02",
    "V3e",
    en="One `if` decides once for the whole array; can its entries need different branches?",
    zh="一个 if 对整个数组只问一次；各个分量的答案会不会不同？",
)
def sigmoid(x):
    if x >= 0:
        return 1 / (1 + np.exp(-x))
    return np.exp(x) / (1 + np.exp(x))


@mistake(
    "w2v-02",
    "V3f",
    en="The functions of `math` take one number. What may x be here?",
    zh="math 里的函数只接受一个数。这里的 x 可以是什么？",
)
def sigmoid(x):
    import math

    return 1 / (1 + math.exp(-x))


@mistake(
    "w2v-03",
    "V4",
    en="The argument is already sigmoid(x): how often do you apply the sigmoid?",
    zh="参数已经是 sigmoid(x)：你总共用了几次 sigmoid？",
)
def sigmoid_grad(s):
    s = sigmoid(s)
    return s * (1 - s)


edit(
    "w2v-03",
    "V4b",
    ("return s * (1 - s)", "return 1 - s**2"),
    en="Look at s = 1: the curve is flat there. Is your derivative 0?",
    zh="看 s = 1 处：曲线在那里是平的。你的导数是 0 吗？",
)

edit(
    "w2v-03",
    "V4c",
    ("return s * (1 - s)", "return s * (s - 1)"),
    en="The sigmoid rises everywhere: can its derivative be negative?",
    zh="sigmoid 处处递增：导数会是负的吗？",
)


@mistake(
    "w2v-04",
    "V5",
    en="Check x before and after; then try f(x) = x1 x2.",
    zh="比较检查前后的 x；再试 f(x) = x1 x2。",
)
def gradcheck_naive(f, x):
    state = random.getstate()
    _, analytic = f(x)
    numeric = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        old, costs = x[index], []
        for moved in (old + STEP, old - STEP):
            x[index] = moved
            random.setstate(state)
            costs.append(f(x)[0])
        numeric[index] = (costs[0] - costs[1]) / (2 * STEP)
    return agree(numeric, analytic)


@mistake(
    "w2v-04",
    "V6",
    en="Give your checker a gradient that is wrong in its second entry only: does it complain?",
    zh="给检查器一个只有第二个分量错误的梯度：它会报错吗？",
)
def gradcheck_naive(f, x):
    state = random.getstate()
    _, analytic = f(x)
    numeric = np.array(analytic, dtype=float)
    entries = iter(list(np.ndindex(x.shape)))
    for index in entries:
        old, costs = x[index], []
        for moved in (old + STEP, old - STEP):
            x[index] = moved
            random.setstate(state)
            costs.append(f(x)[0])
        x[index] = old
        numeric[index] = (costs[0] - costs[1]) / (2 * STEP)
        next(entries, None)
    return agree(numeric, analytic)


@mistake(
    "w2v-04",
    "V6b",
    en="Give your checker a wrong gradient: does it complain? Which function and which x does it check?",
    zh="给检查器一个错误的梯度：它会报错吗？它检查的是哪个函数、哪个 x？",
)
def gradcheck_naive(f, x):
    x = np.array(3.0)
    f = lambda x: (np.sum(x**2), 2 * x)  # noqa: E731
    _, analytic = f(x)
    numeric = (f(x + STEP)[0] - f(x - STEP)[0]) / (2 * STEP)
    return agree(numeric, analytic)


@mistake(
    "w2v-04",
    "V6c",
    en="f may draw random numbers: does each call of f start from the same random state?",
    zh="f 可能会用到随机数：每次调用 f 之前的随机状态相同吗？",
)
def gradcheck_naive(f, x):
    _, analytic = f(x)
    numeric = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        old, costs = x[index], []
        for moved in (old + STEP, old - STEP):
            x[index] = moved
            costs.append(f(x)[0])
        x[index] = old
        numeric[index] = (costs[0] - costs[1]) / (2 * STEP)
    return agree(numeric, analytic)


@mistake(
    "w2v-04",
    "V6d",
    en="Your loop stops after the first entry, whatever it finds there: where is the return?",
    zh="循环在第一个分量之后就结束了：return 写在哪一层？",
)
def gradcheck_naive(f, x):
    state = random.getstate()
    _, analytic = f(x)
    for index in np.ndindex(x.shape):
        old, costs = x[index], []
        for moved in (old + STEP, old - STEP):
            x[index] = moved
            random.setstate(state)
            costs.append(f(x)[0])
        x[index] = old
        return agree(np.array((costs[0] - costs[1]) / (2 * STEP)), analytic[index])


@mistake(
    "w2v-04",
    "V7",
    en="Halve h: does the error of your numerical gradient fall by 2, or by 4?",
    zh="把 h 减半：数值梯度的误差变成一半，还是四分之一？",
)
def gradcheck_naive(f, x):
    state = random.getstate()
    cost, analytic = f(x)
    numeric = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        old = x[index]
        x[index] = old + STEP
        random.setstate(state)
        numeric[index] = (f(x)[0] - cost) / STEP
        x[index] = old
    return agree(numeric, analytic)


@mistake(
    "w2v-04",
    "V7b",
    en="Compare your numerical gradient of exp(3 x) with the exact one: what if h is smaller?",
    zh="把 exp(3 x) 的数值梯度与精确值比较：h 再小一些会怎样？",
)
def gradcheck_naive(f, x):
    state, h = random.getstate(), 0.1
    _, analytic = f(x)
    numeric = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        old, costs = x[index], []
        for moved in (old + h, old - h):
            x[index] = moved
            random.setstate(state)
            costs.append(f(x)[0])
        x[index] = old
        numeric[index] = (costs[0] - costs[1]) / (2 * h)
    return agree(numeric, analytic)


@mistake(
    "w2v-04",
    "V7c",
    en="A float has 16 digits: how many of them are left in f(x + h) - f(x - h) if h is tiny?",
    zh="浮点数有 16 位有效数字：h 极小时，f(x + h) - f(x - h) 还剩几位？",
)
def gradcheck_naive(f, x):
    state, h = random.getstate(), 1e-12
    _, analytic = f(x)
    numeric = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        old, costs = x[index], []
        for moved in (old + h, old - h):
            x[index] = moved
            random.setstate(state)
            costs.append(f(x)[0])
        x[index] = old
        numeric[index] = (costs[0] - costs[1]) / (2 * h)
    return agree(numeric, analytic)


@mistake(
    "w2v-04",
    "V7e",
    en="Halve h: by how much does the error of your difference fall? And how far off may a gradient be and still pass?",
    zh="把 h 减半：差商的误差减小多少？梯度差多少仍会通过？",
)
def gradcheck_naive(f, x):
    state = random.getstate()
    cost, analytic = f(x)
    for index in np.ndindex(x.shape):
        old = x[index]
        x[index] = old + STEP
        random.setstate(state)
        a, b = (f(x)[0] - cost) / STEP, analytic[index]
        x[index] = old
        if abs(a - b) > 1e-3 * max(1, abs(a), abs(b)):
            return False
    return True


edit(
    "w2v-04",
    "V7f",
    (
        "return agree(numeric, analytic)",
        "return bool((abs(numeric - analytic) <= 1e-3 * np.maximum(1, np.maximum(abs(numeric), abs(analytic)))).all())",
    ),
    en="Give your checker a gradient that is 0.01 % too large: which limit decides whether it complains?",
    zh="给检查器一个大了 0.01 % 的梯度：由哪个界限决定它报不报错？",
)


edit(
    "w2v-04",
    "V7d",
    (
        "(float(np.squeeze(costs[0])) - float(np.squeeze(costs[1]))) / (2 * STEP)",
        "(costs[0] - costs[1]) / STEP",
    ),
    en="How far apart are the two points whose costs you subtract?",
    zh="相减的两个代价，对应的两个点相距多远？",
)


@mistake(
    "w2v-04",
    "V6e",
    en="In one call of f, how many entries of x have moved?",
    zh="在一次对 f 的调用里，移动了 x 的几个分量？",
)
def gradcheck_naive(f, x):
    state = random.getstate()
    _, analytic = f(x)
    random.setstate(state)
    above = f(x + STEP)[0]
    random.setstate(state)
    below = f(x - STEP)[0]
    return agree(np.full(x.shape, (above - below) / (2 * STEP)), analytic)


@mistake(
    "w2v-05",
    "V8",
    en="Divide your gradient by the numerical one: is the ratio the number of rows?",
    zh="用你的梯度除以数值梯度：比值是不是行数？",
)
def forward_backward_prop(data, labels, params, dimensions):
    W1, b1, W2, b2 = unpack(params, dimensions)
    h = sigmoid(data @ W1 + b1)
    p = softmax(h @ W2 + b2)
    cost = -np.mean(np.log(p[labels > 0]))
    d = p - labels
    dh = d @ W2.T * sigmoid_grad(h)
    return cost, pack(data.T @ dh, dh.sum(axis=0), h.T @ d, d.sum(axis=0))


@mistake(
    "w2v-05",
    "V8b",
    en="Check the gradient block by block, and its length: which block is in the place of b2's?",
    zh="逐块检查梯度及其长度：b2 的位置上放的是哪一块？",
)
def forward_backward_prop(data, labels, params, dimensions):
    W1, b1, W2, b2 = unpack(params, dimensions)
    h = sigmoid(data @ W1 + b1)
    p = softmax(h @ W2 + b2)
    cost = -np.sum(np.log(p[labels > 0]))
    d = p - labels
    dh = d @ W2.T * sigmoid_grad(h)
    return cost, pack(dh.sum(axis=0), dh.sum(axis=0), h.T @ d, h.T @ d)


@mistake(
    "w2v-05",
    "V8c",
    en="Cost and gradient agree with each other. Does the docstring say mean or sum?",
    zh="代价与梯度彼此一致。文档字符串要求的是平均还是总和？",
)
def forward_backward_prop(data, labels, params, dimensions):
    W1, b1, W2, b2 = unpack(params, dimensions)
    h = sigmoid(data @ W1 + b1)
    p = softmax(h @ W2 + b2)
    cost = -np.mean(np.log(p[labels > 0]))
    d = (p - labels) / len(data)
    dh = d @ W2.T * sigmoid_grad(h)
    return cost, pack(data.T @ dh, dh.sum(axis=0), h.T @ d, d.sum(axis=0))


@mistake(
    "w2v-05",
    "V8d",
    en="The order of the flat array is W1, b1, W2, b2: is it yours?",
    zh="一维数组的顺序是 W1、b1、W2、b2：你的也是吗？",
)
def forward_backward_prop(data, labels, params, dimensions):
    W1, b1, W2, b2 = unpack(params, dimensions)
    h = sigmoid(data @ W1 + b1)
    p = softmax(h @ W2 + b2)
    d = p - labels
    dh = d @ W2.T * sigmoid_grad(h)
    return -np.sum(np.log(p[labels > 0])), pack(data.T @ dh, h.T @ d, dh.sum(axis=0), d.sum(axis=0))


@mistake(
    "w2v-05",
    "V4d",
    en="What does the hidden layer's nonlinearity do to the gradient on its way back?",
    zh="梯度往回传时，隐藏层的非线性对它做了什么？",
)
def forward_backward_prop(data, labels, params, dimensions):
    W1, b1, W2, b2 = unpack(params, dimensions)
    h = sigmoid(data @ W1 + b1)
    p = softmax(h @ W2 + b2)
    d = p - labels
    dh = d @ W2.T
    return -np.sum(np.log(p[labels > 0])), pack(data.T @ dh, dh.sum(axis=0), h.T @ d, d.sum(axis=0))


@mistake(
    "w2v-05",
    "V13c",
    en="Is the ratio of your gradient to the numerical one -1?",
    zh="你的梯度与数值梯度之比是不是 -1？",
)
def forward_backward_prop(data, labels, params, dimensions):
    W1, b1, W2, b2 = unpack(params, dimensions)
    h = sigmoid(data @ W1 + b1)
    p = softmax(h @ W2 + b2)
    d = labels - p
    dh = d @ W2.T * sigmoid_grad(h)
    return -np.sum(np.log(p[labels > 0])), pack(data.T @ dh, dh.sum(axis=0), h.T @ d, d.sum(axis=0))


@mistake(
    "w2v-05",
    "V9",
    en="An impossible class has probability 0: what is 0 * log 0? Take the log of the right class only.",
    zh="不可能的类别概率为 0：0 * log 0 是多少？只对正确类别取对数。",
)
def forward_backward_prop(data, labels, params, dimensions):
    W1, b1, W2, b2 = unpack(params, dimensions)
    h = sigmoid(data @ W1 + b1)
    p = softmax(h @ W2 + b2)
    d = p - labels
    dh = d @ W2.T * sigmoid_grad(h)
    return -np.sum(labels * np.log(p)), pack(data.T @ dh, dh.sum(axis=0), h.T @ d, d.sum(axis=0))


@mistake(
    "w2v-05",
    "V4e",
    en="What does sigmoid_grad expect: the input of the sigmoid or its value?",
    zh="sigmoid_grad 的参数应当是什么：sigmoid 的输入，还是它的值？",
)
def forward_backward_prop(data, labels, params, dimensions):
    W1, b1, W2, b2 = unpack(params, dimensions)
    z = data @ W1 + b1
    h = sigmoid(z)
    p = softmax(h @ W2 + b2)
    cost = -np.sum(np.log(p[labels.astype(bool)]))
    d2 = p - labels
    d1 = d2 @ W2.T * sigmoid_grad(z)
    return cost, pack(data.T @ d1, d1.sum(axis=0), h.T @ d2, d2.sum(axis=0))


@mistake(
    "w2v-05",
    "V4f",
    en="Exercise 2b: how many factors does the derivative of cross entropy and softmax together have?",
    zh="题目 2b：交叉熵与 softmax 合在一起，导数里有几个因子？",
)
def forward_backward_prop(data, labels, params, dimensions):
    W1, b1, W2, b2 = unpack(params, dimensions)
    h = sigmoid(data @ W1 + b1)
    p = softmax(h @ W2 + b2)
    cost = -np.sum(np.log(p[labels.astype(bool)]))
    d2 = (p - labels) * p * (1 - p)
    d1 = d2 @ W2.T * sigmoid_grad(h)
    return cost, pack(data.T @ d1, d1.sum(axis=0), h.T @ d2, d2.sum(axis=0))


@mistake(
    "w2v-05",
    "V8i",
    en="The weights' gradients add up over the rows. Do those of the biases, too?",
    zh="权重的梯度对各行求和。偏置的梯度也是吗？",
)
def forward_backward_prop(data, labels, params, dimensions):
    W1, b1, W2, b2 = unpack(params, dimensions)
    h = sigmoid(data @ W1 + b1)
    p = softmax(h @ W2 + b2)
    cost = -np.sum(np.log(p[labels.astype(bool)]))
    d2 = p - labels
    d1 = d2 @ W2.T * sigmoid_grad(h)
    return cost, pack(data.T @ d1, d1.mean(axis=0), h.T @ d2, d2.mean(axis=0))


# ---------------------------------------------------------------- question 3


@mistake(
    "w2v-06",
    "V2d",
    en="Test a matrix that is not square, and take the length of each row of the result.",
    zh="用一个非方阵测试，再求结果每一行的长度。",
)
def normalizeRows(x):
    return x / np.sqrt(np.sum(x * x, axis=1))


@mistake(
    "w2v-06",
    "V2e",
    en="Did you divide rows or columns by their length?",
    zh="你除以的是行的长度还是列的长度？",
)
def normalizeRows(x):
    return x / np.sqrt(np.sum(x * x, axis=0))


@mistake(
    "w2v-06",
    "V2f",
    en="Length is a square root: what does [3, 4] become?",
    zh="长度是平方根：[3, 4] 变成了什么？",
)
def normalizeRows(x):
    return x / np.sum(x * x, axis=1, keepdims=True)


@mistake(
    "w2v-06",
    "V2g",
    en="All rows were divided by one number. Which lengths do they have now?",
    zh="所有行都除以了同一个数。它们现在的长度各是多少？",
)
def normalizeRows(x):
    return x / np.linalg.norm(x)


@mistake(
    "w2v-06",
    "V2h",
    en="Your rows sum to 1, but the docstring asks for Euclidean length 1.",
    zh="你的每一行之和为 1。这里要的是欧几里得长度。",
)
def normalizeRows(x):
    return x / np.sum(x, axis=1, keepdims=True)


@mistake(
    "w2v-07",
    "V10",
    en="Your loss is exactly 0 before training: what are the probabilities?",
    zh="训练之前损失恰好是 0：概率是多少？",
)
def softmaxCostAndGradient(predicted, target, outputVectors, dataset):
    p = softmax(outputVectors @ predicted[:, None])
    cost = float(-np.log(p[target, 0]))
    d = p.copy()
    d[target] -= 1
    return cost, (d.T @ outputVectors).ravel(), d @ predicted[None]


@mistake(
    "w2v-07",
    "V13",
    en="Is the ratio of your gradients to the numerical ones -1?",
    zh="你的梯度与数值梯度之比是不是 -1？",
)
def softmaxCostAndGradient(predicted, target, outputVectors, dataset):
    p = softmax(outputVectors @ predicted)
    d = -p
    d[target] += 1
    return -np.log(p[target]), outputVectors.T @ d, np.outer(d, predicted)


@mistake(
    "w2v-07",
    "V13b",
    en="y_hat - y: where is the y of the target in your gradients?",
    zh="y_hat - y：梯度里目标词的 y 在哪里？",
)
def softmaxCostAndGradient(predicted, target, outputVectors, dataset):
    p = softmax(outputVectors @ predicted)
    return -np.log(p[target]), outputVectors.T @ p, np.outer(p, predicted)


@mistake(
    "w2v-07",
    "V13d",
    en="v is pulled towards the target's vector. And which vectors is it pushed away from?",
    zh="v 要靠近目标词的向量。它又要远离什么？",
)
def softmaxCostAndGradient(predicted, target, outputVectors, dataset):
    p = softmax(outputVectors @ predicted)
    d = p.copy()
    d[target] -= 1
    return -np.log(p[target]), -outputVectors[target], np.outer(d, predicted)


@mistake(
    "w2v-07",
    "V1e",
    en="You wrote the exponentials by hand: what happens to them at a score of 1000?",
    zh="你自己写了指数：得分为 1000 时会怎样？",
)
def softmaxCostAndGradient(predicted, target, outputVectors, dataset):
    e = np.exp(outputVectors @ predicted)
    d = e / e.sum()
    cost = -np.log(d[target])
    d[target] -= 1
    return cost, outputVectors.T @ d, np.outer(d, predicted)


@mistake(
    "w2v-07",
    "V8e",
    en="The cost is the target's alone: do you sum or average over the vocabulary?",
    zh="代价只取目标词那一项：你是不是对整个词表求和或平均了？",
)
def softmaxCostAndGradient(predicted, target, outputVectors, dataset):
    p = softmax(outputVectors @ predicted)
    d = p.copy()
    d[target] -= 1
    return -np.log(p[target]) / len(p), outputVectors.T @ d, np.outer(d, predicted)


@mistake(
    "w2v-07",
    "V8j",
    en="One word is the right one: how many logs are in your cost?",
    zh="正确的词只有一个：你的代价里有几个对数？",
)
def softmaxCostAndGradient(predicted, target, outputVectors, dataset):
    p = softmax(outputVectors @ predicted)
    cost = -np.sum(np.log(p))
    p[target] -= 1
    return cost, outputVectors.T @ p, np.outer(p, predicted)


@mistake(
    "w2v-07",
    "V9b",
    en="The log of what? Look at p[target] at the line where you take it.",
    zh="对什么取对数？看看取对数那一行的 p[target] 是多少。",
)
def softmaxCostAndGradient(predicted, target, outputVectors, dataset):
    p = softmax(outputVectors @ predicted)
    p[target] -= 1
    return -np.log(p[target]), outputVectors.T @ p, np.outer(p, predicted)


@mistake(
    "w2v-07",
    "V13j",
    en="Can a cost of this kind be negative? Which sign does the log of a probability have?",
    zh="这种代价会是负的吗？概率的对数是什么符号？",
)
def softmaxCostAndGradient(predicted, target, outputVectors, dataset):
    p = softmax(outputVectors @ predicted)
    cost = np.log(p[target])
    p[target] -= 1
    return cost, outputVectors.T @ p, np.outer(p, predicted)


@mistake(
    "w2v-07",
    "V13k",
    en="y is one-hot: what did you subtract at the other words?",
    zh="y 是独热向量：你在其他词那里减去了什么？",
)
def softmaxCostAndGradient(predicted, target, outputVectors, dataset):
    p = softmax(outputVectors @ predicted)
    d = p - 1
    return -np.log(p[target]), outputVectors.T @ d, np.outer(d, predicted)


@mistake(
    "w2v-07",
    "V15g",
    en="Every word's vector is in the softmax's denominator: can most rows of grad be zero?",
    zh="softmax 的分母里有每个词的向量：grad 的大多数行会是零吗？",
)
def softmaxCostAndGradient(predicted, target, outputVectors, dataset):
    p = softmax(outputVectors @ predicted)
    cost = -np.log(p[target])
    p[target] -= 1
    grad = np.zeros(outputVectors.shape)
    grad[target] = p[target] * predicted
    return cost, outputVectors.T @ p, grad


@mistake(
    "w2v-07",
    "V2l",
    en="grad has a row for each word: which of the two vectors is indexed by the words?",
    zh="grad 每个词一行：两个向量中哪一个是按词排列的？",
)
def softmaxCostAndGradient(predicted, target, outputVectors, dataset):
    p = softmax(outputVectors @ predicted)
    cost = -np.log(p[target])
    p[target] -= 1
    return cost, outputVectors.T @ p, np.outer(predicted, p)


@mistake(
    "w2v-08",
    "V11",
    en="Draw the same negative twice: numpy's fancy index adds once.",
    zh="让同一个负样本抽到两次：numpy 的花式索引只加一次。",
)
def negSamplingCostAndGradient(predicted, target, outputVectors, dataset, K=10):
    rows = [target]
    while len(rows) < K + 1:
        draw = dataset.sampleTokenIdx()
        if draw != target:
            rows.append(draw)
    U = outputVectors[rows]
    z = U @ predicted
    z[0] = -z[0]
    d = sigmoid(z)
    d[0] = -d[0]
    grad = np.zeros(outputVectors.shape)
    grad[rows] += d[:, None] * predicted
    return np.logaddexp(0, z).sum(), d @ U, grad


@mistake(
    "w2v-08",
    "V12",
    en="Count the terms of your cost: is it 1 + K? Which word do you push away that should be pulled?",
    zh="数一数代价里的项数：是 1 + K 吗？哪个词本该拉近却推开了？",
)
def negSamplingCostAndGradient(predicted, target, outputVectors, dataset, K=10):
    rows = [target, target]
    while len(rows) < K + 2:
        draw = dataset.sampleTokenIdx()
        if draw != target:
            rows.append(draw)
    U = outputVectors[rows]
    z = U @ predicted
    z[0] = -z[0]
    d = sigmoid(z)
    d[0] = -d[0]
    grad = np.zeros(outputVectors.shape)
    np.add.at(grad, rows, d[:, None] * predicted)
    return np.logaddexp(0, z).sum(), d @ U, grad


@mistake(
    "w2v-08",
    "V12b",
    en="What does your code do when the data set draws the target itself?",
    zh="数据集抽到目标词本身时，你的代码怎么办？",
)
def negSamplingCostAndGradient(predicted, target, outputVectors, dataset, K=10):
    rows = [target] + [dataset.sampleTokenIdx() for _ in range(K)]
    U = outputVectors[rows]
    z = U @ predicted
    z[0] = -z[0]
    d = sigmoid(z)
    d[0] = -d[0]
    grad = np.zeros(outputVectors.shape)
    np.add.at(grad, rows, d[:, None] * predicted)
    return np.logaddexp(0, z).sum(), d @ U, grad


@mistake(
    "w2v-08",
    "V12c",
    en="A draw that equals the target is skipped. How many negatives are left then?",
    zh="抽到目标词时你跳过了它。这时还剩几个负样本？",
)
def negSamplingCostAndGradient(predicted, target, outputVectors, dataset, K=10):
    rows = [target] + [
        draw for draw in (dataset.sampleTokenIdx() for _ in range(K)) if draw != target
    ]
    U = outputVectors[rows]
    z = U @ predicted
    z[0] = -z[0]
    d = sigmoid(z)
    d[0] = -d[0]
    grad = np.zeros(outputVectors.shape)
    np.add.at(grad, rows, d[:, None] * predicted)
    return np.logaddexp(0, z).sum(), d @ U, grad


@mistake(
    "w2v-08",
    "V12d",
    en="A word may be drawn twice as a negative: should it then count once or twice?",
    zh="同一个词可能抽到两次：那它应该算一次还是两次？",
)
def negSamplingCostAndGradient(predicted, target, outputVectors, dataset, K=10):
    rows = [target]
    for _ in range(100 * K):
        draw = dataset.sampleTokenIdx()
        if draw not in rows and len(rows) < K + 1:
            rows.append(draw)
    U = outputVectors[rows]
    z = U @ predicted
    z[0] = -z[0]
    d = sigmoid(z)
    d[0] = -d[0]
    grad = np.zeros(outputVectors.shape)
    np.add.at(grad, rows, d[:, None] * predicted)
    return np.logaddexp(0, z).sum(), d @ U, grad


@mistake(
    "w2v-08",
    "V13e",
    en="The target is pulled, the negatives are pushed: do they have the same sign in your gradients?",
    zh="目标词要拉近，负样本要推远：在你的梯度里它们的符号一样吗？",
)
def negSamplingCostAndGradient(predicted, target, outputVectors, dataset, K=10):
    rows = [target]
    while len(rows) < K + 1:
        draw = dataset.sampleTokenIdx()
        if draw != target:
            rows.append(draw)
    U = outputVectors[rows]
    z = U @ predicted
    z[0] = -z[0]
    d = -sigmoid(z)
    grad = np.zeros(outputVectors.shape)
    np.add.at(grad, rows, d[:, None] * predicted)
    return np.logaddexp(0, z).sum(), d @ U, grad


@mistake(
    "w2v-08",
    "V8f",
    en="The negatives' terms are summed: did you divide by K?",
    zh="负样本的各项应相加：你是不是除以了 K？",
)
def negSamplingCostAndGradient(predicted, target, outputVectors, dataset, K=10):
    rows = [target]
    while len(rows) < K + 1:
        draw = dataset.sampleTokenIdx()
        if draw != target:
            rows.append(draw)
    U = outputVectors[rows]
    z = U @ predicted
    z[0] = -z[0]
    d = sigmoid(z)
    d[0] = -d[0]
    d[1:] /= K
    grad = np.zeros(outputVectors.shape)
    np.add.at(grad, rows, d[:, None] * predicted)
    losses = np.logaddexp(0, z)
    return losses[0] + losses[1:].mean(), d @ U, grad


@mistake(
    "w2v-08",
    "V14",
    en="1 - sigmoid(z) = sigmoid(-z): which of the two keeps its digits when z is 40?",
    zh="1 - sigmoid(z) = sigmoid(-z)：z = 40 时哪一个保住有效数字？",
)
def negSamplingCostAndGradient(predicted, target, outputVectors, dataset, K=10):
    rows = [target]
    while len(rows) < K + 1:
        draw = dataset.sampleTokenIdx()
        if draw != target:
            rows.append(draw)
    U = outputVectors[rows]
    s = sigmoid(U @ predicted)
    cost = -np.log(s[0]) - np.sum(np.log(1 - s[1:]))
    s[0] -= 1
    grad = np.zeros(outputVectors.shape)
    np.add.at(grad, rows, s[:, None] * predicted)
    return cost, s @ U, grad


@mistake(
    "w2v-08",
    "V12e",
    en="K counts the negatives. Does your list begin with the target?",
    zh="K 是负样本的个数。你的列表是不是以目标词开头？",
)
def negSamplingCostAndGradient(predicted, target, outputVectors, dataset, K=10):
    rows = [target]
    while len(rows) < K:
        draw = dataset.sampleTokenIdx()
        if draw != target:
            rows.append(draw)
    U = outputVectors[rows]
    z = U @ predicted
    z[0] = -z[0]
    d = sigmoid(z)
    d[0] = -d[0]
    grad = np.zeros(outputVectors.shape)
    np.add.at(grad, rows, d[:, None] * predicted)
    return np.logaddexp(0, z).sum(), d @ U, grad


@mistake(
    "w2v-08",
    "V12f",
    en="Call it with another K: how many negatives are drawn?",
    zh="换一个 K 来调用：抽了几个负样本？",
)
def negSamplingCostAndGradient(predicted, target, outputVectors, dataset, K=10):
    rows = [target]
    while len(rows) < 11:
        draw = dataset.sampleTokenIdx()
        if draw != target:
            rows.append(draw)
    U = outputVectors[rows]
    z = U @ predicted
    z[0] = -z[0]
    d = sigmoid(z)
    d[0] = -d[0]
    grad = np.zeros(outputVectors.shape)
    np.add.at(grad, rows, d[:, None] * predicted)
    return np.logaddexp(0, z).sum(), d @ U, grad


@mistake(
    "w2v-08",
    "V12g",
    en="What does your loop do when the same word is drawn again? A word drawn twice counts twice.",
    zh="同一个词再次被抽到时，你的循环怎么办？抽到两次就算两次。",
)
def negSamplingCostAndGradient(predicted, target, outputVectors, dataset, K=10):
    rows = [target]
    while len(rows) < K + 1:
        draw = dataset.sampleTokenIdx()
        if draw not in rows:
            rows.append(draw)
    U = outputVectors[rows]
    z = U @ predicted
    z[0] = -z[0]
    d = sigmoid(z)
    d[0] = -d[0]
    grad = np.zeros(outputVectors.shape)
    np.add.at(grad, rows, d[:, None] * predicted)
    return np.logaddexp(0, z).sum(), d @ U, grad


@mistake(
    "w2v-08",
    "V13i",
    en="The score of a negative should become low: which sign does it have inside the sigmoid?",
    zh="负样本的得分应当变低：在 sigmoid 里它带什么符号？",
)
def negSamplingCostAndGradient(predicted, target, outputVectors, dataset, K=10):
    rows = [target]
    while len(rows) < K + 1:
        draw = dataset.sampleTokenIdx()
        if draw != target:
            rows.append(draw)
    U = outputVectors[rows]
    z = -(U @ predicted)
    d = -sigmoid(z)
    grad = np.zeros(outputVectors.shape)
    np.add.at(grad, rows, d[:, None] * predicted)
    return np.logaddexp(0, z).sum(), d @ U, grad


@mistake(
    "w2v-08",
    "V13l",
    en="With respect to its score, a term's gradient vanishes as the prediction becomes right: does yours?",
    zh="一项越正确，它对得分的梯度就越小：你的也是吗？",
)
def negSamplingCostAndGradient(predicted, target, outputVectors, dataset, K=10):
    rows = [target]
    while len(rows) < K + 1:
        draw = dataset.sampleTokenIdx()
        if draw != target:
            rows.append(draw)
    U = outputVectors[rows]
    sign = np.array([1] + [-1] * K)
    z = sign * (U @ predicted)
    d = sign * sigmoid(z)
    grad = np.zeros(outputVectors.shape)
    np.add.at(grad, rows, d[:, None] * predicted)
    return np.logaddexp(0, -z).sum(), d @ U, grad


@mistake(
    "w2v-08",
    "V15h",
    en="In which terms of the cost does v occur? Each contributes to its gradient.",
    zh="v 出现在代价的哪些项里？每一项都对它的梯度有贡献。",
)
def negSamplingCostAndGradient(predicted, target, outputVectors, dataset, K=10):
    rows = [target]
    while len(rows) < K + 1:
        draw = dataset.sampleTokenIdx()
        if draw != target:
            rows.append(draw)
    U = outputVectors[rows]
    z = U @ predicted
    z[0] = -z[0]
    d = sigmoid(z)
    d[0] = -d[0]
    grad = np.zeros(outputVectors.shape)
    np.add.at(grad, rows, d[:, None] * predicted)
    return np.logaddexp(0, z).sum(), d[0] * U[0], grad


@mistake(
    "w2v-09",
    "V15",
    en="Whose vector was `predicted` in skip-gram: the centre's or the context word's?",
    zh="skip-gram 里的 predicted 是谁的向量：中心词还是上下文词？",
)
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
    cost, gradIn, gradOut = 0.0, np.zeros(inputVectors.shape), np.zeros(outputVectors.shape)
    for word in contextWords:
        c, gradPred, grad = word2vecCostAndGradient(
            inputVectors[tokens[currentWord]], tokens[word], outputVectors, dataset
        )
        cost += c
        gradIn[tokens[word]] += gradPred
        gradOut += grad
    return cost, gradIn, gradOut


@mistake(
    "w2v-09",
    "V15b",
    en="How many rows of gradIn should differ from zero?",
    zh="gradIn 应该有几行不为零？",
)
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
    cost, gradIn, gradOut = 0.0, np.zeros(inputVectors.shape), np.zeros(outputVectors.shape)
    for word in contextWords:
        c, gradPred, grad = word2vecCostAndGradient(
            inputVectors[tokens[currentWord]], tokens[word], outputVectors, dataset
        )
        cost += c
        gradIn += gradPred
        gradOut += grad
    return cost, gradIn, gradOut


@mistake(
    "w2v-09",
    "V15c",
    en="Do costs and gradients of the context words add up, or did you average them?",
    zh="各上下文词的代价和梯度应当相加，你是不是取了平均？",
)
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
    cost, gradIn, gradOut = 0.0, np.zeros(inputVectors.shape), np.zeros(outputVectors.shape)
    for word in contextWords:
        c, gradPred, grad = word2vecCostAndGradient(
            inputVectors[tokens[currentWord]], tokens[word], outputVectors, dataset
        )
        cost += c / len(contextWords)
        gradIn[tokens[currentWord]] += gradPred / len(contextWords)
        gradOut += grad / len(contextWords)
    return cost, gradIn, gradOut


@mistake(
    "w2v-09",
    "V15d",
    en="What happens to the gradient of the context word before? Is it still there at the end?",
    zh="前一个上下文词的梯度去哪儿了？最后还在吗？",
)
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
    cost, gradIn, gradOut = 0.0, np.zeros(inputVectors.shape), np.zeros(outputVectors.shape)
    for word in contextWords:
        c, gradPred, gradOut = word2vecCostAndGradient(
            inputVectors[tokens[currentWord]], tokens[word], outputVectors, dataset
        )
        cost += c
        gradIn[tokens[currentWord]] = gradPred
    return cost, gradIn, gradOut


@mistake(
    "w2v-09",
    "V15e",
    en="Which word predicts which? In skip-gram the centre predicts the context.",
    zh="谁预测谁？skip-gram 中由中心词预测上下文。",
)
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
    cost, gradIn, gradOut = 0.0, np.zeros(inputVectors.shape), np.zeros(outputVectors.shape)
    for word in contextWords:
        c, gradPred, grad = word2vecCostAndGradient(
            inputVectors[tokens[word]], tokens[currentWord], outputVectors, dataset
        )
        cost += c
        gradIn[tokens[word]] += gradPred
        gradOut += grad
    return cost, gradIn, gradOut


@mistake(
    "w2v-09",
    "V17",
    en="Change the context words only: does the result change?",
    zh="只改变上下文词：结果会变吗？",
)
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
    center = tokens[currentWord]
    cost, gradIn, gradOut = 0.0, np.zeros(inputVectors.shape), np.zeros(outputVectors.shape)
    for row in range(max(0, center - C), min(len(tokens), center + C + 1)):
        if row != center:
            c, gradPred, grad = word2vecCostAndGradient(
                inputVectors[center], row, outputVectors, dataset
            )
            cost += c
            gradIn[center] += gradPred
            gradOut += grad
    return cost, gradIn, gradOut


@mistake(
    "w2v-09",
    "V17b",
    en="Change the cost function only: does the result change?",
    zh="只改变代价函数：结果会变吗？",
)
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
    cost, gradIn, gradOut = 0.0, np.zeros(inputVectors.shape), np.zeros(outputVectors.shape)
    for word in contextWords:
        if word2vecCostAndGradient == "negSamplingCostAndGradient":
            result = negSamplingCostAndGradient(
                inputVectors[tokens[currentWord]], tokens[word], outputVectors, dataset
            )
        else:
            result = softmaxCostAndGradient(
                inputVectors[tokens[currentWord]], tokens[word], outputVectors, dataset
            )
        cost += result[0]
        gradIn[tokens[currentWord]] += result[1]
        gradOut += result[2]
    return cost, gradIn, gradOut


@mistake(
    "w2v-09",
    "V17c",
    en="A name in this function is not one of its arguments: look at the spelling.",
    zh="函数里有一个名字不是它的参数：检查拼写。",
)
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
    cost, gradIn, gradOut = 0.0, np.zeros(inputVectors.shape), np.zeros(outputVectors.shape)
    for word in context_words:
        c, gradPred, grad = word2vecCostAndGradient(
            inputVectors[tokens[currentWord]], tokens[word], outputVectors, dataset
        )
        cost += c
        gradIn[tokens[currentWord]] += gradPred
        gradOut += grad
    return cost, gradIn, gradOut


@mistake(
    "w2v-09",
    "V15i",
    en="Costs and gradIn add up over the context. And gradOut?",
    zh="代价和 gradIn 对上下文相加。gradOut 呢？",
)
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
    cost, gradIn, gradOut = 0.0, np.zeros(inputVectors.shape), np.zeros(outputVectors.shape)
    for word in contextWords:
        c, gradPred, gradOut = word2vecCostAndGradient(
            inputVectors[tokens[currentWord]], tokens[word], outputVectors, dataset
        )
        cost += c
        gradIn[tokens[currentWord]] += gradPred
    return cost, gradIn, gradOut


@mistake(
    "w2v-09",
    "V15j",
    en="The gradients add up over the context. And the cost?",
    zh="梯度对上下文相加。代价呢？",
)
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
    cost, gradIn, gradOut = 0.0, np.zeros(inputVectors.shape), np.zeros(outputVectors.shape)
    for word in contextWords:
        cost, gradPred, grad = word2vecCostAndGradient(
            inputVectors[tokens[currentWord]], tokens[word], outputVectors, dataset
        )
        gradIn[tokens[currentWord]] += gradPred
        gradOut += grad
    return cost, gradIn, gradOut


@mistake(
    "w2v-09",
    "V15k",
    en="How many context words has your loop processed when the function returns?",
    zh="函数返回时，循环已经看过几个上下文词？",
)
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
    cost, gradIn, gradOut = 0.0, np.zeros(inputVectors.shape), np.zeros(outputVectors.shape)
    for word in contextWords:
        c, gradPred, grad = word2vecCostAndGradient(
            inputVectors[tokens[currentWord]], tokens[word], outputVectors, dataset
        )
        cost += c
        gradIn[tokens[currentWord]] += gradPred
        gradOut += grad
        return cost, gradIn, gradOut


@mistake(
    "w2v-09",
    "V15l",
    en="Which table has the vector of the word that predicts, which those of the words to predict?",
    zh="用来预测的词取哪张表里的向量，要预测的词又取哪张？",
)
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
    cost, gradIn, gradOut = 0.0, np.zeros(inputVectors.shape), np.zeros(outputVectors.shape)
    for word in contextWords:
        c, gradPred, grad = word2vecCostAndGradient(
            outputVectors[tokens[currentWord]], tokens[word], inputVectors, dataset
        )
        cost += c
        gradIn[tokens[currentWord]] += gradPred
        gradOut += grad
    return cost, gradIn, gradOut


@mistake(
    "w2v-10",
    "V16",
    en="What does the sheet write: sum or mean of the context's vectors?",
    zh="题目写的是上下文向量的和还是平均？",
)
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
    rows = [tokens[word] for word in contextWords]
    predicted = inputVectors[rows].mean(axis=0)
    cost, gradPred, gradOut = word2vecCostAndGradient(
        predicted, tokens[currentWord], outputVectors, dataset
    )
    gradIn = np.zeros(inputVectors.shape)
    np.add.at(gradIn, rows, gradPred / len(rows))
    return cost, gradIn, gradOut


@mistake(
    "w2v-10",
    "V16b",
    en="Try a context with the same word twice: how often is its vector in the sum, and in the gradient?",
    zh="试一个有重复词的上下文：它的向量在和里出现几次，在梯度里又有几次？",
)
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
    rows = [tokens[word] for word in contextWords]
    predicted = inputVectors[rows].sum(axis=0)
    cost, gradPred, gradOut = word2vecCostAndGradient(
        predicted, tokens[currentWord], outputVectors, dataset
    )
    gradIn = np.zeros(inputVectors.shape)
    gradIn[rows] += gradPred
    return cost, gradIn, gradOut


@mistake(
    "w2v-10",
    "V16c",
    en="Near the end of a sentence a context has fewer than 2 C words. What do you divide by?",
    zh="句尾附近的上下文不足 2 C 个词。你除以了什么？",
)
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
    rows = [tokens[word] for word in contextWords]
    predicted = inputVectors[rows].sum(axis=0) / (2 * C)
    cost, gradPred, gradOut = word2vecCostAndGradient(
        predicted, tokens[currentWord], outputVectors, dataset
    )
    gradIn = np.zeros(inputVectors.shape)
    np.add.at(gradIn, rows, gradPred / (2 * C))
    return cost, gradIn, gradOut


@mistake(
    "w2v-10",
    "V16d",
    en="A word that occurs twice in the context is in the sum twice; a set contains it once.",
    zh="上下文中出现两次的词在和里也有两份；集合里却只有一份。",
)
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
    rows = sorted({tokens[word] for word in contextWords})
    predicted = inputVectors[rows].sum(axis=0)
    cost, gradPred, gradOut = word2vecCostAndGradient(
        predicted, tokens[currentWord], outputVectors, dataset
    )
    gradIn = np.zeros(inputVectors.shape)
    gradIn[rows] += gradPred
    return cost, gradIn, gradOut


@mistake(
    "w2v-10",
    "V15f",
    en="Which vectors are in the sum? Each of them gets a gradient, the centre's vector gets none.",
    zh="是哪些向量组成了这个和？它们各有梯度，中心词的输入向量没有。",
)
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
    rows = [tokens[word] for word in contextWords]
    predicted = inputVectors[rows].sum(axis=0)
    cost, gradPred, gradOut = word2vecCostAndGradient(
        predicted, tokens[currentWord], outputVectors, dataset
    )
    gradIn = np.zeros(inputVectors.shape)
    gradIn[tokens[currentWord]] += gradPred
    return cost, gradIn, gradOut


@mistake(
    "w2v-10",
    "V17d",
    en="Change the cost function only: does the result change?",
    zh="只改变代价函数：结果会变吗？",
)
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
    rows = [tokens[word] for word in contextWords]
    predicted = inputVectors[rows].sum(axis=0)
    cost, gradPred, gradOut = softmaxCostAndGradient(
        predicted, tokens[currentWord], outputVectors, dataset
    )
    gradIn = np.zeros(inputVectors.shape)
    np.add.at(gradIn, rows, gradPred)
    return cost, gradIn, gradOut


@mistake(
    "w2v-10",
    "V15m",
    en="How many rows of gradIn should differ from zero?",
    zh="gradIn 应该有几行不为零？",
)
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
    predicted = inputVectors[[tokens[word] for word in contextWords]].sum(axis=0)
    cost, gradPred, gradOut = word2vecCostAndGradient(
        predicted, tokens[currentWord], outputVectors, dataset
    )
    return cost, np.zeros(inputVectors.shape) + gradPred, gradOut


edit(
    "w2v-11",
    "V18",
    ("x = postprocessing(x)", "postprocessing(x)"),
    en="What does your function do with a post-processing that returns a new array?",
    zh="后处理函数如果返回一个新数组，你的函数怎么处理它？",
)


@mistake(
    "w2v-11",
    "V18b",
    en="The post-processing must run after every step: how often do you call it?",
    zh="每一步之后都要做后处理：你调用了几次？",
)
def sgd(f, x0, step, iterations, postprocessing=None, useSaved=False, PRINT_EVERY=10):
    done, x, step = start(x0, step, useSaved)
    smoothed = None
    for iteration in range(done + 1, iterations + 1):
        cost, gradient = f(x)
        x = x - step * gradient
        smoothed = report(iteration, cost, smoothed, PRINT_EVERY)
        if useSaved and iteration % SAVE_PARAMS_EVERY == 0:
            save_params(iteration, x)
        if iteration % ANNEAL_EVERY == 0:
            step *= 0.5
    return postprocessing(x) if postprocessing else x


@mistake(
    "w2v-11",
    "V18c",
    en="In which order: first the step, then the post-processing, or the other way round?",
    zh="顺序是什么：先走一步再后处理，还是反过来？",
)
def sgd(f, x0, step, iterations, postprocessing=None, useSaved=False, PRINT_EVERY=10):
    done, x, step = start(x0, step, useSaved)
    smoothed = None
    for iteration in range(done + 1, iterations + 1):
        cost, gradient = f(x)
        x = (postprocessing(x) if postprocessing else x) - step * gradient
        smoothed = report(iteration, cost, smoothed, PRINT_EVERY)
        if useSaved and iteration % SAVE_PARAMS_EVERY == 0:
            save_params(iteration, x)
        if iteration % ANNEAL_EVERY == 0:
            step *= 0.5
    return x


edit(
    "w2v-11",
    "V13f",
    ("x = x - step * gradient", "x = x + step * gradient"),
    en="Does the cost fall or rise from step to step?",
    zh="代价一步步下降还是上升？",
)

edit(
    "w2v-11",
    "V18d",
    (
        "for iteration in range(done + 1, iterations + 1):",
        "for iteration in range(done + 1, iterations):",
    ),
    en="With iterations = 1, how many steps do you take?",
    zh="iterations = 1 时，你走了几步？",
)

edit(
    "w2v-11",
    "V18e",
    ("cost, gradient = f(x)", "cost, gradient = f(x0)"),
    en="You take the gradient at x0 every time: at which x should f be evaluated?",
    zh="你每次都在 x0 处求梯度：应该在哪个 x 处求？",
)


@mistake(
    "w2v-11",
    "V18f",
    en="The step is the same at the end as at the beginning: what happens after 20,000 iterations?",
    zh="步长从头到尾没变：20,000 次迭代之后应该怎样？",
)
def sgd(f, x0, step, iterations, postprocessing=None, useSaved=False, PRINT_EVERY=10):
    done, x, step = start(x0, step, useSaved)
    smoothed = None
    for iteration in range(done + 1, iterations + 1):
        cost, gradient = f(x)
        x = x - step * gradient
        if postprocessing is not None:
            x = postprocessing(x)
        smoothed = report(iteration, cost, smoothed, PRINT_EVERY)
        if useSaved and iteration % SAVE_PARAMS_EVERY == 0:
            save_params(iteration, x)
    return x


@mistake(
    "w2v-11",
    "V18g",
    en="After a long run with useSaved, which files are in the folder?",
    zh="useSaved 为真的长时间运行之后，文件夹里有哪些文件？",
)
def sgd(f, x0, step, iterations, postprocessing=None, useSaved=False, PRINT_EVERY=10):
    done, x, step = start(x0, step, useSaved)
    smoothed = None
    for iteration in range(done + 1, iterations + 1):
        cost, gradient = f(x)
        x = x - step * gradient
        if postprocessing is not None:
            x = postprocessing(x)
        smoothed = report(iteration, cost, smoothed, PRINT_EVERY)
        if iteration % ANNEAL_EVERY == 0:
            step *= 0.5
    return x


@mistake(
    "w2v-11",
    "V18h",
    en="A stopped run continues: at which iteration, and from which x?",
    zh="一次运行中断后继续：从第几次迭代、哪个 x 开始？",
)
def sgd(f, x0, step, iterations, postprocessing=None, useSaved=False, PRINT_EVERY=10):
    x, smoothed = np.array(x0, dtype=float), None
    for iteration in range(1, iterations + 1):
        cost, gradient = f(x)
        x = x - step * gradient
        if postprocessing is not None:
            x = postprocessing(x)
        smoothed = report(iteration, cost, smoothed, PRINT_EVERY)
        if useSaved and iteration % SAVE_PARAMS_EVERY == 0:
            save_params(iteration, x)
        if iteration % ANNEAL_EVERY == 0:
            step *= 0.5
    return x


edit(
    "w2v-11",
    "V18i",
    (
        "if useSaved and iteration % SAVE_PARAMS_EVERY == 0:",
        "if iteration % SAVE_PARAMS_EVERY == 0:",
    ),
    en="What is useSaved for? Look at the folder after a run without it.",
    zh="useSaved 有什么用？看看它为假时运行之后的文件夹。",
)


@mistake(
    "w2v-11",
    "V18j",
    en="Which cost do you print, of one iteration or smoothed over those before?",
    zh="你打印的是某一次迭代的代价，还是与之前的平滑？",
)
def sgd(f, x0, step, iterations, postprocessing=None, useSaved=False, PRINT_EVERY=10):
    done, x, step = start(x0, step, useSaved)
    for iteration in range(done + 1, iterations + 1):
        cost, gradient = f(x)
        x = x - step * gradient
        if postprocessing is not None:
            x = postprocessing(x)
        report(iteration, cost, None, PRINT_EVERY)
        if useSaved and iteration % SAVE_PARAMS_EVERY == 0:
            save_params(iteration, x)
        if iteration % ANNEAL_EVERY == 0:
            step *= 0.5
    return x


edit(
    "w2v-11",
    "V18k",
    (
        "for iteration in range(done + 1, iterations + 1):",
        "for iteration in range(done, iterations):",
    ),
    en="From which number does your loop count? What is 0 % ANNEAL_EVERY?",
    zh="你的循环从几开始数？0 % ANNEAL_EVERY 是多少？",
)


@mistake(
    "w2v-11",
    "V18l",
    en="What is postprocessing when the caller passes none?",
    zh="没有给出 postprocessing 时，它是什么？",
)
def sgd(f, x0, step, iterations, postprocessing=None, useSaved=False, PRINT_EVERY=10):
    done, x, step = start(x0, step, useSaved)
    smoothed = None
    for iteration in range(done + 1, iterations + 1):
        cost, gradient = f(x)
        x = postprocessing(x - step * gradient)
        smoothed = report(iteration, cost, smoothed, PRINT_EVERY)
        if useSaved and iteration % SAVE_PARAMS_EVERY == 0:
            save_params(iteration, x)
        if iteration % ANNEAL_EVERY == 0:
            step *= 0.5
    return x


# ---------------------------------------------------------------- question 4


@mistake(
    "w2v-12",
    "V19",
    en="Test a sentence of one word: by which number did you divide, words or dimensions?",
    zh="用一个词的句子测试：你除以的是词数还是维数？",
)
def getSentenceFeatures(tokens, wordVectors, sentence):
    total = np.zeros(wordVectors.shape[1])
    for word in sentence:
        total += wordVectors[tokens[word]]
    return total / len(total)


edit(
    "w2v-12",
    "V19b",
    (
        "np.mean(wordVectors[[tokens[word] for word in sentence]], axis=0)",
        "np.mean(np.take(wordVectors, [tokens[word] for word in sentence]))",
    ),
    en="Look at the shape: np.take without an axis takes from the flattened array.",
    zh="看看形状：np.take 不给 axis 时是从展平的数组里取。",
)

edit(
    "w2v-12",
    "V19c",
    ("np.mean(wordVectors[[tokens[word]", "np.sum(wordVectors[[tokens[word]"),
    en="A long sentence and a short one: should the long one's vector be longer?",
    zh="一长一短两个句子：长句的向量应当更长吗？",
)

edit(
    "w2v-12",
    "V19d",
    (
        "np.mean(wordVectors[[tokens[word] for word in sentence]],",
        "np.mean(wordVectors[sorted({tokens[word] for word in sentence})],",
    ),
    en="Try a sentence with the same word twice.",
    zh="试一个有重复词的句子。",
)

edit(
    "w2v-12",
    "V19e",
    (
        "np.mean(wordVectors[[tokens[word] for word in sentence]], axis=0)",
        "np.sum(wordVectors[[tokens[word] for word in sentence]], axis=0) / len(tokens)",
    ),
    en="Sum of the vectors over ... what? A sentence of one word should give that word's vector.",
    zh="向量之和除以什么？只有一个词的句子应得到这个词的向量。",
)

edit(
    "w2v-12",
    "V19f",
    ("axis=0)", "axis=1)"),
    en="Your result has as many entries as the sentence has words: over which axis should the mean be taken?",
    zh="结果的长度等于句子的词数：平均应该沿哪个轴？",
)


@mistake(
    "w2v-12",
    "V19g",
    en="wordVectors[row] is a view: what does the table contain after your +=?",
    zh="wordVectors[row] 是视图：+= 之后，表里的那一行变成了什么？",
)
def getSentenceFeatures(tokens, wordVectors, sentence):
    total = wordVectors[tokens[sentence[0]]]
    for word in sentence[1:]:
        total += wordVectors[tokens[word]]
    return total / len(sentence)


@mistake(
    "w2v-13",
    "V20",
    en="Set the regularisation large: is your gradient of half the squares twice what it should be?",
    zh="把正则化强度设大：二分之一平方和的梯度是不是多了一倍？",
)
def softmaxRegression(features, labels, weights, regularization=0.0, nopredictions=False):
    N = len(features)
    p = softmax(features @ weights)
    cost = -np.mean(np.log(p[np.arange(N), labels])) + 0.5 * regularization * np.sum(weights**2)
    d = p.copy()
    d[np.arange(N), labels] -= 1
    grad = features.T @ d / N + 2 * regularization * weights
    return (cost, grad) if nopredictions else (cost, grad, np.argmax(p, axis=1))


@mistake(
    "w2v-13",
    "V20b",
    en="Set the regularisation large: do the weights shrink or grow?",
    zh="把正则化强度设大：权重变小还是变大？",
)
def softmaxRegression(features, labels, weights, regularization=0.0, nopredictions=False):
    N = len(features)
    p = softmax(features @ weights)
    cost = -np.mean(np.log(p[np.arange(N), labels])) + 0.5 * regularization * np.sum(weights**2)
    d = p.copy()
    d[np.arange(N), labels] -= 1
    grad = features.T @ d / N - regularization * weights
    return (cost, grad) if nopredictions else (cost, grad, np.argmax(p, axis=1))


@mistake(
    "w2v-13",
    "V20c",
    en="The penalty is in your cost. Which term of the gradient belongs to it?",
    zh="惩罚项在代价里。它在梯度里对应哪一项？",
)
def softmaxRegression(features, labels, weights, regularization=0.0, nopredictions=False):
    N = len(features)
    p = softmax(features @ weights)
    cost = -np.mean(np.log(p[np.arange(N), labels])) + 0.5 * regularization * np.sum(weights**2)
    d = p.copy()
    d[np.arange(N), labels] -= 1
    grad = features.T @ d / N
    return (cost, grad) if nopredictions else (cost, grad, np.argmax(p, axis=1))


@mistake(
    "w2v-13",
    "V20d",
    en="The cost is a mean. Is the gradient one, too?",
    zh="代价是平均值。梯度也是吗？",
)
def softmaxRegression(features, labels, weights, regularization=0.0, nopredictions=False):
    N = len(features)
    p = softmax(features @ weights)
    cost = -np.mean(np.log(p[np.arange(N), labels])) + 0.5 * regularization * np.sum(weights**2)
    d = p.copy()
    d[np.arange(N), labels] -= 1
    grad = features.T @ d + regularization * weights
    return (cost, grad) if nopredictions else (cost, grad, np.argmax(p, axis=1))


@mistake(
    "w2v-13",
    "V20e",
    en="Cost and gradient agree. Does the docstring say half the regularisation, or all of it?",
    zh="代价与梯度一致。文档字符串说的是正则化强度的一半，还是全部？",
)
def softmaxRegression(features, labels, weights, regularization=0.0, nopredictions=False):
    N = len(features)
    p = softmax(features @ weights)
    cost = -np.mean(np.log(p[np.arange(N), labels])) + regularization * np.sum(weights**2)
    d = p.copy()
    d[np.arange(N), labels] -= 1
    grad = features.T @ d / N + 2 * regularization * weights
    return (cost, grad) if nopredictions else (cost, grad, np.argmax(p, axis=1))


@mistake(
    "w2v-13",
    "V8g",
    en="Cost and gradient agree. Does the docstring say sum or mean over the rows?",
    zh="代价与梯度一致。文档字符串说的是对各行求和还是求平均？",
)
def softmaxRegression(features, labels, weights, regularization=0.0, nopredictions=False):
    N = len(features)
    p = softmax(features @ weights)
    cost = -np.sum(np.log(p[np.arange(N), labels])) + 0.5 * regularization * np.sum(weights**2)
    d = p.copy()
    d[np.arange(N), labels] -= 1
    grad = features.T @ d + regularization * weights
    return (cost, grad) if nopredictions else (cost, grad, np.argmax(p, axis=1))


@mistake(
    "w2v-13",
    "V1f",
    en="You wrote the exponentials by hand: what happens to them at a score of 1000?",
    zh="你自己写了指数：得分为 1000 时会怎样？",
)
def softmaxRegression(features, labels, weights, regularization=0.0, nopredictions=False):
    N = len(features)
    e = np.exp(features @ weights)
    p = e / e.sum(axis=1, keepdims=True)
    cost = -np.mean(np.log(p[np.arange(N), labels])) + 0.5 * regularization * np.sum(weights**2)
    d = p.copy()
    d[np.arange(N), labels] -= 1
    grad = features.T @ d / N + regularization * weights
    return (cost, grad) if nopredictions else (cost, grad, np.argmax(p, axis=1))


@mistake(
    "w2v-13",
    "V20f",
    en="Which class has the largest probability in a row: is that what you return?",
    zh="每一行哪个类别的概率最大：你返回的是它吗？",
)
def softmaxRegression(features, labels, weights, regularization=0.0, nopredictions=False):
    N = len(features)
    p = softmax(features @ weights)
    cost = -np.mean(np.log(p[np.arange(N), labels])) + 0.5 * regularization * np.sum(weights**2)
    d = p.copy()
    d[np.arange(N), labels] -= 1
    grad = features.T @ d / N + regularization * weights
    return (cost, grad) if nopredictions else (cost, grad, np.argmax(p, axis=0))


@mistake(
    "w2v-13",
    "V20n",
    en="At the line of your argmax, is p still the result of softmax?",
    zh="在取 argmax 的那一行，p 还是 softmax 的结果吗？",
)
def softmaxRegression(features, labels, weights, regularization=0.0, nopredictions=False):
    N = len(features)
    p = softmax(features @ weights)
    cost = -np.mean(np.log(p[np.arange(N), labels])) + regularization / 2 * np.sum(weights**2)
    p[np.arange(N), labels] -= 1
    gradient = features.T @ p / N + regularization * weights
    return (cost, gradient) if nopredictions else (cost, gradient, np.argmax(p, axis=1))


@mistake(
    "w2v-13",
    "V20o",
    en="The cross entropy is a mean over the rows. Does the penalty know how many rows there are?",
    zh="交叉熵是各行的平均。惩罚项与行数有关吗？",
)
def softmaxRegression(features, labels, weights, regularization=0.0, nopredictions=False):
    N = len(features)
    p = softmax(features @ weights)
    cost = -np.mean(np.log(p[np.arange(N), labels])) + regularization / 2 * np.sum(weights**2) / N
    classes = np.argmax(p, axis=1)
    p[np.arange(N), labels] -= 1
    gradient = (features.T @ p + regularization * weights) / N
    return (cost, gradient) if nopredictions else (cost, gradient, classes)


@mistake(
    "w2v-13",
    "V20p",
    en="Change the regularisation only: does the result change?",
    zh="只改变正则化强度：结果会变吗？",
)
def softmaxRegression(features, labels, weights, regularization=0.0, nopredictions=False):
    N = len(features)
    p = softmax(features @ weights)
    cost, classes = -np.mean(np.log(p[np.arange(N), labels])), np.argmax(p, axis=1)
    p[np.arange(N), labels] -= 1
    gradient = features.T @ p / N
    return (cost, gradient) if nopredictions else (cost, gradient, classes)


edit(
    "w2v-14",
    "V20g",
    ("return np.logspace(-5, 1, 13)", "return np.linspace(1e-4, 1e-3, 10)"),
    en="Regularisation strengths matter in powers of ten: how many of them does your grid cover?",
    zh="正则化强度以数量级起作用：你的取值覆盖了几个数量级？",
)

edit(
    "w2v-14",
    "V20h",
    ("return np.logspace(-5, 1, 13)", "return [0.0, 0.01, 1.0]"),
    en="How many strengths do you compare?",
    zh="你比较了几个强度？",
)

edit(
    "w2v-15",
    "V20i",
    (
        'return max(results, key=lambda result: result["dev"])',
        'return max(results, key=lambda result: result["test"])',
    ),
    en="May the test set be used for the choice?",
    zh="测试集可以参与选择吗？",
)

edit(
    "w2v-15",
    "V20j",
    ('return max(results, key=lambda result: result["dev"])', "return results[-1]"),
    en="You return the model that was trained last. Is it the best one?",
    zh="你返回的是最后训练的模型。它是最好的吗？",
)

edit(
    "w2v-15",
    "V20k",
    ('result["dev"])', 'result["dev"] + result["test"])'),
    en="Two sets enter your choice: may both of them?",
    zh="你的选择用到了两个集合：它们都可以用吗？",
)

edit(
    "w2v-15",
    "V20l",
    (
        'max(results, key=lambda result: result["dev"])',
        'min(results, key=lambda result: abs(result["train"] - result["dev"]))',
    ),
    en="A small gap between train and dev: is that what you want to report, or a good model?",
    zh="训练集与验证集差距小：你想要的是这个，还是好的模型？",
)

edit(
    "w2v-15",
    "V20m",
    (
        'return max(results, key=lambda result: result["dev"])',
        'return max(results, key=lambda result: result["train"])',
    ),
    en="The model has seen the training set. Can that set say which model generalises?",
    zh="模型见过训练集。训练集能说明哪个模型泛化得好吗？",
)


# ---------------------------------------------------------------- theory.py, basics.py, model.py

edit(
    "w2v-16",
    "V21",
    ("return D_x * H + H + H * D_y + D_y", "return D_x * H + H * D_y"),
    en="Each layer has a bias row: did you count both?",
    zh="每一层都有一行偏置：两行都数了吗？",
)

edit(
    "w2v-16",
    "V21b",
    ("return D_x * H + H + H * D_y + D_y", "return D_x * H + 1 + H * D_y + 1"),
    en="How many numbers does a bias row have: one, or one per unit?",
    zh="一行偏置有几个数：一个，还是每个单元一个？",
)

edit(
    "w2v-17",
    "V22",
    ("return (x @ w + b >= 0).astype(int)", "return (x @ w + b > 0).astype(int)"),
    en="The sum is exactly on the threshold: does the unit fire?",
    zh="和恰好等于阈值：单元会激活吗？",
)

edit(
    "w2v-17",
    "V22b",
    ("return (x @ w + b >= 0).astype(int)", "return (x @ w >= b).astype(int)"),
    en="b = -t: with which sign does the bias enter the sum?",
    zh="b = -t：偏置以什么符号进入求和？",
)

edit(
    "w2v-18",
    "V23",
    (
        "* np.exp(-np.logaddexp(0.0, -k * (np.asarray(z, dtype=float) - z0)))",
        "/ (1 + np.exp(-k * z - z0))",
    ),
    en="At z = z0 the value is L / 2: what is yours there?",
    zh="在 z = z0 处函数值是 L / 2：你的是多少？",
)

edit(
    "w2v-18",
    "V23b",
    ("* np.exp(-np.logaddexp(0.0, -k * (np.asarray(z, dtype=float)", "/ (1 + np.exp(k * (z"),
    en="Does your curve rise for k > 0?",
    zh="k > 0 时你的曲线上升吗？",
)

edit(
    "w2v-18",
    "V23c",
    ("L * np.exp(-np.logaddexp(0.0, -k * (np.asarray(z, dtype=float)", "1 / (1 + np.exp(-k * (z"),
    en="Which value does your curve approach for large z?",
    zh="z 很大时，你的曲线有多高？",
)

edit(
    "w2v-19",
    "V24",
    (
        "float(-np.mean(np.log(p[np.arange(len(labels)),",
        "float(-np.sum(np.log(p[np.arange(len(labels)),",
    ),
    en="Mean over the rows, or their sum?",
    zh="对各行求平均还是求和？",
)

edit(
    "w2v-19",
    "V24b",
    (
        "float(-np.mean(np.log(p[np.arange(len(labels)),",
        "float(-np.log(np.mean(p[np.arange(len(labels)),",
    ),
    en="First the log of each row, then the mean: does the order matter?",
    zh="先对每行取对数，再求平均：顺序有影响吗？",
)

edit(
    "w2v-19",
    "V24c",
    ("float(-np.mean(np.log(p[np.arange(len(labels)),", "float(-np.mean(np.log(p[:,"),
    en="How many entries does p[:, labels] have? One per row is needed.",
    zh="p[:, labels] 有几个元素？每行只要一个。",
)

edit(
    "w2v-19",
    "V24d",
    (
        "float(-np.mean(np.log(p[np.arange(len(labels)),",
        "float(np.mean(np.log(p[np.arange(len(labels)),",
    ),
    en="Which sign does the log of a probability have?",
    zh="概率的对数是什么符号？",
)

edit(
    "w2v-20",
    "V25",
    ("dh = dscores @ W2.T * (h > 0)", "dh = dscores @ W2.T"),
    en="ReLU: which gradient does an inactive unit pass back?",
    zh="ReLU：单元关闭的地方，往回传什么？",
)


@mistake(
    "w2v-20",
    "V25b",
    en="The loss is a mean over the rows. Are your gradients N times too large?",
    zh="损失是各行的平均。你的梯度是不是大了 N 倍？",
)
def network_gradients(X, labels, W1, b1, W2, b2):
    h, scores = network_scores(X, W1, b1, W2, b2)
    dscores = softmax(scores)
    dscores[np.arange(len(X)), labels] -= 1
    dh = dscores @ W2.T * (h > 0)
    return X.T @ dh, dh.sum(axis=0), h.T @ dscores, dscores.sum(axis=0)


edit(
    "w2v-20",
    "V25c",
    ("dh = dscores @ W2.T * (h > 0)", "dh = dscores @ W2.T * h * (1 - h)"),
    en="The hidden layer is ReLU here: whose derivative is h (1 - h)?",
    zh="这里的隐藏层是 ReLU：h (1 - h) 是谁的导数？",
)


@mistake(
    "w2v-20",
    "V25d",
    en="The forward pass decided which units are active: what was compared with zero there?",
    zh="开关是在前向时拨定的：那时与零比较的是哪个量？",
)
def network_gradients(X, labels, W1, b1, W2, b2):
    h, scores = network_scores(X, W1, b1, W2, b2)
    d = (softmax(scores) - np.eye(scores.shape[1])[labels]) / len(X)
    d_hidden = d @ W2.T
    d_hidden = d_hidden * (d_hidden > 0)
    return X.T @ d_hidden, d_hidden.sum(axis=0), h.T @ d, d.sum(axis=0)


@mistake(
    "w2v-20",
    "V25e",
    en="If the right class were certain, what would the gradient be?",
    zh="如果正确类别已经确定无疑，梯度应当是多少？",
)
def network_gradients(X, labels, W1, b1, W2, b2):
    h, scores = network_scores(X, W1, b1, W2, b2)
    d = softmax(scores) / len(X)
    d_hidden = d @ W2.T * (h > 0)
    return X.T @ d_hidden, d_hidden.sum(axis=0), h.T @ d, d.sum(axis=0)


@mistake(
    "w2v-20",
    "V25f",
    en="By how many rows did you divide in the gradients of the biases, and how often?",
    zh="算偏置的梯度时，你除以了几次行数？",
)
def network_gradients(X, labels, W1, b1, W2, b2):
    h, scores = network_scores(X, W1, b1, W2, b2)
    d = (softmax(scores) - np.eye(scores.shape[1])[labels]) / len(X)
    d_hidden = d @ W2.T * (h > 0)
    return X.T @ d_hidden, d_hidden.mean(axis=0), h.T @ d, d.mean(axis=0)


edit(
    "w2v-21",
    "V11b",
    ("np.add.at(table, rows, values)", "table[rows] += values"),
    en="Name the same row twice: how often does `table[rows] += values` add to it?",
    zh="把同一行写两次：`table[rows] += values` 给它加了几次？",
)


@mistake(
    "w2v-21",
    "V11c",
    en="What was in the table before: is it still there?",
    zh="表里原来的值还在吗？",
)
def add_rows(table, rows, values):
    table[rows] = 0
    np.add.at(table, rows, values)


edit(
    "w2v-21",
    "V11d",
    ("np.add.at(table, rows, values)", "table[rows] = values"),
    en="What does = do to the sum that was in the row before?",
    zh="行里原来的和，遇到 = 之后还在吗？",
)


@mistake(
    "w2v-21",
    "V11e",
    en="Where does your sum go: into the caller's table, or into a copy of it?",
    zh="加的结果在哪里：在调用者的表里，还是在副本里？",
)
def add_rows(table, rows, values):
    table = table.copy()
    np.add.at(table, rows, values)
    return table


@mistake(
    "w2v-22",
    "V13g",
    en="The target is pulled, the negatives are pushed: which sign differs?",
    zh="目标词要拉近，负样本要推远：哪个符号不同？",
)
def negative_sampling(predicted, targets, negatives, U):
    rows = np.concatenate([targets[:, None], negatives], axis=1)
    u = U[rows]
    z = np.einsum("bkn,bn->bk", u, predicted)
    d = sigmoid(z)
    return (
        np.logaddexp(0, z).sum(axis=1),
        np.einsum("bk,bkn->bn", d, u),
        rows,
        d[:, :, None] * predicted[:, None],
    )


@mistake(
    "w2v-22",
    "V8h",
    en="The docstring asks for costs and gradients per window: did you average over the batch?",
    zh="要的是逐个窗口的代价和梯度：你是不是对整个批次取了平均？",
)
def negative_sampling(predicted, targets, negatives, U):
    rows = np.concatenate([targets[:, None], negatives], axis=1)
    u = U[rows]
    z = np.einsum("bkn,bn->bk", u, predicted)
    z[:, 0] *= -1
    d = sigmoid(z) / len(predicted)
    d[:, 0] *= -1
    losses = np.logaddexp(0, z).sum(axis=1) / len(predicted)
    return losses, np.einsum("bk,bkn->bn", d, u), rows, d[:, :, None] * predicted[:, None]


@mistake(
    "w2v-22",
    "V13h",
    en="By u.v the gradient of a row of U is a multiple of which vector?",
    zh="U 的一行的梯度应当是哪个向量的倍数？",
)
def negative_sampling(predicted, targets, negatives, U):
    rows = np.concatenate([targets[:, None], negatives], axis=1)
    u = U[rows]
    z = np.einsum("bkn,bn->bk", u, predicted)
    z[:, 0] *= -1
    d = sigmoid(z)
    d[:, 0] *= -1
    return np.logaddexp(0, z).sum(axis=1), np.einsum("bk,bkn->bn", d, u), rows, d[:, :, None] * u


edit(
    "w2v-23",
    "V200",
    ("count = exists.sum()\n", "count = len(centers)\n"),
    en="The mean is over pairs of a centre and a word of its window: how many pairs are there?",
    zh="平均是对“中心词与窗口中的词”这样的词对取的：一共有多少对？",
)
edit(
    "w2v-23",
    "V201",
    (
        "np.add.at(by_output, words, by_score[..., None] * v[:, None, None])",
        "by_output[words] += by_score[..., None] * v[:, None, None]",
    ),
    en="A word that occurs several times: does += add all its rows when an index repeats?",
    zh="一个词出现多次：下标重复时，+= 会把它的每一行都加上吗？",
)
edit(
    "w2v-23",
    "V202",
    ("np.add.at(by_input, centers, ", "by_input[centers] = ("),
    en="Two windows with the same centre word: both gradients belong to it.",
    zh="两个窗口的中心词相同：两份梯度都属于它。",
)
edit(
    "w2v-23",
    "V203",
    (
        "np.sum(np.logaddexp(0, -scores) * exists[:, :, None])",
        "np.sum(-np.log(1 / (1 + np.exp(-scores))) * exists[:, :, None])",
    ),
    en="For a score of -1000 the sigmoid is 0 and its logarithm -inf: write -log sigmoid in a form that stays finite.",
    zh="得分为 -1000 时 sigmoid 是 0，对数是 -inf：把 -log sigmoid 写成始终有限的形式。",
)
edit(
    "w2v-23",
    "V204",
    ("exists = contexts >= 0", "exists = contexts >= -1"),
    en="A place without a word (-1) has no cost, and neither have its negatives.",
    zh="没有词的位置（-1）没有代价，它的负样本也没有。",
)
edit(
    "w2v-23",
    "V205",
    ("-signs * 0.5 * (1 - np.tanh(0.5 * scores))", "-0.5 * (1 - np.tanh(0.5 * scores))"),
    en="For a negative, the score's sign turns: so does its gradient's.",
    zh="负样本的得分要变号，梯度也要变号。",
)
edit(
    "w2v-23",
    "V206",
    ("by_score[..., None] * v[:, None, None]", "by_score[..., None] * u"),
    en="u·v by u is v.",
    zh="u·v 对 u 求导得到 v。",
)


# ---------------------------------------------------------------- met in public code


@mistake(
    "w2v-12",
    "V520",
    en="Row 0 is a word too: `if tokens[word]` and `tokens.get(word, 0) == 0` take it for a missing one.",
    zh="第 0 行也是一个词：`if tokens[word]` 和 `tokens.get(word, 0) == 0` 会把它当作缺失的词。",
)
def getSentenceFeatures(tokens, wordVectors, sentence):
    return np.mean([wordVectors[tokens[word]] for word in sentence if tokens.get(word)], axis=0)


edit(
    "w2v-09",
    "V521",
    ("return cost, gradIn, gradOut", "return cost / (2 * C), gradIn / (2 * C), gradOut / (2 * C)"),
    en="The sheet adds up over the context: nothing is divided by 2C.",
    zh="讲义对上下文求和：不用除以 2C。",
)

edit(
    "w2v-10",
    "V522",
    ("predicted = np.sum(inputVectors[rows], axis=0)", "predicted = np.sum(inputVectors, axis=0)"),
    ("np.add.at(gradIn, rows, gradPred)", "gradIn += gradPred"),
    en="Which rows of inputVectors belong to the context? Yours is the sum of all of them.",
    zh="inputVectors 的哪些行属于上下文？你把所有行都加了起来。",
)
edit(
    "w2v-01",
    "V523",
    ("e = np.exp(x - np.max(x, axis=-1, keepdims=True))", "e = np.exp(x)"),
    ("return e / np.sum(e, axis=-1, keepdims=True)", "return e / np.sum(e)"),
    en="Two slips: nothing is subtracted before exp, and all rows are divided by one sum.",
    zh="有两处错误：exp 之前没有减最大值；所有行都除以同一个和。",
)
edit(
    "w2v-01",
    "V524",
    ("e = np.exp(x - np.max(x, axis=-1, keepdims=True))", "e = np.exp(x)"),
    ("return e / np.sum(e, axis=-1, keepdims=True)", "return e / np.sum(e, axis=0)"),
    en="Two slips: nothing is subtracted before exp, and columns are divided by their sums, not rows.",
    zh="有两处错误：exp 之前没有减最大值；除以的是每列的和，而不是每行的和。",
)


edit(
    "w2v-13",
    "V540",
    (
        "(cost, grad, np.argmax(scores, axis=1))",
        "(cost, grad, np.argmax(scores, axis=1) if N > 1 else np.argmax(scores))",
    ),
    en="Is one row a special case? Without an `if`, what is the shape of your classes for it?",
    zh="只有一行是特例吗？不写 if 时，返回的类别是什么形状？",
)


@mistake(
    "w2v-13",
    "V541",
    en="Which probability belongs to the gradient of class k: that of the label, or that of class k?",
    zh="第 k 类的梯度里是哪个概率：标签的，还是第 k 类的？",
)
def softmaxRegression(features, labels, weights, regularization=0.0, nopredictions=False):
    N = len(features)
    p = softmax(features @ weights)
    at_label = p[np.arange(N), labels]
    cost = -np.mean(np.log(at_label)) + 0.5 * regularization * np.sum(weights**2)
    is_label = np.eye(weights.shape[1])[labels]
    grad = features.T @ (at_label[:, None] - is_label) / N + regularization * weights
    return (cost, grad) if nopredictions else (cost, grad, np.argmax(p, axis=1))


@mistake(
    "w2v-13",
    "V541b",
    en="The penalty leaves out a row of the weights; and the gradient of class k has the probability of the label in it.",
    zh="惩罚项漏了权重的一行；而且第 k 类的梯度里用的是标签的概率。",
)
def softmaxRegression(features, labels, weights, regularization=0.0, nopredictions=False):
    N = len(features)
    p = softmax(features @ weights)
    at_label = p[np.arange(N), labels]
    cost = -np.mean(np.log(at_label)) + 0.5 * regularization * np.sum(weights[:-1] ** 2)
    is_label = np.eye(weights.shape[1])[labels]
    grad = features.T @ (at_label[:, None] - is_label) / N + regularization * weights
    return (cost, grad) if nopredictions else (cost, grad, np.argmax(p, axis=1))


@mistake(
    "w2v-13",
    "V542",
    en="Three things: a mean over the rows, the penalty, and exponentials that overflow at a score of 1000.",
    zh="有三处：对各行求平均、惩罚项、以及分数为 1000 时会溢出的指数。",
)
def softmaxRegression(features, labels, weights, regularization=0.0, nopredictions=False):
    e = np.exp(features @ weights)
    p = e / e.sum(axis=1, keepdims=True)
    cost = -np.sum(np.log(p[np.arange(len(labels)), labels]))
    d = p.copy()
    d[np.arange(len(labels)), labels] -= 1
    grad = features.T @ d
    return (cost, grad) if nopredictions else (cost, grad, np.argmax(e, axis=1))


@mistake(
    "w2v-13",
    "V543",
    en="Both are a sum; the penalty is missing from both. What does the first line of the docstring say?",
    zh="代价和梯度都是求和，也都没有惩罚项。文档字符串的第一行是怎么说的？",
)
def softmaxRegression(features, labels, weights, regularization=0.0, nopredictions=False):
    p = softmax(features @ weights)
    cost = -np.sum(np.log(p[np.arange(len(labels)), labels]))
    classes = np.argmax(p, axis=1)
    p[np.arange(len(labels)), labels] -= 1
    return (cost, features.T @ p) if nopredictions else (cost, features.T @ p, classes)


@mistake(
    "w2v-07",
    "V544",
    en="The log of a sum of exponentials, written out: what is exp(1000)?",
    zh="指数之和的对数，你直接写了出来：exp(1000) 是多少？",
)
def softmaxCostAndGradient(predicted, target, outputVectors, dataset):
    scores = outputVectors @ predicted
    e = np.exp(scores)
    p = e / np.sum(e)
    p[target] -= 1
    return np.log(np.sum(e)) - scores[target], outputVectors.T @ p, np.outer(p, predicted)


@mistake(
    "w2v-07",
    "V544b",
    en="The cost comes from softmax, and the gradients from exponentials of your own: what is exp(1000) there?",
    zh="代价用的是 softmax，梯度却用了你自己写的指数：在那里 exp(1000) 是多少？",
)
def softmaxCostAndGradient(predicted, target, outputVectors, dataset):
    scores = outputVectors @ predicted
    cost = -np.log(softmax(scores)[target])
    p = np.exp(scores) / np.sum(np.exp(scores))
    p[target] -= 1
    return cost, outputVectors.T @ p, np.outer(p, predicted)


@mistake(
    "w2v-10",
    "V545",
    en="How many words are in contextWords near the end of a sentence: always 2C? And does the sheet say sum or mean?",
    zh="靠近句末时，contextWords 里总有 2C 个词吗？题目写的是求和还是求平均？",
)
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
    rows = [tokens[contextWords[c]] for c in range(2 * C)]
    predicted = np.mean(inputVectors[rows], axis=0)
    cost, gradPred, gradOut = word2vecCostAndGradient(
        predicted, tokens[currentWord], outputVectors, dataset
    )
    gradIn = np.zeros(inputVectors.shape)
    np.add.at(gradIn, rows, gradPred / (2 * C))
    return cost, gradIn, gradOut


@mistake(
    "w2v-02",
    "V546",
    en="Your values stop at 1e-6 from 0 and 1. Is sigmoid(-30) as large as that?",
    zh="你的值在离 0 和 1 还有 1e-6 处截止。sigmoid(-30) 有这么大吗？",
)
def sigmoid(x):
    return np.clip(np.exp(-np.logaddexp(0.0, -np.asarray(x, dtype=float))), 1e-6, 1 - 1e-6)


@mistake(
    "w2v-02",
    "V546b",
    en="A score that is cut off at some size gives every larger one the same value: is that sigmoid?",
    zh="把 x 截断之后，再大的 x 也得到同一个值：那还是 sigmoid 吗？",
)
def sigmoid(x):
    return 1 / (1 + np.exp(-np.clip(x, -20, 20)))


@mistake(
    "w2v-03",
    "V547",
    en="What is the name of the argument here, and what does it hold: x, or sigmoid(x)?",
    zh="这里的参数叫什么，它是 x 还是 sigmoid(x)？",
)
def sigmoid_grad(s):
    return sigmoid(x) * (1 - sigmoid(x))  # noqa: F821


@mistake(
    "w2v-06",
    "V548",
    en="One length for each row: along which axis does NumPy line (N,) up with (N, n)?",
    zh="每行一个长度：NumPy 把 (N,) 与 (N, n) 沿哪一轴对齐？",
)
def normalizeRows(x):
    x /= np.sqrt(np.sum(x * x, axis=1))
    return x


edit(
    "w2v-09",
    "V549",
    ("row_of(tokens, word), outputVectors, dataset", "row_of(tokens, word), outputVectors"),
    en="A cost function takes four arguments: which one does your call leave out, and who needs it?",
    zh="代价函数有四个参数：你的调用漏了哪一个，谁要用它？",
)


@mistake(
    "w2v-10",
    "V549b",
    en="A cost function takes four arguments: which one does your call leave out, and who needs it?",
    zh="代价函数有四个参数：你的调用漏了哪一个，谁要用它？",
)
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
    predicted = np.sum([inputVectors[tokens[word]] for word in contextWords], axis=0)
    cost, gradPred, gradOut = word2vecCostAndGradient(predicted, tokens[currentWord], outputVectors)
    gradIn = np.zeros(inputVectors.shape)
    for word in contextWords:
        gradIn[tokens[word]] += gradPred
    return cost, gradIn, gradOut


@mistake(
    "w2v-13",
    "V550",
    en="Differentiate your penalty: is it the one in your gradient? The docstring says half the regularisation.",
    zh="对你的惩罚项求导：与梯度里的那一项一致吗？文档字符串说的是正则化强度的一半。",
)
def softmaxRegression(features, labels, weights, regularization=0.0, nopredictions=False):
    N = len(features)
    p = softmax(features @ weights)
    cost = -np.mean(np.log(p[np.arange(N), labels])) + regularization * np.sum(weights**2)
    classes = np.argmax(p, axis=1)
    p[np.arange(N), labels] -= 1
    grad = features.T @ p / N + regularization * weights
    return (cost, grad) if nopredictions else (cost, grad, classes)


@mistake(
    "w2v-03",
    "V4g",
    en="You apply the sigmoid by hand to the argument: what does the docstring say that it already is?",
    zh="你对参数又手写了一次 sigmoid：文档字符串说它已经是什么？",
)
def sigmoid_grad(s):
    s = 1 / (1 + np.exp(-s))
    return s * (1 - s)


edit(
    "w2v-09",
    "V551",
    ("cost += c", "cost += 1"),
    en="Each context word has a cost of its own: what do you add for it?",
    zh="每个上下文词都有自己的代价：你为它加上了什么？",
)
edit(
    "w2v-09",
    "V552",
    ("for word in contextWords:", "for word in [contextWords[i] for i in range(2 * C)]:"),
    en="At the edge of a sentence the context is shorter than 2 C: what do you loop over?",
    zh="在句子的边缘，上下文不足 2 C 个词：你的循环走过的是什么？",
)


@mistake(
    "w2v-04",
    "V553",
    en="After the entry was moved down by 2 h, is it back where it was?",
    zh="分量减去 2 h 之后，回到原来的值了吗？",
)
def gradcheck_naive(f, x):
    state = random.getstate()
    _, analytic = f(x)
    for index in np.ndindex(x.shape):
        costs = []
        for step in (STEP, -2 * STEP):
            x[index] += step
            random.setstate(state)
            costs.append(f(x)[0])
        if not agree(np.array((costs[0] - costs[1]) / (2 * STEP)), analytic[index]):
            return False
    return True


@mistake(
    "w2v-08",
    "V554",
    en="Is a cost negative? Each of the 1 + K terms is minus the logarithm of a probability, in the cost and in the gradients.",
    zh="代价会是负数吗？1 + K 项中每一项都是负的对数概率，代价和梯度都如此。",
)
def negSamplingCostAndGradient(predicted, target, outputVectors, dataset, K=10):
    rows = [target] + [dataset.sampleTokenIdx() for _ in range(K)]
    sign = np.append(1.0, -np.ones(K))
    U = outputVectors[rows]
    p = sigmoid(sign * (U @ predicted))
    d = sign * (1 - p)
    grad = np.zeros(outputVectors.shape)
    np.add.at(grad, rows, d[:, None] * predicted)
    return np.log(p).sum(), d @ U, grad


edit(
    "w2v-07",
    "V555",
    ("outputVectors @ predicted", "predicted @ outputVectors"),
    en="Which axis of outputVectors holds the words? The scores are one for each word.",
    zh="outputVectors 的哪一轴是词？每个词应有一个得分。",
)
