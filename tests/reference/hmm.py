"""Cases of hmm. Expected values are sums over all N**T state paths; where T is too long, plain loops over scalars."""

import itertools
import math

import numpy as np

from course.cases import Case

LONG = 1500  # steps after which plain products are 0 in float64


def model(rng, N, M):
    """Random pi, A, B without entries near zero and without equal rows."""
    return tuple(
        rng.dirichlet(np.full(K, 2.0), size) * 0.9 + 0.1 / K
        for K, size in ((N, None), (N, N), (M, N))
    )


def model_with_zeros(rng, N, M, obs):
    """Random pi, A, B with zeros in all three, under which obs is possible."""
    pi, A, B = model(rng, N, M)
    pi[N - 1] = 0
    A[0, 1] = A[N - 1, 0] = 0
    B[1, obs[0]] = B[0, obs[-1]] = 0
    return pi / pi.sum(), A / A.sum(1, keepdims=True), B / B.sum(1, keepdims=True)


def cyclic_model(rng, M):
    """Three states with the transitions 0 -> 1 -> 2 -> 0 and self-loops only."""
    pi, _, B = model(rng, 3, M)
    stay = rng.uniform(0.2, 0.4, 3)
    return (
        pi,
        np.array([[stay[0], 1 - stay[0], 0], [0, stay[1], 1 - stay[1]], [1 - stay[2], 0, stay[2]]]),
        B,
    )


def summed_to_one(p):
    """p (N,) with its last entry that is not 0 set so that floating point adds the entries up to exactly 1."""
    last = np.flatnonzero(p)[-1]
    p[last] = 1 - p[:last].sum()
    return p


def symbols(rng, M, T):
    """Random obs (T,), not all equal, first and last different when T > 1."""
    obs = rng.integers(M, size=T)
    while T > 1 and obs[0] == obs[-1]:
        obs = rng.integers(M, size=T)
    return obs


def every_path(pi, A, B, obs):
    """[(path, probability of path and obs)] for all paths."""
    paths = []
    for path in itertools.product(range(len(pi)), repeat=len(obs)):
        p = pi[path[0]] * B[path[0], obs[0]]
        for before, now, symbol in zip(path, path[1:], obs[1:]):
            p *= A[before, now] * B[now, symbol]
        paths.append((path, p))
    return paths


def brute_forward(pi, A, B, obs):
    alpha = np.zeros((len(obs), len(pi)))
    for t in range(len(obs)):
        for path, p in every_path(pi, A, B, obs[: t + 1]):
            alpha[t, path[-1]] += p
    return alpha


def brute_backward(A, B, obs):
    """Sums over the paths of the later symbols, which start from state i."""
    T, N = len(obs), len(A)
    beta = np.ones((T, N))
    for t in range(T - 1):
        for i in range(N):
            beta[t, i] = sum(p for _, p in every_path(A[i], A, B, obs[t + 1 :]))
    return beta


def brute_posterior(pi, A, B, obs):
    """gamma (T, N), joint (T-1, N, N), P(obs)."""
    T, N = len(obs), len(pi)
    gamma, joint, total = np.zeros((T, N)), np.zeros((T - 1, N, N)), 0.0
    for path, p in every_path(pi, A, B, obs):
        total += p
        for t in range(T):
            gamma[t, path[t]] += p
            if t + 1 < T:
                joint[t, path[t], path[t + 1]] += p
    return gamma / (total or 1), joint, total


def brute_viterbi(log_pi, log_A, log_B, obs):
    """delta, phi by comparing all paths into each state; ties: the smaller predecessor."""
    T, N = len(obs), len(log_pi)
    delta, phi = np.full((T, N), -np.inf), np.zeros((T, N), dtype=np.int64)
    for t in range(T):
        best = {}
        for path in itertools.product(range(N), repeat=t + 1):
            score = log_pi[path[0]] + log_B[path[0], obs[0]]
            for before, now, symbol in zip(path, path[1:], obs[1:]):
                score = score + log_A[before, now] + log_B[now, symbol]
            before = path[-2] if t else 0
            old = best.get(path[-1])
            if old is None or score > old[0] + 1e-12 or score > old[0] - 1e-12 and before < old[1]:
                best[path[-1]] = score, before
        for i, (score, before) in best.items():
            delta[t, i], phi[t, i] = score, before
    return delta, phi


def log(p):
    with np.errstate(divide="ignore"):
        return np.log(p)


