"""Calls that another process asks for: what is looked up, called and told."""

from __future__ import annotations

import builtins
from contextlib import suppress
from types import ModuleType
from typing import Any, Final, cast

import numpy as np

from autograder.boundary.calls import LONGEST_MESSAGE
from autograder.boundary.current_figure import current_figure
from autograder.boundary.global_state import drawn_since, take_over
from autograder.boundary.handles import FUNCTIONS, Handles
from autograder.boundary.plain import describe, plain_kind, real_bases, real_name
from autograder.boundary.replies import HandedOut, Snapshot, encode_reply
from autograder.boundary.shell import NotebookShell, is_of_cell
from autograder.boundary.side import ALONE, Side
from autograder.boundary.values import decode
from autograder.errors import NotPlainError, WireError

_LARGEST_VARIABLE: Final = 16 << 20
"""Bytes of a variable of the notebook that a test may look at."""
LARGEST_HANDED_OUT: Final = 1 << 20
"""Bytes of a result that is looked at again after the next call."""
_LONGEST_NAMES: Final = 150_000
"""Characters of all the names of a notebook; JSON writes some as six."""
_ROOM_OF_A_NAME: Final = 20
_NOTHING: Final = object()


class World:
    """Changes by a test to the one world that it seems to share with the student's code."""

    def __init__(self, shell: NotebookShell) -> None:
        self._shell = shell
        self._originals: dict[str, object] = {}
        self._replaced: dict[str, object] = {}

    def become(self, changes: dict[str, Any] | None) -> None:
        """Take over names that a test has set or deleted, and functions of Python that it has replaced;
        everything else is as the student's code has it."""
        changes = changes or {}
        names, replaced = changes.get("set", {}), changes.get("builtins", {})
        space = self._shell.user_ns
        for name in [name for name in self._originals if name not in names]:
            self._put(space, name, self._originals.pop(name))
        for name in [name for name in self._replaced if name not in replaced]:
            setattr(builtins, name, self._replaced.pop(name))
        for name, value in names.items():
            self._originals.setdefault(name, space.get(name, _NOTHING))
            # A list with the value in it; an empty one for what is deleted.
            self._put(space, name, value[0] if value else _NOTHING)
        for name, value in replaced.items():
            self._replaced.setdefault(name, getattr(builtins, name))
            setattr(builtins, name, value)

    def own(self, name: str) -> object:
        """The object that the student's code has given this name. Raises KeyError."""
        value = self._originals.get(name, _NOTHING)
        return self._shell.user_ns[name] if value is _NOTHING else value

    @staticmethod
    def _put(space: dict[str, Any], name: str, value: object) -> None:
        if value is _NOTHING:
            space.pop(name, None)
        else:
            space[name] = value


def answer(
    shell: NotebookShell,
    body: bytes,
    *,
    with_traceback: bool,
    side: Side = ALONE,
    world: World | None = None,
) -> bytes:
    """Call a function that was defined in this shell, or look up a value (the `arguments` are None), or do
    something to what was handed out.

    `with_traceback=False` keeps what stands in the function's source to this process.
    """
    question, mutables = decode(body, side)
    target, arguments, keywords, token, earlier, wants, changes, states = cast(tuple[Any, ...], question)
    side.wants = frozenset(wants)
    name = target if type(target) is str else None
    handed_out = shell.handed_out.pop(name, HandedOut()) if name else HandedOut()
    if handed_out.token != earlier:
        handed_out = HandedOut()
    mutables = [*mutables, *handed_out.arrays]
    snapshot = Snapshot(mutables)
    shell.outputs.take()
    before = []
    if world is not None:
        world.become(changes)
        before = take_over(states) if "random" in wants else []
    found: tuple[str, object]
    with shell.captured():
        try:
            if name is None and target[0] == "about" and world is not None:
                value: Any = Handles.tell_about(world.own(target[1]))
            elif name is None and target[0] == "values" and world is not None:
                value = [world.own(each) for each in target[1]]
            elif name is None and target[0] == "figure":
                value = current_figure()
            elif name is None:
                value = cast(Handles, side).perform(target, arguments, keywords)
            else:
                value = world.own(name) if world is not None else shell.user_ns[name]
                if arguments is not None:
                    value = value(*arguments, **keywords)
            found = ("value", value)
        except BaseException as error:
            found = ("error", explain(shell, error, side, with_traceback=with_traceback))
    text = "".join(entry["text"] for entry in shell.outputs.take() if entry["output_type"] == "stream")
    drawn = drawn_since(before) if before else None
    try:
        reply = encode_reply((*found, text, drawn), mutables, snapshot, handed_out, token, side)
        if name and arguments is not None and len(reply) <= LARGEST_HANDED_OUT:
            shell.handed_out[name] = handed_out
        if arguments is not None or len(reply) <= _LARGEST_VARIABLE:
            return reply
        said = "is too large to be examined."
    except WireError as error:
        said = _sentence(error, found[1], is_value=arguments is None)
    except MemoryError:
        said = f"returned {describe(found[1])}, which is too large to be examined."
    except Exception as error:  # a class of the student's own that does not let itself be looked at
        said = f"returned {describe(found[1])}, which cannot be examined ({real_name(type(error))})."
    return encode_reply(("unplain", said, text, drawn), [], Snapshot([]))


