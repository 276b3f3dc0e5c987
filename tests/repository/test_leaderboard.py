"""Leaderboards of the open tasks: creation, scoring of valid, broken and tricky files, ranks, pages, Gradescope."""

import json
import math
import os
import random
import re
import subprocess
import sys

import pytest

from course.homeworks import ROOT
from course.solved import load_solved
from grading import attempts, leaderboard
from grading.open_tasks import TASKS, BoardError, csv_text, read_rows
from tests.repository.conftest import needed

SOURCES = {
    "waimai_cls": ROOT / "data" / "waimai_10k" / "waimai_10k.csv",
    "numerals": ROOT,
    "gpt_songci": ROOT / "data" / "quansongci" / "input.txt",
}
ITEMS = 60


@pytest.fixture(scope="module")
def boards(tmp_path_factory):
    """{task: its Board}, created with seed 3 and a limit of 3 attempts."""
    folder = tmp_path_factory.mktemp("boards")
    for task, source in SOURCES.items():
        leaderboard.make(task, source, folder / task, ITEMS, seed=3, limit=3)
    return {task: attempts.read_board(folder / task) for task in SOURCES}


def predictions(board, wrong=0):
    """{id: values} of predictions that are right except for the first `wrong` items of each half."""
    wrong_left = dict.fromkeys(attempts.HALVES, wrong)
    rows = {}
    for id, (answer, half) in board.answers.items():
        wrong_left[half] -= 1
        rows[id] = (answer if wrong_left[half] < 0 else {"0": "1", "1": "0"}.get(answer, "7"),)
    return rows


def file_of(board, rows, encoding="utf-8"):
    """The bytes of a prediction file with these rows, {id: values}."""
    header = ("id", *board.task.columns)
    return csv_text([header, *((id, *values) for id, values in rows.items())]).encode(encoding)


@pytest.mark.parametrize("task", SOURCES)
def test_items_for_students_contain_no_answers(boards, task):
    board = boards[task]
    items = read_rows(board.folder / "for_students" / "items.csv")
    assert list(items[0]) == ["id", *TASKS[task].fields]
    assert [item["id"] for item in items] == list(board.answers)
    halves = [half for _, half in board.answers.values()]
    assert halves.count("public") == halves.count("private") == ITEMS // 2
    assert len({tuple(item.values())[1] for item in items}) > ITEMS // 2


def test_training_part_contains_no_hidden_review_or_poem(boards):
    folder = boards["waimai_cls"].folder / "for_students"
    train = {row["review"] for row in read_rows(folder / "waimai_10k.csv")}
    assert not train & {row["review"] for row in read_rows(folder / "items.csv")}
    folder = boards["gpt_songci"].folder / "for_students"
    text = (folder / "input.txt").read_text(encoding="utf-8")
    assert not any(row["context"][-12:] in text for row in read_rows(folder / "items.csv"))


def test_hidden_answers_are_the_values_of_the_numerals(boards):
    to_number = load_solved("hw_attention").module("numerals").to_number
    board = boards["numerals"]
    for row in read_rows(board.folder / "for_students" / "items.csv"):
        assert str(to_number(row["numeral"])) == board.answers[row["id"]][0]


def test_equal_seeds_draw_the_same_items_and_nothing_is_replaced(boards, tmp_path):
    leaderboard.make("waimai_cls", SOURCES["waimai_cls"], tmp_path / "a", ITEMS, seed=3, limit=3)
    hidden = (tmp_path / "a" / "hidden.csv").read_bytes()
    assert hidden == (boards["waimai_cls"].folder / "hidden.csv").read_bytes()
    leaderboard.make("waimai_cls", SOURCES["waimai_cls"], tmp_path / "b", ITEMS, seed=4, limit=3)
    assert hidden != (tmp_path / "b" / "hidden.csv").read_bytes()
    with pytest.raises(BoardError, match="never overwritten"):
        leaderboard.make("numerals", ROOT, tmp_path / "a", ITEMS, seed=3, limit=3)


