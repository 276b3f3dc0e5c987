"""Known mistakes in gpt_songci. Ids as in the catalogue (G..., A...); a letter behind one tells variants apart."""

import torch
from torch.nn import functional as F

from course.mistakes import edit, mistake

edit(
    "gpt-a1.0",
    "A9",
    ("return self.q(x), self.k(x), self.v(x)", "return self.q(x), self.q(x), self.v(x)"),
    en="Queries and keys come out the same: how many projections did __init__ make?",
    zh="查询和键完全相同：__init__ 里建了几个投影？",
)

edit(
    "gpt-a1.0",
    "A22",
    ("return self.q(x), self.k(x), self.v(x)", "return self.q(x), self.v(x), self.k(x)"),
    en="The three results are right, their order is not: read the docstring's tuple again.",
    zh="三个结果都对，但顺序不对：再看文档字符串里的元组。",
)

edit(
    "gpt-a1.0",
    "A23",
    ("return self.q(x), self.k(x), self.v(x)", "return self.q(x), self.k(x), self.k(x)"),
    en="Which of the three says what is taken home, and does it have a layer of its own?",
    zh="三者中哪一个是最后“带走”的内容？它有自己的线性层吗？",
)

edit(
    "gpt-a2.0",
    "A11",
    (
        "x.view(B, L, self.n_head, C // self.n_head)",
        "x.reshape(B, self.n_head, L, C // self.n_head).transpose(1, 2)",
    ),
    en="Change one character only: which positions of the heads change? Split the last axis first.",
    zh="只改变一个字：各个头的哪些位置变了？先拆最后一轴。",
)

edit(
    "gpt-a2.0",
    "A11b",
    (
        "return x.view(B, L, self.n_head, C // self.n_head)",
        "return x.reshape(B, self.n_head, L, C // self.n_head)",
    ),
    en="The axes are in another order than the docstring says: at this step characters stay second.",
    zh="轴的顺序与文档字符串不同：这一步里字仍在第 1 轴（从 0 数起）。",
)

edit(
    "gpt-a2.0",
    "A24",
    ("self.n_head, C // self.n_head)", "C // self.n_head, self.n_head).transpose(2, 3)"),
    en="Which columns of x belong to head 0: neighbours, or every h-th?",
    zh="x 的哪些列属于第 0 个头：相邻的列，还是每隔 h 列取一列？",
)

edit(
    "gpt-a3.1",
    "A25",
    ("k.permute(0, 2, 3, 1),", "k.transpose(1, 2),"),
    en="Write down the shape of q @ k_t with your result: are queries beside keys?",
    zh="写出 q @ k_t 的形状：是查询对键吗？",
)


@mistake(
    "gpt-a3.1",
    "G10",
    en="A reshape gives the right shape and moves numbers to wrong places: is it a transpose?",
    zh="reshape 得到了正确的形状，却把数放错了位置：它等于转置吗？",
)
def swap_axes(self, q, k, v):
    B, L, h, d = q.shape
    return q.reshape(B, h, L, d), k.reshape(B, h, d, L), v.reshape(B, h, L, d)


@mistake(
    "gpt-a3.1",
    "A26",
    en="Follow one key: which two of its axes change places beside the heads'?",
    zh="跟踪一个键：除了头的那一轴，它还有哪两轴交换了位置？",
)
def swap_axes(self, q, k, v):
    B, L, h, d = q.shape
    return q.transpose(1, 2), k.transpose(1, 2).reshape(B, h, d, L), v.transpose(1, 2)


edit(
    "gpt-a3.1",
    "A27",
    ("v.transpose(1, 2)", "v"),
    en="Two of the three have their heads beside the batch: which one was forgotten?",
    zh="三者中有两个已把头移到批次旁边：漏了哪一个？",
)

edit(
    "gpt-a3.2",
    "A2",
    ("return q @ k_t / math.sqrt(q.size(-1))", "return q @ k_t"),
    en="What is the variance of a dot product of d independent terms?",
    zh="d 个独立项的点积，方差是多少？",
)

edit(
    "gpt-a3.2",
    "A3",
    (
        "return q @ k_t / math.sqrt(q.size(-1))",
        "return q @ k_t / math.sqrt(q.size(1) * q.size(-1))",
    ),
    en="Over which dimension does the dot product of one head run?",
    zh="单个头的点积沿多长的轴求和？",
)

edit(
    "gpt-a3.2",
    "A3b",
    ("return q @ k_t / math.sqrt(q.size(-1))", "return q @ k_t * math.sqrt(q.size(-1))"),
    en="Longer vectors should give smaller scores per unit: divide or multiply?",
    zh="向量越长，缩放后的得分应越小：该除还是该乘？",
)

edit(
    "gpt-a3.2",
    "A28",
    ("return q @ k_t / math.sqrt(q.size(-1))", "return q @ k_t / q.size(-1)"),
    en="The deviation grows with the root of the width: did you divide by the variance?",
    zh="标准差随宽度的平方根增长：你除的是方差吗？",
)

