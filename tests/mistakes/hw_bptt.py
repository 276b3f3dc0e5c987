"""Known mistakes of hw_bptt. B ids are the catalogue's; letters after an id mark a variation of that mistake."""

import math

import numpy as np

from course.mistakes import edit, mistake

# ---------------------------------------------------------------- ReLU-RNN


@mistake(
    "bptt-01",
    "B21",
    en="What does your formula do with y_pred = 0 and y_gt = 1? Clip as the loss does.",
    zh="y_pred = 0 而 y_gt = 1 时，你的公式会怎样？像损失函数那样先限制它的范围。",
)
def relu_dy(y_pred, y_gt):
    return (1 - y_gt) / (1 - y_pred) - y_gt / y_pred


edit(
    "bptt-01",
    "B21a",
    ("return (1 - y_gt) / (1 - y) - y_gt / y", "return y_gt / y - (1 - y_gt) / (1 - y)"),
    en="Raise y_pred a little while y_gt = 1: does the loss grow or shrink?",
    zh="y_gt = 1 时把 y_pred 稍微调大：损失变大还是变小？",
)

edit(
    "bptt-01",
    "B21b",
    ("return (1 - y_gt) / (1 - y) - y_gt / y", "return -y_gt / y"),
    en="The loss has two terms. What is left of your derivative when y_gt = 0?",
    zh="损失有两项。y_gt = 0 时你的导数还剩什么？",
)

edit(
    "bptt-01",
    "B21c",
    ("return (1 - y_gt) / (1 - y) - y_gt / y", "return -y_gt / y - (1 - y_gt) / (1 - y)"),
    en="What is the inner derivative of log(1 - y)?",
    zh="log(1 - y) 的内层导数是什么？",
)


@mistake(
    "bptt-01",
    "B21d",
    en="That is the derivative before the sigmoid; here the variable is y_pred itself.",
    zh="这是 sigmoid 之前的导数；这里的变量是 y_pred 本身。",
)
def relu_dy(y_pred, y_gt):
    return y_pred - y_gt


edit(
    "bptt-02",
    "B7",
    ("return y_pred - y_gt", "return (y_pred - y_gt) * y_pred * (1 - y_pred)"),
    en="With cross entropy the sigmoid's derivative cancels: do the two lines of algebra.",
    zh="与交叉熵相乘后 sigmoid 的导数会消去：把那两行代数写出来。",
)

edit(
    "bptt-02",
    "B7a",
    ("return y_pred - y_gt", "return y_gt - y_pred"),
    en="If y_pred is above y_gt, in which direction must d move to lower the loss?",
    zh="y_pred 大于 y_gt 时，d 应往哪个方向变损失才下降？",
)


@mistake(
    "bptt-02",
    "B7b",
    en="That is dL/dy_pred. The sigmoid is between y_pred and d.",
    zh="这是 dL/dy_pred。y_pred 与 d 之间还有 sigmoid。",
)
def relu_dd(y_pred, y_gt):
    y = min(max(y_pred, EPS), 1 - EPS)
    return (1 - y_gt) / (1 - y) - y_gt / y


edit(
    "bptt-03",
    "B22",
    ("return dd * h[-1]", "return dd * h[-2]"),
    en="The output reads the last state: which row of h is that, with h[0] in front?",
    zh="输出由最后一个状态算出：h[0] 在最前面时，那是 h 的哪一行？",
)

edit(
    "bptt-03",
    "B22a",
    ("return dd * h[-1]", "return dd * h.sum(axis=0)"),
    en="V is used once, after the last step. What do you sum over?",
    zh="V 只在最后一步之后用了一次。你在对什么求和？",
)

edit(
    "bptt-03",
    "B22b",
    ("return dd * h[-1]", "return h[-1].copy()"),
    en="You have the derivative of V·h + d with respect to V. Where is the loss in it?",
    zh="你求的是 V·h + d 对 V 的导数。损失在哪里？",
)

edit(
    "bptt-03",
    "B22c",
    ("return dd * h[-1]", "return dd * h[0]"),
    en="h[0] is the state before the first step, zero. Which state meets V?",
    zh="h[0] 是第一步之前的状态，全为零。与 V 相乘的是哪个状态？",
)

edit(
    "bptt-04",
    "B1",
    ("dh, on = np.zeros_like(a), a > 0", "dh = np.zeros_like(a)"),
    ("dh[t - 1] = W.T.dot(dh[t] * on[t])", "dh[t - 1] = W.T @ dh[t]"),
    en="The loss reaches a_t only through ReLU: what is its derivative where a_t is negative?",
    zh="损失只能通过 ReLU 到达 a_t：a_t 为负时它的导数是多少？",
)

edit(
    "bptt-04",
    "B2",
    ("dh, on = np.zeros_like(a), a > 0", "dh = np.zeros_like(a)"),
    ("dh[t - 1] = W.T.dot(dh[t] * on[t])", "dh[t - 1] = W.T @ (dh[t] * (dh[t] > 0))"),
    en="The forward pass decided which units are active: which quantity was compared with zero there?",
    zh="开关在前向时就定了：那里是哪个量与零比较？",
)


@mistake(
    "bptt-04",
    "B3",
    en="W was used at every step in the forward pass: does the loss not depend on the earlier states?",
    zh="前向时每一步都用了 W：难道更早的状态影响不到损失？",
)
def relu_dh(dd, V, W, a):
    dh = np.zeros_like(a)
    dh[-1] = dd * V
    return dh


edit(
    "bptt-04",
    "B6",
    ("dh, on = np.zeros_like(a), a > 0", "dh = np.zeros_like(a)"),
    ("dh[t - 1] = W.T.dot(dh[t] * on[t])", "dh[t - 1] = W @ (dh[t] * (a[t] > 0))"),
    en="Take a W that is not symmetric and two steps, and write out one entry of dL/dh.",
    zh="取一个不对称的 W 和两个时间步，写出 dL/dh 的一个分量。",
)

edit(
    "bptt-04",
    "B1a",
    ("dh, on = np.zeros_like(a), a > 0", "dh = np.zeros_like(a)"),
    ("dh[t - 1] = W.T.dot(dh[t] * on[t])", "dh[t - 1] = W.T @ (dh[t] * (a[t - 1] > 0))"),
    en="h_t comes from h_{t-1} through which pre-activation: a_t or a_{t-1}?",
    zh="h_{t-1} 经过哪个激活前的值变成 h_t：a_t 还是 a_{t-1}？",
)

edit(
    "bptt-04",
    "B1b",
    ("dh, on = np.zeros_like(a), a > 0", "dh = np.zeros_like(a)"),
    ("dh[t - 1] = W.T.dot(dh[t] * on[t])", "dh[t - 1] = W.T @ (dh[t] * (a[t] >= 0))"),
    en="What does the docstring say about ReLU'(0)?",
    zh="文档字符串对 ReLU'(0) 是怎么说的？",
)

edit(
    "bptt-04",
    "B1c",
    ("dh, on = np.zeros_like(a), a > 0", "dh = np.zeros_like(a)"),
    ("dh[t - 1] = W.T.dot(dh[t] * on[t])", "dh[t - 1] = (W.T @ dh[t]) * (a[t] > 0)"),
    en="First through the ReLU or first through W? Read a_t = b + W h_{t-1} + U x_t backwards.",
    zh="先过 ReLU 还是先过 W？把 a_t = b + W h_{t-1} + U x_t 倒着读。",
)

edit(
    "bptt-04",
    "B12h",
    ("dh, on = np.zeros_like(a), a > 0", "dh = np.zeros_like(a)"),
    ("dh[t - 1] = W.T.dot(dh[t] * on[t])", "dh[t - 1] = dd * V + W.T @ (dh[t] * (a[t] > 0))"),
    en="Only the last step has an output. Where does your V at the earlier steps come from?",
    zh="只有最后一步有输出。你在更早各步中的 V 从何而来？",
)


@mistake(
    "bptt-04",
    "B23",
    en="You have the gradient of V·h + d. Multiply it by dL/dd.",
    zh="你求的是 V·h + d 的梯度。还要乘上损失对 d 的导数。",
)
def relu_dh(dd, V, W, a):
    dh = np.zeros_like(a)
    dh[-1] = V
    for t in range(len(a) - 1, 0, -1):
        dh[t - 1] = W.T @ (dh[t] * (a[t] > 0))
    return dh


@mistake(
    "bptt-04",
    "B23a",
    en="Is that the gradient after the ReLU (h) or before it (a)?",
    zh="这是 ReLU 之后（h）的梯度，还是之前（a）的梯度？",
)
def relu_dh(dd, V, W, a):
    dh = np.zeros_like(a)
    dh[-1] = dd * V * (a[-1] > 0)
    for t in range(len(a) - 1, 0, -1):
        dh[t - 1] = (W.T @ dh[t]) * (a[t - 1] > 0)
    return dh


@mistake(
    "bptt-04",
    "B32",
    en="Your loop runs backwards. Does it reach the first row?",
    zh="循环往回走。它走到第一行了吗？",
)
def relu_dh(dd, V, W, a):
    dh = np.zeros_like(a)
    dh[-1] = dd * V
    for t in range(len(a) - 2, 0, -1):
        dh[t] = W.T @ (dh[t + 1] * (a[t + 1] > 0))
    return dh


