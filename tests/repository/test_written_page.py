"""The page on which a TA marks a written question, in headless Chromium, and its exchange with manual.csv."""

import re

import pytest

from course import settings
from grading import manual, marks, options, report, run
from grading.plan import make_plan
from tests.repository.browser import keep, tab
from tests.repository.written_class import NAME_WITH_MARKUP, make_class

pytestmark = [pytest.mark.xdist_group("written"), pytest.mark.browser]
NAMES = ["20260001_张三", "20260002_李四", "20260003_王五", "20260004_赵六"]
PICKERS = """() => {
    window.saved = null;
    const handle = {
        name: "manual.csv",
        getFile: async () => new File([window.saved === null ? window.existing : window.saved], "manual.csv"),
        createWritable: async () => ({ text: "", async write(text) { this.text = text; },
            async close() { window.saved = this.text; } }),
    };
    window.showSaveFilePicker = async () => handle;
    window.showOpenFilePicker = async () => [handle];
}"""


def class_plan(folder, out, lang="en", *flags):
    """The grading plan of a generated class, without grading it."""
    arguments = [str(folder), "--out", str(out), "--homework", "hmm", "--seed", "5"]
    return make_plan(options.read_options([*arguments, *flags, "--quiet", "--lang", lang]))


def write_pages(folder, out, lang="en"):
    report.write_reports(class_plan(folder, out, lang), run.Graded(run.RunRecord(5)))
    return out / "written"


@pytest.fixture(scope="module")
def classroom(tmp_path_factory):
    """A folder with a generated class in in/ and its pages in en/ and zh/."""
    folder = tmp_path_factory.mktemp("written")
    make_class(folder / "in")
    for lang in ("en", "zh"):
        write_pages(folder / "in", folder / lang, lang)
    return folder


def address(folder, question="w1"):
    return (folder / "written" / f"hmm-{question}.html").as_uri()


def shown(page):
    """Name of the student whose answer is shown."""
    return page.locator("article.current h2 .who").text_content()


def press(page, *keys):
    for key in keys:
        page.keyboard.press(key)


def wait_until(page, condition):
    """Wait for a JavaScript condition; the page's content policy forbids Playwright's wait_for_function."""
    for _ in range(300):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"never: {condition}")


def saved(page, path):
    """Download manual.csv from the page to `path`; returns the path."""
    with page.expect_download() as download:
        page.evaluate("download()")
    download.value.save_as(path)
    return path


@pytest.mark.parametrize(
    "lang, width, scheme", [("zh", 1280, "light"), ("en", 1280, "dark"), ("zh", 390, "dark"), ("en", 390, "light")]
)  # fmt: skip
def test_marking_page_fits_and_names_every_control(browser, classroom, lang, width, scheme):
    with tab(browser, width=width, scheme=scheme) as page:
        for question in ("w1", "w2", "w3"):
            page.goto(address(classroom / lang, question))
            page.locator("#more summary").click()
            page.get_by_label({"en": "all on one page", "zh": "全部显示"}[lang]).check()
            assert page.locator("body").evaluate("body => body.scrollWidth") <= width
            keep(page, f"written-{question}-{lang}-{width}-{scheme}")
            unnamed = page.evaluate(
                """() => [...document.querySelectorAll("input, textarea, select, button, summary, a")].filter(control =>
                !(control.textContent.trim() || control.ariaLabel || [...control.labels || []].some(label => label.textContent.trim()))
                || control.tabIndex < 0).map(control => control.outerHTML)"""
            )
            assert not unnamed
            page.get_by_label({"en": "all on one page", "zh": "全部显示"}[lang]).uncheck()
        buttons = " ".join(page.locator("button, legend, #more > summary").all_text_contents())
        assert bool(re.search("[\u4e00-\u9fff]", buttons)) == (lang == "zh") and "<" not in buttons


def test_student_markup_does_not_run_on_the_marking_page(browser, classroom):
    """Scripts, handlers, frames and external pictures in Markdown, HTML, SVG and file names are text or left out."""
    with tab(browser) as page:
        for question in ("w1", "w2", "w3"):
            page.goto(address(classroom / "en", question) + "#a6")
            page.wait_for_timeout(200)
            assert page.title() == f"hmm/{question} ({'10 14 6'.split()[int(question[1]) - 1]})"
            assert page.locator("script").count() == 2 and page.locator("iframe").count() == 0
            loaded = page.evaluate(
                """() => [...document.querySelectorAll("[src], [href]")]
                    .map(node => node.getAttribute("src") || node.getAttribute("href"))"""
            )
            assert all(link.startswith(("files/", "hmm-")) for link in loaded), loaded
            assert not page.evaluate(
                """() => [...document.querySelectorAll("*")]
                    .some(node => [...node.attributes].some(({ name }) => name.startsWith("on")))"""
            )
            files = {link for link in loaded if link.startswith("files/")}
            assert not [link for link in files if link.endswith((".html", ".htm", ".xml"))]
        page.goto(address(classroom / "en", "w1") + "#a6")
        assert shown(page) == NAME_WITH_MARKUP
        assert "<script>document.title" in page.locator("article.current").inner_text()


