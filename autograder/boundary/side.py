"""What one side of the boundary keeps for the other, where a value itself cannot cross."""

from __future__ import annotations

from typing import Any

from autograder.errors import WireError


class NotPlain(TypeError):
    """What a function of the other process returned, or was given, does not cross between the processes."""


class Side:
    """A side that hands nothing out and takes nothing in but values."""

    wants: frozenset[str] = frozenset()
    """What may cross besides what is harmless everywhere: it depends on what the exam is about."""

    @property
    def takes(self) -> frozenset[str]:
        """What this side lets in of that."""
        return self.wants

    def may_be_handed_out(self, value: object) -> bool:
        """Whether an object may stay here and be asked from the other side."""
        return False

    def hand_out(self, value: object) -> list[Any] | None:
        """The node for an object that stays on this side, what is told about it last; None if none may."""
        return None

    def take_in(self, number: int, what: str, about: list[object]) -> object:
        """What stands here for an object that the other side keeps. Raises WireError."""
        raise WireError("a malformed message")

    def taken_back(self, number: int | str) -> object:
        """The object that this side has handed out. Raises WireError."""
        raise WireError("a malformed message")


ALONE = Side()
