"""Known mistakes of hmm. H ids are the catalogue's; a letter after an id marks a variation of that mistake."""

import numpy as np

from course.mistakes import edit, mistake


@mistake(
    "hmm-01",
    "H1",
    en='Rows of A sum to 1: which index is "from"? Try an A that is not symmetric.',
    zh="A 的每一行之和为 1：哪个下标是“从哪个状态来”？试一个不对称的 A。",
)
def forward(pi, A, B, obs):
    alpha = np.zeros((len(obs), len(pi)))
    alpha[0] = pi * B[:, obs[0]]
    for t in range(1, len(obs)):
        alpha[t] = (A @ alpha[t - 1]) * B[:, obs[t]]
    return alpha


@mistake(
    "hmm-01",
    "H2",
    en="How likely is the first symbol in your formula?",
    zh="在你的公式里，第一个符号出现的概率在哪里？",
)
def forward(pi, A, B, obs):
    alpha = np.zeros((len(obs), len(pi)))
    alpha[0] = pi
    for t in range(1, len(obs)):
        alpha[t] = (alpha[t - 1] @ A) * B[:, obs[t]]
    return alpha


@mistake(
    "hmm-01",
    "H3",
    en="Which symbol is emitted at the time that you have just moved to?",
    zh="刚刚转移到的那个时刻，发出的是哪个符号？",
)
def forward(pi, A, B, obs):
    alpha = np.zeros((len(obs), len(pi)))
    alpha[0] = pi * B[:, obs[0]]
    for t in range(1, len(obs)):
        alpha[t] = (alpha[t - 1] @ A) * B[:, obs[t - 1]]
    return alpha


@mistake(
    "hmm-01",
    "H3b",
    en="The symbol belongs to the state that you arrive in, not to the one that you leave.",
    zh="符号属于到达的状态，而不是离开的状态。",
)
def forward(pi, A, B, obs):
    alpha = np.zeros((len(obs), len(pi)))
    alpha[0] = pi * B[:, obs[0]]
    for t in range(1, len(obs)):
        alpha[t] = (alpha[t - 1] * B[:, obs[t]]) @ A
    return alpha


@mistake(
    "hmm-01",
    "H18a",
    en="Forward sums over all paths into a state. What does a maximum leave out?",
    zh="前向算法把进入一个状态的所有路径相加。取最大值会漏掉什么？",
)
def forward(pi, A, B, obs):
    alpha = np.zeros((len(obs), len(pi)))
    alpha[0] = pi * B[:, obs[0]]
    for t in range(1, len(obs)):
        alpha[t] = (alpha[t - 1][:, None] * A).max(0) * B[:, obs[t]]
    return alpha


@mistake(
    "hmm-01",
    "H8a",
    en="Each row of your alpha sums to 1, but alpha[t] should sum to P(obs[0..t]): what did you divide by?",
    zh="你的 alpha 每行之和为 1，但 alpha[t] 之和应为 P(obs[0..t])：你除以了什么？",
)
def forward(pi, A, B, obs):
    alpha = np.zeros((len(obs), len(pi)))
    alpha[0] = pi * B[:, obs[0]]
    for t in range(len(obs)):
        if t:
            alpha[t] = (alpha[t - 1] @ A) * B[:, obs[t]]
        alpha[t] /= alpha[t].sum() or 1
    return alpha


@mistake(
    "hmm-02",
    "H4",
    en="After the last symbol nothing is left to explain: what is the probability of nothing?",
    zh="最后一个符号之后没有什么要解释的了：“什么都不发生”的概率是多少？",
)
def backward(A, B, obs):
    beta = np.full((len(obs), len(A)), 1 / len(A))
    for t in range(len(obs) - 2, -1, -1):
        beta[t] = A @ (B[:, obs[t + 1]] * beta[t + 1])
    return beta


@mistake(
    "hmm-02",
    "H4b",
    en="Is the last symbol part of the last row of your beta? It belongs to alpha: what follows it?",
    zh="你的 beta 末尾是否含有最后一个符号？它属于 alpha：在它之后还有什么？",
)
def backward(A, B, obs):
    beta = np.zeros((len(obs), len(A)))
    beta[-1] = B[:, obs[-1]]
    for t in range(len(obs) - 2, -1, -1):
        beta[t] = A @ (B[:, obs[t + 1]] * beta[t + 1])
    return beta


@mistake(
    "hmm-02",
    "H5",
    en="The sum over i of alpha[t, i] beta[t, i] must be the same number for every t: print it. If it is not, the "
    "symbol of which time is in your formula?",
    zh="对每个 t，Σ_i alpha[t, i] beta[t, i] 必须是同一个数：打印出来看看。若不是，你的公式里用的是哪个时刻的符号？",
)
def backward(A, B, obs):
    beta = np.ones((len(obs), len(A)))
    for t in range(len(obs) - 2, -1, -1):
        beta[t] = A @ (B[:, obs[t]] * beta[t + 1])
    return beta


@mistake(
    "hmm-02",
    "H6",
    en="Compare the sum over i of alpha[t, i] beta[t, i] for each t; then look at which index of A you sum over.",
    zh="比较每个 t 的 Σ_i alpha[t, i] beta[t, i]；再看看你对 A 的哪个下标求和。",
)
def backward(A, B, obs):
    beta = np.ones((len(obs), len(A)))
    for t in range(len(obs) - 2, -1, -1):
        beta[t] = A.T @ (B[:, obs[t + 1]] * beta[t + 1])
    return beta


@mistake(
    "hmm-02",
    "H5b",
    en="In which state is the next symbol emitted: in the current state, or in the next one?",
    zh="下一个符号是在哪个状态发出的：当前状态，还是要去的状态？",
)
def backward(A, B, obs):
    beta = np.ones((len(obs), len(A)))
    for t in range(len(obs) - 2, -1, -1):
        beta[t] = (A @ beta[t + 1]) * B[:, obs[t + 1]]
    return beta


edit(
    "hmm-03",
    "P1",
    (
        "return float(forward(pi, A, B, obs)[-1].sum())",
        "return float(forward(pi, A, B, obs).sum())",
    ),
    en="Each row of alpha is about another time: which one accounts for all symbols?",
    zh="alpha 的每一行对应不同的时刻：哪一行已经看到了全部符号？",
)

edit(
    "hmm-03",
    "P2",
    (
        "return float(forward(pi, A, B, obs)[-1].sum())",
        "return float(forward(pi, A, B, obs)[-1].max())",
    ),
    en="The sequence may end in any state: how do you combine these cases?",
    zh="序列可以在任何一个状态结束：这些情形应如何合在一起？",
)

edit(
    "hmm-03",
    "P3",
    (
        "return float(forward(pi, A, B, obs)[-1].sum())",
        "return float(forward(pi, A, B, obs)[0].sum())",
    ),
    en="Your result is the probability of the first symbol alone.",
    zh="你的结果只是第一个符号的概率。",
)

edit(
    "hmm-03",
    "P4",
    (
        "return float(forward(pi, A, B, obs)[-1].sum())",
        "return float(log(forward(pi, A, B, obs)[-1].sum()))",
    ),
    en="The docstring asks for a probability, not for its logarithm.",
    zh="要求的是概率，不是它的对数。",
)


@mistake(
    "hmm-04",
    "H9",
    en="gamma[t] is a distribution over states: sum it.",
    zh="gamma[t] 是关于状态的分布：对状态求和，应得到多少？",
)
def state_posterior(alpha, beta):
    return alpha * beta


@mistake("hmm-04", "H10", en="Which axis holds the states?", zh="哪一个轴是状态？")
def state_posterior(alpha, beta):
    gamma = alpha * beta
    total = gamma.sum(0)
    return gamma / np.where(total > 0, total, 1)


