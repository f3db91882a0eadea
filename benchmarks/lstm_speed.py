"""Forward plus backward of the fast NumPy LSTM against torch.nn.LSTM on the CPU, side by side.

    pip install -e '.[bench]'
    python benchmarks/lstm_speed.py [--threads 1] [--rounds 15] [--store NAME --machine "what it is"]
    python benchmarks/lstm_speed.py --table

The NumPy functions are those of the lesson `notebooks/06-making-it-fast.ipynb`, read from its cells; they
compute in float64. torch runs in float64 and in float32. All get the same numbers in the memory layout that
suits them, use the same number of threads, and compute the gradients of all weights, biases, inputs and of
the initial state. First their results are compared; then they run in turn. Prints, for each size, how many
times as long as the fast one the others take (best times), and between which values the ratio to torch lies
in the middle half of the rounds. With one thread the processor time of this process counts, which a busy
machine disturbs little; with more threads the wall clock.

`--store` keeps the ratios in `benchmarks/results/NAME.json`; `--table` prints all that was kept as the table
of the lesson. A file with an "origin" was not written by `--store`, and the table says where its ratios come
from.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"
RESULTS = Path(__file__).resolve().parent / "results"
CELLS = ("l6-given", "l6-gates", "l6-fast-forward", "l6-fast-backward")
SIZES = {"small": (16, 32, 8, 100), "medium": (32, 64, 32, 100), "large": (128, 256, 64, 50)}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--store", metavar="NAME", help="keep the ratios in benchmarks/results/NAME.json")
    parser.add_argument("--machine", default=platform.machine(), help="how the table calls this machine")
    parser.add_argument("--table", action="store_true", help="print what was kept, and measure nothing")
    options = parser.parse_args()
    if options.table:
        print(table())
        return 0
    for library in ("OPENBLAS", "OMP", "MKL"):  # read when NumPy and torch are imported
        os.environ[f"{library}_NUM_THREADS"] = str(options.threads)
    import numpy as np

    try:
        import torch
    except ImportError:
        print("This benchmark compares with torch: pip install -e '.[bench]'", file=sys.stderr)
        return 1
    torch.set_num_threads(options.threads)
    clock = time.process_time if options.threads == 1 else time.perf_counter
    lesson = functions_of_the_lesson()
    print(f"NumPy {np.__version__}, torch {torch.__version__}, Python {platform.python_version()}, "
          f"{options.threads} thread(s)")  # fmt: skip
    print("           n_x  n_a    m  T_x   torch (middle half)      torch in float32   step by step")
    ratios: dict[str, dict[str, float]] = {}
    for size, (n_x, n_a, m, steps) in SIZES.items():
        candidates = {
            "torch": torch_lstm(lesson, n_x, n_a, m, steps),
            "torch float32": torch_lstm(lesson, n_x, n_a, m, steps, "float32"),
            "fast": fast_lstm(lesson, n_x, n_a, m, steps),
            "step by step": step_by_step_lstm(lesson, n_x, n_a, m, steps),
        }
        compare_results(candidates)
        seconds = in_turn(candidates, options.rounds, clock)
        found = {name: min(taken) / min(seconds["fast"]) for name, taken in seconds.items()}
        low, _, high = statistics.quantiles(
            [t / f for t, f in zip(seconds["torch"], seconds["fast"], strict=True)]
        )
        print(f"{size:8} {n_x:5}{n_a:5}{m:5}{steps:5} {found['torch']:8.2f} ({low:.2f} to {high:.2f})"
              f"{found['torch float32']:22.2f}{found['step by step']:15.2f}")  # fmt: skip
        ratios[size] = {name: round(ratio, 2) for name, ratio in found.items() if name != "fast"}
    if options.store:
        kept = {
            "machine": options.machine,
            "versions": f"NumPy {np.__version__}, torch {torch.__version__}",
            "threads": options.threads,
            "times as long as the fast one": ratios,
        }
        RESULTS.mkdir(exist_ok=True)
        text = json.dumps(kept, indent=1, ensure_ascii=False) + "\n"
        (RESULTS / f"{options.store}.json").write_text(text, encoding="utf-8")
    return 0


def table() -> str:
    """The stored ratios as a table in Markdown: times as long as the fast one, small / medium / large."""
    lines = [
        "| machine | torch, `float64` | torch, `float32` | step by step |",
        "|---|---|---|---|",
    ]
    for path in sorted(RESULTS.glob("*.json")):
        kept = json.loads(path.read_text(encoding="utf-8"))
        ratios = kept["times as long as the fast one"]
        cells = [
            " / ".join(f"{ratios[size][name]:.1f}" if name in ratios[size] else "?" for size in SIZES)
            for name in ("torch", "torch float32", "step by step")
        ]
        origin = f"; {kept['origin']}" if "origin" in kept else ""
        lines.append(f"| {kept['machine']} ({kept['versions']}{origin}) | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def functions_of_the_lesson() -> dict[str, Any]:
    """The functions that cells of the lesson define, and NumPy's part of what they need."""
    sys.path.insert(0, str(NOTEBOOKS))
    import numpy as np

    from rnn_utils import sigmoid

    cells = json.loads((NOTEBOOKS / "06-making-it-fast.ipynb").read_text(encoding="utf-8"))["cells"]
    source = {cell["id"]: "".join(cell["source"]) for cell in cells}
    # The lesson compares each version as soon as it is defined (`climb`) and shows what it found; not here.
    silent = dict.fromkeys(("climb", "print", "show_table"), lambda *_: None)
    names: dict[str, Any] = {"np": np, "sigmoid": sigmoid} | silent
    for cell in CELLS:
        exec(compile(source[cell], cell, "exec"), names)
    return names


