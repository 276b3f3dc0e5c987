"""Forms of answers in real students' code: harmless forms are right, forms that the scripts cannot use are wrong."""

import sys
from pathlib import Path

import numpy as np
import pytest

from course import markers, verdict
from course.cases import FreshCases
from course.checks import load_checks
from course.compare import difference
from course.homeworks import ROOT
from course.runner import InProcessRunner, SubprocessRunner
from course.runner.protocol import to_plain
from tests.repository.test_checks import with_only
from tests.repository.test_word2vec_original import original_files


def results(homework, blank, body, runner_class=InProcessRunner, tmp_path=None):
    """Verdicts of a blank's checks on the solved homework with this body in the blank."""
    region = markers.find(ROOT / homework, blank)
    sources = {(homework, region.path.name): markers.replace(region, body)}
    runner = runner_class(sources=sources)
    cases = FreshCases()
    return [
        verdict.run(check, runner, cases) for check in load_checks(homework) if check.id == blank
    ]


def run_files(folder, files, blank, runner_class=InProcessRunner):
    """Verdicts of a word2vec blank's checks on `files`, {module name: text}, written to `folder`."""
    homework = folder / "word2vec_sst"
    homework.mkdir(exist_ok=True)
    for name, text in files.items():
        (homework / f"{name}.py").write_text(text, encoding="utf-8")
    with runner_class(folder) as runner:
        cases = FreshCases()
        return [
            verdict.run(check, runner, cases)
            for check in load_checks("word2vec_sst")
            if check.id == blank
        ]


@pytest.mark.parametrize("runner_class", [InProcessRunner, SubprocessRunner])
@pytest.mark.parametrize("blank", ["w2v-12", "w2v-13"])
def test_empty_file_does_not_hide_the_function_in_another_file(tmp_path, runner_class, blank):
    """In a submission with the original layout, laid over the empty copy, the function is in q4_sentiment.py."""
    files = original_files()
    names = {"w2v-12": "getSentenceFeatures", "w2v-13": "softmaxRegression"}
    files["q4_sentiment"] = files["q4_softmaxreg"].replace("import random\n", "")
    for (_, name), text in with_only("word2vec_sst", None).items():
        files.setdefault(Path(name).stem, text)
    files["q4_softmaxreg"] = with_only("word2vec_sst", None)["word2vec_sst", "q4_softmaxreg.py"]
    assert names[blank] in files["q4_softmaxreg"]
    outcomes = run_files(tmp_path, files, blank, runner_class)
    assert all(outcome.status == "done" for outcome in outcomes), outcomes


def test_imports_of_the_original_handout_are_placeholders(tmp_path):
    head = (
        "from cs224d.data_utils import *\nimport cs224d.glove as glove\nimport q3_run\n"
        "from gensim.models import KeyedVectors\nfrom utils.treebank import StanfordSentiment\n"
    )
    files = original_files()
    files["q3_word2vec"] = head + files["q3_word2vec"]
    files["q3_run"] = "raise SystemExit('this trains for hours')\n"
    outcomes = run_files(tmp_path, files, "w2v-06")
    assert all(outcome.status == "done" for outcome in outcomes), outcomes
    assert not [name for name in ("cs224d", "gensim", "q3_run") if name in sys.modules]


def test_costs_passed_to_sgd_are_numpy_scalars(tmp_path):
    files = original_files()
    files["q3_sgd"] = files["q3_sgd"].replace("f(x)", "checked(f(x))", 1)
    files["q3_sgd"] += "\n\ndef checked(pair):\n    assert pair[0].shape == ()\n    return pair\n"
    assert "checked(f(x))" in files["q3_sgd"]
    outcomes = run_files(tmp_path, files, "w2v-11")
    assert all(outcome.status == "done" for outcome in outcomes), outcomes


@pytest.mark.parametrize(("shape", "index"), [("(n,)", "grad"), ("(1, n)", "grad[0]")])
def test_helper_may_return_a_row_or_a_flat_array(shape, index):
    """A skipgram that relies on the shape that its own cost function returns, (1, n) or (n,)."""
    outcomes = results(
        "word2vec_sst",
        "w2v-09",
        f"""cost, gradIn, gradOut = 0.0, np.zeros(inputVectors.shape), np.zeros(outputVectors.shape)
center = tokens[currentWord]
for word in contextWords:
    c, grad, g = word2vecCostAndGradient(inputVectors[center], tokens[word], outputVectors, dataset)
    row = {index}
    assert row.shape == (inputVectors.shape[1],)
    cost, gradIn[center], gradOut = cost + c, gradIn[center] + row, gradOut + g
return cost, gradIn, gradOut""",
    )
    assert all(outcome.status == "done" for outcome in outcomes), (shape, outcomes)


@pytest.mark.parametrize("line", ["it {i}, {c:.3f} nats, 12:30:07 2026-10-01", "{c:f} at step {i}"])
def test_progress_lines_in_any_wording_are_right(line):
    text = line.replace("{i}", "{iteration}").replace("{c", "{smoothed")
    outcomes = results(
        "word2vec_sst",
        "w2v-11",
        f"""done, x, step = start(x0, step, useSaved)
smoothed = None
for iteration in range(done + 1, iterations + 1):
    cost, gradient = f(x)
    x = x - step * gradient
    if postprocessing is not None:
        x = postprocessing(x)
    smoothed = cost if smoothed is None else 0.95 * smoothed + 0.05 * cost
    if iteration % PRINT_EVERY == 0:
        print(f"{text}")
    if useSaved and iteration % SAVE_PARAMS_EVERY == 0:
        save_params(iteration, x)
    if iteration % ANNEAL_EVERY == 0:
        step *= 0.5
return x""",
    )
    assert all(outcome.status == "done" for outcome in outcomes), outcomes


