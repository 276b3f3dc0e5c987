"""The recursions of model.py for many time steps at once: the same results, for speed. To learn from, read model.py.

A recursion over time looks sequential, but a hidden Markov model forgets: after some steps the (normalised) vector no
longer depends on where it started. So a long sequence is cut into S lanes that run side by side. Each lane starts some
steps early from a guess, and one NumPy call advances all lanes by one step. Afterwards the end of each lane is compared
with the start that the next lane assumed; a lane with a wrong start runs again from the right vector, so the result never
depends on the guess. Short sequences are concatenated into S lanes of about the same length.

Forward and backward use scaled probabilities. Where scaling could lose a state (a value below 1e-150 of the others), or
obs is impossible, `Underflow` is raised, and HMM uses model.py's recursions in logarithms. Optional: HMM works without
this file.
"""

import functools
import heapq

import numpy as np

EARLY = 32  # steps by which a lane starts early
LONG = 1500  # a longer sequence is cut into lanes
TINY = 1e-150  # smallest ratio of two states' probabilities that scaling can hold
FEW = 8  # up to so many states, FewStates is the faster layout
compiled = None  # set by accelerate()


class Underflow(ArithmeticError):
    """Scaled probabilities underflow, or the sequence is impossible: the caller must use logarithms."""


def unbuffered(function):
    """Decorator: a small ufunc buffer while `function` runs on few states.

    When NumPy adds a column to rows that are shorter than its buffer (8192 numbers), it copies them through the buffer.
    With a buffer smaller than the rows of FewStates, the addition takes a third of the time.
    """

    @functools.wraps(function)
    def wrapper(pi, *args):
        old = np.setbufsize(64 if len(pi) <= FEW else 8192)
        try:
            return function(pi, *args)
        finally:
            np.setbufsize(old)

    return wrapper


# ---------------------------------------------------------------- lanes: which symbol at which step in which lane


