"""Chinese of what Python, NumPy, PyTorch and the homeworks' argument validation say about an error.

Each table has pairs: a pattern of the English words, and the Chinese. What a pattern does not match keeps its English
words; course.error_texts then says in Chinese what kind of error it is.
"""

PYTHON_WORDS: tuple[
    tuple[str, str], ...
] = (  # (words of Python and NumPy that beginners meet most, Chinese)
    (r"'(?P<bracket>[(\[{])' was never closed", "括号“{bracket}”没有配对的右括号"),
    (r"unmatched '(?P<bracket>[)\]}])'", "括号“{bracket}”没有配对的左括号"),
    (r"expected ':'", "缺少冒号"),
    (r"invalid syntax", "语法错误"),
    (r"(?:float |integer )?(?:division|modulo|division or modulo) by zero", "除数为 0"),
    (r"name '(?P<name>\w+)' is not defined", "名字 {name} 没有定义"),
    (
        r"cannot access local variable '(?P<name>\w+)' where it is not associated with a value",
        "局部变量 {name} 还没有赋值",
    ),
    (r"list index out of range", "列表的下标超出范围"),
    (
        r"index (?P<index>-?\d+) is out of bounds for axis (?P<axis>\d+) with size (?P<size>\d+)",
        "下标 {index} 超出范围：第 {axis} 轴（从 0 数起）的长度是 {size}",
    ),
    (
        r"operands could not be broadcast together with shapes (?P<left>\([\d,]*\)) (?P<right>\([\d,]*\)) ?",
        "形状 {left} 与 {right} 无法广播，不能逐元素运算",
    ),
    (
        r"shapes (?P<left>\([\d,]*\)) and (?P<right>\([\d,]*\)) not aligned: .*",
        "形状 {left} 与 {right} 不能相乘：前者的最后一轴与后者的对应轴长度不同",
    ),
    (
        r"matmul: Input operand 1 has a mismatch in its core dimension 0, .*\(size (?P<right>\d+) is different"
        r" from (?P<left>\d+)\)",
        "两个矩阵不能相乘：左边最后一轴的长度是 {left}，右边对应的轴是 {right}",
    ),
    (
        r"could not broadcast input array from shape (?P<given>\([\d,]*\)) into shape (?P<place>\([\d,]*\))",
        "形状 {given} 的数组放不进形状 {place} 的位置",
    ),
)


