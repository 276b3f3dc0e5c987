"""Figures of hw_attention: positions, three kinds of layer, one decoding step of seq2seq with attention, several heads, a
post-norm block."""

import math

from figures_gpt_songci import HEADS, block_norm
from svg import Figure


def positions():
    """Left: each pair of columns as a clock hand, for p = 0 to 7. Right: the whole table, from -1 (empty) to 1 (full)."""
    fig = Figure(960, 400)
    radius, d = 25, 8
    for row, colour in enumerate(HEADS):
        y = 95 + 95 * row
        fig.text(64, y, f"i = {2 * row}, {2 * row + 1}", colour, 18)
        for p in range(8):
            x = 145 + 62 * p
            angle = p / 10000 ** (2 * row / d)
            tip = x + radius * math.sin(angle), y - radius * math.cos(angle)
            fig.circle(x, y, radius, "", "soft")
            fig.line((x, y), tip, colour=colour, bold=True)
            if row == 0:
                fig.text(x, y - 50, f"{p}", "soft", 17)
    fig.text(64, 45, "p", "soft", 18)
    for p in range(8):
        fig.text(145 + 62 * p, 345, "⋮", "soft", 20)
    rows, columns, left, top = 24, 16, 690, 60
    fig.grid(left, top, rows, columns, (14, 12), value_of_position, colour="blue")
    fig.text(left + 112, top - 22, "i = 0, …, 15", "ink", 17)
    fig.text(left - 22, top + 7, "0", "soft", 15)
    fig.text(left - 22, top + 144, "p", "ink", 18)
    fig.text(left - 22, top + 281, "23", "soft", 15)
    return fig


def value_of_position(p, i, d=16):
    """PosEnc(p, i) of d columns, brought from [-1, 1] to an opacity."""
    angle = p / 10000 ** ((i - i % 2) / d)
    return 0.04 + 0.44 * (1 + (math.cos(angle) if i % 2 else math.sin(angle)))


def paths():
    """How far x_1 reaches: along a chain of states, through two layers of filters, in one step of attention."""
    fig = Figure(960, 330)
    for panel in range(3):
        xs = [60 + 320 * panel + 52 * n for n in range(5)]
        levels = [275, 160, 50] if panel == 1 else [275, 90]
        names = ["x", "g", "h"] if panel == 1 else ["x", "h"] if panel == 0 else ["x", "y"]
        boxes = [
            [
                fig.box(x, y, 40, 32, f"{name}_{n}", "green" if name == "x" else "blue", 17)
                for n, x in enumerate(xs, 1)
            ]
            for y, name in zip(levels, names)
        ]
        on_way = WAYS[panel]
        links = [
            (level, a, level + 1, b)
            for level in range(len(levels) - 1)
            for a in range(5)
            for b in range(5)
            if abs(a - b) <= REACH[panel]
        ]
        links += [(1, n, 1, n + 1) for n in range(4)] if panel == 0 else []
        for link in sorted(links, key=lambda link: link in on_way):  # red ones lie on top
            level, a, other, b = link
            red = link in on_way
            start, end = boxes[level][a], boxes[other][b]
            sides = (start.right, end.left) if level == other else (start.top, end.bottom)
            fig.arrow(*sides, "red" if red else "soft", bold=red)
    return fig


REACH = (0, 1, 4)  # how far a link leads: recurrent layer, filters three wide, self-attention
WAYS = (  # links that lead from x_1 as far as possible: level, token, level, token
    [(0, 0, 1, 0), (1, 0, 1, 1), (1, 1, 1, 2), (1, 2, 1, 3), (1, 3, 1, 4)],
    [(0, 0, 1, 1), (1, 1, 2, 2)],
    [(0, 0, 1, 4)],
)


