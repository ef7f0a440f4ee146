"""The answer as it may leave: the asked fields only, of the canonical schema, not too large."""

from __future__ import annotations

from dataclasses import replace

from adapters.canonical import breach
from adapters.contract import Adapter, Query
from adapters.source import Source
from adapters.wrappers.wrapper import Wrapper
from schemas.outcome import Match, Misbehaving, Outcome
from schemas.strict_json import dump


class Conforming(Wrapper):
    """Cuts, checks and weighs every record."""

    def __init__(self, inner: Adapter, source: Source) -> None:
        super().__init__(inner)
        self._source = source

    async def fetch(self, query: Query) -> Outcome:
        """As `Adapter.fetch`; a record that breaks its schema is Misbehaving."""
        outcome = await self.inner.fetch(query)
        if not isinstance(outcome, Match):
            return outcome
        missing = [field for field in query.fields if field not in outcome.record]
        if missing:
            return Misbehaving(f"the answer has no field {missing[0]}")
        record = {field: outcome.record[field] for field in query.fields}
        broken = breach(self._source.record_service(query.service).canonical, query.fields, record)
        if broken is not None:
            return Misbehaving(broken)
        if len(dump(record)) > self._source.limits.max_bytes:
            return Misbehaving(f"the record is longer than {self._source.limits.max_bytes} bytes")
        return replace(outcome, record=record)
