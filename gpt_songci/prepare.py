"""Text -> what train.py reads: train.bin, val.bin (character numbers) and meta.json (the characters).

    python gpt_songci/prepare.py --data_root data/quansongci

The text is read in chunks, so memory does not grow with its size. tunes.json is for `sample.py --tune`: what the poems
of the training part tell of each tune (tunes.py).
"""

import codecs
import contextlib
import hashlib
import io
import json
import re
from pathlib import Path

import numpy as np
from cli import Parser, UserError, command, find_folder, run, safe_write
from tqdm import tqdm
from tunes import LIMIT, learn_tunes, read_titled_poems

CHUNK = 1 << 20  # bytes read at a time
LARGEST_POEM = 1 << 24  # characters of JSON
ALL_CHARACTERS = 0x110000  # Unicode ends here


def get_parser():
    parser = Parser(
        description="Turn input.txt, or ci.song.*.json files, into character numbers for train.py."
    )
    parser.add_argument(
        "--data_root", type=Path, default=Path("data/quansongci"), help="folder with the raw text"
    )
    parser.add_argument("--out_dir", type=Path, help="folder for what is made (default: data_root)")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    return parser


def main(argv=None):
    args = get_parser().parse_args(argv)
    data_root = find_folder(args.data_root, fill=command("data/download.py", "quansongci"))
    out_dir = args.out_dir or data_root
    out_dir.mkdir(parents=True, exist_ok=True)
    meta = prepare(find_text(data_root, out_dir, args.quiet), out_dir, args.quiet)
    print(
        f"{meta['train_characters'] + meta['val_characters']:,} characters, {len(meta['characters']):,} different; "
        f"train {meta['train_characters']:,}, validation {meta['val_characters']:,}; wrote {out_dir / 'train.bin'}, "
        "val.bin, meta.json and tunes.json"
    )


def find_text(data_root, out_dir, quiet=False):
    """The text file to read: input.txt, or joined.txt, made in out_dir from the JSON files."""
    text, parts = data_root / "input.txt", list(data_root.glob("ci.song.*.json"))
    if parts and text.is_file():
        raise UserError(
            f"two raw texts in {data_root}: input.txt and {min(parts).name}; move one of them away"
        )
    if text.is_file():
        return text
    if not parts:
        raise UserError(
            f"no input.txt and no ci.song.*.json in {data_root.absolute()}; "
            f"run: {command('data/download.py', 'quansongci')}"
        )
    join_poems(sorted(parts, key=number_in_name), out_dir / "joined.txt", quiet)
    return out_dir / "joined.txt"


def number_in_name(path):
    """ci.song.2000.json -> (2000, its name)."""
    digits = re.search(r"\d+", path.name)
    if not digits:
        raise UserError(
            f"{path} has no number in its name: the files are joined in the order of their numbers"
        )
    return int(digits[0]), path.name


def join_poems(parts, joined, quiet=False):
    """Write the poems of all JSON files to `joined`: each `+++TUNE`, its lines, an empty line."""
    with safe_write(joined) as out:
        for part in tqdm(parts, desc="joining", unit="file", disable=quiet):
            for poem in read_json_poems(part):
                try:
                    if not isinstance(poem["paragraphs"], list):
                        raise TypeError("`paragraphs` is not a list")
                    out.write("\n".join(["+++" + poem["rhythmic"], *poem["paragraphs"]]) + "\n\n")
                except (KeyError, TypeError, UnicodeEncodeError) as error:
                    raise UserError(
                        f"{part}: each poem needs a text `rhythmic` and a list of texts `paragraphs`; "
                        f"{json.dumps(poem)[:60]} gives {type(error).__name__}: {error}"
                    ) from None


def read_json_poems(path):
    """The members of the JSON list in a file, one after the other."""
    texts, decoder = read_text(path), json.JSONDecoder()
    rest, position = next(texts, "").lstrip(), 1
    if not rest.startswith("["):
        raise UserError(f"{path} is not a JSON list of poems: it does not begin with [")
    while True:
        position = re.compile(r"[\s,]*").match(rest, position).end()
        if rest.startswith("]", position):
            return
        try:
            poem, position = decoder.raw_decode(rest, position)
        except json.JSONDecodeError as error:  # the end of this chunk, or really wrong
            more = next(texts, None)
            if more is None or len(rest) - position > LARGEST_POEM:
                raise UserError(
                    f"{path} is not a JSON list of poems: {error.msg} at {rest[position : position + 40]!r}"
                ) from None
            rest, position = rest[position:] + more, 0
        else:
            yield poem


