"""Checks of hw_attention: angles, scores, masks, heads, block, seq2seq and the tied projection, each blank alone."""

import numpy as np

from course.checks import blank


def call(student, case, name):
    return student.probe("hw_attention", "function", name, *case.inputs)


def method(student, case):
    """Call a method of a module. case.inputs: class, settings, weights, name of the method, list of arrays."""
    return student.probe("hw_attention", "method", *case.inputs)


# ---- angles ----


@blank("att-01", points=5)
def test_sample_angles(student, case):
    jobs, expected_shares = case.inputs
    answers = student.probe("hw_attention", "angles", jobs)
    form = all(
        isinstance(angle_set, np.ndarray) and angle_set.shape == (pairs,)
        for angle_set, (_, pairs, _) in zip(answers, jobs)
    )
    case.require(
        form,
        (
            f"shapes {[np.shape(angle_set) for angle_set in answers]}, expected {[(pairs,) for _, pairs, _ in jobs]}",
            f"形状 {[np.shape(angle_set) for angle_set in answers]}，应为 {[(pairs,) for _, pairs, _ in jobs]}",
        ),
        form=form,
    )
    case.require(
        all(np.isfinite(angle_set).all() for angle_set in answers),
        ("some angles are NaN", "有的角度是 NaN"),
    )
    case.require(
        all(angle_set.min() >= 0 and angle_set.max() <= np.pi + 1e-6 for angle_set in answers),
        ("angles are radians from 0 to π", "角度应为弧度，从 0 到 π"),
    )
    case.require(
        np.array_equal(answers[0], answers[1]),
        ("the same seed must give the same angles", "相同的种子应给出相同的角度"),
    )
    case.require(
        not np.array_equal(answers[0], answers[2]),
        ("another seed must give other angles", "不同的种子应给出不同的角度"),
    )
    case.require(
        len(np.unique(answers[0].round(9))) > len(answers[0]) / 2 or jobs[0][0] == 1,
        ("many pairs have the same angle", "许多向量对的角度相同"),
    )
    for (n, pairs, _), angles, (theta, share) in zip(jobs, answers, expected_shares):
        below = np.searchsorted(np.sort(angles), theta, side="right") / pairs
        far = float(np.abs(below - share).max())
        case.require(
            far * np.sqrt(pairs) < 2.6,
            (
                f"n = {n}: the share of angles below some θ is {far:.3f} off what p(θ) gives",
                f"n = {n}：小于某个 θ 的角度所占比例与 p(θ) 相差 {far:.3f}",
            ),
            fits=far * np.sqrt(pairs) < 2.6,
            mean=int(np.digitize(angles.mean(), [1.2, 1.9])),
        )


@blank("att-02", points=5)
def test_log_angle_density(student, case):
    case.check({"log p": call(student, case, "log_angle_density")}, rtol=1e-9, atol=1e-9)


# ---- scores ----


@blank("att-03", points=6)
def test_score_additive(student, case):
    case.check({"scores": call(student, case, "score_additive")})


@blank("att-04", points=4)
def test_score_bilinear(student, case):
    case.check({"scores": call(student, case, "score_bilinear")})


@blank("att-05", points=2)
def test_score_dot(student, case):
    case.check({"scores": call(student, case, "score_dot")})


@blank("att-06", points=3, stubs=("model.score_dot",))
def test_score_scaled_dot(student, case):
    case.check({"scores": call(student, case, "score_scaled_dot")})


# ---- weights ----


@blank("att-07", points=3)
def test_attention_weights(student, case):
    case.check({"weights": call(student, case, "attention_weights")})


@blank("att-07", points=4)
def test_attention_weights_masked(student, case):
    got = student.probe("hw_attention", "gradient", "attention_weights", *case.inputs)
    case.check({"weights": got["value"], "gradient by the scores": got["gradient"]})


@blank("att-08", points=2)
def test_mix(student, case):
    case.check({"out": call(student, case, "mix")})


@blank("att-09", points=4)
def test_padding_keep(student, case):
    keep, (lengths, L) = call(student, case, "padding_keep"), case.inputs
    fits = (
        isinstance(keep, np.ndarray)
        and keep.ndim == 3
        and keep.shape in ((len(lengths), 1, L), (len(lengths), L, L))
    )
    case.check({"keep": np.broadcast_to(keep, (len(lengths), L, L)) if fits else keep})


@blank("att-10", points=6)
def test_position_encoding(student, case):
    case.check(
        {"positions": student.call("hw_attention", "position_encoding", *case.inputs)},
        rtol=1e-9,
        atol=1e-9,
    )


# ---- self-attention ----