@mistake(
    "bptt-04",
    "B32a",
    en="dL/dh_t needs dL/dh_{t+1}: is it there when your loop asks for it?",
    zh="dL/dh_t 要用到 dL/dh_{t+1}：循环用它的时候，它已经算好了吗？",
)
def relu_dh(dd, V, W, a):
    dh = np.zeros_like(a)
    dh[-1] = dd * V
    for t in range(len(a) - 1):
        dh[t] = W.T @ (dh[t + 1] * (a[t + 1] > 0))
    return dh


edit(
    "bptt-05",
    "B1d",
    ("return dh * (a > 0)", "return dh.copy()"),
    en="The loss reaches a_t only through ReLU: what is its derivative where a_t is negative?",
    zh="损失只能通过 ReLU 到达 a_t：a_t 为负时它的导数是多少？",
)

edit(
    "bptt-05",
    "B2a",
    ("return dh * (a > 0)", "return dh * (dh > 0)"),
    en="The forward pass decided which units are active: which quantity was compared with zero there?",
    zh="开关在前向时就定了：那里是哪个量与零比较？",
)

edit(
    "bptt-05",
    "B1e",
    ("return dh * (a > 0)", "return dh * (a >= 0)"),
    en="What does the docstring say about ReLU'(0)?",
    zh="文档字符串对 ReLU'(0) 是怎么说的？",
)

edit(
    "bptt-05",
    "B1f",
    ("return dh * (a > 0)", "return dh * np.maximum(a, 0)"),
    en="You multiply by ReLU(a). What is its derivative?",
    zh="你乘的是 ReLU(a)。它的导数是什么？",
)

edit(
    "bptt-05",
    "B1h",
    ("return dh * (a > 0)", "return dh * a"),
    en="You multiply by a itself. What is the derivative of ReLU where a is positive, and where it is negative?",
    zh="你乘的是 a 本身。a 为正、为负时，ReLU 的导数各是多少？",
)

edit(
    "bptt-05",
    "B1g",
    ("return dh * (a > 0)", "return np.maximum(dh, 0) * (a > 0)"),
    en="A gradient may be negative. Why do you clip it?",
    zh="梯度可以是负的。为什么要把它截掉？",
)

edit(
    "bptt-06",
    "B5",
    ("return da.T @ h[:-1]", "return da.T @ h[1:]"),
    en="Write the line of the forward pass that contains W: which h does it multiply?",
    zh="写出前向中含有 W 的那一行：它旁边的是哪个 h？",
)

edit(
    "bptt-06",
    "B14w",
    ("return da.T @ h[:-1]", "return da.T @ np.roll(h[1:], 1, axis=0)"),
    en="What does index -1 mean in Python at the first step? The state before it is zero.",
    zh="在第一步，Python 的下标 -1 指向哪里？第一步之前的状态是零。",
)

edit(
    "bptt-06",
    "B3w",
    ("return da.T @ h[:-1]", "return np.outer(da[-1], h[-2])"),
    en="W was used at every step; how many terms should its gradient have?",
    zh="每一步都用了 W；它的梯度应有几项？",
)


@mistake(
    "bptt-06",
    "B4",
    en="The same matrix is used at every step: what happens to the contribution of the previous iteration?",
    zh="每一步用的是同一个矩阵：循环上一轮算出的贡献去哪了？",
)
def relu_dW(da, h):
    dW = None
    for t in range(len(da) - 1, -1, -1):
        dW = np.outer(da[t], h[t])
    return dW


edit(
    "bptt-06",
    "B9w",
    ("return da.T @ h[:-1]", "return da.T @ h[:-1] / len(da)"),
    en="You divided by a number: which one? Do the contributions of the steps add up, or is their mean taken?",
    zh="你的结果除以了一个数：是哪个数？各步的贡献应当相加，还是取平均？",
)

edit(
    "bptt-06",
    "B24w",
    ("return da.T @ h[:-1]", "return h[:-1].T @ da"),
    en="Rows of the gradient belong to the rows of W. Which factor's index comes first?",
    zh="梯度的行对应 W 的行。哪个因子的下标在前？",
)

edit(
    "bptt-06",
    "B31w",
    ("return da.T @ h[:-1]", "return np.outer(da.sum(axis=0), h[:-1].sum(axis=0))"),
    en="Is the sum of the products the product of the sums? Try two steps.",
    zh="乘积之和等于和的乘积吗？用两步试试。",
)

edit(
    "bptt-07",
    "B3u",
    ("return da.T @ x", "return np.outer(da[-1], x[-1])"),
    en="U was used at every step; how many terms should its gradient have?",
    zh="每一步都用了 U；它的梯度应有几项？",
)

edit(
    "bptt-07",
    "B4u",
    ("return da.T @ x", "return np.outer(da[0], x[0])"),
    en="Only the first step's term is left: was the sum overwritten on the way back?",
    zh="只剩下第一步的那一项：往回走时和是不是被覆盖了？",
)

edit(
    "bptt-07",
    "B9u",
    ("return da.T @ x", "return da.T @ x / len(x)"),
    en="You divided by a number: which one? Do the contributions of the steps add up, or is their mean taken?",
    zh="你的结果除以了一个数：是哪个数？各步的贡献应当相加，还是取平均？",
)

edit(
    "bptt-07",
    "B24u",
    ("return da.T @ x", "return x.T @ da"),
    en="Rows of the gradient belong to the rows of U. Which factor's index comes first?",
    zh="梯度的行对应 U 的行。哪个因子的下标在前？",
)

edit(
    "bptt-07",
    "B25u",
    ("return da.T @ x", "return da[1:].T @ x[:-1]"),
    en="U meets x_t of the same step; it is W that multiplies the state of the step before.",
    zh="U 乘的是同一步的 x_t；往回看一步的是 W。",
)

edit(
    "bptt-07",
    "B31u",
    ("return da.T @ x", "return np.outer(da.sum(axis=0), x.sum(axis=0))"),
    en="Is the sum of the products the product of the sums? Try two steps.",
    zh="乘积之和等于和的乘积吗？用两步试试。",
)

edit(
    "bptt-08",
    "B8",
    ("return da.sum(axis=0)", "return da[0].copy()"),
    en="b is added at every step, so its gradient is a sum over ...",
    zh="每一步都加了 b，它的梯度应对什么求和？",
)

edit(
    "bptt-08",
    "B8a",
    ("return da.sum(axis=0)", "return da[-1].copy()"),
    en="The last step is one of many that add b.",
    zh="最后一步只是加了 b 的许多步之一。",
)

edit(
    "bptt-08",
    "B9b",
    ("return da.sum(axis=0)", "return da.mean(axis=0)"),
    en="You divided by a number: which one? Do the contributions of the steps add up, or is their mean taken?",
    zh="你的结果除以了一个数：是哪个数？各步的贡献应当相加，还是取平均？",
)

edit(
    "bptt-08",
    "B8b",
    ("return da.sum(axis=0)", "return da.sum(axis=1)"),
    en="One number per unit, not one per step: which axis holds the steps?",
    zh="应是每个单元一个数，而不是每一步一个数：时间步在哪个轴上？",
)

edit(
    "bptt-09",
    "B6x",
    ("return da @ U", "return da @ U.T"),
    en="Write out one entry of U x_t, then differentiate it with respect to one entry of x_t.",
    zh="写出 U x_t 的一个分量，再对 x_t 的一个分量求导。",
)

edit(
    "bptt-09",
    "B26x",
    ("return da @ U", "return np.tile((da @ U).sum(axis=0), (len(da), 1))"),
    en="Each step has its own x_t: which row of da does it reach?",
    zh="每一步有自己的 x_t：它影响 da 的哪一行？",
)


@mistake(
    "bptt-09",
    "B26xa",
    en="Do the earlier inputs not reach the loss?",
    zh="更早的输入难道影响不到损失？",
)
def relu_dx(da, U):
    dx = np.zeros((len(da), U.shape[1]))
    dx[-1] = da[-1] @ U
    return dx


# ---------------------------------------------------------------- RNN, softmax at each step

edit(
    "bptt-10",
    "B13",
    ("e = np.exp(o - o.max(axis=1, keepdims=True))", "e = np.exp(o - o.max(axis=0))"),
    ("return e / e.sum(axis=1, keepdims=True)", "return e / e.sum(axis=0)"),
    en="Sum one row of your output: over which axis should the probabilities add up to 1?",
    zh="把输出的一行加起来：概率应沿哪个轴相加为 1？",
)

edit(
    "bptt-10",
    "B13a",
    ("e = np.exp(o - o.max(axis=1, keepdims=True))", "e = np.exp(o)"),
    en="Try a row of values near 1000: which constant may you subtract without changing the result?",
    zh="试一行 1000 左右的数：减去哪个常数不会改变结果？",
)

edit(
    "bptt-10",
    "B13b",
    ("e = np.exp(o - o.max(axis=1, keepdims=True))", "e = np.exp(o - o.max())"),
    en="Try one row near 1000 and one near -1000: whose maximum do you subtract from the second?",
    zh="一行在 1000 附近、一行在 -1000 附近：你从第二行里减去的是谁的最大值？",
)

