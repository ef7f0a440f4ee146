"""Kind `webhook`: answers from events that a system pushed.

An event is verified, read, cut to what the file maps, sealed (AES-256-GCM under a key of this source) and
kept until `keep_days` are over; a question finds it by a keyed tag of the subject. The same event twice is
one. Events stand in the order in which they happened, whenever they came: a service of one record answers
with the newest, a list with all. As long as nothing was ever pushed there is no answer: silence is not
"nobody". Not here: subscribing at the hub, asking the sender for what was missed.
"""

from __future__ import annotations

import hmac
import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from adapters.events import Event, Events, MemoryEvents
from adapters.kinds import Dated, Kind, Raw
from adapters.kinds.webhook.document import Happening, UnfitEvent, moment_at, read_event, text_at
from adapters.kinds.webhook.form import WebhookAsk, WebhookConnection
from adapters.kinds.webhook.verifying import signed_part
from adapters.pointer import find
from adapters.source import RecordService, Source
from schemas.errors import ConfigurationError
from schemas.outcome import Misbehaving, Unanswered, Unavailable
from schemas.record import Subject

_NONCE: Final = 12
_DAY_S: Final = 86_400
_AHEAD_S: Final = 300
"""How far a sender's clock may run ahead."""


def new(source: Source, events: Events | None = None) -> Kind:
    """The kind for a source; without a store, events live as long as it does."""
    return Webhook(source, events)


class Webhook(Kind):
    """Keeps events, and answers from them. Obligations: see `Kind`."""

    def __init__(
        self,
        source: Source,
        events: Events | None = None,
        arrived: Sequence[bytes] = (),
        now: Callable[[], float] = time.time,
    ) -> None:
        if not isinstance(source.connection, WebhookConnection):
            raise ConfigurationError(f"source {source.id} has no webhook connection")
        self.connection = source.connection
        self.max_body = source.limits.max_bytes
        self._source, self._limits, self._now = source, source.limits, now
        self._events = events or source.connection.events or MemoryEvents(os.urandom(32))
        self._arrived = arrived
        self._cipher = AESGCM(self._key("records"))

    async def open(self) -> None:
        """As `Kind.open`; a fixture's events arrive."""
        for body in self._arrived:
            await self.accept(body, read_event(body, self.max_body))

    async def close(self) -> None:
        """As `Kind.close`."""

    async def health(self) -> Unanswered | None:
        """As `Kind.health`: something was pushed, and is still kept."""
        return None if await self._events.newest() is not None else _NOTHING

    async def read(self, service: RecordService, subject: Subject, fields: tuple[str, ...]) -> Raw:
        """As `Kind.read`: the records of the events about a subject."""
        del fields
        newest = await self._events.newest()
        if newest is None:
            return _NOTHING
        tag = self._tag(service.name, service.subject_values(subject))
        most = 1 if service.shape == "record" else self._limits.max_rows + 1
        found = await self._events.find(service.name, tag, int(self._now()), most)
        try:
            records = [orjson.loads(self._opened(service.name, sealed)) for sealed in found]
        except InvalidTag:
            return Misbehaving("a kept event cannot be opened with the gateway's key")
        return Dated(records, newest)

    async def accept(self, body: bytes, document: Any) -> bool | None:
        """Keep a verified event, or all that a verified message of DCI notifies: True when something is
        new, False when it was known, None when no service wants its type, or it is too old to be kept.

        Raises:
            UnfitEvent: it does not hold what the file says.
        """
        made = [event for one in self._happenings(body, document) for event in self._events_of(one)]
        return any([await self._events.keep(event) for event in made]) if made else None

    def _happenings(self, body: bytes, document: Any) -> list[Happening]:
        connection = self.connection
        if connection.verify.kind == "dci":
            from adapters.kinds.webhook.notified import notified  # DCI only where it is spoken

            return notified(document)
        kind = text_at(document, connection.type, "its type") if connection.type else None
        part = signed_part(connection.verify, body) or body
        name = text_at(document, connection.id, "its name").encode() if connection.id else part
        at = moment_at(document, connection.at) if connection.at else None
        return [Happening(name, at, kind, document)]

    def _events_of(self, one: Happening) -> list[Event]:
        """One for every service that wants it; none when it is too old to be kept."""
        now = int(self._now())
        at = now if one.at is None else min(one.at, now + _AHEAD_S)
        # Counted from when it happened: an old event that comes again does not come back to life.
        if at + self.connection.keep_days * _DAY_S <= now:
            return []
        name = self._hashed("event", one.name)
        return [
            self._event(service, service.ask, one.document, name, at, now)
            for service in self._source.services.values()
            if isinstance(service, RecordService)
            and isinstance(service.ask, WebhookAsk)
            and (not service.ask.types or one.type in service.ask.types)
        ]

    def _event(
        self, service: RecordService, ask: WebhookAsk, document: Any, name: str, at: int, now: int
    ) -> Event:
        record = find(document, ask.records)
        if not isinstance(record, Mapping):
            raise UnfitEvent("there is no record where the file says")
        values = {part: text_at(record, place, "its subject") for part, place in ask.where.items()}
        kept = {column: record[column] for column in sorted(service.rules.all_columns) if column in record}
        nonce = os.urandom(_NONCE)
        sealed = nonce + self._cipher.encrypt(nonce, orjson.dumps(kept, default=str), service.name.encode())
        expires = at + self.connection.keep_days * _DAY_S
        return Event(service.name, name, self._tag(service.name, values), at, now, expires, sealed)

    def _opened(self, service: str, sealed: bytes) -> bytes:
        return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], service.encode())

    def _tag(self, service: str, values: Mapping[str, str | int]) -> str:
        pairs = sorted((part, str(value)) for part, value in values.items())
        return self._hashed("subject", orjson.dumps([service, pairs]))

    def _hashed(self, use: str, data: bytes) -> str:
        return hmac.digest(self._key(use), data, "sha256").hex()

    def _key(self, use: str) -> bytes:
        return hmac.digest(self._events.key, use.encode(), "sha256")


_NOTHING: Final = Unavailable("no event has arrived yet, or all of them are forgotten")
