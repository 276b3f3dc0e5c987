"""Guided writing: the model chooses the characters, the tune says what kind of character stands where.

A poem is written along a plan, the form of its tune (see tunes.py): "######A。\\n" and so on. At each place
`model.guide_logits` gives -inf to what the plan forbids, so the model draws from its own distribution over the rest:

- at `#` any Chinese character, at a mark that mark, after the last line an empty one;
- at a rhyme place a character of the rhyme group that the first place of this letter got, never a rhyme word of this
  poem again. The first one may choose among the groups that training poems use there and that have words enough left.

A text cannot run into a dead end: wherever it stands, the plan can be completed.
"""

import difflib
import json
from dataclasses import dataclass, replace

import torch
from cli import UserError, command, find_folder
from model import guide_logits
from tunes import is_chinese

WISH = 2.0  # nats that a character of the wrong tone loses with --tones soft
RARE = 0.1  # patterns with less than this share of the most frequent one's poems are not drawn
# --rhyme FINAL: some characters of the final, level and oblique tones apart
FINALS = {
    "a": ("花家霞茶沙涯", "下画话马夏挂"),
    "o": ("多何歌波河坐", "我破坐火过个"),
    "e": ("多何歌波河坐", "我破坐火过个"),
    "ai": ("来开台怀梅埃", "在海外爱待改"),
    "ei": ("归飞回衣微低", "水醉泪翠地气"),
    "i": ("时归飞知衣西", "里起意地水细"),
    "ao": ("高桥遥潮朝消", "老好少晓小早"),
    "ou": ("秋流楼愁头舟", "酒后柳瘦手旧"),
    "an": ("山寒年天看间", "远见晚面院断"),
    "en": ("人春云新村门", "近尽信恨问阵"),
    "in": ("人春云新村门", "近尽信恨问阵"),
    "ang": ("香长光凉霜乡", "上唱望浪响巷"),
    "eng": ("情声明清城生", "影静定镜醒冷"),
    "ing": ("情声明清城生", "影静定镜醒冷"),
    "ong": ("风中红空东重", "梦动弄送凤洞"),
    "u": ("无书初湖珠夫", "去处雨路语住"),
}


@dataclass(frozen=True)
class Plan:
    """What one poem keeps: a form with letters at rhyme places, its tones, and the rhyme groups (1, 2, ...) that each
    letter may have."""

    form: str
    tones: str
    groups: dict

    def titled(self, length):
        """The plan with a title of so many characters before it; 0: only the end of the header's line."""
        head = "(" + "#" * length + ")\n" if length else "\n"
        tones = head.replace("#", "中")
        return replace(self, form=head + self.form, tones=tones + self.tones)


# ---------------------------------------------------------------------------------------------------------------- tunes


def load_tunes(data_root, characters=None):
    """What prepare.py learned of the tunes: the dict of tunes.json. Raises UserError if it is of another text."""
    again = command("prepare.py", "--data_root", data_root)
    folder = find_folder(data_root, ("tunes.json", "meta.json"), again)
    try:
        tunes = json.loads((folder / "tunes.json").read_text(encoding="utf-8"))
        meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
        if tunes["format"] != 1 or tunes["sha256"] != meta["sha256"]:
            raise UserError(
                f"{folder / 'tunes.json'} does not belong to meta.json there; run: {again}"
            )
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{folder / 'tunes.json'} cannot be used ({type(error).__name__}: {error}); run: {again}"
        ) from None
    if characters is not None and meta["characters"] != characters:
        raise UserError(
            f"the model was trained on another text than {data_root}; give its own --data_root"
        )
    if not tunes["tunes"]:
        raise UserError(f"{folder / 'tunes.json'} knows no tune: its text has no poem +++TUNE")
    return tunes


def find_tune(tunes, name):
    """The full name of a tune that training poems have: 忆江南 -> 望江南・忆江南."""
    names = tunes["tunes"]
    for matches in ([name] if name in names else [], [n for n in names if name in n.split("・")]):
        if matches:
            return max(matches, key=lambda match: names[match]["poems"])
    parts = sorted({part for full in names for part in full.split("・")})
    near = difflib.get_close_matches(name, parts, n=3, cutoff=0.4)
    often = sorted(names, key=lambda n: -names[n]["poems"])[:8]
    raise UserError(
        f"the training text has no tune {name}; "
        + (f"did you mean {' or '.join(near)}?" if near else f"often: {'、'.join(often)}")
    )


