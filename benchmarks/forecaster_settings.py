"""Errors of assignment 08's forecaster with 36 settings: what the text says of its own is read off here.

    python benchmarks/forecaster_settings.py        # some minutes

Units, steps of training and weight decay were taken from an earlier trial, of which nobody noted which years
it looked at. The table shows where they stand: the mean absolute error of five seeds on the training, the
validation and the test years, with stretches of 25 steps, and the rank of each setting on the last two.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).resolve().parents[1] / "source" / "08-classify-and-forecast"
CELLS = ("rnn", "series", "forecast-pairs-answer", "truncated-backward-answer", "forecaster")
YEARS = {"training": slice(11, 197), "validation": slice(197, 252), "test": slice(252, 307)}
AHEAD, KNOWN, K, SEEDS = 2, 199, 25, range(1, 6)


def definitions() -> dict[str, Any]:
    """The names that the cells in question define; training shows no progress."""
    sys.path.insert(0, str(FOLDER))
    from rnn_utils import initialize_adam, update_parameters_with_adam

    names: dict[str, Any] = {
        "np": np,
        "initialize_adam": initialize_adam,
        "update_parameters_with_adam": update_parameters_with_adam,
        "training_progress": lambda steps, losses: range(steps),
    }
    notebook = json.loads((FOLDER / f"{FOLDER.name}.ipynb").read_text("utf-8"))
    sources = {cell["id"]: "".join(cell["source"]) for cell in notebook["cells"]}
    os.chdir(FOLDER)  # the series is read from there
    for cell in CELLS:
        exec(sources[f"08-{cell}"], names)
    return names


def main() -> None:
    names = definitions()
    series = names["sunspots"]
    x, y, learn, (mean, deviation) = names["forecast_pairs"](series, AHEAD, KNOWN)

    def errors(seed: int, units: int, steps: int, decay: float) -> list[float]:
        known = x[:, :, :learn], y[:, :, :learn]
        trained = names["train_forecaster"](*known, K, seed, steps, n_a=units, decay=decay)
        found = names["forecasts"](x, trained)[1][0, 0] * deviation + mean
        return [float(np.mean(np.abs(found - series[AHEAD:])[part])) for part in YEARS.values()]

    table = {}
    for settings in itertools.product((8, 16, 32), (100, 200, 400), (0.0, 0.003, 0.01, 0.03)):
        table[settings] = np.mean([errors(seed, *settings) for seed in SEEDS], axis=0)
        print(*settings, *table[settings].round(1), flush=True)
    all_errors = np.array(list(table.values()))
    own = table[16, 200, 0.01]
    for name, column, error in zip(YEARS, all_errors.T, own, strict=True):
        rank = 1 + int(np.sum(column < error))
        print(f"{name}: from {column.min():.1f} to {column.max():.1f}; ours {error:.1f}, number {rank}")


if __name__ == "__main__":
    main()