edit(
    "bptt-10",
    "B13c",
    ("e = np.exp(o - o.max(axis=1, keepdims=True))", "e = np.exp(o - o.max())"),
    ("return e / e.sum(axis=1, keepdims=True)", "return e / e.sum()"),
    en="Each step has its own probabilities: what does one row of yours add up to?",
    zh="每一步有自己的概率：你的一行加起来是多少？",
)

edit(
    "bptt-10",
    "B13d",
    ("e = np.exp(o - o.max(axis=1, keepdims=True))", "o = o - o.max(axis=1, keepdims=True)"),
    (
        "return e / e.sum(axis=1, keepdims=True)",
        "return o - np.log(np.exp(o).sum(axis=1, keepdims=True))",
    ),
    en="Probabilities are positive. Have you returned their logarithms?",
    zh="概率是正的。你返回的是它们的对数吗？",
)

edit(
    "bptt-10",
    "B13e",
    ("return e / e.sum(axis=1, keepdims=True)", "return e / e.sum(axis=1)"),
    en="One sum for each row: is it kept as a column, so that it can divide its row?",
    zh="每行一个和：它有没有保持为一列，好去除自己那一行？",
)


@mistake(
    "bptt-11",
    "B9",
    en="The losses of the steps add up: does the exercise ask for a mean?",
    zh="各步的损失是相加的：题目里有取平均吗？",
)
def rnn_do(y_hat, y):
    hot = np.zeros_like(y_hat)
    hot[np.arange(len(y)), y] = 1
    return (y_hat - hot) / len(y)


@mistake(
    "bptt-11",
    "B7o",
    en="With cross entropy the softmax's derivative cancels: do the algebra once.",
    zh="与交叉熵相乘后 softmax 的导数会消去：把代数推一遍。",
)
def rnn_do(y_hat, y):
    hot = np.zeros_like(y_hat)
    hot[np.arange(len(y)), y] = 1
    return (y_hat - hot) * y_hat * (1 - y_hat)


@mistake(
    "bptt-11",
    "B27o",
    en="If the right label's probability is below 1, should its score rise or fall?",
    zh="正确标签的概率小于 1 时，它的得分应升还是降？",
)
def rnn_do(y_hat, y):
    hot = np.zeros_like(y_hat)
    hot[np.arange(len(y)), y] = 1
    return hot - y_hat


@mistake(
    "bptt-11",
    "B27oa",
    en="That is the derivative with respect to y_hat. The softmax is between y_hat and the scores.",
    zh="这是对 y_hat 的导数。y_hat 与得分之间还有 softmax。",
)
def rnn_do(y_hat, y):
    hot = np.zeros_like(y_hat)
    hot[np.arange(len(y)), y] = 1
    return -hot / y_hat


edit(
    "bptt-11",
    "B27ob",
    ("do[np.arange(len(y)), y] -= 1", "do[:, y] -= 1"),
    en="y[t] belongs to row t only. How many entries of one row do you change?",
    zh="y[t] 只属于第 t 行。你在一行里改了几个数？",
)


@mistake(
    "bptt-11",
    "B27oc",
    en="What should the entry of the right label be: zero, or y_hat - 1?",
    zh="正确标签处应是什么：零，还是 y_hat - 1？",
)
def rnn_do(y_hat, y):
    hot = np.zeros_like(y_hat)
    hot[np.arange(len(y)), y] = 1
    return y_hat * (1 - hot)


@mistake(
    "bptt-11",
    "B27od",
    en="y holds label numbers. Which entry of a row does label 2 refer to?",
    zh="y 里是标签的编号。标签 2 涉及一行中的哪个数？",
)
def rnn_do(y_hat, y):
    return y_hat - y[:, None]


edit(
    "bptt-12",
    "B28",
    ("return do.T @ h[1:]", "return do.T @ h[:-1]"),
    en="Which state does the output of step t read: the one before the step or after it?",
    zh="第 t 步的输出由哪个状态算出：这一步之前的还是之后的？",
)

edit(
    "bptt-12",
    "B28a",
    ("return do.T @ h[1:]", "return h[1:].T @ do"),
    en="Rows of the gradient belong to the rows of V. Which factor's index comes first?",
    zh="梯度的行对应 V 的行。哪个因子的下标在前？",
)

edit(
    "bptt-12",
    "B28b",
    ("return do.T @ h[1:]", "return np.outer(do[-1], h[-1])"),
    en="V is used at every step; how many terms should its gradient have?",
    zh="每一步都用了 V；它的梯度应有几项？",
)

edit(
    "bptt-12",
    "B28c",
    ("return do.T @ h[1:]", "return do.T @ h[1:] / len(do)"),
    en="You divided by a number: which one? Do the contributions of the steps add up, or is their mean taken?",
    zh="你的结果除以了一个数：是哪个数？各步的贡献应当相加，还是取平均？",
)

edit(
    "bptt-13",
    "B8c",
    ("return do.sum(axis=0)", "return do[0].copy()"),
    en="c is added at every step, so its gradient is a sum over ...",
    zh="每一步都加了 c，它的梯度应对什么求和？",
)

edit(
    "bptt-13",
    "B8ca",
    ("return do.sum(axis=0)", "return do[-1].copy()"),
    en="The last step is one of many that add c.",
    zh="最后一步只是加了 c 的许多步之一。",
)

edit(
    "bptt-13",
    "B9c",
    ("return do.sum(axis=0)", "return do.mean(axis=0)"),
    en="You divided by a number: which one? Do the contributions of the steps add up, or is their mean taken?",
    zh="你的结果除以了一个数：是哪个数？各步的贡献应当相加，还是取平均？",
)

edit(
    "bptt-13",
    "B8cb",
    ("return do.sum(axis=0)", "return do.sum(axis=1)"),
    en="One number per unit, not one per step: which axis holds the steps?",
    zh="应是每个单元一个数，而不是每一步一个数：时间步在哪个轴上？",
)

edit(
    "bptt-14",
    "B10",
    ("return 1 - h**2", "return np.ones_like(h)"),
    ("return (a > 0).astype(np.float64)", "return (a > 0) * 1.0"),
    en="Compare with h = a (no activation): your code gives the same gradient for both.",
    zh="与 h = a（没有激活函数）比较：你的代码对两者给出同样的梯度。",
)

edit(
    "bptt-14",
    "B11",
    ("return 1 - h**2", "return 1 - np.tanh(h) ** 2"),
    ("return (a > 0).astype(np.float64)", "return (a > 0) * 1.0"),
    en="Is the argument of your derivative the input of tanh or its output?",
    zh="你的导数的自变量是 tanh 的输入还是输出？",
)

edit(
    "bptt-14",
    "B11a",
    ("return h * (1 - h)", "return 1 / (1 + np.exp(-h)) * (1 - 1 / (1 + np.exp(-h)))"),
    ("return (a > 0).astype(np.float64)", "return (a > 0) * 1.0"),
    en="Is the argument of your derivative the input of the sigmoid or its output?",
    zh="你的导数的自变量是 sigmoid 的输入还是输出？",
)

edit(
    "bptt-14",
    "B11b",
    ("return 1 - h**2", "return 1 - h"),
    ("return (a > 0).astype(np.float64)", "return (a > 0) * 1.0"),
    en="The derivative of tanh has a square in it. Check yours at one point with a difference quotient.",
    zh="tanh 的导数里有一个平方。用差分在一个点上检查你的公式。",
)


@mistake(
    "bptt-14",
    "B11c",
    en="The short formula in terms of the output needs the output: you put in the input.",
    zh="用输出表示的公式需要代入输出：你代入的是输入。",
)
def rnn_slope(a, h, activation):
    if activation == "tanh":
        return 1 - a**2
    if activation == "sigmoid":
        return a * (1 - a)
    return (a > 0) * 1.0


edit(
    "bptt-14",
    "B11d",
    ("return h * (1 - h)", "return h.copy()"),
    ("return (a > 0).astype(np.float64)", "return (a > 0) * 1.0"),
    en="sigmoid' = s(1 - s). What happened to the second factor?",
    zh="sigmoid' = s(1 - s)。第二个因子去哪了？",
)

edit(
    "bptt-14",
    "B11e",
    ("return (a > 0).astype(np.float64)", "return h.copy()"),
    en="You return ReLU(a) itself. What is its derivative?",
    zh="你返回的是 ReLU(a) 本身。它的导数是什么？",
)

edit(
    "bptt-14",
    "B11f",
    ("return (a > 0).astype(np.float64)", "return (a >= 0) * 1.0"),
    en="What does the docstring say about ReLU'(0)?",
    zh="文档字符串对 ReLU'(0) 是怎么说的？",
)


@mistake(
    "bptt-14",
    "B11g",
    en="Does your function look at the argument `activation`?",
    zh="你的函数看了参数 activation 吗？",
)
def rnn_slope(a, h, activation):
    return 1 - h**2


@mistake(
    "bptt-14",
    "B11h",
    en="One formula for three activations: for which of them is it right?",
    zh="三种激活函数共用一个公式：它对哪一种才对？",
)
def rnn_slope(a, h, activation):
    return h * (1 - h)


