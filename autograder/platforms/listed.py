"""Names and addresses in a learning platform's list of students."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final
from unicodedata import normalize

from autograder.gradebook.people import Person
from autograder.platforms.layouts import name_of_id_column, read_table
from autograder.text import name_fault

_ADDRESS: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_FIRST: Final = ("First name", "Vorname", "Prénom", "Nombre", "名")
_LAST: Final = ("Last name", "Surname", "Nachname", "Nom de famille", "Apellido(s)", "姓")
_LONGEST: Final = 100
_NOBODY: Final = "Student, Test"
"""In Canvas the student as whom instructors look at a course."""


def listed_people(file: Path, identity: str = "") -> list[Person]:
    """Who is in the list, each with the id that `collect` gives: Moodle's grading worksheet or participants,
    Canvas' gradebook. Raises UsageError if it cannot be read or has no ids."""
    table = read_table(file)
    column = name_of_id_column(table, identity, file)
    mail = next((name for name in table[0] if _holds_addresses(table, name)), "")
    found = {}
    for row in table:
        student = row[column].strip()
        if student and not name_fault(student) and row.get("Student", "").strip() != _NOBODY:
            first, last = (normalize("NFC", name)[:_LONGEST] for name in _name(row, column))
            address = row.get(mail, "").strip()
            found[student] = Person(student, first, last, address[:_LONGEST])
    return list(found.values())


def _holds_addresses(table: Sequence[Mapping[str, str]], column: str) -> bool:
    values = [row[column].strip() for row in table if row[column].strip()]
    return bool(values) and all(map(_ADDRESS.fullmatch, values))


def _name(row: Mapping[str, str], id_column: str) -> tuple[str, str]:
    """First and last name; of a name in one column the last word is taken for the last name."""
    first = next((row[name].strip() for name in _FIRST if name in row), "")
    last = next((row[name].strip() for name in _LAST if name in row), "")
    if first or last:
        return first, last
    if "Student" in row:  # Canvas: the last name first
        last, _, first = (part.strip() for part in row["Student"].partition(","))
        return (first, last) if first else _split(last)
    if "github_username" in row:
        return _split(row.get("name", "").strip())
    # Moodle's worksheet: number, full name, …, in any language
    columns = list(row)
    is_worksheet = re.search(r"\d+$", row[columns[0]].strip()) and columns[1] != id_column
    return _split(row[columns[1]].strip()) if is_worksheet else ("", "")


def _split(name: str) -> tuple[str, str]:
    if _ADDRESS.fullmatch(name):
        return "", ""
    first, _, last = name.rpartition(" ")
    return first, last
