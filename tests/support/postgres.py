"""A PostgreSQL server of the tests' own, as an ordinary user, on the loopback and in a temporary folder."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

import psycopg
import pytest
from patience import wait_until

PASSWORD = "very secret: @/%?"
ENCODED = "very%20secret%3A%20%40%2F%25%3F"
"""The password as it stands in an address."""


def programs() -> Path | None:
    """The folder of PostgreSQL's own programs, which Debian keeps out of the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    usual = shutil.which("initdb")
    return found[-1].parent if found else Path(usual).resolve().parent if usual else None


class Server:
    """Running from the beginning; its text order is that of a dictionary, not that of bytes."""

    def __init__(self) -> None:
        folder = programs()
        if folder is None:
            missing = "PostgreSQL is not installed (Debian: apt install postgresql)"
            pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
        self._programs = folder
        self.folder = Path(tempfile.mkdtemp(prefix="postgres-"))
        # PostgreSQL refuses to run for root.
        self._as_user = []
        if os.getuid() == 0:
            user = pwd.getpwnam("nobody")
            os.chown(self.folder, user.pw_uid, user.pw_gid)
            ids = [f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
            self._as_user = ["setpriv", *ids, "--"]
        password = self.folder / "password"
        password.write_text(PASSWORD)
        password.chmod(0o644)
        order = ["--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en"]
        done = self._run(
            "initdb", f"--pgdata={self.folder / 'data'}", "--username=owner", f"--pwfile={password}",
            "--auth=scram-sha-256", "--encoding=UTF8", "--no-sync", *order,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.start()

    def _run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [*self._as_user, str(self._programs / program), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")

    def start(self) -> None:
        settings = {
            "listen_addresses": "127.0.0.1", "port": str(self.port), "unix_socket_directories": "",
            "fsync": "off", "full_page_writes": "off", "max_connections": "60", "log_min_messages": "fatal",
        }  # fmt: skip
        options = [f"--{name}={value}" for name, value in settings.items()]
        log = (self.folder / "log").open("ab")
        with log:
            self._process = subprocess.Popen(
                [*self._as_user, str(self._programs / "postgres"), f"-D{self.folder / 'data'}", *options],
                stdout=log, stderr=log, cwd="/",
            )  # fmt: skip

        def answers() -> bool:
            assert self._process.poll() is None, (self.folder / "log").read_text()
            try:
                self.connect("postgres").close()
            except psycopg.OperationalError:
                return False
            return True

        wait_until(answers, (self.folder / "log").read_text)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT ends all connections in order, SIGQUIT at once."""
        self._process.send_signal(how)
        self._process.wait()

    def remove(self) -> None:
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self.folder)

    def connect(self, database: str) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user="owner",
            password=PASSWORD,
            dbname=database,
            autocommit=True,
        )

    def address(self, database: str, user: str = "owner", password: str = ENCODED) -> str:
        return f"postgresql+psycopg://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def new_address(self) -> str:
        """That of a schema of its own, which is as empty as a new database and made in no time."""
        name = f"course_{secrets.token_hex(6)}"
        with self.connect("postgres") as connection:
            connection.execute(f"CREATE SCHEMA {name}")
        return f"{self.address('postgres')}?options=-csearch_path%3D{name}"

    def new_database(self) -> str:
        """Make an empty database; its name."""
        name = f"course_{secrets.token_hex(6)}"
        with self.connect("postgres") as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        return name
