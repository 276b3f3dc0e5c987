"""Errors of Python, NumPy, PyTorch and the argument validation in Chinese; of all others the kind, the line and what to look at."""

import importlib.util
import re

import numpy as np
import pytest
import torch

from course.error_texts import TYPES, error_type, in_words, meaning
from course.homeworks import ROOT
from course.runner.base import StudentError
from course.verdict import explain
from tests.repository.test_chinese_messages import english_in

T = torch.ones
LEAF = torch.ones(3, requires_grad=True)


def words_of(expression):
    """What Python says is wrong with an expression, or with a statement that it cannot read."""
    names = {
        "np": np,
        "torch": torch,
        "T": T,
        "leaf": LEAF,
        "F": torch.nn.functional,
        "f": lambda x, y: x,
    }
    with pytest.raises(Exception) as caught:
        try:
            code = compile(expression, "model.py", "eval")
        except SyntaxError:
            code = compile(expression, "model.py", "exec")
        exec(code, names)
    error = caught.value
    return error.msg if isinstance(error, SyntaxError) else str(error)


@pytest.mark.parametrize(
    ("expression", "chinese"),
    [
        ("np.ones(3)[0, 1]", "数组只有 1 个轴，却给了 2 个下标"),
        ("np.ones(3).sum(axis=1)", "没有第 1 轴"),
        ("np.ones(6).reshape(4, 2)", "有 6 个数的数组不能改成形状 (4,2)"),
        ("np.ones(3)[1.0]", "下标必须是整数"),
        ("np.ones(3)[np.zeros(2)]", "下标必须是整数"),
        ("np.array([[1, 2], [3]])", "各行长度不同"),
        ("1 if np.ones(3) > 0 else 2", "不能当作一个真假值"),
        ("1 if T(3) > 0 else 2", "不能当作一个真假值"),
        ("np.float64(1)[0]", "不能再取下标"),
        ("T(2, 3) + T(2, 4)", "第 1 轴（从 0 数起）的长度一个是 3，另一个是 4"),
        ("T(2, 3) @ T(2, 3)", "形状 (2, 3) 与 (2, 3) 的矩阵不能相乘"),
        ("T(2, 3) @ T(2)", "形状 (2, 3) 的矩阵与长 2 的向量不能相乘"),
        ("T(2, 3, 4) @ T(2, 3, 4)", "成批的矩阵不能相乘"),
        ("T(2, 3, 4).transpose(1, 2).view(2, 12)", "请改用 reshape"),
        ("T(6).view(4, 2)", "有 6 个数的张量不能改成形状 (4, 2)"),
        ("T(2, 3).sum(2)", "没有第 2 轴：轴号应在 -2 到 1 之间"),
        ("T(3)[5]", "下标 5 超出范围：第 0 轴（从 0 数起）的长度是 3"),
        ("torch.nn.Embedding(3, 2)(torch.tensor([5]))", "词的编号超出范围"),
        ("T(3)[0, 1]", "下标太多：张量只有 1 个轴"),
        ("T(2, 2) @ T(2, 2).double()", "相乘的两个张量类型不同：float 与 double"),
        ("~T(3)", "只能用于布尔张量"),
        ("leaf.add_(1)", "不能原地修改参数"),
        ("torch.cat([T(2, 3), T(3)], 1)", "拼接的张量轴数不同：2 个与 1 个"),
        ("torch.cat([T(2, 3), T(3, 3)], 1)", "除第 1 轴外形状都要相同：应为 2，第 1 个（从 0 数起）是 3"),
        ("torch.einsum('ab,cb->ac', T(2, 3, 4), T(2, 4))", "写了 2 个字母，而它有 3 个轴"),
        ("T(3).masked_fill(None, 0.0)", "得到的类型依次是 NoneType, float"),
        ("torch.softmax([1.0], 0)", "softmax 的"),
        ("torch.nn.GRUCell(4, 3)(T(2, 5))", "得到 5，这一层需要 4"),
        ("torch.nn.GRUCell(4, 3)(T(2, 4), T(2, 5))", "得到 5，这一层需要 3"),
        ("F.cross_entropy(T(3, 6, 8), torch.ones(3, 6).long())", "目标的形状是 (3, 6)，按这样的 logits 应为 (3, 8)"),
        ("F.cross_entropy(T(6, 8), torch.ones(5).long())", "logits 有 6 行，目标却有 5 个"),
        ("F.cross_entropy(T(6, 8), torch.ones(6, 1).long())", "先把它展平"),
        ("torch.nn.Linear(2, 2)(T(2, 2).double())", "张量类型不同"),
        ("torch.tanh([1.0])", "tanh 的第 1 个参数 input 应为 Tensor，得到的是 list"),
        ("None.unsqueeze(1)", "参数本来就可以是 None"),
        ("None + 1", "参数本来就可以是 None"),
        ("1 + None", "参数本来就可以是 None"),
        ("(lambda: None)()[0]", "漏了 `return`"),
        ("np.concatenate([np.ones((2, 3)), np.ones((3, 2))], axis=1)", "第 0 轴的长度，第 0 个数组是 2，第 1 个是 3"),
        ("np.concatenate([np.ones((2, 3)), np.ones(3)])", "第 0 个有 2 个轴，第 1 个有 1 个"),
        ("np.stack([np.ones(2), np.ones(3)])", "形状必须相同"),
        ("np.zeros(0).max()", "对空数组做 maximum"),
        ("np.zeros(0).argmax()", "对空数组做 argmax"),
        ("np.ones(2).__setitem__([0, 1], np.ones(3))", "形状 (3,) 的数组放不进下标选出的形状 (2,)"),
        ("np.ones((3, 3))[np.array([0, 1]), np.array([0, 1, 2])]", "形状 (2,) 与 (3,) 对不上"),
        ("np.einsum('ab->a', np.ones((2, 3, 4)))", "数组的轴比字母多"),
        ("np.ones(3)[np.array([True, False])]", "布尔下标的长度是 2，而第 0 轴（从 0 数起）的长度是 3"),
        ("np.ones(3).__iadd__(np.ones((2, 3)))", "左边的形状是 (3,)，结果的形状是 (2,3)"),
        ("np.ones(3, int).__iadd__(0.5)", "请先建成浮点数组"),
        ("np.ones((2, 3)).transpose(0, 2, 1)", "transpose 给出的轴数"),
        ("np.log('a')", "log 不能用于"),
        ("np.sqrt(None)", "sqrt 不能用于 NoneType"),
        ("np.zeros(2, 3)", "形状要写成元组"),
        ("T(2).expand(3)", "长度是 2，需要 3"),
        ("T(3).add_(T(2, 3))", "左边的形状是 (3)，结果的形状是 (2, 3)"),
        ("torch.stack([T(2), T(3)])", "第 0 个是 (2)，第 1 个是 (3)"),
        ("T(3).sum().backward()", "没有连着计算图"),
        ("torch.ones(2, requires_grad=True).numpy()", "请用张量运算"),
        ("torch.ones(3).long().add_(0.5)", "不能把 Float 的结果原地存进 Long"),
        ("T(3).__setitem__(torch.tensor([0]), T(1).double())", "左边是 Float，右边是 Double"),
        ("torch.cat([[1.0], [2.0]])", "应为张量，得到的是 list"),
        ("float(T(3))", "不止一个数"),
        ("torch.nn.Embedding(3, 2)(T(2))", "indices 应为整数（long）张量，得到的是 FloatTensor"),
        ("torch.ones(3).long().mean()", "先转换成浮点数"),
        ("T(3)[T(2)]", "必须是整数或布尔类型"),
        ("T(3).topk(5)", "topk 的 k"),
        ("torch.tensor([[1, 2], [3]])", "各行长度不同"),
        ("torch.softmax(torch.ones(3).long(), 0)", "不能用于 Long 类型的张量"),
        ("T(2, 3).permute(0, 2, 1)", "permute 给了 3 个轴号，而张量有 2 个轴"),
        ("T(3).masked_fill(T(3), 0.0)", "掩码必须是布尔张量，得到的是 float"),
        ("torch.where(T(3), 1.0, 0.0)", "条件必须是布尔张量"),
        ("{np.ones(2): 1}", "不能作字典的键"),
        ("[1] < 2", "list 与 int 不能用 < 比较"),
        ("2.5 * list('a')", "列表不能与 float 相乘"),
        ("list('ab')[1.5:]", "切片的起止必须是整数"),
        ("int('a')", "不能转换成整数"),
        ("sum(np.ones(3), axis=0)", "Python 自带的 sum 没有参数 axis"),
        ("abs('a')", "abs 不能用于 str"),
        ("range(3)[5]", "下标超出范围"),
        ("'a' + int('1')", "str 与 int 不能用 + 连接"),
        ("1 + [2]", "int 与 list 之间不能做 + 运算"),
        ("T(2) + (1, 2)", "Tensor 与 tuple 之间不能做 + 运算"),
        ("~1.5", "float 类型的值不能做 ~ 运算"),
        ("torch.nn.Embedding(3, 2)[0]", "要用 ( ) 调用"),
        ("(lambda: 2)()(3)", "int 类型的值不能用 ( ) 调用"),
        ("list(5)", "int 类型的值不能逐个取出"),
        ("len(5)", "int 类型的值没有长度"),
        ("(1, 2).__class__.__setitem__", "tuple 里没有 __setitem__"),
        ("list(range(2))[0, 1]", "下标必须是整数，这里是 tuple"),
        ("range(2.5)", "这里需要整数，得到的是 float"),
        ("f(1)", "少给了 1 个参数：'y'"),
        ("f(1, 2, 3)", "给了 3 个参数，它只接受 2 个"),
        ("f(1, z=2)", "没有参数 z"),
        ("__import__('math').gamma(500)", "超出浮点数的范围"),
        ("10.0 ** 400", "超出浮点数的范围"),
        ("10 ** 400 * 1.0", "整数太大"),
        ("__import__('math').log(0)", "不在函数的定义域内"),
        ("__import__('pandsa')", "没有模块 pandsa"),
        ("exec('from math import tau2')", "math 里没有 tau2，无法导入"),
        ("np.sofmax", "numpy 里没有 sofmax：拼写对吗"),
        ("[1].shape", "list 类型的值没有 shape：它是你以为的类型吗"),
        ("np.ones(2).unsqueeze", "numpy.ndarray 类型的值没有 unsqueeze"),
        ("T(2).astype", "Tensor 类型的值没有 astype"),
        ("float('a')", "字符串 'a' 不能转换成数"),
        ("x = （1）", "有全角符号“（”"),
        ("x = 1，2", "有全角符号“，”"),
        ("x = [1 2]", "是不是漏了逗号"),
        ("if x = 1: pass", "比较要写 =="),
        ("  x = 1", "这一行缩进过多"),
        ("if 1:\n    x = 1\n  y = 2", "对不齐"),
        ("for x in y:\npass", "第 1 行的冒号之后要有缩进的语句"),
        ("x = 'a", "缺少结尾的引号"),
        ("return 1", "return 不在函数里"),
        ("x = (1]", "括号不配对：“(”对上了“]”"),
        ("x = 2n", "名字不能以数字开头"),
    ],
)  # fmt: skip
def test_common_error_is_in_chinese_with_its_numbers(expression, chinese):
    words = words_of(expression)
    message = meaning(words)
    assert message, words
    assert chinese in message.zh and not english_in(message.zh), message.zh


