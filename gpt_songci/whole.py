"""A GPT's forward pass with a cache, in one piece (bonus): keys and values of earlier characters are not computed again.

The function uses the layers of the model and none of its methods: the checks give it a model that has none.
"""

import torch
from torch.nn import functional as F


def forward_cached(net, tokens, cache=None):
    """logits (B, l, V) of l new characters behind those in the cache, and the cache for the characters that follow.

    net: a model.GPT (its layers: token_embedding, position_embedding, blocks with norm1, attention, norm2, mlp; norm, head;
    attention has q, k, v, o and n_head; mlp has fc1 and fc2 with GELU between them). No dropout. config.no_pos and config.no_res
    of net count. tokens (B, l) long, l >= 1.
    cache: for each block a tuple keys, values, each (B, h, past, d); None: nothing before. The one that is returned has past + l
    columns; the one that was given is not changed, since another text may go on from it.
    The logits are those of net(all characters)[0][:, past:]. Source: Vaswani et al. 2017; Pope et al. 2022, section 3.
    """
    # BEGIN SOLUTION gpt-w1.0 (8 points, bonus): which positions do the new characters have, and what may each of them look at?
    past = 0 if cache is None else cache[0][0].size(2)
    l = tokens.size(1)
    x = net.token_embedding(tokens)
    if not net.config.no_pos:
        x = x + net.position_embedding(torch.arange(past, past + l, device=tokens.device))
    mask = torch.ones(l, past + l, dtype=torch.bool, device=tokens.device).triu(past + 1)
    new_cache = []
    for number, block in enumerate(net.blocks):
        attention, into = block.attention, block.norm1(x)
        q, k, v = (
            part(into).unflatten(-1, (attention.n_head, -1)).transpose(1, 2)
            for part in (attention.q, attention.k, attention.v)
        )
        if cache is not None:
            k, v = torch.cat([cache[number][0], k], 2), torch.cat([cache[number][1], v], 2)
        new_cache.append((k, v))
        scores = q @ k.transpose(2, 3) / q.size(-1) ** 0.5  # (B, h, l, past + l)
        weights = torch.softmax(scores.masked_fill(mask, float("-inf")), dim=-1)
        out = attention.o((weights @ v).transpose(1, 2).flatten(2))
        x = out if net.config.no_res else x + out
        out = block.mlp.fc2(F.gelu(block.mlp.fc1(block.norm2(x))))
        x = out if net.config.no_res else x + out
    return net.head(net.norm(x)), new_cache
    # END SOLUTION gpt-w1.0
