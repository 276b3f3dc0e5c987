"""hmm's scripts: the shop example, training and using the segmenter, user errors, and the segmenter's quality."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from course.homeworks import ROOT
from course.solved import load_solved

hmm = load_solved("hmm")
segmenter = hmm.module("segmenter")
UserError = hmm.module("cli").UserError
LINES = [
    "我们 明天 去 北京 。",
    "他 研究 生命 的 起源 。",
    "研究生 每天 研究 ＡＩ 。",
    "",
    "北京 的 明天 。",
    "２０２４年 他们 去 了 上海 ！",
] * 4


def call(script, *args):
    """Run a script's main() in this process; returns its result."""
    module = hmm.module(script)
    with hmm.active():
        return module.main([str(arg) for arg in args])


def run(script, *args, data=b"", cwd=ROOT, **more):
    """Run a script in a separate process; returns (exit code, stdout, stderr)."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "hmm" / script), *map(str, args)],
        input=data,
        cwd=cwd,
        capture_output=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        **more,
    )
    streams = (done.stdout.decode("utf-8"), done.stderr.decode("utf-8"))
    return done.returncode, *(text.replace("\r\n", "\n") for text in streams)  # Windows: \r\n


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Folder with the prepared bundled sample and models of order 1 and 2, trained on it, in 1/ and 2/."""
    folder = tmp_path_factory.mktemp("hmm")
    call("prepare", "--out_dir", folder)
    for order in (1, 2):
        call(
            "train",
            "--data_root",
            folder,
            "--ckpt_path",
            folder / str(order),
            "--order",
            order,
            "--quiet",
        )
    return folder


def test_shop_example_prints_the_sheet_values(tmp_path):
    code, out, err = run("phone_store.py", "--out_dir", tmp_path, cwd=tmp_path)
    assert code == 0, err
    for text in (
        "畅销 0.5  滞销 0.5",
        "H 0.4  M 0.4  L 0.2",
        "0.048       0.024",
        "0.00576      0.0096",
        "path: 畅销 畅销 滞销   probability 0.0096   P(O) 0.03541",
    ):
        assert text in out
    assert (tmp_path / "trellis.png").read_bytes().startswith(b"\x89PNG")


def test_shop_is_described_in_chinese(tmp_path):
    code, out, err = run("phone_store.py", "--out_dir", tmp_path, "--lang", "zh", cwd=tmp_path)
    assert code == 0, err
    assert out.startswith("畅销时，进 H、M、L 的概率为 0.4、0.4、0.2。\n")
    assert "路径：畅销 畅销 滞销   概率 0.0096   P(O) 0.03541" in out
    assert not re.search("[a-z]{2,} [a-z]{2,}", out), out


def test_shop_seed_draws_different_valid_models(tmp_path, capsys):
    shops = set()
    for seed in (1, 2, 3):
        call("phone_store", "--seed", seed, "--out_dir", tmp_path)
        shops.add(capsys.readouterr().out)
    assert len(shops) == 3
    phone = hmm.module("phone_store")
    with hmm.active():
        for seed in range(50):
            pi, A, B = phone.shop_model(phone.draw_shop(seed))
            hmm.module("model").check_model(pi, A, B)
            assert abs(A[0] - A[1]).max() > 0.05 and abs(B[0] - B[1]).max() > 0.05


def test_words_and_tags_convert_both_ways():
    words = ["研究生", "的", "乒乓球拍", "很", "好", "研究"]
    tags = segmenter.words_to_tags(words)
    assert "".join(segmenter.TAGS[tag] for tag in tags) == "BMESBMMESSBE"
    assert segmenter.tags_to_words("".join(words), tags) == words
    assert segmenter.tags_to_words("", []) == []
    assert segmenter.tags_to_words("天地人", [1, 1, 0]) == [
        "天地",
        "人",
    ]  # illegal tags keep every character


