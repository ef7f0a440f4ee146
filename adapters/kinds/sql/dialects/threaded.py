"""Connections whose driver blocks: one hop to a thread for each question, not one for each call."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Lock, Thread
from typing import Any, TypeVar

from adapters.kinds.sql.dialects.dialect import BATCH_BYTES, Row, Session, Statement, TooLarge, Value

T = TypeVar("T")


class Threads:
    """The threads of one source; the first starts with the first question."""

    def __init__(self, size: int) -> None:
        self._threads = ThreadPoolExecutor(size, thread_name_prefix="isthmus-sql")

    async def run(self, work: Callable[..., T], *arguments: Any) -> T:
        """Work in a thread; when the caller is cancelled, the work goes on to its own deadline."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)
        except RuntimeError as error:
            if "shutdown" not in str(error):
                raise
            raise ConnectionError("the source is not open") from None

    def start(self, work: Callable[[], object]) -> None:
        """Work in a thread that nobody waits for, also when the source is being closed."""
        try:
            self._threads.submit(work)
        except RuntimeError:  # shut down: a connection that comes back late is closed all the same
            Thread(target=work, name="isthmus-sql-closing", daemon=True).start()

    def close(self) -> None:
        """End the threads once they are idle."""
        self._threads.shutdown(wait=False)


class ThreadedSession(Session, ABC):
    """A session over a blocking connection, used by one thread at a time."""

    def __init__(self, threads: Threads, connection: Any) -> None:
        self._threads = threads
        self._connection = connection
        self._in_use = Lock()

    @abstractmethod
    def query(self, statement: Statement, values: Sequence[Value]) -> Any:
        """Start a query in the thread; its rows are iterated."""

    @abstractmethod
    def interrupt(self) -> None:
        """Stop a query that runs in another thread."""

    async def rows(self, statement: Statement, values: Sequence[Value], max_bytes: int) -> Sequence[Row]:
        """As `Session.rows`."""
        return await self._threads.run(self._rows, statement, values, max_bytes)

    def alive(self) -> bool:
        """As `Session.alive`."""
        return True

    async def batches(self, statement: Statement, size: int) -> AsyncGenerator[Sequence[Row]]:
        """As `Session.batches`."""
        cursor = await self._threads.run(self._begin, statement)
        while rows := await self._threads.run(self._next, cursor, size):
            yield rows

    def renew(self) -> None:
        """Begin the time of a batch; sessions whose driver counts for itself do nothing."""

    async def close(self) -> None:
        """As `Session.close`."""
        self.interrupt()
        self._threads.start(self._close)

    def _rows(self, statement: Statement, values: Sequence[Value], max_bytes: int) -> Sequence[Row]:
        with self._in_use:
            return bounded(self.query(statement, values), statement, max_bytes)

    def _begin(self, statement: Statement) -> Any:
        with self._in_use:
            return self.query(statement, ())

    def _next(self, rows: Any, size: int) -> list[Row]:
        with self._in_use:
            self.renew()
            return batch(rows, size)

    def _close(self) -> None:
        with self._in_use:
            self._connection.close()


def bounded(rows: Any, statement: Statement, max_bytes: int) -> list[Row]:
    """Read rows one by one, as long as they fit.

    Raises:
        TooLarge: it does not.
    """
    kept: list[Row] = []
    left = max_bytes
    for row in rows:
        left -= row[-1] if statement.measured else _length(row)
        if left < 0:
            raise TooLarge
        kept.append(row)
    return kept


def batch(rows: Any, size: int) -> list[Row]:
    """The next rows: so many, or until their texts are as long as a batch may be."""
    kept: list[Row] = []
    left = BATCH_BYTES
    while len(kept) < size and left > 0 and (row := rows.fetchone()) is not None:
        left -= _length(row)
        kept.append(row)
    return kept


def _length(row: Row) -> int:
    return sum(len(value) for value in row if isinstance(value, (str, bytes)))