def validation_words(rules, values):
    path = ROOT / "templates" / "validate.py"
    spec = importlib.util.spec_from_file_location("validate_template", path)
    assert spec and spec.loader
    validate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(validate)
    rules = {name: getattr(validate, rule[0])(*rule[1:]) for name, rule in rules.items()}
    with pytest.raises(ValueError) as caught:
        validate.check_arrays(rules, values)
    return str(caught.value)


@pytest.mark.parametrize(
    ("rules", "values", "chinese"),
    [
        (
            {"q": ("Shape", "B Lq d"), "k": ("Shape", "B Lk d")},
            {"q": np.ones((2, 7, 4)), "k": np.ones((2, 5, 3))},
            "k 的形状是 (2, 5, 3)，应为 (2, Lk, 4)，因为 q 的形状是 (2, 7, 4)",
        ),
        (
            {"q": ("Shape", "B Lq d")},
            {"q": np.ones((2, 7))},
            "q 的形状是 (2, 7)，应为 (B, Lq, d)",
        ),
        (
            {"pi": ("Probabilities", "N", "one probability per state")},
            {"pi": np.array([0.5, 0.6])},
            "pi 之和为 1.1，应为 1",
        ),
        (
            {"A": ("Probabilities", "N N", "one row per state")},
            {"A": np.array([[0.5, 0.5], [0.5, 0.25]])},
            "A 的第 1 行（从 0 数起）之和为 0.75，应为 1",
        ),
        (
            {"A": ("Probabilities", "N N", "one row per state")},
            {"A": np.array([[-0.7, 1.7], [0.5, 0.5]])},
            "A[0, 0] 是 -0.7，应为概率：0 到 1",
        ),
        ({"a": ("Logs", "N")}, {"a": np.array([np.nan])}, "a[0] 是 NaN"),
        (
            {"obs": ("Integers", "T", "one symbol per time step")},
            {"obs": np.array([0.5])},
            "obs 里是 float64 类型的数，应为整数",
        ),
        (
            {"B": ("Shape", "N M"), "obs": ("Integers", "T", "", "M")},
            {"B": np.ones((2, 3)), "obs": np.array([0, 3])},
            "obs[1] 是 3，应在 0 到 2 之间",
        ),
        ({"n": ("AtLeast", 1)}, {"n": 0}, "n 为 0，至少应为 1"),
        ({"x": ("Shape", "T D")}, {"x": np.ones((0, 2))}, "x 的形状是 (0, 2)：T 不能为 0"),
    ],
)
def test_argument_validation_is_in_chinese(rules, values, chinese):
    message = meaning(validation_words(rules, values))
    assert message and message.zh == chinese


