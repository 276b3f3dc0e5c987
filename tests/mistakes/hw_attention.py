"""Known mistakes of hw_attention. Ids A... and G... are the catalogue's; a letter after an id marks a variation of it;
N... are not in the catalogue."""

import math

import torch
from torch.nn import functional as F

from course.mistakes import edit, mistake

# ---- angles ----


@mistake(
    "att-01",
    "N1",
    en="Are all directions equally likely for your vectors? Look at the signs of their entries.",
    zh="你的向量是否均匀地取自所有方向？看看各分量的符号。",
)
def sample_angles(n, num_pairs, seed):
    generator = torch.Generator().manual_seed(seed)
    x, y = torch.rand(2, num_pairs, n, generator=generator, dtype=torch.float64)
    return ((x * y).sum(-1) / (x.norm(dim=-1) * y.norm(dim=-1))).clamp(-1, 1).arccos()


@mistake(
    "att-01",
    "N2",
    en="What is the cosine of an angle, apart from the inner product?",
    zh="夹角的余弦除了内积还要什么？",
)
def sample_angles(n, num_pairs, seed):
    generator = torch.Generator().manual_seed(seed)
    x, y = torch.randn(2, num_pairs, n, generator=generator, dtype=torch.float64)
    return (x * y).sum(-1).arccos()


@mistake(
    "att-01",
    "N3",
    en="In which unit does the docstring want the angles?",
    zh="文档字符串要求角度用什么单位？",
)
def sample_angles(n, num_pairs, seed):
    generator = torch.Generator().manual_seed(seed)
    x, y = torch.randn(2, num_pairs, n, generator=generator, dtype=torch.float64)
    return ((x * y).sum(-1) / (x.norm(dim=-1) * y.norm(dim=-1))).clamp(-1, 1).arccos().rad2deg()


@mistake(
    "att-01",
    "N4",
    en="Call it twice with the same seed: what determines the numbers?",
    zh="用同一个种子调用两次：得到哪些数由什么决定？",
)
def sample_angles(n, num_pairs, seed):
    x, y = torch.randn(2, num_pairs, n, dtype=torch.float64)
    return ((x * y).sum(-1) / (x.norm(dim=-1) * y.norm(dim=-1))).clamp(-1, 1).arccos()


@mistake(
    "att-01",
    "N5",
    en="Two different seeds give the same answer: where do you use the seed?",
    zh="两个不同的种子得到同样的结果：你的种子用在哪里了？",
)
def sample_angles(n, num_pairs, seed):
    generator = torch.Generator().manual_seed(0)
    x, y = torch.randn(2, num_pairs, n, generator=generator, dtype=torch.float64)
    return ((x * y).sum(-1) / (x.norm(dim=-1) * y.norm(dim=-1))).clamp(-1, 1).arccos()


@mistake(
    "att-01",
    "N6",
    en="The mean of the angles should be π/2: can yours be obtuse?",
    zh="角度的均值应为 π/2：你的角度会是钝角吗？",
)
def sample_angles(n, num_pairs, seed):
    generator = torch.Generator().manual_seed(seed)
    x, y = torch.randn(2, num_pairs, n, generator=generator, dtype=torch.float64)
    return ((x * y).sum(-1).abs() / (x.norm(dim=-1) * y.norm(dim=-1))).clamp(-1, 1).arccos()


edit(
    "att-01",
    "N110",
    ("return cosine.clamp(-1, 1).arccos()", "return cosine.arccos()"),
    en="Two vectors of one direction: can rounding give a cosine of 1.0000000000000002?",
    zh="两个同方向的向量：舍入会不会给出 1.0000000000000002 这样的余弦？",
)


@mistake(
    "att-02",
    "N7",
    en="What is the largest n whose Γ fits into a float? Use logarithms throughout.",
    zh="Γ 在浮点数中最大能算到多大的 n？始终用对数。",
)
def log_angle_density(theta, n):
    constant = math.exp(math.lgamma(n / 2)) / (
        math.sqrt(math.pi) * math.exp(math.lgamma((n - 1) / 2))
    )
    return torch.log(constant * theta.sin() ** (n - 2))


edit(
    "att-02",
    "N8",
    (
        "return constant + torch.special.xlogy(n - 2, theta.sin())",
        "return constant + (n - 2) * theta.sin().log()",
    ),
    en="For n = 2 the density is constant, at θ = 0 too: what is 0 · log 0 in floating point?",
    zh="n = 2 时密度是常数，θ = 0 处也一样：浮点数里 0 · log 0 是多少？",
)

edit(
    "att-02",
    "N9",
    (
        "return constant + torch.special.xlogy(n - 2, theta.sin())",
        "return constant + torch.special.xlogy(n - 1, theta.sin())",
    ),
    en="Integrate your density over [0, π]: which power of the sine does the formula have?",
    zh="把你的密度在 [0, π] 上积分：公式中正弦的幂是多少？",
)


@mistake(
    "att-02",
    "N10",
    en="Integrate your density over [0, π]: is a constant missing?",
    zh="把你的密度在 [0, π] 上积分：是否少了一个常数？",
)
def log_angle_density(theta, n):
    return math.lgamma(n / 2) - math.lgamma((n - 1) / 2) + torch.special.xlogy(n - 2, theta.sin())


edit(
    "att-02",
    "N11",
    (
        "constant + torch.special.xlogy(n - 2, theta.sin())",
        "(constant + torch.special.xlogy(n - 2, theta.sin())).exp()",
    ),
    en="Is that the density or its logarithm?",
    zh="这是密度，还是密度的对数？",
)

edit(
    "att-02",
    "N83",
    (
        "constant = math.lgamma(n / 2) - math.lgamma((n - 1) / 2) - math.log(math.pi) / 2",
        "power = torch.special.xlogy(torch.tensor(n - 2.0, dtype=theta.dtype), theta.sin())",
    ),
    (
        "constant + torch.special.xlogy(n - 2, theta.sin())",
        "math.lgamma(n / 2) - math.lgamma((n - 1) / 2) - math.log(math.pi) + power",
    ),
    en="Integrate your density over [0, π] for n = 2: which power of π is missing?",
    zh="n = 2 时把你的密度在 [0, π] 上积分：π 的次方对吗？",
)


# ---- scores ----


@mistake(
    "att-03",
    "A5",
    en="Without the nonlinearity, which part of the score depends on both q and k?",
    zh="没有非线性时，得分中哪一部分同时依赖 q 和 k？",
)
def score_additive(q, k, W, w):
    d = q.size(-1)
    return ((q @ W[:, :d].T)[:, :, None] + (k @ W[:, d:].T)[:, None]) @ w


@mistake(
    "att-03", "A6", en="Where does the bracket of the tanh close?", zh="tanh 的括号到哪里结束？"
)
def score_additive(q, k, W, w):
    d = q.size(-1)
    return torch.tanh(q @ W[:, :d].T)[:, :, None] @ w + torch.tanh(k @ W[:, d:].T)[:, None] @ w


@mistake("att-03", "N12", en="Whose columns of W come first?", zh="W 中谁的列在前面？")
def score_additive(q, k, W, w):
    d = q.size(-1)
    return torch.tanh((q @ W[:, d:].T)[:, :, None] + (k @ W[:, :d].T)[:, None]) @ w


@mistake(
    "att-03",
    "N13",
    en="One row per query: which of q and k got the first of the new axes?",
    zh="每个查询一行：新增的两个轴中，谁占了前一个？",
)
def score_additive(q, k, W, w):
    d = q.size(-1)
    return torch.tanh((q @ W[:, :d].T)[:, None] + (k @ W[:, d:].T)[:, :, None]) @ w


@mistake(
    "att-03",
    "N14",
    en="w weights the m entries; your code weights them equally.",
    zh="w 给 m 个分量加权；你的做法一视同仁。",
)
def score_additive(q, k, W, w):
    d = q.size(-1)
    return torch.tanh((q @ W[:, :d].T)[:, :, None] + (k @ W[:, d:].T)[:, None]).sum(-1)


@mistake(
    "att-03",
    "N84",
    en="Every query is combined with every key: which axes must the sum have before tanh?",
    zh="每个查询都要遇到每个键：tanh 之前的和应有哪些轴？",
)
def score_additive(q, k, W, w):
    d = q.size(-1)
    return torch.tanh(q @ W[:, :d].T + k @ W[:, d:].T) @ w


