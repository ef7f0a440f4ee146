"""One time for one question: waiting for a place, attempts and pauses between them included."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from adapters.contract import Adapter, Query
from adapters.wrappers.wrapper import Wrapper
from schemas.outcome import Outcome, Unanswered, Unavailable


class Deadline(Wrapper):
    """Cancels the work inside when its time is over."""

    def __init__(self, inner: Adapter, timeout_s: float) -> None:
        super().__init__(inner)
        self._timeout_s = timeout_s

    async def open(self) -> None:
        """As `Adapter.open`; a source too slow to be opened counts as down."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._timeout_s):
                await self.inner.open()

    async def health(self) -> Unanswered | None:
        """As `Adapter.health`, in time."""
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self.inner.health()
        except TimeoutError:
            return _too_late()

    async def fetch(self, query: Query) -> Outcome:
        """As `Adapter.fetch`, in time."""
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self.inner.fetch(query)
        except TimeoutError:
            return _too_late()


def _too_late() -> Unavailable:
    return Unavailable("the source did not answer in time", timeout=True)