@mistake(
    "hmm-04",
    "H9b",
    en="Past and future, given the state, are independent: how do probabilities of independent events combine?",
    zh="给定当前状态，过去与未来相互独立：独立事件的概率怎样结合？",
)
def state_posterior(alpha, beta):
    total = alpha + beta
    return total / total.sum(1, keepdims=True)


@mistake(
    "hmm-04",
    "H9c",
    en="This is P(state | symbols so far). What do the later symbols say about the state at time t?",
    zh="这是只看到目前为止的符号时的 P(状态 | 符号)。后面的符号对 t 时刻的状态说明了什么？",
)
def state_posterior(alpha, beta):
    total = alpha.sum(1, keepdims=True)
    return alpha / np.where(total > 0, total, 1)


@mistake(
    "hmm-04",
    "H9d",
    en="Try a sequence that is impossible under the model: 0 divided by 0 is nan.",
    zh="试一个在模型下不可能出现的序列：0 除以 0 是 nan。",
)
def state_posterior(alpha, beta):
    gamma = alpha * beta
    return gamma / gamma.sum(1, keepdims=True)


@mistake(
    "hmm-05",
    "H11",
    en="The sum over j of joint[t, i, j] is alpha[t, i] beta[t, i]: an easy test. Which part of the sequence is "
    "missing?",
    zh="Σ_j joint[t, i, j] 等于 alpha[t, i] beta[t, i]：用它就能检验。漏掉了序列的哪一部分？",
)
def transition_joint(alpha, beta, A, B, obs):
    return alpha[:-1, :, None] * A * B[:, obs[1:]].T[:, None, :]


@mistake(
    "hmm-05",
    "H12",
    en="The transition goes into time t+1: which symbol is observed there?",
    zh="转移进入的是 t+1 时刻：那时看到的是哪个符号？",
)
def transition_joint(alpha, beta, A, B, obs):
    return alpha[:-1, :, None] * A * (B[:, obs[:-1]].T * beta[1:])[:, None, :]


@mistake(
    "hmm-05",
    "H12b",
    en="Which of your factors tells how likely the symbol at time t+1 is?",
    zh="你的哪个因子表示 t+1 时刻符号出现的概率？",
)
def transition_joint(alpha, beta, A, B, obs):
    return alpha[:-1, :, None] * A * beta[1:, None, :]


@mistake(
    "hmm-05",
    "H11b",
    en="Sum joint[t] over i and j, for every t: which number should it be? (The name says: not divided by it.)",
    zh="对每个 t，把 joint[t] 对 i、j 求和：应当是哪个数？（题目说：不除以它。）",
)
def transition_joint(alpha, beta, A, B, obs):
    joint = alpha[:-1, :, None] * A * (B[:, obs[1:]].T * beta[1:])[:, None, :]
    total = joint.sum((1, 2), keepdims=True)
    return joint / np.where(total > 0, total, 1)


@mistake(
    "hmm-05",
    "H1b",
    en="joint[t, i, j]: is the first index the state at time t, or the one at time t+1?",
    zh="joint[t, i, j]：第一个下标是 t 时刻的状态，还是 t+1 时刻的？",
)
def transition_joint(alpha, beta, A, B, obs):
    return (alpha[:-1, :, None] * A * (B[:, obs[1:]].T * beta[1:])[:, None, :]).transpose(0, 2, 1)


@mistake(
    "hmm-05",
    "H5c",
    en="beta[t] already includes the step out of time t: where does the future begin after the step?",
    zh="beta[t] 已经包含了从 t 出发的那一步：走完这一步之后，未来从哪里开始？",
)
def transition_joint(alpha, beta, A, B, obs):
    return alpha[:-1, :, None] * A * (B[:, obs[1:]].T * beta[:-1])[:, None, :]


@mistake(
    "hmm-06",
    "H7",
    en="Multiply 0.3 a thousand times in Python; then take the logarithm.",
    zh="在 Python 里把 0.3 连乘一千次，再取对数，看看得到什么。",
)
def log_forward(log_pi, log_A, log_B, obs):
    pi, A, B = np.exp(log_pi), np.exp(log_A), np.exp(log_B)
    alpha = np.zeros((len(obs), len(pi)))
    alpha[0] = pi * B[:, obs[0]]
    for t in range(1, len(obs)):
        alpha[t] = (alpha[t - 1] @ A) * B[:, obs[t]]
    return log(alpha)


@mistake(
    "hmm-06",
    "H7b",
    en="The logarithm of a sum is not the largest of the logarithms: which function adds numbers that are given "
    "as logarithms?",
    zh="和的对数不等于最大的那个对数：已知两个数的对数，哪个函数给出它们之和的对数？",
)
def log_forward(log_pi, log_A, log_B, obs):
    log_alpha = np.zeros((len(obs), len(log_pi)))
    log_alpha[0] = log_pi + log_B[:, obs[0]]
    for t in range(1, len(obs)):
        log_alpha[t] = (log_alpha[t - 1][:, None] + log_A).max(0) + log_B[:, obs[t]]
    return log_alpha


@mistake(
    "hmm-06",
    "H1c",
    en="log_A is [from, to]: over which axis do you sum, and what does the other axis mean?",
    zh="log_A 的下标是 [从，到]：你对哪个轴求和？另一个轴代表什么？",
)
def log_forward(log_pi, log_A, log_B, obs):
    log_alpha = np.zeros((len(obs), len(log_pi)))
    log_alpha[0] = log_pi + log_B[:, obs[0]]
    for t in range(1, len(obs)):
        log_alpha[t] = np.logaddexp.reduce(log_alpha[t - 1] + log_A, axis=1) + log_B[:, obs[t]]
    return log_alpha


@mistake(
    "hmm-06",
    "H2b",
    en="How likely is the first symbol in your formula?",
    zh="在你的公式里，第一个符号出现的概率在哪里？",
)
def log_forward(log_pi, log_A, log_B, obs):
    log_alpha = np.zeros((len(obs), len(log_pi)))
    log_alpha[0] = log_pi
    for t in range(1, len(obs)):
        log_alpha[t] = (
            np.logaddexp.reduce(log_alpha[t - 1][:, None] + log_A, axis=0) + log_B[:, obs[t]]
        )
    return log_alpha


@mistake(
    "hmm-06",
    "H7c",
    en="Adding logarithms multiplies the probabilities: what does your sum over the states compute?",
    zh="对数相加就是概率相乘：你对状态求的和，实际上算的是什么？",
)
def log_forward(log_pi, log_A, log_B, obs):
    log_alpha = np.zeros((len(obs), len(log_pi)))
    log_alpha[0] = log_pi + log_B[:, obs[0]]
    for t in range(1, len(obs)):
        log_alpha[t] = (log_alpha[t - 1][:, None] + log_A).sum(0) + log_B[:, obs[t]]
    return log_alpha


@mistake(
    "hmm-07",
    "H4c",
    en="The probability of nothing is 1. What is its logarithm?",
    zh="“什么都不发生”的概率是 1。它的对数是多少？",
)
def log_backward(log_A, log_B, obs):
    log_beta = np.ones((len(obs), len(log_A)))
    for t in range(len(obs) - 2, -1, -1):
        log_beta[t] = np.logaddexp.reduce(log_A + (log_B[:, obs[t + 1]] + log_beta[t + 1]), axis=1)
    return log_beta


@mistake("hmm-07", "H5d", en="Which symbol comes after time t?", zh="t 时刻之后出现的是哪个符号？")
def log_backward(log_A, log_B, obs):
    log_beta = np.zeros((len(obs), len(log_A)))
    for t in range(len(obs) - 2, -1, -1):
        log_beta[t] = np.logaddexp.reduce(log_A + (log_B[:, obs[t]] + log_beta[t + 1]), axis=1)
    return log_beta


