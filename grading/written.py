"""Written work: what students handed in beside code, one page for each question of the class."""

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from course import handout, markers
from course.homeworks import ROOT
from course.messages import Language
from course.settings import Course
from grading.files import folder_name, write
from grading.intake import Submission
from grading.intake.tables import decode
from grading.pages import page

SHOWN = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg")
TEXTS = (".md", ".markdown", ".txt")
MAX_TEXT = 50_000  # characters of one written answer on a page
FOLDER = "written"


@dataclass
class WrittenWork:
    """What a submission holds of one homework. text: of its answers.md; files: {name: where it is kept, below written/}."""

    text: str = ""
    files: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """An answer on a question's page. pictures and files: {name: place}."""

    student: str
    text: str
    pictures: Mapping[str, str]
    files: Mapping[str, str]


def keep_written(out: Path, submission: Submission) -> dict[str, WrittenWork]:
    """Write a submission's documents and pictures into `out`. Returns {homework: WrittenWork}."""
    kept: dict[str, WrittenWork] = {}
    for homework, files in submission.written.items():
        work = kept.setdefault(homework, WrittenWork())
        for name, data in sorted(files.items()):
            if is_answers(name):
                text, _ = decode(data, name)
                work.text = f"{work.text}\n\n{text}".strip()
                continue
            stem, ending = os.path.splitext(name)
            path = f"files/{folder_name(submission.name)}/{homework}/{folder_name(stem)}{ending.lower()}"
            work.files[name] = path
            write(out / FOLDER / path, data)
    return kept


def is_answers(name: str) -> bool:
    """Whether a file is shown as the text of the answers."""
    return name.lower().endswith(TEXTS)


def sections(text: str, questions: Iterable[str]) -> dict[str, str]:
    """{question: text} of an answers.md: what stands under a heading that begins with the question's id ("## w1 (14)").

    A text without such headings belongs to every question.
    """
    parts: dict[str, list[str]] = {}
    current, questions = "", list(questions)
    for line in text.splitlines():
        heading = re.match(r"#{1,6}\s+(\w+)\b", line)
        if heading and heading[1] in questions:
            current = heading[1]
        elif current:
            parts.setdefault(current, []).append(line)
    if not parts and text.strip():
        return {question: text.strip()[:MAX_TEXT] for question in questions}
    return {question: "\n".join(lines).strip()[:MAX_TEXT] for question, lines in parts.items()}


def rubric(homework: str, question: str, lang: Language, course: Course) -> str:
    """What a sheet's worked answers say of a question: from its id in bold, at the start of a line, to the next one's."""
    path = ROOT / homework / {"en": "README.md", "zh": "README.zh-CN.md"}[lang]
    text = handout.sheet(f"{homework}/{path.name}", path.read_text(encoding="utf-8"), course)
    kept = set(markers.strip_sheet(text, str(path)).splitlines())
    lines = [line for line in text.splitlines() if line not in kept and "SOLUTION -->" not in line]
    parts = re.split(r"^(?=\*\*\w{2,3}\b)", "\n".join(lines), flags=re.M)
    matches = [part for part in parts if re.match(rf"\*\*{question}\b", part)]
    return "".join(matches or parts).strip()


def written_pages(
    handed_in: Mapping[str, Mapping[str, WrittenWork]],
    homeworks: Iterable[str],
    course: Course,
    lang: Language,
) -> dict[str, str]:
    """{"hmm-w1.html": text}: each written question over the class. handed_in: {submission: what `keep_written` returns}."""
    pages = {}
    for homework in homeworks:
        questions = course.homework(homework).written
        for question, most in questions.items():
            answers = [
                answer
                for student, works in sorted(handed_in.items())
                if homework in works
                for answer in [_answer(student, works[homework], question, questions)]
                if answer.text or answer.pictures or answer.files
            ]
            if answers:
                pages[f"{homework}-{question}.html"] = page(
                    "written.html",
                    f"{homework} {question} ({most:g})",
                    lang,
                    rubric=rubric(homework, question, lang, course),
                    answers=answers,
                )
    return pages


def _answer(student: str, work: WrittenWork, question: str, questions: Iterable[str]) -> Answer:
    """The question's part of the text with the pictures that it links, and all files that no question's text links."""
    texts = sections(work.text, questions)
    text = texts.get(question, "")
    linked = _linked(text)
    elsewhere = {
        name for other, part in texts.items() if other != question for name in _linked(part)
    }
    shown = {
        name: path
        for name, path in work.files.items()
        if name.lower().endswith(SHOWN) and (name in linked or name not in elsewhere)
    }
    files = {name: path for name, path in work.files.items() if not name.lower().endswith(SHOWN)}
    return Answer(student, text, shown, files)


def _linked(text: str) -> set[str]:
    """Names of the pictures that a text shows."""
    return {
        PurePosixPath(name).as_posix() for name in re.findall(r"!\[[^\]]*\]\(<?([^)\s>]+)>?", text)
    }
