"""Look at a trained GPT's attention: one page that works without a network, and a picture.

    python gpt_songci/attnvis.py --text "+++如梦令\\n" --out attention.html
    python gpt_songci/attnvis.py --compare workdirs/default workdirs/no_pos --out compared.html

The first view is our own (attnview.py): the poem as text, and a thumbnail for each head. The others are bertviz's, whose
own HTML fetches RequireJS, D3 and jQuery from the network; here they are taken from installed packages when the page is
built, and are part of the page.
"""

import html
import importlib.metadata
import io
import json
import re
import warnings
from importlib import resources
from pathlib import Path

import torch
from attnview import section
from cli import Parser, UserError, command, find_folder, number, run, safe_write
from matplotlib.colors import PowerNorm
from plots import chinese_font, plt, readable, save
from text import read_start, replace_unknown
from train import build_model, load_checkpoint, load_data

MAX_TOKENS = 64  # characters: a page has a line for each pair of them, layer and head
DECIMALS = 4  # of a weight in the page: enough to see, a third of the size
SHOWN = {"\n": "↵", " ": "␣", "\t": "⇥", "\r": "↵"}
REMOTE = re.compile(r'<script src="https://[^"]*require[^"]*"></script>')
NOW, LATER = '<script type="text/javascript">', '<script type="text/later">'

# library, the package that carries it, the file in it, what its text says of its major version (handlers differ in D3 6)
LIBRARIES = (
    ("D3", "mpld3", "js/d3.v5.min.js", r"d3js\.org v5\."),
    ("jQuery", "nbclassic", "static/components/jquery/jquery.min.js", r'"3\.\d+\.\d+"'),
    ("RequireJS", "nbclassic", "static/components/requirejs/require.js", r"RequireJS 2\."),
)


def get_parser():
    parser = Parser(
        description="Show what a trained GPT looks at: a page that works without a network, and a picture."
    )
    add = parser.add_argument
    add(
        "--data_root",
        type=Path,
        default=Path("data/quansongci"),
        help="folder with val.bin and meta.json (for --text's default)",
    )
    add(
        "--ckpt_path",
        type=Path,
        default=Path("workdirs/quansongci"),
        help="folder with the ckpt.pt of train.py",
    )
    add(
        "--compare",
        nargs=2,
        metavar="RUN",
        type=Path,
        help="two runs beside each other, in place of --ckpt_path",
    )
    add(
        "--text",
        help=f"what the model reads, at most {MAX_TOKENS} characters, in which \\n is a new line, or FILE:path "
        "(default: the first poem of the validation part)",
    )
    add("--layer", type=number(0, kind=int), default=0, help="layer to show first, from 0")
    add(
        "--out",
        type=Path,
        default=Path("attention.html"),
        help="page to write; the picture stands beside it as .png",
    )
    return parser


# ---------------------------------------------------------------------------------------------------- weights


def load_run(ckpt_path):
    """Model in eval mode, its characters and its name. Raises UserError that says how to train one."""
    folder = find_folder(ckpt_path, ("ckpt.pt",), command("train.py", "--ckpt_path", ckpt_path))
    checkpoint = load_checkpoint(folder / "ckpt.pt")
    return build_model(checkpoint).eval(), list(checkpoint["characters"]), folder.name