@mistake(
    "bptt-15",
    "B12",
    en="Two things read h_t: the output at t, and what else?",
    zh="h_t 流向两处：第 t 步的输出，还有哪里？",
)
def rnn_dh(do, V, W, slope):
    return do @ V


edit(
    "bptt-15",
    "B10a",
    ("dh[t - 1] += W.T.dot(dh[t] * slope[t])", "dh[t - 1] += W.T @ dh[t]"),
    en="The activation is between h_{t-1} and h_t. Where is its slope?",
    zh="h_t 与 h_{t-1} 之间隔着激活函数。它的导数在哪里？",
)

edit(
    "bptt-15",
    "B6b",
    ("dh[t - 1] += W.T.dot(dh[t] * slope[t])", "dh[t - 1] += W @ (dh[t] * slope[t])"),
    en="Take a W that is not symmetric and two steps, and write out one entry of dL/dh.",
    zh="取一个不对称的 W 和两个时间步，写出 dL/dh 的一个分量。",
)

edit(
    "bptt-15",
    "B10b",
    ("dh[t - 1] += W.T.dot(dh[t] * slope[t])", "dh[t - 1] += W.T @ (dh[t] * slope[t - 1])"),
    en="h_t = φ(a_t): at which step is the slope taken on the way from t to t - 1?",
    zh="h_t = φ(a_t)：从 t 到 t - 1 时，导数取在哪一步？",
)


@mistake(
    "bptt-15",
    "B12b",
    en="Every step has its own loss. Which of them does your gradient include?",
    zh="每一步都有自己的损失。你的梯度里有哪几步的？",
)
def rnn_dh(do, V, W, slope):
    dh = np.zeros_like(slope)
    dh[-1] = V.T @ do[-1]
    for t in range(len(dh) - 1, 0, -1):
        dh[t - 1] = W.T @ (dh[t] * slope[t])
    return dh


edit(
    "bptt-15",
    "B12c",
    ("dh = do @ V", "dh, out = do @ V, do @ V"),
    ("dh[t - 1] += W.T.dot(dh[t] * slope[t])", "dh[t - 1] += W.T @ (out[t] * slope[t])"),
    en="You carry back the next step's output only. What about the steps after it?",
    zh="你只带回了下一步自己的输出。再后面的各步呢？",
)

edit(
    "bptt-15",
    "B12d",
    ("dh = do @ V", "dh = (do @ V) * slope"),
    ("dh[t - 1] += W.T.dot(dh[t] * slope[t])", "dh[t - 1] += (W.T @ dh[t]) * slope[t - 1]"),
    en="Is that the gradient after the activation (h) or before it (a)?",
    zh="这是激活函数之后（h）的梯度，还是之前（a）的梯度？",
)

edit(
    "bptt-15",
    "B10c",
    ("dh[t - 1] += W.T.dot(dh[t] * slope[t])", "dh[t - 1] += (W.T @ dh[t]) * slope[t]"),
    en="First through the activation or first through W? Read a_t backwards from h_t.",
    zh="先过激活函数还是先过 W？从 h_t 出发把 a_t 倒着读。",
)

edit(
    "bptt-16",
    "B5rw",
    ("return da.T @ h[:-1]", "return da.T @ h[1:]"),
    en="Write the line of the forward pass that contains W: which h does it multiply?",
    zh="写出前向中含有 W 的那一行：它旁边的是哪个 h？",
)

edit(
    "bptt-16",
    "B14",
    ("return da.T @ h[:-1]", "return da.T @ np.roll(h[1:], 1, axis=0)"),
    en="What does index -1 mean in Python at the first step? The state before it is zero.",
    zh="在第一步，Python 的下标 -1 指向哪里？第一步之前的状态是零。",
)

edit(
    "bptt-16",
    "B3rw",
    ("return da.T @ h[:-1]", "return np.outer(da[-1], h[-2])"),
    en="W was used at every step; how many terms should its gradient have?",
    zh="每一步都用了 W；它的梯度应有几项？",
)


@mistake(
    "bptt-16",
    "B4rw",
    en="The same matrix is used at every step: what happens to the contribution of the previous iteration?",
    zh="每一步用的是同一个矩阵：循环上一轮算出的贡献去哪了？",
)
def rnn_dW(da, h):
    dW = None
    for t in range(len(da) - 1, -1, -1):
        dW = np.outer(da[t], h[t])
    return dW


edit(
    "bptt-16",
    "B9rw",
    ("return da.T @ h[:-1]", "return da.T @ h[:-1] / len(da)"),
    en="You divided by a number: which one? Do the contributions of the steps add up, or is their mean taken?",
    zh="你的结果除以了一个数：是哪个数？各步的贡献应当相加，还是取平均？",
)

edit(
    "bptt-16",
    "B24rw",
    ("return da.T @ h[:-1]", "return h[:-1].T @ da"),
    en="Rows of the gradient belong to the rows of W. Which factor's index comes first?",
    zh="梯度的行对应 W 的行。哪个因子的下标在前？",
)

edit(
    "bptt-17",
    "B3v",
    ("return da.T @ x", "return np.outer(da[-1], x[-1])"),
    en="U was used at every step; how many terms should its gradient have?",
    zh="每一步都用了 U；它的梯度应有几项？",
)

edit(
    "bptt-17",
    "B4v",
    ("return da.T @ x", "return np.outer(da[0], x[0])"),
    en="Only the first step's term is left: was the sum overwritten on the way back?",
    zh="只剩下第一步的那一项：往回走时和是不是被覆盖了？",
)

edit(
    "bptt-17",
    "B9v",
    ("return da.T @ x", "return da.T @ x / len(x)"),
    en="You divided by a number: which one? Do the contributions of the steps add up, or is their mean taken?",
    zh="你的结果除以了一个数：是哪个数？各步的贡献应当相加，还是取平均？",
)

edit(
    "bptt-17",
    "B24v",
    ("return da.T @ x", "return x.T @ da"),
    en="Rows of the gradient belong to the rows of U. Which factor's index comes first?",
    zh="梯度的行对应 U 的行。哪个因子的下标在前？",
)

edit(
    "bptt-17",
    "B25v",
    ("return da.T @ x", "return da[1:].T @ x[:-1]"),
    en="U meets x_t of the same step; it is W that multiplies the state of the step before.",
    zh="U 乘的是同一步的 x_t；往回看一步的是 W。",
)

edit(
    "bptt-18",
    "B8r",
    ("return da.sum(axis=0)", "return da[0].copy()"),
    en="b is added at every step, so its gradient is a sum over ...",
    zh="每一步都加了 b，它的梯度应对什么求和？",
)

edit(
    "bptt-18",
    "B8ra",
    ("return da.sum(axis=0)", "return da[-1].copy()"),
    en="The last step is one of many that add b.",
    zh="最后一步只是加了 b 的许多步之一。",
)

edit(
    "bptt-18",
    "B9r",
    ("return da.sum(axis=0)", "return da.mean(axis=0)"),
    en="You divided by a number: which one? Do the contributions of the steps add up, or is their mean taken?",
    zh="你的结果除以了一个数：是哪个数？各步的贡献应当相加，还是取平均？",
)

edit(
    "bptt-18",
    "B8rb",
    ("return da.sum(axis=0)", "return da.sum(axis=1)"),
    en="One number per unit, not one per step: which axis holds the steps?",
    zh="应是每个单元一个数，而不是每一步一个数：时间步在哪个轴上？",
)

edit(
    "bptt-19",
    "B6y",
    ("return da @ U", "return da @ U.T"),
    en="Write out one entry of U x_t, then differentiate it with respect to one entry of x_t.",
    zh="写出 U x_t 的一个分量，再对 x_t 的一个分量求导。",
)

edit(
    "bptt-19",
    "B26y",
    ("return da @ U", "return np.tile((da @ U).sum(axis=0), (len(da), 1))"),
    en="Each step has its own x_t: which row of da does it reach?",
    zh="每一步有自己的 x_t：它影响 da 的哪一行？",
)


@mistake(
    "bptt-19",
    "B26ya",
    en="Do the earlier inputs not reach the loss?",
    zh="更早的输入难道影响不到损失？",
)
def rnn_dx(da, U):
    dx = np.zeros((len(da), U.shape[1]))
    dx[-1] = da[-1] @ U
    return dx


@mistake(
    "bptt-20",
    "B3s",
    en="The sum over k = 1..t has t terms. How does the loss of step t depend on h_1?",
    zh="对 k = 1..t 的求和有 t 项。h_1 怎样影响第 t 步的损失？",
)
def rnn_step_dh(do_t, V, W, slope):
    dh = np.zeros_like(slope)
    dh[-1] = V.T @ do_t
    return dh


edit(
    "bptt-20",
    "B29",
    ("dh[k - 1] = W.T.dot(dh[k] * slope[k])", "dh[k - 1] = V.T @ do_t + W.T @ (dh[k] * slope[k])"),
    en="Only step t's output counts here. What do you add at the earlier steps?",
    zh="这里只算第 t 步的输出。你在更早的各步加了什么？",
)

