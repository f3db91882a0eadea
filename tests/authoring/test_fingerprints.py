"""Which exercises a slip can show in: those whose code leads to the function that has it."""

from __future__ import annotations

from typing import Any

import pytest

from autograder.authoring.fingerprints import calls

NOTEBOOK = """
import math

def cell(x): return x + 1
def helper(x): return [cell(part) for part in x]
def others(x): return math.sqrt(x)
def sequence(x): return helper(x)
def inside(x):
    def within(y): return cell(y)
    return within(x)
def back(x): return there(x)
def there(x): return back(x)
def by_table(x): return CELLS["plain"](x)
def by_class(x): return Layer().step(x)
class Layer:
    def step(self, x): return cell(x)
CELLS = {"plain": cell}
"""


@pytest.mark.parametrize(
    ("name", "leads_there"),
    {
        "cell": True,
        "helper": True,
        "sequence": True,
        "inside": True,
        "by_table": True,
        "by_class": True,
        "others": False,
        "back": False,
    }.items(),
)
def test_who_leads_to_a_function(name: str, leads_there: bool) -> None:
    notebook: dict[str, Any] = {"__name__": "notebook"}
    exec(NOTEBOOK, notebook)
    assert calls(notebook[name], "cell") is leads_there
