"""The score board: what a student sees at the end of a run, in both languages, in any terminal."""

import os
import re
import subprocess
import sys

import pytest

from course import markers
from course.board import display_width
from course.homeworks import ROOT
from tests.repository.browser import keep, tab
from tests.repository.copies import build

pytestmark = pytest.mark.xdist_group("board")
SCREEN = 24, 80  # lines, columns


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """Folder of an empty student copy with two homeworks and one set of cases; `half_done` fills part of hmm."""
    return build(tmp_path_factory.mktemp("student") / "copy", "hmm", "hw_bptt", mistakes=["hmm"])


def fill(copy, homework, changes):
    """Fill blanks in a copy's model.py; `changes` is {id: lines of the body, or None for the solution}."""
    path = ROOT / homework / "model.py"
    text = (copy / homework / "model.py").read_text(encoding="utf-8")
    for region in markers.regions(path):
        if region.id in changes:
            solved = path.read_text(encoding="utf-8").splitlines(keepends=True)[
                region.begin : region.end - 1
            ]
            body = changes[region.id]
            new = (
                "".join(solved)
                if body is None
                else "".join(f"{region.indent}{line}\n" for line in body.splitlines())
            )
            stub = re.compile(
                rf"^ *# {re.escape(region.id)} \(.*\n(?: +#.*\n)? +raise NotImpl.*{re.escape(region.id)} .*\n",
                re.M,
            )
            text, count = stub.subn(lambda _, new=new: new, text)
            assert count == 1
    (copy / homework / "model.py").write_text(text, encoding="utf-8")


@pytest.fixture
def half_done(copy):
    """The copy, with hmm filled as follows: three blanks right, hmm-04 a known mistake, hmm-09 raises, hmm-10 loops."""
    path = copy / "hmm" / "model.py"
    before = path.read_bytes()
    fill(
        copy,
        "hmm",
        {
            "hmm-01": None,
            "hmm-02": None,
            "hmm-03": None,
            "hmm-04": "return alpha * beta",
            "hmm-09": "return 1 / 0",
            "hmm-10": "while True:\n    pass",
        },
    )
    yield copy
    path.write_bytes(before)


def run(copy, *flags, encoding="utf-8", **environment):
    """The output of pytest in a copy, written to a pipe and decoded with `encoding`; pytest must exit with 1.

    `environment` holds further environment variables, e.g. LC_ALL. Raises UnicodeError if the output is not in `encoding`.
    """
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--seed", "0", *flags],
        cwd=copy,
        env={
            **os.environ,
            "PYTHONDONTWRITEBYTECODE": "",  # written: the many runs here start faster
            "PYTHONIOENCODING": encoding,
            "OMP_NUM_THREADS": "1",
            "LANG": "en_US.UTF-8",
            "LC_ALL": "",
            "COLUMNS": str(SCREEN[1]),
            **environment,
        },
        capture_output=True,
    )
    assert done.returncode == 1, done.stdout.decode(encoding) + done.stderr.decode(encoding)
    return done.stdout.decode(encoding).replace("\r\n", "\n")


def board_of(output):
    return output[re.search(r"=+ (score board|成绩板) =+\n", output).start() :]


CELLS = (
    "+ hmm-01    8/8 done",
    "x hmm-04    0/6 wrong",
    "x hmm-09    0/10 error",
    "x hmm-10    0/6 timeout",
    "- hmm-17    0/10* empty",
    "x together error",
)


