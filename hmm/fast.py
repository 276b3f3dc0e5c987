"""The recursions of model.py on many time steps at once. Same results, for machines; to learn from, read model.py.

A recursion over time looks sequential, yet a hidden Markov model forgets: after some steps the (normalised) vector no
longer depends on where it started. So a long sequence is cut into S lanes that run side by side, each a few steps early
and from a guess, and one NumPy call moves all lanes one step on. Afterwards the end of each lane is compared with what
the next lane took for its start; a lane that started wrongly runs again from the right vector, so the result never rests
on the guess. Many short sequences are simply laid behind each other in S lanes of about the same length.

Sums use plain numbers, rescaled. Where that could lose a state (a number falls below 1e-150), or obs is impossible,
`Underflow` is raised and HMM takes the recursions of model.py, which work with logarithms.
"""

import functools
import heapq

import numpy as np

EARLY = 32  # steps that a lane starts early
LONG = 1500  # a sequence of more symbols is cut into lanes
TINY = 1e-150
FEW = 8  # states
compiled = None  # set by accelerate()


class Underflow(ArithmeticError):
    """Plain numbers do not reach: the caller must use logarithms."""


def unbuffered(function):
    """NumPy passes rows shorter than its buffer (8192 numbers) through it when it adds a column to them: with a buffer
    smaller than the rows of FewStates, that takes a third of the time."""

    @functools.wraps(function)
    def wrapper(pi, *args):
        old = np.setbufsize(64 if len(pi) <= FEW else 8192)
        try:
            return function(pi, *args)
        finally:
            np.setbufsize(old)

    return wrapper


# ---------------------------------------------------------------- plans: which symbol at which step in which lane


