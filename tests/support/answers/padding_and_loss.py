"""Wrong and unusual answers to 05-padding-and-loss: (exercise, label, changed texts of the reference or an answer)."""

from __future__ import annotations

ASSIGNMENT = "05-padding-and-loss"

WRONG = [
    (
        "masked_rnn_cell_forward",
        "xt as given in the cache",
        """
def masked_rnn_cell_forward(xt, a_prev, parameters, mask_t=None):
    x = xt if mask_t is None else np.where(np.broadcast_to(mask_t, xt.shape) > 0, xt, 0)
    a = np.tanh(parameters["Wax"] @ x + parameters["Waa"] @ a_prev + parameters["ba"])
    if mask_t is not None:
        a = np.where(mask_t > 0, a, a_prev)
    return a, softmax(parameters["Wya"] @ a + parameters["by"]), (a, a_prev, xt, parameters, mask_t)
""",
    ),
    (
        "masked_lstm_cell_forward",
        "multiplied, xt as given in the cache",
        """
def masked_lstm_cell_forward(xt, a_prev, c_prev, parameters, mask_t=None):
    mt = np.ones((1, xt.shape[1])) if mask_t is None else mask_t
    x = np.where(mt == 1, xt, 0)
    concat = np.zeros((a_prev.shape[0] + xt.shape[0], xt.shape[1]))
    concat[:len(a_prev)] = a_prev; concat[len(a_prev):] = x
    p = parameters
    ft = sigmoid(p["Wf"] @ concat + p["bf"]); it = sigmoid(p["Wi"] @ concat + p["bi"]); ot = sigmoid(p["Wo"] @ concat + p["bo"])
    cct = np.tanh(p["Wc"] @ concat + p["bc"])
    c = ft * c_prev + it * cct
    a = ot * np.tanh(c)
    c_next = mt * c + (1 - mt) * c_prev; a_next = mt * a + (1 - mt) * a_prev
    return a_next, c_next, softmax(p["Wy"] @ a_next + p["by"]), (a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, p, mt)
""",
    ),
    (
        "masked_rnn_backward",
        "labels subtracted in place",
        {
            "    dz = np.where(real, y_pred - y_true, 0)": "    y_pred -= y_true\n    dz = np.where(real, y_pred, 0)"
        },
    ),
    (
        "masked_lstm_backward",
        "labels subtracted in place",
        {
            "    dz = np.where(real, y_pred - y_true, 0)": "    y_pred -= y_true\n    dz = np.where(real, y_pred, 0)"
        },
    ),
    (
        "masked_rnn_backward",
        "real tokens guessed from the labels",
        {
            "real = np.stack([is_real(mask_t, m)[0] for *_, mask_t in caches], axis=1)": "real = y_true.sum(axis=0) > 0"
        },
    ),
    (
        "masked_lstm_backward",
        "real tokens guessed from the labels",
        {
            "real = np.stack([is_real(mask_t, m)[0] for *_, mask_t in caches], axis=1)": "real = y_true.sum(axis=0) > 0"
        },
    ),
    (
        "masked_rnn_forward",
        "input cleaned in place",
        {
            "    for t in range(T_x):": "    if mask is not None:\n        x[:, mask.T == 0] = 0\n    for t in range(T_x):"
        },
    ),
    (
        "masked_rnn_forward",
        "stops at the longest sequence",
        {
            "    for t in range(T_x):": "    for t in range(T_x if mask is None else int(mask.sum(axis=0).max())):"
        },
    ),
    (
        "masked_lstm_forward",
        "stops at the longest sequence",
        {
            "    for t in range(T_x):": "    for t in range(T_x if mask is None else int(mask.sum(axis=0).max())):"
        },
    ),
    (
        "masked_rnn_cell_forward",
        "cache is a list",
        {
            "yt_pred, (a_next, a_prev, xt, parameters, mask_t)": "yt_pred, [a_next, a_prev, xt, parameters, mask_t]"
        },
    ),
    (
        "masked_rnn_backward",
        "only the last real step",
        {
            "dz = np.where(real,": "dz = np.where(real & (np.arange(T_x) == np.max(np.where(real, np.arange(T_x), -1), axis=1, keepdims=True)),"
        },
    ),
    ("pad_sequences", "max_len of one is refused", {"max_len <= 0": "max_len <= 1"}),
    (
        "pad_sequences",
        "cuts marked by the original length",
        {"mask[:length, i] = 1": "mask[:length, i] = 1 if sequence.shape[1] <= max_len else 0"},
    ),
    (
        "masked_lstm_cell_forward",
        "gate masked",
        {"c_next = np.where(real, c_cell, c_prev)": "c_next = ft * c_prev + np.where(real, it * cct, 0)"},
    ),
    (
        "masked_lstm_cell_backward",
        "output layer added",
        {
            "    return gradients": '    gradients["da_prev"] = gradients["da_prev"] + 0 * da_next + (1 - real) * dc_next\n    return gradients'
        },
    ),
    ("pad_sequences", "always float", {"dtype = np.result_type(*sequences, padding_value)": "dtype = float"}),
    (
        "pad_sequences",
        "dtype of first",
        {"dtype = np.result_type(*sequences, padding_value)": "dtype = sequences[0].dtype"},
    ),
    (
        "pad_sequences",
        "cut marked as last 0",
        {"mask[:length, i] = 1": "mask[:(length if sequence.shape[1]<=max_len else length-1), i] = 1"},
    ),
    (
        "pad_sequences",
        "mask from value",
        {"return padded, mask": "return padded, (padded != padding_value).any(axis=0).T.astype(float)"},
    ),
    (
        "pad_sequences",
        "no check empty",
        {
            '    if len(sequences) == 0:\n        raise ValueError("There is nothing to pad: the list of sequences is empty.")\n': ""
        },
    ),
    ("pad_sequences", "no check sizes", {"    if len(sizes) > 1:\n": "    if False:\n"}),
    ("pad_sequences", "no check max_len", {"elif max_len <= 0:": "elif False:"}),
    ("pad_sequences", "check max_len <0", {"elif max_len <= 0:": "elif max_len < 0:"}),
    ("pad_sequences", "max_len falsy", {"if max_len is None:": "if not max_len:"}),
    ("pad_sequences", "TypeError", {'raise ValueError(f"max_len': 'raise TypeError(f"max_len'}),
    ("pad_sequences", "assert instead", {'raise ValueError("There': 'raise AssertionError("There'}),
    (
        "pad_sequences",
        "ignores max_len longer",
        {
            'elif max_len <= 0:\n        raise ValueError(f"max_len has to be at least 1, but it is {max_len}.")': 'elif max_len <= 0:\n        raise ValueError(f"max_len has to be at least 1, but it is {max_len}.")\n    max_len = min(max_len, max(s.shape[1] for s in sequences))'
        },
    ),
    (
        "pad_sequences",
        "max_len = len of first",
        {"max(sequence.shape[1] for sequence in sequences)": "sequences[0].shape[1]"},
    ),
    ("pad_sequences", "layout m first", {"return padded, mask": "return padded.transpose(1,0,2), mask"}),
    (
        "pad_sequences",
        "float32",
        {
            "dtype = np.result_type(*sequences, padding_value)": 'dtype = np.result_type(*sequences, padding_value); dtype = np.float32 if dtype.kind=="f" else dtype'
        },
    ),
    (
        "pad_sequences",
        "ValueError without text",
        {'raise ValueError("There is nothing to pad: the list of sequences is empty.")': "raise ValueError"},
    ),
    (
        "compute_loss",
        "mask not transposed when square",
        {"mask.T == 1": "(mask if mask.shape[0]==mask.shape[1] else mask.T) == 1"},
    ),
    ("compute_loss", "clip 1e-15", {"1e-8": "1e-15"}),
    ("compute_loss", "clip 1e-5", {"1e-8": "1e-5"}),
    (
        "compute_loss",
        "binary ce",
        {
            "y_true * np.log(np.maximum(y_pred, 1e-8))": "(y_true * np.log(np.maximum(y_pred, 1e-8)) + (1-y_true)*np.log(np.maximum(1-y_pred,1e-8)))"
        },
    ),
    (
        "compute_loss",
        "clip in place",
        {"    cross_entropy": "    np.maximum(y_pred, 1e-8, out=y_pred)\n    cross_entropy"},
    ),
    ("compute_loss", "an array with one entry", {"return np.sum(": "return np.ones(1) * np.sum("}),
    (
        "compute_loss",
        "swap pred true",
        {"y_true * np.log(np.maximum(y_pred, 1e-8))": "y_pred * np.log(np.maximum(y_true, 1e-8))"},
    ),
    ("compute_loss", "nan_to_num", {"np.where(valid, cross_entropy, 0)": "np.nan_to_num(cross_entropy)"}),
    (
        "masked_rnn_cell_forward",
        "nan leaks by multiplication",
        {"xt = np.where(real, xt, 0)": "xt = xt * real"},
    ),
    (
        "masked_rnn_cell_forward",
        "nan leaks everything mult",
        {
            "    xt = np.where(real, xt, 0)\n": "",
            "np.where(real, a_cell, a_prev)": "real * a_cell + (1 - real) * a_prev",
        },
    ),
    ("masked_rnn_cell_forward", "input in place", {"xt = np.where(real, xt, 0)": "xt[:, ~real[0]] = 0"}),
    (
        "masked_rnn_cell_forward",
        "cannot do without a mask",
        {"real = is_real(mask_t, xt.shape[1])": "real = np.asarray(mask_t).reshape(1,-1) == 1"},
    ),
    (
        "masked_rnn_cell_forward",
        "cache without mask",
        {"(a_next, a_prev, xt, parameters, mask_t)\n    ###": "(a_next, a_prev, xt, parameters)\n    ###"},
    ),
    (
        "masked_rnn_cell_forward",
        "cache a_cell",
        {
            "(a_next, a_prev, xt, parameters, mask_t)\n    ###": "(a_cell, a_prev, xt, parameters, mask_t)\n    ###"
        },
    ),
    (
        "masked_rnn_cell_forward",
        "only all-or-nothing",
        {
            "np.where(real, a_cell, a_prev)": "a_cell if real.all() else np.where(real, a_cell, a_prev) if real.any() else a_cell"
        },
    ),
    (
        "masked_rnn_cell_forward",
        "mask zero input only",
        {"np.where(real, a_cell, a_prev)": "rnn_cell_forward(xt, np.where(real,a_prev,0), parameters)[0]"},
    ),
    (
        "masked_rnn_cell_forward",
        "a_prev in place",
        {"np.where(real, a_cell, a_prev)": "np.copyto(a_prev, a_cell, where=real) or a_prev"},
    ),
    (
        "masked_rnn_forward",
        "mask transposed",
        {"mask[t : t + 1]": "mask.T[t : t + 1] if mask.shape[0]==mask.shape[1] else mask[t:t+1]"},
    ),
    ("masked_rnn_forward", "mask reshape", {"mask[t : t + 1]": "mask.reshape(m, T_x)[:, t].reshape(1, m)"}),
    ("masked_rnn_forward", "caches tuple", {"return a, y_pred, caches": "return a, y_pred, (caches, x)"}),
    ("masked_rnn_forward", "cannot do without a mask", {"None if mask is None else mask": "mask"}),
    ("masked_rnn_forward", "shift mask", {"mask[t : t + 1]": "mask[max(t-1,0):max(t-1,0)+1]"}),
    (
        "masked_rnn_forward",
        "zeros y in padding",
        {
            "    return a, y_pred": "    y_pred = y_pred if mask is None else y_pred * mask.T\n    return a, y_pred"
        },
    ),
    (
        "masked_rnn_forward",
        "mask by step max only",
        {"mask[t : t + 1]": "np.full((1,m), float(mask[t].any()))"},
    ),
    (
        "masked_rnn_forward",
        "only the lengths are taken from the mask",
        {
            "    for t in range(T_x):": "    if mask is not None: mask = (np.arange(T_x)[:,None] < mask.sum(axis=0)).astype(float)\n    for t in range(T_x):"
        },
    ),
    (
        "masked_rnn_forward",
        "last cache repeated",
        {"    return a, y_pred, caches": "    return a, y_pred, [cache]*T_x"},
    ),
    ("masked_rnn_cell_backward", "da_next missing", {"da_next + parameters": "0 * da_next + parameters"}),
    ("masked_rnn_cell_backward", "dby no keepdims", {"dz_t.sum(axis=1, keepdims=True)": "dz_t.sum(axis=1)"}),
    (
        "masked_rnn_cell_backward",
        "dby mean",
        {"dz_t.sum(axis=1, keepdims=True)": "dz_t.mean(axis=1, keepdims=True)"},
    ),
    ("masked_rnn_cell_backward", "dWya T", {"dz_t @ a_next.T": "(dz_t @ a_next.T).T"}),
    (
        "masked_rnn_cell_backward",
        "divide by m",
        {"np.where(real, da, 0), cache": "np.where(real, da, 0) / xt.shape[1], cache"},
    ),
    (
        "masked_rnn_cell_backward",
        "da in place",
        {'da = da_next + parameters["Wya"].T @ dz_t': 'da_next += parameters["Wya"].T @ dz_t; da = da_next'},
    ),
    (
        "masked_rnn_cell_backward",
        "missing dby",
        {'    gradients["dby"] = dz_t.sum(axis=1, keepdims=True)\n': ""},
    ),
    (
        "masked_rnn_cell_backward",
        "mask applied all or nothing",
        {
            "real = is_real(mask_t, xt.shape[1])": "real = np.full((1, xt.shape[1]), is_real(mask_t, xt.shape[1]).any())"
        },
    ),
    (
        "masked_rnn_backward",
        "transposed mask if square",
        {"    dz = np": "    real = real.T if m == T_x else real\n    dz = np"},
    ),
    ("masked_rnn_backward", "carry dropped", {'da_carried = step["da_prev"]': "pass"}),
    ("masked_rnn_backward", "da0 zero", {'"da0": da_carried': '"da0": 0 * da_carried'}),
    (
        "masked_rnn_backward",
        "carry masked",
        {'da_carried = step["da_prev"]': 'da_carried = step["da_prev"] * real[:, t]'},
    ),
    (
        "masked_rnn_backward",
        "skip wholly padded",
        {'da_carried = step["da_prev"]': 'da_carried = step["da_prev"] * real[:, t].any()'},
    ),
    ("masked_rnn_backward", "dx overwritten", {"dx[:, :, t]": "dx[:, :, 0]"}),
    ("masked_rnn_backward", "caches[0]", {"dz[:, :, t], caches[t]": "dz[:, :, t], caches[0]"}),
    (
        "masked_rnn_backward",
        "per-sequence mean",
        {"max(np.sum(real), 1)": "np.maximum(real.sum(axis=1, keepdims=True), 1) / m"},
    ),
    (
        "masked_rnn_backward",
        "da0 is the last dxt",
        {'{"dx": dx, "da0": da_carried': '{"dx": dx, "da0": step["dxt"]'},
    ),
    (
        "masked_rnn_backward",
        "dWya twice",
        {
            "            sums[key] += step[key]": '            sums[key] += step[key] * (2 if key == "dWya" else 1)'
        },
    ),
    (
        "masked_lstm_cell_forward",
        "a from masked c",
        {"np.where(real, a_cell, a_prev)": "ot * np.tanh(np.where(real, c_cell, c_prev))"},
    ),
    ("masked_lstm_cell_forward", "pred from c", {'parameters["Wy"] @ a_next': 'parameters["Wy"] @ c_next'}),
    ("masked_lstm_cell_forward", "c zero", {"np.where(real, c_cell, c_prev)": "np.where(real, c_cell, 0)"}),
    (
        "masked_lstm_cell_forward",
        "swap f i in cache",
        {
            "c_prev, ft, it, cct, ot, xt, parameters, mask_t)\n    return": "c_prev, it, ft, cct, ot, xt, parameters, mask_t)\n    return"
        },
    ),
    (
        "masked_lstm_cell_forward",
        "cache 10",
        {"xt, parameters, mask_t)\n    return": "xt, parameters)\n    return"},
    ),
    ("masked_lstm_cell_forward", "cache c_cell", {"cache = (a_next, c_next": "cache = (a_next, c_cell"}),
    (
        "masked_lstm_cell_forward",
        "NaN multiplied by zero",
        {
            "xt = np.where(real, xt, 0)": "xt = xt * real",
            "np.where(real, a_cell, a_prev)": "real*a_cell+(1-real)*a_prev",
        },
    ),
    (
        "masked_lstm_cell_forward",
        "returned in another order",
        {"return a_next, c_next, yt": "return c_next, a_next, yt"},
    ),
    (
        "masked_lstm_cell_forward",
        "cannot do without a mask",
        {"real = is_real(mask_t, xt.shape[1])": "real = np.asarray(mask_t).reshape(1,-1) == 1"},
    ),
    ("masked_lstm_forward", "order a y c", {"return a, c, y_pred": "return a, y_pred, c"}),
    ("masked_lstm_forward", "a and c are one array", {"c = np.zeros((n_a, m, T_x))": "c = a"}),
    ("masked_lstm_forward", "cannot do without a mask", {"None if mask is None else mask": "mask"}),
    (
        "masked_lstm_forward",
        "mask not transposed where m = T_x",
        {"mask[t : t + 1]": "(mask.T if m==T_x else mask)[t : t + 1]"},
    ),
    ("masked_lstm_forward", "c reset", {"xt, a_next, c_next": "xt, a_next, c0"}),
    ("masked_lstm_forward", "tuple caches", {"y_pred, caches\n    ###": "y_pred, (caches, x)\n    ###"}),
    (
        "masked_lstm_forward",
        "only the lengths are taken from the mask",
        {
            "    for t in range(T_x):": "    if mask is not None: mask = (np.arange(T_x)[:,None] < mask.sum(axis=0)).astype(float)\n    for t in range(T_x):"
        },
    ),
    (
        "masked_lstm_cell_backward",
        "a carry dropped",
        {'gradients["da_prev"] + np.where(real, 0, da_next)': 'real * gradients["da_prev"]'},
    ),
    ("masked_lstm_cell_backward", "da not masked in cell", {"np.where(real, da_next, 0)": "da_next"}),
    (
        "masked_lstm_cell_backward",
        "carries swapped",
        {"np.where(real, 0, dc_next)": "np.where(real, 0, da_next)"},
    ),
    (
        "masked_lstm_cell_backward",
        "mask inverted",
        {"real = is_real(mask_t, da_next.shape[1])": "real = ~is_real(mask_t, da_next.shape[1])"},
    ),
    ("masked_lstm_cell_backward", "dc dropped when real", {"np.where(real, dc_next, 0)": "0 * dc_next"}),
    ("masked_lstm_backward", "not normalised", {" / max(np.sum(real), 1)": ""}),
    (
        "masked_lstm_backward",
        "mask not transposed where m = T_x",
        {"    dz = np": "    real = real.T if m == T_x else real\n    dz = np"},
    ),
    (
        "masked_lstm_backward",
        "dc carry dropped",
        {'da_carried, dc_carried = step["da_prev"], step["dc_prev"]': 'da_carried = step["da_prev"]'},
    ),
    (
        "masked_lstm_backward",
        "carried gradients swapped",
        {
            'da_carried, dc_carried = step["da_prev"], step["dc_prev"]': 'dc_carried, da_carried = step["da_prev"], step["dc_prev"]'
        },
    ),
    ("masked_lstm_backward", "dWy overwrite", {'sums["dWy"] +=': 'sums["dWy"] ='}),
    ("masked_lstm_backward", "dby overwrite", {'sums["dby"] +=': 'sums["dby"] ='}),
    ("masked_lstm_backward", "dc0 missing", {'"dc0": dc_carried, ': ""}),
    ("masked_lstm_backward", "dc0 zero", {'"dc0": dc_carried': '"dc0": 0 * dc_carried'}),
    (
        "masked_lstm_backward",
        "carry masked",
        {
            'da_carried, dc_carried = step["da_prev"], step["dc_prev"]': 'da_carried, dc_carried = step["da_prev"] * real[:, t], step["dc_prev"] * real[:, t]'
        },
    ),
    ("masked_lstm_backward", "forward loop", {"reversed(range(T_x))": "range(T_x)"}),
    (
        "masked_lstm_backward",
        "dby summed over everything",
        {"dz_t.sum(axis=1, keepdims=True)": "dz_t.sum(keepdims=True)"},
    ),
]