def test_removed_numpy_name_is_explained():
    outcomes = results("hmm", "hmm-12", "return np.zeros(3, dtype=np.float)")
    assert "write float" in outcomes[0].message.en and "np.float" in outcomes[0].message.zh
    assert "\n" not in outcomes[0].message.en and "deprecated" not in outcomes[0].message.en


@pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")
def test_harmless_forms_are_right():
    assert to_plain(np.longdouble(1.5)).dtype == np.float64
    assert to_plain(np.ones(2, np.clongdouble)).dtype == np.complex128
    assert difference("joint", np.zeros(0), np.zeros((0, 3, 3)), 0, 0) is None
    assert difference("joint", np.zeros((0, 2)), np.zeros((0, 3, 3)), 0, 0), "other axes disagree"
    matrix = np.matrix([[1.0, 2.0], [3.0, 4.0]])
    assert difference("x", to_plain(matrix), np.array(matrix), 0, 0) is None
    frozen = "with open(path or STOP_WORDS, encoding='utf-8-sig') as file:\n    lines = [line.strip() for line in file]\n"
    frozen += "while lines and lines[0].startswith('#'):\n    lines.pop(0)\nreturn frozenset(lines) - {''}"
    assert [outcome.status for outcome in results("waimai_cls", "wai-02", frozen)] == ["done"]
    clipped = (
        "norm = math.sqrt(sum(float(np.sum(grads[name] ** 2)) for name in params))\n"
        "scale = 1.0 if clip is None else min(1.0, clip / (norm + 1e-6))\n"
        "return {name: value - lr * scale * grads[name] for name, value in params.items()}"
    )
    assert [outcome.status for outcome in results("hw_bptt", "bptt-21", clipped)] == ["done"]


@pytest.mark.parametrize("runner_class", [InProcessRunner, SubprocessRunner])
def test_changed_arguments_are_noted_by_every_runner(tmp_path, runner_class):
    files = original_files()
    files["q3_word2vec"] += (
        "\n\ndef normalizeRows(x):\n    x /= np.sqrt(np.sum(x**2, axis=1, keepdims=True))\n    return x\n"
    )
    (outcome,) = run_files(tmp_path, files, "w2v-06", runner_class)
    assert outcome.status == "done" and "normalizeRows" in outcome.note.en


UNUSABLE = [  # homework, blank, body, words of the message
    ("hw_attention", "att-08", "return (weights @ values).detach().numpy()", "need a tensor"),
    ("hw_attention", "att-08", "return (weights @ values).detach()", "cut off"),
    ("hw_attention", "att-15", "return F.layer_norm(x.detach(), x.shape[-1:], gain, bias, eps)", "cut off"),
    ("hw_attention", "att-03", "d = q.size(-1)\nW, w = W.double(), w.double()\nq, k = q.double(), k.double()\n"
     "return torch.tanh((q @ W[:, :d].T)[:, :, None] + (k @ W[:, d:].T)[:, None]) @ w", "float32"),
    ("waimai_cls", "wai-07", "return torch.stack([s[:n].mean(0) for s, n in zip(states.data, lengths)])", "cut off"),
    ("gpt_songci", "gpt-a3.2", "return (q @ k_t / math.sqrt(q.size(-1))).detach()", "cut off"),
    ("hmm", "hmm-10", "path = [int(delta[-1].argmax())]\nfor row in phi[:0:-1]:\n    path.append(int(row[path[-1]]))\n"
     "return np.array(path[::-1], dtype=float)", "index"),
]  # fmt: skip


@pytest.mark.parametrize(("homework", "blank", "body", "words"), UNUSABLE)
def test_answer_that_the_scripts_cannot_use_is_wrong(homework, blank, body, words):
    outcomes = results(homework, blank, body)
    messages = [outcome.message for outcome in outcomes if outcome.status == "wrong"]
    assert messages and all(words in message.en for message in messages), messages
    assert all(any("\u4e00" <= char <= "\u9fff" for char in message.zh) for message in messages)


def test_mistake_is_named_only_if_the_answer_is_the_mistakes():
    """An answer that is only similar to that of a known mistake is not given the mistake's name.

    Dropout of both summands, for example, is not the mistake "no positions".
    """
    twice = (
        "E_P = 0 * E_U if self.config.no_pos else E_P\nreturn self.dropout(E_U) + self.dropout(E_P)"
    )
    outcomes = results("gpt_songci", "gpt-g3.0", twice)
    assert [str(outcome.status) for outcome in outcomes] == ["done", "wrong"]
    assert outcomes[1].mistake is None
    swapped = (
        "order = rng.permutation(len(labels))\ncut = round((1 - share) * len(labels))\n"
        "return order[:cut], order[cut:]"
    )
    (outcome,) = results("waimai_cls", "wai-03", swapped)
    assert outcome.mistake != "W105" and "hundred rows" not in outcome.message.en
