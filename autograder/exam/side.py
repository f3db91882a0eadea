"""The objects that a test hands out to a student's code: functions and instances of the exam's own, and
nothing of Python's with which more could be reached than it was meant to."""

from __future__ import annotations

import builtins
import functools
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import FunctionType, MethodType
from typing import Any, Final
from unittest.mock import NonCallableMock

from autograder.boundary.calls import CallError, Exchange, NoAnswer, NotPlain, call
from autograder.boundary.global_state import Following
from autograder.boundary.handles import ERA, Handles, is_iterator
from autograder.boundary.replies import HandedOut
from autograder.boundary.shell import is_of_cell
from autograder.boundary.values import encode
from autograder.errors import WireError

_REPLACED: Final = {name: getattr(builtins, name) for name in ("print", "input")}
_NOTHING: Final = object()


class ExamSide(Handles):
    """For one grade cell."""

    def __init__(self, exchange: Exchange, given: Path, wants: frozenset[str], space: dict[str, Any]) -> None:
        """`given` is the folder of the released modules, `space` that of the names of the cell."""
        super().__init__(self._call, self._sort)
        self.wants = wants
        self.era = os.urandom(ERA)
        self._exchange = exchange
        self._given = str(given)
        self._space = space
        self._before: dict[str, object] = {}
        self._shared: frozenset[str] = frozenset()
        self._handed_out: dict[str, HandedOut] = {}
        self.current_figure: Callable[[object], None] | None = None
        """Called with the figure in which the student's code has drawn last, where a test asks."""
        self._random = Following() if "random" in wants else None

    def watch(self, names: Mapping[str, object], shared: frozenset[str]) -> None:
        """From now on, a change of these `names` is one of the student's, too; and the student's code sees
        what the test calls by those that are `shared`."""
        self._before = {name: self._space.get(name, _NOTHING) for name in names}
        self._shared = shared

    def fetch(self, name: str, exchange: Exchange) -> Any:
        """The value that the student's code has given a name. Raises NotPlain, CallError, NoAnswer."""
        return call(name, None, {}, exchange, side=self)

    def fetch_together(self, names: list[str], exchange: Exchange) -> dict[str, Any]:
        """The values of several names, so that what they share is shared here; nothing if one of them does
        not cross."""
        found: object = None
        with suppress(NotPlain, CallError, NoAnswer):
            found = call(("values", names), None, {}, exchange, side=self, name="values")
        if type(found) is not list or len(found) != len(names):
            return {}
        return dict(zip(names, found, strict=True))

    def function(self, name: str) -> Any:
        """The stand-in for a function of this name; with docstring, parameters and source if they matter."""
        about: list[object] | None = None
        if "described" in self.wants:
            told = call(("about", name), (), {}, self._exchange, side=self, name=name)
            about = told if type(told) is list and len(told) == 4 else None
        return self.stand_in(name, about)

    def _call(self, target: object, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        name = target if isinstance(target, str) else self._name_of(target, arguments)
        handed_out = self._handed_out.setdefault(name, HandedOut()) if isinstance(target, str) else None
        states = self._random.tell() if self._random is not None else None
        try:
            return call(
                target,
                arguments,
                keywords,
                self._exchange,
                handed_out,
                self,
                name=name,
                world=(self._changes(), states),
                drawn=self._random.follow if self._random is not None else lambda _: None,
            )
        finally:
            if self.current_figure is not None:
                self._follow_figure(self.current_figure)

    def _follow_figure(self, show: Callable[[object], None]) -> None:
        with suppress(NotPlain, CallError, NoAnswer):
            if (figure := call(("figure", 0), (), {}, self._exchange, side=self, name="figure")) is not None:
                show(figure)

    def _name_of(self, target: Any, arguments: tuple[Any, ...]) -> str:
        operation, number = target
        standing = self._standing.get(number)
        name = getattr(standing if operation == "call" else type(standing), "__name__", "")
        if operation in ("get", "set", "delete") and arguments:
            return f"{name}.{arguments[0]}"
        return name if operation in ("call", "next", "send") else f"{name}.{operation}"

    def _changes(self) -> dict[str, object] | None:
        """Changes that the test has made to the names that it shares with the student's code."""
        found: dict[str, list[object]] = {}
        for name, before in self._before.items():
            if (now := self._space.get(name, _NOTHING)) is not before:
                found[name] = [] if now is _NOTHING else [now]
        for name in self._shared:
            if (now := self._space.get(name, _NOTHING)) is not _NOTHING:
                found[name] = [now]
        replaced = {
            name: now
            for name, original in _REPLACED.items()
            if (now := getattr(builtins, name)) is not original and self._sort(now)
        }
        if not found and not replaced:
            return None
        return {
            "set": {name: item for name, item in found.items() if self._crosses(item)},
            "builtins": replaced,
        }

    def own_class(self, name: str) -> type | None:
        """The class of this name that the exam defines; None if there is none."""
        found = self._space.get(name)
        return found if type(found) is type and found.__module__ == "__main__" else None

    def _crosses(self, item: object) -> bool:
        try:
            encode(item, self)
        except (WireError, RecursionError):
            return False
        return True

    def _sort(self, value: object) -> str | None:
        if isinstance(value, NonCallableMock):
            return "function" if callable(value) else None
        if isinstance(value, FunctionType):
            place = value.__code__.co_filename
            is_own = is_of_cell(value.__code__) or place.startswith(f"{self._given}{os.sep}")
            return "function" if is_own else None
        if isinstance(value, MethodType):
            return self._sort(value.__func__)
        if isinstance(value, functools.partial):
            return self._sort(value.func)
        if isinstance(value, functools._lru_cache_wrapper):
            return self._sort(value.__wrapped__)
        if is_iterator(value):
            return "iterator"
        if isinstance(value, type):
            return "class" if type(value) is type and value.__module__ == "__main__" else None
        kind = type(value)
        return "object" if type(kind) is type and kind.__module__ == "__main__" else None


def imported(statement: str, name: str) -> Any:
    """The module that the master copy imports by this name. Raises what importing raises."""
    space: dict[str, Any] = {}
    exec(statement, space)
    return space[name]
