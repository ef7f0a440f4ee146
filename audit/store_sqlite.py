"""The log in SQLite: one file, any number of processes on one machine.

One thread owns the write connection, another the read connection. A group takes a blocking `flock` on a side
file first, since SQLite's own waiting is unfair between processes, then BEGIN IMMEDIATE. WAL with
synchronous=FULL: a commit is on disk before anybody hears of it. Checkpoints of the WAL run in the reading
thread, never inside a commit.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, TypeVar

from audit.errors import AuditError, AuditUnavailable
from audit.merkle import Tree, subtree_root
from audit.pending import Group, ReplayRow, Row
from audit.store import (
    FORGET_CASE_KEY,
    FORGET_OLD_STATES,
    INSERT_STATE,
    INSERT_TILE,
    LEAF_HASHES,
    NEWEST_STATE,
    TILE_ROOTS,
    LastState,
    Write,
    state_of,
)
from audit.tiles import TILE_WIDTH, Tile, completed_tiles
from audit.worker import Worker

T = TypeVar("T")

BUSY_TIMEOUT_S = 5.0
CHECKPOINT_EVERY = 2_000  # entries, about 10 MB of WAL
WAL_LIMIT = 64 * 1024 * 1024  # bytes; beyond it the writer itself helps, so that the WAL can start over

STEP_ROWS = 64  # at most so many rows in one statement

_INSERT_ENTRIES = (
    "INSERT INTO log_entry (idx, ts, kind, side, exchange, leaf_hash, record, ciphertext) VALUES {}"
)
_INSERT_CASE_KEYS = "INSERT INTO log_case_key (idx, wrapped_key, salt) VALUES {}"
_KEEP_REPLAYS = (
    "INSERT INTO replay_guard (iss, id, digest, answer, expires) VALUES {} "
    "ON CONFLICT (iss, id) DO UPDATE SET answer = excluded.answer, expires = excluded.expires"
)
_USED = (  # a cross join: SQLite would scan the whole guard for `IN (VALUES …)`
    "WITH asked (iss, id) AS (VALUES {}) "
    "SELECT guard.iss, guard.id, guard.digest, guard.answer, guard.expires FROM asked "
    "CROSS JOIN replay_guard AS guard ON guard.iss = asked.iss AND guard.id = asked.id"
)


@lru_cache(maxsize=64)
def _text(sql: str, width: int, count: int) -> str:
    """The statement for `count` rows of `width` values."""
    row = f"({', '.join('?' * width)})"
    return sql.format(", ".join([row] * count))


def _steps(
    connection: sqlite3.Connection, sql: str, rows: Sequence[tuple[Any, ...]]
) -> Iterator[tuple[Any, ...]]:
    """Run a statement over all rows in as few steps as can be: at each one the thread gives the
    interpreter's lock away and has to ask for it again. Powers of two, so that few texts exist."""
    at = 0
    while at < len(rows):
        count = min(1 << ((len(rows) - at).bit_length() - 1), STEP_ROWS)
        values = [value for row in rows[at : at + count] for value in row]
        yield from connection.execute(_text(sql, len(rows[0]), count), values).fetchall()
        at += count