RIGHT = [
    (
        "pad_sequences",
        "loop",
        """
def pad_sequences(sequences, max_len=None, padding_value=0):
    if not sequences:
        raise ValueError("empty list of sequences")
    n = sequences[0].shape[0]
    for s in sequences:
        if s.shape[0] != n:
            raise ValueError("sequences must share embedding_size")
    if max_len is not None and max_len < 1:
        raise ValueError("max_len must be positive")
    T = max([s.shape[1] for s in sequences]) if max_len is None else max_len
    dt = np.result_type(*[s.dtype for s in sequences], np.array(padding_value).dtype)
    out = np.ones((n, len(sequences), T), dtype=dt) * padding_value
    out = out.astype(dt)
    mask = np.zeros((T, len(sequences)), dtype=int)
    for j, s in enumerate(sequences):
        for t in range(T):
            if t < s.shape[1]:
                out[:, j, t] = s[:, t]
                mask[t, j] = 1
    return out, mask
""",
    ),
    (
        "pad_sequences",
        "np.pad stack",
        """
def pad_sequences(sequences, max_len=None, padding_value=0):
    if len(sequences) == 0:
        raise ValueError("No sequences.")
    if len({s.shape[0] for s in sequences}) != 1:
        raise ValueError("Different embedding sizes.")
    if max_len is None:
        max_len = max(s.shape[1] for s in sequences)
    if max_len <= 0:
        raise ValueError("max_len is not positive.")
    kinds = [s.dtype for s in sequences]
    if any(k.kind == "f" for k in kinds) or isinstance(padding_value, float):
        kind = float
    else:
        kind = int
    cols, masks = [], []
    for s in sequences:
        s = s[:, :max_len].astype(kind)
        cols.append(np.pad(s, ((0, 0), (0, max_len - s.shape[1])), constant_values=padding_value))
        masks.append([1.0] * s.shape[1] + [0.0] * (max_len - s.shape[1]))
    return np.stack(cols, axis=1), np.array(masks).T
""",
    ),
    (
        "pad_sequences",
        "bool mask, list return",
        """
def pad_sequences(sequences, max_len=None, padding_value=0):
    if len(sequences) == 0:
        raise ValueError("sequences must not be empty")
    if max_len is not None and max_len <= 0:
        raise ValueError("max_len must be a positive integer, got %r" % (max_len,))
    sizes = [s.shape[0] for s in sequences]
    if min(sizes) != max(sizes):
        raise ValueError("all sequences must have the same embedding_size")
    lens = np.array([s.shape[1] for s in sequences])
    if max_len is None: max_len = int(lens.max())
    padded = np.empty((sizes[0], len(sequences), max_len), dtype=np.result_type(padding_value, *sequences))
    padded[...] = padding_value
    mask = np.arange(max_len)[:, None] < lens
    for i, s in enumerate(sequences):
        k = min(lens[i], max_len)
        padded[:, i, :k] = s[:, :k]
    return padded, mask.astype(np.float32)
""",
    ),
    (
        "compute_loss",
        "loops",
        """
def compute_loss(y_pred, y_true, mask=None):
    n_y, m, T = y_pred.shape
    total, count = 0.0, 0
    for i in range(m):
        for t in range(T):
            if mask is None or mask[t, i]:
                count += 1
                for k in range(n_y):
                    total -= y_true[k, i, t] * np.log(max(y_pred[k, i, t], 1e-8))
    return total / count if count else 0.0
""",
    ),
    (
        "compute_loss",
        "einsum clip both",
        """
def compute_loss(y_pred, y_true, mask=None):
    m, T = y_pred.shape[1:]
    if mask is None:
        mask = np.ones((T, m))
    n = mask.sum()
    if n == 0:
        return 0
    keep = (mask.T > 0)[None]
    p = np.clip(np.where(keep, y_pred, 1.0), 1e-8, 1 - 1e-8)
    q = np.where(keep, y_true, 0.0)
    return float(-np.einsum("kmt,kmt->", q, np.log(p)) / n)
""",
    ),
    (
        "compute_loss",
        "boolean index",
        """
def compute_loss(y_pred, y_true, mask=None):
    p, q = y_pred.transpose(2, 1, 0), y_true.transpose(2, 1, 0)
    if mask is not None:
        p, q = p[mask.astype(bool)], q[mask.astype(bool)]
    else:
        p, q = p.reshape(-1, p.shape[-1]), q.reshape(-1, q.shape[-1])
    if len(p) == 0:
        return 0.0
    return -(q * np.log(np.clip(p, 1e-8, None))).sum(axis=1).mean()
""",
    ),
    (
        "masked_rnn_cell_forward",
        "multiply",
        """
def masked_rnn_cell_forward(xt, a_prev, parameters, mask_t=None):
    Wax, Waa, Wya, ba, by = [parameters[k] for k in ("Wax", "Waa", "Wya", "ba", "by")]
    if mask_t is None:
        mask_t = np.ones((1, xt.shape[1]))
    xt = np.where(mask_t == 1, xt, 0.0)
    a = np.tanh(np.dot(Wax, xt) + np.dot(Waa, a_prev) + ba)
    a_next = mask_t * a + (1 - mask_t) * a_prev
    return a_next, softmax(np.dot(Wya, a_next) + by), (a_next, a_prev, xt, parameters, mask_t)
""",
    ),
    (
        "masked_rnn_cell_forward",
        "columns loop",
        """
def masked_rnn_cell_forward(xt, a_prev, parameters, mask_t=None):
    a_next = np.array(a_prev, dtype=float)
    x = np.zeros(xt.shape)
    for i in range(xt.shape[1]):
        if mask_t is None or mask_t[0, i] == 1:
            x[:, i] = xt[:, i]
            a_next[:, i:i+1] = np.tanh(parameters["Wax"] @ x[:, i:i+1] + parameters["Waa"] @ a_prev[:, i:i+1] + parameters["ba"])
    return a_next, softmax(parameters["Wya"] @ a_next + parameters["by"]), (a_next, a_prev, x, parameters, mask_t)
""",
    ),
    (
        "masked_rnn_forward",
        "stack, ones",
        """
def masked_rnn_forward(x, a0, parameters, mask=None):
    T = x.shape[2]
    mask = np.ones((T, x.shape[1])) if mask is None else mask
    a, y, caches = [], [], []
    state = a0
    for t in range(T):
        state, yt, cache = masked_rnn_cell_forward(x[:, :, t], state, parameters, mask[t].reshape(1, -1))
        a.append(state); y.append(yt); caches.append(cache)
    return np.stack(a, axis=2), np.stack(y, axis=2), caches
""",
    ),
    (
        "masked_rnn_cell_backward",
        "explicit",
        """
def masked_rnn_cell_backward(da_next, dz_t, cache):
    a_next, a_prev, xt, parameters, mask_t = cache
    if mask_t is None: mask_t = 1.0
    da = da_next + np.dot(parameters["Wya"].T, dz_t)
    d = mask_t * da * (1 - a_next ** 2)
    return dict(dxt=np.dot(parameters["Wax"].T, d), da_prev=np.dot(parameters["Waa"].T, d) + (1 - mask_t) * da,
        dWax=np.dot(d, xt.T), dWaa=np.dot(d, a_prev.T), dba=np.sum(d, axis=1, keepdims=True),
        dWya=np.dot(dz_t, a_next.T), dby=np.sum(dz_t, axis=1, keepdims=True), extra=1)
""",
    ),
    (
        "masked_rnn_cell_backward",
        "recompute a~",
        """
def masked_rnn_cell_backward(da_next, dz_t, cache):
    a_next, a_prev, xt, p, mask_t = cache
    real = np.broadcast_to(np.asarray(1 if mask_t is None else mask_t, dtype=bool), (1, xt.shape[1]))
    x = np.where(real, xt, 0)
    cell = np.tanh(p["Wax"] @ x + p["Waa"] @ a_prev + p["ba"])
    da = p["Wya"].T @ dz_t
    da += da_next
    d = np.where(real, da * (1 - cell * cell), 0)
    return {"dxt": np.where(real, p["Wax"].T @ d, 0), "da_prev": p["Waa"].T @ d + da * ~real, "dWax": np.einsum("ai,xi->ax", d, x),
      "dWaa": d @ a_prev.T, "dba": d.sum(1)[:, None], "dWya": dz_t @ a_next.T, "dby": dz_t.sum(1).reshape(-1, 1)}
""",
    ),
    (
        "masked_rnn_backward",
        "sums started by the first step",
        """
def masked_rnn_backward(y_pred, y_true, caches):
    n_y, m, T = y_pred.shape
    mask = np.concatenate([np.ones((1, m)) if c[4] is None else c[4] for c in caches], axis=0)
    N = mask.sum()
    keep = mask.T[np.newaxis] == 1
    dz = np.where(keep, y_pred - y_true, 0.0) / N if N > 0 else np.zeros_like(y_pred)
    g = {}
    da = np.zeros(caches[0][1].shape)
    dx = [None] * T
    for t in range(T - 1, -1, -1):
        s = masked_rnn_cell_backward(da, dz[:, :, t], caches[t])
        dx[t] = s.pop("dxt"); da = s.pop("da_prev")
        for k, v in s.items():
            g[k] = g[k] + v if k in g else v.copy()
    return {"dx": np.stack(dx, axis=2), "da0": da, **g}
""",
    ),
    (
        "masked_rnn_backward",
        "eps in denominator",
        """
def masked_rnn_backward(y_pred, y_true, caches):
    n_y, m, T = y_pred.shape
    n_a = caches[0][0].shape[0]; n_x = caches[0][2].shape[0]; p = caches[0][3]
    mask = np.vstack([np.ones((1, m)) if c[4] is None else c[4] for c in caches])
    valid = np.sum(mask)
    out = {"dx": np.zeros((n_x, m, T)), "da0": np.zeros((n_a, m))}
    for k in ("Wax", "Waa", "ba", "Wya", "by"): out["d" + k] = np.zeros(p[k].shape)
    da = np.zeros((n_a, m))
    for t in reversed(range(T)):
        dz = np.where(mask[t] == 1, y_pred[:, :, t] - y_true[:, :, t], 0) / (valid + 1e-8)
        s = masked_rnn_cell_backward(da, dz, caches[t])
        out["dx"][:, :, t] = s["dxt"]; da = s["da_prev"]
        for k in ("dWax", "dWaa", "dba", "dWya", "dby"): out[k] += s[k]
    out["da0"] = da
    return out
""",
    ),
    (
        "masked_lstm_cell_forward",
        "stacked matmul, loops zero gates",
        """
def masked_lstm_cell_forward(xt, a_prev, c_prev, parameters, mask_t=None):
    n_a, m = a_prev.shape
    real = np.ones(m, bool) if mask_t is None else mask_t[0] == 1
    x = np.zeros(xt.shape); x[:, real] = xt[:, real]
    W = np.vstack([parameters["W" + k] for k in "fico"]); b = np.vstack([parameters["b" + k] for k in "fico"])
    z = W @ np.vstack([a_prev, x]) + b
    z[:, ~real] = 0
    f, i, o = sigmoid(z[:n_a]), sigmoid(z[n_a:2*n_a]), sigmoid(z[3*n_a:])
    cc = np.tanh(z[2*n_a:3*n_a])
    c_next, a_next = np.array(c_prev, float), np.array(a_prev, float)
    c_next[:, real] = (f * c_prev + i * cc)[:, real]
    a_next[:, real] = (o * np.tanh(c_next))[:, real]
    return a_next, c_next, softmax(parameters["Wy"] @ a_next + parameters["by"]), (a_next, c_next, a_prev, c_prev, f, i, cc, o, x, parameters, mask_t)
""",
    ),
    (
        "masked_lstm_forward",
        "ones",
        """
def masked_lstm_forward(x, a0, c0, parameters, mask=None):
    T = x.shape[2]
    mask = np.ones((T, x.shape[1])) if mask is None else mask
    a = np.zeros((*a0.shape, T)); c = np.zeros_like(a); y = np.zeros((parameters["by"].shape[0], x.shape[1], T)); caches = []
    ap, cp = a0.copy(), c0.copy()
    for t in range(T):
        ap, cp, y[..., t], k = masked_lstm_cell_forward(x[..., t], ap, cp, parameters, mask[t][None, :])
        a[..., t], c[..., t] = ap, cp
        caches.append(k)
    return a, c, y, caches
""",
    ),
    (
        "masked_lstm_cell_backward",
        "explicit",
        """
def masked_lstm_cell_backward(da_next, dc_next, cache):
    a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, p, mt = cache
    n_a = a_next.shape[0]
    mt = 1.0 if mt is None else mt
    tc = np.tanh(c_next)
    da = mt * da_next
    dc = mt * dc_next + da * ot * (1 - tc ** 2)
    dot = da * tc * ot * (1 - ot); dcct = dc * it * (1 - cct ** 2); dit = dc * cct * it * (1 - it); dft = dc * c_prev * ft * (1 - ft)
    cat = np.concatenate((a_prev, xt), axis=0)
    g = {}
    for k, d in zip("fico", (dft, dit, dcct, dot)):
        g["dW" + k] = np.dot(d, cat.T); g["db" + k] = np.sum(d, axis=1, keepdims=True)
    g["da_prev"] = p["Wf"][:, :n_a].T @ dft + p["Wi"][:, :n_a].T @ dit + p["Wc"][:, :n_a].T @ dcct + p["Wo"][:, :n_a].T @ dot + (1 - mt) * da_next
    g["dxt"] = p["Wf"][:, n_a:].T @ dft + p["Wi"][:, n_a:].T @ dit + p["Wc"][:, n_a:].T @ dcct + p["Wo"][:, n_a:].T @ dot
    g["dc_prev"] = dc * ft + (1 - mt) * dc_next
    return g
""",
    ),
    (
        "masked_lstm_backward",
        "dW via einsum at once",
        """
def masked_lstm_backward(y_pred, y_true, caches):
    n_y, m, T = y_pred.shape
    mask = np.vstack([np.ones((1, m)) if c[-1] is None else c[-1] for c in caches])
    N = max(1, mask.sum())
    dz = np.where((mask.T == 1)[None], y_pred - y_true, 0) / N
    a = np.stack([c[0] for c in caches], axis=2)
    p = caches[0][9]
    n_a = a.shape[0]
    out = {"dWy": np.einsum("kmt,amt->ka", dz, a), "dby": dz.sum(axis=(1, 2)).reshape(-1, 1), "dx": np.zeros((caches[0][8].shape[0], m, T))}
    for k in "fico":
        out["dW" + k] = 0; out["db" + k] = 0
    da, dc = np.zeros((n_a, m)), np.zeros((n_a, m))
    for t in range(T)[::-1]:
        g = masked_lstm_cell_backward(p["Wy"].T @ dz[:, :, t] + da, dc, caches[t])
        da, dc = g["da_prev"], g["dc_prev"]
        out["dx"][:, :, t] = g["dxt"]
        for k in "fico":
            out["dW" + k] = out["dW" + k] + g["dW" + k]; out["db" + k] = out["db" + k] + g["db" + k]
    out["da0"], out["dc0"] = da, dc
    return out
""",
    ),
    (
        "compute_loss",
        "squeezed",
        """
def compute_loss(y_pred, y_true, mask=None):
    ### BEGIN SOLUTION
    cross_entropy = -np.sum(y_true * np.log(np.maximum(y_pred, 1e-8)), axis=0)
    valid = np.ones(cross_entropy.shape, dtype=bool) if mask is None else mask.T == 1
    return np.squeeze(np.sum(np.where(valid, cross_entropy, 0)) / max(np.sum(valid), 1))
    ### END SOLUTION
""",
    ),
    (
        "masked_rnn_backward",
        "steps without a real example skipped",
        """
def masked_rnn_backward(y_pred, y_true, caches):
    ### BEGIN SOLUTION
    _, m, T_x = y_pred.shape
    real = np.stack([is_real(mask_t, m)[0] for *_, mask_t in caches], axis=1)
    dz = np.where(real, y_pred - y_true, 0) / max(np.sum(real), 1)
    a_last, _, xt, parameters, _ = caches[-1]
    dx = np.zeros((len(xt), m, T_x))
    da_carried = np.zeros_like(a_last)
    sums = {"d" + name: np.zeros_like(parameters[name]) for name in ("Wax", "Waa", "ba", "Wya", "by")}
    for t in reversed(range(T_x)):
        if not real[:, t].any():
            continue
        step = masked_rnn_cell_backward(da_carried, dz[:, :, t], caches[t])
        dx[:, :, t] = step["dxt"]
        da_carried = step["da_prev"]
        for key in sums:
            sums[key] += step[key]
    return {"dx": dx, "da0": da_carried, **sums}
    ### END SOLUTION
""",
    ),
]