@mistake(
    "hmm-07",
    "H6b",
    en="log_A is [from, to], and beta looks ahead: over which index must you sum?",
    zh="log_A 的下标是 [从，到]，而 beta 是向前看的：应当对哪个下标求和？",
)
def log_backward(log_A, log_B, obs):
    log_beta = np.zeros((len(obs), len(log_A)))
    for t in range(len(obs) - 2, -1, -1):
        log_beta[t] = np.logaddexp.reduce(
            log_A.T + (log_B[:, obs[t + 1]] + log_beta[t + 1]), axis=1
        )
    return log_beta


@mistake(
    "hmm-07",
    "H7d",
    en="Multiply 0.3 a thousand times in Python; then take the logarithm.",
    zh="在 Python 里把 0.3 连乘一千次，再取对数，看看得到什么。",
)
def log_backward(log_A, log_B, obs):
    A, B = np.exp(log_A), np.exp(log_B)
    beta = np.ones((len(obs), len(A)))
    for t in range(len(obs) - 2, -1, -1):
        beta[t] = A @ (B[:, obs[t + 1]] * beta[t + 1])
    return log(beta)


@mistake(
    "hmm-07",
    "H7e",
    en="A maximum considers the best future only: which function adds numbers whose logarithms are given?",
    zh="取最大值只看了最好的那个未来：已知两个数的对数，哪个函数给出它们之和的对数？",
)
def log_backward(log_A, log_B, obs):
    log_beta = np.zeros((len(obs), len(log_A)))
    for t in range(len(obs) - 2, -1, -1):
        log_beta[t] = (log_A + (log_B[:, obs[t + 1]] + log_beta[t + 1])).max(1)
    return log_beta


@mistake(
    "hmm-08",
    "H8",
    en="You divided by c_t at every step: where did these factors go?",
    zh="你每一步都除以了 c_t：这些因子去哪儿了？",
)
def log_likelihood(pi, A, B, obs):
    alpha = pi * B[:, obs[0]]
    alpha = alpha / (alpha.sum() or 1)
    for symbol in obs[1:]:
        alpha = (alpha @ A) * B[:, symbol]
        alpha = alpha / (alpha.sum() or 1)
    return float(log(alpha.sum()))


@mistake(
    "hmm-08",
    "H7f",
    en="Try a sequence of 3000 symbols: what does P(obs) look like before you take its logarithm?",
    zh="试一个 3000 个符号的序列：取对数之前的 P(obs) 是什么样子？",
)
def log_likelihood(pi, A, B, obs):
    return float(log(evaluate(pi, A, B, obs)))


@mistake(
    "hmm-08",
    "P2b",
    en="The sequence may end in any state: the best one alone is not all of P(obs).",
    zh="序列可以在任何一个状态结束：只取最好的一个并不是全部的 P(obs)。",
)
def log_likelihood(pi, A, B, obs):
    return float(log_forward(log(pi), log(A), log(B), obs)[-1].max())


@mistake(
    "hmm-08",
    "P5",
    en="You add logarithms where their probabilities should be added.",
    zh="应当相加的是概率，你相加的却是对数。",
)
def log_likelihood(pi, A, B, obs):
    return float(log_forward(log(pi), log(A), log(B), obs)[-1].sum())


edit(
    "hmm-08",
    "P6",
    (
        "float(np.logaddexp.reduce(log_alpha[-1]))",
        "float(np.logaddexp.reduce(log_alpha[-1]) - np.log(len(pi)))",
    ),
    en="How many states are there, and by which factor is your result too small? A mean is not a sum.",
    zh="一共有几个状态？你的结果小了多少？平均不是求和。",
)


@mistake(
    "hmm-09",
    "H17",
    en="Try an A with a forbidden transition: does your path use it?",
    zh="试一个含有禁止转移的 A：你的路径用了它吗？",
)
def viterbi_tables(log_pi, log_A, log_B, obs):
    delta, phi = (
        np.zeros((len(obs), len(log_pi))),
        np.zeros((len(obs), len(log_pi)), dtype=np.int64),
    )
    delta[0] = log_pi + log_B[:, obs[0]]
    for t in range(1, len(obs)):
        scores = delta[t - 1][:, None] + log_A.T
        phi[t] = scores.argmax(0)
        delta[t] = scores.max(0) + log_B[:, obs[t]]
    return delta, phi


@mistake(
    "hmm-09",
    "H20",
    en="A long run of zeros in phi is a hint: what is the product of 1500 probabilities in float64?",
    zh="phi 里一长串的 0 就是线索：1500 个概率的乘积变成了什么？",
)
def viterbi_tables(log_pi, log_A, log_B, obs):
    pi, A, B = np.exp(log_pi), np.exp(log_A), np.exp(log_B)
    delta, phi = np.zeros((len(obs), len(pi))), np.zeros((len(obs), len(pi)), dtype=np.int64)
    delta[0] = pi * B[:, obs[0]]
    for t in range(1, len(obs)):
        scores = delta[t - 1][:, None] * A
        phi[t] = scores.argmax(0)
        delta[t] = scores.max(0) * B[:, obs[t]]
    return log(delta), phi


@mistake(
    "hmm-09",
    "H2c",
    en="How likely is the first symbol in your formula?",
    zh="在你的公式里，第一个符号出现的概率在哪里？",
)
def viterbi_tables(log_pi, log_A, log_B, obs):
    delta, phi = (
        np.zeros((len(obs), len(log_pi))),
        np.zeros((len(obs), len(log_pi)), dtype=np.int64),
    )
    delta[0] = log_pi
    for t in range(1, len(obs)):
        scores = delta[t - 1][:, None] + log_A
        phi[t] = scores.argmax(0)
        delta[t] = scores.max(0) + log_B[:, obs[t]]
    return delta, phi


@mistake(
    "hmm-09",
    "H18b",
    en="phi[t, j] belongs to one state j: does your best previous state depend on j?",
    zh="phi[t, j] 属于某个状态 j：你的“前一个最佳状态”与 j 有关吗？",
)
def viterbi_tables(log_pi, log_A, log_B, obs):
    delta, phi = (
        np.zeros((len(obs), len(log_pi))),
        np.zeros((len(obs), len(log_pi)), dtype=np.int64),
    )
    delta[0] = log_pi + log_B[:, obs[0]]
    for t in range(1, len(obs)):
        phi[t] = delta[t - 1].argmax()
        delta[t] = (delta[t - 1][:, None] + log_A).max(0) + log_B[:, obs[t]]
    return delta, phi


@mistake(
    "hmm-09",
    "H18c",
    en="delta keeps the best path into a state, not the sum over all paths.",
    zh="delta 保留的是进入一个状态的最佳路径，而不是所有路径之和。",
)
def viterbi_tables(log_pi, log_A, log_B, obs):
    delta, phi = (
        np.zeros((len(obs), len(log_pi))),
        np.zeros((len(obs), len(log_pi)), dtype=np.int64),
    )
    delta[0] = log_pi + log_B[:, obs[0]]
    for t in range(1, len(obs)):
        scores = delta[t - 1][:, None] + log_A
        phi[t] = scores.argmax(0)
        delta[t] = np.logaddexp.reduce(scores, axis=0) + log_B[:, obs[t]]
    return delta, phi


@mistake(
    "hmm-09",
    "H3c",
    en="Which symbol is emitted at the time that you have just moved to?",
    zh="刚刚转移到的那个时刻，发出的是哪个符号？",
)
def viterbi_tables(log_pi, log_A, log_B, obs):
    delta, phi = (
        np.zeros((len(obs), len(log_pi))),
        np.zeros((len(obs), len(log_pi)), dtype=np.int64),
    )
    delta[0] = log_pi + log_B[:, obs[0]]
    for t in range(1, len(obs)):
        scores = delta[t - 1][:, None] + log_A
        phi[t] = scores.argmax(0)
        delta[t] = scores.max(0) + log_B[:, obs[t - 1]]
    return delta, phi


