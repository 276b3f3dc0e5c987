"""Hidden Markov models by hand: evaluation, decoding, learning (NumPy, float64).

pi (N,): first state. A (N, N): A[i, j] = P(state j next | state i now). B (N, M): B[i, k] = P(symbol k | state i).
obs (T,): symbols 0..M-1. Time counts from 0 here, from 1 in the exercise sheet: alpha_5(2) is alpha[4, 1].
Zero probabilities are allowed everywhere; their logarithm is -inf. No function changes its arguments.
Source of the notation: Rabiner 1989, "A tutorial on hidden Markov models".
"""

import contextlib
import functools
import inspect
import zipfile

import numpy as np

try:
    import fast  # the same results sooner; without that file the recursions below do the work
except ImportError:
    fast = None


# ---------------------------------------------------------------- given: looking at the arguments


def check_distribution(name, rows):
    """Raise ValueError if an entry of `rows` (float64, one or two axes) is no probability, or a row's sum is not 1."""
    bad = np.argwhere(~((rows >= 0) & (rows <= 1 + 1e-6)))
    if len(bad):
        where = ", ".join(map(str, bad[0]))
        raise ValueError(
            f"{name}[{where}] is {rows[tuple(bad[0])]}: a probability lies between 0 and 1"
        )
    sums = np.atleast_1d(rows.sum(-1))
    for row in np.flatnonzero(np.abs(sums - 1) > 1e-6):
        which = name if rows.ndim == 1 else f"row {row} of {name} (counted from 0)"
        raise ValueError(f"{which} sums to {sums[row]:.6g}, expected 1")


def check_model(pi, A, B):
    """pi, A, B as float64 arrays, after looking at shapes and rows. Raises ValueError that names the place."""
    pi, A, B = (np.asarray(x, dtype=np.float64) for x in (pi, A, B))
    if pi.ndim != 1 or not len(pi):
        raise ValueError(f"pi has shape {pi.shape}, expected (N,): one probability per state")
    if A.shape != (len(pi), len(pi)):
        raise ValueError(
            f"A has shape {A.shape}, expected {(len(pi), len(pi))}: one row per state of pi"
        )
    if B.ndim != 2 or len(B) != len(pi) or not B.shape[1]:
        raise ValueError(f"B has shape {B.shape}, expected ({len(pi)}, M): one row per state of pi")
    for name, rows in (("pi", pi), ("A", A), ("B", B)):
        check_distribution(name, rows)
    return pi, A, B


def check_obs(obs, n_symbols, name="obs"):
    """obs as an int64 array (T,). Raises ValueError for T = 0, for floats and for a symbol outside 0..n_symbols-1."""
    obs = np.asarray(obs)
    if obs.ndim != 1:
        raise ValueError(f"{name} has shape {obs.shape}, expected (T,): one symbol per time step")
    if len(obs) == 0:
        raise ValueError(f"{name} is empty (T = 0): at least one symbol is needed")
    if not np.issubdtype(obs.dtype, np.integer):
        raise ValueError(
            f"{name} holds {obs.dtype} values, expected integers: symbols are numbers 0..{n_symbols - 1}"
        )
    bad = np.flatnonzero((obs < 0) | (obs >= n_symbols))
    if len(bad):
        raise ValueError(
            f"{name}[{bad[0]}] is {obs[bad[0]]}, expected 0..{n_symbols - 1}: "
            f"B has {n_symbols} column{'s' * (n_symbols > 1)}"
        )
    return obs.astype(np.int64, copy=False)


def checked(function):
    """Look at the arguments named pi, A, B, obs, log_pi, log_A, log_B before `function` runs."""
    signature = inspect.signature(function)

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        given = signature.bind(*args, **kwargs).arguments
        if "A" in given and "B" in given:
            A = np.asarray(given["A"], dtype=np.float64)
            uniform = np.full(len(np.atleast_1d(A)), 1 / max(len(np.atleast_1d(A)), 1))
            model = dict(
                zip(("pi", "A", "B"), check_model(given.get("pi", uniform), A, given["B"]))
            )
            given.update((name, value) for name, value in model.items() if name in given)
        for name in ("log_pi", "log_A", "log_B"):
            if name in given:
                given[name] = np.asarray(given[name], dtype=np.float64)
                if np.isnan(given[name]).any():
                    raise ValueError(
                        f"{name}[{', '.join(map(str, np.argwhere(np.isnan(given[name]))[0]))}] is nan"
                    )
        if "obs" in given:
            given["obs"] = check_obs(given["obs"], given["B" if "B" in given else "log_B"].shape[1])
        return function(**given)

    return wrapper


