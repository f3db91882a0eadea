"""Docstrings say what a thing is or does, in their first words."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def docstrings(path: Path) -> list[tuple[int, str]]:
    """Of a module and of everything in it, attributes included, with their lines."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        body = getattr(node, "body", None)
        for statement in body if isinstance(body, list) else []:
            if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
                text = statement.value.value
                if isinstance(text, str):
                    found.append((statement.lineno, text.strip()))
    return found


def test_no_docstring_begins_with_what() -> None:
    folders = ("autograder", "benchmarks", "docs", "notebooks", "source", "tests")
    paths = [*ROOT.glob("*.py"), *(path for name in folders for path in (ROOT / name).rglob("*.py"))]
    found = [(path, *at) for path in paths if not path.is_symlink() for at in docstrings(path)]
    assert len(found) > 2000
    begin = [f"{path.relative_to(ROOT)}:{line}" for path, line, text in found if text.startswith("What")]
    assert not begin, "these begin with “What”: say what it is in other words"