edit(
    "gpt-a3.2",
    "A29",
    ("return q @ k_t / math.sqrt(q.size(-1))", "return q @ k_t / math.sqrt(q.size(-2))"),
    en="Does the scale depend on how long the text is, or on how long a vector is?",
    zh="缩放因子取决于文本长度，还是向量长度？",
)

edit(
    "gpt-a3.2",
    "A30",
    (
        "return q @ k_t / math.sqrt(q.size(-1))",
        "return (q @ k_t).transpose(-2, -1) / math.sqrt(q.size(-1))",
    ),
    en="Row i should hold what query i thinks of all keys: which of the two stands left?",
    zh="第 i 行应是第 i 个查询对所有键的得分：哪个应在左边？",
)

edit(
    "gpt-a3.2",
    "A41",
    ("return q @ k_t / math.sqrt(q.size(-1))", "return q @ k_t / math.sqrt(self.n_head)"),
    en="How wide is one head: is that the number of heads?",
    zh="一个头有多宽：那是头的个数吗？",
)

edit(
    "gpt-a3.3",
    "G2",
    ('return s.masked_fill(mask, float("-inf"))', 'return s.masked_fill(~mask, float("-inf"))'),
    en="Change the last character: may the first row change? Read again what True means here.",
    zh="改变最后一个字：第一行可以变吗？再看一遍 True 在这里的含义。",
)

edit(
    "gpt-a3.3",
    "G5",
    ('return s.masked_fill(mask, float("-inf"))', "return s * ~mask"),
    en="What is exp(0)?",
    zh="exp(0) 等于多少？",
)

edit(
    "gpt-a3.3",
    "G5b",
    ('return s.masked_fill(mask, float("-inf"))', "return s.masked_fill(mask, -100.0)"),
    en="How small must a score be so that nothing, not even a very low score, falls below it?",
    zh="这个得分要多小，才不会有别的得分比它更低？",
)

edit(
    "gpt-a3.3",
    "G220",
    ('return s.masked_fill(mask, float("-inf"))', "return s.masked_fill(mask, -1e4)"),
    en="All scores of a row may be below -10,000: which characters get its weight then?",
    zh="一行的得分可能都低于 -10,000：这时权重会给哪些字？",
)

edit(
    "gpt-a3.3",
    "G221",
    (
        'return s.masked_fill(mask, float("-inf"))',
        "return s.detach().masked_fill(mask, float('-inf'))",
    ),
    en="Training goes back through the scores to the weights of q and k: does your result still lead there?",
    zh="训练时梯度要经过得分传回 q、k 的权重：你的结果还与它们相连吗？",
)

edit(
    "gpt-a3.3",
    "G5c",
    ('return s.masked_fill(mask, float("-inf"))', "return s + mask"),
    en="Two conventions are mixed: which mask is added to scores, and which is a yes or no?",
    zh="两种约定混淆了：哪种掩码与得分相加，哪种只表示是与否？",
)

edit(
    "gpt-a3.3",
    "G4",
    ('return s.masked_fill(mask, float("-inf"))', "return torch.softmax(s, dim=-1) * ~mask"),
    en="Print the row sums: who got the weight of the masked ones?",
    zh="打印每行之和：被掩住位置的权重去了哪里？",
)

edit(
    "gpt-a3.3",
    "A13",
    ('return s.masked_fill(mask, float("-inf"))', 'return s.masked_fill(mask.T, float("-inf"))'),
    en="A row is the one that looks, a column the one looked at: is your mask the right way round?",
    zh="行是查询，列是键：你的掩码方向对吗？",
)


@mistake(
    "gpt-a3.3",
    "G38",
    en="masked_fill gives a new tensor: what becomes of it?",
    zh="masked_fill 给出一个新的张量：它去哪儿了？",
)
def mask_scores(self, s, mask):
    s.masked_fill(mask, -torch.inf)
    return s


edit(
    "gpt-a3.3",
    "G39",
    ('return s.masked_fill(mask, float("-inf"))', "return s + mask * -torch.inf"),
    en="What is 0 times infinity?",
    zh="0 乘无穷大是多少？",
)

edit(
    "gpt-a3.4",
    "G6",
    ("return torch.softmax(s, dim=-1)", "return torch.softmax(s, dim=-2)"),
    en="Over which axis does one character's attention add up to 1?",
    zh="一个字的注意力沿哪一轴相加等于 1？",
)

edit(
    "gpt-a3.4",
    "A31",
    ("return torch.softmax(s, dim=-1)", "return torch.softmax(s, dim=1)"),
    en="Heads do not share a weight of 1 among them: which axis holds the keys?",
    zh="各个头之间并不分配同一份权重：哪一轴是键？",
)

edit(
    "gpt-a3.4",
    "V1",
    ("return torch.softmax(s, dim=-1)", "return s.exp() / s.exp().sum(-1, keepdim=True)"),
    en="Try scores of 1000: which constant may you subtract without changing the result?",
    zh="试试值为 1000 的得分：减去哪个常数不会改变结果？",
)