def log(p):
    """Natural logarithm; the logarithm of 0 is -inf without a warning."""
    with np.errstate(divide="ignore"):
        return np.log(p)


# ---------------------------------------------------------------- evaluation


@checked
def forward(pi, A, B, obs):
    """alpha (T, N): alpha[t, i] = P(obs[0..t], state at time t is i). Source: Rabiner eqs. 19-20."""
    # BEGIN SOLUTION hmm-01 (8 points): start at time 0; then sum over the state one came from, and let the new one emit
    T, N = len(obs), len(pi)
    alpha = np.zeros((T, N))
    alpha[0] = pi * B[:, obs[0]]
    for t in range(1, T):
        alpha[t] = (alpha[t - 1] @ A) * B[:, obs[t]]  # (N,)@(N, N) -> (N,)
    return alpha
    # END SOLUTION hmm-01


@checked
def backward(A, B, obs):
    """beta (T, N): beta[t, i] = P(obs[t+1..T-1] | state at time t is i). Source: Rabiner eqs. 24-25."""
    # BEGIN SOLUTION hmm-02 (8 points): begin at the end, where nothing is left to explain, and walk to the front
    T, N = len(obs), len(A)
    beta = np.ones((T, N))
    for t in range(T - 2, -1, -1):
        beta[t] = A @ (B[:, obs[t + 1]] * beta[t + 1])  # (N, N)@(N,) -> (N,)
    return beta
    # END SOLUTION hmm-02


@checked
def evaluate(pi, A, B, obs):
    """P(obs) (float). Calls forward. Source: Rabiner eq. 21."""
    # BEGIN SOLUTION hmm-03 (4 points): which row of alpha has seen all symbols?
    return float(forward(pi, A, B, obs)[-1].sum())
    # END SOLUTION hmm-03


def state_posterior(alpha, beta):
    """gamma (T, N): gamma[t, i] = P(state at time t is i | obs). alpha, beta (T, N).

    Where alpha and beta explain nothing together (obs is impossible), the row is 0. Source: exercise c1.
    """
    # BEGIN SOLUTION hmm-04 (6 points): gamma[t] is a distribution over states, for every t
    both = alpha * beta  # (T, N)
    total = both.sum(1, keepdims=True)  # (T, 1)
    return np.divide(both, total, out=np.zeros_like(both), where=total > 0)
    # END SOLUTION hmm-04


@checked
def transition_joint(alpha, beta, A, B, obs):
    """joint (T-1, N, N): joint[t, i, j] = P(state i at time t, state j at time t+1, obs), not divided by P(obs).

    alpha, beta (T, N). Source: exercise c2.
    """
    # BEGIN SOLUTION hmm-05 (8 points): four factors: the past, the step, what is emitted after the step, the future
    after = B[:, obs[1:]].T * beta[1:]  # (T-1, N): emitted at t+1, and all that follows
    return alpha[:-1, :, None] * A * after[:, None, :]  # (T-1, N, 1) * (N, N) * (T-1, 1, N)
    # END SOLUTION hmm-05


# ---------------------------------------------------------------- the same for long sequences: logarithms


@checked
def log_forward(log_pi, log_A, log_B, obs):
    """log_alpha (T, N): natural logarithms of `forward`, which is 0 in float64 after a few hundred steps.

    log_pi (N,), log_A (N, N) [from, to], log_B (N, M): -inf allowed. Useful: np.logaddexp.reduce(x, axis=...)
    """
    # BEGIN SOLUTION hmm-06 (6 points): hmm-01 again: a product becomes a sum, and a sum becomes logaddexp
    T, N = len(obs), len(log_pi)
    log_alpha = np.zeros((T, N))
    log_alpha[0] = log_pi + log_B[:, obs[0]]
    for t in range(1, T):
        step = log_alpha[t - 1][:, None] + log_A  # (N, 1) + (N, N): [from, to]
        log_alpha[t] = np.logaddexp.reduce(step, axis=0) + log_B[:, obs[t]]
    return log_alpha
    # END SOLUTION hmm-06


