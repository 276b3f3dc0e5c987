"""Figures of waimai_cls: the averaging classifier, and a CNN with pooling over time."""

from svg import Figure


def column(fig, x, y, rows, colour, opacity=0.3, side=(26, 18)):
    """A vector as a column of cells, centred on (x, y)."""
    w, h = side
    return fig.grid(x - w / 2, y - rows * h / 2, rows, 1, side, lambda i, j: opacity, colour)


def classes(fig, x, y, before):
    """A linear layer and softmax over two classes."""
    for dy, name in ((-38, "ŷ_0"), (38, "ŷ_1")):
        out = fig.circle(x, y + dy, 24, name, "orange", 19)
        for k in (-30, -10, 10, 30):
            fig.line((before, y + k), out.left, colour="soft")


def averaging():
    """The words' vectors, their mean without the padding, one linear layer."""
    fig = Figure(940, 380)
    y, names = 190, ["1", "2", "3", "n", "", ""]
    xs = [80, 150, 220, 325, 400, 450]
    for x, name in zip(xs, names):
        if name:
            fig.box(x, 335, 52, 38, f"w_{name}", "green", 19)
            column(fig, x, y, 6, "blue")
            fig.arrow((x, 314), (x, y + 58))
            fig.text(x, y - 72, f"x_{name}", "blue", 19)
        else:
            fig.box(x, 335, 40, 38, "", "soft", dash=True, opacity=0)
            column(fig, x, y, 6, "soft", 0.04)
            fig.line((x - 18, y - 60), (x + 18, y + 60), colour="soft")
    fig.text(272, y, "⋯", "blue", 26)
    fig.text(272, 335, "⋯", "green", 26)
    fig.bracket(60, 345, 92, "n", up=True)
    fig.bracket(60, 470, 50, "T", up=True)
    fig.size_beside(56, y - 54, y + 54, "D")
    fig.arrow((482, y), (560, y))
    fig.text(519, y - 34, "(1/n) ∑_t x_t", "purple", 19)
    fig.text(590, y - 72, "x̄", "purple", 21)
    column(fig, 590, y, 6, "purple", 0.45)
    classes(fig, 800, y, 606)
    fig.text(690, y - 88, "softmax(W x̄ + b)", "ink", 19)
    loss = fig.circle(895, y, 22, "L", "red", 20)
    for dy in (-38, 38):
        fig.arrow((825, y + dy), loss.toward((825, y + dy)), "soft")
    return fig


def cnn_pooling():
    """K filters slide over w words; the largest value of each filter goes into the linear layer."""
    fig = Figure(960, 330)
    T, D, cell = 7, 6, (34, 24)
    x0, y0 = 60, 90
    fig.grid(x0, y0, D, T, cell, lambda i, j: 0.2, "blue")
    fig.grid(x0 + T * 34, y0, D, 2, cell, lambda i, j: 0.03, "soft", lambda i, j: "0", 15)
    for t in range(T):
        name = {0: "1", 1: "2", 2: "3", 6: "T"}.get(t)
        fig.text(x0 + (t + 0.5) * 34, y0 - 18, f"x_{name}" if name else "⋯", "blue", 18)
    fig.size_beside(x0 - 4, y0, y0 + D * 24, "D")
    for t, colour in ((1, "orange"), (4, "purple")):
        fig.box(x0 + (t + 1.5) * 34, y0 + 72, 102, 150, "", colour, opacity=0.2)
    fig.bracket(x0 + 34, x0 + 4 * 34, y0 + 152, "w", "orange", up=False)
    # filter results
    K, x1, y1 = 4, 450, 90
    fig.grid(
        x1,
        y1,
        K,
        T,
        (34, 30),
        lambda i, j: value(i, j),
        lambda i, j: {1: "orange", 4: "purple"}.get(j, "blue"),
    )
    fig.arrow((x0 + 4 * 34 + 2, y0 + D * 24 + 17), (x1 + 1.5 * 34, y1 + K * 30 + 6), "orange", -40)
    fig.arrow((x0 + 6 * 34, y0 + D * 24 + 6), (x1 + 4.5 * 34, y1 + K * 30 + 6), "purple", -46)
    fig.bracket(x1, x1 + T * 34, y1 - 6, "T", up=True)
    fig.size_beside(x1 - 4, y1, y1 + K * 30, "K")
    fig.text(x1 + 6.1 * 34, y0 + 152, "ReLU", "ink", 17)
    # pooling
    x2 = 745
    fig.grid(x2, y1, K, 1, (34, 30), lambda i, j: 0.95 if i % 2 else 0.75, "red")
    for k in range(K):
        y = y1 + (k + 0.5) * 30
        fig.arrow((x1 + T * 34 + 4, y), (x2 - 3, y), "red")
    fig.text((x1 + T * 34 + x2) / 2 + 2, y1 - 20, "max_t", "red", 19)
    for dy, name in ((-38, "ŷ_0"), (38, "ŷ_1")):
        out = fig.circle(880, 150 + dy, 24, name, "orange", 19)
        for k in range(K):
            fig.line((x2 + 36, y1 + (k + 0.5) * 30), out.left, colour="soft")
    fig.text(822, 78, "W, b", "ink", 18)
    return fig


def value(i, j):
    """How strongly filter i answers at word j: each has one place that it likes best."""
    best = (4, 1, 5, 2)[i]
    return {0: 0.85, 1: 0.35}.get(abs(j - best), 0.1)


FIGURES = {"averaging": averaging, "cnn_pooling": cnn_pooling}