@mistake(
    "hmm-09",
    "H17b",
    en="Two paths into a state are equally good: which one does the docstring ask for?",
    zh="两条进入同一状态的路径一样好：文档字符串要求选哪一条？",
)
def viterbi_tables(log_pi, log_A, log_B, obs):
    N = len(log_pi)
    delta, phi = np.zeros((len(obs), N)), np.zeros((len(obs), N), dtype=np.int64)
    delta[0] = log_pi + log_B[:, obs[0]]
    for t in range(1, len(obs)):
        scores = delta[t - 1][:, None] + log_A
        phi[t] = N - 1 - scores[::-1].argmax(0)
        delta[t] = scores.max(0) + log_B[:, obs[t]]
    return delta, phi


@mistake(
    "hmm-10",
    "H18",
    en="The best last state of a prefix need not lie on the best path: what do you have to remember?",
    zh="前缀的最佳终点不一定在最佳路径上：你需要记住什么？",
)
def backtrack(delta, phi):
    return delta.argmax(1)


edit(
    "hmm-10",
    "H19",
    ("path[t] = phi[t + 1, path[t + 1]]", "path[t] = phi[t, path[t + 1]]"),
    en="At which time was phi[t] written, and what does it point to?",
    zh="phi[t] 是在哪个时刻写入的？它指向什么？",
)


@mistake(
    "hmm-10",
    "H19b",
    en="Your path begins at the wrong end: which state do you know first?",
    zh="你的路径从错误的一端开始：最先知道的是哪个状态？",
)
def backtrack(delta, phi):
    path = np.zeros(len(delta), dtype=np.int64)
    path[0] = delta[-1].argmax()
    for t in range(1, len(delta)):
        path[t] = phi[len(delta) - t, path[t - 1]]
    return path


@mistake(
    "hmm-10",
    "H18d",
    en="In which state does the best path end? Look at the last row of delta.",
    zh="最佳路径在哪个状态结束？看看 delta 的最后一行。",
)
def backtrack(delta, phi):
    path = np.zeros(len(delta), dtype=np.int64)
    for t in range(len(delta) - 2, -1, -1):
        path[t] = phi[t + 1, path[t + 1]]
    return path


edit(
    "hmm-10",
    "H19c",
    ("path[-1] = delta[-1].argmax()", "path[-1] = delta.shape[1] - 1 - delta[-1, ::-1].argmax()"),
    en="Two last states are equally good: which one does the docstring ask for?",
    zh="两个终点一样好：文档字符串要求选哪一个？",
)


edit(
    "hmm-10",
    "H220",
    ("dtype=np.int64", "dtype=np.float64"),
    ("phi[t + 1, path[t + 1]]", "phi[t + 1, int(path[t + 1])]"),
    en="The path is used to look states up: what can an array be indexed with?",
    zh="路径要用来查状态：数组可以用什么作下标？",
)


@mistake(
    "hmm-11",
    "H9e",
    en="Sum gamma[t] over the states: which factor is left in it?",
    zh="把 gamma[t] 对状态求和：里面还留着哪个因子？",
)
def expected_counts(log_alpha, log_beta, log_A, log_B, obs):
    gamma, counts = np.exp(log_alpha + log_beta), np.zeros_like(log_A)
    for t in range(len(obs) - 1):
        counts += np.exp(log_alpha[t][:, None] + log_A + log_B[:, obs[t + 1]] + log_beta[t + 1])
    return gamma, counts


@mistake(
    "hmm-11",
    "H7g",
    en="Which of your exponentials is 0 when log P(obs) is below -800?",
    zh="当 log P(obs) 小于 -800 时，你的哪个指数变成了 0？",
)
def expected_counts(log_alpha, log_beta, log_A, log_B, obs):
    total = np.exp(log_alpha[-1]).sum() or 1.0
    gamma, counts = np.exp(log_alpha + log_beta) / total, np.zeros_like(log_A)
    for t in range(len(obs) - 1):
        counts += (
            np.exp(log_alpha[t][:, None] + log_A + log_B[:, obs[t + 1]] + log_beta[t + 1]) / total
        )
    return gamma, counts


@mistake(
    "hmm-11",
    "H12c",
    en="The step goes into time t+1: which symbol is observed there?",
    zh="这一步进入 t+1 时刻：那时看到的是哪个符号？",
)
def expected_counts(log_alpha, log_beta, log_A, log_B, obs):
    log_p = np.logaddexp.reduce(log_alpha[-1])
    counts = np.zeros_like(log_A)
    for t in range(len(obs) - 1):
        counts += np.exp(log_alpha[t][:, None] + log_A + log_B[:, obs[t]] + log_beta[t + 1] - log_p)
    return np.exp(log_alpha + log_beta - log_p), counts


@mistake(
    "hmm-11",
    "H11c",
    en="The sum over j of the counts out of i equals the sum of gamma[t, i] over t < T-1: which part of the "
    "sequence is missing?",
    zh="从 i 出发的计数对 j 求和，等于 gamma[t, i] 对 t < T-1 求和：漏掉了序列的哪一部分？",
)
def expected_counts(log_alpha, log_beta, log_A, log_B, obs):
    log_p = np.logaddexp.reduce(log_alpha[-1])
    counts = np.zeros_like(log_A)
    for t in range(len(obs) - 1):
        step = np.exp(
            log_alpha[t][:, None]
            + log_A
            + log_B[:, obs[t + 1]]
            - np.logaddexp.reduce(log_alpha[t + 1])
        )
        counts += step
    return np.exp(log_alpha + log_beta - log_p), counts


@mistake(
    "hmm-11",
    "H1d",
    en="counts[i, j]: is the first index the state that the step leaves?",
    zh="counts[i, j]：第一个下标是这一步离开的状态吗？",
)
def expected_counts(log_alpha, log_beta, log_A, log_B, obs):
    log_p = np.logaddexp.reduce(log_alpha[-1])
    counts = np.zeros_like(log_A)
    for t in range(len(obs) - 1):
        counts += np.exp(
            log_alpha[t][:, None] + log_A + log_B[:, obs[t + 1]] + log_beta[t + 1] - log_p
        ).T
    return np.exp(log_alpha + log_beta - log_p), counts


@mistake(
    "hmm-11",
    "H16b",
    en="How many steps does a sequence of T symbols have, and what should the counts sum to?",
    zh="T 个符号的序列有几步？这些计数之和应当是多少？",
)
def expected_counts(log_alpha, log_beta, log_A, log_B, obs):
    log_p = np.logaddexp.reduce(log_alpha[-1])
    counts = np.zeros_like(log_A)
    for t in range(len(obs) - 1):
        counts = np.exp(
            log_alpha[t][:, None] + log_A + log_B[:, obs[t + 1]] + log_beta[t + 1] - log_p
        )
    return np.exp(log_alpha + log_beta - log_p), counts


edit(
    "hmm-12",
    "H15",
    (
        "return np.mean([gamma[0] for gamma in gammas], axis=0)",
        "return np.concatenate(gammas).mean(0)",
    ),
    en="Whose probability is pi: at which time?",
    zh="pi 是哪个时刻的概率？",
)

edit(
    "hmm-12",
    "H15b",
    (
        "return np.mean([gamma[0] for gamma in gammas], axis=0)",
        "return np.sum([gamma[0] for gamma in gammas], axis=0)",
    ),
    en="With three sequences your pi sums to 3.",
    zh="有三个序列时，你的 pi 之和是 3。",
)

edit(
    "hmm-12",
    "H15c",
    ("return np.mean([gamma[0] for gamma in gammas], axis=0)", "return gammas[0][0]"),
    en="What do the other sequences say about the first state?",
    zh="其他序列对第一个状态说明了什么？",
)

edit(
    "hmm-12",
    "H15d",
    (
        "return np.mean([gamma[0] for gamma in gammas], axis=0)",
        "return np.mean([gamma[-1] for gamma in gammas], axis=0)",
    ),
    en="Is it the first or the last row of gamma that tells where a sequence starts?",
    zh="序列从哪里开始，是看 gamma 的第一行还是最后一行？",
)

