"""The offline book: content of its pages and, in headless Chromium, search, change of language and printing."""

import html
import json
import re
import subprocess
from html.parser import HTMLParser
from types import SimpleNamespace
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest

from course import settings
from course.homeworks import HOMEWORKS, ROOT
from grading import book, book_pages, release
from tests.repository.browser import CHROMIUM, FLAGS, keep, tab
from tests.repository.conftest import needed

pytestmark = pytest.mark.xdist_group("book")
CARDS = sorted(path.parent.name for path in (ROOT / "data").glob("*/README.md"))
NAMES = {"start", *HOMEWORKS, "data", *(f"data-{card}" for card in CARDS), "changes", "licence"}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Folder of a book with all homeworks."""
    for package in book_pages.PACKAGES:
        needed(package)
    out = tmp_path_factory.mktemp("book") / "book"
    book.write(out, release.Plan(tuple(HOMEWORKS)))
    return out


class Reader(HTMLParser):
    """Parses a page into ids, links, loaded files, language, and text outside code, formulas, pictures and scripts."""

    SILENT = ("code", "math", "svg", "script", "style")

    def __init__(self, path):
        super().__init__()
        self.ids, self.links, self.loaded, self.text, self.silent = [], [], [], [], 0
        self.language = None
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.silent += tag in self.SILENT
        self.language = values["lang"] if tag == "html" else self.language
        self.ids += [values["id"]] if "id" in values else []
        self.links += [values["href"]] if tag == "a" else []
        self.loaded += [values[key] for key in ("src", "srcset", "data", "poster") if key in values]
        self.loaded += [values["href"]] if tag in ("link", "use", "image") else []

    def handle_endtag(self, tag):
        self.silent -= tag in self.SILENT

    def handle_data(self, data):
        if not self.silent:
            self.text.append(data)


@pytest.fixture(scope="module")
def pages(site):
    """{path in the book: its Reader}, without the interactive pages of play/."""
    paths = [path for path in site.rglob("*.html") if path.parent.name != "play"]
    return {path.relative_to(site).as_posix(): Reader(path) for path in paths}


def test_book_has_every_page_in_both_languages(pages):
    expected = {f"{language}/{name}.html" for language in ("en", "zh") for name in NAMES}
    assert set(pages) == {"index.html", *expected}
    for name, page in pages.items():
        assert page.language == ("en" if name.startswith("en/") else "zh-CN")
        assert "text" in page.ids and len(set(page.ids)) == len(page.ids), f"{name}: an id twice"


def test_links_have_targets_and_pages_load_nothing_external(site, pages):
    for name, page in pages.items():
        assert all(file.startswith("data:image/") for file in page.loaded), name
        source = (site / name).read_text(encoding="utf-8")
        assert "@import" not in source and not re.search(r"url\((?!#)", source), name
        for link in page.links:
            if link.startswith("https://"):
                continue
            file, _, anchor = link.partition("#")
            target = (site / name).parent / file.partition("?")[0] if file else site / name
            assert target.is_file() and target.resolve().is_relative_to(site), f"{name}: {link}"
            if anchor:
                ids = pages[target.resolve().relative_to(site).as_posix()].ids
                assert unquote(anchor) in ids, f"{name}: {link}"


def test_interactive_pages_are_copied_unchanged_and_linked(site, pages):
    for homework in HOMEWORKS:
        for path in (ROOT / homework / "play").glob("*.html"):
            copy = site / "play" / f"{homework}-{path.name}"
            assert copy.read_bytes() == path.read_bytes()
            for language in ("en", "zh"):
                address = f"../play/{copy.name}?lang={language}"
                assert address in pages[f"{language}/{homework}.html"].links


def test_pages_contain_no_raw_markdown_or_latex(pages):
    for name, page in pages.items():
        text = "".join(page.text)
        left = re.search(r".{0,30}(\*\*|\$|`|\]\(|<!--|\\[a-z]|built-in method).{0,30}", text)
        assert not left, f"{name}: {left[0]}"


@pytest.mark.parametrize("homework", HOMEWORKS)
def test_homework_page_has_the_sheets_formulas_and_no_answers(homework, site):
    for language, file in book_pages.LANGUAGES.items():
        sheet = release.strip(f"{homework}/{file}", release.Plan(tuple(HOMEWORKS))).decode("utf-8")
        page = (site / language / f"{homework}.html").read_text(encoding="utf-8")
        text = re.sub(r"^```.*?^```|`[^`\n]*`", "", sheet, flags=re.S | re.M)
        formulas = len(re.findall(r"\$\$.+?\$\$|\$[^$\n]+\$", text, re.S))
        assert (
            page.count('<span class="math inline">') + page.count('class="math block"') == formulas
        )
        math = re.findall(r"<math.*?</math>", page, re.S)
        assert not any("\\" in html.unescape(formula) for formula in math)
        alts = [html.escape(alt, quote=True) for alt in re.findall(r"!\[([^\]]*)\]", sheet)]
        assert [alt for alt in alts if page.count(f'"{alt}"') != alts.count(alt)] == []
        assert "BEGIN SOLUTION" not in page and "Worked answers" not in page
        assert "参考答案与评分标准" not in page


def test_section_anchors_map_to_the_other_language_in_order(site, pages):
    for homework in HOMEWORKS:
        text = (site / "en" / f"{homework}.html").read_text(encoding="utf-8")
        twins = json.loads(re.search(r'id="anchors">(.*?)</script>', text)[1])
        there = pages[f"zh/{homework}.html"].ids
        assert len(twins) > 10 and set(twins) <= set(pages[f"en/{homework}.html"].ids)
        assert set(twins.values()) <= set(there)
        here = pages[f"en/{homework}.html"].ids
        order = [there.index(twins[anchor]) for anchor in sorted(twins, key=here.index)]
        assert order == sorted(order)


def test_book_lists_homeworks_in_the_order_of_the_readme(pages):
    rows = re.findall(
        r"^\| \d \| \[(\w+)\]", (ROOT / "README.md").read_text(encoding="utf-8"), re.M
    )
    links = [link.removesuffix(".html") for link in pages["en/start.html"].links]
    assert [link for link in dict.fromkeys(links) if link in HOMEWORKS] == rows


def rendered(text, language="en"):
    for package in book_pages.PACKAGES:
        needed(package)
    from grading import markdown

    return markdown.render(text, ROOT / "hmm", lambda address: address)


def test_chinese_lines_are_joined_without_a_space():
    text = rendered("# 题\n\n第一行，\n第二行。\n第三行用\n`code` 结束\n下一行\n").html
    assert "第一行，第二行。第三行用\n<code>" in text.replace("<span>", "").replace("</span>", "")
    assert "结束下一行" in text
    assert "one\ntwo" in rendered("one\ntwo\n").html


def test_line_break_beside_a_full_width_mark_is_not_a_space():
    text = rendered("得到 0.7453\n（共 35 轮）\nRNN 用 `code`\n，再用 GPT\n写词\n").html
    assert "0.7453（共 35 轮）RNN" in text
    assert "</code>，再用 GPT\n写词" in text


def test_formula_is_split_at_qquad_so_that_it_can_wrap():
    text = rendered("$$\na = \\frac{b \\quad c}{d}, \\qquad e = \\log x\n$$\n").html
    assert text.count("<math") == 2 and text.count('<mspace width="0.167em"') == 1


def test_repeated_heading_gets_a_numbered_anchor():
    sections = rendered("# A\n\n## B\n\ntext\n\n## B\n\n$x_1$ and `code`\n").sections
    assert [section.anchor for section in sections] == ["a", "b", "b-1"]
    assert sections[2].text == "x_1 and code\n"


def test_book_leaves_out_homeworks_that_are_not_assigned(tmp_path):
    for package in book_pages.PACKAGES:
        needed(package)
    course = settings.load()
    course.homework("hmm").leave_out.append("hmm-16")
    out = tmp_path / "book"
    book.write(out, release.Plan(("hmm",), course))
    assert not (out / "en" / "gpt_songci.html").exists()
    text = (out / "index.html").read_text(encoding="utf-8")
    start = (out / "en" / "start.html").read_text(encoding="utf-8")
    assert "gpt_songci" not in text and "gpt_songci" not in start
    assert "provided this term" in (out / "en" / "hmm.html").read_text(encoding="utf-8")
    first = {path.name: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    book.write(out, release.Plan(("hmm",), course))
    assert first == {path.name: path.read_bytes() for path in out.rglob("*") if path.is_file()}


def test_release_proof_refuses_a_book_with_worked_answers(tmp_path):
    for package in book_pages.PACKAGES:
        needed(package)
    plan = release.Plan(("hmm",))
    lines = release.solution_lines(release.student_files(plan.homeworks), plan)
    book.write(tmp_path / "book", plan)
    release.prove_book_silent(tmp_path, lines)
    book.write(tmp_path / "book", release.Plan(("hmm",), solved=True))
    with pytest.raises(release.ReleaseError, match="the book holds a line of a solution"):
        release.prove_book_silent(tmp_path, lines)


def test_book_without_its_packages_is_a_one_line_error(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(book_pages.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SystemExit):
        book.main(["--out", str(tmp_path / "book")])
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "markdown-it-py" in error and "--group grading" in error
    plan = release.Plan(("hmm",))
    assert not plan.book and "book/index.html" not in release.strip("README.md", plan).decode()
    lines = []
    monkeypatch.setattr(release, "prove_imports", lambda *_: pytest.fail("enough"))
    with pytest.raises(pytest.fail.Exception):
        release.prove(tmp_path, plan, lines.append)
    assert len(lines) == 1 and "no offline book" in lines[0] and "latex2mathml" in lines[0]


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_readme_of_the_copy_names_the_book_only_if_included(name):
    plan = release.Plan(("hmm",), book=True)
    with_book = release.strip(name, plan).decode("utf-8")
    without = release.strip(name, release.Plan(("hmm",), book=False)).decode("utf-8")
    assert "`book/index.html`" in with_book and "book/" not in without
    assert with_book.count("\n") == without.count("\n")


def test_book_does_not_overwrite_a_folder_that_is_not_a_book(tmp_path, capsys):
    for package in book_pages.PACKAGES:
        needed(package)
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(SystemExit):
        book.main(["--out", str(tmp_path)])
    assert "is not a book" in capsys.readouterr().err and (tmp_path / "mine.txt").is_file()


# ---------------------------------------------------------------- in a browser


@pytest.mark.browser
def test_every_page_fits_wide_and_narrow_windows(browser, site, pages):
    sheets = [name for name in pages if name.split("/")[-1].removesuffix(".html") in HOMEWORKS]
    for width, scheme, names in ((1280, "dark", sheets), (390, "light", pages)):
        with tab(browser, allowed=("file:", "data:"), width=width, scheme=scheme) as page:
            for name in sorted(names):
                page.goto((site / name).as_uri())
                assert page.evaluate("document.documentElement.scrollWidth") <= width, name
                keep(page, f"book-{name.replace('/', '-')}-{width}-{scheme}")


def hits(page, query):
    """Type a query into the search box; returns the results' link addresses and the text shown."""
    page.locator("#query").fill("")
    page.locator("#results").wait_for(state="hidden")
    page.locator("#query").fill(query)
    page.locator("#results > *").first.wait_for()
    links = page.locator("#results a")
    addresses = [links.nth(index).get_attribute("href") for index in range(links.count())]
    return SimpleNamespace(addresses=addresses, text=page.locator("#results").inner_text())