edit(
    "att-04",
    "A4",
    ("return q @ W @ k.transpose(-2, -1)", "return q @ W.T @ k.transpose(-2, -1)"),
    en="Check with a W that has a single non-zero entry off the diagonal.",
    zh="用一个只有一个非对角元素不为零的 W 来检查。",
)

edit(
    "att-04",
    "N15",
    ("return q @ W @ k.transpose(-2, -1)", "return k @ W.T @ q.transpose(-2, -1)"),
    en="Rows are queries, columns keys: transpose yours and compare.",
    zh="行是查询，列是键：把你的结果转置再比较。",
)

edit(
    "att-04",
    "N16",
    ("return q @ W @ k.transpose(-2, -1)", "return q @ k.transpose(-2, -1)"),
    en="Which argument does your code not use?",
    zh="哪个参数你还没有用到？",
)

edit(
    "att-04",
    "A2b",
    (
        "return q @ W @ k.transpose(-2, -1)",
        "return q @ W @ k.transpose(-2, -1) / math.sqrt(q.size(-1))",
    ),
    en="Does this formula have a root in it?",
    zh="这个公式里有根号吗？",
)

edit(
    "att-05",
    "N17",
    ("return q @ k.transpose(-2, -1)", "return k @ q.transpose(-2, -1)"),
    en="Rows are queries, columns keys: transpose yours and compare.",
    zh="行是查询，列是键：把你的结果转置再比较。",
)

edit(
    "att-05",
    "N18",
    ("return q @ k.transpose(-2, -1)", "return q @ k.transpose(-2, -1) / math.sqrt(q.size(-1))"),
    en="This score is the plain one: what did you divide by?",
    zh="要的是未缩放的得分：你除以了什么？",
)

edit(
    "att-05",
    "N19",
    ("q @ k.transpose(-2,", "F.normalize(q, dim=-1) @ F.normalize(k, dim=-1).transpose(-2,"),
    en="An angle does not depend on the lengths of the vectors; a dot product does.",
    zh="夹角与向量长度无关；点积有关。",
)

edit(
    "att-05",
    "N85",
    ("return q @ k.transpose(-2, -1)", "return q @ k.transpose(1, 2)"),
    en="Axes 1 and 2 are not always the last two: count from the end.",
    zh="第 1、2 轴不一定是最后两轴：从后往前数。",
)

edit(
    "att-06",
    "A2",
    ("return q @ k.transpose(-2, -1) / math.sqrt(q.size(-1))", "return q @ k.transpose(-2, -1)"),
    en="What is the variance of a dot product of d independent terms?",
    zh="d 个独立项的点积，方差是多少？",
)

edit(
    "att-06",
    "A3",
    ("math.sqrt(q.size(-1))", "math.sqrt(q.size(0) * q.size(-1))"),
    en="Over which dimension does the dot product of one head run?",
    zh="单个头的点积沿多长的轴求和？",
)

edit(
    "att-06",
    "A3b",
    (
        "return q @ k.transpose(-2, -1) / math.sqrt(q.size(-1))",
        "return q @ k.transpose(-2, -1) * math.sqrt(q.size(-1))",
    ),
    en="Should longer vectors be scaled up or down?",
    zh="向量越长，应放大还是缩小？",
)

edit(
    "att-06",
    "N20",
    (
        "return q @ k.transpose(-2, -1) / math.sqrt(q.size(-1))",
        "return q @ k.transpose(-2, -1) / q.size(-1)",
    ),
    en="The deviation grows with the root of the width: did you divide by the variance?",
    zh="标准差随宽度的平方根增长：你除的是方差吗？",
)

edit(
    "att-06",
    "N21",
    (
        "return q @ k.transpose(-2, -1) / math.sqrt(q.size(-1))",
        "return q @ k.transpose(-2, -1) / math.sqrt(k.size(-2))",
    ),
    en="Does the scale depend on how many keys there are, or on how long one is?",
    zh="缩放因子取决于键的个数，还是键的长度？",
)

edit(
    "att-06",
    "N86",
    (
        "return q @ k.transpose(-2, -1) / math.sqrt(q.size(-1))",
        "return score_dot(q, k) / math.sqrt(q.size(1))",
    ),
    en="size(1): is that the length of one vector, or the number of queries?",
    zh="size(1) 是一个向量的长度，还是查询的个数？",
)


# ---- weights ----


@mistake(
    "att-07",
    "A1",
    en="Each query spreads a weight of 1 over the keys: sum your weights over the last axis.",
    zh="每个查询把总和为 1 的权重分给各个键：沿最后一轴求和看看。",
)
def attention_weights(scores, keep=None):
    if keep is None:
        return torch.softmax(scores, dim=-2)
    return torch.softmax(scores.masked_fill(~keep, float("-inf")), dim=-2).masked_fill(~keep, 0.0)


@mistake(
    "att-07",
    "A1b",
    en="Axis 1 is not always the keys: count from the end.",
    zh="第 1 轴不一定是键：从后往前数。",
)
def attention_weights(scores, keep=None):
    if keep is None:
        return torch.softmax(scores, dim=1)
    return torch.softmax(scores.masked_fill(~keep, float("-inf")), dim=1).masked_fill(~keep, 0.0)


@mistake(
    "att-07",
    "A12",
    en="Print the row sums: where did the missing weight go?",
    zh="打印每行之和：缺少的权重去了哪里？",
)
def attention_weights(scores, keep=None):
    weights = torch.softmax(scores, dim=-1)
    return weights if keep is None else weights * keep


@mistake(
    "att-07",
    "A13b",
    en="Read the docstring again: what does True mean in keep?",
    zh="再看一遍 keep 中 True 的含义。",
)
def attention_weights(scores, keep=None):
    if keep is None:
        return torch.softmax(scores, dim=-1)
    return torch.softmax(scores.masked_fill(keep, float("-inf")), dim=-1).masked_fill(keep, 0.0)


@mistake("att-07", "G5", en="What is exp(0)?", zh="exp(0) 等于多少？")
def attention_weights(scores, keep=None):
    return torch.softmax(scores if keep is None else scores * keep, dim=-1)


@mistake(
    "att-07",
    "G5b",
    en="A boolean mask added to the scores adds 1 where it is True: which kind of mask can be added?",
    zh="两种约定混淆了，True 会当作 1 加进去：与得分相加的是哪种掩码？",
)
def attention_weights(scores, keep=None):
    return torch.softmax(scores if keep is None else scores + keep, dim=-1)


@mistake(
    "att-07",
    "N22",
    en="What does your function return for a row that may look at nothing? Compare with the docstring.",
    zh="若某一行什么都不能看，你的函数给出什么？应给出什么，文档字符串里写了。",
)
def attention_weights(scores, keep=None):
    return torch.softmax(
        scores if keep is None else scores.masked_fill(~keep, float("-inf")), dim=-1
    )


@mistake(
    "att-07",
    "N23",
    en="A row with nothing to keep: is looking at everything equally the same as not looking?",
    zh="没有可看位置的行：平均地看所有位置，等于什么都不看吗？",
)
def attention_weights(scores, keep=None):
    return torch.softmax(scores if keep is None else scores.masked_fill(~keep, -1e30), dim=-1)


@mistake(
    "att-07",
    "N24",
    en="How small must a score be so that no other score falls below it?",
    zh="这个得分要多小，才不会有别的得分比它更低？",
)
def attention_weights(scores, keep=None):
    if keep is None:
        return torch.softmax(scores, dim=-1)
    return torch.softmax(scores.masked_fill(~keep, -1e4), dim=-1) * keep


@mistake(
    "att-07",
    "N25",
    en="Try scores of 1000: which constant may you subtract without changing the result?",
    zh="试试值为 1000 的得分：减去哪个常数不会改变结果？",
)
def attention_weights(scores, keep=None):
    e = scores.exp() if keep is None else scores.exp() * keep
    return e / e.sum(-1, keepdim=True)


@mistake(
    "att-07",
    "N87",
    en="What is keep when every query may look at every key?",
    zh="什么都可以看的时候，keep 是什么？",
)
def attention_weights(scores, keep=None):
    return scores.masked_fill(~keep, -torch.inf).softmax(-1).nan_to_num()


edit(
    "att-07",
    "N116",
    (
        'weights = torch.softmax(scores.masked_fill(~keep, float("-inf")), dim=-1)',
        "weights = torch.softmax(scores.masked_fill(~keep, -1e300), dim=-1)",
    ),
    en="What is the largest number that float32 can hold? Models compute in it.",
    zh="float32 能表示的最大的数是多少？模型用它计算。",
)

