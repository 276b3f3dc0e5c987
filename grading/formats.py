"""Marks in the formats of other systems: Gradescope's results.json, Classroom 50's result.json, JUnit XML."""

import datetime
import re
from collections.abc import Iterator, Mapping
from typing import Any
from xml.etree import ElementTree

from course.messages import Language
from course.verdict import CheckResult, Status
from grading.intake import in_language
from grading.marks import BlankMarks, Student

ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
STOPPED = (Status.ERROR, Status.TIMEOUT)


def text_of(result: CheckResult, lang: Language) -> str:
    """What a failed check tells the student."""
    lines = [result.message, result.hint]
    return "\n".join(line.text(lang) for line in lines if line and line.text(lang))


def _blanks(student: Student) -> Iterator[tuple[str, int, BlankMarks]]:
    """(homework, number of the blank in it, blank) of what has points."""
    for homework, marks in student.homeworks.items():
        for number, blank in enumerate(marks.blanks, 1):
            if blank.possible:
                yield homework, number, blank


def gradescope(student: Student, lang: Language = "zh") -> dict[str, Any]:
    """results.json of a student's homeworks: one test for each blank, its points, what went wrong."""
    tests = []
    for homework, number, blank in _blanks(student):
        texts = [text_of(r, lang) for r in blank.results if r.status != Status.DONE]
        tests.append(
            {
                "name": f"{homework} {blank.id}",
                "number": f"{len(tests) + 1}.{number}",
                "score": blank.points,
                "max_score": 0 if blank.bonus else blank.possible,
                "output": "\n".join(filter(None, texts)),
                "output_format": "text",
                "status": "passed" if blank.status == Status.DONE else "failed",
                "visibility": "visible",
            }
        )
    problems = [in_language(problem, lang) for problem in student.problems]
    return {
        "tests": tests,
        "output": "\n".join([*problems, student.error]).strip(),
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
    }


def classroom50(
    student: Student,
    environment: Mapping[str, str] | None = None,
    now: datetime.datetime | None = None,
) -> dict[str, Any]:
    """result.json of Classroom 50. environment: its variables (SUBMISSION_TAG, COMMIT_URL, ...)."""
    variables = environment or {}
    tests = [
        {
            "test-name": f"{homework} {blank.id}",
            "passed": blank.status == Status.DONE,
            "score": blank.points,
            "max-score": 0 if blank.bonus else blank.possible,
        }
        for homework, _, blank in _blanks(student)
    ]
    moment = now or datetime.datetime.now(datetime.UTC)
    return {
        "schema": "classroom50/result/v1",
        "classroom": variables.get("CLASSROOM", ""),
        "assignment": variables.get("ASSIGNMENT", ""),
        "assignment_type": variables.get("ASSIGNMENT_TYPE", "individual"),
        "owner": variables.get("OWNER", variables.get("USERNAME", "")) or student.submission,
        "submission": variables.get("SUBMISSION_TAG", ""),
        "commit": variables.get("COMMIT_URL", ""),
        "release": variables.get("RELEASE_URL", ""),
        "review": variables.get("REVIEW_URL", ""),
        "datetime": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "score": sum(test["score"] for test in tests),
        "max-score": sum(test["max-score"] for test in tests),
        "tests": tests,
    }


def junit(student: Student, lang: Language = "zh") -> str:
    """JUnit XML: one testcase for each check, named as pytest does; points as properties."""
    root = ElementTree.Element("testsuites", name="course")
    for homework, marks in student.homeworks.items():
        results = [result for blank in marks.blanks for result in blank.results]
        errors = sum(result.status in STOPPED for result in results)
        failures = sum(result.status not in (Status.DONE, *STOPPED) for result in results)
        suite = ElementTree.SubElement(
            root,
            "testsuite",
            name=homework,
            tests=str(len(results)),
            failures=str(failures),
            errors=str(errors),
            skipped="0",
            time="0",
        )
        for result in results:
            _testcase(suite, homework, result, lang)
    ElementTree.indent(root)
    xml = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{xml}\n'


def _testcase(
    suite: ElementTree.Element, homework: str, result: CheckResult, lang: Language
) -> None:
    case = ElementTree.SubElement(
        suite,
        "testcase",
        classname=f"tests.test_{homework}",
        name=f"test_{result.name}",
        time="0",
    )
    properties = ElementTree.SubElement(case, "properties")
    values = {"question": result.id, "points": result.points, "max_points": result.possible}
    for name, value in values.items():
        ElementTree.SubElement(properties, "property", name=name, value=str(value))
    if result.status != Status.DONE:
        kind = "error" if result.status in STOPPED else "failure"
        text = ILLEGAL.sub("?", text_of(result, lang))
        ElementTree.SubElement(case, kind, message=text.split("\n")[0]).text = text
