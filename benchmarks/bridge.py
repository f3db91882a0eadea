"""Run lesson 08 whole, with torch, and compare with what the repository holds; `make bridge` calls it.

    pip install -e '.[bench]'
    python benchmarks/bridge.py                                     # compare
    python benchmarks/bridge.py --store --machine "what it is"      # keep what torch returned

The lesson `notebooks/08-bridge-to-pytorch.ipynb` calls torch where it is installed, and otherwise reads from
`notebooks/torch_results.json` what torch has returned. Here all its cells run in a fresh kernel. Then
each array that torch returned is compared with the stored one (to 1e-12), and each output with that in the
notebook. Cells tagged `differs-with-torch` are left out: their outputs name this machine or its times.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import tempfile
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).resolve().parents[1] / "notebooks" / "08-bridge-to-pytorch.ipynb"
RESULTS = NOTEBOOK.with_name("torch_results.json")
OF_A_MACHINE = ("torch_kernels", "torch_speed")
CLOSE = 1e-12


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--store", action="store_true", help=f"write {RESULTS.name}, and compare nothing")
    parser.add_argument(
        "--machine", default=platform.machine(), help="how the lesson calls the machine of its times"
    )
    options = parser.parse_args()
    if find_spec("torch") is None:
        print("This runs lesson 08 with torch: pip install -e '.[bench]'", file=sys.stderr)
        return 1
    stored_notebook = nbformat.read(NOTEBOOK, as_version=4)
    notebook, returned = run_with_torch()
    if options.store:
        returned["torch_speed"][0] = options.machine
        store(returned)
        print(f"Stored what {len(returned)} functions returned in {RESULTS.name}.")
        return 0
    stored = json.loads(RESULTS.read_text(encoding="utf-8"))["results"]
    faults = [*compare_arrays(returned, stored), *compare_outputs(notebook, stored_notebook)]
    for fault in faults:
        print(fault, file=sys.stderr)
    if not faults:
        print(f"torch {version('torch')}: {len(returned)} functions returned what is stored, to {CLOSE:g};")
        print("every output that does not depend on the machine is that of the notebook.")
    for name in OF_A_MACHINE:
        print(f"\n{name}, here:")
        for row in returned[name]:
            print("  ", *(row if isinstance(row, list) else [row]), sep="  ")
    return bool(faults)


def run_with_torch() -> tuple[Any, dict[str, Any]]:
    """The notebook with fresh outputs, and what each function that calls torch returned."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    with tempfile.TemporaryDirectory() as temporary:
        kept = Path(temporary, "returned.json")
        last = nbformat.v4.new_code_cell(f"Path({str(kept)!r}).write_text(json.dumps(RETURNED))")
        notebook.cells.append(last)
        resources = {"metadata": {"path": NOTEBOOK.parent}}
        NotebookClient(notebook, timeout=1800, kernel_name="python3", resources=resources).execute()
        notebook.cells.pop()
        return notebook, json.loads(kept.read_text(encoding="utf-8"))


def store(returned: dict[str, Any]) -> None:
    """One line for each array, so that a difference can be read."""
    functions = []
    for name, found in returned.items():
        parts = found.items() if isinstance(found, dict) else enumerate(found)
        key = (lambda part: f"{json.dumps(part)}: ") if isinstance(found, dict) else (lambda part: "")
        lines = ",\n".join(f"   {key(part)}{json.dumps(value)}" for part, value in parts)
        opened, closed = "{}" if isinstance(found, dict) else "[]"
        functions.append(f"  {json.dumps(name)}: {opened}\n{lines}\n  {closed}")
    head = f'{{\n "torch": {json.dumps(version("torch"))},\n "results": {{\n'
    RESULTS.write_text(head + ",\n".join(functions) + "\n }\n}\n", encoding="utf-8")


def compare_arrays(returned: dict[str, Any], stored: dict[str, Any]) -> list[str]:
    """A sentence for each array that differs from the stored one."""
    if list(returned) != list(stored):
        return [f"The functions are not those that {RESULTS.name} holds: run with --store."]
    faults = []
    for name, found in returned.items():
        if name in OF_A_MACHINE:
            continue
        expected = stored[name]
        if isinstance(found, dict):
            faults += [f"{name}, {key}: differs" for key in found if not close(found[key], expected.get(key))]
        elif [row[0] for row in found] != [row[0] for row in expected] or not all(
            close(a, b)
            for row, other in zip(found, expected, strict=True)
            for a, b in zip(row[1], other[1], strict=True)
        ):
            faults.append(f"{name}: differs")
    return faults


def close(found: Any, expected: Any) -> bool:
    a, b = np.array(found), np.array(expected)
    return a.shape == b.shape and bool(np.all(np.abs(a - b) < CLOSE))


def compare_outputs(notebook: Any, stored: Any) -> list[str]:
    """A sentence for each cell that showed something else; pictures are not compared."""
    faults = []
    for cell, before in zip(notebook.cells, stored.cells, strict=True):
        measured = "differs-with-torch" in cell.metadata.get("tags", [])
        if cell.cell_type == "code" and not measured and shown(cell) != shown(before):
            faults.append(f"{cell.id}: shows something else than in the notebook")
    return faults


def shown(cell: Any) -> str:
    return "\n".join(out.get("text") or out.get("data", {}).get("text/plain", "") for out in cell.outputs)


if __name__ == "__main__":
    sys.exit(main())
