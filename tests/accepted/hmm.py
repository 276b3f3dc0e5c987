"""Accepted variants: correct blanks of hmm that are written differently from the solution."""

# ruff: noqa: F811, F821    (bodies use the names of the solved files)
import numpy as np

from tests.accepted import accepted


@accepted("hmm-01")
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


@accepted("hmm-01")
def forward(pi, A, B, obs):
    rows = [pi * B.T[obs[0]]]
    for symbol in obs[1:]:
        rows.append(np.einsum("i,ij,j->j", rows[-1], A, B[:, symbol]))
    return np.stack(rows)


@accepted("hmm-02")
def backward(A, B, obs):
    rows = [np.ones(len(A))]
    for symbol in obs[:0:-1]:
        rows.append((A * B[:, symbol] * rows[-1]).sum(1))
    return np.array(rows[::-1])


@accepted("hmm-03")
def evaluate(pi, A, B, obs):
    now = pi * B[:, obs[0]]
    for symbol in obs[1:]:
        now = now @ A * B[:, symbol]
    return now.sum()


@accepted("hmm-03")
def evaluate(pi, A, B, obs):
    return np.sum(forward(pi=pi, A=A, B=B, obs=obs)[len(obs) - 1])


@accepted("hmm-03")
def evaluate(pi, A, B, obs):
    beta = backward(A, B, obs)
    return (pi * B[:, obs[0]] * beta[0]).sum()


@accepted("hmm-04")
def state_posterior(alpha, beta):
    gamma = np.zeros(alpha.shape)
    for t in range(len(alpha)):
        total = alpha[t] @ beta[t]
        if total:
            gamma[t] = alpha[t] * beta[t] / total
    return gamma


@accepted("hmm-05")
def transition_joint(alpha, beta, A, B, obs):
    T, N = alpha.shape
    joint = np.zeros((T - 1, N, N))
    for t in range(T - 1):
        joint[t] = np.outer(alpha[t], B[:, obs[t + 1]] * beta[t + 1]) * A
    return joint


@accepted("hmm-06")
def log_forward(log_pi, log_A, log_B, obs):
    log_alpha = np.full((len(obs), len(log_pi)), -np.inf)
    log_alpha[0] = log_pi + log_B[:, obs[0]]
    for t in range(1, len(obs)):
        top = log_alpha[t - 1].max()
        if top > -np.inf:
            log_alpha[t] = (
                log(np.exp(log_alpha[t - 1] - top) @ np.exp(log_A)) + top + log_B[:, obs[t]]
            )
    return log_alpha


@accepted("hmm-06")
def log_forward(log_pi, log_A, log_B, obs):
    N, rows = len(log_pi), [log_pi + log_B[:, obs[0]]]
    for symbol in obs[1:]:
        new = np.full(N, -np.inf)
        for i in range(N):
            new = np.logaddexp(new, rows[-1][i] + log_A[i])
        rows.append(new + log_B[:, symbol])
    return np.array(rows)


@accepted("hmm-07")
def log_backward(log_A, log_B, obs):
    N, log_beta = len(log_A), np.zeros((len(obs), len(log_A)))
    for t in reversed(range(len(obs) - 1)):
        for i in range(N):
            log_beta[t, i] = np.logaddexp.reduce(
                [log_A[i, j] + log_B[j, obs[t + 1]] + log_beta[t + 1, j] for j in range(N)]
            )
    return log_beta


@accepted("hmm-08")
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


@accepted("hmm-08")
def log_likelihood(pi, A, B, obs):
    ends = log_forward(log(pi), log(A), log(B), obs)[-1]
    top = ends.max()
    return top if top == -np.inf else top + np.log(np.exp(ends - top).sum())


@accepted("hmm-09")
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


@accepted("hmm-09")
def viterbi_tables(log_pi, log_A, log_B, obs):
    delta, phi = [log_pi + log_B[:, obs[0]]], [np.zeros(len(log_pi))]
    for symbol in obs[1:]:
        scores = log_A.T + delta[-1] + log_B[:, symbol][:, None]
        phi.append(np.argmax(scores, axis=1))
        delta.append(scores.max(axis=1))
    return np.array(delta), np.array(phi).astype(int)


