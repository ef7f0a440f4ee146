"""A PostgreSQL server of our own for tests marked `system`: `from tests.postgres import postgres_dsn`.

The server is made with `initdb`, listens on a Unix socket only, and is gone after the session. PostgreSQL refuses
to run as root; then it runs as `postgres` or `nobody`.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


class PostgresServer:
    """One server in one directory; can be stopped and started again by tests of failure."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._account = _unprivileged()
        if self._account is not None:
            os.chown(directory, self._account, -1)
        self._call(
            "initdb", "-D", self._data, "-U", "isthmus", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"
        )
        self.start()

    @property
    def dsn(self) -> str:
        """URL of the database; `&search_path=…` may be appended to choose a schema."""
        return f"postgresql://isthmus@/postgres?host={self._directory}"

    @property
    def _data(self) -> str:
        return str(self._directory / "data")

    def start(self) -> None:
        """Start and wait until it answers."""
        options = f"-c listen_addresses='' -c unix_socket_directories={self._directory} -c max_connections=60"
        self._call("pg_ctl", "-D", self._data, "-w", "-s", "-l", f"{self._data}/log", "-o", options, "start")

    def stop(self, mode: str = "immediate") -> None:
        """Stop; `immediate` is a crash."""
        self._call("pg_ctl", "-D", self._data, "-w", "-s", "-m", mode, "stop")

    def _call(self, program: str, *arguments: str) -> None:
        quiet = subprocess.DEVNULL
        command = [_program(program), *arguments]
        subprocess.run(
            command, check=True, stdin=quiet, stdout=quiet, user=self._account, cwd=self._directory
        )


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A running server for the whole session."""
    directory = Path(tempfile.mkdtemp(prefix="isthmus-pg-"))
    try:
        server = PostgresServer(directory)
        yield server
        server.stop()
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_dsn(postgres_server: PostgresServer) -> str:
    """URL of an empty database on a server of our own."""
    return postgres_server.dsn


def _program(name: str) -> str:
    """Find a program of PostgreSQL, on the path or where Debian keeps it."""
    found = shutil.which(name) or next(
        map(str, sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))), None
    )
    if found is None:
        pytest.fail(f"{name} is missing: install PostgreSQL (Debian: apt-get install postgresql)")
    return found


def _unprivileged() -> int | None:
    """Return the account to run as, or None when we are not root."""
    if os.geteuid() != 0:
        return None
    accounts = {account.pw_name: account.pw_uid for account in pwd.getpwall()}
    return accounts.get("postgres", accounts.get("nobody"))
