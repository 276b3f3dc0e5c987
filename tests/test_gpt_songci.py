"""Checks of gpt_songci: each step of attention, of the GPT, and of the loss, alone and on its own inputs."""

import numpy as np

from course import counterexamples
from course.checks import blank


def step(student, case, kind="attention_step", **more):
    """{"value", "use"} of a step method. case.inputs: config, weights, name of the step, list of arrays."""
    return student.probe("gpt_songci", kind, *case.inputs, **more)


def check_step(student, case, *names, kind="attention_step", all_inputs=True):
    """Compare the results of a step with the expected values `names`, then ask whether scripts can use them.

    all_inputs: False where the step may leave one of its inputs out.
    """
    got = step(student, case, kind)
    parts = got["value"] if len(names) > 1 else [got["value"]]
    count = len(parts) if isinstance(parts, list) else 1
    case.require(
        isinstance(parts, list) and count == len(names),
        (
            f"{len(names)} values should be returned together ({', '.join(names)}), got {count}",
            f"应一起返回 {len(names)} 个值（{'、'.join(names)}），得到 {count} 个",
        ),
        **{"number of values": count},
    )
    case.check(dict(zip(names, parts, strict=True)))
    case.usable(got["use"] if all_inputs else got["use"] | {"unreached": []})


@blank("gpt-a1.0", points=5)
def test_project(student, case):
    check_step(student, case, "q", "k", "v")


@blank("gpt-a2.0", points=6)
def test_split_heads(student, case):
    check_step(student, case, "heads")


@blank("gpt-a3.1", points=5)
def test_swap_axes(student, case):
    check_step(student, case, "q", "k_t", "v")


@blank("gpt-a3.2", points=7)
def test_scores(student, case):
    check_step(student, case, "scores")


@blank("gpt-a3.3", points=8)
def test_mask_scores(student, case):
    got = step(student, case)
    s = got["value"]
    allowed = ~np.broadcast_to(case.inputs[3][1], np.shape(case.inputs[3][0]))
    form = isinstance(s, np.ndarray) and s.shape == allowed.shape
    case.require(
        form,
        (
            f"masked scores: shape {np.shape(s)}, expected {allowed.shape}",
            f"遮住之后的得分：形状 {np.shape(s)}，应为 {allowed.shape}",
        ),
        scores=s,
    )
    with np.errstate(all="ignore"):
        weights = np.exp(s - np.max(s, axis=-1, keepdims=True))
        weights /= weights.sum(-1, keepdims=True)
    case.check({"scores that may be seen": np.where(allowed, s, 0), "weights that follow": weights})
    case.usable(got["use"])


@blank("gpt-a3.4", points=6)
def test_weights(student, case):
    check_step(student, case, "weights")


@blank("gpt-a3.5", points=4)
def test_mix(student, case):
    check_step(student, case, "mixed")


@blank("gpt-a3.5", points=4)
def test_mix_dropout(student, case):
    weights, both = case.inputs[3][0], step(student, case, train=True)["value"]
    L = weights.shape[-1]  # v is twice the identity: the weights after dropout come out twice
    form = isinstance(both, np.ndarray) and both.shape == (*weights.shape[:-1], 2 * L)
    case.require(
        form,
        (
            f"mixed: shape {np.shape(both)}, expected {(*weights.shape[:-1], 2 * L)}",
            f"结果：形状 {np.shape(both)}，应为 {(*weights.shape[:-1], 2 * L)}",
        ),
        mixed=both,
    )
    check_dropout(case, both[..., :L], weights, case.inputs[0]["dropout"])
    case.require(
        np.allclose(both[..., :L], both[..., L:]),
        (
            "dropout belongs to the weights, before the values are mixed",
            "dropout 应作用于权重，在混合之前",
        ),
        halves=bool(np.allclose(both[..., :L], both[..., L:])),
    )


@blank("gpt-a4.0", points=6)
def test_join_heads(student, case):
    check_step(student, case, "joined")


@blank("gpt-a5.0", points=4)
def test_project_out(student, case):
    check_step(student, case, "out")
    dropped = step(student, case, train=True)["value"]
    check_dropout(case, dropped, case.expected["out"], case.inputs[0]["dropout"])


