"""Prediction files that students hand in: reading them, scoring them, the table of the best.

A file never reaches a Python object but text: it is read up to a limit, decoded, split into rows, and every row is
checked; what is wrong is said in one line and costs no attempt.

Against fishing for the test labels: hidden items are in two halves. An attempt's feedback is its score on the public
half, in steps of half a standard error; only the first attempts count, up to the board's limit; the final table uses the
private half, and of each person the attempt with the best public score. (Blum and Hardt 2015, The Ladder.)
"""

import csv
import hashlib
import io
import json
import math
import re
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from course.messages import Language, Message
from course.runner.base import decode_source
from grading.intake.problems import Notice
from grading.open_tasks import TASKS, BoardError, Task, csv_text, form_share, read_rows

HALVES = ("public", "private")
KIND = re.compile(r"\.(csv|tsv|txt)$", re.IGNORECASE)


@dataclass(frozen=True)
class Score:
    """Mean over the items of one half, and its standard error."""

    mean: float
    error: float


@dataclass(frozen=True)
class ScoredBaseline:
    """A baseline's name and its scores, {half: Score}."""

    name: dict[Language, str]
    scores: dict[str, Score]


@dataclass(frozen=True)
class Board:
    """A leaderboard as written by `leaderboard.make`. answers: {id: (answer, half)}.

    forms: {id: Item.forms}, of the items that ask for a poem.
    """

    task: Task
    limit: int
    answers: dict[str, tuple[str, str]]
    baselines: list[ScoredBaseline]
    folder: Path
    forms: dict[str, str]

    def better(self, score: float, other: float) -> bool:
        return score > other if self.task.higher_is_better else score < other


@dataclass
class Attempt:
    """One prediction file. scores: {half: Score}, or None with a problem. counted: within the limit.

    forms: {half: Score} of its poems, or None. cpu_seconds: what the file says of its training, or None.
    """

    person: str
    file: str
    digest: str
    scores: dict[str, Score] | None = None
    problem: Message | None = None
    counted: bool = False
    forms: dict[str, Score] | None = None
    cpu_seconds: float | None = None


@dataclass
class Row:
    """A line of the table: a person's chosen attempt, or a baseline (person is None)."""

    name: dict[Language, str]
    scores: dict[str, Score]
    attempts: int = 0
    person: str | None = None
    rank: int | None = None
    forms: dict[str, Score] | None = None
    cpu_seconds: float | None = None


@dataclass
class Table:
    """The content of a leaderboard page. half: the one that decides the ranks. notes: remarks for teachers."""

    board: Board
    half: str
    rows: list[Row]
    attempts: list[Attempt]
    notes: list[Notice] = field(default_factory=list)


def read_board(folder: Path) -> Board:
    """The board in a folder. Raises BoardError."""
    try:
        content = json.loads((folder / "board.json").read_text(encoding="utf-8"))
        rows = read_rows(folder / "hidden.csv")
        return Board(
            TASKS[content["task"]],
            content["attempts"],
            {row["id"]: (row["answer"], row["half"]) for row in rows},
            [_read_baseline(line) for line in content["baselines"]],
            folder,
            {row["id"]: row["forms"] for row in rows if row.get("forms")},
        )
    except (OSError, ValueError, KeyError) as error:
        raise BoardError(
            f"{folder} is not a leaderboard's folder: {error}; make one first",
            f"{folder} 不是排行榜的文件夹（{error}）；请先用 make 建立",
        ) from None


# ---------------------------------------------------------------- one file


