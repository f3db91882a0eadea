"""CSV files that a spreadsheet opens without running anything in them."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

Cell = str | float | int | bool | None

_STARTS_FORMULA = re.compile(r"^\s*[=+\-@＝＋－＠\t\r\n]")  # noqa: RUF001 (some spreadsheets take these, too)
_STARTS_ANOTHER = re.compile(r"""([,;|\t\r\n"]\s*)(?=[=+\-@＝＋－＠])""")  # noqa: RUF001


def harmless_cell(value: Cell) -> Cell:
    """A cell in which no text can be taken for a formula; numbers stay numbers, also negative ones.

    An apostrophe makes it a text. Separators and quotes inside are followed by one as well, because a
    spreadsheet that expects another separator would begin a new cell there (OWASP, CSV injection,
    https://owasp.org/www-community/attacks/CSV_Injection).
    """
    if not isinstance(value, str):
        return value
    text = _STARTS_ANOTHER.sub(r"\1'", value)
    return f"'{text}" if _STARTS_FORMULA.match(text) else text


def csv_text(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """A table as CSV: comma, a line for each row, every cell harmless; None is an empty cell."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([harmless_cell(name) for name in header])
    for row in rows:
        writer.writerow([harmless_cell(value) for value in row])
    return file.getvalue()