@checked
def log_backward(log_A, log_B, obs):
    """log_beta (T, N): natural logarithms of `backward`. log_A (N, N) [from, to], log_B (N, M): -inf allowed."""
    # BEGIN SOLUTION hmm-07 (6 points): hmm-02 again, in logarithms: what is the logarithm of "nothing left to explain"?
    T, N = len(obs), len(log_A)
    log_beta = np.zeros((T, N))
    for t in range(T - 2, -1, -1):
        step = log_A + (log_B[:, obs[t + 1]] + log_beta[t + 1])  # (N, N) + (N,): [from, to]
        log_beta[t] = np.logaddexp.reduce(step, axis=1)
    return log_beta
    # END SOLUTION hmm-07


@checked
def log_likelihood(pi, A, B, obs):
    """log P(obs) (float, nats), right for any T; -inf if obs is impossible. Calls log_forward."""
    # BEGIN SOLUTION hmm-08 (4 points): hmm-03 in logarithms; taking the logarithm of evaluate(...) is too late
    log_alpha = log_forward(log(pi), log(A), log(B), obs)
    return float(np.logaddexp.reduce(log_alpha[-1]))
    # END SOLUTION hmm-08


# ---------------------------------------------------------------- decoding


@checked
def viterbi_tables(log_pi, log_A, log_B, obs):
    """delta (T, N): log-probability of the best path that ends in state i at time t, together with obs[0..t];
    phi (T, N) int64: the state before i on that path, the smaller one if two are equally good; phi[0] = 0.

    log_pi (N,), log_A (N, N) [from, to], log_B (N, M): natural logarithms, -inf allowed. Source: Rabiner eqs. 32-33.
    """
    # BEGIN SOLUTION hmm-09 (10 points): like hmm-06, with the best way into a state in place of the sum over all ways
    T, N = len(obs), len(log_pi)
    delta, phi = np.zeros((T, N)), np.zeros((T, N), dtype=np.int64)
    delta[0] = log_pi + log_B[:, obs[0]]
    for t in range(1, T):
        scores = delta[t - 1][:, None] + log_A  # (N, 1) + (N, N): [from, to]
        phi[t] = scores.argmax(0)  # the first, so the smallest, of equal ones
        delta[t] = scores.max(0) + log_B[:, obs[t]]
    return delta, phi
    # END SOLUTION hmm-09


def backtrack(delta, phi):
    """path (T,) int64: the best path, read from the tables of viterbi_tables. Equal ends: the smaller state."""
    # BEGIN SOLUTION hmm-10 (6 points): the last state is known from delta; each state knows the one before it
    path = np.zeros(len(delta), dtype=np.int64)
    path[-1] = delta[-1].argmax()
    for t in range(len(delta) - 2, -1, -1):
        path[t] = phi[t + 1, path[t + 1]]
    return path
    # END SOLUTION hmm-10


@checked
def viterbi(pi, A, B, obs):
    """Most probable state path (T,) int64 and the log-probability (float, nats) of path and obs together.

    Equal paths: the smaller state, from the end. Impossible obs: log_prob = -inf and some path. Given.
    """
    delta, phi = viterbi_tables(log(pi), log(A), log(B), obs)
    return backtrack(delta, phi), float(delta[-1].max())


# ---------------------------------------------------------------- learning


def expected_counts(log_alpha, log_beta, log_A, log_B, obs):
    """What Baum-Welch counts in one sequence that is possible (P(obs) > 0):

    gamma (T, N): gamma[t, i] = P(state i at time t | obs), and
    counts (N, N): expected number of steps from i to j, the sum over t = 0..T-2 of P(i at t, j at t+1 | obs).
    log_alpha, log_beta (T, N): from log_forward, log_backward.
    """
    # BEGIN SOLUTION hmm-11 (6 points): hmm-04 and hmm-05 in logarithms; divide by P(obs) before you leave them
    log_p = np.logaddexp.reduce(log_alpha[-1])
    gamma = np.exp(log_alpha + log_beta - log_p)  # (T, N)
    counts = np.zeros_like(log_A)
    for t in range(len(obs) - 1):
        after = log_B[:, obs[t + 1]] + log_beta[t + 1]  # (N,)
        counts += np.exp(log_alpha[t][:, None] + log_A + after - log_p)
    return gamma, counts
    # END SOLUTION hmm-11


def ratio(above, below, old):
    """above (N, K) / below (N,), row by row; where below is 0 (a state never visited) the row of old. Given."""
    return np.where(below[:, None] > 0, above / np.where(below > 0, below, 1)[:, None], old)


