"""Looking at a drop again and again, in a thread of its own: a gateway's loop never waits for a file.

Of all workers of a node one looks at a time (a file lock); the others see the new version at their
next question. A bad file is logged once, put under quarantine in the version that was looked at, and
never replaces what is staged.
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

from adapters.kinds.file.bad import BadFile, Denied, NotYet, Stopped, Unchanged, Unreachable
from adapters.kinds.file.drops.drop import Drop, Entry
from adapters.kinds.file.importing import Importer, Table
from adapters.kinds.file.manifest import names_for
from adapters.kinds.file.planning import Candidate, candidates, next_one
from adapters.kinds.file.state import Quarantined, State, read_state, write_state
from schemas.errors import ConfigurationError

_TOLD_EVERY: Final = 1_000_000
_LEAVE_S: Final = 5.0
_logger = logging.getLogger(__name__)


class Watcher:
    """Looks at a drop every `every_s` seconds and imports what is new, until it is stopped."""

    def __init__(
        self,
        source: str,
        make_drop: Callable[[], Drop],
        tables: Sequence[Table],
        folder: Path,
        every_s: float,
    ) -> None:
        self._source = source
        self._make_drop = make_drop
        self._tables = tables
        self._folder = folder
        self._every_s = every_s
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._stable: dict[tuple[str, str | None], float] = {}
        self._state = State()

    def start(self, *, looked: bool) -> None:
        """Begin to look; `looked` when somebody has just done so."""
        self._thread = threading.Thread(
            target=self._run, args=(looked,), name=f"drop of {self._source}", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop looking, also in the middle of a file, which is then imported again later."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(_LEAVE_S)  # one that waits for a server leaves with the process

    def _run(self, looked: bool) -> None:
        if looked and self._stop.wait(self._every_s):
            return
        while True:
            try:
                asyncio.run(self.look())
            except Exception as error:  # noqa: BLE001  a full disk ends a look, never the looking
                _logger.warning("source %s: looking failed: %s", self._source, type(error).__name__)
            if self._stop.wait(self._every_s):
                return

    async def look(self) -> bool:
        """Look once and import everything new; False when another worker is looking just now.
        Failures become part of the state."""
        with _alone(self._folder) as may:
            if not may:
                return False
            self._state, unreachable, denied = read_state(self._folder), None, False
            try:
                await self._look_at(self._make_drop())
            except (Unreachable, ConfigurationError) as error:
                unreachable, denied = str(error), isinstance(error, Denied)
                _logger.warning("source %s: %s", self._source, error)
            except Stopped:
                pass
            except Exception as error:  # noqa: BLE001  the next look tries again
                unreachable = "looking failed"
                _logger.warning("source %s: looking failed: %s", self._source, type(error).__name__)
            self._write(replace(self._state, unreachable=unreachable, denied=denied, importing={}))
            return True

    async def settle(self) -> None:
        """Look until nothing is waiting to become stable: for who asks once and goes."""
        await self.look()
        waits = [table.dropped.stable_s for table in self._tables if table.dropped.finished == "stable"]
        if waits:
            await asyncio.sleep(max(waits) + 0.05)
            await self.look()

    async def _look_at(self, drop: Drop) -> None:
        try:
            await drop.open()
            await self._take_all(drop)
        finally:
            await drop.close()

    async def _take_all(self, drop: Drop) -> None:
        importer = Importer(drop, self._folder, self._stop, self._tell)
        for table in self._tables:
            table.staged.clean()
            entries = await drop.entries()
            there = candidates(table.dropped, entries)
            finished = [one for one in there if self._is_finished(table, one, entries)]
            self._forget(table, finished)
            await self._take_new(importer, table, finished, entries)

    async def _take_new(
        self, importer: Importer, table: Table, finished: list[Candidate], entries: Mapping[str, Entry]
    ) -> None:
        passed: set[str] = set()
        while True:
            about = table.staged.about()
            quarantined = self._state.bad(table.word)
            bad = {name for name, one in quarantined.items() if one.version is not None} | passed
            one = next_one(table.dropped, about, finished, bad)
            if one is None:
                return
            if self._stop.is_set():
                raise Stopped
            try:
                known = about.version if about is not None and one.entry.version is None else None
                done = await importer.take(table, one, entries, known)
            except (NotYet, Unchanged):
                passed.add(one.entry.name)
            except BadFile as bad_file:
                passed.add(one.entry.name)
                self._quarantine(table.word, one.entry, bad_file)
            else:
                self._clear(table.word, one.entry.name)
                _logger.info("source %s: %s has %d rows", self._source, table.word, done.rows)
                passed.add(one.entry.name)

    def _is_finished(self, table: Table, one: Candidate, entries: Mapping[str, Entry]) -> bool:
        name = one.entry.name
        match table.dropped.finished:
            case "done":
                return f"{name}.done" in entries
            case "manifest":
                return any(manifest in entries for manifest in names_for(name))
            case "stable":
                now = time.monotonic()
                seen = (name, one.entry.version)
                first = self._stable.setdefault(seen, now)
                for old in [key for key in self._stable if key[0] == name and key != seen]:
                    del self._stable[old]
                return now - first >= table.dropped.stable_s
            case _:
                return True

    def _quarantine(self, word: str, entry: Entry, bad: BadFile) -> None:
        _logger.error("source %s: %r is not used: %s", self._source, entry.name, bad)
        files = {**self._state.bad(word), entry.name: Quarantined(entry.version, bad.reason, bad.line)}
        self._write(replace(self._state, quarantine={**self._state.quarantine, word: files}))

    def _forget(self, table: Table, found: Sequence[Candidate]) -> None:
        """Bad files that are gone or were dropped anew are no longer under quarantine."""
        versions = {one.entry.name: one.entry.version for one in found}
        kept = {
            name: bad
            for name, bad in self._state.bad(table.word).items()
            if name in versions and bad.version == versions[name]
        }
        self._write(replace(self._state, quarantine={**self._state.quarantine, table.word: kept}))

    def _clear(self, word: str, name: str) -> None:
        kept = {other: bad for other, bad in self._state.bad(word).items() if other != name}
        self._write(replace(self._state, quarantine={**self._state.quarantine, word: kept}))

    def _tell(self, word: str, rows: int) -> None:
        if rows and not rows % _TOLD_EVERY:
            _logger.info("source %s: %s: %d rows read", self._source, word, rows)
            self._write(replace(self._state, importing={word: rows}))

    def _write(self, state: State) -> None:
        if state != self._state or read_state(self._folder) != state:
            write_state(self._folder, state)
        self._state = state


@contextmanager
def _alone(folder: Path) -> Iterator[bool]:
    """Whether no other worker looks just now."""
    lock = os.open(folder / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
            return
        yield True
    finally:
        with suppress(OSError):
            os.close(lock)
