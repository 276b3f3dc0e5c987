"""Hidden Markov models by hand: evaluation, decoding, learning (NumPy, float64).

N states, M symbols, T time steps. pi (N,): P(first state). A (N, N): A[i, j] = P(next state j | state i).
B (N, M): B[i, k] = P(symbol k | state i). obs (T,): symbols 0..M-1.
Time counts from 0 here and from 1 in the exercise sheet: alpha_5(2) is alpha[4, 1].
Zero probabilities are allowed everywhere; their logarithm is -inf. No function changes its arguments.
Source of the notation: Rabiner 1989, "A tutorial on hidden Markov models".
"""

import contextlib
import zipfile

import numpy as np
from validate import Integers, Logs, Probabilities, check_arguments, check_arrays, check_choice

try:
    import fast  # optional: the same results sooner, for the class HMM; deleting the file is fine
except ImportError:
    fast = None

# What the arguments of these names must look like, wherever they occur (validate.py). T, N, M: as above.
MODEL = {
    "pi": Probabilities("N", "one probability per state"),
    "A": Probabilities("N N", "one row per state"),
    "B": Probabilities("N M", "one row per state"),
}
LOG_MODEL = {"log_pi": Logs("N"), "log_A": Logs("N N"), "log_B": Logs("N M")}
SYMBOLS = Integers("T", "one symbol per time step", below="M")
checked = check_arguments(**MODEL, **LOG_MODEL, obs=SYMBOLS)


def log(p):
    """Natural logarithm; the logarithm of 0 is -inf without a warning."""
    with np.errstate(divide="ignore"):
        return np.log(p)


# ---------------------------------------------------------------- evaluation


@checked
def forward(pi, A, B, obs):
    """alpha (T, N): alpha[t, i] = P(obs[0..t], state at time t is i). Source: Rabiner eqs. 19-20."""
    # BEGIN SOLUTION hmm-01 (8 points): start at time 0; each later row needs only the row before it and one symbol
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
    # BEGIN SOLUTION hmm-02 (8 points): start at the last time step, where no symbol is left to explain, and go back
    T, N = len(obs), len(A)
    beta = np.ones((T, N))
    for t in range(T - 2, -1, -1):
        beta[t] = A @ (B[:, obs[t + 1]] * beta[t + 1])  # (N, N)@(N,) -> (N,)
    return beta
    # END SOLUTION hmm-02


@checked
def evaluate(pi, A, B, obs):
    """P(obs) (float). Calls forward. Source: Rabiner eq. 21."""
    # BEGIN SOLUTION hmm-03 (4 points): which row of alpha accounts for all symbols?
    return float(forward(pi, A, B, obs)[-1].sum())
    # END SOLUTION hmm-03


def state_posterior(alpha, beta):
    """gamma (T, N): gamma[t, i] = P(state at time t is i | obs). alpha, beta (T, N).

    Where the products of alpha and beta are all 0 (obs is impossible), the row is 0. Source: exercise c1.
    """
    # BEGIN SOLUTION hmm-04 (6 points): for every t, gamma[t] is a distribution over the states
    both = alpha * beta  # (T, N)
    total = both.sum(1, keepdims=True)  # (T, 1)
    return np.divide(both, total, out=np.zeros_like(both), where=total > 0)
    # END SOLUTION hmm-04


@checked
def transition_joint(alpha, beta, A, B, obs):
    """joint (T-1, N, N): joint[t, i, j] = P(state i at time t, state j at time t+1, obs), not divided by P(obs).

    alpha, beta (T, N). Source: exercise c2.
    """
    # BEGIN SOLUTION hmm-05 (8 points): which four events make up this one, and which table holds the probability of each?
    after = B[:, obs[1:]].T * beta[1:]  # (T-1, N): emitted at t+1, and all that follows
    return alpha[:-1, :, None] * A * after[:, None, :]  # (T-1, N, 1) * (N, N) * (T-1, 1, N)
    # END SOLUTION hmm-05


# ---------------------------------------------------------------- evaluation in logarithms, for long sequences


