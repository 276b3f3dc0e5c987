"""Bad answers and broken files of a student give a clear message in both languages and cost only their own blanks."""

import re
import shutil

import pytest

from course import board, markers, verdict
from course.cases import FreshCases
from course.checks import load_checks
from course.homeworks import ROOT
from course.runner import InProcessRunner, SubprocessRunner

HOMEWORK, BLANK = "hmm", "hmm-04"
OTHERS = (
    "hmm-01",
    "hmm-03",
    "hmm-12",
    "hmm-16",
    "hmm-91",
)  # of model.py, phone_store.py and theory.py
SOLVED = (
    "both = alpha * beta\ntotal = both.sum(1, keepdims=True)\n"
    "answer = np.divide(both, total, out=np.zeros_like(both), where=total > 0)\n"
)

BODIES = {  # case: (body of the blank, pattern of the English message, pattern of the Chinese message)
    "nothing returned": ("alpha * beta", "None", "没有返回值"),
    "a list": (SOLVED + "return answer.tolist()", "a list or tuple", "列表或元组"),
    "float16": (
        SOLVED + "return answer.astype(np.float16)",
        "float16; the result should be float64",
        "结果应为 float64",
    ),
    "a generator": (
        SOLVED + "return (row for row in answer)",
        "returned an object of type generator.*return what the doc",
        "请按文档字符串返回",
    ),
    "NaN": (SOLVED + "return answer * np.nan", "values are NaN or infinite", "是 NaN 或无穷"),
    "a string": ("return 'alpha'", "a string", "字符串"),
    "a dict": (SOLVED + "return {'gamma': answer}", "a dict", "字典"),
    "another shape": (
        SOLVED + "return answer[:-1]",
        r"shape \(\d, \d\), expected \(\d, \d\)",
        "形状",
    ),
    "an array of objects": (
        SOLVED + "return answer.astype(object)",
        "dtype object",
        "请按文档字符串返回",
    ),
    "an error of its own": (
        "return alhpa",
        "NameError: name 'alhpa' is not defined.*model.py, line",
        "model.py 第",
    ),
    "an exit": ("raise SystemExit", "SystemExit", "SystemExit"),
    "an endless loop": ("while True:\n    pass", "no answer within .*loop", "超时：.*秒内没有答案"),
    "a library that is not installed": (
        "raise ModuleNotFoundError(\"No module named 'tqdm'\")",
        "environment is not active",
        "没有激活课程的环境",
    ),
    "an import that fails": (
        "import no_such_library",
        "No module named 'no_such_library'.*import only what",
        "只用文件原有的 import",
    ),
}
RIGHT = {  # case: an unusual body that is right
    "a view": SOLVED + "return answer[::-1][::-1]",
    "a tensor with a gradient": SOLVED
    + "import torch\nreturn torch.tensor(answer, requires_grad=True)",
    "thousands of lines": SOLVED + "for n in range(20000):\n    print('line', n)\nreturn answer",
    "columns first": SOLVED + "return np.asfortranarray(answer)",
    "warnings": SOLVED
    + "np.log(np.zeros(3))\nimport warnings\nwarnings.simplefilter('error')\nreturn answer",
    "numpy made strict": SOLVED + "np.seterr(all='raise')\nreturn answer",
    "another folder": SOLVED + "import os\nos.environ['LANG'] = 'C'\nreturn answer",
}
FILES = {  # case: (change of the text of theory.py, pattern of the English message, of the Chinese message)
    "syntax error": (
        lambda text: text.replace("c1():", "c1(:"),
        "SyntaxError.*theory.py, line 7.*Python cannot read",
        "读不懂",
    ),
    "wrong encoding": (
        lambda text: (text + "NOTE = '注释'").encode("gbk"),
        "save the file as UTF-8",
        "请把文件保存为 UTF-8",
    ),
    "wrong encoding in a comment": (
        lambda text: ("# 注释\n" + text).encode("gbk"),
        "theory.py .*line 1.*save the file as UTF-8",
        "请把文件保存为 UTF-8",
    ),
    "UTF-16": (
        lambda text: text.encode("utf-16"),
        "save the file as UTF-8|null bytes",
        "UTF-8|null",
    ),
    "tabs": (
        lambda text: text.replace('    return "B"', '    letter = "B"\n\treturn letter'),
        "(TabError|Indentation).*theory.py, line",
        "缩进",
    ),
    "renamed": (
        lambda text: text.replace("def c1():", "def C1():"),
        "theory.py does not contain c1.*keep the provided names",
        "保持原来的名字",
    ),
    "wrong signature": (
        lambda text: text.replace("c1():", "c1(question):"),
        r"c1\(question\) is called with 0 arguments.*keep the provided parameters",
        "保持原来的参数",
    ),
    "import that fails": (
        lambda text: "import hmmlaern\n" + text,
        "No module named 'hmmlaern'.*import only",
        "只用文件原有的 import",
    ),
    "empty": (lambda text: "", "theory.py does not contain c1", "保持原来的名字"),
    "stops when imported": (
        lambda text: "1 / 0\n" + text,
        "theory.py .*ZeroDivisionError .line 1",
        "ZeroDivisionError",
    ),
}


