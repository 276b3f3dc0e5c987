"""Written work: reading documents, pictures and answers in any encoding, and dividing them by questions."""

import io
import zipfile

import pytest

from course import settings
from grading import documents, manual, office, pictures, typeset, written
from grading.intake import TableError, read_class, read_submission, read_table
from grading.rubrics import rubric_items
from tests.repository import written_class as made
from tests.repository.conftest import needed

QUESTIONS = ["w1", "w2", "w3"]


@pytest.mark.parametrize(
    "text, parts",
    [
        ("## w1 (10)\na\n## w2\nb", {"w1": "a", "w2": "b"}),
        ("**w1** (10 points)\na\n**w3.** b", {"w1": "a", "w3": "b"}),
        ("w1. a\nw2: b\nw3）c", {"w1": "a", "w2": "b", "w3": "c"}),
        ("（w1）a\n第 w2 题\nb\n题目 w3：c", {"w1": "a", "w2": "b", "w3": "c"}),
        ("### hmm-w1\na\n### hmm/w2\nb", {"w1": "a", "w2": "b"}),
        ("Question W1\na\n# W2 b\nc", {"w1": "a", "w2": "c"}),
        ("## w1\n```\n## w2\n```\nw2 is used in w1", {"w1": "```\n## w2\n```\nw2 is used in w1"}),
        ("no heading; w1 is mentioned", {}),
        ("## w10\na", {}),
    ],
)
def test_answers_are_divided_by_question_headings(text, parts):
    assert written.divide(text, QUESTIONS).parts == parts


def test_question_ids_of_word2vec_are_recognised_as_headings():
    parts = written.divide("(1a) x\n2b) y\n## 3d\nz", ["1a", "2b", "3d"]).parts
    assert parts == {"1a": "x", "2b": "y", "3d": "z"}
    assert written.divide("# me\nhello\n\n## w1\na", QUESTIONS).before == "# me\nhello"


def test_file_name_assigns_a_file_to_its_question():
    names = {
        "hmm-w1.jpg": "w1",
        "W2 (1).pdf": "w2",
        "w1_w2.pdf": "",
        "IMG_1.jpg": "",
        "w12.png": "",
    }
    assert {name: written.question_of(name, QUESTIONS) for name in names} == names


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le"])
def test_answers_are_read_in_any_encoding(encoding):
    assert documents.read_document("answers.md", made.PLAIN.encode(encoding)).text == made.PLAIN


def test_damaged_answers_are_kept_as_a_file_with_a_reason():
    """Text that fits no encoding must not stop the class."""
    data = b"\xff\xfe\x00\xd8" + made.PLAIN.encode("utf-16-le") + b"\x00"
    document = documents.read_document("answers.md", data)
    assert document.reason and document.files == {"answers.md.txt": data}


def test_docx_gives_text_formulas_tables_and_pictures():
    document = documents.read_document("answers.docx", made.WORD)
    assert document.shown == ["answers-photo.png"] and not document.reason
    assert set(document.files) == {"answers.docx", "answers-photo.png"}
    parts = written.divide(document.text, QUESTIONS).parts
    assert parts["w2"] == "只有这些。"
    for words in (
        r"${δ}_{2}=\frac{1}{n}\sum_{i=1}^{n} {x}$",
        "| H | 0.4 |",
        "![](<answers-photo.png>)",
    ):
        assert words in parts["w1"]


FORMULAS = [
    (f"<m:rad><m:radPr><m:degHide m:val='1'/></m:radPr><m:deg/><m:e>{made.run('x')}</m:e></m:rad>", r"\sqrt{x}"),
    (f"<m:d><m:dPr><m:begChr m:val='{{'/><m:endChr m:val=''/></m:dPr><m:e>{made.run('x')}</m:e></m:d>", r"\left\{ x \right. "),
    (f"<m:m><m:mr><m:e>{made.run('1')}</m:e><m:e>{made.run('2')}</m:e></m:mr></m:m>", r"\begin{matrix}1 & 2\end{matrix}"),
    (f"<m:func><m:fName>{made.run('exp')}</m:fName><m:e>{made.run('x')}</m:e></m:func>", r"\exp {x}"),
    (f"<m:limLow><m:e>{made.run('max')}</m:e><m:lim>{made.run('i')}</m:lim></m:limLow>", r"\max_{i}"),
    (f"<m:acc><m:accPr><m:chr m:val='̂'/></m:accPr><m:e>{made.run('y')}</m:e></m:acc>", r"\hat{y}"),
    (f"<m:bar><m:barPr><m:pos m:val='top'/></m:barPr><m:e>{made.run('y')}</m:e></m:bar>", r"\overline{y}"),
    (f"<m:sSubSup><m:e>{made.run('a')}</m:e><m:sub>{made.run('i')}</m:sub><m:sup>{made.run('2')}</m:sup></m:sSubSup>", "{a}_{i}^{2}"),
    (made.run("50% of {a_b}"), r"50\% of \{a\_b\}"),
]  # fmt: skip