edit(
    "hmm-12",
    "H15e",
    (
        "return np.mean([gamma[0] for gamma in gammas], axis=0)",
        "return np.mean([gamma.mean(0) for gamma in gammas], axis=0)",
    ),
    en="Which row of each gamma is about the start? The other rows play no part here.",
    zh="每个 gamma 的哪一行说的是开头？其余各行在这里不起作用。",
)


@mistake(
    "hmm-13",
    "H13",
    en="From how many time steps is there a transition?",
    zh="有多少个时刻会发生转移？",
)
def new_A(gammas, counts, A):
    return ratio(np.sum(counts, axis=0), np.sum([gamma.sum(0) for gamma in gammas], axis=0), A)


@mistake(
    "hmm-13",
    "H16",
    en="Print A: equal rows mean that the next state does not depend on the current one.",
    zh="打印 A：各行相等意味着下一个状态与当前状态无关。",
)
def new_A(gammas, counts, A):
    above = np.zeros_like(A)
    for count in counts:
        above += count.sum(0)
    return ratio(above, above.sum(1), A)


@mistake(
    "hmm-13",
    "H13b",
    en="A is divided row by row: by what, the steps out of i or the steps into j?",
    zh="A 是逐行相除的：除以从 i 出发的步数，还是进入 j 的步数？",
)
def new_A(gammas, counts, A):
    above = np.sum(counts, axis=0)
    into = above.sum(0)
    return above / np.where(into > 0, into, 1)


@mistake(
    "hmm-13",
    "H13c",
    en="Average the counts before you divide, not the quotients: should a short sequence count as much as a "
    "long one?",
    zh="先把计数加起来再相除，而不是平均各个商：短序列的分量应该和长序列一样吗？",
)
def new_A(gammas, counts, A):
    return np.mean(
        [ratio(count, gamma[:-1].sum(0), A) for gamma, count in zip(gammas, counts)], axis=0
    )


@mistake(
    "hmm-13",
    "H13d",
    en="What do you divide by in the row of a state that is never left?",
    zh="对于从未离开过的状态，它那一行除以的是什么？",
)
def new_A(gammas, counts, A):
    return np.sum(counts, axis=0) / np.sum([gamma[:-1].sum(0) for gamma in gammas], axis=0)[:, None]


edit(
    "hmm-14",
    "H14",
    ("np.add.at(seen.T, obs, gamma)", "np.add.at(seen.T, obs[:-1], gamma[:-1])"),
    en="Rows of B must sum to 1 after the update: which symbol did you leave out?",
    zh="更新后 B 的每一行之和必须为 1：你漏掉了哪个符号？",
)


@mistake(
    "hmm-14",
    "H14b",
    en="A row of B is a distribution over symbols: what do your rows sum to, and what your columns?",
    zh="B 的一行是符号上的分布：你的各行之和是多少？各列呢？",
)
def new_B(gammas, sequences, B):
    seen = np.zeros_like(B)
    for gamma, obs in zip(gammas, sequences):
        np.add.at(seen.T, obs, gamma)
    total = seen.sum(0)
    return seen / np.where(total > 0, total, 1)


edit(
    "hmm-14",
    "H14c",
    ("np.add.at(seen.T, obs, gamma)", "seen[:, obs] += gamma.T"),
    en="The same symbol occurs twice: does numpy's fancy index add both times?",
    zh="同一个符号出现了两次：numpy 的花式索引会加两次吗？",
)

edit(
    "hmm-14",
    "H14d",
    ("np.sum([gamma.sum(0)", "np.sum([gamma[:-1].sum(0)"),
    en="Steps are counted for t < T-1; at how many time steps is a symbol observed?",
    zh="转移只在 t < T-1 时计数；那么有多少个时刻发出符号？",
)

edit(
    "hmm-14",
    "H14e",
    (
        "ratio(seen, np.sum([gamma.sum(0) for gamma in gammas], axis=0), B)",
        "seen / np.sum([gamma.sum(0) for gamma in gammas], axis=0)[:, None]",
    ),
    en="What do you divide by in the row of a state that is never visited?",
    zh="对于从未到达过的状态，它那一行除以的是什么？",
)


@mistake(
    "hmm-15",
    "S1",
    en="Is there a step from the last state of one sequence to the first state of the next?",
    zh="从一个序列的最后一个状态到下一个序列的第一个状态，有一步转移吗？",
)
def supervised_estimate(state_sequences, sequences, N, M, smoothing):
    first, steps, seen = np.zeros(N), np.zeros((N, N)), np.full((N, M), float(smoothing))
    every, symbols = np.concatenate(state_sequences), np.concatenate(sequences)
    np.add.at(first, [states[0] for states in state_sequences], 1)
    np.add.at(steps, (every[:-1], every[1:]), 1)
    np.add.at(seen, (every, symbols), 1)
    return rows_to_one(first), rows_to_one(steps), rows_to_one(seen)


edit(
    "hmm-15",
    "S2",
    ("first[states[0]] += 1", "np.add.at(first, states, 1)"),
    en="pi is about the first state of a sequence: which states did you count?",
    zh="pi 说的是序列的第一个状态：你数了哪些状态？",
)

edit(
    "hmm-15",
    "S3",
    ("np.full((N, M), float(smoothing))", "np.zeros((N, M))"),
    en="A symbol that never occurred in a state: is its probability really 0?",
    zh="某个符号从未在某个状态出现过：它的概率真的是 0 吗？",
)

edit(
    "hmm-15",
    "S4",
    (
        "np.add.at(steps, (states[:-1], states[1:]), 1)",
        "np.add.at(steps, (states[1:], states[:-1]), 1)",
    ),
    en='Rows of A are "from": which of the two states of a step comes first in your index?',
    zh="A 的行是“从哪个状态来”：一步的两个状态，哪个在你的下标里排第一？",
)

edit(
    "hmm-15",
    "S5",
    ("np.add.at(steps, (states[:-1], states[1:]), 1)", "steps[states[:-1], states[1:]] += 1"),
    ("np.add.at(seen, (states, obs), 1)", "seen[states, obs] += 1"),
    en="The same pair occurs twice in a sentence: does numpy's fancy index add both times?",
    zh="同一对在句子中出现两次：numpy 的花式索引会加两次吗？",
)

edit(
    "hmm-15",
    "S6",
    (
        "np.zeros(N), np.zeros((N, N)), np.full((N, M), float(smoothing))",
        "(np.full(size, float(smoothing)) for size in ((N,), (N, N), (N, M)))",
    ),
    en="Which of the three tables does the docstring smooth?",
    zh="三张表中，哪一张要做平滑？",
)

edit(
    "hmm-16",
    "H1e",
    ("then in STATES] for now", "now in STATES] for then"),
    en='"After S_1 comes S_1 or S_2 with ...": are these two numbers a row or a column of A?',
    zh="“S_1 之后是 S_1 或 S_2 的概率为……”：这两个数是 A 的一行还是一列？",
)


@mistake(
    "hmm-16",
    "W1",
    en="In which order does a dict return its values, and in which order do you need them?",
    zh="字典按什么顺序给出它的值？你需要的又是什么顺序？",
)
def shop_model(shop):
    pi = np.array(list(shop["first"].values()))
    A = np.array([list(row.values()) for row in shop["next"].values()])
    B = np.array([list(row.values()) for row in shop["stock"].values()])
    return pi, A, B


edit(
    "hmm-16",
    "W2",
    ("symbol in SYMBOLS] for state in STATES])", "state in STATES] for symbol in SYMBOLS])"),
    en="Does B have one row per state, or one per symbol?",
    zh="B 是每个状态一行，还是每个符号一行？",
)


