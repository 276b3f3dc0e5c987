"""Figures of word2vec_sst: skip-gram and CBOW, and what softmax and negative sampling touch."""

import math

from svg import Figure

NAMES = ["c−2", "c−1", "c", "c+1", "c+2"]
XS = [50, 138, 226, 314, 402]


def skipgram_cbow():
    """Skip-gram guesses each context word from the one in the middle, CBOW the middle from the sum of its context."""
    fig = Figure(960, 460)
    for left, cbow in ((0, False), (500, True)):
        xs = [left + x + 5 for x in XS]
        fig.box(left + 231, 230, 448, 440, "", "soft", radius=14, opacity=0)
        words, vectors = [], []
        for n, (x, name) in enumerate(zip(xs, NAMES)):
            used = (n == 2) != cbow
            words.append(
                fig.box(
                    x, 415, 70, 38, f"w_{{{name}}}", "green" if used else "soft", 19, opacity=0.05
                )
            )
            vectors.append(None)
            if used:
                vectors[-1] = fig.box(x, 335, 70, 38, f"v_{{{name}}}", "blue", 19)
                fig.arrow(words[-1].top, vectors[-1].bottom)
        middle = xs[2]
        if cbow:
            total = fig.circle(middle, 262, 20, "∑", "purple", 22)
            for vector in filter(None, vectors):
                fig.arrow(vector.top, total.toward((vector.x, vector.y)), "blue")
            fig.text(middle + 42, 250, "v\u0302", "purple", 22)
            start = total.top
        else:
            start = vectors[2].top
        scores = fig.box(middle, 190, 120, 40, "U v\u0302" if cbow else "U v_c", "orange", 20)
        fig.arrow(start, scores.bottom, "purple" if cbow else "blue")
        targets = [2] if cbow else [0, 1, 3, 4]
        for n in targets:
            loss = fig.box(xs[n], 100, 72, 40, f"w_{{{NAMES[n]}}}", "red", 19, opacity=0.08)
            fig.arrow(scores.top, loss.bottom, "orange")
        formula = "J = F(w_c, v\u0302)" if cbow else "J = ∑_{j ≠ 0} F(w_{c+j}, v_c)"
        fig.text(left + 231, 42, formula, "red", 20)
    return fig


def softmax_sampling():
    """Softmax makes all V scores into probabilities; negative sampling draws K words and looks at K + 1 scores."""
    fig = Figure(960, 430)
    scores = [1.1, -0.6, 2.0, 0.3, -1.2, 0.9, -0.2, 1.4]
    total = sum(math.exp(s) for s in scores)
    step, bottom = 44, 330
    # scores
    x0, zero = 60, 230
    fig.line((x0 - 30, zero), (x0 + 7 * step + 24, zero), colour="soft")
    for n, score in enumerate(scores):
        colour = "red" if n == 2 else "blue"
        fig.box(
            x0 + n * step, zero - score * 29, 28, abs(score) * 58, "", colour, radius=0, opacity=0.4
        )
    fig.text(x0 + 3.5 * step, 60, "θ = U v_c", "blue", 21)
    fig.bracket(x0 - 16, x0 + 7 * step + 16, bottom, "V", up=False)
    fig.text(x0 + 2 * step, bottom - 14, "o", "red", 19)
    # probabilities
    x1 = 560
    fig.arrow((415, 150), (505, 150), text="softmax", off=17)
    fig.line((x1 - 30, 170), (x1 + 7 * step + 24, 170), colour="soft")
    for n, score in enumerate(scores):
        p = math.exp(score) / total
        fig.box(
            x1 + n * step,
            170 - p * 130,
            28,
            p * 260,
            "",
            "red" if n == 2 else "orange",
            radius=0,
            opacity=0.4,
        )
    fig.text(x1 + 3.5 * step, 30, "ŷ,  ∑_w ŷ_w = 1", "orange", 20)
    fig.bracket(x1 - 16, x1 + 7 * step + 16, 178, "V", up=False)
    # negative sampling
    fig.arrow((415, 290), (505, 290), text="σ", off=15)
    fig.line((x1 - 30, 380), (x1 + 7 * step + 24, 380), colour="soft")
    for n, score in enumerate(scores):
        chosen = n == 2 or n in (0, 4, 5)
        p = 1 / (1 + math.exp(-score if n == 2 else score))
        if chosen:
            fig.box(
                x1 + n * step,
                380 - p * 55,
                28,
                p * 110,
                "",
                "red" if n == 2 else "purple",
                radius=0,
                opacity=0.45,
            )
        else:
            fig.box(x1 + n * step, 372, 28, 16, "", "soft", radius=0, opacity=0.05, dash=True)
    for n, name in ((2, "o"), (0, "1"), (4, "2"), (5, "3")):
        fig.text(x1 + n * step, 400, name, "red" if n == 2 else "purple", 18)
    fig.text(x1 + 3.5 * step, 248, "σ(u_o^T v_c),  σ(−u_k^T v_c),  k = 1, 2, 3", "purple", 20)
    return fig


FIGURES = {"skipgram_cbow": skipgram_cbow, "softmax_sampling": softmax_sampling}