def test_trained_segmenters_reach_their_f1_and_segment_text(trained, capsys, tmp_path):
    capsys.readouterr()
    call("evaluate", "--data_root", trained, "--ckpt_path", trained / "1", trained / "2")
    rows = [line.split() for line in capsys.readouterr().out.splitlines() if "(order" in line]
    first, second = (float(row[5]) for row in rows)
    assert first > 0.83 and second > 0.90, rows
    for order in (1, 2):
        call("sample", "--ckpt_path", trained / str(order), "他研究生命的起源", "")
        out = capsys.readouterr().out
        assert out.splitlines()[0].replace(" ", "") == "他研究生命的起源" and out.endswith("\n\n")


def test_no_fast_gives_the_same_words(trained, capsys):
    outs = []
    for more in ([], ["--no_fast"]):
        call(
            "sample",
            "--ckpt_path",
            trained / "1",
            f"FILE:{ROOT / 'data' / 'cws' / 'test.txt'}",
            *more,
        )
        outs.append(capsys.readouterr().out)
    assert outs[0] == outs[1] and outs[0]


def test_sample_in_a_pipe_keeps_every_line_and_character(trained):
    text = (
        "他们在Ｗｉｎｄｏｗｓ和Linux上用iPhone15，２０２４年3月。\n\n　　第二 段\t有空白\r\n"
        + "我们明天去北京" * 900
        + "\n🙂𠮷野家\u200b\n最后一行没有换行"
    )
    for order in ("1", "2"):
        code, out, err = run(
            "sample.py", "--ckpt_path", trained / order, data=("\ufeff" + text).encode("utf-8")
        )
        assert code == 0, err
        lines = out.split("\n")
        assert [line.replace(" ", "") for line in lines] == [
            "".join(line.split()) for line in text.split("\n")
        ] + [""]
        assert lines[1] == "" and lines[2].startswith("第二 段 有")


def test_encoding_is_named_in_the_error_and_can_be_set(trained, tmp_path):
    gbk = "我们明天去北京\n他来了\n".encode("gb18030")
    code, out, err = run("sample.py", "--ckpt_path", trained / "1", data="一\n".encode() + gbk)
    assert (
        code == 2
        and err.count("\n") == 1
        and "the pipe, line 2: byte 0xCE is not utf-8" in err
        and "gb18030" in err
    )
    code, out, _ = run("sample.py", "--ckpt_path", trained / "1", "--encoding", "gb18030", data=gbk)
    assert code == 0 and out.replace(" ", "") == "我们明天去北京\n他来了\n"
    (tmp_path / "train.txt").write_bytes(
        "我们 去\n".encode() * 3 + "北京 的 人\n".encode("gb18030")
    )
    (tmp_path / "test.txt").write_text("我们 去\n", encoding="utf-8")
    with pytest.raises(
        UserError, match=r"train.txt, line 4: byte 0x\w\w is not utf-8; .* --encoding gb18030"
    ):
        call("prepare", "--data_root", tmp_path)
    with pytest.raises(UserError, match="no such encoding"):
        call("prepare", "--data_root", tmp_path, "--encoding", "klingon")
    assert not (tmp_path / "cws.npz").exists()


def test_prepare_handles_empty_lines_bom_and_full_width_letters(tmp_path, capsys):
    (tmp_path / "corpus.txt").write_bytes(b"\xef\xbb\xbf" + "\r\n".join(LINES).encode("utf-8"))
    call("prepare", "--data_root", tmp_path, "--train", "corpus.txt", "--out_dir", tmp_path / "out")
    assert "4 empty lines left out" in capsys.readouterr().out
    parts = segmenter.read_sentences(tmp_path / "out" / "cws.npz")
    assert parts["train"] + parts["test"] == [line.split() for line in LINES if line]
    alphabet = segmenter.Alphabet.of(parts["train"])
    assert (
        alphabet.symbols("ＡＩ２％") == alphabet.symbols("xy7%")
    ).all() and segmenter.UNKNOWN in alphabet.symbols("龘")
    assert (
        (tmp_path / "corpus.txt").read_bytes().endswith("！".encode())
    )  # the raw file is unchanged


