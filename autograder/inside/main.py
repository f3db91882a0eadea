"""The program inside the walls. Everything in this file runs on the student's side of the trust boundary.

Three kinds of processes, each forked from the one before it:

- The *fork server* has imported IPython, NumPy and what every notebook of the assignment imports. It never
  runs a student's code and knows nothing of any submission: it receives two sockets for each and forks.
- The *warden* of one submission watches what its processes use and kills them when the examiner says so (by
  closing a socket), when they use too much, or when it dies. It runs outside of the student's namespaces.
- The *student's process* is the first process in namespaces of its own, or is shut in by Landlock. It runs
  cells and answers calls until it is killed; when it dies, everything that it has started is killed.

Nothing that the student's process sends is believed by the other side to be more than plain values.
"""

from __future__ import annotations

import functools
import gc
import os
import random
import signal
import site
import socket
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

import numpy as np

from autograder.boundary.channel import Channel
from autograder.boundary.global_state import of_numpy, of_python
from autograder.boundary.linux import SCRATCH
from autograder.boundary.shell import NotebookShell
from autograder.inside.confinement import Confinement
from autograder.inside.warden import warden


def main(requests_fd: int, imports: Sequence[str], room: dict[str, Any] | None = None) -> NoReturn:
    """The fork server: each byte on its socket brings two sockets for one submission, and perhaps the
    descriptor by which one enters its control group.

    `room` is for walls by Landlock, see `Confinement`.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C at the terminal is for the examiner
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for wardens
    requests = socket.socket(fileno=requests_fd)
    site.sethelper()  # `help`, which Python leaves out when it starts without site-packages
    shell = NotebookShell.make(output_bytes=1 << 20)
    _warm_up(shell, imports)
    confinement = Confinement(room) if room is not None else None
    gc.collect()
    gc.freeze()  # collecting in a forked process would copy every page of what was imported here
    requests.send(b"!")
    while True:
        message, fds, _, _ = socket.recv_fds(requests, 1, 3)
        if not message:
            os._exit(0)
        if len(fds) >= 2 and os.fork() == 0:
            try:
                requests.close()
                control, status = (Channel(socket.socket(fileno=fd)) for fd in fds[:2])
                warden(shell, control, status, confinement, door=fds[2] if len(fds) > 2 else None)
            finally:
                os._exit(0)
        for fd in fds:
            os.close(fd)


def _warm_up(shell: NotebookShell, imports: Sequence[str]) -> None:
    """Do once what every notebook does: import, fail, draw. What is loaded here costs no student any time."""
    shell.run("import numpy as np\ndef f(): return 1 / 0\nf()")
    sys.path.insert(0, SCRATCH)
    for name in imports:
        _import_ahead(shell, name)
    sys.path.remove(SCRATCH)
    if "matplotlib.pyplot" in sys.modules:
        for magic in ("matplotlib", "time"):  # imported when asked for: the first asks for the second's class
            shell.find_line_magic(magic)  # type: ignore[no-untyped-call]
        shell.run("import matplotlib.pyplot as plt\nplt.plot([0, 1]); plt.title('$x$')\nplt.show()")
        parse_formulas_once()
    shell.reset()  # type: ignore[no-untyped-call]
    shell.execution_count = 1


def _import_ahead(shell: NotebookShell, name: str) -> None:
    """Import a module for all submissions, unless importing it seeds the global generators, draws from them,
    or tells NumPy what to do about errors: that has to happen when the student's code imports it."""
    states, loaded = (np.random.get_state(), random.getstate(), np.geterr()), set(sys.modules)
    before = of_numpy(), of_python(), np.geterr()
    # What cannot be imported fails in the student's cell, which shows why.
    shell.run(f"import {name}\n")
    if (of_numpy(), of_python(), np.geterr()) == before:
        return
    for new in set(sys.modules) - loaded:
        if (getattr(sys.modules[new], "__file__", None) or "").startswith(f"{SCRATCH}/"):
            del sys.modules[new]
    for_numpy, for_python, about_errors = states
    np.random.set_state(for_numpy)
    random.setstate(for_python)
    np.seterr(**about_errors)


def parse_formulas_once() -> None:
    """A figure that is saved with tight edges is drawn twice, by two renderers. Each has a parser of its own
    for formulas, and with it a memory of its own for what it has parsed, which is most of the work: let all
    share one."""
    agg: Any = sys.modules.get("matplotlib.backends.backend_agg")
    if hasattr(agg, "MathTextParser"):
        agg.MathTextParser = functools.cache(agg.MathTextParser)