edit(
    "gpt-a3.4",
    "A32",
    ("return torch.softmax(s, dim=-1)", "return torch.log_softmax(s, dim=-1)"),
    en="Weights are not negative: is this a probability or its logarithm?",
    zh="权重不会是负数：这是概率还是概率的对数？",
)

edit(
    "gpt-a3.4",
    "A33",
    (
        "return torch.softmax(s, dim=-1)",
        "return torch.sigmoid(s) / torch.sigmoid(s).sum(-1, keepdim=True)",
    ),
    en="Each row adds up to 1, but does a larger score still get exponentially more?",
    zh="每行之和虽为 1，但更大的得分是否得到指数级更多的权重？",
)

edit(
    "gpt-a3.5",
    "A34",
    ("return self.weight_dropout(weights) @ v", "return weights @ v"),
    en="Two calls in training give the same: where is the dropout of this step?",
    zh="训练时两次调用的结果相同：这一步的 dropout 在哪里？",
)

edit(
    "gpt-a3.5",
    "G17",
    ("return self.weight_dropout(weights) @ v", "return F.dropout(weights, 0.3) @ v"),
    en="Call the model twice in eval mode: is it the same?",
    zh="在 eval 模式下调用两次：结果相同吗？",
)

edit(
    "gpt-a3.5",
    "A8",
    (
        "return self.weight_dropout(weights) @ v",
        "return self.weight_dropout(weights).transpose(-2, -1) @ v",
    ),
    en="Row i of the output should be a mixture with row i's weights.",
    zh="输出的第 i 行应当用第 i 行的权重来混合。",
)

edit(
    "gpt-a3.5",
    "A35",
    ("return self.weight_dropout(weights) @ v", "return self.weight_dropout(weights @ v)"),
    en="What is dropped here: a look at a character, or a number of the result?",
    zh="这里丢弃的是“看某个字”，还是结果中的某个数？",
)


@mistake(
    "gpt-a4.0",
    "A10",
    en="After the reshape, does row t hold the h heads of character t? Fill a tensor with its numbers.",
    zh="reshape 之后，第 t 行是第 t 个字的 h 个头吗？用字的编号填一个张量试试。",
)
def join_heads(self, x):
    B, h, L, d = x.shape
    return x.reshape(B, L, h * d)


edit(
    "gpt-a4.0",
    "A36",
    ("return x.transpose(1, 2).flatten(2)", "return x.permute(0, 2, 3, 1).flatten(2)"),
    en="Head 0 should fill the first columns: do yours alternate?",
    zh="第 0 个头应占最前面的列：你的各个头是交错的吗？",
)

edit(
    "gpt-a4.0",
    "A37",
    ("return x.transpose(1, 2).flatten(2)", "return x.mean(1).repeat(1, 1, x.size(1))"),
    en="Heads are set side by side; nothing is added up or averaged here.",
    zh="各个头是并排放置的；这里不做求和或平均。",
)

edit(
    "gpt-a5.0",
    "A38",
    ("return self.out_dropout(self.o(x))", "return self.o(x)"),
    en="Print the output of the same input in training mode, twice.",
    zh="训练模式下对同一输入输出两次，看看是否相同。",
)

edit(
    "gpt-a5.0",
    "A39",
    ("return self.out_dropout(self.o(x))", "return self.out_dropout(x)"),
    en="Which linear layer of __init__ has not been used yet?",
    zh="__init__ 里还有哪个线性层没用过？",
)

edit(
    "gpt-a5.0",
    "A40",
    ("return self.out_dropout(self.o(x))", "return self.o(self.out_dropout(x))"),
    en="Dropout is the last thing that happens here: what comes out at p = 0.3, zeros or mixtures?",
    zh="dropout 是这里的最后一步：p = 0.3 时输出的是零还是混合后的数？",
)

edit(
    "gpt-g1.0",
    "G11",
    ("dtype=torch.long, device=tokens.device)", "dtype=torch.long)"),
    en="Ask tokens where it lives.",
    zh="问一问 tokens 在哪个设备上。",
)

edit(
    "gpt-g1.0",
    "G11b",
    ("dtype=torch.long,", "dtype=torch.float,"),
    en="Which type does an embedding want for its numbers?",
    zh="嵌入层要求下标是什么类型？",
)

edit(
    "gpt-g1.0",
    "G13",
    ("torch.arange(tokens.size(1),", "torch.arange(tokens.size(0),"),
    en="How many different positions does a text of length L have, and which axis is L?",
    zh="长度为 L 的文本有多少个不同的位置？L 是哪一轴？",
)

edit(
    "gpt-g1.0",
    "G13b",
    ("torch.arange(tokens.size(1),", "torch.arange(1, tokens.size(1) + 1,"),
    en="What is the number of the first position? Try a text as long as the whole window.",
    zh="第一个位置的编号是几？试试与窗口一样长的文本。",
)

edit(
    "gpt-g1.0",
    "G7b",
    ("torch.arange(tokens.size(1),", "torch.arange(self.config.max_seq_len,"),
    en="The window is that long; how long is this text?",
    zh="这是窗口的长度；这段文本有多长？",
)