@checked
def log_forward(log_pi, log_A, log_B, obs):
    """log_alpha (T, N): natural logarithms of `forward`, whose own values underflow to 0 after a few hundred steps.

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
    """log_beta (T, N): natural logarithms of `backward`.

    log_A (N, N) [from, to], log_B (N, M): -inf allowed. Useful: np.logaddexp.reduce(x, axis=...)
    """
    # BEGIN SOLUTION hmm-07 (6 points): hmm-02 again, in logarithms: what is the logarithm of its last row?
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
    phi (T, N) int64: the state before i on that path, the smaller one if two are equally probable; phi[0] = 0.

    log_pi (N,), log_A (N, N) [from, to], log_B (N, M): natural logarithms, -inf allowed. Source: Rabiner eqs. 32-33.
    """
    # BEGIN SOLUTION hmm-09 (10 points): like hmm-06, with the best path into a state instead of the sum over all paths
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
    """path (T,) int64: the most probable path, from the tables of viterbi_tables. Equal last states: the smaller."""
    # BEGIN SOLUTION hmm-10 (6 points): delta gives the last state; which table leads from a state to the one before it?
    path = np.zeros(len(delta), dtype=np.int64)
    path[-1] = delta[-1].argmax()
    for t in range(len(delta) - 2, -1, -1):
        path[t] = phi[t + 1, path[t + 1]]
    return path
    # END SOLUTION hmm-10


@checked
def viterbi(pi, A, B, obs):
    """Most probable state path (T,) int64 and the log-probability (float, nats) of path and obs together.

    Equally probable paths: the smaller state, starting from the end. Impossible obs: log_prob = -inf and some valid path.
    Provided.
    """
    delta, phi = viterbi_tables(log(pi), log(A), log(B), obs)
    return backtrack(delta, phi), float(delta[-1].max())


# ---------------------------------------------------------------- learning


def expected_counts(log_alpha, log_beta, log_A, log_B, obs):
    """Expected counts that Baum-Welch needs of one sequence with P(obs) > 0:

    gamma (T, N): gamma[t, i] = P(state i at time t | obs), and
    counts (N, N): expected number of steps from i to j, the sum over t = 0..T-2 of P(i at t, j at t+1 | obs).
    log_alpha, log_beta (T, N): from log_forward, log_backward.
    """
    # BEGIN SOLUTION hmm-11 (6 points): hmm-04 and hmm-05 in logarithms; divide by P(obs) before you take the exponential
    log_p = np.logaddexp.reduce(log_alpha[-1])
    gamma = np.exp(log_alpha + log_beta - log_p)  # (T, N)
    counts = np.zeros_like(log_A)
    for t in range(len(obs) - 1):
        after = log_B[:, obs[t + 1]] + log_beta[t + 1]  # (N,)
        counts += np.exp(log_alpha[t][:, None] + log_A + after - log_p)
    return gamma, counts
    # END SOLUTION hmm-11


def ratio(above, below, old):
    """above (N, K) / below (N,), row by row; where below is 0 (a state never visited), the row of old. Provided."""
    return np.where(below[:, None] > 0, above / np.where(below > 0, below, 1)[:, None], old)


def new_pi(gammas):
    """pi (N,) after one step of Baum-Welch. gammas: list of gamma (T_s, N). Source: Rabiner eq. 40a."""
    # BEGIN SOLUTION hmm-12 (3 points): pi concerns a single time step: which one? every sequence counts the same
    return np.mean([gamma[0] for gamma in gammas], axis=0)
    # END SOLUTION hmm-12


def new_A(gammas, counts, A):
    """A (N, N) after one step of Baum-Welch: expected steps from i to j / expected steps out of i.

    gammas: list of gamma (T_s, N). counts: list of (N, N), already summed over time. A: the old one; its row is kept
    where a state is never left (use `ratio`). Source: Rabiner eq. 40b.
    """
    # BEGIN SOLUTION hmm-13 (6 points): at how many of its T times can a sequence leave a state?
    left = np.sum([gamma[:-1].sum(0) for gamma in gammas], axis=0)  # (N,)
    return ratio(np.sum(counts, axis=0), left, A)
    # END SOLUTION hmm-13


def new_B(gammas, sequences, B):
    """B (N, M) after one step of Baum-Welch: expected times in i that show symbol k / expected times in i.

    gammas: list of gamma (T_s, N). sequences: list of obs (T_s,). B: the old one; its row is kept where a state is
    never visited (use `ratio`). A symbol that never occurs gets probability 0. Source: Rabiner eq. 40c.
    """
    # BEGIN SOLUTION hmm-14 (6 points): every time step counts here, the last one too; which column does gamma[t] belong to?
    seen = np.zeros_like(B)
    for gamma, obs in zip(gammas, sequences):
        np.add.at(seen.T, obs, gamma)  # column obs[t] += gamma[t]; repeats add up
    return ratio(seen, np.sum([gamma.sum(0) for gamma in gammas], axis=0), B)
    # END SOLUTION hmm-14


