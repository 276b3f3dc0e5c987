"""What a trained GPT's poems are like: form, rhyme, tones, copying, variety and perplexity, written freely and guided by
the tune, beside real poems.

    python gpt_songci/evaluate.py --data_root data/quansongci --ckpt_path workdirs/quansongci

Poems begin at `+++TUNE` or `+++TUNE(TITLE)`; the model gets `+++TUNE`, for tunes as often as the training text has them.
"""

import json
import math
import random
import time
from collections import Counter
from itertools import chain, islice
from pathlib import Path

import devices
import numpy as np
import torch
from cli import Parser, UserError, command, find_folder, positive_int, run, safe_write
from guide import Guide
from plans import draw_title_length, load_tunes, make_plan
from prepare import read_lines
from sample import add_sampling_flags, generate, speed_up
from text import decode, encode
from tqdm import tqdm
from train import build_model, load_checkpoint, load_data, validation_loss
from tunes import form_of, line_lengths, read_poems

GRAM = 8  # characters in a row that count as copied
BATCH = 64  # poems that are written side by side


def get_parser():
    parser = Parser(
        description="Perplexity of a trained GPT; form, copying and variety of poems that it writes."
    )
    add = parser.add_argument
    add_sampling_flags(add)
    devices.add_device_flags(parser)
    add("--num_poems", type=positive_int, default=200, help="poems to write, on each side")
    add(
        "--num_tunes",
        type=positive_int,
        help="only the most frequent tunes, so many (default: all)",
    )
    add(
        "--write",
        choices=("both", "free", "guided"),
        default="both",
        help="poems to write: free ones, guided ones (their tune's form and rhymes kept), or both",
    )
    add(
        "--tones",
        choices=("off", "soft"),
        default="soft",
        help="guided: soft makes a wrong tone less probable where the tune fixes the tone",
    )
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


def line_form(poems, patterns):
    """Share of lines with the length that the best fitting pattern of their tune has at their position.

    Missing and additional lines count as wrong. None without poems.
    """
    correct = total = 0
    for tune, body in poems:
        lengths = line_lengths(body)
        best_share = max(
            sum(a == b for a, b in zip(lengths, pattern)) / max(len(lengths), len(pattern))
            for pattern in patterns.get(tune, [()])
        )
        correct, total = correct + best_share * len(lengths), total + len(lengths)
    return correct / total if total else None


def find_pattern(tunes, tune, body):
    """The pattern of tunes.json (a dict) that a poem follows mark by mark, or None."""
    form = form_of(body)
    for pattern in tunes["tunes"].get(tune, {"patterns": []})["patterns"]:
        form_without_rhymes = pattern["form"].translate(
            {ord(letter): "#" for letter in pattern["groups"]}
        )
        if form_without_rhymes == form:
            return pattern
    return None


def rhyme_and_tones(poems, tunes):
    """How well poems keep the rhymes and tones of the pattern that they follow: a dict of shares.

    followed: poems that follow a pattern of tunes.json; only these count for the other shares.
    rhyme_positions: rhyme positions with a character of the group that is most frequent for their letter;
    rhyming: poems in which all rhyme positions are; rhyme_words_twice: poems that repeat a rhyme word;
    tones: positions with a fixed tone that have it.
    """
    group_of = {char: n for n, group in enumerate(tunes["rhymes"], 1) for char in group}
    level, oblique = set(tunes["level"]), set(tunes["oblique"])
    rhymes_kept = positions = fully_rhymed = twice = rhymed = tones_kept = fixed = followed = 0
    poems = list(poems)
    for tune, body in poems:
        pattern = find_pattern(tunes, tune, body)
        if pattern is None:
            continue
        followed += 1
        text = "".join(line + "\n" for line in body)
        misses, words = 0, []
        for letter in pattern["groups"]:
            chars = [char for char, position in zip(text, pattern["form"]) if position == letter]
            groups = Counter(group_of[char] for char in chars if char in group_of)
            matching = max(groups.values(), default=0)
            rhymes_kept, positions, misses = (
                rhymes_kept + matching,
                positions + len(chars),
                misses + len(chars) - matching,
            )
            words += chars
        if words:
            rhymed, fully_rhymed = rhymed + 1, fully_rhymed + (misses == 0)
            twice += len(set(words)) < len(words)
        for char, tone in zip(text, pattern["tones"]):
            if tone in "平仄":
                fixed += 1
                tones_kept += char in (level if tone == "平" else oblique)

    def share(part, count):
        return part / count if count else None

    return {
        "followed": share(followed, len(poems)),
        "rhyme_positions": share(rhymes_kept, positions),
        "rhyming": share(fully_rhymed, rhymed),
        "rhyme_words_twice": share(twice, rhymed),
        "tones": share(tones_kept, fixed),
    }