ARRAY_WORDS: tuple[tuple[str, str], ...] = (  # (words of NumPy about arrays, Chinese)
    (
        r"all the input array dimensions except for the concatenation axis must match exactly, but along"
        r" dimension (?P<axis>\d+), the array at index (?P<i>\d+) has size (?P<a>\d+) and the array at"
        r" index (?P<j>\d+) has size (?P<b>\d+)",
        "拼接的数组除拼接的轴外形状都要相同：第 {axis} 轴的长度，第 {i} 个数组是 {a}，第 {j} 个是 {b}（都从 0 数起）",
    ),
    (
        r"all the input arrays must have same number of dimensions, but the array at index (?P<i>\d+) has"
        r" (?P<a>\d+) dimension\(s\) and the array at index (?P<j>\d+) has (?P<b>\d+) dimension\(s\)",
        "拼接的数组轴数不同：第 {i} 个有 {a} 个轴，第 {j} 个有 {b} 个（从 0 数起）",
    ),
    (
        r"all input arrays must have the same shape",
        "堆叠的数组形状必须相同",
    ),
    (
        r"zero-size array to reduction operation (?P<name>\w+) which has no identity",
        "对空数组做 {name}：数组里一个数也没有",
    ),
    (
        r"attempt to get (?P<name>\w+) of an empty sequence",
        "对空数组做 {name}：数组里一个数也没有",
    ),
    (
        r"shape mismatch: value array of shape (?P<given>\([\d,]*\)) could not be broadcast to indexing"
        r" result of shape (?P<place>\([\d,]*\))",
        "形状 {given} 的数组放不进下标选出的形状 {place} 的位置",
    ),
    (
        r"shape mismatch: indexing arrays could not be broadcast together with shapes (?P<left>\([\d,]*\))"
        r" (?P<right>\([\d,]*\)) ?",
        "两个下标数组的形状 {left} 与 {right} 对不上：成对取数时长度要相同",
    ),
    (
        r"operand has more dimensions than subscripts given in einstein sum, but no '\.\.\.' ellipsis"
        r" provided to broadcast the extra dimensions\.",
        "einsum 的算式里字母太少：数组的轴比字母多",
    ),
    (
        r"boolean index did not match indexed array along axis (?P<axis>\d+); size of axis is (?P<size>\d+)"
        r" but size of corresponding boolean axis is (?P<given>\d+)",
        "布尔下标的长度是 {given}，而第 {axis} 轴（从 0 数起）的长度是 {size}",
    ),
    (
        r"non-broadcastable output operand with shape (?P<left>\([\d,]*\)) doesn't match the broadcast"
        r" shape (?P<right>\([\d,]*\))",
        "不能原地运算（例如 +=）：左边的形状是 {left}，结果的形状是 {right}",
    ),
    (
        r"Cannot cast ufunc '(?P<name>\w+)' output from dtype\('(?P<given>\w+)'\) to"
        r" dtype\('(?P<place>\w+)'\) with casting rule 'same_kind'",
        "不能把 {given} 的结果原地存进 {place} 的数组（例如 +=）：请先建成浮点数组",
    ),
    (
        r"axes don't match array",
        "transpose 给出的轴数与数组的轴数不同",
    ),
    (
        r"ufunc '(?P<name>\w+)' not supported for the input types, .*",
        "{name} 不能用于这种类型的值",
    ),
    (
        r"loop of ufunc does not support argument \d+ of type (?P<kind>\S+) which has no callable"
        r" (?P<name>\w+) method",
        "{name} 不能用于 {kind} 类型的值",
    ),
    (
        r"Cannot interpret '(?P<text>[^']*)' as a data type",
        "{text} 不是数据类型：形状要写成元组，例如 np.zeros((2, 3))",
    ),
    (
        r"too many indices for array: array is (?P<axes>\d+)-dimensional, but (?P<count>\d+) were indexed",
        "下标太多：数组只有 {axes} 个轴，却给了 {count} 个下标",
    ),
    (
        r"axis (?P<axis>-?\d+) is out of bounds for array of dimension (?P<axes>\d+)",
        "没有第 {axis} 轴：数组只有 {axes} 个轴（轴从 0 数起）",
    ),
    (
        r"cannot reshape array of size (?P<size>\d+) into shape (?P<shape>\(.*\))",
        "有 {size} 个数的数组不能改成形状 {shape}",
    ),
    (
        r"only integers, slices \(`:`\), ellipsis \(`\.\.\.`\), numpy\.newaxis \(`None`\) and integer or boolean"
        r" arrays are valid indices|arrays used as indices must be of integer \(or boolean\) type",
        "下标必须是整数（或切片、整数数组、布尔数组）：这里的下标多半是浮点数",
    ),
    (
        r"only (?:length-1|0-dimensional|size-1) arrays can be converted to (?:Python )?scalars?",
        "这里需要一个数，得到的却是数组",
    ),
    (
        r"setting an array element with a sequence\..*",
        "不能把数组放进一个元素的位置，或者各行长度不同，无法组成数组",
    ),
    (
        r"The truth value of an array with more than one element is ambiguous\. .*"
        r"|Boolean value of Tensor with more than one value is ambiguous",
        "整个数组不能当作一个真假值（用在 if、while、and、or 里）：请逐元素比较，或用 .any()、.all()",
    ),
    (r"invalid index to scalar variable\.", "这里是一个数，不能再取下标"),
)


