"""Recorded answers for a Python adapter: its stand-in gives them, on the loopback interface."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from adapters.kinds import Kind, Raw
from adapters.kinds.python.reader import Python
from adapters.kinds.python.stand_in import stand_in
from adapters.source import RecordService, Source
from schemas.errors import ConfigurationError
from schemas.outcome import Unanswered
from schemas.record import Subject


def replaying(source: Source, case: Mapping[str, Any], folder: Path) -> tuple[Source, Kind]:
    """As `Replaying`."""
    return source, _Replayed(source, case, folder)


class _Replayed(Kind):
    """The class between the start and the stop of its stand-in."""

    def __init__(self, source: Source, case: Mapping[str, Any], folder: Path) -> None:
        self._stand_in = stand_in(source, folder)
        self._case = case
        self._kind: Python | None = None

    async def open(self) -> None:
        await self._stand_in.start()
        await self._stand_in.play(self._case)
        self._kind = Python(self._stand_in.source)
        await self._kind.open()

    async def close(self) -> None:
        if self._kind is not None:
            await self._kind.close()
        await self._stand_in.stop()

    async def health(self) -> Unanswered | None:
        return await self._inside.health()

    async def read(self, service: RecordService, subject: Subject, fields: tuple[str, ...]) -> Raw:
        return await self._inside.read(service, subject, fields)

    @property
    def _inside(self) -> Python:
        if self._kind is None:
            raise ConfigurationError("the replayed adapter is not open")
        return self._kind