def seq2seq():
    """The decoder's previous state asks, the encoder's states answer: weights, their mix, the next state."""
    fig = Figure(960, 560)
    xs = [90, 210, 330, 450]
    names = ["1", "2", "3", "S"]
    y_x, y_h, y_a = 510, 415, 295
    alpha = [0.12, 0.55, 0.23, 0.1]
    encoder = []
    for x, name in zip(xs, names):
        source = fig.box(x, y_x, 56, 40, f"x_{name}", "green", 20)
        encoder.append(fig.box(x, y_h, 62, 46, f"h_{name}", "blue", 21))
        fig.arrow(source.top, encoder[-1].bottom)
    for n, (a, b) in enumerate(zip(encoder, encoder[1:])):
        if n < 2:
            fig.arrow(a.right, b.left)
        else:
            fig.text((a.x + b.x) / 2, y_h, "⋯", "ink", 26)
    # weights
    base = y_a + 8
    fig.line((50, base), (490, base), colour="soft")
    mix = fig.circle(270, 145, 22, "∑", "purple", 24)
    for box, weight, name in zip(encoder, alpha, names):
        fig.box(box.x, base - weight * 55, 26, weight * 110, "", "purple", radius=0, opacity=0.45)
        fig.arrow(box.top, (box.x, base + 2), "soft")
        fig.text(box.x + 38, base - 15, f"α_{{t{name}}}", "purple", 18)
        fig.arrow((box.x, base - weight * 110 - 4), mix.toward((box.x, base - 40)), "purple")
    # decoder
    before = fig.box(620, y_h, 76, 46, "g_{t−1}", "orange", 21)
    cell = fig.box(770, y_h, 82, 52, "GRU", "ink", 19)
    after = fig.box(905, y_h, 62, 46, "g_t", "orange", 21)
    fig.arrow(before.right, cell.left)
    fig.arrow(cell.right, after.left)
    word = fig.box(770, y_x, 108, 40, "e(y_{t−1})", "green", 20)
    fig.arrow(word.top, cell.bottom)
    # the query, drawn as one bus under the weights
    bus = 348
    fig.line(before.top, (before.x, bus), (xs[0], bus), colour="orange", dash=True)
    for x in xs:
        fig.circle(x, bus, 5, "", "orange", opacity=1)
    fig.text(690, bus, "score(g_{t−1}, h_s)", "orange", 18)
    fig.text(545, base - 8, "softmax_s", "purple", 18)
    # the context
    context = fig.box(620, 145, 62, 46, "c_t", "purple", 21)
    fig.arrow(mix.right, context.left, "purple")
    fig.text(440, 122, "∑_s α_{ts} h_s", "purple", 19, halo=True)
    fig.line(context.right, (770, 145), colour="purple")
    fig.arrow((770, 145), cell.top, "purple")
    join = fig.box(905, 145, 84, 44, "[g_t; c_t]", "ink", 19)
    fig.arrow((770, 145), join.left, "purple")
    fig.arrow(after.top, join.bottom, "orange")
    out = fig.box(905, 50, 62, 42, "y_t", "orange", 21)
    fig.arrow(join.top, out.bottom, text="W_o, b_o", off=42, position=0.5)
    return fig


def heads():
    """The width C is cut into h heads; each mixes the values by weights of its own; heads side by side again."""
    fig = Figure(960, 500)
    ys = [95, 245, 395]
    centre = ys[1]

    def wide(x, name, shape):
        """L × C with a band of columns a head."""
        for number, colour in enumerate(HEADS):
            fig.grid(x + number * 32, centre - 55, 5, 2, (16, 22), lambda i, j: 0.3, colour=colour)
        fig.text(x + 48, centre - 80, name, "ink", 20)
        fig.text(x + 48, centre + 78, shape, "soft", 17)
        fig.bracket(x, x + 30, centre + 100, "d", up=False, depth=6)

    fig.text(40, centre, "L", "soft", 18)
    wide(60, "q, k, v", "(L, C)")
    ends = []
    for number, (y, colour) in enumerate(zip(ys, HEADS), 1):
        for k, name in enumerate("qkv"):
            fig.grid(285 + k * 58, y - 48, 5, 2, (14, 18), lambda i, j: 0.3, colour=colour)
            fig.text(299 + k * 58, y - 62, f"{name}^{{({number})}}", colour, 16)
        fig.arrow((165, centre + (y - centre) * 0.2), (270, y), colour)
        fig.grid(
            540,
            y - 48,
            5,
            5,
            (19, 18),
            lambda i, j, n=number: weight(i, j, n),
            colour=colour,
        )
        fig.text(587, y - 62, f"α^{{({number})}}", colour, 17)
        fig.arrow((450, y), (530, y), colour, text="softmax", off=16)
        fig.arrow((642, y), (700, y), colour)
        fig.grid(710, y - 48, 5, 2, (14, 18), lambda i, j: 0.3, colour=colour)
        fig.text(726, y - 62, f"α^{{({number})}} v^{{({number})}}", colour, 16)
        ends.append((748, y))
    for (x, y), colour in zip(ends, HEADS):
        fig.arrow((x, y), (815, centre + (y - centre) * 0.2), colour)
    wide(825, "y", "(L, C)")
    fig.text(587, 472, "(h, L, L)", "soft", 17)
    fig.text(357, 472, "(h, L, d)", "soft", 17)
    fig.text(724, 472, "(h, L, d)", "soft", 17)
    return fig


def weight(i, j, head):
    """What a head looks at: itself, the token before, or the first one."""
    wanted = {1: i, 2: max(i - 1, 0), 3: 0}[head]
    return 0.85 if j == wanted else 0.25 if abs(j - wanted) == 1 else 0.07


FIGURES = {
    "positions": positions,
    "paths": paths,
    "seq2seq": seq2seq,
    "heads": heads,
    "block_norm": block_norm,
}