@mistake(
    "hmm-16",
    "W3",
    en="Your numbers are those of the sheet's shop. What does the argument `shop` contain?",
    zh="你的数字是题目中那家店的。参数 `shop` 里是哪家店？",
)
def shop_model(shop):
    return (
        np.array([0.5, 0.5]),
        np.array([[0.6, 0.4], [0.5, 0.5]]),
        np.array([[0.4, 0.4, 0.2], [0.2, 0.3, 0.5]]),
    )


# ---------------------------------------------------------------- in one piece

edit(
    "hmm-17",
    "H200",
    ("steps += np.exp(", "steps = np.exp("),
    en="The expected steps are a sum over all times and all sequences.",
    zh="期望转移次数要对所有时刻、所有序列求和。",
)
edit(
    "hmm-17",
    "H201",
    ("np.log(first / len(sequences))", "np.log(first)"),
    en="pi is a distribution: how many sequences have contributed to it?",
    zh="pi 是一个分布：有几条序列对它有贡献？",
)
edit(
    "hmm-17",
    "H202",
    ("np.where(total > 0, np.log(counts) - np.log(total), old)", "np.log(counts) - np.log(total)"),
    en="A state that is never visited: what is 0 / 0, and which row should it keep?",
    zh="从未到达的状态：0 / 0 是什么？它应保留哪一行？",
)
edit(
    "hmm-17",
    "H203",
    (
        "log_alpha[t][:, None] + log_A + after",
        "log_alpha[t][:, None] + log_A + log_beta[t + 1] - log_p",
    ),
    en="The symbol of the step that is entered has a probability too.",
    zh="转移到的那一步所发出的符号，也有它的概率。",
)
edit(
    "hmm-17",
    "H204",
    ("np.add.at(seen.T, obs, gamma)", "seen.T[obs] += gamma"),
    en="A symbol that occurs twice: does += add both rows when an index repeats?",
    zh="一个符号出现两次：下标重复时，+= 会把两行都加上吗？",
)
edit(
    "hmm-17",
    "H205",
    (
        "log_likelihoods.append(sum(tables(obs)[2] for obs in sequences))",
        "log_likelihoods.append(sum(tables(obs)[2] for obs in sequences) / len(sequences))",
    ),
    en="The log-likelihoods are sums over the sequences, at the start and after each step alike.",
    zh="对数似然是对所有序列求和，开始时和每一步之后都一样。",
)
edit(
    "hmm-17",
    "H206",
    (
        "log_A, log_B = ratio(steps, log_A), ratio(seen, log_B)",
        "log_A, log_B = np.log(steps / seen.sum(axis=1, keepdims=True)), ratio(seen, log_B)",
    ),
    en="A state at the last time is visited but not left: divide the steps by how often it is left.",
    zh="最后一个时刻的状态到达了但没有离开：转移次数应除以离开它的次数。",
)
edit(
    "hmm-18",
    "H210",
    (
        "delta = np.where(alive, scores.max(axis=1) + log_B[:, obs[:, t]].T, delta)",
        "delta = scores.max(axis=1) + log_B[:, obs[:, t]].T",
    ),
    en="What stands behind the end of a short sequence has changed its scores.",
    zh="短序列结尾之后的内容改变了它的得分。",
)
edit(
    "hmm-18",
    "H211",
    ("scores.argmax(axis=1)", "scores.argmax(axis=2)"),
    en="Which of the three axes is the state before?",
    zh="三个轴中，哪一个是前一个状态？",
)
edit(
    "hmm-18",
    "H212",
    ("state = np.where(alive, before[rows, t, state], state)", "state = before[rows, t, state]"),
    en="A sequence that has not begun on the way back must keep its last state until its own end comes.",
    zh="回溯时还没到自己结尾的序列，要先保留它最后的状态。",
)
edit(
    "hmm-18",
    "H213",
    ("np.full((S, T), -1)", "np.zeros((S, T), dtype=np.int64)"),
    en="Behind the end of a sequence paths is -1: 0 is a state.",
    zh="序列结尾之后，paths 应为 -1：0 是一个状态。",
)
edit(
    "hmm-18",
    "H214",
    ("scores.max(axis=1) +", "np.logaddexp.reduce(scores, axis=1) +"),
    en="The best path into a state, not the sum over all paths.",
    zh="取进入一个状态的最优路径，而不是对所有路径求和。",
)
edit(
    "hmm-18",
    "H215",
    ("alive = (t < lengths)[:, None]", "alive = (t <= lengths)[:, None]"),
    en="The last column of a sequence is lengths[s] - 1: one symbol too many counts.",
    zh="序列的最后一列是 lengths[s] - 1：多算了一个符号。",
)

# ---- met in code from outside

edit(
    "hmm-01",
    "H225",
    (
        "T, N = len(obs), len(pi)",
        "assert pi.sum() == 1, 'pi does not sum to 1'\nT, N = len(obs), len(pi)",
    ),
    en="0.7 + 0.2 + 0.1 is 0.9999999999999999 in floating point: how exactly may you ask for a sum of 1?",
    zh="在浮点数里 0.7 + 0.2 + 0.1 是 0.9999999999999999：能要求和恰好等于 1 吗？",
)

edit(
    "hmm-02",
    "H223",
    ("* beta[t + 1])", "* beta[t + 1])\n    beta[t] /= beta[t].sum()"),
    en="Is beta[t] a distribution over the states? Add up one of its rows by the definition.",
    zh="beta[t] 是状态上的分布吗？按定义算一行的和。",
)

edit(
    "hmm-03",
    "H221",
    ("forward(pi, A, B, obs)[-1]", "forward(pi, A, B, obs)[len(A) - 1]"),
    en="Rows of alpha are time steps: which number has the last one, N - 1 or T - 1?",
    zh="alpha 的行是时间步：最后一行的编号是 N - 1 还是 T - 1？",
)

edit(
    "hmm-08",
    "H221b",
    ("log_alpha[-1]", "log_alpha[len(A) - 1]"),
    en="Rows of log_alpha are time steps: which number has the last one, N - 1 or T - 1?",
    zh="log_alpha 的行是时间步：最后一行的编号是 N - 1 还是 T - 1？",
)

edit(
    "hmm-09",
    "H224",
    (
        "delta[t] = scores.max(0) + log_B[:, obs[t]]",
        "delta[t] = scores.max(0) + log_B[:, obs[t]]\n    delta[t] -= delta[t].max()",
    ),
    en="Scaling keeps the best path, but delta[t] is a log-probability: what does viterbi return besides the path?",
    zh="缩放不改变最佳路径，但 delta[t] 是对数概率：viterbi 除了路径还返回什么？",
)


@mistake(
    "hmm-11",
    "H222",
    en="The steps out of a state say nothing about the last time: what is the last row of your gamma?",
    zh="从最后一个时刻没有再转移出去：你的 gamma 的最后一行是什么？",
)
def expected_counts(log_alpha, log_beta, log_A, log_B, obs):
    log_p = np.logaddexp.reduce(log_alpha[-1])
    gamma, counts = np.zeros_like(log_alpha), np.zeros_like(log_A)
    for t in range(len(obs) - 1):
        step = np.exp(
            log_alpha[t][:, None] + log_A + log_B[:, obs[t + 1]] + log_beta[t + 1] - log_p
        )
        gamma[t] = step.sum(1)
        counts += step
    return gamma, counts


# ---------------------------------------------------------------- met in public code


edit(
    "hmm-01",
    "H520",
    (
        "alpha[0] = pi * B[:, obs[0]]",
        "alpha[0] = pi * B[:, obs[0]]\nalpha[0] /= alpha[0].sum()",
    ),
    (
        "alpha[t] = (alpha[t - 1] @ A) * B[:, obs[t]]  # (N,)@(N, N) -> (N,)",
        "alpha[t] = (alpha[t - 1] @ A) * B[:, obs[t]]\n    alpha[t] /= alpha[t].sum()",
    ),
    en="Each of your rows adds up to 1: alpha[t, i] is a joint probability with the symbols, not divided by theirs.",
    zh="你的每一行之和都是 1：alpha[t, i] 是与符号的联合概率，不除以符号的概率。",
)


