"""Checks of hw_attention: angles, scores, masks, heads, block, seq2seq and the tied projection, each blank alone."""

import numpy as np

from course import counterexamples
from course.checks import blank
from course.compare import difference


def function(student, case, name, **form):
    """Compare the result of a function of tensors with the one expected value, then ask whether scripts can use it."""
    got = student.probe("hw_attention", "function", name, *case.inputs)
    (key,) = case.expected
    case.check({key: got["value"]})
    case.usable(got["use"], **form)


def method(student, case, *names, **form):
    """The same for a method of a module. case.inputs: class, settings, weights, name of the method, list of arrays."""
    got = student.probe("hw_attention", "method", *case.inputs)
    parts = got["value"] if len(names) > 1 else [got["value"]]
    case.check(dict(zip(names, results(case, parts, names), strict=True)))
    case.usable(got["use"], **form)


def results(case, parts, names):
    """The values that are returned together, one for each name."""
    count = len(parts) if isinstance(parts, list) else 1
    case.require(
        isinstance(parts, list) and count == len(names),
        (
            f"{len(names)} values should be returned together ({', '.join(names)}), got {count}",
            f"应一起返回 {len(names)} 个值（{'、'.join(names)}），得到 {count} 个",
        ),
        **{"number of values": count},
    )
    return parts


# ---- angles ----


@blank("att-01", points=4)
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


@blank(
    "att-01",
    points=1,
    why=(
        "Two vectors of one direction: rounding pushes their cosine past 1, where arccos is NaN.",
        "两个同方向的向量：舍入会使余弦略大于 1，此时 arccos 为 NaN。",
    ),
)
def test_sample_angles_parallel(student, case):
    angles = student.probe("hw_attention", "parallel_angles", *case.inputs)
    finite = isinstance(angles, np.ndarray) and bool(np.isfinite(angles).all())
    nan = np.isnan(angles).mean() if isinstance(angles, np.ndarray) else 1.0
    share = "none" if nan == 0 else "some" if nan < 0.9 else "all"
    case.require(finite, ("some angles are NaN", "有的角度是 NaN"), nan=share)


@blank("att-02", points=5)
def test_log_angle_density(student, case):
    got = student.probe("hw_attention", "function", "log_angle_density", *case.inputs)
    case.check({"log p": got["value"]}, rtol=1e-9, atol=1e-9)
    case.usable(got["use"], gradient=False)


# ---- scores ----


@blank("att-03", points=6)
def test_score_additive(student, case):
    function(student, case, "score_additive")


@blank("att-04", points=4)
def test_score_bilinear(student, case):
    function(student, case, "score_bilinear")


@blank("att-05", points=1)
def test_score_dot(student, case):
    function(student, case, "score_dot")


@blank("att-05", points=1)
def test_score_dot_heads(student, case):
    function(student, case, "score_dot")


@blank("att-06", points=2, stubs=("model.score_dot",))
def test_score_scaled_dot(student, case):
    function(student, case, "score_scaled_dot")


@blank("att-06", points=1, stubs=("model.score_dot",))
def test_score_scaled_dot_heads(student, case):
    function(student, case, "score_scaled_dot")


# ---- weights ----


@blank("att-07", points=3)
def test_attention_weights(student, case):
    function(student, case, "attention_weights")


@blank("att-07", points=4)
def test_attention_weights_masked(student, case):
    got = student.probe("hw_attention", "gradient", "attention_weights", *case.inputs)
    case.check({"weights": got["value"], "gradient by the scores": got["gradient"]})
    asked = student.probe("hw_attention", "function", "attention_weights", *case.inputs)
    case.usable(asked["use"])


@blank("att-08", points=1)
def test_mix(student, case):
    function(student, case, "mix")


@blank("att-08", points=1)
def test_mix_heads(student, case):
    function(student, case, "mix")


@blank("att-09", points=4)
def test_padding_keep(student, case):
    got = student.probe("hw_attention", "function", "padding_keep", *case.inputs)
    keep, (lengths, L) = got["value"], case.inputs
    fits = (
        isinstance(keep, np.ndarray)
        and keep.ndim == 3
        and keep.shape in ((len(lengths), 1, L), (len(lengths), L, L))
    )
    if not fits:  # the docstring's shape; one row for each query is accepted too
        message = difference("keep", keep, case.expected["keep"][:, :1], 0, 0)
        case.require(not message, message or "", keep=keep)
    case.check({"keep": np.broadcast_to(keep, (len(lengths), L, L)) if fits else keep})
    case.usable(got["use"], dtype="bool", gradient=False)