@pytest.mark.browser
def test_search_finds_sections_in_both_languages(browser, site):
    with tab(browser, allowed=("file:",)) as page:
        page.goto((site / "zh" / "start.html").as_uri())
        results = hits(page, "梯度消失")
        assert any("zh/hw_bptt" in address for address in results.addresses)
        results = hits(
            page, "平移不变性为什么需要"
        )  # no page has this phrase: pairs of characters are matched
        assert "zh/waimai_cls" in results.addresses[0]
        results = hits(page, "viterbi_tables")
        assert "zh/hmm" in results.addresses[0] and any("en/hmm" in a for a in results.addresses)
        results = hits(page, "BACK-POINTERS")
        assert all("en/hmm" in address for address in results.addresses)
        assert hits(page, "ｓｏｆｔｍａｘ").addresses  # full-width letters
        assert not hits(page, "qwertyuiop").addresses
        page.locator("#query").fill("")
        assert page.locator("#results").is_hidden()
        page.keyboard.press("Escape")
        page.keyboard.press("/")
        page.keyboard.type("Baum-Welch")
        page.locator("#results a").first.wait_for()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        page.wait_for_url("**/hmm.html#*")
        page.goto((site / "index.html").as_uri())
        assert hits(page, "注意力").addresses[0].startswith("zh/")


