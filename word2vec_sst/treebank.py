"""The Stanford Sentiment Treebank, or any folder of `label<TAB>sentence` files, as the question files see it."""

import random
import re
from pathlib import Path

import numpy as np
from cli import UserError, command, find_folder, search_folders

SPLITS = ("train", "dev", "test")
UNKNOWN = "UNK"
BRACKETS = {"-lrb-": "(", "-rrb-": ")", "-lcb-": "{", "-rcb-": "}", "-lsb-": "[", "-rsb-": "]"}
REPEAT = 30  # draws of the rarer-words text that `allSentences` keeps


def plain_word(word):
    """A word as the vocabulary has it: lower case, brackets and slashes unescaped."""
    word = word.lower()
    return BRACKETS.get(word, word.replace("\\/", "/").replace("\\*", "*"))


def parse_tree(line, where="tree"):
    """One labelled tree, (3 (2 It) (4 works)): its words and its phrases.

    Returns words (list of str) and phrases, a list of (label, first word, end) for every node, the root last.
    Raises UserError, with `where`, for brackets that do not match, a missing word or a label outside 0-4.
    """
    words, phrases, stack = [], [], []  # stack: [label, first word] of each open node
    for sign in re.findall(r"\(|\)|[^\s()]+", line):
        if sign == "(":
            if phrases and not stack:
                raise UserError(f"{where}: a second tree starts after the first one")
            stack.append([None, len(words)])
        elif not stack:
            raise UserError(f"{where}: {sign!r} stands outside the brackets")
        elif sign == ")":
            label, first = stack.pop()
            if label is None or first == len(words):
                missing = "label" if label is None else "words"
                raise UserError(f"{where}: a node without {missing} near word {len(words)}")
            phrases.append((label, first, len(words)))
        elif stack[-1][0] is None:
            if sign not in {"0", "1", "2", "3", "4"}:
                raise UserError(f"{where}: the label {sign!r} is not one of 0, 1, 2, 3, 4")
            stack[-1][0] = int(sign)
        else:
            words.append(plain_word(sign))
    if stack or not phrases:
        raise UserError(
            f"{where}: {len(stack)} bracket(s) left open" if stack else f"{where}: no tree"
        )
    return words, phrases


def parse_line(line, where):
    """One line `label<TAB>sentence`: its words and the root as the only phrase."""
    label, tab, text = line.partition("\t")
    if not tab or label.strip() not in {"0", "1", "2", "3", "4"}:
        problem = (
            f"the label {label.strip()[:20]!r} is not one of 0, 1, 2, 3, 4" if tab else "no tab"
        )
        raise UserError(f"{where}: {problem}; a line is label<TAB>sentence")
    words = [plain_word(word) for word in text.split()]
    if not words:
        raise UserError(f"{where}: no words after the label")
    return words, [(int(label), 0, len(words))]


def read_split(folder, split):
    """[(words, phrases)] of trees/SPLIT.txt (trees) or SPLIT.txt (label<TAB>sentence, or trees) in `folder`."""
    path = Path(folder) / "trees" / f"{split}.txt"
    path = path if path.is_file() else Path(folder) / f"{split}.txt"
    sentences, raw = [], path.read_bytes()
    try:
        lines = raw.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise UserError(
            f"{path}, line {line}: byte 0x{raw[error.start]:02X} is not UTF-8; save the file as UTF-8"
        ) from None
    for number, line in enumerate(lines, 1):
        if line.strip():
            parse = parse_tree if line.lstrip().startswith("(") else parse_line
            sentences.append(parse(line.strip("\r"), f"{path}, line {number}"))
    if not sentences:
        raise UserError(f"{path} holds no sentences")
    return sentences


def find_data(data_root):
    """Folder with train, dev and test, see cli.find_folder. Raises UserError."""
    files = [f"{split}.txt" for split in SPLITS]
    for folder in search_folders(data_root):
        if all((folder / "trees" / name).is_file() or (folder / name).is_file() for name in files):
            return folder
    fill = command("data/download.py", "sst")
    return find_folder(
        data_root, files, fill, "train.txt, dev.txt and test.txt (or trees/train.txt, ...)"
    )


