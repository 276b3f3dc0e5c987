"""Checks of waimai_cls: words, split, batches, each way to pool, each encoder, and one step of training."""

import numpy as np

from course import counterexamples
from course.checks import blank


@blank("wai-01", points=4)
def test_tokenizer(student, case):
    case.check({"words": student.call("waimai_cls", "data_processor.tokenizer", *case.inputs)})


@blank("wai-02", points=4)
def test_get_stop_words(student, case):
    got = student.probe("waimai_cls", "stop_words", *case.inputs)
    case.check({"kind": got["kind"], "words": got["words"]})


SORTED = (
    "Look at the labels of the first and the last hundred rows before you cut.",
    "切分之前，先看看最前和最后一百行的标签。",
)


@blank("wai-03", points=5)
def test_split(student, case):
    labels, share, seeds = case.inputs
    parts = student.probe("waimai_cls", "split", labels, share, seeds)
    form = all(
        isinstance(part[name], np.ndarray)
        and part[name].ndim == 1
        and np.issubdtype(part[name].dtype, np.integer)
        for part in parts
        for name in ("rest", "held")
    )
    case.require(
        form,
        (
            "the answer is two arrays of whole numbers, (rest, held)",
            "返回值应为两个整数数组 (rest, held)",
        ),
        form=[type(parts[0][name]).__name__ for name in ("rest", "held")],
    )
    numbers = np.arange(len(labels))
    joined = [np.sort(np.concatenate([part["rest"], part["held"]])) for part in parts]
    held = [np.sort(part["held"]) for part in parts]
    inside = all(len(rows) and rows[0] >= 0 and rows[-1] < len(labels) for rows in joined)
    kinds = np.unique(labels)
    counts = (
        [[int((labels[part] == label).sum()) for label in kinds] for part in held] if inside else []
    )
    totals = [int((labels == label).sum()) for label in kinds]
    wanted = [round(share * total) for total in totals]
    rest = [total - count for total, count in zip(totals, wanted, strict=True)]
    shares = "other"
    if all(part_counts == rest for part_counts in counts):
        shares = "those of the rest"
    elif any(0 in part_counts for part_counts in counts):
        shares = "a label is missing"
    elif any(part_counts != counts[0] for part_counts in counts):
        shares = "by chance"
    case.require(True, ("", ""), shares=shares)  # tells mistakes apart
    case.check(
        {
            "each text is in one part": all(np.array_equal(rows, numbers) for rows in joined),
            "the share of each label is held": all(
                label_counts == wanted for label_counts in counts
            )
            and inside,
            "another seed holds other texts": not np.array_equal(held[0], held[1]),
            "the same seed holds the same texts": np.array_equal(held[0], held[2]),
        },
        why=SORTED if shares == "a label is missing" else None,
    )


@blank("wai-04", points=5)
def test_vocabulary(student, case):
    case.check({"words": student.call("waimai_cls", "data_processor.vocabulary", *case.inputs)})


@blank("wai-05", points=4)
def test_pad(student, case):
    got = student.probe("waimai_cls", "pad", *case.inputs)
    pair = isinstance(got["value"], list) and len(got["value"]) == 2
    message = (
        "the answer is two tensors, tokens and lengths",
        "返回值应为 tokens 和 lengths 两个张量",
    )
    case.require(pair, message, pair=pair)
    tokens, lengths = got["value"]
    case.check({"tokens": tokens, "lengths": lengths})
    case.usable(got["use"], dtype="int64", gradient=False)


@blank("wai-06", points=7)
def test_make_embedding(student, case):
    got = student.probe("waimai_cls", "embedding", *case.inputs)
    case.check(
        {
            name: got[name]
            for name in ("kind", "starts with the vectors", "row 0 is zero", "moves", "answers")
        }
    )


def tensors(student, case, name):
    """Compare the result of a function of tensors with the one expected value, then ask whether scripts can use it."""
    got = student.probe("waimai_cls", "tensors", name, *case.inputs)
    (key,) = case.expected
    case.check({key: got["value"]})
    case.usable(got["use"])


@blank("wai-07", points=7)
def test_mean_pool(student, case):
    tensors(student, case, "mean_pool")


@blank("wai-08", points=5)
def test_max_pool(student, case):
    tensors(student, case, "max_pool")