TORCH_WORDS: tuple[tuple[str, str], ...] = (  # (words of PyTorch about tensors, Chinese)
    (
        r"The expanded size of the tensor \((?P<wanted>\d+)\) must match the existing size"
        r" \((?P<given>\d+)\) at non-singleton dimension (?P<axis>\d+)\. .*",
        "张量不能扩展或放进去：第 {axis} 轴（从 0 数起）的长度是 {given}，需要 {wanted}",
    ),
    (
        r"output with shape \[(?P<left>[\d, ]*)\] doesn't match the broadcast shape \[(?P<right>[\d, ]*)\]",
        "不能原地运算（例如 +=）：左边的形状是 ({left})，结果的形状是 ({right})",
    ),
    (
        r"stack expects each tensor to be equal size, but got \[(?P<left>[\d, ]*)\] at entry (?P<i>\d+) and"
        r" \[(?P<right>[\d, ]*)\] at entry (?P<j>\d+)",
        "堆叠的张量形状必须相同：第 {i} 个是 ({left})，第 {j} 个是 ({right})（从 0 数起）",
    ),
    (
        r"element \d+ of tensors does not require grad and does not have a grad_fn",
        "这个张量没有连着计算图，不能反向传播：途中是不是用了 .item()、.detach() 或 torch.tensor(...)？",
    ),
    (
        r"Can't call numpy\(\) on Tensor that requires grad\. .*",
        "带梯度的张量不能转成 NumPy 数组：这里请用张量运算",
    ),
    (
        r"result type (?P<given>\w+) can't be cast to the desired output type (?P<place>\w+)",
        "不能把 {given} 的结果原地存进 {place} 的张量",
    ),
    (
        r"Index put requires the source and destination dtypes match, got (?P<place>\w+) for the"
        r" destination and (?P<given>\w+) for the source\.",
        "按下标赋值时两边类型不同：左边是 {place}，右边是 {given}",
    ),
    (
        r"expected Tensor as element (?P<number>\d+) in argument \d+, but got (?P<given>\w+)",
        "列表的第 {number} 个元素（从 0 数起）应为张量，得到的是 {given}",
    ),
    (
        r"only one element tensors can be converted to Python scalars|a Tensor with \d+ elements cannot be"
        r" converted to Scalar",
        "这里需要一个数，得到的张量不止一个数",
    ),
    (
        r"Expected tensor for argument #\d+ '(?P<name>\w+)' to have one of the following scalar types:"
        r" Long, Int; but got torch\.(?P<given>\w+) instead .*",
        "{name} 应为整数（long）张量，得到的是 {given}",
    ),
    (
        r"mean\(\): could not infer output dtype\. .*Got: (?P<given>\w+)",
        "整数（或布尔）张量不能求平均：先转换成浮点数，例如 .double()（得到的类型是 {given}）",
    ),
    (
        r"tensors used as indices must be long, int, byte or bool tensors",
        "用作下标的张量必须是整数或布尔类型",
    ),
    (
        r"selected index k out of range",
        "topk 的 k 大于这一轴的长度",
    ),
    (
        r"expected sequence of length (?P<wanted>\d+) at dim (?P<axis>\d+) \(got (?P<given>\d+)\)",
        "各行长度不同，不能组成张量：应为 {wanted}，得到 {given}",
    ),
    (
        r"\W?\w+\W? not implemented for '(?P<kind>\w+)'",
        "这个运算不能用于 {kind} 类型的张量：要不要先转换成浮点数？",
    ),
    (
        r"permute\(.*\): number of dimensions in the tensor input does not match the length of the desired"
        r" ordering of dimensions i\.e\. input\.dim\(\) = (?P<axes>\d+) is not equal to len\(dims\) = (?P<count>\d+)",
        "permute 给了 {count} 个轴号，而张量有 {axes} 个轴",
    ),
    (
        r"masked_fill_ only supports boolean masks, but got mask with dtype (?P<kind>\w+)",
        "masked_fill 的掩码必须是布尔张量，得到的是 {kind}",
    ),
    (
        r"where expected condition to be a boolean tensor, but got a tensor with dtype (?P<kind>\w+)",
        "where 的条件必须是布尔张量，得到的是 {kind}",
    ),
    (
        r"The size of tensor a \((?P<left>\d+)\) must match the size of tensor b \((?P<right>\d+)\) at non-singleton"
        r" dimension (?P<axis>\d+)",
        "两个张量无法广播，不能逐元素运算：第 {axis} 轴（从 0 数起）的长度一个是 {left}，另一个是 {right}",
    ),
    (
        r"mat1 and mat2 shapes cannot be multiplied \((?P<a>\d+)x(?P<b>\d+) and (?P<c>\d+)x(?P<d>\d+)\)",
        "形状 ({a}, {b}) 与 ({c}, {d}) 的矩阵不能相乘：{b} 与 {c} 应当相等",
    ),
    (
        r"size mismatch, got input \((?P<a>\d+)\), mat \((?P<b>\d+)x(?P<c>\d+)\), vec \((?P<d>\d+)\)",
        "形状 ({b}, {c}) 的矩阵与长 {d} 的向量不能相乘：{c} 与 {d} 应当相等",
    ),
    (
        r"Expected size for first two dimensions of batch2 tensor to be: \[(?P<wanted>[\d, ]+)\] but got:"
        r" \[(?P<given>[\d, ]+)\]\.",
        "成批的矩阵不能相乘：右边前两个轴应为 ({wanted})，得到 ({given})",
    ),
    (
        r"view size is not compatible with input tensor's size and stride .*",
        "换过轴的张量在内存里不连续，不能用 view：请改用 reshape 或 flatten",
    ),
    (
        r"shape '\[(?P<shape>[-\d, ]+)\]' is invalid for input of size (?P<size>\d+)",
        "有 {size} 个数的张量不能改成形状 ({shape})",
    ),
    (
        r"Dimension out of range \(expected to be in range of \[(?P<low>-?\d+), (?P<high>-?\d+)\], but got"
        r" (?P<axis>-?\d+)\)",
        "没有第 {axis} 轴：轴号应在 {low} 到 {high} 之间",
    ),
    (
        r"index (?P<index>-?\d+) is out of bounds for dimension (?P<axis>\d+) with size (?P<size>\d+)",
        "下标 {index} 超出范围：第 {axis} 轴（从 0 数起）的长度是 {size}",
    ),
    (r"index out of range in self", "词的编号超出范围：不在 0 到词表大小减 1 之间"),
    (
        r"too many indices for tensor of dimension (?P<axes>\d+)",
        "下标太多：张量只有 {axes} 个轴",
    ),
    (
        r"expected m1 and m2 to have the same dtype, but got: (?P<left>.+) != (?P<right>.+)",
        "相乘的两个张量类型不同：{left} 与 {right}",
    ),
    (
        r"expected scalar type (?P<wanted>\w+) but found (?P<given>\w+)",
        "张量类型不对：应为 {wanted}，得到 {given}",
    ),
    (
        r"~ \(operator\.invert\) is only implemented on integer and Boolean-type tensors",
        "~ 只能用于布尔张量（或整数张量）",
    ),
    (
        r"a leaf Variable that requires grad is being used in an in-place operation\.",
        "不能原地修改参数（例如 x -= ...）：请写成新的张量",
    ),
    (
        r"one of the variables needed for gradient computation has been modified by an inplace operation.*",
        "求梯度还要用到的张量被原地修改了（例如 x -= ...、x[...] = ...）：请写成新的张量",
    ),
    (
        r"einsum\(\): the number of subscripts in the equation \((?P<count>\d+)\) does not match the number of dimensions"
        r" \((?P<axes>\d+)\) for operand (?P<number>\d+) and no ellipsis was given",
        "einsum 的算式为第 {number} 个张量（从 0 数起）写了 {count} 个字母，而它有 {axes} 个轴："
        "前面任意多个轴可以写成 ...",
    ),
    (
        r"(?P<name>\w+)\(\) received an invalid combination of arguments - got \((?P<given>[^()]*)\), but"
        r" expected .*",
        "{name} 的参数个数或类型不对：得到的类型依次是 {given}（NoneType 就是 None）",
    ),
    (
        r"(?P<name>\w+)\(\): argument '(?P<argument>\w+)' \(position (?P<position>\d+)\) must be (?P<wanted>.+), not"
        r" (?P<given>[\w.]+)",
        "{name} 的第 {position} 个参数 {argument} 应为 {wanted}，得到的是 {given}",
    ),
    (
        r"input has inconsistent input_size: got (?P<given>\d+),? expected (?P<wanted>\d+)",
        "输入的宽度不对：得到 {given}，这一层需要 {wanted}",
    ),
    (
        r"[Hh]idden\d? has inconsistent hidden_size: got (?P<given>\d+), expected (?P<wanted>\d+)",
        "状态的宽度不对：得到 {given}，这一层需要 {wanted}",
    ),
    (
        r"Expected target size \[(?P<wanted>[\d, ]+)\], got \[(?P<given>[\d, ]+)\]",
        "目标的形状是 ({given})，按这样的 logits 应为 ({wanted})：类别要在 logits 的第 1 轴（从 0 数起）",
    ),
    (
        r"Expected input batch_size \((?P<left>\d+)\) to match target batch_size \((?P<right>\d+)\)\.",
        "logits 有 {left} 行，目标却有 {right} 个：应当相等",
    ),
    (
        r"(?:0D or 1D target tensor expected, multi-target not supported"
        r"|multi-target not supported at .*)",
        "目标应是一维的：先把它展平",
    ),
    (
        r"mat1 and mat2 must have the same dtype, but got (?P<left>\w+) and (?P<right>\w+)",
        "相乘的两个张量类型不同：{left} 与 {right}",
    ),
    (
        r"Tensors must have same number of dimensions: got (?P<left>\d+) and (?P<right>\d+)",
        "拼接的张量轴数不同：{left} 个与 {right} 个",
    ),
    (
        r"Sizes of tensors must match except in dimension (?P<axis>\d+)\. Expected size (?P<wanted>\d+) but got size"
        r" (?P<given>\d+) for tensor number (?P<number>\d+) in the list\.",
        "拼接的张量除第 {axis} 轴外形状都要相同：应为 {wanted}，第 {number} 个（从 0 数起）是 {given}",
    ),
)


