"""The log in PostgreSQL: any number of workers and nodes, sequenced by one advisory lock.

A group is one READ COMMITTED transaction on a connection of its own: lock, newest state (a statement after
the lock, so that its snapshot sees what the last holder committed), replay rows, entries,
case keys and the new state in one statement, complete tiles. `log_state` is insert-only: an updated row would
bloat under any long snapshot. A worker that stalls inside its transaction is cut off after two seconds, and
the others go on. asyncpg is imported only with this module.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any

import asyncpg

from audit.errors import AuditUnavailable
from audit.merkle import Tree, subtree_root
from audit.pending import Group, ReplayRow, Row
from audit.store import (
    COMPLETE_REPLAY,
    FIND_REPLAY,
    FORGET_CASE_KEY,
    INSERT_TILE,
    LEAF_HASHES,
    NEWEST_STATE,
    TILE_ROOTS,
    LastState,
    Write,
    replay_row,
    state_of,
)
from audit.tiles import TILE_WIDTH, Tile, completed_tiles

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]
    Pool = asyncpg.Pool[asyncpg.Record]

COMMAND_TIMEOUT_S = 10.0
CONNECT_TIMEOUT_S = 5.0
READERS = 4

_SESSION = {
    "application_name": "isthmus log",
    "default_transaction_isolation": "read committed",
    "idle_in_transaction_session_timeout": "2000",
    "lock_timeout": "8000",
    "synchronous_commit": "on",
}
_BEGIN_LOCKED = "BEGIN; SELECT pg_advisory_xact_lock(7165921330438971697)"  # any constant: one log a database
_CLAIM_REPLAYS = (
    "INSERT INTO replay_guard (iss, id, digest, answer, expires) "
    "SELECT * FROM unnest($1::text[], $2::text[], $3::bytea[], $4::text[], $5::bigint[]) "
    "ON CONFLICT DO NOTHING RETURNING iss, id"
)
_INSERT_GROUP = (
    "WITH entries AS ("
    "INSERT INTO log_entry (idx, ts, kind, side, exchange, leaf_hash, record, ciphertext) "
    "SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], "
    "$6::bytea[], $7::bytea[], $8::bytea[])), "
    "keys AS (INSERT INTO log_case_key (idx, wrapped_key, salt) "
    "SELECT * FROM unnest($9::bigint[], $10::bytea[], $11::bytea[])) "
    "INSERT INTO log_state (size, root, edge) VALUES ($12, $13, $14)"
)


class PostgresStore:
    """A `Store` in the PostgreSQL database at `dsn` (a libpq URL; more parameters become settings)."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._writer: Connection | None = None
        self._readers: Pool | None = None
        self._writing = asyncio.Lock()
        self._last = LastState()

    async def open(self) -> None:
        """Connect; a server that cannot be reached is `AuditUnavailable`."""
        with _unavailable():
            self._readers = await asyncpg.create_pool(
                self._dsn,
                min_size=0,
                max_size=READERS,
                timeout=CONNECT_TIMEOUT_S,
                command_timeout=COMMAND_TIMEOUT_S,
                server_settings=_SESSION,
            )
            await self._connection()

    async def close(self) -> None:
        """Finish the group under way, then disconnect."""
        with _unavailable():
            async with self._writing:
                if self._writer is not None:
                    await self._writer.close(timeout=CONNECT_TIMEOUT_S)
                    self._writer = None
            if self._readers is not None:
                await asyncio.wait_for(self._readers.close(), CONNECT_TIMEOUT_S)
                self._readers = None

    async def append(self, rows: Sequence[Row], writes: Sequence[Write] = ()) -> Group:
        """Commit the rows in order, and the writes, in one durable transaction."""
        async with self._transaction() as connection:
            before = self._last.tree(_values(await connection.fetchrow(NEWEST_STATE)))
            seen = await self._replayed(connection, rows)
            fresh = [row for row, replayed in zip(rows, seen, strict=True) if replayed is None]
            after = await self._insert(connection, before, fresh) if fresh else before
            for sql, parameters in writes:
                await connection.execute(sql, *parameters)
        self._last.keep(after)
        indexes = iter(range(before.size, after.size))
        return Group(after, [next(indexes) if replayed is None else replayed for replayed in seen])

    async def rows(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Read committed data."""
        if self._readers is None:
            raise AuditUnavailable("the log's database is not open")
        with _unavailable():
            async with self._readers.acquire(timeout=CONNECT_TIMEOUT_S) as connection:
                return [tuple(row) for row in await connection.fetch(sql, *parameters)]

    async def execute(self, sql: str, *parameters: Any) -> int:
        """Run one statement in a transaction of its own."""
        if self._readers is None:
            raise AuditUnavailable("the log's database is not open")
        with _unavailable():
            async with self._readers.acquire(timeout=CONNECT_TIMEOUT_S) as connection:
                return int((await connection.execute(sql, *parameters)).rpartition(" ")[2])

    async def scrub(self) -> None:
        """Remove deleted keys from their pages. Archived WAL and backups are the operator's."""
        if self._readers is None:
            raise AuditUnavailable("the log's database is not open")
        with _unavailable():
            async with self._readers.acquire(timeout=CONNECT_TIMEOUT_S) as connection:
                await connection.execute("VACUUM log_case_key, subject_tag_key")

    async def _connection(self) -> Connection:
        """Return the write connection, opened again if a failure closed it."""
        if self._writer is None or self._writer.is_closed():
            self._writer = await asyncpg.connect(
                self._dsn,
                timeout=CONNECT_TIMEOUT_S,
                command_timeout=COMMAND_TIMEOUT_S,
                server_settings=_SESSION,
            )
        return self._writer

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[Connection]:
        """Hold the log's lock and one transaction. After any failure the connection is thrown away."""
        with _unavailable():
            async with self._writing:
                connection = await self._connection()
                try:
                    await connection.execute(_BEGIN_LOCKED)  # one round trip
                    yield connection
                    await connection.execute("COMMIT")
                except BaseException:
                    connection.terminate()
                    self._writer = None
                    raise

    async def _replayed(self, connection: Connection, rows: Sequence[Row]) -> list[ReplayRow | None]:
        """Claim or complete each row's identifier; return what stands there where it was used before."""
        claims = [row.replay for row in rows if row.replay is not None and not row.replay.claimed]
        claimed: set[tuple[str, str]] = set()
        if claims:
            columns = zip(*((c.iss, c.id, c.digest, c.answer, c.expires) for c in claims), strict=True)
            claimed = {(iss, id_) for iss, id_ in await connection.fetch(_CLAIM_REPLAYS, *columns)}
        return [await self._replay(connection, row.replay, claimed) for row in rows]

    async def _replay(
        self, connection: Connection, row: ReplayRow | None, claimed: set[tuple[str, str]]
    ) -> ReplayRow | None:
        """Settle one row; the first of a group that carries a claimed identifier is its claimant."""
        if row is None:
            return None
        if row.claimed:
            values = (row.iss, row.id, row.digest, row.answer, row.expires)
            if await connection.execute(COMPLETE_REPLAY, *values) != "INSERT 0 0":
                return None
        elif (row.iss, row.id) in claimed:
            claimed.remove((row.iss, row.id))
            return None
        found = await connection.fetchrow(FIND_REPLAY, row.iss, row.id)
        return replay_row(row, _values(found) or ())

    async def _insert(self, connection: Connection, before: Tree, rows: Sequence[Row]) -> Tree:
        """Write the rows behind the tree `before` and return the grown tree."""
        after = before.append(row.leaf_hash for row in rows)
        indexes = range(before.size, after.size)
        entries = zip(
            *(
                (i, r.ts, r.kind, r.side, r.exchange, r.leaf_hash, r.record, r.sealed and r.sealed.ciphertext)
                for i, r in zip(indexes, rows, strict=True)
            ),
            strict=True,
        )
        sealed = [(i, r.sealed) for i, r in zip(indexes, rows, strict=True) if r.sealed is not None]
        keys = ([i for i, _ in sealed], [s.wrapped_key for _, s in sealed], [s.salt for _, s in sealed])
        await connection.execute(_INSERT_GROUP, *entries, *keys, *state_of(after))
        for tile in completed_tiles(before.size, after.size):
            await self._insert_tile(connection, tile)
        for row in rows:
            if row.erases is not None:
                await connection.execute(FORGET_CASE_KEY, row.erases)
        return after

    async def _insert_tile(self, connection: Connection, tile: Tile) -> None:
        """Store a tile that has just become complete."""
        start = tile.n * TILE_WIDTH
        sql, *below = (TILE_ROOTS, tile.level - 1) if tile.level else (LEAF_HASHES,)
        hashes = [hashed for (hashed,) in await connection.fetch(sql, start, start + TILE_WIDTH, *below)]
        await connection.execute(INSERT_TILE, tile.level, tile.n, subtree_root(hashes), b"".join(hashes))


def _values(record: asyncpg.Record | None) -> tuple[Any, ...] | None:
    """Return a record's values."""
    return None if record is None else tuple(record)


@contextmanager
def _unavailable() -> Iterator[None]:
    """Turn whatever the driver or the network reports into `AuditUnavailable`."""
    try:
        yield
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
        raise AuditUnavailable("the log's database cannot be used") from error