def new_pi(gammas):
    """pi (N,) after one step of Baum-Welch. gammas: list of gamma (T_s, N). Source: Rabiner eq. 40a."""
    # BEGIN SOLUTION hmm-12 (3 points): whose probability is pi: at which time? every sequence counts the same
    return np.mean([gamma[0] for gamma in gammas], axis=0)
    # END SOLUTION hmm-12


def new_A(gammas, counts, A):
    """A (N, N) after one step of Baum-Welch: expected steps from i to j / expected steps out of i.

    gammas: list of gamma (T_s, N). counts: list of (N, N), already summed over time. A: the old one, whose row stays
    where a state is never left (use `ratio`). Source: Rabiner eq. 40b.
    """
    # BEGIN SOLUTION hmm-13 (6 points): at how many of its T times can a sequence leave a state?
    left = np.sum([gamma[:-1].sum(0) for gamma in gammas], axis=0)  # (N,)
    return ratio(np.sum(counts, axis=0), left, A)
    # END SOLUTION hmm-13


def new_B(gammas, sequences, B):
    """B (N, M) after one step of Baum-Welch: expected times in i that show symbol k / expected times in i.

    gammas: list of gamma (T_s, N). sequences: list of obs (T_s,). B: the old one, whose row stays where a state is
    never visited (use `ratio`). A symbol that is never seen gets probability 0. Source: Rabiner eq. 40c.
    """
    # BEGIN SOLUTION hmm-14 (6 points): every time step counts here, the last one too; add gamma[t] to column obs[t]
    seen = np.zeros_like(B)
    for gamma, obs in zip(gammas, sequences):
        np.add.at(seen.T, obs, gamma)  # column obs[t] += gamma[t]; repeats add up
    return ratio(seen, np.sum([gamma.sum(0) for gamma in gammas], axis=0), B)
    # END SOLUTION hmm-14


def baum_welch(pi, A, B, sequences, iterations):
    """`iterations` steps of Baum-Welch from the model pi, A, B. sequences: list of obs (T_s,), or one obs.

    Returns pi, A, B and log_likelihoods, iterations + 1 numbers (nats, summed over sequences): of the model given,
    and after each step; they never fall. A sequence that is impossible under the model counts nothing, and makes
    the sum -inf. Given.
    """
    pi, A, B = check_model(pi, A, B)
    sequences, *_ = check_sequences(sequences, B.shape[1])
    log_likelihoods = []
    for _ in range(iterations):
        log_A, log_B = log(A), log(B)
        possible, gammas, counts, total = [], [], [], 0.0
        for obs in sequences:
            log_alpha = log_forward(log(pi), log_A, log_B, obs)
            log_p = np.logaddexp.reduce(log_alpha[-1])
            total += float(log_p)
            if log_p > -np.inf:
                gamma, count = expected_counts(
                    log_alpha, log_backward(log_A, log_B, obs), log_A, log_B, obs
                )
                possible.append(obs), gammas.append(gamma), counts.append(count)
        log_likelihoods.append(total)
        if possible:
            pi, A, B = new_pi(gammas), new_A(gammas, counts, A), new_B(gammas, possible, B)
    log_likelihoods.append(sum(log_likelihood(pi, A, B, obs) for obs in sequences))
    return pi, A, B, log_likelihoods


def check_sequences(sequences, n_symbols):
    """List of checked sequences of int64 (one sequence alone counts as a list of one), all of them one behind the other
    (T,), and their lengths (S,). Given."""
    if not len(sequences):
        raise ValueError("sequences is empty: at least one sequence is needed")
    if all(np.ndim(obs) == 0 for obs in sequences[:2]):
        sequences = [sequences]
    with contextlib.suppress(ValueError):  # the usual case, all at once
        every, lengths = np.concatenate(sequences), np.array(list(map(len, sequences)))
        if (
            every.dtype == np.int64
            and every.ndim == 1
            and lengths.all()
            and every.min() >= 0
            and every.max() < n_symbols
        ):
            return sequences, every, lengths
    sequences = [check_obs(obs, n_symbols, f"sequences[{s}]") for s, obs in enumerate(sequences)]
    return sequences, np.concatenate(sequences), np.array(list(map(len, sequences)))


