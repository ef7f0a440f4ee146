"""A MariaDB server of our own for tests marked `system`: `from tests.mariadb import mariadb_server`.

The server is made with `mariadb-install-db`, listens on a Unix socket and a loopback port without
TLS, and is gone after the session. It refuses to run as root; then it runs as `mysql` or `nobody`.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

_START_S = 30.0


class MariadbServer:
    """One server in one directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._account = _unprivileged()
        if self._account is not None:
            os.chown(directory, self._account, -1)
        install = [_program("mariadb-install-db"), "--no-defaults", f"--datadir={directory}/data"]
        quiet = subprocess.DEVNULL
        subprocess.run(
            [*install, "--auth-root-authentication-method=normal", "--skip-test-db"],
            check=True,
            stdin=quiet,
            stdout=quiet,
            stderr=quiet,
            user=self._account,
        )
        self.port = _free_port()
        self._process = subprocess.Popen(
            [
                _program("mariadbd"),
                "--no-defaults",
                f"--datadir={directory}/data",
                f"--socket={self.socket}",
                f"--port={self.port}",
                "--bind-address=127.0.0.1",
                "--skip-log-bin",
                "--innodb-buffer-pool-size=16M",
                "--max-allowed-packet=256M",
            ],
            stdin=quiet,
            stdout=quiet,
            stderr=quiet,
            user=self._account,
        )
        self._wait()

    @property
    def socket(self) -> Path:
        """The Unix socket."""
        return self._directory / "mariadb.sock"

    def dsn(self, user: str = "root", database: str = "sp") -> str:
        """URL of a database for a user without a password."""
        return f"mariadb://{user}@localhost/{database}?unix_socket={self.socket}"

    def run(self, script: str) -> str:
        """Run SQL as root; what it prints."""
        command = [_program("mariadb"), "--no-defaults", f"--socket={self.socket}", "-u", "root", "-N"]
        done = subprocess.run(
            [*command, "--default-character-set=utf8mb4"],
            input=script,
            check=True,
            text=True,
            capture_output=True,
        )
        return done.stdout.strip()

    def stop(self) -> None:
        """Stop the server, which then forgets everything."""
        self._process.kill()
        self._process.wait()

    def _wait(self) -> None:
        end = time.monotonic() + _START_S
        while time.monotonic() < end:
            with socket.socket(socket.AF_UNIX) as probe:
                if probe.connect_ex(str(self.socket)) == 0:
                    return
            time.sleep(0.05)
        pytest.fail("MariaDB did not start")


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[MariadbServer]:
    """A running server for the whole session."""
    directory = Path(tempfile.mkdtemp(prefix="isthmus-maria-"))
    try:
        server = MariadbServer(directory)
        yield server
        server.stop()
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def _program(name: str) -> str:
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin")
    if found is None:
        pytest.fail(f"{name} is missing: install MariaDB (Debian: apt-get install mariadb-server)")
    return found


def _unprivileged() -> int | None:
    if os.geteuid() != 0:
        return None
    accounts = {account.pw_name: account.pw_uid for account in pwd.getpwall()}
    return accounts.get("mysql", accounts.get("nobody"))