edit(
    "gpt-g1.0",
    "G40",
    ("dtype=torch.long, device=tokens.device)", "device=tokens.device).expand(len(tokens), -1)"),
    en="Every text has the same positions: how many rows of them do you need?",
    zh="每段文本的位置都相同：需要几行？",
)

edit(
    "gpt-g2.0",
    "G13c",
    ("self.position_embedding(pos)", "self.position_embedding(tokens % self.config.max_seq_len)"),
    en="Which numbers does the table of positions know, and which did it get?",
    zh="位置表认识哪些下标？你给它的又是哪些？",
)

edit(
    "gpt-g2.0",
    "G22",
    ("self.position_embedding(pos)", "self.token_embedding(pos)"),
    en="There are two tables: was the second one asked?",
    zh="共有两张表：第二张用到了吗？",
)

edit(
    "gpt-g2.0",
    "G23",
    (
        "self.token_embedding(tokens), self.position_embedding(pos)",
        "self.position_embedding(pos), self.token_embedding(tokens)",
    ),
    en="The order of the two results is in the docstring.",
    zh="两个结果的顺序写在文档字符串里。",
)


@mistake(
    "gpt-g2.0",
    "G24",
    en="Joining the two is the next step: return them apart.",
    zh="把两者相加是下一步：这里分开返回。",
)
def embed(self, tokens, pos):
    joined = self.token_embedding(tokens) + self.position_embedding(pos)
    return joined, self.position_embedding(pos)


edit(
    "gpt-g3.0",
    "G12",
    ("return self.dropout(E_U if self.config.no_pos else E_U + E_P)", "return self.dropout(E_U)"),
    en="Swap two characters of the text: does the prediction notice?",
    zh="交换文本中的两个字：预测会发现吗？",
)

edit(
    "gpt-g3.0",
    "G25",
    (
        "return self.dropout(E_U if self.config.no_pos else E_U + E_P)",
        "return self.dropout(E_U + E_P)",
    ),
    en="What does the flag no_pos ask for?",
    zh="no_pos 这个开关要求什么？",
)

edit(
    "gpt-g3.0",
    "G26",
    (
        "return self.dropout(E_U if self.config.no_pos else E_U + E_P)",
        "return self.dropout(E_U + E_P if self.config.no_pos else E_U)",
    ),
    en="Read the name of the flag aloud: when is there no position?",
    zh="念一念开关的名字：什么时候没有位置？",
)

edit(
    "gpt-g3.0",
    "G27",
    (
        "return self.dropout(E_U if self.config.no_pos else E_U + E_P)",
        "return E_U if self.config.no_pos else E_U + E_P",
    ),
    en="The values are right; what happens to them in training?",
    zh="数值是对的；训练时还要对它们做什么？",
)

edit(
    "gpt-g3.0",
    "G28",
    (
        "self.dropout(E_U if self.config.no_pos else E_U + E_P)",
        "self.dropout(E_U) if self.config.no_pos else self.dropout(E_U) + E_P",
    ),
    en="Dropout acts on the sum: can a zero still show through?",
    zh="dropout 作用于和：此时零还看得出来吗？",
)

edit(
    "gpt-g3.0",
    "G41",
    (
        "return self.dropout(E_U if self.config.no_pos else E_U + E_P)",
        "return E_U if self.config.no_pos else self.dropout(E_U + E_P)",
    ),
    en="With positions it is right, in training too. And with no_pos?",
    zh="有位置时对了，训练时也对。no_pos 时呢？",
)

edit(
    "gpt-g4.0",
    "G1",
    ("device=tokens.device).triu(diagonal=1)", "device=tokens.device).triu()"),
    en="Which characters may the first one look at?",
    zh="第一个字可以看哪些字？",
)

edit(
    "gpt-g4.0",
    "G2b",
    ("device=tokens.device).triu(diagonal=1)", "device=tokens.device).tril()"),
    en="Change the last character: may the first row change? And what does True mean here?",
    zh="改变最后一个字：第一行可以变吗？这里的 True 又是什么意思？",
)

edit(
    "gpt-g4.0",
    "G2c",
    ("device=tokens.device).triu(diagonal=1)", "device=tokens.device).tril(diagonal=-1)"),
    en="Rows are the characters that look: which triangle lies in their future?",
    zh="行是“看”的字：哪个三角是它们的未来？",
)

edit(
    "gpt-g4.0",
    "G3",
    ("device=tokens.device).triu(diagonal=1)", "device=tokens.device).triu(diagonal=2)"),
    en="Which entry of row t is the character you are about to predict?",
    zh="第 t 行的哪一项正是你要预测的字？",
)

edit(
    "gpt-g4.0",
    "G7",
    ("L = tokens.size(1)", "L = self.config.max_seq_len"),
    en="Your mask is as wide as the window; how long is the input now?",
    zh="你的掩码与窗口一样宽；现在的输入有多长？",
)