def supervised_estimate(state_sequences, sequences, N, M, smoothing):
    """pi, A, B counted from sequences whose states are known.

    state_sequences, sequences: lists of int arrays (T_s,). pi: share of each state among the first ones. A: share of
    each step among the steps out of a state (no step leads from one sequence to the next). B: share of each symbol,
    after `smoothing` was added to every one of the N * M counts. A row without counts is uniform (use `rows_to_one`).
    """
    # BEGIN SOLUTION hmm-15 (5 points): three tables of counts, filled sequence by sequence; then rows_to_one
    first, steps, seen = np.zeros(N), np.zeros((N, N)), np.full((N, M), float(smoothing))
    for states, obs in zip(state_sequences, sequences):
        first[states[0]] += 1
        np.add.at(steps, (states[:-1], states[1:]), 1)
        np.add.at(seen, (states, obs), 1)
    return rows_to_one(first), rows_to_one(steps), rows_to_one(seen)
    # END SOLUTION hmm-15


def rows_to_one(counts):
    """Each row (last axis) divided by its sum; a row of zeros becomes uniform. Given."""
    total = counts.sum(-1, keepdims=True)
    return np.where(total > 0, counts / np.where(total > 0, total, 1), 1 / counts.shape[-1])


# ---------------------------------------------------------------- given: drawing from a model, and the class


def sample(pi, A, B, T, rng):
    """states (T,) and obs (T,), both int64, drawn from the model. rng: np.random.Generator."""
    pi, A, B = check_model(pi, A, B)
    if T < 1:
        raise ValueError(f"T is {T}, expected at least 1")
    ends = [
        np.cumsum(row) / np.sum(row) for row in (pi, *A)
    ]  # draw by inversion: first index whose end is above u
    u, v = rng.random(T), rng.random(T)
    states, row = np.zeros(T, dtype=np.int64), 0
    for t in range(T):
        states[t] = np.searchsorted(ends[row], u[t], side="right")
        row = states[t] + 1
    obs = np.zeros(T, dtype=np.int64)
    for i in range(len(pi)):
        here = states == i
        obs[here] = np.searchsorted(np.cumsum(B[i]) / B[i].sum(), v[here], side="right")
    return states, obs


