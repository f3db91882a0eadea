"""The working folders of the exam's side: one for each submission, empty but for what is released."""

from __future__ import annotations

import os
import re
import shutil
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

_FILES: Final = re.compile(
    r"\b(Path|pathlib|os|glob|csv|shutil|sqlite3|subprocess|exists|isfile|listdir|memmap|%%\w+)\b"
    r"|\b(open|savefig|imread|imsave|genfromtxt|fromfile|tofile|read_\w+|to_\w+|(load|save)\w*)\("
)
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
