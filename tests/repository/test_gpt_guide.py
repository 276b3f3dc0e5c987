"""gpt_songci's tunes.py and guide.py: forms learned from poems, and guided sampling compared with enumeration."""

import itertools
import json
import random
from collections import Counter

import pytest
import torch

from course.homeworks import ROOT
from course.solved import load_solved

GPT = load_solved("gpt_songci")
with GPT.active():
    model_py, sample, fast_sample, text_py, tunes_py, plans_py, guide_py = map(
        GPT.module, ("model", "sample", "fast_sample", "text", "tunes", "plans", "guide")
    )
BUNDLED = ROOT / "data" / "quansongci" / "input.txt"


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def learned():
    """The tunes learned from all bundled poems, without a validation part."""
    lines = BUNDLED.read_text(encoding="utf-8").split("\n")
    return tunes_py.learn_tunes(tunes_py.read_titled_poems(lines))


# ---------------------------------------------------------------------------------------------------------------- tunes


def test_form_phrase_ends_and_header_of_a_poem():
    assert tunes_py.form_of(["一二，三。", "四五、六！"]) == "##，#。\n##、#！\n"
    assert tunes_py.form_of(["一□。"]) == "##。\n"
    assert tunes_py.form_of(["a。"]) is None and tunes_py.form_of(["。"]) is None
    assert tunes_py.phrase_ends("##，#。\n##、#！\n") == [1, 3, 9]
    assert tunes_py.split_header("+++甲（乙）") == ("甲", "乙")
    assert tunes_py.split_header("+++甲") == ("甲", "")


@pytest.mark.parametrize("seed", range(5))
def test_communities_equal_the_planted_groups(seed):
    rng = random.Random(seed)
    groups = ["abcdefgh", "ijklm", "nopqrst", "uvwxyz"]
    links = Counter()
    for _ in range(600):
        chars = rng.choice(groups) if rng.random() < 0.85 else "".join(groups)
        links[tuple(sorted(rng.sample(chars, 2)))] += 1
    communities = tunes_py.communities(links)
    assert {
        frozenset(node for node in communities if communities[node] == g)
        for g in communities.values()
    } == set(map(frozenset, groups))


def planted_poems(count, seed=0):
    """Yields poems of one tune with four lines of four characters, as (tune, title, lines).

    Position 0 of a line has a level tone, position 1 an oblique one; lines 1, 2 and 4 rhyme in one of three groups.
    """
    rng = random.Random(seed)
    level, oblique = "天山人风花春云秋来时飞归", "月水雨雪日夜去处路晚断远"
    rhymes = ["东红空中", "南寒年看", "香长光凉"]
    for _ in range(count):
        group = rng.choice(rhymes)
        lines = []
        for n in range(4):
            end = rng.choice(group) if n != 2 else rng.choice("月水雨雪日夜")
            free = rng.choice(level + oblique)
            lines.append(f"{rng.choice(level)}{rng.choice(oblique)}{free}{end}。")
        yield "甲", "", lines


def test_planted_forms_and_rhymes_are_learned():
    result = tunes_py.learn_tunes(planted_poems(400))
    (pattern,) = result["tunes"]["甲"]["patterns"]
    assert pattern["form"] == "###A。\n###A。\n####。\n###A。\n" and pattern["poems"] == 400
    assert pattern["tones"] == "平仄中平。\n平仄中平。\n平仄中仄。\n平仄中平。\n"
    groups = [set(result["rhymes"][n]) for n in pattern["groups"]["A"]]
    for planted in (
        "东红空中",
        "南寒年看",
        "香长光凉",
    ):  # a learned group may also contain an unrhymed ending
        assert sum(set(planted) <= group for group in groups) == 1
    assert len(groups) == 3
    assert set("东红空中南寒年看香长光凉") <= set(result["level"])


def test_bundled_tunes_equal_forms_json(learned):
    table = json.loads((BUNDLED.parent / "forms.json").read_text(encoding="utf-8"))["tunes"]
    assert set(learned["tunes"]) == set(table)
    for tune, lines in table.items():
        form = learned["tunes"][tune]["patterns"][0]["form"]
        plain = [line for line in form.replace("，", " ").replace("。", "").split("\n") if line]
        assert [[len(part) for part in line.replace("、", " ").split()] for line in plain] == lines
    form = learned["tunes"]["浣溪沙"]["patterns"][0]["form"]
    assert form == "######A。\n######A。\n######A。\n#######，######A。\n######A。\n"


