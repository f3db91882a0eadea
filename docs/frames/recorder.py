"""Draws every picture of a lesson's sliders. Runs in the kernel of the lesson, in place of `explore`."""

from __future__ import annotations

import io
import itertools
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
from explore import Choice, Entry, Slider
from matplotlib.figure import Figure
from PIL import Image


class Recorder:
    """Keeps the pictures of one lesson in `folder`, and in its `frames.json` what there is.

    A figure gets at most `most_frames` pictures that take at most `most_bytes` together.
    """

    def __init__(self, folder: Path, most_frames: int, most_bytes: int) -> None:
        self.folder = folder
        self.most_frames = most_frames
        self.most_bytes = most_bytes
        self.figures: list[dict[str, Any]] = []

    def explore(
        self, draw: Callable[..., tuple[Figure, str]], alt: str, **controls: Slider | Choice | Entry
    ) -> None:
        """Draw `draw` for each combination of values, unless there are too many or one is typed.

        Raises ValueError if the pictures take too many bytes.
        """
        if any(isinstance(control, Entry) for control in controls.values()):
            return
        values = {name: values_of(control) for name, control in controls.items()}  # type: ignore[arg-type]
        if math.prod(map(len, values.values())) > self.most_frames:
            return
        kept = f"figure-{len(self.figures)}"
        (self.folder / kept).mkdir(parents=True)
        sentences, size = [], 0
        for number, chosen in enumerate(itertools.product(*values.values())):
            figure, sentence = draw(**dict(zip(values, chosen, strict=True)))
            sentences.append(sentence)
            size += self._store(figure, self.folder / kept / f"{number}.webp")
        if size > self.most_bytes:
            raise ValueError(
                f"The {len(sentences)} pictures of “{alt}” take {size / 1e6:.1f} MB where "
                f"{self.most_bytes / 1e6:.1f} MB are allowed: give its sliders larger steps."
            )
        self.figures.append(
            {
                "alt": alt,
                "folder": kept,
                "controls": [
                    {
                        "label": control.label,
                        "values": values[name],
                        "start": nearest(values[name], control.start),
                    }
                    for name, control in controls.items()
                ],
                "sentences": sentences,
                "bytes": size,
            }
        )
        (self.folder / "frames.json").write_text(json.dumps(self.figures), encoding="utf-8")

    @staticmethod
    def _store(figure: Figure, path: Path) -> int:
        """Write the picture without loss, as large as in the lesson; how many bytes it takes."""
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=110, bbox_inches="tight")
        plt.close(figure)
        picture = Image.open(buffer).convert("RGB")
        # The colours of lines and markers stay as they are; of the shades between them, some are joined.
        few = picture.quantize(24, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).convert("RGB")
        few.save(path, lossless=True, quality=80, method=4)  # more would take 100 times as long
        return path.stat().st_size


def values_of(control: Slider | Choice) -> list[Any]:
    """Every value that the control can take, in its order."""
    if isinstance(control, Choice):
        return list(control.options)
    steps = round((control.high - control.low) / control.step)
    exact = all(isinstance(value, int) for value in (control.low, control.step))
    found = [control.low + number * control.step for number in range(steps + 1)]
    return found if exact else [round(value, 10) for value in found]


def nearest(values: list[Any], start: Any) -> int:
    """Where the control stands at first."""
    if start in values:
        return values.index(start)
    return min(range(len(values)), key=lambda place: abs(values[place] - start))