def defined_names(shell: NotebookShell) -> dict[str, str]:
    """The names that a notebook has defined, the latest first, and what each is: a "function", "class",
    "module", "value", or a function or class that was "imported"; no more than can be sent at once."""
    known: dict[str, str] = {}
    room = _LONGEST_NAMES
    for name, value in reversed(list(shell.user_ns.items())):
        if type(name) is str and shell.user_ns_hidden.get(name, known) is not value and len(name) < room:
            room -= len(name) + _ROOM_OF_A_NAME
            known[name] = _sort(value)
    return known


def _sort(value: object) -> str:
    # Never `isinstance`, which asks an object for its class.
    kind = type(value)
    if issubclass(kind, ModuleType):
        return "module"
    if not callable(value):
        return "value"
    module = None
    with suppress(Exception):
        module = getattr(value, "__module__", None)
    is_function = issubclass(kind, (type, *FUNCTIONS, np.ufunc))
    if module != "__main__" and is_function:
        return "imported"
    return "class" if issubclass(kind, type) else "function" if is_function else "callable"


def _sentence(error: WireError, value: object, *, is_value: bool) -> str:
    """The returned thing that cannot cross, and the remedy, in words that follow the function's name."""
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


def explain(
    shell: NotebookShell, error: BaseException, side: Side, *, with_traceback: bool
) -> dict[str, object]:
    """An exception as plain values: name, message, base classes (by name), the traceback of its own code."""
    lines: list[str] = []
    if with_traceback:
        trace = error.__traceback__.tb_next if error.__traceback__ else None
        before = shell.outputs.take()
        with suppress(Exception):  # of a class of the student's own that does not let itself be shown
            shell.showtraceback((type(error), error, trace))
        shown = [entry for entry in shell.outputs.take() if entry["output_type"] == "error"]
        shell.outputs.entries = before
        lines = [line[:LONGEST_MESSAGE] for line in shown[-1]["traceback"]] if shown else []
    try:
        message = str.__str__(str(error))
    except Exception:
        message = describe(error)
    kind = None
    with suppress(Exception):  # of a metaclass
        kind = type(error) if side.may_be_handed_out(type(error)) else None
    return {
        "name": real_name(type(error)),
        "message": message[:LONGEST_MESSAGE],
        "bases": [real_name(base) for base in real_bases(type(error))],
        "traceback": lines,
        "within": _where(error),
        "kind": kind,
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


def answer_callback(side: Handles, body: bytes) -> bytes:
    """On the exam's side: do something to what a test has handed out. There is an answer to everything."""
    try:
        question, mutables = decode(body, side)
        match question:
            case [target, tuple() as arguments, dict() as keywords, bytes() as token, *_] if all(
                type(key) is str for key in keywords
            ):
                pass
            case _:
                raise WireError("a malformed message")
        snapshot = Snapshot(mutables)
        found: tuple[str, object]
        try:
            found = ("value", side.perform(target, arguments, keywords))
        except Exception as error:
            # What a check says of numbers is for the exam's side.
            message = "" if isinstance(error, AssertionError) else str(error)[:LONGEST_MESSAGE]
            bases = [real_name(base) for base in real_bases(type(error))]
            facts = {"name": real_name(type(error)), "message": message, "bases": bases}
            found = ("error", facts)
        return encode_reply((*found, "", None), mutables, snapshot, HandedOut(), token, side)
    except WireError as error:
        said = f"gave {error}, which does not cross."
        return encode_reply(("unplain", said, "", None), [], Snapshot([]))