@pytest.mark.parametrize("xml, latex", FORMULAS, ids=[latex for _, latex in FORMULAS])
def test_word_formula_becomes_latex(xml, latex):
    text = office.read_docx(made.docx(made.paragraph(f"<m:oMath>{xml}</m:oMath>"))).text
    assert text == f"${latex.strip()}$"


def bomb():
    """A .docx whose document.xml is larger than allowed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b" " * (office.MAX_XML + 1))
    return buffer.getvalue()


def declared():
    """A .docx with an entity declaration in its XML."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("word/document.xml", '<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>')
    return buffer.getvalue()


@pytest.mark.parametrize(
    "data", [b"", b"PK", b"PK\x03\x04" + b"\0" * 40, made.docx("")[:-30], bomb(), declared()]
)
def test_broken_or_oversized_docx_is_linked_with_a_reason(data):
    document = documents.read_document("a.docx", data)
    assert document.files == {"a.docx": data} and "docx" in document.reason


def test_html_and_svg_documents_are_kept_as_text_files():
    """HTML and SVG of a student, opened beside the marks, could change them: they are kept as text files."""
    for name in ("a.html", "b.htm", "c.svg", "d.xhtml", "e.xml", "f.mhtml", "g.pdf"):
        document = documents.read_document(name, b"<html><script>alert(1)</script>text</html>")
        assert list(document.files) == [f"{name}.txt"] and document.reason, name
        assert document.text == ("text" if name in ("a.html", "b.htm") else "")


def test_clean_svg_removes_scripts_and_external_links():
    shown = pictures.clean_svg(made.SVG).decode()
    assert "rect" in shown and "#7fb2ea" in shown and 'href="#ok"' in shown
    for word in ("script", "onload", "foreign", "example.org", "javascript", "import"):
        assert word not in shown.lower(), word
    for bad in (
        b"<svg",
        b"<x/>",
        b'<!DOCTYPE svg [<!ENTITY a "b">]><svg xmlns="http://www.w3.org/2000/svg">&a;</svg>',
    ):
        with pytest.raises(ValueError):
            pictures.clean_svg(bad)


@pytest.mark.slow
@pytest.mark.parametrize("kind, name", [("HEIF", "a.heic"), ("TIFF", "b.tiff")])
def test_heic_and_tiff_photos_become_jpeg(kind, name):
    needed("pillow_heif")
    document = documents.read_document(name, made.photo(kind))
    assert document.shown == [f"{name}.jpg"] and document.files[f"{name}.jpg"].startswith(
        b"\xff\xd8"
    )
    damaged = documents.read_document(name, b"\0" * 100)
    assert damaged.files == {name: b"\0" * 100} and damaged.reason == "damaged"
    assert damaged.reason.zh == "已损坏"


def test_photos_are_linked_without_the_conversion_library(monkeypatch):
    def fail(data, suffix):
        raise pictures.ConversionError("converting needs pillow and pillow-heif")

    monkeypatch.setattr(pictures, "to_jpeg", fail)
    document = documents.read_document("a.heic", b"x")
    assert document.files == {"a.heic": b"x"} and not document.shown
    assert "pillow-heif" in document.reason


@pytest.mark.slow
def test_pdf_of_60_mb_does_not_exclude_other_documents(tmp_path):
    """From a zip with a PDF of 60 MB, answers and a photo all files are used."""
    pdf = made.PDF + b"\0" * (60 * 2**20)
    with zipfile.ZipFile(
        tmp_path / "20260001.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1
    ) as archive:
        archive.writestr("hmm/model.py", "def forward(pi, A, B, obs):\n    return 1\n")
        archive.writestr("hmm/scan.pdf", pdf)
        archive.writestr("hmm/answers.md", made.SHORT)
        archive.writestr("a photo.png", made.PNG)
    submission = read_submission(tmp_path / "20260001.zip", ["hmm"])
    assert {"scan.pdf", "answers.md"} <= set(submission.written["hmm"])
    assert len(submission.written["hmm"]) == 3 and len(
        submission.written["hmm"]["scan.pdf"]
    ) == len(pdf)


