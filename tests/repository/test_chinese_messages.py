"""Chinese messages of checks contain no English: labels of cases, names of values, messages about known mistakes."""

import re

import pytest

from course import mistakes, verdict
from course.board import message_text
from course.cases import FreshCases
from course.checks import load_checks
from course.error_texts import meaning
from course.homeworks import HOMEWORKS, ROOT
from course.labels import beside_chinese, case_label, value_name
from course.runner import InProcessRunner
from course.runner.base import ErrorKind, StudentError
from course.salvage import salvage_message
from course.verdict import Status

CODE = re.compile(  # identifiers, formulas and names of libraries stay as they are
    r"`[^`]*`|\[[^\]]*\]|'[^']*'|\w*[_./\\=()]\w*|\w+Error|\b(softmax|sigmoid|tanh|relu|lstm|rnn|gru|additive|bilinear|dot|none|"
    r"frozen|finetune|random|mean|max|last|skipgram|cbow|shape|float\d*|int\d*|bool|nats?|log|max_pool|table|weight|"
    r"delta|phi|alpha|beta|gamma|logits?|tokens?|masked|dtype|key|keep|input)\b"
)
ENGLISH = re.compile(r"\b[a-z]{2,} [a-z]{2,}\b")


def english_in(text):
    """A match of two adjacent lower-case words outside code (so no identifier), or None."""
    return ENGLISH.search(CODE.sub("x", text))


@pytest.mark.parametrize("homework", HOMEWORKS)
def test_labels_of_cases_and_values_are_translated(homework):
    cases = FreshCases(5)
    untranslated = set()
    for check in load_checks(homework):
        for case in cases.for_check(check):
            untranslated |= {case.label} if english_in(case_label(case.label).zh) else set()
            untranslated |= {name for name in case.expected if english_in(value_name(name).zh)}
    assert not untranslated


@pytest.mark.slow
@pytest.mark.parametrize("homework", HOMEWORKS)
def test_messages_about_known_mistakes_are_chinese(homework):
    cases, untranslated = FreshCases(5), []
    for mistake in mistakes.load(homework):
        check = next(check for check in load_checks(homework) if check.id == mistake.blank)
        runner = InProcessRunner(ROOT, mistakes.sources(mistake))
        result = verdict.run(check, runner, cases).result
        text = message_text(result, "zh").split("\n")[0]
        if result.status == Status.WRONG and english_in(
            text
        ):  # messages of errors contain Python's own text
            untranslated.append(text)
    assert not untranslated


def test_labels_with_numbers_and_several_parts_are_translated():
    assert case_label("step 3 of 5").zh == "第 3 步，共 5 步"
    assert case_label("lstm, 1 layer, 2 directions").zh == "lstm，1 层，2 个方向"
    assert case_label("T = 1").zh == "T = 1"
    assert value_name("states[0]").zh == "状态[0]"
    assert beside_chinese("dW") == " dW " and beside_chinese("权重") == "权重"


@pytest.mark.parametrize(
    ("text", "chinese"),
    [
        ("cannot unpack non-iterable NoneType object", "漏了 `return`"),
        ("not enough values to unpack (expected 2, got 1)", "需要返回 2 个值，得到 1 个"),
        ("'GPT' object has no attribute 'scores'", "GPT 里没有 scores"),
        ("hmm/model.py has no viterbi", "hmm/model.py 里没有 viterbi"),
        ("attention_step returned a Linear", "忘了调用"),
        ("viterbi returned a map, expected numbers, text, lists, dicts, arrays or tensors", "列表"),
    ],
)
def test_raw_python_errors_are_explained(text, chinese):
    message = meaning(text)
    assert message and chinese in message.zh and message.en != text


@pytest.mark.parametrize(
    "text", ["f returned a value nested deeper than 40 levels", "f returned a whole number past 64 bits"]
)  # fmt: skip
def test_answer_beyond_a_limit_is_not_explained_as_a_wrong_type(text):
    message = meaning(text)
    assert message and message.en == text and "类型" not in message.zh


@pytest.mark.parametrize(
    ("text", "chinese"),
    [
        ("f returned a value nested deeper than 40 levels", "f 返回的值嵌套超过 40 层"),
        ("f returned a whole number past 64 bits", "f 返回的整数超出 64 位"),
        (
            "f returned an array of dtype object, expected numbers",
            "f 返回了 dtype 为 object 的数组，而这里需要数值",
        ),
        ("f returned an answer with too many parts", "f 返回的内容过多"),
        (
            "f returned an answer with more than 8 MiB beside its arrays",
            "f 返回的内容超过 8 MiB",
        ),
        ("f returned an answer of more than 256 MiB", "f 返回的内容超过 256 MiB"),
        ("the process ended before it answered", "进程没有给出答案就结束了"),
        (
            "the process ended before it answered (exit code -9)",
            "进程没有给出答案就结束了（退出码 -9）",
        ),
        ("the submission has no folder hmm", "提交中没有文件夹 hmm"),
        ("no file hmm/whole.py", "没有文件 hmm/whole.py"),
        ("this blank is written without model.py", "写这个空时不能用 model.py"),
        (
            "input() cannot be answered while the code is being checked",
            "检查代码时没有人能回答 input()",
        ),
        ("not UTF-8: invalid start byte", "不是 UTF-8 编码：invalid start byte"),
    ],
)
def test_errors_of_the_course_are_translated_unchanged_in_english(text, chinese):
    assert meaning(text) == (text, chinese)


def test_empty_blank_is_named_in_chinese():
    check = next(check for check in load_checks("hmm") if check.id == "hmm-03")
    assert verdict.explain_empty(check) == (
        "NOT FILLED IN hmm/model.py, blank hmm-03",
        "尚未填写：hmm/model.py 中的填空 hmm-03",
    )
    needed = StudentError("NotImplementedError", "", empty="hmm-01", empty_file="hmm/model.py")
    assert verdict.explain_empty(check, needed) == (
        "needs hmm/model.py, blank hmm-01, which is still empty",
        "需要先完成：hmm/model.py 中的填空 hmm-01（尚未填写）",
    )
    unknown = StudentError("NotImplementedError", "", empty="hmm-00")
    assert not english_in(verdict.explain_empty(check, unknown).zh)


def test_file_that_cannot_be_loaded_is_explained_in_chinese():
    error = StudentError("NotUtf8Error", "not UTF-8: invalid byte 0xb5", "hmm/model.py, line 3")
    zh = salvage_message(error, "hmm").zh
    assert zh.startswith("hmm/model.py 无法解析（第 3 行：不是 UTF-8 编码："), zh


@pytest.mark.parametrize(
    ("type", "text", "kind"),
    [
        ("NotPlainError", "f returned a generator", ""),
        ("NotPlainError", "f returned a Linear, expected numbers", ""),
        ("MissingNameError", "hmm/model.py has no viterbi", ErrorKind.MISSING_NAME),
        ("TypeError", "f(x) is called with 0 arguments: none fits", ErrorKind.SIGNATURE),
        ("AttributeError", "'GPT' object has no attribute 'scores'", ""),
        ("TypeError", "'NoneType' object is not iterable", ""),
    ],
)
def test_explanation_and_advice_read_as_one_sentence(type, text, kind):
    message = verdict.explain(StudentError(type, text, kind=kind))
    assert not re.search(r"[?.]:", message.en) and not re.search("[？。]：", message.zh), message
