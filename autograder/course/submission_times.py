"""Where the time of a submission may come from; the command line knows it without loading anything."""

from __future__ import annotations

from typing import Final, Literal, get_args

SubmissionTime = Literal["gradebook", "timestamp.txt", "modified", "none"]
"""Where the time of submission comes from: what the gradebook says already (so that nothing in a submission
can move it), the file `timestamp.txt` that nbgrader's exchange puts into a submission and that a student can
write, the latest modification of a notebook, or nowhere: times in the gradebook are then taken back."""

SUBMISSION_TIMES: Final[tuple[SubmissionTime, ...]] = get_args(SubmissionTime)
