"""Text on its way into and out of the model: character numbers, lines, and which lines the training text has."""

from pathlib import Path

from cli import UserError, translate
from prepare import code_points, read_lines, read_text
from train import load_data

DATA_ROOT = Path("data/quansongci")
CHUNK = 1 << 20  # characters of the training text that are decoded at a time


def read_start(start, flag="--start"):
    """The text that --start (or another `flag`) means: `\\n` is a new line, FILE:path the text of a file."""
    if not start.startswith("FILE:"):
        text = start.replace("\\n", "\n")
    else:
        path = Path(start.removeprefix("FILE:")).expanduser()
        if not path.is_file():
            raise UserError(f"{flag} {start}: there is no file {path.absolute()}")
        text = "".join(read_text(path))
    if not text:
        raise UserError(
            f'{flag} is empty: give at least one character, for example "\\n", a new line'
        )
    return text


def encode(text, characters, flag="--start"):
    """text -> list of character numbers. Raises UserError for unknown characters; `flag` names the text's origin."""
    numbers = {char: n for n, char in enumerate(characters)}
    unknown = sorted(set(text) - set(numbers))
    if unknown:
        names = ", ".join(f"{char!r} (U+{ord(char):04X})" for char in unknown[:10])
        further = f" and {len(unknown) - 10} more" if len(unknown) > 10 else ""
        raise UserError(
            f"{flag} has characters that the model does not know: {names}{further}; "
            f"it knows the {len(characters):,} characters of the text it was trained on"
        )
    return [numbers[char] for char in text]


def replace_unknown(text, characters):
    """(`text` with every character that the model does not know replaced, a note that says so or "").

    The substitute is □ if the model knows it, else the first of its Chinese characters that the text does not have.
    """
    unknown = sorted(set(text) - set(characters))
    candidates = [char for char in characters if "\u4e00" <= char <= "\u9fff" and char not in text]
    substitute = "□" if "□" in characters else next(iter(candidates), None)
    if not unknown or substitute is None:
        return text, ""
    note = translate(
        "note: the model does not know {}: it reads {} there", " ".join(unknown), substitute
    )
    return text.translate(dict.fromkeys(map(ord, unknown), substitute)), note


def decode(numbers, characters):
    """Array of character numbers -> str, in chunks."""
    codes = code_points(characters)
    for start in range(0, len(numbers), CHUNK):
        yield codes[numbers[start : start + CHUNK]].tobytes().decode("utf-32-le")


def training_lines(data_root, characters):
    """A function: set of lines -> the subset that the training text has. (None, a note why) if that text is missing
    from the default folder; another folder without it is an error."""
    try:
        meta, train, _ = load_data(data_root)
        if meta["characters"] != characters:
            raise UserError(
                f"the model was trained on another text than {data_root}; give its own --data_root"
            )
    except UserError as error:
        if data_root != DATA_ROOT:
            raise
        return None, f"lines are not compared with the training text: {error}"
    return lambda lines: lines.intersection(read_lines(decode(train, characters))), ""


def written_lines(text, begin):
    """Complete lines of text[begin:] except headers and empty ones: [(start, line)]. The line at `begin` counts."""
    lines, start = [], 0
    for line in text.split("\n")[:-1]:
        if start + len(line) >= begin and line and not line.startswith("+++"):
            lines.append((start, line))
        start += len(line) + 1
    return lines


def mark_copies(text, begin, copies):
    """text with a star behind each written line that is in the set `copies`."""
    for start, line in reversed(written_lines(text, begin)):
        if line in copies:
            text = text[: start + len(line)] + "  *" + text[start + len(line) :]
    return text


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


def show_plan(form, groups):
    """A form as 词谱 write it: ○ a character, △ a rhyme."""
    return form.replace("#", "○").translate({ord(letter): "△" for letter in groups})


class GuidedStream:
    """Print poems as they come, the pattern beside them: a single one fills its pattern, several come by lines."""

    def __init__(self, head, plans, terminal):
        """head: the header that all share, as far as it is given. terminal: whether a line can be written over."""
        self.patterns = [show_plan(plan.form, plan.groups).split("\n") for plan in plans]
        self.patterns = [[head + lines[0], *lines[1:]] for lines in self.patterns]
        self.lines, self.number = [head] * len(plans), [0] * len(plans)
        self.fill = terminal and len(plans) == 1
        if self.fill:
            print(head, end="", flush=True)

    def __call__(self, chars):
        for row, char in enumerate(chars):
            pattern = self.patterns[row][self.number[row] :][:1]
            if not pattern or not pattern[0]:
                continue
            if char != "\n":
                self.lines[row] += char
                if self.fill:
                    rest = pattern[0][len(self.lines[row]) :]
                    print("\r" + self.lines[row] + rest, end="", flush=True)
                continue
            which = "" if len(self.lines) == 1 else f"[{row + 1}] "
            pattern_note = "" if self.number[row] == 0 else "    " + pattern[0]
            if self.fill:
                print()
            else:
                print(which + self.lines[row] + pattern_note, flush=True)
            self.lines[row], self.number[row] = "", self.number[row] + 1

    def close(self):
        if self.fill and self.lines[0]:
            print()


def show(texts, begin, find_copies, streamed):
    """Print the samples (unless they were streamed) and which of their lines the training text has."""
    lines = [line for text in texts for _, line in written_lines(text, begin)]
    copies = find_copies(set(lines)) if find_copies else set()
    if not streamed:
        for n, text in enumerate(texts):
            print(
                f"---------------- sample {n + 1} of {len(texts)}\n{mark_copies(text, begin, copies)}"
            )
    if find_copies:
        count = sum(line in copies for line in lines)
        which = "" if not count else ": " + "  ".join(sorted(copies)) if streamed else " (*)"
        print(f"---------------- {count} of {len(lines)} lines occur in the training text{which}")