class StanfordSentiment:
    """What the question files ask of a data set: words, random contexts, negatives, labelled sentences.

    Random numbers come from Python's `random`. text: the splits whose words, without their labels, make the vocabulary
    and the contexts; other words are UNKNOWN. Source of the sampling: Mikolov et al. 2013, as the assignment uses it.
    """

    def __init__(self, data_root="data/sst", tablesize=1_000_000, text=("train",)):
        self.folder = find_data(data_root)
        self.tablesize = tablesize
        self.splits = {split: read_split(self.folder, split) for split in SPLITS}
        self.text = [words for split in text for words, _ in self.splits[split]]
        self._tokens, self._counts, self._contexts, self._table = None, None, None, None

    def tokens(self):
        """dict word -> row, in the order of first appearance, UNKNOWN last."""
        if self._tokens is None:
            self._tokens, self._counts = {}, {}
            for words in self.text:
                for word in words:
                    self._tokens.setdefault(word, len(self._tokens))
                    self._counts[word] = self._counts.get(word, 0) + 1
            self._tokens.setdefault(UNKNOWN, len(self._tokens))
            self._counts.setdefault(UNKNOWN, 1)
        return self._tokens

    def counts(self):
        """How often each word occurs in the text: int array in the order of tokens(); UNKNOWN counts 1."""
        tokens = self.tokens()
        return np.array([self._counts[word] for word in tokens])

    def replace_unknown(self, words):
        """The words, each unknown one replaced by UNKNOWN."""
        tokens = self.tokens()
        return [word if word in tokens else UNKNOWN for word in words]

    def allSentences(self):
        """REPEAT copies of the text, frequent words left out at random (threshold 1e-5): lists of words."""
        if self._contexts is None:
            counts, tokens = self.counts(), self.tokens()
            threshold = 1e-5 * counts.sum()
            reject = np.maximum(0, 1 - np.sqrt(threshold / counts)).tolist()
            chance = {word: reject[row] for word, row in tokens.items()}
            draw = random.random
            thinned = (
                [word for word in words if not (p := chance[word]) or draw() >= p]
                for _ in range(REPEAT)
                for words in self.text
            )
            self._contexts = [words for words in thinned if len(words) > 1]
            if not self._contexts:
                raise UserError(f"{self.folder}: too little text, no sentence keeps two words")
        return self._contexts

    def getRandomContext(self, C=5):
        """A random word and the words at most C places from it, itself left out: (str, non-empty list of str)."""
        sentences = self.allSentences()
        for _ in range(10_000):
            words = sentences[random.randint(0, len(sentences) - 1)]
            index = random.randint(0, len(words) - 1)
            center = words[index]
            context = [word for word in words[max(0, index - C) : index + C + 1] if word != center]
            if context:
                return center, context
        raise UserError(f"{self.folder}: no word has a context of other words")

    def sampleTable(self):
        """List of `tablesize` rows in which each word stands as often as its count to the power 3/4 says."""
        if self._table is None:
            shares = np.cumsum(self.counts() ** 0.75)
            edges = np.round(shares / shares[-1] * self.tablesize).astype(int)
            self._table = np.repeat(np.arange(len(edges)), np.diff(edges, prepend=0)).tolist()
        return self._table

    def sampleTokenIdx(self):
        """Row of a random word, drawn from sampleTable()."""
        return self.sampleTable()[random.randint(0, self.tablesize - 1)]

    def sampleNegatives(self, target, K, draws):
        """Append sampleTokenIdx() to `draws` until K of them differ from `target`: the same draws, but faster."""
        table, size, append = self.sampleTable(), self.tablesize, draws.append
        bits, length = random.getrandbits, self.tablesize.bit_length()
        while K > 0:
            number = bits(length)  # as random.randint does it
            if number < size:
                row = table[number]
                append(row)
                K -= row != target

    def getSplitSentences(self, split):
        """[(words, label)] of "train", "dev" or "test"; the label is the root's, 0-4."""
        return [(words, phrases[-1][0]) for words, phrases in self.splits[split]]

    def getTrainSentences(self):
        """[(words, label)] of train."""
        return self.getSplitSentences("train")

    def getDevSentences(self):
        """[(words, label)] of dev."""
        return self.getSplitSentences("dev")

    def getTestSentences(self):
        """[(words, label)] of test."""
        return self.getSplitSentences("test")