edit(
    "att-08",
    "A8",
    ("return weights @ values", "return weights.transpose(-2, -1) @ values"),
    en="Row i of the output should be a mixture with row i's weights.",
    zh="输出的第 i 行应当用第 i 行的权重来混合。",
)

edit(
    "att-08",
    "N26",
    ("return weights @ values", "return weights @ values / values.size(-2)"),
    en="The weights of a row add up to 1 already: why divide again?",
    zh="每行权重之和已经是 1：为什么再除一次？",
)

edit(
    "att-08",
    "N27",
    ("weights @ values", "torch.take_along_dim(values, weights.argmax(-1, keepdim=True), dim=-2)"),
    en="The largest weight is not the only one: what happens to the other values?",
    zh="最大的权重只取走一部分：其余的值怎么办？",
)

edit(
    "att-09",
    "A13",
    ("None])[:, None]", "None])[:, :, None].expand(-1, L, L)"),
    en="No query should look at a padded word: is that a row or a column?",
    zh="不能看填充的词：它对应行还是列？",
)

edit(
    "att-09",
    "A13c",
    ("< lengths[:,", ">= lengths[:,"),
    en="Does True mean keep or drop here?",
    zh="这里的 True 表示保留还是去掉？",
)

edit(
    "att-09",
    "N28",
    ("< lengths[:,", "<= lengths[:,"),
    en="A text of length 3 has positions 0, 1 and 2.",
    zh="长度为 3 的文本占第 0、1、2 个位置。",
)

edit(
    "att-09",
    "N29",
    (
        "(torch.arange(L, device=lengths.device) < lengths[:, None])[:,",
        "torch.arange(L, device=lengths.device) < lengths[:,",
    ),
    en="Which axis stands for all queries, and which for the texts of the batch?",
    zh="哪一轴代表所有查询，哪一轴代表批次中的文本？",
)


@mistake(
    "att-09",
    "N30",
    en="The rows of padded queries and the future should stay visible: which pairs does the docstring keep?",
    zh="填充作为查询的那些行不必遮住：文档字符串里，哪些（查询，键）是 True？",
)
def padding_keep(lengths, L):
    keep = torch.arange(L, device=lengths.device) < lengths[:, None]
    return keep[:, None] & keep[:, :, None]


# ---- positions ----


@mistake(
    "att-10",
    "A14",
    en="A sine and its cosine share one frequency: how many different frequencies are there for d columns?",
    zh="一个正弦与它旁边的余弦同频：d 列共有多少个不同的频率？",
)
def position_encoding(L, d):
    i = torch.arange(d, dtype=torch.float64)
    angle = torch.arange(L, dtype=torch.float64)[:, None] / 10000 ** (i / d)
    return torch.where(i % 2 == 0, angle.sin(), angle.cos())


edit(
    "att-10",
    "A14b",
    ("torch.where(even, i, i - 1) / d", "2 * torch.where(even, i, i - 1) / d"),
    en="i already counts columns: why twice?",
    zh="i 已经是列号：为什么还要乘 2？",
)

edit(
    "att-10",
    "N31",
    (
        "return torch.where(even, angle.sin(), angle.cos())",
        "return torch.where(even, angle.cos(), angle.sin())",
    ),
    en="What should column 0 be at position 0?",
    zh="第 0 列在位置 0 处应是多少？",
)


@mistake(
    "att-10",
    "N32",
    en="Do sines and cosines alternate, or does each have half of the columns?",
    zh="正弦和余弦是交替排列，还是各占一半的列？",
)
def position_encoding(L, d):
    i = torch.arange(0, d, 2, dtype=torch.float64)
    angle = torch.arange(L, dtype=torch.float64)[:, None] / 10000 ** (i / d)
    return torch.cat([angle.sin(), angle.cos()], dim=1)[:, :d]


edit(
    "att-10",
    "N33",
    ("torch.arange(L,", "torch.arange(1, L + 1,"),
    en="What is the number of the first position?",
    zh="第一个位置的编号是几？",
)


@mistake(
    "att-10",
    "N34",
    en="An odd width has one more sine than cosines: try d = 7.",
    zh="宽度为奇数时，正弦比余弦多一列：试试 d = 7。",
)
def position_encoding(L, d):
    table = torch.zeros(L, d, dtype=torch.float64)
    angle = torch.arange(L, dtype=torch.float64)[:, None] / 10000 ** (
        torch.arange(0, d, 2, dtype=torch.float64) / d
    )
    table[:, 0::2], table[:, 1::2] = angle.sin(), angle.cos()
    return table


edit(
    "att-10",
    "N111",
    (
        "i = torch.arange(d, dtype=torch.float64)",
        "i = torch.arange(d, dtype=torch.float32)",
    ),
    ("torch.arange(L, dtype=torch.float64)", "torch.arange(L, dtype=torch.float32)"),
    (
        "return torch.where(even, angle.sin(), angle.cos())",
        "return torch.where(even, angle.sin(), angle.cos()).double()",
    ),
    en="The result is float64, but in which precision were the angles computed?",
    zh="结果是 float64，但角度是用什么精度算的？",
)

edit(
    "att-10",
    "N111b",
    (
        "i = torch.arange(d, dtype=torch.float64)",
        "i = torch.arange(d, dtype=torch.float32)",
    ),
    ("torch.arange(L, dtype=torch.float64)", "torch.arange(L, dtype=torch.float32)"),
    en="Which dtype does the docstring promise, and which one does arange give without being asked?",
    zh="文档字符串要求什么 dtype？不指定时 arange 给出什么？",
)

edit(
    "att-10",
    "N112",
    (
        "return torch.where(even, angle.sin(), angle.cos())",
        "return torch.where(even, angle.sin(), angle.cos()).numpy()",
    ),
    en="The encoder moves the table to the model's dtype and device: which kind of array can do that?",
    zh="编码器要把这张表转到模型的 dtype 和设备上：哪种数组能这样做？",
)


# ---- self-attention ----

edit(
    "att-11",
    "G9",
    ("q, v = self.fused(x).chunk(2, dim=-1)", "q, v = self.fused(x).chunk(2, dim=1)"),
    ("return self.fused(x).chunk(3, dim=-1)", "return self.fused(x).chunk(3, dim=1)"),
    en="Which axis did the linear layer make three times as long?",
    zh="线性层把哪一轴变成了三倍长？",
)


@mistake(
    "att-11",
    "N35",
    en="The parts are right, but their order is not: read the docstring again.",
    zh="三部分都对，但顺序不对：再看文档字符串。",
)
def project(self, x):
    if self.tied_qk:
        v, q = self.fused(x).chunk(2, dim=-1)
        return q, q, v
    k, q, v = self.fused(x).chunk(3, dim=-1)
    return q, k, v


edit(
    "att-11",
    "A9b",
    ("return q, q, v", "return q, v, v"),
    en="With the tie, what shares a projection: queries and keys, or keys and values?",
    zh="绑定时谁共用投影：查询与键，还是键与值？",
)


@mistake(
    "att-11",
    "A9c",
    en="Without the tie there are three parts: did you use all of them?",
    zh="不绑定时有三部分：都用到了吗？",
)
def project(self, x):
    if self.tied_qk:
        q, v = self.fused(x).chunk(2, dim=-1)
        return q, q, v
    q, _, v = self.fused(x).chunk(3, dim=-1)
    return q, q, v


edit(
    "att-11",
    "N36",
    (
        "q, v = self.fused(x).chunk(2, dim=-1)",
        "q, v = self.fused(x).unflatten(-1, (-1, 2)).unbind(-1)",
    ),
    (
        "return self.fused(x).chunk(3, dim=-1)",
        "return self.fused(x).unflatten(-1, (-1, 3)).unbind(-1)",
    ),
    en="Are the columns of a part neighbours, or every third one?",
    zh="每一部分的列是相邻的，还是每隔三列取一列？",
)


@mistake(
    "att-11",
    "N37",
    en="Print the number of parts that self.fused makes with and without tied_qk.",
    zh="打印有无 tied_qk 时 self.fused 给出几部分。",
)
def project(self, x):
    return self.fused(x).chunk(3, dim=-1)


