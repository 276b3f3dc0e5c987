"""What to ask in a two-minute talk about a submission: questions made from the student's own lines.

A question belongs to what the code contains (`-inf`, a transpose, a sum over an axis), so somebody who wrote the line can
answer it, whatever the homework.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from course.hints import load_hints
from course.messages import Message
from course.verdict import Status
from grading.excerpts import excerpt
from grading.marks import HomeworkMarks

MOST = 3  # questions of a talk


@dataclass(frozen=True)
class Pattern:
    """A question about a line that matches."""

    line: re.Pattern[str]
    question: Message


@dataclass(frozen=True)
class TalkQuestion:
    """A question about one line of a student's."""

    blank: str
    file: str
    number: int
    code: str
    question: Message


def _pattern(line: str, en: str, zh: str) -> Pattern:
    return Pattern(re.compile(line), Message(en, zh))


PATTERNS = (  # the most telling first
    _pattern(
        r"inf\b", "Why -inf here, and not 0 or -1000?", "这里为什么是 -inf，而不是 0 或 -1000？"
    ),
    _pattern(
        r"logaddexp|logsumexp",
        "What would go wrong with log(sum(exp(...))) written out?",
        "如果直接写 log(sum(exp(…)))，会出什么问题？",
    ),
    _pattern(
        r"argmax",
        "What happens here if two values are equal?",
        "如果有两个值相等，这一行得到什么？",
    ),
    _pattern(
        r"np\.add\.at|index_add|scatter_add",
        "Why not simply += with these indices?",
        "为什么不直接用这些下标做 +=？",
    ),
    _pattern(
        r"range\([^)]*-1\)|reversed\(",
        "Why does this loop run backwards, and where does it stop?",
        "这个循环为什么倒着走？到哪里停？",
    ),
    _pattern(
        r"range\(1,",
        "Why does this loop begin at 1?",
        "这个循环为什么从 1 开始？",
    ),
    _pattern(
        r"sqrt",
        "Why the square root, and of which number is it here?",
        "为什么要开平方根？这里对哪个数开方？",
    ),
    _pattern(
        r"\btriu|\btril",
        "Draw this mask for three characters. What does the diagonal mean?",
        "画出三个字时的掩码。对角线表示什么？",
    ),
    _pattern(
        r"no_grad|\.detach\(|\.item\(",
        "What would happen without this call?",
        "去掉这个调用会怎样？",
    ),
    _pattern(
        r"zero_grad",
        "What happens if this line is left out?",
        "漏掉这一行会怎样？",
    ),
    _pattern(
        r"clip|clamp|\bmin\(max\(",
        "For which input does this make a difference?",
        "什么样的输入会让这里起作用？",
    ),
    _pattern(
        r"keepdims?=True",
        "Which shape would this have without keepdim, and what would be divided by what?",
        "不写 keepdim，这里是什么形状？会变成谁除以谁？",
    ),
    _pattern(
        r"\.transpose\(|\.permute\(|\.swapaxes\(|\.T\b",
        "Which shape is in front of this, and which behind? Why not reshape?",
        "这一步之前是什么形状，之后呢？为什么不能用 reshape？",
    ),
    _pattern(
        r"1 - \w+ ?\* ?\w+|\* \(1 - |1 - \w+ ?\*\* ?2",
        "Which derivative is this, and of which function?",
        "这是哪个函数的导数？",
    ),
    _pattern(
        r"\[:, ?None|\[\.\.\., ?None|unsqueeze|None\]",
        "Why is an axis of length 1 needed here? Name the axes.",
        "这里为什么要加一个长度为 1 的轴？说出每个轴是什么。",
    ),
    _pattern(
        r"\[1:\]|\[:-1\]|- 1\]",
        "Why is one row left out (or shifted) here?",
        "这里为什么少取一行（或错开一位）？",
    ),
    _pattern(
        r"softmax",
        "Along which axis does this add up to 1, and what would the other axis mean?",
        "沿哪个轴求和为 1？换另一个轴是什么意思？",
    ),
    _pattern(
        r"\.sum\(|np\.sum\(|\.mean\(|np\.mean\(",
        "Over what does this run, and why a sum (or a mean)?",
        "这里对什么求和（或平均）？为什么？",
    ),
    _pattern(
        r" @ |\.dot\(|einsum|matmul",
        "Name the shapes of both factors and of the result.",
        "说出两个因子和结果的形状。",
    ),
)


def talk_questions(
    homeworks: Mapping[str, HomeworkMarks], files: Mapping[str, Mapping[str, bytes]]
) -> list[TalkQuestion]:
    """At most MOST questions, each about another line and of another kind; the most telling first."""
    questions: list[TalkQuestion] = []
    for pattern in PATTERNS:
        asked = {(question.blank, question.number) for question in questions}
        match = next(
            (
                question
                for question in _matches(pattern, homeworks, files)
                if (question.blank, question.number) not in asked
                and question.blank not in {other.blank for other in questions}
            ),
            None,
        )
        if match:
            questions.append(match)
        if len(questions) == MOST:
            return questions
    return questions + _leading_on(
        homeworks, {question.blank for question in questions}, MOST - len(questions)
    )


def _matches(
    pattern: Pattern,
    homeworks: Mapping[str, HomeworkMarks],
    files: Mapping[str, Mapping[str, bytes]],
) -> Iterator[TalkQuestion]:
    for homework, marks in homeworks.items():
        for blank in marks.blanks:
            if blank.status == Status.EMPTY:
                continue
            code = excerpt(homework, blank.id, files.get(homework, {}))
            for line in code.lines if code else ():
                text = line.text.split("#")[0]
                if code and pattern.line.search(text):
                    yield TalkQuestion(
                        blank.id, code.file, line.number, text.strip(), pattern.question
                    )


def _leading_on(
    homeworks: Mapping[str, HomeworkMarks], asked: Iterable[str], count: int
) -> list[TalkQuestion]:
    """Questions that lead on from blanks that are done, for code without anything telling."""
    asked = set(asked)
    return [
        TalkQuestion(blank.id, "", 0, "", load_hints(homework)[blank.id].question)
        for homework, marks in homeworks.items()
        for blank in marks.blanks
        if blank.status == Status.DONE
        and blank.id not in asked
        and blank.id in load_hints(homework)
    ][:count]