edit(
    "bptt-20",
    "B10s",
    ("dh[k - 1] = W.T.dot(dh[k] * slope[k])", "dh[k - 1] = W.T @ dh[k]"),
    en="The activation is between h_{k-1} and h_k. Where is its slope?",
    zh="h_k 与 h_{k-1} 之间隔着激活函数。它的导数在哪里？",
)

edit(
    "bptt-20",
    "B10t",
    ("dh[k - 1] = W.T.dot(dh[k] * slope[k])", "dh[k - 1] = W.T @ (dh[k] * slope[k - 1])"),
    en="h_k = φ(a_k): at which step is the slope taken on the way from k to k - 1?",
    zh="h_k = φ(a_k)：从 k 到 k - 1 时，导数取在哪一步？",
)

edit(
    "bptt-20",
    "B6s",
    ("dh[k - 1] = W.T.dot(dh[k] * slope[k])", "dh[k - 1] = W @ (dh[k] * slope[k])"),
    en="Take a W that is not symmetric and two steps, and write out one entry.",
    zh="取一个不对称的 W 和两个时间步，写出一个分量。",
)

edit(
    "bptt-20",
    "B29a",
    ("dh[k - 1] = W.T.dot(dh[k] * slope[k])", "dh[k - 1] = W.T @ (dh[k] * slope[k])"),
    ("return dh", "return dh[::-1].copy()"),
    en="Row k - 1 belongs to step k: in which order are your rows?",
    zh="第 k - 1 行属于第 k 步：你的各行是按什么顺序排的？",
)


@mistake(
    "bptt-20",
    "B29b",
    en="Is that the gradient after the activation (h) or before it (a)?",
    zh="这是激活函数之后（h）的梯度，还是之前（a）的梯度？",
)
def rnn_step_dh(do_t, V, W, slope):
    da = np.zeros_like(slope)
    da[-1] = (V.T @ do_t) * slope[-1]
    for k in range(len(slope) - 1, 0, -1):
        da[k - 1] = (W.T @ da[k]) * slope[k - 1]
    return da


@mistake(
    "bptt-21",
    "B30",
    en="A gradient points uphill. Where do you want to go?",
    zh="梯度指向上坡。你想往哪里走？",
)
def sgd_step(params, grads, lr, clip=None):
    norm = math.sqrt(sum(float(np.vdot(grads[name], grads[name])) for name in params))
    factor = lr if clip is None or norm <= clip else lr * clip / norm
    return {name: value + factor * grads[name] for name, value in params.items()}


@mistake(
    "bptt-21",
    "B30a",
    en="Try a small clip: does your result change?",
    zh="给一个很小的 clip：你的结果有变化吗？",
)
def sgd_step(params, grads, lr, clip=None):
    return {name: value - lr * grads[name] for name, value in params.items()}


@mistake(
    "bptt-21",
    "B30b",
    en="grads has more entries than params: whose norm is limited?",
    zh="grads 里的东西比 params 多：限制的是谁的范数？",
)
def sgd_step(params, grads, lr, clip=None):
    norm = math.sqrt(sum(float(np.vdot(grads[name], grads[name])) for name in grads))
    factor = lr if clip is None or norm <= clip else lr * clip / norm
    return {name: value - factor * grads[name] for name, value in params.items()}


@mistake(
    "bptt-21",
    "B30c",
    en="One norm over all arrays and one factor for all: you have one per array.",
    zh="所有数组合起来一个范数，共用一个系数：你给每个数组各算了一个。",
)
def sgd_step(params, grads, lr, clip=None):
    after = {}
    for name, value in params.items():
        norm = math.sqrt(float(np.vdot(grads[name], grads[name])))
        factor = lr if clip is None or norm <= clip else lr * clip / norm
        after[name] = value - factor * grads[name]
    return after


@mistake(
    "bptt-21",
    "B30d",
    en="Clipping each entry changes the direction of the step. What does the docstring limit?",
    zh="逐个裁剪会改变这一步的方向。文档字符串限制的是什么？",
)
def sgd_step(params, grads, lr, clip=None):
    limit = math.inf if clip is None else clip
    return {
        name: value - lr * np.clip(grads[name], -limit, limit) for name, value in params.items()
    }


@mistake(
    "bptt-21",
    "B30e",
    en="A gradient whose norm is below clip must not change. What do you do with it?",
    zh="比 clip 短的梯度应保持原样。你对它做了什么？",
)
def sgd_step(params, grads, lr, clip=None):
    norm = math.sqrt(sum(float(np.vdot(grads[name], grads[name])) for name in params))
    factor = lr if clip is None or norm == 0 else lr * clip / norm
    return {name: value - factor * grads[name] for name, value in params.items()}


@mistake(
    "bptt-21",
    "B30f",
    en="What does your factor do when every gradient is zero?",
    zh="所有梯度都为零时，你的系数会怎样？",
)
def sgd_step(params, grads, lr, clip=None):
    norm = math.sqrt(sum(float(np.vdot(grads[name], grads[name])) for name in params))
    factor = lr if clip is None else lr * min(1.0, clip / norm)
    return {name: value - factor * grads[name] for name, value in params.items()}


@mistake("bptt-21", "B30g", en="What is the norm of (3, 4)?", zh="(3, 4) 的范数是多少？")
def sgd_step(params, grads, lr, clip=None):
    norm = sum(float(np.vdot(grads[name], grads[name])) for name in params)
    factor = lr if clip is None or norm <= clip else lr * clip / norm
    return {name: value - factor * grads[name] for name, value in params.items()}


# ---------------------------------------------------------------- LSTM (bonus)


@mistake(
    "bptt-22",
    "B9z",
    en="The losses of the steps add up: does the exercise ask for a mean?",
    zh="各步的损失是相加的：题目里有取平均吗？",
)
def lstm_dz(y_hat, y):
    hot = np.zeros_like(y_hat)
    hot[np.arange(len(y)), y] = 1
    return (y_hat - hot) / len(y)


@mistake(
    "bptt-22",
    "B7z",
    en="With cross entropy the softmax's derivative cancels: do the algebra once.",
    zh="与交叉熵相乘后 softmax 的导数会消去：把代数推一遍。",
)
def lstm_dz(y_hat, y):
    hot = np.zeros_like(y_hat)
    hot[np.arange(len(y)), y] = 1
    return (y_hat - hot) * y_hat * (1 - y_hat)


@mistake(
    "bptt-22",
    "B27z",
    en="If the right label's probability is below 1, should its score rise or fall?",
    zh="正确标签的概率小于 1 时，它的得分应升还是降？",
)
def lstm_dz(y_hat, y):
    hot = np.zeros_like(y_hat)
    hot[np.arange(len(y)), y] = 1
    return hot - y_hat


@mistake(
    "bptt-22",
    "B27za",
    en="That is the derivative with respect to y_hat. The softmax is between y_hat and the scores.",
    zh="这是对 y_hat 的导数。y_hat 与得分之间还有 softmax。",
)
def lstm_dz(y_hat, y):
    hot = np.zeros_like(y_hat)
    hot[np.arange(len(y)), y] = 1
    return -hot / y_hat


@mistake(
    "bptt-22",
    "B27zb",
    en="y[t] belongs to row t only. How many entries of one row do you change?",
    zh="y[t] 只属于第 t 行。你在一行里改了几个数？",
)
def lstm_dz(y_hat, y):
    do = y_hat.copy()
    do[:, y] -= 1
    return do


@mistake(
    "bptt-22",
    "B27zc",
    en="What should the entry of the right label be: zero, or y_hat - 1?",
    zh="正确标签处应是什么：零，还是 y_hat - 1？",
)
def lstm_dz(y_hat, y):
    hot = np.zeros_like(y_hat)
    hot[np.arange(len(y)), y] = 1
    return y_hat * (1 - hot)


edit(
    "bptt-23",
    "B28l",
    ("return dz.T @ h[1:]", "return dz.T @ h[:-1]"),
    en="Which state does the output of step t read: the one before the step or after it?",
    zh="第 t 步的输出由哪个状态算出：这一步之前的还是之后的？",
)

edit(
    "bptt-23",
    "B28la",
    ("return dz.T @ h[1:]", "return h[1:].T @ dz"),
    en="Rows of the gradient belong to the rows of V. Which factor's index comes first?",
    zh="梯度的行对应 V 的行。哪个因子的下标在前？",
)

edit(
    "bptt-23",
    "B28lb",
    ("return dz.T @ h[1:]", "return np.outer(dz[-1], h[-1])"),
    en="V is used at every step; how many terms should its gradient have?",
    zh="每一步都用了 V；它的梯度应有几项？",
)

edit(
    "bptt-23",
    "B28lc",
    ("return dz.T @ h[1:]", "return dz.T @ h[1:] / len(dz)"),
    en="You divided by a number: which one? Do the contributions of the steps add up, or is their mean taken?",
    zh="你的结果除以了一个数：是哪个数？各步的贡献应当相加，还是取平均？",
)

edit(
    "bptt-24",
    "B8q",
    ("return dz.sum(axis=0)", "return dz[0].copy()"),
    en="c is added at every step, so its gradient is a sum over ...",
    zh="每一步都加了 c，它的梯度应对什么求和？",
)