def baum_welch(pi, A, B, sequences, iterations):
    """`iterations` steps of Baum-Welch from the model pi, A, B. sequences: list of obs (T_s,), or one obs.

    Returns pi, A, B and log_likelihoods, iterations + 1 numbers (nats, summed over sequences): at the start and after
    each step; they never decrease. A sequence that is impossible under the model is left out of the counts, and makes
    the sum -inf. Provided.
    """
    pi, A, B = check_model(pi, A, B)
    sequences = check_sequences(sequences, B.shape[1])
    log_likelihoods = []
    for _ in range(iterations):
        log_A, log_B = log(A), log(B)
        possible, gammas, counts, total = [], [], [], 0.0
        for obs in sequences:
            log_alpha = log_forward(log(pi), log_A, log_B, obs)
            log_p = np.logaddexp.reduce(log_alpha[-1])
            total += float(log_p)
            if log_p > -np.inf:
                log_beta = log_backward(log_A, log_B, obs)
                gamma, count = expected_counts(log_alpha, log_beta, log_A, log_B, obs)
                possible.append(obs)
                gammas.append(gamma)
                counts.append(count)
        log_likelihoods.append(total)
        if possible:
            pi, A, B = new_pi(gammas), new_A(gammas, counts, A), new_B(gammas, possible, B)
    log_likelihoods.append(sum(log_likelihood(pi, A, B, obs) for obs in sequences))
    return pi, A, B, log_likelihoods


def supervised_estimate(state_sequences, sequences, N, M, smoothing):
    """pi, A, B counted from sequences whose states are known.

    state_sequences, sequences: lists of int arrays (T_s,). pi: share of each state among the first states. A: share of
    each transition among those out of a state (no transition leads from one sequence to the next). B: share of each
    symbol, after `smoothing` is added to each of the N * M counts. A row without counts is uniform (use `rows_to_one`).
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
    """Each row (last axis) divided by its sum; a row of zeros becomes uniform. Provided."""
    total = counts.sum(-1, keepdims=True)
    return np.where(total > 0, counts / np.where(total > 0, total, 1), 1 / counts.shape[-1])


# ---------------------------------------------------------------- provided: sampling, the class


def sample(pi, A, B, T, rng):
    """states (T,) and obs (T,), both int64, drawn from the model. rng: np.random.Generator."""
    pi, A, B = check_model(pi, A, B)
    if T < 1:
        raise ValueError(f"T is {T}, expected at least 1")
    # Inverse transform sampling: the first index whose cumulative probability is above a uniform number.
    cumulative = [np.cumsum(row) / np.sum(row) for row in (pi, *A)]
    u, v = rng.random(T), rng.random(T)
    states, row = np.zeros(T, dtype=np.int64), 0
    for t in range(T):
        states[t] = np.searchsorted(cumulative[row], u[t], side="right")
        row = states[t] + 1
    obs = np.zeros(T, dtype=np.int64)
    for i in range(len(pi)):
        in_i = states == i
        obs[in_i] = np.searchsorted(np.cumsum(B[i]) / B[i].sum(), v[in_i], side="right")
    return states, obs


class HMM:
    """A model with its parameters `startprob_`, `transmat_`, `emissionprob_`, named as in hmmlearn.

    implementation: "readable" computes with the functions above; "fast" with fast.py, which gives the same results
    sooner, and leaves sequences whose scaled numbers underflow to the functions above. Without fast.py it is "readable".
    """

    def __init__(self, startprob=None, transmat=None, emissionprob=None, implementation="fast"):
        check_choice("implementation", implementation, ("readable", "fast"))
        self.startprob_, self.transmat_, self.emissionprob_ = startprob, transmat, emissionprob
        self.implementation = implementation if fast else "readable"
        self.log_likelihoods_ = []
        if startprob is not None:
            self.parameters()

    def parameters(self):
        """pi, A, B, validated. Raises ValueError if the model has none yet."""
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
        N, M = n_states or largest(state_sequences) + 1, n_symbols or largest(sequences) + 1
        state_sequences = check_sequences(state_sequences, N, "state_sequences")
        sequences = check_sequences(sequences, M)
        for s, (states, obs) in enumerate(zip(state_sequences, sequences)):
            if len(states) != len(obs):
                raise ValueError(
                    f"state_sequences[{s}] has {len(states)} states for {len(obs)} symbols"
                )
        self.startprob_, self.transmat_, self.emissionprob_ = supervised_estimate(
            state_sequences, sequences, N, M, smoothing
        )
        return self

    def fit(self, sequences, iterations=20, n_states=None, n_symbols=None, rng=None):
        """Baum-Welch from the current parameters, or from random ones of n_states (and n_symbols). Returns self.

        `log_likelihoods_` holds the log-likelihood at the start and after each step.
        """
        if self.startprob_ is None:
            if n_states is None:
                raise ValueError("n_states is missing: the model has no parameters to start from")
            M = n_symbols or largest(check_sequences(sequences)) + 1
            rng = np.random.default_rng(rng)
            self.startprob_, self.transmat_, self.emissionprob_ = (
                rng.dirichlet(np.full(K, 5.0), size)
                for K, size in ((n_states, None), (n_states, n_states), (M, n_states))
            )
        pi, A, B = self.parameters()
        sequences = check_sequences(sequences, B.shape[1])
        learned = None
        if self.implementation == "fast":
            with contextlib.suppress(fast.Underflow):
                learned = fast.baum_welch(pi, A, B, sequences, iterations)
        if learned is None:
            learned = baum_welch(pi, A, B, sequences, iterations)
        self.startprob_, self.transmat_, self.emissionprob_, self.log_likelihoods_ = learned
        return self

    def score(self, obs):
        """log P(obs), nats."""
        pi, A, B = self.parameters()
        obs = check_obs(obs, B.shape[1])
        if self.implementation == "fast":
            with contextlib.suppress(fast.Underflow):
                return fast.score(pi, A, B, obs)
        return log_likelihood(pi, A, B, obs)

    def predict_proba(self, obs):
        """gamma (T, N): P(state | obs) at every time step; rows of 0 if obs is impossible."""
        pi, A, B = self.parameters()
        obs = check_obs(obs, B.shape[1])
        if self.implementation == "fast":
            with contextlib.suppress(fast.Underflow):
                return fast.posteriors(pi, A, B, obs)
        log_A, log_B = log(A), log(B)
        log_alpha = log_forward(log(pi), log_A, log_B, obs)
        if np.logaddexp.reduce(log_alpha[-1]) == -np.inf:
            return np.zeros_like(log_alpha)
        return expected_counts(log_alpha, log_backward(log_A, log_B, obs), log_A, log_B, obs)[0]

    def decode(self, obs):
        """(log_prob, path): Viterbi, in hmmlearn's order."""
        pi, A, B = self.parameters()
        obs = check_obs(obs, B.shape[1])
        if self.implementation == "fast":
            with contextlib.suppress(fast.Underflow):
                return fast.viterbi(pi, A, B, obs)[::-1]
        return viterbi(pi, A, B, obs)[::-1]

    def decode_batch(self, sequences):
        """(log_probs (S,), list of S paths): Viterbi for every sequence."""
        pi, A, B = self.parameters()
        sequences = check_sequences(sequences, B.shape[1])
        if self.implementation == "fast":
            with contextlib.suppress(fast.Underflow):
                return fast.viterbi_batch(pi, A, B, sequences)
        paths, log_probs = zip(*(viterbi(pi, A, B, obs) for obs in sequences))
        return np.array(log_probs), list(paths)

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
    def load(cls, path, implementation="fast"):
        """Read what `save` wrote. Raises ValueError if the file is truncated or of another kind."""
        try:
            with open(path, "rb") as file, np.load(file, allow_pickle=False) as data:
                if str(data["kind"]) != "hmm":
                    raise ValueError(f"it holds {str(data['kind'])!r}")
                arrays = [data[name] for name in ("startprob", "transmat", "emissionprob")]
            return cls(*arrays, implementation=implementation)
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


