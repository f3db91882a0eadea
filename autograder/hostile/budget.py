"""How much work may be spent on one submission's texts: charged before the work is done, never afterwards."""

from __future__ import annotations


class Budget:
    """An amount of work, in whatever it is measured."""

    def __init__(self, most: int) -> None:
        self.left = most

    def pays(self, work: int) -> bool:
        """Take the price of some work, if there is as much left; otherwise nothing, and the work is not to be
        done."""
        if work > self.left:
            return False
        self.left -= work
        return True
