"""What a tune (词牌) asks of a poem, learned from poems: patterns of lines, rhyme positions, rhyme groups, tones.

Nothing here knows a book of tunes or a rhyme dictionary. `prepare.py` calls `learn_tunes` with the poems of the training
text and writes the result to tunes.json; guide.py makes the model keep it.

- A *form* is the poem with `#` for each Chinese character: "#######。\\n#######，#######。\\n". A letter in the position of
  a `#` is a rhyme position: all positions with one letter rhyme with each other ("######A。\\n######A。\\n").
- *Rhyme groups* are found from the last characters of neighbouring lines. Two characters that end neighbouring lines of
  one poem are linked; groups are the communities of this graph (`communities`). On the full text they come out as
  the groups of the Song rhyme books, level and oblique tones apart and entering tones by themselves.
- *Tones* (平 level, 仄 oblique) follow from a few characters of known tone: a position of a form where these are level is
  a level position, a character that mostly occurs in level positions is level, and so on until nothing changes.
"""

import random
import re
import unicodedata
from collections import Counter, defaultdict
from itertools import combinations

import numpy as np

LIMIT = 1 << 23  # characters of the training text that are looked at
MOST_PATTERNS = 8  # kept for a tune
RHYMES_IF = 0.6  # two positions rhyme if they do in this share of the poems
RESOLUTION = 2.0  # of the communities: larger makes more and smaller groups
SMALLEST_GROUP = 3  # characters
FIXED_TONE = 0.85  # share of one tone that makes a position level or oblique
LEVEL = "天山人风花春云秋来时飞归情声香红楼愁烟寒江东西南中年心明空清青长无如何谁"
OBLIQUE = "月水雨雪日夜去处路晚断远见酒后柳旧老好晓绿玉醉意地泪气事梦影静满面落薄"


def is_chinese(char):
    """Whether a character is written in a poem's lines: CJK ideographs, no marks, letters or kana."""
    return "\u3400" <= char <= "\u9fff" or "\U00020000" <= char <= "\U0003ffff"


# --------------------------------------------------------------------------------------------------------------- poems


def split_header(line):
    """ "+++TUNE(TITLE)" -> (TUNE, TITLE or "")."""
    tune, _, title = line.removeprefix("+++").replace("（", "(").replace("）", ")").partition("(")
    return tune.strip(), title.removesuffix(")")


def read_titled_poems(lines):
    """Poems of a text that comes in lines: (tune, title, its lines). A first poem without header and a last one that
    no empty line ends were cut: they are left out."""
    header, body = None, []
    for line in lines:
        if line.startswith("+++"):
            header, body = split_header(line), []
        elif line.strip():
            body.append(line)
        elif header is not None and body:  # an empty line ends the poem
            yield *header, body
            header = None


def read_poems(lines):
    """`read_titled_poems` without the titles: (tune, lines)."""
    for tune, _, body in read_titled_poems(lines):
        yield tune, body


def line_lengths(body):
    """How many characters each line of a poem has, punctuation and spaces not counted: a tuple, the poem's pattern."""
    return tuple(sum(unicodedata.category(char)[0] not in "PZ" for char in line) for line in body)


def form_of(body):
    """A poem's lines -> its form, "#" for a Chinese character (or □, a lost one); None if something else is in it."""
    form = "".join(
        "#" if is_chinese(char) or char == "□" else char for line in body for char in line + "\n"
    )
    is_regular = all(char in "#\n" or unicodedata.category(char)[0] == "P" for char in form)
    return form if is_regular and "#" in form else None


def phrase_ends(form):
    """Places of a form (or poem) that may rhyme: characters before a mark that ends a phrase or a line (not 、)."""
    return [match.start() for match in re.finditer(r"[^\W、](?=[^\w\s、])", form.replace("#", "x"))]


# ------------------------------------------------------------------------------------------------------- rhyme groups


