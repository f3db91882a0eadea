"""Which code takes long to be coloured, or is taken for another language than Python.

What colours code (Pygments, in the Formgrader's server as well) tries dozens of patterns at each character.
Some of them go on over spaces, line breaks and dotted names, so that a long run of these costs the square of
its length, and a line that begins with the name of another language's magic hands the rest to that language.
"""

from __future__ import annotations

import re
from typing import Final

_LONGEST_LINE: Final = 1000
_COSTLY: Final = re.compile(r"\s{100}|[\w.*%]{200}|%%(?!time\b|timeit\b|capture\b|prun\b)[\w!]|(?m:^\s*!!)")


def is_costly(source: str) -> bool:
    """Whether a cell's code is to be shown without colours."""
    return _COSTLY.search(source) is not None or any(
        len(line) > _LONGEST_LINE for line in source.splitlines()
    )
