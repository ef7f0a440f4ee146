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
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from audit.errors import AuditError, AuditUnavailable
from audit.merkle import Tree, subtree_root
from audit.pending import Group, ReplayRow, Row
from audit.store import (
    CLAIM_REPLAY,
    COMPLETE_REPLAY,
    FIND_REPLAY,
    FORGET_CASE_KEY,
    FORGET_OLD_STATES,
    INSERT_STATE,
    INSERT_TILE,
    LEAF_HASHES,
    NEWEST_STATE,
    TILE_ROOTS,
    replay_row,
    tree_of,
)
from audit.tiles import TILE_WIDTH, Tile, completed_tiles

T = TypeVar("T")

BUSY_TIMEOUT_S = 5.0
CHECKPOINT_EVERY = 1_000  # entries, about 4 MB of WAL
WAL_LIMIT = 64 * 1024 * 1024  # bytes; beyond it the writer itself helps, so that the WAL can start over

_INSERT_ENTRY = (
    "INSERT INTO log_entry (idx, ts, kind, side, exchange, leaf_hash, record, ciphertext) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)
_INSERT_CASE_KEY = "INSERT INTO log_case_key (idx, wrapped_key, salt) VALUES (?, ?, ?)"


def _numbered(sql: str) -> str:
    """SQLite writes `?1` where the shared text has `$1`."""
    return sql.replace("$", "?")


class SqliteStore:
    """A `Store` in the SQLite file at `path`; `path` with `.lock` appended is its lock."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writing = ThreadPoolExecutor(1, "audit-write")
        self._reading = ThreadPoolExecutor(1, "audit-read")
        self._writer: sqlite3.Connection | None = None
        self._reader: sqlite3.Connection | None = None
        self._lock = -1
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
        self._writing.shutdown()
        self._reading.shutdown()

    async def append(self, rows: Sequence[Row]) -> Group:
        """Commit the rows in order in one durable transaction."""
        group = await self._in(self._writing, self._append, rows)
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

    async def _in(self, executor: ThreadPoolExecutor, call: Callable[..., T], *arguments: Any) -> T:
        """Run a call in a thread; whatever SQLite or the disk reports is `AuditUnavailable`."""
        try:
            return await asyncio.get_running_loop().run_in_executor(executor, call, *arguments)
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

    def _append(self, rows: Sequence[Row]) -> Group:
        """The transaction: newest state, replay rows, entries, case keys, complete tiles, new state."""
        with self._transaction() as connection:
            before = tree_of(connection.execute(NEWEST_STATE).fetchone())
            seen = [self._replayed(connection, row) for row in rows]
            fresh = [row for row, replayed in zip(rows, seen, strict=True) if replayed is None]
            after = self._insert(connection, before, fresh) if fresh else before
        indexes = iter(range(before.size, after.size))
        return Group(after, [next(indexes) if replayed is None else replayed for replayed in seen])

    def _replayed(self, connection: sqlite3.Connection, row: Row) -> ReplayRow | None:
        """Claim or complete the row's identifier; return what stands there already, if it was used before."""
        replay = row.replay
        if replay is None:
            return None
        sql = COMPLETE_REPLAY if replay.claimed else CLAIM_REPLAY
        values = (replay.iss, replay.id, replay.digest, replay.answer, replay.expires)
        if connection.execute(_numbered(sql), values).rowcount:
            return None
        found = connection.execute(_numbered(FIND_REPLAY), (replay.iss, replay.id)).fetchone()
        return replay_row(replay, found)

    def _insert(self, connection: sqlite3.Connection, before: Tree, rows: Sequence[Row]) -> Tree:
        """Write the rows behind the tree `before` and return the grown tree."""
        placed = list(enumerate(rows, before.size))
        connection.executemany(
            _INSERT_ENTRY,
            [
                (i, r.ts, r.kind, r.side, r.exchange, r.leaf_hash, r.record, r.sealed and r.sealed.ciphertext)
                for i, r in placed
            ],
        )
        keys = [(i, r.sealed.wrapped_key, r.sealed.salt) for i, r in placed if r.sealed is not None]
        if keys:
            connection.executemany(_INSERT_CASE_KEY, keys)
        for row in rows:
            if row.erases is not None:
                connection.execute(_numbered(FORGET_CASE_KEY), (row.erases,))
        after = before.append(row.leaf_hash for row in rows)
        for tile in completed_tiles(before.size, after.size):
            self._insert_tile(connection, tile)
        connection.execute(_numbered(INSERT_STATE), (after.size, after.root, b"".join(after.edge)))
        connection.execute(FORGET_OLD_STATES)
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
            if await self._in(self._reading, self._checkpoint_from, self._connect_reader) > WAL_LIMIT:
                await self._in(self._writing, self._checkpoint_from, self._connect_writer)

    def _checkpoint_from(self, connect: Callable[[], sqlite3.Connection]) -> int:
        """Checkpoint without waiting for anybody; return the size of the WAL in bytes."""
        connect().execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        return Path(f"{self._path}-wal").stat().st_size