@pytest.mark.browser
def test_language_button_keeps_the_section(browser, site):
    with tab(browser, allowed=("file:",)) as page:
        page.goto((site / "en" / "hmm.html").as_uri() + "#4-the-best-path-hmm-09-hmm-10")
        page.locator("#language").click()
        page.wait_for_url("**/zh/hmm.html#*")
        assert unquote(page.url).endswith("#4-最佳路径hmm-09hmm-10")
        heading = page.get_by_role("heading", name="4. 最佳路径")
        assert 0 <= heading.bounding_box()["y"] < 200
        page.keyboard.press("n")
        page.wait_for_url("**/zh/word2vec_sst.html")
        page.keyboard.press("p")
        page.wait_for_url("**/zh/hmm.html")
        page.get_by_role("link", name="play/trellis.html").click()
        page.wait_for_url("**/play/hmm-trellis.html?lang=zh")
        assert page.evaluate("document.documentElement.lang") == "zh-CN"


@pytest.mark.browser
def test_figure_colours_follow_the_dark_mode(browser, site):
    colours = set()
    for scheme in ("light", "dark"):
        with tab(browser, allowed=("file:",), scheme=scheme) as page:
            page.goto((site / "en" / "hmm.html").as_uri())
            text = page.locator("main svg text").first
            colours.add(text.evaluate("node => getComputedStyle(node).fill"))
            used = page.evaluate(
                "[...document.querySelectorAll('main svg [marker-end]')].map(node =>"
                " document.querySelector(node.getAttribute('marker-end').slice(4, -1)) !== null)"
            )
            assert used and all(used)
    assert len(colours) == 2


