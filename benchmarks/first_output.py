"""Browser edition: from an address to the first output, at the first visit and at the second, and its size.

    python benchmarks/first_output.py            # builds the edition for use without a network, some minutes
    python benchmarks/first_output.py FOLDER     # one that is built already: docs/_build/lite

A plain server on this machine gives the folder out below a path. Chromium opens assignment 01 with an empty
profile, runs the set-up cell as soon as the page lets it, and waits for the cell's number; then once more
with the profile that it has now. Prints seconds by the clock for both, their ratio, and the bytes that were
sent (as they are, and as a host sends them that compresses texts).
"""

from __future__ import annotations

import argparse
import gzip
import os
import re
import subprocess
import sys
import tempfile
import time
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

from playwright.sync_api import expect, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "browser"))
import chromium  # noqa: E402

SUB_PATH = "/courses/rnn"
NOTEBOOK = "release/01-rnn-forward/01-rnn-forward.ipynb"
PATIENCE = 300_000
"""Milliseconds."""
SENT_AS_THEY_ARE = {".whl", ".zip", ".png", ".webp", ".woff", ".woff2", ".ico"}


class Counting(SimpleHTTPRequestHandler):
    """Gives out a folder below a path, and notes which it has sent."""

    extensions_map = SimpleHTTPRequestHandler.extensions_map | {
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
    }
    sent: ClassVar[list[Path]] = []

    def translate_path(self, path: str) -> str:
        return super().translate_path(path.removeprefix(SUB_PATH))

    def copyfile(self, source: Any, outputfile: Any) -> None:
        """Send a body: not where the browser has it already."""
        if isinstance(getattr(source, "name", None), str):
            self.sent.append(Path(source.name))
        super().copyfile(source, outputfile)

    def log_message(self, *_: Any) -> None:
        pass


def seconds_to_first_output(browser: Any, address: str) -> float:
    """By the clock, from the address to the number beside the cell that has run."""
    page = browser.new_page()
    page.set_default_timeout(PATIENCE)
    before = time.perf_counter()
    page.goto(f"{address}/notebooks/index.html?path={NOTEBOOK}")
    source = page.locator(".jp-InputArea-editor", has_text="from rnn_utils import")
    cell = page.locator(".jp-CodeCell", has=source)
    cell.locator(".cm-content").first.click()
    page.keyboard.press("Shift+Enter")
    expect(cell.locator(".jp-InputArea-prompt").first).to_have_text(re.compile(r"\[\d+\]"), timeout=PATIENCE)
    took = time.perf_counter() - before
    page.close()
    return took


def megabytes(files: list[Path], *, compressed: bool) -> float:
    def size(path: Path) -> int:
        content = path.read_bytes()
        return len(
            gzip.compress(content, 6) if compressed and path.suffix not in SENT_AS_THEY_ARE else content
        )

    return sum(map(size, files)) / 1e6


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?")
    folder = parser.parse_args().folder
    with tempfile.TemporaryDirectory(prefix="first-output-") as temporary:
        if folder is None:
            folder = Path(temporary, "lite")
            command = [
                sys.executable,
                str(ROOT / "docs" / "lite" / "build.py"),
                str(folder),
                "--offline",
                "--no-run",
            ]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Counting, directory=str(folder)))
        Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}{SUB_PATH}"
        visits: list[tuple[float, list[Path]]] = []
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch_persistent_context(
                Path(temporary, "profile"), executable_path=chromium.find(), args=chromium.FLAGS
            )
            for _ in range(2):
                Counting.sent.clear()
                seconds = seconds_to_first_output(browser, address)
                visits.append((seconds, list(Counting.sent)))
            browser.close()
        server.shutdown()
        print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
        for name, (seconds, files) in zip(("first visit", "second visit"), visits, strict=True):
            sizes = [megabytes(files, compressed=compressed) for compressed in (False, True)]
            print(
                f"  {name:13} {seconds:6.1f} s  {len(files):4} files"
                f"  {sizes[0]:6.1f} MB, {sizes[1]:.1f} MB where texts are compressed"
            )
        print(f"  ratio         {visits[0][0] / visits[1][0]:6.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
