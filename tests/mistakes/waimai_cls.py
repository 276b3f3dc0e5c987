"""Known wrong versions of the blanks of waimai_cls. W1-W19 are the catalogue's; hints lead, they do not tell."""

# the bodies use the names of the solved files
from collections import Counter

import numpy as np
import torch
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from course.mistakes import edit, mistake

edit(
    "wai-01",
    "W20",
    (
        "return [word for word in jieba.lcut(text) if not word.isspace()]",
        "return [char for char in text if not char.isspace()]",
    ),
    en="Your pieces are single characters: who finds the words?",
    zh="得到的都是单个字：由谁来找出词？",
)

edit(
    "wai-01",
    "W21",
    ("return [word for word in jieba.lcut(text) if not word.isspace()]", "return jieba.lcut(text)"),
    en="Print repr of each piece of a text with spaces in it.",
    zh="把含空格文本的每一段用 repr 打印出来看看。",
)

edit(
    "wai-01",
    "W22",
    ("jieba.lcut(text) if not word.isspace()]", "jieba.lcut(text, cut_all=True) if word.strip()]"),
    en="Join your words: is it the text again, or is some of it there twice?",
    zh="把得到的词拼起来：是原文，还是有些内容出现了两次？",
)

edit(
    "wai-01",
    "W23",
    ("jieba.lcut(text) if not word.isspace()]", "jieba.lcut_for_search(text) if word.strip()]"),
    en="This way of cutting is for search engines: do some characters come back twice?",
    zh="这种切法是给搜索引擎用的：有些字是不是出现了两次？",
)

edit(
    "wai-01",
    "W24",
    (
        "[word for word in jieba.lcut(text) if not word.isspace()]",
        "sorted({word for word in jieba.lcut(text) if word.strip()})",
    ),
    en="A text can use a word twice, and the order tells something.",
    zh="同一个词可以出现两次，词序也有意义。",
)

edit(
    "wai-01",
    "W25",
    (
        "return [word for word in jieba.lcut(text) if not word.isspace()]",
        "return [word for word in jieba.lcut(text) if word.isalnum()]",
    ),
    en="What did you do with the exclamation mark?",
    zh="感叹号到哪里去了？",
)

edit(
    "wai-01",
    "W26",
    (
        "return [word for word in jieba.lcut(text) if not word.isspace()]",
        "return (word for word in jieba.cut(text) if word.strip())",
    ),
    en="jieba has a function whose name begins with l: what does the other one return?",
    zh="jieba 有一个以 l 开头的函数：另一个返回的是什么？",
)

edit(
    "wai-01",
    "W103",
    (
        "return [word for word in jieba.lcut(text) if not word.isspace()]",
        'return jieba.lcut("".join(text.split()))',
    ),
    en="Two words with a space between them, and the same two without it: are they one word now?",
    zh="“研究 生”和“研究生”：两个词之间的空格说明什么？",
)

edit(
    "wai-01",
    "W22b",
    (
        "[word for word in jieba.lcut(text) if not word.isspace()]",
        "jieba.lcut(text, cut_all=True)",
    ),
    en="Two things: which mode of cutting gives each character once, and what does jieba make of a space?",
    zh="有两处：哪种切分模式使每个字只出现一次？jieba 又怎样处理空格？",
)

edit(
    "wai-01",
    "W301",
    (
        "[word for word in jieba.lcut(text) if not word.isspace()]",
        '" ".join(jieba.cut(text))',
    ),
    en="Which type did the docstring name: one string with spaces, or a list of strings?",
    zh="文档字符串要求什么类型：用空格连起来的一个字符串，还是字符串的列表？",
)


edit(
    "wai-01",
    "W303",
    ("return [word for word in jieba.lcut(text) if not word.isspace()]", "return text.split()"),
    en="Chinese has no spaces between its words: who finds where one ends?",
    zh="中文的词之间没有空格：由谁来判断词在哪里结束？",
)

edit(
    "wai-02",
    "W27",
    (
        'with open(path or STOP_WORDS, encoding="utf-8-sig") as file:',
        'with open(path or STOP_WORDS, encoding="utf-8") as file:',
    ),
    en="Print repr of the first word: which encoding eats the mark at the start of a file?",
    zh="用 repr 打印第一个词：哪种编码会去掉文件开头的标记？",
)


@mistake(
    "wai-02",
    "W28",
    en="Is a # further down in the list a comment?",
    zh="列表后面出现的 # 也是注释吗？",
)
def get_stop_words(path=None):
    with open(path or STOP_WORDS, encoding="utf-8-sig") as file:
        return {line.strip() for line in file if line.strip() and not line.startswith("#")}


@mistake(
    "wai-02",
    "W29",
    en="Look for a whole sentence in your set: what are the first lines of the file?",
    zh="看看集合里有没有一整句话：文件开头几行是什么？",
)
def get_stop_words(path=None):
    with open(path or STOP_WORDS, encoding="utf-8-sig") as file:
        return {line.strip() for line in file if line.strip()}


edit(
    "wai-02",
    "W30",
    ("for line in map(str.strip, file):", "for line in file:"),
    en="Print repr of one of your words: does it end where the word ends?",
    zh="用 repr 打印一个词：它的结尾是词的结尾吗？",
)

edit(
    "wai-02",
    "W31",
    ('if line and (words or not line.startswith("#")):', 'if words or not line.startswith("#"):'),
    en="Is the empty string a stop word?",
    zh="空字符串是停用词吗？",
)

edit(
    "wai-02",
    "W32",
    ("words = set()", "words = []"),
    ("words.add(line)", "words.append(line)"),
    en="Looking a word up should not take longer when the list grows: which type did the docstring name?",
    zh="列表变长时，查一个词不应变慢：文档字符串要求什么类型？",
)


@mistake(
    "wai-03",
    "W1",
    en="Look at the labels of the first and the last hundred rows before you cut.",
    zh="切分之前，先看看最前和最后一百行的标签。",
)
def split(labels, share, rng):
    cut = round((1 - share) * len(labels))
    return np.arange(cut), np.arange(cut, len(labels))


@mistake(
    "wai-03",
    "W33",
    en="Count the good ones among the held texts for a few seeds: always the same number?",
    zh="换几个种子，数一数留出部分里的好评：每次一样多吗？",
)
def split(labels, share, rng):
    order = rng.permutation(len(labels))
    cut = len(labels) // 3
    return order[cut:], order[:cut]