def read_text(path, quiet=True, desc=None, digest=None):
    """The text of a UTF-8 file in chunks (str): no byte order mark, every line end "\n". Fills `digest`, if given."""
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    line_ends = io.IncrementalNewlineDecoder(decoder=None, translate=True)
    offset = 0  # bytes before the chunk
    with (
        open(path, "rb") as file,
        tqdm(desc=desc, total=path.stat().st_size, unit="B", unit_scale=True, disable=quiet) as bar,
    ):
        while True:
            data = file.read(CHUNK)
            try:
                text = decoder.decode(data, final=not data)
            except UnicodeDecodeError as error:
                begin = (
                    offset + len(data) - len(error.object)
                )  # the decoder keeps a character that a chunk cut
                raise UserError(
                    f"{path} is not UTF-8: byte {begin + error.start} "
                    f"({error.object[error.start]:#04x}) cannot be read ({error.reason}); "
                    "save the file as UTF-8"
                ) from None
            offset += len(data)
            if digest:
                digest.update(data)
            bar.update(len(data))
            text = line_ends.decode(text, final=not data)
            if text:
                yield text
            if not data:
                return


def first_characters(chunks, count):
    """The first `count` characters of a text that is read in chunks, in chunks."""
    for chunk in chunks:
        yield chunk[:count]
        count -= len(chunk)
        if count <= 0:
            return


def read_lines(chunks):
    """The lines of a text that is read in chunks, without their line ends."""
    rest = ""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split("\n")
        yield from lines
    if rest:
        yield rest


def code_points(text):
    """str of n characters -> their Unicode numbers, (n,) uint32."""
    return np.frombuffer(text.encode("utf-32-le"), dtype="<u4")


def prepare(text_file, out_dir, quiet=False):
    """Write train.bin, val.bin, tunes.json and meta.json for a text; returns what meta.json holds."""
    digest, seen, total = hashlib.sha256(), np.zeros(ALL_CHARACTERS, dtype=bool), 0
    for text in read_text(text_file, quiet, "finding the characters", digest):
        seen[code_points(text)] = True
        total += len(text)
    train = total * 9 // 10
    if train < 2 or total - train < 2:
        raise UserError(
            f"{text_file} is {'empty' if not total else f'too short: {total} characters'}; "
            "train and validation part need at least 2 characters each, so 11 in all"
        )
    vocabulary = np.flatnonzero(seen)
    dtype = "uint16" if len(vocabulary) <= 1 << 16 else "uint32"
    number = np.zeros(ALL_CHARACTERS, dtype=dtype)  # Unicode number -> our number
    number[vocabulary] = np.arange(len(vocabulary))
    meta = {
        "format": 1,
        "source": text_file.name,
        "sha256": digest.hexdigest(),
        "dtype": dtype,
        "train_characters": train,
        "val_characters": total - train,
        "characters": "".join(map(chr, vocabulary)),
    }

    digest, offset = hashlib.sha256(), 0
    with contextlib.ExitStack() as files:  # renamed together at the end, meta.json last
        meta_file = files.enter_context(safe_write(out_dir / "meta.json"))
        tunes_file = files.enter_context(safe_write(out_dir / "tunes.json"))
        val_file = files.enter_context(safe_write(out_dir / "val.bin", "wb"))
        train_file = files.enter_context(safe_write(out_dir / "train.bin", "wb"))
        for text in read_text(text_file, quiet, "writing the numbers", digest):
            numbers = number[code_points(text)]
            cut = min(max(train - offset, 0), len(numbers))
            train_file.write(numbers[:cut].tobytes())
            val_file.write(numbers[cut:].tobytes())
            offset += len(numbers)
        if digest.hexdigest() != meta["sha256"]:
            raise UserError(f"{text_file} was changed while it was read; run this again")
        training_text = first_characters(read_text(text_file), min(train, LIMIT))
        tunes = learn_tunes(read_titled_poems(read_lines(training_text)))
        json.dump({"sha256": meta["sha256"], **tunes}, tunes_file, ensure_ascii=False, indent=1)
        json.dump(meta, meta_file, ensure_ascii=False, indent=1)
    return meta


if __name__ == "__main__":
    run(main)
