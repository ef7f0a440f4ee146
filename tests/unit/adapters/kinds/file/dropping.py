"""A small `file` source over a folder, with parts exchanged by name."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from adapters.kinds.file.reader import File
from adapters.kinds.file.state import State, read_state
from adapters.mapped import Mapped
from adapters.room import Room
from adapters.source import Source
from adapters.source_file import load_source
from schemas.outcome import Outcome
from tests.unit.adapters.small_source import Secrets, ask, write

KEY = b"k" * 32
FILE = """\
id: attendance
title: Attendance
kind: file
owner: {ministry: Education}
subsystem: LM/GOV/EDU/attendance
connection:
  drop: {folder: drop}
  every_s: 3600
  files:
    people:
      name: "people_{date:%Y%m%d}.csv"
      format: {kind: csv, encoding: utf-8, delimiter: ","}
      finished: renamed
      as_of: name
limits: {timeout_ms: 2000, concurrency: 2, max_rows: 3, retries: 0}
services:
  status:
    title: Status
    canonical: disability/1
    subject:
      national_id: {pattern: "(?s:.*)"}
    from: people
    where: {NID: $national_id}
    map:
      national_id: {from: NID, to: text}
      status: {from: STATUS, codes: {A: approved, P: pending}, else: error}
"""
NAME = "people_20260101.csv"
DAY = 1767225600
GOOD = "NID,STATUS,NAME\n1000000017,A,Ilva\n1000000025,P,Bran\n"
CSV = 'format: {kind: csv, encoding: utf-8, delimiter: ","}'
DELTAS = (
    'name: "people_{date:%Y%m%d}.csv"',
    """name: "full_{sequence}_{date:%Y%m%d}.csv"
      delta: "delta_{sequence}_{date:%Y%m%d}.csv"
      key: [NID]
      deleted: {column: ACTION, equals: D}""",
)


class Dropped:
    """An open source, a folder to drop files in, and a way to look at once."""

    def __init__(self, folder: Path, *changes: tuple[str, str]) -> None:
        self.folder = folder / "drop"
        self.folder.mkdir(exist_ok=True)
        self.source: Source = load_source(write(folder, FILE, *changes), Secrets(), {})
        self.room = Room(folder / "staging", KEY)
        self.kind = File(self.source, self.room)

    def drop(self, content: str | bytes = GOOD, name: str = NAME) -> Path:
        """Drop a file."""
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    async def open(self) -> Dropped:
        """Open; the first look has been finished when this returns."""
        await self.kind.open()
        await self.look()
        return self

    async def look(self) -> None:
        """Look once more, whoever is looking just now."""
        watcher: Any = self.kind._watcher
        while True:
            with_lock = await asyncio.to_thread(lambda: asyncio.run(watcher.look()))
            if with_lock:
                return
            await asyncio.sleep(0.01)

    async def close(self) -> None:
        """Close."""
        await self.kind.close()

    async def ask(self, value: str, *fields: str) -> Outcome:
        """Ask about one person, without the wrappers."""
        return await Mapped(self.source, self.kind).fetch(ask("status", value, *(fields or ("status",))))

    @property
    def state(self) -> State:
        """What became of the files."""
        return read_state(self.room.folder / self.source.id)

    @property
    def reasons(self) -> dict[str, str]:
        """Why files are not used, by name."""
        return {name: str(bad) for name, bad in self.state.bad("people").items()}
