"""Right answers of hmm that are written in another way pass: one function each, its body replaces the blank's."""
# ruff: noqa: F811, F821    (bodies use the names of model.py)
import numpy as np
import pytest

from grading import markers
from tests import check
from tests.mistakes import body
from tests.student import ROOT, InProcess

OTHERS = []


def other(id):
    """Register another right version of blank `id`."""
    def register(function):
        OTHERS.append(pytest.param(id, function, id=f"{id}-{len(OTHERS)}"))
        return function
    return register


@other("hmm-01")
def forward(pi, A, B, obs):
    T, N = len(obs), len(pi)
    alpha = [[0.0] * N for _ in range(T)]
    for i in range(N):
        alpha[0][i] = pi[i] * B[i][obs[0]]
    for t in range(1, T):
        for j in range(N):
            for i in range(N):
                alpha[t][j] += alpha[t - 1][i] * A[i][j] * B[j][obs[t]]
    return np.array(alpha)


@other("hmm-01")
def forward(pi, A, B, obs):
    rows = [pi * B.T[obs[0]]]
    for symbol in obs[1:]:
        rows.append(np.einsum("i,ij,j->j", rows[-1], A, B[:, symbol]))
    return np.stack(rows)


@other("hmm-02")
def backward(A, B, obs):
    rows = [np.ones(len(A))]
    for symbol in obs[:0:-1]:
        rows.append((A * B[:, symbol] * rows[-1]).sum(1))
    return np.array(rows[::-1])


@other("hmm-03")
def evaluate(pi, A, B, obs):
    now = pi * B[:, obs[0]]
    for symbol in obs[1:]:
        now = now @ A * B[:, symbol]
    return now.sum()


@other("hmm-03")
def evaluate(pi, A, B, obs):
    return np.sum(forward(pi=pi, A=A, B=B, obs=obs)[len(obs) - 1])


@other("hmm-03")
def evaluate(pi, A, B, obs):
    beta = backward(A, B, obs)
    return (pi * B[:, obs[0]] * beta[0]).sum()


@other("hmm-04")
def state_posterior(alpha, beta):
    gamma = np.zeros(alpha.shape)
    for t in range(len(alpha)):
        total = alpha[t] @ beta[t]
        if total:
            gamma[t] = alpha[t] * beta[t] / total
    return gamma


@other("hmm-05")
def transition_joint(alpha, beta, A, B, obs):
    T, N = alpha.shape
    joint = np.zeros((T - 1, N, N))
    for t in range(T - 1):
        joint[t] = np.outer(alpha[t], B[:, obs[t + 1]] * beta[t + 1]) * A
    return joint


@other("hmm-06")
def log_forward(log_pi, log_A, log_B, obs):
    log_alpha = np.full((len(obs), len(log_pi)), -np.inf)
    log_alpha[0] = log_pi + log_B[:, obs[0]]
    for t in range(1, len(obs)):
        top = log_alpha[t - 1].max()
        if top > -np.inf:
            log_alpha[t] = log(np.exp(log_alpha[t - 1] - top) @ np.exp(log_A)) + top + log_B[:, obs[t]]
    return log_alpha


@other("hmm-06")
def log_forward(log_pi, log_A, log_B, obs):
    N, rows = len(log_pi), [log_pi + log_B[:, obs[0]]]
    for symbol in obs[1:]:
        new = np.full(N, -np.inf)
        for i in range(N):
            new = np.logaddexp(new, rows[-1][i] + log_A[i])
        rows.append(new + log_B[:, symbol])
    return np.array(rows)


@other("hmm-07")
def log_backward(log_A, log_B, obs):
    N, log_beta = len(log_A), np.zeros((len(obs), len(log_A)))
    for t in reversed(range(len(obs) - 1)):
        for i in range(N):
            log_beta[t, i] = np.logaddexp.reduce([log_A[i, j] + log_B[j, obs[t + 1]] + log_beta[t + 1, j] for j in range(N)])
    return log_beta


@other("hmm-08")
def log_likelihood(pi, A, B, obs):
    alpha, total = pi * B[:, obs[0]], 0.0
    for t in range(len(obs)):
        if t:
            alpha = (alpha @ A) * B[:, obs[t]]
        c = alpha.sum()
        if c == 0:
            return -np.inf
        alpha, total = alpha / c, total + np.log(c)
    return total


