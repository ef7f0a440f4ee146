"""The wrapper that does nothing: the others override the step they are about."""

from __future__ import annotations

from adapters.contract import Adapter, Query
from schemas.catalogue import ServiceDescription
from schemas.outcome import Outcome, Unanswered


class Wrapper(Adapter):
    """Passes everything on to the adapter inside."""

    def __init__(self, inner: Adapter) -> None:
        self.inner = inner

    async def open(self) -> None:
        """As `Adapter.open`."""
        await self.inner.open()

    async def close(self) -> None:
        """As `Adapter.close`."""
        await self.inner.close()

    async def health(self) -> Unanswered | None:
        """As `Adapter.health`."""
        return await self.inner.health()

    async def discover(self) -> tuple[ServiceDescription, ...]:
        """As `Adapter.discover`."""
        return await self.inner.discover()

    async def fetch(self, query: Query) -> Outcome:
        """As `Adapter.fetch`."""
        return await self.inner.fetch(query)