def read_predictions(board: Board, data: bytes) -> dict[str, tuple[str, ...]]:
    """{id: values} of a prediction file: those of the columns, then of the optional ones ("" where there is no such column).

    Raises BoardError with the first thing that is wrong.
    """
    most = 1000 + board.task.row_bytes * len(board.answers)
    if len(data) > most:
        raise BoardError(
            f"the file has {len(data):,} bytes; {most:,} are enough for every row",
            f"文件有 {len(data):,} 字节；全部题目用不到 {most:,} 字节",
        )
    columns = ("id", *board.task.columns)
    text = _decode(data)
    first = text.partition("\n")[0]
    separator = next((mark for mark in "\t;" if mark in first and "," not in first), ",")
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
        header = [name.strip().lower() for name in next(reader, [])]
        required = [name for name in header if name not in board.task.optional]
        if sorted(required) != sorted(columns) or len(header) > len(set(header)):
            given, wanted = ",".join(header)[:80], ",".join(columns)
            raise BoardError(
                f"line 1: columns {given or '(none)'}; expected {wanted}",
                f"第 1 行：列名为 {given or '（无）'}，应为 {wanted}",
            )
        order = [
            header.index(name) if name in header else None
            for name in (*columns, *board.task.optional)
        ]
        rows: dict[str, tuple[str, ...]] = {}
        for row in reader:
            if any(value.strip() for value in row):
                where = Message(f"line {reader.line_num}", f"第 {reader.line_num} 行")
                if len(row) != len(header):
                    raise BoardError(
                        f"{where.en}: {len(row)} values, expected {len(header)}",
                        f"{where.zh}：有 {len(row)} 个值，应为 {len(header)} 个",
                    )
                ordered = ["" if index is None else row[index].strip() for index in order]
                _add(board, rows, ordered, where)
    except csv.Error as error:
        raise BoardError(f"not a CSV file: {error}", f"不是 CSV 文件：{error}") from None
    if missing := [id for id in board.answers if id not in rows]:
        raise BoardError(
            f"{len(missing)} ids are missing; the first is {missing[0]}",
            f"缺少 {len(missing)} 个 id，第一个是 {missing[0]}",
        )
    return rows


def _decode(data: bytes) -> str:
    """Text of a file: UTF-8 with or without a byte order mark, UTF-16 with one, or GB18030."""
    text = decode_source(data)
    if "\0" in text or "\ufffd" in text:
        raise BoardError(
            "not a text file: save it as CSV in UTF-8", "不是文本文件：请存为 UTF-8 编码的 CSV"
        )
    return text


def _add(
    board: Board,
    rows: dict[str, tuple[str, ...]],
    row: Sequence[str],
    where: Message,
) -> None:
    id, *values = row
    if id not in board.answers:
        problem = Message(f"there is no item {id[:20]!r}", f"没有题目 {id[:20]!r}")
    elif id in rows:
        problem = Message(f"item {id} occurs twice", f"题目 {id} 出现了两次")
    else:
        problem = board.task.check(values)
    if problem:
        raise BoardError(f"{where.en}: {problem.en}", f"{where.zh}：{problem.zh}")
    rows[id] = tuple(values)


def score_predictions(board: Board, rows: Mapping[str, Sequence[str]]) -> dict[str, Score]:
    """{half: Score} of complete predictions."""
    parts: dict[str, list[float]] = {half: [] for half in HALVES}
    for id, (answer, half) in board.answers.items():
        parts[half].append(board.task.score(rows[id], answer))
    return {half: _mean(values) for half, values in parts.items()}


def score_poems(board: Board, rows: Mapping[str, Sequence[str]]) -> dict[str, Score] | None:
    """{half: Score} of the poems' form; a poem that is missing counts as 0. None: no row has a poem."""
    column = len(board.task.columns)
    if not any(len(rows[id]) > column and rows[id][column] for id in board.forms):
        return None
    parts: dict[str, list[float]] = {half: [] for half in HALVES}
    for id, forms in board.forms.items():
        parts[board.answers[id][1]].append(form_share(rows[id][column], forms))
    return {half: _mean(values or [0.0]) for half, values in parts.items()}


def stated_seconds(board: Board, rows: Mapping[str, Sequence[str]]) -> float | None:
    """The processor time that a file states, the largest of its rows; None: it states none."""
    if "cpu_seconds" not in board.task.optional:
        return None
    return max((float(values[-1]) for values in rows.values() if values[-1]), default=None)


def _mean(values: Sequence[float]) -> Score:
    spread = statistics.stdev(values) if len(values) > 1 else 0.0
    return Score(statistics.fmean(values), spread / math.sqrt(len(values)))


