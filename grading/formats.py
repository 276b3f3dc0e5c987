"""Marks in the formats of other systems: Gradescope's results.json, Classroom 50's result.json, JUnit XML."""

import datetime
import re
from xml.etree import ElementTree

ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def text_of(check, at):
    """What a failed check tells the student, in language `at` (0 English, 1 Chinese)."""
    lines = [check["message"][at]] if check["message"][at] else []
    if check["hint"]:
        lines.append(check["hint"][at])
    return "\n".join(lines)


def gradescope(student, lang="zh"):
    """results.json (dict) of a student's homeworks: one test a blank, its points, what went wrong."""
    at = 0 if lang == "en" else 1
    tests = []
    for homework, marks in student.homeworks.items():
        for number, row in enumerate(marks["blanks"], 1):
            if not row["possible"]:
                continue
            output = "\n".join(
                filter(
                    None,
                    (text_of(check, at) for check in row["checks"] if check["status"] != "done"),
                )
            )
            tests.append(
                {
                    "name": f"{homework} {row['id']}",
                    "number": f"{len(tests) + 1}.{number}",
                    "score": row["points"],
                    "max_score": 0 if row["bonus"] else row["possible"],
                    "output": output,
                    "output_format": "text",
                    "status": "passed" if row["status"] == "done" else "failed",
                    "visibility": "visible",
                }
            )
    return {
        "tests": tests,
        "output": "\n".join([*student.problems, student.error]).strip(),
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
    }


def classroom50(student, classroom="", assignment="", owner="", environment=None, now=None):
    """result.json (dict) of Classroom 50. environment: its variables (SUBMISSION_TAG, COMMIT_URL, ...)."""
    env = environment or {}
    tests = [
        {
            "test-name": f"{homework} {row['id']}",
            "passed": row["status"] == "done",
            "score": row["points"],
            "max-score": 0 if row["bonus"] else row["possible"],
        }
        for homework, marks in student.homeworks.items()
        for row in marks["blanks"]
        if row["possible"]
    ]
    moment = now or datetime.datetime.now(datetime.UTC)
    return {
        "schema": "classroom50/result/v1",
        "classroom": classroom or env.get("CLASSROOM", ""),
        "assignment": assignment or env.get("ASSIGNMENT", ""),
        "assignment_type": env.get("ASSIGNMENT_TYPE", "individual"),
        "owner": owner or env.get("OWNER", env.get("USERNAME", "")) or student.submission,
        "submission": env.get("SUBMISSION_TAG", ""),
        "commit": env.get("COMMIT_URL", ""),
        "release": env.get("RELEASE_URL", ""),
        "review": env.get("REVIEW_URL", ""),
        "datetime": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "score": sum(test["score"] for test in tests),
        "max-score": sum(test["max-score"] for test in tests),
        "tests": tests,
    }


def junit(student, lang="zh"):
    """JUnit XML (text): one testcase a check, as pytest names them; points as properties."""
    at = 0 if lang == "en" else 1
    root = ElementTree.Element("testsuites", name="course")
    for homework, marks in student.homeworks.items():
        checks = [(row, check) for row in marks["blanks"] for check in row["checks"]]
        failures = sum(check["status"] not in ("done", "error", "timeout") for _, check in checks)
        errors = sum(check["status"] in ("error", "timeout") for _, check in checks)
        suite = ElementTree.SubElement(
            root,
            "testsuite",
            name=homework,
            tests=str(len(checks)),
            failures=str(failures),
            errors=str(errors),
            skipped="0",
            time="0",
        )
        for row, check in checks:
            case = ElementTree.SubElement(
                suite,
                "testcase",
                classname=f"tests.test_{homework}",
                name=f"test_{check['name']}",
                time="0",
            )
            properties = ElementTree.SubElement(case, "properties")
            for name, value in (
                ("question", row["id"]),
                ("points", check["points"]),
                ("max_points", check["possible"]),
            ):
                ElementTree.SubElement(properties, "property", name=name, value=str(value))
            if check["status"] != "done":
                kind = "error" if check["status"] in ("error", "timeout") else "failure"
                said = ILLEGAL.sub("?", text_of(check, at))
                ElementTree.SubElement(case, kind, message=said.split("\n")[0]).text = said
    ElementTree.indent(root)
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        + ElementTree.tostring(root, encoding="unicode")
        + "\n"
    )
