"""hmm's solved model compared with sums over all paths, between its two implementations, and with hmmlearn."""

import itertools

import numpy as np
import pytest

from course.solved import load_solved
from tests.reference import hmm as reference

hmm = load_solved("hmm")
model, fast = hmm.module("model"), hmm.module("fast")


def random_model(rng, N, M, zeros=False):
    """Random pi (N,), A (N, N), B (N, M); with zeros=True about a third of the entries are 0."""
    rows = [rng.dirichlet(np.full(K, 0.8), size) for K, size in ((N, 1), (N, N), (M, N))]
    if zeros:
        for table in rows:
            table[rng.random(table.shape) < 0.35] = 0
            empty = table.sum(1) == 0
            table[empty, rng.integers(table.shape[1])] = 1
            table /= table.sum(1, keepdims=True)
    return rows[0][0], rows[1], rows[2]


def by_all_paths(pi, A, B, obs):
    """(P(O), gamma, joint, log-probability of the best path) in nats, by enumerating all N**T paths."""
    N, T = len(pi), len(obs)
    paths = np.array(list(itertools.product(range(N), repeat=T)))
    p = pi[paths[:, 0]] * B[paths, obs].prod(1) * A[paths[:, :-1], paths[:, 1:]].prod(1)
    gamma = np.array([[p[paths[:, t] == i].sum() for i in range(N)] for t in range(T)])
    joint = np.array(
        [
            [
                [p[(paths[:, t] == i) & (paths[:, t + 1] == j)].sum() for j in range(N)]
                for i in range(N)
            ]
            for t in range(T - 1)
        ]
    ).reshape(T - 1, N, N)
    return p.sum(), gamma / (p.sum() or 1), joint, model.log(p.max())


def path_score(pi, A, B, path, obs):
    """log P(path, O) in nats."""
    with np.errstate(divide="ignore"):
        return float(
            np.log(pi[path[0]]) + np.log(B[path, obs]).sum() + np.log(A[path[:-1], path[1:]]).sum()
        )


def hmmlearn_model(pi, A, B, implementation="scaling", n_iter=1):
    """hmmlearn's model with these parameters. Skips without hmmlearn."""
    peer = pytest.importorskip("hmmlearn.hmm").CategoricalHMM(
        len(pi), implementation=implementation, n_iter=n_iter, tol=-1, init_params=""
    )
    peer.startprob_, peer.transmat_, peer.emissionprob_, peer.n_features = pi, A, B, B.shape[1]
    return peer


