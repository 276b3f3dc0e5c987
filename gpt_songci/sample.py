"""Let a trained GPT write: all samples in one batch, with the keys and values of earlier characters kept.

    python gpt_songci/sample.py --ckpt_path workdirs/quansongci --start "+++浣溪沙\\n" --stream

A character's keys and values depend on what stands before it, never on what follows: each is computed once, by the
same steps of model.py that training uses. This holds while the window (max_seq_len of the model) has room. Past it,
places are used up: positions are learned for 0 .. max_seq_len - 1, and a text that moves one place to the left has
other keys everywhere. So the newest half of the window moves to the front and is computed anew, all of it at once,
and then there is room for another half: one computed character for each written one, not a whole window.
"""

import copy
from pathlib import Path

import torch
from cli import Parser, UserError, find_folder, positive_int, run
from model import MLP, MultiHeadSelfAttention
from prepare import code_points, read_text
from torch import nn
from tqdm import tqdm
from train import build_model, keep_freed_memory, load_checkpoint, load_data, number

DATA_ROOT = Path("data/quansongci")
CHUNK = 1 << 20  # characters of the training text read at a time


def add_sampling_flags(add):
    """The flags that sample.py and evaluate.py share."""
    add(
        "--data_root",
        type=Path,
        default=DATA_ROOT,
        help="folder with train.bin, val.bin, meta.json",
    )
    add(
        "--ckpt_path",
        type=Path,
        default=Path("workdirs/quansongci"),
        help="folder with the ckpt.pt of train.py",
    )
    add(
        "--temperature",
        type=number(0),
        default=0.8,
        help="below 1: nearer to the most probable character; 0: that one",
    )
    add(
        "--top_k",
        type=number(0, kind=int),
        default=200,
        help="draw among so many most probable characters; 0: all",
    )
    add("--seed", type=number(0, 2**31, int), default=0, help="seed of the draws")
    add("--device", choices=("auto", "cpu", "cuda"), default="auto", help="where to compute")
    add("--threads", type=positive_int, help="CPU threads (default: torch's choice)")
    add("--quiet", action="store_true", help="no progress bar")


def get_parser():
    parser = Parser(
        description="Let a trained GPT write.",
        epilog="Past the window (max_seq_len of the model) its "
        "newest half moves to the front and is computed anew, once for each half window of new text; "
        "everything else is computed once.",
    )
    add = parser.add_argument
    add_sampling_flags(add)
    add(
        "--start",
        default="\\n",
        help="what each sample begins with: a text, in which \\n is a new line, or FILE:path",
    )
    add("--num_samples", type=positive_int, default=10, help="texts, written side by side")
    add(
        "--max_new_tokens",
        type=positive_int,
        default=500,
        help="characters to write, for each sample",
    )
    add(
        "--stream",
        action="store_true",
        help="print as it comes: a single sample by characters, several by lines, "
        "each behind the number of its sample",
    )
    add(
        "--no_cache",
        action="store_true",
        help="compute the whole window for every character: slow, and with "
        "--temperature 0 the same text while the window has room",
    )
    return parser


# ------------------------------------------------------------------------------------------------------- cached reading


class CachedAttention(nn.Module):
    """The steps of MultiHeadSelfAttention over all that was read, of which only the new part is computed."""

    def __init__(self, attention):
        super().__init__()
        self.attention = attention

    def reset(self, size):
        """Forget everything; the next texts have room for `size` characters."""
        self.size, self.used = size, 0

    def forward(self, x, mask):
        """x (B, L, C): the next L characters. mask (L, L) for the first ones; None for L = 1, which sees all before.

        Returns out (B, L, C) and weights (B, h, L, used + L).
        """
        steps, start, end = self.attention, self.used, self.used + x.size(1)
        q, k, v = steps.project(x)
        q, k_t, v = steps.swap_axes(
            steps.split_heads(q), steps.split_heads(k), steps.split_heads(v)
        )
        if start == 0:
            B, h, L, d = v.shape
            self.k_t = v.new_empty(B, h, self.size, d).transpose(2, 3)  # (B, h, d, size)
            self.v = v.new_empty(B, h, self.size, d)
        self.k_t[..., start:end], self.v[:, :, start:end], self.used = k_t, v, end
        s = steps.scores(q, self.k_t[..., :end])  # (B, h, L, end)
        weights = steps.weights(s if mask is None else steps.mask_scores(s, mask))
        return steps.project_out(steps.join_heads(steps.mix(weights, self.v[:, :, :end]))), weights


