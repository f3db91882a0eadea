"""CPU time of a command and of all processes that it starts, from an account that the kernel keeps.

The sum of `resource.getrusage` lacks processes that nobody waits for, such as the wardens and those in which
a submission meets the exam (their parents ignore SIGCHLD). A control group misses none.
"""

from __future__ import annotations

import os
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PLACES = (
    (Path("/sys/fs/cgroup/cpuacct"), "cpuacct.usage"),
    (Path("/sys/fs/cgroup/cpu,cpuacct"), "cpuacct.usage"),
    (Path("/sys/fs/cgroup"), "cpu.stat"),
)
"""Where control groups are on machines of version 1 and 2, and the file that counts."""


class Account:
    def __init__(self, folder: Path, file: str) -> None:
        self.folder = folder
        self._file = folder / file

    def join(self) -> None:
        """Count the calling process, and what it starts from now on: `preexec_fn=account.join`."""
        (self.folder / "cgroup.procs").write_text(str(os.getpid()))

    def seconds(self) -> float:
        """CPU seconds of all that were ever in it."""
        text = self._file.read_text()
        if self._file.name == "cpuacct.usage":
            return int(text) / 1e9
        return int(dict(line.split() for line in text.splitlines())["usage_usec"]) / 1e6


@contextmanager
def account() -> Iterator[Account]:
    """A new account. Ends the program where none can be made."""
    for place, file in PLACES:
        folder = place / f"benchmark-{uuid.uuid4().hex}"
        try:
            folder.mkdir()
        except OSError:
            continue
        if not (folder / file).exists():
            folder.rmdir()
            continue
        try:
            yield Account(folder, file)
        finally:
            # What a killed run has left behind keeps its group; the kernel removes neither.
            try:
                folder.rmdir()
            except OSError as error:
                print(f"{folder} is left ({error.strerror}).", file=sys.stderr)
        return
    sys.exit("CPU time is counted by control groups, which only root can make here: run this with sudo.")