@pytest.mark.parametrize(
    "files, flags, parts",
    [
        (["train.txt", "test.txt", "msr_test_gold.utf8"], [], ("train.txt", "test.txt")),
        (
            ["msr_training.utf8", "msr_test_gold.utf8"],
            [],
            ("msr_training.utf8", "msr_test_gold.utf8"),
        ),
        (["msr_test_gold.utf8"], [], ("msr_test_gold.utf8", None)),
        (
            ["msr_training.utf8", "msr_test_gold.utf8"],
            ["--train", "msr_test_gold.utf8"],
            ("msr_test_gold.utf8", None),
        ),
        (["msr_training.utf8", "a.txt"], ["--test", "a.txt"], ("msr_training.utf8", "a.txt")),
        (["a.txt", "test.txt"], ["--train", "a.txt", "--test_part", "0.25"], ("a.txt", None)),
    ],
)
def test_prepare_finds_training_and_test_files(tmp_path, files, flags, parts):
    texts = {name: [[f"{name}{k}", "的"] for k in range(20)] for name in files}
    for name, sentences in texts.items():
        (tmp_path / name).write_text(
            "".join("  ".join(words) + "\n" for words in sentences), encoding="utf-8"
        )
    call("prepare", "--data_root", tmp_path, *flags)
    sentences_read, (train, test) = segmenter.read_sentences(tmp_path / "cws.npz"), parts
    keep = 20 if test else 15 if "0.25" in flags else 18
    assert sentences_read["train"] == texts[train][:keep]
    assert sentences_read["test"] == (texts[test] if test else texts[train][keep:])


def test_unsegmented_text_and_missing_files_are_user_errors(tmp_path):
    for name, text, words in (
        ("a.txt", "", "no training sentence"),
        ("b.txt", "\n\n \n", "no training sentence"),
        ("c.txt", "没有空格\n的文本\n" * 9, "every line is one word"),
    ):
        (tmp_path / name).write_text(text, encoding="utf-8")
        with pytest.raises(UserError, match=words):
            call("prepare", "--data_root", tmp_path, "--train", name)
    with pytest.raises(
        UserError, match="train.txt and test.txt not found in .* run: python data/download.py"
    ):
        call("prepare", "--data_root", tmp_path / "nowhere")
    with pytest.raises(UserError, match="cws.npz not found .*prepare.py --data_root"):
        call("train", "--data_root", tmp_path)
    with pytest.raises(UserError, match="model.npz not found .*train.py --ckpt_path"):
        call("sample", "--ckpt_path", tmp_path, "我")
    with pytest.raises(UserError, match="not found"):
        call("sample", "--ckpt_path", tmp_path, "FILE:" + str(tmp_path / "x"))