@accepted("hmm-10")
def backtrack(delta, phi):
    path = [int(np.argmax(delta[-1]))]
    for row in phi[1:][::-1]:
        path = [int(row[path[0]])] + path
    return np.array(path)


@accepted("hmm-11")
def expected_counts(log_alpha, log_beta, log_A, log_B, obs):
    both = log_alpha + log_beta
    gamma = np.exp(both - np.logaddexp.reduce(both, axis=1)[:, None])
    steps = log_alpha[:-1, :, None] + log_A + (log_B.T[obs[1:]] + log_beta[1:])[:, None, :]
    return gamma, np.exp(steps - np.logaddexp.reduce(both[0])).sum(0)


@accepted("hmm-12")
def new_pi(gammas):
    total = sum(gamma[0] for gamma in gammas)
    return total / total.sum()


@accepted("hmm-13")
def new_A(gammas, counts, A):
    steps = np.sum(counts, axis=0)
    left, result = steps.sum(1), np.array(A)
    result[left > 0] = steps[left > 0] / left[left > 0, None]
    return result


@accepted("hmm-14")
def new_B(gammas, sequences, B):
    gamma, obs = np.concatenate(gammas), np.concatenate(sequences)
    seen = np.array([gamma[obs == k].sum(0) for k in range(B.shape[1])]).T
    return ratio(seen, gamma.sum(0), B)


@accepted("hmm-15")
def supervised_estimate(state_sequences, sequences, N, M, smoothing):
    first, steps, seen = np.zeros(N), np.zeros((N, N)), np.zeros((N, M)) + smoothing
    for states, obs in zip(state_sequences, sequences):
        first[states[0]] += 1
        for before, now in zip(states, states[1:]):
            steps[before, now] += 1
        for state, symbol in zip(states, obs):
            seen[state, symbol] += 1
    return rows_to_one(first), rows_to_one(steps), rows_to_one(seen)


@accepted("hmm-16")
def shop_model(shop):
    good, bad = STATES
    return (
        np.array([shop["first"][good], shop["first"][bad]]),
        np.array(
            [
                [shop["next"][good][good], shop["next"][good][bad]],
                [shop["next"][bad][good], shop["next"][bad][bad]],
            ]
        ),
        np.array([[shop["stock"][s][k] for k in "HML"] for s in (good, bad)]),
    )


@accepted("hmm-02")
def backward(A, B, obs):
    T, N = len(obs), len(A)
    beta = np.zeros((T, N))
    beta[T - 1] = 1
    for t in range(T - 1, 0, -1):
        for i in range(N):
            for j in range(N):
                beta[t - 1, i] += A[i, j] * B[j, obs[t]] * beta[t, j]
    return beta


@accepted("hmm-04")
def state_posterior(alpha, beta):
    both = alpha * beta
    p = both[0].sum()  # P(obs), the same at every time
    return both / p if p else np.zeros_like(both)


@accepted("hmm-05")
def transition_joint(alpha, beta, A, B, obs):
    return np.einsum("ti,ij,jt,tj->tij", alpha[:-1], A, B[:, obs[1:]], beta[1:])


@accepted("hmm-07")
def log_backward(log_A, log_B, obs):
    rows = [np.zeros(len(log_A))]
    for symbol in obs[:0:-1]:
        last = log_B[:, symbol] + rows[0]
        new = np.full(len(log_A), -np.inf)
        for j in range(len(log_A)):
            new = np.logaddexp(new, log_A[:, j] + last[j])
        rows.insert(0, new)
    return np.stack(rows)


@accepted("hmm-10")
def backtrack(delta, phi):
    state, path = np.argmax(delta[-1]), []
    for t in range(len(delta))[::-1]:
        path.append(state)
        state = phi[t][state]
    return np.array(path[::-1])


