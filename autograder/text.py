"""Texts from anywhere, made fit for a line of a terminal or a report."""

from __future__ import annotations

import unicodedata

from autograder.lookalikes import unmistakable

LONGEST_NAME = 128
"""Characters of a student id or the name of an assignment, as in nbgrader's models."""


def name_fault(name: str) -> str:
    """Why `name` cannot be a student id or the name of an assignment; empty if it can."""
    if not name or name != name.strip() or name in (".", "..") or name.startswith("."):
        return "is empty, begins with a dot or has spaces around it"
    if len(name) > LONGEST_NAME:
        return f"is longer than {LONGEST_NAME} characters"
    if len(name.encode(errors="replace")) > 255:
        return "is longer than a file system can write"
    if any(unicodedata.category(character) in ("Cc", "Cs", "Cf", "Zl", "Zp", "Co") for character in name):
        return "contains characters that cannot be printed"
    if found := set(name) & set('/\\<>"'):
        return f"contains {' '.join(sorted(found))}"
    return ""


def show(name: object, limit: int = 200) -> str:
    """A name or path for a message: one line, printable, not endless, unlike that of any other name.

    limit : characters of the name; those that have to be escaped are longer
    """
    text = str(name)
    return f"{unmistakable(text[:limit].rstrip(' '))}…" if len(text) > limit else unmistakable(text)
