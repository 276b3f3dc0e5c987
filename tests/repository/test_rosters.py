"""Rosters in the formats of registrars, platforms and spreadsheets; times; matching submissions to people."""

import datetime
import itertools

import pytest

from grading.intake import (
    Hint,
    RosterError,
    TimeError,
    days_late,
    match_all,
    parse_time,
    read_roster,
)
from grading.intake.people import Person
from grading.intake.rosters import Roster
from grading.intake.submission import Submission
from tests.repository.conftest import needed

ZONE = datetime.timezone(datetime.timedelta(hours=8))
PEOPLE = [("00260001", "张三"), ("2026-0002", "李四"), ("wang@x.edu", "王五")]


def table(separator, heading, rows=PEOPLE):
    """Text of a roster with CRLF line ends."""
    return "".join(separator.join(row) + "\r\n" for row in [heading.split(","), *rows])


def write(path, text, encoding="utf-8"):
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize(
    "heading",
    [
        "学号,姓名",
        "id,name",
        "ID,NAME",
        "id, name",
        "Student ID,Name",
        "SIS User ID,Student",
        "学生编号,学生姓名",
        "Student_ID,Full name",
        "学生学号,学生姓名（必填）",
        "Student No.,Student name",
        " 学号 , 姓名 ",
    ],
)
@pytest.mark.parametrize("separator", [",", "\t", ";"])
@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030"]
)
def test_roster_is_read_with_any_heading_separator_encoding(tmp_path, heading, separator, encoding):
    text = (
        table(separator, heading) + separator * 3 + "\r\n" + separator + "\r\n"
    )  # empty rows at the end
    roster = read_roster(write(tmp_path / "roster.csv", text, encoding))
    assert [(person.id, person.name) for person in roster.people] == PEOPLE


@pytest.mark.parametrize(
    "text, expected",
    [
        ("2026 秋 序列模型,,\n\n序号,学号,姓名\n1,0001,张三\n", [("0001", "张三")]),
        ('sep=;\nid;name\n0001;"Zhang; San"\n', [("0001", "Zhang; San")]),
        ('id,name\n="0001","Zhang, San"\n', [("0001", "San Zhang")]),
        ("id,name\n'0001,张三\n", [("0001", "张三")]),
        ("id,First name,Last name\n1,三,张\n2,San,Zhang\n", [("1", "张三"), ("2", "San Zhang")]),
        ("姓名\n张三\n李四\n", [("", "张三"), ("", "李四")]),
        ("学号,姓名\n２０２６０００１,张三\n", [("20260001", "张三")]),
        (
            "Student,ID,SIS User ID,SIS Login ID,Section,hmm (77)\n    Points Possible,,,,,100\n"
            '"Zhang, San",12345,20260001,zhangsan,1,\n"Student, Test",99,,abc,1,\n',
            [("20260001", "San Zhang")],
        ),
        (
            "Identifier,Full name,ID number,Email address,Status,Grade\n"
            "Participant 1234567,张三,20260001,zs@x.edu,Submitted,\n",
            [("20260001", "张三")],
        ),
        (
            '"Last Name"\t"First Name"\t"Username"\t"Student ID"\t"hmm [Total Pts: 100] |1"\n"Zhang"\t"San"\t"zs"\t"0001"\t""\n',
            [("0001", "San Zhang")],
        ),
    ],
)
def test_roster_formats_of_platforms_are_read(tmp_path, text, expected):
    roster = read_roster(write(tmp_path / "roster.csv", text))
    assert [(person.id, person.name) for person in roster.people] == expected


@pytest.mark.parametrize(
    "encoding, name", [("cp1252", "José Müller"), ("big5", "陳大文"), ("utf-8", "Łukasz")]
)
def test_roster_in_a_rare_encoding_is_read(tmp_path, encoding, name):
    needed("charset_normalizer")
    rows = [("0001", name)] * 1 + [(f"{n:04}", name) for n in range(2, 30)]
    roster = read_roster(write(tmp_path / "roster.csv", table(",", "id,name", rows), encoding))
    assert {person.name for person in roster.people} == {name}


def test_xlsx_roster_keeps_ids_and_times(tmp_path):
    openpyxl = needed("openpyxl")
    book = openpyxl.Workbook()
    book.active.append(["名单"])
    book.active.append(["学号", "姓名", "提交时间"])
    book.active.append([20260001, "张三", datetime.datetime(2026, 10, 12, 23, 59)])
    book.active.append([42, "李四", None])
    book.active["A4"].number_format = "00000000"
    book.active.append(["'00000043", "王五", "2026/10/13 0:00"])
    book.active.append([None, None, None])
    book.save(tmp_path / "roster.xlsx")
    roster = read_roster(tmp_path / "roster.xlsx")
    assert [person.id for person in roster.people] == ["20260001", "00000042", "00000043"]
    assert [dict(person.received).get("", "") for person in roster.people] == [
        "2026-10-12 23:59:00",
        "",
        "2026/10/13 0:00",
    ]