def test_broken_files_and_wrong_flags_are_one_line_errors(trained, tmp_path):
    whole = (trained / "2" / "model.npz").read_bytes()
    for body in (
        whole[: len(whole) // 2],
        b"",
        b"PK\x03\x04 nonsense",
        (trained / "cws.npz").read_bytes(),
    ):
        (tmp_path / "model.npz").write_bytes(body)
        with pytest.raises(
            UserError, match=r"model.npz is not a model written by train.py .*; train again"
        ):
            call("sample", "--ckpt_path", tmp_path, "我")
    (tmp_path / "cws.npz").write_bytes(whole)
    with pytest.raises(
        UserError, match="was not written by prepare.py .*run again: python .*prepare.py"
    ):
        call("train", "--data_root", tmp_path)
    code, out, err = run("sample.py", "--ckpt_path", tmp_path, "我")
    assert code == 2 and not out and err.count("\n") == 1 and err.startswith("sample.py: error: ")
    code, _, err = run("train.py", "--data_rot", tmp_path)
    assert code == 2 and "did you mean --data_root?" in err and err.count("\n") == 1
    for flags in (["--smoothing", "-1"], ["--order", "3"], ["--em_iters", "two"]):
        with pytest.raises(SystemExit) as stop:
            call("train", *flags)
        assert stop.value.code == 2
    with pytest.raises(UserError, match="--em_iters goes with --order 1"):
        call("train", "--data_root", trained, "--order", "2", "--em_iters", "3")


def test_train_accepts_one_dash_and_runs_inside_its_folder(trained, tmp_path):
    code, out, err = run(
        "train.py",
        "-data_root",
        "data/cws" if (ROOT / "data/cws/cws.npz").is_file() else trained,
        "-ckpt_path",
        tmp_path / "m",
        "-quiet",
        cwd=ROOT / "hmm",
    )
    assert code == 0 and "written" in out, err


def test_em_iters_after_counting_gives_a_valid_model(trained, tmp_path, capsys):
    call("train", "--data_root", trained, "--ckpt_path", tmp_path, "--em_iters", "2", "--quiet")
    assert "test F1" in capsys.readouterr().out
    loaded = segmenter.Segmenter.load(tmp_path / "model.npz")
    assert loaded.order == 1 and abs(loaded.hmm.emissionprob_.sum(1) - 1).max() < 1e-9


def test_second_order_model_equals_hand_computation():
    """For two sentences p3, p2 and p1 are computed by hand."""
    model = segmenter.SecondOrder().fit([["天天"], ["天", "人"]])
    assert model.alphabet.characters == ["人", "天"]
    scores = model.scores(np.array([segmenter.EDGE, segmenter.EDGE, 3, 3, segmenter.EDGE]))  # 天天
    column = segmenter.TRIPLES.index((segmenter.S, segmenter.S, segmenter.B))  # edge edge 天/B
    steps = (1 + 0.1) / (4 + 0.2)  # after S S: B once, S three times (天, 人 and an edge)
    p1 = steps * (1 + 1 / 4) / (1 + 1)  # P(天 | B): seen once, one kind of symbol, 4 symbols in all
    p2 = (1 + 2 * p1) / (2 + 2)  # after one edge: 天/B and 天/S, once each
    p3 = (1 + 2 * p2) / (2 + 2)  # after two edges: the same
    assert scores[0, column] == pytest.approx(np.log(p3))
    assert model.segment(["天天", "天人"]) == [["天天"], ["天", "人"]]


def test_segmentation_scores_equal_hand_computation():
    gold, predicted = [["研究", "生命", "起源"]], [["研究生", "命", "起源"]]
    result = segmenter.judge(gold, predicted, {"研究", "生命"})
    assert result["precision"] == result["recall"] == pytest.approx(1 / 3)
    assert result["unseen_recall"] == 1 and result["unseen_precision"] == pytest.approx(1 / 3)
    assert result["unseen_share"] == pytest.approx(1 / 3)


def full_text():
    """Sentences of the full MSR test set, as lists of words. Skips without COURSE_FULL_DATA."""
    folder = os.environ.get("COURSE_FULL_DATA")
    path = Path(folder or "") / "cws" / "msr_test_gold.utf8"
    if not folder or not path.is_file():
        pytest.skip(
            "set COURSE_FULL_DATA to a folder that has cws/msr_test_gold.utf8 (data/download.py cws)"
        )
    return [line.split() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


@pytest.mark.deep
def test_second_order_model_beats_jieba_on_msr():
    jieba = pytest.importorskip("jieba")
    jieba.setLogLevel(60)
    sentences = full_text()
    keep = int(len(sentences) * 0.9)
    train, test = sentences[:keep], sentences[keep:]
    lines, vocabulary = (
        ["".join(words) for words in test],
        {word for words in train for word in words},
    )
    f1 = {}
    for kind in (segmenter.FirstOrder, segmenter.SecondOrder):
        f1[kind.__name__] = segmenter.judge(test, kind().fit(train).segment(lines), vocabulary)[
            "f1"
        ]
    for new_words in (True, False):
        by_jieba = [list(jieba.cut(line, HMM=new_words)) for line in lines]
        f1[f"jieba HMM={new_words}"] = segmenter.judge(test, by_jieba, vocabulary)["f1"]
    print({name: round(value, 4) for name, value in f1.items()})
    assert f1["SecondOrder"] > max(f1["jieba HMM=True"], f1["jieba HMM=False"]) + 0.03