edit(
    "bptt-24",
    "B8qa",
    ("return dz.sum(axis=0)", "return dz[-1].copy()"),
    en="The last step is one of many that add c.",
    zh="最后一步只是加了 c 的许多步之一。",
)

edit(
    "bptt-24",
    "B9q",
    ("return dz.sum(axis=0)", "return dz.mean(axis=0)"),
    en="You divided by a number: which one? Do the contributions of the steps add up, or is their mean taken?",
    zh="你的结果除以了一个数：是哪个数？各步的贡献应当相加，还是取平均？",
)

edit(
    "bptt-24",
    "B8qb",
    ("return dz.sum(axis=0)", "return dz.sum(axis=1)"),
    en="One number per unit, not one per step: which axis holds the steps?",
    zh="应是每个单元一个数，而不是每一步一个数：时间步在哪个轴上？",
)

edit(
    "bptt-25",
    "B12l",
    ("return V.T.dot(dz_t) + W.T.dot(later)", "return V.T @ dz_t"),
    en="The output at t reads h_t; what else reads it one step later?",
    zh="h_t 流向第 t 步的输出，下一步还有谁用到它？",
)


@mistake(
    "bptt-25",
    "B12lf",
    en="Four gates depend on h_t. Which one of them is missing in your sum?",
    zh="h_t 影响四个门。你的和里少了哪一个？",
)
def lstm_dh(dz_t, V, W, later):
    gates = later.reshape(4, -1).copy()
    gates[0] = 0
    return V.T @ dz_t + W.T @ gates.ravel()


@mistake(
    "bptt-25",
    "B12li",
    en="Four gates depend on h_t. Which one of them is missing in your sum?",
    zh="h_t 影响四个门。你的和里少了哪一个？",
)
def lstm_dh(dz_t, V, W, later):
    gates = later.reshape(4, -1).copy()
    gates[1] = 0
    return V.T @ dz_t + W.T @ gates.ravel()


@mistake(
    "bptt-25",
    "B12la",
    en="Four gates depend on h_t. Which one of them is missing in your sum?",
    zh="h_t 影响四个门。你的和里少了哪一个？",
)
def lstm_dh(dz_t, V, W, later):
    gates = later.reshape(4, -1).copy()
    gates[2] = 0
    return V.T @ dz_t + W.T @ gates.ravel()


@mistake(
    "bptt-25",
    "B12lo",
    en="Four gates depend on h_t. Which one of them is missing in your sum?",
    zh="h_t 影响四个门。你的和里少了哪一个？",
)
def lstm_dh(dz_t, V, W, later):
    gates = later.reshape(4, -1).copy()
    gates[3] = 0
    return V.T @ dz_t + W.T @ gates.ravel()


@mistake(
    "bptt-25",
    "B6l",
    en="Take matrices that are not symmetric, and write out one entry of dL/dh.",
    zh="取不对称的矩阵，写出 dL/dh 的一个分量。",
)
def lstm_dh(dz_t, V, W, later):
    H = V.shape[1]
    return V.T @ dz_t + sum(W[k * H : (k + 1) * H] @ later[k * H : (k + 1) * H] for k in range(4))


edit(
    "bptt-25",
    "B12v",
    ("return V.T.dot(dz_t) + W.T.dot(later)", "return W.T @ later"),
    en="At the last step your gradient is zero. What else depends on h_t?",
    zh="在最后一步你的梯度是零。h_t 还影响什么？",
)

edit(
    "bptt-26",
    "B16",
    ("return dC_next * f_next", "return dC_next * i_next"),
    en="Differentiate C_{t+1} = C_t f + i a with respect to C_t.",
    zh="把 C_{t+1} = C_t f + i a 对 C_t 求导。",
)

edit(
    "bptt-26",
    "B15a",
    ("return dC_next * f_next", "return dC_next.copy()"),
    en="Does all of C_t go into C_{t+1}?",
    zh="C_t 是全部进入 C_{t+1} 吗？",
)

edit(
    "bptt-26",
    "B16a",
    ("return dC_next * f_next", "return dC_next * f_next * (1 - f_next)"),
    en="You differentiate with respect to the gate's input. Which variable does the docstring name?",
    zh="你是对门的输入求导。这里问的是对什么求导？",
)

edit(
    "bptt-26",
    "B16b",
    ("return dC_next * f_next", "return dC_next * (1 - f_next)"),
    en="f says how much is kept, not how much is forgotten.",
    zh="f 表示保留多少，而不是忘掉多少。",
)

edit(
    "bptt-27",
    "B15",
    (
        "return dh_t * o_t * (1 - np.tanh(C_t) ** 2) + carried",
        "return dh_t * o_t * (1 - np.tanh(C_t) ** 2)",
    ),
    en="h_t and C_{t+1} both read C_t: where is the second path?",
    zh="C_t 流向 h_t 和 C_{t+1}：第二条路在哪里？",
)

edit(
    "bptt-27",
    "B15b",
    ("return dh_t * o_t * (1 - np.tanh(C_t) ** 2) + carried", "return dh_t * o_t + carried"),
    en="There is a tanh between C_t and h_t. Where is its derivative?",
    zh="C_t 与 h_t 之间有一个 tanh。它的导数在哪里？",
)

edit(
    "bptt-27",
    "B15c",
    (
        "return dh_t * o_t * (1 - np.tanh(C_t) ** 2) + carried",
        "return dh_t * (1 - np.tanh(C_t) ** 2) + carried",
    ),
    en="Read h_t = o_t tanh(C_t) again: what multiplies the tanh?",
    zh="再读一遍 h_t = o_t tanh(C_t)：tanh 前面乘着什么？",
)

edit(
    "bptt-27",
    "B18a",
    (
        "return dh_t * o_t * (1 - np.tanh(C_t) ** 2) + carried",
        "return dh_t * o_t * (1 - C_t**2) + carried",
    ),
    en="1 - y^2 needs the output of tanh: is C_t its output or its input?",
    zh="1 - y^2 需要 tanh 的输出：C_t 是它的输出还是输入？",
)

edit(
    "bptt-27",
    "B15d",
    (
        "return dh_t * o_t * (1 - np.tanh(C_t) ** 2) + carried",
        "return (dh_t + carried) * o_t * (1 - np.tanh(C_t) ** 2)",
    ),
    en="The part from C_{t+1} has not gone through h_t: does it need o and tanh'?",
    zh="来自 C_{t+1} 的部分没有经过 h_t：它需要 o 和 tanh' 吗？",
)

edit(
    "bptt-28",
    "B17",
    ("return dC_t * C_prev * f_t * (1 - f_t)", "return dC_t * C_prev * f_t"),
    en="f is a sigmoid of something: you have the derivative with respect to f, not to its input.",
    zh="f 是某个量的 sigmoid：你求的是对 f 的导数，不是对它的输入的。",
)

edit(
    "bptt-28",
    "B17a",
    ("return dC_t * C_prev * f_t * (1 - f_t)", "return dC_t * C_prev"),
    en="That is the derivative with respect to f itself. One factor is missing on the way to its input.",
    zh="这是对 f 本身的导数。到它的输入还差一个因子。",
)

edit(
    "bptt-28",
    "B17b",
    ("return dC_t * C_prev * f_t * (1 - f_t)", "return dC_t * f_t * (1 - f_t)"),
    en="What does f_t multiply in C_t = C_{t-1} f + i a?",
    zh="在 C_t = C_{t-1} f + i a 里，f_t 乘的是什么？",
)

edit(
    "bptt-28",
    "B17c",
    ("return dC_t * C_prev * f_t * (1 - f_t)", "return dC_t * C_prev * (1 - f_t**2)"),
    en="f comes from a sigmoid. Whose derivative is 1 - y^2?",
    zh="f 来自 sigmoid。1 - y^2 是谁的导数？",
)

edit(
    "bptt-29",
    "B17d",
    ("return dC_t * a_t * i_t * (1 - i_t)", "return dC_t * a_t"),
    en="That is the derivative with respect to i itself. One factor is missing on the way to its input.",
    zh="这是对 i 本身的导数。到它的输入还差一个因子。",
)

edit(
    "bptt-29",
    "B17e",
    ("return dC_t * a_t * i_t * (1 - i_t)", "return dC_t * i_t * (1 - i_t)"),
    en="What does i_t multiply in C_t = C_{t-1} f + i a?",
    zh="在 C_t = C_{t-1} f + i a 里，i_t 乘的是什么？",
)

edit(
    "bptt-29",
    "B17f",
    ("return dC_t * a_t * i_t * (1 - i_t)", "return dC_t * a_t * (1 - i_t**2)"),
    en="i comes from a sigmoid. Whose derivative is 1 - y^2?",
    zh="i 来自 sigmoid。1 - y^2 是谁的导数？",
)

edit(
    "bptt-29",
    "B17g",
    ("return dC_t * a_t * i_t * (1 - i_t)", "return dC_t * a_t * i_t"),
    en="i is a sigmoid of something: you have the derivative with respect to i, not to its input.",
    zh="i 是某个量的 sigmoid：你求的是对 i 的导数，不是对它的输入的。",
)

