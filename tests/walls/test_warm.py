"""The warm process does some things once for all submissions: they show what they would have shown."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.backends import backend_agg

from autograder.inside.main import parse_formulas_once


@pytest.fixture(autouse=True)
def agg() -> Iterator[None]:
    with mpl.rc_context():
        plt.switch_backend("agg")
        yield
        plt.close("all")


def picture(dpi: int) -> bytes:
    figure, axes = plt.subplots(figsize=(7, 3.2))
    for weight in (0.5, 1.5):
        axes.plot(np.arange(30), weight ** np.arange(30.0), "o-", label=f"$W_{{aa}} = {weight}$")
    axes.set(xlabel="time step", ylabel="$\\frac{a}{b}$", title="What is left of $x$", yscale="log")
    axes.legend()
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png", dpi=dpi, bbox_inches="tight")
    plt.close(figure)
    return drawn.getvalue()


def test_renderers_that_share_what_they_have_parsed_draw_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend_agg, "MathTextParser", backend_agg.MathTextParser)  # and put back afterwards
    sizes = (110, 72, 110)
    apart = [picture(dpi) for dpi in sizes]
    assert apart[0] != apart[1]
    parse_formulas_once()
    assert [picture(dpi) for dpi in sizes] == apart
    one, other = (backend_agg.RendererAgg(10, 10, 100) for _ in range(2))
    parsers: list[Any] = [one.mathtext_parser, other.mathtext_parser]
    assert parsers[0] is parsers[1]
