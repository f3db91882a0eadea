"""The objects that a student's process hands out to the exam, where a value cannot cross."""

from __future__ import annotations

from types import ModuleType
from typing import Any, cast

from autograder.boundary.answers import World
from autograder.boundary.calls import Exchange, call
from autograder.boundary.handles import FUNCTIONS, Handles, is_iterator
from autograder.boundary.shell import NotebookShell


class StudentSide(Handles):
    """Hands out what the exam wants, and takes in everything: nothing in here has anything to lose."""

    takes = frozenset({"masked", "matrix"})

    def __init__(self, shell: NotebookShell, exchange: Exchange) -> None:
        """`exchange` takes a question to the test, while that waits for an answer."""
        self.world = World(shell)
        self._exchange = exchange
        self._known: list[object] = []
        """The object that the test has asked for by its name."""
        super().__init__(self._call, self._sort)

    def taken_back(self, number: int | str) -> object:
        if not isinstance(number, str):
            return super().taken_back(number)
        value = self.world.own(number)
        self._known.append(value)
        return value

    def forget(self) -> None:
        super().forget()
        self._known.clear()

    def _call(self, target: object, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        return call(target, arguments, keywords, self._exchange, side=self, name="what the test has given")

    def _sort(self, value: object) -> str | None:
        # Never `isinstance`, which asks an object for its class.
        own = type(value)
        if issubclass(own, type):
            return "class" if self._is_wanted(cast(type, value)) else None
        if is_iterator(value):
            return "iterator" if self.wants & {"iterators", "objects"} else None
        if issubclass(own, FUNCTIONS):
            of = getattr(value, "__self__", None)
            is_method = of is not None and type(of) is not ModuleType and self._is_wanted(type(of))
            is_known = any(value is known for known in self._known)
            return "function" if "functions" in self.wants or is_method or is_known else None
        return "object" if self._is_wanted(own) else None

    def _is_wanted(self, kind: type) -> bool:
        module = type.__dict__["__dict__"].__get__(kind).get("__module__")
        if type(module) is not str:
            return False
        if module == "__main__":
            return "objects" in self.wants
        return f"module {module.partition('.')[0].lstrip('_')}" in self.wants