# ---------------------------------------------------------------- provided: argument validation


def check_model(pi, A, B):
    """pi, A, B as float64 arrays. ValueError if shapes disagree or a row is not a distribution."""
    return tuple(check_arrays(MODEL, {"pi": pi, "A": A, "B": B}).values())


def check_obs(obs, M, name="obs"):
    """obs as an int64 array (T,). ValueError if T = 0, for floats and for a symbol outside 0..M-1 (M None: no limit)."""
    return check_arrays({name: SYMBOLS}, {name: obs}, {"M": M} if M else None)[name]


def check_sequences(sequences, M=None, name="sequences"):
    """A list of int64 arrays (T_s,) from a list of sequences, or from a single one. Errors as check_obs."""
    if not len(sequences):
        raise ValueError(f"{name} is empty: at least one sequence is needed")
    if all(np.ndim(obs) == 0 for obs in sequences[:2]):
        sequences = [sequences]
    if {type(obs) for obs in sequences} == {np.ndarray} and all(obs.size for obs in sequences):
        flat = np.concatenate(sequences)  # one check for all: faster than one by one
        if flat.dtype == np.int64 and flat.ndim == 1 and flat.min() >= 0:
            if M is None or flat.max() < M:
                return list(sequences)
    return [check_obs(obs, M, f"{name}[{s}]") for s, obs in enumerate(sequences)]


def largest(sequences):
    """The largest number in a list of sequences; 0 if all are empty."""
    return max((int(np.max(x)) for x in sequences if len(x)), default=0)
