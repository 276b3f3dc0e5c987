"""Four numbers of a trained GPT: perplexity, form, copying, variety; the same of real poems beside them.

    python gpt_songci/evaluate.py --data_root data/quansongci --ckpt_path workdirs/quansongci

Poems begin at `+++TUNE` or `+++TUNE(TITLE)`; the model gets `+++TUNE`, for tunes as often as the training text has them.
"""

import json
import math
import random
import unicodedata
from collections import Counter
from itertools import chain, islice
from pathlib import Path

import torch
from cli import Parser, UserError, command, find_folder, positive_int, run, safe_write
from devices import add_device_flags, choose_device
from sample import add_sampling_flags, generate, speed_up
from text import decode, encode, read_lines
from tqdm import tqdm
from train import build_model, load_checkpoint, load_data, validation_loss

GRAM = 8  # characters in a row that count as copied
BATCH = 64  # poems that are written side by side


def get_parser():
    parser = Parser(
        description="Perplexity of a trained GPT; form, copying and variety of poems that it writes."
    )
    add = parser.add_argument
    add_sampling_flags(add)
    add_device_flags(parser)
    add("--num_poems", type=positive_int, default=200, help="poems to write")
    add(
        "--max_new_tokens",
        type=positive_int,
        default=400,
        help="characters of the longest poem; a longer one counts as unfinished",
    )
    add(
        "--json",
        type=Path,
        help="file for the numbers (default: evaluate.json in --ckpt_path, where compare.py looks)",
    )
    add("--poems", type=Path, help="file for the poems that were written")
    return parser


# --------------------------------------------------------------------------------------------------------------- poems


def split_header(line):
    """ "+++TUNE(TITLE)" -> TUNE."""
    return line.removeprefix("+++").replace("（", "(").split("(")[0].strip()


def read_poems(lines):
    """Poems of a text that comes in lines: (tune, its lines). A first poem without header and a last one that no
    empty line ends were cut: they are left out."""
    tune, body = None, []
    for line in lines:
        if line.startswith("+++"):
            tune, body = split_header(line), []
        elif line.strip():
            body.append(line)
        elif tune is not None and body:  # an empty line ends the poem
            yield tune, body
            tune = None


def line_lengths(body):
    """How many characters each line of a poem has, punctuation and spaces not counted: a tuple, the poem's pattern."""
    return tuple(sum(unicodedata.category(char)[0] not in "PZ" for char in line) for line in body)


def patterns_of(poems):
    """(how many poems each tune has, the patterns of each tune): a Counter and a dict tune -> set of tuples."""
    counts, patterns = Counter(), {}
    for tune, body in poems:
        counts[tune] += 1
        patterns.setdefault(tune, set()).add(line_lengths(body))
    return counts, patterns


def form(poems, patterns):
    """Share of the poems whose line lengths are a pattern that the training text has for their tune."""
    poems = list(poems)
    return (
        sum(line_lengths(body) in patterns.get(tune, ()) for tune, body in poems) / len(poems)
        if poems
        else None
    )


def grams(text, n):
    """All runs of n characters of a text, in order."""
    return (text[i : i + n] for i in range(len(text) - n + 1))


def copied(texts, chunks, n=GRAM):
    """Share of the n-grams of texts (each counts as often as it is there) that stand in a text of chunks."""
    wanted = Counter(chain.from_iterable(grams(text, n) for text in texts))
    found, rest = set(), ""
    for chunk in chunks:
        piece = rest + chunk
        found.update(gram for gram in grams(piece, n) if gram in wanted)
        rest = piece[max(0, len(piece) - n + 1) :]
    return sum(wanted[gram] for gram in found) / wanted.total() if wanted else None


def distinct(texts, count, n=2):
    """Share of different ones among the first `count` n-grams of texts."""
    first = list(islice(chain.from_iterable(grams(text, n) for text in texts), count))
    return len(set(first)) / len(first) if first else None


# --------------------------------------------------------------------------------------------------------------- model


def write_poems(model, characters, tunes, args, device):
    """A text for each tune: "+++TUNE" and what the model writes up to the first empty line or the next header."""
    generator = torch.Generator(device).manual_seed(args.seed)
    texts = [None] * len(tunes)
    if not args.no_fast:
        model = speed_up(model, BATCH)
    order = sorted(
        range(len(tunes)), key=lambda n: len(tunes[n])
    )  # a batch has prompts of one length
    with tqdm(
        total=len(tunes), desc="writing", unit=" poems", leave=False, disable=args.quiet
    ) as bar:
        while order:
            batch = [n for n in order[:BATCH] if len(tunes[n]) == len(tunes[order[0]])]
            order = order[len(batch) :]
            prompt = [encode("+++" + tunes[n], characters, "a tune") for n in batch]
            written, done = [[] for _ in batch], [False] * len(batch)
            for tokens in generate(
                model,
                torch.tensor(prompt, device=device),
                args.max_new_tokens,
                args.temperature,
                args.top_k,
                generator,
            ):
                for row, token in enumerate(tokens.tolist()):
                    if not done[row]:
                        written[row].append(characters[token])
                        done[row] = "".join(written[row][-4:]).endswith(("\n\n", "\n+++"))
                if all(done):
                    break
            for n, chars in zip(batch, written):
                texts[n] = "+++" + tunes[n] + "".join(chars)
            bar.update(len(batch))
    return texts


