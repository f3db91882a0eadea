"""The whole test command, step by step; `make test` and `.ci/run` call it. Every step runs, whatever fails.

Without make: python tests/run.py
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PYTHON = [sys.executable, "-m"]
STEPS = {
    "lint": [*PYTHON, "ruff", "check", "."],
    "formatting": [*PYTHON, "ruff", "format", "--check", "."],
    "types": [*PYTHON, "mypy"],
    "notebooks re-run against their outputs (nbval)": [
        *PYTHON, "pytest", "--nbval", "--nbval-sanitize-with", "tests/nbval.cfg", "-n", "2",
        "--dist", "loadfile", "source", "notebooks",
    ],
    "web site": [sys.executable, "docs/build.py"],
    "tests": [*PYTHON, "pytest", "-n", "2", "--dist", "loadgroup", "tests"],
}  # fmt: skip


def main() -> int:
    failed = []
    for name, command in STEPS.items():
        print(f"\n==== {name}: {' '.join(['python', *command[1:]])}", flush=True)
        started = time.monotonic()
        code = subprocess.run(command, cwd=ROOT, check=False).returncode
        print(
            f"==== {name}: {'ok' if code == 0 else 'FAILED'} after {time.monotonic() - started:.0f} s",
            flush=True,
        )
        if code:
            failed.append(name)
    print(f"\nFailed: {', '.join(failed)}" if failed else "\nAll steps passed.", flush=True)
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
