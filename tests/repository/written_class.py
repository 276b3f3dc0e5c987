"""Generates a class with written work of every kind; its files are made here and not stored in the repository."""

import io
import os
import zipfile
from pathlib import Path

# Windows has no file names with angle brackets.
NAME_WITH_MARKUP = "20260006_<b>孙八" if os.name == "posix" else "20260006_&lt;b孙八"

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360f8cf50000003840180f84ffdbf0000000049454e44ae426082"
)
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>\n"
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
M = "http://schemas.openxmlformats.org/officeDocument/2006/math"
R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
A = "http://schemas.openxmlformats.org/drawingml/2006/main"
IMAGE = f"{R}/image"

GOOD = r"""# hmm 书面题

张三 20260001

## w1 (10)

1. $\pi = (0.5, 0.5)$，$A = \begin{pmatrix} 0.6 & 0.4 \\ 0.5 & 0.5 \end{pmatrix}$，

| | H | M | L |
|---|---|---|---|
| 畅销 | 0.4 | 0.4 | 0.2 |
| 滞销 | 0.2 | 0.3 | 0.5 |

2. $\delta_1 = (0.2, 0.1)$，然后

$$\delta_2(1) = \max(0.2 \cdot 0.6,\ 0.1 \cdot 0.5) \cdot 0.4 = 0.048, \qquad \varphi_2(1) = S_1$$

所以路径是 **畅销, 畅销, 滞销**，概率 0.0096。

![三个月](figures/trellis.png)

## w2

\[ \alpha_t(j) = \Bigl[\sum_i \alpha_{t-1}(i) a_{ij}\Bigr] b_j(o_t) \]

因为 \(q_t\) 只依赖 \(q_{t-1}\)（马尔可夫性）。

## w3

似然上升，F1 下降。
"""
SHORT = "w1. The path is 畅销, 畅销, 滞销 with probability 0.0096.\n\n(w2) by induction on t\n"
PLAIN = "我只写了一段话，没有小标题。路径是畅销、畅销、滞销，概率是 0.0096。\n"
HOSTILE = r"""## w1
<script>document.title = 'owned'; localStorage.clear()</script><img src=x onerror="alert(1)">
<svg onload=alert(1)></svg> <iframe src="https://example.org"></iframe> </div></article></main>
[click](javascript:alert(1)) [data](data:text/html,<script>alert(1)</script>) ![remote](https://example.org/track.png)
![up](../../../../etc/passwd) ![mine](evil.svg) <a href="javascript:alert(1)">x</a>
$\href{javascript:alert(1)}{x}$ $\text{<img src=x onerror=alert(1)>}$ $\style{position:fixed}{y}$ `</code><script>alert(1)</script>`
"""
SVG = b"""<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"
 width="60" height="40" onload="alert(1)">
<script>document.title = 'owned'</script><style>@import url(https://example.org/a.css);</style>
<foreignObject><body xmlns="http://www.w3.org/1999/xhtml" onload="alert(1)"/></foreignObject>
<image href="https://example.org/track.png"/>
<a xlink:href="javascript:alert(1)"><text>x</text></a>
<rect width="60" height="40" fill="#7fb2ea" style="fill:url(https://example.org/p)"/><use href="#ok"/></svg>"""


def docx(paragraphs: str, pictures: dict[str, bytes] | None = None) -> bytes:
    """Bytes of a .docx file.

    paragraphs: XML of the body; pictures: {relation: PNG bytes}, shown by <a:blip r:embed="relation"/>.
    """
    pictures = pictures or {}
    relations = "".join(
        f'<Relationship Id="{name}" Type="{IMAGE}" Target="media/{name}.png"/>' for name in pictures
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "word/document.xml",
            f'<w:document xmlns:w="{W}" xmlns:m="{M}" xmlns:r="{R}" xmlns:a="{A}"><w:body>{paragraphs}</w:body></w:document>',
        )
        archive.writestr(
            "word/_rels/document.xml.rels",
            f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{relations}</Relationships>',
        )
        for name, data in pictures.items():
            archive.writestr(f"word/media/{name}.png", data)
    return buffer.getvalue()


