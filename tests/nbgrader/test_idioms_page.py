"""The page on other courses says of each idiom what `test_idioms.py` finds."""

from __future__ import annotations

import idioms_table


def test_the_table_is_fresh() -> None:
    text = idioms_table.PAGE.read_text(encoding="utf-8")
    assert text == idioms_table.page(), "run `python tests/support/idioms_table.py`"
    assert text.count("| equal") > 50
