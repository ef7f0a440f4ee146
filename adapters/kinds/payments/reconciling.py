"""Payments in dropped files: staged as those of kind `file`, and what was sent compared with the bank's word.

| `reconciliation` | the order | the bank |
|---|---|---|
| `matched` | sent | says the same amount and currency, once |
| `differing` | sent | says another amount or currency, or booked it more than once |
| `missing` | sent | says nothing, and no file of it is under quarantine |
| `unexpected` | not sent | tells of it |
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from adapters.kinds import Dated, Kind, Raw
from adapters.kinds.file.drops.drop import Drop
from adapters.kinds.file.reader import File
from adapters.kinds.payments.form import FilesAsk, PaymentsConnection
from adapters.kinds.payments.iso20022 import COLUMNS
from adapters.mapping import Rules
from adapters.room import Room
from adapters.rules import From
from adapters.source import RecordService, Source
from schemas.errors import ConfigurationError
from schemas.outcome import NotFound, Unanswered, Unavailable
from schemas.record import Subject

_SENT = " sent"
_ALL = {name: From((name,), ()) for name in COLUMNS}


class Staged(Kind):
    """Answers from a bank's files. Obligations: see `Kind`."""

    def __init__(self, source: Source, room: Room | None = None, drop: Drop | None = None) -> None:
        self._file = File(as_files(source), room, drop)
        self._services = as_files(source).services

    async def open(self) -> None:
        """As `Kind.open`."""
        await self._file.open()

    async def close(self) -> None:
        """As `Kind.close`."""
        await self._file.close()

    async def health(self) -> Unanswered | None:
        """As `Kind.health`: also says which newer file is not used, and why."""
        return await self._file.health()

    async def read(self, service: RecordService, subject: Subject, fields: tuple[str, ...]) -> Raw:
        """As `Kind.read`; as old as the bank's word: orders do not change after they were sent."""
        told = await self._read(service.name, subject, fields)
        if not isinstance(service.ask, FilesAsk) or service.ask.sent is None:
            return told
        sent = await self._read(service.name + _SENT, subject, fields)
        if not isinstance(sent, (Dated, NotFound)):
            return sent
        if not isinstance(told, (Dated, NotFound)):
            return told
        if not isinstance(told, Dated) and await self._file.health() is not None:
            # The payment may stand in the very file that is not used.
            return Unavailable("a file is not used, so nobody can say that a payment is missing")
        return _compared(sent, told)

    async def _read(self, name: str, subject: Subject, fields: tuple[str, ...]) -> Raw:
        service = self._services[name]
        if not isinstance(service, RecordService):
            raise ConfigurationError(f"service {name} reads no file")
        return await self._file.read(service, subject, fields)


def as_files(source: Source) -> Source:
    """A source as one of kind `file`: its services, and one more for each that compares.

    Raises:
        ConfigurationError: it has no files.
    """
    connection = source.connection
    if not isinstance(connection, PaymentsConnection) or connection.files is None:
        raise ConfigurationError(f"source {source.id} has no files")
    services: dict[str, Any] = {}
    for name, service in source.services.items():
        if isinstance(service, RecordService) and isinstance(service.ask, FilesAsk):
            plain = replace(service, rules=Rules(_ALL, service.shape))
            services[name] = replace(plain, ask=service.ask.told)
            if service.ask.sent is not None:
                services[name + _SENT] = replace(plain, name=name + _SENT, ask=service.ask.sent)
    return replace(source, connection=connection.files, services=services)


def _compared(sent: Dated | NotFound, told: Dated | NotFound) -> Raw:
    """What was sent and what the bank says, as one record."""
    ours = sent.records if isinstance(sent, Dated) else []
    theirs = told.records if isinstance(told, Dated) else []
    as_of = told.as_of
    if not ours and not theirs:
        return NotFound(as_of)
    if len(ours) > 1 or len(theirs) > 1:
        return Dated([*ours, *theirs], as_of)  # several candidates: nobody chooses
    order, word = next(iter(ours), None), next(iter(theirs), None)
    bank = {f"bank_{name}": value for name, value in (word or dict.fromkeys(COLUMNS)).items()}
    whole = {**(order or dict.fromkeys(COLUMNS)), **bank, "reconciliation": reconciliation(order, word)}
    whole["end_to_end_id"] = (order or word or {}).get("end_to_end_id")
    return Dated([whole], as_of)


def reconciliation(order: Mapping[str, Any] | None, word: Mapping[str, Any] | None) -> str:
    """How an order and the bank's word agree. A bank that repeats no amount does not contradict."""
    if word is None:
        return "missing"
    if order is None:
        return "unexpected"
    repeats = word["amount"] is not None
    same = not repeats or (
        Decimal(word["amount"]) == Decimal(order["amount"]) and word["currency"] == order["currency"]
    )
    once = word["entries"] in (None, 1)
    return "matched" if same and once else "differing"