TYPE_WORDS: tuple[tuple[str, str], ...] = (  # (Python's words about types and calls, Chinese)
    (
        r"(?:cannot use '[^']+' as an? [\w ]+ \()?unhashable type: '(?P<kind>[^']+)'\)?",
        "{kind} 类型的值不能作字典的键，也不能放进集合",
    ),
    (
        r"'(?P<sign>[<>]=?)' not supported between instances of '(?P<left>[^']+)' and '(?P<right>[^']+)'",
        "{left} 与 {right} 不能用 {sign} 比较",
    ),
    (
        r"can't multiply sequence by non-int of type '(?P<kind>[^']+)'",
        "列表不能与 {kind} 相乘：先转换成数组",
    ),
    (
        r"slice indices must be integers or None or have an __index__ method",
        "切片的起止必须是整数",
    ),
    (
        r"invalid literal for int\(\) with base \d+: (?P<text>.*)",
        "字符串 {text} 不能转换成整数",
    ),
    (
        r"'(?P<word>\w+)' is an invalid keyword argument for (?P<name>\w+)\(\)",
        "Python 自带的 {name} 没有参数 {word}：是不是要用 NumPy 或 torch 的？",
    ),
    (
        r"bad operand type for (?P<name>\w+)\(\): '(?P<kind>[^']+)'",
        "{name} 不能用于 {kind} 类型的值",
    ),
    (
        r"(?P<kind>range object|tuple|string) index out of range",
        "下标超出范围",
    ),
    (
        r"can only concatenate (?P<left>\w+) \(not .(?P<right>\w+).\) to \w+",
        "{left} 与 {right} 不能用 + 连接",
    ),
    (
        r"unsupported operand type\(s\) for (?P<sign>[^:]+): '(?P<left>[^']+)' and '(?P<right>[^']+)'",
        "{left} 与 {right} 之间不能做 {sign} 运算",
    ),
    (
        r"bad operand type for unary (?P<sign>\S+): '(?P<kind>[^']+)'",
        "{kind} 类型的值不能做 {sign} 运算",
    ),
    (
        r"'(?P<kind>[^']+)' object is not subscriptable",
        "{kind} 类型的值不能用 [ ] 取下标：如果它是函数或模块，要用 ( ) 调用",
    ),
    (
        r"'(?P<kind>[^']+)' object is not callable",
        "{kind} 类型的值不能用 ( ) 调用：是不是漏了运算符，或变量与函数同名？",
    ),
    (
        r"'(?P<kind>[^']+)' object is not iterable",
        "{kind} 类型的值不能逐个取出（不能 for，也不能拆开）",
    ),
    (r"object of type '(?P<kind>[^']+)' has no len\(\)", "{kind} 类型的值没有长度"),
    (
        r"'(?P<kind>[^']+)' object does not support item assignment",
        "{kind} 类型的值不能按下标赋值",
    ),
    (
        r"'(?P<left>[^']+)' object cannot be interpreted as an integer",
        "这里需要整数，得到的是 {left}",
    ),
    (
        r"(?:list|tuple|string) indices must be integers or slices, not (?P<kind>\w+)",
        "列表（元组、字符串）的下标必须是整数，这里是 {kind}：多个轴的下标要用数组",
    ),
    (
        r"only integer tensors of a single element can be converted to an index",
        "这里的下标必须是一个整数",
    ),
    (
        r"(?P<name>[\w.<>]+)\(\) missing (?P<count>\d+) required positional arguments?: (?P<names>.*)",
        "调用 {name} 时少给了 {count} 个参数：{names}",
    ),
    (
        r"(?P<name>[\w.<>]+)\(\) takes (?P<wanted>.+) positional arguments? but (?P<given>\d+) (?:was|were) given",
        "调用 {name} 时给了 {given} 个参数，它只接受 {wanted} 个（方法的 self 也算一个）",
    ),
    (
        r"(?P<name>[\w.<>]+)\(\) got an unexpected keyword argument '(?P<word>\w+)'.*",
        "{name} 没有参数 {word}",
    ),
    (
        r"math range error|\(34, '(?:Numerical result out of range|Result too large)'\)",
        "结果太大，超出浮点数的范围",
    ),
    (
        r"(?:int|integer division result) too large (?:to convert to|for a) float",
        "整数太大，超出浮点数的范围",
    ),
    (
        r"math domain error|expected a (?:positive|nonnegative) input(?:, got .*)?",
        "自变量不在函数的定义域内",
    ),
    (r"could not convert string to float: (?P<text>.*)", "字符串 {text} 不能转换成数"),
    (r"maximum recursion depth exceeded.*", "函数不停地调用自己"),
    (r"No module named '(?P<name>[^']*)'", "没有模块 {name}"),
    (
        r"cannot import name '(?P<name>[^']*)' from '(?P<module>[^']*)'.*",
        "{module} 里没有 {name}，无法导入",
    ),
    (r"pop from empty list", "列表已空，不能再取"),
    (r"list\.remove\(x\): x not in list", "列表里没有要删除的值"),
    (r"max\(\) (?:iterable argument|arg) is (?:empty|an empty sequence)", "对空的序列取最大值"),
)