def scalar_tables(pi, A, B, obs):
    """log_alpha, log_beta, delta, phi of a long sequence, computed with scalars and math.log only."""
    T, N = len(obs), len(pi)
    add = lambda xs: max(xs) + math.log(math.fsum(math.exp(x - max(xs)) for x in xs))  # noqa: E731
    a, b, start = log(A).tolist(), log(B).tolist(), log(pi).tolist()
    alpha, delta = (
        [[start[i] + b[i][obs[0]] for i in range(N)]],
        [[start[i] + b[i][obs[0]] for i in range(N)]],
    )
    phi, beta = [[0] * N], [[0.0] * N]
    for t in range(1, T):
        alpha.append(
            [add([alpha[-1][i] + a[i][j] for i in range(N)]) + b[j][obs[t]] for j in range(N)]
        )
        scores = [[delta[-1][i] + a[i][j] for i in range(N)] for j in range(N)]
        phi.append([column.index(max(column)) for column in scores])
        delta.append([max(scores[j]) + b[j][obs[t]] for j in range(N)])
    for t in range(T - 2, -1, -1):
        beta.insert(
            0, [add([a[i][j] + b[j][obs[t + 1]] + beta[0][j] for j in range(N)]) for i in range(N)]
        )
    return np.array(alpha), np.array(beta), np.array(delta), np.array(phi)


# ---------------------------------------------------------------- one generator per check


def forward(rng):
    for label, N, M, T in (("", 3, 5, 6), ("", 4, 3, 5), ("T = 1", 3, 4, 1)):
        pi, A, B = model(rng, N, M)
        obs = symbols(rng, M, T)
        yield Case(label, [pi, A, B, obs], {"alpha": brute_forward(pi, A, B, obs)})
    _, A, B = model(rng, 3, 4)
    pi, obs = np.array([0.7, 0.2, 0.1]), symbols(rng, 4, 5)  # their sum is 0.9999999999999999
    yield Case("rounded rows", [pi, A, B, obs], {"alpha": brute_forward(pi, A, B, obs)})


def forward_zeros(rng):
    obs = symbols(rng, 5, 6)
    pi, A, B = model_with_zeros(rng, 3, 5, obs)
    pi = summed_to_one(pi)  # rounding is asked for in forward
    yield Case("zeros in pi, A, B", [pi, A, B, obs], {"alpha": brute_forward(pi, A, B, obs)})
    pi, A, B = cyclic_model(rng, 4)
    pi = summed_to_one(pi)
    B[:, 3] = 0
    B /= B.sum(1, keepdims=True)
    obs = np.array([0, 2, 3, 1, 0])
    yield Case(
        "a symbol that no state emits", [pi, A, B, obs], {"alpha": brute_forward(pi, A, B, obs)}
    )


def backward(rng):
    for label, N, M, T in (("", 3, 5, 6), ("", 4, 3, 5), ("T = 1", 3, 4, 1)):
        _, A, B = model(rng, N, M)
        obs = symbols(rng, M, T)
        yield Case(label, [A, B, obs], {"beta": brute_backward(A, B, obs)})


def backward_zeros(rng):
    obs = symbols(rng, 5, 6)
    _, A, B = model_with_zeros(rng, 3, 5, obs)
    yield Case("zeros in A and B", [A, B, obs], {"beta": brute_backward(A, B, obs)})
    _, A, B = cyclic_model(rng, 4)
    B[:, 3] = 0
    B /= B.sum(1, keepdims=True)
    obs = np.array([0, 2, 3, 1, 0])
    yield Case("a symbol that no state emits", [A, B, obs], {"beta": brute_backward(A, B, obs)})


def evaluate(rng):
    for label, N, M, T in (("", 3, 5, 6), ("T = 1", 4, 3, 1), ("zeros", 3, 4, 5)):
        obs = symbols(rng, M, T)
        pi, A, B = model_with_zeros(rng, N, M, obs) if label == "zeros" else model(rng, N, M)
        yield Case(label, [pi, A, B, obs], {"P(O)": sum(p for _, p in every_path(pi, A, B, obs))})
    pi, A, B = model(rng, 3, 4)
    B[:, 2] = 0
    B /= B.sum(1, keepdims=True)
    yield Case("impossible", [pi, A, B, np.array([0, 2, 1])], {"P(O)": 0.0})


