"""Kind `python`: an author's class, asked like every other kind.

The class yields records or raises an outcome; everything else happens outside. Its causes are looked
at before they are passed on: one that quotes a value of the question or of the configuration is
replaced.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping
from contextlib import aclosing
from typing import Any, Final

from pydantic import SecretStr

from adapters.custom.adapter import Question, SourceAdapter
from adapters.custom.outcomes import Told
from adapters.kinds import Kind, Raw
from adapters.kinds.python.form import PythonConnection
from adapters.source import RecordService, Source
from schemas.errors import ConfigurationError
from schemas.outcome import Ambiguous, DeniedBySource, Misbehaving, NotFound, Unanswered, Unavailable
from schemas.record import Subject

_QUOTED: Final = "the adapter's cause quoted a value"
_SHORTEST_SECRET: Final = 4


def new(source: Source) -> Kind:
    """The kind for a source."""
    return Python(source)


class Python(Kind):
    """Asks an author's class. Obligations: see `Kind`."""

    def __init__(self, source: Source) -> None:
        if not isinstance(source.connection, PythonConnection):
            raise ConfigurationError(f"source {source.id} has no Python adapter")
        self._source = source
        self._config = source.connection.config
        self._opened, self._opening = False, asyncio.Lock()
        self._adapter: SourceAdapter = source.connection.adapter(self._config, source.limits)

    async def open(self) -> None:
        """As `Kind.open`; the file must offer only what the class does."""
        listed = list(await self._adapter.discover())
        if listed != list(await self._adapter.discover()):
            raise ConfigurationError(f"source {self._source.id}: the adapter lists other services each time")
        offers = {offer.name: offer for offer in listed}
        for service in self._source.services.values():
            canonical = service.canonical if isinstance(service, RecordService) else None
            if service.name not in offers or offers[service.name].canonical != canonical:
                raise ConfigurationError(
                    f"source {self._source.id}: the adapter has no service {service.name} of this schema; "
                    f"it has {', '.join(f'{one.name} ({one.canonical})' for one in offers.values())}"
                )
        try:
            await self._ready()
        except (Told, OSError):
            return  # down: opened before the first question
        except Exception as error:  # noqa: BLE001 - a stranger's code; its text may quote a secret
            raise ConfigurationError(
                f"source {self._source.id}: the adapter cannot be opened: {type(error).__name__}"
            ) from None

    async def close(self) -> None:
        """As `Kind.close`."""
        opened, self._opened = self._opened, False
        if opened:
            await self._adapter.close()

    async def health(self) -> Unanswered | None:
        """As `Kind.health`."""
        try:
            await self._ready()
            await self._adapter.health()
        except Told as error:
            outcome = self._told(error, {})
            if isinstance(outcome, (DeniedBySource, Unavailable, Misbehaving)):
                return outcome
            return Misbehaving("health told of a person")
        return None

    async def read(self, service: RecordService, subject: Subject, fields: tuple[str, ...]) -> Raw:
        """As `Kind.read`."""
        values = service.subject_values(subject)
        most = 2 if service.shape == "record" else self._source.limits.max_rows + 1
        question = Question(service.name, subject.type, values, fields, most)
        try:
            await self._ready()
            return await self._records(question)
        except Told as error:
            return self._told(error, values)

    async def _ready(self) -> None:
        """Open the class once; again after it told that the system is down."""
        async with self._opening:
            if not self._opened:
                await self._adapter.open()
                self._opened = True

    async def _records(self, question: Question) -> Raw:
        records: list[Mapping[str, Any]] = []
        stream: Any = self._adapter.fetch(question)
        if asyncio.iscoroutine(stream):
            stream.close()
            return Misbehaving("the adapter's `fetch` must yield records")
        async with aclosing(stream):
            async for record in stream:
                if not isinstance(record, Mapping):
                    return Misbehaving("the adapter yielded something that is no record")
                records.append(record)
                if len(records) >= question.most:
                    break
        return records

    def _told(self, error: Told, values: Mapping[str, Any]) -> NotFound | Ambiguous | Unanswered:
        """The outcome of what an author raised, without anything that must not be told."""
        quoted = any(str(value) in error.cause for value in values.values())
        if quoted or any(secret in error.cause for secret in _secrets(self._config.model_dump())):
            error.cause = _QUOTED
        return error.outcome(int(time.time()))


def _secrets(value: Any) -> Iterator[str]:
    if isinstance(value, SecretStr):
        text = value.get_secret_value()
        if len(text) >= _SHORTEST_SECRET:
            yield text
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _secrets(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _secrets(item)
