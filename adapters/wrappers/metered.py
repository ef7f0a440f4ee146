"""How long each question took and how it ended: counts and times, never values."""

from __future__ import annotations

import time
from collections.abc import Callable

from adapters.contract import Adapter, Query
from adapters.wrappers.wrapper import Wrapper
from schemas.outcome import Outcome

Meter = Callable[[str, str, Outcome, float], None]
"""Called with source id, service name, outcome and seconds. Must not block."""


class Metered(Wrapper):
    """Tells a meter about every answer."""

    def __init__(self, inner: Adapter, source_id: str, meter: Meter) -> None:
        super().__init__(inner)
        self._source_id = source_id
        self._meter = meter

    async def fetch(self, query: Query) -> Outcome:
        """As `Adapter.fetch`."""
        started = time.perf_counter()
        outcome = await self.inner.fetch(query)
        self._meter(self._source_id, query.service, outcome, time.perf_counter() - started)
        return outcome