@blank("att-11", points=4)
def test_project(student, case):
    q, k, v = method(student, case)
    case.check({"q": q, "k": k, "v": v})


@blank("att-12", points=3)
def test_split_heads(student, case):
    case.check({"heads": method(student, case)})


@blank("att-13", points=4, stubs=("model.attend", "model.score_scaled_dot", "model.score_dot"))
def test_attend_heads(student, case):
    out, weights = method(student, case)
    case.check({"out": out, "weights": weights})


@blank("att-14", points=3)
def test_join_heads(student, case):
    case.check({"joined": method(student, case)})


# ---- block and encoder ----


@blank("att-15", points=4)
def test_layer_norm(student, case):
    case.check({"normed": call(student, case, "layer_norm")}, rtol=1e-7, atol=1e-8)


@blank("att-16", points=3)
def test_attention_step(student, case):
    got = student.probe("hw_attention", "block_step", "attention_step", *case.inputs)
    x, weights = got["result"]
    case.check({"x": x, "weights": weights, "masks": got["masks"]})


@blank("att-17", points=2)
def test_mlp_step(student, case):
    case.check({"x": student.probe("hw_attention", "block_step", "mlp_step", *case.inputs)["x"]})


@blank("att-18", points=3)
def test_embed(student, case):
    case.check({"first input": method(student, case)})


# ---- sequence to sequence ----


@blank("att-19", points=4, stubs=("model.attend",))
def test_context(student, case):
    context, weights = student.probe("hw_attention", "context", *case.inputs)
    case.check({"context": context, "weights": weights})


@blank("att-20", points=5)
def test_step(student, case):
    got = student.probe("hw_attention", "step", *case.inputs)
    case.require(
        not got["past look"],
        (
            'ask self.look: with the score "none" there is no context to read',
            '请调用 self.look：打分为 "none" 时没有上下文可读',
        ),
        past_look=got["past look"],
    )
    logits, state, weights = got["result"]
    case.check({"queries": got["queries"], "weights": weights, "state": state, "logits": logits})


@blank("att-21", points=4)
def test_greedy(student, case):
    got = student.probe("hw_attention", "greedy", *case.inputs)
    answers, weights = got["result"]
    case.check({"answers": answers, "weights": weights, "steps": got["steps"]})


@blank("att-22", points=2)
def test_decoder_inputs(student, case):
    case.check({"inputs": call(student, case, "decoder_inputs")})


@blank("att-23", points=3)
def test_sequence_loss(student, case):
    case.check({"loss": call(student, case, "sequence_loss")})


# ---- one projection for queries and keys ----


@blank("att-24", points=4)
def test_expected_logits(student, case):
    case.check({"moments": student.call("hw_attention", "expected_logits", *case.inputs)})


@blank("att-25", points=4)
def test_diagonal_weight(student, case):
    case.check({"weight": call(student, case, "diagonal_weight")})


@blank("att-26", points=4)
def test_tied_scores_grad(student, case):
    case.check({"dW": call(student, case, "tied_scores_grad")})


# ---- in one piece: whole.py, without model.py ----

HIDDEN = ("model",)  # from whole.py


def heads(student, case):
    return student.probe("hw_attention", "in_one_piece", *case.inputs, module="whole")


@blank("att-27", points=3, bonus=True, hides=HIDDEN)
def test_whole_attention(student, case):
    got = heads(student, case)
    case.check({name: got[name] for name in ("weights", "out")})


@blank("att-27", points=2, bonus=True, hides=HIDDEN)
def test_whole_attention_masked(student, case):
    got = heads(student, case)
    case.check({name: got[name] for name in ("weights", "out")})


@blank("att-27", points=1, bonus=True, hides=HIDDEN)
def test_whole_attention_nowhere(student, case):
    got = heads(student, case)
    case.check({name: got[name] for name in ("weights", "out")})


@blank("att-27", points=2, bonus=True, hides=HIDDEN)
def test_whole_attention_gradients(student, case):
    case.check({name: value for name, value in heads(student, case).items() if "gradient" in name})


# ---- the pieces together ----


@blank("att-together", points=0)
def test_self_attention_together(student, case):
    case.check(student.probe("hw_attention", "whole", *case.inputs))


@blank("att-together", points=0)
def test_encoder_together(student, case):
    case.check(student.probe("hw_attention", "whole", *case.inputs))


@blank("att-together", points=0)
def test_seq2seq_together(student, case):
    case.check(student.probe("hw_attention", "whole", *case.inputs))


@blank("att-together", points=0)
def test_expected_diagonal_weight_together(student, case):
    case.check(
        {"weight": student.call("hw_attention", "expected_diagonal_weight", *case.inputs)},
        rtol=1e-6,
    )