def test_no_poems_give_no_tunes_and_one_poem_no_rhymes():
    assert tunes_py.learn_tunes([])["tunes"] == {}
    assert (
        tunes_py.learn_tunes([("甲", "", ["一。"])])["tunes"]["甲"]["patterns"][0]["groups"] == {}
    )


# ------------------------------------------------------------------------------------------------ the masked distribution

CHARACTERS = "\n，。天人川地水山月□"
SMALL = {
    "rhymes": ["天人川", "地水"],
    "level": "天人川山",
    "oblique": "地水月",
}


def plan(form, **groups):
    tones = form.translate({ord(char): "中" for char in "#AB"})
    return plans_py.Plan(form, tones, groups)


def poems_by_enumeration(plan):
    """Yields every text that satisfies the plan, found by trying all texts."""
    chinese = [char for char in CHARACTERS if tunes_py.is_chinese(char)]
    options = [chinese if sign == "#" or sign in plan.groups else [sign] for sign in plan.form]
    for chars in itertools.product(*options):
        rhyming = [(sign, char) for sign, char in zip(plan.form, chars) if sign in plan.groups]
        groups = {}
        for sign, char in rhyming:
            group = next((n for n, g in enumerate(SMALL["rhymes"], 1) if char in g), 0)
            groups.setdefault(sign, set()).add(group)
        one_group_each = all(
            len(g) == 1 and g <= set(plan.groups[letter]) for letter, g in groups.items()
        )
        if one_group_each and len(set(rhyming)) == len({char for _, char in rhyming}) == len(
            rhyming
        ):
            yield "".join(chars)


def next_logits(text):
    """Logits (V,) of an artificial model, a function of the whole preceding text."""
    return torch.randn(len(CHARACTERS), generator=torch.Generator().manual_seed(hash(text) % 10**9))


@pytest.mark.parametrize(
    "form, groups",
    [
        ("#A，A。\n", {"A": [1, 2]}),
        ("A。\nA。\nA。\n", {"A": [1, 2]}),  # the second group is too small
        ("A，B。\nA，B。\n", {"A": [1, 2], "B": [1, 2]}),
        ("A，A，B。\n", {"A": [1], "B": [1, 2]}),
        ("AA#\n", {"A": [2]}),
        ("##。\n", {}),
    ],
)
def test_masked_distribution_equals_enumeration(form, groups):
    requested = plan(form, **groups)
    poems = list(poems_by_enumeration(requested))
    prefixes = {}
    for poem in poems:
        for end in range(len(poem)):
            prefixes.setdefault(poem[:end], set()).add(poem[end])
    assert poems and prefixes
    for prefix, following in prefixes.items():
        guide = guide_py.Guide(SMALL, CHARACTERS, [requested], "cpu")
        for n, char in enumerate(prefix):
            guide(next_logits(prefix[:n])[None])
            guide.write(torch.tensor([CHARACTERS.index(char)]))
        logits = next_logits(prefix)
        chance = torch.softmax(guide(logits[None])[0].double(), -1)
        allowed = torch.tensor([char in following for char in CHARACTERS])
        expected = torch.where(allowed, logits.double().exp(), 0)
        torch.testing.assert_close(chance, expected / expected.sum(), rtol=1e-6, atol=0)


def test_rhyme_with_too_few_characters_is_dropped():
    requested = plan("A。\nA。\nA。\nA。\n", A=[1, 2])  # four words, the largest group has three
    guide = guide_py.Guide(SMALL, CHARACTERS, [requested], "cpu")
    for step in range(guide.length):
        logits = guide(next_logits(str(step))[None])
        assert torch.isfinite(logits).any()
        guide.write(logits.argmax(-1))


def test_tones_lower_the_logits_of_wrong_characters_only():
    requested = plans_py.Plan("##\n", "平仄\n", {})
    logits = torch.zeros(1, len(CHARACTERS))
    guide = guide_py.Guide(SMALL, CHARACTERS, [requested], "cpu", tones=True)
    for wrong in ("地水月", "天人川山"):
        got = guide(logits)[0]
        for char, value in zip(CHARACTERS, got.tolist()):
            if tunes_py.is_chinese(char):
                assert value == (-guide_py.WISH if char in wrong else 0)
        guide.write(torch.tensor([3]))