edit(
    "bptt-30",
    "B19",
    ("return dC_t * i_t * (1 - a_t**2)", "return dC_t * i_t * a_t * (1 - a_t)"),
    en="The candidate comes from tanh: is its derivative a(1 - a)?",
    zh="候选值来自 tanh：它的导数是 a(1 - a) 吗？",
)

edit(
    "bptt-30",
    "B19a",
    ("return dC_t * i_t * (1 - a_t**2)", "return dC_t * i_t"),
    en="That is the derivative with respect to a itself. One factor is missing on the way to its input.",
    zh="这是对 a 本身的导数。到它的输入还差一个因子。",
)

edit(
    "bptt-30",
    "B19b",
    ("return dC_t * i_t * (1 - a_t**2)", "return dC_t * (1 - a_t**2)"),
    en="What does a_t multiply in C_t = C_{t-1} f + i a?",
    zh="在 C_t = C_{t-1} f + i a 里，a_t 乘的是什么？",
)

edit(
    "bptt-30",
    "B19c",
    ("return dC_t * i_t * (1 - a_t**2)", "return dC_t * i_t * (1 - np.tanh(a_t) ** 2)"),
    en="a is already the output of tanh.",
    zh="a 已经是 tanh 的输出。",
)

edit(
    "bptt-31",
    "B18",
    ("return dh_t * np.tanh(C_t) * o_t * (1 - o_t)", "return dh_t * C_t * o_t * (1 - o_t)"),
    en="Read h_t = o_t tanh(C_t) again.",
    zh="再读一遍 h_t = o_t tanh(C_t)。",
)

edit(
    "bptt-31",
    "B18b",
    ("return dh_t * np.tanh(C_t) * o_t * (1 - o_t)", "return dh_t * np.tanh(C_t)"),
    en="That is the derivative with respect to o itself. One factor is missing on the way to its input.",
    zh="这是对 o 本身的导数。到它的输入还差一个因子。",
)

edit(
    "bptt-31",
    "B18c",
    (
        "return dh_t * np.tanh(C_t) * o_t * (1 - o_t)",
        "return dh_t * (1 - np.tanh(C_t) ** 2) * o_t * (1 - o_t)",
    ),
    en="You differentiate tanh(C_t), but here o_t is the variable.",
    zh="你对 tanh(C_t) 求了导，但这里的变量是 o_t。",
)

edit(
    "bptt-31",
    "B18d",
    ("return dh_t * np.tanh(C_t) * o_t * (1 - o_t)", "return dh_t * np.tanh(C_t) * (1 - o_t**2)"),
    en="o comes from a sigmoid. Whose derivative is 1 - y^2?",
    zh="o 来自 sigmoid。1 - y^2 是谁的导数？",
)

edit(
    "bptt-32",
    "B5l",
    ("return d_gate.T @ h[:-1]", "return d_gate.T @ h[1:]"),
    en="Write the line of the forward pass that contains W_g: which h does it multiply?",
    zh="写出前向中含有 W_g 的那一行：它旁边的是哪个 h？",
)

edit(
    "bptt-32",
    "B3l",
    ("return d_gate.T @ h[:-1]", "return np.outer(d_gate[-1], h[-2])"),
    en="W_g was used at every step; how many terms should its gradient have?",
    zh="每一步都用了 W_g；它的梯度应有几项？",
)


@mistake(
    "bptt-32",
    "B4l",
    en="The same matrix is used at every step: what happens to the contribution of the previous iteration?",
    zh="每一步用的是同一个矩阵：循环上一轮算出的贡献去哪了？",
)
def lstm_dW(d_gate, h):
    dW = None
    for t in range(len(d_gate) - 1, -1, -1):
        dW = np.outer(d_gate[t], h[t])
    return dW


edit(
    "bptt-32",
    "B9l",
    ("return d_gate.T @ h[:-1]", "return d_gate.T @ h[:-1] / len(d_gate)"),
    en="You divided by a number: which one? Do the contributions of the steps add up, or is their mean taken?",
    zh="你的结果除以了一个数：是哪个数？各步的贡献应当相加，还是取平均？",
)

edit(
    "bptt-32",
    "B24l",
    ("return d_gate.T @ h[:-1]", "return h[:-1].T @ d_gate"),
    en="Rows of the gradient belong to the rows of W_g. Which factor's index comes first?",
    zh="梯度的行对应 W_g 的行。哪个因子的下标在前？",
)

edit(
    "bptt-33",
    "B3ul",
    ("return d_gate.T @ x", "return np.outer(d_gate[-1], x[-1])"),
    en="U_g was used at every step; how many terms should its gradient have?",
    zh="每一步都用了 U_g；它的梯度应有几项？",
)

edit(
    "bptt-33",
    "B9ul",
    ("return d_gate.T @ x", "return d_gate.T @ x / len(x)"),
    en="You divided by a number: which one? Do the contributions of the steps add up, or is their mean taken?",
    zh="你的结果除以了一个数：是哪个数？各步的贡献应当相加，还是取平均？",
)

edit(
    "bptt-33",
    "B24ul",
    ("return d_gate.T @ x", "return x.T @ d_gate"),
    en="Rows of the gradient belong to the rows of U_g. Which factor's index comes first?",
    zh="梯度的行对应 U_g 的行。哪个因子的下标在前？",
)

edit(
    "bptt-33",
    "B25l",
    ("return d_gate.T @ x", "return d_gate[1:].T @ x[:-1]"),
    en="The gate reads x_t of the same step; only the state comes from one step back.",
    zh="门用的是同一步的 x_t；来自上一步的只有状态。",
)

edit(
    "bptt-34",
    "B8l",
    ("return d_gate.sum(axis=0)", "return d_gate[0].copy()"),
    en="b_g is added at every step, so its gradient is a sum over ...",
    zh="每一步都加了 b_g，它的梯度应对什么求和？",
)

edit(
    "bptt-34",
    "B8la",
    ("return d_gate.sum(axis=0)", "return d_gate[-1].copy()"),
    en="The last step is one of many that add b_g.",
    zh="最后一步只是加了 b_g 的许多步之一。",
)

edit(
    "bptt-34",
    "B8lb",
    ("return d_gate.sum(axis=0)", "return d_gate.sum(axis=1)"),
    en="One number per unit, not one per step: which axis holds the steps?",
    zh="应是每个单元一个数，而不是每一步一个数：时间步在哪个轴上？",
)

edit(
    "bptt-34",
    "B9lb",
    ("return d_gate.sum(axis=0)", "return d_gate.mean(axis=0)"),
    en="You divided by a number: which one? Do the contributions of the steps add up, or is their mean taken?",
    zh="你的结果除以了一个数：是哪个数？各步的贡献应当相加，还是取平均？",
)

edit(
    "bptt-44",
    "B31",
    ("return sum(d[gate] @ U[gate] for gate in U)", 'return d["f"] @ U["f"]'),
    en="x_t is read four times. How many terms does your sum have?",
    zh="x_t 用了四次。你的和有几项？",
)

edit(
    "bptt-44",
    "B31a",
    (
        "return sum(d[gate] @ U[gate] for gate in U)",
        'return sum(d[gate] @ U[gate] for gate in "fio")',
    ),
    en="The candidate reads x_t too.",
    zh="候选值也用到 x_t。",
)

edit(
    "bptt-44",
    "B31b",
    (
        "return sum(d[gate] @ U[gate] for gate in U)",
        "return np.concatenate([d[gate] @ U[gate] for gate in U], axis=1)",
    ),
    en="One x_t feeds four gates: are the four parts concatenated, or do they add up?",
    zh="同一个 x_t 送入四个门：四个部分是并排放着，还是相加？",
)

edit(
    "bptt-44",
    "B20",
    ("return sum(d[gate] @ U[gate] for gate in U)", 'return sum(d["f"] @ U[gate] for gate in U)'),
    en="Which gate's gradient did you take in each term? Compare the four terms with one another.",
    zh="每一项里你取的是哪个门的梯度？把四项互相比较一下。",
)


# ---------------------------------------------------------------- in one piece