edit(
    "att-12",
    "A11",
    ("L, self.n_head, C // self.n_head).transpose(1, 2)", "self.n_head, L, C // self.n_head)"),
    en="Split the last axis first, then swap two axes.",
    zh="先拆最后一轴，再交换两个轴。",
)

edit(
    "att-12",
    "A11b",
    ("self.n_head).transpose(1, 2)", "self.n_head)"),
    en="The head axis should come right after the batch axis.",
    zh="头应该紧跟在批次轴之后。",
)

edit(
    "att-12",
    "N38",
    (
        "self.n_head, C // self.n_head).transpose(1,",
        "C // self.n_head, self.n_head).permute(0, 3, 1,",
    ),
    en="Which columns of x belong to head 0: neighbours, or every h-th?",
    zh="x 的哪些列属于第 0 个头：相邻的列，还是每隔 h 列？",
)


@mistake(
    "att-13",
    "A3d",
    en="Over which dimension does the dot product of one head run?",
    zh="单个头的点积沿多长的轴求和？",
)
def attend_heads(self, q, k, v, keep=None):
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.size(1) * q.size(-1))
    return attend(scores, v, None if keep is None else keep.unsqueeze(-3))


edit(
    "att-13",
    "A2c",
    ("attend(score_scaled_dot(q, k),", "attend(q @ k.transpose(-2, -1),"),
    en="Which of the two dot-product scores did Vaswani et al. use?",
    zh="两种点积打分函数，这里该用哪一种？",
)

edit(
    "att-13",
    "A7",
    ("v,", "k,"),
    en="The keys decide where to look; what is averaged?",
    zh="键决定看哪里；你带走的是什么？",
)

edit(
    "att-13",
    "A9d",
    ("k),", "q),"),
    en="Which of q, k, v does your code not use?",
    zh="谁看谁？q、k、v 中有一个没用到。",
)

edit(
    "att-13",
    "N39",
    ("v, None if keep is None else keep.unsqueeze(-3))", "v)"),
    en="Hide a token with keep: does anything change?",
    zh="用 keep 遮住一个词：结果变了吗？",
)

edit(
    "att-13",
    "N40",
    ("None if keep is None else keep.unsqueeze(-3))", "keep)"),
    en="keep (B, L, L) with scores (B, h, L, L): which of its axes is aligned with the heads now? Try B = h.",
    zh="keep (B, L, L) 与得分 (B, h, L, L) 对齐：它的哪一轴对上了头？试试 B = h。",
)

edit(
    "att-13",
    "A8b",
    ("attend(score_scaled_dot(q, k),", "attend(score_scaled_dot(k, q),"),
    en="Row i belongs to query i: which factor comes first in the product?",
    zh="第 i 行属于第 i 个查询：乘积中谁在左边？",
)

edit(
    "att-13",
    "N88",
    ("keep.unsqueeze(-3))", "keep[:, None])"),
    en="keep may also be one mask for all texts, (L, L): what does your indexing make of it?",
    zh="keep 也可以是所有文本共用的掩码 (L, L)：你的下标把它变成了什么？",
)


@mistake(
    "att-14",
    "A10",
    en="After the reshape, does row t hold the h heads of token t? Try a tensor filled with the token number.",
    zh="reshape 之后，第 t 行是第 t 个词的 h 个头吗？用词的编号填一个张量试试。",
)
def join_heads(self, x):
    B, h, L, d = x.shape
    return x.reshape(B, L, h * d)


edit(
    "att-14",
    "N41",
    ("return x.transpose(1, 2).flatten(2)", "return x.permute(0, 2, 3, 1).flatten(2)"),
    en="Head 0 should fill the first columns: do yours alternate?",
    zh="第 0 个头应占最前面的列：你的各个头是交错的吗？",
)

edit(
    "att-14",
    "N42",
    ("return x.transpose(1, 2).flatten(2)", "return x.sum(1).repeat(1, 1, x.size(1))"),
    en="Heads are concatenated; nothing is summed here.",
    zh="各个头是并排放置的；这里不做求和。",
)


# ---- block and encoder ----

edit(
    "att-15",
    "A17",
    ("centred = x - x.mean(-1, keepdim=True)", "centred = x - x.mean(0, keepdim=True)"),
    ("(centred.square().mean(-1,", "(centred.square().mean(0,"),
    en="A single token must give the same result as among other tokens.",
    zh="一个词单独算，和与别的词一起算，结果必须相同。",
)


@mistake(
    "att-15",
    "A17b",
    en="Does the variance divide by C or by C - 1?",
    zh="方差除以 C 还是 C - 1？",
)
def layer_norm(x, gain, bias, eps=1e-5):
    return (x - x.mean(-1, keepdim=True)) / (x.var(-1, keepdim=True) + eps).sqrt() * gain + bias


edit(
    "att-15",
    "A17c",
    ("centred = x - x.mean(-1, keepdim=True)", "centred = x - x.mean(1, keepdim=True)"),
    ("(centred.square().mean(-1,", "(centred.square().mean(1,"),
    en="A single token must give the same result as among other tokens: over which axis is your mean?",
    zh="一个词单独算，和与别的词一起算，结果必须相同：你的均值沿哪一轴？",
)

edit(
    "att-15",
    "N43",
    ("keepdim=True) + eps).sqrt()", "keepdim=True).sqrt() + eps)"),
    en="Try numbers as small as 0.003: is eps added to the variance, or to its root?",
    zh="试试小到 0.003 的数：eps 加在方差上，还是加在它的平方根上？",
)


@mistake(
    "att-15",
    "N44",
    en="What is the mean of your result before gain and bias?",
    zh="乘 gain、加 bias 之前，你的结果均值是多少？",
)
def layer_norm(x, gain, bias, eps=1e-5):
    return x / (x.square().mean(-1, keepdim=True) + eps).sqrt() * gain + bias


edit(
    "att-15",
    "N45",
    ("eps).sqrt()", "eps)"),
    en="What is the deviation of your result: did you divide by it, or by its square?",
    zh="结果的标准差是多少：你除的是标准差，还是它的平方？",
)


@mistake(
    "att-15",
    "N89",
    en="Do you use every argument? Try a vector of equal numbers.",
    zh="每个参数都用到了吗？试一个各分量相同的向量。",
)
def layer_norm(x, gain, bias, eps=1e-5):
    return (x - x.mean(-1, keepdim=True)) / x.var(
        -1, correction=0, keepdim=True
    ).sqrt() * gain + bias


@mistake(
    "att-15",
    "N90",
    en="One mean per vector: does it keep an axis, so that it broadcasts against the vector?",
    zh="每个向量一个均值：它还留有与向量对齐的那一轴吗？",
)
def layer_norm(x, gain, bias, eps=1e-5):
    return (x - x.mean(-1)) / (x.var(-1, correction=0) + eps).sqrt() * gain + bias


edit(
    "att-16",
    "A16",
    ("return self.ln_1(x + out), weights", "return x + self.ln_1(out), weights"),
    en="This block is post-norm: on what does the norm act, the branch alone or the sum?",
    zh="这是后归一化：归一化作用于支路，还是作用于相加之后？",
)

edit(
    "att-16",
    "A16b",
    ("out, weights = self.attention(x, keep)", "out, weights = self.attention(self.ln_1(x), keep)"),
    ("return self.ln_1(x + out), weights", "return x + out, weights"),
    en="Post-norm or pre-norm? Compare with the docstring.",
    zh="后归一化还是前归一化？与文档字符串比较。",
)

edit(
    "att-16",
    "G18",
    ("return self.ln_1(x + out), weights", "return self.ln_1(out), weights"),
    en="Set the attention to 0: what should come out?",
    zh="把注意力置零：应该得到什么？",
)

edit(
    "att-16",
    "N46",
    ("out, weights = self.attention(x, keep)", "out, weights = self.attention(x)"),
    en="Does the attention get the mask?",
    zh="注意力知道哪些位置不能看吗？",
)

edit(
    "att-16",
    "N47",
    ("return self.ln_1(x + out), weights", "return self.ln_2(x + out), weights"),
    en="There are two norms: which one belongs to this step?",
    zh="共有两个归一化层：这里该用哪一个？",
)


@mistake(
    "att-16",
    "N91",
    en="How many results does self.attention give?",
    zh="self.attention 返回几个结果？",
)
def attention_step(self, x, keep=None):
    return self.ln_1(x + self.attention(x, keep)), None


