"""hw_attention/model.py compared with torch's modules, brute force and simulation; ValueErrors of its functions."""

import itertools
import math

import numpy as np
import pytest
import torch

from course.solved import load_solved
from tests.reference import hw_attention as reference

MODEL = load_solved("hw_attention").module("model")
TOLERANCE = {torch.float64: 1e-12, torch.float32: 1e-6}


def torch_attention(attention, dtype):
    """An nn.MultiheadAttention with the weights of a MultiHeadSelfAttention and the identity as output projection."""
    C = attention.fused.in_features
    peer = torch.nn.MultiheadAttention(C, attention.n_head, batch_first=True, dtype=dtype)
    copy_attention(attention, peer)
    return peer


def copy_attention(attention, peer):
    C = attention.fused.in_features
    with torch.no_grad():
        for kind in ("weight", "bias"):
            parts = getattr(attention.fused, kind).split(C)
            getattr(peer, f"in_proj_{kind}").copy_(
                torch.cat([parts[0], parts[0], parts[1]] if attention.tied_qk else parts)
            )
        peer.out_proj.weight.copy_(torch.eye(C))
        peer.out_proj.bias.zero_()


def masks(B, L, generator):
    """Masks in all forms, each row with a key: None, padding (B, 1, L), shared (L, L), one per text (B, L, L)."""
    lengths = torch.randint(1, L + 1, (B,), generator=generator)
    per_text = torch.rand(B, L, L, generator=generator) < 0.5
    per_text |= torch.eye(L, dtype=torch.bool)
    return [None, MODEL.padding_keep(lengths, L), per_text[0], per_text]


def full(keep, B, L):
    """A mask expanded to (B, L, L)."""
    return torch.ones(B, L, L, dtype=torch.bool) if keep is None else keep.expand(B, L, L)


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_self_attention_equals_torch(dtype, tied):
    torch.manual_seed(0)
    generator, error = torch.Generator().manual_seed(1), 0.0
    for B, L, h, d in [(1, 1, 1, 1), (2, 5, 3, 4), (3, 4, 4, 3), (4, 7, 2, 8), (2, 9, 1, 5)]:
        attention = MODEL.MultiHeadSelfAttention(h * d, h, tied_qk=tied).to(dtype)
        peer, x = (
            torch_attention(attention, dtype),
            torch.randn(B, L, h * d, dtype=dtype, generator=generator),
        )
        for keep in masks(B, L, generator):
            hidden = ~full(keep, B, L).repeat_interleave(h, 0)
            out, weights = attention(x, keep)
            expected = peer(x, x, x, attn_mask=hidden, average_attn_weights=False)
            error = max(
                error,
                (out - expected[0]).abs().max().item(),
                (weights - expected[1]).abs().max().item(),
            )
    assert error < TOLERANCE[dtype]
    assert sum(p.numel() for p in attention.parameters()) == (2 if tied else 3) * (h * d) * (
        h * d + 1
    )


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_block_equals_torch_encoder_layer(dtype):
    torch.manual_seed(2)
    generator, error = torch.Generator().manual_seed(3), 0.0
    for B, L, h, d, tied in [
        (2, 5, 3, 4, False),
        (3, 4, 4, 2, True),
        (1, 1, 1, 2, False),
        (4, 7, 2, 8, True),
    ]:
        C = h * d
        block = MODEL.TransformerBlock(C, h, tied_qk=tied).to(dtype)
        peer = torch.nn.TransformerEncoderLayer(
            C,
            h,
            4 * C,
            dropout=0.0,
            activation="gelu",
            batch_first=True,
            norm_first=False,
            dtype=dtype,
        )  # in train mode: no fast path
        copy_attention(block.attention, peer.self_attn)
        with torch.no_grad():
            for layer, peer_layer in (
                (block.ln_1, peer.norm1),
                (block.ln_2, peer.norm2),
                (block.mlp[0], peer.linear1),
                (block.mlp[2], peer.linear2),
            ):
                if peer_layer in (peer.norm1, peer.norm2):
                    layer.weight.uniform_(0.5, 2)
                    layer.bias.normal_()
                peer_layer.weight.copy_(layer.weight)
                peer_layer.bias.copy_(layer.bias)
        x = torch.randn(B, L, C, dtype=dtype, generator=generator)
        for keep in masks(B, L, generator):
            expected = peer(x, src_mask=~full(keep, B, L).repeat_interleave(h, 0))
            error = max(
                error, ((block(x, keep)[0] - expected).abs() / (1 + expected.abs())).max().item()
            )
    assert error < TOLERANCE[dtype]