def paragraph(*runs: str, style: str = "") -> str:
    """XML of a paragraph. runs: texts, or XML if they begin with "<"; style: name of a paragraph style."""
    properties = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    inside = "".join(run if run.startswith("<") else f"<w:r><w:t>{run}</w:t></w:r>" for run in runs)
    return f"<w:p>{properties}{inside}</w:p>"


def blip(relation: str) -> str:
    """XML of a run with a picture."""
    return f'<w:r><w:drawing><a:blip r:embed="{relation}"/></w:drawing></w:r>'


def run(text: str) -> str:
    """XML of a run in a formula."""
    return f"<m:r><m:t>{text}</m:t></m:r>"


SUM = f"<m:sub>{run('i=1')}</m:sub><m:sup>{run('n')}</m:sup><m:e>{run('x')}</m:e>"
FORMULA = (
    f"<m:oMath><m:sSub><m:e>{run('δ')}</m:e><m:sub>{run('2')}</m:sub></m:sSub>{run('=')}"
    f"<m:f><m:num>{run('1')}</m:num><m:den>{run('n')}</m:den></m:f>"
    f'<m:nary><m:naryPr><m:chr m:val="∑"/></m:naryPr>{SUM}</m:nary></m:oMath>'
)
TABLE = "<w:tbl><w:tr><w:tc><w:p><w:r><w:t>H</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>0.4</w:t></w:r></w:p></w:tc></w:tr></w:tbl>"
WORD = docx(
    paragraph("w1", style="Heading2")
    + paragraph("最优路径的递推：", FORMULA)
    + TABLE
    + paragraph("见图", blip("photo"))
    + paragraph("w2：", style="Heading2")
    + paragraph("只有这些。"),
    {"photo": PNG},
)


def photo(kind: str, size: tuple[int, int] = (400, 300)) -> bytes:
    """Bytes of a photo in a format of Pillow ("JPEG", "WEBP", "TIFF") or pillow-heif ("HEIF")."""
    from PIL import Image, ImageDraw

    if kind == "HEIF":
        import pillow_heif

        pillow_heif.register_heif_opener()
    image = Image.new("RGB", size, "#f7f2e4")
    ImageDraw.Draw(image).text((20, 20), "w1: 0.0096", fill="#203060")
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return buffer.getvalue()


def make_class(folder: Path, extra: dict[str, dict[str, bytes]] | None = None) -> Path:
    """Write submissions of hmm into a folder; returns the folder.

    extra: {student: {path in the homework's folder: bytes}} of additional students.
    """
    students: dict[str, dict[str, bytes]] = {
        "20260001_张三": {"answers.md": GOOD.encode(), "figures/trellis.png": PNG},
        "20260002_李四": {"answers.md": b"\xef\xbb\xbf" + SHORT.encode()},
        "20260003_王五": {"../answers.md": PLAIN.encode("gb18030")},
        "20260004_赵六": {"answers.md": SHORT.encode("utf-16"), "hmm-w2.pdf": PDF},
        "20260005_钱七": {"answers.docx": WORD},
        NAME_WITH_MARKUP: {"answers.md": HOSTILE.encode(), "evil.svg": SVG, "page.html": b"<p>w3: text</p><script>alert(1)</script>"},
        "20260007_周九": {"w1.pages": b"\0" * 10, "w1.pdf": b"<html><script>alert(1)</script>", "broken.docx": b"PK"},
        "20260008_吴十": {},
        "=1+1": {"answers.md": SHORT.encode()},
    } | (extra or {})  # fmt: skip
    for student, files in students.items():
        for name, data in {
            "model.py": b"def viterbi(pi, A, B, obs):\n    return 1\n",
            **files,
        }.items():
            path = folder / student / "hmm" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.resolve().write_bytes(data)
    return folder