def _insert(connection: sqlite3.Connection, sql: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert all rows."""
    for _ in _steps(connection, sql, rows):
        pass


@lru_cache(maxsize=64)
def _numbered(sql: str) -> str:
    """SQLite writes `?1` where the shared text has `$1`."""
    return sql.replace("$", "?")


class SqliteStore:
    """A `Store` in the SQLite file at `path`; `path` with `.lock` appended is its lock."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writing = Worker("audit-write")
        self._reading = Worker("audit-read")
        self._writer: sqlite3.Connection | None = None
        self._reader: sqlite3.Connection | None = None
        self._lock = -1
        self._last = LastState()
        self._since_checkpoint = 0
        self._checkpoint: asyncio.Future[None] | None = None

    async def open(self) -> None:
        """Open the file and its lock; a file that cannot be opened is `AuditUnavailable`."""
        await self._in(self._writing, self._connect_writer)
        await self._in(self._reading, self._connect_reader)

    async def close(self) -> None:
        """Finish the group and the checkpoint under way, then close."""
        await self._in(self._writing, self._disconnect_writer)
        await self._in(self._reading, self._disconnect_reader)
        self._writing.stop()
        self._reading.stop()

    async def append(self, rows: Sequence[Row], writes: Sequence[Write] = ()) -> Group:
        """Commit the rows in order, and the writes, in one durable transaction."""
        group = await self._in(self._writing, self._append, rows, writes)
        self._since_checkpoint += len(rows)
        if self._since_checkpoint >= CHECKPOINT_EVERY and (
            self._checkpoint is None or self._checkpoint.done()
        ):
            self._since_checkpoint = 0
            self._checkpoint = asyncio.ensure_future(self._checkpoint_wal())
        return group

    async def rows(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Read committed data."""

        def read() -> list[tuple[Any, ...]]:
            return self._connect_reader().execute(_numbered(sql), parameters).fetchall()

        return await self._in(self._reading, read)

    async def execute(self, sql: str, *parameters: Any) -> int:
        """Run one statement in a transaction of its own."""

        def write() -> int:
            with self._transaction() as connection:
                return connection.execute(_numbered(sql), parameters).rowcount

        return await self._in(self._writing, write)

    async def scrub(self) -> None:
        """Empty the WAL: deleted rows are already overwritten in the file itself (secure_delete)."""

        def truncate() -> None:
            self._connect_writer().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

        await self._in(self._writing, truncate)

    async def _in(self, worker: Worker, call: Callable[..., T], *arguments: Any) -> T:
        """Run a call in a thread; whatever SQLite or the disk reports is `AuditUnavailable`."""
        try:
            return await worker.run(partial(call, *arguments))
        except AuditError:
            raise
        except (sqlite3.Error, OSError, RuntimeError) as error:
            raise AuditUnavailable("the log's database cannot be used") from error

    def _connect(self) -> sqlite3.Connection:
        """Open a connection with the settings durability needs; the file exists, since its tables do."""
        connection = sqlite3.connect(
            f"{self._path.absolute().as_uri()}?mode=rw",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            timeout=BUSY_TIMEOUT_S,
        )
        for pragma in ("synchronous=FULL", "wal_autocheckpoint=0", "secure_delete=ON"):
            connection.execute(f"PRAGMA {pragma}").fetchall()
        return connection

    def _connect_writer(self) -> sqlite3.Connection:
        """Return the write connection, opened again if a failure closed it."""
        if self._lock < 0:
            self._lock = os.open(f"{self._path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if self._writer is None:
            with self._locked():  # SQLite does not wait for its turn when it turns to WAL or recovers one
                self._writer = self._connect()
                self._writer.execute("PRAGMA journal_mode=WAL").fetchall()
        return self._writer

    def _connect_reader(self) -> sqlite3.Connection:
        """Return the read connection."""
        if self._reader is None:
            self._reader = self._connect()
        return self._reader

    def _disconnect_writer(self) -> None:
        """Close the write connection, in turn too: the last one to close empties the WAL."""
        if self._writer is not None:
            with self._locked():
                self._writer.close()
            self._writer = None
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def _disconnect_reader(self) -> None:
        """Close the read connection."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the log's lock: one process at a time, in the order of asking."""
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._lock, fcntl.LOCK_UN)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """Hold the lock and one transaction. After any failure the connection is thrown away."""
        connection = self._connect_writer()
        try:
            with self._locked():
                connection.execute("BEGIN IMMEDIATE")
                yield connection
                connection.execute("COMMIT")
        except BaseException:
            self._disconnect_writer()  # which rolls back what was not committed
            raise

    def _append(self, rows: Sequence[Row], writes: Sequence[Write]) -> Group:
        """The transaction: newest state, replay rows, entries, case keys, complete tiles, new state."""
        with self._transaction() as connection:
            before = self._last.tree(connection.execute(NEWEST_STATE).fetchone())
            seen = _replayed(connection, rows)
            fresh = [row for row, replayed in zip(rows, seen, strict=True) if replayed is None]
            after = self._insert(connection, before, fresh) if fresh else before
            for sql, parameters in writes:
                connection.execute(_numbered(sql), parameters)
        self._last.keep(after)
        indexes = iter(range(before.size, after.size))
        return Group(after, [next(indexes) if replayed is None else replayed for replayed in seen])

    def _insert(self, connection: sqlite3.Connection, before: Tree, rows: Sequence[Row]) -> Tree:
        """Write the rows behind the tree `before` and return the grown tree."""
        placed = list(enumerate(rows, before.size))
        entries = [
            (i, r.ts, r.kind, r.side, r.exchange, r.leaf_hash, r.record, r.sealed and r.sealed.ciphertext)
            for i, r in placed
        ]
        _insert(connection, _INSERT_ENTRIES, entries)
        keys = [(i, r.sealed.wrapped_key, r.sealed.salt) for i, r in placed if r.sealed is not None]
        _insert(connection, _INSERT_CASE_KEYS, keys)
        for row in rows:
            if row.erases is not None:
                connection.execute(_numbered(FORGET_CASE_KEY), (row.erases,))
        after = before.append(row.leaf_hash for row in rows)
        for tile in completed_tiles(before.size, after.size):
            self._insert_tile(connection, tile)
        connection.execute(_numbered(INSERT_STATE), state_of(after))
        return after

    def _insert_tile(self, connection: sqlite3.Connection, tile: Tile) -> None:
        """Store a tile that has just become complete."""
        start = tile.n * TILE_WIDTH
        sql, *below = (TILE_ROOTS, tile.level - 1) if tile.level else (LEAF_HASHES,)
        hashes = [
            hashed for (hashed,) in connection.execute(_numbered(sql), (start, start + TILE_WIDTH, *below))
        ]
        connection.execute(
            _numbered(INSERT_TILE), (tile.level, tile.n, subtree_root(hashes), b"".join(hashes))
        )

    async def _checkpoint_wal(self) -> None:
        """Move the WAL into the file from the reading thread; failing is harmless, the WAL only grows."""
        with suppress(AuditUnavailable):
            await self.execute(FORGET_OLD_STATES)
            if await self._in(self._reading, self._checkpoint_from, self._connect_reader) > WAL_LIMIT:
                await self._in(self._writing, self._checkpoint_from, self._connect_writer)

    def _checkpoint_from(self, connect: Callable[[], sqlite3.Connection]) -> int:
        """Checkpoint without waiting for anybody; return the size of the WAL in bytes."""
        connect().execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        return Path(f"{self._path}-wal").stat().st_size


def _replayed(connection: sqlite3.Connection, rows: Sequence[Row]) -> list[ReplayRow | None]:
    """Claim or complete each row's identifier; return what stands there where it was used before.

    The log's lock is held, so that what is read first is still so when it is written.
    """
    wanted = [row.replay for row in rows if row.replay is not None]
    known: dict[tuple[str, str], ReplayRow] = {}
    for iss, id_, *found in _steps(connection, _USED, [(row.iss, row.id) for row in wanted]):
        known[iss, id_] = ReplayRow(iss, id_, *found)
    seen: list[ReplayRow | None] = []
    kept: list[ReplayRow] = []
    for replay in (row.replay for row in rows):
        earlier = None if replay is None else known.get((replay.iss, replay.id))
        if replay is None or (earlier is not None and not _completes(replay, earlier)):
            seen.append(earlier)
            continue
        seen.append(None)
        kept.append(replay)
        known[replay.iss, replay.id] = replay
    _insert(connection, _KEEP_REPLAYS, [(r.iss, r.id, r.digest, r.answer, r.expires) for r in kept])
    return seen


def _completes(row: ReplayRow, earlier: ReplayRow) -> bool:
    """Whether the row is the answer to what an `accepted` entry claimed."""
    return row.claimed and row.digest == earlier.digest and earlier.answer == ""