def test_likelihood_averages_over_unconstrained_characters():
    requested = plan("#A，A。\n", A=[1])
    guide, total = guide_py.Guide(SMALL, CHARACTERS, [requested] * 2, "cpu"), torch.zeros(2)
    for step in range(guide.length):
        logits = torch.stack([next_logits(f"{step}{row}") for row in range(2)])
        tokens = guide(logits).argmax(-1)
        if step in (0, 1, 3):
            total += torch.log_softmax(logits, -1)[[0, 1], tokens]
        guide.write(tokens)
    torch.testing.assert_close(guide.likelihood(), total / 3)
    rows = guide_py.best_of(torch.tensor([1.0, 3.0, 2.0, 0.0, -1.0, 5.0]), 3)
    assert rows.tolist() == [1, 5]


@pytest.mark.parametrize("write", ["generate", "generate_without_cache"])
@pytest.mark.parametrize("fast", [False, True])
def test_greedy_guided_text_is_the_same_with_and_without_cache(learned, write, fast):
    characters = "".join(sorted(set(BUNDLED.read_text(encoding="utf-8"))))
    torch.manual_seed(0)
    model = model_py.GPT(
        model_py.GPTConfig(len(characters), 120, n_layer=2, n_head=2, n_embd=16)
    ).eval()
    for p in model.parameters():
        torch.nn.init.normal_(p, std=0.4)
    prompt = torch.tensor([text_py.encode("+++浣溪沙", characters)] * 3)

    def poem(write, model):
        rng = random.Random(1)
        plans = [plans_py.make_plan(learned, "浣溪沙", None, rng).titled(n) for n in (0, 2, 3)]
        guide = guide_py.Guide(learned, characters, plans, "cpu", tones=True)
        with GPT.active():
            steps = list(write(model, prompt, guide.length, 0, 200, None, guide))
        return ["".join(characters[n] for n in row) for row in torch.stack(steps, 1)]

    expected = poem(sample.generate_without_cache, model)
    texts = poem(getattr(sample, write), fast_sample.speed_up(model, 3) if fast else model)
    assert texts == expected
    for text, title in zip(texts, (0, 2, 3)):
        head, *body = text.strip("\n").split("\n") if title else ["", *text.strip("\n").split("\n")]
        assert len(head) == (title + 2 if title else 0)
        assert tunes_py.line_lengths(body) == (7, 7, 7, 14, 7)
        assert len({body[n][-2] for n in range(5)}) == 5