@accepted("hmm-11")
def expected_counts(log_alpha, log_beta, log_A, log_B, obs):
    T, N = log_alpha.shape
    log_p = np.logaddexp.reduce(log_alpha[0] + log_beta[0])
    gamma, counts = np.zeros((T, N)), np.zeros((N, N))
    for t in range(T):
        for i in range(N):
            gamma[t, i] = np.exp(log_alpha[t, i] + log_beta[t, i] - log_p)
            for j in range(N if t + 1 < T else 0):
                counts[i, j] += np.exp(
                    log_alpha[t, i]
                    + log_A[i, j]
                    + log_B[j, obs[t + 1]]
                    + log_beta[t + 1, j]
                    - log_p
                )
    return gamma, counts


@accepted("hmm-12")
def new_pi(gammas):
    total = np.zeros(gammas[0].shape[1])
    for gamma in gammas:
        total += gamma[0]
    return total / len(gammas)


@accepted("hmm-13")
def new_A(gammas, counts, A):
    left = np.zeros(len(A))
    for gamma in gammas:
        left += gamma.sum(axis=0) - gamma[-1]
    return ratio(sum(counts), left, A)


@accepted("hmm-14")
def new_B(gammas, sequences, B):
    N, M = B.shape
    seen = np.zeros((N, M))
    for gamma, obs in zip(gammas, sequences):
        seen += gamma.T @ np.eye(M)[obs]
    result, total = B.copy(), seen.sum(1)
    for i in range(N):
        if total[i] > 0:
            result[i] = seen[i] / total[i]
    return result


@accepted("hmm-15")
def supervised_estimate(state_sequences, sequences, N, M, smoothing):
    first = np.bincount([states[0] for states in state_sequences], minlength=N)
    pairs = np.concatenate([states[:-1] * N + states[1:] for states in state_sequences])
    shown = np.concatenate([states * M + obs for states, obs in zip(state_sequences, sequences)])
    steps = np.bincount(pairs, minlength=N * N).reshape(N, N)
    seen = np.bincount(shown, minlength=N * M).reshape(N, M) + smoothing
    return rows_to_one(first), rows_to_one(steps), rows_to_one(seen)


@accepted("hmm-16")
def shop_model(shop):
    def row(numbers, names):
        return [numbers[name] for name in names]

    return (
        np.array(row(shop["first"], STATES)),
        np.array([row(shop["next"][state], STATES) for state in STATES]),
        np.array([row(shop["stock"][state], ("H", "M", "L")) for state in STATES]),
    )


@accepted("hmm-91")
def c1():
    return "b"


@accepted("hmm-91")
def c1():
    return " B "


@accepted("hmm-92")
def c2():
    return "d"


@accepted("hmm-92")
def c2():
    return "D\n"


@accepted("hmm-17")
def learn(log_pi, log_A, log_B, sequences, iterations):
    likelihoods = []
    for iteration in range(iterations + 1):
        first, steps, seen = np.zeros_like(log_pi), np.zeros_like(log_A), np.zeros_like(log_B)
        likelihoods.append(0.0)
        for obs in sequences:
            emitted = log_B[:, obs].T  # (T, N)
            log_alpha, log_beta = [log_pi + emitted[0]], [np.zeros(len(log_pi))]
            for row in emitted[1:]:
                log_alpha.append(np.logaddexp.reduce(log_alpha[-1][:, None] + log_A) + row)
            for row in emitted[:0:-1]:
                log_beta.insert(0, np.logaddexp.reduce(log_A + (row + log_beta[0]), axis=1))
            log_alpha, log_beta = np.array(log_alpha), np.array(log_beta)
            log_p = np.logaddexp.reduce(log_alpha[-1])
            likelihoods[-1] += log_p
            gamma = np.exp(log_alpha + log_beta - log_p)
            joint = log_alpha[:-1, :, None] + log_A + (emitted[1:] + log_beta[1:])[:, None] - log_p
            first, steps = first + gamma[0], steps + np.exp(joint).sum(0)
            seen += np.array([gamma[np.asarray(obs) == k].sum(0) for k in range(seen.shape[1])]).T
        if iteration < iterations:
            with np.errstate(divide="ignore", invalid="ignore"):
                log_pi = np.log(first / first.sum())
                left, visited = steps.sum(1), seen.sum(1)
                log_A = np.where(left[:, None] > 0, np.log(steps / left[:, None]), log_A)
                log_B = np.where(visited[:, None] > 0, np.log(seen / visited[:, None]), log_B)
    return log_pi, log_A, log_B, likelihoods