def test_baselines_are_scored_on_the_boards_items(boards):
    majority, bayes = boards["waimai_cls"].baselines
    assert bayes.scores["public"].mean > majority.scores["public"].mean > 0.5
    uniform, frequency, bigram = boards["gpt_songci"].baselines
    assert uniform.scores["public"].mean == pytest.approx(math.log(8))
    assert uniform.scores["public"].error == pytest.approx(0)
    assert frequency.scores["private"].mean < math.log(8)
    assert bigram.scores["private"].mean < math.log(8)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_prediction_file_in_any_encoding_has_its_score(boards, encoding):
    board = boards["waimai_cls"]
    data = file_of(board, predictions(board, wrong=3), encoding)
    scores = attempts.score_predictions(board, attempts.read_predictions(board, data))
    assert scores["public"].mean == scores["private"].mean == pytest.approx(0.9)
    share, count = 0.9, ITEMS / 2
    expected = math.sqrt(share * (1 - share) / (count - 1))
    assert scores["public"].error == pytest.approx(expected)


def test_prediction_file_with_other_separators_is_read(boards):
    board = boards["waimai_cls"]
    rows = predictions(board)
    for separator in ",;\t":
        lines = [
            f" Label{separator}ID",
            *(f"{label}{separator} {id}" for id, (label,) in rows.items()),
        ]
        data = ("\r\n".join(lines) + "\r\n\r\n").encode()
        assert attempts.read_predictions(board, data) == rows


def changed(board, change):
    """The bytes of a right prediction file after change(text)."""
    return change(file_of(board, predictions(board)).decode()).encode()


def first_id(board):
    return next(iter(board.answers))


@pytest.mark.parametrize(
    "change, words",
    [
        (lambda text: "\n".join(text.splitlines()[:-4]), "4 ids are missing; the first is w"),
        (lambda text: text + "w_other,1\n", "there is no item 'w_other'"),
        (lambda text: text + text.splitlines()[1] + "\n", "occurs twice"),
        (lambda text: text.replace(",1\n", ",nan\n", 1), "label 'nan'; expected 0 or 1"),
        (lambda text: text.replace(",0\n", ",-0\n", 1), "label '-0'; expected 0 or 1"),
        (lambda text: text.replace(",0\n", ",0.13\n", 1), "label '0.13'; expected 0 or 1"),
        (lambda text: text.replace(",0\n", ",\n", 1), "label ''; expected 0 or 1"),
        (lambda text: text.replace(",0\n", ",0,0\n", 1), "3 values, expected 2"),
        (lambda text: text.replace("id,label\n", ""), "line 1: columns w"),
        (lambda text: text.replace("label", "answer"), "expected id,label"),
        (lambda text: "", r"columns \(none\)"),
        (lambda text: text.replace(",1\n", ',"1\n', 1), "not a CSV file|values|expected"),
        (lambda text: text + " " * 100_000, "bytes"),
        (lambda text: "\0" + text, "not a text file"),
    ],
)
def test_broken_prediction_file_is_a_one_line_error(boards, change, words):
    board = boards["waimai_cls"]
    with pytest.raises(BoardError, match=words) as caught:
        attempts.read_predictions(board, changed(board, change))
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 200
    zh = caught.value.message.zh
    assert re.search("[\u4e00-\u9fff]", zh) and not re.search("line|; expected|ids are|twice", zh)


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1e300", "", "x"])
def test_infinite_log_probability_is_refused(boards, value):
    board = boards["gpt_songci"]
    rows = {id: ("0",) * 8 for id in board.answers}
    rows[first_id(board)] = (value, *["0"] * 7)
    with pytest.raises(BoardError, match="line 2"):
        attempts.read_predictions(board, file_of(board, rows))


def test_overconfident_log_probabilities_score_worse(boards):
    """The score is a proper scoring rule: overconfidence is punished, and a constant shift changes nothing."""
    board = boards["gpt_songci"]

    def loss(rows):
        return attempts.score_predictions(board, rows)["public"].mean

    uniform = {id: ("0",) * 8 for id in board.answers}
    shifted = {id: ("-50",) * 8 for id in board.answers}
    overconfident = {id: ("0", *["-100"] * 7) for id in board.answers}
    assert loss(uniform) == pytest.approx(loss(shifted)) == pytest.approx(math.log(8))
    assert loss(overconfident) > 10 * loss(uniform)


