"""A JupyterHub of the tests' own, with accounts of this machine, made as docs/jupyterhub.md says.

Accounts are called `hubtest-…`; whatever has such a name belongs to the tests, and is removed at the end.
"""

from __future__ import annotations

import json
import os
import pwd
import re
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import requests
import websocket
from patience import PATIENCE, wait_until

from autograder.authoring.reference import COURSE

PREFIX = "hubtest-"
RECIPE = COURSE / "docs" / "hub"
PORTS = (18000, 18001, 18081, 19001)
"""Of the proxy, its interface, the hub and the second course's server; not those of a hub in earnest."""

ADDED = """
c.JupyterHub.bind_url = "http://127.0.0.1:{0}"
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{1}"
c.JupyterHub.hub_bind_url = "http://127.0.0.1:{2}"
c.JupyterHub.services.append({{"name": "driver", "api_token": {token!r}}})
scopes = ["admin:users", "admin:servers", "tokens", "access:servers"]
c.JupyterHub.load_roles.append({{"name": "driver", "scopes": scopes, "services": ["driver"]}})
"""
"""Additions of the test to the settings: other ports, and a service that gets tokens for everybody."""


def missing() -> str:
    """Why there can be no hub here; empty if there can."""
    if os.geteuid() != 0:
        return "makes accounts on this machine, which only root may do"
    wanted = {"useradd": "passwd", "node": "nodejs", "npm": "npm", "setpriv": "util-linux"}
    for program, package in wanted.items():
        if shutil.which(program) is None:
            return f"{program} is not installed (Debian: apt install {package})"
    done = subprocess.run(
        ["/usr/bin/python3", "-c", "import ensurepip, sys; assert sys.version_info >= (3, 11)"],
        capture_output=True,
        check=False,
    )
    return (
        ""
        if done.returncode == 0
        else "/usr/bin/python3 is too old, or lacks venv (apt install python3-venv)"
    )


class Account:
    """Somebody with an account, a password and a server on the hub."""

    def __init__(self, hub: Hub, short: str) -> None:
        self.hub = hub
        self.name = PREFIX + short
        self.password = secrets.token_urlsafe(12)
        subprocess.run(
            ["useradd", "--create-home", "--shell", "/bin/bash", self.name], check=True, capture_output=True
        )
        entry = f"{self.name}:{self.password}"
        subprocess.run(["chpasswd"], input=entry, text=True, check=True, capture_output=True)
        self.home = Path(pwd.getpwnam(self.name).pw_dir)
        self.home.chmod(0o700)
        self.token = ""

    def own(self, folder: Path) -> None:
        subprocess.run(["chown", "--recursive", f"{self.name}:{self.name}", str(folder)], check=True)

    def start(self) -> None:
        """A server, and a token that opens it; once."""
        if self.token:
            return
        answer = self.hub.ask("POST", f"users/{self.name}/tokens", json={"note": "test"})
        self.token = answer.json()["token"]
        self.hub.ask("POST", f"users/{self.name}/server")
        wait_until(
            lambda: self.hub.ask("GET", f"users/{self.name}").json()["servers"].get("", {}).get("ready"),
            self.hub.log.read_text,
        )

    def call(self, method: str, path: str, **more: Any) -> requests.Response:
        """Ask this account's own server."""
        return self.at(f"user/{self.name}/{path}", method, **more)

    def at(self, path: str, method: str = "GET", **more: Any) -> requests.Response:
        """Ask something at the hub's address, in this account's name."""
        headers = {"Authorization": f"token {self.token}"}
        return requests.request(
            method, f"{self.hub.address}/{path}", headers=headers, timeout=PATIENCE, **more
        )

    def told(self, method: str, path: str, **more: Any) -> Any:
        """The answer of one of nbgrader's ways in; it must say that all went well."""
        answer = self.call(method, path, **more)
        assert answer.ok, f"{path}: {answer.status_code} {answer.text[:2000]}"
        found = answer.json()
        assert not isinstance(found, dict) or found.get("success", True), f"{path}: {found}"
        return found

    def read(self, path: str) -> Any:
        """A file below the home, as JupyterLab opens it: a notebook, or the text of anything else."""
        return self.told("GET", f"api/contents/{path}")["content"]

    def write(self, path: str, notebook: Mapping[str, Any]) -> None:
        self.told("PUT", f"api/contents/{path}", json={"type": "notebook", "content": notebook})

    def type(self, command: str) -> str:
        """Type a command in a terminal of JupyterLab; returns what it prints. It must succeed."""
        name = self.told("POST", "api/terminals")["name"]
        address = f"{self.hub.address.replace('http', 'ws', 1)}/user/{self.name}/terminals/websocket/{name}"
        header = [f"Authorization: token {self.token}"]
        line = websocket.create_connection(address, header=header, timeout=PATIENCE)
        try:
            line.send(json.dumps(["stdin", f'{command}; echo "exit"" code=$?"\r']))
            printed = ""
            while (ended := re.search(r"exit code=(\d+)", printed)) is None:
                kind, *what = json.loads(line.recv())
                printed += what[0] if kind == "stdout" else ""
        finally:
            line.close()
        assert ended[1] == "0", printed
        return printed

    def remove(self) -> None:
        subprocess.run(["pkill", "-KILL", "--uid", self.name], check=False)
        done = subprocess.run(["userdel", "--remove", self.name], capture_output=True, text=True, check=False)
        assert done.returncode in (0, 12), done.stderr