def test_keyboard_marks_are_saved_read_and_shown_again(browser, classroom, tmp_path):
    """Marks entered by keyboard are saved, read by the grader, and shown again in a new browser."""
    out = tmp_path / "out"
    write_pages(classroom / "in", out)
    with tab(browser) as page:
        page.goto(address(out))
        press(page, "q", "w", "t")  # 1 + 1 + 2
        assert page.locator("article.current .points").input_value() == "4"
        press(page, "j", "7", ".", "5", "n")
        assert shown(page) == NAMES[2]
        press(page, "f", "c")
        page.keyboard.type('=1+1，好\n第二行; "x"')
        press(page, "Escape", "j", "9", "9")
        assert page.locator("article.current .points").get_attribute("aria-invalid") == "true"
        press(page, "x", "q", "3")  # one item plus two points
        assert "+2" in page.locator("article.current .adjust").inner_text()
        assert page.locator("#progress").inner_text().startswith("4 of 9 marked · mean 6.13")
        path = saved(page, out / "manual.csv")
    table = manual.read_manual(path, settings.load())
    question = {name: table[manual.Question(name, "hmm", "w1")] for name in NAMES}
    assert [question[name].points for name in NAMES] == [4, 7.5, 10, 3]
    assert question[NAMES[0]].applied == ["(1) π", "(1) A", "(2) δ_2 and φ_2"]
    assert (
        question[NAMES[2]].comment == '=1+1，好\n第二行; "x"'
        and len(question[NAMES[2]].applied) == 7
    )
    plan = class_plan(classroom / "in", out)
    students = marks.collect(plan.matching, {}, plan.course, manual=plan.manual).students
    assert {s.submission: s.written for s in students}[NAMES[1]] == {"hmm": {"w1": (7.5, "", "")}}
    write_pages(classroom / "in", out)
    with tab(browser) as page:
        page.goto(address(out, "w2"))
        press(page, "5")
        again = manual.read_manual(saved(page, tmp_path / "both.csv"), settings.load())
        assert {key: mark for key, mark in again.items() if key.question == "w1"} == table
        assert again[manual.Question(NAMES[0], "hmm", "w2")].points == 5
        page.goto(address(out))
        assert page.locator("#progress").inner_text().startswith("4 of 9 marked · mean 6.13")
        assert page.locator("article.current .item input:checked").count() == 3
        path.write_text(
            "student,id,points,comment\n" + f"{NAMES[0]},hmm/w1,1,手改\n", encoding="gb18030"
        )
        page.locator("#file").set_input_files(path)
        page.get_by_text("1 marks taken from manual.csv").wait_for()
        assert page.locator("article.current .points").input_value() == "1"
        assert page.locator("article.current textarea").input_value() == "手改"


def test_manual_tables_of_several_tas_are_joined(classroom, tmp_path):
    """Marks of different questions in two tables are joined; two different marks of the same question are refused."""
    tables = [tmp_path / "a.csv", tmp_path / "b.csv"]
    for path, row in zip(tables, (f"{NAMES[0]},hmm/w1,3", f"{NAMES[0]},hmm/w2,4")):
        path.write_text(f"student,id,points\n{row}\n", encoding="utf-8")
    flags = ["--manual", str(tables[0]), "--manual", str(tables[1])]
    plan = class_plan(classroom / "in", tmp_path, "en", *flags)
    assert [mark.points for mark in plan.manual.values()] == [3, 4]
    tables[1].write_text(f"student,id,points\n{NAMES[0]},hmm/w1,4\n", encoding="utf-8")
    with pytest.raises(
        options.GradeError, match="a.csv and .*b.csv differ in 20260001_张三, hmm/w1"
    ):
        class_plan(classroom / "in", tmp_path, "en", *flags)


def test_marks_survive_a_closed_tab(browser, classroom):
    with tab(browser) as page:
        page.goto(address(classroom / "en"))
        press(page, "q", "j", "6")
        page.wait_for_timeout(100)
        page.close()
        page = page.context.new_page()
        page.goto(address(classroom / "en"))
        assert page.locator("#progress").inner_text().startswith("2 of 9 marked")
        assert page.locator("#draft").is_visible()
        page.locator("#draft button").click()
        assert page.locator("#progress").inner_text() == "0 of 9 marked"
        page.reload()
        assert not page.locator("#draft").is_visible()