edit(
    "bptt-45",
    "B200",
    ("loss = np.mean(", "loss = np.sum("),
    ("- y_gt) / B", "- y_gt)"),
    en="The loss is the mean over the texts: by which number is everything divided?",
    zh="损失是对各文本取平均：所有结果都要除以哪个数？",
)
edit(
    "bptt-45",
    "B201",
    ("- y_gt) / B", "- y_gt)"),
    en="The loss is a mean; its gradients are those of the sum.",
    zh="损失取了平均，梯度却是总和的梯度。",
)
edit(
    "bptt-45",
    "B202",
    ("dh = da[t] @ W", "dh = da[t] @ W.T"),
    en="Rows are texts: does the way back use W or its transpose?",
    zh="一行是一条文本：反向传播时用 W 还是它的转置？",
)
edit(
    "bptt-45",
    "B203",
    ("da[t] = dh * (a[t] > 0)", "da[t] = dh"),
    en="The ReLU lets nothing through where its input was negative: where is it on the way back?",
    zh="ReLU 的输入为负时什么也不通过：反向传播时它在哪里？",
)
edit(
    "bptt-45",
    "B204",
    ('np.einsum("tbi,tbj->ij", da, h[:-1])', 'np.einsum("tbi,tbj->ij", da, h[1:])'),
    en="In the formula of a_t, W multiplies the state before it.",
    zh="在 a_t 的公式里，W 乘的是前一步的状态。",
)
edit(
    "bptt-45",
    "B205",
    ('np.einsum("tbi,btj->ij", da, x)', 'np.einsum("bi,bj->ij", da[-1], x[:, -1])'),
    en="U is used at every step, not only at the last one.",
    zh="U 在每一步都用到，不只是最后一步。",
)
edit(
    "bptt-45",
    "B206",
    (
        "np.mean(np.logaddexp(0, z) - y_gt * z)",
        "np.mean(-np.log(np.where(y_gt, 1 / (1 + np.exp(-z)), 1 - 1 / (1 + np.exp(-z)))))",
    ),
    en="For z = 1000 the sigmoid is exactly 1, and the logarithm of 1 - 1 is -inf: write the loss in terms of z.",
    zh="z = 1000 时 sigmoid 恰好等于 1，1 - 1 的对数是 -inf：用 z 来写损失。",
)
edit(
    "bptt-45",
    "B207",
    ('np.einsum("tbi,ij->btj", da, U)', 'np.einsum("tbi,ji->btj", da, U)'),
    en="Which index of U belongs to x_t in the formula of a_t?",
    zh="在 a_t 的公式里，U 的哪个下标属于 x_t？",
)
edit(
    "bptt-46",
    "B210",
    ("dC = dC + dh * o", "dC = dh * o"),
    en="C_t is read by h_t and by C_{t+1}: one of the two paths is lost.",
    zh="h_t 和 C_{t+1} 都用到 C_t：其中一条路径丢了。",
)
edit(
    "bptt-46",
    "B211",
    ("dC = dC * f", "dC = dC * i"),
    en="C_{t+1} = C_t f + i a: which gate stands beside C_t?",
    zh="C_{t+1} = C_t f + i a：与 C_t 相乘的是哪个门？",
)
edit(
    "bptt-46",
    "B212",
    (
        'dh = sum(params[f"W_{gate}"].T @ d[gate][t] for gate in "fiao")',
        'dh = params["W_o"].T @ d["o"][t]',
    ),
    en="Four gates of the next step read h_t, not one.",
    zh="下一步有四个门用到 h_t，不止一个。",
)
edit(
    "bptt-46",
    "B213",
    ("dh = dh + params", "dh = params"),
    en="Between the steps the gradient travels through C alone here: h_t is read by the next step's gates too.",
    zh="这里步与步之间的梯度只经过 C：下一步的各个门也用到 h_t。",
)
edit(
    "bptt-46",
    "B214",
    ("(1 - np.tanh(C[t + 1]) ** 2)", "(1 - C[t + 1] ** 2)"),
    en="1 - y² is the derivative of tanh when y is its output: is C_t an output of tanh?",
    zh="当 y 是 tanh 的输出时，导数才是 1 - y²：C_t 是 tanh 的输出吗？",
)
edit(
    "bptt-46",
    "B215",
    ("dC * C[t] * f", "dC * C[t + 1] * f"),
    en="The forget gate multiplies the cell state of the step before.",
    zh="遗忘门乘的是前一步的细胞状态。",
)
edit(
    "bptt-46",
    "B216",
    ("dC * i * (1 - a**2)", "dC * i * a * (1 - a)"),
    en="The candidate goes through tanh, the gates through the sigmoid: two derivatives.",
    zh="候选值经过 tanh，门经过 sigmoid：两种导数。",
)
edit(
    "bptt-46",
    "B217",
    ("= d[gate].T @ h[:-1]", "= d[gate].T @ h[1:]"),
    en="The gates of step t read the state of step t - 1.",
    zh="第 t 步的门用的是第 t - 1 步的状态。",
)
edit(
    "bptt-46",
    "B218",
    ("-log_p[np.arange(T), y].sum(), grads", "-log_p[np.arange(T), y].mean(), grads"),
    en="The losses of the steps are added up, not averaged.",
    zh="各步的损失相加，不是取平均。",
)

# ---- met in code from outside

for blank, id, line in (
    ("bptt-04", "B101", "for t in range(len(a) - 1, 0, -1):"),
    ("bptt-15", "B101r", "for t in range(len(dh) - 1, 0, -1):"),
    ("bptt-20", "B101s", "for k in range(len(slope) - 1, 0, -1):"),
):
    edit(
        blank,
        id,
        (line, line.replace(", 0, -1)", ", max(0, len(dh) - 3), -1)")),
        en="Your gradient stops after a few steps back: is there a step that the loss does not depend on?",
        zh="你的梯度回传几步就停了：有哪一步是损失不依赖的？",
    )

for blank, id, name in (("bptt-11", "B102", "do"), ("bptt-22", "B102l", "dz")):
    edit(
        blank,
        id,
        (
            f"{name}[np.arange(len(y)), y] -= 1",
            f"{name} = np.where(np.arange(y_hat.shape[1]) == y[:, None], y_hat - 1, 0.0)",
        ),
        en="Does the loss change when the score of a wrong label does? Its gradient says no.",
        zh="错误标签的得分改变时，损失变吗？你的梯度说不变。",
    )


# ---------------------------------------------------------------- met in public code


edit(
    "bptt-10",
    "B520",
    ("e = np.exp(o - o.max(axis=1, keepdims=True))", "e = np.exp(o)"),
    ("return e / e.sum(axis=1, keepdims=True)", "return e / e.sum()"),
    en="Two slips: nothing is subtracted before exp, and all rows are divided by one sum.",
    zh="有两处错误：exp 之前没有减最大值；所有行都除以同一个和。",
)
edit(
    "bptt-10",
    "B521",
    ("e = np.exp(o - o.max(axis=1, keepdims=True))", "e = np.exp(o)"),
    ("return e / e.sum(axis=1, keepdims=True)", "return e / e.sum(axis=0)"),
    en="Two slips: nothing is subtracted before exp, and columns are divided by their sums, not rows.",
    zh="有两处错误：exp 之前没有减最大值；除以的是每列的和，而不是每行的和。",
)
edit(
    "bptt-11",
    "B551",
    ("do[np.arange(len(y)), y] -= 1\n", ""),
    en="With y_hat alone, what does the gradient know of the right classes?",
    zh="只有 y_hat 时，梯度从哪里知道正确的类别？",
)
edit(
    "bptt-11",
    "B552",
    ("do[np.arange(len(y)), y] -= 1", "for right in y:\n    do[:, right] -= 1"),
    en="Each step has one right class: how many entries of a row change?",
    zh="每一步只有一个正确的类别：一行里有几个数要变？",
)
for number, steps in (("B553", 4), ("B553b", 9)):
    edit(
        "bptt-15",
        number,
        (
            "for t in range(len(dh) - 1, 0, -1):\n    dh[t - 1] += W.T.dot(dh[t] * slope[t])",
            "for t in range(len(do)):\n    back = V.T.dot(do[t])\n"
            f"    for step in range(t, max(0, t - {steps}), -1):\n"
            "        back = W.T.dot(back * slope[step])\n        dh[step - 1] += back",
        ),
        en="How many steps back does a loss reach in your sum? The whole sequence is asked for here.",
        zh="在你的求和里，一个损失往回传几步？这里要求传过整个序列。",
    )
edit(
    "bptt-16",
    "B554",
    ("return da.T @ h[:-1]", "return np.clip(da.T @ h[:-1], -5, 5)"),
    en="Clipping is a choice of the training loop: does the derivative itself have a largest value?",
    zh="截断是训练循环里的选择：导数本身有最大值吗？",
)
edit(
    "bptt-27",
    "B555",
    (
        "return dh_t * o_t * (1 - np.tanh(C_t) ** 2) + carried",
        "return dh_t * dh_t * np.tanh(C_t) * o_t * (1 - o_t) * (1 - np.tanh(C_t) ** 2) + carried",
    ),
    en="h_t = o_t tanh(C_t): is it the gate, or the gate's gradient, that multiplies dL/dh_t on the way to C_t?",
    zh="h_t = o_t tanh(C_t)：dL/dh_t 传到 C_t 时，乘的是门，还是门的梯度？",
)
edit(
    "bptt-27",
    "B556",
    (
        "return dh_t * o_t * (1 - np.tanh(C_t) ** 2) + carried",
        "return (dh_t * o_t + carried) * (1 - np.tanh(C_t) ** 2)",
    ),
    en="The part from C_{t+1} has not gone through the tanh of h_t: which part does its slope multiply?",
    zh="来自 C_{t+1} 的部分没有经过 h_t 里的 tanh：tanh 的导数应乘在哪一部分上？",
)
edit(
    "bptt-16",
    "B557",
    ("return da.T @ h[:-1]", "return np.clip(da[:-1].T @ h[:-2], -5, 5)"),
    en="Two things: is the last step in your sum, and does the derivative itself have a largest value?",
    zh="两处：最后一步在你的求和里吗？导数本身有最大值吗？",
)