@mistake(
    "wai-03",
    "W34",
    en="Each label has its share, but which of its texts are held?",
    zh="每个标签都按比例留出了，但留出的是哪些文本？",
)
def split(labels, share, rng):
    kept, held = [], []
    for label in np.unique(labels):
        where = np.flatnonzero(labels == label)
        cut = round(share * len(where))
        held.append(where[:cut])
        kept.append(where[cut:])
    return np.concatenate(kept), np.concatenate(held)


@mistake(
    "wai-03",
    "W35",
    en="Give the same generator again: does it hold the same texts?",
    zh="用同样的随机数生成器再做一次：留出的文本相同吗？",
)
def split(labels, share, rng):
    kept, held = [], []
    for label in np.unique(labels):
        where = np.random.permutation(np.flatnonzero(labels == label))  # noqa: NPY002
        cut = round(share * len(where))
        held.append(where[:cut])
        kept.append(where[cut:])
    return np.concatenate(kept), np.concatenate(held)


@mistake(
    "wai-03",
    "W36",
    en="Sort all numbers of both parts: is one missing, or there twice?",
    zh="把两部分的编号合起来排序：有缺少或重复的吗？",
)
def split(labels, share, rng):
    kept, held = [], []
    for label in np.unique(labels):
        where = np.flatnonzero(labels == label)
        cut = round(share * len(where))
        held.append(rng.permutation(where)[:cut])
        kept.append(rng.permutation(where)[cut:])
    return np.concatenate(kept), np.concatenate(held)


edit(
    "wai-03",
    "W104",
    (
        "return np.concatenate(rest), np.concatenate(held)",
        "return np.concatenate(rest).tolist(), np.concatenate(held).tolist()",
    ),
    en="prepare.py picks rows of your first result by an array of numbers: can a list do that?",
    zh="prepare.py 用一组编号从你的第一个结果中取行：列表能这样取吗？",
)

edit(
    "wai-03",
    "W105",
    (
        "return np.concatenate(rest), np.concatenate(held)",
        "return np.concatenate(held), np.concatenate(rest)",
    ),
    en="Which of the two parts does the docstring name first?",
    zh="文档字符串先说的是哪一部分？",
)

edit(
    "wai-04",
    "W2",
    ('text in parts["train"]', "part in parts.values() for text in part"),
    en="In real use, have you seen the test sentences when you build the dictionary?",
    zh="实际使用时，建立词表之前你见过测试句子吗？",
)


@mistake(
    "wai-04",
    "W2b",
    en="The validation part stands for texts that nobody has seen: what does it do in your counts?",
    zh="验证集代表没人见过的文本：它为什么出现在你的计数里？",
)
def vocabulary(parts, min_count=1):
    counts = Counter(
        word for part in ("train", "validation") for text in parts[part] for word in text
    )
    return sorted(
        (word for word in counts if counts[word] >= min_count),
        key=lambda word: (-counts[word], word),
    )


edit(
    "wai-04",
    "W37",
    (
        "(word for word in counts if counts[word] >= min_count),",
        "(word for word in counts if counts[word] > min_count),",
    ),
    en="Which words are kept when min_count is 2: those that occur twice too?",
    zh="min_count 为 2 时保留哪些词？恰好出现两次的呢？",
)


@mistake(
    "wai-04",
    "W38",
    en="In which order do two words of the same count stand?",
    zh="出现次数相同的两个词，谁在前？",
)
def vocabulary(parts, min_count=1):
    counts = Counter(word for text in parts["train"] for word in text)
    return [word for word, count in counts.most_common() if count >= min_count]


@mistake(
    "wai-04",
    "W39",
    en="Which word should come first, and which does?",
    zh="哪个词应当排在最前？现在是哪个？",
)
def vocabulary(parts, min_count=1):
    counts = Counter(word for text in parts["train"] for word in text)
    return sorted(word for word in counts if counts[word] >= min_count)


edit(
    "wai-04",
    "W40",
    ("text)", "set(text))"),
    en="A word that a text uses five times: how often did you count it?",
    zh="某文本中用了五次的词，你数了几次？",
)


@mistake(
    "wai-05",
    "W41",
    en="On which side of the words does the docstring want the padding?",
    zh="文档字符串要求填充放在词的哪一边？",
)
def pad(texts):
    T = max(len(text) for text in texts)
    return torch.tensor([[PAD] * (T - len(text)) + text for text in texts]), torch.tensor(
        [len(text) for text in texts]
    )


@mistake(
    "wai-05",
    "W42",
    en="Where are the last words of the long texts?",
    zh="长文本末尾的词到哪里去了？",
)
def pad(texts):
    T = min(len(text) for text in texts)
    return torch.tensor([text[:T] for text in texts]), torch.tensor([len(text) for text in texts])


@mistake(
    "wai-05",
    "W43",
    en="How many words does the shortest text have, and what do your lengths say?",
    zh="最短的文本有几个词？你的 lengths 是多少？",
)
def pad(texts):
    T = max(len(text) for text in texts)
    return torch.tensor([text + [PAD] * (T - len(text)) for text in texts]), torch.tensor(
        [T] * len(texts)
    )


@mistake(
    "wai-05",
    "W44",
    en="Which number stands for padding, and which for an unknown word?",
    zh="哪个编号表示填充，哪个表示未知词？",
)
def pad(texts):
    T = max(len(text) for text in texts)
    return torch.tensor([text + [UNKNOWN] * (T - len(text)) for text in texts]), torch.tensor(
        [len(text) for text in texts]
    )


@mistake(
    "wai-05",
    "W45",
    en="Which type does torch.zeros give if you do not say one?",
    zh="不指定类型时，torch.zeros 给出的是什么类型？",
)
def pad(texts):
    tokens = torch.zeros(len(texts), max(len(text) for text in texts))
    for row, text in zip(tokens, texts):
        row[: len(text)] = torch.tensor(text)
    return tokens, torch.tensor([len(text) for text in texts])


edit(
    "wai-05",
    "W106",
    ("return tokens, lengths", "return tokens.numpy(), lengths.numpy()"),
    en="The model looks tokens up in an embedding: which kind of array does it take?",
    zh="模型要用 tokens 查嵌入表：它接受哪种数组？",
)