class Hub:
    """Set up by docs/hub/set-up.sh in a temporary folder, with the accounts of two courses; it runs."""

    def __init__(self) -> None:
        # Accounts that a test which was killed has left would be in the way.
        for left in [entry.pw_name for entry in pwd.getpwall() if entry.pw_name.startswith(PREFIX)]:
            subprocess.run(["userdel", "--remove", left], capture_output=True, check=False)
        # Everybody has to reach it: not every temporary folder, and not every checkout, can be.
        self.folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir="/var/tmp"))
        self.folder.chmod(0o755)
        self.exchange = self.folder / "exchange"
        self.log = self.folder / "log"
        self.token = secrets.token_hex(16)
        self.address = f"http://127.0.0.1:{PORTS[0]}"
        self.accounts: dict[str, Account] = {}
        self._process: subprocess.Popen[bytes] | None = None

    def set_up(self) -> None:
        # From a copy, since building a package leaves a folder beside it.
        package = self.folder / "package"
        shutil.copytree(COURSE / "autograder", package / "autograder", symlinks=True)
        for name in ("pyproject.toml", "README.md", "LICENSE", "rnn_utils.py", "rnn_check.py"):
            shutil.copy(COURSE / name, package)
        variables = {"HUB": str(self.folder), "EXCHANGE": str(self.exchange), "PACKAGE": str(package)}
        done = subprocess.run(
            ["sh", str(RECIPE / "set-up.sh")], env=os.environ | variables, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def enter(self, courses: str) -> None:
        """Make accounts for the courses of the text, in which names of accounts stand without the prefix."""
        names = dict.fromkeys(re.findall(r'(?<![\w-])"([a-z-]+)"', courses))
        self.accounts = {name: Account(self, name) for name in names}
        text = re.sub(r'(?<![\w-])"([a-z-]+)"', rf'"{PREFIX}\1"', courses)
        (self.folder / "courses.toml").write_text(text.replace("9001", str(PORTS[3])))
        settings = self.folder / "jupyterhub_config.py"
        settings.write_text((RECIPE / settings.name).read_text() + ADDED.format(*PORTS, token=self.token))

    def start(self) -> None:
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [self.folder / "bin" / "jupyterhub"],
                cwd=self.folder,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        wait_until(
            lambda: "JupyterHub is now running" in self.log.read_text() or self._process.poll() is not None,
            self.log.read_text,
        )
        assert self._process.poll() is None, self.log.read_text()

    def ask(self, method: str, path: str, **more: Any) -> requests.Response:
        answer = requests.request(
            method,
            f"{self.address}/hub/api/{path}",
            headers={"Authorization": f"token {self.token}"},
            timeout=PATIENCE,
            **more,
        )
        assert answer.ok, f"{path}: {answer.status_code} {answer.text}"
        return answer

    def remove(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(60)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()
        for account in self.accounts.values():
            account.remove()
        shutil.rmtree(self.folder)


def needed() -> None:
    """Skip where there can be no hub; in CI, as root, fail."""
    if why := missing():
        pytest.fail(why) if os.environ.get("CI") and os.geteuid() == 0 else pytest.skip(why)