def positions(student, case):
    got = student.probe("hw_attention", "function", "position_encoding", *case.inputs)
    case.check({"positions": got["value"]}, rtol=1e-9, atol=1e-9)
    case.usable(got["use"], gradient=False)


@blank("att-10", points=4)
def test_position_encoding(student, case):
    positions(student, case)


@blank("att-10", points=2)
def test_position_encoding_odd_width(student, case):
    positions(student, case)


# ---- self-attention ----


@blank("att-11", points=4)
def test_project(student, case):
    method(student, case, "q", "k", "v")


@blank("att-12", points=3)
def test_split_heads(student, case):
    method(student, case, "heads")


@blank("att-13", points=4, stubs=("model.attend", "model.score_scaled_dot", "model.score_dot"))
def test_attend_heads(student, case):
    method(student, case, "out", "weights", parts=1)


@blank("att-14", points=3)
def test_join_heads(student, case):
    method(student, case, "joined")


# ---- block and encoder ----


@blank("att-15", points=4)
def test_layer_norm(student, case):
    got = student.probe("hw_attention", "function", "layer_norm", *case.inputs)
    case.check({"normed": got["value"]}, rtol=1e-7, atol=1e-8)
    case.usable(got["use"])


@blank("att-16", points=3)
def test_attention_step(student, case):
    got = student.probe("hw_attention", "block_step", "attention_step", *case.inputs)
    x, weights = results(case, got["value"], ("x", "weights"))
    case.check({"x": x, "weights": weights, "masks": got["masks"]})
    case.usable(got["use"], parts=1)


@blank("att-17", points=2)
def test_mlp_step(student, case):
    got = student.probe("hw_attention", "block_step", "mlp_step", *case.inputs)
    case.check({"x": got["value"]})
    case.usable(got["use"])


@blank("att-18", points=3)
def test_embed(student, case):
    method(student, case, "first input")


# ---- sequence to sequence ----


@blank("att-19", points=4, stubs=("model.attend",))
def test_context(student, case):
    got = student.probe("hw_attention", "context", *case.inputs)
    context, weights = results(case, got["value"], ("context", "weights"))
    case.check({"context": context, "weights": weights})
    case.usable(got["use"], parts=1)


@blank("att-20", points=5)
def test_step(student, case):
    got = student.probe("hw_attention", "step", *case.inputs)
    case.require(
        not got["past look"],
        (
            'ask self.look: with the score "none" there is no context to read',
            '请调用 self.look：打分函数为 "none" 时没有上下文可看',
        ),
        past_look=got["past look"],
    )
    names = ("logits", "state", "weights")
    logits, state, weights = results(case, got["value"], names)
    case.check({"queries": got["queries"], "weights": weights, "state": state, "logits": logits})
    case.usable(got["use"], parts=2)


@blank("att-21", points=4)
def test_greedy(student, case):
    got = student.probe("hw_attention", "greedy", *case.inputs)
    answers, weights = results(case, got["result"], ("answers", "weights"))
    case.check({"answers": answers, "weights": weights, "steps": got["steps"]})
    case.indices(answers=answers)
    case.require(
        got["kind"] == "Tensor",
        (
            f"the scripts need a tensor of answers, got {got['kind']}",
            f"脚本需要张量形式的答案，得到的是 {got['kind']}",
        ),
        kind=got["kind"],
    )


@blank("att-22", points=2)
def test_decoder_inputs(student, case):
    function(student, case, "decoder_inputs", dtype="int64", gradient=False)


@blank("att-23", points=3)
def test_sequence_loss(student, case):
    function(student, case, "sequence_loss")


# ---- one projection for queries and keys ----


@blank("att-24", points=4)
def test_expected_logits(student, case):
    case.check({"moments": student.call("hw_attention", "expected_logits", *case.inputs)})


@blank("att-25", points=4)
def test_diagonal_weight(student, case):
    function(student, case, "diagonal_weight", gradient=False)


@blank("att-26", points=4)
def test_tied_scores_grad(student, case):
    function(student, case, "tied_scores_grad", gradient=False)


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


# ---- find the bug


@blank("att-93", points=2, bonus=True, hidden=True)
def test_bug_shown(student, case):
    counterexamples.judge(student, case, "hw_attention")


@blank("att-93", points=1, bonus=True, hidden=True)
def test_bug_smallest(student, case):
    counterexamples.judge(student, case, "hw_attention", smallest=True)


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