class PackedLinear(nn.Module):
    """nn.Linear for a few rows on a CPU: oneDNN gets its matrix laid out beforehand. Several linears that read the same
    input are one product, their outputs beside each other."""

    def __init__(self, linears, rows, then="none"):
        """then: "none", or "gelu" for the GELU of the result."""
        super().__init__()
        self.packed = torch.ops.mkldnn._reorder_linear_weight(
            torch.cat([f.weight for f in linears]).detach(), rows
        )
        self.bias = torch.cat([f.bias for f in linears]).detach()
        self.multiply = torch.ops.mkldnn._linear_pointwise.default
        self.then = then

    def forward(self, x):
        return self.multiply(x, self.packed, self.bias, self.then, [], "none")


class PartOfLinear(nn.Module):
    """One of several linears that are one product: whoever is asked first computes it for all."""

    def __init__(self, shared, place, count):
        super().__init__()
        self.shared, self.place, self.count = shared, place, count

    def forward(self, x):
        shared = self.shared
        if shared["x"] is not x:
            shared["x"], shared["parts"] = x, shared["product"](x).chunk(self.count, -1)
        return shared["parts"][self.place]


class PackedMLP(nn.Module):
    """MLP with its GELU computed where the first product is written."""

    def __init__(self, mlp, rows):
        super().__init__()
        self.fc1, self.fc2 = PackedLinear([mlp.fc1], rows, "gelu"), PackedLinear([mlp.fc2], rows)

    def forward(self, x):
        return self.fc2(self.fc1(x))


def named_like(fast, slow):
    """`fast` with the names of the module that it replaces, for steps that are written with these."""
    for name in ("weight", "bias", "in_features", "out_features", "p"):
        if hasattr(slow, name):
            setattr(fast, name, getattr(slow, name))
    return fast


def pack(module, rows):
    """Make what stands below `module`, in eval mode, faster for a few rows on a CPU; the numbers stay, to rounding."""
    for name, child in module.named_children():
        if isinstance(child, MLP):
            x, fast = (
                torch.linspace(-3, 3, rows * child.fc1.in_features).view(rows, -1),
                PackedMLP(child, rows),
            )
            if torch.allclose(child(x), fast(x), rtol=1e-3, atol=1e-3):  # else: somebody's own MLP
                setattr(module, name, fast)
                continue
        if isinstance(child, MultiHeadSelfAttention):
            shared = {"product": PackedLinear([child.q, child.k, child.v], rows), "x": None}
            child.q, child.k, child.v = (
                named_like(PartOfLinear(shared, place, 3), linear)
                for place, linear in enumerate((child.q, child.k, child.v))
            )
        if isinstance(child, nn.Linear):
            setattr(module, name, named_like(PackedLinear([child], rows), child))
        elif isinstance(child, nn.Dropout):
            setattr(module, name, named_like(nn.Identity(), child))
        else:
            pack(child, rows)


class CachedGPT:
    """A copy of a model, in eval mode, that reads texts bit by bit."""

    def __init__(self, model, rows):
        """rows: how many texts side by side, B."""
        self.model = copy.deepcopy(model).eval()
        self.window = model.config.max_seq_len
        weight = model.token_embedding.weight
        if (
            weight.device.type == "cpu"
            and weight.dtype == torch.float32
            and torch.backends.mkldnn.is_available()
        ):
            pack(self.model, rows)
        for block in self.model.blocks:
            block.attention = CachedAttention(block.attention)

    def reset(self, tokens, size):
        """Forget everything; the next texts, like `tokens` (B, L), have room for `size` characters."""
        self.used, self.places = 0, self.model.positions(tokens.new_zeros(1, size))  # 0 .. size - 1
        for block in self.model.blocks:
            block.attention.reset(size)

    def read(self, tokens):
        """tokens (B, L): the first characters, or the next one (L = 1). Returns logits (B, V) of what follows."""
        start, self.used = self.used, self.used + tokens.size(1)
        mask = None if tokens.size(1) == 1 else self.model.causal_mask(tokens)
        h = self.model.first_input(*self.model.embed(tokens, self.places[start : self.used]))
        h, _ = self.model.run_layers(h, mask)
        return self.model.logits(h[:, -1:])[:, 0]


