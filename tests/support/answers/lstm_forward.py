"""Wrong and unusual answers to 02-lstm-forward: (exercise, label, changed texts of the reference or a whole answer)."""

from __future__ import annotations

ASSIGNMENT = "02-lstm-forward"

WRONG = [
    (
        "lstm_cell_forward",
        "sigmoid for the prediction",
        {"softmax(Wy @ a_next + by)": "sigmoid(Wy @ a_next + by)"},
    ),
    ("lstm_cell_forward", "bias of the output gate missing", {" + bo": ""}),
    ("lstm_cell_forward", "bias of the forget gate missing", {" + bf": ""}),
    ("lstm_cell_forward", "bias of the candidate twice", {" + bc": " + 2 * bc"}),
    ("lstm_cell_forward", "candidate subtracted", {"ft * c_prev + it * cct": "ft * c_prev - it * cct"}),
    ("lstm_cell_forward", "update gate is one minus the forget gate", {"+ it * cct": "+ (1 - ft) * cct"}),
    ("lstm_cell_forward", "output gate with the weights of the forget gate", {"sigmoid(Wo": "sigmoid(Wf"}),
    (
        "lstm_cell_forward",
        "output gate twice in the cache",
        {"(a_next, c_next, a_prev, c_prev, ft, it, cct": "(a_next, c_next, a_prev, c_prev, ft, it, ot"},
    ),
    (
        "lstm_cell_forward",
        "gates swapped in the cache",
        {"ft, it, cct, ot, xt, parameters)": "it, ft, cct, ot, xt, parameters)"},
    ),
    (
        "lstm_cell_forward",
        "states swapped in the cache",
        {"(a_next, c_next, a_prev": "(c_next, a_next, a_prev"},
    ),
    (
        "lstm_cell_forward",
        "cache is a list",
        {
            "cache = (a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters)": "cache = [a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters]"
        },
    ),
    ("lstm_cell_forward", "parameters missing in the cache", {"xt, parameters)": "xt)"}),
    (
        "lstm_cell_forward",
        "hard-coded number of units",
        {
            "concat = np.concatenate((a_prev, xt), axis=0)": "concat = np.zeros((8, xt.shape[1])); concat[:5] = a_prev; concat[5:] = xt"
        },
    ),
    (
        "lstm_cell_forward",
        "hard-coded batch size",
        {
            "concat = np.concatenate((a_prev, xt), axis=0)": "concat = np.zeros((sum(Wf.shape) - Wf.shape[0], 10)); concat[:Wf.shape[0]] = a_prev; concat[Wf.shape[0]:] = xt"
        },
    ),
    (
        "lstm_cell_forward",
        "stack of the dtype of the input",
        {
            "concat = np.concatenate((a_prev, xt), axis=0)": "concat = np.zeros((a_prev.shape[0] + xt.shape[0], xt.shape[1]), dtype=xt.dtype); concat[:a_prev.shape[0]] = a_prev; concat[a_prev.shape[0]:] = xt"
        },
    ),
    ("lstm_cell_forward", "flat bias", {" + bf": " + bf.ravel()"}),
    (
        "lstm_cell_forward",
        "clipped state",
        {"c_next = ft * c_prev + it * cct": "c_next = np.clip(ft * c_prev + it * cct, -5, 5)"},
    ),
    (
        "lstm_cell_forward",
        "rounded gate",
        {"ft = sigmoid(Wf @ concat + bf)": "ft = np.round(sigmoid(Wf @ concat + bf), 3)"},
    ),
    (
        "lstm_cell_forward",
        "unfinished",
        """def lstm_cell_forward(xt, a_prev, c_prev, parameters):
    raise NotImplementedError('x')""",
    ),
    (
        "lstm_cell_forward",
        "returns nothing",
        """def lstm_cell_forward(xt, a_prev, c_prev, parameters):
    pass""",
    ),
    (
        "lstm_cell_forward",
        "weights from globals",
        {'Wf, Wi, Wc, Wo = parameters["Wf"], parameters["Wi"], parameters["Wc"], parameters["Wo"]': ""},
    ),
    ("lstm_cell_forward", "parameters changed", {"concat = ": 'parameters["n"] = 1\n    concat = '}),
    (
        "lstm_cell_forward",
        "output gate reads the new state",
        {
            "ot = sigmoid(Wo @ concat + bo)\n    c_next = ft * c_prev + it * cct": "c_next = ft * c_prev + it * cct\n    ot = sigmoid(Wo @ np.concatenate((np.tanh(c_next), xt)) + bo)"
        },
    ),
    (
        "lstm_cell_forward",
        "forget gate reads the cell state",
        {"ft = sigmoid(Wf @ concat + bf)": "ft = sigmoid(Wf @ concat + bf + 1e-3 * c_prev)"},
    ),
    (
        "lstm_forward",
        "reads slot being filled",
        {"x[:, :, t], a_next, c_next": "x[:, :, t], a[:, :, t], c_next"},
    ),
    (
        "lstm_forward",
        "reads the array at t - 1, also at the first step",
        {"x[:, :, t], a_next, c_next": "x[:, :, t], a[:, :, t - 1], c[:, :, t - 1]"},
    ),
    ("lstm_forward", "hard-coded number of steps", {"range(T_x)": "range(7)"}),
    ("lstm_forward", "caches without x", {"(cell_caches, x)": "cell_caches"}),
    ("lstm_forward", "caches as a list", {"(cell_caches, x)": "[cell_caches, x]"}),
    ("lstm_forward", "cell caches as a tuple", {"(cell_caches, x)": "(tuple(cell_caches), x)"}),
    ("lstm_forward", "x first in the caches", {"(cell_caches, x)": "(x, cell_caches)"}),
    ("lstm_forward", "parameters instead of x", {"(cell_caches, x)": "(cell_caches, parameters)"}),
    (
        "lstm_forward",
        "random initial cell state",
        {"c_next = np.zeros((n_a, m))": "c_next = np.random.randn(n_a, m)"},
    ),
    (
        "lstm_forward",
        "predictions from the cell state",
        {"y[:, :, t] = yt_pred": 'y[:, :, t] = softmax(parameters["Wy"] @ c_next + parameters["by"])'},
    ),
    ("lstm_forward", "stores the earlier states", {"a[:, :, t] = a_next": "a[:, :, t] = cache[2]"}),
    (
        "lstm_forward",
        "a0 changed in place",
        {
            "a_next = a0": "a_next = a0",
            "        a[:, :, t] = a_next\n": "        a0[:] = a_next\n        a[:, :, t] = a_next\n",
        },
    ),
    (
        "lstm_forward",
        "one buffer for all states",
        {
            "        a_next, c_next, yt_pred, cache = lstm_cell_forward(x[:, :, t], a_next, c_next, parameters)\n": "        an, cn, yt_pred, cache = lstm_cell_forward(x[:, :, t], a_next, c_next, parameters)\n        a_next = a_next.copy() if t == 0 else a_next\n        a_next[:] = an; c_next[:] = cn\n"
        },
    ),
    (
        "lstm_forward",
        "array of the dtype of the input",
        {"a = np.zeros((n_a, m, T_x))": "a = np.zeros((n_a, m, T_x), dtype=x.dtype)"},
    ),
    ("lstm_forward", "cell states as a list", {"return a, y, c, (": "return a, y, list(c), ("}),
    (
        "lstm_forward",
        "cell state kept between calls",
        {
            "def lstm_forward(x, a0, parameters):": "_c = {}\ndef lstm_forward(x, a0, parameters):",
            "c_next = np.zeros((n_a, m))": "c_next = _c.setdefault((n_a, m), np.zeros((n_a, m)))",
            "    return a, y": "    _c[(n_a, m)] = c_next\n    return a, y",
        },
    ),
]