def compare(rng, number, with_hmmlearn=False):
    """Compare all functions with enumeration on a random model; returns whether its sequence is possible."""
    zeros, T = number % 2 == 1, (1, 2, 5, 6)[number // 2 % 4]
    N, M = int(rng.integers(1, 5)), int(rng.integers(1, 6))
    pi, A, B = random_model(rng, N, M, zeros)
    obs = model.sample(pi, A, B, T, rng)[1] if number % 3 else rng.integers(M, size=T)
    P, gamma, joint, best = by_all_paths(pi, A, B, obs)
    alpha, beta = model.forward(pi, A, B, obs), model.backward(A, B, obs)
    tolerance = {"rtol": 1e-10, "atol": 1e-300}
    np.testing.assert_allclose(model.evaluate(pi, A, B, obs), P, **tolerance)
    np.testing.assert_allclose(model.state_posterior(alpha, beta), gamma, rtol=1e-10, atol=1e-16)
    np.testing.assert_allclose(model.transition_joint(alpha, beta, A, B, obs), joint, **tolerance)
    np.testing.assert_allclose(
        model.log_likelihood(pi, A, B, obs), model.log(P), rtol=1e-10, atol=1e-14
    )
    path, log_prob = model.viterbi(pi, A, B, obs)
    np.testing.assert_allclose(log_prob, best, rtol=1e-10, atol=1e-14)
    assert path.dtype == np.int64 and path.shape == (T,) and 0 <= path.min() and path.max() < N
    np.testing.assert_allclose(path_score(pi, A, B, path, obs), best, rtol=1e-10, atol=1e-14)
    quick = model.HMM(pi, A, B)
    np.testing.assert_allclose(quick.score(obs), model.log(P), rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(quick.predict_proba(obs), gamma, rtol=1e-10, atol=1e-15)
    assert P == 0 or (quick.decode(obs)[1] == path).all()
    if with_hmmlearn and P > 0:
        peer, column = hmmlearn_model(pi, A, B), obs[:, None]
        with np.errstate(all="ignore"):
            np.testing.assert_allclose(peer.score(column), quick.score(obs), rtol=1e-10, atol=1e-13)
            np.testing.assert_allclose(peer.predict_proba(column), gamma, rtol=1e-10, atol=1e-13)
            np.testing.assert_allclose(peer.decode(column)[0], log_prob, rtol=1e-10, atol=1e-13)
    return P > 0


def test_small_models_equal_enumeration_of_paths():
    rng = np.random.default_rng(4)
    assert sum(compare(rng, number) for number in range(60)) >= 30


@pytest.mark.deep
def test_1000_models_equal_enumeration_and_hmmlearn():
    rng = np.random.default_rng(1)
    possible = sum(compare(rng, number, with_hmmlearn=True) for number in range(1000))
    print(f"1000 models, {possible} of the sequences possible")
    assert 600 <= possible < 1000


def assert_same(actual, expected, rtol=1e-10):
    """Assert that two numbers, possibly infinite, agree up to rounding."""
    assert actual == expected or abs(actual - expected) <= rtol * abs(expected) + 1e-12, (
        actual,
        expected,
    )


@pytest.mark.parametrize(
    "N, M, T, zeros",
    [
        (1, 3, 1510, False),
        (2, 4, 1499, True),
        (3, 5, 1501, True),
        (5, 4, 3000, False),
        (8, 3, 2501, True),
        (9, 6, 2001, False),
        (20, 4, 1700, True),
    ],
)
def test_fast_implementation_equals_the_readable_one(N, M, T, zeros):
    rng = np.random.default_rng(T)
    pi, A, B = random_model(rng, N, M, zeros)
    obs = model.sample(pi, A, B, T, rng)[1]
    quick, slow = model.HMM(pi, A, B), model.HMM(pi, A, B, implementation="readable")
    assert_same(quick.score(obs), slow.score(obs))
    np.testing.assert_allclose(quick.predict_proba(obs), slow.predict_proba(obs), atol=1e-8)
    log_prob, path = quick.decode(obs)
    assert_same(log_prob, slow.decode(obs)[0])
    assert_same(path_score(pi, A, B, path, obs), log_prob)
    many, before = [obs[:1], obs[1:60], obs[60:90], obs[:1600], obs[5:7]] * 2, obs.copy()
    scores, paths = quick.decode_batch(many)
    quick.decode(obs[:60])
    assert (obs == before).all()
    for score, path, sequence in zip(scores, paths, many):
        expected = slow.decode(sequence)
        assert_same(score, expected[0])
        assert len(sequence) > fast.LONG or expected[0] == -np.inf or (path == expected[1]).all()
    fitted, fitted_slowly = quick.fit(many[:5], 1), slow.fit(many[:5], 1)
    np.testing.assert_allclose(fitted.transmat_, fitted_slowly.transmat_, atol=1e-8)
    np.testing.assert_allclose(fitted.emissionprob_, fitted_slowly.emissionprob_, atol=1e-8)
    np.testing.assert_allclose(fitted.log_likelihoods_, fitted_slowly.log_likelihoods_, rtol=1e-10)


def test_fast_implementation_is_right_for_models_without_mixing():
    rng = np.random.default_rng(5)
    N, T = 4, 2000
    B = rng.dirichlet(np.ones(5), N)
    circle, apart = np.roll(np.eye(N), 1, axis=1), np.eye(N)
    chain = np.triu(np.tri(N, k=1))
    for pi, A in (
        (np.full(N, 1 / N), circle),
        (np.full(N, 1 / N), apart),
        (np.eye(N)[0], chain / chain.sum(1)[:, None]),
    ):
        obs = model.sample(pi, A, B, T, rng)[1]
        quick, slow = model.HMM(pi, A, B), model.HMM(pi, A, B, implementation="readable")
        assert_same(quick.score(obs), slow.score(obs))
        assert_same(quick.decode(obs)[0], slow.decode(obs)[0])
        np.testing.assert_allclose(quick.predict_proba(obs), slow.predict_proba(obs), atol=1e-8)


def test_state_lost_by_scaling_is_recovered():
    """Two states without transitions: after 400 symbols the wrong one leads by 880 nats, beyond the range of float64."""
    pi, A, B = np.array([0.5, 0.5]), np.eye(2), np.array([[0.9, 0.001, 0.099], [0.1, 0.9, 0]])
    obs = np.repeat([0, 1], 400)
    expected = np.log(0.5) + 400 * np.log(0.1) + 400 * np.log(0.9)
    for implementation in ("readable", "fast"):
        assert_same(model.HMM(pi, A, B, implementation=implementation).score(obs), expected)
        assert (model.HMM(pi, A, B, implementation=implementation).decode(obs)[1] == 1).all()
    with pytest.raises(fast.Underflow):
        fast.score(pi, A, B, obs)


def test_ties_between_paths_take_the_smaller_states():
    for N, M, T in ((3, 2, 50), (3, 2, 3000), (12, 2, 40)):
        pi, A, B = np.full(N, 1 / N), np.full((N, N), 1 / N), np.full((N, M), 1 / M)
        obs = np.arange(T) % M
        for implementation in ("readable", "fast"):
            assert not model.HMM(pi, A, B, implementation=implementation).decode(obs)[1].any()


def test_impossible_sequences_have_probability_0_everywhere():
    pi, A = np.array([1.0, 0.0]), np.array([[0.5, 0.5], [0.0, 1.0]])
    B = np.array([[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]])
    for obs in (np.array([2]), np.array([0, 2, 1]), np.array([0, 1, 0] * 700 + [2, 0])):
        assert model.evaluate(pi, A, B, obs) == 0 and model.log_likelihood(pi, A, B, obs) == -np.inf
        assert (
            model.state_posterior(model.forward(pi, A, B, obs), model.backward(A, B, obs)) == 0
        ).all()
        for implementation in ("readable", "fast"):
            machine = model.HMM(pi, A, B, implementation=implementation)
            log_prob, path = machine.decode(obs)
            assert log_prob == -np.inf and path.shape == obs.shape and set(path.tolist()) <= {0, 1}
            assert machine.score(obs) == -np.inf and (machine.predict_proba(obs) == 0).all()
            assert np.isneginf(machine.decode_batch([obs, obs[:1]])[0][0])
            machine.fit([obs, np.array([0, 1, 0])], 2)
            assert all(np.isfinite(x).all() for x in machine.parameters())
            assert machine.log_likelihoods_ == [-np.inf] * 3


def learn(rng, number, with_hmmlearn=False):
    """Run Baum-Welch from a random start and check it; returns 1 if it was compared with hmmlearn, else 0."""
    N, M = int(rng.integers(1, 5)), int(rng.integers(2, 6))
    pi, A, B = random_model(rng, N, M, zeros=number % 4 == 3)
    truth = random_model(rng, N, M)
    many = [model.sample(*truth, int(T), rng)[1] for T in rng.integers(1, 40, 3)]
    many[0][:] = many[0][0]
    *tables, history = model.baum_welch(pi, A, B, many, 12)
    rises = np.diff([x for x in history if x > -np.inf])
    assert (rises >= -1e-9).all() and len(history) == 13 and not np.isnan(history).any()
    for table in tables:
        np.testing.assert_allclose(table.sum(-1), 1, atol=1e-9)
    if with_hmmlearn and history[0] > -np.inf and number % 4 != 3:
        peer = hmmlearn_model(pi, A, B, "log", n_iter=12)
        with np.errstate(all="ignore"):
            peer.fit(np.concatenate(many)[:, None], [len(obs) for obs in many])
        np.testing.assert_allclose(list(peer.monitor_.history), history[:12], rtol=1e-9, atol=1e-9)
        for table, expected in zip(tables, (peer.startprob_, peer.transmat_, peer.emissionprob_)):
            np.testing.assert_allclose(table, expected, rtol=1e-6, atol=1e-9)
        return 1
    return 0


def test_baum_welch_never_lowers_the_likelihood():
    rng = np.random.default_rng(6)
    for number in range(8):
        learn(rng, number)


@pytest.mark.deep
def test_baum_welch_from_200_starts_equals_hmmlearn():
    rng = np.random.default_rng(7)
    print(
        sum(learn(rng, number, with_hmmlearn=True) for number in range(200)),
        "of 200 starts compared with hmmlearn",
    )


def test_baum_welch_keeps_rows_of_unused_states():
    pi, A = np.array([0.6, 0.4, 0.0]), np.array([[0.7, 0.3, 0.0], [0.2, 0.8, 0.0], [0.1, 0.1, 0.8]])
    B = np.array([[0.3, 0.3, 0.2, 0.2], [0.1, 0.2, 0.3, 0.4], [0.25, 0.25, 0.25, 0.25]])
    many = [np.array([0, 1, 1, 0, 3]), np.array([3])]
    for learned in (model.baum_welch(pi, A, B, many, 5), fast.baum_welch(pi, A, B, many, 5)):
        assert (learned[2][:2, 2] == 0).all() and (
            np.diff(learned[3]) >= -1e-9
        ).all()  # symbol 2 is never seen
        assert (learned[1][2] == A[2]).all() and (
            learned[2][2] == B[2]
        ).all()  # state 2 never visited


def test_long_sequences_do_not_underflow():
    rng = np.random.default_rng(8)
    pi, A, B = random_model(rng, 3, 5)
    obs = model.sample(pi, A, B, 8000, rng)[1]
    quick = model.HMM(pi, A, B)
    assert_same(model.log_likelihood(pi, A, B, obs), quick.score(obs))
    assert_same(model.viterbi(pi, A, B, obs)[1], quick.decode(obs)[0])
    assert model.evaluate(pi, A, B, obs) == 0  # plain probabilities underflow


@pytest.mark.deep
def test_sequence_of_a_million_steps_equals_hmmlearn():
    rng = np.random.default_rng(9)
    pi, A, B = random_model(rng, 4, 6)
    T = 1_000_000
    obs = model.sample(pi, A, B, T, rng)[1]
    quick = model.HMM(pi, A, B)
    score, (log_prob, path), gamma = quick.score(obs), quick.decode(obs), quick.predict_proba(obs)
    print(f"T = 1,000,000: log P(O) {score:.6f}, log P(path, O) {log_prob:.6f}")
    assert_same(model.log_likelihood(pi, A, B, obs), score)
    assert_same(model.viterbi(pi, A, B, obs)[1], log_prob)
    assert_same(path_score(pi, A, B, path, obs), log_prob)
    np.testing.assert_allclose(gamma.sum(1), 1, atol=1e-12)
    peer = hmmlearn_model(pi, A, B, "scaling")
    assert_same(peer.score(obs[:, None]), score)
    assert_same(peer.decode(obs[:, None])[0], log_prob)
    learned = quick.fit(obs, 3).log_likelihoods_
    assert (np.diff(learned) >= -1e-9 * abs(score)).all()


GOOD = ([0.5, 0.5], [[0.9, 0.1], [0.2, 0.8]], [[0.5, 0.5, 0.0], [0.1, 0.1, 0.8]])


def changed(name, row, value):
    """GOOD's (pi, A, B) with one row replaced."""
    pi, A, B = (np.array(x) for x in GOOD)
    {"pi": pi[None], "A": A, "B": B}[name][row] = value
    return pi, A, B


@pytest.mark.parametrize(
    "pi, A, B, words",
    [
        (*changed("A", 1, [0.3, 0.8]), r"row 1 of A .*sums to 1\.1, expected 1"),
        (*changed("B", 0, [0.5, 0.4, 0]), r"row 0 of B .*sums to 0\.9"),
        (*changed("pi", 0, [0.5, 0.4]), r"pi sums to 0\.9"),
        (*changed("A", 0, [1.1, -0.1]), r"A\[0, 0\] is 1\.1"),
        (*changed("B", 1, [-0.1, 0.3, 0.8]), r"B\[1, 0\] is -0\.1"),
        (*changed("A", 0, [np.nan, 1]), r"A\[0, 0\] is nan"),
        (*changed("pi", 0, [np.inf, 0]), r"pi\[0\] is inf"),
        (
            np.ones(3) / 3,
            *changed("A", 0, [0.5, 0.5])[1:],
            r"A has shape \(2, 2\), expected \(3, 3\)",
        ),
        (
            *changed("A", 0, [0.5, 0.5])[:2],
            np.ones((3, 2)) / 2,
            r"B has shape \(3, 2\), expected \(2, M\)",
        ),
        (np.ones((1, 2)) / 2, *changed("A", 0, [0.5, 0.5])[1:], r"pi has shape \(1, 2\)"),
    ],
)
def test_invalid_model_is_a_value_error_naming_the_row(pi, A, B, words):
    obs = np.array([0, 1])
    for call in (
        lambda: model.forward(pi, A, B, obs),
        lambda: model.viterbi(pi, A, B, obs),
        lambda: model.HMM(pi, A, B),
        lambda: model.log_likelihood(pi, A, B, obs),
        lambda: model.baum_welch(pi, A, B, [obs], 1),
        lambda: model.sample(pi, A, B, 3, np.random.default_rng(0)),
    ):
        with pytest.raises(ValueError, match=words):
            call()


@pytest.mark.parametrize(
    "obs, words",
    [
        (
            np.array([0, 3]),
            r"obs\[1\] is 3, expected 0 to 2 because (M = 3|(log_)?B has shape \(2, 3\))",
        ),
        (np.array([-1]), r"obs\[0\] is -1"),
        (np.array([0.0, 1.0]), "float64 values, expected integers"),
        (np.array([], dtype=int), r"shape \(0,\): T = 0, expected at least 1"),
        ([], "T = 0"),
        (np.zeros((2, 1), int), r"shape \(2, 1\), expected \(T,\)"),
        (np.array(["a"]), "expected integers"),
    ],
)
def test_invalid_observations_are_a_value_error(obs, words):
    machine = model.HMM(*GOOD)
    for call in (
        lambda: model.forward(*GOOD, obs),
        lambda: model.backward(*GOOD[1:], obs),
        lambda: machine.decode(obs),
        lambda: machine.score(obs),
        lambda: machine.predict_proba(obs),
        lambda: model.viterbi_tables(*map(model.log, GOOD), obs),
    ):
        with pytest.raises(ValueError, match=words):
            call()
    if np.ndim(obs) == 1 and len(obs):
        with pytest.raises(ValueError, match=words.replace("obs", r"sequences\[1\]", 1)):
            machine.decode_batch([np.array([0]), obs])


def test_misuse_of_the_hmm_class_is_a_value_error():
    for call, words in (
        (lambda: model.HMM().decode([0]), "no parameters yet"),
        (lambda: model.HMM().fit([[0, 1]]), "n_states"),
        (lambda: model.HMM(*GOOD).fit([]), "sequences is empty"),
        (lambda: model.HMM(*GOOD, implementation="quick"), "'quick' is not one of readable, fast"),
        (lambda: model.HMM().fit_supervised([[0]], [[0], [1]]), "1 state sequences for 2"),
        (lambda: model.HMM().fit_supervised([[0, 1]], [[0]]), "2 states for 1 symbols"),
        (lambda: model.HMM().fit_supervised([[0]], [[0]], smoothing=-1), "smoothing is -1"),
        (lambda: model.sample(*GOOD, 0, np.random.default_rng(0)), "T is 0"),
    ):
        with pytest.raises(ValueError, match=words):
            call()


def test_model_functions_do_not_change_their_arguments():
    arrays = [np.array(x) for x in GOOD] + [np.array([0, 1, 2, 1, 0])]
    before = [x.copy() for x in arrays]
    for x in arrays:
        x.setflags(write=False)
    pi, A, B, obs = arrays
    alpha, beta = model.forward(pi, A, B, obs), model.backward(A, B, obs)
    (
        model.state_posterior(alpha, beta),
        model.transition_joint(alpha, beta, A, B, obs),
        model.viterbi(pi, A, B, obs),
    )
    for implementation in ("readable", "fast"):
        machine = model.HMM(pi, A, B, implementation=implementation)
        machine.decode_batch([obs]), machine.predict_proba(obs), machine.fit([obs], 2)
    assert all((x == y).all() for x, y in zip(arrays, before))


def test_saved_model_loads_and_damaged_files_are_refused(tmp_path):
    path = tmp_path / "model.npz"
    machine = model.HMM(*GOOD)
    with hmm.active():
        machine.save(path)
    loaded = model.HMM.load(path)
    assert all((x == y).all() for x, y in zip(machine.parameters(), loaded.parameters()))
    whole = path.read_bytes()
    np.savez(tmp_path / "other.npz", kind="segmenter")
    np.savez(tmp_path / "nameless.npz", x=np.zeros(3))
    np.savez(
        tmp_path / "broken.npz",
        kind="hmm",
        startprob=[0.5, 0.6],
        transmat=np.eye(2),
        emissionprob=np.eye(2),
    )
    np.save(tmp_path / "single.npy", np.zeros(3))
    (tmp_path / "text.npz").write_text("not a model", encoding="utf-8")
    (tmp_path / "empty.npz").write_bytes(b"")
    np.save(tmp_path / "pickle.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    for size in range(1, len(whole) - 1, max(len(whole) // 25, 1)):
        (tmp_path / f"cut{size}.npz").write_bytes(whole[:size])
    for damaged in sorted(set(tmp_path.iterdir()) - {path}):
        with pytest.raises(ValueError, match="not a model written by HMM.save"):
            model.HMM.load(damaged)
    with pytest.raises(FileNotFoundError):
        model.HMM.load(tmp_path / "missing.npz")


def test_samples_follow_the_model():
    rng = np.random.default_rng(10)
    pi, A, B = (np.array(x) for x in GOOD)
    states, obs = model.sample(pi, A, B, 40_000, rng)
    fitted = model.HMM().fit_supervised([states], [obs], 2, 3, smoothing=0)
    np.testing.assert_allclose(fitted.transmat_, A, atol=0.02)
    np.testing.assert_allclose(fitted.emissionprob_, B, atol=0.02)
    assert fitted.emissionprob_[0, 2] == 0
    first, second = (model.HMM(pi, A, B).sample(50, 3) for _ in range(2))
    assert (first[0] == second[0]).all() and (first[1] == second[1]).all()


def test_fit_from_a_random_start_raises_the_likelihood():
    rng = np.random.default_rng(11)
    obs = model.sample(*(np.array(x) for x in GOOD), 400, rng)[1]
    fits = [
        model.HMM(implementation=implementation).fit([obs], 15, n_states=2, rng=1)
        for implementation in ("readable", "fast")
    ]
    np.testing.assert_allclose(fits[0].transmat_, fits[1].transmat_, atol=1e-8)
    assert fits[1].log_likelihoods_[-1] > fits[1].log_likelihoods_[0]


@pytest.mark.deep
def test_numba_implementation_gives_the_same_paths():
    pytest.importorskip("numba")
    rng = np.random.default_rng(12)
    try:
        assert fast.accelerate()
        for N in (1, 6, 18):
            pi, A, B = random_model(rng, N, 5, zeros=True)
            obs = model.sample(pi, A, B, 2000, rng)[1]
            path, log_prob = model.viterbi(pi, A, B, obs)
            answer = fast.viterbi(pi, A, B, obs)
            assert (answer[0] == path).all()
            assert_same(answer[1], log_prob)
            many = [obs[:7], obs[:1], obs[:900]]
            scores, paths = fast.viterbi_batch(pi, A, B, many)
            for score, path, sequence in zip(scores, paths, many):
                expected = model.viterbi(pi, A, B, sequence)
                assert (path == expected[0]).all()
                assert_same(score, expected[1])
    finally:
        assert not fast.accelerate(False)


def test_readable_implementation_is_used_without_fast_py():
    without_fast = load_solved(
        "hmm", sources={"fast.py": "raise ImportError('left out')\n"}
    ).module("model")
    machine = without_fast.HMM(*GOOD)
    assert machine.implementation == "readable" and without_fast.fast is None
    obs = np.array([0, 2, 1, 1])
    assert_same(machine.score(obs), model.log_likelihood(*GOOD, obs))
    assert (machine.decode_batch([obs])[1][0] == model.viterbi(*GOOD, obs)[0]).all()


@pytest.mark.parametrize("draw", [reference.viterbi_tables, reference.viterbi_tables_forbidden])
def test_cases_of_viterbi_have_no_near_ties(draw):
    """Paths with the same transitions in another order are equally probable; rounding must not decide between them."""
    for seed in range(40):
        for case in draw(np.random.default_rng(seed)):
            if case.label != "ties":
                assert not reference.near_ties(case.expected["delta"], case.inputs[1]), case.label
