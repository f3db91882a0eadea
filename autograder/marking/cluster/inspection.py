"""Looks at the workers of a cluster: their machines and versions, and whether their walls hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgpack

from autograder.errors import UsageError
from autograder.marking.cluster import node, worker
from autograder.marking.cluster.connection import joined
from autograder.text import show


def inspect(place: str) -> Iterator[tuple[bool, list[str]]]:
    """For each worker of a scheduler, by address: whether it can examine for this machine with all walls
    holding, and lines that say so.

    Raises UsageError if there is no scheduler, or no worker.
    """
    with joined(place) as client:
        answers: dict[str, Any] = client.run(worker.doctor, on_error="return")
    if not answers:
        raise UsageError(
            "The scheduler has no worker. Start some (`dask worker`), and run the command again."
        )
    for address in sorted(answers):
        yield _told(address, answers[address])


def _told(address: str, answer: Any) -> tuple[bool, list[str]]:
    if not isinstance(answer, bytes):
        said = f"{type(answer).__name__}: {show(answer)}"
        return False, [
            f"{show(address)}: it cannot be asked ({said}). The same version of the autograder has to be"
            " installed there."
        ]
    host, theirs, code, lines = msgpack.unpackb(answer)
    about = ", ".join(f"{what} {value}" for what, value in theirs.items())
    ours = node.surroundings()
    others = [
        f"  It has another {what} than this machine ({theirs.get(what)!s:.20} instead of {value}), and gets"
        " nothing to examine."
        for what, value in ours.items()
        if theirs.get(what) != value
    ]
    # The last two lines say which walls are used and how many hold; above stands what fails.
    failing = [f"  {show(line, 300)}" for line in lines[:-2] if line.startswith("FAILS")] if code else []
    ends = [f"  {show(line, 300)}" for line in lines[-2:]]
    return code == 0 and not others, [
        f"{show(host)} ({show(address)}): {show(about)}",
        *others,
        *failing,
        *ends,
    ]
