"""gpt_songci's sample.py, evaluate.py and compare.py; cached sampling is compared with plain recomputation."""

import json
import math
import os
import random
import shutil
import signal
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from course.homeworks import ROOT
from course.solved import load_solved
from tests.repository.children import ended

GPT = load_solved("gpt_songci")
with GPT.active():
    model_py, sample, fast_sample, text_py, evaluate, compare = map(
        GPT.module, ("model", "sample", "fast_sample", "text", "evaluate", "compare")
    )
WINDOW = 12


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def script(name, *argv):
    """Run main() of a script of the folder in this process."""
    with GPT.active():
        return GPT.module(name).main([str(word) for word in argv])


def user_error(name, *argv):
    """The message of the UserError that main() of a script raises; fails if it raises none."""
    with GPT.active(), pytest.raises(GPT.module("cli").UserError) as caught:
        GPT.module(name).main([str(word) for word in argv])
    return str(caught.value)


def random_model(window=WINDOW, **settings):
    torch.manual_seed(3)
    model = model_py.GPT(
        model_py.GPTConfig(40, window, n_layer=3, n_head=2, n_embd=16, dropout=0.3, **settings)
    ).eval()
    for p in model.parameters():
        torch.nn.init.normal_(p, std=0.4)  # far from ties
    return model


def greedy(write, model, prompt, count):
    """(batch, count) tokens that a generate function writes with temperature 0."""
    return torch.stack(list(write(model, prompt, count, 0)), 1)


def generate_fast(model, prompt, *args):
    return sample.generate(fast_sample.speed_up(model, len(prompt)), prompt, *args)


BOTH_PATHS = pytest.mark.parametrize(
    "write", [sample.generate, generate_fast], ids=["readable", "fast"]
)


# --------------------------------------------------------------------------------------------------------------- sample


@BOTH_PATHS
@pytest.mark.parametrize("settings", [{}, {"no_pos": True}, {"no_res": True}])
@pytest.mark.parametrize("length", [1, 2, 5, WINDOW - 1, WINDOW, WINDOW + 1, 3 * WINDOW])
def test_greedy_text_is_the_same_with_and_without_cache(length, settings, write):
    model = random_model(**settings)
    prompt = torch.randint(40, (3, length), generator=torch.Generator().manual_seed(length))
    count = max(1, WINDOW - length + 1)  # so that no character leaves the window
    text = greedy(write, model, prompt, count)
    assert text.shape == (3, count)
    assert text.tolist() == greedy(sample.generate_without_cache, model, prompt, count).tolist()