@mistake(
    "hmm-01",
    "H521",
    en="Two slips: each row was divided by its sum, and A was read from its columns. Rows of A are “from”.",
    zh="有两处错误：每行除以了自己的和；A 的下标也反了。A 的行是“从哪个状态来”。",
)
def forward(pi, A, B, obs):
    alpha = np.zeros((len(obs), len(pi)))
    for t, symbol in enumerate(obs):
        row = (A @ alpha[t - 1] if t else pi) * B[:, symbol]
        alpha[t] = row / row.sum()
    return alpha


edit(
    "hmm-02",
    "H522",
    ("return beta", "return beta / beta.sum(1, keepdims=True)"),
    en="Each of your rows adds up to 1, but beta[t, i] is not a distribution over the states: the last row is all ones.",
    zh="你的每一行之和都是 1，但 beta[t, i] 不是状态上的分布：最后一行应全是 1。",
)

edit(
    "hmm-04",
    "H524",
    (
        "return np.divide(both, total, out=np.zeros_like(both), where=total > 0)",
        "gamma = np.divide(both, total, out=np.zeros_like(both), where=total > 0)\ngamma[-1] = 0\nreturn gamma",
    ),
    en="The last row is empty: there are T rows here, and T - 1 only for pairs of states.",
    zh="最后一行是空的：这里有 T 行，只有相邻状态对才是 T - 1。",
)

edit(
    "hmm-05",
    "H525",
    ("alpha[:-1, :, None] * A", "alpha[:-1, None, :] * A"),
    en="alpha[t] belongs to the state at time t, the rows of joint[t]: along which axis do you multiply it?",
    zh="alpha[t] 属于 t 时刻的状态，即 joint[t] 的行：你沿哪个轴相乘？",
)

edit(
    "hmm-06",
    "H526",
    (
        "T, N = len(obs), len(log_pi)",
        "log_pi, log_A, log_B = (np.log(np.exp(x) + np.finfo(float).eps) for x in (log_pi, log_A, log_B))\nT, N = len(obs), len(log_pi)",
    ),
    en="A small number added before the logarithm makes the impossible possible: its logarithm is -inf, about -36 in your result.",
    zh="取对数前加一个小数，会让不可能变为可能：其对数应为 -inf，而你的约为 -36。",
)

edit(
    "hmm-07",
    "H527",
    (
        "T, N = len(obs), len(log_A)",
        "log_A, log_B = (np.log(np.exp(x) + np.finfo(float).eps) for x in (log_A, log_B))\nT, N = len(obs), len(log_A)",
    ),
    en="A small number added before the logarithm makes the impossible possible: its logarithm is -inf, about -36 in your result.",
    zh="取对数前加一个小数，会让不可能变为可能：其对数应为 -inf，而你的约为 -36。",
)

edit(
    "hmm-09",
    "H528",
    (
        "T, N = len(obs), len(log_pi)",
        "log_pi, log_A, log_B = (np.log(np.exp(x) + np.finfo(float).eps) for x in (log_pi, log_A, log_B))\nT, N = len(obs), len(log_pi)",
    ),
    en="A small number added before the logarithm makes the impossible possible: its logarithm is -inf, about -36 in your result.",
    zh="取对数前加一个小数，会让不可能变为可能：其对数应为 -inf，而你的约为 -36。",
)

edit(
    "hmm-09",
    "H529",
    (
        "return delta, phi",
        "phi[0] = -1\nreturn delta, phi",
    ),
    en="phi[0] points to nothing; the docstring asks for 0 there, not -1.",
    zh="phi[0] 不指向任何状态；文档字符串要求填 0，而不是 -1。",
)


@mistake(
    "hmm-09",
    "H530",
    en="Two slips: the new state is the column of A, not its row, and the symbol is shown by the new state, not by the old one.",
    zh="有两处错误：新状态是 A 的列而不是行；符号由新状态发出，而不是旧状态。",
)
def viterbi_tables(log_pi, log_A, log_B, obs):
    delta = np.zeros((len(obs), len(log_pi)))
    phi = np.zeros(delta.shape, dtype=np.int64)
    delta[0] = log_pi + log_B[:, obs[0]]
    for t in range(1, len(obs)):
        scores = delta[t - 1] + log_A + log_B[:, obs[t]]
        delta[t], phi[t] = scores.max(1), scores.argmax(1)
    return delta, phi


edit(
    "hmm-12",
    "H531",
    ("gamma[0] for gamma", "gamma[min(1, len(gamma) - 1)] for gamma"),
    en="Rabiner counts from 1, Python from 0: which row is the first?",
    zh="Rabiner 从 1 数起，Python 从 0 数起：第一行是哪一行？",
)


edit(
    "hmm-12",
    "H531b",
    ("gamma[0] for gamma", "gamma[1] for gamma"),
    en="Rabiner's first row has the number 1. Which one does the first row of an array have?",
    zh="Rabiner 的第一行编号为 1。数组的第一行编号是几？",
)

edit(
    "hmm-04",
    "H532",
    (
        "return np.divide(both, total, out=np.zeros_like(both), where=total > 0)",
        "gamma = both / total\ngamma[-1] = 0\nreturn gamma",
    ),
    en="Your loop leaves the last time step out; and try a sequence that is impossible: what is 0 divided by 0?",
    zh="你的循环漏了最后一个时刻；再试一个不可能出现的序列：0 除以 0 是多少？",
)


@mistake(
    "hmm-05",
    "H533",
    en="The docstring asks for the joint probability: no denominator. And yours multiplies alpha[t] along the columns.",
    zh="文档字符串要的是联合概率：没有分母；而且你的分母中 alpha[t] 是沿列相乘的。",
)
def transition_joint(alpha, beta, A, B, obs):
    after = B[:, obs[1:]].T * beta[1:]
    joint = alpha[:-1, :, None] * A * after[:, None, :]
    for t in range(len(joint)):
        joint[t] /= np.sum(alpha[t] * A * after[t])
    return joint


edit(
    "hmm-01",
    "H534",
    ("return alpha", "return alpha.T"),
    en="Which axis is time? The docstring writes alpha as (T, N).",
    zh="哪一轴是时间？文档字符串中 alpha 的形状是 (T, N)。",
)

edit(
    "hmm-02",
    "H534b",
    ("return beta", "return beta.T"),
    en="Which axis is time? The docstring writes beta as (T, N).",
    zh="哪一轴是时间？文档字符串中 beta 的形状是 (T, N)。",
)

edit(
    "hmm-10",
    "H535",
    ("return path", "return path.tolist()"),
    en="The values are right. What kind of object does the docstring promise?",
    zh="数值正确。文档字符串要求返回的是什么类型？",
)


@mistake(
    "hmm-14",
    "H536",
    en="Two slips: a list where an array is asked for, and a state that is never visited is divided by 0.",
    zh="有两处错误：要求返回数组，而你返回了列表；从未出现的状态除以了 0。",
)
def new_B(gammas, sequences, B):
    gamma, symbols = np.concatenate(gammas), np.concatenate(sequences)
    seen = [gamma[symbols == symbol].sum(0) for symbol in range(B.shape[1])]
    return (np.array(seen) / gamma.sum(0)).T.tolist()


edit(
    "hmm-14",
    "H536b",
    (
        "return ratio(seen, np.sum([gamma.sum(0) for gamma in gammas], axis=0), B)",
        "return ratio(seen, np.sum([gamma.sum(0) for gamma in gammas], axis=0), B).tolist()",
    ),
    en="The values are right. What kind of object does the docstring promise?",
    zh="数值正确。文档字符串要求返回的是什么类型？",
)


