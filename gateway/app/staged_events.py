"""Events that sources pushed, in the database of their owner's gateway.

A gateway that runs as several nodes keeps them once: what arrives at one is found by all. The kind has
sealed them and made their tags before they come here; the database sees neither names nor numbers.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from typing import Final

from adapters.events import Event, Events
from audit.store import Store

_KEEP: Final = (
    "INSERT INTO source_event (source, service, name, subject_tag, at, received_at, expires, sealed) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (source, service, name) DO NOTHING"
)
_FIND: Final = (
    "SELECT sealed FROM source_event WHERE source = $1 AND service = $2 AND subject_tag = $3 "
    "AND expires > $4 ORDER BY at DESC, received_at DESC, name DESC LIMIT $5"
)
_NEWEST: Final = "SELECT MAX(received_at) FROM source_event WHERE source = $1"
_PURGE: Final = "DELETE FROM source_event WHERE expires < $1"


class StagedEvents(Events):
    """The events of one source. Obligations: see `Events`."""

    def __init__(self, store: Store, source: str, case_key: bytes) -> None:
        self._store, self._source = store, source
        self.key = hmac.digest(case_key, f"source events of {source}".encode(), "sha256")

    async def keep(self, event: Event) -> bool:
        """As `Events.keep`."""
        row = (
            self._source, event.service, event.name, event.tag, event.at, event.received_at,
            event.expires_at, event.sealed,
        )  # fmt: skip
        return await self._store.execute(_KEEP, *row) > 0

    async def find(self, service: str, tag: str, now: int, most: int) -> Sequence[bytes]:
        """As `Events.find`."""
        rows = await self._store.rows(_FIND, self._source, service, tag, now, most)
        return [bytes(sealed) for (sealed,) in rows]

    async def newest(self) -> int | None:
        """As `Events.newest`."""
        ((found,),) = await self._store.rows(_NEWEST, self._source)
        return None if found is None else int(found)


async def forget_source_events(store: Store, now: int) -> int:
    """Forget events that are over; return how many."""
    return await store.execute(_PURGE, now)
