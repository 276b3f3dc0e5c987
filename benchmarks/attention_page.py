"""The attention page of gpt_songci: its size and the time until headless Chromium has drawn it, for 64 characters, 4 layers, 4 heads.

    pip install playwright && sudo apt-get install chromium
    python benchmarks/attention_page.py

Nothing stands beside it: bertviz's own page waits for three libraries from the network. Drawn means that all lines are there: of
the head view when the page is opened, of the model view when one scrolls to it. Each round is a fresh tab.
"""

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "gpt_songci"))
import attnvis  # noqa: E402

DRAWN = """([at, lines]) => document.querySelectorAll("[id^='bertviz-']")[at].querySelectorAll("svg line").length === lines
    && new Promise(drawn => requestAnimationFrame(() => setTimeout(() => drawn(true))))"""


def causal_weights(layers, heads, tokens, seed):
    """Random weights of a causal model, rounded as `capture` does: [(1, heads, tokens, tokens)] a layer."""
    generator = torch.Generator().manual_seed(seed)
    hidden = torch.ones(tokens, tokens, dtype=torch.bool).triu(1)
    return [
        torch.randn(1, heads, tokens, tokens, generator=generator)
        .masked_fill(hidden, -torch.inf)
        .softmax(-1)
        .double()
        .round(decimals=attnvis.DECIMALS)
        for _ in range(layers)
    ]


def main():
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    for name, value in (("tokens", 64), ("layers", 4), ("heads", 4), ("rounds", 7), ("seed", 0)):
        parser.add_argument(f"--{name}", type=int, default=value)
    args = parser.parse_args()
    browser_file = next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        sync_playwright = None
    if not (browser_file and sync_playwright):
        sys.exit(
            "benchmarks/attention_page.py: needs a browser: apt-get install chromium, pip install playwright"
        )
    weights = causal_weights(args.layers, args.heads, args.tokens, args.seed)
    tokens = ["春"] * args.tokens
    text = attnvis.page(
        "Attention",
        [(kind, attnvis.view(kind, tokens, weights, 0)) for kind in ("head", "model")],
        attnvis.NOTE,
    )
    libraries = sum(len(attnvis.library(*library).encode()) for library in attnvis.LIBRARIES)
    size = len(text.encode())
    print(
        f"{args.tokens} characters, {args.layers} layers, {args.heads} heads: {size / 1e6:.2f} MB, "
        f"of which libraries {libraries / 1e6:.2f} MB"
    )
    seconds = {"opened": [], "model view": []}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        path = Path(folder) / "attention.html"
        path.write_text(text, encoding="utf-8")
        browser = playwright.chromium.launch(
            executable_path=browser_file, args=["--no-sandbox", "--disable-gpu"]
        )
        for number in range(args.rounds + 1):
            context = browser.new_context()
            page, begin = context.new_page(), time.perf_counter()
            page.goto(path.as_uri())
            page.wait_for_function(DRAWN, arg=[0, args.heads * args.tokens**2], timeout=120_000)
            opened, begin = time.perf_counter() - begin, time.perf_counter()
            page.evaluate("document.querySelectorAll('figure')[1].scrollIntoView()")
            page.wait_for_function(
                DRAWN, arg=[1, args.layers * args.heads * args.tokens**2], timeout=120_000
            )
            if number:  # the first round warms up
                seconds["opened"].append(opened)
                seconds["model view"].append(time.perf_counter() - begin)
            context.close()
        browser.close()
    for what, values in seconds.items():
        print(
            f"{what}: {statistics.median(values):.2f} s (median of {args.rounds}, {min(values):.2f} to {max(values):.2f})"
        )


if __name__ == "__main__":
    main()
