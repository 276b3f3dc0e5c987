"""The texts of the student copy as course.toml has them: dates, points, blanks left out, another phone shop."""

import ast
import contextlib
import io
import json
import re
import tempfile

from course import markers
from course.homeworks import ROOT
from course.settings import CourseError
from course.solved import load_solved

SHOP = "hmm/phone_store.py"
SHEETS = {"README.md": "Due", "README.zh-CN.md": "截止"}
GPT = {  # what the README says about the GPT that its first line trains
    "README.md": (
        ", trains a small GPT[^.]*",
        "^- In a student copy the first.*\n- After installation.*\n",
    ),
    "README.zh-CN.md": (
        "、用自带的词训练一个小 GPT[^；]*",
        "^- 在学生版里，第一行.*\n- 安装之后.*\n",
    ),
}


def shop(seed):
    """The phone shop of a term: the sheet's for seed 1, another one for any other seed."""
    module = load_solved("hmm").module("phone_store")
    return module.SHOP if seed == 1 else module.draw_shop(seed)


def code(name, text, course):
    """A Python file of the copy; phone_store.py gets the term's shop."""
    if name != SHOP or course.seed == 1:
        return text
    node = next(
        node
        for node in ast.parse(text).body
        if isinstance(node, ast.Assign) and node.targets[0].id == "SHOP"
    )
    rows = (
        f'    "{key}": {json.dumps(value, ensure_ascii=False)},\n'
        for key, value in shop(course.seed).items()
    )
    lines = text.splitlines(keepends=True)
    return "".join(
        [*lines[: node.lineno - 1], "SHOP = {\n", *rows, "}\n", *lines[node.end_lineno :]]
    )


def sheet(name, text, course):
    """A homework's sheet, solved or not: the due date under its title, this term's points, no blank that is left out."""
    homework, _, file = name.partition("/")
    settings = course.homeworks.get(homework)
    if not settings or file not in SHEETS:
        return text
    if settings.due:
        title, rest = text.split("\n", 1)
        text = f"{title}\n\n**{SHEETS[file]}: {settings.due.isoformat(' ', 'minutes')}**\n{rest}"
    text = re.sub(r"^\| *`?([\w.-]+)`? *\|.*\n", lambda row: _row(row, settings), text, flags=re.M)
    return _shop_sheet(text, course.seed) if homework == "hmm" and course.seed != 1 else text


def _row(row, settings):
    """A row of the table of blanks."""
    if row[1] in settings.leave_out:
        return ""
    points = settings.points.get(row[1])
    return (
        row[0] if points is None else re.sub(r"\| *\d+([^|]*)\|\s*$", rf"| {points}\1|\n", row[0])
    )


def _shop_sheet(text, seed):
    """The sheet of hmm with the numbers of another shop in w1, and what its worked answer comes to."""
    new = shop(seed)
    numbers = iter(
        [
            p
            for row in (*new["stock"].values(), *new["next"].values(), new["first"])
            for p in row.values()
        ]
    )
    question = re.search(r"^\*\*w1.*?(?=^\*\*w2)", text, re.M | re.S)
    asked = re.sub(r"\b0\.\d\b", lambda _: f"{next(numbers):g}", question[0])
    for words, joint in (("stocked ", ", "), ("依次进了 ", "、")):
        asked = asked.replace(words + joint.join("HML"), words + joint.join(new["months"]))
    text = text.replace(question[0], asked)
    told = f"**w1** `python {SHOP} --seed {seed}`:\n\n```text\n{_told(seed)}```\n\n(seed 1:) 1."
    return text.replace("**w1** 1.", told, 1)


def _told(seed):
    """What phone_store.py prints for a shop, without the path of its picture."""
    homework, said = load_solved("hmm"), io.StringIO()
    with (
        tempfile.TemporaryDirectory() as place,
        contextlib.redirect_stdout(said),
        homework.active(),
    ):
        homework.module("phone_store").main(["--seed", str(seed), "--out_dir", place])
    return "".join(
        line for line in said.getvalue().splitlines(keepends=True) if not line.startswith("picture")
    )


def readme(name, text, homeworks):
    """The copy's README: no row, command or example of a homework that is not in it."""
    row = re.compile(r"^\| \[(\w+)\]\(\1\) \|.*\n", re.M)
    text = row.sub(lambda row: row[0] if row[1] in homeworks else "", text)
    if "hmm" not in homeworks:
        text = re.sub(r"(?<=python -m course pack )hmm|(?<=`)hmm(?=\.zip`)", homeworks[0], text)
    if "gpt_songci" in homeworks:
        return text
    for phrase in GPT[name]:
        text, count = re.subn(phrase, "", text, flags=re.M)
        if count != 1:
            raise CourseError(
                f"{name}: no {phrase!r}; course/handout.py takes it out of copies without the GPT"
            )
    text = re.sub(r' && python gpt_songci/[^&"\n]*?(?=["\n]| &&)', "", text)
    region = next(iter(markers.blanks(ROOT / homeworks[0]).values()))
    where, function = region.path.relative_to(ROOT).as_posix(), region.function.rsplit(".", 1)[-1]
    text = re.sub(
        r"# gpt-a3\.2 \(.*",
        lambda _: f"# {region.id} ({region.points} points): {region.hint}",
        text,
    )
    text = re.sub(
        r'"gpt_songci/model\.py, blank .*?:',
        lambda _: f'"{where}, blank {region.id} ({function}):',
        text,
    )
    return text.replace("gpt-a3.2", region.id).replace("test_gpt_songci", f"test_{homeworks[0]}")