def test_attend_with_all_keys_masked_gives_zeros_and_no_nan_gradient():
    scores, values = (
        torch.randn(2, 3, 4, requires_grad=True),
        torch.randn(2, 4, 5, requires_grad=True),
    )
    keep = torch.ones(2, 3, 4, dtype=torch.bool)
    keep[1, 2] = False
    out, weights = MODEL.attend(scores, values, keep)
    assert (
        (out[1, 2] == 0).all()
        and (weights[1, 2] == 0).all()
        and torch.allclose(weights.sum(-1)[0], torch.ones(3))
    )
    out.square().sum().backward()
    assert scores.grad.isfinite().all() and values.grad.isfinite().all()


@pytest.mark.parametrize("positions", ["sine", "learned"])
def test_padding_does_not_change_other_tokens(positions):
    torch.manual_seed(0)
    encoder = MODEL.TransformerEncoder(12, 8, 2, 2, max_len=9, positions=positions).double()
    tokens, lengths = torch.randint(3, 12, (3, 9)), torch.tensor([9, 4, 1])
    h, weights = encoder(tokens, lengths)
    for b, n in enumerate(lengths):
        single, _ = encoder(tokens[b : b + 1, :n])
        assert torch.allclose(h[b, :n], single[0], atol=1e-12)
    assert all((w[1, :, :, 4:] == 0).all() for w in weights)


@pytest.mark.parametrize("score", MODEL.SCORES)
def test_seq2seq_gives_the_same_result_alone_and_in_a_batch(score):
    torch.manual_seed(0)
    model = MODEL.Seq2Seq(9, 8, 6, score=score).double().eval()
    tokens, lengths = torch.randint(3, 9, (3, 7)), torch.tensor([7, 3, 1])
    inputs = torch.randint(3, 8, (3, 4))
    logits, weights = model(tokens, lengths, inputs)
    answers, _ = model.greedy(tokens, lengths, 6)
    for b, n in enumerate(lengths):
        single, single_weights = model(tokens[b : b + 1, :n], lengths[b : b + 1], inputs[b : b + 1])
        assert torch.allclose(logits[b], single[0], atol=1e-12) and torch.allclose(
            weights[b, :, :n], single_weights[0], atol=1e-12
        )
        answer, _ = model.greedy(tokens[b : b + 1, :n], lengths[b : b + 1], 6)
        assert answers[b, : answer.size(1)].tolist() == answer[0].tolist()
    assert (weights[1, :, 3:] == 0).all()
    assert torch.allclose(
        weights.sum(-1), torch.full((3, 4), 0.0 if score == "none" else 1.0, dtype=torch.float64)
    )


def log_probability(model, tokens, lengths, answer):
    """log P(answer | tokens) in nats."""
    inputs = torch.tensor([[MODEL.BOS, *answer[:-1]]])
    log_p = model(tokens, lengths, inputs)[0].log_softmax(-1)[0]
    return float(log_p[range(len(answer)), answer].sum())


def test_wide_beam_finds_the_best_of_all_answers():
    torch.manual_seed(1)
    V, longest, better = 5, 3, 0
    for _ in range(8):
        model = MODEL.Seq2Seq(6, V, 4).double().eval()
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.mul_(3)
            tokens, lengths = torch.randint(3, 6, (1, 4)), torch.tensor([4])
            every = [
                (*front, MODEL.EOS)
                for n in range(longest)
                for front in itertools.product((0, 1, 3, 4), repeat=n)
            ]
            every += list(itertools.product((0, 1, 3, 4), repeat=longest))
            best = max(every, key=lambda answer: log_probability(model, tokens, lengths, answer))
            wide, p = model.beam(tokens, lengths, longest, width=V**longest)
            assert tuple(wide) == best and p == pytest.approx(
                log_probability(model, tokens, lengths, best), abs=1e-9
            )
            greedy = model.greedy(tokens, lengths, longest)[0][0].tolist()
            narrow, q = model.beam(tokens, lengths, longest, width=1)
            assert narrow == greedy and q <= p + 1e-12
            better += q < p - 1e-9
    assert better  # otherwise the test could not distinguish beam search from greedy


@pytest.mark.parametrize("n", [2, 3, 5, 10, 100, 1000])
def test_sampled_angles_follow_the_density(n):
    angles = load_solved("hw_attention").module("angles")
    theta, total = angles.distribution(n)
    assert total[-1] == pytest.approx(1, abs=1e-6) and np.isfinite(total).all()
    assert angles.kolmogorov_smirnov(
        MODEL.sample_angles(n, 4000, seed=0).numpy(), n
    ) < 2 / math.sqrt(4000)