@pytest.mark.parametrize(
    "text, words",
    [
        ("colour,size\nred,1\n", "no column id or name"),
        ("", "no column id or name"),
        ("id,name\n,a\n", "line 2: no id"),
        ("id,name\n1,a\n1,b\n", "line 3: id 1 appears in line 2 too"),
        ("id,name\nA1,a\n\na1,b\n", "line 4: id a1 appears in line 2 too"),
        ("id,name,lang\n1,a,fr\n", "line 2: lang 'fr'"),
        ("id,name,received\n1,a,soon\n", "line 2: 'soon' is not a date"),
        ("id,name,received:hmm\n1,a,10/12/2026 23:59\n", "line 2: .* can be two days"),
        ("id,name\n2.02001E+09,a\n", "line 2: the id 2.02001E.09 was turned into a rounded number"),
        ("id,name\n2.02E+9,a\n", "rounded number"),
    ],
)
def test_invalid_rosters_are_refused(tmp_path, text, words):
    with pytest.raises(RosterError, match=words):
        read_roster(write(tmp_path / "roster.csv", text))


def test_files_that_are_not_tables_are_refused(tmp_path):
    for data, words in (
        (b"\xd0\xcf\x11\xe0", "old Excel"),
        (b"PK\3\4xx", "xlsx"),
        (b"\xff\xfea", "damaged UTF-16"),
    ):
        (tmp_path / "roster.csv").write_bytes(data)
        with pytest.raises(RosterError, match=words):
            read_roster(tmp_path / "roster.csv")
    with pytest.raises(RosterError, match="No such file"):
        read_roster(tmp_path / "none.csv")


# ---------------------------------------------------------------- times

MINUTE = datetime.datetime(2026, 10, 12, 23, 59, tzinfo=ZONE)


@pytest.mark.parametrize(
    "text",
    [
        "2026-10-12 23:59", "2026-10-12 23:59:00", "2026-10-12T23:59", "2026/10/12 23:59", "2026/10/12 23:59:00", "2026.10.12 23:59",
        "Oct 12, 2026 11:59pm", "Oct 12, 2026 11:59 PM", "Oct 12, 2026 at 11:59pm", "October 12, 2026, 11:59:00 PM",
        "12 Oct 2026 23:59",
        "Monday, 12 October 2026, 11:59 PM", "Monday, October 12, 2026 11:59:00 PM CST", "2026年10月12日 23:59",
        "2026年10月12日 下午11:59", "2026-10-12T15:59:00Z", "2026-10-12 15:59:00 UTC",
        "2026-10-12T23:59:00+08:00", "2026-10-12 23:59:00 +0800", "2026-10-12 15:59:00.123 Z",
    ],
)  # fmt: skip
def test_time_format_is_parsed(text):
    assert parse_time(text, ZONE).replace(microsecond=0) == MINUTE


@pytest.mark.parametrize(
    "text",
    [
        "soon",
        "2026-13-12",
        "10/12/2026 23:59",
        "2026-10-12 25:00",
        "12",
        "23:59",
        "2026-10-12 23:59 maybe",
    ],
)
def test_text_that_is_not_a_time_is_refused(text):
    with pytest.raises(TimeError):
        parse_time(text, ZONE)


@pytest.mark.parametrize(
    "text, days",
    [
        ("2026-10-12 23:58", 0), ("2026-10-12 23:59", 0), ("2026-10-12 23:59:59", 0), ("2026-10-12 23:59:59.999", 0),
        ("2026-10-13 00:00", 1), ("2026-10-13 23:59:59", 1), ("2026-10-14T00:00:00+08:00", 2), ("2026-10-12T16:30:00+00:00", 1),
        ("Oct 12, 2026 11:59pm", 0), ("2026-10-12T15:59:30Z", 0),
    ],
)  # fmt: skip
def test_due_time_without_seconds_lasts_the_whole_minute(text, days):
    assert days_late(parse_time(text, ZONE), MINUTE) == days


def test_due_time_with_seconds_lasts_the_whole_second():
    due = MINUTE.replace(second=30)
    assert [days_late(due + datetime.timedelta(seconds=s), due) for s in (0, 0.5, 1)] == [0, 0, 1]


# ---------------------------------------------------------------- matching

