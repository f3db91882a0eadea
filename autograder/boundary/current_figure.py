"""The figure in which pyplot draws: told by one side, taken over by the other."""

from __future__ import annotations

import sys
from typing import Any


def current_figure() -> object:
    """The figure that pyplot draws in, if there is one."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    return pyplot.gcf() if pyplot is not None and pyplot.get_fignums() else None


def make_current(figure: Any, shell: Any) -> None:
    """Let pyplot take a figure for the one in which it draws, until the cell has ended; it is not shown."""
    from matplotlib import pyplot
    from matplotlib._pylab_helpers import Gcf

    def close() -> None:
        Gcf.destroy_fig(figure)

    number = max(pyplot.get_fignums(), default=0) + 1
    manager = pyplot._get_backend_mod().new_figure_manager_given_figure(number, figure)
    Gcf._set_new_active_manager(manager)
    shell.events.callbacks["post_execute"].insert(0, close)
