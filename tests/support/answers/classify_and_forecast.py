"""Wrong and unusual answers to 08-classify-and-forecast: (exercise, label, changed texts of the reference or an answer)."""

from __future__ import annotations

ASSIGNMENT = "08-classify-and-forecast"

WRONG = [
    (
        "embedding_forward",
        "one token at a time, the first step only",
        {"E[:, tokens]": "E[:, tokens[:, :1]]"},
    ),
    ("embedding_forward", "cache without E", {"(tokens, E)\n": "(tokens,)\n"}),
    ("embedding_forward", "cache as list", {"return x, (tokens, E)": "return x, [tokens, E]"}),
    ("embedding_forward", "single precision", {"x = E[:, tokens]": "x = E[:, tokens].astype(np.float32)"}),
    ("embedding_forward", "rounded", {"x = E[:, tokens]": "x = np.round(E[:, tokens], 4)"}),
    (
        "embedding_forward",
        "tokens out of the vocabulary's first half only",
        {"x = E[:, tokens]": "x = E[:, np.minimum(tokens, 20)]"},
    ),
    (
        "embedding_backward",
        "adds up within each example only",
        """
def embedding_backward(dx, cache):
    tokens, E = cache
    dE = np.zeros(E.shape)
    for i in range(len(tokens)):
        dE[:, tokens[i]] += dx[:, i]
    return dE
""",
    ),
    (
        "embedding_backward",
        "adds up within each step only",
        """
def embedding_backward(dx, cache):
    tokens, E = cache
    dE = np.zeros(E.shape)
    for t in range(tokens.shape[1]):
        dE[:, tokens[:, t]] += dx[:, :, t]
    return dE
""",
    ),
    ("embedding_backward", "E changed in place", {"dE = np.zeros(E.shape)": "dE = E\n    dE[:] = 0"}),
    ("embedding_backward", "clipped", {"return dE": "return np.clip(dE, -5, 5)"}),
    (
        "embedding_backward",
        "only the letters that occur",
        {"return dE": "return dE[:, np.unique(tokens)]"},
    ),
    (
        "dropout_forward",
        "one draw per example",
        {"rng.random(a.shape)": "np.stack([rng.random(a.shape[1:]) for _ in range(1)] * len(a))"},
    ),
    ("dropout_forward", "a changed in place", {"return kept * a": "a *= kept\n    return a"}),
    (
        "dropout_forward",
        "a generator of its own",
        {"rng.random(a.shape)": "np.random.default_rng(1).random(a.shape)"},
    ),
    ("dropout_forward", "the global generator", {"rng.random(a.shape)": "np.random.random(a.shape)"}),
    ("dropout_forward", "asked twice", {"    kept =": "    rng.random(a.shape)\n    kept ="}),
    ("dropout_forward", "the cache keeps the factor", {"(1 - p), (kept, p)": "(1 - p), (kept / (1 - p), p)"}),
    (
        "dropout_forward",
        "drawn in single precision",
        {"rng.random(a.shape)": "rng.random(a.shape, dtype=np.float32)"},
    ),
    (
        "dropout_backward",
        "drawn anew",
        {"kept * dout": "(np.random.default_rng(0).random(dout.shape) >= p) * dout"},
    ),
    ("dropout_backward", "factor from what was kept", {"(1 - p)": "np.mean(kept)"}),
    ("dropout_backward", "dout changed in place", {"return kept * dout": "dout *= kept\n    return dout"}),
    (
        "batches_by_length",
        "a tuple",
        {
            "return [batches[i] for i in rng.permutation(len(batches))]": "return tuple(batches[i] for i in rng.permutation(len(batches)))"
        },
    ),
    (
        "batches_by_length",
        "lists in place of arrays",
        {"return [batches[i] for": "return [batches[i].tolist() for"},
    ),
    (
        "batches_by_length",
        "the lengths in place of the examples",
        {"return [batches[i] for": "return [lengths[batches[i]] for"},
    ),
    (
        "batches_by_length",
        "an unstable order",
        {'np.argsort(lengths[order], kind="stable")': "np.lexsort((order, lengths[order]))"},
    ),
    (
        "batches_by_length",
        "lengths sorted in place",
        {"    order = rng": "    lengths.sort()\n    order = rng"},
    ),
    (
        "batches_by_length",
        "batches of equal size",
        {
            "for start in range(0, len(order), batch_size)]": "for start in range(0, len(order) // batch_size * batch_size, batch_size)]"
        },
    ),
    (
        "classify",
        "last non-zero state",
        {
            "lengths - 1]\n    y_pred": "np.minimum(lengths, lengths) - 1 - (lengths == a.shape[2])]\n    y_pred"
        },
    ),
    (
        "classify",
        "loss from the most probable class",
        {"np.log(y_pred[labels, examples])": "np.log(y_pred.max(axis=0))"},
    ),
    ("classify", "a changed in place", {"da = np.zeros(a.shape)": "da = a\n    da[:] = 0"}),
    ("classify", "gradients with other keys", {'"dWya": dz': '"dWy": dz'}),
    ("classify", "dby without its axis", {"np.sum(dz, axis=1, keepdims=True)": "np.sum(dz, axis=1)"}),
    (
        "classify",
        "probabilities raised to a floor",
        {"    loss =": "    y_pred = np.maximum(y_pred, 1e-3)\n    loss ="},
    ),
    ("wilson_interval", "one number", {"return centre - reach, centre + reach": "return 2 * reach"}),
    (
        "wilson_interval",
        "rounded",
        {
            "return centre - reach, centre + reach": "return round(centre - reach, 4), round(centre + reach, 4)"
        },
    ),
    (
        "wilson_interval",
        "with a correction for continuity",
        {"share = correct / total": "share = (correct + 0.5) / (total + 1)"},
    ),
    ("forecast_pairs", "scale as a list", {"(mean, deviation)\n": "[mean, deviation]\n"}),
    (
        "forecast_pairs",
        "series changed in place",
        {
            "scaled = (series - mean) / deviation": "series -= mean\n    series /= deviation\n    scaled = series"
        },
    ),
    (
        "forecast_pairs",
        "two axes",
        {"x = scaled[np.newaxis, np.newaxis, :-ahead]": "x = scaled[np.newaxis, :-ahead]"},
    ),
    (
        "forecast_pairs",
        "wraps around",
        {"y = scaled[np.newaxis, np.newaxis, ahead:]": "y = np.roll(scaled, -ahead)[np.newaxis, np.newaxis]"},
    ),
    (
        "forecast_pairs",
        "single precision",
        {"scaled = (series - mean) / deviation": "scaled = ((series - mean) / deviation).astype(np.float32)"},
    ),
    (
        "forecast_pairs",
        "rounded",
        {"scaled = (series - mean) / deviation": "scaled = np.round((series - mean) / deviation, 3)"},
    ),
    ("forecast_pairs", "variance in the scale", {"(mean, deviation)\n": "(mean, deviation**2)\n"}),
    (
        "forecast_pairs",
        "pairs of known values only",
        {"return x, y,": "x, y = x[:, :, : known - ahead], y[:, :, : known - ahead]\n    return x, y,"},
    ),
    (
        "forecast_pairs",
        "clipped",
        {"scaled = (series - mean) / deviation": "scaled = np.clip((series - mean) / deviation, -3, 3)"},
    ),
    ("truncated_backward", "a tuple", {"    return gradients": "    return tuple(gradients.values())"}),
    (
        "truncated_backward",
        "da changed in place",
        {'    gradients = {"dx"': '    da[:, :, k - 1 :: k] *= 1.0 + 1e-3\n    gradients = {"dx"'},
    ),
    (
        "truncated_backward",
        "clipped",
        {"    return gradients": "    return {name: np.clip(g, -5, 5) for name, g in gradients.items()}"},
    ),
    (
        "truncated_backward",
        "whole stretches only, for long sequences",
        {"range(0, x.shape[2], k)": "range(0, x.shape[2] - (x.shape[2] % k if x.shape[2] > k else 0), k)"},
    ),
    (
        "truncated_backward",
        "dba without its axis",
        {"    return gradients": '    gradients["dba"] = gradients["dba"].sum(axis=1)\n    return gradients'},
    ),
    ("truncated_backward", "parameters scaled by k", {"+ found[name]": "+ found[name] / k"}),
    (
        "truncated_backward",
        "without da0",
        {"    return gradients": '    del gradients["da0"]\n    return gradients'},
    ),
    (
        "truncated_backward",
        "the gradient of the first example only",
        {"before, parameters)": 'before, parameters)\n        found["dx"][:, 1:] = 0'},
    ),
    (
        "compare_forecasts",
        "a rest of one step as a block",
        {
            "count = len(differences) // block": "count = -(-len(differences) // block)\n    differences = np.resize(differences, count * block)"
        },
    ),
    (
        "compare_forecasts",
        "one number",
        {"return np.mean(means), np.mean(means) - reach, np.mean(means) + reach": "return np.mean(means)"},
    ),
    (
        "compare_forecasts",
        "the mean and the reach",
        {"np.mean(means) - reach, np.mean(means) + reach": "reach, reach"},
    ),
    ("compare_forecasts", "median of the blocks", {"return np.mean(means), ": "return np.median(means), "}),
    (
        "compare_forecasts",
        "relative to the rival",
        {
            "np.abs(forecast - true) - np.abs(rival - true)": "(np.abs(forecast - true) - np.abs(rival - true)) / np.mean(np.abs(rival - true) + 1e-9)"
        },
    ),
    (
        "compare_forecasts",
        "true changed in place",
        {"    differences =": "    true += 0.0 * forecast + 1e-12\n    differences ="},
    ),
    ("compare_forecasts", "rounded", {"return np.mean(means), ": "return round(float(np.mean(means)), 2), "}),
]

