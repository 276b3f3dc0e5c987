"""gpt_songci's prepare.py and train.py on generated texts: files, bad input, exact resume, two processes."""

import hashlib
import json
import math
import os
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch

from course.homeworks import ROOT
from course.solved import load_solved
from tests.repository.children import ended

GPT = load_solved("gpt_songci")
TRAIN = ROOT / "gpt_songci" / "train.py"
TINY = [
    "--n_layer",
    "1",
    "--n_head",
    "2",
    "--n_embd",
    "8",
    "--max_seq_len",
    "8",
    "--batchsize",
    "4",
    "--threads",
    "1",
    "--dtype",
    "float32",
    "--quiet",
]
FILES = ["ckpt.pt", "log.jsonl", "loss&perplexity.jpg"]


def script(name, *argv):
    """Run main() of a script of the folder in this process."""
    with GPT.active():
        return GPT.module(name).main([str(word) for word in argv])


def user_error(name, *argv):
    """The message of the UserError that main() of a script raises; fails if it raises none."""
    with GPT.active(), pytest.raises(GPT.module("cli").UserError) as caught:
        GPT.module(name).main([str(word) for word in argv])
    return str(caught.value)


def command(*argv, launcher=()):
    """Start train.py in a process; `launcher` are Python's arguments before the script, e.g. for torchrun."""
    env = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT / "gpt_songci")}
    return subprocess.Popen(
        [sys.executable, *launcher, str(TRAIN), *map(str, argv)],
        env=env,
        text=True,
        encoding="utf-8",
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def read_log(run):
    """Lines of log.jsonl as dicts, without the speed, which differs between runs."""
    lines = [
        json.loads(line) for line in (run / "log.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    return [
        {
            key: value
            for key, value in line.items()
            if key not in ("characters_per_second", "cpu_seconds")
        }
        for line in lines
    ]


def poems(count, seed=0):
    """A text of `count` random one-line poems."""
    rng = random.Random(seed)
    return "".join(
        f"+++調{rng.choice('甲乙丙')}\n" + "".join(rng.choices("山水風月花雪夜", k=7)) + "。\n\n"
        for _ in range(count)
    )


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A folder with input.txt (40 random poems) and the files that prepare.py wrote."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "input.txt").write_text(poems(40), encoding="utf-8", newline="\n")
    script("prepare", "--data_root", folder, "--quiet")
    return folder


@pytest.fixture(scope="module")
def whole_run(data, tmp_path_factory):
    """Folder of a training run of 12 iterations that was not interrupted."""
    run = tmp_path_factory.mktemp("runs") / "whole"
    script(
        "train",
        "--data_root",
        data,
        "--ckpt_path",
        run,
        "--iters",
        12,
        "--eval_interval",
        4,
        "--dropout",
        0.3,
        *TINY,
    )
    return run


def decode(folder):
    """[training text, validation text] of a prepared folder."""
    meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    return [
        "".join(meta["characters"][i] for i in np.fromfile(folder / f"{part}.bin", meta["dtype"]))
        for part in ("train", "val")
    ]


# ------------------------------------------------------------------------------------------------------------- prepare


def test_prepare_keeps_every_character(data):
    text = poems(40)
    train, val = decode(data)
    meta = json.loads((data / "meta.json").read_text(encoding="utf-8"))
    assert train + val == text and len(train) == math.floor(0.9 * len(text))
    assert meta["characters"] == "".join(sorted(set(text))) and meta["dtype"] == "uint16"
    assert (meta["train_characters"], meta["val_characters"]) == (len(train), len(val))
    assert meta["sha256"] == hashlib.sha256(text.encode()).hexdigest()
    assert (data / "input.txt").read_text(encoding="utf-8") == text


def test_prepare_joins_json_in_numeric_order(tmp_path):
    raw, out = tmp_path / "raw", tmp_path / "out"
    raw.mkdir()
    for n in (0, 1000, 10000, 2000):
        (raw / f"ci.song.{n}.json").write_text(
            json.dumps(
                [
                    {
                        "author": "無名",
                        "rhythmic": f"調{n}",
                        "paragraphs": ["一句。", f"又{i}句。"],
                        "tags": ["x"],
                    }
                    for i in range(2)
                ],
                ensure_ascii=n > 1000,
                indent=n // 1000 or None,
            ),
            encoding="utf-8",
        )
    before = {path: path.read_bytes() for path in raw.iterdir()}
    script("prepare", "--data_root", raw, "--out_dir", out, "--quiet")
    expected = "".join(
        f"+++調{n}\n一句。\n又{i}句。\n\n" for n in (0, 1000, 2000, 10000) for i in range(2)
    )
    assert (out / "joined.txt").read_text(encoding="utf-8") == expected == "".join(decode(out))
    assert {path: path.read_bytes() for path in raw.iterdir()} == before


@pytest.mark.parametrize("chunk", [1, 2, 3, 5, 7])
def test_prepare_handles_characters_split_between_chunks(tmp_path, monkeypatch, chunk):
    monkeypatch.setattr(GPT.module("prepare"), "CHUNK", chunk)
    (tmp_path / "input.txt").write_bytes("\ufeff一二\r\n三𠀀\r\r\nx\n".encode() * 2 + b"0123456789")
    script("prepare", "--data_root", tmp_path, "--quiet")
    assert "".join(decode(tmp_path)) == "一二\n三𠀀\n\nx\n\ufeff一二\n三𠀀\n\nx\n0123456789"


def test_prepare_reads_json_in_chunks(tmp_path, monkeypatch):
    poem_entries = [{"rhythmic": "調", "paragraphs": ["風" * n]} for n in range(30)]
    (tmp_path / "ci.song.0.json").write_text(
        json.dumps(poem_entries, ensure_ascii=False), encoding="utf-8"
    )
    monkeypatch.setattr(GPT.module("prepare"), "CHUNK", 64)
    script("prepare", "--data_root", tmp_path, "--quiet")
    assert "".join(decode(tmp_path)) == "".join(f"+++調\n{'風' * n}\n\n" for n in range(30))


def test_prepare_uses_uint32_for_more_than_65536_characters(tmp_path):
    text = "".join(map(chr, range(0x20000, 0x20000 + 65537))) * 2
    (tmp_path / "input.txt").write_text(text, encoding="utf-8")
    script("prepare", "--data_root", tmp_path, "--quiet")
    assert "".join(decode(tmp_path)) == text
    assert json.loads((tmp_path / "meta.json").read_text(encoding="utf-8"))["dtype"] == "uint32"


@pytest.mark.parametrize("offset", [0, 1, 70, 3000])
@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_prepare_names_the_bad_byte(tmp_path, monkeypatch, offset, start):
    monkeypatch.setattr(GPT.module("prepare"), "CHUNK", 64)
    begin = (start + "x" * offset).encode()
    (tmp_path / "input.txt").write_bytes(begin + "風".encode()[:2] + b"yyyy" * 30)
    assert f"byte {len(begin)} (0xe9)" in user_error("prepare", "--data_root", tmp_path, "--quiet")
    (tmp_path / "input.txt").write_bytes(begin + "風".encode()[:2])  # cut off at the end
    assert f"byte {len(begin)} (0xe9)" in user_error("prepare", "--data_root", tmp_path, "--quiet")


@pytest.mark.parametrize(
    "files, words",
    [
        ({}, ["no input.txt", "download.py"]),
        ({"input.txt": ""}, ["input.txt is empty"]),
        ({"input.txt": "\ufeff"}, ["input.txt is empty"]),
        ({"input.txt": "一二三四五" * 2}, ["too short: 10 characters"]),
        ({"input.txt": poems(9), "ci.song.0.json": "[]"}, ["input.txt and ci.song.0.json"]),
        ({"ci.song.0.json": "[]"}, ["joined.txt is empty"]),
        ({"ci.song.0.json": '{"a": 1}'}, ["ci.song.0.json", "not a JSON list"]),
        (
            {"ci.song.0.json": '[{"rhythmic": "調", "paragraphs": ["一"'},
            ["ci.song.0.json", "not a JSON list"],
        ),
        ({"ci.song.0.json": '[{"rhythmic": "調"}]'}, ["ci.song.0.json", "paragraphs"]),
        (
            {"ci.song.0.json": '[{"rhythmic": "調", "paragraphs": "一二"}]'},
            ["ci.song.0.json", "paragraphs"],
        ),
        (
            {"ci.song.0.json": '[{"rhythmic": null, "paragraphs": []}]'},
            ["ci.song.0.json", "rhythmic"],
        ),
        (
            {"ci.song.0.json": '[{"rhythmic": "\\ud800", "paragraphs": []}]'},
            ["ci.song.0.json", "UnicodeEncodeError"],
        ),
        ({"ci.song.x.json": "[]"}, ["ci.song.x.json has no number"]),
    ],
)
def test_prepare_names_bad_input_and_keeps_the_earlier_files(tmp_path, files, words):
    raw, out = tmp_path / "raw", tmp_path / "out"
    raw.mkdir()
    out.mkdir()
    for name in ("train.bin", "val.bin", "meta.json", "joined.txt"):
        (out / name).write_text("old", encoding="utf-8")
    for name, text in files.items():
        (raw / name).write_text(text, encoding="utf-8")
    message = user_error("prepare", "--data_root", raw, "--out_dir", out, "--quiet")
    assert all(word in message for word in words), message
    assert all(
        (out / name).read_text(encoding="utf-8") == "old"
        for name in ("train.bin", "val.bin", "meta.json")
    )
    assert not list(out.glob(".*"))  # no temporary file is left


def test_prepare_names_the_download_for_a_missing_folder(tmp_path):
    assert "download.py" in user_error("prepare", "--data_root", tmp_path / "nowhere")


# --------------------------------------------------------------------------------------------------------------- train


def test_train_writes_checkpoint_log_and_picture(data, whole_run):
    assert sorted(path.name for path in whole_run.iterdir()) == FILES
    checkpoint = torch.load(whole_run / "ckpt.pt", weights_only=True)
    assert checkpoint["iteration"] == 12 and checkpoint["config"]["n_embd"] == 8
    assert (
        checkpoint["characters"]
        == json.loads((data / "meta.json").read_text(encoding="utf-8"))["characters"]
    )
    log = read_log(whole_run)
    assert [line["iter"] for line in log] == [4, 8, 12]
    for line in log:
        assert line["train_perplexity"] == pytest.approx(math.exp(line["train_loss"]))
        assert line["val_perplexity"] == pytest.approx(math.exp(line["val_loss"]))
    assert (whole_run / FILES[2]).read_bytes()[:3] == b"\xff\xd8\xff"
    assert not list(data.glob("*.pt"))


def test_final_loss_equals_a_plain_loop(data, whole_run):
    """Plain loop: every character is predicted once, in consecutive windows of max_seq_len."""
    with GPT.active():
        train = GPT.module("train")
        model = train.build_model(train.load_checkpoint(whole_run / "ckpt.pt"))
        text = train.load_data(data)[2]
    length, total = model.config.max_seq_len, 0.0
    for begin in range(0, len(text) - 1, length):
        window = torch.from_numpy(text[begin : begin + length + 1].astype(np.int64))
        with torch.no_grad():
            log_p = model(window[None, :-1])[0].log_softmax(-1)[0]
        total -= sum(log_p[i, c].item() for i, c in enumerate(window[1:]))
    assert read_log(whole_run)[-1]["final_val_loss"] == pytest.approx(
        total / (len(text) - 1), rel=1e-6
    )


@pytest.mark.parametrize(
    "size, length", [(9, 8), (10, 8), (16, 8), (17, 8), (18, 8), (100, 8), (101, 1), (2, 1)]
)
def test_every_window_is_drawn_once_before_any_repeats(size, length):
    text = np.arange(size, dtype=np.uint16)
    batches = GPT.module("train").Batches(text, length, seed=5)
    for epoch in range(5):
        x, y = batches(epoch * batches.windows, batches.windows)
        assert x.shape == y.shape == (batches.windows, length) and torch.equal(y, x + 1)
        starts = sorted(x[:, 0].tolist())
        assert all(b - a == length for a, b in zip(starts, starts[1:]))
        assert starts[0] >= 0 and starts[0] < max(length, 2) and y.max() < size
    assert batches.windows >= max(1, size // length - 2)
    if batches.spare:
        assert (
            len(
                {
                    batches(n * batches.windows, 1)[0].item()
                    if length == 1
                    else min(batches(n * batches.windows, batches.windows)[0][:, 0].tolist())
                    for n in range(40)
                }
            )
            > 1
        )


def test_validation_sample_is_spread_over_the_text(whole_run):
    with GPT.active():
        train = GPT.module("train")
        model = train.build_model(train.load_checkpoint(whole_run / "ckpt.pt"))
    text = np.random.default_rng(0).integers(0, 10, 8 * 40 + 1).astype(np.uint16)
    windows = [train.validation_loss(model, text[8 * i : 8 * i + 9]) for i in range(40)]
    assert train.validation_loss(model, text) == pytest.approx(np.mean(windows), rel=1e-6)
    assert train.validation_loss(model, text, limit=24) == pytest.approx(
        np.mean([windows[i] for i in (0, 19, 39)]), rel=1e-6
    )


def wait_for(process, done, seconds=60):
    """Wait until done() is true, the process has ended, or the time is over."""
    end = time.monotonic() + seconds
    while not done() and process.poll() is None and time.monotonic() < end:
        time.sleep(0.005)


def saved_iteration(run):
    """The iteration of a run's checkpoint, -1 if there is none."""
    try:
        return torch.load(run / "ckpt.pt", weights_only=True)["iteration"]
    except FileNotFoundError:
        return -1


def test_resume_after_kill_gives_the_same_log(data, whole_run, tmp_path):
    run = tmp_path / "run"
    argv = ["--data_root", data, "--ckpt_path", run, "--eval_interval", 4, "--dropout", 0.3, *TINY]
    process = command(*argv, "--iters", 12)
    wait_for(process, lambda: saved_iteration(run) >= 4)
    process.kill()
    process.communicate()
    script("train", *argv, "--resume")
    assert read_log(run) == read_log(whole_run)
    weights = [
        torch.load(folder / "ckpt.pt", weights_only=True)["weights"] for folder in (run, whole_run)
    ]
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[1])
    assert sorted(path.name for path in run.glob("[!.]*")) == FILES


@pytest.mark.usefixtures("usual_signals")
@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to one process on Windows")
def test_ctrl_c_saves_and_prints_how_to_continue(data, tmp_path):
    run = tmp_path / "run"
    process = command(
        "--data_root", data, "--ckpt_path", run, "--iters", 100000, "--eval_interval", 99999, *TINY
    )
    with ended(process):
        wait_for(process, lambda: saved_iteration(run) >= 0)
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130 and "--resume" in err and "Traceback" not in err, err
    checkpoint = torch.load(run / "ckpt.pt", weights_only=True)
    assert (
        0 < checkpoint["iteration"] < 100000
        and checkpoint["loss_sum"][1] == checkpoint["iteration"]
    )


@pytest.mark.usefixtures("usual_signals")
def test_resume_between_evaluations_gives_the_same_log(data, whole_run, tmp_path, monkeypatch):
    """Ctrl-C between two evaluations: the sum of losses since the last evaluation is restored too."""
    run, train = tmp_path / "run", GPT.module("train")
    argv = ["--data_root", data, "--ckpt_path", run, "--eval_interval", 4, "--dropout", 0.3, *TINY]
    train_step = train.train_step

    def step_with_ctrl_c(*args):
        count.append(1)
        if len(count) == 7:
            signal.raise_signal(signal.SIGINT)
        return train_step(*args)

    count = []
    monkeypatch.setattr(train, "train_step", step_with_ctrl_c)
    with pytest.raises(KeyboardInterrupt, match="Iteration 7 of 12 is saved.*--resume"):
        script("train", *argv, "--iters", 12)
    script("train", *argv, "--resume")
    assert read_log(run) == read_log(whole_run)


@pytest.mark.slow
def test_two_processes_equal_one_with_double_batch(data, tmp_path):
    argv = ["--data_root", data, "--iters", 6, "--eval_interval", 3, "--dropout", 0, *TINY]
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"]
    process = command(*argv, "--ckpt_path", tmp_path / "two", launcher=launcher)
    script("train", *argv, "--ckpt_path", tmp_path / "one", "--batchsize", 8)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert out.count("over the whole validation text") == 1
    of_two, of_one = read_log(tmp_path / "two"), read_log(tmp_path / "one")
    for a, b in zip(of_two, of_one, strict=True):
        assert a == pytest.approx(b, rel=1e-5)


def test_resume_of_a_finished_run_changes_nothing(data, whole_run, capsys):
    before = (whole_run / "ckpt.pt").read_bytes()
    script("train", "--data_root", data, "--ckpt_path", whole_run, "--resume", "--quiet")
    final = read_log(whole_run)[-1]["final_val_loss"]
    assert f"validation loss {final:.4f}" in capsys.readouterr().out
    assert (whole_run / "ckpt.pt").read_bytes() == before


def test_no_pos_and_no_res_change_the_config_and_the_loss(data, tmp_path):
    final_losses = {}
    for flag in ("", "-no_pos", "-no_res"):
        run = tmp_path / f"run{flag}"
        script(
            "train",
            "--data_root",
            data,
            "--ckpt_path",
            run,
            "--iters",
            3,
            *TINY,
            *filter(None, [flag]),
        )
        final_losses[flag] = read_log(run)[-1]["final_val_loss"]
        config = torch.load(run / "ckpt.pt", weights_only=True)["config"]
        assert (config["no_pos"], config["no_res"]) == (flag == "-no_pos", flag == "-no_res")
    assert len(set(final_losses.values())) == 3


def test_earlier_run_in_the_folder_is_moved_aside(data, tmp_path):
    argv = ["--data_root", data, "--ckpt_path", tmp_path, "--iters", 1, *TINY]
    script("train", *argv)
    first = (tmp_path / "ckpt.pt").read_bytes()
    script("train", *argv, "--seed", 1)
    assert (
        (tmp_path / "earlier-1" / "ckpt.pt").read_bytes()
        == first
        != (tmp_path / "ckpt.pt").read_bytes()
    )
    script("train", *argv, "--seed", 2)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        [*FILES, "earlier-1", "earlier-2"]
    )
    script("train", *argv, "--overwrite")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        [*FILES, "earlier-1", "earlier-2"]
    )


