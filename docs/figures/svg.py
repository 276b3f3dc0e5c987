"""A small canvas for the figures of the sheets: boxes, arrows and formulas, readable in light and dark mode.

Coordinates are pixels from the top left corner; boxes are placed by their centre. Colours are names of `COLOURS`, which
the style sheet inside the file resolves for the reader's colour scheme. Formulas are written as in `h_{t-1}`.
"""

import html
import math
import re
from dataclasses import dataclass

COLOURS = {  # name: light, dark
    "ink": ("#1f2328", "#e6edf3"),
    "soft": ("#66707b", "#9da7b1"),
    "blue": ("#0b62c4", "#79b8ff"),
    "red": ("#c62828", "#ff8f87"),
    "green": ("#1a7f37", "#6fdc8c"),
    "orange": ("#a85400", "#ffb86b"),
    "purple": ("#7b3fb5", "#d2a8ff"),
}
PAPER = ("#ffffff", "#14181d")
FONT = '"STIX Two Text","Times New Roman","Liberation Serif","Noto Serif",serif'
NBSP, HAT, BAR = "\u00a0", "\u0302", "\u0304"


def variables(column):
    """The custom properties of one colour scheme. column: 0 for light, 1 for dark."""
    pairs = [("paper", PAPER), *COLOURS.items()]
    return "".join(f"--{name}:{values[column]};" for name, values in pairs)


STYLE = "\n".join(
    [
        f".seqfig{{{variables(0)}}}",
        f"@media (prefers-color-scheme:dark){{.seqfig{{{variables(1)}}}}}",
        f".seqfig text{{font-family:{FONT};text-anchor:middle;fill:var(--c)}}",
        ".seqfig .halo{fill:var(--paper);paint-order:stroke;stroke:var(--paper);stroke-width:6px;stroke-linejoin:round}",
        ".seqfig .i{font-style:italic}",
        ".seqfig .start{text-anchor:start}",
        ".seqfig .end{text-anchor:end}",
        ".seqfig .paper{fill:var(--paper)}",
        ".seqfig .line{fill:none;stroke:var(--c);stroke-width:2}",
        ".seqfig .shape{fill:var(--c);fill-opacity:var(--o,.13);stroke:var(--c);stroke-width:1.6}",
        ".seqfig .cell{fill:var(--c);stroke:var(--c);stroke-opacity:.45;stroke-width:1}",
        ".seqfig .solid{fill:var(--c)}",
        ".seqfig .dash{stroke-dasharray:7 5}",
        ".seqfig .bold{stroke-width:4}",
        *(f".seqfig .{name}{{--c:var(--{name})}}" for name in COLOURS),
    ]
)
TOKEN = re.compile(r"[_^](?:\{[^{}]*\}|.)|[A-Za-z]{2,}|[A-Za-z\u0391-\u03c9]['\u0302\u0304]*|.")


def number(value):
    """A coordinate as text, rounded to a tenth of a pixel."""
    return f"{round(value, 1):g}"


def formula(text, size):
    """The tspans of a formula: single letters italic, words upright, `_` and `^` as sub- and superscript."""
    spans, shift = [], 0.0
    for token in TOKEN.findall(text):
        level = {"_": 0.26, "^": -0.36}.get(token[0]) if len(token) > 1 else None
        if level is None:
            parts, small, wanted = [token], False, 0.0
        else:
            parts = TOKEN.findall(token[1:].strip("{}"))
            small, wanted = True, level * size
        for part in parts:
            plain = part.rstrip(f"'{HAT}{BAR}")
            italic = plain.isalpha() and len(plain) <= 1 + small  # a subscript ts is t and s
            spans.append((part.replace(" ", NBSP), italic, small, wanted))
    joined = []
    for span in spans:  # neighbours of one style become one tspan
        if joined and joined[-1][1:] == span[1:]:
            joined[-1] = (joined[-1][0] + span[0], *span[1:])
        else:
            joined.append(span)
    out = []
    for part, italic, small, wanted in joined:
        attributes = ' class="i"' if italic else ""
        if small:
            attributes += f' font-size="{number(size * 0.72)}"'
        if wanted != shift:
            attributes += f' dy="{number(wanted - shift)}"'
        shift = wanted
        escaped = html.escape(part, quote=False)
        for mark, shape in ((HAT, "ˆ"), (BAR, "ˉ")):
            escaped = escaped.replace(mark, f'<tspan dx="-.36em">{shape}</tspan>')
        out.append(f"<tspan{attributes}>{escaped}</tspan>" if attributes else escaped)
    return "".join(out)


@dataclass(frozen=True)
class Box:
    """Where a shape is: centre, width and height. Its sides are where arrows begin and end."""

    x: float
    y: float
    w: float
    h: float

    @property
    def left(self):
        return self.x - self.w / 2, self.y

    @property
    def right(self):
        return self.x + self.w / 2, self.y

    @property
    def top(self):
        return self.x, self.y - self.h / 2

    @property
    def bottom(self):
        return self.x, self.y + self.h / 2

    def toward(self, point, gap=0):
        """The point of the outline (as an ellipse) in the direction of another point, `gap` pixels outside."""
        dx, dy = point[0] - self.x, point[1] - self.y
        length = math.hypot(dx, dy) or 1.0
        ux, uy = dx / length, dy / length
        radius = 1 / math.hypot(ux / (self.w / 2), uy / (self.h / 2)) + gap
        return self.x + ux * radius, self.y + uy * radius