def test_board_fits_one_screen_and_names_the_next_step(half_done):
    board = board_of(run(half_done, "tests/test_hmm.py", "--time-limit", "1"))
    lines = [line.rstrip() for line in board.splitlines()]
    assert lines[1].startswith("hmm: 20 / 94 points, bonus* 0 / ")
    assert all(cell in board for cell in CELLS)
    assert re.search(r"^Next: hmm-04, hmm/model.py, line \d+$", board, re.M)
    assert "A hint: python -m course hint hmm-04" in board and "rtol" not in board
    assert lines[-2].startswith("Run it again: "), "pytest's own summary follows"
    assert (
        "[H9]" in board
        and "Run it again: python -m pytest tests/test_hmm.py --blank hmm-04" in board
    )
    assert (
        len(board.splitlines()) <= SCREEN[0]
        and max(map(display_width, board.splitlines()[:10])) <= SCREEN[1]
    )
    line_number = int(re.search(r"model.py, line (\d+)", board)[1])
    lines = (half_done / "hmm" / "model.py").read_text(encoding="utf-8").splitlines()
    assert "def state_posterior" in lines[line_number - 1], (
        "the line number is that of the blank's function in the student's file"
    )


def test_board_in_chinese_fits_and_names_the_next_step(half_done):
    board = board_of(run(half_done, "tests/test_hmm.py", "--time-limit", "1", "--lang", "zh"))
    for words in (
        "hmm: 20 / 94 分",
        "x hmm-10    0/6 超时",
        "这像是一个常见错误",
        "下一步：hmm-04",
        "重新运行：python -m pytest",
    ):
        assert words in board
    assert re.search(r"hmm/model.py 第 \d+ 行", board)
    assert max(map(display_width, board.splitlines()[1:10])) <= SCREEN[1]


def test_printed_command_works_in_the_folder_pytest_started_in(half_done):
    board = board_of(run(half_done / "hmm", "--blank", "hmm-04", "--lang", "zh"))
    command = re.search("重新运行：python -m pytest (.*)", board)[1]
    assert command == "../tests/test_hmm.py --blank hmm-04 --lang zh" and "[H9]" in run(
        half_done / "hmm", *command.split()
    )


@pytest.mark.parametrize(
    ("encoding", "locale", "word"),
    [
        ("cp936", "zh_CN.GBK", "成绩板"),
        ("cp1252", "zh_CN.UTF-8", "score board"),
        ("ascii", "zh_CN.UTF-8", "score board"),
        ("cp936", "en_US.UTF-8", "score board"),
        ("utf-8", "zh_TW.UTF-8", "成绩板"),
    ],
)
def test_board_language_suits_locale_and_console_encoding(half_done, encoding, locale, word):
    """In a pipe with any console encoding: no colour, escapes or broken characters; English if Chinese cannot be encoded."""
    output = run(
        half_done, "tests/test_hmm.py", "--blank", "hmm-04", encoding=encoding, LC_ALL=locale
    )
    assert f" {word} " in output and "\x1b" not in output and "�" not in output
    assert not re.search(r"\\u[0-9a-f]{4}", output), "a character was escaped"


def test_color_yes_prints_ansi_colours(half_done):
    assert "\x1b[32m" in run(
        half_done, "tests/test_hmm.py", "--blank", "hmm-01", "--blank", "hmm-04", "--color", "yes"
    )


def test_bonus_points_are_counted_separately(copy):
    path = copy / "hw_bptt" / "model.py"
    before = path.read_bytes()
    fill(
        copy,
        "hw_bptt",
        {id: None for id in markers.blanks(ROOT / "hw_bptt") if id < "bptt-22" or id > "bptt-23"},
    )
    board = board_of(run(copy, "tests/test_hw_bptt.py"))
    path.write_bytes(before)
    assert re.search(r"hw_bptt: 94 / 94 points, bonus\* \d+ / \d+", board)
    assert "- bptt-22   0/1* empty" in board
    assert len(board.splitlines()) <= SCREEN[0]


def test_homework_not_started_takes_one_line_on_the_board(half_done):
    board = board_of(run(half_done, "--time-limit", "1", "-n", "2"))
    assert re.search(
        r"hw_bptt: 0 / 94 points, bonus\* 0 / \d+\n  \d+ blanks, all empty\n.*hmm: 20 / 94",
        board,
        re.S,
    )
    assert len(board.splitlines()) <= SCREEN[0] + 2