@accepted("hmm-17")
def learn(log_pi, log_A, log_B, sequences, iterations):
    pi, A, B = np.exp(log_pi), np.exp(log_A), np.exp(log_B)
    totals = []
    for step in range(iterations + 1):  # with scaled numbers instead of logarithms
        total, new_pi, new_A, new_B = 0.0, np.zeros(len(pi)), np.zeros(A.shape), np.zeros(B.shape)
        for obs in sequences:
            alpha, scale = np.zeros((len(obs), len(pi))), np.zeros(len(obs))
            for t, symbol in enumerate(obs):
                alpha[t] = (pi if t == 0 else alpha[t - 1] @ A) * B[:, symbol]
                scale[t] = alpha[t].sum()
                alpha[t] /= scale[t]
            total += np.log(scale).sum()
            beta = np.ones(len(pi))
            for t in range(len(obs) - 1, -1, -1):
                gamma = alpha[t] * beta
                new_B[:, obs[t]] += gamma
                if t:
                    after = B[:, obs[t]] * beta / scale[t]
                    new_A += np.outer(alpha[t - 1], after) * A
                    beta = A @ after
            new_pi += gamma
        totals.append(total)
        if step == iterations:
            break
        for new, old in ((new_A, A), (new_B, B)):
            for row in range(len(new)):
                new[row] = new[row] / new[row].sum() if new[row].sum() > 0 else old[row]
        pi, A, B = new_pi / len(sequences), new_A, new_B
    with np.errstate(divide="ignore"):
        return np.log(pi), np.log(A), np.log(B), np.array(totals)


@accepted("hmm-18")
def viterbi_batch(log_pi, log_A, log_B, obs, lengths):
    paths, log_probs = np.full(obs.shape, -1), []
    for s, length in enumerate(lengths):  # one sequence after the other
        row = obs[s, :length]
        scores, back = log_pi + log_B[:, row[0]], []
        for symbol in row[1:]:
            step = scores + log_A.T  # [to, from]
            back.append(step.argmax(1))
            scores = step.max(1) + log_B[:, symbol]
        state = int(scores.argmax())
        log_probs.append(scores[state])
        for t in range(length - 1, -1, -1):
            paths[s, t] = state
            if t:
                state = back[t - 1][state]
    return paths, np.array(log_probs)


@accepted("hmm-18")
def viterbi_batch(log_pi, log_A, log_B, obs, lengths):
    S, T = obs.shape
    deltas = np.empty((T, S, len(log_pi)))
    deltas[0] = log_pi + log_B.T[obs[:, 0]]
    for t in range(1, T):
        deltas[t] = (deltas[t - 1][:, :, None] + log_A).max(1) + log_B.T[obs[:, t]]
    last = deltas[lengths - 1, np.arange(S)]
    paths = np.full((S, T), -1, dtype=np.int64)
    for s in range(S):
        t = lengths[s] - 1
        paths[s, t] = last[s].argmax()
        while t > 0:
            paths[s, t - 1] = (deltas[t - 1, s] + log_A[:, paths[s, t]]).argmax()
            t -= 1
    return paths, last.max(1)


@accepted("hmm-93")
def counterexample():
    return "20260001", [[0.25, 0.75], [[0.5, 0.5], [0, 1]], [[1, 0], [0.5, 0.5]], [0, 0]]


@accepted("hmm-93")
def counterexample():
    pi = np.ones(2) / 2
    return "20260001", [
        pi,
        np.array([[0.9, 0.1], [0.4, 0.6]]),
        np.array([[0.3, 0.7], [0.8, 0.2]]),
        np.array([1, 0]),
    ]
