"""Figures of hmm: Viterbi's trellis, and where α, β and γ look."""

from svg import Figure

ROWS = {1: 95, 2: 195, 3: 295}


def columns(fig, xs, names, y_o):
    """States of a trellis and the symbols under them: {(t, i): Box}."""
    nodes = {}
    for t, (x, name) in enumerate(zip(xs, names), 1):
        for i, y in ROWS.items():
            nodes[t, i] = fig.circle(x, y, 27, "", "soft", opacity=0.06)
        fig.box(x, y_o, 60, 38, f"o_{name}", "green", 20)
    for i, y in ROWS.items():
        fig.text(xs[0] - 75, y, f"S_{i}", "ink", 21)
    return nodes


def viterbi():
    """δ in the states, φ as the arrow that stays of all that lead into a state, the best path bold."""
    fig = Figure(900, 420)
    xs = [150, 350, 550, 750]
    back = {(2, 1): 1, (2, 2): 1, (2, 3): 3, (3, 1): 2, (3, 2): 2, (3, 3): 2, (4, 1): 1}
    back |= {(4, 2): 3, (4, 3): 3}
    path = {1: 1, 2: 2, 3: 3, 4: 2}
    nodes = columns(fig, xs, "1234", 380)
    for t in (2, 3, 4):
        for j in ROWS:
            for i in ROWS:
                a, b = nodes[t - 1, i], nodes[t, j]
                start, end = a.toward((b.x, b.y)), b.toward((a.x, a.y))
                if back[t, j] != i:
                    fig.line(start, end, colour="soft", dash=True)
    for (t, j), i in back.items():
        a, b = nodes[t - 1, i], nodes[t, j]
        best = path[t] == j and path[t - 1] == i
        fig.arrow(b.toward((a.x, a.y)), a.toward((b.x, b.y)), "red" if best else "blue", bold=best)
    for (t, i), node in nodes.items():
        colour = "red" if path[t] == i else "blue"
        fig.circle(node.x, node.y, 27, "", colour, opacity=0.15)
        fig.text(node.x, node.y, f"δ_{t}({i})", colour, 17)
    fig.text(450, 32, "φ_3(3) = 2", "red", 19)
    fig.arrow((455, 45), (464, 242), "red", -16, dash=True)
    fig.text(833, 195, "max", "red", 19)
    fig.line((803, 75), (811, 75), (811, 315), (803, 315), colour="red")
    for x, name in zip(xs, "1234"):
        fig.text(x, 345, f"t = {name}", "soft", 17)
    return fig


def forward_backward():
    """α sums over the paths from the left, β over those to the right, γ weighs a state by both."""
    fig = Figure(940, 490)
    xs = [130, 290, 450, 610, 770]
    fig.box(290, 195, 400, 280, "", "blue", radius=14, opacity=0.06)
    nodes = columns(fig, xs, ["1", "{t−1}", "t", "{t+1}", "T"], 385)
    middle = nodes[3, 2]

    def link(a, b, colour, head):
        """A line between two states, with an arrow head where it reaches the state in the middle."""
        start, end = a.toward((b.x, b.y)), b.toward((a.x, a.y))
        if head:
            fig.arrow(start, end, colour)
        else:
            fig.line(start, end, colour=colour)

    for t in (1, 2):
        for i in ROWS:
            for j in ROWS if t == 1 else (2,):
                link(nodes[t, i], nodes[t + 1, j], "blue", t == 2)
    for t in (3, 4):
        for i in (2,) if t == 3 else ROWS:
            for j in ROWS:
                link(nodes[t, i], nodes[t + 1, j], "orange", False)
    fig.circle(middle.x, middle.y, 27, "γ_t(i)", "purple", 19, opacity=0.28)
    fig.bracket(105, 475, 420, "", "blue", up=False)
    fig.text(290, 447, "α_t(i): o_1 … o_t,  q_t = S_i", "blue", 20)
    fig.bracket(585, 795, 420, "", "orange", up=False)
    fig.text(690, 447, "β_t(i): o_{t+1} … o_T | q_t = S_i", "orange", 20)
    fig.text(450, 28, "γ_t(i): q_t = S_i | o_1 … o_T", "purple", 20)
    fig.arrow((512, 42), (469, middle.y - 23), "purple", dash=True)
    for x, name in zip(xs, ["1", "t−1", "t", "t+1", "T"]):
        fig.text(x, 348, name, "soft", 17)
    for x in (210, 690):
        fig.text(x, 385, "⋯", "soft", 24)
    return fig


FIGURES = {"viterbi": viterbi, "forward_backward": forward_backward}