def check_dropout(case, got, full, p):
    """In training every value is 0 or 1 / (1 - p) times the value without dropout; about a fraction p of them is 0."""
    ratio = np.divide(got, full) if np.shape(got) == np.shape(full) else np.full(1, np.nan)
    zero = np.isclose(ratio, 0)
    seen, zh = "other numbers", "别的数"
    if np.allclose(ratio, 1):
        seen, zh = "nothing dropped", "什么都没有丢弃"
    elif np.all(zero | np.isclose(ratio, 1 / (1 - p))):
        seen, zh = "dropped and scaled", "丢弃并放大"
    elif np.all(zero | np.isclose(ratio, 1)):
        seen, zh = "dropped, not scaled", "丢弃而未放大"
    share, deviation = float(zero.mean()), 6 * np.sqrt(p * (1 - p) / zero.size)
    case.require(
        seen == "dropped and scaled" and abs(share - p) < deviation,
        (
            f"in training, dropout with p = {p} makes each number 0 or 1 / (1 - p) times itself; got: {seen}, a "
            f"share of {share:.3g} zeros",
            f"训练时，p = {p} 的 dropout 使每个数变为 0 或自身的 1 / (1 - p) 倍；得到：{zh}，零占 {share:.3g}",
        ),
        training=seen,
        zeros=bool(zero.any()),
        form=str(np.shape(got)),
    )


@blank("gpt-g1.0", points=6)
def test_positions(student, case):
    numbers = step(student, case, "gpt_step")["value"]
    case.check({"positions": numbers})
    form = student.probe(
        "gpt_songci", "gpt_form", case.inputs[0], "positions", *case.inputs[3][0].shape
    )
    case.check(
        {"dtype": form["dtype"], "device": form["device"]},
        why=(
            "An embedding needs integer indices on the same device as the tokens.",
            "嵌入层需要整数下标，并且要与 tokens 在同一设备上。",
        ),
    )


@blank("gpt-g2.0", points=5)
def test_embed(student, case):
    got = step(student, case, "gpt_step")
    pair = isinstance(got["value"], list) and len(got["value"]) == 2
    message = ("return two values together, E_U and E_P", "应一起返回 E_U 和 E_P 两个值")
    case.require(pair, message, pair=pair)
    E_U, E_P = got["value"]
    case.check(
        {
            "E_U": E_U,
            "E_P": np.broadcast_to(E_P, case.expected["E_P"].shape) if np.ndim(E_P) == 2 else E_P,
        }
    )
    case.usable(got["use"])


@blank("gpt-g3.0", points=4)
def test_first_input(student, case):
    no_pos = case.inputs[0]["no_pos"]
    check_step(student, case, "input", kind="gpt_step", all_inputs=not no_pos)


@blank("gpt-g3.0", points=2)
def test_first_input_dropout(student, case):
    check_dropout(
        case,
        step(student, case, "gpt_step", train=True)["value"],
        case.expected["full"],
        case.inputs[0]["dropout"],
    )


@blank("gpt-g4.0", points=7)
def test_causal_mask(student, case):
    mask = step(student, case, "gpt_step")["value"]
    L = case.inputs[3][0].shape[1]
    fits = (
        isinstance(mask, np.ndarray)
        and mask.ndim >= 2
        and mask.shape[-2:] == (L, L)
        and mask.size == L * L
    )
    case.check({"mask": mask.reshape(L, L) if fits else mask})
    form = student.probe(
        "gpt_songci", "gpt_form", case.inputs[0], "causal_mask", *case.inputs[3][0].shape
    )
    case.check(
        {"dtype": form["dtype"], "device": form["device"]},
        why=(
            "A mask is bool and on the same device as the tokens.",
            "掩码是布尔型，并且要与 tokens 在同一设备上。",
        ),
    )


@blank("gpt-g5.0", points=6)
def test_run_layers(student, case):
    log = student.probe("gpt_songci", "gpt_layers", *case.inputs)
    h, kept = log["result"]
    case.check({"h": h, "kept": kept, "masks": log["masks"]})
    case.usable(log["use"])


@blank("gpt-g6.0", points=4)
def test_logits(student, case):
    check_step(student, case, "logits", kind="gpt_step")