def test_repeated_and_broken_files_do_not_count_as_attempts(boards):
    board = boards["waimai_cls"]
    data = [file_of(board, predictions(board, wrong)) for wrong in (9, 8, 7, 1)]
    files = [
        ("ann", f"{n}.csv", text) for n, text in enumerate([b"x", data[0], data[0], *data[1:]])
    ]
    judged = attempts.judge(board, [*files, ("bob", "b.csv", data[3])])
    assert [attempt.counted for attempt in judged] == [False, True, False, True, True, False, True]
    assert "limit" in judged[5].problem.en and judged[5].scores is None
    assert "same file" in judged[2].problem.en
    feedback = attempts.gradescope(attempts.rank(board, judged, "public"), "ann")["output"]
    assert "2.csv: the same file as an earlier attempt / 与先前的一次提交相同" in feedback
    assert "5.csv: not scored: 3 attempts are the limit / 没有计分：最多 3 次提交" in feedback
    table = attempts.rank(board, judged, "public")
    best = {row.person: row for row in table.rows if row.person}
    assert best["ann"].scores["public"].mean == pytest.approx(1 - 7 / (ITEMS / 2))
    assert best["ann"].attempts == 3 and best["bob"].rank == 1
    assert any("the same file from ann, bob" in note for note in table.notes)


def test_equal_scores_share_a_rank_and_baselines_have_no_rank(boards):
    board = boards["waimai_cls"]
    files = [
        (name, f"{name}.csv", file_of(board, predictions(board, wrong)))
        for name, wrong in (("d", 12), ("c", 3), ("b", 3), ("a", 0))
    ]
    table = attempts.rank(board, attempts.judge(board, files), "private")
    assert [(row.person, row.rank) for row in table.rows if row.person] == [
        ("a", 1), ("b", 2), ("c", 2), ("d", 4)
    ]  # fmt: skip
    assert all(row.rank is None for row in table.rows if not row.person)
    assert any(note.startswith("a.csv: 1.000 is better than any model") for note in table.notes)


