"""Calls of functions that live in another process: what is asked, what is answered.

The exam calls a student's functions in this way, and a student's function calls the reference where that
stands in for one of the student's own (see `examination`). Arguments and results cross as plain values (see
`wire`), with what a call changes in place; the code on one side never gets to the other.
"""

from __future__ import annotations

import builtins
import os
import re
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final, cast

from autograder.boundary.plain import describe, plain_kind, real_bases, real_name
from autograder.boundary.replies import HandedOut, Snapshot, decode_reply, encode_reply
from autograder.boundary.shell import NotebookShell, is_of_cell
from autograder.boundary.values import decode, encode
from autograder.errors import NotPlainError, WireError

_LONGEST_MESSAGE: Final = 10_000
_LONGEST_SENTENCE: Final = 700
_LARGEST_VARIABLE: Final = 16 << 20
"""Bytes of a variable of the notebook that a test may look at."""
_LARGEST_HANDED_OUT: Final = 1 << 20
"""Bytes of a result that is looked at again after the next call."""
_TOKEN: Final = 8
_LONGEST_NAMES: Final = 150_000
"""Characters of all the names of a notebook; JSON writes some as six."""
_ROOM_OF_A_NAME: Final = 4
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


class NotPlain(TypeError):
    """What a function of the other process returned does not cross between the processes."""


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
    name: str,
    arguments: tuple[Any, ...] | None,
    keywords: Mapping[str, Any],
    exchange: Exchange,
    handed_out: HandedOut | None = None,
) -> Any:
    """Call the function `name` of the other process, or fetch a value of that name (`arguments` is None).

    Prints what the function printed; changes the arrays in `handed_out`, if they are no longer what the last
    call returned. Raises CallError if the function raises, NotPlain if what it returns does not cross,
    ValueError if the arguments don't.
    """
    token, earlier = os.urandom(_TOKEN), handed_out or HandedOut()
    try:
        question, mutables = encode([name, arguments, keywords, token, earlier.token])
    except WireError as error:
        raise ValueError(f"{name} is called with {error}, which is not a plain value") from None
    body = exchange(question)
    known = [*mutables, *earlier.arrays]
    if handed_out is not None and len(body) > _LARGEST_HANDED_OUT:
        handed_out.token, handed_out.arrays, handed_out = b"", [], None
    try:
        match decode_reply(body, known, handed_out, token):
            case ["value", value, str(text)]:
                sys.stdout.write(text)
                return value
            case ["error", dict(facts), str(text)]:
                sys.stdout.write(text)
                raise _call_error(name, facts)
            case ["unplain", str(sentence), str(text)]:
                sys.stdout.write(text)
                raise NotPlain(f"{name} {sentence[:_LONGEST_SENTENCE]}")
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
    known_as = re.sub(r"\W", "", texts["name"])[:_LONGEST_NAME] or "Exception"
    try:
        made = type(known_as, (CallError, kind), {"__str__": lambda _: texts["message"]})
        error = cast(Any, made).__new__(made)
    except TypeError:  # an ExceptionGroup, which cannot be made without its members
        error = CallError()
    error.args = (texts["message"],)
    within = re.sub(r"[^\w.]", "", _text(facts.get("within")))[:_LONGEST_NAME] or name
    error.facts = {"function": name, "within": within, **texts, "traceback": lines}
    return cast(CallError, error)


def _text(value: object) -> str:
    """A text of bearable length, of whatever the other side has put there."""
    return value[:_LONGEST_MESSAGE] if type(value) is str else ""


def answer(shell: NotebookShell, body: bytes, *, with_traceback: bool) -> bytes:
    """Call a function that was defined in this shell, or look up a value (the `arguments` are None).

    `with_traceback=False` keeps what stands in the function's source to this process.
    """
    question, mutables = decode(body)
    name, arguments, keywords, token, earlier = cast(tuple[Any, Any, Any, Any, Any], question)
    handed_out = shell.handed_out.pop(name, HandedOut())
    if handed_out.token != earlier:
        handed_out = HandedOut()
    mutables = [*mutables, *handed_out.arrays]
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
        reply = encode_reply((*found, text), mutables, snapshot, handed_out, token)
        if arguments is not None and len(reply) <= _LARGEST_HANDED_OUT:
            shell.handed_out[name] = handed_out
        if arguments is not None or len(reply) <= _LARGEST_VARIABLE:
            return reply
        said = "is too large to be examined."
    except WireError as error:
        said = _sentence(error, found[1], is_value=arguments is None)
    except Exception as error:  # a class of the student's own that does not let itself be looked at
        said = f"returned {describe(found[1])}, which cannot be examined ({real_name(type(error))})."
    return encode_reply(("unplain", said, text), [], Snapshot([]))


def defined_names(shell: NotebookShell) -> dict[str, str]:
    """The names that a notebook has defined, the latest first, and whether each is a "function" or a "value";
    no more than can be sent at once."""
    known: dict[str, str] = {}
    room = _LONGEST_NAMES
    for name, value in reversed(list(shell.user_ns.items())):
        if type(name) is str and shell.user_ns_hidden.get(name, known) is not value and len(name) < room:
            room -= len(name) + _ROOM_OF_A_NAME
            known[name] = "function" if callable(value) else "value"
    return known


def _sentence(error: WireError, value: object, *, is_value: bool) -> str:
    """What was returned that does not cross, and what to return in its place, after the function's name."""
    verb = "is" if is_value else "returned"
    if not isinstance(error, NotPlainError):
        return f"{verb} {error}, which cannot be examined."
    if error.is_in_argument:
        return f"put {error} into one of its arguments, which cannot be examined: only plain values can."
    what = f"{error}"
    # The value is the second part of what is sent.
    if place := error.place.removeprefix("[1]"):
        kind = plain_kind(type(value))
        container = "a dictionary" if kind is dict else "a list" if kind is list else "a tuple"
        what = f"{container} whose entry {place} is {error}"
    return f"{verb} {what}, which cannot be examined; {error.instead}."


def _explain(shell: NotebookShell, error: BaseException, with_traceback: bool) -> dict[str, object]:
    """An exception as plain values: name, message, base classes (by name), the traceback of its own code."""
    lines: list[str] = []
    if with_traceback:
        trace = error.__traceback__.tb_next if error.__traceback__ else None
        before = shell.outputs.take()
        with suppress(Exception):  # of a class of the student's own that does not let itself be shown
            shell.showtraceback((type(error), error, trace))
        shown = [entry for entry in shell.outputs.take() if entry["output_type"] == "error"]
        shell.outputs.entries = before
        lines = [line[:_LONGEST_MESSAGE] for line in shown[-1]["traceback"]] if shown else []
    try:
        message = str.__str__(str(error))
    except Exception:
        message = describe(error)
    return {
        "name": real_name(type(error)),
        "message": message[:_LONGEST_MESSAGE],
        "bases": [real_name(base) for base in real_bases(type(error))],
        "traceback": lines,
        "within": _where(error),
    }


def _where(error: BaseException) -> str:
    """The name of the innermost function of the notebook that an exception came out of; empty if none."""
    name, trace = "", error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        # Comprehensions and lambdas belong to the function around them.
        if is_of_cell(code) and not code.co_name.startswith("<"):
            name = code.co_name
        trace = trace.tb_next
    return name


class Fault(RuntimeError):
    """The student's process did not answer."""
