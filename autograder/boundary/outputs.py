"""The outputs of a cell, collected up to a limit, and kept where they outlive the process."""

from __future__ import annotations

import io
import json
import mmap
import struct
from collections.abc import Callable
from typing import Any

Output = dict[str, Any]
"""An output as in a notebook file: `output_type` and what belongs to it."""


class Outputs:
    """Collects what a cell shows, up to a number of bytes: the rest is dropped while it is produced."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.entries: list[Output] = []
        self.is_secret: Callable[[], bool] | None = None
        """Asked about everything that is shown; what is secret gets an entry `secret`."""
        self.journal: Journal | None = None
        self._used = 0
        self._parts: list[str] = []

    def stream(self, name: str, text: str) -> None:
        """Text on the stream of this name, as far as there is room."""
        if not (text := self._fit(text)):
            return
        entry: Output = self._tagged({"output_type": "stream", "name": name, "text": ""})
        if not self._parts or self.entries[-1] != entry:
            self._flush()
            self.entries.append(entry)
        self._parts.append(text)
        if self.journal is not None:
            self.journal.add(entry | {"text": text})

    def add(self, entry: Output, size: int) -> None:
        """An output of so many bytes, if there is room."""
        self._flush()
        if self._used + size > self.limit:
            self._cut()
        else:
            self._used += size
            self.entries.append(self._tagged(entry))
            if self.journal is not None:
                self.journal.add(entry)

    def clear(self) -> None:
        """Drop what was shown; what it took of the limit stays used."""
        self.entries, self._parts = [], []
        if self.journal is not None:
            self.journal.clear()

    def take(self) -> list[Output]:
        """Everything collected so far; starts anew."""
        self._flush()
        taken, self.entries, self._used = self.entries, [], 0
        if self.journal is not None:
            self.journal.clear()
        return taken

    def _tagged(self, entry: Output) -> Output:
        return entry | {"secret": True} if self.is_secret is not None and self.is_secret() else entry

    def _fit(self, text: str) -> str:
        if self._used > self.limit:
            return ""
        if self._used + len(text) > self.limit:
            text = text[: self.limit - self._used]
            self._used += len(text)
            self._cut(text)
            return ""
        self._used += len(text)
        return text

    def _cut(self, rest: str = "") -> None:
        if self._used <= self.limit:
            self._used = self.limit + 1
            self._flush()
            note = f"{rest}\n[the output was cut off here: a cell may show {self.limit >> 10} kB]\n"
            self.entries.append(self._tagged({"output_type": "stream", "name": "stdout", "text": note}))

    def _flush(self) -> None:
        if self._parts:
            self.entries[-1]["text"] = "".join(self._parts)
            self._parts = []


class Journal:
    """The outputs of the cell that is running, where they outlive its process: in memory shared with another.

    A line of JSON for each, behind the number of bytes that are in use.
    """

    _LENGTH = struct.Struct("=Q")

    def __init__(self, limit: int) -> None:
        self._memory = mmap.mmap(-1, self._LENGTH.size + 2 * limit)

    def add(self, entry: Output) -> None:
        """Keep an output, unless there is no room."""
        line = json.dumps(entry, default=str).encode() + b"\n"
        start = self._used()
        end = start + len(line)
        if end <= len(self._memory):
            self._memory[start:end] = line
            self._memory[: self._LENGTH.size] = self._LENGTH.pack(end)

    def clear(self) -> None:
        """Empty it."""
        self._memory[: self._LENGTH.size] = self._LENGTH.pack(0)

    def text(self) -> str:
        """The content, whoever wrote it."""
        return self._memory[self._LENGTH.size : self._used()].decode(errors="replace")

    def _used(self) -> int:
        used: int = self._LENGTH.unpack_from(self._memory)[0]
        return min(max(used, self._LENGTH.size), len(self._memory))


class Stream(io.TextIOBase):
    """The replacement for sys.stdout and sys.stderr."""

    encoding = "utf-8"

    def __init__(self, outputs: Outputs, name: str) -> None:
        self._outputs = outputs
        self.name = f"<{name}>"
        self._stream = name

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self._outputs.stream(self._stream, text)
        return len(text)