@mistake(
    "wai-06",
    "W14",
    en="Print one word's vector before and after training.",
    zh="训练前后各打印一次某个词的向量。",
)
def make_embedding(vocab_size, dim, embedding, vectors=None):
    table = nn.Embedding(vocab_size, dim, padding_idx=0)
    if embedding != "random":
        with torch.no_grad():
            table.weight.copy_(vectors)
    return table


@mistake(
    "wai-06",
    "W14b",
    en="from_pretrained gives something back: who keeps it?",
    zh="from_pretrained 有返回值：谁保存了它？",
)
def make_embedding(vocab_size, dim, embedding, vectors=None):
    table = nn.Embedding(vocab_size, dim, padding_idx=0)
    if embedding != "random":
        table.from_pretrained(vectors, padding_idx=0)
    table.weight.requires_grad_(embedding != "frozen")
    return table


@mistake(
    "wai-06",
    "W46",
    en="What does from_pretrained do if you say nothing about freeze?",
    zh="不写 freeze 时，from_pretrained 会怎么做？",
)
def make_embedding(vocab_size, dim, embedding, vectors=None):
    if embedding == "random":
        return nn.Embedding(vocab_size, dim, padding_idx=0)
    return nn.Embedding.from_pretrained(vectors, padding_idx=0)


@mistake(
    "wai-06",
    "W47",
    en="What should a random table know about the vectors?",
    zh="随机的词向量表应当知道给定的向量吗？",
)
def make_embedding(vocab_size, dim, embedding, vectors=None):
    table = nn.Embedding(vocab_size, dim, padding_idx=0)
    with torch.no_grad():
        table.weight.copy_(vectors)
    table.weight.requires_grad_(embedding != "frozen")
    return table


@mistake(
    "wai-06",
    "W48",
    en="Row 0 stands for nothing: does training move it?",
    zh="第 0 行代表“没有词”：训练会改变它吗？",
)
def make_embedding(vocab_size, dim, embedding, vectors=None):
    table = nn.Embedding(vocab_size, dim)
    with torch.no_grad():
        if embedding != "random":
            table.weight.copy_(vectors)
        table.weight[0] = 0
    table.weight.requires_grad_(embedding != "frozen")
    return table


edit(
    "wai-06",
    "W49",
    (
        'table.weight.requires_grad_(embedding != "frozen")',
        'table.weight.requires_grad_(embedding == "finetune")',
    ),
    en="A random table that never moves: can it learn what a word means?",
    zh="永远不动的随机向量表，能学到词义吗？",
)


@mistake(
    "wai-07",
    "W4",
    en="Average one sentence alone and in a batch with a longer one.",
    zh="同一句话，单独求平均，再与更长的句子放在一批里求平均。",
)
def mean_pool(states, lengths):
    return states.mean(1)


edit(
    "wai-07",
    "W4b",
    (
        "states.masked_fill(~keep[:, :, None], 0).sum(1) / lengths[:, None]",
        "(states * keep[:, :, None]).mean(1)",
    ),
    en="You left the padding out of the sum; did you leave it out of the count?",
    zh="求和时去掉了填充；计数时呢？",
)

edit(
    "wai-07",
    "W5",
    (
        "states.masked_fill(~keep[:, :, None], 0).sum(1) / lengths[:, None]",
        "(states * keep[:, :, None]).sum(1) / states.size(2)",
    ),
    en="How many vectors did you add?",
    zh="你一共加了几个向量？",
)


@mistake(
    "wai-07",
    "W50",
    en="You divide by the right number; what did you add up?",
    zh="除数是对的；你把什么加起来了？",
)
def mean_pool(states, lengths):
    return states.sum(1) / lengths[:, None]


edit(
    "wai-07",
    "W51",
    (
        "states.masked_fill(~keep[:, :, None], 0).sum(1) / lengths[:, None]",
        "(states * keep[:, :, None]).sum(1)",
    ),
    en="Is a sum a mean?",
    zh="总和是平均吗？",
)

edit(
    "wai-07",
    "W52",
    (
        "keep = keep_mask(lengths, states.size(1))",
        "keep = torch.arange(states.size(1)) <= lengths[:, None]",
    ),
    (
        "states.masked_fill(~keep[:, :, None], 0).sum(1) / lengths[:,",
        "(states * keep[:, :, None]).sum(1) / keep.sum(1)[:,",
    ),
    en="Is the word at place lengths[b] still part of text b?",
    zh="位置 lengths[b] 上的词还属于第 b 个文本吗？",
)


@mistake(
    "wai-08",
    "W53",
    en="Put a large number at padding: does your answer change?",
    zh="在填充位置放一个很大的数：结果会变吗？",
)
def max_pool(states, lengths):
    return states.amax(1)


edit(
    "wai-08",
    "W54",
    (
        'states.masked_fill(~keep[:, :, None], float("-inf")).amax(1)',
        "(states * keep[:, :, None]).amax(1)",
    ),
    en="If all values of a column are negative, where does your 0 come from?",
    zh="某一列全是负数时，你的 0 从哪里来？",
)

edit(
    "wai-08",
    "W55",
    ('float("-inf")).amax(1)', 'float("-inf")).amax(2)'),
    en="One number for each column is wanted: over which axis did you look?",
    zh="每一列要一个数：你沿哪一轴取了最大值？",
)

edit(
    "wai-08",
    "W56",
    ('float("-inf")).amax(1)', 'float("-inf")).max(1)'),
    en="torch.max over an axis gives two things: which one do you want?",
    zh="沿某一轴的 torch.max 返回两样东西：你要哪一样？",
)

edit(
    "wai-08",
    "W57",
    ("states.masked_fill(~keep[:,", "states.abs().masked_fill(~keep[:,"),
    en="Is the size of a number what counts, or the number?",
    zh="比较的是数的大小，还是绝对值的大小？",
)


@mistake(
    "wai-08",
    "W107",
    en="What is left of the way back to the states after your values have become Python numbers?",
    zh="数值变成 Python 数之后，还能反向传播到 states 吗？",
)
def max_pool(states, lengths):
    return torch.tensor(
        [
            [max(states[b, : lengths[b], c]).item() for c in range(states.size(2))]
            for b in range(len(states))
        ],
        dtype=states.dtype,
    )


