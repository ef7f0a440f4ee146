"""From a dropped file to staged rows: fetched, checked, read, put in place; or bad, with the reason."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from adapters.kinds.file.bad import BadFile, NotYet, Stopped
from adapters.kinds.file.cells import Column, read_rows
from adapters.kinds.file.drops.drop import Drop, Entry
from adapters.kinds.file.form import DroppedFile
from adapters.kinds.file.manifest import COMMON, MAX_BYTES, Manifest, names_for, read_manifest
from adapters.kinds.file.planning import Candidate
from adapters.kinds.file.spool import Spool
from adapters.kinds.file.staging import About, Layout, Staged

_AHEAD_S: Final = 86_400
"""A day named by its date begins earlier in the east than in UTC."""


@dataclass(frozen=True, slots=True)
class Table:
    """One kind of dropped file: its word, how it is written, and where its rows are staged."""

    word: str
    dropped: DroppedFile
    layout: Layout
    staged: Staged


@dataclass(frozen=True, slots=True)
class Importer:
    """Imports files of a drop; `folder` is for spools. `told` hears how many rows were read."""

    drop: Drop
    folder: Path
    stop: threading.Event
    told: Callable[[str, int], None] = field(default=lambda _word, _rows: None)

    async def take(
        self, table: Table, one: Candidate, entries: Mapping[str, Entry], known: str | None
    ) -> About:
        """Import one file.

        Raises:
            BadFile: it is against its description, or not what its manifest says.
            NotYet, Unchanged, Unreachable: as `Drop.fetch`.
            Stopped: the source is being closed.
        """
        dropped = table.dropped
        with Spool(self.folder, dropped.max_bytes) as spool:
            entry = await self.drop.fetch(one.entry.name, spool, known)
            manifest = await self._manifest(dropped, one.entry.name, entries)
            if manifest is not None and manifest.digests.get(entry.name) != spool.sha256:
                raise BadFile("its SHA-256 is not the one of its manifest")
            return self._import(table, one, entry, spool, manifest)

    def _import(
        self, table: Table, one: Candidate, entry: Entry, spool: Spool, manifest: Manifest | None
    ) -> About:
        before = table.staged.about()
        digests = () if before is None or not one.is_delta else before.digests
        as_of = _as_of(table.dropped, one, entry, spool, manifest)
        order = one.order if one.entry.version is not None else entry.modified
        about = About(entry.name, entry.version, order, as_of, 0, (*digests, spool.sha256), one.is_delta)
        if not one.is_delta:
            return table.staged.put_full(about, self._rows(table, spool))
        return table.staged.put_delta(about, self._changes(table, spool))

    def _rows(self, table: Table, spool: Spool) -> Iterator[tuple[int, list[Any]]]:
        dropped, columns = table.dropped, table.layout.columns

        def progress(rows: int) -> None:
            if self.stop.is_set():
                raise Stopped
            self.told(table.word, rows)

        yield from read_rows(
            dropped.format.rows(spool.reader(), columns),
            columns,
            _forms(dropped, table.layout),
            dropped.max_rows,
            progress,
        )

    def _changes(self, table: Table, spool: Spool) -> Iterator[tuple[int, list[Any], bool]]:
        deleted = table.dropped.deleted
        at = None if deleted is None else table.layout.columns.index(deleted[0])
        for line, values in self._rows(table, spool):
            yield line, values, at is not None and deleted is not None and values[at] == deleted[1]

    async def _manifest(
        self, dropped: DroppedFile, name: str, entries: Mapping[str, Entry]
    ) -> Manifest | None:
        if dropped.finished != "manifest":
            return None
        said = next((candidate for candidate in names_for(name) if candidate in entries), None)
        if said is None:
            raise NotYet
        with Spool(self.folder, MAX_BYTES) as spool:
            await self.drop.fetch(said, spool, None)
            manifest = read_manifest(spool.reader().read())
        if name not in manifest.digests:
            if said == COMMON:
                raise NotYet  # the manifest is older than the file
            raise BadFile("its manifest does not name it")
        return manifest


def _forms(dropped: DroppedFile, layout: Layout) -> dict[str, Column]:
    """What is declared of columns; those that rows are found by are text in any case."""
    found_by = {name: Column(text=True) for name in (*layout.tagged, *layout.key)}
    declared = {
        name: replace(form, text=form.text or name in found_by) for name, form in dropped.columns.items()
    }
    return found_by | declared


def _as_of(
    dropped: DroppedFile, one: Candidate, entry: Entry, spool: Spool, manifest: Manifest | None
) -> int:
    match dropped.as_of.place:
        case "name":
            date = one.date
        case "manifest":
            date = None if manifest is None else manifest.as_of
        case "line":
            date = _date_of_line(dropped, spool)
        case _:
            date = entry.modified or None
    if date is None:
        raise BadFile("it does not say of which day it is")
    if date > time.time() + _AHEAD_S:
        raise BadFile("it says that it is of a day to come")
    return date


def _date_of_line(dropped: DroppedFile, spool: Spool) -> int | None:
    head = dropped.format.head(spool.reader())
    if dropped.as_of.pattern is None or len(head) < dropped.as_of.line:
        return None
    said = dropped.as_of.pattern.read(head[dropped.as_of.line - 1])
    return None if said is None else said.date
