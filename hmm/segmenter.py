"""Chinese word segmentation with hidden Markov models: a tag per character, B M E S.

B begins a word of several characters, M continues it, E ends it; S is a word of one character.
FirstOrder is the homework's model: tags are states, characters are symbols. SecondOrder looks further back.
"""

import zipfile

import numpy as np
from cli import safe_write
from model import HMM

TAGS = "BMES"
B, M, E, S = range(4)
FOLLOWS = {B: (M, E), M: (M, E), E: (B, S), S: (B, S)}  # a word that has begun must end
PAIRS = [
    (y, x) for y in range(4) for x in FOLLOWS[y]
]  # 8 states of the second order: last tag, tag
TRIPLES = [
    (z, y, x) for y, x in PAIRS for z in range(4) if y in FOLLOWS[z]
]  # 16, two for each pair, in its order
EDGE, UNKNOWN = 0, 1  # symbols: edge of a sentence, character not in training
CUT = 2000  # longer pieces of text are cut at a punctuation mark


# ---------------------------------------------------------------- words and tags


def words_to_tags(words):
    """Tags (int8) of the characters of a list of words."""
    return np.array(
        [
            tag
            for word in words
            for tag in ([S] if len(word) == 1 else [B] + [M] * (len(word) - 2) + [E])
        ],
        dtype=np.int8,
    )


def tags_to_words(text, tags):
    """Words of `text`: a character begins a word if its tag is B or S, or if the tag before it is E or S."""
    tags = np.asarray(tags)
    begins = (tags == B) | (tags == S)
    begins[1:] |= (tags[:-1] == E) | (tags[:-1] == S)
    starts = [start for start in np.flatnonzero(begins).tolist() if start] if len(text) else []
    return [text[a:b] for a, b in zip([0] + starts, starts + [len(text)])] if text else []


def normal(char):
    """A character as the models see it: half-width, with 0 for every digit and a for every Latin letter."""
    code = ord(char)
    if 0xFF01 <= code <= 0xFF5E:
        char = chr(code - 0xFEE0)
    return "0" if char in "0123456789" else "a" if char.isascii() and char.isalpha() else char


class Alphabet:
    """Symbols of characters: numbers from 2 on; EDGE and UNKNOWN are the first two."""

    def __init__(self, characters):
        self.characters = list(characters)
        self.table = np.full(0x110000, UNKNOWN, dtype=np.int32)
        numbers = {char: number for number, char in enumerate(self.characters, 2)}
        for code in (
            list(map(ord, self.characters)) + list(range(0xFF01, 0xFF5F)) + list(range(0x21, 0x7F))
        ):
            self.table[code] = numbers.get(normal(chr(code)), UNKNOWN)

    @classmethod
    def of(cls, sentences):
        return cls(sorted({normal(char) for words in sentences for word in words for char in word}))

    def __len__(self):
        return len(self.characters) + 2

    def symbols(self, text):
        """int64 array, one symbol per character."""
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
        return self.table[codes].astype(np.int64)


# ---------------------------------------------------------------- the prepared text


def write_sentences(path, **parts):
    """Write lists of sentences (lists of words) to an npz file: characters, their tags, characters per sentence."""
    arrays = {}
    for name, sentences in parts.items():
        texts = ["".join(words) for words in sentences]
        arrays[f"{name}_text"] = np.frombuffer("".join(texts).encode("utf-32-le"), dtype="<u4")
        arrays[f"{name}_tags"] = np.concatenate(
            [words_to_tags(words) for words in sentences] or [np.zeros(0, np.int8)]
        )
        arrays[f"{name}_lengths"] = np.array([len(text) for text in texts], dtype=np.int64)
    with safe_write(path, "wb") as file:
        np.savez_compressed(file, kind="segmented text", **arrays)