@pytest.mark.parametrize("type", sorted({*TYPES, "SomeLibraryError"} - {"KeyError"}))
def test_error_without_a_translation_says_its_kind_its_line_and_what_to_look_at(type):
    error = StudentError(type, "the frobnication of x failed", "hmm/model.py, line 12")
    message = explain(error)
    zh, _, original = message.zh.partition("。英文原文：")
    assert original == "the frobnication of x failed"
    assert zh.startswith(f"{error_type(type).kind}（{type}，hmm/model.py 第 12 行）：")
    assert re.search("[一-鿿]", zh.partition("）：")[2]) and not english_in(zh)
    assert message.en.startswith(f"{type}: the frobnication of x failed (hmm/model.py, line 12)")


def test_missing_key_is_not_called_english():
    zh = explain(StudentError("KeyError", "'h'", "hmm/model.py, line 12")).zh
    assert zh.startswith("字典里没有这个键（KeyError，hmm/model.py 第 12 行）：") and zh.endswith(
        "。这个键是 'h'"
    )


def test_errors_of_the_course_itself_are_named_without_their_class():
    error = StudentError("MissingNameError", "hmm/model.py has no forward", kind="missing name")
    assert (
        explain(error).zh == "hmm/model.py 里没有 forward（是不是改名或删除了？）；请保持原来的名字"
    )
    assert explain(error).en.startswith("MissingNameError: ")


def test_words_of_the_students_own_are_not_called_english():
    zh = explain(StudentError("AssertionError", "长度不对", "hmm/model.py, line 12")).zh
    assert zh.endswith("。原文：长度不对")
    zh = explain(StudentError("SystemExit", "None", "hmm/model.py, line 12")).zh
    assert (
        zh
        == "程序自己退出了（SystemExit，hmm/model.py 第 12 行）：请去掉 exit()、quit() 和 sys.exit()"
    )


def test_an_encoding_error_is_chinese():
    words = "not UTF-8: 'utf-8' codec can't decode byte 0xb4 in position 1783: invalid start byte"
    message = meaning(words)
    assert message == (words, "不是 UTF-8 编码（从第 1783 个字节起）")


def test_error_without_words_or_line_is_named_all_the_same():
    assert explain(StudentError("AssertionError", "")).zh == "assert 的条件不成立（AssertionError）：请打印条件里比较的值"  # fmt: skip
    assert in_words("strange words").zh == "strange words（英文原文）"
