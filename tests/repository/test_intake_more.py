"""What chat systems, clouds, editors and registrars hand out: the rows of archives_more.py, and rosters of the same kinds."""

import pytest

from grading import gradebook
from grading.intake import RosterError, read_roster
from tests.repository import archives_made, archives_more
from tests.repository.conftest import needed
from tests.repository.test_intake import check_layout


@pytest.fixture(scope="module")
def roster(tmp_path_factory):
    path = tmp_path_factory.mktemp("roster") / "roster.csv"
    path.write_text(archives_made.ROSTER + archives_more.ROSTER, encoding="utf-8")
    return read_roster(path)


@pytest.mark.parametrize("with_roster", [True, False], ids=["roster", "no roster"])
@pytest.mark.parametrize("name", archives_more.MORE)
def test_further_layouts_give_expected_submissions(name, with_roster, roster, tmp_path):
    check_layout(name, archives_more.MORE[name], roster if with_roster else None, tmp_path)


PEOPLE = [("20260001", "张三"), ("20260002", "李四")]
HTML = (
    '<html><head><meta charset="utf-8"></head><body><table><tr><td colspan="3">2026 秋 名单</td></tr>'
    "<tr><th>序号</th><th>学号</th><th>姓名</th></tr><tr><td>1</td><td>20260001</td><td>张三</td></tr>"
    "<tr><td>2</td><td>20260002&nbsp;</td><td>李<b>四</b></td></tr></table></body></html>"
)


@pytest.mark.parametrize(
    "text, rows_left_out",
    [
        ("学号,姓名,组\n20260001,张三,\n20260002,李四,\n合计：2 人,,\n", 1),
        ("学号,姓名\n20260001,张三\n20260002,李四\n,制表人：王老师\n备注：李四重修\n", 2),
        ("序号,学号,姓名\n1,20260001,张三\n2,20260002,李四\n导出时间：2026-10-12 08:00,,\n", 1),
        ("id,name\n20260001,张三\n20260002,李四\nTotal: 2,\n", 1),
        ("id,name\n20260001.0,张三\n20260002.0,李四\n", 0),
        ("\ufeff学号;姓名;备注\r\n20260001;张三;\r\n20260002;李四;退课, 重修\r\n", 0),
        ('*学号,*姓名\n"20260001\t",张三\n20260002\u3000,李四\u3000\n', 0),
        ("学号,姓名,,学号,姓名\n20260001,张三,,20260002,李四\n", 0),
        ("序号,学号,姓名,序号,学号,姓名\n1,20260001,张三,2,20260002,李四\n", 0),
        ("学号,姓名,学号\n20260001,张三,20260001\n20260002,李四,20260002\n", 0),
        (HTML, 0),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_further_roster_formats_are_read(tmp_path, text, rows_left_out, encoding):
    """Everybody is read, and what is not a person is listed: no row disappears without a word."""
    (tmp_path / "roster.xls").write_bytes(text.encode(encoding))
    roster = read_roster(tmp_path / "roster.xls")
    assert [(person.id, person.name) for person in roster.people] == PEOPLE
    assert len(roster.notes) == rows_left_out and roster.match([]).notes == roster.notes


@pytest.mark.parametrize(
    "name", ["Page", "Total", "共青", "注册生", "Count, A.", "合计光", "导出"], ids=str
)
def test_person_whose_name_looks_like_a_footer_is_kept(tmp_path, name):
    (tmp_path / "roster.csv").write_text(f'id,name\n20260001,"{name}"\n', encoding="utf-8")
    assert [person.id for person in read_roster(tmp_path / "roster.csv").people] == ["20260001"]


def test_roster_without_people_is_refused(tmp_path):
    (tmp_path / "roster.csv").write_text("学号,姓名\n,\n", encoding="utf-8")
    with pytest.raises(RosterError, match="no people"):
        read_roster(tmp_path / "roster.csv")


@pytest.mark.parametrize("state", ["hidden", "veryHidden", "visible"])
def test_only_the_sheet_with_headings_is_read_and_filled(tmp_path, state):
    """A hidden sheet of last year and a page of instructions are skipped; marks go into the sheet that was read."""
    openpyxl = needed("openpyxl")
    book = openpyxl.Workbook()
    first = book.active
    first.append(["学号", "姓名", "hmm"] if state != "visible" else ["请勿修改表头"])
    first.append([1, "去年的人"] if state != "visible" else ["每人一行"])
    sheet = book.create_sheet("名单")
    for row in (["2026 秋"], ["学号", "姓名", "hmm"], [20260001, "张三"], ["20260002", "李四"]):
        sheet.append(row)
    sheet.merge_cells("A1:C1")
    first.sheet_state = state
    book.active = 1
    book.save(tmp_path / "roster.xlsx")
    roster = read_roster(tmp_path / "roster.xlsx")
    assert [(person.id, person.name) for person in roster.people] == PEOPLE
    marks = [(roster.people[1], 90.0)]
    filled = gradebook.fill(gradebook.read_gradebook(tmp_path / "roster.xlsx"), "hmm", marks)
    (tmp_path / "filled.xlsx").write_bytes(filled.data)
    sheets = openpyxl.load_workbook(tmp_path / "filled.xlsx").worksheets
    assert sheets[1]["C4"].value == 90 and sheets[0]["C4"].value is None


def test_a_gradebook_that_is_a_web_page_is_refused(tmp_path):
    (tmp_path / "book.xls").write_text(HTML, encoding="utf-8")
    with pytest.raises(gradebook.GradebookError, match="web page"):
        gradebook.read_gradebook(tmp_path / "book.xls")