@pytest.mark.browser
def test_print_is_light_and_omits_header_and_contents(browser, site, tmp_path):
    with tab(browser, allowed=("file:",), scheme="dark") as page:
        page.goto((site / "zh" / "hw_bptt.html").as_uri())
        page.emulate_media(media="print")
        assert page.locator("header").is_hidden() and page.locator(".contents").is_hidden()
        background = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert background == "rgb(255, 255, 255)"
    out = tmp_path / "sheet.pdf"
    command = [CHROMIUM, "--headless", *FLAGS, f"--print-to-pdf={out}", "--no-pdf-header-footer"]
    address = (site / "zh" / "hw_bptt.html").as_uri()
    subprocess.run([*command, address], check=True, capture_output=True, timeout=120)
    assert out.read_bytes().startswith(b"%PDF") and out.stat().st_size > 100_000


@pytest.mark.parametrize(
    "before, after",
    [
        ("<td>wai-01</td>", '<td><span class="unbroken">wai-01</span></td>'),
        ("<p>从 gpt-a3.2 起", '<p>从 <span class="unbroken">gpt-a3.2</span> 起'),
        ("<td>10（加分）</td>", '<td><span class="unbroken">10（加分）</span></td>'),
        ("<td>8 (bonus)</td>", '<td><span class="unbroken">8 (bonus)</span></td>'),
        ("<td>94 72 57</td>", '<td><span class="unbroken">94 72 57</span></td>'),
        ("<td>0.8857 in 2 of 3</td>", "<td>0.8857 in 2 of 3</td>"),
        ('<a href="#the-model-hmm-16">', '<a href="#the-model-hmm-16">'),
        ("<pre>--blank hmm-09</pre>", "<pre>--blank hmm-09</pre>"),
        ("<code>hmm-09</code>, 2026-11-28", "<code>hmm-09</code>, 2026-11-28"),
    ],
)
def test_ids_and_bonus_points_are_not_broken_between_lines(before, after):
    assert book_pages.keep_together(before) == after


