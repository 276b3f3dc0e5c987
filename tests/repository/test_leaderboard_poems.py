"""The leaderboard of gpt_songci: the form of free poems and the stated processor time, beside the score."""

import pytest

from course.homeworks import ROOT
from course.solved import load_solved
from grading import attempts, leaderboard
from grading.open_tasks import BoardError, csv_text, form_share, read_rows
from tests.repository.conftest import needed

ITEMS = 60


@pytest.fixture(scope="module")
def board(tmp_path_factory):
    """The board of gpt_songci, created with seed 3 and a limit of 3 attempts."""
    folder = tmp_path_factory.mktemp("boards") / "gpt_songci"
    source = ROOT / "data" / "quansongci" / "input.txt"
    leaderboard.make("gpt_songci", source, folder, ITEMS, seed=3, limit=3)
    return attempts.read_board(folder)


def prediction_file(board, poems, seconds="30.5"):
    """The bytes of a prediction file with equal scores and the given poems, {id: poem}."""
    header = ("id", *board.task.columns, *board.task.optional)
    rows = [(id, *["0"] * 8, poems.get(id, ""), seconds) for id in board.answers]
    return csv_text([header, *rows]).encode()


def plain_file(board):
    """The bytes of a prediction file without the optional columns."""
    rows = [(id, *["0"] * 8) for id in board.answers]
    return csv_text([("id", *board.task.columns), *rows]).encode()


def fitting_poems(board, share=1.0):
    """{id: a poem whose lines have the lengths of the first form}, for this share of the items that ask for one."""
    ids = list(board.forms)[: round(share * len(board.forms))]
    return {
        id: "".join("字" * int(n) + "。\n" for n in board.forms[id].partition("|")[0].split())
        for id in ids
    }


@pytest.mark.parametrize(
    "poem, share",
    [
        ("一二三四五，\n一二三四五。\n一二三四五六七。\n", 1.0),
        ("+++如梦令(春晚)\n一二三四五，\n一二三四五。\n\n一二三四五六七。", 1.0),
        ("一二三四五，\n一二三四。\n一二三四五六七。", 2 / 3),
        ("一二三四五，\n一二三四五。", 2 / 3),
        ("一二三四五，\n一二三四五。\n一二三四五六七。\n一", 3 / 4),
        ("一二三，\n一二三。", 1.0),
        ("", 0.0),
        ("，。", 0.0),
    ],
)
def test_form_is_the_share_of_lines_of_the_right_length(poem, share):
    assert form_share(poem, "5 5 7|3 3") == pytest.approx(share)


def test_every_fourth_item_names_a_tune_of_the_training_poems(board):
    items = read_rows(board.folder / "for_students" / "items.csv")
    tunes = {item["id"]: item["tune"] for item in items if item["tune"]}
    assert set(tunes) == set(board.forms) and len(tunes) == ITEMS // 4
    text = (board.folder / "for_students" / "input.txt").read_text(encoding="utf-8")
    assert all(f"+++{tune}" in text for tune in tunes.values())


def test_poems_and_seconds_are_shown_and_do_not_rank(board):
    files = [
        ("plain", "p.csv", plain_file(board)),
        ("poet", "q.csv", prediction_file(board, fitting_poems(board))),
        ("half", "r.csv", prediction_file(board, fitting_poems(board, 0.5), "900")),
    ]
    table = attempts.rank(board, attempts.judge(board, files), "public")
    people = {row.person: row for row in table.rows if row.person}
    assert {row.rank for row in people.values()} == {1}
    assert people["plain"].forms is None and people["plain"].cpu_seconds is None
    assert [people["poet"].forms[half].mean for half in attempts.HALVES] == [1, 1]
    assert 0 < sum(people["half"].forms[half].mean for half in attempts.HALVES) < 2
    assert people["half"].cpu_seconds == 900
    assert "r.csv: states 15.0 minutes of processor time; the task allows 10" in table.notes
    entries = attempts.gradescope(table, "poet")["leaderboard"]
    assert entries[2:] == [
        {"name": "form of poems", "value": 1.0, "order": "desc"},
        {"name": "CPU minutes (self-reported)", "value": 0.5, "order": "asc"},
    ]
    assert len(attempts.gradescope(table, "plain")["leaderboard"]) == 2
    rows = attempts.table_csv(table).splitlines()
    assert rows[0].endswith('form public,form private,"cpu_seconds, self-reported"')
    assert any(row.startswith("1,poet,") and row.endswith(",1.0000,1.0000,30") for row in rows)


def test_page_says_that_the_processor_time_is_self_reported(board):
    needed("jinja2")
    files = [("poet", "q.csv", prediction_file(board, fitting_poems(board)))]
    table = attempts.rank(board, attempts.judge(board, files), "private")
    english, chinese = (leaderboard.board_page(table, lang) for lang in ("en", "zh"))
    assert "CPU minutes (self-reported)" in english and "not measured here" in english
    assert "CPU 分钟（自报）" in chinese and ">1.00</td>" in chinese and ">0.5</td>" in chinese


@pytest.mark.parametrize(
    "poem, seconds, words",
    [
        ("字" * 2001, "1", "the poem has 2001 characters"),
        ("", "-1", "cpu_seconds '-1'"),
        ("", "nan", "cpu_seconds 'nan'"),
        ("", "1e9", "cpu_seconds '1e9'"),
    ],
)
def test_poem_and_seconds_are_checked(board, poem, seconds, words):
    data = prediction_file(board, {next(iter(board.answers)): poem}, seconds)
    with pytest.raises(BoardError, match=words) as caught:
        attempts.read_predictions(board, data)
    assert caught.value.message.zh.startswith("第 2 行：")


def test_repeated_column_is_refused(board):
    data = prediction_file(board, {}).replace(b"cpu_seconds", b"poem", 1)
    with pytest.raises(BoardError, match="line 1: columns"):
        attempts.read_predictions(board, data)


@pytest.mark.parametrize(
    "text, poem",
    [
        ("+++如梦令(春晚)\n一，\n二。\n\n", "一，\n二。"),
        ("+++如梦令\n一，\n二。\n+++", "一，\n二。"),
        ("+++如梦令\n一，\n二", "一，\n二"),
        ("+++如梦令一二", ""),
        ("+++如梦令\n\n", ""),
    ],
)
def test_poem_is_extracted_from_generated_text(text, poem):
    assert load_solved("gpt_songci").module("predict").poem_of(text) == poem
