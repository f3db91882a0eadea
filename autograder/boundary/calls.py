"""Calls of functions that live in another process, from the side that asks.

The exam calls a student's functions in this way, a student's function calls what a test has given it, or the
reference where that stands in for one of the student's own (see `examination`). Arguments and results cross
as values (see `values`), with what a call changes in place, or as stand-ins (see `handles`); the code on one
side never gets to the other.
"""

from __future__ import annotations

import builtins
import os
import re
import sys
from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from autograder.boundary.replies import HandedOut, decode_reply
from autograder.boundary.side import ALONE, NotPlain, Side
from autograder.boundary.values import encode
from autograder.errors import WireError

__all__ = ["LONGEST_MESSAGE", "CallError", "Exchange", "NoAnswer", "NotPlain", "StandIn", "call"]

LONGEST_MESSAGE: Final = 10_000
_LONGEST_SENTENCE: Final = 700
_LARGEST_HANDED_OUT: Final = 1 << 20
"""Bytes of a result that is looked at again after the next call."""
_TOKEN: Final = 8
_LONGEST_NAME: Final = 80
_MOST_LINES: Final = 100
"""Of a traceback, where IPython takes one for each frame."""

Exchange = Callable[[bytes], bytes]
"""Takes a question to the other process and brings the answer back."""


class CallError(Exception):
    """Raised by the function in its process; here it has that exception's name, message and traceback.

    `facts["function"]` was called from here; `facts["within"]` is the function of the notebook in which it
    happened, the same one or another that it calls.
    """

    facts: Mapping[str, Any]

    def _render_traceback_(self) -> list[str]:
        return [*self.facts["traceback"]]


class NoAnswer(RuntimeError):
    """The student's process did not answer."""


class StandIn:
    """A function of another process: calling it asks there."""

    def __init__(self, name: str, exchange: Exchange) -> None:
        self.__name__ = self.__qualname__ = name
        self._exchange = exchange
        self._handed_out = HandedOut()

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        return call(self.__name__, arguments, keywords, self._exchange, self._handed_out)

    def __repr__(self) -> str:
        return f"<function {self.__name__}>"


def call(
    target: object,
    arguments: tuple[Any, ...] | None,
    keywords: Mapping[str, Any],
    exchange: Exchange,
    handed_out: HandedOut | None = None,
    side: Side = ALONE,
    *,
    name: str | None = None,
    world: tuple[object, object] = (None, None),
    drawn: Callable[[object], None] = lambda _: None,
) -> Any:
    """Call a function of the other process, or fetch a value of that name (`arguments` is None), or have done
    what the `target` says to something that it keeps.

    Prints what the function printed; changes the arrays in `handed_out`, if they are no longer what the last
    call returned. Raises CallError if the function raises, NotPlain if what it returns does not cross,
    ValueError if the arguments don't.

    name  : of what is called, for sentences
    world : what the test has changed for both sides, and the states of generators that are news
    drawn : is told what the call has drawn from these
    """
    name = str(target) if name is None else name
    token, earlier = os.urandom(_TOKEN), handed_out or HandedOut()
    wants = sorted(side.wants)
    try:
        question, mutables = encode([target, arguments, keywords, token, earlier.token, wants, *world], side)
    except WireError as error:
        raise ValueError(f"{name} is called with {error}, which is not a plain value") from None
    body = exchange(question)
    known = [*mutables, *earlier.arrays]
    if handed_out is not None and len(body) > _LARGEST_HANDED_OUT:
        handed_out.token, handed_out.arrays, handed_out = b"", [], None
    try:
        match decode_reply(body, known, handed_out, token, side):
            case ["value", value, str(text), numbers]:
                drawn(numbers)
                sys.stdout.write(text)
                return value
            case ["error", dict(facts), str(text), numbers]:
                drawn(numbers)
                sys.stdout.write(text)
                raise _call_error(name, facts)
            case ["unplain", str(sentence), str(text), numbers]:
                drawn(numbers)
                sys.stdout.write(text)
                raise NotPlain(f"{name} {sentence[:_LONGEST_SENTENCE]}")
    except WireError as error:
        raise NotPlain(f"{name} returned {error}, which cannot be examined.") from None
    raise NotPlain(f"{name} returned something that cannot be examined.")


def _call_error(name: str, facts: Mapping[Any, Any]) -> CallError:
    """An exception that can be caught as what it was: as one of Python's own, or of a class that stands here
    for the other side's."""
    texts = {key: _text(facts.get(key)) for key in ("name", "message")}
    bases = facts.get("bases")
    traceback = facts.get("traceback")
    kind: type[Exception] = Exception
    own = facts.get("kind")
    for base in bases if type(bases) is list else []:
        found = getattr(builtins, base, None) if type(base) is str else None
        if isinstance(found, type) and issubclass(found, Exception):
            # These would end a loop of the caller as if it had come to its end.
            kind = RuntimeError if issubclass(found, StopIteration | StopAsyncIteration) else found
            break
    if isinstance(own, type) and issubclass(own, kind) and not issubclass(own, StopIteration):
        kind = own
    lines = [_text(line) for line in traceback[-_MOST_LINES:]] if type(traceback) is list else []
    # A student chose the name: what cannot be part of one would raise here.
    known_as = re.sub(r"\W", "", texts["name"])[:_LONGEST_NAME] or "Exception"
    try:
        made = cast(Any, type(kind))(known_as, (CallError, kind), {"__str__": lambda _: texts["message"]})
        error = cast(Any, made).__new__(made)
    except TypeError:  # an ExceptionGroup, which cannot be made without its members
        error = CallError()
    error.args = (texts["message"],)
    within = re.sub(r"[^\w.]", "", _text(facts.get("within")))[:_LONGEST_NAME] or name
    error.facts = {"function": name, "within": within, **texts, "traceback": lines}
    return cast(CallError, error)


def _text(value: object) -> str:
    """A text of bearable length, of whatever the other side has put there."""
    return value[:LONGEST_MESSAGE] if type(value) is str else ""
