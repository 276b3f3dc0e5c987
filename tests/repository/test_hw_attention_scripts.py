"""hw_attention's numerals and scripts in short runs: files, bad input, exact resume, pictures."""

import json
import random
import subprocess
import sys

import pytest
import torch

from course.homeworks import ROOT
from course.solved import load_solved

ATTENTION = load_solved("hw_attention")
NUMERALS = ATTENTION.module("numerals")
TINY = [
    "--hidden",
    "8",
    "--batchsize",
    "8",
    "--warmup",
    "2",
    "--threads",
    "1",
    "--quiet",
    "--n_layer",
    "1",
    "--n_head",
    "2",
]


def script(name, *argv):
    """Run main() of a script of the folder in this process."""
    with ATTENTION.active():
        return ATTENTION.module(name).main([str(word) for word in argv])


def user_error(name, *argv):
    """The message of the UserError that main() of a script raises; fails if it raises none."""
    with ATTENTION.active(), pytest.raises(ATTENTION.module("cli").UserError) as caught:
        ATTENTION.module(name).main([str(word) for word in argv])
    return str(caught.value)


def exit_line(capsys, name, *argv):
    """The one-line error of a wrong flag; fails if the exit code is not 2."""
    with pytest.raises(SystemExit) as stop:
        script(name, *argv)
    line = capsys.readouterr().err
    assert stop.value.code == 2 and line.count("\n") == 1
    return line


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A folder with a small prepared data set."""
    folder = tmp_path_factory.mktemp("numerals")
    script("prepare", "--data_root", folder, "--train", 60, "--val", 5, "--test", 7)
    return folder


@pytest.fixture(scope="module")
def run(data, tmp_path_factory):
    """Folder of a short seq2seq training that was not interrupted."""
    folder = tmp_path_factory.mktemp("runs") / "whole"
    script(
        "train",
        "--data_root",
        data,
        "--ckpt_path",
        folder,
        "--iters",
        6,
        "--eval_interval",
        2,
        *TINY,
    )
    return folder


# ------------------------------------------------------------------------------------------------------------ numerals

PAIRS = {
    0: "零",
    1: "一",
    10: "十",
    11: "十一",
    20: "二十",
    100: "一百",
    101: "一百零一",
    110: "一百一十",
    1000: "一千",
    1001: "一千零一",
    1010: "一千零一十",
    3025: "三千零二十五",
    10_000: "一万",
    10_001: "一万零一",
    10_010: "一万零一十",
    10_500: "一万零五百",
    15_000: "一万五千",
    100_000: "十万",
    105_000: "十万五千",
    100_050: "十万零五十",
    1_100_000: "一百一十万",
    10_000_001: "一千万零一",
    20_050_000: "二千零五万",
    20_003_000: "二千万三千",
    11_110_011: "一千一百一十一万零一十一",
    99_999_999: "九千九百九十九万九千九百九十九",
}
INVALID_NUMERALS = [
    "",
    " ",
    "12",
    "三百5",
    "两千",
    "一十五",
    "三千〇二五",
    "二千零二六",
    "二〇二六年",
    "二零二六",
    "〇七",
    "零五",
    "十百",
    "万",
    "一百零",
    "一百零零五",
    "三千二",
    "一万万",
    "一千万万",
    "百",
    "五十零",
    "二百五",
    "一亿",
    "九" * 9,
    "一二三四万",
    "二〇百",
    "一万五百",
    "十十",
    "三千 零二十五",
]


def plain_value(text):
    """The number of a numeral, computed independently: sections split at 万, each a sum over (digit, unit) pairs."""
    total = 0
    for section, weight in zip(text.split("万")[::-1], (1, 10_000)):
        section = "一" + section if section.startswith("十") else section
        section = section.replace("零", "")
        if section and section[-1] not in "十百千":
            section += "个"
        total += weight * sum(
            "〇一二三四五六七八九".index(d) * {"个": 1, "十": 10, "百": 100, "千": 1000}[u]
            for d, u in zip(section[::2], section[1::2])
        )
    return total


def test_numerals_convert_to_numbers_and_back():
    for number, text in PAIRS.items():
        assert NUMERALS.by_value(number) == text and NUMERALS.to_number(text) == number
    assert NUMERALS.digit_by_digit(2026) == "二〇二六" and NUMERALS.to_number("二〇二六") == 2026
    rng = random.Random(0)
    for number in [*range(2100), *(rng.randrange(10 ** rng.randint(4, 8)) for _ in range(5000))]:
        for text in (NUMERALS.by_value(number), NUMERALS.digit_by_digit(number)):
            assert NUMERALS.to_number(text) == number
        if number:
            assert plain_value(NUMERALS.by_value(number)) == number


@pytest.mark.parametrize("text", INVALID_NUMERALS)
def test_text_that_is_not_a_numeral_is_refused(text):
    with pytest.raises(ValueError, match="not a numeral"):
        NUMERALS.to_number(text)


@pytest.mark.parametrize("number", [-1, 100_000_000])
def test_number_outside_the_range_is_a_value_error(number):
    for write in (NUMERALS.by_value, NUMERALS.digit_by_digit):
        with pytest.raises(ValueError, match="outside"):
            write(number)


# ------------------------------------------------------------------------------------------------------------- prepare


def test_prepare_makes_three_parts_without_overlap(data, tmp_path):
    parts = {}
    for name in ("train", "val", "test"):
        lines = [
            line.split("\t")
            for line in (data / f"{name}.txt").read_text(encoding="utf-8").splitlines()
        ]
        assert all(NUMERALS.to_number(text) == int(digits) for text, digits in lines)
        parts[name] = {digits for _, digits in lines}
        texts = {text for text, _ in lines}
        assert all(
            {NUMERALS.by_value(int(n)), NUMERALS.digit_by_digit(int(n))} <= texts
            for n in parts[name]
        )
        assert len(lines) == 2 * {"train": 60, "val": 5, "test": 7}[name]
    assert len(parts["train"]) <= 60 and len(parts["val"]) == 5 and len(parts["test"]) == 7
    assert not parts["train"] & parts["val"] and not (parts["train"] | parts["val"]) & parts["test"]
    script("prepare", "--out_dir", tmp_path, "--train", 60, "--val", 5, "--test", 7)
    assert all(
        (tmp_path / f"{name}.txt").read_bytes() == (data / f"{name}.txt").read_bytes()
        for name in parts
    )


def test_prepared_numbers_have_every_length(tmp_path):
    script(
        "prepare", "--data_root", tmp_path, "--train", 2000, "--val", 5, "--test", 500, "--seed", 3
    )
    for name, shortest in (("train", 1), ("test", 2)):
        lines = (tmp_path / f"{name}.txt").read_text(encoding="utf-8").splitlines()
        assert {len(line.split("\t")[1]) for line in lines} == set(range(shortest, 9))
    assert {str(n) for n in range(10)} <= {
        line.split("\t")[1]
        for line in (tmp_path / "train.txt").read_text(encoding="utf-8").splitlines()
    }


def test_prepare_names_too_few_different_numbers(tmp_path, monkeypatch):
    monkeypatch.setattr(ATTENTION.module("prepare"), "draw", lambda rng: rng.randint(0, 99))
    assert "50 different numbers" in user_error(
        "prepare", "--data_root", tmp_path, "--val", 25, "--test", 25
    )


# --------------------------------------------------------------------------------------------------------------- train


def test_train_writes_checkpoint_log_and_picture(run):
    assert sorted(path.name for path in run.iterdir()) == ["accuracy.png", "ckpt.pt", "log.jsonl"]
    log = [
        json.loads(line) for line in (run / "log.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    assert [line["iter"] for line in log] == [2, 4, 6] and 0 <= log[-1]["test_exact"] <= 1


class Stop(Exception):
    pass


def test_resume_gives_the_log_of_an_uninterrupted_run(run, data, tmp_path, monkeypatch, capsys):
    training = ATTENTION.module("training")
    write, count = training.save_checkpoint, []

    def save_and_stop(folder, state, log):
        write(folder, state, log)
        count.append(1)
        if len(count) == 2:
            raise Stop

    monkeypatch.setattr(training, "save_checkpoint", save_and_stop)
    with pytest.raises(Stop):
        script(
            "train",
            "--data_root",
            data,
            "--ckpt_path",
            tmp_path,
            "--iters",
            6,
            "--eval_interval",
            2,
            *TINY,
        )
    monkeypatch.undo()
    script(
        "train", "--data_root", data, "--ckpt_path", tmp_path, "--resume", "--threads", 1, "--quiet"
    )
    first, second = (
        torch.load(folder / "ckpt.pt", weights_only=True) for folder in (run, tmp_path)
    )
    assert all(
        torch.equal(first["weights"][name], second["weights"][name]) for name in first["weights"]
    )
    logs = [
        [
            {k: v for k, v in line.items() if k != "numerals_per_second"}
            for line in checkpoint["log"]
        ]
        for checkpoint in (first, second)
    ]
    assert logs[0] == logs[1]
    script("train", "--data_root", data, "--ckpt_path", tmp_path, "--resume", "--quiet")
    assert "the run is finished" in capsys.readouterr().out
    assert "began with --iters 6" in user_error(
        "train", "--ckpt_path", tmp_path, "--resume", "--iters", 9
    )


def test_earlier_run_in_the_folder_is_moved_aside(data, tmp_path):
    for _ in range(2):
        script(
            "train",
            "--data_root",
            data,
            "--ckpt_path",
            tmp_path,
            "--iters",
            1,
            "--score",
            "none",
            *TINY,
        )
    assert (tmp_path / "earlier-1" / "ckpt.pt").is_file() and (tmp_path / "ckpt.pt").is_file()


@pytest.mark.parametrize(
    "flags",
    [
        ["--model", "encoder"],
        ["--tied_qk"],
        ["--model", "encoder", "--positions", "learned"],
        *(["--score", score] for score in ("additive", "bilinear", "dot", "none")),
    ],
)
def test_every_model_trains_and_is_sampled(flags, data, tmp_path, capsys):
    script("train", "--data_root", data, "--ckpt_path", tmp_path, "--iters", 2, *flags, *TINY)
    script("sample", "十五", "二〇二六", "--ckpt_path", tmp_path)
    output = capsys.readouterr().out
    assert (
        "十五 -> " in output and "二〇二六 -> " in output and (tmp_path / "alignment.png").is_file()
    )


def test_training_loss_falls_by_10_percent(data, tmp_path):
    script(
        "train",
        "--data_root",
        data,
        "--ckpt_path",
        tmp_path,
        "--iters",
        40,
        "--eval_interval",
        20,
        "--hidden",
        32,
        "--batchsize",
        30,
        "--warmup",
        5,
        "--threads",
        1,
        "--quiet",
    )
    log = [
        json.loads(line)
        for line in (tmp_path / "log.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    assert log[-1]["train_loss"] < 0.9 * log[0]["train_loss"]


def test_contradictory_or_misspelt_flags_are_user_errors(capsys, data, tmp_path):
    assert "--model encoder" in user_error("train", "--tied_qk", "--model", "seq2seq")
    assert "--score dot" in user_error("train", "--model", "encoder", "--score", "dot")
    assert "prepare.py" in user_error("train", "--data_root", tmp_path / "nowhere")
    assert "nowhere" in user_error("sample", "十五", "--ckpt_path", tmp_path / "nowhere")
    assert "does not divide" in user_error(
        "train",
        "--data_root",
        data,
        "--ckpt_path",
        tmp_path / "x",
        "--model",
        "encoder",
        "--hidden",
        8,
        "--n_head",
        3,
    )
    assert "scaled_dot" in exit_line(capsys, "train", "--score", "cosine")
    assert "did you mean --tied_qk" in exit_line(capsys, "train", "--tied_kq")
    assert "at least 1" in exit_line(capsys, "angles", "--n", "0")
    assert "at least 1" in exit_line(capsys, "train", "--iters", "0")


@pytest.mark.parametrize("text", ["三千〇二五", "12", "两千"])
def test_sample_refuses_text_that_is_not_a_numeral(text, run):
    assert "not a numeral" in user_error("sample", text, "--ckpt_path", run)


def test_broken_data_and_checkpoint_files_are_user_errors(run, tmp_path):
    for name, content in (
        ("train", "十五\t15\n二千零二六\t2026\n"),
        ("val", "十五\t15\n"),
        ("test", "十五\t15\n"),
    ):
        (tmp_path / f"{name}.txt").write_text(content, encoding="utf-8")
    message = user_error("train", "--data_root", tmp_path, "--ckpt_path", tmp_path / "x", *TINY)
    assert "train.txt, line 2" in message and "二千零二六" in message
    (tmp_path / "train.txt").write_text("十五\t16\n", encoding="utf-8")
    assert "line 1" in user_error(
        "train", "--data_root", tmp_path, "--ckpt_path", tmp_path / "x", *TINY
    )
    (tmp_path / "train.txt").write_bytes(b"\xff\xfe")
    assert "UTF-8" in user_error(
        "train", "--data_root", tmp_path, "--ckpt_path", tmp_path / "x", *TINY
    )
    (tmp_path / "train.txt").write_text("", encoding="utf-8")
    assert "empty" in user_error(
        "train", "--data_root", tmp_path, "--ckpt_path", tmp_path / "x", *TINY
    )
    (tmp_path / "ckpt.pt").write_bytes((run / "ckpt.pt").read_bytes()[:1000])
    assert "truncated" in user_error("sample", "十五", "--ckpt_path", tmp_path)


# ------------------------------------------------------------------------------------------------------ other scripts


def test_sample_with_beam_search_prints_and_draws(run, tmp_path, capsys):
    script(
        "sample", "三千零二十五", "--ckpt_path", run, "--beam", 3, "--plot", tmp_path / "beam.png"
    )
    assert "三千零二十五 -> " in capsys.readouterr().out and (tmp_path / "beam.png").is_file()


def test_angles_draws_all_panels(tmp_path, capsys):
    script("angles", "--pairs", 200, "--out_dir", tmp_path)
    output = capsys.readouterr().out
    assert (
        output.count("Kolmogorov-Smirnov") == 5
        and "at 0" in output
        and (tmp_path / "angles.png").stat().st_size > 10_000
    )


def test_tied_qk_stores_its_numbers_and_draws(data, tmp_path, capsys):
    script(
        "tied_qk",
        "--out_dir",
        tmp_path,
        "--n",
        16,
        64,
        "--L",
        8,
        "--draws",
        5,
        "--iters",
        2,
        "--hidden",
        8,
        "--data_root",
        data,
        "--threads",
        1,
        "--quiet",
    )
    stored = json.loads((tmp_path / "tied_qk.json").read_text(encoding="utf-8"))
    assert stored["task"].keys() == {"tied", "untied"} and (tmp_path / "tied_qk.png").is_file()
    assert (
        stored["alpha"]["tied"]["64"]["diagonal"]
        > 0.9
        > stored["alpha"]["untied"]["64"]["diagonal"]
    )


def test_compare_keeps_finished_runs_and_refuses_other_settings(data, tmp_path, capsys):
    flags = [
        "--data_root",
        data,
        "--out_dir",
        tmp_path,
        "--iters",
        2,
        "--encoder_iters",
        2,
        "--hidden",
        8,
        "--threads",
        1,
        "--quiet",
        "--only",
        "tied",
    ]
    script("compare", *flags, "--seeds", 1)
    script("compare", *flags, "--seeds", 2)
    stored = json.loads((tmp_path / "compare.json").read_text(encoding="utf-8"))["runs"]
    assert list(stored) == [
        f"encoder, {size}, {name}, seed {seed}"
        for seed in (0, 1)
        for size in ("1 layer, 1 head", "2 layers, 4 heads")
        for name in ("untied", "tied")
    ]
    assert capsys.readouterr().out.count("seed 0") == 4 and (tmp_path / "compare.png").is_file()
    assert "other settings" in user_error("compare", *flags, "--hidden", 16)


def test_sample_inside_the_folder_names_a_wrong_numeral(run):
    """Run like a student does: inside the folder, a flag with one dash, a wrong numeral."""
    process = subprocess.run(
        [sys.executable, "sample.py", "三千〇二五", "-ckpt_path", str(run)],
        cwd=ROOT / "hw_attention",
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
    )
    assert (
        process.returncode == 2
        and process.stderr.count("\n") == 1
        and "not a numeral" in process.stderr
    )
