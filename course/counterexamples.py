"""The exercise "find the bug": a student's counterexample, judged by running the right and the broken version on it.

At home only its form is checked: the broken versions stay with the teachers (tests/reference/bugs.py), since each is nearly
the solution of a blank. `python -m grading.bugs` hands them out.
"""

from typing import Any

from course import plugins
from course.judging import JudgedCase, WrongAnswer
from course.messages import Message
from course.runner import Runner


def judge(student: Runner, case: JudgedCase, homework: str, smallest: bool = False) -> None:
    """Judge `counterexample()` of HOMEWORK/bug.py: it shows the student's bug; with smallest, in the fewest numbers.

    case.expected: empty at home, where nothing but the form is judged.
    """
    answer = student.call(homework, "bug.counterexample")
    _check_form(answer)
    if not case.expected:
        return
    problem = plugins.load_bugs().problem(homework, *answer)
    if problem and problem[0] == "large" and not smallest:
        problem = None
    case.answers["problem"] = problem[0] if problem else "none"
    if problem and case.judging:
        raise WrongAnswer(Message(*problem[1:]), shown=True)


def _check_form(answer: Any) -> None:
    """Raise WrongAnswer, shown at home too, if the answer is not a pair of student id and list of arguments."""
    if isinstance(answer, (list, tuple)) and len(answer) == 2:
        id, arguments = answer
        if isinstance(id, str) and id.strip() and isinstance(arguments, (list, tuple)):
            return
    raise WrongAnswer(
        Message(
            "counterexample() returns two things: your student id as a text, and a list of arguments",
            "counterexample() 返回两样东西：你的学号（字符串）和由参数组成的列表",
        ),
        shown=True,
    )
