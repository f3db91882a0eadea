"""The instructions of a Dockerfile, for those who look at it or do it without Docker."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Instruction:
    name: str
    arguments: str

    @property
    def copied(self) -> tuple[list[str], str, str]:
        """Of a COPY: its sources, its target, and who is to own that (empty: root)."""
        words = self.arguments.split()
        owner = "".join(word.removeprefix("--chown=") for word in words if word.startswith("--chown="))
        *sources, target = [word for word in words if not word.startswith("--")]
        return sources, target, owner


def instructions(text: str) -> list[Instruction]:
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    logical = "\n".join(lines).replace("\\\n", " ").splitlines()
    split = [line.split(maxsplit=1) for line in logical if line.strip()]
    return [Instruction(name, " ".join(rest.split())) for name, rest in split]


def faults(file: Path, root: Path) -> list[str]:
    """Reasons why `file` could not be built, or would become another image one day. `root` is sent along."""
    found, sent = [], allowed_into_the_image(root)
    said = instructions(file.read_text(encoding="utf-8"))
    for instruction in said:
        if instruction.name == "COPY":
            for source in instruction.copied[0]:
                if not (root / source).exists():
                    found.append(f"{source} does not exist")
                elif Path(source).parts[0] not in sent:
                    found.append(f"{source} is kept out by .dockerignore")
            found += broken_links(instruction, said, root)
        elif instruction.name == "RUN" and "pip install" in instruction.arguments:
            if " -c constraints.txt " not in f"{instruction.arguments} ":
                found.append(f"not held to constraints.txt: {instruction.arguments}")
        elif instruction.name == "FROM" and not _has_a_version(instruction.arguments):
            found.append(f"no version: {instruction.arguments}")
    users = [instruction.arguments for instruction in said if instruction.name == "USER"]
    # Kubernetes can tell only of a number that it is not root's.
    if not users or not users[-1].isdecimal() or users[-1] == "0":
        found.append("ends as root, or as a user without a number")
    return found


def broken_links(copy: Instruction, said: list[Instruction], root: Path) -> list[str]:
    """Links in the folders that a COPY takes which lead to nothing else that is copied: they stay links."""
    every = [source for other in said if other.name == "COPY" for source in other.copied[0]]
    taken = [(root / source).resolve() for source in every]
    return [
        f"{link.relative_to(root)} leads to what is not copied"
        for source in copy.copied[0]
        for link in (root / source).rglob("*")
        if link.is_symlink() and not any(link.resolve().is_relative_to(place) for place in taken)
    ]


def allowed_into_the_image(root: Path) -> set[str]:
    """The names in .dockerignore that are let through; everything else is kept out by its first line."""
    lines = (root / ".dockerignore").read_text(encoding="utf-8").split()
    return {line[1:] for line in lines if line.startswith("!")} if "*" in lines else set()


def _has_a_version(image: str) -> bool:
    tag = image.rpartition("/")[2].partition(":")[2]
    return bool(tag) and tag != "latest"