def pick(logits, temperature, top_k, generator):
    """logits (B, V) -> next characters (B,): drawn from softmax(logits / temperature) over the top_k largest logits
    (0: over all); the largest for temperature 0."""
    if temperature == 0:
        return logits.argmax(-1)
    index = None
    if 0 < top_k < logits.size(-1):
        logits, index = logits.topk(top_k)  # (B, top_k)
    total = torch.softmax(logits / temperature, -1).cumsum(-1)
    draw = torch.rand(len(total), 1, device=total.device, generator=generator) * total[:, -1:]
    place = torch.searchsorted(total, draw, right=True).clamp(max=total.size(-1) - 1)
    return (place if index is None else index.gather(-1, place))[:, 0]


@torch.inference_mode()
def generate(model, prompt, max_new_tokens, temperature=1.0, top_k=0, generator=None):
    """Yield the next character of every text, (B,) long, max_new_tokens times. prompt (B, T) long, T >= 1.

    Keys and values are kept; a full window goes on with its newest half (see the top of this file).
    """
    B, T = prompt.shape
    reader = CachedGPT(model, B)
    size = min(reader.window, T + max_new_tokens)
    text = torch.cat([prompt, prompt.new_zeros(B, max_new_tokens)], 1)
    reader.reset(prompt, size)
    new = prompt[:, -size:]
    for end in range(T, T + max_new_tokens):
        if reader.used == size:
            reader.reset(prompt, size)
            new = text[:, end - max(1, size // 2) : end]
        text[:, end] = pick(reader.read(new), temperature, top_k, generator)
        new = text[:, end : end + 1]
        yield text[:, end]


@torch.inference_mode()
def generate_plain(model, prompt, max_new_tokens, temperature=1.0, top_k=0, generator=None):
    """`generate` without memory: the last max_seq_len characters are computed anew for every character."""
    text = prompt
    for _ in range(max_new_tokens):
        logits, _ = model(text[:, -model.config.max_seq_len :])
        text = torch.cat([text, pick(logits[:, -1], temperature, top_k, generator)[:, None]], 1)
        yield text[:, -1]


# ---------------------------------------------------------------------------------------------------- text and its lines


def choose_device(name):
    """ "auto", "cpu" or "cuda" -> the device."""
    if name == "cuda" and not torch.cuda.is_available():
        raise UserError("torch sees no CUDA device here; leave out --device cuda")
    return "cuda" if name != "cpu" and torch.cuda.is_available() else "cpu"


def read_start(start):
    """The text that --start means."""
    if not start.startswith("FILE:"):
        text = start.replace("\\n", "\n")
    else:
        path = Path(start.removeprefix("FILE:")).expanduser()
        if not path.is_file():
            raise UserError(f"--start {start}: there is no file {path.absolute()}")
        text = "".join(read_text(path))
    if not text:
        raise UserError(
            '--start is empty: give at least one character, for example "\\n", a new line'
        )
    return text


def encode(text, characters, what="--start"):
    """text -> list of character numbers. Unknown characters are a user's mistake, in `what`."""
    numbers = {char: n for n, char in enumerate(characters)}
    unknown = sorted(set(text) - set(numbers))
    if unknown:
        names = ", ".join(f"{char!r} (U+{ord(char):04X})" for char in unknown[:10])
        more = f" and {len(unknown) - 10} more" if len(unknown) > 10 else ""
        raise UserError(
            f"{what} has characters that the model does not know: {names}{more}; "
            f"it knows the {len(characters):,} characters of the text it was trained on"
        )
    return [numbers[char] for char in text]


def decode(numbers, characters):
    """Array of character numbers -> str, in chunks."""
    codes = code_points(characters)
    for start in range(0, len(numbers), CHUNK):
        yield codes[numbers[start : start + CHUNK]].tobytes().decode("utf-32-le")


def read_lines(chunks):
    """The lines of a text that comes in chunks, without their line ends."""
    rest = ""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split("\n")
        yield from lines
    if rest:
        yield rest


def training_lines(args, characters):
    """A function: set of lines -> those of them that stand in the training text; or None, with a note why."""
    default = args.data_root == DATA_ROOT
    try:
        meta, train, _ = load_data(args.data_root)
        if meta["characters"] != characters:
            raise UserError(
                f"the model was trained on another text than {args.data_root}; give its own --data_root"
            )
    except UserError as error:
        if not default:
            raise
        return None, f"not checked which lines stand in the training text: {error}"
    return lambda lines: lines.intersection(read_lines(decode(train, characters))), ""


def written_lines(text, begin):
    """Lines of text[begin:] that are whole and say something: [(start, line)]. A line begun before counts."""
    found, start = [], 0
    for line in text.split("\n")[:-1]:
        if start + len(line) >= begin and line and not line.startswith("+++"):
            found.append((start, line))
        start += len(line) + 1
    return found


def mark(text, begin, known):
    """text with a star behind each written line that is one of `known`."""
    for start, line in reversed(written_lines(text, begin)):
        if line in known:
            text = text[: start + len(line)] + "  *" + text[start + len(line) :]
    return text


# -------------------------------------------------------------------------------------------------------------- printing


class Stream:
    """Print characters as they come: a single sample at once, several by whole lines behind their numbers."""

    def __init__(self, count, start):
        self.lines = [""] * count
        for char in start:
            self([char] * count)

    def __call__(self, chars):
        if len(self.lines) == 1:
            print(chars[0], end="", flush=True)
            return
        for n, char in enumerate(chars):
            if char == "\n":
                print(f"[{n + 1}] {self.lines[n]}".rstrip(), flush=True)
                self.lines[n] = ""
            else:
                self.lines[n] += char

    def close(self):
        for n, line in enumerate(self.lines):
            if line:
                print(f"[{n + 1}] {line}")
        if len(self.lines) == 1:
            print()


def show(texts, begin, find_known, streamed):
    """Print the samples (unless they were streamed) and which of their lines stand in the training text."""
    lines = [line for text in texts for _, line in written_lines(text, begin)]
    known = find_known(set(lines)) if find_known else set()
    if not streamed:
        for n, text in enumerate(texts):
            print(f"---------------- sample {n + 1} of {len(texts)}\n{mark(text, begin, known)}")
    if find_known:
        copied = [line for line in lines if line in known]
        which = "" if not copied else ": " + "  ".join(sorted(known)) if streamed else " (*)"
        print(
            f"---------------- {len(copied)} of {len(lines)} lines stand in the training text{which}"
        )


def main(argv=None):
    args = get_parser().parse_args(argv)
    keep_freed_memory()
    if args.threads:
        torch.set_num_threads(args.threads)
    device = choose_device(args.device)
    folder = find_folder(
        args.ckpt_path, ("ckpt.pt",), f"python gpt_songci/train.py --ckpt_path {args.ckpt_path}"
    )
    checkpoint = load_checkpoint(folder / "ckpt.pt")
    characters, model = checkpoint["characters"], build_model(checkpoint, device)
    start = read_start(args.start)
    prompt = torch.tensor([encode(start, characters)], device=device).expand(args.num_samples, -1)
    find_known, note = training_lines(args, characters)
    generator = torch.Generator(device).manual_seed(args.seed)
    write = (generate_plain if args.no_cache else generate)(
        model, prompt, args.max_new_tokens, args.temperature, args.top_k, generator
    )

    steps, stopped = [], False
    stream = Stream(args.num_samples, start) if args.stream else None
    bar = tqdm(
        total=args.num_samples * args.max_new_tokens,
        unit=" characters",
        unit_scale=True,
        leave=False,
        disable=args.quiet or args.stream,
    )
    try:
        for tokens in write:
            steps.append(tokens)
            bar.update(args.num_samples)
            if stream:
                stream([characters[n] for n in tokens.tolist()])
    except KeyboardInterrupt:
        stopped = True
    finally:
        bar.close()
    if stream:
        stream.close()
    numbers = torch.stack(steps, 1).tolist() if steps else [[]] * args.num_samples
    show(
        [start + "".join(characters[n] for n in row) for row in numbers],
        len(start),
        find_known,
        args.stream,
    )
    if note:
        print(f"({note})")
    if stopped:
        raise KeyboardInterrupt(
            f"{len(steps)} of {args.max_new_tokens} characters of each sample were written."
        )


if __name__ == "__main__":
    run(main)