edit(
    "wai-09",
    "W6",
    ("states[torch.arange(len(states), device=states.device), lengths - 1]", "states[:, -1]"),
    en="Which time step is the last word of the short sentence?",
    zh="短句的最后一个词在第几步？",
)

edit(
    "wai-09",
    "W58",
    (
        "states[torch.arange(len(states), device=states.device), lengths - 1]",
        "states[torch.arange(len(states)), lengths.clamp(max=states.size(1) - 1)]",
    ),
    en="A text of length 1: at which index does its only word stand?",
    zh="长度为 1 的文本，唯一的词下标是几？",
)

edit(
    "wai-09",
    "W59",
    ("states[torch.arange(len(states), device=states.device), lengths - 1]", "states[:, 0]"),
    en="That is the state at the first word: has it read the text?",
    zh="这是第一个词处的状态：它读完全文了吗？",
)

edit(
    "wai-09",
    "W60",
    ("states[torch.arange(len(states), device=states.device),", "states[0,"),
    en="Does row i of your answer belong to text i?",
    zh="结果的第 i 行属于第 i 个文本吗？",
)

edit(
    "wai-09",
    "W61",
    ("states[torch.arange(len(states), device=states.device),", "states[:,"),
    en="Index with two lists of the same length, rows and places: what does one list with a slice give?",
    zh="应当用两个等长的下标列表（行与位置）；一个切片加一个列表会得到什么？",
)


@mistake(
    "wai-10",
    "W8",
    en="From which side does the backward network read, and where does it end?",
    zh="反向网络从哪一边读起，在哪里结束？",
)
def last_state_bidirectional(states, lengths):
    return states[torch.arange(len(states)), lengths - 1]


@mistake(
    "wai-10",
    "W6b",
    en="Which time step is the last word of the short sentence, for the forward half?",
    zh="对正向那一半，短句的最后一个词在第几步？",
)
def last_state_bidirectional(states, lengths):
    H = states.size(2) // 2
    return torch.cat([states[:, -1, :H], states[:, 0, H:]], dim=1)


edit(
    "wai-10",
    "W8b",
    ("rows = torch.arange(len(states), device=states.device)", "rows = torch.arange(len(states))"),
    (
        "torch.cat([states[rows, lengths - 1, :H], states[:, 0,",
        "torch.cat([states[:, 0, :H], states[rows, lengths - 1,",
    ),
    en="Follow each direction with a finger: you took both where they begin.",
    zh="用手指跟着每个方向走一遍：你取的都是起点。",
)


@mistake(
    "wai-10",
    "W8c",
    en="At the first word, how much has the forward half read?",
    zh="在第一个词处，正向那一半读了多少？",
)
def last_state_bidirectional(states, lengths):
    return states[:, 0]


@mistake(
    "wai-10",
    "W9",
    en="Row 1 of the answer: does it hold parts of two sentences? Which axis is the batch?",
    zh="结果的第 1 行是否混入了两个句子？哪一轴是批次？",
)
def last_state_bidirectional(states, lengths):
    H = states.size(2) // 2
    rows = torch.arange(len(states))
    return torch.stack([states[rows, lengths - 1, :H], states[:, 0, H:]]).reshape(
        len(states), 2 * H
    )


edit(
    "wai-10",
    "W62",
    ("rows = torch.arange(len(states), device=states.device)", "rows = torch.arange(len(states))"),
    (
        "torch.cat([states[rows, lengths - 1, :H], states[:, 0, H:]],",
        "torch.cat([states[:, 0, H:], states[rows, lengths - 1, :H]],",
    ),
    en="Which half comes first?",
    zh="哪一半在前？",
)


@mistake(
    "wai-10",
    "W63",
    en="The whole width is two networks side by side: where does the second begin?",
    zh="整个宽度是两个网络并排：第二个从哪里开始？",
)
def last_state_bidirectional(states, lengths):
    rows = torch.arange(len(states))
    return torch.cat([states[rows, lengths - 1, 0::2], states[:, 0, 1::2]], dim=1)


edit(
    "wai-11",
    "W64",
    ("return torch.relu(x @ weight.T + bias)", "return x @ weight.T + bias"),
    en="Two linear layers one after the other are one: what stands between them?",
    zh="两个线性层相连等于一个：它们之间应有什么？",
)

edit(
    "wai-11",
    "W65",
    ("return torch.relu(x @ weight.T + bias)", "return torch.relu(x @ weight.T) + bias"),
    en="Is the bias inside or outside of the ReLU?",
    zh="偏置在 ReLU 里面还是外面？",
)

edit(
    "wai-11",
    "W66",
    ("return torch.relu(x @ weight.T + bias)", "return torch.sigmoid(x @ weight.T + bias)"),
    en="Which activation did the docstring name?",
    zh="文档字符串要求的是哪个激活函数？",
)

edit(
    "wai-11",
    "W67",
    ("return torch.relu(x @ weight.T + bias)", "return torch.relu(x) @ weight.T + bias"),
    en="What is bent here, the input or the result?",
    zh="这里取非线性的是输入还是结果？",
)

edit(
    "wai-11",
    "W68",
    ("return torch.relu(x @ weight.T + bias)", "return torch.relu(x @ weight.T)"),
    en="Which argument have you not used?",
    zh="哪个参数没有用到？",
)


@mistake(
    "wai-12",
    "W69",
    en="Row t should begin at word t: where do the windows of padding='same' begin?",
    zh="第 t 行应从第 t 个词开始：padding='same' 的窗口从哪里开始？",
)
def convolve(x, weight, bias):
    return torch.relu(F.conv1d(x.transpose(1, 2), weight, bias, padding="same")).transpose(1, 2)


@mistake(
    "wai-12",
    "W70",
    en="How many rows did you get, and what of a text shorter than the filter?",
    zh="得到了几行？比滤波器还短的文本怎么办？",
)
def convolve(x, weight, bias):
    return torch.relu(F.conv1d(x.transpose(1, 2), weight, bias)).transpose(1, 2)


@mistake(
    "wai-12",
    "W71",
    en="On which side of the words do your zeros stand?",
    zh="你补的零在词的哪一边？",
)
def convolve(x, weight, bias):
    return torch.relu(
        F.conv1d(F.pad(x.transpose(1, 2), (weight.size(2) - 1, 0)), weight, bias)
    ).transpose(1, 2)


