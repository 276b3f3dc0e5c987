"""Let a trained GPT write: all samples in one batch, with a cache of keys and values.

    python gpt_songci/sample.py --ckpt_path workdirs/quansongci --start "+++浣溪沙\\n" --stream
    python gpt_songci/sample.py --ckpt_path workdirs/quansongci --tune 浣溪沙 --num_samples 3

With --tune the poems keep the form and the rhymes of a tune (guide.py).

The keys and values of a character depend on the text before it, never on the text after it: each is computed once, by
the same steps of model.py that training uses. This holds until the window (max_seq_len of the model) is full. Positions
are learned for 0 .. max_seq_len - 1 only, and a text that moves to the left has other keys everywhere. So the newest
half of the window moves to the front, its keys and values are computed again in one pass, and the other half is free:
one computed character for each written one, not a whole window.

fast_sample.py does the same in less time on a CPU (--no_fast: without it).
"""

import copy
import sys
from pathlib import Path

import devices
import torch
from cli import Parser, command, find_folder, number, positive_int, run, seed_number
from guide import Guide, best_of
from plans import add_plan_flags, check_plan_flags, load_tunes, make_plans
from text import DATA_ROOT, GuidedStream, Stream, encode, read_start, show, training_lines
from torch import nn
from tqdm import tqdm
from train import build_model, load_checkpoint

try:
    from fast_sample import speed_up
except ImportError:  # the file may be deleted: it only saves time

    def speed_up(model, rows):
        """Without fast_sample.py: the model itself."""
        return model


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
    add_drawing_flags(add)


def add_drawing_flags(add):
    """How characters are drawn: the flags that predict.py takes too."""
    add(
        "--temperature",
        type=number(0),
        default=0.8,
        help="below 1: more conservative; 0: always the most probable character",
    )
    add(
        "--top_k",
        type=number(0, kind=int),
        default=200,
        help="draw among this many most probable characters; 0: all",
    )
    add("--seed", type=seed_number, default=0, help="seed of the draws")
    add("--no_fast", action="store_true", help="without fast_sample.py: model.py as it stands")
    add("--quiet", action="store_true", help="no progress bar")


def get_parser():
    parser = Parser(
        description="Let a trained GPT write.",
        epilog="Past the window (max_seq_len of the model) its newest half moves to the front and is computed "
        "again, once for each half window of new text; everything else is computed once.",
    )
    add = parser.add_argument
    add_sampling_flags(add)
    devices.add_device_flags(parser)
    add(
        "--start",
        default="\\n",
        help="what each sample begins with: a text, in which \\n is a new line, or FILE:path",
    )
    add_plan_flags(add)
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
        "--temperature 0 the same text until the window is full",
    )
    return parser


class CachedAttention(nn.Module):
    """The steps of MultiHeadSelfAttention for new characters only: keys and values of earlier ones are kept."""

    def __init__(self, attention, size):
        """size: characters that the cache has room for."""
        super().__init__()
        self.attention, self.size, self.used = attention, size, 0

    def forward(self, x, mask):
        """x (B, L, C): the next L characters. mask (L, used + L) bool, True = may not look.

        Returns out (B, L, C) and weights (B, h, L, used + L).
        """
        steps, start, end = self.attention, self.used, self.used + x.size(1)
        q, k_t, v = steps.swap_axes(*map(steps.split_heads, steps.project(x)))
        if start == 0:
            B, h, _, d = v.shape
            self.k_t = v.new_empty(B, h, self.size, d).transpose(2, 3)  # (B, h, d, size)
            self.v = v.new_empty(B, h, self.size, d)
        self.k_t[..., start:end], self.v[:, :, start:end], self.used = k_t, v, end
        s = steps.scores(q, self.k_t[..., :end])  # (B, h, L, end)
        weights = steps.weights(steps.mask_scores(s, mask))
        return steps.project_out(steps.join_heads(steps.mix(weights, self.v[:, :, :end]))), weights


class CachedGPT:
    """A copy of a model, in eval mode, that reads texts piece by piece."""

    def __init__(self, model, size):
        """size: characters that each text may have, at most max_seq_len of the model."""
        self.model, self.size, self.used = copy.deepcopy(model).eval(), size, 0
        for block in self.model.blocks:
            block.attention = CachedAttention(block.attention, size)
        room = torch.zeros(1, size, dtype=torch.long, device=next(model.parameters()).device)
        self.positions, self.mask = self.model.positions(room), self.model.causal_mask(room)

    def reset(self):
        """Forget everything that was read."""
        self.used = 0
        for block in self.model.blocks:
            block.attention.used = 0

    def read(self, tokens):
        """tokens (B, L): the next characters of B texts. Returns logits (B, V) of the character that follows."""
        start, end = self.used, self.used + tokens.size(1)
        self.used = end
        h = self.model.first_input(*self.model.embed(tokens, self.positions[start:end]))
        h, _ = self.model.run_layers(h, self.mask[start:end, :end])
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
    rank = torch.searchsorted(total, draw, right=True).clamp(max=total.size(-1) - 1)
    return (rank if index is None else index.gather(-1, rank))[:, 0]


