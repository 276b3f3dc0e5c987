"""Mutants that are as right as the solution: why, in which blank, and how the changed line reads.

tests/course/test_mutants.py compares this list with what survives: an entry that is caught, or is no mutant any more,
is an error, and so is a survivor that does not stand here.
"""
EQUIVALENT = {
    "every entry is written before it is read": {
        "bptt-04": ["dh, on = (np.ones_like(a), a > 0)"],
        "bptt-20": ["dh = np.ones_like(slope)"],
        "hmm-01": ["alpha = np.ones((T, N))"],
        "hmm-06": ["log_alpha = np.ones((T, N))"],
        "hmm-09": ["delta, phi = (np.ones((T, N)), np.zeros((T, N), dtype=np.int64))"],
        "hmm-10": ["path = np.ones(len(delta), dtype=np.int64)"],
    },
    "another array that is as long": {
        "bptt-04": ["for t in range(len(dh) - 1, 0, -1):", "for t in range(len(on) - 1, 0, -1):"],
        "bptt-11": ["do[np.arange(len(y_hat)), y] -= 1", "do[np.arange(len(do)), y] -= 1"],
        "bptt-15": ["for t in range(len(do) - 1, 0, -1):", "for t in range(len(slope) - 1, 0, -1):"],
        "bptt-20": ["for k in range(len(dh) - 1, 0, -1):"],
        "bptt-22": ["dz[np.arange(len(y_hat)), y] -= 1", "dz[np.arange(len(dz)), y] -= 1"],
        "bptt-44": ["return sum((d[gate] @ U[gate] for gate in d))"],
        "hmm-01": ["T, N = (len(obs), len(A))", "T, N = (len(obs), len(B))"],
        "hmm-02": ["T, N = (len(obs), len(B))"],
        "hmm-04": ["return np.divide(both, total, out=np.zeros_like(alpha), where=total > 0)",
                   "return np.divide(both, total, out=np.zeros_like(beta), where=total > 0)"],
        "hmm-06": ["T, N = (len(obs), len(log_A))", "T, N = (len(obs), len(log_B))"],
        "hmm-07": ["T, N = (len(obs), len(log_B))"],
        "hmm-09": ["T, N = (len(obs), len(log_A))", "T, N = (len(obs), len(log_B))"],
        "hmm-10": ["path = np.zeros(len(phi), dtype=np.int64)", "for t in range(len(phi) - 2, -1, -1):",
                   "for t in range(len(path) - 2, -1, -1):"],
        "hmm-11": ["for t in range(len(log_alpha) - 1):", "for t in range(len(log_beta) - 1):", "for t in range(len(gamma) - 1):"],
        "wai-05": ["tokens = torch.full((len(lengths), int(lengths.max())), PAD, dtype=torch.long)"],
        "wai-09": ["return states[torch.arange(len(lengths), device=states.device), lengths - 1]"],
        "wai-10": ["rows = torch.arange(len(lengths), device=states.device)"],
        "wai-13": ["scores = q @ k.transpose(2, 3) / math.sqrt(k.size(3))", "scores = q @ k.transpose(2, 3) / math.sqrt(v.size(3))",
                   "keep = keep_mask(lengths, k.size(2))[:, None, None]", "keep = keep_mask(lengths, v.size(2))[:, None, None]",
                   "keep = keep_mask(lengths, scores.size(2))[:, None, None]"],
        "wai-17": ["count += len(tokens)", "count += len(lengths)", "count += len(logits)"],
    },
    "the same numbers, in an array or tensor of another kind": {
        "bptt-14": ["return a > 0", "return (a > 0).astype(np.int64)"],
        "bptt-21": ["norm = math.sqrt(sum((np.vdot(grads[name], grads[name]) for name in params)))"],
        "hmm-03": ["return forward(pi, A, B, obs)[-1].sum()"],
        "hmm-08": ["return np.logaddexp.reduce(log_alpha[-1])"],
        "hmm-09": ["delta, phi = (np.zeros((T, N)), np.zeros((T, N)))",
                   "delta, phi = (np.zeros((T, N)), np.zeros((T, N), dtype=np.float64))"],
        "hmm-15": ["first, steps, seen = (np.zeros(N), np.zeros((N, N)), np.full((N, M), smoothing))"],
        "wai-03": ["order = rng.permutation(np.flatnonzero(labels == label))"],
        "wai-05": ["tokens = torch.full((len(texts), lengths.max()), PAD, dtype=torch.long)",
                   "tokens = torch.full((len(texts), int(lengths.max())), PAD)"],
        "wai-16": ["return loss"],
        "wai-17": ["loss, right, count = (0, 0.0, 0)", "loss += F.cross_entropy(logits, labels, reduction='sum')",
                   "right += (logits.argmax(1) == labels).sum()"],
    },
    "the default of the library": {
        "gpt-g1.0": ["return torch.arange(tokens.size(1), device=tokens.device)"],
        "hmm-06": ["log_alpha[t] = np.logaddexp.reduce(step) + log_B[:, obs[t]]"],
    },
    "an index may live on the CPU, wherever the tensor lives": {
        "wai-09": ["return states[torch.arange(len(states)), lengths - 1]",
                   "return states[torch.arange(len(states), device=lengths.device), lengths - 1]"],
        "wai-10": ["rows = torch.arange(len(states))", "rows = torch.arange(len(states), device=lengths.device)"],
    },
    "lengths live on the CPU in every check; a GPU is no part of them": {
        "wai-14": ["packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)"],
    },
    "the two statements do not touch each other": {
        "hmm-15": ["np.add.at(steps, (states[:-1], states[1:]), 1), before first[states[0]] += 1",
                   "np.add.at(seen, (states, obs), 1), before np.add.at(steps, (states[:-1], states[1:]), 1)"],
        "wai-03": ["rest.append(order[cut:]), before held.append(order[:cut])"],
    },
    "rows_to_one divides by the sum: counting by twos is the same": {
        "hmm-15": ["first[states[0]] += 2", "np.add.at(steps, (states[:-1], states[1:]), 2)"],
    },
    "changes its argument: the board says so, and no points depend on it": {
        "bptt-04": ["dh, on = (a, a > 0)"],
        "bptt-11": ["do = y_hat"],
        "bptt-22": ["dz = y_hat"],
    },
    "where the total is 0, every product is 0 and stays it": {
        "hmm-04": ["return np.divide(both, total, out=both, where=total > 0)",
                   "return np.divide(both, total, out=np.zeros_like(both), where=both > 0)"],
    },
    "h = max(a, 0) is above 0 exactly where a is": {
        "bptt-14": ["return (h > 0).astype(np.float64)"],
    },
    "all gradients are 0, and any factor leaves them so": {
        "bptt-21": ["factor = lr * min(1.0, clip / norm) if norm > 0 else clip",
                    "factor = lr * min(1.0, clip / norm) if norm > 0 else factor",
                    "factor = lr * min(1.0, clip / norm) if norm > 0 else norm"],
    },
    "the name holds that value there": {
        "bptt-21": ["factor = factor * min(1.0, clip / norm) if norm > 0 else lr"],
    },
    "the optimizer has all parameters of the model": {
        "wai-16": ["model.zero_grad()"],
    },
}
