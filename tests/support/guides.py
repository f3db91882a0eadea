"""Guides that are followed: their commands run in the order in which they stand there.

What a guide quotes of a command's output is compared with what the command prints.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

PROGRAMS = (
    "autograder", "nbgrader", "make", "git", "source", "cd", "docker", r"c\.", "python3?", "py", "ruff",
    r"\.venv", r"\.\./\.venv", "%pip", "%run",
)  # fmt: skip
"""How a command begins; a block that begins otherwise is quoted output."""
COMMAND = re.compile(rf"\(?(?:{'|'.join(PROGRAMS)})(?![\w.]*:)(?=\W|\b)")


def blocks(guide: Path) -> list[str]:
    """The blocks of a page that are commands or what they print, not listings of code."""
    text = guide.read_text(encoding="utf-8")
    found = re.findall(r"^```(\w*)\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    return [block for language, block in found if language in ("", "sh", "bash")]


def is_command(block: str) -> bool:
    return COMMAND.match(block) is not None


def commands(block: str) -> Iterator[str]:
    for line in re.sub(r"\\\n\s*", "", block).splitlines():
        if command := re.sub(r"(?:^|\s+)#\s.*", "", line).strip():
            yield command


def told(guide: Path) -> list[str]:
    """Every command of the guide."""
    return [command for block in blocks(guide) if is_command(block) for command in commands(block)]


def squeezed(line: str) -> str:
    """A line without what depends on the machine: how it is spaced, and how long a command before it took."""
    return re.sub(
        r"\bsaved (less than a|\d+) minutes? ago\b", "saved … ago", re.sub(r"\s+", " ", line.strip())
    )


def follow(
    guide: Path,
    place: Path,
    environment: Mapping[str, str],
    *,
    not_run: Mapping[str, str],
    ends_with: Mapping[str, set[int]] | None = None,
) -> int:
    """Type the commands of a guide, `cd` included, beginning in a folder. Returns how many were run.

    Commands that begin like a key of `not_run` are left out; its values say why. `ends_with` has the exit
    codes that are right for commands with such a beginning, where others than 0 are.
    """
    failed, printed, run = [], "", 0
    for block in blocks(guide):
        if not is_command(block):
            there = [squeezed(line) for line in printed.splitlines()]
            lines = [squeezed(line) for line in block.splitlines() if line.strip()]
            failed += [f"not printed: {line}" for line in lines if line not in there]
            continue
        for command in commands(block):
            if any(command.startswith(beginning) for beginning in not_run):
                continue
            if folder := re.fullmatch(r"cd (\S+)", command):
                place = place / folder[1]
                continue
            done = subprocess.run(
                ["bash", "-c", command], cwd=place, env=environment, check=False,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            )  # fmt: skip
            print(done.returncode, command)
            printed, run = done.stdout, run + 1
            codes = next(
                (codes for start, codes in (ends_with or {}).items() if command.startswith(start)), {0}
            )
            if done.returncode not in codes:
                failed.append(f"{command} ended with {done.returncode}:\n{printed[-1500:]}")
    assert not failed, "\n\n".join(failed)
    return run


def excused_without_need(guide: Path, not_run: Mapping[str, str]) -> list[str]:
    """Beginnings of commands that are left out although the guide has no such command."""
    return [begin for begin in not_run if not any(command.startswith(begin) for command in told(guide))]