@mistake(
    "hmm-08",
    "H537",
    en="Each row is divided by its sum. Try a sequence that is impossible: what is that sum then?",
    zh="每一行都除以它的和。试一个不可能出现的序列：这时和是多少？",
)
def log_likelihood(pi, A, B, obs):
    row, total = pi * B[:, obs[0]], 0.0
    for t in range(len(obs)):
        if t:
            row = (row @ A) * B[:, obs[t]]
        scale = 1 / row.sum()
        row, total = row * scale, total - np.log(scale)
    return float(total)


@mistake(
    "hmm-09",
    "H539",
    en="Each row of your delta adds up to 1 after exp. Does the docstring divide it by anything?",
    zh="你的 delta 每一行取指数后之和为 1。文档字符串让它除以什么了吗？",
)
def viterbi_tables(log_pi, log_A, log_B, obs):
    T, N = len(obs), len(log_pi)
    pi, A, B = np.exp(log_pi), np.exp(log_A), np.exp(log_B)
    delta, phi = np.zeros((T, N)), np.zeros((T, N), dtype=np.int64)
    delta[0] = pi * B[:, obs[0]]
    delta[0] /= delta[0].sum()
    for t in range(1, T):
        scores = (delta[t - 1] * A.T) * B[:, obs[t]][:, None]
        delta[t], phi[t] = scores.max(1), scores.argmax(1)
        delta[t] /= delta[t].sum()
    return np.log(delta), phi


@mistake(
    "hmm-09",
    "H540",
    en="Two slips: the new state is the column of A, not its row, and 1500 probabilities are multiplied without logarithms.",
    zh="有两处错误：新状态是 A 的列而不是行；1500 个概率直接相乘，没有取对数。",
)
def viterbi_tables(log_pi, log_A, log_B, obs):
    T, N = len(obs), len(log_pi)
    pi, A, B = np.exp(log_pi), np.exp(log_A), np.exp(log_B)
    delta, phi = np.zeros((T, N)), np.zeros((T, N), dtype=np.int64)
    delta[0] = pi * B[:, obs[0]]
    for t in range(1, T):
        scores = delta[t - 1] * A * B[:, obs[t]]
        delta[t], phi[t] = scores.max(1), scores.argmax(1)
    return np.log(delta), phi


edit(
    "hmm-06",
    "H301",
    ("log_alpha[t - 1][:, None] + log_A", "log_alpha[t - 1] + log_A"),
    en="log_alpha[t - 1] belongs to “from”, the rows of log_A: along which axis does NumPy line it up without a new axis?",
    zh="log_alpha[t - 1] 属于“从”，即 log_A 的行：不添一个轴，NumPy 会让它对上 log_A 的行还是列？",
)
edit(
    "hmm-07",
    "H302",
    ("np.logaddexp.reduce(step, axis=1)", "np.logaddexp.reduce(step, axis=0)"),
    en="Your table is [from, to]: is beta[t, i] a sum over the states that lead to i, or over those to which i leads?",
    zh="你的表是 [从，到]：beta[t, i] 是对能到 i 的状态求和，还是对从 i 能到的状态求和？",
)
edit(
    "hmm-09",
    "H303",
    ("scores.max(0) + log_B[:, obs[t]]", "scores.max(0)"),
    en="delta[t] is the log-probability of the path together with obs[0..t]: where does the symbol of time t come in?",
    zh="delta[t] 是路径连同 obs[0..t] 的对数概率：t 时刻的符号算在哪里了？",
)
edit(
    "hmm-09",
    "H304",
    ("delta[t - 1][:, None] + log_A", "delta[t - 1] + log_A"),
    en="delta[t - 1] belongs to “from”, the rows of log_A: along which axis does NumPy line it up without a new axis?",
    zh="delta[t - 1] 属于“从”，即 log_A 的行：不添一个轴，NumPy 会让它对上 log_A 的行还是列？",
)
edit(
    "hmm-02",
    "H551",
    ("A @ (B[:, obs[t + 1]] * beta[t + 1])", "(A @ beta[t + 1]) * B[:, obs[t]]"),
    en="beta[t] explains only what comes after time t: does it include the symbol of time t?",
    zh="beta[t] 只解释 t 时刻之后的符号：t 时刻的符号算在里面吗？",
)


@mistake(
    "hmm-07",
    "H552",
    en="One row too many: the last row, with nothing left to explain, belongs to time T - 1.",
    zh="多了一行：什么都不必再解释的最后一行属于 T - 1 时刻。",
)
def log_backward(log_A, log_B, obs):
    log_beta = np.zeros((len(obs) + 1, len(log_A)))
    for t in range(len(obs) - 1, -1, -1):
        log_beta[t] = np.logaddexp.reduce(log_A + log_B[:, obs[t]] + log_beta[t + 1], axis=1)
    return log_beta


edit(
    "hmm-06",
    "H553",
    ("log_alpha[0] = log_pi + log_B[:, obs[0]]", "log_alpha[0] = log_pi * log_B[:, obs[0]]"),
    (
        "np.logaddexp.reduce(step, axis=0) + log_B[:, obs[t]]",
        "(log_alpha[t - 1] @ log_A) * log_B[:, obs[t]]",
    ),
    en="The inputs are logarithms: what becomes of a product of probabilities, and of a sum?",
    zh="输入是对数：概率的乘积变成什么，概率的和又变成什么？",
)
edit(
    "hmm-09",
    "H554",
    ("delta[0] = log_pi + log_B[:, obs[0]]", "delta[0] = log_B[:, obs[0]]"),
    en="With which probability does a path begin in each state?",
    zh="路径以多大的概率从各个状态开始？",
)
edit(
    "hmm-09",
    "H555",
    (
        "delta[t - 1][:, None] + log_A  #",
        "delta[t - 1][:, None] + np.zeros_like(log_A)  #",
    ),
    en="How likely is the step from one state to the next? Which input holds it?",
    zh="从一个状态走到下一个状态的概率是多少？它在哪个输入里？",
)
edit(
    "hmm-09",
    "H556",
    (
        "delta[t - 1][:, None] + log_A  #",
        "delta[t - 1][:, None] + log_A + log_B[:, obs[t], None]  #",
    ),
    ("scores.max(0) + log_B[:, obs[t]]", "scores.max(0)"),
    en="The symbol of time t is emitted by the new state: along which axis of [from, to] is it added?",
    zh="t 时刻的符号由新状态发出：应沿着 [从，到] 的哪一轴相加？",
)
edit(
    "hmm-09",
    "H557",
    (
        "delta[0] = log_pi + log_B[:, obs[0]]",
        "delta[0] = log_pi + log_B[np.arange(N), obs[np.arange(N) % T]]",
    ),
    (
        "scores.max(0) + log_B[:, obs[t]]",
        "scores.max(0) + log_B[np.arange(N), obs[np.arange(N) % T]]",
    ),
    en="obs is indexed by the time: by what do you index it?",
    zh="obs 的下标是时刻：你用什么作了它的下标？",
)
edit(
    "hmm-10",
    "H558",
    ("path[t] = phi[t + 1, path[t + 1]]", "path[t] = phi[t + 1, path[-1]]"),
    en="Each pointer leads one step back: from which state do you read the next pointer?",
    zh="每个指针只往回走一步：下一个指针要从哪个状态读？",
)
edit(
    "hmm-12",
    "H559",
    (
        "np.mean([gamma[0] for gamma in gammas], axis=0)",
        "0.001 + 0.999 * np.mean([gamma[0] for gamma in gammas], axis=0)",
    ),
    en="Do your start probabilities add up to 1? The maximum of the likelihood needs no added number.",
    zh="你的初始概率之和是 1 吗？使似然最大的估计不需要另加一个数。",
)
edit(
    "hmm-13",
    "H560",
    ("return ratio(np.sum(counts, axis=0), left, A)", "return np.sum(counts, axis=0) / left"),
    en="The rows of A should sum to 1: along which axis does NumPy line up a vector that divides a matrix?",
    zh="A 的每一行之和应为 1：用向量除矩阵时，NumPy 让向量对上哪一轴？",
)