def find_groups(tunes, rhyme):
    """The rhyme groups (1, 2, ...) that --rhyme means: those of a Chinese character, or of a final such as ong."""
    rhymes = tunes["rhymes"]
    if rhyme in FINALS:
        groups = {
            number
            for number, group in enumerate(rhymes, 1)
            if any(2 * sum(char in group for char in half) >= len(half) for half in FINALS[rhyme])
        }
    else:
        groups = {number for number, group in enumerate(rhymes, 1) if rhyme in group}
    if not groups or not rhyme:
        raise UserError(
            f"--rhyme {rhyme}: neither a character that ends lines of the training text nor one of the finals "
            f"{' '.join(FINALS)}"
        )
    return groups


def make_plan(tunes, tune, rhyme, rng):
    """A Plan for a poem: one of the tune's patterns, drawn as often as training poems have it.

    rhyme: None for any, "off" for no rhymes, or a set of groups for the first letter. rng: a random.Random.
    """
    patterns = tunes["tunes"][tune]["patterns"]
    patterns = [p for p in patterns if p["poems"] >= RARE * patterns[0]["poems"]]
    plans = [
        Plan(p["form"], p["tones"], {k: [n + 1 for n in v] for k, v in p["groups"].items()})
        for p in patterns
    ]
    weights = [p["poems"] for p in patterns]
    if rhyme == "off":
        plans = [
            replace(plan, form="".join("#" if char in plan.groups else char for char in plan.form))
            for plan in plans
        ]
    elif rhyme:
        plans, weights = limit_first_rhyme(plans, weights, rhyme)
        if not plans:
            used = sorted({n for p in patterns for n in p["groups"].get("A", ())})
            examples = "、".join(tunes["rhymes"][n][0] for n in used) or "none"
            raise UserError(
                f"{tune} does not use this rhyme in the training text; it rhymes with: {examples}"
            )
    return rng.choices(plans, weights)[0]


def limit_first_rhyme(plans, weights, groups):
    """The plans whose letter A may have one of `groups`, limited to these, with their weights."""
    pairs = [
        (replace(plan, groups=plan.groups | {"A": allowed}), weight)
        for plan, weight in zip(plans, weights)
        if (allowed := [group for group in plan.groups.get("A", ()) if group in groups])
    ]
    return [plan for plan, _ in pairs], [weight for _, weight in pairs]


def draw_title_length(tunes, rng):
    """The length of a title, as often as training poems have it; 0: no title."""
    return int(rng.choices(list(tunes["titles"]), list(tunes["titles"].values()))[0])


# ---------------------------------------------------------------------------------------------------------------- guide