def linked_endings(bodies):
    """Counter of pairs (a, b), a < b: how often two characters end lines that are at most two lines apart."""
    links = Counter()
    for body in bodies:
        ends = [next(filter(is_chinese, reversed(line)), "") for line in body]
        for gap in (1, 2):
            links.update(
                (min(a, b), max(a, b)) for a, b in zip(ends, ends[gap:]) if a and b and a != b
            )
    return links


def communities(links, resolution=RESOLUTION, seed=0):
    """Groups of nodes that are linked more often than chance would: a dict node -> group (a node of it).

    links: Counter of pairs. The method of Blondel et al. 2008 (Louvain): each node moves to the neighbouring group that
    gains most modularity until none moves; then groups are the nodes of a smaller graph, and so on.
    """
    graph = defaultdict(Counter)
    for (a, b), count in links.items():
        graph[a][b] += count
        graph[b][a] += count
    group_of = {node: node for node in graph}
    while True:
        group = move_nodes(graph, resolution, seed)
        group_of = {node: group[old] for node, old in group_of.items()}
        merged = defaultdict(Counter)
        for a, row in graph.items():
            for b, count in row.items():
                merged[group[a]][group[b]] += count
        if len(merged) == len(graph):
            return group_of
        graph = merged


def move_nodes(graph, resolution, seed):
    """One level of `communities`: a dict node -> group."""
    degree = {node: sum(row.values()) for node, row in graph.items()}
    total = sum(degree.values())
    group, weight = {node: node for node in graph}, Counter(degree)  # weight: degrees in a group
    order = sorted(graph)
    random.Random(seed).shuffle(order)
    moved = True
    while moved:
        moved = False
        for node in order:
            weight[group[node]] -= degree[node]
            near = Counter({group[node]: 0})
            for other, count in graph[node].items():
                if other != node:
                    near[group[other]] += count
            expected = resolution * degree[node] / total
            best = max(near, key=lambda g: (near[g] - expected * weight[g], g == group[node]))
            moved |= best != group[node]
            group[node] = best
            weight[best] += degree[node]
    return group


def learn_rhymes(bodies):
    """Rhyme groups of poems: a list of strings, largest first, each with its most frequent endings first."""
    endings = Counter(
        next(filter(is_chinese, reversed(line)), "") for body in bodies for line in body
    )
    members = defaultdict(list)
    for char, group in communities(linked_endings(bodies)).items():
        members[group].append(char)
    groups = [
        "".join(sorted(chars, key=lambda char: (-endings[char], char)))
        for chars in members.values()
        if len(chars) >= SMALLEST_GROUP
    ]
    return sorted(groups, key=lambda group: (-sum(endings[char] for char in group), group))


# --------------------------------------------------------------------------------------------------------------- tones


def learn_tones(forms, rounds=10):
    """How likely each character is level: a dict character -> probability. forms: dict key -> flat poems of one form.

    Places and characters take turns: a position is as level as the characters that occur there, and a character is level if
    the positions where it occurs speak for it (naive Bayes, each position as one piece of evidence).
    """
    texts = [(key, text) for key, group in forms.items() if len(group) >= 3 for text in group]
    if not texts:
        return {char: float(char in LEVEL) for char in LEVEL + OBLIQUE}
    offsets, size = {}, 0
    for key, text in texts:
        if key not in offsets:
            offsets[key], size = size, size + len(text)
    codes = np.frombuffer("".join(text for _, text in texts).encode("utf-32-le"), dtype="<u4")
    positions = np.concatenate([offsets[key] + np.arange(len(text)) for key, text in texts])
    chinese = np.array([is_chinese(chr(code)) for code in np.unique(codes)])
    characters, index = np.unique(codes, return_inverse=True)
    keep = chinese[index]
    index, positions = index[keep], positions[keep]
    names = "".join(map(chr, characters))
    prior = np.array([4.0 * (char in LEVEL) - 4.0 * (char in OBLIQUE) for char in names])
    odds, count = prior, np.bincount(positions, minlength=size) + 2.0
    for _ in range(rounds):
        level = 1 / (1 + np.exp(-odds))
        share = (np.bincount(positions, level[index], size) + 1) / count
        evidence = np.log(share / (1 - share))
        odds = np.clip(prior + np.bincount(index, evidence[positions], len(names)), -8, 8)
    level = 1 / (1 + np.exp(-odds))
    return {char: float(p) for char, p, ok in zip(names, level, chinese) if ok}