def evaluate(args):
    """All numbers, as a dict."""
    device = choose_device(args.device, args.threads)
    folder = find_folder(
        args.ckpt_path, ("ckpt.pt",), command("train.py", "--ckpt_path", args.ckpt_path)
    )
    checkpoint = load_checkpoint(folder / "ckpt.pt")
    characters, model = checkpoint["characters"], build_model(checkpoint, device)
    meta, train, val = load_data(args.data_root)
    if meta["characters"] != characters:
        raise UserError(
            f"{folder / 'ckpt.pt'} was trained on another text than {args.data_root} has; give its own "
            "--data_root"
        )
    counts, patterns = patterns_of(read_poems(read_lines(decode(train, characters))))
    if not counts:
        raise UserError(
            f"{args.data_root} has no poem: a poem is a line +++TUNE, its lines, an empty line"
        )
    loss = validation_loss(model, val, quiet=args.quiet)

    rng = random.Random(args.seed)
    tunes = rng.choices(sorted(counts), [counts[tune] for tune in sorted(counts)], k=args.num_poems)
    texts = write_poems(model, characters, tunes, args, device)
    ours = [
        next(read_poems(read_lines([text])), None) for text in texts
    ]  # None: unfinished, or nothing in it
    human = list(read_poems(read_lines(decode(val, characters))))
    rng.shuffle(human)
    same = [(tune, body) for tune, body in human if tune in patterns]
    bodies = [["\n".join(poem[1]) for poem in poems if poem] for poems in (ours, human)]
    pairs = min(
        sum(max(0, len(text) - 1) for text in side) for side in bodies
    )  # more text repeats itself more
    if args.poems:
        with safe_write(args.poems) as file:
            file.writelines(text.rstrip("\n") + "\n\n" for text in texts)
    return {
        "ckpt_path": str(args.ckpt_path),
        "iteration": checkpoint["iteration"],
        "val_loss": loss,
        "perplexity": math.exp(loss),
        "form": sum(
            poem is not None and line_lengths(poem[1]) in patterns.get(poem[0], ()) for poem in ours
        )
        / len(ours),
        "copied": copied(bodies[0], decode(train, characters)),
        "distinct_2": distinct(bodies[0], pairs),
        "human": {
            "form": form(same, patterns),
            "copied": copied(bodies[1], decode(train, characters)),
            "distinct_2": distinct(bodies[1], pairs),
        },
        "poems": len(ours),
        "finished": sum(poem is not None for poem in ours),
        "human_poems": len(human),
        "human_poems_of_known_tunes": len(same),
        "pairs": pairs,
        "seed": args.seed,
        "temperature": args.temperature,
        "top_k": args.top_k,
        "max_new_tokens": args.max_new_tokens,
    }


def table(result):
    """The numbers as text."""

    def cell(value):
        return f"{'-':>12}" if value is None else f"{value:12.1%}"

    human = result["human"]
    return "\n".join(
        [
            f"{'':34}{'written':>12}{'validation':>12}",
            f"{'perplexity':34}{'':12}{result['perplexity']:12.1f}   ({result['val_loss']:.4f} nats per character)",
            f"{'form: line lengths that fit':34}{cell(result['form'])}{cell(human['form'])}",
            f"{f'copied: {GRAM}-grams of training text':34}{cell(result['copied'])}{cell(human['copied'])}",
            f"{'distinct-2: different pairs':34}{cell(result['distinct_2'])}{cell(human['distinct_2'])}",
            f"{result['poems']} poems written, {result['finished']} of them to their end (an unfinished one has no form); "
            f"{result['human_poems']} validation poems,",
            f"form from the {result['human_poems_of_known_tunes']} whose tune the training text has; distinct-2 from "
            f"{result['pairs']:,} pairs of neighbours on each side.",
        ]
    )


def main(argv=None):
    args = get_parser().parse_args(argv)
    result = evaluate(args)
    print(table(result))
    target = args.json or find_folder(args.ckpt_path, ("ckpt.pt",)) / "evaluate.json"
    with safe_write(target) as file:
        json.dump(result, file, ensure_ascii=False, indent=1)
        file.write("\n")
    print(f"wrote {target}" + (f" and {args.poems}" if args.poems else ""))


if __name__ == "__main__":
    run(main)
