"""waimai_cls: scripts on generated reviews, bad input, no leaks from the test part, no dependence on the batch."""

import bz2
import csv
import gzip
import json
import os
import random
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest
import torch

from course.homeworks import ROOT
from course.solved import load_solved

HOMEWORK = load_solved("waimai_cls")
FOLDER = ROOT / "waimai_cls"
GOOD, BAD = "好吃 很快 满意 热乎 划算".split(), "难吃 太慢 失望 凉了 漏汤".split()
PLAIN = "外卖 米饭 今天 味道 骑手 包装 面条 师傅".split()


def call(module, name, *args, **kwargs):
    """Call a function of a module of the homework."""
    with HOMEWORK.active():
        return getattr(HOMEWORK.module(module), name)(*args, **kwargs)


def script(name, *argv):
    return call(name, "main", [str(word) for word in argv])


def user_error(name, *argv):
    """The one-line message of the UserError that main() of a script raises; fails if it raises none."""
    with HOMEWORK.active(), pytest.raises(HOMEWORK.module("cli").UserError) as caught:
        HOMEWORK.module(name).main([str(word) for word in argv])
    assert "\n" not in str(caught.value)
    return str(caught.value)


def reviews(count, seed=0):
    """[(label, review)], sorted by label; reviews consist of words that indicate the label and neutral ones."""
    rng = random.Random(seed)
    rows = []
    for index in range(count):
        label = int(index < count // 3)
        words = rng.choices(PLAIN, k=rng.randint(1, 6)) + rng.choices(
            (BAD, GOOD)[label], k=rng.randint(1, 3)
        )
        rng.shuffle(words)
        rows.append((label, "，".join(words) + f"{index}"))
    return rows


def write_csv(path, rows, encoding="utf-8-sig", header=("label", "review")):
    with open(path, "w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows([header, *rows])


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    """A folder with 150 generated reviews and a list of stop words."""
    folder = tmp_path_factory.mktemp("raw")
    write_csv(folder / "waimai_10k.csv", reviews(150))
    (folder / "stop_words.txt").write_text("# list\n今天\n,\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def data(raw, tmp_path_factory):
    """A folder with the prepared data of `raw`."""
    folder = tmp_path_factory.mktemp("data")
    script(
        "prepare", "--data_root", raw, "--out_dir", folder, "--dim", 12, "--min_count", 1, "--quiet"
    )
    return folder


def read_log(folder):
    """Lines of log.jsonl as dicts, without times and speeds."""
    lines = [
        json.loads(line) for line in (folder / "log.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    return [
        {k: v for k, v in line.items() if k not in ("seconds", "words_per_second")}
        for line in lines
    ]


# ------------------------------------------------------------------------------------------------------------- leaks


def test_prepare_does_not_change_the_raw_folder(raw, data):
    assert sorted(path.name for path in raw.iterdir()) == ["stop_words.txt", "waimai_10k.csv"]


@pytest.mark.parametrize("seed", range(3))
def test_split_shares_no_text_and_keeps_label_proportions(seed):
    rows = reviews(300) + [
        (0, "重复的评论"),
        (1, "重复的评论"),
        (0, "难吃1"),
        (0, "难吃1"),
        (1, " "),
        (0, ""),
    ]
    labels, texts = [label for label, _ in rows[:302]], [text for _, text in rows[:302]]
    parts = call("prepare", "split_rows", texts, labels, seed)
    assert sorted(sum(parts.values(), [])) == list(range(302))
    texts_of = {name: {texts[row] for row in part} for name, part in parts.items()}
    assert (
        not texts_of["train"] & texts_of["test"]
        and not texts_of["train"] & texts_of["validation"]
        and not texts_of["validation"] & texts_of["test"]
    )
    assert abs(len(parts["test"]) - 60) <= 2 and abs(len(parts["validation"]) - 48) <= 2
    for part in parts.values():
        assert abs(np.mean([labels[row] for row in part]) - 1 / 3) < 0.03


def test_test_rows_do_not_influence_training(raw, tmp_path):
    """With other texts in the test rows, vocabulary, vectors and training are the same, epoch by epoch."""
    rows = reviews(150)
    labels, texts, _ = call("data_processor", "read_reviews", raw / "waimai_10k.csv")
    test = set(call("prepare", "split_rows", texts, labels, 0)["test"])
    changed = [
        (label, f"全新的句子{row}完全不同") if row in test else (label, text)
        for row, (label, text) in enumerate(rows)
    ]
    for name, content in (("a", rows), ("b", changed)):
        (tmp_path / name).mkdir()
        write_csv(tmp_path / name / "waimai_10k.csv", content)
        script("prepare", "--data_root", tmp_path / name, "--dim", 8, "--min_count", 1, "--quiet")
        script(
            "train",
            "--data_root",
            tmp_path / name,
            "--ckpt_path",
            tmp_path / name / "run",
            "--model",
            "gru",
            "--hidden",
            6,
            "--lr",
            0.01,
            "--epochs",
            3,
            "--quiet",
        )
    metas = [
        json.loads((tmp_path / name / "meta.json").read_text(encoding="utf-8")) for name in "ab"
    ]
    assert metas[0]["words"] == metas[1]["words"]
    assert np.array_equal(np.load(tmp_path / "a/vectors.npy"), np.load(tmp_path / "b/vectors.npy"))
    logs = [
        [
            {k: v for k, v in line.items() if k != "test_accuracy"}
            for line in read_log(tmp_path / name / "run")
        ]
        for name in "ab"
    ]
    assert logs[0] == logs[1]


# --------------------------------------------------------------------------------------------------------- invariance

MODELS = [dict(name=name) for name in ("mean", "mlp", "cnn", "rnn", "gru", "lstm", "transformer")]
MODELS += [
    dict(name=name, num_layers=layers, bidirectional=both, pool=pool)
    for name, layers, both, pool in (
        ("rnn", 1, True, None),
        ("gru", 2, False, None),
        ("lstm", 2, True, "last"),
        ("lstm", 1, True, "mean"),
        ("rnn", 1, False, "max"),
    )
]
MODELS += [
    dict(name="transformer", num_layers=2, pool="max"),
    dict(name="cnn", pool="mean"),
    dict(name="mlp", pool="max"),
]


@pytest.mark.parametrize("settings", MODELS, ids=lambda option: "-".join(map(str, option.values())))
@pytest.mark.parametrize("embedding", ["frozen", "random"])
def test_text_has_the_same_logits_alone_and_in_a_batch(settings, embedding):
    torch.manual_seed(1)
    V, D = 30, 12
    vectors = torch.randn(V, D)
    vectors[0] = 0
    with HOMEWORK.active():
        model = (
            HOMEWORK.module("model")
            .build_model(
                vocab_size=V,
                embedding_dim=D,
                hidden=12,
                embedding=embedding,
                vectors=vectors,
                **settings,
            )
            .eval()
        )
        texts = [torch.randint(1, V, (n,)).tolist() for n in (1, 2, 9, 4, 30, 1)]
        tokens, lengths = HOMEWORK.module("data_processor").pad(texts)
        with torch.no_grad():
            batch_logits = model(tokens, lengths)
            single_logits = torch.cat(
                [model(torch.tensor([text]), torch.tensor([len(text)])) for text in texts]
            )
            padded_logits = model(torch.nn.functional.pad(tokens, (0, 7)), lengths)
    assert (batch_logits - single_logits).abs().max() < 1e-6 and (
        batch_logits - padded_logits
    ).abs().max() < 1e-6


def test_precomputed_averages_train_the_same_model(data):
    with HOMEWORK.active():
        train, load = HOMEWORK.module("train"), HOMEWORK.module("data_processor").load_data
        parts = {part: load(data, part, 16) for part in ("train", "validation")}
        model = train.model_of({"model": "mlp", "hidden": 9}, parts["train"].vectors, 0)
        reference = train.model_of({"model": "mlp", "hidden": 9}, parts["train"].vectors, 0)
        state = train.fit(model, parts["train"], parts["validation"], 1e-3, 2, 5, 0)
        optimizer = train.make_optimizer(reference, 1e-3)
        for epoch in range(2):
            rng = np.random.default_rng([0, epoch])
            rng.integers(2**31)
            losses = [
                train.train_step(reference, batch, optimizer) for batch in parts["train"].epoch(rng)
            ]
            assert state["log"][epoch]["train_loss"] == pytest.approx(
                sum(losses) / len(losses), abs=1e-5
            )


def test_batches_have_less_than_10_percent_padding():
    rng = np.random.default_rng(0)
    lengths = np.minimum(rng.geometric(0.08, size=4000), 200)
    batches = call("data_processor", "Batches", [[1] * n for n in lengths], np.zeros(4000), 32)
    groups = batches.groups(rng)
    assert sorted(np.concatenate(groups)) == list(range(4000))
    assert 1 - lengths.sum() / sum(len(group) * lengths[group].max() for group in groups) < 0.10


# ------------------------------------------------------------------------------------------------------------ vectors


def test_ppmi_vectors_equal_the_definition():
    """V V^T is compared with U S U^T of plain loops and a full SVD."""
    rng = np.random.default_rng(3)
    texts, size = [rng.integers(1, 9, size=n).tolist() for n in rng.integers(1, 9, size=60)], 9
    M = np.zeros((size, size))
    for text in texts:
        for i, a in enumerate(text):
            for j, b in enumerate(text):
                if i != j and abs(i - j) <= 5:
                    M[a, b] += 1 / abs(i - j)
    total = M.sum()
    p = M.sum(1) / total
    smooth = p**0.75 / (p**0.75).sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        M = np.nan_to_num(np.maximum(0, np.log(M / total / (p[:, None] * smooth))), neginf=0)
    U, S, _ = np.linalg.svd(M)
    expected = (U * S) @ U.T
    got = call("prepare", "ppmi", texts, size, size).astype(np.float64)
    scale = expected[1, 1] / (got @ got.T)[1, 1]
    assert np.allclose(got @ got.T * scale, expected, atol=1e-4)
    assert np.isclose((got[1:] ** 2).mean(), 1) and not got[0].any()
    assert call("prepare", "ppmi", [[2], [3]], 5, 3).shape == (5, 3)  # no two words occur together


VECTORS = {"好吃": [1, 2, 3], "难 吃": [0.5, -1, 2e-3], "unseen": [9, 9, 9], "米饭": [4, 5, 6]}


@pytest.mark.parametrize("opener, ending", [(open, ""), (gzip.open, ".gz"), (bz2.open, ".bz2")])
@pytest.mark.parametrize("header", [False, True])
def test_published_vectors_are_read(opener, ending, header, tmp_path):
    path = tmp_path / f"vectors.txt{ending}"
    with opener(path, "wt", encoding="utf-8", newline="") as file:
        file.write(
            "4 3\n" * header
            + "".join(f"{word} {' '.join(map(str, row))} \n" for word, row in VECTORS.items())
        )
    number = {"好吃": 2, "难 吃": 3, "没有": 4, "米饭": 5}
    table, is_read, _ = call("prepare", "read_vectors", path, number, 6)
    assert is_read.tolist() == [False, False, True, True, False, True]
    assert (
        np.allclose(table[[2, 3, 5]], [VECTORS["好吃"], VECTORS["难 吃"], VECTORS["米饭"]])
        and not table[[0, 1, 4]].any()
    )


@pytest.mark.parametrize(
    "text, message",
    [
        ("2 3\n好吃 1 2 3\n难吃 1 2\n", "line 3: 2 numbers, expected 3"),
        ("好吃 1 2 3\n米饭 1 x 3\n", "line 2"),
        ("好吃 1 2 3\n米饭 1 nan 3\n", "line 2"),
        ("", "is empty"),
        ("好吃\n", "line 1"),
    ],
)
def test_broken_vector_file_is_a_user_error_with_the_line(text, message, tmp_path, raw):
    (tmp_path / "v.txt").write_text(text, encoding="utf-8")
    assert message in user_error(
        "prepare",
        "--data_root",
        raw,
        "--out_dir",
        tmp_path / "out",
        "--vectors",
        tmp_path / "v.txt",
        "--quiet",
    )
    assert not (tmp_path / "out" / "meta.json").exists()


def test_missing_damaged_or_wide_vector_file_is_a_user_error(tmp_path, raw):
    (tmp_path / "v.txt").write_text("好吃 1 2 3\n", encoding="utf-8")
    message = user_error(
        "prepare",
        "--data_root",
        raw,
        "--out_dir",
        tmp_path,
        "--vectors",
        tmp_path / "v.txt",
        "--dim",
        300,
        "--quiet",
    )
    assert "3 wide" in message and "300" in message
    (tmp_path / "v.txt.gz").write_bytes(b"no gzip")
    assert "v.txt.gz" in user_error(
        "prepare",
        "--data_root",
        raw,
        "--out_dir",
        tmp_path,
        "--vectors",
        tmp_path / "v.txt.gz",
        "--quiet",
    )
    assert "no such file" in user_error(
        "prepare", "--data_root", raw, "--vectors", tmp_path / "none", "--quiet"
    )


def test_vector_file_of_12_mb_is_read_with_1_mb(tmp_path):
    row = " ".join(["0.125"] * 100)
    with open(tmp_path / "v.txt", "w", encoding="utf-8") as file:
        file.writelines(f"word{n} {row}\n" for n in range(20_000))  # 12 MB
    tracemalloc.start()
    table, is_read, _ = call("prepare", "read_vectors", tmp_path / "v.txt", {"word19999": 2}, 3)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert is_read[2] and table[2, 0] == 0.125 and peak < 1e6


# ---------------------------------------------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    "content, message",
    [
        ("标签,review\n1,好\n", "columns 标签, review; expected label,review"),
        ("label,review\n1,好吃\n2,难吃\n", "line 3: label '2'"),
        ("label,review\n1\n", "line 2"),
        ("", "columns (none)"),
        ("label,review\n1,好吃\n0,难吃\n", "too few to split"),
    ],
)
def test_unsuitable_csv_is_a_user_error(content, message, tmp_path):
    (tmp_path / "waimai_10k.csv").write_text(content, encoding="utf-8")
    assert message in user_error("prepare", "--data_root", tmp_path, "--quiet")


def test_csv_that_is_not_utf_8_names_gb18030_only_if_it_fits(tmp_path):
    write_csv(tmp_path / "waimai_10k.csv", reviews(30), encoding="gb18030")
    assert "GB18030" in user_error("prepare", "--data_root", tmp_path, "--quiet")
    (tmp_path / "waimai_10k.csv").write_bytes(b"label,review\n1,\xff\xff\xff\n")
    message = user_error("prepare", "--data_root", tmp_path, "--quiet")
    assert "UTF-8" in message and "GB18030" not in message


def test_empty_repeated_and_contradictory_rows_are_counted(tmp_path):
    rows = [
        (1, "好吃"),
        (1, "好吃 "),
        (0, "好吃"),
        (0, ""),
        (1, "  "),
        (0, '带"引号",和逗号'),
        (0, "ＡＢ"),
        (0, "ab"),
    ]
    write_csv(tmp_path / "w.csv", rows)
    labels, texts, counts = call("data_processor", "read_reviews", tmp_path / "w.csv")
    assert counts == {"rows": 8, "empty": 2, "repeated": 2, "both labels": 1}
    assert sorted(zip(texts, labels)) == sorted(
        [("好吃", 1), ("好吃", 0), ('带"引号",和逗号', 0), ("ab", 0)]
    )


def test_wrong_flags_and_missing_folders_are_user_errors(data, tmp_path, capsys):
    with pytest.raises(SystemExit):
        script("train", "--model", "bert")
    assert "mean" in capsys.readouterr().err
    assert "prepare.py" in user_error("train", "--data_root", tmp_path, "--ckpt_path", tmp_path)
    assert "download.py waimai_10k" in user_error("prepare", "--data_root", tmp_path / "none")
    assert "layers to stack" in user_error(
        "train", "--data_root", data, "--ckpt_path", tmp_path, "--model", "mean", "--num_layers", 2
    )
    assert "mean, frozen" in user_error(
        "compare", "--data_root", ROOT / "data" / "waimai_10k", "--variants", "bert"
    )
    with HOMEWORK.active(), pytest.raises(ValueError, match="choose from mean, mlp"):
        HOMEWORK.module("model").build_model("bert", 5)


# ------------------------------------------------------------------------------------------------- train, resume, sample


@pytest.fixture(scope="module")
def trained(data, tmp_path_factory):
    """Folder of a training run of 6 epochs."""
    run = tmp_path_factory.mktemp("runs") / "whole"
    script(
        "train",
        "--data_root",
        data,
        "--ckpt_path",
        run,
        "--model",
        "cnn",
        "--embedding",
        "finetune",
        "--hidden",
        12,
        "--lr",
        0.01,
        "--dropout",
        0.3,
        "--epochs",
        6,
        "--patience",
        9,
        "--quiet",
    )
    return run


def test_training_reaches_90_percent_and_writes_its_files(trained):
    assert sorted(path.name for path in trained.iterdir()) == [
        "accuracy.png",
        "ckpt.pt",
        "log.jsonl",
    ]
    log = read_log(trained)
    best = max(log, key=lambda line: line["validation_accuracy"])
    assert best["validation_accuracy"] > 0.9 and best["test_accuracy"] > 0.9
    assert sum("test_accuracy" in line for line in log) == 1


def test_resumed_training_has_the_same_log(data, trained, tmp_path):
    flags = ["--data_root", data, "--ckpt_path", tmp_path, "--quiet"]
    script(
        "train",
        *flags,
        "--model",
        "cnn",
        "--embedding",
        "finetune",
        "--hidden",
        12,
        "--lr",
        0.01,
        "--dropout",
        0.3,
        "--epochs",
        2,
    )
    assert "--lr" in user_error("train", *flags, "--resume", "--lr", 0.5)
    script("train", *flags, "--resume", "--epochs", 6, "--patience", 9)
    assert read_log(tmp_path) == read_log(trained)


def test_other_vocabulary_or_damaged_run_is_a_user_error(raw, trained, tmp_path):
    script(
        "prepare",
        "--data_root",
        raw,
        "--out_dir",
        tmp_path,
        "--dim",
        12,
        "--tokens",
        "chars",
        "--quiet",
    )
    assert "another vocabulary" in user_error(
        "train", "--data_root", tmp_path, "--ckpt_path", trained, "--resume", "--quiet"
    )
    (tmp_path / "ckpt.pt").write_bytes(b"nothing")
    assert "truncated or not a checkpoint" in user_error("sample", "--ckpt_path", tmp_path, "好")
    assert "train.py" in user_error("sample", "--ckpt_path", tmp_path / "none", "好")


def test_sample_prints_label_probability_and_words(trained, capsys):
    script(
        "sample", "--ckpt_path", trained, "味道好吃，很快", "难吃，太慢", "qqq zzz", "--words", 0
    )
    lines = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert [line[0] for line in lines[:2]] == ["good", "bad"]
    assert 0.5 <= float(lines[0][1]) <= 1 and lines[0][2] == "味道好吃,很快"
    word_effects = dict(word.rsplit("+", 1) for word in lines[0][3].split() if "+" in word)
    assert "好吃" in word_effects and float(word_effects["好吃"]) > 0
    assert "qqq?" in lines[2][3] and "no word of this text" in lines[2][4]


def test_sample_reads_reviews_from_a_pipe(trained):
    process = subprocess.run(
        [sys.executable, "-W", "error", str(FOLDER / "sample.py"), "--ckpt_path", str(trained)],
        input="很快\n\n太慢\n",
        text=True,
        encoding="utf-8",
        capture_output=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert process.returncode == 0 and len(process.stdout.splitlines()) == 2
    assert (
        process.stderr.startswith("jieba: reading the dictionary ...")
        and process.stderr.count("\n") == 1
    )


def test_jieba_prints_nothing_and_leaves_no_cache(tmp_path):
    """jieba does not import pkg_resources, logs nothing, and leaves no file in the temporary folder."""
    (tmp_path / "lib").mkdir()
    (tmp_path / "tmp").mkdir()
    (tmp_path / "lib" / "pkg_resources.py").write_text(
        "import warnings\nwarnings.warn('deprecated', DeprecationWarning)\n", encoding="utf-8"
    )
    code = "import data_processor as d, sys; print(d.tokenizer('送得 很快！')); assert 'pkg_resources' not in sys.modules"
    env = {
        **os.environ,
        "PYTHONPATH": f"{tmp_path / 'lib'}{os.pathsep}{FOLDER}",
        "TMPDIR": str(tmp_path / "tmp"),
        "TEMP": str(tmp_path / "tmp"),
        "TMP": str(tmp_path / "tmp"),
        "PYTHONUTF8": "1",
    }
    process = subprocess.run(
        [sys.executable, "-B", "-W", "error", "-c", code],
        text=True,
        encoding="utf-8",
        capture_output=True,
        env=env,
    )
    assert process.returncode == 0, process.stderr
    assert process.stdout.strip() == "['送得', '很快', '！']" and not list(
        (tmp_path / "tmp").iterdir()
    )
    assert process.stderr.count("\n") == 1


# ------------------------------------------------------------------------------------------------------------ compare


def test_compare_keeps_finished_runs(raw, tmp_path, capsys):
    flags = [
        "--data_root",
        raw,
        "--ckpt_path",
        tmp_path,
        "--epochs",
        2,
        "--seeds",
        0,
        1,
        "--no_yardsticks",
        "--quiet",
    ]
    script("compare", *flags, "--variants", "mean, frozen")
    times_before = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "runs").iterdir()}
    assert len(times_before) == 2
    capsys.readouterr()
    script("compare", *flags, "--variants", "mean, frozen", "cnn, finetune", "mean, n-grams")
    assert all(
        (tmp_path / "runs" / name).stat().st_mtime_ns == time for name, time in times_before.items()
    )
    lines = (tmp_path / "table.md").read_text(encoding="utf-8").splitlines()
    assert {line.split(" | ")[0] for line in lines[2:6]} == {
        "| mean, frozen",
        "| cnn, finetune",
        "| mean, n-grams",
        "| average of all of them",
    }
    assert (tmp_path / "compare.png").stat().st_size > 5000


def test_differences_are_paired_by_split():
    """A gain of 0.01 on each split is significant even if the splits themselves differ by more."""
    with HOMEWORK.active():
        compare = HOMEWORK.module("compare")
    rows = {
        "mean, frozen": (0.80, 0.90, 0.70),
        "rnn, frozen": (0.81, 0.91, 0.711),
        "mlp, frozen": (0.82, 0.88, 0.71),
    }
    lines = compare.differences(
        {
            name: {seed: {"test": value} for seed, value in enumerate(values)}
            for name, values in rows.items()
        }
    )
    assert lines[2:] == [
        "| mlp, frozen | mean, frozen | +0.0033 | 0.0208 | +0.0200 -0.0200 +0.0100 | no |",
        "| rnn, frozen | mean, frozen | +0.0103 | 0.0006 | +0.0100 +0.0100 +0.0110 | yes |",
    ]
    assert (
        compare.differences({"mean, frozen": {0: {"test": 0.8}}, "rnn, frozen": {0: {"test": 0.9}}})
        == []
    )


def test_interrupted_compare_gives_the_same_result(raw, tmp_path):
    """Interrupted during the search and during the training after it, a run gives the same result as uninterrupted."""
    with HOMEWORK.active():
        compare, train = HOMEWORK.module("compare"), HOMEWORK.module("train")
        data = compare.Data(raw, tmp_path, True)
        settings = compare.settings_of("tuned", "gru, last state", 3)
        parts = data.parts(0, settings)
        whole = compare.train_variant("gru", settings, 0, parts, tmp_path / "whole.pt", "cpu", True)
        step, calls = train.train_step, []
        for limit in (3, 9):

            def breaking(model, batch, optimizer, limit=limit):
                calls.append(1)
                if len(calls) > limit:
                    raise KeyboardInterrupt
                return step(model, batch, optimizer)

            train.train_step, seconds = breaking, train.SAVE_SECONDS
            train.SAVE_SECONDS = 0
            try:
                with pytest.raises(KeyboardInterrupt):
                    compare.train_variant(
                        "gru", settings, 0, parts, tmp_path / "broken.pt", "cpu", True
                    )
            finally:
                train.train_step, train.SAVE_SECONDS = step, seconds
            assert (tmp_path / "broken.pt").exists()
        continued = compare.train_variant(
            "gru", settings, 0, parts, tmp_path / "broken.pt", "cpu", True
        )
    for option, resumed in zip(whole["probabilities"], continued["probabilities"]):
        assert torch.equal(option, resumed)


# ---------------------------------------------------------------------------------------------------------- full data


@pytest.mark.deep
def test_split_of_the_full_data_shares_no_text():
    if "COURSE_FULL_DATA" not in os.environ:
        pytest.skip(
            "needs the full sets: COURSE_FULL_DATA=data/full pytest -m deep "
            "(python data/download.py waimai_10k fetches them)"
        )
    file = os.path.join(os.environ["COURSE_FULL_DATA"], "waimai_10k", "waimai_10k.csv")
    labels, texts, counts = call("data_processor", "read_reviews", file)
    assert counts["rows"] == 11987 and counts["both labels"] == 7
    for seed in range(20):
        parts = call("prepare", "split_rows", texts, labels, seed)
        texts_of = [{texts[row] for row in part} for part in parts.values()]
        assert (
            not texts_of[0] & texts_of[1]
            and not texts_of[0] & texts_of[2]
            and not texts_of[1] & texts_of[2]
        )
