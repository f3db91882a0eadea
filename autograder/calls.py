"""Calls of functions that live in another process: what is asked, what is answered.

The exam calls a student's functions in this way, and a student's function calls the reference where that
stands in for one of the student's own (see `examination`). Arguments and results cross as plain values (see
`wire`), with what a call changes in place; the code on one side never gets to the other.
"""

from __future__ import annotations

import builtins
import re
import sys
from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from autograder.errors import WireError
from autograder.shell import NotebookShell
from autograder.wire import Snapshot, decode, decode_reply, describe, encode, encode_reply

_LONGEST_MESSAGE: Final = 10_000
_LONGEST_SENTENCE: Final = 700
_MOST_LINES: Final = 100
"""Of a traceback, where IPython takes one for each frame."""

Exchange = Callable[[bytes], bytes]
"""Takes a question to the other process and brings the answer back."""


class CallError(Exception):
    """Raised by the function in its process; here it has that exception's name, message and traceback."""

    facts: Mapping[str, Any]

    def _render_traceback_(self) -> list[str]:
        return [*self.facts["traceback"]]


class NotPlain(TypeError):
    """What a function of the other process returned does not cross between the processes."""


class StandIn:
    """A function of another process: calling it asks there."""

    def __init__(self, name: str, exchange: Exchange) -> None:
        self.__name__ = self.__qualname__ = name
        self._exchange = exchange

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        return call(self.__name__, arguments, keywords, self._exchange)

    def __repr__(self) -> str:
        return f"<function {self.__name__}>"


def call(
    name: str, arguments: tuple[Any, ...] | None, keywords: Mapping[str, Any], exchange: Exchange
) -> Any:
    """Call the function `name` of the other process, or fetch a value of that name (`arguments` is None).

    Prints what the function printed. Raises CallError if the function raises, NotPlain if what it returns
    does not cross, ValueError if the arguments don't.
    """
    try:
        question, mutables = encode([name, arguments, keywords])
    except WireError as error:
        raise ValueError(f"{name} is called with {error}, which is not a plain value") from None
    body = exchange(question)
    try:
        match decode_reply(body, mutables):
            case ["value", value, str(text)]:
                sys.stdout.write(text)
                return value
            case ["error", dict(facts), str(text)]:
                sys.stdout.write(text)
                raise _call_error(name, facts)
            case ["unplain", str(sentence), str(text)]:
                sys.stdout.write(text)
                raise NotPlain(
                    f"{name} {sentence[:_LONGEST_SENTENCE]}, but only numbers, texts, arrays of numbers, "
                    "tuples, lists and dictionaries can be examined."
                )
    except WireError as error:
        raise NotPlain(f"{name} returned {error}, which cannot be examined.") from None
    raise NotPlain(f"{name} returned something that cannot be examined.")


def _call_error(name: str, facts: Mapping[Any, Any]) -> CallError:
    """An exception that can be caught as what it was, if that is one of Python's own."""
    texts = {key: _text(facts.get(key)) for key in ("name", "message")}
    bases = facts.get("bases")
    traceback = facts.get("traceback")
    kind: type[Exception] = Exception
    for base in bases if type(bases) is list else []:
        found = getattr(builtins, base, None) if type(base) is str else None
        if isinstance(found, type) and issubclass(found, Exception):
            # These would end a loop of the caller as if it had come to its end.
            kind = RuntimeError if issubclass(found, StopIteration | StopAsyncIteration) else found
            break
    lines = [_text(line) for line in traceback[-_MOST_LINES:]] if type(traceback) is list else []
    # A student chose the name, and what would not do as one would raise here.
    known_as = re.sub(r"\W", "", texts["name"])[:80] or "Exception"
    try:
        made = type(known_as, (CallError, kind), {"__str__": lambda _: texts["message"]})
        error = cast(Any, made).__new__(made)
    except TypeError:  # an ExceptionGroup, which cannot be made without its members
        error = CallError()
    error.args = (texts["message"],)
    error.facts = {"function": name, **texts, "traceback": lines}
    return cast(CallError, error)


def _text(value: object) -> str:
    """A text of bearable length, of whatever the other side has put there."""
    return value[:_LONGEST_MESSAGE] if type(value) is str else ""


def answer(shell: NotebookShell, body: bytes, *, with_traceback: bool) -> bytes:
    """Call a function that was defined in this shell, or look up a value (the `arguments` are None).

    `with_traceback=False` keeps what stands in the function's source to this process.
    """
    question, mutables = decode(body)
    name, arguments, keywords = cast(tuple[Any, Any, Any], question)
    snapshot = Snapshot(mutables)
    shell.outputs.take()
    found: tuple[str, object]
    with shell.captured():
        try:
            value = shell.user_ns[name]
            if arguments is not None:
                value = value(*arguments, **keywords)
            found = ("value", value)
        except BaseException as error:
            found = ("error", _explain(shell, error, with_traceback))
    text = "".join(entry["text"] for entry in shell.outputs.take() if entry["output_type"] == "stream")
    try:
        return encode_reply((*found, text), mutables, snapshot)
    except WireError as error:
        what = "returned" if arguments is not None else "is"
        return encode_reply(("unplain", f"{what} {error}", text), [], Snapshot([]))


def _explain(shell: NotebookShell, error: BaseException, with_traceback: bool) -> dict[str, object]:
    """An exception as plain values: name, message, base classes (by name), the traceback of its own code."""
    lines: list[str] = []
    if with_traceback:
        trace = error.__traceback__.tb_next if error.__traceback__ else None
        before = shell.outputs.take()
        shell.showtraceback((type(error), error, trace))
        shown = [entry for entry in shell.outputs.take() if entry["output_type"] == "error"]
        shell.outputs.entries = before
        lines = [line[:_LONGEST_MESSAGE] for line in shown[-1]["traceback"]] if shown else []
    try:
        message = str(error)
    except Exception:
        message = describe(error)
    return {
        "name": type(error).__name__,
        "message": message[:_LONGEST_MESSAGE],
        "bases": [base.__name__ for base in type(error).__mro__],
        "traceback": lines,
    }
