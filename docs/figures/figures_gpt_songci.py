"""Figures of gpt_songci: the shapes of attention's steps, the causal mask, a block with its norms before or behind."""

import math

from svg import Figure

HEADS = ("blue", "orange", "green")


def sheets(fig, x, y, w, h, shape, text="", count=3):
    """A stack of `count` matrices, one a head, centred on (x, y), with the shape written under it."""
    shift = 9
    for number in range(count - 1, -1, -1):
        dx = (number - (count - 1) / 2) * shift
        fig.box(x + dx, y - dx, w, h, "", "ink", radius=2, opacity=0)
        fig.parts[-1] = fig.parts[-1].replace('class="shape ink"', 'class="paper"')
        fig.box(x + dx, y - dx, w, h, "", HEADS[number], radius=2, opacity=0.22)
    front = -(count - 1) / 2 * shift
    if text:
        fig.text(x + front, y - front, text, "ink", 18)
    fig.text(x, y + h / 2 + 26, shape, "soft", 16)


def banded(fig, x, y, w, h, shape, text="", bands=3):
    """A matrix L × C whose columns belong to heads."""
    for number in range(bands):
        left = x - w / 2 + (number + 0.5) * w / bands
        fig.box(left, y, w / bands, h, "", HEADS[number], radius=0, opacity=0.22)
    if text:
        fig.text(x, y, text, "ink", 20)
    fig.text(x, y + h / 2 + 18, shape, "soft", 16)


def plain(fig, x, y, w, h, shape, text="", colour="soft"):
    """A matrix L × C before it has heads."""
    fig.box(x, y, w, h, text, colour, 20, radius=2, opacity=0.18)
    fig.text(x, y + h / 2 + 18, shape, "soft", 16)


def step(fig, x, y, name):
    """The number of a step, as the methods of model.py count them."""
    fig.box(x, y, 18 + 9 * len(name), 26, name, "purple", 17, radius=13, opacity=0.18)


def attention_steps():
    """Steps 1 to 5 with the shape behind each: C = h · d."""
    fig = Figure(980, 640)
    rows = {"q": 75, "k": 200, "v": 325}
    # step 1
    plain(fig, 75, 200, 84, 66, "(B, L, C)", "x")
    for name, y in rows.items():
        plain(fig, 250, y, 84, 66, "(B, L, C)", name)
        fig.arrow((118, 200 + (y - 200) * 0.12), (207, y), text=f"W_{name}", off=0)
        banded(fig, 440, y, 84, 66, "(B, L, h, d)", name)
        fig.arrow((293, y), (397, y))
    step(fig, 118, 118, "1")
    for y in rows.values():
        step(fig, 345, y - 22, "2")
    # step 3.1
    sheets(fig, 640, rows["q"], 38, 58, "(B, h, L, d)", "q")
    sheets(fig, 640, rows["k"], 58, 38, "(B, h, d, L)", "k^T")
    sheets(fig, 640, rows["v"], 38, 58, "(B, h, L, d)", "v")
    for y in rows.values():
        fig.arrow((483, y), (590, y))
        step(fig, 540, y - 22, "3.1")
    # steps 3.2 to 3.4
    fig.line((690, rows["q"]), (735, rows["q"]), (735, 137), colour="ink")
    fig.line((690, rows["k"]), (735, rows["k"]), (735, 137), colour="ink")
    fig.arrow((735, 137), (805, 137))
    step(fig, 770, 112, "3.2")
    sheets(fig, 862, 137, 60, 60, "(B, h, L, L)")
    fig.text(862, 84, "q k^T / √d", "ink", 18)
    # second half
    y = 515
    fig.line((925, 137), (955, 137), (955, 425), (75, 425), colour="ink")
    fig.arrow((75, 425), (75, y - 46))
    step(fig, 112, 447, "3.3")
    sheets(fig, 75, y, 60, 60, "(B, h, L, L)")
    mask(fig, 66, y + 9, 60)
    fig.arrow((122, y), (218, y), text="softmax", off=-16)
    step(fig, 170, y - 22, "3.4")
    sheets(fig, 270, y, 60, 60, "(B, h, L, L)", "A")
    fig.arrow((317, y), (430, y), text="dropout", off=-16)
    step(fig, 360, y - 22, "3.5")
    times = fig.circle(448, y, 17, "×", "purple", 22)
    fig.line((690, rows["v"]), (720, rows["v"]), (720, 400), (448, 400), colour="ink")
    fig.arrow((448, 400), times.top)
    step(fig, 480, 470, "3.6")
    fig.arrow(times.right, (520, y))
    sheets(fig, 562, y, 38, 58, "(B, h, L, d)")
    fig.arrow((602, y), (697, y))
    step(fig, 650, y - 22, "4")
    banded(fig, 742, y, 84, 66, "(B, L, C)")
    fig.arrow((786, y), (870, y), text="W_o", off=-16)
    step(fig, 828, y - 22, "5")
    plain(fig, 916, y, 84, 66, "(B, L, C)")
    fig.text(490, 615, "C = h · d", "soft", 19)
    return fig


