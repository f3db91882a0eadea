"""What a student's process hands out to the exam, where a value does not cross."""

from __future__ import annotations

from types import ModuleType
from typing import Any

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
        super().__init__(self._call, self._sort)

    def taken_back(self, number: int | str) -> object:
        return self.world.own(number) if isinstance(number, str) else super().taken_back(number)

    def _call(self, target: object, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        return call(target, arguments, keywords, self._exchange, side=self, name="what the test has given")

    def _sort(self, value: object) -> str | None:
        if isinstance(value, type):
            return "class" if self._is_wanted(value) else None
        if is_iterator(value):
            return "iterator" if "iterators" in self.wants else None
        if isinstance(value, FUNCTIONS):
            of = getattr(value, "__self__", None)
            is_method = of is not None and not isinstance(of, ModuleType) and self._is_wanted(type(of))
            return "function" if "functions" in self.wants or is_method else None
        return "object" if self._is_wanted(type(value)) else None

    def _is_wanted(self, kind: type) -> bool:
        module = getattr(kind, "__module__", None)
        if type(module) is not str:
            return False
        if module == "__main__":
            return "objects" in self.wants
        return f"module {module.partition('.')[0].lstrip('_')}" in self.wants
