"""The class page, the students' reports and the written answers in headless Chromium without a network."""

import dataclasses
import random
from urllib.parse import unquote

import pytest

from grading import intake, options, pages, report, run
from grading.files import folder_name
from grading.intake import read_table
from grading.plan import make_plan
from tests.repository.browser import keep, tab
from tests.repository.test_grading import PICTURE, hand_in, mixture, solved, write_csv

pytestmark = pytest.mark.browser
HOSTILE = "<script>document.title='owned'</script><img src=x onerror=alert(1)>"
ANSWER = f"## w1 (10)\n\nλ = (π, A, B) {HOSTILE}\n\n![δ](curve.png)\n\n第一个月畅销的概率是 0.5。\n"
ROSTER = "id,name,lang\n20260001,张三,zh\n20260002,李四,en\n20260003,王五,\n20260099,赵六,\n"
STOPS = f'\ndef forward(pi, A, B, obs):\n    raise ValueError("{HOSTILE}")\n'


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """Folder with a graded class of eight in in/ and its reports in zh/ and en/.

    The class: a solved submission, an empty copy, random mixtures, one that contains HTML, and an empty folder.
    """
    root, rng = tmp_path_factory.mktemp("pages"), random.Random(4)
    folder = root / "in"
    hand_in(
        folder,
        "20260001_张三",
        "hmm",
        solved("hmm")
        | {"answers.md": ANSWER.encode(), "curve.png": PICTURE, "w2.pdf": b"%PDF-1.4"},
    )
    hand_in(folder, "20260001_张三", "hw_bptt", solved("hw_bptt"))
    for number in range(2, 6):
        for homework in ("hmm", "hw_bptt"):
            hand_in(folder, f"2026000{number}", homework, mixture(homework, rng)[0])
    hand_in(folder, "20260006", "hmm", intake.empty_files("hmm"))
    hand_in(
        folder,
        f"<b>{HOSTILE[:8]}",
        "hmm",
        {"model.py": solved("hmm")["model.py"] + STOPS.encode(), "answers.md": ANSWER.encode()},
    )
    (folder / "=1+1").mkdir()
    write_csv(root / "roster.csv", ROSTER)
    arguments = [str(folder), "--homework", "hmm", "hw_bptt", "--seed", "5", "--quiet", "-j", "2"]
    arguments += ["--roster", str(root / "roster.csv")]
    zh_options = options.read_options([*arguments, "--out", str(root / "zh"), "--lang", "zh"])
    plan = make_plan(zh_options)
    outcome = run.grade(plan)
    report.write_reports(plan, outcome)
    plan.options = dataclasses.replace(
        zh_options, out=root / "en", lang="en", class_in_reports=True
    )
    report.write_reports(plan, outcome)
    return root


def rows(page):
    """The visible rows of the class table, as lists of cell texts."""
    return page.evaluate("""() => [...document.querySelectorAll('#class tbody tr')].filter(row => !row.hidden)
        .map(row => [...row.cells].map(cell => cell.textContent.trim()))""")


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("width, scheme", [(1280, "light"), (390, "dark")])
def test_class_page_sorts_filters_and_links_to_reports(browser, graded, lang, width, scheme):
    with tab(browser, width=width, scheme=scheme) as page:
        page.goto((graded / lang / "grades.html").as_uri())
        everybody = rows(page)
        assert len(everybody) == 8 and page.title() == {"zh": "成绩", "en": "Grades"}[lang]
        assert (
            page.locator("body").evaluate("body => body.scrollWidth") <= width
        )  # wide tables scroll inside their own box
        assert "20260099 赵六" in page.locator("main").inner_text()
        assert page.locator("svg rect.bar").count() == 22
        assert page.locator("table.blanks .hint").count() > 3  # mistakes by name
        keep(page, f"class-{lang}-{width}-{scheme}")
        names = page.locator("#class tbody th")
        assert all(names.nth(i).bounding_box()["height"] < 130 for i in range(names.count()))
        cells = page.locator("table.map td a")
        assert cells.count() > 100
        page.evaluate(
            """() => { const box = document.querySelector("#class").parentElement; box.scrollLeft = 300; }"""
        )
        assert names.first.bounding_box()["x"] >= 0, "the column of names does not scroll"
        page.get_by_role("button", name="hmm").click()
        points = [row[4] for row in rows(page) if row[4] != "–"]
        assert points == sorted(points, key=float) and len(points) == 7
        page.get_by_role("button", name="hmm").click()
        assert rows(page)[0][4] == "100"
        page.locator("#filter").fill("李四")
        assert [row[2] for row in rows(page)] == ["李四"]
        page.locator("#filter").fill("")
        assert sorted(rows(page)) == sorted(everybody)
        link = page.locator("table.map td.wrong a").first.get_attribute("href")
        assert (graded / lang / unquote(link.partition("#")[0])).is_file()
        page.locator("#class").get_by_role("link", name="20260001_张三").click()
        page.wait_for_url("**/report.html")
        assert page.locator("h1").inner_text() == "20260001_张三"
        assert (
            pages.WORDS["zh"]["total"] in page.locator("main").inner_text()
        )  # a report is in the student's language