SYNTAX_WORDS: tuple[
    tuple[str, str], ...
] = (  # (words of Python about a file that it cannot read, Chinese)
    (
        r"invalid character '(?P<sign>.)' \(U\+[0-9A-F]+\)",
        "有全角符号“{sign}”：代码里要用半角符号",
    ),
    (
        r"invalid non-printable character U\+(?P<code>[0-9A-F]+)",
        "有看不见的特殊字符（U+{code}），多半是粘贴带来的全角空格：请删掉重打",
    ),
    (r"invalid syntax\. Perhaps you forgot a comma\?", "语法错误：是不是漏了逗号？"),
    (
        r"invalid syntax\. Maybe you meant '==' (?:or ':=' )?instead of '='\?",
        "语法错误：比较要写 ==，不是 =",
    ),
    (r"unexpected indent", "这一行缩进过多"),
    (
        r"unindent does not match any outer indentation level",
        "这一行的缩进与前面任何一层都对不齐",
    ),
    (
        r"expected an indented block after (?P<what>.+) on line (?P<line>\d+)",
        "第 {line} 行的冒号之后要有缩进的语句",
    ),
    (r"unterminated (?:triple-quoted )?(?:f-)?string literal.*", "字符串缺少结尾的引号"),
    (r"'(?P<word>return|yield|await)' outside function", "{word} 不在函数里：多半是缩进不对"),
    (r"'(?P<word>break|continue)' (?:outside loop|not properly in loop)", "{word} 不在循环里"),
    (
        r"closing parenthesis '(?P<right>.)' does not match opening parenthesis '(?P<left>.)'(?: on line \d+)?",
        "括号不配对：“{left}”对上了“{right}”",
    ),
    (r"cannot assign to .*", "等号左边不能赋值：比较要写 =="),
    (r"invalid decimal literal", "数字写法不对：名字不能以数字开头，乘号不能省略"),
    (r"inconsistent use of tabs and spaces in indentation", "缩进里混用了制表符和空格"),
)


