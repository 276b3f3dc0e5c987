"""Checks of waimai_cls: words, split, batches, each way to pool, each encoder, and one step of training."""

import numpy as np

from course.checks import blank


@blank("wai-01", points=4)
def test_tokenizer(student, case):
    case.check({"words": student.call("waimai_cls", "data_processor.tokenizer", *case.inputs)})


@blank("wai-02", points=4)
def test_get_stop_words(student, case):
    got = student.probe("waimai_cls", "stop_words", *case.inputs)
    case.check({"kind": got["kind"], "words": got["words"]})


@blank(
    "wai-03",
    points=5,
    why=(
        "Look at the labels of the first and the last hundred rows before you cut.",
        "切分之前，先看看最前和最后一百行的标签。",
    ),
)
def test_split(student, case):
    labels, share, seeds = case.inputs
    parts = student.probe("waimai_cls", "split", labels, share, seeds)
    form = all(
        isinstance(part, np.ndarray) and part.ndim == 1 and np.issubdtype(part.dtype, np.integer)
        for part in (parts[0]["rest"], parts[0]["held"])
    )
    case.require(
        form,
        (
            "the answer is two arrays of whole numbers, (rest, held)",
            "返回值应为两个整数数组 (rest, held)",
        ),
        form=form,
    )
    numbers = np.arange(len(labels))
    joined = [np.sort(np.concatenate([part["rest"], part["held"]])) for part in parts]
    held = [np.sort(part["held"]) for part in parts]
    inside = all(len(rows) and rows[0] >= 0 and rows[-1] < len(labels) for rows in joined)
    counts = (
        [[int((labels[part] == label).sum()) for label in np.unique(labels)] for part in held]
        if inside
        else []
    )
    wanted = [round(share * int((labels == label).sum())) for label in np.unique(labels)]
    case.check(
        {
            "each text is in one part": all(np.array_equal(rows, numbers) for rows in joined),
            "the share of each label is held": all(
                label_counts == wanted for label_counts in counts
            )
            and inside,
            "another seed holds other texts": not np.array_equal(held[0], held[1]),
            "the same seed holds the same texts": np.array_equal(held[0], held[2]),
        }
    )


@blank("wai-04", points=5)
def test_vocabulary(student, case):
    case.check({"words": student.call("waimai_cls", "data_processor.vocabulary", *case.inputs)})


@blank("wai-05", points=4)
def test_pad(student, case):
    tokens, lengths = student.call("waimai_cls", "data_processor.pad", *case.inputs)
    case.check({"tokens": tokens, "lengths": lengths})
    kinds = [str(getattr(tensor, "dtype", "")) for tensor in (tokens, lengths)]
    case.require(
        kinds == ["int64", "int64"],
        (
            f"tokens and lengths are long (int64), got {', '.join(kinds)}",
            f"tokens 和 lengths 应为 long(int64)，得到 {', '.join(kinds)}",
        ),
        kinds=kinds,
    )


@blank("wai-06", points=7)
def test_make_embedding(student, case):
    got = student.probe("waimai_cls", "embedding", *case.inputs)
    case.check(
        {
            name: got[name]
            for name in ("kind", "starts with the vectors", "row 0 is zero", "moves", "answers")
        }
    )


@blank("wai-07", points=7)
def test_mean_pool(student, case):
    case.check({"pooled": student.probe("waimai_cls", "tensors", "mean_pool", *case.inputs)})


@blank("wai-08", points=5)
def test_max_pool(student, case):
    case.check({"pooled": student.probe("waimai_cls", "tensors", "max_pool", *case.inputs)})


@blank("wai-09", points=7)
def test_last_state(student, case):
    case.check({"pooled": student.probe("waimai_cls", "tensors", "last_state", *case.inputs)})


@blank("wai-10", points=8)
def test_last_state_bidirectional(student, case):
    case.check(
        {"pooled": student.probe("waimai_cls", "tensors", "last_state_bidirectional", *case.inputs)}
    )


@blank("wai-11", points=4)
def test_hidden_layer(student, case):
    case.check({"hidden": student.probe("waimai_cls", "tensors", "hidden_layer", *case.inputs)})


@blank("wai-12", points=6)
def test_convolve(student, case):
    case.check({"filtered": student.probe("waimai_cls", "tensors", "convolve", *case.inputs)})


@blank("wai-13", points=6)
def test_attend(student, case):
    mixed = student.probe("waimai_cls", "tensors", "attend", *case.inputs)
    if (
        np.shape(mixed) == case.expected["mixed"].shape
    ):  # values at padding positions are not compared
        mixed = mixed.copy()
        for row, length in enumerate(case.inputs[3]):
            mixed[row, :, length:] = 0
    case.check({"mixed": mixed})


@blank("wai-14", points=7)
def test_states(student, case):
    case.check({"states": student.probe("waimai_cls", "recurrent_states", *case.inputs)})


@blank("wai-15", points=5)
def test_make_optimizer(student, case):
    got = student.probe("waimai_cls", "optimizer", *case.inputs, module="train")
    case.check({name: got[name] for name in ("kind", "lr", "parameters")})


@blank("wai-16", points=6)
def test_train_step(student, case):
    got = student.probe("waimai_cls", "steps", *case.inputs, module="train")
    case.check({name: got[name] for name in ("losses", "weights", "training")}, rtol=1e-6)


@blank("wai-17", points=6)
def test_evaluate(student, case):
    got = student.probe("waimai_cls", "evaluation", *case.inputs, module="train")
    case.check(
        {name: got[name] for name in ("loss", "accuracy", "training", "gradients kept")}, rtol=1e-6
    )


@blank("wai-18", points=4)
def test_best_epoch(student, case):
    case.check({"epoch": student.call("waimai_cls", "train.best_epoch", *case.inputs)})


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


@blank("wai-together", points=0)
def test_model_together(student, case):
    case.check(
        {"logits": student.probe("waimai_cls", "classifier", *case.inputs)}, rtol=1e-6, atol=1e-8
    )
