"""Written work: what students handed in beside code, and for each question of the class a page to mark it on."""

import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from course import handout, markers
from course.homeworks import ROOT
from course.messages import Language
from course.settings import Course
from grading.documents import read_document
from grading.files import folder_name, write
from grading.intake import Notice, Submission, in_language
from grading.intake.folders import SHEET, WRITTEN
from grading.marking_words import KEYS, MARKING_WORDS
from grading.pages import Markup, page
from grading.rubrics import rubric_items
from grading.typeset import MAX_TEXT, PACKAGES, matching, stays_plain, typeset

FOLDER = "written"


@dataclass
class WrittenWork:
    """What a submission holds of one homework.

    texts: {file name: Markdown}. files: {file name: where it is kept, below written/}. shown: files that are pictures.
    reasons: {file name: why it is not shown}. digests: {file name: SHA-256}.
    """

    texts: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    shown: set[str] = field(default_factory=set)
    reasons: dict[str, Notice] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Kept:
    """A file beside the page."""

    name: str
    address: str
    pdf: bool = False


@dataclass(frozen=True)
class Answer:
    """An answer on a question's page.

    keys: the names under which manual.csv has the mark, one for each member of a group. aliases: all names by which it may
    have it. whole: the text has no headings, so all of it is shown for each question. before: text before the first heading.
    others: files named after other questions. hidden: (file, why it is not shown). same: number of the group of identical answers.
    """

    student: str
    keys: Sequence[str]
    aliases: Sequence[str]
    text: Markup
    before: Markup
    whole: bool
    pictures: Sequence[Kept]
    files: Sequence[Kept]
    others: Sequence[Kept]
    hidden: Sequence[tuple[str, str]]
    same: int = 0

    @property
    def empty(self) -> bool:
        return not (self.text or self.pictures or self.files)


@dataclass(frozen=True)
class Class:
    """What the pages have in common.

    handed_in: {submission: {homework: work}}. keys, aliases: {submission: names}, see Answer. rows: of manual.csv.
    unused: {submission: [(file, why it is not used)]}. store: names the class in the browser's memory.
    """

    handed_in: Mapping[str, Mapping[str, WrittenWork]]
    keys: Mapping[str, Sequence[str]] = field(default_factory=dict)
    aliases: Mapping[str, Sequence[str]] = field(default_factory=dict)
    rows: Sequence[Mapping[str, str]] = ()
    unused: Mapping[str, Sequence[tuple[str, Notice]]] = field(default_factory=dict)
    store: str = ""


def keep_written(out: Path, submission: Submission) -> dict[str, WrittenWork]:
    """Write a submission's documents and pictures into `out`. Returns {homework: WrittenWork}."""
    kept = {homework: WrittenWork() for homework in submission.homeworks}
    for homework, files in submission.written.items():
        work = kept.setdefault(homework, WrittenWork())
        for name, data in sorted(files.items()):
            document = read_document(name, data)
            if document.text.strip():
                work.texts[name] = document.text
            if document.reason:
                work.reasons[name] = document.reason
            work.shown |= set(document.shown)
            for part, content in document.files.items():
                stem, ending = os.path.splitext(part)
                path = f"files/{folder_name(submission.name)}/{homework}/{folder_name(stem)}{ending.lower()}"
                work.files[part] = path
                work.digests[part] = hashlib.sha256(content).hexdigest()
                write(out / FOLDER / path, content)
    return kept


def unused_documents(submission: Submission) -> list[tuple[str, Notice]]:
    """Documents and pictures of a submission that are not used, and why."""
    return [
        (use.path, use.reason)
        for use in submission.unused
        if use.reason != SHEET and use.path.lower().endswith(WRITTEN)
    ]


@dataclass(frozen=True)
class Divided:
    """A text by questions. before: the text before the first heading."""

    parts: Mapping[str, str]
    before: str = ""


