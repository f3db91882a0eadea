"""Kinds of things besides values that may cross from a student's process: each assignment has its own.

A class of a student's own says itself what it equals, so an instance in place of a number could pass for any.
It is let in where the master copy has classes, and the like holds for functions, iterators and masked arrays.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from typing import Final

from autograder.exam.cell import ExamCell

_PLAIN_MODULES: Final = frozenset(
    {
        "numpy",
        "matplotlib",
        "math",
        "cmath",
        "random",
        "time",
        "os",
        "sys",
        "typing",
        "__future__",
        "warnings",
    }
    | {"inspect", "unittest", "pytest", "contextlib", "io", "copy", "types", "collections", "itertools"}
    | {"functools", "json", "re", "string", "nose", "datetime", "fractions", "decimal", "pathlib", "glob"}
)
_WORDS: Final = {
    "masked": re.compile(r"\b(np|numpy)\.ma\b|\bMaskedArray\b|\bmasked_array\b"),
    "matrix": re.compile(r"\b(np|numpy)\.(as)?matrix\b"),
    "described": re.compile(
        r"__(doc|code|annotations|defaults|wrapped)__|\binspect\b|\bsignature\b|\bhelp\b"
    ),
    "iterators": re.compile(r"\b(yield|zip|map|filter|iter|next|enumerate|reversed|itertools|generator)\b"),
    "functions": re.compile(r"\blambda\b|^\s*@\w|\bpartial\b|\bcallable\b|\bwraps\b", re.M),
    "random": re.compile(
        r"\brandom\.(?!default_rng|Generator|RandomState|SeedSequence|PCG64)\w|\bimport random\b"
        r"|\bfrom (numpy\.)?random import"
    ),
}
_OBJECTS: Final = re.compile(r"\b(namedtuple|dataclass|Enum|NamedTuple)\b|^\s*class \w", re.M)


def wants_of(cells: Iterable[ExamCell]) -> list[str]:
    """The kinds that the cells of a master copy let in: words as above, "objects", and names of modules."""
    code = [cell for cell in cells if cell.kind == "code"]
    answers = [cell.source for cell in code if cell.role == "answer"]
    found = {word for word, pattern in _WORDS.items() if any(pattern.search(cell.source) for cell in code)}
    # What tests do with what they have made themselves says nothing.
    for word in ("iterators", "functions"):
        if not any(_WORDS[word].search(source) for source in answers):
            found.discard(word)
    modules: set[str] = set()
    for cell in code:
        for node in _nodes(cell.source):
            match node:
                case ast.Import(names=aliases):
                    modules |= {alias.name.partition(".")[0] for alias in aliases}
                case ast.ImportFrom(module=str(module), level=0):
                    modules.add(module.partition(".")[0])
                case ast.FunctionDef() | ast.AsyncFunctionDef() if cell.role == "answer":
                    inner = [part for part in ast.walk(node) if part is not node]
                    if any(isinstance(part, ast.FunctionDef | ast.Lambda) for part in inner):
                        found.add("functions")
                case ast.GeneratorExp() if cell.role == "answer":
                    found.add("iterators")
    if any(_OBJECTS.search(cell.source) for cell in code if cell.role != "grade"):
        found.add("objects")
    return sorted(found | {f"module {name}" for name in modules - _PLAIN_MODULES})


def _nodes(source: str) -> Iterable[ast.AST]:
    try:
        return ast.walk(ast.parse(source))
    except (SyntaxError, ValueError, RecursionError):
        return []
