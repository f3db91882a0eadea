"""The whole test command, step by step; `make test` and `.ci/run` call it. Every step runs, whatever fails.

At the end nothing may be left in the checkout but caches.

Without make: python tests/run.py, and for `make check` python tests/run.py --quick
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PYTHON = [sys.executable, "-m"]
# A JupyterHub makes accounts on this machine: only where the machine is there for that.
NOT_HERE = "lite" if os.environ.get("CI") and os.geteuid() == 0 else "lite or hub"
NOT_QUICK = "walls or kernel or browser or class or long"
STEPS = {
    "lint": [*PYTHON, "ruff", "check", "."],
    "formatting": [*PYTHON, "ruff", "format", "--check", "."],
    "types": [*PYTHON, "mypy"],
    "import rules": [str(Path(sys.executable).with_name("lint-imports"))],
    "dependencies": [*PYTHON, "deptry", "."],
    "notebooks re-run against their outputs (nbval)": [
        *PYTHON, "pytest", "--nbval", "--nbval-sanitize-with", "tests/nbval.cfg", "-n", "2",
        "--dist", "loadfile", "source", "notebooks",
    ],
    # Three at a time, on two cores: many tests wait, for a limit, a browser, a server.
    "tests": [*PYTHON, "pytest", "-n", "3", "--dist", "loadgroup", "-m", f"not ({NOT_HERE})", "tests"],
}  # fmt: skip

QUICK = {name: STEPS[name] for name in ("lint", "formatting", "types", "import rules", "dependencies")} | {
    "quick tests": [*PYTHON, "pytest", "-q", "-n", "2", "-m", f"not ({NOT_QUICK})", "tests"]
}
"""`make check`: what is done again and again while something is written. `make test` is the proof."""

CACHES = {
    ".coverage", ".git", ".hypothesis", ".import_linter_cache", ".ipynb_checkpoints", ".mypy_cache",
    ".pytest_cache", ".pythons", ".ruff_cache", ".venv", "__pycache__", "_build",
}  # fmt: skip


def files() -> set[str]:
    """Every file of the checkout, without what is in caches."""
    found = set()
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in CACHES]
        found |= {str(Path(folder, name).relative_to(ROOT)) for name in names}
    return found


def main(arguments: list[str]) -> int:
    failed = []
    before = files()
    # Once for each user Matplotlib lists the fonts; where that takes long it says so, in a notebook.
    subprocess.run([sys.executable, "-c", "import matplotlib.font_manager"], check=False)
    for name, command in (QUICK if "--quick" in arguments else STEPS).items():
        print(f"\n==== {name}: {' '.join(['python', *command[1:]])}", flush=True)
        started = time.monotonic()
        code = subprocess.run(command, cwd=ROOT, check=False).returncode
        print(
            f"==== {name}: {'ok' if code == 0 else 'FAILED'} after {time.monotonic() - started:.0f} s",
            flush=True,
        )
        if code:
            failed.append(name)
    if left := sorted(files() - before):
        print(f"\n==== Left in the checkout: {', '.join(left)}")
        failed.append("files left behind")
    print(f"\nFailed: {', '.join(failed)}" if failed else "\nAll steps passed.", flush=True)
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
