"""gpt_songci's muon.py and embedding.py: updates of the optimizer and initial values of the embeddings."""

import numpy as np
import pytest
import torch

from course.solved import load_solved

GPT = load_solved("gpt_songci")
with GPT.active():
    muon, embedding = map(GPT.module, ("muon", "embedding"))


@pytest.mark.parametrize("shape", [(24, 24), (12, 40), (40, 12), (1, 5), (5, 1)])
def test_orthogonalize_keeps_singular_vectors_and_sets_values_to_1(shape):
    torch.manual_seed(0)
    U, _, V = torch.linalg.svd(torch.randn(shape, dtype=torch.float64), full_matrices=False)
    S = torch.linspace(0.2, 1, min(shape), dtype=torch.float64)
    got = muon.orthogonalize((U * S @ V).float() * 7)
    assert got.dtype == torch.float32 and got.shape == shape
    inner = U.T @ got.double() @ V.T  # diagonal, near 1
    assert torch.all((inner.diagonal() - 1).abs() < 0.1)
    assert (inner - torch.diag(inner.diagonal())).abs().max() < 0.05


def test_muon_updates_have_equal_length_in_all_rows():
    torch.manual_seed(0)
    p = torch.nn.Parameter(torch.zeros(8, 32))
    optimizer = muon.Muon([p], lr=0.1)
    p.grad = torch.randn(8, 32) * torch.logspace(-3, 3, 8)[:, None]
    optimizer.step()
    assert p.square().mean().sqrt().item() == pytest.approx(0.02, rel=1e-3)
    rows = p.square().mean(1).sqrt()
    assert rows.max() < 1.3 * rows.min()


def test_muon_ignores_missing_and_zero_gradients():
    first, second = (torch.nn.Parameter(torch.ones(4, 6)) for _ in range(2))
    optimizer = muon.Muon([first, second], lr=0.1)
    first.grad = torch.zeros(4, 6)
    optimizer.step()
    assert torch.equal(first, torch.ones(4, 6)) and torch.equal(second, torch.ones(4, 6))


def test_muon_continues_identically_from_a_restored_state():
    torch.manual_seed(0)
    gradients = torch.randn(6, 5, 9)

    def run(stop):
        p = torch.nn.Parameter(torch.ones(5, 9))
        optimizer = muon.Muon([p], lr=0.1, weight_decay=0.1)
        for n, gradient in enumerate(gradients):
            if n == stop:
                state = optimizer.state_dict()
                optimizer = muon.Muon([p], lr=7.0)
                optimizer.load_state_dict(state)
            p.grad = gradient.clone()
            optimizer.step()
        return p

    assert torch.equal(run(stop=3), run(stop=None))


def test_characters_with_the_same_neighbours_start_close_together():
    rng = np.random.default_rng(0)
    pairs = [(0, 4), (1, 4), (2, 5), (3, 5)]  # 0 and 1 are followed by 4, 2 and 3 by 5
    text = np.concatenate([pairs[n] for n in rng.integers(4, size=4000)])
    table = torch.full((8, 3), 9.0)
    embedding.start_embedding(table, text)
    assert torch.equal(table[6:], torch.full((2, 3), 9.0))  # 6 and 7 do not occur in the text
    rows = table[:6]
    torch.testing.assert_close(rows.norm(dim=1), torch.full((6,), 0.1 * 3**0.5))
    similarity = torch.nn.functional.cosine_similarity(rows[:, None], rows[None], dim=-1)
    assert similarity[0, 1] > 0.99 and similarity[2, 3] > 0.99 and similarity[0, 2] < 0.95


def test_embedding_start_handles_a_short_text_and_a_wide_table():
    table = torch.zeros(3, 10)
    embedding.start_embedding(table, np.array([0, 1]))
    assert torch.isfinite(table).all() and torch.equal(table[2], torch.zeros(10))


@pytest.mark.parametrize("width", [8, 7])
def test_position_embeddings_start_as_sines_and_cosines(width):
    table = torch.full((5, width), torch.nan)
    embedding.start_positions(table, scale=0.5)
    for position in range(5):
        for i in range(width):
            angle = position / 10000 ** ((i - i % 2) / width)
            expected = 0.5 * (np.sin(angle) if i % 2 == 0 else np.cos(angle))
            assert table[position, i].item() == pytest.approx(expected, abs=1e-6)
