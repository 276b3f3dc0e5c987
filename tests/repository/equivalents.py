"""Mutants that are equivalent to the solution: {reason: {blank: [changed line]}}.

tests/repository/test_mutants.py compares this list with the surviving mutants: an entry that is caught or is no longer a
mutant is an error, and so is a survivor that is not listed.
"""

EQUIVALENT = {
    "conditions that hold together, in another order": {
        "gpt-t1.0": [
            "right_group = (rhymes == wanted) | (wanted <= 0)",
            "new_word = ~used | (wanted < 0)",
            "return logits.masked_fill(~(new_word & (fits & right_group)), float('-inf'))",
            "return logits.masked_fill(~(right_group & fits & new_word), float('-inf'))",
        ],
    },
    "a row of zeros takes the lower model, whatever is computed for it": {
        "gpt-n2.0": [
            "mixed = (counts + k * lower) / np.maximum(n + k, 2)",
            "mixed = (counts + k * lower) / np.maximum(n + k, 0)",
            "return np.where(k > 0, mixed, lower)",
            "return np.where(mixed > 0, mixed, lower)",
        ],
    },
    "every entry is written before it is read": {
        "bptt-04": ["dh, on = (np.ones_like(a), a > 0)"],
        "bptt-20": ["dh = np.ones_like(slope)"],
        "hmm-01": ["alpha = np.ones((T, N))"],
        "hmm-06": ["log_alpha = np.ones((T, N))"],
        "hmm-09": ["delta, phi = (np.ones((T, N)), np.zeros((T, N), dtype=np.int64))"],
        "hmm-10": ["path = np.ones(len(delta), dtype=np.int64)"],
        "w2v-04": ["numeric = np.ones(x.shape)"],
    },
    "another array that is as long": {
        "bptt-04": ["for t in range(len(dh) - 1, 0, -1):", "for t in range(len(on) - 1, 0, -1):"],
        "bptt-11": ["do[np.arange(len(y_hat)), y] -= 1", "do[np.arange(len(do)), y] -= 1"],
        "bptt-15": [
            "for t in range(len(do) - 1, 0, -1):",
            "for t in range(len(slope) - 1, 0, -1):",
        ],
        "bptt-20": ["for k in range(len(dh) - 1, 0, -1):"],
        "bptt-22": ["dz[np.arange(len(y_hat)), y] -= 1", "dz[np.arange(len(dz)), y] -= 1"],
        "bptt-44": ["return sum((d[gate] @ U[gate] for gate in d))"],
        "hmm-01": ["T, N = (len(obs), len(A))", "T, N = (len(obs), len(B))"],
        "hmm-02": ["T, N = (len(obs), len(B))"],
        "hmm-04": [
            "return np.divide(both, total, out=np.zeros_like(alpha), where=total > 0)",
            "return np.divide(both, total, out=np.zeros_like(beta), where=total > 0)",
        ],
        "hmm-06": ["T, N = (len(obs), len(log_A))", "T, N = (len(obs), len(log_B))"],
        "hmm-07": ["T, N = (len(obs), len(log_B))"],
        "hmm-09": ["T, N = (len(obs), len(log_A))", "T, N = (len(obs), len(log_B))"],
        "hmm-10": [
            "path = np.zeros(len(phi), dtype=np.int64)",
            "for t in range(len(phi) - 2, -1, -1):",
            "for t in range(len(path) - 2, -1, -1):",
        ],
        "hmm-11": [
            "for t in range(len(log_alpha) - 1):",
            "for t in range(len(log_beta) - 1):",
            "for t in range(len(gamma) - 1):",
        ],
        "wai-05": [
            "tokens = torch.full((len(lengths), int(lengths.max())), PAD, dtype=torch.long)"
        ],
        "wai-09": ["return states[torch.arange(len(lengths), device=states.device), lengths - 1]"],
        "wai-10": ["rows = torch.arange(len(lengths), device=states.device)"],
        "wai-13": [
            "scores = q @ k.transpose(2, 3) / math.sqrt(k.size(3))",
            "scores = q @ k.transpose(2, 3) / math.sqrt(v.size(3))",
            "keep = keep_mask(lengths, k.size(2))[:, None, None]",
            "keep = keep_mask(lengths, v.size(2))[:, None, None]",
            "keep = keep_mask(lengths, scores.size(2))[:, None, None]",
        ],
        "wai-17": ["count += len(tokens)", "count += len(lengths)", "count += len(logits)"],
        "att-03": ["d = k.size(-1)"],
        "att-06": ["return q @ k.transpose(-2, -1) / math.sqrt(k.size(-1))"],
        "att-21": [
            "while len(kept) < max_len and (not (token == EOS).all()):",
            "token, answers, kept = (tokens.new_full((len(lengths),), BOS), [], [])",
            "token, answers, kept = (tokens.new_full((len(states),), BOS), [], [])",
            "token, answers, kept = (tokens.new_full((len(state),), BOS), [], [])",
            "token, answers, kept = (tokens.new_full((len(keep),), BOS), [], [])",
        ],
        "w2v-04": [
            "numeric = np.zeros(analytic.shape)",
            "for index in np.ndindex(numeric.shape):",
            "for index in np.ndindex(analytic.shape):",
        ],
        "w2v-09": [
            "cost, gradIn, gradOut = (0.0, np.zeros(outputVectors.shape), np.zeros(inputVectors.shape))",
            "cost, gradIn, gradOut = (0.0, np.zeros(outputVectors.shape), np.zeros(outputVectors.shape))",
            "cost, gradIn, gradOut = (0.0, np.zeros(inputVectors.shape), np.zeros(inputVectors.shape))",
        ],
        "w2v-10": ["gradIn = np.zeros(outputVectors.shape)", "gradIn = np.zeros(gradOut.shape)"],
        "w2v-13": ["N = len(labels)"],
        "w2v-19": ["return float(-np.mean(np.log(p[np.arange(len(p)), labels])))"],
        "w2v-20": [
            "dscores /= len(labels)",
            "dscores /= len(dscores)",
            "dscores /= len(h)",
            "dscores /= len(scores)",
            "dscores[np.arange(len(labels)), labels] -= 1",
            "dscores[np.arange(len(dscores)), labels] -= 1",
            "dscores[np.arange(len(h)), labels] -= 1",
            "dscores[np.arange(len(scores)), labels] -= 1",
        ],
    },
    "the same numbers, in an array or tensor of another kind": {
        "bptt-14": ["return a > 0", "return (a > 0).astype(np.int64)"],
        "bptt-21": [
            "norm = math.sqrt(sum((np.vdot(grads[name], grads[name]) for name in params)))"
        ],
        "hmm-03": ["return forward(pi, A, B, obs)[-1].sum()"],
        "hmm-08": ["return np.logaddexp.reduce(log_alpha[-1])"],
        "hmm-09": [
            "delta, phi = (np.zeros((T, N)), np.zeros((T, N)))",
            "delta, phi = (np.zeros((T, N)), np.zeros((T, N), dtype=np.float64))",
        ],
        "hmm-15": [
            "first, steps, seen = (np.zeros(N), np.zeros((N, N)), np.full((N, M), smoothing))"
        ],
        "wai-03": ["order = rng.permutation(np.flatnonzero(labels == label))"],
        "wai-05": [
            "tokens = torch.full((len(texts), lengths.max()), PAD, dtype=torch.long)",
            "tokens = torch.full((len(texts), int(lengths.max())), PAD)",
        ],
        "wai-16": ["return loss"],
        "wai-17": [
            "loss, correct, count = (0, 0.0, 0)",
            "loss += F.cross_entropy(logits, labels, reduction='sum')",
            "correct += (logits.argmax(1) == labels).sum()",
        ],
        "att-01": [
            "x, y = torch.randn(2, num_pairs, n, generator=generator)",
            "generator = torch.manual_seed(seed)",
        ],
        "att-10": [
            "angle = torch.arange(L)[:, None] / 10000 ** (torch.where(even, i, i - 1) / d)",
            "angle = torch.arange(L, dtype=torch.int64)[:, None] / 10000 ** (torch.where(even, i, i - 1) / d)",
        ],
        "att-21": ["token, answers, kept = (lengths.new_full((len(tokens),), BOS), [], [])"],
        "w2v-02": [
            "return np.exp(-np.logaddexp(0.0, -x))",
            "return np.exp(-np.logaddexp(0.0, -np.asarray(x)))",
        ],
        "w2v-04": [
            "numeric[index] = (np.squeeze(costs[0]) - float(np.squeeze(costs[1]))) / (2 * STEP)",
            "numeric[index] = (float(np.squeeze(costs[0])) - np.squeeze(costs[1])) / (2 * STEP)",
            "numeric[index] = (float(costs[0]) - float(np.squeeze(costs[1]))) / (2 * STEP)",
            "numeric[index] = (float(np.squeeze(costs[0])) - float(costs[1])) / (2 * STEP)",
        ],
        "w2v-08": [
            "without rows = np.array(rows)",
            "rows = rows",
            "U = outputVectors[rows], before rows = np.array(rows)",
        ],
        "w2v-10": [
            "rows = [row_of(tokens, word) for word in contextWords]",
            "rows = np.array([row_of(tokens, word) for word in contextWords])",  # other for an empty context, not drawn
        ],
        "w2v-17": ["return x @ w + b >= 0"],
        "w2v-18": [
            "return L * np.exp(-np.logaddexp(0.0, -k * (z - z0)))",
            "return L * np.exp(-np.logaddexp(0.0, -k * (np.asarray(z) - z0)))",
        ],
        "w2v-19": ["return -np.mean(np.log(p[np.arange(len(labels)), labels]))"],
    },
    "the default of the library": {
        "gpt-g1.0": ["return torch.arange(tokens.size(1), device=tokens.device)"],
        "hmm-06": ["log_alpha[t] = np.logaddexp.reduce(step) + log_B[:, obs[t]]"],
    },
    "an index may live on the CPU, wherever the tensor lives": {
        "wai-09": [
            "return states[torch.arange(len(states)), lengths - 1]",
            "return states[torch.arange(len(states), device=lengths.device), lengths - 1]",
        ],
        "wai-10": [
            "rows = torch.arange(len(states))",
            "rows = torch.arange(len(states), device=lengths.device)",
        ],
    },
    "lengths live on the CPU in every check; a GPU is not part of them": {
        "wai-14": [
            "packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)"
        ],
        "att-09": ["return (torch.arange(L) < lengths[:, None])[:, None]"],
    },
    "prints more lines than are asked for": {
        "w2v-11": ["smoothed = report(iteration, cost, smoothed, iteration)"],
    },
    "the two statements do not touch each other": {
        "hmm-15": [
            "np.add.at(steps, (states[:-1], states[1:]), 1), before first[states[0]] += 1",
            "np.add.at(seen, (states, obs), 1), before np.add.at(steps, (states[:-1], states[1:]), 1)",
        ],
        "wai-03": ["rest.append(order[cut:]), before held.append(order[:cut])"],
        "att-21": ["kept.append(weights), before answers.append(token)"],
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
        "hmm-04": [
            "return np.divide(both, total, out=both, where=total > 0)",
            "return np.divide(both, total, out=np.zeros_like(both), where=both > 0)",
        ],
    },
    "h = max(a, 0) is above 0 exactly where a is": {
        "bptt-14": ["return (h > 0).astype(np.float64)"],
    },
    "all gradients are 0, and any factor leaves them so": {
        "bptt-21": [
            "factor = lr * min(1.0, clip / norm) if norm > 0 else clip",
            "factor = lr * min(1.0, clip / norm) if norm > 0 else factor",
            "factor = lr * min(1.0, clip / norm) if norm > 0 else norm",
        ],
    },
    "the name holds that value there": {
        "bptt-21": ["factor = factor * min(1.0, clip / norm) if norm > 0 else lr"],
    },
    "the optimizer has all parameters of the model": {
        "wai-16": ["model.zero_grad()"],
    },
    "the last axis, by its number": {
        "att-01": [
            "cosine = (x * y).sum(1) / (x.norm(dim=-1) * y.norm(dim=-1))",
            "cosine = (x * y).sum(-1) / (x.norm(dim=1) * y.norm(dim=-1))",
            "cosine = (x * y).sum(-1) / (x.norm(dim=-1) * y.norm(dim=1))",
        ],
        "att-20": [
            "state = self.cell(torch.cat([self.embedding_out(token), context], 1), state)",
            "return (self.out(torch.cat([state, context], 1)), state, weights)",
        ],
        "att-21": ["token = torch.where(token == EOS, EOS, logits.argmax(1))"],
    },
    "the only entry of its axis is the first and the last": {
        "att-19": [
            "return (context[:, -1], weights[:, 0])",
            "return (context[:, 0], weights[:, -1])",
        ],
    },
    "in float64 rounding passes 1 for vectors closer than 1e-8 only, which no seed gives; one number against one is exact": {
        "att-01": [
            "return cosine.arccos()",
            "return cosine.clamp(-1).arccos()",
            "return cosine.clamp(-1, 2).arccos()",
            "return cosine.clamp(-2, 1).arccos()",
        ],
    },
    "the difference of two gradients has no direction; which one the message names is not judged": {
        "w2v-04": ["return agree(analytic, numeric)"],
    },
    "dividing by -1 is multiplying by it": {
        "w2v-22": ["z[:, 0] /= -1", "d[:, 0] /= -1"],
    },
    "what becomes of a row of zeros is not judged: files of the original assignment, which do not say, keep their points": {
        "w2v-06": [
            "return x / np.where(length >= 0, length, 1)",
            "return x / np.where(length > 0, length, 2)",
            "return x / np.where(length > 0, length, 0)",
            "return x / np.where(length > -1, length, 1)",
        ],
    },
    "a clear error for bad input, which the sheet does not ask for": {
        "w2v-08": [
            "without check_negatives(outputVectors, dataset)",
            "check_negatives(predicted, dataset)",
        ],
        "w2v-13": ["without labels = check_labels(labels, weights.shape[1])"],
    },
    "any five values or more over three powers of ten are right: which serve, the vectors decide": {
        "w2v-14": [
            "return np.logspace(1, 13)",
            "return np.logspace(-5, 13)",
            "return np.logspace(1, -5, 13)",
            "return np.logspace(-5, 1)",
            "return np.logspace(5, 1, 13)",
            "return np.logspace(-5, 2, 13)",
            "return np.logspace(-5, 0, 13)",
            "return np.logspace(-5, 1, 14)",
            "return np.logspace(-5, 1, 12)",
            "return np.logspace(-6, 1, 13)",
            "return np.logspace(-4, 1, 13)",
        ],
    },
    "whole.py: another array that is as long, or as wide, or of the same type and device": {
        "bptt-46": ["T, H = (len(y), len(params['b_f']))"],
        "att-27": [
            "scores = q @ k.transpose(2, -1) / q.size(-1) ** 0.5",
            "scores = q @ k.transpose(-2, -1) / k.size(-1) ** 0.5",
            "scores = q @ k.transpose(-2, -1) / v.size(-1) ** 0.5",
        ],
        "gpt-w1.0": [
            "past = 0 if cache is None else cache[0][1].size(2)",
            "past = 0 if cache is None else cache[0][-1].size(2)",
            "past = 0 if cache is None else cache[1][0].size(2)",
            "past = 0 if cache is None else cache[-1][0].size(2)",
            "x = x + net.position_embedding(torch.arange(past, past + l))",
            "x = x + net.position_embedding(torch.arange(past, past + l, device=x.device))",
            "mask = torch.ones(l, past + l, dtype=torch.bool).triu(past + 1)",
            "mask = torch.ones(l, past + l, dtype=torch.bool, device=x.device).triu(past + 1)",
            "scores = q @ k.transpose(2, 3) / k.size(-1) ** 0.5",
            "scores = q @ k.transpose(2, 3) / v.size(-1) ** 0.5",
        ],
        "wai-19": [
            "keep = (torch.arange(T) < lengths[:, None])[:, :, None]",
            "keep = (torch.arange(T, device=lengths.device) < lengths[:, None])[:, :, None]",
            "h, states = (W_i.new_zeros(B, W_h.size(1)), [None] * T)",
            "h, states = (W_h.new_zeros(B, W_h.size(1)), [None] * T)",
            "h, states = (b_i.new_zeros(B, W_h.size(1)), [None] * T)",
            "h, states = (b_h.new_zeros(B, W_h.size(1)), [None] * T)",
        ],
        "hmm-17": [
            "T, N = (len(obs), len(log_A))",
            "T, N = (len(obs), len(log_B))",
            "first, steps, seen = (np.zeros(len(log_A)), np.zeros(log_A.shape), np.zeros(log_B.shape))",
            "first, steps, seen = (np.zeros(len(log_B)), np.zeros(log_A.shape), np.zeros(log_B.shape))",
            "for t in range(len(log_alpha) - 1):",
            "for t in range(len(log_beta) - 1):",
            "for t in range(len(gamma) - 1):",
        ],
        "hmm-18": [
            "before = np.zeros((S, T, len(log_A)), dtype=np.int64)",
            "before = np.zeros((S, T, len(log_B)), dtype=np.int64)",
        ],
        "w2v-23": [
            "by_input, by_output = (np.zeros_like(output_vectors), np.zeros_like(input_vectors))",
            "by_input, by_output = (np.zeros_like(output_vectors), np.zeros_like(output_vectors))",
            "by_input, by_output = (np.zeros_like(input_vectors), np.zeros_like(input_vectors))",
        ],
    },
    "whole.py: statements that do not depend on each other, in another order": {
        "bptt-45": [
            "return (loss, {'W': np.einsum('tbi,tbj->ij', da, h[:-1]), 'U': np.einsum('tbi,btj->ij', da, x), "
            "'b': da.sum(axis=(1, 0)), 'V': dz @ h[l], 'd': dz.sum(), 'x': np.einsum('tbi,ij->btj', da, U)})"
        ],
        "bptt-46": [
            "d['f'][t] = dC * C[t] * f * (1 - f), before d['o'][t] = dh * np.tanh(C[t + 1]) * o * (1 - o)",
            "d['i'][t] = dC * a * i * (1 - i), before d['f'][t] = dC * C[t] * f * (1 - f)",
            "d['a'][t] = dC * i * (1 - a ** 2), before d['i'][t] = dC * a * i * (1 - i)",
            "grads[f'U_{gate}'] = d[gate].T @ x, before grads[f'W_{gate}'] = d[gate].T @ h[:-1]",
            "grads[f'b_{gate}'] = d[gate].sum(axis=0), before grads[f'U_{gate}'] = d[gate].T @ x",
        ],
        "gpt-w1.0": [
            "scores = q @ k.transpose(2, 3) / q.size(-1) ** 0.5, before new_cache.append((k, v))"
        ],
        "hmm-17": ["np.add.at(seen.T, obs, gamma), before first += gamma[0]"],
        "w2v-23": [
            "np.add.at(by_output, words, by_score[..., None] * v[:, None, None]), before "
            "np.add.at(by_input, centers, np.einsum('bck,bckn->bn', by_score, u))"
        ],
    },
    "whole.py: entries that are written before they are read, or never read": {
        "bptt-45": [
            "h, a = (np.zeros((l + 1, B, n)), np.ones((l, B, n)))",
            "dh, da = (np.outer(dz, V), np.ones((l, B, n)))",
        ],
        "bptt-46": [
            "h, C = (np.zeros((T + 1, H)), np.zeros((T + 2, H)))",
            "gates = {gate: np.ones((T, H)) for gate in 'fiao'}",
            "gates = {gate: np.zeros((T, H)) for gate in 'fiaox'}",
            "d = {gate: np.ones((T, H)) for gate in 'fiao'}",
            "d = {gate: np.zeros((T, H)) for gate in 'fiaox'}",
        ],
        "wai-19": [
            "x = x.masked_fill(~keep, 1)",
            "x = x.masked_fill(~keep, -1)",
            "h, states = (x.new_zeros(B, W_h.size(1)), [0] * T)",
        ],
        "hmm-17": [
            "log_alpha, log_beta = (np.ones((T, N)), np.zeros((T, N)))",
            "into = np.logaddexp.reduce(log_alpha[t - 1][:, None] + log_A)",
        ],
        "hmm-18": ["before = np.ones((S, T, len(log_pi)), dtype=np.int64)"],
        "w2v-23": [
            "words = np.concatenate([np.where(contexts, contexts, 0)[:, :, None], negatives], axis=2)",
            "words = np.concatenate([np.where(exists, contexts, 1)[:, :, None], negatives], axis=2)",
            "words = np.concatenate([np.where(exists, contexts, -1)[:, :, None], negatives], axis=2)",
        ],
    },
    "whole.py: a warning more, or a list for an array": {
        "hmm-17": [
            "with np.errstate(invalid='ignore'):",
            "with np.errstate(divide='ignore'):",
            "with np.errstate():",
            "return (log_pi, log_A, log_B, log_likelihoods)",
        ],
    },
}