class Guide:
    """Follows B poems along their plans: `guide(logits)` before each draw, `guide.write(tokens)` after it."""

    def __init__(self, tunes, characters, plans, device="cpu", tones=False):
        """plans: B plans. tones: whether a wrong tone costs WISH nats where the tune fixes the tone."""
        self.plans, self.tones, self.step = plans, tones, 0
        self.length = max(len(plan.form) for plan in plans) + 1  # and an empty line
        number_of = {char: n for n, char in enumerate(characters)}
        V = len(characters)
        marks = {char for plan in plans for char in plan.form if char not in plan.groups}
        marks = sorted(marks | {"#", "\n"})
        self.row = {mark: n for n, mark in enumerate(marks)}  # of `kinds`
        kinds = torch.zeros(len(marks), V, dtype=torch.bool)  # which characters may stand there
        for mark, n in self.row.items():
            if mark != "#" and mark not in number_of:
                raise UserError(f"the tune needs {mark!r}, which the model does not know")
            allowed = (
                map(is_chinese, characters) if mark == "#" else (c == mark for c in characters)
            )
            kinds[n] = torch.tensor(list(allowed))
        rhymes = torch.zeros(V, dtype=torch.long)
        for group, chars in enumerate(tunes["rhymes"], 1):
            rhymes[[number_of[char] for char in chars if char in number_of]] = group
        self.size = torch.bincount(rhymes, minlength=len(tunes["rhymes"]) + 1).tolist()
        sign = torch.tensor(
            [float(char in tunes["level"]) - (char in tunes["oblique"]) for char in characters]
        )
        self.kinds, self.rhymes, self.sign = kinds.to(device), rhymes.to(device), sign.to(device)
        self.used = torch.zeros(len(plans), V, dtype=torch.bool, device=device)
        self.chosen = [{} for _ in plans]  # letter -> group; -1: no group has words enough
        self.words = [[] for _ in plans]  # tokens of the rhyme words
        self.left = [
            {letter: plan.form.count(letter) for letter in plan.groups} for plan in plans
        ]  # rhyme places that are not yet written
        self.score = torch.zeros(len(plans), device=device)
        self.free = torch.zeros(len(plans), device=device)

    def place(self, row):
        """The character of a poem's plan at this step; "\\n" behind its end."""
        form = self.plans[row].form
        return form[self.step] if self.step < len(form) else "\n"

    def open_groups(self, row, letter):
        """Groups that the first rhyme word of a letter may have: enough words must be left for all its places. If no
        group of the plan has enough, all that have."""
        chosen, left = self.chosen[row], self.left[row]
        taken = [0] * len(self.size)
        for token in self.words[row]:
            taken[self.rhymes[token]] += 1
        for other, group in chosen.items():
            if group > 0:
                taken[group] += left[other]
        every = range(1, len(self.size))
        enough = [group for group in every if self.size[group] - taken[group] >= left[letter]]
        return [group for group in self.plans[row].groups[letter] if group in enough] or enough

    def __call__(self, logits):
        """logits (B, V) of the model -> the logits to draw from."""
        self.logits = logits
        places = [self.place(row) for row in range(len(self.plans))]
        rows = [self.row.get(place, self.row["#"]) for place in places]
        fits = self.kinds[torch.tensor(rows, device=logits.device)]
        wanted = torch.full((len(places),), -1)
        for row, letter in enumerate(places):
            if letter not in self.plans[row].groups:
                continue
            if letter not in self.chosen[row]:
                groups = self.open_groups(row, letter)
                if groups:
                    fits[row] &= torch.isin(self.rhymes, torch.tensor(groups, device=logits.device))
                else:
                    self.chosen[row][letter] = -1
            wanted[row] = self.chosen[row].get(letter, 0)
        if self.tones:
            wish = torch.tensor(
                [self.tone(row) for row in range(len(places))], device=logits.device
            )
            logits = logits - WISH * (wish[:, None] * self.sign < 0)
        return guide_logits(logits, fits, self.rhymes, wanted.to(logits.device), self.used)

    def tone(self, row):
        """1 for a level place, -1 for an oblique one, 0 else."""
        tones = self.plans[row].tones
        return {"平": 1.0, "仄": -1.0}.get(tones[self.step] if self.step < len(tones) else "", 0.0)

    def write(self, tokens):
        """tokens (B,): the characters that were drawn."""
        chance = torch.log_softmax(self.logits.float(), -1).gather(-1, tokens[:, None])[:, 0]
        for row, token in enumerate(tokens.tolist()):
            letter = self.place(row)
            if letter in self.plans[row].groups and self.chosen[row].get(letter) != -1:
                self.chosen[row][letter] = int(self.rhymes[token])
                self.left[row][letter] -= 1
                self.used[row, token] = True
                self.words[row].append(token)
            if letter.isalpha() or letter == "#":
                self.score[row] += chance[row]
                self.free[row] += 1
        self.step += 1

    def likelihood(self):
        """(B,) mean log-probability, by the model without the plan, of the characters that the plan left open."""
        return self.score / self.free.clamp(min=1)


def best_of(likelihood, count):
    """Rows with the largest likelihood among each `count` neighbours: (B / count,) long."""
    groups = likelihood.view(-1, count)
    return groups.argmax(1) + count * torch.arange(len(groups), device=groups.device)


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
            beside = "" if self.number[row] == 0 else "    " + pattern[0]
            if self.fill:
                print()
            else:
                print(which + self.lines[row] + beside, flush=True)
            self.lines[row], self.number[row] = "", self.number[row] + 1

    def close(self):
        if self.fill and self.lines[0]:
            print()
