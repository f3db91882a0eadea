"""Wrong and unusual answers to 03-rnn-backward: (exercise, label, changed texts of the reference or a whole answer)."""

from __future__ import annotations

ASSIGNMENT = "03-rnn-backward"

WRONG = [
    ("rnn_cell_backward", "dba 1d", {", keepdims=True": ""}),
    ("rnn_cell_backward", "dWax T", {"d_pre @ xt.T": "xt @ d_pre.T"}),
    ("rnn_cell_backward", "key dx", {'"dxt"': '"dx"'}),
    (
        "rnn_cell_backward",
        "in place",
        {"(1 - a_next**2) * da_next": "(1 - a_next**2) * da_next; da_next *= 0"},
    ),
    (
        "rnn_cell_backward",
        "in place cache",
        {"d_pre = ": "a_next *= a_next; d_pre = ", "a_next**2": "a_next"},
    ),
    ("rnn_cell_backward", "sign", {"(1 - a_next**2) * da_next": "-(1 - a_next**2) * da_next"}),
    ("rnn_backward", "upstream dropped", {"da[:, :, t] + da_carried": "da_carried"}),
    ("rnn_backward", "T from x", {"n_a, m, T_x = da.shape": "n_a, m, _ = da.shape; T_x = x.shape[2]"}),
    ("rnn_backward", "dx full", {"np.zeros((n_x, m, T_x))": "np.zeros(x.shape)"}),
    ("rnn_backward", "carry twice", {"+ da_carried": "+ 2*da_carried"}),
]

RIGHT = [
    (
        "rnn_cell_backward",
        "np.dot, all parameters unpacked, one gradient per line",
        """def rnn_cell_backward(da_next, cache):
    state, before, inp, weights = cache
    W_in, W_rec, W_out = weights["Wax"], weights["Waa"], weights["Wya"]
    b_state, b_out = weights["ba"], weights["by"]
    inner = da_next - da_next * np.square(state)
    g = {}
    g["dxt"] = np.dot(W_in.T, inner)
    g["dWax"] = np.dot(inner, inp.T)
    g["da_prev"] = np.dot(W_rec.T, inner)
    g["dWaa"] = np.dot(inner, before.T)
    g["dba"] = inner.sum(axis=-1).reshape(-1, 1)
    return g
""",
    ),
    (
        "rnn_backward",
        "sizes from the first cache, sums kept in the result",
        """def rnn_backward(da, caches):
    steps, x = caches
    state, first, inp, weights = steps[0]
    sums = {"d" + k: np.zeros(weights[k].shape) for k in ("Wax", "Waa", "ba")}
    sums["dx"] = np.empty((inp.shape[0],) + da.shape[1:])
    sums["da0"] = np.zeros(first.shape)
    for t in range(da.shape[-1])[::-1]:
        g = rnn_cell_backward(sums["da0"] + da[:, :, t], steps[t])
        for k in ("dWax", "dWaa", "dba"):
            sums[k] += g[k]
        sums["dx"][:, :, t], sums["da0"] = g["dxt"], g["da_prev"]
    return sums
""",
    ),
    ("rnn_cell_backward", "einsum", {"d_pre @ xt.T": "np.einsum('am,xm->ax', d_pre, xt)"}),
    ("rnn_cell_backward", "extra key", {"return {": 'return {"dz": 0,'}),
    (
        "rnn_backward",
        "own math",
        """def rnn_backward(da, caches):
    cs, x = caches
    p = cs[0][3]; T = da.shape[2]
    carry = 0; g=[None]*T
    for t in range(T-1,-1,-1):
        z = (1-cs[t][0]**2)*(da[...,t]+carry); g[t]=z; carry=p["Waa"].T@z
    G=np.stack(g,axis=2); prev=np.stack([c[1] for c in cs[:T]],axis=2)
    return dict(dx=np.einsum('ax,amt->xmt',p["Wax"],G), da0=carry, dWax=np.einsum('amt,xmt->ax',G,x[:,:,:T]), dWaa=np.einsum('amt,bmt->ab',G,prev), dba=G.sum(axis=(1,2))[:,None])
""",
    ),
    (
        "rnn_cell_backward",
        "one product for both weight matrices, Fortran order",
        """def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    d_pre = np.asfortranarray(da_next * (1 + a_next) * (1 - a_next))
    both = d_pre @ np.concatenate((xt, a_prev)).T
    n_x = len(xt)
    back = np.concatenate((parameters["Wax"], parameters["Waa"]), axis=1).T @ d_pre
    return {"dxt": back[:n_x], "da_prev": back[n_x:], "dWax": both[:, :n_x], "dWaa": both[:, n_x:],
            "dba": d_pre.sum(axis=1).reshape(-1, 1)}
""",
    ),
    (
        "rnn_cell_backward",
        "loop over the batch",
        """def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, p = cache
    grads = {"dxt": np.zeros(xt.shape), "da_prev": np.zeros(a_prev.shape), "dWax": np.zeros(p["Wax"].shape),
             "dWaa": np.zeros(p["Waa"].shape), "dba": np.zeros(p["ba"].shape)}
    for i in range(xt.shape[1]):
        d = (1.0 - np.square(a_next[:, i])) * da_next[:, i]
        grads["dxt"][:, i] = d @ p["Wax"]
        grads["da_prev"][:, i] = d @ p["Waa"]
        grads["dWax"] += np.outer(d, xt[:, i])
        grads["dWaa"] += np.outer(d, a_prev[:, i])
        grads["dba"] += d[:, None]
    return grads
""",
    ),
]