def state_posterior(rng):
    for label, N, M, T in (("", 3, 5, 6), ("T = 1", 4, 3, 1), ("zeros", 3, 4, 5)):
        obs = symbols(rng, M, T)
        pi, A, B = model_with_zeros(rng, N, M, obs) if label == "zeros" else model(rng, N, M)
        yield Case(
            label,
            [brute_forward(pi, A, B, obs), brute_backward(A, B, obs)],
            {"gamma": brute_posterior(pi, A, B, obs)[0]},
        )
    pi, A, B = model(rng, 3, 4)
    B[:, 2] = 0
    B /= B.sum(1, keepdims=True)
    obs = np.array([0, 2, 1, 3])
    yield Case(
        "impossible: rows of 0",
        [brute_forward(pi, A, B, obs), brute_backward(A, B, obs)],
        {"gamma": np.zeros((4, 3))},
    )


def transition_joint(rng):
    for label, N, M, T in (("", 3, 5, 6), ("", 5, 3, 4), ("T = 1", 3, 4, 1), ("zeros", 3, 4, 5)):
        obs = symbols(rng, M, T)
        pi, A, B = model_with_zeros(rng, N, M, obs) if label == "zeros" else model(rng, N, M)
        yield Case(
            label,
            [brute_forward(pi, A, B, obs), brute_backward(A, B, obs), A, B, obs],
            {"joint": brute_posterior(pi, A, B, obs)[1]},
        )


def log_forward(rng):
    for label, N, M, T in (("", 3, 5, 6), ("T = 1", 4, 3, 1), ("zeros", 3, 4, 5)):
        obs = symbols(rng, M, T)
        pi, A, B = model_with_zeros(rng, N, M, obs) if label == "zeros" else model(rng, N, M)
        yield Case(
            label, [log(pi), log(A), log(B), obs], {"log_alpha": log(brute_forward(pi, A, B, obs))}
        )


def log_forward_long(rng):
    (pi, A, B), obs = model(rng, 3, 4), symbols(rng, 4, LONG)
    yield Case(
        f"T = {LONG}",
        [log(pi), log(A), log(B), obs],
        {"log_alpha": scalar_tables(pi, A, B, obs)[0]},
    )


def log_backward(rng):
    for label, N, M, T in (("", 3, 5, 6), ("T = 1", 4, 3, 1), ("zeros", 3, 4, 5)):
        obs = symbols(rng, M, T)
        _, A, B = model_with_zeros(rng, N, M, obs) if label == "zeros" else model(rng, N, M)
        yield Case(label, [log(A), log(B), obs], {"log_beta": log(brute_backward(A, B, obs))})
    A[0], B[1, obs[-1]] = (
        [0, 1, 0],
        0,
    )  # state 0 leads to state 1 only, which cannot show the last symbol
    B[1] /= B[1].sum()
    yield Case("a dead end", [log(A), log(B), obs], {"log_beta": log(brute_backward(A, B, obs))})


def log_backward_long(rng):
    (pi, A, B), obs = model(rng, 3, 4), symbols(rng, 4, LONG)
    yield Case(f"T = {LONG}", [log(A), log(B), obs], {"log_beta": scalar_tables(pi, A, B, obs)[1]})


def log_likelihood(rng):
    for label, N, M, T in (("", 3, 5, 6), ("T = 1", 4, 3, 1), ("zeros", 3, 4, 5)):
        obs = symbols(rng, M, T)
        pi, A, B = model_with_zeros(rng, N, M, obs) if label == "zeros" else model(rng, N, M)
        yield Case(
            label,
            [pi, A, B, obs],
            {"log P(O)": math.log(sum(p for _, p in every_path(pi, A, B, obs)))},
        )
    pi, A, B = model(rng, 3, 4)
    B[:, 2] = 0
    B /= B.sum(1, keepdims=True)
    yield Case("impossible", [pi, A, B, np.array([0, 2, 1])], {"log P(O)": -np.inf})


def log_likelihood_long(rng):
    """All rows of A equal pi: time steps are independent, and P(O) is a product of T numbers."""
    pi, _, B = model(rng, 3, 4)
    obs = symbols(rng, 4, 2 * LONG)
    expected = math.fsum(math.log(sum(pi[i] * B[i, k] for i in range(3))) for k in obs)
    yield Case(f"T = {2 * LONG}", [pi, np.tile(pi, (3, 1)), B, obs], {"log P(O)": expected})


def near_ties(delta, log_A):
    """Entries of phi that rounding could decide: [(t, j, equally good predecessors)].

    Such ties are common: paths with the same transitions in another order have the same probability.
    """
    ties = []
    for t in range(1, len(delta)):
        for j in range(delta.shape[1]):
            scores = delta[t - 1] + log_A[:, j]
            best = np.flatnonzero(scores >= scores.max() - 1e-7)
            if len(best) > 1 and scores.max() > -np.inf:
                ties.append((t, j, best.tolist()))
    return ties


