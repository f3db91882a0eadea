"""Wrong and unusual answers to 01-rnn-forward: (exercise, label, changed texts of the reference or a whole answer)."""

from __future__ import annotations

ASSIGNMENT = "01-rnn-forward"

WRONG = [
    (
        "rnn_cell_forward",
        "cache list",
        {"cache = (a_next, a_prev, xt, parameters)": "cache = [a_next, a_prev, xt, parameters]"},
    ),
    ("rnn_cell_forward", "none", {"return a_next, yt_pred, cache": "pass"}),
    ("rnn_cell_forward", "two", {"return a_next, yt_pred, cache": "return a_next, yt_pred"}),
    ("rnn_cell_forward", "list", {"return a_next, yt_pred, cache": "return a_next.tolist(), yt_pred, cache"}),
    (
        "rnn_cell_forward",
        "inplace a_prev",
        {"a_next = np.tanh": "a_prev *= 1.0; a_prev += 0; a_prev[:] = a_prev*2; a_next = np.tanh"},
    ),
    ("rnn_cell_forward", "inplace xt", {"cache = (": "xt *= 2; cache = ("}),
    (
        "rnn_cell_forward",
        "stub",
        """def rnn_cell_forward(xt,a_prev,parameters):
    raise NotImplementedError("x")
""",
    ),
    ("rnn_cell_forward", "global p", {'parameters["by"]': 'params["by"]'}),
    ("rnn_cell_forward", "ravel", {"+ ba": "+ ba.ravel()"}),
    ("rnn_forward", "caches list", {"(cell_caches, x)": "cell_caches"}),
    ("rnn_forward", "alias buffer", {"a_next = a0\n": "a_next = a0\n    x *= 1.5\n"}),
    ("rnn_forward", "m from 10", {"_, m, T_x = x.shape": "m = 10; T_x = 4"}),
    ("rnn_forward", "n_a=m", {"a = np.zeros((n_a, m, T_x))": "a = np.zeros((m, n_a, T_x))"}),
    (
        "rnn_forward",
        "int dtype",
        {"a = np.zeros((n_a, m, T_x))": "a = np.zeros((n_a, m, T_x), dtype=x.dtype)"},
    ),
]

RIGHT = [
    ("rnn_cell_forward", "einsum", {"Waa @ a_prev": "np.einsum('ij,jk->ik',Waa,a_prev)"}),
    (
        "rnn_cell_forward",
        "decorated",
        """import functools
def deco(f):
    def inner(*a): return f(*a)
    return inner
@deco
def rnn_cell_forward(xt: np.ndarray, a_prev, parameters):
    z=np.concatenate([parameters['Waa'],parameters['Wax']],1)@np.concatenate([a_prev,xt])+parameters['ba']
    a=np.tanh(z); y=np.exp((parameters['Wya']@a+parameters['by'])-np.max(parameters['Wya']@a+parameters['by'],axis=0)); y/=y.sum(axis=0)
    return a,y,(a,a_prev,xt,parameters)
""",
    ),
    (
        "rnn_cell_forward",
        "dot",
        {"np.tanh(Waa @ a_prev + Wax @ xt + ba)": "np.tanh(np.dot(Wax, xt) + np.dot(Waa, a_prev) + ba)"},
    ),
    (
        "rnn_forward",
        "states written first, predictions stored per step",
        """def rnn_forward(x, a0, parameters):
    n_x, batch, steps = x.shape
    n_y, units = parameters["Wya"].shape
    predictions = np.zeros((n_y, batch, steps))
    states = np.zeros((units, batch, steps))
    kept, state, t = [], a0, 0
    while t < steps:
        state, predictions[:, :, t], entry = rnn_cell_forward(x[:, :, t], state, parameters)
        states[:, :, t] = state
        kept = kept + [entry]
        t += 1
    return states, predictions, (kept, x)
""",
    ),
    (
        "rnn_forward",
        "stacked",
        """def rnn_forward(x, a0, parameters):
    s=[a0]; ys=[]; cs=[]
    for xt in np.moveaxis(x,2,0):
        a1,y1,c=rnn_cell_forward(xt,s[-1],parameters); s.append(a1); ys.append(y1); cs.append(c)
    return np.stack(s[1:],axis=2), np.stack(ys,axis=-1), (cs,x)
""",
    ),
    (
        "rnn_forward",
        "fortran",
        """def rnn_forward(x, a0, parameters):
    T=x.shape[-1]; a=np.empty(a0.shape+(T,),order='F'); y=np.empty((parameters['by'].shape[0],x.shape[1],T),order='F'); cs=[]
    prev=a0
    for t in range(T):
        a[...,t],y[...,t],c=rnn_cell_forward(x[...,t],prev,parameters); prev=a[...,t]; cs.append(c)
    return a,y,(cs,x)
""",
    ),
    (
        "rnn_cell_forward",
        "loop over the batch, helper function inside",
        """def rnn_cell_forward(xt, a_prev, parameters):
    def one(column_x, column_a):
        return np.tanh(parameters["Wax"].dot(column_x) + parameters["Waa"].dot(column_a) + parameters["ba"][:, 0])
    a_next = np.column_stack([one(xt[:, i], a_prev[:, i]) for i in range(xt.shape[1])])
    yt_pred = np.column_stack([softmax(parameters["Wya"].dot(a) + parameters["by"][:, 0]) for a in a_next.T])
    return a_next, yt_pred, (a_next, a_prev, xt, parameters)
""",
    ),
    (
        "rnn_cell_forward",
        "in place on buffers of its own",
        """def rnn_cell_forward(xt, a_prev, parameters):
    a_next = parameters["Waa"] @ a_prev
    a_next += parameters["Wax"] @ xt
    a_next += parameters["ba"]
    np.tanh(a_next, out=a_next)
    yt_pred = parameters["Wya"] @ a_next
    yt_pred += parameters["by"]
    yt_pred -= yt_pred.max(axis=0)
    np.exp(yt_pred, out=yt_pred)
    yt_pred /= yt_pred.sum(axis=0)
    return a_next, yt_pred, (a_next, a_prev, xt, parameters)
""",
    ),
    (
        "rnn_cell_forward",
        "type annotations, returns a list",
        """def rnn_cell_forward(xt: np.ndarray, a_prev: np.ndarray, parameters: dict[str, np.ndarray]) -> list:
    p = parameters
    a_next: np.ndarray = np.tanh(np.hstack((p["Wax"], p["Waa"])) @ np.vstack((xt, a_prev)) + p["ba"])
    return [a_next, softmax(p["Wya"] @ a_next + p["by"]), (a_next, a_prev, xt, p)]
""",
    ),
    (
        "rnn_forward",
        "recursion",
        """def rnn_forward(x, a0, parameters):
    def rest(t, state):
        if t == x.shape[2]:
            return []
        step = rnn_cell_forward(x[:, :, t], state, parameters)
        return [step, *rest(t + 1, step[0])]
    a, y_pred, caches = zip(*rest(0, a0))
    return np.dstack(a), np.dstack(y_pred), (list(caches), x)
""",
    ),
]