def test_no_space_between_a_formula_and_a_full_width_mark():
    text = rendered("对向量 $v_c$ ，得分是 $U v_c$。其中（ $u_w$ ）每词一行， $n$ 是宽度。\n").html
    words = re.sub(r"<math.*?</math>", "F", text, flags=re.S)
    words = re.sub(r"<[^>]+>", "", words).strip()
    assert words == "对向量 F，得分是 F。其中（F）每词一行，F 是宽度。"


@pytest.mark.parametrize(
    "latex, expected",
    [
        (r"\partial L / \partial h_t", "∂ L / ∂ h t"),
        ("(-1, 0)", "( prefix:− 1 , 0 )"),
        (r"J = -\log P", "J = prefix:− log P"),
        (r"-\infty", "prefix:− ∞"),
        ("a - b", "a − b"),
        ("|x| - |y|", "prefix:| x postfix:| − prefix:| y postfix:|"),
        (r"\frac{x}{|x| |y|}", "x prefix:| x postfix:| prefix:| y postfix:|"),
        (r"\left(-x\right)", "prefix:( prefix:− x postfix:)"),
        (r"P(a | b) P(c | d)", "P ( a | b ) P ( c | d )"),
        ("L = 1{,}024", "L = 1,024"),
        ("n = 1, 10, 100", "n = 1 , 10 , 100"),
    ],
)
def test_signs_bars_and_thousands_are_spaced_as_in_tex(latex, expected):
    for package in book_pages.PACKAGES:
        needed(package)
    from grading import markdown

    root = ElementTree.fromstring(markdown.formula(latex, {"display_mode": False}))
    leaves = [leaf for leaf in root.iter() if leaf.text and leaf.text.strip()]
    shown = [
        f"{leaf.get('form')}:{leaf.text}" if leaf.get("form") else leaf.text for leaf in leaves
    ]
    assert " ".join(shown) == expected
    ordinary = [leaf.tag.rpartition("}")[2] for leaf in leaves if leaf.text in "∂∞…"]
    assert set(ordinary) <= {"mi"}


def test_formula_and_its_mark_stay_on_one_line():
    text = rendered("系数为 $w$：取（ $a$ 和 $b$）， (see $c$, $d$).\n").html
    kept = re.findall(r'<span class="keep">(.*?</span>[^<]*)</span>', text, flags=re.S)
    assert [re.sub(r"<[^>]+>", "", piece) for piece in kept] == ["w：", "b），", "c,", "d)."]


@pytest.mark.browser
def test_tables_and_formulas_of_the_sheets_need_no_scrolling(browser, site):
    wide = (
        "[...document.querySelectorAll('.wide, .math')].filter(node => node.clientWidth &&"
        " node.scrollWidth > node.clientWidth + 1).map(node => node.textContent.slice(0, 60))"
    )
    with tab(browser, allowed=("file:", "data:"), width=1100) as page:
        for name in sorted(HOMEWORKS):
            for language in ("en", "zh"):
                page.goto((site / language / f"{name}.html").as_uri())
                assert page.evaluate(wide) == [], (name, language)


def test_chinese_pages_emphasise_in_bold_only(pages, site):
    slanted = re.compile(r"<em>[^<]*[\u4e00-\u9fff][^<]*</em>")
    for name in pages:
        if name.startswith("zh/") and not name.endswith("changes.html"):
            assert slanted.findall((site / name).read_text(encoding="utf-8")) == [], name
