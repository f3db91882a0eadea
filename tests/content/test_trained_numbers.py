"""Trained numbers of a lesson do not hang on the last bits of its inputs: processors differ in them."""

from __future__ import annotations

import contextlib
import io
from typing import Any

import numpy as np
import pytest

from autograder.authoring.reference import COURSE
from autograder.course.cells import read_notebook

pytestmark = pytest.mark.long
LESSON = COURSE / "notebooks" / "05-trusting-a-gradient.ipynb"


def test_wrong_gradients_train_as_far_on_every_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(LESSON.parent)
    monkeypatch.syspath_prepend(str(LESSON.parent))
    monkeypatch.setenv("MPLBACKEND", "Agg")
    lesson: dict[str, Any] = {}
    with contextlib.redirect_stdout(io.StringIO()):
        for cell in read_notebook(LESSON).cells:
            if cell.cell_type == "code":
                lines = [line for line in cell.source.splitlines() if not line.startswith("%")]
                exec("\n".join(lines), lesson)
                if cell.id == "l5-training":
                    break
    draw, generator = lesson["draw_values"], np.random.default_rng(0)

    def otherwise_rounded(**options: Any) -> dict[str, Any]:
        drawn = draw(**options)
        return {name: x * (1 + 1e-13 * generator.standard_normal(np.shape(x))) for name, x in drawn.items()}

    lesson["draw_values"] = otherwise_rounded
    assert len(lesson["runs"]) == 7
    for slip, losses in lesson["runs"].items():
        again = lesson["training_losses"](slip)
        assert not np.array_equal(again, losses)
        assert np.allclose(again, losses, rtol=0, atol=1e-6), slip