def draw(logits, temperature, top_k, generator, guide):
    """`pick` from the logits (B, V) as the guide, if there is one, leaves them."""
    if guide is None:
        return pick(logits, temperature, top_k, generator)
    tokens = pick(guide(logits), temperature, top_k, generator)
    guide.write(tokens)
    return tokens


@torch.inference_mode()
def generate(model, prompt, max_new_tokens, temperature=1.0, top_k=0, generator=None, guide=None):
    """Yield the next character of every text, (B,) long, max_new_tokens times. prompt (B, T) long, T >= 1.

    guide: a guide.Guide, which changes the logits before each draw; None: the model writes freely.
    """
    size = min(model.config.max_seq_len, prompt.size(1) + max_new_tokens)
    reader, text, new = CachedGPT(model, size), prompt, prompt[:, -size:]
    for _ in range(max_new_tokens):
        if reader.used == size:  # the window is full: its newest half moves to the front
            reader.reset()
            new = text[:, -max(1, size // 2) :]
        logits = reader.read(new)
        new = draw(logits, temperature, top_k, generator, guide)[:, None]
        text = torch.cat([text, new], 1)
        yield new[:, 0]


@torch.inference_mode()
def generate_without_cache(
    model, prompt, max_new_tokens, temperature=1.0, top_k=0, generator=None, guide=None
):
    """`generate` by the whole model: each character is written from the last max_seq_len ones."""
    text = prompt
    for _ in range(max_new_tokens):
        logits = model(text[:, -model.config.max_seq_len :])[0][:, -1]
        text = torch.cat([text, draw(logits, temperature, top_k, generator, guide)[:, None]], 1)
        yield text[:, -1]


def main(argv=None):
    parser = get_parser()
    args = parser.parse_args(argv)
    check_plan_flags(args, vars(parser.parse_args([])))
    device = devices.choose_device(args.device, args.threads)
    folder = find_folder(
        args.ckpt_path, ("ckpt.pt",), command("train.py", "--ckpt_path", args.ckpt_path)
    )
    checkpoint = load_checkpoint(folder / "ckpt.pt")
    characters, model = checkpoint["characters"], build_model(checkpoint, device)
    rows, guide, length = args.num_samples * args.best_of, None, args.max_new_tokens
    if args.tune:
        tunes = load_tunes(args.data_root, characters)
        start, plans = make_plans(args, tunes, rows)
        guide = Guide(tunes, characters, plans, device, args.tones == "soft")
        length = guide.length
    else:
        start = read_start(args.start)
    prompt = torch.tensor([encode(start, characters)], device=device).expand(rows, -1)
    find_copies, note = training_lines(args.data_root, characters)
    write = generate_without_cache if args.no_cache else generate
    if not args.no_fast and not args.no_cache:
        model = speed_up(model, rows)
    generator = torch.Generator(device).manual_seed(args.seed)

    steps, stopped, stream = [], False, None
    if args.stream and guide:
        stream = GuidedStream(start, plans, sys.stdout.isatty())
    elif args.stream:
        stream = Stream(rows, start)
    bar = tqdm(
        total=rows * length,
        unit=" characters",
        unit_scale=True,
        leave=False,
        disable=args.quiet or args.stream,
    )
    try:
        for tokens in write(model, prompt, length, args.temperature, args.top_k, generator, guide):
            steps.append(tokens)
            bar.update(rows)
            if stream:
                stream([characters[n] for n in tokens.tolist()])
    except KeyboardInterrupt:
        stopped = True
    finally:
        bar.close()
    if stream:
        stream.close()
    numbers = torch.stack(steps, 1).tolist() if steps else [[]] * rows
    texts = [start + "".join(characters[n] for n in row) for row in numbers]
    if guide:
        texts = [texts[n].rstrip("\n") + "\n" for n in best_of(guide.likelihood(), args.best_of)]
    show(texts, len(start), find_copies, args.stream)
    if note:
        print(f"({note})")
    if stopped:
        raise KeyboardInterrupt(f"{len(steps)} of {length} characters of each sample were written.")


if __name__ == "__main__":
    run(main)