@blank("gpt-l1.0", points=5)
def test_loss_and_perplexity(student, case):
    got = student.probe("gpt_songci", "loss", *case.inputs)
    count = len(got["result"]) if isinstance(got["result"], list) else 1
    case.require(
        count == 2,
        ("return two values: the loss and the perplexity", "应返回两个值：损失和困惑度"),
        values=count,
    )
    case.check(dict(zip(("loss", "perplexity"), got["result"])))
    case.require(
        got["gradient"] is not None,
        (
            "training backpropagates from the loss to the logits: return a tensor that is connected to them, not a number",
            "训练要从损失经 logits 往回传：请返回与 logits 相连的张量，而不是数",
        ),
        way_back=got["gradient"] is not None,
    )
    case.check({"gradient": got["gradient"]})


@blank("gpt-n1.0", points=3, bonus=True)
def test_unigram(student, case):
    case.check({"probabilities": student.call("gpt_songci", "ngrams.unigram", *case.inputs)})


@blank("gpt-n2.0", points=4, bonus=True)
def test_bigram(student, case):
    case.check({"probabilities": student.call("gpt_songci", "ngrams.bigram", *case.inputs)})


@blank("gpt-n2.0", points=1, bonus=True)
def test_bigram_never_followed(student, case):
    case.check({"probabilities": student.call("gpt_songci", "ngrams.bigram", *case.inputs)})


@blank("gpt-t1.0", points=8, bonus=True)
def test_guide_logits(student, case):
    got = student.probe("gpt_songci", "guide", *case.inputs)
    logits, before = got["result"], case.inputs[0]
    case.require(
        isinstance(logits, np.ndarray) and logits.shape == before.shape,
        (
            f"guided logits: shape {np.shape(logits)}, expected {before.shape}",
            f"受约束的 logits：形状 {np.shape(logits)}，应为 {before.shape}",
        ),
        guided=logits,
    )
    allowed = case.expected["allowed"]
    with np.errstate(all="ignore"):
        chances = np.exp(logits - np.max(logits, axis=-1, keepdims=True))
        chances /= chances.sum(-1, keepdims=True)
    case.check({"chances": chances})
    case.check({"logits that are allowed": np.where(allowed, logits, 0)})
    case.require(
        np.array_equal(got["logits"], before),
        (
            "the input logits were changed in place; the poem's likelihood is computed from them later",
            "传入的 logits 在原地改动了；之后还要用它计算整首词的似然",
        ),
        unchanged=bool(np.array_equal(got["logits"], before)),
    )


HIDDEN = ("model", "sample", "fast", "fast_sample")  # from whole.py


def with_cache(student, case, names=("logits",)):
    got = student.probe("gpt_songci", "in_one_piece", *case.inputs, module="whole")
    case.check({name: got[name] for name in names}, rtol=1e-6, atol=1e-8)


@blank("gpt-w1.0", points=2, bonus=True, hides=HIDDEN)
def test_whole_forward(student, case):
    with_cache(student, case)


@blank("gpt-w1.0", points=3, bonus=True, hides=HIDDEN)
def test_whole_forward_pieces(student, case):
    with_cache(student, case)


@blank("gpt-w1.0", points=1, bonus=True, hides=HIDDEN)
def test_whole_forward_ablations(student, case):
    with_cache(student, case)


@blank("gpt-w1.0", points=2, bonus=True, hides=HIDDEN)
def test_whole_forward_cache(student, case):
    with_cache(student, case, ("keys", "values", "unchanged"))


# ---- find the bug


@blank("gpt-93", points=2, bonus=True, hidden=True)
def test_bug_shown(student, case):
    counterexamples.judge(student, case, "gpt_songci")


@blank("gpt-93", points=1, bonus=True, hidden=True)
def test_bug_smallest(student, case):
    counterexamples.judge(student, case, "gpt_songci", smallest=True)


@blank("gpt-91", points=6, hidden=True)
def test_architecture(student, case):
    case.letter(student.call("gpt_songci", "theory.architecture"))


@blank("gpt-together", points=0)
def test_attention_together(student, case):
    got = student.probe("gpt_songci", "attention", *case.inputs)
    case.check({"out": got["out"], "weights": got["weights"]})


@blank("gpt-together", points=0)
def test_gpt_together(student, case):
    got = student.probe("gpt_songci", "gpt", *case.inputs)
    case.check({"logits": got["logits"], "weights": got["weights"]})
