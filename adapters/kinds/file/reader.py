"""Kind `file`: answers from files that their owner dropped.

A thread looks for files and stages their rows, sealed (`staging`, `watching`); a question only reads
what is staged. Every answer is of the file's day, never of today. There is no column of any other
than the services' own, and nothing of a file that is not whole, or not what its checksum says.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import Any

from cryptography.exceptions import InvalidTag

from adapters.kinds import Dated, Kind, Raw
from adapters.kinds.file.drops.drop import Drop
from adapters.kinds.file.drops.local import LocalDrop
from adapters.kinds.file.form import (
    DroppedFile,
    FileAsk,
    FileConnection,
    FolderDrop,
    HttpsDrop,
    SftpDrop,
    kept_columns,
)
from adapters.kinds.file.importing import Table
from adapters.kinds.file.staging import About, Exchanged, Layout, Staged
from adapters.kinds.file.state import Quarantined, State, read_state
from adapters.kinds.file.watching import Watcher
from adapters.room import Room, passing_room
from adapters.source import RecordService, Source
from schemas.errors import ConfigurationError
from schemas.outcome import DeniedBySource, Misbehaving, NotFound, Unanswered, Unavailable
from schemas.record import Subject


def new(source: Source, room: Room | None = None) -> Kind:
    """The kind for a source. Without a room, files are read at opening and forgotten at closing."""
    return File(source, room)


class File(Kind):
    """Answers from dropped files. Obligations: see `Kind`."""

    def __init__(self, source: Source, room: Room | None = None, drop: Drop | None = None) -> None:
        if not isinstance(source.connection, FileConnection):
            raise ConfigurationError(f"source {source.id} has no files")
        self._connection = source.connection
        self._source = source
        self._given_room = room
        self._given_drop = drop
        self._room: Room | None = None
        self._tables: dict[str, Table] = {}
        self._watcher: Watcher | None = None
        self._stack = ExitStack()

    async def open(self) -> None:
        """As `Kind.open`."""
        room = self._given_room or self._stack.enter_context(passing_room())
        self._room = room = room.below(self._source.id)
        self._tables = {word: self._table(word, dropped, room) for word, dropped in self._used().items()}
        self._watcher = Watcher(
            self._source.id, self._drop, list(self._tables.values()), room.folder, self._connection.every_s
        )
        if self._given_room is None:
            await self._watcher.settle()
        self._watcher.start(looked=self._given_room is None)

    async def close(self) -> None:
        """As `Kind.close`."""
        watcher, self._watcher = self._watcher, None
        if watcher is not None:
            await asyncio.to_thread(watcher.stop)
        for table in self._tables.values():
            table.staged.close()
        self._tables = {}
        self._stack.close()

    def staged(self, room: Room) -> Mapping[str, tuple[About | None, Mapping[str, Quarantined]]]:
        """What a room holds now, by file: the version in use and the bad files. Nothing of the owner is
        looked at, and nothing has to be open."""
        if not (room.folder / self._source.id).is_dir():
            return dict.fromkeys(self._used(), (None, {}))
        inner = room.below(self._source.id)
        state, found = read_state(inner.folder), {}
        for word, dropped in self._used().items():
            staged = self._table(word, dropped, inner).staged
            found[word] = (staged.about(), state.bad(word))
            staged.close()
        return found

    async def health(self) -> Unanswered | None:
        """As `Kind.health`: also says which newer file is not used, and why."""
        state = self._state()
        for word, table in self._tables.items():
            unanswered = self._unfit(word, table.dropped, table.staged.about(), state)
            if unanswered is not None:
                return unanswered
            for name, bad in state.bad(word).items():
                return Misbehaving(f"the file {name!r} is not used: {bad}")
        return None if self._tables else Unavailable("the source is not open")

    async def read(self, service: RecordService, subject: Subject, fields: tuple[str, ...]) -> Raw:
        """As `Kind.read`."""
        del fields  # what a service may not give was never staged
        ask = _ask(service)
        table = self._tables.get(ask.file)
        if table is None:
            return Unavailable("the source is not open")
        values = {ask.where[name]: value for name, value in service.subject_values(subject).items()}
        rows = 1 if service.shape == "record" else self._source.limits.max_rows
        try:
            found = await asyncio.to_thread(table.staged.find, values, rows + 1)
        except (Exchanged, InvalidTag):
            return Misbehaving("the staged rows were changed on this machine")
        about, records = (None, []) if found is None else found
        unanswered = self._unfit(ask.file, table.dropped, about, None)
        if unanswered is not None or about is None:
            return unanswered or Unavailable("no file was imported yet")
        if not records and service.empty == "not_found":
            return NotFound(about.as_of)
        return Dated(records, about.as_of)

    def rows(self, service: RecordService, size: int) -> Iterator[tuple[About, list[dict[str, Any]]]]:
        """Every staged row of a service's file, so many at a time; blocks."""
        return self._tables[_ask(service).file].staged.batches(size)

    def _unfit(
        self, word: str, dropped: DroppedFile, about: About | None, state: State | None
    ) -> Unanswered | None:
        """Why files cannot be answered from; None when they can."""
        if about is None:
            state = state or self._state()
            bad = next(iter(state.bad(word).items()), None)
            if state.unreachable is None and bad is not None:
                return Misbehaving(f"the file {bad[0]!r} is not used: {bad[1]}")
            if state.denied and state.unreachable is not None:
                return DeniedBySource(state.unreachable)
            return Unavailable(state.unreachable or "no file was imported yet")
        if dropped.max_age_s is not None and time.time() - about.as_of > dropped.max_age_s:
            return Unavailable("the newest file is older than its `max_age_h` allows")
        return None

    def _state(self) -> State:
        return State() if self._room is None else read_state(self._room.folder)

    def _used(self) -> dict[str, DroppedFile]:
        asked = {_ask(service).file for service in self._services()}
        foreign = sorted(asked - self._connection.files.keys())
        if foreign:
            raise ConfigurationError(f"source {self._source.id} has no file " + ", ".join(foreign))
        return {word: self._connection.files[word] for word in sorted(asked)}

    def _services(self) -> list[RecordService]:
        return [item for item in self._source.services.values() if isinstance(item, RecordService)]

    def _table(self, word: str, dropped: DroppedFile, room: Room) -> Table:
        services = [service for service in self._services() if _ask(service).file == word]
        read = frozenset().union(*(service.rules.all_columns for service in services))
        where = frozenset().union(*(_ask(service).where.values() for service in services))
        layout = Layout(kept_columns(dropped, read, where), tuple(sorted(where)), dropped.key)
        return Table(word, dropped, layout, Staged(room, word, layout))

    def _drop(self) -> Drop:
        if self._given_drop is not None:
            return self._given_drop
        drop = self._connection.drop
        if isinstance(drop, FolderDrop):
            return LocalDrop(drop.folder)
        if isinstance(drop, SftpDrop):
            from adapters.kinds.file.drops import sftp

            return sftp.SftpDrop(drop)
        return _https(drop, self._connection.files)


def _https(drop: HttpsDrop, files: Mapping[str, DroppedFile]) -> Drop:
    from adapters.kinds.file.drops import https

    return https.HttpsDrop(drop, files)


def _ask(service: RecordService) -> FileAsk:
    if not isinstance(service.ask, FileAsk):
        raise ConfigurationError(f"service {service.name} does not read a file")
    return service.ask