@pytest.mark.parametrize("width, scheme", [(1280, "dark"), (390, "light")])
def test_report_is_in_the_students_language_and_fits(browser, graded, width, scheme):
    """A report is in the student's language from the roster, whatever the language of the class page is."""
    for student, lang in (("20260001_张三", "zh"), ("20260002", "en"), ("20260003", "zh")):
        with tab(browser, width=width, scheme=scheme) as page:
            page.goto((graded / "zh" / "students" / folder_name(student) / "report.html").as_uri())
            assert page.locator("html").get_attribute("lang") == lang
            assert page.locator("body").evaluate("body => body.scrollWidth") <= width
            shown = page.locator("main").inner_text()
            assert pages.WORDS[lang]["total"] in shown and "hw_bptt" in shown
            if student == "20260002":
                code = page.locator("#hmm ~ table details.code, #hw_bptt ~ table details.code")
                assert code.count() and code.first.locator("code").first.inner_text().strip()
            if student != "20260001_张三":
                assert page.locator(".hint").count() and {
                    pages.WORDS[lang][status] for status in ("done", "empty")
                } <= set(shown.split())
            keep(page, f"report-{lang}-{student[:8]}-{width}-{scheme}")


def test_student_html_is_shown_as_text(browser, graded):
    """HTML in names, messages and answers is shown as text: no script runs and no picture is loaded."""
    with tab(browser) as page:
        hostile = folder_name(f"<b>{HOSTILE[:8]}")
        for path in ("grades.html", f"students/{hostile}/report.html", "written/hmm-w1.html"):
            page.goto((graded / "en" / path).as_uri())
            page.wait_for_timeout(200)
            assert page.title() != "owned" and page.locator("img[src=x]").count() == 0
            assert "<script>" in page.locator("main").inner_text()
        picture = page.locator("img")
        assert (
            picture.count() == 1 and picture.evaluate("img => img.naturalWidth") == 1
        )  # the student's own picture
        assert page.get_by_role("link", name="w2.pdf").count() == 1
        assert "第一个月畅销的概率是 0.5。" in page.locator("main").inner_text()
        keep(page, "written")


def test_csv_of_the_class_escapes_formulas(graded):
    table = read_table(graded / "zh" / "grades.csv")
    assert {"张三", "李四", "王五"} <= {cells[2] for _, cells in table.rows}
    assert "'=1+1" in (graded / "zh" / "grades.csv").read_text(encoding="utf-8-sig")


UNREACHABLE = """() => {
    const text = element => (element.getAttribute("aria-label") || element.labels?.[0]?.textContent || element.textContent).trim();
    const controls = [...document.querySelectorAll("a[href], button, input, select, textarea, summary")];
    const nameless = controls.filter(element => element.type !== "file" && !text(element)).map(element => element.outerHTML);
    const heads = [...document.querySelectorAll("th")].filter(head => !head.textContent.trim()).map(head => head.outerHTML);
    const scrolling = [...document.querySelectorAll("main *")].filter(element =>
        element.scrollWidth > element.clientWidth + 1 && ["auto", "scroll"].includes(getComputedStyle(element).overflowX)
        && element.tabIndex < 0).map(element => element.outerHTML.slice(0, 100));
    return [...nameless, ...heads, ...scrolling];
}"""


@pytest.mark.parametrize("page_of", ["class", "report", "written"])
def test_page_controls_have_names_and_are_reached_by_keyboard(browser, graded, page_of):
    """On a phone, with everything unfolded: no control or heading without a name, nothing to scroll that keys do not reach."""
    folder = graded / "zh"
    path = {
        "class": folder / "grades.html",
        "report": folder / "students" / folder_name("20260003") / "report.html",
        "written": folder / "written" / "hmm-w1.html",
    }[page_of]
    with tab(browser, width=390) as page:
        page.goto(path.as_uri())
        page.evaluate(
            "() => document.querySelectorAll('details').forEach(part => { part.open = true; })"
        )
        assert page.evaluate(UNREACHABLE) == []
        assert page.locator("body").evaluate("body => body.scrollWidth") <= 390


def test_talk_questions_unfold_by_keyboard(browser, graded):
    """The contents lead to the questions of a talk; each student's are folded, and Enter opens them."""
    with tab(browser, width=390) as page:
        page.goto((graded / "zh" / "grades.html").as_uri())
        page.get_by_role("link", name=pages.WORDS["zh"]["talk"], exact=True).press("Enter")
        talks = page.locator("details.talk")
        assert talks.count() >= 5 and talks.locator("li").count() >= 5
        assert not talks.first.locator("code").first.is_visible()
        talks.first.locator("summary").press("Enter")
        assert talks.first.locator("code").first.inner_text().strip()
        assert talks.first.locator("code").first.is_visible()
