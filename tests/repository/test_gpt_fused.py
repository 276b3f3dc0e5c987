"""gpt_songci's --attention fused: the same results as model.py's separate steps, but no attention weights."""

import copy

import pytest
import torch

from tests.repository.test_gpt_prepare_train import (  # noqa: F401  (fixture)
    GPT,
    TINY,
    command,
    data,
    read_log,
    script,
)

with GPT.active():
    fast, model_py, train = map(GPT.module, ("fast", "model", "train"))


def make_model(**settings):
    torch.manual_seed(1)
    settings = {"n_layer": 2, "n_head": 3, "n_embd": 12, "dropout": 0.0} | settings
    model = model_py.GPT(model_py.GPTConfig(23, 9, **settings)).double()
    for p in model.parameters():
        torch.nn.init.normal_(p, std=0.3)
    return model


def loss_and_gradients(model):
    tokens = torch.randint(23, (4, 8), generator=torch.Generator().manual_seed(2))
    loss, _ = model_py.loss_and_perplexity(model(tokens[:, :-1])[0], tokens[:, 1:])
    model.zero_grad()
    loss.backward()
    return loss, {name: p.grad for name, p in model.named_parameters() if p.grad is not None}


@pytest.mark.parametrize("settings", [{}, {"no_pos": True}, {"no_res": True}, {"n_head": 1}])
def test_fused_attention_equals_the_separate_steps(settings):
    steps = make_model(**settings)
    fused = copy.deepcopy(steps)
    assert fast.fuse_attention(fused) and fused.training
    (loss, grads), (fused_loss, fused_grads) = map(loss_and_gradients, (steps, fused))
    torch.testing.assert_close(fused_loss, loss)
    assert grads.keys() == fused_grads.keys()
    for name, grad in grads.items():
        torch.testing.assert_close(fused_grads[name], grad, msg=name)
    assert fused(torch.zeros(1, 3, dtype=torch.long))[1] == [None, None]
    assert fused.state_dict().keys() == steps.state_dict().keys()


def test_copy_of_a_fused_model_has_separate_weights():
    fused = make_model()
    fast.fuse_attention(fused)
    fused_copy = copy.deepcopy(fused)
    tokens = torch.arange(6)[None]
    before = fused_copy(tokens)[0]
    with torch.no_grad():
        fused.blocks[0].attention.v.weight.zero_()
    assert torch.equal(fused_copy(tokens)[0], before) and not torch.equal(fused(tokens)[0], before)


def test_fused_dropout_applies_to_the_attention_weights():
    fused = make_model(dropout=0.5, n_layer=1).train()
    fast.fuse_attention(fused)
    attention = fused.blocks[0].attention
    attention.out_dropout.p = 0.0
    x, mask = torch.randn(1, 9, 12, dtype=torch.double), torch.ones(9, 9, dtype=torch.bool).triu(1)
    torch.manual_seed(0)
    drawn = torch.stack([attention(x, mask)[0] for _ in range(1500)])
    without_dropout = attention.eval()(x, mask)[0]
    assert drawn.std(0).min() > 0
    assert (drawn.mean(0) - without_dropout).abs().max() < 6 * (drawn.std(0) / 1500**0.5).max()


@pytest.mark.parametrize(
    "step, wrong",
    [
        ("mask_scores", lambda self, s, mask: s),
        ("scores", lambda self, q, k_t: q @ k_t),
        ("weights", lambda self, s: s.sigmoid()),
    ],
)
def test_attention_with_different_steps_is_not_fused(monkeypatch, step, wrong):
    """A student's attention that computes something else is not fused: training uses the student's steps."""
    monkeypatch.setattr(model_py.MultiHeadSelfAttention, step, wrong)
    model = make_model()
    tokens = torch.arange(6)[None]
    before = model(tokens)[0]
    assert not fast.fuse_attention(model)
    assert torch.equal(model(tokens)[0], before) and model(tokens)[1][0] is not None


def argv(folder, run):
    flags = ["--iters", 6, "--eval_interval", 3, "--dropout", 0, *TINY]
    return ["--data_root", folder, "--ckpt_path", run, *flags]


def test_fused_training_has_the_same_log_as_the_steps(data, tmp_path, capsys, monkeypatch):  # noqa: F811
    script("train", *argv(data, tmp_path / "steps"))
    script("train", *argv(data, tmp_path / "fused"), "--attention", "fused")
    script("train", *argv(data, tmp_path / "fused"), "--resume")
    assert "not fused" not in capsys.readouterr().out
    for a, b in zip(read_log(tmp_path / "fused"), read_log(tmp_path / "steps"), strict=True):
        assert a == pytest.approx(b, rel=1e-4)
    monkeypatch.setattr(train, "fuse_attention", lambda model: False)  # as if fast.py were missing
    script("train", *argv(data, tmp_path / "none"), "--attention", "fused")
    assert "attention is not fused" in capsys.readouterr().out


@pytest.mark.slow
def test_fused_training_runs_in_two_processes(data, tmp_path):  # noqa: F811
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"]
    flags = ["--attention", "fused", "--dtype", "bfloat16"]
    process = command(*argv(data, tmp_path / "two"), *flags, launcher=launcher)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert out.count("over the whole validation text") == 1