@pytest.mark.parametrize(
    "argv, words",
    [
        (["--iters", 0], "'0' is not a whole number of at least 1"),
        (["--lr", "much"], "'much' is not a number"),
        (["--lr", "nan"], "'nan' is not a number"),
        (["--dropout", 1], "below 1"),
        (["--seed", -1], "at least 0"),
        (["-no_position"], "did you mean --no_pos?"),
    ],
)
def test_wrong_flag_of_train_is_a_one_line_error(capsys, argv, words):
    with GPT.active(), pytest.raises(SystemExit) as stop:
        GPT.module("train").main([str(word) for word in argv])
    err = capsys.readouterr().err
    assert stop.value.code == 2 and words in err and err.count("\n") == 1


def test_train_names_bad_input_and_changes_nothing(data, whole_run, tmp_path):
    other_data = tmp_path / "other"
    other_data.mkdir()
    (other_data / "input.txt").write_text("甲乙丙丁" * 30, encoding="utf-8")
    message = user_error("train", "--data_root", other_data, "--ckpt_path", tmp_path / "run", *TINY)
    assert f"prepare.py --data_root {other_data}" in message
    script("prepare", "--data_root", other_data, "--quiet")
    before = {path.name: path.read_bytes() for path in whole_run.iterdir()}
    for argv, words in [
        (
            [data, tmp_path / "run", "--n_embd", "10", "--n_head", "3"],
            "n_embd 10 does not divide into n_head 3",
        ),
        ([data, tmp_path / "run", "--max_seq_len", "5000"], "--max_seq_len 5000 is past the text"),
        ([data, tmp_path / "run", "--resume"], "ckpt.pt not found"),
        ([data, whole_run, "--resume", "--iters", "20"], "began with --iters 12, not 20"),
        ([other_data, whole_run, "--resume"], "another vocabulary"),
    ]:
        message = user_error(
            "train", "--data_root", argv[0], "--ckpt_path", argv[1], *TINY, *argv[2:]
        )
        assert words in message, message
    for cut in (0, 100, len(before["ckpt.pt"]) // 2, len(before["ckpt.pt"]) - 1):
        (tmp_path / "ckpt.pt").write_bytes(before["ckpt.pt"][:cut])
        message = user_error(
            "train", "--data_root", data, "--ckpt_path", tmp_path, "--resume", *TINY
        )
        assert "truncated" in message
    checkpoint = torch.load(whole_run / "ckpt.pt", weights_only=True)
    torch.save({**checkpoint, "format": 99}, tmp_path / "ckpt.pt")
    assert "format 99" in user_error(
        "train", "--data_root", data, "--ckpt_path", tmp_path, "--resume", *TINY
    )
    (other_data / "val.bin").write_bytes(b"12")
    assert "val.bin should have" in user_error(
        "train", "--data_root", other_data, "--ckpt_path", tmp_path / "run", *TINY
    )
    assert not (tmp_path / "run").exists()
    assert {path.name: path.read_bytes() for path in whole_run.iterdir()} == before


def test_full_disk_keeps_the_last_checkpoint(data, tmp_path):
    resource = pytest.importorskip("resource")
    argv = ["--data_root", data, "--ckpt_path", tmp_path, *TINY]
    script("train", *argv, "--iters", 1)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(
        resource.RLIMIT_FSIZE, (2000, limits[1])
    )  # like a full disk: writing stops in the middle of a file
    try:
        message = user_error("train", *argv, "--iters", 2, "--overwrite")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "cannot write" in message and "Make room" in message
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_empty_blank_in_train_is_a_one_line_error(data, tmp_path, monkeypatch, capsys):
    def empty(self, s):
        raise NotImplementedError("gpt_songci/model.py, blank gpt-a3.4 (weights): still empty")

    monkeypatch.setattr(GPT.module("model").MultiHeadSelfAttention, "weights", empty)
    argv = ["--data_root", data, "--ckpt_path", tmp_path / "run", *TINY]
    with GPT.active(), pytest.raises(SystemExit) as stop:
        GPT.module("cli").run(lambda: GPT.module("train").main([str(word) for word in argv]))
    message = capsys.readouterr().err
    assert "blank gpt-a3.4 (weights): still empty" in message
    assert stop.value.code == 2 and message.count("\n") == 1


def test_nan_loss_stops_training_with_the_iteration(data, tmp_path, monkeypatch):
    train = GPT.module("train")
    monkeypatch.setattr(train, "train_step", lambda *args: torch.tensor(math.nan))
    assert "the loss is nan in iteration 1" in user_error(
        "train", "--data_root", data, "--ckpt_path", tmp_path, *TINY
    )


# ---------------------------------------------------------------------------------------------------------------- deep


@pytest.mark.deep
def test_training_killed_20_times_has_the_same_log(data, tmp_path):
    argv = ["--data_root", data, "--iters", 300, "--eval_interval", 3, "--dropout", 0.3, *TINY]
    script("train", *argv, "--ckpt_path", tmp_path / "whole")
    expected, rng, kills, run = read_log(tmp_path / "whole"), random.Random(20), 0, 0
    while kills < 20:
        folder = tmp_path / f"run{run}"
        process = command(*argv, "--ckpt_path", folder)
        run += 1
        wait_for(process, lambda: saved_iteration(folder) >= 0)  # noqa: B023
        while process.poll() is None:  # killed repeatedly until it finishes
            time.sleep(rng.uniform(0, 0.8))
            if process.poll() is None:
                process.kill()
                process.communicate()
                kills += 1
                assert saved_iteration(folder) >= 0  # readable
                process = command("--data_root", data, "--ckpt_path", folder, "--resume", *TINY)
                before = saved_iteration(folder)
                wait_for(process, lambda: saved_iteration(folder) > before)  # noqa: B023
        assert process.communicate() and process.returncode == 0
        assert read_log(folder) == expected and (folder / FILES[2]).is_file()
    print(f"{kills} kills in {run} runs")


@pytest.mark.deep
@pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="reads peak memory as Linux counts it"
)
def test_prepare_of_1_gb_needs_less_than_500_mb(tmp_path):
    """Memory stays below 500 MB and cost is linear from 10 MB to 1 GB; prints speed and memory (pytest -s)."""
    rng = random.Random(0)
    part = poems(20000)
    lines = part.splitlines(keepends=True)
    code = (
        "import sys, pathlib, prepare; prepare.main(sys.argv[1:]); "
        "print('peak', pathlib.Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0])"
    )
    speeds = {}
    for megabytes in (10, 100, 1000):
        folder = tmp_path / str(megabytes)
        folder.mkdir()
        size = 0
        with open(folder / "input.txt", "w", encoding="utf-8", newline="\n") as file:
            while size < megabytes * 10**6:
                rng.shuffle(lines)
                text = "".join(lines)[: (megabytes * 10**6 - size + 2) // 3]
                size += len(text.encode())
                file.write(text)
        start = time.perf_counter()
        out = subprocess.run(
            [sys.executable, "-c", code, "--data_root", str(folder), "--quiet"],
            text=True,
            capture_output=True,
            check=True,
            cwd=ROOT / "gpt_songci",
            encoding="utf-8",
        ).stdout
        seconds, peak = time.perf_counter() - start, int(out.split("peak")[1]) / 1000
        speeds[megabytes] = size / 1e6 / seconds
        print(
            f"{size / 1e6:.0f} MB: {seconds:.1f} s, {speeds[megabytes]:.0f} MB/s, peak memory {peak:.0f} MB"
        )
        assert peak < 500
        (folder / "input.txt").unlink()
    assert speeds[1000] > speeds[100] / 2