class Figure:
    """An SVG file in the making. Methods draw in order: later shapes lie on top."""

    def __init__(self, width, height):
        self.width, self.height, self.parts = width, height, []

    def add(self, tag):
        self.parts.append(tag)

    def text(self, x, y, text, colour="ink", size=18, anchor="", halo=False):
        """A formula centred on (x, y), or starting or ending there (anchor "start", "end")."""
        for halo_class in ["halo", ""] if halo else [""]:  # the halo of a part would hide another
            names = " ".join(filter(None, (colour, anchor, halo_class)))
            self.add(
                f'<text class="{names}" x="{number(x)}" y="{number(y + size * 0.33)}" '
                f'font-size="{number(size)}">{formula(text, size)}</text>'
            )

    def box(self, x, y, w, h, text="", colour="ink", size=18, radius=7, opacity=None, dash=False):
        """A rounded rectangle with a formula in it."""
        names = f"shape {colour}" + " dash" * dash
        style = "" if opacity is None else f' style="--o:{opacity:g}"'
        self.add(
            f'<rect class="{names}"{style} x="{number(x - w / 2)}" y="{number(y - h / 2)}" '
            f'width="{number(w)}" height="{number(h)}" rx="{number(radius)}"/>'
        )
        if text:
            self.text(x, y, text, colour, size)
        return Box(x, y, w, h)

    def circle(self, x, y, r, text="", colour="ink", size=18, opacity=None):
        """A circle with a formula in it."""
        style = "" if opacity is None else f' style="--o:{opacity:g}"'
        self.add(
            f'<circle class="shape {colour}"{style} cx="{number(x)}" cy="{number(y)}" r="{number(r)}"/>'
        )
        if text:
            self.text(x, y, text, colour, size)
        return Box(x, y, 2 * r, 2 * r)

    def path(self, d, colour="ink", dash=False, bold=False, head=False):
        names = f"line {colour}" + " dash" * dash + " bold" * bold
        end = f' marker-end="url(#head-{colour})"' if head else ""
        self.add(f'<path class="{names}" d="{d}"{end}/>')

    def line(self, *points, colour="ink", dash=False, bold=False, head=False):
        """A line through points, with an arrow head at its end if `head`."""
        d = "M" + "L".join(f"{number(x)},{number(y)}" for x, y in points)
        self.path(d, colour, dash, bold, head)

    def arrow(
        self, start, end, colour="ink", bend=0, dash=False, bold=False, text="", position=0.5, off=0
    ):
        """An arrow, bent by `bend` pixels to its left; a formula stands at the share `position` of it, `off` pixels beside it."""
        dx, dy = end[0] - start[0], end[1] - start[1]
        length = math.hypot(dx, dy) or 1.0
        nx, ny = dy / length, -dx / length
        control = (start[0] + end[0]) / 2 + 2 * bend * nx, (start[1] + end[1]) / 2 + 2 * bend * ny
        if bend:
            points = [start, control, end]
            d = "M{},{}Q{},{},{},{}".format(*(number(v) for point in points for v in point))
            self.path(d, colour, dash, bold, True)
        else:
            self.line(start, end, colour=colour, dash=dash, bold=bold, head=True)
        if text:
            a, b, c = (1 - position) ** 2, 2 * position * (1 - position), position**2
            x = a * start[0] + b * control[0] + c * end[0] + off * nx
            y = a * start[1] + b * control[1] + c * end[1] + off * ny
            self.text(x, y, text, colour, 17, halo=True)

    def grid(self, x, y, rows, columns, side, opacity, colour="blue", texts=None, size=14):
        """Cells from the top left corner (x, y). side: width and height of a cell. opacity(i, j): how full it is.

        colour: a name, or a function of (i, j). texts(i, j): a formula or "".
        """
        w, h = side
        for i in range(rows):
            for j in range(columns):
                name = colour(i, j) if callable(colour) else colour
                self.add(
                    f'<rect class="cell {name}" x="{number(x + j * w)}" y="{number(y + i * h)}" '
                    f'width="{number(w)}" height="{number(h)}" fill-opacity="{opacity(i, j):.2g}"/>'
                )
                if texts and texts(i, j):
                    self.text(x + (j + 0.5) * w, y + (i + 0.5) * h, texts(i, j), "ink", size)
        return Box(x + columns * w / 2, y + rows * h / 2, columns * w, rows * h)

    def bracket(self, x1, x2, y, text, colour="soft", up=True, depth=9):
        """A bracket over (or under) the span x1 .. x2 with a formula at its middle."""
        sign = -1 if up else 1
        self.line((x1, y), (x1, y + sign * depth), (x2, y + sign * depth), (x2, y), colour=colour)
        self.text((x1 + x2) / 2, y + sign * (depth + 14), text, colour, 17)

    def size_beside(self, x, y1, y2, text, colour="soft"):
        """The extent y1 .. y2 of a matrix, written left of it."""
        self.line((x, y1), (x - 6, y1), (x - 6, y2), (x, y2), colour=colour)
        self.text(x - 17, (y1 + y2) / 2, text, colour, 16)

    def svg(self):
        """The whole file as text."""
        heads = "\n".join(
            f'<marker id="head-{name}" class="{name}" viewBox="0 0 10 10" refX="8.5" refY="5" markerWidth="11" '
            'markerHeight="11" markerUnits="userSpaceOnUse" orient="auto">'
            '<path class="solid" d="M0,0.8L10,5L0,9.2z"/></marker>'
            for name in COLOURS
            if any(f"#head-{name})" in part for part in self.parts)
        )
        return "\n".join(
            [
                '<svg xmlns="http://www.w3.org/2000/svg" class="seqfig" role="img" '
                f'viewBox="0 0 {self.width} {self.height}" width="{self.width}" height="{self.height}">',
                f"<style>\n{STYLE}\n</style>",
                *([f"<defs>\n{heads}\n</defs>"] if heads else []),
                f'<rect class="paper" width="{self.width}" height="{self.height}" rx="10"/>',
                *self.parts,
                "</svg>\n",
            ]
        )