edit(
    "gpt-g4.0",
    "G29",
    ("dtype=torch.bool, ", ""),
    en="A yes or no is not a number: which type does the docstring ask for?",
    zh="是与否不是数：文档字符串要求什么类型？",
)

edit(
    "gpt-g4.0",
    "G11c",
    (
        "dtype=torch.bool, device=tokens.device).triu(diagonal=1)",
        "dtype=torch.bool).triu(diagonal=1)",
    ),
    en="Ask tokens where it lives.",
    zh="问一问 tokens 在哪个设备上。",
)


@mistake(
    "gpt-g5.0",
    "G30",
    en="How many blocks are there, and how many weights came back?",
    zh="有几个块？返回了几份权重？",
)
def run_layers(self, h, mask):
    for block in self.blocks:
        h, weights = block(h, mask)
    return h, [weights]


edit(
    "gpt-g5.0",
    "G31",
    ("h, weights = block(h, mask)", "out, weights = block(h, mask)"),
    ("return h, kept", "return out, kept"),
    en="What does the second block get to see: the first one's result, or the start again?",
    zh="第二个块看到的是第一个块的结果，还是又从头开始？",
)

edit(
    "gpt-g5.0",
    "G32",
    ("for block in self.blocks:", "for block in list(self.blocks)[:-1] or self.blocks:"),
    en="Count the blocks that you run.",
    zh="数一数你运行了几个块。",
)

edit(
    "gpt-g5.0",
    "G33",
    ("for block in self.blocks:", "for block in reversed(self.blocks):"),
    en="Which block comes first?",
    zh="哪个块在最前面？",
)

edit(
    "gpt-g5.0",
    "G34",
    ("h, weights = block(h, mask)", "h, weights = block(h, torch.zeros_like(mask))"),
    en="Every block must know what it may not look at: what did yours get?",
    zh="每个块都要知道不能看什么：你传给它的是什么？",
)

edit(
    "gpt-g5.0",
    "G42",
    ("return", "    return"),
    en="How many blocks has the text been through when the function returns?",
    zh="函数返回时，文本通过了几个块？",
)

edit(
    "gpt-g5.0",
    "G43",
    ("h, weights = block(h, mask)", "h = block(h, mask)"),
    ("kept.append(weights)", "kept.append(h)"),
    en="How many results does a block give?",
    zh="一个块返回几个结果？",
)

edit(
    "gpt-g5.0",
    "G44",
    ("h, weights = block(h, mask)", "h, _ = block(h, mask)"),
    ("kept.append(weights)", "kept.append(h)"),
    en="Which of a block's two results is to be kept?",
    zh="块的两个结果中，要保留的是哪一个？",
)

edit(
    "gpt-g6.0",
    "G18",
    ("return self.head(self.norm(h))", "return self.head(h)"),
    en="Without the last norm nothing fixes the scale of the logits.",
    zh="没有最后的归一化，logits 的尺度就不受约束。",
)

edit(
    "gpt-g6.0",
    "W10",
    ("return self.head(self.norm(h))", "return torch.softmax(self.head(self.norm(h)), dim=-1)"),
    en="The loss applies a softmax itself: what does it want as input?",
    zh="损失函数自己会做 softmax：它要的输入是什么？",
)

edit(
    "gpt-g6.0",
    "G35",
    ("return self.head(self.norm(h))", "return self.head(h + self.norm(h))"),
    en="Multiply h by ten: a layer norm behind the blocks would not notice; does yours?",
    zh="把 h 乘以十：块之后的层归一化不会察觉；你的会吗？",
)

edit(
    "gpt-g6.0",
    "G45",
    ("return self.head(self.norm(h))", "return self.norm(h) @ self.head.weight.T"),
    en="A linear layer is more than its matrix.",
    zh="线性层不只是一个矩阵。",
)


@mistake(
    "gpt-l1.0",
    "G15",
    en="cross_entropy wants the classes second: is a view a transpose?",
    zh="cross_entropy 要求类别在第 1 轴（从 0 数起）：view 等于转置吗？",
)
def loss_and_perplexity(logits, targets):
    B, L, V = logits.shape
    loss = F.cross_entropy(logits.reshape(B, V, L), targets)
    return loss, loss.exp()


edit(
    "gpt-l1.0",
    "G16",
    ("return loss, loss.exp()", "return loss, 2**loss"),
    en="Your loss is in nats: to which base does the power belong?",
    zh="你的损失以 nat 为单位：幂的底应是多少？",
)

edit(
    "gpt-l1.0",
    "G16b",
    (
        "loss = F.cross_entropy(logits.flatten(0, 1), targets.flatten())",
        'each = F.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="none")',
    ),
    ("return loss, loss.exp()", "return each.mean(), each.exp().mean()"),
    en="First the mean over all characters, then exp once: is a mean of exps the same?",
    zh="先对所有字求平均，再取一次 exp：先取 exp 再平均相同吗？",
)

