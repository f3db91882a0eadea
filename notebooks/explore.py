"""Sliders for the lessons: a figure and a sentence that are made anew whenever a control moves.

    def draw(weight):
        ...
        return figure, f"After ten steps {rest:.3f} of the pulse is left."

    explore(draw, "Line chart of the state over 30 time steps.", weight=Slider("Weight", 0, 1.5, 0.5, 0.1))

A slider redraws when it is let go, so that pictures do not queue up behind it. What a notebook file keeps is
the figure and the sentence for the starting values: that much is seen without a kernel. Without ipywidgets,
a cell says what to install. Nothing is printed and no output is cleared; the picture is the value of a
widget, so it also works where a notebook is run without a browser.
"""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
SENTENCES = {
    "controls": "Controls: {listed}",
    "shown": "Shown here: {listed}.",
    "note": "{advice} {shown}",
    "between": ", ",
    "run": "Run this cell to move the controls.",
    "no-widgets": "The controls need ipywidgets, which is not installed: run %pip install ipywidgets in a"
    " cell, restart the kernel, and run the notebook again from the top.",
}


def sentence(name: str, **values: str) -> str:
    """One of the SENTENCES, in the language of this folder."""
    from rnn_utils import words

    return words("explore").get(name, SENTENCES[name]).format(**values)


@dataclass(frozen=True)
class Slider:
    """A number between `low` and `high`."""

    label: str
    low: float
    high: float
    start: float
    step: float

    def widget(self) -> Any:
        from ipywidgets import FloatSlider, IntSlider

        kind = IntSlider if all(isinstance(v, int) for v in (self.low, self.high, self.step)) else FloatSlider
        return kind(min=self.low, max=self.high, step=self.step, value=self.start, continuous_update=False)


@dataclass(frozen=True)
class Choice:
    """One of several texts, the first one to begin with."""

    label: str
    options: Sequence[str]

    @property
    def start(self) -> str:
        return self.options[0]

    def widget(self) -> Any:
        from ipywidgets import Dropdown

        return Dropdown(options=self.options)


@dataclass(frozen=True)
class Entry:
    """A text to type; the picture follows when the key Enter is pressed."""

    label: str
    start: str

    def widget(self) -> Any:
        from ipywidgets import Text

        return Text(value=self.start, continuous_update=False)


def explore(draw: Callable[..., tuple[Figure, str]], alt: str, **controls: Slider | Choice | Entry) -> None:
    """Show the controls and below them what `draw(name=value, …)` returns: a figure and a sentence.

    alt : describes the figure, whatever the values, for readers who do not see it; the sentence, which is
          shown as text, gives the numbers
    """
    from IPython.display import display

    start = {name: control.start for name, control in controls.items()}
    picture = _markup(draw(**start), alt)
    listed = sentence("between").join(f"{controls[name].label} = {value}" for name, value in start.items())
    bundle: dict[str, Any] = {"text/plain": sentence("controls", listed=listed)}
    advice = "run"
    try:
        view = _controls(draw, alt, picture, controls)
    except ImportError:
        advice = "no-widgets"
    else:
        bundle[WIDGET_VIEW] = {"version_major": 2, "version_minor": 0, "model_id": view.model_id}
    note = sentence("note", advice=sentence(advice), shown=sentence("shown", listed=listed))
    bundle["text/html"] = f"<p><em>{html.escape(note)}</em></p>{picture}"
    display(bundle, raw=True)  # type: ignore[no-untyped-call]


def _controls(draw: Any, alt: str, picture: str, controls: dict[str, Any]) -> Any:
    from ipywidgets import HTML, Layout, VBox

    shown = HTML(picture)
    widgets = {name: control.widget() for name, control in controls.items()}

    def redraw(_change: Any) -> None:
        shown.value = _markup(draw(**{name: widget.value for name, widget in widgets.items()}), alt)

    for name, widget in widgets.items():
        widget.description = controls[name].label
        widget.style.description_width = "16em"
        widget.layout = Layout(width="36em", max_width="100%")
        widget.observe(redraw, names="value")
    return VBox([*widgets.values(), shown])


def _markup(drawn: tuple[Figure, str], alt: str) -> str:
    """The figure as an image with `alt`, and the sentence below it, announced by screen readers."""
    import matplotlib.pyplot as plt

    figure, sentence = drawn
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110, bbox_inches="tight", metadata={"Software": None})
    plt.close(figure)
    data = base64.b64encode(buffer.getvalue()).decode()
    image = f'<img alt="{html.escape(alt)}" style="max-width: 100%" src="data:image/png;base64,{data}">'
    return f'{image}<p role="status">{html.escape(sentence)}</p>'
