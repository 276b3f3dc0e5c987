"""Checks of hmm: evaluation, the same in logarithms, decoding, learning, the shop, the choice questions."""

import numpy as np

from course import counterexamples
from course.checks import blank

EXACT = {"rtol": 1e-9, "atol": 1e-14}  # sums of a few hundred products in float64
LOGS = {"rtol": 1e-9, "atol": 1e-9}


@blank("hmm-01", points=5)
def test_forward(student, case):
    case.check({"alpha": student.call("hmm", "forward", *case.inputs)}, **EXACT)


@blank("hmm-01", points=3)
def test_forward_zeros(student, case):
    case.check({"alpha": student.call("hmm", "forward", *case.inputs)}, **EXACT)


@blank("hmm-02", points=5)
def test_backward(student, case):
    case.check({"beta": student.call("hmm", "backward", *case.inputs)}, **EXACT)


@blank("hmm-02", points=3)
def test_backward_zeros(student, case):
    case.check({"beta": student.call("hmm", "backward", *case.inputs)}, **EXACT)


@blank("hmm-03", points=4, stubs=("model.forward",))
def test_evaluate(student, case):
    case.check({"P(O)": student.call("hmm", "evaluate", *case.inputs)}, **EXACT)


@blank("hmm-04", points=6)
def test_state_posterior(student, case):
    case.check({"gamma": student.call("hmm", "state_posterior", *case.inputs)}, **EXACT)


@blank("hmm-05", points=8)
def test_transition_joint(student, case):
    case.check({"joint": student.call("hmm", "transition_joint", *case.inputs)}, **EXACT)


@blank("hmm-06", points=4)
def test_log_forward(student, case):
    case.check({"log_alpha": student.call("hmm", "log_forward", *case.inputs)}, **LOGS)


@blank("hmm-06", points=2)
def test_log_forward_long(student, case):
    case.check({"log_alpha": student.call("hmm", "log_forward", *case.inputs)}, **LOGS)


@blank("hmm-07", points=4)
def test_log_backward(student, case):
    case.check({"log_beta": student.call("hmm", "log_backward", *case.inputs)}, **LOGS)


@blank("hmm-07", points=2)
def test_log_backward_long(student, case):
    case.check({"log_beta": student.call("hmm", "log_backward", *case.inputs)}, **LOGS)


@blank("hmm-08", points=2, stubs=("model.log_forward",))
def test_log_likelihood(student, case):
    case.check({"log P(O)": student.call("hmm", "log_likelihood", *case.inputs)}, **LOGS)


@blank("hmm-08", points=2, stubs=("model.log_forward",))
def test_log_likelihood_long(student, case):
    case.check({"log P(O)": student.call("hmm", "log_likelihood", *case.inputs)}, **LOGS)


def tables(student, case):
    delta, phi = student.call("hmm", "viterbi_tables", *case.inputs)
    case.check({"delta": delta, "phi": phi}, **LOGS)
    case.indices(phi=phi)


@blank("hmm-09", points=5)
def test_viterbi_tables(student, case):
    tables(student, case)


@blank("hmm-09", points=3)
def test_viterbi_tables_forbidden(student, case):
    tables(student, case)


@blank("hmm-09", points=2)
def test_viterbi_tables_long(student, case):
    tables(student, case)


@blank("hmm-10", points=6)
def test_backtrack(student, case):
    path = student.call("hmm", "backtrack", *case.inputs)
    case.check({"path": path})
    case.indices(path=path)


def expected_counts(student, case):
    gamma, counts = student.call("hmm", "expected_counts", *case.inputs)
    case.check({"gamma": gamma, "counts": counts}, **LOGS)


@blank("hmm-11", points=4)
def test_expected_counts(student, case):
    expected_counts(student, case)


@blank("hmm-11", points=2)
def test_expected_counts_underflow(student, case):
    expected_counts(student, case)


@blank("hmm-12", points=3)
def test_new_pi(student, case):
    case.check({"pi": student.call("hmm", "new_pi", *case.inputs)}, **LOGS)


@blank("hmm-13", points=6)
def test_new_A(student, case):
    case.check({"A": student.call("hmm", "new_A", *case.inputs)}, **LOGS)


@blank("hmm-14", points=6)
def test_new_B(student, case):
    case.check({"B": student.call("hmm", "new_B", *case.inputs)}, **LOGS)


@blank("hmm-15", points=5)
def test_supervised_estimate(student, case):
    pi, A, B = student.call("hmm", "supervised_estimate", *case.inputs)
    case.check({"pi": pi, "A": A, "B": B}, **LOGS)


@blank("hmm-16", points=2)
def test_shop_model(student, case):
    pi, A, B = student.call("hmm", "phone_store.shop_model", *case.inputs)
    case.check({"pi": pi, "A": A, "B": B}, **LOGS)


HIDDEN = ("model", "fast", "segmenter")  # from whole.py


def learned(student, case):
    log_pi, log_A, log_B, likelihoods = student.call("hmm", "whole.learn", *case.inputs)
    answers = {"log_pi": log_pi, "log_A": log_A, "log_B": log_B}
    case.check(answers | {"log-likelihoods": np.asarray(likelihoods)}, **LOGS)


@blank("hmm-17", points=4, bonus=True, hides=HIDDEN)
def test_whole_learn(student, case):
    learned(student, case)


@blank("hmm-17", points=2, bonus=True, hides=HIDDEN)
def test_whole_learn_sequences(student, case):
    learned(student, case)


@blank("hmm-17", points=2, bonus=True, hides=HIDDEN)
def test_whole_learn_long(student, case):
    learned(student, case)


@blank("hmm-17", points=2, bonus=True, hides=HIDDEN)
def test_whole_learn_zeros(student, case):
    learned(student, case)


def batch_paths(student, case):
    paths, log_probs = student.call("hmm", "whole.viterbi_batch", *case.inputs)
    case.check({"paths": paths, "log_probs": log_probs}, **LOGS)


@blank("hmm-18", points=3, bonus=True, hides=HIDDEN)
def test_whole_viterbi_batch(student, case):
    batch_paths(student, case)


@blank("hmm-18", points=3, bonus=True, hides=HIDDEN)
def test_whole_viterbi_batch_lengths(student, case):
    batch_paths(student, case)


@blank("hmm-18", points=2, bonus=True, hides=HIDDEN)
def test_whole_viterbi_batch_ties(student, case):
    batch_paths(student, case)


# ---- find the bug


@blank("hmm-93", points=2, bonus=True, hidden=True)
def test_bug_shown(student, case):
    counterexamples.judge(student, case, "hmm")


@blank("hmm-93", points=1, bonus=True, hidden=True)
def test_bug_smallest(student, case):
    counterexamples.judge(student, case, "hmm", smallest=True)


@blank("hmm-91", points=3, hidden=True)
def test_c1(student, case):
    case.letter(student.call("hmm", "theory.c1"))


@blank("hmm-92", points=3, hidden=True)
def test_c2(student, case):
    case.letter(student.call("hmm", "theory.c2"))


@blank("hmm-together", points=0)
def test_viterbi_together(student, case):
    path, log_prob = student.call("hmm", "viterbi", *case.inputs)
    case.check({"path": path, "log_prob": log_prob}, **LOGS)


@blank("hmm-together", points=0)
def test_baum_welch_together(student, case):
    pi, A, B, likelihoods = student.call("hmm", "baum_welch", *case.inputs)
    case.check({"pi": pi, "A": A, "B": B, "log-likelihoods": np.array(likelihoods)}, **LOGS)