# -------------------------------------------------------------------------------------------------------- the commands


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder with data/ (the prepared bundled poems) and run/ (a short training of a tiny model)."""
    folder = tmp_path_factory.mktemp("guided")
    script("prepare", "--data_root", BUNDLED.parent, "--out_dir", folder / "data", "--quiet")
    settings = "--iters 4 --eval_interval 4 --n_layer 1 --n_head 2 --n_embd 8 --threads 1 --quiet"
    script(
        "train",
        "--data_root",
        folder / "data",
        "--ckpt_path",
        folder / "run",
        "--dtype",
        "float32",
        *settings.split(),
    )
    return folder


def script(name, *argv):
    with GPT.active():
        return GPT.module(name).main([str(word) for word in argv])


def sample_text(trained, capsys, *argv):
    capsys.readouterr()
    common = ["--data_root", trained / "data", "--ckpt_path", trained / "run", "--threads", 1]
    script("sample", *common, "--quiet", *argv)
    return capsys.readouterr().out


def test_sample_with_tune_and_title_follows_the_pattern(trained, capsys):
    out = sample_text(trained, capsys, "--tune", "如梦令", "--title", "春晚", "--num_samples", 2)
    poems = out.split("---------------- ")[1:3]
    assert [poem.split("\n")[:2] for poem in poems] == [
        [f"sample {n} of 2", "+++如梦令(春晚)"] for n in (1, 2)
    ]
    for poem in poems:
        lines = poem.split("\n")[2:8]
        assert tunes_py.line_lengths(lines) == (6, 6, 11, 2, 2, 6)
        ends = [lines[n][-2] for n in (0, 1, 2, 3, 4, 5)]
        assert len(set(ends)) == 6
    again = sample_text(trained, capsys, "--tune", "如梦令", "--title", "春晚", "--num_samples", 2)
    assert again == out
    slow = sample_text(
        trained, capsys, "--tune", "如梦令", "--title", "春晚", "--num_samples", 2, "--no_fast"
    )
    assert tunes_py.line_lengths(slow.split("\n")[2:8]) == (6, 6, 11, 2, 2, 6)


def test_sample_with_rhyme_uses_the_requested_group(trained, capsys):
    groups = json.loads((trained / "data" / "tunes.json").read_text(encoding="utf-8"))["rhymes"]
    for rhyme, member in (("ong", "红"), ("头", "头")):
        out = sample_text(trained, capsys, "--tune", "浣溪沙", "--rhyme", rhyme, "--num_samples", 1)
        lines = out.split("\n")[2:7]
        (group,) = [group for group in groups if member in group]
        assert all(line[-2] in group for line in lines), out
    out = sample_text(trained, capsys, "--tune", "浣溪沙", "--rhyme", "off", "--num_samples", 1)
    assert tunes_py.line_lengths(out.split("\n")[2:7]) == (7, 7, 7, 14, 7)


def test_stream_shows_the_pattern_being_filled(trained, capsys):
    out = sample_text(trained, capsys, "--tune", "浣溪沙", "--num_samples", 2, "--stream")
    lines = [line for line in out.split("\n") if line.startswith("[1] ")]
    assert lines[0].startswith("[1] +++浣溪沙") and len(lines) == 6
    assert lines[4].endswith("。    ○○○○○○○，○○○○○○△。")
    capsys.readouterr()
    stream = text_py.GuidedStream("+++甲", [plan("#A。\n", A=[1]).titled(0)], terminal=True)
    for char in "\n天人。\n\n":
        stream([char])
    stream.close()
    assert capsys.readouterr().out == "+++甲\n\r天△。\r天人。\r天人。\n"


@pytest.mark.parametrize(
    "flags, message",
    [
        (["--tune", "沁园"], "no tune 沁园"),
        (["--tune", "xx"], "often: "),
        (["--title", "春"], "--title belongs to --tune"),
        (["--tune", "浣溪沙", "--start", "山"], "exclude each other"),
        (["--tune", "浣溪沙", "--rhyme", "xyz"], "--rhyme xyz"),
        (["--tune", "浣溪沙", "--rhyme", "门外"], "--rhyme 门外"),
        (["--tune", "浣溪沙", "--stream", "--best_of", "2"], "leave out --best_of"),
        (["--tune", "浣溪沙", "--title", "Ω"], "'Ω'"),
    ],
)
def test_wrong_flags_of_guided_sampling_are_user_errors(trained, flags, message):
    common = ["--data_root", trained / "data", "--ckpt_path", trained / "run", "--quiet"]
    with GPT.active(), pytest.raises(GPT.module("cli").UserError) as caught:
        GPT.module("sample").main([str(word) for word in [*common, *flags]])
    assert message in str(caught.value)


def test_missing_damaged_or_foreign_tunes_file_is_refused(trained, tmp_path):
    for name in ("meta.json", "tunes.json"):
        (tmp_path / name).write_bytes((trained / "data" / name).read_bytes())
    error = GPT.module("cli").UserError
    with GPT.active():
        characters = json.loads((tmp_path / "meta.json").read_text(encoding="utf-8"))["characters"]
        assert plans_py.load_tunes(tmp_path, characters)["tunes"]
        with pytest.raises(error, match="another text"):
            plans_py.load_tunes(tmp_path, characters + "x")
        text = (tmp_path / "tunes.json").read_text(encoding="utf-8")
        (tmp_path / "tunes.json").write_text(text.replace('"sha256": "', '"sha256": "0'), "utf-8")
        with pytest.raises(error, match="does not belong"):
            plans_py.load_tunes(tmp_path)
        (tmp_path / "tunes.json").write_text("{", "utf-8")
        with pytest.raises(error, match="cannot be used"):
            plans_py.load_tunes(tmp_path)
        (tmp_path / "tunes.json").unlink()
        with pytest.raises(error, match="prepare.py"):
            plans_py.load_tunes(tmp_path)