def mask(fig, x, y, side):
    """The hidden upper triangle on the front sheet of a stack."""
    a = side / 2
    fig.add(
        f'<path class="shape ink" style="--o:.45" d="M{x - a:g},{y - a:g}h{side:g}v{side:g}z"/>'
    )
    fig.text(x + 12, y - 12, "−∞", "ink", 15)


def causal_mask():
    """Scores with −∞ above the diagonal, and the weights that softmax makes of them: each row adds up to 1."""
    fig = Figure(890, 430)
    n, side = 6, 48
    scores = [[math.sin(1.7 * i + 2.3 * j * j) for j in range(n)] for i in range(n)]
    for x, name in ((85, "S"), (525, "A")):
        fig.grid(
            x,
            80,
            n,
            n,
            (side, side),
            lambda i, j, name=name: shade(scores, i, j, name),
            lambda i, j: "blue" if j <= i else "soft",
            lambda i, j, name=name: "" if j <= i else ("−∞" if name == "S" else "0"),
            17,
        )
        for k in range(n):
            fig.text(x - 20, 80 + (k + 0.5) * side, str(k), "soft", 17)
            fig.text(x + (k + 0.5) * side, 64, str(k), "soft", 17)
        fig.text(x - 52, 80 + n * side / 2, "i", "ink", 22)
        fig.text(x + n * side / 2, 32, "j", "ink", 22)
        fig.text(x + n * side / 2, 80 + n * side + 30, f"{name}_{{i\u2009j}}", "ink", 22)
    fig.arrow((388, 224), (446, 224))
    fig.text(417, 200, "softmax", "ink", 18)
    for k in range(n):
        fig.text(850, 80 + (k + 0.5) * side, "∑ = 1", "soft", 17)
    return fig


def shade(scores, i, j, name):
    """How full a cell of the causal mask's two matrices is."""
    if j > i:
        return 0.1
    if name == "S":
        return 0.45 + 0.35 * scores[i][j]
    weights = [math.exp(1.5 * value) for value in scores[i][: i + 1]]
    return 0.08 + 0.85 * weights[j] / sum(weights)


def block_norm():
    """Pre-norm beside post-norm: where the layer norm stands, and what runs on without one."""
    fig = Figure(860, 640)
    for x, pre in ((230, True), (630, False)):
        road = x - 110
        fig.text(x - 40, 28, "x + f(ln(x))" if pre else "ln(x + f(x))", "ink", 21)
        fig.box(x - 20, 330, 350, 490, "", "soft", radius=14, opacity=0)
        fig.text(road, 618, "x", "blue", 22)
        below = 600
        for number, name in ((1, "attn"), (2, "mlp")):
            base = 575 - 235 * (number - 1)
            norm, plus = f"ln_{number}", base - 170
            if pre:
                fig.line((road, base), (x + 40, base), colour="ink")
                box = fig.box(x + 40, base - 52, 100, 42, norm, "green", 21)
                fig.arrow((x + 40, base), box.bottom)
                act = fig.box(x + 40, base - 118, 100, 42, name, "orange", 20)
                fig.arrow(box.top, act.bottom)
                node = fig.circle(road, plus, 17, "+", "blue", 24)
                fig.line(act.top, (x + 40, plus), colour="ink")
                fig.arrow((x + 40, plus), node.right)
                fig.arrow((road, below), node.bottom, "blue", bold=True)
                below = plus - 17
            else:
                fig.line((road, base), (x + 40, base), colour="ink")
                act = fig.box(x + 40, base - 55, 100, 42, name, "orange", 20)
                fig.arrow((x + 40, base), act.bottom)
                plus = base - 108
                node = fig.circle(road, plus, 17, "+", "blue", 24)
                fig.line(act.top, (x + 40, plus), colour="ink")
                fig.arrow((x + 40, plus), node.right)
                fig.arrow((road, below), node.bottom, "blue", bold=True)
                box = fig.box(road, base - 172, 84, 40, norm, "green", 21)
                fig.arrow(node.top, box.bottom, "blue", bold=True)
                below = box.top[1]
        fig.arrow((road, below), (road, 62), "blue", bold=True)
        fig.text(road + 22, 68, "x", "blue", 22)
        fig.text(x + 128, 110, "× N", "soft", 19)
    return fig


FIGURES = {
    "attention_steps": attention_steps,
    "causal_mask": causal_mask,
    "block_norm": block_norm,
}
