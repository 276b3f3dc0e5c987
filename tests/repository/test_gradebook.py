"""Marks are written into a platform's exported gradebook: one column changes, every other byte stays."""

import io
import zipfile

import pytest

from grading import gradebook
from grading.intake import Person, read_class, read_roster
from tests.repository import archives_made as made
from tests.repository.conftest import needed

CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,hmm (4567),bptt (4568),Final Grade\r\n"
    "    Points Possible,,,,,100,100,(read only)\r\n"
    '"San, Zhang",12345,20260001,zhangsan,"A ""1""",,7,\r\n'
    '"Si, Li",12346,20260002,lisi,B,55.5,,\r\n'
    '"Student, Test",99,,x,B,,,\r\n'
)
MOODLE = (
    "Identifier,Full name,Email address,Status,Grade,Maximum Grade,Grade can be changed,Feedback comments\n"
    'Participant 1234567,张三,zs@x.edu,Submitted,,100.00,Yes,"two\nlines"\n'
    "Participant 1234568,李四,ls@x.edu,No submission,,100.00,Yes,\n"
)
BLACKBOARD = (
    '"Last Name"\t"First Name"\t"Username"\t"Student ID"\t"hmm [Total Pts: 100 Score] |88"\n'
    '"Zhang"\t"San"\t"zhangsan"\t"20260001"\t""\n"Li"\t"Si"\t"lisi"\t"20260002"\t""\n'
)
PLAIN = "学号,姓名,成绩\n0020260001,张三,\n20260002,李四,\n"
ZHANG = Person("20260001", "张三", "zhangsan", "zs@x.edu")
BOTH = [(ZHANG, 92.5), (Person("20260002", "李四", "lisi", "ls@x.edu"), 100.0)]


@pytest.mark.parametrize(
    "text, encoding, column, kind, changes",
    [
        (
            CANVAS,
            "utf-8",
            "hmm",
            "canvas",
            {'"A ""1""",,7': '"A ""1""",92.5,7', "B,55.5,": "B,100,"},
        ),
        (
            CANVAS,
            "utf-8-sig",
            "hmm (4567)",
            "canvas",
            {'"A ""1""",,7': '"A ""1""",92.5,7', "B,55.5,": "B,100,"},
        ),
        (
            MOODLE,
            "utf-8-sig",
            "Grade",
            "moodle",
            {"Submitted,,": "Submitted,92.5,", "No submission,,": "No submission,100,"},
        ),
        (
            BLACKBOARD,
            "utf-16",
            "hmm",
            "blackboard",
            {'"20260001"\t""': '"20260001"\t"92.5"', '"20260002"\t""': '"20260002"\t"100"'},
        ),
        (PLAIN, "gb18030", "成绩", "table", {"张三,": "张三,92.5", "李四,": "李四,100"}),
        (
            PLAIN.replace(",", ";"),
            "utf-8",
            "成绩",
            "table",
            {"张三;": "张三;92.5", "李四;": "李四;100"},
        ),
    ],
)
def test_filling_a_gradebook_changes_only_the_column(
    tmp_path, text, encoding, column, kind, changes
):
    path = tmp_path / "book.csv"
    path.write_bytes(text.encode(encoding))
    book = gradebook.read_gradebook(path)
    assert book.kind == kind
    filled = gradebook.fill(book, column, BOTH)
    for before, after in changes.items():
        assert text.count(before) == 1
        text = text.replace(before, after)
    assert filled.data == text.encode(encoding)
    assert len(filled.written) == 2 and not filled.strangers
    path.write_bytes(filled.data)
    again = gradebook.fill(gradebook.read_gradebook(path), column, BOTH)
    assert again.data == filled.data and not again.replaced


def test_unmatched_students_and_other_maximum_are_noted(tmp_path):
    path = tmp_path / "book.csv"
    path.write_text(CANVAS, encoding="utf-8", newline="")
    book = gradebook.read_gradebook(path)
    filled = gradebook.fill(
        book, "hmm", [(Person("20260002"), 10), (Person("7", "nobody"), 3)], most=128
    )
    assert filled.data.decode().count("55.5") == 0 and ",,7,\r\n" in filled.data.decode()
    assert [person.id for person in filled.replaced] == ["20260002"]
    assert [person.id for person in filled.strangers] == ["7"]
    assert filled.notes == [
        f"{path}: 'hmm (4567)' has 100 points, the run 128; marks are written as they are"
    ]


@pytest.mark.parametrize(
    "column, words",
    [
        ("hw9", "has no column 'hw9'; it has 'Student'"),
        ("SIS User ID", "says who the students are"),
        ("", "several columns"),
    ],
)
def test_column_that_cannot_be_filled_is_refused(tmp_path, column, words):
    path = tmp_path / "book.csv"
    path.write_text(CANVAS, encoding="utf-8", newline="")
    with pytest.raises(gradebook.GradebookError, match=words):
        gradebook.fill(gradebook.read_gradebook(path), column, BOTH)


def test_file_that_is_not_a_gradebook_is_refused(tmp_path):
    (tmp_path / "book.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(gradebook.GradebookError, match="no column id or name"):
        gradebook.read_gradebook(tmp_path / "book.csv")


@pytest.mark.parametrize(
    "text",
    [CANVAS, MOODLE, PLAIN, 'a,"b\r\n""c""",d\r\n\r\n,,\nx', "", "a", "a\n", '"a""b",""\r"",1'],
)
def test_joined_raw_rows_equal_the_text(text):
    rows = gradebook.raw_rows(text, ",")
    assert "".join(",".join(cells) + end for cells, end in rows.values()) == text


def test_xlsx_gradebook_keeps_ids_as_text(tmp_path):
    openpyxl = needed("openpyxl")
    path = tmp_path / "marks.xlsx"
    path.write_bytes(
        gradebook.plain_workbook([(Person("0012", "张三"), 92.5), (Person("=1+1"), 100.0)])
    )
    sheet = openpyxl.load_workbook(path).active
    assert [[cell.value for cell in row] for row in sheet.rows] == [
        ["学号", "成绩"],
        ["0012", 92.5],
        ["=1+1", 100],
    ]
    assert sheet["A2"].number_format == "@" and sheet["A3"].data_type == "s"
    assert [person.id for person in read_roster(path).people] == ["0012", "=1+1"]
    book = gradebook.read_gradebook(path)
    path.write_bytes(gradebook.fill(book, "成绩", [(Person("0012"), 7)]).data)
    assert openpyxl.load_workbook(path).active["B2"].value == 7


@pytest.mark.parametrize(
    "layout, names",
    [
        (
            "moodle: folders",
            [
                "张三_1234567_assignsubmission_file_/report.html",
                "李四_1234568_assignsubmission_file_/report.html",
            ],
        ),
        ("canvas", ["lisi_12346_678903_report.html", "zhangsan_12345_678901_report.html"]),
    ],
)
def test_feedback_zip_has_the_platforms_paths(tmp_path, layout, names):
    """Moodle: name_number_assignsubmission_file_; Canvas: name_number_number_, as in the submissions."""
    made.LAYOUTS[layout].make(tmp_path)
    intake = read_class(tmp_path, ["hmm"])
    files = [(gradebook.prefix_of(s, None, ""), {"report.html": b"x"}) for s in intake.submissions]
    archive = zipfile.ZipFile(io.BytesIO(gradebook.feedback_zip(files)))
    assert sorted(archive.namelist()) == names
    assert gradebook.feedback_zip(reversed(files)) == gradebook.feedback_zip(files)