edit(
    "gpt-l1.0",
    "G16c",
    (
        "loss = F.cross_entropy(logits.flatten(0, 1), targets.flatten())",
        'each = F.cross_entropy(logits.transpose(1, 2), targets, reduction="none")',
    ),
    ("return loss, loss.exp()", "return each.mean(), each.mean(1).exp().mean()"),
    en="The mean of each text's perplexity is not the perplexity of all: over what is the mean taken?",
    zh="各段困惑度的平均并不是整体的困惑度：平均是对什么取的？",
)

edit(
    "gpt-l1.0",
    "G36",
    ("targets.flatten())", 'targets.flatten(), reduction="sum")'),
    en="Twice as many texts must not double the loss.",
    zh="文本数加倍，损失不应加倍。",
)

edit(
    "gpt-l1.0",
    "G14",
    (
        "F.cross_entropy(logits.flatten(0, 1), targets.flatten())",
        "F.cross_entropy(logits[:, :-1].flatten(0, 1), targets[:, 1:].flatten())",
    ),
    en="The targets are shifted already: how often are yours?",
    zh="目标已经错开一位了：你又错开了几次？",
)

edit(
    "gpt-l1.0",
    "W10b",
    ("F.cross_entropy(logits.flatten(0,", "F.cross_entropy(torch.softmax(logits, -1).flatten(0,"),
    en="What is the smallest loss you can get, and can it reach 0?",
    zh="你能得到的最小损失是多少？它能到 0 吗？",
)

edit(
    "gpt-l1.0",
    "W12",
    ("F.cross_entropy(logits.flatten(0,", "F.nll_loss(torch.softmax(logits, -1).flatten(0,"),
    en="Can a negative log-likelihood be negative here?",
    zh="负对数似然在这里可以是负数吗？",
)

edit(
    "gpt-l1.0",
    "G46",
    (
        "loss = F.cross_entropy(logits.flatten(0, 1), targets.flatten())",
        "loss = F.cross_entropy(logits, targets)",
    ),
    en="On which axis does cross_entropy look for the classes?",
    zh="cross_entropy 在哪一轴找类别？",
)

edit(
    "gpt-l1.0",
    "G47",
    ("targets.flatten())", "targets.flatten()).item()"),
    ("return loss, loss.exp()", "return loss, math.exp(loss)"),
    en="Can backward() start from a Python number?",
    zh="backward() 能从一个 Python 数开始吗？",
)


@mistake(
    "gpt-t1.0",
    "G48",
    en="What is exp(0)? A character that may not come needs a chance of exactly 0.",
    zh="exp(0) 等于多少？不允许的字概率必须正好为 0。",
)
def guide_logits(logits, fits, rhymes, wanted, used):
    wanted = wanted[:, None]
    right_group = (wanted <= 0) | (rhymes == wanted)
    return logits * (fits & right_group & ((wanted < 0) | ~used))


@mistake(
    "gpt-t1.0",
    "G49",
    en="Which characters are left: those that the tune allows, or the others?",
    zh="剩下的是词牌允许的字，还是其余的字？",
)
def guide_logits(logits, fits, rhymes, wanted, used):
    wanted = wanted[:, None]
    right_group = (wanted <= 0) | (rhymes == wanted)
    return logits.masked_fill(fits & right_group & ((wanted < 0) | ~used), float("-inf"))


@mistake(
    "gpt-t1.0",
    "G50",
    en="Where wanted is 0 any group will do: is a character of no group the only one that is left?",
    zh="wanted 为 0 时任何韵部都可以：难道只剩下不属于任何韵部的字？",
)
def guide_logits(logits, fits, rhymes, wanted, used):
    wanted = wanted[:, None]
    right_group = (wanted < 0) | (rhymes == wanted)
    return logits.masked_fill(~(fits & right_group & ((wanted < 0) | ~used)), float("-inf"))


@mistake(
    "gpt-t1.0",
    "G51",
    en="May the same rhyme word come twice in one poem?",
    zh="同一首词里，同一个韵字可以用两次吗？",
)
def guide_logits(logits, fits, rhymes, wanted, used):
    wanted = wanted[:, None]
    return logits.masked_fill(~(fits & ((wanted <= 0) | (rhymes == wanted))), float("-inf"))


@mistake(
    "gpt-t1.0",
    "G52",
    en="A rhyme word may stand again where nothing need rhyme: when does `used` count?",
    zh="韵字在不押韵的位置可以再出现：used 在什么时候才起作用？",
)
def guide_logits(logits, fits, rhymes, wanted, used):
    wanted = wanted[:, None]
    return logits.masked_fill(~(fits & ((wanted <= 0) | (rhymes == wanted)) & ~used), float("-inf"))


@mistake(
    "gpt-t1.0",
    "G53",
    en="The first word of a rhyme is a rhyme word too: may it be one that the poem has already?",
    zh="一韵的第一个韵字也是韵字：它可以是词中已用过的韵字吗？",
)
def guide_logits(logits, fits, rhymes, wanted, used):
    wanted = wanted[:, None]
    right_group = (wanted <= 0) | (rhymes == wanted)
    return logits.masked_fill(~(fits & right_group & ((wanted <= 0) | ~used)), float("-inf"))


