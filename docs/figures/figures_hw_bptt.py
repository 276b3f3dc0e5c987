"""Figures of hw_bptt: the unrolled networks with their gradients, and the LSTM's cell in four stages."""

from svg import Figure

STEP = 190


def relu_rnn():
    """w1: one loss behind the last state; its gradient travels back through every state."""
    fig = Figure(920, 430)
    y_h, y_x = 215, 345
    xs = [150, 150 + STEP, 150 + 2.15 * STEP, 150 + 3.1 * STEP]
    names = ["1", "2", "", "l"]
    start = fig.circle(45, y_h, 23, "h_0", "soft")
    states = []
    for x, name in zip(xs, names):
        if not name:
            fig.text(x - 20, y_h, "⋯", "ink", 30)
            fig.text(x - 20, y_x, "⋯", "ink", 30)
            states.append(None)
            continue
        state = fig.circle(x, y_h, 30, f"h_{name}", "blue", 21)
        source = fig.box(x, y_x, 58, 40, f"x_{name}", "green", 20)
        fig.arrow(source.top, state.bottom, "ink", text="U", off=-14)
        states.append(state)
    first, second, _, last = states
    gap = xs[2] - 20
    fig.arrow(start.right, first.left, text="W", off=14)
    fig.arrow(first.right, second.left, text="W", off=14)
    fig.arrow(second.right, (gap - 24, y_h), text="W", off=14)
    fig.arrow((gap + 24, y_h), last.left, text="W", off=14)
    out = fig.box(last.x, 88, 58, 44, "y", "orange", 21)
    loss = fig.circle(last.x + 120, 88, 27, "L", "red", 21)
    fig.arrow(last.top, out.bottom, text="V, d", off=-24, position=0.5)
    fig.arrow(out.right, loss.left)
    # back
    fig.arrow((loss.x - 20, 68), (out.x + 30, 70), "red", -12, dash=True)
    fig.text(last.x + 62, 34, "∂L/∂y", "red", 18)
    fig.arrow((last.x - 18, 112), (last.x - 18, y_h - 28), "red", -8, dash=True)
    fig.text(last.x - 66, 150, "∂L/∂h_l", "red", 18)
    for right, left in ((last.x, gap), (gap, second.x), (second.x, first.x)):
        a = right - (27 if right != gap else 22)
        b = left + (27 if left != gap else 22)
        fig.arrow((a, y_h + 18), (b, y_h + 18), "red", -13, dash=True)
    for state, name in ((first, "1"), (second, "2")):
        fig.text(state.x, y_h - 50, f"∂L/∂h_{name}", "red", 18)
    # every step uses the same W
    y_sum = 405
    fig.line((start.x + 4, y_sum), (last.x + 85, y_sum), colour="purple")
    for x in (start.x + 49, (first.x + second.x) / 2, (gap + last.x) / 2 + 10):  # under a W
        fig.arrow((x, y_h + 8), (x, y_sum - 1), "purple", dash=True)
    fig.arrow((last.x + 85, y_sum), (last.x + 125, y_sum), "purple")
    fig.text(last.x + 132, y_sum - 20, "∂L/∂W", "purple", 18)
    fig.text(last.x + 72, y_sum - 20, "∑_t", "purple", 19)
    return fig


def rnn():
    """w2: a loss at every step; a state's gradient comes from its own output and from the next state."""
    fig = Figure(900, 500)
    y_h, y_x, y_o, y_p, y_l = 325, 445, 215, 130, 45
    xs = [190, 430, 670]
    start = fig.circle(60, y_h, 27, "h^{(0)}", "soft")
    previous = start
    for t, x in enumerate(xs, 1):
        state = fig.circle(x, y_h, 33, f"h^{{({t})}}", "blue", 20)
        source = fig.box(x, y_x, 66, 42, f"x^{{({t})}}", "green", 20)
        score = fig.box(x, y_o, 72, 42, f"O^{{({t})}}", "orange", 20)
        guess = fig.box(x, y_p, 72, 42, f"ŷ^{{({t})}}", "orange", 20)
        loss = fig.circle(x, y_l, 26, f"L_{t}", "red", 20)
        fig.arrow(source.top, state.bottom, text="U", off=-14)
        fig.arrow(previous.right, state.left, text="W", off=14)
        fig.arrow(state.top, score.bottom, text="V", off=-14)
        fig.arrow(score.top, guess.bottom, text="softmax", off=-38)
        fig.arrow(guess.top, loss.bottom)
        fig.arrow((x - 23, y_l + 14), (x - 36, y_o - 6), "red", -28, dash=True)
        fig.arrow((x - 24, y_o + 22), (x - 20, y_h - 29), "red", -6, dash=True)
        if t > 1:
            fig.arrow((x - 28, y_h + 22), (previous.x + 28, y_h + 22), "red", -15, dash=True)
        fig.text(x - 75, y_h - 40, f"∂L/∂h^{{({t})}}", "red", 18, halo=True)
        previous = state
    fig.arrow(previous.right, (845, y_h), "soft", text="W", off=14)
    fig.text(868, y_h, "⋯", "soft", 28)
    fig.arrow((845, y_h + 22), (xs[-1] + 28, y_h + 22), "red", -13, dash=True)
    fig.text(800, y_l, "L = ∑_t L_t", "red", 21)
    return fig


