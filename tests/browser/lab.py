"""A JupyterLab server of its own and the handful of things that people do in it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import patience
from playwright.sync_api import expect

TOKEN = "browser-tests"
PATIENCE = patience.PATIENCE * 1000
"""Milliseconds, as Playwright wants them, until something that should happen counts as not happening."""
expect.set_options(timeout=PATIENCE)

CONFIGURATION = """
c = get_config()
c.IdentityProvider.token = "{token}"
c.ServerApp.ip = "127.0.0.1"
c.ServerApp.port = 0
c.ServerApp.open_browser = False
c.ServerApp.allow_root = True
c.ServerApp.root_dir = {root!r}
c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
c.KernelManager.transport_encryption = "auto"
"""
SETTINGS = {"@jupyterlab/apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False}}
"""Without the question about news, which would lie over the page."""


@contextmanager
def running(root: Path, private: Path) -> Iterator[Lab]:
    """JupyterLab on the folder `root`, with its settings, kernels and history in the new folder `private`.

    nbgrader's extensions find a course in `root` if there is an nbgrader_config.py.
    """
    private.mkdir(parents=True)
    (private / "jupyter_server_config.py").write_text(CONFIGURATION.format(token=TOKEN, root=str(root)))
    for plugin, settings in SETTINGS.items():
        file = private / "settings" / f"{plugin}.jupyterlab-settings"
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps(settings))
    bin_folder = str(Path(sys.executable).parent)
    environment = {
        **os.environ,
        "PATH": os.pathsep.join([bin_folder, os.environ.get("PATH", "")]),
        "HOME": str(private),
        "JUPYTER_CONFIG_DIR": str(private),
        "JUPYTER_DATA_DIR": str(private / "data"),
        "JUPYTER_RUNTIME_DIR": str(private / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(private / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(private / "workspaces"),
        "IPYTHONDIR": str(private / "ipython"),
        "MPLCONFIGDIR": str(private / "matplotlib"),
        # On a busy machine several threads for such small matrices cost more time than they save.
        "OPENBLAS_NUM_THREADS": "1",
    }
    log = private / "server.log"
    with log.open("w") as output:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab"],
            cwd=root, env=environment, stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        yield Lab(patience.wait_for_server(server, log), log)
    finally:
        server.terminate()
        try:
            server.wait(PATIENCE / 1000)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


@dataclass(frozen=True)
class Lab:
    """A running server."""

    address: str
    log: Path

    def open(self, browser: Any, path: str, **options: Any) -> Notebook:
        """A notebook (its path below the server's root) in a new window, with its kernel waiting for work."""
        page = browser.new_page(**{"viewport": {"width": 1300, "height": 1000}, **options})
        page.set_default_timeout(PATIENCE)
        page.goto(f"{self.address}/lab/tree/{quote(path)}?reset&token={TOKEN}")
        notebook = Notebook(page)
        notebook.wait_until_idle()
        return notebook


@dataclass(frozen=True)
class Notebook:
    """An open notebook, moved as a person would: by what can be seen, the mouse and the keyboard."""

    page: Any

    @property
    def panel(self) -> Any:
        return self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")

    def wait_until_idle(self) -> None:
        # The status bar, and not the circle beside the kernel's name, which begins as that of an idle kernel.
        expect(self.page.locator("#jp-main-statusbar")).to_contain_text("| Idle")

    def cell(self, text: str) -> Any:
        """The one code cell whose source contains `text`."""
        source = self.page.locator(".jp-InputArea-editor", has_text=text)
        return self.panel.locator(".jp-CodeCell", has=source)

    def run(self, cell: Any) -> None:
        """Click into a cell, press Shift+Enter and wait for its end."""
        prompt = cell.locator(".jp-InputArea-prompt").first
        before = prompt.inner_text()
        cell.locator(".cm-content").first.click()
        self.page.keyboard.press("Shift+Enter")
        expect(prompt).not_to_have_text(before)
        expect(prompt).to_have_text(re.compile(r"\[\d+\]"))

    def replace_line(self, cell: Any, containing: str, text: str) -> None:
        """Type `text` in place of the one line of a cell that contains `containing`."""
        cell.locator(".cm-line", has_text=containing).click()
        self.page.keyboard.press("Home")
        self.page.keyboard.press("Home")  # the first one stops at the indentation
        self.page.keyboard.press("Shift+End")
        self.page.keyboard.insert_text(text)

    def menu(self, *titles: str) -> None:
        """Choose in the menus, for instance ("Run", "Run All Cells")."""
        self.page.locator(".lm-MenuBar-item", has_text=re.compile(f"^{titles[0]}$")).click()
        for title in titles[1:]:
            pattern = re.compile(f"^{re.escape(title)}")
            self.page.locator(".lm-Menu-item:visible", has_text=pattern).first.click()

    def run_all(self) -> None:
        self.menu("Run", "Run All Cells")
        last = self.panel.locator(".jp-CodeCell .jp-InputArea-prompt").last
        expect(last).to_have_text(re.compile(r"\[\d+\]"))
        self.wait_until_idle()

    def save(self) -> None:
        self.page.keyboard.press("Control+s")
        expect(self.page.locator(".jp-mod-dirty")).to_have_count(0)