def test_saving_keeps_foreign_rows_and_columns_of_the_file(browser, classroom):
    """Saving keeps rows of other questions, additional columns and other marks; later changes are saved automatically."""
    existing = f"student,id,points,comment,mine\n{NAMES[1]},hmm/w2,3,keep,x\n{NAMES[1]},hmm/w1,2,elsewhere,y\nunknown,hmm/w1,1,,\n"
    with tab(browser) as page:
        page.goto(address(classroom / "en"))
        page.evaluate(PICKERS)
        page.evaluate("text => { window.existing = text; }", existing)
        press(page, "f")
        page.locator("#save").click()
        page.get_by_text("saved to manual.csv at").wait_for()
        rows = page.evaluate("parseTable(window.saved)")
        marked = [
            [row["student"], row["id"], row["points"], row["comment"], row["mine"]]
            for row in rows
            if row["points"]
        ]
        assert marked == [
            [NAMES[0], "hmm/w1", "10", "", ""],
            [NAMES[1], "hmm/w1", "2", "elsewhere", "y"],
            ["unknown", "hmm/w1", "1", "", ""],
            [NAMES[1], "hmm/w2", "3", "keep", "x"],
        ]
        page.evaluate("() => { window.saved = window.saved.replace('keep', 'changed'); }")
        press(page, "j", "j", "4")
        wait_until(
            page, "window.saved.includes('changed') && window.saved.includes('王五,hmm/w1,4')"
        )
        assert (
            page.locator("#progress").inner_text() == "3 of 9 marked · mean 5.33"
        )  # no note about unsaved marks


def test_anonymous_random_order_depends_on_the_seed(browser, classroom, tmp_path):
    """The order depends only on the seed, manual.csv has the order of the page, and no name is shown."""
    orders = []
    for seed in ("1", "1", "2"):
        with tab(browser) as page:
            page.goto(address(classroom / "zh"))
            page.locator("#more summary").click()
            page.locator("#order").select_option("chance")
            page.locator("#seed").fill(seed)
            page.locator("#anonymous").check()
            page.locator("#all").check()
            text = page.locator("main").inner_text()
            assert "答案 1" in text and not any(name[9:] in text for name in NAMES)
            page.wait_for_timeout(300)  # until the browser has written its storage
            page.reload()
            assert page.locator("#seed").input_value() == seed and page.locator("#all").is_checked()
            orders.append(page.locator("article h2 .who").all_text_contents())
            rows = manual.read_rows(saved(page, tmp_path / "manual.csv"))
            assert [row["student"] for row in rows] == orders[-1]
    assert orders[0] == orders[1] != orders[2] and sorted(orders[0]) == sorted(orders[2])


def test_same_mark_for_identical_answers_can_be_undone(browser, classroom):
    with tab(browser) as page:
        page.goto(address(classroom / "en", "w1") + "#a2")
        assert (
            shown(page) == NAMES[1]
            and page.get_by_role("button", name="Same mark for all 3").count() == 1
        )
        press(page, "q", "e", "s")
        assert page.locator("article.marked h2 .who").all_text_contents() == [
            NAMES[1],
            NAMES[3],
            "=1+1",
        ]
        press(page, "z")
        assert page.locator("article.marked").count() == 1
        press(page, "z", "z", "z")
        assert page.locator("article.marked").count() == 0


def test_edited_rubric_changes_all_marks_and_is_saved(browser, classroom, tmp_path):
    """A changed item changes all marks that use it, new items can be ticked, and manual.csv contains the rubric."""
    with tab(browser) as page:
        page.goto(address(classroom / "en", "w3"))
        press(page, "q", "j", "q", "w")
        page.locator("#more summary").click()
        page.locator("#edit").click()
        dialog = page.locator("#rubric")
        dialog.locator("input").first.fill("1.5")
        dialog.locator("input").nth(1).fill("rises | falls")
        dialog.get_by_role("button", name="Add an item").click()
        dialog.locator("input").last.fill("cites the figures")
        dialog.get_by_role("button", name="Remove").nth(2).click()
        assert "4.5 of 6" in page.locator("#sum").inner_text()
        dialog.get_by_role("button", name="Close").click()
        wait_until(page, "document.querySelector('article.current .points').value === '3.5'")
        press(page, "e")
        assert page.locator("article.current .points").input_value() == "4.5"
        press(page, "k")
        assert page.locator("article.current .points").input_value() == "1.5"
        path = saved(page, tmp_path / "manual.csv")
    rows = manual.read_rows(path)
    assert rows[0]["student"] == manual.RUBRIC and "(1.5) rises / falls" in rows[0]["rubric"]
    assert rows[1]["points"] == "1.5"
    assert len(manual.read_manual(path, settings.load())) == 2
    with tab(browser) as page:
        page.goto(address(classroom / "en", "w3"))
        page.locator("#file").set_input_files(path)
        page.get_by_text("2 marks taken").wait_for()
        items = page.locator("article.current .item span").all_text_contents()
        assert items[0] == "rises / falls" and items[-1] == "cites the figures" and len(items) == 3