def grams(text, n):
    """All runs of n characters of a text, in order."""
    return (text[i : i + n] for i in range(len(text) - n + 1))


def copied(texts, chunks, n=GRAM):
    """Share of the n-grams of texts (each counts as often as it is there) that occur in a text of chunks."""
    wanted = Counter(chain.from_iterable(grams(text, n) for text in texts))
    occurring, rest = set(), ""
    for chunk in chunks:
        piece = rest + chunk
        occurring.update(gram for gram in grams(piece, n) if gram in wanted)
        rest = piece[max(0, len(piece) - n + 1) :]
    return sum(wanted[gram] for gram in occurring) / wanted.total() if wanted else None


def distinct(texts, count, n=2):
    """Share of different ones among the first `count` n-grams of texts."""
    first = list(islice(chain.from_iterable(grams(text, n) for text in texts), count))
    return len(set(first)) / len(first) if first else None


# --------------------------------------------------------------------------------------------------------------- model


def write_poems(model, characters, tunes, args, device, guided=None):
    """A text for each of the tunes: "+++TUNE" and what the model writes up to the first empty line or the next header.

    guided: the dict of tunes.json, for poems along a plan; None: the model writes freely.
    """
    generator = torch.Generator(device).manual_seed(args.seed)
    rng = random.Random(args.seed)
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
            guide, length = None, args.max_new_tokens
            if guided:
                plans = [
                    make_plan(guided, tunes[n], None, rng).titled(draw_title_length(guided, rng))
                    for n in batch
                ]
                guide = Guide(guided, characters, plans, device, args.tones == "soft")
                length = guide.length
            written, done = [[] for _ in batch], [False] * len(batch)
            for tokens in generate(
                model,
                torch.tensor(prompt, device=device),
                length,
                args.temperature,
                args.top_k,
                generator,
                guide,
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


def draw_tunes(counts, args):
    """args.num_poems tunes as often as the training text has them, among the args.num_tunes most frequent."""
    names = sorted(counts, key=lambda tune: (-counts[tune], tune))[: args.num_tunes]
    names.sort()
    return random.Random(args.seed).choices(
        names, [counts[tune] for tune in names], k=args.num_poems
    )


def measure(poems, patterns, tunes, train, characters, pairs):
    """All measures of a set of poems. poems: (tune, lines), or None for a poem that was not finished."""
    finished = [poem for poem in poems if poem]
    bodies = ["\n".join(body) for _, body in finished]
    well_formed = sum(line_lengths(body) in patterns.get(tune, ()) for tune, body in finished)
    return {
        "form": well_formed / len(poems) if poems else None,
        "line_form": line_form(finished, patterns),
        **rhyme_and_tones(finished, tunes),
        "copied": copied(bodies, decode(train, characters)),
        "distinct_2": distinct(bodies, pairs),
    }


def evaluate(args):
    """All measures, as a dict, and the seconds that writing took, by side."""
    device = devices.choose_device(args.device, args.threads)
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
    tunes = load_tunes(args.data_root, characters)
    loss = validation_loss(model, val, quiet=args.quiet)

    sides, seconds, chosen = {}, {}, draw_tunes(counts, args)
    guidable = {tune: count for tune, count in counts.items() if tune in tunes["tunes"]}
    for side in ("free", "guided") if args.write == "both" else (args.write,):
        start = time.perf_counter()
        if side == "free":
            texts = write_poems(model, characters, chosen, args, device)
        else:
            try:
                texts = write_poems(
                    model, characters, draw_tunes(guidable, args), args, device, tunes
                )
            except NotImplementedError as error:  # blank gpt-t1.0 is a bonus: the rest does without
                if args.write == "guided":
                    raise
                print(f"no guided poems: {error}")
                continue
        sides[side], seconds[side] = texts, time.perf_counter() - start
    poems = {  # None: unfinished, or nothing in it
        side: [next(read_poems(read_lines([text])), None) for text in texts]
        for side, texts in sides.items()
    }
    human = list(read_poems(read_lines(decode(val, characters))))
    random.Random(args.seed).shuffle(human)
    poems["human"] = [(tune, body) for tune, body in human if tune in patterns]
    pairs = min(  # more text repeats itself more
        sum(max(0, len("\n".join(poem[1])) - 1) for poem in side if poem) for side in poems.values()
    )
    if args.poems:
        with safe_write(args.poems) as file:
            for texts in sides.values():
                file.writelines(text.rstrip("\n") + "\n\n" for text in texts)
    result = {
        side: measure(written, patterns, tunes, train, characters, pairs)
        for side, written in poems.items()
    }
    for side, texts in sides.items():
        numbers = encode("".join(texts), characters, "a poem")
        result[side]["perplexity"] = math.exp(
            validation_loss(model, np.array(numbers, dtype=train.dtype))
        )
        result[side]["finished"] = sum(poem is not None for poem in poems[side])
    result["human"]["perplexity"] = math.exp(loss)
    main_side = result[next(iter(sides))]
    return {
        "ckpt_path": str(args.ckpt_path),
        "iteration": checkpoint["iteration"],
        "val_loss": loss,
        "perplexity": math.exp(loss),
        **{name: main_side[name] for name in ("form", "copied", "distinct_2", "finished")},
        **result,
        "poems": args.num_poems,
        "human_poems": len(human),
        "human_poems_of_known_tunes": len(poems["human"]),
        "pairs": pairs,
        "seed": args.seed,
        "temperature": args.temperature,
        "top_k": args.top_k,
        "tones": args.tones,
        "max_new_tokens": args.max_new_tokens,
    }, seconds


ROWS = {
    "form": "form: poems whose line lengths fit",
    "line_form": "form: lines whose length fits",
    "followed": "poems that follow a pattern *",
    "rhyming": "  rhyme: poems that rhyme throughout",
    "rhyme_positions": "  rhyme: positions that rhyme",
    "rhyme_words_twice": "  rhyme: poems that repeat a word",
    "tones": "  tones: positions of a fixed tone",
    "copied": f"copied: {GRAM}-grams of training text",
    "distinct_2": "distinct-2: different pairs",
    "perplexity": "perplexity under the model",
}


def table(result, seconds):
    """The measures as text."""
    sides = [side for side in ("free", "guided", "human") if side in result]

    def cell(name, value):
        if value is None:
            return f"{'-':>12}"
        return f"{value:12.1f}" if name == "perplexity" else f"{value:12.1%}"

    head = {"free": "free", "guided": "guided", "human": "validation"}
    return "\n".join(
        [
            f"{'':38}" + "".join(f"{head[side]:>12}" for side in sides),
            *(
                f"{label:38}" + "".join(cell(name, result[side][name]) for side in sides)
                for name, label in ROWS.items()
            ),
            f"{result['poems']} poems on each side, "
            + ", ".join(
                f"{result[side]['finished']} {side} ones finished in {seconds[side]:.1f} s"
                for side in sides[:-1]
            )
            + " (an unfinished one has no form);",
            f"{result['human_poems_of_known_tunes']} of {result['human_poems']} validation poems, those whose tune the "
            f"training text has; validation loss {result['val_loss']:.4f};",
            f"distinct-2 from {result['pairs']:,} pairs of neighbours on each side.",
            "* of tunes.json, mark by mark; rhymes and tones are counted in these poems only.",
        ]
    )


def main(argv=None):
    args = get_parser().parse_args(argv)
    result, seconds = evaluate(args)
    print(table(result, seconds))
    target = args.json or find_folder(args.ckpt_path, ("ckpt.pt",)) / "evaluate.json"
    with safe_write(target) as file:
        json.dump(result, file, ensure_ascii=False, indent=1)
        file.write("\n")
    print(f"wrote {target}" + (f" and {args.poems}" if args.poems else ""))


if __name__ == "__main__":
    run(main)
