"""Functions, classes, instances and iterators that stand for those of another process.

A class of the other side is a class here, so that `isinstance` and `except` know it. Its instances compare
with one another as their own code says. With values of this side they do not: whoever has written the class
would decide what is right.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import keyword
import linecache
import re
from collections.abc import Callable, Iterator, Mapping
from types import FunctionType
from typing import Any, Final, NoReturn, cast

from autograder.boundary.kinds import expect
from autograder.boundary.operations import ARITHMETIC, COMPARISONS, SPECIALS, is_public
from autograder.errors import NotPlainError

_LONGEST_NAME: Final = 80
_MOST_PARAMETERS: Final = 50
_LONGEST_ANNOTATION: Final = 200
_OF_TYPES: Final = (
    ast.Name, ast.Attribute, ast.Subscript, ast.Tuple, ast.List, ast.Constant, ast.BinOp, ast.BitOr, ast.Load,
)  # fmt: skip
_ONE_BY_ONE: Final = 32
_AT_ONCE: Final = 256
_ASK: Final = "_asks_the_other_side"

_KINDS: Final = {int(kind): kind for kind in inspect._ParameterKind}


def function_that_asks(target: object, about: list[object], ask: Callable[..., Any]) -> FunctionType:
    """A function that has another one called on the other side."""

    def function(*arguments: Any, **keywords: Any) -> Any:
        return ask(target, arguments, keywords)

    name, doc, parameters, source = about
    expect(type(name) is str)
    function.__name__ = function.__qualname__ = cast(str, name)[:_LONGEST_NAME]
    function.__doc__ = doc if type(doc) is str else None
    function.__module__ = "__main__"
    if parameters is not None:
        cast(Any, function).__signature__ = signature = _signature(parameters)
        function.__defaults__ = None
        annotations = {name: item.annotation for name, item in signature.parameters.items()}
        function.__annotations__ = {
            name: what for name, what in annotations.items() if what is not inspect.Parameter.empty
        }
    if type(source) is str:
        # By their files' names it is told what is code of the exam's.
        known_as = re.sub(r"\W", "", function.__name__)
        place = f"<answer {known_as} {len(linecache.cache)}>"
        linecache.cache[place] = (len(source), None, source.splitlines(keepends=True), place)
        code = function.__code__.replace(co_filename=place, co_firstlineno=1, co_name=function.__name__)
        function.__code__ = code
    return cast(FunctionType, function)


def _signature(described: object) -> inspect.Signature:
    match described:
        case [list(listed), list(returned)] if len(listed) <= _MOST_PARAMETERS:
            parameters = []
            for entry in listed:
                match entry:
                    case [str(name), int(kind), list(default), list(annotation)]:
                        expect(name.isidentifier() and not keyword.iskeyword(name))
                        parameters.append(
                            inspect.Parameter(
                                name,
                                _KINDS[kind],
                                default=_extra(default),
                                annotation=_annotation(annotation),
                            )
                        )
                    case _:
                        expect(False)
            return inspect.Signature(parameters, return_annotation=_annotation(returned))
    expect(False)
    raise AssertionError


def _extra(described: list[object]) -> object:
    if not described:
        return inspect.Parameter.empty
    names: Mapping[object, type] = {
        kind.__name__: kind for kind in (int, float, str, bool, list, dict, tuple)
    }
    if len(described) == 2 and described[0] in names:
        return names[described[0]]
    return described[0]


def _annotation(described: list[object]) -> object:
    """An annotation. A text would be run by `typing.get_type_hints`: unless it is made of nothing but names,
    it arrives as something that is no Python."""
    found = _extra(described)
    return found if type(found) is not str or _is_type(found) else f"? {found}"


def _is_type(text: str) -> bool:
    """Whether a text names a type, as list[int], np.ndarray or "float | None" do."""
    if len(text) > _LONGEST_ANNOTATION:
        return False
    try:
        nodes = list(ast.walk(ast.parse(text, mode="eval").body))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return all(
        isinstance(node, _OF_TYPES)
        and not (isinstance(node, ast.Constant) and isinstance(node.value, str | bytes))
        and not (isinstance(node, ast.Name) and node.id.startswith("_"))
        and not (isinstance(node, ast.Attribute) and node.attr.startswith("_"))
        for node in nodes
    )


def iterator_that_asks(about: list[object], ask: Callable[..., Any]) -> Iterator[Any]:
    """An iterator over what one on the other side gives, one by one at first; of its type, if that is one of
    those that tests ask about."""
    items = _asked_for(ask)
    if not about:
        return items
    (kind,) = about
    return cast(Iterator[Any], _ITERATORS[cast(str, kind)](items))


def _asked_for(ask: Callable[..., Any]) -> Iterator[Any]:
    taken, has_more = 0, True
    while has_more is True:
        items, has_more = ask("next", 1 if taken < _ONE_BY_ONE else _AT_ONCE)
        expect(type(items) is list)
        for place, item in enumerate(items, 1):
            sent = yield item
            while sent is not None:
                if place < len(items):
                    raise NotPlainError("a generator that was read ahead", f"send before item {_ONE_BY_ONE}")
                answered, has_more = ask("send", sent)
                expect(type(answered) is list and len(answered) <= 1)
                if not answered:
                    return
                sent = yield answered[0]
        taken += len(items)


def _like(kind: type, of_nothing: tuple[object, ...]) -> Callable[[Iterator[Any]], object]:
    """Makes iterators over given items that are instances of `kind`, made of `of_nothing` otherwise."""

    class Like(kind):  # type: ignore[misc]
        def __new__(cls, items: Iterator[Any]) -> Any:
            made = super().__new__(cls, *of_nothing)
            made.items = items
            return made

        def __iter__(self) -> Iterator[Any]:
            return cast(Iterator[Any], self)

        def __next__(self) -> Any:
            return next(self.items)

    Like.__name__ = Like.__qualname__ = kind.__name__
    Like.__module__ = "builtins"
    return Like


_ITERATORS: Final[Mapping[str, Callable[[Iterator[Any]], object]]] = {
    # These two pass on what they get, and so can be what they seem to be.
    "map": lambda items: map(lambda item: item, items),
    "filter": lambda items: filter(lambda _: True, items),
    "zip": _like(zip, ((),)),
    "enumerate": _like(enumerate, ((),)),
    "reversed": _like(reversed, ((),)),
}
TOLD_APART: Final[Mapping[type, str]] = {getattr(builtins, name): name for name in _ITERATORS}
"""Types of iterators that stand-ins have, too."""


class _OfTheOtherSide(type):
    """The type of the classes that stand for classes."""

    def __call__(cls, *arguments: Any, **keywords: Any) -> Any:
        return _asking(cls)("call", *arguments, **keywords)

    def __getattr__(cls, name: str) -> Any:
        if not is_public(name):
            raise AttributeError(name)
        return _asking(cls)("get", name)

    def __iter__(cls) -> Iterator[Any]:
        return cast(Iterator[Any], _asking(cls)("__iter__"))

    def __len__(cls) -> int:
        return int(_asking(cls)("__len__"))

    def __bool__(cls) -> bool:
        return True

    def __getitem__(cls, key: object) -> Any:
        return _asking(cls)("__getitem__", key)


class _StandIn:
    """An instance of the other side's."""

    def __getattr__(self, name: str) -> Any:
        if not is_public(name):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        return _asking(self)("get", name)

    def __setattr__(self, name: str, value: object) -> None:
        _asking(self)("set", name, value)

    def __delattr__(self, name: str) -> None:
        _asking(self)("delete", name)

    def __copy__(self) -> Any:
        return _asking(self)("copy")

    def __deepcopy__(self, _: object) -> Any:
        return _asking(self)("deepcopy")

    def __reduce_ex__(self, _: object) -> NoReturn:
        raise TypeError(f"cannot pickle {type(self).__name__!r} objects of another process")


