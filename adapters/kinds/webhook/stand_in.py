"""A system that pushes, for the conformance kit: recorded events arrive before a question is put.

Nothing is ever asked of it, so it cannot misbehave while somebody asks; forged, repeated and spoilt
events have tests of the kind's own.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from adapters.conformance.faults import Fault
from adapters.conformance.stand_in import Asked, StandIn
from adapters.events import MemoryEvents
from adapters.kinds.webhook.form import WebhookConnection
from adapters.kinds.webhook.reader import Webhook
from schemas.errors import ConfigurationError

if TYPE_CHECKING:
    from adapters.source import Source


def stand_in(source: Source, folder: Path) -> StandIn:
    """As `NewStandIn`."""
    del folder
    return WebhookStandIn(source)


class WebhookStandIn(StandIn):
    """Events in memory. Obligations: see `StandIn`."""

    cannot: Mapping[Fault, str] = dict.fromkeys(Fault, "the system calls us, and is never asked")

    def __init__(self, source: Source) -> None:
        self._source = source
        self._events = MemoryEvents(os.urandom(32))
        self.forget()

    @property
    def source(self) -> Source:
        """As `StandIn.source`."""
        connection = self._source.connection
        if not isinstance(connection, WebhookConnection):
            raise ConfigurationError("the source has no webhook connection")
        return replace(self._source, connection=replace(connection, events=self._events))

    async def start(self) -> None:
        """As `StandIn.start`."""

    async def stop(self) -> None:
        """As `StandIn.stop`."""

    async def play(self, case: Mapping[str, Any]) -> None:
        """As `StandIn.play`."""
        self._events = MemoryEvents(os.urandom(32))
        arrived = [orjson.dumps(event) for event in case.get("events", ())]
        await Webhook(self._source, self._events, arrived).open()

    async def behave(self, fault: Fault | None) -> None:
        """As `StandIn.behave`."""
        if fault is not None:
            raise ConfigurationError(f"this stand-in cannot show {fault.name}")

    def forget(self) -> None:
        """As `StandIn.forget`."""
        self.asked: list[Asked] = []
        self.most_at_once = self.broken_off = self.sign_ins = 0

    def written_as(self, value: str) -> frozenset[str]:
        """As `StandIn.written_as`."""
        del value
        return frozenset()