COUNTED_FROM_0 = r"row (?P<row>\d+) of (?P<name>\w+) \(counted from 0\)"
VALIDATION_WORDS: tuple[tuple[str, str], ...] = (  # (words of a homework's validate.py, Chinese)
    (
        COUNTED_FROM_0 + r" sums to (?P<sum>\S+), expected 1",
        "{name} 的第 {row} 行（从 0 数起）之和为 {sum}，应为 1",
    ),
    (r"(?P<name>\w+) sums to (?P<sum>\S+), expected 1", "{name} 之和为 {sum}，应为 1"),
    (
        r"(?P<entry>\w+\[[\d, ]*\]) is (?P<value>\S+), expected a probability: 0 to 1",
        "{entry} 是 {value}，应为概率：0 到 1",
    ),
    (
        r"(?P<entry>\w+\[[\d, ]*\]) is (?P<value>\S+), expected 0 to (?P<high>-?\d+) because .*",
        "{entry} 是 {value}，应在 0 到 {high} 之间",
    ),
    (r"(?P<entry>\w+\[[\d, ]*\]) is nan", "{entry} 是 NaN"),
    (
        r"(?P<name>\w+) holds (?P<dtype>\w+) values, expected integers",
        "{name} 里是 {dtype} 类型的数，应为整数",
    ),
    (
        r"(?P<name>\w+) is (?P<value>\S+), expected at least (?P<least>\S+)",
        "{name} 为 {value}，至少应为 {least}",
    ),
    (
        r"(?P<name>\w+) has shape (?P<shape>\([^)]*\)), expected (?P<wanted>\([^)]*\)) because"
        r" (?P<owner>\w+) has shape (?P<size>\([^)]*\))(?: and .*|: .*)?",
        "{name} 的形状是 {shape}，应为 {wanted}，因为 {owner} 的形状是 {size}",
    ),
    (
        r"(?P<name>\w+) has shape (?P<shape>\([^)]*\)), expected (?P<wanted>\([^)]*\))(?:(?: because |: ).*)?",
        "{name} 的形状是 {shape}，应为 {wanted}",
    ),
    (
        r"(?P<name>\w+) has shape (?P<shape>\([^)]*\)): (?P<letter>\w+) = 0, expected at least 1.*",
        "{name} 的形状是 {shape}：{letter} 不能为 0",
    ),
    (
        r"keep has shape (?P<shape>\([^)]*\)), which does not broadcast to the scores' (?P<wanted>\([^)]*\))",
        "keep 的形状是 {shape}，不能广播到得分的形状 {wanted}",
    ),
    (
        r"keep is (?P<dtype>\S+), expected torch\.bool: True = may look",
        "keep 的类型是 {dtype}，应为 torch.bool：True 表示可以看",
    ),
    (r"(?P<name>\w+) holds NaN or infinity", "{name} 里有 NaN 或无穷"),
)


TRANSLATED = (
    *VALIDATION_WORDS,
    *PYTHON_WORDS,
    *ARRAY_WORDS,
    *TORCH_WORDS,
    *TYPE_WORDS,
    *SYNTAX_WORDS,
)
