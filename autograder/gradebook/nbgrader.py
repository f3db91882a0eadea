"""The one place from which this package imports nbgrader: without what it imports and we never use.

`import nbgrader` starts with its four server extensions, nbgrader.utils with setuptools (for unpacking
archives) and requests (for JupyterHub), and jsonschema (below nbformat) compiles 39 grammars for the checking
of internationalised web addresses: several seconds before the first submission is examined.
"""

from __future__ import annotations

import contextlib
import importlib.util
import sys
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any


class _LazyPackage(ModuleType):
    """The package nbgrader, whose own code runs when somebody asks for something defined there.

    Its submodules (`nbgrader.api`, …) can be imported without that.
    """

    def __getattr__(self, name: str) -> Any:
        if name == "__version__":
            return importlib.import_module("nbgrader._version").__version__
        if name.startswith("__") or importlib.machinery.PathFinder.find_spec(name, self.__path__):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        self.__class__ = ModuleType  # type: ignore[assignment]
        assert self.__spec__ is not None and self.__spec__.loader is not None
        self.__spec__.loader.exec_module(self)
        return getattr(self, name)


class _Later(ModuleType):
    """A module that is imported when the first of its functions is called."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")

        def function(*arguments: Any, **keywords: Any) -> Any:
            return getattr(importlib.import_module(self.__name__), name)(*arguments, **keywords)

        return function


@contextlib.contextmanager
def _replaced(modules: Mapping[str, ModuleType | None]) -> Iterator[None]:
    """Until they are imported, modules are replaced by stand-ins, or by None."""
    added = {name: module for name, module in modules.items() if name not in sys.modules}
    sys.modules.update(added)  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in added:
            del sys.modules[name]


def _quicken() -> None:
    """Make the imports of nbformat and of nbgrader's submodules cheap.

    Does nothing where nbgrader is there already (in `nbgrader autograde`, in the Formgrader).
    """
    if "jsonschema" not in sys.modules:
        with _replaced({"rfc3987_syntax": None, "isoduration": None}):
            importlib.import_module("jsonschema")
    if "nbgrader" not in sys.modules:
        spec = importlib.util.find_spec("nbgrader")
        if spec is None or spec.submodule_search_locations is None:
            return  # not installed: the import that follows says so
        package = _LazyPackage("nbgrader")
        package.__spec__ = spec
        package.__path__ = list(spec.submodule_search_locations)
        package.__file__ = spec.origin
        sys.modules["nbgrader"] = package
        with _replaced({name: _Later(name) for name in ("setuptools.archive_util", "requests")}):
            importlib.import_module("nbgrader.utils")
            importlib.import_module("nbgrader.auth")


_quicken()

import nbformat  # noqa: E402
from nbgrader import api, utils  # noqa: E402

__all__ = ["api", "nbformat", "utils"]