@pytest.fixture(params=["in process", "in a worker"])
def outcomes(request, tmp_path):
    """A function judge(limit, **files) that returns {blank: [Verdict]} of a submission of hmm.

    The submission is the solution, except for `files`: {module name: its text or bytes}. limit: seconds per call.
    """
    cases = FreshCases(1)
    runners = []

    def judge(limit=120, **files):
        shutil.copytree(
            ROOT / HOMEWORK,
            tmp_path / HOMEWORK,
            ignore=shutil.ignore_patterns("__pycache__", "*.md"),
        )
        for name, content in files.items():
            data = content if isinstance(content, bytes) else content.encode("utf-8")
            (tmp_path / HOMEWORK / f"{name}.py").write_bytes(data)
        runners.append(
            InProcessRunner(tmp_path, limit=limit)
            if request.param == "in process"
            else SubprocessRunner(tmp_path, limit=5 * limit)
        )
        results = {}
        for check in load_checks(HOMEWORK):
            if check.id in (BLANK, *OTHERS):
                results.setdefault(check.id, []).append(verdict.run(check, runners[0], cases))
        return results

    yield judge
    for runner in runners:
        runner.close()


def model_with(body):
    return markers.replace(markers.find(ROOT / HOMEWORK, BLANK), body)


def harmed(results_of, but):
    """The blanks that lost points, except those whose id starts with `but`."""
    return [
        id
        for id, results in results_of.items()
        if not id.startswith(but) and any(result.status != "done" for result in results)
    ]


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.slow) if name == "an endless loop" else name
        for name in BODIES
    ],
)
def test_bad_answer_costs_only_its_blank(outcomes, name):
    body, english, chinese = BODIES[name]
    results_of = outcomes(model=model_with(body), limit=3 if "loop" in name else 120)
    assert harmed(results_of, BLANK) == []
    result = results_of[BLANK][0]
    assert (
        result.points == 0
        and re.search(english, result.message.en)
        and re.search(chinese, result.message.zh)
    ), result.message
    assert len(result.message.en) < 300 and "\n" not in result.message.en


@pytest.mark.parametrize("name", RIGHT)
def test_unusual_right_answer_earns_the_points(outcomes, name):
    results_of = outcomes(model=model_with(RIGHT[name]))
    assert harmed(results_of, "-") == [] and all(
        result.note is None for result in results_of[BLANK]
    )


@pytest.mark.parametrize("name", FILES)
def test_broken_file_costs_only_its_own_blanks(outcomes, name):
    change, english, chinese = FILES[name]
    results_of = outcomes(
        theory=change((ROOT / HOMEWORK / "theory.py").read_text(encoding="utf-8"))
    )
    assert harmed(results_of, "hmm-9") == []
    result = results_of["hmm-91"][0]
    is_intact = name in (
        "wrong encoding",
        "wrong encoding in a comment",
        "UTF-16",
        "import that fails",
        "stops when imported",
    )
    message = result.salvaged if result.salvaged else result.message
    assert result.points == (3 if is_intact else 0), result.message
    assert re.search(english, message.en) and re.search(chinese, message.zh), message


@pytest.mark.parametrize(
    ("answer", "words"),
    [("2", "one letter, got 2"), ("'BD'", "got 'BD'"), ("3.5", "got 3.5"), ("'b '", "")],
)
def test_choice_must_be_a_letter(outcomes, answer, words):
    """A choice that is not a letter is reported at home too; whether a letter is right is not."""
    text = (
        (ROOT / HOMEWORK / "theory.py")
        .read_text(encoding="utf-8")
        .replace('return "B"', f"return {answer}")
    )
    result = outcomes(theory=text)["hmm-91"][0]
    assert words in result.result.message.en and result.points == (0 if words else 3)


@pytest.mark.parametrize("name", ["random", "torch", "jieba", "numpy", "typing"])
def test_file_named_like_a_library_costs_nothing_and_is_reported(outcomes, name, tmp_path):
    results_of = outcomes(**{name: "raise RuntimeError('not the library')\n"})
    assert harmed(results_of, "-") == []
    lines = board.render(
        [result.result for results in results_of.values() for result in results], "en", tmp_path
    )
    note = f"Note: hmm/{name}.py hides the library {name} from your scripts: rename it"
    assert note in [line[0].text for line in lines]


def test_function_that_changes_its_arguments_is_reported(outcomes, tmp_path):
    results_of = outcomes(model=model_with(SOLVED + "alpha *= 2\nreturn answer"))
    assert harmed(results_of, "-") == []
    assert (
        "state_posterior changes its arguments" in results_of[BLANK][0].note.en
        and "改动了它的参数" in results_of[BLANK][0].note.zh
    )
    lines = board.render(
        [result.result for results in results_of.values() for result in results], "zh", tmp_path
    )
    assert any(line[0].text.startswith("注意：hmm-04") for line in lines)


def test_missing_file_is_an_error_that_names_it(tmp_path):
    (tmp_path / HOMEWORK).mkdir()
    result = verdict.run(load_checks(HOMEWORK)[0], InProcessRunner(tmp_path), FreshCases(1))
    assert result.status == "error" and "no file hmm/model.py" in result.message.en