def first_poem(data_root, characters):
    """The first whole poem of the validation part that fits, as text."""
    meta, _, validation = load_data(data_root)
    if list(meta["characters"]) != characters:
        raise UserError(
            f"the checkpoint was trained on another text than {data_root} holds; pass --text"
        )
    text = "".join(characters[number] for number in validation[:4096])
    for poem in text[text.find("+++") :].split("\n\n"):
        if poem.startswith("+++") and len(poem) < MAX_TOKENS:
            return poem + "\n"
    return text[: MAX_TOKENS // 2]


def capture(model, characters, text, layer=0):
    """What `text` makes the model look at: tokens (list of T strings to show), weights [(1, h, T, T)] a layer.

    text: str. Raises UserError for a text that is empty, too long, or has characters that the model does not know.
    """
    if not isinstance(text, str):
        raise UserError(f"one text at a time, got {type(text).__name__}")
    room = min(MAX_TOKENS, model.config.max_seq_len)
    if not text:
        raise UserError("the text is empty; pass --text with at least one character")
    if len(text) > room:
        raise UserError(
            f"the text has {len(text)} characters, at most {room} can be shown; pass a shorter --text"
        )
    numbers = {character: number for number, character in enumerate(characters)}
    unknown = sorted(set(text) - set(numbers))
    if unknown:
        named = ", ".join(f"{character} (U+{ord(character):04X})" for character in unknown)
        raise UserError(f"the model does not know {named}; pass a --text without them")
    if not 0 <= layer < model.config.n_layer:
        raise UserError(f"--layer {layer}: the model has layers 0 to {model.config.n_layer - 1}")
    with torch.no_grad():
        _, weights = model(torch.tensor([[numbers[character] for character in text]]))
    if len(weights) != model.config.n_layer:
        raise UserError(
            f"the model gave weights of {len(weights)} layers, it has {model.config.n_layer}: see blank gpt-g5.0"
        )
    weights = [layer_weights[:1].double().round(decimals=DECIMALS) for layer_weights in weights]
    return [SHOWN.get(character, character) for character in text], weights


# ---------------------------------------------------------------------------------------------------- the page


def library(name, package, file, version):
    """Source of a JavaScript library out of an installed package. Raises UserError."""
    try:
        text = resources.files(package).joinpath(file).read_text(encoding="utf-8")
        installed = importlib.metadata.version(package)
    except (ImportError, OSError):
        raise UserError(
            f"{name} is not found in the package {package}; run: pip install -r requirements.txt"
        ) from None
    if not re.search(version, text):
        raise UserError(
            f"{package} {installed} carries another version of {name} than this page needs; "
            "run: pip install -r requirements.txt"
        )
    return f"/*! {name}, from the Python package {package} {installed} */\n" + text.replace(
        "</script", "<\\/script"
    )


def view(kind, tokens, weights, layer):
    """bertviz's HTML of one view ("head" or "model") without its remote script.

    A model view has a line for each weight of the model: `page` draws it when it comes into sight.
    """
    if any("</script" in token.lower() for token in tokens) or len(tokens) != weights[0].size(-1):
        raise ValueError("tokens and weights do not fit together")
    import bertviz

    show = bertviz.head_view if kind == "head" else bertviz.model_view
    options = {"layer": layer} if kind == "head" else {"display_mode": "light"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # bertviz leaves its template file open
        text, replaced = REMOTE.subn(
            "", show(weights, tokens, html_action="return", **options).data
        )
    if replaced != 1:
        raise UserError(
            "this bertviz writes another page than 1.4.1; run: pip install -r requirements.txt"
        )
    return once(text) if kind == "head" else once(text).replace(NOW, LATER)


def once(text):
    """The HTML with its data in it once: bertviz puts them into a comment of the same line as well."""
    return re.sub(r"(const params = (\{.*\}));[^\n]*", lambda match: match.group(1) + ";", text)


STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif; margin: 1rem; }
figure { margin: 1rem 0; overflow-x: auto; }
.view { background: #fff; color: #111; color-scheme: light; padding: .5rem; border-radius: .4rem; display: inline-block;
        min-width: 20rem; }
.row { display: flex; flex-wrap: wrap; gap: 1rem; } .note { opacity: .75; max-width: 60rem; }
.view select { font: inherit; }
figure:has([type="text/later"]) { flex-basis: 100%; }
"""
DRAW_IN_SIGHT = """
for (const waiting of document.querySelectorAll("script[type='text/later']"))
  new IntersectionObserver(([seen], observer) => {
    if (!seen.isIntersecting) return;
    observer.disconnect();
    const script = document.createElement("script");
    script.textContent = waiting.textContent;
    waiting.after(script);
  }, { rootMargin: "200px" }).observe(waiting.parentElement);
"""


def page(title, views, note="", first=""):
    """One self-contained HTML page. views: [(caption, bertviz HTML)], set beside each other where there is room.

    first: HTML above them: our own view.
    """
    scripts = "\n".join(f"<script>{library(*script)}</script>" for script in LIBRARIES)
    shown = "\n".join(
        f'<figure><figcaption>{html.escape(caption)}</figcaption><div class="view">{drawing}</div></figure>'
        for caption, drawing in views
    )
    licences = Path(__file__).with_name("licences.txt").read_text(encoding="utf-8")
    return f"""<!doctype html>
<html lang="zh">
<head>
<meta charset="utf-8">
<!--
{licences}-->
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{html.escape(title)}</title>
<style>{STYLE}</style>
{scripts}
<script>define('d3', [], () => window.d3); define('jquery', [], () => window.jQuery);</script>
</head>
<body>
<h1>{html.escape(title)}</h1>
{first}
<p class="note">{html.escape(note)}</p>
<div class="row">
{shown}
</div>
<script>{DRAW_IN_SIGHT}</script>
</body>
</html>
"""


def in_notebook(text, height):
    """The page in a frame of its own, for a notebook: its scripts run in order and meet no other version of theirs."""
    from IPython.display import HTML

    return HTML(  # in a division: IPython warns of a frame alone, and its own IFrame takes no text
        f'<div><iframe title="attention" srcdoc="{html.escape(text, quote=True)}" width="100%" height="{height}" '
        'style="border: 0"></iframe></div>'
    )


NOTE = (
    "Left: the character that attends (query); right: the characters it attends to (keys). Colours are heads; click one "
    "to hide it, double-click to see it alone. 左：查询的字；右：它所关注的字（键）。一种颜色是一个头：单击隐藏，双击只看这一个。"
)


# ---------------------------------------------------------------------------------------------------- the picture


def heat_maps(tokens, weights, layer, title=""):
    """A matplotlib figure: a map for each head of `layer`, keys on x, queries on y, 0 .. 1.

    The colour follows the root of the weight: among 64 characters most weights are small.
    """
    chinese_font()
    heads, T = weights[layer].size(1), len(tokens)
    columns = min(heads, 2)
    rows = -(-heads // columns)
    labels = [readable(token) for token in tokens]
    side = max(3.6, (0.2 if max(map(len, labels)) == 1 else 0.24) * T)  # inches
    fig, axes = plt.subplots(
        rows,
        columns,
        figsize=(columns * side + 1.6, rows * side + 0.8),
        squeeze=False,
        sharex=True,
        sharey=True,
        layout="constrained",
    )
    for head, ax in enumerate(axes.flat):
        if head >= heads:
            ax.axis("off")
            continue
        image = ax.imshow(weights[layer][0, head].numpy(), norm=PowerNorm(0.5, 0, 1), cmap="Blues")
        ax.set_title(f"layer {layer}, head {head}")
        upright = 0 if max(map(len, labels)) == 1 else 90  # code points, where no font has Chinese
        ax.set_xticks(range(T), labels, fontsize=8, rotation=upright)
        ax.set_yticks(range(T), labels, fontsize=8)
        ax.tick_params(length=0, labelbottom=True, labelleft=True)
    fig.supxlabel("key j: the character that is attended to", fontsize="medium")
    fig.supylabel("query i: the character that attends", fontsize="medium")
    fig.colorbar(image, ax=axes, shrink=0.6, aspect=30, label="weight")
    fig.suptitle(title)
    return fig


def in_cell(fig):
    """The figure as a picture for a notebook."""
    from IPython.display import Image

    file = io.BytesIO()
    fig.savefig(file, format="png", dpi=90)
    plt.close(fig)
    return Image(file.getvalue())


def main(argv=None):
    args = get_parser().parse_args(argv)
    runs = [load_run(path) for path in args.compare or [args.ckpt_path]]
    text = (
        read_start(args.text, "--text")
        if args.text is not None
        else first_poem(args.data_root, runs[0][1])
    )
    views, pictures = [], []
    for model, characters, name in runs:
        known_text, note = replace_unknown(text, characters)
        _, weights = capture(model, characters, known_text, args.layer)
        tokens = [SHOWN.get(character, character) for character in text]
        if note:
            print(note)
        views.append((f"{name}: head view", view("head", tokens, weights, args.layer)))
        pictures.append((tokens, weights, name))
    if not args.compare:
        views.append((f"{name}: model view", view("model", tokens, weights, args.layer)))
    pictures_section = section(
        [(name, tokens, weights) for tokens, weights, name in pictures], args.layer
    )
    title = f"Attention: {', '.join(name for _, _, name in runs)}"
    with safe_write(args.out) as file:
        file.write(page(title, views, NOTE, pictures_section))
    written = [args.out]
    for tokens, weights, name in pictures:
        path = (
            args.out.with_suffix(".png")
            if len(pictures) == 1
            else args.out.with_name(f"{args.out.stem}-{name}.png")
        )
        save(heat_maps(tokens, weights, args.layer, name), path)
        written.append(path)
    size = args.out.stat().st_size
    print(
        f"{len(tokens)} characters, {len(weights)} layers, {weights[0].size(1)} heads: "
        + json.dumps(text, ensure_ascii=False)
    )
    print(
        f"written: {', '.join(map(str, written))} ({size / 2**20:.1f} MB page, no network needed)"
    )


if __name__ == "__main__":
    run(main)