def test_angles_in_one_dimension_are_0_or_pi():
    angles = MODEL.sample_angles(1, 1000, seed=0)
    assert set(angles.numpy().round(9)) == {0, round(math.pi, 9)}
    with pytest.raises(ValueError, match="0 and π"):
        MODEL.angle_density(0.5, 1)


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("n", [64, 256, 1024])
def test_closed_form_of_the_diagonal_weight_equals_simulation(n, tied):
    draws, L, generator = 8192 // n * 2, 64, torch.Generator().manual_seed(n)
    q = torch.randn(draws, L, n, generator=generator)
    k = q if tied else torch.randn(draws, L, n, generator=generator)
    s = (q @ k.mT) / math.sqrt(n)
    diagonal = s.diagonal(dim1=1, dim2=2)
    measured = (diagonal - s.logsumexp(-1)).exp().mean()
    moments = MODEL.expected_logits(n, tied)
    assert diagonal.mean() == pytest.approx(
        moments["same_mean"], abs=0.2
    ) and diagonal.std() == pytest.approx(moments["same_std"], rel=0.1)
    assert measured == pytest.approx(
        MODEL.expected_diagonal_weight(n, L, tied), rel=0.05 if tied else 0.15
    )


def test_untied_diagonal_weight_is_one_in_L_on_average():
    """By symmetry of the keys each weight of a row has the same expectation, 1 / L."""
    q, k = torch.randn(2, 4000, 8, 16, generator=torch.Generator().manual_seed(0))
    measured = torch.softmax(q @ k.mT / 4, -1).diagonal(dim1=1, dim2=2).mean()
    assert measured == pytest.approx(MODEL.expected_diagonal_weight(16, 8, False), rel=0.02)


def test_quadrature_nodes_have_the_moments_of_chi_square():
    for n in (1, 2, 7, 64, 1024, 10**6):
        r, p = MODEL.squared_length_nodes(n)
        assert p.sum() == pytest.approx(1) and (p * r).sum() == pytest.approx(n)
        assert (p * (r - n) ** 2).sum() == pytest.approx(2 * n, rel=1e-6)


def test_tied_scores_gradient_equals_central_differences():
    generator = torch.Generator().manual_seed(0)
    x, W, dS = (
        torch.randn(*shape, generator=generator, dtype=torch.float64)
        for shape in ((5, 4), (4, 3), (5, 5))
    )
    got = MODEL.tied_scores_grad(dS, x, W)
    for index in np.ndindex(4, 3):
        step = torch.zeros_like(W)
        step[index] = 1e-5
        sums = [
            (((x @ (W + sign * step)) @ (x @ (W + sign * step)).T) * dS).sum() for sign in (1, -1)
        ]
        assert float((sums[0] - sums[1]) / 2e-5) == pytest.approx(
            float(got[index]), rel=1e-6, abs=1e-8
        )


def ones(*shape):
    return torch.ones(shape)


def keep_of(*shape):
    return torch.ones(shape, dtype=torch.bool)