RIGHT = [
    ("embedding_forward", "np.take", {"E[:, tokens]": "np.take(E, tokens, axis=1)"}),
    ("embedding_forward", "by transposing", {"E[:, tokens]": "np.moveaxis(E.T[tokens], 2, 0)"}),
    (
        "embedding_forward",
        "with one-hot columns",
        {"E[:, tokens]": "np.einsum('kv,vmt->kmt', E, np.eye(E.shape[1])[:, tokens])"},
    ),
    (
        "embedding_forward",
        "by loops",
        """
def embedding_forward(tokens, E):
    m, T_x = tokens.shape
    x = np.empty((E.shape[0], m, T_x))
    for i in range(m):
        for t in range(T_x):
            x[:, i, t] = E[:, tokens[i, t]]
    return x, (tokens, E)
""",
    ),
    (
        "embedding_backward",
        "by loops",
        """
def embedding_backward(dx, cache):
    tokens, E = cache
    dE = np.zeros_like(E)
    for i in range(tokens.shape[0]):
        for t in range(tokens.shape[1]):
            dE[:, tokens[i, t]] += dx[:, i, t]
    return dE
""",
    ),
    (
        "embedding_backward",
        "with one-hot columns",
        """
def embedding_backward(dx, cache):
    tokens, E = cache
    one_hot = np.eye(E.shape[1])[tokens.ravel()]
    return dx.reshape(len(dx), -1) @ one_hot
""",
    ),
    (
        "embedding_backward",
        "np.bincount",
        """
def embedding_backward(dx, cache):
    tokens, E = cache
    rows = [np.bincount(tokens.ravel(), weights=row.ravel(), minlength=E.shape[1]) for row in dx]
    return np.array(rows)
""",
    ),
    (
        "embedding_backward",
        "np.add.at on the transposed",
        {"np.add.at(dE, (slice(None), tokens), dx)": "np.add.at(dE.T, tokens, np.moveaxis(dx, 0, 2))"},
    ),
    (
        "dropout_forward",
        "booleans",
        {"np.where(rng.random(a.shape) >= p, 1.0, 0.0)": "rng.random(a.shape) >= p"},
    ),
    (
        "dropout_forward",
        "numbers in the cache are integers",
        {"1.0, 0.0)": "1, 0)", "np.ones(a.shape), 0.0": "np.ones(a.shape, dtype=int), 0"},
    ),
    ("dropout_forward", "a copy after training", {"return a, (np": "return a.copy(), (np"}),
    (
        "dropout_forward",
        "written into zeros",
        """
def dropout_forward(a, p, rng, training=True):
    if not training:
        p = 0.0
        kept = np.ones_like(a, dtype=bool)
    else:
        kept = ~(rng.random(a.shape) < p)
    out = np.zeros(a.shape)
    out[kept] = a[kept] * (1.0 / (1.0 - p))
    return out, (kept, p)
""",
    ),
    (
        "dropout_forward",
        "np.where",
        {"return kept * a / (1 - p)": "return np.where(kept == 1, a / (1 - p), 0)"},
    ),
    ("dropout_backward", "np.where", {"kept * dout / (1 - p)": "np.where(kept == 1, dout / (1 - p), 0.0)"}),
    ("dropout_backward", "factor first", {"kept * dout / (1 - p)": "dout * (kept * (1 / (1 - p)))"}),
    (
        "dropout_backward",
        "written into zeros",
        """
def dropout_backward(dout, cache):
    kept, p = cache
    da = np.zeros(dout.shape)
    da[kept == 1] = dout[kept == 1] / (1 - p)
    return da
""",
    ),
    (
        "batches_by_length",
        "with sorted",
        """
def batches_by_length(lengths, batch_size, rng):
    order = sorted(rng.permutation(len(lengths)), key=lambda i: lengths[i])
    batches = []
    while order:
        batches.append(np.array(order[:batch_size]))
        order = order[batch_size:]
    return [batches[k] for k in rng.permutation(len(batches))]
""",
    ),
    ("batches_by_length", "mergesort", {'kind="stable"': 'kind="mergesort"'}),
    (
        "batches_by_length",
        "np.split",
        {
            "[order[start : start + batch_size] for start in range(0, len(order), batch_size)]": "np.split(order, range(batch_size, len(order), batch_size))"
        },
    ),
    (
        "classify",
        "one sequence at a time",
        """
def classify(a, lengths, labels, parameters):
    Wya, by = parameters["Wya"], parameters["by"]
    n_a, m, T_x = a.shape
    loss, y_pred, da = 0.0, np.zeros((len(by), m)), np.zeros((n_a, m, T_x))
    dWya, dby = np.zeros_like(Wya), np.zeros_like(by)
    for i in range(m):
        t = int(lengths[i]) - 1
        state = a[:, i, t : t + 1]
        y = softmax(Wya @ state + by)
        y_pred[:, i] = y[:, 0]
        loss += -np.log(y[labels[i], 0]) / m
        one_hot = np.zeros_like(y)
        one_hot[labels[i]] = 1
        dz = (y - one_hot) / m
        dWya += dz @ state.T
        dby += dz
        da[:, i, t] = (Wya.T @ dz)[:, 0]
    return loss, y_pred, {"da": da, "dWya": dWya, "dby": dby}
""",
    ),
    (
        "classify",
        "np.mean",
        {"-np.sum(np.log(y_pred[labels, examples])) / m": "-np.mean(np.log(y_pred[labels, examples]))"},
    ),
    (
        "classify",
        "one-hot labels",
        {
            "    dz = y_pred.copy()\n    dz[labels, examples] -= 1\n": "    dz = y_pred - np.eye(len(y_pred))[:, labels]\n"
        },
    ),
    (
        "classify",
        "logarithm of the sum",
        {
            "-np.sum(np.log(y_pred[labels, examples])) / m": "np.mean(np.log(np.sum(np.exp(s - s.max(axis=0)), axis=0)) + s.max(axis=0) - s[labels, examples])",
            "    y_pred = softmax(": '    s = parameters["Wya"] @ last + parameters["by"]\n    y_pred = softmax(',
        },
    ),
    (
        "wilson_interval",
        "counts in place of shares",
        {
            "    return centre - reach, centre + reach": "    n = total\n    middle = (correct + z * z / 2) / (n + z * z)\n    width = z * np.sqrt(correct * (n - correct) / n + z * z / 4) / (n + z * z)\n    return middle - width, middle + width"
        },
    ),
    (
        "wilson_interval",
        "kept within 0 and 1, as a list",
        {
            "return centre - reach, centre + reach": "return [max(centre - reach, 0.0), min(centre + reach, 1.0)]"
        },
    ),
    (
        "wilson_interval",
        "roots of the quadratic equation",
        {
            "    return centre - reach, centre + reach": "    a, b, c = 1 + z**2 / total, -(2 * share + z**2 / total), share**2\n    root = np.sqrt(max(b * b - 4 * a * c, 0))\n    return (-b - root) / (2 * a), (-b + root) / (2 * a)"
        },
    ),
    (
        "forecast_pairs",
        "by loops",
        """
def forecast_pairs(series, ahead, known):
    mean = sum(series[:known]) / known
    deviation = (sum((v - mean) ** 2 for v in series[:known]) / known) ** 0.5
    n = len(series)
    x, y = np.zeros((1, 1, n - ahead)), np.zeros((1, 1, n - ahead))
    for t in range(n - ahead):
        x[0, 0, t] = (series[t] - mean) / deviation
        y[0, 0, t] = (series[t + ahead] - mean) / deviation
    return x, y, known - ahead, (float(mean), float(deviation))
""",
    ),
    (
        "forecast_pairs",
        "reshaped copies",
        {
            "x = scaled[np.newaxis, np.newaxis, :-ahead]": "x = scaled[: len(series) - ahead].reshape(1, 1, -1).copy()"
        },
    ),
    (
        "forecast_pairs",
        "a list, and an array without axes",
        {
            "return x, y, known - ahead, (mean, deviation)": "return [x, y, np.array(known - ahead), (mean, deviation)]"
        },
    ),
    (
        "forecast_pairs",
        "root of the variance",
        {"np.std(series[:known])": "np.sqrt(np.mean(np.square(series[:known] - np.mean(series[:known]))))"},
    ),
    (
        "truncated_backward",
        "a loop of its own",
        """
def truncated_backward(da, x, a, a0, parameters, k):
    Wax, Waa = parameters["Wax"], parameters["Waa"]
    dx, dWax, dWaa, dba = np.zeros(x.shape), np.zeros_like(Wax), np.zeros_like(Waa), np.zeros((len(Waa), 1))
    carried = np.zeros(a0.shape)
    for t in range(x.shape[2] - 1, -1, -1):
        if (t + 1) % k == 0:
            carried = np.zeros(a0.shape)
        d_pre = (1 - a[:, :, t] ** 2) * (da[:, :, t] + carried)
        before = a[:, :, t - 1] if t > 0 else a0
        dx[:, :, t] = Wax.T @ d_pre
        dWax += d_pre @ x[:, :, t].T
        dWaa += d_pre @ before.T
        dba += np.sum(d_pre, axis=1, keepdims=True)
        carried = Waa.T @ d_pre
    return {"dx": dx, "da0": carried, "dWax": dWax, "dWaa": dWaa, "dba": dba}
""",
    ),
    (
        "truncated_backward",
        "the last stretch first, states computed again",
        """
def truncated_backward(da, x, a, a0, parameters, k):
    a = rnn_forward(x, a0, parameters)
    found = []
    for start in reversed(range(0, x.shape[2], k)):
        stop = min(start + k, x.shape[2])
        before = a0 if start == 0 else a[:, :, start - 1]
        found.append(rnn_backward(da[:, :, start:stop], x[:, :, start:stop], a[:, :, start:stop], before, parameters))
    found.reverse()
    total = {name: sum(one[name] for one in found) for name in ("dWax", "dWaa", "dba")}
    return {"dx": np.concatenate([one["dx"] for one in found], axis=2), "da0": found[0]["da0"], **total}
""",
    ),
    (
        "truncated_backward",
        "more keys than asked for",
        {"    return gradients": '    return gradients | {"k": k}'},
    ),
    (
        "compare_forecasts",
        "by loops",
        """
def compare_forecasts(true, forecast, rival, block, factor):
    means = []
    start = 0
    while start + block <= len(true):
        total = 0.0
        for t in range(start, start + block):
            total += abs(forecast[t] - true[t]) - abs(rival[t] - true[t])
        means.append(total / block)
        start += block
    middle = sum(means) / len(means)
    squares = sum((d - middle) ** 2 for d in means)
    reach = factor * (squares / (len(means) * (len(means) - 1))) ** 0.5
    return middle, middle - reach, middle + reach
""",
    ),
    (
        "compare_forecasts",
        "two means, one for each forecast",
        {
            "means = np.mean(np.reshape(differences[: count * block], (count, block)), axis=1)": "mine, theirs = (np.abs(one - true)[: count * block].reshape(-1, block).mean(1) for one in (forecast, rival))\n    means = mine - theirs"
        },
    ),
    (
        "compare_forecasts",
        "a list, standard deviation of plain Python",
        {
            "np.std(means, ddof=1)": '__import__("statistics").stdev(means.tolist())',
            "return np.mean(means), np.mean(means) - reach, np.mean(means) + reach": "return [np.mean(means), np.mean(means) - reach, np.mean(means) + reach]",
        },
    ),
]