def shown(board: Board, score: Score) -> float:
    """A public score as students see it: in steps of half a standard error of this board, at least 0.001."""
    size = sum(half == "public" for _, half in board.answers.values())
    width = (
        0.5 if board.task.higher_is_better else 1.0
    )  # the largest deviation of a 0/1 score; about a nat
    step = max(0.001, width / (2 * math.sqrt(size)))
    return round(round(score.mean / step) * step, 3)


# ---------------------------------------------------------------- a class


def collect(folder: Path) -> list[tuple[str, str, bytes]]:
    """[(person, file, bytes)] in the order of attempts.

    folder/NAME/*.csv, by file name (predictions_2.csv comes before predictions_10.csv); or folder/NAME.csv. Links are
    not followed; of a file that is too large only the beginning is read.
    """
    if not folder.is_dir():
        raise BoardError(f"{folder}: no such folder", f"{folder}：没有这个文件夹")
    files = [
        path
        for pattern in ("*", "*/*")
        for path in folder.glob(pattern)
        if path.is_file() and not path.is_symlink() and KIND.search(path.name)
    ]
    files.sort(key=lambda path: [_natural(part) for part in path.relative_to(folder).parts])
    collected = []
    for path in files:
        person = path.stem if path.parent == folder else path.parent.name
        with open(path, "rb") as file:
            collected.append((person, path.relative_to(folder).as_posix(), file.read(64_000_000)))
    return collected


