"""The graded assignments in `source/`: where they are and what their cells are for."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from functools import cache, lru_cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import nbformat

from autograder.authoring.shared_files import original
from autograder.course.cells import exercise, is_answer, is_given

COURSE = Path(__file__).resolve().parents[2]


def assignments(course: Path = COURSE) -> list[str]:
    """Names of the assignments, in the order of the course."""
    return sorted(path.parent.name for path in (course / "source").glob("*/*.ipynb"))


def notebook_path(assignment: str, course: Path = COURSE) -> Path:
    """The original of an assignment."""
    return course / "source" / assignment / f"{assignment}.ipynb"


@contextmanager
def working_directory(path: Path) -> Iterator[None]:
    """Run the block in this folder."""
    before = Path.cwd()
    os.chdir(path)
    try:
        yield
    finally:
        os.chdir(before)


@cache
def student_tools(course: Path = COURSE) -> ModuleType:
    """The course's `rnn_utils.py` as a module, wherever the command was started."""
    return _module("rnn_utils", course)


@cache
def checker(course: Path = COURSE) -> ModuleType:
    """The course's `rnn_check.py` as a module: the machinery of `check`."""
    return _module("rnn_check", course)


def _module(name: str, course: Path) -> ModuleType:
    spec = spec_from_file_location(name, original(f"{name}.py", course))
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    with imported_as(name, module):  # dataclasses look their module up
        spec.loader.exec_module(module)
    return module


@contextmanager
def imported_as(name: str, module: ModuleType) -> Iterator[None]:
    """While this lasts, `import name` gives `module`."""
    before = sys.modules.get(name)
    sys.modules[name] = module
    try:
        yield
    finally:
        del sys.modules[name]
        if before is not None:
            sys.modules[name] = before


@contextmanager
def tools_imported(course: Path = COURSE) -> Iterator[None]:
    """While this lasts, notebooks' code and what it defined find the course's `rnn_utils` and `rnn_check`."""
    with imported_as("rnn_utils", student_tools(course)), imported_as("rnn_check", checker(course)):
        yield


def reference_namespace(
    assignment: str, course: Path = COURSE, answers: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """The namespace of an assignment: set-up cells, given functions and reference solutions.

    answers : sources that replace the reference's answer cells (exercise -> source)

    The cells are executed in this process, in the assignment's folder, without what they print.
    """
    namespace: dict[str, Any] = {"__name__": f"reference of {assignment}"}
    path = notebook_path(assignment, course)
    with (
        working_directory(path.parent),
        tools_imported(course),
        redirect_stdout(io.StringIO()),
    ):
        for identifier, name, source in _sources(path.read_bytes()):
            source = (answers or {}).get(name, source)
            code = "\n".join(line for line in source.splitlines() if not line.startswith("%"))
            exec(compile(code, f"{assignment}:{identifier}", "exec"), namespace)
    return namespace


@lru_cache(maxsize=8)
def _sources(notebook: bytes) -> list[tuple[str, str, str]]:
    """The given cells and the answer cells of a notebook: id, exercise ("" for a given one), source.

    Kept, since one notebook is executed with hundreds of slips.
    """
    cells = nbformat.reads(notebook.decode(), as_version=4).cells  # type: ignore[no-untyped-call]
    return [
        (cell.id, exercise(cell) if is_answer(cell) else "", cell.source)
        for cell in cells
        if is_given(cell) or is_answer(cell)
    ]
