"""A kind and its mapping make an adapter: raw records in, one outcome out.

`outcome_of` is pure; the live adapter, `isthmus source try` and offline fixtures share it.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from adapters.contract import Adapter, Query
from adapters.kinds import Dated, Kind, Raw
from adapters.source import Limits, RecordService, Source
from schemas.catalogue import ServiceDescription
from schemas.outcome import (
    Ambiguous,
    DeniedBySource,
    Misbehaving,
    NotFound,
    Outcome,
    Unanswered,
    Unavailable,
)


class Mapped(Adapter):
    """The adapter of a source file."""

    def __init__(self, source: Source, kind: Kind, now: Callable[[], float] = time.time) -> None:
        self._source = source
        self._kind = kind
        self._now = now

    async def open(self) -> None:
        """As `Adapter.open`."""
        await self._kind.open()

    async def close(self) -> None:
        """As `Adapter.close`."""
        await self._kind.close()

    async def health(self) -> Unanswered | None:
        """As `Adapter.health`."""
        return await self._kind.health()

    async def discover(self) -> tuple[ServiceDescription, ...]:
        """As `Adapter.discover`."""
        return tuple(self._source.descriptions())

    async def fetch(self, query: Query) -> Outcome:
        """As `Adapter.fetch`."""
        service = self._source.record_service(query.service)
        raw = await self._kind.read(service, query.subject, query.fields)
        return outcome_of(service, raw, query.fields, self._source.limits, int(self._now()))


def outcome_of(
    service: RecordService, raw: Raw, fields: tuple[str, ...], limits: Limits, now: int
) -> Outcome:
    """What raw records mean for a service; `now` is epoch seconds, for sources that are asked live."""
    if isinstance(raw, Dated):
        now, raw = raw.as_of, raw.records
    if isinstance(raw, (NotFound, Ambiguous, DeniedBySource, Unavailable, Misbehaving)):
        return raw
    if not raw and service.empty != "empty_list":
        absent = Misbehaving("the source answered without a record")
        return absent if service.empty == "misbehaving" else NotFound(now)
    if service.shape == "list" and len(raw) > limits.max_rows:
        return Misbehaving(f"the source answered with more than {limits.max_rows} records")
    return service.rules.outcome(raw, fields, now)
