"""The table of idioms in docs/other_courses.md, made from those that are tested.

Usage: python tests/support/idioms_table.py
"""

from __future__ import annotations

import re
from pathlib import Path

FILE = Path(__file__).parents[1] / "nbgrader" / "idioms.txt"
PAGE = Path(__file__).parents[2] / "docs" / "other_courses.md"
BEGIN = "<!-- made by `python tests/support/idioms_table.py` -->\n"
END = "<!-- end of the table -->"


def table() -> str:
    """A row for each idiom, as `test_idioms.py` finds it."""
    rows = ["| what a test does | between the processes |", "|---|---|"]
    for text in re.split(r"^### ", FILE.read_text(encoding="utf-8"), flags=re.M)[1:]:
        name, _, rest = text.partition("\n")
        note = re.match(r"(?:\w+: .*\n)*?note: (.*)\n", rest)
        found = "equal"
        if note is not None:
            kind, _, reason = note[1].partition(" ")
            found = f"solution loses: {reason}" if kind == "differs" else f"equal; {note[1]}"
        rows.append(f"| {name.strip().replace('|', '/')} | {found} |")
    return "\n".join(rows) + "\n"


def page() -> str:
    """The page with a fresh table."""
    text = PAGE.read_text(encoding="utf-8")
    head, _, rest = text.partition(BEGIN)
    return f"{head}{BEGIN}\n{table()}\n{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