@mistake("wai-12", "W72", en="Print the smallest number of your answer.", zh="打印结果中最小的数。")
def convolve(x, weight, bias):
    return F.conv1d(F.pad(x.transpose(1, 2), (0, weight.size(2) - 1)), weight, bias).transpose(1, 2)


@mistake(
    "wai-12",
    "W73",
    en="Which axis holds the words in conv1d's answer, and in yours?",
    zh="conv1d 的结果中哪一轴是词？要求的呢？",
)
def convolve(x, weight, bias):
    return torch.relu(F.conv1d(F.pad(x.transpose(1, 2), (0, weight.size(2) - 1)), weight, bias))


@mistake("wai-12", "W74", en="Which argument have you not used?", zh="哪个参数没有用到？")
def convolve(x, weight, bias):
    return torch.relu(
        F.conv1d(F.pad(x.transpose(1, 2), (0, weight.size(2) - 1)), weight)
    ).transpose(1, 2)


@mistake(
    "wai-13",
    "W75",
    en="Take a text alone and in a batch with a longer one: same answer?",
    zh="同一文本单独算，再与更长的文本放一批算：结果相同吗？",
)
def attend(q, k, v, lengths):
    return (q @ k.transpose(2, 3) / math.sqrt(q.size(3))).softmax(3) @ v


@mistake("wai-13", "W76", en="Add up a row of your weights.", zh="把你的一行权重加起来看看。")
def attend(q, k, v, lengths):
    keep = keep_mask(lengths, q.size(2))[:, None, None]
    return ((q @ k.transpose(2, 3) / math.sqrt(q.size(3))).softmax(3) * keep) @ v


@mistake(
    "wai-13",
    "W77",
    en="By what are the scores divided, so that their spread does not grow with d?",
    zh="要使得分的离散程度不随 d 增大，应除以什么？",
)
def attend(q, k, v, lengths):
    keep = keep_mask(lengths, q.size(2))[:, None, None]
    return (q @ k.transpose(2, 3)).masked_fill(~keep, float("-inf")).softmax(3) @ v


@mistake("wai-13", "W78", en="d, or its root?", zh="是 d，还是它的平方根？")
def attend(q, k, v, lengths):
    keep = keep_mask(lengths, q.size(2))[:, None, None]
    return (q @ k.transpose(2, 3) / q.size(3)).masked_fill(~keep, float("-inf")).softmax(3) @ v


@mistake(
    "wai-13",
    "W79",
    en="A score of 0 is a score: which score gives the weight 0?",
    zh="得分 0 也是一个得分：得分取什么值，权重才恰好为 0？",
)
def attend(q, k, v, lengths):
    keep = keep_mask(lengths, q.size(2))[:, None, None]
    return (q @ k.transpose(2, 3) / math.sqrt(q.size(3)) * keep).softmax(3) @ v


@mistake(
    "wai-13",
    "W80",
    en="Rows are the words that look: over which axis does one word's attention add up to 1?",
    zh="行是“看”的词：一个词的注意力沿哪一轴相加等于 1？",
)
def attend(q, k, v, lengths):
    keep = keep_mask(lengths, q.size(2))[:, None, None]
    return (q @ k.transpose(2, 3) / math.sqrt(q.size(3))).masked_fill(~keep, -1e9).softmax(2) @ v


@mistake(
    "wai-13",
    "W81",
    en="Read the mask aloud: what happens where it is True?",
    zh="念一念你的掩码：True 的位置会怎样？",
)
def attend(q, k, v, lengths):
    keep = keep_mask(lengths, q.size(2))[:, None, None]
    return (q @ k.transpose(2, 3) / math.sqrt(q.size(3))).masked_fill(keep, -1e9).softmax(3) @ v


@mistake(
    "wai-14",
    "W7",
    en="After sorting, does row i still belong to text i?",
    zh="排序之后，第 i 行还是第 i 个文本吗？",
)
def states(self, x, lengths):
    order = torch.argsort(lengths, descending=True)
    packed = pack_padded_sequence(x[order], lengths[order], batch_first=True)
    return pad_packed_sequence(self.rnn(packed)[0], batch_first=True, total_length=x.size(1))[0]


@mistake(
    "wai-14",
    "W82",
    en="Where does the backward direction begin in a short text: at its last word, or at padding?",
    zh="在短文本中，反向从哪里开始：最后一个词，还是填充？",
)
def states(self, x, lengths):
    return self.rnn(x)[0]


@mistake("wai-14", "W83", en="What should stand at padding?", zh="填充位置应当是什么？")
def states(self, x, lengths):
    return self.rnn(x)[0] * keep_mask(lengths, x.size(1))[:, :, None]


edit(
    "wai-14",
    "W84",
    ("lengths.cpu(),", "lengths,"),
    ("batch_first=True, total_length=x.size(1))[0]", "batch_first=True)[0]"),
    en="How many columns has x, and how many your answer? total_length may help.",
    zh="x 有几列？你的结果有几列？total_length 也许有用。",
)

edit(
    "wai-14",
    "W85",
    ("lengths.cpu(),", "lengths,"),
    ("batch_first=True, total_length=x.size(1))[0]", "total_length=x.size(1))[0]"),
    en="Is the batch the first axis or the second, and who has to be told?",
    zh="批次是第 0 轴还是第 1 轴？哪些函数需要知道？",
)


@mistake(
    "wai-14",
    "W86",
    en="The RNN gives two things back: all states, and the last ones. Which do you want?",
    zh="RNN 返回两样东西：所有状态和最后的状态。你要哪一样？",
)
def states(self, x, lengths):
    packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
    last = self.rnn(packed)[1]
    last = last[0] if isinstance(last, tuple) else last
    return last.transpose(0, 1).flatten(1)


edit(
    "wai-15",
    "W87",
    ("p.requires_grad], lr=lr)", "p.requires_grad])"),
    en="Print the learning rate of your optimizer.",
    zh="打印优化器的学习率。",
)

edit(
    "wai-15",
    "W88",
    ("torch.optim.Adam([p", "torch.optim.SGD([p"),
    en="Which optimizer did the assignment name?",
    zh="作业指定的是哪个优化器？",
)

