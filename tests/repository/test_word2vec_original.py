"""word2vec_sst: unchanged files of the original assignment can be graded."""

import inspect
import textwrap

import pytest

from course import verdict
from course.cases import FreshCases
from course.checks import load_checks
from course.runner import InProcessRunner, SubprocessRunner
from tests import accepted

HOMEWORK = "word2vec_sst"
ORIGINAL = {  # blank: (number of the accepted variant used for it, file)
    "w2v-01": (1, "q1_softmax"),
    "w2v-02": (2, "q2_sigmoid"),
    "w2v-03": (1, "q2_sigmoid"),
    "w2v-04": (1, "q2_gradcheck"),
    "w2v-05": (1, "q2_neural"),
    "w2v-06": (1, "q3_word2vec"),
    "w2v-07": (1, "q3_word2vec"),
    "w2v-08": (1, "q3_word2vec"),
    "w2v-09": (2, "q3_word2vec"),
    "w2v-10": (1, "q3_word2vec"),
    "w2v-11": (1, "q3_sgd"),
    "w2v-12": (1, "q4_softmaxreg"),
    "w2v-13": (1, "q4_softmaxreg"),
    "w2v-14": (1, "q4_sentiment"),
    "w2v-15": (1, "q4_sentiment"),
}
HEADS = {
    "q1_softmax": "import random\n",
    "q2_sigmoid": "",
    "q2_gradcheck": "import random\n",
    "q2_neural": "from q1_softmax import softmax\nfrom q2_sigmoid import sigmoid, sigmoid_grad\n"
    "from q2_gradcheck import gradcheck_naive\n",
    "q3_word2vec": "import random\nfrom q1_softmax import softmax\nfrom q2_gradcheck import gradcheck_naive\n"
    "from q2_sigmoid import sigmoid, sigmoid_grad\n",
    "q3_sgd": "import glob, random, pickle\nSAVE_PARAMS_EVERY = 1000\nANNEAL_EVERY = 20000\n",
    "q4_softmaxreg": "import random\nfrom utils.treebank import StanfordSentiment\nfrom q1_softmax import softmax\n"
    "from q2_gradcheck import gradcheck_naive\nfrom q3_sgd import load_saved_params\n",
    "q4_sentiment": "import argparse\nfrom utils.treebank import StanfordSentiment\nimport utils.glove as glove\n"
    "from q3_sgd import load_saved_params, sgd\nfrom q4_softmaxreg import softmaxRegression\n",
}


def original_files(singular_name=False):
    """{file: text} of a submission in the original layout: question files only, nothing of this repository.

    singular_name: use the name getSentenceFeature, as some versions of the assignment do.
    """
    functions = {version.id: version.function for version in accepted.load(HOMEWORK)}
    files = {file: f"print('loading')\nimport numpy as np\n{head}" for file, head in HEADS.items()}
    for blank, (number, file) in ORIGINAL.items():
        source = textwrap.dedent(inspect.getsource(functions[f"{blank}-{number}"]))
        source = source.split("\n", 1)[1]  # without the decorator
        if singular_name:
            source = source.replace("getSentenceFeatures", "getSentenceFeature")
        files[file] += "\n\n" + source
    return files


@pytest.mark.parametrize("way", ["in process", "in a worker"])
@pytest.mark.parametrize(
    "singular_name", [False, True], ids=["getSentenceFeatures", "getSentenceFeature"]
)
def test_files_of_the_original_assignment_are_graded(tmp_path, way, singular_name):
    (tmp_path / HOMEWORK).mkdir()
    for file, text in original_files(singular_name).items():
        (tmp_path / HOMEWORK / f"{file}.py").write_text(text, encoding="utf-8")
    cases = FreshCases()
    with InProcessRunner(tmp_path) if way == "in process" else SubprocessRunner(tmp_path) as runner:
        outcomes = [
            verdict.run(check, runner, cases)
            for check in load_checks(HOMEWORK)
            if not check.id.endswith("-together")
        ]
    lost = {
        outcome.check.name: outcome.message.en
        for outcome in outcomes
        if outcome.status != "done" and outcome.check.id in ORIGINAL
    }
    assert not lost, f"seed {cases.seed}: {lost}"
    assert sum(outcome.points for outcome in outcomes if not outcome.check.bonus) == 88
    assert {outcome.check.id for outcome in outcomes if outcome.status != "done"} == {
        "w2v-16",
        "w2v-17",
        "w2v-18",
        "w2v-19",
        "w2v-20",
        "w2v-21",
        "w2v-22",
        "w2v-23",
        "w2v-93",
    }


def test_wrong_helper_that_its_caller_compensates_costs_once(tmp_path):
    """If sigmoid_grad wrongly takes x and the network passes x, only the helper loses its points."""
    files = original_files()
    files["q2_sigmoid"] = files["q2_sigmoid"].replace(
        "    return s - s**2", "    s = sigmoid(s)\n    return s * (1 - s)"
    )
    files["q2_neural"] = files["q2_neural"].replace(
        "sigmoid_grad(h)", "sigmoid_grad(np.dot(x, W1) + b1)"
    )
    assert files != original_files() and "np.dot(x, W1) + b1)" in files["q2_neural"]
    for file, text in files.items():
        (tmp_path / f"{file}.py").write_text(text, encoding="utf-8")
    cases, runner = FreshCases(), InProcessRunner(tmp_path)
    outcomes = {
        check.name: verdict.run(check, runner, cases)
        for check in load_checks(HOMEWORK)
        if check.id in ("w2v-03", "w2v-05")
    }
    assert outcomes["sigmoid_grad"].mistake == "V4"
    assert outcomes["network_gradient"].status == outcomes["network_sum"].status == "done"
