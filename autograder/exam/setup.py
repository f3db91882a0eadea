"""The set-up cells of a master copy, run on the exam's side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from autograder.boundary.shell import NotebookShell
from autograder.exam.names import global_names
from autograder.sentences.catalogue import Finding, finding

_LONGEST: Final = 300
"""Characters of what an error says."""


def run_setup(
    shell: NotebookShell, cells: Sequence[tuple[str, bool]]
) -> tuple[dict[str, Any], dict[str, Finding]]:
    """Run the cells (source, whether it is read-only) of a notebook. Returns the names that are there
    then, and why others are not.

    As in a notebook, what stops does not keep the next cell from running: some cells show an error, or an
    example that is no Python at all. What a test misses of a read-only cell is named with the cell's error.
    """
    shell.reset()  # type: ignore[no-untyped-call]
    stopped: dict[str, Finding] = {}
    for source, is_locked in cells:
        _, error = shell.run(source)
        if error is not None and is_locked:
            text = str(error).strip().partition("\n")[0][:_LONGEST]
            why = finding("examiner.locked-cell-stopped", error=type(error).__name__, text=text)
            stopped |= dict.fromkeys(global_names(source)[0], why)
    namespace = dict(shell.user_ns)
    return namespace, {name: why for name, why in stopped.items() if name not in namespace}