edit(
    "att-17",
    "A16c",
    ("return self.ln_2(x + self.mlp(x))", "return x + self.ln_2(self.mlp(x))"),
    en="This block is post-norm: on what does the norm act, the branch alone or the sum?",
    zh="这是后归一化：归一化作用于支路，还是作用于相加之后？",
)

edit(
    "att-17",
    "A16d",
    ("return self.ln_2(x + self.mlp(x))", "return x + self.mlp(self.ln_2(x))"),
    en="Post-norm or pre-norm? Compare with the docstring.",
    zh="后归一化还是前归一化？与文档字符串比较。",
)

edit(
    "att-17",
    "G18b",
    ("return self.ln_2(x + self.mlp(x))", "return self.ln_2(self.mlp(x))"),
    en="Set the MLP to 0: what should come out?",
    zh="把 MLP 置零：应该得到什么？",
)

edit(
    "att-17",
    "N48",
    ("return self.ln_2(x + self.mlp(x))", "return self.ln_1(x + self.mlp(x))"),
    en="There are two norms: which one belongs to this step?",
    zh="共有两个归一化层：这里该用哪一个？",
)


@mistake(
    "att-18",
    "A15",
    en="Put two copies of the same sentence into one batch: should their results differ?",
    zh="同一批里放两份相同的句子：它们的编码应该不同吗？",
)
def embed(self, tokens, table):
    x = self.embedding(tokens)
    return x + table[torch.arange(x.size(0)) % len(table)][:, None]


edit(
    "att-18",
    "G12",
    ("return self.embedding(tokens) + table", "return self.embedding(tokens)"),
    en="Swap two words of a text: does the first input change?",
    zh="交换文本中的两个词：第一层输入会发现吗？",
)

edit(
    "att-18",
    "N49",
    ("return self.embedding(tokens) + table", "return self.embedding(tokens) + table[-1]"),
    en="You use one row of the table for all positions: which row belongs to position t?",
    zh="所有位置用了表中同一行：第 t 个位置该用哪一行？",
)

edit(
    "att-18",
    "N50",
    ("return self.embedding(tokens) + table", "return self.embedding(tokens) * table"),
    en="Are positions added to the word vectors, or do they scale them?",
    zh="位置向量是加到词向量上，还是与它相乘？",
)

edit(
    "att-18",
    "N92",
    ("+ table", "* math.sqrt(self.embedding.embedding_dim) + table"),
    en="Some papers scale the word vectors first. Does the docstring?",
    zh="有的论文先把词向量放大。文档字符串说了吗？",
)


# ---- sequence to sequence ----

edit(
    "att-19",
    "A19",
    ("states, keep[:, None])", "states)"),
    en="Translate one sentence alone and inside a batch: same weights?",
    zh="一个句子单独翻译，和放在一批里翻译：权重相同吗？",
)

edit(
    "att-19",
    "A20",
    ("attend(self.scores(state[:, None],", "attend(self.scores(states[:, -1:],"),
    en="Print the weights for two output words: why are they the same?",
    zh="打印两个输出词的权重：为什么相同？",
)

edit(
    "att-19",
    "N113",
    ("self.scores(state[:, None], states)", "self.scores(states, state[:, None]).transpose(1, 2)"),
    en="With an additive or bilinear score it matters which of the two asks: which argument is the query?",
    zh="对加性或双线性打分，谁是查询有区别：哪个参数是查询？",
)

edit(
    "att-19",
    "N51",
    ("return context[:, 0], weights[:, 0]", "return context, weights"),
    en="One query gives one row of weights: over which axis did you sum or squeeze?",
    zh="一个查询得到一行权重：你丢掉的是哪一轴？",
)


@mistake(
    "att-19",
    "N52",
    en="Which vector is the query, and which are the keys? Every text should get its own context.",
    zh="谁是查询，谁是键？每条文本应有自己的上下文。",
)
def context(self, state, states, keep):
    context, weights = attend(
        self.scores(state[:, None], states).mean(0, keepdim=True).expand(len(state), -1, -1),
        states,
        keep[:, None],
    )
    return context[:, 0], weights[:, 0]


edit(
    "att-19",
    "N93",
    (
        "context, weights = attend(self.scores(state[:, None], states), states, keep[:, None])",
        "out, weights = attend(self.scores(state[:, None], states), states, keep)",
    ),
    ("return context[:, 0], weights[:, 0]", "return out[:, 0], weights[:, 0]"),
    en="keep (B, S) with scores (B, 1, S): which of its axes is aligned with the query now?",
    zh="keep (B, S) 与得分 (B, 1, S) 放在一起：它的哪一轴对上了查询？",
)


@mistake(
    "att-20",
    "N53",
    en="Which state is the query: the one before this step, or the one that the step computes?",
    zh="查询是哪个状态：这一步之前的，还是这一步得到的？",
)
def step(self, token, state, states, keep):
    context, _ = self.look(state, states, keep)
    state = self.cell(torch.cat([self.embedding_out(token), context], -1), state)
    context, weights = self.look(state, states, keep)
    return self.out(torch.cat([state, context], -1)), state, weights


edit(
    "att-20",
    "A20b",
    (
        "context, weights = self.look(state, states, keep)",
        "context, weights = self.look(states[:, -1], states, keep)",
    ),
    en="Print the weights for two output words: which vector is the query?",
    zh="打印两个输出词的权重：谁是查询？",
)

edit(
    "att-20",
    "N54",
    (
        "self.cell(torch.cat([self.embedding_out(token), context],",
        "self.cell(torch.cat([context, self.embedding_out(token)],",
    ),
    en="In which order does the docstring join token and context?",
    zh="文档字符串中，词与上下文按什么顺序拼接？",
)

edit(
    "att-20",
    "N55",
    ("state ", "new "),
    (
        "return self.out(torch.cat([state, context], -1)), state, weights",
        "return self.out(torch.cat([state, context], -1)), new, weights",
    ),
    en="Which state does the output read: the old or the new one?",
    zh="输出层的输入是旧状态还是新状态？",
)

edit(
    "att-20",
    "N56",
    ("state ", "new "),
    (
        "return self.out(torch.cat([state, context], -1)), state, weights",
        "return self.out(torch.cat([new, context], -1)), state, weights",
    ),
    en="What does the next step start from?",
    zh="下一步从什么状态开始？",
)

edit(
    "att-20",
    "N57",
    (
        "return self.out(torch.cat([state, context], -1)), state, weights",
        "return self.out(torch.cat([context, state], -1)), state, weights",
    ),
    en="Which of the two results goes first into self.out?",
    zh="送入 self.out 的两部分，谁在前面？",
)

edit(
    "att-20",
    "W10",
    ("-1)),", "-1)).softmax(-1),"),
    en="The loss applies a softmax itself: what should its input be?",
    zh="损失函数自己会做 softmax：它要的是什么？",
)

edit(
    "att-20",
    "N94",
    (
        "context, weights = self.look(state, states, keep)",
        "context, weights = self.context(state, states, keep)",
    ),
    en='With the score "none" the decoder looks at nothing: which method handles that?',
    zh='打分函数为 "none" 时什么都不看：这由谁负责？',
)


@mistake(
    "att-21",
    "N58",
    en="What does the decoder read at the second step: BOS again?",
    zh="第二步时解码器读入什么：还是 BOS 吗？",
)
def greedy(self, tokens, lengths, max_len):
    states, state, keep = self.encode(tokens, lengths)
    token, answers, kept = tokens.new_full((len(tokens),), BOS), [], []
    first = token
    while len(answers) < max_len and not (token == EOS).all():
        logits, state, weights = self.step(first, state, states, keep)
        token = torch.where(token == EOS, EOS, logits.argmax(-1))
        answers.append(token)
        kept.append(weights)
    return torch.stack(answers, 1), torch.stack(kept, 1)


@mistake(
    "att-21",
    "N59",
    en="What should a text produce that has already ended?",
    zh="已经结束的文本之后应给出什么？",
)
def greedy(self, tokens, lengths, max_len):
    states, state, keep = self.encode(tokens, lengths)
    token, done, answers, kept = (
        tokens.new_full((len(tokens),), BOS),
        torch.zeros(len(tokens), dtype=torch.bool),
        [],
        [],
    )
    while len(answers) < max_len and not done.all():
        logits, state, weights = self.step(token, state, states, keep)
        token = logits.argmax(-1)
        done |= token == EOS
        answers.append(token)
        kept.append(weights)
    return torch.stack(answers, 1), torch.stack(kept, 1)


