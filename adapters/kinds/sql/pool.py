"""A few connections, opened when needed and used again.

A connection goes back only after a whole answer; after an error, or when its user was cancelled, it
is given up. One that was idle for minutes is replaced, since firewalls forget.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from adapters.kinds.sql.dialects.dialect import Dialect, Session

T = TypeVar("T")

IDLE_S: Final = 120.0


class Pool:
    """At most `size` connections of a dialect, for one event loop."""

    def __init__(self, dialect: Dialect, size: int) -> None:
        self._dialect = dialect
        self._places = asyncio.Semaphore(size)
        self._idle: list[tuple[float, Session]] = []
        self._closed = False

    async def run(self, work: Callable[[Session], Awaitable[T]]) -> T:
        """Work on a connection. Errors are those of the work and of connecting."""
        async with self._places:
            session = await self._take()
            try:
                result = await work(session)
            except BaseException:
                await session.close()
                raise
            if self._closed or not session.alive():
                await session.close()
            else:
                self._idle.append((time.monotonic(), session))
            return result

    async def close(self) -> None:
        """Close what is idle; what is in use is closed when it comes back."""
        self._closed = True
        await self.forget()
        self._dialect.close()

    async def forget(self) -> None:
        """Close what is idle: after a failure of one connection the others are doubtful."""
        idle, self._idle = self._idle, []
        for _, session in idle:
            await session.close()

    async def _take(self) -> Session:
        if self._closed:
            raise ConnectionError("the source is not open")
        while self._idle:
            since, session = self._idle.pop()  # the one used last: the others may grow old
            if session.alive() and time.monotonic() - since < IDLE_S:
                return session
            await session.close()
        return await self._dialect.connect()
