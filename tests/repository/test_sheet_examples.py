"""The small examples of the sheets: their numbers are recomputed, and their Python blocks print what the text says."""

import re
import subprocess
import sys

import numpy as np
import pytest

from course import markers
from course.homeworks import HOMEWORKS, ROOT

PYTHON = re.compile(r"^```python\n(.*?)^```", re.M | re.S)
LANGUAGES = ("README.md", "README.zh-CN.md")


def sheets(homework):
    """[English, Chinese] text of a homework's sheet, with full-width commas and brackets made half-width."""
    texts = [(ROOT / homework / name).read_text(encoding="utf-8") for name in LANGUAGES]
    return [re.sub(r"，\s*", ", ", text).translate({0xFF08: "(", 0xFF09: ")"}) for text in texts]


def assert_shown(homework, *pieces):
    """Assert that both sheets of a homework contain these texts."""
    for text in sheets(homework):
        for piece in pieces:
            assert piece in text, f"{homework}: {piece!r} is missing"


def softmax(scores):
    e = np.exp(np.asarray(scores) - np.max(scores))
    return e / e.sum()


def row(numbers, digits=3):
    return ", ".join(f"{value:.{digits}f}" for value in numbers)


def cells(numbers, digits=3):
    """Numbers as neighbouring cells of a table."""
    return "| " + " | ".join(f"{value:.{digits}f}" for value in numbers)


def output(homework, code):
    """Run a Python block inside the homework's folder; returns what it prints."""
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT / homework,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


def block(homework, word):
    """The only Python block of the English sheet that contains this word."""
    text = (ROOT / homework / "README.md").read_text(encoding="utf-8")
    (code,) = (code for code in PYTHON.findall(text) if word in code)
    return code


@pytest.mark.parametrize("homework", HOMEWORKS)
def test_both_sheets_have_the_same_python_blocks(homework):
    english, chinese = (PYTHON.findall(text) for text in sheets(homework))
    assert english == chinese


def test_hw_bptt_warm_up_numbers_are_right():
    w, u, x, y = 0.5, 1.0, np.array([4.0, 1.0, 2.0]), 2.5
    h = [0.0]
    for value in x:
        h.append(w * h[-1] + u * value)
    dh = [h[3] - y]
    for _ in range(2):
        dh.insert(0, w * dh[0])
    assert h[1:] == [4, 3, 3.5] and dh == [0.25, 0.5, 1]
    assert np.dot(dh, h[:3]) == 5 and np.dot(dh, x) == 3.5
    assert f"{0.9**99:.5f}" == "0.00003" and round(1.1**99, -2) == 12_500
    assert_shown("hw_bptt", "h = (4, 3, 3.5)", "= 0 + 2 + 3 = 5", "0.00003", "12,500")


def test_hw_bptt_share_of_the_largest_eigenvector_is_right():
    share = 1 / np.sqrt(32)
    assert f"{share:.2f}" == "0.18" and f"{share * 0.9**99:.6f}" == "0.000005"
    assert_shown("hw_bptt", r"1/\sqrt{32} = 0.18$", r"0.18 \cdot 0.9^{99}$", "0.000005")


CALLS = """
import sys
import numpy as np, model
rng, called = np.random.default_rng(0), set()
for kind in ("relu_rnn", "rnn", "lstm"):
    params, x = model.new_params(kind, 3, 3, rng), rng.normal(size=(2, 3))
    sys.setprofile(lambda frame, event, arg: called.add(frame.f_code.co_name))
    _, grads, _ = model.loss_and_grads(kind, params, x, 1)
    model.sgd_step(params, grads, 0.1)
    sys.setprofile(None)
    print(kind, *called)
    called.clear()
"""


def test_hw_bptt_sheet_names_the_blanks_that_training_calls():
    id_of = {region.function: id for id, region in markers.blanks(ROOT / "hw_bptt").items()}
    needed = {
        "relu_rnn": ("bptt-01 to bptt-09", range(1, 10)),
        "rnn": ("bptt-10 to bptt-19", range(10, 20)),
        "lstm": ("bptt-10, bptt-22 to bptt-34 and bptt-44", (10, *range(22, 35), 44)),
    }
    english = sheets("hw_bptt")[0]
    assert "`train.py` needs bptt-21 and" in english
    for line in output("hw_bptt", CALLS).splitlines():
        kind, *called = line.split()
        text, numbers = needed[kind]
        assert f"`{kind}`, {text}" in english or f"`{kind}` (bonus), {text}" in english
        assert {id_of[name] for name in called if name in id_of} == {
            f"bptt-{number:02d}" for number in (*numbers, 21)
        }


def test_hw_attention_look_up_numbers_are_right():
    scores = np.array([[1, 1]]) @ np.array([[1, 0], [1, 1], [-1, 0]]).T / np.sqrt(2)
    values = np.array([10, 20, 60])
    weights, masked = softmax(scores[0]), softmax(scores[0, :2])
    assert_shown("hw_attention", cells(scores[0]))
    assert_shown("hw_attention", cells(weights) + f" | {weights @ values:.1f} |")
    assert_shown("hw_attention", cells(masked) + f" | 0 | {masked @ values[:2]:.1f} |")


def test_hw_attention_clock_hand_numbers_are_right():
    lines = []
    for p in range(1, 4):
        hands = [(np.sin(p / s), np.cos(p / s)) for s in (1, 100)]
        lines.append(f"| {p} | " + " | ".join(row(hand) for hand in hands) + " |")
    assert_shown("hw_attention", *lines)


def test_hw_attention_sizes_of_the_default_model_are_right():
    printed = output("hw_attention", "from numerals import SIGNS; print(3 + len(SIGNS), 3 + 10)")
    source, target = printed.split()  # with PAD, BOS, EOS
    english, chinese = sheets("hw_attention")
    assert f"vocabularies of {source} and {target}" in english
    assert f"源词表 {source}、目标词表 {target}" in chinese