@other("hmm-08")
def log_likelihood(pi, A, B, obs):
    ends = log_forward(log(pi), log(A), log(B), obs)[-1]
    top = ends.max()
    return top if top == -np.inf else top + np.log(np.exp(ends - top).sum())


@other("hmm-09")
def viterbi_tables(log_pi, log_A, log_B, obs):
    T, N = len(obs), len(log_pi)
    delta, phi = np.zeros((T, N)), np.zeros((T, N), int)
    delta[0] = log_pi + log_B[:, obs[0]]
    for t in range(1, T):
        for j in range(N):
            best, where = -np.inf, 0
            for i in range(N):
                if delta[t - 1, i] + log_A[i, j] > best:
                    best, where = delta[t - 1, i] + log_A[i, j], i
            delta[t, j], phi[t, j] = best + log_B[j, obs[t]], where
    return delta, phi


@other("hmm-09")
def viterbi_tables(log_pi, log_A, log_B, obs):
    delta, phi = [log_pi + log_B[:, obs[0]]], [np.zeros(len(log_pi))]
    for symbol in obs[1:]:
        ways = log_A.T + delta[-1] + log_B[:, symbol][:, None]
        phi.append(np.argmax(ways, axis=1))
        delta.append(ways.max(axis=1))
    return np.array(delta), np.array(phi).astype(int)


@other("hmm-10")
def backtrack(delta, phi):
    path = [int(np.argmax(delta[-1]))]
    for row in phi[1:][::-1]:
        path = [int(row[path[0]])] + path
    return np.array(path)


@other("hmm-11")
def expected_counts(log_alpha, log_beta, log_A, log_B, obs):
    both = log_alpha + log_beta
    gamma = np.exp(both - np.logaddexp.reduce(both, axis=1)[:, None])
    steps = log_alpha[:-1, :, None] + log_A + (log_B.T[obs[1:]] + log_beta[1:])[:, None, :]
    return gamma, np.exp(steps - np.logaddexp.reduce(both[0])).sum(0)


@other("hmm-12")
def new_pi(gammas):
    total = sum(gamma[0] for gamma in gammas)
    return total / total.sum()


@other("hmm-13")
def new_A(gammas, counts, A):
    steps = np.sum(counts, axis=0)
    left, result = steps.sum(1), np.array(A)
    result[left > 0] = steps[left > 0] / left[left > 0, None]
    return result


@other("hmm-14")
def new_B(gammas, sequences, B):
    gamma, obs = np.concatenate(gammas), np.concatenate(sequences)
    seen = np.array([gamma[obs == k].sum(0) for k in range(B.shape[1])]).T
    return ratio(seen, gamma.sum(0), B)


@other("hmm-15")
def supervised_estimate(state_sequences, sequences, N, M, smoothing):
    first, steps, seen = np.zeros(N), np.zeros((N, N)), np.zeros((N, M)) + smoothing
    for states, obs in zip(state_sequences, sequences):
        first[states[0]] += 1
        for before, now in zip(states, states[1:]):
            steps[before, now] += 1
        for state, symbol in zip(states, obs):
            seen[state, symbol] += 1
    return rows_to_one(first), rows_to_one(steps), rows_to_one(seen)


@other("hmm-16")
def shop_model(shop):
    good, bad = STATES
    return (np.array([shop["first"][good], shop["first"][bad]]),
            np.array([[shop["next"][good][good], shop["next"][good][bad]], [shop["next"][bad][good], shop["next"][bad][bad]]]),
            np.array([[shop["stock"][s][k] for k in "HML"] for s in (good, bad)]))


@pytest.mark.parametrize(("id", "function"), OTHERS)
def test_another_right_answer_passes(id, function):
    region = markers.find(ROOT / "hmm", id)
    door = InProcess(ROOT, {("hmm", region.path.name): markers.replace(region, body(function))})
    for seed in (0, 1):
        cases = check.FreshCases(seed)
        for one in check.load_checks("hmm"):
            if one.id == id:
                outcome = check.run(one, door, cases)
                assert outcome.status == "done", outcome.message.en


def test_every_blank_of_the_model_has_another_answer():
    assert {param.values[0] for param in OTHERS} == {
        one.id for one in check.load_checks("hmm") if not one.id.endswith("together") and not one.hidden}
