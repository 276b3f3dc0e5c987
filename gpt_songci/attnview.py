"""The part of the attention page that is our own: the poem as text, and a thumbnail for every head.

`section` returns HTML that needs nothing else of its page; its behaviour is in attnview.js.
"""

import html
import json
from pathlib import Path

DECIMALS = 4  # of a weight in the page

STYLE = """
:root { color-scheme: light dark; --paper: #fff; --card: #f5f7f9; --ink: #1f2328; --soft: #59636e; --rule: #d5dbe1;
        --more: 11 98 196; --less: 198 40 40; --mark: #b35900; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #14181d; --card: #1d232a; --ink: #e6edf3; --soft: #a6b0ba; --rule: #3a434d;
          --more: 88 166 255; --less: 255 123 114; --mark: #ffb86b; }
}
body { color: var(--ink); background: var(--paper); }
#glance { margin: 1rem 0 2rem; }
#glance [lang="zh"], #glance[data-lang="zh"] [lang="en"] { display: none; }
#glance[data-lang="zh"] [lang="zh"] { display: inline; }
#glance button, #glance select { font: inherit; color: inherit; background: var(--card); border: 1px solid var(--soft);
  border-radius: .4rem; padding: .2rem .7rem; cursor: pointer; }
#glance button[aria-pressed="true"] { background: rgb(var(--more)); color: var(--paper); border-color: rgb(var(--more)); }
#glance :focus-visible { outline: 3px solid var(--mark); outline-offset: 1px; }
#glance .bar { display: flex; flex-wrap: wrap; gap: .6rem 1rem; align-items: center; margin: .6rem 0; }
#glance .runs { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); gap: 1.5rem; }
#glance .run { min-width: 0; }
@media (min-width: 64rem) {
  #glance .alone .run { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 0 2rem; align-items: start; }
  #glance .alone h2 { grid-column: 1 / -1; }
}
#glance h2 { font-size: 1.1rem; margin: .3rem 0; }
#glance .poem { font-size: clamp(1.4rem, 3vw, 1.85rem); line-height: 1.75; background: var(--card); border-radius: .6rem;
  padding: .6rem .9rem; }
#glance .poem span { display: inline-block; min-width: 1.05em; text-align: center; border-radius: .25em; cursor: pointer;
  border-bottom: .12em solid transparent; }
#glance .poem .query { border-bottom-color: var(--mark); font-weight: 700; }
#glance .poem .end { color: var(--soft); font-size: .7em; }
#glance .say { min-height: 3.2em; font-variant-numeric: tabular-nums; margin: .5rem 0; }
#glance .heads { display: grid; gap: .45rem; align-items: center; overflow-x: auto; }
#glance .heads > div { color: var(--soft); font-size: .85rem; text-align: center; }
#glance .heads button { padding: .15rem; border-width: 2px; border-color: transparent; background: none; min-width: 3rem; }
#glance .heads button[aria-pressed="true"] { background: none; border-color: var(--mark); }
#glance canvas { display: block; width: 100%; aspect-ratio: 1; image-rendering: pixelated; background: var(--paper);
  outline: 1px solid var(--rule); }
#glance kbd { border: 1px solid var(--soft); border-radius: .25rem; padding: 0 .35rem; font-size: .9em; }
#glance .keys { color: var(--soft); font-size: .95rem; max-width: 60rem; }
"""


def rows(weights):
    """One layer's weights (1, h, T, T) as nested lists: a head, a query, the keys up to it (the others are 0)."""
    return [
        [
            [round(value, DECIMALS) for value in row[: query + 1]]
            for query, row in enumerate(head.tolist())
        ]
        for head in weights[0]
    ]


def keys(chinese, two):
    """What the keyboard does, as HTML. two: whether there are two runs."""
    pairs = [
        ("←→", "character", "换字"),
        ("↑↓", "layer", "换层"),
        ("1–9", "head 0–8", "第 0–8 个头"),
        ("0", "mean of the layer", "该层平均"),
        ("r", "direction", "反向"),
    ] + [("d", "difference", "两次训练之差")] * two
    shown = [f"<kbd>{key}</kbd> {zh if chinese else en}" for key, en, zh in pairs]
    return ("，" if chinese else ", ").join(shown)


def section(runs, layer=0):
    """HTML of the view. runs: [(name, tokens (list of T strings), weights [(1, h, T, T)] a layer)], all of one text."""
    data = {
        "layer": layer,
        "runs": [
            {
                "name": name,
                "tokens": tokens,
                "weights": [rows(layer_weights) for layer_weights in weights],
            }
            for name, tokens, weights in runs
        ],
    }
    script = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
    shown = json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    panels = "\n".join(
        f'<div class="run"><h2>{html.escape(name)}</h2><div><div class="poem" role="group" '
        'data-en="The text, a button for each character" data-zh="原文，每个字是一个按钮"></div>'
        '<p class="say" aria-live="polite"></p></div><div class="heads" role="group" '
        'data-en="A heat map for each head" data-zh="每个头一幅热力图"></div></div>'
        for name, _, _ in runs
    )
    difference = (
        '<button type="button" id="difference" aria-pressed="false"><span lang="en">difference of the runs</span>'
        '<span lang="zh">两次训练之差</span></button>'
        if len(runs) == 2
        else ""
    )
    return f"""<style>{STYLE}</style>
<section id="glance" data-lang="en">
<div class="bar">
<button type="button" id="direction" aria-pressed="false"><span lang="en">who attends to this character?</span>
<span lang="zh">谁在关注这个字？</span></button>
{difference}
<button type="button" id="tongue">中文</button>
</div>
<div class="runs{" alone" * (len(runs) == 1)}">
{panels}
</div>
<p class="keys"><span lang="en">Point at a character to colour what it attends to, click to keep it. Click a heat map to
choose a head, or the mean x̄ of a layer; rows are queries, columns keys. Keys: {keys(False, len(runs) == 2)}.</span>
<span lang="zh">指向一个字，它所关注的字会着色；单击可固定。单击热力图，选择一个头或一层的平均 x̄；行为查询，列为键。
按键：{keys(True, len(runs) == 2)}。</span></p>
</section>
<script>{{
const DATA = {shown};
{script}}}</script>
"""