def test_public_score_is_rounded_to_steps(boards):
    """The public score is rounded, so that labels cannot be found by changing one answer at a time."""
    board = boards["waimai_cls"]
    scores = [
        attempts.shown(
            board, attempts.score_predictions(board, predictions(board, wrong))["public"]
        )
        for wrong in range(ITEMS // 2)
    ]
    assert len(set(scores)) < 0.8 * len(scores) and scores == sorted(scores, reverse=True)


def test_final_ranking_uses_the_private_half(boards):
    """A file tuned to the public half is first there, but not in the final table."""
    board = boards["waimai_cls"]
    tuned = {
        id: (answer if half == "public" else random.Random(id).choice("01"),)
        for id, (answer, half) in board.answers.items()
    }
    honest = predictions(board, wrong=3)
    files = [
        ("fisher", "f.csv", file_of(board, tuned)),
        ("honest", "h.csv", file_of(board, honest)),
    ]
    judged = attempts.judge(board, files)
    ranks = {
        half: {row.person: row.rank for row in attempts.rank(board, judged, half).rows}
        for half in attempts.HALVES
    }
    assert ranks["public"]["fisher"] == 1 and ranks["private"]["honest"] == 1


def test_score_command_writes_pages_and_student_results(boards, tmp_path, capsys):
    needed("jinja2")
    board = boards["waimai_cls"]
    inbox = tmp_path / "in"
    for name, wrong in (
        ("张三/predictions_10.csv", 2),
        ("张三/predictions_2.csv", 9),
        ("li.csv", 5),
    ):
        path = inbox / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file_of(board, predictions(board, wrong)))
    markup = "<b>" if os.name == "posix" else "&lt;b"  # no such file name on Windows
    (inbox / f"{markup}.csv").write_bytes(b"id,label\n")
    order = [(person, file) for person, file, _ in attempts.collect(inbox) if person == "张三"]
    assert [file for _, file in order] == ["张三/predictions_2.csv", "张三/predictions_10.csv"]
    out = tmp_path / "out"
    for more in ([], ["--final"]):
        leaderboard.main(["score", str(board.folder), str(inbox), "--out", str(out), *more])
        printed = capsys.readouterr().out
        assert f"{markup}.csv: 60 ids are missing" in printed
        for lang in ("en", "zh"):
            page = (out / f"board.{lang}.html").read_text(encoding="utf-8")
            assert "default-src 'none'" in page and "张三" in page and "<b>" not in page
            assert page.index("张三") < page.index("li</td>")
        assert ("± " in page) == bool(more)
    result = json.loads((out / "students" / "张三" / "results.json").read_text(encoding="utf-8"))
    assert [entry["name"] for entry in result["leaderboard"]] == ["accuracy", "attempts"]
    assert result["leaderboard"][0]["order"] == "desc" and result["leaderboard"][1]["value"] == 2
    private = f"{1 - 2 / (ITEMS / 2):.4f}"
    assert private not in json.dumps(result)
    schema = json.loads((ROOT / "grading" / "schemas" / "gradescope.json").read_text("utf-8"))
    needed("jsonschema").validate(result, schema)
    with pytest.raises(SystemExit):
        leaderboard.main(["score", str(inbox), str(inbox), "--out", str(out)])
    assert "is not a leaderboard's folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    "homework, columns, values",
    [
        ("waimai_cls", ["label"], [("w1", 1), ("w2", 0)]),
        ("hw_attention", ["value"], [("n1", "3025")]),
        ("gpt_songci", ["c1", "c2"], [("g1", "-1.5", "0")]),
    ],
)
def test_predictions_module_reads_items_and_writes_files(homework, columns, values, tmp_path):
    module = load_solved(homework).module("predictions")
    module.write_predictions(tmp_path / "p.csv", columns, values)
    rows = read_rows(tmp_path / "p.csv")
    assert list(rows[0]) == ["id", *columns] and rows[0]["id"] == values[0][0]
    assert module.read_items(tmp_path / "p.csv", columns) == rows
    for name, data, words in (
        ("none.csv", None, "no such file"),
        ("short.csv", b"id\n1\n", "has no column"),
        ("gbk.csv", "id,review\n1,好\n".encode("gbk"), "is not UTF-8"),
    ):
        if data is not None:
            (tmp_path / name).write_bytes(data)
        with pytest.raises(Exception, match=words):
            module.read_items(tmp_path / name, columns)


def run_script(script, *flags):
    """Run a homework's script, which must succeed; returns its output."""
    command = [sys.executable, str(ROOT / script), *map(str, flags)]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_scripts_trained_on_the_students_folder_get_a_score(boards, tmp_path):
    """For each task: prepare, a short training and predict.py write a file that the board accepts."""
    for task, homework, model in (
        ("waimai_cls", "waimai_cls", ("--model", "mean", "--epochs", 2)),
        ("gpt_songci", "gpt_songci", ("--iters", 3, "--n_layer", 1, "--n_embd", 16, "--n_head", 2)),
        ("numerals", "hw_attention", ("--iters", 3)),
    ):
        student_folder, data = boards[task].folder / "for_students", tmp_path / task
        if task == "numerals":
            run_script(
                f"{homework}/prepare.py",
                "--data_root",
                data,
                "--train",
                200,
                "--val",
                20,
                "--test",
                20,
            )
        else:
            run_script(f"{homework}/prepare.py", "--data_root", student_folder, "--out_dir", data)
        run = ("--data_root", data, "--ckpt_path", data / "run", "--quiet")
        run_script(f"{homework}/train.py", *run, *model)
        out = tmp_path / f"{task}.csv"
        flags = ("--items", student_folder / "items.csv", "--ckpt_path", data / "run", "--out", out)
        run_script(f"{homework}/predict.py", *flags)
        rows = attempts.read_predictions(boards[task], out.read_bytes())
        assert math.isfinite(attempts.score_predictions(boards[task], rows)["public"].mean)