def test_output_of_student_code_is_cut_after_40_lines(half_done):
    fill(half_done, "hmm", {"hmm-05": "for n in range(5000):\n    print('line', n)\nreturn None"})
    output = run(half_done, "tests/test_hmm.py", "--blank", "hmm-05")
    assert "line 39\n... 4960 more lines\n" in output and "line 40\n" not in output


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_coloured_board_renders_in_a_browser(half_done, browser, tmp_path, lang):
    """The terminal's coloured output in a browser, kept as a picture so that missing glyphs and wrapped lines can be seen."""
    board = board_of(
        run(half_done, "tests/test_hmm.py", "--time-limit", "1", "--lang", lang, "--color", "yes")
    )
    html = re.sub(
        r"(?:\x1b\[\d+m)*?\x1b\[(3\d)m(?:\x1b\[1m)?(.*?)\x1b\[0m",
        lambda m: f"<b class=c{m[1]}>{m[2]}</b>",
        board.replace("&", "&amp;").replace("<", "&lt;"),
    )
    style = "body{background:#1e1e1e;color:#ddd} pre{font:15px 'Noto Sans Mono CJK SC'} .c31{color:#ff6b68} .c32{color:#4ec94e}"
    page_file = tmp_path / "board.html"
    page_file.write_text(
        f"<!doctype html><meta charset=utf-8><style>{style}</style><pre>{html}</pre>",
        encoding="utf-8",
    )
    with tab(browser, width=900) as page:
        page.goto(page_file.as_uri())
        assert "hmm: 20 / 94" in page.inner_text("pre")
        keep(page, f"board-{lang}")


def test_total_is_the_same_when_only_some_checks_run(half_done):
    """The points of a homework do not depend on -x or --blank: a check that was not run counts as in its last run."""
    record = half_done / ".course-status.json"
    record.unlink(missing_ok=True)
    run(half_done, "tests/test_hmm.py", "--time-limit", "1")
    totals = {
        board_of(run(half_done, "tests/test_hmm.py", *flags)).splitlines()[1]
        for flags in (["-x"], ["--blank", "hmm-04"], ["--blank", "hmm-04", "--blank", "hmm-01"])
    }
    record.unlink(missing_ok=True)
    assert len(totals) == 1 and totals.pop().startswith("hmm: 20 / 94 points")


def test_verbose_run_explains_passed_checks_and_asks_a_question(half_done):
    output = run(half_done, "tests/test_hmm.py", "-v", "--blank", "hmm-01", "--blank", "hmm-04")
    assert "why it is right" in output and "hmm-01: The future depends" in output
    assert "Further question: " in output and "hmm-04: " not in board_of(output)


def test_traceback_shows_only_the_homeworks_lines(half_done):
    output = run(half_done, "tests/test_hmm.py", "--blank", "hmm-09")
    assert re.search(r"hmm/model.py, line \d+, in viterbi_tables\n +return 1 / 0", output)
    assert "course/runner" not in output and "site-packages" not in output


@pytest.mark.parametrize("flags", [["-x"], ["-n", "4"], ["-v"]])
def test_board_is_printed_with_x_n_and_v_options(half_done, flags):
    output = run(half_done, "tests/test_hmm.py", "--blank", "hmm-01", "--blank", "hmm-04", *flags)
    assert "Next: hmm-04" in board_of(output)


@pytest.mark.parametrize("options", [["-O"], []])
def test_board_is_printed_with_python_O_and_without_a_cache(half_done, options):
    """With python -O, and with --lf and a cache folder that cannot be written (/dev/null/x)."""
    command = [sys.executable, *options, "-m", "pytest", "tests/test_hmm.py", "--blank", "hmm-04"]
    command += [] if options else ["--lf"]
    done = subprocess.run(
        [*command, "-o", "cache_dir=/dev/null/x", "--lang", "en"],
        cwd=half_done,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert "Next: hmm-04" in board_of(done.stdout), done.stdout + done.stderr