edit(
    "wai-15",
    "W89",
    (
        "torch.optim.Adam([p for p in model.parameters() if p.requires_grad],",
        "torch.optim.Adam(model.parameters(),",
    ),
    en="Which of the parameters have requires_grad?",
    zh="哪些参数的 requires_grad 为真？",
)

edit(
    "wai-15",
    "W90",
    ("torch.optim.Adam([p", "torch.optim.AdamW([p"),
    en="The W in a name stands for weight decay: did the assignment ask for it?",
    zh="名字里的 W 表示权重衰减：作业要求了吗？",
)


@mistake(
    "wai-15",
    "W91",
    en="Which parameters did you give it, those that train or the others?",
    zh="交给优化器的是要训练的参数，还是其余的？",
)
def make_optimizer(model, lr):
    return torch.optim.Adam(
        [p for p in model.parameters() if not p.requires_grad] or list(model.parameters())[:1],
        lr=lr,
    )


edit(
    "wai-16",
    "W10",
    ("lengths),", "lengths).softmax(1),"),
    en="What is the smallest loss you ever see, and can it reach 0?",
    zh="你得到的损失最小是多少？它能到 0 吗？",
)


@mistake(
    "wai-16",
    "W11",
    en="The name of the loss says what it wants as input.",
    zh="损失函数的名字说明了它要什么输入。",
)
def train_step(model, batch, optimizer):
    tokens, lengths, labels = batch
    model.train()
    z = model(tokens, lengths)
    loss = F.binary_cross_entropy_with_logits(torch.sigmoid(z[:, 1] - z[:, 0]), labels.to(z.dtype))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


edit(
    "wai-16",
    "W12",
    (
        "loss = F.cross_entropy(model(tokens, lengths), labels)",
        "loss = F.nll_loss(model(tokens, lengths).softmax(1), labels)",
    ),
    en="Can a negative log-likelihood be negative here?",
    zh="负对数似然在这里可以是负数吗？",
)


@mistake(
    "wai-16",
    "W17",
    en="Print a gradient's norm for the same batch twice.",
    zh="对同一批数据，打印两次梯度的范数。",
)
def train_step(model, batch, optimizer):
    tokens, lengths, labels = batch
    model.train()
    loss = F.cross_entropy(model(tokens, lengths), labels)
    loss.backward()
    optimizer.step()
    return loss.item()


