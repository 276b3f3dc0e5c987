"""Viterbi's trellis as an interactive page that works offline.

    python hmm/trellis.py                                             # the phone shop
    python hmm/trellis.py "他研究生命的起源" --out trellis.html       # with the segmenter of train.py (order 1)

Move the slider: the best path of the first t symbols need not be the start of the best path of all. Point at a state: the
best path into it, and how far it is behind.
"""

import html
import json
from pathlib import Path

import numpy as np
from cli import Parser, UserError, command, run, safe_write
from model import log, log_backward, log_forward, viterbi_tables
from phone_store import SHOP, STATES, SYMBOLS, shop_model
from sample import load_model
from segmenter import TAGS

MAX_SYMBOLS = 60  # a column each
STYLE = """
:root { color-scheme: light dark; --best: #c62828; --into: #0b62c4; --ink: #1f2328; --soft: #66707b; --paper: #fff;
        --card: #f5f7f9; }
@media (prefers-color-scheme: dark) {
  :root { --best: #ff8f87; --into: #79b8ff; --ink: #e6edf3; --soft: #9da7b1; --paper: #14181d; --card: #1d232a; }
}
body { font: 17px/1.55 system-ui, "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif; margin: 1rem;
       color: var(--ink); background: var(--paper); }
header { display: flex; flex-wrap: wrap; gap: 1rem; align-items: baseline; justify-content: space-between; }
h1 { font-size: 1.5rem; margin: 0; } .note { color: var(--soft); max-width: 60rem; } .wide { overflow-x: auto; }
.bar { display: flex; flex-wrap: wrap; gap: .6rem 2rem; align-items: center; background: var(--card); padding: .7rem 1rem;
       border-radius: .6rem; margin: .8rem 0; }
select, input, button { font: inherit; color: inherit; accent-color: var(--into); vertical-align: middle; }
select, button { background: var(--paper); border: 1px solid var(--soft); border-radius: .4rem; padding: .2rem .6rem; }
#time { width: min(22rem, 60vw); } output { display: block; min-height: 3.2em; white-space: pre-line; margin: .6rem 0; }
:focus-visible { outline: 3px solid var(--best); outline-offset: 2px; }
line { stroke: var(--soft); stroke-width: 1.5; stroke-opacity: .6; }
line.best { stroke: var(--best); stroke-width: 5; stroke-opacity: 1; }
line.into { stroke: var(--into); stroke-width: 5; stroke-opacity: 1; } .later { opacity: .25; }
circle { fill: var(--paper); } .shade { fill: var(--soft); stroke: var(--soft); stroke-width: 1.5; }
text { fill: var(--ink); text-anchor: middle; } .soft { fill: var(--soft); } .state { font-size: 22px; }
.symbol { font-size: 26px; } .value { font-size: 15px; paint-order: stroke; stroke: var(--paper); stroke-width: 3px; }
.axis { font-style: italic; font-size: 19px; }
.best .shade { fill: var(--best); stroke: var(--best); stroke-width: 4; }
.into .shade { fill: var(--into); stroke: var(--into); stroke-width: 4; }
.node { cursor: pointer; } .node:focus { outline: none; } .node:focus .shade { stroke-width: 7; }
html[data-lang="en"] [lang="zh"], html[data-lang="zh"] [lang="en"] { display: none; }
"""
NOTE = """<span lang="en">A column is a symbol, a row a state. The line into a state comes from its predecessor on the best path
into it (φ). Red: the best path of the first t symbols; move t. Point at a state, or move there with Tab, for the best path
into it.</span><span lang="zh">每列一个符号，每行一个状态。进入一个状态的线来自最佳路径上它的前驱（φ）。
红色：前 t 个符号的最佳路径，可移动 t。指向一个状态（或用 Tab 移过去），显示到达它的最佳路径。</span>"""


def tables(pi, A, B, obs):
    """The tables that the page shows: delta (T, N) natural logs, phi (T, N), gamma (T, N)."""
    logs = log(pi), log(A), log(B)
    delta, phi = viterbi_tables(*logs, obs)
    if np.isneginf(delta[-1].max()):
        raise UserError("the model gives these symbols probability 0: there is no path to show")
    both = log_forward(*logs, obs) + log_backward(*logs[1:], obs)
    gamma = np.exp(both - both.max(1, keepdims=True))
    return delta, phi, gamma / gamma.sum(1, keepdims=True)


def page(title, title_zh, states, symbols, delta, phi, gamma):
    """One self-contained HTML page, with its title in English and Chinese."""
    data = {
        "states": list(states),
        "symbols": list(symbols),
        "phi": phi.tolist(),
        "gamma": gamma.round(6).tolist(),
        "delta": [[None if np.isneginf(x) else round(x, 6) for x in row] for row in delta.tolist()],
    }
    script = Path(__file__).with_name("trellis.js").read_text(encoding="utf-8")
    shown = json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")
    return f"""<!doctype html>
<html lang="en" data-lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>{html.escape(title)}</title>
<style>{STYLE}</style>
</head>
<body>
<header><h1><span lang="en">{html.escape(title)}</span><span lang="zh">{html.escape(title_zh)}</span></h1>
<button type="button" id="language">中文</button></header>
<p class="note">{NOTE}</p>
<div class="bar"><label>t <input id="time" type="range" min="1" max="{len(symbols)}" value="{len(symbols)}">
<span id="now"></span></label>
<label><span lang="en">in a state:</span><span lang="zh">状态中显示：</span> <select id="shade">
<option value="delta">ln δ, φ</option><option value="gamma">γ</option></select></label></div>
<div class="wide"><svg id="trellis" xmlns="http://www.w3.org/2000/svg"></svg></div>
<output id="told" aria-live="polite"></output>
<script>const DATA = {shown};
{script}</script>
</body>
</html>
"""


def get_parser():
    parser = Parser(description="Viterbi's trellis as a page that works offline.")
    parser.add_argument(
        "text",
        nargs="?",
        help=f"text to segment, at most {MAX_SYMBOLS} characters; without it: the phone shop",
    )
    parser.add_argument(
        "--ckpt_path",
        type=Path,
        default=Path("workdirs/hmm"),
        help="folder with model.npz from train.py",
    )
    parser.add_argument("--out", type=Path, default=Path("trellis.html"), help="page to write")
    return parser


def main(argv=None):
    args = get_parser().parse_args(argv)
    if args.text is None:
        titles = "Viterbi: the phone shop", "维特比算法：手机店"
        states, symbols = STATES, SHOP["months"]
        shown = tables(*shop_model(SHOP), np.array([SYMBOLS.index(symbol) for symbol in symbols]))
    else:
        titles = "Viterbi: words", "维特比算法：分词"
        states, symbols = TAGS, args.text
        if not symbols.strip() or len(symbols.split()) > 1 or len(symbols) > MAX_SYMBOLS:
            raise UserError(
                f"the text must be 1 to {MAX_SYMBOLS} characters without spaces, but this one has {len(symbols)}"
                + " with spaces" * (len(symbols.split()) > 1)
            )
        segmenter = load_model(args.ckpt_path)
        if segmenter.order != 1:
            raise UserError(
                f"{args.ckpt_path} holds a model of order {segmenter.order}, the page shows order 1; "
                f"run: {command('train.py')}"
            )
        shown = tables(*segmenter.hmm.parameters(), segmenter.alphabet.symbols(symbols))
    with safe_write(args.out) as file:
        file.write(page(*titles, states, symbols, *shown))
    print(f"{len(symbols)} symbols, {len(states)} states; written: {args.out} (no network needed)")


if __name__ == "__main__":
    run(main)