class HMM:
    """A model with its parameters `startprob_`, `transmat_`, `emissionprob_` (named as hmmlearn names them).

    readable=True uses the recursions of this file; otherwise those of fast.py, which give the same results sooner.
    """

    def __init__(self, startprob=None, transmat=None, emissionprob=None, readable=False):
        self.startprob_, self.transmat_, self.emissionprob_ = startprob, transmat, emissionprob
        self.readable = readable or fast is None
        self.log_likelihoods_ = []
        if startprob is not None:
            self.parameters()

    def parameters(self):
        """pi, A, B, looked at. Raises ValueError if the model has none yet."""
        if any(x is None for x in (self.startprob_, self.transmat_, self.emissionprob_)):
            raise ValueError(
                "the model has no parameters yet: call fit, fit_supervised or load first"
            )
        self.startprob_, self.transmat_, self.emissionprob_ = check_model(
            self.startprob_, self.transmat_, self.emissionprob_
        )
        return self.startprob_, self.transmat_, self.emissionprob_

    def fit_supervised(
        self, state_sequences, sequences, n_states=None, n_symbols=None, smoothing=1.0
    ):
        """Count a model from sequences whose states are known; sizes default to what occurs. Returns self."""
        if len(state_sequences) != len(sequences):
            raise ValueError(
                f"{len(state_sequences)} state sequences for {len(sequences)} sequences"
            )
        if smoothing < 0:
            raise ValueError(f"smoothing is {smoothing}, expected at least 0")
        largest = [
            max((int(np.max(x)) for x in many if len(x)), default=0)
            for many in (state_sequences, sequences)
        ]
        N, M = n_states or largest[0] + 1, n_symbols or largest[1] + 1
        states = [check_obs(x, N, f"state_sequences[{s}]") for s, x in enumerate(state_sequences)]
        symbols, *_ = check_sequences(sequences, M)
        for s, (x, obs) in enumerate(zip(states, symbols)):
            if len(x) != len(obs):
                raise ValueError(f"state_sequences[{s}] has {len(x)} states for {len(obs)} symbols")
        self.startprob_, self.transmat_, self.emissionprob_ = supervised_estimate(
            states, symbols, N, M, smoothing
        )
        return self

    def fit(self, sequences, iterations=20, n_states=None, n_symbols=None, rng=None):
        """Baum-Welch from the parameters set, or from random ones of n_states (and n_symbols). Returns self.

        `log_likelihoods_` holds the log-likelihood at the start and after each step.
        """
        if self.startprob_ is None:
            if n_states is None:
                raise ValueError("n_states is missing: the model has no parameters to start from")
            M = n_symbols or 1 + int(check_sequences(sequences, np.iinfo(np.int64).max)[1].max())
            rng = np.random.default_rng(rng)
            self.startprob_, self.transmat_, self.emissionprob_ = (
                rng.dirichlet(np.full(K, 5.0), size)
                for K, size in ((n_states, None), (n_states, n_states), (M, n_states))
            )
        pi, A, B = self.parameters()
        many, *_ = check_sequences(sequences, B.shape[1])
        result = self.quick("baum_welch", pi, A, B, many, iterations) or baum_welch(
            pi, A, B, many, iterations
        )
        self.startprob_, self.transmat_, self.emissionprob_, self.log_likelihoods_ = result
        return self

    def quick(self, name, *args):
        """What fast.py's function `name` returns; None if it is not to be used, or cannot be trusted here."""
        if not self.readable:
            with contextlib.suppress(fast.Unsafe):
                return getattr(fast, name)(*args)
        return None

    def score(self, obs):
        """log P(obs), nats."""
        pi, A, B = self.parameters()
        obs = check_obs(obs, B.shape[1])
        quick = self.quick("score", pi, A, B, obs)
        return log_likelihood(pi, A, B, obs) if quick is None else quick

    def predict_proba(self, obs):
        """gamma (T, N): P(state | obs) at every time; rows of 0 if obs is impossible."""
        pi, A, B = self.parameters()
        obs = check_obs(obs, B.shape[1])
        gamma = self.quick("posteriors", pi, A, B, obs)
        if gamma is None:
            log_alpha = log_forward(log(pi), log(A), log(B), obs)
            if np.logaddexp.reduce(log_alpha[-1]) == -np.inf:
                return np.zeros_like(log_alpha)
            gamma, _ = expected_counts(
                log_alpha, log_backward(log(A), log(B), obs), log(A), log(B), obs
            )
        return gamma

    def decode(self, obs):
        """(log_prob, path): Viterbi, in hmmlearn's order."""
        pi, A, B = self.parameters()
        obs = check_obs(obs, B.shape[1])
        path, log_prob = self.quick("viterbi", pi, A, B, obs) or viterbi(pi, A, B, obs)
        return log_prob, path

    def decode_batch(self, sequences):
        """(log_probs (S,), list of S paths): Viterbi for every sequence."""
        pi, A, B = self.parameters()
        many, flat, lengths = check_sequences(sequences, B.shape[1])
        quick = self.quick("viterbi_batch", pi, A, B, flat, lengths)
        if quick is None:
            both = [viterbi(pi, A, B, obs) for obs in many]
            quick = np.array([log_prob for _, log_prob in both]), [path for path, _ in both]
        return quick

    def sample(self, T, rng=None):
        """(obs, states) drawn from the model, in hmmlearn's order."""
        states, obs = sample(*self.parameters(), T, np.random.default_rng(rng))
        return obs, states

    def save(self, path):
        """Write the parameters to an npz file, whole or not at all."""
        from cli import safe_write

        pi, A, B = self.parameters()
        with safe_write(path, "wb") as file:
            np.savez(file, kind="hmm", startprob=pi, transmat=A, emissionprob=B)

    @classmethod
    def load(cls, path, readable=False):
        """Read what `save` wrote. Raises ValueError if the file is truncated or of another kind."""
        try:
            with open(path, "rb") as file, np.load(file, allow_pickle=False) as data:
                if str(data["kind"]) != "hmm":
                    raise ValueError(f"it holds {str(data['kind'])!r}")
                arrays = [data[name] for name in ("startprob", "transmat", "emissionprob")]
            return cls(*arrays, readable=readable)
        except FileNotFoundError:
            raise
        except (
            KeyError,
            ValueError,
            EOFError,
            TypeError,
            AttributeError,
            zipfile.BadZipFile,
            OSError,
        ) as error:
            raise ValueError(
                f"{path} is not a model written by HMM.save (truncated, or another kind of file): "
                f"{error}"
            ) from error