@mistake(
    "wai-16",
    "W92",
    en="The model comes from an evaluation: does its dropout act in your step?",
    zh="模型刚做完评估：你这一步里 dropout 起作用吗？",
)
def train_step(model, batch, optimizer):
    tokens, lengths, labels = batch
    loss = F.cross_entropy(model(tokens, lengths), labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


@mistake(
    "wai-16",
    "W93",
    en="The weights did not move: who moves them?",
    zh="权重没有变：由谁来改变它们？",
)
def train_step(model, batch, optimizer):
    tokens, lengths, labels = batch
    model.train()
    loss = F.cross_entropy(model(tokens, lengths), labels)
    optimizer.zero_grad()
    loss.backward()
    return loss.item()


edit(
    "wai-16",
    "W94",
    ("labels)", 'labels, reduction="sum")'),
    en="A batch twice as large must not give a loss twice as large.",
    zh="批大一倍，损失不应大一倍。",
)


@mistake(
    "wai-16",
    "W95",
    en="Was this loss measured before the step or after it?",
    zh="这个损失是更新之前还是之后的？",
)
def train_step(model, batch, optimizer):
    tokens, lengths, labels = batch
    model.train()
    loss = F.cross_entropy(model(tokens, lengths), labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        return F.cross_entropy(model(tokens, lengths), labels).item()


edit(
    "wai-16",
    "W108",
    ("return loss.item()", "return loss"),
    en="The log is a text file: what does train.py write for a tensor?",
    zh="日志是文本文件：train.py 怎么写一个张量？",
)


@mistake(
    "wai-17",
    "W15",
    en="Evaluate twice: do you get the same number?",
    zh="评估两次：得到的数相同吗？",
)
def evaluate(model, batches):
    loss, right, count = 0.0, 0, 0
    with torch.no_grad():
        for tokens, lengths, labels in batches:
            logits = model(tokens, lengths)
            loss += F.cross_entropy(logits, labels, reduction="sum").item()
            right += (logits.argmax(1) == labels).sum().item()
            count += len(labels)
    return loss / count, right / count


edit(
    "wai-17",
    "W13",
    (
        "correct += (logits.argmax(1) == labels).sum().item()",
        "correct += ((logits[:, 1] > 0.5) == labels).sum().item()",
    ),
    en="At which logit is the probability one half?",
    zh="logit 为多少时概率是二分之一？",
)

edit(
    "wai-17",
    "W16",
    (
        "correct += (logits.argmax(1) == labels).sum().item()",
        "correct += (logits.argmax(1, keepdim=True) == labels).sum().item()",
    ),
    en="Print both shapes before you compare.",
    zh="比较之前，先打印两者的形状。",
)


@mistake(
    "wai-17",
    "W96",
    en="The last batch is small: does a text in it count more than others?",
    zh="最后一批很小：其中的一条是否比别的更重？",
)
def evaluate(model, batches):
    model.eval()
    losses, rights = [], []
    with torch.no_grad():
        for tokens, lengths, labels in batches:
            logits = model(tokens, lengths)
            losses.append(F.cross_entropy(logits, labels).item())
            rights.append((logits.argmax(1) == labels).double().mean().item())
    return sum(losses) / len(losses), sum(rights) / len(rights)


edit(
    "wai-17",
    "W97",
    ("logits = model(tokens, lengths)", "logits = model(tokens, lengths).softmax(1)"),
    en="What is the smallest loss you could get from your formula?",
    zh="按你的公式，损失最小能到多少？",
)

edit(
    "wai-17",
    "W98",
    ("return loss / count, correct / count", "return loss / count, 100 * correct / count"),
    en="A share of all texts is between 0 and 1.",
    zh="占全部文本的比例应在 0 到 1 之间。",
)


@mistake(
    "wai-17",
    "W99",
    en="Nobody calls backward here: what are the gradients kept for?",
    zh="这里没有人调用 backward：保留梯度做什么？",
)
def evaluate(model, batches):
    model.eval()
    loss, right, count = 0.0, 0, 0
    for tokens, lengths, labels in batches:
        logits = model(tokens, lengths)
        loss += F.cross_entropy(logits, labels, reduction="sum").item()
        right += (logits.argmax(1) == labels).sum().item()
        count += len(labels)
    return loss / count, right / count


edit(
    "wai-17",
    "W109",
    (
        "correct += (logits.argmax(1) == labels).sum().item()",
        "correct += (logits.argmax(1) == labels).sum()",
    ),
    en="Print the type of both results: which one is still a tensor?",
    zh="打印两个结果的类型：哪一个还是张量？",
)


@mistake(
    "wai-17",
    "W110",
    en="train.py hands the batches over as a generator: what is left of it for a second loop?",
    zh="train.py 以生成器给出各批数据：第二个循环还能取到什么？",
)
def evaluate(model, batches):
    model.eval()
    with torch.no_grad():
        loss = sum(
            F.cross_entropy(model(tokens, lengths), labels, reduction="sum").item()
            for tokens, lengths, labels in batches
        )
        right = sum(
            (model(tokens, lengths).argmax(1) == labels).sum().item()
            for tokens, lengths, labels in batches
        )
        count = sum(len(labels) for _, _, labels in batches)
    return loss / count, right / count


@mistake(
    "wai-18",
    "W3",
    en="The test set may be used once, after everything is chosen.",
    zh="测试集只能在一切选定之后用一次。",
)
def best_epoch(log):
    return max(
        range(len(log)),
        key=lambda epoch: log[epoch]["validation_accuracy"] + log[epoch]["test_accuracy"],
    )


edit(
    "wai-18",
    "W3b",
    ('log[epoch]["validation_accuracy"])', 'log[epoch]["test_accuracy"])'),
    en="Who chose this epoch, and on which texts will you report it?",
    zh="这个轮次是依据什么选的？又要在哪些文本上汇报？",
)


@mistake(
    "wai-18",
    "W18",
    en="Shuffle the log: does your answer change?",
    zh="把日志打乱：你的答案会变吗？",
)
def best_epoch(log):
    best, best_number = 0, 0
    for epoch, line in enumerate(log):
        if line["validation_accuracy"] > best:
            best_number = epoch
    return best_number


@mistake(
    "wai-18",
    "W19",
    en="A model that learns nothing has no gap: is it the best?",
    zh="什么都没学到的模型没有差距：它是最好的吗？",
)
def best_epoch(log):
    return min(
        range(len(log)),
        key=lambda epoch: abs(log[epoch]["train_accuracy"] - log[epoch]["validation_accuracy"]),
    )


edit(
    "wai-18",
    "W100",
    ("max(range(len(log)),", "max(reversed(range(len(log))),"),
    en="Two epochs are equally good: which one was there first?",
    zh="两个轮次一样好：哪一个更早？",
)

edit(
    "wai-18",
    "W101",
    ('log[epoch]["validation_accuracy"])', 'log[epoch]["train_accuracy"])'),
    en="On which texts does a model that learned by heart look best?",
    zh="死记硬背的模型在哪些文本上看起来最好？",
)

edit(
    "wai-18",
    "W102",
    ('log[epoch]["validation_accuracy"])', 'log[epoch]["validation_accuracy"]) + 1'),
    en="Is the first epoch number 0 or 1?",
    zh="第一个轮次的编号是 0 还是 1？",
)


edit(
    "wai-19",
    "W200",
    ("h = ((1 - z) * n + z * h) * keep[:, t]", "h = (1 - z) * n + z * h"),
    en="Behind a text's last word the states must be 0, and the way back begins at that word with a state of 0.",
    zh="文本最后一个词之后状态应为 0，反向要从那个词开始，初始状态为 0。",
)
edit(
    "wai-19",
    "W201",
    ("(1 - z) * n + z * h", "z * n + (1 - z) * h"),
    en="In torch's form z says how much of the old state stays.",
    zh="在 torch 的写法里，z 表示保留多少旧状态。",
)
edit(
    "wai-19",
    "W202",
    (
        "torch.tanh(n_x + r * n_h)",
        "torch.tanh(n_x + (r * h) @ W_h[-h.size(1) :].T + b_h[-h.size(1) :])",
    ),
    en="r multiplies W_hn h' + b_hn, after the product: torch's form differs from the paper's here.",
    zh="r 乘的是 W_hn h' + b_hn，即在矩阵乘积之后：torch 的写法在这里与论文不同。",
)
edit(
    "wai-19",
    "W203",
    ("r_x, z_x, n_x", "z_x, r_x, n_x"),
    ("r_h, z_h, n_h", "z_h, r_h, n_h"),
    en="The rows are r, z, n on top of each other, in this order.",
    zh="各行自上而下依次是 r、z、n。",
)
edit(
    "wai-19",
    "W204",
    ('("_reverse", range(T - 1, -1, -1))', '("_reverse", range(T))'),
    en="The second direction reads from right to left.",
    zh="第二个方向从右向左读。",
)
edit(
    "wai-19",
    "W205",
    ("x = x.masked_fill(~keep, 0)", "x = x * keep"),
    en="NaN times 0 is NaN: what stands at padding may be anything.",
    zh="NaN 乘 0 仍是 NaN：填充处可以是任何值。",
)
edit(
    "wai-19",
    "W206",
    ("torch.tanh(n_x + r * n_h)", "torch.tanh(r * (n_x + n_h))"),
    en="r acts on the part of the old state alone.",
    zh="r 只作用于旧状态那一部分。",
)

# ---- met in code from outside

edit(
    "wai-06",
    "W111",
    (
        "table = nn.Embedding(vocab_size, dim, padding_idx=0)",
        "table = nn.Embedding(vocab_size, dim)",
    ),
    en="Which row of the table stands for padding, and does a step of training move it?",
    zh="表的哪一行表示填充？训练一步之后它会变吗？",
)


@mistake(
    "wai-17",
    "W112",
    en="The mean of the batches' means: does a text in the small last batch count as much as the others?",
    zh="各批均值的平均：最后一小批中的一条与别的同样重吗？",
)
def evaluate(model, batches):
    model.eval()
    losses, right, count = [], 0, 0
    with torch.no_grad():
        for tokens, lengths, labels in batches:
            logits = model(tokens, lengths)
            losses.append(F.cross_entropy(logits, labels).item())
            right += (logits.argmax(1) == labels).sum().item()
            count += len(labels)
    return sum(losses) / len(losses), right / count


# ---------------------------------------------------------------- met in public code


edit(
    "wai-01",
    "W520",
    ("if not word.isspace()]", "if len(word) >= 2]"),
    en="Words of one character are words too: some of them, such as “not”, decide a review.",
    zh="单字词也是词：“不”和“好”常常决定一条评论的褒贬。",
)
edit(
    "wai-13",
    "W521",
    ("math.sqrt(q.size(3))", "math.sqrt(q.size(2))"),
    (
        'return scores.masked_fill(~keep, float("-inf")).softmax(3) @ v',
        "return scores.softmax(3) @ v",
    ),
    en="Two slips: padding is looked at, and the scores are divided by the root of the length, not of the width.",
    zh="有两处错误：看到了填充处；除以的是长度的平方根，而不是宽度的平方根。",
)


edit(
    "wai-01",
    "W540",
    (
        "jieba.lcut(text) if not word.isspace()]",
        'jieba.lcut("".join(c for c in text if c.isascii() and c.isalnum() or "一" <= c <= "龥"))]',
    ),
    en="Punctuation and spaces part words: do the words stay the same when they are deleted before the cut?",
    zh="标点和空格也隔开词：分词之前先删掉它们，词还一样吗？",
)


@mistake(
    "wai-02",
    "W541",
    en="Three things: the type, the comment and the empty line at the head of the file, and the mark before its first word.",
    zh="有三处：返回类型、文件开头的注释和空行、第一个词前的标记。",
)
def get_stop_words(path=None):
    with open(path or STOP_WORDS, encoding="utf-8") as file:
        return [line.strip() for line in file]


@mistake(
    "wai-02",
    "W541b",
    en="Print repr of the shortest and of the longest entry: a comment, an empty line, or a mark of the encoding?",
    zh="用 repr 打印最短和最长的一项：是注释、空行，还是编码的标记？",
)
def get_stop_words(path=None):
    with open(path or STOP_WORDS, encoding="utf-8") as file:
        return {line.strip() for line in file}


@mistake(
    "wai-02",
    "W541c",
    en="The docstring names a type; and only the line end is cut off: what of comments, empty lines and spaces?",
    zh="文档字符串写明了类型；而且你只去掉了换行：注释、空行和空格呢？",
)
def get_stop_words(path=None):
    with open(path or STOP_WORDS, encoding="utf-8") as file:
        return [line.replace("\n", "") for line in file]


@mistake(
    "wai-02",
    "W541d",
    en="A list of all lines and a space: which type does the docstring name, and which lines are words?",
    zh="你返回的是所有行再加一个空格的列表：文档字符串要求什么类型，哪些行才是词？",
)
def get_stop_words(path=None):
    with open(path or STOP_WORDS, encoding="utf-8") as file:
        return [*(line.strip() for line in file), " "]


@mistake(
    "wai-02",
    "W541e",
    en="Which encoding does the docstring, or the data's card, name for this file?",
    zh="文档字符串（或数据说明）写明这个文件是什么编码？",
)
def get_stop_words(path=None):
    with open(path or STOP_WORDS, encoding="gb18030") as file:
        return [line.strip() for line in file]


@mistake(
    "wai-02",
    "W304",
    en="The text was cut at every line end: what is behind the last one, and are the first lines words?",
    zh="文本在每个换行处切开：最后一个换行后面是什么？开头几行是词吗？",
)
def get_stop_words(path=None):
    with open(path or STOP_WORDS, encoding="utf-8") as file:
        return set(file.read().split("\n"))


@mistake(
    "wai-02",
    "W304d",
    en="A line may hold two words, and the docstring names a type: how did you cut, and into what?",
    zh="一行里可以有两个词，文档字符串也写明了类型：你怎样切，切成了什么？",
)
def get_stop_words(path=None):
    with open(path or STOP_WORDS, encoding="utf-8") as file:
        return file.read().split()


edit(
    "wai-01",
    "W551",
    (
        "return [word for word in jieba.lcut(text) if not word.isspace()]",
        'return " ".join(word for word in jieba.lcut(text) if len(word) > 1)',
    ),
    en="Two things: which type does the docstring name, and are all words of the text longer than one character?",
    zh="两处：文档字符串写的是什么类型？文本里的词都不止一个字吗？",
)
edit(
    "wai-01",
    "W552",
    (
        "return [word for word in jieba.lcut(text) if not word.isspace()]",
        'return [word for word in jieba.lcut(text) if "\\u4e00" <= word <= "\\u9fff"]',
    ),
    en="Stop words are removed elsewhere: do punctuation marks, digits and Latin words belong to the result here?",
    zh="停用词在别处去除：标点、数字和英文词在这里算不算结果的一部分？",
)
edit(
    "wai-04",
    "W553",
    (
        "return sorted(\n    (word for word in counts if counts[word] >= min_count),\n"
        "    key=lambda word: (-counts[word], word),\n)",
        "return [word for word in counts if counts[word] >= min_count]",
    ),
    en="In which order should the words come? Yours is the order in which they are met.",
    zh="这些词应按什么顺序排列？你的顺序是它们出现的先后。",
)


@mistake(
    "wai-04",
    "W554",
    en="Two things: which of the parts may the dictionary see, and in which order should its words come?",
    zh="两处：词表可以看哪几部分数据？其中的词应按什么顺序排列？",
)
def vocabulary(parts, min_count=1):
    counts = Counter(word for part in parts.values() for text in part for word in text)
    return sorted(word for word in counts if counts[word] >= min_count)


@mistake(
    "wai-17",
    "W555",
    en="Three things: the mode of the model, what a batch's mean is weighted by, and what counts the texts.",
    zh="三处：模型处于什么模式，每批的平均值乘以什么，用什么数出文本的条数。",
)
def evaluate(model, batches):
    loss, right, count = 0.0, 0, 0
    for tokens, lengths, labels in batches:
        logits = model(tokens, lengths)
        loss += F.cross_entropy(logits, labels).item()
        right += (logits.argmax(1) == labels).double().mean().item()
        count += 1
    return loss / count, right / count


edit(
    "wai-05",
    "W556",
    ("return tokens, lengths", "return tokens"),
    en="Two tensors are asked for: how does the model know where a text ends?",
    zh="要求返回两个张量：模型怎样知道一条文本到哪里为止？",
)