def without_ties(draw, rng, *args):
    """pi, A, B, obs = draw(rng, *args), drawn again until no two paths are nearly equally good."""
    while True:
        pi, A, B, obs = draw(rng, *args)
        delta, phi = brute_viterbi(log(pi), log(A), log(B), obs)
        end = np.sort(delta[-1])
        if not near_ties(delta, log(A)) and end[-1] > end[-2] + 1e-7:
            return [log(pi), log(A), log(B), obs], delta, phi


def plain(rng, N, M, T):
    return *model(rng, N, M), symbols(rng, M, T)


def circle(rng, M, T):
    return *cyclic_model(rng, M), symbols(rng, M, T)


def impossible_start(rng, N, M, T):
    pi, A, B = model(rng, N, M)
    pi[-1] = 0
    return pi / pi.sum(), A, B, symbols(rng, M, T)


def with_ties(rng):
    """States 0 and 1 are identical, and all best predecessors are among them."""
    log_pi, log_A, log_B = (log(x) for x in model(rng, 4, 5))
    log_pi[1], log_B[1], log_A[1] = log_pi[0], log_B[0], log_A[0]
    log_A[:, 1] = log_A[:, 0]
    log_A[2:] -= 4
    return log_pi, log_A, log_B, symbols(rng, 5, 5)