edit(
    "att-21",
    "N59b",
    ("token = torch.where(token == EOS, EOS, logits.argmax(-1))", "token = logits.argmax(-1)"),
    en="A text that has ended goes on speaking: what should it produce from then on, and how do you remember that?",
    zh="已经结束的文本又说了别的：之后它应给出什么？怎样记住哪些已结束？",
)

edit(
    "att-21",
    "N60",
    ("while len(answers) < max_len and not (token == EOS).all():", "for _ in range(max_len):"),
    en="All texts have ended: what stops the loop?",
    zh="所有文本都结束了：谁来停止循环？",
)

edit(
    "att-21",
    "N61",
    (
        "while len(answers) < max_len and not (token == EOS).all():",
        "while len(answers) < max_len and not (token == EOS).any():",
    ),
    ("token = torch.where(token == EOS, EOS, logits.argmax(-1))", "token = logits.argmax(-1)"),
    en="One text has ended: are the others done too?",
    zh="一个文本结束了：其他的也都结束了吗？",
)

edit(
    "att-21",
    "N62",
    (
        "logits, state, weights = self.step(token, state, states, keep)",
        "logits, _, weights = self.step(token, state, states, keep)",
    ),
    en="Which state does the next step start from?",
    zh="下一步用的是哪个状态？",
)

edit(
    "att-22",
    "A18",
    (
        "torch.cat([torch.full_like(targets[:, :1], BOS), targets[:, :-1]], dim=1)",
        "targets.clone()",
    ),
    en="What does the decoder know when it predicts word t?",
    zh="预测第 t 个词时，解码器已经知道哪些词？",
)

edit(
    "att-22",
    "N63",
    (
        "torch.cat([torch.full_like(targets[:, :1], BOS), targets[:, :-1]], dim=1)",
        "torch.roll(targets, 1, dims=1)",
    ),
    en="What is the first input, before any word was produced?",
    zh="还没有说出任何词时，第一个输入是什么？",
)

edit(
    "att-22",
    "N64",
    ("targets[:, :-1]],", "targets],"),
    en="How many inputs belong to T targets?",
    zh="T 个目标对应多少个输入？",
)

edit(
    "att-22",
    "N65",
    (
        "torch.cat([torch.full_like(targets[:, :1], BOS), targets[:, :-1]],",
        "torch.cat([targets[:, 1:], torch.full_like(targets[:, :1], EOS)],",
    ),
    en="Is the token before t the one to the left or to the right?",
    zh="t 之前的词在左边还是右边？",
)

edit(
    "att-22",
    "N66",
    ("BOS),", "PAD),"),
    en="Which of the special tokens means that something begins?",
    zh="哪个特殊符号表示开始？",
)

edit(
    "att-22",
    "N114",
    (
        "return torch.cat([torch.full_like(targets[:, :1], BOS), targets[:, :-1]], dim=1)",
        "return torch.cat([torch.ones(len(targets), 1), targets[:, :-1]], dim=1)",
    ),
    en="An embedding looks rows up by number: which dtype do your inputs have?",
    zh="嵌入层按编号取行：你的输入是什么 dtype？",
)

edit(
    "att-23",
    "G20",
    ("targets.flatten(), ignore_index=PAD)", "targets.flatten())"),
    en="Double the padding: should the loss change?",
    zh="把填充加倍：损失应该变化吗？",
)


edit(
    "att-23",
    "N115",
    ("ignore_index=PAD)", "ignore_index=PAD).item()"),
    en="Training calls backward on this loss: what is left of the way back after your last step?",
    zh="训练要对这个损失调用 backward：经过你的最后一步，反向的路还在吗？",
)


@mistake(
    "att-23",
    "G15",
    en="cross_entropy wants the classes second: is a view a transpose?",
    zh="cross_entropy 要求类别在第 1 轴（从 0 数起）：view 等于转置吗？",
)
def sequence_loss(logits, targets):
    B, T, V = logits.shape
    return F.cross_entropy(logits.reshape(B, V, T), targets, ignore_index=PAD)


@mistake(
    "att-23",
    "N67",
    en="The mean of each text's mean is not the mean over all tokens: which one does the docstring ask for?",
    zh="各文本均值的平均不等于所有词的平均：文档字符串说的是哪一个？",
)
def sequence_loss(logits, targets):
    each = F.cross_entropy(logits.transpose(1, 2), targets, ignore_index=PAD, reduction="none")
    return (each.sum(1) / (targets != PAD).sum(1)).mean()


@mistake(
    "att-23",
    "N68",
    en="How many tokens do you divide by: all positions, or only those that are not PAD?",
    zh="除以多少个词：所有位置，还是要计入的位置？",
)
def sequence_loss(logits, targets):
    return F.cross_entropy(
        logits.transpose(1, 2), targets, ignore_index=PAD, reduction="none"
    ).mean()


@mistake(
    "att-23",
    "N69",
    en="Twice as many texts must not double the loss.",
    zh="文本数加倍，损失不应加倍。",
)
def sequence_loss(logits, targets):
    return F.cross_entropy(
        logits.flatten(0, 1), targets.flatten(), ignore_index=PAD, reduction="sum"
    )


@mistake(
    "att-23",
    "N70",
    en="The end of a sequence must be learned too: which token is only padding?",
    zh="序列的结束也要学习：哪个符号才只是填充？",
)
def sequence_loss(logits, targets):
    left_out = (targets == PAD) | (targets == EOS)
    return F.cross_entropy(
        logits.flatten(0, 1), targets.masked_fill(left_out, PAD).flatten(), ignore_index=PAD
    )


edit(
    "att-23",
    "N95",
    (
        "F.cross_entropy(logits.flatten(0, 1), targets.flatten(),",
        "F.cross_entropy(logits.softmax(-1).transpose(1, 2), targets,",
    ),
    en="cross_entropy applies a log-softmax itself: what should its input be?",
    zh="cross_entropy 自己会做 log-softmax：它要的是什么？",
)


# ---- one projection for queries and keys ----


@mistake(
    "att-24",
    "N71",
    en="Simulate it: is the scale √n in your numbers?",
    zh="模拟一下：你的数里有没有除以 √n？",
)
def expected_logits(n, tied):
    if tied:
        return {
            "same_mean": float(n),
            "same_std": math.sqrt(2 * n),
            "other_mean": 0.0,
            "other_std": math.sqrt(n),
        }
    return {
        "same_mean": 0.0,
        "same_std": math.sqrt(n),
        "other_mean": 0.0,
        "other_std": math.sqrt(n),
    }


@mistake(
    "att-24",
    "N72",
    en="What is the variance of x² for a standard normal x?",
    zh="标准正态变量 x 的平方，方差是多少？",
)
def expected_logits(n, tied):
    if tied:
        return {"same_mean": math.sqrt(n), "same_std": 1.0, "other_mean": 0.0, "other_std": 1.0}
    return {"same_mean": 0.0, "same_std": 1.0, "other_mean": 0.0, "other_std": 1.0}


@mistake(
    "att-24",
    "N73",
    en="The docstring asks for a standard deviation, not for a variance.",
    zh="要的是标准差，不是方差。",
)
def expected_logits(n, tied):
    if tied:
        return {"same_mean": math.sqrt(n), "same_std": 2.0, "other_mean": 0.0, "other_std": 1.0}
    return {"same_mean": 0.0, "same_std": 1.0, "other_mean": 0.0, "other_std": 1.0}


@mistake(
    "att-24",
    "N74",
    en="What does the tie change, and which scores does it leave unchanged?",
    zh="绑定改变了什么？哪些得分不受影响？",
)
def expected_logits(n, tied):
    return {"same_mean": 0.0, "same_std": 1.0, "other_mean": 0.0, "other_std": 1.0}


edit(
    "att-24",
    "N75",
    ('        "other_mean": 0.0,', '        "other_mean": math.sqrt(n),'),
    ('"other_std": 1.0,', '"other_std": math.sqrt(2),'),
    en="With the tie, are q_i and k_j for j ≠ i still independent?",
    zh="绑定后，j ≠ i 时 q_i 与 k_j 仍然独立吗？",
)


