"""Two algorithms in one piece (bonus): Baum-Welch in logarithms, and Viterbi for a batch of sequences.

Nothing of model.py is used: the checks hide it. N states, M symbols; logarithms are natural, the logarithm of 0 is -inf.
"""

import numpy as np


def learn(log_pi, log_A, log_B, sequences, iterations):
    """`iterations` steps of Baum-Welch: log_pi (N,), log_A (N, N), log_B (N, M), log_likelihoods (iterations + 1,).

    log_pi, log_A [from, to], log_B: -inf allowed. sequences: list of obs (T_s,) of 0..M-1, each possible under the model, of
    any length, 1 and 1000 too. log_likelihoods: the sum over the sequences of log P(obs), at the start and after each step.
    Every sequence counts the same in pi. The row of a state that is never left (log_A) or never visited (log_B) is kept.
    No argument is changed. Source: Rabiner 1989, eqs. 40a to 40c, in logarithms.
    """
    # BEGIN SOLUTION hmm-17 (10 points, bonus): a step is: both tables and the counts of each sequence, then three ratios

    def tables(obs):
        T, N = len(obs), len(log_pi)
        log_alpha, log_beta = np.zeros((T, N)), np.zeros((T, N))
        log_alpha[0] = log_pi + log_B[:, obs[0]]
        for t in range(1, T):
            into = np.logaddexp.reduce(log_alpha[t - 1][:, None] + log_A, axis=0)
            log_alpha[t] = into + log_B[:, obs[t]]
        for t in range(T - 2, -1, -1):
            after = log_B[:, obs[t + 1]] + log_beta[t + 1]
            log_beta[t] = np.logaddexp.reduce(log_A + after, axis=1)
        return log_alpha, log_beta, np.logaddexp.reduce(log_alpha[-1])

    def ratio(counts, old):
        total = counts.sum(axis=1, keepdims=True)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(total > 0, np.log(counts) - np.log(total), old)

    log_likelihoods = [sum(tables(obs)[2] for obs in sequences)]
    for _ in range(iterations):
        first, steps, seen = np.zeros(len(log_pi)), np.zeros(log_A.shape), np.zeros(log_B.shape)
        for obs in sequences:
            log_alpha, log_beta, log_p = tables(obs)
            gamma = np.exp(log_alpha + log_beta - log_p)
            first += gamma[0]
            np.add.at(seen.T, obs, gamma)
            for t in range(len(obs) - 1):
                after = log_B[:, obs[t + 1]] + log_beta[t + 1] - log_p
                steps += np.exp(log_alpha[t][:, None] + log_A + after)
        with np.errstate(divide="ignore"):
            log_pi = np.log(first / len(sequences))
        log_A, log_B = ratio(steps, log_A), ratio(seen, log_B)
        log_likelihoods.append(sum(tables(obs)[2] for obs in sequences))
    return log_pi, log_A, log_B, np.array(log_likelihoods)
    # END SOLUTION hmm-17


def viterbi_batch(log_pi, log_A, log_B, obs, lengths):
    """Most probable paths of S sequences at once: paths (S, T) int64, and log_probs (S,) of path and symbols together.

    log_pi (N,), log_A (N, N) [from, to], log_B (N, M): -inf allowed. obs (S, T) int: sequence s has the first lengths[s] >= 1
    columns; what stands behind them is a valid symbol without a meaning. paths is -1 there. Equally probable paths: the smaller
    state, starting from the end. Loop over time, not over sequences. Source: Rabiner 1989, eqs. 32 to 35.
    """
    # BEGIN SOLUTION hmm-18 (8 points, bonus): what happens to the scores of a sequence that has ended, so that one loop serves all?
    S, T = obs.shape
    delta = log_pi + log_B[:, obs[:, 0]].T  # (S, N): of the newest step that each sequence has
    before = np.zeros((S, T, len(log_pi)), dtype=np.int64)
    for t in range(1, T):
        scores = delta[:, :, None] + log_A  # (S, N, N): [sequence, from, to]
        alive = (t < lengths)[:, None]
        before[:, t] = scores.argmax(axis=1)
        delta = np.where(alive, scores.max(axis=1) + log_B[:, obs[:, t]].T, delta)
    paths, rows = np.full((S, T), -1), np.arange(S)
    state = delta.argmax(axis=1)
    for t in range(T - 1, -1, -1):
        alive = t < lengths
        paths[alive, t] = state[alive]
        state = np.where(alive, before[rows, t, state], state)
    return paths, delta.max(axis=1)
    # END SOLUTION hmm-18
