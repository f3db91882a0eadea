"""Limits on the resources of one submission."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MEGABYTE: Final = 1 << 20


@dataclass(frozen=True)
class Limits:
    """Limits on the resources of one submission. Times in seconds, sizes in bytes."""

    wall_seconds: float = 10.0
    """For one cell, or one call of a student's function: of its own time, as all of these (see `patience`),
    which does not pass while the machine is busy with something else."""
    grade_cell_seconds: float = 30.0
    """For one grade cell: for all the calls that it makes together, and as much for the test itself."""
    total_seconds: float = 60.0
    """For a whole submission; exercises not reached by then are marked failed."""
    cpu_seconds: int = 60
    """CPU time of all processes of the submission together."""
    memory_bytes: int = 2048 * MEGABYTE
    """Of all processes of the submission together, and of the process that runs the grade cells."""
    processes: int = 1
    """How many a submission may have. With 1 it can start none, not even for commands such as `!ls`."""
    threads: int = 32
    """Of all its processes together."""
    file_bytes: int = 64 * MEGABYTE
    open_files: int = 128
    output_bytes: int = 1 * MEGABYTE
    """Text and figures that one cell may produce; the rest is cut off while it is produced."""
    scratch_bytes: int = 64 * MEGABYTE
    message_bytes: int = 32 * MEGABYTE
    """One message between the processes: the arguments or the results of one call."""