def test_markdown_is_typeset_without_active_content():
    for package in ("markdown_it", "mdit_py_plugins", "latex2mathml"):
        needed(package)
    shown = typeset.typeset(made.GOOD, {"figures/trellis.png": "files/a b.png"})
    assert "<mfrac>" in typeset.typeset(r"$$\frac{1}{2}$$") and shown.count("<math") == 8
    assert '<img alt="三个月" src="files/a%20b.png" loading="lazy">' in shown and "<table>" in shown
    hostile = typeset.typeset(made.HOSTILE, {})
    for tag in (
        "<script",
        "<img",
        "<svg",
        "<iframe",
        "<a ",
        "</article",
        'javascript:alert(1)"',
        "position:fixed",
    ):
        assert tag not in hostile, tag
    for source in (
        "$" * 3000,
        "[" * 3900,
        "> " * 3000,
        "*a " * 3900,
        "${" + "{" * 2000 + "$",
        "\\begin{align}" * 3000,
        "\x00$\x01$",
    ):
        assert typeset.typeset(source)


def test_markdown_stays_plain_text_without_the_libraries(monkeypatch):
    def fail():
        raise typeset.Unavailable

    monkeypatch.setattr(typeset, "_renderer", fail)
    assert typeset.typeset("**a** <b>") == "<pre>**a** &lt;b&gt;</pre>" and typeset.stays_plain()


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_rubric_items_add_up_to_the_points_of_the_question(lang):
    """The items of each question, and of each alternative way, add up to the question's points in both languages."""
    for homework, values in settings.load().homeworks.items():
        for question, most in values.written.items():
            items = rubric_items(homework, question, most, lang)
            sums = {}
            for item in items:
                assert item.text and manual.BETWEEN not in item.text
                if item.points > 0:
                    sums[item.way] = sums.get(item.way, 0) + item.points
            assert set(sums.values()) == {most}, (homework, question, sums)
            assert len({item.text for item in items}) == len(items)
    assert rubric_items("hmm", "w99", 4, lang)[0].points == 4


def test_manual_marks_are_read_back_unchanged(tmp_path):
    """A written template is read back unchanged: ids with zeros, formulas, multi-line comments, rubric items."""
    key = manual.Question("0012", "hmm", "w1")
    mark = manual.WrittenMark(7.5, '=1+1，好\n第二行; "x"', "(2) a | (-1) b")
    path = tmp_path / "manual.csv"
    path.write_text(
        manual.template([(key, mark), (key._replace(question="w2"), None)]),
        encoding="utf-8",
        newline="",
    )
    assert manual.read_manual(path, settings.load()) == {key: mark} and mark.applied == [
        "(2) a",
        "(-1) b",
    ]
    assert list(manual.read_rows(path)[1].values()) == ["0012", "hmm/w2", "", "", ""]
    rubric = "student,id,points,comment,rubric\nrubric,hmm/w1,,,(2) a\n0012,hmm/w1,2,,\n"
    path.write_text(rubric, encoding="utf-8")
    assert list(manual.read_manual(path, settings.load())) == [key]
    path.write_text("student,id\n", encoding="utf-8")
    with pytest.raises(TableError, match="points"):
        manual.read_manual(path, settings.load())


def test_separator_is_found_despite_multi_line_comments(tmp_path):
    comment = "，".join("好") + "\n一，二\n" * 15
    path = tmp_path / "manual.csv"
    path.write_text(f'student,id,points,comment\n1,hmm/w1,2,"{comment}"\n', encoding="utf-8")
    assert read_table(path).separator == ","


def test_every_written_file_is_shown_or_named_with_a_reason(tmp_path):
    """The class has answers outside the homework's folder, in GBK and UTF-16, .docx, a broken file, a .pages file."""
    intake = read_class(made.make_class(tmp_path / "in"), ["hmm"])
    works = {s.name: written.keep_written(tmp_path, s)["hmm"] for s in intake.submissions}
    assert works["20260003_王五"].texts == {"answers.md": made.PLAIN}
    assert works["20260004_赵六"].texts == {"answers.md": made.SHORT}
    for submission in intake.submissions:
        work = works[submission.name]
        for name in submission.written.get("hmm", {}):
            assert name in work.texts or name in work.files or name in work.reasons, name
        for path in work.files.values():
            assert (tmp_path / written.FOLDER / path).is_file()
    pages = written.written_pages(
        written.Class({name: {"hmm": work} for name, work in works.items()}),
        ["hmm"],
        settings.load(),
        "en",
    )
    for words in (
        "broken.docx</span>",
        "is not a .docx file that can be read",
        "w1.pages</span>",
        "is not a PDF file",
    ):
        assert words in pages["hmm-w1.html"], words
    assert list(pages) == ["hmm-w1.html", "hmm-w2.html", "hmm-w3.html"]
