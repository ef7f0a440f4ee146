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
from decimal import Decimal
from typing import Any, Final

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from adapters.convert import Unfit, moment
from adapters.events import Event, Events, MemoryEvents
from adapters.kinds import Dated, Kind, Raw
from adapters.kinds.webhook.form import WebhookAsk, WebhookConnection
from adapters.kinds.webhook.verifying import signed_part
from adapters.pointer import ABSENT, find
from adapters.source import RecordService, Source
from schemas.errors import ConfigurationError
from schemas.outcome import Misbehaving, Unanswered, Unavailable
from schemas.record import Subject
from schemas.strict_json import parse

_NONCE: Final = 12
_DAY_S: Final = 86_400
_AHEAD_S: Final = 300
"""How far a sender's clock may run ahead."""


class UnfitEvent(Exception):
    """An event that cannot be used; the text says why and quotes nothing."""


def read_event(body: bytes, max_bytes: int) -> Any:
    """The JSON of an event, decimals exact. Raises ExchangeError: it is no acceptable JSON."""
    return parse(body, max_bytes=max_bytes, what="the event", decimals=True)


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
        """Keep a verified event: True when it is new, False when it was known, None when no service
        wants its type, or it is too old to be kept.

        Raises:
            UnfitEvent: it does not hold what the file says.
        """
        connection, now = self.connection, int(self._now())
        kind = _text(document, connection.type, "its type") if connection.type else None
        part = signed_part(connection.verify, body) or body
        name = _text(document, connection.id, "its name") if connection.id else None
        name = self._hashed("event", name.encode() if name is not None else part)
        at = min(self._moment(document), now + _AHEAD_S) if connection.at else now
        # Counted from when it happened: an old event that comes again does not come back to life.
        if at + connection.keep_days * _DAY_S <= now:
            return None
        made = [
            self._event(service, service.ask, document, name, at, now)
            for service in self._source.services.values()
            if isinstance(service, RecordService)
            and isinstance(service.ask, WebhookAsk)
            and (not service.ask.types or kind in service.ask.types)
        ]
        if not made:
            return None
        return any([await self._events.keep(event) for event in made])

    def _event(
        self, service: RecordService, ask: WebhookAsk, document: Any, name: str, at: int, now: int
    ) -> Event:
        record = find(document, ask.records)
        if not isinstance(record, Mapping):
            raise UnfitEvent("there is no record where the file says")
        values = {part: _text(record, place, "its subject") for part, place in ask.where.items()}
        kept = {column: record[column] for column in sorted(service.rules.all_columns) if column in record}
        nonce = os.urandom(_NONCE)
        sealed = nonce + self._cipher.encrypt(nonce, orjson.dumps(kept, default=str), service.name.encode())
        expires = at + self.connection.keep_days * _DAY_S
        return Event(service.name, name, self._tag(service.name, values), at, now, expires, sealed)

    def _moment(self, document: Any) -> int:
        try:
            found = moment(_text(document, self.connection.at or (), "when it happened"))
        except Unfit:
            found = None
        if found is None:
            raise UnfitEvent("the event does not say when it happened")
        return found

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


def _text(document: Any, place: tuple[str, ...], what: str) -> str:
    found = find(document, place)
    if found is ABSENT or found is None or isinstance(found, (bool, Decimal, Mapping, list)) or found == "":
        raise UnfitEvent(f"the event does not say {what}")
    return str(found)