@blank("wai-09", points=7)
def test_last_state(student, case):
    tensors(student, case, "last_state")


@blank("wai-10", points=8)
def test_last_state_bidirectional(student, case):
    tensors(student, case, "last_state_bidirectional")


@blank("wai-11", points=4)
def test_hidden_layer(student, case):
    tensors(student, case, "hidden_layer")


@blank("wai-12", points=6)
def test_convolve(student, case):
    tensors(student, case, "convolve")


@blank("wai-13", points=6)
def test_attend(student, case):
    got = student.probe("waimai_cls", "tensors", "attend", *case.inputs)
    mixed = got["value"]
    if (
        np.shape(mixed) == case.expected["mixed"].shape
    ):  # values at padding positions are not compared
        mixed = mixed.copy()
        for row, length in enumerate(case.inputs[3]):
            mixed[row, :, length:] = 0
    case.check({"mixed": mixed})
    case.usable(got["use"])


@blank("wai-14", points=7)
def test_states(student, case):
    got = student.probe("waimai_cls", "recurrent_states", *case.inputs)
    case.check({"states": got["value"]})
    case.usable(got["use"])


@blank("wai-15", points=5)
def test_make_optimizer(student, case):
    got = student.probe("waimai_cls", "optimizer", *case.inputs, module="train")
    case.check({name: got[name] for name in ("kind", "lr", "parameters")})


def floats(case, kinds):
    """`kinds` names the types that should have been float."""
    came = ", ".join(dict.fromkeys(kinds))
    case.require(
        not kinds,
        (
            f"the values are right, but train.py writes them to its log as numbers: a float is needed, got {came}",
            f"数值正确，但 train.py 要把它们作为数写入日志：需要 float，得到 {came}",
        ),
        kinds=kinds,
    )


@blank("wai-16", points=6)
def test_train_step(student, case):
    got = student.probe("waimai_cls", "steps", *case.inputs, module="train")
    losses = [np.asarray(loss) for loss in got["losses"]]
    numbers = all(loss.dtype.kind == "f" and loss.shape == () for loss in losses)
    case.check(
        {
            "losses": np.array(losses) if numbers else got["losses"],
            "weights": got["weights"],
            "training": got["training"],
        },
        rtol=1e-6,
    )
    floats(case, got["kinds"])


@blank("wai-17", points=6)
def test_evaluate(student, case):
    got = student.probe("waimai_cls", "evaluation", *case.inputs, module="train")
    case.check(
        {name: got[name] for name in ("loss", "accuracy", "training", "gradients kept")}, rtol=1e-6
    )
    floats(case, got["kinds"])


@blank("wai-18", points=4)
def test_best_epoch(student, case):
    epoch = student.call("waimai_cls", "train.best_epoch", *case.inputs)
    case.check({"epoch": epoch})
    case.indices(epoch=epoch)


def both_directions(student, case, part):
    got = student.probe("waimai_cls", "in_one_piece", *case.inputs, module="whole")
    case.check({part: got[part]}, rtol=1e-6, atol=1e-9)


@blank("wai-19", points=4, bonus=True, hides=("model",))
def test_whole_gru_forwards(student, case):
    both_directions(student, case, "left to right")


@blank("wai-19", points=2, bonus=True, hides=("model",))
def test_whole_gru_backwards(student, case):
    both_directions(student, case, "right to left")


@blank("wai-19", points=2, bonus=True, hides=("model",))
def test_whole_gru_padding(student, case):
    both_directions(student, case, "states")


@blank("wai-19", points=2, bonus=True, hides=("model",))
def test_whole_gru_gradient(student, case):
    both_directions(student, case, "gradients")


# ---- find the bug


@blank("wai-93", points=2, bonus=True, hidden=True)
def test_bug_shown(student, case):
    counterexamples.judge(student, case, "waimai_cls")


@blank("wai-93", points=1, bonus=True, hidden=True)
def test_bug_smallest(student, case):
    counterexamples.judge(student, case, "waimai_cls", smallest=True)


@blank("wai-together", points=0)
def test_model_together(student, case):
    case.check(
        {"logits": student.probe("waimai_cls", "classifier", *case.inputs)}, rtol=1e-6, atol=1e-8
    )
