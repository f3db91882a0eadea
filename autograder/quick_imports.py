"""nbgrader and nbformat without what they import and this package never uses.

`import nbgrader` starts with its four server extensions, and jsonschema (below nbformat) compiles 39 grammars
for the checking of internationalised web addresses: several seconds before the first submission is examined.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import sys
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


def quicken() -> None:
    """Make the imports of nbformat and of nbgrader's submodules cheap; call it before the first of them.

    Does nothing where nbgrader is there already (in `nbgrader autograde`, in the Formgrader).
    """
    if "jsonschema" not in sys.modules and "rfc3987_syntax" not in sys.modules:
        sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]
        try:
            importlib.import_module("jsonschema")
        finally:
            del sys.modules["rfc3987_syntax"]
    if "nbgrader" not in sys.modules:
        spec = importlib.util.find_spec("nbgrader")
        if spec is None or spec.submodule_search_locations is None:
            return  # not installed: the import that follows says so
        package = _LazyPackage("nbgrader")
        package.__spec__ = spec
        package.__path__ = list(spec.submodule_search_locations)
        package.__file__ = spec.origin
        sys.modules["nbgrader"] = package
