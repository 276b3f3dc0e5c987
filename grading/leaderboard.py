"""Leaderboards of the open tasks: prediction files scored against hidden answers.

    python -m grading.leaderboard make waimai_cls --source data/full/waimai_10k/waimai_10k.csv --out boards/waimai
    python -m grading.leaderboard score boards/waimai submissions --out dist/board            # while the task runs
    python -m grading.leaderboard score boards/waimai submissions --out dist/board --final    # at its end

`make` writes for_students/ (give this folder to the students) and hidden.csv (keep it). `score` reads SUBMISSIONS/NAME/*.csv or
SUBMISSIONS/NAME.csv and writes board.en.html, board.zh.html, board.csv and, per person, Gradescope's results.json.
"""

import argparse
import json
import random
from pathlib import Path

from course.messages import Language, printable
from grading import attempts
from grading.command_line import error_line, terminal_language
from grading.intake.problems import Notice
from grading.open_tasks import TASKS, BoardError, csv_text

WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "title": "Leaderboard",
        "other": "中文",
        "rank": "rank",
        "name": "name",
        "score": "score",
        "attempts": "attempts",
        "baseline": "(baseline)",
        "accuracy": "share of right labels, higher is better",
        "exact": "share of right numbers, higher is better",
        "nats": "cross entropy in nats, lower is better",
        "public": "Provisional: the public half of the hidden items, in half standard errors. The final table uses the other half.",
        "private": "Final: the private half, each person's attempt with the best public score; ± one standard error.",
        "limit": "{limit} attempts count for each person; broken files do not.",
        "ties": "Equal scores share a rank. Differences within two standard errors mean little.",
        "filter": "Filter",
        "form": "form of poems",
        "cpu": "CPU minutes (self-reported)",
        "poems": "Form of poems: mean share of lines with a length that the tune asks for, in free poems of the tunes in items.csv. "
        "It does not rank, and the board cannot see whether a poem was really written freely. CPU minutes: what the file "
        "says (predict.py takes them from the run); they are not measured here. The task allows {minutes:.0f}.",
    },
    "zh": {
        "title": "排行榜",
        "other": "English",
        "rank": "名次",
        "name": "姓名",
        "score": "得分",
        "attempts": "次数",
        "baseline": "（基线）",
        "accuracy": "标签正确的比例，越高越好",
        "exact": "数字完全正确的比例，越高越好",
        "nats": "交叉熵（nat），越低越好",
        "public": "暂定：隐藏题目的公开一半，以半个标准误为一档。最终排名用另一半。",
        "private": "最终：隐藏题目的另一半，取每人公开得分最好的一次。± 后为一个标准误。",
        "limit": "每人前 {limit} 次提交计入成绩；格式不正确的文件不计次数。",
        "ties": "得分相同则名次相同。相差不到两个标准误的，先后说明不了什么。",
        "filter": "筛选",
        "form": "句式",
        "cpu": "CPU 分钟（自报）",
        "poems": "句式：按 items.csv 中的词牌自由写出的词，各行字数符合词牌的比例，取各首平均；不参与排名，也无法核实是否真为自由写出。"
        "CPU 分钟取自提交的文件（predict.py 从训练记录中读出），未经测量；本任务限 {minutes:.0f} 分钟。",
    },
}


def make(task: str, source: Path, out: Path, count: int, seed: int, limit: int) -> None:
    """Write a new board into the folder `out`. Raises BoardError."""
    if out.exists() and any(out.iterdir()):
        raise BoardError(
            f"{out} is not empty; give another --out: hidden answers are never overwritten",
            f"{out} 不是空文件夹；请换一个 --out：隐藏的答案不会被覆盖",
        )
    rng = random.Random(f"leaderboard {task} {seed}")
    material = TASKS[task].make(source, count, rng)
    halves = [attempts.HALVES[index % 2] for index in range(count)]
    rng.shuffle(halves)
    ids = [f"{task[0]}{number:05}" for number in rng.sample(range(100_000), count)]
    hidden = [("id", "answer", "half", "forms")]
    hidden += [
        (id, item.answer, half, item.forms) for id, item, half in zip(ids, material.items, halves)
    ]
    items = [("id", *TASKS[task].fields)]
    items += [(id, *item.values) for id, item in zip(ids, material.items)]
    student_folder = out / "for_students"
    student_folder.mkdir(parents=True)
    _write(student_folder / "items.csv", csv_text(items))
    if material.train:
        _write(student_folder / material.train[0], material.train[1])
    _write(out / "hidden.csv", csv_text(hidden))
    content = {"task": task, "attempts": limit, "baselines": []}
    _write(out / "board.json", json.dumps(content) + "\n")
    board = attempts.read_board(out)
    for baseline in material.baselines:
        scores = attempts.score_predictions(board, dict(zip(ids, baseline.predictions)))
        line = {half: [score.mean, score.error] for half, score in scores.items()}
        content["baselines"].append({"name": baseline.name, "name_zh": baseline.name_zh, **line})
    _write(out / "board.json", json.dumps(content, ensure_ascii=False, indent=1) + "\n")