def read_sentences(path):
    """{"train": sentences, "test": sentences} of what `write_sentences` wrote. Raises ValueError for anything else."""
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as data:
            if str(data["kind"]) != "segmented text":
                raise ValueError(f"it holds {str(data['kind'])!r}")
            parts = {}
            for name in ("train", "test"):
                text = data[f"{name}_text"].tobytes().decode("utf-32-le")
                stops = np.cumsum(data[f"{name}_lengths"]).tolist()
                tags = data[f"{name}_tags"]
                parts[name] = [
                    tags_to_words(text[a:b], tags[a:b]) for a, b in zip([0] + stops[:-1], stops)
                ]
            return parts
    except FileNotFoundError:
        raise
    except (
        KeyError,
        ValueError,
        EOFError,
        TypeError,
        AttributeError,
        zipfile.BadZipFile,
        OSError,
    ) as error:
        raise ValueError(
            f"{path} was not written by prepare.py (truncated, or another kind of file): {error}"
        ) from error


# ---------------------------------------------------------------- common to both models


class Segmenter:
    """fit(sentences) from lists of words, segment(lines), save(path); load(path) restores the right class."""

    order = 0

    def segment(self, lines):
        """List of lists of words, one per line. White space ends words; no other character is changed or lost."""
        pieces, owners = [], []
        for number, line in enumerate(lines):
            for piece in line.split():
                for part in cut_long(piece):
                    pieces.append(part)
                    owners.append(number)
        segmented = [[] for _ in lines]
        if pieces:
            for number, piece, tags in zip(
                owners, pieces, self.tags([self.alphabet.symbols(p) for p in pieces])
            ):
                segmented[number] += tags_to_words(piece, tags)
        return segmented

    def save(self, path):
        """Write the model to an npz file (no pickle), whole or not at all."""
        with safe_write(path, "wb") as file:
            np.savez_compressed(
                file,
                kind="segmenter",
                order=self.order,
                characters=np.array(self.alphabet.characters, dtype="U1"),
                **self.arrays(),
            )

    @staticmethod
    def load(path):
        """Read what `save` wrote. Raises ValueError if the file is truncated or of another kind."""
        try:
            with open(path, "rb") as file, np.load(file, allow_pickle=False) as data:
                if str(data["kind"]) != "segmenter":
                    raise ValueError(f"it holds {str(data['kind'])!r}")
                kind = {kind.order: kind for kind in (FirstOrder, SecondOrder)}[int(data["order"])]
                return kind.restore(Alphabet(data["characters"].tolist()), data)
        except FileNotFoundError:
            raise
        except (
            KeyError,
            ValueError,
            EOFError,
            TypeError,
            AttributeError,
            zipfile.BadZipFile,
            OSError,
        ) as error:
            raise ValueError(
                f"{path} is not a model written by train.py (truncated, or another kind of file): "
                f"{error}"
            ) from error


def cut_long(piece):
    """Parts of a very long piece of text, cut after punctuation marks (words of their own) where there are any."""
    parts = []
    while len(piece) > CUT:
        end = 1 + max(piece.rfind(mark, 0, CUT) for mark in "。！？；，、：") or CUT
        parts.append(piece[:end])
        piece = piece[end:]
    return parts + [piece]


class FirstOrder(Segmenter):
    """The homework's model: an HMM of first order, whose `implementation` chooses the decoder."""

    order = 1

    def fit(self, sentences, smoothing=0.1):
        self.alphabet = Alphabet.of(sentences)
        states = [words_to_tags(words).astype(np.int64) for words in sentences]
        symbols = [self.alphabet.symbols("".join(words)) for words in sentences]
        self.hmm = HMM().fit_supervised(states, symbols, len(TAGS), len(self.alphabet), smoothing)
        return self

    def tags(self, many):
        return self.hmm.decode_batch(many)[1]

    def arrays(self):
        return {
            "startprob": self.hmm.startprob_,
            "transmat": self.hmm.transmat_,
            "emissionprob": self.hmm.emissionprob_,
        }

    @classmethod
    def restore(cls, alphabet, data):
        segmenter = cls()
        segmenter.alphabet = alphabet
        segmenter.hmm = HMM(data["startprob"], data["transmat"], data["emissionprob"])
        shape, expected = segmenter.hmm.emissionprob_.shape, (len(TAGS), len(alphabet))
        if shape != expected:
            raise ValueError(f"emissionprob has shape {shape}, expected {expected}")
        return segmenter


# ---------------------------------------------------------------- the stronger model