def lstm_cell():
    """The cell in four stages: an open road, a share, two gates, and the output gate."""
    fig = Figure(960, 700)
    titles = [
        "h = h' + u",
        "h = f ⊙ h' + (1 − f) ⊙ u",
        "h = f ⊙ h' + i ⊙ u",
        "C = C' ⊙ f + i ⊙ a,   h = o ⊙ tanh(C)",
    ]
    corners = [(0, 0), (480, 0), (0, 340), (480, 340)]
    for number, ((x, y), title) in enumerate(zip(corners, titles), 1):
        fig.box(x + 240, y + 175, 456, 322, "", "soft", radius=12, opacity=0)
        fig.circle(x + 42, y + 44, 17, str(number), "soft", 19)
        fig.text(x + 255, y + 44, title, "ink", 21)

    def add(x, y):
        return fig.circle(x, y, 17, "+", "blue", 24)

    def times(x, y):
        return fig.circle(x, y, 17, "⊙", "purple", 20)

    # 1: the state is carried on unchanged
    y = 130
    plus = add(260, y)
    fig.text(50, y, "h'", "blue", 21)
    fig.text(440, y, "h", "blue", 21)
    fig.line((68, y), plus.left, colour="blue", bold=True)
    fig.arrow(plus.right, (424, y), "blue", bold=True)
    u = fig.box(260, 225, 100, 42, "u", "green", 21)
    fig.arrow(u.top, plus.bottom, "green")
    fig.text(200, 300, "h', x", "soft", 19)
    fig.line((228, 300), (260, 300), colour="soft")
    fig.arrow((260, 300), u.bottom, "soft")

    def gated(x, y, gate_names, new):
        """Stages 2 to 4 share this part: the road with f on it, and what comes in through a second gate."""
        keep, plus = times(x + 135, y), add(x + 250, y)
        fig.line((x + 68, y), keep.left, colour="blue", bold=True)
        fig.line(keep.right, plus.left, colour="blue", bold=True)
        enter = times(x + 250, y + 62)
        fig.arrow(enter.top, plus.bottom, "green")
        forget = fig.box(x + 135, y + 122, 64, 40, gate_names[0], "orange", 21)
        fig.arrow(forget.top, keep.bottom, "orange")
        candidate = fig.box(x + 290, y + 122, 56, 40, new, "green", 21)
        fig.arrow(candidate.top, (enter.x + 14, enter.y + 14), "green")
        if gate_names[1] == "1 − f":
            fig.arrow(
                (forget.x + 32, forget.y - 8),
                enter.left,
                "orange",
                text="1 − f",
                off=15,
                position=0.42,
            )
            return plus, [forget, candidate]
        second = fig.box(x + 212, y + 122, 56, 40, gate_names[1], "orange", 21)
        fig.arrow(second.top, (enter.x - 13, enter.y + 14), "orange")
        return plus, [forget, second, candidate]

    def inputs(x, y, boxes):
        fig.text(x + 50, y, "h', x", "soft", 19)
        fig.line((x + 78, y), (boxes[-1].x, y), colour="soft")
        for box in boxes:
            fig.arrow((box.x, y), box.bottom, "soft")

    for x0, y0, names in ((480, 0, ("f", "1 − f")), (0, 340, ("f", "i"))):
        y = y0 + 130
        plus, boxes = gated(x0, y, names, "u")
        fig.text(x0 + 50, y, "h'", "blue", 21)
        fig.text(x0 + 440, y, "h", "blue", 21)
        fig.arrow(plus.right, (x0 + 424, y), "blue", bold=True)
        inputs(x0, y0 + 305, boxes)

    # 4: the full cell
    x0, y = 480, 455
    plus, boxes = gated(x0, y, ("f", "i"), "a")
    fig.text(x0 + 50, y, "C'", "blue", 21)
    fig.text(x0 + 440, y, "C", "blue", 21)
    fig.arrow(plus.right, (x0 + 424, y), "blue", bold=True)
    squash = fig.box(x0 + 372, y + 52, 56, 32, "tanh", "ink", 18)
    fig.arrow((x0 + 372, y), squash.top, "blue")
    out = times(x0 + 372, y + 95)
    fig.line(squash.bottom, out.top, colour="blue")
    fig.arrow(out.right, (x0 + 424, y + 95), "blue")
    fig.text(x0 + 440, y + 95, "h", "blue", 21)
    gate = fig.box(x0 + 372, y + 142, 56, 34, "o", "orange", 21)
    fig.arrow(gate.top, out.bottom, "orange")
    inputs(x0, y + 185, [*boxes, gate])
    return fig


FIGURES = {"relu_rnn": relu_rnn, "rnn": rnn, "lstm_cell": lstm_cell}