def cut(obs, S, padding):
    """Symbols (L, S) of a sequence in about S lanes that follow each other in time, `padding` behind its end, and the
    symbols (E, S) of the EARLY steps before each lane (lane 0 has none; some are given)."""
    L = -(-len(obs) // S)
    S = -(-len(obs) // L)
    symbols, whole = np.full((L, S), padding), len(obs) // L
    symbols[:, :whole] = obs[: whole * L].reshape(whole, L).T
    symbols[: len(obs) - whole * L, whole:] = obs[whole * L :, None]
    return symbols, np.roll(symbols[max(L - EARLY, 0) :], 1, axis=1)


def lay(lengths, S):
    """Times (L, S) of many sequences laid into S lanes, as positions in their concatenation (their number: padding),
    and begins, ends (L, S), True where a sequence has its first or last symbol."""
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
    for lane, mine in enumerate(lanes):
        size = lengths[mine]
        heads = np.cumsum(size) - size
        times[lane, : size.sum()] = np.arange(size.sum()) + np.repeat(offsets[mine] - heads, size)
        begins[lane, heads] = ends[lane, heads + size - 1] = True
    return times.T, begins.T, ends.T


def by_step(marks):
    """{step: lanes} of a plan's marks (L, S)."""
    return {int(s): np.flatnonzero(marks[s]) for s in np.flatnonzero(marks.any(1))}


def flat_rows(lanes, T):
    """Table (T, ...) of a table (L, S, ...) whose lanes follow each other in time."""
    return lanes.swapaxes(0, 1).reshape(-1, *lanes.shape[2:])[:T]


# ---------------------------------------------------------------- sums: forward and backward


def log(x):
    with np.errstate(divide="ignore"):
        return np.log(x)


def rescale_every(pi, A, B):
    """After how many steps at the latest the numbers are rescaled. Raises Underflow if one step can lose too much."""
    low = np.log10(min(A[A > 0].min(), pi[pi > 0].min())) + np.log10(B[B > 0].min())
    if low < -100:
        raise Underflow("probabilities below 1e-50")
    return int(np.clip(100 / max(-low, 1), 1, 16))


def run_lanes(pi, A, Bt, symbols, fresh, state, every, predicted=None, filtered=None):
    """Move `state` (S, N) through all steps: state = (state @ A) * Bt[symbol].

    Bt (M + 1, N): emission of each symbol, ones for padding. symbols (L, S). fresh: {step: lanes that begin anew there,
    with pi}. predicted, filtered (L, S, N): filled with the state before and after the emission, arbitrary scale.
    Returns state (S, N) with rows that sum to 1, log_sums (S,) of what was scaled away, lost (S,) bool.
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
    """One long sequence in lanes, from its end if `back`. Returns log P (float), and predicted, filtered (L, S, N), whose
    lanes follow each other in time whichever way they were run; None for a table whose name is not in `keep`."""
    T, N = len(obs), len(pi)
    for S in dict.fromkeys((int(np.clip(T // 200, 1, 512)), 1)):  # one lane if many lanes fail
        symbols, early = cut(obs, S, len(Bt) - 1)
        L, S = symbols.shape
        if back:  # lane 0 now begins with the padding, and the steps
            symbols = symbols[::-1, ::-1]  # before a lane are the first ones of the next
            early = np.roll(symbols[max(L - EARLY, 0) :], 1, axis=1)
        fresh = S * L - T if back else 0
        tables = [
            np.empty((L, S, N)) if name in keep else None for name in ("predicted", "filtered")
        ]
        heads = np.full((S, N), 1 / N)
        if S > 1:
            heads = run_lanes(pi, A, Bt, early, {}, heads, every)[0]
            heads[0] = 1 / N  # lane 0 begins with pi, see fresh
        ends, log_sums, lost = run_lanes(
            pi, A, Bt, symbols, {fresh: np.array([0])}, heads.copy(), every, *tables
        )
        while len(wrong := 1 + np.flatnonzero(~near(heads[1:], ends[:-1]).all(1))):
            heads[wrong] = ends[wrong - 1]  # lanes that began wrongly run again
            more = [None if table is None else np.empty((L, len(wrong), N)) for table in tables]
            ends[wrong], log_sums[wrong], lost[wrong] = run_lanes(
                pi, A, Bt, symbols[:, wrong], {}, heads[wrong].copy(), every, *more
            )
            for table, part in zip(tables, more):
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
    """Entry by entry: the same up to 1e-12 of itself, zeros at the same places."""
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
    gamma /= gamma @ np.ones((len(pi), 1))  # sums of rows, sooner than sum(1)
    return gamma


def smooth(pi, A, B, flat, lengths):
    """log P of all sequences together, and three (T, N) tables of all time steps of `flat`, arbitrary scale by step:

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
    inner[first] = False  # steps that another one of the sequence leads to
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
    """An empty array whose first number begins a cache line: NumPy adds it up to twice as fast."""
    size = int(np.prod(shape))
    room = np.empty(size + 8)
    first = -room.ctypes.data % 64 // 8
    return room[first : first + size].reshape(shape)


class FewStates:
    """Best ways into each state when N is small: arrays [..., lane], whose long axis is that of the lanes.

    delta (N, S): the state of the search. `from_` (K, N) lists the states that lead to each state, K at most; the lists
    are shorter than N when A has zeros. phi, for the way back, is a list of places in these lists, (N, n) for every
    step, which `finish` joins and turns into states.
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
        """One step of the first len(symbols) lanes; those in the slice `new` begin with log_pi."""
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
                self.phi.append(self.places(work, best))
        if new.stop:
            best[:, new] = self.log_pi[:, None]
        self.delta = np.add(best, self.LB.take(symbols, axis=1), out=best)

    def places(self, work, best):
        """(N, n) uint8: the first way that reaches the maximum, that is the number of ways before it, which are beaten."""
        beaten = np.not_equal(work[:-1], best, out=self.beaten[:, :, : best.shape[1]]).view(
            np.uint8
        )
        places = beaten[0].copy() if len(beaten) else np.zeros(best.shape, np.uint8)
        for i in range(1, len(beaten)):
            beaten[i] &= beaten[i - 1]
            places += beaten[i]
        return places

    def finish(self):
        """Join phi to one table (N, steps * lanes), of states."""
        self.begins = np.cumsum([0] + [places.shape[1] for places in self.phi]).tolist()
        self.phi = np.concatenate(self.phi, axis=1)
        if not self.dense:  # in place where K is 2: new memory is slow
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
        """delta of some lanes: (n, N), until the next step."""
        return self.delta[:, lanes].T

    def put(self, lanes, other):
        for mine, part in zip(self.phi, other.phi):
            mine[:, lanes] = part

    def before(self, s, state, lanes):
        """Best states at step s - 1, for `state` at step s of `lanes`; s = 0 leads to the end of the lane before."""
        at = state * np.int64(self.phi.shape[1]) + lanes
        at += self.begins[s]
        return self.phi.reshape(-1).take(at)


class ManyStates:
    """The same with the states as the long axis: delta (S, N). Keeps deltas, and looks for the best state before on the
    way back only."""

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

    def put(self, lanes, other):
        for mine, part in zip(self.deltas, other.deltas):
            mine[lanes] = part

    def before(self, s, state, lanes):
        table = self.deltas[s - 1][lanes] if s else self.deltas[-1][lanes - 1]
        return (table + self.log_AT.take(state, axis=0)).argmax(
            1
        )  # the first, so the smallest, of equal ones


def ways(S, *model):
    return (FewStates if len(model[0]) <= FEW else ManyStates)(*model, S)


def max_lanes_for(T, N):
    """So many lanes that the work of one step stays in the processor's cache."""
    return (
        int(np.clip(T // 100, 1, 1000))
        if N <= FEW
        else int(np.clip(T // 200, 1, max(50_000 // N**2, 1)))
    )


def level(delta):
    """Rows of delta (S, N) lowered so that the largest entry is 0, and by how much (S,)."""
    top = delta.max(1)
    return delta - np.where(np.isfinite(top), top, 0)[:, None], top


def viterbi_long(log_pi, log_A, log_B, obs):
    """Path of one long sequence, in lanes, and its log-probability."""
    T, N, M = len(obs), len(log_pi), log_B.shape[1]
    symbols, early = cut(obs, max_lanes_for(T, N), M)
    (L, S), model = symbols.shape, (log_pi, log_A, log_B)
    pads, way, heads = S * L - T, ways(S, *model), np.zeros((S, N))
    if S > 1:
        way.start(heads)
        for row in early:
            way.step(row, keep=False)
        heads, _ = level(way.rows())
    ends, tops, wrong = np.empty((S, N)), np.empty(S), np.arange(S)
    while len(wrong):  # at first all; lanes that began wrongly run again
        again = way if len(wrong) == S else ways(len(wrong), *model)
        again.start(heads[wrong])
        for s, row in enumerate(symbols if again is way else symbols[:, wrong]):
            again.step(row, new=slice(int(s == 0 and wrong[0] == 0)))
            if s == L - 1 - pads and wrong[-1] == S - 1:
                final = again.rows(slice(-1, None))[0].copy()  # at time T - 1
        ends[wrong], tops[wrong] = level(again.rows())
        if again is not way:
            way.put(wrong, again)
        with np.errstate(invalid="ignore"):
            same = (np.abs(heads[1:] - ends[:-1]) <= 1e-9) | (heads[1:] == ends[:-1])
        wrong = 1 + np.flatnonzero(~same.all(1))
        heads[wrong] = ends[wrong - 1]
    if np.isneginf(final).all():
        raise Underflow("the sequence is impossible")
    way.finish()
    if S == 1 and N > FEW:  # the way back is light work: more lanes
        L = -(-T // int(np.clip(T // 200, 1, 512)))
        S = -(-T // L)
        pads = L * S - T
        table = np.concatenate([np.concatenate(way.deltas), np.zeros((pads, N))]).reshape(S, L, N)
        way.deltas, symbols = list(table.swapaxes(0, 1)), np.empty((L, S), dtype=np.int64)
    return back_long(way, symbols, int(final.argmax()), pads), float(tops[:-1].sum() + final.max())


def back_long(way, path, final, pads):
    """Path (T,), whose last lane ends with `pads` steps of padding: all lanes at once from their ends, each from a guess
    some steps later, checked and run again as on the way forward. path: int64 (L, S), filled."""
    (L, S), others, lanes = path.shape, np.arange(1, path.shape[1]), np.arange(path.shape[1])
    guess = np.zeros(S - 1, dtype=np.int64)
    for s in range(min(EARLY, L) - 1, -1, -1):
        guess = way.before(s, guess, others)
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
            state = way.before(s, state, todo) if s else state
        should = way.before(0, path[0, 1:], others)
        todo = np.flatnonzero(should != tails[:-1])
        tails[todo] = should[todo]
    return flat_rows(path, S * L - pads)


def viterbi_short(model, flat, sizes):
    """log_probs (S,) and paths of many sequences side by side, the longest first: fewer and fewer lanes.

    flat: their symbols, one behind the other, which their states replace. sizes (S,): how many each has."""
    order = np.argsort(-sizes, kind="stable")
    lengths, first = sizes[order], (np.cumsum(sizes) - sizes)[order]
    alive = np.searchsorted(
        -lengths, -np.arange(lengths[0] + 1), side="left"
    ).tolist()  # lanes that have a symbol at a step
    way, ended, at = ways(len(order), *model), np.empty((len(order), len(model[0]))), first.copy()
    for s, (n, m) in enumerate(zip(alive, alive[1:])):
        way.step(flat.take(at[:n]), new=slice(0 if s else n))
        at[:n] += 1
        if m < n:
            ended[m:n] = way.rows(slice(m, n))
    way.finish()
    last, state, lanes = (
        ended.argmax(1),
        np.empty(len(order), dtype=np.int64),
        np.arange(len(order)),
    )
    for s in range(len(alive) - 2, -1, -1):
        n, m = alive[s], alive[s + 1]
        if m:
            state[:m] = way.before(s + 1, state[:m], lanes[:m])
        state[m:n] = last[m:n]
        at[:n] -= 1
        flat[at[:n]] = state[:n]
    scores = np.empty(len(order))
    scores[order] = ended.max(1)
    return scores, in_parts(flat, np.cumsum(sizes))


def path_scores(log_pi, log_A, log_B, path, flat, first):
    """Log-probability of each sequence's path together with its symbols. first: where the sequences begin."""
    parts = log_B.reshape(-1).take(path * log_B.shape[1] + flat)
    here = parts[first]
    parts[1:] += log_A.reshape(-1).take(path[:-1] * len(log_A) + path[1:])
    parts[first] = log_pi[path[first]] + here
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
    flat, lengths = np.concatenate(sequences), np.array([len(obs) for obs in sequences])
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
    for at in range(0, len(short), group):
        some = np.sort(short[at : at + group]).tolist()
        scores[some], found = viterbi_short(
            model, np.concatenate([sequences[s] for s in some]), lengths[some]
        )
        for s, path in zip(some, found):
            paths[s] = path
    return scores, paths


def in_parts(flat, stops):
    stops = stops.tolist()
    return list(map(flat.__getitem__, map(slice, [0] + stops, stops)))


def accelerate(on=True):
    """Compile Viterbi with numba if it is installed. Returns whether it is in use from now on."""
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
        few = N <= 16  # then the best states before are kept
        deltas, best, path = np.empty((T, N)), np.empty(N), np.zeros(T, np.int64)
        phi = np.empty((T if few else 1, N), np.uint8)
        for stop in stops:
            deltas[start] = log_pi + LB[flat[start]]
            for t in range(start + 1, stop):
                symbol = flat[t]
                if few:
                    for j in range(N):
                        top, came = deltas[t - 1, 0] + log_A[0, j], 0
                        for i in range(1, N):
                            value = deltas[t - 1, i] + log_A[i, j]
                            came = i if value > top else came
                            top = value if value > top else top
                        deltas[t, j], phi[t, j] = top + LB[symbol, j], came
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

    one = np.zeros(2, np.int64)
    decode(np.zeros(2), np.zeros((2, 2)), np.zeros((3, 2)), one, one[:1] + 2)  # compile now
    compiled = decode
    return True