def cut(obs, S, padding):
    """Symbols (L, S) of a sequence in about S consecutive lanes, with `padding` after its end, and the symbols (E, S) of
    the EARLY steps before each lane (nothing precedes lane 0: its column is arbitrary)."""
    L = -(-len(obs) // S)
    S = -(-len(obs) // L)
    symbols, whole = np.full((L, S), padding), len(obs) // L
    symbols[:, :whole] = obs[: whole * L].reshape(whole, L).T
    symbols[: len(obs) - whole * L, whole:] = obs[whole * L :, None]
    return symbols, np.roll(symbols[max(L - EARLY, 0) :], 1, axis=1)


def lay(lengths, S):
    """Distribute sequences over S lanes. Returns times (L, S), positions in the concatenation of the sequences (its
    length marks padding), and begins, ends (L, S), True at the first and the last symbol of a sequence."""
    offsets = np.cumsum(lengths) - lengths
    lanes, loads = [[] for _ in range(S)], [(0, lane) for lane in range(S)]
    for s in np.argsort(-lengths, kind="stable").tolist():
        load, lane = heapq.heappop(loads)
        lanes[lane].append(s)
        heapq.heappush(loads, (load + int(lengths[s]), lane))
    L, total = max(load for load, _ in loads), int(lengths.sum())
    times, begins, ends = (
        np.full((S, L), total),
        np.zeros((S, L), dtype=bool),
        np.zeros((S, L), dtype=bool),
    )
    for lane, members in enumerate(lanes):
        size = lengths[members]
        heads = np.cumsum(size) - size
        times[lane, : size.sum()] = np.arange(size.sum()) + np.repeat(
            offsets[members] - heads, size
        )
        begins[lane, heads] = ends[lane, heads + size - 1] = True
    return times.T, begins.T, ends.T


def by_step(marks):
    """{step: lanes} of the True entries of marks (L, S)."""
    return {int(s): np.flatnonzero(marks[s]) for s in np.flatnonzero(marks.any(1))}


def flat_rows(lanes, T):
    """The table (T, ...) in time order from one by lanes, (L, S, ...), whose lanes are consecutive."""
    return lanes.swapaxes(0, 1).reshape(-1, *lanes.shape[2:])[:T]


# ---------------------------------------------------------------- sums: forward and backward


def log(x):
    with np.errstate(divide="ignore"):
        return np.log(x)


def rescale_every(pi, A, B):
    """Number of steps after which to rescale at the latest. Raises Underflow if a single step can lose too much."""
    low = np.log10(min(A[A > 0].min(), pi[pi > 0].min())) + np.log10(B[B > 0].min())
    if low < -100:
        raise Underflow("probabilities below 1e-50")
    return int(np.clip(100 / max(-low, 1), 1, 16))


def run_lanes(pi, A, Bt, symbols, fresh, state, every, predicted=None, filtered=None):
    """Advance `state` (S, N) through all steps: state = (state @ A) * Bt[symbol].

    Bt (M + 1, N): emission of each symbol, ones for padding. symbols (L, S). fresh: {step: lanes that restart there from
    pi}. predicted, filtered (L, S, N): filled with the state before and after the emission, arbitrary scale.
    Returns state (S, N) with rows that sum to 1, log_sums (S,) of the scale factors, lost (S,) bool: lanes that underflow.
    """
    L, S = symbols.shape
    log_sums, lost = np.zeros(S), np.zeros(S, dtype=bool)
    before, emitted, after = np.empty_like(state), np.empty_like(state), state
    for s in range(L):
        before = before if predicted is None else predicted[s]
        after = after if filtered is None else filtered[s]
        np.matmul(state, A, out=before)  # (S, N)@(N, N) -> (S, N)
        if s in fresh:
            log_sums[fresh[s]] += log(state[fresh[s]].sum(1))
            before[fresh[s]] = pi
        Bt.take(symbols[s], axis=0, out=emitted, mode="clip")
        np.multiply(before, emitted, out=after)
        if s % every == every - 1 or s == L - 1:
            total = after.sum(1, keepdims=True)  # (S, 1)
            lost |= ((after < TINY * total) & (after > 0)).any(1) | ~(total[:, 0] > 0)
            log_sums += log(total[:, 0])
            after /= np.where(total > 0, total, 1)
        state = after
    return state, log_sums, lost


def run_long(pi, A, Bt, obs, every, keep=(), back=False):
    """One long sequence in lanes, from its end if `back`. Returns log P (float) and the tables predicted, filtered
    (L, S, N), in time order in either direction; None for a table whose name is not in `keep`."""
    T, N = len(obs), len(pi)
    for S in dict.fromkeys((int(np.clip(T // 200, 1, 512)), 1)):  # one lane if many lanes fail
        symbols, early = cut(obs, S, len(Bt) - 1)
        L, S = symbols.shape
        if back:  # lane 0 now begins with the padding; the first steps of a lane precede the next
            symbols = symbols[::-1, ::-1]
            early = np.roll(symbols[max(L - EARLY, 0) :], 1, axis=1)
        fresh = S * L - T if back else 0
        tables = [
            np.empty((L, S, N)) if name in keep else None for name in ("predicted", "filtered")
        ]
        heads = np.full((S, N), 1 / N)
        if S > 1:
            heads = run_lanes(pi, A, Bt, early, {}, heads, every)[0]
            heads[0] = 1 / N  # lane 0 starts from pi, see fresh
        ends, log_sums, lost = run_lanes(
            pi, A, Bt, symbols, {fresh: np.array([0])}, heads.copy(), every, *tables
        )
        while len(wrong := 1 + np.flatnonzero(~near(heads[1:], ends[:-1]).all(1))):
            heads[wrong] = ends[wrong - 1]  # lanes with a wrong start run again
            redone = [None if table is None else np.empty((L, len(wrong), N)) for table in tables]
            ends[wrong], log_sums[wrong], lost[wrong] = run_lanes(
                pi, A, Bt, symbols[:, wrong], {}, heads[wrong].copy(), every, *redone
            )
            for table, part in zip(tables, redone):
                if table is not None:
                    table[:, wrong] = part
        if not lost.any():
            break
    else:
        raise Underflow("a state fell below 1e-150 of the others, or the sequence is impossible")
    if back:
        tables = [None if table is None else table[::-1, ::-1] for table in tables]
    return float(log_sums.sum()), *tables


def near(got, expected):
    """Entry by entry: equal up to a relative error of 1e-12, with zeros in the same positions."""
    return np.abs(got - expected) <= 1e-12 * expected


def padded(B):
    """Emissions by symbol (M + 1, N), with a row of ones for padding."""
    return np.vstack([B.T, np.ones(len(B))])


def score(pi, A, B, obs):
    """log P(obs), nats."""
    return run_long(pi, A, padded(B), obs, rescale_every(pi, A, B))[0]


def posteriors(pi, A, B, obs):
    """gamma (T, N)."""
    every, Bt = rescale_every(pi, A, B), padded(B)
    gamma = run_long(pi, A, Bt, obs, every, ["predicted"])[1]
    gamma *= run_long(
        np.ones(len(pi)), np.ascontiguousarray(A.T), Bt, obs, every, ["filtered"], back=True
    )[2]
    gamma = flat_rows(gamma, len(obs))
    gamma /= gamma @ np.ones((len(pi), 1))  # row sums, faster than sum(1)
    return gamma


def smooth(pi, A, B, flat, lengths):
    """log P of all sequences together, and three tables (T, N) of all time steps of `flat`, each step with its own scale:

    predicted = P(state | symbols before), filtered = P(state, symbol | symbols before),
    ahead = P(symbol and all later ones | state). The scales of filtered[t] and predicted[t + 1] agree.
    """
    every, Bt, N = rescale_every(pi, A, B), padded(B), len(pi)
    AT, ones = np.ascontiguousarray(A.T), np.ones(N)
    stops = np.cumsum(lengths)
    predicted, filtered, ahead = (np.empty((len(flat), N)) for _ in range(3))
    total = 0.0
    for s in np.flatnonzero(lengths > LONG):
        part, T = slice(stops[s] - lengths[s], stops[s]), lengths[s]
        log_p, *lanes = run_long(pi, A, Bt, flat[part], every, ["predicted", "filtered"])
        predicted[part], filtered[part] = (flat_rows(table, T) for table in lanes)
        ahead[part] = flat_rows(
            run_long(ones, AT, Bt, flat[part], every, ["filtered"], back=True)[2], T
        )
        total += log_p
    short = np.flatnonzero(lengths <= LONG)
    if len(short):
        where = np.concatenate([np.arange(stops[s] - lengths[s], stops[s]) for s in short])
        times, begins, ends = lay(
            lengths[short], int(np.clip(len(where) // 200, 1, min(512, len(short))))
        )
        symbols = np.append(flat[where], len(Bt) - 1)[times]
        uniform = np.full((times.shape[1], N), 1 / N)
        on, back = np.empty((2, *times.shape, N)), np.empty((*times.shape, N))
        _, log_sums, lost = run_lanes(
            pi, A, Bt, symbols, by_step(begins), uniform.copy(), every, *on
        )
        _, _, lost_back = run_lanes(
            ones, AT, Bt, symbols[::-1], by_step(ends[::-1]), uniform, every, None, back
        )
        if lost.any() or lost_back.any():
            raise Underflow("a state fell below 1e-150 of the others, or a sequence is impossible")
        total += float(log_sums.sum())
        real = times < len(where)
        for table, lanes in ((predicted, on[0]), (filtered, on[1]), (ahead, back[::-1])):
            table[where[times[real]]] = lanes[real]
    return total, predicted, filtered, ahead


def baum_welch(pi, A, B, sequences, iterations):
    """As model.baum_welch."""
    lengths = np.array([len(obs) for obs in sequences])
    flat = np.concatenate(sequences)
    first = np.cumsum(lengths) - lengths
    inner = np.ones(len(flat), dtype=bool)
    inner[first] = False  # every step but the first of each sequence
    inner = np.flatnonzero(inner)
    log_likelihoods = []
    for _ in range(iterations):
        total, predicted, filtered, ahead = smooth(pi, A, B, flat, lengths)
        log_likelihoods.append(total)
        gamma = predicted * ahead
        weight = gamma.sum(1, keepdims=True)
        counts = A * (
            (filtered[inner - 1] / weight[inner]).T @ ahead[inner]
        )  # (N, T)@(T, N) -> (N, N)
        gamma /= weight
        seen = np.array(
            [np.bincount(flat, weights=column, minlength=B.shape[1]) for column in gamma.T]
        )
        pi, A, B = gamma[first].mean(0), rows_to_one(counts, A), rows_to_one(seen, B)
    log_likelihoods.append(smooth(pi, A, B, flat, lengths)[0])
    return pi, A, B, log_likelihoods


def rows_to_one(counts, old):
    total = counts.sum(1, keepdims=True)
    return np.where(total > 0, counts / np.where(total > 0, total, 1), old)


# ---------------------------------------------------------------- maxima: Viterbi


def aligned(*shape):
    """An empty array whose first number starts a cache line: NumPy's additions on it are up to twice as fast."""
    size = int(np.prod(shape))
    buffer = np.empty(size + 8)
    first = -buffer.ctypes.data % 64 // 8
    return buffer[first : first + size].reshape(shape)


class FewStates:
    """Viterbi's search when N is small: arrays [..., lane], whose long axis is that of the lanes.

    delta (N, S): best score into each state. `from_` (K, N) lists the predecessors of each state, K at most; K is below N
    when A has zeros. phi, for backtracking, is a list of ranks in these lists, (N, n) for every step, which `finish`
    joins and turns into states.
    """

    def __init__(self, log_pi, log_A, log_B, S):
        N = len(log_pi)
        K = max(int((log_A > -np.inf).sum(0).max()), 1)
        self.from_ = np.sort(
            np.argsort(np.isneginf(log_A), axis=0, kind="stable")[:K], axis=0
        )  # (K, N)
        self.dense = K == N
        self.log_pi, self.LB = log_pi, np.hstack([log_B, np.zeros((N, 1))])
        self.steps = np.take_along_axis(log_A, self.from_, axis=0)[:, :, None]  # (K, N, 1)
        self.delta, self.best, self.work = (
            np.zeros((N, S)),
            aligned(N, S),
            aligned(K, N, S) if self.dense else None,
        )
        self.beaten, self.phi = np.empty((K - 1, N, S), dtype=bool), []

    def start(self, delta):
        self.delta = delta.T.copy()

    def step(self, symbols, new=slice(0), keep=True):
        """One step of the first len(symbols) lanes; those in the slice `new` start from log_pi."""
        n = len(symbols)
        if self.dense:
            work = np.add(
                self.delta[:, None, :n], self.steps, out=self.work[:, :, :n]
            )  # [from, to, lane]
        else:
            work = self.delta[:, :n].take(self.from_, axis=0)
            work += self.steps
        if len(work) == 2:
            if keep:
                self.phi.append(np.greater(work[1], work[0]).view(np.uint8))
            best = np.maximum(work[0], work[1], out=work[0])
        else:
            best = np.maximum.reduce(work, axis=0, out=self.best[:, :n])
            if keep:
                self.phi.append(self.ranks(work, best))
        if new.stop:
            best[:, new] = self.log_pi[:, None]
        self.delta = np.add(best, self.LB.take(symbols, axis=1), out=best)

    def ranks(self, work, best):
        """(N, n) uint8: rank of the first predecessor that reaches the maximum = the number of those before it."""
        beaten = np.not_equal(work[:-1], best, out=self.beaten[:, :, : best.shape[1]]).view(
            np.uint8
        )
        ranks = beaten[0].copy() if len(beaten) else np.zeros(best.shape, np.uint8)
        for i in range(1, len(beaten)):
            beaten[i] &= beaten[i - 1]
            ranks += beaten[i]
        return ranks

    def finish(self):
        """Join phi to one table (N, steps * lanes) of states."""
        self.begins = np.cumsum([0] + [ranks.shape[1] for ranks in self.phi]).tolist()
        self.phi = np.concatenate(self.phi, axis=1)
        if not self.dense:  # ranks to states; in place where K is 2, since new memory is slow
            states = self.from_[0, :, None].astype(np.uint8)
            gaps = (
                np.diff(self.from_, axis=0).astype(np.uint8)[:, :, None]
                if len(self.from_) > 1
                else states[None] * 0
            )
            for k, gap in enumerate(gaps):
                above = self.phi if len(gaps) == 1 else (self.phi > k).view(np.uint8)
                above *= gap
                above += states
                states = above
            self.phi = states

    def rows(self, lanes=slice(None)):
        """delta of some lanes, (n, N); valid until the next step."""
        return self.delta[:, lanes].T

    def put(self, lanes, redone):
        for table, part in zip(self.phi, redone.phi):
            table[:, lanes] = part

    def before(self, s, state, lanes):
        """Best states at step s - 1 for `state` at step s of `lanes`; for s = 0, at the end of the previous lane."""
        index = state * np.int64(self.phi.shape[1]) + lanes
        index += self.begins[s]
        return self.phi.reshape(-1).take(index)


class ManyStates:
    """The same with the states as the long axis: delta (S, N). Keeps every delta and determines the best predecessor only
    when backtracking."""

    def __init__(self, log_pi, log_A, log_B, S):
        N = len(log_pi)
        self.log_pi, self.log_A, self.log_AT = log_pi, log_A[:, None], np.ascontiguousarray(log_A.T)
        self.LB = np.vstack([log_B.T, np.zeros(N)])
        self.delta, self.work = np.zeros((S, N)), aligned(N, S, N)
        self.deltas = []

    def start(self, delta):
        self.delta[:] = delta

    def step(self, symbols, new=slice(0), keep=True):
        n = len(symbols)
        work = self.work[:, :n]
        np.add(self.delta[:n].T[:, :, None], self.log_A, out=work)  # [from, lane, to]
        best = np.maximum.reduce(work, axis=0)
        if new.stop:
            best[new] = self.log_pi
        best += self.LB.take(symbols, axis=0)
        self.delta[:n] = best
        if keep:
            self.deltas.append(best)

    def finish(self):
        pass

    def rows(self, lanes=slice(None)):
        return self.delta[lanes]

    def put(self, lanes, redone):
        for table, part in zip(self.deltas, redone.deltas):
            table[lanes] = part

    def before(self, s, state, lanes):
        table = self.deltas[s - 1][lanes] if s else self.deltas[-1][lanes - 1]
        return (table + self.log_AT.take(state, axis=0)).argmax(
            1
        )  # the first, so the smallest, of equal ones


def new_search(S, *model):
    return (FewStates if len(model[0]) <= FEW else ManyStates)(*model, S)


def max_lanes_for(T, N):
    """The largest number of lanes for which one step's arrays stay in the processor's cache."""
    return (
        int(np.clip(T // 100, 1, 1000))
        if N <= FEW
        else int(np.clip(T // 200, 1, max(50_000 // N**2, 1)))
    )


def level(delta):
    """Rows of delta (S, N) minus their largest entry, and that entry (S,)."""
    top = delta.max(1)
    return delta - np.where(np.isfinite(top), top, 0)[:, None], top


def viterbi_long(log_pi, log_A, log_B, obs):
    """Path of one long sequence, computed in lanes, and its log-probability."""
    T, N, M = len(obs), len(log_pi), log_B.shape[1]
    symbols, early = cut(obs, max_lanes_for(T, N), M)
    (L, S), model = symbols.shape, (log_pi, log_A, log_B)
    pads, search, heads = S * L - T, new_search(S, *model), np.zeros((S, N))
    if S > 1:
        search.start(heads)
        for row in early:
            search.step(row, keep=False)
        heads, _ = level(search.rows())
    ends, tops, wrong = np.empty((S, N)), np.empty(S), np.arange(S)
    while len(wrong):  # at first all lanes; those with a wrong start run again
        rerun = search if len(wrong) == S else new_search(len(wrong), *model)
        rerun.start(heads[wrong])
        for s, row in enumerate(symbols if rerun is search else symbols[:, wrong]):
            rerun.step(row, new=slice(int(s == 0 and wrong[0] == 0)))
            if s == L - 1 - pads and wrong[-1] == S - 1:
                final = rerun.rows(slice(-1, None))[0].copy()  # at time T - 1
        ends[wrong], tops[wrong] = level(rerun.rows())
        if rerun is not search:
            search.put(wrong, rerun)
        with np.errstate(invalid="ignore"):
            same = (np.abs(heads[1:] - ends[:-1]) <= 1e-9) | (heads[1:] == ends[:-1])
        wrong = 1 + np.flatnonzero(~same.all(1))
        heads[wrong] = ends[wrong - 1]
    if np.isneginf(final).all():
        raise Underflow("the sequence is impossible")
    search.finish()
    if S == 1 and N > FEW:  # backtracking is light work: more lanes
        L = -(-T // int(np.clip(T // 200, 1, 512)))
        S = -(-T // L)
        pads = L * S - T
        table = np.concatenate([np.concatenate(search.deltas), np.zeros((pads, N))]).reshape(
            S, L, N
        )
        search.deltas, symbols = list(table.swapaxes(0, 1)), np.empty((L, S), dtype=np.int64)
    return back_long(search, symbols, int(final.argmax()), pads), float(
        tops[:-1].sum() + final.max()
    )


def back_long(search, path, final, pads):
    """Path (T,) by backtracking in all lanes at once, each from a guess some steps later, checked and run again as in the
    forward direction. path: int64 (L, S), filled; the last lane ends with `pads` steps of padding."""
    (L, S), others, lanes = path.shape, np.arange(1, path.shape[1]), np.arange(path.shape[1])
    guess = np.zeros(S - 1, dtype=np.int64)
    for s in range(min(EARLY, L) - 1, -1, -1):
        guess = search.before(s, guess, others)
    tails, todo = np.append(guess, final).astype(np.int64), lanes
    while len(todo):  # tails: the state in which each lane ends
        state = tails[todo]
        for s in range(L - 1, -1, -1):
            if todo[-1] == S - 1 and s >= L - 1 - pads:
                state[-1] = final
            if len(todo) == S:
                path[s] = state
                state = path[s]  # int64 again
            else:
                path[s, todo] = state
            state = search.before(s, state, todo) if s else state
        expected = search.before(0, path[0, 1:], others)
        todo = np.flatnonzero(expected != tails[:-1])
        tails[todo] = expected[todo]
    return flat_rows(path, S * L - pads)


def viterbi_short(model, flat, sizes):
    """log_probs (S,) and paths of many sequences side by side, the longest first, so that lanes end one after another.

    flat: their symbols, concatenated; overwritten with the states. sizes (S,): their lengths.
    """
    order = np.argsort(-sizes, kind="stable")
    lengths, first = sizes[order], (np.cumsum(sizes) - sizes)[order]
    alive = np.searchsorted(
        -lengths, -np.arange(lengths[0] + 1), side="left"
    ).tolist()  # number of lanes that have a symbol at each step
    search, ended, index = (
        new_search(len(order), *model),
        np.empty((len(order), len(model[0]))),
        first.copy(),
    )
    for s, (n, m) in enumerate(zip(alive, alive[1:])):
        search.step(flat.take(index[:n]), new=slice(0 if s else n))
        index[:n] += 1
        if m < n:
            ended[m:n] = search.rows(slice(m, n))
    search.finish()
    last, state, lanes = (
        ended.argmax(1),
        np.empty(len(order), dtype=np.int64),
        np.arange(len(order)),
    )
    for s in range(len(alive) - 2, -1, -1):
        n, m = alive[s], alive[s + 1]
        if m:
            state[:m] = search.before(s + 1, state[:m], lanes[:m])
        state[m:n] = last[m:n]
        index[:n] -= 1
        flat[index[:n]] = state[:n]
    scores = np.empty(len(order))
    scores[order] = ended.max(1)
    return scores, in_parts(flat, np.cumsum(sizes))


def path_scores(log_pi, log_A, log_B, path, flat, first):
    """Log-probability of each sequence's path together with its symbols. first: where the sequences start in flat."""
    parts = log_B.reshape(-1).take(path * log_B.shape[1] + flat)
    first_emission = parts[first]
    parts[1:] += log_A.reshape(-1).take(path[:-1] * len(log_A) + path[1:])
    parts[first] = log_pi[path[first]] + first_emission
    return np.add.reduceat(parts, first)


@unbuffered
def viterbi(pi, A, B, obs):
    """As model.viterbi. Raises Underflow for a long sequence that is impossible."""
    model = log(pi), log(A), log(B)
    if compiled:
        path = compiled(*model[:2], np.ascontiguousarray(model[2].T), obs, np.array([len(obs)]))
        return path, float(path_scores(*model, path, obs, np.array([0]))[0])
    if len(obs) > LONG:
        return viterbi_long(*model, obs)
    scores, paths = viterbi_short(model, obs.copy(), np.array([len(obs)]))
    return paths[0], float(scores[0])


@unbuffered
def viterbi_batch(pi, A, B, sequences):
    """log_probs (S,) and the list of paths of a list of sequences (T_s,)."""
    model = log(pi), log(A), log(B)
    flat, lengths = np.concatenate(sequences), np.array(list(map(len, sequences)))
    if compiled:
        stops = np.cumsum(lengths)
        path = compiled(*model[:2], np.ascontiguousarray(model[2].T), flat, stops)
        return path_scores(*model, path, flat, stops - lengths), in_parts(path, stops)
    group = 8192 if len(pi) <= FEW else max_lanes_for(10**9, len(pi))
    if lengths.max() <= LONG and len(lengths) <= group:
        return viterbi_short(model, flat, lengths)
    scores, paths = np.empty(len(sequences)), [None] * len(sequences)
    order = np.argsort(-lengths, kind="stable")  # sequences of about the same length together
    short = order[(lengths > LONG).sum() :]
    for s in order[: len(order) - len(short)]:
        paths[s], scores[s] = viterbi(pi, A, B, sequences[s])
    for start in range(0, len(short), group):
        batch = np.sort(short[start : start + group]).tolist()
        scores[batch], batch_paths = viterbi_short(
            model, np.concatenate([sequences[s] for s in batch]), lengths[batch]
        )
        for s, path in zip(batch, batch_paths):
            paths[s] = path
    return scores, paths


def in_parts(flat, stops):
    stops = stops.tolist()
    return list(map(flat.__getitem__, map(slice, [0] + stops, stops)))


def accelerate(on=True):
    """Compile Viterbi with numba if it is installed (on=False: stop using it). Returns whether it is now in use."""
    global compiled
    try:
        import numba
    except ImportError:
        on = False
    if not on:
        compiled = None
        return False

    @numba.njit(error_model="numpy")
    def decode(log_pi, log_A, LB, flat, stops):
        N, T, start = len(log_pi), len(flat), 0
        few = N <= 16  # then phi is kept
        deltas, best, path = np.empty((T, N)), np.empty(N), np.zeros(T, np.int64)
        phi = np.empty((T if few else 1, N), np.uint8)
        for stop in stops:
            deltas[start] = log_pi + LB[flat[start]]
            for t in range(start + 1, stop):
                symbol = flat[t]
                if few:
                    for j in range(N):
                        top, previous = deltas[t - 1, 0] + log_A[0, j], 0
                        for i in range(1, N):
                            value = deltas[t - 1, i] + log_A[i, j]
                            previous = i if value > top else previous
                            top = value if value > top else top
                        deltas[t, j], phi[t, j] = top + LB[symbol, j], previous
                else:
                    for j in range(N):
                        best[j] = -np.inf
                    for i in range(N):
                        from_i, steps = deltas[t - 1, i], log_A[i]
                        for j in range(N):
                            value = from_i + steps[j]
                            best[j] = value if value > best[j] else best[j]
                    for j in range(N):
                        deltas[t, j] = best[j] + LB[symbol, j]
            path[stop - 1] = np.argmax(deltas[stop - 1])
            for t in range(stop - 2, start - 1, -1):
                now = path[t + 1]
                if few:
                    path[t] = phi[t + 1, now]
                else:
                    top = -np.inf
                    for i in range(N):
                        value = deltas[t, i] + log_A[i, now]
                        if value > top:
                            top, path[t] = value, i
            start = stop
        return path

    two_zeros = np.zeros(2, np.int64)
    decode(
        np.zeros(2), np.zeros((2, 2)), np.zeros((3, 2)), two_zeros, two_zeros[:1] + 2
    )  # compile now
    compiled = decode
    return True