def test_gpt_songci_mask_and_temperature_numbers_are_right():
    assert_shown("gpt_songci", f"({row(softmax([2, 1]))}, 0)", f"({row(softmax([2, 1, 3]))})")
    temperatures = [f"({row(softmax(np.array([2, 1, 0]) / tau), 2)})" for tau in (1, 0.5, 2)]
    assert_shown("gpt_songci", *temperatures)


def test_gpt_songci_product_counts_are_right():
    C, V, layers = 256, 1834, 4
    columns = []
    for L in (64, 1024):
        counts = np.array([layers * 8 * L * C**2, layers * 4 * L**2 * C, layers * 16 * L * C**2])
        counts = np.append(counts, 2 * L * C * V)
        shares = 100 * counts / counts.sum()
        columns.append([f"{n / 1e6:,.0f} M | {share:.1f} %" for n, share in zip(counts, shares)])
    for left, right in zip(*columns):
        assert_shown("gpt_songci", f"{left} | {right} |")


def test_word2vec_sst_example_numbers_are_right():
    U, v = np.array([[1, 0], [0, 1], [1, 1], [-1, 0]]), np.array([1, 0.5])
    scores = U @ v
    assert scores.tolist() == [1, 0.5, 1.5, -1]
    p = softmax(scores)
    terms = [np.log1p(np.exp(z)) for z in (-scores[2], scores[1], scores[3])]
    assert_shown("word2vec_sst", f"({row(p)})", f"{-np.log(p[2]):.3f}")
    assert_shown("word2vec_sst", " + ".join(f"{term:.4f}" for term in terms), f"{sum(terms):.3f}")
    h = 1e-4
    assert f"{((2 + h) ** 3 - (2 - h) ** 3) / (2 * h):.8f}" == "12.00000001"
    assert f"{((2 + h) ** 3 - 8) / h:.4f}" == "12.0006"


def test_hmm_two_step_example_numbers_are_right():
    pi, A = np.array([0.6, 0.4]), np.array([[0.7, 0.3], [0.4, 0.6]])
    B = np.array([[0.9, 0.1], [0.2, 0.8]])
    alpha = pi * B[:, 1]
    steps = alpha[:, None] * A
    beta, paths = A @ B[:, 0], steps * B[:, 0]  # paths: from, to
    for numbers in (alpha, steps.sum(0) * B[:, 0], beta, steps.max(0) * B[:, 0]):
        assert_shown("hmm", *(f"= {value:.6g} |" for value in numbers))
    assert_shown("hmm", f"P(O) = {paths.sum():.6g}", f"= {alpha @ beta:.6g} |")
    assert_shown("hmm", *(f"{value:.6g}" for value in paths.ravel()))


def test_hmm_products_of_the_sheet_underflow():
    assert 1e-323 > 0 and np.prod(np.full(1100, 0.5)) == 0 and np.prod(np.full(110, 0.001)) == 0
    assert np.prod(np.full(1000, 0.5)) > 0 and np.prod(np.full(100, 0.001)) > 0
    assert_shown("hmm", "10^{-323}", "1,100", "110")


def test_waimai_cls_pooling_numbers_are_right():
    states = np.array([[1, 4], [3, -2], [9, 9]])
    for n in (2, 3):
        pools = (states[:n].mean(0), states[:n].max(0), states[n - 1])
        shown = (f"({', '.join(f'{value:.3g}' for value in pool)})" for pool in pools)
        assert_shown("waimai_cls", f"| {' | '.join(shown)} |")


def test_hw_bptt_gradient_check_block_agrees():
    lines = output("hw_bptt", block("hw_bptt", "numeric")).splitlines()
    pairs = [line.split(")")[1].split() for line in lines]
    assert len(pairs) == 6 + 9 + 3 + 6 + 2
    assert all(abs(float(a) - float(b)) < 2e-8 for a, b in pairs)


@pytest.mark.slow
def test_gpt_songci_sanity_check_block_prints_as_described():
    printed = output("gpt_songci", block("gpt_songci", "optimizer"))
    differences, losses = re.search(r"\[\[(.*?)\]\]", printed, re.S)[1], {}
    for step, loss in re.findall(r"^(\d+) ([\d.]+)$", printed, re.M):
        losses[int(step)] = float(loss)
    numbers = [float(number) for number in differences.split(",")]
    assert numbers[:7] == [0.0] * 7 and numbers[7] > 0
    assert 3.8 < losses[0] < 4.0 and losses[50] < 0.1


@pytest.mark.slow
def test_gpt_songci_sanity_check_symptoms_have_the_causes_of_the_table():
    check = block("gpt_songci", "optimizer").split("\ntexts =")[0]
    mask = "model.GPT.causal_mask = lambda net, x: torch.ones(10, 10, dtype=torch.bool)"
    wrong = {
        "past hidden": f"{mask}.tril(-1)",
        "diagonal hidden": f"{mask}.triu(0)",
        "character lost": "model.GPT.first_input = lambda net, E_U, E_P: E_P + 0 * E_U",
    }
    code = "import model, torch\n"
    for line in wrong.values():
        code += f"right = dict(vars(model.GPT))\n{line}\n{check}\n"
        code += "for name in ('causal_mask', 'first_input'):\n    setattr(model.GPT, name, right[name])\n"
    rows = re.findall(r"\[\[(.*?)\]\]", output("gpt_songci", code), re.S)
    past, diagonal, lost = ([float(number) for number in row.split(",")] for row in rows)
    assert min(past[:7]) > 0
    assert all(np.isnan(diagonal))
    assert lost == [0.0] * 10