class SecondOrder(Segmenter):
    """P(tag t, character c | the last two tags and characters), three models mixed by Witten and Bell's rule.

    An event is a (character, tag) pair, x after y after z. From the most to the least specific:
      p3 = count(z y x) / count(z y)      p2 = count(y x) / count(y)      p1 = P(t | last two tags) P(c | t)
    Each is mixed with the next one, with weight count / (count + number of distinct events seen after it).
    P(c | t) reserves a share for unknown characters in the same way. Every sentence has an edge with tag S on both sides.
    Training is counting; decoding is Viterbi, with pairs of tags as states.
    """

    order = 2

    def fit(self, sentences):
        self.alphabet = Alphabet.of(sentences)
        edge, events = [EDGE * 4 + S] * 2, []
        for words in sentences:
            events += (
                edge + (self.alphabet.symbols("".join(words)) * 4 + words_to_tags(words)).tolist()
            )
        x = np.array(events + edge, dtype=np.int64)
        Q = 4 * len(self.alphabet)
        inside = (
            np.flatnonzero(x[1:-1] // 4 + x[2:] // 4 > 0) + 2
        )  # from the first character to the first edge after
        z, y, x = x[inside - 2], x[inside - 1], x[inside]
        self.keys3, self.counts3 = np.unique((z * Q + y) * Q + x, return_counts=True)
        self.keys2, self.counts2 = np.unique(y * Q + x, return_counts=True)
        self.counts1 = np.bincount(x, minlength=Q)
        self.triples = np.bincount((z % 4 * 4 + y % 4) * 4 + x % 4, minlength=64)
        return self.index()

    def index(self):
        """Tables for decoding: totals and numbers of distinct events after each context. Returns self."""
        Q = 4 * len(self.alphabet)
        self.before2, context = np.unique(self.keys3 // Q, return_inverse=True)
        self.total2 = np.bincount(context, weights=self.counts3)
        self.kinds2 = np.bincount(context)
        self.total1 = np.bincount(self.keys2 // Q, weights=self.counts2, minlength=Q)
        self.kinds1 = np.bincount(self.keys2 // Q, minlength=Q)
        by_tag = self.counts1.reshape(-1, 4)
        total, kinds = by_tag.sum(0), np.maximum((by_tag > 0).sum(0), 1)
        self.emit = (by_tag + kinds / len(self.alphabet)) / (total + kinds)  # P(c | t): (V, 4)
        after = self.triples.reshape(4, 4, 4) + 0.1
        legal = np.array([[x in FOLLOWS[y] for x in range(4)] for y in range(4)])
        self.steps = after / (after * legal).sum(2, keepdims=True)  # P(t | z, y)
        return self

    def scores(self, symbols):
        """log P of the 16 legal triples of tags (T - 2, 16), for each character after the first two."""
        Q = 4 * len(self.alphabet)
        zc, yc, xc = symbols[:-2, None], symbols[1:-1, None], symbols[2:, None]
        tz, ty, tx = np.array(TRIPLES).T
        z, y, x = zc * 4 + tz, yc * 4 + ty, xc * 4 + tx  # (T - 2, 16)
        p = self.steps[tz, ty, tx] * self.emit[xc, tx]
        p = mix(lookup(self.keys2, self.counts2, y * Q + x), self.total1[y], self.kinds1[y], p)
        before = z * Q + y
        p = mix(
            lookup(self.keys3, self.counts3, before * Q + x),
            lookup(self.before2, self.total2, before),
            lookup(self.before2, self.kinds2, before),
            p,
        )
        return np.log(p)

    def tags(self, many):
        """Viterbi for all sentences side by side, the longest first. many: list of symbols (T,)."""
        order = sorted(range(len(many)), key=lambda s: -len(many[s]))
        sizes = np.array([len(many[s]) for s in order])
        first = np.cumsum(sizes + 3) - (sizes + 3)
        every = np.full(int((sizes + 3).sum()), EDGE, dtype=np.int64)  # edge edge text edge
        for s, start in zip(order, first.tolist()):
            every[start + 2 : start + 2 + len(many[s])] = many[s]
        scores = np.empty((len(every), 16))
        scores[2:] = np.concatenate(
            [self.scores(every[a : a + 20_002]) for a in range(0, len(every) - 2, 20_000)]
        )
        previous = np.array(
            [[PAIRS.index(triple[:2]) for triple in TRIPLES[2 * k : 2 * k + 2]] for k in range(8)]
        )  # (8, 2)
        delta = np.full((len(many), 8), -np.inf)
        delta[:, PAIRS.index((S, S))] = 0
        choice = np.zeros((int(sizes[0]) + 1, len(many), 8), dtype=np.int8)
        finals = np.empty(len(many), dtype=np.int64)
        for t in range(int(sizes[0]) + 1):
            n = int(np.searchsorted(-sizes, -t, side="right"))  # sentences with T >= t
            candidates = delta[:n, previous] + scores[first[:n] + 2 + t].reshape(
                n, 8, 2
            )  # (n, 8, 2)
            choice[t, :n] = candidates[..., 1] > candidates[..., 0]
            delta = candidates.max(2)
            ended = sizes[:n] == t  # here x is the edge after the text: its tag is S
            into_edge = [k for k, (_, x) in enumerate(PAIRS) if x == S]
            finals[:n][ended] = np.array(into_edge)[delta[:, into_edge].argmax(1)][ended]
        tags = np.zeros((int(sizes[0]) + 1, len(many)), dtype=np.int8)
        state, last = finals.copy(), np.array([x for _, x in PAIRS])
        rows = np.arange(len(many))
        for t in range(int(sizes[0]), -1, -1):
            n = int(np.searchsorted(-sizes, -t, side="right"))
            tags[t, :n] = last[state[:n]]
            state[:n] = previous[state[:n], choice[t, rows[:n], state[:n]]]
        result = [None] * len(many)
        for row, s in enumerate(order):
            result[s] = tags[: sizes[row], row]
        return result

    def arrays(self):
        return {
            name: getattr(self, name)
            for name in ("keys3", "counts3", "keys2", "counts2", "counts1", "triples")
        }

    @classmethod
    def restore(cls, alphabet, data):
        segmenter = cls()
        segmenter.alphabet = alphabet
        for name in ("keys3", "counts3", "keys2", "counts2", "counts1", "triples"):
            setattr(segmenter, name, data[name])
        if len(segmenter.counts1) != 4 * len(alphabet) or len(segmenter.keys3) != len(
            segmenter.counts3
        ):
            raise ValueError("its tables do not fit together")
        return segmenter.index()


def lookup(keys, values, wanted):
    """Value of each wanted key, 0 where it is missing. keys: sorted."""
    index = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[index] == wanted, values[index], 0)


def mix(count, total, kinds, lower):
    """Witten and Bell: (count + kinds * lower) / (total + kinds); where nothing was seen before, lower alone."""
    return np.where(total > 0, (count + kinds * lower) / np.maximum(total + kinds, 1), lower)


# ---------------------------------------------------------------- evaluation


def spans(words):
    """{(start, end, word)} of a list of words; end is exclusive."""
    ends = np.cumsum([len(word) for word in words]).tolist()
    return set(zip([0] + ends[:-1], ends, words))


def judge(gold, predicted, vocabulary):
    """Precision, recall and F1 of words, and the same for words that are not in the training text, as a dict of shares.

    gold, predicted: lists of lists of words over the same characters. vocabulary: set of the training text's words.
    Unseen precision: the share of right words among the predicted words that are not in the vocabulary.
    """
    counts = np.zeros((2, 3))  # all words, unseen ones; in gold, in predicted, in both
    for gold_words, predicted_words in zip(gold, predicted):
        a, b = spans(gold_words), spans(predicted_words)
        for column, words in enumerate((a, b, a & b)):
            counts[:, column] += len(words), sum(word not in vocabulary for _, _, word in words)
    shares = {}
    for name, (n_gold, n_predicted, n_right) in zip(("", "unseen_"), counts.tolist()):
        precision, recall = n_right / max(n_predicted, 1), n_right / max(n_gold, 1)
        shares |= {
            name + "precision": precision,
            name + "recall": recall,
            name + "f1": 2 * precision * recall / max(precision + recall, 1e-12),
        }
    return shares | {"unseen_share": float(counts[1, 0] / max(counts[0, 0], 1))}
