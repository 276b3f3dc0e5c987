"""Plans of guided poems: what --tune and the flags beside it ask of each poem. guide.py makes the model keep a plan."""

import difflib
import json
import random
from dataclasses import dataclass, replace

from cli import UserError, command, find_folder, positive_int

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
    """What one poem keeps: a form with letters at rhyme positions, its tones, and the rhyme groups (1, 2, ...) that each
    letter may have."""

    form: str
    tones: str
    groups: dict

    def titled(self, length):
        """The plan with a title of so many characters before it; 0: only the end of the header's line."""
        head = "(" + "#" * length + ")\n" if length else "\n"
        tones = head.replace("#", "中")
        return replace(self, form=head + self.form, tones=tones + self.tones)


def load_tunes(data_root, characters=None):
    """What prepare.py learned of the tunes: the dict of tunes.json. Raises UserError if it is of another text."""
    rerun = command("prepare.py", "--data_root", data_root)
    folder = find_folder(data_root, ("tunes.json", "meta.json"), rerun)
    try:
        tunes = json.loads((folder / "tunes.json").read_text(encoding="utf-8"))
        meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
        if tunes["format"] != 1 or tunes["sha256"] != meta["sha256"]:
            raise UserError(
                f"{folder / 'tunes.json'} does not belong to meta.json there; run: {rerun}"
            )
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{folder / 'tunes.json'} cannot be used ({type(error).__name__}: {error}); run: {rerun}"
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


# ---------------------------------------------------------------------------------------------------------------- flags


def add_plan_flags(add):
    """The flags of sample.py that ask for guided poems."""
    add("--tune", help="write poems that keep this tune's form and rhymes, instead of --start")
    add("--title", help="title of the poems (default: as the training poems have it)")
    add(
        "--rhyme",
        default="auto",
        help="auto: the model chooses; off: no rhymes; a final (ong, an, ...) or a character to rhyme with",
    )
    add(
        "--tones",
        choices=("off", "soft"),
        default="soft",
        help="soft: a wrong tone is less probable where the tune fixes the tone",
    )
    add(
        "--best_of",
        type=positive_int,
        help="poems written for each one that is shown, the most probable (default: 4, with --stream 1)",
    )


def check_plan_flags(args, defaults):
    """Fill in --best_of. Raises UserError for flags that contradict each other. defaults: {flag: its default}."""
    set_flags = [
        name
        for name in ("title", "rhyme", "tones", "best_of")
        if getattr(args, name) != defaults[name]
    ]
    if set_flags and not args.tune:
        raise UserError(
            f"--{set_flags[0]} belongs to --tune: add --tune, for example --tune 浣溪沙"
        )
    if args.tune and args.start != defaults["start"]:
        raise UserError("--tune and --start exclude each other: leave one out")
    if args.stream and (args.best_of or 1) > 1:
        raise UserError("--stream shows poems while they are written; leave out --best_of")
    if args.best_of is None:
        args.best_of = 4 if args.tune and not args.stream else 1


def make_plans(args, tunes, count):
    """How the texts begin, and a Plan for each of `count` poems. tunes: the dict of tunes.json."""
    rng, tune = random.Random(args.seed), find_tune(tunes, args.tune)
    rhyme = args.rhyme if args.rhyme == "off" else None
    if args.rhyme not in ("auto", "off"):
        rhyme = find_groups(tunes, args.rhyme)
    plans = []
    for _ in range(count):
        plan = make_plan(tunes, tune, rhyme, rng)
        plans.append(plan.titled(0 if args.title else draw_title_length(tunes, rng)))
    return "+++" + tune + (f"({args.title})" if args.title else ""), plans
