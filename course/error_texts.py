"""What an error's own words mean for a student, where the words alone do not say it, in both languages."""

import re
from dataclasses import dataclass

from course.messages import Message
from course.python_words import TRANSLATED

EXPECTED = r"(?:, expected .*)?"  # the end of the words of an answer that is not plain data
MEANINGS: tuple[tuple[str, str, str], ...] = (  # (the error's words, English, Chinese)
    (
        r"cannot unpack non-iterable NoneType object|(?P<name>\w+) returned a NoneType",
        "None came back where a result is needed: is a `return` missing?",
        "得到的是 None，而这里需要结果：是不是漏了 `return`？",
    ),
    (
        r"'NoneType' object is not (?:iterable|subscriptable|callable)|object of type 'NoneType' has no len\(\)"
        r"|(?:bad operand|unsupported operand) type(?:\(s\))? for [^:]*: (?:'[^']*' and )?'NoneType'.*"
        r"|'NoneType' object has no attribute .*",
        "a value is None here: is a `return` missing in a function that you call, or may an argument be None, as the "
        "docstring says?",
        "这里有一个值是 None：是你调用的函数漏了 `return`，还是参数本来就可以是 None（见文档字符串），却没有单独处理？",
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
        r"module '(?P<owner>[\w.]+)' has no attribute '(?P<name>\w+)'",
        "{owner} has nothing called {name}: is it spelled correctly?",
        "{owner} 里没有 {name}：拼写对吗？",
    ),
    (
        r"'(?P<owner>list|tuple|dict|str|int|float|bool|set|range|zip|map|generator|function|method|module|Tensor"
        r"|numpy\.\w+)' object has no attribute '(?P<name>\w+)'.*",
        "a value of type {owner} has no {name}: is it of the type that you expect? print(type(x)) shows it",
        "{owner} 类型的值没有 {name}：它是你以为的类型吗？print(type(x)) 可以查看",
    ),
    (
        r"pytest: reading from stdin while output is captured!.*",
        "input() cannot be answered while the code is being checked",
        "检查代码时没有人能回答 input()：请去掉它",
    ),
    (
        r"(?:type object )?'?(?P<owner>\w+)'?(?: object)? has no attribute '(?P<name>\w+)'",
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
    (
        r"not UTF-8: 'utf-8' codec can't decode bytes? .* in position (?P<position>\d+)\S*: .*",
        "不是 UTF-8 编码（从第 {position} 个字节起）",
    ),
    (r"not UTF-8: byte (?P<position>\d+)", "不是 UTF-8 编码（从第 {position} 个字节起）"),
    (r"not UTF-8: (?P<reason>.*)", "不是 UTF-8 编码：{reason}"),
)


@dataclass(frozen=True)
class ErrorType:
    """What an exception's type says. kind: in Chinese. look: what to look at on the line where it was raised."""

    kind: str
    look: Message


SHAPES = Message(
    "print the shape and dtype of each array in this line",
    "请打印这一行里每个数组的形状和类型（x.shape、x.dtype）",
)
NAMES = Message(
    "compare the names in this line with the docstring and the imports",
    "请把这一行里的名字与文档字符串、文件开头的 import 对照",
)
TYPES: dict[str, ErrorType] = {
    "TypeError": ErrorType(
        "值的类型不对，或参数个数不对",
        Message(
            "print type(x) for each value in this line, and compare the arguments of each call",
            "请打印这一行里每个值的 type(x)，并核对每次调用的参数",
        ),
    ),
    "ValueError": ErrorType("值不对，多半是形状或取值范围", SHAPES),
    "RuntimeError": ErrorType("运算无法进行，多半是形状或类型不合", SHAPES),
    "IndexError": ErrorType(
        "下标超出范围，或下标的个数、类型不对",
        Message(
            "print the indices and the shape; indices start at 0",
            "请打印下标和形状：下标从 0 数起",
        ),
    ),
    "KeyError": ErrorType(
        "字典里没有这个键",
        Message(
            "print the dict's keys and compare the spelling",
            "请打印字典的全部键（list(d)），对照拼写",
        ),
    ),
    "AttributeError": ErrorType("没有这个属性或方法", NAMES),
    "NameError": ErrorType("名字没有定义", NAMES),
    "UnboundLocalError": ErrorType("变量还没有赋值就使用了", NAMES),
    "OverflowError": ErrorType(
        "数太大，超出可表示的范围",
        Message(
            "print the numbers in this line; would logarithms do?",
            "请打印这一行里的数：能否改用对数？",
        ),
    ),
    "AssertionError": ErrorType(
        "assert 的条件不成立",
        Message("print what the condition compares", "请打印条件里比较的值"),
    ),
    "LinAlgError": ErrorType("线性代数运算无法进行", SHAPES),
    "StopIteration": ErrorType(
        "已经取完，没有下一个了",
        Message("print how many items there are", "请打印一共有几项"),
    ),
    "SystemExit": ErrorType(
        "程序自己退出了",
        Message("remove exit(), quit() and sys.exit()", "请去掉 exit()、quit() 和 sys.exit()"),
    ),
    "SyntaxError": ErrorType("语法错误", Message("", "")),
    "ImportError": ErrorType("无法导入", Message("", "")),
    "ModuleNotFoundError": ErrorType("找不到要导入的模块", Message("", "")),
    "NotPlainError": ErrorType("返回值的类型不对", Message("", "")),
}
OTHER_TYPE = ErrorType(
    "程序出错",
    Message("print the values in this line", "请打印这一行里用到的值"),
)
OWN_TYPES = ("MissingNameError", "NotPlainError", "NotUtf8Error", "SignatureError")  # of the course


def original(text: str) -> str:
    """The error's own words as the end of a Chinese message; nothing where there are none."""
    if text in ("", "None"):
        return ""
    return f"。{'英文原文' if text.isascii() else '原文'}：{text}"


def error_type(name: str) -> ErrorType:
    """What the exception's type says: of its own, or the general sentence."""
    return TYPES.get(name, OTHER_TYPE)


def in_words(text: str) -> Message:
    """What an error says: its meaning, or its own words, marked as English in a Chinese message."""
    return meaning(text) or Message(text, f"{text}（英文原文）")


def meaning(text: str) -> Message | None:
    """What the error means, or None where its own words are all there is."""
    for pattern, en, zh in (
        *MEANINGS,
        *((words, None, zh) for words, zh in (*COURSE_WORDS, *TRANSLATED)),
    ):
        if match := re.fullmatch(pattern, text, re.DOTALL):
            parts = {name: value or "" for name, value in match.groupdict().items()}
            return Message(text if en is None else en.format(**parts), zh.format(**parts))
    return None


def location(where: str) -> Message:
    """ "hmm/model.py, line 12" as the end of a message, or nothing."""
    if not where:
        return Message("", "")
    match = re.fullmatch(r"(.*), line (\d+)(?:, called from line (\d+))?", where)
    if not match:
        return Message(f" ({where})", f"（{where}）")
    file, line, caller = match.groups()
    called = f"，由第 {caller} 行调用" if caller else ""
    return Message(f" ({where})", f"（{file} 第 {line} 行{called}）")
