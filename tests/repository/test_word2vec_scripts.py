"""word2vec_sst: every script on the bundled sample, interrupted runs, and user errors."""

import json
import os
import random
import subprocess
import sys

import numpy as np
import pytest

from course.homeworks import ROOT
from course.solved import load_solved

FOLDER = ROOT / "word2vec_sst"


def script(name, *flags, cwd=ROOT):
    """Run a script as a student does; warnings are errors."""
    environment = os.environ | {
        "OMP_NUM_THREADS": "1",
        "PYTHONUTF8": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    return subprocess.run(
        [sys.executable, "-W", "error", FOLDER / name, *map(str, flags)],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
    )


def check_error(process, *words):
    """Assert that a process ended with exit code 2 and one line that contains these words."""
    assert process.returncode == 2 and "Traceback" not in process.stderr, process.stderr
    assert len(process.stderr.strip().splitlines()) == 1, process.stderr
    for word in words:
        assert str(word) in process.stderr, process.stderr


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with prepared data and trained vectors."""
    folder = tmp_path_factory.mktemp("word2vec")
    for process in (
        script("prepare.py", "--out_dir", folder / "data"),
        script(
            "train.py",
            "--data_root",
            folder / "data",
            "--ckpt_path",
            folder / "w2v",
            "--quiet",
            "--epochs",
            5,
            "--dim",
            20,
        ),
    ):
        assert process.returncode == 0, process.stderr
    return folder


@pytest.mark.parametrize(
    "name",
    [
        "q1_softmax",
        "q2_sigmoid",
        "q2_gradcheck",
        "q2_neural",
        "q3_word2vec",
        "q3_sgd",
        "q4_softmaxreg",
    ],
)
def test_question_file_runs_its_sanity_checks(name, tmp_path):
    process = script(f"{name}.py", cwd=tmp_path)
    assert process.returncode == 0, process.stderr
    assert "not exhaustive" in process.stdout
    assert not list(tmp_path.iterdir())


def test_prepared_data_equal_the_sentences_and_labels(folder):
    treebank = load_solved("word2vec_sst").module("treebank")
    with np.load(folder / "data" / "sst.npz", allow_pickle=False) as file:
        words = file["words"].tolist()
        assert (np.diff(file["counts"]) <= 0).all() and len(set(words)) == len(words)
        for split in treebank.SPLITS:
            sentences = treebank.read_split(treebank.find_data("data/sst"), split)
            ids, starts = file[f"{split}_ids"], file[f"{split}_starts"]
            assert len(starts) == len(sentences) + 1
            assert file[f"{split}_labels"].tolist() == [phrases[-1][0] for _, phrases in sentences]
            number = len(sentences) // 2
            shown = [
                words[row] if row >= 0 else None for row in ids[starts[number] : starts[number + 1]]
            ]
            assert shown == [word if word in words else None for word in sentences[number][0]]


def test_vectors_are_equal_in_npz_text_and_glove_format(folder):
    load = load_solved("word2vec_sst").module("vectors").load_vectors
    tokens, vectors = load(folder / "w2v" / "vectors.npz")
    tokens_of_text, of_text = load(folder / "w2v" / "vectors.txt")
    assert tokens == tokens_of_text and vectors.shape == (len(tokens), 20)
    np.testing.assert_allclose(vectors, of_text, rtol=1e-5, atol=1e-6)
    assert np.isfinite(vectors).all()
    text = (folder / "w2v" / "vectors.txt").read_text(encoding="utf-8")
    (folder / "glove.txt").write_text(text.split("\n", 1)[1], encoding="utf-8")
    assert load(folder / "glove.txt")[0] == tokens  # GloVe's format has no header line


def test_training_twice_gives_the_same_vectors(folder):
    for more in ((), ("--model", "cbow")):
        flags = ["--data_root", folder / "data", "--quiet", "--epochs", 2, "--dim", 8, *more]
        for name in "ab":
            assert script("train.py", *flags, "--ckpt_path", folder / name).returncode == 0
        a, b = ((folder / name / "vectors.txt").read_bytes() for name in "ab")
        assert a == b


class Stop:
    """Calls a function `remaining` times, then raises KeyboardInterrupt like Ctrl-C."""

    def __init__(self, function, remaining):
        self.function, self.remaining = function, remaining

    def __call__(self, *args):
        self.remaining -= 1
        if self.remaining < 0:
            raise KeyboardInterrupt
        return self.function(*args)


def test_interrupted_training_gives_the_same_vectors(folder, tmp_path, monkeypatch, capsys):
    train = load_solved("word2vec_sst").module("train")
    flags = [
        "--data_root",
        str(folder / "data"),
        "--quiet",
        "--epochs",
        "4",
        "--dim",
        "8",
        "--ckpt_path",
    ]
    train.main([*flags, str(tmp_path / "whole")])
    third = Stop(train.Trainer.epoch, 2)
    monkeypatch.setattr(train.Trainer, "epoch", lambda *args: third(*args))
    with pytest.raises(KeyboardInterrupt, match="2 epochs are saved in .*--resume"):
        train.main([*flags, str(tmp_path / "stopped")])
    monkeypatch.undo()
    train.main([*flags, str(tmp_path / "stopped"), "--resume"])
    assert (tmp_path / "whole" / "vectors.txt").read_bytes() == (
        tmp_path / "stopped" / "vectors.txt"
    ).read_bytes()
    with pytest.raises(train.UserError, match="began with --dim 8, not 9"):
        train.main([*flags, str(tmp_path / "stopped"), "--resume", "--dim", "9"])
    with pytest.raises(train.UserError, match="ckpt.npz not found"):
        train.main([*flags, str(tmp_path / "nowhere"), "--resume"])
    (tmp_path / "stopped" / "ckpt.npz").write_bytes(b"cut off")
    with pytest.raises(train.UserError, match="damaged"):
        train.main([*flags, str(tmp_path / "stopped"), "--resume"])


def test_interrupted_q3_run_gives_the_same_vectors(tmp_path, monkeypatch, capsys):
    homework = load_solved("word2vec_sst")
    runner, sgd = homework.module("q3_run"), homework.module("q3_sgd")
    monkeypatch.setattr(sgd, "SAVE_PARAMS_EVERY", 10)
    monkeypatch.setattr(runner, "LOG_EVERY", 10)
    flags = ["--quiet", "--iters", "40", "--dim", "4", "--engine", "batched", "--ckpt_path"]
    runner.main([*flags, str(tmp_path / "q3")])
    whole = np.load(tmp_path / "q3" / "word_vectors.npz")["vectors"]
    assert (tmp_path / "q3" / "q3_word_vectors.png").stat().st_size > 5000
    with monkeypatch.context() as patch:
        patch.setattr(runner, "batched_wrapper", Stop(runner.batched_wrapper, 27))
        with pytest.raises(KeyboardInterrupt, match="Iteration 20 is saved in .*--resume"):
            runner.main([*flags, str(tmp_path / "q3b")])
    runner.main([*flags, str(tmp_path / "q3b"), "--resume"])
    np.testing.assert_array_equal(np.load(tmp_path / "q3b" / "word_vectors.npz")["vectors"], whole)
    log = [
        json.loads(line)
        for line in (tmp_path / "q3b" / "log.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    assert [line["iteration"] for line in log] == [10, 20, 30, 40]
    with pytest.raises(runner.UserError, match=r"saved_params_40.npz holds an array"):
        runner.main([*flags, str(tmp_path / "q3b"), "--resume", "--dim", "5"])
    (tmp_path / "q3d").mkdir()
    (tmp_path / "q3d" / "saved_params_40.npz").write_bytes(
        (tmp_path / "q3b" / "saved_params_40.npz").read_bytes()[:2000]
    )
    with pytest.raises(runner.UserError, match=r"saved_params_40.npz is damaged"):
        runner.main([*flags, str(tmp_path / "q3d"), "--resume"])
    capsys.readouterr()
    runner.main([*flags, str(tmp_path / "q3b")])  # without --resume it starts again and says so
    assert "was moved to" in capsys.readouterr().out
    assert (tmp_path / "q3b" / "earlier-1" / "saved_params_40.npz").is_file()
    random.seed()


def test_q3_run_works_with_the_question_engine(folder):
    process = script("q3_run.py", "--quiet", "--iters", 20, "--ckpt_path", folder / "q3c")
    assert process.returncode == 0 and "last smoothed cost" in process.stdout, process.stderr


def test_sentiment_and_sample_scripts_print_their_results(folder):
    process = script(
        "q4_sentiment.py",
        "--quiet",
        "--vectors",
        folder / "w2v" / "vectors.npz",
        "--ckpt_path",
        folder / "w2v",
    )
    assert process.returncode == 0, process.stderr
    results = json.loads((folder / "w2v" / "q4_results.json").read_text(encoding="utf-8"))
    assert results["best"]["dev"] == max(result["dev"] for result in results["results"])
    assert f"dev {results['best']['dev']:.2f} %" in process.stdout
    assert (folder / "w2v" / "q4_reg_acc.png").stat().st_size > 5000
    process = script("sample.py", "a dull and awful film .", "--ckpt_path", folder / "w2v")
    assert process.returncode == 0 and process.stdout.count("%") == 5, process.stderr
    for words, count in ((["film"], 4), (["good", "bad", "great"], 4)):
        process = script("sample.py", *words, "--ckpt_path", folder / "w2v", "--count", count)
        assert process.returncode == 0 and len(process.stdout.splitlines()) == count, process.stderr
        assert not set(words) & {line.split()[1] for line in process.stdout.splitlines()}


def test_q4_network_trains_and_draws(folder):
    process = script(
        "q4_network.py",
        "--quiet",
        "--data_root",
        folder / "data",
        "--epochs",
        2,
        "--ckpt_path",
        folder / "net",
    )
    assert process.returncode == 0 and "chosen on dev" in process.stdout, process.stderr
    assert (folder / "net" / "q4_network.png").stat().st_size > 5000


def test_basics_and_theory_print_their_results(folder):
    process = script("basics.py", "--out_dir", folder / "basics", "--seeds", 2)
    assert process.returncode == 0 and (folder / "basics" / "xor.png").stat().st_size > 5000, (
        process.stderr
    )
    assert "4 of 4 right" in process.stdout
    process = script("theory.py", "--words", 200)
    assert process.returncode == 0 and "115 parameters" in process.stdout, process.stderr


def test_user_error_is_one_line_and_exit_code_2(folder):
    check_error(script("prepare.py", "--data_root", "nowhere"), "nowhere", "data/download.py sst")
    check_error(script("train.py", "--data_root", "nowhere"), "sst.npz", "prepare.py")
    check_error(script("train.py", "-epoch", 3), "--epochs")
    check_error(script("q4_sentiment.py", "--vectors", folder / "none.npz"), "train.py")
    check_error(script("sample.py", "zyzzyva", "--ckpt_path", folder / "w2v"), "zyzzyva")
    check_error(script("sample.py", "a film", "--ckpt_path", folder / "nothing"), "q4_sentiment.py")
    (folder / "broken.txt").write_text("2 2\na 1 2\nb 1\n", encoding="utf-8")
    check_error(script("q4_sentiment.py", "--vectors", folder / "broken.txt"), "line 3")
    (folder / "other.txt").write_text("zyzzyva 1 2\n", encoding="utf-8")
    check_error(
        script(
            "q4_sentiment.py", "--vectors", folder / "other.txt", "--ckpt_path", folder / "other"
        ),
        "no vector for any word",
    )
    bad = folder / "bad"
    bad.mkdir()
    for split in ("train", "dev", "test"):
        (bad / f"{split}.txt").write_text("3\ta good film\n", encoding="utf-8")
    (bad / "dev.txt").write_text("3\ta good film\n9\ta film\n", encoding="utf-8")
    check_error(script("prepare.py", "--data_root", bad), "dev.txt, line 2", "'9'")
    (bad / "dev.txt").write_bytes(b"3\ta good film\n2\ta clich\xe9\n")
    check_error(script("prepare.py", "--data_root", bad), "dev.txt, line 2", "0xE9", "UTF-8")
    for split in ("train", "dev", "test"):
        (bad / f"{split}.txt").write_text("3\tgood\n", encoding="utf-8")
    assert script("prepare.py", "--data_root", bad).returncode == 0
    check_error(
        script("train.py", "--data_root", bad, "--ckpt_path", folder / "one"),
        "vocabulary of one word",
    )
    check_error(script("q3_run.py", "--data_root", bad, "--ckpt_path", folder / "one"), "two words")
    (bad / "sst.npz").write_bytes(b"PK cut off")
    check_error(
        script("train.py", "--data_root", bad, "--ckpt_path", folder / "one"),
        "damaged",
        "prepare.py",
    )


def full():
    """Folder of the full SST. Skips without COURSE_FULL_DATA."""
    root = os.environ.get("COURSE_FULL_DATA")
    if not root:
        pytest.skip("the full SST is not here: set COURSE_FULL_DATA to the folder that holds sst/")
    return os.path.join(root, "sst")


@pytest.mark.deep
def test_full_sst_reaches_the_published_accuracy(tmp_path):
    """Averaged vectors of train.py reach 30 % on dev and 32.7 % on test, as in Socher et al. 2013."""
    assert script("prepare.py", "--data_root", full(), "--out_dir", tmp_path).returncode == 0
    assert (
        script("train.py", "--data_root", tmp_path, "--ckpt_path", tmp_path, "--quiet").returncode
        == 0
    )
    process = script(
        "q4_sentiment.py",
        "--data_root",
        full(),
        "--vectors",
        tmp_path / "vectors.npz",
        "--ckpt_path",
        tmp_path,
        "--quiet",
    )
    best = json.loads((tmp_path / "q4_results.json").read_text(encoding="utf-8"))["best"]
    assert best["dev"] >= 30 and best["test"] >= 32.7, process.stdout
    process = script("q4_network.py", "--data_root", tmp_path, "--ckpt_path", tmp_path, "--quiet")
    assert float(process.stdout.rsplit("test ", 1)[1].split(" ")[0]) >= 40.7, process.stdout