@mistake(
    "gpt-t1.0",
    "G54",
    en="A mark has no rhyme, and a Chinese character is not a mark: where is the kind of the place asked for?",
    zh="标点不押韵，汉字也不能占标点的位置：这个位置需要哪一类字，你检查了吗？",
)
def guide_logits(logits, fits, rhymes, wanted, used):
    wanted = wanted[:, None]
    right_group = (wanted <= 0) | (rhymes == wanted)
    return logits.masked_fill(~(right_group & ((wanted < 0) | ~used)), float("-inf"))


@mistake(
    "gpt-t1.0",
    "G55",
    en="All conditions must hold at once: one that holds is not enough.",
    zh="所有条件要同时成立：只满足一个是不够的。",
)
def guide_logits(logits, fits, rhymes, wanted, used):
    wanted = wanted[:, None]
    right_group = (wanted > 0) & (rhymes == wanted)
    return logits.masked_fill(~(fits & (right_group | (wanted <= 0) | ~used)), float("-inf"))


@mistake(
    "gpt-t1.0",
    "G56",
    en="Each poem has its own wanted group: did the first poem decide for all?",
    zh="每首词都有自己的韵部：是不是让第一首决定了全部？",
)
def guide_logits(logits, fits, rhymes, wanted, used):
    first = wanted[0]
    right_group = (first <= 0) | (rhymes == first)
    allowed = fits & right_group & ((first < 0) | ~used)
    return logits.masked_fill(~allowed, float("-inf"))


@mistake(
    "gpt-t1.0",
    "G57",
    en="The result is right, but the logits that came in are gone: does masked_fill_ make a new tensor?",
    zh="结果正确，但改动了传入的 logits：masked_fill_ 会生成新的张量吗？",
)
def guide_logits(logits, fits, rhymes, wanted, used):
    wanted = wanted[:, None]
    right_group = (wanted <= 0) | (rhymes == wanted)
    return logits.masked_fill_(~(fits & right_group & ((wanted < 0) | ~used)), float("-inf"))


edit(
    "gpt-t1.0",
    "G58",
    ("new_word = (wanted < 0) | ~used", "allowed = fits & right_group & ((wanted < 0) | ~used)"),
    (
        'logits.masked_fill(~(fits & right_group & new_word), float("-inf"))',
        'torch.softmax(logits.masked_fill(~allowed, float("-inf")), -1)',
    ),
    en="These are probabilities: the draw takes the softmax later, with its temperature.",
    zh="这是概率：采样时才按温度取 softmax。",
)


edit(
    "gpt-n1.0",
    "G59",
    ("(counts + 1) / (counts.sum() + len(counts))", "counts / counts.sum()"),
    en="What is the logarithm of the probability of a character that the training text does not have?",
    zh="训练文本里没有的字，概率的对数是多少？",
)

edit(
    "gpt-n1.0",
    "G60",
    ("(counts.sum() + len(counts))", "(counts.sum() + 1)"),
    en="One is added to how many counts? Then do the probabilities add up to 1?",
    zh="一共给多少个计数加了 1？这样各概率之和是 1 吗？",
)

edit(
    "gpt-n1.0",
    "G61",
    (
        "(counts + 1) / (counts.sum() + len(counts))",
        "np.maximum(counts, 1) / np.maximum(counts, 1).sum()",
    ),
    en="Does every character get one more, or only those that are missing?",
    zh="是每个字都多数一次，还是只有没出现的字？",
)

edit(
    "gpt-n1.0",
    "G62",
    ("(counts.sum() + len(counts))", "(counts.sum() + (counts > 0).sum())"),
    en="V counts the characters of the vocabulary: also those that the text does not have?",
    zh="V 是词表的字数：文本里没有的字算不算？",
)

edit(
    "gpt-n1.0",
    "G63",
    (
        "(counts + 1) / (counts.sum() + len(counts))",
        "np.log((counts + 1) / (counts.sum() + len(counts)))",
    ),
    en="Probabilities are asked for; who takes the logarithm later?",
    zh="这里要的是概率；对数由谁来取？",
)

edit(
    "gpt-n2.0",
    "G64",
    ("np.where(n > 0, mixed, lower)", "counts / np.maximum(n, 1)"),
    en="A pair that the training text does not have: what does it cost in the validation text?",
    zh="训练文本里没有的一对字，在验证文本里会带来多大的损失？",
)

edit(
    "gpt-n2.0",
    "G65",
    ("k = (counts > 0).sum(1, keepdims=True)", "k = counts.shape[1]"),
    en="k is the number of different characters behind b: is that all of the vocabulary?",
    zh="k 是 b 后面出现过的不同字数：是整个词表吗？",
)

edit(
    "gpt-n2.0",
    "G66",
    ("k = (counts > 0).sum(1, keepdims=True)", "k = 1"),
    en="Does a character with many different followers give as little to P(c) as one with few?",
    zh="后面的字种类很多的 b，分给 P(c) 的份额与种类很少的一样吗？",
)