def _natural(name: str) -> list[tuple[int, str]]:
    return [
        (int(part or 0), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", name)
    ]


def judge(board: Board, files: Iterable[tuple[str, str, bytes]]) -> list[Attempt]:
    """Every file as an Attempt. A broken file and a repetition of an earlier one of the same person use up no attempt."""
    attempts: list[Attempt] = []
    for person, name, data in files:
        attempt = Attempt(person, name, hashlib.sha256(data).hexdigest())
        earlier = [other for other in attempts if other.person == person]
        attempts.append(attempt)
        try:
            rows = read_predictions(board, data)
        except BoardError as error:
            attempt.problem = Message(str(error), error.message.zh)
            continue
        used = sum(other.counted for other in earlier)
        if any(other.digest == attempt.digest for other in earlier):
            attempt.problem = Message("the same file as an earlier attempt", "与先前的一次提交相同")
        elif used >= board.limit:
            attempt.problem = Message(
                f"not scored: {board.limit} attempts are the limit",
                f"没有计分：最多 {board.limit} 次提交",
            )
        else:
            attempt.counted = True
            attempt.scores = score_predictions(board, rows)
            attempt.forms = score_poems(board, rows)
            attempt.cpu_seconds = stated_seconds(board, rows)
    return attempts


def rank(board: Board, attempts: list[Attempt], half: str) -> Table:
    """The table of a class, best first; equal scores share a rank. half: public while the task runs, private at its end."""
    sign = -1 if board.task.higher_is_better else 1
    rows = [Row(baseline.name, baseline.scores) for baseline in board.baselines]
    for person in dict.fromkeys(attempt.person for attempt in attempts):
        counted = [a for a in attempts if a.person == person and a.scores]
        if counted:
            best = min(counted, key=lambda a: sign * (a.scores or {})["public"].mean)
            row = Row({"en": person, "zh": person}, best.scores or {}, len(counted), person)
            row.forms, row.cpu_seconds = best.forms, best.cpu_seconds
            rows.append(row)

    def value(row: Row) -> float:
        return shown(board, row.scores[half]) if half == "public" else row.scores[half].mean

    rows.sort(key=lambda row: (sign * value(row), row.person is not None, row.name["en"]))
    people = [row for row in rows if row.person]
    for row in people:
        row.rank = 1 + sum(board.better(value(other), value(row)) for other in people)
    return Table(board, half, rows, attempts, _notes(board, attempts))


def _read_baseline(line: Mapping[str, Any]) -> ScoredBaseline:
    """A baseline from its entry in board.json."""
    scores = {half: Score(*line[half]) for half in HALVES if half in line}
    return ScoredBaseline({"en": line["name"], "zh": line["name_zh"]}, scores)


def _notes(board: Board, attempts: list[Attempt]) -> list[Notice]:
    """Remarks for the teacher; nothing here changes a score."""
    notes = []
    for attempt in attempts:
        best = attempt.scores["public"].mean if attempt.scores else None
        if best is not None and board.better(best, board.task.implausible):
            notes.append(
                Notice(
                    f"{attempt.file}: {best:.3f} is better than any model that we know; ask for the code",
                    f"{attempt.file}：{best:.3f} 优于我们已知的任何模型；请索要代码",
                )
            )
        budget = board.task.budget
        if budget and attempt.cpu_seconds and attempt.cpu_seconds > budget:
            notes.append(
                Notice(
                    f"{attempt.file}: states {attempt.cpu_seconds / 60:.1f} minutes of processor time; "
                    f"the task allows {budget / 60:.0f}",
                    f"{attempt.file}：自报 {attempt.cpu_seconds / 60:.1f} 分钟处理器时间；任务限 {budget / 60:.0f} 分钟",
                )
            )
    people: dict[str, list[str]] = {}
    for attempt in attempts:
        people.setdefault(attempt.digest, []).append(attempt.person)
    for names in people.values():
        if len(set(names)) > 1:
            people_shown = sorted(set(names))
            notes.append(
                Notice(
                    f"the same file from {', '.join(people_shown)}",
                    f"{'、'.join(people_shown)} 交了相同的文件",
                )
            )
    return notes


def gradescope(table: Table, person: str) -> dict[str, Any]:
    """results.json of one person: feedback on each file, in both languages, and Gradescope's leaderboard field."""
    board = table.board
    attempts = [attempt for attempt in table.attempts if attempt.person == person]
    row = next((row for row in table.rows if row.person == person), None)
    lines = [
        f"{attempt.file}: "
        + (
            f"{shown(board, attempt.scores['public']):.3f}"
            if attempt.scores
            else " / ".join(attempt.problem or ())
        )
        for attempt in attempts
    ]
    result: dict[str, Any] = {
        "score": 0,
        "output": "\n".join(lines),
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
    }
    if row:
        order = "desc" if board.task.higher_is_better else "asc"
        value = shown(board, row.scores["public"])
        result["leaderboard"] = [
            {"name": board.task.metric, "value": value, "order": order},
            {"name": "attempts", "value": row.attempts, "order": "asc"},
        ]
        if row.forms:
            form = round(row.forms["public"].mean, 2)
            result["leaderboard"].append({"name": "form of poems", "value": form, "order": "desc"})
        if row.cpu_seconds is not None:
            minutes = round(row.cpu_seconds / 60, 1)
            result["leaderboard"].append(
                {"name": "CPU minutes (self-reported)", "value": minutes, "order": "asc"}
            )
    return result


def _poem_cells(row: Row) -> list[str]:
    """Cells of the form of poems in each half, and of the stated processor time."""
    forms = [f"{row.forms[half].mean:.4f}" if row.forms else "" for half in HALVES]
    return [*forms, "" if row.cpu_seconds is None else f"{row.cpu_seconds:.0f}"]


def table_csv(table: Table) -> str:
    """The table for a spreadsheet: exact scores of both halves; for teachers only."""
    has_poems = bool(table.board.task.optional)
    columns = [f"form {half}" for half in HALVES] + ["cpu_seconds, self-reported"]
    lines: list[Sequence[str]] = [
        ("rank", "name", "attempts", *HALVES, "standard error", *(columns if has_poems else ()))
    ]
    for row in table.rows:
        name = row.name["en"]
        lines.append(
            (
                str(row.rank or ""),
                f"'{name}" if name[:1] in "=+-@\t" else name,
                str(row.attempts or ""),
                *(f"{row.scores[half].mean:.4f}" for half in HALVES),
                f"{row.scores[table.half].error:.4f}",
                *(_poem_cells(row) if has_poems else ()),
            )
        )
    return csv_text(lines)