@mistake(
    "att-25",
    "N76",
    en="Try n = 10^6: what is e^1000 in floating point?",
    zh="试试 n = 10^6：浮点数里 e^1000 是多少？",
)
def diagonal_weight(r, n, L, tied):
    if not tied:
        return torch.full_like(r, 1 / L)
    same = torch.exp(r / math.sqrt(n))
    return same / (same + (L - 1) * torch.exp(r / (2 * n)))


edit(
    "att-25", "N77", ("(L - 1)", "L"), en="How many other keys are there?", zh="其他的键有多少个？"
)

edit(
    "att-25",
    "N78",
    ("torch.exp(r / (2 * n) - r", "torch.exp(-r"),
    en="The mean of e^z is not e to the mean of z.",
    zh="e^z 的均值不等于 e 的（z 的均值）次方。",
)

edit(
    "att-25",
    "N79",
    (
        "1 / (1 + (L - 1) * torch.exp(r / (2 * n) - r /",
        "torch.ones_like(r) / (1 + (L - 1) * math.exp(0.5 -",
    ),
    en="Does your query have squared length r, or the expected one? The result must depend on r.",
    zh="查询的长度平方是 r，而不是期望值：结果应与 r 有关。",
)


@mistake(
    "att-25",
    "N80",
    en="What does the tie change? Without it, no key is special.",
    zh="绑定改变了什么？没有绑定时，没有哪个键是特殊的。",
)
def diagonal_weight(r, n, L, tied):
    return 1 / (1 + (L - 1) * torch.exp(r / (2 * n) - r / math.sqrt(n)))


edit(
    "att-25",
    "N81",
    ("torch.exp(r / (2 * n)", "torch.exp((r / n).sqrt() / 2"),
    en="The deviation of a score given q is √(r/n): which power appears in the mean of e^z?",
    zh="给定 q 时得分的标准差是 √(r/n)：e^z 的均值里是它的几次方？",
)

edit(
    "att-26",
    "A9",
    ("return x.T @ (dS + dS.T) @ (x @ W)", "return x.T @ dS @ (x @ W)"),
    en="W occurs twice in S = (xW)(xW)ᵀ: product rule.",
    zh="W 在 S = (xW)(xW)ᵀ 中出现两次：用乘积法则。",
)

edit(
    "att-26",
    "A9e",
    ("return x.T @ (dS + dS.T) @ (x @ W)", "return 2 * x.T @ dS @ (x @ W)"),
    en="Is dS symmetric? The second path needs another look.",
    zh="dS 是对称的吗？再看看第二条路径。",
)

edit(
    "att-26",
    "A9f",
    ("return x.T @ (dS + dS.T) @ (x @ W)", "return x.T @ dS.T @ (x @ W)"),
    en="Only the path through the keys is here: where is the query's?",
    zh="这里只有经过键的路径：查询那条呢？",
)

edit(
    "att-26",
    "N82",
    ("return x.T @ (dS + dS.T) @ (x @ W)", "return x.T @ ((dS + dS.T) / 2) @ (x @ W)"),
    en="Two equal paths add up; are yours averaged?",
    zh="两条路径应相加；你是不是取了平均？",
)


# ---- in one piece ----

edit(
    "att-27",
    "A200",
    ("q.size(-1) ** 0.5", "x.size(-1) ** 0.5"),
    en="The scale belongs to the width of one head, not to that of the model.",
    zh="缩放用一个头的宽度，而不是模型的宽度。",
)
edit(
    "att-27",
    "A201",
    ("heads(memory @ W_v)", "heads(x @ W_v)"),
    en="From which text do the values come?",
    zh="值来自哪一段文本？",
)
edit(
    "att-27",
    "A202",
    (
        "vectors.unflatten(-1, (n_head, -1)).transpose(1, 2)",
        "vectors.reshape(len(vectors), n_head, vectors.size(1), -1)",
    ),
    en="A head has columns of every vector; this cuts the texts into pieces instead.",
    zh="一个头取每个向量的若干列；这里却把文本切成了几段。",
)
edit(
    "att-27",
    "A203",
    ('float("-inf")', "-1e9"),
    ("weights.masked_fill(hidden, 0.0)", "weights"),
    en="A query that may look nowhere looks everywhere alike here.",
    zh="什么都不能看的查询，在这里却把权重平均分给了各处。",
)
edit(
    "att-27",
    "A204",
    ("weights.masked_fill(hidden, 0.0)", "weights * keep[:, None]"),
    en="A softmax of nothing but -inf is NaN, and NaN times 0 stays NaN.",
    zh="全是 -inf 的 softmax 是 NaN，NaN 乘 0 还是 NaN。",
)
edit(
    "att-27",
    "A205",
    ("hidden = ~keep[:, None]", "hidden = keep[:, None]"),
    en="True = may look.",
    zh="True 表示可以看。",
)
edit(
    "att-27",
    "A206",
    (".transpose(1, 2).flatten(2) @ W_o", ".flatten(1).reshape(x.shape) @ W_o"),
    en="The heads of one token come side by side: swap two axes before you merge them.",
    zh="同一个词的各个头要并排放：合并之前先交换两个轴。",
)
edit(
    "att-27",
    "A207",
    ("torch.softmax(scores, dim=-1)", "torch.softmax(scores, dim=-2)"),
    (
        'torch.softmax(scores.masked_fill(hidden, float("-inf")), dim=-1)',
        'torch.softmax(scores.masked_fill(hidden, float("-inf")), dim=-2)',
    ),
    en="Each query's weights add up to 1, not each key's.",
    zh="应是每个查询的权重之和为 1，而不是每个键。",
)

# ---- met in code from outside

edit(
    "att-05",
    "N117",
    ("k.transpose(-2, -1)", "k.reshape(*k.shape[:-2], k.size(-1), k.size(-2))"),
    en="Both give the shape (B, d, Lk): which of them turns rows into columns?",
    zh="两种写法的形状都是 (B, d, Lk)：哪一种把行变成列？",
)

edit(
    "att-06",
    "N117b",
    ("k.transpose(-2, -1)", "k.reshape(*k.shape[:-2], k.size(-1), k.size(-2))"),
    en="Both give the shape (B, d, Lk): which of them turns rows into columns?",
    zh="两种写法的形状都是 (B, d, Lk)：哪一种把行变成列？",
)


@mistake(
    "att-15",
    "N118",
    en="Two things at once: by which number does the variance divide, and where does eps stand?",
    zh="两件事：方差除以几？eps 加在哪里？",
)
def layer_norm(x, gain, bias, eps=1e-5):
    return (x - x.mean(-1, keepdim=True)) / (x.std(-1, keepdim=True) + eps) * gain + bias


edit(
    "att-18",
    "N119",
    ("self.embedding(tokens) + table", "self.embedding(tokens) + table[: len(tokens)].mean(0)"),
    en="Every token of a text has a position of its own: along which axis did you cut the table?",
    zh="文本中每个词有自己的位置：你沿哪一轴截取了这张表？",
)


# ---------------------------------------------------------------- met in public code


edit(
    "att-06",
    "A520",
    ("math.sqrt(q.size(-1))", "math.sqrt(q.size(2))"),
    en="Axis 2 is the width only while there are three axes: count from the end.",
    zh="只有三个轴时，第 2 轴才是宽度：请从末尾数起。",
)
edit(
    "att-10",
    "A521",
    (
        "10000 ** (\n    torch.where(even, i, i - 1) / d\n)",
        "10000 ** (2 * i / d)",
    ),
    en="Two slips: i already counts columns, so it is not doubled, and a cosine has the frequency of the sine before it.",
    zh="有两处错误：i 已是列号，不必再乘 2；余弦与它前面的正弦同频。",
)


@mistake(
    "att-10",
    "A522",
    en="Computed in float32, and i already counts columns: it is not doubled.",
    zh="用 float32 计算；而且 i 已是列号，不必再乘 2。",
)
def position_encoding(L, d):
    out = torch.zeros(L, d)
    for p in range(L):
        for i in range(0, d, 2):
            angle = p / 10000 ** (2 * i / d)
            out[p, i], out[p, i + 1] = math.sin(angle), math.cos(angle)
    return out


@mistake(
    "att-10",
    "A523",
    en="Computed in float32; i is not doubled, and a cosine has the frequency of the sine before it.",
    zh="用 float32 计算；i 不必乘 2；余弦与它前面的正弦同频。",
)
def position_encoding(L, d):
    rows = [[p / 10000 ** (2 * i / d) for i in range(d)] for p in range(L)]
    return torch.tensor(
        [[math.cos(a) if i % 2 else math.sin(a) for i, a in enumerate(row)] for row in rows]
    )