RIGHT = [
    (
        "lstm_cell_forward",
        "copy of the parameters in the cache",
        {"xt, parameters)": "xt, dict(parameters))"},
    ),
    (
        "lstm_cell_forward",
        "own sigmoid and einsum",
        {
            "concat = ": "sigmoid = lambda z: 1 / (1 + np.exp(-z))\n    concat = ",
            "Wf @ concat": "np.einsum('ij,jm->im', Wf, concat)",
        },
    ),
    ("lstm_cell_forward", "stack by r_", {"np.concatenate((a_prev, xt), axis=0)": "np.r_[a_prev, xt]"}),
    (
        "lstm_cell_forward",
        "one product for all gates",
        """def lstm_cell_forward(xt, a_prev, c_prev, parameters):
    n_a = a_prev.shape[0]
    W = np.vstack([parameters["W" + g] for g in "fico"]); b = np.vstack([parameters["b" + g] for g in "fico"])
    z = W @ np.vstack([a_prev, xt]) + b
    zf, zi, zc, zo = np.split(z, 4)
    ft, it, ot, cct = sigmoid(zf), sigmoid(zi), sigmoid(zo), np.tanh(zc)
    c_next = ft * c_prev + it * cct
    a_next = ot * np.tanh(c_next)
    return a_next, c_next, softmax(parameters["Wy"] @ a_next + parameters["by"]), (a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters)
""",
    ),
    (
        "lstm_cell_forward",
        "loop over the batch",
        """def helper(W, b, v):
    return W.dot(v) + b[:, 0]
def lstm_cell_forward(xt, a_prev, c_prev, parameters):
    n_a, m = a_prev.shape
    res = {k: np.zeros((n_a, m)) for k in ("a","c","f","i","g","o")}
    y = np.zeros((parameters["Wy"].shape[0], m))
    for j in range(m):
        v = np.concatenate([a_prev[:, j], xt[:, j]])
        f, i, o = (1/(1+np.exp(-helper(parameters["W"+k], parameters["b"+k], v))) for k in "fio")
        g = np.tanh(helper(parameters["Wc"], parameters["bc"], v))
        c = f*c_prev[:, j] + i*g
        for k, val in zip("acfigo", (o*np.tanh(c), c, f, i, g, o)): res[k][:, j] = val
        s = helper(parameters["Wy"], parameters["by"], res["a"][:, j]); e = np.exp(s - s.max()); y[:, j] = e/e.sum()
    return res["a"], res["c"], y, (res["a"], res["c"], a_prev, c_prev, res["f"], res["i"], res["g"], res["o"], xt, parameters)
""",
    ),
    (
        "lstm_cell_forward",
        "stack filled in two slices",
        """def lstm_cell_forward(xt, a_prev, c_prev, parameters):
    units, features = a_prev.shape[0], xt.shape[0]
    stack = np.zeros((units + features, xt.shape[1]))
    stack[:units, :], stack[units:, :] = a_prev, xt
    ft, it, ot = (sigmoid(np.dot(parameters["W" + g], stack) + parameters["b" + g]) for g in "fio")
    cct = np.tanh(np.dot(parameters["Wc"], stack) + parameters["bc"])
    c_next = np.add(np.multiply(ft, c_prev), np.multiply(it, cct))
    a_next = np.multiply(np.tanh(c_next), ot)
    yt_pred = softmax(np.dot(parameters["Wy"], a_next) + parameters["by"])
    return a_next, c_next, yt_pred, (a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters)
""",
    ),
    (
        "lstm_forward",
        "stacked lists",
        """def lstm_forward(x, a0, parameters):
    hs, cs, ys, caches = [], [], [], []
    h, c = a0.copy(), 0 * a0
    for xt in np.moveaxis(x, 2, 0):
        h, c, y, cache = lstm_cell_forward(xt, h, c, parameters)
        hs.append(h); cs.append(c); ys.append(y); caches.append(cache)
    return np.stack(hs, -1), np.stack(ys, axis=2), np.dstack(cs), (caches, x)
""",
    ),
    (
        "lstm_forward",
        "zeros like the states",
        """def lstm_forward(x, a0, parameters):
    steps = x.shape[-1]
    a = np.repeat(np.zeros_like(a0)[:, :, None], steps, axis=2)
    c = a.copy()
    y = np.zeros(parameters["by"].shape[:1] + x.shape[1:])
    now, memory, kept = a0, np.zeros(a0.shape), []
    for t in range(steps):
        now, memory, y[..., t], cache = lstm_cell_forward(x[..., t], now, memory, parameters)
        a[..., t], c[..., t] = now, memory
        kept += [cache]
    return a, y, c, (kept, x)
""",
    ),
    (
        "lstm_forward",
        "states read back from slices",
        """def lstm_forward(x, a0, parameters):
    caches = []
    n_x, m, T_x = x.shape
    n_y, n_a = parameters['Wy'].shape
    a = np.zeros((n_a, m, T_x)); c = np.zeros((n_a, m, T_x)); y = np.zeros((n_y, m, T_x))
    a_next = a0
    c_next = np.zeros((n_a, m))
    for t in range(T_x):
        a[:,:,t], c[:,:,t], y[:,:,t], cache = lstm_cell_forward(x[:,:,t], a_next, c_next, parameters)
        a_next = a[:,:,t]; c_next = c[:,:,t]
        caches.append(cache)
    return a, y, c, (caches, x)
""",
    ),
]
