"""Objects that one side of the boundary keeps for the other, where a value itself cannot cross."""

from __future__ import annotations

from typing import Any

from autograder.errors import WireError


class NotPlain(TypeError):
    """A value that a function of the other process returned, or was given, cannot cross."""


class Side:
    """A side that hands nothing out and takes nothing in but values."""

    wants: frozenset[str] = frozenset()
    """Kinds of values that may cross in this exam, in addition to those that are harmless everywhere."""

    @property
    def takes(self) -> frozenset[str]:
        """The part of that which this side lets in."""
        return self.wants

    def may_be_handed_out(self, value: object) -> bool:
        """Whether an object may stay here and be asked from the other side."""
        return False

    def hand_out(self, value: object) -> list[Any] | None:
        """The node for an object that stays on this side, what is told about it last; None if none may."""
        return None

    def take_in(self, number: int, what: str, about: list[object]) -> object:
        """The stand-in for an object that the other side keeps. Raises WireError."""
        raise WireError("a malformed message")

    def taken_back(self, number: int | str) -> object:
        """The object that this side has handed out. Raises WireError."""
        raise WireError("a malformed message")


ALONE = Side()