def in_turn(
    candidates: dict[str, Callable[[], Any]], rounds: int, clock: Callable[[], float]
) -> dict[str, list[float]]:
    """Seconds of each candidate in each round."""
    seconds: dict[str, list[float]] = {name: [] for name in candidates}
    for _ in range(rounds):
        for name, run in candidates.items():
            started = clock()
            run()
            seconds[name].append(clock() - started)
    return seconds


def fast_lstm(lesson: dict[str, Any], *sizes: int) -> Callable[[], Any]:
    import numpy as np

    x, a0, p, da = lesson["draw_problem"](*sizes)
    x, da = (np.ascontiguousarray(v.transpose(2, 0, 1)).transpose(1, 2, 0) for v in (x, da))  # time first

    def run() -> dict[str, Any]:
        a, cache = lesson["fast_forward"](x, a0, p)
        return {"a": a, **lesson["fast_backward"](da, cache)}

    return run


def step_by_step_lstm(lesson: dict[str, Any], *sizes: int) -> Callable[[], Any]:
    x, a0, p, da = lesson["draw_problem"](*sizes)

    def run() -> dict[str, Any]:
        a, cache = lesson["step_by_step_forward"](x, a0, p)
        return {"a": a, **lesson["step_by_step_backward"](da, cache)}

    return run


def torch_lstm(
    lesson: dict[str, Any], n_x: int, n_a: int, m: int, steps: int, precision: str = "float64"
) -> Callable[[], Any]:
    import numpy as np
    import torch

    x, a0, p, da = lesson["draw_problem"](n_x, n_a, m, steps)
    x, a0, da = (array.astype(precision) for array in (x, a0, da))
    order = "ifco"  # torch stacks the gates as input, forget, candidate, output
    lstm = torch.nn.LSTM(n_x, n_a, dtype=getattr(torch, precision))
    W, b = (np.concatenate([p[kind + k] for k in order]) for kind in "Wb")
    with torch.no_grad():
        lstm.weight_hh_l0.copy_(torch.from_numpy(W[:, :n_a].copy()))
        lstm.weight_ih_l0.copy_(torch.from_numpy(W[:, n_a:].copy()))
        lstm.bias_ih_l0.copy_(torch.from_numpy(b[:, 0].copy()))
        lstm.bias_hh_l0.zero_()
    inputs = torch.tensor(x.transpose(2, 1, 0).copy(), requires_grad=True)  # (T_x, m, n_x), torch's own order
    start = torch.tensor(a0.T[np.newaxis].copy(), requires_grad=True)
    upstream = torch.tensor(da.transpose(2, 1, 0).copy())
    c0 = torch.zeros_like(start, requires_grad=False)

    def run() -> dict[str, Any]:
        lstm.zero_grad(set_to_none=True)
        inputs.grad = start.grad = None
        a, _ = lstm(inputs, (start, c0))
        a.backward(upstream)
        dW = torch.cat((lstm.weight_hh_l0.grad, lstm.weight_ih_l0.grad), dim=1).numpy()
        results = {
            "a": a.detach().numpy().transpose(2, 1, 0),
            "dx": inputs.grad.numpy().transpose(2, 1, 0),
            "da0": start.grad[0].numpy().T,
        }
        results |= {"dW" + k: part for k, part in zip(order, np.split(dW, 4), strict=True)}
        db = lstm.bias_ih_l0.grad.numpy()[:, np.newaxis]
        return results | {"db" + k: part for k, part in zip(order, np.split(db, 4), strict=True)}

    return run


def compare_results(candidates: dict[str, Callable[[], dict[str, Any]]]) -> None:
    """Raises ValueError if two candidates give different numbers."""
    import numpy as np

    results = {name: run() for name, run in candidates.items()}
    for name, found in results.items():
        close = 1e-3 if name == "torch float32" else 1e-9
        for key, value in results["torch"].items():
            if found[key].shape != value.shape or not np.allclose(found[key], value, rtol=close, atol=close):
                raise ValueError(
                    f"{name} and torch disagree on {key}: nothing is measured before they agree."
                )


if __name__ == "__main__":
    sys.exit(main())
