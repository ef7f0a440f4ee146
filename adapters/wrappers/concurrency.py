"""So many questions at the same time, and no more: the owner's system has other users."""

from __future__ import annotations

import asyncio

from adapters.contract import Adapter, Query
from adapters.wrappers.wrapper import Wrapper
from schemas.outcome import Outcome


class Concurrency(Wrapper):
    """Lets questions wait for one of `places`."""

    def __init__(self, inner: Adapter, places: int) -> None:
        super().__init__(inner)
        self._places = asyncio.Semaphore(places)

    async def fetch(self, query: Query) -> Outcome:
        """As `Adapter.fetch`."""
        async with self._places:
            return await self.inner.fetch(query)