def divide(text: str, questions: Iterable[str]) -> Divided:
    """The text by the headings that begin with a question's id: "## w1 (14)", "**w1**", "w1.", "(1a)", "题 w1：".

    No parts if there is none.
    """
    names = {question.lower(): question for question in questions}
    ids = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
    word = r"(?:(?:question|problem|exercise|answer|题目|问题|书面题|习题|答案|题|第)\s*)?"
    start = (
        rf"\s*(#{{1,6}}\s*)?(?:\*\*|__)?[(（\[【]?{word}(?:[a-z]\w*\s*[/-]\s*)?({ids})(?![a-z0-9_])"
    )
    heading = re.compile(rf"{start}(.*)$", re.I)
    end = re.compile(r"\s*(?:题)?\s*(?:$|[)）\]】.．:：、*_(（])")
    lines: dict[str, list[str]] = {}
    current, before, fence = "", [], ""
    for line in text.splitlines():
        if mark := re.match(r"\s*(```|~~~)", line):
            fence = "" if fence == mark[1] else fence or mark[1]
        match = None if fence else heading.match(line)
        if match and (match[1] or end.match(match[3])):
            current = names[match[2].lower()]
            part = lines.setdefault(current, [])
            rest = "" if match[1] else re.sub(r"^[\s)）\]】.．:：、*_题]+", "", match[3])
            if rest and not re.fullmatch(r"[(（]\d+(\.\d+)?\s*(分|points?)?[)）][\s*_:：.]*", rest):
                part.append(rest)
        elif current:
            lines[current].append(line)
        else:
            before.append(line)
    parts = {question: "\n".join(part).strip() for question, part in lines.items()}
    return Divided(parts, "\n".join(before).strip())


def question_of(name: str, questions: Iterable[str]) -> str:
    """The question that a file's name has as a word ("hmm-w1.jpg", "W2 (1).pdf"), or ""."""
    named = [
        question
        for question in questions
        if re.search(rf"(?<![a-z0-9]){re.escape(question)}(?![a-z0-9])", name.lower())
    ]
    return named[0] if len(named) == 1 else ""


def rubric(homework: str, question: str, lang: Language, course: Course) -> str:
    """What a sheet's worked answers say of a question: from its id in bold, at the start of a line, to the next one's."""
    path = ROOT / homework / {"en": "README.md", "zh": "README.zh-CN.md"}[lang]
    text = handout.sheet(f"{homework}/{path.name}", path.read_text(encoding="utf-8"), course)
    markers.strip_sheet(text, str(path))  # refuses markers without their pair
    worked = re.findall(r"<!-- BEGIN SOLUTION -->\n(.*?)<!-- END SOLUTION -->", text, re.S)
    parts = re.split(r"^(?=\*\*\w{2,3}\b)", "\n".join(worked), flags=re.M)
    matches = [part for part in parts if re.match(rf"\*\*{question}\b", part)]
    return re.split(r"^\*\*(?=\w{4,})", "".join(matches or parts), flags=re.M)[0].strip()