CLASS = Roster(
    [
        Person("20260001", "张三", "zhangsan", "zs@x.edu"),
        Person("20260002", "李四", "lisi", "si.li@x.edu"),
        Person("20260003", "张三丰", "zsf"),
        Person("20260004", "李雷", "lilei", group="3"),
        Person("20260005", "韩梅梅", "hmm2", group="3"),
        Person("S-00077", "San Zhang", "sz77", names=("Zhang San",)),
        Person("0012345", "王伟", "ww1"),
        Person("20260008", "王伟", "ww2"),
        Person("2026", "Ann Lee", "ann"),
    ]
)  # fmt: skip


def text(name):
    """The hints of a file or folder with this name."""
    return (Hint("text", name),)


@pytest.mark.parametrize(
    "hints, ids, choices",
    [
        (text("20260001_张三_hw3"), "20260001", ""),
        (text("张三20260001"), "20260001", ""),
        (text("hmm20260001"), "20260001", ""),
        (text("２０２６０００１"), "20260001", ""),
        (text("s-00077_hmm"), "S-00077", ""),
        (text("S-00077"), "S-00077", ""),
        (text("12345_hmm"), "", ""),
        ((Hint("id", "12345"),), "0012345", ""),
        (text("0012345-hmm"), "0012345", ""),
        (text("lisi"), "20260002", ""),
        ((Hint("login", "LISI"),), "20260002", ""),
        ((Hint("email", "si.li@x.edu"),), "20260002", ""),
        (text("si.li@x.edu_hmm"), "20260002", ""),
        (text("张三_hmm"), "20260001", ""),
        (text("张三丰_hmm"), "20260003", ""),
        (text("作业四张三丰"), "20260003", ""),
        (text("zhang_san_hw"), "S-00077", ""),
        (text("San-Zhang"), "S-00077", ""),
        ((Hint("name", "Zhang, San"),), "S-00077", ""),
        (text("王伟_hmm"), "", "0012345 20260008"),
        ((Hint("name", "王伟"), Hint("id", "20260008")), "20260008", ""),
        (text("20260001_20260002_hmm"), "20260001 20260002", ""),
        (text("张三_李四"), "20260001 20260002", ""),
        (text("张三_王伟"), "", "0012345 20260001 20260008"),
        (text("20260001_李四"), "20260001", ""),
        (text("2026_hw"), "2026", ""),
        (text("202600019"), "", ""),
        (text("stranger"), "", ""),
        ((Hint("id", "20260001", 0), Hint("name", "李四", 1)), "20260001 20260002", ""),
    ],
)
def test_people_are_matched_by_evidence(hints, ids, choices):
    match = CLASS.whose(hints)
    assert " ".join(sorted(person.id for person in match.people)) == ids
    assert " ".join(sorted(person.id for person in match.choices)) == choices


def submissions(*names):
    return [Submission(name, hints=text(name), key=name) for name in names]


def test_class_table_lists_matches_unknown_and_missing():
    received = submissions("20260001_hmm", "20260004", "王伟", "stranger", "李四_a", "李四_b")
    matching = CLASS.match(received)
    rows = [
        (row.submission.name, row.person.id if row.person else None, row.how)
        for row in matching.rows
    ]
    assert rows == [
        ("20260001_hmm", "20260001", "id"),
        ("20260004", "20260004", "id"),
        ("20260004", "20260005", "group"),
        ("王伟", None, ""),
        ("stranger", None, ""),
        ("李四_a", "20260002", "name"),
        ("李四_b", "20260002", "name"),
    ]
    assert [submission.name for submission in matching.unknown] == ["stranger"]
    assert [len(item.people) for item in matching.ambiguous] == [2, 1]
    assert "has 2 submissions" in matching.ambiguous[1].reason
    assert {person.id for person in matching.missing} == {
        "20260003",
        "S-00077",
        "0012345",
        "20260008",
        "2026",
    }


def test_id_that_contradicts_the_name_is_noted():
    matching = CLASS.match(submissions("20260001_李四"))
    assert "the id counts" in matching.notes[0] and "学号" in matching.notes[0].zh


def test_people_are_guessed_from_names_without_a_roster():
    from grading.intake.people import guess

    (submission,) = submissions("x")
    submission.people = guess((Hint("id", "20260001"), Hint("name", "张三")))
    assert [(row.person.id, row.person.name) for row in match_all(None, [submission]).rows] == [
        ("20260001", "张三")
    ]


def test_matching_does_not_depend_on_the_order():
    names = ("20260001_hmm", "张三丰_hmm", "王伟", "李四")
    results = set()
    for order in itertools.permutations(names):
        matching = CLASS.match(submissions(*order))
        results.add(
            frozenset(
                (row.submission.name, row.person.id if row.person else None)
                for row in matching.rows
            )
        )
    assert len(results) == 1
