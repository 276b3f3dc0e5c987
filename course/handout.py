"""The texts of the student copy as course.toml has them: dates, points, blanks left out, another phone shop."""

import ast
import contextlib
import io
import json
import re
import tempfile
from collections.abc import Sequence
from typing import Any

from course import markers
from course.hint_files import chinese_lines
from course.homeworks import ROOT
from course.messages import Language
from course.settings import Course, CourseError, HomeworkSettings
from course.solved import load_solved

SHOP = "hmm/phone_store.py"
SHEETS = {"README.md": "Due", "README.zh-CN.md": "截止"}
PROVIDED = {"README.md": " (provided this term)", "README.zh-CN.md": "（本学期已提供）"}
ONLY = re.compile(
    r"<!-- ONLY (?P<part>\w+) -->\n?(?P<text>.*?)<!-- END ONLY -->(?P<end>\n?)", re.DOTALL
)


def shop(seed: int) -> dict[str, Any]:
    """The phone shop of a term: the sheet's for seed 1, another one for any other seed."""
    module = load_solved("hmm").module("phone_store")
    return module.SHOP if seed == 1 else module.draw_shop(seed)


def code(name: str, text: str, course: Course) -> str:
    """A Python file of the copy; phone_store.py gets the term's shop."""
    if name != SHOP or course.seed == 1:
        return text
    assignment = next(
        node
        for node in ast.parse(text).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "SHOP"
    )
    rows = [
        f'    "{key}": {json.dumps(value, ensure_ascii=False)},\n'
        for key, value in shop(course.seed).items()
    ]
    lines = text.splitlines(keepends=True)
    before, after = lines[: assignment.lineno - 1], lines[assignment.end_lineno :]
    return "".join([*before, "SHOP = {\n", *rows, "}\n", *after])


def sheet(name: str, text: str, course: Course) -> str:
    """A homework's sheet, solved or not: the due date under its title, this term's points, no blank that is left out."""
    homework, _, file = name.partition("/")
    settings = course.homeworks.get(homework)
    if not settings or file not in SHEETS:
        return text
    if settings.due:
        title, rest = text.split("\n", 1)
        text = f"{title}\n\n**{SHEETS[file]}: {settings.due.isoformat(' ', 'minutes')}**\n{rest}"
    row_of_blank = re.compile(r"^\| *`?([\w.-]+)`? *\|.*\n", re.MULTILINE)
    text = row_of_blank.sub(lambda row: _row(row, settings), text)
    for id in settings.leave_out:  # where the text mentions it
        mention = re.compile(rf"(?<![\w-])(\*\*)?{re.escape(id)}(\*\*)?(?![\w-])")
        text = mention.sub(lambda mention: f"{mention[0]}{PROVIDED[file]}", text)
    return _sheet_with_shop(text, course.seed) if homework == "hmm" and course.seed != 1 else text


def _row(row: re.Match[str], settings: HomeworkSettings) -> str:
    """A row of the table of blanks."""
    if row[1] in settings.leave_out:
        return ""
    points = settings.points.get(row[1])
    if points is None:
        return row[0]
    return re.sub(r"\| *\d+([^|]*)\|\s*$", rf"| {points}\1|\n", row[0])


def _sheet_with_shop(text: str, seed: int) -> str:
    """The sheet of hmm with the numbers of another shop in w1, and the result in its worked answer."""
    new = shop(seed)
    tables = (*new["stock"].values(), *new["next"].values(), new["first"])
    numbers = iter([probability for row in tables for probability in row.values()])
    question = re.search(r"^\*\*w1.*?(?=^\*\*w2)", text, re.MULTILINE | re.DOTALL)
    if not question:
        raise CourseError(
            "hmm's sheet has no question w1 in front of w2", "hmm 的题目中，w2 之前没有 w1"
        )
    asked = re.sub(r"\b0\.\d\b", lambda _: f"{next(numbers):g}", question[0])
    for words, joint in (("stocked ", ", "), ("依次进了 ", "、")):
        asked = asked.replace(words + joint.join("HML"), words + joint.join(new["months"]))
    text = text.replace(question[0], asked)
    language: Language = "zh" if "依次进了 " in asked else "en"
    output = f"```text\n{_shop_output(seed, language)}```"
    answer = f"**w1** `python {SHOP} --seed {seed}`:\n\n{output}\n\n(seed 1:) 1."
    return text.replace("**w1** 1.", answer, 1)


def _shop_output(seed: int, language: Language) -> str:
    """What phone_store.py prints for a shop, without the path of its picture."""
    homework, output = load_solved("hmm"), io.StringIO()
    with (
        tempfile.TemporaryDirectory() as folder,
        contextlib.redirect_stdout(output),
        homework.active(),
    ):
        homework.module("phone_store").main(
            ["--seed", str(seed), "--out_dir", folder, "--lang", language]
        )
    lines = output.getvalue().splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith(("picture", "图片")))


def readme(text: str, homeworks: Sequence[str], parts: Sequence[str] | None = None) -> str:
    """The copy's README: no row, command, paragraph or example of a homework that is not in it.

    A text that belongs to one homework, or to another part of the copy (`book`), stands between `<!-- ONLY name -->`
    and `<!-- END ONLY -->`. parts: the names whose texts stay (default: the homeworks).
    """
    kept = homeworks if parts is None else parts

    def replaced(only: re.Match[str]) -> str:
        end = "" if "\n" in only["text"] else only["end"]  # inside a line the line's end stays
        return (only["text"] if only["part"] in kept else "") + end

    text = ONLY.sub(replaced, text)
    row_of_homework = re.compile(r"^\|(?:[^|]*\|)? \[(\w+)\]\(\1\) \|.*\n", re.MULTILINE)
    text = row_of_homework.sub(lambda row: row[0] if row[1] in homeworks else "", text)
    if "hmm" not in homeworks:
        text = re.sub(r"(?<=course pack )hmm|(?<=`)hmm(?=\.zip`)", homeworks[0], text)
    return text if "gpt_songci" in homeworks else _readme_without_gpt(text, homeworks[0])


def _readme_without_gpt(text: str, homework: str) -> str:
    """The README with another homework's blank as the example, and no GPT in the first command."""
    text = re.sub(r' && python gpt_songci/[^&"\n]*?(?=["\n]| &&)', "", text)
    regions = markers.blanks(ROOT / homework).values()
    region = next(region for region in regions if not region.bonus)
    file = region.path.relative_to(ROOT).as_posix()
    function = region.function.rsplit(".", 1)[-1]
    hint = f"# {region.id} ({region.points} points): {region.hint}"
    stop = f'"{file}, blank {region.id} ({function}):'
    chinese = chinese_lines(homework).get(region.id)
    comment = f"{hint}\n   # {chinese}" if chinese else hint
    text = re.sub(r"# gpt-a3\.2 \(.*\n   #.*", lambda _: comment, text)
    text = re.sub(r'"gpt_songci/model\.py, blank .*?:', lambda _: stop, text)
    return text.replace("gpt-a3.2", region.id).replace("test_gpt_songci", f"test_{homework}")
