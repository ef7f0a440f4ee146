"""Only declared questions reach a source: known service, subject of the right form, known fields."""

from __future__ import annotations

from adapters.contract import Adapter, Query
from adapters.source import Source
from adapters.wrappers.wrapper import Wrapper
from schemas.outcome import Outcome


class Declared(Wrapper):
    """Checks the question against the source's file before anything else happens."""

    def __init__(self, inner: Adapter, source: Source) -> None:
        super().__init__(inner)
        self._source = source

    async def fetch(self, query: Query) -> Outcome:
        """As `Adapter.fetch`. Raises UnknownService or RequestMismatch."""
        self._source.record_service(query.service).check(query)
        return await self.inner.fetch(query)
