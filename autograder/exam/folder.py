"""The working folders of the exam's side: one for each submission, empty but for what is released."""

from __future__ import annotations

import ast
import os
import re
import shutil
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

import numpy as np

from autograder.exam.names import global_names, tree_of

_FILES: Final = re.compile(
    r"\b(Path|pathlib|os|glob|csv|shutil|sqlite3|subprocess|exists|isfile|listdir|memmap|%%\w+)\b"
    r"|\b(open|savefig|imread|imsave|genfromtxt|fromfile|tofile|read_\w+|to_\w+|(load|save)\w*)\("
    r"|=\s*open\b"
)
_PLAIN: Final = (str, bytes, int, float, complex, type(None), np.ndarray, np.generic)
_BUILTINS: Final = ("set", "frozenset", "range", "slice", "complex", "bytearray", "object")
_HARMLESS: Final = frozenset(
    {("builtins", name) for name in _BUILTINS}
    | {
        (f"numpy.{core}.multiarray", name)
        for core in ("core", "_core")
        for name in ("_reconstruct", "scalar")
    }
    | {(f"numpy.{core}.numeric", "_frombuffer") for core in ("core", "_core")}
    | {("numpy", "ndarray"), ("numpy", "dtype"), ("collections", "OrderedDict"), ("fractions", "Fraction")}
    | {("datetime", name) for name in ("date", "datetime", "time", "timedelta")}
    | {("decimal", "Decimal"), ("_codecs", "encode")}
)
"""Names that a pickle of any origin may refer to."""


class Folder:
    """The folder in which the set-up cells have run, and its copies, each for one process."""

    def __init__(self) -> None:
        """The copies lie beside the folder that is the working folder now."""
        self.given = Path.cwd()

    def enter(self, name: str) -> None:
        """Make a copy of this name the working folder of this process."""
        self.remove(name)
        place = self.given.parent / name
        shutil.copytree(self.given, place, symlinks=True, ignore=shutil.ignore_patterns("__pycache__", ".*"))
        os.chdir(place)

    def remove(self, name: str) -> None:
        """Remove the copy of this name, if there is one."""
        with suppress(OSError):
            shutil.rmtree(self.given.parent / name)


def mentions_files(source: str) -> bool:
    """Whether code seems to read or write files."""
    return _FILES.search(source) is not None


class FileUse:
    """Tells which code may read or write files while it runs, given what the set-up cells have left behind.

    A set-up cell that has read a table into an array is done with files; a function that it defines, and that
    reads one when it is called, is not.
    """

    def __init__(self, setup: Iterable[str], namespace: Mapping[str, object]) -> None:
        """`namespace` is what the set-up cells, with these sources, have made."""
        statements = [statement for source in setup for statement in _statements(source)]
        self._names: set[str] = set()
        """Ways to files by other names than those that `mentions_files` knows."""
        count = -1
        while count < len(self._names):  # a function may call another one that is defined after it
            count = len(self._names)
            for source, defined in statements:
                if mentions_files(source) or self._uses_names(source):
                    self._names |= {name for name in defined if not _is_data(namespace.get(name))}

    def uses_files(self, source: str) -> bool:
        """Whether this code, of a grade cell or a helper, may do so."""
        return mentions_files(source) or self._uses_names(source)

    def _uses_names(self, source: str) -> bool:
        return not self._names.isdisjoint(re.findall(r"\w+", source))


def _statements(source: str) -> list[tuple[str, frozenset[str]]]:
    """Each statement at the outermost level, and the global names that it defines."""
    try:
        parts = [ast.unparse(statement) for statement in tree_of(source).body]
    except (SyntaxError, ValueError, RecursionError):
        parts = [source]
    return [(part, global_names(part)[0]) for part in parts]


def _is_data(value: object, depth: int = 3) -> bool:
    """Whether nothing can be called in a value, nor in what it holds."""
    if isinstance(value, np.ndarray):
        return not value.dtype.hasobject
    if type(value) is dict:
        return depth > 0 and all(_is_data(each, depth - 1) for each in (*value, *value.values()))
    if type(value) in (list, tuple, set, frozenset):
        return depth > 0 and all(_is_data(each, depth - 1) for each in value)  # type: ignore[attr-defined]
    return isinstance(value, _PLAIN)


def mentions_current_figure(source: str) -> bool:
    """Whether code asks in which figure was drawn last."""
    return re.search(r"\b(gca|gcf|get_fignums|fignum_exists)\b", source) is not None


def refuse_pickles() -> None:
    """From now on, let no pickle name a function in this process: files of a student's code are here, and a
    test may read one with what is made for files of its author."""
    if not _refusing:
        _refusing.append(True)
        sys.addaudithook(_audit)


_refusing: list[bool] = []


def _audit(event: str, arguments: tuple[object, ...]) -> None:
    if event == "pickle.find_class":
        module, name = arguments
        if (module, name) not in _HARMLESS:
            raise PermissionError(
                f"a pickle that names {module}.{name} is not read beside files of a student's code"
            )