edit(
    "gpt-n2.0",
    "G67",
    ("counts.sum(1, keepdims=True)", "counts.sum(0, keepdims=True)"),
    ("(counts > 0).sum(1, keepdims=True)", "(counts > 0).sum(0, keepdims=True)"),
    en="Row i belongs to the character before: along which axis do the probabilities add up to 1?",
    zh="第 i 行属于前一个字：概率沿哪个轴相加等于 1？",
)

edit(
    "gpt-n2.0",
    "G68",
    ("np.where(n > 0, mixed, lower)", "mixed"),
    en="A character that is never followed has n = k = 0: what does its row add up to?",
    zh="从未有后继的字 n = k = 0：它那一行相加等于多少？",
)

edit(
    "gpt-n2.0",
    "G69",
    (
        "mixed = (counts + k * lower) / np.maximum(n + k, 1)",
        "mixed = (n * counts + k * lower) / np.maximum(n + k, 1)",
    ),
    en="Its own counts are no probabilities yet: what must they be divided by?",
    zh="计数本身还不是概率：应除以什么？",
)

edit(
    "gpt-n2.0",
    "G70",
    (
        "mixed = (counts + k * lower) / np.maximum(n + k, 1)",
        "own = counts / np.maximum(n, 1)\n    mixed = (k * own + n * lower) / np.maximum(n + k, 1)",
    ),
    en="Which share is for its own counts: the one that grows with n, or the other?",
    zh="自己的计数占哪一份：随 n 增大的那一份，还是另一份？",
)

edit(
    "gpt-n2.0",
    "G71",
    (
        "mixed = (counts + k * lower) / np.maximum(n + k, 1)",
        "mixed = np.where(counts > 0, counts / np.maximum(n + k, 1), k * lower / np.maximum(n + k, 1))",
    ),
    en="Is P(c) only for pairs that were never seen, or does every pair get its share?",
    zh="P(c) 只补给没见过的字对，还是每一对都有一份？",
)


# ---- in one piece

edit(
    "gpt-w1.0",
    "G200",
    ("torch.arange(past, past + l, device=tokens.device)", "torch.arange(l, device=tokens.device)"),
    en="The new characters do not stand at the beginning of the text: which positions are theirs?",
    zh="新字不在文本开头：它们的位置是哪些？",
)
edit(
    "gpt-w1.0",
    "G201",
    (".triu(past + 1)", ".triu(1)"),
    en="A new character may look at everything in the cache: where does the triangle begin?",
    zh="新字可以看缓存里的所有字：三角从哪里开始？",
)
edit(
    "gpt-w1.0",
    "G202",
    ('scores.masked_fill(mask, float("-inf"))', "scores"),
    en="Several characters that come together must not look at each other's future.",
    zh="一起进来的几个字，也不能看彼此的后文。",
)
edit(
    "gpt-w1.0",
    "G203",
    (
        "    new_cache.append((k, v))\n",
        "    new_cache.append((k[:, :, past:], v[:, :, past:]))\n",
    ),
    en="The cache for the next call holds all characters so far, not only the new ones.",
    zh="留给下一次的缓存要包含到目前为止的所有字，不只是新字。",
)
edit(
    "gpt-w1.0",
    "G204",
    ("part(into)", "part(x)"),
    en="Pre-norm: what stands before the attention?",
    zh="前归一化：注意力之前是什么？",
)
edit(
    "gpt-w1.0",
    "G205",
    ("if not net.config.no_pos:", "if net.config is not None:"),
    en="With no_pos the positions are left out.",
    zh="设置 no_pos 时不加位置。",
)
edit(
    "gpt-w1.0",
    "G206",
    ("return net.head(net.norm(x)), new_cache", "return net.head(x), new_cache"),
    en="One layer norm more stands before the output layer.",
    zh="输出层之前还有一个层归一化。",
)
edit(
    "gpt-w1.0",
    "G207",
    (
        "        k, v = torch.cat([cache[number][0], k], 2), torch.cat([cache[number][1], v], 2)\n",
        "        k, v = torch.cat([k, cache[number][0]], 2), torch.cat([v, cache[number][1]], 2)\n",
    ),
    en="The earlier characters come first: the mask counts columns from the left.",
    zh="先前的字排在前面：掩码从左边数列。",
)
edit(
    "gpt-w1.0",
    "G208",
    ("q.size(-1) ** 0.5", "x.size(-1) ** 0.5"),
    en="The scale is the root of one head's width.",
    zh="缩放用一个头的宽度的平方根。",
)
edit(
    "gpt-a3.3",
    "G551",
    ('return s.masked_fill(mask, float("-inf"))', "return s.masked_fill(mask, 10e-9)"),
    en="10e-9 is tiny, but positive: what is its exponential?",
    zh="10e-9 很小，却是正数：它的指数是多少？",
)
edit(
    "gpt-a3.2",
    "A554",
    ("math.sqrt(q.size(-1))", "math.sqrt(q.size(-1) // q.size(1))"),
    en="q is split already: is its last axis the width of the model, or of one head?",
    zh="q 已经分成了各个头：它的最后一轴是模型的宽度，还是一个头的宽度？",
)