def _asking(standing: object) -> Callable[..., Any]:
    """The way to ask about something that stands here; a class that a test derives has nobody to ask."""
    found = object.__getattribute__(standing, "__dict__").get(_ASK)
    if isinstance(standing, type):
        found = type.__getattribute__(standing, "__dict__").get(_ASK)
    if found is None:
        raise TypeError(f"{standing!r} is a class of the test, derived from one that does not cross")
    return cast(Callable[..., Any], found)


def class_of_stand_ins(
    about: list[object],
    ask: Callable[..., Any],
    is_theirs: Callable[[object], bool],
    own_class: Callable[[str], type | None],
) -> type:
    """A class for what are instances of a class of the other side's; where a cell that ran on both sides has
    defined that, what is defined in it is done here."""
    name, doc, bases, specials = about
    expect(type(name) is str and type(bases) is list and type(specials) is list)
    parents = cast(list[type], bases)
    expect(all(isinstance(base, type) for base in parents))
    expect(all(isinstance(base, _OfTheOtherSide) or issubclass(base, BaseException) for base in parents))
    members: dict[str, Any] = {
        special: _special(special, is_theirs) for special in cast(list[str], specials) if special in SPECIALS
    }
    members |= {"__doc__": doc if type(doc) is str else None, "__module__": "__main__"}
    known_as = cast(str, name)[:_LONGEST_NAME]
    if any(issubclass(base, BaseException) for base in parents):
        # What is raised here is made here.
        kept = {"__doc__": members["__doc__"], "__module__": "__main__"}
        made: type = type.__new__(_Exceptions, known_as, tuple(parents), kept)
    elif (own := own_class(known_as)) is not None:
        kept = {name: method for name, method in members.items() if name not in vars(own)}
        made = type.__new__(_OfTheOtherSide, known_as, (_StandIn, own), kept)
    else:
        made = type.__new__(_OfTheOtherSide, known_as, tuple(parents) or (_StandIn,), members)
    type.__setattr__(made, _ASK, ask)
    return made


class _Exceptions(_OfTheOtherSide):
    """The type of the classes that stand for classes of exceptions: instances are made here."""

    __call__ = type.__call__


def instance_of(kind: object, ask: Callable[..., Any]) -> object:
    """Something that stands for an instance of the other side's."""
    expect(isinstance(kind, _OfTheOtherSide))
    made = cast(Any, kind).__new__(kind)
    object.__getattribute__(made, "__dict__")[_ASK] = ask
    return made


def _special(name: str, is_theirs: Callable[[object], bool]) -> Callable[..., Any]:
    def method(self: object, *arguments: Any) -> Any:
        among_themselves = all(map(is_theirs, arguments))
        if name in COMPARISONS and not among_themselves:
            return NotImplemented
        try:
            found = _asking(self)(name, *arguments)
        except Exception as error:
            if name == "__next__" and getattr(error, "facts", {}).get("name") == "StopIteration":
                raise StopIteration from None
            raise
        if (
            name in ARITHMETIC
            and not among_themselves
            and found is not NotImplemented
            and not is_theirs(found)
        ):
            raise NotPlainError(
                f"{name} of {type(self).__name__} gave a plain value with a value of the test's",
                "compare plain values",
            )
        return found

    method.__name__ = name
    return method