@mistake(
    "att-10",
    "A524",
    en="Sines and cosines alternate, column by column, and the exponents are i/d: yours are two halves over d/2 - 1.",
    zh="正弦与余弦应逐列交替，指数为 i/d：你的结果是前后两半，指数的分母是 d/2 - 1。",
)
def position_encoding(L, d):
    half = d // 2
    rate = torch.exp(-torch.arange(half).float() * (math.log(10000) / (half - 1)))
    angle = torch.arange(L).float()[:, None] * rate
    return torch.cat([angle.sin(), angle.cos()], dim=1)


edit(
    "att-07",
    "A525",
    (
        'weights = torch.softmax(scores.masked_fill(~keep, float("-inf")), dim=-1)\nreturn weights.masked_fill(~keep, 0.0)',
        "return torch.softmax(scores - 1e9 * (~keep), dim=-1)",
    ),
    en="-1e9 on every key of a row cancels under the softmax: a row with nothing to keep shares its weight out all the same.",
    zh="一行里每个键都加上 -1e9，在 softmax 里会抵消：没有可看的键的行仍然分出了权重。",
)


@mistake(
    "att-07",
    "A526",
    en="Your own softmax subtracts the maximum of a row: what is -inf minus -inf, where a row may look at nothing?",
    zh="你自己写的 softmax 减去一行的最大值：没有可看的键的行里，-inf 减 -inf 是多少？",
)
def attention_weights(scores, keep=None):
    if keep is not None:
        scores = scores + torch.where(keep, 0.0, -float("inf"))
    scores = torch.exp(scores - scores.max(dim=-1, keepdim=True).values)
    return scores / scores.sum(dim=-1, keepdim=True)


@mistake(
    "att-07",
    "A527",
    en="A mask for each query belongs to the last two axes; and a score times 0 is 0, not the smallest of all.",
    zh="每个查询一行的掩码对应最后两轴；而且得分乘 0 是 0，并不是最小的得分。",
)
def attention_weights(scores, keep=None):
    if keep is None:
        return torch.softmax(scores, dim=-1)
    while keep.dim() < scores.dim():
        keep = keep.unsqueeze(1)
    weights = torch.softmax(scores * keep, dim=-1) * keep
    return weights / (weights.sum(dim=-1, keepdim=True) + 1e-13)


@mistake(
    "att-07",
    "A528",
    en="Axes are lined up from the last one: where did you add the axis that your mask lacks?",
    zh="广播从最后一轴对齐：掩码缺的那一轴，你加在了哪里？",
)
def attention_weights(scores, keep=None):
    if keep is None:
        return torch.softmax(scores, dim=-1)
    while keep.dim() < scores.dim():
        keep = keep.unsqueeze(1)
    return torch.softmax(scores.masked_fill(~keep, torch.finfo(scores.dtype).min), dim=-1)


edit(
    "att-04",
    "A529c",
    ("k.transpose(-2, -1)", "k.T"),
    en="`.T` reverses all axes, the batch too: which two should change places?",
    zh="`.T` 会颠倒所有的轴，批次也在内：该交换的是哪两轴？",
)

edit(
    "att-05",
    "A529",
    ("k.transpose(-2, -1)", "k.T"),
    en="`.T` reverses all axes, the batch too: which two should change places?",
    zh="`.T` 会颠倒所有的轴，批次也在内：该交换的是哪两轴？",
)

edit(
    "att-06",
    "A529b",
    ("k.transpose(-2, -1)", "k.T"),
    en="`.T` reverses all axes, the batch too: which two should change places?",
    zh="`.T` 会颠倒所有的轴，批次也在内：该交换的是哪两轴？",
)


@mistake(
    "att-10",
    "A530",
    en="Try an odd width: there is one sine more than there are cosines.",
    zh="试试奇数宽度：正弦比余弦多一列。",
)
def position_encoding(L, d):
    import numpy as np

    angle = np.arange(L)[:, None] / 10000 ** (2 * np.arange(d // 2) / d)
    table = np.zeros((L, d))
    table[:, 0::2], table[:, 1::2] = np.sin(angle), np.cos(angle)
    return torch.from_numpy(table)


@mistake(
    "att-10",
    "A530b",
    en="With an odd width, the last sine has no cosine beside it: what do you assign there?",
    zh="宽度为奇数时，最后一个正弦旁边没有余弦：那里赋的是什么？",
)
def position_encoding(L, d):
    rate = 10000 ** (torch.arange(0, d, 2, dtype=torch.float64) / d)
    angle = torch.arange(L, dtype=torch.float64)[:, None] / rate
    table = torch.zeros(1, L, d, dtype=torch.float64)
    table[:, :, 0::2], table[:, :, 1::2] = angle.sin(), angle.cos()
    return table[0]


edit(
    "att-09",
    "A531",
    ("< lengths[:, None])[:, None]", "< lengths[:, None])[:, None].to(lengths.dtype)"),
    en="A yes or no is not a number: which type does the docstring ask for?",
    zh="是与否不是数：文档字符串要求什么类型？",
)

edit(
    "att-12",
    "A532",
    (
        "return x.view(B, L, self.n_head, C // self.n_head).transpose(1, 2)",
        "return torch.stack(torch.tensor_split(x, self.n_head, dim=1), 1)",
    ),
    en="Each head sees the whole text and a part of the channels: which axis did you cut?",
    zh="每个头看到整段文本和一部分通道：你切的是哪一轴？",
)
edit(
    "att-15",
    "A551",
    (
        "centred / (centred.square().mean(-1, keepdim=True) + eps).sqrt()",
        "centred / (x.std(-1, keepdim=True) + 1e-6)",
    ),
    en="Three things differ: what the variance divides by, where eps stands, and which number eps is.",
    zh="有三处不同：方差除以几，eps 加在哪里，eps 是多少。",
)


@mistake(
    "att-10",
    "A552",
    en="The docstring gives the shape: which axis is one too many? And which dtype does it promise?",
    zh="文档字符串写明了形状：多了哪一轴？它要求的又是什么 dtype？",
)
def position_encoding(L, d):
    position = torch.arange(L).unsqueeze(1)
    rate = torch.exp(torch.arange(0, d, 2) * (-math.log(10000.0) / d))
    positions = torch.zeros(L, 1, d)
    positions[:, 0, 0::2] = torch.sin(position * rate)
    positions[:, 0, 1::2] = torch.cos(position * rate)
    return positions


edit(
    "att-10",
    "A553",
    (
        "return torch.where(even, angle.sin(), angle.cos())",
        "return torch.where(even, angle.sin(), angle.cos())[:, None]",
    ),
    en="A row for each position: which axis of your result does the docstring not name?",
    zh="每个位置一行：你的结果里哪一轴是文档字符串没有写的？",
)
edit(
    "att-15",
    "A555",
    (
        "centred / (centred.square().mean(-1, keepdim=True) + eps).sqrt()",
        "centred / (x.var(-1, keepdim=True) + 1e-6).sqrt()",
    ),
    en="Two things: what the variance divides by, and which number eps is.",
    zh="两处：方差除以几，eps 是多少。",
)


@mistake(
    "att-10",
    "A556",
    en="The exponents run over the channels: over what does your arange run?",
    zh="指数随通道变化：你的 arange 走过的是什么？",
)
def position_encoding(L, d):
    position = torch.arange(L, dtype=torch.float64).unsqueeze(1)
    scale = torch.exp(torch.arange(0, L, 2, dtype=torch.float64) * math.log(10000.0) / d)
    positions = torch.zeros(L, d, dtype=torch.float64)
    positions[:, 0::2] = torch.sin(position / scale)
    positions[:, 1::2] = torch.cos(position / scale)
    return positions


@mistake(
    "att-10",
    "A557",
    en="The docstring gives the shape: does it name a batch axis in front? And which dtype does it promise?",
    zh="文档字符串写明了形状：前面有批次轴吗？它要求的又是什么 dtype？",
)
def position_encoding(L, d):
    position = torch.arange(L).unsqueeze(1)
    rate = torch.exp(torch.arange(0, d, 2) * (-math.log(10000.0) / d))
    positions = torch.zeros(L, d)
    positions[:, 0::2] = torch.sin(position * rate)
    positions[:, 1::2] = torch.cos(position * rate)
    return positions.unsqueeze(0)