def score(folder: Path, submissions: Path, out: Path, final: bool) -> attempts.Table:
    """Score a class and write its pages into `out`. Raises BoardError."""
    board = attempts.read_board(folder)
    judged = attempts.judge(board, attempts.collect(submissions))
    table = attempts.rank(board, judged, "private" if final else "public")
    out.mkdir(parents=True, exist_ok=True)
    for lang in ("en", "zh"):
        _write(out / f"board.{lang}.html", board_page(table, lang))
    _write(out / "board.csv", attempts.table_csv(table))
    for person in dict.fromkeys(attempt.person for attempt in judged):
        result = attempts.gradescope(table, person)
        text = json.dumps(result, ensure_ascii=False, indent=1) + "\n"
        _write(out / "students" / person / "results.json", text)
    return table


def board_page(table: attempts.Table, lang: Language) -> str:
    """The leaderboard as a page of its own. Raises ImportError without jinja2."""
    from grading.pages import page

    words = WORDS[lang]
    board, final = table.board, table.half == "private"
    rows = [
        {
            "rank": row.rank,
            "name": row.name[lang],
            "baseline": row.person is None,
            "attempts": row.attempts or "",
            "form": f"{row.forms[table.half].mean:.2f}" if row.forms else "",
            "cpu": "" if row.cpu_seconds is None else f"{row.cpu_seconds / 60:.1f}",
            "score": f"{row.scores['private'].mean:.4f} ± {row.scores['private'].error:.4f}"
            if final
            else f"{attempts.shown(board, row.scores['public']):.3f}",
        }
        for row in table.rows
    ]
    title = f"{words['title']}{'：' if lang == 'zh' else ': '}{board.task.name}"
    notes = [words[board.task.metric], words[table.half], words["limit"].format(limit=board.limit)]
    notes.append(words["ties"])
    if board.task.budget:
        notes.append(words["poems"].format(minutes=board.task.budget / 60))
    return page(
        "leaderboard.html",
        title,
        lang,
        rows=rows,
        notes=notes,
        words=words,
        has_poems=bool(board.task.optional),
    )


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode("utf-8"))


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m grading.leaderboard", description=(__doc__ or "").partition("\n")[0]
    )
    commands = parser.add_subparsers(dest="command", required=True)
    maker = commands.add_parser("make", help="draw hidden items for a task")
    maker.add_argument("task", choices=TASKS)
    maker.add_argument(
        "--source",
        type=Path,
        default=Path(),
        help="waimai_10k.csv, or the poems (input.txt); numerals need none",
    )
    maker.add_argument("--out", type=Path, required=True, help="new folder for the board")
    maker.add_argument("--items", type=int, default=400, help="hidden items (default: 400)")
    maker.add_argument("--seed", type=int, help="default: a secret one")
    maker.add_argument(
        "--attempts", type=int, default=5, help="attempts that count for each person (default: 5)"
    )
    scorer = commands.add_parser("score", help="score what was handed in")
    scorer.add_argument("board", type=Path, help="folder that make wrote")
    scorer.add_argument("submissions", type=Path, help="folder with NAME/*.csv or NAME.csv")
    scorer.add_argument("--out", type=Path, required=True, help="folder for the pages")
    scorer.add_argument("--final", action="store_true", help="rank by the private half")
    args = parser.parse_args(argv)
    language = terminal_language(argv)

    def say(en: str, zh: str) -> None:
        print(printable(Notice(en, zh).in_language(language)))

    try:
        if args.command == "make":
            if args.items < 20 or args.attempts < 1:
                raise BoardError(
                    "at least 20 --items and 1 --attempts", "--items 至少 20，--attempts 至少 1"
                )
            seed = random.SystemRandom().getrandbits(64) if args.seed is None else args.seed
            make(args.task, args.source, args.out, args.items, seed, args.attempts)
            given = args.out / "for_students"
            say(
                f"give out {given}; keep the rest of {args.out} to yourself",
                f"请发放 {given}；{args.out} 中的其余文件不要外传",
            )
            return
        table = score(args.board, args.submissions, args.out, args.final)
    except (BoardError, OSError) as error:
        parser.exit(2, error_line(parser.prog, error, language))
    for attempt in table.attempts:
        if attempt.problem:
            say(f"{attempt.file}: {attempt.problem.en}", f"{attempt.file}：{attempt.problem.zh}")
    for note in table.notes:
        say(f"worth a look: {note}", f"值得一看：{note.zh}")
    page = args.out / "board.zh.html"
    say(
        f"wrote {page}, board.en.html, board.csv and students/",
        f"已写出：{page}、board.en.html、board.csv 和 students/",
    )


if __name__ == "__main__":
    main()