# --------------------------------------------------------------------------------------------------------------- tunes


def rhyme_scheme(form, poems, group_of):
    """The form with letters at the positions that rhyme with each other, and {letter: groups that poems use there}.

    poems: flat poems of this form. Two positions rhyme if their characters are of one group in RHYMES_IF of the poems.
    """
    ends = phrase_ends(form)
    seen = {end: [group_of.get(poem[end]) for poem in poems] for end in ends}
    parent = {end: end for end in ends}

    def root(end):
        while parent[end] != end:
            end = parent[end]
        return end

    for a, b in combinations(ends, 2):
        pairs = [(x, y) for x, y in zip(seen[a], seen[b]) if x is not None and y is not None]
        if pairs and sum(x == y for x, y in pairs) >= RHYMES_IF * len(pairs):
            parent[root(b)] = root(a)
    classes = defaultdict(list)
    for end in ends:
        classes[root(end)].append(end)
    positions, groups = list(form), {}
    rhyming = [members for members in classes.values() if len(members) > 1]
    for letter, members in zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", rhyming):
        for end in members:
            positions[end] = letter
        used = Counter(x for end in members for x in seen[end] if x is not None)
        enough = max(1, 0.02 * used.total())
        groups[letter] = sorted(group for group, count in used.items() if count >= enough)
    return "".join(positions), groups


def tone_marks(form, poems, level):
    """One character for each position of a form: 平 or 仄 where the poems agree, 中 where not, the mark itself else."""
    marks = []
    for position, char in enumerate(form):
        if char != "#":
            marks.append(char)
            continue
        levels = [level[poem[position]] for poem in poems if poem[position] in level]
        share = (sum(levels) + 1) / (len(levels) + 2)
        marks.append("平" if share >= FIXED_TONE else "仄" if share <= 1 - FIXED_TONE else "中")
    return "".join(marks)


def learn_tunes(poems):
    """poems: (tune, title, lines) -> what tunes.json holds, a dict:

    rhymes: list of rhyme groups (strings); level, oblique: the characters of each tone (strings); titles: {length of a
    title: number of poems}; tunes: {tune: {"poems": n, "patterns": [{"poems", "form", "tones", "groups"}, ...]}}, most
    frequent patterns first, a pattern that one poem has only where the tune has no other; groups: {letter of the form:
    indices of the rhyme groups that poems use there}.
    """
    titles, counts, forms, bodies = Counter(), Counter(), defaultdict(list), []
    for tune, title, body in poems:
        counts[tune] += 1
        titles[len(title)] += 1
        form = form_of(body)
        if form:
            bodies.append(body)
            forms[tune, form].append("".join(line + "\n" for line in body))
    rhymes = learn_rhymes(bodies)
    group_of = {char: number for number, group in enumerate(rhymes) for char in group}
    level = learn_tones(forms)
    patterns = defaultdict(list)
    for (tune, form), group in sorted(forms.items(), key=lambda item: (-len(item[1]), item[0])):
        tune_patterns = patterns[tune]
        if len(tune_patterns) < MOST_PATTERNS and (len(group) > 1 or not tune_patterns):
            scheme, groups = rhyme_scheme(form, group, group_of)
            tones = tone_marks(form, group, level)
            tune_patterns.append(
                {"poems": len(group), "form": scheme, "tones": tones, "groups": groups}
            )
    return {
        "format": 1,
        "rhymes": rhymes,
        "level": "".join(sorted(char for char, p in level.items() if p > 0.9)),
        "oblique": "".join(sorted(char for char, p in level.items() if p < 0.1)),
        "titles": {str(length): count for length, count in sorted(titles.items())},
        "tunes": {
            tune: {"poems": counts[tune], "patterns": patterns[tune]} for tune in sorted(patterns)
        },
    }
