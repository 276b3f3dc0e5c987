"""What an error's own words mean for a student, where the words alone do not say it, in both languages."""

import re

from course.messages import Message

EXPECTED = r"(?:, expected .*)?"  # the end of the words of an answer that is not plain data
MEANINGS: tuple[tuple[str, str, str], ...] = (  # (the error's words, English, Chinese)
    (
        r"cannot unpack non-iterable NoneType object|'NoneType' object is not (?:iterable|subscriptable)"
        r"|object of type 'NoneType' has no len\(\)|unsupported operand type\(s\) for [^:]*: 'NoneType'.*"
        r"|'NoneType' object has no attribute .*|(?P<name>\w+) returned a NoneType",
        "None came back where a result is needed: is a `return` missing?",
        "得到的是 None，而这里需要结果：是不是漏了 `return`？",
    ),
    (
        r"not enough values to unpack \(expected (?P<wanted>\d+), got (?P<got>\d+)\)",
        "{wanted} values are needed, {got} came back: compare with the tuple in the docstring",
        "需要返回 {wanted} 个值，得到 {got} 个：请对照文档字符串里的元组",
    ),
    (
        r"too many values to unpack \(expected (?P<wanted>\d+)(?:, got \d+)?\)",
        "more than {wanted} values came back, or one array instead of {wanted} values: compare with the tuple in the docstring",
        "返回的值多于 {wanted} 个，或只返回了一个数组：这里需要 {wanted} 个值，请对照文档字符串里的元组",
    ),
    (
        r"'?(?P<owner>\w+)'? object has no attribute '(?P<name>\w+)'",
        "{owner} has nothing called {name}: was it renamed or deleted? Keep the provided names",
        "{owner} 里没有 {name}：是不是改名或删除了？请保持原来的名字",
    ),
    (
        r"(?P<file>\S+) has no (?P<name>[\w.]+)",
        "{file} does not contain {name} (was it renamed or deleted?)",
        "{file} 里没有 {name}（是不是改名或删除了？）",
    ),
    (
        r"(?P<function>\w+) returned a (?P<kind>generator|map|filter|zip|range|enumerate|reversed|dict_\w+)"
        + EXPECTED,
        "{function} returned an object of type {kind}, but a result is needed (does it have to become a list first?)",
        "{function} 返回了 {kind} 类型的对象，而这里需要结果（是不是要先转换成列表？）",
    ),
    (
        r"(?P<function>\w+) returned a (?P<kind>\w+)" + EXPECTED,
        "{function} returned an object of type {kind}, but a result is needed (was a module or function not called?)",
        "{function} 返回了 {kind} 类型的对象，而这里需要结果（是不是忘了调用某个模块或函数？）",
    ),
    (
        r"(?P<function>\w+)\((?P<signature>.*)\) is called with (?P<count>\d+) arguments: .*",
        "{function}({signature}) is called with {count} arguments",
        "调用 {function}({signature}) 时给了 {count} 个参数",
    ),
)


RETURNED = r"(?P<function>\w+) returned "
COURSE_WORDS: tuple[tuple[str, str], ...] = (  # (words of the course's own errors, Chinese)
    (
        RETURNED + r"a value nested deeper than (?P<limit>\d+) levels",
        "{function} 返回的值嵌套超过 {limit} 层",
    ),
    (RETURNED + r"a whole number past 64 bits", "{function} 返回的整数超出 64 位"),
    (
        RETURNED + r"an array of dtype (?P<dtype>.+), expected numbers",
        "{function} 返回了 dtype 为 {dtype} 的数组，而这里需要数值",
    ),
    (RETURNED + r"an answer with too many parts", "{function} 返回的内容过多"),
    (
        RETURNED + r"an answer (?:of|with) more than (?P<limit>\d+) MiB(?: beside its arrays)?",
        "{function} 返回的内容超过 {limit} MiB",
    ),
    (r"the process ended before it answered", "进程没有给出答案就结束了"),
    (
        r"the process ended before it answered \(exit code (?P<code>-?\w+)\)",
        "进程没有给出答案就结束了（退出码 {code}）",
    ),
    (r"the submission has no folder (?P<folder>\S+)", "提交中没有文件夹 {folder}"),
    (r"no file (?P<file>\S+)", "没有文件 {file}"),
    (r"this blank is written without (?P<file>\S+)", "写这个空时不能用 {file}"),
    (
        r"input\(\) cannot be answered while the code is being checked",
        "检查代码时没有人能回答 input()",
    ),
    (r"not UTF-8: (?P<reason>.*)", "不是 UTF-8 编码：{reason}"),
)


PYTHON_WORDS: tuple[
    tuple[str, str], ...
] = (  # (words of Python and NumPy that beginners meet most, Chinese)
    (r"'(?P<bracket>[(\[{])' was never closed", "括号“{bracket}”没有配对的右括号"),
    (r"unmatched '(?P<bracket>[)\]}])'", "括号“{bracket}”没有配对的左括号"),
    (r"expected ':'", "缺少冒号"),
    (r"invalid syntax", "语法错误"),
    (r"(?:float |integer )?(?:division|modulo|division or modulo) by zero", "除数为 0"),
    (r"name '(?P<name>\w+)' is not defined", "名字 {name} 没有定义"),
    (
        r"cannot access local variable '(?P<name>\w+)' where it is not associated with a value",
        "局部变量 {name} 还没有赋值",
    ),
    (r"list index out of range", "列表的下标超出范围"),
    (
        r"index (?P<index>-?\d+) is out of bounds for axis (?P<axis>\d+) with size (?P<size>\d+)",
        "下标 {index} 超出范围：第 {axis} 轴（从 0 数起）的长度是 {size}",
    ),
    (
        r"operands could not be broadcast together with shapes (?P<left>\([\d,]*\)) (?P<right>\([\d,]*\)) ?",
        "形状 {left} 与 {right} 不能逐元素运算（无法广播）",
    ),
    (
        r"shapes (?P<left>\([\d,]*\)) and (?P<right>\([\d,]*\)) not aligned: .*",
        "形状 {left} 与 {right} 不能相乘：前者的最后一轴与后者的对应轴长度不同",
    ),
    (
        r"matmul: Input operand 1 has a mismatch in its core dimension 0, .*\(size (?P<right>\d+) is different"
        r" from (?P<left>\d+)\)",
        "两个矩阵不能相乘：左边最后一轴的长度是 {left}，右边对应的轴是 {right}",
    ),
    (
        r"could not broadcast input array from shape (?P<given>\([\d,]*\)) into shape (?P<place>\([\d,]*\))",
        "形状 {given} 的数组放不进形状 {place} 的位置",
    ),
)


def meaning(text: str) -> Message | None:
    """What the error means, or None where its own words are all there is."""
    for pattern, en, zh in (
        *MEANINGS,
        *((words, None, zh) for words, zh in (*COURSE_WORDS, *PYTHON_WORDS)),
    ):
        if match := re.fullmatch(pattern, text, re.DOTALL):
            parts = {name: value or "" for name, value in match.groupdict().items()}
            return Message(text if en is None else en.format(**parts), zh.format(**parts))
    return None


def location(where: str) -> Message:
    """ "hmm/model.py, line 12" as the end of a message, or nothing."""
    if not where:
        return Message("", "")
    file, _, line = where.partition(", line ")
    return Message(f" ({where})", f"（{file} 第 {line} 行）" if line else f"（{where}）")