@BOTH_PATHS
def test_steps_that_use_layer_weights_directly_can_be_cached(monkeypatch, write):
    def linear(layer, x):
        return F.linear(x, layer.weight, layer.bias)

    def dropout(step, x, training):
        return F.dropout(x, step.p, training)

    versions = {
        model_py.MultiHeadSelfAttention: {
            "project": lambda self, x: (linear(self.q, x), linear(self.k, x), linear(self.v, x)),
            "split_heads": lambda self, x: x.unflatten(
                -1, (self.n_head, self.q.out_features // self.n_head)
            ),
            "mix": lambda self, weights, v: (
                dropout(self.weight_dropout, weights, self.training) @ v
            ),
            "project_out": lambda self, x: dropout(
                self.out_dropout, linear(self.o, x), self.training
            ),
        },
        model_py.GPT: {
            "first_input": lambda self, E_U, E_P: dropout(self.dropout, E_U + E_P, self.training),
            "logits": lambda self, h: linear(self.head, self.norm(h)),
        },
    }
    model, prompt = random_model(), torch.randint(40, (3, 5))
    expected = greedy(sample.generate_without_cache, model, prompt, WINDOW)
    for owner, steps in versions.items():
        for name, step in steps.items():
            monkeypatch.setattr(owner, name, step)
    assert torch.equal(greedy(write, model, prompt, WINDOW - 5), expected[:, : WINDOW - 5])


@BOTH_PATHS
def test_cache_works_for_a_one_character_prompt_and_batch_of_1(write):
    model, prompt = (
        random_model(),
        torch.zeros(1, 1, dtype=torch.long),
    )  # "\n" is the first character
    assert (
        greedy(write, model, prompt, WINDOW).tolist()
        == greedy(sample.generate_without_cache, model, prompt, WINDOW).tolist()
    )


@pytest.mark.parametrize("fast", [False, True])
@pytest.mark.parametrize("pieces", [[1] * WINDOW, [5] + [1] * 7, [5, 4, 3], [WINDOW]])
def test_cached_logits_equal_those_of_the_model(pieces, fast):
    model, tokens = (
        random_model(),
        torch.randint(40, (2, WINDOW), generator=torch.Generator().manual_seed(0)),
    )
    end = 0
    with torch.no_grad():
        expected, _ = model(tokens)
        reader = sample.CachedGPT(fast_sample.speed_up(model, 2) if fast else model, WINDOW)
        for piece in pieces:
            end += piece
            torch.testing.assert_close(
                reader.read(tokens[:, end - piece : end]),
                expected[:, end - 1],
                rtol=1e-4,
                atol=1e-4,
            )


@BOTH_PATHS
@pytest.mark.parametrize("window", [1, 2, 7, WINDOW])
@pytest.mark.parametrize("length", [1, 7, 30])
def test_full_window_is_cut_to_its_newest_half(window, length, write):
    model = random_model(window)
    prompt = torch.randint(40, (2, length), generator=torch.Generator().manual_seed(length))
    text, width = prompt, min(length, window)
    with torch.no_grad():
        for _ in range(40):
            text = torch.cat([text, model(text[:, -width:])[0][:, -1:].argmax(-1)], 1)
            width = width + 1 if width < window else max(1, window // 2)
    assert greedy(write, model, prompt, 40).tolist() == text[:, length:].tolist()


def test_each_character_past_the_window_is_read_at_most_twice(monkeypatch):
    read, count = sample.CachedGPT.read, []
    monkeypatch.setattr(
        sample.CachedGPT,
        "read",
        lambda self, tokens: count.append(tokens.size(1)) or read(self, tokens),
    )
    greedy(sample.generate, random_model(), torch.zeros(1, 1, dtype=torch.long), 50 * WINDOW)
    assert sum(count) <= 2 * 50 * WINDOW


@BOTH_PATHS
def test_sampling_does_not_change_the_model(write):
    model = random_model().train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    list(write(model, torch.zeros(2, 1, dtype=torch.long), 5))
    assert model.training and list(before) == list(model.state_dict())
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


@pytest.mark.parametrize("temperature, top_k", [(1.0, 0), (0.5, 0), (2.0, 3), (1.0, 99)])
def test_drawn_tokens_follow_the_softmax(temperature, top_k):
    logits = torch.tensor([[0.3, -1.0, 1.5, 0.9, -0.2]])
    p = torch.softmax(logits[0].double() / temperature, -1).numpy()
    if 0 < top_k < 5:
        p[np.argsort(p)[:-top_k]] = 0
    p, n = p / p.sum(), 20000
    drawn = sample.pick(
        logits.expand(n, -1), temperature, top_k, torch.Generator().manual_seed(5)
    ).numpy()
    share = np.bincount(drawn, minlength=5) / n
    assert np.all(share[p == 0] == 0) and np.all(np.abs(share - p) <= 5 * np.sqrt(p * (1 - p) / n))


def test_top_1_and_low_temperature_equal_greedy():
    logits = torch.randn(7, 40, generator=torch.Generator().manual_seed(0))
    for chosen in (
        sample.pick(logits, 0, 0, None),
        sample.pick(logits, 1.0, 1, None),
        sample.pick(logits, 1e-4, 0, None),
    ):
        assert chosen.tolist() == logits.argmax(-1).tolist()


# ----------------------------------------------------------------------------------------------------- a small real run

TUNES = {"甲": (5, 7), "乙": (3, 3, 6), "丙丁": (4,)}


def poems(count, seed=0):
    rng = random.Random(seed)
    generated = (
        (tune, [f"{''.join(rng.choices('山水風月花雪夜', k=n))}。" for n in TUNES[tune]])
        for tune in rng.choices(list(TUNES), k=count)
    )
    return [
        (tune, f"+++{tune}(題{n % 7})\n" + "\n".join(lines) + "\n\n")
        for n, (tune, lines) in enumerate(generated)
    ]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder with data/ and run/ (a short training of a tiny model)."""
    folder = tmp_path_factory.mktemp("gpt")
    (folder / "data").mkdir()
    (folder / "data" / "input.txt").write_text(
        "".join(text for _, text in poems(60)), encoding="utf-8", newline="\n"
    )
    script("prepare", "--data_root", folder / "data", "--quiet")
    script(
        "train",
        "--data_root",
        folder / "data",
        "--ckpt_path",
        folder / "run",
        "--iters",
        8,
        "--eval_interval",
        4,
        "--n_layer",
        2,
        "--n_head",
        2,
        "--n_embd",
        8,
        "--max_seq_len",
        10,
        "--dtype",
        "float32",
        "--threads",
        1,
        "--quiet",
    )
    return folder


def flags(trained, **more):
    return [
        str(word)
        for name, value in {
            "data_root": trained / "data",
            "ckpt_path": trained / "run",
            **more,
        }.items()
        for word in (f"--{name}", value)
    ] + ["--quiet", "--threads", "1"]


def test_samples_are_complete_and_depend_on_the_seed(trained, capsys):
    script("sample", *flags(trained, num_samples=3, max_new_tokens=25, start="+++甲\\n山"))
    out = capsys.readouterr().out
    texts = out.replace("  *\n", "\n").split("---------------- ")[1:]
    assert [text.split("\n")[0] for text in texts[:3]] == [f"sample {n} of 3" for n in (1, 2, 3)]
    for text in texts[:3]:
        body = text.split("\n", 1)[1]
        assert body.startswith("+++甲\n山") and len(body) == len("+++甲\n山") + 25 + 1
    assert (
        "lines occur in the training text" in texts[3]
        and len({text[8:] for text in texts[:3]}) == 3
    )
    script("sample", *flags(trained, num_samples=3, max_new_tokens=25, start="+++甲\\n山"))
    assert capsys.readouterr().out == out
    script("sample", *flags(trained, num_samples=3, max_new_tokens=25, start="+++甲\\n山", seed=1))
    assert capsys.readouterr().out != out


def test_stream_no_cache_and_no_fast_print_the_same_text(trained, capsys):
    settings = {"num_samples": 1, "max_new_tokens": 8, "temperature": 0, "start": "\\n\\n"}
    printed = []
    for more in ([], ["-stream"], ["--no_cache"], ["--no_fast"]):
        script("sample", *flags(trained, **settings), *more)
        printed.append(capsys.readouterr().out.replace("  *\n", "\n"))
    text = printed[0].split("sample 1 of 1\n")[1].split("\n----------------")[0]
    assert (
        printed[2] == printed[3] == printed[0]
        and printed[1].startswith(text + "\n---")
        and len(text) == 10
    )


def test_train_and_sample_work_without_the_fast_files(trained, tmp_path):
    folder = tmp_path / "gpt_songci"
    shutil.copytree(
        ROOT / "gpt_songci", folder, ignore=shutil.ignore_patterns("fast*", "__pycache__")
    )
    assert not list(folder.glob("fast*"))
    commands = [
        ["train.py", *flags(trained, ckpt_path=tmp_path / "run", iters=1, n_embd=8)],
        ["sample.py", *flags(trained, ckpt_path=tmp_path / "run", num_samples=2, max_new_tokens=4)],
    ]
    code = (
        "import contextlib, json, runpy, sys\n"
        "sys.path.insert(0, '.')\n"
        "for sys.argv in json.loads(sys.argv[1]):\n"
        "    with contextlib.suppress(SystemExit):\n"
        "        runpy.run_path(sys.argv[0], run_name='__main__')\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, json.dumps(commands)],
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert "sample 2 of 2" in run.stdout, run.stderr


def test_several_samples_are_streamed_line_by_line(trained, capsys):
    script("sample", *flags(trained, num_samples=2, max_new_tokens=30), "--stream")
    streamed = capsys.readouterr().out.split("----------------")[0]
    script("sample", *flags(trained, num_samples=2, max_new_tokens=30))
    parts = capsys.readouterr().out.replace("  *\n", "\n").split("---------------- ")
    for n in (1, 2):
        lines = [line[4:] for line in streamed.splitlines() if line.startswith(f"[{n}]")]
        assert "\n".join(lines).strip("\n") == parts[n].split("\n", 1)[1].strip("\n")


def test_sampled_lines_of_the_training_text_are_marked(trained, capsys, monkeypatch):
    text = poems(60)[0][1]
    characters = json.loads((trained / "data" / "meta.json").read_text(encoding="utf-8"))[
        "characters"
    ]
    lines = text.strip("\n").split("\n")
    new = "\n".join(lines[1:]) + "\n山山山山山山山山山。\n山"
    numbers = torch.tensor(text_py.encode(new, characters))
    monkeypatch.setattr(GPT.module("sample"), "generate", lambda *args: (n[None] for n in numbers))
    monkeypatch.setattr(GPT.module("text"), "CHUNK", 5)
    script(
        "sample",
        *flags(
            trained, num_samples=1, start=f"{lines[1]}\\n{lines[0]}\\n", max_new_tokens=len(new)
        ),
    )
    out = capsys.readouterr().out
    assert [line for line in out.splitlines() if line.endswith("  *")] == [
        f"{line}  *" for line in lines[1:]
    ]
    assert f"{len(lines) - 1} of {len(lines)} lines occur" in out


def test_start_is_read_from_a_file_or_its_fault_named(trained, capsys, tmp_path):
    (tmp_path / "p.txt").write_bytes("\ufeff+++甲\r\n山".encode())
    script(
        "sample",
        *flags(trained, num_samples=1, max_new_tokens=3, start=f"FILE:{tmp_path / 'p.txt'}"),
    )
    assert "sample 1 of 1\n+++甲\n山" in capsys.readouterr().out
    (tmp_path / "p.txt").write_bytes("山".encode() + b"\xff")
    assert "byte 3" in user_error("sample", *flags(trained, start=f"FILE:{tmp_path / 'p.txt'}"))
    (tmp_path / "p.txt").write_bytes(b"")
    assert "empty" in user_error("sample", *flags(trained, start=f"FILE:{tmp_path / 'p.txt'}"))
    assert "none.txt" in user_error(
        "sample", *flags(trained, start=f"FILE:{tmp_path / 'none.txt'}")
    )


def test_sample_names_bad_input_in_one_line(trained, tmp_path, capsys):
    message = user_error("sample", *flags(trained, start="+++甲𠀀xx"))
    assert "'𠀀' (U+20000)" in message and "'x' (U+0078)" in message and "甲" not in message
    assert "empty" in user_error("sample", *flags(trained, start=""))
    assert "train.py" in user_error("sample", *flags(trained, ckpt_path=tmp_path / "none"))
    assert "prepare.py" in user_error("sample", *flags(trained, data_root=tmp_path))
    (tmp_path / "ckpt.pt").write_bytes((trained / "run" / "ckpt.pt").read_bytes()[:900])
    assert "truncated" in user_error("sample", *flags(trained, ckpt_path=tmp_path))
    (tmp_path / "input.txt").write_text("0123456789" * 3, encoding="utf-8")
    script("prepare", "--data_root", tmp_path, "--quiet")
    assert "another text" in user_error("sample", *flags(trained, data_root=tmp_path))
    assert "another text" in user_error("evaluate", *flags(trained, data_root=tmp_path))
    for wrong in (
        ["--temperature", "-1"],
        ["--top_k", "x"],
        ["--num_samples", "0"],
        ["--max_new_tokens", "0"],
        ["-tok", 1],
    ):
        with pytest.raises(SystemExit) as stop:
            script("sample", *flags(trained), *wrong)
        assert stop.value.code == 2 and capsys.readouterr().err.count("\n") == 1


@pytest.mark.usefixtures("usual_signals")
@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT for one process there")
def test_ctrl_c_in_sample_prints_the_text_so_far(trained):
    env = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
    env.pop("PYTHONPATH", None)
    process = subprocess.Popen(
        [
            sys.executable,
            str(ROOT / "gpt_songci" / "sample.py"),
            "--stream",
            *flags(trained, num_samples=1, max_new_tokens=1000000),
        ],
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with ended(process):
        first = process.stdout.read(20)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (
        process.returncode == 130 and first and "lines occur in the training text" in out.decode()
    )
    assert (
        "of 1000000 characters of each sample were written" in err.decode()
        and "Traceback" not in err.decode()
    )


# ------------------------------------------------------------------------------------------------------------- evaluate


def test_read_poems_finds_complete_poems_only():
    text = "缺頭。\n\n+++甲(題)\n一二，三。\n四五 六\n\n+++乙（又）\n一。\n+++丙\n\n+++丁・戊\n七、八！\n  \n\n+++甲\n沒完。\n"
    assert list(evaluate.read_poems(text_py.read_lines([text[:9], text[9:]]))) == [
        ("甲", ["一二，三。", "四五 六"]),
        ("丁・戊", ["七、八！"]),
    ]
    assert evaluate.line_lengths(["一二，三。", "四五 六", "□𠀀x「」"]) == (3, 3, 3)


def test_form_is_the_share_of_poems_with_a_pattern_of_their_tune():
    counts, patterns = evaluate.patterns_of(
        [("甲", ["一二。"]), ("甲", ["一。", "二。"]), ("乙", ["一二三。"])]
    )
    assert counts == {"甲": 2, "乙": 1}
    assert (
        evaluate.form(
            [("甲", ["三四"]), ("甲", ["一", "二"]), ("甲", ["一二三"]), ("乙", ["一二"])], patterns
        )
        == 0.5
    )
    assert (
        evaluate.form([("未知", ["一二"])], patterns) == 0 and evaluate.form([], patterns) is None
    )


@pytest.mark.parametrize("chunk", [1, 3, 8, 50, 1000])
def test_copied_and_distinct_equal_plain_counts(chunk):
    rng = random.Random(chunk)
    text = "".join(rng.choices("ab", k=300))
    texts = ["".join(rng.choices("ab", k=n)) for n in (3, 7, 8, 40, 60)]
    runs = [t[i : i + 8] for t in texts for i in range(len(t) - 7)]
    assert evaluate.copied(texts, (text[i : i + chunk] for i in range(0, 300, chunk))) == sum(
        run in text for run in runs
    ) / len(runs)
    pairs = [t[i : i + 2] for t in texts for i in range(len(t) - 1)]
    assert evaluate.distinct(texts, 9) == len(set(pairs[:9])) / 9
    assert evaluate.distinct(texts, 10**6) == len(Counter(pairs)) / len(pairs)
    assert evaluate.copied(["1234567"], [text]) is None and evaluate.distinct(["1"], 5) is None


def test_evaluation_is_the_same_for_equal_seeds(trained, capsys, tmp_path):
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        script(
            "evaluate",
            *flags(
                trained,
                num_poems=9,
                max_new_tokens=40,
                seed=seed,
                json=tmp_path / name,
                poems=tmp_path / f"{name}.txt",
            ),
        )
    assert "perplexity" in capsys.readouterr().out
    a, b, c = (json.loads((tmp_path / name).read_text(encoding="utf-8")) for name in "abc")
    log = [
        json.loads(line)
        for line in (trained / "run" / "log.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    assert (
        a == b != c
        and a["poems"] == 9
        and a["guided"]["form"] == 1
        and a["val_loss"] == pytest.approx(log[-1]["final_val_loss"], abs=1e-5)
    )
    assert a["perplexity"] == pytest.approx(math.exp(a["val_loss"])) and a["human"]["form"] == 1
    assert (
        (tmp_path / "a.txt").read_bytes()
        == (tmp_path / "b.txt").read_bytes()
        != (tmp_path / "c.txt").read_bytes()
    )
    assert (tmp_path / "a.txt").read_text(encoding="utf-8").count("+++") >= 9


def test_evaluation_skips_guided_poems_if_the_blank_is_empty(
    trained, capsys, tmp_path, monkeypatch
):
    def empty(*args):
        raise NotImplementedError("gpt_songci/model.py, blank gpt-t1.0 (guide_logits): still empty")

    monkeypatch.setattr(GPT.module("guide"), "guide_logits", empty)
    settings = flags(trained, num_poems=3, max_new_tokens=20, json=tmp_path / "e.json")
    script("evaluate", *settings)
    assert "no guided poems: gpt_songci/model.py, blank gpt-t1.0" in capsys.readouterr().out
    result = json.loads((tmp_path / "e.json").read_text(encoding="utf-8"))
    assert "free" in result and "guided" not in result
    with pytest.raises(NotImplementedError):
        script("evaluate", *settings, "--write", "guided")


@pytest.mark.parametrize(
    "kind, form, copied",
    [
        ("training", 1, 1),
        ("cut", 0, None),
        ("run into the next", 0, None),
        ("lines reversed", 0, None),
        ("other tune", 0, 1),
    ],
)
def test_evaluation_of_altered_training_poems(trained, tmp_path, monkeypatch, kind, form, copied):
    training_poems = [text for tune, text in poems(60)[:40] if tune == "乙"]
    texts = {
        "training": training_poems,
        "cut": [text[:-1] for text in training_poems],
        "run into the next": [text[:-1] + "+++" for text in training_poems],
        "lines reversed": [
            "\n".join([text.split("\n")[0], *text.split("\n")[-3:0:-1]]) + "\n\n"
            for text in training_poems
        ],
        "other tune": [text.replace("乙", "甲") for text in training_poems],
    }[kind]
    monkeypatch.setattr(GPT.module("evaluate"), "write_poems", lambda *args: texts)
    script("evaluate", *flags(trained, num_poems=len(training_poems), json=tmp_path / "e.json"))
    result = json.loads((tmp_path / "e.json").read_text(encoding="utf-8"))
    assert result["form"] == form and (kind == "lines reversed" or result["copied"] == copied)
    assert result["finished"] == (
        len(training_poems) if kind in ("training", "lines reversed", "other tune") else 0
    )


# -------------------------------------------------------------------------------------------------------------- compare


def test_compare_prints_a_table_and_draws_a_figure(trained, tmp_path, capsys):
    runs = [tmp_path / name for name in ("one", "二")]
    for run in runs:
        shutil.copytree(trained / "run", run)
    script("evaluate", *flags(trained, ckpt_path=runs[0], num_poems=3, max_new_tokens=20))
    capsys.readouterr()
    script("compare", *runs, "--plot", tmp_path / "new" / "c.png")
    out = capsys.readouterr().out
    log = [
        json.loads(line)
        for line in (runs[0] / "log.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    rows = [line.split() for line in out.splitlines()]
    assert rows[1][:4] == [
        "one",
        "8",
        f"{log[-1]['train_loss']:.4f}",
        f"{log[-1]['final_val_loss']:.4f}",
    ]
    assert (
        rows[2][0] == "二"
        and rows[2][5:] == ["-", "-", "-"]
        and rows[3][:3] == ["(validation", "poems)", "100.0%"]
    )
    assert (
        "evaluate.py --ckpt_path" in out
        and (tmp_path / "new" / "c.png").read_bytes()[:4] == b"\x89PNG"
    )
    # After further training the numbers differ from those of evaluate.json and are not final.
    log[-1].pop("final_val_loss")
    log[-1]["iter"] += 1
    (runs[0] / "log.jsonl").write_text("\n".join(map(json.dumps, log)), encoding="utf-8")
    script("compare", runs[0], "--plot", tmp_path / "c.jpg")
    out = capsys.readouterr().out
    assert (
        "belongs to another checkpoint" in out
        and f"{log[-1]['val_loss']:.4f}*" in out
        and "not finished" in out
    )
    assert (tmp_path / "c.jpg").read_bytes()[:2] == b"\xff\xd8"


def test_compare_names_bad_input_and_draws_nothing(trained, tmp_path):
    plot = ("--plot", tmp_path / "c.png")
    assert "train.py" in user_error("compare", trained / "run", tmp_path / "none", *plot)
    assert ".png" in user_error("compare", trained / "run", "--plot", tmp_path / "c.txt")
    run = shutil.copytree(trained / "run", tmp_path / "run")
    (run / "evaluate.json").write_text("[1", encoding="utf-8")
    assert "evaluate.json" in user_error("compare", run, *plot)
    for wrong in ("{", "[]", '{"iter": 1}', "null"):
        (run / "log.jsonl").write_text("\n" + wrong, encoding="utf-8")
        assert "log.jsonl" in user_error("compare", run, *plot)
    (run / "log.jsonl").write_text("", encoding="utf-8")
    assert "no point yet" in user_error("compare", run, *plot)
    assert not (tmp_path / "c.png").exists()


def test_compare_shortens_run_names_but_keeps_them_unique(tmp_path):
    assert compare.short_names([tmp_path / "a", tmp_path / "b"]) == ["a", "b"]
    assert compare.short_names([tmp_path / "x" / "a", tmp_path / "y" / "a"]) == [
        os.path.join("x", "a"),
        os.path.join("y", "a"),
    ]
    assert compare.width("a二") == 3


def test_unknown_characters_are_replaced_with_a_note(tmp_path):
    replace = text_py.replace_unknown
    assert replace("春风", "春风，") == ("春风", "")
    text, note = replace("春骤风骤", "，春雨风")
    assert text == "春雨风雨" and "骤" in note and "雨" in note
    assert replace("春骤", "春□雨")[0] == "春□"
    assert replace("春Ω", "春") == ("春Ω", "")  # no replacement exists: sample.py reports an error


def test_error_of_a_text_file_names_the_flag(tmp_path):
    path = tmp_path / "poem.txt"
    path.write_text("+++如梦令\n常记", encoding="utf-8")
    assert text_py.read_start(f"FILE:{path}", "--text") == "+++如梦令\n常记"
    with GPT.active(), pytest.raises(GPT.module("cli").UserError, match="--text FILE:.*no file"):
        text_py.read_start(f"FILE:{tmp_path / 'none.txt'}", "--text")