BAD = {
    "scores disagree": (
        lambda: MODEL.score_dot(ones(2, 3, 4), ones(2, 5, 6)),
        r"k has shape \(2, 5, 6\), expected \(..., Lk, 4\) because q has shape \(2, 3, 4\)",
    ),
    "batches disagree": (
        lambda: MODEL.score_additive(ones(2, 3, 4), ones(3, 5, 4), ones(7, 8), ones(7)),
        r"k has shape \(3, 5, 4\)",
    ),
    "W of the additive score": (
        lambda: MODEL.score_additive(ones(2, 3, 4), ones(2, 5, 4), ones(7, 4), ones(7)),
        r"W has shape \(7, 4\), expected \(m, 8\) because q has",
    ),
    "w of the additive score": (
        lambda: MODEL.score_additive(ones(2, 3, 4), ones(2, 5, 4), ones(7, 8), ones(6)),
        r"w has shape \(6,\)",
    ),
    "W of the bilinear score": (
        lambda: MODEL.score_bilinear(ones(2, 3, 4), ones(2, 5, 4), ones(4, 3)),
        r"W has shape \(4, 3\)",
    ),
    "an axis missing": (
        lambda: MODEL.score_bilinear(ones(3, 4), ones(3, 4), ones(4, 4)),
        r"q has shape \(3, 4\)",
    ),
    "no keys": (lambda: MODEL.score_dot(ones(2, 3, 4), ones(2, 0, 4)), r"k has shape \(2, 0, 4\)"),
    "values disagree": (
        lambda: MODEL.attend(ones(2, 3, 4), ones(2, 5, 6)),
        r"values has shape \(2, 5, 6\).*scores has shape \(2, 3, 4\)",
    ),
    "keep is not a bool": (
        lambda: MODEL.attend(ones(2, 3, 4), ones(2, 4, 6), ones(2, 3, 4)),
        "True = may look",
    ),
    "keep does not fit": (
        lambda: MODEL.attend(ones(2, 3, 4), ones(2, 4, 6), keep_of(2, 4, 3)),
        r"\(2, 4, 3\).*\(2, 3, 4\)",
    ),
    "keep is larger": (
        lambda: MODEL.attend(ones(3, 4), ones(4, 6), keep_of(2, 3, 4)),
        r"\(2, 3, 4\)",
    ),
    "n = 0": (lambda: MODEL.sample_angles(0, 5, 1), "n is 0"),
    "no pairs": (lambda: MODEL.sample_angles(3, 0, 1), "num_pairs is 0"),
    "density of n = 0": (lambda: MODEL.angle_density(0.5, 0), "n is 0"),
    "logits of n = 0": (lambda: MODEL.expected_logits(0, True), "n is 0"),
    "weight of n = 0": (lambda: MODEL.expected_diagonal_weight(0, 5, True), "n is 0"),
    "weight of L = 0": (lambda: MODEL.expected_diagonal_weight(5, 0, True), "L is 0"),
    "no positions": (lambda: MODEL.position_encoding(0, 4), "L is 0"),
    "heads": (lambda: MODEL.MultiHeadSelfAttention(8, 3), "8 does not divide into n_head 3"),
    "input of attention": (
        lambda: MODEL.MultiHeadSelfAttention(8, 2)(ones(2, 3, 6)),
        r"\(2, 3, 6\).*C = 8",
    ),
    "no tokens for attention": (
        lambda: MODEL.MultiHeadSelfAttention(8, 2)(ones(2, 0, 8)),
        r"\(2, 0, 8\)",
    ),
    "positions": (lambda: MODEL.TransformerEncoder(9, 8, 2, 1, positions="none"), "sine, learned"),
    "too long": (
        lambda: MODEL.TransformerEncoder(9, 8, 2, 1, max_len=4)(ones(1, 5).long()),
        "max_len = 4",
    ),
    "no tokens": (lambda: MODEL.TransformerEncoder(9, 8, 2, 1)(ones(1, 0).long()), "0 tokens"),
    "lengths": (
        lambda: MODEL.TransformerEncoder(9, 8, 2, 1)(ones(2, 5).long(), torch.tensor([5, 6])),
        r"\[5, 6\]",
    ),
    "score": (
        lambda: MODEL.Seq2Seq(9, 8, 6, score="cosine"),
        "'cosine' is not one of additive, bilinear, dot",
    ),
    "no hidden": (lambda: MODEL.Seq2Seq(9, 8, 0), "hidden is 0"),
    "an empty text": (
        lambda: MODEL.Seq2Seq(9, 8, 6)(ones(2, 3).long(), torch.tensor([3, 0]), ones(2, 2).long()),
        r"\[3, 0\]",
    ),
    "T = 0": (
        lambda: MODEL.Seq2Seq(9, 8, 6).encode(ones(2, 0).long(), torch.tensor([0, 0])),
        r"\(2, 0\)",
    ),
    "gradient of other sizes": (
        lambda: MODEL.tied_scores_grad(ones(4, 4), ones(5, 3), ones(3, 2)),
        r"x has shape \(5, 3\)",
    ),
    "beam of two texts": (
        lambda: MODEL.Seq2Seq(9, 8, 6).beam(ones(2, 3).long(), torch.tensor([3, 3]), 5),
        "one text",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_a_value_error(name):
    call, message = BAD[name]
    with pytest.raises(ValueError, match=message):
        call()


def test_masked_cases_of_whole_attention_have_two_keys_for_some_query():
    """With one key for each query every score gives weight 1, and a wrong scale would pass."""
    for seed in range(50):
        for generator in (reference.whole_attention_masked, reference.whole_attention_nowhere):
            for case in generator(np.random.default_rng(seed)):
                assert (case.inputs[2].sum(-1) > 1).any(-1).all(), (seed, case.label)
