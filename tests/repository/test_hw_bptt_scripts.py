"""hw_bptt's scripts run as a user does: prepare, train, resume, sample, the pictures, bad input."""

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from course.homeworks import ROOT
from course.solved import load_solved

FOLDER = ROOT / "hw_bptt"
BUNDLED = ROOT / "data" / "waimai_10k"


def script(name, *args, cwd=ROOT, expect=0, **more):
    """Run a script that must end with exit code `expect`; returns its stdout, or its one-line stderr if that is 2."""
    environment = os.environ | {
        "OMP_NUM_THREADS": "1",
        "PYTHONUTF8": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    result = subprocess.run(
        [sys.executable, str(FOLDER / name), *map(str, args)],
        cwd=cwd,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=environment,
        timeout=500,
        **more,
    )
    assert result.returncode == expect, result.stdout + result.stderr
    assert "Traceback" not in result.stderr
    if expect == 2:
        assert result.stderr.count("\n") == 1, result.stderr
        return result.stderr
    return result.stdout


def write_reviews(folder, rows, encoding="utf-8-sig"):
    """Write waimai_10k.csv with these rows (label, review) into a folder; returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "waimai_10k.csv", "w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows([("label", "review"), *rows])
    return folder


def tiny(folder, count=60, dish="吃"):
    """A prepared data folder that is easy to learn: good reviews contain 好, bad ones 差."""
    rows = [
        (number % 2, f"{'很 ' * (number % 4)}{'差好'[number % 2]}{dish}{number:02d}")
        for number in range(count)
    ]
    write_reviews(folder, rows)
    script("prepare.py", "--data_root", folder, "--dim", 8)
    return folder


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return tiny(tmp_path_factory.mktemp("reviews"))


def test_prepare_keeps_the_raw_file_and_counts_dropped_rows(tmp_path):
    before = (BUNDLED / "waimai_10k.csv").read_bytes()
    printed = script("prepare.py", "--out_dir", tmp_path, "--dim", 5)
    assert (BUNDLED / "waimai_10k.csv").read_bytes() == before
    assert "1341 rows: 2 empty and 4 duplicate ones left out" in printed
    with np.load(tmp_path / "bptt.npz", allow_pickle=False) as file:
        assert file["vectors"].shape == (len(file["chars"]) + 1, 5) and not file["vectors"][0].any()
        for part in ("train", "val"):
            assert len(file[f"{part}_labels"]) == len(file[f"{part}_ends"])
            assert (
                file[f"{part}_ends"][-1] == len(file[f"{part}_ids"])
                and (np.diff(file[f"{part}_ends"]) > 0).all()
            )
            assert 0.3 < file[f"{part}_labels"].mean() < 0.4
        assert len(file["train_labels"]) + len(file["val_labels"]) == 1341 - 6
    second_folder = tmp_path / "again"
    script(
        "prepare.py", "--out_dir", second_folder, "--dim", 5, cwd=FOLDER
    )  # also works inside the folder
    assert (second_folder / "bptt.npz").stat().st_size == (tmp_path / "bptt.npz").stat().st_size
    with np.load(tmp_path / "bptt.npz") as first, np.load(second_folder / "bptt.npz") as second:
        assert all(np.array_equal(first[name], second[name]) for name in first.files)


def test_split_puts_no_text_into_both_parts():
    prepare = load_solved("hw_bptt").module("prepare")
    reviews, _ = prepare.read_reviews(BUNDLED / "waimai_10k.csv")
    for seed in range(5):
        train, val = prepare.split_texts(reviews, np.random.default_rng(seed))
        assert not {text for _, text in train} & {text for _, text in val}
        assert sorted(train + val) == sorted(reviews) and 0.18 < len(val) / len(reviews) < 0.22


def test_ppmi_vectors_equal_counts_by_hand():
    prepare = load_solved("hw_bptt").module("prepare")
    vectors = prepare.ppmi_vectors(["甲乙甲乙丙", "乙丙丁"], list("甲乙丙丁"), 3, 2)
    assert vectors.shape == (5, 3) and not vectors[0].any() and np.isfinite(vectors).all()
    counts = np.zeros((4, 4))  # pairs at distance 1 and 2, counted by hand from both ends
    for text in ("甲乙甲乙丙", "乙丙丁"):
        for i, left in enumerate(text):
            for j, right in enumerate(text):
                if 0 < abs(i - j) <= 2:
                    counts["甲乙丙丁".index(left), "甲乙丙丁".index(right)] += 1
    p = counts / counts.sum()
    with np.errstate(divide="ignore"):
        ppmi = np.maximum(np.log(p / np.outer(p.sum(1), p.sum(1))), 0)
    full = prepare.ppmi_vectors(["甲乙甲乙丙", "乙丙丁"], list("甲乙丙丁"), 4, 2)[1:]
    value, vector = np.linalg.eigh(
        ppmi
    )  # squared column lengths are proportional to the absolute eigenvalues
    lengths = np.sort((full**2).sum(0))[::-1]
    np.testing.assert_allclose(
        lengths / lengths[0],
        np.sort(np.abs(value))[::-1] / np.abs(value).max(),
        rtol=1e-6,
        atol=1e-9,
    )


@pytest.mark.parametrize("kind", ["relu_rnn", "rnn", "lstm"])
def test_trained_model_classifies_reviews_in_sample(kind, data, tmp_path):
    printed = script(
        "train.py",
        "--data_root",
        data,
        "--model",
        kind,
        "--epochs",
        3,
        "--hidden",
        8,
        "--quiet",
        "--lr",
        0.05,
        "-ckpt_path",
        tmp_path / "run",
        *["--no_fast"] * (kind == "lstm"),
    )
    assert "best validation accuracy" in printed and "steps/s" in printed
    assert {path.name for path in (tmp_path / "run").iterdir()} == {
        "ckpt.npz",
        "log.jsonl",
        "accuracy.png",
    }
    log = [
        json.loads(line)
        for line in (tmp_path / "run" / "log.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    assert [row["epoch"] for row in log] == [1, 2, 3] and log[-1]["val_accuracy"] > 0.9
    assert (tmp_path / "run" / "accuracy.png").read_bytes().startswith(b"\x89PNG")
    lines = script(
        "sample.py", "--ckpt_path", tmp_path / "run", "很好吃", "很差吃", "好龘"
    ).splitlines()
    good, bad, unknown = (float(line.split()[0]) for line in lines)
    assert (
        good > 0.5 > bad
        and 0 <= unknown <= 1
        and "龘" in lines[2].partition("not in the training text")[2]
    )
    piped = script(
        "sample.py", "--ckpt_path", tmp_path / "run", input="很好吃\n\n很差吃\n"
    ).splitlines()
    assert piped == lines[:2]
    traced = script("sample.py", "--ckpt_path", tmp_path / "run", "--trace", "很好吃").splitlines()
    assert (
        len(traced) == 4
        and traced[0] == lines[0]
        and float(traced[-1].split()[1]) == pytest.approx(good, abs=1e-3)
    )
    message = script("sample.py", "--ckpt_path", tmp_path / "run", "龘", expect=2)
    assert "龘" in message
    assert "review" in script("sample.py", "--ckpt_path", tmp_path / "run", input="\n", expect=2)


def test_resumed_run_equals_the_uninterrupted_run(data, tmp_path):
    flags = ["--data_root", data, "--model", "rnn", "--hidden", 6, "--quiet", "--epochs", 3]
    script("train.py", *flags, "--ckpt_path", tmp_path / "whole")
    train = load_solved("hw_bptt").module("train")

    class Killed(Exception):
        pass

    original, saved = train.save_run, []

    def save_and_stop(*args):
        original(*args)
        saved.append(1)
        if len(saved) == 2:
            raise Killed

    train.save_run = save_and_stop
    with pytest.raises(Killed):
        train.main([*map(str, flags), "--ckpt_path", str(tmp_path / "cut")])
    train.save_run = original
    script("train.py", "--resume", "--data_root", data, "--ckpt_path", tmp_path / "cut", "--quiet")
    with (
        np.load(tmp_path / "whole" / "ckpt.npz") as whole,
        np.load(tmp_path / "cut" / "ckpt.npz") as resumed,
    ):
        assert whole.files == resumed.files
        assert all(
            np.array_equal(whole[name], resumed[name]) for name in whole.files if "/" in name
        )
    assert "best" in script(
        "train.py", "--resume", "--data_root", data, "--ckpt_path", tmp_path / "cut", "--quiet"
    )


def test_wrong_flags_and_missing_files_are_one_line_errors(data, tmp_path):
    for name, args, words in (
        (
            "train.py",
            ["--data_root", tmp_path],
            ["bptt.npz not found", "prepare.py", str(tmp_path)],
        ),
        ("prepare.py", ["--data_root", tmp_path], ["waimai_10k.csv not found", str(tmp_path)]),
        ("train.py", ["--data_root", data, "--modle", "rnn"], ["did you mean --model"]),
        ("train.py", ["--data_root", data, "--model", "gru"], ["relu_rnn", "lstm"]),
        ("train.py", ["--data_root", data, "--epochs", "0"], ["0"]),
        ("train.py", ["--data_root", data, "--lr", "-1"], ["--lr"]),
        ("train.py", ["--data_root", data, "--lr", "nan"], ["--lr"]),
        (
            "train.py",
            ["--data_root", data, "--resume", "--ckpt_path", tmp_path / "no"],
            ["ckpt.npz not found"],
        ),
        ("sample.py", ["--ckpt_path", tmp_path / "no", "好"], ["ckpt.npz not found", "train.py"]),
        ("gradient_flow.py", ["--steps", "2"], ["at least 4"]),
        ("gradient_flow.py", ["--radii", "0"], ["above 0"]),
    ):
        message = script(name, *args, cwd=tmp_path, expect=2)
        assert all(word in message for word in words), message
    assert not [path for path in tmp_path.iterdir() if path.name != "no"]


@pytest.mark.parametrize(
    "text, words",
    [
        ("", "label,review"),
        ("review,label\n好,1\n", "label,review"),
        ("label,review\n2,好\n", "line 2"),
        ("label,review\n1,好,吃\n", "line 2"),
        ("label,review\n1,好\n0,差\n", "too few"),
    ],
)
def test_broken_review_file_is_a_one_line_error(text, words, tmp_path):
    (tmp_path / "waimai_10k.csv").write_text(text, encoding="utf-8")
    assert words in script("prepare.py", "--data_root", tmp_path, expect=2)
    assert not (tmp_path / "bptt.npz").exists()


def test_wrong_encoding_and_damaged_run_are_one_line_errors(data, tmp_path):
    write_reviews(tmp_path / "gbk", [(1, "好吃"), (0, "难吃")] * 9, encoding="gbk")
    assert "UTF-8" in script("prepare.py", "--data_root", tmp_path / "gbk", expect=2)
    script(
        "train.py",
        "--data_root",
        data,
        "--epochs",
        1,
        "--hidden",
        4,
        "--quiet",
        "--ckpt_path",
        tmp_path / "run",
    )
    whole = (tmp_path / "run" / "ckpt.npz").read_bytes()
    flags = ["--epochs", 1, "--hidden", 5, "--quiet", "--ckpt_path", tmp_path / "run"]
    assert "--resume" in script("train.py", "--data_root", data, *flags)
    assert (tmp_path / "run" / "earlier-1" / "ckpt.npz").read_bytes() == whole
    for damaged in (whole[:500], b"", b"not a run"):
        (tmp_path / "run" / "ckpt.npz").write_bytes(damaged)
        assert "not a checkpoint" in script(
            "sample.py", "--ckpt_path", tmp_path / "run", "好", expect=2
        )
    other_data = tiny(tmp_path / "other", 30, dish="喝")
    (tmp_path / "run" / "ckpt.npz").write_bytes(whole)
    assert "other characters" in script(
        "train.py", "--data_root", other_data, "--resume", "--ckpt_path", tmp_path / "run", expect=2
    )


def test_homework_folder_works_without_the_repository(tmp_path):
    shutil.copytree(
        FOLDER, tmp_path / "mine", ignore=shutil.ignore_patterns("__pycache__", "workdirs")
    )
    tiny(tmp_path / "data")
    result = subprocess.run(
        [
            sys.executable,
            "train.py",
            "--data_root",
            str(tmp_path / "data"),
            "--epochs",
            "1",
            "--quiet",
        ],
        cwd=tmp_path / "mine",
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=100,
    )
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "mine" / "workdirs" / "hw_bptt" / "rnn" / "ckpt.npz").is_file()


def test_gradient_flow_prints_slopes_and_draws(tmp_path):
    printed = script("gradient_flow.py", "--out_dir", tmp_path, cwd=tmp_path)
    for line, radius in zip(
        [line.split() for line in printed.splitlines() if line.startswith("none")], (0.9, 1.0, 1.1)
    ):
        assert float(line[1]) == radius and abs(float(line[2]) - np.log(radius)) <= max(
            0.05 * abs(np.log(radius)), 0.01
        )
    assert len(printed.splitlines()) == 2 + 12 + 1
    cell = script("gradient_flow.py", "--cell", "--out_dir", tmp_path, "--hidden", 16)
    assert all(f"\n{step}  " in cell for step in (1, 2, 3, 4))
    assert {path.name for path in tmp_path.iterdir()} == {
        "gradient_flow.png",
        "gradient_flow_cell.png",
    }


def test_gradient_flow_without_the_bonus_blank_draws_the_rest(tmp_path):
    from course import markers

    shutil.copytree(
        FOLDER, tmp_path / "mine", ignore=shutil.ignore_patterns("__pycache__", "workdirs")
    )
    path = tmp_path / "mine" / "model.py"
    region = markers.blanks(FOLDER)["bptt-25"]
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    lines[region.begin - 1 : region.end] = [
        '    raise NotImplementedError("hw_bptt/model.py, blank bptt-25 (lstm_dh): still empty")\n'
    ]
    path.write_text("".join(lines), encoding="utf-8")
    result = subprocess.run(
        [sys.executable, "gradient_flow.py", "--cell", "--out_dir", "."],
        cwd=tmp_path / "mine",
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert (
        result.returncode == 0
        and "blank bptt-25" in result.stdout
        and "4  the full" not in result.stdout
    )
    assert (tmp_path / "mine" / "gradient_flow_cell.png").is_file()


def test_theory_file_prints_the_chosen_letters():
    assert script("theory.py") == "c1: A\nc2: C\n"


@pytest.mark.deep
@pytest.mark.parametrize("kind", ["relu_rnn", "rnn", "lstm"])
def test_accuracy_on_full_reviews_is_10_points_above_majority(kind, tmp_path):
    full = os.environ.get("COURSE_FULL_DATA")
    if not full:
        pytest.skip(
            "set COURSE_FULL_DATA to the folder that holds waimai_10k/waimai_10k.csv (data/download.py fetches it)"
        )
    script("prepare.py", "--data_root", Path(full) / "waimai_10k", "--out_dir", tmp_path)
    script(
        "train.py",
        "--data_root",
        tmp_path,
        "--model",
        kind,
        "--quiet",
        "--ckpt_path",
        tmp_path / "run",
    )
    log = [
        json.loads(line)
        for line in (tmp_path / "run" / "log.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    with np.load(tmp_path / "bptt.npz") as file:
        majority = max(file["val_labels"].mean(), 1 - file["val_labels"].mean())
    print(
        f"\n{kind}: {log[-1]['val_accuracy']:.3f} after the last epoch, always the majority {majority:.3f}"
    )
    assert log[-1]["val_accuracy"] > majority + 0.1