def written_pages(
    of: Class, homeworks: Iterable[str], course: Course, lang: Language
) -> dict[str, str]:
    """{"hmm-w1.html": text}: a page for each question that somebody answers."""
    answered: dict[str, list[Answer]] = {}
    for homework in homeworks:
        questions = course.homework(homework).written
        for question in questions:
            answers = [
                _answer(of, student, works[homework], question, questions, lang)
                for student, works in sorted(of.handed_in.items())
                if homework in works
            ]
            if any(not answer.empty for answer in answers):
                answered[f"{homework}/{question}"] = answers
    words = MARKING_WORDS[lang]
    order = [f"{name}/{question}" for name in course.homeworks for question in course.homework(name).written]  # fmt: skip
    pages = {}
    for id, answers in answered.items():
        homework, question = id.split("/")
        most = course.homework(homework).written[question]
        data = {
            "id": id,
            "most": most,
            "store": of.store,
            "items": [asdict(item) for item in rubric_items(homework, question, most, lang)],
            "answers": [
                {"keys": list(answer.keys), "aliases": list(answer.aliases), "same": answer.same}
                for answer in answers
            ],
            "rows": of.rows,
            "order": order,
            "words": words,
        }
        pages[_page_name(id)] = page(
            "written.html",
            f"{id} ({most:g})",
            lang,
            script="written.js",
            style="written.css",
            m=words,
            key_list=KEYS[lang],
            rubric=typeset(rubric(homework, question, lang, course)),
            answers=answers,
            links=[(other, _page_name(other)) for other in answered],
            id=id,
            plain=words["plain"].format(packages=PACKAGES) if stays_plain() else "",
            data=Markup(json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")),
        )
    return pages


def _page_name(id: str) -> str:
    return f"{id.replace('/', '-')}.html"


def _answer(
    of: Class,
    student: str,
    work: WrittenWork,
    question: str,
    questions: Iterable[str],
    lang: Language,
) -> Answer:
    """The question's part of the texts with the pictures that it links, and all files that are no other question's."""
    texts, elsewhere, before, whole = [], set(), [], False
    for name, text in work.texts.items():
        divided = divide(text, questions)
        named = question_of(name, questions)
        if divided.parts:
            texts.append(divided.parts.get(question, ""))
            before.append(re.sub(r"^#.*$", "", divided.before, flags=re.M).strip())
            for other, part in divided.parts.items():
                elsewhere |= _linked(part, work.files) if other != question else set()
        elif named in ("", question):
            texts.append(text)
            whole = whole or not named
        else:
            elsewhere |= _linked(text, work.files)
    source = "\n\n".join(part for part in texts if part.strip()).strip()
    linked = _linked(source, work.files)
    pictures, files, others = [], [], []
    for name, path in work.files.items():
        kept = Kept(name, path, name.lower().endswith(".pdf"))
        belongs = question_of(name, questions) in ("", question)
        if name in linked and name in work.shown and not stays_plain(source):
            continue  # in the text
        if name not in work.shown and belongs:
            if not _is_original(name, work):
                files.append(kept)
        elif name in work.shown and belongs and name not in elsewhere:
            pictures.append(kept)
        elif name not in elsewhere:
            others.append(kept)
    hidden = [(name, in_language(reason, lang)) for name, reason in work.reasons.items()]
    hidden += [(name, in_language(reason, lang)) for name, reason in of.unused.get(student, ())]
    if len(source) > MAX_TEXT:
        hidden.append((question, MARKING_WORDS[lang]["cut"].format(most=MAX_TEXT)))
    shown = [*pictures, *files]
    normal = "".join(source.split()).lower()
    digests = sorted(work.digests[name] for name in {*linked, *(kept.name for kept in shown)})
    same = hashlib.sha256("\n".join([normal, *digests]).encode("utf-8", "replace")).hexdigest()
    addresses = {name: work.files[name] for name in work.shown}
    return Answer(
        student,
        of.keys.get(student, [student]),
        of.aliases.get(student, [student]),
        typeset(source, addresses, work.files) if source else Markup(""),
        typeset("\n\n".join(filter(None, before)), addresses) if any(before) else Markup(""),
        whole and len(list(questions)) > 1,
        pictures,
        files,
        others + [Kept(name, work.files[name]) for name in work.files if _is_original(name, work)],
        hidden,
        int(same[:12], 16),
    )


def _is_original(name: str, work: WrittenWork) -> bool:
    """Whether a kept file is one whose text is shown anyway: a .docx, an HTML page."""
    return name in work.texts or name.removesuffix(".txt") in work.texts


def _linked(text: str, files: Mapping[str, str]) -> set[str]:
    """Names of the pictures that a text shows."""
    names = re.findall(r"!\[[^\]]*\]\((?:<([^>\n]+)>|([^)\s]+))", text)
    linked = {matching(first or second, files) for first, second in names}
    return {name for name in linked if name is not None}
