"""Where events are kept that a system pushed, until somebody asks about the person (DESIGN section 2).

Only a gateway of the owner lends a store that outlives it (`gateway.app.staged_events`). A kind seals
what it keeps and finds it again by a keyed tag, so a store sees neither names nor numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

MAX_HELD: Final = 10_000
"""Events in a store that lives in memory."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event for one service: its own name and its subject's tag (both keyed), when it happened, when
    it came and when it is forgotten (epoch seconds), and the sealed record."""

    service: str
    name: str
    tag: str
    at: int
    received_at: int
    expires_at: int
    sealed: bytes = field(repr=False)


class Events(Protocol):
    """The events of one source. `key` is 32 bytes, of this source only."""

    key: bytes

    async def keep(self, event: Event) -> bool:
        """Keep an event; False when it was kept before. Durable once it returns."""

    async def find(self, service: str, tag: str, now: int, most: int) -> Sequence[bytes]:
        """The sealed records of a tag, the newest event first, none that is over."""

    async def newest(self) -> int | None:
        """When the last event came that is still kept; None when none is."""


class MemoryEvents(Events):
    """Events of one process, gone with it."""

    def __init__(self, key: bytes) -> None:
        self.key = key
        self._events: dict[tuple[str, str], Event] = {}

    async def keep(self, event: Event) -> bool:
        """As `Events.keep`. Raises ConnectionError when it is full."""
        if (event.service, event.name) in self._events:
            return False
        if len(self._events) >= MAX_HELD:
            raise ConnectionError("too many events are held")
        self._events[event.service, event.name] = event
        return True

    async def find(self, service: str, tag: str, now: int, most: int) -> Sequence[bytes]:
        """As `Events.find`."""
        found = [
            one
            for one in self._events.values()
            if (one.service, one.tag) == (service, tag) and one.expires_at > now
        ]
        found.sort(key=lambda one: (one.at, one.received_at, one.name), reverse=True)
        return [one.sealed for one in found[:most]]

    async def newest(self) -> int | None:
        """As `Events.newest`."""
        return max((one.received_at for one in self._events.values()), default=None)
