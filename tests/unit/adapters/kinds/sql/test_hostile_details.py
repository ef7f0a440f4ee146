"""Details of kind `sql` that only show when something goes wrong: addresses, closing, names."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from adapters.kinds.sql.address import address
from adapters.kinds.sql.dialects.dialect import Statement
from adapters.kinds.sql.dialects.mysql import Mysql, MysqlSession
from adapters.kinds.sql.dialects.threaded import ThreadedSession, Threads
from adapters.kinds.sql.pool import Pool
from adapters.kinds.sql.statement import probe
from adapters.kinds.sql.views import Column, View
from adapters.source import Limits
from schemas.errors import ConfigurationError


@pytest.mark.parametrize(
    "dsn",
    [
        "postgresql:///registry?host=db.example.org",
        "postgresql://localhost/registry?host=db.example.org",
        "postgresql://127.0.0.1/registry?host=db.example.org",
    ],
)
def test_address__host_behind_the_question_mark__is_the_one_that_decides_on_tls(dsn: str):
    """Libpq's form names the host in a parameter: a far one is not taken for this machine."""
    assert address(dsn).tls == "verify-full"


@pytest.mark.parametrize("host", ["/var/run/postgresql", "localhost", "::1"])
def test_address__near_host_behind_the_question_mark__needs_no_tls(host: str):
    """A socket and a loopback address stay as they were."""
    assert address(f"postgresql://db.example.org/registry?host={host}").tls == "disable"


def test_address__at_sign_among_the_options__is_no_other_host():
    """A password may hold an `@`; one that stands after an option would make it the host's end."""
    assert address("mysql://u:p@ss/w?rd@db.example/r").password == "p@ss/w?rd"
    with pytest.raises(ConfigurationError, match="%40"):
        address("postgresql://u:p@db.example/r?search_path=a@evil.example")


class Slow(ThreadedSession):
    """A session that is busy until it is let go."""

    def __init__(self, threads: Threads) -> None:
        super().__init__(threads, self)
        self.begun, self.go, self.closed = threading.Event(), threading.Event(), threading.Event()

    def query(self, statement: Statement, values: Any) -> Any:
        """As the real one."""
        self.begun.set()
        self.go.wait(5)
        return [("1",)]

    def interrupt(self) -> None:
        """As the real one."""
        self.go.set()

    def _close(self) -> None:
        self.closed.set()


class SlowDialect:
    """As much of a dialect as a pool needs."""

    def __init__(self) -> None:
        self.threads = Threads(1)
        self.session = Slow(self.threads)

    async def connect(self) -> Slow:
        """As the real one."""
        return self.session

    def close(self) -> None:
        """As the real one."""
        self.threads.close()


@pytest.mark.parametrize("leaves", ["answer", "cancelled"])
async def test_pool__closed_while_a_thread_is_busy__answer_and_connection_are_not_lost(leaves: str):
    """A gateway that closes lets the question under way end, and its connection is closed after it."""
    dialect: Any = SlowDialect()
    pool = Pool(dialect, 1)
    asked = asyncio.create_task(pool.run(lambda session: session.rows(Statement("x", ()), (), 1000)))
    await asyncio.to_thread(dialect.session.begun.wait, 5)

    await pool.close()
    if leaves == "answer":
        dialect.session.go.set()
        assert await asked == [("1",)]
    else:
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked

    assert await asyncio.to_thread(dialect.session.closed.wait, 5)


class Recorded:
    """A MySQL connection that notes what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    async def cursor(self, _kind: Any) -> Recorded:
        """As the real one."""
        return self

    async def execute(self, text: str) -> None:
        """As the real one."""
        self.told.append(text)

    async def fetchone(self) -> None:
        """As the real one."""
        return

    async def fetchmany(self, _size: int) -> list[Any]:
        """As the real one."""
        return []

    async def close(self) -> None:
        """As the real one."""


async def test_mysql__percent_in_a_columns_name__is_part_of_the_name():
    """`disability_%` is a name like any other; values are written into the text at marks alone."""
    connection = Recorded()
    column = Column("disability_%s", "int", "integer", nullable=True)
    dialect = Mysql(address("mysql://u@localhost/d"), Limits())
    statement = probe(dialect, View(None, "v", (column,)), {"x": column})

    await MysqlSession(connection).rows(statement, (), 1000)

    assert connection.told == ["SELECT `disability_%s` FROM `v` WHERE 1 = 0"]