def long_model(rng):
    """3 states, 50 symbols in a fixed cycle: equal symbols are too far apart for ties."""
    pi, A, B = model(rng, 3, 50)
    return pi, A, B, np.tile(rng.permutation(50), LONG // 50)


def viterbi_tables(rng):
    for label, N, M, T in (("", 3, 5, 6), ("", 4, 3, 5), ("T = 1", 3, 4, 1)):
        inputs, delta, phi = without_ties(plain, rng, N, M, T)
        yield Case(label, inputs, {"delta": delta, "phi": phi})


def viterbi_tables_forbidden(rng):
    inputs, delta, phi = without_ties(circle, rng, 4, 6)
    yield Case("forbidden transitions", inputs, {"delta": delta, "phi": phi})
    while True:
        inputs = list(with_ties(rng))
        delta, phi = brute_viterbi(*inputs)
        ties = near_ties(delta, inputs[1])
        if len(ties) == 4 * 4 and all(best == [0, 1] for _, _, best in ties):
            break
    yield Case("ties", inputs, {"delta": delta, "phi": phi})
    inputs, delta, phi = without_ties(impossible_start, rng, 3, 5, 5)
    yield Case("an impossible start", inputs, {"delta": delta, "phi": phi})


def viterbi_tables_long(rng):
    while True:
        pi, A, B, obs = long_model(rng)
        _, _, delta, phi = scalar_tables(pi, A, B, obs)
        if not near_ties(delta, log(A)):
            break
    yield Case(f"T = {LONG}", [log(pi), log(A), log(B), obs], {"delta": delta, "phi": phi})


def follow(delta, phi):
    """The path by plain recursion from the end."""
    state = min(range(len(delta[-1])), key=lambda i: (-delta[-1][i], i))
    path = [state]
    for row in phi[:0:-1]:
        state = int(row[state])
        path.append(state)
    return np.array(path[::-1])


def backtrack(rng):
    for label, N, T in (("", 4, 7), ("", 5, 9), ("T = 1", 3, 1)):
        delta, phi = -np.sort(rng.gamma(2.0, 2.0, (T, N)), axis=0), rng.integers(1, N, (T, N))
        delta[-1, 0] = delta[-1].min() - 1  # the best last state is not 0
        phi[0] = 0
        yield Case(label, [delta, phi], {"path": follow(delta, phi)})
    delta, phi = -rng.integers(2, 9, (6, 4)).astype(float), rng.integers(0, 4, (6, 4))
    delta[-1] = [-5, -1, -3, -1]
    phi[0] = 0
    yield Case("two equally good last states", [delta, phi], {"path": follow(delta, phi)})


def expected_counts(rng):
    for label, N, M, T in (("", 3, 5, 6), ("T = 1", 4, 3, 1), ("zeros", 3, 4, 5)):
        obs = symbols(rng, M, T)
        pi, A, B = model_with_zeros(rng, N, M, obs) if label == "zeros" else model(rng, N, M)
        gamma, joint, total = brute_posterior(pi, A, B, obs)
        yield Case(
            label,
            [
                log(brute_forward(pi, A, B, obs)),
                log(brute_backward(A, B, obs)),
                log(A),
                log(B),
                obs,
            ],
            {"gamma": gamma, "counts": joint.sum(0) / total},
        )


def expected_counts_underflow(rng):
    (pi, A, B), obs, T = model(rng, 3, 4), symbols(rng, 4, 400), 400
    log_alpha, log_beta, _, _ = scalar_tables(pi, A, B, obs)
    log_alpha = log_alpha - 800  # as after a first symbol of tiny probability
    end = log_alpha[-1].max() + math.log(np.exp(log_alpha[-1] - log_alpha[-1].max()).sum())
    counts = np.zeros((3, 3))
    for t, i, j in itertools.product(range(T - 1), range(3), range(3)):
        after = math.log(A[i, j]) + math.log(B[j, obs[t + 1]]) + log_beta[t + 1, j]
        counts[i, j] += math.exp(log_alpha[t, i] + after - end)
    yield Case(
        "log P(O) near -1300",
        [log_alpha, log_beta, log(A), log(B), obs],
        {"gamma": np.exp(log_alpha + log_beta - end), "counts": counts},
    )


def learning(rng, N, M, lengths, zeros=False):
    """pi, A, B, list of obs, list of gamma, list of counts."""
    sequences = [symbols(rng, M, T) for T in lengths]
    pi, A, B = model(rng, N, M)
    if zeros:  # state N-1 is never entered
        pi[-1], A[:, -1] = 0, 0
        A[-1] = np.eye(N)[-1]
        pi, A = pi / pi.sum(), A / A.sum(1, keepdims=True)
    posteriors = [brute_posterior(pi, A, B, obs) for obs in sequences]
    return (
        pi,
        A,
        B,
        sequences,
        [gamma for gamma, _, _ in posteriors],
        [joint.sum(0) / total for _, joint, total in posteriors],
    )


def new_pi(rng):
    for label, lengths in (("", (5,)), ("three sequences, one with T = 1", (5, 1, 4))):
        gammas = learning(rng, 3, 4, lengths)[4]
        yield Case(
            label, [gammas], {"pi": sum(np.array(gamma[0]) for gamma in gammas) / len(gammas)}
        )


def new_A(rng):
    cases = (
        ("", (6,), 0),
        ("three sequences, one with T = 1", (5, 1, 4), 0),
        ("a state never entered", (5, 4), 1),
    )
    for label, lengths, zeros in cases:
        _, A, _, _, gammas, counts = learning(rng, 3, 4, lengths, zeros)
        expected = np.zeros((3, 3))
        for i in range(3):
            leaving = sum(gamma[t, i] for gamma in gammas for t in range(len(gamma) - 1))
            for j in range(3):
                expected[i, j] = (
                    sum(count[i, j] for count in counts) / leaving if leaving > 0 else A[i, j]
                )
        yield Case(label, [gammas, counts, A], {"A": expected})


def new_B(rng):
    cases = (
        ("", (6,), 0),
        ("three sequences, one with T = 1", (5, 1, 4), 0),
        ("a state never entered", (5, 4), 1),
    )
    for label, lengths, zeros in cases:
        _, _, B, many, gammas, _ = learning(rng, 3, 6, lengths, zeros)
        expected = np.zeros((3, 6))
        for i in range(3):
            inside = sum(gamma[t, i] for gamma in gammas for t in range(len(gamma)))
            for k in range(6):
                seen = sum(
                    gamma[t, i]
                    for gamma, obs in zip(gammas, many)
                    for t in range(len(obs))
                    if obs[t] == k
                )
                expected[i, k] = seen / inside if inside > 0 else B[i, k]
        yield Case(label, [gammas, many, B], {"B": expected})


def supervised_estimate(rng):
    cases = (
        ("", 3, 5, (7, 6, 8), 0.5),
        ("no smoothing, one with T = 1", 3, 4, (9, 1, 8), 0.0),
        ("a state that never occurs", 4, 6, (6, 7), 0.25),
    )
    for label, N, M, lengths, smoothing in cases:
        used = N - 1 if "never" in label else N
        start = rng.permutation(
            used
        )  # all sequences start in start[0] except the last, in start[1]; the first leaves every state
        states = [np.concatenate([start, rng.integers(used, size=T)])[:T] for T in lengths]
        states[-1][0] = start[1]
        many = [rng.integers(M, size=T) for T in lengths]
        pi, A, B = [0.0] * N, [[0.0] * N for _ in range(N)], [[smoothing] * M for _ in range(N)]
        for path, obs in zip(states, many):
            pi[path[0]] += 1
            for before, now in zip(path, path[1:]):
                A[before][now] += 1
            for state, symbol in zip(path, obs):
                B[state][symbol] += 1
        share = lambda row: [x / sum(row) for x in row] if sum(row) else [1 / len(row)] * len(row)  # noqa: E731
        A, B = (np.array([share(row) for row in rows]) for rows in (A, B))
        yield Case(
            label, [states, many, N, M, smoothing], {"pi": np.array(share(pi)), "A": A, "B": B}
        )


def shop_model(rng):
    sheet = {
        "first": {"畅销": 0.5, "滞销": 0.5},
        "next": {"畅销": {"畅销": 0.6, "滞销": 0.4}, "滞销": {"畅销": 0.5, "滞销": 0.5}},
        "stock": {"畅销": {"H": 0.4, "M": 0.4, "L": 0.2}, "滞销": {"H": 0.2, "M": 0.3, "L": 0.5}},
    }
    yield Case(
        "the shop of the sheet",
        [sheet],
        {
            "pi": np.array([0.5, 0.5]),
            "A": np.array([[0.6, 0.4], [0.5, 0.5]]),
            "B": np.array([[0.4, 0.4, 0.2], [0.2, 0.3, 0.5]]),
        },
    )
    p, q, r = rng.permutation(np.arange(1, 10))[:3] / 10
    H, M = rng.uniform(0.1, 0.3, 2), rng.uniform(0.35, 0.45, 2)
    L = 1 - H - M
    shop = {
        "stock": {
            "滞销": {"L": L[1], "H": H[1], "M": M[1]},
            "畅销": {"M": M[0], "L": L[0], "H": H[0]},
        },
        "next": {"滞销": {"滞销": 1 - r, "畅销": r}, "畅销": {"滞销": 1 - q, "畅销": q}},
        "first": {"滞销": 1 - p, "畅销": p},
    }
    yield Case(
        "another shop, its entries in another order",
        [shop],
        {
            "pi": np.array([p, 1 - p]),
            "A": np.array([[q, 1 - q], [r, 1 - r]]),
            "B": np.array([[H[0], M[0], L[0]], [H[1], M[1], L[1]]]),
        },
    )


def viterbi_together(rng):
    for label, draw, *sizes in (
        ("", plain, 3, 5, 6),
        ("T = 1", plain, 4, 3, 1),
        ("forbidden transitions", circle, 4, 7),
    ):
        (log_pi, log_A, log_B, obs), _, _ = without_ties(draw, rng, *sizes)
        pi, A, B = np.exp(log_pi), np.exp(log_A), np.exp(log_B)
        path, p = max(every_path(pi, A, B, obs), key=lambda pair: pair[1])
        yield Case(label, [pi, A, B, obs], {"path": np.array(path), "log_prob": math.log(p)})


def baum_welch_together(rng):
    pi, A, B = model(rng, 3, 4)
    many = [symbols(rng, 4, T) for T in (5, 1, 4)]
    inputs, likelihoods = [pi, A, B, many, 3], []
    for step in range(4):
        posteriors = [brute_posterior(pi, A, B, obs) for obs in many]
        likelihoods.append(sum(math.log(total) for _, _, total in posteriors))
        if step < 3:
            pi = sum(gamma[0] for gamma, _, _ in posteriors) / len(many)
            steps = sum(joint.sum(0) / total for _, joint, total in posteriors)
            B = sum(
                np.array([[gamma[obs == k, i].sum() for k in range(4)] for i in range(3)])
                for (gamma, _, _), obs in zip(posteriors, many)
            )
            A, B = steps / steps.sum(1, keepdims=True), B / B.sum(1, keepdims=True)
    yield Case(
        "three sequences, three steps",
        inputs,
        {"pi": pi, "A": A, "B": B, "log-likelihoods": np.array(likelihoods)},
    )


# ---------------------------------------------------------------- in one piece


def learned(label, pi, A, B, sequences, iterations, posterior):
    """A case of whole.learn. posterior(pi, A, B, obs): gamma, expected steps (N, N), log P(obs)."""
    inputs, likelihoods = [log(pi), log(A), log(B), sequences, iterations], []
    for iteration in range(iterations + 1):
        posteriors = [posterior(pi, A, B, obs) for obs in sequences]
        likelihoods.append(sum(log_p for _, _, log_p in posteriors))
        if iteration == iterations:
            break
        pi = sum(gamma[0] for gamma, _, _ in posteriors) / len(sequences)
        steps, seen = sum(count for _, count, _ in posteriors), np.zeros_like(B)
        for (gamma, _, _), obs in zip(posteriors, sequences):
            for t, symbol in enumerate(obs):
                seen[:, symbol] += gamma[t]
        A, B = (
            np.array([row / row.sum() if row.sum() > 0 else kept for row, kept in zip(new, old)])
            for new, old in ((steps, A), (seen, B))
        )
    expected = {"log_pi": log(pi), "log_A": log(A), "log_B": log(B)}
    return Case(label, inputs, expected | {"log-likelihoods": np.array(likelihoods)})


def by_paths(pi, A, B, obs):
    gamma, joint, total = brute_posterior(pi, A, B, obs)
    return gamma, joint.sum(0) / total, math.log(total)


def by_scaling(pi, A, B, obs):
    """The same for a sequence of any length: alpha and beta scaled to sum 1 at each step (Rabiner eqs. 91 to 97)."""
    T, N = len(obs), len(pi)
    alpha, beta, log_p = np.zeros((T, N)), np.ones((T, N)), 0.0
    for t in range(T):
        alpha[t] = (alpha[t - 1] @ A if t else pi) * B[:, obs[t]]
        log_p += math.log(alpha[t].sum())
        alpha[t] /= alpha[t].sum()
    steps = np.zeros((N, N))
    for t in range(T - 2, -1, -1):
        after = B[:, obs[t + 1]] * beta[t + 1]
        joint = alpha[t][:, None] * A * after
        steps += joint / joint.sum()
        beta[t] = A @ after
        beta[t] /= beta[t].sum()
    gamma = alpha * beta
    return gamma / gamma.sum(1, keepdims=True), steps, log_p


def whole_learn(rng):
    yield learned("", *model(rng, 3, 4), [symbols(rng, 4, 6)], 1, by_paths)
    yield learned("no step", *model(rng, 4, 3), [symbols(rng, 3, 4)], 0, by_paths)


def whole_learn_sequences(rng):
    many = [symbols(rng, 4, T) for T in (5, 1, 6)]
    yield learned("three sequences, three steps", *model(rng, 3, 4), many, 3, by_paths)


def whole_learn_long(rng):
    pi, A, B = model(rng, 3, 4)
    yield learned("T = 900", pi, A, B, [symbols(rng, 4, 900), symbols(rng, 4, 5)], 2, by_scaling)


def whole_learn_zeros(rng):
    obs = symbols(rng, 4, 6)
    yield learned("zeros", *model_with_zeros(rng, 3, 4, obs), [obs], 2, by_paths)
    pi, A, B = model(rng, 4, 5)
    pi[2], A[:, 2] = 0, 0  # state 2 is never visited
    pi, A = pi / pi.sum(), A / A.sum(1, keepdims=True)
    obs = symbols(rng, 5, 5)
    yield learned("a state that is never visited", pi, A, B, [obs], 2, by_paths)


def batch_case(label, log_pi, log_A, log_B, rows, T=None, rng=None):
    """A case of whole.viterbi_batch: `rows` are sequences; behind each stand random symbols up to T columns."""
    T = T or max(map(len, rows))
    obs, paths = np.zeros((len(rows), T), dtype=np.int64), np.full((len(rows), T), -1)
    log_probs = []
    for s, row in enumerate(rows):
        obs[s] = rng.integers(log_B.shape[1], size=T) if rng is not None else 0
        obs[s, : len(row)] = row
        delta, phi = brute_viterbi(log_pi, log_A, log_B, row)
        paths[s, : len(row)] = follow(delta, phi)
        log_probs.append(delta[-1].max())
    lengths = np.array([len(row) for row in rows])
    expected = {"paths": paths, "log_probs": np.array(log_probs)}
    return Case(label, [log_pi, log_A, log_B, obs, lengths], expected)


def has_near_ties(log_pi, log_A, log_B, rows):
    """Whether rounding could decide the best path of a row."""
    return any(near_ties(brute_viterbi(log_pi, log_A, log_B, row)[0], log_A) for row in rows)


def unequal_paths(rng, N, M, lengths):
    """log_pi, log_A, log_B and sequences of these lengths without two equally good paths."""
    while True:
        log_pi, log_A, log_B = (log(x) for x in model(rng, N, M))
        rows = [rng.integers(M, size=T) for T in lengths]
        if not has_near_ties(log_pi, log_A, log_B, rows):
            return log_pi, log_A, log_B, rows


def whole_viterbi_batch(rng):
    for label, N, M, lengths in (("", 3, 5, (6, 6, 6, 6)), ("one sequence", 4, 3, (5,))):
        yield batch_case(label, *unequal_paths(rng, N, M, lengths))
    yield batch_case("T = 1", *unequal_paths(rng, 3, 4, (1, 1)))


def tells_ways_back_apart(log_pi, log_A, log_B, rows, T):
    """Whether two wrong ways back give another path for some row: one that does not wait at a row's end until its T columns
    are through, and one along the most probable transitions alone."""
    elsewhere = by_transitions = False
    for row in rows:
        delta, phi = brute_viterbi(log_pi, log_A, log_B, row)
        path = follow(delta, phi)
        state = path[-1]
        for _ in range(T - len(row)):
            state = (delta[-1] + log_A[:, state]).argmax()
        elsewhere |= state != path[-1]
        wrong = [path[-1]]
        for _ in row[1:]:
            wrong.append(log_A[wrong[-1]].argmax())
        by_transitions |= wrong[::-1] != path.tolist()
    return elsewhere and by_transitions


def whole_viterbi_batch_lengths(rng):
    mixed = (*rng.permutation([1, 3, 4, 6]), 2)
    for label, N, M, lengths, T in (
        ("", 3, 5, mixed, 6),
        ("wider than every sequence", 4, 3, (2, 4), 7),
    ):
        drawn = unequal_paths(rng, N, M, lengths)
        while not tells_ways_back_apart(*drawn, T):
            drawn = unequal_paths(rng, N, M, lengths)
        yield batch_case(label, *drawn, T=T, rng=rng)


def whole_viterbi_batch_ties(rng):
    while True:
        log_pi, log_A, log_B, obs = with_ties(rng)
        rows = [obs, symbols(rng, 5, 3), symbols(rng, 5, 4)]
        deltas = [brute_viterbi(log_pi, log_A, log_B, row)[0] for row in rows]
        ties = [tied for delta in deltas for _, _, tied in near_ties(delta, log_A)]
        if all(tied == [0, 1] for tied in ties):  # identical states: no rounding decides
            break
    yield batch_case("ties", log_pi, log_A, log_B, rows, rng=rng)
    while True:
        log_pi, log_A, log_B = (log(x) for x in cyclic_model(rng, 5))
        rows = [symbols(rng, 5, T) for T in (6, 4)]
        drawn = log_pi, log_A, log_B, rows
        if not has_near_ties(*drawn) and tells_ways_back_apart(*drawn, 6):
            break
    yield batch_case("forbidden transitions", log_pi, log_A, log_B, rows, rng=rng)


# ---------------------------------------------------------------- choice questions: every option is computed


def true_option(options, truth):
    """Letter of the only option that equals the truth."""
    letters = [
        letter for letter, value in options.items() if np.allclose(value, truth, rtol=1e-9, atol=0)
    ]
    assert len(letters) == 1, letters
    return letters[0]


def c1(rng):
    (pi, A, B), obs = model(rng, 3, 4), symbols(rng, 4, 5)
    alpha, beta = brute_forward(pi, A, B, obs), brute_backward(A, B, obs)
    product, total = alpha * beta, alpha + beta
    options = {
        "A": product,
        "B": product / product.sum(1, keepdims=True),
        "C": total,
        "D": total / total.sum(1, keepdims=True),
    }
    yield Case("", [], {"letter": true_option(options, brute_posterior(pi, A, B, obs)[0])})


def c2(rng):
    """5 states and T = 10 have 5**10 paths: their probabilities are kept in an array with ten axes."""
    (pi, A, B), obs = model(rng, 5, 6), symbols(rng, 6, 10)
    alpha = paths_by_axes(pi, A, B, obs[:5]).sum((0, 1, 2, 3))  # alpha_5, over the fifth state
    beta = paths_by_axes(A[3], A, B, obs[6:]).sum()  # beta_6(4): S_4, then O_7 .. O_10
    past, step, emit = alpha[1], A[1, 3], B[3, obs[5]]
    options = {
        "A": past * step,
        "B": emit * beta,
        "C": past * step * emit,
        "D": past * step * emit * beta,
    }
    yield Case(
        "",
        [],
        {"letter": true_option(options, paths_by_axes(pi, A, B, obs)[:, :, :, :, 1, 3].sum())},
    )


def paths_by_axes(pi, A, B, obs):
    """P(path, obs) of every path, an array with one axis of length N per time step."""
    p = pi * B[:, obs[0]]
    for symbol in obs[1:]:
        p = p[..., :, None] * (A * B[:, symbol])
    return p


# ---- find the bug


def bug_shown(rng):
    yield Case("", [], {"problem": "none"})


bug_smallest = bug_shown
